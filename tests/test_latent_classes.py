"""Latent classes on mixed scales with missing answers and weights.

Oracles: the reference numbers beside the project (skipped where that folder is absent), StepMix, a step of EM and a
likelihood by hand, moments of normals, and copies of rows for weights.
"""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from stepmix import StepMix

from cxlib import CxError, em, latent_classes, mixtures

CARCINOMA = Path(__file__).resolve().parents[1] / "../shared/reference/carcinoma.csv"
NONE = np.empty((118, 0))
LOG_LIKELIHOODS = (-524.4648179, -317.2568373, -293.7049788, -289.2858488)
BIC = (1082.324, 706.074, 697.136, 726.463)


@pytest.fixture(scope="module")
def carcinoma():
    """Seven raters of 118 slides, codes 0 and 1."""
    if not CARCINOMA.is_file():
        pytest.skip("needs ../shared/reference/carcinoma.csv, which is not part of the project")
    return pd.read_csv(CARCINOMA).to_numpy() - 1


def mixed(n: int = 400, seed: int = 0, missing: float = 0.1):
    """Three kinds who differ in four categories and two numbers, a tenth of the answers missing."""
    rng = np.random.default_rng(seed)
    kind, levels = rng.choice(3, n, p=[0.5, 0.3, 0.2]), [2, 3, 4, 3]
    codes = np.column_stack([np.where(rng.random(n) < 0.75, kind % size, rng.integers(0, size, n)) for size in levels])
    numbers = np.array([[0.0, 50.0], [2.0, 60.0], [4.0, 20.0]])[kind] + rng.normal(0, [0.8, 9.0], (n, 2))
    codes[rng.random(codes.shape) < missing] = -1
    numbers[rng.random(numbers.shape) < missing] = np.nan
    return codes, levels, numbers, kind


def by_hand(model, codes, numbers) -> np.ndarray:
    """Joint density of each row and class, answer by answer."""
    found = np.tile(model.shares, (len(codes), 1))
    for i, (row, values) in enumerate(zip(codes, numbers, strict=True)):
        for c in range(model.k):
            for j, answer in enumerate(row):
                found[i, c] *= 1 if answer < 0 else model.categories[j][c, answer]
            for j, x in enumerate(values):
                found[i, c] *= 1 if np.isnan(x) else stats.norm.pdf(x, model.means[c, j], model.sds[c, j])
    return found


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_carcinoma_log_likelihood_and_bic(carcinoma, k):
    """poLCA's log-likelihoods and BIC of k = 1 to 4 classes."""
    model = latent_classes.fit(carcinoma, [2] * 7, NONE, k, starts=20)
    assert model.log_likelihood == pytest.approx(LOG_LIKELIHOODS[k - 1], abs=1e-3)
    assert model.bic == pytest.approx(BIC[k - 1], abs=1e-3)
    assert model.converged
    assert model.n == 118


def test_carcinoma_shares_and_other_seeds(carcinoma):
    """Shares of three classes .1817, .3736, .4447; whatever the seed, and the same for the same seed."""
    models = [latent_classes.fit(carcinoma, [2] * 7, NONE, 3, seed=seed) for seed in (0, 0, 1, 2)]
    for model in models:
        np.testing.assert_allclose(model.shares, [0.4447, 0.3736, 0.1817], atol=1e-4)
        np.testing.assert_allclose(model.categories[3], models[0].categories[3], atol=1e-3)
    assert np.array_equal(models[0].categories[0], models[1].categories[0])
    assert models[0].starts_agreeing == models[0].starts_finished == 3


def test_categories_with_missing_answers_as_stepmix():
    codes, levels, _, _ = mixed()
    ours = latent_classes.fit(codes, levels, np.empty((len(codes), 0)), 3)
    frame = pd.DataFrame(np.where(codes < 0, np.nan, codes))
    theirs = StepMix(3, measurement="categorical_nan", n_init=10, abs_tol=1e-9, random_state=1, progress_bar=0)
    theirs.fit(frame)
    assert ours.log_likelihood == pytest.approx(theirs.score(frame) * len(frame), abs=1e-2)


def test_mixed_answers_as_stepmix():
    """The same log-likelihood, BIC's count of parameters, and the same memberships up to order."""
    codes, levels, numbers, kind = mixed()
    ours = latent_classes.fit(codes, levels, numbers, 3)
    frame = pd.DataFrame(np.column_stack([np.where(codes < 0, np.nan, codes), numbers])).add_prefix("q")
    described = {"a": {"model": "categorical_nan", "n_columns": 4}, "b": {"model": "gaussian_diag_nan", "n_columns": 2}}
    theirs = StepMix(3, measurement=described, n_init=5, abs_tol=1e-9, random_state=1, progress_bar=0).fit(frame)
    assert ours.log_likelihood == pytest.approx(theirs.score(frame) * len(frame), abs=1e-2)
    assert ours.parameters == 2 + 3 * (1 + 2 + 3 + 2) + 3 * 2 * 2
    wanted = theirs.predict_proba(frame)[:, np.argsort(-theirs.weights_)]
    np.testing.assert_allclose(latent_classes.memberships(ours, codes, numbers), wanted, atol=1e-3)
    assert (np.argmax(wanted, axis=1) == kind).mean() > 0.9


def test_memberships_and_likelihood_by_hand():
    codes, levels, numbers, _ = mixed(120)
    codes[0], numbers[0] = -1, np.nan
    w = np.linspace(0.5, 2, len(codes))
    model = latent_classes.fit(codes, levels, numbers, 2, weights=w)
    joint = by_hand(model, codes, numbers)
    found = latent_classes.memberships(model, codes, numbers)
    np.testing.assert_allclose(found, joint / joint.sum(axis=1, keepdims=True), atol=1e-12)
    np.testing.assert_allclose(found[0], model.shares)
    scaled = w[1:] * (len(w) - 1) / w[1:].sum()
    wanted = scaled @ np.log(joint[1:].sum(axis=1))
    assert latent_classes.log_likelihood(model, codes, numbers, weights=w) == pytest.approx(wanted, abs=1e-8)
    assert model.log_likelihood == pytest.approx(wanted, abs=1e-8)
    assert model.n == len(w) - 1, "a row with no answer at all tells nothing"


def test_one_step_of_em_by_hand():
    """Shares, chances, means and standard deviations after one E and one M step from a known start."""
    codes, levels, numbers, _ = mixed(60)
    start = latent_classes.fit(codes, levels, numbers, 2)
    start = dataclasses.replace(start, shares=np.array([0.6, 0.4]), means=start.means + 0.3)
    data = mixtures.answers(*latent_classes.checked(codes, levels, numbers))
    run = em.run(data, latent_classes.runs_of(data, start), steps=1)
    found = latent_classes.model_of(data, run)
    joint = by_hand(start, codes, numbers)
    p = joint / joint.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.shares, p.mean(axis=0), atol=1e-8)
    assert found.log_likelihood == pytest.approx(np.log(joint.sum(axis=1)).sum(), abs=1e-8)
    for c in range(2):
        for j, size in enumerate(levels):
            counts = [p[codes[:, j] == answer, c].sum() for answer in range(size)]
            np.testing.assert_allclose(found.categories[j][c], np.array(counts) / sum(counts), atol=1e-8)
        for j in range(2):
            given = ~np.isnan(numbers[:, j])
            mean = np.average(numbers[given, j], weights=p[given, c])
            spread = np.average((numbers[given, j] - mean) ** 2, weights=p[given, c])
            assert found.means[c, j] == pytest.approx(mean)
            assert found.sds[c, j] == pytest.approx(np.sqrt(spread))


def test_weights_are_copies():
    """Weights 1 and 2 give the classes of a sample with every second row twice; their scale does not matter."""
    codes, levels, numbers, _ = mixed(200)
    w = 1 + np.arange(200) % 2
    one = latent_classes.fit(codes, levels, numbers, 3, weights=1000 * w)
    two = latent_classes.fit(np.repeat(codes, w, axis=0), levels, np.repeat(numbers, w, axis=0), 3)
    np.testing.assert_allclose(one.means, two.means, atol=1e-3)
    np.testing.assert_allclose(one.shares, two.shares, atol=1e-4)
    assert one.log_likelihood == pytest.approx(two.log_likelihood * 200 / 300, abs=1e-4)
    assert (one.n, two.n) == (200, 300)


def test_one_class_is_the_margins():
    codes, levels, numbers, _ = mixed(300)
    model = latent_classes.fit(codes, levels, numbers, 1)
    np.testing.assert_allclose(model.means[0], np.nanmean(numbers, axis=0))
    np.testing.assert_allclose(model.sds[0], np.nanstd(numbers, axis=0))
    given = codes[codes[:, 2] >= 0, 2]
    np.testing.assert_allclose(model.categories[2][0], np.bincount(given, minlength=4) / len(given), atol=1e-10)
    np.testing.assert_array_equal(latent_classes.memberships(model, codes, numbers), np.ones((300, 1)))


def test_no_class_collapses_on_a_spike():
    """40% spend nothing: a class of them is a tenth as wide as all. On a grid of 1 to 5 the density of a class at its
    top is no more than 1 a step, so that no answer gets a likelihood above 1."""
    rng = np.random.default_rng(1)
    spend = np.where(rng.random(500) < 0.4, 0.0, rng.normal(50, 10, 500))
    model = latent_classes.fit(np.empty((500, 0), int), [], spend[:, None], 2)
    assert model.sds.min() == pytest.approx(0.1 * spend.std())
    ratings = rng.integers(1, 6, 500).astype(float)
    model = latent_classes.fit(np.empty((500, 0), int), [], ratings[:, None], 5)
    assert model.sds.min() == pytest.approx(1 / np.sqrt(2 * np.pi))


def test_large_numbers_and_unit_do_not_matter():
    codes, levels, numbers, _ = mixed(300)
    model = latent_classes.fit(codes, levels, numbers, 3)
    moved = latent_classes.fit(codes, levels, 1e6 * numbers + 1e9, 3)
    np.testing.assert_allclose(moved.means, 1e6 * model.means + 1e9, rtol=1e-6)
    given = (~np.isnan(numbers)).sum()
    assert moved.log_likelihood == pytest.approx(model.log_likelihood - given * np.log(1e6), abs=1e-4)
    old, new = (latent_classes.memberships(m, codes, x) for m, x in ((model, numbers), (moved, 1e6 * numbers + 1e9)))
    np.testing.assert_allclose(old, new, atol=1e-3)


def test_constant_columns_and_levels_that_nobody_gave():
    codes, _, numbers, _ = mixed(100)
    numbers[:, 0] = 7.0
    codes[:, 0] = 1
    model = latent_classes.fit(codes, [2, 9, 4, 3], numbers, 2)
    np.testing.assert_allclose(model.means[:, 0], 7.0)
    assert np.isfinite(model.log_likelihood)
    for part in model.categories:
        np.testing.assert_allclose(part.sum(axis=1), 1.0)
    new = np.array([[0, 8, -1, -1]])
    assert np.isfinite(latent_classes.memberships(model, new, np.array([[np.nan, np.nan]]))).all()


ROWS = np.array([[0, 1], [1, 0], [1, 1]])


@pytest.mark.parametrize(
    ("codes", "numbers", "k", "options", "message"),
    [
        (ROWS, None, 4, {}, "no more classes than distinct patterns of answers; 4 classes, 3 patterns"),
        (ROWS, None, 0, {}, "the number of classes is 1 or more; found 0"),
        (ROWS, None, 2.5, {}, "the number of classes is 1 or more; found 2.5"),
        (ROWS, None, 1, {"starts": 0}, "starts is a number of 1 or more; found 0"),
        (
            ROWS + 1,
            None,
            1,
            {},
            "codes lie in 0 to levels - 1, -1 where missing; 4 do not, e.g. 2 in row 0 of category 1",
        ),
        (ROWS, [[0.0], [np.inf], [1.0]], 1, {}, "numbers must be finite; 1 are not, e.g. inf in row 1 of number 0"),
        (ROWS, None, 1, {"weights": [1, -1, 1]}, "weights must be numbers of 0 or more; 1 are not, e.g. -1.0"),
        (ROWS, None, 1, {"weights": [0, 0, 0]}, "weights are 0 everywhere (3 rows)"),
        (ROWS, None, 1, {"weights": [1, 2]}, "weights are as many as rows; found 2 for 3 rows"),
        (ROWS * 0 - 1, None, 1, {}, "rows with an answer and a weight; none of 3 has both"),
        (ROWS[:0], None, 1, {}, "rows with an answer and a weight; none of 0 has both"),
        (ROWS[:, :1], None, 1, {}, "codes is rows x categories, numbers rows x numbers"),
    ],
)
def test_bad_input(codes, numbers, k, options, message):
    numbers = np.empty((len(codes), 0)) if numbers is None else numbers
    with pytest.raises(CxError) as error:
        latent_classes.fit(codes, [2, 2], numbers, k, **options)
    assert message in str(error.value)
