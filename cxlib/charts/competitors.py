"""Charts of own scores against competitors': lines over waves, and the gaps of one wave."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cxlib import text
from cxlib.charts import native
from cxlib.charts.style import ACCENT, INK, SOFT, WARM, bare, canvas, in_style, titled
from cxlib.language import tr

# Competitors are told apart by line and mark, so that no colour is needed.
LINES = [(0, (5, 2)), (0, (1, 1.2)), (0, (6, 1.5, 1, 1.5)), (0, (3, 1, 1, 1, 1, 1)), (0, (8, 3))]
MARKS = ["s", "^", "D", "v", "P", "X"]
GREY = "#5b6673"
LETTERS = 9.0  # points
NAME = 16  # letters of a name's line
END = 0.3  # of a wave, between the last one and the names


@in_style
def rivals(frame: pd.DataFrame, *, order: list[str], breaks: dict[str, dict[str, str]] | None = None) -> Figure | None:
    """Every company's estimates over the waves, with intervals, one panel a metric; ours is the thick line.

    `frame` holds name, label, unit, company, own, wave, estimate, low and high. `breaks` names, by label, the waves
    from which on we asked in another way: our line breaks before them. None where `order`, the waves, is a single one
    or there is nothing to draw.
    """
    if len(order) < 2 or frame.empty or not frame["estimate"].notna().any():
        return None
    frame = frame.dropna(subset=["estimate"])
    names = list(dict.fromkeys(frame["name"]))
    companies = list(dict.fromkeys(frame.sort_values("own", ascending=False, kind="stable")["company"]))
    tall = max(2.3, 0.9 + 0.25 * len(companies))
    figure, axes = canvas(tall * len(names) + 0.2, len(names))
    # The longest name takes this part of the plot's width.
    longest = [line for name in companies for line in fill(f"{name} ({order[0]})", NAME).split("\n")]
    right = _right(len(order) - 1, min(0.084 * (max(map(len, longest)) + 7) / 4.4, 0.6))
    apart = min(0.07, 0.45 / max(len(companies) - 1, 1))
    for axis, name in zip(axes, names, strict=True):
        rows = frame[frame["name"] == name]
        label, unit = rows["label"].iloc[0], rows["unit"].iloc[0]
        parted = [order.index(wave) for wave in (breaks or {}).get(label, {}) if wave in order]
        ends = []
        for i, company in enumerate(companies):
            part = rows[rows["company"] == company]
            if part.empty:
                continue
            own, shift = bool(part["own"].iloc[0]), apart * (i - (len(companies) - 1) / 2)
            at, values = np.array([order.index(wave) for wave in part["wave"]]), part["estimate"].to_numpy()
            color, x = ACCENT if own else GREY, at + shift
            axis.vlines(x, part["low"], part["high"], color=SOFT if own else GREY, lw=6 if own else 0.9, zorder=1)
            style = {"lw": 2.6} if own else {"lw": 1.3, "ls": LINES[(i - 1) % len(LINES)]}
            line = pd.Series(values, index=at).reindex(range(len(order)))
            cut = np.array(parted if own else [], int)
            line = np.insert(line.to_numpy(), cut, np.nan), np.insert(np.arange(len(order)) + shift, cut, np.nan)
            axis.plot(line[1], line[0], color=color, zorder=4 if own else 2, **style)
            mark = "o" if own else MARKS[(i - 1) % len(MARKS)]
            axis.plot(x, values, mark, color=color, mfc=color if own else "white", ms=7 if own else 5, zorder=5)
            # A last value that is an older one says so.
            named = company if part["wave"].iloc[-1] == order[-1] else f"{company} ({part['wave'].iloc[-1]})"
            ends.append((values[-1], x[-1], fill(named, NAME), text.number(values[-1], unit), own))
        axis.set_title(titled(label, unit))
        axis.set_xticks(range(len(order)), order)
        axis.margins(y=0.06)
        axis.set_xlim(-0.35, right)
        _name_ends(axis, ends, len(order) - 1 + END, tall)
        bare(axis, "y")
    how = {"panel": "label", "series": "company", "units": "unit", "order": order, "parted": breaks}
    figure.native = native.lines(frame, "wave", **how)
    return figure


def _right(last: int, part: float) -> float:
    """The right limit of an axis from -0.35 on, of which names beside `last` take a part."""
    return (last + END + 0.04 + 0.35 * part) / (1 - part)


def _name_ends(axis, ends: list[tuple], x: float, tall: float) -> None:
    """Write each line's name and last value beside its end, moved apart until none covers another."""
    low, high = axis.get_ylim()
    line = (high - low) * LETTERS * 1.3 / 72 / (tall - 0.65)
    ends = sorted(ends, key=lambda end: end[0])
    half = np.array([line * (1 + end[2].count("\n")) / 2 for end in ends])
    at = np.array([end[0] for end in ends], float)
    for _ in range(200):
        for i in range(len(at) - 1):
            lack = half[i] + half[i + 1] - (at[i + 1] - at[i])
            if lack > 0:
                at[i], at[i + 1] = at[i] - lack / 2, at[i + 1] + lack / 2
    for y, (value, end, name, shown, own) in zip(at, ends, strict=True):
        axis.plot([end + 0.06, x], [value, y], color=GREY, lw=0.5, zorder=0)
        weight = "bold" if own else "normal"
        axis.text(x + 0.04, y, f"{shown}  {name}", va="center", fontsize=LETTERS, weight=weight)
    axis.set_ylim(min(low, (at - half).min()), max(high, (at + half).max()))


@in_style
def rival_gaps(frame: pd.DataFrame) -> Figure | None:
    """Own score less each competitor's, with intervals, one panel a metric; right of the line we are ahead.

    `frame` holds name, label, unit, rival, estimate, low, high, verdict and n, of one wave. A filled dot is more than
    chance explains, a half-filled one borderline, a hollow one not told apart from chance.
    """
    if frame.empty:
        return None
    parts = [part for _, part in frame.groupby("name", sort=False)]
    labels = [[fill(name, 18) for name in part["rival"]] for part in parts]
    heights = [np.array([0.3 + 0.15 * name.count("\n") for name in names]) for names in labels]
    tall = [part.sum() + 0.45 for part in heights]
    figure, axes = canvas(sum(tall) + 0.25 * len(parts) + 0.1, len(parts), height_ratios=tall)
    fills = {"clear": "full", "borderline": "left"}
    for axis, part, names, high in zip(axes, parts, labels, heights, strict=True):
        unit, y = part["unit"].iloc[0], np.cumsum(high) - high / 2
        axis.axvline(0, color=INK, lw=1, ls=(0, (4, 3)), zorder=1)
        reach = np.nanmax(np.abs(part[["low", "high"]].to_numpy(float)), initial=0) or 1.0
        for at, row in zip(y, part.itertuples(), strict=True):
            held = np.isnan(row.estimate)
            shown = tr("** base {n}", n=text.number(row.n)) if held else text.difference(row.estimate, unit)
            axis.annotate(
                shown, (1.0, at), ha="right", va="center",
                xycoords=("axes fraction", "data"), fontsize=LETTERS, style="italic" if held else "normal",
            )  # fmt: skip
            if held:
                continue
            color = ACCENT if row.estimate >= 0 else WARM
            axis.plot([row.low, row.high], [at, at], color=SOFT, lw=4, solid_capstyle="butt", zorder=2)
            axis.plot(
                row.estimate, at, "o" if row.estimate >= 0 else "s", color=color, ms=7, mew=1.4, zorder=3,
                mfc=color if row.verdict in fills else "white", fillstyle=fills.get(row.verdict, "full"),
                markerfacecoloralt="white",
            )  # fmt: skip
        axis.set_yticks(y, names)
        axis.set(ylim=(high.sum(), 0), xlim=(-1.05 * reach, 1.35 * reach))
        axis.set_title(titled(part["label"].iloc[0], unit))
        bare(axis, "x")
    axes[-1].set_xlabel(tr("← behind      our score less theirs      ahead →"))
    figure.native = native.bars(frame, "rival", panel="label", units="unit", signed=True)
    return figure
