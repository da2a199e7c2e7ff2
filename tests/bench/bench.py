"""`make bench`: what things cost, each as a ratio against a baseline measured in the same run."""

import json
import sys
import tempfile
import time
from itertools import combinations
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from cxlib import compare, iceberg, scores, tally

ROOT = Path(__file__).resolve().parent.parent.parent


def seconds(work, repeats: int = 3) -> float:
    """The shortest of some runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def rows(n: int) -> pd.DataFrame:
    """A made-up survey: answers 0-10 of n respondents in 50 segments, 12 waves, 10 strata, 200 clusters."""
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "answer": rng.integers(0, 11, n).astype("int8"),
            "segment": rng.integers(0, 50, n).astype("int16"),
            "wave": rng.integers(0, 12, n).astype("int8"),
            "stratum": rng.integers(0, 10, n).astype("int8"),
            "cluster": rng.integers(0, 200, n).astype("int16"),
            "w": rng.lognormal(0, 0.4, n).round(6),
        }
    )


def in_memory() -> dict:
    """tally() of a million rows in pandas against pandas' own group-by of the same columns."""
    frame = rows(1_000_000).assign(w2=lambda f: f["w"] ** 2)
    keys = ["stratum", "cluster", "answer"]
    ours = seconds(lambda: tally(frame, "answer", weights="w", strata="stratum", clusters="cluster"))
    bare = seconds(lambda: frame.groupby(keys, dropna=False, observed=True).agg({"w": ["size", "sum"], "w2": "sum"}))
    return {"work": "tally, 1 million rows in pandas, 22,000 cells", "seconds": ours, "baseline": bare,
            "baseline_is": "pandas groupby.agg"}  # fmt: skip


def in_the_engine(folder: Path) -> list[dict]:
    """tally() and NPS with intervals on 20 million rows of Parquet against a bare DuckDB group-by."""
    file = folder / "rows.parquet"
    for part in range(4):
        rows(5_000_000).to_parquet(folder / f"part{part}.parquet")
    duckdb.sql(f"COPY (FROM '{folder}/part*.parquet') TO '{file}' (FORMAT parquet)")
    relation = duckdb.read_parquet(str(file))
    columns = "segment, wave, answer"
    sql = f"SELECT {columns}, count(*), sum(w), sum(w * w) FROM '{file}' GROUP BY {columns}"
    bare = seconds(lambda: duckdb.sql(sql).df())
    counted = seconds(lambda: tally(relation, "answer", by=["segment", "wave"], weights="w"))
    scored = seconds(lambda: scores.by_group(relation, "nps", ["segment", "wave"], question="answer", weights="w"))
    baseline = {"baseline": bare, "baseline_is": "DuckDB GROUP BY of the same columns"}
    return [
        {"work": "tally, 20 million rows of Parquet in DuckDB", "seconds": counted} | baseline,
        {"work": "NPS by 50 segments x 12 waves with intervals, 20 million rows", "seconds": scored} | baseline,
    ]


def banner_table() -> dict:
    """A banner of 60 questions of 4 answers x 20 columns (4 banner questions of 5 groups), 8,000 weighted rows in
    200 clusters, against what it replaces: a crosstab of each pair of questions and a z test of each pair of columns.
    """
    from statsmodels.stats.proportion import proportions_ztest

    rng = np.random.default_rng(2)
    questions, banners = [f"q{i}" for i in range(60)], [f"b{i}" for i in range(4)]
    frame = rows(8_000)[["cluster", "w"]].assign(
        **{name: rng.choice(list("abcd"), 8_000) for name in questions},
        **{name: rng.choice(list("vwxyz"), 8_000) for name in banners},
    )

    def by_hand():
        for question in questions:
            for banner in banners:
                counts = pd.crosstab(frame[question], frame[banner])
                bases = counts.sum()
                for answer in counts.index:
                    for one, other in combinations(counts, 2):
                        proportions_ztest(counts.loc[answer, [one, other]], bases[[one, other]])

    design = {"weights": "w", "clusters": "cluster"}
    ours = seconds(lambda: compare.banner(frame, questions, banners, **design).to_frame())
    baseline = seconds(by_hand, 1)
    return {"work": "banner, 60 questions x 20 columns, 8,000 rows", "seconds": ours, "baseline": baseline,
            "baseline_is": "pd.crosstab and proportions_ztest, no design"}  # fmt: skip


def silent_customers() -> dict:
    """The exact interval of the silent behind ten million complainers, against a million draws of it."""
    rate = iceberg.complaint_rate(10, 420)

    def by_drawing():
        rng = np.random.default_rng(3)
        p = rng.beta(10.5, 410.5, 1_000_000)
        np.quantile(rng.poisson(rng.gamma(1e7, (1 - p) / p)), [0.025, 0.5, 0.975])

    ours = seconds(lambda: iceberg.silent(10_000_000, rate))
    return {"work": "silent behind 10 million complainers", "seconds": ours, "baseline": seconds(by_drawing),
            "baseline_is": "a million draws"}  # fmt: skip


def one_chapter(folder: Path) -> dict:
    """A whole report (plan, papermill, page, results.json) against papermill alone on the same chapter."""
    import papermill

    from cxlib.report import run

    notebook = run.NOTEBOOKS / "02_survey_analysis.ipynb"
    bare = seconds(
        lambda: papermill.execute_notebook(notebook, folder / "bare.ipynb", {"study": "data/demo"}, progress_bar=False),
        2,
    )
    plan = run.make_plan("data/demo", only=["survey_analysis"])
    ours = seconds(lambda: run.run(*plan, folder / "report"), 2)
    return {"work": "report of one chapter on the demo study", "seconds": ours, "baseline": bare,
            "baseline_is": "papermill alone"}  # fmt: skip


def main() -> None:
    """Measure, print a table, write bench.json beside the reports."""
    with tempfile.TemporaryDirectory() as folder:
        found = [in_memory(), *in_the_engine(Path(folder)), banner_table(), silent_customers()]
        found.append(one_chapter(Path(folder)))
    print(f"{'work':<66}{'seconds':>9}{'baseline':>10}{'ratio':>7}  baseline is")
    for row in found:
        row["ratio"] = row["seconds"] / row["baseline"]
        print(
            f"{row['work']:<66}{row['seconds']:>9.2f}{row['baseline']:>10.2f}{row['ratio']:>7.2f}  {row['baseline_is']}"
        )
    out = ROOT / "reports" / "bench.json"
    out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"written to {out.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
