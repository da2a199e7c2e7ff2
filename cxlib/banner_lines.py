"""The lines and columns of a banner table: what is counted for a question, and who belongs to a group."""

from collections.abc import Mapping
from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd

from cxlib.counts import COUNTS, tally
from cxlib.errors import CxError, nearest
from cxlib.language import tr
from cxlib.metrics import Metric, find
from cxlib.scores import score

RATING = 11  # whole numbers of at most so many different values are answers of a scale: each has a share
GROUPS = 52  # more columns than letters, small and capital, are no banner but a number that wants bands


@dataclass(frozen=True, eq=False)
class Line:
    """One line of a banner table: a share, a mean, a metric's score, or (kind asked) how many were asked."""

    question: str
    label: str
    kind: str
    unit: str
    source: str  # the column that it is counted from
    asked: str | None = None  # the column that says who was asked
    answer: object = None
    metric: Metric | None = None


def lines_of(frame, present: list[str], name: str, metrics: Mapping, labels: Mapping, asked: Mapping) -> list[Line]:
    """The lines of one question of a frame with the columns `present`.

    Raises CxError where there is no such question, or nobody answered it.
    """
    parts = [column for column in present if column.startswith(f"{name}.")]
    if name not in present and not parts:
        raise CxError(f"there is no question {name} in the table{nearest(name, present)}")
    title, route = labels.get(name, name), asked.get(name)
    if route is not None and route not in present:
        raise CxError(f"{route}, which says who was asked {name}, is not in the table{nearest(route, present)}")

    def line(label, kind, unit="percent", source=name, **what) -> Line:
        return Line(title, str(label), kind, unit, source, route, **what)

    lines = [line(tr("Asked"), "asked", source=route)] if route is not None else []
    if name not in present:
        options = [line(labels.get(c, c.removeprefix(f"{name}.")), "share", source=c, answer=1) for c in parts]
        return lines + options
    nets = [
        line(labels.get(c, tr("Net: {net}", net=c.removeprefix(f"{name}."))), "share", source=c, answer=1)
        for c in parts
    ]
    metric = find(metrics[name]) if name in metrics else None
    answers, numeric = _answers(frame, name)
    if not len(answers):
        raise CxError(f"nobody answered {name}; a question without answers has no place in a banner")
    if metric is not None:
        lines += [line(labels.get(f"{name}={a}", a), "share", answer=a) for a in metric.table]
        return [*lines, *nets, line(metric.label, "score", metric.unit, metric=metric)]
    if not numeric:
        return lines + [line(a, "share", answer=a) for a in answers] + nets
    if len(answers) <= RATING and all(float(a).is_integer() for a in answers):
        lines += [line(labels.get(f"{name}={a:g}", f"{a:g}"), "share", answer=a) for a in answers]
    return [*lines, *nets, line(tr("Mean"), "mean", "score")]


def scored(table: pd.DataFrame, line: Line) -> np.ndarray:
    """What each row of a table scores on a line, nan where it was not asked or not answered."""
    answers = table[line.source]
    if line.kind == "share":
        hit = answers == line.answer
        y = np.where(answers.notna(), np.where(hit.fillna(False).to_numpy(bool), 100.0, 0.0), np.nan)
    elif line.kind == "mean":
        y = answers.to_numpy(dtype=float, na_value=np.nan)
    elif line.kind == "score":
        y = score(table, line.metric, line.source)
    else:
        y = np.zeros(len(table))
    if line.asked is not None:
        y = np.where(table[line.asked].to_numpy(dtype=float, na_value=0.0) == 1, y, np.nan)
    return y


def counted(frame: pd.DataFrame, names: list[str], weights: str | None) -> pd.DataFrame:
    """The rows of a pandas frame as a tally of their own: the columns `names`, and n, w and w2 of each row."""
    taken = sorted({*names} & {*COUNTS})
    if taken:
        raise CxError(f"a column called {taken[0]} cannot be tallied by: the table's counts have that name; rename it")
    weight = 1.0 if weights is None else frame[weights].astype(float)
    rows = frame[list(dict.fromkeys(names))].assign(n=1, w=weight, w2=weight**2).reset_index(drop=True)
    text = [c for c in rows if rows[c].dtype == object or isinstance(rows[c].dtype, pd.StringDtype)]
    return rows.astype(dict.fromkeys(text, "category"))  # compared and grouped by code


def groups_of(frame, name: str, labels: Mapping):
    """The frame, and its column that holds the groups of a banner question; options of a multi become one column.

    Raises CxError where there is no such question, where it has less than two groups or too many, and where options
    overlap, since respondents in two columns cannot be tested against themselves.
    """
    present = columns_of(frame)
    column = name
    if name not in present:
        options = [c for c in present if c.startswith(f"{name}.")]
        if not options:
            raise CxError(f"there is no question {name} in the table{nearest(name, present)}")
        frame, column = _one_column(frame, name, options, labels)
    answers, _ = _answers(frame, column, occurring=True)
    if len(answers) < 2:
        only = f" ({answers[0]})" if len(answers) else ""
        raise CxError(f"a banner needs at least two groups to compare; {name} has {len(answers)}{only}")
    if len(answers) > GROUPS:
        raise CxError(
            f"{name} has {len(answers)} different values, a banner at most {GROUPS}; derive bands of it first"
        )
    return frame, column


def _one_column(frame, name: str, options: list[str], labels: Mapping):
    """Options that nobody ticks together, as one column of their names."""
    data = nw.from_native(frame)
    ticked = [nw.col(option).cast(nw.Float64).fill_null(0.0) == 1 for option in options]
    several = data.with_columns(_ticks=nw.sum_horizontal(*[t.cast(nw.Int64) for t in ticked])).filter(
        nw.col("_ticks") > 1
    )
    count = several.select(nw.len().alias("n"))
    count = int((count.collect() if isinstance(count, nw.LazyFrame) else count)["n"].to_list()[0])
    words = [labels.get(option, option.removeprefix(f"{name}.")) for option in options]
    if count:
        first = several.head(1).select(*options)
        first = (first.collect() if isinstance(first, nw.LazyFrame) else first).rows()[0]
        both = [word for word, tick in zip(words, first, strict=True) if tick == 1]
        raise CxError(
            f"columns of a banner must not overlap; {count} respondents are in more than one of {name}, e.g. in "
            f"{' and '.join(both[:2])}; take it into the rows, or derive a question with one answer each"
        )
    column = f"_groups.{name}"
    chosen = [nw.when(tick).then(nw.lit(word)) for tick, word in zip(ticked, words, strict=True)]
    return data.with_columns(nw.coalesce(*chosen).alias(column)).to_native(), column


def columns_of(frame) -> list[str]:
    """The names of a frame's columns, whatever its engine."""
    return nw.from_native(frame).collect_schema().names()


def _answers(frame, column: str, *, occurring=False) -> tuple[list, bool]:
    """The different answers in a column, in order, and whether they are numbers; categories that nobody chose unless
    `occurring`."""
    if isinstance(frame, pd.DataFrame) and isinstance(frame[column].dtype, pd.CategoricalDtype):
        answers = frame[column].cat.remove_unused_categories() if occurring else frame[column]
        return answers.cat.categories.tolist(), False
    if isinstance(frame, pd.DataFrame):
        values = frame[column].dropna()
    else:
        values = tally(frame, column)[column].dropna()
    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    return sorted(values.unique().tolist()), numeric
