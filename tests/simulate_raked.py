"""Samples drawn again from the demo's known world and raked to it: do 95% intervals hold the truth, and how wide?"""

import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache

import pandas as pd
import simulate
from simulate import DEMO, DESIGN

from cxlib.scores import by_group
from cxlib.weights import rake

EDGES = [18, 25, 35, 45, 55, 76]


@cache
def truth() -> dict:
    """NPS in the demo's world, overall and by wave."""
    return simulate.truths()["nps"]


def margins() -> dict:
    """The shares of city x age band and of sex in the demo's world."""
    sys.path.insert(0, str(DEMO))
    import population

    people, _ = population.cell_shares()
    shares = (population.CITY_SHARE[:, None] * people).reshape(2, 5, 2)
    cells = {
        (city, age): shares[i, j].sum()
        for i, city in enumerate(population.CITIES)
        for j, age in enumerate(population.AGE_BANDS)
    }
    return {("city", "age_band"): cells, "sex": dict(zip(population.SEXES, shares.sum(axis=(0, 1)), strict=True))}


def one_sample(seed: int, respondents: int) -> pd.DataFrame:
    """NPS of one sample, overall and by wave, raked from equal weights: its interval, and that of fixed weights."""
    known, frames = margins(), []
    import population

    frame = population.draw(seed, respondents)
    frame["age_band"] = pd.cut(frame["age"], EDGES, right=False, labels=population.AGE_BANDS).astype(str)
    raked = rake(frame, known, by="wave")
    frame = pd.concat([frame.assign(weight=raked.weights, weight_ratio=raked.ratio), raked.cells], axis=1)
    for by in ([], ["wave"]):
        found = by_group(frame, "nps", by, question="recommend", **DESIGN, calibration=raked.calibration)
        fixed = by_group(frame, "nps", by, question="recommend", **DESIGN)
        group = found["wave"].astype(str) if by else pd.Series("all", found.index)
        target = group.map(truth()["wave"]) if by else truth()["overall"]
        columns = {"group": group, "error": found["estimate"] - target, "se": found["se"]}
        for name, rows in (("", found), ("fixed_", fixed)):
            columns[f"{name}covers"] = (rows["low"] <= target) & (target <= rows["high"])
            columns[f"{name}width"] = rows["high"] - rows["low"]
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


def coverage(first_seed: int, samples: int, *, respondents: int = 2000, workers: int = 2) -> pd.DataFrame:
    """Of each estimate: samples (with so many respondents a wave), share covered, mean width, error, spread and se.

    fixed_share and fixed_width are those of intervals that take the weights as fixed.
    """
    with ProcessPoolExecutor(workers) as pool:
        seeds = range(first_seed, first_seed + samples)
        found = pd.concat(pool.map(one_sample, seeds, [respondents] * samples, chunksize=4))
    return found.groupby("group", sort=False).agg(
        samples=("covers", "size"),
        share=("covers", "mean"),
        fixed_share=("fixed_covers", "mean"),
        width=("width", "mean"),
        fixed_width=("fixed_width", "mean"),
        error=("error", "mean"),
        spread=("error", "std"),
        se=("se", "mean"),
    )
