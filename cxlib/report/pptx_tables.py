"""Tables on slides: real ones, as many columns and rows as fit in letters that can be read; the workbook holds all."""

from dataclasses import dataclass
from xml.sax.saxutils import escape

from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls
from pptx.util import Inches

from cxlib.report import pptx_text as measured
from cxlib.report.pptx_shapes import Place, Writer
from cxlib.report.pptx_text import LINE, clean

SIZES = (16, 14, 12)
SIDE, ABOVE = 0.07, 0.035  # inches between a cell's edge and its text
WORD, WHOLE = 1.9, 4.6  # inches: the widest that a word, or a cell, asks for
LINES = 4  # of a cell
GRACE = 0.005


@dataclass
class Fitted:
    """The part of a table that fits: cells (heads first) with numbers right, widths and heights in inches, size."""

    cells: list[list[str]]
    numeric: list[bool]
    widths: list[float]
    heights: list[float]
    size: float
    rows: int
    columns: int

    @property
    def whole(self) -> bool:
        """Whether nothing was left out."""
        return len(self.cells) - 1 == self.rows and len(self.widths) == self.columns


def fitted(printed: dict, width: float, height: float) -> Fitted:
    """The largest letters in which the whole table fits, else as much of it as fits in the least."""
    heads = [clean(head) for head in printed["heads"]]
    rows = [[clean(cell) for cell in row] for row in printed["rows"]]
    for size in SIZES:
        found = _fit(heads, rows, printed["numeric"], width, height, size)
        if found.whole:
            break
    return found


def _fit(heads, rows, numeric, width: float, height: float, size: float) -> Fitted:
    table = [heads, *rows[:40]]  # as many as could ever fit
    least, wish = [], []
    for column in range(len(heads)):
        words, whole = 0.35, 0.35
        for place, row in enumerate(table):
            cell, bold = row[column], place == 0
            longest = max((measured.width(word, size, bold=bold) for word in cell.split()), default=0)
            words = max(words, min(longest, WORD))
            whole = max(whole, min(measured.width(cell, size, bold=bold), WORD if bold else WHOLE))
        least.append(words / 0.97 + 2 * SIDE)
        wish.append(max(words, whole) / 0.97 + 2 * SIDE)
    kept = len(heads)
    while kept > 1 and sum(least[:kept]) > width:
        kept -= 1
    least, wish = least[:kept], wish[:kept]
    if sum(least) > width:
        least = wish = [width]
    room, wanted = width - sum(least), sum(wish) - sum(least)
    share = min(room / wanted, 1.0) if wanted > 0 else 0.0
    widths = [a + share * (b - a) for a, b in zip(least, wish, strict=True)]
    spare = min(width - sum(widths), 0.35 * sum(widths))
    widths = [w * (1 + spare / sum(widths)) for w in widths]
    cells, heights = [], []
    for place, row in enumerate(table):
        shown, lines = [], 1
        for column in range(kept):
            inner, bold = widths[column] - 2 * SIDE, place == 0
            cell = measured.cut(row[column], size, inner, LINES, bold=bold)
            lines = max(lines, len(measured.lines(cell, size, inner, bold=bold)))
            shown.append(cell)
        tall = lines * LINE * size / 72 + 2 * ABOVE + GRACE
        if sum(heights) + tall > height and len(cells) > 1:
            break
        cells.append(shown)
        heights.append(tall)
    return Fitted(cells, numeric[:kept], widths, heights, size, len(rows), len(heads))


def add_table(writer: Writer, part: Fitted, place: Place):
    """The fitted part of a table on the slide."""
    sides = (place.left, place.top, sum(part.widths), sum(part.heights))
    frame = writer.slide.shapes.add_table(1, len(part.widths), *(Inches(number) for number in sides))
    for column, width in zip(frame.table.columns, part.widths, strict=True):
        column.width = Inches(width)
    table = frame.table._tbl
    table.remove(table.tr_lst[0])
    for at, (height, cells) in enumerate(zip(part.heights, part.cells, strict=True)):
        pairs = zip(cells, part.numeric, strict=True)
        row = "".join(_cell(words, right, part.size, at == 0, writer) for words, right in pairs)
        table.append(parse_xml(f'<a:tr {nsdecls("a")} h="{Inches(height)}">{row}</a:tr>'))
    return frame


def _cell(words: str, right: bool, size: float, bold: bool, writer: Writer) -> str:
    letters = f'lang="{writer.language}" sz="{int(100 * size)}" b="{int(bold)}"'
    side, above = Inches(SIDE), Inches(ABOVE)
    return (
        f'<a:tc><a:txBody><a:bodyPr/><a:lstStyle/><a:p><a:pPr algn="{"r" if right else "l"}"/><a:r><a:rPr {letters}/>'
        f"<a:t>{escape(words)}</a:t></a:r></a:p></a:txBody>"
        f'<a:tcPr marL="{side}" marR="{side}" marT="{above}" marB="{above}"/></a:tc>'
    )
