"""tally(): the same small table from every engine, to the last bit, and one clear error for what cannot be tallied."""

import math

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from cxlib import CxError, tally

DESIGN = {"by": ["city", "wave"], "weights": "w", "strata": "stratum", "clusters": "shop"}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """20,000 answers with blanks in answers, cities and shops, and weights that are no round binary numbers."""
    rng = np.random.default_rng(7)
    n = 20_000
    return pd.DataFrame(
        {
            "answer": np.where(rng.random(n) < 0.05, np.nan, rng.integers(0, 11, n)),
            "city": rng.choice(np.array(["Hà Nội", "TP. Hồ Chí Minh", None], dtype=object), n, p=[0.4, 0.5, 0.1]),
            "wave": rng.choice(["2025-H2", "2026-H1"], n),
            "stratum": rng.integers(1, 4, n),
            "shop": np.where(rng.random(n) < 0.02, np.nan, rng.integers(0, 40, n)),
            "w": rng.lognormal(0, 0.5, n).round(6),
        }
    )


@pytest.fixture(scope="module")
def engines(frame, tmp_path_factory) -> dict:
    """The same rows as pandas, polars (eager and lazy) and DuckDB over Parquet."""
    file = tmp_path_factory.mktemp("tally") / "rows.parquet"
    frame.to_parquet(file)
    return {
        "pandas": frame,
        "polars": pl.read_parquet(file),
        "polars lazy": pl.scan_parquet(file),
        "duckdb": duckdb.read_parquet(str(file)),
    }


@pytest.mark.parametrize("engine", ["polars", "polars lazy", "duckdb"])
def test_every_engine_gives_the_table_of_pandas(engines, engine):
    expected = tally(engines["pandas"], "answer", **DESIGN)
    found = tally(engines[engine], "answer", **DESIGN)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


@pytest.mark.parametrize("engine", ["pandas", "polars", "duckdb"])
def test_sums_are_the_same_to_the_last_bit_in_every_run(engines, engine):
    first = tally(engines[engine], "answer", by="city", weights="w")
    for _ in range(5):
        pd.testing.assert_frame_equal(tally(engines[engine], "answer", by="city", weights="w"), first, check_exact=True)


def test_duckdb_sums_do_not_depend_on_its_threads(frame, tmp_path):
    """DuckDB's own sum() and fsum() of these doubles change in the last bits with its threads.

    Oracle: math.fsum. Each row is cut at 2^-61 of the greatest value; here that value is 10,000 times the mean.
    """
    rng = np.random.default_rng(1)
    big = pd.DataFrame({"answer": rng.integers(0, 3, 600_000), "w": rng.lognormal(0, 2, 600_000)})
    big.to_parquet(tmp_path / "big.parquet", row_group_size=20_000)
    tables = []
    for threads in (1, 2, 4, 8):
        with duckdb.connect(config={"threads": threads}) as connection:
            tables.append(tally(connection.read_parquet(str(tmp_path / "big.parquet")), "answer", weights="w"))
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0], check_exact=True)
    exact = [math.fsum(part) for _, part in big.groupby("answer")["w"]]
    assert tables[0]["w"].tolist() == pytest.approx(exact, rel=1e-12)
    squares = [math.fsum(part**2) for _, part in big.groupby("answer")["w"]]
    assert tables[0]["w2"].tolist() == pytest.approx(squares, rel=1e-12)


def test_counts_by_hand():
    frame = pd.DataFrame({"answer": [10, 10, 3, None], "city": ["b", "b", "a", "a"], "w": [1.5, 2.0, 1.0, 4.0]})
    found = tally(frame, "answer", by="city", weights="w")
    assert found["city"].tolist() == ["a", "a", "b"]
    assert found["answer"].isna().tolist() == [False, True, False]
    assert found[["n", "w", "w2"]].to_numpy().tolist() == [[1, 1.0, 1.0], [1, 4.0, 16.0], [2, 3.5, 6.25]]


def test_keys_have_one_set_of_dtypes():
    frame = pd.DataFrame({"answer": [1.0, 2.0], "half": [0.5, 1.0], "yes": [True, False], "word": ["a", None]})
    found = tally(frame, "answer", by=["half", "yes", "word"])
    assert found.dtypes.astype(str).to_dict() == {
        "half": "Float64", "yes": "boolean", "word": "string", "answer": "Int64",
        "n": "int64", "w": "float64", "w2": "float64",
    }  # fmt: skip


def test_input_is_not_changed(frame):
    before = frame.copy()
    tally(frame, "answer", **DESIGN)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    "make", [lambda f: f, pl.from_pandas, lambda f: duckdb.from_df(f)], ids=["pandas", "polars", "duckdb"]
)
@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0, -0.5, -2.0], r"weights must be numbers of 0 or more; 2 are not, e.g. -0.5 \(column w\)"),
        ([1.0, None, 1.0], r"weights must be numbers of 0 or more; 1 are not, e.g. nan \(column w\)"),
        ([1.0, math.inf, 1.0], r"weights must be numbers of 0 or more; 1 are not, e.g. inf \(column w\)"),
        ([0.0, 0.0, 0.0], r"weights are 0 everywhere \(3 rows, column w\)"),
        (["1", "x", "2"], r"weights must be numbers; column w holds String"),
    ],
)
def test_weights_that_are_none(make, weights, message):
    frame = pd.DataFrame({"answer": [9, 10, 3], "w": weights})
    with pytest.raises(CxError, match=message):
        tally(make(frame), "answer", weights="w")


def test_missing_column_empty_table_and_taken_names():
    frame = pd.DataFrame({"recommend": [9, 10], "n": [1, 2]})
    with pytest.raises(CxError, match=r"there is no column recomend in the table; did you mean recommend\?"):
        tally(frame, "recomend")
    with pytest.raises(CxError, match="the table is empty"):
        tally(frame.iloc[:0], "recommend")
    with pytest.raises(CxError, match="a column called n cannot be tallied by"):
        tally(frame, "recommend", by="n")


@pytest.mark.parametrize("engine", [lambda frame: frame, duckdb.from_df, pl.from_pandas])
def test_an_infinite_answer_is_refused(engine):
    """It would pass for a whole number of nineteen digits."""
    frame = pd.DataFrame({"q": [1.0, 2.0, np.inf, 3.0, np.inf]})
    with pytest.raises(CxError, match=r"numbers must be finite; 2 are not, e.g. inf \(column q\)"):
        tally(engine(frame), "q")


def test_a_weight_whose_square_is_no_number_is_refused():
    frame = pd.DataFrame({"q": [1, 2], "w": [1.0, 1e200]})
    with pytest.raises(CxError, match=r"weights must be numbers up to 1e\+100; the greatest is 1e\+200 \(column w\)"):
        tally(frame, "q", weights="w")
