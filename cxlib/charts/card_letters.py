"""Letters on a card: how wide words are, where their lines end, how large they may be, and writing them."""

import re
import unicodedata
from functools import lru_cache

from matplotlib.artist import Artist
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from matplotlib.textpath import text_to_path

from cxlib.charts.style import INK, STYLE

QUIET = "#52606d"
ASCENT, PITCH = 0.98, 1.32  # of a line of letters, in letters' heights: room for two marks on a Vietnamese capital
LEAST, BODY, HEAD = 7.0, 8.8, 9.5  # points: the smallest letters, and those of text and headings


def width_of(words: str, size: float, *, bold: bool = False) -> float:
    """How many inches a line of letters is wide, with a little to spare for the rounding of letters to pixels."""
    return 1.06 * size * sum(_letter(letter, bold) for letter in words)


def wrapped(words: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Words in lines of so many inches; a word that is longer than a line is cut."""
    lines = []
    for word in re.split(r"[ \t\r\n]+", unicodedata.normalize("NFC", words.strip())):  # not at a space that holds
        if lines and width_of(f"{lines[-1]} {word}", size, bold=bold) <= width:
            lines[-1] += f" {word}"
            continue
        while len(word) > 1 and width_of(word, size, bold=bold) > width:
            fits = max(1, next(i for i in range(len(word)) if width_of(word[: i + 1], size, bold=bold) > width))
            lines.append(word[:fits])
            word = word[fits:]
        lines.append(word)
    return lines


def even(words: str, width: float, size: float) -> list[str]:
    """Bold words in as few lines as wrapped() makes, but of like length, so that no word stands alone on the last."""
    lines = wrapped(words, width, size, bold=True)
    for part in (0.5, 0.6, 0.7, 0.8, 0.9):
        evener = wrapped(words, part * width, size, bold=True)
        if len(evener) == len(lines) and " ".join(evener) == " ".join(lines):
            return evener
    return lines


def most_lines(texts: list[str], width: float, size: float) -> int:
    """How many lines the longest of bold texts takes."""
    return max((len(wrapped(words, width, size, bold=True)) for words in texts), default=0)


def say(lines: list[str], x: float, y: float, size: float, *, color=INK, bold=False, ha="left") -> list[Artist]:
    """Lines of letters from a height down, at an even pitch whatever marks the letters bear."""
    look = {"fontsize": size, "color": color, "weight": "bold" if bold else "normal", "ha": ha, "va": "baseline"}
    return [
        Text(x, y + (ASCENT + PITCH * i) * size / 72, line, parse_math=False, **look) for i, line in enumerate(lines)
    ]


def height_of(lines: int, size: float) -> float:
    """How many inches so many lines are high."""
    return lines * PITCH * size / 72


def fitted(words: str, size: float, width: float, *, bold: bool = False) -> float:
    """The size of letters at which words stand on one line of so many inches; no larger than told, never too small."""
    return max(LEAST, min(size, width / width_of(words, 1, bold=bold)))


def scaled(size: float, scale: float) -> float:
    """The size of letters made larger or smaller with all others, never too small."""
    return max(LEAST, size * scale)


@lru_cache(maxsize=2_000)
def _letter(letter: str, bold: bool) -> float:
    """How many inches a letter of one point takes on its line: what it adds between two others."""
    font = FontProperties(family=STYLE["font.family"], size=100, weight="bold" if bold else "normal")
    more, less = (
        text_to_path.get_text_width_height_descent(line, font, ismath=False)[0] for line in (f"|{letter}|", "||")
    )
    return (more - less) / 100 / 72
