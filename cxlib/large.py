"""Tables too large to be read whole: what is counted is counted in their engine, what must have rows takes a sample."""

from dataclasses import replace
from itertools import groupby

import pandas as pd

from cxlib.answers import Answers, Variable
from cxlib.cells import code, line
from cxlib.codebook import Table
from cxlib.engine import Source, files_of, quoted, source
from cxlib.errors import CxError, Problem, nearest
from cxlib.large_columns import read_columns
from cxlib.large_part import Part
from cxlib.large_reader import Reader
from cxlib.large_rows import Held, engine_of, relation
from cxlib.large_sample import sample
from cxlib.large_unique import unique
from cxlib.loading import Loaded, load_table
from cxlib.readers import read_table
from cxlib.waves import answered_by_wave, wave_names, waves_answered, waves_weighted


def load(study, name: str) -> Loaded:
    """A table of a study, read whole, or, where it is large, as a sample beside what its engine holds."""
    spec = study.book.tables[name]
    try:
        files = files_of(study, spec)
        waves = wave_names(name, spec, files)
        sources = [source(entry, path) for entry, path in files]
        if all(one.kind for one in sources) and _count(study, sources) > study.book.large.rows:
            return _load_large(study, name, list(zip(sources, waves, strict=True)))
        if all(one.kind in ("", "parquet") for one in sources):
            return load_table(study, name)
        read = [_whole(study, one, spec) for one in sources]
        parts = [(*file, wave, rows) for file, wave, rows in zip(files, waves, read, strict=True)]
        return load_table(study, name, parts=parts)
    except CxError as error:
        problems = error.problems or [Problem(name, "", 0, str(error), "")]
        return Loaded(pd.DataFrame(), problems, [], {}, {})


def is_large(study, name: str) -> bool:
    """Whether a table has more rows than are read whole."""
    files = files_of(study, study.book.tables[name])
    sources = [source(entry, path) for entry, path in files]
    return all(one.kind for one in sources) and _count(study, sources) > study.book.large.rows


def _count(study, sources: list[Source]) -> int:
    """The rows of a table, told from what files say of themselves where they do."""
    from pyarrow import parquet

    total = 0
    for one in sources:
        if one.kind == "parquet":
            try:
                total += parquet.read_metadata(one.path).num_rows
            except Exception:  # a damaged file is told of by its reader
                return -1
        else:
            engine = engine_of(study, one.kind)
            total += int(engine.query(engine.rows(one), "SELECT count(*) AS n FROM t")["n"].iloc[0])
    return total


def _whole(study, one: Source, spec: Table) -> Answers:
    """All rows of a small table."""
    if one.kind in ("", "parquet"):
        return read_table(one.path, spec.encoding)
    engine = engine_of(study, one.kind)
    return _answers(engine.query(engine.rows(one), "SELECT * FROM t"), one.kind)


def read(study, name: str, entry, path) -> Answers:
    """All rows and columns of a part of a table, private ones too; raises CxError where the table is large."""
    one = source(entry, path)
    if one.kind and _count(study, [one]) > study.book.large.rows:
        raise CxError(
            f"{study.file}: table {name}: {entry.place} has more than {study.book.large.rows:,} rows, and private "
            "columns of a large table are not read; raise `large: {rows: …}` or give the rows in question in a file"
        )
    return _whole(study, one, study.book.tables[name])


def _answers(frame: pd.DataFrame, kind: str) -> Answers:
    frame.columns = [code(column) or "" for column in frame.columns]
    return Answers(frame, {n: Variable(n, text=line(n)) for n in frame.columns}, kind)


def _load_large(study, name: str, sources: list[tuple[Source, str | None]]) -> Loaded:
    """What an engine holds of a table, checked, and a sample of its rows as they would have been read."""
    spec, engine = study.book.tables[name], engine_of(study, sources[0][0].kind)
    if len({engine_of(study, one.kind).kind for one, _ in sources}) > 1:
        raise CxError(f"{study.file}: table {name}: a large table stands in one engine, in DuckDB or in Spark")
    parts = []
    for (_, wave), same in groupby(sources, key=lambda pair: (_alike(pair[0]), pair[1])):
        held = [one for one, _ in same]
        parts.append((replace(held[0], paths=tuple(path for one in held for path in one.paths)), wave))
    readers = [Reader(study, name, spec, one, wave, engine, engine.rows(one)) for one, wave in parts]
    problems = _private(name, spec, readers)
    levels, found = read_columns(study, name, spec, readers)
    problems = [*problems, *(problem for reader in readers for problem in reader.problems), *found]
    notes = [note for reader in readers for note in reader.notes]
    if problems:
        return Loaded(pd.DataFrame(), problems, notes, {}, {})
    made = [Part(r.source, r.wave, r.coded, r.values, r.sql) for r in readers]
    held = Held(sum(reader.all for reader in readers), study.book.large.seed, tuple(made), levels)
    held, problems = unique(study, name, spec, held, notes)
    if not problems:
        rows = relation(study, held)
        counted = _by_wave(engine, rows, spec, levels)
        problems = waves_answered(name, spec, counted) + waves_weighted(name, spec, counted)
    if problems:
        return Loaded(pd.DataFrame(), problems, notes, {}, {})
    frames = sample(study, spec, held, name)
    taken = [
        (p.source.entry, p.source.path, p.wave, _answers(f, p.source.kind))
        for p, f in zip(held.parts, frames, strict=True)
        if len(f)
    ]
    loaded = load_table(study, name, parts=taken, levels=levels)
    held = replace(held, kept=len(loaded.frame))
    return replace(loaded, notes=[*notes, *loaded.notes], held=held)


def _alike(one: Source) -> tuple:
    return (one.kind, id(one.entry)) if one.kind == "parquet" else (one.kind, id(one.entry), one.path)


def _private(name: str, spec: Table, readers: list[Reader]) -> list[Problem]:
    """A private column must be there: a misspelt name would protect nothing."""
    known = {header for reader in readers for header in reader.headers}
    rule = "a private column must be in the table's files"
    return [
        Problem(name, column, 0, rule + nearest(column, known), "") for column in spec.private if column not in known
    ]


def _by_wave(engine, rows, spec: Table, levels: dict[str, list[str]]) -> pd.DataFrame:
    """By wave the number of rows, of answers to each metric, and the sum of weights, as answered_by_wave() gives it."""
    if "wave" not in levels:
        return answered_by_wave(pd.DataFrame(), spec)
    metrics = [name for name, question in spec.questions.items() if question.role == "metric"]
    sums = [f"count({quoted(name)}) AS {quoted(name)}" for name in metrics]
    sums += [f"sum({quoted('weight')}) AS weight"] if "weight" in spec.keys else []
    found = engine.query(
        rows, f'SELECT "wave", count(*) AS "_rows"{"".join(", " + s for s in sums)} FROM t GROUP BY "wave"'
    )
    return found.assign(_file=spec.file[0].place).set_index("wave").reindex(levels["wave"])
