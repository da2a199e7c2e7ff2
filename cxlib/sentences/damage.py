"""Sentences on what unhappy customers cost, which lever pays, and what would change the conclusion."""

import pandas as pd

from cxlib import text
from cxlib.damage import Damage
from cxlib.silence import Silence

FLIP_NAMES = {"rate": "flip_1", "satisfied": "flip_2"}


def currency(study) -> str:
    """The currency as a caption ends with it."""
    return f", {study.book.currency}" if study.book.currency else ""


def cost(case: Silence, found: Damage | None, fates: pd.DataFrame, risk: pd.DataFrame, why: str) -> dict[str, str]:
    """Customers lost, silent ones among them, and what they would have brought; why not, where that cannot be told."""
    if found is None:
        return {"no_cost": f"What silent customers cost is not told: {why}."} if why else {}
    rows = fates.set_index("fate")
    whole, quiet = rows.loc["all"], rows.loc["silent"]
    share = 100 * quiet["estimate"] / whole["estimate"] if whole["estimate"] > 0 else 0.0
    digits = _digits(whole["estimate"])
    between = text.interval(whole["low"], whole["high"], digits=digits)
    told = {
        "lost": f"Of all unhappy customers {text.number(whole['estimate'], digits=digits)} ({found.confidence:.0%} "
        f"interval {between}) are lost, {text.number(quiet['estimate'], digits=digits)} of them "
        f"({text.number(share, 'percent')}) silent ones, who never showed in the complaints."
    }
    if pd.notna(whole["normal"]):
        told["lost"] += (
            f" At the loss rate of customers who were not unhappy {text.number(whole['normal'], digits=digits)} of "
            "them would have left anyway."
        )
    if risk.empty:
        return told | {
            "no_value": "Their value is not told: it needs the customers' `value`, and `margin:` and `months:` in "
            "`iceberg:`."
        }
    lines, money = risk.set_index("line"), _money(case)
    given = case.study.book.iceberg
    first = lines.iloc[0]
    told["value"] = (
        f"Value at risk: {text.number(first['estimate'], 'money')}{money} ({found.confidence:.0%} interval "
        f"{text.interval(first['low'], first['high'], 'money')}), at a margin of "
        f"{text.number(100 * given.margin, 'percent')} over {given.months:g} months. Margin and months are "
        "declared, and scale it in proportion."
    )
    if given.word_of_mouth is not None:
        talk = lines.iloc[-1]
        told["word_of_mouth"] = (
            f"Word of mouth, on a line of its own: {text.number(talk['estimate'], 'money')}{money} "
            f"({text.interval(talk['low'], talk['high'], 'money')}), if each silent or dissatisfied customer tells "
            f"{given.word_of_mouth.told:g} others and {text.number(100 * given.word_of_mouth.deterred, 'percent')} of "
            "them stay away; both are declared, not measured."
        )
    return told


def _money(case: Silence) -> str:
    return f" {case.study.book.currency}" if case.study.book.currency else ""


def _digits(customers: float) -> int:
    """Decimals of a number of customers lost: a few are not told in whole ones, which would not add up."""
    return 0 if customers >= 10 else 1


def declared(rates: pd.DataFrame) -> dict[str, str]:
    """Which loss rates were stated instead of measured, and what that does to the intervals."""
    names = [str(label).lower() for label in rates.loc[rates["source"] == "declared", "label"]]
    if not names:
        return {}
    return {
        "declared_losses": f"Declared, not measured: the loss rate of {text.join(names)}. Nothing is unsure about a "
        "declared rate here: intervals, verdicts on levers and the ranking of inputs hold if it is right."
    }


def levers(case: Silence, rows: pd.DataFrame, *, complain: float, resolve: float) -> dict[str, str]:
    """What each lever saves, brings, or loses."""
    if rows.empty:
        return {}
    money = _money(case)
    cost = case.study.book.iceberg.case_cost
    what = {
        "complain": f"If {text.number(100 * complain, 'percent')} of the silent were brought to complain, with "
        "complaints ending as they do now",
        "resolve": f"If {text.number(100 * resolve, 'percent')} of the complaints that end badly ended well",
        "both": "Both together",
    }
    told = {}
    for row in rows.itertuples():
        kept = f"{text.number(row.estimate, digits=1)} ({text.interval(row.low, row.high, digits=1)})"
        verdict = {
            "saves": "",
            "loses": "; this lever loses",
            "either": "; it may save or lose, the interval holds both",
            "neither": "; it moves nothing",
        }[row.verdict]
        sentence = f"{what[row.lever]}: {text.number(row.handled)} more cases, {kept} customers kept"
        if "worth" in rows:
            less = "after" if cost else "before"
            sentence += (
                f", worth {text.number(row.worth, 'money')}{money} "
                f"({text.interval(row.worth_low, row.worth_high, 'money')}) {less} the cost of handling"
            )
        told[f"lever_{row.lever}"] = f"{sentence}{verdict}."
    return told


def flips(found: Damage | None, rows: pd.DataFrame) -> dict[str, str]:
    """At which complaint rate, and at which share of satisfied complainers, the conclusions flip."""
    if found is None:
        return {}
    told, tail = {}, 100 * (1 - found.confidence) / 2
    for row in rows.itertuples():
        sentence = (
            f"{row.what}: {text.number(row.estimate, 'percent')} ({text.interval(row.low, row.high, 'percent')}); "
            f"it is now {text.number(row.now, 'percent')}."
        )
        if tail < row.above < 100 - tail:
            sentence += " The conclusion is too close to call."
        if row.flip == "satisfied" and row.low < 0:
            sentence += " A share below 0% means that more complaints would save customers whatever becomes of them."
        if row.flip == "satisfied" and row.high > 100:
            sentence += " A share above 100% means that more complaints would lose customers whatever becomes of them."
        told[FLIP_NAMES[row.flip]] = sentence
    if FLIP_NAMES["satisfied"] not in told:
        told[FLIP_NAMES["satisfied"]] = (
            "At which share of satisfied complainers more complaints would save customers cannot be told: satisfied "
            "complainers are not known to leave less than the others."
        )
    return told


def swings(rows: pd.DataFrame) -> dict[str, str]:
    """Which input moves the number of lost customers most; nothing where none moves it."""
    if rows.empty or not rows["swing"].any():
        return {}
    first, second = rows.iloc[0], rows.iloc[1]
    runs = [text.interval(row["at_low"], row["at_high"], digits=_digits(row["total"])) for row in (first, second)]
    return {
        "swing": f"{first['input']} matters most: between {first['low_text']} and {first['high_text']} the customers "
        f"lost run from {runs[0]}. Next comes {second['input'][0].lower()}{second['input'][1:]} ({runs[1]})."
    }


def alt_flow(fates: pd.DataFrame) -> str:
    """What the flow from unhappy to lost shows."""
    if fates.empty:
        return ""
    told = [
        f"{row.label.lower()} {text.number(row.customers)}, {text.number(row.estimate)} lost"
        for row in fates.itertuples()
        if row.fate != "all"
    ]
    return (
        f"Bands from all unhappy customers to those who stayed and those who left, heights to scale: {'; '.join(told)}."
    )


def alt_tornado(rows: pd.DataFrame) -> str:
    """What the one-way sensitivity shows."""
    told = [f"{row.input} {text.number(row.at_low)} to {text.number(row.at_high)}" for row in rows.itertuples()]
    return f"Bars of customers lost at either end of each input's interval, the widest first: {'; '.join(told)}."


def alt_two_way(rows: pd.DataFrame) -> str:
    """What the two-way sensitivity shows."""
    if rows.empty:
        return ""
    least, most = (text.number(value) for value in (rows["value"].min(), rows["value"].max()))
    now = text.number(rows.loc[rows["here"], "value"].iloc[0])
    return (
        "A table shaded by customers lost, complaint rate across and loss rate of the silent down: "
        f"from {least} to {most}, {now} as things are now."
    )
