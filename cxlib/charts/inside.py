"""The chart of the inside view: what customers say and what a team believes, attribute by attribute."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cxlib import text
from cxlib.charts import native
from cxlib.charts.style import ACCENT, INK, SOFT, WARM, bare, canvas, in_style
from cxlib.inside import OVERALL
from cxlib.language import tr

WIDE = 24  # letters of a label's line


@in_style
def dumbbell(frame: pd.DataFrame, *, title: str) -> Figure:
    """Customers' mean (round) and staff's (square) of each attribute, joined by a bar, with their intervals.

    `frame` is a team's rows of inside.gaps(), drawn from what staff overrate to what they underrate, the mean of all
    attributes last. A thick bar is a gap that is more than chance explains, a thin one is borderline, none is not told
    apart from chance.
    """
    rows = frame.sort_values("estimate", ascending=False, kind="stable", na_position="last")
    rows = rows.iloc[np.argsort(rows["name"] == OVERALL, kind="stable")]
    labels = [fill(str(name), WIDE) for name in rows["attribute"]]
    heights = np.array([0.36 + 0.15 * label.count("\n") for label in labels])
    figure, (axis,) = canvas(heights.sum() + 1.25)
    y = np.cumsum(heights) - heights / 2
    bars = {"clear": 5.0, "borderline": 1.8}
    for side, color, mark, face, off in (("customers", INK, "o", "white", -0.07), ("staff", WARM, "s", WARM, 0.07)):
        axis.hlines(y + off, rows[f"{side}_low"], rows[f"{side}_high"], color=color, lw=1.1, zorder=2)
        axis.plot(rows[side], y + off, mark, color=color, mfc=face, ms=6.5, mew=1.4, zorder=4)
    for at, row in zip(y, rows.itertuples(), strict=True):
        where = {"xycoords": ("axes fraction", "data"), "ha": "right", "va": "center", "fontsize": 9}
        if np.isnan(row.estimate):
            few = (
                tr("** staff {n}", n=text.count(row.n))
                if np.isnan(row.staff)
                else tr("** customers {n}", n=text.number(row.n_customers))
            )
            axis.annotate(few, (1.0, at), style="italic", **where)
            continue
        if row.verdict in bars:
            color = ACCENT if row.verdict == "clear" else SOFT
            ends = [at - 0.07, at + 0.07]
            axis.plot([row.customers, row.staff], ends, color=color, lw=bars[row.verdict], zorder=3)
        bold = "bold" if row.verdict == "clear" else "normal"
        axis.annotate(text.difference(row.estimate, "score"), (1.0, at), weight=bold, **where)
    if rows["name"].iloc[-1] == OVERALL:
        axis.axhline(heights[:-1].sum(), color=INK, lw=0.6)
    axis.set_yticks(y, labels)
    axis.set_ylim(heights.sum(), 0)
    _room_for_gaps(axis)
    figure.legend(
        handles=[
            axis.plot([], [], "o-", color=INK, mfc="white", mew=1.4, lw=1.1, label=tr("customers"))[0],
            axis.plot([], [], "s-", color=WARM, lw=1.1, label=tr("staff"))[0],
        ],
        loc="outside lower center", ncols=2, frameon=False, fontsize=9.5,
    )  # fmt: skip
    figure.suptitle(fill(title, 52), x=0, ha="left", fontsize=11, weight="bold")
    bare(axis, "x")
    sides = {
        tr("customers"): ("customers", "customers_low", "customers_high"),
        tr("staff"): ("staff", "staff_low", "staff_high"),
    }
    plain = native.side_by_side(rows, sides)
    figure.native = native.bars(plain, "attribute", series="series", title=title, unit="score")
    return figure


def _room_for_gaps(axis) -> None:
    """Keep the right of the plot free for the gaps' numbers."""
    low, high = axis.get_xlim()
    axis.set_xlim(low, high + 0.25 * (high - low))


def dumbbells(frame: pd.DataFrame) -> dict[str, Figure]:
    """dumbbell() for every team of inside.gaps(), by a name for publishing: team_1, team_2 …"""
    if frame.empty:
        return {}
    teams = dict(list(frame.groupby("team", sort=False)))
    return {
        f"team_{i}": dumbbell(
            rows, title=tr("{team}: what staff believe, what customers say", team=team[:1].upper() + team[1:])
        )
        for i, (team, rows) in enumerate(teams.items(), 1)
    }
