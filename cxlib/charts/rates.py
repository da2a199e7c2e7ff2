"""Charts of complaint rates: what published ones would mean, segments raw and pooled, a rate over time."""

from itertools import pairwise
from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from cxlib import text
from cxlib.charts import native
from cxlib.charts.style import ACCENT, INK, SOFT, WARM, WIDTH, bare, canvas, in_style
from cxlib.language import tr

GREY = "#5b6673"
LETTERS = 9  # points
WIDE = 24  # letters of a label's line
DASHES = (0, (4, 3))
LINE = 0.15  # inches


@in_style
def anchor_range(frame: pd.DataFrame) -> Figure | None:
    """Silent customers as each published complaint rate would have them, a row a rate; the client's own rate apart.

    `frame` holds anchor (its name, a message), rate (percent), estimate (median of silent customers), low, high and own
    (true of the client's rate: drawn last, dark, with a dashed line through all rows). The axis is logarithmic, with a
    0 of its own where one is needed; an infinite number runs off it. None where there is nothing to draw.
    """
    if not np.isfinite(frame["estimate"]).any():
        return None
    frame = frame.sort_values("own", kind="stable")
    labels = [fill(f"{tr(row.anchor)} ({_rate(row.rate)})", WIDE) for row in frame.itertuples()]
    heights = np.array([0.3 + LINE * label.count("\n") for label in labels])
    y = np.cumsum(heights) - heights / 2 + 0.14 * frame["own"].to_numpy(bool)
    figure, (axis,) = canvas(heights.sum() + 0.9)
    values = frame[["estimate", "low", "high"]].to_numpy(float)
    values = values[np.isfinite(values)]
    for at, row in zip(y, frame.itertuples(), strict=True):
        _value(axis, at, text.number(row.estimate), bold=row.own)
        if not np.isfinite(row.estimate):
            continue
        high = min(row.high, 10 * values.max())  # which lies beyond the axis
        color, width = (ACCENT, 6) if row.own else (SOFT, 4)
        axis.plot([row.low, high], [at, at], color=color, lw=width, solid_capstyle="butt", zorder=2)
        looks = {"mfc": INK, "ms": 8} if row.own else {"mfc": "white", "ms": 6}
        axis.plot(row.estimate, at, "D" if row.own else "o", color=INK, mew=1.3, zorder=3, **looks)
        if row.own:
            axis.axvline(row.estimate, color=INK, lw=1, ls=DASHES, zorder=1)
    if frame["own"].any() and not frame["own"].all():
        axis.axhline(heights[~frame["own"].to_numpy(bool)].sum() + 0.07, color=INK, lw=0.6)
    axis.set_yticks(y, labels)
    for label, own in zip(axis.get_yticklabels(), frame["own"], strict=True):
        label.set_weight("bold" if own else "normal")
    axis.set_ylim(heights.sum() + 0.14, 0)
    figure.suptitle(tr("Silent customers at each complaint rate"), x=0, ha="left", fontsize=11, weight="bold")
    bare(axis, "x")
    _logarithmic(figure, axis, values.min(), max(values.max(), 1.0))
    return figure


def _rate(percent: float) -> str:
    """A rate with two figures or so: 79%, 2.4%, 0.24%."""
    digits = sum(0 < percent < less for less in (10, 1, 0.1))
    return text.number(percent, "percent", digits=digits)


def _value(axis, at: float, shown: str, *, bold: bool = False) -> None:
    """A number at the right of its row."""
    axis.annotate(
        shown, (1, at), (6, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center",
        fontsize=9.5, weight="bold" if bold else "normal", annotation_clip=False,
    )  # fmt: skip


def _logarithmic(figure: Figure, axis, least: float, most: float) -> None:
    """A logarithmic x axis, below 1 running straight on to 0, with as many round numbers as fit side by side."""
    if least < 1:
        axis.set_xscale("symlog", linthresh=1, linscale=max(0.4, 0.12 * np.log10(most)))
        axis.set_xlim(-0.15, most * 1.3)
    else:
        axis.set_xscale("log")
        beyond = max(1.15, np.sqrt(10 * least / most))  # a power of ten at least, so that round numbers lie inside
        axis.set_xlim(least / beyond, most * beyond)
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_formatter(lambda value, _: text.number(value))
    figure.get_layout_engine().execute(figure)
    low, high = axis.get_xlim()
    powers = 10.0 ** np.arange(np.floor(np.log10(max(low, 1))), np.log10(high))
    choices = [np.outer(powers, steps).ravel() for steps in ((1, 2, 5), (1, 3))] + [powers[::i] for i in range(1, 12)]
    for ticks in choices:
        ticks = np.concatenate([[0.0] if low < 0 else [], ticks[(ticks >= low) & (ticks <= high)]])
        inches = axis.transData.transform([(tick, 0) for tick in ticks])[:, 0] / figure.dpi
        widths = [0.095 * len(text.number(tick)) for tick in ticks]
        ends = list(zip(inches, widths, strict=True))
        if all(b - a > (wide + wider) / 2 + 0.1 for (a, wide), (b, wider) in pairwise(ends)):
            axis.set_xticks(ticks)
            return


@in_style
def pooling(frame: pd.DataFrame, *, overall: float) -> Figure | None:
    """Each segment's complaint rate as counted (hollow) and pooled with the others (filled), with their intervals.

    `frame` holds group, raw, raw_low, raw_high (no number where n is 0), estimate, low, high (percent) and n; the
    dashed line is the `overall` rate, towards which pooling draws. None where there is nothing to draw.
    """
    if frame.empty or not frame[["raw", "estimate"]].notna().any(axis=None):
        return None
    labels = [f"{fill(str(row.group), WIDE)}\nn = {text.number(row.n)}" for row in frame.itertuples()]
    heights = np.array([0.3 + LINE * label.count("\n") for label in labels])
    y = np.cumsum(heights) - heights / 2
    figure, (axis,) = canvas(heights.sum() + 1.25)
    axis.axvline(overall, color=INK, lw=1, ls=DASHES, zorder=0)
    told = tr("all {value}", value=text.number(overall, "percent"))
    axis.annotate(told, (overall, 0), (0, 2), textcoords="offset points", ha="center", va="bottom", fontsize=LETTERS)
    up, down = y - 0.08, y + 0.08
    axis.hlines(up, frame["raw_low"], frame["raw_high"], color=GREY, lw=1.1, zorder=1)
    axis.hlines(down, frame["low"], frame["high"], color=SOFT, lw=5, zorder=1)
    axis.plot([frame["raw"], frame["estimate"]], [up, down], color=INK, lw=0.8, zorder=2)
    raw = axis.plot(frame["raw"], up, "o", color=GREY, mfc="white", ms=6, mew=1.3, zorder=3, label=tr("as counted"))
    pooled = axis.plot(frame["estimate"], down, "o", color=ACCENT, ms=6.5, zorder=3, label=tr("pooled"))
    for at, value in zip(down, frame["estimate"], strict=True):
        _value(axis, at, text.number(value, "percent"))
    axis.set_yticks(y, labels)
    axis.set_ylim(heights.sum(), 0)
    axis.margins(x=0.04)
    figure.legend(handles=raw + pooled, loc="outside lower center", ncols=2, frameon=False, fontsize=LETTERS)
    figure.suptitle(tr("Complaint rate, as counted and pooled (%)"), x=0, ha="left", fontsize=11, weight="bold")
    bare(axis, "x")
    both = {tr("as counted"): ("raw", "raw_low", "raw_high"), tr("pooled"): ("estimate", "low", "high")}
    figure.native = native.bars(native.side_by_side(frame, both), "group", series="series", unit="percent")
    return figure


@in_style
def control(frame: pd.DataFrame) -> Figure | None:
    """A rate per 1,000 over time with its control limits; a period outside Laney's limits has a large diamond.

    `frame` holds period, rate, centre, low, high (Laney's limits, which allow for overdispersion), plain_low,
    plain_high (Poisson limits) and out (true outside Laney's), a row a period in their order. A period without a rate
    leaves a gap. None where there is nothing to draw.
    """
    if frame.empty or not frame["rate"].notna().any():
        return None
    figure, (axis,) = canvas(3.3)
    x, edges = np.arange(len(frame)), np.arange(len(frame) + 1) - 0.5
    for side in ("plain_low", "plain_high"):
        plain = axis.stairs(frame[side], edges, baseline=None, color=GREY, lw=0.8, ls=(0, (1, 1.5)))
    for side in ("low", "high"):
        laney = axis.stairs(frame[side], edges, baseline=None, color=INK, lw=1.2)
    centre = axis.stairs(frame["centre"], edges, baseline=None, color=INK, lw=0.9, ls=DASHES)
    (line,) = axis.plot(x, frame["rate"], "o-", color=ACCENT, lw=1.3, ms=3 if len(x) > 30 else 4.5, zorder=3)
    out = frame["out"].to_numpy(bool)
    (marks,) = axis.plot(x[out], frame["rate"][out], "D", color=INK, mfc=WARM, ms=6.5, mew=1.1, zorder=4)
    names = [str(period).removesuffix(" 00:00:00") for period in frame["period"]]
    every = max(1, int(np.ceil(len(names) * (0.085 * max(map(len, names)) + 0.15) / (WIDTH - 0.6))))
    axis.set_xticks(x[::every], names[::every])
    axis.set_xlim(-0.7, len(x) - 0.3)
    axis.margins(y=0.08)
    named = {tr("rate"): line, tr("outside the limits"): marks, tr("mean"): centre, tr("limits (Laney)"): laney,
             tr("limits (Poisson)"): plain}  # fmt: skip
    figure.legend(named.values(), named, loc="outside lower center", ncols=3, frameon=False, fontsize=LETTERS)
    figure.suptitle(tr("Rate per 1,000, and what chance explains"), x=0, ha="left", fontsize=11, weight="bold")
    bare(axis, "y")
    limits = {tr("rate"): ("rate",), tr("mean"): ("centre",), f"{tr('limits (Laney)')} +": ("high",),
              f"{tr('limits (Laney)')} −": ("low",)}  # fmt: skip
    figure.native = native.lines(native.side_by_side(frame.assign(period=names), limits), "period", series="series",
                                 unit="rate")  # fmt: skip
    return figure
