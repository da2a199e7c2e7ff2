"""How sure are the coefficients of a model? Errors, intervals and bases of functions of a fit.

Every fit knows the influence of each respondent on each of its parameters (the linearised value, the sandwich's two
outer slices applied to a score). Their weighted total varies as the design says: weights, strata, clusters, finite
population. Without any of these a likelihood model takes the inverse of its information, as R's glm and polr print it.
Source: Binder, International Statistical Review 51 (1983) 279-292; the same numbers as svyglm of R's survey package.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from cxlib.errors import CxError
from cxlib.terms import Sample


@dataclass(frozen=True)
class Errors:
    """Influence (rows in use x P), covariance (P x P), degrees of freedom and the name of the errors."""

    sample: Sample
    influence: np.ndarray
    covariance: np.ndarray
    df: float
    name: str


def design_based(sample: Sample, influence: np.ndarray, terms: int) -> Errors:
    """Errors by linearisation; degrees of freedom: clusters less strata less `terms`, as svyglm counts them."""
    df = float(sample.domains.contrast()[1][0]) - terms
    if df <= 0:
        raise CxError(
            f"errors need more clusters (less strata) than terms; there are {df + terms:.0f} for {terms} terms"
            f"{sample.where}; leave out drivers or clusters"
        )
    return Errors(sample, influence, spread(sample, influence), df, "design-based errors")


def by_information(sample: Sample, influence: np.ndarray, covariance: np.ndarray) -> Errors:
    """Errors by the inverse information of a likelihood, with normal intervals."""
    return Errors(sample, influence, covariance, np.inf, "errors by the likelihood's information")


def spread(sample: Sample, influence: np.ndarray) -> np.ndarray:
    """The design's covariance of the weighted totals of `influence` (rows in use x K)."""
    whole = np.zeros((len(sample.table), influence.shape[1]))
    whole[sample.used] = influence
    table = sample.table
    return sample.domains.design.covariance(table["w"].to_numpy(float), table["w2"].to_numpy(float), whole)


def effective(sample: Sample, influence: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """The size of a simple random sample that has the same variance, for each column of `influence`."""
    simple = sample.w @ influence**2 * sample.w.sum() / (sample.n - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return sample.n * simple / variance


def half_width(se, df: float, confidence: float):
    """Half an interval: Student's t, or the normal for infinite degrees of freedom."""
    if not 0 < confidence < 1:
        raise CxError(f"confidence lies between 0 and 1, e.g. 0.95; found {confidence}")
    tail = 0.5 + confidence / 2
    return (special.ndtri(tail) if np.isinf(df) else special.stdtrit(df, tail)) * se


def rows(errors: Errors, names, values, influence, variance, confidence: float) -> pd.DataFrame:
    """A frame indexed by `names`: estimate, se, low, high, t, p, n, n_weighted, n_effective."""
    values, se = np.asarray(values, float), np.sqrt(np.maximum(variance, 0.0))
    half = half_width(se, errors.df, confidence)
    with np.errstate(invalid="ignore", divide="ignore"):
        t = values / se
    p = 2 * (special.ndtr(-np.abs(t)) if np.isinf(errors.df) else special.stdtr(errors.df, -np.abs(t)))
    found = {"estimate": values, "se": se, "low": values - half, "high": values + half, "t": t, "p": p}
    found |= {"n": errors.sample.n, "n_weighted": errors.sample.w.sum()}
    found |= {"n_effective": effective(errors.sample, influence, variance)}
    return pd.DataFrame(found, index=pd.Index(names, name="term"))


def parameters(errors: Errors, names, values, confidence: float, which=slice(None)) -> pd.DataFrame:
    """rows() of the parameters themselves."""
    variance = np.diag(errors.covariance)[which]
    return rows(errors, names, np.asarray(values)[which], errors.influence[:, which], variance, confidence)
