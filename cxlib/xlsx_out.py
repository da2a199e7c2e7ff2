"""Frames as an Excel workbook: a sheet each, its header frozen and filtered; text is never taken for a formula."""

import io
from datetime import datetime

import numpy as np
import pandas as pd
import xlsxwriter

from cxlib.errors import CxError

ROWS, COLUMNS, LETTERS = 1_048_576, 16_384, 32_767  # what a sheet, and a cell, can hold
MADE = datetime(2000, 1, 1)  # equal frames give equal bytes
WIDEST = 60
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with what a text begins that a spreadsheet may take for a formula


def workbook(sheets: dict[str, pd.DataFrame], *, title: str) -> bytes:
    """The frames as a workbook, by the name of their sheets; blank cells are left empty.

    Raises CxError, before anything is written, for more rows, columns or letters than Excel can hold.
    """
    for frame in sheets.values():
        check_fits(frame)
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"constant_memory": True})
    book.set_properties({"title": title[:255], "created": MADE})
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top", "quote_prefix": True})
    day = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    text = book.add_format({"quote_prefix": True})  # stays text when somebody edits the cell
    for name, frame in sheets.items():
        _fill(book.add_worksheet(name), frame, head, day, text)
    book.close()
    return stream.getvalue()


def check_fits(frame: pd.DataFrame) -> None:
    """That a sheet can hold the frame; CxError where it cannot."""
    rows, columns = frame.shape
    if rows >= ROWS or columns > COLUMNS:
        raise CxError(
            f"an Excel sheet holds {ROWS - 1:,} rows below its header and {COLUMNS:,} columns; there are {rows:,} rows "
            f"and {columns:,} columns: write .parquet, .csv or .sav instead"
        )
    for name in frame:
        if pd.api.types.is_numeric_dtype(frame[name]) or pd.api.types.is_datetime64_any_dtype(frame[name]):
            continue
        long = frame[name].astype(object).map(_units, na_action="ignore").fillna(0).to_numpy(int)
        if (long > LETTERS).any():
            row = int(np.argmax(long > LETTERS))
            raise CxError(
                f"a cell of Excel holds {LETTERS:,} letters; {name} has more in {(long > LETTERS).sum():,} rows, e.g. "
                f"{long[row]:,} in row {row + 1}: write .parquet or .csv instead"
            )


def _units(value) -> int:
    """How many letters Excel counts: those beyond the common 65,536 count twice."""
    text = str(value)
    return len(text) + sum(letter > "\uffff" for letter in text)


def _fill(sheet, frame: pd.DataFrame, head, day, text) -> None:
    """Write a frame row by row, as XlsxWriter needs it where it keeps no sheet in memory."""
    columns = [_cells(frame[name]) for name in frame]
    for place, (name, cells) in enumerate(zip(frame, columns, strict=True)):
        longest = max((len(str(cell)) for cell in cells[:200] if cell is not None), default=0)
        sheet.set_column(place, place, min(max(len(str(name)), longest, 6) + 2, WIDEST))
    sheet.freeze_panes(1, 0)
    if len(frame.columns):
        sheet.autofilter(0, 0, len(frame), len(frame.columns) - 1)
    for place, name in enumerate(frame):
        sheet.write_string(0, place, str(name), head)
    for row, cells in enumerate(zip(*columns, strict=True), 1):
        for place, value in enumerate(cells):
            if value is None:
                continue
            if isinstance(value, str):
                sheet.write_string(row, place, value, text if value.startswith(FORMULA) else None)
            elif isinstance(value, datetime):
                sheet.write_datetime(row, place, value, day)
            else:
                sheet.write_number(row, place, value)


def _cells(column: pd.Series) -> list:
    """A column as numbers, moments and texts, None where it is blank; a moment before Excel's calendar is text."""
    if pd.api.types.is_datetime64_any_dtype(column):
        moments = [None if pd.isna(value) else value.to_pydatetime() for value in column]
        return [str(value) if value is not None and value.year < 1900 else value for value in moments]
    values = column.astype(object).where(column.notna(), None)
    # A break of lines in Excel is \n alone.
    return [value if value is None or _is_number(value) else str(value).replace("\r\n", "\n") for value in values]


def _is_number(value) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
