"""The emotion curve of a journey map: the mean score by stage with its band, aligned with the stages."""

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import Arc, Circle, Polygon, Rectangle
from scipy.interpolate import PchipInterpolator

from cxlib import text
from cxlib.charts.card_letters import QUIET, height_of, say, width_of
from cxlib.charts.journey_panels import gutter
from cxlib.charts.journey_signs import Grid, halo, held
from cxlib.charts.style import ACCENT, GRID, WARM
from cxlib.language import digits, tr

CURVE = 0.75  # inches that the curve may rise and fall
NARROW = 1.25  # inches of a column, under which letters are smaller


def emotion(columns: pd.DataFrame, scale, grid: Grid, y: float, *, minimum_base: int):
    """The mean score by stage: a curve through the means, its band, the numbers; and where the panel ends."""
    shown = columns[(columns["score_n"] >= minimum_base) & columns["score"].notna()]
    least, most = (digits(f"{one:g}") for one in scale)
    more = tr("mean score, {least} to {most}", least=least, most=most)
    drawn, end = gutter(tr("How it feels"), y + 0.04, grid, more=more, free=0.25)
    if shown.empty:
        return drawn + _missing(columns, columns.index, y + 0.1, grid), max(end, y + 0.4)
    lows, highs = (shown[f"score_{side}"].fillna(shown["score"]).clip(*scale) for side in ("low", "high"))
    least, most = lows.min(), highs.max()
    # Never so near that the noise of a few answers looks like a mood: three tenths of the scale at least are shown.
    spare = max(0, 0.3 * (scale[1] - scale[0]) - (most - least)) / 2
    least, most = least - spare, most + spare
    size = 8.0 if grid.column > NARROW else 7.0
    value = [_told(row, grid) for _, row in shown.iterrows()]
    room = max(height_of(len(lines), size) for lines in value) + 0.1
    top, tall = y + room, CURVE

    def at(score):
        return top + tall * (most - np.asarray(score, float)) / (most - least)

    bottom = top + tall + room
    drawn.append(Rectangle((grid.left, y), grid.right - grid.left, bottom - y, fc="#f7f9fa", lw=0, zorder=0.5))
    step = 0.5 if most - least < 2 else max(1, round((most - least) / 4))
    for tick in np.arange(np.ceil(least / step) * step, most + 1e-9, step):
        drawn.append(Line2D([grid.left, grid.right], [at(tick)] * 2, color=GRID, lw=0.8, zorder=1))
        drawn += say([digits(f"{tick:g}")], grid.left - 0.06, at(tick) - 0.07, 7, color=QUIET, ha="right")
    x = np.array([grid.middle(i) for i in shown.index])
    runs = np.split(np.arange(len(shown)), np.flatnonzero(np.diff(shown.index) > 1) + 1)
    for run in (run for run in runs if len(run) > 1):
        fine = np.unique(np.r_[np.linspace(x[run[0]], x[run[-1]], 120), x[run]])
        mean, low, high = (
            PchipInterpolator(x[run], at(part.to_numpy()[run]))(fine) for part in (shown["score"], lows, highs)
        )
        band = np.r_[np.c_[fine, low], np.c_[fine, high][::-1]]
        drawn.append(Polygon(band, fc=ACCENT, alpha=0.25, lw=0, zorder=2, label="band"))
        drawn.append(Line2D(fine, mean, color=ACCENT, lw=2.2, zorder=3))
    worst = shown["score"].idxmin() if len(shown) > 2 else -1
    for (i, row), low, high, lines, across in zip(shown.iterrows(), at(lows), at(highs), value, x, strict=True):
        look = {"color": WARM if i == worst else ACCENT, "zorder": 4}
        drawn.append(Line2D([across, across], [low, high], lw=2, **look))
        drawn.append(Line2D([across], [at(row["score"])], marker="o", ms=7, mec="white", label=f"score {i}", **look))
        beside = [shown["score"].get(i + step, row["score"]) for step in (-1, 1)]
        above = min(at(row["score"]), high) - 0.1 - height_of(len(lines), size)
        drawn += halo(say(lines, across, above if np.mean(beside) <= row["score"] else low + 0.08, size, bold=False,
                           ha="center"))  # fmt: skip
    drawn += _missing(columns, columns.index.difference(shown.index), (top + bottom - room) / 2, grid)
    if bottom - end > 0.62:  # where the words leave room for them
        drawn += _face(grid.left - 0.62, end + 0.17, 1) + _face(grid.left - 0.62, bottom - 0.16, -1)
    return drawn, bottom


def scored(row: pd.Series) -> tuple[str, str]:
    """A mean as it is printed, and its interval."""
    value = text.number(row["score"], "score") + ("*" if row["score_n"] < text.SMALL_BASE else "")
    return value, held(row["score_low"], row["score_high"], 2)


def _told(row: pd.Series, grid: Grid) -> list[str]:
    """A mean and its interval, on one line where it fits."""
    value, limits = scored(row)
    joined = f"{value} {limits}".strip()
    return [joined] if width_of(joined, 8) < grid.column - 0.08 else [value, limits]


def _missing(columns: pd.DataFrame, rows, y: float, grid: Grid) -> list[Artist]:
    return [one for i in rows for one in say(["**" if columns["score_n"][i] else "–"], grid.middle(i), y, 8,
                                              color=QUIET, ha="center")]  # fmt: skip


def _face(x: float, y: float, mood: int) -> list[Artist]:
    """A smile or a frown."""
    eyes = [Circle((x + side * 0.045, y - 0.035), 0.015, fc=QUIET, lw=0) for side in (-1, 1)]
    mouth = Arc((x, y + (0.0 if mood > 0 else 0.085)), 0.13, 0.12, theta1=20 if mood > 0 else 200,
                theta2=160 if mood > 0 else 340, color=QUIET, lw=1.2)  # fmt: skip
    return [Circle((x, y), 0.13, fc="none", ec=QUIET, lw=1.2), *eyes, mouth]
