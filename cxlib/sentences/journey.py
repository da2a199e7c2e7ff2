"""Sentences on journeys and staying: where it hurts, where customers leave the map, who stays and for how long."""

import pandas as pd

from cxlib import text
from cxlib.charts.journey_map import MOST
from cxlib.compare import verdict
from cxlib.contact_log import UNKNOWN
from cxlib.journey_study import Case, Facts
from cxlib.pain_points import CLEAR
from cxlib.sentences.words import interval_name
from cxlib.staying import Staying
from cxlib.transitions import START

NAMED = 3


def log(case: Case, found: Facts) -> dict[str, str]:
    """How many contacts and customers the log has, what is odd in it, and that its map has no room for all stages."""
    if case.log is None:
        return {"no_journeys": "The study has no contacts with a drawn map, so no journey is told."}
    rows = found.checks
    odd = rows[(rows["contacts"] > 0) & rows["problem"]]
    what = f" ({case.group})" if case.group else ""
    contacts = _count(int(found.stages["contacts"].sum()), "contact")
    told = {"log": f"The log holds {contacts} of {_count(found.customers, 'customer')}{what}."}
    if len(odd):
        parts = [
            f"{_count(row.contacts, 'contact')} where the rule is that {row.rule}, e.g. {row.example} ({row.decision})"
            for row in odd.itertuples()
        ]
        told["log_odd"] = f"To be looked at: {'; '.join(parts)}."
    if len(found.stages) > MOST:
        stages = f"there are {len(found.stages)} stages, and a picture has room for {MOST}"
        told["no_map"] = f"The journey map is not drawn: {stages}."
    return told


def headlines(case: Case, found: Facts) -> pd.DataFrame:
    """How many journeys fit the drawn map, and end where most end, as results.numbers() takes them."""
    if found.conformance.empty:
        return pd.DataFrame()
    about = {"unit": "percent", "least": 0, "most": 100, "n_weighted": float("nan"), "note": ""}
    fits = found.conformance[found.conformance["part"] == "fits"]
    rows = [fits.assign(name="fits", label="Journeys that fit the drawn map", **about)]
    worst = _where_most_end(case, found)
    if len(worst):
        # The visits are the base of every share of a stage, and its effective number that of moving on.
        limits = {"estimate": worst["ended"], "low": worst["ended_low"], "high": worst["ended_high"]}
        method = "Wilson; customers are clusters"
        label = f"Visits that end at {worst['stage'].iloc[0]}"
        rows.append(worst.assign(**limits, name="ends_here", label=label, method=method, **about))
    return pd.concat(rows, ignore_index=True)


def title(case: Case) -> str:
    """The title of the journey map."""
    return f"The journey of {case.group}" if case.group else "The journey"


def curves_title(found: Staying) -> str:
    """The title of the curves of staying."""
    return f"Customers still there by {found.by}" if found.by else "Customers still there"


def cohorts_title(found: Staying) -> str:
    """The title of the map of cohorts."""
    return "Customers who buy, by cohort" if found.kind == "purchases" else "Customers still there, by cohort"


def _where_most_end(case: Case, found: Facts) -> pd.DataFrame:
    """The stage, the last one aside, with the greatest share of visits that end there: one row, or none."""
    if found.stages.empty:
        return found.stages
    rows = found.stages[found.stages["order"] < found.stages["order"].max()]
    rows = rows[(rows["n"] >= case.minimum_base) & rows["ended"].notna()]
    return rows.nlargest(1, "ended")


def cohorts_across(found: Staying) -> str:
    """What the ages of cohorts count."""
    return "months after the first purchase" if found.kind == "purchases" else "quarters after they came"


def pains(case: Case, found: Facts) -> dict[str, str]:
    """Where it hurts most, and how sure that is."""
    rows = found.pains
    if rows.empty:
        return {}
    if rows["weight"].isna().all() and not rows["pain"].any():
        few = f"no touchpoint has {case.minimum_base} visits beside as many of others, or none does harm"
        return {"pain": f"Where it hurts is not told: {few}."}
    clear = rows[rows["pain"]]
    if clear.empty:
        return {"pain": "No touchpoint is clearly worse than the others, in score or in customers who end there."}
    row = clear.iloc[0]
    told = []
    if row["ending_p"] < CLEAR and row["ending"] > 0:
        told.append(
            f"{text.number(row['ending_here'], 'percent')} of visits end there against "
            f"{text.number(row['ending_others'], 'percent')} elsewhere "
            f"(difference {text.difference_interval(row['ending_low'], row['ending_high'], 'percent')}), about "
            f"{text.number(row['lost'])} customers ({text.interval(row['lost_low'], row['lost_high'])}) more"
        )
    if row["loss_p"] < CLEAR and row["loss"] > 0:
        told.append(
            f"its mean score is {text.number(row['loss_here'], 'score')} against "
            f"{text.number(row['loss_others'], 'score')} elsewhere "
            f"(difference {text.difference_interval(-row['loss_high'], -row['loss_low'], 'score')})"
        )
    others = [name(part) for part in clear.iloc[1:NAMED].itertuples()]
    more = f" Next: {text.join(others)}." if others else ""
    return {"pain": f"It hurts most at {name(row)}: {'; '.join(told)} ({case.confidence:.0%} intervals).{more}"}


def name(row) -> str:
    """A touchpoint in a sentence: checkout_app (decide, digital)."""
    where = [row.stage, *([] if row.channel == UNKNOWN else [row.channel])]
    return f"{row.touchpoint} ({', '.join(where)})"


def map_fit(case: Case, found: Facts) -> dict[str, str]:
    """Whether customers go as the map was drawn, and where most of them leave it."""
    if case.log is None:
        return {}
    stopped = 0 if found.conformance.empty else int(found.conformance["n"].iloc[0])
    if stopped < case.minimum_base:
        who = f"{_count(stopped, 'journey')} {'is' if stopped == 1 else 'are'} known to have stopped"
        return {"no_fit": f"Whether journeys fit the drawn map is not told: {who}, under {case.minimum_base}."}
    row = found.conformance.set_index("part").loc["fits"]
    told = {
        "fit": f"The drawn map fits the journeys of {text.number(row['estimate'], 'percent')} of customers "
        f"({case.confidence:.0%} {interval_name(case.study)} "
        f"{text.interval(row['low'], row['high'], 'percent')}), as far as they went."
    }
    parts = [
        f"{text.number(part['estimate'], 'percent')} ({text.interval(part['low'], part['high'], 'percent')}) "
        f"{_departure(part)}"
        for part in found.departures.head(NAMED).to_dict("records")
    ]
    if parts:
        told["departures"] = f"Where customers leave the map: {'; '.join(parts)}."
    return told


def _departure(part: dict) -> str:
    """What customers do who leave the map in this way."""
    one, other = part["from"], part["to"]
    if part["kind"] == "skip":
        return f"begin at {other}" if one == START else f"skip {part['skipped']} between {one} and {other}"
    if part["kind"] == "back":
        return f"go back from {one} to {other}"
    return f"come to {one}" if part["kind"] == "unknown_stage" else f"meet {other} at {one}"


def moving_on(case: Case, found: Facts) -> dict[str, str]:
    """The stage at which the greatest share of visits end the journey, the last one aside."""
    rows = _where_most_end(case, found)
    if rows.empty:
        return {}
    row = rows.iloc[0]
    return {
        "ends": f"Journeys break off most often at {row['stage']}: {text.number(row['ended'], 'percent')} of visits "
        f"there ({case.confidence:.0%} {interval_name(case.study)} "
        f"{text.interval(row['ended_low'], row['ended_high'], 'percent')}) are followed by no other contact."
    }


def moments(case: Case, found: Facts) -> dict[str, str]:
    """Where the score goes with journeys that go on."""
    rows = found.moments
    rows = rows[(rows["n"] >= case.minimum_base) & rows["p"].notna()] if len(rows) else rows
    if rows.empty:
        return {}
    clear = rows[rows["clear"]]
    if clear.empty:
        return {"moments": "At no touchpoint does the score clearly tell whether the journey goes on."}
    told = [
        f"where a better score goes with {words}: {'; '.join(_slope(row) for row in part.head(NAMED).itertuples())}"
        for part, words in (
            (clear[clear["estimate"] > 0], "going on"),
            (clear[clear["estimate"] < 0], "no further contact"),
        )
        if len(part)
    ]
    return {"moments": f"Moments that matter, {'. And '.join(told)}."}


def _slope(row) -> str:
    """A touchpoint and how much more of its visits go on for a point of score."""
    limits = text.difference_interval(row.low, row.high, "percent")
    return f"{name(row)}, {text.difference(row.estimate, 'percent')} percentage points a point of score ({limits})"


def audit(case: Case, found: Facts) -> dict[str, str]:
    """Which touchpoints are met less, or more, often than the map expects."""
    rows = found.audit
    if rows.empty:
        return {}
    rows = rows[(rows["level"] == "touchpoint") & (rows["n"] >= case.minimum_base)]
    if rows.empty:
        return {}
    told = []
    for side, words in (("more", "More often than expected"), ("fewer", "Less often than expected")):
        part = rows[rows["verdict"] == side].copy()
        part["_far"] = (part["estimate"] / part["expected"]).where(part["expected"] > 0)
        part = part.sort_values("_far", ascending=side == "fewer", kind="stable").head(NAMED)
        if len(part):
            met = [
                f"{name(row)}, {text.number(row.estimate, 'ratio')} contacts a customer against "
                f"{text.number(row.expected, 'ratio')}"
                for row in part.itertuples()
            ]
            told.append(f"{words}: {'; '.join(met)}")
    if told:
        return {"audit": f"{'. '.join(told)}."}
    return {"audit": "No touchpoint is clearly met more, or less, often than the map expects."}


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
            f"How long customers stay of the first {_count(horizon, 'day')} is not told: no group was followed so far."
        )
    else:
        rows = rows[rows["estimate"].notna() & (rows["n"] >= case.minimum_base)]
        parts = [f"{row.group}, {_stay(row)}" for row in rows.itertuples()]
        if parts:
            told["lifetime"] = f"Of the first {_count(horizon, 'day')} customers stay on average: {'; '.join(parts)}."
    if len(found.worth) and pd.notna(found.worth["estimate"].iloc[0]):
        row, currency = found.worth.iloc[0], case.study.book.currency
        who = f"who was there on {row['since']}" if row["since"] else "who comes"
        money = f"{text.number(row['estimate'], 'money')}{f' {currency}' if currency else ''}"
        told["worth"] = (
            f"A customer {who} brings {money} of {row['of']} in the {_count(horizon, 'day')} from then "
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
            f"Tried at {wrong['cut'].date()}, the rule is wrong about {text.number(wrong['estimate'], 'percent')} "
            f"({text.interval(wrong['low'], wrong['high'], 'percent')}) of those it takes as lost: they came back."
        )
    return told


def _stay(row) -> str:
    """A mean lifetime, with the day from which it counts where nobody was seen before."""
    limits = f"({text.interval(row.low, row.high)})"
    if not row.begins:
        return f"{text.number(row.estimate)} days {limits}"
    seen = text.number(row.horizon - row.begins)
    return f"{text.number(row.estimate)} {limits} of the {seen} days from day {text.number(row.begins)} on"


def _count(n: float, what: str) -> str:
    return f"{text.number(n)} {what}{'' if n == 1 else 's'}"


def alt_funnel(found: Facts) -> str:
    """What the funnel shows."""
    told = [f"{row.stage} {text.number(row.customers)} customers" for row in found.stages.itertuples()]
    return f"Customers who reach each stage, from first to last: {'; '.join(told)}."


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


def alt_league(table) -> str:
    """What the chart of a league table shows."""
    rows = table.found.frame.dropna(subset=["pooled"])
    ends = [f"{row.unit} {text.number(row.pooled, table.unit)}" for row in rows.iloc[[0, -1]].itertuples()]
    shown = f"{len(rows)} units from best to worst, shrunk, with intervals and ranks"
    return f"{table.title}: {shown}; {' and '.join(ends)}."
