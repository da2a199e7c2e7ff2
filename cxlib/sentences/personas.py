"""Sentences on personas: how many there are, what sets them apart, whom to win, and how a customer is placed."""

import pandas as pd

from cxlib import text
from cxlib.people import ALL, People
from cxlib.persona_facts import customers
from cxlib.personas import patterns
from cxlib.sentences.words import count, interval_name

NAMED = 3
# What a card says, in the study's language; in a Vietnamese study the label of an answer is Vietnamese already.
CARD = {
    "en": {
        "complaint": "{subject}: {answer}, {share} of their recorded complaints.",
        "pain": "{label}: rated {rating}, the most below other customers ({difference}).",
        "driver": "{label} goes with {metric} the most ({ranks}).",
        "ranks": "rank {low} to {high}",
        "rank": "clearly rank {low}",
        "action": "Improve {label}: among what may matter most to them, it is rated lowest ({rating}).",
        "reach": "Reach them through {label}, which {share} of them use.",
    },
    "vi": {
        "complaint": "{subject}: {answer}, {share} số phàn nàn được ghi nhận của họ.",
        "pain": "{label}: điểm {rating}, thấp hơn khách hàng khác nhiều nhất ({difference}).",
        "driver": "{label} gắn với {metric} nhiều nhất ({ranks}).",
        "ranks": "hạng {low} đến {high}",
        "rank": "rõ ràng hạng {low}",
        "action": "Cải thiện {label}: trong những điều có thể quan trọng nhất với họ, điểm này thấp nhất ({rating}).",
        "reach": "Tiếp cận họ qua {label}: {share} số họ dùng.",
    },
}


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


def leads(case: People, found) -> dict[str, str]:
    """What the lead score is worth, what earns most points, and how many prospects are worth a call."""
    if found.score is None:
        return {"no_leads": f"There is no lead score: {found.why_not}."}
    told = {"leads": f"{found.score.reason.rstrip('.')}."}
    points = found.score.points
    best = points[points["points"] > 0].sort_values("points", ascending=False, kind="stable").head(NAMED)
    if len(best) and found.score.useful:
        earned = [f"{row.label}: {row.answer} ({text.number(row.points, sign=True)})" for row in best.itertuples()]
        told["lead_points"] = f"Most points are earned by {text.join(earned)}."
    if len(found.prospects):
        told["prospects"] = f"{_prospects(case, found.prospects)} `cx leads` lists them."
    return told


def _prospects(case: People, rows: pd.DataFrame) -> str:
    """How many prospects are likely to become ideal customers, of those that no rule leaves out."""
    judged = rows[~rows["excluded"]]
    out = len(rows) - len(judged)
    barred = f"{count(out, 'prospect')} {'is' if out == 1 else 'are'} left out by the rules" if out else ""
    if judged.empty:
        return f"No prospect is judged: {barred}."
    barred = f"; {barred}" if barred else ""
    if len(judged) < case.minimum_base:
        are = "is" if len(judged) == 1 else "are"
        return f"{count(len(judged), 'prospect')} {are} too few to judge as a group{barred}."
    likely = int((judged["chance"] >= 50).sum())
    what = "is more likely than not to become an ideal customer"
    what = what if likely == 1 else "are more likely than not to become ideal customers"
    return f"{text.number(likely)} of {count(len(judged), 'prospect')} {what}{barred}."


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


def cards(case: People, sizes: pd.DataFrame, *, complaints, pains, drivers, traits) -> dict[str, dict[str, str]]:
    """What each persona's card says in words: complaint (or pain), driver and what to do, by persona."""
    words, told = CARD[case.study.book.language], {}
    for row in sizes.itertuples():
        own = drivers[drivers["persona"] == row.persona]
        said = {
            "complaint": _complaint(words, complaints, row.persona) or _pain(words, pains, row.persona),
            "driver": _driver(words, own),
            "action": _action(words, own) or _reach(words, traits, row.persona),
        }
        told[row.persona] = said
    return told


def _complaint(words: dict, rows: pd.DataFrame, persona: str) -> str:
    own = rows[(rows["persona"] == persona) & rows["estimate"].notna()]
    if own.empty:
        return ""
    row = own.iloc[0]
    share = text.number(row["estimate"], "percent")
    return words["complaint"].format(subject=row["subject"], answer=row["answer"], share=share)


def _pain(words: dict, rows: pd.DataFrame, persona: str) -> str:
    """The driver on which a persona lies furthest below the rest, where that is more than chance."""
    if rows.empty:
        return ""
    own = rows[(rows["group"] == persona) & (rows["difference_high"] < 0) & (rows["p_corrected"] < 0.05)]
    if own.empty:
        return ""
    row = own.loc[own["difference"].idxmin()]
    return words["pain"].format(
        label=row["attribute"],
        rating=text.number(row["share"], "score"),
        difference=text.number(row["difference"], "score", sign=True),
    )


def _driver(words: dict, own: pd.DataFrame) -> str:
    if own.empty:
        return ""
    row = own.sort_values("rank", kind="stable").iloc[0]
    low, high = (int(row[c]) for c in ("rank_low", "rank_high"))
    ranks = words["rank" if low == high else "ranks"].format(low=low, high=high)
    return words["driver"].format(label=row["label"], metric=row["metric"], ranks=ranks)


def _action(words: dict, own: pd.DataFrame) -> str:
    """Of what may matter most (its rank interval holds 1) the worst rated."""
    first = own[own["rank_low"] == 1] if len(own) else own
    if first.empty:
        return ""
    row = first.loc[first["rating"].idxmin()]
    return words["action"].format(label=row["label"], rating=text.number(row["rating"], "score"))


def _reach(words: dict, traits: pd.DataFrame, persona: str) -> str:
    own = traits[(traits["group"] == persona) & (traits["kind"] == "channel") & traits["share"].notna()]
    if own.empty:
        return ""
    row = own.loc[own["share"].idxmax()]
    return words["reach"].format(label=row["answer"] or row["attribute"], share=text.number(row["share"], "percent"))


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


def alt_lift(found) -> str:
    """What the chart of the lead score's lift shows."""
    told = [f"top {row.top}%: {text.number(row.estimate, 'ratio')} times" for row in found.score.lift.itertuples()]
    return f"Ideal customers among those scored highest, against all: {'; '.join(told)}."


def alt_calibration(found) -> str:
    """What the chart of calibration shows."""
    rows = found.score.calibration
    return (
        f"Chance by the lead score against the share of ideal customers found, in {len(rows)} groups held out; on the "
        "diagonal both agree."
    )


def alt_points(found) -> str:
    """What the chart of points shows."""
    rows = found.score.points.sort_values("points", ascending=False, kind="stable")
    ends = [f"{r.label}: {r.answer} {text.number(r.points, sign=True)}" for r in rows.iloc[[0, -1]].itertuples()]
    return f"Points of each answer, from {ends[0]} to {ends[1]}."


LEAD_CAPTIONS = {
    "lift": "Ideal customers among those scored highest, held out",
    "calibration": "Chance by the score against what was found, held out",
    "points": "What answers earn",
}


def alts_of_leads(found) -> dict[str, str]:
    """What the charts of the lead score show, by the chart's name."""
    if found.score is None:
        return {}
    return {"lift": alt_lift(found), "calibration": alt_calibration(found), "points": alt_points(found)}


def alt_row(cards: list) -> str:
    """What the picture of all personas shows."""
    told = [f"{card.number} {card.name}, {text.number(card.share, 'percent')}" for card in cards]
    return f"The personas side by side, by size: {'; '.join(told)}."


def captions(cards: list) -> dict[int, str]:
    """What each persona card is called."""
    return {card.number: f"Persona {card.number}: {card.name}" for card in cards}


def profile_title(case: People, by: str, rows: pd.DataFrame) -> str:
    """The title of the chart of other groups: one against another, or all of a question."""
    if rows.empty:
        return ""
    if rows["group"].nunique() == 1:
        return f"{rows['group'].iloc[0]} against {rows['other'].iloc[0]}"
    return f"Groups of {case.study.label(by, case.table)}"
