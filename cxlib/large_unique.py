"""One row a respondent (customer …) of a large table, in each wave: blank keys, and rows that repeat others."""

from dataclasses import replace

import pandas as pd

from cxlib import text
from cxlib.codebook import IDENTIFIERS, Table
from cxlib.engine import quoted
from cxlib.errors import CxError, Problem
from cxlib.language import tr
from cxlib.large_rows import Held, engine_of, relation
from cxlib.loading import ROWS, of_table

_MOST_REPEATED = 1_000_000


def unique(study, name: str, spec: Table, held: Held, notes: list[str]) -> tuple[Held, list[Problem]]:
    """One row a respondent (customer …), in each wave: the table less those left out, or the problems."""
    key = IDENTIFIERS.get(name)
    if key not in spec.keys:
        return held, []
    engine = engine_of(study, held.parts[0].source.kind)
    rows, where = relation(study, held), spec.file[0].place
    by = [quoted(c) for c in ("wave", key) if c in held.parts[0].sql]
    blank = int(engine.query(rows, f"SELECT count(*) AS n FROM t WHERE {quoted(key)} IS NULL")["n"].iloc[0])
    problems = (
        [Problem(name, spec.keys[key], blank, f"a {key} must not be blank", f"blank in {where}")] if blank else []
    )
    groups = (
        f"SELECT min({quoted(key)}) AS k, count(*) AS n FROM t WHERE {_again(engine, key, by)} GROUP BY {', '.join(by)}"
    )
    again = engine.query(rows, f"SELECT sum(n - 1) AS n, min(k) AS k FROM ({groups} HAVING count(*) > 1) AS d").iloc[0]
    if pd.isna(again["n"]):
        return held, problems
    count = int(again["n"])
    if spec.duplicates == "first":
        told = {"number": text.number(count), "key": tr(ROWS[key])}
        notes.append(of_table(name, tr("{number} rows with a {key} that had come before were left out", **told)))
        return _first_of_each(study, held, key, count), problems
    each = " in each wave" if "wave" in held.parts[0].sql else ""
    rule = f"a {key} stands for one row{each}; `duplicates: first` keeps the first"
    return held, [*problems, Problem(name, spec.keys[key], count, rule, f"{again['k']} in {where}")]


def _again(engine, key: str, by: list[str]) -> str:
    """Whether a row's key (in its wave) may stand in others too, in SQL: exact but for one pair of keys in 2^64.

    Hashes of 64 bits take far less memory than names; what they find is looked at again by name.
    """
    hashed = f"{engine.hash}({', '.join(by)})"
    return (
        f"{quoted(key)} IS NOT NULL AND {hashed} IN "
        f"(SELECT {hashed} FROM t WHERE {quoted(key)} IS NOT NULL GROUP BY {hashed} HAVING count(*) > 1)"
    )


def _first_of_each(study, held: Held, key: str, count: int) -> Held:
    """The table less the rows whose key (in its wave) had come before."""
    if count > _MOST_REPEATED:
        raise CxError(
            f"{study.file}: {count:,} rows repeat the key of others; `duplicates: first` leaves out "
            f"{_MOST_REPEATED:,} of a large table at most: make its keys unique"
        )
    engine = engine_of(study, held.parts[0].source.kind)
    names = [name for name in ("wave", key) if name in held.parts[0].sql]
    numbered = [
        engine.select(engine.rows(part.source, numbered=True),
                      {"_part": str(place), "_file": '"_file"', "_row": '"_row"'} | {n: part.sql[n] for n in names})
        for place, part in enumerate(held.parts)
    ]  # fmt: skip
    by = ", ".join(quoted(name) for name in names)
    order = f"row_number() OVER (PARTITION BY {by} ORDER BY _part, _file, _row)"
    again = _again(engine, key, [quoted(name) for name in names])
    among = f"SELECT *, {order} AS _place FROM t WHERE {again}"
    sql = f"SELECT _part, _file, _row FROM ({among}) WHERE _place > 1 ORDER BY ALL"
    found = engine.query(engine.union(numbered), sql)
    parts = tuple(
        replace(part, dropped=found.loc[found["_part"] == place, ["_file", "_row"]].reset_index(drop=True))
        for place, part in enumerate(held.parts)
    )
    return replace(held, rows=held.rows - len(found), parts=parts)
