"""Charts of what moves a metric: importance, the map of importance and performance, penalties and rewards, effects."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cxlib import text
from cxlib.charts import native
from cxlib.charts.labels import place
from cxlib.charts.style import ACCENT, INK, SOFT, WARM, Ticks, bare, canvas, in_style, titled
from cxlib.errors import CxError
from cxlib.language import noted, tr

GREY = "#5b6673"
MARKS = ["^", "D", "v", "P", "X", "<", ">"]  # of competitors
CORNERS = [(0, 1), (1, 1), (0, 0), (1, 0)]
CORNER_NAMES = [noted("improve first"), noted("keep up"), noted("improve later"), noted("more than enough")]
WIDE = 24  # letters of a label's line
TALLEST = 12.0  # inches of a map


def _labels(frame: pd.DataFrame) -> list[str]:
    """What the rows are called: their `label`, else their index; wrapped."""
    return [fill(str(name), WIDE) for name in frame.get("label", frame.index)]


def _rows(labels: list[str], least: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """The height of each row in inches, and the middle of each from the top."""
    heights = np.array([max(least, 0.1 + 0.16 * (1 + label.count("\n"))) for label in labels])
    return heights, np.cumsum(heights) - heights / 2


def _room(axis, low: float, high: float, part: float) -> None:
    """Leave that part of the width free at the right of the numbers, without ticks."""
    wide = (high - low) or 1.0
    axis.set_xlim(low - 0.04 * wide, high + part * wide)
    axis.set_xticks([tick for tick in axis.get_xticks() if low - 0.04 * wide <= tick <= high + 0.02 * wide])


def _headed(figure: Figure, title: str) -> None:
    figure.suptitle(fill(title, 50), x=0, ha="left", fontsize=11, weight="bold")


@in_style
def importance(frame: pd.DataFrame, *, title: str) -> Figure | None:
    """Drivers' importance as bars with intervals, the greatest on top, and at the right the rank with its interval.

    `frame` is by driver: estimate (share of the metric's variance, 0-1), low, high, rank, rank_low, rank_high, and
    label where the index is not to be read. None where there is nothing to draw.
    """
    frame = frame.dropna(subset=["estimate"]).sort_values("estimate", ascending=False, kind="stable")
    if frame.empty:
        return None
    labels = _labels(frame)
    heights, y = _rows(labels)
    figure, (axis,) = canvas(heights.sum() + 1.0 + 0.17 * fill(title, 50).count("\n"))
    axis.barh(y, 100 * frame["estimate"], 0.17, color=SOFT, zorder=2)
    axis.hlines(y, 100 * frame["low"], 100 * frame["high"], color=INK, lw=1.2, zorder=3)
    for at, row in zip(y, frame.itertuples(), strict=True):
        rank = f"{row.rank:.0f}"
        rank += f" ({row.rank_low:.0f}–{row.rank_high:.0f})" if row.rank_low < row.rank_high else ""
        axis.annotate(rank, (1.0, at), xycoords=("axes fraction", "data"), ha="right", va="center", fontsize=9)
    low, high = min(0.0, 100 * frame["low"].min()), 100 * max(frame["high"].max(), frame["estimate"].max())
    _room(axis, low, high, 0.3)
    axis.annotate(tr("rank"), (1.0, 1.0), (0, 3), xycoords="axes fraction", textcoords="offset points", ha="right",
                  fontsize=9, style="italic")  # fmt: skip
    axis.set_yticks(y, labels)
    axis.set_ylim(heights.sum(), 0)
    axis.set_xlabel(tr("% of the metric's variance"))
    _headed(figure, title)
    bare(axis, "x")
    plain = frame.assign(label=frame.get("label", frame.index), **100 * frame[["estimate", "low", "high"]])
    figure.native = native.bars(plain, "label", title=title, unit="percent")
    return figure


@in_style
def importance_map(
    frame: pd.DataFrame,
    *,
    title: str,
    importance: str = noted("Importance"),
    performance: str = noted("Performance"),
    competitors: pd.DataFrame | None = None,
) -> Figure | None:
    """Performance across and importance upwards, with intervals on both, and the study's means as dashed lines.

    `frame` is that of performance.quadrants(). A filled mark has both intervals clear of the lines; red and square:
    improve first. `competitors` (of performance.of_competitors(): driver, company, estimate) stand as small marks at
    the height of ours. The map grows until every label has a place. None where there is nothing to draw; CxError where
    12 inches are not enough.
    """
    frame = frame.dropna(subset=["importance", "estimate"])
    if frame.empty:
        return None
    labels, importance, performance = _labels(frame), tr(importance), tr(performance)
    for height in np.arange(5.2, TALLEST + 0.1, 0.8):
        figure = _map(frame, labels, height, title, importance, performance, competitors)
        if figure is not None:
            return figure
    raise CxError(
        f"a map has room for some 30 labels; {len(labels)} do not fit, the longest being {max(labels, key=len)!r}"
    )


def _map(frame, labels, height, title, importance, performance, competitors) -> Figure | None:
    """The map at that height; None where a label finds no place."""
    figure, (axis,) = canvas(height + 0.17 * fill(title, 50).count("\n"))
    x, y = frame["estimate"].to_numpy(float), frame["importance"].to_numpy(float)
    wide, tall = frame[["low", "high"]].to_numpy(float), frame[["importance_low", "importance_high"]].to_numpy(float)
    axis.hlines(y, *wide.T, color=SOFT, lw=1.6, zorder=2)
    axis.vlines(x, *tall.T, color=SOFT, lw=1.6, zorder=2)
    for across, up, row in zip(x, y, frame.itertuples(), strict=True):
        first = row.quadrant == "improve first"
        color = WARM if first else ACCENT
        face = color if row.verdict == row.quadrant else "white"
        axis.plot(across, up, "s" if first else "o", color=color, mfc=face, ms=7, mew=1.4, zorder=4)
    theirs = _rivals(axis, frame, competitors)
    axis.axvline(frame["performance_mean"].iloc[0], color=INK, lw=1, ls=(0, (4, 3)), zorder=1)
    axis.axhline(frame["importance_mean"].iloc[0], color=INK, lw=1, ls=(0, (4, 3)), zorder=1)
    axis.margins(0.06)
    axis.set(xlabel=f"{performance} →", ylabel=f"{importance} →")
    axis.grid(visible=False)
    for line in (axis.xaxis, axis.yaxis):
        line.set_major_formatter(Ticks())
    names = []
    for (right, top), name in zip(CORNERS, map(tr, CORNER_NAMES), strict=True):
        where = {"xycoords": "axes fraction", "textcoords": "offset points", "fontsize": 9, "style": "italic"}
        sides = {"ha": "right" if right else "left", "va": "top" if top else "bottom", "color": GREY}
        names.append(axis.annotate(name, (right, top), (6 - 12 * right, 5 - 10 * top), **where, **sides))
    _headed(figure, title)
    lines = [(low, up, high, up) for (low, high), up in zip(wide, y, strict=True)]
    lines += [(across, low, across, high) for (low, high), across in zip(tall, x, strict=True)]
    means, edges = frame[["performance_mean", "importance_mean"]].iloc[0], [*axis.get_xlim(), *axis.get_ylim()]
    lines += [(means.iloc[0], edges[2], means.iloc[0], edges[3]), (edges[0], means.iloc[1], edges[1], means.iloc[1])]
    placed = place(figure, axis, np.column_stack([x, y]), labels, marks=theirs, taken=names, lines=lines)
    figure.native = _plain(frame, title, competitors, (performance, importance), map(tr, CORNER_NAMES))
    return figure if placed else None


def _plain(frame: pd.DataFrame, title: str, competitors, names: tuple, corners) -> dict:
    """The map as numbers: ours with names and intervals, competitors' at the height of ours without."""
    ours = frame.assign(name=frame.get("label", frame.index), group="")
    if competitors is not None and len(competitors):
        theirs = competitors[competitors["driver"].isin(frame.index)]
        height = theirs["driver"].map(frame["importance"]).to_numpy()
        theirs = theirs.assign(name="", group=theirs["company"], importance=height)[
            ["name", "group", "estimate", "importance"]
        ]
        ours = pd.concat([ours, theirs.dropna(subset=["estimate"])])
    return native.scatter(
        ours, name="name", group="group", title=title, names=names, corners=corners,
        x=("estimate", "low", "high"), y=("importance", "importance_low", "importance_high"),
        means=tuple(frame[["performance_mean", "importance_mean"]].iloc[0]),
    )  # fmt: skip


def _rivals(axis, frame: pd.DataFrame, competitors: pd.DataFrame | None) -> np.ndarray:
    """Competitors' performance as marks at the height of ours, with a legend; their places."""
    if competitors is None or competitors.empty:
        return np.empty((0, 2))
    theirs = competitors.dropna(subset=["estimate"])
    theirs = theirs[theirs["driver"].isin(frame.index)]
    height = theirs["driver"].map(frame["importance"])
    for i, (company, rows) in enumerate(theirs.groupby("company", sort=False)):
        axis.plot(rows["estimate"], height[rows.index], MARKS[i % len(MARKS)], color=GREY, mfc="white", ms=5, mew=1,
                  ls="none", label=fill(company, WIDE), zorder=3)  # fmt: skip
    axis.figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return np.column_stack([theirs["estimate"], height]).astype(float)


@in_style
def penalty_reward(frame: pd.DataFrame, *, title: str, unit: str = "points") -> Figure | None:
    """Two bars a driver: what it costs where it is bad (hatched) and brings where it is excellent, with intervals.

    `frame` is by driver, as asymmetry.asymmetry() gives it: penalty (usually below 0), penalty_low, penalty_high,
    reward, reward_low, reward_high, kind, and label. Drivers stand from what costs most to what brings
    most, by the sum of both. None where there is nothing to draw.
    """
    frame = frame.dropna(subset=["penalty", "reward"])
    if frame.empty:
        return None
    frame = frame.iloc[np.argsort(frame["penalty"] + frame["reward"], kind="stable")]
    labels = _labels(frame)
    heights, y = _rows(labels, 0.42)
    figure, (axis,) = canvas(heights.sum() + 1.35 + 0.17 * fill(title, 50).count("\n"))
    off = 0.085
    bars = {"penalty": (tr("penalty"), WARM, "///", -off), "reward": (tr("reward"), ACCENT, None, off)}
    for name, (told, color, hatch, down) in bars.items():
        look = {"color": color, "hatch": hatch, "edgecolor": "white", "lw": 0, "zorder": 2}
        axis.barh(y + down, frame[name], 0.15, label=told, **look)
        axis.hlines(y + down, frame[f"{name}_low"], frame[f"{name}_high"], color=INK, lw=1.1, zorder=3)
    axis.axvline(0, color=INK, lw=0.9, zorder=1)
    bounds = frame[["penalty_low", "reward_low", "penalty_high", "reward_high"]].to_numpy(float)
    low, high = min(bounds.min(), 0.0), max(bounds.max(), 0.0)
    kinds = [fill(tr(kind), 12) for kind in frame["kind"]]
    for at, kind in zip(y, kinds, strict=True):
        axis.annotate(kind, (1.0, at), xycoords=("axes fraction", "data"), ha="right", va="center", fontsize=9)
    _room(axis, low, high, 0.42)
    axis.set_yticks(y, labels)
    axis.set_ylim(heights.sum(), 0)
    axis.set_xlabel(titled(tr("difference from a middling answer"), unit))
    figure.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False, fontsize=9.5)
    _headed(figure, title)
    bare(axis, "x")
    both = {told: (name, f"{name}_low", f"{name}_high") for name, (told, *_) in bars.items()}
    plain = native.side_by_side(frame.assign(label=frame.get("label", frame.index)), both)
    figure.native = native.bars(plain, "label", series="series", title=title, unit=unit, signed=True)
    return figure


@in_style
def forest(frame: pd.DataFrame, *, title: str, unit: str) -> Figure | None:
    """Effects or coefficients with their intervals, a row each in the order given; filled where 0 lies outside.

    `frame` holds estimate, low, high, and label where the index is not to be read. Rows without an estimate say so.
    None where there is nothing to draw.
    """
    if frame.empty:
        return None
    labels = _labels(frame)
    heights, y = _rows(labels)
    figure, (axis,) = canvas(heights.sum() + 0.75 + 0.17 * fill(title, 50).count("\n"))
    axis.axvline(0, color=INK, lw=1, ls=(0, (4, 3)), zorder=1)
    for at, row in zip(y, frame.itertuples(), strict=True):
        lacking = np.isnan(row.estimate)
        shown = tr("not estimated") if lacking else text.difference(row.estimate, unit)
        axis.annotate(shown, (1.0, at), xycoords=("axes fraction", "data"), ha="right", va="center", fontsize=9,
                      style="italic" if lacking else "normal")  # fmt: skip
        if not lacking:
            clear = row.low > 0 or row.high < 0
            axis.plot([row.low, row.high], [at, at], color=SOFT, lw=4, solid_capstyle="butt", zorder=2)
            axis.plot(row.estimate, at, "o", color=ACCENT, mfc=ACCENT if clear else "white", ms=6, mew=1.4, zorder=3)
    bounds = frame[["low", "high"]].to_numpy(float)
    low, high = np.nanmin(bounds, initial=0.0), np.nanmax(bounds, initial=0.0)
    _room(axis, low, high, 0.3)
    axis.set_yticks(y, labels)
    axis.set_ylim(heights.sum(), 0)
    _headed(figure, titled(title, unit))
    bare(axis, "x")
    plain = frame.assign(label=frame.get("label", frame.index))
    figure.native = native.bars(plain, "label", title=title, unit=unit, signed=True)
    return figure
