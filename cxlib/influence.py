"""What a fit hangs on: drivers that are given by the others, and respondents who move it alone."""

import numpy as np
import pandas as pd

from cxlib.linear import LinearFit
from cxlib.terms import standardised


def inflation(fit) -> pd.Series:
    """Generalised variance inflation of each driver, on the scale of a plain VIF (1: unrelated to the others).

    For a driver of m terms the m-th root of the generalised factor. Source: Fox and Monette, JASA 87 (1992) 178-183.
    """
    sample = fit.sample
    z = standardised(sample.x, sample.w)[0]
    r = (z * sample.w[:, None]).T @ z / sample.w.sum()
    owner, whole = np.array(sample.owner), np.linalg.slogdet(r)[1]
    found = {}
    for driver in dict.fromkeys(sample.owner):
        own = owner == driver
        log = np.linalg.slogdet(r[np.ix_(own, own)])[1] + np.linalg.slogdet(r[np.ix_(~own, ~own)])[1] - whole
        found[driver] = float(np.exp(log / own.sum()))
    return pd.Series(found, name="vif").rename_axis("driver")


def cook(fit) -> pd.Series:
    """Cook's distance of each row in use: how far the coefficients move without one respondent of it.

    In units of the coefficients' joint confidence region (over their number). Exact for linear models, one Newton step
    for the others. Indexed as the rows of fit.sample.table. Source: Cook, Technometrics 19 (1977) 15-18.
    """
    sample, errors = fit.sample, fit.errors
    weight = sample.w / sample.rows
    moved = errors.influence * weight[:, None]
    if isinstance(fit, LinearFit):
        z = np.column_stack([np.ones(len(sample.x)), standardised(sample.x, sample.w)[0]])
        inverse = np.linalg.inv((z * sample.w[:, None]).T @ z)
        moved = moved / (1 - weight * ((z @ inverse) * z).sum(axis=1))[:, None]
    size = np.sqrt(np.diag(errors.covariance))
    shape = np.linalg.pinv(errors.covariance / np.outer(size, size), hermitian=True)
    moved = moved / size
    distance = ((moved @ shape) * moved).sum(axis=1) / moved.shape[1]
    return pd.Series(distance, index=sample.table.index[sample.used], name="cook")
