"""Weighted means, variances and correlations of several columns at once, from a frame of any size, in one pass.

Batches of answers go into matrix products. What is kept are sums for every pair of columns over those who answered
both, in all or by unit of the sample, so that whatever follows (a bootstrap) no longer looks at the data.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from cxlib.batches import Batch, Units, batches
from cxlib.counts import as_list
from cxlib.errors import CxError


@dataclass(frozen=True)
class Moments:
    """Sums over those who answered both columns of a pair; on the diagonal, over those who answered the column.

    sums: U x 4 x V x V, a row a unit: w, w x_j, w x_j^2 and w x_j x_k, x being the answers less `centre` over `scale`.
    """

    columns: list[str]
    rows: int
    sums: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    stratum: np.ndarray  # of each unit
    n: np.ndarray  # respondents a pair, V x V
    apart: np.ndarray  # codes set apart, a column
    w2: np.ndarray  # sums of squared weights a pair, V x V
    unit: str  # what the units are

    @property
    def complete(self) -> bool:
        """Whether everybody answered all columns or none."""
        return bool((self.n == self.n[0, 0]).all())

    @property
    def table(self) -> pd.DataFrame:
        """A row a column: mean and sd (weighted), n, n_weighted, n_effective (Kish), apart."""
        w, x, square, _ = np.diagonal(self.sums.sum(axis=0), axis1=1, axis2=2)
        n = np.diag(self.n)
        sd = np.sqrt((square / w - (x / w) ** 2) * n / np.maximum(n - 1, 1))
        found = {"mean": self.centre + self.scale * x / w, "sd": self.scale * sd, "n": n.astype(int), "n_weighted": w}
        found |= {"n_effective": np.diag(self.effective), "apart": self.apart}
        return pd.DataFrame(found, index=pd.Index(self.columns, name="column"))

    @property
    def effective(self) -> np.ndarray:
        """Kish's effective number of respondents a pair, V x V."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.sums[:, 0].sum(axis=0) ** 2 / self.w2

    def correlations(self, factors=None) -> np.ndarray:
        """Weighted correlations, V x V, each from those who answered both; nan where either does not vary among them.

        `factors` (R x U) multiply the weights of the units, a row a sample: R x V x V.
        """
        if factors is None:
            return _correlations(self.sums.sum(axis=0))
        kept, back = self._distinct
        return _correlations((factors @ kept)[:, back])

    @cached_property
    def _distinct(self) -> tuple[np.ndarray, np.ndarray]:
        """The sums that differ, U x D, and where among the D each of the 4 x V x V is found."""
        v = len(self.columns)
        j, k = np.indices((v, v))
        pair = np.minimum(j, k) * v + np.maximum(j, k)
        # Where all answered, it makes no difference for whom else.
        w, x = (pair * 0, j * v) if self.complete else (pair, j * v + k)
        places = np.array([w, x, x, pair]) + np.arange(4)[:, None, None] * v * v
        _, kept, back = np.unique(places, return_index=True, return_inverse=True)
        return self.sums.reshape(len(self.sums), -1)[:, kept], back.reshape(4, v, v)


def moments(
    frame, columns, *, weights=None, strata=None, clusters=None, complete=False, apart=None, by_unit=False, seed=0
) -> Moments:
    """The sums of pairs of `columns`, from which means and correlations follow.

    `complete` leaves out whoever did not answer all of them. `apart` gives the codes of columns that are no answers
    ("never used"), which are counted by themselves. `by_unit` keeps the sums of each cluster within strata, or of each
    respondent without one; where there are more than 10,000, those of random groups of them within strata (`seed`).
    Raises CxError for columns that are not there, that hold text, infinite numbers or no answer at all, and for weights
    that are missing, negative or 0 everywhere.
    """
    columns, design = as_list(columns), {"strata": strata, "clusters": clusters}
    apart = [np.atleast_1d((apart or {}).get(name, ())) for name in columns]
    units, running = Units(frame, columns, **design, seed=seed) if by_unit else None, _Running(len(columns))
    for batch in batches(frame, columns, weights=weights, **design):
        aside = set_apart(batch.x, apart)
        given = ~np.isnan(batch.x)
        if complete:
            given &= given.all(axis=1, keepdims=True)
        running.add(batch, given, aside, units.of(batch) if by_unit else None)
    for name, n in zip(columns, np.diag(running.n), strict=True):
        if n == 0:
            raise CxError(f"a column must hold answers; {name} holds none{' from who answered all' * complete}")
    stratum = np.array(units.stratum) if by_unit else np.zeros(1, int)
    sums, unit, place = running.sums[: len(stratum)], units.name if by_unit else "all", (running.centre, running.scale)
    return Moments(columns, running.rows, sums, *place, stratum, running.n, running.apart, running.w2, unit)


def pairwise_counts(frame, columns) -> pd.DataFrame:
    """How many respondents answered both columns of each pair; the diagonal: who answered the column."""
    found = moments(frame, columns)
    return pd.DataFrame(found.n.astype(int), index=found.columns, columns=found.columns)


def correlations(frame, columns, *, weights=None) -> pd.DataFrame:
    """Weighted correlations of the columns, each from those who answered both; nan where either does not vary."""
    found = moments(frame, columns, weights=weights)
    return pd.DataFrame(found.correlations(), index=found.columns, columns=found.columns)


def set_apart(x: np.ndarray, codes: list[np.ndarray]) -> np.ndarray:
    """Blank each column's codes that are no answers, in place; how many there were."""
    counts = np.zeros(x.shape[1], int)
    for j, of_column in enumerate(codes):
        if of_column.size:
            found = np.isin(x[:, j], of_column)
            x[found, j], counts[j] = np.nan, found.sum()
    return counts


class _Running:
    """Adds up batches."""

    def __init__(self, v: int):
        self.sums, self.n, self.rows = np.zeros((1, 4, v, v)), np.zeros((v, v)), 0
        self.centre = self.scale = None  # of the first batch
        self.apart, self.w2 = np.zeros(v, int), np.zeros((v, v))

    def add(self, batch: Batch, given: np.ndarray, apart: np.ndarray, unit: np.ndarray | None) -> None:
        x, w, everything = batch.x, batch.w, bool(given.all())
        self.rows, self.apart = self.rows + len(w), self.apart + apart
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


def _correlations(sums: np.ndarray) -> np.ndarray:
    """Correlations of sums, ... x 4 x V x V."""
    with np.errstate(invalid="ignore", divide="ignore"):
        w, x, square, cross = np.moveaxis(sums, -3, 0)
        mean = x / w
        variance = square / w - mean**2
        variance = np.where(variance > 1e-12 * square / w, variance, np.nan)
        covariance = cross / w - mean * np.swapaxes(mean, -1, -2)
        return covariance / np.sqrt(variance * np.swapaxes(variance, -1, -2))
