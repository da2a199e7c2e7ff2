"""Data files as they come: CSV, Excel, SPSS and Parquet, each to a frame of codes under stripped headers.

Nothing is guessed about what a column means; that is the codebook's business. What is detected from a
file's content is how it is written: encoding, delimiter and decimal mark.
"""

import codecs
import csv
import io
import re
import unicodedata
import zipfile
from collections import Counter
from pathlib import Path

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
    except (UnicodeDecodeError, LookupError) as error:
        raise CxError(f"{path}: cannot be read as `encoding: {encoding}`: {error}") from None
    # Windows-1258 writes tone marks apart from their vowels; one letter, one sign makes codes comparable.
    text = unicodedata.normalize("NFC", text)
    try:
        return pd.read_csv(io.StringIO(text), sep=detect_delimiter(text), dtype=str, na_filter=False, index_col=False)
    except pd.errors.EmptyDataError:
        raise CxError(f"{path}: is empty; a table needs a header line and at least one row") from None
    except pd.errors.ParserError as error:
        raise CxError(f"{path}: not a table: {' '.join(str(error).split())}") from None


def _read_excel(path: Path) -> pd.DataFrame:
    try:
        return pd.read_excel(path, dtype=object, engine="openpyxl")
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise CxError(f"{path}: not an Excel workbook (.xlsx): {error}") from None


def _read_parquet(path: Path) -> pd.DataFrame:
    import pyarrow

    try:
        return pd.read_parquet(path)
    except pyarrow.ArrowException as error:
        raise CxError(f"{path}: not a Parquet file: {error}") from None


def _read_sav(path: Path) -> tuple[pd.DataFrame, dict[str, dict[str, str]]]:
    import pyreadstat

    try:
        frame, meta = pyreadstat.read_sav(path)
    except pyreadstat.ReadstatError as error:
        raise CxError(f"{path}: not an SPSS file: {error}") from None
    return frame, {
        column: {code(value): label for value, label in labels.items()}
        for column, labels in meta.variable_value_labels.items()
    }


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
    frame.columns = [str(column).strip() for column in frame.columns]
    return frame, labels


def code(value) -> str | None:
    """A cell as a code: 1, 1.0 and " 1 " are "1"; blank and NaN are None."""
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    text = str(value).strip()
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
        return float(text.replace(thousands, "").replace(decimal, "."))
    except ValueError:
        return None


def decimal_mark(codes: pd.Series, place: str) -> str:
    """The decimal mark of a column of numbers written as text.

    A column of 1,234 and 5,678 alone could be thousands or decimals: CxError asks for `decimal:`.
    """
    texts = [t for t in pd.unique(codes) if isinstance(t, str)]
    commas = [t for t in texts if re.fullmatch(r"-?\d+(\.\d{3})*,\d+", t)]
    points = [t for t in texts if re.fullmatch(r"-?\d+\.\d+", t)]
    if not commas:
        return "."
    if points and not all(re.fullmatch(r"-?\d{1,3}\.\d{3}", t) for t in points):
        raise CxError(
            f"{place}: numbers with a decimal comma and with a decimal point, e.g. {commas[0]} and {points[0]}"
        )
    if all(re.fullmatch(r"-?\d{1,3},\d{3}", t) for t in commas):
        raise CxError(
            f'{place}: {commas[0]} may be thousands or decimals; write `decimal: ","` or `decimal: "."` '
            "for the question in study.yml"
        )
    return ","
