"""The number of segments over many samples: those of the demo, of no structure, and of people who differ by degree."""

import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import simulate
import simulate_segments
from test_coverage_soak import seed

from cxlib import segment_number

pytestmark = pytest.mark.soak
SAMPLES, MOST = 30, 0.9
COVERAGE_SAMPLES = 300
DEGREES = {
    "independent": {"loading": 0.0},
    "independent, a skewed number": {"loading": 0.0, "skew": 0.8},
    "one factor": {},
    "two factors": {"factors": 2},
    "three factors, a skewed number": {"factors": 3, "skew": 0.8},
    "one strong factor": {"loading": 0.8},
}


def number(seed: int, **world) -> int:
    """Segments found where there are none."""
    return segment_number.choose(*simulate_segments.by_degree(seed, **world), range(2, 6), seed=seed).model.k


def irises(seed: int) -> int:
    return segment_number.choose(*simulate_segments.irises(seed)[0], range(2, 6), minimum_base=10, seed=seed).model.k


def over(work, samples: int, first: int) -> list:
    with ProcessPoolExecutor(2) as pool:
        return list(pool.map(work, range(first, first + samples)))


@pytest.mark.parametrize("name", DEGREES)
def test_no_segments_where_there_are_none(name):
    found = pd.Series(over(partial(number, **DEGREES[name]), SAMPLES, seed() * SAMPLES))
    print(f"\n{name}: segments found {found.value_counts().to_dict()}")
    assert (found == 1).mean() >= MOST


def test_irises_are_of_several_kinds():
    found = pd.Series(over(irises, SAMPLES, seed() * SAMPLES))
    print(f"\nirises: segments found {found.value_counts().to_dict()}")
    assert (found > 1).mean() >= MOST


@pytest.mark.parametrize("respondents", [500, 2000])
def test_the_personas_of_the_demo_are_found(respondents):
    found = pd.DataFrame(
        over(partial(simulate_segments.one_of_the_demo, respondents=respondents), SAMPLES, seed() * 30)
    )
    print(f"\n{found['k'].value_counts().to_dict()}, adjusted Rand {found['rand'].min():.3f} or more")
    assert ((found["k"] == 4) & (found["rand"] > 0.8)).mean() >= MOST


def test_intervals_of_sizes_cover_the_truth_within_the_binomial_band():
    found = pd.DataFrame(over(simulate_segments.one_of_the_demo, COVERAGE_SAMPLES, seed() * COVERAGE_SAMPLES))
    found = found[found["k"] == 4]
    low, high = simulate.band(len(found))
    share = found[list(simulate_segments.sizes())].mean()
    print(f"\n{len(found)} samples, band {low:.3f} to {high:.3f}\n{share.to_string()}")
    assert share.between(low, high).all()
