"""The tables of the chapter's models: what goes with one more point, the checks, segments, both ends, and what if."""

from contextlib import suppress

import numpy as np
import pandas as pd

from cxlib import asymmetry as penalty_reward
from cxlib import diagnostics, marginal
from cxlib.binary import BinaryFit, fit_binary
from cxlib.errors import CxError, nearest
from cxlib.language import noted, tr
from cxlib.linear import LinearFit, fit_linear
from cxlib.metrics import Metric
from cxlib.ordinal import OrdinalFit, fit_ordinal
from cxlib.regressions import Regression
from cxlib.terms import read
from cxlib.text import number
from cxlib.what_if import what_if

# The columns of a table that a chart takes, where it has no rows.
ENDS = ["driver", "label", "kind", *(f"{part}{end}" for part in ("penalty", "reward") for end in ("", "_low", "_high"))]
EFFECTS = ["term", "label", "estimate", "low", "high", "se", "p", "linear", "step", "n", "n_effective", "unit"]
LEAST_SHOWN = 0.1  # points: an effect below prints as next to nothing
FREED = 40  # parameters of a model without proportional odds that is still fitted


def fitted(case: Regression) -> OrdinalFit | BinaryFit | None:
    """The chapter's model: ordered logit of a metric with 3 answers or more, binary logit of 2 answers or groups.

    None where a part of a study has too few answers, as straight().
    """
    if case.too_few:
        return None
    sample = read(case.frame, case.outcome, case.drivers, **case.design)
    if case.metric is None or sample.column(case.outcome).nunique() < 3:
        return fit_binary(sample, confidence=case.confidence)
    return fit_ordinal(sample, confidence=case.confidence)


def straight(case: Regression) -> LinearFit | None:
    """The linear model of the metric's score (of two groups: of the event, in percentage points)."""
    if case.too_few:
        return None
    sample = read(case.frame, case.outcome, case.drivers, **case.design)
    metric = case.metric or Metric(case.outcome, case.label, (0, 1), {1: 100.0}, "percent")
    return fit_linear(sample, metric=metric, confidence=case.confidence)


def effects(case: Regression, fit, line: LinearFit) -> pd.DataFrame:
    """What one more point on each driver goes with, in the outcome's points: by the model, and by a straight line.

    Columns: term, label, estimate, low, high, se, p, linear, step, n, n_effective, unit. Terms that separate have no
    number. `step` is 1, but for numbers such as an income, of which a single one would print as nothing: 10, 100 …
    """
    if fit is None:
        return pd.DataFrame(columns=EFFECTS)
    scored = {} if case.metric is None or isinstance(fit, BinaryFit) else {"metric": case.metric}
    found = marginal.effects(fit, **scored).rename_axis("term").reset_index()
    found = found[found["term"] != "(constant)"]
    slopes = line.coefficients["estimate"].reindex(found["term"]).to_numpy()
    separated = found["estimate"].isna().to_numpy()
    if case.metric is not None and isinstance(fit, BinaryFit):
        found = _in_points(case.metric, fit, found)
    found = found.assign(linear=np.where(separated, np.nan, slopes), unit=case.unit).reset_index(drop=True)
    step = np.array([_step(case, row) for row in found.to_dict("records")], int)
    parts = ["estimate", "low", "high", "se", "linear"]
    labels = [
        term_label(case, term) + (f" (+{number(by)})" if by > 1 else "")
        for term, by in zip(found["term"], step, strict=True)
    ]
    return found.assign(label=labels, step=step, **{part: found[part] * step for part in parts})


def _step(case: Regression, row: dict) -> int:
    """How many of a number an effect is told of: a power of ten that makes it print; 1 for ratings and categories."""
    rated = case.study.book.tables["survey"].questions.get(row["term"])
    most = max(abs(row["low"]), abs(row["high"]))
    if rated is None or rated.scale is not None or row["term"] not in case.numeric or not 0 < most < LEAST_SHOWN:
        return 1
    return 10 ** int(np.ceil(np.log10(LEAST_SHOWN / most)))


def _in_points(metric: Metric, fit: BinaryFit, found: pd.DataFrame) -> pd.DataFrame:
    """Percentage points of the higher of two answers, as points of the metric: times what lies between their scores."""
    low, high = (metric.table[answer] for answer in sorted(fit.sample.column(fit.sample.outcome).unique()))
    points = (high - low) / 100
    ends = found[["low", "high"]].to_numpy(float) * points
    found = found.assign(
        estimate=found["estimate"] * points, se=found["se"] * abs(points), t=np.sign(points) * found["t"]
    )
    return found.assign(low=ends.min(axis=1), high=ends.max(axis=1))


def term_label(case: Regression, term: str) -> str:
    """A term in words: Attitude of staff; City: Hanoi."""
    name, bracket, level = term.partition("[")
    at = ""
    if not bracket and "@" in name:
        name, _, at = name.partition("@")
    label = case.study.label(name)
    if bracket:
        return f"{label}: {level.removesuffix(']')}"
    return tr("{driver} at {cut}", driver=label, cut=at) if at else label


def coefficients(case: Regression, fit) -> pd.DataFrame:
    """The model's own numbers: coefficients, and the cuts of an ordered model, as log odds. Columns: term, label, kind,
    estimate, low, high, se, p, n, n_effective, unit."""
    if fit is None:
        return pd.DataFrame()
    parts = {noted("coefficient"): fit.coefficients}
    parts |= {noted("cut"): fit.cuts} if isinstance(fit, OrdinalFit) else {}
    frames = [frame.rename_axis("term").reset_index().assign(kind=kind) for kind, frame in parts.items()]
    frame = pd.concat(frames, ignore_index=True)
    unbounded = getattr(fit, "unbounded", [])
    # Where a term has no finite value the constant that makes up for it has none either.
    hidden = frame["term"].isin([*unbounded, *(["(constant)"] if unbounded else [])])
    frame.loc[hidden, ["estimate", "low", "high", "se", "p"]] = np.nan
    labels = [
        term if kind == "cut" else tr("(constant)") if term == "(constant)" else term_label(case, term)
        for term, kind in zip(frame["term"], frame["kind"], strict=True)
    ]
    return frame.assign(label=labels, unit="score")


def odds_tests(case: Regression, fit) -> pd.DataFrame:
    """Brant's test of proportional odds, and the likelihood-ratio test, a row a driver and one for all.

    Columns: label, chi2, df, p, lr, lr_df, lr_p. The likelihood-ratio test fits a model a driver, and is left blank
    where freeing all drivers would take more than FREED parameters. No rows for another model, or where even Brant's
    test cannot be computed.
    """
    if not isinstance(fit, OrdinalFit):
        return pd.DataFrame()
    try:
        frame = fit.proportional_odds()
    except CxError:
        return pd.DataFrame()
    names = {"chi2": "lr", "df": "lr_df", "p": "lr_p"}
    ratio = pd.DataFrame(columns=list(names))
    if (len(fit.levels) - 2) * len(case.drivers) <= FREED:
        with suppress(CxError):  # a freed driver may separate some cut
            ratio = fit.likelihood_ratio()[list(names)]
    frame = frame.join(ratio.rename(columns=names).astype(float))
    labels = [tr("All drivers") if name == "omnibus" else case.study.label(name) for name in frame.index]
    return frame.assign(label=labels).rename_axis("driver").reset_index()


def method_of(fit) -> str:
    """How a model was fitted, in words; empty without one."""
    return "" if fit is None else fit.method


def separation(case: Regression, fit: BinaryFit) -> str:
    """What separates in words, drivers and outcome called by their labels; empty where nothing does."""
    return fit.separation_of(_event(case, fit), case.study.label)


def _event(case: Regression, fit) -> str:
    """What the model's outcome is called: the chapter's label, with the answer that is modelled of a metric."""
    return f"{case.label} {fit.event}" if case.metric and isinstance(fit, BinaryFit) else case.label


def checks(case: Regression, fit) -> pd.DataFrame:
    """diagnostics.diagnostics() of the model, drivers and outcome called by their labels."""
    if fit is None:
        return pd.DataFrame()
    return diagnostics.diagnostics(fit, outcome=_event(case, fit), label=case.study.label)


def by_segment(case: Regression, segment: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """marginal.by_segment() of the straight-line effects: by group, and the tested differences, with labels.

    Empty without a segment, with fewer than two groups of the minimum base, and where answers within one do not differ.
    """
    nothing = pd.DataFrame(), pd.DataFrame()
    if not segment or case.too_few:
        return nothing
    if segment not in case.study.questions("segment"):
        known = case.study.questions("segment")
        raise CxError(f"there is no segment {segment}; the segments are {', '.join(known)}{nearest(segment, known)}")
    if segment in (case.outcome, *case.drivers):
        raise CxError(f"the segment cannot be outcome or driver as well; {segment} is")
    if case.metric is None:
        return nothing
    sizes = case.frame[[*case.drivers, case.outcome, segment]].dropna()[segment].value_counts()
    kept = sizes.index[sizes >= max(case.study.book.minimum_base, 5 * len(case.drivers))]
    if len(kept) < 2:
        return nothing
    groups = case.frame[segment].where(case.frame[segment].isin(kept)).cat.remove_unused_categories()
    how = {"metric": case.metric, "confidence": case.confidence, **case.design}
    try:
        found = marginal.by_segment(
            case.frame.assign(**{segment: groups}), case.outcome, case.drivers, segment=segment, **how
        )
    except CxError:  # a driver or the outcome is the same for a whole group
        return nothing
    labelled = [
        part.assign(label=[term_label(case, term) for term in part["term"]], unit=case.unit)
        for part in (found.effects[found.effects["term"] != "(constant)"], found.differences)
    ]
    return labelled[0].reset_index(drop=True), labelled[1].reset_index(drop=True)


def asymmetries(case: Regression) -> pd.DataFrame:
    """asymmetry.asymmetry() of the rated drivers, with labels; no rows where one lacks bad or excellent answers.

    Drivers of which a high answer is a bad one are turned round; where scales differ, all are in percent of theirs.
    """
    rated = [name for name in case.numeric if name in case.study.questions("driver")]
    if case.metric is None or not rated or case.too_few:
        return pd.DataFrame(columns=ENDS)
    how = {"metric": case.metric, "confidence": case.confidence, **case.design}
    try:
        found = penalty_reward.asymmetry(_good_end_up(case, rated), case.outcome, rated, **how)
    except CxError:
        return pd.DataFrame(columns=ENDS)
    spec = case.study.book.tables["survey"].questions
    labels = [
        tr("{driver} (reversed)", driver=case.study.label(name)) if spec[name].reverse else case.study.label(name)
        for name in found.index
    ]
    return found.assign(label=labels, unit=case.unit).reset_index()


def _scale(case: Regression, name: str) -> tuple[float, float]:
    """The ends of a driver's scale; without one, of the answers."""
    given = case.study.book.tables["survey"].questions[name].scale
    return given or (float(case.frame[name].min()), float(case.frame[name].max()))


def _good_end_up(case: Regression, names: list[str]) -> pd.DataFrame:
    """The frame with these drivers' good end up, on one scale."""
    scales, spec = {name: _scale(case, name) for name in names}, case.study.book.tables["survey"].questions
    turned = {name: sum(scales[name]) - case.frame[name] for name in names if spec[name].reverse}
    frame = case.frame.assign(**turned)
    if len(set(scales.values())) == 1:
        return frame
    return frame.assign(**{name: 100 * (frame[name] - low) / (high - low) for name, (low, high) in scales.items()})


def simulated(case: Regression, line: LinearFit, rows: pd.DataFrame, raises: str = "") -> pd.DataFrame:
    """what_if() of the straight line: `raises` is written driver: points, …; empty: each of the three most important
    drivers one point better. With labels and units; no rows without two rated drivers."""
    asked = raised(case, rows, raises)
    if not asked or case.metric is None or line is None:
        return pd.DataFrame()
    scales = {name: _scale(case, name) for name in asked}
    terms = line.coefficients.index
    covariance = pd.DataFrame(line.errors.covariance, index=terms, columns=terms)
    found = what_if(
        case.frame,
        line.coefficients,
        covariance,
        asked,
        scales=scales,
        df=line.errors.df,
        confidence=case.confidence,
        **case.design,
    )
    labels = [tr("All together") if name == "together" else case.study.label(name) for name in found.index]
    return found.assign(label=labels, unit=case.unit).reset_index()


def raised(case: Regression, rows: pd.DataFrame, text: str) -> dict[str, float]:
    """The points that each driver is raised by, as simulated() reads them. Raises CxError for what is not so written,
    drivers that the model lacks or takes as no numbers, and drivers named twice."""
    if not text.strip():
        rated = [name for name in (rows["driver"] if len(rows) else []) if name in case.study.questions("driver")]
        spec = case.study.book.tables["survey"].questions
        return {name: -1.0 if spec[name].reverse else 1.0 for name in rated[:3]}
    asked = {}
    for part in text.split(","):
        name, _, points = (piece.strip() for piece in part.partition(":"))
        try:
            moved = float(points)
        except ValueError:
            moved = np.nan
        if not np.isfinite(moved):
            raise CxError(f"raises are written driver: points, e.g. staff_speed: 1; found {part.strip()!r}")
        if name not in case.numeric:
            raise CxError(f"{name} is no rated driver of the model{nearest(name, case.numeric)}")
        if name in asked:
            raise CxError(f"a driver is raised once; {name} is named twice")
        asked[name] = moved
    return asked


def unit_of(rows: pd.DataFrame) -> str:
    """The unit of a frame of effects."""
    return rows["unit"].iloc[0] if len(rows) else "count"
