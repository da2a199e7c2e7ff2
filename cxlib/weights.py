"""Weights: what unequal weights cost in precision."""

import numpy as np

from cxlib.errors import CxError


def effective_n(weights) -> float:
    """Kish's effective number of answers: (sum of w)^2 / sum of w^2.

    Ignores clusters and strata; the design effect of a given estimate is in its `n_effective`.
    Raises CxError for weights that are not numbers of 0 or more, or all 0. Source: Kish, Survey Sampling (1965), 11.7.
    """
    try:
        w = np.asarray(weights, dtype=float)
    except (TypeError, ValueError):
        raise CxError("weights must be numbers; text is found") from None
    bad = ~(w >= 0) | np.isinf(w)
    if bad.any():
        raise CxError(f"weights must be numbers of 0 or more; {bad.sum()} are not, e.g. {w[bad][0]}")
    if not w.sum() > 0:
        raise CxError(f"weights are 0 everywhere ({w.size} rows); at least one must be above 0")
    return float(w.sum() ** 2 / (w**2).sum())


def design_effect(weights) -> float:
    """Kish's design effect: n / effective_n, 1 for equal weights."""
    return len(weights) / effective_n(weights)
