"""The numerical core of raking: how much the weight of each cell must change for every margin to be met.

The ratios of new to starting weights lie as near to 1 as the margins allow, in the sense of raking's distance
r log r - r + 1 (Deville and Sarndal, Journal of the American Statistical Association 87, 1992, 376-382): the ratio of
a cell is the exponential of a sum of one number for each of its levels, cut at its limits. These numbers minimise a
convex function, whose slope is by how much the margins miss; Newton's method finds its bottom in a few steps where
going from margin to margin (Deming and Stephan, 1940) may take hundreds.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import linalg, optimize

MET = 1e-8  # of the population of a level: what it may be missed by for the margins to count as met
AIM = 1e-12  # at which the search ends
STEPS = 60
STANDSTILL = 20  # steps without a change of any ratio after which the search ends: the margins cannot be met
NEAR = 1e-4  # the bottom: where the slope is less
LONGEST = 5.0  # step of the logarithm of a ratio
CLIPPED = 1e-4  # of the curvature that a cell at its limit still counts with; it may have to leave the limit
SOFT = 0.01  # the weight of the ratios' distance from 1 beside that of the misses, where the limits leave no way


@dataclass(frozen=True)
class Solution:
    """The ratio of new to starting weight in each cell, as if it had no limits (`free`) and within them (`ratio`)."""

    free: np.ndarray
    ratio: np.ndarray
    steps: int


def solve(codes: list[np.ndarray], start: np.ndarray, targets: list[np.ndarray], *, low=0.0, high=np.inf) -> Solution:
    """The ratios by which the cells' starting weights meet the margins, within the limits `low` and `high`.

    `codes` holds the level of each cell in each margin, from 0 on; `start` the cells' starting weights, which sum to
    1, and `targets` the population of each level, which sums to 1 in each margin. `high` may differ between cells, and
    goes before `low`. Where the margins cannot be met, the whole is, and the sum of miss^2 / target is small.
    """
    limits = _Limits(low, np.broadcast_to(high, start.shape))
    margins = _Margins(codes, targets)
    numbers, steps = _lowest(margins, start, limits, np.zeros(len(margins.scale)))
    log_ratio = margins.spread(numbers)
    if abs(start @ limits.cut(log_ratio) - 1) > MET:
        # The whole becomes a margin of its own, of one level; the others may be missed.
        margins = _Margins([*codes, np.zeros(len(start), int)], [*targets, np.ones(1)])
        soft = SOFT * np.append(margins.scale[:-1], 0.0)
        numbers, more = _lowest(margins, start, limits, np.zeros(len(soft)), soft=soft)
        log_ratio, steps = _to_whole(margins.spread(numbers), start, limits), steps + more
    return Solution(np.exp(np.minimum(log_ratio, 700)), limits.cut(log_ratio), steps)


def _to_whole(log_ratio: np.ndarray, start: np.ndarray, limits: "_Limits") -> np.ndarray:
    """The logarithms of the ratios, moved alike by what the search has left the whole short of 1, or above it."""

    def over(move: float) -> float:
        return start @ limits.cut(log_ratio + move) - 1

    far = np.abs(log_ratio).max() + 50  # either way, every ratio stands at a limit, or is next to 0 or above all others
    if not over(-far) < 0 < over(far):  # limits that leave the whole no room
        return log_ratio
    return log_ratio + optimize.brentq(over, -far, far, xtol=1e-14)


def _lowest(margins: "_Margins", start, limits: "_Limits", numbers, *, soft=0.0) -> tuple[np.ndarray, int]:
    """The numbers at the bottom of the convex function, or as near as the search came, and its steps.

    `soft` times the numbers is what the margins may miss by.
    """

    def look(numbers):
        log_ratio = margins.spread(numbers)
        ratio = limits.cut(log_ratio)
        height = start @ limits.integral(log_ratio) - margins.target @ numbers + (soft * numbers) @ numbers / 2
        return log_ratio, ratio, height, margins.sums(start * ratio) - margins.target + soft * numbers

    log_ratio, ratio, height, slope = look(numbers)
    still = steps = 0
    while (worst := np.abs(slope / margins.scale).max()) > AIM and still < STANDSTILL and steps < STEPS:
        steps += 1
        curvature = start * ratio * np.where(limits.hold(log_ratio), CLIPPED, 1.0)
        step = margins.newton(curvature, -slope, soft)
        if step @ slope >= 0:
            step = -slope / margins.scale
        # Cells at their limits may go far beyond them, where the margins cannot be met: only the others hold back.
        moved = np.abs(margins.spread(step))[~limits.hold(log_ratio)]
        length, before = min(1.0, LONGEST / max(moved.max(initial=0.0), LONGEST)), ratio
        while True:
            trial = numbers + length * step
            log_ratio, ratio, new_height, new_slope = look(trial)
            # Near the bottom, heights differ by less than their rounding; the slope still tells.
            flatter = worst < NEAR and np.abs(new_slope / margins.scale).max() < worst
            if flatter or new_height <= height + 1e-4 * length * (step @ slope):
                break
            length /= 2
            if length < 1e-12:
                return numbers, steps
        numbers, height, slope = trial, new_height, new_slope
        still = still + 1 if np.allclose(ratio, before, rtol=1e-13, atol=1e-300) else 0
    return numbers, steps


class _Limits:
    """The limits of the ratio in each cell, on the scale of its logarithm."""

    def __init__(self, low: float, high: np.ndarray):
        self.top = np.log(high)
        self.bottom = np.minimum(np.log(low) if low > 0 else -np.inf, self.top)

    def cut(self, log_ratio: np.ndarray) -> np.ndarray:
        return np.exp(np.minimum(np.clip(log_ratio, self.bottom, self.top), 700))

    def integral(self, log_ratio: np.ndarray) -> np.ndarray:
        """The integral of the cut exponential."""
        return self.cut(log_ratio) * (1 + log_ratio - np.clip(log_ratio, self.bottom, self.top))

    def hold(self, log_ratio: np.ndarray) -> np.ndarray:
        """Where a limit holds the ratio back."""
        return (log_ratio < self.bottom) | (log_ratio > self.top)


class _Margins:
    """Sums of cells by level, numbers of levels spread over cells, and Newton's equations between the two."""

    def __init__(self, codes: list[np.ndarray], targets: list[np.ndarray]):
        self.codes, self.sizes = codes, [len(target) for target in targets]
        self.target = np.concatenate(targets)
        self.scale = np.where(self.target > 0, self.target, 1.0)
        ends = np.cumsum(self.sizes)
        self.places = [slice(end - size, end) for end, size in zip(ends, self.sizes, strict=True)]
        self.largest = int(np.argmax(self.sizes))

    def sums(self, values: np.ndarray) -> np.ndarray:
        """The sum of the cells' values in each level, margin after margin."""
        pairs = zip(self.codes, self.sizes, strict=True)
        return np.concatenate([np.bincount(codes, values, size) for codes, size in pairs])

    def spread(self, numbers: np.ndarray) -> np.ndarray:
        """The sum of each cell's numbers, one a margin."""
        return sum(numbers[place][codes] for place, codes in zip(self.places, self.codes, strict=True))

    def newton(self, curvature: np.ndarray, slope: np.ndarray, soft) -> np.ndarray:
        """The solution of (X' diag(curvature) X + diag(soft)) step = slope, X being the cells' indicators of levels.

        The largest margin's own block is diagonal, and is eliminated first: thousands of levels cost no more than a
        division each. A margin's indicators add up to those of any other: of the many solutions, any will do.
        """
        big = self.places[self.largest]
        rest = np.delete(np.arange(len(slope)), big)
        diagonal = self.sums(curvature) + soft + 1e-12 * self.scale
        if not len(rest):
            return slope / diagonal
        crossed = self._crossed(curvature)
        crossed[rest, np.arange(len(rest))] = diagonal[rest]
        beside, own = crossed[big], diagonal[big]
        reduced = crossed[rest] - beside.T @ (beside / own[:, None])
        right = slope[rest] - beside.T @ (slope[big] / own)
        step = np.empty(len(slope))
        step[rest] = linalg.lstsq(reduced, right, cond=1e-11, lapack_driver="gelsy", check_finite=False)[0]
        step[big] = (slope[big] - beside @ step[rest]) / own
        return step

    def _crossed(self, curvature: np.ndarray) -> np.ndarray:
        """Sums of cells by pairs of levels of different margins: all levels x those not of the largest margin."""
        wide = self.sizes[self.largest]
        table = np.zeros((len(self.target), len(self.target) - wide))
        for one, other in combinations(range(len(self.codes)), 2):
            pair = self.codes[one] * self.sizes[other] + self.codes[other]
            block = np.bincount(pair, curvature, self.sizes[one] * self.sizes[other])
            block = block.reshape(self.sizes[one], self.sizes[other])
            for row, column, part in ((one, other, block), (other, one, block.T)):
                if column != self.largest:
                    first = self.places[column].start - wide * (column > self.largest)
                    table[self.places[row], first : first + self.sizes[column]] = part
        return table
