"""The values in the columns of a large table's part, read by the rules of small tables, and columns made of them.

What an answer becomes (a number, a label, a band, nothing) is settled for each value that occurs, by the very code that
reads small tables; the engine only counts the values before, and puts the results in their places after. So a table
has the same columns, levels and problems, whether it is read or stays.
"""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import narwhals as nw
import numpy as np
import pandas as pd

from cxlib import loading
from cxlib.answers import Answers
from cxlib.cells import code
from cxlib.codebook import DATE_KEYS, NUMBER_KEYS, Question
from cxlib.columns import Place
from cxlib.engine import Source, quoted, text
from cxlib.errors import Problem, nearest
from cxlib.large_part import NAMES
from cxlib.large_sql import Cells, double, is_among, literal, numbers, plain
from cxlib.private_cells import quoted as quoted_answer

MOST_VALUES = 10_000  # of a question with groups, and of numbers that are looked at one by one
_LOOKED_AT = 100_000  # first rows that tell whether a column has many values


@dataclass(frozen=True)
class _Counted(Place):
    """Where a column stands, of whose values the number of rows is known."""

    rows: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def problem(self, bad, values: pd.Series, rule: str) -> list[Problem]:
        """As of Place; the rows of each value count, and no row is named, as an engine's rows have no numbers."""
        found = np.flatnonzero(np.asarray(bad, bool))
        if not len(found):
            return []
        shown = code(values.iloc[found[0]])
        example = f"{'blank' if shown is None else quoted_answer(shown)} in {self.file}"
        return [Problem(self.table, self.column, int(self.rows[found].sum()), rule, example)]


class Reader(Cells, loading._FileReader):
    """Reads the values of one part's columns instead of its rows, and makes its columns as SQL."""

    def __init__(self, study, name, spec, source: Source, wave, engine, rows):
        super().__init__(study, name, spec, source.entry, source.path, wave)
        self.source, self.engine, self.rows = source, engine, rows
        schema = nw.from_native(rows).collect_schema()
        self.kinds, self.headers = dict(schema), set(schema.names())
        self.all = int(engine.query(rows, "SELECT count(*) AS n FROM t")["n"].iloc[0])
        self.coded: dict[str, str] = {}
        self.values: dict[str, tuple[str, dict]] = {}
        self.sql: dict[str, str] = {}
        self.answers = Answers(pd.DataFrame(), {}, self.source.kind)  # an engine's columns have no labels

    def _place(self, source: str) -> Place:
        shown = Path(self.entry.place).name if self.source.kind == "parquet" else self.entry.place
        return _Counted(self.name, source, shown, self.counts)

    def _column(self, source: str) -> pd.Series | None:
        if source in self.kinds:
            return self.raw[source]
        rule = f"the column must be in {self.entry.place}" + nearest(source, self.headers)
        self.problems.append(Problem(self.name, source, self.all, rule, ""))
        return None

    def of(self, source: str, table: pd.DataFrame) -> None:
        """Look at these values (v) of a column, each with its number of rows (n)."""
        self.raw, self.counts = pd.DataFrame({source: table["v"]}), table["n"].to_numpy()
        self.out = {}

    def column(self, name: str, question: Question | None) -> pd.DataFrame:
        """A key or a question of one column: what each of its values becomes, as loading.py reads it."""
        source = self._source(name)
        blank = source is None or source not in self.kinds
        kind = self._kind(name, question)
        table = (
            pd.DataFrame({"k": [None], "v": [None], "n": [self.all]}) if blank else self._table(source, kind, question)
        )
        if table is None:
            rule = f"a question with groups has at most {MOST_VALUES:,} answers in a large table; this one has more"
            self.problems.append(Problem(self.name, source, self.all, rule, ""))
            table = pd.DataFrame({"k": [], "v": [], "n": []})
        self.of(source or name, table)
        if question is not None:
            self._question(name, question)
        elif blank and source is not None:
            self._column(source)
        else:
            self._key(name)
        self._as_sql(name, None if blank else source, kind, question)
        return pd.DataFrame(self.out, index=self.raw.index).assign(_k=table["k"], _file=self.source.path.name)

    def _kind(self, name: str, question: Question | None) -> str:
        """What a column holds: names or comments (text), number, date, or few values (groups)."""
        if question is not None:
            numeric = question.role in ("metric", "driver", "number")
            return "comment" if question.role == "comment" else "number" if numeric else "groups"
        numeric, dated = name in NUMBER_KEYS, name in DATE_KEYS
        return "text" if name in NAMES else "number" if numeric else "date" if dated else "groups"

    def _table(self, source: str, kind: str, question: Question | None) -> pd.DataFrame | None:
        """The values to look at: k (what the engine counts by), v (a value of that kind), n (rows); None: too many."""
        column, dtype = quoted(source), self.kinds[source]
        if kind in ("text", "comment") or (kind == "date" and dtype.is_temporal()):
            blank = f"CASE WHEN {self._text(source)} IS NULL THEN 1 ELSE 0 END"
            return self._grouped(source, blank, f"min({column})")
        if self.different[source] <= MOST_VALUES // 2:
            found = self.engine.query(
                self.rows, f"SELECT {column} AS k, count(*) AS n FROM t GROUP BY {column} LIMIT {MOST_VALUES + 1}"
            )
            if len(found) <= MOST_VALUES:
                found = found.sort_values("k", ignore_index=True)
                return found.assign(v=found["k"])
        if kind == "groups":
            return None if question is not None else self._table(source, "text", question)
        if kind == "date":
            return self._grouped(source, self._state(self._date(source), source), f"min({column})")
        return self._grouped(source, self._class(source, question), f"min({column})")

    @cached_property
    def different(self) -> dict[str, int]:
        """How many values each column of the codebook has in the first rows."""
        names = [self._source(name) for name in [*self.spec.keys, *self.spec.questions]]
        renamed = self.entry.columns
        names += [renamed.get(c, c) for question in self.spec.questions.values() for c in question.columns.values()]
        names = [name for name in dict.fromkeys(names) if name in self.kinds]
        counts = ", ".join(f"count(DISTINCT {quoted(name)}) AS c{place}" for place, name in enumerate(names))
        head = f"SELECT {counts} FROM (SELECT * FROM t LIMIT {_LOOKED_AT}) AS head"
        return dict(zip(names, self.engine.query(self.rows, head).iloc[0].astype(int), strict=True))

    def _grouped(self, source: str, key: str, value: str) -> pd.DataFrame:
        """One value of each class of a column with many."""
        found = self.engine.query(self.rows, f"SELECT {key} AS k, {value} AS v, count(*) AS n FROM t GROUP BY {key}")
        self.coded[f"class {source}"] = key
        return found.sort_values("k", ignore_index=True)

    def _as_sql(self, name: str, source: str | None, kind: str, question: Question | None) -> None:
        """Note what a column becomes that is not settled value by value."""
        if source is None:
            if name in self.out and self.out[name].notna().any():  # a wave without weights counts everybody once
                self.coded[name] = self.sql[name] = literal(self.out[name].iloc[0])
            else:
                sort = self.stamp if kind == "date" else "DOUBLE" if kind == "number" else "STRING"
                self.coded[name] = self.sql[name] = f"CAST(NULL AS {sort})"
            return
        if kind == "date":
            made = self._date(source)
        elif name == "weight" and question is None and self.kinds[source].is_float():
            made = f"CAST({quoted(source)} AS DOUBLE)"  # none is NaN: the weights' own rule
        elif kind == "number":
            made, missing = self._number(source), numbers(question.missing if question is not None else ())
            if missing:
                made = f"CASE WHEN {made} IN ({', '.join(map(double, missing))}) THEN NULL ELSE {made} END"
        else:
            made, missing = self._text(source), question.missing if question is not None else ()
            if missing:
                made = f"CASE WHEN {made} IN ({', '.join(map(text, missing))}) THEN NULL ELSE {made} END"
        self.sql[name] = made

    def settle(self, name: str, source: str | None, found: pd.DataFrame) -> None:
        """Note what each value of a column became, in all columns that were made of it."""
        few = source is not None and f"class {source}" not in self.coded
        if name not in found:  # a multi question in one column is its options alone
            del self.sql[name]
            self.coded.pop(name, None)
        for column in [c for c in found if not c.startswith("_")]:
            if column == name and (not few or (name in NUMBER_KEYS and name in self.spec.keys)):
                self.coded[name] = self.sql[name]
            elif source is None:
                blank = "DOUBLE" if pd.api.types.is_numeric_dtype(found[column]) else "STRING"
                self.coded[column] = self.sql[column] = f"CAST(NULL AS {blank})"
            else:
                key = f"value {source}" if few else f"class {source}"
                self.coded.setdefault(key, quoted(source))
                made = found[column].astype(object).where(found[column].notna(), None)
                mapping = {plain(k): plain(value) for k, value in zip(found["_k"], made, strict=True)}
                self.values[column] = (key, mapping)
                self.sql[column] = self._mapped(source, key, mapping, found[column].dtype)

    def options(self, name: str, question: Question) -> pd.DataFrame:
        """A multi question in many columns: its options' ticks as SQL; an empty frame of them, for its nets."""
        answered, ticked, known = [], {}, self.entry.columns
        asked = self._source(name) is not None
        for option, usual in question.columns.items():
            source = known.get(usual, usual) if asked else None
            if source is None or source not in self.kinds:
                if source is not None:
                    self._column(source)
                ticked[option] = None
                continue
            table = self._table(source, "groups", None)
            few = f"class {source}" not in self.coded
            table = table.sort_values("k", ignore_index=True) if few else table
            self.of(source, table)
            self._options(name, question.model_copy(update={"columns": {option: usual}}))
            given = self.out.get(f"{name}.{option}", pd.Series(np.nan, index=table.index))
            key = quoted(source) if few else self.coded[f"class {source}"]
            ticked[option] = is_among(key, table["k"][given == 1])
            answered.append(is_among(key, table["k"][given.notna()]))
        said = " OR ".join(answered) or "FALSE"
        for option, tick in ticked.items():
            value = "NULL" if tick is None else f"CASE WHEN {tick} THEN 1 WHEN {said} THEN 0 END"
            self._made(f"{name}.{option}", value)
        for label, members in question.nets.items():
            among = [ticked[m] for m in members if ticked.get(m) is not None]
            net = f"CASE WHEN {' OR '.join(among)} THEN 1 WHEN {said} THEN 0 END" if among else "NULL"
            self._made(f"{name}.{label}", net)
        return pd.DataFrame({f"{name}.{option}": pd.Series(dtype=float) for option in ticked})

    def _made(self, column: str, value: str) -> None:
        self.coded[column] = self.sql[column] = f"CAST({value} AS DOUBLE)"
