"""Files as survey tools write them: one table from every encoding, delimiter, decimal mark and format.

Oracles: the same rows written by Python's codecs, pandas, openpyxl, pyarrow and pyreadstat.
"""

import datetime
import io
import math
import unicodedata
import zipfile

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from conftest import cells
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from cxlib import CxError
from cxlib.delimited import detect_delimiter
from cxlib.readers import code, detect_encoding, number, read_table

QUESTIONS = """\
respondent: id
weight: w
when: day
questions:
  score: {role: metric, metric: nps}
  city: {role: segment, labels: {1: Hà Nội, 2: Đà Nẵng}}
  spend: {role: number}
  why: {role: comment}
"""
ROWS = [
    ("r1", 1.25, "2026-01-31", 9, 1, 12.5, "Thành phố đẹp, ồn ào"),
    ("r2", 0.5, "2026-02-01", 10, 2, 1000.0, "Nhân viên tốt; giá tốt"),
    ("r3", 1.0, "2026-02-28", None, None, None, None),
]
HEADS = ["id", "w", "day", "score", "city", "spend", "why"]
EXPECTED = {
    "respondent": ["r1", "r2", "r3"],
    "weight": [1.25, 0.5, 1.0],
    "when": [pd.Timestamp(row[2]) for row in ROWS],
    "score": [9.0, 10.0, None],
    "city": ["Hà Nội", "Đà Nẵng", None],
    "spend": [12.5, 1000.0, None],
    "why": [row[-1] for row in ROWS],
}


def written(delimiter=",", decimal=".", rows=ROWS) -> str:
    """The rows as delimited text, every text quoted."""

    def cell(value) -> str:
        if isinstance(value, float):
            return f"{value:g}".replace(".", decimal) if decimal != delimiter else f'"{value:g}"'.replace(".", decimal)
        return "" if value is None else f'"{value}"' if isinstance(value, str) else str(value)

    lines = [HEADS, *([cell(value) for value in row] for row in rows)]
    return "".join(delimiter.join(line) + "\r\n" for line in lines)


def windows_1258(text: str) -> bytes:
    """Vietnamese as Windows-1258 writes it: tone marks behind their vowels, all other letters whole."""
    out = ""
    for letter in text:
        parts = unicodedata.normalize("NFD", letter)
        tones = "".join(sign for sign in parts if sign in "\u0300\u0301\u0303\u0309\u0323")
        try:
            letter.encode("cp1258")
            out += letter
        except UnicodeEncodeError:
            out += unicodedata.normalize("NFC", "".join(sign for sign in parts if sign not in tones)) + tones
    return out.encode("cp1258")


def frame() -> pd.DataFrame:
    return pd.DataFrame(ROWS, columns=HEADS)


def filed(table: pd.DataFrame, kind: str, folder=None, **options) -> bytes:
    """The content of a file of that kind."""
    if kind == "csv":
        return table.to_csv(index=False).encode()
    if kind == "sav":
        pyreadstat.write_sav(table, folder / "made.sav", **options)
        return (folder / "made.sav").read_bytes()
    stream = io.BytesIO()
    table.to_excel(stream, index=False) if kind == "xlsx" else table.to_parquet(stream)
    return stream.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1258"])
@pytest.mark.parametrize(
    ("delimiter", "decimal"), [(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ","), (",", ",")]
)
def test_text_in_every_dress_is_the_same_table(survey, encoding, delimiter, decimal):
    text = written(delimiter, decimal)
    data = windows_1258(text) if encoding == "windows-1258" else text.encode(encoding)
    assert cells(survey(QUESTIONS, data)) == EXPECTED


def test_both_byte_orders_of_utf_16_are_known_by_their_mark(survey):
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        assert cells(survey(QUESTIONS, mark + written().encode(encoding))) == EXPECTED


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_told_by_its_zeros(survey, encoding):
    data = written().encode(encoding)
    assert cells(survey(QUESTIONS, data)) == EXPECTED
    assert cells(survey(f"encoding: {encoding}\n" + QUESTIONS, data)) == EXPECTED


def test_windows_1252_is_told_from_windows_1258(survey):
    table = "questions:\n  why: {role: comment}"
    assert survey(table, "why,x\nCafé élan – “très bien” 5 €,1\n".encode("cp1252"))["why"].tolist() == [
        "Café élan – “très bien” 5 €"
    ]
    assert survey(table, windows_1258("why,x\nĐồng ý với giá,1\n"))["why"].tolist() == ["Đồng ý với giá"]


def test_vietnamese_is_compared_as_one_letter_one_sign(survey):
    table = "questions:\n  city: {role: segment, labels: {Hà Nội: Hà Nội, Huế: Huế}}"
    apart = unicodedata.normalize("NFD", "city,x\nHà Nội,1\nHuế,2\n")
    assert survey(table, apart)["city"].tolist() == ["Hà Nội", "Huế"]


def test_a_codebook_typed_in_decomposed_letters_is_compared_alike(survey):
    table = unicodedata.normalize("NFD", "questions:\n  city: {role: segment, labels: {Hà Nội: Hanoi}}")
    assert survey(table, "city,x\nHà Nội,1\n")["city"].tolist() == ["Hanoi"]


@pytest.mark.parametrize("part", ["header", "cell"])
@pytest.mark.parametrize("kind", ["xlsx", "parquet", "sav"])
def test_decomposed_letters_are_compared_alike_in_every_format(survey, tmp_path, kind, part):
    apart = {p: unicodedata.normalize("NFD" if p == part else "NFC", "Huế") for p in ("header", "cell")}
    made = pd.DataFrame({apart["header"]: [apart["cell"]]})
    table = "questions:\n  city: {role: segment, column: Huế, labels: {Huế: Hue}}"
    assert survey(table, filed(made, kind, tmp_path), name=f"s.{kind}")["city"].tolist() == ["Hue"]


DAMAGED = {
    "one letter of UTF-8 cut": (
        written().encode().replace("đẹp".encode(), "đẹ".encode()[:-1] + b"p"),
        "damaged UTF-8: 1 bytes cannot be read, the first 0xe1 in line 2; export the file again, or name its "
        "`encoding:` in study.yml",
    ),
    "a NUL": (
        b"id,w\nr1,\x001\n",
        "holds NUL bytes, first at byte 8; it is not a text file, or UTF-16 without its mark: write "
        "`encoding: utf-16-le` in study.yml",
    ),
    "a byte that Windows-1252 does not define": (
        b"id,why\nr1,a\nr2,b\x81c\n",
        "unknown encoding: byte 0x81 in line 3 is neither UTF-8 nor Windows text; name the `encoding:` in study.yml",
    ),
    "nothing": (b"", "is empty; a table needs a header line and at least one row"),
    "blank lines": (b"\n\n\n", "is empty; a table needs a header line and at least one row"),
    "only a mark": (b"\xef\xbb\xbf", "is empty; a table needs a header line and at least one row"),
    "an open quotation mark": (
        b'id,why\nr1,"a\nr2,b\n',
        "not a table: Error tokenizing data. C error: EOF inside string starting at row 1",
    ),
}


@pytest.mark.parametrize(("data", "expected"), DAMAGED.values(), ids=DAMAGED)
def test_damaged_text_is_refused_with_its_place(error, data, expected):
    table = "questions:\n  why: {role: comment}"
    assert error(table, data) == f"DIR/s.csv: {expected}"


@pytest.mark.parametrize("encoding", ["klingon", "hex", "utf-8", "idna", "undefined"])
def test_an_encoding_that_does_not_fit_is_refused(error, encoding):
    message = error(f"encoding: {encoding}\nquestions:\n  why: {{role: comment}}", "why,x\nä,1\n".encode("cp1252"))
    assert message.startswith(f"DIR/s.csv: cannot be read as `encoding: {encoding}`: ")


RAGGED = {
    "all rows": "id,why\nr1,bad, slow\nr2,good, quick\n",
    "the first row": "id,why\nr1,bad, slow\nr2,good\n",
    "a decimal comma in a single column": "why\n9,5\n10,5\n",
}


@pytest.mark.parametrize("data", RAGGED.values(), ids=RAGGED)
@pytest.mark.filterwarnings("ignore::pandas.errors.ParserWarning")
def test_rows_longer_than_the_header_are_refused(error, data):
    assert "s.csv" in error("questions:\n  why: {role: comment}", data)


def test_a_longer_row_further_down_is_refused(error):
    assert error("questions:\n  why: {role: comment}", "id,why\nr1,good\nr2,bad, slow\n") == (
        "DIR/s.csv: line 3 has 3 cells, the header 2 (1 such row); put quotation marks around text that holds a comma"
    )


@pytest.mark.parametrize("name", ["s.csv", "s.xlsx"])
def test_two_columns_of_one_name_are_refused(problems, name):
    table = pd.DataFrame([[1, 2], [3, 4]], columns=["q", "q"])
    data = filed(table, name[2:])
    assert problems("questions:\n  q: {role: number}", data, name=name) == [
        ("q", 2, "two columns have this name", name)
    ]


def test_headers_are_stripped_of_blanks_and_a_clash_is_named(survey, problems):
    assert survey("questions:\n  q: {role: number}", "q  , x\n1,2\n")["q"].tolist() == [1.0]
    assert problems("questions:\n  q: {role: number}", "q,q \n1,2\n") == [
        ("q", 1, "two columns have this name", "s.csv")
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2\n", ","),
        ("a|b\n1,5|2\n", "|"),
        ("a;b\n1,5;2,5\n", ";"),
        ("a\tb\n1,5\t2,5\n", "\t"),
        ('a,b\n1,"x;y;z;w"\n', ","),
    ],
)
def test_the_delimiter_is_the_one_that_cuts_all_lines_alike(text, expected):
    assert detect_delimiter(text) == expected


def test_excel_parquet_and_spss_give_the_table_of_the_csv(survey, tmp_path):
    made = frame()
    files = {
        "s.xlsx": filed(made, "xlsx"),
        "s.parquet": filed(made, "parquet"),
        "s.sav": filed(made, "sav", tmp_path),
        "s.tsv": written("\t").encode(),
        "S.CSV": written().encode(),
    }
    for name, content in files.items():
        assert cells(survey(QUESTIONS, content, name=name)) == EXPECTED, name


def test_dates_that_a_file_holds_as_dates_are_those_of_text(survey, tmp_path):
    days = [datetime.date(2026, 1, 31), datetime.date(2026, 2, 1), datetime.date(2026, 2, 28)]
    made = frame().assign(day=days)
    for name, content in {
        "s.xlsx": filed(made.assign(day=pd.to_datetime(made["day"])), "xlsx"),
        "s.parquet": filed(made, "parquet"),
        "s.sav": filed(made, "sav", tmp_path),
    }.items():
        assert cells(survey(QUESTIONS, content, name=name)) == EXPECTED, name


def test_spss_brings_its_labels_and_what_it_calls_missing(survey, tmp_path):
    made = pd.DataFrame({"score": [9.0, 99.0, 0.0], "city": [2.0, 1.0, 9.0]})
    labels = {"city": {1: "Hà Nội", 2: "Huế", 9: "Từ chối"}, "score": {0: "never", 10: "surely"}}
    data = filed(made, "sav", tmp_path, variable_value_labels=labels, missing_ranges={"score": [99], "city": [9]})
    table = "questions:\n  score: {role: metric, metric: nps}\n  city: {role: segment}"
    found = survey(table, data, name="s.sav")
    assert cells(found) == {"score": [9.0, None, 0.0], "city": ["Huế", "Hà Nội", None]}
    own = "questions:\n  city: {role: segment, labels: {1: Hanoi, 2: Hue}}"
    assert survey(own, data, name="s.sav")["city"].tolist()[:2] == ["Hue", "Hanoi"]


def test_a_missing_code_makes_no_group(load, tmp_path):
    made = pd.DataFrame({"city": [2.0, 1.0, 9.0]})
    labels = {"city": {1: "Hà Nội", 2: "Huế", 9: "Từ chối"}}
    data = filed(made, "sav", tmp_path, variable_value_labels=labels, missing_ranges={"city": [9]})
    assert load("questions:\n  city: {role: segment}", data, name="s.sav").levels("city") == ["Hà Nội", "Huế"]


def test_spss_labels_of_some_codes_do_not_forbid_the_others(survey, tmp_path):
    made = pd.DataFrame({"shops": [2.0, 1.0, 9.0]})
    data = filed(made, "sav", tmp_path, variable_value_labels={"shops": {9: "refused"}})
    assert survey("questions:\n  shops: {role: single}", data, name="s.sav")["shops"].tolist() == ["2", "1", "refused"]


def test_none_and_na_are_answers_in_excel_too(survey):
    made = pd.DataFrame({"why": ["None", "NA", "N/A", "null"]})
    table = "questions:\n  why: {role: comment}"
    assert survey(table, made.to_csv(index=False))["why"].tolist() == ["None", "NA", "N/A", "null"]
    assert survey(table, filed(made, "xlsx"), name="s.xlsx")["why"].tolist() == ["None", "NA", "N/A", "null"]


@pytest.mark.parametrize("value", [["a", "b"], {"a": 1}])
def test_a_nested_parquet_column_is_an_error_of_the_file(problems, value):
    found = problems(
        "questions:\n  m: {role: single}", filed(pd.DataFrame({"m": [value, value]}), "parquet"), name="s.parquet"
    )
    assert found[0][0] == "m"


def test_a_path_that_is_no_file_is_refused_in_one_sentence(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    long = "x" * 300
    for name, expected in (
        ("", "is a folder; name the files in it"),
        (long, "cannot be read: File name too long"),
        ("loop", "no such file"),
    ):
        with pytest.raises(CxError) as caught:
            read_table(tmp_path / name)
        assert str(caught.value) == f"{tmp_path / name}: {expected}"


DAMAGED_FILES = {
    b"": "is empty",
    b"PK\x03\x04 and so on": "not an Excel workbook (.xlsx)",
    b"PAR1....PAR1": "not a Parquet file",
    b"$FL2 and so on": "not an SPSS file",
}


@pytest.mark.parametrize("name", ["s.xlsx", "s.sav", "s.parquet", "s.csv", "s.ods"])
@pytest.mark.parametrize(("data", "what"), DAMAGED_FILES.items())
def test_a_damaged_file_is_what_it_begins_as_whatever_its_name(error, data, what, name):
    assert error("questions:\n  q: {role: number}", data, name=name).startswith(f"DIR/{name}: {what}")


@pytest.mark.parametrize("name", ["s.xlsx", "s.sav", "s.parquet", "s.ods", "s", "s.dat"])
def test_a_wrong_name_is_no_hindrance(survey, tmp_path, name):
    table = "questions:\n  q: {role: number}"
    made = pd.DataFrame({"q": [1.0, 2.0]})
    for kind in ("csv", "xlsx", "sav", "parquet"):
        assert survey(table, filed(made, kind, tmp_path), name=name)["q"].tolist() == [1.0, 2.0], kind


def test_a_workbook_whose_sheet_is_broken_is_refused(error, tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(filed(frame(), "xlsx"))) as whole, zipfile.ZipFile(stream, "w") as broken:
        for entry in whole.namelist():
            content = whole.read(entry)
            broken.writestr(entry, content[: len(content) // 2] if "sheet1" in entry else content)
    assert error(QUESTIONS, stream.getvalue(), name="s.xlsx").startswith("DIR/s.xlsx: not an Excel workbook")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [(1, "1"), (1.0, "1"), (" 1 ", "1"), ("1.00", "1"), (np.float64(1.5), "1.5"), (True, "1"), (np.int64(-3), "-3"),
     ("01", "01"), ("", None), ("  ", None), (None, None), (float("nan"), None), (pd.NaT, None), ("1.50", "1.50")],
)  # fmt: skip
def test_a_cell_as_a_code(cell, expected):
    assert code(cell) == expected


@pytest.mark.parametrize(
    ("text", "decimal", "expected"),
    [("1,234.5", ".", 1234.5), ("1.234,5", ",", 1234.5), ("-.5", ".", -0.5), ("1e3", ".", 1000.0), ("+7", ".", 7.0),
     ("1,23", ".", None), ("1.23.4", ".", None), ("12,34,567", ".", None), ("nan", ".", None), ("inf", ".", None),
     ("", ".", None), (".", ".", None), ("e5", ".", None), ("-", ".", None), ("5 km", ".", None)],
)  # fmt: skip
def test_a_text_as_a_number(text, decimal, expected):
    assert number(text, decimal) == expected


def test_a_number_too_large_is_no_number():
    assert number("1e999") is None


FINITE = st.floats(allow_nan=False, allow_infinity=False)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(value=FINITE, decimal=st.sampled_from(".,"), thousands=st.booleans())
@example(value=-0.0, decimal=",", thousands=True)
@example(value=1234567.25, decimal=",", thousands=True)
def test_numbers_come_back_from_either_notation(value, decimal, thousands):
    text = f"{value:,.17g}" if thousands else repr(value)
    text = text.translate({ord("."): decimal, ord(","): "." if decimal == "," else ","})
    found = number(text, decimal)
    assert found == value
    assert math.copysign(1, found) == math.copysign(1, value)


LETTERS = st.text(
    st.sampled_from("aàảãáạăằẳẵắặâầẩẫấậeèẻẽéẹêềểễếệiìỉĩíịoòỏõóọôồổỗốộơờởỡớợuùủũúụưừửữứựyỳỷỹýỵđĐ bcnt"), min_size=1
)


@settings(
    derandomize=True, max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    texts=st.lists(LETTERS, min_size=1, max_size=8), encoding=st.sampled_from(["utf-8", "utf-16", "utf-8-sig", "named"])
)
def test_vietnamese_text_comes_back_from_every_encoding(survey, texts, encoding):
    text = "why;x\n" + "".join(f'"{t}";1\n' for t in texts)
    data = windows_1258(text) if encoding == "named" else text.encode(encoding)
    named = "encoding: cp1258\n" if encoding == "named" else ""
    found = survey(named + "questions:\n  why: {role: comment}", data)
    assert cells(found)["why"] == [unicodedata.normalize("NFC", t).strip() or None for t in texts]


@settings(
    derandomize=True, max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=st.lists(LETTERS, min_size=1, max_size=8))
def test_windows_1258_with_tone_marks_is_never_taken_for_utf_8(tmp_path, texts):
    raw = windows_1258("\n".join(texts))
    expected = (
        "utf-8" if raw.isascii() else {True: "cp1258", False: "cp1252"}[any(b in b"\xcc\xd2\xde\xec\xf2" for b in raw)]
    )
    assert detect_encoding(raw, tmp_path) == expected


STARTS = [b"", b"PK\x03\x04", b"PAR1", b"$FL2@(#)", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"a,b\n1,"]


@settings(
    derandomize=True, max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    start=st.sampled_from(STARTS), rest=st.binary(max_size=120), kind=st.sampled_from(["csv", "xlsx", "sav", "parquet"])
)
@pytest.mark.filterwarnings("ignore::pandas.errors.ParserWarning")
def test_any_bytes_are_a_table_or_a_cxerror(tmp_path, start, rest, kind):
    file = tmp_path / f"s.{kind}"
    file.write_bytes(start + rest)
    _table_or_error(file)


@pytest.mark.parametrize("kind", ["csv", "sav", "xlsx", "parquet"])
@settings(
    derandomize=True,
    max_examples=60,
    deadline=None,
    phases=[Phase.generate],  # shrinking would write hundreds of workbooks
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(at=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255), cut=st.booleans())
@pytest.mark.filterwarnings("ignore::pandas.errors.ParserWarning")
def test_a_damaged_file_is_a_table_or_a_cxerror(tmp_path, kind, at, flip, cut):
    content = bytearray(filed(frame(), kind, tmp_path))
    place = int(at * len(content))
    content[place] ^= flip
    file = tmp_path / f"s.{kind}"
    file.write_bytes(content[:place] if cut else content)
    _table_or_error(file)


def _table_or_error(file) -> None:
    try:
        answers = read_table(file)
    except CxError as error:
        assert str(error).startswith(f"{file}: ")  # noqa: PT017 (no error is as good)
    else:
        assert all(isinstance(column, str) and column == column.strip() for column in answers.frame)
        assert set(answers.variables) == set(answers.frame)
