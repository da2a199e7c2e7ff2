"""What each column of an export is: the metrics, drivers, segments, keys and private columns of a survey, guessed.

A guess is never a finding: each carries its reason and its confidence, and stands in study.yml for a person to judge.
"""

from dataclasses import replace

import pandas as pd

from cxlib import guess_keys, guess_multi, guess_questions, guess_ratings, guess_worded
from cxlib.answers import Answers
from cxlib.column_facts import Facts, facts
from cxlib.guesses import FEW, Guess
from cxlib.privacy_guess import privacy
from cxlib.private_cells import CONTACT, shown
from cxlib.scale_guess import scale
from cxlib.wording import TOOL, spoken


def guess(answers: Answers, *, waves: pd.Series | None = None, rows: dict[str, int] | None = None) -> list[Guess]:
    """What every column of an export is, in the order of its columns.

    Private columns are told first, then the keys, the options of multi-select questions, what holds nothing, the
    ratings (which become metrics and drivers beside each other), and the rest one by one. `waves` is the wave of each
    row where the files tell it, `rows` how many rows a column is of where it is not in every wave.
    """
    columns = facts(answers, rows)
    headers = list(answers.frame.columns)
    # A number that the tool gave (of the collector, say) looks like that of a paper; it is left out below.
    told_of = [column for column in columns if not (_by_the_tool(column) and _kept_by_the_tool(column, answers.kind))]
    found = [_private(column, told.reason, told.confidence) for column in told_of if (told := privacy(column))]
    found += [
        Guess((c.name,), "left out", reason=f"{headers.count(c.name)} columns have this name")
        for c in _beside(columns, found)
        if headers.count(c.name) > 1
    ]
    columns = _beside(columns, found)
    found += guess_keys.keys(columns, answers.frame, waves)
    columns = _beside(columns, found)
    found += [made for column in columns if (made := _kept_by_the_tool(column, answers.kind))]
    columns = _beside(columns, found)
    found += guess_multi.blocks(columns)
    columns = _beside(columns, found)
    found += [made for column in columns if (made := _empty(column))]
    columns = _beside(columns, found)
    rated = {column.name: on for column in columns if guess_ratings.may_rate(column) and (on := scale(column))}
    worded = guess_worded.scales([column for column in columns if column.name not in rated])
    rated |= {name: on for name, (on, _) in worded.items()}
    ratings = guess_ratings.ratings([(column, rated[column.name]) for column in columns if column.name in rated])
    found += [made for made in ratings if made.columns[0] not in worded]
    # Words that nothing else marks as a rating are one answer of several.
    told = [made for made in ratings if made.columns[0] in worded and made.use == "question"]
    found += [guess_worded.labelled(made, worded[made.columns[0]][1]) for made in told]
    found += [_noted(guess_questions.question(column), column) for column in _beside(columns, found)]
    return _one_age(_in_order(found, headers))


def _private(column: Facts, reason: str, confidence: str) -> Guess:
    return Guess((column.name,), "private", "private", reason=reason, confidence=confidence)


def _beside(columns: list[Facts], found: list[Guess]) -> list[Facts]:
    """The columns that no guess has taken."""
    taken = {name for made in found for name in made.columns}
    return [column for column in columns if column.name not in taken]


def _empty(column: Facts) -> Guess | None:
    if not column.name:
        return Guess(("",), "left out", reason="the column has no name")
    if not column.n:
        return Guess((column.name,), "left out", reason="empty")
    if column.distinct == 1 and column.n >= FEW:
        only = " ".join(shown(column.counts.index[0]).split()) or "one answer"
        rest = f", {column.rows - column.n:,} blank" if column.n < column.rows else ""
        return Guess((column.name,), "left out", reason=f"the same everywhere: {only[:40]} ({column.n:,}{rest})")
    return None


def _by_the_tool(column: Facts) -> bool:
    return any(TOOL.fullmatch(spoken(text)) for text in column.texts)


def _kept_by_the_tool(column: Facts, kind: str) -> Guess | None:
    named = _by_the_tool(column)
    # What SurveyMonkey leaves without a second line is its own, or a column whose header cells were merged.
    own = column.variable.kind == "meta" and (kind != "surveymonkey" or named)
    if own or (named and kind not in ("csv", "excel", "parquet", "spss")):
        return Guess((column.name,), "left out", reason="kept by the survey tool, no answer")
    return None


def _noted(made: Guess, column: Facts) -> Guess:
    """The guess, with a word on comments that hold mail addresses or phone numbers."""
    holding = column.holding(CONTACT) if made.role == "comment" else 0
    if not holding:
        return made
    what = f"{holding:,} comment{'s hold' if holding > 1 else ' holds'} a mail address or phone number"
    return replace(made, look=f"{made.look}; {what}" if made.look else what)


def _one_age(found: list[Guess]) -> list[Guess]:
    """Of several ages, only the first is cut into bands: two segments cannot bear one name."""
    derived, kept = set(), []
    for made in found:
        again = derived.intersection(made.entries.get("derive", ()))
        entries = {key: value for key, value in made.entries.items() if not (again and key == "derive")}
        derived |= set(entries.get("derive", ()))
        kept.append(replace(made, entries=entries))
    return kept


def _in_order(found: list[Guess], names: list[str]) -> list[Guess]:
    place = {name: i for i, name in reversed(list(enumerate(names)))}
    return sorted(found, key=lambda made: place[made.columns[0]])
