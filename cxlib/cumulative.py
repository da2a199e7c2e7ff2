"""The likelihood of ordered answers: cuts on a latent scale, moved by drivers; the same or different at each cut.

P(answer <= k) = F(cut_k - x b): logit or probit F. Where a term is free, b differs from cut to cut (partial
proportional odds). Every bound is linear in the parameters, so value, gradient and Hessian are the same few lines for
all these models, and the log-likelihood is concave. Sources: McCullagh, Journal of the Royal Statistical Society B 42
(1980) 109-142; Peterson and Harrell, Applied Statistics 39 (1990) 205-217; Pratt, JASA 76 (1981) 103-106 (concavity).
"""

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from cxlib import separation
from cxlib.errors import CxError
from cxlib.newton import maximise
from cxlib.terms import Sample, standardised

# link: distribution function, its density, and the density's slope.
LINKS = {
    "logit": (
        special.expit,
        lambda q: special.expit(q) * special.expit(-q),
        lambda q: (above := special.expit(q)) * special.expit(-q) * (1 - 2 * above),
    ),
    "probit": (special.ndtr, stats.norm.pdf, lambda q: -q * stats.norm.pdf(q)),
}


@dataclass(frozen=True)
class Cumulative:
    """A fitted likelihood of ordered answers; parameters are the cuts, then the slopes.

    place: (K - 1) x p, where in the parameters the slope of each term at each cut stands. covariance: P x P, the
    inverse information of the weighted likelihood. influence: rows in use x P, what a row adds to the parameters per
    unit of its weight.
    """

    parameters: np.ndarray
    place: np.ndarray
    log_likelihood: float
    covariance: np.ndarray
    influence: np.ndarray

    @property
    def cuts(self) -> int:
        """How many cuts there are."""
        return len(self.place)


def places(cuts: int, free: np.ndarray) -> np.ndarray:
    """Where the slope of each term (free or not, p) at each cut stands in the parameters."""
    result, after = np.zeros((cuts, len(free)), int), cuts
    for term, loose in enumerate(free):
        result[:, term] = after + (np.arange(cuts) if loose else 0)
        after += cuts if loose else 1
    return result


def fit(sample: Sample, answer: np.ndarray, link: str, free: np.ndarray, start: np.ndarray | None = None) -> Cumulative:
    """The parameters of greatest likelihood; `answer` numbers the outcome's levels from 0, `free` marks terms.

    `start` are slopes (p) to begin at. Raises CxError for an unknown link and where no finite solution exists.
    """
    if link not in LINKS:
        raise CxError(f"link is one of {', '.join(LINKS)}; found {link}")
    w, (z, centre, scale) = sample.w, standardised(sample.x, sample.w)
    place = places(answer.max(), free)
    upper, lower = bounds(z, answer, place)
    below = np.cumsum(np.bincount(answer, w))[:-1] / w.sum()
    first = np.zeros(upper.shape[1])
    first[: len(place)] = special.logit(below) if link == "logit" else special.ndtri(below)
    if start is not None:
        first[place] = start * scale
        first[: len(place)] += (w @ z / w.sum()) @ (start * scale)

    share = w / w.sum()
    b, reached = maximise(
        lambda p: _value(p, upper, lower, share, link),
        lambda p: (
            share @ _slopes(p, upper, lower, link)[0],
            _information(p, upper, lower, share, link),
        ),
        first,
    )
    if not reached or separation.suspected(z, b[place]):
        _refuse_separation(sample, upper, lower, place)
    if not reached:
        raise CxError(
            f"the model of {sample.outcome} has no best fit that can be reached: an answer is too rare, or cuts cross; "
            f"merge answers, or free fewer drivers{sample.where}"
        )
    # From standardised terms back to the drivers' own units.
    back = np.eye(len(b))
    for k, row in enumerate(place):
        back[row, row] = 1 / scale
        back[k, row] += centre / scale
    covariance = np.linalg.inv(_information(b, upper, lower, w, link))
    return Cumulative(
        parameters=back @ b,
        place=place,
        log_likelihood=w.sum() * _value(b, upper, lower, share, link),
        covariance=back @ covariance @ back.T,
        influence=_slopes(b, upper, lower, link)[0] @ covariance @ back.T,
    )


def bounds(x: np.ndarray, answer: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The bounds of each row's answer as linear functions of the parameters (M x P); all 0 where there is none."""
    upper, lower = (np.zeros((len(x), place.max() + 1)) for _ in range(2))
    for k, row in enumerate(place):
        for matrix, here in ((upper, answer == k), (lower, answer == k + 1)):
            matrix[here, k] = 1.0
            matrix[np.ix_(here, row)] = -x[here]
    return upper, lower


def _ends(p, upper, lower) -> tuple[np.ndarray, np.ndarray]:
    """The bounds of each row's answer, infinite at the ends of the scale."""
    u = np.where(upper.any(axis=1), upper @ p, np.inf)
    return u, np.where(lower.any(axis=1), lower @ p, -np.inf)


def _chance(u, low, link: str) -> np.ndarray:
    """F(u) - F(low), taken in the tail where the difference keeps its digits."""
    flip = low > 0
    return LINKS[link][0](np.where(flip, -low, u)) - LINKS[link][0](np.where(flip, -u, low))


def _value(p, upper, lower, share, link) -> float:
    """The mean log-likelihood; minus infinity where cuts cross."""
    chance = _chance(*_ends(p, upper, lower), link)
    return float(share @ np.log(chance)) if (chance > 0).all() else -np.inf


def _parts(p, upper, lower, link) -> tuple[np.ndarray, ...]:
    """Densities over the chance of the answer at both bounds, and the densities' slopes over it."""
    u, low = _ends(p, upper, lower)
    chance = np.maximum(_chance(u, low, link), 1e-300)
    _, density, slope = LINKS[link]

    def at(function, bound):
        return np.where(np.isfinite(bound), function(np.where(np.isfinite(bound), bound, 0.0)), 0.0) / chance

    return at(density, u), at(density, low), at(slope, u), at(slope, low)


def _slopes(p, upper, lower, link) -> tuple[np.ndarray, tuple]:
    """The gradient of each row's log-likelihood (M x P), and the parts it is made of."""
    parts = _parts(p, upper, lower, link)
    return upper * parts[0][:, None] - lower * parts[1][:, None], parts


def _information(p, upper, lower, share, link) -> np.ndarray:
    """Minus the Hessian of the mean log-likelihood."""
    score, (_, _, slope_u, slope_low) = _slopes(p, upper, lower, link)
    curved = (upper * (share * slope_u)[:, None]).T @ upper - (lower * (share * slope_low)[:, None]).T @ lower
    return (score * share[:, None]).T @ score - curved


def _refuse_separation(sample: Sample, upper, lower, place) -> None:
    """CxError where the likelihood grows for ever, naming the drivers."""
    kind, moves = separation.directions(np.vstack([upper[upper.any(axis=1)], -lower[lower.any(axis=1)]]))
    if kind == "none":
        return
    terms = [term for term, column in zip(sample.terms, place.T, strict=True) if moves[column].any()]
    raise CxError(
        f"{kind} separation: {', '.join(terms or sample.terms)} sorts the answers to {sample.outcome} without error "
        f"at a cut, so its coefficient has no finite value{sample.where}; leave it out or merge its categories"
    )
