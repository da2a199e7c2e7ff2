"""What a check of the respondents found: who is flagged, and the rule in a sentence."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib import text
from cxlib.language import noted, tr

NAMES = {
    "duplicate": noted("duplicate"),
    "near_duplicate": noted("near-duplicate"),
    "straightliner": noted("straightliner"),
    "speeder": noted("speeder"),
    "gibberish": noted("gibberish"),
    "copied": noted("copied"),
    "impossible": noted("impossible"),
    "partial": noted("partial"),
}


def check_name(check: str) -> str:
    """What a check of the respondents is called in print, a message; what is no check is called itself."""
    return NAMES.get(check, check)


@dataclass(frozen=True)
class Flagged:
    """Who a check flags (bool, index of the frame; None where the data do not allow the check), and why or why not.

    `lacking` says in English what a check needs that the data have not, for errors; empty where it was made.
    """

    who: pd.Series | None
    why: str
    lacking: str = ""


def flagged(frame: pd.DataFrame, who, why: str) -> Flagged:
    """The result of a check that was made; its sentence begins with how many of the respondents it flags."""
    who = pd.Series(np.asarray(who, bool), index=frame.index)
    found = {"marked": text.number(who.sum()), "all": text.number(len(who))}
    return Flagged(who, tr("{marked} of {all} respondents: {why}", why=why, **found))


def not_made(reason: str, **values) -> Flagged:
    """The result of a check that the data do not allow; `reason` is a message, with `values` in its places."""
    lacking = reason.format(**values) if values else reason
    return Flagged(None, tr("not checked: {why}", why=tr(reason, **values)), lacking)


def groups_of(frame: pd.DataFrame, keys) -> list[np.ndarray]:
    """The positions of the rows of each group that those of the keys make which the frame has; blanks are a group."""
    keys = [key for key in keys if key in frame]
    if not keys:
        return [np.arange(len(frame))]
    number = (
        frame[keys].reset_index(drop=True).groupby(keys, observed=True, dropna=False, sort=False).ngroup().to_numpy()
    )
    return [np.flatnonzero(number == one) for one in range(number.max(initial=-1) + 1)]
