"""The tables of the complaint-iceberg chapter: the silent, the rates beside them, segments, months, the unseen.

Oracles: the demo's raw files with pandas alone, its known world (data/demo/make.py), scipy's negative-binomial and
beta-negative-binomial distributions cut at the cap, and Chapman's formula.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from iceberg_study import ICEBERG, complaints, customers, made, survey
from scipy import stats
from test_complaints import WINDOW, raw, refused, respondents

from cxlib import Study, silence
from cxlib.anchors import ANCHORS
from cxlib.complaints import declared

DEMO = Path(__file__).resolve().parent.parent / "data" / "demo"
sys.path.insert(0, str(DEMO))

import make as world  # noqa: E402


@pytest.fixture(scope="module")
def demo() -> Study:
    return Study.load(DEMO)


@pytest.fixture(scope="module")
def case(demo):
    return silence.silence(demo, declared(demo))


def case_of(study, *, customers=0, wave="", confidence=0.95, **how):
    return silence.silence(study, declared(study, **how), wave=wave, customers=customers, confidence=confidence)


def cut(law, most: int, q: float) -> int:
    """The least s with P(S <= s) >= q of a distribution cut at `most`: by its probabilities, summed."""
    below = np.cumsum(law.pmf(np.arange(most + 1)))
    return int(np.searchsorted(below / below[-1], q))


# -- the silent ------------------------------------------------------------------------------------------------------


def test_the_demo_s_silent_are_the_exact_quantiles(case):
    """Oracle: pandas' counts put into scipy's beta-negative-binomial, cut at the customers of the window.

    The sample of the latest wave has no loss by its design: its effective base is its base.
    """
    rows = respondents()
    rows = rows[rows["unhappy"] == "1"]
    n, share = len(rows), np.average(rows["complained"] == "1", weights=rows["weight"])
    table, people = raw("complaints"), raw("customers")
    count = table.loc[table["when"].between(*WINDOW), "customer_id"].nunique()
    here = int(((people["since"] <= WINDOW[1]) & ~(people["left"] < WINDOW[0])).sum())
    law = stats.betanbinom(count, share * n + 0.5, n - share * n + 0.5)
    assert (len(case.complainers), case.customers, case.most) == (count, here, here - count)
    found = case.silent
    assert [found.low, found.value, found.high] == [cut(law, here - count, q) for q in (0.025, 0.5, 0.975)]
    assert found.plug_in == pytest.approx(count * (1 / share - 1))
    assert case.rates.value == pytest.approx(100 * share)


def test_the_interval_holds_the_silent_customers_of_the_demo_s_world(case):
    """Oracle: the functions that made the demo say who was unhappy, who complained, and when each had reason to."""
    answers = world.interviews(world.generator("survey"), world.world.draw(world.SEED))
    people = world.registers.customers(world.generator("customers"), answers)
    turned = pd.Series(people["turn"].to_numpy().astype("datetime64[D]")).between(*map(pd.Timestamp, WINDOW))
    silent = int(((people["fate"] == "silent") & turned.to_numpy()).sum())
    assert people["fate"].value_counts()["silent"] == 5117  # as truth.yml has it
    assert case.silent.low < silent < case.silent.high


def test_confidence_widens_the_interval(demo, case):
    wide, narrow = (case_of(demo, confidence=c).silent for c in (0.99, 0.8))
    assert wide.low < case.silent.low < narrow.low < case.silent.value == wide.value
    assert narrow.high < case.silent.high < wide.high


def test_a_named_wave_gives_its_own_rate(demo):
    rows = raw("survey").drop_duplicates(["respondent_id", "wave"])
    rows = rows[(rows["wave"] == "2025-H1") & (rows["unhappy"] == "1")]
    found = case_of(demo, wave="2025-H1")
    weights = rows["weight"].astype(float)
    assert found.rate.value == pytest.approx(np.average(rows["complained"] == "1", weights=weights))
    assert refused(case_of, demo, wave="2025").startswith("there is no wave 2025; the waves are ")


def test_a_known_rate_without_customers_is_the_plain_negative_binomial(load):
    s = made(load, without=["survey", "customers"], iceberg={"unhappy": None, "complained": None, "rate": "vca_2016"})
    found = case_of(s)
    assert (found.customers, found.most, found.wave) == (None, None, None)
    law = stats.nbinom(12, 0.36)
    assert [found.silent.low, found.silent.value, found.silent.high] == list(law.ppf([0.025, 0.5, 0.975]))


def test_the_population_stands_in_for_a_table_of_customers(load):
    s = made(load, without=["customers"], population=40)
    found = case_of(s)
    assert (found.customers, found.most) == (40, 28)
    law = stats.betanbinom(12, 10.5, 30.5)
    assert [found.silent.low, found.silent.value, found.silent.high] == [cut(law, 28, q) for q in (0.025, 0.5, 0.975)]
    assert case_of(s, customers=1000).customers == 1000


def test_where_something_is_undeclared_there_are_complainers_and_no_silent(load):
    found = case_of(made(load, iceberg={"severity": None}))
    assert (len(found.complainers), found.rate, found.rates, found.silent) == (12, None, None, None)
    assert silence.readings(found).empty
    assert silence.by_segment(found, ["city"]).empty
    assert found.customers == 196


def test_nobody_who_complained_leaves_the_flat_prior(load):
    """Oracle: NegBin(1, p) over the Beta, cut at the 196 customers of the window."""
    found = case_of(made(load), channels="web", end="2026-04-30")  # c101 complained there, but in May
    assert len(found.complainers) == 0
    law = stats.betanbinom(1, 10.5, 30.5)
    assert [found.silent.low, found.silent.value, found.silent.high] == [cut(law, 196, q) for q in (0.025, 0.5, 0.975)]
    assert "no complainers: flat prior" in found.silent.method


IMPOSSIBLE = {
    "fewer customers than complainers": (
        {"customers": 11},
        "there cannot be more complainers than customers; found 12 and 11",
    ),
    "customers that contradict the rate": (
        {"customers": 13, "rate": "0.0001"},
        "the rate and the number of customers contradict each other: 12 complainers at 0.01% stand for about 120,000 "
        "unhappy customers, and there are 13",
    ),
    "customers below nothing": ({"customers": -3}, "customers must be a whole number of 0 or more; found -3"),
    "half a customer": ({"customers": 20.5}, "customers must be a whole number of 0 or more; found 20.5"),
    "no confidence": ({"confidence": 1.0}, "confidence lies between 0 and 1, e.g. 0.95; found 1.0"),
}


@pytest.mark.parametrize(("how", "message"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_numbers_that_cannot_be_are_refused(load, how, message):
    assert refused(case_of, made(load), **how) == message


def test_a_window_without_customers_is_refused(load):
    late = customers().assign(since="2026-12-01", gone=None)
    assert refused(case_of, made(load, frames={"customers": late})) == (
        "there cannot be more complainers than customers; found 12 and 0"
    )


# -- the evidence ----------------------------------------------------------------------------------------------------


def test_each_published_rate_means_what_its_own_arithmetic_says(case):
    """Oracle: 10 (1/p - 1) and C x nobody / p by hand; scipy's negative-binomial, cut at the cap."""
    found = silence.evidence(case).set_index("name")
    assert set(found.index) == {*ANCHORS, "own"}
    assert found["rate"].is_monotonic_increasing
    for name, anchor in ANCHORS.items():
        row, law = found.loc[name], stats.nbinom(96, anchor.rate)
        assert row["behind_ten"] == pytest.approx(10 * (1 / anchor.rate - 1))
        assert [row["low"], row["estimate"], row["high"]] == [cut(law, case.most, q) for q in (0.025, 0.5, 0.975)], name
        told = np.nan if anchor.nobody is None else 96 * anchor.nobody / anchor.rate
        np.testing.assert_allclose(row["nobody"], told)
    own = found.loc["own"]
    assert own["own"]
    assert [own["estimate"], own["low"], own["high"]] == [case.silent.value, case.silent.low, case.silent.high]
    assert found["own"].sum() == 1
    # behind 10 complainers, as the field's own table has it
    behind = found["behind_ten"].round(1)
    assert behind[["khaosat_2019", "one_in_26", "vca_2016", "ccmc_2015"]].tolist() == [410, 250, 17.8, 2.7]


def test_a_rate_that_the_customers_rule_out_has_no_estimate(load):
    """12 complainers at 1 in 42 among 13 customers: P(at most 1 silent) is 3e-19."""
    found = silence.evidence(case_of(made(load), customers=13, rate="0.9")).set_index("name")
    assert found.loc[["khaosat_2019", "tarp_small"], ["estimate", "low", "high"]].isna().all(axis=None)
    assert found.loc["own", "estimate"] == 1


def test_without_a_declared_rate_the_published_ones_stand_alone(load):
    found = silence.evidence(case_of(made(load, iceberg=False)))
    assert set(found["name"]) == set(ANCHORS)
    assert not found["own"].any()
    assert found["estimate"].notna().all()


def test_a_survey_without_a_complainer_has_a_rate_of_0_and_an_estimate(load):
    found = case_of(made(load, frames={"survey": survey().assign(complained=0)}))
    row = silence.evidence(found).set_index("name").loc["own"]
    assert (row["rate"], row["behind_ten"]) == (0, np.inf)
    law = stats.betanbinom(12, 0.5, 40.5)
    assert row["estimate"] == found.silent.value == cut(law, 184, 0.5)


def test_readings_are_the_three_numbers(case):
    found = silence.readings(case).set_index("reading")["estimate"]
    assert found.to_dict() == {"Median": case.silent.value, "Plug-in": case.silent.plug_in, "Mean": case.silent.mean}
    assert found["Median"] < found["Mean"]


# -- segments --------------------------------------------------------------------------------------------------------


def test_segments_are_those_that_pandas_counts(demo, case):
    """Oracle: survey.csv, customers.csv and complaints.csv with pandas alone."""
    found = silence.by_segment(case, ["channel", "age_band"])
    people, table, answers = raw("customers"), raw("complaints"), respondents()
    here = people[(people["since"] <= WINDOW[1]) & ~(people["left"] < WINDOW[0])]
    complained = set(table.loc[table["when"].between(*WINDOW), "customer_id"])
    answers = answers[answers["unhappy"] == "1"]
    edges, names = [18, 25, 35, 45, 55, 99], ["18-24", "25-34", "35-44", "45-54", "55+"]
    for frame in (here, answers):
        frame.insert(0, "age_band", pd.cut(frame["age"].astype(int), edges, right=False, labels=names).astype(str))
    named = {"digital": "Digital", "traditional": "Traditional"}
    for row in found.to_dict("records"):
        name = row["name"]
        inside = here[name].map(lambda value: named.get(value, value)) == row["group"]
        asked = answers[answers[name].map(lambda value: named.get(value, value)) == row["group"]]
        assert row["customers"] == inside.sum()
        counted = here.loc[inside, "customer_id"].isin(complained).sum()
        assert row["n"] == len(asked)
        assert row["raw"] == pytest.approx(100 * np.average(asked["complained"] == "1", weights=asked["weight"]))
        assert min(row["raw"], row["overall"]) < row["rate"] < max(row["raw"], row["overall"])
        assert 0 < row["shrinkage"] < 1
        # 4 complainers of 55 and over are not told, nor 9 of 45 to 54, who would tell them beside the total of 96
        if row["group"] in ("45-54", "55+"):
            assert counted in (4, 9)
            assert np.isnan([row[name] for name in ("complainers", "raw_silent", "estimate", "low", "high")]).all()
        else:
            assert row["complainers"] == counted
            assert row["low"] < row["estimate"] < row["high"] < row["customers"]
    assert found.groupby("name", sort=False)["complainers"].sum().tolist() == [96, 83]
    assert (found["unplaced"] == 0).all()
    assert found.groupby("name", sort=False)["group"].apply(list).tolist() == [["Digital", "Traditional"], names]


def test_small_groups_are_drawn_in_more(case):
    found = silence.by_segment(case, ["age_band"]).sort_values("n_effective")
    assert found["shrinkage"].is_monotonic_decreasing


def test_a_group_with_nobody_unhappy_is_left_out_and_its_complainers_are_counted(load):
    """Everybody in the South is content; c1, c3, c5, c7, c9 and c101 of the South complained all the same."""
    frame = survey().assign(unhappy=lambda t: t["unhappy"].where(t["city"] == "n", 0))
    more = frame.assign(city=lambda t: t["city"].where(t.index % 4 > 0, "w"))
    labels = {"n": "North", "s": "South", "w": "West"}
    city = {"questions": {"city": {"role": "segment", "label": "City", "labels": labels}}}
    people = customers().assign(city=lambda t: t["city"].where(t.index % 4 > 0, "w"))
    said = {name: {"role": "single", "labels": {1: "Yes", 0: "No"}} for name in ("unhappy", "complained")}
    tables = {"survey": {"questions": said | city["questions"]}, "customers": city}
    s = made(load, frames={"survey": more, "customers": people}, tables=tables)
    found = silence.by_segment(case_of(s), ["city"])
    assert found["group"].tolist() == ["North", "West"]
    assert found["n"].tolist() == [10, 10]
    assert found["complainers"].isna().all()  # 2, 4: c2, c6; c0, c4, c8, c100
    assert found["unplaced"].tolist() == [6, 6]
    assert silence.by_segment(case_of(made(load, frames={"survey": frame})), ["city"]).empty


def test_a_rate_from_outside_is_not_split(load):
    s = made(load)
    for rate in ("0.1", "10 of 420", "beta(3, 97)", "vca_2016"):
        assert silence.by_segment(case_of(s, rate=rate), ["city"]).empty
    assert len(silence.by_segment(case_of(s), ["city"])) == 2
    assert silence.by_segment(case_of(s), []).empty


def test_segments_are_chosen_by_the_study_or_by_hand(load, demo):
    assert silence.chosen_segments(demo) == ["channel", "age_band"]
    assert silence.chosen_segments(demo, " city ,sex") == ["city", "sex"]
    assert silence.chosen_segments(made(load)) == []


SEGMENTS = {
    "one that nobody has": (
        {},
        "citty",
        "a segment of the silent must be known of respondents and of customers; citty is not; those that are: city; "
        "did you mean city?",
    ),
    "no table of customers": (
        {"without": ["customers"]},
        "city",
        "a segment of the silent must be known of respondents and of customers; city is not; those that are: city; "
        "did you mean city?",
    ),
    "customers without it": (
        {"without": ["customers.questions"]},
        "city",
        "a segment of the silent must be known of respondents and of customers; city is not; those that are: none",
    ),
    "customers without a name": (
        {"without": ["customers.customer"]},
        "city",
        "FILE: the table customers must say which column names the customer, e.g. `customer: id`",
    ),
}


@pytest.mark.parametrize(("study", "name", "message"), SEGMENTS.values(), ids=SEGMENTS)
def test_a_segment_that_cannot_be_told_is_refused(load, study, name, message):
    s = made(load, **study)
    assert refused(silence.chosen_segments, s, name) == message.replace("FILE", str(s.file))


# -- months and the unseen -------------------------------------------------------------------------------------------


def test_months_are_those_that_pandas_counts(case):
    """Oracle: distinct complainers a month, and customers on its first day, with pandas alone."""
    table, people = raw("complaints"), raw("customers")
    found = silence.monthly(case).set_index("period")
    counts = table.assign(month=table["when"].str[:7]).groupby("month")["customer_id"].nunique()
    assert list(found.index) == sorted(counts.index)[: len(found)]
    assert found["count"].tolist() == counts[found.index].tolist()
    for month, base in found["base"].items():
        first = f"{month}-01"
        assert base == ((people["since"] <= first) & ~(people["left"] < first)).sum()
    np.testing.assert_allclose(found["rate"], 1000 * found["count"] / found["base"])
    assert set(found["unit"]) == {"rate"}


def test_months_count_the_channels_and_severities_declared(demo):
    table = raw("complaints")
    for named, taken in (
        ({"channels": "call_centre,shop,social"}, table["channel"].isin(["call_centre", "shop", "social"])),
        ({"severity": "minor"}, table["severity"] == "minor"),
    ):
        part = table[taken]
        counts = part.assign(month=part["when"].str[:7]).groupby("month")["customer_id"].nunique()
        found = silence.monthly(case_of(demo, **named)).set_index("period")
        assert len(found) == 20  # all months of the table, whichever channel has its first complaint when
        assert found["count"].tolist() == counts.reindex(found.index, fill_value=0).tolist()
    # Both together leave fewer than five complainers in some months: there is no chart of them.
    assert silence.monthly(case_of(demo, channels="call_centre,shop,social", severity="minor")).empty


def monthly_of(load, frame=None, people=None, without=()):
    frames = {"complaints": complaints() if frame is None else frame, "customers": customers()}
    return silence.monthly(case_of(made(load, frames=frames | ({} if people is None else {"customers": people}),
                                        without=without, iceberg={"window": None})))  # fmt: skip


def spread(months: int) -> pd.DataFrame:
    """Three complaints on the first and the last day of so many months of 2025."""
    days = [str(day.date()) for m in range(1, months + 1) for day in (pd.Timestamp(2025, m, 1),
            pd.Timestamp(2025, m, 1) + pd.offsets.MonthEnd()) for _ in range(3)]  # fmt: skip
    who = [f"c{i}" for i in range(len(days))]
    return pd.DataFrame({"who": who, "day": days, "via": "phone", "weight": "x", "end": "mollified"})


NO_CHART = {
    "seven months": {"frame": spread(7)},
    "a few days": {"frame": complaints().assign(day="2026-05-05")},
    "no days": {"frame": complaints().assign(day=None)},
    "nobody there at first": {"frame": spread(9), "people": customers().assign(since="2025-06-01", gone=None)},
    "no days of coming": {"without": ["customers.since"]},
    "no days of leaving": {"without": ["customers.left"]},
    "no customers": {"without": ["customers"]},
    "no column of days": {"without": ["complaints.when"]},
}


@pytest.mark.parametrize("study", NO_CHART.values(), ids=NO_CHART)
def test_where_there_can_be_no_chart_there_is_none(load, study):
    assert monthly_of(load, **study).empty


def test_eight_months_are_enough_for_a_chart(load):
    found = monthly_of(load, frame=spread(8))
    assert found["count"].tolist() == [6] * 8
    assert not found["out"].any()


def test_the_unseen_are_chapman_s(case):
    """Oracle: (n1 + 1)(n2 + 1) / (m + 1) - 1 on the complainers that pandas counts in each channel."""
    table = raw("complaints")
    table = table[table["when"].between(*WINDOW)]
    who = table.groupby("channel")["customer_id"].agg(set)
    row = silence.unseen(case).iloc[0]
    first, second = who["call_centre"], who["social"]
    assert (row["first"], row["second"], row["n_first"], row["n_second"], row["both"]) == (
        "call_centre", "social", len(first), len(second), len(first & second),
    )  # fmt: skip
    assert row["estimate"] == pytest.approx((len(first) + 1) * (len(second) + 1) / (len(first & second) + 1) - 1)
    assert row["low"] < row["estimate"] < row["high"]


def test_the_unseen_of_all_complaints_hold_the_truth(demo):
    """Oracle: truth.yml: 431 customers of the demo complained, each in either list with a chance of its own."""
    row = silence.unseen(case_of(demo, start="2025-01-01", end="2026-12-31")).iloc[0]
    assert row["low"] < 431 < row["high"]


def test_one_channel_or_two_that_share_nobody_tell_of_no_unseen(load, demo):
    assert silence.unseen(case_of(demo, channels="call_centre")).empty
    assert silence.unseen(case_of(demo, channels="shop,app")).empty
    assert silence.unseen(case_of(made(load, without=["complaints.channel"]))).empty
    rows = [("phone", i) for i in range(30)] + [("shop", i) for i in range(10)] + [("shop", i) for i in range(30, 36)]
    more = pd.DataFrame({"who": [f"c{i}" for _, i in rows], "via": [via for via, _ in rows]})
    more = more.assign(day="2026-05-05", weight="x", end="mollified")
    assert len(silence.unseen(case_of(made(load, frames={"complaints": more})))) == 1  # ten are in two


def test_what_the_study_declares_is_what_these_tests_say():
    assert ICEBERG["window"] == list(WINDOW)
