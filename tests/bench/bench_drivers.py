"""What key drivers cost, each as a ratio against a baseline measured in the same run; prints and writes as bench.py.

LMG against a regression of every subset of the drivers, as far as that ends; the pass over 10 million rows against
DuckDB's own `corr` of the same columns.
"""

import json
import resource
import sys
import tempfile
import time
from itertools import combinations
from math import comb
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent))
from bench import ROOT, seconds

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
        row = {"work": f"LMG, {p} drivers", "seconds": seconds(lambda r=r: lmg(r))}
        if p <= BRUTE_FORCE:
            start = time.perf_counter()
            wanted = by_subset(r)
            row |= {"baseline": time.perf_counter() - start, "baseline_is": "a regression of every subset"}
            np.testing.assert_allclose(lmg(r), wanted, atol=1e-10)
        found.append(row)
    return found


def with_intervals() -> list[dict]:
    """importance() of 14 drivers with 1,000 bootstrap samples, against brute force for each sample."""
    frame, names = answers(8_000, 14), [f"q{i}" for i in range(14)]
    r = frame.corr().to_numpy()
    once = seconds(lambda: by_subset(r), 1)
    ours = seconds(lambda: drivers.importance(frame, "outcome", names))
    return [{"work": "importance, 14 drivers, 8,000 rows, 1,000 bootstrap samples", "seconds": ours,
             "baseline": 1001 * once, "baseline_is": "a regression of every subset, one measured x 1,001"}]  # fmt: skip


def in_the_engine(folder: Path) -> list[dict]:
    """Correlations of 15 drivers and an outcome, 10 million rows of Parquet."""
    names, file = [*(f"q{i}" for i in range(15)), "outcome"], folder / "rows.parquet"
    columns = [f"(1 + floor(5 * random()))::TINYINT AS {name}" for name in names]
    with duckdb.connect() as engine:
        engine.execute("SET threads = 1")
        engine.execute("SELECT setseed(0.5)")
        select = f"SELECT {', '.join(columns)} FROM range(10_000_000)"
        engine.execute(f"COPY ({select}) TO '{file}' (FORMAT parquet)")
    relation = duckdb.read_parquet(str(file))
    pairs = ", ".join(f"corr({a}, {b})" for a, b in combinations(names, 2))
    bare = seconds(lambda: duckdb.sql(f"SELECT {pairs} FROM '{file}'").fetchall(), 2)
    passed = seconds(lambda: moments(relation, names), 2)
    all_of_it = seconds(lambda: drivers.importance(relation, "outcome", names[:-1]), 1)
    baseline = {"baseline": bare, "baseline_is": "DuckDB corr of each pair of the same columns"}
    return [
        {"work": "correlations, 10 million rows x 15 drivers in DuckDB", "seconds": passed} | baseline,
        {"work": "importance of these with 1,000 bootstrap samples", "seconds": all_of_it} | baseline,
    ]


def main() -> None:
    """Measure, print a table, write bench_drivers.json beside the reports."""
    found = [*one_fit(), *with_intervals()]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with tempfile.TemporaryDirectory() as folder:
        found += in_the_engine(Path(folder))
    print(f"{'work':<66}{'seconds':>9}{'baseline':>10}{'ratio':>8}  baseline is")
    for row in found:
        line = f"{row['work']:<66}{row['seconds']:>9.3f}"
        if "baseline" in row:
            row["ratio"] = row["seconds"] / row["baseline"]
            line += f"{row['baseline']:>10.2f}{row['ratio']:>8.4f}  {row['baseline_is']}"
        print(line)
    print(f"memory of the process up to 22 drivers and the bootstrap: {memory:.0f} MB at most")
    out = ROOT / "reports" / "bench_drivers.json"
    out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"written to {out.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
