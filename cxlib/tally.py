"""Tally first: a table of answers, small enough for pandas, from a frame of any size and engine.

Scores, intervals, tests and trends are computed from this table, so that the same code serves a CSV
of 2,000 rows and a warehouse. One pass over the data; nothing but the counts leaves the engine.
"""

from collections.abc import Sequence

import narwhals as nw
import numpy as np
import pandas as pd

from cxlib.errors import CxError

COUNTS = ["n", "w", "w2"]


def as_list(names: str | Sequence[str] | None) -> list[str]:
    """Column names as a list: None is none, a string is one."""
    if names is None:
        return []
    return [names] if isinstance(names, str) else list(names)


def tally(frame, question: str, *, by=(), weights=None, strata=None, clusters=None, fpc=None) -> pd.DataFrame:
    """How often each answer was given, per group, stratum and cluster.

    `frame` is a pandas or polars frame, a DuckDB relation or anything else that narwhals knows; all other
    arguments name columns of it (`by`, `strata` and `clusters` one or several). The result has a row per
    combination that occurs, sorted, with the key columns under their own names (a missing answer or key is
    NA and keeps its rows: the design needs them), and n (rows), w (sum of weights), w2 (sum of squared
    weights; both n without weights). With `fpc`, its largest value in the cell, too.

    The same table comes from every engine, in the same order and dtypes (Int64, Float64, boolean, string or
    dates for keys); sums of weights are compensated, so they do not depend on threads.
    Raises CxError for a missing column, an empty table, and weights that are text, missing, negative or all 0.
    """
    data = nw.from_native(frame)
    keys = list(dict.fromkeys([*as_list(by), *as_list(strata), *as_list(clusters), question]))
    _check_columns(data, [*keys, *as_list(weights), *as_list(fpc)])
    taken = sorted(set(keys) & {*COUNTS, "_w", "_w2"})
    if taken:
        raise CxError(f"a column called {taken[0]} cannot be tallied by: the table's counts have that name; rename it")
    table = _aggregate(data, keys, weights, fpc)
    if table.empty:
        raise CxError(f"the table is empty: there is no row to tally (column {question})")
    if weights is not None:
        _check_weights(data, table, weights)
    for key in keys:
        table[key] = _one_dtype(table[key])
    table = table.sort_values(keys, na_position="last", ignore_index=True, kind="stable")
    table["n"] = table["n"].astype("int64")
    return table[[*keys, *COUNTS, *as_list(fpc)]]


def _check_columns(data, names: list[str]) -> None:
    from cxlib.codebook import nearest

    present = data.collect_schema().names()
    for name in names:
        if name not in present:
            raise CxError(f"there is no column {name} in the table{nearest(name, present)}")


def _aggregate(data, keys: list[str], weights: str | None, fpc: str | None) -> pd.DataFrame:
    """The group-by in the frame's own engine."""
    if weights is not None and not data.collect_schema()[weights].is_numeric():
        raise CxError(f"weights must be numbers; column {weights} holds {data.collect_schema()[weights]}")
    if data.implementation is nw.Implementation.DUCKDB:
        return _aggregate_duckdb(data.to_native(), keys, weights, fpc)
    columns = dict.fromkeys([*keys, *as_list(weights), *as_list(fpc)])
    data = data.select(*columns)
    sums = [nw.len().alias("n")]
    if weights is not None:
        # Squares as a column first: pandas aggregates columns fast and expressions a thousand times slower.
        weight = nw.col(weights).cast(nw.Float64)
        data = data.with_columns(_w=weight, _w2=weight * weight)
        sums += [
            nw.col("_w").sum().alias("w"),
            nw.col("_w2").sum().alias("w2"),
            nw.col("_w").min().alias("least"),
            nw.col("_w").count().alias("given"),
        ]
    if fpc is not None:
        sums.append(nw.col(fpc).max().alias(fpc))
    result = data.group_by(keys, drop_null_keys=False).agg(*sums)
    result = result.collect(backend="pandas") if isinstance(result, nw.LazyFrame) else result
    table = result.to_pandas()
    return table if weights is not None else table.assign(w=table["n"].astype(float), w2=table["n"].astype(float))


def _aggregate_duckdb(relation, keys: list[str], weights: str | None, fpc: str | None) -> pd.DataFrame:
    """The same group-by in SQL, for fsum: DuckDB's sum adds doubles in the order its threads finish."""

    def quoted(name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    sums = ["count(*) AS n"]
    if weights is None:
        sums += ["count(*)::DOUBLE AS w", "count(*)::DOUBLE AS w2"]
    else:
        weight = f"{quoted(weights)}::DOUBLE"
        sums += [
            f"fsum({weight}) AS w",
            f"fsum({weight} * {weight}) AS w2",
            f"min({weight}) AS least",
            f"count({weight}) AS given",
        ]
    if fpc is not None:
        sums.append(f"max({quoted(fpc)}) AS {quoted(fpc)}")
    names = ", ".join(quoted(key) for key in keys)
    return relation.aggregate(f"{names}, {', '.join(sums)}", names).df()


def _check_weights(data, table: pd.DataFrame, weights: str) -> None:
    """Weights are finite numbers of 0 or more, and not all 0."""
    bad = (table["least"] < 0) | (table["given"] < table["n"]) | ~np.isfinite(table["w"].astype(float))
    if bad.any():
        weight = nw.col(weights).cast(nw.Float64)
        rows = data.filter((weight < 0) | weight.is_null() | ~weight.is_finite()).select(weights)
        rows = (rows.collect(backend="pandas") if isinstance(rows, nw.LazyFrame) else rows).to_pandas()[weights]
        raise CxError(
            f"weights must be numbers of 0 or more; {len(rows)} are not, e.g. {rows.iloc[0]} (column {weights})"
        )
    if not table["w"].sum() > 0:
        raise CxError(
            f"weights are 0 everywhere ({table['n'].sum()} rows, column {weights}); at least one must be above 0"
        )


def _one_dtype(column: pd.Series) -> pd.Series:
    """One set of dtypes whatever the engine: Int64, Float64, boolean, dates or string."""
    if pd.api.types.is_bool_dtype(column):
        return column.astype("boolean")
    if pd.api.types.is_numeric_dtype(column):
        column = column.astype("Float64")
        return column.astype("Int64") if (column.dropna() % 1 == 0).all() else column
    if pd.api.types.is_datetime64_any_dtype(column):
        return column
    values = column.dropna()
    if len(values) and all(isinstance(value, (bool, np.bool_)) for value in pd.unique(values)):
        return column.astype("boolean")
    return column.astype("string")
