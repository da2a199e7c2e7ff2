"""Text measured before it is written, so that nothing overflows its box; and a finding as a headline.

Widths are those of DejaVu Sans, letter by letter. It is wider than the fonts that decks are usually set in (Arial,
Calibri, most clients' own), so what fits here fits there; measures are in inches, sizes in points.
"""

import re
from functools import cache

from cxlib.report.letters import known
from cxlib.report.letters import width as ems

LINE = 1.22  # height of a line, in sizes of its letters
SLACK = 0.98  # of the width is used
UNKNOWN = 0.8  # more in sizes for a letter that the font lacks: emoji, letters of the East
# What XML 1.0 cannot hold; line breaks and tabs become spaces.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_BRACKETS = re.compile(r"\s*(\([^()]*\)|\[[^\[\]]*\])")
_STOP = re.compile(r"[.!?](?=\s+(\S))")


def clean(text: str) -> str:
    """The text on one line, without what a file of slides cannot hold."""
    return _FORBIDDEN.sub("", re.sub(r"\s+", " ", str(text))).strip()


def headline(finding: str) -> str:
    """A finding's first sentence without what stands in brackets, and without its full stop."""
    bare = clean(finding)
    while (shorter := _BRACKETS.sub("", bare)) != bare:
        bare = shorter
    for stop in _STOP.finditer(bare):
        # After an abbreviation (TP. Hồ Chí Minh), or before a small letter, no sentence ends.
        word = bare[: stop.start()].rpartition(" ")[2]
        if not (len(word) < 3 and word.isupper()) and not stop[1].islower():
            bare = bare[: stop.start()]
            break
    return bare.rstrip(" .:;")


def width(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a text is on one line."""
    return sum(_ems(letter, bold) for letter in text) * size / 72


@cache
def _ems(letter: str, bold: bool) -> float:
    return ems(letter, bold=bold) + UNKNOWN * (ord(letter) not in known())


def lines(text: str, size: float, room: float, *, bold: bool = False) -> list[str]:
    """A text broken at its spaces, and within words that are wider than the room; joined they are the text."""
    room = room * SLACK
    found, line, used = [], "", 0.0
    for word in re.findall(r"\S+\s*|\s+", text):
        seen = width(word.rstrip(), size, bold=bold)
        if line and used + seen > room:
            found.append(line)
            line, used = "", 0.0
        if seen > room:
            *full, word = _pieces(word, size, room, bold)
            found += full
        line, used = line + word, used + width(word, size, bold=bold)
    return [*found, line] if line or not found else found


def _pieces(word: str, size: float, room: float, bold: bool) -> list[str]:
    """A word in pieces that fit the room; of a letter at least."""
    found, first, used = [], 0, 0.0
    for place, letter in enumerate(word):
        wide = width(letter, size, bold=bold)
        if used + wide > room and place > first and letter.strip():
            found.append(word[first:place])
            first, used = place, 0.0
        used += wide
    return [*found, word[first:]]


def height(paragraphs: list[str], size: float, room: float, *, bold: bool = False, after: float = 0) -> float:
    """How tall paragraphs are in that room, with `after` points between them."""
    count = sum(len(lines(text, size, room, bold=bold)) for text in paragraphs)
    return (count * LINE * size + after * max(len(paragraphs) - 1, 0)) / 72


def cut(text: str, size: float, room: float, most: int, *, bold: bool = False) -> str:
    """The text in so many lines, its end given up for "…" where it has more."""
    broken = lines(text, size, room, bold=bold)
    if len(broken) <= most:
        return text
    *full, last = broken[:most]
    words = last.rstrip()
    while words and width(words + "…", size, bold=bold) > room * SLACK:
        words = words[:-1]
    # A word is given up whole, unless it is most of the line.
    whole = words if words == last.rstrip() else words.rpartition(" ")[0]
    words = whole if len(whole) > len(words) / 2 else words
    return "".join([*full, words]).rstrip(" ,;:") + "…"


def fit(text: str, room: float, tall: float, sizes: tuple, *, bold: bool = False) -> tuple[str, float]:
    """The text and the largest of the sizes in which it fits a box; cut in the least where it fits in none."""
    for size in sizes:
        if height([text], size, room, bold=bold) <= tall:
            return text, size
    return cut(text, sizes[-1], room, max(int(tall * 72 / (LINE * sizes[-1])), 1), bold=bold), sizes[-1]


def take(paragraphs: list[str], size: float, room: float, tall: float, *, after: float) -> tuple[list, list]:
    """The paragraphs that fit a box, and the rest; one that is taller than the box is parted at a line's end."""
    used = 0.0
    for place, text in enumerate(paragraphs):
        used += height([text], size, room) + (after / 72 if place else 0)
        if used > tall:
            if place:
                return paragraphs[:place], paragraphs[place:]
            broken = lines(text, size, room)
            most = max(int(tall * 72 / (LINE * size)), 1)
            return ["".join(broken[:most]).rstrip()], ["".join(broken[most:]), *paragraphs[1:]]
    return paragraphs, []
