"""Data out: a study's clean answers as one private file for SPSS, R, Python or Excel, which reads back identically."""

import io
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cxlib import dictionary, people, persona_questions, sav_out, xlsx_out
from cxlib.clean_answers import CODED, Clean, clean, with_personas
from cxlib.private import move_into_place
from cxlib.private import place as private_place
from cxlib.readers import code

EXACT = 2**53  # the whole numbers below it are held to the last digit
ENDINGS = (".sav", ".parquet", ".csv", ".xlsx")


def place(out: str | Path) -> Path:
    """`out` where clean answers may be written; raises CxError as private.place()."""
    return private_place(out, "clean answers are", endings=ENDINGS)


def write(study, out: str | Path, *, personas: dict) -> list[str]:
    """Write the clean answers of everybody in a study's survey; returns what a reader of the file ought to know.

    The columns are those of clean_answers.clean(), and persona and persona_probability where study.yml names
    `personas: variables:` of respondents; `personas` are the parameters (waves, k, seed, confidence) that form them.
    A .sav file holds codes with their labels and declared missing codes as user-missing values; a .parquet file ordered
    categories of labels, with text, role, labels and missing codes as JSON in the schema's metadata; .csv and .xlsx
    files codes and the names of derived groups, a workbook with the data dictionary on a second sheet. Elsewhere than
    in .sav a declared missing code is blank. Comments are as they were written, without the blanks at their ends: the
    file is for the caller alone.
    Raises CxError as place(), and for what the format cannot hold, before personas are formed.
    """
    out = place(out)
    kind = out.suffix.lower()
    made = clean(study)
    if kind in CHECKS:
        CHECKS[kind](made.answers.frame)
    segmentation, told = _personas(study, personas)
    if segmentation is not None:
        made = with_personas(made, study, segmentation)
    move_into_place(WRITERS[kind](made, study), out)
    rows, columns = made.answers.frame.shape
    notes = [f"{out}: {rows:,} respondents, {columns} columns"]
    left = int(made.answers.frame["excluded"].notna().sum())
    if left:
        notes.append(f"{left:,} of them are left out of the study's numbers: `excluded` says why")
    notes += _like_formulas(made.answers.frame) if kind == ".csv" else []
    notes += [told, *made.notes, *_rounded(made.answers.frame), *(sav_out.notes(made) if kind == ".sav" else ())]
    return notes


def _rounded(frame: pd.DataFrame) -> list[str]:
    """A sentence for each column of numbers too large for every digit of theirs to be held."""
    numbers = frame.select_dtypes("number").abs() >= EXACT
    return [
        f"{name}: {count:,} number{'s' if count > 1 else ''} of {EXACT:,} or more, whose last digits may have changed"
        for name, count in numbers.sum().items()
        if count
    ]


def _like_formulas(frame: pd.DataFrame) -> list[str]:
    """A sentence on texts that a spreadsheet would compute when it opens a .csv, which can mark none as text."""
    found = {}
    for name in frame.select_dtypes(exclude=["number", "datetime"]):
        begins = frame[name].dropna().astype(str).str.startswith(xlsx_out.FORMULA)
        found |= {name: int(begins.sum())} if begins.any() else {}
    if not found:
        return []
    return [
        f"{sum(found.values()):,} texts begin as a formula does, e.g. in {next(iter(found))}: in a spreadsheet import "
        "the .csv as text, or write .xlsx, which marks them as text"
    ]


def _personas(study, parameters: dict):
    """The personas of the study's respondents, None where there are none; and a sentence on them."""
    book = study.book
    if not book.personas.variables:
        return None, "no personas: study.yml names no `personas: variables:`"
    if persona_questions.table_of(book) != "survey":
        return None, "no personas: the study forms them of customers, not of respondents"
    case = people.people(study, **{name: parameters[name] for name in ("waves", "confidence")})
    found = people.formed(case, k=parameters["k"], seed=parameters["seed"])
    if found.k == 1:
        return None, f"no personas: {found.verdict}"
    return found, f"{found.k} personas, formed from {', '.join(case.questions)}"


def _sav(made: Clean, study) -> bytes:
    return sav_out.sav(made)


def _csv(made: Clean, study) -> bytes:
    return _plain(made).to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def _xlsx(made: Clean, study) -> bytes:
    sheets = {"data": _plain(made, moments=True), "dictionary": dictionary.of_clean(made, language=study.book.language)}
    return xlsx_out.workbook(sheets, title=study.book.words(study.book.title))


def _plain(made: Clean, *, moments: bool = False) -> pd.DataFrame:
    """Codes and names as they are written in cells: whole numbers without a point, dates in ISO order."""
    frame = made.answers.frame
    return pd.DataFrame({name: _written(frame[name], moments) for name in frame}, index=frame.index)


def _written(cells: pd.Series, moments: bool) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(cells):
        if moments:
            return cells
        daily = (cells.dropna() == cells.dropna().dt.normalize()).all()
        return cells.dt.strftime("%Y-%m-%d") if daily else cells.map(lambda m: m.isoformat(" "), na_action="ignore")
    if pd.api.types.is_float_dtype(cells) and (cells.dropna() % 1 == 0).all() and (cells.abs().max() or 0) < EXACT:
        return cells.astype("Int64")
    return cells.astype(object) if isinstance(cells.dtype, pd.CategoricalDtype) else cells


def _parquet(made: Clean, study) -> bytes:
    """Answers under their labels, as ordered categories; the codes stand in the metadata of each column."""
    answers, columns = made.answers, {}
    for name in answers.frame:
        columns[name] = _labelled(answers.frame[name], answers.variables[name], made.roles[name])
    table = pa.Table.from_pandas(pd.DataFrame(columns, index=answers.frame.index), preserve_index=False)
    fields = [field.with_metadata(_metadata(made, field.name)) for field in table.schema]
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(table.columns, schema=pa.schema(fields, table.schema.metadata)), stream)
    return stream.getvalue()


def _labelled(cells: pd.Series, variable, role: str) -> pd.Series:
    if (role in (*CODED, "persona") and variable.labels) or variable.order:
        words = cells.astype(object).map(lambda c: variable.labels.get(code(c), code(c)), na_action="ignore")
        order = variable.order or tuple(variable.labels)
        categories = dict.fromkeys(variable.labels.get(c, c) for c in order)
        return pd.Series(pd.Categorical(words, categories=list(categories), ordered=True), index=cells.index)
    return cells.astype("str") if cells.dtype == object else cells


def _metadata(made: Clean, name: str) -> dict[str, str]:
    variable = made.answers.variables[name]
    told = {"text": variable.text, "option": variable.option, "role": made.roles[name]}
    told |= {"labels": json.dumps(variable.labels, ensure_ascii=False)} if variable.labels else {}
    told |= {"missing": json.dumps(variable.missing, ensure_ascii=False)} if variable.missing else {}
    return {key: words for key, words in told.items() if words}


CHECKS = {".sav": sav_out.check_fits, ".xlsx": xlsx_out.check_fits}
WRITERS = {".sav": _sav, ".parquet": _parquet, ".csv": _csv, ".xlsx": _xlsx}
