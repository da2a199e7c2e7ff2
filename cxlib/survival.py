"""How long customers stay, while many have not left yet: Kaplan-Meier curves, medians, the log-rank test.

Who is still there when the data end is censored: he stayed at least as long. Who came under observation only some time
after he came enters late: he counts among those at risk from then on, since had he left sooner, nobody would know him.
"""

import numpy as np
import pandas as pd
from scipy import special

from cxlib.calls import told
from cxlib.counts import as_list
from cxlib.errors import CxError
from cxlib.intervals import wilson
from cxlib.language import digits, tr
from cxlib.risk_sets import SAME, check_confidence, each_group, groups_of, observed, places, remaining, risk_sets

NUMBERS = ["estimate", "low", "high", "se", "n_effective"]
COLUMNS = ["time", "estimate", "low", "high", "se", "at_risk", "events", "censored", "entered", "n", "n_effective"]
COLUMNS += ["left_out", "gap", "method"]


@told
def survival(frame, *, duration, event, entry=None, by=None, counts=None, start=None, confidence=0.95) -> pd.DataFrame:
    """Kaplan-Meier: the share of customers still there after each time, 0-1, with log-log limits.

    `duration` is a column of times 0 or more, `event` 1 (or True) where the customer left then and 0 where he was last
    seen there; `entry` is when he came under observation, `by` one or several columns of groups, `counts` how many
    customers a row stands for. `start` asks only of those who are still there at that time. Any frame that narwhals
    knows will do.

    Columns: the groups, time (0 or the first entry, and each time at which somebody left, was last seen or entered),
    estimate, low, high, se (Greenwood's), at_risk (who had entered before that time and not gone before it), events,
    censored and entered (at that time), n (customers of the group), n_effective (as many customers followed to the
    end would have the same se), left_out (of the table, for a missing time, event, entry or group), gap, method.

    While nobody has left, Greenwood's variance is 0: the low limit is then Wilson's for the smallest number at risk so
    far. Where all have left, the high limit is the last one before. Late entry may leave nobody at risk though others
    enter later, or see all of the few early ones leave, which would put the curve at 0 for good: the estimate is nan
    from there on, and `gap` names the time (else nan); a `start` at or after it is the remedy.

    Raises CxError for events other than 0 and 1, times under 0, an entry at or after the end, and where nobody is left.
    Sources: Kaplan and Meier, JASA 53 (1958) 457-481; Kalbfleisch and Prentice, The Statistical Analysis of Failure
    Time Data (1980) 15 (log-log limits); Tsai, Jewell and Wang, Biometrika 74 (1987) 883-886 (late entry); Cutler and
    Ederer, Journal of Chronic Diseases 8 (1958) 699-712 (the effective number).

    >>> import pandas as pd
    >>> from cxlib import retention
    >>> frame = pd.DataFrame({"months": [2, 3, 3, 5, 8], "left": [1, 1, 0, 1, 0]})
    >>> retention.survival(frame, duration="months", event="left")[["time", "estimate", "at_risk"]].round(2)
       time  estimate  at_risk
    0   0.0       1.0        5
    1   2.0       0.8        5
    2   3.0       0.6        4
    3   5.0       0.3        2
    4   8.0       0.3        1
    """
    check_confidence(confidence)
    table, left_out = observed(frame, duration, event, entry=entry, by=by, counts=counts, start=start)
    curves = curves_of([(names, risk_sets(rows)) for names, rows in each_group(table, as_list(by))], confidence)
    for name in as_list(by):
        curves[name] = curves[name].astype(table[name].dtype)
    method = _method(tr("Kaplan-Meier, Greenwood's variance, log-log limits"), entry, start, left_out)
    return curves.assign(left_out=left_out, method=method)[[*as_list(by), *COLUMNS]]


def curves_of(groups: list, confidence: float) -> pd.DataFrame:
    """The curves of survival() without its left_out and method: of (the group's names by column, its risk sets)."""
    z = special.ndtri(0.5 + confidence / 2)
    parts = [_curve(sets, z).assign(**names) for names, sets in groups]
    columns = [name for name in COLUMNS if name not in ("left_out", "method")]
    return pd.concat(parts, ignore_index=True)[[*groups[0][0], *columns]]


def at(curves: pd.DataFrame, times) -> pd.DataFrame:
    """The curves of survival() at chosen times: how many are still there after 90, 180, 365 days.

    Columns: the groups, time, estimate, low, high, se, at_risk (who had entered before that time and not gone before
    it), left (by then), n, n_effective, followed (the group's last time). Before the curve begins and past that time
    the estimates are nan; where all have left, they stay at 0.
    """
    asked = np.atleast_1d(np.asarray(times, float))
    wrong = ~np.isfinite(asked) | (asked < 0)
    if wrong.any():
        raise CxError(f"times are 0 or more; {wrong.sum()} are not, e.g. {asked[wrong][0]:g}")
    by, parts = groups_of(curves), []
    for names, rows in each_group(curves, by):
        known = rows["time"].to_numpy()
        place = places(known, asked)
        found = rows.iloc[np.maximum(place, 0)].assign(time=asked, followed=known[-1], **names)
        met = np.abs(known[np.maximum(place, 0)] - asked) <= SAME * np.abs(known).mean()
        found["left"] = np.where(place < 0, 0, rows["events"].cumsum().to_numpy()[place])
        found["at_risk"] = np.where(met | (place < 0), found["at_risk"], remaining(found))
        past = (place == len(known) - 1) & ~met & (found["estimate"] != 0)
        found.loc[((place < 0) | past).to_numpy(), NUMBERS] = np.nan
        parts.append(found)
    columns = ["time", "estimate", "low", "high", "se", "at_risk", "left", "n", "n_effective", "followed"]
    return pd.concat(parts, ignore_index=True)[[*by, *columns]]


def median(curves: pd.DataFrame) -> pd.DataFrame:
    """The time after which half of the customers have left, of the curves of survival().

    Where a curve runs level at a half, the middle of that stretch; its limits are where the curve's limits come to a
    half. Columns: the groups, estimate, low, high (nan where not reached), n, events.
    Source: Brookmeyer and Crowley, Biometrics 38 (1982) 29-41.
    """
    rows = [
        names
        | {name: _comes_to_half(rows, name) for name in ("estimate", "low", "high")}
        | {"n": rows["n"].iloc[0], "events": rows["events"].sum()}
        for names, rows in each_group(curves, groups_of(curves))
    ]
    return pd.DataFrame(rows)


def log_rank(frame, *, duration, event, by, entry=None, counts=None, start=None) -> pd.DataFrame:
    """Log-rank test: do the groups of `by` leave alike? One row: chi2, df, p, groups, n, events, left_out, method.

    Arguments as in survival(). A group without anybody at risk when others left takes no part. Raises CxError as
    survival(), for fewer than two groups, and where nobody left.
    Sources: Mantel, Cancer Chemotherapy Reports 50 (1966) 163-170; Peto and Peto, JRSS A 135 (1972) 185-207.
    """
    table, left_out = observed(frame, duration, event, entry=entry, by=by, counts=counts, start=start)
    groups = [rows for _, rows in each_group(table, as_list(by))]
    if len(groups) < 2:
        raise CxError(f"a log-rank test needs two groups or more; {', '.join(as_list(by))} holds {len(groups)}")
    whole = risk_sets(table)
    leaving = whole["events"].to_numpy() > 0
    if not leaving.any():
        raise CxError(f"a log-rank test needs customers who left; {event} is 0 for all {table['_n'].sum():,.0f}")
    own = [risk_sets(rows, whole["time"].to_numpy())[leaving] for rows in groups]
    y, d = whole["at_risk"].to_numpy(float)[leaving], whole["events"].to_numpy(float)[leaving]
    share = np.array([sets["at_risk"] for sets in own]) / y
    expected = share * d
    away = np.array([sets["events"] for sets in own]) - expected
    spread = share * (d * (y - d) / np.maximum(y - 1, 1))
    covariance = np.diag(spread.sum(axis=1)) - spread @ share.T
    some = np.flatnonzero(expected.sum(axis=1) > 0)[:-1]  # the last follows from the others
    total = away.sum(axis=1)[some]
    chi2 = float(total @ np.linalg.pinv(covariance[np.ix_(some, some)]) @ total)
    row = {"chi2": chi2, "df": len(some), "p": float(special.chdtrc(len(some), chi2)) if len(some) else np.nan}
    row |= {"groups": len(groups), "n": round(table["_n"].sum()), "events": int(d.sum()), "left_out": left_out}
    return pd.DataFrame([row | {"method": _method(tr("log-rank"), entry, start, left_out)}])


def _method(name: str, entry, start, left_out: int) -> str:
    """The method's text, with what it says of late entry, of the start and of who was left out."""
    told = [name, *([tr("late entry")] if entry else [])]
    if start is not None:
        told.append(tr("of those there at {start}", start=digits(f"{start:g}")))
    if left_out:
        told.append(tr("{number} left out for a missing value", number=digits(f"{left_out:,}")))
    return "; ".join(told)


def _curve(sets: pd.DataFrame, z: float) -> pd.DataFrame:
    """The curve over the risk sets of one group."""
    y, d = (sets[name].to_numpy(float) for name in ("at_risk", "events"))
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate = np.cumprod(np.where(d > 0, 1 - d / y, 1.0))
        log_variance = np.cumsum(np.where(d > 0, d / (y * (y - d)), 0.0))
        out = z * np.sqrt(log_variance) / np.log(estimate)
        low, high = estimate ** np.exp(-out), estimate ** np.exp(out)
        se = estimate * np.sqrt(log_variance)
        effective = estimate * (1 - estimate) / se**2
    all_there, all_gone = estimate == 1, estimate == 0
    least = np.minimum.accumulate(np.where(y > 0, y, np.inf))  # a first entry finds nobody at risk before it
    low = np.where(all_there, wilson(1.0, least, z)[0], np.where(all_gone, 0.0, low))
    high = np.where(all_there, 1.0, high)
    if all_there[0]:
        low[0] = 1.0
    if all_gone.any():
        first = int(np.argmax(all_gone))
        high[first:] = high[first - 1] if first else wilson(0.0, y[0], z)[1]
    found = {"estimate": estimate, "low": low, "high": high, "se": se}
    found["n_effective"] = np.where(all_there, np.where(np.isinf(least), np.nan, least), effective)
    gap, known = _gap(sets)
    found = {name: np.where(np.arange(len(y)) < known, values, np.nan) for name, values in found.items()}
    counted = {name: np.round(sets[name].to_numpy()).astype("int64") for name in sets if name != "time"}
    n = counted["events"].sum() + counted["censored"].sum()
    return pd.DataFrame({**counted, "time": sets["time"].to_numpy(), **found, "n": n, "gap": gap})


def _gap(sets: pd.DataFrame) -> tuple[float, int]:
    """When none of those seen so far was left though others are seen later (else nan), and how many rows are known."""
    y, d = (sets[name].to_numpy() for name in ("at_risk", "events"))
    wiped_out = (d == y) & (d > 0)
    ends = wiped_out | (remaining(sets) == 0).to_numpy()
    ends[np.flatnonzero(y)[-1] :] = False
    if not ends.any():
        return np.nan, len(y)
    row = int(np.argmax(ends))
    return float(sets["time"].iloc[row]), row if wiped_out[row] else row + 1


def _comes_to_half(rows: pd.DataFrame, name: str) -> float:
    """The first time at which the curve or a limit is at most a half; nan where it never is."""
    values, times = rows[name].to_numpy(), rows["time"].to_numpy()
    reached, below = values <= 0.5 + SAME, values < 0.5 - SAME
    if not reached.any():
        return np.nan
    first = int(np.argmax(reached))
    level = not below[first] and below.any()
    return float((times[first] + times[np.argmax(below)]) / 2 if level else times[first])
