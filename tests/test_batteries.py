"""Alpha, omega and the items of a battery.

Oracles: R's psych, survey and factanal on the demo study (tests/reference/demo_batteries.R), the reference numbers
beside the project (skipped where that folder is absent), hand calculation, and samples drawn from a known world.
"""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from simulate import band

from cxlib import CxError, Study, compare
from cxlib.batteries import alpha, items_table, omega

ROOT = Path(__file__).resolve().parents[1]
BFI = ROOT / "../shared/reference/bfi.csv"
AGREE = ["A1", "A2", "A3", "A4", "A5"]


# -- the reference numbers' table "Personas, scales, retention" ---------------------------------------------------


@pytest.fixture(scope="module")
def bfi():
    """Five items of agreeableness on a scale of 1-6; A1 is keyed the other way."""
    if not BFI.is_file():
        pytest.skip("needs ../shared/reference/bfi.csv, which is not part of the project")
    return pd.read_csv(BFI)[AGREE]


def test_bfi_alpha(bfi):
    """psych::alpha: pairwise .7030184 and complete cases (n = 2,709) .7037559, A1 as 7 - A1."""
    pairwise = compare.alpha(bfi, AGREE, reverse=["A1"])
    complete = compare.alpha(bfi, AGREE, reverse=["A1"], missing="complete")
    assert pairwise.value == pytest.approx(0.7030184, abs=5e-8)
    assert complete.value == pytest.approx(0.7037559, abs=5e-8)
    assert complete.n == 2709
    assert pairwise.n == (bfi.notna().any(axis=1)).sum()


def test_bfi_omega(bfi):
    """One factor by maximum likelihood on the covariances of complete cases: .7121290; standardised .7240."""
    estimate = compare.omega(bfi, AGREE, reverse=["A1"])
    assert (estimate.value, estimate.n) == (pytest.approx(0.7121290, abs=1e-6), 2709)
    # lavaan 0.6-14, cfa(estimator = "MLR"), divides by n: .0102625630.
    assert estimate.se * np.sqrt(2708 / 2709) == pytest.approx(0.0102625630, rel=1e-4)
    complete = bfi.dropna()
    standard = (complete - complete.mean()) / complete.std()
    assert omega(standard, AGREE, reverse=["A1"]).value == pytest.approx(0.7240, abs=5e-5)


def test_bfi_error_is_the_one_of_r_survey(bfi):
    """Delta method over vcov(svyvar(...)) of the 2,709 complete cases in R survey 4.1.1: .0106440706244."""
    assert alpha(bfi.dropna(), AGREE, reverse=["A1"]).se == pytest.approx(0.0106440706244, rel=1e-10)


def test_an_item_keyed_the_other_way_is_named_and_not_turned(bfi):
    estimate = alpha(bfi, AGREE)
    assert estimate.value == pytest.approx(0.431456105, abs=1e-9)  # psych::alpha(check.keys = FALSE)
    assert estimate.method.endswith("against the rest: A1 (keyed the other way?)")
    assert items_table(bfi, AGREE).set_index("item")["against"].to_dict() == dict.fromkeys(AGREE, False) | {"A1": True}
    turned = items_table(bfi, AGREE, reverse="A1")
    assert not turned["against"].any()
    assert turned["reversed"].tolist() == [True, False, False, False, False]
    assert "against" not in alpha(bfi, AGREE, reverse=["A1"]).method


# -- the demo study: tests/reference/demo_batteries.R ------------------------------------------------------------


@pytest.fixture(scope="module")
def demo():
    """The last wave of the demo survey, the item on prices turned round, with the R script's made-up population."""
    frame = Study.load(ROOT / "data/demo").survey
    frame = frame[frame["wave"] == "2026-H2"]
    shops = frame["stratum"].map({"hcm": 300, "hanoi": 200})
    return frame.assign(product_price=6 - frame["product_price"], shops=shops)


@pytest.fixture(scope="module")
def printed_by_r():
    """What R printed: a frame with a column per statistic, by battery, design and item."""
    table = pd.read_csv(ROOT / "tests/reference/demo_batteries.csv")
    return table.pivot(index=["battery", "design", "item"], columns="statistic", values="value")


EVERY = Study.load(ROOT / "data/demo").questions("driver")
BATTERIES = {"product": EVERY[:3], "all": EVERY}
FULL = {"weights": "weight", "strata": "stratum", "clusters": "cluster"}
DESIGNS = {"none": {}, "weights": {"weights": "weight"}, "full": FULL, "finite": FULL | {"fpc": "shops"}}
REVERSE = {"reverse": ["product_price"], "scale": (1, 5)}


@pytest.mark.parametrize("battery", BATTERIES)
def test_demo_alpha(demo, printed_by_r, battery):
    """psych::alpha with keys, of all answers and of complete cases."""
    oracle = printed_by_r.loc[(battery, "none", "all")]
    pairwise = alpha(demo, BATTERIES[battery], **REVERSE)
    complete = alpha(demo, BATTERIES[battery], **REVERSE, missing="complete")
    assert (pairwise.value, pairwise.n) == (pytest.approx(oracle["pairwise"], rel=1e-10), oracle["n"])
    assert (complete.value, complete.n) == (pytest.approx(oracle["complete"], rel=1e-10), oracle["n_complete"])
    assert complete.n < pairwise.n


@pytest.mark.parametrize("battery", BATTERIES)
@pytest.mark.parametrize("design", DESIGNS)
def test_demo_errors_under_a_design(demo, printed_by_r, battery, design):
    """svycralpha and the delta method over vcov(svyvar); factanal and its numerical gradient over the same."""
    oracle = printed_by_r.loc[(battery, design, "all")]
    for name, function, given_by_r in (("alpha", alpha, 1e-9), ("omega", omega, 1e-6)):
        options = {"missing": "complete"} if name == "alpha" else {}
        estimate = function(demo, BATTERIES[battery], **REVERSE, **DESIGNS[design], **options)
        assert estimate.value == pytest.approx(oracle[name], rel=given_by_r), name
        assert estimate.se == pytest.approx(oracle[f"{name}_se"], rel=given_by_r), name
        assert estimate.n_weighted == pytest.approx(oracle["n_weighted"], rel=1e-12), name


@pytest.mark.parametrize("battery", BATTERIES)
def test_demo_error_of_pairwise_alpha(demo, printed_by_r, battery):
    """withReplicates over a jackknife of the shops; the linearised error is the same but for terms of second order."""
    oracle = printed_by_r.loc[(battery, "full", "all")]
    estimate = alpha(demo, BATTERIES[battery], **REVERSE, **FULL)
    assert estimate.value == pytest.approx(oracle["pairwise"], rel=1e-10)
    assert estimate.se == pytest.approx(oracle["jackknife_se"], rel=0.01)


@pytest.mark.parametrize("battery", BATTERIES)
def test_demo_items(demo, printed_by_r, battery):
    """psych::alpha: item.stats (n, mean, sd, r.drop) and alpha.drop, pairwise."""
    table = items_table(demo, BATTERIES[battery], **REVERSE).set_index("item")
    for item, row in table.iterrows():
        oracle = printed_by_r.loc[(battery, "none", item)]
        for statistic in ("n", "mean", "sd", "item_rest", "alpha_dropped"):
            assert row[statistic] == pytest.approx(oracle[statistic], rel=1e-9), (item, statistic)
    assert table.index[table["reversed"]].tolist() == ["product_price"]


def test_item_intervals(demo):
    """Alpha without an item is the alpha of the others; for the correlation of two items r, a bootstrap's error."""
    items, quality = BATTERIES["product"], "product_quality"
    row = items_table(demo, items, **REVERSE, **FULL).set_index("item").loc[quality]
    others = alpha(demo.dropna(subset=items, how="all"), items[1:], reverse="product_price", **FULL)
    assert row["alpha_dropped"] == pytest.approx(others.value, rel=1e-12)
    assert row["alpha_dropped_low"] == pytest.approx(others.low, abs=1e-3)
    two = demo[items[:2]].dropna().to_numpy()
    rng, n = np.random.default_rng(1), len(two)
    drawn = [np.corrcoef(two[rng.integers(n, size=n)].T)[0, 1] for _ in range(2000)]
    table = items_table(pd.DataFrame(two, columns=items[:2]), items[:2])
    assert table["item_rest"].tolist() == pytest.approx([np.corrcoef(two.T)[0, 1]] * 2, rel=1e-12)
    half = np.arctanh(table["item_rest_high"][0]) - np.arctanh(table["item_rest"][0])
    assert half / 1.96 == pytest.approx(np.std(np.arctanh(drawn)), rel=0.05)
    assert table[["alpha_dropped", "alpha_dropped_low"]].isna().all(axis=None)


# -- by hand -----------------------------------------------------------------------------------------------------


def test_alpha_by_hand():
    """Variances 5/3, covariance 1, sum 16/3: alpha = 2 (1 - (10/3) / (16/3)) = .75."""
    frame = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 1, 4, 3]})
    assert alpha(frame, ["a", "b"]).value == pytest.approx(0.75, abs=1e-12)


def exact(covariance, n=400, seed=2) -> pd.DataFrame:
    """A sample whose covariances (divisor n - 1) are exactly these."""
    x = np.random.default_rng(seed).standard_normal((n, len(covariance)))
    x -= x.mean(axis=0)
    white = np.linalg.inv(np.linalg.cholesky(np.cov(x.T)))
    return pd.DataFrame(x @ white.T @ np.linalg.cholesky(covariance).T, columns=list("abcdefgh")[: len(covariance)])


def test_omega_by_hand():
    """Covariances made from loadings .8 1.2 .5 -.7 and unique variances .5 .9 .3 1.1: 1.8^2 / (1.8^2 + 2.8)."""
    loadings, unique = np.array([0.8, 1.2, 0.5, -0.7]), np.array([0.5, 0.9, 0.3, 1.1])
    frame = exact(np.outer(loadings, loadings) + np.diag(unique))
    assert omega(frame, list("abcd")).value == pytest.approx(3.24 / 6.04, abs=1e-7)
    assert omega(frame, list("abcd"), reverse="d").value == pytest.approx(10.24 / 13.04, abs=1e-7)
    assert "against the rest: d (" in omega(frame, list("abcd")).method


def test_equal_loadings_make_alpha_and_omega_equal():
    """Tau-equivalent items: alpha = omega = k^2 l^2 / (k^2 l^2 + sum of unique variances)."""
    frame, items = exact(np.full((4, 4), 0.5) + np.diag([0.4, 0.6, 0.8, 1.0])), list("abcd")
    assert alpha(frame, items).value == pytest.approx(8 / 10.8, abs=1e-9)
    assert omega(frame, items).value == pytest.approx(8 / 10.8, abs=1e-7)


def interval_by_hand(x: np.ndarray) -> tuple[float, float, float]:
    """Standard error and 95% interval of alpha in a simple random sample, written out respondent by respondent."""
    n, k = x.shape
    deviations = x - x.mean(axis=0)
    c = np.cov(x.T)
    own, total = np.trace(c), c.sum()
    value = k / (k - 1) * (1 - own / total)
    influence = []
    for row in deviations * np.sqrt(n / (n - 1)):
        influence.append(-k / (k - 1) * ((row @ row - own) / total - own * (row.sum() ** 2 - total) / total**2))
    squares = np.square(influence)
    variance = squares.sum() / n / (n - 1)
    df = min(n - 1, 2 * squares.sum() ** 2 / np.square(squares - squares.mean()).sum())
    half = stats.t.ppf(0.975, df) * np.sqrt(variance) / (1 - value)
    return np.sqrt(variance), 1 - (1 - value) * np.exp(half), 1 - (1 - value) * np.exp(-half)


def ratings(n, cuts, loading=0.6, items=4, seed=0, clusters=None) -> pd.DataFrame:
    """5-point answers cut from normals that share one factor; a fifth of its variance lies between clusters."""
    rng = np.random.default_rng(seed)
    common = rng.standard_normal(n)
    if clusters is not None:
        common = np.sqrt(0.8) * common + np.sqrt(0.2) * rng.standard_normal(clusters)[np.arange(n) % clusters]
    latent = loading * common[:, None] + np.sqrt(1 - loading**2) * rng.standard_normal((n, items))
    return pd.DataFrame(1.0 + np.searchsorted(cuts, latent), columns=[f"q{i}" for i in range(items)])


SKEWED = (-2.2, -1.7, -1.2, -0.2)  # 1, 3, 7, 31 and 58%
EVEN = (-1.5, -0.5, 0.5, 1.5)


@pytest.mark.parametrize("cuts", [EVEN, SKEWED])
def test_interval_by_hand(cuts):
    frame = ratings(150, cuts)
    estimate = alpha(frame, list(frame))
    se, low, high = interval_by_hand(frame.to_numpy())
    assert (estimate.se, estimate.low, estimate.high) == pytest.approx((se, low, high), rel=1e-9)
    assert (estimate.n, estimate.n_weighted, estimate.unit) == (150, 150, "score")
    assert estimate.n_effective == pytest.approx(150, rel=1e-9)


# -- properties --------------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(8, 40), st.integers(2, 5))
def test_never_above_one(seed, n, items):
    """alpha <= 1 and low <= alpha <= high <= 1, whatever the answers."""
    x = np.random.default_rng(seed).integers(1, 6, (n, items)).astype(float)
    x[:2] = [[1] * items, [2] * items]
    frame = pd.DataFrame(x, columns=[f"q{i}" for i in range(items)])
    estimate = alpha(frame, list(frame))
    assert estimate.low <= estimate.value <= estimate.high <= 1


@pytest.mark.parametrize("function", [alpha, omega])
def test_what_changes_nothing(function):
    """Reversal by hand, another scale, the items' order, one unit for all, weights times 7, clusters of one."""
    frame = ratings(300, SKEWED).assign(q1=lambda f: 6 - f["q1"], w=np.arange(300) % 3 + 1.0, one=np.arange(300))
    frame.loc[::9, "q2"] = np.nan
    items = ["q0", "q1", "q2", "q3"]
    first = function(frame, items, reverse="q1")

    def same(other, **options):
        for field in ("value", "low", "high", "se", "n"):
            assert getattr(other, field) == pytest.approx(getattr(first, field), rel=1e-6), field

    same(function(frame.assign(q1=6 - frame["q1"]), items))
    same(function(frame, items, reverse="q1", scale=(0, 10)))
    same(function(frame, items[::-1], reverse=("q1",)))
    same(function(frame[items] * 20, items, reverse="q1"))
    same(function(frame, items, reverse="q1", clusters="one"))
    first = function(frame, items, reverse="q1", weights="w")
    same(function(frame.assign(w=frame["w"] * 7), items, reverse="q1", weights="w"))


def test_weights_count_answers():
    """Whole weights give the covariances (divisor n) of a file with so many copies of each row, and so alpha."""
    frame = ratings(200, EVEN).assign(w=np.arange(200) % 4 + 1)
    copies = frame.loc[frame.index.repeat(frame["w"])]
    items = ["q0", "q1", "q2", "q3"]
    for function in (alpha, omega):
        weighted, repeated = function(frame, items, weights="w"), function(copies, items)
        assert weighted.value == pytest.approx(repeated.value, rel=1e-6)
        assert (weighted.n, weighted.n_weighted) == (200, repeated.n)
        assert weighted.se > repeated.se


def test_engines_agree():
    frame = ratings(300, SKEWED).assign(w=np.arange(300) % 3 + 0.5, shop=np.arange(300) % 20)
    frame.loc[::9, "q2"] = np.nan
    options = {"items": ["q0", "q1", "q2"], "weights": "w", "clusters": "shop"}
    for function in (alpha, omega):
        pandas = function(frame, **options)
        assert function(pl.from_pandas(frame), **options) == pandas
        assert function(duckdb.from_df(frame), **options) == pandas
    assert "20 clusters" in pandas.method


def test_shared_clusters_widen_the_interval():
    """A fifth of the factor's variance lies between 20 clusters of 30: effective n is well below n."""
    frame = ratings(600, EVEN, clusters=20).assign(shop=np.arange(600) % 20)
    items = ["q0", "q1", "q2", "q3"]
    alone, clustered = alpha(frame, items), alpha(frame, items, clusters="shop")
    assert clustered.value == pytest.approx(alone.value, rel=1e-12)
    assert clustered.n_effective < 500 < alone.n_effective


# -- samples from a known world ----------------------------------------------------------------------------------


def true_alpha(cuts, loading=0.6, items=4) -> float:
    """Alpha of ratings() in the population: the items have equal covariances, so that it is omega, too."""
    both = stats.multivariate_normal([0, 0], [[1, loading**2], [loading**2, 1]])
    above = stats.norm.sf(cuts)
    shared = sum(both.cdf([-a, -b]) for a in cuts for b in cuts) - above.sum() ** 2
    points = np.diff([0.0, *stats.norm.cdf(cuts), 1.0])
    own = points @ np.arange(1, 6) ** 2 - (points @ np.arange(1, 6)) ** 2
    return items * shared / (own + (items - 1) * shared)


@pytest.mark.parametrize(("cuts", "n", "clusters"), [(SKEWED, 200, None), (EVEN, 300, 30)])
def test_intervals_cover(cuts, n, clusters):
    """95% intervals of 100 samples hold the truth within the 99.9% binomial band; their errors are the true spread."""
    truth, found = true_alpha(cuts), {"alpha": [], "omega": []}
    for seed in range(100):
        frame = ratings(n, cuts, seed=seed, clusters=clusters).assign(shop=np.arange(n) % (clusters or n))
        design = {} if clusters is None else {"clusters": "shop"}
        for name, function in (("alpha", alpha), ("omega", omega)):
            found[name].append(function(frame, ["q0", "q1", "q2", "q3"], **design))
    for name, estimates in found.items():
        covered = np.mean([e.low <= truth <= e.high for e in estimates])
        low, high = band(100)
        assert low <= covered <= high, (name, covered)
        values, errors = [e.value for e in estimates], [e.se for e in estimates]
        assert np.mean(values) == pytest.approx(truth, abs=4 * np.std(values) / np.sqrt(100) + 0.01), name
        assert np.mean(errors) / np.std(values) == pytest.approx(1, abs=0.25), name


# -- what is refused ---------------------------------------------------------------------------------------------


@pytest.fixture
def frame():
    return ratings(60, EVEN).assign(
        word="agree", flat=4.0, blank=np.nan, kind=pd.Categorical(["x"] * 60), opposite=lambda f: 6 - f["q0"], w=0.0
    )


@pytest.mark.parametrize(
    ("function", "items", "options", "message"),
    [
        (alpha, [], {}, "a battery needs at least 2 items; found 0 (none)"),
        (alpha, "q0", {}, "a battery needs at least 2 items; found 1 (q0)"),
        (omega, ["q0", "q1"], {}, "a battery needs at least 3 items; found 2 (q0, q1)"),
        (alpha, ["q0", "q1", "q0"], {}, "an item counts once; q0 is named 2 times"),
        (alpha, ["q0", "q11"], {}, "there is no column q11 in the table; did you mean q1?"),
        (alpha, ["q0", "word"], {}, "answers must be numbers; column word holds 'agree'"),
        (alpha, ["q0", "kind"], {}, "answers must be numbers; column kind holds 'x'"),
        (alpha, ["q0", "flat"], {}, "an item must vary; all 60 answers to flat are 4"),
        (items_table, ["q0", "blank"], {}, "an item must have answers; column blank holds none"),
        (alpha, ["q0", "q1"], {"reverse": "q2"}, "reverse names items of the battery; q2 is not one of them"),
        (alpha, ["q0", "q1"], {"scale": (1, 4)}, "answers must lie in 1-4; found 5 in column q0"),
        (alpha, ["q0", "q1"], {"missing": "listwise"}, "missing is pairwise or complete; found listwise"),
        (alpha, ["q0", "q1"], {"confidence": 95}, "confidence lies between 0 and 1, e.g. 0.95; found 95"),
        (alpha, ["q0", "q1"], {"weights": "w"}, "weights are 0 everywhere (60 rows, column w); one must be above 0"),
        (
            alpha,
            ["q0", "opposite"],
            {},
            "Cronbach's alpha needs a sum that varies, and the items cancel out; is one keyed the other way?",
        ),
        (
            omega,
            ["q0", "q1", "opposite"],
            {},
            "omega needs more respondents than items, and no item that others add up to; 60 answered all 3",
        ),
    ],
)
def test_refused(frame, function, items, options, message):
    with pytest.raises(CxError) as caught:
        function(frame, items, **options)
    assert str(caught.value).startswith(message)


def test_items_never_answered_together_are_refused():
    """A split battery: half of the respondents were asked a and b, the other half c."""
    frame = pd.DataFrame({"a": [1, 2, 3, None, None], "b": [2, 1, 3, None, None], "c": [None, None, None, 1, 4]})
    with pytest.raises(CxError, match=r"^2 respondents must have answered all of a, c; found 0$"):
        alpha(frame, ["a", "b", "c"])
    with pytest.raises(CxError, match=r"^2 respondents must have answered all of a, b, c; found 0$"):
        omega(frame, ["a", "b", "c"])


def test_a_heywood_case_is_refused():
    """Correlations .9 .9 .7: the first item's squared loading would be .9 x .9 / .7 = 1.16, above its variance of 1."""
    frame = exact(np.array([[1, 0.9, 0.9], [0.9, 1, 0.7], [0.9, 0.7, 1]]))
    with pytest.raises(CxError, match=r"^omega is not defined: one factor leaves a no unique variance \(a Heywood"):
        omega(frame, ["a", "b", "c"])


def test_items_that_share_no_factor_are_refused():
    """Two pairs that have nothing in common: whatever factor is drawn, the data say nothing of it."""
    pairs = np.eye(4)
    pairs[0, 1] = pairs[1, 0] = pairs[2, 3] = pairs[3, 2] = 0.5
    with pytest.raises(CxError, match=r"^omega is not defined"):
        omega(exact(pairs), list("abcd"))


def test_negative_alpha_is_told_with_its_cause():
    """Two items that run against each other: alpha below 0, both named."""
    frame = ratings(200, EVEN).assign(q1=lambda f: 6 - f["q1"])
    estimate = alpha(frame, ["q0", "q1"])
    assert estimate.high < 0
    assert estimate.method.endswith("against the rest: q0, q1 (keyed the other way?)")


def test_items_that_are_copies_have_no_interval():
    """Alpha is exactly 1, with no spread from which to tell its error."""
    frame = ratings(80, EVEN).assign(copy=lambda f: f["q0"])
    estimate = alpha(frame, ["q0", "copy"])
    assert estimate.value == pytest.approx(1, abs=1e-12)
    assert np.isnan([estimate.low, estimate.high, estimate.se, estimate.n_effective]).all()


def test_the_method_says_what_was_done(demo):
    assert alpha(demo, EVERY[:3], **FULL).method == (
        "pairwise covariances; Student's t on log(1 - coefficient); Taylor linearisation: weights, 2 strata, "
        "60 clusters; against the rest: product_quality, product_price (keyed the other way?)"
    )
    assert omega(demo, EVERY[:3], reverse="product_price").method == (
        "one factor by maximum likelihood, complete answer sheets; Student's t on log(1 - coefficient); "
        "simple random sample"
    )
