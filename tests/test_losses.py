"""How many customers leave after what happened to them.

Oracles: the demo's raw files read with pandas alone, the planted loss rates (truth.yml), statsmodels' Wilson interval,
and customers whose days are counted by hand.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from iceberg_study import LOSSES, MONEY, complaints, customers, made, survey
from statsmodels.stats.proportion import proportion_confint
from test_complaints import raw, refused

from cxlib import Study, losses
from cxlib.complaints import declared

DEMO = Path(__file__).resolve().parent.parent / "data" / "demo"
TRUTH = yaml.safe_load((DEMO / "truth.yml").read_text(encoding="utf-8"))
DAYS = 240  # as the demo's study.yml has it


@pytest.fixture(scope="module")
def demo() -> Study:
    return Study.load(DEMO)


@pytest.fixture(scope="module")
def rates(demo) -> pd.DataFrame:
    return losses.loss_rates(demo, declared(demo)).set_index("fate")


def rates_of(load, **changes) -> pd.DataFrame:
    s = made(load, **changes)
    return losses.loss_rates(s, declared(s)).set_index("fate")


def followed(who: pd.Series, since: pd.Series) -> pd.Series:
    """1 and 0 for the customers who were there and could be followed for 240 days, blank for the others."""
    people = raw("customers")
    left = pd.to_datetime(who.map(people.set_index("customer_id")["left"]))
    last = pd.to_datetime(people[["since", "left"]].stack()).max()
    since = pd.to_datetime(since).dt.normalize()
    until = since + pd.Timedelta(days=DAYS)
    return (left <= until).astype(float).where(who.notna() & (until <= last) & ~(left < since))


# -- the demo --------------------------------------------------------------------------------------------------------


def test_complainers_lost_are_those_that_pandas_counts(rates):
    """Oracle: the last complaint of each customer in complaints.csv; statsmodels' Wilson interval."""
    last = raw("complaints").groupby("customer_id").agg(when=("when", "last"), outcome=("outcome", "last"))
    last = last.reset_index().assign(lost=lambda t: followed(t["customer_id"], t["when"])).dropna(subset="lost")
    for fate, part in last.groupby("outcome"):
        row, n, gone = rates.loc[fate], len(part), int(part["lost"].sum())
        assert (row["n"], row["source"]) == (n, "measured")
        assert row["n_effective"] == pytest.approx(n)
        assert row["estimate"] == pytest.approx(100 * gone / n)
        low, high = proportion_confint(gone, n, method="wilson")
        assert [row["low"], row["high"]] == pytest.approx([100 * low, 100 * high], abs=0.35)  # t for z


def test_respondents_lost_are_those_that_pandas_counts(rates):
    """Oracle: survey.csv with pandas alone: weighted shares of the linked respondents of all waves."""
    rows = raw("survey").drop_duplicates(["respondent_id", "wave"])
    rows = rows.assign(lost=followed(rows["customer_id"], rows["started"]), w=rows["weight"].astype(float))
    rows = rows.dropna(subset="lost")
    unhappy, complained = rows["unhappy"] == "1", rows["complained"] == "1"
    for fate, part in {"silent": rows[unhappy & ~complained], "content": rows[~unhappy & ~complained]}.items():
        assert rates.loc[fate, "n"] == len(part)
        assert rates.loc[fate, "estimate"] == pytest.approx(100 * np.average(part["lost"], weights=part["w"]))


def test_the_intervals_hold_the_planted_rates(rates):
    """Oracle: truth.yml. Who leaves does so within 90 days of the interview, or of the day that is at most 150 days
    after the complaint: within 240 days of either."""
    for fate in losses.LABELS:
        assert rates.loc[fate, "low"] < 100 * TRUTH["loss_by_fate"][fate] < rates.loc[fate, "high"], fate


def test_severities_and_channels_declared_are_those_of_the_losses(demo, rates):
    found = losses.loss_rates(demo, declared(demo, severity="major")).set_index("fate")
    last = raw("complaints")
    last = last[last["severity"] == "major"].groupby("customer_id").agg(when=("when", "last"), end=("outcome", "last"))
    last = last.reset_index().assign(lost=lambda t: followed(t["customer_id"], t["when"])).dropna(subset="lost")
    fates = ["satisfied", "mollified", "dissatisfied"]
    assert found.loc[fates, "n"].tolist() == last["end"].value_counts()[fates].tolist()
    assert (found.loc[fates, "n"] < rates.loc[fates, "n"]).all()
    assert found.loc["silent", "n"] == rates.loc["silent", "n"]


def test_confidence_is_that_of_the_intervals(demo, rates):
    found = losses.loss_rates(demo, declared(demo), confidence=0.8).set_index("fate")
    assert (found["low"] > rates["low"]).all()
    assert (found["high"] < rates["high"]).all()


# -- by hand ---------------------------------------------------------------------------------------------------------


def test_who_is_lost_and_who_was_not_followed_is_counted_by_hand(load):
    """90 days from 2026-01-10 end on 2026-04-10; the last known day is 2026-12-31.

    Silent are r10 to r39: c20 and c21 left in time. Content are r40 to r99: c50 left in time, c61 later, and c60 had
    left before its interview. So 2 of 30, and 1 of 59.
    """
    found = rates_of(load)
    assert found["n"].tolist() == [59, 30, 4, 4, 4]  # c100 and c103 have no outcome
    assert found["estimate"].tolist()[:2] == pytest.approx([100 / 59, 200 / 30])
    assert found["source"].tolist() == ["measured", "measured", "none", "none", "none"]
    assert found["estimate"].isna().tolist() == [False, False, True, True, True]
    assert found["method"].tolist()[2] == "fewer than 30 customers, and none declared"


EDGES = {  # day of leaving: lost, of 30 silent with an interview on 2026-01-10
    "2026-01-10": (1, 30),  # the day itself
    "2026-04-10": (1, 30),  # 90 days later
    "2026-04-11": (0, 30),
    "2026-01-09": (0, 29),  # was not there any more
}


@pytest.mark.parametrize(("day", "wanted"), EDGES.items(), ids=EDGES)
def test_the_days_at_the_edges(load, day, wanted):
    people = customers().assign(gone=None)
    people.loc[15, "gone"] = day
    row = rates_of(load, frames={"customers": people}, minimum_base=2).loc["silent"]
    assert row["n"] == wanted[1]
    assert row["estimate"] == pytest.approx(100 * wanted[0] / wanted[1])


def test_who_could_not_be_followed_so_long_is_left_out(load):
    """Interviews on 2026-10-02 end their 90 days on 2026-12-31, the last known day; those a day later do not.

    c20 and c21 of the 30 silent had left by then.
    """
    for day, n in (("2026-10-02T23:59", 28), ("2026-10-03", 0)):
        row = rates_of(load, frames={"survey": survey().assign(day=day)}).loc["silent"]
        assert row["n"] == n
    row = rates_of(load, frames={"survey": survey().assign(day=day)}, iceberg={"loss_days": 89}).loc["silent"]
    assert row["n"] == 28


def test_who_is_no_customer_is_left_out(load):
    frame = survey()
    frame.loc[[10, 11], "customer"] = ["nobody", None]
    assert rates_of(load, frames={"survey": frame}, minimum_base=2).loc["silent", "n"] == 28


def test_whoever_did_not_say_has_no_fate(load):
    """r10 to r14 left it open whether they complained, r40 and r41 whether they were unhappy."""
    frame = survey().astype({"unhappy": object, "complained": object})
    frame.loc[10:14, "complained"] = None
    frame.loc[40:41, "unhappy"] = None
    found = rates_of(load, frames={"survey": frame}, minimum_base=2)
    assert found["n"].tolist()[:2] == [57, 25]


def test_the_last_complaint_counts_and_its_end(load):
    """c0 was satisfied in March and dissatisfied on 2026-08-31; it left on 2026-09-10."""
    people = customers()
    people.loc[0, "gone"] = "2026-09-10"
    found = rates_of(load, frames={"customers": people}, minimum_base=2)
    assert found.loc[["satisfied", "dissatisfied"], "n"].tolist() == [4, 4]
    assert found.loc["dissatisfied", "estimate"] == pytest.approx(25)
    assert found.loc["satisfied", "estimate"] == 0


def test_nobody_lost_of_many_is_a_rate_of_0_with_an_interval(load):
    """Oracle: Wilson's upper limit for 0 of 30, with z: 11.35% (reference file: 0-.1135); t is a little wider."""
    row = rates_of(load, frames={"customers": customers().assign(gone=None)}).loc["silent"]
    assert (row["estimate"], row["low"], row["n_effective"]) == (0, 0, 30)
    assert 11.35 < row["high"] < 12.5


def test_declared_rates_step_in_without_an_interval_or_a_base(load):
    found = rates_of(load, iceberg={"losses": LOSSES})
    assert found["source"].tolist() == ["measured", "measured", "declared", "declared", "declared"]
    assert found["estimate"].tolist()[2:] == pytest.approx([10, 30, 55])
    assert found.loc["satisfied":, ["low", "high", "se", "n", "n_effective"]].isna().all(axis=None)
    found = rates_of(load, iceberg={"losses": LOSSES}, minimum_base=31)
    assert found["source"].tolist() == ["measured", *["declared"] * 4]
    assert found.loc["silent", "estimate"] == 40


NOT_MEASURED = {  # what the study lacks: the fates that are measured with a minimum base of 2
    "customers": (["customers"], []),
    "a day of leaving": (["customers.left"], []),
    "a customer's key": (["customers.customer"], []),
    "outcomes": (["complaints.outcome"], ["content", "silent"]),
    "days of complaints": (["complaints.when"], ["content", "silent"]),
    "a survey": (["survey"], ["satisfied", "mollified", "dissatisfied"]),
    "linked respondents": (["survey.customer"], ["satisfied", "mollified", "dissatisfied"]),
    "days of interviews": (["survey.when"], ["satisfied", "mollified", "dissatisfied"]),
    "days of coming": (["customers.since"], list(losses.LABELS)),  # the last known day is then 2026-09-15
}


@pytest.mark.parametrize(("without", "measured"), NOT_MEASURED.values(), ids=NOT_MEASURED)
def test_what_the_tables_do_not_tell_is_not_measured(load, without, measured):
    iceberg = {"unhappy": None, "complained": None, "rate": "0.1"} if without == ["survey"] else {}
    if without == ["complaints.when"]:
        iceberg = {"window": None}
    found = rates_of(load, without=without, iceberg=iceberg, minimum_base=2)
    assert found.index[found["source"] == "measured"].tolist() == measured
    assert list(found.index) == list(losses.LABELS)


def test_silence_is_not_measured_unless_it_is_declared_who_complained(load):
    found = rates_of(load, iceberg={"complained": None, "rate": "0.1"}, minimum_base=2)
    assert found.loc[["content", "silent"], "source"].tolist() == ["none", "none"]


def test_customers_without_any_day_are_not_followed(load):
    found = rates_of(load, frames={"customers": customers().assign(since=None, gone=None)}, minimum_base=2)
    assert (found["source"] == "none").all()
    found = rates_of(
        load, frames={"customers": customers().assign(gone=None)}, without=["customers.since"], minimum_base=2
    )
    assert (found["source"] == "none").all()


# -- outcomes --------------------------------------------------------------------------------------------------------

CODES = {"satisfied": "closed", "mollified": "refund", "dissatisfied": "refused"}


def test_outcomes_by_other_codes(load):
    frame = complaints().replace({"end": CODES})
    given = {"outcomes": {"satisfied": ["closed"], "mollified": ["refund", "credit"], "dissatisfied": ["refused"]}}
    s = made(load, frames={"complaints": frame}, iceberg=given, minimum_base=2)
    assert losses.outcome_codes(s) == {
        "closed": "satisfied", "refund": "mollified", "credit": "mollified", "refused": "dissatisfied",
        "satisfied": "satisfied", "mollified": "mollified", "dissatisfied": "dissatisfied",
    }  # fmt: skip
    own = rates_of(load, minimum_base=2)
    pd.testing.assert_frame_equal(losses.loss_rates(s, declared(s)).set_index("fate"), own)


def test_an_outcome_that_is_none_of_the_three_is_named(load):
    s = made(load, frames={"complaints": complaints().replace({"end": CODES})})
    message = (
        "outcomes of complaints are satisfied, mollified, dissatisfied, or listed under `iceberg: outcomes:`; 15 are "
        "not, e.g. closed"
    )
    assert refused(losses.outcome_codes, s) == message
    assert refused(losses.loss_rates, s, declared(s)) == message
    s = made(load, frames={"complaints": complaints().replace({"end": {"mollified": "open"}})})
    assert refused(losses.outcome_codes, s).endswith("; 4 are not, e.g. open")
    assert losses.outcome_codes(made(load, without=["complaints.outcome"])) == {}


# -- what a customer is worth ----------------------------------------------------------------------------------------


def test_worth_is_mean_value_times_months_times_margin(load, demo):
    """Of 200 customers worth 100 to 299, c20, c50, c60 and c199 were not there in the window."""
    s = made(load, iceberg=MONEY)
    there = (sum(range(100, 300)) - 120 - 150 - 160 - 299) / 196
    assert losses.worth(s, declared(s)) == pytest.approx(there * 12 * 0.2)
    people = raw("customers")
    here = (people["since"] <= "2026-08-31") & ~(people["left"] < "2026-03-01")
    mean = people.loc[here, "value"].astype(float).mean()
    assert losses.worth(demo, declared(demo)) == pytest.approx(mean * 24 * 0.18)


NO_WORTH = {
    "a margin without months": {"iceberg": MONEY | {"months": None}},
    "months without a margin": {"iceberg": MONEY | {"margin": None}},
    "no column of values": {"iceberg": MONEY, "without": ["customers.value"]},
    "no values": {"iceberg": MONEY, "frames": {"customers": customers().assign(worth=None)}},
    "no customers": {"iceberg": MONEY, "without": ["customers"]},
}


@pytest.mark.parametrize("study", NO_WORTH.values(), ids=NO_WORTH)
def test_a_worth_that_is_not_known_is_none(load, study):
    s = made(load, **study)
    assert losses.worth(s, declared(s)) is None


def test_a_margin_of_nothing_is_worth_nothing(load):
    s = made(load, iceberg=MONEY | {"margin": 0})
    assert losses.worth(s, declared(s)) == 0
