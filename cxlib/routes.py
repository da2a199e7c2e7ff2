"""Which questions were put to whom and who answered them, as the codebook of a table tells: routes and options."""

import numpy as np
import pandas as pd

from cxlib.codebook import Question, Table


def question_columns(frame: pd.DataFrame, spec: Table) -> dict[str, list[str]]:
    """The frame's columns of each question that it holds; a multi question has one an option. Nets are left out."""
    found = {}
    for name, question in spec.questions.items():
        columns = [name] if name in frame else []
        if question.role == "multi":
            parts = [c for c in frame if c.startswith(f"{name}.")]
            columns = [c for c in parts if c.removeprefix(f"{name}.") not in question.nets]
        if columns:
            found[name] = columns
    return found


def answered(frame: pd.DataFrame, columns: list[str]) -> np.ndarray:
    """Who answered a question, given its columns; a comment of blanks is none."""
    found = frame[columns].notna().any(axis=1).to_numpy()
    if len(columns) == 1 and pd.api.types.is_string_dtype(frame[columns[0]].dtype):
        found &= frame[columns[0]].map(lambda text: str(text).strip() != "").to_numpy(bool)
    return found


def gave(frame: pd.DataFrame, spec: Table, name: str, codes) -> np.ndarray:
    """Who gave one of these answers (codes) to a question; blanks did not, and nobody did where it is no column."""
    question = spec.questions[name]
    if question.role == "multi":
        ticks = [f"{name}.{code}" for code in codes if f"{name}.{code}" in frame]
        return frame[ticks].eq(1).any(axis=1).to_numpy()
    if name not in frame:
        return np.zeros(len(frame), bool)
    if pd.api.types.is_numeric_dtype(frame[name]):
        return frame[name].isin([float(code) for code in codes]).to_numpy()
    return frame[name].astype(object).isin(_words(frame[name], question, codes)).to_numpy()


def _words(column: pd.Series, question: Question, codes) -> set[str]:
    """What these codes are called in a column, in the language of its groups; a code without words is called itself."""
    groups = set(column.cat.categories) if isinstance(column.dtype, pd.CategoricalDtype) else set(column.dropna())
    languages = ("en", "vi")
    called = {
        language: {code: _in_language(words, language) for code, words in question.labels.items()}
        for language in languages
    }
    language = max(languages, key=lambda one: len(groups & set(called[one].values())))
    return {called[language].get(code, code) for code in codes}


def _in_language(words, language: str) -> str:
    return words.get(language) or next(iter(words.values())) if isinstance(words, dict) else words


def asked(frame: pd.DataFrame, spec: Table, name: str, *, above: tuple[str, ...] = ()) -> np.ndarray:
    """1 where the routes led a respondent to a question, 0 where one passed by it, nan where a router is blank.

    A router that was itself passed by leads nowhere. `above` are the questions whose routes led here, so that routes
    in a circle end.
    """
    led = np.ones(len(frame))
    for router, codes in spec.questions[name].asked.items():
        if router in above:
            continue
        columns = question_columns(frame, spec).get(router)
        if columns is None:
            led = np.where(led == 0, led, np.nan)
            continue
        said = np.where(answered(frame, columns), gave(frame, spec, router, codes).astype(float), np.nan)
        said[np.isnan(said) & (asked(frame, spec, router, above=(*above, name)) == 0)] = 0
        led = np.where((led == 0) | (said == 0), 0, led * said)
    return led
