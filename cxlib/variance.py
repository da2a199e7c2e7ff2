"""Design-based variance from a tally: Taylor linearisation for weights, strata, clusters and fpc.

The estimate in a domain (a group of respondents) is the ratio of weighted totals sum(w y) / sum(w). Its
linearised values z = w (y - ratio) / sum(w) are added up by cluster; the variance is that of the
cluster totals within strata. Respondents without a cluster are clusters of their own, for which the
sums of squared weights suffice. Domains keep the whole design: a cluster without a member in the domain
counts, with 0. Source: Särndal, Swensson and Wretman, Model Assisted Survey Sampling, 5.5-5.8, 5.10; the
same numbers as R's survey package with nest = TRUE and, for single-cluster strata, "adjust".
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from cxlib.counts import as_list
from cxlib.errors import CxError


@dataclass(frozen=True)
class Domains:
    """Linearised ratio estimates in D domains, and what their variances and covariances need.

    keys: frame (D rows) of the domains' names. ratio, spread (weighted variance of the scores, divisor n),
    n, w, w2: arrays of D.
    """

    keys: pd.DataFrame
    ratio: np.ndarray
    spread: np.ndarray
    n: np.ndarray
    w: np.ndarray
    w2: np.ndarray
    size: np.ndarray  # clusters a stratum, H
    remaining: np.ndarray  # 1 - sampling fraction a stratum, H
    totals: sparse.csr_array  # linearised totals of named clusters, C x D
    stratum_of: sparse.csr_array  # H x C, 1 where a cluster lies in a stratum
    alone: np.ndarray  # sums over respondents without a cluster, H x D: linearised values …
    alone_squared: np.ndarray  # … their squares …
    alone_n: np.ndarray  # … and their number

    @property
    def _answers(self) -> sparse.csr_array:
        """Which named clusters hold an answer in which domain, C x D (the stored totals, though they may be 0)."""
        present = self.totals.copy()
        present.data = np.ones_like(present.data)
        return present

    @property
    def extent(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The design behind each domain: strata it touches, their clusters, and strata with a single cluster.

        Respondents without a cluster count as clusters of their own.
        """
        touched = (self.stratum_of @ self._answers).toarray() + self.alone_n > 0
        lonely = (self.size == 1).astype(float)
        return touched.sum(axis=0), self.size @ touched, lonely @ touched

    def contrast(self, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Variance and degrees of freedom of linear combinations of the domains' estimates.

        weights: K x D (default: each domain by itself). Domains sharing clusters are correlated, and the
        covariance is part of the result. Degrees of freedom: clusters less strata that the domains touch.
        """
        eye = sparse.eye_array(len(self.n), format="csr")
        combine = (eye if weights is None else sparse.csr_array(np.atleast_2d(weights))).T.tocsr()
        combined = self.totals @ combine
        squares = (self.stratum_of @ combined.multiply(combined)).toarray() + self.alone_squared @ combine.multiply(
            combine
        )
        sums = (self.stratum_of @ combined).toarray() + self.alone @ combine
        several = (self.size > 1)[:, None]
        size = self.size[:, None]
        # A single cluster has no spread within its stratum; about the overall mean (0 after linearisation)
        # its square remains, which errs on the safe side.
        within = np.where(several, squares - sums**2 / size, squares)
        scale = self.remaining[:, None] * np.where(several, size / np.maximum(size - 1, 1), 1.0)
        variance = np.maximum((scale * within).sum(axis=0), 0.0)

        touched = abs(combine) > 0
        named = (self.stratum_of @ ((self._answers @ touched) > 0)).toarray()
        present = named + self.alone_n @ touched
        df = present.sum(axis=0) - (present > 0).sum(axis=0)
        return variance, df.astype(float)


def linearise(table: pd.DataFrame, y, *, by=(), strata=None, clusters=None, fpc=None) -> Domains:
    """Ratio estimates of the scores `y` (one a row of the tally, nan where unanswered) in the domains of `by`.

    `strata`, `clusters` and `fpc` name columns of the tally. Cluster names are taken within strata: the same
    name in another stratum is another cluster. fpc is the number of clusters in the stratum's population (or,
    below 1, the fraction sampled). A domain without an answer has ratio nan.
    """
    by, strata, clusters = as_list(by), as_list(strata), as_list(clusters)
    y = np.asarray(y, dtype=float)
    answered = ~np.isnan(y)
    n, w, w2 = (table[column].to_numpy(float) for column in ("n", "w", "w2"))

    domain, keys = _numbered(table, by)
    stratum, names = _numbered(table, strata)
    count, depth = len(keys), len(names)
    d, h = domain[answered], stratum[answered]

    def total(values) -> np.ndarray:
        return np.bincount(d, values[answered], count)

    weight = total(w)
    # Scores are taken from the domain's least one, so that answers all alike give that score and no rounding noise.
    least = np.full(count, np.inf)
    np.minimum.at(least, d, y[answered])
    above = np.zeros(len(table))
    above[answered] = y[answered] - least[d]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_above = total(w * above) / weight
        ratio = np.where(np.isfinite(least), least + mean_above, np.nan)
        residual = np.nan_to_num((above[answered] - mean_above[d]) / weight[d])
    z, z2 = w[answered] * residual, w2[answered] * residual**2
    spread = np.bincount(d, w[answered] * residual**2, count) * weight

    cluster = _clusters(table, clusters, stratum)
    named = cluster >= 0
    c = cluster.max(initial=-1) + 1
    home = np.zeros(c, int)
    home[cluster[named]] = stratum[named]
    size = np.bincount(home, minlength=depth) + np.bincount(stratum[~named], n[~named], depth)

    def cells(values, rows) -> np.ndarray:
        return np.bincount(h[rows] * count + d[rows], values[rows], depth * count).reshape(depth, count)

    own = ~named[answered]
    inside = ~own
    totals = sparse.coo_array((z[inside], (cluster[answered][inside], d[inside])), shape=(c, count)).tocsr()
    return Domains(
        keys=keys,
        ratio=ratio,
        spread=spread,
        n=total(n).astype(int),
        w=weight,
        w2=total(w2),
        size=size,
        remaining=_remaining(table, stratum, size, fpc),
        totals=totals,
        stratum_of=sparse.csr_array((np.ones(c), (home, np.arange(c))), shape=(depth, c)),
        alone=cells(z, own),
        alone_squared=cells(z2, own),
        alone_n=cells(n[answered], own),
    )


def _clusters(table: pd.DataFrame, clusters: list[str], stratum: np.ndarray) -> np.ndarray:
    """Each row's cluster number, -1 for a respondent without a cluster; names count within their stratum."""
    cluster = np.full(len(table), -1)
    named = table[clusters].notna().all(axis=1).to_numpy() if clusters else np.zeros(len(table), bool)
    if named.any():
        inside = table.loc[named, clusters].assign(_stratum=stratum[named])
        cluster[named] = inside.groupby([*clusters, "_stratum"], sort=False).ngroup()
    return cluster


def _numbered(table: pd.DataFrame, columns: list[str]) -> tuple[np.ndarray, pd.DataFrame]:
    """Each row's group number, in sorted order, and the groups' names; no columns make one group."""
    if not columns:
        return np.zeros(len(table), int), pd.DataFrame(index=[0])
    groups = table.groupby(columns, sort=True, dropna=False, observed=True)
    number = groups.ngroup().to_numpy()
    first = np.unique(number, return_index=True)[1]
    return number, table[columns].iloc[first].reset_index(drop=True)


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
