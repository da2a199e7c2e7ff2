"""Sentences on profiles: what sets a group apart from the rest, and what the charts of profiles show."""

import pandas as pd

from cxlib import text
from cxlib.language import tr, tr_n
from cxlib.people import People
from cxlib.profiles import side

NAMED = 3


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
        tr(
            "{attribute}: {share} against {other} (difference {interval})",
            attribute=f"{row.attribute}, {row.answer}" if row.answer else row.attribute,
            share=text.number(row.share, _unit(row)),
            other=text.number(row.share_other, _unit(row)),
            interval=text.difference_interval(row.difference_low, row.difference_high, _unit(row)),
        )
        for row in clear.sort_values("_far", ascending=False, kind="stable").head(NAMED).itertuples()
    ]
    sides = {"group": group, "other": side(own["other"].iloc[0])}
    nothing = tr("{group} against {other}: nothing that was tested is more than chance.", **sides)
    lead = tr("{group} against {other}: {differences}.", differences="; ".join(told), **sides) if told else nothing
    tested = tr_n(
        "{n} of {rows} is more than chance explains (corrected).",
        "{n} of {rows} are more than chance explains (corrected).",
        len(clear),
        rows=tr_n("{n} tested row", "{n} tested rows", len(own)),
    )
    return {name: f"{lead} {tested}"}


def alt_profile(rows: pd.DataFrame) -> str:
    """What the chart of a profile shows."""
    if rows.empty:
        return tr("No profile.")
    far = rows.dropna(subset=["index"]).copy()
    far["_far"] = (far["index"] - 100).abs()
    top = far.sort_values("_far", ascending=False, kind="stable").head(NAMED)
    told = [
        tr(
            "{group}: {attribute}, index {index}",
            group=row.group,
            attribute=f"{row.attribute} {row.answer}".strip(),
            index=text.number(row.index_),
        )
        for row in _indexed(top)
    ]
    return tr(
        "Index of each attribute against all (100 as in the total); furthest: {attributes}.", attributes="; ".join(told)
    )


def _indexed(rows: pd.DataFrame):
    return rows.rename(columns={"index": "index_"}).itertuples()


def profile_title(case: People, by: str, rows: pd.DataFrame) -> str:
    """The title of the chart of other groups: one against another, or all of a question."""
    if rows.empty:
        return ""
    if rows["group"].nunique() == 1:
        return tr("{group} against {other}", group=rows["group"].iloc[0], other=side(rows["other"].iloc[0]))
    return tr("Groups of {question}", question=case.study.label(by, case.table))


def _unit(row) -> str:
    return row.unit if row.unit in text.UNITS else "score"
