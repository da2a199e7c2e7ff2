"""The house style of every chart: letters, colours, canvas.

Every chart reads in black and white (shape and line, not colour alone) and at phone width (5.2 inches wide with
10-point letters). Each charted number stands in a published table as well.
"""

from functools import wraps

import matplotlib as mpl
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from cxlib.language import digits, noted, tr
from cxlib.svg import DRAWING

INK, ACCENT, SOFT, GRID, WARM = "#1d2733", "#1f5f8b", "#9db8cc", "#dfe5ea", "#c8553d"
WIDTH = 5.2
STYLE = {
    "font.family": "DejaVu Sans",  # ships with matplotlib, and has every Vietnamese letter
    "font.size": 10,
    "axes.labelsize": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": GRID,
    "axes.grid": True,
    "axes.axisbelow": True,
}
UNIT_LABELS = {"points": noted("points"), "percent": "%", "score": noted("mean score"), "count": ""}


def in_style(chart):
    """Draw inside the house style, without changing the caller's settings."""

    @wraps(chart)
    def styled(*args, **options):
        with DRAWING, mpl.rc_context({**sns.axes_style("whitegrid"), **STYLE}):
            return chart(*args, **options)

    return styled


def canvas(height: float, rows: int = 1, **options):
    """A figure of the house's width, and its panels from top to bottom."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")  # unknown to pyplot, so there is nothing to close
    return figure, figure.subplots(rows, 1, squeeze=False, **options)[:, 0]


class Ticks(ScalarFormatter):
    """The numbers of an axis as matplotlib writes them, with the signs of the language that is spoken."""

    def __call__(self, value, place=None) -> str:
        return digits(super().__call__(value, place))


def bare(axis, keep: str) -> None:
    """Grid across one direction only; no frame; numbers in the language that is spoken."""
    for line in (axis.xaxis, axis.yaxis):
        if type(line.get_major_formatter()) is ScalarFormatter:
            line.set_major_formatter(Ticks())
    axis.grid(visible=False, axis="x" if keep == "y" else "y")
    for side in axis.spines.values():
        side.set_visible(False)
    axis.tick_params(length=0)


def titled(title: str, unit: str) -> str:
    """A panel's title with the unit that its numbers are in."""
    return f"{title} ({tr(UNIT_LABELS[unit])})" if UNIT_LABELS[unit] else title
