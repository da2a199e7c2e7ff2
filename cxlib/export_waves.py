"""Several exports of one survey: which wave each file is, and how its columns are called elsewhere."""

import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from cxlib.answers import Answers
from cxlib.cells import by_value, code
from cxlib.columns import natural_order
from cxlib.errors import CxError

AGREE = 0.5  # share of columns that two waves must have in common
_PERIOD = re.compile(r"(?:19|20)\d\d(?:[-_ ]?(?:[HhQq]\d|(?:0[1-9]|1[0-2])(?!\d)))?(?!\d)")


@dataclass(frozen=True)
class Export:
    """One file: its wave ("" where it is the only one), its own name for each column, and which hold nothing."""

    path: Path
    wave: str
    columns: dict[str, str]
    blank: frozenset[str]


@dataclass(frozen=True)
class Together:
    """The files below one another: answers, the files in the order of their waves, and the wave of each row."""

    answers: Answers
    files: list[Export]
    waves: pd.Series | None

    @property
    def rows(self) -> dict[str, int]:
        """How many rows the files have that hold the column."""
        if self.waves is None:
            return {}
        sizes = self.waves.value_counts()
        return {c: int(sum(sizes[f.wave] for f in self.files if c in f.columns)) for c in self.answers.frame.columns}


def together(files: list[tuple[Path, Answers]]) -> Together:
    """The files below one another under the names of the last wave, and each file's own names for its columns.

    Names are the same where they differ by case, blanks and stars only. Raises CxError where two files share less than
    half of their columns: they are not waves of one survey, and nobody can tell what they are.
    """
    if len(files) == 1:
        path, answers = files[0]
        return Together(answers, [Export(path, "", {c: c for c in answers.frame.columns}, frozenset())], None)
    waves = wave_names([path for path, _ in files])
    order = natural_order(waves)
    ordered = sorted(zip(waves, files, strict=True), key=lambda item: order.index(item[0]))
    last_path, last = ordered[-1][1]
    # Where one file tells Q1 from q1, all files do.
    counts = [Counter(map(_same, dict.fromkeys(answers.frame.columns))) for _, answers in files]
    apart = {key for count in counts for key, n in count.items() if n > 1}

    def key(name: str) -> str:
        return name if _same(name) in apart else _same(name)

    names: dict[str, str] = {}  # the latest spelling of a column, by what of it stays the same
    for _, (_, answers) in reversed(ordered):
        for name in answers.frame.columns:
            names.setdefault(key(name), name)
    exports, frames, variables = [], [], {}
    for wave, (path, answers) in ordered:
        # Of two columns with one name nobody can tell which is meant: the file counts as without it.
        written = Counter(answers.frame.columns)
        own = {names[key(name)]: name for name in answers.frame.columns if written[name] == 1}
        _agree(path, list(own), last_path, {names[key(name)] for name in last.frame.columns})
        held = answers.frame[list(own.values())]
        frames.append(held.set_axis(list(own), axis=1).astype(object))
        blank = frozenset(name for name in own if by_value(frames[-1][name], code).isna().all())
        exports.append(Export(path, wave, own, blank))
        variables |= {c: replace(answers.variables[of], name=c) for c, of in own.items() if of in answers.variables}
    latest_first = pd.concat(frames[::-1], ignore_index=True)
    rows = [wave for (wave, _), frame in zip(reversed(ordered), frames[::-1], strict=True) for _ in range(len(frame))]
    notes = tuple(note for _, answers in files for note in answers.notes)
    return Together(Answers(latest_first, variables, last.kind, notes), exports, pd.Series(rows, dtype=object))


def _same(name: str) -> str:
    """What of a column's name stays the same from file to file."""
    return re.sub(r"[\s*]+", "", name.casefold()) or name


def _agree(one: Path, columns: list[str], other: Path, theirs: set[str]) -> None:
    shared = theirs.intersection(columns)
    if len(shared) < AGREE * min(len(columns), len(theirs)):
        alone = next((c for c in columns if c not in theirs), "")
        raise CxError(
            f"{one.name} and {other.name} are no waves of one survey: they share {len(shared)} of "
            f"{min(len(columns), len(theirs))} columns, and {other.name} has no {alone[:60]}; begin a study with the "
            "survey alone, and write the other tables into its study.yml (data/README.md)"
        )


def wave_names(paths: list[Path]) -> list[str]:
    """The wave that each file is: the year or period in its name, else the name; distinct."""
    periods = [_PERIOD.findall(path.stem) for path in paths]
    for position in range(min(map(len, periods))):
        found = [period[position] for period in periods]
        if len(set(found)) == len(found):
            return found
    stems = [path.stem for path in paths]
    if len(set(stems)) < len(stems):
        stems = [f"{path.resolve().parent.name}/{path.stem}" for path in paths]
    if len(set(stems)) < len(stems):
        twice = next(stem for stem in stems if stems.count(stem) > 1)
        raise CxError(f"{twice} is given twice; each wave is a file with another name")
    return stems
