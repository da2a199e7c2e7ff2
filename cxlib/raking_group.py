"""Raking of one group of rows: respondents gathered into cells, their weights found, limits and notes."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib import raking, text
from cxlib.language import digits, tr
from cxlib.margin_cells import Margin


@dataclass(frozen=True)
class RakedGroup:
    """One group of rows, raked: of each row its weight (of sum 1) and its ratio within the bounds; `total` people."""

    group: str | None
    rows: np.ndarray
    margins: list[Margin]
    weights: np.ndarray
    ratio: np.ndarray
    total: float
    steps: int
    notes: list[str]


def rake_group(group, rows, margins: list[Margin], base: np.ndarray, *, total, bounds, trim, notes) -> RakedGroup:
    """Rake one group of rows to its margins; `base` are its starting weights, which sum to 1."""
    low, high = bounds or (0.0, np.inf)
    cell = np.zeros(len(rows), np.int64)
    for margin in margins:
        cell = pd.factorize(cell * len(margin.levels) + margin.codes)[0]
    if trim is not None:
        # The limit of a respondent's ratio depends on his starting weight.
        starts, found = pd.factorize(base)
        cell = pd.factorize(cell * len(found) + starts)[0]
    one = np.empty(cell.max() + 1, np.int64)
    one[cell] = np.arange(len(cell))  # any row of the cell
    with np.errstate(divide="ignore"):
        limit = high if trim is None else np.minimum(high, trim / (len(base) * base[one]))
    solution = raking.solve(
        [margin.codes[one] for margin in margins],
        np.bincount(cell, base),
        [margin.target for margin in margins],
        low=low,
        high=limit,
    )
    weight, free = base * solution.ratio[cell], solution.free[cell]
    told = [*notes, *(note for margin in margins for note in margin.notes)]
    told += [in_group(group, sentence) for sentence in _limits_met(free, weight * len(base), bounds, trim)]
    return RakedGroup(group, rows, margins, weight, np.clip(free, low, high), total, solution.steps, told)


def _limits_met(free: np.ndarray, weight: np.ndarray, bounds, trim) -> list[str]:
    """How many weights stand at the limits, where any do; `weight` has a mean of 1."""
    told, n = [], len(free)
    low, high = bounds or (0.0, np.inf)
    least, most = int((free < low).sum()), int((free > high).sum())
    if least or most:
        told.append(
            tr(
                "{least} of {all} respondents stand at {low} times their start, {most} at {high} times",
                least=text.number(least),
                all=text.number(n),
                low=digits(f"{low:g}"),
                most=text.number(most),
                high=digits(f"{high:g}"),
            )
        )
    heaviest = int((weight > trim * (1 - 1e-9)).sum()) if trim is not None else 0
    if heaviest:
        told.append(
            tr(
                "{heaviest} of {all} respondents stand at the greatest weight, {trim} times the mean",
                heaviest=text.number(heaviest),
                all=text.number(n),
                trim=digits(f"{trim:g}"),
            )
        )
    return told


def in_group(group: str | None, sentence: str) -> str:
    """A sentence, after the name of the group that it is about where there are groups."""
    return sentence if group is None else f"{group}: {sentence}"
