"""How many customers leave after what happened to them: loss rates by fate, measured from the study's own tables.

Fates: content (not unhappy), silent (unhappy, did not complain), and complainers who were satisfied, mollified or left
dissatisfied. A customer is lost who leaves within a number of days of the interview or of the last complaint; who was
not followed so long is left out.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from cxlib.complaints import Definition, complainers, customers_in, flags
from cxlib.errors import CxError
from cxlib.language import noted, tr
from cxlib.metrics import Metric
from cxlib.scores import by_group
from cxlib.settings import FATES

LOST = Metric("loss", "Loss rate", (0, 1), {1: 100}, "percent")
LABELS = {
    "content": noted("Not unhappy"),
    "silent": noted("Unhappy and silent"),
    "satisfied": noted("Complained, satisfied"),
    "mollified": noted("Complained, mollified"),
    "dissatisfied": noted("Complained, dissatisfied"),
}
MEASURED, DECLARED, NONE = noted("measured"), noted("declared"), noted("none")  # where a loss rate comes from


def outcome_codes(study) -> dict[str, str]:
    """Which end of a complaint each outcome of the complaints table is: as `outcomes:` says, else by its own name.

    Raises CxError for an outcome that is none of the three.
    """
    given = {code: fate for fate, codes in study.book.iceberg.outcomes.items() for code in codes}
    table = study.table("complaints")
    if "outcome" not in table:
        return {}
    known = given | {fate: fate for fate in FATES[2:] if fate not in given}
    strange = table.loc[~table["outcome"].isin(known) & table["outcome"].notna(), "outcome"]
    if len(strange):
        raise CxError(
            f"outcomes of complaints are {', '.join(FATES[2:])}, or listed under `iceberg: outcomes:`; {len(strange)} "
            f"are not, e.g. {strange.iloc[0]}"
        )
    return known


def loss_rates(study, definition: Definition, *, confidence: float = 0.95) -> pd.DataFrame:
    """The share of customers lost after each fate, in percent, a row a fate.

    Complainers come from the complaints table, whatever its dates; silent and content customers from respondents of all
    waves who are linked to a customer, under the survey's design. Where a fate has fewer answers than the minimum base
    the rate declared in `iceberg: losses:` is taken, without an interval or a base. Columns: fate, label, estimate,
    low, high, se, n, n_weighted, n_effective, source (measured, declared, or none), unit, method.
    """
    days, least = study.book.iceberg.loss_days, study.book.minimum_base
    measured = {**_of_complainers(study, definition, days), **_of_respondents(study, definition, days)}
    rows = []
    for fate in FATES:
        frame, design = measured.get(fate, (pd.DataFrame({"_lost": []}), {}))
        declared = study.book.iceberg.losses.get(fate)
        n = int(frame["_lost"].notna().sum())
        row = {"fate": fate, "label": LABELS[fate], "unit": "percent"}
        if n >= least:
            found = by_group(frame, LOST, [], question="_lost", confidence=confidence, **design).iloc[0]
            kept = ["estimate", "low", "high", "se", "n", "n_weighted", "n_effective", "method"]
            row |= {key: found[key] for key in kept} | {"source": MEASURED}
        elif declared is not None:
            row |= {"estimate": 100 * declared, "source": DECLARED, "method": tr("declared in the study, no interval")}
        else:
            why = tr("fewer than {least} customers, and none declared", least=least)
            row |= {"n": n, "source": NONE, "method": why}
        rows.append(row)
    columns = ["fate", "label", "estimate", "low", "high", "se", "n", "n_weighted", "n_effective", "source", "unit"]
    columns += ["method"]
    return pd.DataFrame(rows).reindex(columns=columns)


def _left(study) -> tuple[pd.DataFrame, pd.Timestamp] | None:
    """The days on which customers came and left, and the last day that is known; None without them."""
    if not study.has("customers") or not {"customer", "left"} <= set(study.table("customers")):
        return None
    table = study.table("customers")
    last = table[[column for column in ("since", "left") if column in table]].max().max()
    return table.set_index("customer")[["left"]], last


def _lost(study, customer: pd.Series, since: pd.Series, days: int) -> pd.Series:
    """1 where a customer left within so many days, 0 where it stayed, blank where it was not there or not followed."""
    known = _left(study)
    if known is None:
        return pd.Series(np.nan, index=customer.index)
    table, last = known
    left, since = pd.to_datetime(customer.map(table["left"])).dt.normalize(), since.dt.normalize()
    until = since + pd.Timedelta(days=days)
    lost = (left <= until).astype(float)
    followed = customer.isin(table.index) & since.notna() & (until <= last) & ~(left < since)
    return lost.where(followed)


def _of_complainers(study, definition: Definition, days: int) -> dict[str, tuple[pd.DataFrame, dict]]:
    if not study.has("complaints") or not {"when", "outcome", "complainer"} <= set(study.table("complaints")):
        return {}
    found = complainers(study, replace(definition, start=None, end=None)).frame
    found = found.assign(
        _fate=found["outcome"].map(outcome_codes(study)), _lost=_lost(study, found["complainer"], found["last"], days)
    ).dropna(subset=["_fate", "_lost"])
    return {fate: (part, {}) for fate, part in found.groupby("_fate")}


def _of_respondents(study, definition: Definition, days: int) -> dict[str, tuple[pd.DataFrame, dict]]:
    """Respondents linked to a customer; the frame keeps everybody, so that the design stays whole."""
    if not study.has("survey") or not {"customer", "when"} <= set(study.survey):
        return {}
    if not definition.unhappy or not definition.complained:
        return {}
    frame = flags(study, definition, None)
    lost = _lost(study, frame["customer"], frame["when"], days)
    unhappy, complained = frame["_unhappy"], frame["_complained"]
    which = {"content": (unhappy == 0) & (complained != 1), "silent": (unhappy == 1) & (complained == 0)}
    return {fate: (frame.assign(_lost=lost.where(here)), study.design) for fate, here in which.items()}


def worth(study, definition: Definition) -> float | None:
    """What a lost customer would have brought: mean `value` a month x months x margin; None where one is not known.

    The mean is over the customers who were there in the window.
    """
    given, here = study.book.iceberg, customers_in(study, definition.start, definition.end)
    if given.margin is None or given.months is None or here is None or "value" not in here:
        return None
    mean = here["value"].mean()
    return None if np.isnan(mean) else float(mean * given.months * given.margin)
