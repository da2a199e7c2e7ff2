"""Customers who sign no contract: the rule by which they are taken as lost, and how often it is wrong.

Oracles: hand calculation, simulation with a known truth, and counts of CDNOW's purchases beside the project (skipped
where that folder is absent).
"""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint
from test_cohorts import cdnow as cdnow  # the fixture

from cxlib import CxError, inactivity
from cxlib.cohorts import triangle
from cxlib.survival import survival

HOW = {"customer": "c", "when": "d"}
SHOP = {"customer": "customer_id", "when": "when"}


def bought(**days: list[int]) -> pd.DataFrame:
    """Purchases of customers on days counted from 2025-01-01."""
    rows = [(c, pd.Timestamp("2025-01-01") + pd.Timedelta(days=d)) for c, list_ in days.items() for d in list_]
    return pd.DataFrame(rows, columns=["c", "d"])


def test_cdnow_is_counted_and_its_oddities_are_told(cdnow):
    """80 zero-value rows, 255 identical rows; 67,591 customer-days by pandas' drop_duplicates."""
    rows = inactivity.purchases_checked(cdnow, value="dollar_value", **SHOP).set_index("what")
    assert rows.loc["all purchases", ["rows", "customers"]].tolist() == [69_659, 23_570]
    assert rows.loc["all purchases", "value"] == pytest.approx(2_500_315.63, abs=0.005)
    counted = rows["rows"].to_dict()
    assert (counted["of value 0"], counted["identical to an earlier row"]) == (80, 255)
    assert counted["further purchases on a day"] == 69_659 - 67_591
    assert (counted["without customer or day"], counted["without a value"], counted["of value under 0"]) == (0, 0, 0)


def test_the_table_s_oddities_by_hand():
    frame = bought(a=[0, 0, 4], b=[1])
    frame["v"] = [5.0, 5.0, -1.0, np.nan]
    frame.loc[4] = [None, pd.Timestamp("2025-01-01"), 3.0]
    rows = inactivity.purchases_checked(frame, value="v", **HOW).set_index("what")
    assert rows["rows"].to_dict() == {
        "all purchases": 5, "without customer or day": 1, "identical to an earlier row": 1,
        "further purchases on a day": 1, "without a value": 1, "of value 0": 0, "of value under 0": 1,
    }  # fmt: skip
    assert rows.loc["of value under 0", "example"] == "row 3"


def test_the_rule_by_hand():
    """One silence a customer: 2, 4, 6, 8 ended; one of 20 days is open. By Kaplan-Meier each of the four is a fifth, so
    that half of those who come back have done so by 4, and three quarters by 6."""
    frame = bought(a=[0, 2], b=[0, 4], c=[0, 6], d=[0, 8], e=[0])
    for share, days in ((0.25, 2), (0.5, 4), (0.75, 6), (0.76, 8)):
        found = inactivity.rule(frame, until="2025-01-21", share=share, replicates=0, **HOW)
        assert (found.value, found.n) == (days, 5)
    assert "75% of those who come back within 8 days" in inactivity.rule(frame, share=0.75, **HOW).method


def test_a_frequent_buyer_counts_once():
    """The frequent one's ten silences of a day weigh as much as the other's one of 9: half have come back by 1 day."""
    frame = bought(a=list(range(11)), b=[0, 9])
    assert inactivity.rule(frame, share=0.5, **HOW).value == 1
    assert inactivity.rule(frame, share=0.51, **HOW).value == 9


def test_purchases_of_a_day_are_one_occasion():
    frame = bought(a=[0, 0, 7], b=[0, 7, 7])
    assert inactivity.rule(frame, share=0.5, **HOW).value == 7


def test_the_rule_finds_a_known_truth():
    """A third never comes back; the others' silences are exponential with a mean of 20 days, theirs alone, and end by
    80: 90% by the day that solves (1 - exp(-t / 20)) = .9 (1 - exp(-4)), 44.4; the watch ends after 200 days."""
    rng, days = np.random.default_rng(5), {}
    for i in range(4000):
        at = [rng.integers(0, 100)]
        while i % 3 and at[-1] < 200:
            at.append(at[-1] + np.ceil(-20 * np.log(1 - rng.random() * (1 - np.exp(-4)))))
        days[f"c{i}"] = [int(day) for day in at if day < 200]
    found = inactivity.rule(bought(**days), until="2025-07-19", share=0.9, **HOW)
    truth = -20 * np.log(1 - 0.9 * (1 - np.exp(-4)))
    assert found.low - 1 <= truth <= found.high + 1
    assert found.value == pytest.approx(truth, abs=2)
    assert found.high - found.low < 6


def test_who_is_lost_and_since_when():
    """On day 20, with a gap of 7: judged is day 13. a bought last on day 12 (silent 8), b on 13 (silent 7)."""
    frame = bought(a=[2, 12], b=[3, 13], c=[15])
    rows = inactivity.lost(frame, gap=7, until="2025-01-21", **HOW).set_index("customer")
    assert rows["lost"].to_dict() == {"a": True, "b": False, "c": False}
    assert rows.loc["a", "left"] == pd.Timestamp("2025-01-13")
    assert rows.loc["b", "left"] is pd.NaT
    assert rows["judged"].eq(pd.Timestamp("2025-01-14")).all()
    assert rows.loc[["a", "b"], "duration"].tolist() == [10, 10]
    assert np.isnan(rows.loc["c", "duration"]), "came after the day on which anybody can be judged"


def test_the_curve_and_the_cohorts_of_cdnow_agree(cdnow):
    """Of customers of January to March 1997, as many are still there at the judged day in the curve as in the cohorts:
    both count who has not been found lost by then."""
    rows = inactivity.lost(cdnow, gap=272, value="dollar_value", **SHOP)
    assert rows["value"].sum() == pytest.approx(2_500_315.63, abs=0.005)
    assert len(rows) == 23_570
    judged = rows["judged"].iloc[0]
    assert judged == pd.Timestamp("1997-10-01")
    curve = survival(rows, duration="duration", event="event")
    assert curve["events"].sum() == (cdnow.groupby("customer_id")["when"].max() < judged).sum()
    cells = triangle(rows, came="first", left="left", until=judged)
    september = cells[cells["cohort"].map(pd.Period) + cells["age"] == pd.Period("1997-09")]
    assert september["retained"].sum() == (cdnow.groupby("customer_id")["when"].max() > "1997-09-30").sum()


def test_false_alarms_by_hand():
    """Up to day 30 silences of 5 and 10 days: a, b, c and d are silent for longer, and c comes back; e is not lost."""
    frame = bought(a=[0, 5], b=[0, 10], c=[0, 10, 40], d=[1], e=[24, 29, 45], f=[50])
    rows = inactivity.held_out(frame, cut="2025-01-31", until="2025-03-01", **HOW).set_index("taken_as")
    assert rows["n"].to_dict() == {"lost": 4, "not lost": 1}
    assert rows["came_back"].to_dict() == {"lost": 1, "not lost": 1}
    assert rows.loc["lost", ["gap", "days"]].tolist() == [10, 29]
    low, high = proportion_confint(1, 4, method="wilson")
    np.testing.assert_allclose(rows.loc["lost", ["estimate", "low", "high"]].astype(float), [25, 100 * low, 100 * high])
    assert inactivity.held_out(frame, cut="2025-01-31", gap=99, **HOW)["n"].tolist() == [0, 5]


def test_false_alarms_of_cdnow(cdnow):
    """The counts by pandas alone."""
    rows = inactivity.held_out(cdnow, cut="1997-12-31", **SHOP).set_index("taken_as")
    before, after = cdnow[cdnow["when"] <= "1997-12-31"], cdnow[cdnow["when"] > "1997-12-31"]
    silent = (pd.Timestamp("1997-12-31") - before.groupby("customer_id")["when"].max()).dt.days
    lost = silent.index[silent > rows.loc["lost", "gap"]]
    assert rows.loc["lost", ["n", "came_back"]].tolist() == [len(lost), lost.isin(after["customer_id"]).sum()]
    assert rows["n"].sum() == 23_570
    assert rows.loc["lost", "high"] < rows.loc["not lost", "low"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: inactivity.rule(f, share=95, **HOW), "a share lies between 0 and 1, e.g. 0.95; found 95"),
        (lambda f: inactivity.rule(f, confidence=95, **HOW), "confidence lies between 0 and 1, e.g. 0.95; found 95"),
        (lambda f: inactivity.rule(f.drop_duplicates("c"), **HOW), "each of 2 bought on one day only"),
        (lambda f: inactivity.rule(f, until="2024-01-01", **HOW), "nothing was bought by 2024-01-01; the first"),
        (lambda f: inactivity.rule(f, until="1/2/2025", **HOW), "the last day is written 2026-01-31; found 1/2/2025"),
        (lambda f: inactivity.rule(f, customer="c", when="day"), "there is no column day in the purchases"),
        (lambda f: inactivity.rule(f.assign(d=20250101), **HOW), "purchases are dates; column d holds int64, e.g."),
        (lambda f: inactivity.rule(f.assign(c=None), **HOW), "a customer and a day; none of 3 rows has both"),
        (lambda f: inactivity.lost(f, gap=-1, **HOW), "a gap is a number of days, 0 or more; found -1"),
        (lambda f: inactivity.lost(f.assign(v=np.inf), value="v", gap=1, **HOW), "finite numbers; 3 in v are not"),
        (lambda f: inactivity.lost(f.assign(v="x"), value="v", gap=1, **HOW), "values are numbers; column v holds"),
        (lambda f: inactivity.held_out(f, cut="2025-01-09", **HOW), "begins after the first purchase (2025-01-01)"),
        (lambda f: inactivity.rule(f.iloc[:0], **HOW), "none of 0 rows has both"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_sentence(call, message):
    with pytest.raises(CxError) as caught:
        call(bought(a=[0, 3], b=[1]))
    assert message in str(caught.value)
