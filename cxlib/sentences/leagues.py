"""Sentences on league tables: whether units differ at all, and which stand out whatever the luck."""

import pandas as pd

from cxlib import text
from cxlib.journey_study import Case
from cxlib.language import noted, tr, tr_n
from cxlib.suppression import LEAST, WITHHELD

NAMED = 3
# Whether units differ, by the verdict of the tests.
DIFFER = {
    "clear": noted(
        "{title}: the {units} units differ by more than chance (all together {p}, the two that differ most {widest}); "
        "{ends}."
    ),
    "borderline": noted(
        "{title}: the {units} units may differ (borderline) (all together {p}, the two that differ most {widest}); "
        "{ends}."
    ),
    "none": noted(
        "{title}: the {units} units are not told apart from chance (all together {p}, the two that differ most "
        "{widest}); {ends}."
    ),
    "unknown": noted(
        "{title}: the {units} units cannot be compared (all together {p}, the two that differ most {widest}); {ends}."
    ),
}


def leagues(case: Case, tables: list) -> dict[str, str]:
    """Of each league table whether units differ at all, and which stand out whatever the luck."""
    told = {}
    for table in tables:
        if table.found is None:
            reason = table.why_not.rstrip(".")
            told[table.name] = tr("{title}: no league table ({reason}).", title=table.title, reason=reason)
            continue
        rows = table.found.frame.dropna(subset=["pooled"])
        told[table.name] = tr(
            DIFFER[table.found.verdict],
            title=table.title,
            units=text.number(len(rows)),
            p=text.p_is(table.found.p),
            widest=text.p_is(table.found.p_widest),
            ends="; ".join(_ends(rows, table.unit)),
        ) + _left_out(table.found.frame)
    return told


def _left_out(frame: pd.DataFrame) -> str:
    """How many units are no part of the table, since their counts are not shown."""
    number = sum("pooled" in out for out in frame[WITHHELD])
    if not number:
        return ""
    return " " + tr_n(
        "{n} unit is left out: it would tell of fewer than {least} people or offers.",
        "{n} units are left out: they would tell of fewer than {least} people or offers.",
        number,
        least=text.number(LEAST),
    )


def _ends(rows: pd.DataFrame, unit: str) -> list[str]:
    """The units that stand apart, and those that are surely at either end."""
    units, own = len(rows), rows["apart"]
    quarter = max(1, units // 4)
    first = rows[(rows["rank_high"] <= quarter) & ~own]
    last = rows[(rows["rank_low"] > units - quarter) & ~own].iloc[::-1]
    told = []
    if own.any():
        told.append(tr("apart from all others: {units}", units=_units(rows[own], unit)))
    if len(first):
        told.append(tr("surely among the best quarter: {units}", units=_units(first, unit)))
    if len(last):
        told.append(tr("surely among the last quarter: {units}", units=_units(last, unit)))
    return told or [tr("no rank is sure at either end")]


def _units(rows: pd.DataFrame, unit: str) -> str:
    """Units with their pooled value and its interval, and how many more there are."""
    told = [
        tr(
            "{unit} at {value} ({interval})",
            unit=row.unit,
            value=text.number(row.pooled, unit),
            interval=text.interval(row.low, row.high, unit),
        )
        for row in rows.head(NAMED).itertuples()
    ]
    more = len(rows) - NAMED
    return text.join([*told, *([tr("{number} more", number=more)] if more > 0 else [])])


def captions(tables: list) -> dict[str, str]:
    """What each league table is called, by its key."""
    return {table.key: table.title for table in tables}


def numbers(tables: list) -> dict[str, str]:
    """The published table behind each picture, by its key."""
    return {table.key: table.name for table in tables}


def alts(tables: list) -> dict[str, str]:
    """What the picture of each league table shows, by its key."""
    return {table.key: _alt(table) for table in tables if table.found is not None}


def _alt(table) -> str:
    """What the chart of a league table shows."""
    rows = table.found.frame.dropna(subset=["pooled"])
    ends = [f"{row.unit} {text.number(row.pooled, table.unit)}" for row in rows.iloc[[0, -1]].itertuples()]
    return tr(
        "{title}: {units} units from best to worst, shrunk, with intervals and ranks; {ends}.",
        title=table.title,
        units=len(rows),
        ends=text.join(ends),
    )
