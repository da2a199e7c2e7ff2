"""Charts of what silent customers cost: which assumption matters, alone and by twos."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from cxlib import text
from cxlib.charts.style import ACCENT, INK, WARM, WIDTH, bare, canvas, in_style
from cxlib.errors import CxError
from cxlib.language import noted, tr

LETTERS = 9  # points
LINE = 0.15  # inches
WIDE = 22  # letters of a label's line


@in_style
def tornado(frame: pd.DataFrame, *, total: float, unit: str = "count") -> Figure | None:
    """One-way sensitivity: what each input, at the low (hatched) and high end of its range, makes of the outcome.

    `frame` holds input (a message), at_low, at_high (the outcome then) and low_text, high_text (the input then), in
    the order drawn from the top; the vertical line is `total`, the outcome as assumed. None where there is nothing to
    draw.
    """
    frame = frame[frame[["at_low", "at_high"]].notna().any(axis=1)]
    if frame.empty or np.isnan(total):
        return None
    labels = [fill(tr(str(name)), WIDE) for name in frame["input"]]
    heights = np.array([max(0.46, 0.16 + LINE * (1 + label.count("\n"))) for label in labels])
    y = np.cumsum(heights) - heights / 2
    figure, (axis,) = canvas(heights.sum() + 0.95)
    # Each end has a line of its own, so that texts stay apart however short the bars are.
    ends = [("at_low", "low_text", -0.085, {"fc": "white", "hatch": "/////", "ec": WARM}),
            ("at_high", "high_text", 0.085, {"fc": ACCENT, "ec": ACCENT})]  # fmt: skip
    told = []
    for value, words, off, looks in ends:
        given = frame[value].notna().to_numpy()
        axis.barh((y + off)[given], frame[value][given] - total, 0.17, total, lw=0.8, **looks)
        told += list(zip(y + off, frame[value], frame[words].astype(str), strict=True))
    axis.axvline(total, color=INK, lw=1.2)
    assumed = tr("as assumed {number}", number=text.number(total, unit))
    axis.annotate(assumed, (total, 0), (0, 3), textcoords="offset points", ha="center", va="bottom", fontsize=LETTERS)
    for at, value, shown in told:
        if not np.isnan(value):
            side = -1 if value < total else 1
            axis.annotate(shown, (value, at), (3 * side, 0), textcoords="offset points", va="center",
                          ha="right" if side < 0 else "left", fontsize=8.5)  # fmt: skip
    axis.set_yticks(y, labels)
    axis.set_ylim(heights.sum(), 0)
    axis.xaxis.set_major_formatter(lambda value, _: text.number(value, unit))
    bare(axis, "x")
    figure.legend(
        [Patch(lw=0.8, **looks) for *_, looks in ends], [tr("input at its low end"), tr("at its high end")],
        loc="outside lower center", ncols=2, frameon=False, fontsize=LETTERS,
    )  # fmt: skip
    _room(figure, axis, [(value, -1 if value < total else 1, shown) for _, value, shown in told], total, unit)
    return figure


def _room(figure: Figure, axis, ends: list[tuple], total: float, unit: str) -> None:
    """Widen the x axis until the texts at the ends of the bars, which keep their size, lie within the plot.

    As many round numbers are marked as fit side by side.
    """
    figure.get_layout_engine().execute(figure)
    inches = axis.get_window_extent().width / figure.dpi
    ends = [(value, side, 0.085 * len(shown) + 0.08) for value, side, shown in ends if not np.isnan(value)]
    values = [total, *(value for value, *_ in ends)]
    low, high = min(values), max(values)
    if low == high:
        low, high = low - max(1, abs(total) / 10), high + max(1, abs(total) / 10)
    for _ in range(60):
        inch = (high - low) / inches
        low = min([low, *(value - wide * inch for value, side, wide in ends if side < 0)])
        high = max([high, *(value + wide * inch for value, side, wide in ends if side > 0)])
    axis.set_xlim(low, high)
    longest = max(len(text.number(value, unit)) for value in (low, high))
    fit = int(np.clip(inches / (0.095 * longest + 0.15), 2, 6))
    axis.xaxis.set_major_locator(MaxNLocator(fit, integer=unit == "count"))


@in_style
def two_way(frame: pd.DataFrame, *, rows: str, columns: str) -> Figure | None:
    """Two-way sensitivity: the outcome at each pair of two assumptions, darker where it is more; today's pair framed.

    `frame` holds row and column (the assumptions as text, in their order), value and here (true of the pair that is
    nearest to what is assumed); `rows` and `columns` are the titles. Numbers too long for their cells are printed in
    thousands or millions, and a line below says so. None where there is nothing to draw. Raises CxError where a pair
    stands twice.
    """
    if frame.empty:
        return None
    twice = frame[frame.duplicated(["row", "column"])]
    if len(twice):
        pair = " and ".join(twice[["row", "column"]].iloc[0].astype(str))
        raise CxError(f"each pair of assumptions stands once; {len(twice)} are repeated, e.g. {pair}")
    if not frame["value"].notna().any():
        return None
    down, across = (list(dict.fromkeys(frame[name].astype(str))) for name in ("row", "column"))
    names = [fill(name, 14) for name in down]
    wide = (WIDTH - 0.5 - 0.085 * max(len(line) for name in names for line in name.split("\n"))) / len(across)
    size = LETTERS if wide > 0.5 else 8
    divisor, digits, told = _fitting(frame["value"], 72 * (wide - 0.05) / size)
    heads = [fill(name, max(3, int(wide / 0.085))) for name in across]
    title = fill(rows, max(20, 4 * len(down)))
    tall = max(0.34, 0.095 * max(map(len, title.split("\n"))) / len(down), LINE * max(map(_lines, names)) + 0.1)
    figure, (axis,) = canvas(tall * len(down) + LINE * max(map(_lines, heads)) + (0.65 if told else 0.45))
    low, high = frame["value"].min(), frame["value"].max()
    for row in frame.itertuples():
        x, y = across.index(str(row.column)), down.index(str(row.row))
        # No darker than black letters can be read on.
        strength = 0.0 if np.isnan(row.value) else 0.05 + 0.55 * (row.value - low) / ((high - low) or 1.0)
        face = strength * np.array(to_rgb(ACCENT)) + (1 - strength)
        axis.add_patch(Rectangle((x, y), 1, 1, fc=face, ec="white", lw=1.2))
        shown = text.number(row.value / divisor, digits=digits)
        weight = "bold" if row.here else "normal"
        axis.text(x + 0.5, y + 0.5, shown, ha="center", va="center", fontsize=size, weight=weight)
        if row.here:
            for color, line in (("white", 5.0), (INK, 2.4)):
                axis.add_patch(Rectangle((x, y), 1, 1, fill=False, ec=color, lw=line, zorder=3, joinstyle="miter"))
    axis.set(xlim=(-0.03, len(across) + 0.03), ylim=(len(down) + 0.05, -0.05))
    axis.set_xticks(np.arange(len(across)) + 0.5, heads)
    axis.set_yticks(np.arange(len(down)) + 0.5, names)
    axis.xaxis.tick_top()
    axis.xaxis.set_label_position("top")
    axis.set(xlabel=fill(columns, 44), ylabel=title)
    figure.supxlabel(told, fontsize=8.5, style="italic")
    bare(axis, "x")
    axis.grid(visible=False)
    return figure


def _fitting(values: pd.Series, room: float) -> tuple[float, int, str]:
    """Divisor and digits that make no number wider than the room, in letters' heights; and the words for them."""
    for divisor, digits, told in ((1, 0, ""), (1e3, 0, noted("in thousands")), (1e6, 1, noted("in millions"))):
        shown = [text.number(value / divisor, digits=digits) for value in values]
        if max(0.7 * len(number) - 0.3 * sum(map(number.count, ",.")) for number in shown) <= room:
            return divisor, digits, tr(told)
    return divisor, digits, tr(told)


def _lines(words: str) -> int:
    """How many lines a text has."""
    return 1 + words.count("\n")
