"""What if drivers were better rated? The change of a metric that goes with raising chosen ratings by chosen amounts.

Association, not effect: the model knows how respondents who rate a driver higher differ in the metric, the other
drivers alike. That an improvement would move the metric as far is more than a survey alone can say.
"""

import re

import numpy as np
import pandas as pd

from cxlib import intervals
from cxlib.counts import tally
from cxlib.errors import CxError, nearest
from cxlib.language import noted, tr
from cxlib.scores import estimates
from cxlib.variance import linearise

TOGETHER = "together"
METHOD = noted("association with higher ratings, the other drivers alike; not an effect unless the design earns more")


def what_if(
    frame,
    coefficients: pd.DataFrame,
    covariance: pd.DataFrame,
    raises: dict[str, float],
    *,
    scales: dict[str, tuple[float, float]],
    df=np.inf,
    weights=None,
    strata=None,
    clusters=None,
    fpc=None,
    calibration=None,
    confidence=0.95,
) -> pd.DataFrame:
    """How far the metric differs where each respondent rates some drivers so much higher, up to the scale's end.

    `coefficients` is a linear fit's frame by term (estimate: points of the metric a point of the driver), `covariance`
    the frame of their covariances, `df` its degrees of freedom; `raises` gives the points by driver (below 0: lower),
    `scales` the ends of each one's scale. Who rates 5 of 5 stays there: a driver gains the mean of min(5, x + points) -
    x of those who rated it. Index: driver, and "together"; columns: raise, gain (mean points gained), capped (percent
    of respondents stopped by the scale's end), estimate, low, high (change of the metric), se, n, n_weighted,
    n_effective, method. The error of the coefficients and that of the gains add up, since in a model that holds they
    are uncorrelated; n is that of the ratings, and together that of those who rated all. Raises CxError for drivers
    that the model lacks or takes as more than a straight line, scales that do not hold the ratings, and raises that
    are no numbers.
    """
    _check(coefficients, covariance, raises, scales)
    names, design = list(raises), {"strata": strata, "clusters": clusters, "fpc": fpc, "calibration": calibration}
    table = tally(frame, names[0], by=names[1:], weights=weights, **design)
    ratings = np.column_stack([_ratings(table, name, scales[name]) for name in names])
    points, ends = (
        np.array([float(raises[name]) for name in names]),
        np.array([scales[name] for name in names], float).T,
    )
    gains = np.clip(ratings + points, *ends) - ratings
    capped = np.where(np.isnan(gains), np.nan, 100.0 * (np.abs(gains) < np.abs(points) - 1e-9))
    slopes = coefficients.loc[names, "estimate"].to_numpy(float)
    moved = np.column_stack([slopes * gains, gains @ slopes])
    domains = linearise(table, np.hstack([moved, gains, capped]), **design)
    means = estimates(domains, [], table, moved, weighted=weights is not None, confidence=confidence)
    few = means.loc[means["n"] < 2, "n"]
    if len(few):
        raise CxError(f"an interval needs at least 2 answers; {few.iloc[0]} rated {' and '.join(names)}")
    moved, (gain, stopped) = means.iloc[: len(names) + 1], means["estimate"].to_numpy()[len(names) + 1 :].reshape(2, -1)
    # Each driver by itself, then all together.
    weights_of = np.vstack([np.diag(gain), gain])
    own = np.sqrt(((weights_of @ covariance.loc[names, names].to_numpy(float)) * weights_of).sum(axis=1))
    estimate, se = weights_of @ slopes, np.hypot(own, moved["se"].to_numpy())
    low, high = intervals.student(estimate, se, np.full(len(se), float(df)), confidence)
    found = {"raise": [*points, np.nan], "gain": [*gain, np.nan], "capped": [*stopped, np.nan], "estimate": estimate}
    found |= {"low": low, "high": high, "se": se, "n": moved["n"].to_numpy()}
    found |= {"n_weighted": moved["n_weighted"].to_numpy()}
    found |= {"n_effective": moved["n_effective"].to_numpy(), "method": tr(METHOD)}
    return pd.DataFrame(found, index=pd.Index([*names, TOGETHER], name="driver"))


def _ratings(table: pd.DataFrame, name: str, scale: tuple) -> np.ndarray:
    """The ratings of a driver, which must be numbers of its scale."""
    if not pd.api.types.is_numeric_dtype(table[name]):
        raise CxError(f"ratings must be numbers; column {name} holds {table[name].dropna().iloc[0]!r}")
    low, high = scale
    answers = table[name].to_numpy(float, na_value=np.nan)
    outside = (answers < low) | (answers > high)
    if outside.any():
        count, example = int(table["n"][outside].sum()), answers[outside][0]
        raise CxError(f"ratings of {name} must lie in {low:g}-{high:g}; {count} lie outside, e.g. {example:g}")
    return answers


def _check(coefficients, covariance, raises: dict, scales: dict) -> None:
    """Raise a CxError for what the model cannot answer."""
    if not raises:
        raise CxError("what if asks for at least one driver to be raised; none is named")
    terms = list(coefficients.index)
    if list(covariance.index) != terms or list(covariance.columns) != terms:
        raise CxError("the covariances must be of the model's terms, in their order")
    for name, points in raises.items():
        if name not in terms:
            raise CxError(f"the model has no driver {name}; it has {', '.join(map(str, terms))}{nearest(name, terms)}")
        mixed = [term for term in terms if term != name and name in re.split(r"\W+", str(term))]
        if mixed:
            raise CxError(f"{name} must stand for itself in the model; it stands in {mixed[0]} as well")
        if not np.isfinite(points):
            raise CxError(f"a driver is raised by a number of points; {name} by {points}")
        if name not in scales or scales[name] is None:
            raise CxError(f"a raise ends where the scale does, e.g. (1, 5); {name} has no scale")
        if not scales[name][0] < scales[name][1]:
            raise CxError(f"a scale runs from low to high, e.g. (1, 5); that of {name} is {tuple(scales[name])}")
