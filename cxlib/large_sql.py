"""Values and cells of large tables as SQL, in words that DuckDB and Spark share."""

import re
from decimal import Decimal

import narwhals as nw
import numpy as np
import pandas as pd

from cxlib.cells import code
from cxlib.codebook import Question
from cxlib.engine import quoted, text


class Cells:
    """The columns of a part as SQL over its rows: each cell as a code, a number or a date, or the class it falls in.

    A reader gives `kinds` (the type of each column), `coded` (columns to count by, by name), `spec` and `engine`.
    """

    def _state(self, value: str, source: str) -> str:
        return f"CASE WHEN {value} IS NOT NULL THEN 0 WHEN {self._text(source)} IS NULL THEN -1 ELSE -2 END"

    def _class(self, source: str, question: Question | None) -> str:
        """A whole number for each kind of number: blank, text, each missing code; else where it lies, whole or not."""
        number, missing, bounds = self._number(source), (), {0.0}
        if question is not None:
            missing = numbers(question.missing)
            cuts = [rule for rule in question.derive.values() if not isinstance(rule, dict)]
            bounds |= {*(question.scale or ()), *(edge for cut in cuts for edge in cut)}
            bounds |= {bound for members in question.nets.values() for bound in numbers(members)}
        above = " + ".join(
            f"CASE WHEN {number} > {double(b)} THEN 2 WHEN {number} = {double(b)} THEN 1 ELSE 0 END"
            for b in sorted(bounds)
        )
        codes = "".join(f" WHEN {number} = {double(c)} THEN {-3 - i}" for i, c in enumerate(missing))
        state = f"CASE WHEN {self._text(source)} IS NULL THEN -1 WHEN {number} IS NULL THEN -2"
        whole = f"CASE WHEN {number} = floor({number}) THEN 1 ELSE 0 END"
        return f"{state}{codes} ELSE 2 * ({above}) + {whole} END"

    def _text(self, source: str) -> str:
        """A cell as a code, in SQL."""
        column, dtype = quoted(source), self.kinds[source]
        if dtype == nw.Boolean:
            return f"CAST(CAST({column} AS INT) AS STRING)"
        if dtype.is_float():
            whole = f"CAST(CAST({column} AS BIGINT) AS STRING)"
            told = f"CASE WHEN {column} = floor({column}) THEN {whole} ELSE CAST({column} AS STRING) END"
            return f"CASE WHEN isnan({column}) THEN NULL ELSE {told} END"
        if dtype == nw.String:
            return f"nullif(trim({column}), '')"
        return f"CAST({column} AS STRING)"

    def _number(self, source: str) -> str:
        """A cell as a number, NULL where it is none, in SQL."""
        column, dtype = quoted(source), self.kinds[source]
        if dtype.is_float():
            return f"CASE WHEN isnan({column}) THEN NULL ELSE CAST({column} AS DOUBLE) END"
        if dtype.is_numeric() or dtype == nw.Boolean:
            return f"CAST({column} AS DOUBLE)"
        written = f"replace(trim({column}), ',', '.')" if self.spec.decimal == "," else f"trim({column})"
        return f"TRY_CAST({written} AS DOUBLE)"

    def _date(self, source: str) -> str:
        column = quoted(source)
        cast = "CAST" if self.kinds[source].is_temporal() else "TRY_CAST"
        return f"{cast}({column} AS {self.stamp})"

    def _mapped(self, source: str, key: str, mapping: dict, dtype) -> str:
        """The values put in their places, as SQL; short where they stay what they are."""
        numeric, dated = pd.api.types.is_numeric_dtype(dtype), pd.api.types.is_datetime64_any_dtype(dtype)
        given = {k: value for k, value in mapping.items() if k is not None and value is not None}
        blank = [k for k, value in mapping.items() if k is not None and value is None]
        held, kind = self.coded[key], self.kinds[source]
        whole = key.startswith("value ")
        if whole and numeric and kind.is_numeric() and all(float(k) == value for k, value in given.items()):
            made = self._number(source)
        elif whole and not numeric and not dated and all(as_code(k) == value for k, value in given.items()):
            made = self._text(source)
        else:
            groups: dict = {}
            for k, value in given.items():
                groups.setdefault(value, []).append(literal(k))
            cases = (f"WHEN {held} IN ({', '.join(ks)}) THEN {self._value(value)}" for value, ks in groups.items())
            nothing = f"CAST(NULL AS {'DOUBLE' if numeric else self.stamp if dated else 'STRING'})"
            return f"CASE {' '.join(cases)} ELSE {nothing} END" if given else nothing
        return f"CASE WHEN {held} IN ({', '.join(map(literal, blank))}) THEN NULL ELSE {made} END" if blank else made

    def _value(self, value) -> str:
        return f"CAST({text(str(value))} AS {self.stamp})" if isinstance(value, pd.Timestamp) else literal(value)

    @property
    def stamp(self) -> str:
        """What the engine calls a date with its time."""
        return "TIMESTAMP" if self.engine.kind == "duckdb" else "TIMESTAMP_NTZ"


def numbers(codes) -> tuple[float, ...]:
    """Those codes that are numbers."""
    found = (re.fullmatch(r"-?\d+(\.\d+)?", c) for c in codes)
    return tuple(float(m[0]) for m in found if m)


def double(value: float) -> str:
    """A number as SQL, every bit of it, and no decimal that an engine would round."""
    return f"CAST({float(value)!r} AS DOUBLE)"


def plain(value):
    """A value as Python has it, None for a missing one."""
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, Decimal):
        return float(value)
    return value.item() if isinstance(value, np.generic) else value


def as_code(value) -> str | None:
    """What _text() makes of a value in SQL."""
    return value.strip() if isinstance(value, str) else code(value)


def literal(value) -> str:
    """A value in SQL."""
    value = plain(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, np.integer)):
        return str(value)
    if isinstance(value, float):
        return double(value)
    if isinstance(value, str):
        return text(value)
    if value is None:
        return "NULL"
    return f"CAST({text(str(value))} AS TIMESTAMP)"


def is_among(key: str, values: pd.Series) -> str:
    """Whether a column holds one of these values, as SQL that is never NULL."""
    given = [literal(v) for v in values if plain(v) is not None]
    return f"coalesce({key} IN ({', '.join(given)}), FALSE)" if given else "FALSE"
