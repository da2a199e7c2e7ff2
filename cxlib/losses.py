"""How many customers leave after what happened to them: loss rates by fate, measured from the study's own tables.

Fates: content (not unhappy), silent (unhappy, did not complain), and complainers who were satisfied, mollified or left
dissatisfied. A customer is lost who leaves within a number of days of the interview or of the last complaint; who was
not followed so long is left out.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from cxlib import intervals, large_counts
from cxlib.complaints import Definition, complainers, customers_in, flags
from cxlib.errors import CxError, nearest
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
# Where a loss rate comes from: the study's tables, study.yml, or a parameter of this run.
MEASURED, DECLARED, ASSUMED, NONE = noted("measured"), noted("declared"), noted("assumed"), noted("none")


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


def assume(rates: pd.DataFrame, words: str) -> pd.DataFrame:
    """loss_rates() with some of them assumed, whatever was measured or declared; without interval or base.

    `words` are written fate: share, …, e.g. "silent: 0.3, dissatisfied: 0.5"; empty: none. Raises CxError for a fate
    that is none of FATES or stands there twice, and for shares outside 0 to 1.
    """
    rows = rates.set_index("fate")
    for fate, share in assumed(words).items():
        why = tr("assumed for this run, not measured, no interval")
        rows.loc[fate, ["low", "high", "se", "n", "n_weighted", "n_effective"]] = np.nan
        rows.loc[fate, ["estimate", "source", "method"]] = 100 * share, ASSUMED, why
    return rows.reset_index()[rates.columns]


def assumed(words: str) -> dict[str, float]:
    """The assumed loss rates by fate, 0 to 1; arguments and errors as assume()."""
    found = {}
    for part in filter(None, (piece.strip() for piece in words.split(","))):
        fate, colon, told = (piece.strip() for piece in part.partition(":"))
        try:
            share = float(told)
        except ValueError:
            colon = ""
        if not colon:
            raise CxError(f"assumed loss rates are written fate: share, e.g. silent: 0.3; found {part!r}")
        if fate not in FATES:
            raise CxError(f"loss rates are of {', '.join(FATES)}; there is no {fate}{nearest(fate, FATES)}")
        if fate in found:
            raise CxError(f"a fate has one assumed loss rate; {fate} has two")
        if not 0 <= share <= 1:
            raise CxError(f"an assumed loss rate is a share of 0 to 1, e.g. 0.3 for 30%; found {told} for {fate}")
        found[fate] = share
    return found


def loss_rates(study, definition: Definition, *, confidence: float = 0.95) -> pd.DataFrame:
    """The share of customers lost after each fate, in percent, a row a fate.

    Complainers come from the complaints table, whatever its dates; silent and content customers from respondents of all
    waves who are linked to a customer, under the survey's design. Where a fate has fewer answers than the minimum base
    the rate declared in `iceberg: losses:` is taken, without an interval or a base. Columns: fate, label, estimate,
    low, high, se, n, n_weighted, n_effective, source (measured, declared, or none), unit, method.
    """
    measured = of_complainers(study, definition) | of_respondents(study, definition)
    return told(study, measured, confidence=confidence)


def told(study, measured: dict[str, dict], *, confidence: float = 0.95) -> pd.DataFrame:
    """loss_rates() of what was measured: of_complainers() and of_respondents() together, as by_group() tells it."""
    if not 0 < confidence < 1:
        raise CxError(f"confidence lies between 0 and 1, e.g. 0.95; found {confidence}")
    least, rows = study.book.minimum_base, []
    for fate in FATES:
        found, declared = measured.get(fate, {"n": 0}), study.book.iceberg.losses.get(fate)
        row = {"fate": fate, "label": LABELS[fate], "unit": "percent"}
        if "estimate" in found:
            kept = ["estimate", "se", "n", "n_weighted", "n_effective", "method"]
            row |= {key: found[key] for key in kept} | _interval(found, confidence) | {"source": MEASURED}
        elif declared is not None:
            row |= {"estimate": 100 * declared, "source": DECLARED, "method": tr("declared in the study, no interval")}
        else:
            why = tr("fewer than {least} customers, and none declared", least=least)
            row |= {"n": found["n"], "source": NONE, "method": why}
        rows.append(row)
    columns = ["fate", "label", "estimate", "low", "high", "se", "n", "n_weighted", "n_effective", "source", "unit"]
    columns += ["method"]
    return pd.DataFrame(rows).reindex(columns=columns)


def _left(study, names: pd.Series) -> tuple[pd.DataFrame, pd.Timestamp] | None:
    """The days on which these customers left, and the last day that is known of anybody; None without them."""
    if not study.has("customers") or not {"customer", "left"} <= set(study.table("customers")):
        return None
    table = study.table("customers")
    last = large_counts.last_day(study, "customers", [column for column in ("since", "left") if column in table])
    if large_counts.is_sample(study, "customers"):
        table = large_counts.customers_of(study, names, ["left"])
    return (table.set_index("customer")[["left"]], last) if len(table) else None


def _lost(study, customer: pd.Series, since: pd.Series, days: int) -> pd.Series:
    """1 where a customer left within so many days, 0 where it stayed, blank where it was not there or not followed."""
    known = _left(study, customer)
    if known is None:
        return pd.Series(np.nan, index=customer.index)
    table, last = known
    place, since = table.index.get_indexer(customer), since.dt.normalize()  # -1: not in the table
    left = pd.Series(table["left"].to_numpy()[place], index=customer.index).dt.normalize()
    until = since + pd.Timedelta(days=days)
    lost = (left <= until).astype(float)
    followed = (place >= 0) & since.notna() & (until <= last) & ~(left < since)
    return lost.where(followed)


def _interval(found: dict, confidence: float) -> dict[str, float]:
    """Low and high of a share as by_group() has them, at any confidence."""
    if np.isnan(found["n_effective"]) and found["se"] == 0:  # given by the weights' margins
        return {"low": found["estimate"], "high": found["estimate"]}
    critical = intervals.critical_value(confidence, *(np.array([float(found[name])]) for name in ("df", "n")))
    bounds = intervals.wilson(np.array([found["estimate"]]) / 100, np.array([found["n_effective"]]), critical)
    return {end: float(100 * bound[0]) for end, bound in zip(("low", "high"), bounds, strict=True)}


def of_complainers(study, definition: Definition) -> dict[str, dict]:
    """What was measured after each end of a complaint, a row of by_group(); {"n": …} under the minimum base.

    Depends on severity and channels alone.
    """
    if not study.has("complaints") or not {"when", "outcome", "complainer"} <= set(study.table("complaints")):
        return {}
    found, days = complainers(study, replace(definition, start=None, end=None)).frame, study.book.iceberg.loss_days
    found = found.assign(
        _fate=found["outcome"].map(outcome_codes(study)), _lost=_lost(study, found["complainer"], found["last"], days)
    ).dropna(subset=["_fate", "_lost"])
    # Each end by itself: of complainers there is no design that the others would be part of.
    parts = [_measured(study, part, {}) for _, part in found.groupby("_fate")]
    return {fate: row for part in parts for fate, row in part.items()}


def of_respondents(study, definition: Definition) -> dict[str, dict]:
    """What was measured of content and silent respondents who are linked to a customer; rows as of_complainers().

    Depends on who is unhappy and who complained alone. Everybody is kept, so that the design stays whole.
    """
    if not study.has("survey") or not {"customer", "when"} <= set(study.survey):
        return {}
    if not definition.unhappy or not definition.complained:
        return {}
    frame = flags(study, definition, None)
    lost = _lost(study, frame["customer"], frame["when"], study.book.iceberg.loss_days)
    unhappy, complained = frame["_unhappy"], frame["_complained"]
    content, silent = (unhappy == 0) & (complained != 1), (unhappy == 1) & (complained == 0)
    fate = pd.Series(np.select([content, silent], ["content", "silent"], ""), index=frame.index, dtype=object)
    return _measured(study, frame.assign(_lost=lost, _fate=fate.where(content | silent)), study.design)


def _measured(study, frame: pd.DataFrame, design: dict) -> dict[str, dict]:
    """The share lost after each fate of which there are enough; of the others the number alone."""
    counts, least = frame.loc[frame["_lost"].notna(), "_fate"].value_counts(), study.book.minimum_base
    found = {fate: {"n": int(n)} for fate, n in counts.items() if n < least}
    enough = frame["_fate"].where(~frame["_fate"].isin(list(found)))
    if not (enough.notna() & frame["_lost"].notna()).any():
        return found
    rows = by_group(frame.assign(_fate=enough), LOST, ["_fate"], question="_lost", **design)
    return found | {row["_fate"]: row for row in rows.to_dict("records")}


def worth(study, definition: Definition) -> float | None:
    """What a lost customer would have brought: mean `value` a month x months x margin; None where one is not known.

    The mean is over the customers who were there in the window.
    """
    given, here = study.book.iceberg, customers_in(study, definition.start, definition.end)
    if given.margin is None or given.months is None or here is None or "value" not in here:
        return None
    mean = here["value"].mean()
    return None if np.isnan(mean) else float(mean * given.months * given.margin)
