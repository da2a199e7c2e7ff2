"""Differences: is a change more than chance, given how the sample was drawn?"""

from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import special

from cxlib.counts import as_list, tally
from cxlib.errors import CxError
from cxlib.scores import score
from cxlib.variance import Domains, linearise

# How a p value is put into words. Between the two, the honest word is borderline: another reasonable choice of
# weights, clusters or strata may carry it over any line drawn at 0.05.
CLEAR, BORDERLINE = 0.01, 0.10


def verdict(p: float) -> str:
    """clear (p under 0.01), borderline (0.01 to 0.10), none (above), or unknown where p is nan."""
    if np.isnan(p):
        return "unknown"
    return "clear" if p < CLEAR else "borderline" if p <= BORDERLINE else "none"


def changes(
    frame,
    metric,
    *,
    over,
    question,
    order=None,
    weights=None,
    strata=None,
    clusters=None,
    fpc=None,
    confidence=0.95,
    minimum_base=2,
) -> pd.DataFrame:
    """Each group of `over` (waves, say) against the one before: difference, interval and design-based t test.

    `order` names the groups in their order (default: sorted); groups without an answer are passed over, so that
    a wave is compared with the last one that asked. Covariance between groups that share clusters is taken into
    account. Columns: before, after, estimate (after less before), low, high, se, t, df, p, verdict, n_before, n
    (of after). Groups under `minimum_base` give nan. Arguments otherwise as in scores.by_group().
    """
    table = tally(frame, question, by=over, weights=weights, strata=strata, clusters=clusters, fpc=fpc)
    domains = linearise(
        table, score(table, metric, question, frame), by=over, strata=strata, clusters=clusters, fpc=fpc
    )
    names = domains.keys[as_list(over)[0]].astype(str).tolist()
    order = [str(name) for name in order] if order is not None else names
    unknown = sorted(set(names) - set(order) - {"<NA>"})
    if unknown:
        raise CxError(f"the group {unknown[0]} of {over} is not in the order given ({', '.join(order)})")
    place = [names.index(name) for name in order if name in names and domains.n[names.index(name)] > 0]
    return _differences(domains, names, list(pairwise(place)), confidence, minimum_base)


def _differences(domains: Domains, names: list[str], pairs: list[tuple], confidence: float, minimum_base: int):
    """The frame of changes() for pairs of domains."""
    contrast = np.zeros((len(pairs), len(names)))
    for row, (before, after) in enumerate(pairs):
        contrast[row, [before, after]] = -1, 1
    result = pd.DataFrame(
        {
            "before": [names[b] for b, _ in pairs],
            "after": [names[a] for _, a in pairs],
            "estimate": contrast @ np.nan_to_num(domains.ratio),
            "n_before": [domains.n[b] for b, _ in pairs],
            "n": [domains.n[a] for _, a in pairs],
        }
    )
    if not pairs:
        return result.assign(low=[], high=[], se=[], t=[], df=[], p=[], verdict=[])
    variance, df = domains.contrast(contrast)
    small = (result[["n_before", "n"]].min(axis=1) < max(minimum_base, 2)) | (df <= 0)
    result.loc[small, "estimate"] = np.nan
    se = np.where(small, np.nan, np.sqrt(variance))
    half = special.stdtrit(df, 0.5 + confidence / 2) * se
    with np.errstate(invalid="ignore", divide="ignore"):
        t = result["estimate"] / se
    p = 2 * special.stdtr(df, -np.abs(t))
    return result.assign(
        low=result["estimate"] - half,
        high=result["estimate"] + half,
        se=se,
        t=t,
        df=df,
        p=p,
        verdict=[verdict(value) for value in p],
    )
