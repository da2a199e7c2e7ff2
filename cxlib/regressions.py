"""The tables of the metric-regressions chapter: importance, effects, their checks, and what they are worth."""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib import asymmetry as penalty_reward
from cxlib import diagnostics, marginal, performance
from cxlib.binary import BinaryFit, fit_binary
from cxlib.errors import CxError, nearest
from cxlib.estimate import Estimate
from cxlib.importance import importance
from cxlib.linear import LinearFit, fit_linear
from cxlib.metrics import Metric
from cxlib.ordinal import OrdinalFit, fit_ordinal
from cxlib.survey import chosen_wave, metrics
from cxlib.terms import read
from cxlib.what_if import what_if

# The columns of tables that a chart takes, where they have no rows.
SHARES = ["driver", "label", "estimate", "low", "high", "rank", "rank_low", "rank_high", "percent", "ranks"]
ENDS = ["driver", "label", "kind", *(f"{part}{end}" for part in ("penalty", "reward") for end in ("", "_low", "_high"))]
PLACES = [
    *("driver", "label", "estimate", "low", "high", "importance", "importance_low", "importance_high"),
    *("importance_mean", "performance_mean", "quadrant", "verdict"),
]
MOST = 22  # drivers whose shares are averaged over all orders; above, relative weights
FREED = 40  # parameters of a model without proportional odds that is still fitted
TREATMENTS = ("pairwise", "em", "listwise")


@dataclass(frozen=True)
class Regression:
    """An outcome, its drivers and the respondents of a wave that the chapter looks at.

    `metric` scores the outcome; None where the outcome has two groups, of which `event` is the modelled one (code 1 of
    1 and 0, else the second in the codebook). `numeric` are the drivers that are numbers. `frame` holds the wave's
    respondents, `design` names its columns. `left_out` are the questions of role driver whose
    answers are all alike in the wave, or that nobody answered.
    """

    study: object
    outcome: str
    metric: Metric | None
    event: str
    drivers: list[str]
    wave: str | None
    frame: pd.DataFrame
    design: dict
    confidence: float
    left_out: tuple[str, ...] = ()

    @property
    def numeric(self) -> list[str]:
        """The drivers that are numbers or ratings."""
        return [name for name in self.drivers if pd.api.types.is_numeric_dtype(self.frame[name])]

    @property
    def label(self) -> str:
        """What the outcome is called: the metric (with its question, if others measure it too), or the event."""
        if self.metric is None:
            return f"{self.study.label(self.outcome)}: {self.event}"
        return metrics(self.study).set_index("question").loc[self.outcome, "label"]

    @property
    def unit(self) -> str:
        """What effects are counted in."""
        return self.metric.unit if self.metric else "percent"


def regression(study, *, outcome: str = "", drivers: str = "", wave: str = "", confidence: float = 0.95) -> Regression:
    """The outcome (empty: the first metric), the drivers (empty: all that were asked) and the wave (empty: the latest
    in which the outcome was asked).

    Raises CxError for an outcome that is neither a metric nor a question of two groups, or does not vary in the wave;
    for drivers that are no questions, the outcome itself, or fewer than one; and for a confidence outside 0-1.
    """
    if not 0 < confidence < 1:
        raise CxError(f"confidence lies between 0 and 1, e.g. 0.95; found {confidence}")
    found = study.questions("metric")
    if not (outcome or found):
        raise CxError(f"{study.file}: the survey has no question with `role: metric`; name an outcome of two groups")
    outcome = outcome or found[0]
    known = [*study.book.tables["survey"].questions, *study.questions("segment")]
    if outcome not in known:
        raise CxError(f"there is no question {outcome} to explain{nearest(outcome, known)}")
    wave, asked = _of_wave(study, outcome, wave)
    metric, event, asked = _outcome(study, asked, outcome, f" in {wave}" if wave else "")
    names, left_out = _drivers(study, asked, drivers, outcome)
    # A category that nobody has in this wave would be a term without anybody.
    groups = [name for name in names if isinstance(asked[name].dtype, pd.CategoricalDtype)]
    asked = asked.assign(**{name: asked[name].cat.remove_unused_categories() for name in groups})
    return Regression(study, outcome, metric, event, names, wave, asked, study.design, confidence, left_out)


def _of_wave(study, outcome: str, wave: str) -> tuple[str | None, pd.DataFrame]:
    """The wave, by default the latest in which the outcome was asked, and its respondents."""
    survey = study.survey
    if outcome not in survey:
        raise _neither(study, outcome)
    answered = survey[outcome].notna()
    known = [w for w in study.waves if (answered & (survey["wave"].astype(str) == w)).any()]
    chosen = chosen_wave(study, wave or (known[-1] if known else ""))
    asked = survey if chosen is None else survey[survey["wave"].astype(str) == chosen]
    if not asked[outcome].notna().any():
        where = f" in {chosen}; it was in {', '.join(known) or 'no wave'}" if chosen else "; nobody has an answer to it"
        raise CxError(f"{outcome} was not asked{where}")
    return chosen, asked


def _neither(study, outcome: str, has: str = "") -> CxError:
    return CxError(
        f"an outcome is a metric or a question of two groups; {outcome} is neither{has}; the metrics are "
        f"{', '.join(study.questions('metric')) or 'none'}"
    )


def _outcome(study, frame: pd.DataFrame, outcome: str, where: str) -> tuple[Metric | None, str, pd.DataFrame]:
    """The metric of the outcome, or the event of two groups, whose column then holds 1 and 0."""
    answers = frame[outcome].dropna()
    alike = answers.nunique() == 1
    if outcome in study.questions("metric"):
        if alike:
            raise CxError(
                f"an outcome must vary; all {len(answers):,} answers to {outcome}{where} are {answers.iloc[0]:g}"
            )
        return study.metric(outcome), "", frame
    if not isinstance(answers.dtype, pd.CategoricalDtype):
        raise _neither(study, outcome)
    groups = [group for group in answers.cat.categories if (answers == group).any()]
    if alike:
        raise CxError(f"an outcome must vary; all {len(answers):,} answers to {outcome}{where} are {groups[0]}")
    if len(groups) != 2:
        raise _neither(study, outcome, f", it has {len(groups)} groups{where}")
    event = _event(study, outcome, groups)
    coded = (frame[outcome] == event).astype(float).where(frame[outcome].notna())
    return None, event, frame.assign(**{outcome: coded})


def _event(study, outcome: str, groups: list[str]) -> str:
    """Which of two groups is modelled: that of code 1 where the codes are 1 and 0, else the second of the codebook."""
    question = study.book.tables["survey"].questions.get(outcome)
    codes = {study.book.words(text): code for code, text in question.labels.items()} if question else {}
    by_code = {codes.get(group): group for group in groups}
    return by_code["1"] if set(by_code) == {"0", "1"} else groups[-1]


def _drivers(study, frame: pd.DataFrame, names: str, outcome: str) -> tuple[list[str], tuple[str, ...]]:
    """The drivers named, else all of role driver with different answers in the wave, and those without."""
    chosen = [name.strip() for name in names.split(",") if name.strip()]
    known = [name for role in ("driver", "number", "single", "segment", "metric") for name in study.questions(role)]
    for name in chosen:
        if name not in known or name not in frame:
            raise CxError(f"there is no driver {name}; there are {', '.join(known)}{nearest(name, known)}")
        if name == outcome:
            raise CxError(f"{name} is the outcome and cannot be one of its drivers")
        if chosen.count(name) > 1:
            raise CxError(f"a driver counts once; {name} is named {chosen.count(name)} times")
    if chosen:
        return chosen, ()
    asked = [name for name in study.questions("driver") if name != outcome]
    found = [name for name in asked if frame[name].nunique() > 1]
    if not found:
        raise CxError(f"{study.file}: no question with `role: driver` has different answers in this wave")
    return found, tuple(name for name in asked if name not in found)


def drivers_table(case: Regression) -> pd.DataFrame:
    """Who answered each driver: label, n, mean (weighted), never_used (said that they never used it), blank."""
    rows, column = [], case.design.get("weights")
    weights = case.frame[column] if column else pd.Series(1.0, index=case.frame.index)
    for name in case.drivers:
        answers = case.frame[name]
        unused = case.study.never_used.get(("survey", name))
        never = int(unused.reindex(case.frame.index, fill_value=False).sum()) if unused is not None else 0
        given = int(answers.notna().sum())
        weighed = weights[answers.notna()].sum()
        mean = (answers * weights).sum() / weighed if name in case.numeric and weighed > 0 else np.nan
        about = {"driver": name, "label": case.study.label(name), "n": given, "mean": mean, "never_used": never}
        rows.append(about | {"blank": len(answers) - given - never})
    return pd.DataFrame(rows)


def shares(case: Regression, *, method: str = "lmg", missing: str = "pairwise", bootstrap: int = 1000) -> pd.DataFrame:
    """drivers.importance() of the numeric drivers, with labels and in percent of the outcome's variance.

    Columns: driver, label, estimate, low, high, se (percent of the variance), percent (of R squared), rank, rank_low,
    rank_high, ranks (in words), r_squared, r_squared_low, r_squared_high (percent), n, n_effective, unit, method. Most
    important first. No rows with fewer than two numeric drivers.
    """
    if len(case.numeric) < 2:
        return pd.DataFrame(columns=SHARES)
    method = "johnson" if len(case.numeric) > MOST else method
    keys = {key: value for key, value in case.design.items() if key != "fpc"}
    found = importance(
        case.frame,
        case.outcome,
        case.numeric,
        method=method,
        missing=missing,
        bootstrap=bootstrap,
        confidence=case.confidence,
        **keys,
    )
    parts = ["estimate", "low", "high", "se", "r_squared", "r_squared_low", "r_squared_high"]
    found = found.assign(**{part: 100 * found[part] for part in parts if part in found})
    ranks = [
        f"{row.rank:.0f} ({row.rank_low:.0f}-{row.rank_high:.0f})"
        if row.rank_low < row.rank_high
        else f"{row.rank:.0f}"
        for row in found.itertuples()
    ]
    labels = [case.study.label(name) for name in found.index]
    return found.assign(label=labels, ranks=ranks, unit="percent").sort_values("rank", kind="stable").reset_index()


def treatments(case: Regression, *, method: str = "lmg") -> pd.DataFrame:
    """How far the ranking depends on what is done about missing answers.

    Columns: label, then percent of R squared and rank under each treatment (pairwise, em, listwise), moved (the widest
    difference of ranks), and n_listwise (who answered everything). Blank where a treatment is not possible.
    """
    found = {}
    for missing in TREATMENTS:
        try:
            found[missing] = shares(case, method=method, missing=missing, bootstrap=0)
        except CxError:  # too few answered everything, say
            continue
    found = {name: rows.set_index("driver") for name, rows in found.items() if len(rows)}
    if len(found) < 2:
        return pd.DataFrame()
    first = next(iter(found.values()))
    frame = pd.DataFrame({"label": first["label"]})
    for name in TREATMENTS:
        rows = found.get(name)
        frame[f"share_{name}"] = np.nan if rows is None else rows["percent"].reindex(frame.index)
        frame[f"rank_{name}"] = np.nan if rows is None else rows["rank"].reindex(frame.index)
    ranks = frame[[f"rank_{name}" for name in found]]
    frame["moved"] = ranks.max(axis=1) - ranks.min(axis=1)
    everything = case.frame[[*case.numeric, case.outcome]].notna().all(axis=1).sum()
    return frame.assign(n_listwise=int(everything), n=len(case.frame), unit="percent").reset_index()


def fitted(case: Regression) -> OrdinalFit | BinaryFit:
    """The chapter's model: ordered logit of a metric with 3 answers or more, binary logit of 2 answers or groups."""
    sample = read(case.frame, case.outcome, case.drivers, **case.design)
    if case.metric is None or sample.column(case.outcome).nunique() < 3:
        return fit_binary(sample, confidence=case.confidence)
    return fit_ordinal(sample, confidence=case.confidence)


def straight(case: Regression) -> LinearFit:
    """The linear model of the metric's score (of two groups: of the event, in percentage points)."""
    sample = read(case.frame, case.outcome, case.drivers, **case.design)
    metric = case.metric or Metric(case.outcome, case.label, (0, 1), {1: 100.0}, "percent")
    return fit_linear(sample, metric=metric, confidence=case.confidence)


def effects(case: Regression, fit, line: LinearFit) -> pd.DataFrame:
    """What one more point on each driver goes with, in the outcome's points: by the model, and by a straight line.

    Columns: term, label, estimate, low, high, se, p, linear, n, n_effective, unit. Terms that separate have no number.
    """
    scored = {} if case.metric is None or isinstance(fit, BinaryFit) else {"metric": case.metric}
    found = marginal.effects(fit, **scored).rename_axis("term").reset_index()
    found = found[found["term"] != "(constant)"]
    slopes = line.coefficients["estimate"].reindex(found["term"]).to_numpy()
    separated = found["estimate"].isna().to_numpy()
    if case.metric is not None and isinstance(fit, BinaryFit):
        found = _in_points(case.metric, fit, found)
    labels = [term_label(case, term) for term in found["term"]]
    return found.assign(label=labels, linear=np.where(separated, np.nan, slopes), unit=case.unit).reset_index(drop=True)


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
    return f"{label}: {level.removesuffix(']')}" if bracket else f"{label} at {at}" if at else label


def coefficients(case: Regression, fit) -> pd.DataFrame:
    """The model's own numbers: coefficients, and the cuts of an ordered model, as log odds. Columns: term, label, kind,
    estimate, low, high, se, p, n, n_effective, unit."""
    parts = {"coefficient": fit.coefficients} | ({"cut": fit.cuts} if isinstance(fit, OrdinalFit) else {})
    frames = [frame.rename_axis("term").reset_index().assign(kind=kind) for kind, frame in parts.items()]
    frame = pd.concat(frames, ignore_index=True)
    unbounded = getattr(fit, "unbounded", [])
    # Where a term has no finite value the constant that makes up for it has none either.
    hidden = frame["term"].isin([*unbounded, *(["(constant)"] if unbounded else [])])
    frame.loc[hidden, ["estimate", "low", "high", "se", "p"]] = np.nan
    labels = [
        term if kind == "cut" or term == "(constant)" else term_label(case, term)
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
    labels = ["All drivers" if name == "omnibus" else case.study.label(name) for name in frame.index]
    return frame.assign(label=labels).rename_axis("driver").reset_index()


def checks(fit) -> pd.DataFrame:
    """diagnostics.diagnostics() of the model."""
    return diagnostics.diagnostics(fit)


def by_segment(case: Regression, segment: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """marginal.by_segment() of the straight-line effects: by group, and the tested differences, with labels.

    Empty without a segment, with fewer than two groups of the minimum base, and where answers within one do not differ.
    """
    nothing = pd.DataFrame(), pd.DataFrame()
    if not segment:
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
    if case.metric is None or not rated:
        return pd.DataFrame(columns=ENDS)
    how = {"metric": case.metric, "confidence": case.confidence, **case.design}
    try:
        found = penalty_reward.asymmetry(_good_end_up(case, rated), case.outcome, rated, **how)
    except CxError:
        return pd.DataFrame(columns=ENDS)
    spec = case.study.book.tables["survey"].questions
    labels = [case.study.label(name) + (" (reversed)" if spec[name].reverse else "") for name in found.index]
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


def quadrants(case: Regression, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """performance.quadrants() of shares() and the drivers' means, and the competitors' means; empty without two drivers
    that have a scale and the minimum base."""
    rated = [
        name
        for name in (rows["driver"] if len(rows) else [])
        if name in case.study.questions("driver") and case.study.book.tables["survey"].questions[name].scale
    ]
    if len(rated) < 2:
        return pd.DataFrame(columns=PLACES), pd.DataFrame()
    means = performance.of_drivers(case.study, rated, wave=case.wave or "", confidence=case.confidence)
    if means["estimate"].notna().sum() < 2:
        return pd.DataFrame(columns=PLACES), pd.DataFrame()
    importances = rows.set_index("driver").loc[rated, ["estimate", "low", "high"]]
    found = performance.quadrants(importances, means)
    rivals = performance.of_competitors(case.study, rated, wave=case.wave or "", confidence=case.confidence)
    return found.reset_index(), rivals


def simulated(case: Regression, line: LinearFit, rows: pd.DataFrame, raises: str = "") -> pd.DataFrame:
    """what_if() of the straight line: `raises` is written driver: points, …; empty: each of the three most important
    drivers one point better. With labels and units; no rows without two rated drivers."""
    asked = _raises(case, rows, raises)
    if not asked or case.metric is None:
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
    labels = ["All together" if name == "together" else case.study.label(name) for name in found.index]
    return found.assign(label=labels, unit=case.unit).reset_index()


def _raises(case: Regression, rows: pd.DataFrame, text: str) -> dict[str, float]:
    if not text.strip():
        rated = [name for name in (rows["driver"] if len(rows) else []) if name in case.study.questions("driver")]
        spec = case.study.book.tables["survey"].questions
        return {name: -1.0 if spec[name].reverse else 1.0 for name in rated[:3]}
    asked = {}
    for part in text.split(","):
        name, _, points = (piece.strip() for piece in part.partition(":"))
        try:
            raised = float(points)
        except ValueError:
            raised = np.nan
        if not np.isfinite(raised):
            raise CxError(f"raises are written driver: points, e.g. staff_speed: 1; found {part.strip()!r}")
        if name not in case.numeric:
            raise CxError(f"{name} is no rated driver of the model{nearest(name, case.numeric)}")
        if name in asked:
            raise CxError(f"a driver is raised once; {name} is named twice")
        asked[name] = raised
    return asked


TREATMENT_HEADS = {"label": "Driver", "moved": ("Ranks moved", "ratio")} | {
    f"{part}_{name}": (f"{word}, {name}", kind)
    for name in TREATMENTS
    for part, word, kind in (("share", "Share", "percent"), ("rank", "Rank", "base"))
}


def explained(case: Regression, rows: pd.DataFrame) -> Estimate | None:
    """R squared of all drivers together, in percent, with its interval; None without shares()."""
    if rows.empty:
        return None
    row = rows.iloc[0]
    low, high = (row.get(f"r_squared_{end}", np.nan) for end in ("low", "high"))
    name = f"{case.label}: accounted for by the drivers"
    n, effective = int(rows["n"].min()), float(rows["n_effective"].min())
    return Estimate(name, row["r_squared"], low, high, np.nan, n, effective, "percent", case.confidence, row["method"])


def in_shares(rows: pd.DataFrame) -> pd.DataFrame:
    """shares() as its chart takes it: by driver, as parts of 1; an interval of no length where there is none."""
    if rows.empty:
        return rows
    found = rows.set_index("driver")
    whole = {"low": "estimate", "high": "estimate", "rank_low": "rank", "rank_high": "rank"}
    found = found.assign(**{end: found[end].fillna(found[of]) for end, of in whole.items()})
    return found.assign(**{part: found[part] / 100 for part in ("estimate", "low", "high")})


def map_shares(rows: pd.DataFrame) -> pd.DataFrame:
    """quadrants() as its chart takes it: by driver; an importance without an interval has one of no length."""
    if rows.empty:
        return rows
    found = rows.set_index("driver")
    ends = ("importance_low", "importance_high")
    return found.assign(**{end: found[end].fillna(found["importance"]) for end in ends})


def method_of(rows: pd.DataFrame) -> str:
    """How the importance was found, in words."""
    return rows["method"].iloc[0] + "." if len(rows) else ""


def unit_of(rows: pd.DataFrame) -> str:
    """The unit of a frame of effects."""
    return rows["unit"].iloc[0] if len(rows) else "count"


def waves_of(case: Regression) -> dict:
    """The waves of the study's improvement as its chart takes them."""
    given = case.study.book.improvement
    before, after = (given.before, given.after) if given is not None and given.group else ("", "")
    return {"before": before, "after": after, "order": case.study.waves}


def chosen_segment(case: Regression, name: str = "") -> str:
    """The segment to compare by: as named, else the first of the study's `banner:` that is one and not in the model;
    empty without any."""
    known = [n for n in case.study.questions("segment") if n not in (case.outcome, *case.drivers)]
    return name or next((n for n in case.study.book.banner if n in known), "")
