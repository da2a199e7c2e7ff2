"""Sentences on retention and churn."""

import pandas as pd

from cxlib import text
from cxlib.language import day, tr, tr_n
from cxlib.retention import dated


def rates(study, rows: pd.DataFrame, *, confidence: float) -> dict[str, str]:
    """How many customers stayed over the period, how many came, and where most and fewest stayed."""
    if rows.empty:
        told = (
            tr("The dates of its customers cover no calendar year; name a period, so there is no retention rate.")
            if dated(study)
            else tr(
                "The study has no table of customers with the days on which they came and left, so there is no "
                "retention rate."
            )
        )
        return {"no_retention": told}
    whole = rows["whole"].astype(bool)
    row = rows[whole].iloc[0]
    period = tr(
        "The period is {start} to {end}, {chosen}.",
        start=day(row["start"]),
        end=day(row["end"]),
        chosen=tr(row["chosen"]),
    )
    found = {"retention_period": period}
    if pd.isna(row["estimate"]):
        few = tr_n(
            "Only {n} customer was there when it began: too few for a rate.",
            "Only {n} customers were there when it began: too few for a rate.",
            row["n"],
        )
        return found | {"retention": few}
    kept, churn = (
        f"{text.number(row[value], 'percent')} "
        f"({text.with_confidence(text.interval(row[low], row[high], 'percent'), confidence)})"
        for value, low, high in (("estimate", "low", "high"), ("churn", "churn_low", "churn_high"))
    )
    joined = tr_n(
        "{n} customer joined during the period and is not in the base.",
        "{n} customers joined during the period and are not in the base.",
        row["joined"],
    )
    if row["undated"]:
        undated = tr_n(
            "{n} without a day of joining is left out.", "{n} without a day of joining are left out.", row["undated"]
        )
        joined = f"{joined} {undated}"
    found |= {
        "retention": tr(
            "Of {customers} customers who were there when it began, {kept} were still there at its end: retention. "
            "{lost} were lost, a churn of {churn}.",
            customers=text.number(row["n"]),
            kept=kept,
            lost=text.number(row["lost"]),
            churn=churn,
        ),
        "retention_joined": joined,
        "retention_interval": tr(
            "Where the table holds all customers, nothing was sampled: the intervals then tell what as many customers "
            "like these might have done by chance, if each leaves independently of the others."
        ),
    }
    return found | _ends(rows[~whole].dropna(subset=["estimate"]))


def _ends(rows: pd.DataFrame) -> dict[str, str]:
    """The groups at the two ends."""
    if len(rows) < 2:
        return {}
    lowest, highest = (
        tr(
            "{segment} {group} at {value} ({between}; {customers})",
            segment=row["segment"],
            group=row["group"],
            value=text.with_base(text.number(row["estimate"], "percent"), row["n"], minimum_base=0),
            between=text.interval(row["low"], row["high"], "percent"),
            customers=tr_n("{n} customer", "{n} customers", row["n"]),
        )
        for row in (rows.loc[rows["estimate"].idxmin()], rows.loc[rows["estimate"].idxmax()])
    )
    told = tr(
        "Retention is lowest in {lowest} and highest in {highest}. These are the ends of {groups} groups; the "
        "intervals are not adjusted for the search.",
        lowest=lowest,
        highest=highest,
        groups=text.number(len(rows)),
    )
    return {"retention_segments": told}
