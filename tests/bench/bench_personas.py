"""Personas: latent classes against StepMix on the same answers.

100,000 customers answer 12 questions of mixed scales: the number of segments with stability, in seconds and memory.
"""

import resource
import time

import numpy as np
import pandas as pd
from measure import row, seconds
from stepmix import StepMix

from cxlib import latent_classes, segment_number

LEVELS = [2, 2, 2, 2, 3, 3, 4, 4, 5]


def customers(n: int, missing: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """Made-up answers of four kinds of customers: nine categories and three numbers, some of them missing."""
    rng = np.random.default_rng(1)
    kind = rng.choice(4, n, p=[0.35, 0.3, 0.2, 0.15])
    codes = np.empty((n, len(LEVELS)), int)
    for j, size in enumerate(LEVELS):
        chances = rng.dirichlet(np.ones(size), 4)
        codes[:, j] = (rng.random(n)[:, None] > np.cumsum(chances, axis=1)[kind, :-1]).sum(axis=1)
    numbers = rng.normal(0, 1.5, (4, 3))[kind] + rng.standard_normal((n, 3))
    codes[rng.random(codes.shape) < missing] = -1
    numbers[rng.random(numbers.shape) < missing] = np.nan
    return codes, numbers


def one_fit(n: int) -> dict:
    """Four classes, ten starts, the same likelihood: StepMix runs each start to its end."""
    codes, numbers = customers(n)
    names = [f"c{j}" for j in range(len(LEVELS))] + [f"x{j}" for j in range(numbers.shape[1])]
    frame = pd.DataFrame(np.column_stack([np.where(codes < 0, np.nan, codes), numbers]), columns=names)
    described = {
        "categories": {"model": "categorical_nan", "n_columns": len(LEVELS)},
        "numbers": {"model": "gaussian_diag_nan", "n_columns": numbers.shape[1]},
    }
    theirs = StepMix(4, measurement=described, n_init=10, max_iter=1000, random_state=1, progress_bar=0, verbose=0)
    start = time.perf_counter()
    theirs.fit(frame)
    baseline = time.perf_counter() - start
    ours = latent_classes.fit(codes, LEVELS, numbers, 4)
    np.testing.assert_allclose(theirs.score(frame) * n, ours.log_likelihood, rtol=1e-4)
    taken = seconds(lambda: latent_classes.fit(codes, LEVELS, numbers, 4))
    work = f"latent classes, k = 4, {n:,} x 12 mixed, 10 starts"
    return row(work, taken, baseline, "StepMix, the same log-likelihood")


def number_of_segments(n: int) -> tuple[str, float]:
    """k from 2 to 8 with stability, k-means and the tests of no segments; everyone is assigned. Work and seconds."""
    codes, numbers = customers(n)
    start = time.perf_counter()
    found = segment_number.choose(codes, LEVELS, numbers, range(2, 9))
    latent_classes.memberships(found.model, codes, numbers)
    taken = time.perf_counter() - start
    assert found.model.k == 4, found.choices.to_string()
    return f"number of segments, k = 2-8 with stability, {n:,} x 12 mixed", taken


def rows(n: int = 100_000) -> list[dict]:
    """The rows of the page."""
    work, taken = number_of_segments(n)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    fits = [one_fit(some) for some in (2_000, 10_000)]
    theirs = fits[-1]["baseline"] * n / 10_000
    return [
        row(work, taken, theirs, f"StepMix for k = 4 alone, 10,000 customers measured x {n / 10_000:g}"),
        row("  its peak of memory", memory, 2.0, "2 GB", unit="GB"),
        *fits,
    ]
