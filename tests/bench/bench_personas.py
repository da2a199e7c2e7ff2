"""What personas cost: latent classes against StepMix on the same answers; prints and writes as bench.py.

100,000 customers answer 12 questions of mixed scales: the number of segments with stability, in seconds and memory.
"""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from stepmix import StepMix

sys.path.insert(0, str(Path(__file__).resolve().parent))
from bench import ROOT, seconds

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
    return {"work": f"latent classes, k = 4, {n:,} x 12 mixed, 10 starts",
            "seconds": seconds(lambda: latent_classes.fit(codes, LEVELS, numbers, 4)), "baseline": baseline,
            "baseline_is": "StepMix, the same log-likelihood"}  # fmt: skip


def number_of_segments(n: int) -> dict:
    """k from 2 to 8 with stability, k-means and the tests of no segments; everyone is assigned."""
    codes, numbers = customers(n)
    start = time.perf_counter()
    found = segment_number.choose(codes, LEVELS, numbers, range(2, 9))
    latent_classes.memberships(found.model, codes, numbers)
    taken = time.perf_counter() - start
    assert found.model.k == 4, found.choices.to_string()
    return {"work": f"number of segments, k = 2-8 with stability, {n:,} x 12 mixed", "seconds": taken}


def main() -> None:
    """Measure, print a table, write bench_personas.json beside the reports."""
    found = [number_of_segments(100_000)]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found += [one_fit(n) for n in (2_000, 10_000)]
    print(f"{'work':<66}{'seconds':>9}{'baseline':>10}{'ratio':>8}  baseline is")
    for row in found:
        line = f"{row['work']:<66}{row['seconds']:>9.3f}"
        if "baseline" in row:
            row["ratio"] = row["seconds"] / row["baseline"]
            line += f"{row['baseline']:>10.2f}{row['ratio']:>8.4f}  {row['baseline_is']}"
        print(line)
    print(f"memory of the process up to 100,000 customers: {memory:.0f} MB at most")
    out = ROOT / "reports" / "bench_personas.json"
    out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"written to {out.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
