"""Weighted means, variances and correlations of several columns at once, from a frame of any size, in one pass.

Batches of answers go into matrix products. What is kept are sums for every pair of columns over those who answered
both, in all or by unit of the sample, so that whatever follows (a bootstrap) no longer looks at the data.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from cxlib.batches import Units, batches
from cxlib.counts import as_list
from cxlib.errors import CxError
from cxlib.running_sums import Running
from cxlib.spark_sums import in_workers, spark_sums


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
    if in_workers(frame):
        how = {"weights": weights, "complete": complete, "apart": apart, "by_unit": by_unit, "seed": seed}
        running, units = spark_sums(frame, columns, **design, **how)
    else:
        units, running = Units(frame, columns, **design, seed=seed) if by_unit else None, Running(len(columns))
        for batch in batches(frame, columns, weights=weights, **design):
            running.take(batch.x, batch.w, apart, complete, units.of(batch) if by_unit else None)
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


def _correlations(sums: np.ndarray) -> np.ndarray:
    """Correlations of sums, ... x 4 x V x V."""
    with np.errstate(invalid="ignore", divide="ignore"):
        w, x, square, cross = np.moveaxis(sums, -3, 0)
        mean = x / w
        variance = square / w - mean**2
        variance = np.where(variance > 1e-12 * square / w, variance, np.nan)
        covariance = cross / w - mean * np.swapaxes(mean, -1, -2)
        return covariance / np.sqrt(variance * np.swapaxes(variance, -1, -2))
