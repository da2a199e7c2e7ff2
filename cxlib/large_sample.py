"""A sample of a large table, for whatever must have single rows.

It is drawn by the hash of a respondent's or customer's name and the study's seed, so that it is the same in every
engine and in whatever order threads finish, and holds all rows of whom it holds.
"""

import pandas as pd

from cxlib.codebook import Table
from cxlib.engine import quoted
from cxlib.engine import text as quote
from cxlib.large_part import NAMES, Part
from cxlib.large_rows import Held, engine_of, rows_of

# Whose rows stay together in a sample, table by table: the first of these keys that the table has.
DRAWN_BY = {"survey": ("respondent", "customer"), "complaints": ("complainer", "complaint")}

_DIGITS = 15  # of a hash that are compared


def sample(study, spec: Table, held: Held, name: str) -> list[pd.DataFrame]:
    """The drawn rows of each part, in the columns that the codebook reads: at most `sample:` rows, nobody in halves."""
    engine, size = engine_of(study, held.parts[0].source.kind), study.book.large.sample
    among = min(1.0, (size + 6 * size**0.5) / held.rows)
    bound = f"{min(int(among * 16**_DIGITS), 16**_DIGITS - 1):0{_DIGITS}x}"
    keys = [key for key in DRAWN_BY.get(name, NAMES) if key in spec.keys][:1]
    frames = []
    for part in held.parts:
        rows = rows_of(study, part)
        named = [part.sql[key] for key in keys] or [part.sql[column] for column in part.sql]
        whom = ", ".join(f"coalesce(CAST(({one}) AS STRING), '')" for one in named)
        wanted = {column: quoted(column) for column in _used(spec, part, rows.columns)}
        if part.dropped is not None:
            wanted |= {number: quoted(number) for number in ("_file", "_row")}
        hashed = f"substring(md5(concat({quote(f'{held.seed}:')}, {whom})), 1, {_DIGITS})"
        chosen = engine.where(engine.select(rows, wanted | {"_hash": hashed}), f'"_hash" <= {quote(bound)}')
        frames.append(engine.query(chosen, "SELECT * FROM t"))
    order = pd.concat([frame["_hash"] for frame in frames]).sort_values(ignore_index=True)
    last = bound if len(order) <= size else order[order < order.iloc[size]].max()
    return [_in_order(frame[frame["_hash"] <= last], engine.kind) for frame in frames]


def _in_order(frame: pd.DataFrame, engine: str) -> pd.DataFrame:
    """Rows as they stand in the table, where that is known; in Spark, where rows come in any order, by their values."""
    numbers = [name for name in ("_file", "_row") if name in frame]
    if engine == "spark":
        numbers = ["_hash", *(name for name in frame if name != "_hash")]
    frame = frame.sort_values(numbers, key=_sortable) if numbers else frame
    return frame.drop(columns=["_hash", *(n for n in numbers if n in ("_file", "_row"))]).reset_index(drop=True)


def _sortable(column: pd.Series) -> pd.Series:
    return column.astype(str) if column.dtype == object else column


def _used(spec: Table, part: Part, columns) -> list[str]:
    """The columns of the rows that the codebook reads; of private ones no more than that they are there."""
    entry = part.source.entry
    names = [spec.source(name, entry, part.wave) for name in [*spec.keys, *spec.questions]]
    names += [entry.columns.get(c, c) for question in spec.questions.values() for c in question.columns.values()]
    return [column for column in columns if column in names]
