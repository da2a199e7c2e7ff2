"""Delimited text as rows of cells: its delimiter, its header line, and rows that are longer or shorter than it.

Nothing is told from a file's name, and a file that was cut is not taken for a whole one.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from cxlib.cells import code, is_blank, number
from cxlib.errors import CxError
from cxlib.language import digits, tr, tr_n
from cxlib.workbooks import LONGEST, WIDEST, blank_rows

_TITLES = 10  # rows among which the header is looked for
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


def detect_delimiter(text: str) -> str:
    """Comma, semicolon, tab or bar: the one that cuts the first lines into the most columns of equal number."""
    sample = text[:65536].splitlines()[:50]

    def columns(delimiter: str) -> tuple[int, int]:
        widths = Counter(len(row) for row in csv.reader(sample, delimiter=delimiter) if row)
        if not widths:
            return 0, 0
        width, lines = widths.most_common(1)[0]
        return (lines if width > 1 else 0), width

    return max(_DELIMITERS, key=columns)


def read_delimited(path: Path, text: str) -> tuple[pd.DataFrame, list[str]]:
    """The rows of a text, its header the first of them and blank rows left out, and notes on what was decided.

    Raises CxError where it is empty, wider than a table may be, cut in its last row, or has rows longer than its
    header or cells that have swallowed the rows behind an open quotation mark.
    """
    named = re.match(r'\ufeff?"?sep=([,;\t|])"?(\r\n|\r|\n)', text, re.IGNORECASE)  # Excel's own first line
    body = text[named.end() :] if named else text
    delimiter = named[1] if named else detect_delimiter(body)
    _check_header(path, body, delimiter)
    above, notes = _titles(body, delimiter)
    body = "".join(io.StringIO(body, newline="").readlines()[above:]) if above else body
    found = _widths(path, body, delimiter, above + bool(named))
    width, widest = found[0][1] if found else 0, max((cells for _, cells in found), default=0)
    try:
        # The header is read as a row like others, so that equal names stay equal.
        names = {"names": range(widest), "usecols": range(width)} if widest > width > 0 else {}
        rows = pd.read_csv(io.StringIO(body), sep=delimiter, dtype=object, na_filter=False, header=None, **names)
    except pd.errors.EmptyDataError:
        raise CxError(f"{path}: is empty; a table needs a header line and at least one row") from None
    except pd.errors.ParserError as error:
        raise CxError(f"{path}: not a table: {' '.join(str(error).split())}") from None
    if '"' in body or max(map(len, body.splitlines())) > LONGEST:
        _check_cells(path, rows)
    notes += _shorter(path, body, found)
    blank = _blank(rows)
    rows = rows[~blank].reset_index(drop=True) if blank.any() else rows
    return rows, [*notes, *blank_rows(int(blank.sum()))]


def title_rows(rows: list[list]) -> int:
    """How many of the first rows stand above the header: titles of one cell each, and blank rows.

    The header is the first row that fills nearly all columns, with words alone; 0 where there is no such row.
    """
    filled = [sum(code(cell) is not None for cell in row) for row in rows[:_TITLES]]
    width = max(map(len, rows[:_TITLES]), default=0)
    header = next((i for i, count in enumerate(filled) if count > 1), 0)
    if width < 3 or not header or filled[header] < 0.8 * width or not any(filled[:header]):
        return 0
    words = [text for text in map(code, rows[header]) if text]
    return 0 if any(number(text) is not None for text in words) or len(set(words)) < len(words) else header


def title_note(rows: list[list]) -> list[str]:
    """The note on the rows above the header, none where there are none."""
    texts = [text for row in rows for text in map(code, row) if text]
    return [tr("left out above the header: {titles}", titles="; ".join(texts)[:80])] if rows else []


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each row as the module csv cuts it, with the line on which it begins; ends before a cell out of all bounds."""
    reader, line = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1
    while True:
        try:
            row = next(reader)
        except (StopIteration, csv.Error):
            return  # what is wrong is told by _check_header, by the parser or by _check_cells
        yield line, row
        line = reader.line_num + 1


def _counted(text: str, delimiter: str) -> list[tuple[int, int]]:
    """The line and the number of cells of each row that is no blank line."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if '"' not in text else []
    if lines and max(map(len, lines)) <= csv.field_size_limit():
        # Without quotation marks each line is a row, and each delimiter parts two cells.
        counts = [line.count(delimiter) + 1 for line in lines]
        return [(i, n) for i, n in enumerate(counts, 1) if n > 1 or lines[i - 1].strip()]
    return [(line, len(row)) for line, row in _records(text, delimiter) if len(row) > 1 or "".join(row).strip()]


def _check_header(path: Path, text: str, delimiter: str) -> None:
    """CxError where the first row is out of bounds, before all rows are given its width."""
    try:
        first = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error as error:
        raise CxError(f"{path}: its header line cannot be read: {error}") from None
    if len(first) > WIDEST:
        raise CxError(f"{path}: its header line has {len(first):,} columns; a table may have {WIDEST:,}")


def _titles(text: str, delimiter: str) -> tuple[int, list[str]]:
    """The lines above the header, and the note on them."""
    first = [record for record, _ in zip(_records(text, delimiter), range(_TITLES), strict=False)]
    above = title_rows([row for _, row in first])
    return (first[above][0] - 1 if above else 0), title_note([row for _, row in first[:above]])


def _widths(path: Path, text: str, delimiter: str, above: int) -> list[tuple[int, int]]:
    """The line and the number of cells of each row that is no blank line, the header first.

    CxError where rows hold something beyond the header's last column; blank cells there are no harm.
    """
    found = _counted(text, delimiter)
    width, longer = found[0][1] if found else 0, []
    if any(cells > width for _, cells in found):
        longer = [
            (line, len(row))
            for line, row in _records(text, delimiter)
            if len(row) > width and (len(row) > WIDEST or any(cell.strip() for cell in row[width:]))
        ]
    found = [(line + above, cells) for line, cells in found] if above else found
    if longer:
        line, cells = longer[0]
        raise CxError(
            f"{path}: line {line + above} has {cells:,} cells, the header {found[0][1]:,} ({len(longer):,} such "
            f"row{'s' if len(longer) > 1 else ''}); put quotation marks around text that holds a "
            f"{_DELIMITERS[delimiter]}"
        )
    return found


def _check_cells(path: Path, rows: pd.DataFrame) -> None:
    for position in range(rows.shape[1]):
        cells = rows.iloc[:, position].to_numpy(object)
        longest = max(map(len, cells), default=0)
        if longest > LONGEST:
            row = next(i for i, cell in enumerate(cells) if len(cell) == longest)
            raise CxError(
                f"{path}: row {row}, column {position + 1} holds {longest:,} characters; a cell may hold "
                f"{LONGEST:,}: is a quotation mark left open?"
            )


def _shorter(path: Path, text: str, found: list[tuple[int, int]]) -> list[str]:
    """The note on rows with fewer cells than the header; CxError where the text ends within one, without a break."""
    width = found[0][1] if found else 0
    short = [(line, cells) for line, cells in found if cells < width]
    if short and short[-1] == found[-1] and not text.endswith(("\n", "\r")):
        line, cells = short[-1]
        raise CxError(
            f"{path}: line {line}, the last, has {cells:,} of the header's {width:,} cells and no line break at its "
            "end: the file is cut; export it again"
        )
    if not short:
        return []
    line, cells = short[0]
    return [
        tr_n(
            "{n} row has fewer cells than the header, e.g. line {line} {cells} of {width}; what is not there is blank",
            "{n} rows have fewer cells than the header, e.g. line {line} {cells} of {width}; what is not there is "
            "blank",
            len(short),
            line=line,
            cells=digits(f"{cells:,}"),
            width=digits(f"{width:,}"),
        )
    ]


def _blank(rows: pd.DataFrame) -> np.ndarray:
    """The rows without anything in any cell."""
    left = np.arange(len(rows))
    for position in range(rows.shape[1]):
        if not len(left):
            break
        left = left[[is_blank(cell) for cell in rows.iloc[:, position].to_numpy(object)[left]]]
    return np.isin(np.arange(len(rows)), left)
