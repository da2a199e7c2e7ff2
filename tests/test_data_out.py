"""Clean answers: what the file holds, that it reads back identically, and what cannot be written.

Oracles: the answers typed into the study's own CSV, pyreadstat, openpyxl and pyarrow as readers, SPSS's rules of names
(IBM SPSS Statistics Command Syntax Reference, "Variable Names"), Excel's limits, and hand counts.
"""

import json
import os
from io import BytesIO
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pyreadstat
import pytest
from conftest import TOP
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib import CxError, Study, data_out, people, sav_out, xlsx_out
from cxlib.clean_answers import clean
from cxlib.readers import code, read_table

SURVEY = """
    respondent: id
    wave: wave
    weight: w
    when: day
    private: [phone]
    questions:
      recommend: {role: metric, metric: nps, text: "Giới thiệu cho bạn bè?", missing: [11, 99]}
      city: {role: segment, labels: {1: "Hà Nội", 2: "TP. Hồ Chí Minh"}, missing: [9]}
      pay: {role: single, labels: {cash: Cash, card: Card, none: Nothing}, missing: [x], nets: {Plastic: [card]}}
      area: {role: single}
      age: {role: number, derive: {age_band: [18, 30]}, missing: [-1]}
      uses: {role: multi, labels: {web: Website, app: App}}
      ALL: {role: single, labels: {1: "Yes", 0: "No"}}
      why: {role: comment}
"""
DATA = """id,w,wave,day,phone,recommend,city,pay,area,age,uses,ALL,why
007,1.5,w1,2026-01-05,0901000111,10,1,cash,01,25,web;app,1,"tốt, nhanh"
008,0.5,w1,2026-01-06,0901000222,11,2,card,02,-1,app,0,=1+1
009,1,w2,2026-02-05,0901000333,99,9,x,,44,,1,"hai
dòng"
010,1,w2,2026-02-06 14:05,0901000444,0,,none,01,,web,,
"""
NAMES = ["respondent", "wave", "when", "weight", "excluded", "recommend", "city", "pay", "area", "age", "uses.app"]
NAMES += ["uses.web", "ALL", "why", "pay.Plastic", "age_band"]
CODES = {
    "respondent": ["007", "008", "009", "010"],
    "wave": ["w1", "w1", "w2", "w2"],
    "weight": ["1.5", "0.5", "1", "1"],
    "excluded": [None] * 4,
    "recommend": ["10", None, None, "0"],
    "city": ["1", "2", None, None],
    "pay": ["cash", "card", None, "none"],
    "area": ["01", "02", None, "01"],
    "age": ["25", None, "44", None],
    "uses.app": ["1", "1", None, "0"],
    "uses.web": ["1", "0", None, "1"],
    "ALL": ["1", "0", "1", None],
    "why": ["tốt, nhanh", "=1+1", "hai\ndòng", None],
    "pay.Plastic": ["0", "1", None, "0"],
    "age_band": ["18-29", None, "30+", None],
}
RATED = "questions:\n  a: {role: driver, scale: [1, 5]}\n  b: {role: driver, scale: [1, 5]}\n"
DEFAULTS = {"waves": "", "confidence": 0.95, "k": "2-8", "seed": 0}


def written(study, tmp_path, name: str) -> Path:
    data_out.write(study, tmp_path / name, personas=DEFAULTS)
    return tmp_path / name


def codes(path: Path, columns=None) -> dict[str, list]:
    """A file's cells as codes, as the project reads them, declared missing codes as None."""
    held = read_table(path)
    cells = {name: [code(value) for value in held.frame[name]] for name in held.frame}
    gone = {name: variable.missing for name, variable in held.variables.items()}
    return {name: [None if c in gone.get(name, ()) else c for c in cells[name]] for name in columns or cells}


@pytest.fixture
def study(load):
    return load(SURVEY, DATA)


# ---- what is written -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["clean.csv", "clean.xlsx", "clean.parquet"])
def test_answers_come_back_as_they_were_typed(study, tmp_path, name):
    """Oracle: the cells of DATA by hand; nobody's phone, and a name of the file for a group that has no code."""
    path = written(study, tmp_path, name)
    held = codes(path)
    flags = [f"flag.{check}" for check in study.flags]
    assert list(held) == NAMES + flags
    wanted = dict(CODES)
    if name.endswith("parquet"):  # answers under their labels
        wanted |= {"city": ["Hà Nội", "TP. Hồ Chí Minh", None, None], "pay": ["Cash", "Card", None, "Nothing"]}
        wanted |= {"ALL": ["Yes", "No", "Yes", None]}
    assert {column: held[column] for column in wanted} == wanted
    assert [pd.Timestamp(moment) for moment in held["when"]] == [
        pd.Timestamp(day) for day in ("2026-01-05", "2026-01-06", "2026-02-05", "2026-02-06 14:05")
    ]
    assert b"0901000" not in path.read_bytes()
    assert {name: held[name] for name in flags} == {
        f"flag.{check}": [str(int(x)) for x in study.flags[check]] for check in study.flags
    }


def test_spss_reads_codes_labels_and_missing_codes(study, tmp_path):
    """Oracle: pyreadstat, with and without its user-missing values."""
    path = written(study, tmp_path, "clean.sav")
    frame, meta = pyreadstat.read_sav(path, user_missing=True)
    names = [{"ALL": "v_ALL"}.get(name, name) for name in NAMES]
    assert list(frame)[: len(NAMES)] == names
    assert frame["recommend"].tolist() == [10, 11, 99, 0]
    assert frame["city"].fillna(0).tolist() == [1, 2, 9, 0]
    assert frame["pay"].tolist() == ["cash", "card", "x", "none"]
    assert frame["age"].fillna(0).tolist() == [25, -1, 44, 0]
    assert meta.missing_ranges == {
        "recommend": [{"lo": 11, "hi": 11}, {"lo": 99, "hi": 99}],
        "city": [{"lo": 9, "hi": 9}],
        "pay": [{"lo": "x", "hi": "x"}],
        "age": [{"lo": -1, "hi": -1}],
    }
    labels = meta.variable_value_labels
    assert labels["city"] == {1: "Hà Nội", 2: "TP. Hồ Chí Minh"}
    assert labels["pay"] == {"cash": "Cash", "card": "Card", "none": "Nothing"}
    assert labels["age_band"] == {1: "18-29", 2: "30+"}
    assert frame["age_band"].fillna(0).tolist() == [1, 0, 2, 0]
    assert meta.column_names_to_labels["recommend"] == "Giới thiệu cho bạn bè?"
    assert meta.column_names_to_labels["uses.web"] == "Uses · Website"
    measures = {name: meta.variable_measure[name] for name in ("recommend", "city", "age", "age_band", "weight", "why")}
    assert measures == {"recommend": "ordinal", "city": "nominal", "age": "scale", "age_band": "ordinal",
                        "weight": "scale", "why": "nominal"}  # fmt: skip
    plain, _ = pyreadstat.read_sav(path)
    assert plain["recommend"].isna().tolist() == [False, True, True, False]
    assert frame["when"].tolist()[3] == pd.Timestamp("2026-02-06 14:05")


def test_spss_reads_back_as_the_project_s_own_reader_reads_it(study, tmp_path):
    """Oracle: CODES, of every column; groups as numbers with their names as labels."""
    path = written(study, tmp_path, "clean.sav")
    renamed = {{"ALL": "v_ALL"}.get(name, name): values for name, values in CODES.items()}
    renamed["age_band"] = ["1", None, "2", None]
    assert codes(path, renamed) == renamed
    variables = read_table(path).variables
    assert variables["city"].labels == {"1": "Hà Nội", "2": "TP. Hồ Chí Minh"}
    assert variables["recommend"].missing == ("11", "99")


def test_a_study_over_the_clean_file_is_the_same_study(study, load, tmp_path):
    """The clean .sav under the same codebook gives the same answers: property, with the reader of the first file."""
    path = written(study, tmp_path, "clean.sav")
    table = SURVEY.replace("respondent: id", "respondent: respondent").replace("weight: w\n", "weight: weight\n")
    table = table.replace("when: day", "when: when").replace("    private: [phone]\n", "")
    table = table.replace(
        "uses: {role: multi,", "uses: {role: multi, no: [0], columns: {web: uses.web, app: uses.app},"
    )
    table = table.replace("ALL: {role: single,", "ALL: {role: single, column: v_ALL,")
    again = load(table, path.read_bytes(), name="again.sav")
    pd.testing.assert_frame_equal(again.survey[list(study.survey)], study.survey, check_dtype=False)


def test_parquet_holds_ordered_groups_and_describes_itself(study, tmp_path):
    """Oracle: pandas and pyarrow; the categories are those of the loaded survey, in their order."""
    path = written(study, tmp_path, "clean.parquet")
    frame, schema = pd.read_parquet(path), pq.read_schema(path)
    for column in ("wave", "city", "pay", "age_band", "ALL"):
        wanted = study.survey[column]
        assert list(frame[column].cat.categories) == list(wanted.cat.categories), column
        assert frame[column].cat.ordered
        assert frame[column].astype(object).fillna("").tolist() == wanted.astype(object).fillna("").tolist()
    about = {key.decode(): value.decode() for key, value in schema.field("city").metadata.items()}
    assert (about["role"], json.loads(about["labels"])) == ("segment", {"1": "Hà Nội", "2": "TP. Hồ Chí Minh"})
    assert json.loads(about["missing"]) == ["9"]


def test_the_workbook_has_answers_and_a_dictionary(study, tmp_path):
    """Oracle: openpyxl. Numbers are numbers, text is text, also where it begins like a formula."""
    book = openpyxl.load_workbook(written(study, tmp_path, "clean.xlsx"))
    assert book.sheetnames == ["data", "dictionary"]
    data, told = book["data"], book["dictionary"]
    heads = [cell.value for cell in data[1]]
    row = dict(zip(heads, data[3], strict=True))
    assert (row["why"].value, row["why"].data_type) == ("=1+1", "s")
    assert (row["respondent"].value, row["recommend"].value, row["city"].value) == ("008", None, 2)
    assert row["when"].is_date
    assert (data.freeze_panes, data.auto_filter.ref.startswith("A1:")) == ("A2", True)
    lines = {line[0].value: [cell.value for cell in line] for line in told.iter_rows(min_row=2)}
    assert lines["city"][2:5] == ["segment", "1 = Hà Nội; 2 = TP. Hồ Chí Minh", "9"]
    assert list(lines) == heads


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet", "sav"])
def test_the_same_answers_are_the_same_file_for_the_caller_alone(study, tmp_path, ending):
    folder = tmp_path / "out"
    folder.mkdir()
    one, two = (written(study, folder, f"{name}.{ending}") for name in "ab")
    assert one.read_bytes() == two.read_bytes()
    assert one.stat().st_mode & 0o077 == 0
    assert len(list(folder.iterdir())) == 2, "no part of a file stays behind"


# ---- who is left out, weights, flags ------------------------------------------------------------------------------


def test_who_is_left_out_is_there_with_the_reason(load, tmp_path):
    """Oracle: by hand; the second answered no question at all, and a partial is left out."""
    table = "respondent: id\nweight: w\n" + RATED
    data = "id,w,a,b\n1,2,1,2\n2,3,,\n3,1,2,5\n"
    study = load(table, data, top=TOP + "quality: {exclude: [partial]}\n")
    held = codes(written(study, tmp_path, "c.csv"))
    assert held["excluded"] == [None, "partial", None]
    assert held["weight"] == ["2", None, "1"]
    assert held["weight_start"] == ["2", "3", "1"]
    assert held["flag.partial"] == ["0", "1", "0"]
    notes = data_out.write(study, tmp_path / "d.csv", personas=DEFAULTS)
    assert notes[:2] == [f"{tmp_path / 'd.csv'}: 3 respondents, {len(held)} columns",
                         "1 of them are left out of the study's numbers: `excluded` says why"]  # fmt: skip


def test_nobody_left_is_said_before_anything_is_written(load, tmp_path):
    table = "respondent: id\n" + RATED + "  c: {role: driver, scale: [1, 5]}\n"
    study = load(table, "id,a,b,c\n1,1,,\n2,,1,\n3,,,1\n", top=TOP + "quality: {exclude: [partial]}\n")
    with pytest.raises(CxError, match=r"quality\.exclude leaves none of the 3 respondents"):
        data_out.write(study, tmp_path / "out.csv", personas=DEFAULTS)
    assert not (tmp_path / "out.csv").exists()


def test_raked_weights_stand_beside_those_given(load, tmp_path):
    """Oracle: post-stratification by hand; two of three are f, who are half of the population."""
    table = "respondent: id\nquestions:\n  sex: {role: segment, labels: {f: F, m: M}}\n"
    top = TOP + "margins: [{of: sex, population: {f: 0.5, m: 0.5}}]\nweighting: {}\n"
    held = codes(written(load(table, "id,sex\n1,f\n2,f\n3,m\n", top=top), tmp_path, "c.csv"))
    assert [float(w) for w in held["weight"]] == pytest.approx([0.75, 0.75, 1.5])
    assert held["weight_start"] == ["1", "1", "1"]
    assert [float(w) for w in held["weight_ratio"]] == pytest.approx([0.75, 0.75, 1.5])
    assert len(set(held["margin.sex"])) == 2


# ---- personas ------------------------------------------------------------------------------------------------------


def test_personas_are_those_of_cx_personas(make, tmp_path):
    """Oracle: people.formed() with the persona chapter's defaults, on the same respondents."""
    from test_newcomers import ALONE, FORMED, made

    folder = made(make, **ALONE, personas={"variables": FORMED})
    study = Study.load(folder)
    notes = data_out.write(study, tmp_path / "out.sav", personas=DEFAULTS)
    found = people.formed(people.people(study, confidence=0.95), k="2-8", seed=0)
    frame, meta = pyreadstat.read_sav(tmp_path / "out.sav")
    assert frame["persona"].fillna(0).tolist() == found.members.tolist()
    np.testing.assert_allclose(
        frame["persona_probability"].dropna(), found.probabilities.max(axis=1)[found.members > 0]
    )
    assert tuple(meta.variable_value_labels["persona"].values()) == found.names
    assert f"{found.k} personas, formed from" in " ".join(notes)


@pytest.mark.parametrize(("settings", "told"), [
    ("", "no personas: study.yml names no `personas: variables:`"),
    ("personas: {table: customers, variables: [city, pay]}\n",
     "no personas: the study forms them of customers, not of respondents"),
    ("personas: {variables: [city, pay]}\n", "no personas: no segments: "),
])  # fmt: skip
def test_why_there_are_no_personas(load, tmp_path, settings, told):
    questions = "{city: {role: segment}, pay: {role: single}}"
    tables = f"tables:\n  survey: {{file: s.csv, respondent: id, questions: {questions}}}\n"
    tables += f"  customers: {{file: c.csv, customer: id, questions: {questions}}}\n"
    rows = "id,city,pay\n1,a,x\n2,a,x\n3,b,y\n"
    study = load(tables, {"s.csv": rows, "c.csv": rows}, top=TOP + settings)
    notes = data_out.write(study, tmp_path / "out.csv", personas=DEFAULTS)
    assert [note for note in notes if note.startswith(told)]
    assert "persona" not in codes(tmp_path / "out.csv")


# ---- SPSS's limits -------------------------------------------------------------------------------------------------


@given(st.lists(st.text(min_size=1, max_size=80), min_size=1, max_size=8, unique=True))
@settings(max_examples=60, deadline=None)
def test_any_names_become_names_of_spss(tmp_path_factory, names):
    """Oracle: SPSS's rules, and pyreadstat, which refuses names that break them."""
    found = sav_out.legal_names(names)
    assert list(found) == names
    assert len({name.casefold() for name in found.values()}) == len(names)
    for name in found.values():
        assert name[0].isalpha()
        assert len(name.encode()) <= 64
        assert name[-1] not in "._"
        assert name.upper() not in sav_out.RESERVED
    path = tmp_path_factory.mktemp("names") / "n.sav"
    pyreadstat.write_sav(pd.DataFrame({name: [1.0] for name in found.values()}), path)
    assert pyreadstat.read_sav(path)[1].column_names == list(found.values())


@pytest.mark.parametrize(("missing", "answers", "declared", "blank"), [
    ("[6, 7, 8, 9]", "1,6,7,8,9,5", [{"lo": 6, "hi": 9}], []),
    ("[0, 7, 8, 9]", "1,0,7,8,9,5", [{"lo": 7, "hi": 9}, {"lo": 0, "hi": 0}], []),
    ("[0, 6, 8, 9]", "1,0,6,6,8,9,7", [{"lo": 0, "hi": 0}, {"lo": 6, "hi": 6}, {"lo": 8, "hi": 8}], ["9"]),
    ("[0, 6, 8, 9]", "1,0,6,7,8", [{"lo": 0, "hi": 0}, {"lo": 6, "hi": 6}, {"lo": 8, "hi": 8}], []),
    ("[0, none]", "1,0,none", [{"lo": 0, "hi": 0}], ["none"]),
])  # fmt: skip
def test_missing_codes_beyond_spss_are_blank_and_said(load, tmp_path, missing, answers, declared, blank):
    """Oracle: SPSS holds three codes, or a range and a code; the ranges by hand."""
    study = load(f"questions: {{q: {{role: number, missing: {missing}}}}}", "q\n" + answers.replace(",", "\n") + "\n")
    notes = data_out.write(study, tmp_path / "out.sav", personas=DEFAULTS)
    frame, meta = pyreadstat.read_sav(tmp_path / "out.sav", user_missing=True)
    assert meta.missing_ranges["q"] == declared
    found = [None if pd.isna(value) else code(value) for value in frame["q"]]
    assert found == [None if given in blank else given for given in answers.split(",")]
    assert (
        [n.startswith(f"q: {blank[0]} stood for no answer in 1 rows") for n in notes[2:]] == [True] if blank else True
    )


def test_long_labels_are_cut_between_letters_and_said(load, tmp_path):
    text, label = "Ấ" * 200, "ợ" * 100
    study = load(f'questions: {{q: {{role: single, text: "{text}", labels: {{1: "{label}"}}}}}}', "q\n1\n")
    notes = data_out.write(study, tmp_path / "out.sav", personas=DEFAULTS)
    _, meta = pyreadstat.read_sav(tmp_path / "out.sav")
    # 3 bytes a letter: 84 of them and … are 255 of 256 bytes, 39 and … are 120
    assert meta.column_names_to_labels["q"] == "Ấ" * 84 + "…"
    assert meta.variable_value_labels["q"] == {1: "ợ" * 39 + "…"}
    assert "cut to what SPSS holds: labels of q" in notes


def test_names_that_spss_changes_are_said(study, tmp_path):
    assert "SPSS allows no such names: ALL is v_ALL" in data_out.write(study, tmp_path / "a.sav", personas=DEFAULTS)


@pytest.mark.parametrize(("ending", "letters", "message"), [
    ("sav", "ắ" * 11_000, "a text of SPSS holds 32,767 bytes; why has more in 1 rows, e.g. 33,000 in row 2: "
                          "write .parquet or .csv instead"),
    ("xlsx", "x" * 60_000, "a cell of Excel holds 32,767 letters; why has more in 1 rows, e.g. 60,000 in row 2: "
                           "write .parquet or .csv instead"),
    ("xlsx", "😀" * 16_384, "e.g. 32,768 in row 2"),
    ("csv", "x" * 33_000, ""),
    ("parquet", "x" * 33_000, ""),
    ("sav", "x" * 32_767, ""),
    ("xlsx", "x" * 32_767, ""),
])  # fmt: skip
def test_long_comments(load, tmp_path, ending, letters, message):
    study, out = load("questions: {why: {role: comment}}", f"why\nfine\n{letters}\n"), tmp_path / f"out.{ending}"
    if message:
        with pytest.raises(CxError) as caught:
            data_out.write(study, out, personas=DEFAULTS)
        assert message in str(caught.value)
        assert not out.exists()
    else:
        assert codes(written(study, tmp_path, f"out.{ending}"))["why"] == ["fine", letters]


@pytest.mark.parametrize("name", ["out.csv", "out.xlsx", "out.parquet", "out.sav"])
def test_comments_stand_as_they_were_written(load, tmp_path, name):
    """Oracle: the cells typed; blanks at their ends go, and 1.0 stays 1.0; 99 alone is a missing code."""
    study = load("questions: {why: {role: comment, missing: [99]}}", 'why\n1.0\n 2.50 \n99\n99.5\n"\tfine "\n-3.00\n')
    held = read_table(written(study, tmp_path, name)).frame["why"]
    gone = [None if pd.isna(cell) or cell in ("", "99") else cell for cell in held]  # .sav declares 99 as missing
    assert gone == ["1.0", "2.50", None, "99.5", "fine", "-3.00"]


def test_breaks_of_lines_are_excel_s_own():
    """Oracle: openpyxl, and Excel, which writes a line feed alone."""
    frame = pd.DataFrame({"a": ["one\r\ntwo", "three\nfour"]})
    sheet = openpyxl.load_workbook(BytesIO(xlsx_out.workbook({"s": frame}, title="t")))["s"]
    assert [sheet["A2"].value, sheet["A3"].value] == ["one\ntwo", "three\nfour"]


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet", "sav"])
def test_numbers_that_lose_digits_are_named(load, tmp_path, ending):
    """Oracle: floating-point numbers hold whole ones to the last digit below 2^53 = 9,007,199,254,740,992."""
    study = load("questions: {n: {role: number}, m: {role: number}}", "n,m\n9007199254740993,9007199254740991\n5,1\n")
    notes = data_out.write(study, tmp_path / f"out.{ending}", personas=DEFAULTS)
    told = [note for note in notes if "last digits" in note]
    assert told == ["n: 1 number of 9,007,199,254,740,992 or more, whose last digits may have changed"]


def test_a_sheet_has_an_end():
    """Oracle: Excel's 1,048,576 rows, one of them the header."""
    frame = pd.DataFrame({"a": np.zeros(1_048_576)})
    with pytest.raises(CxError, match=r"holds 1,048,575 rows below its header .* there are 1,048,576 rows"):
        xlsx_out.check_fits(frame)
    xlsx_out.check_fits(frame[1:])


@pytest.mark.parametrize("words", ["=1+1", "+84 901", "-5", "@x", "{=1}", "http://x.vn", "_x0041_", "tab\tin", "a\rb",
                                   "\x01", "mailto:a@b.vn", "internal:x"])  # fmt: skip
def test_cells_of_a_workbook_are_the_text_itself(words):
    """Oracle: openpyxl. What Excel might compute or link stays text."""
    book = openpyxl.load_workbook(BytesIO(xlsx_out.workbook({"s": pd.DataFrame({"a": [words, None]})}, title="t")))
    cell = book["s"]["A2"]
    assert (cell.data_type, cell.hyperlink) == ("s", None)
    assert openpyxl.utils.escape.unescape(cell.value) == words


def test_blank_columns_and_moments_before_excel(tmp_path):
    moments = pd.to_datetime(pd.Series(["1850-01-02", None, "2026-01-02"])).astype("datetime64[us]")
    frame = pd.DataFrame({"when": moments, "none": [None] * 3, "nan": [np.nan] * 3, "n": [1.5, -2, 1e300]})
    sheet = openpyxl.load_workbook(BytesIO(xlsx_out.workbook({"s": frame}, title="t")))["s"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2, max_col=4)]
    assert rows[0] == ["1850-01-02 00:00:00", None, None, 1.5]
    assert rows[1] == [None, None, None, -2]
    assert rows[2] == [pd.Timestamp("2026-01-02").to_pydatetime(), None, None, 1e300]


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet", "sav"])
def test_questions_that_nobody_answered(load, tmp_path, ending):
    table = "questions: {a: {role: single}, b: {role: number}, c: {role: comment}, d: {role: segment, labels: {1: X}}}"
    study = load(table, "a,b,c,d,e\n,,,,1\n,,,,2\n")
    held = codes(written(study, tmp_path, f"out.{ending}"))
    assert {name: held[name] for name in "abcd"} == {name: [None, None] for name in "abcd"}


# ---- odd studies ---------------------------------------------------------------------------------------------------


def test_two_codes_of_one_name_are_said(load, tmp_path):
    study = load("questions: {q: {role: single, labels: {1: Other, 2: Same, 3: Other}}}", "q\n1\n2\n3\n")
    notes = data_out.write(study, tmp_path / "out.csv", personas=DEFAULTS)
    assert "q: the codes 1 and 3 are both called Other, and written as 1" in notes
    assert codes(tmp_path / "out.csv")["q"] == ["1", "2", "1"]


def test_labels_of_an_spss_file_are_written_again(load, tmp_path):
    """Oracle: pyreadstat wrote the first file, and reads the second; study.yml has no labels."""
    frame = pd.DataFrame({"q": [1.0, 2.0, 7.0, np.nan]})
    pyreadstat.write_sav(frame, tmp_path / "in.sav", variable_value_labels={"q": {1: "Tốt", 2: "Xấu"}})
    study = load("questions: {q: {role: single}}", (tmp_path / "in.sav").read_bytes(), name="in.sav")
    again, meta = pyreadstat.read_sav(written(study, tmp_path, "out.sav"))
    assert meta.variable_value_labels["q"] == {1: "Tốt", 2: "Xấu"}
    assert again["q"].fillna(0).tolist() == [1, 2, 7, 0]


def test_a_question_with_the_name_of_an_added_column_is_refused(load, tmp_path):
    data = "persona,pay,buy\n" + "".join(f"{'ab'[i % 2]},{'xy'[i % 2]},{'xy'[i % 2]}\n" for i in range(200))
    table = "questions: {persona: {role: single}, pay: {role: single}, buy: {role: single}}"
    study = load(table, data, top=TOP + "personas: {variables: [pay, buy, persona]}\n")
    with pytest.raises(CxError, match=r"the survey has a column persona, which clean answers use; rename it"):
        data_out.write(study, tmp_path / "out.csv", personas=DEFAULTS)
    assert not (tmp_path / "out.csv").exists()


def test_a_study_without_a_survey_says_so(load):
    study = load("tables:\n  customers: {file: c.csv, customer: id}\n", {"c.csv": "id\n1\n"})
    with pytest.raises(CxError, match=r"clean answers are those of a table survey; there are customers$"):
        clean(study)


def test_inputs_stay_as_they_are(study, tmp_path):
    before = study.everyone.copy(), {place: held.copy() for place, held in study.missing_codes.items()}
    written(study, tmp_path, "out.sav")
    pd.testing.assert_frame_equal(study.everyone, before[0])
    for place, held in before[1].items():
        pd.testing.assert_series_equal(study.missing_codes[place], held)


# ---- cx data -------------------------------------------------------------------------------------------------------


def test_the_command_writes_and_says_that_it_is_private(cx, make, tmp_path):
    folder, out = make(SURVEY, DATA), tmp_path / "clean.sav"
    status, told, error = cx("data", folder, "--out", out)
    assert (status, error) == (0, "")
    assert told.splitlines()[0].startswith(f"{out}: 4 respondents, ")
    assert told.splitlines()[-1] == (
        f"private: {out} holds every answer and comment; only you can read it, keep it out of any report"
    )
    assert pyreadstat.read_sav(out)[0].shape[0] == 4


@pytest.mark.parametrize(("name", "status", "message"), [
    ("out.txt", 1, "out.txt: clean answers are written as a .sav, .parquet, .csv or .xlsx file"),
    ("out", 1, "out: clean answers are written as a .sav, .parquet, .csv or .xlsx file"),
    ("none/out.csv", 1, "there is no folder "),
    ("there.csv", 1, "there.csv: is there already and is not replaced"),
    ("report/out.csv", 1, "clean answers are private and never part of a report"),
])  # fmt: skip
def test_places_where_nothing_is_written(cx, make, tmp_path, name, status, message):
    folder = make(SURVEY, DATA)
    (tmp_path / "there.csv").write_text("mine", encoding="utf-8")
    (tmp_path / "report").mkdir()
    for file in ("plan.json", "index.html"):
        (tmp_path / "report" / file).write_text("", encoding="utf-8")
    found, told, error = cx("data", folder, "--out", tmp_path / name)
    assert (found, told) == (status, "")
    assert message in error
    assert error.count("\n") == 1
    assert (tmp_path / "there.csv").read_text(encoding="utf-8") == "mine"


def test_a_broken_study_says_so_and_writes_nothing(cx, make, tmp_path):
    folder = make("questions: {q: {role: metric, metric: nps}}", "q\n12\n")
    status, told, error = cx("data", folder, "--out", tmp_path / "out.sav")
    assert (status, told) == (1, "")
    assert "answers must lie in 0-10" in error
    assert not (tmp_path / "out.sav").exists()


def test_options_are_understood(cx, make, tmp_path):
    folder = make(SURVEY, DATA)
    assert cx("data", folder)[0] == 2
    (tmp_path / "elsewhere").mkdir()
    os.rename(folder / "s.csv", tmp_path / "elsewhere" / "s.csv")
    out = tmp_path / "out.csv"
    assert cx("data", folder, "--data", tmp_path / "elsewhere", "--out", out)[0] == 0
    assert codes(out)["respondent"] == CODES["respondent"]
