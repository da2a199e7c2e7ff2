"""A table of a study, read file by file: columns found, converted, checked, stacked, and derived from."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cxlib import columns, text
from cxlib.codebook import DATE_KEYS, IDENTIFIERS, NUMBER_KEYS, Question, Table, Wave
from cxlib.columns import Place
from cxlib.dates import dates
from cxlib.errors import CxError, Problem, nearest
from cxlib.exports import refuse_crosstab
from cxlib.language import noted, tr
from cxlib.places import entry_files
from cxlib.private_cells import quoted
from cxlib.readers import read_table
from cxlib.waves import answered_by_wave, stack, wave_names, waves_answered, waves_weighted

# What a note calls a table, and one of its rows.
TABLES = {
    "survey": noted("survey"),
    "customers": noted("customers"),
    "complaints": noted("complaints"),
    "events": noted("events"),
    "map": noted("map"),
    "sales": noted("sales"),
    "benchmark": noted("benchmark"),
    "staff": noted("staff"),
    "prospects": noted("prospects"),
}
ROWS = {
    "respondent": noted("respondent"),
    "customer": noted("customer"),
    "complaint": noted("complaint"),
    "prospect": noted("prospect"),
}


def of_table(name: str, note: str) -> str:
    """A note, after the name of the table that it is about."""
    return f"{tr(TABLES[name])}: {note}"


def of_whole(note: str) -> str:
    """A note on a whole study, as it is told of a part."""
    return tr("{note} (in the whole study)", note=note)


@dataclass(frozen=True)
class Loaded:
    """A table as it was read and checked: its rows under the codebook's names, its problems, and notes on the reading.

    Of answers that are blank in it, by table and question: who said that he never used what the question asks about,
    and which code declared as missing stood there.
    """

    frame: pd.DataFrame
    problems: list[Problem]
    notes: list[str]
    never_used: dict[tuple[str, str], pd.Series]
    missing_codes: dict[tuple[str, str], pd.Series]
    held: "object | None" = None  # of a large table: what its engine holds (large_rows.Held); `frame` is a sample of it


def load_table(study, name: str, *, parts=None, levels=None) -> Loaded:
    """A table of a study, its problems, and notes on what was decided in reading it.

    `parts` are its rows where they have been read (entry, path, wave and Answers of each), instead of its files. Where
    they are a sample of a large table, `levels` are those of all rows, by column.
    """
    spec = study.book.tables[name]
    if parts is None:
        files = [(entry, path) for entry in spec.file for path in entry_files(study.file, study.folder, entry)]
        parts = [(*file, wave, None) for file, wave in zip(files, wave_names(name, spec, files), strict=True)]
    frames, problems, notes, headers = [], [], [], set()
    for entry, path, wave, answers in parts:
        reader = _FileReader(study, name, spec, entry, path, wave, answers)
        try:
            frames.append(reader.read())
        except CxError as error:
            problems.append(Problem(name, "", 0, str(error), ""))
        problems += reader.problems
        notes += reader.notes
        headers |= reader.headers
    if not frames:
        return Loaded(pd.DataFrame(), problems, notes, {}, {})
    for column in spec.private if levels is None else ():
        if column not in headers:
            # A misspelt name would protect nothing.
            rule = f"a private column must be in the table's files{nearest(column, headers)}"
            problems.append(Problem(name, column, 0, rule, ""))
    frame = stack(frames)
    if "wave" in frame:
        order = list(dict.fromkeys(frame["wave"].dropna()))
        if all(entry.wave is None for entry in spec.file):
            order = columns.natural_order(order)
        frame["wave"] = pd.Categorical(frame["wave"], categories=order, ordered=True)
    frame, found = _unique(name, spec, frame, notes)
    problems += found
    if not problems:
        problems += _derive(study, name, spec, frame)
        if levels is None:
            counted = answered_by_wave(frame, spec)
            problems += waves_answered(name, spec, counted) + waves_weighted(name, spec, counted)
        else:
            _with_levels(spec, frame, levels)
    never_used = {
        (name, c.removeprefix("_never.")): frame[c].fillna(False).astype(bool) for c in frame if c.startswith("_never.")
    }
    missing_codes = {(name, c.removeprefix("_missing.")): frame[c] for c in frame if c.startswith("_missing.")}
    inner = [c for c in frame if c in ("_file", "_row") or c.startswith(("_codes.", "_never.", "_missing."))]
    return Loaded(frame.drop(columns=inner), problems, notes, never_used, missing_codes)


def load_more(study, name: str, path: Path, questions: list[str]) -> tuple[pd.DataFrame, list[Problem], list[str]]:
    """A further file under a table's codebook: of these questions what it holds; its problems; those that it lacks.

    A row is a row of the file; keys are not read, so that nobody of the file is known by more than the answers.
    """
    spec = study.book.tables[name]
    raw = read_table(path, spec.encoding).frame
    absent = [
        question
        for question in questions
        if set(spec.questions[question].columns.values() or [spec.source(question, Wave(file=path.name))]) - set(raw)
    ]
    kept = {question: spec.questions[question] for question in questions if question not in absent}
    made = {*kept, *(new for question in kept.values() for new in question.derive)}
    kept = {name: _without_crossings(question, made) for name, question in kept.items()}
    spec = spec.model_copy(update={"keys": {}, "questions": kept})
    reader = _FileReader(study, name, spec, Wave(file=path.name), path, None)
    frame = reader.read()
    problems = reader.problems or _derive(study, name, spec, frame)
    return frame.drop(columns=["_file", "_row"]), problems, absent


def _without_crossings(question: Question, made: set[str]) -> Question:
    """The question without what it derives together with a question that is not read."""
    partner = {new: rule["with"] for new, rule in question.derive.items()
               if isinstance(rule, dict) and isinstance(rule.get("with"), str)}  # fmt: skip
    kept = {new: rule for new, rule in question.derive.items() if new not in partner or partner[new] in made}
    return question.model_copy(update={"derive": kept})


def _unique(name: str, spec: Table, frame: pd.DataFrame, notes: list[str]) -> tuple[pd.DataFrame, list[Problem]]:
    """One row a respondent (customer, complaint …), in each wave; repeated rows as the study says."""
    key = IDENTIFIERS.get(name)
    if key not in frame:
        return frame, []

    def problem(bad: pd.Series, rule: str) -> list[Problem]:
        if not bad.any():
            return []
        row = frame[bad].iloc[0]
        shown = "blank" if row[key] is None else quoted(row[key])
        example = f"{shown} in row {row['_row']} of {row['_file']}"
        return [Problem(name, spec.keys[key], int(bad.sum()), rule, example)]

    problems = problem(frame[key].isna(), f"a {key} must not be blank")
    by = [c for c in ("wave", key) if c in frame]
    again = frame.duplicated(by) & frame[key].notna()
    if again.any() and spec.duplicates == "first":
        told = {"number": text.number(again.sum()), "key": tr(ROWS[key])}
        notes.append(of_table(name, tr("{number} rows with a {key} that had come before were left out", **told)))
        return frame[~again].reset_index(drop=True), problems
    where = " in each wave" if "wave" in frame else ""
    rule = f"a {key} stands for one row{where}; `duplicates: first` keeps the first"
    return frame, problems + problem(again, rule)


def _derive(study, name: str, spec: Table, frame: pd.DataFrame) -> list[Problem]:
    """Add the nets and derived segments to the frame; combinations last, since they may use the others."""
    problems, crossed = [], []
    for title, question in spec.questions.items():
        if question.role == "multi":
            problems += _nets_of_options(name, title, question, frame)
            continue
        for label, members in question.nets.items():
            frame[f"{title}.{label}"] = columns.net(frame[f"_codes.{title}"], frame[title], question, members)
        for new, rule in question.derive.items():
            if isinstance(rule, dict) and isinstance(rule.get("with"), str):
                crossed.append((new, title, rule["with"]))
            elif isinstance(rule, dict):
                named = {study.book.named(group): members for group, members in rule.items()}
                frame[new] = columns.groups(frame[f"_codes.{title}"], named)
            else:
                frame[new] = columns.bands(frame[title], rule)
    for new, one, other in crossed:
        check_crossing(study, new, (one, other), frame, [c for c in frame if _has_groups(frame[c])])
        pairs = frame[[one, other]].dropna().drop_duplicates().sort_values([one, other])
        joined = frame[one].astype(object) + " · " + frame[other].astype(object)
        frame[new] = pd.Categorical(joined, categories=[f"{a} · {b}" for a, b in pairs.to_numpy()], ordered=True)
    return problems


def _has_groups(column: pd.Series) -> bool:
    return isinstance(column.dtype, pd.CategoricalDtype)


def check_crossing(study, new: str, parts: tuple[str, str], known, segments) -> None:
    """Raise a CxError where one of the two that `new` combines is not among the columns, or has no groups."""
    one, other = parts
    for part in parts:
        if part not in known:
            close = nearest(other, known)
            raise CxError(f"{study.file}: {new} combines {one} with {other}, which is no question{close}")
        if part not in segments:
            raise CxError(
                f"{study.file}: {new} combines {one} with {other}; {part} is no segment, derive bands of it first"
            )


def _with_levels(spec: Table, frame: pd.DataFrame, levels: dict[str, list[str]]) -> None:
    """Give the columns of a sample the levels that all rows of the table have."""
    for title, question in spec.questions.items():
        for new, rule in question.derive.items():
            if not isinstance(rule, dict) and not set(frame[new].cat.categories) <= set(levels[new]):
                frame[new] = columns.bands(frame[title], rule, whole=False)  # only others hold decimals
    for column, order in levels.items():
        frame[column] = frame[column].cat.set_categories(order)


def _nets_of_options(name: str, title: str, question: Question, frame: pd.DataFrame) -> list[Problem]:
    """Complete the options of a multi question over all files, hold them against its labels, and add its nets."""
    ticks = [c for c in frame if c.startswith(f"{title}.")]
    if not question.columns:
        # An option that nobody ticked in one file is 0 there for whoever answered.
        frame[ticks] = frame[ticks].fillna(0).where(frame[ticks].notna().any(axis=1))
    options = [c.removeprefix(f"{title}.") for c in ticks]
    problems = []
    for option in [o for o in options if question.labels and o not in question.labels]:
        rule = "answers must be among the `labels:`, or listed as `missing:`"
        rows = int((frame[f"{title}.{option}"] == 1).sum())
        problems.append(Problem(name, title, rows, rule, f"{quoted(option)}{nearest(option, question.labels)}"))
    for label, members in question.nets.items():
        for member in [m for m in members if m not in options and m not in question.labels]:
            rule = (
                f"the net {label} takes in {member}, which nobody answered and no label names{nearest(member, options)}"
            )
            problems.append(Problem(name, title, len(frame), rule, ""))
        if label in options:
            rule = f"a net must not bear the name of an option ({label})"
            problems.append(Problem(name, title, len(frame), rule, ""))
        parts = frame[[f"{title}.{m}" for m in members if m in options]]
        frame[f"{title}.{label}"] = parts.max(axis=1)
    return problems


class _FileReader:
    """Reads one file of a table; collects its problems."""

    def __init__(self, study, name: str, spec: Table, entry: Wave, path: Path, wave: str | None, answers=None):
        self.study, self.name, self.spec = study, name, spec
        self.entry, self.path, self.wave, self.answers = entry, path, wave, answers
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.headers: set[str] = set()

    def read(self) -> pd.DataFrame:
        """The file's columns under the codebook's names."""
        if self.answers is None:
            self.answers = read_table(self.path, self.spec.encoding)
        self.raw = self.answers.frame
        self.notes += [of_table(self.name, note) for note in self.answers.notes]
        if self.name == "survey":
            refuse_crosstab(self.answers, self.path)
        self.headers = set(self.raw.columns)
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
        rows = pd.Series(range(1, len(self.raw) + 1), index=self.raw.index)
        return pd.DataFrame(self.out, index=self.raw.index).assign(_file=self.path.name, _row=rows)

    def _place(self, source: str) -> Place:
        return Place(self.name, source, self.path.name)

    def _source(self, name: str) -> str | None:
        return self.spec.source(name, self.entry, self.wave)

    def _twice(self) -> None:
        wanted = {self._source(n) for n in [*self.spec.keys, *self.spec.questions]}
        for column in sorted(wanted & set(self.raw.columns[self.raw.columns.duplicated()])):
            self.problems.append(
                Problem(self.name, column, len(self.raw), "two columns have this name", self.path.name)
            )
        self.raw = self.raw.loc[:, ~self.raw.columns.duplicated()]

    def _column(self, source: str) -> pd.Series | None:
        """A column of the file; a problem with the nearest name where there is none."""
        if source in self.raw:
            raw = self.raw[source]
            held = raw.dropna() if self.answers.kind == "parquet" else raw[:0]  # no other file holds lists or records
            if not len(held) or pd.api.types.is_hashable(held.iloc[0]):
                return raw
            self.problems.append(
                Problem(self.name, source, len(held), "a cell must hold one value, no list or record", self.path.name)
            )
            return None
        rule = f"the column must be in {self.path.name}" + nearest(source, self.raw.columns)
        self.problems.append(Problem(self.name, source, len(self.raw), rule, ""))
        return None

    def _key(self, key: str) -> None:
        source = self._source(key)
        if source is None:
            # A wave without weights counts everybody once; a wave without another key leaves it blank.
            blank = 1.0 if key == "weight" else None
            kind = float if key in NUMBER_KEYS else "datetime64[us]" if key in DATE_KEYS else object
            self.out[key] = pd.Series(blank, index=self.raw.index, dtype=kind)
            if key == "weight":
                told = tr("{wave} has no weights; everybody counts once", wave=self.wave or self.path.name)
                self.notes.append(of_table(self.name, told))
            return
        raw = self._column(source)
        if raw is None:
            return
        place = self._place(source)
        if declared := self._declared(source):
            raw = raw.mask(columns.codes(raw).isin(declared))
        if key == "weight":
            values, found = columns.weights(raw, place, self.spec.decimal)
        elif key in DATE_KEYS:
            values, found, notes = dates(raw, place, self.spec.dates)
            self.notes += [of_table(self.name, note) for note in notes]
        elif key in NUMBER_KEYS:
            values, found = columns.numbers(raw, place, decimal=self.spec.decimal)
        else:
            values, found = columns.codes(raw), []
            if key == "wave":
                found = place.problem(values.isna(), raw, "a wave must not be blank")
        self.out[key] = values
        self.problems += found

    def _declared(self, source: str | None) -> tuple[str, ...]:
        """The codes that the file itself declares as missing in this column."""
        return self.answers.variables[source].missing if source in self.answers.variables else ()

    def _question(self, name: str, question: Question) -> None:
        sources = [self.entry.columns.get(c, c) for c in question.columns.values()] or [self._source(name)]
        declared = [c for source in sources for c in self._declared(source)]
        # What the file calls missing is blank, unless the study has a label for it.
        missing = dict.fromkeys((*question.missing, *(c for c in declared if c not in question.labels)))
        question = question.model_copy(update={"missing": tuple(missing)})
        if question.columns:
            self._options(name, question)
            return
        source = self._source(name)
        raw = self._column(source) if source is not None else None
        if raw is None:
            raw = pd.Series(None, index=self.raw.index, dtype=object)
            source = source or name
        place = self._place(source)
        given = columns.codes(raw)
        cells = columns.codes(given, question.missing) if question.missing else given
        found = []
        if question.role == "multi":
            ticks = columns.split(cells, question.separator)
            self.out |= {f"{name}.{option}": ticks[option] for option in ticks}
            return
        own = {c: self.study.book.words(text) for c, text in question.labels.items()}
        if question.role in ("metric", "driver", "number"):
            # Survey tools write answers in words as they were shown; the labels say which number each is.
            coded = columns.label_codes(given, own) if own else raw
            answers = columns.codes(coded, question.missing) if own else cells
            cells = columns.label_codes(cells, own) if own else cells
            scale = self.study.metric(name, self.name).scale if question.role == "metric" else question.scale
            decimal = question.decimal or self.spec.decimal
            values, found = columns.ratings(answers, coded, place, question, scale, decimal)
        elif question.role == "comment":
            values = columns.comments(raw, question.missing)
        else:
            known = self.answers.variables[source].labels if source in self.answers.variables else {}
            labels = own or {c: text for c, text in known.items() if c not in question.missing}
            values, found = columns.labelled(cells, place, labels, strict=bool(own))
            cells = columns.label_codes(cells, labels) if question.nets or question.derive else cells
        self.out[name] = values
        if question.missing:
            self.out[f"_missing.{name}"] = columns.declared(given, question.missing)
        if question.never_used:
            self.out[f"_never.{name}"] = given.isin(question.never_used)
        if question.nets or question.derive:
            self.out[f"_codes.{name}"] = cells
        self.problems += found

    def _options(self, name: str, question: Question) -> None:
        """A multi question in many columns: blank where the wave did not ask it, or not that option."""
        asked = self._source(name) is not None
        blank = pd.Series(np.nan, index=self.raw.index)
        sources = {option: self.entry.columns.get(c, c) if asked else None for option, c in question.columns.items()}
        parts = {option: self._column(source) for option, source in sources.items() if source is not None}
        for option, part in parts.items():
            declared = {*question.missing, *question.no}
            if part is not None and "2" not in declared and set(columns.codes(part).dropna()) == {"1", "2"}:
                place = self._place(sources[option])
                rule = "a tick is not blank, 0 or no; where 2 stands for no, write `no: [2]`"
                self.problems += place.problem(columns.codes(part) == "2", part, rule)
        if all(part is not None for part in parts.values()):
            ticks = (
                columns.options(parts, question.missing, question.no) if parts else pd.DataFrame(index=self.raw.index)
            )
            self.out |= {f"{name}.{option}": ticks.get(option, blank) for option in question.columns}
