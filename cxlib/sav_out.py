"""Clean answers as an SPSS file: names that SPSS allows, labels, declared missing codes, levels of measurement."""

import tempfile
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd

from cxlib.answers import Variable
from cxlib.clean_answers import RATED, Clean, is_number
from cxlib.errors import CxError
from cxlib.readers import by_value

# What an SPSS file holds of a name, labels, a text and a missing code that is text, in bytes of UTF-8.
NAME, LABEL, VALUE_LABEL, TEXT, MISSING_TEXT = 64, 256, 120, 32_767, 8
MISSING = 3  # codes of a variable that can stand for no answer, or a range and a code
RESERVED = {"ALL", "AND", "BY", "EQ", "GE", "GT", "LE", "LT", "NE", "NOT", "OR", "TO", "WITH"}
STAMP, MADE = slice(92, 109), b"01 Jan 0000:00:00"  # when it was written, in its header; equal answers, equal bytes


def sav(clean: Clean) -> bytes:
    """The clean answers as an SPSS file: codes, their labels, and declared missing codes as user-missing values.

    Derived groups are numbered in their order. What finds no place as it is, notes() tells.
    Raises CxError for a text longer than SPSS can hold.
    """
    import pyreadstat

    check_fits(clean.answers.frame)
    names, columns = legal_names(clean.answers.frame), {}
    labels, values, missing, measures, formats = {}, {}, {}, {}, {}
    for column, name in names.items():
        variable = clean.answers.variables[column]
        cells, given = _stored(clean.answers.frame[column], variable)
        codes, ranges = _missing(cells, variable, clean.missing.get(column))
        columns[name] = _filled(cells, codes)
        labels[name] = cut(_wording(variable), LABEL)
        if given:
            values[name] = {code: cut(words, VALUE_LABEL) for code, words in given.items()}
        if ranges:
            missing[name] = ranges
        measures[name] = _measure(clean, column)
        if pd.api.types.is_numeric_dtype(cells):
            formats[name] = _format(columns[name])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clean.sav"
        pyreadstat.write_sav(
            pd.DataFrame(columns, index=clean.answers.frame.index),
            path,
            column_labels=labels,
            variable_value_labels=values,
            missing_ranges=missing,
            variable_measure=measures,
            variable_format=formats,
        )
        content = bytearray(path.read_bytes())
    content[STAMP] = MADE
    return bytes(content)


def notes(clean: Clean) -> list[str]:
    """What an SPSS file says otherwise than the codebook: names, labels that are cut, missing codes without a place."""
    frame, variables = clean.answers.frame, clean.answers.variables
    renamed = [f"{column} is {name}" for column, name in legal_names(frame).items() if name != column]
    long = [c for c in frame if len(_wording(variables[c]).encode()) > LABEL
            or any(len(words.encode()) > VALUE_LABEL for words in variables[c].labels.values())]  # fmt: skip
    told = [f"SPSS allows no such names: {', '.join(renamed)}"] if renamed else []
    told += [f"cut to what SPSS holds: labels of {', '.join(long)}"] if long else []
    for column, codes in clean.missing.items():
        kept, _ = _missing(_stored(frame[column], variables[column])[0], variables[column], codes)
        lost = sorted(set(codes.dropna()) - set(kept.dropna()))
        if lost:
            told.append(
                f"{column}: {', '.join(lost)} stood for no answer in {codes.isin(lost).sum():,} rows and is written as "
                f"blank; SPSS holds {MISSING} missing codes of a variable, numbers in a column of numbers"
            )
    return told


def check_fits(frame: pd.DataFrame) -> None:
    """That SPSS can hold every text; CxError where it cannot."""
    for name in frame:
        if pd.api.types.is_numeric_dtype(frame[name]) or isinstance(frame[name].dtype, pd.CategoricalDtype):
            continue
        sizes = frame[name].map(lambda value: len(str(value).encode()), na_action="ignore").fillna(0).to_numpy(int)
        if (sizes > TEXT).any():
            row = int(np.argmax(sizes > TEXT))
            raise CxError(
                f"a text of SPSS holds {TEXT:,} bytes; {name} has more in {(sizes > TEXT).sum():,} rows, e.g. "
                f"{sizes[row]:,} in row {row + 1}: write .parquet or .csv instead"
            )


def legal_names(columns) -> dict[str, str]:
    """The names of these columns in SPSS: they begin with a letter, hold letters, digits and . _ @ # $, and differ.

    SPSS knows no difference of capital letters, and takes 64 bytes.
    """
    names, taken = {}, set()
    for column in columns:
        letters = unicodedata.normalize("NFC", column)
        name = "".join(c if _letter(c) or c in "0123456789._@#$" else "_" for c in letters)
        if not name[:1] or not _letter(name[0]) or name.upper() in RESERVED:
            name = f"v_{name}"
        name, number = _trimmed(name, NAME), 1
        while (name if number == 1 else f"{_trimmed(name, NAME - 6)}_{number}").casefold() in taken:
            number += 1
        names[column] = name if number == 1 else f"{_trimmed(name, NAME - 6)}_{number}"
        taken.add(names[column].casefold())
    return names


def _letter(sign: str) -> bool:
    return unicodedata.category(sign) in ("Lu", "Ll", "Lo")


def _trimmed(name: str, size: int) -> str:
    """The name in so many bytes, without a point or dash at its end."""
    return name.encode()[:size].decode(errors="ignore").rstrip("._") or "v"


def cut(words: str, size: int) -> str:
    """A text in so many bytes, one that is longer with … at its end."""
    if len(words.encode()) <= size:
        return words
    return words.encode()[: size - len("…".encode())].decode(errors="ignore").rstrip() + "…"


def _wording(variable: Variable) -> str:
    return " · ".join(part for part in (variable.text, variable.option) if part)


def _stored(cells: pd.Series, variable: Variable) -> tuple[pd.Series, dict]:
    """A column as SPSS stores it, and the labels of its codes; groups become numbers in their order."""
    if isinstance(cells.dtype, pd.CategoricalDtype):
        places = cells.cat.codes.astype(float) + 1
        return places.where(places > 0), {float(i): str(words) for i, words in enumerate(cells.cat.categories, 1)}
    if pd.api.types.is_datetime64_any_dtype(cells):
        return cells, {}
    if pd.api.types.is_numeric_dtype(cells):
        return cells.astype(float), {float(c): words for c, words in variable.labels.items() if is_number(c)}
    return by_value(cells, lambda value: "" if value is None else str(value)), dict(variable.labels)


def _filled(cells: pd.Series, codes: pd.Series | None) -> pd.Series:
    """The column with declared missing codes where they stood."""
    if codes is None:
        return cells
    return cells.mask(codes.notna(), codes.astype(float) if pd.api.types.is_numeric_dtype(cells) else codes)


def _missing(cells: pd.Series, variable: Variable, codes: pd.Series | None) -> tuple[pd.Series | None, list]:
    """The missing codes of each row that SPSS can hold, and how they are declared."""
    numeric = pd.api.types.is_numeric_dtype(cells)
    fitting = [c for c in variable.missing if (is_number(c) if numeric else len(c.encode()) <= MISSING_TEXT)]
    found = set() if codes is None else set(codes.dropna())
    for chosen in (fitting, [c for c in fitting if c in found]):
        declared = _ranges(sorted(map(float, chosen)), cells, variable) if numeric else chosen
        if declared is not None and (numeric or len(declared) <= MISSING):
            break
    else:
        often = codes.value_counts()
        kept = sorted(chosen, key=lambda c: -often[c])[:MISSING]
        chosen = [c for c in chosen if c in kept]
        declared = sorted(map(float, chosen)) if numeric else chosen
    return None if codes is None else codes.where(codes.isin(chosen)), declared


def _ranges(codes: list[float], cells: pd.Series, variable: Variable) -> list | None:
    """Missing codes as SPSS declares them: three at most, or a range without an answer in it, and one; else None."""
    if len(codes) <= MISSING:
        return codes
    answers = [*cells.dropna().unique(), *(float(c) for c in variable.labels if is_number(c))]
    valid = np.array([value for value in answers if value not in codes])
    for alone in (None, codes[0], codes[-1]):
        rest = [value for value in codes if value != alone]
        if not ((valid >= rest[0]) & (valid <= rest[-1])).any():
            return [{"lo": rest[0], "hi": rest[-1]}, *([alone] if alone is not None else [])]
    return None


def _measure(clean: Clean, column: str) -> str:
    cells, role = clean.answers.frame[column], clean.roles[column]
    if role in RATED or isinstance(cells.dtype, pd.CategoricalDtype):
        return "ordinal"
    whole = clean.answers.variables[column].labels
    return "scale" if pd.api.types.is_any_real_numeric_dtype(cells) and not whole else "nominal"


def _format(cells: pd.Series) -> str:
    """How numbers are shown: whole ones without decimals."""
    held = cells.dropna()
    if (held % 1 == 0).all():
        return f"F{max(8, len(f'{held.abs().max():.0f}') + 1) if len(held) else 8}.0"
    return "F16.4"
