"""Speeders: who took so little time for the interview that the questions can hardly have been read."""

import numpy as np
import pandas as pd

from cxlib.flagged import Flagged, flagged, groups_of, not_made

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
        return not_made("the survey has no time of interview (`seconds:`)")
    found = _limits(frame, fastest)
    timed = found["seconds"].notna()
    if not timed.any():
        return not_made("no respondent has a time of interview above 0 seconds")
    keys = " and ".join(word for key, word in (("wave", "wave"), ("mode", "mode of interview")) if key in frame)
    of = f" of the {keys}" if keys else ""
    low, high = found.loc[timed, "limit"].min(), found.loc[timed, "limit"].max()
    shown = f"{low:,.0f}" if round(low) == round(high) else f"{low:,.0f} to {high:,.0f}"
    why = f"took less than {fastest:.0%} of the median time{of} ({shown} seconds; Greszki, Meyer and Schoen 2015)"
    untimed = int((~timed).sum())
    return flagged(
        frame,
        found["seconds"] < found["limit"],
        why + (f"; {untimed:,} without a time are not judged" if untimed else ""),
    )
