"""Samples drawn again from the demo's known world: how often does a 95% interval hold the truth?"""

import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from cxlib import compare, scores

DEMO = Path(__file__).resolve().parent.parent / "data" / "demo"
QUESTIONS = {"nps": "recommend", "csat": "satisfaction", "ces": "ease"}
# The process improves a fixed number of shops in each city: they are strata of it, as the cities are.
DESIGN = {"weights": "weight", "strata": ["city", "improved"], "clusters": "shop"}
# Both are shares of whole answers: their intervals are discrete, and may cover more than they promise.
DISCRETE = ("nps", "csat")


def truths() -> dict:
    """truth.yml of the demo study."""
    return yaml.safe_load((DEMO / "truth.yml").read_text(encoding="utf-8"))["metrics"]


def one_sample(seed: int) -> pd.DataFrame:
    """Every interval of one sample: what it is of, and whether the truth lay inside, below or above."""
    sys.path.insert(0, str(DEMO))
    import population

    frame = population.draw(seed)
    edges = [18, 25, 35, 45, 55, 76]
    frame["age_band"] = pd.cut(frame["age"], edges, right=False, labels=population.AGE_BANDS).astype(str)
    rows = []
    for metric, question in QUESTIONS.items():
        truth = truths()[metric]
        for by in ([], ["wave"], ["city"], ["age_band"], ["channel"]):
            found = scores.by_group(frame, metric, by, question=question, **DESIGN)
            for row in found.to_dict("records"):
                known = truth["overall"] if not by else truth[by[0]][row[by[0]]]
                rows.append((metric, by[0] if by else "all", row[by[0]] if by else "", known, row["low"], row["high"]))
        for row in compare.changes(frame, metric, over="wave", question=question, **DESIGN).to_dict("records"):
            known = truth["wave"][row["after"]] - truth["wave"][row["before"]]
            rows.append((metric, "change", row["after"], known, row["low"], row["high"]))
    found = pd.DataFrame(rows, columns=["metric", "by", "group", "truth", "low", "high"])
    return found.assign(covers=(found["low"] <= found["truth"]) & (found["truth"] <= found["high"]))


def coverage(first_seed: int, samples: int, workers: int = 2) -> pd.DataFrame:
    """Share of samples whose interval covers the truth, a row an estimate (metric, by, group, samples, share)."""
    with ProcessPoolExecutor(workers) as pool:
        found = pd.concat(pool.map(one_sample, range(first_seed, first_seed + samples), chunksize=4))
    grouped = found.groupby(["metric", "by", "group"], sort=False)["covers"]
    return grouped.agg(samples="size", share="mean").reset_index()


def band(samples: int, share: float = 0.95, confidence: float = 0.999) -> tuple[float, float]:
    """The binomial band around `share` that `confidence` of runs stay in, in shares of the samples."""
    from scipy.stats import binom

    tail = (1 - confidence) / 2
    return binom.ppf(tail, samples, share) / samples, binom.isf(tail, samples, share) / samples


def kish_coverage(first_seed: int, samples: int) -> float:
    """How often MOVER on Kish's effective n covers the NPS of the last wave: what happens without the clusters."""
    sys.path.insert(0, str(DEMO))
    import population

    truth = truths()["nps"]["wave"]["2026-H2"]
    hits = []
    for seed in range(first_seed, first_seed + samples):
        frame = population.draw(seed)
        last = frame[frame["wave"] == "2026-H2"]
        row = scores.by_group(last, "nps", [], question="recommend", weights="weight").iloc[0]
        hits.append(row["low"] <= truth <= row["high"])
    return float(np.mean(hits))
