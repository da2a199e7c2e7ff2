"""Control charts of the complaint rate, and the months that they are made of.

Oracles: airlines' baggage complaints (facts beside the project, skipped where that folder is absent), hand
calculation, algebra, simulation with known noise, and a count over the demo's files with pandas alone.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib import CxError, Study
from cxlib.complaint_trend import by_month
from cxlib.control_chart import LEAST_PERIODS, control_chart

ROOT = Path(__file__).resolve().parents[1]
BAGGAGE = ROOT / "../shared/data/baggage/baggagecomplaints.csv"
NAMES = {"count": "count", "base": "base", "period": "period"}
MONTHS = [f"2025-{month:02d}" for month in range(1, 13)]


def table(counts, bases=100, periods=None) -> pd.DataFrame:
    """A row a month of complaints and customers."""
    return pd.DataFrame({"period": periods or MONTHS[: len(counts)], "count": counts, "base": bases})


# -- airlines ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def baggage():
    """Complaints about baggage and passengers of three airlines, by month (text such as 01/2004)."""
    if not BAGGAGE.is_file():
        pytest.skip("needs ../shared/data/baggage/baggagecomplaints.csv, which is not part of the project")
    return pd.read_csv(BAGGAGE)


@pytest.mark.parametrize(
    ("airline", "rate", "plain", "laney"),
    [("American Eagle", 10.467, 82, 13), ("United", 4.675, 83, 8), ("Hawaiian", 2.729, 62, 26)],
)
def test_baggage(baggage, airline, rate, plain, laney):
    """Rates per 1,000 passengers, and months out of 84 outside the plain limits and outside Laney's."""
    rows = baggage[baggage["Airline"] == airline]
    chart = control_chart(rows.sample(frac=1, random_state=1), count="Baggage", base="Enplaned", period="Date")
    assert len(chart) == 84
    assert chart["centre"].iloc[0] == pytest.approx(rate, abs=5e-4)
    assert (chart["plain_out"].sum(), chart["out"].sum()) == (plain, laney)
    assert chart["period"].tolist() == rows["Date"].tolist(), "the file is in order of time"


def test_baggage_of_three_airlines_at_once_is_refused(baggage):
    with pytest.raises(CxError, match=r"^a period has one row; 84 have more, e\.g\. 01/2004 has 3 \(column Date\)$"):
        control_chart(baggage, count="Baggage", base="Enplaned", period="Date")


# -- by hand -----------------------------------------------------------------------------------------------------


def test_equal_bases_by_hand():
    """Mean 4: z = (count - 4) / 2; moving range 1 2 1 2 2 1 0, mean 9/7; a standard error is 20 per 1,000."""
    chart = control_chart(table([4, 6, 2, 4, 8, 4, 2, 2]), **NAMES)
    assert list(chart) == [
        *("period", "count", "base", "rate", "centre", "low", "high", "plain_low", "plain_high", "z", "sigma_z"),
        *("plain_out", "out"),
    ]
    assert chart["z"].tolist() == [0, 1, -1, 0, 2, 0, -1, -1]
    np.testing.assert_allclose(chart["sigma_z"], 9 / 7 / 1.128, rtol=1e-14)
    np.testing.assert_allclose(chart["rate"], [40, 60, 20, 40, 80, 40, 20, 20], rtol=1e-14)
    np.testing.assert_allclose(chart["centre"], 40, rtol=1e-14)
    np.testing.assert_allclose(chart["plain_high"], 100, rtol=1e-14)
    np.testing.assert_allclose(chart["high"], 40 + 60 * 9 / 7 / 1.128, rtol=1e-14)
    assert (chart[["low", "plain_low"]] == 0).all(axis=None), "40 - 60 is cut at 0"
    assert not chart[["plain_out", "out"]].any(axis=None)


def test_unequal_bases_by_hand():
    """Bases 100 and 400 expect 4 and 16: z = (count - 4) / 2 and (count - 16) / 4; mean moving range 13/7."""
    rows = table([4, 20, 2, 16, 8, 12, 6, 12], [100, 400] * 4)
    chart = control_chart(rows, **NAMES)
    assert chart["z"].tolist() == [0, 1, -1, 0, 2, -1, 1, -1]
    sigma = 13 / 7 / 1.128
    assert chart["sigma_z"].iloc[0] == pytest.approx(sigma, rel=1e-14)
    np.testing.assert_allclose(chart["high"], 40 + 3 * sigma * np.array([20, 10] * 4), rtol=1e-14)
    np.testing.assert_allclose(chart["plain_low"], [0, 10] * 4, atol=1e-12)
    pd.testing.assert_frame_equal(control_chart(rows[::-1], **NAMES), chart)


def test_a_high_period_stands_out_from_eight_on():
    """One high period amid others at 0: z / sigma is 1.128 (m - 1)^2 / (2 m), 3.45 of 8 and 2.90 of 7 periods."""
    chart = control_chart(table([0, 0, 0, 80, 0, 0, 0, 0]), **NAMES)
    assert chart["out"].tolist() == [False] * 3 + [True] + [False] * 4
    assert chart["z"][3] / chart["sigma_z"][3] == pytest.approx(1.128 * 49 / 16)
    assert 1.128 * 36 / 14 < 3, "which is why fewer are refused"
    message = r"^a control chart needs at least 8 periods, .* stand out; found 7 \(column period\)$"
    with pytest.raises(CxError, match=message):
        control_chart(table([0, 0, 0, 80, 0, 0, 0]), **NAMES)


def test_less_noise_than_poisson_narrows_the_limits():
    """99 and 101 by turns: sigma_z 0.18. A month of 110 is one plain standard error high and outside Laney's limits."""
    counts = [99, 101] * 5 + [110, 100]
    chart = control_chart(table(counts, 1000), **NAMES)
    assert chart["sigma_z"].iloc[0] < 0.5
    assert (chart["high"] < chart["plain_high"]).all()
    assert not chart["plain_out"].any()
    assert chart.loc[chart["out"], "period"].tolist() == ["2025-11"]


def test_equal_rates_have_no_noise_and_nothing_stands_out():
    """Rates of 1/49 in every month: 49 x (1/49) is not 1 in a computer, which must not become a measure of noise."""
    chart = control_chart(table(list(range(1, 13)), [49 * n for n in range(1, 13)]), **NAMES)
    assert (chart["z"] == 0).all()
    assert (chart["sigma_z"] == 0).all()
    assert not chart[["plain_out", "out"]].any(axis=None)
    np.testing.assert_allclose(chart[["low", "high"]], 1000 / 49)


def test_without_a_complaint_there_are_no_limits():
    chart = control_chart(table([0] * 12), **NAMES)
    assert (chart[["rate", "centre"]] == 0).all(axis=None)
    assert chart[["low", "high", "plain_low", "plain_high", "z", "sigma_z"]].isna().all(axis=None)
    assert not chart[["plain_out", "out"]].any(axis=None)


# -- properties --------------------------------------------------------------------------------------------------

SOME = st.lists(st.tuples(st.integers(0, 500), st.integers(1, 10**6)), min_size=LEAST_PERIODS, max_size=12)


@settings(max_examples=60, deadline=None)
@given(SOME, st.sampled_from([1, 100, 1000, 10**6]))
def test_properties(rows, per):
    """Out is outside the limits; the base-weighted sum of z is 0; per and the scale of time change no mark."""
    frame = table(*(list(column) for column in zip(*rows, strict=True)))
    before = frame.copy()
    chart = control_chart(frame, **NAMES, per=per)
    pd.testing.assert_frame_equal(frame, before)
    if not frame["count"].any():
        return
    thousand = control_chart(frame, **NAMES)
    for column in ("rate", "centre", "low", "high", "plain_low", "plain_high"):
        np.testing.assert_allclose(chart[column] * 1000 / per, thousand[column], rtol=1e-12, err_msg=column)
    assert chart["out"].equals(thousand["out"])
    assert (chart["low"] >= 0).all()
    scale = np.abs(chart["z"] * np.sqrt(chart["base"])).sum()
    assert (chart["z"] * np.sqrt(chart["base"])).sum() == pytest.approx(0, abs=1e-9 * scale + 1e-9)
    clear = (np.abs(chart["z"]) - 3 * chart["sigma_z"]).abs() > 1e-9
    outside = (chart["rate"] > chart["high"]) | (chart["rate"] < chart["low"])
    assert chart["out"][clear].equals(outside[clear])
    backwards = control_chart(frame.assign(period=MONTHS[: len(frame)][::-1]), **NAMES)
    assert backwards["sigma_z"].iloc[0] == pytest.approx(chart["sigma_z"].iloc[0])


def test_sigma_of_poisson_noise_is_1_and_of_more_noise_more():
    """4,000 months: z varies by 1, and by sqrt(1 + 400 x 0.15^2) where the rate itself varies by 15%."""
    rng = np.random.default_rng(11)
    months = list(range(4000))
    poisson = control_chart(table(rng.poisson(400, 4000), 10_000, months), **NAMES)
    assert poisson["sigma_z"].iloc[0] == pytest.approx(1, abs=0.04)
    assert poisson["plain_out"].mean() < 0.006
    rates = rng.gamma(1 / 0.15**2, 400 * 0.15**2, 4000)
    noisy = control_chart(table(rng.poisson(rates), 10_000, months), **NAMES)
    assert noisy["sigma_z"].iloc[0] == pytest.approx(np.sqrt(10), rel=0.04)
    assert noisy["plain_out"].mean() > 0.3, "plain limits call noise news"
    assert noisy["out"].mean() < 0.01


@pytest.mark.parametrize(
    "periods",
    [
        [f"{month:02d}/2024" for month in range(9, 13)] + [f"{month:02d}/2025" for month in range(1, 9)],
        [f"2024-Q{q}" for q in range(1, 5)] + [f"2025-Q{q}" for q in range(1, 5)] + [f"2026-Q{q}" for q in range(1, 5)],
        [f"2024-W{week:02d}" for week in range(41, 53)],
        [f"{year}-H{half}" for year in range(2020, 2026) for half in (1, 2)],
        [f"2025-02-{day:02d}" for day in range(8, 20)],
        [str(year) for year in range(2014, 2026)],
        list(range(2014, 2026)),
        list(pd.date_range("2024-11-01", periods=12, freq="MS")),
        list(pd.period_range("2024-11", periods=12, freq="M")),
        list(pd.Categorical([f"wave {i}" for i in range(12)], [f"wave {i}" for i in range(12)], ordered=True)),
    ],
    ids=["month/year", "quarter", "week", "half", "day", "year", "number", "date", "Period", "ordered"],
)
def test_rows_come_in_order_of_time(periods):
    if isinstance(periods[0], str) and periods[0].startswith("wave"):
        periods = pd.Categorical(periods, periods, ordered=True)
    counts = [4, 9, 3, 4, 8, 4, 2, 7, 5, 1, 0, 3]
    frame = pd.DataFrame({"period": periods, "count": counts, "base": 100})
    chart = control_chart(frame.sample(frac=1, random_state=3), **NAMES)
    assert chart["count"].tolist() == counts
    assert chart["period"].tolist() == list(periods)


# -- bad input ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"count": [-1, 2.5] + [3] * 10},
         "counts of complaints must be whole numbers of 0 or more; 2 are not, e.g. -1.0 in 2025-01 (columns count, "
         "period)"),
        ({"count": [3, None] + [3] * 10}, "1 are not, e.g. blank in 2025-02"),
        ({"count": [3, np.inf] + [3] * 10}, "1 are not, e.g. inf in 2025-02"),
        ({"count": [3, "many"] + [3] * 10}, "1 are not, e.g. many in 2025-02"),
        ({"count": pd.Timestamp("2025-01-01")}, "12 are not, e.g. 2025-01-01 00:00:00 in 2025-01"),
        ({"base": [0, -5] + [3] * 10},
         "the base of a period must be a number above 0; 2 are not, e.g. 0 in 2025-01 (columns base, period)"),
        ({"base": pd.array([None] + [3] * 11, dtype="Int64")}, "1 are not, e.g. blank in 2025-01"),
        ({"period": [None, *MONTHS[1:]]}, "a period must not be blank; 1 are (column period)"),
        ({"period": ["2025-02", *MONTHS[1:]]}, "a period has one row; 1 have more, e.g. 2025-02 has 2 (column period)"),
        ({"period": ["Jan 25", *MONTHS[1:]]},
         "periods must be dates, numbers, ordered categories or text such as 2025-01, 2025-Q1 or 01/2025, all of one "
         "form; 1 are not, e.g. Jan 25 (column period)"),
        ({"period": [*MONTHS[:-1], "2025"]}, "1 are not, e.g. 2025 (column period)"),
        ({"period": [*MONTHS[:-1], "2025-13"]}, "1 are not, e.g. 2025-13 (column period)"),
        ({"period": [f"2025-{month}" for month in range(1, 13)]}, "9 are not, e.g. 2025-1 (column period)"),
    ],
)  # fmt: skip
def test_bad_rows_are_refused_in_one_sentence(changed, message):
    with pytest.raises(CxError) as caught:
        control_chart(table([3] * 12).assign(**changed), **NAMES)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"count": "counts"}, "there is no column counts in the table; did you mean count?"),
        ({"per": 0}, "a rate is per a number above 0, e.g. 1000; found 0"),
        ({"per": "1000"}, "found '1000'"),
    ],
)
def test_bad_arguments_are_refused_in_one_sentence(changed, message):
    with pytest.raises(CxError) as caught:
        control_chart(table([3] * 12), **NAMES | changed)
    assert message in str(caught.value)


def test_an_empty_table_is_refused():
    with pytest.raises(CxError, match=r"needs at least 8 periods.*found 0"):
        control_chart(table([]), **NAMES)


# -- by month ----------------------------------------------------------------------------------------------------


def complaints(*rows: tuple) -> pd.DataFrame:
    """A row a complaint: its day and its complainer."""
    frame = pd.DataFrame(rows, columns=["when", "complainer"])
    return frame.assign(when=pd.to_datetime(frame["when"], format="ISO8601"))


def customers(*rows: tuple) -> pd.DataFrame:
    """A row a customer: the days of coming and leaving."""
    return pd.DataFrame(rows, columns=["since", "left"]).apply(pd.to_datetime, format="ISO8601")


STAYING = customers(
    ("2024-01-01", None), ("2025-02-01 09:30", None), ("2025-02-02", None), ("2024-05-05", "2025-02-01"),
    ("2024-05-05", "2025-01-31"), (None, None), (None, "2025-01-01"),
)  # fmt: skip


def test_months_by_hand():
    """Present on 1 February: who came on it and who left on it, not who came on the 2nd or left on 31 January."""
    rows = complaints(
        ("2025-01-01", "a"), ("2025-01-31 23:59", "a"), ("2025-01-31", "b"), ("2025-01-15", None),
        ("2025-02-01 00:00", "a"), ("2025-03-31", "c"), (None, "d"),
    )  # fmt: skip
    found = by_month(rows, STAYING).set_index("period")
    assert found["count"].to_dict() == {"2025-01": 2, "2025-02": 1, "2025-03": 1}
    assert found["base"].to_dict() == {"2025-01": 3, "2025-02": 3, "2025-03": 3}
    assert found["complaints"].tolist() == [4, 1, 1]
    assert found["unnamed"].tolist() == [1, 0, 0]
    assert (found["undated_complaints"] == 1).all()
    assert (found["undated_customers"] == 2).all()


@pytest.mark.parametrize(
    ("period", "months"),
    [
        ({}, ["2025-02"]),
        ({"end": "2025-03-31"}, ["2025-02", "2025-03"]),
        ({"start": "2025-01-01"}, ["2025-01", "2025-02"]),
        ({"start": "2024-12-02", "end": "2025-04-29"}, ["2025-01", "2025-02", "2025-03"]),
        ({"start": pd.Timestamp("2025-02-01"), "end": pd.Timestamp("2025-02-28")}, ["2025-02"]),
    ],
)
def test_months_that_are_covered_in_part_are_dropped(period, months):
    """The complaints run from 2 January to 30 March."""
    rows = complaints(("2025-01-02", "a"), ("2025-02-14", "b"), ("2025-03-30", "c"))
    assert by_month(rows, STAYING, **period)["period"].tolist() == months


def test_the_demo_by_pandas_alone():
    """Texts of the files compared as texts; 2026-09 is dropped, as its last complaint is of the 27th."""
    study = Study.load(ROOT / "data/demo")
    found = by_month(study.table("complaints"), study.table("customers"))
    raw, people = (pd.read_csv(ROOT / f"data/demo/{name}.csv") for name in ("complaints", "customers"))
    distinct = raw.groupby(raw["when"].str[:7])["customer_id"].nunique().drop("2026-09")
    assert found.set_index("period")["count"].to_dict() == distinct.to_dict()
    for row in found.to_dict("records"):
        first = f"{row['period']}-01"
        present = (people["since"] <= first) & ~(people["left"] < first)
        assert row["base"] == present.sum()
    assert found["complaints"].sum() == (raw["when"] < "2026-09").sum()
    chart = control_chart(found, **NAMES)
    assert len(chart) == 20
    assert chart["centre"].iloc[0] == pytest.approx(1000 * distinct.sum() / found["base"].sum())


def test_months_without_a_complaint_are_months():
    none = complaints()
    found = by_month(none.astype({"when": "datetime64[us]"}), STAYING, start="2025-01-01", end="2025-12-31")
    assert found["count"].tolist() == [0] * 12
    assert control_chart(found, **NAMES)["out"].sum() == 0


@pytest.mark.parametrize(
    ("rows", "people", "how", "message"),
    [
        ([("2025-01-01", "a")], STAYING, {"when": "day"}, "there is no column day in the table complaints"),
        ([("2025-01-01", "a")], STAYING, {"complainer": "complaner"}, "; did you mean complainer?"),
        ([("2025-01-01", "a")], STAYING, {"since": "sinc"},
         "there is no column sinc in the table customers; did you mean since?"),
        ([(None, "a")], STAYING, {}, "no complaint has a day (1 rows); name the start and the end of the period"),
        ([("2025-01-02", "a"), ("2025-01-31", "b")], STAYING, {},
         "a period covers at least one whole month; found 2025-01-02 to 2025-01-31"),
        ([("2025-01-01", "a")], STAYING, {"start": "2025-03-01"},
         "a period ends after its start; found 2025-03-01 to 2025-01-01"),
        ([("2025-01-01", "a")], STAYING, {"end": "31/1/2025"},
         "a day of the period is written 2026-01-31; found 31/1/2025"),
        ([("2025-01-01", "a")], STAYING.astype({"since": str}), {},
         "the column since of customers must hold dates; it holds '2024-01-01 00:00:00' (pd.to_datetime() makes dates "
         "of text)"),
        ([("2025-01-01", "a")], customers(("2025-01-01", None), ("2025-02-01", "2025-01-31")), {},
         "customers must leave after they come; 1 left before, e.g. came 2025-02-01, left 2025-01-31 (row 2)"),
    ],
)  # fmt: skip
def test_months_of_bad_tables_are_refused_in_one_sentence(rows, people, how, message):
    with pytest.raises(CxError) as caught:
        by_month(complaints(*rows), people, **how)
    assert message in str(caught.value)


def test_a_month_before_the_first_customer_is_refused_by_the_chart():
    found = by_month(complaints(("2025-01-05", "a")), STAYING, start="2023-01-01", end="2025-01-31")
    with pytest.raises(CxError, match=r"base of a period must be a number above 0; 12 are not, e\.g\. 0 in 2023-01"):
        control_chart(found, **NAMES)
