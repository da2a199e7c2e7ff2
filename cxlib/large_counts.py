"""What chapters ask of large tables: what was drawn of them, what numbers of the sample stand for, rows of some names.

A number of rows or customers that is told of a sample is scaled up to the table, or refused; a share, a mean and the
base beneath it are the sample's own.
"""

import pandas as pd

from cxlib import large, large_rows, text
from cxlib.engine import quoted
from cxlib.engine import text as quote
from cxlib.errors import CxError
from cxlib.language import tr
from cxlib.loading import of_table


def drawn(study, tables=()) -> list[str]:
    """A sentence for each large table that the study has opened: how many of its rows were drawn, what counts all.

    `tables` are those that a chapter rests on: the large ones among them are opened here, no others.
    """
    whole = study.total
    for name in tables:
        if study.has(name) and name not in whole.held and large.is_large(whole, name):
            whole.table(name)
    return [of_table(name, _told(study, name, held)) for name, held in whole.held.items()]


def _told(study, name: str, held) -> str:
    n = {"number": text.number(held.kept), "all": text.number(held.rows), "seed": held.seed}
    if name == "survey" and study.counts_all(name):
        return tr(
            "{number} of {all} respondents, drawn with seed {seed}, stand for all where the answers of one person "
            "are needed together, and bases there count those drawn; metrics by wave and by segment count everybody",
            **n,
        )
    if name == "survey":
        return tr(
            "{number} of {all} respondents, drawn with seed {seed}, stand for all, and bases count those drawn", **n
        )
    if name == "customers":
        return tr(
            "{number} of {all} customers, drawn with seed {seed}, stand for all, and bases count those drawn; "
            "retention by period and by cohort counts all, and how many customers there are is scaled up from the "
            "sample",
            **n,
        )
    if name == "events" and study.counts_all(name):
        return tr(
            "journeys count all {all} rows; {number} of them, drawn with seed {seed}, stand for all where a group of "
            "customers is looked at",
            **n,
        )
    return tr("{number} of {all} rows, drawn with seed {seed}, stand for all; bases count the rows drawn", **n)


def is_sample(study, name: str) -> bool:
    """Whether what the study has in memory of a table is a sample of its rows."""
    return name in study.total.held


def times(study, name: str) -> float:
    """How many rows of a table each row in memory stands for; 1 where all of them are there."""
    held = study.total.held.get(name)
    return 1.0 if held is None else held.rows / held.kept


def marked(study, name: str, title: str) -> str:
    """A title, with how many of how many rows it is of where the table is a sample."""
    held = study.total.held.get(name)
    if held is None:
        return title
    n = {"number": text.number(held.kept), "all": text.number(held.rows)}
    return tr("{title} (sample: {number} of {all} rows)", title=title, **n)


def whole(study, name: str, why: str) -> None:
    """Raise a CxError where a table is large, for work that adds up its rows, or looks up every customer in it."""
    held = study.total.held.get(name)
    if held is not None:
        raise CxError(
            f"{study.file}: table {name} has {held.rows:,} rows, of which {held.kept:,} were drawn, and {why} needs "
            f"them all; raise `large: {{rows: …}}` above {held.rows:,}"
        )


def customers_of(study, names: pd.Series, columns: list[str]) -> pd.DataFrame:
    """These customers' rows of the table customers, from its engine where it is large: customer and the columns.

    Of a part of a study they are those of its sample.
    """
    if not study.counts_all("customers"):
        return study.table("customers")[["customer", *columns]]
    held = study.held["customers"]
    engine = large_rows.engine_of(study, held.parts[0].source.kind)
    rows = engine.among(large_rows.relation(study, held), "customer", names.dropna().astype(str).drop_duplicates())
    listed = ", ".join(quoted(column) for column in ["customer", *columns])
    found = engine.query(rows, f"SELECT {listed} FROM t ORDER BY {quoted('customer')}")
    return found.astype({column: "datetime64[us]" for column in columns if column in ("since", "left")})


def stayed(study, everybody: str, first: pd.Timestamp, last: pd.Timestamp):
    """The large table of customers in its engine, with what retention.rates() counts; and those there before `first`.

    Columns beside the table's: _all (the word `everybody`), _retained (1 who had not left by the end of the last day,
    0 others), _joined (1 who came on a day of the period).
    """
    held = study.held["customers"]
    engine = large_rows.engine_of(study, held.parts[0].source.kind)
    rows = large_rows.relation(study, held)
    begin, end = (f"CAST('{day.date()}' AS TIMESTAMP)" for day in (first, last + pd.Timedelta(days=1)))
    flags = {
        "_all": quote(everybody),
        "_retained": f'CASE WHEN "left" < {end} THEN 0.0 ELSE 1.0 END',
        "_joined": f'CASE WHEN "since" >= {begin} AND "since" < {end} THEN 1.0 ELSE 0.0 END',
    }
    flags = {name: value if name == "_all" else f"CAST({value} AS DOUBLE)" for name, value in flags.items()}
    flagged = engine.select(rows, {name: quoted(name) for name in rows.columns} | flags)
    there = f'"since" < {begin} AND ("left" IS NULL OR "left" >= {begin})'
    return flagged, engine.where(flagged, there)


def last_day(study, name: str, columns: list[str]) -> pd.Timestamp:
    """The last day that a table tells of in these columns, whatever part of it the study looks at."""
    study = study.total
    table = study.table(name)
    if name not in study.held:
        return table[columns].max().max()
    held = study.held[name]
    listed = ", ".join(f"max({quoted(column)}) AS {quoted(column)}" for column in columns)
    engine = large_rows.engine_of(study, held.parts[0].source.kind)
    found = engine.query(large_rows.relation(study, held), f"SELECT {listed} FROM t")
    return pd.to_datetime(found.iloc[0]).max()
