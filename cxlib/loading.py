"""A table of a study, read file by file: columns found, converted, checked, stacked, and derived from."""

from pathlib import Path

import numpy as np
import pandas as pd

from cxlib import columns
from cxlib.codebook import DATE_KEYS, IDENTIFIERS, NUMBER_KEYS, Question, Table, Wave, nearest
from cxlib.columns import Place, Problem
from cxlib.errors import CxError
from cxlib.places import entry_files
from cxlib.readers import read_table


def load_table(study, name: str) -> tuple[pd.DataFrame, list[Problem], list[str]]:
    """A table of a study under the codebook's names, its problems, and notes on what was decided in reading it."""
    spec = study.book.tables[name]
    frames, problems, notes = [], [], []
    for entry in spec.file:
        paths = entry_files(study.file, study.folder, entry)
        for path in paths:
            named = entry.wave or (path.stem if len(paths) > 1 and "wave" not in spec.keys else None)
            reader = _FileReader(study, name, spec, entry, path, named)
            frames.append(reader.read())
            problems += reader.problems
            notes += reader.notes
    frame = _stack(frames)
    if "wave" in frame:
        order = list(dict.fromkeys(frame["wave"].dropna()))
        if all(entry.wave is None for entry in spec.file):
            order = columns.natural_order(order)
        frame["wave"] = pd.Categorical(frame["wave"], categories=order, ordered=True)
    frame, found = _unique(name, spec, frame, notes)
    problems += found
    if not problems:
        _derive(study.file, spec, frame)
        problems += _waves_answered(name, spec, frame)
    return frame.drop(columns=[c for c in frame if c.startswith("_codes.")]), problems, notes


def _unique(name: str, spec: Table, frame: pd.DataFrame, notes: list[str]) -> tuple[pd.DataFrame, list[Problem]]:
    """One row a respondent (customer, complaint …), in each wave; repeated rows as the study says."""
    key = IDENTIFIERS.get(name)
    if key not in frame:
        return frame, []
    place = Place(name, spec.keys[key], spec.file[0].file)
    problems = place.problem(frame[key].isna(), frame[key], f"a {key} must not be blank")
    by = [c for c in ("wave", key) if c in frame]
    again = frame.duplicated(by) & frame[key].notna()
    if again.any() and spec.duplicates == "first":
        notes.append(f"{name}: {int(again.sum())} rows with a {key} that had come before were left out")
        return frame[~again].reset_index(drop=True), problems
    rule = (
        f"a {key} stands for one row{' in each wave' if 'wave' in frame else ''}; `duplicates: first` keeps the first"
    )
    return frame, problems + place.problem(again, frame[key], rule)


def _derive(file: Path, spec: Table, frame: pd.DataFrame) -> None:
    """Add the nets and derived segments to the frame; combinations last, since they may use the others."""
    later = []
    for name, question in spec.questions.items():
        if question.role == "multi":
            ticks = [c for c in frame if c.startswith(f"{name}.")]
            # An option that nobody ticked in one file is 0 there for whoever answered.
            frame[ticks] = frame[ticks].fillna(0).where(frame[ticks].notna().any(axis=1))
            for label, members in question.nets.items():
                parts = frame[[c for m in members if (c := f"{name}.{m}") in frame]]
                frame[f"{name}.{label}"] = parts.max(axis=1)
            continue
        if not (question.nets or question.derive):
            continue
        cells = frame[f"_codes.{name}"]
        for label, members in question.nets.items():
            frame[f"{name}.{label}"] = columns.net(cells, frame[name], question, members)
        for new, rule in question.derive.items():
            if isinstance(rule, dict) and isinstance(rule.get("with"), str):
                later.append((new, name, rule["with"]))
            elif isinstance(rule, dict):
                frame[new] = columns.groups(cells, rule)
            else:
                frame[new] = columns.bands(frame[name], rule)
    for new, one, other in later:
        if other not in frame:
            raise CxError(f"{file}: {new} combines {one} with {other}, which is no question{nearest(other, frame)}")
        pairs = frame[[one, other]].dropna().drop_duplicates().sort_values([one, other])
        joined = frame[one].astype(object) + " · " + frame[other].astype(object)
        frame[new] = pd.Categorical(joined, categories=[f"{a} · {b}" for a, b in pairs.to_numpy()], ordered=True)


def _waves_answered(name: str, spec: Table, frame: pd.DataFrame) -> list[Problem]:
    """Every metric is answered in every wave in which it was asked."""
    if "wave" not in frame:
        return []
    problems = []
    for question, asked in spec.questions.items():
        if asked.role != "metric":
            continue
        silent = {e.wave for e in spec.file if e.wave and spec.source(question, e) is None}
        answers = frame.groupby("wave", observed=False)[question].count()
        rows = frame["wave"].value_counts()
        for wave in answers.index[answers == 0]:
            if wave not in silent and (not asked.waves or wave in asked.waves):
                rule = "a wave must hold answers to its metric; name the waves that asked it: `waves: [...]`"
                problems.append(Problem(name, question, int(rows[wave]), rule, f"wave {wave} has none"))
    return problems


def summary(file: Path, problems: list[Problem]) -> str:
    """The first problem in a sentence, and how many more there are."""
    first = problems[0]
    example = f"; {first.rows} do not, e.g. {first.example}" if first.example else ""
    more = f" ({len(problems) - 1} more problems; `cx check` lists them)" if len(problems) > 1 else ""
    return f"{file}: table {first.table}, column {first.column}: {first.rule}{example}{more}"


def _stack(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Waves below one another, with the categories of all of them: in natural order where each wave's are, else as
    they appear."""
    whole = pd.concat(
        [
            f.assign(**{c: f[c].astype(object) for c in f if isinstance(f[c].dtype, pd.CategoricalDtype)})
            for f in frames
        ],
        ignore_index=True,
    )
    for column in whole:
        dtypes = [f[column].dtype for f in frames if column in f and isinstance(f[column].dtype, pd.CategoricalDtype)]
        if dtypes:
            order = list(dict.fromkeys(c for dtype in dtypes for c in dtype.categories))
            if all(list(dtype.categories) == columns.natural_order(dtype.categories) for dtype in dtypes):
                order = columns.natural_order(order)
            whole[column] = pd.Categorical(whole[column], categories=order, ordered=True)
    return whole


class _FileReader:
    """Reads one file of a table; collects its problems."""

    def __init__(self, study, name: str, spec: Table, entry: Wave, path: Path, wave: str | None):
        self.study, self.name, self.spec = study, name, spec
        self.entry, self.path, self.wave = entry, path, wave
        self.problems: list[Problem] = []
        self.notes: list[str] = []

    def read(self) -> pd.DataFrame:
        """The file's columns under the codebook's names."""
        self.raw, self.file_labels = read_table(self.path, self.spec.encoding)
        self._twice()
        self.out: dict[str, pd.Series] = {}
        if not len(self.raw):
            self.problems.append(
                Problem(self.name, "", 0, "a table must hold at least one row", f"{self.path.name} has none")
            )
        if self.wave:
            self.out["wave"] = pd.Series(self.wave, index=self.raw.index, dtype=object)
        for key in self.spec.keys:
            if not (key == "wave" and self.wave):
                self._key(key)
        for name, question in self.spec.questions.items():
            self._question(name, question)
        return pd.DataFrame(self.out, index=self.raw.index)

    def _twice(self) -> None:
        wanted = {self.spec.source(n, self.entry) for n in [*self.spec.keys, *self.spec.questions]}
        for column in sorted(wanted & set(self.raw.columns[self.raw.columns.duplicated()])):
            self.problems.append(
                Problem(self.name, column, len(self.raw), "two columns have this name", self.path.name)
            )
        self.raw = self.raw.loc[:, ~self.raw.columns.duplicated()]

    def _column(self, source: str) -> pd.Series | None:
        """A column of the file; a problem with the nearest name where there is none."""
        if source in self.raw:
            return self.raw[source]
        rule = f"the column must be in {self.path.name}" + nearest(source, self.raw.columns)
        self.problems.append(Problem(self.name, source, len(self.raw), rule, ""))
        return None

    def _key(self, key: str) -> None:
        source = self.spec.source(key, self.entry)
        raw = self._column(source) if source is not None else None
        if raw is None:
            # A wave without weights counts everybody once; a wave without another key leaves it blank.
            blank = 1.0 if key == "weight" else np.nan if key in NUMBER_KEYS else None
            self.out[key] = pd.Series(blank, index=self.raw.index, dtype=float if key in NUMBER_KEYS else object)
            if key == "weight":
                self.notes.append(f"{self.name}: {self.wave or self.path.name} has no weights; everybody counts once")
            return
        place = Place(self.name, source, self.path.name)
        if key == "weight":
            values, found = columns.weights(raw, place)
        elif key in DATE_KEYS:
            values, found = columns.dates(raw, place)
        elif key in NUMBER_KEYS:
            values, found = columns.numbers(raw, place)
        else:
            values, found = columns.codes(raw), []
            if key == "wave":
                found = place.problem(values.isna(), raw, "a wave must not be blank")
        self.out[key] = values
        self.problems += found

    def _question(self, name: str, question: Question) -> None:
        if question.columns:
            parts = {option: self._column(self.entry.columns.get(c, c) or "") for option, c in question.columns.items()}
            if all(part is not None for part in parts.values()):
                ticks = columns.options(parts)
                self.out |= {f"{name}.{option}": ticks[option] for option in ticks}
            return
        source = self.spec.source(name, self.entry)
        raw = self._column(source) if source is not None else None
        if raw is None:
            raw = pd.Series(None, index=self.raw.index, dtype=object)
            source = source or name
        place = Place(self.name, source, self.path.name)
        if question.role == "multi":
            ticks = columns.split(columns.codes(raw, question.missing), question.separator)
            self.out |= {f"{name}.{option}": ticks[option] for option in ticks}
            return
        if question.role == "metric":
            values, found = columns.ratings(raw, place, question, self.study.metric(name, self.name).scale)
        elif question.role in ("driver", "number"):
            values, found = columns.ratings(raw, place, question, question.scale)
        elif question.role == "comment":
            values, found = columns.codes(raw, question.missing), []
        else:
            words = {c: self.study.book.words(text) for c, text in question.labels.items()}
            values, found = columns.labelled(raw, place, question, words or self.file_labels.get(source, {}))
        self.out[name] = values
        if question.nets or question.derive:
            self.out[f"_codes.{name}"] = columns.codes(raw, question.missing)
        self.problems += found
