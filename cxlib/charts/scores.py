"""Charts of scores: by segment, over waves, and how each answer was given."""

from itertools import pairwise
from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cxlib import text
from cxlib.charts import native
from cxlib.charts.style import ACCENT, INK, SOFT, WARM, bare, canvas, in_style, titled
from cxlib.language import digits, tr


@in_style
def intervals(
    frame: pd.DataFrame, *, group: str, label: str, title: str, unit: str, total: float | None = None
) -> Figure | None:
    """Estimates with their intervals, one row a `label` in blocks of `group`; a dashed line marks the total.

    `frame` holds group, label, estimate, low, high and n; rows without an estimate (small base) say so. None where
    none has one.
    """
    if frame["estimate"].isna().all():
        return None
    everybody = None if total is None else (tr("all {value}", value=text.number(total, unit)), total)
    plain = native.dots(frame, label, panel=group, unit=unit, shared=True, total=everybody)
    blocks = list(dict.fromkeys(frame[group]))
    blank = {"color": "white", "pad": 1}
    frame = frame.assign(**{label: [fill(str(name), 24) for name in frame[label]]})
    wrapped = frame[label].str.count("\n").sum() + sum(fill(str(block), 42).count("\n") for block in blocks)
    figure, (axis,) = canvas(0.26 * len(frame) + 0.2 * wrapped + 0.38 * len(blocks) + 0.7)
    y, ticks, names = 0.0, [], []
    left = min([*frame["low"].dropna(), *frame["estimate"].dropna()], default=0.0)
    parts = [frame[frame[group] == block] for block in blocks]
    for block, rows in zip(blocks, parts, strict=True):
        # The block's name stands inside the plot, where a long one takes no room from it.
        shown = fill(str(block), 42)
        y += 0.35 * shown.count("\n")
        name = axis.text(0.01, y, shown, transform=axis.get_yaxis_transform(), weight="bold", va="center", bbox=blank)
        name.set_in_layout(False)
        y += 1 + 0.35 * shown.count("\n")
        for told, estimate, n in zip(rows[label], rows["estimate"], rows["n"], strict=True):
            lines = told.count("\n")
            y += 0.35 * lines
            ticks.append(y)
            names.append(told)
            if np.isnan(estimate):
                few = tr("** base {n}", n=text.count(n))
                axis.text(left, y, few, va="center", fontsize=8.5, style="italic", bbox=blank)
            y += 1 + 0.35 * lines
        y += 0.45
    places = np.array(ticks)
    rows = pd.concat(parts)
    axis.hlines(places, rows["low"], rows["high"], color=SOFT, lw=4, capstyle="butt")
    small = (rows["n"] < text.SMALL_BASE).to_numpy()
    for those, face in ((small, "white"), (~small, ACCENT)):
        axis.plot(rows["estimate"][those], places[those], "o", color=ACCENT, mfc=face, ms=6, mew=1.4)
    if total is not None:
        axis.axvline(total, color=INK, lw=1, ls=(0, (4, 3)), zorder=0)
        shown = tr("all {value}", value=text.number(total, unit))
        axis.text(total, -0.75, shown, ha="center", va="bottom", fontsize=9)
    axis.set(ylim=(y - 0.4, -0.7))
    axis.margins(x=0.04)
    figure.suptitle(titled(title, unit), x=0, ha="left", fontsize=11, weight="bold")
    axis.set_yticks(ticks, names)
    bare(axis, "x")
    figure.native = plain
    return figure


@in_style
def trend(
    frame: pd.DataFrame,
    *,
    panel: str,
    over: str,
    order: list[str],
    modes: dict[str, str] | None = None,
    breaks: dict[str, dict[str, str]] | None = None,
) -> Figure | None:
    """Estimates over waves with their intervals, one panel a metric; a wave that did not ask leaves a gap.

    `frame` holds panel, over, estimate, low, high, n and unit; `order` names the waves, `modes` their modes of
    interview: between two modes the line is dashed. `breaks` names, by panel, the waves from which on a question was
    asked in another way: the line breaks before them. None where there is only one wave.
    """
    panels = list(dict.fromkeys(frame[panel]))
    if len(order) < 2:
        return None
    figure, axes = canvas(2.1 * len(panels) + 0.2, len(panels), sharex=True)
    place, modes = {wave: i for i, wave in enumerate(order)}, modes or {}
    several = len(set(modes.values())) > 1
    names = [f"{wave}\n{fill(modes.get(wave, '').replace('_', ' '), 14)}" if several else wave for wave in order]
    for axis, name in zip(axes, panels, strict=True):
        rows = frame[frame[panel] == name].dropna(subset=["estimate"])
        unit = rows["unit"].iloc[0] if len(rows) else "count"
        x = np.array([place[wave] for wave in rows[over]])
        parted = sorted(place[wave] for wave in (breaks or {}).get(name, {}) if wave in place)
        _joined(axis, dict(zip(x, rows["estimate"], strict=True)), [modes.get(wave) for wave in order], parted)
        axis.vlines(x, rows["low"], rows["high"], color=SOFT, lw=6, zorder=1)
        axis.plot(x, rows["estimate"], "o", color=ACCENT, ms=6, zorder=3)
        for at, value, top in zip(x, rows["estimate"], rows["high"], strict=True):
            axis.annotate(
                text.number(value, unit),
                (at, top),
                (0, 3),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=9,
            )
        axis.set_title(titled(name, unit))
        axis.margins(x=0.06, y=0.22)
        axis.set_xticks(range(len(order)), names)
        axis.set_xlim(-0.5, len(order) - 0.5)
        bare(axis, "y")
    plain = dict(zip(order, [" ".join(wave.split()) for wave in names], strict=True))
    changed = [plain[b] for a, b in pairwise(order) if modes.get(a) != modes.get(b)]
    parts = {name: [plain[wave] for wave in waves if wave in plain] for name, waves in (breaks or {}).items()}
    figure.native = native.lines(frame.assign(**{over: frame[over].map(plain)}), over, panel=panel, units="unit",
                                 order=list(plain.values()), dashed=changed, parted=parts)  # fmt: skip
    return figure


def _joined(axis, values: dict[int, float], modes: list, parted: list[int]) -> None:
    """Neighbouring waves joined by a line: dashed where the mode of interview changed, none where the question did."""
    for at in range(1, len(modes)):
        if at in parted:
            axis.axvline(at - 0.5, color=INK, lw=1, ls=":", zorder=0)
            axis.text(at - 0.5, 0.98, f"{tr('asked differently')} ", transform=axis.get_xaxis_transform(), va="top",
                      ha="right", fontsize=8.5, style="italic")  # fmt: skip
        elif at - 1 in values and at in values:
            style = "-" if modes[at] == modes[at - 1] else (0, (3, 2))
            axis.plot([at - 1, at], [values[at - 1], values[at]], color=ACCENT, lw=1.6, ls=style, zorder=2)


@in_style
def distribution(frame: pd.DataFrame, *, panel: str, answer: str) -> Figure:
    """The share of each answer as bars with intervals, one panel a question.

    `frame` holds panel, answer, estimate (percent), low, high and score, by which bars are shaded: dark where the
    answer scores most, light where least, striped between.
    """
    panels = list(dict.fromkeys(frame[panel]))
    figure, axes = canvas(2.1 * len(panels) + 0.2, len(panels))
    for axis, name in zip(axes, panels, strict=True):
        rows = frame[frame[panel] == name]
        levels = sorted(rows["score"].unique())
        x = np.arange(len(rows))
        if rows["estimate"].isna().all():
            few = tr("** base {n}", n=text.count(rows["n"].iloc[0]))
            axis.text(0.5, 0.5, few, transform=axis.transAxes, ha="center", style="italic")
        for at, row in zip(x, rows.itertuples(), strict=True):
            if np.isnan(row.estimate):
                continue
            best, worst = row.score == levels[-1], row.score == levels[0]
            several = len(levels) in (2, 3)
            color = ACCENT if best and several else WARM if worst and len(levels) == 3 else SOFT
            hatch = "///" if worst and len(levels) == 3 else None
            axis.bar(at, row.estimate, width=0.74, color=color, hatch=hatch, edgecolor="white", lw=0)
            axis.annotate(
                text.number(row.estimate, digits=0 if row.estimate >= 1 else 1),
                (at, row.high),
                (0, 2),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=9,
            )
        axis.vlines(x, rows["low"], rows["high"], color=INK, lw=1.1, zorder=2)
        axis.set_title(tr("{title} (% of answers)", title=name))
        axis.set_xticks(x, [digits(f"{value:g}") for value in rows[answer]])
        axis.set_xlim(-0.6, len(rows) - 0.4)
        axis.margins(y=0.14)
        axis.set_ylim(bottom=0)
        bare(axis, "y")
    figure.native = native.bars(frame, answer, panel=panel, unit="percent")
    return figure


def segments(frame: pd.DataFrame, totals: dict[str, float]) -> dict[str, Figure | None]:
    """intervals() for every metric of survey.by_segment(), by its published name; `totals` are drawn as lines."""
    return {
        name: intervals(
            rows,
            group="segment",
            label="group",
            title=rows["label"].iloc[0],
            unit=rows["unit"].iloc[0],
            total=totals.get(name),
        )
        for name, rows in frame.groupby("name", sort=False)
    }
