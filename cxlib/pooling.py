"""Partial pooling of rates: segments borrow strength from one another, the more the smaller they are.

Segment rates are taken as draws from one Beta distribution. Its two parameters are uncertain as well, and that
uncertainty is carried into every interval: with the parameters plugged in, an interval covers the odd segment out in
43-91% of cases instead of 95%.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, special

from cxlib.complaint_rate import PRIOR, ComplaintRate
from cxlib.errors import CxError
from cxlib.language import digits, tr
from cxlib.shown import Shown

SHRINKAGES = 20  # values of the shrinkage in the grid of the two parameters
MEANS = 80  # values of the mean
NEGLIGIBLE = 1e-6  # weight of a point of the grid that is left out
LARGEST = 16.0  # logarithm of a + b: where the likelihood still rises, the segments are one


@dataclass(frozen=True, repr=False)
class Pooled(Shown):
    """Segment rates before and after pooling.

    `frame` has a row a segment: group, x, n (effective), raw, raw_low, raw_high (Jeffreys), estimate (posterior mean),
    low, high, plug_in (the mean with the maximum-likelihood parameters), all in percent, and shrinkage (0: the
    segment's own rate, 1: that of all). a and b are the maximum-likelihood parameters, infinite where the segments do
    not differ more than chance would have them. `rates` has each segment's distribution, for silent().
    """

    frame: pd.DataFrame
    a: float
    b: float
    rates: dict[str, ComplaintRate]


def pool(frame: pd.DataFrame, *, x: str = "x", n: str = "n", group: str = "group", confidence: float = 0.95) -> Pooled:
    """Rates x / n of two or more segments, partially pooled by a beta-binomial model.

    x and n may be effective numbers with fractions. The prior of the model is uniform on the shrinkage K / (K + m), K =
    a + b and m the median n, and Jeffreys' on the mean a / K: proper whatever the counts. Raises CxError for fewer than
    two segments, x outside 0 to n, and a segment with none unhappy. Sources: Daniels, Canadian Journal of Statistics 27
    (1999) 567-578 (uniform shrinkage); Gelman et al., Bayesian Data Analysis (2013), chapter 5.
    """
    counts, bases = frame[x].to_numpy(float), frame[n].to_numpy(float)
    names = frame[group].astype(str).tolist()
    _check(names, counts, bases)
    a, b, weight = _grid(counts, bases)
    own_a, own_b = a[:, None] + counts, b[:, None] + bases - counts
    likely_a, likely_b = beta_binomial(counts, bases)
    tail = (1 - confidence) / 2
    rates, rows = {}, []
    for i, name in enumerate(names):
        value = counts[i] / bases[i]
        method = tr(
            "rate pooled over {segments} segments (beta-binomial), {effective} effective respondents",
            segments=len(names),
            effective=digits(f"{bases[i]:,.0f}"),
        )
        rate = ComplaintRate(
            "pooled", value, method, own_a[:, i], own_b[:, i], weight, round(bases[i]), bases[i], counts[i], bases[i]
        )
        rates[name] = rate
        raw = special.betaincinv(counts[i] + PRIOR, bases[i] - counts[i] + PRIOR, [tail, 1 - tail])
        rows.append(
            {
                "group": name,
                "x": counts[i],
                "n": bases[i],
                "raw": 100 * value,
                "raw_low": 100 * raw[0] if counts[i] else 0.0,
                "raw_high": 100 * raw[1] if counts[i] < bases[i] else 100.0,
                "estimate": 100 * rate.mean,
                "low": 100 * rate.quantile(tail),
                "high": 100 * rate.quantile(1 - tail),
                "plug_in": 100 * _plug_in(likely_a, likely_b, counts, bases, i),
                "shrinkage": float(weight @ ((a + b) / (a + b + bases[i]))),
            }
        )
    return Pooled(pd.DataFrame(rows), likely_a, likely_b, rates)


def _check(names: list[str], x: np.ndarray, n: np.ndarray) -> None:
    if len(names) < 2:
        raise CxError(f"pooling needs at least two segments; found {len(names)}")
    for name, count, base in zip(names, x, n, strict=True):
        if not base > 0:
            raise CxError(f"a segment's rate needs unhappy respondents; {name} has none")
        if not 0 <= count <= base * (1 + 1e-12):
            raise CxError(f"no more can complain than were unhappy; {name} has {count:g} of {base:g}")


def _log_likelihood(a, b, x, n) -> np.ndarray:
    """Of a beta-binomial model at each pair of parameters, up to a constant."""
    a, b = np.asarray(a, float)[..., None], np.asarray(b, float)[..., None]
    return (special.betaln(a + x, b + n - x) - special.betaln(a, b)).sum(axis=-1)


def beta_binomial(x, n) -> tuple[float, float]:
    """Maximum-likelihood parameters a, b of the beta-binomial model; infinite where chance explains all differences."""
    x, n = np.asarray(x, float), np.asarray(n, float)
    mean = x.sum() / n.sum()
    if mean in (0, 1):
        return np.inf, np.inf

    def misfit(at):
        """Minus the log-likelihood of the logit of the mean and the logarithm of a + b, and its gradient."""
        share, size = special.expit(at[0]), np.exp(at[1])
        a, b = share * size, (1 - share) * size
        common = special.digamma(size) - special.digamma(size + n)
        of_a = (special.digamma(a + x) - special.digamma(a) + common).sum()
        of_b = (special.digamma(b + n - x) - special.digamma(b) + common).sum()
        gradient = np.array([share * (1 - share) * size * (of_a - of_b), a * of_a + b * of_b])
        return -float(_log_likelihood(a, b, x, n)), -gradient

    starts = [(special.logit(mean), np.log(size)) for size in (2.0, np.median(n), 20 * np.median(n))]
    exact = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 2000}
    how = {"jac": True, "method": "L-BFGS-B", "bounds": [(-20, 20), (-5, LARGEST)], "options": exact}
    found = min((optimize.minimize(misfit, start, **how) for start in starts), key=lambda result: result.fun)
    if found.x[1] > LARGEST - 1:
        return np.inf, np.inf
    share, size = special.expit(found.x[0]), np.exp(found.x[1])
    return float(share * size), float((1 - share) * size)


def _plug_in(a: float, b: float, x: np.ndarray, n: np.ndarray, i: int) -> float:
    return x.sum() / n.sum() if np.isinf(a) else (a + x[i]) / (a + b + n[i])


def _grid(x: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points of the posterior of a and b, with their weights.

    The shrinkage runs over Gauss-Legendre points of (0, 1), the logit of the mean over even steps of a range that a
    coarse pass finds to hold the posterior.
    """
    nodes, steps = np.polynomial.legendre.leggauss(SHRINKAGES)
    shrinkage = (nodes + 1) / 2
    size = np.median(n) * shrinkage / (1 - shrinkage)

    def log_posterior(logits):
        a, b = special.expit(logits) * size[:, None], special.expit(-logits) * size[:, None]
        # Jeffreys' prior of the mean on its logit: the square root of mean (1 - mean).
        prior = 0.5 * (special.log_expit(logits) + special.log_expit(-logits)) + np.log(steps)[:, None]
        return a, b, _log_likelihood(a, b, x, n) + prior

    coarse = np.linspace(-16, 16, 257)
    _, _, logs = log_posterior(coarse)
    seen = (logs > logs.max() + np.log(NEGLIGIBLE)).any(axis=0)
    fine = np.linspace(coarse[seen][0] - 0.125, coarse[seen][-1] + 0.125, MEANS)
    a, b, logs = log_posterior(fine)
    weight = np.exp(logs - logs.max()).ravel()
    keep = weight > NEGLIGIBLE * weight.max()
    return a.ravel()[keep], b.ravel()[keep], weight[keep] / weight[keep].sum()
