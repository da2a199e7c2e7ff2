"""Complaint rates and silent customers drawn again from the demo's known world: do the intervals hold the truth?"""

import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pandas as pd
import yaml
from simulate import DEMO, DESIGN

from cxlib.complaint_rate import rates_by_group
from cxlib.iceberg import distribution
from cxlib.pooling import pool

CUSTOMERS = 3_000  # unhappy customers a segment, in the register whose complainers are counted


def truth() -> dict[str, float]:
    """The true complaint rate of each segment of truth.yml."""
    world = yaml.safe_load((DEMO / "truth.yml").read_text(encoding="utf-8"))["iceberg"]
    return {name: segment["complaint_rate"] for name, segment in world["segments"].items()}


def survey(seed: int) -> pd.DataFrame:
    """A sample of the demo's world with the segments of truth.yml, and unhappy and complained as 1 and 0."""
    sys.path.insert(0, str(DEMO))
    import population

    frame = population.draw(seed)
    age = np.where(frame["age"] < 45, "under 45", "45+")
    segment = [f"{channel}, {band}" for channel, band in zip(frame["channel"], age, strict=True)]
    flags = {name: frame[name].fillna(0).astype(float) for name in ("unhappy", "complained")}
    return frame.assign(segment=segment, **flags)


def one_sample(seed: int) -> pd.DataFrame:
    """A row a segment: expected complainers in the sample, whether each 95% interval holds, and squared errors.

    A register of unhappy customers is drawn beside the survey: those of them who complain are seen, the others silent.
    """
    rates = rates_by_group(survey(seed), ["segment"], complained="complained", unhappy="unhappy", **DESIGN)
    names = list(rates)
    counts = {"group": names, "x": [rates[n].complained for n in names], "n": [rates[n].n_effective for n in names]}
    pooled = pool(pd.DataFrame(counts))
    rng, rows = np.random.default_rng(seed), []
    for name, row in zip(names, pooled.frame.to_dict("records"), strict=True):
        p, own = truth()[name], rates[name]
        seen = int(rng.binomial(CUSTOMERS, p))
        rows.append(
            {
                "segment": name,
                "expected": own.n * p,
                "raw_rate": row["raw_low"] <= 100 * p <= row["raw_high"],
                "pooled_rate": row["low"] <= 100 * p <= row["high"],
                "raw_silent": holds(seen, own, CUSTOMERS - seen),
                "pooled_silent": holds(seen, pooled.rates[name], CUSTOMERS - seen),
                "plug_in": plug_in_covers(pooled, row, 100 * p),
                "raw_error": (row["raw"] - 100 * p) ** 2,
                "pooled_error": (row["estimate"] - 100 * p) ** 2,
            }
        )
    return pd.DataFrame(rows)


def holds(complainers: int, rate, silent: int) -> bool:
    """Whether the 95% interval of silent() holds a number: its ends are the 2.5% and 97.5% quantiles."""
    known = distribution(complainers, rate)
    return known.below(silent) >= 0.025 and known.below(silent - 1) < 0.975


def plug_in_covers(pooled, row: dict, percent: float) -> bool:
    """Whether the interval of a segment covers when the parameters of the model are taken as known."""
    from scipy.special import betaincinv

    if np.isinf(pooled.a):
        return row["plug_in"] == percent
    a, b = pooled.a + row["x"], pooled.b + row["n"] - row["x"]
    low, high = 100 * betaincinv(a, b, [0.025, 0.975])
    return bool(low <= percent <= high)


def samples(first_seed: int, number: int, workers: int = 2) -> pd.DataFrame:
    """one_sample() of many seeds: the mean of each column by segment, and the number of samples."""
    with ProcessPoolExecutor(workers) as pool_of_workers:
        found = pd.concat(pool_of_workers.map(one_sample, range(first_seed, first_seed + number), chunksize=8))
    return found.groupby("segment").mean().assign(samples=found.groupby("segment").size())
