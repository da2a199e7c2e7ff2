"""Tables of two by two: whether two things go together more than chance has it. All take arrays of counts.

`both` counts where both hold, `first` and `second` where either does (with or without the other), `n` all.
"""

import numpy as np
from scipy import special, stats

FEW = 5  # expected in a cell, under which chi-square is not trusted and the exact test is taken


def cells(both, first, second, n) -> tuple[np.ndarray, np.ndarray]:
    """What is observed and what is expected by chance: both, first alone, second alone, neither (4 x …)."""
    both, first, second, n = np.broadcast_arrays(*(np.asarray(part, float) for part in (both, first, second, n)))
    observed = np.array([both, first - both, second - both, n - first - second + both])
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = np.array(
            [first * second / n, first * (n - second) / n, (n - first) * second / n, (n - first) * (n - second) / n]
        )
    return observed, expected


def log_likelihood(both, first, second, n) -> np.ndarray:
    """Log-likelihood ratio against independence, G squared; 0 where the two are independent.

    Twice the sum of observed times log(observed / expected) over the four cells, an empty cell giving 0. Source:
    Dunning, Computational Linguistics 19 (1993) 61-74.
    """
    observed, expected = cells(both, first, second, n)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.maximum(2 * np.nansum(special.xlogy(observed, observed / expected), axis=0), 0.0)


def p_value(both, first, second, n) -> tuple[np.ndarray, np.ndarray]:
    """p of independence, two-sided, and whether it is that of the exact test.

    Chi-square of log_likelihood() with one degree of freedom; where a cell is expected to hold fewer than five,
    Fisher's exact test less half the probability of the table observed (mid-p). nan where a margin is empty. Source:
    Lydersen, Fagerland and Laake, Statistics in Medicine 28 (2009) 1159-1175.
    """
    observed, expected = cells(both, first, second, n)
    both, first, second, n = (np.atleast_1d(part) for part in (observed[0], observed[:2].sum(0), observed[::2].sum(0),
                                                               observed.sum(0)))  # fmt: skip
    p = special.chdtrc(1, np.atleast_1d(log_likelihood(both, first, second, n)))
    exact = np.atleast_1d((expected < FEW).any(axis=0))
    for at in np.flatnonzero(exact):
        p[at] = _mid_p(int(both[at]), int(first[at]), int(second[at]), int(n[at]))
    p[(first == 0) | (second == 0) | (first == n) | (second == n)] = np.nan
    return p.reshape(observed.shape[1:]), exact.reshape(observed.shape[1:])


def _mid_p(both: int, first: int, second: int, n: int) -> float:
    """Fisher's two-sided p, less half the probability of the table itself."""
    possible = np.arange(max(0, first + second - n), min(first, second) + 1)
    chance = stats.hypergeom.pmf(possible, n, first, second)
    own = chance[both - possible[0]]
    # Tables as likely as the observed one are told from rounding noise as R's fisher.test() does.
    return float(min(chance[chance <= own * (1 + 1e-7)].sum() - own / 2, 1.0))
