"""Pictures of the summary: how many customers each finding concerns, and the improvement loop."""

from textwrap import fill

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from cxlib import text
from cxlib.charts import native
from cxlib.charts.style import ACCENT, INK, SOFT, WIDTH, bare, canvas, in_style
from cxlib.language import tr

MOST = 8  # bars
NUMBERED = 3  # those that the page opens with are dark


@in_style
def concerned(rows: pd.DataFrame, *, whom: str) -> Figure | None:
    """Bars of the customers that each finding concerns, the most first; columns label, customers, low, high.

    `whom` says who is counted (translated here). Whiskers are the intervals of the counts where there are any.
    None where there is no finding.
    """
    rows = rows.head(MOST)
    if rows.empty:
        return None
    labels = [fill(name, 26) for name in rows["label"]]
    height = sum(0.3 + 0.16 * name.count("\n") for name in labels) + 0.75
    figure, (axis,) = canvas(height)
    y = range(len(rows))
    colours = [ACCENT if place < NUMBERED else SOFT for place in y]
    axis.barh(y, rows["customers"], 0.55, color=colours)
    most = rows[["customers", "high"]].max(axis=None)
    for place, row in zip(y, rows.itertuples(), strict=True):
        end = row.customers
        if pd.notna(row.low) and row.low < row.high:
            axis.plot([row.low, row.high], [place, place], color=INK, lw=1.2)
            end = row.high
        axis.text(end + 0.015 * most, place, text.number(float(f"{row.customers:.3g}")), va="center", fontsize=9)
    axis.set_yticks(y, labels)
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.set_xlim(0, 1.18 * most)
    axis.xaxis.set_major_formatter(lambda value, _: text.number(value))
    axis.locator_params(axis="x", nbins=4)
    axis.set_xlabel(tr(whom))
    bare(axis, "x")
    plain = rows.assign(estimate=rows["customers"])
    figure.native = native.bars(plain, "label", title=tr(whom))
    return figure


@in_style
def loop(steps: pd.DataFrame) -> Figure:
    """The improvement loop: four boxes in a circle; columns step (translated here) and state."""
    figure = Figure(figsize=(WIDTH, 3.3), layout=None)
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set(xlim=(0, WIDTH), ylim=(0, 3.3))
    axis.axis("off")
    wide, high = 2.2, 1.25
    corners = [(0.1, 1.95), (WIDTH - wide - 0.1, 1.95), (WIDTH - wide - 0.1, 0.1), (0.1, 0.1)]
    for number, ((x, y), row) in enumerate(zip(corners, steps.itertuples(), strict=True), 1):
        axis.add_patch(
            FancyBboxPatch((x, y), wide, high, boxstyle="round,pad=0,rounding_size=0.08", fc="#eef4f8", ec=ACCENT)
        )
        axis.text(
            x + 0.12, y + high - 0.12, f"{number}. {tr(row.step)}", va="top", weight="bold", color=ACCENT, fontsize=10.5
        )
        axis.text(x + 0.12, y + high - 0.42, fill(row.state, 29), va="top", fontsize=8.5, color=INK, linespacing=1.3)
    middle, right = 0.1 + wide / 2, WIDTH - 0.1 - wide / 2
    ways = [((0.1 + wide, 2.575), (WIDTH - wide - 0.1, 2.575)), ((right, 1.95), (right, 0.1 + high)),
            ((WIDTH - wide - 0.1, 0.725), (0.1 + wide, 0.725)), ((middle, 0.1 + high), (middle, 1.95))]  # fmt: skip
    for start, end in ways:
        axis.add_patch(
            FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=13, color=INK, lw=1.4, shrinkA=3, shrinkB=3)
        )
    return figure
