"""The workbook of a report, read back with openpyxl: numbers equal the record, text stays text, sheets can be used."""

import io
import re
from dataclasses import replace

import openpyxl
import pytest
from demo_document import demo

from cxlib import language
from cxlib.report import xlsx
from cxlib.report.document import Chapter, Section, prose, table
from cxlib.report.xlsx_sheets import is_tab_book, sheet_names

HOSTILE = [
    "=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "<script>alert(1)</script>", "#set page()", "**bold** _x_",
    "\u202eright to left", "emoji 😀", "a" * 10_000, "null\x00and\x07bell", "'quoted'",
]  # fmt: skip


@pytest.fixture(scope="module")
def book():
    language.speak("en")
    return openpyxl.load_workbook(io.BytesIO(xlsx.render(demo())))


def cells(sheet) -> list[list]:
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_every_number_of_every_table_is_the_published_one(book):
    """Sheet by sheet in the order of the contents: the numbers of a row are those of the record, in their order."""
    checked = 0
    names = [row[0] for row in cells(book["Contents"]) if row[0] in book.sheetnames]
    blocks = [(part, block) for part in demo().parts for block in part.blocks("table")]
    blocks.sort(key=lambda pair: not is_tab_book(pair[1]))
    assert len(names) == len(blocks) + 3
    for name, (_, block) in zip(names[2:-1], blocks, strict=True):
        data, sheet = block.data, cells(book[name])
        if is_tab_book(block) or "kinds" not in data:
            continue
        numbers = [
            [value for value, kind in zip(row, data["kinds"], strict=True) if kind not in ("text", "word", "key")]
            for row in data["rows"]
        ]
        found = [[v for v in row if isinstance(v, (int, float))] for row in sheet[-len(numbers) :]]
        assert found == [[v for v in row if v is not None] for row in numbers], name
        checked += sum(map(len, found))
    assert checked > 5_000


def test_the_tab_book_holds_every_cell_of_the_banner_with_letters_bases_and_wording(book):
    block = next(b for part in demo().parts for b in part.blocks("table") if is_tab_book(b))
    sheet = cells(book["Tab book"])
    published = [row[block.data["columns"].index("estimate")] for row in block.data["rows"]]
    shown = [value for row in block.data["printed"]["values"] for value, unit in row if unit != "base"]
    bases = dict(zip(block.data["columns"], zip(*block.data["rows"], strict=True), strict=True))["n"]
    withheld = [n < 30 for n in bases]
    assert shown == [None if hide else value for value, hide in zip(published, withheld, strict=True)]
    titles = [
        row[0] for row in sheet if row[0] and row[0].startswith("Recommendation: How likely are you to recommend")
    ]
    assert len(titles) == 1
    nps = next(row for row in sheet if row[0] == "NPS")
    total = next(b.data for c in demo().chapters for b in c.blocks("number") if b.name == "nps")
    assert nps[1] == total["value"]
    assert any(re.fullmatch(r"[A-Za-z]+( [▲▼])?|[▲▼]", str(v)) for v in nps[2::2] if v)
    assert any("asked where" in str(row[0]) for row in sheet)


def test_sheets_are_ready_to_use(book):
    contents = book["Contents"]
    links = [cell.hyperlink.location for row in contents.iter_rows() for cell in row if cell.hyperlink]
    assert [link.rpartition("!")[0].strip("'").replace("''", "'") for link in links] == book.sheetnames[1:]
    for name in book.sheetnames[1:]:
        assert book[name].freeze_panes, name
        assert book[name].sheet_view is not None
    assert book["Numbers"].auto_filter.ref
    formats = {
        cell.number_format for row in book["Numbers"].iter_rows() for cell in row if isinstance(cell.value, float)
    }
    assert '0.0"%"' in formats


def test_the_same_report_is_the_same_file():
    assert xlsx.render(demo()) == xlsx.render(demo())


def test_text_that_looks_like_a_formula_stays_text():
    rows = [[words, "x"] for words in HOSTILE]
    part = Chapter(
        "hostile", HOSTILE[0], [Section(HOSTILE[1], blocks=[table("t", HOSTILE[3], ["=A1", "B"], rows)])], {}
    )
    appendix = Chapter("method", "Method", [Section("=1", blocks=[prose("=2+2")])], {})
    made = xlsx.render(replace(demo(), title="=HYPERLINK(1)", client="&P@x", chapters=[part], appendix=appendix))
    found = openpyxl.load_workbook(io.BytesIO(made))
    sheet = found[found.sheetnames[3]]
    written = [row[0] for row in sheet.iter_rows() if row[1].value == "x"]
    assert [cell.value for cell in written] == [re.sub(r"[\x00\x07]", "", words) for words in HOSTILE]
    for cell in (*written, found["Contents"]["A1"]):
        assert cell.data_type == "s"
        assert cell.quotePrefix == cell.value.startswith(("=", "+", "-", "@", "\t"))


def test_names_of_sheets_are_allowed_and_different():
    titles = ["1.1 A/B: [x]?*\\", "1.1 a b   x", "x" * 60, "X" * 60, "'", "History", "Contents"]
    names = sheet_names(["Contents"], titles)
    assert len({name.casefold() for name in [*names, "Contents"]}) == len(titles) + 1
    for name in names:
        assert 0 < len(name) <= 31
        assert not re.search(r"[\[\]:*?/\\]", name)
        assert not name.startswith("'")
