"""Corrections of p values for the number of tests in a family."""

import numpy as np

from cxlib.errors import CxError
from cxlib.language import noted

CORRECTIONS = {
    "holm": noted("Holm: the chance of any false mark in a family is at most the level"),
    "bh": noted("Benjamini-Hochberg: of the marks in a family, the expected share of false ones is at most the level"),
    "none": noted("none: the more tests, the more false marks"),
}


def adjust(p, correction: str = "holm") -> np.ndarray:
    """p values corrected for the number of tests in their family; the last axis is a family, nan is no test.

    Sources: Holm, Scandinavian Journal of Statistics 6 (1979) 65-70; Benjamini and Hochberg, Journal of the
    Royal Statistical Society B 57 (1995) 289-300. Raises CxError for another correction than holm, bh and none.
    """
    if correction not in CORRECTIONS:
        raise CxError(f"correction is one of {', '.join(CORRECTIONS)}; found {correction}")
    p = np.asarray(p, float)
    if correction == "none" or not p.shape[-1]:
        return p
    order = np.argsort(p, axis=-1)  # nan comes last
    ordered = np.take_along_axis(p, order, axis=-1)
    tests, place = (~np.isnan(p)).sum(axis=-1, keepdims=True), np.arange(p.shape[-1])
    if correction == "holm":
        steps = np.maximum.accumulate(np.where(np.isnan(ordered), 0.0, ordered * (tests - place)), axis=-1)
    else:
        factors = np.where(np.isnan(ordered), np.inf, ordered * tests / (place + 1))
        steps = np.minimum.accumulate(factors[..., ::-1], axis=-1)[..., ::-1]
    adjusted = np.where(np.isnan(ordered), np.nan, np.minimum(steps, 1.0))
    result = np.empty_like(p)
    np.put_along_axis(result, order, adjusted, axis=-1)
    return result
