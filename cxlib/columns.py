"""One column of a file: from what stands there to values that can be analysed, and what is wrong with it.

Every function returns values beside a list of problems, so that `cx check` can name all of them at once.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from cxlib.cells import by_value, code, decimal_mark, number, written
from cxlib.codebook import Question
from cxlib.errors import CxError, Problem
from cxlib.private_cells import quoted


@dataclass(frozen=True)
class Place:
    """Where a column stands, for messages."""

    table: str
    column: str
    file: str

    def problem(self, bad: pd.Series | np.ndarray, values: pd.Series, rule: str) -> list[Problem]:
        """The problem that the rows marked in `bad` make, as a list of one, or none."""
        rows = np.flatnonzero(np.asarray(bad, bool))
        if not len(rows):
            return []
        shown = code(values.iloc[rows[0]])
        alone = (values == values.iloc[rows[0]]).sum() < 3  # an answer of many is nobody's name
        example = f"{'blank' if shown is None else quoted(shown, alone=alone)} in row {rows[0] + 1} of {self.file}"
        return [Problem(self.table, self.column, len(rows), rule, example)]


def codes(raw: pd.Series, missing=()) -> pd.Series:
    """Cells as codes, with blank cells and the missing codes as None."""
    return by_value(raw, lambda cell: None if (text := code(cell)) in missing else text)


def comments(raw: pd.Series, missing=()) -> pd.Series:
    """Comments as they stand, without blanks at their ends; blank cells and the missing codes as None."""
    return by_value(raw, lambda cell: None if code(cell) in missing else written(cell))


def declared(raw: pd.Series, missing: tuple[str, ...]) -> pd.Series:
    """The code of each cell that holds one of these, None elsewhere."""
    return by_value(raw, lambda cell: text if (text := code(cell)) in missing else None)


def numbers(raw: pd.Series, place: Place, *, missing=(), decimal=None) -> tuple[pd.Series, list[Problem]]:
    """Cells as numbers, nan where blank or missing; text is a problem."""
    return _parsed(codes(raw, missing), place, decimal)


def _parsed(cells: pd.Series, place: Place, decimal) -> tuple[pd.Series, list[Problem]]:
    """Codes as numbers; text is a problem."""
    which, texts = pd.factorize(cells)
    try:
        decimal = decimal or decimal_mark(texts, f"{place.file}, column {place.column}")
    except CxError as error:
        return pd.Series(np.nan, index=cells.index), [Problem(place.table, place.column, len(cells), str(error), "")]
    parsed = [number(text, decimal) for text in texts]
    words = [i for i, value in enumerate(parsed) if value is None]
    values = pd.Series(np.array([*parsed, None], float)[which], index=cells.index, name=cells.name)
    found = place.problem(np.isin(which, words), cells, "a number belongs here; text is found") if words else []
    return values, found


def ratings(
    cells: pd.Series, raw: pd.Series, place: Place, question: Question, scale, decimal
) -> tuple[pd.Series, list[Problem]]:
    """Answers on a scale (codes, with missing ones None) as numbers; what lies outside it is a problem.

    Of `raw`, the cells as the file has them, are the examples.
    """
    values, problems = _parsed(cells, place, decimal)
    if scale is not None:
        low, high = scale
        held = values.to_numpy()
        outside = (held < low) | (held > high)
        rule = f"answers must lie in {low:g}-{high:g}; others must be listed as `missing:`"
        problems += place.problem(outside, raw, rule)
        if question.role == "metric":
            broken = ~np.isnan(held) & ~outside & (held % 1 != 0)
            problems += place.problem(broken, raw, "answers must be whole numbers")
    return values, problems


def weights(raw: pd.Series, place: Place, decimal=None) -> tuple[pd.Series, list[Problem]]:
    """Weights: numbers of 0 or more, none missing, not all 0."""
    values, problems = numbers(raw, place, decimal=decimal)
    if problems:
        return values, problems
    problems = place.problem(values.isna(), raw, "a weight must not be missing")
    problems += place.problem(values < 0, raw, "a weight must not be negative")
    if len(values) and not values.abs().sum() > 0:
        problems += place.problem(values == 0, raw, "weights must not be 0 everywhere")
    return values, problems


def labelled(
    cells: pd.Series, place: Place, labels: dict[str, str], *, strict: bool
) -> tuple[pd.Series, list[Problem]]:
    """Answers (codes, with missing ones None) as an ordered categorical of labels, in the codebook's order.

    `strict` labels (those of study.yml) must cover every code; others (an SPSS file's) name the codes that they know,
    and the rest follow as they are.
    """
    which, given = pd.factorize(cells)
    problems = []
    # A file may hold the label itself where another holds its code.
    texts = set(labels.values())
    unknown = {i for i, text in enumerate(given) if strict and labels and text not in labels and text not in texts}
    if unknown:
        rule = "answers must be among the `labels:`, or listed as `missing:`"
        problems = place.problem(np.isin(which, [*unknown]), cells, rule)
    words = [None if i in unknown else labels.get(text, text) for i, text in enumerate(given)]
    others = dict.fromkeys(word for word in words if word is not None and word not in texts)
    order = [*dict.fromkeys(labels.values()), *natural_order(others)]
    found = pd.Categorical(words, categories=order, ordered=True).take(which, allow_fill=True)
    return pd.Series(found, index=cells.index), problems


def label_codes(cells: pd.Series, labels: dict[str, str]) -> pd.Series:
    """Cells as codes, also where the file holds the label instead."""
    code_of = {text: c for c, text in labels.items()}
    return by_value(cells, lambda text: text if text in labels else code_of.get(text, text))


def natural_order(values) -> list[str]:
    """Codes in the order people expect: 2 before 10, numbers before words."""

    def key(text: str):
        return [
            (0, float(part), "") if part.isdecimal() else (1, 0.0, part) for part in re.split(r"(\d+)", text) if part
        ]

    return sorted(map(str, values), key=key)


def bands(values: pd.Series, edges: tuple[float, ...], *, whole: bool = True) -> pd.Series:
    """A number cut at rising edges into an ordered categorical: <18, 18-24, …, 55+ (only bands that occur).

    Where values (with whole=False others than these) or edges have decimals, bands read 18 to <25.
    """

    def written(edge: float) -> str:
        return f"{edge:,.10g}" if abs(edge) >= 10_000 else f"{edge:.10g}"

    whole = whole and (values.dropna() % 1 == 0).all() and all(float(edge).is_integer() for edge in edges)
    names = [f"<{written(edges[0])}"]
    for low, high in pairwise(edges):
        last = f"-{written(high - 1)}" if high - low > 1 else ""
        names.append(f"{written(low)}{last}" if whole else f"{written(low)} to <{written(high)}")
    names.append(f"{written(edges[-1])}+")
    cut = pd.cut(values, [-np.inf, *edges, np.inf], right=False, labels=names, ordered=True)
    return cut.cat.remove_unused_categories()


def groups(cells: pd.Series, rule: dict[str, tuple[str, ...]]) -> pd.Series:
    """Codes gathered under new names, as an ordered categorical in the order of the rule."""
    name_of = {c: name for name, members in rule.items() for c in members}
    return pd.Series(
        pd.Categorical(by_value(cells, name_of.get), categories=list(rule), ordered=True), index=cells.index
    )


def net(cells: pd.Series, values: pd.Series, question: Question, members: tuple[str, ...]) -> pd.Series:
    """1 where the answer is in the net, 0 where it is another, nan where there is none."""
    if question.role == "number":
        low, high = map(float, members)
        return values.between(low, high).astype(float).where(values.notna())
    return cells.isin(members).astype(float).where(cells.notna())


def options(parts: dict[str, pd.Series], missing=(), no=()) -> pd.DataFrame:
    """Ticked options of a multi question in many columns: 1, 0, or nan for a respondent who did not answer.

    Anything but a blank, a missing code, 0, no, không or false is a tick (exports write 1, Yes or the option's text),
    and who ticked none did not answer. With codes that say `no`, who gave one of them answered.
    """

    def ticked(cell) -> float:
        text = code(cell)
        if text in no:
            return 0.0
        return float(text is not None and text not in missing and text.lower() not in ("0", "no", "không", "false"))

    ticks = pd.DataFrame({option: by_value(raw, ticked).astype(float) for option, raw in parts.items()})
    answered = ticks.sum(axis=1) > 0
    for raw in parts.values():
        answered |= by_value(raw, lambda cell: code(cell) in no).astype(bool)
    return ticks.where(answered)


def parted(text: str, separator: str) -> list[str]:
    """The options of one cell; a comma inside round brackets belongs to its option, as in "app (iOS, Android)"."""
    if separator.strip() == ",":
        # What stands in brackets is hidden from the cut behind a sign that no cell holds.
        text = re.sub(r"\((?:[^()]|\([^()]*\))*\)", lambda within: within[0].replace(",", "\0"), text)
    return [part for cut in text.split(separator) if (part := cut.replace("\0", ",").strip())]


def split(cells: pd.Series, separator: str) -> pd.DataFrame:
    """Ticked options of a multi question in one column, as options() gives them; options in natural order."""

    which, texts = pd.factorize(cells)
    sets = [frozenset(parted(text, separator)) for text in texts]
    found = natural_order(sorted(set().union(*sets)))
    ticks = {option: np.array([*(option in some for some in sets), np.nan])[which] for option in found}
    return pd.DataFrame(ticks, index=cells.index)
