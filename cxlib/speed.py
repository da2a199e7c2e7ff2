"""Speeders: who took so little time for the interview that the questions can hardly have been read."""

import numpy as np
import pandas as pd

from cxlib import text
from cxlib.flagged import Flagged, flagged, groups_of, not_made
from cxlib.language import noted, tr, tr_n

# The rule, by what the median is of.
RULES = {
    (): noted("took less than {share} of the median time ({limits} seconds; Greszki, Meyer and Schoen 2015)"),
    ("wave",): noted(
        "took less than {share} of the median time of the wave ({limits} seconds; Greszki, Meyer and Schoen 2015)"
    ),
    ("mode",): noted(
        "took less than {share} of the median time of the mode of interview ({limits} seconds; Greszki, Meyer and "
        "Schoen 2015)"
    ),
    ("wave", "mode"): noted(
        "took less than {share} of the median time of the wave and mode of interview ({limits} seconds; Greszki, "
        "Meyer and Schoen 2015)"
    ),
}
# Fewer timed interviews of one wave and mode have no median of their own to be held against.
LEAST = 20


def limits(frame: pd.DataFrame, *, fastest: float) -> pd.DataFrame:
    """The time of each timed respondent beside the limit of his group: `fastest` times the median of wave and mode.

    A group of fewer than 20 timed interviews is held against its wave, and that against all. Times of 0 or less are no
    times. Columns, by the frame's index: group (wave · mode, as far as there are any), seconds, limit.
    Source: Greszki, Meyer and Schoen, Public Opinion Quarterly 79 (2015) 471-503, who set such limits below the
    median, and find that estimates hardly move without those who are faster.
    """
    found = _limits(frame, fastest)
    return found[found["seconds"].notna()]


def _limits(frame: pd.DataFrame, fastest: float) -> pd.DataFrame:
    """limits() of every respondent, with nan for a time that is none."""
    seconds = frame["seconds"].to_numpy(float, na_value=np.nan)
    seconds = np.where(np.isfinite(seconds) & (seconds > 0), seconds, np.nan)
    limit = np.full(len(frame), np.nan)
    for keys in ((), ("wave",), ("wave", "mode")):
        for rows in groups_of(frame, keys):
            times = seconds[rows][~np.isnan(seconds[rows])]
            if len(times) >= LEAST or (not keys and len(times)):
                limit[rows] = fastest * np.median(times)
    names = [frame[key].astype(object).fillna("–").astype(str) for key in ("wave", "mode") if key in frame]
    group = pd.Series("", index=frame.index, dtype=object)
    for part in names:
        group = part if (group == "").all() else group + " · " + part
    return pd.DataFrame({"group": group, "seconds": seconds, "limit": limit}, index=frame.index)


def speeders(frame: pd.DataFrame, *, fastest: float) -> Flagged:
    """Who took less than `fastest` (a share) of the median time of his wave and mode of interview; see limits()."""
    if "seconds" not in frame:
        return not_made(noted("the survey has no time of interview (`seconds:`)"))
    found = _limits(frame, fastest)
    timed = found["seconds"].notna()
    if not timed.any():
        return not_made(noted("no respondent has a time of interview above 0 seconds"))
    rule = RULES[tuple(key for key in ("wave", "mode") if key in frame)]
    low, high = found.loc[timed, "limit"].min(), found.loc[timed, "limit"].max()
    shown = text.number(low) if round(low) == round(high) else text.interval(low, high)
    told = [tr(rule, share=f"{fastest:.0%}", limits=shown)]
    untimed = int((~timed).sum())
    if untimed:
        told.append(tr_n("{n} without a time is not judged", "{n} without a time are not judged", untimed))
    return flagged(frame, found["seconds"] < found["limit"], "; ".join(told))
