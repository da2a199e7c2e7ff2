"""How a sample was drawn: strata, clusters within them, finite populations.

Cluster names are taken within strata, respondents without a cluster are clusters of their own: R's survey package
with nest = TRUE and, for single-cluster strata, "adjust".
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from cxlib.calibration import Calibration, Fitted, fitted
from cxlib.counts import as_list, crossed
from cxlib.errors import CxError
from cxlib.language import tr, tr_n

# Among the strata of a part of a sample: how many clusters were drawn in each, those without a member of it included.
# It is constant in a stratum, so it splits none.
DRAWN = "_drawn"


@dataclass(frozen=True)
class Design:
    """How the rows of a tally were drawn: strata, clusters within them, and the share of clusters left unsampled."""

    stratum: np.ndarray  # of each row
    cluster: np.ndarray  # of each row, -1 for respondents without one
    home: np.ndarray  # the stratum of each named cluster, C
    size: np.ndarray  # clusters a stratum, H; respondents without a cluster are clusters of their own
    remaining: np.ndarray  # 1 - sampling fraction a stratum, H
    margins: Fitted | None = None  # what the weights were calibrated to

    @property
    def scale(self) -> np.ndarray:
        """What squared cluster totals of a stratum are multiplied by: (1 - f) m / (m - 1)."""
        return self.remaining * np.where(self.size > 1, self.size / np.maximum(self.size - 1, 1), 1.0)

    @property
    def centre(self) -> np.ndarray:
        """What squared sums of a stratum are divided by, to be taken off: m, infinite for a single cluster.

        A single cluster has no spread within its stratum; about the overall mean (0 after linearisation) its
        square remains, which errs on the safe side.
        """
        return np.where(self.size > 1, self.size, np.inf)

    @cached_property
    def stratum_of(self) -> sparse.csr_array:
        """H x C, 1 where a cluster lies in a stratum."""
        c = len(self.home)
        return sparse.csr_array((np.ones(c), (self.home, np.arange(c))), shape=(len(self.size), c))

    def covariance(self, w: np.ndarray, w2: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Covariance matrix (K x K) of the weighted totals of `scores` (rows x K), which are 0 on average."""
        scores = self.residuals(scores)
        named = self.cluster >= 0
        x = w[:, None] * scores
        totals = np.zeros((len(self.home), x.shape[1]))
        np.add.at(totals, self.cluster[named], x[named])
        scale = self.scale
        own, factor = scores[~named], (w2 * scale[self.stratum])[~named]
        squares = (totals * scale[self.home, None]).T @ totals + (own * factor[:, None]).T @ own
        sums = np.zeros((len(self.size), x.shape[1]))
        np.add.at(sums, self.stratum, x)
        return squares - (sums * (scale / self.centre)[:, None]).T @ sums

    def residuals(self, scores: np.ndarray) -> np.ndarray:
        """What calibrated weights leave to chance of `scores` (rows x K): all where they are not calibrated."""
        return scores if self.margins is None else self.margins.residuals(scores)

    def products(self, w: np.ndarray, w2: np.ndarray, left, right) -> np.ndarray:
        """Covariances (K x L) of the weighted totals of `left` and `right` (sparse, rows x K and rows x L)."""
        named, rows = self.cluster >= 0, np.arange(len(w))
        place, shape = (self.cluster[named], rows[named]), (len(self.home), len(w))
        by_cluster = sparse.csr_array((w[named], place), shape=shape)
        by_stratum = sparse.csr_array((w, (self.stratum, rows)), shape=(len(self.size), len(w)))
        own = np.where(named, 0.0, w2 * self.scale[self.stratum])
        found = left.T @ (sparse.diags_array(own) @ right)
        found += (by_cluster @ left).T @ (sparse.diags_array(self.scale[self.home]) @ (by_cluster @ right))
        apart = sparse.diags_array(self.scale / self.centre)
        return (found - (by_stratum @ left).T @ (apart @ (by_stratum @ right))).toarray()

    @property
    def weighting(self) -> str:
        """The weights in words: weights, or weights calibrated to 2 margins."""
        if self.margins is None:
            return tr("weights")
        return tr_n("weights calibrated to {n} margin", "weights calibrated to {n} margins", self.margins.margins)

    @property
    def df(self) -> int:
        """Degrees of freedom of the whole sample: clusters less strata."""
        return int(self.size.sum() - (self.size > 0).sum())


def design_of(
    table: pd.DataFrame, *, strata=None, clusters=None, fpc=None, calibration: Calibration | None = None
) -> Design:
    """The design behind the rows of a tally; `strata`, `clusters`, `fpc` and `calibration` name columns of it.

    Cluster names are taken within strata: the same name in another stratum is another cluster. fpc is the number
    of clusters in the stratum's population (or, below 1, the fraction sampled). With `calibration` the table must be
    of the whole sample.
    """
    stratum, names = numbered(table, as_list(strata))
    cluster = _clusters(table, as_list(clusters), stratum)
    named = cluster >= 0
    home = np.zeros(cluster.max(initial=-1) + 1, int)
    home[cluster[named]] = stratum[named]
    alone = np.bincount(stratum[~named], table["n"].to_numpy(float)[~named], len(names))
    size = np.bincount(home, minlength=len(names)) + alone
    if DRAWN in names:  # a part of a sample keeps the clusters that have no member of it
        size = np.maximum(size, names[DRAWN].to_numpy(float))
    margins = None if calibration is None else fitted(table, calibration)
    return Design(stratum, cluster, home, size, _remaining(table, stratum, size, fpc), margins)


def _clusters(table: pd.DataFrame, clusters: list[str], stratum: np.ndarray) -> np.ndarray:
    """Each row's cluster number, -1 for a respondent without a cluster; names count within their stratum."""
    cluster = np.full(len(table), -1)
    codes = [pd.factorize(table[name])[0] for name in clusters]
    named = np.logical_and.reduce([code >= 0 for code in codes]) if codes else np.zeros(len(table), bool)
    if named.any():
        inside = [code[named] for code in (*codes, stratum)]
        cluster[named] = pd.factorize(crossed((code, code.max() + 1) for code in inside)[0])[0]
    return cluster


def numbered(table: pd.DataFrame, columns: list[str]) -> tuple[np.ndarray, pd.DataFrame]:
    """Each row's group number, in sorted order (missing names last), and the groups' names; no columns: one group."""
    if not columns:
        return np.zeros(len(table), int), pd.DataFrame(index=[0])
    number, groups = crossed(_sorted_codes(table[name]) for name in columns)
    first = np.zeros(groups, int)
    first[number[::-1]] = np.arange(len(table))[::-1]
    return number, pd.DataFrame({name: table[name].array.take(first) for name in columns}, copy=False)


def _sorted_codes(column: pd.Series) -> tuple[np.ndarray, int]:
    """The place of each value among the column's values in order, a missing one's after all; and how many there are."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, known = column.cat.codes.to_numpy(np.int64), len(column.cat.categories)
    elif column.dtype == "string":
        codes, values = pd.factorize(column)  # sorting the few values by themselves is quicker
        known = len(values)
        places = np.full(known + 1, -1)
        places[np.argsort(values.to_numpy(object))] = np.arange(known)
        codes = places[codes]
    else:
        codes, values = pd.factorize(column, sort=True)
        known = len(values)
    return np.where(codes < 0, known, codes), known + 1


def _remaining(table: pd.DataFrame, stratum: np.ndarray, size: np.ndarray, fpc: str | None) -> np.ndarray:
    """The finite-population correction of each stratum: the share of clusters that was not sampled."""
    if fpc is None:
        return np.ones(len(size))
    population = table[fpc].astype(float).groupby(stratum).agg(["min", "max"])
    if (population["min"] != population["max"]).any() or population.isna().to_numpy().any():
        raise CxError(
            f"fpc must be one number a stratum (the size of its population); it varies or is missing (column {fpc})"
        )
    population = population["max"].to_numpy()
    population = np.where(population <= 1, size / np.where(population > 0, population, np.nan), population)
    if not (population >= size - 1e-9).all():
        i = int(np.argmin(population - size))
        raise CxError(
            f"fpc must be at least the number sampled: a stratum has {size[i]:.0f} clusters in the sample and "
            f"{population[i]:g} in the population (column {fpc})"
        )
    return 1 - size / population
