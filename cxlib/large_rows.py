"""The rows of a large table in its engine: as they stand, under the codebook's names, or as quickest to count."""

from dataclasses import dataclass, field
from pathlib import Path

from cxlib.counts import Coded
from cxlib.duckdb_engine import DuckDB
from cxlib.large_part import Part
from cxlib.places import entry_files
from cxlib.spark_engine import Spark


@dataclass(frozen=True)
class Held:
    """A large table as its engine holds it.

    rows: how many there are; kept: how many of them were drawn, with this seed. levels: those of columns with groups.
    """

    rows: int
    seed: int
    parts: tuple[Part, ...]
    levels: dict[str, list[str]] = field(default_factory=dict)
    kept: int = 0


def engine_of(study, kind: str):
    """The study's connection to an engine, made at its first use."""
    if kind != "spark":
        kind = "duckdb"
    if kind not in study.engines:
        study.engines[kind] = Spark() if kind == "spark" else DuckDB(study.book.large.memory, _files(study))
    return study.engines[kind]


def _files(study) -> list[Path]:
    """The files of all tables of the whole study."""
    tables = study.total.book.tables.values()
    return [path for table in tables for entry in table.file for path in entry_files(study.file, study.folder, entry)]


def rows_of(study, part: Part):
    """The rows of a part as they stand in the engine, less those that repeat others."""
    engine = engine_of(study, part.source.kind)
    if part.dropped is None or part.dropped.empty:
        return engine.rows(part.source)
    return engine.without(engine.rows(part.source, numbered=True), part.dropped)


def relation(study, held: Held):
    """The table under the codebook's names, as its engine's lazy frame; answers are what they are in a small table."""
    engine = engine_of(study, held.parts[0].source.kind)
    names = list(dict.fromkeys(name for part in held.parts for name in part.sql))
    selected = [engine.select(rows_of(study, part), {n: part.sql.get(n, "NULL") for n in names}) for part in held.parts]
    return engine.union(selected)


def coded(study, held: Held) -> Coded:
    """The table as it is quickest to count by: values as they stand, and what each becomes."""
    engine = engine_of(study, held.parts[0].source.kind)
    parts = tuple((engine.select(rows_of(study, part), part.coded), part.values) for part in held.parts)
    return Coded(parts)
