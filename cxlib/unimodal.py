"""The distribution with a single peak that is most like given numbers."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

CELLS = 30


@dataclass(frozen=True)
class Unimodal:
    """Cells of neighbouring values, and the mass that each has once there is a single peak.

    `values` and their `mass` are those given; `first` and `last` of them are a cell's, `low` and `high` its edges.
    """

    values: np.ndarray
    mass: np.ndarray
    first: np.ndarray
    last: np.ndarray
    low: np.ndarray
    high: np.ndarray
    share: np.ndarray

    def quantiles(self, u: np.ndarray) -> np.ndarray:
        """Values below which a part u lies: spread evenly within a cell, save where it is a single value or outermost
        (a tail): there the values given come again.
        """
        ends = np.cumsum(self.share)
        cell = np.minimum(np.searchsorted(ends, u), len(self.share) - 1)
        inside = np.clip((u - (ends - self.share)[cell]) / self.share[cell], 0.0, 1.0)
        found = self.low[cell] + inside * (self.high - self.low)[cell]
        alone = self.first == self.last
        found = np.where(alone[cell], self.values[self.first[cell]], found)
        for tail in {0, len(alone) - 1}:
            here, given = cell == tail, slice(self.first[tail], self.last[tail] + 1)
            part = np.cumsum(self.mass[given]) / self.mass[given].sum()
            place = np.minimum(np.searchsorted(part, inside[here]), len(part) - 1)
            found[here] = self.values[given][place]
        return found


def unimodal(x: np.ndarray, w: np.ndarray) -> Unimodal:
    """The most likely distribution of a single peak, among those constant within 30 cells of about equal mass.

    Left of the peak the density rises and right of it falls: isotonic regressions, for each cell as the peak.
    Source: Grenander, Skandinavisk Aktuarietidskrift 39 (1956) 125-153.
    """
    values, place = np.unique(x, return_inverse=True)
    mass = np.bincount(place.ravel(), w) / w.sum()
    cell = np.floor((np.cumsum(mass) - mass / 2) * CELLS)
    first = np.flatnonzero(np.diff(cell, prepend=-1.0))
    last = np.append(first[1:], len(values)) - 1
    # Edges lie halfway to the next value; the outermost as far beyond the last as the one before.
    middle = (values[1:] + values[:-1]) / 2 if len(values) > 1 else values + 0.5
    edges = np.concatenate([[2 * values[0] - middle[0]], middle[: len(values) - 1], [2 * values[-1] - middle[-1]]])
    edges[-1] = max(edges[-1], values[-1] + (values[-1] - edges[-2]))
    low, high = edges[first], edges[last + 1]
    width, share = high - low, np.add.reduceat(mass, first)
    found = [_peak_at(top, share / width, width) for top in range(len(first))]
    density = max(found, key=lambda f: share @ np.log(f) - np.log(f @ width))
    return Unimodal(values, mass, first, last, low, high, density * width / (density @ width))


def _peak_at(top: int, density: np.ndarray, width: np.ndarray) -> np.ndarray:
    rising = isotonic_regression(density[: top + 1], weights=width[: top + 1]).x
    falling = isotonic_regression(density[top:], weights=width[top:], increasing=False).x
    return np.concatenate([rising[:-1], [max(rising[-1], falling[0])], falling[1:]])
