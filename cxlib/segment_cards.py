"""What sets segments apart: every answer's share in each segment beside that in all, and the names that follow."""

import numpy as np
import pandas as pd

from cxlib.segment_numbers import printed
from cxlib.segment_variables import OTHER, Variable, as_numbers

CARD = ["segment", "variable", "answer", "share", "total", "index", "apart", "kind"]
YES = {"1", "yes", "true", "có", "y"}
NO = {"0", "no", "false", "không", "n", "none"}
PARTS = 3  # of a name
CLEAR = 0.2  # a small difference, by Cohen's measure: what is less sets nothing apart
EVERYONE = "Everyone"


def cards(variables, answers: pd.DataFrame, codes, numbers, probabilities, weights) -> pd.DataFrame:
    """Each answer's share in each segment, what sets a segment apart the most first.

    Every respondent counts in each segment with his probability of being in it. Columns: segment (1 to k), variable,
    answer (of a number: empty), share (percent of who answered; of a number the mean, in its own unit), total (of all),
    index (100: as in the total), apart (Cohen's h of the two shares, or the difference of the means in standard
    deviations of the modelled scale; positive where the segment has more), kind (category or number).
    Source of h and d: Cohen, Statistical Power Analysis for the Behavioral Sciences (1988), 20 and 180-183.
    """
    counted = np.asarray(probabilities) * np.asarray(weights, float)[:, None]
    rows, category, number = [], iter(np.transpose(codes)), iter(np.transpose(numbers))
    for variable in variables:
        if variable.kind == "category":
            rows += _shares(variable, next(category), counted)
        else:
            rows += _means(variable, as_numbers(variable, answers[variable.name]), next(number), counted)
    frame = pd.DataFrame(rows, columns=CARD)
    order = np.lexsort([-frame["apart"].abs().fillna(0.0).round(9), frame["segment"]])
    return frame.iloc[order].reset_index(drop=True)


def in_words(found: pd.DataFrame, variables) -> pd.DataFrame:
    """The frame of cards() with the bands of numbers in the signs of the language that is spoken."""
    banded = found["variable"].isin([variable.name for variable in variables if variable.edges])
    return found.assign(answer=found["answer"].where(~banded, found["answer"].map(printed)))


def _shares(variable: Variable, places: np.ndarray, counted: np.ndarray) -> list[tuple]:
    """The rows of a category."""
    given = places >= 0
    sums = np.zeros((len(variable.levels), counted.shape[1]))
    np.add.at(sums, places[given], counted[given])
    share, total = _part(sums, sums.sum(axis=0)), _part(sums.sum(axis=1), sums.sum())
    apart = 2 * np.arcsin(np.sqrt(share)) - 2 * np.arcsin(np.sqrt(total))[:, None]
    return [
        (s + 1, variable.name, level, 100 * share[i, s], 100 * total[i], _index(share[i, s], total[i]), apart[i, s],
         "category")
        for s in range(counted.shape[1])
        for i, level in enumerate(variable.levels)
    ]  # fmt: skip


def _means(variable: Variable, x: np.ndarray, z: np.ndarray, counted: np.ndarray) -> list[tuple]:
    """The rows of a number."""
    given = ~np.isnan(z)
    w = counted[given]
    means, modelled = _part(x[given] @ w, w.sum(axis=0)), _part(z[given] @ w, w.sum(axis=0))
    total, middle = _part(x[given] @ w.sum(axis=1), w.sum()), _part(z[given] @ w.sum(axis=1), w.sum())
    return [
        (s + 1, variable.name, "", means[s], float(total), _index(means[s], total), modelled[s] - middle, "number")
        for s in range(counted.shape[1])
    ]


def _part(part, whole):
    """part / whole, nan where the whole is 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.asarray(whole) > 0, np.divide(part, whole), np.nan)


def _index(value: float, total: float) -> float:
    """100 where the segment is as the total; nan where the total is not above 0, of which nothing is a multiple."""
    return 100 * value / total if total > 0 else np.nan


def label_of(name: str, labels) -> str:
    """What a column is called: its label, else its name in plain letters (of question.option the option)."""
    words = name.rpartition(".")[2].replace("_", " ").strip() or name
    return labels.get(name) or words[:1].upper() + words[1:]


def is_yes(answer: str, answers) -> bool:
    """Whether an answer is a yes; a y only beside an n, and no other, for it may be a code."""
    return answer.casefold() in YES and (answer.casefold() != "y" or _yes_or_no(answers))


def is_no(answer: str, answers) -> bool:
    """Whether an answer is a no; an n only beside a y, and no other."""
    return answer.casefold() in NO and (answer.casefold() != "n" or _yes_or_no(answers))


def _yes_or_no(answers) -> bool:
    return {answer.casefold() for answer in answers} == {"y", "n"}


def wording(name: str, answer: str, labels, *, answers) -> str:
    """Variable and answer in words: the label alone for a number, and for a yes among two `answers`."""
    label = label_of(name, labels)
    return label if not answer or (len(answers) == 2 and is_yes(answer, answers)) else f"{label}: {answer}"


def names(found: pd.DataFrame, k: int, labels=None) -> tuple[str, ...]:
    """A short name for each segment: up to three things that it has more of than all have, the clearest first.

    A "no" names nothing; numbers stand with ↑ where the segment has more, and ↓ where less. A segment that has more of
    nothing is named by what it has least of, and one that nothing sets apart by its most frequent answers, and by
    numbers with ≈ (about as all have). No two segments bear the same name; `found` is the frame of cards().
    """
    if k == 1:
        return (EVERYONE,)
    given = []
    for segment in range(1, k + 1):
        parts = _parts(found[found["segment"] == segment], labels or {})
        given.append(_new(parts, given, segment))
    return tuple(given)


def _parts(card: pd.DataFrame, labels) -> list[str]:
    """What the segment can be named by, the clearest first."""
    more, less, answers = [], [], card.groupby("variable")["answer"].agg(tuple)
    for row in card.itertuples():
        if not abs(row.apart) > CLEAR or is_no(row.answer, answers[row.variable]) or row.answer == OTHER:
            continue
        words = _short(row, labels, answers[row.variable])
        if row.kind == "number":
            more.append(f"{words} {'↑' if row.apart > 0 else '↓'}")
        elif row.apart > 0:
            more.append(words)
        else:
            less.append(f"{words} ↓")
    found = more or less or _common(card, labels, answers)
    unlike = {words.casefold(): words for words in reversed(found)}
    return list(reversed(unlike.values()))


def _common(card: pd.DataFrame, labels, answers) -> list[str]:
    """The most frequent answer to each variable, unless it is a no, and then the numbers, which are about as in all."""
    rows = card[card["answer"] != OTHER].sort_values("share", ascending=False, kind="stable")
    rows = rows.drop_duplicates("variable").dropna(subset=["share"])
    rows = rows.sort_values("kind", kind="stable")  # categories before numbers
    return [
        _short(row, labels, answers[row.variable]) + (" ≈" if row.kind == "number" else "")
        for row in rows.itertuples()
        if not is_no(row.answer, answers[row.variable])
    ]


def _short(row, labels, answers) -> str:
    """An answer as a name has it: alone where it says enough, being no number and neither yes nor no."""
    words = wording(row.variable, row.answer, labels, answers=answers)
    known = is_yes(row.answer, answers) or is_no(row.answer, answers)
    bare = known or not any(sign.isalpha() for sign in row.answer)
    return words if bare or words == label_of(row.variable, labels) else row.answer


def _new(parts: list[str], taken: list[str], segment: int) -> str:
    """The first three parts; where another segment is named so, the next part in the place of the last."""
    first, spare = parts[: PARTS - 1], parts[PARTS - 1 :]
    for last in spare or [None]:
        name = " · ".join([*first, last] if last else first)
        if name and name not in taken:
            return name
    return f"{' · '.join(parts[:PARTS]) or '–'} ({segment})"
