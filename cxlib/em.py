"""EM for the mixtures of mixtures.py, many runs at once: plain steps, and longer ones where plain steps creep.

Runs differ by their start, by their weights, or both. Sources: Dempster, Laird and Rubin, Journal of the Royal
Statistical Society B 39 (1977) 1-38; Varadhan and Roland, Scandinavian Journal of Statistics 35 (2008) 335-353.
"""

import numpy as np

from cxlib.mixtures import TINY, Answers, Runs, coefficients, densities, drawn_starts, flat, joined, shaped
from cxlib.steps import in_steps

PLAIN = 50  # steps of a run to its end after which longer ones are tried: none where the first steps suffice
LONGER = 4.0  # times as long, or as short: what a step may be after one that led uphill, or did not
QUIET, ROUNDS = 0.01, 2  # so many rounds that gain less than this part of `enough` are the end


@in_steps
def run(
    data: Answers,
    runs: Runs,
    *,
    weights: np.ndarray | None = None,
    steps: int = 2000,
    enough: float = 1e-5,
) -> Runs:
    """EM until what is still to be gained of the log-likelihood falls below `enough` (Aitken), or for so many steps.

    `weights` are S x N where each run has its own. Log-likelihoods are of the scaled numbers.
    """
    s = len(runs.shares)
    shares, found = runs.shares.copy(), runs.coefficients.copy()
    reached, gain, done = np.full(s, -np.inf), np.zeros(s), np.zeros(s, bool)
    for step in range(steps):
        going = np.flatnonzero(~done)
        w = data.weights[None] if weights is None else weights[going]
        value, weighed = _expected(data, w, shares[going], found[going])
        if step > 1:
            now = value - reached[going]
            rising = (now > 0) & (gain[going] > 0)
            rate = np.divide(now, gain[going], out=np.zeros(len(now)), where=rising).clip(max=0.9999)
            done[going] = now * np.maximum(rate / (1 - rate), 1.0) < enough
        gain[going] = value - reached[going] if step else 0.0
        reached[going] = value
        on = ~done[going]
        if not on.any():
            break
        if not on.all():
            going, weighed = going[on], weighed[on]
        shares[going], found[going] = _maximised(data, weighed)
        yield
    return Runs(shares, found, reached, done)


@in_steps
def run_far(data: Answers, runs: Runs, *, steps: int = 2000, enough: float = 1e-5) -> Runs:
    """EM with steps that are longer the straighter its way, until two rounds gain next to nothing, or for so many.

    A round is two steps of EM from a point, a third from where SQUAREM (scheme S3, on shares, chances, means and
    logarithms of standard deviations) extrapolates them to, and so no step is taken that EM would not take from some
    point. Where the extrapolation is less likely than what one step of EM came to, the two steps are all there is of
    the round: the log-likelihood never falls. Extrapolated chances are kept above 0 and made to add up to 1, standard
    deviations above the floor. The end is that of run(), but for maxima so near to each other that EM, too, comes to
    one or the other by its last bits. Source: Varadhan and Roland (2008), sections 6 and 7.
    """
    s = len(runs.shares)
    shares, found = runs.shares.copy(), runs.coefficients.copy()
    reached, longest, quiet = np.full(s, -np.inf), np.ones(s), np.zeros(s, int)
    for _ in range(0, steps, 3):
        going = np.flatnonzero(quiet < ROUNDS)
        start = shares[going], found[going]
        value, weighed = _expected(data, data.weights, *start)
        quiet[going] = np.where(value - reached[going] < QUIET * enough, quiet[going] + 1, 0)
        reached[going] = value
        on = quiet[going] < ROUNDS
        if not on.any():
            break
        going, start = going[on], (start[0][on], start[1][on])
        once = _maximised(data, weighed[on])
        yield
        value, weighed = _expected(data, data.weights, *once)
        twice = _maximised(data, weighed)
        yield
        beyond, length = _extrapolated(data, start, once, twice, longest[going])
        there, weighed = _expected(data, data.weights, *beyond)
        uphill = there >= value
        longest[going] = _longest_next(longest[going], length, uphill)
        shares[going], found[going] = twice
        if uphill.any():
            shares[going[uphill]], found[going[uphill]] = _maximised(data, weighed[uphill])
        yield
    return Runs(shares, found, reached, quiet >= ROUNDS)


@in_steps
def best(
    data: Answers, k: int, starts: int, seed, *, short=20, finish=3, steps=2000, enough=1e-5, least=-np.inf
) -> Runs:
    """Short runs from all starts; the best few of them run to the end, the best first.

    Where none of the short runs comes to the log-likelihood `least`, they are the end.
    """
    first = drawn_starts(data, k, starts, np.random.default_rng(seed))
    first = yield from run.steps(data, first, steps=short, enough=enough)
    last = first[np.argsort(-first.log_likelihood, kind="stable")[:finish]]
    if last.log_likelihood[0] < least:
        return last
    last = yield from run.steps(data, last, steps=min(steps, PLAIN), enough=enough)
    if steps > PLAIN and not last.converged.all():
        far = yield from run_far.steps(data, last[~last.converged], steps=steps - PLAIN, enough=enough)
        last = joined([last[last.converged], far])
    return last[np.argsort(-last.log_likelihood, kind="stable")]


def _expected(data: Answers, w: np.ndarray, shares, coefficients) -> tuple[np.ndarray, np.ndarray]:
    """The E step: log-likelihood of each run, and probabilities of the classes times weights, S x k x N."""
    found, total, density = densities(data.design, shares, coefficients)
    value = (w * density).sum(axis=-1)
    # Divided by the total and multiplied by the weight in one pass over the largest array.
    found *= (w / total).astype(found.dtype, copy=False)[:, None]
    return value, found


def _maximised(data: Answers, weighed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The M step: logarithms of shares, and coefficients."""
    s, k, n = weighed.shape
    sums = (weighed.reshape(s * k, n) @ data.design.T).reshape(s, k, -1)
    total = weighed.sum(axis=2, dtype=float) + TINY
    return np.log(total / total.sum(axis=1, keepdims=True)), coefficients(data, sums)


def _extrapolated(data: Answers, start, once, twice, longest: np.ndarray):
    """Shares and coefficients as many steps on as the way of two steps of EM is straight, and how many these are."""
    begin, first, second = (flat(data, *point) for point in (start, once, twice))
    step, bend = first - begin, second - 2 * first + begin
    length = np.sqrt((step**2).sum(axis=1) / np.maximum((bend**2).sum(axis=1), TINY**2))
    length = np.clip(length, 1.0, longest)
    along = length[:, None]
    return shaped(data, begin + 2 * along * step + along**2 * bend, start[0].shape[1]), length


def _longest_next(longest: np.ndarray, length: np.ndarray, uphill: np.ndarray) -> np.ndarray:
    """How long the next step may be: longer where the last was as long as it might, shorter where it led downhill."""
    more = np.where(length >= longest, LONGER * longest, longest)
    return np.where(uphill, more, np.maximum(longest / LONGER, 1.0))
