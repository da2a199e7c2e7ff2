"""Pages of the story put onto slides: titles, sentences, cards, charts, pictures, tables and notes in their places."""

from pptx.dml.color import RGBColor
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.shapes import PP_PLACEHOLDER as PH
from pptx.util import Inches

from cxlib.language import tr
from cxlib.report import pptx_text as measured
from cxlib.report.document import Document
from cxlib.report.pptx_cards import cards
from cxlib.report.pptx_deck import EDGE, INK, WHITE, Deck
from cxlib.report.pptx_panels import drawable, panels_on, views
from cxlib.report.pptx_pictures import inside, logo_on, picture, proportion
from cxlib.report.pptx_shapes import AFTER, Place, Writer, decoration, describe, region
from cxlib.report.pptx_story import Page
from cxlib.report.pptx_tables import add_table, fitted
from cxlib.report.pptx_text import LINE, clean

TITLES, OPENINGS, BODY, SMALL = (24, 22, 20), (40, 36, 32, 28, 24, 20), (18, 16, 14, 12), (14, 12)
GREY = "#5b6673"
GAP = 0.12  # inches between what stands on a slide
SAID = 1.3  # inches for the sentences above a chart
UPRIGHT = 0.55  # height by width from which a picture stands beside its text
CAPTION = 12


class Slides:
    """Puts one page after the other into a deck."""

    def __init__(self, document: Document, deck: Deck):
        self.document, self.deck, self.language = document, deck, region()
        self.wide, self.tall = deck.size
        self.line = " · ".join(one for one in map(clean, (document.client, document.brand.confidentiality)) if one)
        self.chapters: list[tuple[str, object, int]] = []  # question, slide and its number

    def put(self, page: Page, png: bytes = b"") -> None:
        """A page on as many slides as it takes; `png` is its picture."""
        if page.kind == "divider":
            writer = self.opening("secHead", page.title, OPENINGS, page.said)
            writer.notes(page.notes)
            self.chapters.append((page.title, writer.slide, len(self.deck.presentation.slides)))
        elif page.kind == "figure":
            self._figure(page, png)
        elif page.kind == "table":
            self._table(page)
        else:
            self._points(page)

    def opening(self, layout: str, title: str, sizes: tuple, said: list[str]) -> Writer:
        """A cover or a divider: its title, and text below it."""
        writer = self._new(layout)
        place = Place(EDGE, 0.3 * self.tall, self.wide - 2 * EDGE, 0.25 * self.tall)
        own = self._title(writer, title, place, sizes)
        second = writer.second()
        if said and second is None:
            below = Place(
                own.left, own.top + own.height + GAP, own.width, min(2.4, self.tall - own.top - own.height - 0.9)
            )
            second = writer.box("Text", [], below, BODY[0])
        if second is not None and not said:
            second._element.getparent().remove(second._element)
        elif second is not None:
            room = _place(second)
            shown, size = _sized(said, room.width, room.height, BODY)
            writer.write(second, shown, size, inset=0.0)
        return writer

    def cover(self) -> None:
        """Title, client, fieldwork, and who may read the report."""
        document = self.document
        said = [clean(one) for one in (document.client, document.fieldwork, document.brand.confidentiality)]
        said = [one for one in said if one]
        writer = self.opening("title", clean(document.title), OPENINGS, said)
        if document.brand.logo and not self.deck.template:
            ground = writer.slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, *map(Inches, (EDGE, 0.6, 2.9, 1.1)))
            ground.fill.solid()
            ground.fill.fore_color.rgb = RGBColor.from_string(WHITE[1:])
            ground.line.fill.background()
            decoration(ground, "Ground of the logo")
            place = Place(EDGE + 0.15, 0.7, 2.6, 0.9)
            logo_on(writer.slide, document.brand.logo, document.brand.logo_type, place, clean(document.client))
        writer.notes([clean(document.title), *said])

    def contents(self, writer: Writer, title: str) -> None:
        """The chapters with the numbers of their slides, each leading there; written once all slides are there."""
        _, place = self._headed(writer, title)
        entries = [clean(question) for question, _, _ in self.chapters]
        size = next((s for s in BODY if self._listed(entries, s, place.width) <= place.height), BODY[-1])
        most = max(int(place.height * 72 / max(len(entries), 1) / (LINE * size)), 1)
        lines = [
            [(measured.cut(entry, size, place.width - 1.0, most), size, False), (f"   {number}", size, False)]
            for entry, (_, _, number) in zip(entries, self.chapters, strict=True)
        ]
        shape = writer.box(title, lines, place, size, colour=INK, after=12)
        writer.link(shape, [slide for _, slide, _ in self.chapters])
        writer.notes([title, *entries])

    def _listed(self, entries: list[str], size: float, width: float) -> float:
        return measured.height(entries, size, width - 1.0, after=12)

    def blank(self) -> Writer:
        """A slide to be filled later."""
        return self._new("titleOnly")

    def _new(self, layout: str) -> Writer:
        slide = self.deck.presentation.slides.add_slide(self.deck.layouts[layout])
        return Writer(slide, self.language)

    def _margins(self) -> dict:
        low = self.tall - 0.45
        return {
            PH.FOOTER: Place(EDGE, low, self.wide - 2 * EDGE - 1.5, 0.3),
            PH.SLIDE_NUMBER: Place(self.wide - EDGE - 1.2, low, 1.2, 0.3),
        }

    def _title(self, writer: Writer, title: str, place: Place, sizes: tuple, number: int = 1) -> Place:
        """Write the title in its place; where that is."""
        shape = writer.title(place)
        own = _place(shape)
        body = shape._element.txBody.bodyPr
        inset = None if self.deck.template and not body.get("lIns") else 0.0
        room = own.width - (0.2 if inset is None else 0)
        tall = own.height - (0.1 if inset is None else 0)
        tall = min(tall, 4 * LINE * sizes[0] / 72)
        shown, size = measured.fit(_numbered(title, number), room, tall, sizes, bold=True)
        if shown != _numbered(title, number):
            # What is cut is the title, not its number.
            spare = measured.width(_numbered("", number), size, bold=True) / max(int(tall * 72 / (LINE * size)), 1)
            shown = _numbered(
                _at_clause(measured.fit(title, room - 1.5 * spare, tall, sizes[-1:], bold=True)[0]), number
            )
        writer.write(shape, [shown], size, bold=True, inset=inset)
        line = measured.cut(self.line, 10, self._margins()[PH.FOOTER].width * 0.6, 1)
        writer.marginals(line, self._margins())
        return own

    def _headed(self, writer: Writer, title: str, number: int = 1) -> tuple[Writer, Place]:
        """A slide's title, and the room that is left for everything else."""
        top = self._title(writer, title, Place(EDGE, 0.4, self.wide - 2 * EDGE, 0.95), TITLES, number)
        second = writer.second()
        if second is not None:
            second._element.getparent().remove(second._element)
        low = [
            _place(shape).top
            for shape in writer.slide.slide_layout.placeholders
            if shape.placeholder_format.type in (PH.FOOTER, PH.SLIDE_NUMBER) and shape.top is not None
        ]
        bottom = min([*(y for y in low if y > 0.7 * self.tall), self.tall - 0.45]) - 0.08
        start = top.top + top.height + GAP
        if start > 0.4 * self.tall:  # a title that does not stand on top
            start = 0.2 * self.tall
        across = (top.left, top.width) if top.width > 0.6 * self.wide else (EDGE, self.wide - 2 * EDGE)
        return writer, Place(across[0], start, across[1], bottom - start)

    def _slide(self, page: Page, part: int = 1) -> tuple[Writer, Place]:
        """A new slide with the page's title, numbered from the second on, and its notes."""
        writer = self._new("titleOnly")
        writer.notes(page.notes)
        return self._headed(writer, page.title, page.number + part - 1)

    def _points(self, page: Page) -> None:
        """Number cards, then sentences; text of the appendix smaller, without bullets."""
        words = page.kind == "words"
        said = page.said
        sizes, part = SMALL if words else BODY, 1
        while said or part == 1 or (page.numbers and part == 1):
            writer, place = self._slide(page, part)
            if page.numbers and part == 1:
                used = cards(writer, page.numbers, place, self.document.brand.tint)
                place = Place(place.left, place.top + used, place.width, place.height - used)
            inner = place.width - (0 if words else sizes[0] / 72)
            # What does not fit at once goes on, in letters that can be read from afar.
            size = next((s for s in sizes if measured.height(said, s, inner, after=AFTER) <= place.height), 14)
            shown, said = measured.take(said, size, inner, place.height, after=AFTER)
            if shown:
                tall = measured.height(shown, size, inner, after=AFTER)
                box = Place(place.left, place.top, place.width, min(tall + 0.05, place.height))
                writer.box("Text", shown, box, size, colour=INK, bullets=not words)
            part += 1

    def _figure(self, page: Page, png: bytes) -> None:
        """A chart, or a picture, with what it says above or beside it and its caption below."""
        data, said = page.block.data, _beside(page)
        native = data.get("chart")
        caption, alt = clean(data["caption"]), clean(data["alt"])
        writer, place = self._slide(page)
        if drawable(native):
            below = self._above(writer, said, place)
            groups = views(native, below)
            for part, group in enumerate(groups, 1):
                if part > 1:
                    writer, below = self._slide(page, part)
                panels_on(
                    writer, native, group, self._captioned(writer, caption, below), self.document.brand.colour, alt
                )
            return
        shape = proportion(data["svg"])
        if shape > UPRIGHT:
            room = self._captioned(writer, caption, place)
            width = min(room.height / shape, 0.66 * room.width)
            if said:
                column = Place(room.left, room.top, room.width - width - 2 * GAP, room.height)
                self._sentences(writer, said, column)
                room = Place(room.left + room.width - width, room.top, width, room.height)
        else:
            room = self._captioned(writer, caption, self._above(writer, said, place))
        drawing = picture(writer.slide, data["svg"], png, inside(room, shape))
        describe(drawing, f"Picture: {caption}"[:80], alt)

    def _above(self, writer: Writer, said: list[str], place: Place) -> Place:
        """Sentences above a chart; the room that is left."""
        if not said:
            return place
        used = self._sentences(writer, said, Place(place.left, place.top, place.width, SAID)) + GAP
        return Place(place.left, place.top + used, place.width, place.height - used)

    def _sentences(self, writer: Writer, said: list[str], place: Place) -> float:
        """The first sentence whole, the others where they fit in letters that are as large; the notes hold all."""
        shown, size = _sized(said, place.width, place.height, (16, 14))
        if len(shown) < len(said) or shown != said:
            first, size = _sized(said[:1], place.width, place.height, (14, 12))
            more, _ = measured.take(said[1:], size, place.width, place.height, after=AFTER)
            while more and measured.height([*first, *more], size, place.width, after=AFTER) > place.height:
                more = more[:-1]
            shown = [*first, *more]
        tall = measured.height(shown, size, place.width, after=AFTER)
        writer.box("Text", shown, Place(place.left, place.top, place.width, tall + 0.03), size, colour=INK)
        return tall + 0.03

    def _captioned(self, writer: Writer, caption: str, place: Place) -> Place:
        """The caption along the lower edge; the room above it."""
        if not caption:
            return place
        shown = measured.cut(caption, CAPTION, place.width, 2)
        tall = measured.height([shown], CAPTION, place.width) + 0.02
        spot = Place(place.left, place.top + place.height - tall, place.width, tall)
        writer.box("Caption", [shown], spot, CAPTION, colour=GREY)
        return Place(place.left, place.top, place.width, place.height - tall - GAP / 2)

    def _table(self, page: Page) -> None:
        """A table, as much of it as fits; what was left out is said below it."""
        data = page.block.data
        writer, place = self._slide(page)
        place = self._above(writer, _beside(page), place)
        caption = clean(data["caption"])
        room = self._captioned(writer, caption, place)
        part = fitted(data["printed"], room.width, room.height)
        if not part.whole:
            writer.slide.shapes._spTree.remove(writer.slide.shapes[-1]._element)
            left_out = tr(
                "{caption}: {rows} of {all_rows} rows, {columns} of {all_columns} columns; all in tables.xlsx.",
                caption=caption,
                rows=len(part.cells) - 1,
                all_rows=part.rows,
                columns=len(part.widths),
                all_columns=part.columns,
            )
            room = self._captioned(writer, left_out, place)
            part = fitted(data["printed"], room.width, room.height)
        caption_box = writer.slide.shapes[-1]
        frame = add_table(writer, part, room)
        caption_box.top = Inches(room.top + sum(part.heights) + GAP / 2)  # right below the table
        describe(frame, f"Table: {caption}"[:80], caption)


def _beside(page: Page) -> list[str]:
    """What is said below the title: all but a finding that the title holds word for word."""
    return [one for place, one in enumerate(page.said) if place or one.rstrip(". ") != page.title]


def _numbered(title: str, number: int) -> str:
    """The title of the slides that go on with a title."""
    return title if number == 1 else tr("{title} ({number})", title=title, number=number)


def _at_clause(cut: str) -> str:
    """A title that was cut, ended with its last whole clause where that is most of it."""
    end = cut.rfind("; ")
    return cut[:end] if end > 0.4 * len(cut) else cut


def _place(shape) -> Place:
    return Place(*(side.inches for side in (shape.left, shape.top, shape.width, shape.height)))


def _sized(said: list[str], width: float, height: float, sizes: tuple) -> tuple[list[str], float]:
    """Paragraphs in the largest size in which all fit; in the least as many as fit, the last one cut."""
    for size in sizes:
        if measured.height(said, size, width, after=AFTER) <= height:
            return said, size
    shown, rest = measured.take(said, sizes[-1], width, height, after=AFTER)
    if rest and len(shown) == 1 and shown != said[:1]:
        shown = [measured.cut(said[0], sizes[-1], width, max(int(height * 72 / (LINE * sizes[-1])), 1))]
    return shown, sizes[-1]
