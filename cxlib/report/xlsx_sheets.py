"""Sheets of the workbook: typed cells with formats, frozen heads, filters, and the tab book."""

import io
import re

from cxlib.language import tr
from cxlib.report.brand import Brand
from cxlib.report.document import Block, Chapter, Document
from cxlib.text import CONFIDENTIAL

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with what a cell begins that a spreadsheet may take for a formula
LINE = 13.0  # points that a line of text is high
LONGEST = 32_767  # letters that a cell of Excel holds
NAME = 31  # letters of a sheet's name
# How numbers are written, by unit or by kind of column.
NUMBERS = {
    "points": "0.0",
    "percent": '0.0"%"',
    "score": "0.00",
    "count": "#,##0",
    "rate": "0.00",
    "ratio": "0.00",
    "money": "#,##0",
    "base": "#,##0",
    "p": "0.0000",
    "spread": "0.000",
    "confidence": "0%",
    "change": "+0.00;-0.00;0.00",
}


class Styles:
    """The formats of the workbook, made once each."""

    def __init__(self, book, brand: Brand):
        self._book, self._made = book, {}
        self.brand = brand

    def get(self, **what):
        """The format with these properties."""
        key = tuple(sorted(what.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format({"font_name": "Arial", "font_size": 10, "valign": "top"} | what)
        return self._made[key]

    def as_text(self, style):
        """The same format for text that looks like a formula: Excel keeps it text when the cell is edited."""
        key = next(key for key, made in self._made.items() if made is style)
        return self.get(**dict(key), quote_prefix=True)

    @property
    def head(self):
        """White on the client's colour, wrapped."""
        return self.get(bold=True, font_color="#ffffff", bg_color=self.brand.colour, text_wrap=True, border=1)


class Sheet:
    """A sheet that is written from top to bottom."""

    def __init__(self, sheet, styles: Styles, document: Document, contents: str):
        self.sheet, self.styles, self.document, self.contents = sheet, styles, document, contents
        self.at, self.headed, self.lengths = 0, None, []
        self.wrapped: dict[int, dict[int, int]] = {}  # letters of text that is wrapped, by row and column

    def title(self, title: str, *, back: bool = True) -> None:
        """The first lines: the title, and the way back to the contents."""
        self.text(0, 0, title, self.styles.get(bold=True, font_size=14, font_color=self.styles.brand.colour))
        self.sheet.set_row(0, 22)
        self.at = 1
        if back:
            link = self.styles.get(font_color=self.styles.brand.colour, underline=1)
            self.sheet.write_url(1, 0, f"internal:'{quoted(self.contents)}'!A1", link, tr("Back to the contents"))
            self.at = 2

    def line(self, text: str) -> None:
        """A line of plain text below the title."""
        self.text(self.at, 0, text, self.styles.get(font_color="#526070"))
        self.at += 1

    def note(self, text: str, columns: int = 8) -> None:
        """A note of several lines across some columns."""
        self.sheet.merge_range(self.at, 0, self.at, columns - 1, "")
        self.text(self.at, 0, text, self.styles.get(font_color="#526070", text_wrap=True))
        self.sheet.set_row(self.at, min(409, LINE * (1 + len(text) // 100) + 2))
        del self.wrapped[self.at]
        self.at += 1

    def logo(self, content: bytes) -> None:
        """The client's logo at the right of the title."""
        options = {"image_data": io.BytesIO(content), "description": self.document.client, "object_position": 3}
        self.sheet.insert_image(0, 2, "logo", options)

    def head(self, heads: list[str]) -> None:
        """The headings of the columns; what is above and they themselves stay in view."""
        self.at += 1
        for column, head in enumerate(heads):
            self.text(self.at, column, head, self.styles.head)
        self.headed, self.lengths = self.at, [[0.6 * len(head)] for head in heads]
        self.at += 1

    def row(self, cells: list) -> None:
        """A row: text, or (number, unit or kind); None is an empty cell."""
        for column, cell in enumerate(cells):
            self.cell(self.at, column, cell)
            self.lengths[column].append(len(cell) + 3 if isinstance(cell, str) else 8)
        self.at += 1

    def linked_row(self, name: str, cells: list[str]) -> None:
        """A row that begins with a link to another sheet."""
        link = self.styles.get(font_color=self.styles.brand.colour, underline=1)
        self.sheet.write_url(self.at, 0, f"internal:'{quoted(name)}'!A1", link, name)
        for column, cell in enumerate(cells, 1):
            self.text(self.at, column, cell, self.styles.get(text_wrap=True, indent=1))
        self.at += 1

    def cell(self, row: int, column: int, cell) -> None:
        """One cell: text, a (number, unit) pair, or nothing."""
        if isinstance(cell, tuple):
            value, unit = cell
            if isinstance(value, str):
                self.text(row, column, value, self.styles.get(align="right"))
            elif value is not None:
                self.sheet.write_number(row, column, value, self.styles.get(num_format=NUMBERS[unit]))
        elif cell:
            self.text(row, column, cell, self.styles.get(text_wrap=True, indent=1))

    def text(self, row: int, column: int, text: str, style) -> None:
        """Text as text, whatever it begins with; letters that no workbook holds are left out."""
        if style.text_wrap:
            self.wrapped.setdefault(row, {})[column] = len(text)
        text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text)[:LONGEST]
        if text.startswith(FORMULA):
            style = self.styles.as_text(style)
        self.sheet.write_string(row, column, text, style)

    def finish(self, widths: list[float] | None = None, *, filtered: bool = True, columns: int = 0) -> None:
        """Widths (by what most cells hold), frozen heads, a filter over the rows, and how the sheet prints."""
        most = [sorted(lengths)[int(0.9 * (len(lengths) - 1))] for lengths in self.lengths]
        widths = widths or [min(70, max(10, length)) for length in most]
        for column, width in enumerate(widths):
            self.sheet.set_column(column, column, width)
        # Excel fits the height of a row when somebody edits it; until then it is as it is told here.
        for row, lengths in self.wrapped.items():
            lines = max(-(-length // max(1, int(widths[column] * 1.05))) for column, length in lengths.items())
            if lines > 1:
                self.sheet.set_row(row, min(409, LINE * lines + 2))
        if self.headed is not None:
            self.sheet.freeze_panes(self.headed + 1, columns)
            self.sheet.repeat_rows(self.headed)
            if filtered and self.at > self.headed + 1:
                self.sheet.autofilter(self.headed, 0, self.at - 1, len(self.lengths) - 1)
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.fit_to_pages(1, 0)
        line = self.document.brand.confidentiality
        self.sheet.set_footer(f"&L{(line or self.document.client).replace('&', '&&')[:200]}&R&P / &N")


def quoted(name: str) -> str:
    """A sheet's name as a link holds it."""
    return name.replace("'", "''")


def sheet_names(taken: list[str], titles: list[str]) -> list[str]:
    """A name for each sheet: of letters that Excel allows, at most 31, each only once (whatever its case)."""
    used, names = {name.casefold() for name in taken} | {"history"}, []
    for title in titles:
        plain = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", title)
        name = short = " ".join(plain.split())[:NAME].strip(" '") or "-"
        number = 2
        while name.casefold() in used:
            name = f"{short[: NAME - 4]} ({number})"
            number += 1
        used.add(name.casefold())
        names.append(name)
    return names


def is_tab_book(block: Block) -> bool:
    """Whether a table is a banner table: one with headings of two lines."""
    return "groups" in block.data["printed"]


def write_table(sheet: Sheet, part: Chapter, block: Block) -> None:
    """A published table: every column of the record, numbers as numbers; ** where a number is withheld."""
    data = block.data
    sheet.title(data["caption"])
    sheet.line(part.title)
    if data["note"]:
        sheet.note(data["note"])
    if "kinds" not in data:  # a table of plain words
        sheet.head(data["printed"]["heads"])
        for row in data["rows"]:
            sheet.row(row)
        sheet.finish()
        return
    kept = [i for i, kind in enumerate(data["kinds"]) if kind != "key"]
    sheet.head(_heads(data))
    for row, unit, printed in zip(data["rows"], data["units"], data["printed"]["rows"], strict=True):
        withheld = "**" in printed
        words = iter(printed)
        cells = []
        for i in kept:
            kind = data["kinds"][i]
            word = next(words) if not (kind == "interval" and data["columns"][i] == "high") else ""
            cells.append(_typed(row[i], kind, unit, word, withheld, data["kinds"]))
        sheet.row(cells)
    sheet.finish(columns=1 if data["kinds"][kept[0]] in ("text", "word") else 0)


def _heads(data: dict) -> list[str]:
    """The headings, with the two ends of an interval apart."""
    heads, found = iter(data["printed"]["heads"]), []
    for name, kind in zip(data["columns"], data["kinds"], strict=True):
        if kind == "key":
            continue
        if name == "low":
            interval = next(heads)
            found.append(tr("{interval}: from", interval=interval))
        elif name == "high":
            found.append(tr("{interval}: to", interval=interval))
        else:
            found.append(next(heads))
    return found


def _typed(value, kind: str, unit: str, printed: str, withheld: bool, kinds: list[str]):
    """A cell of the record with how it is written; words as they are printed."""
    if kind in ("text", "word"):
        return printed
    if value is None:
        if printed == CONFIDENTIAL:
            return printed, unit
        return ("**", unit) if withheld and kind != "base" else None
    if kind == "interval":
        return value, "change" if "change" in kinds else unit
    return value, unit if kind == "value" else kind


def write_tab_book(sheet: Sheet, part: Chapter, block: Block) -> None:
    """The tab book: a block a question (with who was asked), a line an answer, a column a group with its letters."""
    data, printed = block.data, block.data["printed"]
    sheet.title(data["caption"])
    sheet.note(data["note"])
    sheet.at += 1
    top, styles, at = sheet.at, sheet.styles, 1
    for name, span in printed["groups"][1:] if printed["groups"][0][0] == "" else printed["groups"]:
        first = 3 + 2 * (at - 1)
        at += span
        if span > 1:
            sheet.sheet.merge_range(top, first, top, first + 2 * span - 1, "", styles.head)
        sheet.text(top, first, name, styles.head)
    sheet.at = top
    heads = [printed["heads"][0]]
    for head in printed["heads"][1:]:
        heads += [head, ""]
    sheet.head(heads)
    titles = set(printed["titles"])
    question = styles.get(bold=True, bg_color=styles.brand.tint)
    for number, (row, values) in enumerate(zip(printed["rows"], printed["values"], strict=True)):
        if number in titles:
            wording = data.get("texts", {}).get(row[0], "")
            sheet.text(sheet.at, 0, f"{row[0]}: {wording}" if wording else row[0], question)
            for column in range(1, len(heads)):
                sheet.sheet.write_blank(sheet.at, column, None, question)  # the title runs on over empty cells
            sheet.at += 1
            continue
        cells: list = [row[0]]
        for shown, (value, unit) in zip(row[1:], values, strict=True):
            figure, _, letters = shown.partition(" ")
            mark = "*" if figure.endswith("*") and figure != "**" else ""
            cells += [(value if value is not None else figure, unit), f"{letters} {mark}".strip()]
        sheet.row(cells)
    sheet.finish([46, *[10, 7] * (len(printed["heads"]) - 1)], filtered=False, columns=1)
