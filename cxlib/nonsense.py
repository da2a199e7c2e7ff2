"""Comments that say nothing: keyboard mashing, and one text under the name of several respondents.

Precision goes first. Short answers, abbreviations (ko, dc, cskh), laughing, dashes, numbers and scripts other than the
Latin one are never gibberish; a mashed word that could be one of some language is let pass.
"""

import re
import unicodedata
from itertools import pairwise

import numpy as np
import pandas as pd

from cxlib.codebook import Table
from cxlib.flagged import Flagged, flagged, not_made
from cxlib.language import noted, tr

MASHED = 0.8  # the share of a comment's letters that must stand in mashed words
LEAST = 20  # letters from which on an equal comment is a copy
FROM_A_LIST = 0.5  # the share of repeated comments from which on they are taken to come from a list
NO_COMMENTS = noted("the survey has no open comments (`role: comment`)")
LISTED = noted("{shares} of the comments of {names} stand more than once and come from a list")
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
STEPS = {pair for row in (*ROWS, *(r[::-1] for r in ROWS)) for pair in pairwise(row)}
LAUGHS = "khm"  # kkkk, hhhh and mmmm say something
# Letters and what hardly follows them in any language: no word has two such pairs, a j behind a vowel aside.
ODD = {
    "b": "q",
    "c": "jqx",
    "d": "fgkqx",
    "f": "djkqvx",
    "g": "fqx",
    "h": "gjkx",
    "j": "bcdfghjklmnpqrstvwxz",
    "k": "fjqx",
    "l": "qx",
    "m": "qx",
    "p": "qx",
    "q": "bcdfghjklmnprstvwxz",
    "s": "x",
    "t": "q",
    "v": "bfhjkmpqwx",
    "w": "jqx",
    "x": "djkrz",
    "z": "jqx",
}
NOTHING = re.compile(
    r"(i |we |toi |minh |em |anh |chi |hien |hien tai |da |vang )*"
    r"(no|none|nothing|not|dont have|do not have|have no|khong|ko|chua|k)( \w+){0,6}"
    r" (comments?|suggestions?|feedback|opinions?|add|say|remarks?|answer|complaints?"
    r"|y kien|gop y|nhan xet|de xuat|binh luan|phan nan)( \w+){0,5}"
)


def plain(text: str) -> str:
    """Small letters without accents: ý kiến becomes y kien."""
    parts = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(c for c in parts if not unicodedata.combining(c))


def folded(text) -> str:
    """A comment without case, blanks, punctuation and symbols: what two must share to be the same."""
    return "".join(c for c in unicodedata.normalize("NFC", str(text)).casefold() if c.isalnum())


def is_gibberish(text) -> bool:
    """Whether a comment is keyboard mashing: nearly all of its letters in words that are no word of any language.

    Such a word is one letter again and again, runs along the rows of the keyboard, has six letters and no vowel, six
    consonants in a row and hardly a vowel, or two pairs of neighbours that no language has.
    """
    text = re.sub(r"\S+@\S+|https?:\S+|www\.\S+", " ", unicodedata.normalize("NFC", str(text)))
    letters = [c for c in text if c.isalpha()]
    if len(letters) < 4 or sum(not _latin(c) for c in letters) > 0.2 * len(letters):
        return False
    if len(set(plain("".join(letters)))) == 1:
        return plain(letters[0]) not in LAUGHS
    words = re.findall(r"[^\W\d_]+", plain(text))
    if _along_rows("".join(words)):
        return True
    return sum(len(word) for word in words if _mashed(word)) >= MASHED * sum(map(len, words))


def _latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("LATIN")


def _mashed(word: str) -> bool:
    """Whether a word (without accents) can be none of any language."""
    if not word.isascii():
        return False
    if _along_rows(word):
        return True
    word = re.sub("(?<=[aeiouy])j", "", word)
    vowels = sum(c in "aeiouy" for c in word)
    if len(word) >= 6 and not vowels and len(set(word)) > 2:
        return True
    if len(word) >= 8 and vowels < 0.16 * len(word) and re.search(r"[^aeiouy]{6}", word):
        return True
    return len({one + next_one for one, next_one in pairwise(word) if next_one in ODD.get(one, "")}) >= 2


def _along_rows(word: str) -> bool:
    """Whether nearly all of the word is steps along a row of the keyboard: asdf, qwerty, asdasd.

    A word of 4 or 5 letters is one run, and not on the row above, where words are (wert, ytre), unless it holds the q.
    """
    runs, start = [], 0
    for i in range(1, len(word) + 1):
        step = i < len(word) and (word[i - 1], word[i]) in STEPS
        same_way = i - start < 2 or not step or word[i] != word[i - 2]
        if not (step and same_way):
            runs.append(i - start)
            start = i
    if len(word) < 6:
        return len(word) >= 4 and len(runs) == 1 and ("q" in word or word[0] not in ROWS[0])
    return sum(run for run in runs if run >= 3) >= MASHED * len(word)


def _comments(frame: pd.DataFrame, spec: Table) -> list[str]:
    return [name for name, question in spec.questions.items() if question.role == "comment" and name in frame]


def gibberish(frame: pd.DataFrame, spec: Table) -> Flagged:
    """Who wrote a comment that is keyboard mashing; see is_gibberish()."""
    comments = _comments(frame, spec)
    if not comments:
        return not_made(NO_COMMENTS)
    who = np.zeros(len(frame), bool)
    for name in comments:
        mashed = {text for text in frame[name].dropna().unique() if is_gibberish(text)}
        who |= frame[name].isin(mashed).to_numpy()
    why = tr(
        "at least {share} of the letters of a comment stand in words of no language: one letter again and again, runs "
        "along the keyboard, no vowels ({questions})",
        share=f"{MASHED:.0%}",
        questions=", ".join(comments),
    )
    return flagged(frame, who, why)


def copied(frame: pd.DataFrame, spec: Table) -> Flagged:
    """Who wrote the same comment, of 20 letters or more, as an earlier respondent; "no comment" is no copy.

    Case, blanks and punctuation aside. A respondent who repeats himself in another wave copies nobody. Where most of
    the comments stand more than once they come from a list, and the check is not made.
    """
    comments = _comments(frame, spec)
    if not comments:
        return not_made(NO_COMMENTS)
    who, read, listed = np.zeros(len(frame), bool), [], {}
    for name in comments:
        long = frame[name].map(_copyable, na_action="ignore").replace("", None)
        writer = frame["respondent"] if "respondent" in frame else pd.Series(range(len(frame)), index=frame.index)
        table = pd.DataFrame({"text": long.to_numpy(), "writer": writer.to_numpy()}).dropna(subset="text")
        by_writer = table.drop_duplicates()
        again = by_writer["text"].duplicated(keep=False)
        if again.sum() > FROM_A_LIST * len(by_writer) and len(by_writer) >= LEAST:
            listed[name] = f"{again.mean():.0%}"
            continue
        read.append(name)
        first = table.drop_duplicates("text").set_index("text")["writer"]
        copies = table[table["writer"].to_numpy() != table["text"].map(first).to_numpy()]
        who[copies.index] = True
    found = {"shares": ", ".join(listed.values()), "names": ", ".join(listed)}
    if not read:
        return not_made(LISTED, **found)
    why = tr(
        "wrote a comment of at least {least} letters that an earlier respondent had written, letter for letter but for "
        "case, blanks and punctuation, and which is no way to say that there is none ({questions})",
        least=LEAST,
        questions=", ".join(read),
    )
    return flagged(frame, who, "; ".join([why, tr(LISTED, **found)] if listed else [why]))


def _copyable(text) -> str:
    """The letters of a comment that is long enough to be copied and says something; else nothing."""
    letters = folded(text)
    words = " ".join(re.findall(r"\w+", plain(str(text).replace("'", "").replace("’", ""))))
    return letters if len(letters) >= LEAST and not NOTHING.fullmatch(words) else ""
