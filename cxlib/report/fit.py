"""How a table fits a page: the size of its letters, the widths of its columns, and the pieces it is cut into.

Sizes and widths are in points. A table is tried in ever smaller letters on an upright page, then on one turned
around; one that fits neither has its lines broken, and one that is wider still is cut into groups of columns.
"""

import math
from dataclasses import dataclass
from functools import cache

from cxlib.report import letters

PADDING = 7.0  # left and right of a cell together
SIZES = (8.0, 7.5, 7.0, 6.5)  # of letters, from the best to the least that can be read
UPRIGHT = SIZES[:3]  # on a page that need not be turned around to gain more
LINE = 26.0  # ems that a column of text may ask for before its lines break
HEAD = 2.5  # lines that a heading may take
WORD = 16.0  # ems beyond which a word is broken
KEYS = 2  # columns of labels that every piece repeats, at most
PARTING = 0.4  # the share of a page that these may take


@dataclass(frozen=True)
class Fit:
    """A table's way onto the page: `pieces` are the columns of each part, with their widths."""

    size: float
    turned: bool
    pieces: list[list[tuple[int, float]]]


@dataclass(frozen=True)
class _Column:
    """What a column needs, in ems: for its widest word, for lines of a good length, for all on one line."""

    word: float
    good: float
    line: float


def fit(printed: dict, upright: float, turned: float) -> Fit:
    """How a printed table stands on pages of these widths."""
    columns = [_column(index, printed) for index in range(len(printed["heads"]))]
    for room, sizes in ((upright, UPRIGHT), (turned, SIZES)):
        for size in sizes:
            if sum(column.good for column in columns) * size + PADDING * len(columns) <= room:
                widths = _widths(columns, [column.good for column in columns], room, size)
                return Fit(size, room == turned, [list(enumerate(widths))])
    size, pieces = SIZES[-1], []
    for part in _parts(columns, printed, turned, size):
        chosen = [columns[index] for index in part]
        widths = _widths(chosen, [column.word for column in chosen], turned, size)
        pieces.append(list(zip(part, widths, strict=True)))
    return Fit(size, True, pieces)


def _column(index: int, printed: dict) -> _Column:
    titles = set(printed.get("titles", []))
    head = printed["heads"][index]
    cells = {row[index] for number, row in enumerate(printed["rows"]) if number not in titles}
    word = max([_words(head, True), *(_words(cell, False) for cell in cells)])
    line = max([_words(head, True), *(_line(cell) for cell in cells)])
    word = min(word, WORD)
    good = line if printed["numeric"][index] else min(line, LINE)
    return _Column(word, max(word, good, letters.width(head, bold=True) / HEAD), max(word, line))


@cache
def _words(text: str, bold: bool) -> float:
    return max((letters.width(word, bold=bold) for word in text.split(" ")), default=0.0)


@cache
def _line(text: str) -> float:
    return letters.width(text)


def _widths(columns: list[_Column], asked: list[float], room: float, size: float) -> list[float]:
    """The widths asked for, and what is left of the room for the columns whose lines would still break."""
    lacking = [max(column.line - width, 0.0) for column, width in zip(columns, asked, strict=True)]
    left = room / size - PADDING * len(columns) / size - sum(asked)
    share = min(left / sum(lacking), 1.0) if sum(lacking) and left > 0 else 0.0
    # A hair more than the letters need, since the typesetter rounds in its own way.
    return [
        math.ceil((width + share * lack) * size * 10 + 1) / 10 + PADDING
        for width, lack in zip(asked, lacking, strict=True)
    ]


def _parts(columns: list[_Column], printed: dict, room: float, size: float) -> list[list[int]]:
    """Column numbers by piece, each of which begins with the columns of labels."""
    need = [column.word * size + PADDING + 0.2 for column in columns]
    keys = []
    while len(keys) < KEYS and not printed["numeric"][len(keys)] and sum(need[: len(keys) + 1]) <= PARTING * room:
        keys.append(len(keys))
        if len(keys) == len(columns):
            break
    parts, current, used = [], list(keys), sum(need[index] for index in keys)
    for index in range(len(keys), len(columns)):
        if used + need[index] > room and len(current) > len(keys):
            parts.append(current)
            current, used = list(keys), sum(need[key] for key in keys)
        current.append(index)
        used += need[index]
    return [*parts, current]
