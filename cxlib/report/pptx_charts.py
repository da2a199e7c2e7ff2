"""Native charts: bars, marks, lines and stacked bars that PowerPoint draws and edits, with their data and intervals.

Takes what cxlib.charts.native describes. Intervals are error bars whose lengths stand in the chart's own workbook.
Bars are tints on which dark figures can be read; series differ in grey print as well.
"""

from cxlib.report import pptx_text as measured
from cxlib.report.brand import WHITE, mixed
from cxlib.report.pptx_chart_axes import (
    Frame,
    category_axis,
    decimals,
    number_format,
    reach,
    scale,
    sums,
    value_axis,
)
from cxlib.report.pptx_chart_xml import (
    AXES,
    GREY,
    LONGEST,
    MARKS,
    NO_LINE,
    WARM,
    Look,
    NativeChart,
    error_bars,
    fill,
    legend_of,
    marker,
    number_ref,
    series_head,
    stroke,
    text_ref,
    vals,
    value_labels,
    whole,
)
from cxlib.report.pptx_deck import INK
from cxlib.report.pptx_text import clean
from cxlib.report.pptx_workbook import Grid

DASHES = ("solid", "dash", "sysDot", "lgDashDot", "sysDash", "lgDash")
SMALL = 5.0  # percent of a stacked bar that has no room for its number
NEGATIVE = 0.15  # of the width, for the values of negative bars
FEW, CROWD = 12, 30  # points up to which lines have all their marks, and any


class _Panel:
    """One panel with the workbook that is written beside its series."""

    def __init__(self, kind: str, panel: dict, look: Look, axis: tuple, *, flat: bool):
        self.kind, self.panel, self.look, self.flat = kind, panel, look, flat
        self.frame = Frame(panel, look, axis, flat=flat)
        self.full = kind == "stacked" and is_whole(panel)
        self.names = [_short(clean(name)) for name in panel["categories"]]
        self.grid = Grid()
        self.grid.add("", self.names)
        for one in panel["series"]:
            self.grid.add(clean(one["name"]), one["values"])


def drawn(kind: str, panel: dict, look: Look, bounds: tuple[float, float] | None, *, flat: bool) -> NativeChart:
    """One panel as a chart. `bounds` are least and most of its axis, `flat` whether bars lie."""
    axis = _axis(kind, panel, bounds, flat=flat)
    own = _Panel(kind, panel, look, axis, flat=flat)
    series = [_series(own, place) for place in range(len(panel["series"]))]
    several = len(series) > 1
    if panel["total"] and kind in ("dots", "lines"):
        series.append(_total(own, len(series)))
    joined = "".join(series)
    if kind in ("bars", "stacked"):
        grouping = "clustered" if kind == "bars" else "percentStacked" if own.full else "stacked"
        head = vals(barDir="bar" if flat else "col", grouping=grouping, varyColors=0)
        gaps = vals(gapWidth=45 if several else 55, overlap=100 if kind == "stacked" else -5)
        plot = f"<c:barChart>{head}{joined}{gaps}{AXES}</c:barChart>"
    else:
        plot = f"<c:lineChart>{vals(grouping='standard', varyColors=0)}{joined}{vals(marker=1)}{AXES}</c:lineChart>"
    # The parts of a whole are measured in shares.
    code = "0%" if own.full else decimals(axis[2], panel["unit"])
    plot += category_axis(look, own.names, flat=flat) + value_axis(look, axis, code, flat=flat)
    # One series alone bears the panel's name already.
    legend = legend_of(look, () if several else (0,)) if len(series) > 1 else ""
    layout = own.frame.layout if _with_intervals(kind, panel) else "<c:layout/>"
    return NativeChart(whole(look, panel["title"], plot, legend, layout), own.grid)


def _axis(kind: str, panel: dict, bounds: tuple[float, float] | None, *, flat: bool) -> tuple[float, float, float]:
    """Least, most and step of the axis of values."""
    if kind == "stacked" and is_whole(panel):
        return 0, 1, 0.25
    low, high = bounds or reach(kind, [panel])
    if flat and low < 0 and _with_intervals(kind, panel):
        low -= NEGATIVE * (high - low)
    least, most, step = scale(low, high, zero=kind in ("bars", "stacked"))
    # No share is more than all.
    capped = panel["unit"] == "percent" and not panel["signed"] and high <= 100 < most
    return least, 100 if capped else most, step


def is_whole(panel: dict) -> bool:
    """Whether the parts of each bar make 100 percent."""
    return all(abs(total - 100) < 1 for total in sums(panel) if total)


def _with_intervals(kind: str, panel: dict) -> bool:
    return kind == "bars" and any(one["low"] for one in panel["series"])


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else name[:LONGEST] + "…"


def _series(own: _Panel, place: int) -> str:
    """One series with its error bars; the columns of its interval are added to the workbook."""
    one, grid, look = own.panel["series"][place], own.grid, own.look
    name, column = clean(one["name"]), place + 1
    errors = ""
    if one["low"] and own.kind != "stacked":
        errors = error_bars(grid, name, column, one, "" if own.kind == "bars" else "y")
    head = series_head(place, grid.head(column), name)
    values = number_ref(grid.address(column), one["values"])
    data = f"<c:cat>{text_ref(grid.address(0), own.names)}</c:cat><c:val>{values}</c:val>"
    if own.kind == "stacked":
        return f"<c:ser>{head}{_stacked(own, place, one)}{data}</c:ser>"
    room = (look.height if own.flat else look.width) / max(len(own.names) * len(own.panel["series"]), 1)
    wanted = look.size / 72 if own.flat else measured.width("0" * 5, look.size)
    code = number_format(own.panel)
    if own.kind == "bars":
        moved = {at: own.frame.aside(one, at) for at in range(len(own.names))} if errors else {}
        labels = value_labels(look, code, "outEnd", moved=moved) if room >= wanted else ""
        looks = f"<c:spPr>{fill(look.bars(place))}{stroke(GREY, 0.5)}</c:spPr>{vals(invertIfNegative=0)}"
        return f"<c:ser>{head}{looks}{labels}{errors}{data}</c:ser>"
    several = len(own.panel["series"])
    side = "l" if several == 2 and not place else "r"
    labels = value_labels(look, code, side) if room >= 1.15 * wanted and several < 3 else ""
    return f"<c:ser>{head}{_marked(own, place)}{labels}{errors}{data}{vals(smooth=0)}</c:ser>"


def _stacked(own: _Panel, place: int, one: dict) -> str:
    """The look of stacked parts, with their numbers where there is room."""
    look = own.look
    colour = answer_colour(place, len(own.panel["series"]), look.colour) if own.full else look.line(place)
    gone = [at for at, value in enumerate(one["values"]) if value is None or value < SMALL or not own.full]
    labels = value_labels(look, "0", "ctr", WHITE if _dark(colour) else INK, gone=gone)
    return f"<c:spPr>{fill(colour)}{stroke(WHITE, 0.75)}</c:spPr>{vals(invertIfNegative=0)}{labels}"


def answer_colour(place: int, count: int, colour: str) -> str:
    """The shade of an answer: the worst dark warm, a neutral one grey, the best the client's own."""
    half, odd = divmod(count, 2)
    if odd and place == half:
        return "#c9d1d8"
    far = half - 1 - place if place < half else place - half - odd
    strength = far / (half - 1) if half > 1 else 1.0
    return mixed(WARM if place < half else colour, WHITE, 0.62 * (1 - strength))


def _dark(colour: str) -> bool:
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return 0.299 * parts[0] + 0.587 * parts[1] + 0.114 * parts[2] < 140


def _marked(own: _Panel, place: int) -> str:
    """The look of a line and its marks, or of marks alone; and pieces of the line that are dashed or left out."""
    colour, joined, count = own.look.line(place), own.kind == "lines", len(own.names)
    line = stroke(colour, 2.25, DASHES[place % 6]) if joined else NO_LINE
    bare = count > CROWD or (joined and place > 0 and count > FEW)
    mark = marker("none" if bare else MARKS[place % 6], 8, colour)
    pieces = {at: stroke(colour, 1.75, "sysDash") for at in own.panel["dashed"]}
    pieces |= dict.fromkeys(own.panel["parted"], NO_LINE)
    turns = "".join(
        f"<c:dPt>{vals(idx=at)}{mark}{vals(bubble3D=0)}<c:spPr>{piece}</c:spPr></c:dPt>"
        for at, piece in sorted(pieces.items())
    )
    return f"<c:spPr>{line}</c:spPr>{mark}{turns if joined else ''}"


def _total(own: _Panel, place: int) -> str:
    """A dashed line at the value of all together."""
    name, values = clean(own.panel["total"]["name"]), [own.panel["total"]["value"]] * len(own.names)
    column = len(own.grid.columns)
    address = own.grid.add(name, values)
    looks = f"<c:spPr>{stroke(GREY, 1.25, 'dash')}</c:spPr><c:marker>{vals(symbol='none')}</c:marker>"
    names = text_ref(own.grid.address(0), own.names)
    data = f"<c:cat>{names}</c:cat><c:val>{number_ref(address, values)}</c:val>{vals(smooth=0)}"
    return f"<c:ser>{series_head(place, own.grid.head(column), name)}{looks}{data}</c:ser>"
