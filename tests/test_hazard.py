"""Cox regression.

Oracles: the reference numbers beside the project (skipped where that folder is absent), R's survival and survey on the
demo's customers (tests/reference/demo_models.R), statsmodels' class, and algebra.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.hazard_regression import PHReg

from cxlib import CxError
from cxlib.hazard import cox

ROOT = Path(__file__).resolve().parents[1]
LUNG = ROOT / "../shared/reference/lung.csv"
DRIVERS = ["age", "sex", "ph.ecog"]


@pytest.fixture(scope="module")
def patients():
    if not LUNG.is_file():
        pytest.skip("needs ../shared/reference/lung.csv, which is not part of the project")
    frame = pd.read_csv(LUNG)
    return frame.assign(died=frame["status"] - 1)


@pytest.fixture(scope="module")
def customers():
    """Every fifth customer of the demo: months (of 30 days) there, and whether he left by the end of September 2026."""
    frame = pd.read_csv(ROOT / "data/demo/customers.csv").drop_duplicates("customer_id")
    end = pd.Timestamp("2026-09-30")
    since, left = pd.to_datetime(frame["since"]), pd.to_datetime(frame["left"])
    months = np.ceil((left.clip(upper=end).fillna(end) - since).dt.days / 30)
    frame = frame.assign(months=months, gone=(left <= end).astype(int), made_up=1 + frame["frequency"] / 2)
    return frame[(months > 0) & frame["shop"].notna()].iloc[::5]


@pytest.fixture(scope="module")
def printed_by_r():
    """What R printed: values by design, term and statistic."""
    table = pd.read_csv(ROOT / "tests/reference/demo_models.csv")
    return table.set_index(["model", "design", "term", "statistic"])["value"].sort_index()["hazard"]


def test_lung_cancer(patients):
    """coxph age + sex + ph.ecog (the reference numbers); errors .00926741, .16773905, .11357727 (R survival 3.5.3)."""
    fit = cox(patients, "time", "died", DRIVERS)
    np.testing.assert_allclose(fit.coefficients["estimate"], [0.01106676, -0.55261240, 0.46372848], atol=5e-9)
    np.testing.assert_allclose(fit.coefficients["se"], [0.009267411, 0.167739054, 0.113577266], atol=5e-9)
    assert (fit.sample.n, fit.sample.left_out, fit.events) == (227, 1, 164)
    np.testing.assert_allclose(fit.hazard_ratios["estimate"], np.exp(fit.coefficients["estimate"]))
    assert fit.method.startswith("Cox, Efron's ties; 164 events; errors by the likelihood's information; n = 227")


def test_proportional_hazards_of_lung_cancer(patients):
    """cox.zph(fit, transform = "rank") of R survival 3.5.3, with Efron's ties."""
    found = cox(patients, "time", "died", DRIVERS).proportional_hazards()
    wanted = [0.117291507, 2.044694680, 2.544878393, 4.710680141]
    np.testing.assert_allclose(found.loc[[*DRIVERS, "omnibus"], "chi2"], wanted, rtol=1e-7)
    assert found["df"].tolist() == pytest.approx([3, 1, 1, 1])


def test_a_hazard_ratio_that_wears_off_is_found():
    """Known truth: a driver doubles the hazard in the first months only; another does so throughout. 40 clusters."""
    rng = np.random.default_rng(4)
    a, b = rng.integers(0, 2, (2, 3000))
    early = rng.exponential(10 / 2.0 ** (a + b))
    time = np.where(early < 4, early, 4 + rng.exponential(10 / 2.0**b))
    frame = pd.DataFrame({"t": np.ceil(5 * time), "gone": 1, "a": a, "b": b, "shop": rng.integers(0, 40, 3000)})
    for design in ({}, {"clusters": "shop"}):
        found = cox(frame, "t", "gone", ["a", "b"], **design).proportional_hazards()
        assert found.loc["a", "p"] < 0.001
        assert found.loc["b", "p"] > 0.05


@pytest.mark.parametrize("design", ["none", "full"])
def test_the_demo_s_customers_as_coxph_and_svycoxph_have_them(customers, printed_by_r, design):
    r = printed_by_r[design]
    how = {"weights": "made_up", "strata": "city", "clusters": "shop"} if design == "full" else {}
    fit = cox(customers, "months", "gone", ["age", "channel"], **how)
    for column in ("estimate", "se"):
        wanted = [r[name, column] for name in ("age", "channeltraditional")]
        np.testing.assert_allclose(fit.coefficients[column], wanted, rtol=2e-6)
    if design == "none":
        assert (fit.sample.n, fit.events) == (r["all", "n"], r["all", "events"])
        assert fit.log_likelihood == pytest.approx(r["all", "log_likelihood"])


def test_late_entry_as_statsmodels_has_it(customers):
    """PHReg(ties = "efron", entry): the customers under observation from 2025 on. R's coxph agrees on lung data."""
    seen = np.maximum((pd.Timestamp("2025-01-01") - pd.to_datetime(customers["since"])).dt.days // 30, 0)
    frame = customers.assign(seen=seen)[lambda f: f["months"] > f["seen"]]
    fit = cox(frame, "months", "gone", ["age", "frequency"], entry="seen")
    x = frame[["age", "frequency"]].to_numpy(float)
    # Somebody who enters at a time is at risk after it; statsmodels takes him in at the time itself.
    other = PHReg(frame["months"], x, frame["gone"], entry=frame["seen"] + 0.5, ties="efron").fit()
    np.testing.assert_allclose(fit.coefficients["estimate"], other.params, rtol=1e-5)
    np.testing.assert_allclose(fit.coefficients["se"], other.bse, rtol=1e-5)


def test_units_of_time_do_not_matter(patients):
    """Algebra: only the order of times counts."""
    one = cox(patients, "time", "died", DRIVERS).coefficients
    two = cox(patients.assign(time=np.sqrt(patients["time"])), "time", "died", DRIVERS).coefficients
    pd.testing.assert_frame_equal(one, two)


def test_equal_customers_may_be_one_row(patients):
    """A property: frequencies as weights give the estimates of as many rows."""
    frame = patients.assign(time=np.ceil(patients["time"] / 100), age=patients["age"] // 10)[
        ["time", "died", "age", "sex"]
    ]
    counted = frame.value_counts().rename("n").reset_index()
    one = cox(frame, "time", "died", ["age", "sex"])
    # Ties of one row weigh as one event: Breslow and Efron part where events share a time, so the times are told apart.
    two = cox(frame.sample(frac=1, random_state=1), "time", "died", ["age", "sex"])
    assert len(counted) < len(frame) == one.sample.table["n"].sum()
    pd.testing.assert_frame_equal(one.coefficients, two.coefficients)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gone": 0}, "a hazard needs customers who left; gone is 0 for all"),
        ({"gone": lambda f: f["gone"] * 2}, "gone is 1 for who left and 0 for who did not;"),
        ({"gone": "left"}, "times and events are numbers; column gone holds 'left'"),
        (
            {"months": lambda f: f["months"].where(f.index > f.index[2], -1.0)},
            "times are 0 or more; 3 in months are not",
        ),
        ({"seen": lambda f: f["months"]}, "customers enter before they leave;"),
        ({"age": lambda f: f["gone"] * 1.0}, "a coefficient needs gone on both sides of its driver; that of age grows"),
        ({"age": 40}, "a driver must vary; all"),
        ({"months": np.nan}, "a model needs answers; all"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(customers, change, message):
    frame = customers.assign(seen=0.0).assign(**change)
    with pytest.raises(CxError) as caught:
        cox(frame, "months", "gone", ["age", "channel"], entry="seen")
    assert message in str(caught.value)
