"""Survival curves with their bands, and beneath them who is still at risk."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cxlib import text
from cxlib.charts import native
from cxlib.charts.style import ACCENT, GRID, INK, WARM, bare, canvas, in_style
from cxlib.errors import CxError
from cxlib.language import noted, tr
from cxlib.survival import at

# Colour and line of each group: they differ in black and white, too.
LOOKS = [
    (ACCENT, "-"),
    (WARM, (0, (5, 1.5))),
    (INK, (0, (1, 1))),
    ("#5f8a4e", (0, (6, 1.5, 1, 1.5))),
    ("#86649c", (0, (9, 2))),
    ("#5b6673", (0, (3, 1, 1, 1, 1, 1))),
]
LINE = 0.17  # inches
POINTS = 2000  # of a curve, which no eye could tell from more
LETTERS = 52  # of a group's name with its base


@in_style
def survival_curves(
    curves: pd.DataFrame,
    *,
    title: str,
    time: str = noted("days"),
    group: str | None = None,
    until: float | None = None,
) -> Figure | None:
    """The share still there over time, a line with its band for each group, and beneath how many are at risk.

    `curves` is the frame of survival.survival(), `group` its column of groups (up to 6), `time` names the unit of time;
    `until` ends the picture sooner than the last customer seen. The table beneath is the legend, with n and how many
    left; * marks a small base. None where there is nothing to draw; CxError for more than 6 groups.
    """
    if curves["estimate"].isna().all():
        return None
    names = [None] if group is None else list(dict.fromkeys(curves.sort_values(group, kind="stable")[group]))
    if len(names) > len(LOOKS):
        raise CxError(f"a picture of curves has room for {len(LOOKS)} groups; {group} has {len(names)}")
    parts = [curves if group is None else curves[curves[group] == name] for name in names]
    heads = [fill(_head(name, rows, time), LETTERS) for name, rows in zip(names, parts, strict=True)]
    lines = [2.3 + head.count("\n") for head in heads]
    below = LINE * (sum(lines) + 1.2)
    head = fill(title, 50)
    figure, (axis, table) = canvas(
        2.9 + below + LINE * head.count("\n"), 2, gridspec_kw={"height_ratios": [2.5, below]}, sharex=True
    )
    end = curves["time"].max() if until is None else until
    axis.set_xlim(0, end)
    ticks = [tick for tick in MaxNLocator(6, steps=[1, 2, 2.5, 3, 5, 6, 10]).tick_values(0, end) if 0 <= tick <= end]
    place = 1.0
    for rows, head_, count, (color, dashes) in zip(parts, heads, lines, LOOKS, strict=False):
        _line(axis, rows, color, dashes)
        _at_risk(table, rows, head_, place, ticks, (color, dashes))
        place += count
    axis.set_ylim(0, 100)
    axis.set_xticks(ticks, [text.number(tick, digits=0 if tick % 1 == 0 else 1) for tick in ticks])
    axis.tick_params(labelbottom=True)
    axis.set_ylabel(tr("still there (%)"))
    axis.set_xlabel(tr(time))
    table.set_ylim(place - 0.4, -0.3)
    table.annotate(tr("at risk"), (0, 0), xycoords=("axes fraction", "data"), va="center", fontsize=9, style="italic")
    table.axis("off")
    figure.suptitle(head, x=0, ha="left", fontsize=11, weight="bold", parse_math=False)
    bare(axis, "y")
    axis.axhline(0, color=GRID, lw=1)
    figure.native = _plain(curves, group, end, ticks, title)
    return figure


def _plain(curves: pd.DataFrame, group: str | None, end: float, ticks: list, title: str) -> dict:
    """The curves as numbers at 40 times, with their intervals at the ticks."""
    times = np.unique([*np.linspace(0, end, 41).round(), *ticks])
    rows = at(curves, times)
    rows[["estimate", "low", "high"]] *= 100
    rows.loc[~rows["time"].isin(ticks), ["low", "high"]] = np.nan
    return native.lines(rows, "time", series=group or "", title=title, unit="percent")


def _head(name, rows: pd.DataFrame, time: str) -> str:
    """A group's name, base and number of those who left, and where its curve breaks off."""
    n, gap = rows["n"].iloc[0], rows["gap"].iloc[0]
    base = {
        "group": tr("All") if name is None else name,
        "n": f"{text.number(n)}{'*' if n < text.SMALL_BASE else ''}",
        "left": text.number(rows["events"].sum()),
    }
    if np.isnan(gap):
        return tr("{group} (n = {n}, {left} left)", **base)
    end = text.number(gap, digits=0 if gap % 1 == 0 else 1)
    return tr("{group} (n = {n}, {left} left; breaks off at {end} {unit})", end=end, unit=tr(time), **base)


def _line(axis, rows: pd.DataFrame, color: str, dashes) -> None:
    """A curve of steps with its band."""
    shown = rows.dropna(subset=["estimate"])
    known = shown["time"].to_numpy()
    if len(known) > POINTS:
        evenly = np.searchsorted(known, np.linspace(known[0], known[-1], POINTS))
        shown = shown.iloc[np.unique([*evenly, *np.linspace(0, len(known) - 1, POINTS).astype(int)])]
    x = shown["time"]
    axis.fill_between(x, 100 * shown["low"], 100 * shown["high"], step="post", color=color, alpha=0.14, lw=0)
    axis.step(x, 100 * shown["estimate"], where="post", color=color, ls=dashes, lw=1.7)


def _at_risk(table, rows: pd.DataFrame, head: str, place: float, ticks: list, look: tuple) -> None:
    """A group's lines of the table: a piece of its curve and its name, then who is at risk at each tick."""
    color, dashes = look
    across = ("axes fraction", "data")
    sample = {"arrowstyle": "-", "color": color, "ls": dashes, "lw": 1.7, "shrinkA": 0, "shrinkB": 0}
    table.annotate("", (0.075, place), (0, place), xycoords=across, textcoords=across, arrowprops=sample)
    middle = place + head.count("\n") / 2
    table.annotate(head, (0.095, middle), xycoords=across, va="center", fontsize=9, color=INK, parse_math=False)
    for tick, number in zip(ticks, at(rows, ticks)["at_risk"], strict=True):
        table.text(tick, place + head.count("\n") + 0.95, text.number(number), ha="center", va="center", fontsize=9)
