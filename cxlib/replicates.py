"""Bootstrap samples of a design: units drawn anew within their strata."""

from collections.abc import Iterator

import numpy as np

from cxlib.errors import CxError

NUMBERS = 2**21  # at once


def factors(stratum: np.ndarray, samples: int, *, seed=0) -> Iterator[np.ndarray]:
    """What the weights of each unit are multiplied by in each sample: R x U, in parts that make up `samples`.

    Of the n units of a stratum n - 1 are drawn with replacement, and their weights multiplied by n / (n - 1): the
    spread over samples is then that of linearisation. Strata of a single unit are taken together, or with the smallest
    other one, which errs on the safe side. Source: Rao, Wu and Yue, Survey Methodology 18 (1992) 209-217.
    """
    if len(stratum) < 2:
        raise CxError(f"a bootstrap needs 2 clusters or respondents at least; found {len(stratum)}")
    stratum, random = _without_singles(stratum), np.random.default_rng(seed)
    homes = [np.flatnonzero(stratum == home) for home in np.unique(stratum)]
    most = max(1, NUMBERS // len(stratum))
    for start in range(0, samples, most):
        count = min(most, samples - start)
        found = np.empty((count, len(stratum)))
        for units in homes:
            n = len(units)
            drawn = random.integers(n, size=(count, n - 1)) + n * np.arange(count)[:, None]
            times = np.bincount(drawn.ravel(), minlength=count * n).reshape(count, n)
            found[:, units] = times * (n / (n - 1))
        yield found


def degrees_of_freedom(stratum: np.ndarray) -> int:
    """Units less strata, as factors() takes them."""
    return len(stratum) - len(np.unique(_without_singles(stratum)))


def _without_singles(stratum: np.ndarray) -> np.ndarray:
    """The strata, those of one unit taken together or with the smallest other one."""
    _, number, size = np.unique(stratum, return_inverse=True, return_counts=True)
    alone = size == 1
    if alone.sum() == 1 and len(size) > 1:
        alone[np.argmin(np.where(alone, np.inf, size))] = True
    return np.where(alone[number], -1, number)
