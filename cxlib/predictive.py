"""The exact distribution of the number of silent customers: negative-binomial, over what is known of the rate.

P(S <= s | p) is a regularised incomplete beta function, I_p(r, s + 1). Over a mixture of Beta distributions of p it is
integrated by Gauss-Legendre panels on the logit of p, with panels of their own where I_p rises, so that ten million
complainers cost no more than ten. The sum over s, which small counts allow, serves as the oracle in the tests.
"""

from collections.abc import Callable
from functools import cached_property

import numpy as np
from scipy import interpolate, optimize, special

from cxlib.complaint_rate import ComplaintRate
from cxlib.errors import CxError

NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)
PANELS, RISE = 32, 24  # over the whole of p and over most of it, and over the rise of I_p
REACH = 9.0  # standard deviations on either side of that rise
KNOTS = 48  # a panel, of the spline through a mixture's density
TAIL, MOST = 1e-17, 1e-3  # of probability, at either end of a Beta: left out, and thinly spread
FURTHEST = 690.0  # logits, beyond which p or 1 - p is no number
EDGE, STEPS = 1e-5, 300  # of spread(): the tails left out, and the numbers between them
ENDLESS = 1e18  # silent customers: a quantile above is told as infinite


class NegativeBinomial:
    """Silent customers behind r complainers at a rate p of which `rate` knows; at most `most` where it is given.

    With a cap the distribution is cut and scaled to 1, which is the posterior under the prior 1/N on at most r + most.
    """

    def __init__(self, r: int, rate: ComplaintRate, most: int | None = None):
        self.r, self.rate, self.most = r, rate, most

    @cached_property
    def room(self) -> float:
        """The probability that the cap leaves."""
        return 1.0 if self.most is None else self._below(self.most)

    def below(self, s: float) -> float:
        """P(S <= s)."""
        if s < 0:
            return 0.0
        if self.most is not None and s >= self.most:
            return 1.0
        return self._below(s) / self.room

    def quantile(self, q: float) -> float:
        """The least number with P(S <= s) >= q; infinite above ENDLESS."""
        most = ENDLESS if self.most is None else float(self.most)
        if self.below(0) >= q:
            return 0.0
        if self.below(most) < q:
            return np.inf
        # P(S <= s) is a smooth function of any s: a root on the logarithm, then the whole number at or above it.
        found = optimize.brentq(lambda t: self.below(np.expm1(t)) - q, 0.0, np.log1p(most), xtol=1e-12, rtol=1e-13)
        s = np.floor(np.expm1(found))
        while s > 0 and self.below(s - 1) >= q:
            s -= 1
        while self.below(s) < q:
            s += 1
        return float(s)

    def spread(self, q: np.ndarray) -> np.ndarray:
        """The numbers below which shares q of the distribution lie, without rounding to whole customers.

        Interpolated between exact probabilities at numbers that are even on a logarithmic scale: meant for sums over
        many points, where ten thousand searches would be slow.
        """
        low, high = self.quantile(EDGE), self.quantile(1 - EDGE)
        if not np.isfinite(high):
            raise CxError(
                "what silent customers cost has no upper limit: the survey saw too few complainers; name the number of "
                "customers"
            )
        s = np.unique(np.round(np.geomspace(low + 1, high + 1, STEPS))) - 1
        below = np.array([self.below(value) for value in s])
        return np.interp(q, np.concatenate([[0.0], below]), np.concatenate([[max(low - 1, 0.0)], s]))

    def moments(self) -> tuple[float, float]:
        """Mean and standard deviation; infinite where the rate may come too near to 0 and nothing caps."""
        first, second = self._factorial_moment(1), self._factorial_moment(2)
        if not np.isfinite(second):
            return first, second
        return first, float(np.sqrt(max(second + first - first**2, 0.0)))

    def _below(self, s: float) -> float:
        if self.rate.known:
            return float(special.betainc(self.r, s + 1.0, self.rate.value))
        return self._over_p(lambda p, t: special.betainc(self.r, s + 1.0, p), self.r, s + 1.0)

    def _factorial_moment(self, k: int) -> float:
        """E[S (S - 1) … of k factors]: r (r + 1) … E[((1 - p) / p)^k], over the part that the cap leaves."""
        rising, most = float(special.poch(self.r, k)), self.most
        if most is not None and most < k:
            return 0.0

        def within(p):
            return 1.0 if most is None else special.betainc(self.r + k, most - k + 1.0, p)

        if self.rate.known:
            p = self.rate.value
            return rising * ((1 - p) / p) ** k * float(within(p)) / self.room
        if most is None:
            a, b = self.rate.a, self.rate.b
            if (a <= k).any():
                return np.inf
            return rising * float(self.rate.share @ np.exp(special.betaln(a - k, b + k) - special.betaln(a, b)))

        def odds(p, t):
            inside = within(p)
            # Where p is next to 0 nothing lies within the cap, whatever the odds.
            return np.where(inside > 0, np.exp(-k * np.where(inside > 0, t, 0.0)) * inside, 0.0)

        return rising * self._over_p(odds, self.r + k, most - k + 1.0) / self.room

    def _over_p(self, function: Callable, a: float, b: float) -> float:
        """E[function(p, logit p)] over the rate, for a function that follows I_p(a, b)."""
        low, high = self._panels[[0, -1]]
        centre = special.digamma(a) - special.digamma(b)
        reach = REACH * np.sqrt(special.polygamma(1, a) + special.polygamma(1, b))
        edges = np.unique(np.clip([*self._panels, *np.linspace(centre - reach, centre + reach, RISE)], low, high))
        half = np.diff(edges) / 2
        t = (edges[:-1] + half)[:, None] + half[:, None] * NODES
        with np.errstate(over="ignore", under="ignore"):
            values = function(special.expit(t), t) * self._density(t)
        # Beyond the last panel p is 1 for every number that can be written.
        beyond = self.rate.share @ special.betainc(self.rate.b, self.rate.a, special.expit(-high))
        return float((values * WEIGHTS * half[:, None]).sum() + beyond * function(np.float64(1.0), high))

    def _density(self, t: np.ndarray) -> np.ndarray:
        """The density of the logit of p."""
        if len(self.rate.a) == 1:
            return np.exp(self._log_density(t.ravel())).reshape(t.shape)
        return np.exp(self._mixed(t))

    def _log_density(self, t: np.ndarray) -> np.ndarray:
        rate = self.rate
        logs = np.outer(special.log_expit(t), rate.a) + np.outer(special.log_expit(-t), rate.b)
        return special.logsumexp(logs - special.betaln(rate.a, rate.b), b=rate.share, axis=1)

    @cached_property
    def _mixed(self) -> interpolate.CubicSpline:
        """The logarithm of a mixture's density: a spline answers for hundreds of components."""
        edges = self._panels
        steps = np.diff(edges)[:, None] * np.arange(KNOTS) / KNOTS
        t = np.append((edges[:-1, None] + steps).ravel(), edges[-1])
        return interpolate.CubicSpline(t, self._log_density(t))

    @cached_property
    def _panels(self) -> np.ndarray:
        """The ends of the panels in logits: over all of the rate but TAIL, and narrower where most of it lies."""
        whole, most = self._span(TAIL), self._span(MOST)
        return np.unique([*np.linspace(*whole, PANELS + 1), *np.linspace(*most, PANELS + 1)])

    def _span(self, tail: float) -> tuple[float, float]:
        """The logits between which every component has all but `tail` of its probability at either end."""
        low = special.betaincinv(self.rate.a, self.rate.b, tail)
        high = special.betaincinv(self.rate.b, self.rate.a, tail)  # of 1 - p
        with np.errstate(divide="ignore"):
            return max(special.logit(low.min()), -FURTHEST), min(-special.logit(high.min()), FURTHEST)
