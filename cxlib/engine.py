"""Where the rows of a large table stand: Parquet files and DuckDB databases are for DuckDB, Spark's tables for PySpark.

Both engines (duckdb_engine.py and spark_engine.py) read the same SQL here, but for quotes.
"""

from dataclasses import dataclass
from pathlib import Path

from cxlib.codebook import Table, Wave
from cxlib.errors import CxError
from cxlib.places import entry_files

_PARQUET, _DUCKDB = b"PAR1", b"DUCK"


@dataclass(frozen=True)
class Source:
    """Rows of a table that stand together: a glob of Parquet files, a table of a DuckDB database or of Spark."""

    kind: str  # parquet, duckdb or spark; empty for a file that no engine holds
    entry: Wave
    path: Path  # of the first file; the table's name in Spark
    paths: tuple[Path, ...] = ()

    @property
    def where(self) -> str:
        """Where the rows stand, for whoever looks for them."""
        return self.entry.place if self.kind != "duckdb" else f"{self.path}, table {self.entry.table}"


def files_of(study, spec: Table) -> list[tuple[Wave, Path]]:
    """Each entry of a table with each of its files; a table of Spark passes for a file of its name."""
    found = []
    for entry in spec.file:
        paths = [Path(entry.spark)] if entry.spark else entry_files(study.file, study.folder, entry)
        found += [(entry, path) for path in paths]
    return found


def source(entry: Wave, path: Path) -> Source:
    """What holds this file; raises CxError where `table:` and the file do not go together."""
    if entry.spark:
        return Source("spark", entry, path)
    start = _start(path)
    if start[8:12] == _DUCKDB:
        if not entry.table:
            raise CxError(f"{path}: is a DuckDB database; name the table in it: {{file: {path.name}, table: …}}")
        return Source("duckdb", entry, path)
    if entry.table:
        raise CxError(f"{path}: `table: {entry.table}` is of a DuckDB database, and this file is none")
    return Source("parquet" if start.startswith(_PARQUET) else "", entry, path, (path,))


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(12)
    except OSError as error:
        raise CxError(f"{path}: cannot be read: {error.strerror}") from None


def quoted(name: str) -> str:
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text in SQL."""
    return "'" + value.replace("'", "''") + "'"
