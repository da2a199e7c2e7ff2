"""The native scatter: points with their names, intervals both ways, the lines of the means, names of the quadrants."""

from cxlib.report import pptx_text as measured
from cxlib.report.brand import WHITE, mixed
from cxlib.report.pptx_chart_axes import decimals, scale
from cxlib.report.pptx_chart_xml import (
    AXES,
    GREY,
    LONGEST,
    MARKS,
    NO_LINE,
    PALE,
    Look,
    NativeChart,
    error_bars,
    format_code,
    legend_of,
    marker,
    number_ref,
    plot_at,
    series_head,
    shown,
    stroke,
    vals,
    whole,
)
from cxlib.report.pptx_text import clean
from cxlib.report.pptx_workbook import Grid

INNER = (0.08, 0.03, 0.89, 0.82)  # of the chart: where the plot stands, so that labels can be placed beforehand
SIDES = {"r": (0.09, -0.5), "l": (-0.09, -0.5), "t": (0.0, -1.05), "b": (0.0, 0.05)}  # inches aside, lines down


def scattered(panel: dict, look: Look) -> NativeChart:
    """The map of a panel's points."""
    points, grid = panel["points"], Grid()
    axes = [scale(*_ends(points, way), zero=False, steps=8) for way in ("x", "y")]
    groups = list(dict.fromkeys(point["group"] for point in points))
    sides = _sides(points, axes, look)
    series = []
    for group in groups:
        own = [point for point in points if point["group"] == group]
        series.append(_series(len(series), group or panel["title"], own, look, grid, sides))
    if panel["means"]:
        for way, name in ((0, panel["x"]), (1, panel["y"])):
            ends = [[panel["means"][0]] * 2, [panel["means"][1]] * 2]
            ends[1 - way] = [axes[1 - way][0], axes[1 - way][1]]
            series.append(_mean(len(series), name, ends, grid))
    if panel["corners"]:
        series.append(_corners(len(series), panel["corners"], axes, look, grid))
    joined = "".join(series)
    plot = f"<c:scatterChart>{vals(scatterStyle='lineMarker', varyColors=0)}{joined}{AXES}</c:scatterChart>"
    plot += _axis(look, (1, 2), "b", axes[0], panel["x"]) + _axis(look, (2, 1), "l", axes[1], panel["y"])
    legend = legend_of(look, range(len(groups), len(series))) if len(groups) > 1 else ""
    return NativeChart(whole(look, "", plot, legend, plot_at(*INNER)), grid)


def _ends(points: list[dict], way: str) -> tuple[float, float]:
    ends = [p[key] for p in points for key in (way, f"{way}_low", f"{way}_high") if p.get(key) is not None]
    return (min(ends), max(ends)) if ends else (0.0, 1.0)


def _series(place: int, name: str, own: list[dict], look: Look, grid: Grid, sides: dict) -> str:
    """Points of one group, each labelled with its name where it has one."""
    first = len(grid.columns)
    grid.add("", [clean(p["name"]) for p in own])
    columns = {way: [p[way] for p in own] for way in ("x", "y")}
    addresses = {way: grid.add(f"{clean(name)} {way}".strip(), columns[way]) for way in ("x", "y")}
    errors, pale = "", stroke(mixed(look.colour, WHITE, 0.6), 1.0)
    for step, way in enumerate(("x", "y"), 1):
        ends = {"values": columns[way], **{k: [p.get(f"{way}_{k}") for p in own] for k in ("low", "high")}}
        if any(value is not None for value in ends["low"]):
            errors += error_bars(grid, way, first + step, ends, way, pale)
    names = {at: (clean(p["name"])[:LONGEST], sides[id(p)]) for at, p in enumerate(own) if p["name"]}
    looks = f"<c:spPr>{NO_LINE}</c:spPr>{marker(MARKS[place % 6], 9, look.line(place))}"
    head = series_head(place, grid.head(first + 1), clean(name))
    data = _data([number_ref(addresses[way], columns[way]) for way in ("x", "y")])
    return f"<c:ser>{head}{looks}{_labels(look, names, look.size - 1)}{errors}{data}</c:ser>"


def _labels(look: Look, names: dict[int, tuple[str, str]], size: float, *, bold: bool = False) -> str:
    """Names written beside points: by the point's place, the name and the side on which it stands."""
    told = shown(value=True)
    written = "".join(
        f"<c:dLbl>{vals(idx=at)}<c:layout/>{look.rich(name, size, bold=bold)}{vals(dLblPos=side)}{told}</c:dLbl>"
        for at, (name, side) in names.items()
    )
    return f"<c:dLbls>{written}<c:spPr><a:noFill/>{NO_LINE}</c:spPr>{shown()}</c:dLbls>"


def _data(references: list[str]) -> str:
    x, y = references
    return f"<c:xVal>{x}</c:xVal><c:yVal>{y}</c:yVal>{vals(smooth=0)}"


def _mean(place: int, name: str, ends: list[list[float]], grid: Grid) -> str:
    """A dashed line through the mean of one axis."""
    first = len(grid.columns)
    x, y = (number_ref(grid.add(f"{clean(name)} {way}", own), own) for way, own in zip("xy", ends, strict=True))
    looks = f"<c:spPr>{stroke(GREY, 1.0, 'dash')}</c:spPr><c:marker>{vals(symbol='none')}</c:marker>"
    return f"<c:ser>{series_head(place, grid.head(first), clean(name))}{looks}{_data([x, y])}</c:ser>"


def _corners(place: int, names: list[str], axes: list, look: Look, grid: Grid) -> str:
    """The names of the quadrants in their corners, as labels of points that are not drawn."""
    (left, right, _), (bottom, top, _) = axes
    down = 0.035 * (top - bottom)
    spots = [(left, top - down), (right, top - down), (left, bottom + down), (right, bottom + down)]
    first = len(grid.columns)
    grid.add("", [clean(name) for name in names])
    columns = [list(own) for own in zip(*spots, strict=True)]
    x, y = (number_ref(grid.add(way, own), own) for way, own in zip("xy", columns, strict=True))
    told = {at: (clean(name), "l" if at % 2 else "r") for at, name in enumerate(names)}
    looks = f"<c:spPr>{NO_LINE}</c:spPr><c:marker>{vals(symbol='none')}</c:marker>"
    labels = _labels(look, told, look.size, bold=True)
    return f"<c:ser>{series_head(place, grid.head(first), '')}{looks}{labels}{_data([x, y])}</c:ser>"


def _axis(look: Look, ids: tuple[int, int], side: str, axis: tuple, name: str) -> str:
    """An axis with its name."""
    least, most, step = axis
    title = f"<c:title>{look.rich(clean(name))}{vals(overlay=0)}</c:title>" if name else ""
    scaling = f"<c:scaling>{vals(orientation='minMax', max=f'{most:g}', min=f'{least:g}')}</c:scaling>"
    looks = f"<c:spPr>{stroke(PALE, 1.0)}</c:spPr>{look.letters(max(look.size - 1, 9), GREY)}"
    return (
        f"<c:valAx>{vals(axId=ids[0])}{scaling}{vals(delete=0, axPos=side)}{title}{format_code(decimals(step))}"
        f"{vals(majorTickMark='out', minorTickMark='none', tickLblPos='low')}{looks}"
        f"{vals(crossAx=ids[1], crosses='min', crossBetween='midCat', majorUnit=f'{step:g}')}</c:valAx>"
    )


def _sides(points: list[dict], axes: list, look: Look) -> dict[int, str]:
    """On which side of each point its name stands: where it covers least of names, points and edges."""
    left, top, wide, tall = INNER
    (x0, x1, _), (y0, y1, _) = axes
    spot = {
        id(p): (
            look.width * (left + wide * (p["x"] - x0) / (x1 - x0)),
            look.height * (top + tall * (y1 - p["y"]) / (y1 - y0)),
        )
        for p in points
    }
    edges = (look.width * left, look.height * top, look.width * (left + wide), look.height * (top + tall))
    taken = [(x - 0.06, y - 0.06, x + 0.06, y + 0.06) for x, y in spot.values()]
    line, found = 1.15 * look.size / 72, {}
    # Crowded points choose first.
    for point in sorted(points, key=lambda p: -_near(spot[id(p)], spot.values())):
        if not point["name"]:
            continue
        x, y = spot[id(point)]
        width = measured.width(clean(point["name"])[:LONGEST], look.size - 1)
        boxes = {}
        for side, (aside, down) in SIDES.items():
            start = x + aside if side == "r" else x + aside - width if side == "l" else x - width / 2
            first = y + down * line + (0.07 if side == "b" else -0.07 if side == "t" else 0)
            boxes[side] = (start, first, start + width, first + line)
        best = min(boxes, key=lambda side: _covered(boxes[side], taken, edges))
        taken.append(boxes[best])
        found[id(point)] = best
    return found


def _near(one: tuple, others) -> int:
    return sum(abs(one[0] - x) < 1.5 and abs(one[1] - y) < 0.3 for x, y in others)


def _covered(box: tuple, taken: list, edges: tuple) -> float:
    """The area of a box that others take, and what lies beyond the edges, which counts most."""
    area = sum(
        max(0.0, min(box[2], b[2]) - max(box[0], b[0])) * max(0.0, min(box[3], b[3]) - max(box[1], b[1])) for b in taken
    )
    beyond = (
        max(0, edges[0] - box[0]) + max(0, box[2] - edges[2]) + max(0, edges[1] - box[1]) + max(0, box[3] - edges[3])
    )
    return area + 10 * beyond
