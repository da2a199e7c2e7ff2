"""Shares and means of what customers did, from a few sums over customers: each customer is a cluster.

What one customer did is alike, so that a thousand contacts of a hundred customers tell less than of a thousand. A share
a / b (visits that ended a journey of all visits, say) is a ratio of two totals; its variance follows from the sums over
customers of a^2, ab and b^2, which an engine adds up beside the totals, so that no customer is loaded.
Source: Cochran, Sampling Techniques (3rd ed., 1977), 153-158.
"""

import numpy as np

from cxlib import intervals

PERCENT = 100.0


def share(a, b, aa, ab, bb, customers, *, confidence: float) -> dict[str, np.ndarray]:
    """100 a / b in percent with a Wilson interval on the effective n: estimate, low, high, se, n (b), n_effective.

    `aa`, `ab` and `bb` are the sums over customers of a squared, a times b, and b squared; `customers` have b > 0.
    All are nan where b is 0, the interval also with a single customer.
    """
    p, variance, b, customers = _ratio(a, b, aa, ab, bb, customers)
    with np.errstate(invalid="ignore", divide="ignore"):
        simple = p * (1 - p) / (b - 1)
        # All alike: the variance of 0 says nothing of the customers; each of them then counts once.
        effective = np.where(variance > 1e-20, b * simple / variance, np.where(customers > 1, customers, np.nan))
        critical = intervals.critical_value(confidence, customers - 1, np.maximum(customers, 2))
        low, high = intervals.wilson(p, effective, critical)
    low, high = (np.where(np.isnan(effective), np.nan, bound) for bound in (low, high))
    found = {"estimate": p, "low": low, "high": high, "se": np.sqrt(variance)}
    return {name: PERCENT * values for name, values in found.items()} | {"n": b, "n_effective": effective}


def of_customers(x, n, *, confidence: float) -> dict[str, np.ndarray]:
    """x of n customers in percent, as share() gives it."""
    return share(x, n, x, x, n, n, confidence=confidence)


def mean(a, b, aa, ab, bb, customers, *, confidence: float) -> dict[str, np.ndarray]:
    """a / b, a mean of b numbers, with a t interval on the customers less one; otherwise as share()."""
    value, variance, b, customers = _ratio(a, b, aa, ab, bb, customers)
    low, high = intervals.student(value, np.sqrt(variance), customers - 1, confidence)
    return {"estimate": value, "low": low, "high": high, "se": np.sqrt(variance), "n": b}


def difference(one: dict, other: dict) -> dict[str, np.ndarray]:
    """`one` less `other`, of different customers, from their estimates and limits: estimate, low, high.

    Source: Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10 (square-and-add, which serves means too).
    """
    away = one["estimate"] - other["estimate"]
    below = np.hypot(one["estimate"] - one["low"], other["high"] - other["estimate"])
    above = np.hypot(one["high"] - one["estimate"], other["estimate"] - other["low"])
    return {"estimate": away, "low": away - below, "high": away + above}


def prefixed(found: dict, name: str, keep=("estimate", "low", "high")) -> dict:
    """Some columns of a result under a name of their own: moved, moved_low, moved_high."""
    return {name if key == "estimate" else f"{name}_{key}": found[key] for key in keep}


def _ratio(a, b, aa, ab, bb, customers) -> tuple[np.ndarray, ...]:
    a, b, aa, ab, bb, customers = (np.asarray(values, float) for values in (a, b, aa, ab, bb, customers))
    with np.errstate(invalid="ignore", divide="ignore"):
        p = a / b
        residual = np.maximum(aa - 2 * p * ab + p * p * bb, 0)
        variance = np.where(customers > 1, customers / (customers - 1) * residual / b**2, np.nan)
    return p, variance, b, customers
