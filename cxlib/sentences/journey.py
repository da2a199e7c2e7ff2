"""Sentences on journeys: where it hurts, where customers leave the drawn map, which moments matter."""

import pandas as pd

from cxlib import expected_map, large_counts, text
from cxlib.charts.journey_map import MOST
from cxlib.contact_log import UNKNOWN, last_stages
from cxlib.journey_study import Case, Facts
from cxlib.journey_words import named
from cxlib.language import noted, tr, tr_n
from cxlib.pain_points import CLEAR
from cxlib.paths import BACK, SKIP
from cxlib.sentences.words import interval
from cxlib.touchpoint_audit import FEWER, MORE
from cxlib.transitions import END, START

NAMED = 3
# Moments by the sign of their slope: those told alone or first, and those told after others.
GOING_ON = noted("Moments that matter, where a better score goes with going on: {touchpoints}.")
NO_MORE = noted("Moments that matter, where a better score goes with no further contact: {touchpoints}.")
AND_NO_MORE = noted("And where a better score goes with no further contact: {touchpoints}.")
DRAWN_FITS = noted("The drawn map fits the journeys of {share} of customers ({interval}), as far as they went.")
EXPECTED_FITS = noted("The expected map fits the journeys of {share} of customers ({interval}), as far as they went.")
MET = {
    MORE: noted("More often than expected: {touchpoints}."),
    FEWER: noted("Less often than expected: {touchpoints}."),
}


def log(case: Case, found: Facts) -> dict[str, str]:
    """How many contacts and customers the log has, what is odd in it, and that its map has no room for all stages."""
    if case.log is None:
        return {"no_journeys": case.why_not}
    rows = found.checks
    odd = rows[(rows["contacts"] > 0) & rows["problem"]]
    told = bases(case, found)
    if len(odd):
        told["log_odd"] = tr("To be looked at: {problems}.", problems="; ".join(map(_problem, odd.itertuples())))
    if len(found.stages) > MOST:
        told["no_map"] = tr(
            "The journey map is not drawn: there are {stages} stages, and a picture has room for {most}.",
            stages=len(found.stages),
            most=MOST,
        )
    return told


def bases(case: Case, found: Facts) -> dict[str, str]:
    """How many contacts and customers the log has, and which map they are held against, if not the study's."""
    held = {"contacts": _contacts(found.stages["contacts"].sum()), "customers": _customers(found.customers)}
    if case.group:
        told = {"log": tr("The log holds {contacts} of {customers} ({group}).", group=case.group, **held)}
    else:
        told = {"log": tr("The log holds {contacts} of {customers}.", **held)}
    if large_counts.is_sample(case.study, "events") and (case.group or not case.study.counts_all("events")):
        told["log_drawn"] = tr("Both numbers are of the sample, which holds all contacts of the customers in it.")
    return told | ({"held_against": held_against(case)} if case.expected else {})


def held_against(case: Case) -> str:
    """Which map the journeys are held against, where it is not the study's own."""
    stages = expected_map.told(case.drawn_map)
    if case.expected == expected_map.USUAL:
        told = tr("The journeys are held against the way that most customers who go on take: {stages}.", stages=stages)
    elif case.expected.startswith(expected_map.SPARED):
        names = case.expected.removeprefix(expected_map.SPARED).strip()
        told = tr(
            "The journeys are held against the study's map, but nobody need come to {names}: {stages}.",
            names=names,
            stages=stages,
        )
    else:
        told = tr("The journeys are held against another map than the study's: {stages}.", stages=stages)
    spared = expected_map.optional(case.drawn_map)
    return f"{told} {tr('Stages in brackets may be passed over.')}" if spared else told


def _problem(row) -> str:
    """A rule of the contact log that is broken, how often, and what is done about it."""
    what = {"contacts": _contacts(row.contacts), "rule": row.rule, "decision": row.decision}
    if row.example:
        return tr("{contacts} where the rule is that {rule}, e.g. {example} ({decision})", example=row.example, **what)
    return tr("{contacts} where the rule is that {rule} ({decision})", **what)


def _contacts(number: float) -> str:
    return tr_n("{n} contact", "{n} contacts", number)


def _customers(number: float) -> str:
    return tr_n("{n} customer", "{n} customers", number)


def headlines(case: Case, found: Facts) -> pd.DataFrame:
    """How many journeys fit the drawn map, and end where most end, as results.numbers() takes them."""
    about = {"unit": "percent", "least": 0, "most": 100, "n_weighted": float("nan"), "note": ""}
    rows, fits = [], found.conformance
    if len(fits):
        fits = fits[(fits["part"] == "fits") & (fits["n"] >= case.minimum_base)]
    if len(fits):
        base = tr_n("{n} customer whose journey is over", "{n} customers whose journey is over", fits["n"].iloc[0])
        label = tr("Journeys that fit the expected map") if case.expected else tr("Journeys that fit the drawn map")
        rows.append(fits.assign(name="fits", label=label, base=base, **about))
    worst = _where_most_end(case, found)
    if len(worst) and len(found.turns):
        stage = worst["stage"].iloc[0]
        ends = found.turns[(found.turns["from"] == stage) & (found.turns["to"] == END)]
        visits = tr_n("{n} visit", "{n} visits", worst["n"].iloc[0])
        base = tr("{visits} of {customers}", visits=visits, customers=_customers(worst["customers"].iloc[0]))
        label = tr("Visits that end at {stage}", stage=stage)
        rows.append(ends.assign(name="ends_here", label=label, base=base, **about))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()


def title(case: Case) -> str:
    """The title of the journey map; empty for all customers, where the map bears its own."""
    return tr("The journey of {group}", group=case.group) if case.group else ""


def _where_most_end(case: Case, found: Facts) -> pd.DataFrame:
    """The stage, the last one aside, with the greatest share of visits that end there: one row, or none."""
    if found.stages.empty:
        return found.stages
    rows = found.stages[found.stages["order"].notna() & ~found.stages["stage"].isin(last_stages(case.drawn_map))]
    rows = rows[(rows["n"] >= case.minimum_base) & (rows["ended"] > 0)]
    return rows.nlargest(1, "ended")


def pains(case: Case, found: Facts) -> dict[str, str]:
    """Where it hurts most, and how sure that is."""
    rows = found.pains
    if rows.empty:
        return {}
    if rows["weight"].isna().all() and not rows["pain"].any():
        few = tr(
            "Where it hurts is not told: no touchpoint has {least} visits beside as many of others, or none does harm.",
            least=case.minimum_base,
        )
        return {"pain": few}
    clear = rows[rows["pain"]]
    if clear.empty:
        none = tr("No touchpoint is clearly worse than the others, in score or in customers who end there.")
        return {"pain": none}
    row = clear.iloc[0]
    told = tr(
        "It hurts most at {touchpoint}: {harms} ({confidence} intervals).",
        touchpoint=name(row),
        harms="; ".join(_harms(row)),
        confidence=f"{case.confidence:.0%}",
    )
    others = [name(part) for part in clear.iloc[1:NAMED].itertuples()]
    return {"pain": f"{told} {tr('Next: {touchpoints}.', touchpoints=text.join(others))}" if others else told}


def _harms(row) -> list[str]:
    """What harm a touchpoint does: in journeys that end there, and in score."""
    told = []
    if row["ending_p"] < CLEAR and row["ending"] > 0:
        told.append(
            tr(
                "{here} of visits end there against {others} elsewhere (difference {difference}), about {customers} "
                "({interval}) more",
                here=text.number(row["ending_here"], "percent"),
                others=text.number(row["ending_others"], "percent"),
                difference=text.difference_interval(row["ending_low"], row["ending_high"], "percent"),
                customers=_customers(row["lost"]),
                interval=text.interval(row["lost_low"], row["lost_high"]),
            )
        )
    if row["loss_p"] < CLEAR and row["loss"] > 0:
        told.append(
            tr(
                "its mean score is {here} against {others} elsewhere (difference {difference})",
                here=text.number(row["loss_here"], "score"),
                others=text.number(row["loss_others"], "score"),
                difference=text.difference_interval(-row["loss_high"], -row["loss_low"], "score"),
            )
        )
    return told


def name(row) -> str:
    """A touchpoint in a sentence: checkout_app (decide, digital)."""
    where = [row.stage, *([] if row.channel == UNKNOWN else [named(row.channel)])]
    return f"{row.touchpoint} ({', '.join(where)})"


def map_fit(case: Case, found: Facts) -> dict[str, str]:
    """Whether customers go as the map was drawn, and where most of them leave it."""
    if case.log is None:
        return {}
    stopped = 0 if found.conformance.empty else int(found.conformance["n"].iloc[0])
    if stopped < case.minimum_base:
        told = tr_n(
            "Whether journeys fit the drawn map is not told: {n} journey is known to have stopped, under {least}.",
            "Whether journeys fit the drawn map is not told: {n} journeys are known to have stopped, under {least}.",
            stopped,
            least=case.minimum_base,
        )
        return {"no_fit": told}
    row = found.conformance.set_index("part").loc["fits"]
    told = {
        "fit": tr(
            EXPECTED_FITS if case.expected else DRAWN_FITS,
            share=text.number(row["estimate"], "percent"),
            interval=interval(case.study, case.confidence, text.interval(row["low"], row["high"], "percent")),
        )
    }
    parts = [_departure(part) for part in found.departures.head(NAMED).to_dict("records")]
    if parts:
        told["departures"] = tr("Where customers leave the map: {ways}.", ways="; ".join(parts))
    return told


def _departure(part: dict) -> str:
    """How many customers leave the map in this way, and what they do."""
    share = f"{text.number(part['estimate'], 'percent')} ({text.interval(part['low'], part['high'], 'percent')})"
    one, other = part["from"], part["to"]
    if part["kind"] == SKIP:
        if one == START:
            return tr("{share} begin at {stage}", share=share, stage=other)
        return tr(
            "{share} skip {skipped} between {one} and {other}",
            share=share,
            skipped=part["skipped"],
            one=one,
            other=other,
        )
    if part["kind"] == BACK:
        return tr("{share} go back from {one} to {other}", share=share, one=one, other=other)
    if part["kind"] == "unknown_stage":
        return tr("{share} come to {stage}", share=share, stage=one)
    return tr("{share} meet {touchpoint} at {stage}", share=share, touchpoint=other, stage=one)


def moving_on(case: Case, found: Facts) -> dict[str, str]:
    """The stage at which the greatest share of visits end the journey, the last one aside."""
    rows = _where_most_end(case, found)
    if rows.empty:
        return {}
    row = rows.iloc[0]
    between = text.interval(row["ended_low"], row["ended_high"], "percent")
    told = tr(
        "Journeys break off most often at {stage}: {share} of visits there ({interval}) are followed by no other "
        "contact.",
        stage=row["stage"],
        share=text.number(row["ended"], "percent"),
        interval=interval(case.study, case.confidence, between),
    )
    return {"ends": told}


def moments(case: Case, found: Facts) -> dict[str, str]:
    """Where the score goes with journeys that go on."""
    rows = found.moments
    rows = rows[(rows["n"] >= case.minimum_base) & rows["p"].notna()] if len(rows) else rows
    if rows.empty:
        return {}
    clear = rows[rows["clear"]]
    if clear.empty:
        return {"moments": tr("At no touchpoint does the score clearly tell whether the journey goes on.")}
    up, down = (
        "; ".join(_slope(row) for row in part.head(NAMED).itertuples())
        for part in (clear[clear["estimate"] > 0], clear[clear["estimate"] < 0])
    )
    told = [tr(GOING_ON, touchpoints=up)] if up else []
    if down:
        told.append(tr(AND_NO_MORE if up else NO_MORE, touchpoints=down))
    return {"moments": " ".join(told)}


def _slope(row) -> str:
    """A touchpoint and how much more of its visits go on for a point of score."""
    return tr(
        "{touchpoint}, {slope} percentage points a point of score ({interval})",
        touchpoint=name(row),
        slope=text.difference(row.estimate, "percent"),
        interval=text.difference_interval(row.low, row.high, "percent"),
    )


def audit(case: Case, found: Facts) -> dict[str, str]:
    """Which touchpoints are met less, or more, often than the map expects."""
    rows = found.audit
    if rows.empty:
        return {}
    rows = rows[(rows["level"] == "touchpoint") & (rows["n"] >= case.minimum_base)]
    if rows.empty:
        return {}
    told = []
    for side, message in MET.items():
        part = rows[rows["verdict"] == side].copy()
        part["_far"] = (part["estimate"] / part["expected"]).where(part["expected"] > 0)
        part = part.sort_values("_far", ascending=side == FEWER, kind="stable").head(NAMED)
        if len(part):
            told.append(tr(message, touchpoints="; ".join(map(_met, part.itertuples()))))
    if told:
        return {"audit": " ".join(told)}
    return {"audit": tr("No touchpoint is clearly met more, or less, often than the map expects.")}


def _met(row) -> str:
    """A touchpoint, how often a customer meets it, and how often the map expects it."""
    return tr(
        "{touchpoint}, {met} contacts a customer against {expected}",
        touchpoint=name(row),
        met=text.number(row.estimate, "ratio"),
        expected=text.number(row.expected, "ratio"),
    )


def fit_caption(case: Case) -> str:
    """What the table of paths beside the map is called."""
    return tr("Paths against the expected map") if case.expected else tr("Paths against the drawn map")


def alt_funnel(found: Facts, chosen: str = "") -> str:
    """What the funnel shows, and which stage is marked in it."""
    told = [f"{row.stage} {_customers(row.customers)}" for row in found.stages.itertuples()]
    shown = tr("Customers who reach each stage, from first to last: {stages}.", stages="; ".join(told))
    return f"{shown} {tr('Marked: {stage}.', stage=chosen)}" if chosen else shown
