"""Sentences on personas: how many there are, what sets them apart, whom to win, and how a customer is placed."""

import pandas as pd

from cxlib import text
from cxlib.people import ALL, People
from cxlib.persona_facts import customers
from cxlib.personas import patterns
from cxlib.sentences.words import count, interval_name

NAMED = 3


def found(case: People, made) -> dict[str, str]:
    """Whether there are personas, how many, and how sure that is."""
    if made.choices.empty:
        return {"personas": f"{made.verdict[0].upper()}{made.verdict[1:]}."}
    tried = [int(k) for k in made.choices["k"]]
    whole = len(tried) > 2 and tried == list(range(tried[0], tried[-1] + 1))
    span = f"{tried[0]} to {tried[-1]}" if whole else text.join([str(k) for k in tried])
    classes = "class was" if tried == [1] else "classes were"
    who = "respondent" if case.table == "survey" else "customer"
    lead = f"Of {count(len(case.frame), who)}, {span} {classes} tried"
    if made.k == 1:
        return {"personas": f"{lead}. {_none(made, tried)}. So there are no persona cards here."}
    row = made.choices.set_index("k").loc[made.k]
    last = made.k == tried[-1] and made.k < patterns(case.frame, case.columns)
    more = " It is the largest number that was tried: more may fit better." if last else ""
    return {
        "personas": f"{lead}; {made.k} fit best: least BIC of those that are large and stable enough. The classes come "
        f"back in other samples with a Jaccard similarity of {text.number(row['stability'], 'ratio')} on average and "
        f"{text.number(row['least_stable'], 'ratio')} at least (1: the same people); people are placed with an entropy "
        f"of {text.number(row['entropy'], 'ratio')} (1: without a doubt).{more}"
    }


def _none(made, tried: list[int]) -> str:
    """Why there are no personas, as far as numbers of them were compared."""
    if tried == [1]:
        return "It was compared with no other number, so whether there are segments is not known"
    if len(tried) == 2 and made.choices["bic"].idxmin() == made.choices.index[made.choices["k"] == 1][0]:
        return f"No segments: one class for all has a lower BIC than {tried[1]} classes; no other number was compared"
    return f"{made.verdict[0].upper()}{made.verdict[1:]}"


def sizes(case: People, rows: pd.DataFrame) -> dict[str, str]:
    """The personas by size."""
    if len(rows) < 2:
        return {}
    told = [
        f"{row.persona}, {text.number(row.estimate, 'percent')} ({text.interval(row.low, row.high, 'percent')})"
        for row in rows.itertuples()
    ]
    share = "weighted share" if case.design.get("weights") else "share"
    how = f"{share} of all, {case.confidence:.0%} {interval_name(case.study)}s"
    return {"sizes": f"From the largest to the smallest ({how}): {'; '.join(told)}."}


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
            told[name] = f"{label} does not differ: {alike} in each of {len(part)} personas."
            continue
        ends = [
            f"{text.with_base(text.number(row['estimate'], row['unit']), row['n'], case.minimum_base)} "
            f"({_between(row, row['unit'])}) in {row['persona']}"
            for row in (low, high)
        ]
        told[name] = (
            f"{label}: from {ends[0]} to {ends[1]}; the ends of {len(part)} personas, not adjusted for the search."
        )
    return told


def _between(row, unit: str, named: str = "") -> str:
    """An interval, after what it is called; in words where there is none, as of a single cluster."""
    return "no interval" if pd.isna(row["low"]) else f"{named}{text.interval(row['low'], row['high'], unit)}"


def market(case: People, rows: pd.DataFrame, scope: float) -> dict[str, str]:
    """The largest target market; or why none is reckoned."""
    if "kind" not in rows:
        return {"no_market": "No value of a customer is known: `personas: value:` in study.yml names the question."}
    if rows.empty:  # there are no personas
        return {}
    whole = rows[(rows["kind"] == "Target market") & rows["estimate"].notna()]
    currency = case.study.book.currency or ""
    if whole.empty:
        return {"no_market": f"No target market is reckoned: {_no_market(case, scope)}."}
    best = whole.loc[whole["estimate"].idxmax()]
    share = text.number(100 * (scope or case.study.book.personas.scope), "percent")
    named = f"{case.confidence:.0%} {interval_name(case.study)} "
    number = text.with_base(text.number(best["estimate"], "money"), best["n"], case.minimum_base)
    worth = f"{number} {currency}".strip()
    lead = "The largest target market is" if best["estimate"] > 0 else "No target market is above 0; the highest is"
    return {
        "market": f"{lead} {best['persona']}: {worth} "
        f"({_between(best, 'money', named)}), if "
        f"{share} of it can be reached, as declared."
    }


def _no_market(case: People, scope: float) -> str:
    """What a target market lacks."""
    needs = []
    if not customers(case):
        needs.append("the number of customers (`population:` in study.yml)")
    if not (scope or case.study.book.personas.scope):
        needs.append("`personas: scope:`, the share of a persona that can be reached")
    few = f"of each persona fewer than {case.minimum_base} people have a known value"
    return f"it needs {text.join(needs)}" if needs else few


def placement(case: People, form) -> dict[str, str]:
    """How few questions place a customer, and how well."""
    if form is None:
        return {}
    row = form.accuracy.iloc[-1]
    names = [case.study.label(name, case.table) for name in form.questions]
    several = f"{len(names)} questions ({text.join(names)}) place"
    lead = f"One question ({names[0]}) places" if len(names) == 1 else several
    every = "all answers" if len(case.questions) == 1 else f"all {len(case.questions)}"
    named = f"{case.confidence:.0%} {interval_name(case.study)} "
    return {
        "placement": f"{lead} a customer as {every} do for {text.number(row['estimate'], 'percent')} of people held "
        f"out ({_between(row, 'percent', named)})."
    }


def differences(case: People, group: str, rows: pd.DataFrame, *, name: str) -> dict[str, str]:
    """What sets one group apart from the rest, the clearest first."""
    if rows.empty:
        return {}
    own = rows[(rows["group"] == group) & ~rows["formed"] & rows["p_corrected"].notna()]
    if own.empty:
        return {}
    clear = own[own["p_corrected"] < 1 - case.confidence].copy()
    clear["_far"] = (clear["difference"] / clear["se"]).abs()
    told = [
        f"{row.attribute}{f', {row.answer}' if row.answer else ''}: {text.number(row.share, _unit(row))} against "
        f"{text.number(row.share_other, _unit(row))} "
        f"(difference {text.difference_interval(row.difference_low, row.difference_high, _unit(row))})"
        for row in clear.sort_values("_far", ascending=False, kind="stable").head(NAMED).itertuples()
    ]
    lead = "; ".join(told) if told else "nothing that was tested is more than chance"
    are = "is" if len(clear) == 1 else "are"
    tested = f"{len(clear)} of {count(len(own), 'tested row')} {are} more than chance explains (corrected)"
    return {name: f"{group} against {own['other'].iloc[0]}: {lead}. {tested}."}


def _unit(row) -> str:
    return row.unit if row.unit in text.UNITS else "score"


def alt_choice(made) -> str:
    """What the chart of the number of personas shows."""
    told = [f"{row.k}: BIC {row.bic:,.0f}" for row in made.choices.itertuples()]
    return f"BIC, stability and smallest class by number of personas; {made.k} chosen. {'; '.join(told)}."


def alt_apart(made) -> str:
    """What the heat map of personas shows."""
    told = [f"{i} {name}" for i, name in enumerate(made.names, 1)]
    return f"Shares of the answers that set the personas apart, a column a persona: {'; '.join(told)}."


def alt_profile(rows: pd.DataFrame) -> str:
    """What the chart of a profile shows."""
    if rows.empty:
        return "No profile."
    far = rows.dropna(subset=["index"]).copy()
    far["_far"] = (far["index"] - 100).abs()
    top = far.sort_values("_far", ascending=False, kind="stable").head(NAMED)
    told = [f"{row.group}: {row.attribute} {row.answer}, index {row.index_:.0f}" for row in _indexed(top)]
    return f"Index of each attribute against all (100 as in the total); furthest: {'; '.join(told)}."


def _indexed(rows: pd.DataFrame):
    return rows.rename(columns={"index": "index_"}).itertuples()


def profile_title(case: People, by: str, rows: pd.DataFrame) -> str:
    """The title of the chart of other groups: one against another, or all of a question."""
    if rows.empty:
        return ""
    if rows["group"].nunique() == 1:
        return f"{rows['group'].iloc[0]} against {rows['other'].iloc[0]}"
    return f"Groups of {case.study.label(by, case.table)}"
