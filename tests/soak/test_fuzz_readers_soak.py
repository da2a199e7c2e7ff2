"""Thousands of mangled files of every kind: each is answers or a CxError that names it, none takes long."""

import io
import sys
import time
import zipfile
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1]))
from test_fuzz_readers import HEADS, TABLES, answers_or_error

pytestmark = pytest.mark.soak
MANY = {"deadline": None, "phases": [Phase.generate], "suppress_health_check": [HealthCheck.function_scoped_fixture]}
FRAME = pd.DataFrame({"q": [1.0, 2.0, 9.0] * 20, "why": ["tốt", "", "so, so"] * 20, "x": [1.5, None, 3.0] * 20})


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    options = {"variable_value_labels": {"q": {1: "một", 9: "từ chối"}}, "missing_ranges": {"q": [9]}}
    pyreadstat.write_sav(FRAME, folder / "s.sav", **options)
    pyreadstat.write_sav(FRAME, folder / "s.zsav", compress=True, **options)
    pyreadstat.write_por(FRAME.assign(why="so, so"), folder / "s.por")  # the library writes these in Latin letters only
    FRAME.to_excel(folder / "s.xlsx", index=False)
    FRAME.to_parquet(folder / "s.parquet")
    FRAME.to_csv(folder / "s.csv", index=False)
    return {path.suffix: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("kind", [".csv", ".sav", ".zsav", ".por", ".xlsx", ".parquet"])
@settings(max_examples=2000, **MANY)
@given(
    flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=5),
    cut=st.one_of(st.none(), st.floats(0, 1)),
    named=st.sampled_from(["s.csv", "s.xlsx", "s.sav", "s"]),
)
@pytest.mark.filterwarnings("ignore::pandas.errors.ParserWarning")
def test_flipped_and_cut_files(tmp_path, whole, kind, flips, cut, named):
    content = bytearray(whole[kind])
    for at, flip in flips:
        content[int(at * len(content))] ^= flip
    file = tmp_path / named
    file.write_bytes(content if cut is None else content[: int(cut * len(content))])
    start = time.perf_counter()
    answers_or_error(file)
    assert time.perf_counter() - start < 20


@settings(max_examples=1000, **MANY)
@given(
    part=st.sampled_from(["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml"]),
    at=st.floats(0, 1, exclude_max=True),
    added=st.binary(max_size=40),
    removed=st.integers(0, 60),
)
def test_workbooks_with_a_mangled_part(tmp_path, whole, part, at, added, removed):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole[".xlsx"])) as sound, zipfile.ZipFile(out, "w") as made:
        for name in sound.namelist():
            content = sound.read(name)
            place = int(at * len(content))
            made.writestr(name, content[:place] + added + content[place + removed :] if name == part else content)
    (tmp_path / "s.xlsx").write_bytes(out.getvalue())
    answers_or_error(tmp_path / "s.xlsx")


@settings(max_examples=5000, **MANY)
@given(head=HEADS, rows=TABLES, delimiter=st.sampled_from(",;\t|"), quoted=st.booleans())
@pytest.mark.filterwarnings("ignore::pandas.errors.ParserWarning")
def test_any_text(tmp_path, head, rows, delimiter, quoted):
    mark = '"' if quoted else ""
    text = head + "".join(delimiter.join(mark + cell + mark for cell in row) + "\n" for row in rows)
    (tmp_path / "s.csv").write_text(text, encoding="utf-8", newline="")
    answers_or_error(tmp_path / "s.csv")
