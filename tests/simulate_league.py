"""Leagues drawn from a known world: how often do intervals hold the truth, and how often does luck win?"""

from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import pandas as pd
from scipy.special import expit, logit, ndtr

from cxlib import league

MIDDLE, NOISE = 7.8, 2.4  # of the wish to recommend, which is rounded to an answer from 0 to 10
RATE = 0.3  # of offers won


def true_nps(level, noise=NOISE):
    """NPS of customers whose levels are normal about this one, in closed form."""
    return 100 * (ndtr((level - 8.5) / noise) - ndtr((6.5 - level) / noise))


def nps_league(rng, k: int, spread: float, bases=(30, 300)) -> tuple[pd.DataFrame, np.ndarray, float]:
    """Answers to an NPS question in k units, whose levels have this standard deviation; true NPS, and their mean."""
    level = MIDDLE + spread * rng.standard_normal(k)
    unit = np.repeat(np.arange(k), drawn_bases(rng, k, bases))
    answer = np.clip(np.rint(level[unit] + NOISE * rng.standard_normal(len(unit))), 0, 10)
    return pd.DataFrame({"unit": unit, "answer": answer}), true_nps(level), true_nps(MIDDLE, np.hypot(NOISE, spread))


def rate_league(rng, k: int, spread: float, bases=(30, 300)) -> tuple[pd.DataFrame, np.ndarray, float]:
    """Offers won and lost by k units, whose logits of the rate have this standard deviation; true rates, their mean."""
    truth = expit(logit(RATE) + spread * rng.standard_normal(k))
    unit = np.repeat(np.arange(k), drawn_bases(rng, k, bases))
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    mean = weights @ expit(logit(RATE) + spread * nodes) / weights.sum()
    won = (rng.random(len(unit)) < truth[unit]).astype(float)
    return pd.DataFrame({"unit": unit, "answer": won}), 100 * truth, 100 * mean


def drawn_bases(rng, k: int, bases) -> np.ndarray:
    """Numbers of answers, even on the logarithm."""
    return np.rint(np.exp(rng.uniform(*np.log(bases), k))).astype(int)


def one_league(seed: int, kind: str, k: int, spread: float, **how) -> dict:
    """What one league gets right: shares of its units, and whether anybody is told apart."""
    rng = np.random.default_rng(seed)
    frame, truth, mean = (nps_league if kind == "nps" else rate_league)(rng, k, spread, **how)
    if kind == "nps":
        found = league.by_metric(frame, "unit", "nps", question="answer")
    else:
        found = league.by_rate(frame, "unit", "answer")
    rows = found.frame
    true = truth[rows["unit"].astype(int)]
    # Where units are alike, any rank is the right one.
    above, below = (true[None, :] > true[:, None]).sum(axis=1), (true[None, :] < true[:, None]).sum(axis=1)
    ranks = (rows["rank_low"] <= k - below) & (rows["rank_high"] >= 1 + above)
    return {
        "covers": ((rows["low"] <= true) & (true <= rows["high"])).mean(),
        "raw_error": ((rows["estimate"] - true) ** 2).mean(),
        "pooled_error": ((rows["pooled"] - true) ** 2).mean(),
        "ranks_hold": ranks.all(),
        "told_apart": ((rows["rank_low"] > 1) | (rows["rank_high"] < k)).any(),
        "apart": rows["apart"].any(),
        "p": found.p,
        "average": found.average.low <= mean <= found.average.high,
    }


def leagues(first: int, samples: int, kind: str, k: int, spread: float, *, workers=2, **how) -> pd.DataFrame:
    """one_league() for so many seeds from `first` on."""
    one, seeds = partial(one_league, kind=kind, k=k, spread=spread, **how), range(first, first + samples)
    if workers == 1:
        return pd.DataFrame(map(one, seeds))
    with ProcessPoolExecutor(workers) as pool:
        return pd.DataFrame(pool.map(one, seeds, chunksize=8))
