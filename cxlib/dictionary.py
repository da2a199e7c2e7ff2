"""The data dictionary: what each column of a file or of a study's survey is, and what stands in it."""

from pathlib import Path

import pandas as pd

from cxlib import private_cells, text, xlsx_out
from cxlib.answers import Answers, Variable
from cxlib.clean_answers import Clean, clean
from cxlib.codebook import IDENTIFIERS
from cxlib.private import move_into_place
from cxlib.readers import by_value, code, number

COLUMNS = ["column", "text", "role", "codes", "missing", "n", "n_missing", "blank", "distinct"]
COLUMNS += ["least", "most", "mean", "top"]
# Of these nothing that stands in them is shown: who somebody is, and what he said in his own words.
HIDDEN = {"private", "comment", "complainer", "employee", *IDENTIFIERS.values()}
NUMBERS = ("metric", "driver", "number", "weight", "seconds", "fpc", "value")
TOP = 5  # most frequent answers that are shown …
LEAST = 2  # … of those that so many gave: what one person says may tell who he is


def entries(source, roles: dict[str, str] | None = None, *, language: str = "en") -> pd.DataFrame:
    """A row a column: what it asks, what its codes mean, who answered, and what.

    `source` is a Study (its survey, with everybody, cleaned) or Answers as a reader gives them, with `roles` by column
    as far as they are known; a column that is `private` shows nothing of what it holds, nor does one of comments or
    identifiers. Columns: column, text, role (the codebook's, a key, or the file's kind), codes ("1 = Yes; 0 = No"),
    missing (codes that stand for no answer), n (answers), n_missing (cells with such a code), blank, distinct
    (different answers), least, most, mean (of numbers; least and most of dates, as text), top (the most frequent
    answers of others, with their share of n). Answers that tell of a person are left out of least, most and top, or
    masked in the words of `language` (en or vi; a study's own). Raises CxError for a study without a survey.
    """
    if isinstance(source, Answers):
        return of_clean(Clean(source, roles or {}, {}), language=language)
    return of_clean(clean(source), language=source.book.language)


def of_clean(made: Clean, *, language: str = "en") -> pd.DataFrame:
    """entries() of answers whose roles, and missing codes beside them, are known."""
    answers = made.answers
    rows = [
        _entry(
            values,
            answers.variables.get(name, Variable(name)),
            made.roles.get(name, ""),
            made.missing.get(name),
            language,
        )
        for name, values in answers.frame.items()
    ]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"least": object, "most": object, "mean": float})


def _entry(values: pd.Series, variable: Variable, role: str, coded: pd.Series | None, language: str) -> dict:
    """One column's row."""
    cells = by_value(values.astype(object), code)
    missing = cells.isin(variable.missing)
    answered = cells[cells.notna() & ~missing]
    n_missing = int(missing.sum()) + (int(coded.notna().sum()) if coded is not None else 0)
    told = [f"{given} = {words}" for given, words in variable.labels.items() if given not in variable.missing]
    return {
        "column": variable.name,
        "text": " · ".join(part for part in (variable.text, variable.option) if part),
        "role": role or variable.kind,
        "codes": "; ".join(told or variable.order if role != "private" else ()),
        "missing": ", ".join(variable.missing),
        "n": len(answered),
        "n_missing": n_missing,
        "blank": len(cells) - len(answered) - n_missing,
        "distinct": answered.nunique(),
        **(
            {}
            if _hidden(answered, variable, role)
            else _shown(values[answered.index], answered, variable, role, language)
        ),
    }


def _hidden(answered: pd.Series, variable: Variable, role: str) -> bool:
    """Whether what stands in a column may tell who somebody is; without a role, a column of ever new answers may."""
    if role:
        return role in HIDDEN
    return variable.kind in ("text", "meta") or answered.nunique() > len(answered) / 2


def _shown(values: pd.Series, answered: pd.Series, variable: Variable, role: str, language: str) -> dict:
    """What stands in a column: the ends and the mean of numbers, the ends of dates, else the most frequent answers."""
    if not len(answered):
        return {}
    if pd.api.types.is_datetime64_any_dtype(values):
        return {"least": _moment(values.min()), "most": _moment(values.max())}
    if role in NUMBERS or not (role or variable.labels):
        numbers = by_value(answered, number)
        if numbers.notna().all():
            numbers = numbers.astype(float)
            ends = answered.iloc[[numbers.argmin(), numbers.argmax()]]
            if any(private_cells.contact(end) or private_cells.identity(end) for end in ends):
                return {}  # phones, or numbers of papers, for all that is known
            return {"least": numbers.min(), "most": numbers.max(), "mean": numbers.mean()}
    counts = answered.value_counts()
    often = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:TOP]
    shares = [
        f"{safe} {text.number(100 * n / len(answered), 'percent', digits=0)}"
        for given, n in often
        if n >= LEAST and (safe := variable.labels.get(given) or private_cells.shown(given, language))
    ]
    return {"top": "; ".join(shares)}


def _moment(value: pd.Timestamp) -> str:
    """A date, with its time of day where it has one."""
    return str(value.date()) if value == value.normalize() else str(value.floor("s"))


def write_html(frame: pd.DataFrame, path: str | Path, *, title: str, language: str = "en") -> None:
    """Write entries() as one self-contained HTML page; CxError where the file is there or cannot be written."""
    from cxlib.report.dictionary import as_html

    move_into_place(as_html(frame, title=title, language=language).encode("utf-8"), Path(path))


def write_xlsx(frame: pd.DataFrame, path: str | Path, *, title: str) -> None:
    """Write entries() as an Excel workbook of one sheet; CxError where the file is there or cannot be written."""
    move_into_place(xlsx_out.workbook({"dictionary": frame}, title=title), Path(path))
