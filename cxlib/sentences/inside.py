"""Sentences on the inside view: who misjudges what, and what is noise."""

import pandas as pd

from cxlib import text
from cxlib.inside import OVERALL
from cxlib.language import tr, tr_n
from cxlib.sentences.words import in_wave, interval


def gaps(study, rows: pd.DataFrame, *, confidence: float) -> dict[str, str]:
    """For each team: what it overrates and underrates, what is borderline, and how much is not told from chance."""
    if rows.empty:
        return {"no_inside": tr("The study has no table of staff, so there is no inside view.")}
    found = {}
    for i, (team, part) in enumerate(rows.groupby("team", sort=False), 1):
        shown = team[:1].upper() + team[1:]
        single = part[part["name"] != OVERALL]
        tested = single.dropna(subset=["estimate"])
        if tested.empty:
            found[f"inside_{i}"] = (
                tr("{team}: not reported, {n} answers are too few.", team=shown, n=text.count(single["n"].max()))
                if not single["n"].max() >= study.book.minimum_base
                else tr("{team}: not reported, customers were not asked in this wave, or too few of them.", team=shown)
            )
            continue
        clear, near = (tested[tested["verdict"] == word] for word in ("clear", "borderline"))
        told = [_misjudged(study, shown, clear, confidence)]
        if len(near):
            names = [f"{row.attribute} ({text.difference(row.estimate, row.unit)})" for row in near.itertuples()]
            told.append(tr("borderline: {names}", names=text.join(names)))
        noise, withheld = len(tested) - len(clear) - len(near), len(single) - len(tested)
        if noise:
            all_gaps = text.number(len(tested))
            told.append(
                tr_n(
                    "{n} of {gaps} gaps is not told apart from chance",
                    "{n} of {gaps} gaps are not told apart from chance",
                    noise,
                    gaps=all_gaps,
                )
            )
        if withheld:
            left = tr_n("{n} is not reported, on too few answers", "{n} are not reported, on too few answers", withheld)
            told.append(left)
        found[f"inside_{i}"] = " ".join([f"{'; '.join(told)}.", *_overall(study, part, confidence)])
    return found | {
        "inside_family": tr(
            "p is corrected by Holm for the attributes of a team, intervals are not; the mean of all attributes is a "
            "test of its own."
        )
    }


def _misjudged(study, team: str, clear: pd.DataFrame, confidence: float) -> str:
    """What a team overrates and underrates, of the gaps that are more than chance explains."""
    over, under = (
        text.join([_told(study, row, confidence) for row in side.itertuples()])
        for side in (clear[clear["estimate"] > 0], clear[clear["estimate"] < 0].sort_values("estimate"))
    )
    if over and under:
        return tr("{team} overrates {over} and underrates {under}", team=team, over=over, under=under)
    if over:
        return tr("{team} overrates {over}", team=team, over=over)
    if under:
        return tr("{team} underrates {under}", team=team, under=under)
    return tr("{team} misjudges no attribute beyond chance", team=team)


def _told(study, row, confidence: float) -> str:
    return tr(
        "{attribute} ({gap}; {interval}, {p}; staff {staff}, customers {customers})",
        attribute=row.attribute,
        gap=text.difference(row.estimate, row.unit),
        interval=interval(study, confidence, text.difference_interval(row.low, row.high, row.unit)),
        p=text.p_is(row.p_adjusted),
        staff=text.number(row.staff, row.unit),
        customers=text.number(row.customers, row.unit),
    )


def _overall(study, part: pd.DataFrame, confidence: float) -> list[str]:
    """A sentence where a team sees things better or worse than customers on the whole."""
    row = next(part[part["name"] == OVERALL].itertuples(), None)
    if row is None or row.verdict not in ("clear", "borderline"):
        return []
    between = interval(study, confidence, text.difference_interval(row.low, row.high, row.unit))
    evidence = f"{between}, {text.p_is(row.p)}"
    about = {
        "size": text.size(row.estimate, row.unit),
        "evidence": evidence if row.verdict == "clear" else tr("{evidence}, borderline", evidence=evidence),
    }
    if row.estimate > 0:
        return [tr("Over all attributes it sees things better than customers by {size} ({evidence}).", **about)]
    return [tr("Over all attributes it sees things worse than customers by {size} ({evidence}).", **about)]


def figures(rows: pd.DataFrame, wave: str | None) -> tuple[dict[str, str], dict[str, str]]:
    """Captions and alternative texts of charts.dumbbells(), by their names."""
    captions, alts = {}, {}
    for i, (team, part) in enumerate(rows.groupby("team", sort=False) if len(rows) else (), 1):
        captions[f"team_{i}"] = tr(
            "{what}: round, customers; square, staff; thick bar, a gap that is more than chance explains; thin bar, "
            "borderline",
            what=in_wave(tr("Inside view of {team}", team=team), wave),
        )
        values = [f"{row.attribute} {_both(row)}" for row in part.itertuples()]
        alts[f"team_{i}"] = tr(
            "Means of {team} staff against customers': {values}.", team=team, values=", ".join(values)
        )
    return captions, alts


def _both(row) -> str:
    """Staff's mean and customers'."""
    if pd.isna(row.estimate):
        return tr("not reported")
    staff, customers = (text.number(value, row.unit) for value in (row.staff, row.customers))
    return tr("{staff} against {customers}", staff=staff, customers=customers)
