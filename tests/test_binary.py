"""Binary logit, separation, and Firth's fallback.

Oracles: R's glm and survey on the demo study (tests/reference/demo_models.R), closed forms (Firth's fit of a two by two
table adds half a case to each cell), a grid search, and facts of the Telco customers (skipped where they are absent).
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special

from cxlib import CxError, Study, separation
from cxlib.binary import binary

ROOT = Path(__file__).resolve().parents[1]
TELCO = ROOT / "../shared/data/telco_churn"
DRIVERS = ["product_quality", "staff_attitude", "convenience_delivery", "support_resolution"]
DESIGNS = {
    "none": {},
    "weights": {"weights": "weight"},
    "full": {"weights": "weight", "strata": "stratum", "clusters": "cluster"},
}


@pytest.fixture(scope="module")
def demo():
    """The demo survey, with a column that marks promoters."""
    frame = Study.load(ROOT / "data/demo").survey
    return frame.assign(promoter=(frame["recommend"] >= 9).where(frame["recommend"].notna()))


@pytest.fixture(scope="module")
def telco():
    """7,043 customers: contract, tenure, satisfaction score, and whether they left."""
    if not TELCO.is_dir():
        pytest.skip("needs ../shared/data/telco_churn, which is not part of the project")
    status, services = (pd.read_excel(TELCO / f"Telco_customer_churn_{name}.xlsx") for name in ("status", "services"))
    frame = status.merge(services, on="Customer ID", validate="1:1")
    assert len(frame) == 7043
    contracts = ["Month-to-Month", "One Year", "Two Year"]
    return frame.assign(Contract=pd.Categorical(frame["Contract"], contracts))


@pytest.mark.parametrize("design", DESIGNS)
def test_the_demo_as_glm_and_svyglm_have_it(demo, printed_by_r, design):
    """glm(binomial) without a design, svyglm(quasibinomial) with one."""
    fit = binary(demo, "promoter", [*DRIVERS, "channel"], **DESIGNS[design])
    r = printed_by_r["binary", design]
    names = ["(Intercept)", *DRIVERS, "channeltraditional"]
    for column in ("estimate", "se"):
        np.testing.assert_allclose(fit.coefficients[column], [r[name, column] for name in names], rtol=1e-7)
    if design == "none":
        assert fit.deviance == pytest.approx(r["all", "deviance"])
    assert fit.separation == ""
    assert fit.separated.empty
    np.testing.assert_allclose(fit.odds_ratios["estimate"], np.exp(fit.coefficients["estimate"].iloc[1:]))


def test_either_value_may_be_the_event(demo):
    """Algebra: the other event turns every sign."""
    one, two = (binary(demo, "promoter", DRIVERS, event=event) for event in (True, False))
    np.testing.assert_allclose(two.coefficients["estimate"], -one.coefficients["estimate"], atol=1e-9)
    text = demo.assign(promoter=demo["promoter"].map({True: "yes", False: "no"}))
    assert binary(text, "promoter", DRIVERS).event == "yes"
    assert (one.event, two.event) == ("1", "0")


# -- separation ---------------------------------------------------------------------------------------------------


def test_telco_contract_and_tenure(telco):
    """Sensible effects: longer contracts and longer tenure go with staying, dearer months with leaving."""
    fit = binary(telco, "Churn Label", ["Contract", "Tenure in Months", "Monthly Charge"])
    table = fit.coefficients
    assert (fit.event, fit.separation) == ("Yes", "")
    assert table.loc["Contract[Two Year]", "high"] < table.loc["Contract[One Year]", "low"] < 0
    assert table.loc["Tenure in Months", "high"] < 0 < table.loc["Monthly Charge", "low"]
    assert fit.sample.rows @ fit.y == 1869


def test_telco_satisfaction_separates_quasi_completely(telco):
    """Scores 1-2 (922, 518) always left, 4-5 (1,789, 1,149) never, at 3 429 of 2,665 left."""
    fit = binary(telco, "Churn Label", ["Satisfaction Score", "Contract", "Tenure in Months", "Monthly Charge"])
    assert fit.separation == (
        "quasi-complete separation: Satisfaction Score (always at 1, 2, never at 4, 5, both only at 3) sorts "
        "Churn Label Yes, so its coefficient has no finite value"
    )
    assert fit.separation in fit.method
    assert fit.method.startswith("Firth's penalised logit, profile-likelihood intervals")
    assert fit.separated["n"].tolist() == [922, 518, 2665, 1789, 1149]
    assert fit.separated["events"].tolist() == [922, 518, 429, 0, 0]
    assert fit.unbounded == ["Satisfaction Score"]
    assert (fit.coefficients["se"] < 5).all()
    assert np.isfinite(fit.coefficients.loc[:, ["estimate", "low", "high"]]).all(axis=None)
    assert -15 < fit.coefficients.loc["Satisfaction Score", "estimate"] < -5
    assert fit.coefficients.loc["Contract[Two Year]", "high"] < 0


def test_telco_without_score_three_separates_completely(telco):
    """Only score 3 holds both: without it the score sorts everybody, the contract has no part in it."""
    fit = binary(telco[telco["Satisfaction Score"] != 3], "Churn Label", ["Satisfaction Score", "Contract"])
    assert fit.separation.startswith("complete separation: Satisfaction Score (always at 1, 2, never at 4, 5) sorts")


def test_a_category_that_always_leaves_is_named():
    frame = pd.DataFrame({"plan": ["a"] * 40 + ["b"] * 40 + ["trial"] * 5, "left": [0, 1] * 40 + [1] * 5})
    fit = binary(frame, "left", ["plan"])
    assert fit.separation.startswith(
        "quasi-complete separation: plan (always at trial, both only at a, b) sorts left 1"
    )
    assert fit.unbounded == ["plan[trial]"]


@pytest.mark.parametrize(
    ("x", "y", "kind"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1], "complete"),
        ([1, 2, 2, 3], [0, 0, 1, 1], "quasi-complete"),
        ([1, 2, 3, 4], [0, 1, 0, 1], "none"),
        ([1, 1, 2, 2], [0, 1, 0, 1], "none"),
    ],
)
def test_kinds_of_separation_by_hand(x, y, kind):
    rows = (2 * np.array(y) - 1)[:, None] * np.column_stack([np.ones(len(x)), x])
    found, moves = separation.directions(rows)
    assert found == kind
    assert moves.any() == (kind != "none")


def test_drivers_that_separate_together_are_named_together():
    """A sum that sorts what no driver sorts alone."""
    grid = [(a, b) for a in range(1, 6) for b in range(1, 6) if a + b != 6]
    frame = pd.DataFrame(grid * 3, columns=["a", "b"]).assign(left=lambda f: (f["a"] + f["b"] > 6) * 1)
    fit = binary(frame, "left", ["a", "b"])
    assert fit.separation.startswith("complete separation: together a")
    assert (fit.coefficients["estimate"].iloc[1:].abs() < 5).all()


def test_a_large_effect_is_not_a_separation():
    """Log odds of 12 across the range, with a case on the wrong side at each end: finite, and so not penalised."""
    x = np.tile(np.arange(1.0, 6.0), 4000)
    chance = special.expit(3.0 * (x - 3))
    frame = pd.DataFrame({"x": x, "y": (np.arange(len(x)) // 5 % 1000 < 1000 * chance).astype(int)})
    fit = binary(frame, "y", ["x"])
    assert fit.separation == ""
    assert fit.coefficients.loc["x", "estimate"] == pytest.approx(3.0, abs=0.05)


# -- Firth --------------------------------------------------------------------------------------------------------


def test_firth_adds_half_a_case_to_each_cell():
    """A two by two table with an empty cell: 0 of 10 and 4 of 12. Closed form for a saturated logit."""
    frame = pd.DataFrame({"x": [0] * 10 + [1] * 12, "y": [0] * 10 + [1] * 4 + [0] * 8})
    fit = binary(frame, "y", ["x"])
    assert fit.unbounded == ["x"]
    cells = np.log(0.5 / 10.5), np.log(4.5 / 8.5)
    np.testing.assert_allclose(fit.coefficients["estimate"], [cells[0], cells[1] - cells[0]], atol=1e-6)


def test_profile_interval_and_p_by_a_search():
    """The penalised likelihood written out for two cells, maximised over the constant at each slope by a search."""
    frame = pd.DataFrame({"x": [0] * 10 + [1] * 12, "y": [0] * 10 + [1] * 4 + [0] * 8})
    row = binary(frame, "y", ["x"]).coefficients.loc["x"]

    def best(slope):
        def minus(constant):
            p, q = special.expit(constant), special.expit(constant + slope)
            likelihood = 10 * np.log(1 - p) + 4 * np.log(q) + 8 * np.log(1 - q)
            return -likelihood - np.log(10 * p * (1 - p) * 12 * q * (1 - q)) / 2

        return -optimize.minimize_scalar(minus, bounds=(-12, 5), method="bounded", options={"xatol": 1e-10}).fun

    limit = best(row["estimate"]) - special.chdtri(1, 0.05) / 2
    assert best(row["low"]) == pytest.approx(limit, abs=1e-6)
    assert best(row["high"]) == pytest.approx(limit, abs=1e-6)
    assert row["p"] == pytest.approx(special.chdtrc(1, 2 * (best(row["estimate"]) - best(0.0))), abs=1e-6)


def test_firth_is_near_the_plain_fit_where_answers_are_many(demo):
    """Its bias correction is of the order 1 / n."""
    plain, penalised = (binary(demo, "promoter", DRIVERS, firth=firth) for firth in (False, True))
    np.testing.assert_allclose(penalised.coefficients["estimate"], plain.coefficients["estimate"], rtol=0.002)
    np.testing.assert_allclose(penalised.coefficients["low"], plain.coefficients["low"], atol=0.02)
    assert penalised.separation == ""


def test_firth_does_not_depend_on_the_scale_of_the_weights(telco):
    """Algebra: the penalty is worth half an effective respondent, whatever the weights add up to."""
    part = telco.head(1500).assign(w=lambda f: 1 + f["Tenure in Months"] / 50, big=lambda f: 1e4 * f["w"])
    one, two = (binary(part, "Churn Label", ["Satisfaction Score", "Contract"], weights=w) for w in ("w", "big"))
    bases = "n_weighted"  # the sum of the weights
    pd.testing.assert_frame_equal(one.coefficients.drop(columns=bases), two.coefficients.drop(columns=bases), rtol=1e-5)
    assert "profile-likelihood intervals of separating terms" in one.method


# -- what a user can mend ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "how", "message"),
    [
        (1, {}, "a binary outcome has two values; left has 1 (1)"),
        ([0, 1, 2] * 10, {}, "a binary outcome has two values; left has 3 (0, 1, 2)"),
        (list("abcde") * 6, {}, "left has 5 (a, b, c, …)"),
        ([0, 1] * 15, {"event": 3}, "event is one of the two values of left, 0 and 1; found 3"),
        ([0, 1] * 15, {"event": "yes"}, "found yes"),
        (["no", "yes"] * 15, {"event": "Yes"}, "event is one of the two values of left, no and yes; found Yes"),
        ([np.nan] * 30, {}, "a model needs answers; all 30 to left are missing"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(left, how, message):
    frame = pd.DataFrame({"x": np.arange(30) % 7, "left": left})
    with pytest.raises(CxError) as caught:
        binary(frame, "left", ["x"], **how)
    assert message in str(caught.value)
