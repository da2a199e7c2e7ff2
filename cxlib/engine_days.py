"""Days in any engine: as whole numbers, since engines differ in what the difference of two dates is."""

import narwhals as nw
import pandas as pd

from cxlib.days import day
from cxlib.errors import CxError, nearest

EPOCH = pd.Timestamp("1970-01-01").toordinal()
# The number of the month, quarter or year of a day, counted from 1970 as pandas counts its periods.
PERIODS = {
    "M": lambda day: (day.dt.year() - 1970) * 12 + day.dt.month() - 1,
    "Q": lambda day: (day.dt.year() - 1970) * 4 + (day.dt.month() - 1) // 3,
    "Y": lambda day: day.dt.year() - 1970,
}


def columns_named(frame, names: dict[str, str]):
    """The frame in narwhals with these columns alone, each under the name that `names` gives it: {new: old}.

    Raises CxError for columns that the frame does not have.
    """
    data = nw.from_native(frame)
    present = list(data.collect_schema().names())
    for name in names.values():
        if name not in present:
            raise CxError(f"there is no column {name} in the table{nearest(name, present)}")
    if hasattr(data.to_native(), "toDF"):
        # Spark reads a dot in a name as a field of a structure.
        data = nw.from_native(data.to_native().toDF(*(f"c{place}" for place in range(len(present)))))
        names = {new: f"c{present.index(old)}" for new, old in names.items()}
    return data.select(*(nw.col(old).alias(new) for new, old in names.items()))


def dates(data, names: dict[str, str]):
    """The data with each of these columns ({column: what messages call it}) as dates, all blank where it holds nothing.

    Raises CxError for a column that holds anything else.
    """
    kinds = data.collect_schema()
    for column, called in names.items():
        if isinstance(kinds[column], (nw.Date, nw.Datetime)):
            continue
        held = rows(data.filter(~nw.col(column).is_null()).select(column).head(1))[column]
        if len(held):
            raise CxError(f"days of coming and leaving are dates; column {called} holds {held.iloc[0]!r}")
        data = data.with_columns(nw.lit(None, dtype=nw.Datetime()).alias(column))
    return data


def number(column: str) -> nw.Expr:
    """The number of the day of a date or time, 1970-01-01 being 0; a time is of its day."""
    date = nw.col(column).dt
    before = date.year() - 1
    return before * 365 + before // 4 - before // 100 + before // 400 + date.ordinal_day() - EPOCH


def period(column: str, kind: str) -> nw.Expr:
    """The number of the period M, Q or Y in which a date lies."""
    return PERIODS[kind](nw.col(column))


def on(number: float) -> pd.Timestamp:
    """The day that has this number."""
    return pd.Timestamp.fromordinal(int(number) + EPOCH)


def written(text, what: str) -> int:
    """The number of the day that a text such as 2026-01-31 writes; `what` names it in the CxError that else is."""
    return day(text, what).toordinal() - EPOCH


def rows(data) -> pd.DataFrame:
    """A small table of any engine in pandas."""
    return (data.collect() if isinstance(data, nw.LazyFrame) else data).to_pandas()
