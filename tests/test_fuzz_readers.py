"""Mangled files end in a CxError that names the file, within bounds of time and memory; faults of our own surface.

Oracle: the rule itself. Each file is made here by hand; the long run is in soak/.
"""

import gzip
import io
import os
import re
import time
import tracemalloc
import zipfile

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cxlib import CxError
from cxlib.exports import refuse_crosstab
from cxlib.readers import read_table

SHEET = "xl/worksheets/sheet1.xml"
END = b"</sheetData>"


def workbook() -> bytes:
    stream = io.BytesIO()
    pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}).to_excel(stream, index=False)
    return stream.getvalue()


def patched(change, part=SHEET) -> bytes:
    """A workbook with one part changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook())) as whole, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in whole.namelist():
            content = whole.read(name)
            made.writestr(name, change(content) if name == part else content)
    return out.getvalue()


def laughs() -> bytes:
    """Ten entities, each ten times the one before."""
    entities = "".join(f'<!ENTITY a{i + 1} "{f"&a{i};" * 10}">' for i in range(9))
    return f'<!DOCTYPE l [<!ENTITY a0 "ha">{entities}]>'.encode()


def with_laughs(content: bytes, before: bytes = b"") -> bytes:
    body = content.split(b"?>", 1)[-1].replace(END, b'<row r="9"><c t="inlineStr"><is><t>&a9;</t></is></c></row>' + END)
    return before + laughs() + body


def inline(text: bytes) -> bytes:
    return b'<row r="4"><c t="inlineStr"><is><t>' + text + b"</t></is></c></row>"


def archive(name: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr(name, "a,b")
    return stream.getvalue()


def parquet(table: pa.Table) -> bytes:
    stream = io.BytesIO()
    pq.write_table(table, stream)
    return stream.getvalue()


WIDE = b",".join(b"q%d" % i for i in range(20_001))
MANGLED = {
    "nothing": (b"", "is empty"),
    "a quotation mark left open": (b'a,b\n1,"x\n' + b"2,y\n" * 9, "not a table: Error tokenizing data"),
    "a quotation mark closed far below": (
        b'a,b\n1,"x\n' + b"2,y\n" * 30_000 + b'3,"z"\n',
        "row 1, column 2 holds 120,006 characters; a cell may hold 100,000: is a quotation mark left open?",
    ),
    "a longer row": (b"a,b\n1,2\n1,2,3\n", "line 3 has 3 cells, the header 2"),
    "NUL bytes": (b"a,b\n1,\0\n", "holds NUL bytes, first at byte 6"),
    "NUL in UTF-16": ("a,b\n1,\0\n".encode("utf-16"), "holds NUL characters, first in line 2"),
    "a long cell": (b"a,b\n1," + b"x" * 200_000 + b"\n", "row 1, column 2 holds 200,000 characters"),
    "a long header": (b"x" * 200_000, "its header line cannot be read: field larger than field limit"),
    "20,001 columns": (WIDE + b"\n", "its header line has 20,001 columns; a table may have 20,000"),
    "a million delimiters": (b"," * 1_000_000 + b"\n1\n", "its header line has 1,000,001 columns"),
    "garbage": (bytes(range(1, 256)) * 10, "unknown encoding: byte 0x81"),
    "gzip": (gzip.compress(b"a,b\n1,2\n"), "is compressed (gzip); unpack it first"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99, "is an old Excel workbook (.xls)"),
    "a PDF": (b"%PDF-1.4\n", "is a PDF document"),
    "a web page": (b"\n<!DOCTYPE html><table><tr><td>a</td></tr></table>", "is a web page or XML"),
    "JSON": (b'[{"a": 1}]', "is JSON"),
    "columns parted by blanks": (b"a  b  c\n1  2  3\n4  5  6\n", "its 3 columns are parted by blanks"),
    "another archive": (archive("a.csv"), "is a zip archive without a workbook (it holds a.csv)"),
    "a binary workbook": (archive("xl/workbook.bin"), "is a binary Excel workbook (.xlsb)"),
    "half a workbook": (workbook()[:2500], "not an Excel workbook (.xlsx): File is not a zip file"),
    "a bomb": (
        patched(lambda c: c.replace(END, b" " * 60_000_000 + END)),
        "xl/worksheets/sheet1.xml unpacks from 58,",
    ),
    "a cell far away": (
        patched(lambda c: c.replace(END, b'<row r="90000"><c r="XFD90000"><v>1</v></c></row>' + END)),
        "the sheet reaches over 90,000 rows and 16,384 columns and holds 7 cells",
    ),
    "a row far below the last of a sheet": (
        patched(lambda c: c.replace(END, b'<row r="2000000000"><c r="A2000000000"><v>1</v></c></row>' + END)),
        "the sheet Sheet1 has rows beyond 1,048,576, the most that a sheet may have",
    ),
    "a million empty rows": (
        patched(lambda c: c.replace(END, b"".join(b'<row r="%d"/>' % i for i in range(4, 1_150_000)) + END)),
        "xl/worksheets/sheet1.xml has more than 1,048,576 rows, the most that a sheet may have",
    ),
    "a column beyond the last of a sheet": (
        patched(lambda c: c.replace(END, b'<row r="4"><c r="XFE4"><v>1</v></c></row>' + END)),
        "row 4 has 16,385 columns; a sheet may have 16,384",
    ),
    "a cell of two million letters": (
        patched(lambda c: c.replace(END, inline(os.urandom(1_000_000).hex().encode()) + END)),
        "xl/worksheets/sheet1.xml holds a text of more than 100,000 characters; a cell may hold 100,000",
    ),
    "a cell of 100,001 letters": (
        patched(lambda c: c.replace(END, inline(b"x" * 100_001) + END)),
        "row 4, column 1 holds 100,001 characters; a cell may hold 100,000",
    ),
    "entities": (patched(with_laughs), "xl/worksheets/sheet1.xml declares XML entities"),
    "entities behind a comment": (
        patched(lambda c: with_laughs(c, b"<!--" + b"x" * 9000 + b"-->")),
        "not an Excel workbook (.xlsx)",
    ),
    "half a sheet": (patched(lambda c: c[: len(c) // 2]), "not an Excel workbook (.xlsx)"),
    "half a Parquet file": (parquet(pa.table({"a": range(9)}))[:200], "not a Parquet file"),
    "a Parquet file of 20,001 columns": (
        parquet(pa.table({f"c{i}": pa.array([], pa.int8()) for i in range(20_001)})),
        "has 20,001 columns; a table may have 20,000",
    ),
    "half an SPSS header": (b"$FL2@(#) SPSS DATA FILE" + b" " * 60, "not an SPSS file"),
    "half a zipped SPSS header": (b"$FL3@(#) SPSS DATA FILE" + b" " * 60, "not an SPSS file"),
}


@pytest.mark.parametrize(("data", "expected"), MANGLED.values(), ids=MANGLED)
def test_a_mangled_file_is_refused_within_bounds(tmp_path, data, expected):
    file = tmp_path / "s.csv"
    file.write_bytes(data)
    start = time.perf_counter()
    tracemalloc.start()
    try:
        with pytest.raises(CxError) as caught:
            read_table(file)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert str(caught.value).startswith(f"{file}: {expected}")
    assert "\n" not in str(caught.value)
    assert time.perf_counter() - start < 60
    assert peak < 500e6


def test_a_dimension_that_is_only_declared_does_no_harm(tmp_path):
    (tmp_path / "s.xlsx").write_bytes(patched(lambda c: c.replace(b'ref="A1:B3"', b'ref="A1:XFD1048576"')))
    assert read_table(tmp_path / "s.xlsx").frame.shape == (2, 2)


def test_a_workbook_that_unpacks_beyond_bounds_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("cxlib.workbooks._LARGEST", 1000)
    (tmp_path / "s.xlsx").write_bytes(workbook())
    with pytest.raises(
        CxError, match=r"unpacks to [\d,]+ bytes; a workbook may have 1,000; export the table as CSV or"
    ):
        read_table(tmp_path / "s.xlsx")


def test_only_a_header_is_a_table_without_rows(tmp_path, problems):
    (tmp_path / "s.csv").write_bytes(b"a,b\n")
    assert read_table(tmp_path / "s.csv").frame.shape == (0, 2)
    assert problems("questions:\n  a: {role: number}", "a,b\n")[0][2] == "a table must hold at least one row"


@pytest.mark.parametrize(
    ("tool", "width"),
    [("plain", 10_000), ("qualtrics", 2000), ("surveymonkey", 2000), ("limesurvey", 2000), ("google", 2000)],
)
def test_thousands_of_columns_are_read(tmp_path, tool, width):
    names = [f"q{i}" for i in range(width)]
    heads = {
        "plain": [names],
        "qualtrics": [names, names, [f"{{'ImportId': 'QID{i}'}}" for i in range(width)]],
        "surveymonkey": [["Respondent ID", *names[1:1000], *[""] * 1000], ["", *["Response"] * 998, *names[-1001:]]],
        "limesurvey": [[f"q[{i}]. How? [{i}]" for i in range(width)]],
        "google": [["Timestamp", *[f"How? [{i}]" for i in range(width - 1)]]],
    }[tool]
    rows = [["2026/01/31 10:00:00", *["3"] * (width - 1)]] * 5
    lines = [",".join(f'"{cell}"' for cell in row) for row in heads + rows]
    (tmp_path / "s.csv").write_text("\n".join(lines) + "\n")
    start = time.perf_counter()
    found = read_table(tmp_path / "s.csv")
    assert found.frame.shape == (5, width)
    assert time.perf_counter() - start < 60


ALIASES = {
    "lists": "a0: &a0 [x, x]\n" + "".join(f"a{i + 1}: &a{i + 1} [{', '.join([f'*a{i}'] * 10)}]\n" for i in range(9)),
    "merged": "a0: &a0 {x: 1}\n"
    + "".join(f"a{i + 1}: &a{i + 1} {{<<: [{', '.join([f'*a{i}'] * 10)}]}}\n" for i in range(9)),
}


def test_a_study_yml_of_too_many_bytes_is_refused_unread(error):
    start = time.perf_counter()
    message = error("", "q\n1\n", top="#" * 4_000_000 + "\n")
    assert re.fullmatch(
        r"DIR/study\.yml: has 4,000,0\d\d bytes; a study may have 4,000,000: is it a data file\?", message
    )
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize("most", [5, 9])
def test_entries_without_aliases_are_not_called_aliases(error, monkeypatch, most):
    monkeypatch.setattr("cxlib.study_yml._MOST_ENTRIES", most)
    message = error("", "q\n1\n", top="x: [a, b, c, d, e, f, g, h, i, j]\n")
    assert re.fullmatch(rf"DIR/study\.yml: line 1: the file (has|stands for) more than {most} entries", message)


@pytest.mark.parametrize("text", ALIASES.values(), ids=ALIASES)
def test_aliases_of_aliases_in_study_yml_are_refused(tmp_path, error, text):
    start = time.perf_counter()
    message = error("tables:\n  survey: {file: s.csv}\n" + text, "q\n1\n")
    assert re.fullmatch(
        r"DIR/study\.yml: line \d+: the file stands for more than 100,000 entries; \*name repeats too much", message
    )
    assert time.perf_counter() - start < 60


OURS = ["readers.read_rows", "delimited.detect_delimiter", "readers.detect_encoding", "delimited._check_header",
        "readers.broken_text", "readers._named", "delimited._records", "delimited.title_rows"]  # fmt: skip


@pytest.mark.parametrize("name", OURS)
def test_a_fault_of_our_own_in_reading_text_surfaces(tmp_path, monkeypatch, name):
    (tmp_path / "s.csv").write_bytes(b"a,b\n1,2\n")
    monkeypatch.setattr(f"cxlib.{name}", _planted)
    with pytest.raises(TypeError, match="planted"):
        read_table(tmp_path / "s.csv")


@pytest.mark.parametrize(
    ("kind", "ours"),
    [
        ("xlsx", "cxlib.workbooks._table"), ("xlsx", "cxlib.workbooks._filled"),
        ("xlsx", "cxlib.workbooks.check_parts"),
        ("xlsx", "cxlib.readers.read_rows"), ("sav", "cxlib.spss._variable"), ("sav", "cxlib.spss._sets"),
        ("parquet", "cxlib.readers.code"),
    ],
)  # fmt: skip
def test_a_fault_of_our_own_in_reading_other_files_surfaces(tmp_path, monkeypatch, kind, ours):
    made = pd.DataFrame({"a": [1.0], "b": [2.0]})
    file = tmp_path / f"s.{kind}"
    {"xlsx": made.to_excel, "parquet": made.to_parquet, "sav": lambda path: pyreadstat.write_sav(made, path)}[kind](
        file
    )
    monkeypatch.setattr(ours, _planted)
    with pytest.raises(TypeError, match="planted"):
        read_table(file)


def _planted(*args, **options):
    raise TypeError("planted")


def test_a_sheet_without_cells_is_empty(tmp_path):
    openpyxl.Workbook().save(tmp_path / "s.xlsx")
    with pytest.raises(CxError, match=r"s\.xlsx: is empty; a table needs a header line"):
        read_table(tmp_path / "s.xlsx")


TABLES = st.lists(
    st.lists(st.text(alphabet='ab12ä;,"\n\t|{}:[]. \u00a0\ufeff%-', max_size=8), min_size=1, max_size=6), max_size=8
)
HEADS = st.sampled_from([
    "", "Respondent ID,,\n,Response,x\n", "V1,V2,V3,V4,V5,Q1\nResponseID,a,b,c,d,e\n", "Timestamp,a [b],a [c]\n",
    "q1. a,q2[1]. b [c],q2[2]. b [d]\n", "Q1,Q2_1,Q2_2\na,b - c,b - d\n{'ImportId': 'QID1'},{'ImportId': 'QID2_1'},"
    "{'ImportId': 'QID2_2'}\n",
])  # fmt: skip


@settings(
    derandomize=True,
    max_examples=150,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(head=HEADS, rows=TABLES, delimiter=st.sampled_from(",;\t|"), quoted=st.booleans())
@pytest.mark.filterwarnings("ignore::pandas.errors.ParserWarning")
def test_any_text_is_answers_or_a_cxerror(tmp_path, head, rows, delimiter, quoted):
    mark = '"' if quoted else ""
    text = head + "".join(delimiter.join(mark + cell + mark for cell in row) + "\n" for row in rows)
    file = tmp_path / "s.csv"
    file.write_text(text, encoding="utf-8", newline="")
    answers_or_error(file)


def answers_or_error(file) -> None:
    """A file's answers are whole, or the error names the file."""
    try:
        found = read_table(file)
        refuse_crosstab(found, file)
    except CxError as error:
        assert str(error).startswith(f"{file}: ")  # noqa: PT017 (no error is as good)
    else:
        assert set(found.variables) == set(found.frame.columns)
        assert all(v.name == name and v.name == v.name.strip() for name, v in found.variables.items())
        assert all(isinstance(note, str) and note.startswith(file.name) for note in found.notes)
