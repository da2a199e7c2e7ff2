"""What stands around the lanes of a journey map: head, grounds, strip of numbers, pain points, key."""

from itertools import groupby

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, PathPatch, Polygon, Rectangle
from matplotlib.path import Path

from cxlib import text
from cxlib.charts.card_letters import QUIET, even, height_of, say, width_of, wrapped
from cxlib.charts.journey_lanes import COLORS
from cxlib.charts.journey_signs import EXIT, Grid, held, mark
from cxlib.charts.portrait import mix
from cxlib.charts.style import ACCENT, GRID, INK
from cxlib.language import tr

EDGE = 0.2  # inches
PHASES = (INK, "#2b5573", QUIET)


def gutter(
    words: str, y: float, grid: Grid, *, more: str = "", size: float = 9, free: float = 0
) -> tuple[list[Artist], float]:
    """A row's name left of the columns, and in quiet letters what it is measured in; and where it ends."""
    width = grid.left - EDGE - 0.1
    lines = wrapped(words, width, size, bold=True)
    rest = wrapped(more, width - free, 7) if more else []
    drawn = say(lines, EDGE, y, size, bold=True)
    y += height_of(len(lines), size)
    return drawn + say(rest, EDGE, y, 7, color=QUIET), y + height_of(len(rest), 7)


def head(title: str, told: str, columns: pd.DataFrame, grid: Grid) -> tuple[list[Artist], float]:
    """Title, base, a bar a phase and an arrow a stage; and where they end."""
    lines = wrapped(title, grid.right - EDGE, 17, bold=True)
    drawn, y = say(lines, EDGE, 0.16, 17, bold=True), 0.16 + height_of(len(lines), 17)
    beside = EDGE + width_of(lines[-1], 17, bold=True) + 0.1
    if beside + width_of(told, 9) > grid.right:
        beside, y = EDGE, y + 0.17
    drawn += say([told], beside, y - 0.2, 9, color=QUIET)
    y += 0.06
    phases, at = [], 0
    for name, run in groupby(columns["phase"]):
        count = len(list(run))
        width = count * grid.column - 0.06
        if name:
            phases.append((grid.left + at * grid.column, width, even(name, width - 0.12, 8.5)))
        at += count
    tall = max((height_of(len(words), 8.5) for *_, words in phases), default=-0.07) + 0.07
    for i, (x, width, words) in enumerate(phases):
        drawn.append(Rectangle((x, y), width, tall, fc=PHASES[i % len(PHASES)], lw=0))
        top = y + (tall - height_of(len(words), 8.5)) / 2
        drawn += say(words, x + width / 2, top, 8.5, color="white", bold=True, ha="center")
    y += tall + 0.05
    size = float(np.clip(5 * grid.column, 7, 11))
    names = [even(name, grid.column - 0.28, size) for name in columns["label"]]
    tall = max(height_of(len(words), size) for words in names) + 0.14
    for i, words in enumerate(names):
        x, tip = grid.left + i * grid.column, 0.12
        right = x + grid.column - 0.06
        corners = [(x, y), (right - tip, y), (right, y + tall / 2), (right - tip, y + tall), (x, y + tall),
                   (x + (tip if i else 0), y + tall / 2)]  # fmt: skip
        drawn.append(Polygon(corners, fc=mix("white", ACCENT, 0.16), lw=0))
        drawn += say(words, (x + right) / 2, y + (tall - height_of(len(words), size)) / 2, size, bold=True, ha="center")
    return drawn, y + tall + 0.06


def grounds(places: list[tuple], labels: list[str], top: float, bottom: float, grid: Grid) -> list[Artist]:
    """The lanes' grounds and names, and thin lines between the columns from top to bottom."""
    drawn = []
    for i, ((y, tall), label) in enumerate(zip(places, labels, strict=True)):
        color = COLORS[i % len(COLORS)]
        drawn.append(
            Rectangle((grid.left, y + 0.02), grid.right - grid.left, tall - 0.04, fc=mix("white", color, 0.055), lw=0)
        )
        drawn.append(Rectangle((EDGE, y + 0.02), grid.left - EDGE - 0.05, tall - 0.04, fc=color, lw=0))
        width, size = grid.left - EDGE - 0.17, 10.0
        while size > 7 and (
            max(width_of(word, size, bold=True) for word in label.split()) > width
            or height_of(len(wrapped(label, width, size, bold=True)), size) > tall - 0.1
        ):
            size -= 0.5
        lines = even(label, width, size)
        middle = (grid.left + EDGE - 0.05) / 2
        drawn += say(
            lines, middle, y + (tall - height_of(len(lines), size)) / 2, size, color="white", bold=True, ha="center"
        )
    for i in range(1, grid.count):
        x = grid.left + i * grid.column - 0.03
        drawn.append(Line2D([x, x], [top, bottom], color=GRID, lw=0.8, zorder=1.5))
    return drawn


def strip(columns: pd.DataFrame, grid: Grid, y: float, *, minimum_base: int):
    """Customers, the share moving on and the time to the next stage, by stage; and where the strip ends."""
    most = max(1, columns["customers"].max())
    rows = [
        (tr("Customers"), [(text.number(n), "") for n in columns["customers"]]),
        (tr("Move on"), [moving(row, minimum_base) for _, row in columns.iterrows()]),
        (tr("Median to next"), [_days(row, minimum_base) for _, row in columns.iterrows()]),
    ]
    drawn = []
    for number, (name, cells) in enumerate(rows):
        drawn.append(Line2D([EDGE, grid.right], [y, y], color=GRID, lw=0.8))
        label, end = gutter(name, y + 0.04, grid, size=8.5)
        drawn += label
        joined = all(
            width_of(value, 9.5, bold=True) + width_of(limits, 7.5) + 0.2 < grid.column for value, limits in cells
        )
        for i, (value, limits) in enumerate(cells):
            middle, wide = grid.middle(i), width_of(value, 9.5, bold=True)
            left = middle - (wide + 0.06 + width_of(limits, 7.5)) / 2 if joined and limits else middle - wide / 2
            drawn += say([value], left, y + 0.04, 9.5, bold=True)
            if limits and joined:
                drawn += say([limits], left + wide + 0.06, y + 0.066, 7.5, color=QUIET)
            elif limits:
                low = wrapped(limits, grid.column - 0.08, 7)
                drawn += say(low, middle, y + 0.22, 7, color=QUIET, ha="center")
                end = max(end, y + 0.22 + height_of(len(low), 7))
            if number == 0:
                full = 0.7 * grid.column
                bar = {"fc": GRID, "lw": 0}, {"fc": ACCENT, "lw": 0, "label": f"customers {i}"}
                for look, share in zip(bar, (1, columns["customers"][i] / most), strict=True):
                    drawn.append(Rectangle((middle - full / 2, y + 0.235), full * share, 0.055, **look))
                end = max(end, y + 0.29)
        y = max(end, y + 0.22) + 0.05
    return drawn, y


def moving(row: pd.Series, minimum_base: int) -> tuple[str, str]:
    """The share moving on as it is printed, and its interval."""
    if not row["n"] or row["last"]:
        return "–", ""
    shown = text.with_base(text.number(row["estimate"], "percent"), row["n"], minimum_base)
    return shown, "" if shown == "**" else held(row["low"], row["high"], 1)


def _days(row: pd.Series, minimum_base: int) -> tuple[str, str]:
    """The median time with its interval; hours below a day."""
    if np.isnan(row["days"]) or row["last"]:
        return "–", ""
    times = 24 if row["days"] < 1 else 1
    value, low, high = (times * row[name] for name in ("days", "days_low", "days_high"))
    digits = 1 if value < 10 else 0
    number = text.number(value, digits=digits)
    told = tr("{number} days", number=number) if times == 1 else tr("{number} hours", number=number)
    shown = text.with_base(told, row["n"], minimum_base)
    return shown, "" if shown == "**" else held(low, high, digits)


def pain_list(hurts: list[tuple], grid: Grid, y: float):
    """Each pain point with its number, its name and its evidence, side by side; and where they end."""
    if not hurts:
        return [], y
    drawn = [Line2D([EDGE, grid.right], [y, y], color=GRID, lw=0.8)]
    label, end = gutter(tr("Pain points"), y + 0.05, grid, more=tr("beside all other touchpoints"))
    across = min(3, len(hurts))
    wide = (grid.right - grid.left) / across
    drawn, y = drawn + label, y + 0.05
    for start in range(0, len(hurts), across):
        low = y
        for i, (number, name, evidence) in enumerate(hurts[start : start + across]):
            x = grid.left + i * wide
            lines, rest = wrapped(name, wide - 0.45, 9, bold=True), wrapped(evidence, wide - 0.45, 8)
            drawn += mark(number, x + 0.15, y + 0.16)
            drawn += say(lines, x + 0.36, y, 9, bold=True) + say(rest, x + 0.36, y + height_of(len(lines), 9), 8)
            low = max(low, y + max(0.3, height_of(len(lines), 9) + height_of(len(rest), 8)))
        y = low + 0.06
    return drawn, max(y, end + 0.04)


def legend(notes: list[str], grid: Grid, y: float, *, ghosts: bool, pains: bool):
    """How to read the picture: each sign with its words; and where the lines end."""
    drawn, x, y = [Line2D([EDGE, grid.right], [y, y], color=GRID, lw=0.8)], EDGE, y + 0.1
    signs = {
        "node": tr("area: customers"),
        **({"ghost": tr("contacts the map expects")} if ghosts else {}),
        "flow": tr("width: visits moving on"),
        "drop": tr("journey ends (share of visits)"),
        **({"pain": tr("pain point")} if pains else {}),
    }
    for sign, told in [*signs.items(), *(("", note) for note in notes)]:
        wide = width_of(told, 7.5) + (0.32 if sign else 0) + 0.16
        if x + wide > grid.right + 0.2 and x > EDGE:
            x, y = EDGE, y + 0.24
        middle = y + 0.075
        if sign == "node":
            drawn.append(Circle((x + 0.12, middle), 0.085, fc=ACCENT, lw=0))
        elif sign == "ghost":
            drawn.append(Circle((x + 0.12, middle), 0.085, fc="none", ec=INK, lw=1, ls=(0, (3, 2))))
        elif sign == "flow":
            drawn.append(Rectangle((x, middle - 0.05), 0.26, 0.1, fc=ACCENT, alpha=0.3, lw=0))
        elif sign == "drop":
            corners = [(x + 0.06, middle - 0.09), (x + 0.18, middle - 0.09), (x + 0.12, middle + 0.1)]
            drawn.append(PathPatch(Path([*corners, corners[0]]), fc=EXIT, alpha=0.75, lw=0))
        elif sign == "pain":
            drawn += mark(1, x + 0.13, middle)
        drawn += say([told], x + (0.32 if sign else 0), y, 7.5, color=QUIET)
        x += wide
    return drawn, y + 0.3
