"""Latent classes of people who answered categories and numbers: mixtures of independent answers, by maximum likelihood.

Within a class answers are independent: categories with the class's chances, numbers normal with the class's mean and
standard deviation. An answer that is missing is left out of the likelihood (missing at random). Weights are scaled to
add up to n first. Sources: Lazarsfeld and Henry, Latent Structure Analysis (1968); Moustaki, British Journal of
Mathematical and Statistical Psychology 49 (1996) 313-334 (mixed scales).
"""

from dataclasses import dataclass
from numbers import Integral

import numpy as np
from threadpoolctl import threadpool_limits

from cxlib import em, mixtures
from cxlib.errors import CxError
from cxlib.shown import Shown
from cxlib.weights import effective_n

AGREES = 0.01  # log-likelihoods no further apart are of the same solution
ROWS = 2**16  # at once


@dataclass(frozen=True, repr=False)
class LatentClasses(Shown):
    """k classes, the largest first.

    `shares` (k) add up to 1. `categories`: of each categorical variable, k x levels, rows that add up to 1. `means` and
    `sds` are k x numbers. `n` rows held an answer and a weight. Of the starts, `starts_finished` were run to the end,
    and `starts_agreeing` of these came to this log-likelihood.
    """

    shares: np.ndarray
    categories: tuple[np.ndarray, ...]
    means: np.ndarray
    sds: np.ndarray
    log_likelihood: float
    parameters: int
    n: int
    converged: bool
    starts_agreeing: int
    starts_finished: int

    @property
    def k(self) -> int:
        return len(self.shares)

    @property
    def bic(self) -> float:
        """Parameters times log n less twice the log-likelihood: less is better. Schwarz, Annals of Statistics 6 (1978)
        461-464."""
        return self.parameters * float(np.log(self.n)) - 2 * self.log_likelihood


# Products this small gain nothing by more threads, and lose tenfold where others use the processors, too.
@threadpool_limits.wrap(limits=1)
def fit(codes, levels, numbers, k: int, *, weights=None, starts: int = 10, seed=0) -> LatentClasses:
    """The k classes that make the answers most likely.

    `codes` is n x C: the answers to categories, 0 to levels - 1, -1 where missing; `numbers` is n x M, nan where
    missing; either may have no columns. Starts are drawn by `seed`; the best third of them are run to the end.
    Raises CxError for codes beyond `levels`, infinite numbers, weights that are negative or 0 everywhere, and more
    classes than distinct patterns of answers.
    """
    data = mixtures.answers(*checked(codes, levels, numbers, weights))
    check_classes(data, k)
    if not isinstance(starts, Integral) or starts < 1:
        raise CxError(f"starts is a number of 1 or more; found {starts!r}")
    finish = 1 if k == 1 else max(starts // 3, min(starts, 3))
    return model_of(data, em.best(data, k, 1 if k == 1 else starts, seed, finish=finish))


def memberships(model: LatentClasses, codes, numbers) -> np.ndarray:
    """Probability of each class given each row's answers, n x k; the shares where a row holds no answer."""
    return np.concatenate([probability for probability, _ in _parts(model, codes, numbers)])


def log_likelihood(model: LatentClasses, codes, numbers, *, weights=None) -> float:
    """Log-likelihood of the answers under the model; weights are scaled to add up to the rows with an answer."""
    density = np.concatenate([density for _, density in _parts(model, codes, numbers)])
    codes, numbers = np.asarray(codes), np.asarray(numbers, float)
    w = np.ones(len(density)) if weights is None else np.asarray(weights, float)
    given = mixtures.told(codes, numbers, w)
    return float(w[given] @ density[given] * given.sum() / w[given].sum())


def checked(codes, levels, numbers, weights=None) -> tuple[np.ndarray, list[int], np.ndarray, np.ndarray]:
    """Codes, levels, numbers and weights as arrays, of which some row holds an answer and a weight."""
    codes, x, levels = np.asarray(codes), np.asarray(numbers, float), [int(size) for size in levels]
    if codes.ndim != 2 or x.ndim != 2 or len(codes) != len(x) or codes.shape[1] != len(levels):
        raise CxError(
            "codes is rows x categories, numbers rows x numbers, and levels has one entry a category; "
            f"found {codes.shape}, {x.shape} and {len(levels)}"
        )
    codes = codes.astype(int)
    bad = (codes < -1) | (codes >= np.array(levels, int))
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise CxError(
            f"codes lie in 0 to levels - 1, -1 where missing; {bad.sum()} do not, e.g. {codes[row, column]} in row "
            f"{row} of category {column}, which has {levels[column]} levels"
        )
    if np.isinf(x).any():
        row, column = np.argwhere(np.isinf(x))[0]
        raise CxError(
            f"numbers must be finite; {np.isinf(x).sum()} are not, e.g. {x[row, column]} in row {row} of number "
            f"{column}"
        )
    w = np.ones(len(codes)) if weights is None else weights
    if len(w) != len(codes):
        raise CxError(f"weights are as many as rows; found {len(w)} for {len(codes)} rows")
    if len(codes):
        effective_n(w)
    w = np.asarray(w, float)
    if not mixtures.told(codes, x, w).any():
        raise CxError(f"classes need rows with an answer and a weight; none of {len(codes)} has both")
    return codes, levels, x, w


def check_classes(data: mixtures.Answers, k) -> None:
    """That k is a number of classes that the patterns of answers can tell apart."""
    if not isinstance(k, Integral) or isinstance(k, bool) or k < 1:
        raise CxError(f"the number of classes is 1 or more; found {k!r}")
    if k > len(data.weights):
        raise CxError(
            f"there must be no more classes than distinct patterns of answers; {k} classes, {len(data.weights)} "
            "patterns"
        )


def model_of(data: mixtures.Answers, runs: mixtures.Runs) -> LatentClasses:
    """The first of the runs, as a model."""
    order = np.argsort(-runs.shares[0], kind="stable")
    shares, found = np.exp(runs.shares[0][order]), runs.coefficients[0][order]
    start = data.numbers.start
    edges = np.cumsum(data.levels)[:-1]
    sds = np.sqrt(-0.5 / found[:, start + 2 :: 3])
    means = found[:, start + 1 :: 3] * sds**2
    k = len(shares)
    return LatentClasses(
        shares,
        tuple(np.exp(part) for part in np.split(found[:, :start], edges, axis=1)) if data.levels else (),
        data.centre + data.scale * means,
        data.scale * sds,
        float(runs.log_likelihood[0] - data.constant),
        k - 1 + k * (start - len(data.levels) + 2 * len(data.scale)),
        data.n,
        bool(runs.converged[0]),
        int((runs.log_likelihood > runs.log_likelihood[0] - AGREES).sum()),
        len(runs.log_likelihood),
    )


def runs_of(data: mixtures.Answers, model: LatentClasses) -> mixtures.Runs:
    """The model as a run to go on from."""
    found = _coefficients(model, data.centre, data.scale)
    return mixtures.begun(np.log(model.shares)[None], found[None])


def _coefficients(model: LatentClasses, centre, scale) -> np.ndarray:
    """What the design is multiplied by, k x P."""
    normal = mixtures.normal_coefficients((model.means - centre) / scale, model.sds / scale)
    return np.concatenate([*(np.log(part) for part in model.categories), normal], axis=1)


def _parts(model: LatentClasses, codes, numbers):
    """Probabilities and log densities of the rows, some at a time."""
    codes, x = np.asarray(codes, int), np.asarray(numbers, float)
    levels = [part.shape[1] for part in model.categories]
    # Scaled by what the model says of all, so that squares of large numbers cancel out of sight.
    centre = model.shares @ model.means
    scale = np.sqrt(model.shares @ (model.sds**2 + (model.means - centre) ** 2))
    found, shares = _coefficients(model, centre, scale)[None], np.log(model.shares)[None]
    for start in range(0, max(len(codes), 1), ROWS):
        part = slice(start, start + ROWS)
        design = mixtures.matrix(codes[part], levels, (x[part] - centre) / scale)
        probability, density = mixtures.expectation(design, shares, found)
        yield probability[0].T, density[0] - design[sum(levels) :: 3].T @ np.log(scale)
