"""Journeys, stays and cohorts from tables that stay in their engine.

Oracles: the same functions of the same rows in pandas, counts by hand, and retention.survival() of a row a customer.
"""

import shutil
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib import CxError, Study, contacts, journey, journey_study, paths, staying, survival
from cxlib.cohorts import triangle
from cxlib.stays import stays

DEMO = Path(__file__).resolve().parent.parent / "data/demo"
ENGINES = ["polars", "lazy", "duckdb"]
CURVE = {"duration": "duration", "event": "event", "entry": "entry"}
DAYS = {"since": "since", "left": "left"}


def in_engine(engine: str, frame: pd.DataFrame, folder: Path):
    """The rows in another engine; those of DuckDB in a Parquet file."""
    if engine == "duckdb":
        frame.to_parquet(folder / "rows.parquet", row_group_size=1_000)
        return duckdb.read_parquet(str(folder / "rows.parquet"))
    return pl.from_pandas(frame) if engine == "polars" else pl.from_pandas(frame).lazy()


@pytest.fixture(scope="module")
def study():
    return Study.load(DEMO)


# -- journeys ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def events(study) -> pd.DataFrame:
    """2,000 contacts of days (so that many are of one moment), some told twice, some blank."""
    frame = study.table("events").head(2_000)
    frame = frame.assign(when=frame["when"].dt.normalize())
    blank = frame.head(3).assign(stage=None)
    return pd.concat([frame, frame.head(40).assign(score=5.0), blank], ignore_index=True)


@pytest.fixture(scope="module")
def order(study) -> list[str]:
    return contacts.places(study.table("map"))["stage"].tolist()


@pytest.fixture(scope="module")
def wanted(events, order):
    return contacts.journeys(events, order=order)


@pytest.mark.parametrize("engine", ENGINES)
def test_journeys_are_those_of_pandas(engine, events, order, wanted, study, tmp_path):
    log = contacts.journeys(in_engine(engine, events, tmp_path), order=order)
    assert (log.contacts, log.blank, log.duplicates) == (wanted.contacts, 3, wanted.duplicates)
    assert wanted.duplicates > 0
    drawn = study.table("map")
    for ask in (
        lambda one: journey.stages(one, drawn),
        lambda one: paths.transitions(one, level="touchpoint"),
        paths.common,
    ):
        pd.testing.assert_frame_equal(ask(log), ask(wanted), check_exact=True)


def test_a_lazy_log_is_never_whole_in_memory(events, order, wanted, monkeypatch):
    lazy = pl.from_pandas(events).lazy()
    monkeypatch.setattr(pl.LazyFrame, "collect", None)
    assert contacts.journeys(lazy, order=order).contacts == wanted.contacts


def test_a_column_that_is_missing_is_named(events):
    with pytest.raises(CxError, match=r"^there is no column wen in the table; did you mean when\?$"):
        contacts.journeys(pl.from_pandas(events).lazy(), when="wen")


def test_the_chapter_tells_of_all_contacts_of_a_large_log(study, tmp_path):
    """A log over the study's limit is put in order where it is: what is told is what is told of the same log read."""
    for file in DEMO.glob("*.csv"):
        shutil.copy(file, tmp_path)
    pd.read_csv(DEMO / "events.csv").to_parquet(tmp_path / "events.parquet")
    book = (DEMO / "study.yml").read_text(encoding="utf-8").replace("file: events.csv", "file: events.parquet")
    book = book.replace("  logo: logo.png\n", "") + "large: {rows: 1000, sample: 2000}\n"
    (tmp_path / "study.yml").write_text(book, encoding="utf-8")
    large = Study.load(tmp_path)
    assert len(large.table("events")) <= 2000 < len(study.table("events"))
    told = ("checks", "stages", "turns", "departures")
    found, wanted = (journey_study.facts(journey_study.case(one), only=told) for one in (large, study))
    assert found.customers == wanted.customers == 6000
    for name in told:
        pd.testing.assert_frame_equal(getattr(found, name), getattr(wanted, name), check_exact=True)


# -- stays -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def customers(study) -> pd.DataFrame:
    frame = study.table("customers")[["since", "left", "channel"]].astype({"channel": "str"})
    frame.loc[frame.index % 97 == 0, "since"] = pd.NaT
    frame.loc[frame.index % 89 == 0, "channel"] = None
    return frame


def by_row(frame: pd.DataFrame, seen_from: pd.Timestamp) -> pd.DataFrame:
    """A row a customer, as the journey chapter makes them."""
    last = frame[["since", "left"]].max().max()
    rows = pd.DataFrame(
        {
            "duration": (frame["left"].fillna(last) - frame["since"]).dt.days.where(
                frame["left"] != frame["since"], staying.SAME_DAY
            ),
            "event": frame["left"].notna().astype(int),
            "entry": (seen_from - frame["since"]).dt.days.sub(1).clip(lower=0),
            "channel": frame["channel"],
        }
    )
    return rows[rows["channel"].notna() & (rows["entry"] < rows["duration"])]


@pytest.mark.parametrize("engine", ["pandas", *ENGINES])
def test_curves_and_tests_are_those_of_the_rows(engine, customers, tmp_path):
    """To the last bit, as both come from the same counts; who left before the first day of observation is not there."""
    rows = by_row(customers, pd.Timestamp("2025-01-06"))
    table = customers if engine == "pandas" else in_engine(engine, customers, tmp_path)
    found = stays(table, **DAYS, by="channel", seen_from="2025-01-06")
    assert found["customers"].sum() == len(customers)
    assert found["customers"][found["duration"].isna()].sum() == len(customers) - len(rows)
    curves = survival.survival(found, **CURVE, by="channel", counts="customers")
    wanted = survival.survival(rows, **CURVE, by="channel")
    told = wanted.columns.drop(["left_out", "method"])
    pd.testing.assert_frame_equal(curves[told], wanted[told], check_exact=True)
    test = survival.log_rank(found, **CURVE, by="channel", counts="customers")
    columns = ["chi2", "df", "p", "groups", "n", "events"]
    rows_tested = survival.log_rank(rows, **CURVE, by="channel")
    pd.testing.assert_frame_equal(test[columns], rows_tested[columns], check_exact=True)


def test_stays_by_hand():
    """On 10 March: 9 days and there, left after 2, left on his first day, not yet followed, came on an unknown day."""
    frame = pd.DataFrame(
        {
            "since": ["2026-03-01 18:00", "2026-03-01", "2026-03-05", "2026-03-10", None],
            "left": [None, "2026-03-03 09:00", "2026-03-05", None, None],
        }
    ).apply(pd.to_datetime, format="ISO8601")
    found = stays(frame, **DAYS, until="2026-03-10").dropna().sort_values("duration")
    assert found.to_numpy().tolist() == [[0.5, 1, 0, 1], [2, 1, 0, 1], [9, 0, 0, 1]]
    # Who left later was still there on that day.
    earlier = stays(frame, **DAYS, until="2026-03-02").dropna()
    assert earlier[["duration", "event", "customers"]].to_numpy().tolist() == [[1, 0, 2]]


LIVES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 30), st.booleans()), min_size=2, max_size=30)


@settings(max_examples=20, deadline=None)
@given(lives=LIVES, seen=st.integers(0, 30))
def test_entries_beside_ends_give_the_same_curve(lives, seen):
    """Property: though a row does not say whose entry it is, curves of those there from a day on are the same, too."""
    came = np.array([came for came, _, _ in lives])
    gone = came + np.array([stay for _, stay, _ in lives])
    left = np.where([ended for *_, ended in lives], gone, np.nan)
    day = pd.Timestamp("2026-01-01")
    frame = pd.DataFrame({"since": day + pd.to_timedelta(came, "D"), "left": day + pd.to_timedelta(left, "D")})
    frame = frame.assign(channel="all")
    seen_from = day + pd.Timedelta(days=seen)
    rows = by_row(frame, seen_from)
    found = stays(frame, **DAYS, seen_from=str(seen_from.date())).dropna()
    assert found["customers"].sum() == len(rows)
    assert (found["entry"] < found["duration"]).all()
    for start in (None, 5.0):
        if (rows["duration"] > (start or 0)).any():
            one = survival.survival(found, **CURVE, counts="customers", start=start)
            pd.testing.assert_frame_equal(one, survival.survival(rows, **CURVE, start=start), check_exact=True)


def test_who_left_before_he_came_is_refused():
    frame = pl.DataFrame({"since": ["2026-03-02", "2026-01-05"], "left": ["2026-03-01", "2026-02-01"]})
    dates = frame.with_columns(pl.all().str.to_date())
    with pytest.raises(CxError) as caught:
        stays(dates, **DAYS)
    message = "customers must leave after they come; 1 left before, e.g. came 2026-03-02, left 2026-03-01"
    assert str(caught.value) == message
    with pytest.raises(CxError, match=r"^days of coming and leaving are dates; column since holds '2026-03-02'$"):
        stays(frame, **DAYS)


# -- cohorts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("period", ["M", "Q", "Y"])
def test_cohorts_are_those_of_pandas(engine, period, customers, tmp_path):
    how = {"came": "since", "left": "left", "period": period, "seen_from": "2025-01-06"}
    found = triangle(in_engine(engine, customers, tmp_path), **how)
    pd.testing.assert_frame_equal(found, triangle(customers, **how), check_exact=True)


def test_a_cohort_counted_by_pandas(customers):
    """Of those who came in December 2024: how many were still there at the end of June."""
    came = customers[customers["since"].dt.to_period("M") == pd.Period("2024-12")]
    there = came["left"].isna() | (came["left"] > pd.Timestamp("2025-06-30 23:59"))
    found = triangle(customers, came="since", left="left").set_index(["cohort", "age"])
    row = found.loc[("2024-12", 6)]
    assert (row["at_start"], row["retained"]) == (len(came), there.sum())
