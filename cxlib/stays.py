"""How long customers stayed, counted in the engine from the days on which they came and left.

Kaplan-Meier, its limits and the log-rank test need no customers, only how many left and how many were last seen after
each number of days, and how many came under observation then. These numbers are counted where the table is; all else
is survival.survival() of what stays() gives, and cohorts.triangle() of what came_and_left() gives.
"""

from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd

from cxlib import engine_days
from cxlib.counts import as_list, tally
from cxlib.errors import CxError
from cxlib.risk_sets import each_group

SAME_DAY = 0.5  # days that somebody stayed who left on the day he came


def stays(frame, *, since, left, until=None, by=None, seen_from=None) -> pd.DataFrame:
    """How many customers stayed how long: a row for each group, duration, event and entry that occur together.

    `since` and `left` are columns of days (blank: still there), `by` one or several columns of groups; any frame that
    narwhals knows will do, of any size. `until` is the day on which the table was drawn (default: its last date):
    whoever left later was still there. `seen_from` is the first day on which leaving was recorded, where the table
    lacks those who left before it: earlier customers enter late.

    Columns: the groups, duration (in days; half a day for who left on the day he came), event (1 left, 0 still there),
    entry (days after which he came under observation), customers. Of entries and durations only how many have each is
    counted, as curves need no more: a row does not say that these customers have that entry. Customers of no known day
    or group, and those who were not followed for a day, stand in rows without a duration. survival.survival() and
    log_rank() take the frame with duration="duration", event="event", entry="entry", counts="customers".

    Raises CxError for columns that are not there or hold no dates, and for customers who left before they came.
    """
    groups = as_list(by)
    inner = [f"group{place}" for place in range(len(groups))]
    data = engine_days.columns_named(frame, {"since": since, "left": left} | dict(zip(inner, groups, strict=True)))
    data, found = _read(data, since, left)
    last = found.last if until is None else engine_days.written(until, "the last day")
    gone, came = nw.col("went") <= last, nw.col("came")
    length = nw.when(gone & (nw.col("went") == came)).then(nw.lit(SAME_DAY))
    ended = nw.when(gone).then(nw.col("went")).otherwise(nw.lit(last)).cast(nw.Float64) - came
    data = data.with_columns(event=nw.when(gone).then(nw.lit(1)).otherwise(nw.lit(0)), duration=length.otherwise(ended))
    data = data.with_columns(entry=nw.lit(0.0))
    if seen_from is not None:
        # Who was there was so on the day before that first day, and whoever left on it is seen to leave.
        late = (engine_days.written(seen_from, "the first day") - 1 - came).cast(nw.Float64)
        data = data.with_columns(entry=nw.when(late > 0).then(late).otherwise(nw.lit(0.0)))
    told = nw.col("duration") > nw.col("entry")
    for name in inner:
        told = told & ~nw.col(name).is_null()
    data = data.with_columns(**{name: nw.when(told).then(nw.col(name)) for name in ("duration", "event", "entry")})
    data = data.select(*inner, "duration", "event", "entry")
    ends = tally(data, "event", by=[*inner, "duration"])[[*inner, "duration", "event", "n"]]
    if seen_from is None:
        table = ends.assign(entry=ends["duration"].where(ends["duration"].isna(), 0.0))
    else:
        table = _beside(ends, tally(data, "entry", by=inner), inner)
    table = table.rename(columns={"n": "customers"} | dict(zip(inner, groups, strict=True)))
    for name in groups:
        if isinstance(frame, pd.DataFrame) and isinstance(frame[name].dtype, pd.CategoricalDtype):
            table[name] = pd.Categorical(table[name], categories=frame[name].cat.categories.astype(str), ordered=True)
    numbers = {"duration": "float64", "event": "Int64", "entry": "float64", "customers": "int64"}
    return table[[*groups, *numbers]].astype(numbers)


def _beside(ends: pd.DataFrame, entries: pd.DataFrame, groups: list[str]) -> pd.DataFrame:
    """Both counts as rows of a group, duration, event, entry and n.

    Within a group the earliest entries stand beside the shortest durations. As every customer enters before he goes,
    so does every row: the k-th entry of all comes before the k-th end.
    """
    parts = [ends[ends["duration"].isna()].assign(entry=np.nan)]
    come = {tuple(names.values()): rows for names, rows in each_group(entries.dropna(subset=["entry"]), groups)}
    for names, gone in each_group(ends.dropna(subset=["duration"]), groups):
        entered = come[tuple(names.values())]
        until, since = (rows["n"].cumsum().to_numpy() for rows in (gone, entered))
        cuts = np.union1d(until, since)
        entry = entered["entry"].to_numpy()[np.searchsorted(since, cuts)]
        parts.append(gone.iloc[np.searchsorted(until, cuts)].assign(entry=entry, n=np.diff(cuts, prepend=0)))
    return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True)
class CameAndLeft:
    """How many customers came in each period and left in each: arrays of the same length, numbers as pandas gives them.

    `came` and `left` are numbers of periods; nan where no day is known, or nobody left. `earlier` says who left before
    the first day of observation. `first` is the first day on which somebody came, `last` the last day of all: numbers
    of engine_days.number().
    """

    came: np.ndarray
    left: np.ndarray
    earlier: np.ndarray
    n: np.ndarray
    first: float
    last: float


def came_and_left(frame, *, came, left, period: str, seen_from=None) -> CameAndLeft:
    """The customers by the periods (M, Q, Y) in which they came and left, counted in the engine.

    Raises CxError for columns that are not there or hold no dates, for customers who left before they came, and where
    no day of coming is known.
    """
    data = engine_days.columns_named(frame, {"since": came, "left": left})
    data, found = _read(data, came, left)
    if np.isnan(found.first):
        raise CxError(f"cohorts need days of coming; all {found.rows:,} in {came} are missing")
    begin = found.first if seen_from is None else engine_days.written(seen_from, "the first day")
    data = data.select(
        engine_days.period("since", period).alias("came"),
        engine_days.period("left", period).alias("left"),
        nw.when(nw.col("went") < begin).then(nw.lit(1)).otherwise(nw.lit(0)).alias("earlier"),
    )
    table = tally(data, "left", by=["came", "earlier"])
    numbers = (table[name].to_numpy(float, na_value=np.nan) for name in ("came", "left"))
    return CameAndLeft(*numbers, table["earlier"].to_numpy() == 1, table["n"].to_numpy(), found.first, found.last)


@dataclass(frozen=True)
class _Extent:
    rows: int
    first: float
    last: float


def _read(data, since: str, left: str) -> tuple:
    """The data with the days of coming and leaving as numbers (came, went), checked; and the first and last day."""
    data = engine_days.dates(data, {"since": since, "left": left})
    data = data.with_columns(came=engine_days.number("since"), went=engine_days.number("left"))
    wrong = nw.col("went") < nw.col("came")
    look = {"rows": nw.len(), "first": nw.col("came").min(), "last": nw.col("came").max(), "gone": nw.col("went").max()}
    found = engine_days.rows(data.select(**look)).astype(float).iloc[0]
    before = data.filter(wrong)
    n = int(engine_days.rows(before.select(n=nw.len()))["n"].iloc[0])
    if n:
        one = engine_days.rows(before.sort("came", "went").head(1)).iloc[0]
        came, went = (engine_days.on(one[name]).date() for name in ("came", "went"))
        raise CxError(f"customers must leave after they come; {n:,} left before, e.g. came {came}, left {went}")
    return data, _Extent(int(found["rows"]), found["first"], found[["last", "gone"]].max())
