"""PySpark, which holds large tables of its catalog, and its way of writing SQL."""

import re

import pandas as pd

from cxlib.engine import Source, quoted
from cxlib.errors import CxError, nearest

# A name or a text in SQL.
_QUOTED = re.compile(r""" "(?P<name>(?:[^"]|"")*)" | '(?:[^']|'')*' """, re.VERBOSE)


class Spark:
    """The Spark session that there is, or that its settings start."""

    kind, hash = "spark", "xxhash64"

    def __init__(self):
        try:
            from pyspark.sql import SparkSession
        except ImportError:
            raise CxError("tables of Spark need PySpark: pip install pyspark") from None
        self.session = SparkSession.getActiveSession() or SparkSession.builder.appName("cxlib").getOrCreate()

    def rows(self, held: Source, *, numbered: bool = False):
        """The table of that name in Spark's catalog."""
        if numbered:
            raise CxError(
                f"{held.where}: a table of Spark has no first row; make its keys unique, `duplicates: first` cannot"
            )
        name = held.entry.spark
        if not self.session.catalog.tableExists(name):
            there = [table.name for table in self.session.catalog.listTables()]
            raise CxError(f"Spark's catalog holds no table {name}{nearest(name, there)}")
        return self.session.table(name)

    def select(self, rows, columns: dict[str, str]):
        """A frame of these columns: name -> SQL."""
        return rows.selectExpr(*(f"{spark_sql(value)} AS {spark_sql(quoted(name))}" for name, value in columns.items()))

    def where(self, rows, condition: str):
        """The rows that meet a condition."""
        return rows.filter(spark_sql(condition))

    def union(self, parts: list):
        """Frames of the same columns below one another."""
        whole = parts[0]
        for part in parts[1:]:
            whole = whole.union(part)
        return whole

    def among(self, rows, key: str, names: pd.Series):
        """The rows whose key is one of these names."""
        named = self.session.createDataFrame([(name,) for name in names], f"{spark_sql(quoted(key))} string")
        return rows.join(named, on=key, how="left_semi")

    def query(self, rows, sql: str) -> pd.DataFrame:
        """The result of a query of the table t, in pandas."""
        return self.session.sql(_of_frame(sql), t=rows).toArrow().to_pandas()


def spark_sql(sql: str) -> str:
    """SQL as Spark quotes it: names in backticks, a backslash in text twice."""

    def told(found: re.Match) -> str:
        if found["name"] is not None:
            return "`" + found["name"].replace('""', '"').replace("`", "``") + "`"
        return found[0].replace("\\", "\\\\")

    return _QUOTED.sub(told, sql)


def _of_frame(sql: str) -> str:
    """A query of the table t as PySpark takes it: the frame's name in braces, other braces twice."""
    pieces, last = [], 0
    for found in _QUOTED.finditer(sql):
        pieces += [re.sub(r"\bFROM t\b", "FROM {t}", sql[last : found.start()]), _braces(spark_sql(found[0]))]
        last = found.end()
    return "".join([*pieces, re.sub(r"\bFROM t\b", "FROM {t}", sql[last:])])


def _braces(part: str) -> str:
    return part.replace("{", "{{").replace("}", "}}")
