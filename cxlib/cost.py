"""The cost part of the complaint-iceberg chapter: from a study's case to the distribution of what it costs."""

from dataclasses import replace

import pandas as pd

from cxlib.damage import UNHAPPY, Damage, damage, few_ends
from cxlib.language import tr
from cxlib.losses import LABELS, outcome_codes, worth
from cxlib.silence import Silence
from cxlib.text import join


def lacking(case: Silence, rates: pd.DataFrame) -> str:
    """What the cost cannot be told without, in words; empty where it can. `rates` is losses.loss_rates()."""
    if case.silent is None:
        return tr("there is no estimate of how many are silent")
    known = rates.set_index("fate")["estimate"]
    without = [tr(LABELS[fate]).lower() for fate in UNHAPPY if pd.isna(known[fate])]
    if without:
        return tr(
            "there is no loss rate for {fates}, neither measured nor declared (`losses:`)",
            fates=join(without),
        )
    if not len(case.complainers):
        return tr("nobody complained, so there is nothing to compare silence with")
    if not len(_outcomes(case)):
        return tr("the complaints do not say how they ended (`outcome:`)")
    if case.silent.high == float("inf"):
        return tr("the number of silent customers has no upper limit; name the number of customers")
    return ""


def cost(case: Silence, rates: pd.DataFrame) -> Damage | None:
    """The joint distribution of customers, outcomes and loss rates of a case; None where something is lacking()."""
    return None if lacking(case, rates) else whole(case, rates)


def whole(case: Silence, rates: pd.DataFrame) -> Damage:
    """cost() of a case of which it is known that nothing is lacking()."""
    value, count = worth(case.study, case.definition), len(case.complainers)
    ends = _outcomes(case)
    found = damage(case.distribution, count, ends, rates, value=value, confidence=case.confidence)
    return replace(found, few=few_ends(count, ends, rates))


def _outcomes(case: Silence) -> pd.Series:
    """How many complainers ended satisfied, mollified and dissatisfied, as far as it is known."""
    frame = case.complainers.frame
    if "outcome" not in frame:
        return pd.Series(dtype=int)
    return frame["outcome"].map(outcome_codes(case.study)).value_counts()
