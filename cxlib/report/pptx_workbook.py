"""The workbook behind a native chart, which PowerPoint opens for "Edit data": values, interval ends, distances."""

import io

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from cxlib.report.pptx_deck import WHEN

SHEET = "Data"
FIRST = 2  # row of the first value, as a sheet counts


class Grid:
    """Columns of a sheet, and where each stands: add() gives the address that a chart refers to."""

    def __init__(self):
        self.columns: list[tuple[str, list]] = []

    def add(self, head: str, cells: list) -> str:
        """A column of texts or numbers (None stays empty). Returns the address of its cells."""
        self.columns.append((head, cells))
        return self.address(len(self.columns) - 1)

    def distance(self, head: str, of: int, less: int, cells: list) -> str:
        """A column of differences of two others, by their places, as formulas: they follow when data are edited."""
        one, two = xl_col_to_name(of), xl_col_to_name(less)
        formulas = [None if c is None else (f"={one}{r}-{two}{r}", c) for r, c in enumerate(cells, FIRST)]
        return self.add(head, formulas)

    def address(self, column: int) -> str:
        """Where the cells of a column stand."""
        name, last = xl_col_to_name(column), FIRST + len(self.columns[column][1]) - 1
        return f"{SHEET}!${name}${FIRST}:${name}${last}"

    def head(self, column: int) -> str:
        """Where the heading of a column stands."""
        return f"{SHEET}!${xl_col_to_name(column)}$1"

    def xlsx(self) -> bytes:
        """The sheet as a workbook. Texts stay texts, whatever sign they begin with."""
        out = io.BytesIO()
        book = xlsxwriter.Workbook(out, {"in_memory": True})
        book.set_properties({"created": WHEN})
        sheet = book.add_worksheet(SHEET)
        sheet.set_column(0, 0, 30)
        for place, (head, cells) in enumerate(self.columns):
            sheet.write_string(0, place, head)
            for row, cell in enumerate(cells, 1):
                if isinstance(cell, tuple):
                    sheet.write_formula(row, place, cell[0], None, cell[1])
                elif isinstance(cell, str):
                    sheet.write_string(row, place, cell)
                elif cell is not None:
                    sheet.write_number(row, place, cell)
        book.close()
        return out.getvalue()
