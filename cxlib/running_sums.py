"""Sums of products of answers, pair by pair, in NumPy: where the rows are, in this process or in a worker of Spark."""

import numpy as np


def set_apart(x: np.ndarray, codes: list[np.ndarray]) -> np.ndarray:
    """Blank each column's codes that are no answers, in place; how many there were."""
    counts = np.zeros(x.shape[1], int)
    for j, of_column in enumerate(codes):
        if of_column.size:
            found = np.isin(x[:, j], of_column)
            x[found, j], counts[j] = np.nan, found.sum()
    return counts


class Running:
    """Sums for every pair of columns, in all or by unit: what Moments is made of, added up batch by batch.

    Answers are taken less `centre` over `scale`, by default those of the first batch.
    """

    def __init__(self, v: int, centre: np.ndarray | None = None, scale: np.ndarray | None = None):
        self.sums, self.n, self.rows = np.zeros((1, 4, v, v)), np.zeros((v, v)), 0
        self.centre, self.scale = centre, scale
        self.apart, self.w2 = np.zeros(v, int), np.zeros((v, v))

    def take(self, x: np.ndarray, w: np.ndarray, apart: list[np.ndarray], complete: bool, unit=None) -> None:
        """Add respondents: their answers (nan where there is none), weights and units (numbers from 0 on).

        The codes `apart` are blanked in the answers; `complete` takes only who answered all.
        """
        aside = set_apart(x, apart)
        given = ~np.isnan(x)
        if complete:
            given &= given.all(axis=1, keepdims=True)
        everything = bool(given.all())
        self.rows, self.apart = self.rows + len(w), self.apart + aside
        if self.centre is None:
            self.centre = x.sum(axis=0, where=given) / np.maximum(given.sum(axis=0), 1)
            far = np.abs(x - self.centre).max(axis=0, where=given, initial=0.0)
            self.scale = np.where(far > 0, far, 1.0)
        x = (x - self.centre) / self.scale
        if not everything:
            x[~given] = 0.0
        # Where all answered all, one column of ones stands for each of the others.
        r = np.ones((len(w), 1)) if everything else given.astype(float)
        self.n += _products(r, r, np.zeros(1, int))[0]
        self.w2 += _products(r * (w * w)[:, None], r, np.zeros(1, int))[0]
        numbers, starts = np.zeros(1, int), np.zeros(1, int)
        if unit is not None:
            order = np.argsort(unit, kind="stable")
            x, r, w, unit = x[order], r[order], w[order], unit[order]
            starts = np.flatnonzero(np.r_[True, unit[1:] != unit[:-1]])
            numbers = unit[starts]
        wx = x * w[:, None]
        cross = _products(wx, x, starts)
        square = np.diagonal(cross, axis1=1, axis2=2)[:, :, None] if everything else _products(wx * x, r, starts)
        missing = int(numbers.max()) + 1 - len(self.sums)
        if missing > 0:
            room = max(missing, len(self.sums))
            self.sums = np.concatenate([self.sums, np.zeros((room, *self.sums.shape[1:]))])
        parts = (_products(r * w[:, None], r, starts), _products(wx, r, starts), square, cross)
        in_order = (numbers == np.arange(len(numbers))).all()
        place = slice(len(numbers)) if in_order else numbers  # picking rows by number copies them
        for kind, part in enumerate(parts):
            self.sums[place, kind] += part


def _products(a: np.ndarray, b: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Sums of a_i b_i' over the rows of each unit, U x A x B."""
    units, rows = len(starts), len(a)
    if b.shape[1] == 1:  # as a matrix product, threads would wait for each other longer than they work
        return np.add.reduceat(a * b, starts)[:, :, None] if units > 1 else (a * b).sum(axis=0)[None, :, None]
    if rows % units == 0 and (starts == np.arange(0, rows, rows // units)).all():
        a, b = (part.reshape(units, rows // units, -1) for part in (a, b))
        return np.swapaxes(a, 1, 2) @ b
    return np.add.reduceat(a[:, :, None] * b[:, None, :], starts)
