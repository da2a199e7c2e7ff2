"""Sentences on staying: who is still there, for how long, and what a customer brings in that time."""

import pandas as pd

from cxlib import text
from cxlib.compare import verdict
from cxlib.journey_study import Case
from cxlib.sentences.words import count
from cxlib.staying import Staying


def staying(case: Case, found: Staying, horizon: float) -> dict[str, str]:
    """Who is taken as lost, whether groups leave alike, how long customers stay on average, and what they bring."""
    if not found.kind:
        why = found.why_not or "no days of coming and leaving, and no purchases"
        return {"no_staying": f"Nothing tells how long customers stay: {why}."}
    told = _rule(case, found)
    if len(found.test) and found.test["n"].iloc[0] >= case.minimum_base:
        row = found.test.iloc[0]
        sure = {
            "clear": "do not leave alike",
            "borderline": "may not leave alike (borderline)",
            "none": "leave alike, as far as can be told",
            "unknown": "cannot be compared",
        }[verdict(row["p"])]
        told["groups_leave"] = f"{found.by}: the groups {sure} (log-rank test, {text.p_is(row['p'])})."
    rows = found.lifetimes
    if rows.empty:
        told["no_lifetime"] = (
            f"How long customers stay of the first {count(horizon, 'day')} is not told: no group was followed so far."
        )
    else:
        rows = rows[rows["estimate"].notna() & (rows["n"] >= case.minimum_base)]
        parts = [f"{row.group}, {_stay(row)}" for row in rows.itertuples()]
        if parts:
            told["lifetime"] = f"Of the first {count(horizon, 'day')} customers stay on average: {'; '.join(parts)}."
    if len(found.worth) and pd.notna(found.worth["estimate"].iloc[0]):
        row, currency = found.worth.iloc[0], case.study.book.currency
        who = f"who was there on {row['since']}" if row["since"] else "who comes"
        money = f"{text.number(row['estimate'], 'money')}{f' {currency}' if currency else ''}"
        told["worth"] = (
            f"A customer {who} brings {money} of {row['of']} in the {count(horizon, 'day')} from then "
            f"({case.confidence:.0%} interval {text.interval(row['low'], row['high'], 'money')})."
        )
    return told


def _rule(case: Case, found: Staying) -> dict[str, str]:
    """When a customer who only buys is taken as lost, and how often that was wrong."""
    if found.rule is None or found.rule.n < case.minimum_base:
        return {}
    told = {
        "rule": f"Nobody says that he leaves here, so whoever buys nothing for {text.number(found.rule.value)} days "
        f"({case.confidence:.0%} interval {text.interval(found.rule.low, found.rule.high)}) is taken as lost: by then "
        "95% of those who come back have come back."
    }
    wrong = found.held_out.set_index("taken_as").loc["lost"] if len(found.held_out) else None
    if wrong is not None and wrong["n"] >= case.minimum_base:
        told["rule_tested"] = (
            f"Tried at {wrong['cut']}, when such a rule was {text.number(wrong['gap'])} days, it is wrong about "
            f"{text.number(wrong['estimate'], 'percent')} ({text.interval(wrong['low'], wrong['high'], 'percent')}) of "
            "those it takes as lost: they came back."
        )
    return told


def _stay(row) -> str:
    """A mean lifetime, with the day from which it counts where nobody was seen before."""
    limits = f"({text.interval(row.low, row.high)})"
    if not row.begins:
        return f"{text.number(row.estimate)} days {limits}"
    seen = text.number(row.horizon - row.begins)
    return f"{text.number(row.estimate)} {limits} of the {seen} days from day {text.number(row.begins)} on"


def curves_title(found: Staying) -> str:
    """The title of the curves of staying."""
    return f"Customers still there by {found.by}" if found.by else "Customers still there"


def cohorts_title(found: Staying) -> str:
    """The title of the map of cohorts."""
    return "Customers who buy, by cohort" if found.kind == "purchases" else "Customers still there, by cohort"


def cohorts_across(found: Staying) -> str:
    """What the ages of cohorts count."""
    return "months after the first purchase" if found.kind == "purchases" else "quarters after they came"


def alt_curves(rows: pd.DataFrame, by: str) -> str:
    """What survival curves show."""
    last = rows.dropna(subset=["estimate"]).groupby("group", sort=False).tail(1)
    if last.empty:
        return "No curves."
    told = [f"{row.group} {text.number(100 * row.estimate, 'percent')}" for row in last.itertuples()]
    groups = f" by {by}" if by else ""
    return f"Share of customers still there over time{groups}, with bands; at the end: {'; '.join(told)}."


def alt_cohorts(found: Staying) -> str:
    """What the map of cohorts shows."""
    if found.cohorts.empty:
        return "No cohorts."
    first, last = found.cohorts["cohort"].astype(str).iloc[[0, -1]]
    return f"A heat map, a row a cohort from {first} to {last}: the share still there, or buying, at each age."
