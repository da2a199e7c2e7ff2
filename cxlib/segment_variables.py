"""What segments are made of: each variable a category or a number, and every decision about it in the open.

Answers that nobody can use (far-out numbers, answers that hardly anyone gave) count as missing or are put together, and
a variable that says nothing about groups is refused; each such decision is a row of a frame.
"""

from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd

from cxlib import text
from cxlib.errors import CxError, nearest
from cxlib.language import noted, tr
from cxlib.segment_numbers import ALIKE, decided, plain

ENOUGH = 20  # answers from which on an identifier can be told
DISTINCT_TEXTS, DISTINCT_NUMBERS = 0.9, 0.99  # of the answers to an identifier
FLAT = 2.2  # kurtosis: codes spread evenly (1.8), amounts gather about a middle (3 where they are normal)
DENSE = 3  # places an answer between the least and the greatest of running numbers
MANY_RARE = 100  # different answers of text that hardly anyone gave: an open question, or dates
OTHER = noted("other")
HUGE = 2.0**63  # numbers from here on count as infinite
SHOWN = 5  # answers given as examples
PRIVATE = 5  # respondents: an answer that fewer gave might tell who they are, and is neither shown nor saved


@dataclass(frozen=True)
class Variable:
    """One variable as it is modelled: a category with its levels, or a number with its scale."""

    name: str  # the frame's column
    kind: str  # "category" or "number"
    levels: tuple[str, ...] = ()  # of a category: its answers as text, in order
    edges: tuple[float, ...] = ()  # of a number cut into bands: where each band but the first begins
    log: bool = False  # of a number: log(1 + x) is modelled
    center: float = 0.0  # of the (logged) number, which is modelled as (x - center) / scale
    scale: float = 1.0
    low: float = -np.inf  # of a number, in its own unit: beyond it an answer counts as missing
    high: float = np.inf
    rare: tuple[str, ...] = ()  # of a category: answers too rare for a level: "other" where that is one, else missing
    unlisted: bool = False  # of a category: whether there were answers of fewer than 5, which `rare` leaves out


def describe(frame, variables, *, weights=None) -> tuple[list[Variable], pd.DataFrame]:
    """How each of these columns is modelled, and what was decided about it.

    `frame` is any that narwhals knows; `weights` names a column. Columns of text, labels, True and False, or of ten
    different numbers at most are categories; other numbers are numbers, of which log(1 + x) is modelled where they are
    skewed and never negative, or bands where more than 15% have the same. Answers of fewer than 1% or 10 respondents
    (5% of a small sample) are put together as "other", or count as missing where they are few even so; of numbers they
    join their neighbour. Numbers beyond 3 interquartile ranges of the quartiles, on the modelled scale, count as
    missing, unless more than 2% are; infinite ones always.

    The frame of decisions has, in the order of the variables, the columns variable, rows (how many it concerns),
    decision (a sentence) and example, which never is an answer that fewer than 5 respondents gave. Raises CxError for a
    column that is not there, named twice, constant, without answers, a date, an identifier (nearly all its values
    differ), or text that hardly two respondents share.
    """
    names = list(variables)
    table = answers_of(frame, [*names, *([weights] if weights is not None else [])])
    for name in names:
        if names.count(name) > 1:
            raise CxError(f"a variable counts once; {name} is named {names.count(name)} times")
        if refused := _refused(name, table[name]):
            raise CxError("".join(refused))
    w = np.ones(len(table)) if weights is None else table[weights].to_numpy(float)
    found, rows = [], []
    for name in names:
        fields, told = _number(table[name], w) if _is_number(table[name]) else _category(table[name])
        blank = int(table[name].isna().sum())
        told += [(blank, tr("missing answers stay missing"), "")] if blank else []
        found.append(Variable(name, **fields))
        rows += [(name, *row) for row in told]
    return found, _decisions(rows)


def usable(frame, candidates) -> tuple[list[str], pd.DataFrame]:
    """The candidates that describe() does not refuse, and a row of decisions for each of the others."""
    table = answers_of(frame, candidates)
    refused = {name: _refused(name, table[name]) for name in candidates}
    # A value of an identifier singles out a respondent: no example is given.
    rows = [(name, len(table), tr("left out: {why}", why=why[0]), "") for name, why in refused.items() if why]
    return [name for name in candidates if not refused[name]], _decisions(rows)


def code(variables, frame, *, strict=True) -> tuple[np.ndarray, np.ndarray]:
    """The answers as numbers: codes of the categories (n x C, -1 missing) and scaled numbers (n x M, nan missing).

    A variable whose column is not in `frame` counts as missing. Raises CxError where none is there, for text in the
    column of a number, and for an answer that is no level of its category; where not `strict`, both count as missing.
    Of a category that had answers of fewer than 5 respondents, which nobody keeps, any such answer counts as rare.
    """
    known, names = columns_of(frame), [variable.name for variable in variables]
    there = [name for name in names if name in known]
    if not there:
        raise CxError(f"one of {', '.join(names)} must be a column; none of {len(names)} is{nearest(names[0], known)}")
    table = answers_of(frame, there)
    codes, numbers = [], []
    for variable in variables:
        answers = table[variable.name] if variable.name in there else pd.Series(np.nan, index=table.index)
        coded = _places if variable.kind == "category" and not variable.edges else _scaled
        (codes if variable.kind == "category" else numbers).append(coded(variable, answers, strict))
    shapes = (len(codes), len(table)), (len(numbers), len(table))
    return np.reshape(codes, shapes[0]).astype(int).T, np.reshape(numbers, shapes[1]).astype(float).T


def levels_of(variables) -> list[int]:
    """The number of levels of each category, in order."""
    return [len(variable.levels) for variable in variables if variable.kind == "category"]


def columns_of(frame) -> list[str]:
    """The names of a frame's columns."""
    return nw.from_native(frame).collect_schema().names()


def answers_of(frame, names) -> pd.DataFrame:
    """These columns as a pandas frame, infinite numbers missing; CxError for one that is not there."""
    known = columns_of(frame)
    for name in names:
        if name not in known:
            raise CxError(f"there is no column {name} among the {len(known)} given{nearest(name, known)}")
    wanted = nw.from_native(frame).select(list(dict.fromkeys(names)))
    table = (wanted.collect() if isinstance(wanted, nw.LazyFrame) else wanted).to_pandas().copy()
    for name in [name for name in table if pd.api.types.is_float_dtype(table[name])]:
        table[name] = table[name].where(table[name].abs() < HUGE)
    return table


def as_numbers(variable: Variable, answers: pd.Series) -> np.ndarray:
    """The answers to a number in its own unit, nan where missing, no number, or far out."""
    x = pd.to_numeric(answers.astype(object), errors="coerce").to_numpy(float, na_value=np.nan)
    return np.where((x < variable.low) | (x > variable.high) | (variable.log & (x < 0)), np.nan, x)


def _scaled(variable: Variable, answers: pd.Series, strict: bool) -> np.ndarray:
    """The number as it is modelled: scaled, nan where missing; or its band, -1 where missing."""
    worded = answers.notna().to_numpy() & pd.to_numeric(answers.astype(object), errors="coerce").isna().to_numpy()
    if worded.any() and strict:
        first = int(worded.argmax())
        example = f"{answers.iloc[first]} in row {first + 1}"
        raise CxError(f"answers to {variable.name} must be numbers; {worded.sum():,} are not, e.g. {example}")
    x = as_numbers(variable, answers)
    if variable.edges:
        return np.where(np.isnan(x), -1, np.searchsorted(variable.edges, x, side="right"))
    return ((np.log1p(x) if variable.log else x) - variable.center) / variable.scale


def _places(variable: Variable, answers: pd.Series, strict: bool) -> np.ndarray:
    """The place of each answer among the levels, -1 where it is missing or too rare."""
    number, words = _words(answers)
    rare = variable.levels.index(OTHER) if OTHER in variable.levels else -1
    places = dict.fromkeys(variable.rare, rare) | {level: i for i, level in enumerate(variable.levels)}
    if variable.unlisted:
        places = dict.fromkeys(words, rare) | places
    strange = np.isin(number, [i for i, word in enumerate(words) if word not in places])
    if strange.any() and strict:
        first = int(strange.argmax())
        raise CxError(
            f"answers to {variable.name} must be among {', '.join(variable.levels)}; {strange.sum():,} are not, "
            f"e.g. {words[number[first]]} in row {first + 1}"
        )
    return np.array([*(places.get(word, -1) for word in words), -1])[number]


def _words(answers: pd.Series) -> tuple[np.ndarray, list[str]]:
    """The number of each answer's word, -1 where it is missing, and the words; 1, 1.0 and "1" are one."""
    number, values = pd.factorize(answers.astype(object), use_na_sentinel=True)
    spelled = [plain(v) if isinstance(v, (int, float, np.number)) else str(v) for v in values]
    words = list(dict.fromkeys(spelled))
    return np.array([*(words.index(word) for word in spelled), -1])[number], words


def _is_number(answers: pd.Series) -> bool:
    """Whether a column holds numbers other than True and False."""
    kind = answers.dropna().infer_objects().dtype if answers.dtype == object else answers.dtype
    return pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)


def _refused(name: str, answers: pd.Series) -> tuple[str, str] | None:
    """Why a column says nothing about groups, and an example; None where it may."""
    given = answers.dropna()
    n = len(given)
    if not n:
        return tr("a variable needs answers; all {n} to {name} are missing", n=text.number(len(answers)), name=name), ""
    if isinstance(given.iloc[0], (list, dict, set, np.ndarray)):
        told = tr("a variable is a category or a number; {name} holds several values in a row", name=name)
        return told, f", e.g. {given.iloc[0]}"
    different = given.nunique()
    if different == 1 or (_is_number(answers) and np.ptp(given.to_numpy(dtype=float)) <= ALIKE):
        only = _words(given[:1])[1][0]
        return tr(
            "a variable must vary; all {n} answers to {name} are {only}", n=text.number(n), name=name, only=only
        ), ""
    example = f", e.g. {given.iloc[0]}"
    if pd.api.types.is_datetime64_any_dtype(answers) or pd.api.types.is_timedelta64_dtype(answers):
        told = tr(
            "a variable is a category or a number; all {n} answers to {name} are dates or times",
            n=text.number(n),
            name=name,
        )
        return told, example
    if _is_identifier(given):
        told = tr(
            "a variable is shared by many; {name} has {values} values in {n} rows: an identifier",
            name=name,
            values=text.number(different),
            n=text.number(n),
        )
        return told, example
    if not _is_number(answers):
        rare = given.astype(object).value_counts() < _least(n)
        if rare.all() or (rare.sum() > MANY_RARE and not isinstance(answers.dtype, pd.CategoricalDtype)):
            told = tr(
                "a category has few answers that many give; {name} has {answers}, and {rare} of them are given by "
                "fewer than {least}",
                name=name,
                answers=text.number(different),
                rare=text.number(rare.sum()),
                least=text.number(_least(n)),
            )
            return told, example
    return None


def _is_identifier(given: pd.Series) -> bool:
    """Whether nearly all values differ: texts, or whole numbers that run on or spread evenly, as amounts do not."""
    if len(given) < ENOUGH or given.nunique() < DISTINCT_TEXTS * len(given):
        return False
    if not _is_number(given):
        return True
    x = given.to_numpy(dtype=float)
    if given.nunique() < DISTINCT_NUMBERS * len(given) or (x % 1 != 0).any():
        return False
    return bool(np.ptp(x) <= DENSE * len(x) or (((x - x.mean()) / x.std()) ** 4).mean() < FLAT)


def _least(n: int) -> float:
    """How many respondents a level needs: 1% of them, and 10 or 5%, whichever is less."""
    return max(0.01 * n, min(10, 0.05 * n))


def _number(answers: pd.Series, w: np.ndarray) -> tuple[dict, list[tuple]]:
    """The fields of a variable of numbers, and its decisions."""
    x = answers.astype(object).to_numpy(dtype=float, na_value=np.nan)
    return decided(x, w, _least(int((~np.isnan(x)).sum())))


def _category(answers: pd.Series) -> tuple[dict, list[tuple]]:
    """The fields of a category, and its decisions."""
    number, words = _words(answers)
    counts = dict(zip(words, np.bincount(number[number >= 0], minlength=len(words)).tolist(), strict=True))
    n, order = sum(counts.values()), sorted(words)
    if isinstance(answers.dtype, pd.CategoricalDtype):
        order = _words(pd.Series(answers.cat.categories, dtype=object))[1]
    few = [word for word in words if counts[word] < _least(n)] if len(words) > 2 else []
    rare = [word for word in order if word in few or word not in counts]  # the latter are labels that nobody gave
    levels, told, left = [word for word in order if word not in rare], [], sum(counts[word] for word in few)
    hidden = [word for word in few if counts[word] < PRIVATE]
    shown = [f"{word} ({counts[word]})" for word in rare if word in few and word not in hidden][:SHOWN]
    shown += [tr("{n} of fewer than {least}", n=len(hidden), least=PRIVATE)] if hidden else []
    rare = [word for word in rare if word not in hidden]
    together = left >= _least(n) or len(levels) < 2
    if few:
        levels = [*(level for level in levels if level != OTHER), OTHER] if together else levels
        least = text.number(_least(n))
        if together:
            what = tr(
                "answers of fewer than {n} respondents each are put together as {other}", n=least, other=tr(OTHER)
            )
        else:
            what = tr("answers of fewer than {n} respondents each count as missing", n=least)
        told = [(left, what, ", ".join(shown))]
    kept = n if together or not few else n - left
    named = [level for level in levels if counts.get(level, PRIVATE) >= PRIVATE][:SHOWN]
    named = [tr(OTHER) if level == OTHER else level for level in named]
    first = (kept, tr("taken as a category of {n} answers", n=len(levels)), "; ".join(named))
    fields = {"kind": "category", "levels": tuple(levels), "rare": tuple(rare), "unlisted": bool(hidden)}
    return fields, [first, *told]


def _decisions(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["variable", "rows", "decision", "example"]).astype({"rows": int})
