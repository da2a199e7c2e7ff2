"""Sentences on journeys: where it hurts, where customers leave the drawn map, which moments matter."""

import pandas as pd

from cxlib import text
from cxlib.charts.journey_map import MOST
from cxlib.contact_log import UNKNOWN
from cxlib.journey_study import Case, Facts
from cxlib.pain_points import CLEAR
from cxlib.sentences.words import count, interval_name
from cxlib.transitions import END, START

NAMED = 3


def log(case: Case, found: Facts) -> dict[str, str]:
    """How many contacts and customers the log has, what is odd in it, and that its map has no room for all stages."""
    if case.log is None:
        return {"no_journeys": case.why_not}
    rows = found.checks
    odd = rows[(rows["contacts"] > 0) & rows["problem"]]
    what = f" ({case.group})" if case.group else ""
    contacts = count(int(found.stages["contacts"].sum()), "contact")
    told = {"log": f"The log holds {contacts} of {count(found.customers, 'customer')}{what}."}
    if len(odd):
        parts = [
            f"{count(row.contacts, 'contact')} where the rule is that {row.rule}"
            f"{f', e.g. {row.example}' if row.example else ''} ({row.decision})"
            for row in odd.itertuples()
        ]
        told["log_odd"] = f"To be looked at: {'; '.join(parts)}."
    if len(found.stages) > MOST:
        stages = f"there are {len(found.stages)} stages, and a picture has room for {MOST}"
        told["no_map"] = f"The journey map is not drawn: {stages}."
    return told


def headlines(case: Case, found: Facts) -> pd.DataFrame:
    """How many journeys fit the drawn map, and end where most end, as results.numbers() takes them."""
    about = {"unit": "percent", "least": 0, "most": 100, "n_weighted": float("nan"), "note": ""}
    rows, fits = [], found.conformance
    if len(fits):
        fits = fits[(fits["part"] == "fits") & (fits["n"] >= case.minimum_base)]
    if len(fits):
        base = f"{count(fits['n'].iloc[0], 'customer')} whose journey is over"
        rows.append(fits.assign(name="fits", label="Journeys that fit the drawn map", base=base, **about))
    worst = _where_most_end(case, found)
    if len(worst):
        stage = worst["stage"].iloc[0]
        ends = found.turns[(found.turns["from"] == stage) & (found.turns["to"] == END)]
        base = f"{count(worst['n'].iloc[0], 'visit')} of {count(worst['customers'].iloc[0], 'customer')}"
        rows.append(ends.assign(name="ends_here", label=f"Visits that end at {stage}", base=base, **about))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()


def title(case: Case) -> str:
    """The title of the journey map; empty for all customers, where the map bears its own in the study's language."""
    return f"The journey of {case.group}" if case.group else ""


def _where_most_end(case: Case, found: Facts) -> pd.DataFrame:
    """The stage, the last one aside, with the greatest share of visits that end there: one row, or none."""
    if found.stages.empty:
        return found.stages
    rows = found.stages[found.stages["order"] < found.stages["order"].max()]
    rows = rows[(rows["n"] >= case.minimum_base) & (rows["ended"] > 0)]
    return rows.nlargest(1, "ended")


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
        who = f"{count(stopped, 'journey')} {'is' if stopped == 1 else 'are'} known to have stopped"
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


def alt_funnel(found: Facts) -> str:
    """What the funnel shows."""
    told = [f"{row.stage} {text.number(row.customers)} customers" for row in found.stages.itertuples()]
    return f"Customers who reach each stage, from first to last: {'; '.join(told)}."
