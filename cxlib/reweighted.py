"""One sample under two sets of weights: the difference of a metric, with the error that both estimates share.

Both estimates rest on the same respondents, so that their errors mostly cancel. The linearised value of a respondent is
that under the first weights less that under the second (0 weight: left out); the variance is that of their totals by
cluster within strata, as for any estimate. Weights are taken as fixed: where they were raked, the error of the raking
itself is not in it. Source: Särndal, Swensson and Wretman, Model Assisted Survey Sampling (1992), 5.5-5.8.
"""

import numpy as np
import pandas as pd
from scipy import special

from cxlib.counts import as_list
from cxlib.design import design_of
from cxlib.errors import CxError
from cxlib.language import noted
from cxlib.scores import score

METHOD = noted("Student's t on the difference of linearised values; weights taken as fixed")


def difference(
    frame, metric, *, question, weights, other, strata=None, clusters=None, fpc=None, confidence=0.95
) -> dict[str, float]:
    """The metric under `weights` less the metric under `other`: estimate, low, high, se, df.

    Both are arrays as long as `frame` (a DataFrame); 0 leaves a respondent out of that estimate, as does a blank answer
    out of both. `question`, `strata`, `clusters` and `fpc` name columns. Everything is nan where a side has fewer than
    two answers. Raises CxError for weights that are negative, missing or of another length.
    """
    weights, other = (_checked(values, len(frame)) for values in (weights, other))
    used = dict.fromkeys([question, *as_list(strata), *as_list(clusters), *as_list(fpc)])
    rows = pd.DataFrame({name: frame[name] for name in used} | {"n": 1})  # not all columns of a wide survey
    y = score(rows, metric, question)
    given = ~np.isnan(y)
    (one, first), (two, second) = (_linear(y, np.where(given, values, 0.0)) for values in (weights, other))
    drawn = design_of(rows, strata=strata, clusters=clusters, fpc=fpc)
    moved = (first - second)[:, None]
    variance = max(float(drawn.covariance(np.ones(len(rows)), np.ones(len(rows)), moved)[0, 0]), 0.0)
    used = given & ((weights > 0) | (other > 0))
    df = _df(drawn, used)
    enough = min((given & (weights > 0)).sum(), (given & (other > 0)).sum()) > 1 and df > 0
    se = np.sqrt(variance) if enough else np.nan
    half = special.stdtrit(df, 0.5 + confidence / 2) * se if enough else np.nan
    change = one - two if enough else np.nan
    return {"estimate": change, "low": change - half, "high": change + half, "se": se, "df": float(df)}


def _checked(weights, rows: int) -> np.ndarray:
    weights = np.asarray(weights, float)
    bad = ~np.isfinite(weights) | (weights < 0)
    if len(weights) != rows:
        raise CxError(f"weights must be as many as respondents; found {len(weights)} for {rows}")
    if bad.any():
        raise CxError(f"weights must be numbers of 0 or more; {bad.sum()} are not, e.g. {weights[bad][0]}")
    return weights


def _linear(y: np.ndarray, w: np.ndarray) -> tuple[float, np.ndarray]:
    """A weighted mean, and each respondent's linearised part in it."""
    if not w.sum() > 0:
        return np.nan, np.zeros(len(y))
    values = np.where(w > 0, y, 0.0)
    mean = float(w @ values / w.sum())
    return mean, w * (values - mean) / w.sum()


def _df(drawn, used: np.ndarray) -> int:
    """Clusters less strata among the rows in use."""
    named = used & (drawn.cluster >= 0)
    clusters = len(np.unique(drawn.cluster[named])) + int((used & (drawn.cluster < 0)).sum())
    return clusters - len(np.unique(drawn.stratum[used]))
