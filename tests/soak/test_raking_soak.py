"""95% intervals on 1,000 samples of the demo's world, each raked to its population, on a seed taken from the commit."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import simulate
import simulate_raked

pytestmark = pytest.mark.soak
SAMPLES = 1000


def seed() -> int:
    """A seed that every commit has to itself; 1 outside a git checkout."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=Path(__file__).parent)
    return int(done.stdout[:7], 16) if done.returncode == 0 else 1


def test_raked_intervals_cover_the_truth_and_are_no_wider_than_with_fixed_weights():
    """Oracle: truth.yml. Whole answers make coverage of NPS discrete, which may then exceed 95%."""
    first = seed() * SAMPLES
    found = simulate_raked.coverage(first, SAMPLES)
    low, _ = simulate.band(SAMPLES)
    print(f"\n{SAMPLES} samples from seed {first}; lower band {low:.4f}")
    print(found.to_string())
    assert found["samples"].eq(SAMPLES).all()
    assert (found["share"] >= low).all()
    assert (found["share"] < 0.975).all()
    assert (found["width"] < found["fixed_width"]).all()
    # 1,000 draws know a spread to 2.2%, one standard error.
    assert (found["se"] / found["spread"] - 1).abs().max() < 0.09
