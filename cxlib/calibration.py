"""Calibrated weights: what standard errors need to know of the margins that the weights were fitted to.

Weights that reproduce the population's margins take out of an estimate what the margins say about it; only the rest is
left to chance. The linearised values are therefore replaced by their residuals from a regression on the margins' 0/1
indicators, weighted by the weights before calibration, over all respondents of the sample, and expanded by the final
weights. For raking and every other calibration the variance is the same up to terms that vanish with growing samples.
Sources: Deville and Särndal, Journal of the American Statistical Association 87 (1992) 376-382; Deville, Särndal and
Sautory, ibid. 88 (1993) 1013-1020; the same numbers as calibrate() of R's survey package, and as its postStratify()
for a single margin.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from cxlib.errors import CxError
from cxlib.language import tr

# Calibrated weights over starting ones are alike in a cell of the margins, but for the rounding of their product.
ALIKE = 1e-6
# Values of which the margins leave no more than this share of the squares are given by them: the rest is rounding.
LEFT = 1e-12


@dataclass(frozen=True)
class Calibration:
    """The columns of a frame that say how its weights were calibrated.

    Each of `margins` is a column whose levels had their weighted totals fixed; `ratio` is the final weight divided by
    the starting one, constant where the margins are alike.
    """

    margins: tuple[str, ...]
    ratio: str


def without(design: dict) -> dict:
    """The arguments of a design that takes the weights as fixed, where only a part of the sample is at hand."""
    return {name: columns for name, columns in design.items() if name != "calibration"}


def fixed(design: dict) -> str:
    """What to say of a number that takes the weights as fixed; empty where they are not calibrated."""
    return f"; {tr('weights taken as fixed')}" if design.get("calibration") is not None else ""


@dataclass(frozen=True)
class Fitted:
    """The margins that the weights of a tally's N rows were fitted to, with K levels in all."""

    margins: int
    x: sparse.csr_array  # N x K, 1 where a row is of a level
    start: np.ndarray  # the sum of weights of each row, before calibration
    inverse: np.ndarray  # K x K, of the levels' products; margins overlap, so that it is a generalised one

    def slopes(self, values) -> np.ndarray:
        """The regression on the margins of `values` (N x L, may be sparse), K x L."""
        found = self.inverse @ (self.x.T @ (sparse.diags_array(self.start) @ values))
        return found if isinstance(found, np.ndarray) else found.toarray()

    def residuals(self, values: np.ndarray) -> np.ndarray:
        """What the margins do not say of `values` (N x L)."""
        return values - self.x @ self.slopes(values)

    def given(self, values: sparse.csr_array, slopes: np.ndarray) -> np.ndarray:
        """Which of the L `values` vary, but not beyond what the margins say."""
        weighted = sparse.diags_array(self.start) @ values
        squares = np.asarray(weighted.multiply(values).sum(axis=0)).ravel()
        said = (slopes * (self.x.T @ weighted).toarray()).sum(axis=0)
        return (squares > 0) & (squares - said <= LEFT * squares)


def fitted(table: pd.DataFrame, calibration: Calibration) -> Fitted:
    """The margins of a tally's rows, whose columns `calibration` names.

    Raises CxError for a ratio that is no number above 0, or not alike in a cell of the margins.
    """
    columns, codes, count = list(calibration.margins), [], 0
    for name in columns:
        code, levels = pd.factorize(table[name], use_na_sentinel=False)
        codes.append(code + count)
        count += len(levels)
    cell = table.groupby([pd.Series(code) for code in codes]).ngroup().to_numpy()
    w, ratio = table["w"].to_numpy(float), _ratio(table, cell, calibration.ratio)
    start, rows = w / ratio, len(table)
    place = np.column_stack(codes).ravel(), np.arange(0, len(codes) * rows + 1, len(codes))
    x = sparse.csr_array((np.ones(len(codes) * rows), *place), shape=(rows, count))
    products = (x.T @ (sparse.diags_array(start) @ x)).toarray()
    size = np.sqrt(np.where(np.diag(products) > 0, np.diag(products), 1.0))
    # Of levels that count alike, whatever their weight: the ones that follow from others then stand out.
    inverse = np.linalg.pinv(products / np.outer(size, size), rtol=1e-11, hermitian=True) / np.outer(size, size)
    return Fitted(len(columns), x, start, inverse)


def _ratio(table: pd.DataFrame, cell: np.ndarray, name: str) -> np.ndarray:
    """Final over starting weight of each row; 1 for rows without weight, of which nothing is known."""
    if not pd.api.types.is_numeric_dtype(table[name]):
        raise CxError(f"the ratio of weights must be a number; column {name} holds {table[name].iloc[0]!r}")
    ratio = np.where(table["w"] > 0, table[name].to_numpy(float, na_value=np.nan), 1.0)
    bad = ~(ratio > 0) | ~np.isfinite(ratio)
    if bad.any():
        raise CxError(
            f"the ratio of final to starting weights must be a number above 0; {table['n'][bad].sum():,} are not, "
            f"e.g. {ratio[bad][0]:g} (column {name})"
        )
    weighted = table["w"].to_numpy() > 0
    ends = pd.Series(ratio[weighted]).groupby(cell[weighted]).agg(["min", "max"])
    apart = ends["max"] > ends["min"] * (1 + ALIKE)
    if apart.any():
        low, high = ends.loc[apart.idxmax()]
        raise CxError(
            f"the ratio of final to starting weights must be alike where all margins are; it differs in "
            f"{apart.sum()} cells, e.g. {low:g} and {high:g} (column {name})"
        )
    return ratio
