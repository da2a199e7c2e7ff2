"""What importance is in the demo's known world, in closed form, and how often the intervals of samples hold it."""

import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache

import numpy as np
import pandas as pd
import simulate
from scipy.special import ndtr

from cxlib import drivers
from cxlib.shapley import johnson, lmg

DESIGN = simulate.DESIGN

# The drivers of recommendation that a sample tells from all others but two at most: those of separated().
CLEAR = ["channel_shop", "convenience_hours", "convenience_checkout"]


def world():
    """The module that makes the demo."""
    sys.path.insert(0, str(simulate.DEMO))
    import population

    return population


def both_below(h, k, r: float) -> np.ndarray:
    """P(X <= h, Y <= k) of two standard normals that correlate by r: Plackett's integral over the correlation."""
    nodes, mass = np.polynomial.legendre.leggauss(24)
    at = r * (nodes + 1) / 2
    h, k, rest = h[..., None], k[..., None], 1 - at**2
    density = np.exp(-(h**2 - 2 * at * h * k + k**2) / (2 * rest)) / (2 * np.pi * np.sqrt(rest))
    return ndtr(h[..., 0]) * ndtr(k[..., 0]) + (density * mass).sum(axis=-1) * r / 2


@cache
def true_correlations(question: str = "recommend") -> np.ndarray:
    """Correlations of the 14 driver items and a metric's answers (last) over the population of the four waves.

    Within a cell all are cut from normals that share the five factors. An answer is the lowest one plus the number of
    cuts below the latent value, so that moments are sums of chances to pass one cut, and two.
    """
    w = world()
    people = w.cells()
    metric, share = w.METRICS[question], people["share"].to_numpy() / people["share"].sum()
    slopes, factors = np.array(metric["coefficients"]), w.factor_means(people)
    items = w.ITEM_MEAN + w.ITEM_LOADING * factors[:, w.ITEM_FACTOR] + w.ITEM_MODE * w.ONLINE[people["wave"]][:, None]
    outcome = factors @ slopes + w.background(question, people)
    sd = np.sqrt(slopes @ w.FACTOR_CORRELATION @ slopes + metric["noise"] ** 2 + metric["shop"] ** 2)
    loadings = np.zeros((15, 5))
    loadings[np.arange(14), w.ITEM_FACTOR] = w.ITEM_LOADING
    loadings[14] = slopes / sd
    latent = loadings @ w.FACTOR_CORRELATION @ loadings.T
    # How far each cut lies from the cell's mean: cells x cuts, for the items and for the metric.
    cuts = [w.ITEM_CUTS - items[:, [j]] for j in range(14)] + [(np.array(metric["cuts"]) - outcome[:, None]) / sd]
    mean = np.array([share @ ndtr(-cut).sum(axis=1) for cut in cuts])
    second = np.empty((15, 15))
    for j in range(15):
        rank = np.arange(1, cuts[j].shape[1] + 1)
        second[j, j] = share @ (ndtr(-cuts[j]) @ (2 * rank - 1))
        for k in range(j):
            passed = both_below(-cuts[j][:, :, None], -cuts[k][:, None, :], latent[j, k])
            second[j, k] = second[k, j] = share @ passed.sum(axis=(1, 2))
    covariance = second - np.outer(mean, mean)
    return covariance / np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))


def true_shares(question: str = "recommend", method: str = "lmg") -> pd.Series:
    """Each item's true share of R squared."""
    rule = lmg if method == "lmg" else johnson
    return pd.Series(rule(true_correlations(question)), index=list(world().ITEMS))


def one_sample(seed: int, method: str = "lmg", bootstrap: int = 1000) -> pd.DataFrame:
    """The intervals of one sample, a row a driver: do they hold the truth, and how many ranks are in them?"""
    w, truth = world(), true_shares(method=method)
    found = drivers.importance(
        w.draw(seed), "recommend", list(w.ITEMS), method=method, bootstrap=bootstrap, seed=seed, **DESIGN
    )

    def holds(what: str, value) -> pd.Series:
        return (found[f"{what}low"] <= value) & (value <= found[f"{what}high"])

    rows = {
        "share": holds("", truth),
        "percent": holds("percent_", 100 * truth / truth.sum()),
        "r_squared": holds("r_squared_", truth.sum()),
        "rank": holds("rank_", truth.rank(ascending=False)),
        "ranks": found["rank_high"] - found["rank_low"] + 1,
        "estimate": found["estimate"],
        "se": found["se"],
    }
    return pd.DataFrame(rows).assign(seed=seed).reset_index()


def samples(first_seed: int, count: int, method: str = "lmg", workers: int = 2) -> pd.DataFrame:
    """one_sample() of many."""
    with ProcessPoolExecutor(workers) as pool:
        return pd.concat(pool.map(one_sample, range(first_seed, first_seed + count), [method] * count, chunksize=4))


def separated(found: pd.DataFrame, errors: float = 2.5) -> list[str]:
    """Drivers whose true share lies so many standard errors of the difference from all others but two at most."""
    shares = found.pivot(index="seed", columns="driver", values="estimate")
    truth, names = true_shares(), []
    for name in truth.index:
        difference = shares.drop(columns=name).sub(shares[name], axis=0).std()
        near = (truth.drop(name) - truth[name]).abs() < errors * difference.reindex(truth.index.drop(name))
        names += [name] if near.sum() <= 2 else []
    return names
