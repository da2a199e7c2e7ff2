"""The exact distribution of the number of silent customers: negative-binomial, over what is known of the rate.

P(S <= s | p) is a regularised incomplete beta function, I_p(r, s + 1). Over a mixture of Beta distributions of p it is
integrated by Gauss-Legendre panels on the logit of p, with panels of their own where I_p rises, so that ten million
complainers cost no more than ten. Where there is one Beta and counts are small the sum over s is quicker: searches
begin by it, and spread() rests on it.
"""

from collections.abc import Callable
from functools import cached_property

import numpy as np
from scipy import interpolate, optimize, special

from cxlib.complaint_rate import ComplaintRate
from cxlib.errors import CxError

NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)
# Panels over the whole of p and over most of it, for one Beta and for a mixture of them; and over the rise of I_p.
PANELS, MIXED, RISE = 16, 32, 12
REACH = 9.0  # standard deviations on either side of that rise
KNOTS = 48  # a panel, of the spline through a mixture's density
TAIL, MOST = 1e-17, 1e-3  # of probability, at either end of a Beta: left out, and thinly spread
FURTHEST = 690.0  # logits, beyond which p or 1 - p is no number
EDGE, STEPS = 1e-5, 300  # of spread(): the tails left out, and the numbers between them
ENDLESS = 1e18  # silent customers: a quantile above is told as infinite
SUMMED = 2**15  # silent customers, and complainers, up to which probabilities are added up


class NegativeBinomial:
    """Silent customers behind r complainers at a rate p of which `rate` knows; at most `most` where it is given.

    With a cap the distribution is cut and scaled to 1, which is the posterior under the prior 1/N on at most r + most.
    """

    def __init__(self, r: int, rate: ComplaintRate, most: int | None = None):
        self.r, self.rate, self.most = r, rate, most
        self._found: dict[float, float] = {}  # of _below(): searches come back to the same numbers

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
        added = 0 if self._added is None else np.searchsorted(self._added, q * self.room)
        if self._added is not None and added < len(self._added):
            s = float(added)
        else:
            # P(S <= s) is a smooth function of any s: a root on the logarithm, to a tenth of a customer, then the whole
            # number at or above it.
            near = max(1e-12, 0.1 / (1 + most))
            found = optimize.brentq(lambda t: self.below(np.expm1(t)) - q, 0.0, np.log1p(most), xtol=near, rtol=1e-13)
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
        return np.interp(q, *self._curve)

    @cached_property
    def _curve(self) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities and the numbers that they lie below."""
        low, high = self.quantile(EDGE), self.quantile(1 - EDGE)
        if not np.isfinite(high):
            raise CxError(
                "what silent customers cost has no upper limit: the survey saw too few complainers; name the number of "
                "customers"
            )
        s = np.unique(np.round(np.geomspace(low + 1, high + 1, STEPS))) - 1
        summed = self._added is not None and s[-1] < len(self._added)
        below = (self._added[s.astype(int)] if summed else self._all_below(s)) / self.room
        if self.most is not None:
            below[s >= self.most] = 1.0
        return np.concatenate([[0.0], below]), np.concatenate([[max(low - 1, 0.0)], s])

    @cached_property
    def _added(self) -> np.ndarray | None:
        """P(S <= s) for s = 0, 1, … as the sum of the beta-negative-binomial probabilities, without the cap.

        None where the rate is known or mixed, or where numbers are so great that they would be lost in rounding.
        """
        if self.rate.known or len(self.rate.a) > 1 or self.r > SUMMED:
            return None
        (a,), (b,), r = self.rate.a, self.rate.b, self.r
        s = np.arange(SUMMED if self.most is None else min(self.most + 1, SUMMED))
        ways = special.gammaln(r + s) - special.gammaln(s + 1.0) - special.gammaln(r)
        return np.cumsum(np.exp(ways + special.betaln(a + r, b + s) - special.betaln(a, b)))

    def moments(self) -> tuple[float, float]:
        """Mean and standard deviation; infinite where the rate may come too near to 0 and nothing caps."""
        first, second = self._factorial_moment(1), self._factorial_moment(2)
        if not np.isfinite(second):
            return first, second
        return first, float(np.sqrt(max(second + first - first**2, 0.0)))

    def _below(self, s: float) -> float:
        if self.rate.known:
            return float(special.betainc(self.r, s + 1.0, self.rate.value))
        if s not in self._found:
            self._found[s] = float(self._over_p(self._rise, self.r, s + 1.0))
        return self._found[s]

    def _all_below(self, s: np.ndarray) -> np.ndarray:
        """P(S <= s) for many numbers at once, without the cap."""
        if self.rate.known:
            return special.betainc(self.r, s + 1.0, self.rate.value)
        return self._over_p(self._rise, self.r, s + 1.0)

    def _rise(self, p: np.ndarray, t: np.ndarray, b: np.ndarray) -> np.ndarray:
        return special.betainc(self.r, b, p)

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

        def odds(p, t, b):
            inside = within(p)
            # Where p is next to 0 nothing lies within the cap, whatever the odds.
            return np.where(inside > 0, np.exp(-k * np.where(inside > 0, t, 0.0)) * inside, 0.0)

        return rising * float(self._over_p(odds, self.r + k, most - k + 1.0)) / self.room

    def _over_p(self, function: Callable, a: float, b) -> np.ndarray:
        """E[function(p, logit p, b)] over the rate, for a function that follows I_p(a, b); for each b, where many."""
        b = np.asarray(b)[..., None]
        low, high = self._panels[[0, -1]]
        centre = special.digamma(a) - special.digamma(b)
        reach = REACH * np.sqrt(special.polygamma(1, a) + special.polygamma(1, b))
        rise = np.clip(centre + reach * np.linspace(-1, 1, RISE), low, high)
        # Ends that fall together make a panel of no width, which adds nothing.
        panels = np.broadcast_to(self._panels, (*rise.shape[:-1], len(self._panels)))
        edges = np.sort(np.concatenate([panels, rise], axis=-1))
        half = np.diff(edges) / 2
        t = (edges[..., :-1] + half)[..., None] + half[..., None] * NODES
        with np.errstate(over="ignore", under="ignore"):
            values = function(special.expit(t), t, b[..., None]) * self._density(t)
        within = (values * WEIGHTS * half[..., None]).sum(axis=(-1, -2))
        return within + self._beyond * function(np.float64(1.0), high, b[..., 0])

    @cached_property
    def _beyond(self) -> float:
        """The probability beyond the last panel, where p is 1 for every number that can be written."""
        return self.rate.share @ special.betainc(self.rate.b, self.rate.a, special.expit(-self._panels[-1]))

    def _density(self, t: np.ndarray) -> np.ndarray:
        """The density of the logit of p."""
        if len(self.rate.a) > 1:
            return np.exp(self._mixed(t))
        (a,), (b,) = self.rate.a, self.rate.b
        return np.exp(a * special.log_expit(t) + b * special.log_expit(-t) - special.betaln(a, b))

    def _log_density(self, t: np.ndarray) -> np.ndarray:
        rate = self.rate
        logs = np.column_stack([special.log_expit(t), special.log_expit(-t)]) @ np.stack([rate.a, rate.b])
        logs -= special.betaln(rate.a, rate.b)
        most = logs.max(axis=1)
        return most + np.log(np.exp(logs - most[:, None]) @ rate.share)

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
        ends = 1 + (PANELS if len(self.rate.a) == 1 else MIXED)
        return np.unique([*np.linspace(*whole, ends), *np.linspace(*most, ends)])

    def _span(self, tail: float) -> tuple[float, float]:
        """The logits between which every component has all but `tail` of its probability at either end."""
        low = special.betaincinv(self.rate.a, self.rate.b, tail)
        high = special.betaincinv(self.rate.b, self.rate.a, tail)  # of 1 - p
        with np.errstate(divide="ignore"):  # SciPy knows no quantile of a component that sits on its end
            return max(special.logit(np.nanmin(low)), -FURTHEST), min(-special.logit(np.nanmin(high)), FURTHEST)
