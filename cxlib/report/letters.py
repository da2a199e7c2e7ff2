"""The letters of a PDF: which of them DejaVu Sans can draw, what stands in for the others, and how wide words are.

DejaVu Sans comes with matplotlib; it has the letters of Vietnamese, and it is what the drawings are lettered in.
"""

import re
import unicodedata
from functools import cache
from pathlib import Path

import matplotlib
from matplotlib.ft2font import FT2Font, LoadFlags

FOLDER = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
UNKNOWN = "\ufffd"
BREAK = "\u200b"  # where a word may go on in the next line
# What turns the order of letters around up to the end of the line, numbers included.
OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
UNSEEN = ("Cc", "Cf", "Mn", "Me", "Cn")  # signs without a picture of their own


@cache
def _font(style: str) -> FT2Font:
    return FT2Font(FOLDER / f"DejaVuSans{style}.ttf")


@cache
def known(style: str = "") -> frozenset[int]:
    """The letters that a style can draw; text that no notebook styles may be plain or bold."""
    pair = ("", "-Bold") if style in ("", "-Bold") else (style,)
    return frozenset.intersection(*(frozenset(_font(one).get_charmap()) for one in pair))


def drawable(text: str) -> tuple[str, str]:
    """The text as plain and bold can draw it, and the letters that had to be replaced.

    Symbols and pictures that the typeface lacks become their names in brackets, as in [pouting face]; other letters
    become a sign for an unknown one; what is unseen anyway is left out.
    """
    text = OVERRIDES.sub("", text)
    if all(ord(letter) in known() or letter == "\n" for letter in text):
        return text, ""
    shown, lost = [], []
    for letter in text:
        kind = unicodedata.category(letter)
        if letter in "\t\r\n":
            shown.append(letter if letter == "\n" else " ")
        elif ord(letter) in known():
            shown.append(letter)
        elif kind not in UNSEEN:
            name = unicodedata.name(letter, "") if kind.startswith("S") else ""
            shown.append(f"[{name.lower()}]" if name else UNKNOWN)
            lost.append(letter)
    return "".join(shown), "".join(lost)


def styled(text: str, style: str) -> bool:
    """Whether a style can draw the whole text."""
    return all(ord(letter) in known(style) for letter in text)


def width(text: str, *, bold: bool = False) -> float:
    """How wide a text is on one line, in the size of its letters (1 is an em)."""
    return sum(_advance(letter, bold) for letter in text)


@cache
def _advance(letter: str, bold: bool) -> float:
    font = _font("-Bold" if bold else "")
    if not font.get_char_index(ord(letter)):
        return 0.0 if letter == "\n" else 1.0
    return font.load_char(ord(letter), flags=LoadFlags.NO_SCALE).horiAdvance / font.units_per_EM


def broken(text: str, room: float, *, bold: bool = False) -> str:
    """The text with places to break in every word that is wider than the room, both in the size of its letters."""
    if width(text, bold=bold) <= room:
        return text
    return "".join(
        _pieces(word, room, bold) if width(word, bold=bold) > room else word for word in re.split(r"([ \n])", text)
    )


def shortened(text: str, room: float, *, bold: bool = False) -> str:
    """The text, or as much of it as fits the room with a sign that it goes on."""
    if width(text, bold=bold) <= room:
        return text
    left = room - width("…", bold=bold)
    for number, letter in enumerate(text):
        left -= _advance(letter, bold)
        if left < 0:
            return text[:number].rstrip() + "…"
    return text


def _pieces(word: str, room: float, bold: bool) -> str:
    found, so_far = [], 0.0
    for letter in word:
        so_far += _advance(letter, bold)
        if so_far > room and not unicodedata.combining(letter):
            found.append(BREAK)
            so_far = _advance(letter, bold)
        found.append(letter)
    return "".join(found)
