"""The contact log as ordered journeys: what each contact came after and was followed by, put in order by DuckDB.

The log is never loaded: DuckDB puts it in order once, into a temporary Parquet file, and whatever follows asks that
file for small tables. A journey is all contacts of one customer, in the order of their time.
"""

import shutil
import tempfile
import weakref
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from cxlib.errors import CxError, nearest

# What a place on the journey is: a stage, or a touchpoint in one of its channels at a stage; and the column that holds
# its number.
LEVELS = {"stage": ("stage",), "touchpoint": ("stage", "touchpoint", "channel")}
CODES = {"stage": "place", "touchpoint": "node"}
_BETWEEN = "\x1f"  # the names of a node, in the engine
_LACKING = "contacts need a customer, a time, a stage and a touchpoint; none of {:,} has all four"
USUAL = 0.95  # so many of the contacts that follow another come within the usual gap
MEMORY = "3GB"  # of the engine that aggregates; what needs more goes by way of the temporary folder
TOGETHER = 10_000_000  # contacts in a part of the log, whose customers are added up in memory
UNKNOWN = "unknown"  # a channel that the log does not tell
_ISO = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?"
_ZONED = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}(:?\d{2})?)"


@dataclass(frozen=True)
class Journeys:
    """The contacts in order, as a table `contacts` that query() asks, and how many there are.

    A row of `contacts` holds customer, moment, step (1, 2, … for each customer), score, to_moment (that of the contact
    after, blank where there is none), and the numbers of places: node (a touchpoint in a channel at a stage) and place
    (a stage), each also of the contact before and after (from_node, to_node, from_place, to_place). `nodes` says which
    they are: node, place, spot (of stage and touchpoint), stage, touchpoint, channel; the three names are columns of
    `contacts`, too. `blank` counts contacts without customer, time, stage or touchpoint, and `duplicates` those alike
    in customer, time, stage and touchpoint to one before; both are left out.
    `duplicated` counts the customers of the duplicates, and `example` is one of them.

    A journey may go on after the log ends. `usual_gap` is the time within which 95% of the contacts that follow
    another come; who was last seen within it of the end of the log is not known to have stopped. What contacts lead
    to is therefore read off contacts up to `until`, the usual gap before the end, whether or not another followed.
    """

    contacts: int
    customers: int
    first: pd.Timestamp
    last: pd.Timestamp
    usual_gap: pd.Timedelta
    nodes: pd.DataFrame = field(repr=False, compare=False)
    blank: int
    duplicates: int
    duplicated: int
    example: str
    _engine: duckdb.DuckDBPyConnection = field(repr=False, compare=False)
    _parts: tuple[str, ...] = field(repr=False, compare=False)

    @property
    def channels(self) -> list[str]:
        """The channels of the log, by name."""
        return sorted(self.nodes["channel"].unique())

    @property
    def until(self) -> pd.Timestamp:
        """The last moment after which a usual gap is left in the log."""
        return self.last - self.usual_gap

    def query(self, sql: str, **frames: pd.DataFrame) -> pd.DataFrame:
        """The answer to a question in SQL about the table `contacts`, with other small tables by name."""
        cursor = self._engine.cursor()
        for name, frame in frames.items():
            cursor.register(name, frame)
        return cursor.execute(sql).df()

    def add_up(self, sql: str, by: str) -> pd.DataFrame:
        """The sums that a question in SQL asks of `contacts` by a column `by`, added up over the parts of the log.

        A customer is in one part with all his contacts: what goes through a row a customer takes a part's memory.
        """
        cursor, found = self._engine.cursor(), []
        for part in self._parts:
            cursor.execute(f"SET schema = '{part}'")
            found.append(cursor.execute(sql).df())
        return pd.concat(found).groupby(by, as_index=False).sum()

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
) -> Journeys:
    """The contacts of each customer in the order of their time, from a pandas frame or a DuckDB relation of any size.

    The other arguments name columns; `channel` and `score` may be None. Contacts of the same moment are taken in the
    `order` of the stages where it is given (a log of days needs it), then by the names of touchpoint and channel. Times
    are dates and times of the engine or ISO text, all with a zone or none; those with a zone become UTC in text and
    relations, the clock of their place in a frame, as in a study's tables.

    Raises CxError for a missing column, an empty log, times that are no ISO times or have a zone in some rows only,
    and scores that are no finite numbers.
    """
    folder = Path(tempfile.mkdtemp(prefix="contacts-"))
    engine = duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(folder / "spill")})
    # A row's place in the file does not matter: `step` keeps the order. A bar would be printed into notebooks.
    engine.execute("SET preserve_insertion_order = false")
    engine.execute("SET enable_progress_bar = false")
    try:
        names = {"customer": customer, "moment": when, "touchpoint": touchpoint, "stage": stage}
        names |= {"channel": channel, "score": score}
        for name in names.values():
            if name is not None and name not in events.columns:
                raise CxError(f"there is no column {name} in the table{nearest(name, events.columns)}")
        rows = _rows(events if _is_relation(events) else _from_pandas(engine, events, names), names)
        total = rows.aggregate("count(*)").fetchall()[0][0]
        if not total:
            raise CxError("a contact log must hold at least one contact; this one is empty")
        nodes, coded = _coded(rows, list(order), total)
        number = -(-total // TOGETHER)
        parts = _write(engine, coded, nodes, folder / "ordered", number)
        if not parts:
            raise CxError(_LACKING.format(total))
        blank = total - engine.execute("SELECT count(*) FROM contacts").fetchall()[0][0]
        counts = "count(*), count(DISTINCT customer), coalesce(min(customer::VARCHAR), '')"
        duplicates = engine.execute(f"SELECT {counts} FROM contacts WHERE again").fetchall()[0]
        if duplicates[0]:
            _write(engine, engine.table("contacts").filter("NOT again"), nodes, folder / "distinct", number)
        found = Journeys(*_extent(engine), nodes, blank, *duplicates, engine, parts)
    except BaseException:
        engine.close()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(found, shutil.rmtree, folder, ignore_errors=True)
    return found


def _is_relation(events) -> bool:
    return isinstance(events, duckdb.DuckDBPyRelation)


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
            f"times are written 2026-01-31 or 2026-01-31 14:05; {given - with_zone - without:,} are not, e.g. {bad} "
            f"(column {name})"
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
            raise CxError(f"scores must be numbers; column {name} holds text, e.g. {example}")
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
    given = [_BETWEEN.join(row) for row in names.fillna("").itertuples(index=False)]
    joined = f" || '{_BETWEEN}' || ".join(["stage", "touchpoint", "coalesce(channel, '')"])
    code = _listed(
        [None if pd.isna(n) else int(n) for n in number], f"enum_code(({joined})::ENUM({', '.join(map(_text, given))}))"
    )
    coded = rows.project(f"customer, moment, score, {code} AS node")
    return nodes, coded.filter("customer IS NOT NULL AND moment IS NOT NULL AND node IS NOT NULL")


def _write(engine, rows: duckdb.DuckDBPyRelation, nodes: pd.DataFrame, folder: Path, number: int) -> tuple[str, ...]:
    """Put the contacts in order and beside their neighbours, into Parquet files by part; the parts that hold some.

    `contacts` stands for all files, and in the schema of a part for its own, with the names of places.
    """
    over = "OVER (PARTITION BY customer ORDER BY moment, node, score)"
    columns = ["customer", "moment", "score", "node", f"row_number() {over} AS step"]
    for turn, end in (("lag", "from"), ("lead", "to")):
        columns += [f"{turn}({name}) {over} AS {end}_{name}" for name in ("node", "moment")]
    beside = ["customer", "moment", "step", "score", "node", "from_node", "to_node", "to_moment"]
    beside += [f"{_listed(nodes['place'], f'{end}node')} AS {end}place" for end in ("", "from_", "to_")]
    same = f"from_moment = moment AND {_listed(nodes['spot'], 'from_node')} = {_listed(nodes['spot'], 'node')}"
    beside.append(f"coalesce({same}, false) AS again")
    beside.append(f"hash(customer) % {number} AS part")
    ordered = rows.project(", ".join(columns)).project(", ".join(beside))
    ordered.write_parquet(str(folder), compression="lz4", partition_by=["part"])
    parts = {f"part{i}": folder / f"part={i}" for i in range(number) if (folder / f"part={i}").is_dir()}
    names = ", ".join(f"{_listed(nodes[key], 'node')} AS {key}" for key in LEVELS["touchpoint"])
    for schema, where in ({"main": folder / "part=*"} | parts if parts else {}).items():
        source = f"read_parquet({_text(str(where / '*.parquet'))}, hive_partitioning = false)"
        engine.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        engine.execute(f"CREATE OR REPLACE VIEW {schema}.contacts AS SELECT *, {names} FROM {source}")
    return tuple(parts)


def _extent(engine) -> tuple:
    """Contacts, customers, first and last moment and usual gap of `contacts`, which holds one contact at least."""
    gap = f"quantile_disc(epoch_us(to_moment) - epoch_us(moment), {USUAL})"
    sql = f"SELECT count(*), count(*) FILTER (step = 1), min(moment), max(moment), {gap} FROM contacts"
    contacts, customers, first, last, usual = engine.execute(sql).fetchall()[0]
    # Without a contact that follows another no gap is known; every journey is then taken as it stands.
    return contacts, customers, pd.Timestamp(first), pd.Timestamp(last), pd.Timedelta(microseconds=usual or 0)


def _listed(values, code: str) -> str:
    """SQL for the value that belongs to a number (0, 1, …) in the column `code`."""
    kind = "VARCHAR" if any(isinstance(value, str) for value in values) else "INT"
    cells = ["NULL" if value is None else _text(value) if isinstance(value, str) else str(value) for value in values]
    return f"([{', '.join(cells)}]::{kind}[])[{code} + 1]"


def places(drawn_map: pd.DataFrame) -> pd.DataFrame:
    """The stages of a drawn map in its order: stage, place (1, 2, …), phase (blank where the map has none).

    Raises CxError for a map without stages or their order, and for a stage that stands in two places.
    """
    for column in ("stage", "order"):
        if column not in drawn_map:
            raise CxError(f"a drawn map needs the columns stage and order; {column} is missing")
    kept = ["stage", "order", *(["phase"] if "phase" in drawn_map else [])]
    found = drawn_map.dropna(subset=["stage", "order"])[kept].drop_duplicates().sort_values("order", kind="stable")
    if found.empty:
        raise CxError("a drawn map must hold at least one stage with its order; this one holds none")
    twice = found["stage"][found["stage"].duplicated()]
    if len(twice):
        raise CxError(f"a stage has one order and one phase in the map; {len(twice)} have more, e.g. {twice.iloc[0]}")
    phase = found["phase"].astype(object) if "phase" in found else None
    return pd.DataFrame(
        {"stage": found["stage"].astype(str).to_numpy(), "place": np.arange(1, len(found) + 1), "phase": phase}
    ).reset_index(drop=True)


def _name(column: str) -> str:
    return '"' + str(column).replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + str(value).replace("'", "''") + "'"
