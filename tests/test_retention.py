"""Retention and churn over a period.

Oracles: hand counts, Wilson's interval of statsmodels, and a count over the demo's customers.csv with pandas alone.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from cxlib import CxError, Study, retention
from cxlib.sentences import retention as say

ROOT = Path(__file__).resolve().parent.parent
TABLES = """tables:
  survey: {file: s.csv, questions: {q: {role: number}}}
  customers: {file: c.csv, customer: id, since: since, left: left, questions: {city: {role: segment, label: City}}}
"""


def customers(*extra: str) -> dict:
    """60 from 2020 to stay, 10 who leave in 2024, 20 in 2025, 15 who come in 2025, and `extra` rows."""
    rows = [f"s{i},2020-01-01,,north" for i in range(60)]
    rows += [f"l{i},2020-01-01,2024-06-30,north" for i in range(10)]
    rows += [f"m{i},2024-12-31,2025-{1 + i % 12:02d}-15,south" for i in range(20)]
    rows += [f"n{i},2025-03-01,{'2025-12-31' if i == 0 else ''},south" for i in range(15)]
    return {"s.csv": "q\n1\n", "c.csv": "\n".join(["id,since,left,city", *rows, *extra])}


def test_rates_by_hand(load):
    """80 were there before 2025, 20 of them left in it; who left in 2024 and who came in 2025 is not in the base."""
    rows = retention.rates(load(TABLES, customers("x,2021-01-01,2026-01-01,north"))).set_index("group")
    row = rows.loc["All customers"]
    assert (row["start"], row["end"]) == (pd.Timestamp("2025-01-01"), pd.Timestamp("2025-12-31"))
    assert (row["n"], row["lost"], row["joined"], row["undated"]) == (81, 20, 15, 0)
    assert row["estimate"] == pytest.approx(100 * 61 / 81)
    low, high = proportion_confint(61, 81, method="wilson")
    np.testing.assert_allclose(row[["low", "high"]].astype(float), [100 * low, 100 * high])
    np.testing.assert_allclose(
        row[["churn", "churn_low", "churn_high"]].astype(float), [2000 / 81, 100 - 100 * high, 100 - 100 * low]
    )
    assert row["se"] == pytest.approx(100 * np.sqrt(61 * 20 / 81**2 / 80))
    assert row["n_effective"] == pytest.approx(81)
    assert (rows.loc["north", "n"], rows.loc["north", "lost"]) == (61, 0)
    assert rows.loc["north", "estimate"] == 100
    south = rows.loc["south"]
    assert (south["n"], south["joined"]) == (20, 15)
    assert south[["estimate", "low", "high", "churn", "lost"]].isna().all(), "20 customers are too few"


def test_the_edges_of_the_period(load):
    """There at the start: came before its first day. There at the end: not gone by its last."""
    study = load(TABLES, customers())
    rates = retention.rates(study, start="2025-01-15", end="2025-02-15").set_index("group")
    assert (rates.loc["All customers", "n"], rates.loc["All customers", "lost"]) == (80, 4)
    later = retention.rates(study, start="2025-01-16", end="2025-02-14").set_index("group")
    assert (later.loc["All customers", "n"], later.loc["All customers", "lost"]) == (78, 0)
    joined = retention.rates(study, start="2025-03-01", end="2025-03-02").set_index("group").loc["All customers"]
    assert (joined["n"], joined["joined"]) == (76, 15)
    assert joined["chosen"] == "as given"


def test_the_demo_by_pandas_alone():
    study = Study.load(ROOT / "data/demo")
    rows = retention.rates(study, start="2025-07-01", end="2026-06-30")
    raw = pd.read_csv(ROOT / "data/demo/customers.csv")
    base = raw[(raw["since"] < "2025-07-01") & ~(raw["left"] < "2025-07-01")]
    kept = base["left"].isna() | (base["left"] > "2026-06-30")
    row = rows.iloc[0]
    assert (row["n"], row["lost"]) == (len(base), (~kept).sum())
    assert row["estimate"] == pytest.approx(100 * kept.mean())
    cities = rows[rows["segment"] == "City"].set_index("group")["estimate"]
    wanted = 100 * kept.groupby(base["city"]).mean()
    np.testing.assert_allclose(cities[["Ho Chi Minh City", "Hanoi"]], wanted[["hcm", "hanoi"]])
    assert rows.groupby("segment")["n"].sum().eq(len(base)).all()
    ages = rows[rows["segment"] == "Age band"]["group"].tolist()
    assert ages == study.levels("age_band", "customers")


def test_the_period_is_the_last_calendar_year_that_the_dates_cover(load):
    to_end = load(TABLES, customers())  # the last date is 2025-12-31
    assert retention.period(to_end)[0] == pd.Timestamp("2025-01-01")
    short = customers()
    short["c.csv"] = short["c.csv"].replace("2025-12-31", "2025-12-30")
    assert retention.period(load(TABLES, short))[0] == pd.Timestamp("2024-01-01")
    none = {"s.csv": "q\n1\n", "c.csv": "id,since,left,city\na,2025-01-02,,north\nb,2025-02-01,2025-12-31,north\n"}
    study = load(TABLES, none)
    assert retention.period(study) is None
    assert retention.rates(study).empty
    told = say.rates(study, retention.rates(study), confidence=0.95)["no_retention"]
    assert told == "The dates of its customers cover no calendar year; name a period, so there is no retention rate."


@pytest.mark.parametrize(
    ("extra", "period", "message"),
    [
        (["x,2025-02-01,2025-01-31,north", "y,2025-02-01,2024-01-31,north"], {},
         "customers must leave after they come; 2 left before, e.g. came 2025-02-01, left 2025-01-31 (customer x)"),
        ([], {"start": "2025-01-01"}, "a period has a start and an end; only the start is given"),
        ([], {"end": "2025-01-01"}, "only the end is given"),
        ([], {"start": "1/2/2025", "end": "2025-03-01"}, "a day of the period is written 2026-01-31; found 1/2/2025"),
        ([], {"start": "2025-03-01", "end": "2025-03-01"}, "a period ends after its start"),
        ([], {"start": "2025-01-01", "end": "2026-12-31"},
         "the period 2025-01-01 to 2026-12-31 reaches outside the customers' dates, 2020-01-01 to 2025-12-31; nobody"),
        ([], {"start": "2019-01-01", "end": "2025-06-30"}, "reaches outside"),
        ([], {"start": "2020-01-01", "end": "2025-06-30"},
         "no customer was there before 2020-01-01; the first came on 2020-01-01"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_sentence(load, extra, period, message):
    study = load(TABLES, customers(*extra))
    with pytest.raises(CxError) as caught:
        retention.rates(study, **period)
    assert message in str(caught.value)


def test_customers_without_a_day_of_joining_are_left_out_and_told(load):
    study = load(TABLES, customers("x,,2025-05-05,north", "y,,,north"))
    rows = retention.rates(study)
    assert (rows["n"].iloc[0], rows["undated"].iloc[0]) == (80, 2)
    told = say.rates(study, rows, confidence=0.95)
    assert told["retention_joined"].endswith("2 without a day of joining are left out.")
    assert told["retention"] == (
        "Of 80 customers who were there when it began, 75.0% (95% interval 64.5 to 83.2%) were still there at its end: "
        "retention. 20 were lost, a churn of 25.0% (95% interval 16.8 to 35.5%)."
    )
    assert told["retention_period"] == (
        "The period is 1 January 2025 to 31 December 2025, the last calendar year that the customers' dates cover."
    )


def test_studies_without_customers_or_dates_have_no_rate(load):
    told = (
        "The study has no table of customers with the days on which they came and left, so there is no retention rate."
    )
    for tables in (TABLES[: TABLES.index("  customers")], TABLES.replace("since: since, left: left, ", "")):
        study = load(tables, customers())
        rows = retention.rates(study)
        assert rows.empty
        assert say.rates(study, rows, confidence=0.95) == {"no_retention": told}
