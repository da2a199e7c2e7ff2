"""How far classes hold when the sample is drawn again: their Jaccard similarity, and their shares."""

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import linear_sum_assignment

from cxlib import em, mixtures
from cxlib.replicates import factors
from cxlib.steps import in_steps

AT_ONCE = 2**22  # probabilities held at a time
COLD, ENOUGH = 2, 0.1  # starts from nowhere; log-likelihood still to be gained
STEPS = (20, 40)


def design_units(strata, clusters, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """The unit of each row (its cluster within its stratum, or itself without one), and the stratum of each unit."""
    alone = np.arange(rows)
    stratum = np.zeros(rows, int) if strata is None else pd.factorize(np.asarray(strata), use_na_sentinel=False)[0]
    cluster = np.full(rows, -1) if clusters is None else pd.factorize(np.asarray(clusters))[0]
    cluster = np.where(cluster < 0, rows + alone, cluster)
    _, first, unit = np.unique(stratum * (2 * rows) + cluster, return_index=True, return_inverse=True)
    return unit.ravel(), stratum[first]


def drawn_weights(data: mixtures.Answers, weights, unit, stratum, samples: int, *, seed=0):
    """The weights of the distinct rows in bootstrap samples of units, S x N, adding up to n, in parts."""
    kept = data.pattern >= 0
    places = sparse.csr_matrix((weights[kept], (unit[kept], data.pattern[kept])), (len(stratum), len(data.weights)))
    for part in factors(stratum, samples, seed=seed):
        drawn = np.asarray(part @ places)
        yield drawn * (data.n / np.maximum(drawn.sum(axis=1, keepdims=True), mixtures.TINY))


@in_steps
def jaccard(data: mixtures.Answers, model: mixtures.Runs, drawn: np.ndarray, *, seed=0) -> np.ndarray:
    """Bootstrap Jaccard similarity of each class, the mean over samples: 1 where it always comes back.

    In each sample (rows of `drawn`: weights) the classes are found anew, from the model and from cold starts, whichever
    is likelier; in double precision, as in shares(). A class and one of the sample's have in common the rows that both
    hold, as a part of those that either holds; the most alike counts. Source: Hennig, Computational Statistics and Data
    Analysis 52 (2007) 258-271.
    """
    k = model.shares.shape[1]
    own, total, begin = _held(data, model)[0], np.zeros(k), _loosened(data, model)
    random = np.random.default_rng(seed)
    each = max(1, AT_ONCE // (k * drawn.shape[1] * COLD))
    for start in range(0, len(drawn), each):
        w = drawn[start : start + each]
        cold = mixtures.drawn_starts(data, k, COLD * len(w), random)
        cold = yield from em.run.steps(data, cold, weights=np.tile(w, (COLD, 1)), steps=STEPS[0], enough=ENOUGH)
        both_ways = mixtures.joined([_likeliest(cold, COLD), mixtures.repeated(begin, len(w))])
        found = yield from em.run.steps(data, both_ways, weights=np.tile(w, (2, 1)), steps=STEPS[1], enough=ENOUGH)
        held = _held(data, _likeliest(found, 2))
        both = (own * data.weights) @ held.transpose(0, 2, 1)
        sizes = held @ data.weights
        either = (own @ data.weights)[:, None] + sizes[:, None, :] - both
        total += (both / np.maximum(either, mixtures.TINY)).max(axis=2).sum(axis=0)
    return total / len(drawn)


@in_steps
def shares(data: mixtures.Answers, model: mixtures.Runs, drawn) -> np.ndarray:
    """The classes' shares in bootstrap samples, S x k: EM goes on from the model; matched by the rows in common.

    In double precision: where single precision stops depends on the processor, and with it the interval of a share.
    """
    k, found = model.shares.shape[1], []
    own = mixtures.expectation(data.design, model.shares, model.coefficients)[0][0] * data.weights
    for part in drawn:
        each = max(1, AT_ONCE // (k * part.shape[1]))
        for start in range(0, len(part), each):
            w = part[start : start + each]
            again = mixtures.repeated(model, len(w))
            runs = yield from em.run.steps(data, again, weights=w, steps=300, enough=ENOUGH / 10)
            probability = mixtures.expectation(data.design, runs.shares, runs.coefficients)[0]
            for logs, common in zip(runs.shares, own @ probability.transpose(0, 2, 1), strict=True):
                found.append(np.exp(logs)[linear_sum_assignment(-common)[1]])
    return np.array(found)


def _likeliest(runs: mixtures.Runs, ways: int) -> mixtures.Runs:
    """Of runs in `ways` blocks of the same samples, the likeliest of each sample."""
    each = len(runs.log_likelihood) // ways
    return runs[runs.log_likelihood.reshape(ways, each).argmax(axis=0) * each + np.arange(each)]


def _loosened(data: mixtures.Answers, model: mixtures.Runs) -> mixtures.Runs:
    """The model with one more row in each class, an average one: no chance is so near to 0 that EM never leaves it.

    How near to 0 a chance came is a matter of the processor's last bits, and so would be where EM comes to from there.
    """
    weighed = mixtures.expectation(data.design, model.shares, model.coefficients)[0] * data.weights
    average = data.design @ (data.weights / data.weights.sum())
    return mixtures.begun(model.shares, mixtures.coefficients(data, weighed @ data.design.T + average))


def _held(data: mixtures.Answers, runs: mixtures.Runs) -> np.ndarray:
    """Which rows each class holds, as 0 and 1: S x k x N."""
    probability = mixtures.expectation(data.design, runs.shares, runs.coefficients)[0]
    most = probability.argmax(axis=1)[:, None]
    return (most == np.arange(probability.shape[1])[:, None]).astype(float)
