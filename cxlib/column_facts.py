"""What can be counted in one column of an export before anybody knows what it means."""

import re
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from cxlib.answers import Answers, Variable
from cxlib.cells import by_value, code, decimal_mark, number
from cxlib.errors import CxError
from cxlib.wording import is_missing


@dataclass(frozen=True)
class Facts:
    """A column's answers, counted: `counts` holds how many rows gave each code, blank rows left out."""

    variable: Variable
    counts: pd.Series
    rows: int
    dated: bool = False  # the file itself stores dates

    @property
    def name(self) -> str:
        return self.variable.name

    @cached_property
    def n(self) -> int:
        return int(self.counts.sum())

    @property
    def distinct(self) -> int:
        return len(self.counts)

    @property
    def texts(self) -> tuple[str, ...]:
        """What the file says of the column: its own part of the wording first, then its header."""
        v = self.variable
        return tuple(dict.fromkeys(filter(None, (v.text, v.option, v.name))))

    @cached_property
    def decimal(self) -> str | None:
        """The decimal mark of the column's numbers; None where 1,234 may be thousands or decimals."""
        try:
            return decimal_mark(pd.Series(self.counts.index, dtype=object), self.name)
        except CxError:
            return None

    @cached_property
    def numbers(self) -> dict[str, float]:
        """The codes that are numbers."""
        parsed = {c: number(c, self.decimal or ".") for c in self.counts.index}
        return {c: value for c, value in parsed.items() if value is not None}

    @cached_property
    def words(self) -> list[str]:
        """The codes that are no numbers."""
        return [c for c in self.counts.index if c not in self.numbers]

    @cached_property
    def no_answers(self) -> list[str]:
        """Codes that say that there is no answer: declared by the file, or words such as Blank and N/A."""
        return [c for c in self.counts.index if c in self.variable.missing or (c not in self.numbers and is_missing(c))]

    @cached_property
    def numeric(self) -> bool:
        """Whether every answer is a number, apart from words that say that there is none."""
        return bool(self.numbers) and not set(self.words) - set(self.no_answers)

    @cached_property
    def whole(self) -> list[int]:
        """The answers as rising whole numbers where all of them are, else none."""
        values = [v for c, v in self.numbers.items() if c not in self.variable.missing]
        if not self.numeric or any(v % 1 for v in values):
            return []
        return sorted({int(v) for v in values})

    @cached_property
    def mean(self) -> float:
        """The mean of the numbers."""
        held = self.counts[list(self.numbers)]
        return float((held * pd.Series(self.numbers)).sum() / held.sum()) if len(held) else float("nan")

    @cached_property
    def length(self) -> float:
        """Letters of an answer, on average."""
        return float((self.counts.index.str.len() * self.counts).sum() / self.n) if self.n else 0.0

    def share(self, pattern: re.Pattern) -> float:
        """Share of the answers that fit the pattern from end to end."""
        return self.count(pattern) / self.n if self.n else 0.0

    def count(self, pattern: re.Pattern) -> int:
        """How many answers fit the pattern from end to end."""
        return int(sum(n for c, n in self.counts.items() if pattern.fullmatch(c)))

    def holding(self, pattern: re.Pattern) -> int:
        """How many answers hold the pattern somewhere."""
        return int(sum(n for c, n in self.counts.items() if pattern.search(c)))


def facts(answers: Answers, rows: dict[str, int] | None = None) -> list[Facts]:
    """The facts of every column of an export, in its order; of columns with one name, the first.

    `rows` says of how many rows a column is, where it is not in every wave.
    """
    found, frame = {}, answers.frame
    for position, name in enumerate(frame.columns):
        if name in found:
            continue
        raw = frame.iloc[:, position]
        held = raw.dropna()
        if len(held) and not pd.api.types.is_hashable(held.iloc[0]):
            held = held.iloc[:0]  # lists and records are no answers
        codes = by_value(held, code).dropna()
        counts = codes.value_counts(sort=False).astype(int)
        counts.index = counts.index.astype(object)
        dated = pd.api.types.is_datetime64_any_dtype(raw)
        found[name] = Facts(
            answers.variables.get(name, Variable(name)), counts, (rows or {}).get(name, len(frame)), dated
        )
    return list(found.values())
