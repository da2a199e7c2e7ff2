"""Retention and churn: over a period, of the customers present at its start; and survival() over a customer's life."""

import numpy as np
import pandas as pd

from cxlib import large_counts
from cxlib.calls import told
from cxlib.counts import tally
from cxlib.days import day
from cxlib.errors import CxError
from cxlib.language import noted, tr
from cxlib.metrics import Metric
from cxlib.offered import offered
from cxlib.scores import by_group
from cxlib.survival import survival

__all__ = ["EVERYBODY", "RETAINED", "dated", "period", "rates", "survival"]
__getattr__, __dir__ = offered(__name__, __all__)

RETAINED = Metric("retention", "Retention", (0, 1), {1: 100}, "percent")
EVERYBODY = noted("All customers")


@told
def period(study, start: str = "", end: str = "") -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """The first and last day of the period: as given (2026-01-31), else the last calendar year that the dates cover.

    The dates are those on which the table's customers came and left. None where they cover no calendar year and no
    period is given. Raises CxError for days that are no dates, in the wrong order or outside the dates.
    """
    customers = study.total.table("customers")  # of a part, too: nobody of it need have come or left on the last day
    came = customers["since"].dt.normalize()
    first, last = came.min(), large_counts.last_day(study, "customers", ["since", "left"]).normalize()
    if bool(start) != bool(end):
        raise CxError(f"a period has a start and an end; only {'the start' if start else 'the end'} is given")
    if not start:
        year = last.year if (last.month, last.day) == (12, 31) else last.year - 1
        covered = pd.Timestamp(year, 1, 1) >= first
        return (pd.Timestamp(year, 1, 1), pd.Timestamp(year, 12, 31)) if covered else None
    days = tuple(day(text, "a day of the period") for text in (start, end))
    if days[0] >= days[1]:
        raise CxError(f"a period ends after its start; found {start} to {end}")
    if days[0] < first or days[1] > last:
        raise CxError(
            f"the period {start} to {end} reaches outside the customers' dates, {first.date()} to {last.date()}; "
            "nobody can be seen to come or leave there"
        )
    return days


@told
def rates(study, *, start: str = "", end: str = "", confidence=0.95) -> pd.DataFrame:
    """Retention and churn (100 - retention) in percent, of all customers and by segment, with Wilson intervals.

    The base n is who had come before the first day and not left before it; retained is who of them had not left by
    the end of the last day. Columns: segment, group, whole (true for all customers), estimate, low, high, churn,
    churn_low, churn_high, se, n,
    n_effective, lost (of the base), joined (on a day of the period; not in the base), undated (customers without
    `since`, who are left out), start, end, chosen (how the period was), unit, method. Groups under the minimum base
    have no rates. No rows without customers, their dates, or a period. Raises CxError as period(), and for customers
    who left before they came.

    >>> from cxlib import Study, retention
    >>> found = retention.rates(Study.load("data/demo"))
    >>> found.loc[found["whole"], ["group", "estimate", "low", "high", "n"]].round(1)
               group  estimate   low  high      n
    0  All customers      90.7  90.3  91.1  20000
    """
    if not dated(study) or period(study, start, end) is None:
        return pd.DataFrame()
    first, last = period(study, start, end)
    customers = study.table("customers")
    came, went = (customers[column].dt.normalize() for column in ("since", "left"))
    check_order(customers, came, went)
    present = (came < first) & ~(went < first)
    if not present.any():
        raise CxError(f"no customer was there before {first.date()}; the first came on {came.min().date()}")
    flagged = customers.assign(
        _all=tr(EVERYBODY), _retained=(~(went <= last)).astype(float), _joined=came.between(first, last).astype(float)
    )
    base = flagged[present]
    if study.counts_all("customers"):
        flagged, base = large_counts.stayed(study, tr(EVERYBODY), first, last)
    segments = {"_all": [tr(EVERYBODY)]} | {
        name: study.levels(name, "customers") for name in study.questions("segment", "customers")
    }
    least = study.book.minimum_base
    frames = []
    for segment, groups in segments.items():
        how = {"strata": segment, "confidence": confidence, "minimum_base": least}
        found = by_group(base, RETAINED, [segment], question="_retained", **how).rename(columns={segment: "group"})
        found["group"] = found["group"].astype(str)
        lost, new = (
            _number(rows, segment, flag, value).reindex(found["group"], fill_value=0).to_numpy()
            for rows, flag, value in ((base, "_retained", 0), (flagged, "_joined", 1))
        )
        whole = segment == "_all"
        title = tr(EVERYBODY) if whole else study.label(segment, "customers")
        found = found.assign(segment=title, whole=whole, lost=np.where(found["n"] < least, np.nan, lost), joined=new)
        frames.append(found.sort_values("group", key=lambda column, groups=groups: column.map(groups.index)))
    frame = pd.concat(frames, ignore_index=True)
    columns = ["segment", "group", "whole", "estimate", "low", "high", "se", "n", "n_effective", "lost", "joined"]
    return frame[columns].assign(
        churn=100 - frame["estimate"],
        churn_low=100 - frame["high"],
        churn_high=100 - frame["low"],
        undated=round(int(came.isna().sum()) * large_counts.times(study, "customers")),
        start=first,
        end=last,
        chosen=noted("as given") if start else noted("the last calendar year that the customers' dates cover"),
        unit="percent",
        method=tr("Wilson; customers leave independently; nothing is sampled where the table holds all customers"),
    )


def _number(rows, segment: str, flag: str, value: int) -> pd.Series:
    """How many rows of each group have this flag."""
    found = tally(rows, flag, by=[segment])
    return found[found[flag] == value].groupby(found[segment].astype(str))["n"].sum()


def dated(study) -> bool:
    """Whether the study has customers with the days on which they came and left."""
    if not study.has("customers") or not {"since", "left"} <= set(study.table("customers")):
        return False
    return bool(study.table("customers")["since"].notna().any())


def check_order(customers: pd.DataFrame, came: pd.Series, went: pd.Series) -> None:
    """Raise CxError for customers who left before they came."""
    wrong = went < came
    if wrong.any():
        i = int(np.argmax(wrong))
        who = f" (customer {customers['customer'].iloc[i]})" if "customer" in customers else f" (row {i + 1})"
        raise CxError(
            f"customers must leave after they come; {wrong.sum()} left before, e.g. came {came.iloc[i].date()}, left "
            f"{went.iloc[i].date()}{who}"
        )
