"""Comparisons: waves, segments, columns of a banner, two questions, items of a battery.

Is a difference more than chance, given how the sample was drawn and how many differences were looked at?
"""

from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import special

from cxlib.banner import Banner, banner
from cxlib.batteries import alpha, omega
from cxlib.calls import told
from cxlib.corrections import adjust
from cxlib.counts import as_list, tally
from cxlib.crosstabs import Crosstab, crosstab
from cxlib.design import design_of
from cxlib.errors import CxError
from cxlib.offered import offered
from cxlib.scores import score
from cxlib.variance import Domains, linearise

__all__ = ["Banner", "Crosstab", "alpha", "banner", "changes", "crosstab", "differences", "omega", "verdict"]
__getattr__, __dir__ = offered(__name__, __all__)

# How a p value is put into words. Between the two, the honest word is borderline: another reasonable choice of
# weights, clusters or strata may carry it over any line drawn at 0.05.
CLEAR, BORDERLINE = 0.01, 0.10


def verdict(p: float) -> str:
    """clear (p under 0.01), borderline (0.01 to 0.10), none (above), or unknown where p is nan."""
    if np.isnan(p):
        return "unknown"
    return "clear" if p < CLEAR else "borderline" if p <= BORDERLINE else "none"


@told
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
    calibration=None,
    confidence=0.95,
    minimum_base=2,
    correction="holm",
    breaks=(),
) -> pd.DataFrame:
    """Each group of `over` (waves, say) against the one before: difference, interval and design-based t test.

    `order` names the groups in their order (default: sorted); groups without an answer are passed over, so that
    a wave is compared with the last one that asked. A group named in `breaks` was asked in another way than those
    before it and is not compared with them. Covariance between groups that share clusters is taken into account.
    Columns: before, after, estimate (after less before), low, high, se, t, df, p, p_adjusted (all changes together,
    by `correction`), tests (how many they are), verdict (on p_adjusted), n_before, n and n_weighted (of after).
    Groups under `minimum_base` give nan. Arguments otherwise as in scores.by_group().

    >>> from cxlib import Study, compare
    >>> study = Study.load("data/demo")
    >>> found = compare.changes(study.survey, "nps", over="wave", question="recommend", **study.design)
    >>> found[["before", "after", "estimate", "low", "high", "verdict"]].round(1)
        before    after  estimate   low  high verdict
    0  2025-H1  2025-H2     -10.4 -15.7  -5.1   clear
    1  2025-H2  2026-H1      16.6  12.4  20.9   clear
    2  2026-H1  2026-H2      10.0   4.7  15.3   clear
    """
    design = {"strata": strata, "clusters": clusters, "fpc": fpc, "calibration": calibration}
    table = tally(frame, question, by=over, weights=weights, **design)
    how = {"confidence": confidence, "minimum_base": minimum_base, "correction": correction, "breaks": breaks}
    drawn = design_of(table, **design)
    return changes_of(table, metric, over=over, question=question, order=order, design=drawn, frame=frame, **how)


def changes_of(
    table: pd.DataFrame, metric, *, over, question, design, order=None, confidence=0.95, minimum_base=2,
    correction="holm", breaks=(), frame=None,
) -> pd.DataFrame:  # fmt: skip
    """What changes() gives, of a tally by `over`, and its `design` (design.design_of())."""
    domains = linearise(table, score(table, metric, question, frame), by=over, design=design)
    names = domains.keys[as_list(over)[0]].astype(str).tolist()
    order = [str(name) for name in order] if order is not None else names
    unknown = sorted(set(names) - set(order) - {"<NA>"})
    if unknown:
        raise CxError(f"the group {unknown[0]} of {over} is not in the order given ({', '.join(order)})")
    place = [names.index(name) for name in order if name in names and domains.n[names.index(name)] > 0]
    parted = [order.index(str(name)) for name in breaks if str(name) in order]
    pairs = [
        (before, after)
        for before, after in pairwise(place)
        if not any(order.index(names[before]) < wave <= order.index(names[after]) for wave in parted)
    ]
    return _differences(domains, names, pairs, confidence, minimum_base, correction)


def _differences(domains: Domains, names: list[str], pairs: list[tuple], confidence, minimum_base, correction):
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
            "n_weighted": [domains.w[a] for _, a in pairs],
        }
    )
    if not pairs:
        return result.assign(low=[], high=[], se=[], t=[], df=[], p=[], p_adjusted=[], tests=[], verdict=[])
    variance, df = domains.contrast(contrast)
    small = (result[["n_before", "n"]].min(axis=1) < max(minimum_base, 2)) | (df <= 0)
    result.loc[small, "estimate"] = np.nan
    se = np.where(small, np.nan, np.sqrt(variance))
    half = special.stdtrit(df, 0.5 + confidence / 2) * se
    with np.errstate(invalid="ignore", divide="ignore"):
        t = result["estimate"] / se
    p = 2 * special.stdtr(df, -np.abs(t))
    adjusted = adjust(p, correction)
    return result.assign(
        low=result["estimate"] - half,
        high=result["estimate"] + half,
        se=se,
        t=t,
        df=df,
        p=p,
        p_adjusted=adjusted,
        tests=int((~np.isnan(p)).sum()),
        verdict=[verdict(value) for value in adjusted],
    )


@told
def differences(frame, metric, *, over, question, **how) -> pd.DataFrame:
    """Every group of `over` against every other, and against the rest: differences of one metric, with tests.

    `how` (weights, strata, clusters, fpc, calibration, correction, test, confidence, minimum_base) goes to banner(),
    whose tests these are: group, other, estimate (group less other), low, high, se, t, df, p, p_adjusted, verdict.
    """
    made = banner(frame, question, over, metrics={question: metric} if metric != "mean" else None, **how)
    tests = made.tests[made.tests["kind"].isin(["score", "mean"])]
    shown = ["group", "other", "estimate", "low", "high", "se", "t", "df", "p", "p_adjusted"]
    return tests[shown].assign(verdict=[verdict(p) for p in tests["p_adjusted"]]).reset_index(drop=True)
