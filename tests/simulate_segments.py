"""Customers of a known kind: the demo's four personas drawn again, and answers with no segments in them."""

import numpy as np
import pandas as pd
import simulate
from scipy.special import ndtri, stdtrit
from simulate_importance import world
from sklearn.metrics import adjusted_rand_score

from cxlib import segment_number
from cxlib.latent_classes import memberships

QUESTIONS = ["channel", "frequency", "payment", "priority"]


def personas(seed: int, respondents: int = 500) -> tuple[tuple, pd.DataFrame]:
    """The demo's marks of personas (14 categories, logged spend) as codes, levels and numbers; and the sample."""
    frame, w = world().draw(seed, respondents), world()
    columns = [pd.factorize(frame[name], sort=True)[0] for name in [*QUESTIONS, *w.REASONS]]
    columns += [frame["touchpoints"].str.split(";").map(lambda told, t=t: t in told).astype(int)
                for t in w.TOUCHPOINTS]  # fmt: skip
    codes = np.column_stack(columns)
    return (codes, (codes.max(axis=0) + 1).tolist(), np.log1p(frame[["spend"]].to_numpy(float))), frame


def by_degree(seed: int, n: int = 1000, *, loading: float = 0.6, factors: int = 1, skew: float = 0.0) -> tuple:
    """Four yes-no questions, five of four or five steps and three numbers that share factors; independent at 0."""
    rng = np.random.default_rng(seed)
    z = loading * rng.standard_normal((n, factors))[:, np.arange(12) % factors]
    z += np.sqrt(1 - loading**2) * rng.standard_normal((n, 12))
    levels = [2, 2, 2, 2, 4, 5, 4, 5, 4]
    codes = np.empty((n, 9), int)
    for j, size in enumerate(levels):
        share = rng.dirichlet(np.full(size, 4.0))
        codes[:, j] = np.searchsorted(ndtri(np.cumsum(share)[:-1]), z[:, j])
    numbers = z[:, 9:].copy()
    numbers[:, 0] = np.exp(skew * numbers[:, 0]) if skew else numbers[:, 0]
    return codes, levels, numbers


def irises(seed: int, n: int = 150) -> tuple[tuple, np.ndarray]:
    """Three normal clusters with the means and covariances of iris, to one decimal; and which is which."""
    from sklearn.datasets import load_iris

    measured, kind = load_iris(return_X_y=True)
    rng = np.random.default_rng(seed)
    parts = [
        rng.multivariate_normal(x.mean(axis=0), np.cov(x.T), n // 3) for x in (measured[kind == c] for c in range(3))
    ]
    return (np.empty((n, 0), int), [], np.round(np.concatenate(parts), 1)), np.repeat(np.arange(3), n // 3)


def agreement(found, answers: tuple, truth) -> float:
    """Adjusted Rand index of the chosen classes with the truth."""
    codes, _, numbers = answers
    return adjusted_rand_score(truth, memberships(found.model, codes, numbers).argmax(axis=1))


def one_of_the_demo(seed: int, respondents: int = 500) -> dict:
    """k found in one sample of the demo, agreement with the personas, and which intervals of sizes hold the truth."""
    answers, frame = personas(seed, respondents)
    w, names = frame["weight"].to_numpy(), list(world().PERSONAS)
    design = {"weights": w, "strata": frame["city"].to_numpy(), "clusters": frame["shop"].to_numpy()}
    found = segment_number.choose(*answers, range(3, 6), **design, seed=seed)
    row = {"k": found.model.k, "rand": agreement(found, answers, frame["persona"])}
    if found.model.k != len(names):
        return row
    p = memberships(found.model, answers[0], answers[2])
    se, share = found.share_replicates.std(axis=0, ddof=1), found.model.shares
    kinds = np.array([frame["persona"] == name for name in names], float)
    for kind, size, error in zip((kinds @ p).argmax(axis=0), share, se, strict=True):
        half = stdtrit(found.degrees_of_freedom, 0.975) * error / (size * (1 - size))
        logit = np.log(size / (1 - size))
        truth = sizes()[names[kind]]
        row[names[kind]] = abs(np.log(truth / (1 - truth)) - logit) <= half
    return row


def sizes() -> dict[str, float]:
    """The personas' shares of the population, by truth.yml."""
    import yaml

    return yaml.safe_load((simulate.DEMO / "truth.yml").read_text(encoding="utf-8"))["personas"]["size"]
