"""Tally first: a table of answers, small enough for pandas, from a frame of any size and engine.

Scores, intervals, tests and trends are computed from this table, so that the same code serves a CSV
of 2,000 rows and a warehouse. One pass over the data; nothing but the counts leaves the engine.
"""

import math
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
    dates for keys); sums of weights do not depend on threads.
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
    for key in keys:
        table[key] = _one_dtype(table[key])
    table = table.sort_values(keys, na_position="last", ignore_index=True, kind="stable")
    table["n"] = table["n"].astype("int64")
    return table[[*keys, *COUNTS, *as_list(fpc)]]


def _check_columns(data, names: list[str]) -> None:
    from cxlib.errors import nearest

    present = data.collect_schema().names()
    for name in names:
        if name not in present:
            raise CxError(f"there is no column {name} in the table{nearest(name, present)}")


def _greatest_weight(data, weights: str) -> float:
    """The greatest weight, after making sure that all are finite numbers of 0 or more, and not all 0."""
    dtype = data.collect_schema()[weights]
    if not dtype.is_numeric():
        raise CxError(f"weights must be numbers; column {weights} holds {dtype}")
    weight = nw.col(weights).cast(nw.Float64)
    look = [
        weight.min().alias("least"),
        weight.max().alias("most"),
        weight.count().alias("given"),
        nw.len().alias("rows"),
    ]
    if not _is_duckdb(data):
        # In DuckDB a NaN is the greatest of all numbers, and least and most stand in the file's statistics.
        look.append(weight.is_nan().any().alias("nan"))
    found = _pandas(data.select(*look)).iloc[0]
    rows = int(found["rows"])
    if not rows:
        return 1.0
    if found["given"] < rows or found["least"] < 0 or not math.isfinite(found["most"]) or found.get("nan") is True:
        bad = data.filter((weight < 0) | weight.is_null() | ~weight.is_finite()).select(weights)
        count, example = (
            int(_pandas(bad.select(nw.len().alias("n")))["n"].iloc[0]),
            _pandas(bad.head(1))[weights].iloc[0],
        )
        raise CxError(f"weights must be numbers of 0 or more; {count} are not, e.g. {example} (column {weights})")
    if not found["most"] > 0:
        raise CxError(f"weights are 0 everywhere ({rows} rows, column {weights}); one must be above 0")
    return float(found["most"])


def _is_duckdb(data) -> bool:
    return data.implementation is nw.Implementation.DUCKDB


def _pandas(data) -> pd.DataFrame:
    return (data.collect(backend="pandas") if isinstance(data, nw.LazyFrame) else data).to_pandas()


def _aggregate(data, keys: list[str], weights: str | None, fpc: str | None) -> pd.DataFrame:
    """The group-by in the frame's own engine, with exact sums.

    Engines add doubles in the order in which their threads finish. Weights and their squares are therefore scaled by a
    power of two and cut to whole numbers of 61 bits, whose sums have no order and are the same everywhere. They are
    carried as `high` and `low` parts, 2^31 to 1.
    """
    scales = {}
    if weights is not None:
        greatest = _greatest_weight(data, weights)
        scales = {"w": 2.0 ** (61 - math.frexp(greatest)[1]), "w2": 2.0 ** (61 - math.frexp(greatest**2)[1])}
    aggregate = _in_duckdb if _is_duckdb(data) else _by_columns
    table = aggregate(data, keys, weights, scales, fpc)
    for name in ("w", "w2"):
        if weights is None:
            table[name] = table["n"].astype(float)
        else:
            whole = table[f"_{name}_high"].astype(float) * 2.0**31 + table[f"_{name}_low"].astype(float)
            table[name] = whole / scales[name]
    return table


def _by_columns(data, keys: list[str], weights: str | None, scales: dict[str, float], fpc: str | None) -> pd.DataFrame:
    """The group-by through narwhals; the parts of the whole numbers are columns, since 64-bit sums would overflow."""
    data = data.select(*dict.fromkeys([*keys, *as_list(weights), *as_list(fpc)]))
    sums = [nw.len().alias("n")]
    if weights is not None:
        # Columns first: pandas aggregates columns fast and expressions a thousand times slower.
        weight = nw.col(weights).cast(nw.Float64)
        data = data.with_columns(_w=weight * (scales["w"] / 2.0**31), _w2=weight * weight * (scales["w2"] / 2.0**31))
        data = data.with_columns(*[nw.col(f"_{name}").floor().alias(f"_{name}_high") for name in scales])
        rest = [(nw.col(f"_{name}") - nw.col(f"_{name}_high")) * 2.0**31 for name in scales]
        data = data.with_columns(*[part.floor().alias(f"_{name}_low") for name, part in zip(scales, rest, strict=True)])
        parts = [f"_{name}_{part}" for name in scales for part in ("high", "low")]
        data = data.with_columns(*[nw.col(part).cast(nw.Int64) for part in parts])
        sums += [nw.col(part).sum() for part in parts]
    if fpc is not None:
        sums.append(nw.col(fpc).max().alias(fpc))
    return _pandas(data.group_by(keys, drop_null_keys=False).agg(*sums))


def _in_duckdb(data, keys: list[str], weights: str | None, scales: dict[str, float], fpc: str | None) -> pd.DataFrame:
    """The group-by in SQL: DuckDB sums 64-bit numbers in 128 bits, so that one column each is enough."""

    def quoted(name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    columns = ["count(*) AS n"] + ([f"max({quoted(fpc)}) AS {quoted(fpc)}"] if fpc is not None else [])
    if weights is not None:
        weight = f"{quoted(weights)}::DOUBLE"
        for name, value in {"w": weight, "w2": f"{weight} * {weight}"}.items():
            whole = f"sum(floor({value} * {scales[name]!r})::BIGINT)"
            columns += [f"({whole} >> 31)::BIGINT AS _{name}_high", f"({whole} & {2**31 - 1})::BIGINT AS _{name}_low"]
    names = ", ".join(quoted(key) for key in keys)
    return data.to_native().aggregate(f"{names}, {', '.join(columns)}", names).df()


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
