"""What a check of the respondents found: who is flagged, and the rule in a sentence."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Flagged:
    """Who a check flags (bool, index of the frame; None where the data do not allow the check), and why or why not."""

    who: pd.Series | None
    why: str


def flagged(frame: pd.DataFrame, who, why: str) -> Flagged:
    """The result of a check that was made; its sentence begins with how many of the respondents it flags."""
    who = pd.Series(np.asarray(who, bool), index=frame.index)
    return Flagged(who, f"{who.sum():,} of {len(who):,} respondents: {why}")


def not_made(why: str) -> Flagged:
    """The result of a check that the data do not allow."""
    return Flagged(None, f"not checked: {why}")


def groups_of(frame: pd.DataFrame, keys) -> list[np.ndarray]:
    """The positions of the rows of each group that those of the keys make which the frame has; blanks are a group."""
    keys = [key for key in keys if key in frame]
    if not keys:
        return [np.arange(len(frame))]
    number = (
        frame[keys].reset_index(drop=True).groupby(keys, observed=True, dropna=False, sort=False).ngroup().to_numpy()
    )
    return [np.flatnonzero(number == one) for one in range(number.max(initial=-1) + 1)]
