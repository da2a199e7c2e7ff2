"""The lead score: who is ideal, the scorecard, its test on customers held out, rules, and what is refused.

Oracles: hand counts, scikit-learn's AUC and Brier score, DeLong's variance by its definition over pairs, simulated
customers with known chances, the demo's raw files read with pandas alone, and algebraic properties.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import special
from sklearn.metrics import brier_score_loss, roc_auc_score

from cxlib import CxError, Study, lead_score, lift, scorecard
from cxlib.lead_score import Rule, fit, ideal

DEMO = Path(__file__).resolve().parent.parent / "data" / "demo"
SHARED = ["city", "age", "sex", "channel", "frequency", "payment", "priority", "segment", "industry", "company_size",
          "revenue"]  # fmt: skip
TRUE = {"job": {"farmer": -0.7, "clerk": 0.0, "owner": 0.7}, "home": {"town": 0.35, "land": -0.35}}
NAN = np.nan


def people(n: int, seed: int, strength: float = 1.0) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Customers, their true chance to be ideal, and whether they are: job and home tell, age and hand do not."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({name: rng.choice(list(levels), n) for name, levels in TRUE.items()})
    frame["age"], frame["hand"] = rng.integers(18, 70, n).astype(float), rng.choice(["left", "right"], n)
    logit = -0.8 + strength * sum(frame[name].map(levels).to_numpy(float) for name, levels in TRUE.items())
    chance = special.expit(logit)
    return frame, chance, (rng.random(n) < chance).astype(float)


@pytest.fixture(scope="module")
def known():
    frame, chance, y = people(6000, 1)
    return frame, chance, y, fit(frame, y, ["age", "home", "job", "hand"])


@pytest.fixture(scope="module")
def demo():
    study = Study.load(DEMO)
    customers = study.table("customers")
    rules = [
        Rule("city", ("Hanoi",), points=15),
        Rule("segment", ("Business",), exclude=True),
        Rule("city", ("Hanoi", "unknown"), points=-3),
    ]
    return study, fit(customers, ideal(customers), {name: study.label(name, "customers") for name in SHARED}), rules


def earned(found, attribute: str) -> dict[str, int]:
    rows = found.points[found.points["attribute"] == attribute]
    return dict(zip(rows["answer"], rows["points"], strict=True))


# ---- the ideal customer --------------------------------------------------------------------------------------------


def customers(values, left=None) -> pd.DataFrame:
    frame = pd.DataFrame({"value": values}, index=[f"c{i}" for i in range(len(values))])
    return frame if left is None else frame.assign(left=pd.to_datetime(left))


def test_the_ideal_customer_by_hand():
    """The top 2 of 8 known values are 70 and 80; who has 80 is lost; of one the value is not known."""
    frame = customers([10, 20, 30, 40, 50, 60, 70, 80, NAN], [None] * 7 + ["2026-01-31"] * 2)
    assert ideal(frame).tolist()[:8] == [0, 0, 0, 0, 0, 0, 1, 0]
    assert np.isnan(ideal(frame)["c8"])
    assert ideal(frame, stayed=False).tolist()[:8] == [0, 0, 0, 0, 0, 0, 1, 1]
    assert ideal(frame.drop(columns="left")).tolist()[:8] == [0, 0, 0, 0, 0, 0, 1, 1]
    assert ideal(frame, value_top=0.5, stayed=False).sum() == 4
    assert ideal(customers([5, 9, 9, 9, 9, 9, 9, 9])).tolist() == [0, 1, 1, 1, 1, 1, 1, 1]  # ties are in


def test_the_demo_s_ideal_customers_are_those_of_the_raw_file():
    """Oracle: customers.csv with pandas alone."""
    raw = pd.read_csv(DEMO / "customers.csv")
    wanted = (raw["value"] >= np.quantile(raw["value"], 0.75)) & raw["left"].isna()
    assert ideal(Study.load(DEMO).table("customers")).tolist() == wanted.astype(float).tolist()


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        (customers([1, 2]).rename(columns={"value": "valeu"}), {}, "the customers have no column value; did you mean"),
        (customers([1, 2]), {"value_top": 25}, "the top share by value lies between 0 and 1, e.g. 0.25; found 25"),
        (customers(["a", "b"]), {}, "the value of a customer is a number; the column value holds"),
        (customers([1, np.inf]), {}, "the value of a customer is a finite number; 1 of 2 are not"),
        (customers([7.0, 7.0, NAN]), {}, "the top by value needs values that differ; the 2 known do not"),
        (customers([NAN, NAN]), {}, "the top by value needs values that differ; the 0 known do not"),
    ],
)
def test_what_makes_no_ideal_customer(frame, options, message):
    with pytest.raises(CxError) as caught:
        ideal(frame, **options)
    assert message in str(caught.value)


# ---- lift, AUC, calibration ----------------------------------------------------------------------------------------

ONES = np.ones(10)


def test_lift_by_hand():
    """Ten customers, four ideal: 2 in the top 2 (lift 0.5 / 0.2), 3 in the top 5 (0.75 / 0.5)."""
    chance, y = np.arange(10, 0, -1) / 20, np.array([1, 1, 0, 0, 1, 0, 1, 0, 0, 0.0])
    rows = lift.gains(chance, y, ONES, [10, 20, 50, 100]).set_index("top")
    np.testing.assert_allclose(rows["estimate"], [25, 50, 75, 100])
    np.testing.assert_allclose(rows["lift"], [2.5, 2.5, 1.5, 1])
    np.testing.assert_allclose(rows["share"], [100, 100, 60, 40])
    assert rows["customers"].tolist() == [1, 2, 5, 10]
    assert (rows.loc[100, ["low", "high"]] == 100).all()
    assert (rows["n"] == 4).all()


def test_customers_of_the_same_chance_share_a_place():
    """Four of the highest chance, two of them ideal: half of them, so one ideal customer, are the top 20%."""
    chance, y = np.repeat([0.6, 0.2], [4, 6]), np.array([1, 0, 1, 0, 1, 1, 0, 0, 0, 0.0])
    row = lift.gains(chance, y, ONES, [20]).iloc[0]
    assert (row["estimate"], row["lift"]) == pytest.approx((25, 1.25))
    shuffled = np.random.default_rng(0).permutation(10)
    pd.testing.assert_series_equal(lift.gains(chance[shuffled], y[shuffled], ONES, [20]).iloc[0], row)


def test_the_interval_of_a_list_at_random_is_hypergeometric():
    """Where the chance tells nothing: f (1 - f) (1 - base) / (n base) is the hypergeometric variance of what is found.

    n ideal among N, drawn without replacement (less its N / (N - 1)); here all y = base on both sides of the cut.
    """
    y = np.tile([1, 0, 0, 0, 0.0], 200)  # 20% of every chance
    chance = np.repeat(np.linspace(0.21, 0.19, 10), 100)
    row = lift.gains(chance, y, np.ones(1000), [30]).iloc[0]
    assert row["lift"] == pytest.approx(1)
    assert row["se"] == pytest.approx(100 * np.sqrt(0.3 * 0.7 * 0.8 / 200), rel=0.01)
    assert row["lift_low"] < 1 < row["lift_high"]


def test_intervals_of_lift_hold_the_truth():
    """Simulation with known chances: 95% of intervals hold the lift of the population (300 samples of 400)."""
    rng = np.random.default_rng(5)
    logit = 1.5 * rng.standard_normal(200_000) - 1
    p = special.expit(logit)
    ranked = np.sort(p)[::-1]
    truth = np.array([ranked[: 2000 * top].sum() / ranked.sum() * 100 for top in (10, 30)])
    held = []
    for _ in range(300):
        some = rng.integers(0, len(p), 400)
        y = (rng.random(400) < p[some]).astype(float)
        rows = lift.gains(p[some], y, np.ones(400), [10, 30])
        held.append((rows["low"] <= truth) & (truth <= rows["high"]))
    assert (np.mean(held, axis=0) > 0.92).all()
    assert (np.mean(held, axis=0) < 0.99).all()


@pytest.mark.parametrize("seed", [0, 1])
def test_auc_is_that_of_scikit_learn_and_its_variance_delong_s(seed):
    """Oracles: roc_auc_score, with ties and with weights; DeLong's components by comparing all pairs."""
    rng = np.random.default_rng(seed)
    chance, y, w = rng.integers(1, 20, 80) / 20, (rng.random(80) < 0.4).astype(float), rng.random(80) + 0.5
    assert lift.auc(chance, y, np.ones(80))["estimate"] == pytest.approx(roc_auc_score(y, chance))
    assert lift.auc(chance, y, w)["estimate"] == pytest.approx(roc_auc_score(y, chance, sample_weight=w))
    ones, zeros = chance[y == 1], chance[y == 0]
    pairs = (ones[:, None] > zeros) + (ones[:, None] == zeros) / 2
    variance = pairs.mean(axis=1).var(ddof=1) / len(ones) + pairs.mean(axis=0).var(ddof=1) / len(zeros)
    assert lift.auc(chance, y, np.ones(80))["se"] == pytest.approx(np.sqrt(variance))


def test_a_perfect_ranking_is_not_certain():
    """Wilson's lower limit of 4 of 4: 4 / (4 + 1.96²) = 0.5101."""
    y = np.repeat([1, 0.0], [4, 6])
    found = lift.auc(np.repeat([0.9, 0.1], [4, 6]), y, ONES)
    assert (found["estimate"], found["high"]) == (1, 1)
    assert found["low"] == pytest.approx(0.5101, abs=1e-4)
    row = lift.gains(np.repeat([0.9, 0.0], [4, 6]), y, ONES, [50]).iloc[0]
    assert (row["estimate"], row["low"]) == pytest.approx((100, 51.01), abs=0.01)


def test_weights_count_as_rows_do():
    """Algebra: a customer of weight 2 is worth two rows, in every estimate (errors differ, as they should)."""
    rng = np.random.default_rng(2)
    chance, y, w = rng.integers(1, 9, 60) / 10, (rng.random(60) < 0.5).astype(float), rng.integers(1, 4, 60)
    many = np.repeat(np.arange(60), w)
    one, two = (
        lift.gains(chance, y, w.astype(float), [10, 30]),
        lift.gains(chance[many], y[many], 0 * many + 1.0, [10, 30]),
    )
    np.testing.assert_allclose(one["estimate"], two["estimate"])
    one, two = (
        lift.calibration(chance, y, w.astype(float), 0.5),
        lift.calibration(chance[many], y[many], 0.0 * many + 1, 0.5),
    )
    brier = ["brier", "brier_base", "brier_gain", "intercept"]
    np.testing.assert_allclose(one.loc[brier, "estimate"], two.loc[brier, "estimate"])


def test_tenths_by_hand():
    """20 customers: the top tenth are the two of chances 0.95 and 0.9, of whom one is ideal (50%, Wilson 9.5-90.5)."""
    chance = np.arange(19, -1, -1) / 20
    rows = lift.tenths(chance, (np.arange(20) % 2 == 0).astype(float), np.ones(20))
    assert rows["tenth"].tolist() == list(range(1, 11))
    assert rows["chance"].tolist()[0] == pytest.approx(92.5)
    assert (rows["n"] == 2).all()
    assert rows.loc[0, ["estimate", "low", "high"]].tolist() == pytest.approx([50, 9.453, 90.547], abs=1e-3)
    alike = lift.tenths(np.full(20, 0.4), np.ones(20), np.ones(20))
    assert alike["n"].tolist() == [20]  # the same chance, the same tenth


def test_calibration_of_true_and_of_twisted_chances():
    """Known truth: true chances have slope 1 and intercept 0 (99%); log odds doubled slope 0.5; less 1, intercept 1."""
    rng = np.random.default_rng(3)
    logit = rng.standard_normal(4000)
    y, w = (rng.random(4000) < special.expit(logit)).astype(float), np.ones(4000)
    right = lift.calibration(special.expit(logit), y, w, 0.5)
    assert right.loc["slope", "low"] < 1 < right.loc["slope", "high"]
    assert abs(right.loc["intercept", "estimate"]) < 2.6 * right.loc["intercept", "se"]
    assert right.loc["brier", "estimate"] == pytest.approx(brier_score_loss(y, special.expit(logit)))
    assert right.loc["brier_base", "estimate"] == pytest.approx(0.25)
    twice, low = (
        lift.calibration(special.expit(2 * logit), y, w, 0.5),
        lift.calibration(special.expit(logit - 1), y, w, 0.5),
    )
    assert twice.loc["slope", "estimate"] == pytest.approx(right.loc["slope", "estimate"] / 2, rel=1e-4)
    assert low.loc["intercept", "estimate"] == pytest.approx(1 + right.loc["intercept", "estimate"], abs=1e-6)


# ---- the scorecard on known chances --------------------------------------------------------------------------------


def test_points_are_the_true_log_odds(known):
    """Known truth: 20 points double the odds, so that log odds of 0.7 are 20.2 points; age and hand earn nothing."""
    found = known[3]
    job, home = earned(found, "job"), earned(found, "home")
    assert job["owner"] - job["farmer"] == pytest.approx(1.4 * 20 / np.log(2), abs=8)
    assert home["town"] - home["land"] == pytest.approx(0.7 * 20 / np.log(2), abs=8)
    assert max(map(abs, earned(found, "hand").values())) <= 3
    assert all(isinstance(points, int) for points in job.values())
    assert found.points["attribute"].iloc[0] == "job"  # what makes most difference comes first
    rows = found.points.set_index(["attribute", "answer"])
    assert rows.loc[("job", "owner"), "points_low"] < 0.7 * 20 / np.log(2) < rows.loc[("job", "owner"), "points_high"]


def test_the_average_customer_has_no_points(known):
    """Algebra: 0 is the average, so the points of an attribute, by its answers' shares, sum up to 0 (but for rounding).

    The shares are those of all customers here, of the training part there.
    """
    rows = known[3].points
    sums = (rows["points"] * rows["n"]).groupby(rows["attribute"]).sum() / len(known[0])
    assert sums.abs().max() < 1


def test_the_test_finds_what_is_true(known):
    """Known truth: the AUC of the true chances; a slope of 1; the population's lift by the true chances."""
    _, chance, y, found = known
    tests = found.tests
    assert tests.loc["auc", "low"] < roc_auc_score(y, chance) < tests.loc["auc", "high"]
    assert tests.loc["slope", "low"] < 1 < tests.loc["slope", "high"]
    assert tests.loc["intercept", "low"] < 0 < tests.loc["intercept", "high"]
    assert tests.loc["brier_gain", "low"] > 0
    ranked = np.sort(chance)[::-1]
    truth = [ranked[: 60 * top].mean() / chance.mean() for top in (10, 20, 30)]
    assert ((found.lift["low"] < truth) & (truth < found.lift["high"])).all()
    assert found.useful
    assert found.reason.startswith(
        "The scorecard tells ideal customers from others: of 1,200 customers held out, those"
    )
    assert found.parts["n"].tolist() == [3600, 1200, 1200]
    np.testing.assert_allclose(found.parts["ideal"], y.sum() * np.array([0.6, 0.2, 0.2]), atol=1)


def test_chances_are_right_for_new_people(known):
    """Known truth: in new people the chance is the true one, within its interval on average."""
    frame, chance, _ = people(20_000, 9)
    score = known[3].score(frame)
    by = pd.DataFrame({"true": 100 * chance, **score[["chance", "chance_low", "chance_high"]]}).groupby(
        pd.qcut(score["chance"], 5, duplicates="drop"), observed=True
    )
    means = by.mean()
    assert (means["true"] - means["chance"]).abs().max() < 4
    assert means["true"].between(means["chance_low"] - 1, means["chance_high"] + 1).all()


def test_a_score_is_the_sum_of_its_points(known):
    """Hand sum from the published points, and the chance from the published formula."""
    found = known[3]
    row = found.score(pd.DataFrame({"age": [30.0], "home": ["town"], "job": ["owner"], "hand": ["left"]})).iloc[0]
    age = next(
        v
        for band, v in earned(found, "age").items()
        if band[:2].isdigit() and int(band[:2]) <= 30 <= int(band[3:] or 99)
    )
    points = age + earned(found, "home")["town"] + earned(found, "job")["owner"] + earned(found, "hand")["left"]
    assert (row["points"], row["score"], row["by_rules"]) == (points, points, 0)
    assert row["chance"] == pytest.approx(100 / (1 + np.exp(-found.intercept) * 2 ** (-points / 20)))
    assert row["chance_low"] < row["chance"] < row["chance_high"]
    assert row["reasons"].startswith(f"job: owner (+{earned(found, 'job')['owner']}); home: town (+")


def test_the_share_beside_the_points_is_that_of_all_customers(known):
    frame, _, y, found = known
    rows = found.points.set_index(["attribute", "answer"])
    owners = y[frame["job"] == "owner"]
    assert rows.loc[("job", "owner"), "n"] == len(owners)
    assert rows.loc[("job", "owner"), "estimate"] == pytest.approx(100 * owners.mean())
    assert found.base == pytest.approx(100 * y.mean())


def test_neither_rows_nor_labels_nor_runs_make_a_difference(known):
    frame, _, y, found = known
    new, names = people(50, 4)[0], ["age", "home", "job", "hand"]
    order = np.random.default_rng(7).permutation(len(frame))
    again = fit(frame.iloc[order].reset_index(drop=True), y[order], names)
    for name in ("points", "lift", "gains", "calibration", "tests", "decisions"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(found, name))
    other = fit(frame, y, names, seed=1)
    assert not other.tests.equals(found.tests)
    score = found.score(new)
    back = found.score(new.iloc[::-1])
    pd.testing.assert_frame_equal(back.iloc[::-1], score)


def test_the_language_of_the_labels_makes_no_difference():
    frame, _, y = people(600, 3)
    one = frame[["job"]].astype({"job": pd.CategoricalDtype(["owner", "clerk", "farmer"])})
    other = one.assign(job=one["job"].cat.rename_categories(["chủ", "nhân viên", "nông dân"]))
    points = [fit(some, y, "job").points["points"].tolist() for some in (one, other)]
    assert points[0] == points[1]


# ---- nothing to tell -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_attributes_that_tell_nothing_are_said_to_be_useless(seed):
    """Known truth: nobody's chance depends on anything."""
    frame, _, y = people(800, seed, strength=0.0)
    found = fit(frame, y, ["job", "home", "age", "hand"], seed=seed)
    assert not found.useful
    assert found.reason.startswith(
        "The scorecard is not shown to be any better than calling at random: of 160 customers"
    )
    assert found.lift["low"].iloc[-1] <= 1 <= found.lift["high"].iloc[-1]
    new = found.score(frame)
    assert ((new["chance_low"] < 100 * y.mean()) & (new["chance_high"] > 100 * y.mean())).mean() > 0.5


def test_an_attribute_of_one_answer_earns_nothing():
    frame, _, y = people(300, 2)
    found = fit(frame.assign(job="clerk"), y, "job")
    assert not found.points["points"].any()
    assert not found.useful
    assert (found.lift["estimate"] == 1).all()
    assert found.tests.loc["auc", "estimate"] == 0.5
    assert found.score(frame.head(3))["chance"].nunique() == 1
    assert found.decisions["decision"].tolist() == ["one answer only; earns nothing"]


def test_an_attribute_that_tells_all_is_no_fault():
    frame, _, y = people(300, 2)
    found = fit(frame.assign(sure=np.where(y == 1, "yes", "no")), y, ["sure", "job"])
    assert found.useful
    assert found.tests.loc["auc", "estimate"] == 1
    assert found.tests.loc["auc", "low"] < 1
    chance = found.score(pd.DataFrame({"sure": ["yes", "no"], "job": "clerk"}))["chance"]
    assert chance[0] > 90
    assert chance[1] < 10


# ---- blanks, rare and new answers, numbers -------------------------------------------------------------------------


def test_blanks_and_rare_answers_have_points_of_their_own():
    """Hand counts: 5 of a rare answer, 100 blanks whose true chance is the lowest."""
    frame, _, y = people(1500, 6)
    rng = np.random.default_rng(0)
    frame.loc[:99, "job"], frame.loc[100:104, "job"] = None, "pilot"
    y[:100] = rng.random(100) < 0.05
    found = fit(frame, y, ["job", "home"])
    rows = found.points[found.points["attribute"] == "job"].set_index("answer")
    assert rows.index.tolist() == ["clerk", "farmer", "owner", "other", "unknown"]
    assert rows["n"][["other", "unknown"]].tolist() == [5, 100]
    assert rows["points"].idxmin() == "unknown"
    decisions = found.decisions[["attribute", "rows", "decision", "example"]].to_numpy().tolist()
    assert ["job", 100, 'blank; counts as the answer "unknown"', ""] in decisions
    assert [
        "job",
        5,
        'answers of fewer than 10 training customers; count as "other"',
        "pilot",
    ] in decisions


def test_a_new_answer_counts_as_unknown_and_is_counted(known):
    found = known[3]
    new = pd.DataFrame({"age": [30.0, NAN, 30], "home": ["town", "moon", "moon"], "job": ["owner"] * 3, "hand": "left"})
    score = found.score(new)
    assert score["points"][0] - score["points"][2] == earned(found, "home")["town"] - earned(found, "home")["unknown"]
    assert score["unknown"].tolist() == ["", "home: moon", "home: moon"]
    assert found.unknown_answers(new).to_numpy().tolist() == [
        ["home", 2, 'no customer of the training gave this answer; it counts as "unknown"', "home: moon"]
    ]
    assert found.unknown_answers(new.head(1)).empty


def test_who_was_not_asked_gets_no_points_for_the_blank(demo):
    """Hand check: industry, staff and revenue are asked of companies only; `segment` says so."""
    found = demo[1]
    for name in ("industry", "company_size", "revenue"):
        assert earned(found, name)["unknown"] == 0
        row = found.decisions[
            (found.decisions["attribute"] == name) & found.decisions["decision"].str.startswith("not")
        ]
        assert row["decision"].tolist() == ["not asked of segment Household; a blank earns nothing"]
        assert row["rows"].tolist() == [18810]
    assert earned(found, "segment")["Business"] > 80


def test_bands_of_numbers_hold_a_fifth_each(known):
    frame, _, _, found = known
    rows = found.points[(found.points["attribute"] == "age") & (found.points["answer"] != "unknown")]
    assert len(rows) == 5
    assert (rows["n"] / len(frame)).between(0.15, 0.25).all()
    young = rows["answer"].iloc[0]
    assert rows["n"].iloc[0] == (frame["age"] < float(young[1:])).sum()
    assert found.score(frame.head(4).assign(age=[-1e9, 0, 17, NAN]))["points"].head(3).nunique() <= 4


# ---- rules ---------------------------------------------------------------------------------------------------------


def test_rules_act_on_the_points_and_leave_the_chance(demo):
    study, plain, rules = demo
    prospects = study.table("prospects")
    found = replace(
        plain, rules=tuple(rules), asked=tuple(a for a in plain.attributes if a.name in ("city", "segment"))
    )
    before, after = plain.score(prospects), found.score(prospects)
    hanoi, company = prospects["city"].astype(str) == "Hanoi", prospects["segment"].astype(str) == "Business"
    assert after["by_rules"].tolist() == np.where(hanoi, 12, 0).tolist()
    assert (after["score"] == before["points"] + after["by_rules"]).all()
    pd.testing.assert_frame_equal(after[["points", "chance", "reasons"]], before[["points", "chance", "reasons"]])
    assert after["excluded"].tolist() == company.tolist()
    assert after.loc[company, ["rank", "tenth"]].isna().all(axis=None)
    assert after["rules"][(hanoi & ~company).idxmax()] == "City: Hanoi (+15); City: Hanoi (−3)"
    assert after["rules"][(~hanoi & company).idxmax()] == "Kind of customer: Business (excluded)"
    listed = after[~company]
    assert listed["rank"].min() == 1
    assert listed.loc[listed["rank"] == 1, "score"].eq(listed["score"].max()).all()
    assert listed["tenth"].between(1, 10).all()


def test_ranks_and_tenths_by_hand(known):
    """Twenty prospects: ten owners in town ahead of ten farmers on the land; ties share a rank and a tenth."""
    found, n = known[3], 10
    new = pd.DataFrame({"job": ["owner"] * n + ["farmer"] * n, "home": ["town"] * n + ["land"] * n, "age": 40.0,
                        "hand": "left"})  # fmt: skip
    score = found.score(new)
    assert score["rank"].tolist() == [1] * n + [11] * n
    assert score["tenth"].tolist() == [3] * n + [8] * n


def test_rules_of_a_fit_are_checked_and_kept():
    frame, _, y = people(300, 2)
    rules = [Rule("hand", ("left",), points=5), Rule("job", ("unknown",), exclude=True)]
    found = fit(frame, y, ["job", "home"], rules=rules)
    score = found.score(frame.head(5).assign(job=[None, "owner", "owner", "owner", "owner"]))
    assert score["by_rules"].tolist() == (5 * (frame["hand"].head(5) == "left")).tolist()
    assert score["excluded"].tolist() == [True, False, False, False, False]


RULES = {
    "question": (Rule("jbo", ("owner",), 5), "the customers have no column jbo; did you mean job?"),
    "answer": (Rule("job", ("ownr",), 5), "job has no answer ownr; did you mean owner?; a rule names one of clerk, "
               "farmer, owner, unknown"),
    "band": (Rule("age", ("30",), 5), "age has no answer 30; "),
    "text": (Rule("job", "owner", 5), 'a rule names the answers it is about, e.g. answers=("Hanoi",); found \'owner\''),
    "none": (Rule("job", (), 5), "a rule names the answers it is about"),
    "nothing": (Rule("job", ("owner",)), "a rule gives points or excludes; the rule on job does neither"),
    "part": (Rule("job", ("owner",), 2.5), "a rule's points are a whole number up to 10,000, e.g. 20, which doubles "
             "the odds; the rule on job has 2.5"),
    "nan": (Rule("job", ("owner",), NAN), "the rule on job has nan"),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "message"), RULES.values(), ids=RULES)
def test_rules_that_are_refused(rule, message):
    frame, _, y = people(300, 2)
    with pytest.raises(CxError) as caught:
        fit(frame, y, ["job", "age"], rules=[rule])
    assert message in str(caught.value)


# ---- the demo ------------------------------------------------------------------------------------------------------


def test_the_demo_s_prospects_are_all_scored(demo):
    study, found, _ = demo
    prospects = study.table("prospects")
    score = found.score(prospects)
    assert score.index.equals(prospects.index)
    assert score["rank"].notna().all()
    assert (score["unknown"] == "").all()
    assert found.useful
    # What is planted: companies spend seven times as much, so that they lead the list.
    assert (prospects.loc[score.nsmallest(30, "rank").index, "segment"].astype(str) == "Business").all()
    held = found.calibration
    assert ((held["low"] <= held["chance"] + 5) & (held["chance"] - 5 <= held["high"])).all()
    assert 0.85 < found.tests.loc["slope", "estimate"] < 1.15


def test_weights_are_heard():
    """Known truth: owners of weight 0 are not there, so that the attribute has one answer less."""
    frame, _, y = people(600, 8)
    found = fit(
        frame.assign(w=np.where(frame["job"] == "owner", 0, 1 + frame.index % 2)), y, ["job", "home"], weights="w"
    )
    assert "owner" not in earned(found, "job")
    share = np.average(y[frame["job"] != "owner"], weights=(1 + frame.index % 2)[frame["job"] != "owner"])
    assert found.base == pytest.approx(100 * share)


# ---- what is refused -----------------------------------------------------------------------------------------------


def few(n: int) -> np.ndarray:
    return np.r_[np.ones(n), np.zeros(300 - n)]


REFUSED = {
    "few ideal": ({"ideal": few(49)}, "at least 50 ideal customers and 50 others; of 300 customers 49 are ideal and "
                  "251 are not (0 not known)"),
    "few others": ({"ideal": few(260)}, "260 are ideal and 40 are not"),
    "none known": ({"ideal": np.full(300, NAN)}, "0 are ideal and 0 are not (300 not known)"),
    "two": ({"ideal": few(60) * 2}, "ideal is 1, 0 or blank for each of 300 customers; 60 are not, e.g. 2"),
    "length": ({"ideal": np.ones(3)}, "ideal is 1, 0 or blank for each of 300 customers; there are 3 values"),
    "index": ({"ideal": pd.Series(few(60), index=range(1, 301))}, "with their index; it has another"),
    "attribute": ({"attributes": ["job", "hnad"]}, "the customers have no column hnad; did you mean hand?"),
    "no attribute": ({"attributes": []}, "a lead score needs at least one attribute"),
    "identifier": ({"attributes": ["id"]}, "id has 180 different answers of 180 customers, e.g. k"),
    "infinite": ({"attributes": ["huge"]}, "an attribute's numbers are finite; "),
    "weights": ({"weights": "id"}, "weights must be numbers of 0 or more; 300 are not, e.g. k0 (column id)"),
    "confidence": ({"confidence": 95}, "confidence lies between 0 and 1, e.g. 0.95; found 95"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(change, message):
    frame = people(300, 2)[0].assign(id=[f"k{i}" for i in range(300)], huge=np.inf)
    arguments = {"ideal": few(60), "attributes": ["job"]} | change
    with pytest.raises(CxError) as caught:
        fit(frame, arguments.pop("ideal"), arguments.pop("attributes"), **arguments)
    assert message in str(caught.value)


def test_prospects_that_do_not_fit(known):
    found = known[3]
    new = people(5, 1)[0]
    with pytest.raises(CxError, match="the prospects have no column age"):
        found.score(new.drop(columns="age"))
    with pytest.raises(CxError, match=r"age must hold numbers, as among the customers; it holds str, e.g. old$"):
        found.score(new.assign(age="old"))
    assert list(found.score(new.head(0))) == list(found.score(new))
    blank = found.score(pd.DataFrame({name: [None] for name in ("age", "home", "job", "hand")}))
    assert blank["points"].tolist() == [0]
    assert blank["reasons"].tolist() == [""]


def test_nothing_that_was_given_is_changed():
    frame, _, y = people(300, 2)
    before = frame.copy(deep=True)
    lead_score.fit(frame, pd.Series(y), ["job", "age"]).score(frame)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("values", "answers"),
    [
        (np.repeat([0, 1], [930, 70]), ["0", "1", "unknown"]),
        (np.repeat([0, 1, 2, 5], [800, 150, 47, 3]), ["0", "1", "2", "other", "unknown"]),
        (np.r_[np.zeros(700), np.arange(1, 301)], ["<1", "1-149", "150+", "unknown"]),
        (np.r_[np.zeros(500), np.arange(1, 501)], ["<1", "1-249", "250+", "unknown"]),
        (np.r_[np.full(300, 9.0), np.arange(700) / 70 + 10.003], None),
        (np.repeat(np.arange(1950, 2000), 20), ["<1960", "1960-1969", "1970-1978", "1979-1988", "1989+", "unknown"]),
    ],
)
def test_numbers_of_few_values_are_answers_and_spikes_are_parted(values, answers):
    """Counts by hand: no band holds what differs from a value that 15% or more have."""
    found = scorecard.attribute(pd.Series(values, name="x"), "X")
    if answers is not None:
        assert list(found.answers) == answers
    codes = scorecard.codes(found, pd.Series(values, name="x"))
    most = pd.Series(values).mode()[0]
    alike = codes == codes[np.flatnonzero(values == most)[0]]
    assert len(np.unique(codes)) > 1
    if (values == most).mean() > 0.15:
        assert (alike == (values == most)).all()
