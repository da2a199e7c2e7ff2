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
from cxlib.survey import chosen_wave
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

    `metric` scores the outcome; None where the outcome has two groups, of which `event` is the modelled one. `numeric`
    are the drivers that are numbers. `frame` holds the wave's respondents, `design` names its columns.
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

    @property
    def numeric(self) -> list[str]:
        """The drivers that are numbers or ratings."""
        return [name for name in self.drivers if pd.api.types.is_numeric_dtype(self.frame[name])]

    @property
    def label(self) -> str:
        """What the outcome is called: the metric, or the event of two groups."""
        return self.metric.label if self.metric else f"{self.study.label(self.outcome)}: {self.event}"

    @property
    def unit(self) -> str:
        """What effects are counted in."""
        return self.metric.unit if self.metric else "percent"


def regression(study, *, outcome: str = "", drivers: str = "", wave: str = "", confidence: float = 0.95) -> Regression:
    """The outcome (empty: the first metric), the drivers (empty: all that were asked) and the wave (empty: the latest
    in which the outcome was asked).

    Raises CxError for an outcome that is neither a metric nor a question of two groups, and for drivers that are no
    questions, the outcome itself, or fewer than one.
    """
    outcome = outcome or next(iter(study.questions("metric")), "")
    survey, spec = study.survey, study.book.tables["survey"].questions
    if outcome not in spec:
        raise CxError(f"there is no question {outcome} to explain{nearest(outcome, spec)}")
    wave = chosen_wave(study, wave)
    if study.waves and not wave:
        wave = study.waves[-1]
    asked = survey if wave is None else survey[survey["wave"].astype(str) == wave]
    if wave is not None and not asked[outcome].notna().any():
        known = [w for w in study.waves if survey.loc[survey["wave"].astype(str) == w, outcome].notna().any()]
        raise CxError(f"{outcome} was not asked in {wave}; it was in {', '.join(known) or 'no wave'}")
    metric, event, asked = _outcome(study, asked, outcome)
    names = _drivers(study, asked, drivers, outcome)
    return Regression(study, outcome, metric, event, names, wave, asked, study.design, confidence)


def _outcome(study, frame: pd.DataFrame, outcome: str) -> tuple[Metric | None, str, pd.DataFrame]:
    """The metric of the outcome, or the event of two groups, whose column then holds 1 and 0."""
    if outcome in study.questions("metric"):
        return study.metric(outcome), "", frame
    answers = frame[outcome]
    if isinstance(answers.dtype, pd.CategoricalDtype):
        groups = [g for g in answers.cat.categories if (answers == g).any()]
        if len(groups) == 2:
            event = groups[-1]
            coded = (answers == event).astype(float).where(answers.notna())
            return None, event, frame.assign(**{outcome: coded})
    raise CxError(
        f"an outcome is a metric or a question of two groups; {outcome} is neither; the metrics are "
        f"{', '.join(study.questions('metric')) or 'none'}"
    )


def _drivers(study, frame: pd.DataFrame, names: str, outcome: str) -> list[str]:
    """The drivers named, else all of role driver with different answers in the wave."""
    chosen = [name.strip() for name in names.split(",") if name.strip()]
    known = [name for role in ("driver", "number", "single", "segment", "metric") for name in study.questions(role)]
    for name in chosen:
        if name not in known or name not in frame:
            raise CxError(f"there is no driver {name}; there are {', '.join(known)}{nearest(name, known)}")
        if name == outcome:
            raise CxError(f"{name} is the outcome and cannot be one of its drivers")
    found = chosen or [n for n in study.questions("driver") if n != outcome and frame[n].nunique() > 1]
    if not found:
        raise CxError(f"{study.file}: no question with `role: driver` has different answers in this wave")
    # A category that nobody has would be a term without anybody.
    return found


def drivers_table(case: Regression) -> pd.DataFrame:
    """Who answered each driver: label, n, mean, blank, never_used (said that they never used it)."""
    rows = []
    for name in case.drivers:
        answers = case.frame[name]
        unused = case.study.never_used.get(("survey", name))
        never = int(unused.reindex(case.frame.index, fill_value=False).sum()) if unused is not None else 0
        given = int(answers.notna().sum())
        mean = answers.mean() if name in case.numeric else np.nan
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
        f"{row.rank:.0f}"
        if row.rank_low == row.rank_high
        else f"{row.rank:.0f} ({row.rank_low:.0f}-{row.rank_high:.0f})"
        for row in found.itertuples()
    ]
    labels = [case.study.label(name) for name in found.index]
    return found.assign(label=labels, ranks=ranks, unit="percent").sort_values("rank").reset_index()


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


def fitted(case: Regression) -> OrdinalFit | BinaryFit | LinearFit:
    """The chapter's model: ordered logit of a metric of 3 answers or more, binary logit of two groups."""
    sample = read(case.frame, case.outcome, case.drivers, **case.design)
    if case.metric is None:
        return fit_binary(sample, event=1.0, confidence=case.confidence)
    if len(case.metric.table) < 3:
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
    labels = [term_label(case, term) for term in found["term"]]
    unit = "percent" if isinstance(fit, BinaryFit) else case.unit
    return found.assign(label=labels, linear=np.where(separated, np.nan, slopes), unit=unit).reset_index(drop=True)


def term_label(case: Regression, term: str) -> str:
    """A term in words: Attitude of staff; City: Hanoi."""
    name, bracket, level = term.partition("[")
    at = ""
    if not bracket and "@" in name:
        name, _, at = name.partition("@")
    label = case.study.label(name)
    return f"{label}: {level.rstrip(']')}" if bracket else f"{label} at {at}" if at else label


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
        term if kind == "cut" else term_label(case, term)
        for term, kind in zip(frame["term"], frame["kind"], strict=True)
    ]
    labels = [
        label if term != "(constant)" else "(constant)" for term, label in zip(frame["term"], labels, strict=True)
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
    """marginal.by_segment() of the straight-line effects: by group, and the tested differences; empty without a segment
    or with fewer than two groups of the minimum base. Labels are added."""
    if not segment or case.metric is None:
        return pd.DataFrame(), pd.DataFrame()
    if segment not in case.study.questions("segment"):
        known = case.study.questions("segment")
        raise CxError(f"there is no segment {segment}; the segments are {', '.join(known)}{nearest(segment, known)}")
    answered = case.frame[[*case.drivers, case.outcome, segment]].dropna()
    sizes = answered[segment].value_counts()
    if (sizes >= max(case.study.book.minimum_base, 5 * len(case.drivers))).sum() < 2:
        return pd.DataFrame(), pd.DataFrame()
    kept = sizes.index[sizes >= max(case.study.book.minimum_base, 5 * len(case.drivers))]
    frame = case.frame.assign(**{segment: case.frame[segment].where(case.frame[segment].isin(kept))})
    frame[segment] = frame[segment].cat.remove_unused_categories()
    found = marginal.by_segment(
        frame,
        case.outcome,
        case.drivers,
        segment=segment,
        metric=case.metric,
        confidence=case.confidence,
        **case.design,
    )
    labelled = [
        part.assign(label=[term_label(case, term) for term in part["term"]], unit=case.unit)
        for part in (found.effects[found.effects["term"] != "(constant)"], found.differences)
    ]
    return labelled[0].reset_index(drop=True), labelled[1].reset_index(drop=True)


def asymmetries(case: Regression) -> pd.DataFrame:
    """asymmetry.asymmetry() of the rated drivers, with labels; no rows where one lacks bad or excellent answers."""
    rated = [name for name in case.numeric if name in case.study.questions("driver")]
    if case.metric is None or not rated:
        return pd.DataFrame(columns=ENDS)
    try:
        found = penalty_reward.asymmetry(
            case.frame, case.outcome, rated, metric=case.metric, confidence=case.confidence, **case.design
        )
    except CxError:
        return pd.DataFrame(columns=ENDS)
    return found.assign(label=[case.study.label(n) for n in found.index], unit=case.unit).reset_index()


def quadrants(case: Regression, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """performance.quadrants() of shares() and the drivers' means, and the competitors' means; empty without scales."""
    rated = [
        name
        for name in (rows["driver"] if len(rows) else [])
        if name in case.study.questions("driver") and case.study.book.tables["survey"].questions[name].scale
    ]
    if len(rated) < 2:
        return pd.DataFrame(columns=PLACES), pd.DataFrame()
    means = performance.of_drivers(case.study, rated, wave=case.wave or "", confidence=case.confidence)
    importances = rows.set_index("driver").loc[rated, ["estimate", "low", "high"]]
    found = performance.quadrants(importances, means)
    rivals = performance.of_competitors(case.study, rated, wave=case.wave or "", confidence=case.confidence)
    return found.reset_index(), rivals


def simulated(case: Regression, line: LinearFit, rows: pd.DataFrame, raises: str = "") -> pd.DataFrame:
    """what_if() of the straight line: `raises` is written driver: points, …; empty: one point on each of the three most
    important drivers. With labels and units; no rows without two rated drivers."""
    asked = _raises(case, rows, raises)
    questions = case.study.book.tables["survey"].questions
    scales = {
        name: questions[name].scale or (float(case.frame[name].min()), float(case.frame[name].max())) for name in asked
    }
    if not asked or case.metric is None:
        return pd.DataFrame()
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
        return dict.fromkeys(rated[:3], 1.0)
    asked = {}
    for part in text.split(","):
        name, sign, points = part.partition(":")
        try:
            asked[name.strip()] = float(points)
        except ValueError:
            sign = ""
        if not sign:
            raise CxError(f"raises are written driver: points, e.g. staff_speed: 1; found {part.strip()!r}")
        if name.strip() not in case.numeric:
            raise CxError(f"{name.strip()} is no rated driver of the model{nearest(name.strip(), case.numeric)}")
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
    """shares() as its chart takes it: by driver, as parts of 1."""
    if rows.empty:
        return rows
    parts = ["estimate", "low", "high"]
    return rows.set_index("driver").assign(**{part: rows.set_index("driver")[part] / 100 for part in parts})


def map_shares(rows: pd.DataFrame) -> pd.DataFrame:
    """quadrants() as its chart takes it: by driver."""
    return rows.set_index("driver") if len(rows) else rows


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
    """The segment to compare by: as named, else the first of the study's `banner:` that is one; empty without any."""
    known = case.study.questions("segment")
    return name or next((n for n in case.study.book.banner if n in known), "")
