"""The chart of weights: how unequal they are."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cxlib import text
from cxlib.charts.style import INK, SOFT, bare, canvas, in_style
from cxlib.language import tr, tr_n
from cxlib.weights import design_effect, effective_n

BINS = 30
LINE = 0.2  # inches of a further line


@in_style
def weight_spread(weights: pd.Series, *, title: str = "") -> Figure | None:
    """How many respondents have which weight, as a histogram of multiples of the mean weight; None without weights.

    A dashed line marks the mean; beneath the title (default: how unequal the weights are) stand the range, the design
    effect and what it leaves of the sample.
    """
    if not len(weights):
        return None
    ratio = np.asarray(weights, float)
    effective, deff = effective_n(ratio), design_effect(ratio)
    ratio = ratio / ratio.mean()
    head = fill(title or tr("How unequal the weights are"), 50)
    figure, (axis,) = canvas(2.9 + LINE * head.count("\n"))
    most = max(ratio.max(), 2.0)
    axis.hist(ratio, bins=np.linspace(0, most * (1 + 1e-9), BINS + 1), color=SOFT, edgecolor="white", lw=0.6)
    axis.axvline(1, color=INK, lw=1, ls=(0, (4, 3)))
    spread = tr(
        "{least} to {most} times the mean; design effect {deff}:",
        least=text.number(ratio.min(), digits=2),
        most=text.number(ratio.max(), digits=2),
        deff=text.number(deff, digits=2),
    )
    worth = tr_n(
        "{n} respondent is worth {worth} ({share})",
        "{n} respondents are worth {worth} ({share})",
        len(ratio),
        worth=text.number(effective),
        share=text.number(100 / deff, "percent", digits=0),
    )
    axis.set_title(f"{spread}\n{worth}", fontsize=9, weight="normal")
    axis.set(xlim=(0, most * 1.02), xlabel=tr("weight, in multiples of the mean (dashed)"), ylabel=tr("respondents"))
    axis.yaxis.set_major_formatter(lambda value, _: text.number(value))
    figure.suptitle(head, x=0, ha="left", fontsize=11, weight="bold", parse_math=False)
    bare(axis, "y")
    return figure
