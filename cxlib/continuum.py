"""Whether people differ in kind, or only by degree: classes against answers that rise and fall together.

Latent classes are found in any answers that correlate: a scale of one trait is cut into as many as there are rows for.
So the gain of k classes over one is held against that in simulated answers of people who differ by degree alone.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from cxlib import em, mixtures
from cxlib.steps import in_steps
from cxlib.unimodal import Unimodal, unimodal

TERMS = 20  # of the series that leads from correlations of normals to those of the answers cut from them
CORRELATIONS = 0.999 * np.sin(np.linspace(-np.pi / 2, np.pi / 2, 201))
STARTS, STEPS = 4, 40  # the same for what is found and what is simulated: the comparison is fair wherever EM stands
ENOUGH_LARGER = 10
FAR_BELOW = 0.25  # of the gain found: a simulation whose short runs gain less is not run on, it stays below


@dataclass(frozen=True)
class Continuum:
    """Normals of which the answers are cut, category by category and number by number.

    `codes` and `numbers` are those given, for who answered what; `cuts` and `order` (its levels along the scale) are of
    each category, `margins` of each number; `root` times independent normals gives those that correlate.
    """

    codes: np.ndarray
    numbers: np.ndarray
    cuts: list[np.ndarray]
    order: list[np.ndarray]
    margins: list[Unimodal]
    root: np.ndarray

    def draw(self, random, *, correlated: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """Codes and numbers of as many rows, missing where they are missing."""
        z = random.standard_normal((len(self.root), len(self.codes)))
        z = self.root @ z if correlated else z
        codes, numbers = np.full_like(self.codes, -1), np.full_like(self.numbers, np.nan)
        for j, (cuts, order) in enumerate(zip(self.cuts, self.order, strict=True)):
            if len(order):
                codes[:, j] = np.where(self.codes[:, j] >= 0, order[np.searchsorted(cuts, z[j])], -1)
        for j, margin in enumerate(self.margins):
            given = ~np.isnan(self.numbers[:, j])
            numbers[given, j] = margin.quantiles(special.ndtr(z[len(self.cuts) + j, given]))
        return codes, numbers


@in_steps
def chance(codes, levels, numbers, weights, k: int, *, correlated=True, samples: int = 99, seed=0) -> float:
    """Part of simulations in which k classes gain as much log-likelihood over one as they do here: a p-value.

    What is simulated are answers cut from normals: the categories with the shares found, and the numbers with the peak
    that fits them best (a second peak is a sign of classes); with `correlated` the answers correlate as those found,
    without they are independent. Categories lie along a scale in the order of their first scores of correspondence
    analysis. Sources: McLachlan, Applied Statistics 36 (1987) 318-324 (independent); for a continuum as the null
    hypothesis, Liu, Hayes, Nobel and Marron, Journal of the American Statistical Association 103 (2008) 1281-1293; for
    the end after 10 simulations that gain as much, Besag and Clifford, Biometrika 78 (1991) 301-304.
    """
    null, random = continuum(codes, levels, numbers, weights), np.random.default_rng(seed)
    found = yield from gain.steps(codes, levels, numbers, weights, k, seed=seed)
    larger = 0
    for count in range(1, samples + 1):
        drawn, x = null.draw(random, correlated=correlated)
        how = {"seed": seed, "least": FAR_BELOW * found}
        larger += (yield from gain.steps(drawn, levels, x, weights, k, **how)) >= found
        if larger == ENOUGH_LARGER:
            return larger / count
    return (1 + larger) / (1 + samples)


@in_steps
def gain(codes, levels, numbers, weights, k: int, *, seed=0, least: float = -np.inf) -> float:
    """Log-likelihood of k classes less that of one; that of short runs where they gain less than `least`."""
    data = mixtures.answers(codes, levels, numbers, weights).rough()
    one = em.best(data, 1, 1, seed, finish=1).log_likelihood[0]
    how = {"short": 10, "finish": 1, "steps": STEPS, "enough": 0.1, "least": one + least}
    many = yield from em.best.steps(data, k, STARTS, seed, **how)
    return float(many.log_likelihood[0] - one)


def continuum(codes: np.ndarray, levels, numbers: np.ndarray, weights: np.ndarray) -> Continuum:
    """The normals behind the answers, with the correlations that give those of the answers' normal scores."""
    places = _places(codes, levels, numbers, weights)
    columns, cuts, order = [], [], []
    for j, place in enumerate(places):
        given, rank = codes[:, j] >= 0, np.argsort(np.argsort(place, kind="stable"))
        scored = _scored(np.where(given, rank[codes[:, j]], 0).astype(float), given, weights)
        columns.append(scored)
        cuts.append(scored[2])
        order.append(np.argsort(rank)[np.unique(rank[codes[given, j]])])
    margins = []
    for x in numbers.T:
        given = ~np.isnan(x)
        columns.append(_scored(x, given, weights))
        margins.append(unimodal(x[given], weights[given]) if given.any() else None)
    scores, series = np.array([scores for scores, _, _ in columns]), np.array([series for _, series, _ in columns])
    return Continuum(codes, numbers, cuts, order, margins, _root(scores, series, weights))


def _scored(x: np.ndarray, given: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Normal scores of a column (nan where missing), their Hermite coefficients, and the cuts between its values.

    Mehler: the scores of two columns correlate by the sum over m of the products of their m-th coefficients times the
    m-th power of the normals' correlation.
    """
    scores = np.full(len(x), np.nan)
    values, place = np.unique(x[given], return_inverse=True)
    if len(values) < 2:
        scores[given] = 0.0
        return scores, np.zeros(TERMS), np.empty(0)
    mass = np.bincount(place.ravel(), w[given]) / w[given].sum()
    cuts = special.ndtri(np.minimum(np.cumsum(mass)[:-1], 1 - 1e-12))
    density = np.concatenate([[0.0], np.exp(-(cuts**2) / 2) / np.sqrt(2 * np.pi), [0.0]])
    score = -np.diff(density) / mass
    score /= np.sqrt(mass @ score**2)
    at, before = np.concatenate([[0.0], cuts, [0.0]]), np.zeros_like(density)
    polynomial, series = np.ones_like(density), np.empty(TERMS)
    for m in range(1, TERMS + 1):
        series[m - 1] = -score @ np.diff(polynomial * density) / np.sqrt(special.factorial(m))
        polynomial, before = at * polynomial - (m - 1) * before, polynomial
    scores[given] = score[place.ravel()]
    return scores, series, cuts


def _root(scores: np.ndarray, series: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Root of the normals' correlations, from those of the scores of who answered both."""
    given = ~np.isnan(scores)
    z = np.where(given, scores, 0.0)
    squares = (z**2 * w) @ given.T
    between = np.divide((z * w) @ z.T, np.sqrt(squares * squares.T), out=np.zeros((len(z), len(z))), where=squares > 0)
    powers, found = CORRELATIONS[:, None] ** np.arange(1, TERMS + 1), np.eye(len(z))
    for i, j in zip(*np.tril_indices(len(z), -1), strict=True):
        reached = np.maximum.accumulate(powers @ (series[i] * series[j]))
        if reached[-1] > reached[0]:
            found[i, j] = found[j, i] = np.interp(between[i, j], reached, CORRELATIONS)
    values, vectors = np.linalg.eigh(found)
    root = vectors * np.sqrt(np.maximum(values, 1e-6))
    return root / np.sqrt((root**2).sum(axis=1, keepdims=True))


def _places(codes: np.ndarray, levels, numbers: np.ndarray, w: np.ndarray) -> list[np.ndarray]:
    """Where the levels of each category lie: their first scores of correspondence analysis with all other answers."""
    offsets, one_hot = np.cumsum([0, *levels]), mixtures.matrix(codes, levels, np.empty((len(codes), 0)))
    fifths = [_fifths(x) for x in numbers.T]
    found = []
    for j, size in enumerate(levels):
        own = one_hot[offsets[j] : offsets[j + 1]]
        others = np.concatenate([one_hot[: offsets[j]], one_hot[offsets[j + 1] :], *fifths])
        table = (own * w) @ others.T
        if size < 3 or not table.any():
            found.append(np.arange(size))
            continue
        table = (table[:, table.any(axis=0)] + 1e-9) / table.sum()
        row, column = table.sum(axis=1), table.sum(axis=0)
        rest = table / np.sqrt(np.outer(row, column)) - np.sqrt(np.outer(row, column))
        found.append(np.linalg.svd(rest, full_matrices=False)[0][:, 0] / np.sqrt(row))
    return found


def _fifths(x: np.ndarray) -> np.ndarray:
    """One-hot fifths of a number."""
    given = ~np.isnan(x)
    if not given.any():
        return np.zeros((0, len(x)))
    edges = np.unique(np.quantile(x[given], [0.2, 0.4, 0.6, 0.8]))
    place = np.where(given, np.searchsorted(edges, np.where(given, x, 0.0)), -1)
    return (place == np.arange(len(edges) + 1)[:, None]).astype(float)
