"""Qualtrics exports: codes, wording and import ids in three header rows, or codes and wording in two (legacy)."""

import re
from collections import Counter
from itertools import groupby

import pandas as pd

from cxlib.answers import Answers, Variable, some_columns
from cxlib.cells import code, line
from cxlib.language import tr

_IMPORT_ID = re.compile(r"""\{\s*["']ImportId["']\s*:\s*["'](?P<id>[^"']*)["'].*\}""")
_QUESTION = re.compile(r"(?P<loop>\d+_)?(?P<question>QID\d+(#\d+)?)(?P<rest>.*)")
# What Qualtrics itself writes of a response, by import id; anything else that is no QID is embedded data.
_OWN = re.compile(
    r"(_?recordId|responseId|responseSetId|(start|end|recorded)Date|ipAddress|status|progress|duration|finished|"
    r"(panel-)?(recipient\w+|externalDataReference)|(Location-)?location\w+|distributionChannel|userLanguage)",
    re.IGNORECASE,
)
_LEGACY_OWN = re.compile(r"V\d+|Location(Latitude|Longitude|Accuracy)")
# Qualtrics recodes "not applicable" and "no basis" to these, and what was seen but not answered to -99.
_NOT_APPLICABLE, _SEEN = ("-1", "-2"), "-99"
_MOST_CODES = 12  # answers of a closed question; more are a number that was typed


def recognised(heads: list[list[str]]) -> tuple[int, list[str]] | None:
    """How many header rows these are, and the import id of each column ("" in a legacy export); None: not Qualtrics."""
    for i in (1, 2):
        if len(heads) > i:
            ids = [m["id"] if (m := _IMPORT_ID.fullmatch(cell)) else "" for cell in heads[i]]
            if sum(map(bool, ids)) >= max(1, 0.8 * len(ids)):
                return i + 1, ids
    if len(heads) < 2:
        return None
    legacy = [head for head in heads[0] if re.fullmatch(r"V\d+", head)]
    below = [text for head, text in zip(*heads[:2], strict=True) if head in legacy]
    # The wording of V1, V2 … is the name of what they hold; numbers or blanks are answers.
    if len(legacy) >= 5 and legacy == [f"V{n}" for n in range(1, len(legacy) + 1)] == heads[0][: len(legacy)]:
        named = all(re.fullmatch(r"[^\W\d][\w ./-]*", text) and len(text) < 50 for text in below)
        asked = [text for head, text in zip(*heads[:2], strict=True) if head and head not in legacy]
        if named and asked and all(asked) and below[0].casefold().replace(" ", "").startswith("response"):
            return 2, [""] * len(heads[0])
    return None


def read(rows: pd.DataFrame, heads: list[list[str]], found: tuple[int, list[str]]) -> Answers:
    """The rows below the header as answers: a matrix or a list of ticks is a block, its columns its rows or options."""
    above, ids = found
    frame = rows.iloc[above:].reset_index(drop=True)
    names = heads[0]
    frame.columns = names
    texts = heads[1] if above == 3 or not any(_IMPORT_ID.fullmatch(text) for text in heads[1]) else names
    variables: list[Variable] = []
    keys = [_question(name, imported) for name, imported in zip(names, ids, strict=True)]
    for key, group in groupby(range(len(names)), key=lambda position: keys[position]):
        positions = list(group)
        if key == "":
            variables += [_single(names[p], texts[p], _is_own(names[p], ids[p])) for p in positions]
        else:
            variables += _block(frame, positions, names, texts, ids)
    first = {}
    for variable in variables:
        first.setdefault(variable.name, variable)
    notes = []
    missing = [v.name for v in first.values() if v.missing]
    if missing:
        codes = sorted({c for v in first.values() for c in v.missing}, key=int, reverse=True)
        notes.append(
            tr(
                "{codes} beside answers of 1 and more stand for not applicable or not answered, and are blank, in "
                "{columns}",
                codes=", ".join(codes),
                columns=some_columns(missing),
            )
        )
    twice = sorted(name for name, columns in Counter(names).items() if columns > 1)
    if twice:
        notes.append(
            tr(
                "{number} names stand above several columns, which cannot be used, e.g. {name}",
                number=len(twice),
                name=twice[0],
            )
        )
    kind = "qualtrics" if any(ids) else "qualtrics_legacy"
    return Answers(frame, first, kind, tuple(notes))


def _is_own(name: str, imported: str) -> bool:
    return bool(_OWN.fullmatch(imported)) if imported else bool(_LEGACY_OWN.fullmatch(name))


def _question(name: str, imported: str) -> str:
    """What the columns of one question share: the id of the question, in a legacy export the code before its rows."""
    if re.search(r"_TEXT_[0-9a-f]{8,}", imported):
        return ""  # what Qualtrics found in the text is no answer of its own
    if m := _QUESTION.match(imported):
        return (m["loop"] or "") + m["question"]
    if imported or _LEGACY_OWN.fullmatch(name) or not name:
        return ""
    return re.match(r"[^_]*", name)[0]


def _single(name: str, text: str, own: bool) -> Variable:
    return Variable(name, text=text.removesuffix(" - Selected Choice"), kind="meta" if own else "")


def _shared(texts: list[str]) -> str:
    """What all texts begin with."""
    first, last = min(texts), max(texts)
    return first[: next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))]


def _block(frame: pd.DataFrame, positions: list[int], names: list[str], texts: list[str], ids) -> list[Variable]:
    """The columns of one question: its wording is what their texts begin with, up to the dash."""
    shared = _shared([texts[p] for p in positions])
    cut = shared.rfind("-") if len(positions) > 1 else -1
    wording = shared[:cut].strip(" -") if cut > 0 else ""
    typed = {p for p in positions if re.search(r"[_-]TEXT(_|$)", ids[p] or names[p])}
    asked = [p for p in positions if p not in typed]
    many = len(asked) > 1 or (not asked and len(typed) > 1)
    if not many or not wording:
        wording = ""
    code_of = _shared([names[p] for p in positions])
    block = (code_of if names[positions[0]] == code_of else code_of.rpartition("_")[0] or code_of).strip("_- ")
    block = (block or _question("", ids[positions[0]]) or wording) if many else ""
    given = {p: _codes(frame.iloc[:, p]) for p in asked}
    ticks = many and bool(asked) and all(_ticks(given[p], texts[p]) for p in asked)
    missing = () if ticks else _missing(set().union(*given.values()))
    made = []
    for p in positions:
        option = texts[p][len(wording) :].strip(" -") if wording else ""
        text = wording or texts[p].removesuffix(" - Selected Choice")
        kind = "text" if p in typed else "multi" if ticks else ""
        own = tuple(c for c in missing if c in given.get(p, ()))
        made.append(Variable(names[p], text, option, block, kind, missing=own))
    return made


def _codes(cells: pd.Series) -> set[str]:
    return {text for text in map(code, pd.unique(cells.astype(object))) if text is not None}


def _ticks(found: set[str], text: str) -> bool:
    """Whether a column's answers are nothing but ticks: 1, or the option's own words."""
    return not found or found == {"1"} or (len(found) == 1 and text.endswith(line(next(iter(found)))))


def _missing(found: set[str]) -> tuple[str, ...]:
    """The codes below 1 that stand for no answer among those of a closed question.

    Only where all its other answers are whole numbers from 1 up that reach further than these codes go down: -2 to 2
    is a scale, and so is one with a 0. Typed numbers have more different values than a question has choices.
    """
    if not all(re.fullmatch(r"-?\d{1,6}", text) for text in found):
        return ()
    below = [c for c in (*_NOT_APPLICABLE, _SEEN) if c in found]
    others = {int(text) for text in found} - {int(c) for c in below}
    deepest = max((-int(c) for c in below if c != _SEEN), default=0)
    if not others or min(others) < 1 or len(others) > _MOST_CODES or max(others) <= deepest:
        return (_SEEN,) if _SEEN in found else ()
    return tuple(below)
