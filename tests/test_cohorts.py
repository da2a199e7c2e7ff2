"""Cohorts: who is left, and who buys, in the periods after customers came.

Oracles: hand counts, the counts of CDNOW's purchases beside the project (skipped where that folder is absent), Wilson's
interval of statsmodels, algebra over customers that Hypothesis makes up, and retention over a period.
"""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from cxlib import CxError
from cxlib.cohorts import activity, triangle

CDNOW = Path(__file__).resolve().parents[1] / "../shared/data/cdnow/CDNOW_master.txt"
COLUMNS = {"came": "since", "left": "left"}


def people(*rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["since", "left"])
    return frame.apply(pd.to_datetime)


@pytest.fixture(scope="module")
def cdnow():
    if not CDNOW.is_file():
        pytest.skip("needs ../shared/data/cdnow, which is not part of the project")
    frame = pd.read_csv(CDNOW, sep=r"\s+")
    return frame.assign(when=pd.to_datetime(frame["date"].astype(str)))


def test_by_hand():
    """January: 3 came, one left in it, one on the last of February. February: 2 came, 1 left on the first of March."""
    frame = people(
        ("2025-01-01", "2025-01-31"), ("2025-01-15", "2025-02-28"), ("2025-01-31", None),
        ("2025-02-01", "2025-03-01"), ("2025-02-28", None), ("2025-04-01", None), (None, None),
    )  # fmt: skip
    rows = triangle(frame, until="2025-03-31", minimum_base=0, **COLUMNS)
    cells = rows[["cohort", "age", "at_start", "retained", "lost"]].to_numpy().tolist()
    assert cells == [
        ["2025-01", 0, 3, 2, 1], ["2025-01", 1, 3, 1, 1], ["2025-01", 2, 3, 1, 0],
        ["2025-02", 0, 2, 2, 0], ["2025-02", 1, 2, 1, 1],
    ]  # fmt: skip
    assert rows[["undated", "earlier", "later"]].drop_duplicates().to_numpy().tolist() == [[1, 0, 1]]
    low, high = proportion_confint(2, 3, method="wilson")
    np.testing.assert_allclose(rows.loc[0, ["estimate", "low", "high"]].astype(float), [200 / 3, 100 * low, 100 * high])
    assert rows.loc[0, "se"] == pytest.approx(100 * np.sqrt(2 / 9 / 2))


@pytest.mark.parametrize(("until", "last"), [("2025-03-30", "2025-02"), ("2025-03-31", "2025-03")])
def test_only_periods_that_are_over_are_shown(until, last):
    frame = people(*[(f"2025-0{month}-05", None) for month in (1, 2, 3)])
    rows = triangle(frame, until=until, minimum_base=0, **COLUMNS)
    assert rows["cohort"].iloc[-1] == last
    assert rows["later"].iloc[0] == (last == "2025-02")


def test_a_cohort_under_the_minimum_base_keeps_its_base_alone():
    rows = triangle(people(*[("2025-01-05", None)] * 29), until="2025-02-28", **COLUMNS)
    assert rows["at_start"].tolist() == [29, 29]
    assert rows[["retained", "lost", "estimate", "low", "high", "se"]].isna().all(axis=None)


def test_customers_of_before_the_records_count_from_their_first_day():
    """Who left before March is not in the table: January's cohort is of those there then, and begins with March."""
    frame = people(
        ("2025-01-05", None), ("2025-01-06", "2025-03-09"), ("2025-03-02", None), ("2025-01-07", "2025-02-01")
    )
    rows = triangle(frame, seen_from="2025-03-01", until="2025-04-30", minimum_base=0, **COLUMNS)
    assert rows[["cohort", "age", "at_start", "retained", "late"]].to_numpy().tolist() == [
        ["2025-01", 2, 2, 1, True], ["2025-01", 3, 2, 1, True],
        ["2025-03", 0, 1, 1, False], ["2025-03", 1, 1, 1, False],
    ]  # fmt: skip
    assert rows["earlier"].eq(1).all()


DAYS = st.integers(0, 900)
STAYS = st.lists(st.tuples(DAYS, st.none() | st.integers(0, 700)), min_size=1, max_size=40)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(DAYS, st.none() | st.integers(0, 700)), min_size=1, max_size=40), DAYS, st.sampled_from("MQY")
)
def test_cohorts_add_up(customers, drawn, period):
    """All customers are in one cohort, or told; those left at the end of any period are counted there by hand."""
    day = pd.Timestamp("2023-01-01") + pd.to_timedelta(range(1700), unit="D")
    came = day[[c for c, _ in customers]]
    left = pd.DatetimeIndex([pd.NaT if stay is None else day[c + stay] for c, stay in customers])
    until = day[drawn]
    rows = triangle(
        pd.DataFrame({"a": came, "b": left}), came="a", left="b", until=until, period=period, minimum_base=0
    )
    if rows.empty:
        return
    assert rows.drop_duplicates("cohort")["at_start"].sum() + rows["later"].iloc[0] == len(customers)
    assert (rows["retained"] + rows.groupby("cohort")["lost"].cumsum() == rows["at_start"]).all()
    ends = [(pd.Period(c, period) + a).end_time.normalize() for c, a in zip(rows["cohort"], rows["age"], strict=True)]
    there = rows.groupby(np.array(ends))["retained"].sum()
    assert there.index.max() <= until
    for end, number in there.items():
        assert number == ((came <= end) & ~(left <= end)).sum()


def test_any_frame_will_do():
    frame = people(*[("2025-01-05", "2025-02-03")] * 30, *[("2025-01-09", None)] * 10)
    relation = duckdb.connect().from_df(frame)
    pd.testing.assert_frame_equal(triangle(relation, **COLUMNS), triangle(frame, **COLUMNS))


@pytest.mark.parametrize(
    ("frame", "how", "message"),
    [
        (people(("2025-02-01", "2025-01-31"), ("2025-02-01", "2024-01-01")), {},
         "customers must leave after they come; 2 left before, e.g. came 2025-02-01, left 2024-01-01"),
        (people(("2025-01-01", None)), {"period": "W"}, "a period is one of M, Q, Y; found W"),
        (people((None, "2025-01-01")), {}, "cohorts need days of coming; all 1 in since are missing"),
        (people(("2025-01-01", None)).astype(str), {}, "dates; column since holds '2025-01-01'"),
        (people(("2025-01-01", None)), {"until": "2025-03-01", "confidence": 2}, "confidence lies between 0 and 1"),
        (people(("2025-01-01", None)), {"came": "sinse"}, "there is no column sinse in the table; did you mean since?"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_sentence(frame, how, message):
    with pytest.raises(CxError) as caught:
        triangle(frame, **(COLUMNS | how))
    assert message in str(caught.value)


# -- buying ------------------------------------------------------------------------------------------------------


def test_buying_by_hand():
    frame = pd.DataFrame({"c": ["a", "a", "a", "b", "b", "c"], "v": [5, 1, 2, 3, 4, 9.0]})
    frame["d"] = pd.to_datetime(["2025-01-02", "2025-01-02", "2025-03-01", "2025-01-31", "2025-02-01", "2025-02-28"])
    rows = activity(frame, customer="c", when="d", value="v", until="2025-03-31", minimum_base=0)
    cells = rows[["cohort", "age", "at_start", "active", "purchases", "value"]].to_numpy().tolist()
    assert cells == [
        ["2025-01", 0, 2, 2, 3, 9], ["2025-01", 1, 2, 1, 1, 4], ["2025-01", 2, 2, 1, 1, 2],
        ["2025-02", 0, 1, 1, 1, 9], ["2025-02", 1, 1, 0, 0, 0],
    ]  # fmt: skip
    assert rows["estimate"].tolist() == [100, 50, 50, 100, 0]


def test_cdnow_adds_up(cdnow):
    """69,659 purchases of 23,570 customers for 2,500,315.63 dollars; cohorts by hand."""
    rows = activity(cdnow, customer="customer_id", when="when", value="dollar_value")
    assert rows["purchases"].sum() == 69_659
    assert rows["value"].sum() == pytest.approx(2_500_315.63, abs=0.005)
    assert rows.loc[rows["age"] == 0, "at_start"].sum() == 23_570
    first = cdnow.groupby("customer_id")["when"].min().dt.strftime("%Y-%m")
    assert rows.drop_duplicates("cohort").set_index("cohort")["at_start"].to_dict() == first.value_counts().to_dict()
    in_march = cdnow.loc[cdnow["when"].dt.strftime("%Y-%m") == "1998-03", "customer_id"].unique()
    wanted = (first[first == "1997-01"].index.isin(in_march)).mean()
    cell = rows[(rows["cohort"] == "1997-01") & (rows["age"] == 14)].iloc[0]
    assert cell["estimate"] == pytest.approx(100 * wanted)
    open_ = activity(cdnow, customer="customer_id", when="when", until="1998-06-29")
    assert open_["purchases"].sum() + open_["later"].iloc[0] == 69_659
