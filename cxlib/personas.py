"""Customer profiles and buyer personas: who the customers are, in which groups, and to which one somebody belongs."""

from collections.abc import Iterable
from numbers import Integral

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from cxlib.calls import told
from cxlib.counts import as_list
from cxlib.errors import CxError
from cxlib.offered import offered
from cxlib.segment_number import choose
from cxlib.segment_variables import answers_of, code, describe, levels_of
from cxlib.segmentation import Segmentation, segmented
from cxlib.steps import in_steps
from cxlib.weights import effective_n

__all__ = ["Segmentation", "segment"]
__getattr__, __dir__ = offered(__name__, __all__)


@threadpool_limits.wrap(limits=1)  # as in latent_classes.fit
@in_steps
@told
def segment(
    frame, variables, *, k=range(2, 9), weights=None, strata=None, clusters=None, labels=None, minimum_base=30, seed=0
) -> Segmentation:
    """Groups of respondents with like answers: latent classes, their number chosen in the open; perhaps none.

    `frame` is any that narwhals knows; `variables` (categories and numbers, see segment_variables.describe), `weights`,
    `strata` and `clusters` name columns of it. `k` is the number of segments, or those to choose from; 1, which is no
    segments, is always among them. How the choice is made, and when there are none, is told by segment_number.choose.
    `labels` maps columns to what they are called in suggested names. Rows of weight 0 are placed, and count for
    nothing. The same `seed` gives the same segments and names; segments are numbered by size, the largest first.

    Raises CxError for a k that is not whole or below 1, for more segments than patterns of answers, for a variable that
    is unknown, constant, without answers or an identifier, and for weights that are negative or 0 everywhere.

    >>> import pandas as pd
    >>> from cxlib import personas
    >>> frame = pd.DataFrame({"buys": ["web", "shop"] * 60, "pays": ["card", "cash"] * 60, "asks": ["app", "us"] * 60})
    >>> made = personas.segment(frame, ["buys", "pays", "asks"], k=range(1, 3))
    >>> made.k, made.names
    (2, ('web · card · app', 'shop · cash · us'))
    """
    names, ks = as_list(variables), _numbers(k)
    if not names:
        raise CxError("segments need a variable; none is named")
    design = [*as_list(weights), *as_list(strata), *as_list(clusters)]
    table = answers_of(frame, [*names, *design])
    if not len(table):
        raise CxError("segments need respondents; the frame has no rows")
    w = np.ones(len(table)) if weights is None else _weights(table, weights)
    if taken := [name for name in names if name in design]:
        raise CxError(f"a variable is not part of the design; {taken[0]} is a weight, stratum or cluster")
    counts = w > 0
    found, decisions = describe(table[counts], names, weights=weights)
    codes, numbers = code(found, table[counts])
    _check_patterns(codes, numbers, ks)
    chosen = yield from choose.steps(
        codes,
        levels_of(found),
        numbers,
        ks,
        weights=None if weights is None else w[counts],
        strata=_groups(table[counts], as_list(strata)),
        clusters=_clusters(table[counts], as_list(strata), as_list(clusters)),
        minimum_base=minimum_base,
        seed=seed,
    )
    return segmented(table, found, decisions, chosen, weights=w, labels=dict(labels or {}), seed=seed)


def _numbers(k) -> list[int]:
    """The numbers of segments to try, rising."""
    ks = list(k) if isinstance(k, Iterable) and not isinstance(k, str) else [k]
    bad = [value for value in ks if not isinstance(value, Integral) or isinstance(value, bool) or value < 1]
    if bad or not ks:
        what = f"{len(bad)} of {len(ks)} are not, e.g. {bad[0]!r}" if bad else "none is given"
        raise CxError(f"k is a whole number of segments of 1 or more, or several, e.g. range(2, 9); {what}")
    return sorted({int(value) for value in ks})


def _weights(table: pd.DataFrame, weights: str) -> np.ndarray:
    effective_n(table[weights])
    return table[weights].to_numpy(float)


def patterns(frame, variables) -> int:
    """How many different rows of answers there are: so many segments could be told apart at most."""
    table = answers_of(frame, as_list(variables))
    return _patterns(*code(describe(table, as_list(variables))[0], table))


def _patterns(codes: np.ndarray, numbers: np.ndarray) -> int:
    answered = (codes >= 0).any(axis=1) | ~np.isnan(numbers).all(axis=1)
    return len(pd.DataFrame(np.hstack([codes, numbers])[answered]).drop_duplicates())


def _check_patterns(codes: np.ndarray, numbers: np.ndarray, ks: list[int]) -> None:
    """That there are as many different rows of answers as segments."""
    found = _patterns(codes, numbers)
    if found < max(ks):
        count = codes.shape[1] + numbers.shape[1]
        raise CxError(
            f"there cannot be more segments than patterns of answers; {count} variables have {found} patterns, and k "
            f"goes up to {max(ks)}, e.g. k=range(1, {found + 1}) would do"
        )


def _groups(table: pd.DataFrame, columns: list[str]) -> np.ndarray | None:
    """The number of each row's group; None without columns."""
    if not columns:
        return None
    return table.groupby(columns, dropna=False, observed=True).ngroup().to_numpy()


def _clusters(table: pd.DataFrame, strata: list[str], clusters: list[str]) -> np.ndarray | None:
    """The number of each row's cluster within its stratum; who has none is a cluster of his own."""
    if not clusters:
        return None
    number = _groups(table, [*strata, *clusters])
    alone = table[clusters].isna().any(axis=1).to_numpy()
    return np.where(alone, number.max() + 1 + np.arange(len(table)), number)
