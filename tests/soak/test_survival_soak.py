"""95% intervals of curves, lifetimes and values on 2,000 samples, on a seed taken from the commit."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import simulate
import simulate_survival

pytestmark = pytest.mark.soak
SAMPLES = 2000


def seed() -> int:
    """A seed that every commit has to itself; 1 outside a git checkout."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=Path(__file__).parent)
    return int(done.stdout[:7], 16) if done.returncode == 0 else 1


def test_intervals_cover_the_truth_within_the_binomial_band():
    hits = simulate_survival.hits(seed=seed(), samples=SAMPLES)
    low, high = simulate.band(SAMPLES)
    print(f"\n{SAMPLES} samples, seed {seed()}; band {low:.4f} to {high:.4f}; {hits}")
    assert all(low <= hit / SAMPLES <= high for hit in hits.values()), hits
