"""Sentences on the inside view: who misjudges what, and what is noise."""

import pandas as pd

from cxlib import text
from cxlib.inside import OVERALL
from cxlib.sentences.words import interval_name


def gaps(study, rows: pd.DataFrame, *, confidence: float) -> dict[str, str]:
    """For each team: what it overrates and underrates, what is borderline, and how much is not told from chance."""
    if rows.empty:
        return {"no_inside": "The study has no table of staff, so there is no inside view."}
    found = {}
    for i, (team, part) in enumerate(rows.groupby("team", sort=False), 1):
        shown = team[:1].upper() + team[1:]
        single = part[part["name"] != OVERALL]
        tested = single.dropna(subset=["estimate"])
        if tested.empty:
            why = (
                f"{single['n'].max()} answers are too few"
                if single["n"].max() < study.book.minimum_base
                else ("customers were not asked in this wave, or too few of them")
            )
            found[f"inside_{i}"] = f"{shown}: not reported, {why}."
            continue
        clear, near = (tested[tested["verdict"] == word] for word in ("clear", "borderline"))
        told = [
            f"{word} {text.join([_told(study, row, confidence) for row in side.itertuples()])}"
            for word, side in (
                ("overrates", clear[clear["estimate"] > 0]),
                ("underrates", clear[clear["estimate"] < 0].sort_values("estimate")),
            )
            if len(side)
        ]
        sentence = f"{shown} {' and '.join(told)}" if told else f"{shown} misjudges no attribute beyond chance"
        if len(near):
            names = [f"{row.attribute} ({text.difference(row.estimate, row.unit)})" for row in near.itertuples()]
            sentence += f"; borderline: {text.join(names)}"
        noise = len(tested) - len(clear) - len(near)
        counted = f"; {noise} of {len(tested)} gaps are not told apart from chance" if noise else ""
        withheld = len(single) - len(tested)
        lacking = f"; {withheld} are not reported, on too few answers" if withheld else ""
        found[f"inside_{i}"] = f"{sentence}{counted}{lacking}.{_overall(study, part, confidence)}"
    return found | {
        "inside_family": (
            "p is corrected by Holm for the attributes of a team, intervals are not; the mean of all attributes is a "
            "test of its own."
        )
    }


def _told(study, row, confidence: float) -> str:
    between = text.difference_interval(row.low, row.high, row.unit)
    gap = text.difference(row.estimate, row.unit)
    return (
        f"{row.attribute} ({gap}; {confidence:.0%} {interval_name(study)} {between}, {text.p_is(row.p_adjusted)}; "
        f"staff {text.number(row.staff, row.unit)}, customers {text.number(row.customers, row.unit)})"
    )


def _overall(study, part: pd.DataFrame, confidence: float) -> str:
    """Whether a team sees things better or worse than customers on the whole."""
    row = next(part[part["name"] == OVERALL].itertuples(), None)
    if row is None or row.verdict not in ("clear", "borderline"):
        return ""
    more = "" if row.verdict == "clear" else ", borderline"
    side = "better" if row.estimate > 0 else "worse"
    between = text.difference_interval(row.low, row.high, row.unit)
    return (
        f" Over all attributes it sees things {side} than customers by "
        f"{text.difference(abs(row.estimate), row.unit).removeprefix('+')} ({confidence:.0%} {interval_name(study)} "
        f"{between}, {text.p_is(row.p)}{more})."
    )


def figures(rows: pd.DataFrame, when: str) -> tuple[dict[str, str], dict[str, str]]:
    """Captions and alternative texts of charts.dumbbells(), by their names."""
    captions, alts = {}, {}
    for i, (team, part) in enumerate(rows.groupby("team", sort=False) if len(rows) else (), 1):
        captions[f"team_{i}"] = (
            f"Inside view of {team}{when}: round, customers; square, staff; thick bar, a gap that is more than chance "
            "explains; thin bar, borderline"
        )
        values = [
            f"{row.attribute} "
            + (
                "not reported"
                if pd.isna(row.estimate)
                else f"{text.number(row.staff, row.unit)} against {text.number(row.customers, row.unit)}"
            )
            for row in part.itertuples()
        ]
        alts[f"team_{i}"] = f"Means of {team} staff against customers': {', '.join(values)}."
    return captions, alts
