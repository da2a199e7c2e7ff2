"""What must hold for scores of any survey: invariances of the tally, the estimates and their intervals.

Oracles: algebra (the statement is each test's first line) and Hypothesis, which looks for a survey that breaks it.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib import metrics, nps, scores, tally, weights
from cxlib.compare import changes

settings.register_profile("reproducible", derandomize=True, deadline=None, database=None, max_examples=30)
PROFILE = settings.get_profile("reproducible")

DESIGN = {"weights": "weight", "strata": "stratum", "clusters": "shop"}
WEIGHT = st.integers(1, 4000).map(lambda thousandths: thousandths / 1000)
ANSWER = st.one_of(st.integers(0, 10), st.sampled_from([3, 8, 10]), st.none())
RESPONDENT = st.tuples(ANSWER, WEIGHT, st.sampled_from(["north", "south"]), st.sampled_from([None, *"ABCDEF"]))


@st.composite
def surveys(draw, groups=1):
    """A survey of one to so many waves; each has at least two answers, two shops in a stratum, and perhaps blanks."""
    rows = []
    for wave in range(draw(st.integers(1, groups)) if groups > 1 else 1):
        certain = [(draw(st.integers(0, 10)), draw(WEIGHT), "north", shop) for shop in "AB"]
        rows += [(f"w{wave}", *row) for row in certain + draw(st.lists(RESPONDENT, max_size=24))]
    frame = pd.DataFrame(rows, columns=["wave", "recommend", "weight", "stratum", "shop"])
    return frame.assign(recommend=frame["recommend"].astype(float))


def estimate(frame, by=(), **design):
    """NPS rows of a survey; groups too small for an interval are nan."""
    return scores.by_group(frame, "nps", list(by), question="recommend", minimum_base=2, **design)


def same(left, right, without=()):
    """Two frames of estimates agree but for the columns `without`: numbers to 1e-9, the rest exactly."""
    columns = [column for column in left if column not in without]
    pd.testing.assert_frame_equal(left[columns], right[columns], rtol=1e-9, atol=1e-9, check_dtype=False)


@settings(PROFILE)
@given(surveys(groups=3), st.sampled_from([1e-6, 0.3, 7.0, 1e6]))
def test_scale_of_weights(frame, factor):
    """All weights times a constant: the same estimates, errors, intervals and effective numbers."""
    scaled = frame.assign(weight=frame["weight"] * factor)
    for design in ({"weights": "weight"}, DESIGN):
        one, other = estimate(frame, ["wave"], **design), estimate(scaled, ["wave"], **design)
        same(one, other, without=["n_weighted"])
        assert (other["n_weighted"] / one["n_weighted"]).to_numpy() == pytest.approx(factor)
    assert weights.effective_n(scaled["weight"]) == pytest.approx(weights.effective_n(frame["weight"]))


@settings(PROFILE)
@given(surveys(groups=3), st.randoms(use_true_random=False))
def test_order_of_rows(frame, random):
    """Rows in another order: the same tally and the same estimates, bit for bit."""
    order = list(range(len(frame)))
    random.shuffle(order)
    shuffled = frame.iloc[order].reset_index(drop=True)
    for by in ([], ["wave"], ["wave", "stratum", "shop"]):
        one, other = (tally(f, "recommend", by=by, weights="weight") for f in (frame, shuffled))
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    one, other = (estimate(f, ["wave"], **DESIGN) for f in (frame, shuffled))
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_order_of_many_rows():
    """The same in 20,000 cells of 30 rows, where some sum of weights is always on the edge of rounding."""
    rng = np.random.default_rng(20250301)
    cell = np.repeat(np.arange(20_000), 30)
    frame = pd.DataFrame({"cell": cell, "recommend": 10, "weight": rng.uniform(0.1, 3, cell.size).round(4)})
    one = tally(frame, "recommend", by="cell", weights="weight")
    other = tally(frame.iloc[::-1], "recommend", by="cell", weights="weight")
    pd.testing.assert_frame_equal(one, other, check_exact=True)


@settings(PROFILE)
@given(surveys(groups=4))
def test_whole_and_parts(frame):
    """The score of the whole is the mean of its parts' scores, weighted by their weighted bases."""
    whole = estimate(frame, **DESIGN).iloc[0]
    parts = estimate(frame, ["wave"], **DESIGN)
    assert parts["n"].sum() == whole["n"] == frame["recommend"].notna().sum()
    assert parts["n_weighted"].sum() == pytest.approx(whole["n_weighted"], rel=1e-12)
    assert np.average(parts["estimate"], weights=parts["n_weighted"]) == pytest.approx(whole["estimate"], abs=1e-9)


SHARE = metrics.Metric("promoters", "Promoters", (0, 10), dict.fromkeys((9, 10), 100), "percent")


@settings(PROFILE)
@given(surveys(groups=3), st.sampled_from([{}, {"weights": "weight"}, DESIGN]), st.sampled_from([0.8, 0.95, 0.999]))
def test_interval_holds_the_estimate(frame, design, confidence):
    """MOVER-Wilson and Wilson: the estimate within, both limits on the scale, and never of no width."""
    for metric, least in (("nps", -100), (SHARE, 0)):
        rows = scores.by_group(frame, metric, "wave", question="recommend", confidence=confidence, **design)
        known = rows[rows["low"].notna() & rows["high"].notna()]
        assert len(known) == len(rows) or "clusters" in design  # answers that cancel out in every shop have no spread
        assert (known["low"] <= known["estimate"] + 1e-9).all()
        assert (known["high"] >= known["estimate"] - 1e-9).all()
        assert (known["low"] >= least - 1e-9).all()
        assert (known["high"] <= 100 + 1e-9).all()
        assert (known["high"] - known["low"] > 1e-3).all()


@settings(PROFILE)
@given(surveys(groups=3), WEIGHT)
def test_equal_weights(frame, weight):
    """Everybody with the same weight: as without weights."""
    equal = frame.assign(weight=weight)
    for design in ({}, {"strata": "stratum", "clusters": "shop"}):
        plain, weighted = estimate(frame, ["wave"], **design), estimate(equal, ["wave"], weights="weight", **design)
        same(plain, weighted, without=["n_weighted", "method"])
        assert weighted["n_weighted"].tolist() == [pytest.approx(n * weight) for n in plain["n"]]
    assert weights.design_effect(equal["weight"]) == pytest.approx(1)


@settings(PROFILE)
@given(surveys(groups=3))
def test_cluster_of_one(frame):
    """A cluster for each respondent: as without clusters."""
    design = {"weights": "weight", "strata": "stratum"}
    own = frame.assign(person=[f"p{i}" for i in range(len(frame))])
    same(estimate(frame, ["wave"], **design), estimate(own, ["wave"], clusters="person", **design), without=["method"])


def test_one_answer_carries_nearly_all_weight():
    """Two answers, 0.001 and 3.997 of the weight: each residual to ten digits, with clusters and without.

    Oracle: by hand, z = (w1 r1, w2 r2) / (w1 + w2) with r = -w2, w1 over the sum times 100 points; the variance is
    2 (z1^2 + z2^2) less nothing, since the z add up to 0; simple spread over variance gives the effective number.
    """
    frame = pd.DataFrame({"recommend": [0.0, 7.0], "weight": [0.001, 3.997], "person": ["a", "b"]})
    total = 0.001 + 3.997
    z = 100 * 0.001 * 3.997 / total**2
    spread = 100**2 * 0.001 * 3.997 / total**2
    for design in ({}, {"clusters": "person"}):
        row = scores.by_group(frame, "nps", [], question="recommend", weights="weight", **design).iloc[0]
        assert row["se"] == pytest.approx(2 * z, rel=1e-10)
        assert row["n_effective"] == pytest.approx(2 * spread / (4 * z**2), rel=1e-10)


@settings(PROFILE)
@given(surveys(groups=3))
def test_other_clusters_no_covariance(frame):
    """Waves with clusters of their own are independent: the variance of a change is the sum of both."""
    named = frame.assign(own=frame["wave"] + frame["shop"])
    for design in ({"strata": ["wave", "stratum"], "clusters": "shop"}, {"strata": "wave"}, {"clusters": "own"}):
        rows = estimate(named, ["wave"], weights="weight", **design)
        moved = changes(named, "nps", over="wave", question="recommend", weights="weight", **design)
        assert len(moved) == len(rows) - 1
        variance = rows["se"].to_numpy() ** 2
        assert moved["estimate"].to_numpy() == pytest.approx(np.diff(rows["estimate"]), abs=1e-9)
        assert moved["se"].to_numpy() ** 2 == pytest.approx(variance[:-1] + variance[1:], rel=1e-9, abs=1e-9)


def test_same_clusters_covariance():
    """The opposite: two waves with the same answers in the same shops differ by 0, and for certain."""
    wave = pd.DataFrame({"recommend": [10, 10, 9, 3, 2, 8], "shop": list("AABBCC")})
    frame = pd.concat([wave.assign(wave="one"), wave.assign(wave="two")])
    design = {"over": "wave", "question": "recommend", "clusters": "shop"}
    persisting = changes(frame, "nps", **design).iloc[0]
    nested = changes(frame, "nps", strata="wave", **design).iloc[0]
    assert (persisting["estimate"], persisting["se"]) == (0, pytest.approx(0, abs=1e-9))
    assert nested["se"] > 10


@pytest.mark.parametrize("answer", [0, 8, 10])
def test_all_answers_alike(answer):
    """All answers alike: the interval is that of Kish's effective number, whatever rounding does to the mean."""
    rng = np.random.default_rng(7)
    wave = np.repeat(np.arange(300), 7)
    frame = pd.DataFrame({"wave": wave, "recommend": answer, "weight": rng.uniform(0.1, 3, wave.size).round(3)})
    rows = estimate(frame, ["wave"], weights="weight")
    kish = frame.groupby("wave")["weight"].agg(weights.effective_n)
    assert rows["se"].to_numpy() == pytest.approx(0, abs=1e-9)
    assert rows["n_effective"].to_numpy() == pytest.approx(kish.to_numpy())
    assert (rows["high"] - rows["low"]).min() > 20
    one = frame[frame["wave"] == 12]
    assert nps(one["recommend"], weights=one["weight"]).n_effective == pytest.approx(kish[12])
