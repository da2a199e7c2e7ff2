"""Sentences on what moves a metric: never that it causes it, unless a comparison group earned the word effect."""

import re

import pandas as pd

from cxlib import text
from cxlib.binary import BinaryFit
from cxlib.compare import BORDERLINE, CLEAR
from cxlib.diagnostics import P
from cxlib.regressions import Regression
from cxlib.sentences.words import interval_name, wave_name

NAMED = 3  # drivers that a sentence names


def in_points(value: float, unit: str) -> str:
    """A difference with its sign and what it is counted in: +6.10 points."""
    return text.difference(value, unit) + text.UNITS[unit][3]


def interval_of(case: Regression, low: float, high: float, unit: str) -> str:
    """The interval of a difference with its confidence and name: 95% interval +4.00 to +8.20."""
    return f"{case.confidence:.0%} {interval_name(case.study)} {text.difference_interval(low, high, unit)}"


def _count(n: int, noun: str) -> str:
    return f"{text.number(n)} {noun}{'' if n == 1 else 's'}"


def when(case: Regression) -> str:
    """The wave as a caption ends with it: " in 2026-H2"; empty without waves."""
    return f" in {wave_name(case.wave)}" if case.wave else ""


def base(case: Regression, table: pd.DataFrame) -> dict[str, str]:
    """Who is looked at, what is explained, and how many answers are lacking."""
    lacking = table.sort_values("n").iloc[0]
    never = int(table["never_used"].sum())
    say = "answer says" if never == 1 else "answers say"
    apart = f" {text.number(never)} {say} that something was never used, kept apart from blanks." if never else ""
    names = text.join([case.study.label(name) for name in case.left_out])
    left = f" Left out, since no two answers to it differ: {names}." if names else ""
    return {
        "base": f"{_count(len(case.frame), 'respondent')}{when(case)}; {case.label} is explained by "
        f"{_count(len(case.drivers), 'driver')}. Fewest answers: {lacking['label']}, {text.number(lacking['n'])}."
        f"{apart}{left}"
    }


def importance(case: Regression, rows: pd.DataFrame) -> dict[str, str]:
    """How much all drivers account for, and which matter most and least, with ranks that are as sure as they are."""
    if rows.empty:
        return {"importance": "Importance needs two drivers that are numbers or ratings; there are fewer."}
    first = rows.iloc[0]
    whole = f"{text.number(first['r_squared'], 'percent')}"
    if "r_squared_low" in rows and pd.notna(first["r_squared_low"]):
        between = text.interval(first["r_squared_low"], first["r_squared_high"], "percent")
        whole += f" ({case.confidence:.0%} {interval_name(case.study)} {between})"
    named = [
        f"{row.label} ({text.number(row.percent, 'percent')} of that; rank {row.rank:.0f}{_ranks(row)})"
        for row in rows.head(min(NAMED, len(rows) - 1)).itertuples()
    ]
    last = rows.iloc[-1]
    which = "the drivers" if len(rows) == len(case.drivers) else f"the {len(rows)} drivers that are numbers"
    return {
        "importance": f"Together {which} account for {whole} of how the answers to {case.label} differ. Most goes with "
        f"{text.join(named)}; least with {last['label']} ({text.number(last['percent'], 'percent')}; rank "
        f"{last['rank']:.0f}{_ranks(last)}). This is association: what goes together need not move together."
    }


def _ranks(row) -> str:
    """What other ranks a driver may have; nothing without bootstrap samples."""
    if pd.isna(row.rank_low):
        return ""
    low, high = f"{row.rank_low:.0f}", f"{row.rank_high:.0f}"
    return ", no other is likely" if low == high else f", it may be {low} to {high}"


def treatments(rows: pd.DataFrame) -> dict[str, str]:
    """How far the ranking depends on what is done about missing answers."""
    if rows.empty:
        return {}
    widest = rows.loc[rows["moved"].idxmax()]
    complete = f"{text.number(rows['n_listwise'].iloc[0])} of {text.number(rows['n'].iloc[0])}"
    moved = (
        f"no rank moves when missing answers are treated in another way; {complete} answered everything"
        if widest["moved"] == 0
        else f"with missing answers treated in another way ranks move by up to {widest['moved']:.0f} "
        f"({widest['label']}); "
        f"only {complete} answered everything"
    )
    return {"treatments": f"{moved[0].upper()}{moved[1:]}."}


def effects(case: Regression, fit, rows: pd.DataFrame) -> dict[str, str]:
    """What one more point goes with, the clearest first; what separates is named instead of counted."""
    found = {}
    if isinstance(fit, BinaryFit) and fit.separation:
        said = _in_labels(case, fit.separation)
        found["separation"] = f"{said[0].upper()}{said[1:].rstrip('.')}. No size of it is to be quoted."
    known = rows.dropna(subset=["estimate"])
    if known.empty:
        return found
    clear = known[(known["low"] > 0) | (known["high"] < 0)]
    clear = clear.reindex((clear["estimate"] / clear["se"]).abs().sort_values(ascending=False).index)
    told = [
        f"{_more_of(case, row)} goes with "
        f"{in_points(row.estimate, row.unit)} "
        f"of {case.label} ({interval_of(case, row.low, row.high, row.unit)})"
        for row in clear.head(NAMED).itertuples()
    ]
    lead = "; ".join(told) if told else "no driver's interval leaves out 0"
    chance = text.number((1 - case.confidence) * len(known), digits=1)
    found["effects"] = (
        f"{lead[0].upper()}{lead[1:]}. With the other drivers alike {len(clear)} of {len(known)} intervals leave out "
        f"0; by chance {chance} would. Base {text.number(known['n'].iloc[0])}, who answered everything."
    )
    return found


def _more_of(case: Regression, row) -> str:
    """What goes with an effect: one more point on a rating, 1,000 more of an income, or a category as such."""
    if row.term not in case.numeric:
        return row.label
    return f"one more point on {row.label}" if row.step == 1 else f"{row.step:,} more of {case.study.label(row.term)}"


def _in_labels(case: Regression, sentence: str) -> str:
    """A sentence on columns, in which drivers bear their labels and the outcome its name.

    Drivers stand at its beginning, or where it lists what separates.
    """
    names = "|".join(re.escape(name) for name in sorted(case.drivers, key=len, reverse=True))
    labelled = re.sub(
        rf"(^|separation: (?:together )?|; )({names})(?=[ ;])",
        lambda found: found[1] + case.study.label(found[2]),
        sentence,
    )
    event = " 1" if case.metric is None else ""
    return re.sub(rf" sorts {re.escape(case.outcome)}{event}\b", lambda found: f" sorts {case.label}", labelled)


def odds(rows: pd.DataFrame) -> dict[str, str]:
    """Whether one coefficient a driver is enough, and what is lost where it is not."""
    if rows.empty:
        return {}
    whole = rows[rows["driver"] == "omnibus"].iloc[0]
    if pd.isna(whole["p"]):
        return {"odds": "Whether each driver goes alike with the whole scale cannot be tested on these answers."}
    if whole["p"] > P[0]:
        return {
            "odds": "Each driver goes alike with the whole scale, as far as can be told (Brant's test, "
            f"{text.p_is(whole['p'])})."
        }
    single = rows[(rows["driver"] != "omnibus") & (rows["p"] < 0.05)]
    names = f": {text.join(list(single['label']))}" if len(single) else ""
    sure = "do" if whole["p"] <= P[1] else "may"
    return {
        "odds": f"Drivers {sure} not go alike with the whole scale (Brant's test, {text.p_is(whole['p'])}){names}. "
        "What is lost: the points told of a driver are an average over the scale; at one end of it they are more, at "
        "the other fewer."
    }


def checks(case: Regression, rows: pd.DataFrame) -> dict[str, str]:
    """How many assumptions hold, and what follows from those that do not."""
    rows = rows.assign(consequence=[_in_labels(case, sentence) for sentence in rows["consequence"]])
    bad = rows[rows["verdict"].isin(["worth a look", "does not hold"])]
    fine = int((rows["verdict"] == "no sign of trouble").sum())
    told = [
        f"{row.assumption[0].upper()}{row.assumption[1:]}: {row.verdict}. "
        f"{row.consequence[0].upper()}{row.consequence[1:]}"
        for row in bad.itertuples()
    ]
    lead = f"{fine} of {len(rows)} assumptions show no sign of trouble."
    return {"checks": " ".join([lead, *told])}


def segments(case: Regression, segment: str, rows: pd.DataFrame) -> dict[str, str]:
    """Whether a driver matters more in one group than in another."""
    if case.metric is None:
        return {"no_segment": "No segment was compared: that takes a metric, and the outcome is none."}
    if rows.empty:
        return {
            "no_segment": "No segment was compared: none is named, or in its groups there are too few respondents, or "
            "answers that are all alike, for the model."
        }
    clear = rows[rows["p_adjusted"] < CLEAR]
    near = rows[(rows["p_adjusted"] >= CLEAR) & (rows["p_adjusted"] <= BORDERLINE)]
    told = [_more(case, row) for row in clear.sort_values("p_adjusted").head(NAMED).itertuples()]
    lead = "; ".join(told) if told else "no driver matters clearly more in one group than in another"
    return {
        "segment": f"{case.study.label(segment)}: {lead}. Of {_count(len(rows), 'comparison')} {len(clear)} "
        f"{'is' if len(clear) == 1 else 'are'} more than chance explains and {len(near)} borderline (Holm's correction "
        "over all)."
    }


def _more(case: Regression, row) -> str:
    """A difference between groups, told from the side of the greater one."""
    sign, (more, less) = (1, (row.group, row.other)) if row.estimate > 0 else (-1, (row.other, row.group))
    low, high = sorted((sign * row.low, sign * row.high))
    return (
        f"{row.label} goes with {in_points(sign * row.estimate, row.unit)} more in {more} than in {less} "
        f"({interval_of(case, low, high, row.unit)}, {text.p_is(row.p_adjusted)})"
    )


def asymmetry(rows: pd.DataFrame) -> dict[str, str]:
    """Which drivers cost where they are bad, which bring where they are excellent, and how many refuse to be sorted."""
    if rows.empty:
        return {
            "no_asymmetry": "Penalty and reward are not told: that takes a metric, and bad, middling and excellent "
            "ratings of every driver."
        }
    told = []
    for kind, words in (
        ("basic", "basic (being bad costs, being excellent brings little)"),
        ("performance", "performance (both count)"),
        ("excitement", "excitement (being excellent brings, being bad costs little)"),
    ):
        names = list(rows.loc[rows["kind"] == kind, "label"])
        if names:
            told.append(f"{words}: {text.join(names)}")
    rest = int((~rows["kind"].isin(["basic", "performance", "excitement"])).sum())
    lead = "; ".join(told) if told else "no driver can be sorted"
    return {"asymmetry": f"{lead[0].upper()}{lead[1:]}. {rest} of {len(rows)} cannot be sorted, or show neither."}


def quadrants(rows: pd.DataFrame) -> dict[str, str]:
    """Where to act first, as far as the intervals allow."""
    if rows.empty:
        return {"no_map": "There is no map: it needs two rated drivers with a scale and enough answers."}
    first = list(rows.loc[rows["verdict"] == "improve first", "label"])
    maybe = list(rows.loc[rows["verdict"].str.startswith("improve first or"), "label"])
    lead = f"More important and rated lower than the average driver: {text.join(first)}" if first else (
        "No driver is clearly both more important and rated lower than the average one"
    )  # fmt: skip
    near = f". It may be so of {text.join(maybe)}" if maybe else ""
    return {"map": f"{lead}{near}."}


def alt_importance(rows: pd.DataFrame) -> str:
    """What the chart of importance shows."""
    told = [f"{row.label} {text.number(row.estimate, 'percent')}, rank {row.ranks}" for row in rows.itertuples()]
    return (
        f"Bars of each driver's share of the outcome's variance with intervals, the greatest on top: {'; '.join(told)}."
    )


def alt_effects(rows: pd.DataFrame) -> str:
    """What the chart of effects shows."""
    told = [
        f"{row.label} {in_points(row.estimate, row.unit)}" if pd.notna(row.estimate) else f"{row.label} not estimable"
        for row in rows.itertuples()
    ]
    return f"Points of the outcome that go with one more point on each driver, with intervals: {'; '.join(told)}."


def alt_asymmetry(rows: pd.DataFrame) -> str:
    """What the chart of penalties and rewards shows."""
    told = [
        f"{row.label} {text.difference(row.penalty, row.unit)} and {text.difference(row.reward, row.unit)}, {row.kind}"
        for row in rows.itertuples()
    ]
    return f"Two bars a driver, what it costs where it is bad and brings where it is excellent: {'; '.join(told)}."


def alt_map(rows: pd.DataFrame) -> str:
    """What the map of importance and performance shows."""
    told = [f"{row.label}: {row.verdict}" for row in rows.itertuples()]
    return f"Drivers by performance, across, and importance, upwards, with intervals on both: {'; '.join(told)}."
