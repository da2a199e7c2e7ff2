"""Difference in differences, its placebo checks, the interrupted series, and what the next wave can see.

Oracles: R's survey package on the demo study (tests/reference/demo_before_after.R), hand calculation, statsmodels,
truth.yml with samples drawn again from the demo's known world.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import yaml
from scipy import stats

from cxlib import CxError, Study, compare
from cxlib.before_after import effect, effects, lines, placebos
from cxlib.detectable import answers_needed, change, multiplier
from cxlib.interrupted import interrupted

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "data/demo"
sys.path.insert(0, str(DEMO))
import population  # noqa: E402

WAVES = {"over": "wave", "before": "2026-H1", "after": "2026-H2"}
DESIGN = {"weights": "weight", "strata": "stratum", "clusters": "cluster"}
RETRAINED = {"group": "improved", "treated": "Re-trained", **WAVES}
METRICS = {"recommend": "nps", "satisfaction": "csat", "ease": "ces", "support_resolution": "mean"}
METRICS |= {"product_quality": "mean"}


@pytest.fixture(scope="module")
def demo():
    return Study.load(DEMO).survey


@pytest.fixture(scope="module")
def printed_by_r():
    """What R printed, by kind, design, question, group, before and after."""
    table = pd.read_csv(ROOT / "tests/reference/demo_before_after.csv", keep_default_na=False, dtype=str)
    table[["estimate", "se", "n"]] = table[["estimate", "se", "n"]].replace("NA", "nan").astype(float)
    return table.set_index(["kind", "design", "question", "group", "before", "after"])


# -- against R ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", METRICS)
def test_effect_is_the_interaction_of_svyglm(demo, printed_by_r, question):
    """svyglm(y ~ treated * later), cities x groups of shops as strata, shops as clusters, weights."""
    oracle = printed_by_r.loc[("effect", "groups", question, "", "2026-H1", "2026-H2")]
    found = effect(demo, METRICS[question], question=question, **RETRAINED, **DESIGN)
    assert (found.value, found.se) == pytest.approx((oracle["estimate"], oracle["se"]), rel=1e-9)
    assert found.n == oracle["n"]
    simple = printed_by_r.loc[("effect", "simple", question, "", "2026-H1", "2026-H2")]
    found = effect(demo, METRICS[question], question=question, **RETRAINED)
    assert (found.value, found.se) == pytest.approx((simple["estimate"], simple["se"]), rel=1e-9)
    assert found.n_effective == pytest.approx(found.n, rel=0.01)


def test_placebos_and_slope(demo, printed_by_r):
    """svyglm on the earlier pairs of waves; svycontrast of six means for the slope."""
    for question, metric in METRICS.items():
        found = placebos(demo, metric, question=question, **RETRAINED, **DESIGN).set_index(["check", "before", "after"])
        for check, kind in (("placebo", "effect"), ("slope", "slope")):
            for (before, after), row in found.loc[check].iterrows():
                oracle = printed_by_r.loc[(kind, "groups", question, "", before, after)]
                assert (row["estimate"], row["se"]) == pytest.approx((oracle["estimate"], oracle["se"]), rel=1e-9)
                assert row["n"] == oracle["n"]
        assert len(found) == 4
        checks = found.iloc[1:]
        holm = np.maximum.accumulate(np.sort(checks["p"]) * [3, 2, 1]).clip(max=1)
        np.testing.assert_allclose(np.sort(checks["p_adjusted"]), holm)
        assert found["p_adjusted"].iloc[0] == found["p"].iloc[0]


def test_lines_and_counterfactual(demo, printed_by_r):
    """svyby means of both groups in every wave, and svycontrast of three of them."""
    for question, metric in METRICS.items():
        for row in lines(demo, metric, question=question, **RETRAINED, **DESIGN).itertuples():
            kind, before = ("counterfactual", "2026-H1") if row.kind == "counterfactual" else ("line", "")
            group = "1" if row.group == "Re-trained" else "0"
            oracle = printed_by_r.loc[(kind, "groups", question, group, before, row.wave)]
            assert (row.estimate, row.se, row.n) == pytest.approx(tuple(oracle[["estimate", "se", "n"]]), rel=1e-9)


def test_what_power_asks_for(printed_by_r):
    """power.t.test: delta sqrt(n / 2) / sd at 80 and 90% power, 95 and 90% confidence."""
    for (_, df, confidence, power, _, _), row in printed_by_r.loc[["power"]].iterrows():
        assert multiplier(float(df), float(power), float(confidence)) == pytest.approx(row["estimate"], rel=1e-7)


# -- by hand -----------------------------------------------------------------------------------------------------


def shops(cells: dict) -> pd.DataFrame:
    """A row an answer: {(group, shop, wave): answers}."""
    rows = [(group, shop, wave, y) for (group, shop, wave), given in cells.items() for y in given]
    return pd.DataFrame(rows, columns=["group", "shop", "wave", "y"])


SMALL = {
    ("new", "a", "1"): [4, 6], ("new", "b", "1"): [5, 7], ("new", "c", "1"): [6, 8],
    ("new", "a", "2"): [8, 8], ("new", "b", "2"): [7, 9], ("new", "c", "2"): [9, 9],
    ("old", "d", "1"): [5, 5], ("old", "e", "1"): [4, 6], ("old", "f", "1"): [7, 3], ("old", "g", "1"): [6, 4],
    ("old", "d", "2"): [5, 7], ("old", "e", "2"): [4, 6], ("old", "f", "2"): [6, 6], ("old", "g", "2"): [6, 8],
}  # fmt: skip
HOW = {"question": "y", "group": "group", "treated": "new", "over": "wave", "before": "1", "after": "2"}
MANY = {name: value for name, value in HOW.items() if name != "question"}


def test_shops_of_one_size_are_a_welch_test_of_their_changes():
    """With as many answers in every cell, each shop has one change: its mean after less its mean before."""
    changes = {
        group: [np.mean(SMALL[group, s, "2"]) - np.mean(SMALL[group, s, "1"]) for s in names]
        for group, names in (("new", "abc"), ("old", "defg"))
    }
    welch = stats.ttest_ind(changes["new"], changes["old"], equal_var=False)
    interval = welch.confidence_interval(0.95)
    found = effects(shops(SMALL), {"y": "mean"}, clusters="shop", minimum_base=2, **MANY)
    row = found.iloc[0]
    assert row["estimate"] == pytest.approx(np.mean(changes["new"]) - np.mean(changes["old"]))
    assert (row["t"], row["df"], row["p"]) == pytest.approx((welch.statistic, welch.df, welch.pvalue))
    assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high))
    assert (row["n"], row["n_before"], row["n_after"], row["n_least"]) == (28, 14, 14, 6)
    assert row["units"] == "3 and 4 clusters"


def test_shared_shops_keep_their_covariance():
    """Customers of both groups in every shop: each shop has one difference in differences, and t has 3 - 1 df."""
    rng = np.random.default_rng(4)
    cells = {
        (group, shop, wave): rng.integers(1, 11, 5).tolist()
        for group in ("new", "old")
        for shop in "abc"
        for wave in "12"
    }
    own = [
        sum(sign * np.mean(cells[group, shop, wave]) for group, wave, sign in
            (("new", "2", 1), ("new", "1", -1), ("old", "2", -1), ("old", "1", 1)))
        for shop in "abc"
    ]  # fmt: skip
    found = effect(shops(cells), "mean", clusters="shop", **HOW)
    assert found.value == pytest.approx(np.mean(own))
    assert found.se == pytest.approx(np.std(own, ddof=1) / np.sqrt(3))
    assert found.high - found.value == pytest.approx(stats.t.ppf(0.975, 2) * found.se)
    assert "clusters that lie in both groups" in found.method


def test_what_changes_nothing(demo):
    """A shift of everybody in one wave, or of one group in both; other waves; weights times 7; the groups' names."""
    frame = demo[demo["wave"].isin(["2026-H1", "2026-H2"])]
    frame = frame.assign(y=frame["ease"], wave=frame["wave"].astype(str), improved=frame["improved"].astype(str))
    first = effect(frame, "mean", question="y", **RETRAINED, **DESIGN)
    later, changed = frame["wave"] == "2026-H2", frame["improved"] == "Re-trained"
    for other in (
        frame.assign(y=frame["y"] + 3 * later),
        frame.assign(y=frame["y"] - 2 * changed),
        frame.assign(weight=7 * frame["weight"]),
        frame.sample(frac=1, random_state=1),
    ):
        found = effect(other, "mean", question="y", **RETRAINED, **DESIGN)
        assert (found.value, found.se, found.low) == pytest.approx((first.value, first.se, first.low), rel=1e-9)
    turned = effect(frame, "mean", question="y", **RETRAINED | {"treated": "Comparison"}, **DESIGN)
    assert (turned.value, turned.se) == pytest.approx((-first.value, first.se), rel=1e-9)
    raised = effect(frame.assign(y=frame["y"] + 2 * (later & changed)), "mean", question="y", **RETRAINED, **DESIGN)
    assert (raised.value, raised.se) == pytest.approx((first.value + 2, first.se), rel=1e-9)


# -- the demo's known world --------------------------------------------------------------------------------------


def test_the_demo_shows_what_was_planted(demo):
    """truth.yml: +13.4 NPS, +5.8 CSAT, +0.31 CES; delivery and support move, goods do not."""
    truth = yaml.safe_load((DEMO / "truth.yml").read_text(encoding="utf-8"))["improvement"]["points"]
    for question, name in (("recommend", "nps"), ("satisfaction", "csat"), ("ease", "ces")):
        found = effect(demo, name, question=question, **RETRAINED, **DESIGN)
        assert found.low <= truth[name] <= found.high
    moved = effects(demo, METRICS | {"convenience_delivery": "mean"}, **RETRAINED, **DESIGN).set_index("question")
    assert moved["verdict"][["recommend", "support_resolution", "convenience_delivery"]].eq("clear").all()
    assert moved["verdict"]["product_quality"] == "none"
    cities = effects(demo, {"recommend": "nps"}, by="city", **RETRAINED, **DESIGN)
    assert cities["segment"].tolist() == ["Hanoi", "Ho Chi Minh City"]
    assert cities["n"].sum() == moved["n"]["recommend"]


def test_intervals_cover_the_planted_effect():
    """truth.yml on 60 samples drawn again: by chance alone 95% intervals cover 51 or more of 60 (p = .998)."""
    truth = yaml.safe_load((DEMO / "truth.yml").read_text(encoding="utf-8"))["improvement"]["points"]["nps"]
    how = {"question": "recommend", "group": "improved", "treated": 1, **WAVES}
    covered = 0
    for seed in range(60):
        frame = population.draw(700 + seed)
        found = effect(frame, "nps", **how, weights="weight", strata="city", clusters="shop")
        covered += found.low <= truth <= found.high
    assert 51 <= covered <= 60


# -- bad input ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "how", "message"),
    [
        ({k: v for k, v in SMALL.items() if k[0] == "new"}, {},
         "a comparison takes two groups; column group has 1 (new): there is no comparison group"),
        (SMALL | {("third", "z", "1"): [1, 2]}, {},
         "a comparison takes two groups; column group has 3 (new, old, third): leave out or join the others"),
        (SMALL, {"treated": "nwe"}, "group has no group nwe; it has new and old; did you mean new?"),
        (SMALL, {"weight": "shop"}, "fpc, calibration; found weight; did you mean weights?"),
        (SMALL, {"after": "3"}, "there is no wave 3 in wave; the waves are 1, 2"),
        (SMALL, {"after": "1"}, "a comparison takes two waves; 1 is named as before and as after"),
        ({k: v for k, v in SMALL.items() if k[::2] != ("new", "1")}, {},
         "both groups must have answers in both waves; new has none in 1 (its members are to be marked in every wave"),
        ({k: v for k, v in SMALL.items() if k[1] not in "bc"}, {},
         "in each group more clusters than strata; the smallest cell has 2 answers to y, the groups 1 and 4 clusters"),
        ({key: [5, 5] for key in SMALL}, {}, "2 answers a group and wave that are not all alike"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_sentence(cells, how, message):
    how = {"clusters": "shop"} | HOW | how
    with pytest.raises(CxError) as caught:
        effect(shops(cells), "mean", **how)
    assert message in str(caught.value)


def test_the_order_of_waves_is_checked():
    with pytest.raises(CxError, match="before comes before after; found 2 and 1, in the order 1, 2"):
        placebos(shops(SMALL), "mean", clusters="shop", **HOW | {"before": "2", "after": "1"})
    with pytest.raises(CxError, match=r"the order of the waves must name each; 2 is not in it \(1\)"):
        lines(shops(SMALL), "mean", clusters="shop", order=["1"], **HOW)


def test_small_cells_have_no_effect_in_a_table():
    rows = effects(shops(SMALL), {"y": "mean"}, clusters="shop", **MANY)
    assert rows[["estimate", "low", "high", "se", "p", "detectable"]].isna().all(axis=None)
    assert (rows["n"].iloc[0], rows["verdict"].iloc[0]) == (28, "unknown")


# -- what the next wave can see ----------------------------------------------------------------------------------


def test_detectable_by_hand():
    """se 2 on 400 and 400 answers: v = 4 / (2 / 400) = 800. 80% power asks for 1.959964 + 0.841621 errors."""
    row = pd.Series({"se": 2.0, "df": 1e9, "n_before": 400, "n": 400})
    found = change(row, answers=[400, 1200])
    assert found["se"].tolist() == pytest.approx([2.0, np.sqrt(8 / 3)])
    assert found["detectable"].tolist() == pytest.approx([2.801585 * 2, 2.801585 * np.sqrt(8 / 3)], rel=1e-5)
    wanted = answers_needed(row, sees=[3, 6, 10])
    # (10 / 2.801585)^2 = 12.741 = 800 (1 / n + 1 / 400): n = 74.5; both anew: 2 x 800 / 12.741 = 125.6.
    assert wanted["answers"].tolist() == [np.inf, 310, 75]
    assert wanted["answers_each"].tolist() == [1396, 349, 126]


def test_answers_needed_and_detectable_are_inverse(demo):
    last = compare.changes(demo, "nps", over="wave", question="recommend", **DESIGN).iloc[-1]
    wanted = answers_needed(last, sees=[8, 10, 15])
    back = change(last, answers=wanted["answers"])
    np.testing.assert_allclose(back["detectable"], [8, 10, 15], rtol=2e-3)
    row = effects(demo, {"recommend": "nps"}, **RETRAINED, **DESIGN).iloc[0]
    again = change(row, answers=row["n_after"])["detectable"].iloc[0]
    assert again == pytest.approx(row["detectable"], rel=1e-9)


def test_the_precision_of_a_larger_wave_is_foretold():
    """Samples of the demo's world: waves of 4,000 have the error that waves of 1,000 foretell, half of theirs."""
    how = {"over": "wave", "question": "recommend", "weights": "weight", "strata": "city", "clusters": "shop"}
    small, large = (
        [compare.changes(population.draw(40 + i, size), "nps", **how).iloc[-1] for i in range(8)]
        for size in (1000, 4000)
    )
    foretold = [change({**row, "n_before": 1000, "n": 1000}, answers=1000)["se"].iloc[0] / 2 for row in small]
    met = [row["se"] for row in large]
    assert np.sqrt(np.mean(np.square(foretold))) == pytest.approx(np.sqrt(np.mean(np.square(met))), rel=0.15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda row: change(row, answers=1), "a wave needs at least 2 answers; found 1"),
        (lambda row: answers_needed(row, sees=0), "a change to be seen is above 0; found 0"),
        (lambda row: change(row, answers=100, power=1.2), "power lies between 0 and 1, e.g. 0.8; found 1.2"),
        (lambda row: change(row, answers=100, power=0.02), "power must be above half the test's level; found 0.02"),
        (
            lambda row: change(row | {"se": np.nan}, answers=100),
            "a comparison with a standard error; this one has none",
        ),
    ],
)
def test_questions_that_have_no_answer(call, message):
    with pytest.raises(CxError) as caught:
        call({"se": 2.0, "df": 50.0, "n_before": 400, "n": 400})
    assert message in str(caught.value)


# -- the interrupted series --------------------------------------------------------------------------------------


def series(n, start, rho=0.0, seed=0, step=0.0, slope=0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    errors = np.zeros(n + 50)
    for i, drawn in enumerate(rng.standard_normal(n + 50)):
        errors[i] = rho * errors[i - 1] + drawn
    t = np.arange(n)
    later = t >= start
    return pd.DataFrame(
        {
            "month": [f"m{i:03d}" for i in t],
            "estimate": 30 + 0.2 * t + later * (step + slope * (t - start)) + errors[50:],
        }
    )


def test_segmented_regression_is_that_of_statsmodels():
    """statsmodels OLS with cov_type HAC: coefficients and Newey-West errors (3 lags on 24 waves, 4 on 40)."""
    for n, start, lags in ((24, 10, 3), (40, 30, 4)):
        frame = series(n, start, 0.4, seed=n, step=4, slope=-0.3)
        found = interrupted(frame, over="month", change=f"m{start:03d}").set_index("term")
        t, later = np.arange(n), (np.arange(n) >= start) * 1.0
        fit = sm.OLS(frame["estimate"], np.column_stack([np.ones(n), t, later, later * (t - start)]))
        fit = fit.fit(cov_type="HAC", cov_kwds={"maxlags": lags})
        for i, term in enumerate(["slope before", "step", "change of slope"], 1):
            oracle = (fit.params.iloc[i], fit.bse.iloc[i])
            assert tuple(found.loc[term, ["estimate", "newey_west"]]) == pytest.approx(oracle, rel=1e-8), term
        end = np.array([0, 0, 1, n - 1 - start])
        oracle = (end @ fit.params, np.sqrt(end @ fit.cov_params() @ end))
        assert tuple(found.loc["gap at the end", ["estimate", "newey_west"]]) == pytest.approx(oracle, rel=1e-8)
        assert f"Newey-West, {lags} lags" in found["method"].iloc[0]


def test_autocorrelation_is_that_of_restricted_likelihood():
    """The density of the series' error contrasts (what is left in the null space of the lines), on a fine grid."""
    n, start = 30, 14
    frame = series(n, start, 0.5, seed=3)
    found = interrupted(frame, over="month", change="m014")
    t, later = np.arange(n), (np.arange(n) >= start) * 1.0
    x = np.column_stack([np.ones(n), t, later, later * (t - start)])
    contrasts = np.linalg.svd(x)[0][:, 4:].T @ frame["estimate"].to_numpy()
    basis, grid = np.linalg.svd(x)[0][:, 4:], np.arange(-0.79, 0.95, 0.002)

    def likelihood(rho: float) -> float:
        shape = basis.T @ (rho ** np.abs(np.subtract.outer(t, t))) @ basis
        scale = contrasts @ np.linalg.solve(shape, contrasts) / len(contrasts)
        return stats.multivariate_normal(cov=scale * shape).logpdf(contrasts)

    grid = grid[np.abs(grid) > 1e-6]
    assert found["autocorrelation"].iloc[0] == pytest.approx(grid[np.argmax([likelihood(r) for r in grid])], abs=0.003)


def test_a_gap_in_the_series_keeps_its_place():
    """Coefficients are those of least squares on the waves that are there, at their own times."""
    frame = series(20, 9, 0.3, seed=5, step=3)
    frame.loc[[4, 13], "estimate"] = np.nan
    found = interrupted(frame, over="month", change="m009").set_index("term")
    t, later = np.arange(20), (np.arange(20) >= 9) * 1.0
    x = np.column_stack([np.ones(20), t, later, later * (t - 9)])
    there = frame["estimate"].notna().to_numpy()
    b = np.linalg.lstsq(x[there], frame["estimate"][there], rcond=None)[0]
    assert found["estimate"].tolist()[:3] == pytest.approx(list(b[1:]))
    assert found["n"].eq(18).all()


@pytest.mark.parametrize(("n", "start", "rho"), [(12, 6, 0.0), (24, 12, 0.4)])
def test_intervals_of_a_step_cover(n, start, rho):
    """A step of 2 in 150 simulated series: 95% intervals cover 134 or more (p = .998); plain Newey-West far fewer."""
    covered = plain = 0
    for seed in range(150):
        row = interrupted(series(n, start, rho, seed, step=2), over="month", change=f"m{start:03d}").iloc[1]
        covered += row["low"] <= 2 <= row["high"]
        plain += abs(row["estimate"] - 2) <= stats.t.ppf(0.975, n - 4) * row["newey_west"]
    assert covered >= 134
    assert plain < 134


@pytest.mark.parametrize(
    ("frame", "month", "message"),
    [
        (
            series(11, 5),
            "m005",
            "needs 12 waves, and 4 on either side of the change; found 5 before m005 and 6 from it on",
        ),
        (series(20, 5), "m003", "found 3 before m003 and 17 from it on"),
        (series(20, 5), "m02", "there is no wave m02 in month; it has m000, "),
        (
            pd.concat([series(12, 5), series(1, 0)]),
            "m005",
            "an interrupted series has a row a wave; m000 stands 2 times",
        ),
        (
            series(12, 6).assign(estimate=np.arange(12.0)),
            "m006",
            "must vary about its lines; these 12 waves lie on them",
        ),
        (series(12, 6).assign(estimate=[np.inf, *range(11)]), "m006", "must be finite numbers; 1 are not, e.g. inf"),
    ],
)
def test_series_that_tell_nothing_are_refused(frame, month, message):
    with pytest.raises(CxError) as caught:
        interrupted(frame, over="month", change=month)
    assert message in str(caught.value)


def test_four_waves_are_too_few(demo):
    from cxlib.scores import by_group

    waves = by_group(demo, "nps", ["wave"], question="recommend", **DESIGN)
    with pytest.raises(CxError, match="found 3 before 2026-H2 and 1 from it on"):
        interrupted(waves, over="wave", change="2026-H2")
