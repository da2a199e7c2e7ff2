"""95% intervals on 2,000 samples drawn again from the demo's world, on a seed taken from the commit."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import simulate

pytestmark = pytest.mark.soak
SAMPLES = 2000


def seed() -> int:
    """A seed that every commit has to itself; 1 outside a git checkout."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=Path(__file__).parent)
    return int(done.stdout[:7], 16) if done.returncode == 0 else 1


def test_intervals_cover_the_truth_within_the_binomial_band():
    first = seed() * SAMPLES
    found = simulate.coverage(first, SAMPLES)
    low, high = simulate.band(SAMPLES)
    print(f"\n{SAMPLES} samples from seed {first}; band {low:.4f} to {high:.4f}")
    print(found.to_string())
    assert found["samples"].eq(SAMPLES).all()
    below = found[found["share"] < low]
    above = found[(found["share"] > high) & ~found["metric"].isin(simulate.DISCRETE)]
    assert below.empty, below.to_string()
    assert above.empty, above.to_string()


def test_kish_alone_does_not_cover():
    found = simulate.kish_coverage(seed() * SAMPLES, 500)
    print(f"\nMOVER on Kish's effective n, last wave: {found:.3f}")
    assert found < 0.88
