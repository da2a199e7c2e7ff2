"""Counts under 5 about staff, complaints and named places: which are not shown, and which others would tell them.

Concerned are tables about staff (by employee, or by team of the table staff), about complaints (rows of the table
complaints and the customers who filed them, whatever they are split by) and about named places (the survey's cluster,
the customers' branch; of a part of a study that these, or a question of geography, make: how many answered). It is the
role of a column that decides, never what it is called. Answers of respondents by age, sex or any other segment are not
concerned: there the study's minimum base holds (`**`). Nor is a city, unless somebody makes it a unit.

A count of 1 to 4 is not shown (primary suppression). Of a list with its total, or a table with margins, so many others
are left out that the published rest allows, for each such count, every number from 1 to 5 at least (secondary
suppression). A zero is shown: it tells of nobody. One mark stands for all of them, since
two would tell which of the cells is the small one. What follows from a count goes with it: its share, its weighted
base, what a model makes of it alone.

Not covered: what a reader knows from elsewhere; sums and differences over several reports (a whole less its parts, or
the same study with other channels, severities or windows); within a part of a study, shares of answers and of customers
who left, on bases of 5 or more; what the mean of a small scale tells of few answers; medians of simulated totals that
hold many counts. Tables of one chapter with a total in common are each protected against that total; what two of them
have in common beyond it is not.
Sources: Hundepool et al., Statistical Disclosure Control (2012), chapters 4 and 5 (threshold rule, feasibility
intervals); Fischetti and Salazar, Management Science 47 (2001) 1008-1027 (what an attacker can solve for).
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from scipy import optimize

from cxlib import few
from cxlib.few import LEAST

PLACES = {"survey": ("cluster",), "customers": ("branch", "employee"), "staff": ("team",), "sales": ("employee",)}
WITHHELD = "withheld"  # the column that names, row by row, the columns that are not shown
SLACK = 1e-6


def small(counts):
    """Whether a count is one of 1 to 4: true or false, for one count or many; a blank is none."""
    return (np.asarray(counts, float) > 0) & (np.asarray(counts, float) < LEAST)


def tells(part, whole):
    """Whether a part of a whole tells of 1 to 4: it counts so many itself, or all but so many, or the whole does."""
    part, whole = np.round(np.asarray(part, float)), np.asarray(whole, float)
    return small(part) | small(whole - part) | small(whole)


def hidden(counts, sums: Iterable[tuple[int | float, Sequence[int]]] = (), *, unpublished=(), known=()) -> np.ndarray:
    """Which cells are not shown: those of 1 to 4, and the cheapest others that keep them from being worked out.

    `counts` are whole numbers of 0 or more; `sums` are what a reader can add up: (total, places of its parts), the
    total being a known number or, as -1 - place, a cell of its own. `unpublished` are places of cells that stand
    nowhere in any case, `known` of those that stand elsewhere and cannot be hidden. Afterwards each cell of 1 to 4 may,
    for all that is published, be anything from 1 to 5, as far as there are cells to hide. Hidden cells are taken to be
    known to be no zeros, as zeros never are hidden.
    """
    counts = np.asarray(counts, float)
    out, floor = np.zeros(len(counts), bool), np.ones(len(counts))
    out[list(unpublished)], floor[list(unpublished)] = True, 0
    primary = small(counts) & ~out
    out |= primary
    if not primary.any():
        return primary
    rows, totals = _equations(len(counts), sums)
    inside, can = rows != 0, counts > 0
    can[list(known)] = False
    while True:
        row = _to_close(out, inside, can)
        if row is None:
            row = _unsafe(out, primary, counts, (rows, totals, floor), inside, can)
        if row is None:
            out[list(unpublished)] = False
            return out
        out[_cheapest(row, out, inside, np.where(can, counts, np.inf))] = True


def in_list(counts) -> np.ndarray:
    """few.in_list() as an array."""
    return np.array(few.in_list([*counts]), bool)


def in_table(counts, *, unpublished=None) -> np.ndarray:
    """hidden() of a two-way table of which the totals of all rows and columns are known; `unpublished` is a mask."""
    counts = np.asarray(counts, float)
    places = np.arange(counts.size).reshape(counts.shape)
    lines = [*zip(counts.sum(axis=1), places, strict=True), *zip(counts.sum(axis=0), places.T, strict=True)]
    nowhere = [] if unpublished is None else np.flatnonzero(np.ravel(unpublished))
    return hidden(counts.ravel(), lines, unpublished=nowhere).reshape(counts.shape)


def feasible(place: int, counts, out, sums: Iterable[tuple[int | float, Sequence[int]]]) -> tuple[float, float]:
    """The least and the most that a hidden cell can be, for who knows all others and the sums."""
    equations = (*_equations(len(counts), sums), np.ones(len(counts)))
    return _range(place, np.asarray(counts, float), np.asarray(out, bool), *equations)


def of_place(study, column: str = "") -> bool:
    """Whether rows by this column are of named places or of staff: by a key that says where or by whom customers are
    served, or of a part of the study that such a key, or a question of geography, makes.
    """
    tables = study.book.tables
    keys = {tables[table].keys.get(key) for table, names in PLACES.items() if table in tables for key in names}
    if study.part is None:
        return column in keys
    geography = {
        name for table in tables.values() for name, spec in table.questions.items() if spec.attribute == "geographic"
    }
    return column in keys or not (keys | geography | {*sum(PLACES.values(), ())}).isdisjoint(study.part.names)


def withhold(frame: pd.DataFrame, rows, columns: Iterable[str]) -> pd.DataFrame:
    """The frame without the numbers `columns` in some rows, and a column that says so, for tables.record()."""
    rows, columns = np.asarray(rows, bool), [name for name in columns if name in frame]
    before = frame[WITHHELD].tolist() if WITHHELD in frame else [()] * len(frame)
    told = [(*had, *columns) if hide else had for had, hide in zip(before, rows, strict=True)]
    blank = {name: frame[name].astype(float).mask(rows) for name in columns} if rows.any() else {}
    return frame.assign(**blank, **{WITHHELD: pd.Series(told, index=frame.index, dtype=object)})


def _equations(cells: int, sums) -> tuple[np.ndarray, np.ndarray]:
    """The sums as rows of coefficients and what they come to."""
    sums = list(sums)
    rows, totals = np.zeros((len(sums), cells)), np.zeros(len(sums))
    for i, (total, parts) in enumerate(sums):
        rows[i, list(parts)] = 1
        if total < 0:
            rows[i, -1 - int(total)] = -1
        else:
            totals[i] = total
    return rows, totals


def _to_close(out: np.ndarray, inside: np.ndarray, can: np.ndarray) -> int | None:
    """The first sum of which one cell alone is hidden, and another can be."""
    alone = (inside & out).sum(axis=1) == 1
    free = (inside & ~out & can).any(axis=1)
    return next(iter(np.flatnonzero(alone & free)), None)


def _unsafe(out, primary, counts, equations: tuple, inside, can) -> int | None:
    """A sum with a cell that is told too well, and with others that can be hidden; None where all are safe."""
    free = (inside & ~out & can).any(axis=1)
    for place in np.flatnonzero(primary):
        here = np.flatnonzero(inside[:, place])
        if not free.any() or not len(here):
            continue
        low, high = _range(place, counts, out, *equations)
        if low > 1 + SLACK or high < LEAST - SLACK:
            # Where the cell's own sums have nothing left to hide, those that their hidden cells are in may have.
            beside = np.flatnonzero(inside[:, (inside[here] & out).any(axis=0)].any(axis=1))
            found = [row for row in (*here, *beside) if free[row]]
            if found:
                return found[0]
    return None


def _cheapest(row: int, out: np.ndarray, inside: np.ndarray, cost: np.ndarray) -> int:
    """The cell of a sum that is hidden next: one that closes other sums with a single hidden cell, then the least."""
    alone = (inside & out).sum(axis=1) == 1
    places = np.flatnonzero(inside[row] & ~out & np.isfinite(cost) & (cost > 0))
    closes = inside[alone][:, places].sum(axis=0)
    return places[np.lexsort((cost[places], -closes))[0]]


def _range(place: int, counts, out, rows, totals, floor) -> tuple[float, float]:
    """feasible() by linear programming: what is hidden is 1 (what stands nowhere: 0) or more, and keeps every sum."""
    unknown = np.flatnonzero(out)
    used = rows[:, unknown].any(axis=1)
    left = totals[used] - rows[used][:, ~out] @ counts[~out]
    goal = (unknown == place).astype(float)
    how = {"bounds": [(least, None) for least in floor[unknown]]}
    if used.any():
        how |= {"A_eq": rows[used][:, unknown], "b_eq": left}
    ends = []
    for sign in (1, -1):
        found = optimize.linprog(sign * goal, **how)
        ends.append(sign * found.fun if found.status == 0 else np.inf)
    return float(ends[0]), float(ends[1])
