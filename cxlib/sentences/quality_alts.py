"""What the pictures of the data-quality chapter show, for who cannot see them."""

import numpy as np
import pandas as pd

from cxlib import text
from cxlib.language import tr, tr_n


def weights(weights: pd.Series) -> str:
    """What the histogram of weights shows."""
    if weights.empty:
        return ""
    least, most = (text.number(value / weights.mean(), "ratio") for value in (weights.min(), weights.max()))
    return tr_n(
        "A histogram of {n} weight from {least} to {most}, in multiples of their mean.",
        "A histogram of {n} weights from {least} to {most}, in multiples of their mean.",
        len(weights),
        least=least,
        most=most,
    )


def verdicts(rows: pd.DataFrame) -> str:
    """What the board of verdicts shows, for who cannot see it."""
    judged = "; ".join(f"{row.label}, {tr(row.verdict)}" for row in rows.itertuples())
    return tr("The verdict on each metric: {verdicts}.", verdicts=judged)


def who(rows: pd.DataFrame) -> str:
    """What the chart of sample and population shows."""
    blocks = text.join(list(dict.fromkeys(rows["label"])))
    return tr("Share of each group in the sample, weighted, and in the population, by {margins}.", margins=blocks)


def checks(rows: pd.DataFrame) -> str:
    """What the chart of the checks shows."""
    total = rows.groupby("check", sort=False)["flagged"].sum()
    named = text.join([f"{tr(check)} {text.number(n)}" for check, n in total.items()])
    return tr("Respondents marked by each check: {checks}.", checks=named)


def times(rows: pd.DataFrame) -> str:
    """What the histogram of interview times shows."""
    return tr_n(
        "Interview times by wave and mode: half took under {minutes} minutes; marked for speeding: {n} respondent.",
        "Interview times by wave and mode: half took under {minutes} minutes; marked for speeding: {n} respondents.",
        int((rows["seconds"] < rows["limit"]).sum()),
        minutes=text.number(rows["seconds"].median() / 60, digits=1),
    )


def effect(rows: pd.DataFrame) -> str:
    """What the chart of metrics with and without the marked respondents shows."""
    moved = rows["estimate"].abs().max()
    if not len(rows) or np.isnan(moved):
        return tr("Each metric with everybody and without those whom each check marks.")
    worst = rows.loc[rows["estimate"].abs().idxmax()]
    return tr(
        "Each metric with everybody and without those whom each check marks; the largest change is {change}.",
        change=text.difference(worst["estimate"], worst["unit"]),
    )
