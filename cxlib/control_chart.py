"""A control chart of the complaint rate: which periods differ from the others by more than chance.

Complaints per 1,000 customers vary from period to period even where nothing has changed. Limits of three standard
errors around the mean rate hold that noise. With many customers the chance of the draw is tiny beside what weather,
season and calendar do, and the plain (Poisson) limits flag nearly every period; Laney's limits take the size of the
noise from the periods themselves.
"""

import re

import numpy as np
import pandas as pd

from cxlib.errors import CxError, nearest

# One high period amid others of equal base lies outside its limits from 8 periods on; with 7, however high it is, the
# limits that it helps to make hold it, at 2.9 standard errors.
LEAST_PERIODS = 8
# The expected range of two draws from a standard normal, 2 / sqrt(pi), as control-chart tables print it.
EXPECTED_RANGE = 1.128

MONTH, DAY, WEEK = r"(0[1-9]|1[0-2])", r"(0[1-9]|[12]\d|3[01])", r"(0[1-9]|[1-4]\d|5[0-3])"
# Text whose order is the order of time: a year, month, day, quarter, half or week of a year.
SORTABLE = re.compile(rf"\d{{4}}(-({MONTH}(-{DAY})?|Q[1-4]|H[12]|W{WEEK}))?")
MONTH_FIRST = re.compile(rf"{MONTH}/\d{{4}}")


def control_chart(frame: pd.DataFrame, *, count, base, period, per=1000) -> pd.DataFrame:
    """Complaints per 1,000 customers (or passengers) by period, with limits that noise seldom crosses.

    `count`, `base` and `period` name columns: complaints (or complainers), customers, and the period (dates, numbers,
    ordered categories, or text such as 2025, 2025-01, 2025-Q1, 2025-H1, 2025-W05, 2025-01-31 or 01/2025). A row a
    period, in order of time: period, count, base, rate (per `per`), centre (all complaints by all customers), low and
    high (Laney's limits), plain_low and plain_high (Poisson limits), z (plain standard errors from the centre),
    sigma_z (standard deviation of z from its moving range: noise as a multiple of Poisson's), plain_out (|z| above 3)
    and out (|z| above 3 sigma_z). Limits stop at 0: a period that expects fewer than 9 complaints can only be too
    high in the plain chart. A sigma_z below 1 narrows the limits, as Laney has it. Periods without a row are passed
    over. All periods make the limits, those that are out as well; fewer than about 20 make them rough. With no
    complaint at all there is nothing to set limits by: they, z and sigma_z are nan, and no period is out.
    By simulation, noise alone crosses Laney's limits in 3 of 1,000 periods, in 10 where it is skew (log-normal,
    coefficient of variation 0.3). Noise is what changes from one period to the next: a trend or a season that builds
    up slowly is no part of it, and is flagged.
    Raises CxError for fewer than 8 periods, a period that is blank, repeated or without an order in time, counts that
    are not whole numbers of 0 or more, and bases that are not above 0.
    Sources: Laney, Quality Engineering 14 (2002) 531-537; Montgomery, Introduction to Statistical Quality Control,
    7th edition (2013), section 7.3.
    """
    if not (isinstance(per, int | float | np.number) and 0 < per < np.inf):
        raise CxError(f"a rate is per a number above 0, e.g. 1000; found {per!r}")
    rows = _in_time(frame, count, base, period)
    counts = _numbers(rows, count, period, "counts of complaints must be whole numbers of 0 or more")
    bases = _numbers(rows, base, period, "the base of a period must be a number above 0", whole=False)
    centre = counts.sum() / bases.sum()
    expected = centre * bases
    plain = 3 * np.sqrt(centre / bases) if centre > 0 else np.full(len(rows), np.nan)
    with np.errstate(invalid="ignore"):
        # Equal rates differ by rounding alone, which must not become the measure of noise.
        z = np.where(np.isclose(counts, expected, rtol=1e-12, atol=0), 0.0, counts - expected) / np.sqrt(expected)
    sigma = np.abs(np.diff(z)).mean() / EXPECTED_RANGE
    laney = sigma * plain
    return pd.DataFrame(
        {
            "period": rows[period],
            "count": counts.astype("int64"),
            "base": bases,
            "rate": per * counts / bases,
            "centre": per * centre,
            "low": per * np.maximum(centre - laney, 0.0),
            "high": per * (centre + laney),
            "plain_low": per * np.maximum(centre - plain, 0.0),
            "plain_high": per * (centre + plain),
            "z": z,
            "sigma_z": sigma,
            "plain_out": np.abs(z) > 3,
            "out": np.abs(z) > 3 * sigma,
        }
    )


def _in_time(frame: pd.DataFrame, count: str, base: str, period: str) -> pd.DataFrame:
    """The three columns in order of time, one row a period."""
    for name in (count, base, period):
        if name not in frame:
            raise CxError(f"there is no column {name} in the table{nearest(name, frame.columns)}")
    rows, periods = frame[list(dict.fromkeys([count, base, period]))], frame[period]
    if periods.isna().any():
        raise CxError(f"a period must not be blank; {periods.isna().sum()} are (column {period})")
    twice = periods.value_counts()
    twice = twice[twice > 1]
    if len(twice):
        raise CxError(
            f"a period has one row; {len(twice)} have more, e.g. {twice.index[0]} has {twice.iloc[0]} (column {period})"
        )
    if len(rows) < LEAST_PERIODS:
        raise CxError(
            f"a control chart needs at least {LEAST_PERIODS} periods, as with fewer none between two others can stand "
            f"out; found {len(rows)} (column {period})"
        )
    return rows.iloc[np.argsort(_order(periods), kind="stable")].reset_index(drop=True)


def _order(periods: pd.Series):
    """What the periods are sorted by."""
    kind = periods.dtype
    if isinstance(kind, pd.CategoricalDtype) and kind.ordered:
        return periods.cat.codes
    number = pd.api.types.is_numeric_dtype(kind)
    if number or pd.api.types.is_datetime64_any_dtype(kind) or isinstance(kind, pd.PeriodDtype):
        return periods
    text = periods.astype(str)
    month_first = text.str.fullmatch(MONTH_FIRST)
    wrong = ~(month_first | text.str.fullmatch(SORTABLE))
    form = text.str.replace(r"\d", "9", regex=True)
    wrong = wrong if wrong.any() else form != form.iloc[0]
    if wrong.any():
        raise CxError(
            "periods must be dates, numbers, ordered categories or text such as 2025-01, 2025-Q1 or 01/2025, all of "
            f"one form; {wrong.sum()} are not, e.g. {text[wrong.to_numpy()].iloc[0]} (column {periods.name})"
        )
    return text.str[3:] + text.str[:2] if month_first.all() else text


def _numbers(rows: pd.DataFrame, column: str, period: str, rule: str, *, whole=True) -> np.ndarray:
    """A column of counts, or of bases, as numbers that keep the rule."""
    values = pd.to_numeric(rows[column].astype(object), errors="coerce").to_numpy(float, na_value=np.nan)
    fits = (values >= 0) & (values == np.floor(values)) if whole else values > 0
    wrong = ~(fits & np.isfinite(values))
    if wrong.any():
        i = int(np.argmax(wrong))
        shown = "blank" if pd.isna(rows[column].iloc[i]) else rows[column].iloc[i]
        raise CxError(
            f"{rule}; {wrong.sum()} are not, e.g. {shown} in {rows[period].iloc[i]} (columns {column}, {period})"
        )
    return values
