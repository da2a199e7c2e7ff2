"""Longer steps of EM: where they lead, and that they never lead downhill.

Oracles: plain EM from the same starts until a step gains less than 1e-10, bounds of parameters, and what was put in.
"""

from itertools import pairwise

import numpy as np
import pytest
import simulate_segments

from cxlib import em, mixtures

ENOUGH = 1e-5


def mixed(seed: int, n: int = 300) -> mixtures.Answers:
    """Three kinds in four categories and two numbers, a tenth of the answers missing, with weights."""
    rng = np.random.default_rng(seed)
    kind, levels = rng.choice(3, n, p=[0.5, 0.3, 0.2]), [2, 3, 4, 3]
    codes = np.column_stack([np.where(rng.random(n) < 0.6, kind % size, rng.integers(0, size, n)) for size in levels])
    numbers = np.array([[0.0, 50.0], [1.5, 60.0], [3.0, 20.0]])[kind] + rng.normal(0, [1.0, 15.0], (n, 2))
    codes[rng.random(codes.shape) < 0.1] = -1
    numbers[rng.random(numbers.shape) < 0.1] = np.nan
    return mixtures.answers(codes, levels, numbers, rng.uniform(0.3, 3, n))


def one_scale() -> mixtures.Answers:
    """One factor behind twelve answers: two classes or more are cut from a continuum, and EM creeps."""
    codes, levels, numbers = simulate_segments.by_degree(5, 300)
    return mixtures.answers(codes, levels, numbers, np.ones(300))


def yes_or_no() -> mixtures.Answers:
    """Six questions, and answers that some classes never give: chances end at 0."""
    rng = np.random.default_rng(7)
    kind = rng.integers(0, 3, 250)
    codes = (rng.random((250, 6)) < np.array([[1, 1, 0.5, 0, 0, 0.2], [0, 0, 0.5, 1, 0.9, 0.8], [0.5] * 6])[kind]) * 1
    return mixtures.answers(codes, [2] * 6, np.empty((250, 0)), np.ones(250))


def irises() -> mixtures.Answers:
    codes, levels, numbers = simulate_segments.irises(3)[0]
    return mixtures.answers(codes, levels, numbers, np.ones(len(numbers)))


WORLDS = {
    "mixed 3": (lambda: mixed(1), 3),
    "mixed 5": (lambda: mixed(2), 5),
    "one scale": (one_scale, 3),
    "yes or no": (yes_or_no, 4),
    "irises": (irises, 4),
}


def started(world: str, starts: int = 4) -> tuple[mixtures.Answers, mixtures.Runs]:
    """A world, and runs after the plain steps that longer ones follow."""
    make, k = WORLDS[world]
    data = make()
    first = mixtures.drawn_starts(data, k, starts, np.random.default_rng(0))
    return data, em.run(data, first, steps=em.PLAIN, enough=-np.inf)


@pytest.mark.parametrize("world", WORLDS)
def test_longer_steps_come_as_high_as_plain_ones(world):
    """From each start they end where plain EM does, or higher: as near to it as they are told to come."""
    data, runs = started(world)
    plain = em.run(data, runs, steps=50_000, enough=1e-10)
    assert plain.converged.all()
    far = em.run_far(data, runs, enough=ENOUGH)
    assert far.converged.all()
    assert (far.log_likelihood > plain.log_likelihood - 2 * ENOUGH).all()


def test_longer_steps_are_fewer():
    data, runs = started("mixed 5", starts=1)

    def steps(work) -> int:
        return sum(1 for _ in work)

    long = steps(em.run_far.steps(data, runs, enough=ENOUGH))
    assert long < steps(em.run.steps(data, runs, steps=50_000, enough=ENOUGH)) / 2


@pytest.mark.parametrize("world", ["mixed 5", "yes or no", "one scale"])
def test_the_log_likelihood_never_falls(world):
    """Round by round, and from starts as drawn, where the way is anything but straight."""
    make, k = WORLDS[world]
    data = make()
    first = mixtures.drawn_starts(data, k, 3, np.random.default_rng(5))
    reached = [em.run_far(data, first, steps=3 * rounds, enough=0.0).log_likelihood for rounds in range(1, 40)]
    assert (np.diff(reached, axis=0) > -1e-8).all()


def test_parameters_stay_within_their_bounds():
    """Beyond 0 and 1, and below the floor, they are moved back; what is within comes back as it was."""
    data, runs = started("mixed 5")
    k, rows = 5, mixtures.flat(data, runs.shares, runs.coefficients)
    shares, found = mixtures.shaped(data, rows, k)
    np.testing.assert_allclose(shares, runs.shares, atol=1e-8)
    np.testing.assert_allclose(found, runs.coefficients, atol=1e-6)
    step = np.random.default_rng(0).normal(0, 3, rows.shape)
    shares, found = mixtures.shaped(data, rows + step, k)
    np.testing.assert_allclose(np.exp(shares).sum(axis=1), 1.0)
    edges = np.cumsum([0, *data.levels])
    for start, end in pairwise(edges):
        np.testing.assert_allclose(np.exp(found[..., start:end]).sum(axis=-1), 1.0)
    sd = np.sqrt(-0.5 / found[..., data.numbers.start + 2 :: 3])
    assert (sd > data.floor - 1e-12).all()
    assert np.isfinite(found).all()


def test_no_more_steps_than_allowed():
    data, runs = started("one scale")
    found = em.run_far(data, runs, steps=6, enough=1e-9)
    assert not found.converged.all()
    assert (found.log_likelihood >= runs.log_likelihood).all()
