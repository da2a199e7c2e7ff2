"""The units of a league: their own estimates, and which of them differ by more than chance."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from cxlib.corrections import adjust
from cxlib.counts import as_list, tally
from cxlib.design import DRAWN
from cxlib.differences import contrasts
from cxlib.errors import CxError
from cxlib.language import tr
from cxlib.metrics import levels
from cxlib.scores import estimates, score
from cxlib.variance import Domains, linearise

LEAST = 3  # units: the spread of two may be anything
NEAR = 0.7  # of the critical value of a single test: pairs below it are not tested
AT_ONCE = 4_000_000  # numbers in a block of pairs that are tested together


@dataclass(frozen=True)
class Units:
    """Units with the minimum base (rows), those without (small: unit, n), and what differences between them need."""

    rows: pd.DataFrame
    small: pd.DataFrame
    domains: Domains
    index: np.ndarray  # of the rows' domains
    levels: list[float]


def units_of(frame, unit: str, metric, question: str, design: dict, minimum_base: int, confidence: float) -> Units:
    """The units' own estimates, and which of them have the minimum base."""
    if unit in as_list(design["clusters"]):
        raise CxError(
            f"clusters lie within the units of a league, whose answers are each a sample of their own; {unit} is both, "
            "leave it out of the clusters"
        )
    strata = [key for key in as_list(design["strata"]) if key != DRAWN]  # units are strata of their own
    parts = {"strata": list(dict.fromkeys([*strata, unit])), "clusters": design["clusters"]}
    table = tally(frame, question, by=unit, weights=design["weights"], **parts)
    y = score(table, metric, question, frame)
    domains = linearise(table, y, by=unit, **parts)
    weighted = design["weights"] is not None
    rows = estimates(domains, levels(metric), table, y, weighted=weighted, confidence=confidence)
    rows = rows.rename(columns={unit: "unit"})
    there = rows["unit"].notna() & (rows["n"] > 0)
    large = there & (rows["n"] >= max(minimum_base, 2))
    own = domains.answers.sum(axis=0) + domains.alone_n.sum(axis=0)
    single = large & (own < 2)
    if single.any():
        raise CxError(
            tr(
                "the error of a {unit} needs two clusters or more; {number} have one, e.g. {example}; leave the "
                "clusters out where they are the units",
                unit=unit,
                number=single.sum(),
                example=rows.loc[single, "unit"].iloc[0],
            )
        )
    if large.sum() < LEAST:
        raise CxError(
            tr(
                "a league needs three units with {least} answers or more; of the {units} in column {column}, {large} "
                "have them",
                least=max(minimum_base, 2),
                units=there.sum(),
                column=unit,
                large=large.sum(),
            )
        )
    small = rows.loc[there & ~large, ["unit", "n"]].reset_index(drop=True)
    return Units(rows[large].reset_index(drop=True), small, domains, np.flatnonzero(large), levels(metric))


def told_apart(units: Units, confidence: float) -> tuple[np.ndarray, np.ndarray, float]:
    """How many units are significantly above and below each, all pairs being tested together, and p of the clearest.

    p values are those of cxlib.differences, with Holm's correction over all pairs.
    """
    k = len(units.index)
    first, second = np.triu_indices(k, 1)
    p, estimate = np.ones(len(first)), np.zeros(len(first))
    near = np.flatnonzero(_near(units.rows, first, second, confidence))
    effective = units.rows["n_effective"].to_numpy()[None, :] if units.levels == [0.0, 100.0] else None
    size = max(AT_ONCE // k, 1)
    for start in range(0, len(near), size):
        block = near[start : start + size]
        sides = [np.arange(k) == one[block, None] for one in (first, second)]
        tested = contrasts(units.domains, units.index[None, :], *sides, effective=effective, minimum_base=2)
        p[block], estimate[block] = tested["p"][0], tested["estimate"][0]
    adjusted = adjust(p)
    higher, lower = (np.where(estimate > 0, *pair) for pair in ((first, second), (second, first)))
    clear = adjusted <= 1 - confidence
    above, below = (np.bincount(side[clear], minlength=k) for side in (lower, higher))
    return above, below, float(adjusted.min())


def _near(rows: pd.DataFrame, first: np.ndarray, second: np.ndarray, confidence: float) -> np.ndarray:
    """Which pairs of units are so far apart that they might be significant.

    The variance of the tests, under the hypothesis of no difference, is hardly ever the smaller one: pairs far below
    the critical value of a single test with the units' own variances need none.
    """
    value, variance = rows["estimate"].to_numpy(), rows["se"].to_numpy() ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        away = np.abs(value[first] - value[second]) / np.sqrt(variance[first] + variance[second])
    away = np.nan_to_num(away, posinf=np.inf)  # nan: two units without variance and difference
    return away > NEAR * special.ndtri(0.5 + confidence / 2)
