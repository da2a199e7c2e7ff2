"""SPSS files: labels, user-missing values, multiple-response sets, dates.

Oracles: what was written with pyreadstat, and real files as their makers describe them. Real files stand outside the
project: tests of them skip without.
"""

import datetime
import struct
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from cxlib import CxError
from cxlib.readers import read_table, without_missing

DATA = Path(__file__).parents[2] / "shared/data/spss"


@pytest.fixture
def real():
    def read(name: str):
        if not (DATA / name).is_file():
            pytest.skip(f"needs {name}, which is not part of this project")
        return read_table(DATA / name)

    return read


FILES = {
    "pyreadstat_missing_test.sav": (2, 1),
    "pyreadstat_sample.por": (5, 7),
    "pyreadstat_sample.sav": (5, 7),
    "pyreadstat_sample.zsav": (5, 7),
    "pyreadstat_simple_alltypes_mrsets.sav": (6, 12),
    "spss27.sav": (5, 4),
    "spss_variable_types.sav": (1, 9),
    "survey.sav": (439, 134),
}


@pytest.mark.parametrize(("name", "shape"), FILES.items())
def test_real_files_are_read_whole(real, name, shape):
    found = real(name)
    assert (found.kind, found.frame.shape) == ("spss", shape)
    assert list(found.variables) == list(found.frame.columns)


@pytest.mark.parametrize("kind", ["sav", "zsav", "por"])
def test_the_three_formats_say_the_same(real, kind):
    found = real(f"pyreadstat_sample.{kind}")
    named = {name.lower(): v for name, v in found.variables.items()}
    assert named["mylabl"].labels == {"1": "Male", "2": "Female"}
    assert named["myord"].order == ("1", "2", "3")
    assert {name for name, v in named.items() if v.kind == "date"} == {"mydate", "dtime"}
    column = {name.lower(): name for name in found.frame}["mydate"]
    assert found.frame[column].tolist()[0] == datetime.date(2018, 5, 6)


@pytest.mark.parametrize("kind", [".sav", ".zsav", ".por", ".csv", ""])
def test_spss_is_known_by_its_content(tmp_path, kind):
    made = pd.DataFrame({"Q": [1.0, 2.0]})
    pyreadstat.write_sav(made, tmp_path / "plain.sav")
    pyreadstat.write_sav(made, tmp_path / "packed.sav", compress=True)
    pyreadstat.write_por(made, tmp_path / "portable.por")
    for file in sorted(tmp_path.glob("p*")):
        (tmp_path / f"s{kind}").write_bytes(file.read_bytes())
        found = read_table(tmp_path / f"s{kind}")
        assert (found.kind, found.frame["Q"].tolist()) == ("spss", [1.0, 2.0]), file


def test_multiple_response_sets_share_a_block(real):
    found = real("pyreadstat_simple_alltypes_mrsets.sav")
    of = {name: (v.block, v.option) for name, v in found.variables.items() if v.kind == "multi"}
    assert of == {
        **{f"bool{i}": ("My multiple response set", f"Response #{i}") for i in (1, 2, 3)},
        **{f"ca_subvar_{i}": ("categorical_array", f"ca_subvar_{i}") for i in (1, 2, 3)},
    }


def test_missing_codes_are_told_and_stand_in_the_frame(real):
    found = real("pyreadstat_simple_alltypes_mrsets.sav")
    # x: 7, 8 and 99; z: 999 and what occurs from -999 to 0
    assert found.variables["x"].missing == ("7", "8", "99")
    assert set(found.variables["z"].missing) == {"999", "-9"}
    assert found.variables["z"].labels == {"999": "skipped"}
    assert found.frame["x"].tolist() == [1, 2, 3, 4, 8, 9]
    assert without_missing(found)["x"].isna().tolist() == [False] * 4 + [True, False]
    assert without_missing(found)["z"].notna().sum() == 2
    assert found.frame["x"].tolist() == [1, 2, 3, 4, 8, 9]
    assert real("spss27.sav").variables["sex"].missing == ("-99",)


def test_quarters_are_dates(real):
    # QYR8 in the file: the fourth quarter of 2014, and the first of 2015.
    quarters = real("pyreadstat_simple_alltypes_mrsets.sav").frame["quarter"]
    assert quarters.tolist()[0] == pd.Timestamp("2014-10-01")
    assert quarters.tolist()[-1] == pd.Timestamp("2015-01-01")


@pytest.fixture
def made(tmp_path):
    frame = pd.DataFrame({"city": ["HN", "NA", "HUE"], "score": [9.0, 97.0, 99.0], "note": ["a", "", "b"]})
    pyreadstat.write_sav(
        frame,
        tmp_path / "s.sav",
        column_labels=["\ufeffWhere?", "How <b>likely</b>?", ""],
        variable_value_labels={"city": {"HN": "Hà Nội", "NA": "no answer"}, "score": {97: "refused", 0: "never"}},
        missing_ranges={"city": ["NA"], "score": [{"lo": 97, "hi": 99}]},
    )
    return tmp_path / "s.sav"


def test_text_and_ranges_can_be_missing(made):
    found = read_table(made)
    assert found.variables["city"].missing == ("NA",)
    assert found.variables["score"].missing == ("97", "99")
    assert (found.variables["city"].text, found.variables["score"].text) == ("Where?", "How likely?")
    assert without_missing(found)["city"].isna().tolist() == [False, True, False]
    assert found.notes == ("s.sav: codes that the file declares as missing are blank, in city, score",)


def test_a_study_blanks_them_unless_it_names_them(survey, made):
    data = made.read_bytes()
    table = "questions:\n  city: {role: segment}\n  score: {role: metric, metric: nps}"
    found = survey(table, data, name="s.sav")
    assert found["city"].astype(object).where(found["city"].notna(), None).tolist() == ["Hà Nội", None, "HUE"]
    assert found["city"].cat.categories.tolist() == ["Hà Nội", "HUE"]
    assert found["score"].isna().tolist() == [False, True, True]
    named = "questions:\n  city: {role: segment, labels: {HN: Hanoi, HUE: Hue, NA: not said}}"
    assert survey(named, data, name="s.sav")["city"].tolist() == ["Hanoi", "not said", "Hue"]


def test_a_key_is_blank_where_the_file_says_so(problems, tmp_path):
    frame = pd.DataFrame({"w": [1.0, 99.0], "q": [1.0, 2.0]})
    pyreadstat.write_sav(frame, tmp_path / "m.sav", missing_ranges={"w": [99]})
    found = problems("weight: w\nquestions:\n  q: {role: number}", (tmp_path / "m.sav").read_bytes(), name="s.sav")
    assert [p[2] for p in found] == ["a weight must not be missing"]


def test_a_file_that_declares_too_much_is_refused_before_it_is_read(tmp_path, made, monkeypatch):
    read = pyreadstat.read_sav

    def declared(path, **options):
        frame, meta = read(path, **options)
        meta.number_rows = 10**9
        return frame, meta

    monkeypatch.setattr("cxlib.spss.pyreadstat.read_sav", declared)
    with pytest.raises(CxError, match=r"s\.sav: not an SPSS file: declares 1,000,000,000 rows .* than it can hold"):
        read_table(made)
    pyreadstat.write_sav(pd.DataFrame({"text": ["a" * 200] * 2000}), tmp_path / "z.sav", compress=True)
    with (tmp_path / "z.sav").open("ab") as stream:
        stream.write(b"\0" * 25_000_000)  # so that the file could hold them
    with pytest.raises(CxError, match=r"z\.sav: declares 1,000,000,000 rows of \d+ bytes; a table may have"):
        read_table(tmp_path / "z.sav")


# What ends the whole process in the library: bytes of the records, changed by hand. A variable's record begins with 2
# and its type, a label's with 3; 4, a count and places say whose the labels are.
CONTRADICTIONS = {
    "a number declared as a text": (b"\2\0\0\0\0\0\0\0", b"\2\0\0\0\5\0\0\0", "is text and shown as a number"),
    "a text declared as a number": (b"\2\0\0\0\3\0\0\0", b"\2\0\0\0\0\0\0\0", "is a number and shown as text"),
    "a text without its end": (b"\2\0\0\0\3\0\0\0", b"\2\0\0\0\x20\0\0\0", "is no part of a text"),
    "labels of the 200th variable": (
        b"\4\0\0\0\1\0\0\0\1\0\0\0",
        b"\4\0\0\0\1\0\0\0\xc8\0\0\0",
        "belong to a variable that is not there",
    ),
    "a labelled text that is none": (b"HN      ", b"H\xff      ", "is no text in UTF-8"),
    "a million labels": (b"\3\0\0\0\2\0\0\0", b"\3\0\0\0\0\0\x0f\0", "reaches beyond the file"),
}


@pytest.mark.parametrize(("sound", "broken", "fault"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_records_that_contradict_each_other_are_refused(made, sound, broken, fault):
    content = made.read_bytes()
    header, records = content[:176], content[176:]
    assert sound in records
    made.write_bytes(header + records.replace(sound, broken, 1))
    with pytest.raises(CxError, match=rf"s\.sav: not an SPSS file: its .*{fault}"):
        read_table(made)


def test_a_quarter_that_no_calendar_has_is_blank(real, tmp_path):
    real("pyreadstat_simple_alltypes_mrsets.sav")
    content = (DATA / "pyreadstat_simple_alltypes_mrsets.sav").read_bytes()
    first = struct.pack("<d", 13631500800.0)  # 2014-10-01, in seconds since 1582-10-14
    assert first in content
    (tmp_path / "s.sav").write_bytes(content.replace(first, struct.pack("<d", 1e200)))
    assert read_table(tmp_path / "s.sav").frame["quarter"].isna().any()
