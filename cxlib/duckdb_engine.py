"""DuckDB, which holds large tables of Parquet files and of DuckDB databases.

The connection is the study's own: it takes no more memory than the study says, writes what does not fit into a private
folder, and never writes to the data. A client's database may hold views, which are code: none can read another file
than the study's, fetch anything, or load what DuckDB does not come with.
"""

import os
import tempfile
import weakref
from pathlib import Path

import pandas as pd

from cxlib.engine import Source, quoted, text
from cxlib.errors import CxError, nearest
from cxlib.fork import scratch

INHERITED: list[tuple] = []  # connections and folders of the process that this one was forked from
# What views of a database have no use for: extensions fetched or loaded, and the variables of this program.
_CLOSED = dict.fromkeys(("autoinstall_known_extensions", "autoload_known_extensions", "allow_community_extensions",
                         "allow_persistent_secrets", "python_enable_replacements"), False)  # fmt: skip
# Rows of Parquet files with what tells each from the others.
_NUMBERED = "* EXCLUDE (filename, file_row_number), filename AS _file, file_row_number AS _row"


class DuckDB:
    """A connection of its own to DuckDB, within `memory` and to these files, with `rows` of sources as relations."""

    kind, hash = "duckdb", "hash"

    def __init__(self, memory: str, files: list[Path]):
        import duckdb

        folder = tempfile.TemporaryDirectory(prefix="duckdb-", dir=scratch())
        limits = {"memory_limit": memory.replace(" ", ""), "temp_directory": folder.name}
        self.connection = duckdb.connect(":memory:", config=limits | _CLOSED)
        named = ", ".join(text(f"{path}{log}") for path in files for log in ("", ".wal"))
        self.connection.execute(f"SET allowed_directories = [{text(scratch())}]")
        self.connection.execute(f"SET allowed_paths = [{named}]")
        self.connection.execute("SET enable_external_access = false")
        self.connection.execute("SET enable_progress_bar = false")  # which would stand in a notebook's output
        self.connection.execute("SET lock_configuration = true")
        self._end = weakref.finalize(self, _close, self.connection, folder, os.getpid())
        self._attached: dict[Path, str] = {}

    def rows(self, held: Source, *, numbered: bool = False):
        """The source's rows as they stand; `numbered` adds the columns _file and _row, which tell each from others."""
        try:
            if held.kind == "parquet":
                names = [str(path) for path in held.paths]
                how = {"filename": True, "file_row_number": True} if numbered else {}
                rows = self.connection.read_parquet(names, **how)
                return rows.project(_NUMBERED) if numbered else rows
            name = f"{self._attach(held.path)}.{_table_name(held.entry.table)}"
            return self.connection.sql(f"SELECT *, '' AS _file, rowid AS _row FROM {name}" if numbered else
                                       f"SELECT * FROM {name}")  # fmt: skip
        except _engine_errors() as error:
            raise self._told(held, error, numbered) from None

    def _attach(self, path: Path) -> str:
        if path not in self._attached:
            name = f"_cx{len(self._attached)}"
            self.connection.execute(f"ATTACH {text(str(path))} AS {name} (READ_ONLY)")
            self._attached[path] = name
        return self._attached[path]

    def _told(self, held: Source, error: Exception, numbered: bool) -> CxError:
        """A CxError for what DuckDB says: a locked database, a table that there is not, files that do not match."""
        import duckdb

        said = str(error).strip().splitlines()[0]
        if isinstance(error, duckdb.PermissionException):
            return CxError(f"{held.where}: reads what is no file of the study: {said}")
        if held.kind == "parquet":
            return CxError(f"{held.where}: cannot be read as one table: {said}")
        if "lock" in said.casefold():
            return CxError(f"{held.path}: is locked by another program; close it there, or give a copy")
        if isinstance(error, duckdb.CatalogException | duckdb.BinderException) and held.path in self._attached:
            if numbered and "rowid" in said:
                return CxError(f"{held.where}: is a view, whose rows have no order; `duplicates: first` needs a table")
            there = self._tables(held.path)
            close = nearest(held.entry.table, there)
            return CxError(
                f"{held.path}: holds no table {held.entry.table}{close}; it holds {', '.join(there) or 'none'}"
            )
        return CxError(f"{held.path}: cannot be read as a DuckDB database: {said}")

    def _tables(self, path: Path) -> list[str]:
        found = self.connection.execute(
            "SELECT CASE WHEN table_schema = 'main' THEN table_name ELSE table_schema || '.' || table_name END "
            "FROM information_schema.tables WHERE table_catalog = ? ORDER BY 1",
            [self._attached[path]],
        )
        return [name for (name,) in found.fetchall()]

    def select(self, rows, columns: dict[str, str]):
        """A relation of these columns: name -> SQL."""
        return rows.project(", ".join(f"{value} AS {quoted(name)}" for name, value in columns.items()))

    def where(self, rows, condition: str):
        """The rows that meet a condition."""
        return rows.filter(condition)

    def union(self, parts: list):
        """Relations of the same columns below one another."""
        whole = parts[0]
        for part in parts[1:]:
            whole = whole.union(part)
        return whole

    def query(self, rows, sql: str, **tables) -> pd.DataFrame:
        """The result of a query of the table t (and further ones), in pandas."""
        try:
            for name, table in tables.items():
                self.connection.register(name, table)
            return rows.query("t", sql).to_arrow_table().to_pandas()
        except _engine_errors() as error:
            raise CxError(f"DuckDB cannot read the table: {str(error).strip().splitlines()[0]}") from None

    def among(self, rows, key: str, names: pd.Series):
        """The rows whose key is one of these names."""
        self.connection.register("_named", pd.DataFrame({"name": names}))
        return rows.query("t", f"SELECT * FROM t WHERE {quoted(key)} IN (SELECT name FROM _named)")

    def without(self, rows, dropped: pd.DataFrame):
        """The numbered rows less those dropped (_file, _row), in any order."""
        self._made = getattr(self, "_made", 0) + 1
        name = f"_dropped{self._made}"
        self.connection.register("_dropped", dropped)
        self.connection.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM _dropped")
        condition = f"NOT EXISTS (SELECT 1 FROM {name} d WHERE d._file = t._file AND d._row = t._row)"
        return rows.query("t", f"SELECT * FROM t WHERE {condition}")


def _close(connection, folder: tempfile.TemporaryDirectory, opened_by: int) -> None:
    if os.getpid() != opened_by:  # a fork: closing the parent's connection here would be a crash
        INHERITED.append((connection, folder))
        return
    connection.close()
    folder.cleanup()


def _engine_errors() -> tuple:
    import duckdb

    return (duckdb.Error, OSError, UnicodeDecodeError)


def _table_name(table: str) -> str:
    return ".".join(quoted(part) for part in table.split("."))
