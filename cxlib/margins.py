"""What is known of the population: the share of each group, from a mapping or from a study's `margins:`."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib import columns
from cxlib.cells import decimal_mark
from cxlib.entries import text_code
from cxlib.errors import CxError, nearest
from cxlib.language import digits, tr
from cxlib.places import margin_files
from cxlib.readers import read_table

ROUNDING = 0.005  # by which shares may miss 1, and counts of two margins each other


@dataclass(frozen=True)
class Population:
    """A margin's shares by level (a tuple of answers), which sum to 1, and the head count behind them, if one."""

    shares: dict[tuple[str, ...], float]
    total: float | None
    notes: tuple[str, ...]


def as_level(value) -> str:
    """An answer as it is compared: 1, 1.0 and "1" are one."""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    return text_code(value.item() if isinstance(value, np.generic) else value)


def populations(of: tuple[str, ...], given, groups: list[str | None], *, by: str | None = None) -> list[Population]:
    """The population of a margin for each group of rows (waves, say; a single None without).

    `given` maps a level (of a crossing: a tuple) to its share or count; with groups of their own, a mapping of such
    mappings, or levels with the group before them (the form of a Series with an index of several levels). Shares add
    up to 1 or 100, within rounding; anything else is counts of people. Raises CxError for what is neither, for
    levels given twice, and for a group without a population.
    """
    name = "_".join(of)
    given = given.to_dict() if isinstance(given, pd.Series) else given
    if not isinstance(given, Mapping) or not len(given):
        raise CxError(f"{name}: a population is a share or a count for each group, e.g. {{'f': 0.52, 'm': 0.48}}")
    own = _by_group(of, given)
    if own is None:
        return [_population(name, _levels(of, given), None)] * len(groups)
    if by is None:
        raise CxError(
            f"{name}: the population has {len(own)} groups of its own, e.g. {next(iter(own))}; name their column"
        )
    lacking = [group for group in groups if group not in own]
    if lacking:
        close = nearest(lacking[0], [group for group in own if group not in groups])
        raise CxError(f"{name}: there is no population for {by} {lacking[0]}{close}")
    return [_population(name, _levels(of, own[group]), group) for group in groups]


def margin_of(name: str, group: str | None) -> str:
    """A margin as a note names it, with the group of rows (a wave, say) where there are groups."""
    return name if group is None else tr("{margin} in {group}", margin=name, group=group)


def _by_group(of: tuple[str, ...], given: Mapping) -> dict[str, Mapping] | None:
    """The populations by group where they are given so, else None."""
    if all(isinstance(value, (Mapping, pd.Series)) for value in given.values()):
        return {as_level(group): dict(value) for group, value in given.items()}
    if all(isinstance(key, tuple) and len(key) == len(of) + 1 for key in given):
        found = {}
        for (group, *level), value in given.items():
            found.setdefault(as_level(group), {})[tuple(level)] = value
        return found
    return None


def _levels(of: tuple[str, ...], given: Mapping) -> dict[tuple[str, ...], float]:
    """The population by level, each a tuple of texts as long as `of`."""
    name, found = "_".join(of), {}
    for key, value in given.items():
        level = tuple(map(as_level, key if isinstance(key, tuple) else (key,)))
        if len(level) != len(of):
            raise CxError(f"{name}: a group is named by {len(of)} answers ({', '.join(of)}); found {key!r}")
        if level in found:
            raise CxError(f"{name}: the population of {' · '.join(level)} is given twice")
        found[level] = _number(name, " · ".join(level), value)
    return found


def _number(name: str, level: str, value) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if isinstance(value, (bool, np.bool_)) or not 0 <= number < np.inf:
        raise CxError(f"{name}: a population is a share or a count of 0 or more; that of {level} is {value!r}")
    return number


def _population(margin: str, levels: dict[tuple[str, ...], float], group: str | None) -> Population:
    """Shares that sum to 1, from shares, percentages or counts."""
    name, total = margin if group is None else f"{margin} in {group}", sum(levels.values())
    if not total > 0:
        raise CxError(f"{name}: the population is 0 everywhere; a group must have one")
    whole = 1.0 if max(levels.values()) <= 1 else 100.0 if abs(total / 100 - 1) <= ROUNDING else None
    if whole == 1.0 and abs(total - 1) > ROUNDING:
        raise CxError(f"{name}: shares of the population add up to 1 (or 100, in percent); these add up to {total:.6g}")
    notes = ()
    if whole is not None and abs(total / whole - 1) > 1e-9:
        notes = (
            tr(
                "{margin}: the shares add up to {total}, taken as rounded {whole}",
                margin=margin_of(margin, group),
                total=digits(f"{total:.6g}"),
                whole=f"{whole:.0f}",
            ),
        )
    return Population({k: v / total for k, v in levels.items()}, None if whole else total, notes)


def one_total(names: list[str], known: list[Population], n: int) -> tuple[float, list[str]]:
    """What the weights of a group of n respondents sum to: the population where a margin counts it, else n; and notes.

    Raises CxError where two margins count different numbers of people.
    """
    counted = [(name, one.total) for name, one in zip(names, known, strict=True) if one.total is not None]
    if not counted:
        return float(n), []
    (first, total), notes = counted[0], []
    if 80 <= total <= 120 and n > total:
        raise CxError(
            f"{first}: shares in percent add up to 100; these add up to {total:.6g}, and are too few to count people "
            f"({n:,} respondents)"
        )
    for name, other in counted[1:]:
        if abs(other / total - 1) > ROUNDING:
            raise CxError(f"{first} and {name} count different populations: {total:,.6g} and {other:,.6g} people")
        if abs(other / total - 1) > 1e-9:
            notes.append(
                tr(
                    "{margin}: counts add up to {total}, those of {first} to {taken}, which is taken",
                    margin=name,
                    total=digits(f"{other:,.10g}"),
                    first=first,
                    taken=digits(f"{total:,.10g}"),
                )
            )
    return float(total), notes


# -- the margins of a study ------------------------------------------------------------------------------------


def of_study(study, frame: pd.DataFrame, margins=None) -> dict:
    """The `margins:` of study.yml (or some of them) as weights.rake() takes them: population by column or columns.

    Groups may be written as code or as label, in either language; `frame` is the survey to be raked, under the
    codebook's names. A file has a column for each of the margin's questions and `population`, perhaps `wave`; where it
    is finer than the margin (has further columns), its rows are added up. Raises CxError naming file, column and
    offender.
    """
    files, found = margin_files(study.file, study.folder, study.book), {}
    for margin in study.book.margins if margins is None else margins:
        words = {name: _words(study, frame, name) for name in margin.of}
        if margin.file is None:
            (column,) = margin.of
            place = f"{study.file}: the margin of {column}"
            levels = [(_label(code, words[column], place), share) for code, share in margin.population.items()]
            _refuse_twice([level for level, _ in levels], place)
            found[column] = dict(levels)
        else:
            found[margin.of if len(margin.of) > 1 else margin.of[0]] = _from_file(files[margin.file], words, frame)
    return found


def _words(study, frame: pd.DataFrame, name: str) -> dict[str, str] | None:
    """What may stand for each group of a question or a derived segment, and the group's label; None: anything may."""
    questions = study.book.tables["survey"].questions
    held = list(map(str, frame[name].cat.categories)) if isinstance(frame[name].dtype, pd.CategoricalDtype) else []
    if name in questions:
        words = {}
        for code, label in questions[name].labels.items():
            shown = study.book.words(label)
            words |= dict.fromkeys(label.values() if isinstance(label, dict) else [label], shown)
            words |= {code: shown} if code not in words else {}
        return words | {label: label for label in held} if words else None
    source, rule = next((q, question.derive[name]) for q, question in questions.items() if name in question.derive)
    if isinstance(rule, dict) and isinstance(rule.get("with"), str):
        one, other = (_words(study, frame, part) for part in (source, rule["with"]))
        if one is None or other is None:
            return None
        pairs = [f"{a} · {b}" for a in dict.fromkeys(one.values()) for b in dict.fromkeys(other.values())]
        return {pair: pair for pair in [*held, *pairs]}
    if isinstance(rule, dict):
        words = {}
        for group in rule:
            called, shown = study.book.names.get(group, group), study.book.named(group)
            words |= dict.fromkeys([group, *(called.values() if isinstance(called, dict) else [called])], shown)
        return words
    every = columns.bands(pd.Series([rule[0] - 1, *rule]), rule).cat.categories
    return {band: band for band in [*held, *every]}


def _label(written: str, words: dict[str, str] | None, place: str) -> str:
    if words is None:
        return written
    if written not in words:
        raise CxError(f"{place}: there is no group {written}{nearest(written, words)}")
    return words[written]


def _refuse_twice(levels: list, place: str) -> None:
    twice = next((level for level in levels if levels.count(level) > 1), None)
    if twice is not None:
        raise CxError(f"{place}: the population of {twice} is given twice, by code and by label perhaps")


def _from_file(path, words: dict[str, dict[str, str] | None], frame: pd.DataFrame) -> dict:
    """The populations that a file holds, by level, or by wave and level."""
    table = read_table(path).frame
    for column in [*words, "population"]:
        if column not in table:
            raise CxError(f"{path}: a file of a margin needs the column {column}{nearest(column, table)}")
        if (table.columns == column).sum() > 1:
            raise CxError(f"{path}: two columns have the name {column}")
    if not len(table):
        raise CxError(f"{path}: a margin needs at least one row under its header")
    place = columns.Place("margins", "population", path.name)
    mend = "write it without a comma, as 1000 or as 1.000"
    mark = decimal_mark(columns.codes(table["population"]), f"{path}, column population", mend=mend)
    people, problems = columns.numbers(table["population"], place, decimal=mark)
    rule = "a population is a number of 0 or more"
    problems = problems or place.problem(people.isna() | (people < 0), table["population"], rule)
    if problems:
        raise CxError(f"{path}, column population: {rule}; {problems[0].rows} are not, e.g. {problems[0].example}")
    keys = pd.DataFrame({name: _column(path, table, name, known) for name, known in words.items()})
    if "wave" in table and "wave" not in words:
        if "wave" not in frame:
            raise CxError(f"{path}: has a column wave, and the survey has no waves")
        keys.insert(0, "wave", _column(path, table, "wave", None))
    others = table[[c for c in table if c not in keys and c != "population"]]
    again = pd.concat([keys, others], axis=1).duplicated()
    if again.any():
        row = int(np.argmax(again))
        raise CxError(f"{path}: row {row + 1} gives {' · '.join(keys.iloc[row])} a second time")
    sums = people.groupby([keys[name] for name in keys], sort=False).sum()
    return sums.to_dict()


def _column(path, table: pd.DataFrame, name: str, known: dict[str, str] | None) -> pd.Series:
    """A column of the file as labels of the question; none may be blank."""
    cells = columns.codes(table[name])
    if cells.isna().any():
        raise CxError(
            f"{path}, column {name}: a group must be named in each row; row {np.argmax(cells.isna()) + 1} is blank"
        )
    labels = {cell: _label(cell, known, f"{path}, column {name}") for cell in cells.unique()}
    return cells.map(labels)
