"""Partial pooling of means: units borrow strength from one another, the more the less is known of each.

The means of units are taken as draws from one normal distribution, of unknown mean and standard deviation (tau). The
units' intervals average over all values that tau may have, by quadrature, so that no estimate of 0 makes units alike
for certain. Errors of units borrow strength, too: a unit whose few customers happen to agree is not known exactly.
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

COARSE, FINE = 400, 600  # values of tau: to find where the posterior lies, and on which it is summed
NEGLIGIBLE = 1e-9  # weight of a value of tau that is left out, against the likeliest
STEPS = 60  # of bisection, each of which halves the error


@dataclass(frozen=True)
class PooledMeans:
    """The posterior distribution of k means: a mixture, over G values of tau, of normal distributions.

    tau, share: the values and their posterior weights (G). centre, centre_variance: of the mean of all units given tau
    (G). mean, variance: of each unit given tau (G x k). own: the weight of a unit's own data given tau (G x k).
    estimate, error: the k means and the variances that they were pooled with.
    """

    tau: np.ndarray
    share: np.ndarray
    centre: np.ndarray
    centre_variance: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    own: np.ndarray
    estimate: np.ndarray
    error: np.ndarray

    def quantile(self, q: float) -> np.ndarray:
        """The value that a share q of each unit's distribution lies below (k)."""
        return _mixture_quantile(q, self.share, self.mean, np.sqrt(self.variance))

    def average_quantile(self, q: float) -> float:
        """The value that a share q of the distribution of the mean of all units lies below."""
        return float(_mixture_quantile(q, self.share, self.centre[:, None], np.sqrt(self.centre_variance)[:, None])[0])

    def tau_quantile(self, q: float) -> float:
        """The value that a share q of the distribution of tau lies below."""
        return float(np.interp(q, np.cumsum(self.share) - self.share / 2, self.tau))

    def surprise(self, estimate: float, variance: float) -> float:
        """How seldom another unit's estimate, with an error of that variance, would lie so far out (two-sided p)."""
        sd = np.sqrt(self.tau**2 + self.centre_variance + variance)
        return float(2 * self.share @ special.ndtr(-np.abs(estimate - self.centre) / sd))

    def draws(self, samples: int, *, seed: int) -> np.ndarray:
        """Means of all units, drawn together from their joint distribution (samples x k)."""
        rng = np.random.default_rng(seed)
        at = rng.choice(len(self.tau), samples, p=self.share)
        centre = rng.normal(self.centre[at], np.sqrt(self.centre_variance[at]))[:, None]
        own = self.own[at]
        return rng.normal(own * self.estimate + (1 - own) * centre, np.sqrt(own * self.error))


def pool_means(estimate, variance) -> PooledMeans:
    """The means of three or more units, each with the variance of its error, partially pooled.

    The prior is flat for the mean of all units and for tau: of those in use the one whose 95% intervals held closest to
    95% of true values, for 3 to 30 units and whatever tau (a uniform shrinkage held 92% of 5 units that differ much).
    Sources: Gelman, Bayesian Analysis 1 (2006) 515-534; Gelman et al., Bayesian Data Analysis (2013), section 5.4.
    """
    y, error = np.asarray(estimate, float), np.asarray(variance, float)
    typical = 1 / np.mean(1 / error)
    # Steps of the logarithm of tau^2 over the typical variance; of three units the tails are long.
    furthest = -2 * np.log(NEGLIGIBLE)
    steps = np.linspace(-furthest, furthest + np.log1p(np.ptp(y) ** 2 / typical), COARSE)
    logs = _log_posterior(steps, typical, y, error)[-1]
    seen, gap = np.flatnonzero(logs > logs.max() + np.log(NEGLIGIBLE)), steps[1] - steps[0]
    steps = np.linspace(steps[seen[0]] - gap, steps[seen[-1]] + gap, FINE)
    between, centre, centre_variance, logs = _log_posterior(steps, typical, y, error)
    share = np.exp(logs - logs.max())
    own = between[:, None] / (between[:, None] + error)
    return PooledMeans(
        tau=np.sqrt(between),
        share=share / share.sum(),
        centre=centre,
        centre_variance=centre_variance,
        mean=own * y + (1 - own) * centre[:, None],
        variance=own * error + (1 - own) ** 2 * centre_variance[:, None],
        own=own,
        estimate=y,
        error=error,
    )


def _log_posterior(steps: np.ndarray, typical: float, y: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, ...]:
    """At each step: tau^2, the mean of all units and its variance, and the log of the posterior, up to a constant."""
    between = typical * np.exp(steps)
    precision = 1 / (error + between[:, None])
    total = precision.sum(axis=1)
    centre = (precision * y).sum(axis=1) / total
    misfit = (precision * (y - centre[:, None]) ** 2).sum(axis=1)
    likelihood = (np.log(precision).sum(axis=1) - np.log(total) - misfit) / 2
    return between, centre, 1 / total, likelihood + steps / 2  # flat on tau, in steps of its logarithm


def _mixture_quantile(q: float, share: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """The q quantile of mixtures of normal distributions (columns of mean and sd), all of the same shares."""
    each = mean + special.ndtri(q) * sd
    low, high = each.min(axis=0), each.max(axis=0)
    for _ in range(STEPS):
        middle = (low + high) / 2
        below = share @ special.ndtr((middle - mean) / sd) < q
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2


def moderated(variance, df) -> tuple[np.ndarray, np.ndarray]:
    """Variances of units drawn towards their common one, and the degrees of freedom that they gain by it.

    Each is a weighted mean of the unit's own variance (weight df) and the common one (weight d, which is the larger the
    less the variances differ by more than chance; infinite where they differ by no more). Variances of 0 take no part
    in finding d. Source: Smyth, Statistical Applications in Genetics and Molecular Biology 3 (2004), article 3,
    section 6; as in R's limma.
    """
    variance, df = np.asarray(variance, float), np.asarray(df, float)
    some = variance > 0
    half = df[some] / 2
    logs = np.log(variance[some]) - special.digamma(half) + np.log(half)
    excess = logs.var(ddof=1) - special.polygamma(1, half).mean() if some.sum() > 1 else 0.0
    if excess <= 0:
        return np.full(len(df), (variance * df).sum() / df.sum()), np.full(len(df), df.sum())
    d = 2 * optimize.brentq(lambda x: special.polygamma(1, x) - excess, 1e-8, 1e8)
    common = np.exp(logs.mean() + special.digamma(d / 2) - np.log(d / 2))
    return (d * common + df * variance) / (d + df), np.minimum(df + d, df.sum())


def outermost(estimate, variance) -> tuple[int, float]:
    """The unit that lies furthest from all others, and by how many standard deviations of a further one like them.

    The variance between the others is estimated by moments. Source: DerSimonian and Laird, Controlled Clinical Trials
    7 (1986) 177-188.
    """
    y, precision, k = np.asarray(estimate, float), 1 / np.asarray(variance, float), len(estimate)
    y = y - np.average(y, weights=precision)
    total, squares = (values.sum() - values for values in (precision, precision**2))
    mean = ((precision * y).sum() - precision * y) / total
    misfit = (precision * y**2).sum() - precision * y**2 - total * mean**2
    between = np.maximum(misfit - (k - 2), 0) / (total - squares / total)
    away = np.abs(y - mean) / np.sqrt(variance + between)
    return int(away.argmax()), float(away.max())


def welch(estimate, variance, df) -> tuple[float, float, float, float]:
    """Whether units differ at all: Welch's F, its two degrees of freedom, and p.

    Source: Welch, Biometrika 38 (1951) 330-336; as oneway.test() of R.
    """
    y, precision, k = np.asarray(estimate, float), 1 / np.asarray(variance, float), len(estimate)
    part = precision / precision.sum()
    away = ((1 - part) ** 2 / np.asarray(df, float)).sum() / (k**2 - 1)
    f = (precision * (y - part @ y) ** 2).sum() / (k - 1) / (1 + 2 * (k - 2) * away)
    return float(f), k - 1.0, float(1 / (3 * away)), float(special.fdtrc(k - 1, 1 / (3 * away), f))
