"""Sentences on staying: who is still there, for how long, and what a customer brings in that time."""

import pandas as pd

from cxlib import text
from cxlib.compare import verdict
from cxlib.inactivity import LOST
from cxlib.journey_study import Case
from cxlib.language import day, noted, tr, tr_n
from cxlib.staying import Staying

# Whether groups leave alike, by the verdict of the test.
ALIKE = {
    "clear": noted("{question}: the groups do not leave alike (log-rank test, {p})."),
    "borderline": noted("{question}: the groups may not leave alike (borderline) (log-rank test, {p})."),
    "none": noted("{question}: the groups leave alike, as far as can be told (log-rank test, {p})."),
    "unknown": noted("{question}: the groups cannot be compared (log-rank test, {p})."),
}


def staying(case: Case, found: Staying, horizon: float) -> dict[str, str]:
    """Who is taken as lost, whether groups leave alike, how long customers stay on average, and what they bring."""
    if not found.kind:
        why = found.why_not or tr("no days of coming and leaving, and no purchases")
        return {"no_staying": tr("Nothing tells how long customers stay: {reason}.", reason=why)}
    told = _rule(case, found)
    if len(found.test) and found.test["n"].iloc[0] >= case.minimum_base:
        p = found.test["p"].iloc[0]
        told["groups_leave"] = tr(ALIKE[verdict(p)], question=found.by, p=text.p_is(p))
    return told | _lifetimes(case, found.lifetimes, horizon) | _worth(case, found.worth, horizon)


def _lifetimes(case: Case, rows: pd.DataFrame, horizon: float) -> dict[str, str]:
    """How long each group stays on average."""
    if rows.empty:
        why_not = tr_n(
            "How long customers stay of the first {n} day is not told: no group was followed so far.",
            "How long customers stay of the first {n} days is not told: no group was followed so far.",
            horizon,
        )
        return {"no_lifetime": why_not}
    rows = rows[rows["estimate"].notna() & (rows["n"] >= case.minimum_base)]
    if rows.empty:
        return {}
    told = tr_n(
        "Of the first {n} day customers stay on average: {groups}.",
        "Of the first {n} days customers stay on average: {groups}.",
        horizon,
        groups="; ".join(map(_stay, rows.itertuples())),
    )
    return {"lifetime": told}


def _stay(row) -> str:
    """A group's mean lifetime, with the day from which it counts where nobody was seen before."""
    what = {"group": row.group, "days": text.number(row.estimate), "interval": text.interval(row.low, row.high)}
    if not row.begins:
        return tr("{group}, {days} days ({interval})", **what)
    return tr(
        "{group}, {days} ({interval}) of the {seen} days from day {first} on",
        seen=text.number(row.horizon - row.begins),
        first=text.number(row.begins),
        **what,
    )


def _worth(case: Case, rows: pd.DataFrame, horizon: float) -> dict[str, str]:
    """What a customer brings up to the horizon."""
    if rows.empty or pd.isna(rows["estimate"].iloc[0]):
        return {}
    row, currency = rows.iloc[0], case.study.book.currency
    money = text.number(row["estimate"], "money")
    what = {
        "money": f"{money} {currency}" if currency else money,
        "what": tr(row["of"]),
        "days": tr_n("{n} day", "{n} days", horizon),
        "interval": text.with_confidence(text.interval(row["low"], row["high"], "money"), case.confidence),
    }
    if row["since"]:
        told = tr(
            "A customer who was there on {day} brings {money} of {what} in the {days} from then ({interval}).",
            day=day(pd.Timestamp(row["since"])),
            **what,
        )
    else:
        told = tr("A customer who comes brings {money} of {what} in the {days} from then ({interval}).", **what)
    return {"worth": told}


def _rule(case: Case, found: Staying) -> dict[str, str]:
    """When a customer who only buys is taken as lost, and how often that was wrong."""
    if found.rule is None or found.rule.n < case.minimum_base:
        return {}
    told = {
        "rule": tr(
            "Nobody says that he leaves here, so whoever buys nothing for {days} days ({interval}) is taken as lost: "
            "by then 95% of those who come back have come back.",
            days=text.number(found.rule.value),
            interval=text.with_confidence(text.interval(found.rule.low, found.rule.high), case.confidence),
        )
    }
    wrong = found.held_out.set_index("taken_as").loc[LOST] if len(found.held_out) else None
    if wrong is not None and wrong["n"] >= case.minimum_base:
        told["rule_tested"] = tr(
            "Tried at {day}, when such a rule was {days} days, it is wrong about {share} ({interval}) of those it "
            "takes as lost: they came back.",
            day=wrong["cut"],
            days=text.number(wrong["gap"]),
            share=text.number(wrong["estimate"], "percent"),
            interval=text.interval(wrong["low"], wrong["high"], "percent"),
        )
    return told


def curves_title(by: str) -> str:
    """The title of the curves of staying by a question; empty: of everybody."""
    return tr("Customers still there by {question}", question=by) if by else tr("Customers still there")


def cohorts_title(found: Staying) -> str:
    """The title of the map of cohorts."""
    bought = found.kind == "purchases"
    return tr("Customers who buy, by cohort") if bought else tr("Customers still there, by cohort")


def cohorts_across(found: Staying) -> str:
    """What the ages of cohorts count."""
    bought = found.kind == "purchases"
    return tr("months after the first purchase") if bought else tr("quarters after they came")


def alt_curves(rows: pd.DataFrame, by: str) -> str:
    """What survival curves show."""
    last = rows.dropna(subset=["estimate"]).groupby("group", sort=False).tail(1)
    if last.empty:
        return tr("No curves.")
    groups = "; ".join(f"{row.group} {text.number(100 * row.estimate, 'percent')}" for row in last.itertuples())
    if by:
        return tr(
            "Share of customers still there over time by {question}, with bands; at the end: {groups}.",
            question=by,
            groups=groups,
        )
    return tr("Share of customers still there over time, with bands; at the end: {groups}.", groups=groups)


def alt_cohorts(found: Staying) -> str:
    """What the map of cohorts shows."""
    if found.cohorts.empty:
        return tr("No cohorts.")
    first, last = found.cohorts["cohort"].astype(str).iloc[[0, -1]]
    return tr(
        "A heat map, a row a cohort from {first} to {last}: the share still there, or buying, at each age.",
        first=first,
        last=last,
    )
