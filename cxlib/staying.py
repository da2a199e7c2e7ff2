"""How long customers stay, in the journey chapter: curves by group and by answer, cohorts, lifetime and value.

Contractual customers have a day on which they left. Of others only purchases are known: the inactivity rule of
cxlib.inactivity, taken from the purchases themselves, then says who is lost and since when.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib import (
    cohorts,
    inactivity,
    journey_tables,
    large_counts,
    lifetime,
    people,
    purchases,
    retention,
    survival,
    value,
)
from cxlib.errors import CxError, nearest
from cxlib.estimate import Estimate
from cxlib.language import noted, tr
from cxlib.shown import Shown
from cxlib.stays import SAME_DAY

GROUPS = 6  # curves in one picture
TIMES = (90, 180, 365)
DAYS_A_MONTH = 365.25 / 12
RECORDED = 30  # days of departures from which on a table can be a record of them
EXPECTED = 10  # departures before the first one known, from which on they are held to be missing
ALL = noted("All customers")
ANSWERED = 0.9  # share of customers who must have an answer, for a question to part them unasked
ROWS = 48  # cohorts in one table
SALES, MARGIN = noted("sales"), noted("margin")  # what a customer's value is of
NO_CURVES = pd.DataFrame(columns=["group", *survival.COLUMNS])


@dataclass(frozen=True, repr=False)
class Staying(Shown):
    """All that is told of staying; frames without rows, and None, for what a study does not tell.

    `kind` is contract (an end date), purchases (an inactivity rule, `rule` in days), or empty, with `why_not` where
    there are days but nothing can be told of them. `people` has a row a customer: duration, entry, event and `group`,
    called `by`. `curves` are those of the groups with the minimum base; `at` and `lifetimes` have all groups.
    """

    kind: str
    by: str
    people: pd.DataFrame
    rule: Estimate | None
    held_out: pd.DataFrame
    checked: pd.DataFrame
    curves: pd.DataFrame
    test: pd.DataFrame
    at: pd.DataFrame
    lifetimes: pd.DataFrame
    cohorts: pd.DataFrame
    worth: pd.DataFrame
    why_not: str = ""


def staying(
    study, customers, *, group: str = "", by: str = "", horizon: float = 365.0, confidence=0.95, seed: int = 0
) -> Staying:
    """How long customers stay, by the groups of a question of the customers (empty: the first that has up to six).

    `customers` are those looked at, called `group` where they are not all, None for a study without. `horizon` is in
    days: the mean lifetime and the value are reckoned up to it, and empty where no group was followed so long. Raises
    CxError for a question without groups, one with more than six of them, one where no days of coming and leaving are
    known, and for customers who left before they came.
    """
    if not 0 < horizon < np.inf:
        raise CxError(f"a horizon is a number of days above 0; found {horizon}")
    if journey_tables.has_stays(study.book) and customers is not None and customers["since"].notna().any():
        return _contract(study, customers, group, by, horizon, confidence)
    if by:
        raise CxError(f"curves by {by} need customers with the days on which they came and left; the study has none")
    if journey_tables.has_purchases(study.book):
        return _purchases(study, customers, group, horizon, confidence, seed)
    return _nothing("")


def _nothing(why_not: str) -> Staying:
    empty = pd.DataFrame()
    return Staying("", "", empty, None, empty, empty, NO_CURVES, *[empty] * 5, why_not)


def score_curves(study, customers, *, confidence=0.95) -> tuple[str, pd.DataFrame]:
    """Curves of staying from the day of the latest answer, by the bands of the first metric: its label, and the frame.

    Whoever answered was there to answer, so time runs from then. Empty where answers name no customers, or no day.
    """
    known = study.has("survey") and {"customer", "when"} <= set(study.survey) and study.questions("metric")
    if not known or customers is None or not {"customer", "left"} <= set(customers):
        return "", NO_CURVES
    question = study.questions("metric")[0]
    answered = study.survey[question].notna() & study.survey["customer"].isin(customers["customer"])
    if not answered.any():
        return study.label(question), NO_CURVES
    rows = value.linked(study, question)
    who = customers.set_index("customer")["left"].dt.normalize()
    rows = rows[rows["customer"].isin(who.index)]
    left, day = rows["customer"].map(who), rows["when"].dt.normalize()
    last = _last(study)
    frame = pd.DataFrame(
        {
            "duration": (left.fillna(last) - day).dt.days,
            "event": left.notna().astype(int),
            "group": rows["band"].astype(str).map(tr),
        }
    )
    frame = frame[frame["duration"] >= 0]
    if frame.empty or frame["group"].nunique() > GROUPS:
        return study.label(question), NO_CURVES
    curves = survival.survival(frame, duration="duration", event="event", by="group", confidence=confidence)
    order = [tr(str(band)) for band in rows["band"].cat.categories]
    return study.label(question), _with_base(_in_order(curves, order), study)


def points(curves: pd.DataFrame, least: int) -> pd.DataFrame:
    """Curves at the days of the chapter's tables, as far as somebody was followed; blank under the least at risk."""
    if curves.empty:
        return curves
    found = survival.at(curves, [time for time in TIMES if time <= curves["time"].max()])
    found.loc[found["at_risk"] < least, ["estimate", "low", "high"]] = np.nan
    return found


def in_percent(rows: pd.DataFrame) -> pd.DataFrame:
    """Shares of 0-1 in percent."""
    if rows.empty:
        return rows
    return rows.assign(**{name: 100 * rows[name] for name in ("estimate", "low", "high")}, unit="percent")


def _contract(study, customers: pd.DataFrame, group: str, by: str, horizon: float, confidence: float) -> Staying:
    last, seen_from = _last(study), _seen_from(study)
    came, left = (customers[column].dt.normalize() for column in ("since", "left"))
    retention.check_order(customers, came, left)
    label, groups = _groups(study, customers, by, group)
    frame = pd.DataFrame(
        {
            "duration": (left.fillna(last) - came).dt.days.where(left != came, SAME_DAY),
            "event": left.notna().astype(int),
            # Who was there was so on the day before the first departure, and whoever left on that day is seen to leave.
            "entry": 0 if seen_from is None else (seen_from - came).dt.days.sub(1).clip(lower=0),
            "group": groups,
        }
    )
    frame = frame[came.notna() & groups.notna() & (frame["entry"] < frame["duration"])].reset_index(drop=True)
    if frame.empty:
        return _nothing(tr("no customer was followed for a day"))
    how = {"duration": "duration", "event": "event", "entry": "entry"}
    order = list(groups.cat.categories)
    curves = _in_order(survival.survival(frame, by="group", confidence=confidence, **how), order)
    late = {} if seen_from is None else {"seen_from": str(seen_from.date())}
    counted = customers if group else study.relation("customers")  # of a large table all rows, in its engine
    table = cohorts.triangle(
        counted, came="since", left="left", until=str(last.date()), period=_period(came.min(), last, "QY"),
        confidence=confidence, minimum_base=study.book.minimum_base, **late,
    )  # fmt: skip
    return Staying(
        "contract",
        label,
        frame,
        None,
        pd.DataFrame(),
        pd.DataFrame(),
        _with_base(curves, study),
        _test(frame, how),
        points(curves, study.book.minimum_base),
        _lifetimes(curves, horizon, confidence),
        table,
        _worth(study, customers, came, left, last, seen_from, horizon, confidence),
    )


def _purchases(study, customers, group: str, horizon: float, confidence: float, seed: int) -> Staying:
    sales = study.table("sales")
    bought = sales[sales["won"] == 1] if "won" in sales else sales
    if customers is not None and "customer" in customers and len(customers) < len(study.table("customers")):
        bought = bought[bought["customer"].isin(customers["customer"])]
    columns = {"customer": "customer", "when": "when"}
    drawn = large_counts.is_sample(study, "sales")
    if study.part is not None or drawn:  # who of it bought last need not have done so on the last day that is known
        columns["until"] = str(large_counts.last_day(study, "sales", ["when"]).date())
    amount = {"value": "value"} if "value" in bought else {}
    try:
        checked = purchases.purchases_checked(bought, customer="customer", when="when", **amount)
        checked = checked.head(0) if drawn else checked  # numbers of rows, of which a sample tells nothing
        rule = inactivity.rule(bought, **columns, confidence=confidence, seed=seed)
    except CxError as error:
        return _nothing(str(error))
    first, last = bought["when"].min(), bought["when"].max()
    frame = inactivity.lost(bought, **columns, gap=rule.value, **amount).dropna(subset=["duration"])
    curves = NO_CURVES
    if len(frame):
        frame = frame.assign(group=group or tr(ALL))
        curves = survival.survival(frame, duration="duration", event="event", by="group", confidence=confidence)
    table = cohorts.activity(
        bought, **columns, **amount, period=_period(first, last, "MQY"), minimum_base=study.book.minimum_base,
        confidence=confidence,
    )  # fmt: skip
    return Staying(
        "purchases",
        "",
        frame,
        rule,
        _held_out(bought, first, last, confidence),
        checked,
        _with_base(curves, study),
        pd.DataFrame(),
        points(curves, study.book.minimum_base),
        _lifetimes(curves, horizon, confidence),
        table,
        pd.DataFrame(),
    )


def _held_out(bought: pd.DataFrame, first, last, confidence: float) -> pd.DataFrame:
    """inactivity.held_out() at half time; empty where nobody had come back by then, so that there is no rule."""
    cut = str((first + (last - first) / 2).date())
    try:
        found = inactivity.held_out(bought, customer="customer", when="when", cut=cut, confidence=confidence)
        return found.assign(cut=cut)
    except CxError:
        return pd.DataFrame()


def _period(first: pd.Timestamp, last: pd.Timestamp, periods: str) -> str:
    """The shortest of the periods of which so many lie between two days that a table has room for them."""
    for period in periods:
        if last.to_period(period).ordinal - first.to_period(period).ordinal < ROWS:
            return period
    return periods[-1]


def _with_base(curves: pd.DataFrame, study) -> pd.DataFrame:
    """The curves of groups with the study's minimum base."""
    return curves[curves["n"] >= study.book.minimum_base].reset_index(drop=True)


def _last(study) -> pd.Timestamp:
    """The last day that the table of all customers tells of."""
    known = [column for column in ("since", "left") if column in study.total.table("customers")]
    return large_counts.last_day(study, "customers", known).normalize()


def _seen_from(study) -> pd.Timestamp | None:
    """The day of the first departure, where the table lacks who left before it; None where it tells of all.

    It lacks them where, at the rate of departures after that day, ten or more were to be expected before it. Departures
    that are all of a few days are a snapshot, in which who is gone bears the day of its making.
    """
    customers = study.total.table("customers")
    came, left = (customers[column].dt.normalize() for column in ("since", "left"))
    first, last = left.min(), _last(study)
    if pd.isna(first) or came.min() >= first or (last - first).days < RECORDED:
        return None
    before = (first - came).dt.days.clip(lower=0).sum()
    after = (left.fillna(last) - came.clip(lower=first)).dt.days.clip(lower=0).sum()
    expected = before * (left > first).sum() / after if after else 0.0
    return first if expected * large_counts.times(study, "customers") >= EXPECTED else None


def _groups(study, customers: pd.DataFrame, by: str, group: str) -> tuple[str, pd.Series]:
    """What the groups are called, and the group of each customer."""
    if by == "persona":
        return tr("Persona"), _personas(study, customers)
    names = [*study.questions("segment", "customers"), *study.questions("single", "customers")]
    names = [name for name in names if name in customers]
    fitting = [name for name in names if 2 <= customers[name].nunique() <= GROUPS]
    if by and by not in names:
        there = f"there are {', '.join(names)}" if names else "there are none"
        raise CxError(f"curves are by a question of the customers, not {by}{nearest(by, names)}; {there}")
    if by and by not in fitting:
        raise CxError(f"curves are of 2 to {GROUPS} groups; {by} has {customers[by].nunique()}")
    told = [name for name in fitting if customers[name].notna().mean() >= ANSWERED]
    if not (by or told):
        return "", pd.Series(pd.Categorical([group or tr(ALL)] * len(customers)), index=customers.index)
    name = by or told[0]
    return study.label(name, "customers"), customers[name].cat.remove_unused_categories().cat.rename_categories(str)


def _personas(study, customers: pd.DataFrame) -> pd.Series:
    made = people.formed(people.people(study))
    shared = [variable.name for variable in made.variables if variable.name in customers]
    if made.k == 1 or not shared:
        raise CxError(f"customers cannot be placed in personas: {made.verdict or 'no question is shared'}")
    if made.k > GROUPS:
        raise CxError(f"curves are of 2 to {GROUPS} groups; there are {made.k} personas")
    names = made.assign(customers[shared])["name"]
    return pd.Series(pd.Categorical(names, categories=list(made.names)), index=customers.index)


def _in_order(curves: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    places = curves["group"].astype(str).map({name: i for i, name in enumerate(order)})
    return curves.assign(_place=places).sort_values(["_place", "time"], kind="stable").drop(columns="_place")


def _test(frame: pd.DataFrame, how: dict) -> pd.DataFrame:
    """The log-rank test of the groups; empty where there is one, or nobody left."""
    if frame["group"].nunique() < 2 or not frame["event"].any():
        return pd.DataFrame()
    return survival.log_rank(frame, by="group", **how)


def _lifetimes(curves: pd.DataFrame, horizon: float, confidence: float) -> pd.DataFrame:
    """Mean lifetime of each group up to the horizon; empty where no group was followed so long."""
    if curves.empty:
        return pd.DataFrame()
    try:
        return lifetime.mean_lifetime(curves, horizon=horizon, confidence=confidence)
    except CxError:  # of the horizon: all else was checked
        return pd.DataFrame()


def _worth(study, customers, came, left, last, seen_from, horizon: float, confidence: float) -> pd.DataFrame:
    """What a customer brings up to the horizon: from the day he came, or, where departures are recorded only since some
    day (those who had left before are not known), from that day on of those who were there then."""
    margin = study.book.iceberg.margin
    if "value" not in customers:
        return pd.DataFrame()
    start = came if seen_from is None else pd.Series(seen_from, index=came.index)
    there = came.notna() & (came <= start) & customers["value"].ge(0)
    frame = pd.DataFrame(
        {
            "margin": customers["value"] * (1.0 if margin is None else margin) / DAYS_A_MONTH,
            "duration": (left.fillna(last) - start).dt.days,
            "event": left.notna().astype(int),
        }
    )[there]
    if len(frame) < study.book.minimum_base or not frame["margin"].any():
        return pd.DataFrame()
    how = {"margin": "margin", "duration": "duration", "event": "event", "horizon": horizon, "confidence": confidence}
    since = "" if seen_from is None else str(seen_from.date())
    try:
        return lifetime.value(frame, **how).assign(of=SALES if margin is None else MARGIN, since=since)
    except CxError:  # of the horizon: all else was checked
        return pd.DataFrame()
