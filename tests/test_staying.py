"""How long customers stay, as the journey chapter tells it: contracts, purchases, groups, horizons, and CDNOW.

Oracles: hand calculation, counts with pandas, the published facts of the CDNOW file, error texts.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from journey_chapter import CUSTOMERS, customers, made, survey

from cxlib import CxError, Study, retention
from cxlib.staying import in_percent, points, score_curves, staying
from cxlib.survival import survival

CDNOW = Path(__file__).resolve().parent.parent.parent / "shared/data/cdnow/CDNOW_master.txt"
needs_cdnow = pytest.mark.skipif(not CDNOW.exists(), reason="needs CDNOW (../shared/data/cdnow)")
ALONE = {"only": ("customers",)}
PURCHASES = {"only": ("sales",), "without": ["sales.won", "sales.reason", "sales.employee"]}


def of(load, *, frame=None, changes=ALONE, **how):
    """staying() of the small study's customers."""
    study = made(load, **changes, **({} if frame is None else {"frames": {"customers": frame}}))
    return staying(study, study.table("customers") if study.has("customers") else None, **how)


def test_groups_are_the_first_question_s_and_small_ones_have_no_curve(load):
    """12 on the islands, by construction; the kinds are nine, too many for curves."""
    found = of(load)
    assert (found.kind, found.by) == ("contract", "Region")
    assert list(dict.fromkeys(found.curves["group"].astype(str))) == ["North", "South"]
    assert set(found.at["group"].astype(str)) == {"North", "South", "Islands"}
    entered = found.people
    assert (entered["entry"] < entered["duration"]).all()


def test_nobody_left_makes_all_stay(load):
    """Up to day 365 all who came are there: the mean lifetime is 365 days, and a value of 10 a month comes to 10 x 365
    / 30.4375. The islands' customers came too late to be followed so long."""
    found = of(load, frame=customers().assign(gone=None, worth=10))
    assert found.test.empty
    assert found.lifetimes["estimate"].dropna().tolist() == [365] * 2
    assert found.worth["estimate"].iloc[0] == pytest.approx(10 * 365 / (365.25 / 12))
    assert in_percent(found.at)["estimate"].dropna().eq(100).all()


def test_everybody_left_comes_to_nothing(load):
    """Who left on the first day of departures was there the day before: all are seen to leave."""
    frame = customers().assign(gone=[f"2026-{1 + i % 6:02}-20" for i in range(CUSTOMERS)])
    found = of(load, frame=frame)
    assert len(found.people) == CUSTOMERS
    assert found.people["event"].all()
    assert found.test["p"].between(0, 1).all()


def test_lifetimes_reach_past_the_last_departure(load):
    """All come on a day and leave within 100 days, so that nobody is there later: the mean of 365 days is theirs."""
    days = np.arange(60) % 50 + 1
    came = pd.Timestamp("2026-01-01")
    frame = customers(60).assign(since="2026-01-01", gone=(came + pd.to_timedelta(days, unit="D")).strftime("%Y-%m-%d"))
    found = of(load, frame=frame.assign(region="n", kind="k"))
    assert found.lifetimes["estimate"].iloc[0] == pytest.approx(days.mean())
    assert found.lifetimes["begins"].iloc[0] == 0


def test_curves_that_begin_after_the_horizon_have_no_lifetime(load):
    """All came six years before departures are recorded: nothing is known of their first year, nor is it refused."""
    found = of(load, frame=customers().assign(since="2020-01-05"))
    assert found.lifetimes.empty
    assert len(found.curves)
    assert found.curves["time"].min() > 365


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (customers().assign(since="2026-01-05", gone=None), "no customer was followed for a day"),
    ],
)
def test_customers_of_whom_nothing_is_known_are_told(load, frame, why):
    found = of(load, frame=frame)
    assert (found.kind, found.why_not) == ("", why)
    assert found.curves.empty
    assert points(found.curves, 30).empty


REFUSED = {
    "an unknown question": (
        {"by": "regon"},
        "curves are by a question of the customers, not regon; did you mean region?; there are region, kind",
    ),
    "too many groups": ({"by": "kind"}, "curves are of 2 to 6 groups; kind has 9"),
    "personas that there are not": (
        {"by": "persona", "frame": customers().assign(kind="k")},
        "customers cannot be placed in personas: no segments: fewer than two questions could form any",
    ),
    "groups of purchases": (
        {"by": "region", "changes": PURCHASES},
        "curves by region need customers with the days on which they came and left; the study has none",
    ),
    "a horizon of nothing": ({"horizon": 0}, "a horizon is a number of days above 0; found 0"),
    "a horizon in the past": ({"horizon": -30}, "a horizon is a number of days above 0; found -30"),
    "no number": ({"horizon": float("nan")}, "a horizon is a number of days above 0; found nan"),
    "no end": ({"horizon": float("inf")}, "a horizon is a number of days above 0; found inf"),
    "an end before its start": (
        {"frame": customers().assign(gone=lambda t: t["gone"].where(t.index != 8, "2020-01-01"))},
        "customers must leave after they come; 1 left before, e.g. came 2023-01-18, left 2020-01-01 (customer c8)",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_told_ends_in_one_sentence(load, name):
    how, message = REFUSED[name]
    with pytest.raises(CxError) as caught:
        of(load, **how)
    assert str(caught.value) == message


def test_a_horizon_beyond_the_data_leaves_lifetime_and_value_out(load):
    found = of(load, horizon=9000)
    assert found.lifetimes.empty
    assert found.worth.empty
    assert len(found.curves)


def test_curves_by_score_run_from_the_answer(load):
    """300 answered in June 2025, when all were there; 100 of them 0 to 6. Who left had answered 7 months before."""
    study = made(load)
    label, curves = score_curves(study, study.table("customers"))
    assert label == "Recommendation"
    sizes = curves.groupby("group", sort=False, observed=True)["n"].first()
    assert dict(sizes) == {"Detractors": 100, "Passives": 100, "Promoters": 100}
    assert (
        curves.loc[curves["events"] > 0, "time"].min() == (pd.Timestamp("2026-01-20") - pd.Timestamp("2025-06-10")).days
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"frames": {"survey": survey().assign(customer="nobody")}},
        {"frames": {"survey": survey().assign(day="2030-01-01")}},
        {"without": ["survey.customer"]},
        {"without": ["customers.left"]},
        {"only": ("customers",)},
    ],
    ids=["strangers", "after the data", "no names", "no departures", "no survey"],
)
def test_without_answers_of_customers_there_are_no_curves_by_score(load, changes):
    study = made(load, **changes)
    assert score_curves(study, study.table("customers"))[1].empty


def test_curves_by_score_need_no_day_of_coming(load):
    study = made(load, without=["customers.since"])
    assert len(score_curves(study, study.table("customers"))[1])


def test_purchases_are_those_of_the_group(load):
    """Without days of leaving purchases tell; of a group of customers only theirs count."""
    study = made(load, without=["customers.left"])
    table = study.table("customers")
    north = table[table["region"].astype(str) == "North"].reset_index(drop=True)
    found = staying(study, north)
    bought = study.table("sales").query("won == 1")
    assert found.kind == "purchases"
    assert found.checked["rows"].iloc[0] == bought["customer"].isin(north["customer"]).sum()
    assert staying(study, table).checked["rows"].iloc[0] == len(bought)


def test_purchases_without_a_second_one_are_told(load):
    frame = pd.DataFrame({"customer": ["a", "b"], "when": ["2026-01-01", "2026-02-01"], "value": 1})
    found = staying(made(load, **PURCHASES, frames={"sales": frame}), None)
    assert found.kind == ""
    assert found.why_not == "an inactivity rule needs customers who came back; each of 2 bought on one day only"


def test_years_of_purchases_fit_a_picture(load):
    """Seven years of months are more than a heat map has room for: quarters."""
    when = pd.date_range("2019-01-15", "2025-12-15", freq="30D")
    frame = pd.DataFrame({"customer": [f"c{i % 40}" for i in range(len(when))], "when": when, "value": 1})
    table = staying(made(load, **PURCHASES, frames={"sales": frame}), None).cohorts
    assert table["cohort"].iloc[0] == "2019Q1"


def test_retention_of_a_period_still_works(load):
    """Chapter 02's front door, counted with pandas: all came before 2026, and some left in its first quarter."""
    rows = retention.rates(made(load, **ALONE), start="2026-01-01", end="2026-03-31")
    gone = pd.to_datetime(customers()["gone"]).le("2026-03-31").sum()
    everybody = rows[rows["group"] == retention.EVERYBODY].iloc[0]
    assert everybody["n"] == CUSTOMERS
    assert everybody["lost"] == gone
    assert everybody["estimate"] == pytest.approx(100 - 100 * gone / CUSTOMERS)


@pytest.fixture(scope="module")
def cdnow(tmp_path_factory):
    """CDNOW as a study: the file has no header and blanks between its columns, so it is written as CSV."""
    folder = tmp_path_factory.mktemp("cdnow")
    names = ["customer", "day", "pieces", "dollars"]
    frame = pd.read_csv(CDNOW, sep=r"\s+", names=names, skiprows=1, dtype=str)
    day = frame["day"].str.replace(r"(\d{4})(\d\d)(\d\d)", r"\1-\2-\3", regex=True)
    frame.assign(day=day).to_csv(folder / "purchases.csv", index=False)
    sales = {"file": "purchases.csv", "customer": "customer", "when": "day", "value": "dollars",
             "questions": {"pieces": {"role": "number"}}}  # fmt: skip
    spec = {"study": "cdnow", "title": "CDNOW", "sample": "census", "tables": {"sales": sales}}
    (folder / "study.yml").write_text(yaml.safe_dump(spec), encoding="utf-8")
    study = Study.load(folder)
    return study, staying(study, None)


@needs_cdnow
def test_cdnow_is_counted_whole(cdnow):
    """The file's published facts: 69,659 purchases of 23,570 customers for 2,500,315.63 dollars."""
    _, found = cdnow
    told = found.checked.set_index("what")
    assert told.loc["all purchases", ["rows", "customers"]].tolist() == [69_659, 23_570]
    assert told.loc["all purchases", "value"] == pytest.approx(2_500_315.63, abs=0.005)
    assert told.loc["of value 0", "rows"] == 80
    assert told.loc["identical to an earlier row", "rows"] == 255


@needs_cdnow
def test_cdnow_s_cohorts_add_up(cdnow):
    """Customers all came in the first quarter of 1997; cells add up to all purchases and dollars."""
    _, found = cdnow
    starts = found.cohorts.drop_duplicates("cohort")
    assert starts["cohort"].tolist() == ["1997-01", "1997-02", "1997-03"]
    assert starts["at_start"].sum() == 23_570
    assert found.cohorts["purchases"].sum() + found.cohorts["later"].iloc[0] == 69_659
    assert found.cohorts["value"].sum() == pytest.approx(2_500_315.63, abs=0.005)
    assert len(found.people) == 23_570
    assert found.rule.n == 23_570


def test_a_complete_register_keeps_its_first_leavers(load):
    """By hand: of 400 who came in January half left on its last day, and 40 of the others at the end of June."""
    frame = customers(400)
    came = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(400) % 28, unit="D")
    gone = np.where(np.arange(400) < 200, "2024-01-31", np.where(np.arange(400) < 240, "2024-06-30", None))
    gone[-1] = "2025-06-30"  # so that the table goes on until then
    frame = frame.assign(since=came.strftime("%Y-%m-%d"), gone=gone, region="n", kind="k")
    at = of(load, frame=frame).at.set_index("time")["estimate"]
    assert at[90] == pytest.approx(0.5, abs=0.01)
    assert at[180] == pytest.approx(0.4, abs=0.01)


def test_who_leaves_on_the_day_he_came_counts(load):
    """By hand: 50 of 200 leave on their first day, so that three quarters are there after it."""
    frame = customers(200).assign(since="2024-01-01", gone=None, region="n", kind="k")
    frame.loc[:49, "gone"], frame.loc[50:59, "gone"] = "2024-01-01", "2024-03-01"
    frame.loc[60, "gone"] = "2025-06-30"
    assert of(load, frame=frame).at.set_index("time")["estimate"][180] == pytest.approx(140 / 200)


def test_departures_of_one_day_are_a_snapshot(load):
    """Oracle: survival() of the tenures, without late entry."""
    tenure = 30 + 7 * np.arange(200)
    came = pd.Timestamp("2026-01-01") - pd.to_timedelta(tenure, unit="D")
    gone = np.where(np.arange(200) % 4 == 0, "2026-01-01", None)
    frame = customers(200).assign(since=came.strftime("%Y-%m-%d"), gone=gone, region="n", kind="k")
    wanted = survival(pd.DataFrame({"t": tenure, "e": np.arange(200) % 4 == 0}), duration="t", event="e")
    found = of(load, frame=frame).curves
    assert found["estimate"].to_numpy() == pytest.approx(wanted["estimate"].to_numpy())
