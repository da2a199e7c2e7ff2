"""Samples of customers with known lifetimes, and how often the intervals of curves, lifetimes and values cover them."""

import numpy as np
import pandas as pd

from cxlib.lifetime import mean_lifetime, mean_lifetime_differences, value
from cxlib.survival import at, survival

HORIZON, MOMENT, SIZE = 20.0, 12.0, 200
# Customers who bring 4 a month leave three times as fast as those who bring 1.
HAZARD = {1.0: 0.02, 4.0: 0.06}


def truth() -> dict[str, float]:
    """What the intervals are of: half of the customers bring 1, half 4."""
    lived = {m: (1 - np.exp(-h * HORIZON)) / h for m, h in HAZARD.items()}
    return {
        "share": float(np.mean([np.exp(-h * MOMENT) for h in HAZARD.values()])),
        "lifetime": float(np.mean(list(lived.values()))),
        "difference": float(lived[1.0] - lived[4.0]),
        "value": float(np.mean([m * lived[m] for m in HAZARD])),
    }


def hits(*, seed: int, samples: int) -> dict[str, int]:
    """How many intervals cover the truth; customers came at different times, so that not all are followed to the end.

    Each was seen for 8 to 40 months, one of each kind to the end of the horizon at least.
    """
    known, generator = truth(), np.random.default_rng(seed)
    found = dict.fromkeys(known, 0)
    for _ in range(samples):
        m = np.r_[1.0, 4.0, generator.choice([1.0, 4.0], SIZE - 2)]
        stay = generator.exponential(1 / np.vectorize(HAZARD.get)(m))
        seen = np.r_[40.0, 40.0, generator.uniform(8, 40, SIZE - 2)]
        frame = pd.DataFrame({"t": np.minimum(stay, seen), "left": stay <= seen, "m": m})
        how = {"duration": "t", "event": "left"}
        curves, groups = survival(frame, **how), survival(frame, **how, by="m")
        rows = {
            "share": at(curves, MOMENT),
            "lifetime": mean_lifetime(curves, horizon=HORIZON),
            "difference": mean_lifetime_differences(groups, horizon=HORIZON),
            "value": value(frame, margin="m", horizon=HORIZON, **how),
        }
        for name, row in rows.items():
            found[name] += int(row["low"].iloc[0] <= known[name] <= row["high"].iloc[0])
    return found
