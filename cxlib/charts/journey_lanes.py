"""The lanes of a journey map: touchpoints as discs, flow as ribbons, exits as drops, departures as arcs above them.

All lengths are inches on the sheet, y runs down; a ribbon, a drop and an arc of the same width stand for the same flow.
"""

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.patches import Circle, PathPatch
from matplotlib.path import Path

from cxlib import text
from cxlib.charts.card_letters import height_of, say, width_of, wrapped
from cxlib.charts.journey_arcs import arcs_of, tracks_of
from cxlib.charts.journey_signs import EXIT, PAIN, TEXT, Grid, Scale, halo, mark
from cxlib.charts.style import ACCENT, INK

# One a lane, under white letters; the lanes' places tell them apart in black and white.
COLORS = (ACCENT, "#6d6a1f", "#6b4a86", "#2f6f6a", "#52606d", "#8a5a2b")
LARGEST, SMALLEST, STEP = 0.86, 0.34, 0.04  # inches: the disc with most customers, from what is best to the least
DROP, PAD = 0.24, 0.1  # inches: how far a drop falls, and what is left free in a lane
MOST_SPARE = 0.35  # inches more that a touchpoint gets where there is room
NARROW = 1.45  # inches: in narrower columns the number of customers stands under the name
FEET = 0.2  # of a column, at most, by the arcs that go out or come in
FILLED = 0.92  # of a disc's height, at most, by the flow through it
CURVE, LINE = Path.CURVE4, Path.LINETO


def lanes(nodes, flows, arcs, *, grid: Grid, top: float, room: float) -> tuple[list[Artist], list[tuple], float]:
    """The artists, each lane's top and height, and where the lanes end; taller than `room` if they must be.

    `nodes` has column, lane, label, customers, expected (nan where nothing is), mark (the pain point's number, 0 for
    none). `flows` has source and target (rows of nodes; -1 for start and end), count and share (as printed). `arcs` has
    start and end (columns; -1 for the start), count and label.
    """
    size = float(np.clip(4.8 * grid.column, 7, 9))
    labels = [wrapped(label, 0.94 * grid.column, size) for label in nodes["label"]]
    if grid.column < NARROW:
        numbers = nodes["customers"].map(text.number)
        labels = [[*words, number] for words, number in zip(labels, numbers, strict=True)]
    for diameter in np.arange(LARGEST, SMALLEST - STEP / 2, -STEP):
        scale = _scale(nodes, flows, arcs, grid, diameter)
        tracks, high = tracks_of(arcs, grid, scale)
        slots = _slots(nodes, labels, size, scale)
        need = high + sum(count * tall + PAD for count, tall in slots)
        if need <= room:
            break
    spare = min(MOST_SPARE, max(0, room - need) / sum(count for count, _ in slots))
    places, y = [], top + high
    for count, tall in slots:
        places.append((y, count * (tall + spare) + PAD))
        y += places[-1][1]
    middles = _middles(nodes, slots, places, spare, scale)
    drawn = [*_ribbons(nodes, flows, middles, grid, scale), *_drops(nodes, flows, middles, grid, scale)]
    for (_, node), words, middle in zip(nodes.iterrows(), labels, middles, strict=True):
        drawn += _node(node, words, size, (grid.middle(node["column"]), middle), scale, grid)
    return drawn + arcs_of(arcs, tracks, top + high, grid, scale), places, y


def _scale(nodes: pd.DataFrame, flows: pd.DataFrame, arcs: pd.DataFrame, grid: Grid, diameter: float) -> Scale:
    """The largest disc as told, at most four fifths of a column; ribbons and arcs within discs and half columns."""
    most = max(1, np.nanmax([*nodes["customers"], *nodes["expected"]]))
    disc = min(diameter, 0.8 * grid.column) / 2 / np.sqrt(most)
    limits = [FILLED * 2 * disc / np.sqrt(most)]
    for side in ("source", "target"):
        through = flows[flows[side] >= 0].groupby(side)["count"].sum()
        sizes = 2 * disc * np.sqrt(nodes["customers"].reindex(through.index))
        limits += (FILLED * sizes / through)[through > 0].tolist()
    for side in ("start", "end"):
        limits += (FEET * grid.column / arcs.groupby(side)["count"].sum()).tolist()
    return Scale(disc, min(limits))


def _reach(nodes: pd.DataFrame, scale: Scale) -> np.ndarray:
    """The radius of each touchpoint with its ghost."""
    return scale.radius(np.fmax(nodes["customers"], nodes["expected"].fillna(0)).to_numpy(float))


def _slots(nodes: pd.DataFrame, labels: list, size: float, scale: Scale) -> list[tuple[int, float]]:
    """For each lane, how many touchpoints stand one below the other at most, and how tall each is with its label."""
    tall = pd.Series([height_of(len(words), size) for words in labels], index=nodes.index)
    reach, found = pd.Series(_reach(nodes, scale), index=nodes.index), []
    for _, part in nodes.groupby("lane"):
        rows = part.index
        # As much below the middle as above it, so that ribbons run level between lanes' neighbours.
        above = (tall[rows] + reach[rows]).max() + 0.02
        found.append((int(part.groupby("column").size().max()), above + reach[rows].max() + DROP + 0.02))
    return found


def _middles(nodes: pd.DataFrame, slots, places, spare: float, scale: Scale) -> np.ndarray:
    """The height of each touchpoint's middle: evenly below one another, those of a lane on the same lines."""
    middles, reach = np.zeros(len(nodes)), _reach(nodes, scale)
    for lane, ((count, tall), (y, _)) in enumerate(zip(slots, places, strict=True)):
        rows = np.flatnonzero(nodes["lane"] == lane)
        low = reach[rows].max() + DROP + 0.02
        turn = nodes.iloc[rows].groupby("column").cumcount().to_numpy()
        empty = count - nodes.iloc[rows].groupby("column")["lane"].transform("size").to_numpy()
        middles[rows] = y + PAD / 2 + (turn + empty / 2 + 1) * (tall + spare) - low - spare / 2
    return middles


def _node(node, words: list[str], size: float, at: tuple[float, float], scale: Scale, grid: Grid) -> list[Artist]:
    """A touchpoint: its disc, the ghost of what the map expects, its name above, its customers inside or beside."""
    row, (x, y), radius, number = node.name, at, scale.radius(node["customers"]), text.number(node["customers"])
    reach, color = radius, PAIN if node["mark"] else COLORS[node["lane"] % len(COLORS)]
    drawn = [Circle(at, radius, fc=color, ec="white", lw=1.2, zorder=4, label=f"node {row}")]
    if node["expected"] > 0:
        ghost = scale.radius(node["expected"])
        reach = max(reach, ghost)
        drawn.append(Circle(at, ghost, fc="none", ec=INK, lw=1, ls=(0, (3, 2)), zorder=4.5, label=f"expected {row}"))
    if grid.column >= NARROW:
        wide = width_of(number, 7.5, bold=True)
        if wide < 1.9 * radius:
            large = max(7, min(10, 7.5 * 1.75 * radius / wide))
            told = say([number], x, y - 0.62 * large / 72, large, color="white", bold=True, ha="center")
            for one in told:
                one.set_zorder(6)
            drawn += told
        else:
            drawn += halo(say([number], x - reach - 0.05, y - 0.07, 7, bold=True, ha="right"))
    drawn += halo(say(words, x, y - reach - 0.02 - height_of(len(words), size), size, ha="center"))
    return drawn + (mark(node["mark"], x - 0.22, y + max(reach, 0.1) + 0.12) if node["mark"] else [])


def _ribbons(nodes, flows: pd.DataFrame, middles, grid: Grid, scale: Scale) -> list[Artist]:
    """Flow to the next column's touchpoints, and as crescents between those of one column."""
    column, moves = nodes["column"].to_numpy(), flows[flows["target"] >= 0]
    inside = (moves["source"] >= 0) & (column[moves["source"]] == column[moves["target"]])
    height, ways, drawn = {-1: -1.0} | dict(enumerate(middles)), {}, []
    # Those that meet at a disc lie on one another in the order of where they lead, so that they do not cross.
    for side, other in (("source", "target"), ("target", "source")):
        for row, part in moves[~inside].groupby(side):
            order = part.assign(y=part[other].map(height)).sort_values("y", kind="stable")
            y = height[row] - scale.flow * order["count"].sum() / 2
            for key, count in order["count"].items():
                ways[key, side] = y
                y += scale.flow * count
    for key, flow in moves.iterrows():
        source, target, size = int(flow["source"]), int(flow["target"]), scale.flow * flow["count"]
        end = grid.middle(column[target])
        if source < 0:
            y = ways[key, "target"]
            path, color = Path([(grid.left, y), (end, y), (end, y + size), (grid.left, y + size), (grid.left, y)]), INK
        elif inside[key]:
            path, color = _crescent(end, middles[source], middles[target], size, _reach(nodes, scale).max()), INK
        else:
            start = grid.middle(column[source])
            path = _ribbon(start, ways[key, "source"], end, ways[key, "target"], size)
            color = COLORS[nodes["lane"].iloc[source] % len(COLORS)]
        look = {"ec": "white", "lw": 0.4, "alpha": 0.3, "zorder": 2, "label": f"flow {source} {target}"}
        drawn.append(PathPatch(path, fc=color, **look))
    return drawn


def _ribbon(x: float, y: float, to_x: float, to_y: float, size: float) -> Path:
    middle = (x + to_x) / 2
    there = [(x, y), (middle, y), (middle, to_y), (to_x, to_y)]
    back = [(across, down + size) for across, down in there[::-1]]
    return Path([*there, *back, there[0]], [Path.MOVETO, CURVE, CURVE, CURVE, LINE, CURVE, CURVE, CURVE, LINE])


def _crescent(x: float, y: float, to_y: float, size: float, radius: float) -> Path:
    """From one touchpoint of a column to another: down on the right of them, up on the left."""
    side = 1 if to_y > y else -1
    # A curve of this kind reaches three quarters of the way to its two inner points.
    near = (radius + 0.05) / 0.75
    inner, outer = x + side * near, x + side * (near + size / 0.75)
    points = [(x, y), (inner, y), (inner, to_y), (x, to_y), (outer, to_y), (outer, y), (x, y)]
    return Path(points, [Path.MOVETO, *[CURVE] * 6])


def _drops(nodes, flows: pd.DataFrame, middles, grid: Grid, scale: Scale) -> list[Artist]:
    """What ends at a touchpoint falls from it and tapers off, the share beside it."""
    drawn, reach = [], _reach(nodes, scale)
    for _, flow in flows[flows["target"] < 0].iterrows():
        row, half = int(flow["source"]), scale.flow * flow["count"] / 2
        x, y = grid.middle(nodes["column"].iloc[row]), middles[row]
        low = y + reach[row]
        points = [(x - half, y), (x - half, low), (x - half, low + 0.1), (x, low + 0.1), (x, low + DROP),
                  (x, low + 0.1), (x + half, low + 0.1), (x + half, low), (x + half, y), (x - half, y)]  # fmt: skip
        codes = [Path.MOVETO, LINE, CURVE, CURVE, CURVE, CURVE, CURVE, CURVE, LINE, LINE]
        drawn.append(PathPatch(Path(points, codes), fc=EXIT, lw=0, alpha=0.75, zorder=3, label=f"exit {row}"))
        drawn += halo(say([flow["share"]], x + half + 0.05, low + 0.04, TEXT, color=EXIT, bold=True))
    return drawn
