"""Data files as they come: CSV, Excel, SPSS and Parquet, each to a frame of codes under stripped headers.

Nothing is guessed about what a column means; that is the codebook's business. What is detected from a
file's content is how it is written: encoding, delimiter and decimal mark.
"""

import codecs
import csv
import io
import re
import struct
import unicodedata
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from cxlib.errors import CxError

# In Windows-1258 these bytes are combining tone marks, and stand after a vowel; in Windows-1252 they are
# the letters Ì Ò Þ ì ò. That tells Vietnamese from western European files.
_TONES = b"\xcc\xd2\xde\xec\xf2"
_VOWELS = b"aeiouyAEIOUY\xe2\xc2\xe3\xc3\xea\xca\xf4\xd4\xf5\xd5\xfd\xdd"
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def detect_encoding(raw: bytes, path: Path) -> str:
    """The encoding of a text file: UTF-8, UTF-8 or UTF-16 with a mark, Windows-1252 or Windows-1258.

    Raises CxError, naming line and byte, when the bytes are none of these or are damaged UTF-8.
    """
    for mark, name in _BOMS.items():
        if raw.startswith(mark):
            return name
    if b"\0" in raw:
        raise CxError(
            f"{path}: holds NUL bytes, first at byte {raw.index(0)}; it is not a text file, or UTF-16 "
            "without its mark: write `encoding: utf-16-le` in study.yml"
        )
    try:
        raw.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError as error:
        fault = error
    line = raw.count(b"\n", 0, fault.start) + 1
    # Letters of several bytes are all but impossible by chance: where they outnumber the faults, the
    # file is UTF-8 with damage, and reading it as Windows-1252 would turn every accent into two signs.
    faults = raw.decode("utf-8", "replace").count("\ufffd")
    letters = len(re.findall(rb"[\xc3-\xef][\x80-\xbf]+", raw))
    if letters > faults:
        raise CxError(
            f"{path}: damaged UTF-8: {faults} bytes cannot be read, the first 0x{raw[fault.start]:02x} in line "
            f"{line}; export the file again, or name its `encoding:` in study.yml"
        )
    tones = [i for i, byte in enumerate(raw) if byte in _TONES]
    after_vowel = sum(i > 0 and raw[i - 1] in _VOWELS for i in tones)
    name = "cp1258" if tones and after_vowel >= 0.9 * len(tones) else "cp1252"
    try:
        raw.decode(name)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise CxError(
            f"{path}: unknown encoding: byte 0x{raw[error.start]:02x} in line {line} is neither UTF-8 nor "
            "Windows text; name the `encoding:` in study.yml"
        ) from None
    return name


def detect_delimiter(text: str) -> str:
    """Comma, semicolon or tab: the one that cuts the first lines into the most columns of equal number."""
    sample = text[:65536].splitlines()[:50]

    def columns(delimiter: str) -> tuple[int, int]:
        widths = Counter(len(row) for row in csv.reader(sample, delimiter=delimiter) if row)
        if not widths:
            return 0, 0
        width, lines = widths.most_common(1)[0]
        return (lines if width > 1 else 0), width

    return max(",;\t", key=columns)


def _read_csv(path: Path, encoding: str | None) -> pd.DataFrame:
    raw = path.read_bytes()
    encoding = encoding or detect_encoding(raw, path)
    try:
        text = raw.decode(encoding)
    except (UnicodeError, LookupError) as error:
        raise CxError(f"{path}: cannot be read as `encoding: {encoding}`: {error}") from None
    # Windows-1258 writes tone marks apart from their vowels; one letter, one sign makes codes comparable.
    text = unicodedata.normalize("NFC", text)
    try:
        # The header is read as a row like others, so that longer rows are errors and equal names stay equal.
        rows = pd.read_csv(io.StringIO(text), sep=detect_delimiter(text), dtype=str, na_filter=False, header=None)
    except pd.errors.EmptyDataError:
        raise CxError(f"{path}: is empty; a table needs a header line and at least one row") from None
    except pd.errors.ParserError as error:
        raise CxError(f"{path}: not a table: {' '.join(str(error).split())}") from None
    return _under_header(rows)


def _under_header(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows below the first, under the names that it holds."""
    table = rows.iloc[1:].reset_index(drop=True)
    table.columns = [code(name) or "" for name in rows.iloc[0]] if len(rows) else []
    return table


# What the parsers of workbooks and Parquet files raise on damaged input; they have no error of their own for it.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    ElementTree.ParseError,
    struct.error,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


def _read_excel(path: Path) -> pd.DataFrame:
    try:
        rows = pd.read_excel(path, dtype=object, engine="openpyxl", header=None, na_filter=False)
    except _DAMAGED as error:
        raise CxError(f"{path}: not an Excel workbook (.xlsx): {error}") from None
    if rows.empty:
        raise CxError(f"{path}: is empty; a table needs a header line and at least one row")
    return _under_header(rows)


def _read_parquet(path: Path) -> pd.DataFrame:
    import pyarrow

    try:
        return pd.read_parquet(path)
    except (pyarrow.ArrowException, *_DAMAGED) as error:
        raise CxError(f"{path}: not a Parquet file: {error}") from None


def _read_sav(path: Path) -> tuple[pd.DataFrame, dict[str, dict[str, str]]]:
    import pyreadstat

    try:
        frame, meta = pyreadstat.read_sav(path)
    except pyreadstat.ReadstatError as error:
        raise CxError(f"{path}: not an SPSS file: {error}") from None
    labels = {}
    _, missing = pyreadstat.read_sav(path, metadataonly=True, user_missing=True)
    for column, given in meta.variable_value_labels.items():
        ranges = missing.missing_ranges.get(column, [])
        answers = {v: t for v, t in given.items() if not any(r["lo"] <= v <= r["hi"] for r in ranges)}
        labels[column] = {code(value): code(text) for value, text in answers.items()}
    return frame, labels


def read_table(path: Path, encoding: str | None = None) -> tuple[pd.DataFrame, dict[str, dict[str, str]]]:
    """A data file as (frame, value labels by column); headers are stripped of blanks, text stays text.

    The labels are those that an SPSS file carries, otherwise none.
    """
    if not path.is_file():
        raise CxError(f"{path}: no such file")
    labels = {}
    kind = path.suffix.lower()
    if kind == ".sav":
        frame, labels = _read_sav(path)
    elif kind == ".xlsx":
        frame = _read_excel(path)
    elif kind == ".parquet":
        frame = _read_parquet(path)
    elif kind in (".csv", ".tsv", ".txt"):
        frame = _read_csv(path, encoding)
    else:
        raise CxError(f"{path}: a table is a .csv, .xlsx, .sav or .parquet file, not {kind or 'a file without ending'}")
    frame.columns = [code(column) or "" for column in frame.columns]
    return frame, labels


def code(value) -> str | None:
    """A cell as a code: 1, 1.0 and " 1 " are "1"; blank and NaN are None; letters are composed (NFC)."""
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    text = unicodedata.normalize("NFC", str(value)).strip()
    if re.fullmatch(r"-?\d+\.0+", text):
        text = text.split(".")[0]
    return text or None


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
    thousands = "," if decimal == "." else "."
    if not re.fullmatch(
        rf"[-+]?(\d{{1,3}}([{thousands}]\d{{3}})+|\d*)([{decimal}]\d*)?(e[-+]?\d+)?", text, re.IGNORECASE
    ):
        return None
    try:
        value = float(text.replace(thousands, "").replace(decimal, "."))
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def decimal_mark(codes: pd.Series, place: str) -> str:
    """The decimal mark of a column of numbers written as text; a point unless the numbers say otherwise.

    A column of 1,234 and 5,678 alone could be thousands or decimals: CxError asks for `decimal:`.
    """
    texts = [t for t in pd.unique(codes) if isinstance(t, str) and re.fullmatch(r"-?[\d.,]*\d[\d.,]*", t)]
    commas = [t for t in texts if "," in t and "." not in t]
    points = [t for t in texts if "." in t and "," not in t]
    both = [t for t in texts if "." in t and "," in t]
    comma = [t for t in commas if not _thousands(t, ",")] + [t for t in both if t.rindex(",") > t.rindex(".")]
    point = [t for t in points if not _thousands(t, ".")] + [t for t in both if t.rindex(".") > t.rindex(",")]
    if comma and point:
        raise CxError(f"{place}: numbers with a decimal comma and with a decimal point, e.g. {comma[0]} and {point[0]}")
    if commas and not comma and not point:
        raise CxError(
            f'{place}: {commas[0]} may be thousands or decimals; write `decimal: ","` or `decimal: "."` for the '
            "question, or for the whole table, in study.yml"
        )
    return "," if comma else "."


def _thousands(text: str, mark: str) -> bool:
    """Whether the mark may part thousands in this number: 1,234 and 12,345,678, but not 0,987 or 12,5."""
    return re.fullmatch(rf"-?[1-9]\d{{0,2}}([{mark}]\d{{3}})+", text) is not None
