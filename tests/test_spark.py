"""Spark beside the other engines: the tables of pandas, to the last bit, whatever stands in the columns."""

import datetime
import decimal
import math

import duckdb
import local_spark
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from local_spark import needs_java

from cxlib import CxError, compare, scores, tally
from cxlib.counts import TOGETHER, tallies
from cxlib.weights import rake

DESIGN = {"weights": "w", "strata": "stratum", "clusters": "shop"}
KINDS = ["answer", "half", "yes", "city", "day"]
# More than share a pass in Spark; one of them twice, and the same columns in another order.
PAIRS = [(question, by) for question in KINDS for by in KINDS if by != question]
PAIRS += [("answer", ["wave", "city"]), ("answer", ()), ("answer", ())]
NAN = float("nan")

pytestmark = local_spark.quiet


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    """A session for the whole file."""
    with local_spark.session(tmp_path_factory.mktemp("spark")) as found:
        yield found


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


# Rows by the thousand


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """5,000 answers, with blanks in answers, cities and shops, and weights that are no round binary numbers."""
    rng = np.random.default_rng(11)
    n = 5_000
    return pd.DataFrame(
        {
            "answer": np.where(rng.random(n) < 0.05, np.nan, rng.integers(0, 11, n)),
            "half": np.where(rng.random(n) < 0.05, np.nan, rng.integers(0, 9, n) / 2),
            "yes": rng.choice(np.array([True, False, None], dtype=object), n),
            "city": rng.choice(np.array(["Hà Nội", "TP. Hồ Chí Minh", "", " ", None], dtype=object), n),
            "day": rng.choice(pd.to_datetime(["2025-12-31", "2026-01-01", "2026-07-01"]), n),
            "wave": rng.choice(["2025-H2", "2026-H1"], n),
            "stratum": rng.integers(1, 4, n),
            "shop": np.where(rng.random(n) < 0.02, np.nan, rng.integers(0, 40, n)),
            "shops": rng.choice([40, 41], n),
            "w": rng.lognormal(0, 2, n),
        }
    )


@pytest.fixture(scope="module", params=["parquet", "createDataFrame"])
def in_spark(request, spark, frame, tmp_path_factory):
    """The same rows in Spark: of a file in five parts, and handed over."""
    if request.param == "createDataFrame":
        return spark.createDataFrame(frame)
    file = tmp_path_factory.mktemp("rows") / "rows.parquet"
    frame.to_parquet(file, row_group_size=1_000)
    return spark.read.parquet(str(file))


@pytest.mark.spark
@needs_java
def test_the_table_is_that_of_pandas(in_spark, frame):
    for arguments in ({}, {"by": ["city", "wave"], "fpc": "shops"} | DESIGN):
        same(tally(in_spark, "answer", **arguments), tally(frame, "answer", **arguments))


@pytest.mark.spark
@needs_java
def test_the_score_is_that_of_pandas(in_spark, frame):
    found = scores.by_group(in_spark, "nps", ["wave"], question="answer", **DESIGN)
    same(found, scores.by_group(frame, "nps", ["wave"], question="answer", **DESIGN))


@pytest.mark.spark
@needs_java
def test_raked_weights_have_the_errors_of_pandas(spark, frame):
    """Property: the margins' columns (with the dot that Spark reads in its own way) are tallied alike."""
    answered = frame[frame["city"].isin(["Hà Nội", "TP. Hồ Chí Minh"])].reset_index(drop=True)
    margins = {"city": {"Hà Nội": 0.4, "TP. Hồ Chí Minh": 0.6}, "stratum": {1: 0.5, 2: 0.3, 3: 0.2}}
    raked = rake(answered, margins, weights="w", by="wave")
    keys = answered[["answer", "wave", "shop"]].assign(w=raked.weights, weight_ratio=raked.ratio)
    held = pd.concat([keys, raked.cells.astype(str).astype(object)], axis=1)
    design = {"weights": "w", "clusters": "shop", "calibration": raked.calibration}
    found = scores.by_group(spark.createDataFrame(held), "nps", ["wave"], question="answer", **design)
    same(found, scores.by_group(held, "nps", ["wave"], question="answer", **design))
    assert found["method"].str.contains("weights calibrated to 2 margins").all()


@pytest.mark.spark
@needs_java
def test_many_tables_are_those_one_by_one(in_spark, frame):
    for (question, by), table in zip(PAIRS, tallies(in_spark, PAIRS, **DESIGN), strict=True):
        same(table, tally(frame, question, by=by, **DESIGN))


@pytest.mark.parametrize("make", [lambda f: f, pl.from_pandas, duckdb.from_df], ids=["pandas", "polars", "duckdb"])
def test_many_tables_of_the_other_engines(make, frame):
    for (question, by), table in zip(PAIRS, tallies(make(frame), PAIRS, **DESIGN), strict=True):
        same(table, tally(frame, question, by=by, **DESIGN))


@pytest.mark.spark
@needs_java
def test_a_pass_for_the_weights_and_one_for_the_counts_of_many(spark):
    frame = spark.range(100).selectExpr("id % 3 AS answer", "id % 2 AS wave", "id / 7 AS w")

    def jobs(pairs: int, **design) -> int:
        group = f"{pairs} {design}"
        spark.sparkContext.setJobGroup(group, group)
        assert len(list(tallies(frame, [("answer", "wave")] * pairs, **design))) == pairs
        return len(spark.sparkContext.statusTracker().getJobIdsForGroup(group))

    assert [jobs(1), jobs(TOGETHER), jobs(TOGETHER + 1)] == [1, 1, 2]
    assert [jobs(1, weights="w"), jobs(TOGETHER, weights="w")] == [2, 2]


# Rows with all that may go wrong

ROWS = [
    # answer, text, day, yes, price, customer, w
    (1.0, "Hà Nội", datetime.date(2026, 1, 1), True, decimal.Decimal("1.50"), 2**53 + 1, 0.1),
    (1.0, "", datetime.date(2026, 1, 2), False, decimal.Decimal("2.00"), 2**53, 0.2),
    (NAN, "Đà Nẵng", None, None, None, None, 0.3),
    (None, None, datetime.date(2026, 1, 1), True, decimal.Decimal("1.50"), None, 0.7),
    (NAN, " ", None, False, decimal.Decimal("-0.25"), 2**53 + 1, 1.3),
    (2.5, "Hà Nội", datetime.date(1899, 12, 31), None, None, 2**53, 17.0),
    (-0.0, "\u00e9", None, True, None, None, 1.1),
    (0.0, "e\u0301", None, True, None, -1, 0.0),
]
TYPES = {
    "answer": pa.float64(),
    "text": pa.string(),
    "day": pa.date32(),
    "yes": pa.bool_(),
    "price": pa.decimal128(9, 2),
    "customer": pa.int64(),
    "w": pa.float64(),
}
HARD = [("answer", ()), ("text", ()), ("day", "yes"), ("price", "answer"), ("yes", ["text", "day"]), ("customer", ())]


@pytest.fixture(scope="module")
def hard() -> pa.Table:
    """The rows as Arrow has them, NaN beside null."""
    columns = zip(TYPES.values(), zip(*ROWS, strict=True), strict=True)
    return pa.table([pa.array(values, kind) for kind, values in columns], names=list(TYPES))


def in_pandas(hard: pa.Table) -> pd.DataFrame:
    return hard.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)


def test_keys_in_pandas_by_hand(hard):
    """NaN and null are missing, 0 has no sign, decimals are numbers, dates are dates, long numbers stay apart."""
    frame = in_pandas(hard)
    found = {question: tally(frame, question) for question in TYPES if question != "w"}
    counts = {
        q: dict(zip(t[q].astype(object).where(t[q].notna(), None), t["n"], strict=True)) for q, t in found.items()
    }
    assert counts == {
        "answer": {0.0: 2, 1.0: 2, 2.5: 1, None: 3},
        "text": {"": 1, " ": 1, "Hà Nội": 2, "e\u0301": 1, "\u00e9": 1, "Đà Nẵng": 1, None: 1},
        "day": {pd.Timestamp("1899-12-31"): 1, pd.Timestamp("2026-01-01"): 2, pd.Timestamp("2026-01-02"): 1, None: 4},
        "yes": {False: 2, True: 4, None: 2},
        "price": {-0.25: 1, 1.5: 2, 2.0: 1, None: 4},
        "customer": {-1: 1, 2**53: 2, 2**53 + 1: 2, None: 3},
    }
    assert {q: str(t[q].dtype) for q, t in found.items()} == {
        "answer": "Float64", "text": "string", "day": "datetime64[us]",
        "yes": "boolean", "price": "Float64", "customer": "Int64",
    }  # fmt: skip


def in_spark_alone(name: str):
    return pytest.param(name, marks=[pytest.mark.spark, needs_java])


@pytest.fixture(
    params=["polars", "polars lazy", "duckdb", *map(in_spark_alone, ["spark", "spark of arrow", "spark of rows"])]
)
def elsewhere(request, hard, tmp_path):
    """The rows in another engine; Parquet where nothing else is said."""
    if request.param == "spark of arrow":
        return request.getfixturevalue("spark").createDataFrame(hard)
    if request.param == "spark of rows":
        schema = "answer double, text string, day date, yes boolean, price decimal(9, 2), customer bigint, w double"
        return request.getfixturevalue("spark").createDataFrame(ROWS, schema)
    file = str(tmp_path / "hard.parquet")
    pq.write_table(hard, file)
    if request.param == "spark":
        return request.getfixturevalue("spark").read.parquet(file)
    return {"polars": pl.read_parquet, "polars lazy": pl.scan_parquet, "duckdb": duckdb.read_parquet}[request.param](
        file
    )


def test_engines_agree_on_nan_null_blank_text_dates_and_decimals(hard, elsewhere):
    for (question, by), table in zip(HARD, tallies(elsewhere, HARD, weights="w"), strict=True):
        same(table, tally(in_pandas(hard), question, by=by, weights="w"))


# Names and errors


@pytest.mark.spark
@needs_java
def test_names_that_spark_reads_in_its_own_way(spark):
    """A dot is no field, a capital no small letter, and the counts' own names do no harm."""
    frame = pd.DataFrame(
        {"q1.a": [1, 2, 2], "N": ["x", "x", None], "n": [7, 8, 9], "Trả lời `1`": [1, 1, 3], "w.1": [0.1, 0.2, 0.3]}
    )
    rows = [tuple(None if pd.isna(v) else v for v in row) for row in frame.astype(object).to_numpy().tolist()]
    in_spark = spark.createDataFrame(rows, list(frame.columns))
    arguments = {"by": ["N", "Trả lời `1`"], "weights": "w.1"}
    same(tally(in_spark, "q1.a", **arguments), tally(frame, "q1.a", **arguments))
    with pytest.raises(CxError, match=r"there is no column q1\.b in the table; did you mean q1\.a\?"):
        tally(in_spark, "q1.b")
    with pytest.raises(CxError, match=r"the table has 2 columns called q1\.a; rename all but one"):
        tally(in_spark.select("`q1.a`", "`q1.a`"), "q1.a")
    with pytest.raises(CxError, match=r"the table is empty: there is no row to tally \(column N\)"):
        tally(in_spark.limit(0), "N", weights="w.1")


def test_a_key_that_duckdb_takes_for_the_count():
    frame = pd.DataFrame({"N": [1, 1, 2], "answer": [3, 3, 4]})
    same(tally(duckdb.from_df(frame), "answer", by="N"), tally(frame, "answer", by="N"))


WEIGHTS = {
    r"weights must be numbers of 0 or more; 2 are not, e.g. -(0.5|2.0) \(column w\)": [1.0, -0.5, -2.0],
    r"weights must be numbers of 0 or more; 1 are not, e.g. (nan|None) \(column w\)": [1.0, None, 1.0],
    r"weights must be numbers of 0 or more; 1 are not, e.g. nan \(column w\)": [1.0, NAN, 1.0],
    r"weights must be numbers of 0 or more; 1 are not, e.g. inf \(column w\)": [1.0, math.inf, 1.0],
    r"weights are 0 everywhere \(3 rows, column w\)": [0.0, 0.0, 0.0],
    r"weights must be numbers; column w holds String": ["1", "x", "2"],
}


@pytest.mark.parametrize("engine", ["polars", "duckdb", in_spark_alone("spark")])
def test_weights_that_are_none(engine, request):
    for message, weights in WEIGHTS.items():
        table = pa.table({"answer": [9, 10, 3], "w": weights})
        if engine == "spark":
            frame = request.getfixturevalue("spark").createDataFrame(table)
        else:
            frame = pl.from_arrow(table) if engine == "polars" else duckdb.from_arrow(table)
        with pytest.raises(CxError, match=message):
            tally(frame, "answer", weights="w")


@pytest.mark.parametrize("engine", ["pandas", "polars", "duckdb", in_spark_alone("spark")])
def test_a_finite_population_that_is_nan_in_one_row_is_the_largest_of_the_others(engine, request):
    table = pa.table({"answer": [9, 9, 3], "size": [NAN, 40.0, 41.0]})
    if engine == "spark":
        frame = request.getfixturevalue("spark").createDataFrame(table)
    else:
        frame = {"pandas": pa.Table.to_pandas, "polars": pl.from_arrow, "duckdb": duckdb.from_arrow}[engine](table)
    assert tally(frame, "answer", fpc="size")["size"].tolist() == [41.0, 40.0]


@pytest.mark.spark
@needs_java
def test_a_banner_is_printed_alike_by_every_engine(spark, in_spark, frame):
    """Single, rating and mean lines, routed and weighted, in three columns; a wave of two compared in its order."""
    how = {"sequence": ["wave"], "weights": "w", "strata": "stratum", "clusters": "shop"}
    engines = {"pandas": frame, "duckdb": duckdb.from_arrow(pa.Table.from_pandas(frame)), "spark": in_spark}
    made = {
        name: compare.banner(rows, ["answer", "half", "day"], ["wave", "stratum"], **how)
        for name, rows in engines.items()
    }
    expected = made["pandas"].to_frame()
    assert len(expected) == 25
    for name in ("duckdb", "spark"):
        pd.testing.assert_frame_equal(made[name].to_frame(), expected)
