"""The prose of a notebook, piece by piece: a heading, a paragraph and a list item each are a message of their own."""

import re

from cxlib.language import tr

MARK = re.compile(r"(#{1,6} |[-*] |\d+\. )?(.*)", re.DOTALL)


def pieces(markdown: str) -> list[tuple[str, str]]:
    """The pieces of a markdown cell in order: what stands before each (a blank line, a mark), and its text as one line.

    What stands before the first piece is its mark alone; joined again, the pieces are the cell, but for line breaks.
    """
    found: list[tuple[str, str]] = []
    before, open_piece = "", False
    for line in markdown.splitlines():
        if not line.strip():
            before, open_piece = "\n\n" if found else "", False
            continue
        mark, text = MARK.fullmatch(line.strip()).groups(default="")
        if open_piece and not mark:
            found[-1] = (found[-1][0], f"{found[-1][1]} {text}")
            continue
        found.append(((before or ("\n" if found else "")) + mark, text))
        before, open_piece = "", not mark.startswith("#")
    return found


def translated(markdown: str) -> str:
    """A markdown cell in the language that is spoken."""
    return "".join(before + tr(text) for before, text in pieces(markdown))
