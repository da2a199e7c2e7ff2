"""What calibrated weights take out of the (co)variances of estimates in domains: see calibration.

Residuals are not 0 outside a domain, so that they would fill a column for every estimate and row. But a residual is the
linearised value less a combination of the margins' indicators, and the covariance of two residuals follows from those
of the values and of the indicators, of which there are few.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from cxlib.design import Design

# Of a variance that the margins leave nothing of, this share is kept: less is rounding, which would pass for certainty
# that two equal margins differ.
LEAST = 1e-16


@dataclass(frozen=True)
class Explained:
    """What K levels of margins say of E estimates; the covariance of two is smaller by slopes' pulls + pulls' slopes.

    slopes and pulls have a column for the linearised values of each estimate, then for its shares of weight.
    """

    slopes: np.ndarray  # K x 2E, of the regression on the margins
    pulls: np.ndarray  # K x 2E, covariances with the margins' totals, less half of what the slopes make of these
    given: np.ndarray  # E, whether the margins determine the estimate, so that it has no sampling error

    def less(self, variance: np.ndarray, combine: sparse.csr_array) -> np.ndarray:
        """The variances of combinations (E x K) of the estimates without what the margins explain."""
        slopes, pulls = (part[:, : len(self.given)] @ combine for part in (self.slopes, self.pulls))
        return np.maximum(variance - 2 * (slopes * pulls).sum(axis=0), LEAST * variance)

    def covariance(self, index: np.ndarray) -> np.ndarray:
        """What is explained in the covariances of Joint, B x 2K x 2K, of the estimates numbered by `index` (B x K)."""
        both = np.concatenate([index, index + len(self.given)], axis=1)
        slopes, pulls = (part[:, both].swapaxes(0, 1) for part in (self.slopes, self.pulls))
        said = slopes.swapaxes(1, 2) @ pulls
        return said + said.swapaxes(1, 2)


def explained(
    table: pd.DataFrame, design: Design, domain: np.ndarray, residual: np.ndarray, answered: np.ndarray, weight
) -> Explained | None:
    """What the margins of `design` say of estimates; None where weights are not calibrated.

    `domain` is that of each row; `residual` (rows x L) is the score less the domain's mean, 0 where not `answered`;
    `weight` (domains x L) is the domain's.
    """
    margins = design.margins
    if margins is None:
        return None
    (rows, lines), depth = residual.shape, len(weight)
    share = np.where(weight > 0, 1 / np.where(weight > 0, weight, 1.0), 0.0)[domain]
    columns = np.arange(2 * lines) * depth + domain[:, None]
    start = np.arange(0, columns.size + 1, 2 * lines)
    both = np.hstack([residual * share, answered * share]).ravel()
    u = sparse.csr_array((both, columns.ravel(), start), shape=(rows, 2 * lines * depth))
    w, w2 = table["w"].to_numpy(float), table["w2"].to_numpy(float)
    slopes, totals = margins.slopes(u), design.products(w, w2, margins.x, margins.x)
    pulls = design.products(w, w2, margins.x, u) - totals @ slopes / 2
    half = lines * depth
    return Explained(slopes, pulls, margins.given(u[:, :half], slopes[:, :half]))
