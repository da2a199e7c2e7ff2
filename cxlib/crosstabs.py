"""Are two questions related? A crosstab with the chi-square test of Rao and Scott, which knows the sample's design."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import special

from cxlib.banner_lines import counted
from cxlib.calibration import LEFT
from cxlib.calls import told
from cxlib.counts import columns_in, tally
from cxlib.design import Design, design_of
from cxlib.errors import CxError
from cxlib.language import tr
from cxlib.scores import estimates
from cxlib.shown import Shown
from cxlib.variance import linearise

SPARSE = 5  # expected answers in a cell, on the effective base, under which the test is only approximate


@dataclass(frozen=True)
class Tested:
    """The test of whether two questions are related.

    statistic: Rao and Scott's F; df: its two degrees of freedom; p; n: respondents who answered both; n_effective;
    method.
    """

    statistic: float
    df: tuple[float, float]
    p: float
    n: int
    n_effective: float
    method: str


@dataclass(frozen=True, repr=False)
class Crosstab(Shown, Tested):
    """Two questions by each other, and the test of whether they are related (the fields of Tested).

    table: a row per row answer and column: rows, columns, estimate (percent of the column), low, high, se, n (of the
    column), n_weighted, n_effective.
    """

    table: pd.DataFrame


@told
def crosstab(
    frame, rows: str, columns: str, *, weights=None, strata=None, clusters=None, fpc=None, calibration=None,
    confidence=0.95,
) -> Crosstab:  # fmt: skip
    """Column percentages with intervals, and Pearson's chi-square with Rao and Scott's second-order correction.

    `frame` is any that tally() takes; all other arguments name columns. Respondents without an answer to both are
    left out, and the design stays whole. Without a design it is Pearson's test with an F in place of chi-square. Raises
    CxError where a question has a single answer. Where weights were calibrated to the crossing of both questions there
    is nothing to test, and F and p are nan. Sources: Rao and Scott, Annals of Statistics 12 (1984) 46-60;
    Thomas and Rao, Journal of the American Statistical Association 82 (1987) 630-636; R survey, svychisq().

    >>> from cxlib import Study, compare
    >>> study = Study.load("data/demo")
    >>> found = compare.crosstab(study.survey, "payment", "city", **study.design)
    >>> round(found.statistic, 2), round(found.p, 4)
    (2.54, 0.0647)
    """
    if rows == columns:
        raise CxError(f"a crosstab needs two questions; {rows} is given twice")
    design = {"strata": strata, "clusters": clusters, "fpc": fpc, "calibration": calibration}
    table = tally(frame, rows, by=columns, weights=weights, **design)
    both = (table[rows].notna() & table[columns].notna()).to_numpy()
    answers = [sorted(table.loc[both, name].unique().tolist()) for name in (rows, columns)]
    for name, given in zip((rows, columns), answers, strict=True):
        if len(given) < 2:
            only = f" ({given[0]})" if given else ""
            raise CxError(f"a crosstab needs at least two answers to each question; {name} has {len(given)}{only}")
    drawn = design_of(table, **design)
    order = [_order(frame, name, given) for name, given in zip((rows, columns), answers, strict=True)]
    place = [
        table[name].map({a: i for i, a in enumerate(given)}) for name, given in zip((rows, columns), order, strict=True)
    ]
    cell = np.where(both, place[0].fillna(0).astype(int) * len(order[1]) + place[1].fillna(0).astype(int), -1)
    n, w, w2 = (table[name].to_numpy(float) for name in ("n", "w", "w2"))
    test = _tested(n, w, w2, cell, (len(order[0]), len(order[1])), drawn)
    shares = _shares(table, rows, columns, order, both, drawn, weights is not None, confidence)
    return Crosstab(**vars(test), table=shares)


def related(
    frame: pd.DataFrame, pairs: Iterable[tuple[str, str]], *, weights=None, strata=None, clusters=None, fpc=None,
    calibration=None, least: int = 2,
) -> list[Tested | None]:  # fmt: skip
    """The tests of crosstab() for many `pairs` of questions, from the rows of a pandas frame, whose design is one.

    None where there is nothing to test: a question with a single answer, or fewer than `least` respondents who
    answered both. Arguments otherwise as in crosstab().
    """
    pairs = list(pairs)
    if not pairs:
        return []
    design = {"strata": strata, "clusters": clusters, "fpc": fpc, "calibration": calibration}
    tally(frame, pairs[0][0], weights=weights, **design)  # refuses weights that cannot be counted with
    table = counted(frame, columns_in(design), weights)
    drawn = design_of(table, **design)
    n, w, w2 = (table[name].to_numpy(float) for name in ("n", "w", "w2"))
    codes = {name: _codes(frame[name]) for pair in pairs for name in pair}
    found = []
    for row, column in ((codes[rows], codes[columns]) for rows, columns in pairs):
        both = (row >= 0) & (column >= 0)
        (row, height), (column, width) = _occurring(row, both), _occurring(column, both)
        enough = height > 1 and width > 1 and both.sum() >= least
        cell = np.where(both, row * width + column, -1)
        found.append(_tested(n, w, w2, cell, (height, width), drawn) if enough else None)
    return found


def _codes(answers: pd.Series) -> np.ndarray:
    """Each answer's number, in the order of a categorical column or else sorted; -1 where there is none."""
    if isinstance(answers.dtype, pd.CategoricalDtype):
        return answers.cat.codes.to_numpy(np.int64)
    return pd.factorize(answers, sort=True)[0].astype(np.int64)


def _occurring(codes: np.ndarray, among: np.ndarray) -> tuple[np.ndarray, int]:
    """The numbers of answers counted anew, of those that occur `among` some rows; and how many these are."""
    there = np.bincount(codes[among], minlength=codes.max(initial=-1) + 1) > 0
    return np.append(np.cumsum(there) - 1, -1)[codes], int(there.sum())


def _order(frame, name: str, given: list) -> list:
    """Answers in the order of a categorical column, else sorted."""
    if isinstance(frame, pd.DataFrame) and isinstance(frame[name].dtype, pd.CategoricalDtype):
        return [answer for answer in frame[name].cat.categories if answer in set(given)]
    return given


def _tested(n, w, w2, cell: np.ndarray, shape: tuple[int, int], drawn: Design) -> Tested:
    """The test of a crosstab of this shape, from the bases of rows whose `cell` is -1 where an answer is missing."""
    statistic, df, p, sparse = _rao_scott(n, w, w2, cell, shape, drawn)
    inside = cell >= 0
    kish = w[inside].sum() ** 2 / w2[inside].sum()
    method = tr("Pearson's chi-square, Rao-Scott second-order correction, F")
    if np.isnan(p):
        method = tr("no test: the weights' margins give the answers to both questions, without sampling error")
    if sparse:
        few = tr(
            "{sparse} of {cells} cells expect fewer than {least} answers: read with caution",
            sparse=sparse,
            cells=shape[0] * shape[1],
            least=SPARSE,
        )
        method = f"{method}; {few}"
    return Tested(statistic, df, p, int(n[inside].sum()), float(kish), method)


def _rao_scott(n, w, w2, cell: np.ndarray, shape: tuple[int, int], drawn: Design) -> tuple:
    """F, its degrees of freedom, p, and how many cells expect few answers."""
    if drawn.margins is None:
        # Only margins say something of those who did not answer: without them their rows are left out, to save time.
        here = cell >= 0
        n, w, w2, cell = n[here], w[here], w2[here], cell[here]
        drawn = replace(drawn, stratum=drawn.stratum[here], cluster=drawn.cluster[here])
    inside = cell >= 0
    size = shape[0] * shape[1]
    share = np.bincount(cell[inside], w[inside], size) / w[inside].sum()
    table_of = share.reshape(shape)
    expected = np.outer(table_of.sum(axis=1), table_of.sum(axis=0))
    count = n[inside].sum()
    pearson = count * ((table_of - expected) ** 2 / expected).sum()

    # The interaction's contrasts, orthogonal to both questions' main effects.
    row, column = np.divmod(np.arange(size), shape[1])
    main = np.column_stack([np.ones(size), np.eye(shape[0])[row][:, 1:], np.eye(shape[1])[column][:, 1:]])
    both = (np.eye(shape[0])[row][:, 1:, None] * np.eye(shape[1])[column][:, None, 1:]).reshape(size, -1)
    contrast = both - main @ np.linalg.lstsq(main, both, rcond=None)[0]
    inverse = np.where(share > 0, 1 / np.where(share > 0, share, 1.0), 0.0)
    scores = (contrast * inverse[:, None])[np.where(inside, cell, 0)]
    scores = np.where(inside[:, None], scores - share @ (contrast * inverse[:, None]), 0.0) / w[inside].sum()
    variance = drawn.covariance(w, w2, scores)
    simple = contrast.T @ (contrast * inverse[:, None]) / count
    # Where many cells are empty (one question decides the other), the contrasts that are left determine each other.
    delta = np.linalg.pinv(simple, rtol=1e-10, hermitian=True) @ variance
    trace = np.trace(delta)
    few = int((expected * w[inside].sum() ** 2 / w2[inside].sum() < SPARSE).sum())
    if drawn.margins is not None and trace <= LEFT * len(simple):
        return np.nan, (np.nan, np.nan), np.nan, few
    first = trace**2 / np.trace(delta @ delta)
    clusters = _answering(drawn, inside & (n > 0), n)
    statistic, df = pearson / trace, (float(first), float(first * clusters))
    return float(statistic), df, float(special.fdtrc(*df, statistic)), few


def _answering(drawn, inside: np.ndarray, n: np.ndarray) -> int:
    """Degrees of freedom: clusters less strata, of those who answered both questions."""
    named = inside & (drawn.cluster >= 0)
    alone = inside & (drawn.cluster < 0)
    clusters = len(np.unique(drawn.cluster[named])) + n[alone].sum()
    return int(clusters - len(np.unique(drawn.stratum[inside])))


def _shares(
    table, rows: str, columns: str, order: list, both, drawn, weighted: bool, confidence: float
) -> pd.DataFrame:
    """Column percentages, with intervals, in the order of the answers."""
    hits = np.column_stack([(table[rows] == answer).fillna(False).to_numpy(bool) for answer in order[0]])
    y = np.where(both[:, None], 100.0 * hits, np.nan)
    domains = linearise(table, y, by=columns, design=drawn)
    found = estimates(domains, [0.0, 100.0], table, y[:, 0], weighted=weighted, confidence=confidence)
    found = found.rename(columns={columns: "columns"}).assign(
        rows=np.repeat(np.array(order[0], dtype=object), len(found) // len(order[0]))
    )
    found = found[found["columns"].isin(order[1])]
    place = [
        found[name].map({a: i for i, a in enumerate(given)})
        for name, given in zip(("rows", "columns"), order, strict=True)
    ]
    shown = ["rows", "columns", "estimate", "low", "high", "se", "n", "n_weighted", "n_effective", "method"]
    return found.iloc[np.lexsort(place[::-1])][shown].reset_index(drop=True)
