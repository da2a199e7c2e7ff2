"""Counting in pandas and in DuckDB, a tab book, and the exact interval of the silent.

Each is held against the bare engine, or against what it replaces.
"""

import tempfile
from itertools import combinations
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from measure import row, seconds

from cxlib import compare, iceberg, scores, tally


def survey(n: int) -> pd.DataFrame:
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
    frame = survey(1_000_000).assign(w2=lambda f: f["w"] ** 2)
    keys = ["stratum", "cluster", "answer"]
    ours = seconds(lambda: tally(frame, "answer", weights="w", strata="stratum", clusters="cluster"))
    bare = seconds(lambda: frame.groupby(keys, dropna=False, observed=True).agg({"w": ["size", "sum"], "w2": "sum"}))
    return row("tally, 1 million rows in pandas, 22,000 cells", ours, bare, "pandas groupby.agg")


def in_the_engine(folder: Path) -> list[dict]:
    """tally() and NPS with intervals on 20 million rows of Parquet against a bare DuckDB group-by."""
    file = folder / "rows.parquet"
    for part in range(4):
        survey(5_000_000).to_parquet(folder / f"part{part}.parquet")
    duckdb.sql(f"COPY (FROM '{folder}/part*.parquet') TO '{file}' (FORMAT parquet)")
    relation = duckdb.read_parquet(str(file))
    columns = "segment, wave, answer"
    sql = f"SELECT {columns}, count(*), sum(w), sum(w * w) FROM '{file}' GROUP BY {columns}"
    bare = seconds(lambda: duckdb.sql(sql).df())
    counted = seconds(lambda: tally(relation, "answer", by=["segment", "wave"], weights="w"))
    scored = seconds(lambda: scores.by_group(relation, "nps", ["segment", "wave"], question="answer", weights="w"))
    baseline_is = "DuckDB GROUP BY of the same columns"
    return [
        row("tally, 20 million rows of Parquet in DuckDB", counted, bare, baseline_is),
        row("NPS by 50 segments x 12 waves with intervals, 20 million rows", scored, bare, baseline_is),
    ]


def banner_table() -> dict:
    """A banner of 60 questions of 4 answers x 20 columns (4 banner questions of 5 groups), 8,000 weighted rows in
    200 clusters, against what it replaces: a crosstab of each pair of questions and a z test of each pair of columns.
    """
    from statsmodels.stats.proportion import proportions_ztest

    rng = np.random.default_rng(2)
    questions, banners = [f"q{i}" for i in range(60)], [f"b{i}" for i in range(4)]
    frame = survey(8_000)[["cluster", "w"]].assign(
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
    baseline_is = "pd.crosstab and proportions_ztest, no design"
    return row("banner, 60 questions x 20 columns, 8,000 rows", ours, baseline, baseline_is)


def silent_customers() -> dict:
    """The exact interval of the silent behind ten million complainers, against a million draws of it."""
    rate = iceberg.complaint_rate(10, 420)

    def by_drawing():
        rng = np.random.default_rng(3)
        p = rng.beta(10.5, 410.5, 1_000_000)
        np.quantile(rng.poisson(rng.gamma(1e7, (1 - p) / p)), [0.025, 0.5, 0.975])

    ours = seconds(lambda: iceberg.silent(10_000_000, rate))
    return row("silent behind 10 million complainers", ours, seconds(by_drawing), "a million draws")


def rows() -> list[dict]:
    """The rows of the page."""
    with tempfile.TemporaryDirectory() as folder:
        return [in_memory(), *in_the_engine(Path(folder)), banner_table(), silent_customers()]
