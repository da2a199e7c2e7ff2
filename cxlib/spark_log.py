"""What the contact log asks of DuckDB, asked of Spark: the same SQL in Spark's dialect, answered by Spark's machines.

contact_log.py and the modules after it write DuckDB's SQL. The few words that Spark has in another way are put into its
way here, so that each question is written once. Only answers leave Spark: the contacts in order stay in its storage.
"""

import re
from collections.abc import Callable

import pandas as pd
import pyarrow as pa

from cxlib.spark_engine import spark_sql

_EPOCH = "TIMESTAMP_NTZ '1970-01-01 00:00:00'"
_TYPES = {"string": "VARCHAR", "boolean": "BOOLEAN", "double": "DOUBLE", "float": "FLOAT", "date": "DATE"}
_TYPES |= {"timestamp_ntz": "TIMESTAMP"}
# Functions that Spark has under another name or in another order: their arguments to its SQL.
# A bare `array(` would open a type, after which Spark's lexer takes no >> for a shift.
_CALLS: dict[str, Callable[..., str]] = {
    "epoch_us": lambda moment: f"timestampdiff(MICROSECOND, {_EPOCH}, {moment})",
    "make_timestamp": lambda us: f"timestampadd(MICROSECOND, {us}, {_EPOCH})",
    "enum_code": lambda cast: _code_in(cast),
    "isinf": lambda number: f"(abs({number}) = double('Infinity'))",
    "list_extract": lambda values, place: f"element_at({values}, CAST({place} AS INT))",
    "list_value": lambda *values: f'"array"({", ".join(values)})',
    "quantile_disc": lambda value, share: f"percentile_disc({share}) WITHIN GROUP (ORDER BY {value})",
    "regexp_full_match": lambda cell, pattern: f"regexp_like({cell}, {_anchored(pattern)})",
    "strftime": lambda day, _: f"date_format({day}, 'yyyy-MM-dd')",
    "fsum": lambda number: f"sum({number})",
}
_WORDS = {
    r"\bVARCHAR\b": "STRING",
    r"\bTIMESTAMPTZ\b": "TIMESTAMP",
    r"::(INT|STRING)\[\]": r"::ARRAY<\1>",
    r"\bTIMESTAMP '": "TIMESTAMP_NTZ '",
    r"::TIMESTAMP\b(?!_)": "::TIMESTAMP_NTZ",
    r"\bAS TIMESTAMP\)": "AS TIMESTAMP_NTZ)",
    r"\bFILTER \((?!WHERE)": "FILTER (WHERE ",
    r"\blist\((.*) ORDER BY step\)": r"transform(array_sort(collect_list(struct(step, \1 AS at))), each -> each.at)",
    # A number of digits that differs by row.
    r"round\(days, (3 - floor\(log10\(days\)\)::INT)\)": r"(round(days * pow(10, \1)) / pow(10, \1))",
    # All contacts in one row would be put in order by one machine; what follows belongs to the same customer.
    r"OVER \(ORDER BY customer, step\)": "OVER (PARTITION BY customer ORDER BY step)",
}


def dialect(sql: str) -> str:
    """DuckDB's SQL as Spark reads it."""
    for name, rewritten in _CALLS.items():
        sql = _rewritten(sql, name, rewritten)
    for pattern, words in _WORDS.items():
        sql = re.sub(pattern, words, sql)
    return spark_sql(sql)


class SparkRows:
    """A frame of Spark that is asked as a relation of DuckDB is."""

    def __init__(self, frame, engine: "SparkEngine"):
        self.frame, self._engine = frame, engine
        self.columns = list(frame.columns)
        self.types = [_TYPES.get(kind, kind.upper()) for _, kind in frame.dtypes]

    def project(self, columns: str) -> "SparkRows":
        """These columns of each row."""
        return self._engine.asked(f"SELECT {columns} FROM rows", rows=self.frame)

    def filter(self, condition: str) -> "SparkRows":
        """The rows that meet a condition."""
        return self._engine.asked(f"SELECT * FROM rows WHERE {condition}", rows=self.frame)

    def aggregate(self, sums: str, by: str = "") -> "SparkRows":
        """Sums over the rows, or over the rows of each group."""
        grouped = f" GROUP BY {by}" if by else ""
        return self._engine.asked(f"SELECT {sums} FROM rows{grouped}", rows=self.frame)

    def fetchall(self) -> list[tuple]:
        """The rows as tuples."""
        return [tuple(row) for row in self.frame.collect()]

    def df(self) -> pd.DataFrame:
        """The rows in pandas."""
        return self.frame.toArrow().to_pandas()


class SparkEngine:
    """A session of Spark that is asked as a connection of DuckDB is, of the tables that it was given by name."""

    def __init__(self, session, tables: dict | None = None):
        self._session, self._tables, self._kept = session, dict(tables or {}), []

    def rows(self, frame) -> SparkRows:
        """A frame as a relation; times as the clock of the session shows them."""
        moments = {name: frame[f"`{name}`"].cast("timestamp_ntz") for name, kind in frame.dtypes if kind == "timestamp"}
        return SparkRows(frame.withColumns(moments) if moments else frame, self)

    def asked(self, sql: str, **tables) -> SparkRows:
        """The answer to a question about these tables, and those that have a name here."""
        known = self._tables | tables
        sql = dialect(sql).replace("{", "{{").replace("}", "}}")
        found = re.sub(rf"\b(FROM|JOIN) ({'|'.join(known)})\b", r"\1 {\2}", sql)
        named = {name: frame for name, frame in known.items() if f"{{{name}}}" in found}
        return SparkRows(self._session.sql(found, **named), self)

    execute = sql = asked

    def cursor(self) -> "SparkEngine":
        """An engine of its own with the same tables."""
        return SparkEngine(self._session, self._tables)

    def register(self, name: str, frame: pd.DataFrame) -> None:
        """Give a small table a name."""
        self._tables[name] = self._session.createDataFrame(pa.Table.from_pandas(frame, preserve_index=False))

    def keep(self, name: str, rows: SparkRows) -> None:
        """Keep rows in Spark's storage under a name, as they are asked more than once."""
        from pyspark import StorageLevel

        self._tables[name] = rows.frame.persist(StorageLevel.DISK_ONLY)
        self._kept.append(self._tables[name])

    def close(self) -> None:
        """Let go of what is kept."""
        for frame in self._kept:
            frame.unpersist()


def _rewritten(sql: str, name: str, rewritten: Callable[..., str]) -> str:
    """The SQL with each call of a function in other words, those inside others too."""
    start = re.search(rf"\b{name}\(", sql)
    if not start:
        return sql
    arguments, end = _arguments(sql, start.end())
    inner = [_rewritten(argument, name, rewritten) for argument in arguments]
    return sql[: start.start()] + rewritten(*inner) + _rewritten(sql[end:], name, rewritten)


def _arguments(sql: str, start: int) -> tuple[list[str], int]:
    """The arguments of a call whose bracket opened just before `start`, and where the call ends."""
    depth, quote, begin, found = 0, "", start, []
    for place in range(start, len(sql)):
        sign = sql[place]
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "([":
            depth += 1
        elif sign in ")]" and depth:
            depth -= 1
        elif sign == ")" or (sign == "," and not depth):
            found.append(sql[begin:place].strip())
            begin = place + 1
            if sign == ")":
                return found, place + 1
    raise AssertionError(f"a bracket of {sql[start - 20 : start]} does not close")


def _code_in(cast: str) -> str:
    """The place of a text in a list of texts, counted from 0; NULL where it is not in it."""
    column, listed = re.fullmatch(r"TRY_CAST\((.*?) AS ENUM\((.*)\)\)", cast, re.DOTALL).groups()
    return f'(nullif(array_position("array"({listed}), {column}), 0) - 1)'


def _anchored(pattern: str) -> str:
    return f"'^({pattern[1:-1]})$'"
