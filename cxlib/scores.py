"""Estimates of metrics: NPS, CSAT, CES and any scoring of a rating scale, overall and by group.

A metric says what each answer scores; the estimate is the weighted mean score, with the
design-based variance of its tally. Two different scores make a share (Wilson interval), three evenly
spaced ones a difference of shares (MOVER-Wilson), anything else a mean (Student's t), each on the effective
number of answers: the size of the simple random sample that has the design's variance.
"""

import numpy as np
import pandas as pd

from cxlib import intervals
from cxlib.calls import kind, told
from cxlib.counts import as_list, tally
from cxlib.design import design_of
from cxlib.errors import CxError
from cxlib.estimate import Estimate
from cxlib.language import noted, tr, tr_n
from cxlib.metrics import CES, CES_TOP3, CSAT, NPS, find, kind_of, levels
from cxlib.offered import offered
from cxlib.variance import Domains, linearise

__all__ = ["by_group", "ces", "csat", "mean", "nps", "shares"]
__getattr__, __dir__ = offered(__name__, __all__)

GIVEN = noted("given by the weights' margins, without sampling error")


@told
def nps(answers, *, weights=None, strata=None, clusters=None, fpc=None, confidence=0.95, method="mover") -> Estimate:
    """Promoters (9-10) minus detractors (0-6), in points from -100 to 100.

    `answers` holds whole numbers 0-10, blank where missing; weights, strata, clusters and fpc are as long.
    `method` is mover (MOVER-Wilson), adjusted_wald or wald. Raises CxError for answers outside 0-10 and
    for fewer than two answers. Source: Reichheld, Harvard Business Review 81 (2003) 46-54.

    >>> from cxlib import nps
    >>> nps([10] * 50 + [7] * 30 + [0] * 20)
    NPS 30.0 (95% interval 14.0 to 44.2; 100 answers, effective base 100; MOVER-Wilson; simple random sample)
    """
    return _single(answers, NPS, weights, strata, clusters, fpc, confidence, method)


@told
def csat(answers, *, weights=None, strata=None, clusters=None, fpc=None, confidence=0.95) -> Estimate:
    """Share answering 4 or 5 on a scale of 1-5, in percent; Wilson interval. Arguments and errors as nps().

    >>> from cxlib import csat
    >>> csat([5] * 70 + [3] * 30)
    CSAT 70.0% (95% interval 60.4 to 78.1%; 100 answers, effective base 100; Wilson; simple random sample)
    """
    return _single(answers, CSAT, weights, strata, clusters, fpc, confidence)


@told
def ces(answers, *, weights=None, strata=None, clusters=None, fpc=None, confidence=0.95, top_three=False) -> Estimate:
    """Mean of a scale of 1 (very hard) to 7 (very easy), t interval; with `top_three` the share of 5-7 in percent.

    Arguments and errors as nps(). Source: Dixon, Freeman and Toman, Harvard Business Review 88 (2010) 116-122.

    >>> from cxlib import ces
    >>> ces([6] * 80 + [2] * 40)
    CES 4.67 (95% interval 4.32 to 5.01; 120 answers, effective base 120; Student's t; simple random sample)
    """
    return _single(answers, CES_TOP3 if top_three else CES, weights, strata, clusters, fpc, confidence)


@told
def mean(values, *, weights=None, strata=None, clusters=None, fpc=None, confidence=0.95, name="mean") -> Estimate:
    """Weighted mean of numbers, in their own unit; t interval. Arguments and errors as nps()."""
    return _single(values, "mean", weights, strata, clusters, fpc, confidence, name=name)


def _single(answers, metric, weights, strata, clusters, fpc, confidence, method="mover", name=None) -> Estimate:
    """One estimate from arrays: the frame, its tally, its only row."""
    columns = {"answers": answers, "weights": weights, "strata": strata, "clusters": clusters, "fpc": fpc}
    given = {name: values for name, values in columns.items() if values is not None or name == "answers"}
    for column, values in given.items():
        _check_values(column, values)
    lengths = {name: len(values) for name, values in given.items()}
    if len(set(lengths.values())) > 1:
        raise CxError(f"answers and design must be equally long; found {lengths}")
    frame = pd.DataFrame({name: np.asarray(values) for name, values in given.items()})
    names = {name: name for name in given if name != "answers"}
    row = by_group(frame, metric, by=[], question="answers", confidence=confidence, method=method, **names).iloc[0]
    unit = "score" if metric == "mean" else metric.unit
    return Estimate(
        name or metric.label,
        row["estimate"],
        row["low"],
        row["high"],
        row["se"],
        row["n"],
        row["n_effective"],
        unit,
        confidence,
        row["method"],
        row["n_weighted"],
    )


def _check_values(name: str, values) -> None:
    """Raise TypeError for what holds no values one a respondent."""
    if isinstance(values, str) or np.ndim(values) != 1 or not hasattr(values, "__len__"):
        column = {"answers": "recommend", "weights": "weight"}.get(name, name.removesuffix("s"))
        raise TypeError(f'{name} holds a value a respondent, e.g. study.survey["{column}"]; found {kind(values)}')


@told
def by_group(
    frame,
    metric,
    by,
    *,
    question,
    weights=None,
    strata=None,
    clusters=None,
    fpc=None,
    calibration=None,
    confidence=0.95,
    method="mover",
    minimum_base=None,
) -> pd.DataFrame:
    """The metric in every group, as a tidy frame in the order of the groups.

    `metric` is a Metric or a name (nps, csat, ces, ces_top3, or mean for plain numbers); `by` names one or
    several columns, and question, weights, strata, clusters and fpc name columns too. `calibration` (a
    calibration.Calibration) names the margins that the weights were fitted to: what they explain is no sampling error,
    and an estimate that they determine has none (se 0, an interval of no width, n_effective nan). Columns of the
    result: the groups, estimate, low, high, se, n, n_weighted, n_effective, deff, df, strata, clusters, method.
    Every group keeps the whole design (strata and clusters without a member count); respondents without a group
    are left out of the rows. A group with a single answer has no interval: CxError, unless `minimum_base` is
    given, under which estimate, low, high and se are nan and the base remains.

    >>> from cxlib import Study, scores
    >>> study = Study.load("data/demo")
    >>> waves = scores.by_group(study.survey, "nps", ["wave"], question="recommend", **study.design)
    >>> waves[["wave", "estimate", "low", "high", "n"]].round(1)
          wave  estimate   low  high     n
    0  2025-H1      29.5  24.1  34.7  1957
    1  2025-H2      19.1  13.2  24.8  1957
    2  2026-H1      35.8  30.2  41.0  1969
    3  2026-H2      45.8  40.1  51.0  1963
    """
    design = {"strata": strata, "clusters": clusters, "fpc": fpc, "calibration": calibration}
    table = tally(frame, question, by=by, weights=weights, **design)
    how = {"weighted": weights is not None, "confidence": confidence, "method": method, "minimum_base": minimum_base}
    return of_tally(table, metric, by, question=question, design=design_of(table, **design), frame=frame, **how)


def of_tally(
    table: pd.DataFrame, metric, by, *, question, design, weighted, confidence=0.95, method="mover", minimum_base=None,
    frame=None,
) -> pd.DataFrame:  # fmt: skip
    """What by_group() gives, of a tally that holds the columns it names, and its `design` (design.design_of()).

    Where several scores are estimated of the same people, one table and one design serve them all.
    """
    y = score(table, metric, question, frame)
    domains = linearise(table, y, by=by, design=design)
    rows = estimates(domains, levels(metric), table, y, weighted=weighted, confidence=confidence, method=method)
    rows = named(rows, by)
    least = 2 if minimum_base is None else max(minimum_base, 2)
    small = rows["n"] < least
    if small.any() and minimum_base is None:
        where = ", ".join(f"{key}={rows.loc[small, key].iloc[0]}" for key in as_list(by)) or "the table"
        raise CxError(
            f"an interval needs at least 2 answers to {question}; {where} has {rows.loc[small, 'n'].iloc[0]}"
            + (f" ({small.sum()} such groups)" if small.sum() > 1 else "")
        )
    return without_small(rows, least).reset_index(drop=True)


def without_small(rows: pd.DataFrame, least: int) -> pd.DataFrame:
    """The rows, those of fewer than `least` answers with their bases alone."""
    small = rows["n"].to_numpy() < least
    if not small.any():
        return rows
    hidden = ["estimate", "low", "high", "se", "n_effective", "deff"]
    return rows.assign(**{name: np.where(small, np.nan, rows[name].to_numpy()) for name in hidden})


@told
def shares(
    frame, by, *, question, answers, weights=None, strata=None, clusters=None, fpc=None, calibration=None,
    confidence=0.95,
) -> pd.DataFrame:  # fmt: skip
    """The share of each of `answers` in every group, in percent, with Wilson intervals on the effective base.

    One tally serves all answers. Columns as in by_group(), with `answer` and its unweighted number `count` beside
    the groups; n is the base of the share. Arguments as in by_group().
    """
    design = {"strata": strata, "clusters": clusters, "fpc": fpc, "calibration": calibration}
    table = tally(frame, question, by=by, weights=weights, **design)
    drawn = design_of(table, **design)
    given = table[question].notna().to_numpy()[:, None]
    hits = np.column_stack([(table[question] == answer).fillna(False).to_numpy(bool) for answer in answers])
    y = np.where(given, np.where(hits, 100.0, 0.0), np.nan)
    domains = linearise(table, y, by=by, design=drawn)
    rows = estimates(domains, [0.0, 100.0], table, y, weighted=weights is not None, confidence=confidence)
    groups = len(rows) // hits.shape[1]
    counts = [np.bincount(domains.domain, np.where(hit, table["n"], 0), groups).astype(int) for hit in hits.T]
    rows = rows.assign(answer=pd.Series(list(answers)).repeat(groups).array, count=np.concatenate(counts))
    return named(rows, by).reset_index(drop=True)


def named(rows: pd.DataFrame, by) -> pd.DataFrame:
    """The rows of groups that have a name and an answer."""
    if not as_list(by):
        return rows
    kept = np.logical_and.reduce([rows["n"].to_numpy() > 0, *(rows[key].notna().to_numpy() for key in as_list(by))])
    return rows if kept.all() else rows[kept]


def score(table: pd.DataFrame, metric, question: str, frame=None) -> np.ndarray:
    """The score of each row of a tally, nan where unanswered.

    Raises CxError for answers that the metric's scale does not hold, with their number and an example; with a
    pandas `frame` the example's row (counted from 1) is named, too.
    """
    metric = find(metric)
    answers = table[question]
    if not pd.api.types.is_numeric_dtype(answers) and answers.notna().any():
        example = answers.dropna().iloc[0]
        written = pd.to_numeric(answers.dropna().astype("string"), errors="coerce").notna().all()
        hint = "; pandas.to_numeric() makes numbers of them" if written else ""
        raise CxError(f"answers must be numbers; column {question} holds text, e.g. {example!r}{hint}")
    values = answers.to_numpy(dtype=float, na_value=np.nan)
    if metric is None:
        return values
    outside = answers.notna().to_numpy() & ~np.isin(values, list(metric.table))
    if outside.any():
        example = values[outside][0]
        row = ""
        if isinstance(frame, pd.DataFrame):
            row = f" in row {1 + int(np.argmax((frame[question] == example).to_numpy(bool, na_value=False)))}"
        low, high = metric.scale
        raise CxError(
            f"{metric.label} answers must lie in {low}-{high}, as whole numbers; "
            f"{int(table['n'][outside].sum())} lie outside, e.g. {example:g}{row} (column {question})"
        )
    known, scored = (np.array(list(part), float) for part in (metric.table, metric.table.values()))  # answers rise
    return np.where(np.isnan(values), np.nan, scored[np.minimum(np.searchsorted(known, values), len(known) - 1)])


def estimates(
    domains: Domains,
    levels: list[float],
    table: pd.DataFrame,
    y: np.ndarray,
    *,
    weighted: bool,
    confidence: float,
    method="mover",
) -> pd.DataFrame:
    """Point, interval and bases of every domain, for scores `y` that take the values `levels` (none: any number)."""
    if not 0 < confidence < 1:
        raise CxError(f"confidence lies between 0 and 1, e.g. 0.95; found {confidence}")
    if method not in intervals.DIFFERENCE:
        raise CxError(f"method is one of {', '.join(intervals.DIFFERENCE)}; found {method}")
    variance, df = domains.contrast()
    n = domains.n.astype(float)
    variance = np.where((n > 1) & (df > 0), variance, np.nan)
    simple = domains.spread / np.maximum(n - 1, 1)  # the variance in a simple random sample of n, n - 1 as divisor
    with np.errstate(invalid="ignore", divide="ignore"):
        kish = domains.w**2 / domains.w2
        # All answers alike, or clusters that agree to the last digit: a variance of 0 (but for rounding noise) says
        # nothing of the design; Kish's formula still does.
        variance = np.where(variance <= 1e-20 * domains.spread, 0.0, variance)
        effective = np.where(variance == 0, kish, n * simple / variance)
    given = domains.given & np.isfinite(variance)
    variance, effective = np.where(given, 0.0, variance), np.where(given, np.nan, effective)
    kind = kind_of(levels)
    critical = intervals.critical_value(confidence, df, n)
    if kind == "share":
        zero, one = levels
        bounds = intervals.wilson((domains.ratio - zero) / (one - zero), effective, critical)
        low, high = (zero + (one - zero) * bound for bound in bounds)
        name = "Wilson"
    elif kind == "difference":
        least, middle, most = levels
        make, name = intervals.DIFFERENCE[method]
        bounds = make(_share(domains, table, y, most), _share(domains, table, y, least), effective, critical)
        low, high = (middle + (most - middle) * bound for bound in bounds)
    else:
        low, high = intervals.student(domains.ratio, np.sqrt(variance), df, confidence)
        if levels:
            low, high = np.maximum(low, levels[0]), np.minimum(high, levels[-1])
        name = noted("Student's t")
    low, high = (np.where(given, domains.ratio, bound) for bound in (low, high))
    strata, clusters, _ = domains.extent
    found = {
        "estimate": domains.ratio,
        "low": low,
        "high": high,
        "se": np.sqrt(variance),
        "n": domains.n,
        "n_weighted": domains.w,
        "n_effective": effective,
        "deff": np.where(given, 0.0, n / effective),
        "df": df,
        "strata": strata,
        "clusters": clusters.astype(int),
        "method": [
            f"{tr(GIVEN if fixed else name)}; {text}"
            for fixed, text in zip(given, design_texts(domains, weighted), strict=True)
        ],
    }
    keys = domains.keys
    return pd.DataFrame({name: keys[name].array for name in keys if name not in found} | found, index=keys.index)


def _share(domains: Domains, table: pd.DataFrame, y: np.ndarray, level: float) -> np.ndarray:
    """The weighted share of answers that score `level`, in each domain."""
    weights = np.where(y.ravel() == level, table["w"], 0.0)
    totals = pd.Series(weights).groupby(domains.domain).sum().to_numpy() if len(domains.n) > 1 else weights.sum()
    with np.errstate(invalid="ignore"):
        return totals / domains.w


def design_texts(domains: Domains, weighted: bool) -> list[str]:
    """What each domain's variance takes into account, in words: weights, strata, clusters, finite population."""
    finite = (domains.design.remaining < 1).any()
    clustered = domains.answers.sum(axis=0) > 0
    texts = {}
    kinds = list(zip(*(part.tolist() for part in domains.extent), clustered.tolist(), strict=True))
    for strata, clusters, lonely, named in dict.fromkeys(kinds):
        parts = [domains.design.weighting] if weighted else []
        parts += [tr_n("{n} stratum", "{n} strata", strata)] if strata > 1 else []
        parts += [tr_n("{n} cluster", "{n} clusters", clusters)] if named else []
        parts += [tr("finite population")] if finite else []
        text = tr("Taylor linearisation: {design}", design=", ".join(parts)) if parts else tr("simple random sample")
        if lonely:
            alone = tr_n(
                "{n} single-cluster stratum taken about the overall mean",
                "{n} single-cluster strata taken about the overall mean",
                lonely,
            )
            text = f"{text}; {alone}"
        texts[strata, clusters, lonely, named] = text
    return [texts[kind] for kind in kinds]
