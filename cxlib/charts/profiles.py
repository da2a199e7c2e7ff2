"""Charts of profiles: what sets one group apart, and up to six groups side by side."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from cxlib import text
from cxlib.charts.style import ACCENT, INK, WARM, WIDTH, bare, in_style
from cxlib.errors import CxError
from cxlib.language import noted, tr
from cxlib.profiles import ALL, KINDS, REST, side

LEVEL = 0.05  # a corrected p under it fills the mark
WIDE = 27  # letters of a label's line
LONG = 66  # letters of a line of the legend
MOST_GROUPS = 6
FINE_TICKS = [60, 80, 125, 160]
TICKS = sorted([10, 20, 50, 100, 200, 500, 1000, *FINE_TICKS])  # of an index
TICK_PAIRS = [[50, 200], [67, 150], [80, 125]]  # of a narrow panel, as far apart as it shows
MARKS = {"clear": "o", "chance": "o", "formed": "s"}
RIGHT = {"xycoords": ("axes fraction", "data"), "ha": "right", "va": "center", "fontsize": 9}
INDEX = noted("index (100: as among all)")
# What a mark says: told apart from `other`, not told apart, not tested.
LEGEND = {
    "clear": noted("other than {other} (p < {level}, corrected)"),
    "chance": noted("may be chance"),
    "formed": noted("formed the groups, not tested"),
}


@in_style
def profile(frame: pd.DataFrame, *, title: str, most: int = 14) -> Figure | None:
    """What sets one group apart: bars from 100 to the index of each answer, with intervals, in blocks by kind.

    `frame` holds one group's rows of profiles.profile(). The `most` that lie furthest from the total are drawn (in its
    standard deviations; of two answers the one above 100), and at the right the share or mean of the group and of all.
    A filled mark is told apart from chance, a hollow one is not, a square formed the groups. None where there is
    nothing to draw; CxError where the rows are of several groups.
    """
    groups = frame["group"].unique()
    if len(groups) > 1:
        raise CxError(f"this chart shows one group; found {len(groups)} ({', '.join(groups[:3])} …)")
    rows = _furthest(frame, most)
    if rows.empty:
        return None
    blocks = [kind for kind in KINDS if (rows["kind"] == kind).any()]
    rows = pd.concat([rows[rows["kind"] == kind].sort_values("index", ascending=False) for kind in blocks])
    figure, (axis,), y = _laid_out(rows, 1, title)
    low, high = _range(rows, 10, 1000)
    _index_axis(axis, low, high, [tick for tick in TICKS if high / low < 5 or tick not in FINE_TICKS])
    axis.set_xlim(low, high * (high / low) ** 0.5)  # a third of the width is for the numbers
    for at, row in zip(y, rows.to_dict("records"), strict=True):
        _bar(axis, at, row, low, high)
        for place, value in ((0.84, row["share"]), (1.0, row["total"])):
            axis.annotate(_shown(value, row["unit"]), (place, at), **RIGHT)
    for place, name in ((0.84, tr("group")), (1.0, tr(ALL))):
        axis.annotate(name, (place, 0.14), style="italic", **RIGHT)
    most_answers, in_all = (text.number(rows[base].max()) for base in ("n", "n_total"))
    bases = tr("group n = {group}, all n = {all}", group=most_answers, all=in_all)
    axis.set_xlabel(f"{tr(INDEX)}\n{bases}", x=0.33)
    _finish(figure, rows, title)
    return figure


@in_style
def profiles(frame: pd.DataFrame, *, title: str, most: int = 14) -> Figure | None:
    """Up to six groups side by side: the index of each answer as a bar from 100, marks as in profile().

    `frame` is that of profiles.profile(); the answers are those that lie furthest from the total in any group. A group
    under the minimum base has **, a hidden answer a dash. None where there is nothing to draw; CxError for seven.
    """
    groups = list(dict.fromkeys(frame["group"]))
    if len(groups) > MOST_GROUPS:
        raise CxError(f"at most {MOST_GROUPS} groups fit side by side; found {len(groups)}")
    rows = _furthest(frame, most)
    if rows.empty:
        return None
    cells = frame.set_index(["group", "name", "answer"])
    order = {name: place for place, name in enumerate(dict.fromkeys(frame["name"]))}
    rows = rows.sort_values(
        ["kind", "name"], key=lambda c: c.map({k: i for i, k in enumerate(KINDS)} | order), kind="stable"
    )
    figure, axes, y = _laid_out(rows, len(groups), title)
    drawn = frame.merge(rows[["name", "answer"]], on=["name", "answer"]).dropna(subset=["index"])
    low, high = _range(drawn, 25, 400)
    ticks = next(pair for pair in TICK_PAIRS if low <= pair[0] and pair[1] <= high)
    wide = int(44 / len(groups))  # letters of a group's name
    turned = any(len(word) > wide for group in groups for word in str(group).split())
    most_answers = frame.groupby("group")["n"].max()
    for axis, group in zip(axes, groups, strict=True):
        _index_axis(axis, low, high, ticks)
        for at, row in zip(y, rows.itertuples(), strict=True):
            cell = cells.loc[(group, row.name, row.answer)].to_dict()
            if np.isnan(cell["index"]):
                small = np.isnan(cell["share"]) and not cell["hidden"]
                axis.text(100, at, "**" if small else "–", ha="center", va="center", fontsize=9,
                          bbox={"color": "white", "pad": 0.5})  # fmt: skip
            else:
                _bar(axis, at, cell, low, high)
        head = f"{fill(str(group), 18 if turned else wide)}\nn={text.number(most_answers[group])}"
        look = {"fontsize": 8.5, "weight": "normal", "rotation": 90 * turned}
        axis.set_title(head, loc="center", parse_math=False, **look)
    _finish(figure, drawn, title, tr(INDEX))
    return figure


def _furthest(frame: pd.DataFrame, most: int) -> pd.DataFrame:
    """The answers furthest from the total, in standard deviations; of a question with two answers, one is enough."""
    rows = frame.dropna(subset=["share", "total", "index"])
    share = rows["unit"] == "percent"
    within = np.sqrt(rows["total"].clip(0, 100) * (100 - rows["total"].clip(0, 100)))
    spread = np.where(share, within, rows["se"] * np.sqrt(rows["n_effective"]))
    away = (rows["share"] - rows["total"]).abs()
    rows = rows.assign(_away=np.divide(away, spread, out=np.zeros(len(rows)), where=spread > 0))
    answers = frame.drop_duplicates(["name", "answer"]).groupby("name").size()
    # Options of a multi question are no complements of one another, whose shares add up to 100.
    sums = rows.groupby(["name", "group"])["share"].transform("sum")
    two = (rows["name"].map(answers) == 2) & np.isclose(sums, 100)
    rows = rows.sort_values(["_away", "index"], ascending=False, kind="stable")
    twin = rows["name"].where(two[rows.index])
    rows = rows[~(twin.notna() & twin.duplicated())]
    return rows.drop_duplicates(["name", "answer"]).head(most)


def _laid_out(rows: pd.DataFrame, panels: int, title: str) -> tuple:
    """A figure whose panels share the answers at the left, in blocks by kind: figure, panels, the rows' places."""
    labels = [_label(row, panels == 1) for row in rows.itertuples()]
    at, heads, y = 0.0, {}, []
    for kind, label in zip(rows["kind"], labels, strict=True):
        if kind not in heads:
            heads[kind] = at + 0.16
            at += 0.28
        tall = 0.1 + 0.15 * (1 + label.count("\n"))
        y.append(at + tall / 2)
        at += tall
    room = 1.25 if panels == 1 else 1.9
    figure = Figure(figsize=(WIDTH, at + room + 0.17 * fill(title, 50).count("\n")), layout="constrained")
    axes = figure.subplots(1, panels, sharey=True, squeeze=False)[0]
    for kind, place in heads.items():
        axes[0].annotate(_heading(kind), (0, place), (-4, 0), xycoords=("axes fraction", "data"), ha="right",
                         textcoords="offset points", va="center", fontsize=9.5, weight="bold")  # fmt: skip
    axes[0].set_yticks(y, labels, fontsize=9, parse_math=False)  # a $ is money and begins no formula
    axes[0].set_ylim(at + 0.06, 0)
    return figure, axes, y


def _label(row, base: bool) -> str:
    """What a row is about, and who was asked if not all: how many, too, where that is one number (`base`)."""
    name = row.attribute if row.unit != "percent" else f"{row.attribute}: {row.answer}"
    asked = f"{row.base}, n = {text.number(row.n)}" if base else row.base
    return fill(name if row.base == ALL else f"{name} ({asked})", WIDE)


def _heading(kind: str) -> str:
    """What the block of a part of the profile is called."""
    name = tr(kind)
    return name[:1].upper() + name[1:]


def _shown(value: float, unit: str) -> str:
    """A share in whole percent, a mean in three figures."""
    if unit == "percent":
        return text.number(value, unit, digits=0 if value >= 10 or value == 0 else 1)
    return text.number(value, unit, digits=max(0, 2 - int(np.log10(max(abs(value), 1)))))


def _range(rows: pd.DataFrame, least: float, most: float) -> tuple[float, float]:
    """The ends of the index axis: those of the intervals, within reason, and never so near that noise looks large."""
    low = np.nanmin([*rows["index_low"], *rows["index"], 75])
    high = np.nanmax([*rows["index_high"], *rows["index"], 133])
    return max(low / 1.08, least), min(high * 1.08, most)


def _index_axis(axis, low: float, high: float, ticks: list[int]) -> None:
    """Twice as often and half as often are as far from 100."""
    axis.set_xscale("log")
    axis.set_xlim(low, high)
    ticks = [tick for tick in ticks if low <= tick <= high]
    axis.xaxis.set_major_locator(FixedLocator(ticks))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xticks(ticks, [str(tick) for tick in ticks], fontsize=8.5)
    axis.axvline(100, color=INK, lw=1, zorder=1)
    bare(axis, "x")


def _mark(row: dict) -> str:
    return "formed" if row["formed"] else "clear" if row["p_corrected"] < LEVEL else "chance"


def _bar(axis, at: float, row: dict, low: float, high: float) -> None:
    """A bar from 100 to the index, its interval and its mark; at the edge an arrow where the index lies outside."""
    value = np.clip(row["index"], low, high)
    color = ACCENT if value >= 100 else WARM
    axis.barh(at, value - 100, 0.12, left=100, color=color, alpha=0.35, lw=0, zorder=2)
    if not np.isnan(row["index_low"]):
        axis.hlines(at, *np.clip([row["index_low"], row["index_high"]], low, high), color=color, lw=1.3, zorder=3)
    mark = MARKS[_mark(row)] if value == row["index"] else "<" if value < 100 else ">"
    face = color if _mark(row) == "clear" else "white"
    axis.plot(value, at, mark, color=color, mfc=face, ms=6, mew=1.4, zorder=4, clip_on=False)


def _finish(figure: Figure, rows: pd.DataFrame, title: str, legend: str | None = None) -> None:
    """Title, and a legend of the marks that are there."""
    marks = {_mark(row) for row in rows.to_dict("records")}
    other = next((name for name in rows["other"] if name), REST)
    handles = [
        Line2D([], [], marker=mark, ls="none", color=INK, mfc=INK if name == "clear" else "white", ms=6, mew=1.4,
               label=fill(tr(LEGEND[name], other=side(other), level=text.number(LEVEL, digits=2)), LONG))
        for name, mark in MARKS.items() if name in marks
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside lower center", ncols=1, frameon=False, fontsize=9, title=legend,
                  title_fontsize=9)  # fmt: skip
    figure.suptitle(fill(title, 50), x=0, ha="left", fontsize=11, weight="bold", parse_math=False)
