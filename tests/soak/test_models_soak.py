"""95% intervals of coefficients on 2,000 samples drawn again from the demo's world, on a seed taken from the commit."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import simulate
import simulate_models

pytestmark = pytest.mark.soak
SAMPLES = 2000


def seed() -> int:
    """A seed that every commit has to itself; 1 outside a git checkout."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=Path(__file__).parent)
    return int(done.stdout[:7], 16) if done.returncode == 0 else 1


def test_coefficient_intervals_cover_the_truth_within_the_binomial_band():
    known = simulate_models.truth()
    first = seed() * SAMPLES
    found = simulate_models.coverage(known, first, SAMPLES)
    low, high = simulate.band(SAMPLES)
    print(f"\n{SAMPLES} samples from seed {first}; band {low:.4f} to {high:.4f}")
    print(found.to_string())
    assert found["samples"].eq(SAMPLES).all()
    assert found["share"].between(low, high).all(), found[~found["share"].between(low, high)].to_string()
