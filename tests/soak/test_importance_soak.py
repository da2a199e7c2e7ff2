"""Intervals of importance on 2,000 samples drawn again from the demo's world, on a seed taken from the commit."""

import sys
from pathlib import Path

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import simulate
import simulate_importance
from test_coverage_soak import seed

pytestmark = pytest.mark.soak
SAMPLES = 2000


@pytest.mark.parametrize("method", ["lmg", "johnson"])
def test_importance_intervals_cover_the_truth_within_the_binomial_band(method):
    """Every share within the band, every rank as often as promised or more, and few ranks where drivers stand clear."""
    first = seed() * SAMPLES
    found = simulate_importance.samples(first, SAMPLES, method)
    low, high = simulate.band(SAMPLES)
    by_driver = found.groupby("driver", sort=False)
    rows = by_driver[["share", "percent", "r_squared", "rank", "ranks"]].mean()
    rows = rows.assign(
        narrow=by_driver["ranks"].agg(lambda ranks: (ranks <= 3).mean()),
        se_ratio=by_driver["se"].mean() / by_driver["estimate"].std(),
        truth=simulate_importance.true_shares(method=method),
    )
    print(f"\n{method}: {SAMPLES} samples from seed {first}; band {low:.4f} to {high:.4f}")
    print(pd.DataFrame(rows).round(4).to_string())
    assert by_driver.size().eq(SAMPLES).all()
    assert rows["share"].between(low, high).all()
    assert rows["r_squared"].between(low, high).all()
    assert (rows["rank"] >= low).all()
    if method == "lmg":
        assert simulate_importance.separated(found) == simulate_importance.CLEAR
    assert rows.loc[simulate_importance.CLEAR, "ranks"].max() <= 3
