"""Arcs of a journey map: the ways that customers go and the drawn map does not have, above the lanes."""

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.patches import PathPatch, Polygon
from matplotlib.path import Path

from cxlib.charts.card_letters import say, width_of
from cxlib.charts.journey_signs import EXIT, TEXT, Grid, Scale, halo
from cxlib.charts.portrait import mix
from cxlib.charts.style import INK, WARM

ARROW = 0.1  # inches: the length of an arrow's head
LINE = Path.LINETO


def tracks_of(arcs: pd.DataFrame, grid: Grid, scale: Scale) -> tuple[list[tuple], float]:
    """For each arc its two feet, how high its middle runs above the lanes, and its label's place; and how high all is.

    The shortest run lowest, and each above those that it spans. Feet that go out stand right of a column's middle,
    those that come in left of it.
    """
    feet, used = {}, {}
    spans = (arcs["end"] - arcs["start"]).abs()
    for key in spans.sort_values(kind="stable").index:
        arc, size = arcs.loc[key], scale.flow * arcs.loc[key, "count"]
        for column, side in ((arc["start"], 1), (arc["end"], -1)):
            off = used.get((column, side), 0.03)
            used[column, side] = off + size + 0.03
            middle = grid.left if column < 0 else grid.middle(column)
            feet[key, side] = middle + (1 if column < 0 else side) * (off + size / 2)
    found, placed = {}, []
    for key in spans.sort_values(kind="stable").index:
        size, wide = scale.flow * arcs.loc[key, "count"], width_of(arcs.loc[key, "label"], TEXT) / 2 + 0.05
        low, high = sorted((feet[key, 1], feet[key, -1]))
        middle = float(np.clip((low + high) / 2, grid.left + wide, grid.right - wide))
        low, high = min(low - size / 2, middle - wide), max(high + size / 2, middle + wide)
        base = max((end for left, right, end in placed if left < high + 0.04 and low < right + 0.04), default=0.16)
        found[key] = feet[key, 1], feet[key, -1], base + size / 2, middle
        placed.append((low, high, base + size + 0.2))
    return [found[key] for key in arcs.index], max((end for *_, end in placed), default=0) + 0.04


def arcs_of(arcs: pd.DataFrame, tracks: list[tuple], floor: float, grid: Grid, scale: Scale) -> list[Artist]:
    """Ways that the map does not have: shortcuts to the right, ways back to the left, each as wide as its flow."""
    drawn = []
    for (_, arc), (start, end, high, middle) in zip(arcs.iterrows(), tracks, strict=True):
        size, way = scale.flow * arc["count"], 1 if end > start else -1
        color, y = mix("white", WARM if way < 0 else INK, 0.55), floor - high
        bend = min(0.1 + size / 2, abs(end - start) / 2, floor - ARROW - y)
        tip = max(0.1, 0.9 * size)
        points = [(start, floor), (start, y + bend), (start, y), (start + way * bend, y), (end - way * bend, y),
                  (end, y), (end, y + bend), (end, floor - ARROW)]  # fmt: skip
        codes = [Path.MOVETO, LINE, Path.CURVE3, Path.CURVE3, LINE, Path.CURVE3, Path.CURVE3, LINE]
        look = {"ec": color, "fc": "none", "lw": 72 * size, "capstyle": "butt", "joinstyle": "round"}
        name = f"arc {arc['start']} {arc['end']}"
        drawn.append(PathPatch(Path(points, codes), zorder=2.5, label=name, **look))
        head = [(end - tip, floor - ARROW), (end + tip, floor - ARROW), (end, floor)]
        drawn.append(Polygon(head, fc=color, lw=0, zorder=2.6))
        drawn += halo(say([arc["label"]], middle, y - size / 2 - 0.15, TEXT, color=EXIT if way < 0 else INK,
                           bold=True, ha="center"))  # fmt: skip
    return drawn
