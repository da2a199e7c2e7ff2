"""Average marginal effects: what one more point on a driver goes with, in the metric's own points.

Log odds say little to a client; "one more point on Staff goes with +6.1 NPS (95% 4.0 to 8.2)" does. For a driver of
numbers it is the slope of the expected score, averaged over respondents as they are; for a category the difference
from the first category. Errors by the delta method, and for who happened to be asked, too (unconditional). An effect
here is a difference between respondents, other drivers held alike.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from cxlib.binary import BinaryFit, fit_binary
from cxlib.corrections import adjust
from cxlib.cumulative import LINKS
from cxlib.errors import CxError
from cxlib.language import noted, tr
from cxlib.linear import LinearFit, fit_linear
from cxlib.metrics import find
from cxlib.ordinal import OrdinalFit, fit_ordinal
from cxlib.sandwich import Errors, effective, rows, spread
from cxlib.shown import Shown
from cxlib.terms import is_ordered, read, within

MODELS = {"linear": noted("linear model"), "ordinal": noted("ordinal model"), "binary": noted("binary model")}


@dataclass(frozen=True)
class Effects:
    """Effects of p terms, and what they vary with: influence (rows in use x p) and covariance."""

    terms: list[str]
    values: np.ndarray
    influence: np.ndarray
    covariance: np.ndarray
    errors: Errors


@dataclass(frozen=True, repr=False)
class SegmentEffects(Shown):
    """Effects in each group of a segment, and how they differ.

    effects: term, group, estimate, se, low, high, t, p, n, n_weighted, n_effective. differences: term, group, other,
    estimate (group less other), se, low, high, t, df, p, p_adjusted; n, n_weighted, n_effective of the smaller group.
    """

    effects: pd.DataFrame
    differences: pd.DataFrame
    method: str
    unit: str


def effects(fit: LinearFit | OrdinalFit | BinaryFit, *, metric="mean") -> pd.DataFrame:
    """What one more point on each driver goes with, in points of the metric (binary: percentage points of the event).

    Frame by term: estimate, se, low, high, t, p, n, n_weighted, n_effective. `metric` scores the answers of an ordinal
    model (a Metric, its name, "mean" for the answers themselves, or {answer: score}); a linear model has its own. Terms
    that separate a binary outcome have no interval, and so no number. Raises CxError for answers that have no score.
    Source: Dowd, Greene and Norton, Health Services Research 49 (2014) 731-750 (standard errors of such effects).
    """
    return _frame(_effects(fit, metric), fit)


def by_segment(
    frame,
    outcome,
    drivers,
    *,
    segment,
    model="linear",
    metric="mean",
    link="logit",
    event=None,
    weights=None,
    strata=None,
    clusters=None,
    fpc=None,
    calibration=None,
    confidence=0.95,
    correction="holm",
) -> SegmentEffects:
    """Does a driver matter more in one group than in another? Effects by group, and tests of their differences.

    The model (linear, ordinal or binary) is fitted in each group of the column `segment`, so that every driver, and the
    cuts, may differ; groups that share clusters are correlated, and the test knows. p values are corrected over all
    terms and pairs of groups. Other arguments as in linear(), ordinal(), binary() and effects(); errors as there.
    """
    if model not in MODELS:
        raise CxError(f"model is linear, ordinal or binary; found {model}")
    design = {"strata": strata, "clusters": clusters, "fpc": fpc, "calibration": calibration}
    if segment in (outcome, *drivers):
        raise CxError(f"the segment cannot be outcome or driver as well; {segment} is")
    whole = read(frame, outcome, drivers, by=[segment], also=[segment], weights=weights, **design)
    if model == "ordinal" and not is_ordered(frame, outcome):
        raise CxError(f"an ordinal outcome is numbers or an ordered categorical; column {outcome} has no order")
    present = whole.column(segment).dropna()
    groups = whole.levels.get(segment) or [str(value) for value in sorted(present.unique())]
    groups = [group for group in groups if (present.astype(str) == group).any()]
    if len(groups) < 2:
        raise CxError(f"a comparison needs two groups; {segment} has {', '.join(groups) or 'none'}")
    found, frames = {}, []
    for group in groups:
        sample = within(whole, segment, group)
        fit = {
            "linear": lambda s: fit_linear(s, metric=metric, confidence=confidence),
            "ordinal": lambda s: fit_ordinal(s, link=link, confidence=confidence),
            "binary": lambda s: fit_binary(s, event=event, confidence=confidence),
        }[model](sample)
        found[group] = _effects(fit, metric)
        frames.append(_frame(found[group], fit).reset_index().assign(group=group))
    shown = ["term", "group", "estimate", "se", "low", "high", "t", "p", "n", "n_weighted", "n_effective"]
    table = pd.concat(frames, ignore_index=True)[shown]
    pairs = [_difference(found[a], found[b], confidence).assign(group=a, other=b) for a, b in combinations(groups, 2)]
    differences = pd.concat(pairs, ignore_index=True)
    differences["p_adjusted"] = adjust(differences["p"], correction)
    shown = ["term", "group", "other", "estimate", "se", "low", "high", "t", "df", "p", "p_adjusted"]
    shown += ["n", "n_weighted", "n_effective"]
    method = tr(
        "{model} in each of {groups} groups of {segment}; p corrected ({correction}); {base}",
        model=tr(MODELS[model]),
        groups=len(groups),
        segment=segment,
        correction=correction,
        base=whole.text,
    )
    return SegmentEffects(table, differences[shown], method, _unit(fit, metric))


def _frame(found: Effects, fit) -> pd.DataFrame:
    variance = np.diag(found.covariance)
    frame = rows(found.errors, found.terms, found.values, found.influence, variance, fit.confidence)
    if isinstance(fit, BinaryFit) and fit.unbounded:
        frame.loc[fit.unbounded, frame.columns.drop(["n", "n_weighted"])] = np.nan
    return frame


def _unit(fit, metric) -> str:
    if isinstance(fit, BinaryFit):
        return "percentage points"
    if isinstance(fit, LinearFit):
        return fit.unit
    return "score" if isinstance(metric, dict) or find(metric) is None else find(metric).unit


def _effects(fit, metric) -> Effects:
    """The effects of a fit's terms, by what kind of fit it is."""
    sample, errors = fit.sample, fit.errors
    if isinstance(fit, LinearFit):
        terms = slice(1, None)
        covariance = errors.covariance[terms, terms]
        return Effects(sample.terms, fit.parameters[terms], errors.influence[:, terms], covariance, errors)
    if isinstance(fit, OrdinalFit):
        steps, start = np.diff(_scores(fit, metric)), fit.likelihood.parameters
        link, place = fit.link, fit.likelihood.place
        turn = np.ones(len(start))
    else:
        # A yes lies above the only cut, so the cut is the constant with its sign turned.
        steps, link = np.array([100.0]), "logit"
        turn = np.r_[-1.0, np.ones(len(sample.terms))]
        start, place = fit.parameters * turn, np.arange(1, len(turn))[None]
    influence, covariance = errors.influence * turn, errors.covariance * np.outer(turn, turn)

    def each(parameters):
        return _expected(sample, link, place, steps, parameters)

    share = sample.w / sample.w.sum()
    by_row = each(start)
    values, se = share @ by_row, np.sqrt(np.diag(covariance))
    jacobian = np.empty((len(values), len(start)))
    for k, error in enumerate(se):
        move = np.zeros(len(start))
        move[k] = 1e-3 * error
        jacobian[:, k] = share @ (each(start + move) - each(start - move)) / (2e-3 * error)
    people = (by_row - values) / sample.w.sum()
    whole = influence @ jacobian.T + people
    if sample.design_given:
        varies = spread(sample, whole)
    else:
        # Given the drivers, the outcome says nothing of who was asked: the two parts are independent.
        varies = jacobian @ covariance @ jacobian.T + spread(sample, people)
    return Effects(sample.terms, values, whole, varies, errors)


def _expected(sample, link, place, steps, parameters) -> np.ndarray:
    """The effect of each term on the expected score of each row (rows x p).

    The expected score is the highest less the chance of lying below each cut times the step of the score there.
    """
    below, density, _ = LINKS[link]
    slopes = parameters[place]
    predictor = parameters[: len(place)] - sample.x @ slopes.T
    result, moved = np.empty(sample.x.shape), density(predictor) * steps
    for driver in sample.drivers:
        own = [term for term, owner in enumerate(sample.owner) if owner == driver]
        if driver not in sample.levels:
            result[:, own] = moved @ slopes[:, own]
            continue
        first = predictor + sample.x[:, own] @ slopes[:, own].T
        for term in own:
            result[:, term] = (below(first) - below(first - slopes[:, term])) @ steps
    return result


def _scores(fit: OrdinalFit, metric) -> np.ndarray:
    """What each answer of an ordinal model scores."""
    if isinstance(metric, dict):
        table = {str(answer): float(score) for answer, score in metric.items()}
        missing = [level for level in fit.levels if level not in table]
        if missing:
            raise CxError(f"every answer needs a score; {missing[0]} has none ({len(missing)} of {len(fit.levels)})")
        return np.array([table[level] for level in fit.levels])
    if fit.sample.outcome in fit.sample.levels:
        raise CxError(
            f"answers in words need scores to be averaged; give metric={{answer: score}} for {', '.join(fit.levels)}"
        )
    answers = np.array([float(level) for level in fit.levels])
    metric = find(metric)
    if metric is None:
        return answers
    outside = [answer for answer in answers if answer not in metric.table]
    if outside:
        raise CxError(f"{metric.label} scores {metric.scale[0]}-{metric.scale[1]}; {outside[0]:g} is not on that scale")
    return np.array([metric.table[answer] for answer in answers])


def _difference(a: Effects, b: Effects, confidence: float) -> pd.DataFrame:
    """The effects of one group less those of another, with their covariance where clusters are shared."""
    sample, other = a.errors.sample, b.errors.sample
    whole = np.zeros((len(sample.table), 2, len(a.values)))
    whole[sample.used, 0], whole[other.used, 1] = a.influence, b.influence
    if sample.design_given:
        w, w2 = (sample.table[name].to_numpy(float) for name in ("w", "w2"))
        variance = np.diag(sample.domains.design.covariance(w, w2, whole[:, 0] - whole[:, 1]))
    else:
        variance = np.diag(a.covariance) + np.diag(b.covariance)
    fewer = a.errors if a.errors.df < b.errors.df else b.errors
    influence = np.zeros((fewer.sample.used.sum(), len(a.values)))
    table = rows(fewer, a.terms, a.values - b.values, influence, variance, confidence)
    small = min(a, b, key=lambda side: side.errors.sample.n)
    base = effective(small.errors.sample, small.influence, np.diag(small.covariance))
    bases = {"n": small.errors.sample.n, "n_weighted": small.errors.sample.w.sum(), "n_effective": base}
    return table.reset_index().assign(df=fewer.df, **bases)
