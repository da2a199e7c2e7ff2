"""The keys of a survey among an export's columns: respondent, weight, design, wave, time; by header and content."""

import re
from dataclasses import dataclass

import pandas as pd

from cxlib.column_facts import Facts
from cxlib.columns import Place
from cxlib.dates import dates
from cxlib.guesses import CONFIDENCES, Guess
from cxlib.wording import key_of, spoken, unmarked

ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?")
DATE = re.compile(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}\b.{0,25}")
# Weights have a mean of about 1; a weight of 70 is a body's.
MEANS = (0.2, 5)
# Headers that say nothing else.
_SURE = re.compile(r"run( ?id)?|psu|cluster.*|.*strat(a|um).*|wave.*|dot.*")


@dataclass(frozen=True)
class _Fit:
    confidence: str
    reason: str
    look: str = ""
    entries: tuple[tuple[str, str], ...] = ()


def keys(columns: list[Facts], frame: pd.DataFrame, waves: pd.Series | None = None) -> list[Guess]:
    """The column that best fits each key; further columns of the same kind are left out, and say so."""
    named = [(key, column) for column in columns if column.n and (key := key_of(column.name, column.variable.text))]
    fits = [(key, column, fit) for key, column in named if key in _FITS and (fit := _FITS[key](column))]
    told = [frame[column.name] for key, column, _ in fits if key == "wave"][:1]
    by = told or ([waves] if waves is not None else [])
    for column in (column for key, column in named if key == "respondent"):
        again = int(pd.concat([*by, frame[column.name]], axis=1, keys=range(len(by) + 1)).duplicated().sum())
        fit = _respondent(column, len(frame), again, " within a wave" if by else "")
        fits += [("respondent", column, fit)] if fit else []
    fits += [
        ("when", column, fit) for key, column in named if key == "when" and (fit := _when(frame[column.name], waves))
    ]
    found = []
    for key in dict.fromkeys(key for key, *_ in fits):
        rivals = [(column, fit) for other, column, fit in fits if other == key]
        best, fit = min(rivals, key=lambda rival: (_later(rival[0]), CONFIDENCES.index(rival[1].confidence)))
        found.append(
            Guess((best.name,), "key", key, dict(fit.entries), f"{key}: {fit.reason}", fit.confidence, look=fit.look)
        )
        # A second date or number of the row carries no answer; a second group may be a segment.
        if key in ("respondent", "weight", "when", "seconds"):
            others = [column for column, _ in rivals if column is not best]
            found += [Guess((c.name,), "left out", reason=f"a further {key} beside {best.name}") for c in others]
    return found


def _later(column: Facts) -> bool:
    """Whether a date is that of an end; the interview's date is its start."""
    return bool(re.search(r"\b(end|submit\w*|recorded|completion|modified)\b", spoken(column.name)))


def _respondent(column: Facts, rows: int, again: int, where: str) -> _Fit | None:
    if column.n < rows or again > 0.1 * rows:
        return None
    if not again:
        return _Fit("high", f"another in each row{where}")
    rows = "row repeats a respondent" if again == 1 else "rows repeat respondents"
    told = f"{again:,} {rows}{where}; only the first is kept (`duplicates: first`)"
    return _Fit("medium", f"another in all but {again:,} rows{where}", told, (("duplicates", "first"),))


def _customer(column: Facts) -> _Fit | None:
    if column.distinct < 0.5 * column.n:
        return None
    return _Fit("medium", "by the header; it links answers to tables of customers, complaints and contacts")


def _weight(column: Facts) -> _Fit | None:
    numbers = column.numbers.values()
    sound = len(column.numbers) == column.distinct and column.n == column.rows and min(numbers) >= 0
    if not sound or not MEANS[0] <= column.mean <= MEANS[1] or column.distinct < 2:
        return None
    return _Fit("high", f"positive numbers with a mean of {column.mean:.3g}")


def _cluster(column: Facts) -> _Fit | None:
    if column.distinct < 10 or column.n / column.distinct < 1.5:
        return None
    sure = "high" if _SURE.fullmatch(unmarked(spoken(column.name))) else "medium"
    look = "" if sure == "high" else "delete it if the sample was not drawn by these groups"
    return _Fit(sure, f"{column.distinct:,} groups of {column.n / column.distinct:.1f} rows each", look)


def _stratum(column: Facts) -> _Fit | None:
    if column.n < column.rows or not 2 <= column.distinct <= 60 or column.counts.min() < 2:
        return None
    return _Fit("high", f"{column.distinct} groups that hold every row")


def _fpc(column: Facts) -> _Fit | None:
    return _Fit("medium", "by the header") if column.n == column.rows and not column.words else None


def _wave(column: Facts) -> _Fit | None:
    if column.n < column.rows or not 2 <= column.distinct <= 60 or column.distinct > column.rows / 5:
        return None
    sure = "high" if _SURE.fullmatch(unmarked(spoken(column.name))) else "medium"
    return _Fit(sure, f"{column.distinct} groups that hold every row")


def _mode(column: Facts) -> _Fit | None:
    return _Fit("medium", f"by the header; {column.distinct} ways") if 2 <= column.distinct <= 8 else None


def _recontact(column: Facts) -> _Fit | None:
    return _Fit("high", "1 and 0 by the header") if set(column.counts.index) <= {"0", "1"} else None


def _when(raw: pd.Series, waves: pd.Series | None) -> _Fit | None:
    """The column as dates, where all of it can be read in one way, file by file."""
    notes = []
    for part in [raw] if waves is None else [raw[waves == wave] for wave in waves.unique()]:
        _, problems, told = dates(part, Place("survey", raw.name, "the export"))
        if problems:
            return None
        notes += told
    return _Fit("medium" if notes else "high", "dates by the header", "; ".join(n.split(": ", 1)[-1] for n in notes))


def _seconds(column: Facts) -> _Fit | None:
    sound = len(column.numbers) == column.distinct and column.distinct > 1 and min(column.numbers.values()) >= 0
    return _Fit("high" if "second" in spoken(column.name) else "medium", "numbers by the header") if sound else None


_FITS = {
    "customer": _customer,
    "weight": _weight,
    "cluster": _cluster,
    "stratum": _stratum,
    "fpc": _fpc,
    "wave": _wave,
    "mode": _mode,
    "recontact": _recontact,
    "seconds": _seconds,
}
