"""Ordered logit and probit, their cuts, and the tests of proportional odds.

Oracles: the reference numbers beside the project (skipped where that folder is absent), R's survey package and base R
on the demo study (tests/reference/demo_models.R), statsmodels' unweighted class, numerical derivatives, and algebra.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special
from statsmodels.miscmodels.ordinal_model import OrderedModel

from cxlib import CxError, Study, cumulative, proportional
from cxlib.ordinal import ordinal

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT / "../shared/reference"
DRIVERS = ["product_quality", "staff_attitude", "convenience_delivery", "support_resolution"]
DESIGNS = {
    "weights": {"weights": "weight"},
    "full": {"weights": "weight", "strata": "stratum", "clusters": "cluster"},
}


def reference(name: str) -> pd.DataFrame:
    if not (SHARED / name).is_file():
        pytest.skip(f"needs ../shared/reference/{name}, which is not part of the project")
    return pd.read_csv(SHARED / name)


@pytest.fixture(scope="module")
def applications():
    """400 students: how likely they are to apply to graduate school."""
    frame = reference("ologit_ucla.csv")
    answers = ["unlikely", "somewhat likely", "very likely"]
    return frame.assign(apply=pd.Categorical(frame["apply"], answers, ordered=True))


@pytest.fixture(scope="module")
def demo():
    """The demo survey."""
    return Study.load(ROOT / "data/demo").survey


# -- the reference numbers' table "Regressions" -------------------------------------------------------------------


def test_housing_in_copenhagen():
    """polr Sat ~ Infl + Type + Cont, weights Freq."""
    frame = reference("housing.csv")
    order = {
        "Sat": ["Low", "Medium", "High"],
        "Infl": ["Low", "Medium", "High"],
        "Type": ["Tower", "Apartment", "Atrium", "Terrace"],
        "Cont": ["Low", "High"],
    }
    frame = frame.assign(**{name: pd.Categorical(frame[name], levels, ordered=True) for name, levels in order.items()})
    fit = ordinal(frame, "Sat", ["Infl", "Type", "Cont"], weights="Freq")
    wanted = [0.5663937, 1.2888191, -0.5723501, -0.3661866, -1.0910149, 0.3602841]
    np.testing.assert_allclose(fit.coefficients["estimate"], wanted, atol=1e-6)
    np.testing.assert_allclose(fit.cuts["estimate"], [-0.4961353, 0.6907083], atol=1e-6)
    assert fit.deviance == pytest.approx(3479.149299, abs=1e-6)
    assert list(fit.coefficients.index[:3]) == ["Infl[Medium]", "Infl[High]", "Type[Apartment]"]
    assert list(fit.cuts.index) == ["Low|Medium", "Medium|High"]


def test_applications_to_graduate_school(applications):
    """polr apply ~ pared + public + gpa: 1.04769, -.05879, .61594; cuts 2.20391, 4.29936; deviance 717.024872.

    polr stops 7e-7 short of the least deviance, up to 0.1% of an error from it; Stata's ologit prints 1.047664,
    -.0586828, .6157458 and cuts 2.203323, 4.298767.
    """
    fit = ordinal(applications, "apply", ["pared", "public", "gpa"])
    np.testing.assert_allclose(fit.coefficients["estimate"], [1.047664, -0.0586828, 0.6157458], atol=5e-7)
    np.testing.assert_allclose(fit.cuts["estimate"], [2.203323, 4.298767], atol=1e-6)
    errors = fit.coefficients["se"].to_numpy()
    np.testing.assert_allclose(errors, [0.26579, 0.29786, 0.26063], atol=1e-5)
    assert (np.abs(fit.coefficients["estimate"] - [1.04769, -0.05879, 0.61594]) < 1e-3 * errors).all()
    assert (np.abs(fit.cuts["estimate"] - [2.20391, 4.29936]) < 1e-3 * fit.cuts["se"]).all()
    assert fit.deviance == pytest.approx(717.024872, abs=2e-6)
    assert fit.deviance < 717.024872
    assert "errors by the likelihood's information" in fit.method


def test_brant(applications):
    """R's brant: omnibus 4.3429045706 (3 df); pared .1323, public 3.4434, gpa .1791.

    R's glm takes the weights of its last step but one into the covariance, which moves the fifth digit.
    """
    found = ordinal(applications, "apply", ["pared", "public", "gpa"]).proportional_odds()
    assert found.loc["omnibus", "chi2"] == pytest.approx(4.3429045706, abs=2e-5)
    np.testing.assert_allclose(found.loc[["pared", "public", "gpa"], "chi2"], [0.1323, 3.4434, 0.1791], atol=1e-4)
    assert found["df"].tolist() == pytest.approx([3, 1, 1, 1])
    assert found.loc["omnibus", "p"] == pytest.approx(special.chdtrc(3, 4.3429045706), abs=1e-5)
    assert found.index.name == "term"


def test_likelihood_ratio(applications):
    """The model with every driver free at both cuts against proportional odds: 4.013758583 (3 df)."""
    found = ordinal(applications, "apply", ["pared", "public", "gpa"]).likelihood_ratio()
    assert found.loc["omnibus", "chi2"] == pytest.approx(4.013758583, abs=1e-6)
    assert found["df"].tolist() == pytest.approx([3, 1, 1, 1])


# -- the demo study -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("link", ["logit", "probit"])
@pytest.mark.parametrize("design", DESIGNS)
def test_the_demo_as_svyolr_has_it(demo, printed_by_r, link, design):
    """svyolr of satisfaction on four drivers and the channel; its Hessian is numerical, so errors hold to 1e-4."""
    fit = ordinal(demo, "satisfaction", [*DRIVERS, "channel"], link=link, **DESIGNS[design])
    r = printed_by_r[link, design]
    names = [*DRIVERS, "channeltraditional"]
    for table, wanted in ((fit.coefficients, names), (fit.cuts, list(fit.cuts.index))):
        np.testing.assert_allclose(table["estimate"], [r[name, "estimate"] for name in wanted], atol=2e-6)
        np.testing.assert_allclose(table["se"], [r[name, "se"] for name in wanted], rtol=1e-4)
    assert fit.errors.df == r["all", "df"]
    assert list(fit.cuts.index) == ["1|2", "2|3", "3|4", "4|5"]
    assert "design-based errors" in fit.method


def test_the_demo_s_cuts_by_brant_s_formula(demo, printed_by_r):
    """Base R's glm at each of four cuts, Brant's covariance, one driver at a time."""
    found = ordinal(demo, "satisfaction", [*DRIVERS, "channel"]).proportional_odds()
    r = printed_by_r["brant", "none"]
    wanted = [r[name, "chi2"] for name in [*DRIVERS, "channeltraditional"]]
    np.testing.assert_allclose(found.loc[[*DRIVERS, "channel"], "chi2"], wanted, rtol=1e-6)
    assert found["splits"].eq(4).all()
    assert found["df"].tolist() == pytest.approx([15, 3, 3, 3, 3, 3])


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_statsmodels_finds_the_same_without_weights(demo, link):
    """OrderedModel of statsmodels: another likelihood and another optimiser."""
    part = demo[["recommend", *DRIVERS]].dropna().head(1500)
    fit = ordinal(part, "recommend", DRIVERS, link=link)
    other = OrderedModel(part["recommend"].astype(int), part[DRIVERS].astype(float), distr=link)
    found = other.fit(method="bfgs", disp=False, gtol=1e-7, maxiter=2000)
    np.testing.assert_allclose(fit.coefficients["estimate"], found.params.iloc[: len(DRIVERS)], atol=2e-5)
    assert fit.deviance == pytest.approx(-2 * found.llf, abs=1e-6)
    cuts = other.transform_threshold_params(found.params.to_numpy())[1:-1]
    np.testing.assert_allclose(fit.cuts["estimate"], cuts, atol=1e-4)


# -- the likelihood -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn():
    """2,000 answers drawn from a world of cuts -1, 0.5, 2: x moves all by 0.8, z the cuts by 1.0, 0.4 and 0.1."""
    rng = np.random.default_rng(5)
    x, z = rng.normal(size=2000), rng.integers(0, 2, 2000)
    slopes = np.array([1.0, 0.4, 0.1])
    below = special.expit(np.array([-1.0, 0.5, 2.0]) - 0.8 * x[:, None] - z[:, None] * slopes)
    answer = (rng.random(2000)[:, None] > below).sum(axis=1)
    return pd.DataFrame(
        {"y": answer + 1, "x": x, "z": z, "w": rng.uniform(0.5, 2, 2000), "shop": rng.integers(0, 50, 2000)}
    )


@pytest.mark.parametrize("link", ["logit", "probit"])
@pytest.mark.parametrize("free", [[], ["z"]])
def test_gradient_and_hessian_are_those_of_the_value(drawn, link, free):
    """Numerical derivatives of the log-likelihood at its top."""
    fit = ordinal(drawn, "y", ["x", "z"], weights="w", link=link, free=free)
    found, sample = fit.likelihood, fit.sample
    upper, lower = cumulative.bounds(sample.x, fit.answer, found.place)

    def value(p):
        return cumulative._value(p, upper, lower, sample.w, link)

    gradient = optimize.approx_fprime(found.parameters, value, 1e-6)
    assert np.abs(gradient).max() < 1e-2
    information = np.linalg.inv(found.covariance)
    step = 1e-4 * np.eye(len(found.parameters))
    for a in range(len(step)):
        for b in range(a, len(step)):
            corners = [
                value(found.parameters + s * step[a] + t * step[b]) for s, t in ((1, 1), (1, -1), (-1, 1), (-1, -1))
            ]
            second = (corners[0] - corners[1] - corners[2] + corners[3]) / 4e-8
            assert information[a, b] == pytest.approx(-second, abs=0.02 * np.abs(information).max() ** 0.5)
    np.testing.assert_allclose(sample.w @ found.influence, 0, atol=1e-8)


def test_the_likelihood_holds_in_the_tails():
    """log(F(u) - F(l)) far out, where F(u) and F(l) are both 1: logistic, exact by hand."""
    upper, lower = np.array([[41.0]]), np.array([[40.0]])
    found = cumulative._value(np.ones(1), upper, lower, np.ones(1), "logit")
    assert found == pytest.approx(-40 + np.log1p(-np.exp(-1)), rel=1e-12)


def test_a_driver_that_is_not_proportional_is_found_and_freed(drawn):
    """The world above: z is told from proportional odds, x is not; free, z has 1.0, 0.4, 0.1 within its intervals."""
    fit = ordinal(drawn, "y", ["x", "z"])
    for found in (fit.proportional_odds(), fit.likelihood_ratio()):
        assert found.loc["z", "p"] < 0.001
        assert found.loc["omnibus", "p"] < 0.001
        assert found.loc["x", "p"] > 0.05
    wide = ordinal(drawn, "y", ["x", "z"], free="z")
    rows = wide.coefficients.loc[["z@1|2", "z@2|3", "z@3|4"]]
    assert ((rows["low"] < [1.0, 0.4, 0.1]) & (rows["high"] > [1.0, 0.4, 0.1])).all()
    assert fit.deviance - wide.deviance == pytest.approx(fit.likelihood_ratio().loc["z", "chi2"])
    assert "z free at every cut" in wide.method


def test_equal_weights_and_no_clusters_leave_the_tests_nearly_as_they_are(drawn):
    """Under a simple random sample the design's correction tends to 1."""
    plain, weighted = ordinal(drawn, "y", ["x", "z"]), ordinal(drawn.assign(w=2.0), "y", ["x", "z"], weights="w")
    for test in ("proportional_odds", "likelihood_ratio"):
        one, two = getattr(plain, test)(), getattr(weighted, test)()
        np.testing.assert_allclose(two["df"], one["df"], rtol=0.05)
        np.testing.assert_allclose(two["chi2"], one["chi2"], rtol=0.15, atol=0.15)


def test_the_order_of_rows_and_the_scale_of_weights_do_not_matter(drawn):
    """Algebra: weights count by their ratios, except in the deviance and the weighted base, which are their sum's."""
    one = ordinal(drawn, "y", ["x", "z"], weights="w", clusters="shop")
    other = drawn.sample(frac=1, random_state=0).assign(w=lambda f: 7 * f["w"])
    two = ordinal(other, "y", ["x", "z"], weights="w", clusters="shop")
    first, second = (found.coefficients.drop(columns="n_weighted") for found in (one, two))
    np.testing.assert_allclose(second, first, rtol=1e-7)
    np.testing.assert_allclose(two.coefficients["n_weighted"], 7 * one.coefficients["n_weighted"])
    assert two.deviance == pytest.approx(7 * one.deviance)


# -- what a user can mend ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "how", "message"),
    [
        ({"y": 3}, {}, "an ordinal outcome needs three answers or more; y: found 3"),
        ({"y": lambda f: f["x"] > 0}, {}, "y: found 0 and 1: a model for two answers is binary()"),
        ({"y": lambda f: f["x"]}, {}, "an ordinal outcome is a rating of at most 50 answers; y has 2000"),
        ({"y": lambda f: f["y"].map({1: "bad", 2: "fair", 3: "good", 4: "best"})}, {},
         "an ordinal outcome is numbers or an ordered categorical; the answers to y have no order, e.g. 'bad'"),
        ({"y": lambda f: f["y"].astype(object).where(f.index > 0, "none")}, {},
         "ratings must be numbers, categories an ordered categorical; in y 1 of 2,000 answers are text, e.g. 'none'"),
        ({}, {"link": "log"}, "link is one of logit, probit; found log"),
        ({}, {"free": "zz"}, "free names drivers of the model; zz is not one"),
        ({}, {"confidence": 95}, "confidence lies between 0 and 1, e.g. 0.95; found 95"),
        ({"z": lambda f: f["y"] * 2}, {}, "complete separation: "),
        ({"z": lambda f: (f["y"] == 4) & (f["x"] > 0)}, {}, "quasi-complete separation: z sorts the answers to y"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_sentence(drawn, change, how, message):
    with pytest.raises(CxError) as caught:
        ordinal(drawn.assign(**change), "y", ["x", "z"], **how)
    assert message in str(caught.value)


def test_tests_that_cannot_be_made(drawn):
    with pytest.raises(CxError, match="Brant's test is for the logit link; the model has probit"):
        ordinal(drawn, "y", ["x", "z"], link="probit").proportional_odds()
    with pytest.raises(CxError, match="starts from proportional odds; z is free already"):
        ordinal(drawn, "y", ["x", "z"], free="z").likelihood_ratio()


def test_a_cut_that_a_driver_separates_is_left_out_of_brant(drawn):
    """Nobody with z = 1 answers 1: three cuts, of which two are used, and the table says so."""
    frame = drawn[(drawn["z"] == 0) | (drawn["y"] > 1)]
    found = ordinal(frame, "y", ["x", "z"]).proportional_odds()
    assert found["splits"].eq(2).all()
    assert found["df"].tolist() == pytest.approx([2, 1, 1])


def test_an_answer_that_nobody_gave_is_passed_over(drawn):
    """Algebra: a category without answers has no cut; the rest is as if it were not on the scale."""
    labels = pd.Categorical(drawn["y"].astype(str), ["0", "1", "2", "3", "4"], ordered=True)
    one, two = ordinal(drawn, "y", ["x"]), ordinal(drawn.assign(y=labels), "y", ["x"])
    pd.testing.assert_frame_equal(two.cuts, one.cuts)


def test_cuts_with_few_respondents_are_left_out_of_brant():
    """150 answers of 0-10 and nine drivers, all proportional: most cuts have too few on one side, and p is no alarm."""
    rng, names = np.random.default_rng(3), list("abcdefghi")
    frame = pd.DataFrame(rng.integers(1, 6, (150, 9)), columns=names)
    frame["y"] = np.clip(np.round(frame["a"] + frame["b"] + rng.normal(0, 3, 150)), 0, 10)
    found = ordinal(frame, "y", names).proportional_odds()
    below = [(frame["y"] < cut).sum() for cut in range(1, 11)]
    assert found["splits"].eq(sum(45 <= n <= 105 for n in below)).all()
    assert found.loc["omnibus", "p"] > 0.01
    with pytest.raises(CxError, match="Brant's test needs two cuts with 5 respondents a term on both sides"):
        ordinal(frame.head(60), "y", names).proportional_odds()


def test_a_covariance_that_is_not_positive_gives_no_number():
    """Two variances of 1 with a covariance of 2, by hand."""
    found = proportional.corrected(np.array([[1.0, 2.0], [2.0, 1.0]]), np.eye(2), value=np.ones(2))
    assert np.isnan(found).all()
