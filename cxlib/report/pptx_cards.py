"""Number cards: what, how much, how sure, and of how many, side by side."""

from pptx.dml.color import RGBColor
from pptx.enum.shapes import MSO_SHAPE
from pptx.util import Inches

from cxlib.report import pptx_text as measured
from cxlib.report.document import Block
from cxlib.report.pptx_deck import INK
from cxlib.report.pptx_shapes import Place, Writer, describe
from cxlib.report.pptx_text import LINE, clean

ROW = 4  # cards
GAP, INSET = 0.12, 0.12  # inches between cards, and around their text
VALUES, WORDS = (32, 28, 24, 20), 12


def cards(writer: Writer, numbers: list[Block], place: Place, ground: str) -> float:
    """Numbers as cards in rows on that ground; returns the height that they take."""
    top = place.top
    for start in range(0, len(numbers), ROW):
        row = numbers[start : start + ROW]
        beside = ROW if len(numbers) > ROW else len(row)
        width = (place.width - GAP * (beside - 1)) / beside
        told = [_card(number.data, width - 2 * INSET) for number in row]
        tall = max(sum(_height(line, width - 2 * INSET) for line in card) for card in told) + 2 * INSET
        for at, (number, card) in enumerate(zip(row, told, strict=True)):
            spot = (place.left + at * (width + GAP), top, width, tall)
            shape = writer.slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, *map(Inches, spot))
            shape.fill.solid()
            shape.fill.fore_color.rgb = RGBColor.from_string(ground[1:])
            shape.line.fill.background()
            shape.shadow.inherit = False
            words = [clean(part) for part in (number.data["label"], *_printed(number.data))]
            describe(shape, f"Number: {words[0]}"[:80], "; ".join(word for word in words if word))
            look = {"colour": INK, "inset": INSET, "after": 0, "anchor": "t", "align": "l"}
            writer.write(shape, [[line] for line in card], WORDS, **look)
        top += tall + GAP
    return top - place.top + GAP


def _card(number: dict, width: float) -> list[tuple[str, float, bool]]:
    """The lines of a card, each with its size and whether it is bold."""
    value, *others = _printed(number)
    shown, size = measured.fit(value, width, LINE * VALUES[0] / 72, VALUES, bold=True)
    name = measured.cut(clean(number["label"]), WORDS, width, 2, bold=True)
    rest = [measured.cut(clean(one), WORDS, width, 3) for one in others if one]
    return [(name, WORDS, True), (shown, size, True), *((one, WORDS, False) for one in rest)]


def _printed(number: dict) -> list[str]:
    shown = number["printed"]
    return [shown["value"], shown["interval"], shown["base"], shown["note"]]


def _height(line: tuple[str, float, bool], width: float) -> float:
    words, size, bold = line
    return measured.height([words], size, width, bold=bold)
