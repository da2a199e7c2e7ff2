"""What each kind of result shows of itself: the number with its interval, bases and method, or its tables.

Results are told by the names of their classes, so that nothing is loaded that was not used.
"""

import textwrap
from collections.abc import Callable
from dataclasses import fields, is_dataclass

import numpy as np
import pandas as pd

from cxlib import text
from cxlib.estimate import Estimate
from cxlib.language import tr, tr_n
from cxlib.printed_models import binary, cox, linear, ordinal
from cxlib.printed_tables import (
    Printed,
    banner,
    crosstab,
    league,
    plain_table,
    raked,
    segment_effects,
    segmentation,
)
from cxlib.shown import Shown

FIRST, SHORT = 8, 100  # names of many, and signs of a text, that stand for the whole


def of(result) -> Printed:
    """What a result shows: as its class says, else what its fields hold, in short."""
    for kind in type(result).__mro__:
        if kind.__name__ in KINDS:
            return KINDS[kind.__name__](result)
    return _fields(result)


def bases(estimate: Estimate) -> str:
    """The bases of an estimate in words; the weighted one where there are weights."""
    weighted, effective = text.number(estimate.n_weighted), text.number(estimate.n_effective)
    n = tr_n("{n} answer", "{n} answers", estimate.n)
    if weighted in (text.number(estimate.n), text.number(float("nan"))):
        return tr("{answers}, effective base {effective}", answers=n, effective=effective)
    return tr(
        "{answers}, weighted base {weighted}, effective base {effective}",
        answers=n,
        weighted=weighted,
        effective=effective,
    )


def _interval(estimate: Estimate, unit: str) -> str:
    return text.with_confidence(text.interval(estimate.low, estimate.high, unit), estimate.confidence)


def _estimate(found: Estimate) -> Printed:
    """One number. Its study, and so the minimum base, is not known here: a small base is marked, nothing withheld."""
    unit = found.unit if found.unit in text.UNITS else "score"
    value = text.with_base(text.number(found.value, unit), found.n, 0)
    lines = (_interval(found, unit), bases(found), found.method)
    return Printed(found.name, value, tuple(line for line in lines if line))


def _silent(found) -> Printed:
    beside = tr("plug-in {plug_in}, mean {mean}", plug_in=text.number(found.plug_in), mean=text.number(found.mean))
    complainers = tr_n("{n} complainer", "{n} complainers", found.n)
    return Printed(found.name, text.number(found.value), (_interval(found, "count"), beside, complainers, found.method))


def _rate(rate) -> Printed:
    found = rate.estimate()
    if rate.known:
        return Printed(found.name, text.number(found.value, "percent"), (found.method,))
    respondents = tr_n("{n} unhappy respondent", "{n} unhappy respondents", found.n)
    base = tr("{answers}, effective base {effective}", answers=respondents, effective=text.number(found.n_effective))
    shown = _interval(found, "percent"), *([base] if found.n else []), found.method
    return Printed(found.name, text.number(found.value, "percent"), shown)


def _anchor(anchor) -> Printed:
    return Printed(tr(anchor.label), text.number(100 * anchor.rate, "percent"), (tr(anchor.source),))


def _metric(metric) -> Printed:
    """What each answer scores, answers that score alike together."""
    if metric.scores == "mean":
        low, high = metric.scale
        return Printed(metric.label, lines=(tr("mean of the answers {low} to {high}", low=low, high=high),))
    runs: list[tuple[list[int], float]] = []
    for answer, score in metric.table.items():
        if runs and runs[-1][1] == score:
            runs[-1][0].append(answer)
        else:
            runs.append(([answer], score))
    spans = [(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}", score) for run, score in runs]
    return Printed(metric.label, lines=tuple(f"{span} → {text.number(score, digits=0)}" for span, score in spans))


def _study(study) -> Printed:
    """A study as study.yml tells it; no data are read for it."""
    book = study.book
    head = " · ".join(part for part in (study.name, book.words(book.title), book.client) if part)
    rows = []
    for name, table in book.tables.items():
        roles = pd.Series([question.role for question in table.questions.values()], dtype=object).value_counts(
            sort=False
        )
        files = ", ".join(entry.place for entry in table.file)
        told = ", ".join(f"{role} {count}" for role, count in roles.items())
        rows.append([f"study.{name}", files, ", ".join(table.keys), told])
    heads = [tr("Table"), tr("Files"), tr("Keys"), tr("Questions by role")]
    return Printed(head, tables=(plain_table(heads, rows, numeric=[False] * 4),))


def _fields(result) -> Printed:
    """Any other result: the names of what it holds, and what each of them is, in short."""
    names = [field.name for field in fields(result)] if is_dataclass(result) else list(vars(result))
    rows = [[name, _short(getattr(result, name))] for name in names if not name.startswith("_")]
    table = plain_table([tr("Name"), tr("Holds")], rows, numeric=[False, False])
    return Printed(type(result).__name__, tables=(table,))


def _short(value) -> str:
    """What a field holds: a frame's rows and columns, a number as it is printed, the first words of a text."""
    if value is None:
        return "–"
    if isinstance(value, pd.DataFrame):
        return tr_n("{n} row: {columns}", "{n} rows: {columns}", len(value), columns=_first(value.columns))
    if isinstance(value, (bool, np.bool_, str)):
        return textwrap.shorten(str(value), SHORT, placeholder=" …")
    if isinstance(value, (float, np.floating)):
        return text.number(float(value), digits=2)
    if isinstance(value, (int, np.integer)):
        return text.number(int(value))
    if isinstance(value, (dict, list, tuple)) and all(isinstance(part, str) for part in value):
        return _first(value)
    if isinstance(value, (pd.Series, np.ndarray, dict, list, tuple)):
        return tr_n("{n} value", "{n} values", len(value))
    if isinstance(value, Shown):
        shown = of(value)
        return f"{shown.head} {shown.value}".strip() or type(value).__name__
    return type(value).__name__


def _first(names) -> str:
    """The first names of many."""
    names = [str(name) for name in names]
    return ", ".join(names[:FIRST]) + (", …" if len(names) > FIRST else "")


KINDS: dict[str, Callable[..., Printed]] = {
    "Silent": _silent,
    "Estimate": _estimate,
    "ComplaintRate": _rate,
    "Anchor": _anchor,
    "Metric": _metric,
    "Banner": banner,
    "Crosstab": crosstab,
    "LinearFit": linear,
    "OrdinalFit": ordinal,
    "BinaryFit": binary,
    "HazardFit": cox,
    "SegmentEffects": segment_effects,
    "Segmentation": segmentation,
    "Raked": raked,
    "Study": _study,
    "League": league,
}
