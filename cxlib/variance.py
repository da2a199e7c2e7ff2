"""Design-based variance from a tally: Taylor linearisation for weights, strata, clusters and fpc.

The estimate in a domain (a group of respondents) is the ratio of weighted totals sum(w y) / sum(w). Its
linearised values z = w (y - ratio) / sum(w) are added up by cluster; the variance is that of the
cluster totals within strata. Respondents without a cluster are clusters of their own, for which the
sums of squared weights suffice. Domains keep the whole design: a cluster without a member in the domain
counts, with 0. Source: Särndal, Swensson and Wretman, Model Assisted Survey Sampling, 5.5-5.8, 5.10; the
same numbers as R's survey package with nest = TRUE and, for single-cluster strata, "adjust". Where weights
are calibrated, z is the residual of a regression on the margins (see calibration), in and out of the domain.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from cxlib.counts import as_list, crossed
from cxlib.design import Design, design_of, numbered
from cxlib.explained import Explained, explained


@dataclass(frozen=True)
class Domains:
    """Linearised ratio estimates in E domains, and what their variances and covariances need.

    keys: frame (E rows) of the domains' names. ratio, spread (weighted variance of the scores, divisor n),
    n, w, w2: arrays of E. Where several scores were linearised, all domains of the first come first.
    """

    design: Design
    keys: pd.DataFrame
    ratio: np.ndarray
    spread: np.ndarray
    n: np.ndarray
    w: np.ndarray
    w2: np.ndarray
    domain: np.ndarray  # the domain of each row of the tally
    totals: sparse.csr_array  # linearised totals of named clusters, C x E …
    shares: sparse.csr_array  # … and their shares of the domain's weight, where they hold an answer
    alone: np.ndarray  # sums over respondents without a cluster, H x E: linearised values …
    alone_squared: np.ndarray  # … their squares …
    alone_cross: np.ndarray  # … times their share of the domain's weight …
    alone_shares: np.ndarray  # … these shares …
    alone_shares_squared: np.ndarray  # … their squares …
    alone_n: np.ndarray  # … and the number of respondents
    explained: Explained | None = None  # where weights are calibrated

    @cached_property
    def answers(self) -> sparse.csr_array:
        """Which named clusters hold an answer in which domain, C x E (the stored totals, though they may be 0)."""
        present = self.totals.copy()
        present.data = np.ones_like(present.data)
        return present

    @property
    def given(self) -> np.ndarray:
        """Which estimates the margins of calibrated weights determine, E."""
        return np.zeros(len(self.n), bool) if self.explained is None else self.explained.given

    @cached_property
    def extent(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The design behind each domain: strata it touches, their clusters, and strata with a single cluster.

        Respondents without a cluster count as clusters of their own.
        """
        touched = self._by_stratum(self.answers.data) + self.alone_n > 0
        lonely = (self.design.size == 1).astype(float)
        return touched.sum(axis=0), self.design.size @ touched, lonely @ touched

    def _by_stratum(self, values: np.ndarray) -> np.ndarray:
        """The sums over named clusters of `values`, one a stored entry of totals, by stratum and estimate (H x E)."""
        (h, e), totals = self.alone.shape, self.totals
        place = np.repeat(self.design.home * e, np.diff(totals.indptr)) + totals.indices
        return np.bincount(place, values, h * e).reshape(h, e)

    def contrast(self, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Variance and degrees of freedom of linear combinations of the domains' estimates.

        weights: K x E (default: each domain by itself). Domains sharing clusters are correlated, and the
        covariance is part of the result. Degrees of freedom: clusters less strata that the domains touch.
        """
        design = self.design
        if weights is None:
            return self._alone()
        combine = sparse.csr_array(weights).T.tocsr()
        combined = self.totals @ combine
        squares = (design.stratum_of @ combined.multiply(combined)).toarray()
        squares += self.alone_squared @ combine.multiply(combine)
        sums = (design.stratum_of @ combined).toarray() + self.alone @ combine
        within = squares - sums**2 / design.centre[:, None]
        variance = np.maximum((design.scale[:, None] * within).sum(axis=0), 0.0)
        if self.explained is not None:
            variance = self.explained.less(variance, combine)

        touched = abs(combine) > 0
        named = (design.stratum_of @ ((self.answers @ touched) > 0)).toarray()
        present = named + self.alone_n @ touched
        df = present.sum(axis=0) - (present > 0).sum(axis=0)
        return variance, df.astype(float)

    def _alone(self) -> tuple[np.ndarray, np.ndarray]:
        """contrast() of each estimate by itself."""
        design, totals = self.design, self.totals.data
        squares = self._by_stratum(totals**2) + self.alone_squared
        sums = self._by_stratum(totals) + self.alone
        within = squares - sums**2 / design.centre[:, None]
        variance = np.maximum((design.scale[:, None] * within).sum(axis=0), 0.0)
        if self.explained is not None:
            variance = self.explained.less(variance, sparse.eye_array(len(self.n), format="csr"))
        present = self._by_stratum(self.answers.data) + self.alone_n
        return variance, present.sum(axis=0) - (present > 0).sum(axis=0)


@dataclass(frozen=True)
class Joint:
    """How the estimates of B batches of K disjoint domains vary together.

    covariance: B x 2K x 2K, of the linearised totals (first K) and of the shares of weight (last K): the second half
    serves to move the centre of the residuals. pairs: B x K x K degrees of freedom of the comparison of two domains;
    whole: B, of all K together.
    """

    covariance: np.ndarray
    pairs: np.ndarray
    whole: np.ndarray


def joint(domains: Domains, index: np.ndarray) -> Joint:
    """The joint variation of the estimates numbered by `index` (B x K): a batch is one score in K disjoint domains."""
    design, (b, k), flat = domains.design, index.shape, index.ravel()
    stratum_of, scale = design.stratum_of, design.scale

    def named(matrix) -> np.ndarray:
        return matrix[:, flat].toarray().reshape(len(design.home), b, k)

    x = np.concatenate([named(domains.totals), named(domains.shares)], axis=2)
    alone = [part[:, flat].reshape(len(design.size), b, k) for part in (domains.alone, domains.alone_shares)]
    sums = (stratum_of @ x.reshape(len(x), 2 * b * k)).reshape(len(design.size), b, 2 * k) + np.concatenate(
        alone, axis=2
    )
    x, sums = x.swapaxes(0, 1), sums.swapaxes(0, 1)
    covariance = (x * scale[design.home, None]).swapaxes(1, 2) @ x
    covariance -= (sums * (scale / design.centre)[:, None]).swapaxes(1, 2) @ sums
    first, second = np.arange(k), np.arange(k, 2 * k)
    # Respondents without a cluster lie in one domain each, so their squares stand on the diagonals.
    for rows, cols, squares in (
        (first, first, domains.alone_squared),
        (first, second, domains.alone_cross),
        (second, first, domains.alone_cross),
        (second, second, domains.alone_shares_squared),
    ):
        covariance[:, rows, cols] += (scale @ squares[:, flat]).reshape(b, k)
    if domains.explained is not None:
        covariance -= domains.explained.covariance(index)

    present, alone_n = named(domains.answers), domains.alone_n[:, flat].reshape(len(design.size), b, k)
    touched = (stratum_of @ present.reshape(len(present), b * k)).reshape(len(design.size), b, k) + alone_n > 0
    n_alone = alone_n.sum(axis=0)
    either = _either(present) + n_alone[:, :, None] + n_alone[:, None, :]
    either[:, first, first] -= n_alone
    whole = (present > 0).any(axis=2).sum(axis=0) + n_alone.sum(axis=1) - touched.any(axis=2).sum(axis=0)
    return Joint(covariance, either - _either(touched.astype(float)), whole)


def _either(present: np.ndarray) -> np.ndarray:
    """Of C x B x K marks: how many of C are marked in one of two columns, B x K x K."""
    marks = present.swapaxes(0, 1)
    both, each = marks.swapaxes(1, 2) @ marks, marks.sum(axis=1)
    return each[:, :, None] + each[:, None, :] - both


def linearise(
    table: pd.DataFrame, y, *, by=(), strata=None, clusters=None, fpc=None, calibration=None, design=None,
    counts: np.ndarray | None = None,
) -> Domains:  # fmt: skip
    """Ratio estimates of the scores `y` (one a row of the tally, nan where unanswered) in the domains of `by`.

    `y` of several columns (rows x L) gives L times as many estimates, all domains of the first column first.
    `strata`, `clusters`, `fpc` and `calibration` as in design_of(), whose result may be given instead as `design`. A
    domain without an answer has ratio nan. `counts` (rows x L) says how many gave each answer, unweighted, where that
    is another number in each column of `y`; the table's own counts are not looked at then.
    """
    y = np.asarray(y, dtype=float).reshape(len(table), -1)
    design = design or design_of(table, strata=strata, clusters=clusters, fpc=fpc, calibration=calibration)
    domain, keys = numbered(table, as_list(by))
    answered = ~np.isnan(y)
    # Scores are taken from the domain's least one, so that answers all alike give that score and no rounding noise.
    least = _least(np.where(answered, y, np.inf), domain, len(keys))
    above = np.where(answered, y - least[domain], 0.0)

    cells = _Cells.of(design, domain, len(keys))
    counted = {name: table[name].to_numpy(float)[:, None] if counts is None else counts for name in ("n", "w", "w2")}
    n, w, w2 = (cells.sums(values, answered.astype(float)) for values in counted.values())
    weight = cells.by_domain(w)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = cells.by_domain(cells.sums(counted["w"], above)) / weight
        part = np.where(weight > 0, 1 / weight, 0.0)[cells.domain]
    # Squares are taken of what is left after the mean: the difference of two large sums would be rounding noise
    # where one answer carries most of the weight.
    residual = np.where(answered, above - np.nan_to_num(mean)[domain], 0.0)
    by_margins = explained(table, design, domain, residual, answered, weight)
    z, cross = (cells.sums(counted[name], residual) for name in ("w", "w2"))
    residual *= residual
    squares, squared = (cells.sums(counted[name], residual) for name in ("w", "w2"))
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = cells.by_domain(squares) / weight
    ratio = np.where(np.isfinite(least), least + mean, np.nan)
    z, share = z * part, w * part
    squared, cross, shares_squared = (values * part**2 for values in (squared, cross, w2))
    return Domains(
        design=design,
        keys=keys if y.shape[1] == 1 else keys.iloc[np.tile(np.arange(len(keys)), y.shape[1])].reset_index(drop=True),
        ratio=ratio.T.ravel(),
        spread=spread.T.ravel(),
        n=cells.by_domain(n).T.ravel().astype(int),
        w=weight.T.ravel(),
        w2=cells.by_domain(w2).T.ravel(),
        domain=domain,
        totals=cells.by_cluster(z, n),
        shares=cells.by_cluster(share, n),
        alone=cells.by_stratum(z),
        alone_squared=cells.by_stratum(squared),
        alone_cross=cells.by_stratum(cross),
        alone_shares=cells.by_stratum(share),
        alone_shares_squared=cells.by_stratum(shares_squared),
        alone_n=cells.by_stratum(n),
        explained=by_margins,
    )


def _least(values: np.ndarray, domain: np.ndarray, depth: int) -> np.ndarray:
    """The least value of each column in each domain (depth x L); infinite where there is none."""
    order = np.argsort(domain, kind="stable")
    first = np.searchsorted(domain[order], np.arange(depth))
    return np.minimum.reduceat(values[order], first, axis=0)


@dataclass(frozen=True)
class _Places:
    """Where rows belong: the place of each, and how many places there are."""

    place: np.ndarray
    places: int

    @cached_property
    def matrix(self) -> sparse.csr_array:
        """Places x rows, 1 where a row belongs to a place."""
        rows = len(self.place)
        return sparse.csr_array((np.ones(rows), (self.place, np.arange(rows))), shape=(self.places, rows))

    def gathered(self, values: np.ndarray) -> np.ndarray:
        """Places x lines: the sum of the `values` (rows x lines) that belong to each place, added up in their order."""
        if values.shape[1] == 1:
            return np.bincount(self.place, values[:, 0], self.places)[:, None]
        return self.matrix @ values


@dataclass(frozen=True)
class _Cells:
    """Rows of a tally gathered by domain, and within it by cluster (named clusters) or stratum (all others)."""

    cell: np.ndarray  # of each row
    domain: np.ndarray  # of each cell
    place: np.ndarray  # of each cell: its cluster, or its stratum
    named: np.ndarray  # which of them it is
    shape: tuple[int, int, int]  # domains, clusters, strata

    @classmethod
    def of(cls, design: Design, domain: np.ndarray, depth: int) -> "_Cells":
        clusters = len(design.home)
        place = np.where(design.cluster >= 0, design.cluster, clusters + design.stratum)
        cell, cells = crossed([(place, clusters + len(design.size)), (domain, depth)])
        row = np.zeros(cells, int)
        row[cell] = np.arange(len(cell))
        place, named = place[row], place[row] < clusters
        shape = (depth, clusters, len(design.size))
        return cls(cell, domain[row], np.where(named, place, place - clusters), named, shape)

    @cached_property
    def of_rows(self) -> _Places:
        """Where rows belong: the cells."""
        return _Places(self.cell, len(self.domain))

    @cached_property
    def of_cells(self) -> _Places:
        """Where cells belong: the domains."""
        return _Places(self.domain, self.shape[0])

    def sums(self, factor: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Cells x lines: the sum of `values` (rows x lines), each times its `factor` (rows x lines, or x 1)."""
        return self.of_rows.gathered(factor * values)

    def by_domain(self, values: np.ndarray) -> np.ndarray:
        """Domains x lines."""
        return self.of_cells.gathered(values)

    def by_cluster(self, values: np.ndarray, n: np.ndarray) -> sparse.csr_array:
        """Clusters x estimates, with an entry (if only 0) wherever a cluster holds an answer in a domain."""
        shape = (self.shape[1], self.shape[0] * n.shape[1])
        if n.shape[1] == 1:  # cells stand in the order of their clusters, and in these of their domains
            cell = np.flatnonzero((n[:, 0] > 0) & self.named)
            starts = np.searchsorted(self.place[cell], np.arange(shape[0] + 1))
            return sparse.csr_array((values[cell, 0], self.domain[cell], starts), shape=shape)
        cell, line = np.nonzero((n > 0) & self.named[:, None])
        place = (self.place[cell], line * self.shape[0] + self.domain[cell])
        return sparse.coo_array((values[cell, line], place), shape=shape).tocsr()

    def by_stratum(self, values: np.ndarray) -> np.ndarray:
        """Strata x estimates, of respondents without a named cluster."""
        depth, _, strata = self.shape
        alone = ~self.named
        result = np.zeros((strata, values.shape[1], depth))
        result[self.place[alone], :, self.domain[alone]] = values[alone]
        return result.reshape(strata, -1)
