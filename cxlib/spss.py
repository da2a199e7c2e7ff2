"""SPSS files (.sav, .zsav, .por): values with their labels, what is user-missing, and multiple-response sets.

In the frame a user-missing code stands as it is, and Variable.missing tells of it: without_missing() of readers.py
blanks it, which is what a study does unless its own labels name the code.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat

from cxlib.answers import Answers, Variable, some_columns
from cxlib.cells import code, line
from cxlib.errors import CxError
from cxlib.language import tr
from cxlib.spss_dictionary import check_dictionary
from cxlib.workbooks import WIDEST

# SPSS's quarters, months and weeks are seconds since the calendar's reform, as its days are.
_PERIODS = ("QYR", "MOYR", "WKYR")
_START, _END = np.datetime64("1582-10-14"), 2.6e11  # which is in the year 9822
_DATES = ("DATE", "ADATE", "EDATE", "SDATE", "JDATE", "DATETIME", "YMDHMS", *_PERIODS)
_LARGEST = 2_000_000_000  # bytes of the data, unpacked
# What the library raises on damaged content, beside its own error.
_DAMAGED = (
    pyreadstat.ReadstatError,
    pyreadstat.PyreadstatError,
    ArithmeticError,
    LookupError,
    SystemError,
    TypeError,
    ValueError,
)


def read_spss(path: Path, *, portable: bool) -> Answers:
    """An SPSS system file, or a portable one, as answers with its codebook; headers without blanks at their ends.

    Raises CxError for a damaged file, and for one that declares more than 20,000 variables or 2 GB of data.
    """
    if not portable:
        check_dictionary(path)
    meta = _call(path, portable, metadataonly=True)[1]
    width, rows = sum((meta.variable_storage_width or {}).values()), meta.number_rows or 0
    if meta.number_columns > WIDEST:
        raise CxError(f"{path}: has {meta.number_columns:,} variables; a table may have {WIDEST:,}")
    # Eight bytes of data take one or more in a file, and are packed to a thousandth of that at most in a .zsav.
    most = path.stat().st_size * 8 * (1100 if _is_packed(path) else 1)
    if not portable and width * rows > most:
        raise CxError(f"{path}: not an SPSS file: declares {rows:,} rows of {width:,} bytes, more than it can hold")
    if width * rows > _LARGEST:
        raise CxError(f"{path}: declares {rows:,} rows of {width:,} bytes; a table may have {_LARGEST:,} bytes")
    frame, meta = _call(path, portable)
    for position, form in enumerate(meta.original_variable_types.values()):
        if (form or "").rstrip("0123456789.") in _PERIODS and pd.api.types.is_numeric_dtype(
            frame.dtypes.iloc[position]
        ):
            frame.isetitem(position, _days(frame.iloc[:, position]))
    frame.columns = [code(column) or "" for column in meta.column_names]
    variables, notes, sets = {}, [], _sets(meta)
    for position, name in enumerate(meta.column_names):
        made = _variable(frame.iloc[:, position], meta, name, sets.get(name))
        variables[made.name] = made
    for given in sets.values():
        if given["is_dichotomy"] and code(given["counted_value"]) != "1":
            ticked = {"question": given["title"], "code": code(given["counted_value"])}
            notes.append(tr("{question}: {code} is a tick, any other answer is none", **ticked))
    missing = [v.name for v in variables.values() if v.missing]
    if missing:
        shown = some_columns(missing)
        notes.append(tr("codes that the file declares as missing are blank, in {columns}", columns=shown))
    return Answers(frame, variables, "spss", tuple(f"{path.name}: {note}" for note in dict.fromkeys(notes)))


def _days(seconds: pd.Series) -> pd.Series:
    """Seconds since the calendar's reform as days; what no calendar has is blank."""
    held = seconds.between(0, _END)
    days = (seconds.where(held, 0) // 86_400).astype("int64").to_numpy().astype("timedelta64[D]")
    return pd.Series((_START + days).astype("datetime64[us]"), index=seconds.index).where(held)


def _is_packed(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(4) == b"$FL3"


def _call(path: Path, portable: bool, **options):
    read = pyreadstat.read_por if portable else pyreadstat.read_sav
    if not portable:
        options["user_missing"] = True
    try:
        return read(str(path), **options)
    except _DAMAGED as error:
        raise CxError(f"{path}: not an SPSS file: {' '.join(str(error).split())[:200]}") from None


def _sets(meta) -> dict[str, dict]:
    """The multiple-response set of each variable that is in one, with the set's title; the first, where in several."""
    found = {}
    for name, given in (meta.mr_sets or {}).items():
        for variable in given["variable_list"]:
            found.setdefault(variable, {**given, "title": line(given["label"]) or line(name)})
    return found


def _variable(values: pd.Series, meta, name: str, within: dict | None) -> Variable:
    """What the file tells of one variable; labels in the file's order, those of missing codes among them."""
    labels = {code(value): line(text) for value, text in meta.variable_value_labels.get(name, {}).items()}
    missing = _missing(values, meta.missing_ranges.get(name, []), meta.variable_value_labels.get(name, {}))
    wording = line(meta.column_names_to_labels.get(name))
    form = (meta.original_variable_types.get(name) or "").rstrip("0123456789.")
    kind = "multi" if within else "date" if form in _DATES else "single" if set(labels) - set(missing) else ""
    return Variable(
        name=code(name) or "",
        text=within["title"] if within else wording,
        option=(wording or name) if within else "",
        block=within["title"] if within else "",
        kind=kind,
        labels={c: text for c, text in labels.items() if c is not None},
        missing=missing,
        order=tuple(c for c in labels if c is not None and c not in missing),
    )


def _missing(values: pd.Series, ranges: list[dict], labels: dict) -> tuple[str, ...]:
    """The user-missing codes: those declared one by one, and of a range those that are labelled or occur."""
    found = [r["lo"] for r in ranges if r["lo"] == r["hi"]]
    for low, high in ((r["lo"], r["hi"]) for r in ranges if r["lo"] != r["hi"]):
        occurring = values.dropna().unique() if pd.api.types.is_numeric_dtype(values) else []
        found += sorted({v for v in (*labels, *occurring) if isinstance(v, (int, float)) and low <= v <= high})
    return tuple(dict.fromkeys(c for c in map(code, found) if c is not None))
