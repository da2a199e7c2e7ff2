"""The league tables of a study: which there are, of whom, and why there is none.

Oracles: what was planted in the small study, counts with pandas, error texts.
"""

import numpy as np
import pandas as pd
import pytest
from journey_chapter import MAP, customers, events, made, sales, survey

from cxlib import leagues
from cxlib.journey_study import case

LOG = events()


def of(load, *, group="", **changes) -> dict:
    """The league tables by name."""
    return {table.name: table for table in leagues.leagues(case(made(load, **changes), group=group))}


def test_what_is_planted_is_last(load):
    """An wins one offer in five and the others three; branches with uneven customers are of those who meet the shop."""
    found = of(load)
    assert list(found) == ["league_metric", "league_offers", "league_journeys"]
    offers = found["league_offers"].found.frame
    assert offers["unit"].iloc[-1] == "An"
    assert offers["rank_low"].iloc[-1] == 5
    own = sales().groupby("employee")["won"].mean() * 100
    np.testing.assert_allclose(offers.set_index("unit")["estimate"], own[offers["unit"]])
    assert set(found["league_journeys"].found.frame["unit"].iloc[:2]) == {"b1", "b3"}


def test_arrivals_are_of_journeys_known_to_have_stopped(load):
    """Counted with pandas: customers last seen a day, the usual gap, before the log ends; those who reach use."""
    when = pd.to_datetime(LOG["when"])
    last = when.groupby(LOG["customer"]).max()
    stopped = last.index[last <= when.max() - pd.Timedelta(days=1)]
    branch = customers().set_index("id")["branch"]
    rows = pd.DataFrame({"branch": branch[stopped], "there": stopped.isin(LOG["customer"][LOG["stage"] == "use"])})
    frame = of(load)["league_journeys"].found.frame.set_index("unit").dropna(subset=["estimate"])
    own = rows.groupby("branch")["there"].agg(["mean", "size"]).loc[frame.index]
    np.testing.assert_allclose(frame["estimate"], 100 * own["mean"])
    assert frame["n"].tolist() == own["size"].tolist()


def test_the_last_stage_is_the_last_that_has_an_order(load):
    drawn = pd.concat([MAP, pd.DataFrame({"stage": ["someday"]})], ignore_index=True)
    assert of(load, frames={"map": drawn})["league_journeys"].title == "Journeys that reach use by branch"


def test_a_stage_may_hold_a_quote(load):
    names = {"use": "customer's use"}
    found = of(load, frames={"map": MAP.replace({"stage": names}), "events": LOG.replace({"stage": names})})
    assert found["league_journeys"].found.frame["estimate"].max() > 50


@pytest.mark.parametrize(("units", "there"), [(["a"], 1), (["a", "b"], 2)])
def test_a_league_of_one_or_two_says_why_there_is_none(load, units, there):
    employees = [units[i % there] for i in range(600)]
    found = of(load, frames={"sales": sales().assign(employee=employees)})["league_offers"]
    assert found.found is None
    assert found.why_not == (
        f"a league needs three units with 30 answers or more; of the {there} in column employee, {there} have them"
    )


def test_units_that_are_alike_say_so(load):
    """Every employee wins every second offer: no difference, and no answer that varies where all win."""
    alike = of(load, frames={"sales": sales().assign(won=np.arange(600) // 5 % 2)})["league_offers"].found
    assert alike.verdict == "none"
    assert alike.frame["rank_high"].eq(5).all()
    found = of(load, frames={"sales": sales().assign(won=1), "survey": survey().assign(recommend=9)})
    assert found["league_offers"].why_not == "a league needs answers that vary; won is 1 in every row"
    assert found["league_metric"].why_not == (
        "a league needs answers that vary within its units; to recommend, each branch gave the same"
    )


def test_small_branches_stay_suppressed(load):
    """Branch b9 has 10 customers; where thirty branches share 400, none has the base."""
    frame = of(load)["league_journeys"].found.frame.set_index("unit")
    assert frame.loc["b9", ["estimate", "pooled", "low", "rank"]].isna().all()
    many = of(load, frames={"customers": customers().assign(branch=[f"b{i % 30}" for i in range(400)])})
    assert many["league_journeys"].found is None


def test_a_table_has_an_end(load):
    employees = [f"p{i % 301}" for i in range(600)]
    found = of(load, frames={"sales": sales().assign(employee=employees)})["league_offers"]
    assert found.why_not == "301 units are more than a table can hold"


@pytest.mark.parametrize("key", ["employee", "won"])
def test_without_employees_or_outcomes_there_is_no_league_of_offers(load, key):
    assert "league_offers" not in of(load, without=[f"sales.{key}"])


def test_without_branches_there_is_none_of_them(load):
    assert list(of(load, without=["customers.branch"])) == ["league_offers"]


def test_a_group_s_league_is_of_its_customers(load):
    """The metric's league is of everybody, so that a group has none."""
    found = of(load, group="region:North")
    assert list(found) == ["league_offers", "league_journeys"]
    north = {f"c{i}" for i in range(0, 388, 2)}
    assert found["league_offers"].found.frame["n"].sum() == sales()["customer"].isin(north).sum()


def test_rows_bear_the_units_name_and_the_table_s_unit(load):
    rows = leagues.rows(of(load)["league_offers"])
    assert set(rows["name"]) == {"An", "Binh", "Chi", "Dung", "Giang"}
    assert rows["unit"].eq("percent").all()


def test_reasons_are_told_where_offers_have_them(load):
    """Counted with pandas: of Binh's offers won, the share for the price."""
    rows = leagues.reasons(case(made(load)))
    won = sales().query("won == 1 and employee == 'Binh'")
    here = rows.query("outcome == 'won' and reason == 'price' and employee == 'Binh'").iloc[0]
    assert here["estimate"] == pytest.approx(100 * won["reason"].eq("price").mean())
    assert here["n"] == len(won)
    for changes in ({"without": ["sales.reason"]}, {"frames": {"sales": sales().assign(reason=None)}}):
        assert leagues.reasons(case(made(load, **changes))).empty
