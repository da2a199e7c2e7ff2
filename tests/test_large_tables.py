"""Tables that stay in their engine: the same numbers, columns and problems as when they are read.

The oracle is the demo's survey read from its CSV by the same study.
"""

import hashlib
import pickle
import re
import shutil
import subprocess
import sys

import duckdb
import pandas as pd
import pytest

from cxlib import CxError, Study, complaints, large_counts, losses, retention, silence, survey, tally
from cxlib.language import speak
from cxlib.places import ROOT, fingerprints, untraced
from cxlib.sentences.words import opening
from cxlib.study_yml import read_codebook

DEMO = ROOT / "data" / "demo"
LOW = "large: {rows: 1000, sample: 2000}\n"
PLACES = re.compile(r"survey\.csv|survey-\*\.parquet|acme\.duckdb, table cx\.answers")
ENTRIES = {"parquet": "survey-*.parquet", "duckdb": "{file: acme.duckdb, table: cx.answers}"}


@pytest.fixture(scope="module")
def plain() -> Study:
    return Study.load(DEMO)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The demo with its survey as four Parquet files, and as a table of a DuckDB database."""
    folder = tmp_path_factory.mktemp("demo")
    for file in DEMO.glob("*.csv"):
        shutil.copy(file, folder)
    raw = pd.read_csv(DEMO / "survey.csv")
    for part in range(4):
        raw.iloc[part * 2010 : (part + 1) * 2010].to_parquet(folder / f"survey-{part}.parquet")
    with duckdb.connect(str(folder / "acme.duckdb")) as base:
        base.execute("CREATE SCHEMA cx")
        base.register("raw", raw)
        base.execute("CREATE TABLE cx.answers AS SELECT * FROM raw")
    for name, entry in ENTRIES.items():
        written(folder, name, entry)
        written(folder, f"low_{name}", entry, LOW)
    return folder


def written(folder, name: str, entry: str, more: str = "", *, changes=()) -> None:
    """A study.yml of this name, its survey in this entry."""
    text = (DEMO / "study.yml").read_text(encoding="utf-8").replace("file: survey.csv", f"file: {entry}")
    for before, after in [("  logo: logo.png\n", ""), *changes]:
        assert before in text
        text = text.replace(before, after)
    (folder / f"{name}.yml").write_text(text + more, encoding="utf-8")


@pytest.fixture(scope="module", params=list(ENTRIES))
def low(request, folder) -> Study:
    """The survey, larger than the limit of this study."""
    return Study.load(folder / f"low_{request.param}.yml")


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_a_small_table_is_read_whole(folder, plain):
    study = Study.load(folder / "duckdb.yml")
    same(study.survey, plain.survey)
    assert study.relation("survey") is study.survey
    assert study.counted is study.survey
    assert opening(study) == {}


@pytest.mark.parametrize("low", ["parquet"], indirect=True)
def test_the_relation_holds_what_would_have_been_read(low, plain):
    found = low.relation("survey").to_arrow_table().to_pandas()
    assert set(found) == set(plain.survey)  # and no private column
    keys = ["wave", "respondent"]
    found, expected = (f.astype(object).sort_values(keys, ignore_index=True) for f in (found, plain.survey))
    for column in expected:
        pd.testing.assert_series_equal(*(f[column].where(f[column].notna(), None) for f in (found, expected)))


@pytest.mark.parametrize("low", ["parquet"], indirect=True)
def test_a_sample_is_drawn_by_the_hash_of_the_respondent(low, plain):
    hashed = plain.survey["respondent"].map(lambda name: hashlib.md5(f"0:{name}".encode()).hexdigest())
    expected = plain.survey[hashed <= sorted(hashed)[1999]].reset_index(drop=True)
    same(low.survey, expected)
    speak("en")
    assert opening(low) == {
        "drawn_1": "Survey: 2,000 of 8,006 respondents, drawn with seed 0, stand for all where the answers of one "
        "person are needed together, and bases there count those drawn; metrics by wave and by segment count everybody."
    }
    part = low.only("city: hanoi")
    assert part.counted is part.survey
    assert "seed 0, stand for all, and bases count those drawn." in opening(part)["drawn_1"]


@pytest.mark.parametrize("low", ["duckdb"], indirect=True)
def test_tallies_are_of_all_rows(low, plain):
    for by in (["wave"], ["wave", "city", "age_band"], ["channel", "touchpoints.digital"], ["spend_band"]):
        expected = tally(plain.survey, "recommend", by=by, **plain.design)
        same(tally(low.counted, "recommend", by=by, **low.design), expected)
        same(tally(low.relation("survey"), "recommend", by=by, **low.design), expected)


@pytest.mark.parametrize("low", ["duckdb"], indirect=True)
def test_the_chapter_counts_everybody(low, plain):
    segments = ["city", "age_band", "channel"]
    waves = {name: survey.by_wave(study) for name, study in (("low", low), ("plain", plain))}
    same(waves["low"], waves["plain"])
    same(survey.headline(low, waves["low"], "2026-H2"), survey.headline(plain, waves["plain"], "2026-H2"))
    same(survey.changes(low), survey.changes(plain))
    same(survey.by_segment(low, "2026-H2", segments), survey.by_segment(plain, "2026-H2", segments))
    same(survey.answers(low, "2026-H2"), survey.answers(plain, "2026-H2"))
    same(survey.sample(low, "2026-H2", segments), survey.sample(plain, "2026-H2", segments))
    pd.testing.assert_frame_equal(survey.bases(low), survey.bases(plain), check_dtype=False, rtol=1e-12)


FAULTS = [  # one after the other: out of the scale, without a label, no such column, no number, private and misspelt
    ("missing: [11]", "missing: []"),
    ("labels: &payment {cash: {en: Cash, vi: Tiền mặt}, ", "labels: &payment {"),
    ("      satisfaction:\n", "      satisfactoin:\n"),
    ("      ease:\n", "      ease:\n        column: outcome\n"),
    ("private: [name, phone", "private: [name, fone"),
]


def problems(folder, file: str) -> list:
    """The problems of a survey, in whatever file it is."""
    found = [p for p in Study.load(folder / f"{file}.yml").check() if p.table == "survey"]
    return sorted((p.column, p.rows, PLACES.sub("FILE", p.rule)) for p in found)


def test_problems_are_those_of_a_table_that_is_read(folder):
    written(folder, "faulty_low", ENTRIES["parquet"], LOW, changes=FAULTS)
    written(folder, "faulty", "survey.csv", changes=FAULTS)
    expected = problems(folder, "faulty")
    assert len(expected) == len(FAULTS)
    assert problems(folder, "faulty_low") == expected


def test_keys_that_are_repeated(folder):
    """Within a wave, as they are told of where the survey is read."""
    frame = pd.DataFrame({"id": [*range(1_500), 7, 7], "q": 9.0, "wave": ["1"] * 1_501 + ["2"]})
    frame.to_csv(folder / "survey-again.csv", index=False)
    frame.to_parquet(folder / "survey-again.parquet")
    for name in ("csv", "parquet"):
        table = (
            f"file: survey-again.{name}\n    respondent: id\n    wave: wave\n    questions: {{q: {{role: number}}}}\n"
        )
        study = f"study: w\ntitle: w\nsample: quota\n{LOW}tables:\n  survey:\n    {table}"
        (folder / f"again_{name}.yml").write_text(study)
    ((column, rows, rule),) = problems(folder, "again_parquet")
    assert (column, rows) == ("id", 1)
    assert problems(folder, "again_csv") == [(column, rows, rule)]


def test_a_weight_that_is_none(folder):
    frame = pd.DataFrame({"id": range(1500), "q": [9, 3, 0] * 500, "w": [1.0, -0.5, 2.25] * 500, "wave": "1"})
    frame.to_parquet(folder / "w.parquet")
    entry = "file: w.parquet\n    respondent: id\n    weight: w\n    wave: wave"
    table = f"  survey:\n    {entry}\n    questions: {{q: {{role: metric, metric: nps}}}}\n"
    study = f"study: w\ntitle: w\nsample: quota\nlarge: {{rows: 100, sample: 200}}\ntables:\n{table}"
    (folder / "w.yml").write_text(study)
    with pytest.raises(
        CxError, match=r"column w: a weight must not be negative; 500 do not, e\.g\. -0\.5 in w\.parquet"
    ):
        Study.load(folder / "w.yml").table("survey")


def test_rows_that_are_added_up_are_no_sample(folder):
    """Of events a sample holds whole customers; what needs every customer says that there is only a sample."""
    for name in ("events", "complaints"):
        pd.read_csv(folder / f"{name}.csv").to_parquet(folder / f"{name}.parquet")
    changes = [(f"file: {name}.csv", f"file: {name}.parquet") for name in ("events", "complaints")]
    written(folder, "added", "survey.csv", "large: {rows: 300, sample: 300}\n", changes=changes)
    study = Study.load(folder / "added.yml")
    events, everybody = study.table("events"), Study.load(DEMO).table("events")
    assert 200 < len(events) <= 300
    same(events, everybody[everybody["customer"].isin(events["customer"])].reset_index(drop=True))
    with pytest.raises(CxError, match=r"table complaints has [\d,]+ rows, of which 300 were drawn, and the number of"):
        complaints.complainers(study, complaints.declared(study))
    assert opening(study, "complaints")["drawn_2"] == (
        f"Complaints: 300 of {len(Study.load(DEMO).table('complaints'))} rows, drawn with seed 0, stand for all; bases "
        "count the rows drawn."
    )
    with pytest.raises(CxError, match=r"and the view of customers needs them all; raise `large: \{rows: …\}` above"):
        study.customers_view()


def test_customers_are_counted_in_the_engine_or_scaled_up(folder, plain):
    """Retention is of all, complainers are looked up among all; how many customers there are is scaled up and near."""
    pd.read_csv(DEMO / "customers.csv", parse_dates=["since", "left"]).to_parquet(folder / "customers.parquet")
    written(folder, "scaled", "survey.csv", LOW, changes=[("file: customers.csv", "file: customers.parquet")])
    study = Study.load(folder / "scaled.yml")
    assert len(study.table("customers")) == 2000
    same(retention.rates(study), retention.rates(plain))
    found, expected = (silence.silence(one, complaints.declared(one)) for one in (study, plain))
    assert found.customers % 10 == 0  # each of 2,000 stands for ten
    assert found.customers == pytest.approx(expected.customers, rel=0.03)
    placed, wanted = (silence.by_segment(one, ["channel"])["complainers"].tolist() for one in (found, expected))
    assert placed == wanted
    rates, all_rates = (losses.of_complainers(one.study, one.definition) for one in (found, expected))
    assert rates == all_rates
    assert large_counts.marked(study, "customers", "League") == "League (sample: 2,000 of 20,000 rows)"
    assert study.held["customers"] == pickle.loads(pickle.dumps(study.held["customers"]))


def test_what_is_no_database_and_no_table(folder, tmp_path):
    def told(entry: str) -> str:
        written(folder, "wrong", entry)
        with pytest.raises(CxError) as error:
            Study.load(folder / "wrong.yml").table("survey")
        return str(error.value)

    found = told("{file: acme.duckdb, table: cx.answer}")
    assert found.endswith("acme.duckdb: holds no table cx.answer; did you mean cx.answers?; it holds cx.answers")
    assert "is a DuckDB database; name the table in it: {file: acme.duckdb, table: …}" in told("acme.duckdb")
    assert "survey.csv: `table: a` is of a DuckDB database, and this file is none" in told(
        "{file: survey.csv, table: a}"
    )
    assert "the data file survey.parquet is not in" in told("survey.parquet")
    assert "no file matches answers-*.parquet" in told("answers-*.parquet")
    assert "answers stand in a `file:`, or under a name in `spark:`" in told("{table: a}")
    (folder / "broken-1.parquet").write_bytes(b"PAR1" + b"x" * 100)
    assert "not a Parquet file" in told("broken-*.parquet")
    written(folder, "memory", "survey-*.parquet", "large: {memory: lots}\n")
    with pytest.raises(CxError, match=r"memory is written with its unit, MB or GB, e\.g\. 1GB; found 'lots'"):
        Study.load(folder / "memory.yml")


def test_a_locked_database(folder):
    shutil.copy(folder / "acme.duckdb", folder / "locked.duckdb")
    script = "import duckdb, sys; b = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", script, str(folder / "locked.duckdb")],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    try:
        assert holder.stdout.readline() == b"open\n"
        written(folder, "locked", "{file: locked.duckdb, table: cx.answers}")
        with pytest.raises(
            CxError, match=r"locked\.duckdb: is locked by another program; close it there, or give a copy"
        ):
            Study.load(folder / "locked.yml").table("survey")
    finally:
        holder.communicate()


def test_fingerprints_of_what_has_one(folder):
    book = read_codebook(folder / "duckdb.yml")
    before = fingerprints(folder / "duckdb.yml", folder, book)
    assert "acme.duckdb" in before
    assert untraced(book) == []
    log = folder / "acme.duckdb.wal"
    log.write_bytes(b"")
    assert set(fingerprints(folder / "duckdb.yml", folder, book)) - set(before) == {"acme.duckdb.wal"}
    log.unlink()
    written(folder, "spark", "{spark: cx.answers}")
    book = read_codebook(folder / "spark.yml")
    assert untraced(book) == ["survey"]
    assert "acme.duckdb" not in fingerprints(folder / "spark.yml", folder, book)
