"""Confidence intervals for shares, for the difference of two shares (NPS) and for means.

All take arrays and an effective number of answers, and return (low, high). `z` is the critical value; in a
complex sample it is widened by critical_value() for the few clusters that the variance rests on.
"""

import numpy as np
from scipy import special

from cxlib.language import noted


def critical_value(confidence: float, df, n):
    """The critical value of an interval on effective n: normal, times t(df) / t(n - 1).

    A simple random sample (df = n - 1) keeps the normal value; a sample of few clusters gets the wider one
    that its degrees of freedom call for. Source: Korn and Graubard, Survey Methodology 24 (1998) 193-201.
    """
    tail = 0.5 + confidence / 2
    df, n = np.asarray(df, float), np.asarray(n, float)
    with np.errstate(invalid="ignore"):
        return special.ndtri(tail) * special.stdtrit(np.where(df > 0, df, np.nan), tail) / special.stdtrit(n - 1, tail)


def wilson(p, n, z):
    """Wilson's score interval for a share p of n answers, in 0-1. Source: Wilson, JASA 22 (1927) 209-212."""
    p, n = np.asarray(p, float), np.asarray(n, float)
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    # At 0 and 1 the limit is the share itself; the formula would miss it by a rounding error.
    return np.where(p <= 0, 0.0, np.maximum(centre - half, 0.0)), np.where(p >= 1, 1.0, np.minimum(centre + half, 1.0))


def mover(p, d, n, z):
    """MOVER-Wilson interval for the difference p - d of two shares of the same n answers, in -1..1.

    The variance is recovered from the two Wilson intervals, with the multinomial correlation between the
    shares. Sources: Zou and Donner, Statistics in Medicine 27 (2008) 1693-1702; Newcombe, ibid. 17 (1998) 2635-2650.
    """
    p, d = np.asarray(p, float), np.asarray(d, float)
    p_low, p_high = wilson(p, n, z)
    d_low, d_high = wilson(d, n, z)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = -np.sqrt(p * d / ((1 - p) * (1 - d)))
    correlation = np.where((p >= 1) | (d >= 1), 0.0, correlation)
    below = (p - p_low) ** 2 + (d_high - d) ** 2 - 2 * correlation * (p - p_low) * (d_high - d)
    above = (p_high - p) ** 2 + (d - d_low) ** 2 - 2 * correlation * (p_high - p) * (d - d_low)
    return p - d - np.sqrt(np.maximum(below, 0)), p - d + np.sqrt(np.maximum(above, 0))


def wald(p, d, n, z):
    """Wald interval for p - d: plus and minus z standard errors, divisor n; too short for small n."""
    half = z * np.sqrt((p + d - (p - d) ** 2) / n)
    return np.maximum(p - d - half, -1.0), np.minimum(p - d + half, 1.0)


def adjusted_wald(p, d, n, z):
    """Wald interval after 3 more answers, 3/4 at each end and 3/2 between. Source: Bonett and Price (2012), as
    applied to the NPS by Rocks, The American Statistician 70 (2016) 365-372."""
    return wald((p * n + 0.75) / (n + 3), (d * n + 0.75) / (n + 3), n + 3, z)


def student(mean, se, df, confidence: float):
    """Student's t interval for a mean."""
    df = np.asarray(df, float)
    half = special.stdtrit(np.where(df > 0, df, np.nan), 0.5 + confidence / 2) * se
    return mean - half, mean + half


# How an interval for the difference of two shares is made, by the name of the `method` argument.
DIFFERENCE = {
    "mover": (mover, "MOVER-Wilson"),
    "adjusted_wald": (adjusted_wald, noted("adjusted Wald")),
    "wald": (wald, "Wald"),
}
