"""Partial pooling of rates in a league: beta-binomial, with a prior that lets units differ as pooled_means does.

cxlib.pooling pools segments of a survey, few and small, under a uniform shrinkage. A league has many units and asks how
much they differ, which takes a finer grid of that, and the prior that is flat on it.
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from cxlib.complaint_rate import PRIOR

SPREADS, MEANS = 32, 36  # points of the grid: standard deviation between units, mean
LEAST = -14.0  # logarithm of m / (a + b): units a thousandth of their error apart …
LARGEST = 1e10  # … or of a + b, above which the likelihood loses its digits
NEGLIGIBLE = 1e-6  # weight of a point that is left out, against the likeliest
EDGES, BEYOND = 601, 1e-9  # of a distribution cut into pieces, and what is left out at either end
BOUND = 700.0  # of logits: beyond, a rate is 0 or 1
STEPS, NEAR = 100, 1e-6  # of Halley's method, and a step so short that the next one would move no digit


@dataclass(frozen=True)
class PooledRates:
    """The posterior of k rates: given a and b (G points with their shares) each is Beta(a + x, b + n - x).

    reach: half of the distance between the mean rates, a / (a + b), of neighbouring points (G).
    """

    a: np.ndarray
    b: np.ndarray
    share: np.ndarray
    reach: np.ndarray
    x: np.ndarray
    n: np.ndarray

    def means(self) -> np.ndarray:
        """The mean of each unit's distribution (k)."""
        a = self.a[:, None] + self.x
        return self.share @ (a / (a + _missed(self.b[:, None], self.x, self.n)))

    def quantile(self, q: float) -> np.ndarray:
        """The rate that a share q of each unit's distribution lies below (k)."""
        a, b = self.a[:, None] + self.x, _missed(self.b[:, None], self.x, self.n)
        each, constant = a / (a + b), special.betaln(a, b)
        mean = self.share @ each
        variance = self.share @ (each * (1 - each) / (a + b + 1) + (each - mean) ** 2)
        # From the Beta distribution of the same mean and variance on, by Halley's method; on the logit, where every
        # Beta is a smooth hill, and between bounds, as a step may lead too far.
        size = mean * (1 - mean) / variance - 1
        at = special.logit(special.betaincinv(size * mean, size * (1 - mean), q)).clip(-BOUND, BOUND)
        low, high = np.full(len(at), -BOUND), np.full(len(at), BOUND)
        for _ in range(STEPS):
            rate = special.expit(at)
            below = self.share @ special.betainc(a, b, rate) - q
            height = self.share[:, None] * np.exp(a * special.log_expit(at) + b * special.log_expit(-at) - constant)
            slope, bend = height.sum(axis=0), (height * (a - (a + b) * rate)).sum(axis=0)
            low, high = np.where(below < 0, at, low), np.where(below < 0, high, at)
            with np.errstate(divide="ignore", invalid="ignore"):
                step = at - 2 * below * slope / (2 * slope**2 - below * bend)
            step = np.where((low <= step) & (step <= high), step, (low + high) / 2)
            done, at = np.abs(step - at).max() < NEAR, step
            if done:
                break
        return special.expit(at)

    def own(self) -> np.ndarray:
        """The weight of each unit's own data, n / (a + b + n) on average (k)."""
        return self.share @ (self.n / ((self.a + self.b)[:, None] + self.n))

    def average_quantile(self, q: float) -> float:
        """The value that a share q of the distribution of the mean rate lies below."""
        mean = self.a / (self.a + self.b)
        low, high = mean - self.reach, mean + self.reach

        def below(value):
            return self.share @ np.clip((value - low) / (high - low), 0, 1) - q

        return float(optimize.brentq(below, low.min(), high.max(), xtol=1e-12))

    def between_quantile(self, q: float) -> float:
        """The same of the standard deviation between units."""
        total = self.a + self.b
        sd = np.sqrt(self.a * self.b / (total + 1)) / total
        # Points of one a + b have much the same: they are one step of the distribution.
        _, step = np.unique(np.round(np.log(total), 6), return_inverse=True)
        share = np.bincount(step, self.share)
        logs = np.bincount(step, self.share * np.log(sd)) / share
        share, logs = share[::-1], logs[::-1]  # the larger a + b, the smaller the standard deviation
        return float(np.exp(np.interp(q, np.cumsum(share) - share / 2, logs)))

    def surprise(self, x: float, n: float) -> float:
        """How seldom another unit would have so many or so few of n (twice the mid-p of the smaller tail)."""
        ends = [special.betaincinv(self.a, self.b, q) for q in (BEYOND, 1 - BEYOND)]
        edges = special.expit(np.linspace(*special.logit([ends[0].min(), ends[1].max()]).clip(-30, 30), EDGES))
        within = np.diff(self.share @ special.betainc(self.a[:, None], self.b[:, None], edges))
        rate = (edges[1:] + edges[:-1]) / 2
        up_to = special.betainc(n - x, x + 1, 1 - rate) if x < n else np.ones_like(rate)
        under = special.betainc(n - x + 1, x, 1 - rate) if x > 0 else np.zeros_like(rate)
        lower = within @ (up_to + under) / 2
        return float(2 * min(lower, within.sum() - lower))

    def draws(self, samples: int, *, seed: int) -> np.ndarray:
        """Rates of all units, drawn together from their joint distribution (samples x k)."""
        rng = np.random.default_rng(seed)
        at = rng.choice(len(self.share), samples, p=self.share)[:, None]
        return rng.beta(self.a[at] + self.x, _missed(self.b[at], self.x, self.n))


def pool_rates(x, n) -> PooledRates:
    """The rates x / n of three or more units, partially pooled; x and n may have fractions.

    The prior is Jeffreys' for the mean rate, and flat for the square root of m / (a + b), m the median n: which is the
    standard deviation between units, in those of the error of a typical one. a + b is 1 at least: rates are nowhere
    more spread than Jeffreys' prior has them. Source: Gelman et al., Bayesian Data Analysis (2013), section 5.3.
    """
    x, n = np.asarray(x, float), np.asarray(n, float)

    def posterior(spreads, z):
        """a, b and the log posterior at each of spreads (logarithms of m / (a + b)) and places of the mean.

        A place is told from a mean of the rates, weighted as their spread has it, in standard errors of it on the
        logit, so that the grid follows the posterior however narrow it is.
        """
        size = np.median(n) * np.exp(-spreads)[:, None]
        weight = 1 / (1 / n + 1 / size)
        total = weight.sum(axis=1, keepdims=True) + 1
        mean = ((weight * x / n).sum(axis=1, keepdims=True) + PRIOR) / total
        step = 1 / np.sqrt(total * mean * (1 - mean))
        logits = special.logit(mean) + step * z
        a, b = size * special.expit(logits), size * special.expit(-logits)
        each = special.betaln(a[..., None] + x, _missed(b[..., None], x, n)) - special.betaln(a, b)[..., None]
        prior = spreads[:, None] / 2 + PRIOR * (special.log_expit(logits) + special.log_expit(-logits))
        return a, b, each.sum(axis=-1) + prior + np.log(step)

    middle = np.log(np.median(n))
    spreads = np.linspace(max(LEAST, middle - np.log(LARGEST)), middle, 65)
    z = np.linspace(-20, 20, 81)
    for _ in range(2):  # between the first steps the posterior may be narrow
        logs = posterior(spreads, z)[-1]
        seen = logs > logs.max() + np.log(NEGLIGIBLE)
        ranges = []
        for steps, hit in ((spreads, seen.any(axis=1)), (z, seen.any(axis=0))):
            ends, gap = steps[hit][[0, -1]], steps[1] - steps[0]
            ranges.append((max(ends[0] - gap, steps[0]), min(ends[1] + gap, steps[-1])))
        spreads, z = np.linspace(*ranges[0], SPREADS), np.linspace(*ranges[1], MEANS)
    a, b, logs = posterior(spreads, z)
    logs[-1] -= np.log(2)  # trapezoids, of which only this end may be high
    reach = np.abs(np.gradient(a / (a + b), axis=1)) / 2
    a, b, logs = a.ravel(), b.ravel(), logs.ravel()
    share = np.exp(logs - logs.max())
    keep = share > NEGLIGIBLE
    a, b, share, reach = a[keep], b[keep], share[keep], reach.ravel()[keep]
    return PooledRates(a, b, share / share.sum(), reach, x, n)


def _missed(b: np.ndarray, x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """b + n - x, where it is b alone not rounded to 0."""
    return np.where(x == n, b, b + n - x)
