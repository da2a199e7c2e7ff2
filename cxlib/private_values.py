"""The values of a study's private columns, as they would be recognised in a text; nothing of them is kept.

Looked for are values that tell one person from others wherever they stand: words of five letters and digits or more,
and numbers of seven digits or more (nine, where they are written in groups). Not looked for is what is too short or too
common to tell: less than that, dates, amounts that end in 000, a single word that more than two rows hold (a first name
of many), what study.yml itself says, the project's own words, and what a question or key that is not private holds as
well. Of a table that stays in its engine the first rows are looked at, of one in Spark none.
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations

import pandas as pd

from cxlib import large
from cxlib.cells import by_value, code
from cxlib.engine import files_of, quoted, source
from cxlib.large_rows import engine_of
from cxlib.places import ROOT
from cxlib.wording import unmarked

FIRST = 200_000  # rows of a large table that are looked at
LEAST_LETTERS = 5
LEAST_DIGITS = 7
LEAST_GROUPED = 9  # in groups: 1.234.567 is an amount
_BEARERS = 2  # rows that may hold a single word, until it is one that many share
_LONGEST = 12  # words of a value by which it is recognised
_BREAK = "¦"  # stands between texts that have nothing to do with each other
_WORD = re.compile(rf"[^\W_]+|{_BREAK}")
_NUMBER = re.compile(r"[\d\s.,\-‐-―()+/_]+")
_DATE = re.compile(r"(?:19|20)\d\d[-./]\d\d?[-./]\d\d?|\d\d?[-./]\d\d?[-./](?:19|20)\d\d")
_RUN = re.compile(r"(?<!\w)\d(?:[ .\-()/\u00a0\u202f‐-―_]{0,3}\d){6,}(?!\w)")
_DECIMALS = re.compile(r"\d\.\d{7,}")
_GROUP = re.compile(r"\d+")


@dataclass
class Values:
    """Private values by what they are recognised by, each with its table and column; and how many are not looked for.

    `words` are in small letters, parted by one blank; `plain` leads to the longer ones from how they are without
    marks; `numbers` are digits without the 0 or 84 before a phone number. `starts` leads from a first word to how many
    words a value has that begins with it.
    """

    words: dict[str, str] = field(default_factory=dict)
    plain: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    starts: dict[str, set[int]] = field(default_factory=dict)
    passed: int = 0

    def __len__(self) -> int:
        return len(self.words) + len(self.numbers)

    def add(self, value: str, place: str, rows: int) -> None:
        """Take in a value that stands in so many rows of a column."""
        kind, key = _recognised(value)
        if not kind or (kind == "words" and " " not in key and key.isalpha() and rows > _BEARERS):
            self.passed += 1
        elif kind == "numbers":
            self.numbers.setdefault(key, place)
        else:
            self.words.setdefault(key, place)
            self._begin(key)
            if key.count(" ") > 1 and not key.isascii():
                self.plain.setdefault(unmarked(key), key)
                self._begin(unmarked(key))

    def _begin(self, key: str) -> None:
        self.starts.setdefault(key.partition(" ")[0], set()).add(key.count(" ") + 1)

    def found(self, text: str) -> dict[str, str]:
        """The values that stand in a text, as they are recognised, each with its table and column."""
        if not len(self):
            return {}
        found = {key: self.numbers[key] for key in _numbers(text) & self.numbers.keys()} if self.numbers else {}
        words = _WORD.findall(text.casefold())
        for row in (words, _unmarked(words)) if self.plain else (words,):
            for place in [place for place, word in enumerate(row) if word in self.starts]:
                for length in self.starts[row[place]]:
                    key = " ".join(row[place : place + length])
                    key = key if key in self.words else self.plain.get(key, "")
                    if key:
                        found[key] = self.words[key]
        return found

    def has(self, detail: str) -> bool:
        """Whether a detail is one of the values."""
        kind, key = _recognised(detail)
        return key in (self.numbers if kind == "numbers" else self.words)


def joined(found: Iterable[str]) -> str:
    """Texts as one, in composed Unicode, of which no value reaches from one into another."""
    whole = f"\n{_BREAK}\n".join(found)
    return whole if unicodedata.is_normalized("NFKC", whole) else unicodedata.normalize("NFKC", whole)


def _unmarked(words: list[str]) -> list[str]:
    known = {word: word if word.isascii() else unmarked(word) for word in set(words)}
    return [known[word] for word in words]


def _recognised(value: str) -> tuple[str, str]:
    """By what a value is recognised (words or numbers), and how it is written there; blank where by nothing."""
    text = unicodedata.normalize("NFKC", value).casefold()
    if _NUMBER.fullmatch(text):
        digits = "".join(_GROUP.findall(text))
        ordinary = _DATE.fullmatch(text.strip()) or digits.endswith("000")
        return ("", "") if ordinary or len(digits) < LEAST_DIGITS else ("numbers", dialled(digits))
    words = [word for word in _WORD.findall(text) if word != _BREAK][:_LONGEST]
    return ("words", " ".join(words)) if sum(map(len, words)) >= LEAST_LETTERS else ("", "")


def dialled(digits: str) -> str:
    """The digits of a number, without what stands before a Vietnamese phone number: 0901…, 84901… and 0084901…."""
    for before in ("0084", "84", "0"):
        if digits.startswith(before) and len(digits) - len(before) in (9, 10):
            return digits[len(before) :].removeprefix("0")
    return digits


def _numbers(text: str) -> set[str]:
    """The numbers of a text: runs of digits, however they are grouped, and all that neighbouring groups make."""
    found = set()
    for run in set(_RUN.findall(text)):
        if _DECIMALS.fullmatch(run):
            continue
        groups = _GROUP.findall(run)
        for first, last in combinations(range(len(groups) + 1), 2) if len(groups) < 40 else ():
            digits = "".join(groups[first:last])
            if LEAST_GROUPED <= len(digits) < 25:
                found.add(dialled(digits))
        found |= {dialled(group) for group in groups if len(group) >= LEAST_DIGITS}
    return found


def private_values(study) -> Values:
    """The values of all private columns of a study, read for this alone."""
    values = Values()
    for name, spec in study.book.tables.items():
        counts: dict[str, Counter] = {column: Counter() for column in spec.private}
        for frame in _frames(study, name, spec.private) if spec.private else ():
            for column in frame.columns.intersection(spec.private):
                for cell, rows in frame[column].value_counts().items():
                    counts[column][code(cell)] += rows
        for column, cells in counts.items():
            for cell, rows in cells.items():
                if cell is not None:
                    values.add(cell, f"{name}.{column}", rows)
    return values


def _frames(study, name: str, columns) -> Iterator[pd.DataFrame]:
    """These columns of each file of a table, cells as they stand; of a large table the first rows."""
    spec = study.book.tables[name]
    stays = not any(entry.spark for entry in spec.file) and large.is_large(study, name)
    for entry, path in files_of(study, spec):
        if entry.spark:
            continue
        if stays:
            one = source(entry, path)
            engine = engine_of(study, one.kind)
            rows = engine.rows(one)
            there = ", ".join(quoted(column) for column in columns if column in rows.columns)
            found = engine.query(rows, f"SELECT {there} FROM t LIMIT {FIRST}") if there else pd.DataFrame()
        else:
            found = large.read(study, name, entry, path).frame
            found = found.loc[:, ~found.columns.duplicated()]
        yield found[[column for column in columns if column in found]]


def ordinary(study, keys: set[str]) -> set[str]:
    """Those of the values that tell nothing: the codebook, the project's own words or a column that is not private
    says them too."""
    said = _own_words() + _spaced(texts(study.book.model_dump()))
    common = {key for key in keys if f" {key} " in said} | (_numbers(said) & keys)
    for name, spec in study.book.tables.items():
        named = [question.column or title for title, question in spec.questions.items() if question.role != "comment"]
        known = {*spec.keys.values(), *named, *(c for q in spec.questions.values() for c in q.columns.values())}
        known |= {column for entry in spec.file for column in entry.columns.values() if column}
        for frame in _frames(study, name, sorted(known - set(spec.private))) if keys - common else ():
            for column in frame:
                held = {_recognised(cell)[1] for cell in by_value(frame[column], code).dropna().unique()}
                common |= held & keys
    return common


def texts(data) -> set[str]:
    """All texts in plain data, and whole numbers that may stand for one; lines that belong together as one text."""
    found, left = set(), [data]
    while left:
        data = left.pop()
        if isinstance(data, str):
            found.add(data)
        elif isinstance(data, dict):
            found.update(data)
            left.extend(data.values())
        elif isinstance(data, (list, tuple)):
            if data and isinstance(data[0], str) and data[0].endswith("\n"):  # as notebooks keep texts
                found.add("".join(map(str, data)))
            else:
                left.extend(data)
        elif isinstance(data, int) and abs(data) >= 10 ** (LEAST_DIGITS - 1):
            found.add(str(data))
    return found


@cache
def _own_words() -> str:
    """What the chapters and the messages say, whatever the data, as words."""
    found = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        found += ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
    found += [path.read_text(encoding="utf-8") for path in sorted((ROOT / "cxlib/locale").rglob("*.po"))]
    return _spaced(found)


def _spaced(found: Iterable[str]) -> str:
    """Texts as words with a blank before and behind each."""
    return f" {' '.join(_WORD.findall(joined(found).casefold()))} "
