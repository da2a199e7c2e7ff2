"""League tables on 2,000 leagues of each kind: intervals hold the truth, and units alike are not told apart."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import simulate
import simulate_league
from test_coverage_soak import seed

pytestmark = pytest.mark.soak
SAMPLES = 2000
UNITS = [3, 5, 10, 30]
# Standard deviations of levels and of logits: none, and half, equal and four times the error of a typical unit or so.
SPREADS = {"nps": [0.0, 0.15, 0.35, 1.2], "rate": [0.0, 0.12, 0.25, 0.9]}


@pytest.mark.parametrize("kind", ["nps", "rate"])
def test_intervals_hold_on_average_and_pooling_pays(kind):
    """2,000 leagues spread evenly over numbers of units and spreads: coverage within the binomial band.

    Leagues of units alike, whose intervals hold more than they promise, are left out. A true rank lies in
    its interval with all others at once in 95% of leagues or more.
    """
    first, rows = seed() * SAMPLES, []
    each = SAMPLES // len(UNITS) // (len(SPREADS[kind]) - 1) + 1
    for k in UNITS:
        for spread in SPREADS[kind][1:]:
            found = simulate_league.leagues(first, each, kind, k, spread)
            rows.append(found.assign(k=k, spread=spread))
    found = pd.concat(rows)
    low, high = simulate.band(len(found))
    table = found.groupby(["k", "spread"]).mean(numeric_only=True)
    print(
        f"\n{kind}: {len(found)} leagues from seed {first}; band {low:.4f} to {high:.4f}\n{table.round(4).to_string()}"
    )
    print(found.drop(columns=["k", "spread"]).mean().round(4).to_string())
    assert low <= found["covers"].mean() <= high
    assert table["covers"].min() > 0.91
    assert found["pooled_error"].mean() < found["raw_error"].mean()
    assert found["ranks_hold"].mean() >= low


@pytest.mark.parametrize("k", [5, 30])
@pytest.mark.parametrize("kind", ["nps", "rate"])
def test_units_alike_are_not_told_apart(kind, k):
    """A unit is told apart by its rank in at most 5% of leagues, and stands apart in at most 1%, within the band."""
    first = seed() * SAMPLES
    found = simulate_league.leagues(first, SAMPLES, kind, k, 0.0)
    print(f"\n{kind}, {k} units: {found.mean().round(4).to_dict()}; p under 0.05: {np.mean(found['p'] < 0.05):.4f}")
    assert found["told_apart"].mean() <= simulate.band(SAMPLES, 0.05)[1]
    assert found["apart"].mean() <= simulate.band(SAMPLES, 0.01)[1]
    assert found["covers"].mean() >= simulate.band(SAMPLES)[0]
    assert found["pooled_error"].mean() < 0.5 * found["raw_error"].mean()
