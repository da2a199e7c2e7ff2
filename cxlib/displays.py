"""Results as a researcher looks at them: text in a terminal, HTML in a notebook, the report's look and rounding.

printed_results says what each result shows; here it is laid out. The same result gives the same text: no addresses, no
ids, nothing that varies.
"""

import html
import textwrap
import unicodedata
from itertools import zip_longest

from cxlib import printed_results, tables

GAP = "  "
LINE, TEXT = 118, 40  # signs of a line in a terminal, and of a column of text where a table is wider
# A notebook aligns every cell to the right; text is read from the left. Wide tables scroll in their own place.
STYLE = (
    "<style>.cx-result {overflow-x: auto} .cx-result table .txt, .cx-result table caption {text-align: left} "
    ".cx-result table td.txt:first-child {min-width: 8em} .cx-result table .num {white-space: nowrap}</style>"
)


def plain(result) -> str:
    """A result as text: its number in one line, or its tables in columns, each with its note."""
    shown = printed_results.of(result)
    if not shown.tables:
        told = f" ({'; '.join(shown.lines)})" if shown.lines else ""
        return f"{shown.head} {shown.value}".strip() + told
    parts = ["\n".join(line for line in (shown.head, *shown.lines) if line)]
    parts += [_in_columns(table) for table in shown.tables]
    return "\n\n".join(part for part in parts if part)


def page(result) -> str:
    """A result as HTML, quiet on a light and on a dark page: no colours of its own."""
    shown = printed_results.of(result)
    if shown.value:
        return number(shown.value, [shown.head, *shown.lines])
    head = f"<div><strong>{html.escape(shown.head)}</strong></div>" if shown.head else ""
    body = head + "".join(f"<div>{html.escape(line)}</div>" for line in shown.lines if line)
    return f'<div class="cx-result">{STYLE}{body}{"".join(map(tables.to_html, shown.tables))}</div>'


def number(value: str, lines: list[str]) -> str:
    """A printed number as HTML: large, and what belongs to it in lines below."""
    body = "".join(f"<div>{html.escape(line)}</div>" for line in lines if line)
    return f'<div class="cx-number"><strong style="font-size:1.6em">{html.escape(value)}</strong>{body}</div>'


def _in_columns(table: dict) -> str:
    """A printed table as text: its caption, its columns in line, its note; long text goes on in the next line."""
    printed, note = table["printed"], textwrap.fill(table["note"], LINE)
    rows = [printed["heads"], *printed["rows"]]
    titles = {1 + place for place in printed.get("titles", [])}
    counted = [row for place, row in enumerate(rows) if place not in titles]
    widths = [max(_width(row[column]) for row in counted) for column in range(len(rows[0]))]
    if sum(widths) + len(GAP) * len(widths) > LINE:
        widths = [w if right else min(w, TEXT) for w, right in zip(widths, printed["numeric"], strict=True)]
    lines = [[row[0]] if place in titles else _lines(row, widths, printed) for place, row in enumerate(rows)]
    head, *body = lines
    rule = "-" * (sum(widths) + len(GAP) * (len(widths) - 1))
    above = _groups(printed.get("groups", []), widths)
    parts = [table["caption"], above, *head, rule, *(line for row in body for line in row), note]
    return "\n".join(part.rstrip() for part in parts if part)


def _lines(cells: list[str], widths: list[int], printed: dict) -> list[str]:
    """A row as lines of text: numbers to the right, text to the left, broken where it is longer than its column."""
    pairs = zip(cells, widths, strict=True)
    parts = [[cell] if _width(cell) <= width else textwrap.wrap(cell, width) for cell, width in pairs]
    rows = zip_longest(*parts, fillvalue="")
    return [GAP.join(map(_padded, row, widths, printed["numeric"])) for row in rows]


def _padded(cell: str, width: int, right: bool) -> str:
    space = " " * (width - _width(cell))
    return space + cell if right else cell + space


def _groups(groups: list, widths: list[int]) -> str:
    """The names of banner questions, each above the first of its columns."""
    line, place = "", 0
    for name, span in groups:
        line = line.ljust(sum(widths[:place]) + len(GAP) * place) + name + GAP
        place += span
    return line


def _width(words: str) -> int:
    """How many columns of a terminal the words take: signs of the Far East two, combining ones none."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in words
    )
