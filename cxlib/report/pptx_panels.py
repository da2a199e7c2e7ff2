"""How the panels of a native chart are spread over slides: side by side, long ones parted, on one axis if they ask."""

import math

from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from cxlib.report.pptx_chart_axes import LEGEND, lying, reach
from cxlib.report.pptx_chart_xml import Look
from cxlib.report.pptx_charts import drawn
from cxlib.report.pptx_map import scattered
from cxlib.report.pptx_shapes import Place, Writer, describe
from cxlib.report.pptx_text import clean

GRIDS = {1: (1, 1), 2: (2, 1), 3: (3, 1), 4: (2, 2), 5: (3, 2), 6: (3, 2)}
ROW, MORE = 0.24, 0.13  # inches of a lying bar, and of each further one beside it
AXIS = 0.75  # inches of a chart that are not bars: title and axis
MARK = 0.75  # inches of an upright mark or bar
APART = 0.15


def drawable(chart: dict | None) -> bool:
    """Whether there is something to draw."""
    if not chart or not chart.get("panels"):
        return False
    if chart["kind"] == "scatter":
        return any(panel["points"] for panel in chart["panels"])
    return any(v is not None for panel in chart["panels"] for one in panel["series"] for v in one["values"])


def views(chart: dict, place: Place) -> list[list[dict]]:
    """The panels of each slide; one with more names than there is room for goes on in a panel of its own."""
    if chart["kind"] in ("scatter", "lines"):
        parted = chart["panels"]
    else:
        parted = [
            part for panel in chart["panels"] for part in _parted(chart["kind"], panel, place, len(chart["panels"]))
        ]
    most = 6 if all(_tall(chart["kind"], panel, place) <= place.height / 2 for panel in parted) else 3
    most = {"scatter": 1, "stacked": 2}.get(chart["kind"], most)
    size = math.ceil(len(parted) / math.ceil(len(parted) / most))  # about as many on each slide
    return [parted[i : i + size] for i in range(0, len(parted), size)]


def _look(place: Place, count: int) -> Look:
    columns, rows = GRIDS[min(count, 6)]
    size = 12 if count == 1 else 11 if rows == 1 else 10
    return Look("#000000", "", size, place.width / columns - APART, place.height / rows)


def _tall(kind: str, panel: dict, place: Place) -> float:
    """Inches that a panel of bars needs; the others do with half the height."""
    if not (kind in ("bars", "stacked") and lying(kind, panel, _look(place, 3))):
        return 0.0
    return AXIS + len(panel["categories"]) * _row(kind, panel)


def _row(kind: str, panel: dict) -> float:
    return ROW + (MORE * (len(panel["series"]) - 1) if kind == "bars" else 0.05)


def _parted(kind: str, panel: dict, place: Place, count: int) -> list[dict]:
    """A panel in parts of as many names as have room, about as many in each."""
    look = _look(place, count)
    if lying(kind, panel, look):
        most = max(int((place.height - AXIS - LEGEND) / _row(kind, panel)), 3)
    else:
        most = max(int(look.width / MARK), 3)
    names = len(panel["categories"])
    parts = math.ceil(names / most)
    size = math.ceil(names / parts) if parts else 1
    found = []
    for start in range(0, max(names, 1), size):
        stop = start + size
        series = [
            {**one, **{key: one[key][start:stop] for key in ("values", "low", "high")}} for one in panel["series"]
        ]
        found.append({**panel, "categories": panel["categories"][start:stop], "series": series})
    return found


def panels_on(writer: Writer, chart: dict, group: list[dict], place: Place, colour: str, alt: str) -> None:
    """Draw the panels of one slide at a place, each a chart of its own with its description."""
    columns, rows = GRIDS[len(group)]
    width, height = (place.width - APART * (columns - 1)) / columns, (place.height - APART * (rows - 1)) / rows
    size = 12 if len(group) == 1 else 11 if rows == 1 else 10
    kind = chart["kind"]
    bounds, flat = None, False
    if kind != "scatter":
        flat = any(lying(kind, panel, _look(place, len(group))) for panel in chart["panels"])
    if kind != "scatter" and (chart["shared"] or len(group) > len({panel["title"] for panel in group})):
        bounds = reach(kind, chart["panels"])
    for number, panel in enumerate(group):
        look = Look(colour, writer.language, size, width, height)
        native = scattered(panel, look) if kind == "scatter" else drawn(kind, panel, look, bounds, flat=flat)
        left = place.left + (number % columns) * (width + APART)
        top = place.top + (number // columns) * (height + APART)
        spot = (Inches(inches) for inches in (left, top, width, height))
        frame = writer.slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *spot, native)
        name = clean(panel["title"])
        describe(frame, f"Chart: {name}" if name else "Chart", f"{name}. {alt}" if name and len(group) > 1 else alt)
