"""What the parts of a journey map share: columns, scale, warning signs, letters on ribbons."""

from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.patches import Polygon
from matplotlib.patheffects import withStroke

from cxlib import text
from cxlib.charts.card_letters import say
from cxlib.charts.style import INK
from cxlib.language import tr

ALARM, EXIT, PAIN = "#f5c542", "#9c3b26", "#b5452e"
TEXT = 7.5  # points


@dataclass(frozen=True)
class Grid:
    """Where the columns stand: the left edge of the first, their width and their number."""

    left: float
    column: float
    count: int

    def middle(self, column: float) -> float:
        return self.left + (column + 0.5) * self.column

    @property
    def right(self) -> float:
        return self.left + self.count * self.column


@dataclass(frozen=True)
class Scale:
    """How large things are: inches of radius for the square root of a customer, and of width for a visit."""

    disc: float
    flow: float

    def radius(self, customers):
        return self.disc * np.sqrt(customers)


def held(low: float, high: float, digits: int) -> str:
    """An interval in brackets that no line breaks: (1.6 to 1.7); empty where there is none."""
    if np.isnan(low) and np.isnan(high):
        return ""
    limits = {"low": text.number(low, digits=digits), "high": text.number(high, digits=digits)}
    return f"({tr('{low} to {high}', **limits)})".replace(" ", "\N{NO-BREAK SPACE}")


def halo(texts: list[Artist]) -> list[Artist]:
    """Letters with white around them, so that they are read on any ribbon."""
    for one in texts:
        one.set(path_effects=[withStroke(linewidth=2.6, foreground="white", alpha=0.85)], zorder=6)
    return texts


def mark(number: int, x: float, y: float) -> list[Artist]:
    """A warning sign with the number of a pain point, 0.26 inches wide."""
    corners = [(x - 0.13, y + 0.11), (x + 0.13, y + 0.11), (x, y - 0.13)]
    sign = Polygon(corners, fc=ALARM, ec=INK, lw=0.9, joinstyle="round", zorder=7, label=f"pain point {number}")
    told = say([str(number)], x, y - 0.045, 7, bold=True, ha="center")
    for one in told:
        one.set_zorder(8)
    return [sign, *told]
