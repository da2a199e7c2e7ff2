"""The pieces that native charts are written with: fills, lines, letters, references to the chart's own workbook."""

from dataclasses import dataclass
from xml.sax.saxutils import escape

from pptx.oxml.ns import nsdecls

from cxlib.report import pptx_text as measured
from cxlib.report.brand import WHITE, mixed
from cxlib.report.pptx_deck import INK
from cxlib.report.pptx_text import clean
from cxlib.report.pptx_workbook import Grid

WARM, GREY, PALE = "#b3541e", "#5b6673", "#dfe5ea"
MARKS = ("circle", "square", "diamond", "triangle", "dash", "x")
LONGEST = 60  # letters of a category; the tables hold the whole name
NO_LINE = "<a:ln><a:noFill/></a:ln>"
AXES = '<c:axId val="1"/><c:axId val="2"/>'


class NativeChart:
    """A chart as XML with its workbook, in the form in which python-pptx takes chart data."""

    def __init__(self, xml: str, grid: Grid):
        self.xml, self.grid = xml, grid

    def xml_bytes(self, _chart_type) -> bytes:
        """The chart's part."""
        return self.xml.encode("utf-8")

    @property
    def xlsx_blob(self) -> bytes:
        """The workbook that is embedded in it."""
        return self.grid.xlsx()


@dataclass(frozen=True)
class Look:
    """How one chart is drawn: the client's colour, language, size of letters, width and height in inches."""

    colour: str
    language: str
    size: float
    width: float
    height: float

    def bars(self, place: int) -> str:
        """The fill of a series of bars."""
        tints = [(self.colour, 0.42), (WARM, 0.68), (self.colour, 0.84), (GREY, 0.35), (WARM, 0.86), (GREY, 0.75)]
        colour, white = tints[place % 6]
        return mixed(colour, WHITE, white)

    def line(self, place: int) -> str:
        """The colour of a line."""
        dark, light = mixed(self.colour, "#000000", 0.5), mixed(self.colour, WHITE, 0.45)
        return (self.colour, WARM, GREY, dark, light, INK)[place % 6]

    def letters(self, size: float = 0, colour: str = INK) -> str:
        """The letters of a part of the chart."""
        given = f'<a:defRPr sz="{int(100 * (size or self.size))}" b="0">{fill(colour)}</a:defRPr>'
        end = f'<a:endParaRPr lang="{self.language}"/>'
        return f"<c:txPr><a:bodyPr/><a:lstStyle/><a:p><a:pPr>{given}</a:pPr>{end}</a:p></c:txPr>"

    def rich(self, words: str, size: float = 0, *, bold: bool = False) -> str:
        """Words of their own in a part of the chart."""
        given = f'lang="{self.language}" sz="{int(100 * (size or self.size))}" b="{int(bold)}"'
        run = f"<a:r><a:rPr {given}>{fill(INK)}</a:rPr><a:t>{escape(words)}</a:t></a:r>"
        paragraph = f"<a:p><a:pPr><a:defRPr/></a:pPr>{run}</a:p>"
        return f"<c:tx><c:rich><a:bodyPr/><a:lstStyle/>{paragraph}</c:rich></c:tx>"

    def title(self, words: str) -> str:
        """The heading of a panel, in at most two lines; without one the chart says so."""
        if not words:
            return vals(autoTitleDeleted=1)
        shown = measured.cut(clean(words), self.size + 1, 0.85 * self.width, 2, bold=True)
        heading = self.rich(shown, self.size + 1, bold=True)
        return f"<c:title>{heading}{vals(overlay=0)}</c:title>{vals(autoTitleDeleted=0)}"


def vals(**settings) -> str:
    """Elements that hold one value each, in the order given."""
    return "".join(f'<c:{name} val="{value}"/>' for name, value in settings.items())


def fill(colour: str) -> str:
    """A plain fill."""
    return f'<a:solidFill><a:srgbClr val="{colour[1:]}"/></a:solidFill>'


def stroke(colour: str, points: float, dash: str = "solid") -> str:
    """A line of that colour."""
    return f'<a:ln w="{int(12700 * points)}" cap="flat">{fill(colour)}<a:prstDash val="{dash}"/><a:round/></a:ln>'


def format_code(code: str) -> str:
    """How numbers are to be written."""
    return f'<c:numFmt formatCode="{escape(code, {chr(34): "&quot;"})}" sourceLinked="0"/>'


def marker(symbol: str, size: int, colour: str) -> str:
    """The mark of a point."""
    looks = f"<c:spPr>{fill(colour)}{stroke(WHITE, 0.75)}</c:spPr>"
    return f"<c:marker>{vals(symbol=symbol, size=size)}{looks}</c:marker>"


def whole(look: Look, title: str, plot: str, legend: str, layout: str = "<c:layout/>") -> str:
    """The chart's part around its plot."""
    head = vals(date1904=0, lang=look.language, roundedCorners=0)
    area = f"<c:plotArea>{layout}{plot}</c:plotArea>{legend}{vals(plotVisOnly=1, dispBlanksAs='gap')}"
    looks = f"<c:spPr><a:noFill/>{NO_LINE}</c:spPr>{look.letters()}"
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><c:chartSpace {nsdecls("c", "a", "r")}>'
        f"{head}<c:chart>{look.title(title)}{area}</c:chart>{looks}</c:chartSpace>"
    )


def plot_at(x: float, y: float, wide: float, tall: float) -> str:
    """Where the plot stands in its chart, in parts of it."""
    place = vals(layoutTarget="inner", xMode="edge", yMode="edge")
    place += vals(x=f"{x:.4f}", y=f"{y:.4f}", w=f"{wide:.4f}", h=f"{tall:.4f}")
    return f"<c:layout><c:manualLayout>{place}</c:manualLayout></c:layout>"


def legend_of(look: Look, hidden) -> str:
    """The legend below the plot, without the series at these places."""
    without = "".join(f"<c:legendEntry>{vals(idx=place, delete=1)}</c:legendEntry>" for place in hidden)
    return f"<c:legend>{vals(legendPos='b')}{without}{vals(overlay=0)}{look.letters()}</c:legend>"


def series_head(place: int, address: str, name: str) -> str:
    """Number and name of a series."""
    return f"{vals(idx=place, order=place)}<c:tx>{text_ref(address, [name])}</c:tx>"


def shown(*, value: bool = False) -> str:
    """What a label tells."""
    others = vals(showCatName=0, showSerName=0, showPercent=0, showBubbleSize=0)
    return f"{vals(showLegendKey=0, showVal=int(value))}{others}"


def value_labels(look: Look, code: str, position: str, colour: str = INK, *, gone=(), moved=None) -> str:
    """Values written at their marks; without those of the points in `gone`, and those in `moved` so far aside."""
    letters = look.letters(max(look.size - 1, 9), colour)
    looks = (
        f"{format_code(code)}<c:spPr><a:noFill/>{NO_LINE}</c:spPr>{letters}{vals(dLblPos=position)}{shown(value=True)}"
    )
    points = {at: vals(delete=1) for at in gone}
    for at, (x, y) in (moved or {}).items():
        aside = f"<c:manualLayout>{vals(x=f'{x:.4f}', y=f'{y:.4f}')}</c:manualLayout>"
        points[at] = f"<c:layout>{aside}</c:layout>{looks}"
    own = "".join(f"<c:dLbl>{vals(idx=at)}{points[at]}</c:dLbl>" for at in sorted(points))
    return f"<c:dLbls>{own}{looks}</c:dLbls>"


def error_bars(grid: Grid, name: str, column: int, one: dict, direction: str, looks: str = "") -> str:
    """The interval of each value, as distances from it; both its ends and the distances stand in the workbook."""
    low = len(grid.columns)
    grid.add(f"{name} low".strip(), one["low"])
    grid.add(f"{name} high".strip(), one["high"])
    known = list(zip(one["values"], one["low"], one["high"], strict=True))
    minus = [None if v is None or a is None else round(v - a, 10) for v, a, _ in known]
    plus = [None if v is None or b is None else round(b - v, 10) for v, _, b in known]
    less = number_ref(grid.distance(f"{name} minus".strip(), column, low, minus), minus)
    more = number_ref(grid.distance(f"{name} plus".strip(), low + 1, column, plus), plus)
    way = vals(errDir=direction) if direction else ""
    return (
        f"<c:errBars>{way}{vals(errBarType='both', errValType='cust', noEndCap=0)}<c:plus>{more}</c:plus>"
        f"<c:minus>{less}</c:minus><c:spPr>{looks or stroke(INK, 1.25)}</c:spPr></c:errBars>"
    )


def text_ref(address: str, texts: list[str]) -> str:
    """Texts by their address, with a copy of them."""
    points = "".join(f'<c:pt idx="{i}"><c:v>{escape(one)}</c:v></c:pt>' for i, one in enumerate(texts))
    return f"<c:strRef><c:f>{address}</c:f><c:strCache>{vals(ptCount=len(texts))}{points}</c:strCache></c:strRef>"


def number_ref(address: str, numbers: list) -> str:
    """Numbers by their address, with a copy of them; where there is none there is no point."""
    points = "".join(f'<c:pt idx="{i}"><c:v>{one!r}</c:v></c:pt>' for i, one in enumerate(numbers) if one is not None)
    kept = f"<c:formatCode>General</c:formatCode>{vals(ptCount=len(numbers))}{points}"
    return f"<c:numRef><c:f>{address}</c:f><c:numCache>{kept}</c:numCache></c:numRef>"
