"""Weights: what unequal weights cost in precision, and raking of a sample to its population."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib import raking, text
from cxlib.calibration import Calibration
from cxlib.calls import kind, told
from cxlib.counts import as_list
from cxlib.errors import CxError, nearest
from cxlib.language import digits, tr
from cxlib.margin_cells import BETWEEN, fitted, sampled
from cxlib.margins import margin_of, one_total, populations
from cxlib.offered import offered
from cxlib.raking_group import RakedGroup, in_group, rake_group
from cxlib.shown import Shown

__all__ = ["Raked", "design_effect", "effective_n", "rake"]
__getattr__, __dir__ = offered(__name__, __all__)

EFFICIENT = 0.4  # an efficiency below it is warned of


def effective_n(weights) -> float:
    """Kish's effective number of answers: (sum of w)^2 / sum of w^2.

    Ignores clusters and strata; the design effect of a given estimate is in its `n_effective`.
    Raises CxError for weights that are not numbers of 0 or more, or all 0. Source: Kish, Survey Sampling (1965), 11.7.

    >>> from cxlib import weights
    >>> weights.effective_n([1, 1, 1, 3])
    3.0
    """
    try:
        w = np.asarray(weights, dtype=float)
    except (TypeError, ValueError):
        raise CxError("weights must be numbers; text is found") from None
    bad = ~(w >= 0) | np.isinf(w)
    if bad.any():
        raise CxError(f"weights must be numbers of 0 or more; {bad.sum()} are not, e.g. {w[bad][0]}")
    if not (w > 0).any():
        raise CxError(f"weights are 0 everywhere ({w.size} rows); at least one must be above 0")
    w = w / w.max()  # so that no square is too great a number
    return float(w.sum() ** 2 / (w**2).sum())


def design_effect(weights) -> float:
    """Kish's design effect: n / effective_n, 1 for equal weights."""
    return len(weights) / effective_n(weights)


@dataclass(frozen=True, repr=False)
class Raked(Shown):
    """Weights that meet the margins of the population, and what was met, missed, joined and lost on the way.

    `weights` and `ratio` (weight / starting weight, constant where the levels of all margins are alike) have the
    index of the frame, `cells` its level in each margin, in columns margin.<names>. After trimming the start is the
    trimmed one, weights / ratio. `table` has a row a margin, group and level: margin, by, level, n, and as shares of
    1 population, start (weighted by the start), weighted, miss (weighted - population). `worst` names the level that
    misses by most of its population; `converged` says whether that is at most 1e-8. `deff` is Kish's, `efficiency`
    1 / deff; `least` and `most` are the smallest and the greatest weight.
    """

    weights: pd.Series
    ratio: pd.Series
    cells: pd.DataFrame
    table: pd.DataFrame
    converged: bool
    iterations: int
    worst: str
    collapsed: tuple[str, ...]
    deff: float
    efficiency: float
    least: float
    most: float
    notes: tuple[str, ...]
    calibration: Calibration


@told
def rake(frame, margins: dict, *, weights=None, by=None, bounds=None, trim=None, collapse=None) -> Raked:
    """Weights as near to the starting ones as can be under which every margin is the population's.

    `margins` maps a column, or a tuple of columns to be crossed, to its population: a share or count for each level,
    compared as text (1, 1.0 and "1" are one); one margin is post-stratification. `weights` names the column of
    starting weights (default: all alike; 0 stays 0), `by` a column of groups (waves) that are raked each by itself,
    to the same population or each to its own ({group: {level: share}}). Weights have a mean of 1 in each group where
    the population is shares, and sum to it where it is counts. Missing answers keep their share of the sample.

    `bounds` = (low, high) limits weight / start, both taken with the same mean; `trim` limits a weight to so many
    times the mean weight. Both hold always; where the margins cannot be met within them, `converged` is False and
    `worst` says which. They cut the exponential of the raking ratio (R: calibrate(calfun = "raking", bounds = );
    for `trim` with bounds.const = TRUE). `collapse` joins levels under so many respondents with the smaller of their
    neighbours, or where the column has no order with the smallest other level.

    Raises CxError for a missing column, weights that are no weights, limits that leave no room, populations that are
    neither shares nor counts or differ between margins, and levels that only one of sample and population has.
    Source: Deming and Stephan, Annals of Mathematical Statistics 11 (1940) 427-444; Deville, Sarndal and Sautory,
    Journal of the American Statistical Association 88 (1993) 1013-1020.

    >>> import pandas as pd
    >>> from cxlib import weights
    >>> frame = pd.DataFrame({"sex": ["f"] * 60 + ["m"] * 40})
    >>> raked = weights.rake(frame, {"sex": {"f": 0.5, "m": 0.5}})
    >>> raked.weights.round(3).unique().tolist(), round(raked.deff, 3)
    ([0.833, 1.25], 1.042)
    """
    if not isinstance(margins, Mapping):
        raise TypeError(f"margins is a dict, e.g. {{'sex': {{'f': 0.52, 'm': 0.48}}}}; found {kind(margins)}")
    names = [tuple(as_list(of)) for of in margins]
    _check(frame, names, weights, by, bounds, trim, collapse)
    start = np.ones(len(frame)) if weights is None else _start(frame[weights], weights)
    rows, groups = _groups(frame, by)
    samples = [sampled(frame, of) for of in names]
    known = [populations(of, given, groups, by=by) for of, given in zip(names, margins.values(), strict=True)]
    parts = []
    for number, (group, here) in enumerate(zip(groups, rows, strict=True)):
        population = [one[number] for one in known]
        where = "" if group is None else f" in {group}"
        if not start[here].sum() > 0:
            raise CxError(f"weights are 0 everywhere{where} (column {weights}); at least one must be above 0")
        base = start[here] / start[here].sum()
        total, notes = one_total([sample.name for sample in samples], population, len(base))
        fits = [
            fitted(sample, here, one, base, collapse=collapse, group=group)
            for sample, one in zip(samples, population, strict=True)
        ]
        parts.append(rake_group(group, here, fits, base, total=total, bounds=bounds, trim=trim, notes=notes))
    return _together(frame, [sample.name for sample in samples], start, parts)


def _check(frame, names: list[tuple[str, ...]], weights, by, bounds, trim, collapse) -> None:
    """Raise a CxError for what cannot be raked to, by or within."""
    if not len(frame):
        raise CxError("the table is empty: there is no row to weight")
    if not names or () in names:
        raise CxError("raking needs at least one margin, e.g. {'sex': {'f': 0.52, 'm': 0.48}}")
    for column in [*(column for of in names for column in of), *as_list(weights), *as_list(by)]:
        if column not in frame:
            raise CxError(f"there is no column {column} in the table{nearest(column, frame)}")
        if (frame.columns == column).sum() > 1:
            raise CxError(
                f"the table has {(frame.columns == column).sum()} columns called {column}; rename all but one"
            )
    if bounds is not None and not (len(bounds) == 2 and 0 <= bounds[0] < 1 < bounds[1]):
        raise CxError(f"bounds of weight / start lie on both sides of 1, e.g. (0.3, 3); found {bounds}")
    if trim is not None and not trim > 1:
        raise CxError(f"weights are trimmed to so many times their mean, more than 1, e.g. 5; found {trim}")
    if collapse is not None and not (collapse >= 1 and collapse % 1 == 0):
        raise CxError(f"levels are joined under a whole number of respondents, 1 or more; found {collapse}")


def _start(column: pd.Series, name: str) -> np.ndarray:
    try:
        effective_n(column)
    except CxError as error:
        raise CxError(f"{error} (column {name})") from None
    return column.to_numpy(float)


def _groups(frame, by: str | None) -> tuple[list, list[str | None]]:
    """The places of the rows of each group, and the groups' names; one nameless group without `by`."""
    if by is None:
        return [np.arange(len(frame))], [None]
    sample = sampled(frame, (by,))
    blank = sample.codes < 0
    if blank.any():
        raise CxError(
            f"each row needs a {by} to be weighted in; {blank.sum():,} have none, e.g. row {blank.argmax() + 1}"
        )
    return [np.flatnonzero(sample.codes == i) for i in range(len(sample.levels))], [name for (name,) in sample.levels]


def _together(frame, names: list[str], start: np.ndarray, parts: list[RakedGroup]) -> Raked:
    """The groups' weights in the order of the frame, and what is told of them all."""
    weights, ratio = np.empty(len(frame)), np.empty(len(frame))
    for part in parts:
        weights[part.rows] = part.total * part.weights
        ratio[part.rows] = part.total * part.ratio / start[part.rows].sum()
    weights = pd.Series(weights, index=frame.index, name="weight")
    cells = pd.DataFrame(
        {f"margin.{name}": _levels(len(frame), i, parts) for i, name in enumerate(names)}, index=frame.index
    )
    table = pd.concat([_fit(part, i, name) for i, name in enumerate(names) for part in parts], ignore_index=True)
    off = (table["miss"].abs() / table["population"].where(table["population"] > 0, 1.0)).to_numpy()
    deff = design_effect(weights)
    return Raked(
        weights=weights,
        ratio=pd.Series(ratio, index=frame.index, name="weight_ratio"),
        cells=cells,
        table=table,
        converged=bool(off.max() <= raking.MET),
        iterations=max(part.steps for part in parts),
        worst=_worst(table.iloc[off.argmax()], off.max()),
        collapsed=tuple(told for part in parts for margin in part.margins for told in margin.collapsed),
        deff=deff,
        efficiency=1 / deff,
        least=float(weights.min()),
        most=float(weights.max()),
        notes=tuple(dict.fromkeys(note for part in parts for note in [*part.notes, *_loss(part)])),
        calibration=Calibration(tuple(cells), "weight_ratio"),
    )


def _loss(part: RakedGroup) -> list[str]:
    """A warning where the efficiency of a group's weights is low."""
    efficiency = 1 / design_effect(part.weights)
    if efficiency >= EFFICIENT:
        return []
    told = tr(
        "the weights leave {share} of the sample's precision, that of {worth} of {all} respondents; joining levels or "
        "limiting weights helps",
        share=text.number(100 * efficiency, "percent", digits=0),
        worth=text.number(effective_n(part.weights)),
        all=text.number(len(part.rows)),
    )
    return [in_group(part.group, told)]


def _levels(n: int, number: int, parts: list[RakedGroup]) -> pd.Categorical:
    """Each row's level in one margin, after its group's name where there are groups."""
    codes, levels = np.empty(n, np.int64), []
    for part in parts:
        margin = part.margins[number]
        codes[part.rows] = margin.codes + len(levels)
        levels += [level if part.group is None else part.group + BETWEEN + level for level in margin.levels]
    return pd.Categorical.from_codes(codes, levels, ordered=True)


def _fit(part: RakedGroup, number: int, name: str) -> pd.DataFrame:
    """What a margin of a group was to be and has become, a row a level."""
    margin = part.margins[number]
    weighted = np.bincount(margin.codes, part.weights, len(margin.levels))
    return pd.DataFrame(
        {
            "margin": name,
            "by": part.group or "",
            "level": margin.levels,
            "n": margin.n,
            "population": margin.target,
            "start": margin.start,
            "weighted": weighted,
            "miss": weighted - margin.target,
        }
    )


def _worst(row: pd.Series, off: float) -> str:
    given = {
        "margin": margin_of(row["margin"], row["by"] or None),
        "group": row["level"],
        "weighted": digits(f"{100 * row['weighted']:.4g}%"),
        "population": digits(f"{100 * row['population']:.4g}%"),
        "share": digits(f"{100 * off:.2g}%" if off < 1 else f"{100 * off:,.0f}%"),
    }
    if row["miss"] > 0:
        return tr(
            "{margin} misses most: {group} is weighted to {weighted}, more than its {population} of the population by "
            "{share} of it",
            **given,
        )
    return tr(
        "{margin} misses most: {group} is weighted to {weighted}, less than its {population} of the population by "
        "{share} of it",
        **given,
    )
