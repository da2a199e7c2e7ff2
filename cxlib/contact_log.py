"""The contact log as ordered journeys: what each contact came after and was followed by, put in order by DuckDB.

The log is never loaded: DuckDB puts it in order once, into a temporary Parquet file, and whatever follows asks that
file for small tables. A journey is all contacts of one customer, in the order of their time.
"""

import shutil
import tempfile
import weakref
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd

from cxlib.batches import is_spark
from cxlib.errors import CxError, nearest
from cxlib.fork import scratch
from cxlib.language import noted
from cxlib.private_cells import quoted
from cxlib.shown import Shown

# What a place on the journey is: a stage, or a touchpoint in one of its channels at a stage; and the column that holds
# its number.
LEVELS = {noted("stage"): ("stage",), noted("touchpoint"): ("stage", "touchpoint", "channel")}
CODES = {"stage": "place", "touchpoint": "node"}
_LACKING = "contacts need a customer, a time, a stage and a touchpoint; none of {:,} has all four"
KEPT = 100_000  # rows of what is kept in memory, at most
USUAL = 0.95  # so many of the contacts that follow another come within the usual gap
MEMORY = "3GB"  # of the engine that aggregates; what needs more goes by way of the temporary folder
_BESIDE = {"here": "", "before": "from_", "after": "to_"}  # a contact and its neighbours, and their columns
_WORD = 62  # bits of the whole numbers that hold several counts
UNKNOWN = noted("unknown")  # a channel that the log does not tell
_ISO = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?"
_ZONED = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}(:?\d{2})?)"


@dataclass(frozen=True, repr=False)
class Journeys(Shown):
    """The contacts in order, as a table `contacts` that query() asks, and how many there are.

    A row of `contacts` holds customer, moment, step (1, 2, … for each customer), score, to_moment (that of the contact
    after, blank where there is none), and the numbers of places: node (a touchpoint in a channel at a stage) and place
    (a stage), each also of the contact before and after (from_node, to_node, from_place, to_place). `nodes` says which
    they are: node, place, spot (of stage and touchpoint), stage, touchpoint, channel; the three names are columns of
    `contacts`, too. `blank` counts contacts without customer, time, stage or touchpoint, and `duplicates` those alike
    in customer, time, stage and touchpoint to one before; both are left out.
    `duplicated` counts the customers of the duplicates, and `example` is one of them. The `longest` journey has so
    many contacts.

    A journey may go on after the log ends. `usual_gap` is the time within which 95% of the contacts that follow
    another come; who was last seen within it of the end of the log is not known to have stopped. What contacts lead
    to is therefore read off contacts up to `until`, the usual gap before the end, whether or not another followed.
    """

    contacts: int
    customers: int
    longest: int
    first: pd.Timestamp
    last: pd.Timestamp
    usual_gap: pd.Timedelta
    nodes: pd.DataFrame = field(repr=False, compare=False)
    blank: int
    duplicates: int
    duplicated: int
    example: str
    _engine: object = field(repr=False, compare=False)  # a connection of DuckDB, or spark_log.SparkEngine
    _kept: dict = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def channels(self) -> list[str]:
        """The channels of the log, by name."""
        return sorted(self.nodes["channel"].unique())

    @property
    def until(self) -> pd.Timestamp:
        """The last moment after which a usual gap is left in the log."""
        return self.last - self.usual_gap

    def query(self, sql: str, **frames: pd.DataFrame) -> pd.DataFrame:
        """The answer to a question in SQL about the table `contacts`, with other small tables by name.

        The contacts do not change, so that a question that was asked before (at another confidence, say) is answered
        from memory.
        """
        key = (sql, *((name, contents(frame)) for name, frame in frames.items()))
        return self.once(key, lambda: self._asked(sql, frames)).copy(deep=False)

    def _asked(self, sql: str, frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
        cursor = self._engine.cursor()
        for name, frame in frames.items():
            cursor.register(name, frame)
        return cursor.execute(sql).df()

    def once(self, key: tuple, make):
        """What `make()` gives, made at the first call with this key and never to be changed; for what takes long.

        What is longer than KEPT rows is not kept but made again.
        """
        if key in self._kept:
            return self._kept[key]
        made = make()
        if not hasattr(made, "__len__") or len(made) <= KEPT:
            self._kept[key] = made
        return made

    def packed(self, rules: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """SQL for how many of a customer's contacts keep each rule: aggregates, and what takes each count out of them.

        Several counts share a whole number, so that they are added up, kept and compared as one. None can run into the
        next, as no customer has more contacts than the longest journey.
        """
        bits = self.longest.bit_length()
        added, counts = {}, {}
        for i, (name, rule) in enumerate(rules.items()):
            word, shift = f"word{i // (_WORD // bits)}", i % (_WORD // bits) * bits
            added.setdefault(word, []).append(f"CASE WHEN {rule} THEN {1 << shift}::BIGINT ELSE 0 END")
            counts[name] = f"(({word} >> {shift}) & {(1 << bits) - 1})::DOUBLE"
        return {word: f"sum({' + '.join(cells)})::BIGINT" for word, cells in added.items()}, counts

    def lookup(self, code: str, values: dict) -> str:
        """SQL for what `values` (by the number of a place) has for the column `code`; NULL where it has nothing."""
        return _listed([values.get(i) for i in range(len(self.nodes))], code)

    def named(self, frame: pd.DataFrame, level: str) -> pd.DataFrame:
        """The frame with the names of its places in place of their numbers."""
        code, keys = CODES[level], list(LEVELS[level])
        names = self.nodes[[code, *keys]].drop_duplicates(code)
        return names.merge(frame, on=code, validate="one_to_many").drop(columns=code)


def journeys(
    events,
    *,
    customer="customer",
    when="when",
    touchpoint="touchpoint",
    channel="channel",
    stage="stage",
    score="score",
    order=(),
    memory=MEMORY,
) -> Journeys:
    """The contacts of each customer in the order of their time, from a frame of pandas, polars or any that narwhals
    knows, or from a DuckDB relation or a table of Spark of any size, which stays where it is.

    The other arguments name columns; `channel` and `score` may be None. Contacts of the same moment are taken in the
    `order` of the stages where it is given (a log of days needs it), then by the names of touchpoint and channel. Times
    are dates and times of the engine or ISO text, all with a zone or none; those with a zone become UTC in text and
    relations, the clock of their place in a frame, as in a study's tables, and the clock of the session in Spark.

    `memory` is what DuckDB may take for it; what needs more goes by way of a temporary folder.

    Raises CxError for a missing column, an empty log, times that are no ISO times or have a zone in some rows only,
    and scores that are no finite numbers.
    """
    folder = Path(tempfile.mkdtemp(prefix="contacts-", dir=scratch()))
    engine = _opened(events, folder, memory.replace(" ", ""))
    try:
        names = {"customer": customer, "moment": when, "touchpoint": touchpoint, "stage": stage}
        names |= {"channel": channel, "score": score}
        present = list(events.columns if _is_eager(events) else nw.from_native(events).collect_schema().names())
        for name in names.values():
            if name is not None and name not in present:
                raise CxError(f"there is no column {name} in the table{nearest(name, present)}")
        rows = _rows(_relation(engine, events, names, folder), names)
        total, *moments = rows.aggregate("count(*), epoch_us(min(moment)), epoch_us(max(moment))").fetchall()[0]
        if not total:
            raise CxError("a contact log must hold at least one contact; this one is empty")
        nodes, coded = _coded(rows, list(order), total)
        if moments[0] is None:
            raise CxError(_LACKING.format(total))
        _write(engine, _in_order(coded, nodes, *moments), nodes, folder / "ordered.parquet")
        blank = total - engine.execute("SELECT count(*) FROM contacts").fetchall()[0][0]
        if blank == total:
            raise CxError(_LACKING.format(total))
        counts = "count(*), count(DISTINCT customer), coalesce(min(customer::VARCHAR), '')"
        duplicates = engine.execute(f"SELECT {counts} FROM contacts WHERE again").fetchall()[0]
        if duplicates[0]:
            distinct = _in_order(engine.sql(_distinct(nodes)), nodes, *moments)
            _write(engine, distinct, nodes, folder / "distinct.parquet")
        found = Journeys(*_extent(engine), nodes, blank, *duplicates, engine)
    except BaseException:
        engine.close()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(found, _end, engine, folder)
    return found


def _end(engine, folder: Path) -> None:
    engine.close()
    shutil.rmtree(folder, ignore_errors=True)


def _opened(events, folder: Path, memory: str):
    """The engine that puts these contacts in order: Spark for its own, else DuckDB."""
    if _is_spark(events):
        from cxlib.spark_log import SparkEngine

        return SparkEngine(events.sparkSession)
    engine = duckdb.connect(config={"memory_limit": memory, "temp_directory": str(folder / "spill")})
    # A row's place in the file does not matter: `step` keeps the order. A bar would be printed into notebooks.
    engine.execute("SET preserve_insertion_order = false")
    engine.execute("SET enable_progress_bar = false")
    return engine


def _is_eager(events) -> bool:
    return isinstance(events, (pd.DataFrame, duckdb.DuckDBPyRelation))


def _is_spark(events) -> bool:
    return not _is_eager(events) and is_spark(nw.from_native(events))


def _relation(engine, events, names: dict, folder: Path):
    """The contacts as a relation of the engine, or one that is asked like it."""
    if isinstance(events, duckdb.DuckDBPyRelation):
        return events
    if isinstance(events, pd.DataFrame):
        return _from_pandas(engine, events, names)
    if _is_spark(events):
        return engine.rows(events)
    frame = nw.from_native(events).select([name for name in dict.fromkeys(names.values()) if name is not None])
    for name, kind in frame.collect_schema().items():
        if isinstance(kind, nw.Datetime) and kind.time_zone is not None:
            frame = frame.with_columns(nw.col(name).dt.replace_time_zone(None))
    if isinstance(frame, nw.LazyFrame) and frame.implementation is nw.Implementation.POLARS:
        frame.to_native().sink_parquet(folder / "log.parquet")  # what does not fit into memory goes through a file
        return engine.read_parquet(str(folder / "log.parquet"))
    return engine.from_arrow((frame.collect() if isinstance(frame, nw.LazyFrame) else frame).to_arrow())


def _from_pandas(engine, events: pd.DataFrame, names: dict) -> duckdb.DuckDBPyRelation:
    """The frame's columns as a relation; times in a column with a zone by the clock of their place."""
    frame = events[[name for name in dict.fromkeys(names.values()) if name is not None]].copy(deep=False)
    given = frame[names["moment"]]
    if isinstance(given.dtype, pd.DatetimeTZDtype):
        frame[names["moment"]] = given.dt.tz_localize(None)
    for name in [name for name, kind in frame.dtypes.items() if pd.api.types.is_object_dtype(kind)]:
        # Text, or values of several kinds, such as times of which some have a zone, or customers 7 and "new".
        if name == names["score"]:
            numbers = pd.to_numeric(frame[name], errors="coerce")
            if numbers.notna().sum() == frame[name].notna().sum():
                frame[name] = numbers.astype(float)
                continue
        frame[name] = frame[name].map(str, na_action="ignore").astype("str")
    return engine.from_df(frame)


def _rows(relation: duckdb.DuckDBPyRelation, names: dict) -> duckdb.DuckDBPyRelation:
    """The relation's columns under the names and in the types that the log has, checked."""
    types = dict(zip(relation.columns, map(str, relation.types), strict=True))
    found = [f"{_name(names['customer'])} AS customer", _moment(relation, names["moment"], types)]
    found += [f"{_name(names[key])}::VARCHAR AS {key}" for key in ("stage", "touchpoint")]
    found.append((f"{_name(names['channel'])}::VARCHAR" if names["channel"] else "NULL::VARCHAR") + " AS channel")
    found.append(_score(relation, names["score"], types))
    return relation.project(", ".join(found))


def _moment(relation: duckdb.DuckDBPyRelation, name: str, types: dict[str, str]) -> str:
    """SQL for the time of a contact. Raises CxError for what is no time, and for zones in some rows only."""
    column = _name(name)
    if types[name].startswith("TIMESTAMP WITH TIME ZONE"):
        return f"make_timestamp(epoch_us({column})) AS moment"
    if types[name].startswith("TIMESTAMP") or types[name] == "DATE":
        return f"{column}::TIMESTAMP AS moment"
    cell = f"nullif(trim({column}::VARCHAR), '')"
    zoned = f"regexp_full_match({cell}, '{_ZONED}') AND TRY_CAST({cell} AS TIMESTAMPTZ) IS NOT NULL"
    plain = f"regexp_full_match({cell}, '{_ISO}') AND TRY_CAST({cell} AS TIMESTAMP) IS NOT NULL"
    counts = f"count({cell}), count(*) FILTER ({zoned}), count(*) FILTER ({plain})"
    counts += f", min({cell}) FILTER ({zoned}), min({cell}) FILTER ({plain})"
    counts += f", min({cell}) FILTER (NOT ({zoned}) AND NOT ({plain}))"
    given, with_zone, without, one, other, bad = relation.aggregate(counts).fetchall()[0]
    if with_zone and without:
        raise CxError(
            f"times must all have a zone or none; {with_zone:,} of {given:,} have one, e.g. {one} beside {other} "
            f"(column {name})"
        )
    if bad is not None:
        raise CxError(
            f"times are written 2026-01-31 or 2026-01-31 14:05; {given - with_zone - without:,} are not, e.g. "
            f"{quoted(bad)} (column {name})"
        )
    if with_zone:
        return f"make_timestamp(epoch_us(TRY_CAST({cell} AS TIMESTAMPTZ))) AS moment"
    return f"TRY_CAST({cell} AS TIMESTAMP) AS moment"


def _score(relation: duckdb.DuckDBPyRelation, name: str | None, types: dict[str, str]) -> str:
    """SQL for the score of a contact. Raises CxError for text and infinite numbers."""
    if name is None:
        return "NULL::DOUBLE AS score"
    number = f"TRY_CAST({_name(name)} AS DOUBLE)"
    if types[name] in ("VARCHAR", "BOOLEAN") or types[name].startswith("ENUM"):
        example = relation.aggregate(f"min({_name(name)}::VARCHAR)").fetchall()[0][0]
        if example is not None:
            raise CxError(f"scores must be numbers; column {name} holds text, e.g. {quoted(example)}")
    if types[name] in ("DOUBLE", "FLOAT"):
        endless = relation.aggregate(f"count(*) FILTER (isinf({number}))").fetchall()[0][0]
        if endless:
            raise CxError(f"scores must be finite numbers; {endless:,} are not, e.g. inf (column {name})")
    return f"CASE WHEN isnan({number}) THEN NULL ELSE {number} END AS score"


def _coded(rows: duckdb.DuckDBPyRelation, order: list[str], total: int) -> tuple:
    """The nodes, numbered in the order in which ties are taken, and the rows with these numbers in place of the names.

    Numbers are put in order several times faster than names. Rows without what a contact needs are left out.
    """
    keys = list(LEVELS["touchpoint"])
    names = pd.DataFrame(rows.aggregate(", ".join(keys), ", ".join(keys)).fetchall(), columns=keys, dtype=object)
    names = names.dropna(subset=["stage", "touchpoint"]).sort_values(keys, na_position="first", ignore_index=True)
    cells = {key: names[key].fillna("").str.strip() for key in keys}
    clean = pd.DataFrame(cells | {"channel": cells["channel"].replace("", UNKNOWN)}, dtype=object)
    nodes = clean[(clean["stage"] != "") & (clean["touchpoint"] != "")].drop_duplicates()
    if nodes.empty:
        raise CxError(_LACKING.format(total))
    turn = nodes["stage"].map({stage: i for i, stage in enumerate(order)}).fillna(len(order))
    nodes = nodes.assign(turn=turn).sort_values(["turn", *keys], ignore_index=True)[keys]
    nodes = nodes.assign(node=range(len(nodes)), place=pd.factorize(nodes["stage"])[0])
    nodes["spot"] = nodes.groupby(["stage", "touchpoint"], sort=False).ngroup()
    number = clean.merge(nodes, on=keys, how="left")["node"]
    coded = rows.project(f"customer, moment, score, {_numbered(names.fillna(''), number)} AS node")
    return nodes, coded.filter("customer IS NOT NULL AND moment IS NOT NULL AND node IS NOT NULL")


def _numbered(names: pd.DataFrame, number: pd.Series) -> str:
    """SQL for the number that belongs to the names of a row, a blank name being none.

    A cast that cannot fail is made once for each name that a Parquet file lists, not for each row. The three numbers
    that this gives are the place in a table of all combinations.
    """
    codes, sizes, cell = [], [], "0"
    for key in names:
        code, listed = pd.factorize(names[key])
        codes.append(code)
        sizes.append(len(listed))
        found = f"enum_code(TRY_CAST({key} AS ENUM({', '.join(map(_text, listed))})))::BIGINT"
        blank = list(listed).index("") if "" in listed else "NULL"
        cell = f"({cell}) * {len(listed)} + coalesce({found}, {blank})"
    table = np.full(np.prod(sizes), None, dtype=object)
    table[np.ravel_multi_index(codes, sizes)] = [None if pd.isna(n) else int(n) for n in number]
    return _listed(table, f"({cell})")


def _in_order(rows: duckdb.DuckDBPyRelation, nodes: pd.DataFrame, first: int, last: int) -> duckdb.DuckDBPyRelation:
    """The contacts in order and beside their neighbours; all come from `first` to `last`, in microseconds.

    Time and node share a whole number: the engine puts one in order, and finds its neighbours, faster than two. The
    score is left out, as it decides between duplicates only.
    """
    bits = len(nodes).bit_length()
    kind = "BIGINT" if (last - first) << bits < 1 << 63 else "HUGEINT"
    node, moment = f"({{}} & {(1 << bits) - 1})::INT", f"make_timestamp(({{}} >> {bits})::BIGINT + {first})"
    spot, spot_before = (_listed(nodes["spot"], node.format(which)) for which in ("here", "before"))
    over = "OVER (PARTITION BY customer ORDER BY here)"
    columns = ["customer", f"{moment.format('here')} AS moment", "step", "score"]
    columns += [f"{node.format(which)} AS {name}node" for which, name in _BESIDE.items()]
    columns.append(f"{moment.format('after')} AS to_moment")
    columns.append(f"CASE WHEN before >> {bits} = here >> {bits} THEN {spot} = {spot_before} ELSE false END AS again")
    return (
        rows.project(f"customer, score, ((epoch_us(moment) - {first})::{kind} << {bits}) + node AS here")
        .project(f"*, row_number() {over} AS step, lag(here) {over} AS before, lead(here) {over} AS after")
        .project(", ".join(columns))
    )


def _write(engine, ordered: duckdb.DuckDBPyRelation, nodes: pd.DataFrame, file: Path) -> None:
    """Keep the contacts, in a Parquet file or in Spark, and let `contacts` stand for them, with their names."""
    names = [f"{_listed(nodes['place'], f'{name}node')} AS {name}place" for name in _BESIDE.values()]
    names += [f"{_listed(nodes[key], 'node')} AS {key}" for key in LEVELS["touchpoint"]]
    if not isinstance(ordered, duckdb.DuckDBPyRelation):
        engine.keep("contacts", ordered.project(f"*, {', '.join(names)}"))
        return
    ordered.write_parquet(str(file), compression="lz4")
    source = f"read_parquet({_text(str(file))})"
    engine.execute(f"CREATE OR REPLACE VIEW contacts AS SELECT *, {', '.join(names)} FROM {source}")


def _distinct(nodes: pd.DataFrame) -> str:
    """SQL for the contacts without duplicates: of those alike the first by channel, then by score, is kept."""
    spot = _listed(nodes["spot"], "node")
    over = f"PARTITION BY customer, moment, {spot} ORDER BY node, score NULLS LAST"
    return f"""SELECT customer, moment, score, node FROM (
        SELECT *, row_number() OVER ({over}) AS copy FROM contacts) WHERE copy = 1"""


def _extent(engine) -> tuple:
    """The first fields of Journeys, from `contacts`, which holds one contact at least."""
    gap = f"quantile_disc(epoch_us(to_moment) - epoch_us(moment), {USUAL})"
    sql = f"SELECT count(*), count(*) FILTER (step = 1), max(step), min(moment), max(moment), {gap} FROM contacts"
    *counts, first, last, usual = engine.execute(sql).fetchall()[0]
    # Without a contact that follows another no gap is known; every journey is then taken as it stands.
    return *counts, pd.Timestamp(first), pd.Timestamp(last), pd.Timedelta(microseconds=usual or 0)


def _listed(values, code: str) -> str:
    """SQL for the value that belongs to a number (0, 1, …) in the column `code`."""
    kind = "VARCHAR" if any(isinstance(value, str) for value in values) else "INT"
    cells = ["NULL" if value is None else _text(value) if isinstance(value, str) else str(value) for value in values]
    return f"list_extract(list_value({', '.join(cells)})::{kind}[], {code} + 1)"


def places(drawn_map: pd.DataFrame) -> pd.DataFrame:
    """The stages of a drawn map in its order: stage, place (1, 2, …), phase (blank where the map has none).

    Raises CxError for a map without stages or their order, and for a stage that stands in two places.
    """
    for column in ("stage", "order"):
        if column not in drawn_map:
            raise CxError(f"a drawn map needs the columns stage and order; {column} is missing")
    kept = [drawn_map[name].tolist() for name in ("stage", "order", "phase") if name in drawn_map]
    # A blank phase is one and the same, whatever stands for it.
    rows = [tuple(None if pd.isna(cell) else cell for cell in row) for row in zip(*kept, strict=True)]
    found = sorted(dict.fromkeys(row for row in rows if None not in row[:2]), key=lambda row: row[1])
    if not found:
        raise CxError("a drawn map must hold at least one stage with its order; this one holds none")
    stages = [row[0] for row in found]
    twice = [stage for i, stage in enumerate(stages) if stage in stages[:i]]
    if twice:
        raise CxError(f"a stage has one order and one phase in the map; {len(twice)} have more, e.g. {twice[0]}")
    phase = pd.Series([row[2] for row in found], dtype=object) if "phase" in drawn_map else None
    return pd.DataFrame({"stage": [*map(str, stages)], "place": range(1, len(found) + 1), "phase": phase})


def optional(drawn_map: pd.DataFrame) -> set[str]:
    """The stages that a journey may pass over: those that are `optional` in the drawn map, where it has that column."""
    if "optional" not in drawn_map:
        return set()
    return set(drawn_map.loc[drawn_map["optional"].fillna(False).astype(bool), "stage"].dropna().astype(str))


def last_stages(drawn_map: pd.DataFrame) -> list[str]:
    """The stages at which a journey has come to the map's end: the last one, and those before it up to the last one
    that is not optional."""
    order, spared = places(drawn_map)["stage"].tolist(), optional(drawn_map)
    needed = [i for i, stage in enumerate(order) if stage not in spared]
    return order[needed[-1] if needed else 0 :]


def contents(frame: pd.DataFrame) -> tuple:
    """What a small table holds, as a key: two that are alike have the same."""
    return tuple((name, str(column.dtype), blake2b(_cells(column)).digest()) for name, column in frame.items())


def _cells(column: pd.Series) -> bytes:
    """What a column holds; numbers and times as they are in memory, which is a hundred times faster than in words."""
    plain = isinstance(column.dtype, np.dtype) and column.dtype.kind in "biufM"
    return column.to_numpy().tobytes() if plain else repr(column.tolist()).encode()


def _name(column: str) -> str:
    return '"' + str(column).replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + str(value).replace("'", "''") + "'"
