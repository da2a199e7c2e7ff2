"""Sentences on retention and churn."""

import pandas as pd

from cxlib import text
from cxlib.retention import EVERYBODY, dated


def rates(study, rows: pd.DataFrame, *, confidence: float) -> dict[str, str]:
    """How many customers stayed over the period, how many came, and where most and fewest stayed."""
    if rows.empty:
        why = "dates of its customers cover no calendar year; name a period" if dated(study) else None
        if why is None:
            why = "study has no table of customers with the days on which they came and left"
        return {"no_retention": f"The {why}, so there is no retention rate."}
    row = rows[rows["segment"] == EVERYBODY].iloc[0]
    start, end = row["start"].date(), row["end"].date()
    found = {"retention_period": f"The period is {start} to {end}, {row['chosen']}."}
    if pd.isna(row["estimate"]):
        return found | {"retention": f"Only {row['n']} customers were there when it began: too few for a rate."}
    kept, lost = (
        f"{text.number(row[value], 'percent')} ({confidence:.0%} interval "
        f"{text.interval(row[low], row[high], 'percent')})"
        for value, low, high in (("estimate", "low", "high"), ("churn", "churn_low", "churn_high"))
    )
    undated = f" {text.number(row['undated'])} without a day of joining are left out." if row["undated"] else ""
    found |= {
        "retention": (
            f"Of {text.number(row['n'])} customers who were there when it began, {kept} were still there at its end: "
            f"retention. {text.number(row['lost'])} were lost, a churn of {lost}."
        ),
        "retention_joined": (
            f"{text.number(row['joined'])} customers joined during the period and are not in the base.{undated}"
        ),
        "retention_interval": (
            "Where the table holds all customers, nothing was sampled: the intervals then tell what as many customers "
            "like these might have done by chance, if each leaves independently of the others."
        ),
    }
    return found | _ends(rows[rows["segment"] != EVERYBODY].dropna(subset=["estimate"]))


def _ends(rows: pd.DataFrame) -> dict[str, str]:
    """The groups at the two ends."""
    if len(rows) < 2:
        return {}
    told = []
    for row in (rows.loc[rows["estimate"].idxmin()], rows.loc[rows["estimate"].idxmax()]):
        value = text.with_base(text.number(row["estimate"], "percent"), row["n"], minimum_base=0)
        between = text.interval(row["low"], row["high"], "percent")
        told.append(f"{row['segment']} {row['group']} at {value} ({between}; {text.number(row['n'])} customers)")
    return {
        "retention_segments": (
            f"Retention is lowest in {told[0]} and highest in {told[1]}. These are the ends of {len(rows)} groups; the "
            "intervals are not adjusted for the search."
        )
    }
