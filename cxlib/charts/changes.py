"""Charts of a change and of what answers are worth: before against after with a comparison, and bands of answers."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from cxlib import text
from cxlib.charts import native
from cxlib.charts.style import ACCENT, INK, SOFT, WARM, bare, canvas, in_style, titled
from cxlib.language import tr

GREY = "#5b6673"
NAME = 18  # letters of a line of a name
LETTERS = 9.0  # points
PART = 0.36  # of the plot's width, for the names beside the lines
# Of each kind of line: colour, line, mark, and how far its marks stand aside of the wave.
KINDS = {
    "treated": (ACCENT, "-", "o", -0.06),
    "comparison": (GREY, "-", "s", 0.06),
    "counterfactual": (WARM, (0, (3, 2)), "D", 0.0),
}


@in_style
def before_after(
    frame: pd.DataFrame, *, before: str, after: str, title: str, unit: str, order: list[str] | None = None
) -> Figure:
    """Both groups over the waves with intervals, and where the changed one would stand had it gone the other's way.

    `frame` is that of before_after.lines(): kind, group, wave, estimate, low, high; `order` names the waves (default:
    as they come). The dashed line runs from `before` to the counterfactual; the effect is what lies between it and the
    changed group. None without rows.
    """
    if frame.empty:
        return None
    waves = [wave for wave in (order or dict.fromkeys(frame["wave"])) if (frame["wave"] == wave).any()]
    figure, (axis,) = canvas(3.7 + 0.17 * fill(title, 50).count("\n"))
    ends, named = [], {}
    for kind, (color, style, mark, aside) in KINDS.items():
        rows = frame[frame["kind"] == kind]
        x = np.array([waves.index(wave) for wave in rows["wave"]]) + aside
        values = rows["estimate"].to_numpy(float)
        if kind == "counterfactual":
            start = frame[(frame["kind"] == "treated") & (frame["wave"] == before)]["estimate"].iloc[0]
            axis.plot([waves.index(before) + KINDS["treated"][3], *x], [start, *values], color=color, lw=1.6, ls=style)
        else:
            axis.plot(x, values, color=color, lw=1.8, ls=style, zorder=2)
        axis.vlines(x, rows["low"], rows["high"], color=color, lw=1.2, zorder=1)
        axis.plot(x, values, mark, color=color, mfc="white" if kind == "counterfactual" else color, ms=6, zorder=3)
        name = str(rows["group"].iloc[0])
        name = tr("{group}, had it moved like the others", group=name) if kind == "counterfactual" else name
        named[kind] = name
        ends.append((values[-1], x[-1], f"{text.number(values[-1], unit)}  {fill(name, NAME)}", color))
    last = len(waves) - 1
    axis.set_xlim(-0.35, (last + 0.24 + 0.35 * PART) / (1 - PART))
    axis.axvline(waves.index(after) - 0.5, color=INK, lw=1, ls=":", zorder=0)
    axis.annotate(f"{tr('change')} ", (waves.index(after) - 0.5, 1.0), (0, -2), xycoords=("data", "axes fraction"),
                  textcoords="offset points", ha="right", va="top", fontsize=9, style="italic")  # fmt: skip
    axis.margins(y=0.12)
    _named(axis, ends, last + 0.16)
    axis.set_xticks(range(len(waves)), waves)
    figure.suptitle(fill(titled(title, unit), 50), x=0, ha="left", fontsize=11, weight="bold")
    bare(axis, "y")
    starts = frame[(frame["kind"] == "treated") & (frame["wave"] == before)][["wave", "estimate"]]
    plain = pd.concat([frame, starts.assign(kind="counterfactual")]).assign(series=lambda rows: rows["kind"].map(named))
    figure.native = native.lines(plain, "wave", series="series", order=waves, title=title, unit=unit)
    return figure


def _named(axis, ends: list[tuple], x: float) -> None:
    """Each line's last value and name beside its end, moved apart until none covers another."""
    low, high = axis.get_ylim()
    line = (high - low) * LETTERS * 1.35 / 72 / 2.9
    ends = sorted(ends, key=lambda end: end[0])
    half = np.array([line * (1 + end[2].count("\n")) / 2 for end in ends])
    at = np.array([end[0] for end in ends])
    for _ in range(100):
        for i in range(len(at) - 1):
            lack = max(half[i] + half[i + 1] - (at[i + 1] - at[i]), 0.0)
            at[i], at[i + 1] = at[i] - lack / 2, at[i + 1] + lack / 2
    for up, (value, end, shown, color) in zip(at, ends, strict=True):
        axis.plot([end + 0.05, x + 0.05], [value, up], color=GREY, lw=0.5, zorder=0)
        axis.text(x + 0.08, up, shown, va="center", fontsize=LETTERS, color=color)
    axis.set_ylim(min(low, (at - half).min()), max(high, (at + half).max()))


@in_style
def bands(frame: pd.DataFrame, *, silent: str = "No answer") -> Figure | None:
    """What each band of answers is worth: a panel an outcome, a bar a band with its interval and value.

    `frame` is that of value.by_band() or value.silent(): outcome, label, unit, band, estimate, low, high, n, bands from
    worst to best. The segment `silent` is striped. Bands under the minimum base say so. None without rows.
    """
    if frame.empty:
        return None
    panels = [part for _, part in frame.groupby("outcome", sort=False)]
    figure, axes = canvas(2.0 * len(panels) + 0.2, len(panels))
    for axis, rows in zip(axes, panels, strict=True):
        unit = rows["unit"].iloc[0]
        names = [tr(silent) if name == silent else str(name) for name in rows["band"]]
        names = [fill(name, max(8, 40 // len(rows))) for name in names]
        for at, row in enumerate(rows.itertuples()):
            if np.isnan(row.estimate):
                few = tr("** base {n}", n=text.number(row.n))
                axis.annotate(few, (at, 0), (0, 3), textcoords="offset points", ha="center", fontsize=9, style="italic")
                continue
            hatch = "///" if row.band == silent else None
            axis.bar(at, row.estimate, 0.62, color=SOFT, hatch=hatch, edgecolor="white", lw=0)
            axis.plot([at, at], [row.low, row.high], color=INK, lw=1.1)
            axis.annotate(text.number(row.estimate, unit), (at, max(row.high, 0)), (0, 2), textcoords="offset points",
                          ha="center", va="bottom", fontsize=9)  # fmt: skip
        axis.set_title(titled(rows["label"].iloc[0], unit if unit == "percent" else "count"))
        axis.set_xticks(range(len(rows)), names)
        axis.set_xlim(-0.6, len(rows) - 0.4)
        axis.margins(y=0.16)
        if not (rows["low"] < 0).any():
            axis.set_ylim(bottom=0)
        axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: text.number(value, digits=_digits(value))))
        bare(axis, "y")
    plain = frame.assign(band=[tr(silent) if name == silent else name for name in frame["band"]])
    figure.native = native.bars(plain, "band", panel="label", units="unit")
    return figure


def _digits(value: float) -> int:
    return next((digits for digits in (0, 1) if np.isclose(value, round(value, digits))), 2)
