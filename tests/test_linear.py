"""Linear models of a metric.

Oracles: the reference numbers beside the project (skipped where that folder is absent), R's survey package on the demo
study (tests/reference/demo_models.R), and algebra.
"""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from cxlib import CxError, Study
from cxlib.linear import linear

ROOT = Path(__file__).resolve().parents[1]
SCHOOLS = ROOT / "../shared/reference/apistrat.csv"
DRIVERS = ["product_quality", "staff_attitude", "convenience_delivery", "support_resolution"]
DESIGNS = {
    "none": {},
    "weights": {"weights": "weight"},
    "full": {"weights": "weight", "strata": "stratum", "clusters": "cluster"},
}


@pytest.fixture(scope="module")
def demo():
    """The demo survey."""
    return Study.load(ROOT / "data/demo").survey


def test_schools_of_california():
    """svyglm api00 ~ ell + meals + mobility: the reference numbers, and t with 194 degrees of freedom."""
    if not SCHOOLS.is_file():
        pytest.skip("needs ../shared/reference/apistrat.csv, which is not part of the project")
    fit = linear(pd.read_csv(SCHOOLS), "api00", ["ell", "meals", "mobility"], weights="pw", strata="stype", fpc="fpc")
    table = fit.coefficients
    wanted = [820.8873159, -0.4805866, -3.1415353, 0.2257132]
    np.testing.assert_allclose(table["estimate"], wanted, atol=5e-8)
    np.testing.assert_allclose(table["se"], [10.0777359, 0.3919734, 0.2839465, 0.3932184], atol=5e-8)
    assert fit.r2 == pytest.approx(0.6595282, abs=5e-8)
    assert fit.errors.df == 194  # confint of svyglm in R survey 4.1.1: 801.0113245 to 840.7633073
    np.testing.assert_allclose(table.loc["(constant)", ["low", "high"]].astype(float), [801.0113245, 840.7633073])
    assert "design-based errors, Student's t (194 degrees of freedom)" in fit.method


@pytest.mark.parametrize("design", DESIGNS)
def test_the_demo_as_svyglm_has_it(demo, printed_by_r, design):
    """svyglm of NPS points on four drivers and the channel, respondents without an answer left out."""
    fit = linear(demo, "recommend", [*DRIVERS, "channel"], metric="nps", **DESIGNS[design])
    r = printed_by_r["linear", design]
    names = ["(Intercept)", *DRIVERS, "channeltraditional"]
    for column in ("estimate", "se"):
        np.testing.assert_allclose(fit.coefficients[column], [r[name, column] for name in names], rtol=1e-9)
    assert fit.errors.df == r["all", "df"]
    assert list(fit.coefficients.index) == ["(constant)", *DRIVERS, "channel[Traditional]"]
    answered = demo[["recommend", *DRIVERS, "channel"]].notna().all(axis=1)
    assert fit.sample.n == answered.sum()
    assert f"{len(demo) - answered.sum():,} left out for a missing answer" in fit.method


def test_every_kind_of_frame_gives_the_same(demo):
    """A property: the engine that holds the table does not matter."""
    columns = ["recommend", *DRIVERS, "weight", "stratum", "cluster"]
    plain = demo[columns].astype({"stratum": str}).reset_index(drop=True)
    plain.attrs = {}
    wanted = linear(plain, "recommend", DRIVERS, **DESIGNS["full"]).coefficients
    for frame in (pl.from_pandas(plain), duckdb.from_df(plain)):
        found = linear(frame, "recommend", DRIVERS, **DESIGNS["full"]).coefficients
        pd.testing.assert_frame_equal(found, wanted)


def test_other_units_change_nothing_but_the_units(demo):
    """Algebra: a driver a million times as great, an outcome turned round and shifted."""
    one = linear(demo, "satisfaction", DRIVERS, **DESIGNS["full"]).coefficients
    moved = demo.assign(product_quality=demo["product_quality"] * 1e6 + 3e7, satisfaction=6 - demo["satisfaction"])
    two = linear(moved, "satisfaction", DRIVERS, **DESIGNS["full"]).coefficients
    assert two.loc["product_quality", "estimate"] == pytest.approx(-one.loc["product_quality", "estimate"] / 1e6)
    assert two.loc["product_quality", "n_effective"] == pytest.approx(one.loc["product_quality", "n_effective"])
    np.testing.assert_allclose(two.loc[DRIVERS, "t"], -one.loc[DRIVERS, "t"], rtol=1e-7)


def test_two_groups_by_hand():
    """With one mark for driver the coefficient is a difference of means, the error that of R's svyglm, n / (n - 1)."""
    frame = pd.DataFrame({"y": [1.0, 2.0, 3.0, 5.0, 7.0, 9.0], "x": [0, 0, 0, 1, 1, 1]})
    row = linear(frame, "y", "x").coefficients.loc["x"]
    assert row["estimate"] == pytest.approx(5.0)
    assert row["se"] == pytest.approx(np.sqrt(6 / 5 * (2 + 8) / 9))
    assert row["n"] == 6


# -- what a user can mend ----------------------------------------------------------------------------------------


@pytest.fixture
def small():
    """Sixty answers to three ratings."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.integers(1, 6, (60, 3)).astype(float), columns=["a", "b", "c"])
    return frame.assign(y=frame["a"] + rng.normal(size=60), w=1.0, kind=np.where(frame["b"] > 3, "new", "old"))


@pytest.mark.parametrize(
    ("change", "drivers", "message"),
    [
        ({"a": 4.0}, ["a", "b"], "a driver must vary; all 60 answers to a are 4"),
        ({"kind": "old"}, ["a", "kind"], "a driver must vary; all 60 answers to kind are old"),
        ({"c": lambda f: f["a"]}, ["a", "b", "c"], "drivers must differ; a and c say the same (correlation +1.000)"),
        ({"c": lambda f: 6 - f["a"]}, ["a", "b", "c"], "a and c say the same (correlation -1.000)"),
        ({"c": lambda f: f["a"] + f["b"]}, ["a", "b", "c"],
         "drivers must not follow from one another; each of a, b, c is given by the others"),
        ({"a": np.nan}, ["a", "b"], "a model needs answers; all 60 to a are missing"),
        ({"y": np.nan}, ["a", "b"], "a model needs answers; all 60 to y are missing"),
        ({"y": 3.0}, ["a", "b"], "an outcome must vary; all 60 answers to y score 3"),
        ({"y": "good"}, ["a", "b"], "answers must be numbers; column y holds text, e.g. 'good'"),
        ({"a": lambda f: f["a"].astype(object).where(f.index != 6, "good")}, ["a", "b"],
         "ratings must be numbers, categories an ordered categorical; in a 1 of 60 answers are text, e.g. 'good'"),
        ({"a": lambda f: f["a"].astype(str)}, ["a", "b"], "in a all are text, e.g. '1.0'"),
        ({"a": lambda f: f["a"].where(f.index != 6, np.inf)}, ["a", "b"],
         "answers must be finite numbers; column a holds an infinite one, or one over 9e18"),
        ({"kind": lambda f: pd.Categorical(f["kind"], ["old", "new", "lost"])}, ["a", "kind"],
         "every category of a driver needs respondents in the model; kind has none in lost (0 before missing"),
        ({}, [], "a model needs at least one driver; none is named beside y"),
        ({}, ["a", "a"], "a driver counts once; a is named 2 times"),
        ({}, ["a", "y"], "the outcome cannot be a driver of itself; y is named as both"),
        ({}, ["a", "bb"], "there is no column bb in the table"),
        ({"a": pd.Timestamp("2026-01-01")}, ["a"], "a model takes numbers and categories; column a holds dates"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_sentence(small, change, drivers, message):
    with pytest.raises(CxError) as caught:
        linear(small.assign(**change), "y", drivers)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0, 2.0], "weights name a column of the frame; found 2 values (list)"),
        ("weight", "there is no column weight in the table"),
        ("short", "weights must be numbers of 0 or more; 10 are not, e.g. nan (column short)"),
        ("kind", "weights must be numbers; column kind holds"),
    ],
)
def test_weights_that_do_not_match(small, weights, message):
    with pytest.raises(CxError) as caught:
        linear(small.assign(short=small["w"].where(small.index < 50)), "y", ["a", "b"], weights=weights)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("n", "message"), [(0, "the table is empty"), (1, "a driver must vary"), (3, "3 answered all drivers")]
)
def test_too_few_respondents(small, n, message):
    with pytest.raises(CxError) as caught:
        linear(small.head(n).assign(a=np.arange(n), b=np.arange(n) ** 2), "y", ["a", "b"])
    assert message in str(caught.value)


def test_too_few_clusters_for_the_terms(small):
    frame = small.assign(shop=np.arange(60) % 3)
    with pytest.raises(CxError, match=r"errors need more clusters .* than terms; there are 2 for 3 terms"):
        linear(frame, "y", ["a", "b", "c"], clusters="shop")


def test_the_frame_is_left_as_it_was(small):
    before = small.copy(deep=True)
    linear(small, "y", ["a", "kind"], weights="w")
    pd.testing.assert_frame_equal(small, before)
