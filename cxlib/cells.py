"""One cell of a file: as a code, as a number, as a line of wording."""

import html
import re
import unicodedata

import numpy as np
import pandas as pd

from cxlib.errors import CxError
from cxlib.private_cells import quoted

_NUMBERS = {
    decimal: re.compile(rf"[-+]?(\d{{1,3}}([{other}]\d{{3}})+|\d*)([{decimal}]\d*)?(e[-+]?\d+)?", re.IGNORECASE)
    for decimal, other in (".,", ",.")
}
_WRITTEN_NUMBER = re.compile(r"-?[\d.,]*\d[\d.,]*")
_WHOLE = re.compile(r"-?\d+\.0+")


def code(value) -> str | None:
    """A cell as a code: 1, 1.0 and " 1 " are "1"; blank and NaN are None; letters are composed (NFC).

    A byte order mark, which some tools write before a header or a label, is no part of it.
    """
    if isinstance(value, str):
        text = value.strip() if value.isascii() else _composed(value)
        return text.partition(".")[0] if text.endswith("0") and _WHOLE.fullmatch(text) else text or None
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return code(str(value))


def is_blank(value) -> bool:
    """Whether a cell has no code."""
    return not value.replace("\ufeff", "").strip() if isinstance(value, str) else code(value) is None


def written(value) -> str | None:
    """A cell of free text as it stands ("1.0" too), blank-stripped as code() does it; None where it is blank."""
    return _composed(value) or None if isinstance(value, str) else code(value)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\ufeff", "")).strip()


def by_value(series: pd.Series, function) -> pd.Series:
    """`function` of each cell (None where it is missing), computed once for each distinct value."""
    codes, values = pd.factorize(series, use_na_sentinel=True)
    results = np.empty(len(values) + 1, dtype=object)
    results[:] = [*map(function, values), function(None)]  # the code of a missing cell, -1, is the last
    return pd.Series(results[codes], index=series.index, name=series.name, dtype=object)


def number(text: str | None, decimal: str = ".") -> float | None:
    """The number that a code writes, NaN where it is blank, None where it is no number."""
    if text is None:
        return np.nan
    if text.isdecimal():
        return float(text) if np.isfinite(float(text)) else None
    thousands = "," if decimal == "." else "."
    if not _NUMBERS[decimal].fullmatch(text):
        return None
    try:
        value = float(text.replace(thousands, "").replace(decimal, "."))
    except ValueError:
        return None
    return value if np.isfinite(value) else None


IN_STUDY = 'write `decimal: ","` or `decimal: "."` for the question, or for the whole table, in study.yml'


def decimal_mark(codes: pd.Series | pd.Index, place: str, *, mend: str = IN_STUDY) -> str:
    """The decimal mark of a column of numbers written as text; a point unless the numbers say otherwise.

    A column of 1,234 and 5,678 alone could be thousands or decimals: CxError asks for `decimal:`, or says how else to
    `mend` it.
    """
    texts = [t for t in pd.unique(codes) if isinstance(t, str) and _WRITTEN_NUMBER.fullmatch(t)]
    commas = [t for t in texts if "," in t and "." not in t]
    points = [t for t in texts if "." in t and "," not in t]
    both = [t for t in texts if "." in t and "," in t]
    comma = [t for t in commas if not _thousands(t, ",")] + [t for t in both if t.rindex(",") > t.rindex(".")]
    point = [t for t in points if not _thousands(t, ".")] + [t for t in both if t.rindex(".") > t.rindex(",")]
    if comma and point:
        examples = f"{quoted(comma[0])} and {quoted(point[0])}"
        raise CxError(f"{place}: numbers with a decimal comma and with a decimal point, e.g. {examples}")
    if commas and not comma and not point:
        raise CxError(f"{place}: {quoted(commas[0])} may be thousands or decimals; {mend}")
    return "," if comma else "."


def _thousands(text: str, mark: str) -> bool:
    """Whether the mark may part thousands in this number: 1,234 and 12,345,678, but not 0,987 or 12,5."""
    return re.fullmatch(rf"-?[1-9]\d{{0,2}}([{mark}]\d{{3}})+", text) is not None


def line(value) -> str:
    """A header or a label as one line of plain wording: no markup, no breaks, single blanks."""
    text = code(value) or ""
    if "<" in text or "&" in text:
        parted = re.sub(r"</?(br|p|div|li|ul|ol|tr|td|h\d)\b[^<>]*>", " ", text, flags=re.IGNORECASE)
        text = html.unescape(re.sub(r"</?[A-Za-z][^<>]*>", "", parted))
    return unicodedata.normalize("NFC", " ".join(text.split()))
