"""Those who did not answer: how far a metric would move, were they less satisfied than those who did.

A survey cannot know. What it can show is how much worse the silent customers must be, and how many, for its finding to
change. Source: Rubin, Multiple Imputation for Nonresponse in Surveys (1987), chapter 6 (sensitivity to nonresponse).
"""

import numpy as np
import pandas as pd

from cxlib.counts import tally
from cxlib.design import design_of
from cxlib.errors import CxError
from cxlib.metrics import find, levels
from cxlib.scores import estimates, score
from cxlib.variance import linearise


def sensitivity(
    frame, metric, *, question, response, lower=(0, 1, 2, 3), weights=None, strata=None, clusters=None, fpc=None,
    calibration=None, confidence=0.95,
) -> pd.DataFrame:  # fmt: skip
    """The metric of all who were asked, were those who did not answer `lower` points lower on the scale of answers.

    `response` is the share that answered (0.25, or several: the response rate is seldom known well). The silent ones
    are taken to answer as the others did, each `lower` points less, but not below the scale's end; half points lie
    half way.
    Columns: response, lower, estimate, low, high, se, n, n_weighted, n_effective, method. The intervals hold sampling
    error alone. The design names columns, as in scores.by_group(). Raises CxError for shares outside 0-1 and for
    points below 0.
    """
    metric = find(metric)
    if metric is None:
        raise CxError('the scale of answers is that of a metric; "mean" has none')
    responses, lowers = (np.atleast_1d(np.asarray(given, float)) for given in (response, lower))
    if not ((responses > 0) & (responses <= 1)).all():
        raise CxError(f"the share that answered lies between 0 and 1, e.g. 0.25; found {responses.tolist()}")
    if not ((lowers >= 0) & np.isfinite(lowers)).all():
        raise CxError(f"points lower are 0 or more; found {lowers.tolist()}")
    design = {"strata": strata, "clusters": clusters, "fpc": fpc, "calibration": calibration}
    table = tally(frame, question, weights=weights, **design)
    drawn = design_of(table, **design)
    own = score(table, metric, question, frame)
    answers, frames = table[question].to_numpy(float, na_value=np.nan), []
    scale, scored = np.array(list(metric.table)), np.array(list(metric.table.values()))
    for share in responses:
        for points in lowers:
            # A metric is defined at whole answers; between two of them it is taken as a straight line.
            y = share * own + (1 - share) * np.interp(np.maximum(answers - points, scale[0]), scale, scored)
            domains = linearise(table, y, design=drawn)
            steps = sorted({*levels(metric), *y[~np.isnan(y)]})
            rows = estimates(domains, steps, table, y, weighted=weights is not None, confidence=confidence)
            frames.append(rows.assign(response=share, lower=points))
    found = pd.concat(frames, ignore_index=True)
    if found["n"].iloc[0] < 2:
        raise CxError(f"an interval needs at least 2 answers to {question}; found {found['n'].iloc[0]}")
    kept = ["response", "lower", "estimate", "low", "high", "se", "n", "n_weighted", "n_effective", "method"]
    return found[kept]
