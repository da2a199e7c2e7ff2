"""The chart of a league table: units from best to worst, shrunk, with what is known of value and rank."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cxlib import text
from cxlib.charts import native
from cxlib.charts.style import ACCENT, INK, SOFT, WARM, bare, canvas, in_style, titled
from cxlib.few import LEAST
from cxlib.language import digits, tr, tr_n
from cxlib.suppression import WITHHELD

GREY = "#5b6673"
WIDE = 22  # letters of a label's line
MOST, ENDS = 25, 10  # units that are all drawn, and how many of either end are where there are more
LINE = 0.16  # inches
SMALL = 8  # suppressed units that are named
FOOT = 62  # letters of a line below the plot


@in_style
def caterpillar(
    frame: pd.DataFrame, *, title: str, unit: str, average: float, minimum_base: int = 30, label: str = "unit"
) -> Figure | None:
    """Units by pooled value (filled, with interval), their own value hollow, the average unit dashed, ranks printed.

    `frame` is that of a League; `label` names the column with what units are called. A unit that stands apart is a
    diamond. Of more than 25 units the first and last 10 are drawn, and between them a band as wide as all intervals of
    the others, which says how many of these hold the average. Units under the minimum base stand in the foot. None
    where there is nothing to draw.
    """
    rows, small = frame[frame["pooled"].notna()], frame[frame["pooled"].isna()]
    if rows.empty:
        return None
    cut = len(rows) > MOST
    blocks = [rows.iloc[:ENDS], rows.iloc[-ENDS:]] if cut else [rows]
    shown = pd.concat(blocks)
    names = [fill(str(name), WIDE) for name in shown[label]]
    if cut:
        names.insert(ENDS, tr("{number} between them", number=len(rows) - 2 * ENDS))
    heights = np.array([max(0.25, 0.1 + LINE * (1 + name.count("\n"))) for name in names])
    if cut:
        heights[ENDS] = 0.5
    y = np.cumsum(heights) - heights / 2
    headed = fill(titled(title, unit), 50)
    foot = _foot(small, label, minimum_base)
    figure, (axis,) = canvas(heights.sum() + 1.15 + 0.17 * headed.count("\n") + LINE * foot.count("\n"))
    axis.axvline(average, color=INK, lw=1, ls=(0, (4, 3)), zorder=1)
    drawn = np.delete(y, ENDS) if cut else y
    for at, row in zip(drawn, shown.itertuples(), strict=True):
        axis.plot([row.low, row.high], [at, at], color=SOFT, lw=4, solid_capstyle="butt", zorder=2)
        mark, color = ("D", WARM) if row.apart else ("o", ACCENT)
        axis.plot(row.pooled, at, mark, color=color, ms=6, zorder=4)
        if not row.apart:
            axis.plot(row.estimate, at, "o", color=GREY, mfc="none", ms=5, mew=1.1, zorder=3)
        _beside(axis, at, text.number(row.pooled, unit), _ranks(row))
    if cut:
        _between(axis, y[ENDS], rows.iloc[ENDS:-ENDS], average)
    _beside(axis, -0.13, tr("pooled"), tr("rank"), style="italic")
    axis.set_yticks(y, names, parse_math=False)  # a $ is money and begins no formula
    axis.set_ylim(heights.sum(), -0.02)
    _room(axis, 0.42)
    _legend(figure, axis, shown, text.number(average, unit), foot)
    figure.suptitle(headed, x=0, ha="left", fontsize=11, weight="bold", parse_math=False)
    bare(axis, "x")
    told = tr("{title}: the first and the last {number} of {all}", title=title, number=ENDS, all=len(rows))
    both = {tr("pooled, with interval"): ("pooled", "low", "high"), tr("own value"): ("estimate",)}
    middle = (tr("average unit {value}", value=text.number(average, unit)), average)
    figure.native = native.dots(native.side_by_side(shown, both), label, series="series", title=told if cut else title,
                                unit=unit, shared=True, total=middle)  # fmt: skip
    return figure


def _ranks(row) -> str:
    """The interval of a rank: 3–41, or one rank."""
    return f"{row.rank_low:.0f}–{row.rank_high:.0f}" if row.rank_low < row.rank_high else f"{row.rank_low:.0f}"


def _beside(axis, at: float, value: str, ranks: str, **look) -> None:
    """Pooled value and rank interval at the right of a row."""
    where = {"xycoords": ("axes fraction", "data"), "ha": "right", "va": "center", "fontsize": 9, **look}
    axis.annotate(value, (0.83, at), annotation_clip=False, **where)
    axis.annotate(ranks, (1.0, at), annotation_clip=False, **where)


def _between(axis, at: float, rows: pd.DataFrame, average: float) -> None:
    """The units that are not drawn: how far their intervals reach, and how many hold the average."""
    low, high = rows["low"].min(), rows["high"].max()
    axis.fill_between([low, high], at - 0.12, at + 0.12, color=SOFT, alpha=0.45, lw=0, zorder=2)
    hold = int(((rows["low"] <= average) & (average <= rows["high"])).sum())
    told = tr("{number} of {all} intervals\nhold the average", number=hold, all=len(rows))
    axis.annotate(told, (1.0, at), va="center", ha="right",
                  xycoords=("axes fraction", "data"), fontsize=8.5, style="italic")  # fmt: skip


def _foot(small: pd.DataFrame, label: str, minimum_base: int) -> str:
    """Which units are not shown, and why."""
    if small.empty:
        return ""
    secret = [WITHHELD in row and "pooled" in row[WITHHELD] for row in small.to_dict("records")]
    few, lines = small[~np.array(secret)], []
    if any(secret):
        told = tr_n("{mark} {n} unit whose counts would tell of fewer than {least}",
                    "{mark} {n} units whose counts would tell of fewer than {least}",
                    sum(secret), mark=text.CONFIDENTIAL, least=LEAST)  # fmt: skip
        lines = [fill(told, FOOT)]
    named = [f"{row[label]} ({text.count(row['n'])})" for row in few.head(SMALL).to_dict("records")]
    told = {"base": minimum_base, "units": ", ".join(named)}
    if 0 < len(few) <= SMALL:
        lines.insert(0, fill(tr("** base under {base}: {units}", **told), FOOT))
    elif len(few):
        more = len(few) - SMALL
        lines.insert(0, fill(tr("** base under {base}: {units} and {number} more", number=more, **told), FOOT))
    return "\n".join(lines)


def _room(axis, part: float) -> None:
    """Keep the right of the plot free for numbers, without ticks there."""
    low, high = axis.get_xlim()
    axis.set_xlim(low, high + part / (1 - part) * (high - low))
    ticks = [tick for tick in axis.get_xticks() if low <= tick <= high]
    axis.set_xticks(ticks, [digits(shown) for shown in axis.xaxis.get_major_formatter().format_ticks(ticks)])


def _legend(figure: Figure, axis, shown: pd.DataFrame, average: str, foot: str) -> None:
    """What the marks are, under the foot."""
    handles = [
        axis.plot([], [], "o-", color=ACCENT, lw=0, ms=6, label=tr("pooled, with interval"))[0],
        axis.plot([], [], "o", color=GREY, mfc="none", ms=5, mew=1.1, label=tr("own value"))[0],
        axis.plot([], [], color=INK, lw=1, ls=(0, (4, 3)), label=tr("average unit {value}", value=average))[0],
    ]
    if shown["apart"].any():
        handles.append(axis.plot([], [], "D", color=WARM, ms=6, label=tr("stands apart, not pooled"))[0])
    look = {"ncols": 2, "frameon": False, "fontsize": 9, "alignment": "left", "title_fontsize": 8.5}
    legend = figure.legend(handles=handles, loc="outside lower center", title=foot or None, **look)
    legend.get_title().set_parse_math(False)
