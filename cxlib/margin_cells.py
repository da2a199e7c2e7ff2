"""A margin in the sample: the level of each respondent, held against the population, small levels joined."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib import text
from cxlib.columns import natural_order
from cxlib.errors import CxError, nearest
from cxlib.language import noted, tr
from cxlib.margins import Population, as_level, margin_of

NO_ANSWER = noted("no answer")
BETWEEN = " · "  # the parts of a crossing
JOINED = " + "


@dataclass(frozen=True)
class Sampled:
    """A margin's level of each row, -1 where an answer is missing; `levels` in order, each a tuple of answers.

    `order` holds every known answer of each column, in the column's order. `ordered` where all columns have one.
    """

    name: str
    codes: np.ndarray
    levels: list[tuple[str, ...]]
    order: list[list[str]]
    ordered: bool


@dataclass(frozen=True)
class Margin:
    """A margin of one group of rows, ready for raking: their levels, and of each level n, starting and target share."""

    codes: np.ndarray
    levels: list[str]
    n: np.ndarray
    start: np.ndarray
    target: np.ndarray
    collapsed: list[str]
    notes: list[str]


def sampled(frame: pd.DataFrame, of: tuple[str, ...]) -> Sampled:
    """The levels of one column, or of several crossed, as they occur in the sample."""
    number, order, ordered = np.zeros(len(frame), np.int64), [], True
    blank = np.zeros(len(frame), bool)
    for column in of:
        codes, answers, has_order = _coded(frame[column])
        blank |= codes < 0
        number = number * len(answers) + np.maximum(codes, 0)
        order.append(answers)
        ordered &= has_order
    number[blank] = -1
    codes, found = pd.factorize(number, sort=True)  # far faster than numpy's unique
    codes, found = codes - (len(found) > 0 and found[0] < 0), found[found >= 0]
    parts = np.unravel_index(found, [max(len(answers), 1) for answers in order])
    levels = [tuple(order[i][part] for i, part in enumerate(level)) for level in zip(*parts, strict=True)]
    return Sampled("_".join(of), codes, levels, order, ordered)


def _coded(column: pd.Series) -> tuple[np.ndarray, list[str], bool]:
    """Each row's place among the column's answers (-1 where missing), these as text in order, whether it is theirs."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(np.int64), list(map(as_level, column.cat.categories)), column.cat.ordered
    codes, found = pd.factorize(column)
    texts = [as_level(value) for value in found]
    answers = natural_order(dict.fromkeys(texts))
    place = {text: i for i, text in enumerate(answers)}
    moved = np.array([place[text] for text in texts] + [-1])
    return moved[codes], answers, pd.api.types.is_numeric_dtype(column)


def fitted(
    sample: Sampled, rows, population: Population, start: np.ndarray, *, collapse: int | None, group: str | None
) -> Margin:
    """The margin among some rows, `start` their starting weights (of sum 1); levels under `collapse` answers joined.

    Raises CxError where a level of the sample is not in the population, or has none there, and where a level of the
    population has nobody in the sample. `group` names the group of rows in messages.
    """
    codes = sample.codes[rows]
    known = _in_order(sample, population)
    at = {level: i for i, level in enumerate(known)}
    codes = np.array([*(at[level] for level in sample.levels), len(known)])[codes]
    n = np.bincount(codes, minlength=len(known) + 1)
    weighted = np.bincount(codes, start, len(known) + 1)
    here = sample.name if group is None else f"{sample.name} in {group}"
    _check_known(here, known, n, population, sample)
    share = np.array([population.shares.get(level, 0.0) for level in known])
    groups = [[i] for i in range(len(known)) if n[i] or share[i] > 0]
    place = margin_of(sample.name, group)
    collapsed = _join(place, sample.ordered, known, n, groups, collapse) if collapse else []
    group_of = np.zeros(len(known) + 1, int)
    for number, members in enumerate(groups):
        group_of[members] = number
    group_of[-1] = len(groups)  # no answer
    n, weighted = (np.bincount(group_of, values, len(groups) + 1) for values in (n, weighted))
    target = np.bincount(group_of[:-1], share, len(groups) + 1)
    levels = [JOINED.join(BETWEEN.join(known[i]) for i in members) for members in groups]
    if n[-1] == n.sum():
        raise CxError(f"{here}: none of the {len(codes):,} respondents has an answer, and there is nobody to weight")
    _check_cells(here, levels, n, weighted, target)
    keep, notes = len(groups), list(population.notes)
    if n[-1]:
        keep += 1
        target = target * (1 - weighted[-1])
        target[-1] = weighted[-1]
        levels.append(NO_ANSWER if NO_ANSWER not in levels else f"{NO_ANSWER} (blank)")
        notes.append(
            tr(
                "{margin}: {number} of {all} respondents have no answer ({share}) and keep that share; the "
                "population's groups share the rest",
                margin=place,
                number=text.number(n[-1]),
                all=text.number(len(codes)),
                share=text.number(100 * weighted[-1], "percent"),
            )
        )
    return Margin(group_of[codes], levels, n[:keep].astype(int), weighted[:keep], target[:keep], collapsed, notes)


def _in_order(sample: Sampled, population: Population) -> list[tuple[str, ...]]:
    """The levels of sample and population, in the order of the columns' answers."""
    places = []
    for i, answers in enumerate(sample.order):
        known = dict.fromkeys([*answers, *(level[i] for level in population.shares)])
        places.append({answer: at for at, answer in enumerate(known)})
    levels = dict.fromkeys([*sample.levels, *population.shares])
    return sorted(levels, key=lambda level: [place[part] for place, part in zip(places, level, strict=True)])


def _check_known(here: str, known: list, n: np.ndarray, population: Population, sample: Sampled) -> None:
    strange = [i for i, level in enumerate(known) if n[i] and level not in population.shares]
    if strange:
        level = BETWEEN.join(known[strange[0]])
        # A level that the sample has is no other spelling of one that it has too.
        others = [BETWEEN.join(level) for level in population.shares if level not in sample.levels]
        more = f" ({len(strange)} such groups)" if len(strange) > 1 else ""
        raise CxError(
            f"{here}: every group of the sample needs its share of the population; {level} has none "
            f"(n = {n[strange[0]]:,}){more}{nearest(level, others)}"
        )


def _check_cells(here: str, levels: list[str], n, weighted, target) -> None:
    """Raise a CxError for levels with nobody to weight, and for respondents whose weight would be 0."""
    pairs = list(enumerate(levels))
    empty = [i for i, _ in pairs if target[i] > 0 and not weighted[i] > 0]
    if empty:
        named = ", ".join(levels[i] for i in empty[:5]) + (f" and {len(empty) - 5} more" if len(empty) > 5 else "")
        # Levels are joined by their respondents, whatever these weigh.
        weightless = sum(int(n[i]) for i in empty)
        mend = "`collapse: 1` joins empty groups with their neighbours"
        mend = f"the weights of its respondents (n = {weightless:,}) are 0" if weightless else mend
        raise CxError(
            f"{here}: nobody in the sample (with a weight above 0) stands for {named}, whom the population has; {mend}"
        )
    nobody = [i for i, _ in pairs if n[i] and not target[i] > 0]
    if nobody:
        i = nobody[0]
        raise CxError(
            f"{here}: the population of {levels[i]} is 0, and respondents (n = {n[i]:,.0f}) belong to it, whose "
            "weight would be 0; correct the population or leave them out"
        )


def _join(place: str, ordered: bool, known: list, n: np.ndarray, groups: list[list[int]], least: int) -> list[str]:
    """Join groups of levels with fewer than `least` respondents, the smallest first, with what is nearest; say so.

    Nearest are the levels next to it in an ordered margin, all in another; of a crossing those that share its first
    parts; among these the smallest.
    """
    told = []

    def size(group: list[int]) -> int:
        return int(n[group].sum())

    def name(group: list[int]) -> str:
        return JOINED.join(BETWEEN.join(known[i]) for i in group)

    def in_common(one: list[int], other: list[int]) -> int:
        same = [a == b for a, b in zip(known[one[0]], known[other[0]], strict=True)]
        return same.index(False) if False in same else len(same)

    while len(groups) > 1 and min(map(size, groups)) < least:
        at = min(range(len(groups)), key=lambda i: size(groups[i]))
        others = [i for i in (at - 1, at + 1) if 0 <= i < len(groups)] if ordered else range(len(groups))
        other = min((i for i in others if i != at), key=lambda i: (-in_common(groups[i], groups[at]), size(groups[i])))
        told.append(
            tr(
                "{margin}: {group} (n = {n}) is joined with {other}",
                margin=place,
                group=name(groups[at]),
                n=text.number(size(groups[at])),
                other=name(groups[other]),
            )
        )
        first, second = sorted((at, other))
        groups[first] = sorted(groups[first] + groups[second])
        del groups[second]
    return told
