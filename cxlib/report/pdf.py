"""The document as a PDF to print, to file and to hear read aloud: A4, tagged (PDF/UA-1), typeset by typst.

The template templates/report.typ reads the document as JSON, so that a client's text is only ever a string. Tables
that are long or wide, and those that a figure shows, stand at the end of their chapter; figures and text lead there.
What stands on the cover, in a card or above the columns of a table ends in … where no page could hold it.
"""

import json
import tempfile
from itertools import groupby
from pathlib import Path

import typst

from cxlib.errors import CxError
from cxlib.language import tr
from cxlib.report import drawings, letters
from cxlib.report.brand import WHITE, mixed
from cxlib.report.document import Block, Chapter, Document, Section
from cxlib.report.fit import Fit, fit
from cxlib.report.layout import anchor, groups, levels, place
from cxlib.report.markdown import Run

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
# In points: between the margins of a page, within a box on it, within a card; how high a figure may be.
UPRIGHT, TURNED, BOX, CARD, HIGH = 493.0, 739.0, 460.0, 128.0, 500.0
BODY = 9.0  # the size of letters in prose
ROWS = 20  # a table of more stands at the end of its chapter
HEAD = 80.0  # ems of a column's heading, which stands on every page that the table goes on to
SMALL, LINES = 12, 60  # rows of a table that stays on one page, and letters of its longest cell
WHOLE = 400  # letters of a cell, beyond which its row may go on on the next page
DRAWN = 0.86  # of a drawing's own size, in which its letters are of 10 points
BROAD = 800.0  # points of a drawing that needs a page turned around
PAGE = "\ue000"  # where the template puts the number of a page
LOGOS = {"image/png": "png", "image/jpeg": "jpg", "image/svg+xml": "svg"}
ELSEWHERE = ("https://", "http://", "mailto:")


def render(document: Document) -> bytes:
    """The whole report as a PDF; CxError for a logo that cannot be drawn."""
    with tempfile.TemporaryDirectory(prefix="cx-") as folder:
        root = Path(folder)
        data = json.dumps(_Pages(document).whole(), ensure_ascii=False)
        (root / "document.json").write_bytes(data.encode("utf-8", "replace"))
        (root / "logo").write_bytes(document.brand.logo or b"")
        (root / "report.typ").write_bytes(TEMPLATE.read_bytes())
        try:
            return typst.compile(
                root / "report.typ",
                root=root,
                font_paths=[letters.FOLDER],
                ignore_system_fonts=True,
                format="pdf",
                pdf_standards="ua-1",
            )
        except typst.TypstError as error:
            if "image(read(" in error.diagnostic:
                raise CxError(f"the logo of study.yml cannot be drawn: {error.message}") from None
            raise


class _Pages:
    """A document on its way to the template: tables numbered and fitted, letters replaced that cannot be drawn."""

    def __init__(self, document: Document):
        self.document = document
        self.lost: dict[str, None] = {}
        self.figures = 0
        self.fits: dict[int, Fit] = {}
        self.numbers: dict[str, int] = {}  # of tables, by their anchors

    def whole(self) -> dict:
        """What the template reads."""
        document, look = self.document, self.document.brand
        data = {
            "language": document.language,
            "title": self.text(document.title, UPRIGHT, size=24, bold=True, lines=5),
            "running": self.running(),
            "client": self.text(document.client, UPRIGHT, size=11, lines=2),
            "fieldwork": self.text(document.fieldwork, UPRIGHT, size=11, lines=12),
            "line": self.text(look.confidentiality, 400, size=8, lines=2),
            "colours": {"brand": look.colour, "dark": look.dark, "tint": look.tint},
            "range": mixed(look.colour, WHITE, 0.56),
            "logo": LOGOS[look.logo_type] if look.logo else "",
            "words": {"contents": tr("Contents"), "logo": tr("Logo"), "tables": tr("Tables of this chapter")},
            "chapters": [self.chapter(chapter) for chapter in document.parts],
        }
        return data | {"lost": self.replaced()}

    def replaced(self) -> str:
        """What stands in for the letters that the typeface lacks, or nothing where it has all."""
        if not self.lost:
            return ""
        told = tr(
            "The typeface of this file lacks some signs of the texts: pictures and symbols stand as their names in "
            "brackets, other letters as {mark}. The page and the workbook show them all.",
            mark=letters.UNKNOWN,
        )
        return letters.broken(told, BOX / BODY)

    def text(self, text: str, room: float, *, size: float = BODY, bold: bool = False, lines: int = 0) -> str:
        """A text whose letters can be drawn, whose words fit the room, and which ends in … after so many lines."""
        shown, lost = letters.drawable(text)
        self.lost |= dict.fromkeys(lost)
        if lines:
            shown = letters.shortened(shown.replace("\n", " "), lines * 0.8 * room / size, bold=bold)
        return letters.broken(shown, room / size, bold=bold)

    def chapter(self, chapter: Chapter) -> dict:
        """A chapter with its sections, and the tables that end it: those on upright pages, those on turned ones."""
        here, later = [], []
        for section in chapter.sections:
            for group in groups(section):
                for block in (b for b in group if b.kind == "table"):
                    self.fits[id(block)] = fit(self.printed(block), UPRIGHT, TURNED)
                    alone = len(group) == 1 and len(block.data["printed"]["rows"]) <= ROWS
                    (here if alone and not self.fits[id(block)].turned and not section.first else later).append(block)
        later.sort(key=lambda block: self.fits[id(block)].turned)
        for block in [*here, *later]:
            self.numbers[anchor(chapter, block)] = len(self.numbers) + 1
        sections = [s for s in chapter.sections if not s.title] + [s for s in chapter.sections if s.title]
        return {
            "title": self.text(chapter.title, UPRIGHT, size=18, bold=True),
            "running": letters.shortened(self.text(chapter.title, UPRIGHT), 63 - letters.width(self.running())),
            "sections": [self.section(chapter, section, here) for section in sections],
            "upright": [self.table(chapter, block) for block in later if not self.fits[id(block)].turned],
            "turned": [self.table(chapter, block) for block in later if self.fits[id(block)].turned],
        }

    def section(self, chapter: Chapter, section: Section, here: list[Block]) -> dict:
        """A section as what stands on it, from above to below."""
        level = {id(block): level for block, level in levels(section, 2 if section.title else 1)}
        pieces = []
        for group in groups(section):
            block, kind = group[0], group[0].kind
            if kind == "number":
                pieces.append({"kind": "numbers", "cards": [self.card(number.data) for number in group]})
            elif kind == "finding":
                items = [[{"text": self.text(found.data["text"], BOX)}] for found in group]
                pieces.append({"kind": "list", "ordered": False, "items": items})
            elif kind == "figure":
                pieces.append(self.figure(chapter, block))
            elif kind == "table" and any(block is one for one in here):
                pieces.append({"kind": "table", "table": self.table(chapter, block)})
            elif kind == "table":
                caption = self.text(block.data["caption"], BOX)
                pieces.append({"kind": "reference", "caption": caption, **self.reference(anchor(chapter, block))})
            elif kind == "heading":
                runs = self.runs(block.data["runs"], size=12)
                pieces.append({"kind": "heading", "level": level[id(block)], "runs": runs})
            elif kind == "list":
                items = [self.runs(runs) for runs in block.data["items"]]
                pieces.append({"kind": "list", "ordered": block.data["ordered"], "items": items})
            else:
                pieces.append({"kind": "text", "runs": self.runs(block.data["runs"])})
        return {"title": self.text(section.title, BOX, size=13, bold=True), "first": section.first, "pieces": pieces}

    def running(self) -> str:
        """The title as it stands above every page, in letters of 7.5 points; 63 of them fit on the line."""
        return letters.shortened(self.text(self.document.title, UPRIGHT), 32)

    def runs(self, runs: list[Run], *, size: float = BODY) -> list[dict]:
        """Runs with the styles that can draw them; plain ones hold their text alone."""
        found = []
        for run in runs:
            one: dict = {"text": self.text(run.text, BOX, size=size, bold=True)}
            style = {(False, True): "-Oblique", (True, True): "-BoldOblique"}.get((run.bold, run.italic), "")
            styles = {
                "bold": run.bold,
                "italic": run.italic and letters.styled(one["text"], style),
                "code": run.code and letters.styled(one["text"], "Mono"),
            }
            one |= {name: True for name, wanted in styles.items() if wanted}
            found.append(one | ({"link": run.link} if run.link.startswith(ELSEWHERE) else {}))
        return found

    def card(self, number: dict) -> dict:
        """A number with its interval, its base and where they lie on their scale."""
        printed = number["printed"]
        return {
            "label": self.text(number["label"], CARD, size=9, bold=True, lines=6),
            "value": self.text(printed["value"], CARD, size=22, bold=True, lines=3),
            "told": [
                self.text(printed[key], CARD, size=7.5, lines=9)
                for key in ("interval", "base", "note")
                if printed.get(key)
            ],
            "bar": place(number),
        }

    def figure(self, chapter: Chapter, block: Block) -> dict:
        """A drawing with its caption, and the table of its numbers."""
        self.figures += 1
        width, height = drawings.size(block.data["svg"]) or (UPRIGHT, UPRIGHT)
        aim = f"{chapter.name}-table-{block.data.get('data')}"
        caption = self.text(block.data["caption"], BOX)
        return {
            "kind": "figure",
            "svg": drawings.recoloured(block.data["svg"], self.document.brand.colour),
            "alt": block.data["alt"],
            "width": min(width * DRAWN, HIGH * width / height),
            "turned": width > BROAD,
            "caption": tr("Figure {number}. {caption}", number=self.figures, caption=caption),
        } | (self.reference(aim) if aim in self.numbers else {})

    def reference(self, aim: str) -> dict:
        """The words that lead to a table, with a place for its page."""
        return {"aim": aim, "words": tr("Table {number}, page {page}", number=self.numbers[aim], page=PAGE).split(PAGE)}

    def printed(self, block: Block) -> dict:
        """A printed table in letters that can be drawn."""
        printed = block.data["printed"]

        def drawable(text: str) -> str:
            return self.text(text, UPRIGHT * len(text))

        return printed | {
            "heads": [letters.shortened(drawable(head), HEAD, bold=True) for head in printed["heads"]],
            "rows": [[drawable(cell) for cell in row] for row in printed["rows"]],
        }

    def table(self, chapter: Chapter, block: Block) -> dict:
        """A table with its caption and note, in as many pieces as the page asks for."""
        fitted, printed, aim = self.fits[id(block)], self.printed(block), anchor(chapter, block)
        room = TURNED if fitted.turned else BOX
        caption = self.text(block.data["caption"], room, bold=True)
        return {
            "aim": aim,
            "size": fitted.size,
            "caption": tr("Table {number}. {caption}", number=self.numbers[aim], caption=caption),
            "note": self.text(block.data.get("note") or "", room, size=7.5),
            "whole": all(len(cell) <= WHOLE for row in printed["rows"] for cell in row),
            "small": len(printed["rows"]) <= SMALL
            and all(len(cell) <= LINES for row in printed["rows"] for cell in row),
            "pieces": [self.piece(piece, printed, fitted.size) for piece in fitted.pieces],
        }

    def piece(self, piece: list[tuple[int, float]], printed: dict, size: float) -> dict:
        """Columns of a table, with the words in their cells broken where they are too wide."""
        chosen = [index for index, _ in piece]
        rooms = [(width - 7.0) / size for _, width in piece]
        titles = set(printed.get("titles", []))

        def cells(row: list[str], *, bold: bool = False) -> list[str]:
            return [letters.broken(row[index], room, bold=bold) for index, room in zip(chosen, rooms, strict=True)]

        rows = [
            letters.broken(letters.shortened(row[0], 4 * sum(rooms)), sum(rooms), bold=True)
            if number in titles
            else cells(row)
            for number, row in enumerate(printed["rows"])
        ]
        return {
            "widths": [width for _, width in piece],
            "numeric": [printed["numeric"][index] for index in chosen],
            "groups": self.spans(chosen, rooms, printed["groups"]) if "groups" in printed else [],
            "heads": cells(printed["heads"], bold=True),
            "rows": rows,
        }

    def spans(self, chosen: list[int], rooms: list[float], groups: list[list]) -> list[list]:
        """The groups of the chosen columns, each with how many of them it spans."""
        owners = [number for number, (_, span) in enumerate(groups) for _ in range(span)]
        found = []
        for number, columns in groupby(zip(chosen, rooms, strict=True), key=lambda column: owners[column[0]]):
            widths = [room for _, room in columns]
            name = self.text(groups[number][0], sum(widths), size=1, bold=True, lines=5)
            found.append([name, len(widths)])
        return found
