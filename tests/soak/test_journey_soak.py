"""Churn by stage, moving on and going back on 2,000 contact logs drawn again from the demo's chain."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import simulate
from test_coverage_soak import SAMPLES, seed
from test_journey import coverage

pytestmark = pytest.mark.soak


def test_stage_intervals_cover_the_truth_within_the_binomial_band():
    found = coverage(seed() * SAMPLES, SAMPLES)
    low, high = simulate.band(SAMPLES)
    print(f"\n{SAMPLES} logs; band {low:.4f} to {high:.4f}")
    print(found.to_string())
    assert found["samples"].eq(SAMPLES).all()
    assert found["share"].between(low, high).all(), found[~found["share"].between(low, high)].to_string()
