"""Sentences on the lead score: what it is worth, what earns points, how many prospects are worth a call."""

import pandas as pd

from cxlib import text
from cxlib.people import People
from cxlib.sentences.words import count

NAMED = 3

LEAD_CAPTIONS = {
    "lift": "Ideal customers among those scored highest, held out",
    "calibration": "Chance by the score against what was found, held out",
    "points": "What answers earn",
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
        told["prospects"] = f"{_prospects(case, found.prospects)} The command cx leads lists them."
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


def alts_of_leads(found) -> dict[str, str]:
    """What the charts of the lead score show, by the chart's name."""
    if found.score is None:
        return {}
    return {"lift": alt_lift(found), "calibration": alt_calibration(found), "points": alt_points(found)}
