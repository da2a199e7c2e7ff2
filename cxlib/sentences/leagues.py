"""Sentences on league tables: whether units differ at all, and which stand out whatever the luck."""

import pandas as pd

from cxlib import text
from cxlib.journey_study import Case

NAMED = 3


def leagues(case: Case, tables: list) -> dict[str, str]:
    """Of each league table whether units differ at all, and which stand out whatever the luck."""
    told = {}
    for table in tables:
        if table.found is None:
            told[table.name] = f"{table.title}: no league table ({table.why_not.rstrip('.')})."
            continue
        found, rows = table.found, table.found.frame.dropna(subset=["pooled"])
        units = len(rows)
        differ = {
            "clear": "differ by more than chance",
            "borderline": "may differ (borderline)",
            "none": "are not told apart from chance",
            "unknown": "cannot be compared",
        }[found.verdict]
        said = f"{table.title}: the {text.number(units)} units {differ} (all together {text.p_is(found.p)}, "
        said += f"the two that differ most {text.p_is(found.p_widest)})"
        quarter, own = max(1, units // 4), rows["apart"]
        ends = [
            f"{words}: {_units(part, table.unit)}"
            for part, words in (
                (rows[own], "apart from all others"),
                (rows[(rows["rank_high"] <= quarter) & ~own], "surely among the best quarter"),
                (rows[(rows["rank_low"] > units - quarter) & ~own].iloc[::-1], "surely among the last quarter"),
            )
            if len(part)
        ]
        told[table.name] = f"{said}; {'; '.join(ends) if ends else 'no rank is sure at either end'}."
    return told


def _units(rows: pd.DataFrame, unit: str) -> str:
    """Units with their pooled value and its interval, and how many more there are."""
    told = [
        f"{row.unit} at {text.number(row.pooled, unit)} ({text.interval(row.low, row.high, unit)})"
        for row in rows.head(NAMED).itertuples()
    ]
    return text.join([*told, *([f"{len(rows) - NAMED} more"] if len(rows) > NAMED else [])])


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
    shown = f"{len(rows)} units from best to worst, shrunk, with intervals and ranks"
    return f"{table.title}: {shown}; {' and '.join(ends)}."
