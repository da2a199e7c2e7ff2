"""Data files as they come: CSV, Excel, SPSS and Parquet, each to a frame of codes and the codebook that it carries.

Nothing is guessed about what a column means; that is the codebook's business. What is told from a file's content,
never from its name, is how it is written: kind, encoding, delimiter and the header of the survey tool.
"""

import re
import unicodedata
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd

from cxlib.answers import Answers, Variable
from cxlib.cells import by_value, code, decimal_mark, line, number
from cxlib.delimited import read_delimited, title_note, title_rows
from cxlib.encodings import broken_text, detect_encoding
from cxlib.errors import CxError
from cxlib.exports import read_rows
from cxlib.workbooks import WIDEST, read_workbook

__all__ = [
    "by_value",
    "code",
    "decimal_mark",
    "detect_encoding",
    "number",
    "read_table",
    "without_missing",
]

_MOST_CELLS = 500_000_000

# What a file that is no table begins with, and what it is.
_OTHERS = {
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls) or another Office file; save it as .xlsx",
    b"%PDF": "a PDF document; a table of respondents is exported from the survey tool",
    b"\x1f\x8b": "compressed (gzip); unpack it first",
    b"BZh": "compressed (bzip2); unpack it first",
    b"\xfd7zXZ": "compressed (xz); unpack it first",
    b"\x28\xb5\x2f\xfd": "compressed (zstd); unpack it first",
    b"7z\xbc\xaf": "a 7z archive; unpack it first",
    b"Rar!": "a RAR archive; unpack it first",
    b"SQLite format 3": "an SQLite database; export its table as CSV",
    b"<stata_dta>": "a Stata file; save it as .sav or .csv",
    b"{\\rtf": "a text document (RTF); export the answers as CSV",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}


def read_table(path: Path, encoding: str | None = None) -> Answers:
    """A data file as answers with the codebook that it carries; headers are stripped of blanks, text stays text.

    The columns of the frame bear the names of the answers' variables; codes that the file declares as missing stand in
    it (without_missing() blanks them). Raises CxError where the file is no table, is damaged, or is out of bounds.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise CxError(f"{path}: is a folder; name the files in it")
        if not path.is_file():
            raise CxError(f"{path}: no such file")
        with path.open("rb") as stream:
            start = stream.read(4096)
    except OSError as error:
        raise CxError(f"{path}: cannot be read: {error.strerror}") from None
    if start.startswith((b"$FL2", b"$FL3")) or _is_portable(start):
        from cxlib.spss import read_spss

        return read_spss(path, portable=not start.startswith(b"$FL"))
    if start.startswith(b"PAR1"):
        return _read_parquet(path)
    if start.startswith(b"PK"):
        _refuse_other_archives(path)
        return _named(path, _read_excel(path))
    for magic, what in _OTHERS.items():
        if start.startswith(magic):
            raise CxError(f"{path}: is {what}")
    return _named(path, _read_text(path, encoding))


def without_missing(answers: Answers) -> pd.DataFrame:
    """The answers' frame with the codes that the file itself declares as missing blank."""
    frame = answers.frame
    for position, name in enumerate(frame.columns):
        missing = answers.variables[name].missing
        if missing:
            if frame is answers.frame:
                frame = frame.copy()
            declared = by_value(frame.iloc[:, position], lambda cell, among=missing: code(cell) in among)
            frame.isetitem(position, frame.iloc[:, position].mask(declared.astype(bool)))
    return frame


def _named(path: Path, answers: Answers) -> Answers:
    return replace(answers, notes=tuple(f"{path.name}: {note}" for note in answers.notes))


def _read_excel(path: Path) -> Answers:
    rows, notes = read_workbook(path)
    if not rows.size:
        raise CxError(f"{path}: is empty; a table needs a header line and at least one row")
    first = rows.head(10).to_numpy().tolist()
    above = title_rows(first)
    answers = read_rows(rows.iloc[above:].reset_index(drop=True), "excel")
    return replace(answers, notes=(*notes, *title_note(first[:above]), *answers.notes))


def _is_portable(start: bytes) -> bool:
    """Whether this is an SPSS portable file: its name in several alphabets, then its alphabet, then its mark."""
    return b"SPSS PORT FILE" in start[:500].replace(b"\r", b"").replace(b"\n", b"") and b"SPSSPORT" in start.replace(
        b"\r", b""
    ).replace(b"\n", b"")


def _refuse_other_archives(path: Path) -> None:
    """CxError where a zip archive holds no workbook, saying what it holds."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, LookupError, NotImplementedError) as error:
        raise CxError(f"{path}: not an Excel workbook (.xlsx): {error}") from None
    if "xl/workbook.bin" in names:
        raise CxError(f"{path}: is a binary Excel workbook (.xlsb); save it as .xlsx")
    if not any(name.casefold().endswith("workbook.xml") for name in names):
        held = ", ".join(names[:3]) or "nothing"
        raise CxError(f"{path}: is a zip archive without a workbook (it holds {held}); unpack it first")


def _read_parquet(path: Path) -> Answers:
    import pyarrow
    from pyarrow import parquet

    # The library's own error, and what damaged metadata let it stumble over.
    damaged = (pyarrow.ArrowException, OSError, ValueError, TypeError, LookupError, ArithmeticError, MemoryError)
    try:
        with parquet.ParquetFile(path) as file:
            rows, width = file.metadata.num_rows, file.metadata.num_columns
    except damaged as error:
        raise CxError(f"{path}: not a Parquet file: {error}") from None
    if width > WIDEST:
        raise CxError(f"{path}: has {width:,} columns; a table may have {WIDEST:,}")
    if rows * width > _MOST_CELLS:
        raise CxError(f"{path}: has {rows:,} rows of {width:,} columns; a table may have {_MOST_CELLS:,} cells")
    try:
        frame = pd.read_parquet(path)
    except damaged as error:
        raise CxError(f"{path}: not a Parquet file: {error}") from None
    frame.columns = [code(column) or "" for column in frame.columns]
    dates = {name for name, kind in zip(frame.columns, frame.dtypes, strict=True) if kind.kind == "M"}
    variables = {n: Variable(n, text=line(n), kind="date" if n in dates else "") for n in frame.columns}
    return Answers(frame, variables, "parquet")


def _read_text(path: Path, encoding: str | None) -> Answers:
    raw = path.read_bytes()
    named, encoding = encoding, encoding or detect_encoding(raw, path)
    try:
        text = raw.decode(encoding)
    except (UnicodeError, LookupError) as error:
        raise CxError(f"{path}: cannot be read as `encoding: {encoding}`: {error}") from None
    if "\0" in text:
        raise CxError(f"{path}: holds NUL characters, first in line {text.count(chr(10), 0, text.index(chr(0))) + 1}")
    # Windows-1258 writes tone marks apart from their vowels; one letter, one sign makes codes comparable.
    text = unicodedata.normalize("NFC", text)
    _refuse_markup(path, text)
    rows, notes = read_delimited(path, text)
    answers = read_rows(rows, "csv")
    broken = broken_text(text, guessed=named is None and encoding == "cp1252")
    return replace(answers, notes=(*notes, *answers.notes, *broken))


def _refuse_markup(path: Path, text: str) -> None:
    """CxError for text that is no table: a web page, a survey's definition, columns parted by blanks."""
    start = text[:2000].lstrip("\ufeff \t\r\n")
    if re.match(r"<(!doctype|html|\?xml|table|body|head)\b", start, re.IGNORECASE):
        raise CxError(f"{path}: is a web page or XML, whatever its name says; export the answers as CSV or .xlsx")
    if start.startswith(("{", "[{")):
        what = "a Qualtrics survey's definition (.qsf), not its answers" if "SurveyEntry" in start else "JSON"
        raise CxError(f"{path}: is {what}; export the answers as CSV or .xlsx")
    lines = [part for part in text[:65536].splitlines()[:50] if part.strip()]
    words = [part.split() for part in lines]
    number_like = [sum(bool(re.fullmatch(r"[-+]?[\d.]+", word)) for word in some) for some in words[1:]]
    blanks = len(lines) > 1 and not any(mark in part for part in lines for mark in ",;\t|")
    # The last line of the sample may be cut.
    alike = blanks and len(words[0]) > 2 and all(len(some) == len(words[0]) for some in words[1:-1] or words[1:])
    if alike and all(2 * count >= len(words[0]) for count in number_like[:-1] or number_like):
        raise CxError(
            f"{path}: its {len(words[0])} columns are parted by blanks (a file of fixed widths), as in line 2: "
            f"{lines[1].strip()[:60]}; save it with commas, e.g. from a spreadsheet"
        )
