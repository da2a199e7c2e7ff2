"""Sentences on personas: how many there are, what sets them apart, whom to win, and how a customer is placed."""

import pandas as pd

from cxlib import text
from cxlib.language import noted, tr, tr_n
from cxlib.people import ALL, People
from cxlib.persona_facts import TARGET_MARKET, customers
from cxlib.personas import patterns
from cxlib.sentences.words import interval, interval_name

# The intervals of several numbers, by what each may be called.
INTERVALS = {
    "interval": noted("{confidence} intervals"),
    "model-based interval": noted("{confidence} model-based intervals"),
}


def found(case: People, made) -> dict[str, str]:
    """Whether there are personas, how many, and how sure that is."""
    if made.choices.empty:
        return {"personas": _verdict(made)}
    tried = [int(k) for k in made.choices["k"]]
    whole = len(tried) > 2 and tried == list(range(tried[0], tried[-1] + 1))
    span = tr("{low} to {high}", low=tried[0], high=tried[-1]) if whole else text.join([str(k) for k in tried])
    count = len(case.frame)
    respondents = case.table == "survey"
    who = (
        tr_n("{n} respondent", "{n} respondents", count)
        if respondents
        else tr_n("{n} customer", "{n} customers", count)
    )
    if made.k == 1:
        lead = tr("Of {people}, {tried} classes were tried.", people=who, tried=span)
        lead = tr("Of {people}, 1 class was tried.", people=who) if tried == [1] else lead
        return {"personas": f"{lead} {_none(made, tried)} {tr('So there are no persona cards here.')}"}
    row = made.choices.set_index("k").loc[made.k]
    told = [
        tr(
            "Of {people}, {tried} classes were tried; {k} fit best: least BIC of those that are large and stable "
            "enough.",
            people=who,
            tried=span,
            k=made.k,
        ),
        tr(
            "The classes come back in other samples with a Jaccard similarity of {mean} on average and {least} at "
            "least (1: the same people); people are placed with an entropy of {entropy} (1: without a doubt).",
            mean=text.number(row["stability"], "ratio"),
            least=text.number(row["least_stable"], "ratio"),
            entropy=text.number(row["entropy"], "ratio"),
        ),
    ]
    if made.k == tried[-1] and made.k < patterns(case.frame, case.columns):
        told.append(tr("It is the largest number that was tried: more may fit better."))
    return {"personas": " ".join(told)}


def _none(made, tried: list[int]) -> str:
    """Why there are no personas, as far as numbers of them were compared."""
    if tried == [1]:
        return tr("It was compared with no other number, so whether there are segments is not known.")
    if len(tried) == 2 and made.choices["bic"].idxmin() == made.choices.index[made.choices["k"] == 1][0]:
        return tr(
            "No segments: one class for all has a lower BIC than {k} classes; no other number was compared.", k=tried[1]
        )
    return _verdict(made)


def _verdict(made) -> str:
    """Why there are no personas, as a sentence."""
    return f"{made.verdict[0].upper()}{made.verdict[1:]}."


def sizes(case: People, rows: pd.DataFrame) -> dict[str, str]:
    """The personas by size."""
    if len(rows) < 2:
        return {}
    told = [
        f"{row.persona}, {text.number(row.estimate, 'percent')} ({text.interval(row.low, row.high, 'percent')})"
        for row in rows.itertuples()
    ]
    lead = tr(
        "From the largest to the smallest ({share}, {intervals}): {personas}.",
        share=tr("weighted share of all") if case.design.get("weights") else tr("share of all"),
        intervals=tr(INTERVALS[interval_name(case.study)], confidence=f"{case.confidence:.0%}"),
        personas="; ".join(told),
    )
    return {"sizes": lead}


def scores(case: People, rows: pd.DataFrame) -> dict[str, str]:
    """Between which personas a metric runs furthest apart."""
    told = {}
    for label, part in rows[rows["persona"] != ALL].dropna(subset=["estimate"]).groupby("label", sort=False):
        if len(part) < 2:
            continue
        low, high = part.loc[part["estimate"].idxmin()], part.loc[part["estimate"].idxmax()]
        name, alike = f"persona_{part['question'].iloc[0]}", text.number(low["estimate"], low["unit"])
        if alike == text.number(high["estimate"], high["unit"]):
            alike = text.with_base(alike, part["n"].min(), case.minimum_base)
            told[name] = tr(
                "{metric} does not differ: {value} in each of {n} personas.", metric=label, value=alike, n=len(part)
            )
            continue
        ends = [
            tr(
                "{value} ({interval}) in {persona}",
                value=text.with_base(text.number(row["estimate"], row["unit"]), row["n"], case.minimum_base),
                interval=_between(row, row["unit"]),
                persona=row["persona"],
            )
            for row in (low, high)
        ]
        told[name] = tr(
            "{metric}: from {least} to {most}; the ends of {n} personas, not adjusted for the search.",
            metric=label,
            least=ends[0],
            most=ends[1],
            n=len(part),
        )
    return told


def _between(row, unit: str) -> str:
    """An interval; in words where there is none, as of a single cluster."""
    return tr("no interval") if pd.isna(row["low"]) else text.interval(row["low"], row["high"], unit)


def _called(case: People, row, unit: str) -> str:
    """An interval with its confidence and what it may be called; in words where there is none."""
    between = _between(row, unit)
    return between if pd.isna(row["low"]) else interval(case.study, case.confidence, between)


def market(case: People, rows: pd.DataFrame, scope: float) -> dict[str, str]:
    """The largest target market; or why none is reckoned."""
    if "kind" not in rows:
        return {"no_market": tr("No value of a customer is known: `personas: value:` in study.yml names the question.")}
    if rows.empty:  # there are no personas
        return {}
    whole = rows[(rows["kind"] == TARGET_MARKET) & rows["estimate"].notna()]
    currency = case.study.book.currency or ""
    if whole.empty:
        return {"no_market": _no_market(case, scope)}
    best = whole.loc[whole["estimate"].idxmax()]
    share = text.number(100 * (scope or case.study.book.personas.scope), "percent")
    number = text.with_base(text.number(best["estimate"], "money"), best["n"], case.minimum_base)
    told = {
        "persona": best["persona"],
        "worth": f"{number} {currency}".strip(),
        "interval": _called(case, best, "money"),
        "share": share,
    }
    if best["estimate"] > 0:
        return {
            "market": tr(
                "The largest target market is {persona}: {worth} ({interval}), if {share} of it can be reached, as "
                "declared.",
                **told,
            )
        }
    return {
        "market": tr(
            "No target market is above 0; the highest is {persona}: {worth} ({interval}), if {share} of it can be "
            "reached, as declared.",
            **told,
        )
    }


def _no_market(case: People, scope: float) -> str:
    """What a target market lacks."""
    needs = []
    if not customers(case):
        needs.append(tr("the number of customers (`population:` in study.yml)"))
    if not (scope or case.study.book.personas.scope):
        needs.append(tr("`personas: scope:`, the share of a persona that can be reached"))
    if needs:
        return tr("No target market is reckoned: it needs {needs}.", needs=text.join(needs))
    return tr(
        "No target market is reckoned: of each persona fewer than {base} people have a known value.",
        base=case.minimum_base,
    )


def placement(case: People, form) -> dict[str, str]:
    """How few questions place a customer, and how well."""
    if form is None:
        return {}
    row = form.accuracy.iloc[-1]
    names = [case.study.label(name, case.table) for name in form.questions]
    told = {"share": text.number(row["estimate"], "percent"), "interval": _called(case, row, "percent")}
    if len(case.questions) == 1:
        sentence = tr(
            "One question ({question}) places a customer as all answers do for {share} of people held out "
            "({interval}).",
            question=names[0],
            **told,
        )
    elif len(names) == 1:
        sentence = tr(
            "One question ({question}) places a customer as all {all} do for {share} of people held out ({interval}).",
            question=names[0],
            all=len(case.questions),
            **told,
        )
    else:
        sentence = tr(
            "{n} questions ({questions}) place a customer as all {all} do for {share} of people held out ({interval}).",
            n=len(names),
            questions=text.join(names),
            all=len(case.questions),
            **told,
        )
    return {"placement": sentence}


def alt_choice(made) -> str:
    """What the chart of the number of personas shows."""
    told = [f"{row.k}: BIC {text.number(row.bic)}" for row in made.choices.itertuples()]
    return tr(
        "BIC, stability and smallest class by number of personas; {k} chosen. {numbers}.",
        k=made.k,
        numbers="; ".join(told),
    )


def alt_apart(made) -> str:
    """What the heat map of personas shows."""
    told = [f"{i} {name}" for i, name in enumerate(made.names, 1)]
    return tr(
        "Shares of the answers that set the personas apart, a column a persona: {personas}.", personas="; ".join(told)
    )
