"""Excel workbooks (.xlsx): the sheet that holds the table as rows of cells, within bounds that no honest one meets."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pandas as pd

from cxlib.errors import CxError
from cxlib.language import tr, tr_n

WIDEST = 20_000  # columns of a table
LONGEST = 100_000  # characters of a cell; in text, what is longer has swallowed the rows behind an open quotation mark
_ROWS, _COLUMNS = 1_048_576, 16_384  # of a sheet, by Excel's own specification
# Parts of a workbook shrink to a tenth or a twentieth; a part of zeros shrinks to a thousandth.
_LARGEST_PART, _STEEPEST = 5_000_000, 100
_LARGEST = 500_000_000  # bytes of all parts, unpacked
_EMPTY_SHARE = 100  # cells of the range to one that holds something
_PEEK = 20  # rows that tell whether a sheet is a table
# What the library raises on a damaged workbook; it has no error of its own for it.
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


def read_workbook(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """The rows of the sheet that holds the table, blank cells as "" and blank rows left out, and what was decided.

    That is the first sheet; where it has fewer than two columns (a cover), the only other one that is a table.
    Raises CxError for a damaged workbook, for one that would unpack to far more than it holds, and for rows, columns
    or cells beyond those of a workbook.
    """
    check_parts(path)
    with path.open("rb") as stream:  # by its name the library would refuse a workbook that is called otherwise
        try:
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            sheets = book.worksheets
        except _DAMAGED as error:
            raise _not_a_workbook(path, error) from None
        if not sheets:
            raise CxError(f"{path}: has no sheet with cells")
        for sheet in sheets:
            sheet.reset_dimensions()  # what the file declares may be anything
        return _read_sheets(path, sheets)


def _read_sheets(path: Path, sheets: list) -> tuple[pd.DataFrame, list[str]]:
    rows, blank = _table(path, _filled(path, sheets[0]))
    chosen = sheets[0]
    if rows.shape[1] < 2 and len(others := [s for s in sheets[1:] if _is_table(path, s)]) == 1:
        chosen = others[0]
        rows, blank = _table(path, _filled(path, chosen))
    names = ", ".join(sheet.title for sheet in sheets[:5]) + (", …" if len(sheets) > 5 else "")
    given = {"sheet": chosen.title, "number": len(sheets), "sheets": names, "first": sheets[0].title}
    notes = []
    if chosen is not sheets[0]:
        notes.append(
            tr("read the sheet {sheet}, one of {number}: {sheets}; {first} has fewer than two columns", **given)
        )
    elif len(sheets) > 1:
        notes.append(tr("read the sheet {sheet}, one of {number}: {sheets}", **given))
    return rows, [*notes, *blank_rows(blank)]


def _is_table(path: Path, sheet) -> bool:
    return sum(len(cells) > 1 for cells in islice(_filled(path, sheet), _PEEK)) > 1


def blank_rows(count: int) -> list[str]:
    """The note on rows without any answer, none where there are none."""
    return [tr_n("{n} blank row was left out", "{n} blank rows were left out", count)] if count else []


def _not_a_workbook(path: Path, error: Exception) -> CxError:
    return CxError(f"{path}: not an Excel workbook (.xlsx): {' '.join(str(error).split())[:200]}")


def check_parts(path: Path) -> None:
    """Refuse an archive whose parts would unpack to far more than a workbook's, before any is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            heads = {p.filename: archive.open(p).read(4096) for p in parts if p.filename.endswith((".xml", ".rels"))}
    except _DAMAGED as error:
        raise _not_a_workbook(path, error) from None
    for part in parts:
        if part.file_size > _LARGEST_PART and part.file_size > _STEEPEST * max(part.compress_size, 1):
            raise CxError(
                f"{path}: {part.filename} unpacks from {part.compress_size:,} to {part.file_size:,} bytes; no part of "
                f"a workbook shrinks to less than 1 in {_STEEPEST}"
            )
    total = sum(part.file_size for part in parts)
    if total > _LARGEST:
        raise CxError(
            f"{path}: unpacks to {total:,} bytes; a workbook may have {_LARGEST:,}; export the table as CSV or Parquet"
        )
    for name, head in heads.items():
        if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
            raise CxError(f"{path}: {name} declares XML entities, which no workbook has; save it anew as .xlsx")
    _check_texts(path)


def _check_texts(path: Path) -> None:
    """CxError where a part holds far longer texts or more rows than a sheet's, before the library takes them in."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = [part for part in archive.infolist() if part.filename.endswith(".xml")]
            beyond = [f"{part.filename} {what}" for part in parts if (what := _beyond(archive, part))]
    except _DAMAGED as error:
        raise _not_a_workbook(path, error) from None
    if beyond:
        raise CxError(f"{path}: {beyond[0]}")


def _beyond(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> str:
    """What no part of a workbook has: a text longer than a cell may hold, or more rows than a sheet may have."""
    size, rows = 4 * LONGEST, 0  # a letter has four bytes at most
    if part.file_size < size:
        return ""
    with archive.open(part) as stream:
        while len(piece := stream.read(size)) == size:
            rows += piece.count(b"<row ")
            if b"<" not in piece:
                return f"holds a text of more than {LONGEST:,} characters; a cell may hold {LONGEST:,}"
            if rows > _ROWS:
                return f"has more than {_ROWS:,} rows, the most that a sheet may have"
    return ""


def _filled(path: Path, sheet) -> Iterator[list]:
    """The sheet's rows without the blank cells at their ends; only the library's own step is guarded."""
    rows = sheet.iter_rows()
    for row in range(1, _ROWS + 2):
        try:
            cells = [None if cell.data_type == "e" else cell.value for cell in next(rows)]
        except StopIteration:
            return
        except _DAMAGED as error:
            raise _not_a_workbook(path, error) from None
        while cells and (cells[-1] is None or (isinstance(cells[-1], str) and not cells[-1].strip())):
            cells.pop()
        if len(cells) > _COLUMNS:
            raise CxError(f"{path}: row {row:,} has {len(cells):,} columns; a sheet may have {_COLUMNS:,}")
        yield cells
    raise CxError(f"{path}: the sheet {sheet.title} has rows beyond {_ROWS:,}, the most that a sheet may have")


def _table(path: Path, filled: Iterator[list]) -> tuple[pd.DataFrame, int]:
    """The rows that hold something, and how many blank ones stand between them."""
    rows, width, held, reached, last, blank = [], 0, 0, 0, 0, 0
    for row, cells in enumerate(filled, 1):
        if not cells:
            continue
        rows.append(cells)
        blank, last = blank + row - last - 1, row
        width, held, reached = max(width, len(cells)), held + len(cells) - cells.count(None), reached + len(cells)
        _check_lengths(path, row, cells)
        if reached > _EMPTY_SHARE * held + 1_000_000:
            break  # what is kept of blank cells alone would fill the memory
    if max(reached, width * last) > _EMPTY_SHARE * held + 1_000_000:
        raise CxError(
            f"{path}: the sheet reaches over {last:,} rows and {width:,} columns and holds {held:,} cells; delete "
            "what stands far outside the table"
        )
    table = [["" if c is None else c for c in cells] + [""] * (width - len(cells)) for cells in rows]
    return pd.DataFrame(table, dtype=object), blank


def _check_lengths(path: Path, row: int, cells: list) -> None:
    for column, cell in enumerate(cells, 1):
        if isinstance(cell, str) and len(cell) > LONGEST:
            raise CxError(
                f"{path}: row {row:,}, column {column} holds {len(cell):,} characters; a cell may hold {LONGEST:,}"
            )
