"""Charts of the checks of respondents: how many each flags, which go together, and how long interviews took."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, NullLocator

from cxlib import text
from cxlib.charts import native
from cxlib.charts.style import ACCENT, INK, SOFT, WARM, bare, canvas, in_style
from cxlib.flagged import check_name
from cxlib.language import digits, tr

MOST_PANELS = 6
MARGIN = 0.2  # in powers of ten: so wide that one of 1, 2, 5, 10 … minutes always lies in the picture
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)


@in_style
def flags_bar(frame: pd.DataFrame, *, title: str) -> Figure:
    """The share of respondents that each check flags, as bars with counts; a panel a wave where there are at most 6.

    `frame` holds check (its name, a message), flagged and n, and may hold wave; above 6 waves the bars are of all
    respondents.
    """
    rows = frame if "wave" in frame else frame.assign(wave="")
    waves = list(dict.fromkeys(rows["wave"].astype(str)))
    if len(waves) > MOST_PANELS or len(waves) < 2:
        rows, waves = rows.assign(wave=""), [""]
    checks = list(dict.fromkeys(rows["check"]))
    counts = rows.assign(wave=rows["wave"].astype(str)).groupby(["wave", "check"], sort=False)[["flagged", "n"]].sum()
    share = 100 * counts["flagged"] / counts["n"].clip(lower=1)
    names = [fill(tr(check), 26) for check in checks]
    lines = sum(name.count("\n") + 1 for name in names)
    figure, axes = canvas(len(waves) * (0.25 * lines + 0.45) + 0.5, len(waves), sharex=True)
    for axis, wave in zip(axes, waves, strict=True):
        for at, check in enumerate(checks):
            if (wave, check) not in share.index:
                continue
            value, count, n = share[wave, check], *counts.loc[(wave, check)]
            axis.barh(at, value, height=0.66, color=ACCENT if count else SOFT)
            counted = tr("{n} of {of}", n=text.number(count), of=text.number(n))
            shown = f"{text.number(value, 'percent')} ({counted})"
            axis.annotate(shown, (value, at), (4, 0), textcoords="offset points", va="center", fontsize=8.5)
        axis.set_title(wave)
        axis.set_yticks(range(len(checks)), names)
        axis.set_ylim(len(checks) - 0.4, -0.6)
        axis.set_xlim(0, max(share.max(), 0.1) * 1.9)  # room for the longest count behind the longest bar
        bare(axis, "x")
    axes[-1].set_xticks([tick for tick in axes[-1].get_xticks() if tick <= 100])
    axes[-1].set_xlabel(tr("% of respondents"))
    figure.suptitle(title, x=0, ha="left", fontsize=11, weight="bold")
    plain = share.rename("estimate").reset_index()
    plain["check"] = [tr(check) for check in plain["check"]]
    figure.native = native.bars(plain, "check", panel="wave", unit="percent", shared=True)
    return figure


@in_style
def overlaps(flags: pd.DataFrame, *, title: str, names: dict[str, str] | None = None) -> Figure | None:
    """How many respondents two checks flag at once, as a matrix; on its diagonal, how many each flags.

    `flags` holds a bool column a check, `names` how they are printed. None where no check could be made.
    """
    if flags.columns.empty:
        return None
    shown = [fill((names or {}).get(check, tr(check_name(check))), 15) for check in flags]
    x = flags.to_numpy(float)
    both = x.T @ x
    share = both / np.maximum(np.diag(both), 1)[:, None]  # of those whom the row's check flags
    figure, (axis,) = canvas(0.42 * len(shown) + 1.5)
    lower = np.tril(np.ones_like(both, bool))
    for row, column in np.argwhere(lower):
        count, own = both[row, column], row == column
        deep = max(share[row, column], share[column, row])
        color = SOFT if own else ACCENT if deep >= 0.5 else "#cfdde8" if count else "white"
        axis.add_artist(_cell(column, row, color))
        ink = "white" if color == ACCENT else INK
        axis.text(column, row, text.number(count), ha="center", va="center", fontsize=9, color=ink,
                  weight="bold" if own else "normal")  # fmt: skip
    axis.set_xticks(range(len(shown)), shown, rotation=90)
    axis.set_yticks(range(len(shown)), shown)
    axis.set(xlim=(-0.5, len(shown) - 0.5), ylim=(len(shown) - 0.5, -0.5))
    bare(axis, "x")
    axis.grid(visible=False)
    figure.suptitle(title, x=0, ha="left", fontsize=11, weight="bold")
    return figure


def _cell(column: float, row: float, color: str) -> Rectangle:
    return Rectangle((column - 0.48, row - 0.48), 0.96, 0.96, facecolor=color, edgecolor="none")


@in_style
def durations(frame: pd.DataFrame, *, title: str) -> Figure | None:
    """How many minutes the interviews took, a panel a group (wave and mode of interview), with the speeders' limit.

    `frame` holds group, seconds and limit, as speed.limits() gives them; with more than 6 groups all are drawn at once,
    and the limits as a band. Minutes grow by ratio (a logarithmic axis). None where nobody has a time.
    """
    if not len(frame):
        return None
    groups = list(dict.fromkeys(sorted(frame["group"])))
    if len(groups) > MOST_PANELS:
        frame, groups = frame.assign(group=""), [""]
    minutes = np.log10(frame["seconds"] / 60)
    limits = np.log10(frame["limit"] / 60)
    ends = min(minutes.min(), limits.min()) - MARGIN, max(minutes.max(), limits.max()) + MARGIN
    edges = np.linspace(*ends, 41)
    figure, axes = canvas(1.35 * len(groups) + 0.8, len(groups), sharex=True)
    for axis, group in zip(axes, groups, strict=True):
        here = frame["group"] == group
        low, high = limits[here].min(), limits[here].max()
        fast = here & (frame["seconds"] < frame["limit"])
        counts, _ = np.histogram(minutes[here & ~fast], edges)
        hurried, _ = np.histogram(minutes[fast], edges)
        width = edges[1] - edges[0]
        axis.bar(edges[:-1], counts, width, bottom=hurried, align="edge", color=SOFT, lw=0.3, edgecolor="white")
        axis.bar(edges[:-1], hurried, width, align="edge", color=WARM, hatch="////", lw=0.3, edgecolor="white")
        axis.axvspan(low, high, color=INK, alpha=0.2, lw=0)
        for limit in {low, high}:
            axis.axvline(limit, color=INK, lw=1.2, ls=(0, (4, 3)))
        told = tr(
            "{fast} of {all} faster than {limits} minutes",
            fast=text.number(fast.sum()),
            all=text.number(here.sum()),
            limits=_limits(low, high),
        )
        axis.set_title(f"{group}: {told}" if group else told, fontsize=9.5)
        bare(axis, "y")
    inside = [tick for tick in TICKS if edges[0] <= np.log10(tick) <= edges[-1]]
    if len(inside) > 9:
        inside = [tick for tick in inside if np.log10(tick) % 1 == 0]
    axes[-1].set_xlim(*ends)
    axes[-1].set_xticks(np.log10(inside))
    axes[-1].xaxis.set_major_formatter(FuncFormatter(lambda value, _: digits(f"{10**value:g}")))
    axes[-1].xaxis.set_minor_locator(NullLocator())
    axes[-1].set_xlabel(tr("minutes"))
    axes[0].set_ylabel(tr("interviews"))
    figure.suptitle(title, x=0, ha="left", fontsize=11, weight="bold")
    return figure


def _limits(low: float, high: float) -> str:
    shown = [text.number(10**value, digits=1) for value in (low, high)]
    return shown[0] if shown[0] == shown[1] else text.interval(10**low, 10**high, digits=1)
