"""Sentences on the lead score: what it is worth, what earns points, how many prospects are worth a call."""

import pandas as pd

from cxlib import text
from cxlib.language import tr, tr_n
from cxlib.people import People

NAMED = 3


def leads(case: People, found) -> dict[str, str]:
    """What the lead score is worth, what earns most points, and how many prospects are worth a call."""
    if found.score is None:
        return {"no_leads": tr("There is no lead score: {why}.", why=found.why_not)}
    told = {"leads": found.score.reason}
    points = found.score.points
    best = points[points["points"] > 0].sort_values("points", ascending=False, kind="stable").head(NAMED)
    if len(best) and found.score.useful:
        earned = [f"{row.label}: {row.answer} ({text.number(row.points, sign=True)})" for row in best.itertuples()]
        told["lead_points"] = tr("Most points are earned by {answers}.", answers=text.join(earned))
    if len(found.prospects):
        told["prospects"] = f"{_prospects(case, found.prospects)} {tr('The command cx leads lists them.')}"
    return told


def _prospects(case: People, rows: pd.DataFrame) -> str:
    """How many prospects are likely to become ideal customers, of those that no rule leaves out."""
    judged = rows[~rows["excluded"]]
    out = len(rows) - len(judged)
    barred = tr_n("{n} prospect is left out by the rules", "{n} prospects are left out by the rules", out)
    if judged.empty:
        return tr("No prospect is judged: {rules}.", rules=barred)
    if len(judged) < case.minimum_base:
        told = tr_n(
            "{n} prospect is too few to judge as a group",
            "{n} prospects are too few to judge as a group",
            len(judged),
        )
    else:
        told = tr_n(
            "{n} of {prospects} is more likely than not to become an ideal customer",
            "{n} of {prospects} are more likely than not to become ideal customers",
            int((judged["chance"] >= 50).sum()),
            prospects=tr_n("{n} prospect", "{n} prospects", len(judged)),
        )
    return f"{told}; {barred}." if out else f"{told}."


def alt_lift(found) -> str:
    """What the chart of the lead score's lift shows."""
    told = [
        tr("top {top}%: {lift} times", top=row.top, lift=text.number(row.estimate, "ratio"))
        for row in found.score.lift.itertuples()
    ]
    return tr("Ideal customers among those scored highest, against all: {lifts}.", lifts="; ".join(told))


def alt_calibration(found) -> str:
    """What the chart of calibration shows."""
    return tr(
        "Chance by the lead score against the share of ideal customers found, in {n} groups held out; on the diagonal "
        "both agree.",
        n=len(found.score.calibration),
    )


def alt_points(found) -> str:
    """What the chart of points shows."""
    rows = found.score.points.sort_values("points", ascending=False, kind="stable")
    ends = [f"{r.label}: {r.answer} {text.number(r.points, sign=True)}" for r in rows.iloc[[0, -1]].itertuples()]
    return tr("Points of each answer, from {most} to {least}.", most=ends[0], least=ends[1])


def captions_of_leads() -> dict[str, str]:
    """What the charts of the lead score are called, by the chart's name."""
    return {
        "lift": tr("Ideal customers among those scored highest, held out"),
        "calibration": tr("Chance by the score against what was found, held out"),
        "points": tr("What answers earn"),
    }


def alts_of_leads(found) -> dict[str, str]:
    """What the charts of the lead score show, by the chart's name."""
    if found.score is None:
        return {}
    return {"lift": alt_lift(found), "calibration": alt_calibration(found), "points": alt_points(found)}
