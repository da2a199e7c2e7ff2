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
    from cxlib.codebook import nearest

    present = data.collect_schema().names()
    for name in names:
        if name not in present:
            raise CxError(f"there is no column {name} in the table{nearest(name, present)}")


def _checked_weights(data, weights: str) -> tuple[float, int]:
    """The greatest weight and the number of rows; all must be finite numbers of 0 or more, and not all 0."""
    dtype = data.collect_schema()[weights]
    if not dtype.is_numeric():
        raise CxError(f"weights must be numbers; column {weights} holds {dtype}")
    weight = nw.col(weights).cast(nw.Float64)
    bad = (weight < 0) | weight.is_null() | ~weight.is_finite()
    found = _pandas(data.select(bad.sum().alias("bad"), weight.max().alias("greatest"), nw.len().alias("rows"))).iloc[0]
    if found["rows"] and found["bad"]:
        example = _pandas(data.filter(bad).select(weights).head(1))[weights].iloc[0]
        raise CxError(
            f"weights must be numbers of 0 or more; {int(found['bad'])} are not, e.g. {example} (column {weights})"
        )
    if found["rows"] and not found["greatest"] > 0:
        raise CxError(f"weights are 0 everywhere ({int(found['rows'])} rows, column {weights}); one must be above 0")
    return (float(found["greatest"]) if found["rows"] else 1.0), int(found["rows"])


def _pandas(data) -> pd.DataFrame:
    return (data.collect(backend="pandas") if isinstance(data, nw.LazyFrame) else data).to_pandas()


def _aggregate(data, keys: list[str], weights: str | None, fpc: str | None) -> pd.DataFrame:
    """The group-by in the frame's own engine, with exact sums.

    Engines add doubles in the order in which their threads finish. Weights and their squares are therefore cut, by
    powers of two, into two whole numbers each, whose 64-bit sums have no order and are the same everywhere. For a
    million rows they hold 84 bits of the greatest weight, for a billion 64.
    """
    data = data.select(*dict.fromkeys([*keys, *as_list(weights), *as_list(fpc)]))
    sums = [nw.len().alias("n")]
    if weights is not None:
        greatest, rows = _checked_weights(data, weights)
        bits = 62 - rows.bit_length()
        # Columns first: pandas aggregates columns fast and expressions a thousand times slower.
        weight = nw.col(weights).cast(nw.Float64)
        data = data.with_columns(_w=weight, _w2=weight * weight)
        scales = {"w": 2.0 ** (bits - math.frexp(greatest)[1]), "w2": 2.0 ** (bits - math.frexp(greatest**2)[1])}
        data = data.with_columns(*[(nw.col(f"_{c}") * s).floor().alias(f"_{c}_high") for c, s in scales.items()])
        data = data.with_columns(
            *[
                ((nw.col(f"_{c}") * s - nw.col(f"_{c}_high")) * 2.0**bits).floor().alias(f"_{c}_low")
                for c, s in scales.items()
            ]
        )
        parts = [f"_{c}_{part}" for c in scales for part in ("high", "low")]
        data = data.with_columns(*[nw.col(part).cast(nw.Int64) for part in parts])
        sums += [nw.col(part).sum() for part in parts]
    if fpc is not None:
        sums.append(nw.col(fpc).max().alias(fpc))
    table = _pandas(data.group_by(keys, drop_null_keys=False).agg(*sums))
    for c in ("w", "w2"):
        if weights is None:
            table[c] = table["n"].astype(float)
        else:
            table[c] = (table[f"_{c}_high"].astype(float) + table[f"_{c}_low"].astype(float) / 2.0**bits) / scales[c]
    return table


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
