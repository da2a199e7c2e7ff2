"""What a score is worth: the tables of value, silence and leaving, and why they may be lacking.

Oracles: counts and means by hand on small studies, and lifelines of the demo's customers counted from its file.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from regression_study import customers, made, survey

from cxlib import CxError, Study, worth
from cxlib.regressions import regression

ROOT = Path(__file__).resolve().parent.parent
BANDS = {"Detractors": (0, 6), "Passives": (7, 8), "Promoters": (9, 10)}


def test_value_by_band_by_hand(load):
    """Each customer answered once: the mean worth of those in a band."""
    case = regression(made(load))
    assert worth.why_not(case, 90) == ""
    both = survey().merge(customers(), left_on="customer", right_on="id")
    rows = worth.by_band(case, 90)
    value = rows[rows["outcome"] == "value"].set_index("band")
    for band, (low, high) in BANDS.items():
        inside = both["recommend"].between(low, high)
        assert value.loc[band, "n"] == inside.sum()
        assert value.loc[band, "estimate"] == pytest.approx(both.loc[inside, "worth"].mean())
    gap = worth.gaps(case, 90).query("outcome == 'value' and band == 'Promoters' and other == 'Detractors'")
    assert gap["estimate"].item() == pytest.approx(
        value.loc["Promoters", "estimate"] - value.loc["Detractors", "estimate"]
    )


def test_who_did_not_answer_stands_apart(load):
    """By hand: the day after the last answer of w4 is 2026-07-11; who is a customer then, and answered in w4 or not."""
    found = worth.silent(regression(made(load)), 90)
    people = customers()
    there = people[~(pd.to_datetime(people["gone"]) < "2026-07-11")]
    answered = there["id"].isin(survey().query("wave == 'w4'")["customer"])
    value = found[found["outcome"] == "value"].set_index("band")
    assert value.loc["No answer", "n"] == (~answered).sum()
    assert value["share"].sum() == pytest.approx(100)
    assert value.loc["No answer", "share"] == pytest.approx(100 * (~answered).mean())


LACKING = {
    "no customers": ({"without": ["customers"]}, "value needs a table customers; there are survey"),
    "no column of customers": (
        {"without": ["survey.customer"]},
        "the survey must say which column names the customer, e.g. `customer: id`",
    ),
    "customers of another company": (
        {"frames": {"customers": customers().assign(id=lambda t: "x" + t["id"])}},
        "no answer to recommend names a customer of the table customers",
    ),
    "customers of whom nothing is known": (
        {"without": ["customers.since", "customers.left", "customers.value", "survey.when"]},
        "the tables tell nothing of the customers' value, dates or purchases",
    ),
}


@pytest.mark.parametrize(("changes", "why"), LACKING.values(), ids=LACKING)
def test_why_a_score_s_worth_is_not_told(load, changes, why):
    case = regression(made(load, **changes))
    assert worth.why_not(case, 90) == why
    assert [made_of(case, 90).empty for made_of in (worth.by_band, worth.gaps, worth.silent)] == [True] * 3


def test_an_event_has_no_bands(load):
    case = regression(made(load), outcome="loyal")
    assert worth.why_not(case, 90) == "the outcome is no metric"
    assert worth.by_band(case, 90).empty
    assert worth.sensitivity(case).empty
    assert len(worth.leaving(case)) == 1  # of customers, whatever is explained


def test_days_must_be_some(load):
    with pytest.raises(CxError, match="days after an answer are 1 or more; found 0"):
        worth.why_not(regression(made(load)), 0)


def test_customers_without_dates_have_a_value_alone(load):
    case = regression(made(load, without=["customers.since", "customers.left", "survey.when"]))
    assert worth.by_band(case, 90)["outcome"].unique().tolist() == ["value"]
    assert worth.silent(case, 90).empty
    assert worth.leaving(case).empty


def test_one_band_has_no_gap(load):
    """Everybody a promoter: nobody to compare them with."""
    case = regression(made(load, frames={"survey": survey().assign(recommend=lambda t: 9 + (t["care"] > 3))}))
    assert worth.by_band(case, 90)["band"].unique().tolist() == ["Promoters"]
    assert worth.gaps(case, 90).empty


def test_an_nps_were_the_others_a_point_less_happy(load):
    """By hand: the mean of own points and of those a point lower, as 25% answered."""
    case = regression(made(load))
    answers = survey().query("wave == 'w4'")["recommend"].to_numpy()

    def nps(x) -> float:
        return 100 * ((x >= 9).mean() - (x <= 6).mean())

    rows = worth.sensitivity(case, 0.25).set_index("lower")
    assert rows.loc[0, "estimate"] == pytest.approx(nps(answers))
    assert rows.loc[1, "estimate"] == pytest.approx(0.25 * nps(answers) + 0.75 * nps(np.maximum(answers - 1, 0)))
    assert (rows["response"] == 25).all()
    assert sorted(worth.sensitivity(case)["response"].unique()) == pytest.approx([10, 30, 50])


@pytest.mark.parametrize("response", [1.5, -0.5])
def test_a_share_that_answered_is_a_share(load, response):
    with pytest.raises(
        CxError, match=rf"^the share that answered lies between 0 and 1, e.g. 0.25; found \[{response}\]"
    ):
        worth.sensitivity(regression(made(load)), response)


# -- leaving ---------------------------------------------------------------------------------------------------------


def test_leaving_by_hand(load):
    """One attribute of two groups, at whose first days all are under watch: Cox's likelihood on a grid.

    Customers enter on the day of the first departure on record, or later, when they come; who left on that very day is
    not in it, since nobody knows who left before.
    """
    case = regression(made(load))
    table = customers().assign(since=lambda t: pd.to_datetime(t["since"]), gone=lambda t: pd.to_datetime(t["gone"]))
    first, last = table["gone"].min(), table["gone"].max()
    enter = (first - table["since"]).dt.days.clip(lower=0)
    end = (table["gone"].fillna(last) - table["since"]).dt.days
    kept = end > enter
    row = worth.leaving(case).iloc[0]
    assert (row["n"], row["events"]) == (kept.sum(), table.loc[kept, "gone"].notna().sum())
    assert (row["label"], row["unit"]) == ("City: South", "ratio")

    south, enter, end = (x[kept].to_numpy() for x in (table["city"] == "s", enter, end))
    left = table.loc[kept, "gone"].notna().to_numpy()

    def likelihood(beta: float) -> float:  # Efron's, one time after another
        total, risk = 0.0, np.exp(beta * south)
        for time in np.unique(end[left]):
            tied = left & (end == time)
            at = risk[(enter < time) & (end >= time)].sum()
            total += beta * south[tied].sum()
            total -= sum(np.log(at - j / tied.sum() * risk[tied].sum()) for j in range(tied.sum()))
        return total

    grid = np.linspace(np.log(row["estimate"]) - 0.3, np.log(row["estimate"]) + 0.3, 121)
    best = grid[np.argmax([likelihood(beta) for beta in grid])]
    assert np.log(row["estimate"]) == pytest.approx(best, abs=0.005)
    assert row["low"] > 1  # more left in the south, by construction


NOBODY = {
    "nobody left": customers().assign(gone=None),
    "nobody left in the north": customers().assign(gone=lambda t: t["gone"].where(t["city"] == "s")),
    "all from one city": customers().assign(city="n"),
    "nobody knows since when": customers().assign(since=None),
}


@pytest.mark.parametrize("people", NOBODY.values(), ids=NOBODY)
def test_leaving_that_cannot_be_told_has_no_rows(load, people):
    assert worth.leaving(regression(made(load, frames={"customers": people}))).empty


def test_a_group_of_customers_that_nobody_is_in_is_no_term(load):
    city = {"role": "segment", "labels": {"n": "North", "e": "East", "s": "South"}}
    study = made(load, tables={"customers": {"questions": {"city": city}}})
    assert worth.leaving(regression(study))["label"].tolist() == ["City: South"]


def test_the_demo_s_attributes_take_bands_of_a_number_once():
    """Age is a number and cut into bands, which say the same; industry and the like are known of businesses alone."""
    rows = worth.leaving(regression(Study.load(ROOT / "data/demo")))
    owners = rows["term"].str.split("[").str[0].unique().tolist()
    assert owners == ["city", "sex", "channel", "segment", "age", "frequency", "payment", "priority"]
    assert (rows["n"] == rows["n"].iloc[0]).all()
    # none of these moves a customer in the demo: 14 terms, of which chance shows one or two at most
    assert ((rows["low"] > 1) | (rows["high"] < 1)).sum() <= 2
