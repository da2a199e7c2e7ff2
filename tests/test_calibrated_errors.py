"""Standard errors of calibrated weights, against R and a known truth.

Oracle: calibrate() and postStratify() of R 4.2.2 with survey 4.1.1 (tests/reference/calibrated.R), on respondents whom
script and test make by the same formula; the final weights come from iterative fitting in this file.
"""

import shutil
from itertools import product
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from cxlib import Study, batteries, before_after, key_drivers, survey, tabs, value
from cxlib.banner import banner
from cxlib.binary import binary
from cxlib.calibration import Calibration
from cxlib.compare import changes, differences
from cxlib.counts import tally
from cxlib.crosstabs import crosstab
from cxlib.design import design_of
from cxlib.errors import CxError
from cxlib.linear import linear
from cxlib.metrics import Metric
from cxlib.profiles import profile
from cxlib.regressions import regression
from cxlib.scores import by_group, score, shares
from cxlib.variance import joint, linearise

ROOT = Path(__file__).resolve().parents[1]
APISTRAT = ROOT / "../shared/reference/apistrat.csv"

POPULATIONS = {
    "sex": {"f": 5300, "m": 4700},
    "age": {"young": 3100, "middle": 4200, "old": 2700},
    "region": {"north": 2500, "centre": 1900, "south": 5600},
    "cell": {"f middle": 1900, "f old": 1500, "f young": 1900, "m middle": 2100, "m old": 1300, "m young": 1300},
}
MARGINS = {"two": ["sex", "age"], "three": ["sex", "age", "region"], "cells": ["cell"]}
DESIGNS = {
    "neither": {},
    "strata": {"strata": "stratum"},
    "clusters": {"clusters": "shop"},
    "both": {"strata": "stratum", "clusters": "shop"},
    "some": {"strata": "stratum", "clusters": "known"},
    "finite": {"strata": "stratum", "clusters": "shop", "fpc": "shops"},
    "people": {"strata": "stratum", "fpc": "people"},
}
POINTS = Metric("points", "Points", (-100, 100), {-100: -100, 0: 0, 100: 100}, "points")


def fitted(frame, w, margins: dict):
    """Weights that meet the margins, one after the other until all hold."""
    places = [(np.array(list(levels.values())), pd.Categorical(frame[name], list(levels)).codes)
              for name, levels in margins.items()]  # fmt: skip
    for _ in range(200):
        for counts, place in places:
            w = w * (counts / np.bincount(place, w))[place]
    return w


def raked(frame, margins, start: str):
    """The frame with weights fitted to the margins, their ratio to the starting ones, and how to name both."""
    w = fitted(frame, frame[start].to_numpy(float), {name: POPULATIONS[name] for name in margins})
    frame = frame.assign(weight=w, ratio=w / frame[start].to_numpy(float))
    return frame, {"weights": "weight", "calibration": Calibration(tuple(margins), "ratio")}


@pytest.fixture(scope="module")
def people():
    """The respondents of the R script."""
    i = np.arange(1, 421)
    sex, age = np.where(i * 7 % 10 < 6, "f", "m"), np.array(["young", "middle", "old"])[(i * 13 + i // 7) % 3]
    region = np.array(["north", "centre", "south", "south"])[(i * 5 + i // 11) % 4]
    stratum = np.array(["a", "b", "c"])[(i > 150).astype(int) + (i > 330)]
    shop = pd.Series([f"s{100 + (number - 1) // 12}" for number in i])
    answer = i * 37 % 7 + 3 * (sex == "f") - 2 * (age == "old") + i // 12 % 3 + (region == "north")
    answer = np.where(i % 23 == 0, np.nan, np.clip(answer, 0, 10).astype(float))
    score = np.where(answer >= 9, 100.0, np.where(answer <= 6, -100.0, 0.0))
    return pd.DataFrame({
        "sex": sex, "age": age, "region": region, "stratum": stratum, "shop": shop,
        "known": shop.where((i - 1) // 12 % 5 != 3), "wave": np.where(i % 3 == 0, "2025", "2026"), "answer": answer,
        "score": np.where(np.isnan(answer), np.nan, score), "staff": 1.0 + i * 11 % 5,
        "price": 1.0 + (i * 3 + i // 5) % 5, "start": 1 + i * 5 % 9 / 4,
        "shops": pd.Series(stratum).map({"a": 40, "b": 30, "c": 12}),
        "people": pd.Series(stratum).map({"a": 4000, "b": 900, "c": 300}), "female": 100.0 * (sex == "f"),
        "happy": np.where(np.isnan(answer), np.nan, (answer >= 9).astype(float)), "flat": 2.0,
        "cell": pd.Series(sex) + " " + pd.Series(age),
    })  # fmt: skip


@pytest.fixture(scope="module")
def by_r():
    """What R printed, by design, margins, what and statistic."""
    table = pd.read_csv(ROOT / "tests/reference/calibrated.csv")
    return table.set_index(["design", "margins", "what", "statistic"])["value"]


def same(value, printed, rel=1e-9):
    assert value == pytest.approx(float(printed), rel=rel)


# -- R's calibrate(calfun = "raking") ----------------------------------------------------------------------------

CASES = [*product(DESIGNS, ("two", "three"))]


@pytest.mark.parametrize(("design", "margins"), CASES)
def test_means_and_domains_are_those_of_r(people, by_r, design, margins):
    """Oracle: svymean() of the whole sample, and of subset() by region and by wave."""
    frame, how = raked(people, MARGINS[margins], "start")
    how |= DESIGNS[design]
    wanted = [("all", POINTS, "score", []), ("mean", "mean", "answer", []), ("north", POINTS, "score", ["region"])]
    for what, metric, question, by in [*wanted, ("2025", POINTS, "score", ["wave"])]:
        rows = by_group(frame, metric, by, question=question, **how)
        row = (rows[rows[by[0]] == what] if by else rows).iloc[0]
        same(row["estimate"], by_r[design, margins, what, "estimate"])
        same(row["se"], by_r[design, margins, what, "se"])
    count = {"two": 2, "three": 3}[margins]
    assert f"Taylor linearisation: weights calibrated to {count} margins" in row["method"]


@pytest.mark.parametrize(("design", "margins"), CASES)
def test_differences_between_domains_are_those_of_r(people, by_r, design, margins):
    """Oracle: svytotal() of the linearised difference, and svyttest(), whose sign is that of 2026 less 2025."""
    frame, how = raked(people, MARGINS[margins], "start")
    how |= DESIGNS[design]
    waves = changes(frame, POINTS, over="wave", question="score", **how).iloc[0]
    ages = changes(frame, POINTS, over="age", question="score", order=["young", "old", "middle"], **how).iloc[0]
    same(waves["estimate"], by_r[design, margins, "change", "estimate"])
    same(waves["se"], by_r[design, margins, "change", "se"])
    same(waves["t"], by_r[design, margins, "test", "t"])
    same(ages["estimate"], by_r[design, margins, "old less young", "estimate"])
    same(ages["se"], by_r[design, margins, "old less young", "se"])
    # The banner's differences come from the joint covariance of all domains: another way to the same error.
    pairs = differences(frame, POINTS, over="wave", question="score", minimum_base=2, **how)
    same(pairs["se"].iloc[0], by_r[design, margins, "change", "se"])


@pytest.mark.parametrize(("design", "margins"), CASES)
def test_rao_scott_is_that_of_r(people, by_r, design, margins):
    """Oracle: svychisq(). Its p counts the clusters of those who did not answer, too, and is near rather than equal."""
    frame, how = raked(people, MARGINS[margins], "start")
    found = crosstab(frame, "happy", "wave", **how, **DESIGNS[design])
    same(found.statistic, by_r[design, margins, "related", "F"])
    same(found.p, by_r[design, margins, "related", "p"], rel=2e-3)


@pytest.mark.parametrize(("design", "margins"), [*product(("strata", "both", "some"), ("two", "three"))])
def test_models_are_those_of_r(people, by_r, design, margins):
    """Oracle: svyglm(), linear and binomial; R stops its logit short of the seventh digit."""
    frame, how = raked(people, MARGINS[margins], "start")
    how |= DESIGNS[design]
    line = linear(frame, "answer", ["staff", "price", "sex"], **how)
    logit = binary(frame, "happy", ["staff", "price"], **how)
    for name, term in (("staff", "staff"), ("sexm", "sex[m]")):
        same(line.coefficients["estimate"][term], by_r[design, margins, f"linear {name}", "estimate"])
        same(line.coefficients["se"][term], by_r[design, margins, f"linear {name}", "se"])
    same(logit.coefficients["estimate"]["staff"], by_r[design, margins, "logit staff", "estimate"], rel=1e-7)
    same(logit.coefficients["se"]["staff"], by_r[design, margins, "logit staff", "se"], rel=1e-7)
    assert "weights calibrated to" in line.method


@pytest.mark.parametrize(("design", "start", "margins"), [("strata", "flat", "cells"), ("both", "flat", "cells"),
                                                           ("strata", "start", "unequal")])  # fmt: skip
def test_one_margin_is_post_stratification(people, by_r, design, start, margins):
    """Oracle: postStratify(), with equal and with unequal starting weights."""
    frame, how = raked(people, ["cell"], start)
    row = by_group(frame, POINTS, [], question="score", **how, **DESIGNS[design]).iloc[0]
    same(row["estimate"], by_r[design, margins, "all", "estimate"])
    same(row["se"], by_r[design, margins, "all", "se"])
    if margins == "cells":
        rows = by_group(frame, POINTS, ["region"], question="score", **how, **DESIGNS[design]).set_index("region")
        same(rows.loc["north", "se"], by_r[design, margins, "north", "se"])


# -- properties ------------------------------------------------------------------------------------------------


def test_every_way_to_the_variance_gives_the_same(people):
    """Property: linearise() with its covariances, and the residuals themselves, are two ways to one matrix."""
    frame, how = raked(people, MARGINS["three"], "start")
    for design in DESIGNS.values():
        drawn = {**design, "calibration": how["calibration"]}
        table = tally(frame, "score", by="wave", weights="weight", **drawn)
        y, w = score(table, POINTS, "score"), table["w"].to_numpy()
        domains = linearise(table, y, by="wave", **drawn)
        u = np.zeros((len(table), 4))
        for number, wave in enumerate(domains.keys["wave"]):
            inside = (table["wave"] == wave).to_numpy() & ~np.isnan(y)
            share = inside / w[inside].sum()
            u[:, number] = np.where(inside, y - domains.ratio[number], 0.0) * share
            u[:, 2 + number] = share
        expected = design_of(table, **drawn).covariance(w, table["w2"].to_numpy(), u)
        assert joint(domains, np.array([[0, 1]])).covariance[0] == pytest.approx(expected, rel=1e-9, abs=1e-12)
        assert domains.contrast()[0] == pytest.approx(np.diag(expected)[:2], rel=1e-9)


def test_a_table_of_cells_says_what_the_rows_say(people):
    """Property: several questions at once (a banner of the frame's rows) and one tally each give the same errors."""
    frame, how = raked(people, MARGINS["three"], "start")
    how |= DESIGNS["some"]
    made = banner(frame, ["region", "score"], ["wave"], **how)
    cell = made.cells.query("question == 'region' and line == 'north' and group == '2025'").iloc[0]
    row = shares(frame, "wave", question="region", answers=["north"], **how).iloc[0]
    assert cell[["estimate", "se", "low", "n_effective"]].tolist() == pytest.approx(
        row[["estimate", "se", "low", "n_effective"]].tolist(), rel=1e-9
    )
    rows = profile(frame, "wave", ["region"], **how)
    shown = rows.query("group == '2025' and answer == 'north'").iloc[0]
    assert [shown["share"], shown["low"]] == pytest.approx([row["estimate"], row["low"]], rel=1e-9)


def test_engines_give_one_result(people):
    """Property: pandas, polars and DuckDB tally the margins alike."""
    frame, how = raked(people, MARGINS["three"], "start")
    how |= {**DESIGNS["some"], "fpc": "people"}
    expected = by_group(frame, POINTS, ["wave"], question="score", **how)
    relation = duckdb.connect().from_df(frame)
    for other in (pl.from_pandas(frame), pl.from_pandas(frame).lazy(), relation):
        pd.testing.assert_frame_equal(by_group(other, POINTS, ["wave"], question="score", **how), expected)
    order = frame.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(by_group(order, POINTS, ["wave"], question="score", **how), expected)


def test_weights_may_be_counts_or_of_mean_1(people):
    """Property: errors do not know the scale of weights; neither do margins of which one follows from another."""
    frame, how = raked(people, MARGINS["two"], "start")
    expected = by_group(frame, POINTS, ["region"], question="score", **how)["se"]
    small = frame.assign(weight=frame["weight"] * 1e-6, ratio=frame["ratio"] * 1e-6)
    assert by_group(small, POINTS, ["region"], question="score", **how)["se"].tolist() == pytest.approx(
        expected.tolist(), rel=1e-9
    )
    twice = how | {"calibration": Calibration(("sex", "age", "again"), "ratio")}
    again = frame.assign(again=frame["sex"].map({"f": 1, "m": 2}))
    assert by_group(again, POINTS, ["region"], question="score", **twice)["se"].tolist() == pytest.approx(
        expected.tolist(), rel=1e-9
    )


def test_groups_raked_each_by_itself_are_samples_of_their_own(people):
    """Property: where margins are those of each wave, a wave alone gives what it gives among the others."""
    frame = people.assign(margin=people["wave"] + " " + people["sex"], weight=1.0)
    target = frame["margin"].map({"2025 f": 52.0, "2025 m": 48.0, "2026 f": 55.0, "2026 m": 45.0})
    frame["weight"] = target / frame.groupby("margin")["margin"].transform("size")
    frame["ratio"] = frame["weight"]
    how = {"weights": "weight", "calibration": Calibration(("margin",), "ratio"), "strata": "wave"}
    whole = by_group(frame, POINTS, ["wave"], question="score", **how)
    alone = by_group(frame[frame["wave"] == "2025"], POINTS, ["wave"], question="score", **how)
    assert alone["se"].iloc[0] == pytest.approx(whole["se"].iloc[0], rel=1e-12)


def test_before_and_after_takes_the_covariance_of_both_groups(people):
    """Oracle: the error of the difference in differences, from the residuals of all respondents by hand."""
    frame, how = raked(people, MARGINS["two"], "start")
    frame = frame[frame["score"].notna()].reset_index(drop=True).assign(group=lambda rows: rows["sex"])
    design = how | {"strata": "stratum"}
    waves = {"over": "wave", "before": "2025", "after": "2026"}
    found = before_after.effect(frame, POINTS, question="score", group="group", treated="f", **waves, **design)
    w, y = frame["weight"].to_numpy(), frame["score"].to_numpy()
    u = np.zeros(len(frame))
    for wave, sex, sign in (("2026", "f", 1), ("2025", "f", -1), ("2026", "m", -1), ("2025", "m", 1)):
        inside = ((frame["wave"] == wave) & (frame["sex"] == sex)).to_numpy()
        u += np.where(inside, sign * (y - np.average(y[inside], weights=w[inside])) / w[inside].sum(), 0)
    x = pd.get_dummies(frame[["sex", "age"]]).to_numpy(float)
    root = np.sqrt(w / frame["ratio"].to_numpy())
    total = w * (u - x @ np.linalg.lstsq(x * root[:, None], u * root, rcond=None)[0])
    parts = pd.Series(total).groupby([frame["stratum"], frame["group"]])
    assert found.se == pytest.approx(np.sqrt((parts.var() * parts.size()).sum()), rel=1e-9)
    assert "weights calibrated to 2 margins" in found.method


def test_a_battery_has_residuals(people):
    """Oracle: the influence function by differences of weights, one respondent at a time, less the margins' part.

    A battery of items that the margins give has an alpha without sampling error, and so no interval.
    """
    frame, how = raked(people, MARGINS["two"], "start")
    found = batteries.alpha(frame, ["staff", "price", "answer"], **how)
    fixed = batteries.alpha(frame, ["staff", "price", "answer"], weights="weight")
    assert found.value == pytest.approx(fixed.value, rel=1e-12)
    some = frame[frame["answer"].notna()].reset_index(drop=True)
    found = batteries.alpha(some, ["staff", "price", "answer"], **how)
    w, x = some["weight"].to_numpy(), pd.get_dummies(some[["sex", "age"]]).to_numpy(float)
    items = some[["staff", "price", "answer"]].to_numpy()

    def value(weights):
        c = np.cov(items.T, aweights=weights, ddof=0)
        return 1.5 * (1 - np.trace(c) / c.sum())

    # Alpha does not know the scale of weights, so that respondents' influences on it add up to 0.
    step = 1e-4 * w * np.eye(len(w))
    u = np.array([(value(w + one) - value(w - one)) / (2e-4 * w[i]) for i, one in enumerate(step)])
    root = np.sqrt(w / some["ratio"].to_numpy())
    total = w * (u - x @ np.linalg.lstsq(x * root[:, None], u * root, rcond=None)[0])
    assert found.se == pytest.approx(np.sqrt(total.var(ddof=1) * len(total)), rel=1e-5)
    crossed, how = raked(people, ["cell"], "start")
    items = crossed.assign(one=(crossed["sex"] == "f") * 1.0, two=(crossed["age"] == "old") * 1.0)
    given = batteries.alpha(items, ["one", "two"], **how)
    assert np.isnan(given.se)


# -- estimates without sampling error --------------------------------------------------------------------------


def test_an_estimate_that_the_margins_give_has_no_error(people):
    """Oracle: the population itself (53% women; se 0 in R but for rounding)."""
    frame, how = raked(people, MARGINS["two"], "start")
    row = by_group(frame, "mean", [], question="female", **how, **DESIGNS["some"]).iloc[0]
    assert [row["estimate"], row["low"], row["high"]] == pytest.approx([53, 53, 53], rel=1e-12)
    assert row[["se", "deff"]].tolist() == [0, 0]
    assert np.isnan(row["n_effective"])
    assert row["method"].startswith("given by the weights' margins, without sampling error; Taylor")


def test_answers_all_alike_keep_their_interval(people):
    """Property: a group that agrees is no margin; its interval is that of Kish's number, as without calibration."""
    frame, how = raked(people.assign(score=100.0), MARGINS["two"], "start")
    found = by_group(frame, POINTS, ["wave"], question="score", **how)
    fixed = by_group(frame, POINTS, ["wave"], question="score", weights="weight")
    assert found["low"].tolist() == pytest.approx(fixed["low"].tolist(), rel=1e-12)
    assert (found["low"] < 100).all()


def test_equal_margins_do_not_differ_and_unequal_ones_do(people):
    """Oracle: the population. Rounding is no difference, and what is fixed is told apart with certainty."""
    share = {"2025 f": 52.0, "2025 m": 48.0, "2026 f": 52.0, "2026 m": 48.0}
    for women, p in ((52.0, 1.0), (52.001, 0.0)):
        frame = people.assign(margin=people["wave"] + " " + people["sex"])
        target = frame["margin"].map(share | {"2026 f": women, "2026 m": 100 - women})
        weight = target / frame.groupby("margin")["margin"].transform("size")
        frame = frame.assign(weight=weight, ratio=weight)
        how = {"weights": "weight", "calibration": Calibration(("margin",), "ratio"), "strata": "wave"}
        found = changes(frame, "mean", over="wave", question="female", **how).iloc[0]
        assert found["estimate"] == pytest.approx(women - 52, abs=1e-10)
        assert found["p"] == pytest.approx(p, abs=1e-3)
        tested = differences(frame, "mean", over="wave", question="female", **how).iloc[0]
        assert tested["p"] == pytest.approx(p, abs=1e-3)


def test_two_margins_that_are_given_are_not_tested(people):
    """Oracle: the crossing is the population's, whatever the sample."""
    frame, how = raked(people, ["cell"], "start")
    found = crosstab(frame, "sex", "age", **how)
    assert np.isnan(found.p)
    assert found.method.startswith("no test")


# -- a known truth ---------------------------------------------------------------------------------------------


def test_intervals_cover_and_are_narrower_than_with_fixed_weights():
    """Oracle: the simulated population's mean, of which a margin tells most; 95% of the intervals should hold it."""
    draw, runs, size = np.random.default_rng(7), 300, 120
    population, shift = np.array([0.5, 0.3, 0.2]), np.array([0.0, 2.0, 5.0])
    run, level = np.repeat(np.arange(runs), size), draw.choice(3, runs * size, p=[0.3, 0.3, 0.4])
    cell = 3 * run + level
    w = population[level] / np.bincount(cell, minlength=3 * runs)[cell] * size
    frame = pd.DataFrame({"run": run, "cell": cell, "y": shift[level] + draw.normal(0, 1, runs * size), "w": w, "r": w})
    how = {"question": "y", "weights": "w", "strata": "run"}
    rows = by_group(frame, "mean", ["run"], **how, calibration=Calibration(("cell",), "r"))
    held = (rows["low"] <= population @ shift) & (population @ shift <= rows["high"])
    # Two standard errors of a share of 95% in 300 are 2.5 points.
    assert held.mean() == pytest.approx(0.95, abs=0.025)
    # The spread within levels is 1, that of all 2.14: with fixed weights the error is more than twice as large.
    fixed = by_group(frame, "mean", ["run"], **how)
    assert 0.4 < (rows["se"] / fixed["se"]).mean() < 0.6


def test_apistrat_as_r_has_it():
    """Oracle: R, svymean(~api00) after calibrate(calfun = "raking", epsilon = 1e-13) to stype and sch.wide."""
    if not APISTRAT.exists():
        pytest.skip("needs ../shared/reference/apistrat.csv")
    schools = pd.read_csv(APISTRAT)
    margins = {"stype": {"E": 4421, "H": 755, "M": 1018}, "sch.wide": {"No": 1072, "Yes": 5122}}
    w = fitted(schools, schools["pw"].to_numpy(float), margins)
    schools = schools.assign(w=w, ratio=w / schools["pw"])
    how = {"weights": "w", "strata": "stype", "fpc": "fpc", "calibration": Calibration(tuple(margins), "ratio")}
    row = by_group(schools, "mean", [], question="api00", **how).iloc[0]
    assert row["estimate"] == pytest.approx(662.2116503578452, rel=1e-9)
    assert row["se"] == pytest.approx(9.269547606461019, rel=1e-9)


# -- what cannot be computed with ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"ratio": "a"}, "the ratio of weights must be a number; column ratio holds 'a'"),
        ({"ratio": -1.0}, "must be a number above 0; 420 are not, e.g. -1 (column ratio)"),
        ({"ratio": np.nan}, "must be a number above 0; 420 are not, e.g. nan (column ratio)"),
    ],
)
def test_ratios_that_are_none_are_named(people, change, told):
    frame, how = raked(people, MARGINS["two"], "start")
    with pytest.raises(CxError) as error:
        by_group(frame.assign(**change), POINTS, [], question="score", **how)
    assert told in str(error.value)


def test_ratios_that_differ_in_a_cell_are_named(people):
    frame, how = raked(people, MARGINS["two"], "start")
    uneven = frame.assign(ratio=frame["ratio"] * np.where(frame["wave"] == "2025", 1.0, 1.1))
    with pytest.raises(CxError, match="must be alike where all margins are; it differs in 6 cells"):
        by_group(uneven, POINTS, ["wave"], question="score", **how)
    with pytest.raises(CxError, match="there is no column region2 in the table"):
        by_group(frame, POINTS, [], question="score", weights="weight",
                 calibration=Calibration(("region2",), "ratio"))  # fmt: skip


def test_respondents_without_weight_or_margin_answer_count(people):
    """Property: a missing margin answer is a level of its own; rows of weight 0 change nothing but n / (n - 1)."""
    frame, how = raked(people, MARGINS["two"], "start")
    named = frame.assign(sex=frame["sex"].where(frame["sex"] == "f", None))
    expected = by_group(frame, POINTS, [], question="score", **how)["se"].iloc[0]
    assert by_group(named, POINTS, [], question="score", **how)["se"].iloc[0] == pytest.approx(expected, rel=1e-12)
    nobody = frame.iloc[:5].assign(weight=0.0, ratio=np.nan)
    more = by_group(pd.concat([frame, nobody]), POINTS, [], question="score", **how).iloc[0]
    assert more["se"] == pytest.approx(expected * np.sqrt(425 / 424 / (420 / 419)), rel=1e-6)


# -- a raked study ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def raked_study(tmp_path_factory):
    """The demo study, raked to its margins in each wave."""
    folder = tmp_path_factory.mktemp("raked") / "demo"
    shutil.copytree(ROOT / "data/demo", folder)
    file = folder / "study.yml"
    file.write_text(file.read_text(encoding="utf-8") + "\nweighting: {}\n", encoding="utf-8")
    return Study.load(folder)


def test_a_raked_study_brings_its_calibration_everywhere(raked_study):
    """Property: rows of a wave alone (as a model takes them) have the residuals that they have among all waves."""
    assert list(survey.designs(raked_study))[2:4] == ["Weights and raking", "Weights, raking and clusters"]
    wave, design = raked_study.waves[-1], raked_study.design
    assert design["calibration"].ratio == "weight_ratio"
    rows = survey.by_wave(raked_study).query("name == 'nps' and wave == @wave").iloc[0]
    alone = raked_study.survey[raked_study.survey["wave"] == wave]
    # Without clusters, of which a wave has fewer than all waves together.
    how = {"weights": "weight", "strata": ["wave", "stratum"], "calibration": design["calibration"]}
    line = linear(alone.assign(sex=alone["sex"].cat.remove_unused_categories()), "recommend", ["sex"], **how)
    mean = by_group(raked_study.survey, "mean", ["wave", "sex"], question="recommend", **how)
    first = mean[(mean["wave"] == wave) & (mean["sex"] == alone["sex"].cat.categories[0])].iloc[0]
    assert line.coefficients["se"]["(constant)"] == pytest.approx(first["se"], rel=1e-9)
    assert "weights calibrated to 2 margins" in rows["method"]
    assert tabs.reliability(raked_study, wave)["method"].str.contains("weights calibrated to 2 margins").any()


def test_what_takes_a_part_of_the_sample_says_so(raked_study):
    """Property: estimates from customers who are named have the errors of fixed weights, and say so."""
    rows = value.by_band(raked_study, "recommend")
    assert rows["method"].str.endswith("weights taken as fixed").all()
    assert not rows["method"].str.contains("calibrated").any()
    shown = key_drivers.shares(regression(raked_study), bootstrap=0)
    assert shown["method"].str.endswith("weights taken as fixed").all()
