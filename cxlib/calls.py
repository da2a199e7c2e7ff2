"""Calls that cannot be understood, answered with what to write instead.

A misspelt argument, a study in the place of its table, a path in the place of a study: the error stays a TypeError, and
says in a sentence what was meant.
"""

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path

import numpy as np
import pandas as pd

from cxlib.errors import CxError, closest, nearest

# Arguments of functions of a frame that name columns of it.
COLUMNS = (
    "question",
    "weights",
    "fpc",
    "by",
    "strata",
    "clusters",
    "rows",
    "columns",
    "over",
    "outcome",
    "drivers",
    "items",
)
CELLS = (pd.Series, pd.DataFrame, np.ndarray)
VARIABLE = inspect.Parameter.VAR_KEYWORD


def told(function: Callable) -> Callable:
    """The function, whose calls are first looked through: arguments by name and number, its frame, its study.

    Raises TypeError for arguments that it has not or lacks and for things in the place of others, and CxError for a
    table in which several columns have one name.
    """
    signature = inspect.signature(function)

    @wraps(function)
    def checked(*args, **given):
        try:
            values = signature.bind(*args, **given).arguments
        except TypeError:
            raise TypeError(_unbound(function.__name__, signature, args, given)) from None
        if "study" in values:
            _check_study(function.__name__, values["study"])
            _check_wave(values["study"], values.get("wave"))
        if "frame" in values:
            _check_frame(function.__name__, values["frame"])
            for name in COLUMNS:
                _check_column(function.__name__, name, values.get(name))
        return function(*args, **given)

    return checked


def kind(value) -> str:
    """What a value is, for an error: a DataFrame, an int, None."""
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _unbound(name: str, signature: inspect.Signature, args: tuple, given: dict) -> str:
    """Why the arguments do not fit, and the form of the call."""
    known = signature.parameters
    by_place = [p.name for p in known.values() if p.kind is not p.KEYWORD_ONLY]
    for argument in given:
        if argument not in known:
            meant = closest(argument, known, alike=0.6)
            return f"{name}() has no argument {argument}; write {name}({_form(signature, meant)})"
    shown = f"{name}({_form(signature)})"
    if len(args) > len(by_place):
        return f"{name}() takes {' and '.join(by_place)} by place and the rest by name; write {shown}"
    lacking = [p.name for p in known.values() if p.default is p.empty and p.kind is not VARIABLE]
    lacking = [argument for argument in lacking if argument not in (*by_place[: len(args)], *given)]
    if lacking:
        return f"{name}() needs {' and '.join(lacking)}; write {shown}"
    return f"{name}() is given {next(a for a in given if a in by_place[: len(args)])} twice; write {shown}"


def _form(signature: inspect.Signature, meant: str = "") -> str:
    """What a call must say, what was `meant`, and that it may say more: frame, metric, by, question=…, …"""
    parts = []
    for parameter in signature.parameters.values():
        if parameter.name == meant or (parameter.default is parameter.empty and parameter.kind is not VARIABLE):
            named = parameter.kind is parameter.KEYWORD_ONLY or parameter.default is not parameter.empty
            parts.append(f"{parameter.name}=…" if named else parameter.name)
    return ", ".join([*parts, *(["…"] if len(parts) < len(signature.parameters) else [])])


def _check_study(name: str, study) -> None:
    if isinstance(study, (str, Path)):
        raise TypeError(f'{name}() takes a study, not its path; write {name}(Study.load("{study}"), …)')
    if study is None or isinstance(study, (pd.Series, pd.DataFrame, np.ndarray, list, dict)):
        raise TypeError(f'{name}() takes a study, as Study.load("data/acme") gives it; found {kind(study)}')


def _check_wave(study, wave) -> None:
    if wave and wave not in study.waves:
        known = study.waves
        said = f"the waves are {', '.join(known)}" if known else "the survey has none"
        raise CxError(f"there is no wave {wave}; {said}{nearest(wave, known)}")


def _check_frame(name: str, frame) -> None:
    if type(frame).__name__ == "Study":
        raise TypeError(f"{name}() takes a table, not a study; write {name}(study.survey, …)")
    if isinstance(frame, (str, Path)):
        raise TypeError(
            f'{name}() takes a table, not the path of one; write Study.load("data/acme").survey, or read it with '
            f'pandas, polars or DuckDB; found "{frame}"'
        )
    if frame is None or isinstance(frame, (pd.Series, np.ndarray, list, tuple, dict)):
        raise TypeError(f"{name}() takes a table (pandas, polars, DuckDB, PySpark); found {kind(frame)}")
    if isinstance(frame, pd.DataFrame) and not frame.columns.is_unique:
        again = frame.columns[frame.columns.duplicated()]
        several = int((frame.columns == again[0]).sum())
        raise CxError(f"the table has {several} columns called {again[0]}; rename all but one")


def _check_column(name: str, argument: str, value) -> None:
    if isinstance(value, CELLS):
        column = getattr(value, "name", None) or "weight"
        raise TypeError(f'{name}(): {argument} names a column, e.g. {argument}="{column}"; found {kind(value)}')
    if argument == "question" and isinstance(value, (list, tuple)):
        raise TypeError(f"{name}(): {argument} names one column; found {kind(value)} of {len(value)}")
