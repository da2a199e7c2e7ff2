"""Average marginal effects.

Oracles: R's svyolr with a jackknife over shops (tests/reference/demo_models.R), closed forms, simulation with known
truth, and algebra.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from cxlib import CxError, Study
from cxlib.binary import binary
from cxlib.linear import linear
from cxlib.marginal import by_segment, effects
from cxlib.ordinal import ordinal

ROOT = Path(__file__).resolve().parents[1]
DRIVERS = ["product_quality", "staff_attitude", "convenience_delivery", "support_resolution"]
FULL = {"weights": "weight", "strata": "stratum", "clusters": "cluster"}


@pytest.fixture(scope="module")
def demo():
    """The demo survey."""
    return Study.load(ROOT / "data/demo").survey


@pytest.fixture(scope="module")
def printed_by_r():
    """What R printed: values by design, term and statistic."""
    table = pd.read_csv(ROOT / "tests/reference/demo_models.csv")
    return table.set_index(["model", "design", "term", "statistic"])["value"].sort_index()["ame"]["full"]


def test_the_demo_s_csat_with_r_s_jackknife(demo, printed_by_r):
    """Mean slope of the expected CSAT after svyolr; deleting a shop at a time agrees with the delta method to 5%."""
    fit = ordinal(demo, "satisfaction", [*DRIVERS, "channel"], **FULL)
    found, r = effects(fit, metric="csat").loc[DRIVERS], printed_by_r
    np.testing.assert_allclose(found["estimate"], [r[name, "estimate"] for name in DRIVERS], rtol=1e-5)
    np.testing.assert_allclose(found["se"], [r[name, "jackknife_se"] for name in DRIVERS], rtol=0.05)
    half = stats.t.ppf(0.975, fit.errors.df) * found["se"]
    np.testing.assert_allclose(found["high"] - found["estimate"], half)


def test_a_linear_model_has_its_own_points(demo):
    fit = linear(demo, "recommend", DRIVERS, metric="nps", **FULL)
    pd.testing.assert_frame_equal(effects(fit), fit.coefficients.loc[DRIVERS])
    assert fit.unit == "points"


def test_binary_effects_by_hand():
    """Two groups: the effect of a category is the difference of shares, its error the binomial one (divisor n)."""
    frame = pd.DataFrame({"g": ["a"] * 40 + ["b"] * 60, "y": [1] * 10 + [0] * 30 + [1] * 33 + [0] * 27})
    row = effects(binary(frame, "y", ["g"])).loc["g[b]"]
    assert row["estimate"] == pytest.approx(55 - 25)
    assert row["se"] == pytest.approx(100 * np.sqrt(0.25 * 0.75 / 40 + 0.55 * 0.45 / 60), rel=1e-6)


def test_a_driver_that_separates_has_no_effect_to_print():
    frame = pd.DataFrame({"plan": ["a"] * 40 + ["b"] * 40 + ["trial"] * 5, "y": [0, 1, 1, 0, 1] * 16 + [1] * 5})
    found = effects(binary(frame, "y", ["plan"]))
    assert found.loc["plan[trial]", ["estimate", "low", "high", "se"]].isna().all()
    assert found.loc["plan[b]", "estimate"] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_slopes_are_differences_of_the_expected_score(link):
    """The expected score written out, moved by a thousandth: the mean slope, and a category's mean step."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"x": rng.integers(1, 6, 800), "g": rng.choice(list("abc"), 800)})
    frame["y"] = np.digitize(frame["x"] + (frame["g"] == "c") * 0.7 + rng.logistic(size=800), [1, 3, 4.5])
    fit = ordinal(frame, "y", ["x", "g"], link=link)
    below = special.expit if link == "logit" else special.ndtr
    slope, b, c = fit.coefficients["estimate"]

    def score(x, at_b, at_c):
        chance = below(fit.cuts["estimate"].to_numpy() - (slope * x + b * at_b + c * at_c)[:, None])
        return (3 - chance.sum(axis=1)).mean()

    x, in_b, in_c = frame["x"].to_numpy(), (frame["g"] == "b").to_numpy(), (frame["g"] == "c").to_numpy()
    found = effects(fit)["estimate"]
    assert found["x"] == pytest.approx((score(x + 1e-4, in_b, in_c) - score(x - 1e-4, in_b, in_c)) / 2e-4, rel=1e-6)
    assert found["g[b]"] == pytest.approx(score(x, 1 + 0 * x, 0 * x) - score(x, 0 * x, 0 * x), rel=1e-9)
    assert found["g[c]"] == pytest.approx(score(x, 0 * x, 1 + 0 * x) - score(x, 0 * x, 0 * x), rel=1e-9)


def test_scores_may_be_given_for_words(demo):
    """Algebra: answers in words, scored as the numbers behind them, have the numbers' effects."""
    words = dict(enumerate(["awful", "bad", "fair", "good", "great"], start=1))
    labels = pd.Categorical(demo["satisfaction"].map(words), list(words.values()), ordered=True)
    one = effects(ordinal(demo, "satisfaction", DRIVERS))
    fit = ordinal(demo.assign(satisfaction=labels), "satisfaction", DRIVERS)
    pd.testing.assert_frame_equal(effects(fit, metric={word: k for k, word in words.items()}), one)
    with pytest.raises(CxError, match="answers in words need scores to be averaged"):
        effects(fit)
    with pytest.raises(CxError, match=r"every answer needs a score; bad has none \(4 of 5\)"):
        effects(fit, metric={"awful": 1})
    with pytest.raises(CxError, match="CSAT scores 1-5; 0 is not on that scale"):
        effects(ordinal(demo, "recommend", DRIVERS), metric="csat")


# -- segments -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["linear", "ordinal"])
def test_groups_have_the_effects_of_their_own_models(demo, model):
    """Without a design a group's effects are those of a model of that group alone, and differences add variances."""
    found = by_segment(demo, "satisfaction", DRIVERS, segment="city", model=model)
    fit = {"linear": linear, "ordinal": ordinal}[model]
    alone = {
        city: effects(fit(demo[demo["city"] == city], "satisfaction", DRIVERS)) for city in demo["city"].cat.categories
    }
    for city, wanted in alone.items():
        rows = found.effects[found.effects["group"] == city].set_index("term")
        np.testing.assert_allclose(rows["estimate"], wanted["estimate"], rtol=1e-6)
        np.testing.assert_allclose(rows["se"], wanted["se"], rtol=2e-3)
    first, second = alone.values()
    np.testing.assert_allclose(found.differences["estimate"], first["estimate"] - second["estimate"], atol=1e-6)
    np.testing.assert_allclose(found.differences["se"] ** 2, first["se"] ** 2 + second["se"] ** 2, rtol=3e-3)
    assert (found.differences["p_adjusted"] >= found.differences["p"]).all()


def test_a_difference_is_the_interaction_of_svyglm_s_model(demo):
    """Algebra: with two groups in shared clusters, the difference of slopes is the interaction of one linear model."""
    frame = demo[["satisfaction", "staff_attitude", "sex", "weight", "stratum", "cluster"]].dropna()
    frame = frame.assign(man=(frame["sex"] == "Male") * 1.0).assign(both=lambda f: f["man"] * f["staff_attitude"])
    found = by_segment(frame, "satisfaction", ["staff_attitude"], segment="sex", **FULL).differences.iloc[0]
    one = linear(frame, "satisfaction", ["staff_attitude", "man", "both"], **FULL).coefficients.loc["both"]
    assert found["estimate"] == pytest.approx(-one["estimate"], rel=1e-9)
    assert found["se"] == pytest.approx(one["se"], rel=1e-9)


def test_a_driver_that_matters_more_in_one_group_is_found():
    """Known truth: slopes of 1.0 and 0.4 in two groups of 1,500; 0.5 in both."""
    rng = np.random.default_rng(9)
    frame = pd.DataFrame(rng.integers(1, 6, (3000, 2)) * 1.0, columns=["staff", "price"])
    frame["city"] = np.where(np.arange(3000) < 1500, "hcm", "hanoi")
    slope = np.where(frame["city"] == "hcm", 1.0, 0.4)
    frame["y"] = slope * frame["staff"] + 0.5 * frame["price"] + rng.normal(size=3000)
    found = by_segment(frame, "y", ["staff", "price"], segment="city").differences.set_index("term")
    assert found.loc["staff", ["group", "other"]].tolist() == ["hanoi", "hcm"]
    assert found.loc["staff", "low"] < -0.6 < found.loc["staff", "high"]
    assert found.loc["staff", "p_adjusted"] < 1e-6
    assert found.loc["price", "p_adjusted"] > 0.05


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"segment": "city", "model": "cox"}, "model is linear, ordinal or binary; found cox"),
        ({"segment": "staff_attitude"}, "the segment cannot be outcome or driver as well; staff_attitude is"),
        ({"segment": "one"}, "a comparison needs two groups; one has 1"),
        ({"segment": "few"}, "3 answered all drivers, which make 4 terms and a constant, few a"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(demo, how, message):
    frame = demo.dropna(subset=["satisfaction", *DRIVERS]).assign(one=1)
    frame["few"] = np.where(np.arange(len(frame)) < 3, "a", "b")
    frame.iloc[:3, [frame.columns.get_loc(name) for name in DRIVERS]] = [[1, 2, 3, 1], [2, 1, 4, 5], [5, 5, 1, 2]]
    with pytest.raises(CxError) as caught:
        by_segment(frame, "satisfaction", DRIVERS, **how)
    assert message in str(caught.value)
