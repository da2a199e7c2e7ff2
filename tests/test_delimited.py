"""Tables below a title, with blank, cut, short and long rows, and workbooks of several sheets.

Oracle: the same table written plainly, and counts by hand.
"""

import io

import openpyxl
import pytest

from cxlib import CxError
from cxlib.readers import read_table

ROWS = [["id", "score", "why"], ["r1", "9", "good"], ["r2", "3", "slow"]]
EXPECTED = {"id": ["r1", "r2"], "score": ["9", "3"], "why": ["good", "slow"]}


@pytest.fixture
def table(tmp_path):
    """table(content): the cells by column and the notes of text, or of a workbook by its sheets' rows."""

    def read(content):
        path = tmp_path / "s.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else workbook(content))
        found = read_table(path)
        cells = {str(name): [str(cell) for cell in found.frame[name]] for name in found.frame}
        return cells, [note.removeprefix("s.csv: ") for note in found.notes]

    return read


@pytest.fixture
def refused(tmp_path):
    def read(text: str) -> str:
        (tmp_path / "s.csv").write_text(text, newline="")
        with pytest.raises(CxError) as caught:
            read_table(tmp_path / "s.csv")
        return str(caught.value).removeprefix(f"{tmp_path}/s.csv: ")

    return read


def workbook(sheets: dict[str, list[list]]) -> bytes:
    stream, book = io.BytesIO(), openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(stream)
    return stream.getvalue()


def written(rows=ROWS) -> str:
    return "".join(",".join(row) + "\n" for row in rows)


BLANK = ["", " ", ""]


def test_blank_rows_are_left_out_and_counted(table):
    rows = [*ROWS[:2], *[BLANK] * 50, ROWS[2], *[BLANK] * 30]
    assert table(written(rows)) == (EXPECTED, ["80 blank rows were left out"])
    # Below the last row a sheet has no rows of its own.
    assert table({"s": rows}) == (EXPECTED, ["50 blank rows were left out"])
    assert table({"s": [*ROWS[:2], [], ROWS[2]]}) == (EXPECTED, ["1 blank row was left out"])


def test_blank_lines_within_a_quoted_cell_stay(table):
    cells, notes = table('id,why\nr1,"a\n,\n\nb"\n')
    assert (cells["why"], notes) == (["a\n,\n\nb"], [])


TITLES = {
    "with delimiters": ([["Survey", "", ""], ["Exported", "", ""], BLANK], "Survey; Exported"),
    "alone": ([["Survey 2026"]], "Survey 2026"),
    "behind a blank": ([BLANK, ["", "Survey", ""]], "Survey"),
}


@pytest.mark.parametrize(("above", "told"), TITLES.values(), ids=TITLES)
def test_a_title_above_the_header_is_left_out_and_told(table, above, told):
    assert table(written([*above, *ROWS])) == (EXPECTED, [f"left out above the header: {told}"])
    cells, notes = table({"s": [*above, *ROWS]})
    assert (cells, notes[-1]) == (EXPECTED, f"left out above the header: {told}")


NO_TITLES = {
    "a header of one name": [["id", "", ""], ["1", "2", "3"], ["4", "5", "6"]],
    "two columns": [["id", ""], ["a", "b"]],
    "names that recur": [["id", "", ""], ["yes", "yes", "no"]],
    "half a header": [["Survey", "", "", ""], ["id", "why", "", ""], ["1", "2", "3", "4"]],
}


@pytest.mark.parametrize("rows", NO_TITLES.values(), ids=NO_TITLES)
def test_what_may_be_a_header_stays_one(table, rows):
    for content in (written(rows), {"s": rows}):
        cells, notes = table(content)
        assert next(iter(cells)) == rows[0][0]
        assert notes == []


def test_lines_are_counted_from_the_top_of_the_file(refused):
    assert refused("Survey,,\n\n" + written() + "r3,1,a,b\nr4,1,a,b\n") == (
        "line 6 has 4 cells, the header 3 (2 such rows); put quotation marks around text that holds a comma"
    )


@pytest.mark.parametrize("text", [written()[:-6], "id,score,why\nr1", 'id,score,why\r\nr1,"9\n8"'])
def test_a_text_cut_within_its_last_row_is_refused(refused, text):
    cells = len(text.splitlines()[-1].split(",")) if '"' not in text else 2
    line = 2 if "r2" not in text else 3
    assert refused(text) == (
        f"line {line}, the last, has {cells} of the header's 3 cells and no line break at its end: the file is cut; "
        "export it again"
    )


def test_a_full_last_row_needs_no_line_break(table):
    assert table(written()[:-1]) == (EXPECTED, [])


def test_short_rows_are_told(table):
    cells, notes = table("id,score,why\nr1,9\nr2,3,slow\nr3\n")
    assert cells["why"] == ["", "slow", ""]
    assert notes == ["2 rows have fewer cells than the header, e.g. line 2 2 of 3; what is not there is blank"]


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;"])
def test_the_line_that_excel_writes_for_itself_is_honoured(table, line):
    assert table(line + "\r\n" + written().replace(",", ";")) == (EXPECTED, [])


def test_a_delimiter_behind_the_last_cell_makes_no_column(table):
    rows = written().splitlines()
    assert table("\n".join([rows[0], *(row + "," for row in rows[1:])]) + "\n") == (EXPECTED, [])
    assert table("\n".join(row + "," for row in rows) + "\n") == (EXPECTED, [])


def test_the_sheet_that_was_read_is_told(table):
    codes, cover = [["code", "label"], [1, "bad"]], [["Survey"], ["Client"]]
    assert table({"Data": ROWS}) == (EXPECTED, [])
    assert table({"Data": ROWS, "Codes": codes}) == (EXPECTED, ["read the sheet Data, one of 2: Data, Codes"])
    told = "read the sheet Data, one of 3: Cover, Data, Notes; Cover has fewer than two columns"
    assert table({"Cover": cover, "Data": ROWS, "Notes": cover}) == (EXPECTED, [told])
    # Which of two tables is meant is not known.
    assert table({"Cover": cover, "Data": ROWS, "Codes": codes}) == (
        {"Survey": ["Client"]},
        ["read the sheet Cover, one of 3: Cover, Data, Codes"],
    )
