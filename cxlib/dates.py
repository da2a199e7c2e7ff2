"""Dates as files write them: ISO as it stands, other orders only where the whole column has one reading.

05/06/2026 is the fifth of June or the sixth of May. A column tells which by a day above 12, and only as a whole; where
it does not, the table's `dates:` does. Clock times are those of the place: zones are left out, not reckoned with.
"""

import re

import numpy as np
import pandas as pd

from cxlib.cells import by_value, code
from cxlib.columns import Place, codes
from cxlib.errors import Problem
from cxlib.language import tr

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?")
_TIME = (
    r"([T ,]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(:(?P<second>\d{2}(\.\d+)?))?"
    r"( ?(?P<half>[AaPp]\.?[Mm]\.?|SA|CH))?( ?(?P<zone>Z|[A-Z]{2,5}([+-]\d{1,2}(:?\d{2})?)?|[+-]\d{2}:?\d{2}))?)?"
)
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})(?P<mark>[-/.])(?P<a>\d{1,2})(?P=mark)(?P<b>\d{1,2})" + _TIME)
_YEAR_LAST = re.compile(r"(?P<a>\d{1,2})(?P<mark>[-/.])(?P<b>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})" + _TIME)
_NAMES = {"dmy": "day/month", "mdy": "month/day", "ymd": "year, month, day"}
_RULE = "dates are written 2026-01-31 or 2026-01-31 14:05"


def dates(raw: pd.Series, place: Place, order: str | None = None) -> tuple[pd.Series, list[Problem], list[str]]:
    """Cells as dates and times (NaT where blank), the column's problems, and notes on how it was read.

    ISO stays. Other dates are read where all are written alike, year first or year last, and have one reading: days
    above 12 stand in one place only, or `order` (the table's `dates:`, dmy or mdy) says which comes first. Where some
    rows can only be read one way and some only the other, day and month were swapped in part: a problem, no guess.
    """
    if pd.api.types.is_datetime64_any_dtype(raw):
        return raw.dt.tz_localize(None), [], []  # the clock of the place, as dates in text are
    which, held = pd.factorize(raw)
    texts = [code(cell) for cell in held]
    if all(text is None or _ISO.fullmatch(text) for text in texts):
        # NaT where the calendar has no such day
        times = pd.to_datetime(pd.Index(texts, dtype=object), format="ISO8601", errors="coerce").array
        parsed = pd.Series(times.take(which, allow_fill=True), index=raw.index, name=raw.name)
        cells = codes(raw) if parsed.hasnans else raw
        return parsed, place.problem(parsed.isna() & cells.notna(), cells, _RULE), _suspected(parsed, place)
    cells = codes(raw)
    iso = by_value(cells, lambda text: text is not None and _ISO.fullmatch(text) is not None).astype(bool)
    for pattern in (_YEAR_LAST, _YEAR_FIRST):
        parts = by_value(cells, lambda text, p=pattern: p.fullmatch(text) if text is not None else None)
        if parts.notna().sum() == cells.notna().sum():
            zoned = by_value(parts, lambda m: m is not None and m["zone"] is not None).astype(bool)
            if zoned.any() and (cells.notna() & ~zoned).any():
                return _blank(cells), place.problem(zoned, cells, _RULE), []
            return _read(cells, parts, place, order if pattern is _YEAR_LAST else "ymd")
    last = by_value(cells, lambda text: text is not None and _YEAR_LAST.fullmatch(text) is not None).astype(bool)
    sound = (iso | last | cells.isna()).all() and not (iso & _impossible(cells)).any()
    if iso.any() and sound and _only(cells, "a", last).any():
        return _blank(cells), _mixed(cells, iso, last, place), []
    return _blank(cells), place.problem(~iso & cells.notna() | iso & _impossible(cells), cells, _RULE), []


def _blank(cells: pd.Series) -> pd.Series:
    return pd.Series(pd.NaT, index=cells.index, dtype="datetime64[us]", name=cells.name)


def _whole(text: str):
    try:
        return pd.Timestamp(text)
    except ValueError:
        return None


def _impossible(cells: pd.Series) -> pd.Series:
    return by_value(cells, lambda text: text is not None and _whole(text) is None).astype(bool)


def _stamps(values: pd.Series, cells: pd.Series) -> pd.Series:
    return pd.Series(pd.to_datetime(values.where(values.notna(), pd.NaT)), index=cells.index, name=cells.name)


def _only(cells: pd.Series, part: str, among: pd.Series) -> pd.Series:
    """Where this part of a date with the year last is a day for certain."""
    found = by_value(cells, lambda text: text is not None and _YEAR_LAST.fullmatch(text))
    return by_value(found, lambda m: bool(m) and int(m[part]) > 12).astype(bool) & among


def _mixed(cells: pd.Series, iso: pd.Series, last: pd.Series, place: Place) -> list[Problem]:
    """Dates beside text that is a date only with the day first: a spreadsheet took the rest for month and day."""
    text, date = np.flatnonzero(last), np.flatnonzero(iso)
    rule = (
        f"day and month are swapped in part: {len(date)} rows are dates (e.g. {cells.iloc[date[0]]} in row "
        f"{date[0] + 1}) and {len(text)} are text that no spreadsheet took for dates; export it anew as 2026-01-31"
    )
    return place.problem(last, cells, rule)


def _read(cells: pd.Series, parts: pd.Series, place: Place, order: str | None):
    """Dates that are all written alike, in their one order; else the problem."""
    first = by_value(parts, lambda m: m is not None and int(m["a"]) > 12).astype(bool)
    second = by_value(parts, lambda m: m is not None and int(m["b"]) > 12).astype(bool)
    if order == "ymd":
        swapped = first & ~second
        order_told, other = "ymd", swapped
    else:
        if first.any() and second.any():
            return _blank(cells), _swapped(cells, first, second, place), []
        order_told = order or ("dmy" if first.any() else "mdy" if second.any() else "")
        other = pd.Series(False, index=cells.index)
    same = by_value(parts, lambda m: m is None or m["a"].zfill(2) == m["b"].zfill(2)).astype(bool)
    if not order_told and not same.all():
        rule = "dates may be day/month or month/day; write `dates: dmy` or `dates: mdy` for the table"
        return _blank(cells), place.problem(~same, cells, rule), []
    two_ways = [] if order else _two_ways(cells, parts, place, first | second)
    if two_ways:
        return _blank(cells), two_ways, []
    values = by_value(parts, lambda m: None if m is None else _stamp(m, order_told or "dmy"))
    parsed = _stamps(values, cells)
    bad = parsed.isna() & cells.notna()
    if other.any():
        rule = f"day and month are swapped in part: {int(other.sum())} rows have a month above 12"
        return parsed, place.problem(other, cells, rule), []
    if bad.any():
        return parsed, place.problem(bad, cells, f"a date must be in the calendar, read as {_NAMES[order_told]}"), []
    return parsed, [], _notes(cells, parts, parsed, place, order_told, order) + _suspected(parsed, place)


def _swapped(cells: pd.Series, first: pd.Series, second: pd.Series, place: Place) -> list[Problem]:
    one, other = np.flatnonzero(first), np.flatnonzero(second)
    either = int(cells.notna().sum()) - len(one) - len(other)
    rule = (
        f"day and month are swapped in part: {len(one)} rows can only be day/month (e.g. {cells.iloc[one[0]]} in row "
        f"{one[0] + 1}), {len(other)} only month/day (e.g. {cells.iloc[other[0]]} in row {other[0] + 1}), {either} "
        "may be either; export the column anew as 2026-01-31"
    )
    return place.problem(first | second, cells, rule)


def _two_ways(cells: pd.Series, parts: pd.Series, place: Place, certain: pd.Series) -> list[Problem]:
    """The problem of a column in which only the rows that may be either are written without zeros.

    A spreadsheet that takes 05/01/2026 for the first of May writes 5/1/2026, and leaves 13/01/2026 as it is.
    """

    def zeros(m) -> float:
        short = [p for p in (m["a"], m["b"]) if int(p) < 10] if m is not None else []
        return np.nan if not short else float(all(len(p) == 2 for p in short))

    padded = by_value(parts, zeros).astype(float)
    sure, unsure = padded[certain].dropna(), padded[~certain].dropna()
    if not len(sure) or not (sure == 1).all() or not (unsure == 0).any():
        return []
    example = cells[certain & (padded == 1)].iloc[0]
    rule = (
        f"day and month may be swapped in part: these rows are written without zeros, but {example} with one, as where "
        "a spreadsheet took some for dates; export the column anew as 2026-01-31, or write the table's `dates:`"
    )
    return place.problem(~certain & (padded == 0), cells, rule)


def _stamp(m: re.Match, order: str):
    """The time that one date says in this order; None where the calendar has none."""
    month, day = (m["a"], m["b"]) if order in ("mdy", "ymd") else (m["b"], m["a"])
    year = int(m["year"])
    if len(m["year"]) == 2:
        year += 1900 if year > 68 else 2000  # as POSIX has it
    hour = int(m["hour"] or 0)
    if m["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if m["half"][0] in "PpC" else 0)
    try:
        start = pd.Timestamp(year=year, month=int(month), day=int(day), hour=hour, minute=int(m["minute"] or 0))
    except ValueError:
        return None
    seconds = float(m["second"] or 0)
    return start + pd.Timedelta(seconds=seconds) if seconds < 60 else None


def _notes(cells, parts, parsed, place: Place, told: str, given: str | None) -> list[str]:
    rows = np.flatnonzero(cells.notna())
    if not len(rows):
        return []
    shown = parsed.iloc[rows[0]]
    read = {
        "file": place.file,
        "column": place.column,
        "cell": cells.iloc[rows[0]],
        "date": f"{shown:%Y-%m-%d %H:%M}" if shown != shown.normalize() else f"{shown:%Y-%m-%d}",
    }
    if told == "ymd" or not told:
        notes = [tr("{file}, column {column}: {cell} is read as {date}", **read)]
    elif given:
        notes = [tr("{file}, column {column}: {cell} is read as {date} as `dates:` says", **read)]
    else:
        notes = [tr("{file}, column {column}: {cell} is read as {date}, since some day is above 12", **read)]
    zones = sorted({m["zone"] for m in parts.dropna() if m["zone"]})
    if zones:
        clock = ", ".join(zones[:4])
        notes.append(tr("{file}, column {column}: the clock of the place is kept ({zones})", zones=clock, **read))
    return notes


def _suspected(parsed: pd.Series, place: Place) -> list[str]:
    """A note where days up to the 12th lie far from the other days, and turned around do not: they look swapped.

    The days from the 13th on cannot have been turned; they say when the fieldwork was.
    """
    held = parsed.dropna()
    fixed, loose = held[held.dt.day > 12], held[held.dt.day <= 12]
    if len(fixed) < 5:
        return []
    low, high = fixed.min() - pd.Timedelta(days=31), fixed.max() + pd.Timedelta(days=31)
    outside = loose[~loose.between(low, high)]
    if len(outside) < 3 or len(outside) < 0.2 * len(loose):
        return []
    turned = outside.map(lambda day: day.replace(month=day.day, day=day.month))
    if turned.between(low, high).mean() < 0.9:
        return []
    row = parsed.index.get_loc(outside.index[0]) + 1
    return [
        tr(
            "{file}, column {column}: day and month look swapped in {number} rows, e.g. {date} in row {row}, while the "
            "days from the 13th on lie between {first} and {last}; they are read as they stand",
            file=place.file,
            column=place.column,
            number=len(outside),
            date=f"{outside.iloc[0]:%Y-%m-%d}",
            row=row,
            first=f"{fixed.min():%Y-%m-%d}",
            last=f"{fixed.max():%Y-%m-%d}",
        )
    ]
