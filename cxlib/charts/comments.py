"""Charts of the comments: themes with the scores of those who mention them, and the words that set two sides apart."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cxlib import text
from cxlib.charts import native
from cxlib.charts.style import ACCENT, INK, SOFT, UNIT_LABELS, WARM, WIDTH, bare, canvas, in_style
from cxlib.language import tr

WIDE = 20  # letters of a label's line


def _heights(labels: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """The height of each row in inches, and the middle of each from the top."""
    heights = np.array([max(0.34, 0.1 + 0.16 * (1 + label.count("\n"))) for label in labels])
    return heights, np.cumsum(heights) - heights / 2


@in_style
def theme_panels(themes: pd.DataFrame, by_metric: pd.DataFrame, *, metric: str = "") -> Figure | None:
    """Each theme's share of the comments, and beside it how those who mention it score against those who do not.

    `themes` and `by_metric` are those of comments.Themes; `metric` names the metric (default: its first). A square is
    a difference that is more than chance explains, a ring one that is borderline or not told apart from it; themes on a
    small base say so. None where no theme has a share.
    """
    rows = themes.dropna(subset=["estimate"])
    if rows.empty:
        return None
    labels = [fill(str(name), WIDE) for name in rows["theme"]]
    heights, y = _heights(labels)
    scored = len(by_metric) > 0
    figure = Figure(figsize=(WIDTH, heights.sum() + 0.9), layout="constrained")
    axes = figure.subplots(1, 2 if scored else 1, sharey=True, squeeze=False)[0]
    axes[0].hlines(y, rows["low"], rows["high"], color=SOFT, lw=4)
    axes[0].plot(rows["estimate"], y, "o", color=ACCENT, ms=6, zorder=3)
    axes[0].set_title(tr("% of comments"), fontsize=10)
    axes[0].set_xlim(left=0)
    if scored:
        _differences(axes[1], rows["theme"], y, by_metric, metric or by_metric["name"].iloc[0])
    for axis in axes:
        axis.xaxis.set_major_locator(MaxNLocator(4))
        bare(axis, "x")
    axes[0].set_yticks(y, labels)
    axes[0].set_ylim(heights.sum(), 0)
    panels = [native.bars(rows, "theme", title=tr("% of comments"), unit="percent")]
    if scored:
        part = by_metric[by_metric["name"] == (metric or by_metric["name"].iloc[0])]
        part = rows[["theme"]].merge(part, on="theme")
        head = tr("{metric} with less without", metric=part["label"].iloc[0])
        panels.append(native.bars(part, "theme", title=head, units="unit", signed=True))
    figure.native = native.beside(*panels)
    return figure


def _differences(axis, names: pd.Series, y: np.ndarray, by_metric: pd.DataFrame, metric: str) -> None:
    """The panel of the metric's differences."""
    part = by_metric[by_metric["name"] == metric].set_index("theme")
    axis.axvline(0, color=INK, lw=1, ls=(0, (4, 3)), zorder=1)
    for at, name in zip(y, names, strict=True):
        if name not in part.index:
            continue
        row = part.loc[name]
        if np.isnan(row["estimate"]):
            told = tr("** base {n}", n=text.number(min(row["n"], row["n_without"])))
            axis.annotate(told, (0.5, at), xycoords=("axes fraction", "data"), ha="center", va="center", fontsize=8.5,
                          style="italic", bbox={"color": "white", "pad": 1})  # fmt: skip
            continue
        clear, color = row["verdict"] == "clear", WARM if row["estimate"] < 0 else ACCENT
        axis.plot([row["low"], row["high"]], [at, at], color=SOFT, lw=4, solid_capstyle="butt")
        axis.plot(row["estimate"], at, "s" if clear else "o", color=color, mfc=color if clear else "white", ms=6,
                  mew=1.4, zorder=3)  # fmt: skip
    title, unit = tr("{metric} with less without", metric=part["label"].iloc[0]), part["unit"].iloc[0]
    unit = tr("percentage points") if unit == "percent" else tr(UNIT_LABELS[unit])
    axis.set_title(fill(f"{title} ({unit})" if unit else title, 22), fontsize=10)


@in_style
def key_terms(frame: pd.DataFrame) -> Figure | None:
    """Terms by how much more often one side mentions them: to the right the first side's, to the left the other's.

    `frame` is that of comments.key_terms(). Bars are log ratios (1: twice, 2: four times as often) with intervals;
    dark ones are more than chance explains, hatched ones the other side's. None where there is nothing to draw.
    """
    if frame.empty:
        return None
    rows = frame.iloc[np.argsort(-frame["estimate"], kind="stable")]
    labels = [fill(str(name), WIDE) for name in rows["term"]]
    heights, y = _heights(labels)
    figure, (axis,) = canvas(heights.sum() * 0.85 + 0.95)
    for at, row in zip(y, rows.itertuples(), strict=True):
        ours, clear = row.estimate > 0, row.verdict == "clear"
        color = (WARM if ours else ACCENT) if clear else SOFT
        axis.barh(at, row.estimate, 0.2, color=color, hatch=None if ours else "///", edgecolor="white", lw=0, zorder=2)
        axis.plot([row.low, row.high], [at, at], color=INK, lw=1.0, zorder=3)
    axis.axvline(0, color=INK, lw=0.9, zorder=1)
    axis.set_yticks(y, labels)
    axis.set_ylim(heights.sum(), 0)
    axis.set_xlabel(tr("log ratio: 1 is twice, 2 four times as often"))
    ours, theirs = (
        [*dict.fromkeys(part["side"])] for part in (rows[rows["estimate"] > 0], rows[rows["estimate"] <= 0])
    )
    axis.set_title(fill(" · ".join([*(f"← {side}" for side in theirs), *(f"{side} →" for side in ours)]), 50))
    bare(axis, "x")
    figure.native = native.bars(rows, "term", title=axis.get_title(loc="left"), unit="ratio", signed=True)
    return figure
