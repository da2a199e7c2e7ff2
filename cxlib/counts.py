"""Tally first: a table of answers, small enough for pandas, from a frame of any size and engine.

Scores, intervals, tests and trends are computed from this table, so that the same code serves a CSV
of 2,000 rows and a warehouse. One pass over the data; nothing but the counts leaves the engine.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import chain

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cxlib.calibration import Calibration
from cxlib.calls import told
from cxlib.errors import CxError, nearest

COUNTS = ["n", "w", "w2"]
GREATEST = 1e100  # of a weight, whose square must be a number too

# Group-bys that share a pass in Spark. Its GROUPING SETS know 64 columns at most, and a row is copied for each set.
TOGETHER = 12


def as_list(names: str | Sequence[str] | None) -> list[str]:
    """Column names as a list: None is none, a string is one."""
    if names is None:
        return []
    return [names] if isinstance(names, str) else list(names)


def columns_in(design: dict) -> list[str]:
    """The columns that the arguments of a design (weights, strata, clusters, fpc, calibration) name."""
    found = [(*part.margins, part.ratio) if isinstance(part, Calibration) else part for part in design.values()]
    return list(dict.fromkeys(column for part in found for column in as_list(part)))


@told
def tally(
    frame, question: str, *, by=(), weights=None, strata=None, clusters=None, fpc=None,
    calibration: Calibration | None = None,
) -> pd.DataFrame:  # fmt: skip
    """How often each answer was given, per group, stratum and cluster.

    `frame` is a pandas, polars or PySpark frame, a DuckDB relation or anything else that narwhals knows; all other
    arguments name columns of it (`by`, `strata` and `clusters` one or several). The result has a row per
    combination that occurs, sorted, with the key columns under their own names (a missing answer or key, null or
    NaN, is NA and keeps its rows: the design needs them), and n (rows), w (sum of weights), w2 (sum of squared
    weights; both n without weights). With `fpc`, its largest value in the cell, too. With `calibration` its margins
    are keys as well, and its ratio is carried like fpc.

    The same table comes from every engine, in the same order and dtypes (Int64, Float64, boolean, string or
    dates for keys); sums of weights do not depend on threads.
    Raises CxError for a missing column, an empty table, and weights that are text, missing, negative or all 0.

    >>> import pandas as pd
    >>> from cxlib import tally
    >>> frame = pd.DataFrame({"wave": ["1", "1", "2"], "recommend": [9, 9, 4]})
    >>> tally(frame, "recommend", by="wave")
      wave  recommend  n    w   w2
    0    1          9  2  2.0  2.0
    1    2          4  1  1.0  1.0
    """
    design = {"strata": strata, "clusters": clusters, "fpc": fpc, "calibration": calibration}
    return next(tallies(frame, [(question, by)], weights=weights, **design))


def tallies(
    frame, pairs, *, weights=None, strata=None, clusters=None, fpc=None, calibration: Calibration | None = None
) -> Iterator[pd.DataFrame]:
    """The table of tally(frame, question, by=by, …) for each (question, by) of `pairs`, in their order.

    The weights are checked once. Every pair is a pass over the data, except in Spark, where a pass costs more than
    the sums in it and 12 pairs share one. Errors as tally().
    """
    data, pairs = nw.from_native(frame), list(pairs)
    design, carried = [*as_list(strata), *as_list(clusters)], as_list(fpc)
    if calibration is not None:
        design, carried = [*design, *calibration.margins], [*carried, calibration.ratio]
    groupings = [list(dict.fromkeys([*as_list(by), *design, question])) for question, by in pairs]
    data, inner = _inner_names(data, [*chain(*groupings), *as_list(weights), *carried])
    taken = sorted({*chain(*groupings)} & {*COUNTS, "_w", "_w2"})
    if taken:
        raise CxError(f"a column called {taken[0]} cannot be tallied by: the table's counts have that name; rename it")
    scales = {} if weights is None else _scales(_greatest_weight(data, inner[weights], weights))
    engine = next((own for it_is, own in ENGINES.items() if it_is(data)), _by_columns)
    keys = [[inner[key] for key in grouping] for grouping in groupings]
    tables = engine(data, keys, inner.get(weights), scales, [inner[name] for name in carried])
    for (question, _), grouping, table in zip(pairs, groupings, tables, strict=True):
        if table.empty:
            raise CxError(f"the table is empty: there is no row to tally (column {question})")
        if _is_spark(data):
            table = table.rename(columns={inner[name]: name for name in [*grouping, *carried]})
        yield _tidy(table, grouping, scales, carried)


def _inner_names(data, names: list[str]) -> tuple:
    """The data, and what each of these columns is called in it: c0, c1, … in Spark, else its own name.

    Spark reads a dot in a name as a field of a structure, and takes capital and small letters for the same.
    """
    present = data.to_native().columns if _is_spark(data) else data.collect_schema().names()
    for name in names:
        if name not in present:
            raise CxError(f"there is no column {name} in the table{nearest(name, present)}")
        if present.count(name) > 1:
            raise CxError(f"the table has {present.count(name)} columns called {name}; rename all but one")
    if not _is_spark(data):
        return data, {name: name for name in names}
    data = nw.from_native(data.to_native().toDF(*(f"c{place}" for place in range(len(present)))))
    return data, {name: f"c{present.index(name)}" for name in names}


def _greatest_weight(data, column: str, weights: str) -> float:
    """The greatest weight, after making sure that all are finite numbers of 0 or more, and not all 0."""
    dtype = data.collect_schema()[column]
    if not dtype.is_numeric():
        raise CxError(f"weights must be numbers; column {weights} holds {dtype}")
    weight = nw.col(column).cast(nw.Float64)
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
    if found["given"] < rows or found["least"] < 0 or not math.isfinite(found["most"]) or found.get("nan", False):
        bad = data.filter((weight < 0) | weight.is_null() | ~weight.is_finite()).select(column)
        count, example = (
            int(_pandas(bad.select(nw.len().alias("n")))["n"].iloc[0]),
            _pandas(bad.head(1))[column].iloc[0],
        )
        raise CxError(f"weights must be numbers of 0 or more; {count} are not, e.g. {example} (column {weights})")
    if not found["most"] > 0:
        raise CxError(f"weights are 0 everywhere ({rows} rows, column {weights}); one must be above 0")
    if found["most"] > GREATEST:
        most = f"{found['most']:g} (column {weights})"
        raise CxError(f"weights must be numbers up to {GREATEST:g}; the greatest is {most}")
    return float(found["most"])


def _is_duckdb(data) -> bool:
    return data.implementation is nw.Implementation.DUCKDB


def _is_spark(data) -> bool:
    return data.implementation in (nw.Implementation.PYSPARK, nw.Implementation.PYSPARK_CONNECT)


def _is_pandas(data) -> bool:
    return data.implementation is nw.Implementation.PANDAS


def _is_float(data, column: str) -> bool:
    return data.collect_schema()[column].is_float()


def _pandas(data) -> pd.DataFrame:
    # Spark goes by Arrow: its own way to pandas warns of pandas 3.
    return (data.collect() if isinstance(data, nw.LazyFrame) else data).to_pandas()


def _scales(greatest: float) -> dict[str, float]:
    """The powers of two that make whole numbers of 61 bits of weights and of their squares.

    Engines add doubles in the order in which their threads finish. Weights and their squares are therefore scaled by a
    power of two and cut to whole numbers of 61 bits, whose sums have no order and are the same everywhere. They are
    carried as `high` and `low` parts, 2^31 to 1.
    """
    return {"w": 2.0 ** (61 - math.frexp(greatest)[1]), "w2": 2.0 ** (61 - math.frexp(greatest**2)[1])}


def _by_columns(data, groupings, weights, scales, carried) -> Iterator[pd.DataFrame]:
    """The group-bys through narwhals."""
    data, parts = _with_parts(data, groupings, weights, scales, carried)
    sums = [
        nw.len().alias("n"),
        *(nw.col(part).sum() for part in parts),
        *(nw.col(name).max() for name in carried),
    ]
    for keys in groupings:
        table = data.group_by(keys, drop_null_keys=False).agg(*sums)
        table = table.collect() if isinstance(table, nw.LazyFrame) else table
        yield table.to_pandas() if table.implementation.is_pandas_like() else _cells(table.to_arrow(), keys)


def _with_parts(data, groupings, weights, scales, carried) -> tuple:
    """The columns that are needed, the parts of the whole numbers added to them (64-bit sums of these would overflow).

    Columns, because pandas aggregates columns fast and expressions a thousand times slower.
    """
    data = data.select(*dict.fromkeys([*chain(*groupings), *as_list(weights), *carried]))
    data = data.with_columns(nw.col(name).fill_nan(None) for name in carried if _is_float(data, name))
    if weights is None:
        return data, []
    weight = nw.col(weights).cast(nw.Float64)
    data = data.with_columns(_w=weight * (scales["w"] / 2.0**31), _w2=weight * weight * (scales["w2"] / 2.0**31))
    data = data.with_columns(*[nw.col(f"_{name}").floor().alias(f"_{name}_high") for name in scales])
    rest = [(nw.col(f"_{name}") - nw.col(f"_{name}_high")) * 2.0**31 for name in scales]
    data = data.with_columns(*[part.floor().alias(f"_{name}_low") for name, part in zip(scales, rest, strict=True)])
    parts = [f"_{name}_{part}" for name in scales for part in ("high", "low")]
    return data.with_columns(*[nw.col(part).cast(nw.Int64) for part in parts]), parts


def _in_pandas(data, groupings, weights, scales, carried) -> Iterator[pd.DataFrame]:
    """The group-bys on numbered keys: a third of the time of a group-by on the keys themselves."""
    frame = data.to_native()
    numbered = {key: _numbers(frame[key]) for key in dict.fromkeys(chain(*groupings))}
    parts = {}
    if weights is not None:
        weight = frame[weights].to_numpy(float)
        for name, values in {"w": weight, "w2": weight * weight}.items():
            scaled = values * (scales[name] / 2.0**31)
            high = np.floor(scaled)
            parts |= {f"_{name}_high": high, f"_{name}_low": np.floor((scaled - high) * 2.0**31)}
    for keys in groupings:
        cell, most = np.zeros(len(frame), np.int64), 1
        for codes, count in (numbered[key] for key in keys):
            if most > 2**62 // max(count, 1):
                cell = np.unique(cell, return_inverse=True)[1]
                most = len(frame)
            cell, most = cell * count + codes, most * count
        order = np.argsort(cell, kind="stable")
        starts = np.flatnonzero(np.diff(cell[order], prepend=-1))
        table = frame[keys].iloc[order[starts]].reset_index(drop=True)
        table["n"] = np.diff(starts, append=len(frame))
        for name, values in parts.items():
            table[name] = np.add.reduceat(values[order].astype(np.int64), starts)
        for name in carried:
            table[name] = frame[name].groupby(cell).max().to_numpy()
        yield table


def _numbers(column: pd.Series) -> tuple[np.ndarray, int]:
    """Each value's number from 1 on, 0 for a missing one; and how many numbers there are."""
    codes, values = pd.factorize(column)
    return codes.astype(np.int64) + 1, len(values) + 1


def _in_duckdb(data, groupings, weights, scales, carried) -> Iterator[pd.DataFrame]:
    """The group-bys in SQL: DuckDB sums 64-bit numbers in 128 bits, so that one column each is enough."""

    def quoted(name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    columns = ["count(*) AS _n"]
    for name in carried:
        value = f"nullif({quoted(name)}, 'NaN'::DOUBLE)" if _is_float(data, name) else quoted(name)
        columns.append(f"max({value}) AS {quoted(name)}")
    if weights is not None:
        weight = f"{quoted(weights)}::DOUBLE"
        for name, value in {"w": weight, "w2": f"{weight} * {weight}"}.items():
            whole = f"sum(floor({value} * {scales[name]!r})::BIGINT)"
            columns += [f"({whole} >> 31)::BIGINT AS _{name}_high", f"({whole} & {2**31 - 1})::BIGINT AS _{name}_low"]
    for keys in groupings:
        names = ", ".join(quoted(key) for key in keys)
        # A key may be called N, which DuckDB would take for n.
        yield data.to_native().aggregate(f"{names}, {', '.join(columns)}", names).df().rename(columns={"_n": "n"})


def _in_spark(data, groupings, weights, scales, carried) -> Iterator[pd.DataFrame]:
    """The group-bys in SQL, several in one pass as GROUPING SETS."""
    data, parts = _with_parts(data, groupings, weights, scales, carried)
    # Spark's timestamps are moments; grouped by is what the clock of its session shows.
    moments = [name for name, dtype in data.collect_schema().items() if dtype == nw.Datetime]
    data = data.with_columns(nw.col(name).cast(nw.Datetime()) for name in moments).to_native()
    sums = [
        "count(*) AS n",
        *(f"sum({part}) AS {part}" for part in parts),
        *(f"max({name}) AS {name}" for name in carried),
    ]
    for start in range(0, len(groupings), TOGETHER):
        together = groupings[start : start + TOGETHER]
        columns = list(dict.fromkeys(chain(*together)))
        names = ", ".join(columns)
        # grouping_id() has a bit for each column that a row was not grouped by, the first column's the highest.
        missing = [int("".join(str(int(name not in keys)) for name in columns), 2) for keys in together]
        sets = ", ".join({left: f"({', '.join(keys)})" for left, keys in zip(missing, together, strict=True)}.values())
        select = f"SELECT {names}, grouping_id() AS missing, {', '.join(sums)} FROM {{data}}"
        found = data.sparkSession.sql(f"{select} GROUP BY {names} GROUPING SETS ({sets})", data=data).toArrow()
        for keys, left in zip(together, missing, strict=True):
            here = found.filter(pc.equal(found["missing"], left))
            yield _cells(here.select([*keys, "n", *parts, *carried]), keys)


# Engines with a way of their own; all others go by columns through narwhals.
ENGINES = {_is_duckdb: _in_duckdb, _is_spark: _in_spark, _is_pandas: _in_pandas}


def _cells(table: pa.Table, keys: list[str]) -> pd.DataFrame:
    """The table in pandas, whole-number keys with gaps still whole: as floats, long customer numbers run together."""
    whole = {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype()}
    return table.select(keys).to_pandas(types_mapper=whole.get).join(table.drop_columns(keys).to_pandas())


def _tidy(table: pd.DataFrame, keys: list[str], scales: dict[str, float], carried: list[str]) -> pd.DataFrame:
    """The table as tally() promises it: one set of dtypes, one row a combination, sorted, whole numbers as weights."""
    for key in keys:
        _check_finite(table, key)
        table[key] = _one_dtype(table[key])
    if any(table[key].hasnans for key in keys) and table.duplicated(keys).any():
        # null and NaN, which most engines tell apart
        how = {name: "max" if name in carried else "sum" for name in table.columns.drop(keys)}
        table = table.groupby(keys, dropna=False, as_index=False).agg(how)
    table = table.sort_values(keys, na_position="last", ignore_index=True, kind="stable")
    table["n"] = table["n"].astype("int64")
    for name in ("w", "w2"):
        if not scales:
            table[name] = table["n"].astype(float)
        else:
            high, low = (table[f"_{name}_{part}"].astype("int64") for part in ("high", "low"))
            whole = (high + low // 2**31).astype(float) * 2.0**31 + (low % 2**31).astype(float)
            table[name] = whole / scales[name]
    return table[[*keys, *COUNTS, *carried]]


def _check_finite(table: pd.DataFrame, key: str) -> None:
    """Raise a CxError for an infinite answer, which would pass for a huge whole number."""
    if not pd.api.types.is_float_dtype(table[key]):
        return
    values = table[key].to_numpy(float, na_value=np.nan)
    infinite = np.isinf(values)
    if infinite.any():
        rows = int(table["n"].to_numpy()[infinite].sum())
        raise CxError(f"numbers must be finite; {rows} are not, e.g. {values[infinite][0]} (column {key})")


def _one_dtype(column: pd.Series) -> pd.Series:
    """One set of dtypes whatever the engine: Int64, Float64, boolean, dates or string."""
    if pd.api.types.is_bool_dtype(column):
        return column.astype("boolean")
    if pd.api.types.is_integer_dtype(column):
        # Not by way of Float64, in which long numbers of customers run together.
        return column.astype("UInt64" if (column >= 2**63).any() else "Int64")
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.astype("datetime64[us]") if str(column.dtype) in ("datetime64[s]", "datetime64[ms]") else column
    if not pd.api.types.is_numeric_dtype(column):
        kind = pd.api.types.infer_dtype(column, skipna=True)
        if kind != "decimal":
            return column.astype({"boolean": "boolean", "date": "datetime64[us]"}.get(kind, "string"))
    column = column.astype("Float64")
    return column.astype("Int64") if (column.dropna() % 1 == 0).all() else column
