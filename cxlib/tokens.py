"""Comments read as words: letters, clauses, language, and the marks of Vietnamese that were not typed.

Words are runs of letters, in small letters and composed Unicode; numbers, emojis, private details and runs of more than
30 letters are left out and, like punctuation, end a clause. Two languages are told apart, Vietnamese and English; any
other counts as English.
"""

import re
import unicodedata
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxlib.errors import CxError
from cxlib.masking import blank
from cxlib.stop_words import GRAMMAR, WEAK

LONGEST = 30  # letters of a word; what is longer is no word of either language
CELL = 32_767  # letters that a spreadsheet's cell holds; a comment of so many was cut there, most likely within a word
SURE = 0.8  # share of the commonest marked form from which on a form without marks is read as it

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|[^\w\s'\-]+|\d+")
_SYLLABLE = re.compile(
    r"(?:ngh?|nh|gh|gi|kh|ph|th|tr|ch|qu|[bcdghklmnprstvx])?"
    r"(?:uye|uya|uyu|oai|oay|oao|oeo|uoi|uou|ieu|yeu|uay|ay|au|ai|ao|eo|eu|ia|ie|iu|oa|oe|oi|ua|ue|ui|uo|uu|uy|ye|[aeiouy])"
    r"(?:ch|ng|nh|[cmnpt])?"
)
_TONES = "\u0300\u0301\u0303\u0309\u0323"
_LETTERS = [chr(code) for code in (*range(0xC0, 0x1B1), *range(0x1EA0, 0x1EFA))]
_MARKED = frozenset("ăâđêôơư") | {c.lower() for c in _LETTERS if set(unicodedata.normalize("NFD", c)) & set(_TONES)}
_PLAIN = {ord(c): unicodedata.normalize("NFD", c)[0] for c in _LETTERS} | {ord("đ"): "d", ord("Đ"): "D"}
# Where the tone stands in a syllable that ends in two vowels is a matter of taste: hoà and hòa are one word.
_OPEN = re.compile(rf"((?:o(?=[ae])|(?<!q)u(?=y)))([aey])([{_TONES}])$")


@dataclass(frozen=True)
class Words:
    """The words of comments; what several comments have in common word for word is read once.

    index: of the comments that hold text; text: of each of them its number among the different ones; copies: how often
    each of these was given; vietnamese: whether it is. A row a word: doc (number of the text), clause, code (place in
    `names`).
    """

    index: pd.Index
    text: np.ndarray
    copies: np.ndarray
    vietnamese: np.ndarray
    doc: np.ndarray
    clause: np.ndarray
    code: np.ndarray
    names: list[str]


def given(comments: pd.Series) -> pd.Series:
    """The comments that hold a letter, as text.

    Raises CxError for an index with repeats and for cells that are no text.
    """
    if not comments.index.is_unique:
        twice = comments.index[comments.index.duplicated()]
        raise CxError(f"the index names the comments; {len(twice)} of its labels stand twice, e.g. {twice[0]}")
    texts = comments.dropna()
    strange = [cell for cell in texts if not isinstance(cell, str)]
    if strange:
        raise CxError(f"comments must be text; {len(strange)} are not, e.g. {strange[0]!r}")
    return texts[[any(c.isalpha() for c in cell) for cell in texts]].astype(object)


def languages(comments: pd.Series) -> pd.Series:
    """The language of each comment that holds a letter, en or vi, by its words; the index is that of these comments.

    Syllables with Vietnamese marks, and words that may be syllables without them and are no common English words, speak
    for vi; all others for en, and so does a tie where nothing is marked. Errors as given().
    """
    read = words(comments)
    return pd.Series(np.where(read.vietnamese, "vi", "en")[read.text], index=read.index, dtype=object)


def plain(word: str) -> str:
    """A word without its marks: giao hang for giao hàng."""
    return word.translate(_PLAIN)


def words(comments: pd.Series) -> Words:
    """The words of comments, as they were typed. Errors as given()."""
    texts = given(comments)
    number, different = pd.factorize(texts)
    known: dict[str, int] = {}
    doc, clause, code, clauses = [], [], [], 0
    for place, text in enumerate(different):
        for found in _WORD.findall(blank(_whole(text)).casefold().replace("’", "'")):
            if found[0].isalpha() and len(found) <= LONGEST:
                doc.append(place)
                clause.append(clauses)
                code.append(known.setdefault(found, len(known)))
            else:
                clauses += 1
        clauses += 1
    doc, clause, code = (np.array(column, dtype=np.int64) for column in (doc, clause, code))
    names, one = _one_spelling(list(known))
    code = one[code]
    copies = np.bincount(number, minlength=len(different))
    return Words(texts.index, number, copies, _vietnamese(doc, code, names, len(different)), doc, clause, code, names)


def _whole(text: str) -> str:
    """The text without the word within which a spreadsheet may have cut it."""
    return text[: max(text.rfind(" "), 0)] if len(text) == CELL else text


def _one_spelling(found: list[str]) -> tuple[list[str], np.ndarray]:
    """The different words once their spelling is made one, and which of them each of `found` is."""
    number, names = pd.factorize(np.array([_spelled(word) for word in found], dtype=object))
    return list(names), number


def _spelled(word: str) -> str:
    parts = unicodedata.normalize("NFD", word)
    return unicodedata.normalize("NFC", _OPEN.sub(r"\1\3\2", parts))


def _vietnamese(doc: np.ndarray, code: np.ndarray, names: list[str], depth: int) -> np.ndarray:
    """Which texts are Vietnamese."""
    english = GRAMMAR["en"] | WEAK["en"]
    syllable = np.array([bool(_SYLLABLE.fullmatch(plain(word))) for word in names], dtype=bool)
    marked = syllable & _marks(names)
    speaks = marked | (syllable & np.array([word not in english for word in names], dtype=bool))
    votes = np.bincount(doc, np.where(speaks, 1.0, -1.0)[code], minlength=depth)
    return (votes > 0) | ((votes == 0) & (np.bincount(doc, marked[code], minlength=depth) > 0))


def _marks(names: list[str]) -> np.ndarray:
    return np.array([not _MARKED.isdisjoint(word) for word in names], dtype=bool)


def with_marks(read: Words) -> Words:
    """Vietnamese texts that were typed without marks, read with those of the other texts where these leave no doubt.

    A word takes the marks that it has beside its neighbour (giao hang: giao hàng) in four of five of the cases, two
    at least, or else by itself, three at least; otherwise it stays as it was typed.
    """
    marked = np.bincount(read.doc, _marks(read.names)[read.code], minlength=len(read.copies)) > 0
    bare = read.vietnamese & ~marked
    if not bare.any() or not (read.vietnamese & marked).any():
        return read
    bases, base = np.unique([plain(word) for word in read.names], return_inverse=True)
    learn, at = (read.vietnamese & marked)[read.doc], np.flatnonzero(bare[read.doc])
    weight = read.copies[read.doc].astype(float)
    single, sure = _commonest(base[read.code[learn]], read.code[learn], weight[learn], 3)
    alone = dict(zip(single, sure, strict=True))
    first = np.flatnonzero((read.clause[1:] == read.clause[:-1]) & learn[1:])
    size, depth = len(read.names), len(bases)
    pair = base[read.code[first]] * depth + base[read.code[first + 1]]
    forms = read.code[first] * size + read.code[first + 1]
    pairs = dict(zip(*_commonest(pair, forms, weight[first], 2), strict=True))
    code = read.code.copy()
    for i in at:
        own = base[read.code[i]]
        before = i > 0 and read.clause[i - 1] == read.clause[i]
        after = i + 1 < len(code) and read.clause[i + 1] == read.clause[i]
        left = pairs.get(base[read.code[i - 1]] * depth + own) if before else None
        right = pairs.get(own * depth + base[read.code[i + 1]]) if after else None
        choices = [(left[1], left[0] % size)] if left else []
        choices += [(right[1], right[0] // size)] if right else []
        if choices:
            code[i] = max(choices, key=lambda choice: choice[0])[1]
        elif own in alone:
            code[i] = alone[own][0]
    return replace(read, code=code)


def _commonest(base: np.ndarray, form: np.ndarray, weight: np.ndarray, least: int) -> tuple[list, list]:
    """The bases whose commonest form leaves no doubt, and that form with its weight."""
    counts = pd.Series(weight).groupby([base, form]).sum()
    if counts.empty:
        return [], []
    frame = counts.rename_axis(["base", "form"]).rename("weight").reset_index()
    whole = frame.groupby("base")["weight"].transform("sum")
    best = frame[(frame["weight"] >= SURE * whole) & (frame["weight"] >= least)]
    return best["base"].tolist(), list(zip(best["form"], best["weight"], strict=True))
