"""Customers who sign no contract: since nobody says that he leaves, a rule taken from their own purchases says it.

Most who come back do so within some days. Whoever has been silent for longer than 95% of those took is taken as lost,
on the day of his last purchase. How often that is wrong is seen by judging at an earlier day, and counting who came
back after it.
"""

import numpy as np
import pandas as pd
from scipy import special

from cxlib.days import day
from cxlib.errors import CxError
from cxlib.estimate import Estimate
from cxlib.intervals import wilson
from cxlib.language import digits, noted, tr
from cxlib.purchases import purchases_checked, read
from cxlib.risk_sets import check_confidence

__all__ = ["held_out", "lost", "purchases_checked", "rule"]

LOST, NOT_LOST = noted("lost"), noted("not lost")  # what held_out() takes a customer as


def rule(purchases, *, customer, when, until=None, share=0.95, confidence=0.95, replicates=200, seed=0) -> Estimate:
    """The days without a purchase by which `share` of the customers who come back have come back.

    All purchases of a day are one occasion; those after `until` (default: the last day of the table) are not looked at.
    The silences between a customer's occasions are weighted so that he counts once, however often he buys; a customer
    of one occasion counts as silent for at least as long as he was seen, so that those who had little time to come back
    do not pass for lost. The longest silence that ended in a purchase is taken for the longest there is, so that a
    table of twice as many days may give a longer one; held_out() tells what the rule is worth. The interval is a
    percentile bootstrap of customers. Raises CxError as purchases.read(), for shares outside 0-1, where nothing
    was bought by `until`, and where nobody came back.
    Source: Wang and Chang, Journal of the American Statistical Association 94 (1999) 146-153.
    """
    check_confidence(confidence)
    if not 0 < share < 1:
        raise CxError(f"a share lies between 0 and 1, e.g. 0.95; found {share}")
    table = _until(read(purchases, customer=customer, when=when), until)
    who, days, ended = _silences(table)
    customers = int(who.max()) + 1
    if not ended.any():
        raise CxError(
            tr(
                "an inactivity rule needs customers who came back; each of {customers} bought on one day only",
                customers=digits(f"{customers:,}"),
            )
        )
    own = 1 / np.bincount(who)[who]
    generator = np.random.default_rng(seed)
    found = [_quantile(days, ended, own, share)]
    for _ in range(replicates):
        drawn = np.bincount(generator.integers(0, customers, customers), minlength=customers)
        if (drawn[who] * ended).any():
            found.append(_quantile(days, ended, own * drawn[who], share))
    tails = (1 - confidence) / 2
    low, high = np.quantile(found[1:], [tails, 1 - tails]) if replicates else (np.nan, np.nan)
    back, longest = np.unique(who[ended]).size, days[ended].max()
    return Estimate(
        name=tr("Days without a purchase after which a customer is taken as lost"),
        value=found[0],
        low=low,
        high=high,
        se=np.std(found[1:], ddof=1) if replicates > 1 else np.nan,
        n=customers,
        n_effective=customers,
        unit="count",
        confidence=confidence,
        method=tr(
            "{share} of those who come back within {longest} days have come back by then; every customer counts once "
            "(Wang-Chang); {back} of {customers} came back; bootstrap of customers",
            share=f"{share:.0%}",
            longest=longest,
            back=digits(f"{back:,}"),
            customers=digits(f"{customers:,}"),
        ),
    )


def lost(purchases, *, customer, when, gap: float, value=None, until=None) -> pd.DataFrame:
    """One row a customer: whether he is taken as lost, silent for more than `gap` days by `until`, and since when.

    Columns: customer, first and last (days of purchase), occasions (days with a purchase), value (sum), silent (days
    from the last purchase to `until`), lost, left (the last purchase of who is lost, else blank), judged (`until` less
    `gap` days: nobody can be found to leave later), duration (days from the first purchase until he left or the judged
    day; blank for who came later) and event (1 where lost), for survival.survival() and cohorts.triangle(). Raises
    CxError as purchases.read(), and for gaps under 0.
    """
    if not 0 <= gap < np.inf:
        raise CxError(f"a gap is a number of days, 0 or more; found {gap}")
    table = read(purchases, customer=customer, when=when, value=value)
    last_day = _last_day(table, until)
    bought = _until(table, until).groupby("customer", sort=True)
    frame = bought.agg(
        first=("day", "min"), last=("day", "max"), occasions=("day", "nunique"), value=("value", "sum")
    ).reset_index()
    judged = last_day - pd.Timedelta(days=gap)
    silent = (last_day - frame["last"]).dt.days
    gone = silent > gap
    end = frame["last"].where(gone, judged)
    duration = (end - frame["first"]).dt.total_seconds() / 86_400
    frame = frame.assign(silent=silent, lost=gone, left=frame["last"].where(gone), judged=judged)
    return frame.assign(duration=duration.where(duration >= 0), event=gone.astype(int))


def held_out(
    purchases, *, customer, when, cut, until=None, share=0.95, gap: float | None = None, confidence=0.95
) -> pd.DataFrame:
    """How often the rule is wrong: of those taken as lost on the day `cut`, how many bought again after it.

    The rule is learnt from the purchases up to `cut` (or is the `gap` given), and held against those after it, up to
    `until`. Rows: lost, and not lost. Columns: taken_as, estimate (percent who bought again; of the lost: false
    alarms), low, high (Wilson), se, n, n_effective, came_back, gap, cut, until, days (of the hold-out: who comes back
    after it is not counted), unit, method. Raises CxError as rule(), and where nothing is held out.
    """
    check_confidence(confidence)
    table = read(purchases, customer=customer, when=when)
    cut, last_day = day(cut, "the day of judging"), _last_day(table, until)
    if not table["day"].min() <= cut < last_day:
        raise CxError(
            f"a hold-out begins after the first purchase ({table['day'].min().date()}) and ends by {last_day.date()}; "
            f"it cannot begin after {cut.date()}"
        )
    if gap is None:
        how = {"customer": customer, "when": when, "until": cut, "share": share}
        gap = rule(purchases, **how, replicates=0).value
    judged = lost(table, customer="customer", when="day", gap=gap, until=cut)
    later = table.loc[table["day"].gt(cut) & table["day"].le(last_day), "customer"]
    judged["back"] = judged["customer"].isin(later)
    z, rows = special.ndtri(0.5 + confidence / 2), []
    for name, group in ((LOST, judged[judged["lost"]]), (NOT_LOST, judged[~judged["lost"]])):
        n, back = len(group), int(group["back"].sum())
        p = back / n if n else np.nan
        low, high = wilson(p, n, z) if n else (np.nan, np.nan)
        se = np.sqrt(p * (1 - p) / (n - 1)) if n > 1 else np.nan
        rows.append((name, 100 * p, 100 * float(low), 100 * float(high), 100 * se, n, float(n), back))
    columns = ["taken_as", "estimate", "low", "high", "se", "n", "n_effective", "came_back"]
    told = {"gap": gap, "cut": cut, "until": last_day, "days": (last_day - cut).days, "unit": "percent"}
    return pd.DataFrame(rows, columns=columns).assign(**told, method=tr("bought again in the hold-out; Wilson"))


def _last_day(table: pd.DataFrame, until) -> pd.Timestamp:
    return table["day"].max() if until is None else day(until, "the last day")


def _until(table: pd.DataFrame, until) -> pd.DataFrame:
    """The purchases up to that day."""
    last_day = _last_day(table, until)
    kept = table[table["day"] <= last_day].assign(_until=last_day)
    if kept.empty:
        raise CxError(f"nothing was bought by {last_day.date()}; the first purchase is of {table['day'].min().date()}")
    return kept


def _silences(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each silence: the number of its customer, its days, and whether a purchase ended it.

    The open silence of a customer who has come back before is left out, as Wang and Chang do: it is there because it
    is long, and with it customers of short silences would count among the long ones more often than they should.
    """
    occasions = table[["customer", "day", "_until"]].drop_duplicates().sort_values(["customer", "day"])
    who = pd.factorize(occasions["customer"])[0]
    on = occasions["day"].to_numpy().astype("datetime64[D]").astype(np.int64)
    days, ended = np.diff(on), np.diff(who) == 0
    once = np.bincount(who)[who] == 1
    open_ = occasions["_until"].to_numpy().astype("datetime64[D]").astype(np.int64)[once] - on[once]
    numbers = np.concatenate([who[1:][ended], who[once]])
    return numbers, np.concatenate([days[ended], open_]), np.arange(len(numbers)) < ended.sum()


def _quantile(days: np.ndarray, ended: np.ndarray, weights: np.ndarray, share: float) -> float:
    """The silence by which `share` of all that end have ended."""
    out = np.bincount(days, weights)
    at_risk = np.cumsum(out[::-1])[::-1]
    hazard = np.divide(np.bincount(days, weights * ended), at_risk, out=np.zeros_like(out), where=at_risk > 0)
    back = 1 - np.cumprod(1 - np.minimum(hazard, 1.0))
    return float(np.argmax(back >= share * back[-1] - 1e-12))
