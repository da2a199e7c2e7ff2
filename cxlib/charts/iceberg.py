"""The picture of the complaint iceberg, drawn to scale: who complained above the water, who stays silent below."""

from textwrap import fill

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from cxlib import text
from cxlib.charts.style import INK, WIDTH, canvas, in_style
from cxlib.errors import CxError
from cxlib.language import tr, tr_n

# Corners of the tip, x and y, for a waist (its width at the waterline) of one; and the edge between light and shade.
TIP = np.array([
    (-.50, 0), (-.45, .10), (-.35, .17), (-.30, .38), (-.20, .47), (-.13, .72), (-.04, .88), (.03, .80), (.10, .56),
    (.18, .49), (.24, .57), (.31, .50), (.36, .24), (.46, .11), (.50, 0),
])  # fmt: skip
TIP_PEAK, TIP_RIDGE = 6, np.array([(0.14, 0), (0.03, 0.17), (0.07, 0.36), (-0.04, 0.58), (-0.04, 0.88)])
# Corners under water, x and y, and the share of the waist that is added to x.
BODY = np.array([
    (0, 0, -.50), (-.13, -.05, -.46), (-.30, -.10, -.40), (-.41, -.22, -.32), (-.38, -.36, -.26), (-.47, -.50, -.20),
    (-.38, -.68, -.12), (-.25, -.79, -.08), (-.17, -.97, -.04), (-.04, -1.08, 0), (.06, -.99, .03), (.13, -.85, .08),
    (.27, -.75, .12), (.35, -.56, .18), (.49, -.41, .25), (.45, -.25, .32), (.31, -.13, .40), (.15, -.06, .46),
    (0, 0, .50),
])  # fmt: skip
BODY_FOOT, BODY_RIDGE = 9, np.array([
    (0, 0, .14), (.05, -.17, .10), (-.04, -.33, .06), (.08, -.52, .03), (-.02, -.72, 0), (.02, -.88, 0),
    (-.04, -1.08, 0),
])  # fmt: skip
BERG, TALL = 2.9, 3.0  # inches that the iceberg takes at most
COLUMN = 3.25  # inches from the left to the words
WATER = "#e6eff5"
DASHES = (0, (4, 2.5))
LOOKS = {
    "high": {"fc": "#f4f8fb", "ec": INK, "lw": 1.2, "ls": DASHES, "zorder": 1.5},
    "silent": {"fc": "#7f9fb8", "ec": INK, "lw": 1.2, "zorder": 2},
    "low": {"fc": "none", "ec": "white", "lw": 1.3, "ls": DASHES, "zorder": 3},
    "complained": {"fc": "white", "ec": INK, "lw": 1.2, "zorder": 2},
}


@in_style
def iceberg(*, complainers: float, silent: float, low: float, high: float, confidence: float = 0.95) -> Figure | None:
    """The complaint iceberg: above the waterline who complained, below it who stays silent, areas to scale.

    `silent` is the median, `low` and `high` its interval, drawn as dashed outlines of the berg that it could be.
    An infinite `high` is printed, not drawn. None where there is nobody to draw, or no finite median. Raises CxError
    for numbers that are no counts or not in their order.
    """
    if not np.isfinite(silent) or complainers == high == 0:
        return None
    counts = {"complainers": complainers, "low": low, "silent": silent, "high": high}
    if not 0 <= low <= silent <= high or not 0 <= complainers < np.inf:
        told = ", ".join(f"{name} {text.number(value)}" for name, value in counts.items())
        raise CxError(f"an iceberg needs counts of at least 0, with low <= silent <= high; given are {told}")
    # Areas to scale: the tip is TIP enlarged until its area is the number of complainers, and the part under water
    # BODY enlarged until its area is the number of silent; a unit of area is one customer in both.
    waist = np.sqrt(complainers / _area(TIP))
    drawn = [name for name in ("high", "silent", "low") if 0 < counts[name] < np.inf]
    shapes = {name: _under_water(BODY, counts[name], waist) for name in drawn}
    shades = {"silent": _under_water(np.vstack([BODY[BODY_FOOT:], BODY_RIDGE]), silent, waist)} if silent else {}
    if complainers:
        shapes["complained"], shades["complained"] = waist * TIP, waist * np.vstack([TIP[TIP_PEAK:], TIP_RIDGE])
    left, bottom = np.min([shape.min(axis=0) for shape in shapes.values()], axis=0)
    right, top = np.max([shape.max(axis=0) for shape in shapes.values()], axis=0)
    inch = max((right - left) / BERG, (top - bottom) / TALL)  # in units of the shapes
    told = _words(counts, confidence)
    lines = {name: 1 + words.count("\n") for name, words in told.items()}
    above = max(0.2 * lines["complained"] + 0.2, top / inch + 0.12)
    below = max(0.2 * lines["silent"] + 0.16 * lines["interval"] + 0.75, -bottom / inch + 0.15)

    figure, (axis,) = canvas(above + below + 0.32)
    axis.set(xlim=(0, WIDTH - 0.08), ylim=(-below, above), aspect="equal")
    axis.axis("off")
    axis.axhspan(-below, 0, color=WATER, lw=0, zorder=0)
    axis.axhline(0, color=INK, lw=1.3, zorder=4)
    place = np.array([(COLUMN - 0.06 - (right + left) / inch) / 2, 0])
    for name, shape in shapes.items():
        axis.add_patch(Polygon(shape / inch + place, label=name, joinstyle="round", **LOOKS[name]))
        if name in shades:
            axis.add_patch(Polygon(shades[name] / inch + place, fc=INK, alpha=0.17, lw=0, zorder=2))
    if complainers:
        _lead(axis, shapes["complained"][:-5:-1] / inch + place, 0.22)
    if silent:
        _lead(axis, shapes["silent"][BODY_FOOT:] / inch + place, -0.24)
    strong = {"fontsize": 12, "weight": "bold", "linespacing": 1.15}
    axis.text(COLUMN, 0.12, told["complained"], va="bottom", **strong)
    axis.text(COLUMN, -0.14, told["silent"], va="top", **strong)
    dashes = -0.29 - 0.2 * lines["silent"]
    axis.plot([COLUMN, COLUMN + 0.5], [dashes, dashes], color=INK, lw=1.2, ls=DASHES)
    axis.text(COLUMN, dashes - 0.1, told["interval"], va="top", fontsize=9.5)
    axis.text(COLUMN, 0.08 - below, tr("areas are to scale"), fontsize=8.5, style="italic")
    figure.suptitle(tr("The complaint iceberg"), x=0.01, ha="left", fontsize=11, weight="bold")
    return figure


def _words(counts: dict[str, float], confidence: float) -> dict[str, str]:
    """What stands beside the berg, in lines that fit there."""
    between = text.interval(counts["low"], counts["high"])
    named = text.with_confidence(between, confidence)
    return {
        "complained": _lines(tr("{number} complained", number=text.number(counts["complainers"])), 17)
        if counts["complainers"]
        else tr("0 complained,\nso no tip shows"),
        "silent": _lines(tr_n("{n} is silent", "{n} are silent", counts["silent"]), 17),
        "interval": named if len(named) <= 24 else named.replace(f" {between}", f"\n{fill(between, 24)}"),
    }


def _lines(words: str, letters: int) -> str:
    """A number and what it counts on one line where they fit, else in lines of their own."""
    if len(words) <= letters:
        return words
    number, _, rest = words.partition(" ")
    return f"{number}\n{fill(rest, letters)}"


def _lead(axis, side: np.ndarray, at: float) -> None:
    """A thin line from the right side of a shape to the height of its words."""
    start = np.clip(at, side[:, 1].min() / 2, side[:, 1].max())
    axis.plot([np.interp(start, side[:, 1], side[:, 0]), COLUMN - 0.06], [start, at], color=INK, lw=0.8, zorder=3.5)


def _under_water(points: np.ndarray, customers: float, waist: float) -> np.ndarray:
    """Corners under a waist, as many times enlarged as makes the area of BODY the number of customers.

    Enlarged s times, BODY has x = s X + waist K and y = s Y, and so, by the shoelace formula, the area
    s² area(X, Y) + s waist area(K, Y): a quadratic in s, which has one positive root.
    """
    body, added = _area(BODY[:, :2]), waist * _area(BODY[:, [2, 1]])
    times = 2 * customers / (added + np.sqrt(added**2 + 4 * body * customers))
    return times * points[:, :2] + waist * np.outer(points[:, 2], (1, 0))


def _area(points: np.ndarray) -> float:
    """The area of a polygon from the x and y of its corners (shoelace formula)."""
    x, y = points.T
    return abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
