"""Cohorts: customers who came in the same month, quarter or year, and how many of them are left, or buy, later on."""

import numpy as np
import pandas as pd
from scipy import special

from cxlib.days import day
from cxlib.engine_days import on
from cxlib.errors import CxError
from cxlib.intervals import wilson
from cxlib.language import noted, tr
from cxlib.purchases import read
from cxlib.risk_sets import check_confidence
from cxlib.stays import came_and_left

# How cohorts are counted, by period.
THERE = {
    "M": noted("still there at the end of the month; Wilson; customers leave independently"),
    "Q": noted("still there at the end of the quarter; Wilson; customers leave independently"),
    "Y": noted("still there at the end of the year; Wilson; customers leave independently"),
}
BOUGHT = {
    "M": noted("bought in the month; Wilson; customers buy independently"),
    "Q": noted("bought in the quarter; Wilson; customers buy independently"),
    "Y": noted("bought in the year; Wilson; customers buy independently"),
}


def triangle(
    frame, *, came, left, seen_from=None, until=None, period="M", confidence=0.95, minimum_base=30
) -> pd.DataFrame:
    """Retention by cohort: of the customers who came in a period, how many are still there at the end of later ones.

    `came` and `left` are columns of days (blank: still there), `until` the day on which the table was drawn (default:
    its last date), `period` M, Q or Y. Any frame that narwhals knows will do. A row for every cohort and age (0: the
    end of the period in which they came) whose period was over by `until`, so that all of the cohort were seen as long.
    `seen_from` is the first day on which leaving was recorded, where the table lacks those who left before it: older
    cohorts (`late`) are then of those still there on that day, and begin with its period.

    Columns: cohort (2025-01, 2025Q1, 2025), age (in periods), at_start (customers of the cohort), retained (of them, at
    the end of that period), lost (in it), estimate (retained in percent), low, high (Wilson), se, n, n_effective, unit,
    late, method; and of the whole table undated (customers without a day of coming), earlier (who left before
    `seen_from`) and later (who came in a period not over yet): these and one at_start a cohort sum to all customers.
    Cohorts under `minimum_base` have neither retained, lost nor estimate. No rows where no period is over.

    Raises CxError for columns that hold no dates, customers who left before they came, and other periods.
    """
    _check_period(period)
    counted = came_and_left(frame, came=came, left=left, period=period, seen_from=seen_from)
    n, number, earlier, known = counted.n, counted.came, counted.earlier, ~np.isnan(counted.came)
    last = _last_period(on(counted.last) if until is None else day(until, "the last day"), period)
    begin = on(counted.first) if seen_from is None else day(seen_from, "the first day")
    inside = known & ~earlier & (number <= last)
    # Who is still there, or leaves after the last period, goes at an age that no cell shows.
    gone = np.fmin(counted.left, last + 1)
    starts, ages = (values[inside].astype(int) for values in (number, gone - number))
    cells = _cells(starts, ages, n[inside], last, period, begin.to_period(period).ordinal)
    cells["retained"] = cells["at_start"] - cells.groupby("cohort", sort=False)["count"].cumsum()
    found = _shares(cells.rename(columns={"count": "lost"}), "retained", ["lost"], confidence, minimum_base)
    counts = {"undated": n[~known].sum(), "earlier": n[earlier].sum(), "later": n[known & ~earlier & ~inside].sum()}
    return found.assign(late=found.groupby("cohort")["age"].transform("min") > 0, method=tr(THERE[period]), **counts)


def activity(
    purchases, *, customer, when, value=None, until=None, period="M", confidence=0.95, minimum_base=30
) -> pd.DataFrame:
    """Buying by cohort: of the customers whose first purchase fell in a period, how many bought in each later one.

    `until` is the day on which the table was drawn (default: its last purchase). Columns as of triangle(), with active
    (customers who bought in that period; at age 0 all), purchases and value (in that period, of the cohort) in the
    place of retained and lost, and later counting purchases in a period that is not over, or after `until`: purchases
    and later sum to all rows with a customer and a day. Raises CxError as purchases.read(), and for other periods.
    """
    _check_period(period)
    table = read(purchases, customer=customer, when=when, value=value)
    last = _last_period(table["day"].max() if until is None else day(until, "the last day"), period)
    table["number"] = _numbers(table["day"], period)
    table["first"] = table.groupby("customer")["number"].transform("min")
    inside = table[table["number"] <= last]
    age = (inside["number"] - inside["first"]).to_numpy()
    starts = inside["first"].to_numpy()
    new = ~inside.duplicated(["customer", "number"]).to_numpy()
    cells = _cells(starts[new], age[new], np.ones(new.sum()), last, period)
    cells["at_start"] = cells.groupby("cohort", sort=False)["count"].transform("first")
    cells["purchases"] = _cells(starts, age, np.ones(len(inside)), last, period)["count"]
    cells["value"] = _cells(starts, age, inside["value"].to_numpy(), last, period)["count"] if value else np.nan
    cells = cells.rename(columns={"count": "active"}).astype({"purchases": "int64"})
    found = _shares(cells, "active", ["purchases", "value"], confidence, minimum_base)
    return found.assign(method=tr(BOUGHT[period]), later=len(table) - len(inside))


def _check_period(period: str) -> None:
    if period not in THERE:
        raise CxError(f"a period is one of {', '.join(THERE)}; found {period}")


def _numbers(days: pd.Series, period: str) -> np.ndarray:
    """The number of the period in which each day lies."""
    return pd.PeriodIndex(days, freq=period).asi8


def _last_period(drawn: pd.Timestamp, period: str) -> int:
    """The number of the last period that was over at the end of that day."""
    found = drawn.to_period(period)
    return found.ordinal if drawn.normalize() == found.end_time.normalize() else found.ordinal - 1


def _cells(cohort, age, n, last: int, period: str, first: int | None = None) -> pd.DataFrame:
    """The cells of all cohorts from the first period to the last: cohort, age, at_start (the sum of n over all ages)
    and count."""
    starts, place = np.unique(cohort, return_inverse=True)
    wide = int(last - starts[0] + 2) if len(starts) else 1
    counts = np.bincount(place * wide + age, n, len(starts) * wide).reshape(-1, wide)
    when = starts[:, None] + np.arange(wide)
    row, column = np.nonzero((when <= last) & (when >= (starts[:1].sum() if first is None else first)))
    names = np.array([str(pd.Period(ordinal=start, freq=period)) for start in starts], dtype=object)
    cells = {"cohort": names[row], "age": column, "at_start": counts.sum(axis=1)[row], "count": counts[row, column]}
    return pd.DataFrame(cells)


def _shares(cells: pd.DataFrame, part: str, also: list[str], confidence: float, minimum_base: int) -> pd.DataFrame:
    """The cells with the share of `part` in the cohort, in percent; without it where the cohort is small."""
    check_confidence(confidence)
    n, p = cells["at_start"], cells[part] / cells["at_start"]
    low, high = wilson(p, n, special.ndtri(0.5 + confidence / 2))
    se = np.sqrt(p * (1 - p) / (n - 1).where(n > 1))
    found = cells.assign(estimate=100 * p, low=100 * low, high=100 * high, se=100 * se)
    columns = [part, *also, "estimate", "low", "high", "se"]
    found[columns] = found[columns].astype(float).mask(n < minimum_base)
    found = found.assign(at_start=n.astype("int64"), n=n.astype("int64"), n_effective=n.astype(float), unit="percent")
    return found[["cohort", "age", "at_start", *columns, "n", "n_effective", "unit"]]
