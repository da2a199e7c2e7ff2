"""Differences between domains of one tally: interval, test, and what keeps sparse groups from winning by luck.

The t test takes the variance under the hypothesis that it tests, that both sides have one value: residuals are taken
from the pooled estimate, as the pooled z test does in a simple random sample. With the usual variance, 30 groups of
30 to 300 alike would show a difference in one table of seven after Holm's correction, not in one of twenty. For
shares p is at least the mid-p of Fisher's exact test on the effective numbers of answers, which a handful of answers
cannot fool. Sources: Rao, Scott and Skinner, Statistica Sinica 8 (1998) 1059-1070 (score tests for survey data);
Lancaster, Journal of the American Statistical Association 56 (1961) 223-234 (mid-p).
"""

import numpy as np
from scipy import special

from cxlib.errors import CxError
from cxlib.language import noted
from cxlib.variance import Domains, joint

TESTS = {
    "t": noted("design-based t, with the variance under the hypothesis of no difference"),
    "z": noted("pooled z on Kish's effective bases; clusters and strata are not taken into account"),
}


def contrasts(
    domains: Domains,
    index: np.ndarray,
    plus: np.ndarray,
    minus: np.ndarray,
    *,
    effective: np.ndarray | None = None,
    test="t",
    confidence=0.95,
    minimum_base=30,
) -> dict[str, np.ndarray]:
    """Each of T comparisons of disjoint domains, in each of B scores: arrays of B x T.

    `index` (B x K) numbers the estimates; `plus` and `minus` (T x K, true or false) are the two sides of a comparison,
    each pooled where it has several domains. `effective` (B x K) says that the scores are shares of 0 and 100, and
    holds the effective numbers of answers. The result: estimate (plus less minus), low, high, se (of the difference as
    it is), t (or z), df, p. Where a side has fewer than `minimum_base` answers, all are nan.
    """
    if test not in TESTS:
        raise CxError(f"test is one of {', '.join(TESTS)}; found {test}")
    n, w, w2, ratio, spread = (getattr(domains, name)[index] for name in ("n", "w", "w2", "ratio", "spread"))
    ratio = np.nan_to_num(ratio)
    plus, minus = plus.astype(float), minus.astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        sides = [_side(side, w, ratio) for side in (plus, minus)]
        (w_plus, r_plus), (w_minus, r_minus) = sides
        pooled = (w_plus * r_plus + w_minus * r_minus) / (w_plus + w_minus)
        weights = w[:, None, :] * (plus / w_plus[..., None] - minus / w_minus[..., None])
    estimate = r_plus - r_minus
    variation = joint(domains, index)
    own = r_plus[..., None] * plus + r_minus[..., None] * minus
    se = _error(variation.covariance, weights, ratio[:, None, :] - own)
    two = (plus.sum(axis=1) == 1) & (minus.sum(axis=1) == 1)
    df = np.where(two, variation.pairs[:, plus.argmax(axis=1), minus.argmax(axis=1)], variation.whole[:, None])
    with np.errstate(invalid="ignore", divide="ignore"):
        if test == "t":
            statistic = estimate / _error(variation.covariance, weights, ratio[:, None, :] - pooled[..., None])
        else:
            away = spread[:, None, :] + (ratio[:, None, :] - pooled[..., None]) ** 2
            members = (w[:, None, :] * (plus + minus) * away).sum(axis=-1) / (w_plus + w_minus)
            kish = [w_side**2 / (w2 @ side.T) for side, w_side in ((plus, w_plus), (minus, w_minus))]
            statistic, df = estimate / np.sqrt(members * (1 / kish[0] + 1 / kish[1])), np.full(df.shape, np.inf)
    # Sides alike but for rounding noise have neither a difference nor a variance.
    statistic = np.where(np.abs(estimate) <= 1e-12 * np.maximum(np.abs(r_plus), np.abs(r_minus)), 0.0, statistic)
    p = 2 * special.stdtr(df, -np.abs(statistic))
    if effective is not None and test == "t":
        known = np.nan_to_num(effective)  # a group of one answer, say, has no effective number
        p = np.maximum(p, _exact(r_plus / 100, known @ plus.T, r_minus / 100, known @ minus.T, p))
    half = special.stdtrit(np.where(df > 0, df, np.nan), 0.5 + confidence / 2) * se
    tested = (np.minimum(n @ plus.T, n @ minus.T) >= max(minimum_base, 2)) & (df > 0)
    found = {
        "estimate": estimate,
        "low": estimate - half,
        "high": estimate + half,
        "se": se,
        "t": statistic,
        "df": df.astype(float),
        "p": p,
    }
    return {name: np.where(tested, values, np.nan) for name, values in found.items()}


def _side(side: np.ndarray, w: np.ndarray, ratio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weight and pooled estimate (B x T) of one side of each comparison."""
    weight = w @ side.T
    return weight, ((w * ratio) @ side.T) / weight


def _error(covariance: np.ndarray, weights: np.ndarray, away: np.ndarray) -> np.ndarray:
    """Standard errors (B x T) of weighted sums of estimates whose residuals are taken `away` further from each."""
    combined = np.nan_to_num(np.concatenate([weights, weights * away], axis=-1))
    return np.sqrt(np.maximum(((combined @ covariance) * combined).sum(axis=-1), 0.0))


def _exact(p1, n1, p2, n2, p) -> np.ndarray:
    """Two-sided mid-p of Fisher's test for shares p1 and p2 of effectively n1 and n2 answers, where p is under 0.2."""
    from scipy.stats import hypergeom  # slow to import, and only needed here

    result = np.zeros(p.shape)
    near = (p < 0.2) & (n1 > 0) & (n2 > 0)
    size1, size2 = (np.maximum(np.rint(size[near]), 1) for size in (n1, n2))
    hits1, hits2 = np.rint(p1[near] * size1), np.rint(p2[near] * size2)
    chance = hypergeom(size1 + size2, hits1 + hits2, size1)
    here = chance.pmf(hits1)
    tail = np.minimum(chance.cdf(hits1), chance.sf(hits1 - 1))
    result[near] = np.minimum(2 * tail - here, 1.0)
    return result
