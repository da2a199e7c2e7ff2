"""Why a unit wins and loses: the share of each reason there against that in all other units."""

import numpy as np
import pandas as pd

from cxlib.compare import verdict
from cxlib.corrections import adjust
from cxlib.counts import tally
from cxlib.differences import contrasts
from cxlib.errors import CxError
from cxlib.language import noted
from cxlib.metrics import Metric
from cxlib.scores import score, shares
from cxlib.variance import linearise

OUTCOMES = (noted("won"), noted("lost"))
WON = Metric("won", "Won", (0, 1), {1: 100}, "percent")
REASONS = ["outcome", "reason", "unit", "estimate", "low", "high", "se", "n", "n_effective", "count", "others"]
REASONS += ["difference", "difference_low", "difference_high", "p", "p_adjusted", "verdict", "method"]


def reasons(
    sales: pd.DataFrame, unit: str, reason: str, won: str, *, minimum_base=30, confidence=0.95, correction="holm"
) -> pd.DataFrame:
    """The share of each reason of winning and of losing in a unit, against that in all other units together.

    `won` holds 1, 0 and blank, `reason` a text; a share is of the offers won (or lost) for which a reason is stated.
    Columns: outcome (won, lost), reason, unit, estimate (percent), low, high (Wilson), se, n, n_effective, count,
    others (percent in the other units), difference, difference_low, difference_high, p (design-based t, at least the
    mid-p of Fisher's test), p_adjusted (`correction`, all reasons and units of an outcome together), verdict, method.
    Units under the minimum base have no numbers. Raises CxError for answers of `won` other than 1 and 0, and where no
    offer has a reason.
    """
    score(tally(sales, won, by=[unit, reason]), WON, won, sales)
    kept = sales[[unit, reason, won]]
    frames = []
    for outcome, value in zip(OUTCOMES, (1, 0), strict=True):
        rows = kept[(kept[won] == value) & kept[reason].notna() & kept[unit].notna()]
        if len(rows):
            frames.append(_shares_of(rows, unit, reason, minimum_base, confidence, correction).assign(outcome=outcome))
    if not frames:
        raise CxError(f"reasons need offers that have one; column {reason} has none where {won} and {unit} are known")
    return pd.concat(frames, ignore_index=True)[REASONS]


def _shares_of(rows: pd.DataFrame, unit: str, reason: str, minimum_base, confidence, correction) -> pd.DataFrame:
    """The rows of reasons() for one outcome."""
    table = tally(rows, reason, by=unit, strata=unit)
    answers = table[reason].value_counts().index.sort_values().tolist()
    found = shares(rows, [unit], question=reason, answers=answers, strata=unit, confidence=confidence)
    y = 100.0 * (table[reason].to_numpy()[:, None] == np.array(answers, object))
    domains = linearise(table, y, by=unit, strata=unit)
    k = len(domains.n) // len(answers)
    index, each = np.arange(len(domains.n)).reshape(len(answers), k), np.eye(k, dtype=bool)
    effective = found["n_effective"].to_numpy().reshape(index.shape)
    how = {"effective": effective, "confidence": confidence, "minimum_base": minimum_base}
    tested = {name: part.ravel() for name, part in contrasts(domains, index, each, ~each, **how).items()}
    found = found.rename(columns={unit: "unit", "answer": "reason"})
    small = (found["n"] < max(minimum_base, 2)).to_numpy()
    found.loc[small, ["estimate", "low", "high", "se", "n_effective", "count"]] = np.nan
    adjusted = adjust(tested["p"], correction)
    return found.assign(
        others=found["estimate"] - tested["estimate"],
        difference=tested["estimate"],
        difference_low=tested["low"],
        difference_high=tested["high"],
        p=tested["p"],
        p_adjusted=adjusted,
        verdict=[verdict(p) for p in adjusted],
    )
