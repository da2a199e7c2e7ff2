"""Labels of points that never overlap and are never cut: each goes to the best free place near its point."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# All in points (1/72 inch).
GAP = 2.5  # left free around a label
MARK = 5.0  # half the width of a mark
NEAR = 8.0  # from a mark's middle to its label; a line joins those that lie further off
CROSSED = 12.0  # the distance that a label goes to keep clear of an interval
FAR = 30.0  # the distance at which every further point counts threefold
STEP = 6.0  # of the search further off
FULL = 0.6  # of the map's area: more than that is not covered by labels
ROUNDS = 3


def place(figure: Figure, axis: Axes, points, texts: list[str], *, marks=(), taken=(), lines=(), size=9.0) -> bool:
    """Write each text beside its point (data coordinates); false, and nothing written, where one finds no free place.

    Texts keep clear of one another, of all points and `marks`, of the artists in `taken` and of the axes' edges, and as
    far as it goes of `lines` (upright or level: x0, y0, x1, y1). The same input gives the same picture. The figure's
    layout is settled here, and kept.
    """
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.get_layout_engine().execute(figure)
    figure.set_layout_engine("none")
    scale = figure.dpi / 72

    def drawn_at(values) -> np.ndarray:
        return axis.transData.transform(np.asarray(values, float).reshape(-1, 2)) / scale

    def box_of(artist) -> np.ndarray:
        return np.array(artist.get_window_extent(renderer).extents) / scale

    at, frame = drawn_at(points), box_of(axis)
    around = np.vstack([at, drawn_at(marks)])
    fixed = np.array([*np.hstack([around - MARK, around + MARK]), *map(box_of, taken)])
    segments = drawn_at(lines).reshape(-1, 4)
    segments = np.hstack([np.minimum(segments[:, :2], segments[:, 2:]), np.maximum(segments[:, :2], segments[:, 2:])])
    behind = {"facecolor": "white", "alpha": 0.7, "pad": 0.6, "lw": 0}
    look = {"fontsize": size, "ha": "center", "va": "center", "bbox": behind, "zorder": 3.5}
    written = [axis.text(*point, text, **look) for point, text in zip(points, texts, strict=True)]
    wide = np.array([np.ptp(box_of(text).reshape(2, 2), axis=0) for text in written]) + 2 * GAP
    boxes = _settle(at, wide, frame, fixed, segments)
    if boxes is None:
        for text in written:
            text.remove()
        return False
    for point, box, text in zip(at, boxes, written, strict=True):
        low, high = box[:2] + GAP, box[2:] - GAP
        text.set_position(axis.transData.inverted().transform((low + high) / 2 * scale))
        end = np.clip(point, low, high)
        if np.hypot(*(end - point)) > NEAR + MARK:
            axis.plot(*axis.transData.inverted().transform(np.array([point, end]) * scale).T, color="#8a95a1", lw=0.7)
    return True


def _settle(at, wide, frame, fixed, segments) -> np.ndarray | None:
    """A box for each point, as near and as little crossed as may be; None where a point is left without one.

    One after the other, the most crowded first; then each moves where it is better off with all others in place; then
    each takes the best place of all, and those that it drives away look for another, if that is better on the whole.
    """
    if wide.prod(axis=1).sum() > FULL * np.prod(frame[2:] - frame[:2]):
        return None
    boxes, costs = np.full((len(at), 4), np.nan), np.full(len(at), np.inf)
    free = [_free(point, size, frame, fixed, segments) for point, size in zip(at, wide, strict=True)]

    def seek(boxes: np.ndarray, i: int) -> tuple[np.ndarray, float]:
        others = np.delete(boxes, i, axis=0)
        return _best(*free[i], others[~np.isnan(others[:, 0])])

    apart = np.sort(np.hypot(*(at[:, None] - at).T), axis=0)
    for i in np.argsort(apart[:5].sum(axis=0), kind="stable"):
        boxes[i], costs[i] = seek(boxes, i)
    for _ in range(ROUNDS):
        for i in np.argsort(-costs, kind="stable"):
            found, cost = seek(boxes, i)
            if cost < costs[i]:
                boxes[i], costs[i] = found, cost
            trial, prices = boxes.copy(), costs.copy()
            trial[i], prices[i] = _best(*free[i], boxes[:0])
            away = np.flatnonzero(_overlaps(trial[[i]], trial)[0])
            away = away[away != i]
            trial[away] = np.nan
            for k in away:
                trial[k], prices[k] = seek(trial, k)
            if prices.sum() < costs.sum():
                boxes, costs = trial, prices
    return None if np.isinf(costs).any() else boxes


def _free(point, wide, frame, fixed, segments) -> tuple[np.ndarray, np.ndarray]:
    """The boxes of that size which cover nothing fixed, and their costs: how far off each lies, and what crosses it."""
    turns = np.deg2rad(np.r_[0, 180, 90, 270, 45, 135, 315, 225, 22, 158, 202, 338])
    directions = np.column_stack([np.cos(turns), np.sin(turns)])
    beside = [point + NEAR * out * d + np.clip(1.5 * d, -1, 1) * wide / 2 for out in (1, 1.6, 2.4) for d in directions]
    anywhere = [
        np.arange(low, high, STEP) for low, high in zip(frame[:2] + wide / 2, frame[2:] - wide / 2, strict=True)
    ]
    middles = np.vstack([beside, np.stack(np.meshgrid(*anywhere), axis=-1).reshape(-1, 2)])
    candidates = np.hstack([middles - wide / 2, middles + wide / 2])
    inside = (candidates[:, :2] >= frame[:2]).all(axis=1) & (candidates[:, 2:] <= frame[2:]).all(axis=1)
    candidates = candidates[inside]
    candidates = candidates[~_overlaps(candidates, fixed).any(axis=1)]
    away = np.hypot(*(np.clip(point, candidates[:, :2], candidates[:, 2:]) - point).T)
    return candidates, np.round(away + away**2 / FAR + CROSSED * _overlaps(candidates, segments).sum(axis=1), 3)


def _best(candidates: np.ndarray, costs: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, float]:
    """The box that lies nearest and is crossed by least, of those that cover no other; and its cost."""
    there = ~_overlaps(candidates, others).any(axis=1)
    if not there.any():
        return np.full(4, np.nan), np.inf
    place = np.argmin(np.where(there, costs, np.inf))
    return candidates[place], costs[place]


def _overlaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which boxes (rows: x0, y0, x1, y1) meet which others (columns)."""
    left, low, right, high = boxes.T[:, :, None]
    meets = left < others[:, 2]
    for apart in (low < others[:, 3], right > others[:, 0], high > others[:, 1]):
        meets &= apart
    return meets
