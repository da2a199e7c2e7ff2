"""Keyness: which terms one group's comments hold more often than another's.

A term is counted once a comment, so each has a table of two by two: comments of the group and of the others, with and
without it. The test is the log-likelihood of that table, and the exact one where counts are small (two_by_two.py). How
much more often is the log ratio: the logarithm to base 2 of the ratio of the two shares, so that 1 is twice and 2 four
times as often. Counts are of comments, without weights: keyness tells the two groups' words apart, not how many people
of the population say them. Sources: Rayson and Garside, Proceedings of the Workshop on Comparing Corpora (2000) 1-6;
Hardie, Log Ratio: an informal introduction, Centre for Corpus Approaches to Social Science (2014).
"""

import numpy as np
import pandas as pd
from scipy import special

from cxlib.compare import verdict
from cxlib.corrections import adjust
from cxlib.errors import CxError, nearest
from cxlib.language import noted
from cxlib.phrases import LEAST, mentions
from cxlib.tokens import given
from cxlib.two_by_two import log_likelihood, p_value


def keyness(
    frame: pd.DataFrame, comments: str, group: str, *, target, least=LEAST, confidence=0.95, correction="holm"
) -> pd.DataFrame:
    """Each term in the comments of the group `target` against those of all other groups.

    `comments` and `group` name columns of `frame`, `target` a value of the latter; rows without a comment or a group
    are left out. Columns and the rest as keyness_of(). Raises CxError for a column or group that is not there, or the
    only one.
    """
    for name in (comments, group):
        if name not in frame:
            raise CxError(f"there is no column {name} in the table{nearest(name, frame.columns)}")
    texts = given(frame.loc[frame[group].notna(), comments].reset_index(drop=True))
    groups = frame.loc[frame[group].notna(), group].reset_index(drop=True).reindex(texts.index)
    known = sorted(groups.astype(str).unique())
    if str(target) not in known:
        raise CxError(f"no comment is of the group {target} of {group}; the groups are {', '.join(known)}")
    if len(known) == 1:
        raise CxError(f"keyness compares groups; all comments are of the group {target} of {group}")
    held = mentions(texts, least=least)
    return keyness_of(held, groups.astype(str) == str(target), confidence=confidence, correction=correction)


def keyness_of(held: pd.DataFrame, target: pd.Series, *, confidence=0.95, correction="holm") -> pd.DataFrame:
    """Each term of mentions() in the comments of the target against the others: the log ratio with interval and test.

    `target` is True for comments of the group and False for the others; its index names all comments that take part.
    Columns: term, count, count_other (comments with it), share, share_other (percent), estimate (log ratio), low,
    high, se, g2, p, p_adjusted (all terms together), tests, test (log-likelihood or exact), verdict (of p_adjusted), n,
    n_other (comments), n_effective, unit. What the target says most plainly more often comes first, what the others do
    last. Where a group has a term in none of its comments, or in all, half a comment is added to every cell for the
    log ratio. Interval: delta method on the log scale (Katz, Baptista, Azen and Pike, Biometrics 34 (1978) 469-474).
    """
    target = target.astype(bool)
    ours, n, n_other = target[target].index, int(target.sum()), int((~target).sum())
    held = held[held["comment"].isin(target.index)]
    mine = held["comment"].isin(ours)
    counts = pd.DataFrame({"count": held[mine]["term"].value_counts(), "all": held["term"].value_counts()})
    counts = counts.fillna(0).astype(int).sort_index().rename_axis("term").reset_index()
    a, b = counts["count"].to_numpy(float), (counts["all"] - counts["count"]).to_numpy(float)
    if not n or not n_other:
        a, b, counts = a[:0], b[:0], counts[:0]
    half = np.where((a == 0) | (b == 0) | (a == n) | (b == n_other), 0.5, 0.0)
    ratio = np.log2((a + half) / (n + 2 * half)) - np.log2((b + half) / (n_other + 2 * half))
    parts = 1 / (a + half) - 1 / (n + 2 * half) + 1 / (b + half) - 1 / (n_other + 2 * half)
    se = np.sqrt(parts) / np.log(2)
    wide = special.ndtri(0.5 + confidence / 2) * se
    whole = (a, a + b, np.full(len(a), float(n)), np.full(len(a), float(n + n_other)))
    (p, exact), g2 = p_value(*whole), log_likelihood(*whole)
    adjusted = adjust(p, correction)
    frame = counts[["term", "count"]].assign(
        count_other=b.astype(int),
        share=100 * a / max(n, 1),
        share_other=100 * b / max(n_other, 1),
        estimate=ratio,
        low=ratio - wide,
        high=ratio + wide,
        se=se,
        g2=g2,
        p=p,
        p_adjusted=adjusted,
        tests=int((~np.isnan(p)).sum()),
        test=np.where(exact, noted("exact"), noted("log-likelihood")),
        verdict=[verdict(value) for value in adjusted],
        n=n,
        n_other=n_other,
        n_effective=float(n),
        unit="ratio",
    )
    order = np.lexsort([frame["term"].astype(str), np.round(-np.sign(ratio) * g2, 6)])
    return frame.iloc[order].reset_index(drop=True)
