"""Sentences on what unhappy customers cost, which lever pays, and what would change the conclusion."""

import pandas as pd

from cxlib import text
from cxlib.damage import Damage
from cxlib.language import digits, tr, tr_n
from cxlib.silence import Silence
from cxlib.suppression import LEAST

FLIP_NAMES = {"rate": "flip_1", "satisfied": "flip_2"}


def in_currency(what: str, study) -> str:
    """What a caption names, and the currency that it is in: Value at risk, VND."""
    return tr("{what}, {currency}", what=what, currency=study.book.currency) if study.book.currency else what


def cost(case: Silence, found: Damage | None, fates: pd.DataFrame, risk: pd.DataFrame, why: str) -> dict[str, str]:
    """Customers lost, silent ones among them, and what they would have brought; why not, where that cannot be told."""
    if found is None:
        return {"no_cost": tr("What silent customers cost is not told: {why}.", why=why)} if why else {}
    told = {"lost": _lost(found, fates.set_index("fate"))} | _together(found)
    if risk.empty:
        return told | {
            "no_value": tr(
                "Their value is not told: it needs the customers' `value`, and `margin:` and `months:` in `iceberg:`."
            )
        }
    given, first = case.study.book.iceberg, risk.iloc[0]
    told["value"] = tr(
        "Value at risk: {value} ({interval}), at a margin of {margin} over {months} months. Margin and months are "
        "declared, and scale it in proportion.",
        value=_money(case, first["estimate"]),
        interval=text.with_confidence(text.interval(first["low"], first["high"], "money"), found.confidence),
        margin=text.number(100 * given.margin, "percent"),
        months=digits(f"{given.months:g}"),
    )
    if given.word_of_mouth is not None and not found.few:
        talk = risk.iloc[-1]
        told["word_of_mouth"] = tr(
            "Word of mouth, on a line of its own: {value} ({interval}), if each silent or dissatisfied customer tells "
            "{told} others and {deterred} of them stay away; both are declared, not measured.",
            value=_money(case, talk["estimate"]),
            interval=text.interval(talk["low"], talk["high"], "money"),
            told=digits(f"{given.word_of_mouth.told:g}"),
            deterred=text.number(100 * given.word_of_mouth.deterred, "percent"),
        )
    return told


def _together(found: Damage) -> dict[str, str]:
    """That the ends of complaints are not told apart, where they are not."""
    if not found.few:
        return {}
    return {
        "together": tr(
            "Complainers are told of together: one end of their complaints, or who left after it, counts fewer than "
            "{least}. What levers bring, and where conclusions flip, rests on these numbers and is not told.",
            least=text.number(LEAST),
        )
    }


def _lost(found: Damage, rows: pd.DataFrame) -> str:
    """How many are lost, of them silent, and how many of them would have left anyway."""
    whole, quiet = rows.loc["all"], rows.loc["silent"]
    share = 100 * quiet["estimate"] / whole["estimate"] if whole["estimate"] > 0 else 0.0
    places = _places(whole["estimate"])
    between = text.interval(whole["low"], whole["high"], digits=places)
    told = tr(
        "Of all unhappy customers {lost} ({interval}) are lost, {silent} of them ({share}) silent ones, who never "
        "showed in the complaints.",
        lost=text.number(whole["estimate"], digits=places),
        interval=text.with_confidence(between, found.confidence),
        silent=text.number(quiet["estimate"], digits=places),
        share=text.number(share, "percent"),
    )
    if pd.isna(whole["normal"]):
        return told
    anyway = tr(
        "At the loss rate of customers who were not unhappy {number} of them would have left anyway.",
        number=text.number(whole["normal"], digits=places),
    )
    return f"{told} {anyway}"


def _money(case: Silence, value: float) -> str:
    return f"{text.number(value, 'money')} {case.study.book.currency or ''}".strip()


def _places(customers: float) -> int:
    """Decimals of a number of customers lost: a few are not told in whole ones, which would not add up."""
    return 0 if customers >= 10 else 1


def declared(rates: pd.DataFrame) -> dict[str, str]:
    """Which loss rates were stated instead of measured, and what that does to the intervals."""
    names = [tr(label).lower() for label in rates.loc[rates["source"] == "declared", "label"]]
    if not names:
        return {}
    return {
        "declared_losses": tr(
            "Declared, not measured: the loss rate of {fates}. Nothing is unsure about a declared rate here: "
            "intervals, verdicts on levers and the ranking of inputs hold if it is right.",
            fates=text.join(names),
        )
    }


def assumed(rates: pd.DataFrame) -> dict[str, str]:
    """Which loss rates were assumed for this run, and how high; nothing where none was."""
    told = [
        tr("{fate} {rate}", fate=tr(row.label).lower(), rate=text.number(row.estimate, "percent"))
        for row in rates[rates["source"] == "assumed"].itertuples()
    ]
    if not told:
        return {}
    return {
        "assumed_losses": tr(
            "Assumed for this run, not measured: loss rates of {rates}. Customers lost, their value and the levers "
            "follow from them, and their intervals hold if they are right.",
            rates=text.join(told),
        )
    }


def levers(case: Silence, rows: pd.DataFrame, *, complain: float, resolve: float) -> dict[str, str]:
    """What each lever saves, brings, or loses."""
    if rows.empty:
        return {}
    what = {
        "complain": tr(
            "If {share} of the silent were brought to complain, with complaints ending as they do now",
            share=text.number(100 * complain, "percent"),
        ),
        "resolve": tr(
            "If {share} of the complaints that end badly ended well", share=text.number(100 * resolve, "percent")
        ),
        "both": tr("Both together"),
    }
    told = {}
    for row in rows.itertuples():
        given = {"lever": what[row.lever], "outcome": _outcome(case, row)}
        told[f"lever_{row.lever}"] = {
            "saves": tr("{lever}: {outcome}.", **given),
            "loses": tr("{lever}: {outcome}; this lever loses.", **given),
            "either": tr("{lever}: {outcome}; it may save or lose, the interval holds both.", **given),
            "neither": tr("{lever}: {outcome}; it moves nothing.", **given),
        }[row.verdict]
    return told


def _outcome(case: Silence, row) -> str:
    """What a lever takes and keeps, and what that is worth where the value of a customer is known."""
    given = {
        "cases": tr_n("{n} more case", "{n} more cases", row.handled),
        "kept": text.number(row.estimate, digits=1),
        "interval": text.interval(row.low, row.high, digits=1),
    }
    if not hasattr(row, "worth"):
        return tr("{cases}, {kept} ({interval}) customers kept", **given)
    given |= {"worth": _money(case, row.worth), "range": text.interval(row.worth_low, row.worth_high, "money")}
    if case.study.book.iceberg.case_cost:
        return tr(
            "{cases}, {kept} ({interval}) customers kept, worth {worth} ({range}) after the cost of handling", **given
        )
    return tr(
        "{cases}, {kept} ({interval}) customers kept, worth {worth} ({range}) before the cost of handling", **given
    )


def flips(found: Damage | None, rows: pd.DataFrame) -> dict[str, str]:
    """At which complaint rate, and at which share of satisfied complainers, the conclusions flip."""
    if found is None or found.few:
        return {}
    told = {FLIP_NAMES[row.flip]: _flip(row, found.confidence) for row in rows.itertuples()}
    if FLIP_NAMES["satisfied"] not in told:
        told[FLIP_NAMES["satisfied"]] = tr(
            "At which share of satisfied complainers more complaints would save customers cannot be told: satisfied "
            "complainers are not known to leave less than the others."
        )
    return told


def _flip(row, confidence: float) -> str:
    tail = 100 * (1 - confidence) / 2
    sentences = [
        tr(
            "{what}: {value} ({interval}); it is now {now}.",
            what=tr(row.what),
            value=text.number(row.estimate, "percent"),
            interval=text.interval(row.low, row.high, "percent"),
            now=text.number(row.now, "percent"),
        )
    ]
    if tail < row.above < 100 - tail:
        sentences.append(tr("The conclusion is too close to call."))
    if row.flip == "satisfied" and row.low < 0:
        sentences.append(
            tr("A share below 0% means that more complaints would save customers whatever becomes of them.")
        )
    if row.flip == "satisfied" and row.high > 100:
        sentences.append(
            tr("A share above 100% means that more complaints would lose customers whatever becomes of them.")
        )
    return " ".join(sentences)


def swings(rows: pd.DataFrame) -> dict[str, str]:
    """Which input moves the number of lost customers most; nothing where none moves it."""
    if rows.empty or not rows["swing"].any():
        return {}
    first, second = rows.iloc[0], rows.iloc[1]
    runs = [text.interval(row["at_low"], row["at_high"], digits=_places(row["total"])) for row in (first, second)]
    following = tr(second["input"])
    return {
        "swing": tr(
            "{input} matters most: between {low} and {high} the customers lost run from {range}. Next comes {second} "
            "({second_range}).",
            input=tr(first["input"]),
            low=first["low_text"],
            high=first["high_text"],
            range=runs[0],
            second=following[0].lower() + following[1:],
            second_range=runs[1],
        )
    }


def alt_flow(fates: pd.DataFrame) -> str:
    """What the flow from unhappy to lost shows."""
    if fates.empty:
        return ""
    told = [
        tr(
            "{fate} {customers}, {lost} lost",
            fate=tr(row.label).lower(),
            customers=text.number(row.customers),
            lost=text.number(row.estimate),
        )
        for row in fates.itertuples()
        if row.fate != "all"
    ]
    return tr(
        "Bands from all unhappy customers to those who stayed and those who left, heights to scale: {fates}.",
        fates="; ".join(told),
    )


def alt_tornado(rows: pd.DataFrame) -> str:
    """What the one-way sensitivity shows."""
    told = [f"{tr(row.input)} {text.interval(row.at_low, row.at_high)}" for row in rows.itertuples()]
    return tr(
        "Bars of customers lost at either end of each input's interval, the widest first: {inputs}.",
        inputs="; ".join(told),
    )


def alt_two_way(rows: pd.DataFrame) -> str:
    """What the two-way sensitivity shows."""
    if rows.empty:
        return ""
    return tr(
        "A table shaded by customers lost, complaint rate across and loss rate of the silent down: from {least} to "
        "{most}, {now} as things are now.",
        least=text.number(rows["value"].min()),
        most=text.number(rows["value"].max()),
        now=text.number(rows.loc[rows["here"], "value"].iloc[0]),
    )
