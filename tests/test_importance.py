"""Importance: shares of R squared, their intervals and ranks.

Oracles: R's relaimpo on swiss and apistrat (../shared/reference), a regression of every subset of drivers, closed forms
for two drivers and for uncorrelated ones, the error of r squared, the demo's truth in closed form, and samples drawn
from known worlds.
"""

from itertools import combinations
from math import factorial
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulate import band
from simulate_importance import CLEAR, DESIGN, one_sample, true_correlations, true_shares, world

from cxlib import CxError, Study
from cxlib.drivers import importance
from cxlib.moments import moments
from cxlib.shapley import johnson, lmg

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
SWISS = ["Agriculture", "Examination", "Education", "Catholic", "Infant.Mortality"]


def reference(name: str) -> pd.DataFrame:
    if not (SHARED / "reference").exists():
        pytest.skip("../shared/reference is not there")
    return pd.read_csv(SHARED / "reference" / name)


def matrix(seed: int, p: int, n: int = 60) -> np.ndarray:
    """Correlations of p drivers and an outcome that share a factor, in a small sample."""
    rng = np.random.default_rng(seed)
    return np.corrcoef((rng.standard_normal((n, p + 1)) + rng.standard_normal((n, 1))).T)


def ratings(n=300, p=4, seed=0) -> pd.DataFrame:
    """Ratings 1-5 on p drivers that share a factor, and an outcome 0-10 on which each one weighs less than the last."""
    rng = np.random.default_rng(seed)
    latent = 0.6 * rng.standard_normal((n, 1)) + 0.8 * rng.standard_normal((n, p))
    outcome = latent @ (0.7 ** np.arange(p)) + rng.standard_normal(n)
    frame = pd.DataFrame(np.clip(np.round(latent + 3.3), 1, 5), columns=[f"q{j}" for j in range(p)])
    return frame.assign(outcome=np.clip(np.round(1.3 * outcome + 7), 0, 10), w=rng.lognormal(0, 0.4, n))


# -- the shares --------------------------------------------------------------------------------------------------


def test_swiss():
    """R: relaimpo::calc.relimp(Fertility ~ ., swiss, type = c("lmg", "genizi")); genizi are Johnson's weights."""
    frame = reference("swiss.csv")
    found = importance(frame, "Fertility", SWISS, bootstrap=0)
    wanted = [0.0570912208, 0.1711730289, 0.2601346786, 0.1055701504, 0.1127659229]
    np.testing.assert_allclose(found["estimate"], wanted, atol=1e-8)
    assert found["r_squared"].unique() == pytest.approx(0.7067350016, abs=1e-8)
    weights = [0.0484168958, 0.1547082498, 0.2719641046, 0.1146800300, 0.1169657214]
    np.testing.assert_allclose(
        importance(frame, "Fertility", SWISS, method="johnson", bootstrap=0)["estimate"], weights, atol=1e-8
    )


def test_weights():
    """R: relaimpo on the weighted fit of api00 ~ ell + meals + mobility."""
    found = importance(reference("apistrat.csv"), "api00", ["ell", "meals", "mobility"], weights="pw", bootstrap=0)
    np.testing.assert_allclose(found["estimate"], [0.2071637365, 0.4446734283, 0.0076910511], atol=1e-8)


def every_subset(r: np.ndarray) -> np.ndarray:
    """Shapley values by their definition."""
    p = len(r) - 1

    def explained(subset):
        s = list(subset)
        return r[-1, s] @ np.linalg.solve(r[np.ix_(s, s)], r[s, -1]) if s else 0.0

    shares = np.zeros(p)
    for j in range(p):
        others = [k for k in range(p) if k != j]
        for size in range(p):
            weight = factorial(size) * factorial(p - 1 - size) / factorial(p)
            for subset in combinations(others, size):
                shares[j] += weight * (explained((*subset, j)) - explained(subset))
    return shares


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 8))
def test_lmg_is_the_mean_over_all_subsets(seed, p):
    r = matrix(seed, p)
    np.testing.assert_allclose(lmg(r), every_subset(r), atol=1e-12)


def test_many_drivers_and_many_matrices_together():
    """13 drivers are worked on in pieces: the same whatever the order of drivers, alone or with other matrices."""
    r, order = np.array([matrix(seed, 13) for seed in range(3)]), np.random.default_rng(1).permutation(13)
    shares, turned = lmg(r), np.r_[order, 13]
    np.testing.assert_allclose(lmg(r[:, turned][:, :, turned]), shares[:, order], atol=1e-12)
    np.testing.assert_allclose(lmg(r[1]), shares[1], atol=1e-14)
    np.testing.assert_allclose(shares[0], lmg(r[None, None, 0])[0, 0], atol=1e-14)
    explained = [one[-1, :-1] @ np.linalg.solve(one[:-1, :-1], one[:-1, -1]) for one in r]
    np.testing.assert_allclose(shares.sum(axis=1), explained, atol=1e-12)


def test_two_drivers_by_hand():
    """Half of what each explains alone, half of what it adds: (r1^2 + R^2 - r2^2) / 2; Johnson agrees for two."""
    r = np.array([[1, 0.5, 0.6], [0.5, 1, 0.4], [0.6, 0.4, 1]])
    total = (0.36 + 0.16 - 2 * 0.6 * 0.4 * 0.5) / 0.75
    wanted = [(total + 0.2) / 2, (total - 0.2) / 2]
    np.testing.assert_allclose(lmg(r), wanted, atol=1e-14)
    np.testing.assert_allclose(johnson(r), wanted, atol=1e-14)


def test_uncorrelated_drivers_keep_what_they_explain():
    r = np.eye(4)
    r[-1, :3] = r[:3, -1] = [0.5, -0.3, 0.0]
    for rule in (lmg, johnson):
        np.testing.assert_allclose(rule(r), [0.25, 0.09, 0], atol=1e-14)


def test_a_driver_that_others_determine_adds_nothing_to_them():
    """Two copies share what one explains."""
    r = np.array([[1, 1, 0.5], [1, 1, 0.5], [0.5, 0.5, 1]])
    for rule in (lmg, johnson):
        np.testing.assert_allclose(rule(r), [0.125, 0.125], atol=1e-12)


# -- the frame ---------------------------------------------------------------------------------------------------


def test_what_changes_nothing():
    """Other units, reversed drivers, weights times 7, and whole weights against copies of rows."""
    frame, names = ratings(), ["q0", "q1", "q2", "q3"]
    first = importance(frame, "outcome", names, bootstrap=0)["estimate"]
    other = frame.assign(q1=6 - frame["q1"], q2=100 * frame["q2"] + 7, outcome=-frame["outcome"])
    np.testing.assert_allclose(importance(other, "outcome", names, bootstrap=0)["estimate"], first, atol=1e-12)
    times = frame.assign(w=np.arange(300) % 3 + 1)
    weighted = importance(times, "outcome", names, weights="w", bootstrap=0)["estimate"]
    copies = importance(frame.loc[frame.index.repeat(times["w"])], "outcome", names, bootstrap=0)["estimate"]
    np.testing.assert_allclose(weighted, copies, atol=1e-12)
    seven = importance(times.assign(w=7.0 * times["w"]), "outcome", names, weights="w")
    np.testing.assert_allclose(seven["low"], importance(times, "outcome", names, weights="w")["low"], atol=1e-12)


def test_engines_agree():
    """pandas, polars, Arrow and DuckDB: the same shares, intervals and ranks to 1e-10."""
    frame = ratings().assign(shop=np.arange(300) % 30, city=lambda f: np.where(f["shop"] < 15, "north", "south"))
    frame.loc[::7, "q1"] = np.nan
    options = {"weights": "w", "strata": "city", "clusters": "shop"}
    first = importance(frame, "outcome", ["q0", "q1", "q2"], **options)
    polars = pl.from_pandas(frame)
    for other in (polars, polars.lazy(), polars.to_arrow(), duckdb.from_df(frame)):
        found = importance(other, "outcome", ["q0", "q1", "q2"], **options)
        pd.testing.assert_frame_equal(found, first, rtol=1e-10, atol=1e-10)


def test_the_frame_says_what_it_rests_on():
    frame = ratings()
    frame.loc[:29, "q1"], frame.loc[30:39, "q1"] = np.nan, 6
    found = importance(frame, "outcome", ["q0", "q1", "q2", "q3"], weights="w", never_used=6, seed=1)
    assert found.index.tolist() == ["q0", "q1", "q2", "q3"]
    assert found.index.name == "driver"
    assert found["n"].tolist() == [300, 260, 300, 300]
    assert found["never_used"].tolist() == [0, 10, 0, 0]
    assert found["blank"].tolist() == [0, 30, 0, 0]
    w = frame["w"][40:]
    assert found.loc["q1", "n_effective"] == pytest.approx(w.sum() ** 2 / (w**2).sum())
    assert found["estimate"].sum() == pytest.approx(found["r_squared"].iloc[0])
    assert found["percent"].sum() == pytest.approx(100)
    assert sorted(found["rank"]) == [1, 2, 3, 4]
    assert (found["low"] < found["estimate"]).all()
    assert (found["estimate"] < found["high"]).all()
    assert found["method"].unique().tolist() == [
        "LMG (Shapley values of R squared); pairwise correlations, 260 to 300 answers each; "
        "1,000 bootstrap samples of 300 respondents"
    ]
    bare = importance(frame, "outcome", ["q0"], bootstrap=0)
    assert bare[["low", "high", "se", "rank_low", "rank_high", "percent_low", "r_squared_high"]].isna().all(axis=None)


def test_a_code_of_never_used_is_an_answer_to_the_outcome():
    """6 is "never used" for the drivers; recommend = 6 counts."""
    frame = ratings()
    assert (frame["outcome"] == 6).any()
    assert importance(frame, "outcome", ["q0"], never_used=6, bootstrap=0)["n"].iloc[0] == 300


def test_the_seed_decides():
    frame, names = ratings(), ["q0", "q1", "q2"]
    first = importance(frame, "outcome", names, seed=3)
    assert importance(frame, "outcome", names, seed=3).equals(first)
    other = importance(frame, "outcome", names, seed=4)
    assert not other["low"].equals(first["low"])
    assert other["estimate"].equals(first["estimate"])


def test_weak_drivers_stay_in():
    """A driver of pure noise keeps its small share, with an interval from 0."""
    frame = ratings().assign(noise=np.random.default_rng(5).integers(1, 6, 300))
    row = importance(frame, "outcome", ["q0", "q1", "noise"]).loc["noise"]
    assert 0 < row["estimate"] < 0.02
    assert row["low"] == 0 < row["high"] < 0.05
    assert (row["rank_low"], row["rank_high"]) == (3, 3)


def test_shared_clusters_widen_the_intervals():
    """Outcome and drivers rise and fall together by shop: 30 shops tell less than 600 respondents."""
    rng = np.random.default_rng(6)
    shop = np.arange(600) % 30
    common = rng.standard_normal((30, 1))[shop]
    latent = common + rng.standard_normal((600, 3))
    frame = pd.DataFrame(np.round(latent * 2), columns=["q0", "q1", "outcome"]).assign(shop=shop)
    alone = importance(frame, "outcome", ["q0", "q1"])
    clustered = importance(frame, "outcome", ["q0", "q1"], clusters="shop")
    np.testing.assert_allclose(clustered["estimate"], alone["estimate"], atol=1e-12)
    assert (clustered["se"] > 1.4 * alone["se"]).all()
    assert clustered["method"].iloc[0].endswith("1,000 bootstrap samples of 30 clusters")


def test_the_error_of_one_driver_is_that_of_r_squared():
    """In a bivariate normal the error of r^2 is 2 r (1 - r^2) / sqrt(n)."""
    x = np.random.default_rng(7).multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 4000)
    row = importance(pd.DataFrame(x, columns=["q", "outcome"]), "outcome", "q").iloc[0]
    assert row["se"] == pytest.approx(2 * 0.6 * 0.64 / np.sqrt(4000), rel=0.1)
    assert row[["rank", "rank_low", "rank_high", "percent"]].tolist() == pytest.approx([1, 1, 1, 100])
    assert (row["low"], row["high"]) == pytest.approx(
        (row["estimate"] - 1.96 * row["se"], row["estimate"] + 1.96 * row["se"]), abs=0.2 * row["se"]
    )


# -- missing answers ---------------------------------------------------------------------------------------------


def gappy() -> pd.DataFrame:
    frame, rng = ratings(500), np.random.default_rng(8)
    return frame.mask(rng.random(frame.shape) < [0.3, 0.3, 0.3, 0.3, 0.1, 0])


def test_listwise_takes_who_answered_all():
    frame, names = gappy(), ["q0", "q1", "q2", "q3"]
    whole = frame.dropna()
    found = importance(frame, "outcome", names, missing="listwise")
    wanted = importance(whole, "outcome", names, bootstrap=0)
    np.testing.assert_allclose(found["estimate"], wanted["estimate"], atol=1e-12)
    assert found["n"].eq(len(whole)).all()
    assert f"listwise: the {len(whole)} who answered all" in found["method"].iloc[0]


def test_pairwise_is_the_default():
    """pandas' corr drops pair by pair."""
    frame, names = gappy(), ["q0", "q1", "q2", "q3"]
    wanted = lmg(frame[[*names, "outcome"]].corr().to_numpy())
    np.testing.assert_allclose(importance(frame, "outcome", names, bootstrap=0)["estimate"], wanted, atol=1e-12)


def contradictory(n=60) -> pd.DataFrame:
    """Three columns, each pair asked of other people: q0 goes with q1, q1 with the outcome, q0 against the outcome.

    Some more were asked all three, and found no connection.
    """
    rng = np.random.default_rng(9)
    x = rng.standard_normal((4 * n, 3))
    x[:n, 1], x[n : 2 * n, 2], x[2 * n : 3 * n, 2] = x[:n, 0], x[n : 2 * n, 1], -x[2 * n : 3 * n, 0]
    x[: 3 * n] += 0.2 * rng.standard_normal((3 * n, 3))
    x[:n, 2], x[n : 2 * n, 0], x[2 * n : 3 * n, 1] = np.nan, np.nan, np.nan
    return pd.DataFrame(x, columns=["q0", "q1", "outcome"])


def test_correlations_that_contradict_each_other_are_replaced_and_told():
    """Correlations of .7, .7 and -.7 belong to no three columns: the least eigenvalue of the matrix is below 0."""
    frame = contradictory()
    assert np.linalg.eigvalsh(frame.corr())[0] < 0
    found = importance(frame, "outcome", ["q0", "q1"], bootstrap=100)
    assert "pairwise matrix not positive definite: EM covariance" in found["method"].iloc[0]
    assert 0 <= found["r_squared"].iloc[0] <= 1
    likelihood = importance(frame, "outcome", ["q0", "q1"], missing="em", bootstrap=0)
    np.testing.assert_allclose(found["estimate"], likelihood["estimate"])


def test_sfo():
    """SFO 2018: 14 drivers, of which many are not used; three treatments of what is missing, three rankings."""
    if not (SHARED / "data" / "sfo").exists():
        pytest.skip("../shared/data/sfo is not there")
    study = Study.load(ROOT / "data" / "sfo", data=SHARED / "data" / "sfo")
    frame, names = study.survey.query("wave == '2018'"), study.questions("driver")
    design = {"weights": "weight", "strata": "stratum", "clusters": "cluster"}
    found = {
        how: importance(frame, "overall", names, missing=how, bootstrap=100, **design)
        for how in ("pairwise", "em", "listwise")
    }
    assert found["listwise"]["n"].iloc[0] == frame[[*names, "overall"]].notna().all(axis=1).sum() < 350
    assert found["pairwise"].loc["shuttle", "n"] == frame[["shuttle", "overall"]].notna().all(axis=1).sum()
    assert "pairwise correlations, 472 to" in found["pairwise"]["method"].iloc[0]
    for rows in found.values():
        assert rows["rank"].idxmin() == "restaurants"
        assert rows["estimate"].sum() == pytest.approx(rows["r_squared"].iloc[0])
    ranks = pd.DataFrame({how: rows["rank"] for how, rows in found.items()})
    assert (ranks["pairwise"] - ranks["em"]).abs().max() <= 4
    assert ranks.loc["roads"].tolist() == [12, 12, 2]


# -- known worlds ------------------------------------------------------------------------------------------------


def test_the_truth_of_the_demo_by_a_large_sample():
    """Closed form against 160,000 respondents in 600 shops: correlations within four of their standard errors."""
    w = world()
    frame, columns = w.draw(3, respondents=40_000, shops=600), [*w.ITEMS, "recommend"]
    sums = moments(frame, columns, **DESIGN, by_unit=True)
    from cxlib.replicates import factors

    drawn = np.concatenate([sums.correlations(f) for f in factors(sums.stratum, 300)])
    off = np.triu_indices(15, 1)
    z = ((sums.correlations() - true_correlations()) / np.where(drawn.std(axis=0) > 0, drawn.std(axis=0), 1))[off]
    assert np.abs(z).max() < 4
    assert np.sqrt(np.mean(z**2)) == pytest.approx(1, abs=0.4)


def test_intervals_and_ranks_of_the_demo():
    """The 14 shares and ranks of 10 samples; drivers that stand clear of the others have 3 ranks at most, on average.

    The bound is far below the 95% that the soak holds intervals to: within a sample they are not independent.
    """
    found = pd.concat([one_sample(seed, bootstrap=200) for seed in range(10)])
    assert found["share"].mean() > 0.88
    assert found["rank"].mean() >= 0.95
    assert found[found["driver"].isin(CLEAR)].groupby("driver")["ranks"].mean().max() <= 3
    assert found.groupby("driver")["estimate"].mean().corr(true_shares()) > 0.99


@pytest.mark.parametrize("method", ["lmg", "johnson"])
def test_intervals_cover_in_simple_samples(method):
    """80 samples of 250 from a normal world of 4 drivers: shares, R squared and ranks of each in the 99.9% band."""
    r = np.full((5, 5), 0.4) + 0.6 * np.eye(5)
    slopes = np.array([0.35, 0.25, 0.1, 0.05])
    r[:4, 4] = r[4, :4] = r[:4, :4] @ slopes
    truth = (lmg if method == "lmg" else johnson)(r)
    rng, hits = np.random.default_rng(10), []
    for seed in range(80):
        frame = pd.DataFrame(rng.multivariate_normal(np.zeros(5), r, 250), columns=[*"abcd", "outcome"])
        rows = importance(frame, "outcome", list("abcd"), method=method, bootstrap=300, seed=seed)
        inside = (rows["low"] <= truth) & (truth <= rows["high"])
        ranked = (rows["rank_low"] <= [1, 2, 3, 4]) & (rows["rank_high"] >= [1, 2, 3, 4])
        total = rows["r_squared_low"].iloc[0] <= truth.sum() <= rows["r_squared_high"].iloc[0]
        hits.append([*inside, *ranked, total])
    covered = np.mean(hits, axis=0)
    assert (covered >= band(80)[0]).all(), covered


# -- what is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("drivers", "options", "message"),
    [
        ([], {}, "importance needs a driver; none is named"),
        (["q0", "q0"], {}, "a driver counts once; q0 is named 2 times"),
        (["q0", "outcome"], {}, "the outcome must not be among its drivers; outcome is"),
        (["q0", "words"], {}, "there is no column words in the table; did you mean word?"),
        (["q0", "flat"], {}, "a driver must vary; all 300 answers to flat are 4"),
        (["q0"], {"outcome": "flat"}, "the outcome must vary; all 300 answers to flat are 4"),
        (["q0", "word"], {}, "answers must be numbers; column word holds 'agree'"),
        (["q0", "none"], {}, "a column must hold answers; none holds none"),
        (["q0", "copy"], {},
         "drivers and outcome must differ; q0 and copy rise and fall together exactly for all 300 who answered "
         "both; leave one out"),
        (["q0", "mirror"], {},
         "drivers and outcome must differ; q0 and mirror are each other's exact opposite for all 300 who answered "
         "both; leave one out"),
        (["q0", "score"], {},
         "drivers and outcome must differ; score and outcome rise and fall together exactly for all 300 who answered "
         "both; leave one out"),
        (["q0", "q1", "q2", "total"], {},
         "a driver must not follow from others; q0, q1, total determine each other; leave one out"),
        (["q0", "few"], {}, "3 respondents must have answered both q0 and few; found 2"),
        (["q0"], {"weights": "minus"}, "weights must be numbers of 0 or more; 300 are not, e.g. -1 (column minus)"),
        (["q0"], {"method": "shap"}, "method is lmg or johnson; found shap"),
        (["q0"], {"missing": "drop"}, "missing is one of pairwise, listwise, em; found drop"),
        (["q0"], {"bootstrap": 10}, "bootstrap is a number of samples, 100 or more, or 0 for no intervals; found 10"),
        (["q0"], {"confidence": 95}, "confidence lies between 0 and 1, e.g. 0.95; found 95"),
        ([f"x{i}" for i in range(25)], {},
         "lmg takes 24 drivers at most, since its time doubles with each; 25 are named; "
         'method="johnson" takes any number'),
    ],
)  # fmt: skip
def test_refused(drivers, options, message):
    frame = ratings().assign(flat=4.0, word="agree", none=np.nan, minus=-1.0)
    frame = frame.assign(copy=frame["q0"], mirror=6 - frame["q0"], total=frame["q0"] + frame["q1"])
    frame = frame.assign(few=frame["q2"].where(frame.index < 2), score=10 * frame["outcome"] + 3)
    frame.loc[0, "few"], frame.loc[1, "few"] = 1, 2
    with pytest.raises(CxError) as caught:
        importance(frame, **({"outcome": "outcome"} | options), drivers=drivers)
    assert str(caught.value) == message


def test_drivers_that_add_up_are_named_when_answers_are_missing_too():
    frame = ratings().assign(total=lambda f: f["q0"] + f["q1"])
    frame = frame.mask(np.random.default_rng(2).random(frame.shape) < 0.1)
    with pytest.raises(CxError, match=r"does not settle: q0, q1, total all but determine each other, where they were"):
        importance(frame, "outcome", ["q0", "q1", "q2", "total"])


def test_more_drivers_than_answers_are_refused():
    with pytest.raises(
        CxError, match=r"^importance needs more answers than drivers; 8 answered outcome, for 8 drivers$"
    ):
        importance(ratings(8, 8), "outcome", [f"q{j}" for j in range(8)])


def test_a_single_cluster_is_refused():
    with pytest.raises(CxError, match=r"^a bootstrap needs 2 clusters or respondents at least; found 1$"):
        importance(ratings().assign(shop=1), "outcome", ["q0", "q1"], clusters="shop")


def test_a_driver_that_hardly_varies_does_not_break_the_samples():
    """Two of 40 chose another answer: many bootstrap samples hold neither, and the driver explains nothing in them."""
    frame = ratings(40).assign(rare=lambda f: np.where(f.index < 2, 1.0, 5.0))
    row = importance(frame, "outcome", ["q0", "rare"]).loc["rare"]
    assert 0 <= row["low"] <= row["estimate"] <= row["high"] <= 1
