"""How many segments there are, chosen in the open, and whether there are any."""

from collections.abc import Generator
from dataclasses import dataclass
from numbers import Integral

import numpy as np
import pandas as pd
from scipy.special import xlogy
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from cxlib import em, mixtures, text
from cxlib.continuum import chance
from cxlib.errors import CxError
from cxlib.language import tr, tr_n
from cxlib.latent_classes import LatentClasses, check_classes, checked, memberships, model_of, runs_of
from cxlib.mixtures import told
from cxlib.replicates import degrees_of_freedom
from cxlib.segment_stability import design_units, drawn_weights, jaccard, shares
from cxlib.shown import Shown
from cxlib.steps import in_steps

# Classes are found in so many rows at most, drawn by seed; their stability in so many, and whether there are any.
ROWS, STABILITY_ROWS, TEST_ROWS = 10_000, 2_000, 2_000
STARTS, SAMPLES, SHARE_SAMPLES, SIMULATIONS = 10, 30, 200, 99
STABLE = 0.6  # Hennig (2007): below, a class should not be trusted
SIGNIFICANT = 0.05
COLUMNS = ["k", "log_likelihood", "parameters", "bic", "entropy", "smallest", "smallest_n", "stability", "least_stable"]
COLUMNS += ["kmeans", "chosen", "why"]


@dataclass(frozen=True, repr=False)
class SegmentNumber(Shown):
    """The chosen number of segments: its model, what was tried, and how far the classes can be relied on.

    `choices` has a row a number of classes k, with columns k, log_likelihood, parameters, bic, entropy (relative: 1
    where all are placed for certain), smallest (share, 0 to 1), smallest_n (rows), stability and least_stable (mean and
    least bootstrap Jaccard of its classes), kmeans (adjusted Rand index with k-means), chosen, why (in words).
    `model` has one class where there are no segments, and `verdict` then says why; it is None otherwise.
    `stability` is each class's; `share_replicates` their shares in bootstrap samples of the design, samples x k.
    `independence` and `continuum` are p-values of the best k above 1 against answers that are independent, and that
    only differ by degree; nan where BIC saw no need. `rows` is how many were fitted.
    """

    choices: pd.DataFrame
    model: LatentClasses
    verdict: str | None
    stability: np.ndarray
    share_replicates: np.ndarray
    independence: float
    continuum: float
    rows: int
    degrees_of_freedom: float = np.inf


@threadpool_limits.wrap(limits=1)  # as in latent_classes.fit
@in_steps
def choose(
    codes, levels, numbers, ks, *, weights=None, strata=None, clusters=None, minimum_base=30, seed=0
) -> SegmentNumber:
    """The number of latent classes with the least BIC among those that are large and stable enough, or one class.

    codes, levels, numbers and weights are those of latent_classes.fit(); strata and clusters, as long, are the design
    of which bootstrap samples are drawn. A class is large enough from `minimum_base` rows, and stable enough from a
    bootstrap Jaccard similarity of 0.6. There are no segments where one class has the least BIC, where no other number
    is eligible, and where answers that are independent, or that differ by degree only, gain as much by as many classes
    in over 5% of 99 simulations. Of more than 10,000 rows so many are taken, drawn by `seed`; of these 2,000 for
    stability and for simulations. Raises CxError as fit() does, and for `ks` that are no numbers of classes.
    """
    ks, random = _numbers_of_classes(ks), np.random.default_rng(seed)
    codes, levels, numbers, w = checked(codes, levels, numbers, weights)
    _check_design(strata, clusters, len(codes))
    everyone = np.flatnonzero(told(codes, numbers, w))
    rows = _some(everyone, ROWS, random)
    sample, grown = _Sample(codes[rows], levels, numbers[rows], w[rows]), len(everyone) / len(rows)
    design = (None if column is None else np.asarray(column)[rows] for column in (strata, clusters))
    unit, stratum = design_units(*design, len(rows))
    few, tested = (_some(np.arange(len(rows)), most, random) for most in (STABILITY_ROWS, TEST_ROWS))
    data = sample.answers()
    for k in ks:
        check_classes(data, k)
    models = {}
    for k in ks:
        models[k] = model_of(data, (yield from _fitted(data, k, seed)))
    stability = yield from _stability(sample.part(few), models, *_part_of_design(unit, stratum, few), seed)
    choices = pd.DataFrame(
        [_row(sample, data, model, stability[k], grown, seed) for k, model in models.items()], columns=COLUMNS
    )
    best, reasons = _best(choices, minimum_base)
    p = {"independent": np.nan, "continuum": np.nan}
    if best > 1:
        part = sample.part(tested)
        for name, correlated in (("independent", False), ("continuum", True)):
            how = {"correlated": correlated, "samples": SIMULATIONS, "seed": seed}
            p[name] = yield from chance.steps(*part.all, best, **how)
    verdict = _verdict(choices, best, reasons, p)
    chosen = 1 if verdict else best
    if chosen != best:
        reasons[best] = verdict
    choices["chosen"] = choices["k"] == chosen
    choices["why"] = [_why(k, chosen, best, reasons, choices.set_index("k")["bic"]) for k in choices["k"]]
    drawn = drawn_weights(data, sample.weights, unit, stratum, SHARE_SAMPLES, seed=seed)
    replicates = np.ones((SHARE_SAMPLES, 1))
    if chosen > 1:
        replicates = yield from shares.steps(data, runs_of(data, models[chosen]), drawn)
    found = (choices, models[chosen], verdict, stability[chosen], replicates)
    return SegmentNumber(*found, p["independent"], p["continuum"], len(rows), degrees_of_freedom(stratum))


@dataclass(frozen=True)
class _Sample:
    """Rows of answers with weights."""

    codes: np.ndarray
    levels: list[int]
    numbers: np.ndarray
    weights: np.ndarray

    @property
    def all(self) -> tuple:
        return self.codes, self.levels, self.numbers, self.weights

    def part(self, rows: np.ndarray) -> "_Sample":
        return _Sample(self.codes[rows], self.levels, self.numbers[rows], self.weights[rows])

    def answers(self) -> mixtures.Answers:
        return mixtures.answers(*self.all)


def _fitted(data: mixtures.Answers, k: int, seed) -> Generator[None, None, mixtures.Runs]:
    return em.best.steps(data, k, 1 if k == 1 else STARTS, seed, finish=1 if k == 1 else 3, enough=1e-3)


def _stability(few: _Sample, models, unit, stratum, seed) -> Generator[None, None, dict[int, np.ndarray]]:
    """Bootstrap Jaccard of the classes of each k; 1 class is stable by itself."""
    if list(models) == [1]:
        return {1: np.ones(1)}
    data = few.answers()
    drawn = np.concatenate(list(drawn_weights(data, few.weights, unit, stratum, SAMPLES, seed=seed)))
    found = {1: np.ones(1)}
    for k, model in models.items():
        if k > 1:
            found[k] = yield from jaccard.steps(data, runs_of(data, model), drawn, seed=seed)
    return found


def _row(sample: _Sample, data, model: LatentClasses, stability, grown: float, seed) -> dict:
    """What is told of one k."""
    row = {"k": model.k, "log_likelihood": model.log_likelihood, "parameters": model.parameters, "bic": model.bic}
    if model.k == 1:
        return row | {"smallest": 1.0, "smallest_n": round(data.n * grown)}
    p = memberships(model, sample.codes, sample.numbers)
    w, member = sample.weights / sample.weights.sum(), p.argmax(axis=1)
    row["entropy"] = 1 + float(w @ xlogy(p, p).sum(axis=1)) / np.log(model.k)
    row["smallest"] = float(model.shares[-1])
    row["smallest_n"] = int(grown * np.bincount(member, minlength=model.k).min())
    row["stability"], row["least_stable"] = float(stability.mean()), float(stability.min())
    return row | {"kmeans": adjusted_rand_score(member, _kmeans(data, model.k, seed)[data.pattern])}


def _kmeans(data: mixtures.Answers, k: int, seed) -> np.ndarray:
    """k-means of the distinct rows; each variable has variance 1, over all levels of a category."""
    w, parts, start = data.weights / data.weights.sum(), [], 0
    for size in data.levels:
        part = data.design[start : start + size]
        mean = part @ w
        parts.append(part / np.sqrt(max(mean @ (1 - mean), mixtures.TINY)))
        start += size
    parts.append(data.design[start + 1 :: 3])
    points = np.concatenate(parts).T
    return KMeans(k, n_init=3, random_state=int(seed)).fit_predict(points, sample_weight=data.weights)


def _best(choices: pd.DataFrame, minimum_base: int) -> tuple[int, dict[int, str]]:
    """The eligible k with the least BIC, and why others are not eligible."""
    reasons = {}
    for row in choices[choices["k"] > 1].itertuples():
        if row.smallest_n < minimum_base:
            reasons[row.k] = tr_n(
                "its smallest class has {n} row, below the minimum base of {base}",
                "its smallest class has {n} rows, below the minimum base of {base}",
                row.smallest_n,
                base=text.number(minimum_base),
            )
        elif row.least_stable < STABLE:
            reasons[row.k] = tr(
                "a class comes back with a Jaccard similarity of {similarity}, below {least}",
                similarity=text.number(row.least_stable, "ratio"),
                least=text.number(STABLE, digits=1),
            )
    eligible = choices[~choices["k"].isin(list(reasons))]
    return int(eligible.loc[eligible["bic"].idxmin(), "k"]), reasons


def _verdict(choices: pd.DataFrame, best: int, reasons: dict[int, str], p: dict[str, float]) -> str | None:
    """Why there are no segments, or None."""
    if best == 1:
        if choices["bic"].idxmin() == choices.index[choices["k"] == 1][0]:
            return tr("no segments: one class for all has the least BIC")
        return tr("no segments: no solution has classes that are all large and stable enough")
    if p["independent"] > SIGNIFICANT:
        return tr(
            "no segments: answers that have nothing to do with each other gain as much by {k} classes in {share} of "
            "simulations",
            k=best,
            share=f"{p['independent']:.0%}",
        )
    if p["continuum"] > SIGNIFICANT:
        return tr(
            "no segments: customers differ by degree, not in kind; answers that only rise and fall together gain as "
            "much by {k} classes in {share} of simulations",
            k=best,
            share=f"{p['continuum']:.0%}",
        )
    return None


def _why(k: int, chosen: int, best: int, reasons: dict[int, str], bic: pd.Series) -> str:
    """Why this k was chosen, or was not."""
    if k == chosen:
        return tr("chosen: the least BIC among those eligible") if k == best else tr("chosen: there are no segments")
    more = text.number(bic[k] - bic[best], sign=True)
    return reasons.get(k, tr("its BIC is {more} against that of k = {best}", more=more, best=best))


def _numbers_of_classes(ks) -> list[int]:
    ks = [ks] if isinstance(ks, Integral) else list(ks)
    bad = [k for k in ks if not isinstance(k, Integral) or isinstance(k, bool) or k < 1]
    if bad or not ks:
        raise CxError(f"k is a number of classes of 1 or more, or several; found {repr(bad[0]) if bad else 'none'}")
    return sorted({1, *(int(k) for k in ks)})


def _check_design(strata, clusters, rows: int) -> None:
    for name, column in (("strata", strata), ("clusters", clusters)):
        if column is not None and len(column) != rows:
            raise CxError(f"{name} are as many as rows; found {len(column)} for {rows} rows")


def _some(rows: np.ndarray, most: int, random) -> np.ndarray:
    return rows if len(rows) <= most else np.sort(random.choice(rows, most, replace=False))


def _part_of_design(unit: np.ndarray, stratum: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The units of some rows, numbered anew, and their strata."""
    kept, again = np.unique(unit[rows], return_inverse=True)
    return again.ravel(), stratum[kept]
