"""What must hold for raked weights of any sample: margins met, weights positive, invariances.

Oracles: algebra (the statement is each test's first line) and Hypothesis, which looks for a sample that breaks it. The
population of a sample is made by weights drawn for it, so that it can be met.
"""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib.weights import rake

settings.register_profile("reproducible", derandomize=True, deadline=None, database=None, max_examples=40)
PROFILE = settings.get_profile("reproducible")

WEIGHT = st.integers(1, 4000).map(lambda thousandths: thousandths / 1000)
ROW = st.tuples(st.sampled_from("ab"), st.sampled_from("uvw"), st.sampled_from("xyz"), WEIGHT, WEIGHT)
MARGINS = ("a", ("a", "b"), "c")


@st.composite
def samples(draw):
    """A sample with starting weights `w`, and the margins of a population that other weights make of it."""
    frame = pd.DataFrame(draw(st.lists(ROW, min_size=2, max_size=30)), columns=["a", "b", "c", "w", "true"])
    chosen = draw(st.sets(st.sampled_from(MARGINS), min_size=1))
    margins = {}
    for of in sorted(chosen, key=str):
        sums = frame.groupby(list(of) if isinstance(of, tuple) else of)["true"].sum()
        margins[of] = sums / sums.sum()
    return frame, margins


def met(frame, margins, weights) -> None:
    """Weighted shares are the population's, counted by pandas alone."""
    for of, population in margins.items():
        sums = weights.groupby([frame[name] for name in (of if isinstance(of, tuple) else (of,))]).sum()
        np.testing.assert_allclose(sums / sums.sum(), population, rtol=1e-8)


@settings(PROFILE)
@given(samples())
def test_margins_are_met_by_positive_weights(sample):
    """Every margin is met to 1e-8 of its population; weights are above 0, with a mean of 1."""
    frame, margins = sample
    raked = rake(frame, margins, weights="w")
    assert raked.converged
    assert (raked.weights > 0).all()
    assert np.isclose(raked.weights.mean(), 1)
    assert raked.iterations <= 25
    met(frame, margins, raked.weights)


@settings(PROFILE)
@given(samples())
def test_ratios_are_products_over_the_margins(sample):
    """What raking is: the logarithm of the ratio is a sum of one number for each margin's level (least squares)."""
    frame, margins = sample
    raked = rake(frame, margins, weights="w")
    indicators = pd.get_dummies(raked.cells).to_numpy(float)
    logs = np.log(raked.ratio.to_numpy())
    fitted = indicators @ np.linalg.lstsq(indicators, logs, rcond=None)[0]
    np.testing.assert_allclose(fitted, logs, atol=1e-8)


@settings(PROFILE)
@given(samples(), st.randoms(use_true_random=False))
def test_order_of_rows(sample, random):
    """Rows in another order: the same weights, row by row."""
    frame, margins = sample
    order = list(frame.index)
    random.shuffle(order)
    one, other = rake(frame, margins, weights="w"), rake(frame.loc[order], margins, weights="w")
    np.testing.assert_allclose(other.weights.loc[frame.index], one.weights, rtol=1e-7)


@settings(PROFILE)
@given(samples(), st.sampled_from([1e-6, 0.3, 7.0, 1e6]))
def test_scale_of_starting_weights(sample, factor):
    """All starting weights times a constant: the same weights."""
    frame, margins = sample
    one, other = (rake(frame.assign(w=frame["w"] * by), margins, weights="w") for by in (1, factor))
    np.testing.assert_allclose(other.weights, one.weights, rtol=1e-7)


@settings(PROFILE)
@given(samples(), st.integers(2, 4))
def test_split_rows(sample, times):
    """A respondent in so many copies, with as small a part of his weight: each copy has that part of his share."""
    frame, margins = sample
    copies = pd.concat([frame.assign(w=frame["w"] / times)] * times, keys=range(times))
    one, other = rake(frame, margins, weights="w"), rake(copies, margins, weights="w")
    np.testing.assert_allclose(other.weights.loc[0], one.weights, rtol=1e-7)


@settings(PROFILE)
@given(samples(), st.sampled_from([(0.0, 1.5), (0.5, 2.0), (0.9, 1.1)]), st.sampled_from([None, 1.2, 2.0, 5.0]))
def test_limits_always_hold(sample, bounds, trim):
    """Within the bounds and under the greatest weight, whether the margins can be met or not; met where it says so."""
    frame, margins = sample
    raked = rake(frame, margins, weights="w", bounds=bounds, trim=trim)
    start = frame["w"] / frame["w"].mean()
    ratio = raked.weights / start
    assert (ratio <= bounds[1] * (1 + 1e-9)).all()
    if trim is None:
        assert (ratio >= bounds[0] * (1 - 1e-9)).all()
    else:
        assert (raked.weights <= trim * (1 + 1e-9)).all()
    if raked.converged:
        met(frame, margins, raked.weights)
    else:
        assert "misses most" in raked.worst
