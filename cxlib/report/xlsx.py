"""The workbook of a report: contents, numbers, findings, the tab book, a sheet for every other table, and the method.

Numbers are numbers, with a format; what they equal stands in results.json. Text is only ever text: a cell that begins
as a formula would bears Excel's mark for text.
"""

import io
from datetime import datetime

import xlsxwriter

from cxlib.language import tr
from cxlib.report.document import Block, Chapter, Document
from cxlib.report.xlsx_sheets import Sheet, Styles, is_tab_book, sheet_names, write_tab_book, write_table

CREATED = datetime(2000, 1, 1)  # a fixed stamp: the same report is the same file


def render(document: Document) -> bytes:
    """The whole workbook; the same bytes for the same document."""
    buffer = io.BytesIO()
    # Nothing of a cell is guessed: no formulas, links or numbers out of text.
    guesses = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, **guesses})
    book.set_properties({"title": document.title, "company": document.client, "created": CREATED})
    styles = Styles(book, document.brand)
    tables = [(part, block) for part in document.parts for block in part.blocks("table")]
    tables.sort(key=lambda pair: not is_tab_book(pair[1]))  # the tab book comes first
    fixed = [tr("Contents"), tr("Numbers"), tr("Findings"), tr("Method")]
    names = sheet_names(fixed, [_sheet_title(document, part, block) for part, block in tables])
    made = {
        name: Sheet(book.add_worksheet(name), styles, document, fixed[0]) for name in (*fixed[:3], *names, fixed[3])
    }
    _write_contents(made[fixed[0]], document, fixed, list(zip(names, tables, strict=True)))
    _write_numbers(made[fixed[1]], document)
    _write_findings(made[fixed[2]], document)
    for name, (part, block) in zip(names, tables, strict=True):
        write = write_tab_book if is_tab_book(block) else write_table
        write(made[name], part, block)
    _write_method(made[fixed[3]], document)
    book.close()
    return buffer.getvalue()


def _sheet_title(document: Document, part: Chapter, block: Block) -> str:
    """What a sheet is called: the number of its chapter and of the table in it, then the caption."""
    if is_tab_book(block):
        return tr("Tab book")
    chapter = document.parts.index(part) + 1
    table = part.blocks("table").index(block) + 1
    return f"{chapter}.{table} {block.data['caption']}"


def _write_contents(sheet: Sheet, document: Document, fixed: list[str], tables: list) -> None:
    """Title, and a link to every sheet."""
    sheet.title(document.title, back=False)
    for line in (document.client, document.fieldwork, document.brand.confidentiality):
        if line:
            sheet.line(line)
    if document.brand.logo is not None and document.brand.logo_type != "image/svg+xml":
        sheet.logo(document.brand.logo)
    rows = [(fixed[1], tr("The numbers at the head of each chapter"), ""),
            (fixed[2], tr("The sentences that state results"), "")]  # fmt: skip
    rows += [(name, block.data["caption"], part.title) for name, (part, block) in tables]
    rows.append((fixed[3], tr("How this report was made"), ""))
    sheet.head([tr("Sheet"), tr("What it holds"), tr("Chapter")])
    for name, holds, chapter in rows:
        sheet.linked_row(name, [holds, chapter])
    sheet.finish([32, 70, 64], filtered=False)


def _write_numbers(sheet: Sheet, document: Document) -> None:
    """Every number that a chapter opens with, with interval, bases and method."""
    sheet.title(tr("Numbers"))
    sheet.head([tr("Chapter"), tr("Number"), tr("Value"), tr("From"), tr("To"), tr("Confidence"), tr("Standard error"),
                tr("Base"), tr("Weighted base"), tr("Effective base"), tr("Method"), tr("Note")])  # fmt: skip
    for chapter in document.chapters:
        for block in chapter.blocks("number"):
            data = block.data
            unit = data["unit"]
            sheet.row(
                [chapter.title, data["label"]]
                + [(data[key], unit) for key in ("value", "low", "high")]
                + [(data["confidence"], "confidence"), (data["se"], "spread")]
                + [(data[key], "base") for key in ("n", "n_weighted", "n_effective")]
                + [data["method"], data["printed"]["note"]]
            )
    sheet.finish([56, 38, 10, 10, 10, 11, 11, 10, 10, 10, 60, 40])


def _write_findings(sheet: Sheet, document: Document) -> None:
    """Every sentence that states a result."""
    sheet.title(tr("Findings"))
    sheet.head([tr("Chapter"), tr("Section"), tr("Finding")])
    for chapter in document.chapters:
        for section in chapter.sections:
            for block in section.blocks:
                if block.kind == "finding":
                    sheet.row([chapter.title, section.title, block.data["text"]])
    sheet.finish([56, 38, 120])


def _write_method(sheet: Sheet, document: Document) -> None:
    """The prose of the appendix, and of each chapter's sections that hold prose alone: its limits and its method."""
    sheet.title(tr("Method"))
    sheet.head([tr("Chapter"), tr("Section"), tr("Text")])
    for part in (document.appendix, *document.chapters):
        for section in part.sections:
            prose = [line for block in section.blocks for line in _lines(block)]
            if part is document.appendix or (section.title and all(b.kind in ("text", "list") for b in section.blocks)):
                for line in prose:
                    sheet.row([part.title, section.title, line])
    sheet.finish([56, 38, 120])


def _lines(block: Block) -> list[str]:
    """A paragraph, or the items of a list, as plain text."""
    if block.kind == "text":
        return ["".join(run.text for run in block.data["runs"])]
    if block.kind == "list":
        return ["".join(run.text for run in item) for item in block.data["items"]]
    return []
