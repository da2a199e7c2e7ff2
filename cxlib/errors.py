"""Errors that a user can mend."""

import difflib
import re
from dataclasses import dataclass

# What commands a terminal, breaks a line or turns the letters around it, and halves of letters.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")

INTERNAL = 70  # exit code of a fault of our own: EX_SOFTWARE of sysexits.h


def plain(text: str) -> str:
    """A text on one line as a terminal may show it: what is no sign to be read stands in its escaped form (\\x1b)."""
    return _UNSEEN.sub(lambda sign: sign[0].encode("unicode_escape").decode(), text)


@dataclass(frozen=True)
class Problem:
    """One broken rule: where, how many rows (counted without the header), and the first of them."""

    table: str
    column: str
    rows: int
    rule: str
    example: str


class CxError(ValueError):
    """A fault in the user's data, study.yml or call: one sentence with file, place, offender and rule.

    `problems` lists every fault found, where there may be several; `lines` stand below the sentence. What the data
    put into it cannot break the line or command a terminal. Everything else that is raised is a bug of this project
    and surfaces as one.
    """

    exit_code = 1

    def __init__(self, message: str, problems: list[Problem] | tuple[Problem, ...] = (), lines=()):
        super().__init__(plain(message))
        self.problems, self.lines = list(problems), list(lines)

    def __str__(self) -> str:
        return "\n".join([self.args[0], *self.lines])


class CommandError(CxError):
    """A command that cannot be understood: an unknown study, chapter or parameter."""

    exit_code = 2


def aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """The lines of a plain table, its columns aligned; the first row holds their names."""
    rows = [tuple(map(plain, row)) for row in rows]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    padded = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return [line.rstrip() for line in padded]


def nearest(word: str, known, *, alike: float = 0.5) -> str:
    """ "; did you mean X?" for the closest known word, or nothing where none is so much `alike` (0 to 1)."""
    close = closest(word, known, alike=alike)
    return f"; did you mean {close}?" if close else ""


def closest(word: str, known, *, alike: float = 0.5) -> str:
    """The closest known word, or nothing where none is so much `alike` (0 to 1)."""
    by_letters = {str(k).casefold(): str(k) for k in known}
    close = difflib.get_close_matches(str(word).casefold(), list(by_letters), n=1, cutoff=alike)
    return by_letters[close[0]] if close else ""
