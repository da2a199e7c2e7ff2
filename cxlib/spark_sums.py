"""Sums of products of answers in Spark: its workers add up the rows that they hold, and only sums leave them.

The workers run cxlib.running_sums, so that this package must be installed where they are. Partitions are put together
in their order, so that it makes no difference which is ready first.
"""

from dataclasses import dataclass

import narwhals as nw
import numpy as np

from cxlib.batches import GROUPS, UNITS, combinations, count, is_spark, opened, workers_checked
from cxlib.counts import as_list
from cxlib.engine_days import rows
from cxlib.errors import CxError
from cxlib.running_sums import Running

_SCHEMA = "stratum long, unit long, part int, sums array<double>"


@dataclass(frozen=True)
class SparkUnits:
    """The units of the sample: the number of each one's stratum, and what they are."""

    stratum: list[int]
    name: str


def in_workers(frame) -> bool:
    """Whether the workers add up: of a frame of Spark with more rows than there may be units of one respondent."""
    data = nw.from_native(frame)
    return is_spark(data) and count(data) > UNITS


def spark_sums(
    frame, columns, *, weights=None, strata=None, clusters=None, complete=False, apart=(), by_unit=False, seed=0
) -> tuple[Running, SparkUnits | None]:
    """What moments() makes of batches: the sums, and the units where they are wanted (else None); errors as there."""
    data = opened(frame, columns, weights=weights, strata=strata, clusters=clusters)
    strata, clusters = as_list(strata), as_list(clusters)
    names = {name: f"c{place}" for place, name in enumerate(data.to_native().columns)}
    data = nw.from_native(data.to_native().toDF(*names.values()))
    inner, v = [names[name] for name in columns], len(columns)
    centre, scale = _looked(data, columns, weights, names)
    keys, told = ["0L AS stratum", "0L AS unit"], ""
    if by_unit:
        keys, told = _units(data, [names[name] for name in strata], [names[name] for name in clusters], seed)
    x = [f"CAST({name} AS DOUBLE) AS x{place}" for place, name in enumerate(inner)]
    w = f"CAST({names[weights]} AS DOUBLE)" if weights else "CAST(1 AS DOUBLE)"
    numbered = data.to_native().selectExpr(*x, f"{w} AS w", *keys)

    def added(batches):
        import pyarrow
        from pyspark import TaskContext

        running, known = Running(v, centre, scale), {}
        for batch in batches:
            answers = np.empty((len(batch), v), order="F")
            for place in range(v):
                answers[:, place] = batch[f"x{place}"].to_numpy(zero_copy_only=False)
            pairs = np.stack([batch[name].to_numpy(zero_copy_only=False) for name in ("stratum", "unit")], axis=1)
            found, of_row = np.unique(pairs, axis=0, return_inverse=True)
            numbers = np.array([known.setdefault(tuple(pair), len(known)) for pair in found.tolist()])
            running.take(answers, batch["w"].to_numpy(zero_copy_only=False), apart, complete, numbers[of_row])
        # What is not by unit has a row without one.
        of_all = np.r_[running.rows, running.n.ravel(), running.w2.ravel(), running.apart]
        part, sums = TaskContext.get().partitionId(), running.sums[: len(known)].reshape(len(known), -1)
        for units, values in (([(None, None)], of_all[None]), (list(known), sums)):
            ends = np.arange(len(values) + 1) * values.shape[1]
            row = {
                name: pyarrow.array(numbers, "int64")
                for name, numbers in zip(("stratum", "unit"), zip(*units, strict=True), strict=True)
            }
            row["part"] = pyarrow.array([part] * len(values), "int32")
            row["sums"] = pyarrow.ListArray.from_arrays(pyarrow.array(ends, "int32"), values.ravel())
            yield pyarrow.RecordBatch.from_pydict(row)

    def together(table):
        table = table.sort_by("part")
        sums = [np.add.reduce([np.array(values) for values in table["sums"].to_pylist()])]
        return table.slice(0, 1).set_column(3, "sums", [sums])

    summed = numbered.mapInArrow(added, _SCHEMA).groupBy("stratum", "unit").applyInArrow(together, _SCHEMA)
    with workers_checked():
        found = summed.toArrow()
    found = found.sort_by([("stratum", "ascending"), ("unit", "ascending")])  # what is of all comes last
    of_all, units = found["sums"][-1].values.to_numpy(), found.slice(0, len(found) - 1)
    running = Running(v, centre, scale)
    running.sums = units["sums"].combine_chunks().flatten().to_numpy().reshape(-1, 4, v, v)
    running.rows, running.apart = int(of_all[0]), of_all[-v:].astype(int)
    running.n, running.w2 = of_all[1:-v].reshape(2, v, v)
    stratum = np.unique(units["stratum"].to_numpy(), return_inverse=True)[1]
    return running, SparkUnits(stratum.tolist(), told) if by_unit else None


def _looked(data, columns, weights, names) -> tuple[np.ndarray, np.ndarray]:
    """The middle and half the range of each column, after the checks of batches.batches()."""
    kinds = data.collect_schema()
    for what, name in (*(("answers", name) for name in columns), *(("weights", name) for name in as_list(weights))):
        kind = kinds[names[name]]
        if not (kind.is_numeric() or kind == nw.Boolean):
            held = rows(data.filter(~nw.col(names[name]).is_null()).select(names[name]).head(1))[names[name]]
            if len(held):
                raise CxError(f"{what} must be numbers; column {name} holds {held.iloc[0]!r}")
    number = {name: nw.col(names[name]).cast(nw.Float64).fill_nan(None) for name in columns}
    finite = {name: nw.when(number[name].is_finite()).then(number[name]) for name in columns}
    look = {f"least_{names[name]}": finite[name].min() for name in columns}
    look |= {f"most_{names[name]}": finite[name].max() for name in columns}
    look |= {f"endless_{names[name]}": (number[name].count() - finite[name].count()) for name in columns}
    sound = nw.lit(1.0)
    if weights:
        w = nw.col(names[weights]).cast(nw.Float64)
        sound = nw.when(w.is_finite() & (w >= 0)).then(w)
    found = rows(
        data.with_columns(_sound=sound).select(
            _given=nw.col("_sound").count(), _most=nw.col("_sound").max(), _rows=nw.len(), **look
        )
    ).iloc[0]
    for name in columns:
        if found[f"endless_{names[name]}"]:
            endless = int(found[f"endless_{names[name]}"])
            raise CxError(f"answers must be finite numbers; {endless} are not (column {name})")
    bad = int(found["_rows"] - found["_given"])
    if bad:
        one = rows(data.with_columns(_sound=sound).filter(nw.col("_sound").is_null()).select(names[weights]).head(1))
        example = float(np.nan if one.isna().iloc[0, 0] else one.iloc[0, 0])
        raise CxError(f"weights must be numbers of 0 or more; {bad} are not, e.g. {example:g} (column {weights})")
    if not found["_most"] > 0:
        raise CxError(f"weights are 0 everywhere ({int(found['_rows'])} rows, column {weights}); one must be above 0")
    least, most = (np.array([found[f"{end}_{names[name]}"] for name in columns], float) for end in ("least", "most"))
    half = (most - least) / 2
    return np.nan_to_num((least + most) / 2), np.where(half > 0, half, 1.0)


def _units(data, strata: list[str], clusters: list[str], seed: int) -> tuple[list[str], str]:
    """SQL for the numbers of stratum and unit of each row, and what the units are.

    Clusters are units where they are few, else random groups of them are, as of respondents without one. Numbers are
    hashes: the same for the same names in every partition.
    """
    few = bool(clusters) and combinations(data, [*strata, *clusters]) <= UNITS
    groups = max(GROUPS // (combinations(data, strata) if strata else 1), 32)
    floats = {name for name, kind in data.collect_schema().items() if kind.is_float()}

    def hashed(names: list[str]) -> str:
        held = [f"nullif({name}, double('NaN'))" if name in floats else name for name in names]
        return f"xxhash64({', '.join(f'{value}, {value} IS NULL' for value in ['0', *held])})"

    def grouped(number: str) -> str:
        return f"pmod(xxhash64({number}, {int(seed)}L), {groups})"

    stratum, named = hashed(strata), [f"{name} IS NOT NULL" for name in clusters]
    named += [f"NOT isnan({name})" for name in clusters if name in floats]
    cluster = hashed([*strata, *clusters])
    # Even numbers are groups of respondents, odd ones clusters or groups of them.
    unit = f"2 * {grouped('monotonically_increasing_id()')}"
    if clusters:
        own = f"(shiftleft({cluster}, 1) | 1L)" if few else f"2 * {grouped(cluster)} + 1"
        unit = f"CASE WHEN {' AND '.join(named)} THEN {own} ELSE {unit} END"
    parts = ["clusters" if few else "random groups of clusters"] if clusters else []
    if not clusters or count(data.filter(_without(clusters, floats))):
        parts.append("random groups of respondents")
    return [f"{stratum} AS stratum", f"CAST({unit} AS LONG) AS unit"], " and ".join(parts)


def _without(clusters: list[str], floats: set[str]) -> nw.Expr:
    """Who has no cluster."""
    return nw.any_horizontal(
        *(nw.col(name).is_null() for name in clusters),
        *(nw.col(name).is_nan() for name in clusters if name in floats),
        ignore_nulls=True,
    )
