"""Ratings in words, as survey tools write them where nobody asks for codes: each word is a step of a scale.

Words that bear their number ("0 - Not at all likely", "Extremely likely - 10") are that number.
"""

import re
from dataclasses import replace

from cxlib.column_facts import Facts
from cxlib.guesses import Guess
from cxlib.scale_guess import Scale, scale
from cxlib.worded_scales import in_order
from cxlib.wording import is_missing, pattern_of, spoken

_BEFORE = re.compile(r"(?P<n>\d{1,2}) *(?:[-–—:.=]|(?=\()) *\D.*", re.DOTALL)
_BEHIND = re.compile(r".*\D *(?:[-–—:=]|\() *(?P<n>\d{1,2})\)?", re.DOTALL)
STEPS = 4  # fewer words on a scale are groups that happen to have an order
# How often somebody does something is no rating of anything.
_OFTEN = pattern_of(
    r"never|always|often|rarely|seldom|sometimes|frequently|usually|daily|weekly",
    "thường xuyên|luôn luôn|thỉnh thoảng|đôi khi|hiếm khi|không bao giờ",
)


def scales(columns: list[Facts]) -> dict[str, tuple[Scale, dict[str, str]]]:
    """The columns whose answers are words on a scale, each with its scale from 1 up and the word of each step.

    A word that nobody gave to one question is a step of it all the same where another question has it.
    """
    known = [list(column.counts.index) for column in columns if not column.numeric and column.distinct <= 12]
    known.sort(key=len, reverse=True)
    found = {}
    for column in columns:
        own = list(column.counts.index)
        words = next((all_words for all_words in known if set(own) <= set(all_words)), own)
        if made := _scale(column, words) or _scale(column, own):
            found[column.name] = made
    return found


def _scale(column: Facts, words: list[str]) -> tuple[Scale, dict[str, str]] | None:
    if column.numeric:
        return None
    return _numbered(column) or _ordered(column, words)


def _numbered(column: Facts) -> tuple[Scale, dict[str, str]] | None:
    """The scale of answers of which some bear a number beside their words, and the rest are numbers."""
    kept = [c for c in column.counts.index if c not in column.no_answers]
    found = {c: m["n"] for c in kept if c not in column.numbers and (m := _BEFORE.fullmatch(c) or _BEHIND.fullmatch(c))}
    code = {c: str(int(n)) for c, n in found.items()}
    codes = [code.get(c, c) for c in column.counts.index]
    whole = all(c in code or c in column.numbers for c in kept)
    if not code or not whole or len(set(codes)) < len(codes):
        return None
    on = scale(replace(column, counts=column.counts.set_axis(codes)))
    return (on, {n: c for c, n in code.items()}) if on else None


def _ordered(column: Facts, words: list[str]) -> tuple[Scale, dict[str, str]] | None:
    if column.distinct > 12 or any(re.search(r"\d", c) and not is_missing(c) for c in words):
        return None
    order = in_order(words)
    if order is None or len(order[0]) < STEPS or any(_OFTEN.search(spoken(c)) for c in words):
        return None
    steps, _ = order
    outside = {c: int(n) for c, n in column.counts.items() if c not in steps}
    labels = {str(step): word for step, word in enumerate(steps, 1)}
    return Scale(1, len(steps), outside, f"{len(steps)} answers that are words on a scale"), labels


def labelled(made: Guess, labels: dict[str, str]) -> Guess:
    """The guess of a rating with the words that stand for its numbers."""
    strange = [code for code in made.outside if not is_missing(code)]
    look = f'whether "{strange[0]}" is no answer' if strange else ""
    look = "; ".join(filter(None, (made.look, look)))
    return replace(made, entries=made.entries | {"labels": labels}, look=look)
