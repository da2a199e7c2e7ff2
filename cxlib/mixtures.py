"""Mixtures of independent categories and normal numbers, many sets of parameters at once, as products of matrices.

The logarithm of every density is linear in a row's one-hot answers and in (answered, x, x squared) of its numbers: the
E step of EM is one product of coefficients and answers, the M step one of probabilities and answers. A missing answer
is a row of zeros, which leaves it out of both: missing at random. em.py takes the steps.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

# Weight added to each class: keeps chances above 0 and leaves log-likelihoods alone to 8 digits.
TINY = 1e-10
# No class has a standard deviation below this part of that of all, or it could be drawn to a spike (who spent nothing)
# and its likelihood grow without end.
NARROWEST = 0.1
LOG_ROOT = 0.5 * np.log(2 * np.pi)


@dataclass(frozen=True)
class Answers:
    """Distinct rows of answers, and what stands for them in the products.

    `design` is P x N: one-hot answers by category, then answered, x and x squared of each number, as (x - centre) /
    scale. `weights` (N) add up to n; `pattern` is the place among the N of each row given, -1 of those left out.
    """

    design: np.ndarray
    levels: tuple[int, ...]
    centre: np.ndarray
    scale: np.ndarray
    floor: np.ndarray
    weights: np.ndarray
    pattern: np.ndarray
    n: int

    @property
    def numbers(self) -> slice:
        return slice(sum(self.levels), len(self.design))

    @cached_property
    def begins(self) -> np.ndarray:
        """The first level of each category among those of all."""
        return np.cumsum((0, *self.levels[:-1]))

    @cached_property
    def category(self) -> np.ndarray:
        """Which category each level is of."""
        return np.repeat(np.arange(len(self.levels)), self.levels)

    @property
    def constant(self) -> float:
        """What the log-likelihood of the numbers in their own unit is less than that of the scaled ones."""
        return float(self.design[self.numbers][::3] @ self.weights @ np.log(self.scale))

    def rough(self) -> "Answers":
        """The same in single precision: good for log-likelihoods to a hundredth, and twice as fast."""
        return replace(self, design=self.design.astype(np.float32))


@dataclass(frozen=True)
class Runs:
    """S sets of parameters: logarithms of the shares (S x k), coefficients (S x k x P), and where they got to."""

    shares: np.ndarray
    coefficients: np.ndarray
    log_likelihood: np.ndarray
    converged: np.ndarray

    def __getitem__(self, which) -> "Runs":
        return Runs(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


def answers(codes: np.ndarray, levels, numbers: np.ndarray, weights: np.ndarray) -> Answers:
    """The distinct rows that hold an answer and a weight, with the sums of their weights."""
    given = told(codes, numbers, weights)
    w = weights[given] * (given.sum() / weights[given].sum())
    first, place = _distinct(codes[given], numbers[given])
    codes, x = codes[given][first], numbers[given][first]
    w = np.bincount(place, w)
    pattern = np.full(len(given), -1)
    pattern[given] = place
    answered = ~np.isnan(x)
    base = np.maximum(w @ answered, TINY)
    centre = w @ np.where(answered, x, 0.0) / base
    scale = np.sqrt(w @ np.where(answered, x - centre, 0.0) ** 2 / base)
    scale[~(scale > 0)] = 1.0
    design = matrix(codes, levels, (x - centre) / scale)
    floor = np.array([_narrowest(column, w) for column in ((x - centre) / scale).T])
    return Answers(design, tuple(levels), centre, scale, floor, w, pattern, int(given.sum()))


def told(codes: np.ndarray, numbers: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Which rows hold an answer and a weight."""
    return ((codes >= 0).any(axis=1) | ~np.isnan(numbers).all(axis=1)) & (weights > 0)


def matrix(codes: np.ndarray, levels, x: np.ndarray) -> np.ndarray:
    """The design: P x N."""
    size, offsets = sum(levels), np.cumsum([0, *levels])[:-1]
    found = np.zeros((size + 3 * x.shape[1], len(codes)))
    for start, given, answers in zip(offsets, levels, codes.T, strict=True):
        found[start : start + given] = answers == np.arange(given)[:, None]
    answered = ~np.isnan(x.T)
    x = np.where(answered, x.T, 0.0)
    found[size::3], found[size + 1 :: 3], found[size + 2 :: 3] = answered, x, x * x
    return found


def drawn_starts(data: Answers, k: int, starts: int, random) -> Runs:
    """Each class half like all and half like one row, drawn by weight."""
    p = data.weights / data.weights.sum()
    picks = np.array([random.choice(len(p), k, replace=len(p) < k, p=p) for _ in range(starts)])
    sums, numbers = np.moveaxis(data.design[:, picks], 0, -1).copy(), data.numbers.start
    sums[..., :numbers] += data.design[:numbers] @ p
    # Numbers lie about the row's with the standard deviation of all; about the mean where it has none.
    sums[..., numbers::3] = 1.0
    sums[..., numbers + 2 :: 3] += 1.0
    return begun(np.full((starts, k), -np.log(k)), coefficients(data, sums))


def begun(shares: np.ndarray, coefficients: np.ndarray) -> Runs:
    """Runs that are still to be run."""
    return Runs(shares, coefficients, np.full(len(shares), -np.inf), np.zeros(len(shares), bool))


def joined(parts) -> Runs:
    """Runs one after another."""
    return Runs(*(np.concatenate([getattr(part, name) for part in parts]) for name in Runs.__dataclass_fields__))


def repeated(runs: Runs, times: int) -> Runs:
    """The first of the runs, so many times, to be run on."""
    return begun(np.repeat(runs.shares[:1], times, axis=0), np.repeat(runs.coefficients[:1], times, axis=0))


def coefficients(data: Answers, sums: np.ndarray) -> np.ndarray:
    """The M step: coefficients from each class's sums of the design, ... x P."""
    found, start = np.empty_like(sums), sum(data.levels)
    if start:
        chances = sums[..., :start] + TINY
        found[..., :start] = np.log(chances) - _log_totals(data, chances)
    if start == sums.shape[-1]:
        return found
    base = sums[..., start::3] + TINY
    mean = sums[..., start + 1 :: 3] / base
    sd = np.sqrt(np.maximum((sums[..., start + 2 :: 3] + TINY) / base - mean**2, data.floor**2))
    found[..., start:] = normal_coefficients(mean, sd)
    return found


def _log_totals(data: Answers, chances: np.ndarray) -> np.ndarray:
    """For each level, the logarithm of the sum over the levels of its category."""
    return np.log(np.add.reduceat(chances, data.begins, axis=-1))[..., data.category]


def normal_coefficients(mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """What answered, x and x squared are multiplied by in the logarithm of a normal density."""
    found, precision = np.empty((*mean.shape[:-1], 3 * mean.shape[-1])), 1 / sd**2
    found[..., 1::3] = mean * precision
    found[..., 2::3] = precision / -2
    found[..., ::3] = -LOG_ROOT - np.log(sd) - mean**2 * precision / 2
    return found


def expectation(design: np.ndarray, shares: np.ndarray, coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The E step: probability of each class, S x k x N, and the log density of each row, S x N."""
    found, total, density = densities(design, shares, coefficients)
    found /= total[:, None]
    return found, density


def densities(design: np.ndarray, shares: np.ndarray, coefficients: np.ndarray):
    """Probabilities that are still to be divided by their totals, S x k x N, these totals, and the log densities."""
    s, k, p = coefficients.shape
    found = (coefficients.reshape(s * k, p).astype(design.dtype, copy=False) @ design).reshape(s, k, -1)
    found += shares[..., None].astype(design.dtype, copy=False)
    most = found.max(axis=1)
    found -= most[:, None]
    np.exp(found, out=found)
    total = found.sum(axis=1)
    return found, total, most + np.log(total)


def flat(data: Answers, shares: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """The parameters of each run in a row: shares, chances, means, and logarithms of standard deviations."""
    start = data.numbers.start
    variance = -0.5 / coefficients[..., start + 2 :: 3]
    parts = np.exp(shares), np.exp(coefficients[..., :start]), coefficients[..., start + 1 :: 3] * variance
    return np.concatenate([part.reshape(len(shares), -1) for part in (*parts, np.log(variance) / 2)], axis=1)


def shaped(data: Answers, rows: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of shares, and coefficients, of such rows; what lies beyond the bounds of a parameter is moved there.

    Chances are above 0 and add up to 1, standard deviations no less than their floor.
    """
    start, count = data.numbers.start, len(data.scale)
    shares, chances, mean, log_sd = np.split(rows, k * np.cumsum([1, start, count]), axis=1)
    least, parts = TINY / data.n, []  # of a chance: no more than coefficients() comes to
    shares = np.maximum(shares, least)
    if start:
        chances = np.maximum(chances, least).reshape(-1, k, start)
        parts.append(np.log(chances) - _log_totals(data, chances))
    if count:
        # No class is a thousand times as wide as all, whatever an extrapolation says.
        log_sd = np.clip(log_sd.reshape(-1, k, count), np.log(data.floor), np.log(1000.0))
        parts.append(normal_coefficients(mean.reshape(-1, k, count), np.exp(log_sd)))
    return np.log(shares / shares.sum(axis=1, keepdims=True)), np.concatenate(parts, axis=-1)


def _distinct(codes: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first of each distinct row, and which of them each row is like."""
    rows = np.ascontiguousarray(np.column_stack([codes, x]).astype(float) + 0.0)
    rows[np.isnan(rows)] = np.inf
    _, first, place = np.unique(rows.view(f"V{rows.shape[1] * 8}").ravel(), return_index=True, return_inverse=True)
    return first, place.ravel()


def _narrowest(x: np.ndarray, w: np.ndarray) -> float:
    """The least standard deviation of a class: a part of that of all, and of answers on a grid no less than where the
    density at its top times the grid's step is 1, or it would say more than a probability can."""
    given = ~np.isnan(x)
    values, place = np.unique(x[given], return_inverse=True)
    if len(values) < 2:
        return 1.0
    gap = np.diff(values)
    nearest = np.minimum(np.append(gap, np.inf), np.insert(gap, 0, np.inf))
    mass = np.bincount(place.ravel(), w[given])
    return max(NARROWEST, mass @ nearest / mass.sum() / np.sqrt(2 * np.pi))
