"""Partial pooling: the reference's maximum-likelihood numbers, limits of the model, and coverage on fixed seeds.

Oracles: the reference numbers, SciPy's betabinom, limits known in advance, and the demo's truth.yml.
"""

import numpy as np
import pandas as pd
import pytest
import simulate_silence
from scipy import stats

from cxlib import CxError
from cxlib.iceberg import distribution, silent
from cxlib.pooling import beta_binomial, pool

X, N = [3, 10, 1, 20, 6], [60, 420, 90, 300, 200]


def frame(x, n) -> pd.DataFrame:
    return pd.DataFrame({"group": [f"g{i}" for i in range(len(x))], "x": x, "n": n})


@pytest.fixture(scope="module")
def reference():
    return pool(frame(X, N))


def test_reference(reference):
    """a 6.3838, b 165.7415 and the pooled rates, to 1e-4 as the reference asks of iterative fits."""
    assert reference.a == pytest.approx(6.3838, abs=1e-4)
    assert reference.b == pytest.approx(165.7415, rel=1e-4)
    rates = [0.040426, 0.027670, 0.028169, 0.055883, 0.033279]
    assert reference.frame["plug_in"].to_numpy() / 100 == pytest.approx(rates, abs=1e-6)


def test_likelihood_is_scipy_s_and_has_no_better_place(reference):
    """scipy.stats.betabinom at the fit, and at 400 points around it."""

    def likelihood(a, b):
        return stats.betabinom(np.array(N), a, b).logpmf(X).sum()

    best = likelihood(*beta_binomial(X, N))
    rng = np.random.default_rng(1)
    around = np.exp(rng.normal(0, 0.2, (400, 2))) * (reference.a, reference.b)
    assert max(likelihood(a, b) for a, b in around) <= best + 1e-9


def test_pooled_rates_lie_between_the_raw_ones_and_the_mean(reference):
    rows, overall = reference.frame, 100 * sum(X) / sum(N)
    between = (rows["estimate"] - rows["raw"]) * (rows["estimate"] - overall)
    assert (between < 0).sum() >= 4  # a group near the mean may pass it
    assert (rows["low"] < rows["estimate"]).all()
    assert (rows["estimate"] < rows["high"]).all()
    small = rows.nsmallest(3, "n")
    assert (small["high"] - small["low"] < small["raw_high"] - small["raw_low"]).all()
    smallest_first = rows.sort_values("n")["shrinkage"].to_numpy()
    assert (np.diff(smallest_first) < 0).all()


def test_intervals_carry_the_uncertainty_of_the_two_parameters(reference):
    """Every interval is wider than with the parameters plugged in."""
    a, b = reference.a + np.array(X), reference.b + np.array(N) - np.array(X)
    low, high = 100 * stats.beta(a, b).ppf(0.025), 100 * stats.beta(a, b).ppf(0.975)
    assert ((reference.frame["high"] - reference.frame["low"]) > (high - low)).all()


def test_raw_intervals_are_jeffreys(reference):
    assert reference.frame["raw_low"].iloc[1] == pytest.approx(100 * stats.beta(10.5, 410.5).ppf(0.025))
    nobody, everybody = pool(frame([0, 5], [10, 5])).frame.itertuples()
    assert (nobody.raw_low, everybody.raw_high) == (0, 100)


def test_segments_alike_are_one():
    """10% in each of ten segments: chance has them differ more, so a and b are infinite and all is pooled."""
    found = pool(frame([10] * 10, [100] * 10))
    assert (found.a, found.b) == (np.inf, np.inf)
    assert found.frame["plug_in"].tolist() == [10] * 10
    assert found.frame["estimate"].to_numpy() == pytest.approx(10, abs=0.3)
    assert (found.frame["high"] - found.frame["low"]).max() < 0.7 * (11.8)  # of the raw interval, 5.2 to 17.0


def test_segments_far_apart_keep_their_rates():
    found = pool(frame([10, 990, 500], [1000, 1000, 1000])).frame
    assert found["estimate"].to_numpy() == pytest.approx(found["raw"], abs=0.6)
    assert found["shrinkage"].max() < 0.02


@pytest.mark.parametrize(("x", "n"), [([0, 0], [60, 420]), ([60, 420], [60, 420])])
def test_nobody_or_everybody_complained(x, n):
    found = pool(frame(x, n))
    assert found.frame[["estimate", "low", "high"]].notna().all(axis=None)
    assert (found.a, found.b) == (np.inf, np.inf)
    assert np.isfinite(silent(3, found.rates["g0"], customers=10_000).high)


def test_mixture_of_a_pooled_rate_is_summed_exactly(reference):
    """The distribution of the silent, by summing betanbinom over every component: within 1e-8."""
    rate, s = reference.rates["g2"], np.arange(3_001)
    below = np.zeros(len(s))
    for a, b, share in zip(rate.a, rate.b, rate.share, strict=True):
        below += share * np.cumsum(stats.betanbinom.pmf(s, 5, a, b))
    known = distribution(5, rate)
    for value in (0, 20, 169, 800, 3_000):
        assert known.below(value) == pytest.approx(below[value], abs=1e-8)
    assert rate.share.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("x", "n", "message"),
    [
        ([1], [10], "pooling needs at least two segments; found 1"),
        ([1, 0], [10, 0], "a segment's rate needs unhappy respondents; g1 has none"),
        ([1, 11], [10, 10], "no more can complain than were unhappy; g1 has 11 of 10"),
        ([1, -1], [10, 10], "no more can complain than were unhappy; g1 has -1 of 10"),
    ],
)
def test_refused(x, n, message):
    with pytest.raises(CxError) as caught:
        pool(frame(x, n))
    assert str(caught.value) == message


def test_plugging_the_parameters_in_covers_the_odd_segment_too_seldom():
    """Nine segments at 3%, one at 12%, 60 unhappy respondents each: 40 samples of 95% intervals.

    Over all ten segments the intervals hold the truth as they promise; the odd one is held more often than with the
    parameters taken as known.
    """
    truth, n, rng = np.array([0.03] * 9 + [0.12]), np.full(10, 60), np.random.default_rng(11)
    carried, naive = [], []
    for _ in range(40):
        found = pool(frame(rng.binomial(n, truth), n))
        rows = found.frame.assign(truth=100 * truth)
        carried.append(((rows["low"] <= rows["truth"]) & (rows["truth"] <= rows["high"])).to_numpy())
        naive.append(simulate_silence.plug_in_covers(found, rows.iloc[9], 12.0))
    assert np.mean(naive) < np.mean(carried, axis=0)[9] - 0.1
    assert np.mean(carried) > 0.92


def test_intervals_hold_the_demo_s_truth():
    """A small form of what `make soak` asks of 2,000 samples: 40 samples on a fixed seed, oracle truth.yml."""
    found = simulate_silence.samples(700, 40)
    assert len(found) == 4
    assert found["expected"].min() > 5
    kinds = ["raw_rate", "raw_silent", "pooled_rate", "pooled_silent"]
    assert found[kinds].mean().min() > 0.9
    assert found[kinds].min(axis=None) > 0.85
    # Over all segments pooling pays by a tenth, which 40 samples cannot show; in the one nearest the others by a third.
    assert found.loc["digital, 45+", "pooled_error"] < found.loc["digital, 45+", "raw_error"]
