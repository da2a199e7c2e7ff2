"""Correlations of incomplete answers by maximum likelihood: of a multivariate normal, weighted, by the EM algorithm.

Unlike correlations pair by pair they always belong together (the matrix is positive definite), and they are right where
it depends on the answers given which others are missing. An answer that could not be given ("never used") is taken as
if it had been given and lost. Sources: Dempster, Laird and Rubin, Journal of the Royal Statistical Society B 39 (1977)
1-38; Little and Rubin, Statistical Analysis with Missing Data (2002), 11.2.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cxlib.batches import Units, batches
from cxlib.counts import as_list
from cxlib.errors import CxError
from cxlib.running_sums import set_apart

# Where answers contradict each other, EM creeps: what a step still moves may be enough.
TOLERANCE, ENOUGH, STEPS = 1e-10, 1e-6, 2_000

# A matrix with an eigenvalue below this is not positive definite, for what follows from it.
LEAST_EIGENVALUE = 1e-8
HALVINGS = 20


def positive(r: np.ndarray) -> np.ndarray:
    """Whether matrices of correlations are positive definite; nan is not."""
    whole = np.isfinite(r).all(axis=(-1, -2))
    return whole & (np.linalg.eigvalsh(np.nan_to_num(r))[..., 0] > LEAST_EIGENVALUE)


@dataclass(frozen=True)
class Patterns:
    """The answers added up by who left out what: P patterns of V columns, standardised, 0 where there is no answer."""

    given: np.ndarray  # P x V, 1 or 0
    w: np.ndarray  # P
    x: np.ndarray  # P x V, sums of w x
    cross: np.ndarray  # P x V x V, sums of w x x'

    def expect(self, mean: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the answers given say of all: the slopes on them, and the covariance that they leave, P x V x V each."""
        both = self.given[:, :, None] * self.given[:, None, :]
        shown = covariance * both + np.eye(len(covariance)) * (1 - self.given)[:, None, :]
        slopes = covariance @ (np.linalg.inv(shown) * both)
        return slopes, covariance - slopes @ covariance

    def step(self, mean: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """One step of EM: mean and covariance of the answers, with what is expected of those that are missing."""
        slopes, rest = self.expect(mean, covariance)
        shown = self.given * mean
        moved = shown * self.w[:, None]
        x, outer = self.x - moved, shown[:, :, None] * (self.x - moved / 2)[:, None, :]
        cross = self.cross - outer - np.swapaxes(outer, 1, 2)
        shift = (slopes @ x[:, :, None])[:, :, 0].sum(axis=0) / self.w.sum()
        both = (slopes @ cross @ np.swapaxes(slopes, 1, 2)).sum(axis=0) + np.tensordot(self.w, rest, 1)
        return mean + shift, both / self.w.sum() - np.outer(shift, shift)


@dataclass(frozen=True)
class Incomplete:
    """The fit, and what a bootstrap needs of each unit: sums of w times what is expected of its answers."""

    mean: np.ndarray  # of the standardised answers
    covariance: np.ndarray
    patterns: Patterns
    sums: np.ndarray  # U x (1, V deviations from the mean, V (V + 1) / 2 products of them)
    stratum: np.ndarray  # of each unit

    def correlations(self, factors=None) -> np.ndarray:
        """Correlations of the fit, V x V; for weights times `factors` (R x U), of a fit a sample, R x V x V.

        A sample's fit starts from that of all: one step of EM, taken as far as its further steps would go were the
        likelihood as curved as there. Where that goes too far to be positive definite, it is halved.
        """
        whole = _scaled(self.covariance)
        if factors is None:
            return whole
        sums, v = factors @ self.sums, len(self.mean)
        sums = sums[:, 1:] / sums[:, :1]
        shift, upper = sums[:, :v], np.triu_indices(v)
        products = sums[:, v:] - (shift[:, :, None] * shift[:, None, :])[:, upper[0], upper[1]]
        moved = np.column_stack([shift, products - self.covariance[upper]]) @ self._gain.T
        found = _scaled(self.covariance + _square(moved[:, v:], v))
        for _ in range(HALVINGS):
            if not (bad := ~positive(found)).any():
                break
            found[bad] = (np.nan_to_num(found[bad]) + whole) / 2
        return found

    @cached_property
    def _gain(self) -> np.ndarray:
        """How far the fit goes for each step that EM begins: (I - J)^-1, J being the derivative of a step, measured."""
        v, upper = len(self.mean), np.triu_indices(len(self.mean))

        def stepped(values):
            mean, covariance = self.patterns.step(values[:v], _square(values[None, v:], v)[0])
            return np.r_[mean, covariance[upper]]

        at, h = np.r_[self.mean, self.covariance[upper]], 1e-6
        still = stepped(at)
        jacobian = np.column_stack([(stepped(at + unit) - still) / h for unit in np.eye(len(at)) * h])
        return np.linalg.inv(np.eye(len(at)) - jacobian)


def incomplete(frame, columns, *, weights=None, strata=None, clusters=None, apart=None, seed=0) -> Incomplete:
    """Mean and covariance of `columns` by maximum likelihood; the arguments are those of moments().

    Takes rows, not sums: 10 million of 16 columns need 3 GB.
    """
    columns, design = as_list(columns), {"strata": strata, "clusters": clusters}
    apart = [np.atleast_1d((apart or {}).get(name, ())) for name in columns]
    units, parts = Units(frame, columns, **design, seed=seed), []
    for batch in batches(frame, columns, weights=weights, **design):
        set_apart(batch.x, apart)
        parts.append((batch.x, batch.w, units.of(batch)))
    x, w, unit = (np.concatenate(part) for part in zip(*parts, strict=True))
    used = ~np.isnan(x).all(axis=1) & (w > 0)
    x, w, unit = x[used], w[used], unit[used]
    given = ~np.isnan(x)
    x = np.where(given, (x - np.nanmean(x, axis=0)) / np.nanstd(x, axis=0), 0.0)
    patterns, of_row = _patterns(x, w, given)
    mean, covariance = _fit(patterns, columns)
    sums = _unit_sums(patterns, mean, covariance, x - given * mean, w, of_row, unit, len(units.stratum))
    return Incomplete(mean, covariance, patterns, sums, np.array(units.stratum))


def _patterns(x: np.ndarray, w: np.ndarray, given: np.ndarray) -> tuple[Patterns, np.ndarray]:
    """The rows added up by pattern, and the pattern of each row."""
    kinds, of_row = np.unique(given, axis=0, return_inverse=True)
    order = np.argsort(of_row, kind="stable")
    starts = np.searchsorted(of_row[order], np.arange(len(kinds)))
    weighted = x[order] * w[order, None]
    cross = np.stack(
        [a.T @ b for a, b in zip(np.split(weighted, starts[1:]), np.split(x[order], starts[1:]), strict=True)]
    )
    sums = np.add.reduceat(weighted, starts)
    return Patterns(kinds.astype(float), np.bincount(of_row, w), sums, cross), of_row


def _fit(patterns: Patterns, columns: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance at which EM stands still."""
    v = patterns.given.shape[1]
    mean, covariance = np.zeros(v), np.eye(v)
    for _ in range(STEPS):
        before = mean, covariance
        mean, covariance = patterns.step(mean, covariance)
        change = max(np.abs(mean - before[0]).max(), np.abs(covariance - before[1]).max())
        if change < TOLERANCE:
            break
    if change > ENOUGH:
        least = np.linalg.eigh(_scaled(covariance))[1][:, 0]
        parts = ", ".join(name for name, part in zip(columns, least, strict=True) if abs(part) > 0.05)
        raise CxError(
            f"the EM covariance of incomplete answers does not settle: {parts} all but determine each other, where "
            "they were answered together; leave one out"
        )
    return mean, covariance


def _unit_sums(patterns, mean, covariance, deviations, w, of_row, unit, units: int) -> np.ndarray:
    """For each unit the sums of w, and of w times the expected deviations from the mean and their products."""
    slopes, rest = patterns.expect(mean, covariance)
    upper = np.triu_indices(len(mean))
    sums = np.zeros((units, 1 + len(mean) + len(upper[0])))
    for start in range(0, len(w), 4096):
        rows = slice(start, start + 4096)
        kind = of_row[rows]
        d = (slopes[kind] @ deviations[rows, :, None])[:, :, 0]
        products = (d[:, :, None] * d[:, None, :] + rest[kind])[:, upper[0], upper[1]]
        np.add.at(sums, unit[rows], np.column_stack([np.ones(len(d)), d, products]) * w[rows, None])
    return sums


def _square(upper: np.ndarray, v: int) -> np.ndarray:
    """Symmetric matrices of their upper triangles, R x V x V."""
    j, k = np.triu_indices(v)
    found = np.empty((len(upper), v, v))
    found[:, j, k] = found[:, k, j] = upper
    return found


def _scaled(covariance: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        sd = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
        return covariance / (sd[..., :, None] * sd[..., None, :])
