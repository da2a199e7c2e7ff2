"""How many segments, and whether there are any.

Oracles: samples drawn from the demo's known world and from worlds without segments (many of them in tests/soak),
linearised standard errors, copies of clusters, hand counts, and the normals that answers were cut from.
"""

import numpy as np
import pandas as pd
import pytest
import simulate_segments
from scipy import stats

from cxlib import CxError, continuum, em, latent_classes, mixtures, segment_stability
from cxlib.segment_number import choose
from cxlib.unimodal import unimodal


@pytest.fixture(scope="module")
def demo():
    answers, frame = simulate_segments.personas(1, 250)
    design = {name: frame[column].to_numpy() for name, column in (("weights", "weight"), ("strata", "city"))}
    return answers, frame, choose(*answers, range(2, 7), **design, clusters=frame["shop"].to_numpy(), seed=1)


def test_the_four_personas_of_the_demo_are_found(demo):
    answers, frame, found = demo
    assert (found.model.k, found.verdict) == (4, None)
    assert simulate_segments.agreement(found, answers, frame["persona"]) > 0.8
    assert found.independence == found.continuum == 0.01, "none of 99 simulations comes near"
    assert (found.stability > 0.9).all()
    assert (found.rows, found.degrees_of_freedom) == (1000, 58), "60 shops in two cities"


def test_every_choice_is_told(demo):
    """BIC and smallest class by hand, and in words why the others were not chosen."""
    (codes, _, numbers), _, found = demo
    rows = found.choices.set_index("k")
    assert rows.index.tolist() == [1, 2, 3, 4, 5, 6]
    np.testing.assert_allclose(rows["bic"], rows["parameters"] * np.log(1000) - 2 * rows["log_likelihood"])
    assert rows.index[rows["chosen"]].tolist() == [4]
    assert rows.loc[4, "why"] == "chosen: the least BIC among those eligible"
    assert rows.loc[2, "why"].startswith("its BIC is +")
    member = latent_classes.memberships(found.model, codes, numbers).argmax(axis=1)
    assert rows.loc[4, "smallest_n"] == np.bincount(member).min()
    assert rows.loc[4, "smallest"] == found.model.shares[-1]
    assert rows.loc[4, "kmeans"] > 0.8
    assert rows.loc[2:, "entropy"].between(0, 1).all()
    assert rows.loc[1, ["entropy", "stability", "least_stable", "kmeans"]].isna().all()


def test_shares_vary_over_samples_as_weighted_means_do(demo):
    """Kinds this clear are all but observed: replicates vary as a mean of weighted memberships, linearised."""
    (codes, _, numbers), frame, found = demo
    assert found.share_replicates.shape == (200, 4)
    np.testing.assert_allclose(found.share_replicates.sum(axis=1), 1.0)
    np.testing.assert_allclose(found.share_replicates.mean(axis=0), found.model.shares, atol=0.01)
    w, share = frame["weight"], found.model.shares
    member = latent_classes.memberships(found.model, codes, numbers)
    wanted = np.sqrt((w.to_numpy()[:, None] ** 2 * (member - share) ** 2).sum(axis=0)) / w.sum()
    ratio = found.share_replicates.std(axis=0) / wanted
    assert ((ratio > 0.7) & (ratio < 1.3)).all()


def test_same_seed_same_result_other_seed_same_classes(demo, monkeypatch):
    monkeypatch.setattr("cxlib.segment_number.SIMULATIONS", 19)
    (codes, levels, numbers), _, _ = demo
    few = slice(0, 300)
    runs = [choose(codes[few], levels, numbers[few], [4], seed=seed) for seed in (3, 3, 4)]
    pd.testing.assert_frame_equal(runs[0].choices, runs[1].choices)
    assert np.array_equal(runs[0].share_replicates, runs[1].share_replicates)
    np.testing.assert_allclose(runs[0].model.means, runs[2].model.means, atol=1e-2)
    np.testing.assert_allclose(runs[0].model.shares, runs[2].model.shares, atol=1e-2)


def test_no_segments_among_independent_answers():
    found = choose(*simulate_segments.by_degree(1, 600, loading=0.0), [2, 3])
    assert found.model.k == 1
    assert found.verdict == "no segments: one class for all has the least BIC"
    assert found.choices["chosen"].tolist() == [True, False, False]
    assert found.share_replicates.shape == (200, 1)
    assert np.isnan(found.continuum)


def test_no_segments_where_people_differ_by_degree():
    """One factor, which BIC alone cuts into classes."""
    found = choose(*simulate_segments.by_degree(2, 600), [2, 3, 4])
    assert found.choices["bic"].idxmin() > 0
    assert found.model.k == 1
    assert found.independence == 0.01
    assert found.continuum > 0.05
    assert found.choices["why"][0] == "chosen: there are no segments"
    assert found.verdict.startswith("no segments: customers differ by degree, not in kind; answers that only rise")


def test_irises_are_of_several_kinds():
    answers, kind = simulate_segments.irises(1)
    found = choose(*answers, [2, 3, 4], minimum_base=10)
    assert found.model.k > 1
    assert simulate_segments.agreement(found, answers, kind) > 0.5


def test_classes_below_the_minimum_base_are_not_eligible():
    """30 of 330 are of their own kind: that is a class for a base of 30, not for one of 50."""
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 1, (300, 4)), rng.normal(9, 1, (30, 4))])
    answers = (np.empty((330, 0), int), [], x)
    assert choose(*answers, [2], minimum_base=30).model.shares[1] == pytest.approx(30 / 330, abs=1e-3)
    found = choose(*answers, [2], minimum_base=50)
    assert found.verdict == "no segments: no solution has classes that are all large and stable enough"
    assert found.choices["why"][1] == "its smallest class has 30 rows, below the minimum base of 50"


def test_few_rows_of_many_are_fitted(monkeypatch):
    monkeypatch.setattr("cxlib.segment_number.ROWS", 300)
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 1, (600, 3)), rng.normal(9, 1, (300, 3))])
    found = choose(np.empty((900, 0), int), [], x, [2])
    assert (found.rows, found.model.n) == (300, 300)
    assert found.choices["smallest_n"][1] == pytest.approx(300, rel=0.25), "of all 900"


# -- stability ---------------------------------------------------------------------------------------------------


def test_jaccard_by_hand():
    """Where samples bring the same rows back, all classes are the same; two of one kind's classes are not."""
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 1, (200, 3)), rng.normal(9, 1, (100, 3))])
    data = mixtures.answers(*latent_classes.checked(np.empty((300, 0), int), [], x))
    runs = em.best(data, 2, 5, 0)
    same = np.tile(data.weights, (3, 1))
    np.testing.assert_allclose(segment_stability.jaccard(data, runs, same), 1.0)
    unit, stratum = segment_stability.design_units(None, None, 300)
    drawn = np.concatenate(list(segment_stability.drawn_weights(data, np.ones(300), unit, stratum, 20)))
    np.testing.assert_allclose(drawn.sum(axis=1), 300)
    three = segment_stability.jaccard(data, em.best(data, 3, 5, 0), drawn)
    assert three.max() > 0.9
    assert three.min() < 0.8


def test_units_of_a_design():
    """Clusters of the same name in two strata are two; who has no cluster is alone."""
    unit, stratum = segment_stability.design_units(list("aabba"), ["x", "y", "x", "x", None], 5)
    assert len(stratum) == 4
    assert unit[2] == unit[3]
    assert len(set(unit[[0, 1, 2, 4]])) == 4
    assert (stratum[unit] == [0, 0, 1, 1, 0]).all()


def test_clusters_widen_the_shares():
    """Ten copies of each row as a cluster: the shares vary as those of a tenth of the rows."""
    rng = np.random.default_rng(0)
    x = np.repeat(np.concatenate([rng.normal(0, 1, (60, 3)), rng.normal(9, 1, (40, 3))]), 10, axis=0)
    found = choose(np.empty((1000, 0), int), [], x, [2], clusters=np.repeat(np.arange(100), 10))
    assert found.model.k == 2
    assert found.share_replicates[:, 0].std() == pytest.approx(np.sqrt(0.6 * 0.4 / 100), rel=0.2)


# -- the continuum -----------------------------------------------------------------------------------------------


def test_the_continuum_has_the_correlations_that_answers_were_cut_from():
    """Normals that correlate by .6, one cut in two, one in four; and with what is missing left missing."""
    rng = np.random.default_rng(0)
    z = np.sqrt(0.6) * rng.standard_normal((20_000, 1)) + np.sqrt(0.4) * rng.standard_normal((20_000, 3))
    codes = np.column_stack([z[:, 0] > 0.8, np.searchsorted([-1, 0, 0.5], z[:, 1])]).astype(int)
    x = np.exp(z[:, 2:])
    x[:500] = np.nan
    null = continuum.continuum(codes, [2, 4], x, np.ones(20_000))
    np.testing.assert_allclose(np.abs(null.root @ null.root.T), 0.6 + 0.4 * np.eye(3), atol=0.03)
    drawn, numbers = null.draw(np.random.default_rng(1))
    np.testing.assert_allclose(np.bincount(drawn[:, 1]), np.bincount(codes[:, 1]), rtol=0.06)
    wanted = [stats.spearmanr(x[500:, 0], codes[500:, j])[0] for j in range(2)]
    found = [stats.spearmanr(numbers[500:, 0], drawn[500:, j])[0] for j in range(2)]
    np.testing.assert_allclose(np.abs(found), wanted, atol=0.03)
    assert np.isnan(numbers[:500]).all()
    apart, _ = null.draw(np.random.default_rng(1), correlated=False)
    assert abs(np.corrcoef(apart.T)[0, 1]) < 0.03


def test_one_peak():
    """A normal keeps its quantiles; between two normals apart the valley is filled; a spike and whole numbers stay."""
    rng = np.random.default_rng(0)
    u = np.array([0.02, 0.1, 0.5, 0.9, 0.98])
    normal = rng.standard_normal(20_000)
    np.testing.assert_allclose(unimodal(normal, np.ones(20_000)).quantiles(u), stats.norm.ppf(u), atol=0.08)
    two = np.concatenate([normal[:10_000] - 4, normal[10_000:] + 4])
    drawn = unimodal(two, np.ones(20_000)).quantiles(np.linspace(0.0005, 0.9995, 1000))
    assert (np.abs(two) < 1).mean() < 0.01
    assert (np.abs(drawn) < 1).mean() > 0.1
    spiked = np.concatenate([np.zeros(10_000), np.exp(normal[:10_000])])
    drawn = unimodal(spiked, np.ones(20_000)).quantiles(np.linspace(0.0005, 0.9995, 1000))
    assert (drawn == 0).mean() == pytest.approx(0.5, abs=0.02)
    whole = rng.poisson(3, 2000).astype(float)
    assert set(unimodal(whole, np.ones(2000)).quantiles(np.linspace(0, 1, 500))) <= set(whole)
    assert unimodal(np.full(5, 3.0), np.ones(5)).quantiles(np.array([0.0, 0.5, 1.0])).tolist() == [3.0, 3.0, 3.0]


@pytest.mark.parametrize(
    ("ks", "options", "message"),
    [
        ([2, 0], {}, "k is a number of classes of 1 or more, or several; found 0"),
        ([], {}, "k is a number of classes of 1 or more, or several; found none"),
        ([2, 9], {}, "no more classes than distinct patterns of answers; 9 classes, 4 patterns"),
        ([2], {"weights": np.zeros(40)}, "weights are 0 everywhere (40 rows)"),
        ([2], {"strata": [1, 2]}, "strata are as many as rows; found 2 for 40 rows"),
        ([2], {"clusters": ["a"] * 40}, "a bootstrap needs 2 clusters or respondents at least; found 1"),
    ],
)
def test_bad_input(ks, options, message):
    codes = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 10)
    with pytest.raises(CxError) as error:
        choose(codes, [2, 2], np.empty((40, 0)), ks, **options)
    assert message in str(error.value)
