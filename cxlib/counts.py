"""Tally first: a table of answers, small enough for pandas, from a frame of any size and engine.

Scores, intervals, tests and trends are computed from this table, so that the same code serves a CSV
of 2,000 rows and a warehouse. One pass over the data; nothing but the counts leaves the engine.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

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


@dataclass(frozen=True)
class Coded:
    """A large table in parts (waves, files), each a frame as it stands in its engine, quickest to count by.

    Beside each frame: for columns that are not in it as they shall be, the column that is counted by instead, and what
    each value there becomes. tally() takes it as it takes any frame.
    """

    parts: tuple[tuple[Any, dict[str, tuple[str, dict]]], ...]


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
    parts, pairs = frame.parts if isinstance(frame, Coded) else ((frame, {}),), list(pairs)
    design, carried = [*as_list(strata), *as_list(clusters)], as_list(fpc)
    if calibration is not None:
        design, carried = [*design, *calibration.margins], [*carried, calibration.ratio]
    groupings = [list(dict.fromkeys([*as_list(by), *design, question])) for question, by in pairs]
    used = [*chain(*groupings), *as_list(weights), *carried]
    held = [_inner_names(nw.from_native(rows), used, values) for rows, values in parts]
    taken = sorted({*chain(*groupings)} & {*COUNTS, "_w", "_w2"})
    if taken:
        raise CxError(f"a column called {taken[0]} cannot be tallied by: the table's counts have that name; rename it")
    greatest = [_greatest_weight(data, inner[weights], weights) for data, inner in held if weights is not None]
    scales = {} if weights is None else _scales(max(greatest))
    found = []
    for data, inner in held:
        engine = next((own for it_is, own in ENGINES.items() if it_is(data)), _by_columns)
        keys = [list(dict.fromkeys(inner[key] for key in grouping)) for grouping in groupings]
        found.append(engine(data, keys, inner.get(weights), scales, [inner[name] for name in carried]))
    for (question, _), grouping, *tables in zip(pairs, groupings, *found, strict=True):
        if isinstance(frame, Coded):
            table = _decoded(tables, [inner for _, inner in held], [values for _, values in parts], grouping, carried)
        else:
            table, inner = tables[0], held[0][1]
            if _is_spark(held[0][0]):
                table = table.rename(columns={inner[name]: name for name in [*grouping, *carried]})
        if table.empty:
            raise CxError(f"the table is empty: there is no row to tally (column {question})")
        if isinstance(frame, Coded) or not _is_pandas(held[0][0]):
            table = _tidy(table, grouping, carried, summed=isinstance(frame, Coded))
        yield _weighed(table, grouping, scales, carried)


def _decoded(tables, inner, values, grouping, carried) -> pd.DataFrame:
    """The counts of all parts of a large table, each value what it becomes; one group may stand in several rows."""
    found = []
    for table, names, becomes in zip(tables, inner, values, strict=True):
        rest = table.drop(columns={names[key] for key in grouping}).rename(columns={names[c]: c for c in carried})
        keys = {k: _become(table[names[k]], becomes[k][1]) if k in becomes else table[names[k]] for k in grouping}
        found.append(pd.concat([pd.DataFrame(keys), rest], axis=1))
    return found[0] if len(found) == 1 else pd.concat(found, ignore_index=True)


def _become(column: pd.Series, values: dict) -> pd.Series:
    """What each value becomes."""
    codes, held = pd.factorize(column)
    made = [values[value.item() if isinstance(value, np.generic) else value] for value in held]
    return pd.Series(made, dtype=_sort(made)).reindex(codes).reset_index(drop=True)


def _sort(made: list):
    """A column's dtype: numbers as floats, anything else as it is."""
    return float if all(value is None or isinstance(value, (int, float)) for value in made) else object


def _inner_names(data, names: list[str], values: dict) -> tuple:
    """The data, and what each of these columns is called in it: c0, c1, … in Spark, else its own name.

    A column that is counted by another one's `values` (see Coded) is called as that one.

    Spark reads a dot in a name as a field of a structure, and takes capital and small letters for the same.
    """
    native = _is_spark(data) or _is_pandas(data)  # narwhals would look through the values of every column
    present = list(data.to_native().columns) if native else data.collect_schema().names()
    own = {name: values[name][0] if name in values else name for name in names}
    for name, held in own.items():
        if held not in present:
            raise CxError(f"there is no column {name} in the table{nearest(name, [*present, *values])}")
        if present.count(held) > 1:
            raise CxError(f"the table has {present.count(held)} columns called {name}; rename all but one")
    if not _is_spark(data):
        return data, own
    data = nw.from_native(data.to_native().toDF(*(f"c{place}" for place in range(len(present)))))
    return data, {name: f"c{present.index(held)}" for name, held in own.items()}


def _greatest_weight(data, column: str, weights: str) -> float:
    """The greatest weight, after making sure that all are finite numbers of 0 or more, and not all 0."""
    if _is_pandas(data) and data.to_native()[column].dtype.kind in "iuf" and len(data):
        values = data.to_native()[column].to_numpy(float, na_value=np.nan)
        if values.min() >= 0 and 0 < values.max() <= GREATEST:
            return float(values.max())
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
    """The group-bys on numbered answers, tidy as they come: only the few different answers are ever sorted."""
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
        cell, table = _combined({key: numbered[key] for key in keys})
        table["n"] = np.bincount(cell)
        cells = len(table["n"])
        table |= {name: _whole_sums(values, cell, cells) for name, values in parts.items()}
        table |= {name: frame[name].groupby(cell).max().to_numpy() for name in carried}
        yield pd.DataFrame(table, copy=False)


def celled(frame: pd.DataFrame, keys: list[str]) -> tuple[np.ndarray, pd.DataFrame]:
    """Each row's cell among those of tally() by these keys, of which there is one at least; and the cells' keys."""
    cell, table = _combined({key: _numbers(frame[key]) for key in keys})
    return cell, pd.DataFrame(table, copy=False)


def _combined(numbers: dict[str, tuple]) -> tuple[np.ndarray, dict]:
    """Each row's number among the combinations of keys that occur, in order; and the keys of these. See _numbers()."""
    cell, cells = crossed((codes, len(answers) + 1) for codes, answers in numbers.values())
    row = np.zeros(cells, np.int64)
    row[cell] = np.arange(len(cell))
    table = {}
    for key, (codes, answers) in numbers.items():
        places = codes[row]
        table[key] = answers.take(np.where(places < len(answers), places, -1), allow_fill=True)
    return cell, table


def _numbers(column: pd.Series) -> tuple:
    """Each value's place among the different answers, a missing one's after all of them; and these, in order."""
    codes, answers = pd.factorize(column)
    if column.dtype == object or isinstance(column.dtype, pd.CategoricalDtype):
        texts = list(answers)
        if texts and all(type(text) is str for text in texts):  # the most frequent kind, without pandas' detours
            order = sorted(range(len(texts)), key=texts.__getitem__)
            places = np.empty(len(texts) + 1, np.int64)
            places[[*order, -1]] = np.arange(len(texts) + 1)
            return places[codes], pd.array([texts[i] for i in order], dtype="string")
    answers = pd.Series(answers)
    _check_finite(answers, column.name, lambda infinite: np.append(infinite, False)[codes])
    answers = _one_dtype(answers).array
    order = answers.argsort()
    if answers.dtype == "string" and answers.duplicated().any():  # 1 and "1" in one column
        places, answers = pd.factorize(answers, sort=True)
    else:
        places, answers = np.argsort(order), answers.take(order)
    return np.append(places, len(answers))[codes], answers


def crossed(parts: Iterable[tuple[np.ndarray, int]]) -> tuple[np.ndarray, int]:
    """Each row's number among the combinations that occur, in order; and how many these are.

    `parts` are the numbers of each row in one column, and how many numbers there are in it.
    """
    cell, most = np.int64(0), 1
    for codes, count in parts:
        if most > 2**62 // max(count, 1):
            cell, most = _occurring(cell, most)
        cell, most = cell * count + codes, most * count
    return _occurring(cell, most)


def _occurring(numbers: np.ndarray, most: int) -> tuple[np.ndarray, int]:
    """Numbers from 0 to under `most` counted anew in the same order, without those that do not occur."""
    if most > 4 * len(numbers) + 1000:
        numbers, found = pd.factorize(numbers, sort=True)
        return numbers, len(found)
    there = np.bincount(numbers, minlength=most) > 0
    return (np.cumsum(there) - 1)[numbers], int(there.sum())


def _whole_sums(values: np.ndarray, cell: np.ndarray, cells: int) -> np.ndarray:
    """The sums in each cell of whole numbers under 2^31, exact: doubles hold those of 2^22 rows to the last digit."""
    starts, rows = range(0, max(len(cell), 1), 2**22), 2**22
    sums = (np.bincount(cell[start : start + rows], values[start : start + rows], cells) for start in starts)
    return sum(part.astype(np.int64) for part in sums)


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


def _tidy(table: pd.DataFrame, keys: list[str], carried: list[str], *, summed: bool) -> pd.DataFrame:
    """The table with one set of dtypes, one row a combination, sorted. `summed`: one may stand in several rows."""
    for key in keys:
        _check_finite(table[key], key, lambda infinite: table["n"].to_numpy()[infinite])
        table[key] = _one_dtype(table[key])
    if (summed or any(table[key].hasnans for key in keys)) and table.duplicated(keys).any():
        # null and NaN, which most engines tell apart
        how = {name: "max" if name in carried else "sum" for name in table.columns.drop(keys)}
        table = table.groupby(keys, dropna=False, as_index=False).agg(how)
    return table.sort_values(keys, na_position="last", ignore_index=True, kind="stable")


def _weighed(table: pd.DataFrame, keys: list[str], scales: dict[str, float], carried: list[str]) -> pd.DataFrame:
    """The table as tally() promises it, whole numbers as weights."""
    sums = {"n": table["n"].to_numpy("int64")}
    for name in ("w", "w2"):
        if scales:
            high, low = (table[f"_{name}_{part}"].to_numpy("int64") for part in ("high", "low"))
            whole = (high + low // 2**31).astype(float) * 2.0**31 + (low % 2**31).astype(float)
            sums[name] = whole / scales[name]
        else:
            sums[name] = sums["n"].astype(float)
    held = {name: table[name].array for name in [*keys, *carried]}
    return pd.DataFrame({**{key: held[key] for key in keys}, **sums, **{name: held[name] for name in carried}})


def _check_finite(answers: pd.Series, key: str, rows: Callable[[np.ndarray], np.ndarray]) -> None:
    """Raise a CxError for an infinite answer, which would pass for a huge whole number.

    `rows` gives what is to be added up to the number of rows, of the answers that are marked.
    """
    if not pd.api.types.is_float_dtype(answers):
        return
    values = answers.to_numpy(float, na_value=np.nan)
    infinite = np.isinf(values)
    if infinite.any():
        count, example = int(rows(infinite).sum()), values[infinite][0]
        raise CxError(f"numbers must be finite; {count} are not, e.g. {example} (column {key})")


def _one_dtype(column: pd.Series) -> pd.Series:
    """One set of dtypes whatever the engine: Int64, Float64, boolean, dates or string."""
    if column.dtype == np.float64:  # the most frequent kind first, without pandas' detours
        values, blank = column.to_numpy(), column.isna().to_numpy()
        given = values[~blank]
        if (np.abs(given) < 2**53).all() and (given % 1 == 0).all():
            return pd.Series(pd.arrays.IntegerArray(np.where(blank, 1, values).astype(np.int64), blank), column.index)
        return column.astype("Float64")
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
