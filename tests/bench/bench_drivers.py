"""Key drivers: their importance, and the pass over 10 million rows that it needs.

LMG against a regression of every subset of the drivers, as far as that ends; the pass over 10 million rows against
DuckDB's own `corr` of the same columns.
"""

import resource
import tempfile
import time
from itertools import combinations
from math import comb
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from measure import row, seconds

from cxlib import drivers
from cxlib.moments import moments
from cxlib.shapley import lmg

# A regression of each of 2^18 subsets takes half a minute, of 2^20 two, of 2^22 eight, and gigabytes.
BRUTE_FORCE = 18


def answers(n: int, p: int) -> pd.DataFrame:
    """Made-up ratings 1-5 of n respondents on p drivers that share a factor, and the answer 0-10 that they move."""
    rng = np.random.default_rng(1)
    latent = 0.7 * rng.standard_normal((n, 1)) + 0.7 * rng.standard_normal((n, p))
    outcome = latent @ np.linspace(0.1, 0.4, p) / np.sqrt(p) + 0.7 * rng.standard_normal(n)
    frame = pd.DataFrame(np.clip(np.round(latent + 3.4), 1, 5), columns=[f"q{i}" for i in range(p)])
    return frame.assign(outcome=np.clip(np.round(2 * outcome + 7), 0, 10))


def by_subset(r: np.ndarray) -> np.ndarray:
    """LMG by a regression on every subset of the drivers."""
    p = len(r) - 1
    explained = {(): 0.0}
    for size in range(1, p + 1):
        for subset in combinations(range(p), size):
            s = list(subset)
            explained[subset] = r[-1, s] @ np.linalg.solve(r[np.ix_(s, s)], r[s, -1])
    shares = np.zeros(p)
    for subset, value in explained.items():
        inside = np.isin(np.arange(p), subset)
        size = len(subset)
        shares[inside] += value / (p * comb(p - 1, size - 1)) if size else 0.0
        shares[~inside] -= value / (p * comb(p - 1, size)) if size < p else 0.0
    return shares


def one_fit() -> list[dict]:
    """LMG of one correlation matrix."""
    found = []
    for p in (10, 14, 18, 20, 22):
        r = answers(5_000, p).corr().to_numpy()
        ours, baseline_is = seconds(lambda r=r: lmg(r)), "a regression of every subset"
        if p <= BRUTE_FORCE:
            start = time.perf_counter()
            wanted = by_subset(r)
            longest = time.perf_counter() - start
            np.testing.assert_allclose(lmg(r), wanted, atol=1e-10)
        else:
            baseline_is += f", {BRUTE_FORCE} drivers measured x {2 ** (p - BRUTE_FORCE)}"
        found.append(row(f"LMG, {p} drivers", ours, longest * 2 ** max(p - BRUTE_FORCE, 0), baseline_is))
    return found


def with_intervals() -> list[dict]:
    """importance() of 14 drivers with 1,000 bootstrap samples, against brute force for each sample."""
    frame, names = answers(8_000, 14), [f"q{i}" for i in range(14)]
    r = frame.corr().to_numpy()
    once = seconds(lambda: by_subset(r), 1)
    ours = seconds(lambda: drivers.importance(frame, "outcome", names))
    baseline_is = "a regression of every subset, one measured x 1,001"
    return [row("importance, 14 drivers, 8,000 rows, 1,000 bootstrap samples", ours, 1001 * once, baseline_is)]


def in_the_engine(folder: Path, n: int = 10_000_000) -> list[dict]:
    """Correlations of 15 drivers and an outcome, n rows of Parquet: all answered, or a tenth blank, with weights."""
    names = [*(f"q{i}" for i in range(15)), "outcome"]
    pairs = ", ".join(f"corr({a}, {b})" for a, b in combinations(names, 2))
    taken, memory = {}, {}
    for many in (n // 2, n):
        file = folder / f"rows{many}.parquet"
        random_answers(file, many, names)
        relation = duckdb.read_parquet(str(file))
        taken[many] = seconds(lambda relation=relation: moments(relation, names, by_unit=True), 1)
        memory[many] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    bare = seconds(lambda: duckdb.sql(f"SELECT {pairs} FROM '{file}'").fetchall(), 2)
    passed = seconds(lambda: moments(relation, names), 2)
    all_of_it = seconds(lambda: drivers.importance(relation, "outcome", names[:-1]), 1)
    blanks = folder / "blanks.parquet"
    random_answers(blanks, n, names, blank=0.1)
    relation = duckdb.read_parquet(str(blanks))
    bare_blanks = seconds(lambda: duckdb.sql(f"SELECT {pairs} FROM '{blanks}'").fetchall(), 2)
    weighted = seconds(lambda: drivers.importance(relation, "outcome", names[:-1], weights="w"), 1)
    many, baseline_is = f"{n / 1e6:g} million rows x 15 drivers", "DuckDB corr of each pair of the same columns"
    return [
        row(f"correlations, {many} in DuckDB", passed, bare, baseline_is, at_most=2),
        row(f"importance, {many}, 1,000 bootstrap samples", all_of_it, bare, baseline_is, at_most=2),
        row(f"importance, {many}, a tenth blank, weights", weighted, bare_blanks, baseline_is, at_most=2),
        row(f"growth: sums of {many}", taken[n], 2 * taken[n // 2], "twice the time of half the rows", at_most=1.2),
        row(f"growth: peak of memory, {many}", memory[n], memory[n // 2], "the peak at half the rows", at_most=1.2,
            unit="GB"),
    ]  # fmt: skip


def random_answers(file: Path, n: int, names: list[str], blank: float = 0.0) -> None:
    """A Parquet file of n rows of ratings 1-5 in these columns, a share of them blank, and weights w."""
    columns = [f"CASE WHEN random() >= {blank} THEN (1 + floor(5 * random()))::TINYINT END AS {name}" for name in names]
    with duckdb.connect() as engine:
        engine.execute("SET threads = 1")
        engine.execute("SELECT setseed(0.5)")
        engine.execute(f"COPY (SELECT {', '.join(columns)}, 0.5 + random() AS w FROM range({n})) TO '{file}'")


def rows() -> list[dict]:
    """The rows of the page."""
    with tempfile.TemporaryDirectory() as folder:
        # The engine first: the peak of memory is the process's.
        large = in_the_engine(Path(folder))
    return [*large, *one_fit(), *with_intervals()]
