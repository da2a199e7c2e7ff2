"""Complainers and customers month by month, for the control chart of the complaint rate."""

import numpy as np
import pandas as pd

from cxlib import days
from cxlib.errors import CxError, nearest


def by_month(
    complaints: pd.DataFrame,
    customers: pd.DataFrame,
    *,
    when="when",
    complainer="complainer",
    since="since",
    left="left",
    start=None,
    end=None,
) -> pd.DataFrame:
    """Distinct complainers of each calendar month, and the customers present on its first day.

    `when` and `complainer` name columns of the complaints, `since` and `left` (the days of coming and leaving, blank
    for who stays) of the customers. `start` and `end` (2026-01-31, both included) are the days that the complaints
    cover; by default those of the first and the last complaint. Months that they cover in part are dropped: half a
    month's complaints would pass for a fall.
    Columns: period (2026-01), count (somebody who complains three times in a month counts once in it), base (came on
    the first day or before and had not left before it), complaints (rows of the month), unnamed (those of them
    without a complainer, not in count), undated_complaints and undated_customers (rows of the tables without `when`
    or `since`, left out everywhere). Who came and complained within a month is in its count and not in its base.
    Raises CxError for unknown columns, columns without dates, days of the period that are none or cover no whole
    month, and customers who left before they came.
    """
    day = _days(complaints, when, "complaints")
    came, went = (_days(customers, column, "customers") for column in (since, left))
    _known(complaints, complainer, "complaints")
    wrong = went < came
    if wrong.any():
        i = int(np.argmax(wrong))
        raise CxError(
            f"customers must leave after they come; {wrong.sum()} left before, e.g. came {came.iloc[i].date()}, left "
            f"{went.iloc[i].date()} (row {i + 1})"
        )
    months = _whole_months(day, start, end)
    first = months.to_timestamp().to_numpy()
    # Months since the first of the chart, as numbers: Period objects take ten times as long.
    month = day.dt.year * 12 + day.dt.month - (months[0].year * 12 + months[0].month)
    rows = pd.DataFrame({"month": month.to_numpy(), "who": complaints[complainer].to_numpy()})
    rows = rows[rows["month"].between(0, len(months) - 1)]
    named = rows[rows["who"].notna()]
    come = np.searchsorted(np.sort(came.dropna().to_numpy()), first, side="right")
    gone = np.searchsorted(np.sort(went[came.notna()].dropna().to_numpy()), first, side="left")
    total, known, distinct = (
        np.bincount(part["month"].astype(int), minlength=len(months)) for part in (rows, named, named.drop_duplicates())
    )
    return pd.DataFrame(
        {
            "period": months.astype(str),
            "count": distinct,
            "base": come - gone,
            "complaints": total,
            "unnamed": total - known,
            "undated_complaints": int(day.isna().sum()),
            "undated_customers": int(came.isna().sum()),
        }
    )


def _known(frame: pd.DataFrame, column: str, table: str) -> None:
    if column not in frame:
        raise CxError(f"there is no column {column} in the table {table}{nearest(column, frame.columns)}")


def _days(frame: pd.DataFrame, column: str, table: str) -> pd.Series:
    """A column of dates as days; one that is blank throughout has no dtype to speak of."""
    _known(frame, column, table)
    dates = frame[column]
    if dates.isna().all():
        return pd.Series(pd.NaT, index=dates.index, dtype="datetime64[us]")
    if not pd.api.types.is_datetime64_any_dtype(dates):
        raise CxError(
            f"the column {column} of {table} must hold dates; it holds {dates.dropna().iloc[0]!r} (pd.to_datetime() "
            "makes dates of text)"
        )
    return dates.dt.tz_localize(None).dt.normalize()


def _whole_months(day: pd.Series, start, end) -> pd.PeriodIndex:
    """The calendar months that lie within the days from start to end."""
    if day.isna().all() and not (start and end):
        raise CxError(f"no complaint has a day ({len(day)} rows); name the start and the end of the period")
    what = "a day of the period"
    first, last = (days.day(text, what) if text else found for text, found in ((start, day.min()), (end, day.max())))
    if first > last:
        raise CxError(f"a period ends after its start; found {first.date()} to {last.date()}")
    opening = first.to_period("M") + int(first.day > 1)
    closing = (last + pd.Timedelta(days=1)).to_period("M") - 1
    if opening > closing:
        raise CxError(f"a period covers at least one whole month; found {first.date()} to {last.date()}")
    return pd.period_range(opening, closing, freq="M")
