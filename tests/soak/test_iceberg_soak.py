"""Intervals of complaint rates and silent customers on 2,000 samples drawn again from the demo's world."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import simulate
import simulate_silence
from test_coverage_soak import SAMPLES, seed

pytestmark = pytest.mark.soak


def test_intervals_hold_the_truth_and_pooling_pays():
    found = simulate_silence.samples(seed() * SAMPLES, SAMPLES)
    low, high = simulate.band(SAMPLES)
    print(f"\n{SAMPLES} samples; band {low:.4f} to {high:.4f}")
    print(found.to_string())
    assert found["samples"].eq(SAMPLES).all()
    assert found["expected"].min() >= 5
    # Counts of a few complainers make discrete intervals, which may cover more than they promise.
    assert found["raw_rate"].min() >= low
    assert found["raw_silent"].min() >= low
    assert found["pooled_rate"].mean() >= low
    assert found["pooled_silent"].mean() >= low
    assert found["pooled_error"].sum() < found["raw_error"].sum()
