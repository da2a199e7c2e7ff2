"""From columns of a frame to what a model is fitted on: outcome, terms, weights and the design behind them.

A driver of numbers is one term, as it is. A driver of categories is a term for each category but the first, named
driver[category], 1 in that category and 0 elsewhere. Rows are tallied first: respondents with the same answers are one
row with their number and weights, so that any frame that narwhals knows will do. Whoever left out the outcome or a
driver is left out of the model, and counted; the design stays that of the whole sample.
"""

from dataclasses import dataclass, replace

import narwhals as nw
import numpy as np
import pandas as pd

from cxlib.counts import as_list, tally
from cxlib.errors import CxError
from cxlib.language import noted, tr
from cxlib.scores import design_texts
from cxlib.text import number
from cxlib.variance import Domains, linearise

# Standardised terms whose correlation matrix has an eigenvalue below this follow from one another.
DEPENDENT = 1e-10
# Answers that differ by less are taken for alike: variances per unit of them could not be computed.
LEAST = 1e-100
# What the errors of a fit are called (Errors.name), in the texts of methods.
ERRORS = (noted("design-based errors"), noted("errors by the likelihood's information"))


@dataclass(frozen=True)
class Sample:
    """What a model is fitted on: M rows in use of a tally, p terms, and the design of the whole sample."""

    outcome: str
    drivers: list[str]
    terms: list[str]
    owner: list[str]  # the driver of each term
    table: pd.DataFrame  # the tally, all its rows
    used: np.ndarray  # which of them are in the model
    levels: dict[str, list[str]]  # the categories of columns that are no numbers, in order
    x: np.ndarray  # M x p
    weighted: bool
    domains: Domains  # the rows in use as a domain of the sample
    where: str = ""  # the segment that the model is confined to, in words

    @property
    def w(self) -> np.ndarray:
        """The sum of weights of each row in use."""
        return self.table["w"].to_numpy(float)[self.used]

    @property
    def rows(self) -> np.ndarray:
        """The number of respondents of each row in use."""
        return self.table["n"].to_numpy(float)[self.used]

    @property
    def n(self) -> int:
        """Respondents in the model."""
        return int(self.domains.n[0])

    @property
    def left_out(self) -> int:
        """Respondents without an answer to the outcome or a driver."""
        return int(self.table["n"].sum()) - self.n

    @property
    def design_given(self) -> bool:
        """Whether weights, strata or clusters are there."""
        design = self.domains.design
        return self.weighted or len(design.size) > 1 or len(design.home) > 0

    @property
    def text(self) -> str:
        """Base and design in words, for a method text."""
        base = f"n = {number(self.n)}"
        if self.left_out:
            base = tr("{base} ({left} left out for a missing answer)", base=base, left=number(self.left_out))
        return f"{base}{self.where}; {design_texts(self.domains, self.weighted)[0]}"

    def column(self, name: str) -> pd.Series:
        """The answers to a column in the rows in use."""
        return self.table.loc[self.used, name]


def read(
    frame, outcome: str, drivers, *, weights=None, strata=None, clusters=None, fpc=None, calibration=None, by=(),
    also=(),
) -> Sample:  # fmt: skip
    """The sample behind a model of `outcome` on `drivers`; all arguments name columns, `by` further ones to keep.

    Respondents without an answer to the outcome, a driver or a column of `also` are left out. Raises CxError for
    columns that are missing, text among numbers, infinite, constant, without answers or with an empty category; for
    drivers that follow from one another; for more terms than respondents.
    """
    drivers = as_list(drivers)
    _check_names(outcome, drivers, weights)
    kept = [name for name in dict.fromkeys([*drivers, *as_list(by)]) if name != outcome]
    # A data frame of many columns is slow to say what they hold; only these matter.
    looked = frame.filter(items=[outcome, *kept]) if isinstance(frame, pd.DataFrame) else frame
    levels = {name: found for name in [outcome, *kept] if (found := _declared(looked, name)) is not None}
    _check_kinds(looked, [outcome, *kept])
    design = {"strata": strata, "clusters": clusters, "fpc": fpc, "calibration": calibration}
    table = tally(frame, outcome, by=kept, weights=weights, **design)
    for name in [outcome, *kept]:
        if name not in levels and not pd.api.types.is_numeric_dtype(table[name]):
            levels[name] = _categories(table, name)
    asked = [outcome, *drivers, *as_list(also)]
    for name in asked:
        if not table[name].notna().any():
            raise CxError(f"a model needs answers; all {table['n'].sum():,.0f} to {name} are missing")
    used = table[asked].notna().all(axis=1).to_numpy() & (table["w"] > 0).to_numpy()
    if not used.any():
        raise CxError(f"a model needs respondents who answered all of {', '.join(asked)}; there is none")
    domains = linearise(table, np.where(used, 0.0, np.nan), **design)
    empty = np.empty((0, 0))
    return _with_terms(Sample(outcome, drivers, [], [], table, used, levels, empty, weights is not None, domains))


def within(whole: Sample, column: str, value: str) -> Sample:
    """The same sample, the model confined to respondents whose `column` is `value`; the design stays whole."""
    used = whole.used & (whole.table[column].astype(str) == value).to_numpy(bool)
    if not used.any():
        raise CxError(f"a model needs respondents; {column} {value} has none who answered all")
    y = np.where(used, 0.0, np.nan)
    where = f", {column} {value}"
    domains = linearise(whole.table, y, design=whole.domains.design)
    return _with_terms(replace(whole, used=used, domains=domains, where=where))


def _terms_of(sample: Sample, name: str) -> tuple[np.ndarray, list[str]]:
    """The columns of a driver's terms, and their names."""
    answers = sample.column(name)
    if name not in sample.levels:
        return answers.to_numpy(float)[:, None], [name]
    levels, answers = sample.levels[name], answers.astype(str)
    for level in levels:
        if not (answers == level).any():
            n, given = sample.table["n"][sample.table[name].astype(str) == level].sum(), sample.where
            raise CxError(
                f"every category of a driver needs respondents in the model; {name} has none in {level}{given} "
                f"({n:,} before missing answers are left out); merge it with another or remove it"
            )
    found = (
        np.column_stack([answers == level for level in levels[1:]]) if len(levels) > 1 else np.ones((len(answers), 1))
    )
    return found.astype(float), [f"{name}[{level}]" for level in levels[1:]] or [name]


def _check_names(outcome, drivers: list[str], weights) -> None:
    if not isinstance(outcome, str):
        raise CxError(f"the outcome is the name of a column; found {type(outcome).__name__}")
    if weights is not None and not isinstance(weights, str):
        raise CxError(f"weights name a column of the frame; found {len(weights)} values ({type(weights).__name__})")
    if not drivers:
        raise CxError(f"a model needs at least one driver; none is named beside {outcome}")
    for name in drivers:
        if name == outcome:
            raise CxError(f"the outcome cannot be a driver of itself; {name} is named as both")
        if drivers.count(name) > 1:
            raise CxError(f"a driver counts once; {name} is named {drivers.count(name)} times")


def _check_kinds(frame, names: list[str]) -> None:
    """CxError for dates, infinite numbers, and greater ones than a tally, whose whole numbers have 64 bits, holds."""
    data = nw.from_native(frame)
    schema = data.collect_schema()
    for name in names:
        if name in schema and schema[name].is_temporal():
            raise CxError(f"a model takes numbers and categories; column {name} holds dates or times ({schema[name]})")
    floats = [name for name in names if name in schema and schema[name].is_float()]
    if not floats:
        return
    infinite = [(nw.col(name).fill_nan(0.0).abs() >= 2.0**63).any().alias(name) for name in floats]
    found = data.select(*infinite)
    found = (found.collect() if isinstance(found, nw.LazyFrame) else found).to_dict(as_series=False)
    for name in floats:
        if found[name][0]:
            raise CxError(f"answers must be finite numbers; column {name} holds an infinite one, or one over 9e18")


def _declared(frame, name: str) -> list[str] | None:
    """The categories that a column declares, in order; None where it declares none."""
    data = nw.from_native(frame)
    dtype = data.collect_schema().get(name)
    if isinstance(dtype, nw.Enum):
        return [str(category) for category in dtype.categories]
    if isinstance(dtype, nw.Categorical) and isinstance(frame, pd.DataFrame):
        return [str(category) for category in frame[name].cat.categories]
    return None


def is_ordered(frame, name: str) -> bool:
    """Whether a column declares categories in an order, or holds numbers."""
    dtype = nw.from_native(frame).collect_schema().get(name)
    return dtype is None or isinstance(dtype, nw.Enum) or dtype.is_numeric() or dtype == nw.Boolean


def _categories(table: pd.DataFrame, name: str) -> list[str]:
    """The categories of a column of text, sorted; text among numbers is refused."""
    answers = table[name].dropna()
    parsed = pd.to_numeric(answers.astype(str), errors="coerce")
    if parsed.notna().any():
        text = table.loc[answers.index[parsed.isna()], "n"].sum()
        example = answers[parsed.isna()].iloc[0] if text else answers.iloc[0]
        many = f"{text:,.0f} of {table.loc[answers.index, 'n'].sum():,.0f} answers are text" if text else "all are text"
        raise CxError(f"ratings must be numbers, categories an ordered categorical; in {name} {many}, e.g. {example!r}")
    return sorted(answers.astype(str).unique())


def _with_terms(sample: Sample) -> Sample:
    """The sample with its terms, after making sure that a model of them has one solution."""
    columns, names, owner = [], [], []
    for driver in sample.drivers:
        x, terms = _terms_of(sample, driver)
        if np.ptp(x, axis=0).max() <= LEAST:
            value = sample.column(driver).iloc[0]
            raise CxError(f"a driver must vary; all {sample.n:,} answers to {driver} are {value}{sample.where}")
        columns.append(x)
        names += terms
        owner += [driver] * len(terms)
    x = np.column_stack(columns)
    if x.shape[1] + 1 >= sample.n:
        raise CxError(
            f"a model needs more respondents than coefficients; {sample.n:,} answered all drivers, which make "
            f"{x.shape[1]} terms and a constant{sample.where}"
        )
    check_independence(x, sample.w, names)
    return replace(sample, x=x, terms=names, owner=owner)


def check_independence(x: np.ndarray, w: np.ndarray, names: list[str]) -> None:
    """Refuse terms that follow from others, and name them."""
    z = standardised(x, w)[0] * np.sqrt(w / w.sum())[:, None]
    r = z.T @ z
    values, vectors = np.linalg.eigh(r)
    if values[0] > DEPENDENT:
        return
    for i, j in np.argwhere(np.triu(np.abs(r) > 1 - DEPENDENT, 1)):
        raise CxError(f"drivers must differ; {names[i]} and {names[j]} say the same (correlation {r[i, j]:+.3f})")
    same = [name for name, part in zip(names, vectors[:, 0], strict=True) if abs(part) > 1e-4]
    raise CxError(f"drivers must not follow from one another; each of {', '.join(same)} is given by the others")


def standardised(x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The terms less their weighted means, over their standard deviations; the means; the deviations."""
    centre = w @ x / w.sum()
    size = np.abs(x - centre).max(axis=0)
    size = np.where(size > 0, size, 1.0)  # squares of very small and very large numbers would be 0 and infinite
    scale = size * np.sqrt(w @ ((x - centre) / size) ** 2 / w.sum())
    return (x - centre) / scale, centre, scale
