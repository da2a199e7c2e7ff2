"""How R squared divides among correlated drivers: by Shapley values (LMG) and by Johnson's relative weights.

Both need correlations alone, the outcome last, and take many matrices at once: ... x (p + 1) x (p + 1).
"""

from math import comb

import numpy as np

# A driver adds nothing to others that leave less than this of its variance.
LEAST_LEFT = 1e-10

# Subsets of so many drivers, and so many numbers, are worked on at once: they stay in the processor's cache.
INNER, ROOM = 11, 2**16


def lmg(correlations) -> np.ndarray:
    """Each driver's mean contribution to R squared over all orders in which the drivers can enter: its Shapley value.

    The shares (... x p) are 0 or more and add up to R squared. Time doubles with each driver, memory hardly grows.
    Sources: Lindeman, Merenda and Gold, Introduction to Bivariate and Multivariate Analysis (1980), 119-123; Shapley,
    Contributions to the Theory of Games 2 (1953) 307-317; Grömping, The American Statistician 61 (2007) 139-147.
    """
    r = np.asarray(correlations, float)
    matrices, p = r.reshape(-1, *r.shape[-2:]), r.shape[-1] - 1
    step = max(1, 2**12 >> max(p - INNER, 0))
    parts = [_shapley(matrices[start : start + step]) for start in range(0, len(matrices), step)]
    return np.concatenate(parts).reshape(*r.shape[:-2], p)


def johnson(correlations) -> np.ndarray:
    """Each driver's relative weight: its share of R squared by way of uncorrelated variables nearest to the drivers.

    With Q the symmetric root of the drivers' correlations, the outcome is regressed on those variables (coefficients
    b) and driver j's weight is the sum of Q_jk^2 b_k^2. The weights (... x p) are 0 or more and add up to R squared.
    Sources: Genizi, Statistica Sinica 3 (1993) 407-420; Johnson, Multivariate Behavioral Research 35 (2000) 1-19.
    """
    r = np.asarray(correlations, float)
    values, vectors = np.linalg.eigh(r[..., :-1, :-1])
    kept = values > LEAST_LEFT
    size = np.sqrt(np.where(kept, values, 1.0))
    turned = np.swapaxes(vectors, -1, -2)
    root = (vectors * (size * kept)[..., None, :]) @ turned
    slopes = vectors @ ((turned @ r[..., :-1, -1:]) * (kept / size)[..., None])
    return (root**2 @ slopes**2)[..., 0]


def _shapley(r: np.ndarray) -> np.ndarray:
    """Shapley values of R squared for b matrices, b x p.

    With w(s) = s! (p - 1 - s)! / p!, driver j's share is the sum of w(|S|) (R2(S + j) - R2(S)) over the subsets S
    without it. That is the sum of c(|S|) R2(S) over the subsets with it, c(s) = w(s - 1) + w(s), less a number that
    is the same for every driver, and which follows from the shares' adding up to R squared.

    The first drivers enter for all matrices together, the last ones (INNER of them) piece by piece.
    """
    b, p = len(r), r.shape[-1] - 1
    late = min(p, INNER)
    first, second = np.triu_indices(p + 1)
    left = np.ascontiguousarray(r[:, first, second].T)
    left[-1] = 0.0  # the outcome's own entry runs from 0 down to -R squared
    for k in range(p - late):
        left = _without_and_with(left, p - k)
    factor, before, after = _factors(p), np.repeat(_sizes(p - late), b), _sizes(late)
    columns = left.shape[1]
    sums, total, last = np.empty((late, columns)), np.empty(columns), np.empty(columns)
    for start in range(0, columns, ROOM >> late):
        part = slice(start, start + (ROOM >> late))
        piece = left[:, part]
        for k in range(late):
            piece = _without_and_with(piece, late - k)
        explained = -piece.reshape(2**late, -1)
        last[part] = explained[-1]
        sums[:, part], total[part] = _sums_with(explained * factor[after[:, None] + before[part]])
    sums = np.concatenate([_sums_with(total.reshape(-1, b))[0], sums.reshape(late, -1, b).sum(axis=1)])
    return (sums - (sums.sum(axis=0) - last[-b:]) / p).T


def _without_and_with(left: np.ndarray, n: int) -> np.ndarray:
    """What is left of n drivers and the outcome for each subset so far, and then for each with the first driver added.

    A column holds the upper triangle, row by row, of the covariances that a subset leaves among the drivers still to
    come and the outcome (the Schur complement). Dropping the first row goes on without its driver; taking off the
    product of that row with itself goes on with it.
    """
    b = left.shape[1]
    both = np.empty((n * (n + 1) // 2, 2 * b))
    both[:, :b] = left[n + 1 :]
    row = left[1 : n + 1]
    slope = row / np.where(left[0] > LEAST_LEFT, left[0], np.inf)
    start = 0
    for i in range(n):
        part = slice(start, start + n - i)
        np.multiply(row[i:], slope[i], out=both[part, b:])
        np.subtract(both[part, :b], both[part, b:], out=both[part, b:])
        start = part.stop
    return both


def _sums_with(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums over the subsets that hold each driver, k x b, and over all; `values` has a row a subset, 2^k x b.

    Halving: the upper half holds the last driver, and the two halves added have forgotten it.
    """
    k = len(values).bit_length() - 1
    sums = np.empty((k, values.shape[1]))
    for j in reversed(range(k)):
        half = len(values) // 2
        sums[j] = values[half:].sum(axis=0)
        values = values[:half] + values[half:]
    return sums, values[0]


def _sizes(k: int) -> np.ndarray:
    """How many drivers each subset holds, in the order in which the subsets arise."""
    sizes = np.zeros(1, int)
    for _ in range(k):
        sizes = np.concatenate([sizes, sizes + 1])
    return sizes


def _factors(p: int) -> np.ndarray:
    """c(s) of _shapley for s = 0 … p, where w(-1) and w(p) count as 0."""
    w = [0.0] + [1 / (p * comb(p - 1, s)) for s in range(p)] + [0.0]
    return np.array([w[s] + w[s + 1] for s in range(p + 1)])
