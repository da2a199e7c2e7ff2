"""How long customers stay on average up to a horizon, by how much groups differ, and what a customer is worth by then.

The mean of all lifetimes is beyond data in which many have not left yet; the mean up to a horizon that the data reach
is not. It is the area under the Kaplan-Meier curve.
"""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import special

from cxlib.compare import verdict
from cxlib.corrections import adjust
from cxlib.counts import as_list
from cxlib.errors import CxError
from cxlib.intervals import student
from cxlib.language import tr
from cxlib.risk_sets import SAME, check_confidence, each_group, groups_of, observed, places, risk_sets


def mean_lifetime(curves: pd.DataFrame, *, horizon: float, confidence=0.95) -> pd.DataFrame:
    """Restricted mean lifetime: how long customers are there on average between the curve's first time and `horizon`.

    `curves` is the frame of survival.survival(). Columns: the groups, estimate, low, high, se (in the units of time),
    n, n_effective (as many customers followed to the horizon would have the same se), events (up to the horizon),
    begins (the curve's first time), horizon, followed (its last time). The interval is Student's t on n_effective, on
    the logits of the mean's part of the horizon, which it cannot leave; a normal one covers the truth 89 to 91 times in
    100 for 15 to 30 customers, this one 94 to 97 times. Where nobody has left, the limits are the areas under the
    curve's limits. Groups that are not followed up to the horizon, or whose curve breaks off before it, have nan.
    Raises CxError where no group reaches the horizon.
    Sources: Irwin, Journal of Hygiene 47 (1949) 188-189; Royston and Parmar, BMC Medical Research Methodology 13
    (2013) 152.
    """
    check_confidence(confidence)
    by, rows = groups_of(curves), []
    for names, curve in each_group(curves, by):
        curve = curve.reset_index(drop=True)
        row = dict.fromkeys(("estimate", "low", "high", "se", "n_effective"), np.nan)
        if _reaches(curve, horizon):
            row |= _mean(curve, horizon, confidence)
        seen = {"n": curve["n"].iloc[0], "events": curve["events"][curve["time"] <= horizon].sum()}
        seen |= {"begins": curve["time"].iloc[0], "horizon": horizon, "followed": curve["time"].iloc[-1]}
        rows.append(names | row | seen)
    found = pd.DataFrame(rows)
    if found["estimate"].isna().all():
        raise CxError(
            f"a horizon lies after the curve's beginning and within what was seen; {horizon:g} does not (the last was "
            f"followed to {found['followed'].max():g})"
        )
    return found


def mean_lifetime_differences(
    curves: pd.DataFrame, *, horizon: float, confidence=0.95, correction="holm"
) -> pd.DataFrame:
    """By how much the restricted mean lifetimes of every two groups differ, with intervals and t tests.

    Columns: group, other (names of several columns joined by " / "), estimate (group less other, in the units of time),
    low, high (MOVER, from the two groups' intervals), se, t, df (Welch's, on the effective numbers), p, p_adjusted (of
    all pairs, by `correction`), tests, verdict (on p_adjusted), n, n_other, horizon. Pairs with a group that does not
    reach the horizon have nan, and no test where nobody has left. Raises CxError as mean_lifetime(), and for fewer than
    two groups. Source of the interval: Zou and Donner, Statistics in Medicine 27 (2008) 1693-1702.
    """
    found, by = mean_lifetime(curves, horizon=horizon, confidence=confidence), groups_of(curves)
    if len(found) < 2:
        raise CxError("a difference needs two groups; these are the curves of one")
    pairs = np.array(list(combinations(range(len(found)), 2)))
    names = found[by].astype(str).agg(" / ".join, axis=1).to_numpy()
    one, other = (found.iloc[pairs[:, side]].reset_index(drop=True) for side in (0, 1))
    estimate, se = one["estimate"] - other["estimate"], np.hypot(one["se"], other["se"])
    tested = (one["se"] > 0) & (other["se"] > 0)
    t = (estimate / se).where(tested)
    df = (se**4 / sum(side["se"] ** 4 / _df(side["n_effective"]) for side in (one, other))).where(tested)
    p = 2 * special.stdtr(df, -np.abs(t))
    adjusted = adjust(p, correction)
    return pd.DataFrame(
        {
            "group": names[pairs[:, 0]],
            "other": names[pairs[:, 1]],
            "estimate": estimate,
            "low": estimate - np.hypot(one["estimate"] - one["low"], other["high"] - other["estimate"]),
            "high": estimate + np.hypot(one["high"] - one["estimate"], other["estimate"] - other["low"]),
            "se": se,
            "t": t,
            "df": df,
            "p": p,
            "p_adjusted": adjusted,
            "tests": int((~np.isnan(p)).sum()),
            "verdict": [verdict(value) for value in adjusted],
            "n": one["n"],
            "n_other": other["n"],
            "horizon": horizon,
        }
    )


def value(
    frame, *, margin, duration, event, horizon: float, by=None, discount: float = 0.0, confidence=0.95
) -> pd.DataFrame:
    """What a customer brings from the day he comes up to `horizon`: margin per unit of time x time there.

    `margin` is a column of what each customer brings per unit of time while he is there (0 or more), `discount` the
    rate per unit of time (0.01: money a month later is worth 1% less, where time counts months). The lifetime is that
    of the margin, not of the head: each customer weighs as much as he brings, so that the product stays right where
    those who bring more stay longer, or less long. Without censoring it is the mean of what each has brought.

    Columns: the groups, estimate (money per customer), low, high (Student's t), se (by every customer's influence),
    n, margin (mean, per unit of time), lifetime (of a unit of margin, discounted), horizon, discount, followed (the
    last time of anybody with a margin), left_out, unit, method. Groups of one customer, without margin, or not followed
    up to the horizon have nan. Raises CxError as survival.survival(), for margins under 0, and where no group reaches
    the horizon. There is no `entry`: the margin of those who left unseen is not known.
    Source: influence as in Reid, Annals of Statistics 9 (1981) 78-92.
    """
    check_confidence(confidence)
    if discount <= -1 or not np.isfinite(discount):
        raise CxError(f"a discount is a rate per unit of time such as 0.01; found {discount}")
    table, left_out = observed(frame, duration, event, by=by, also=[margin])
    table["_margin"] = table[margin].astype(float)
    bad = table["_margin"] < 0
    if bad.any():
        example = table["_margin"][bad].iloc[0]
        raise CxError(f"margins are 0 or more; {table['_n'][bad].sum():.0f} in {margin} are not, e.g. {example:g}")
    rows = [
        names | _value(customers, horizon, discount, confidence) for names, customers in each_group(table, as_list(by))
    ]
    found = pd.DataFrame(rows)
    if found["lifetime"].isna().all():
        raise CxError(
            f"a horizon lies after 0 and within what was seen; {horizon:g} does not (who has a margin was followed "
            f"to {found['followed'].max():g})"
        )
    method = tr("Kaplan-Meier weighted by margin, area up to the horizon; errors by each customer's influence")
    return found.assign(left_out=left_out, unit="money", method=method)


def _reaches(curve: pd.DataFrame, horizon: float) -> bool:
    """Whether the curve is known up to the horizon: all have left before, or somebody was followed that far."""
    known = curve["estimate"].notna()
    if not np.isfinite(horizon) or horizon <= curve["time"].iloc[0]:
        return False
    if not known.all() and curve["gap"].iloc[0] < horizon:
        return False
    return horizon <= curve["time"].iloc[-1] * (1 + SAME) or curve["estimate"].iloc[-1] == 0


def _areas(times: np.ndarray, heights: np.ndarray, horizon: float, discount: float = 0.0) -> np.ndarray:
    """The area under a curve of steps from each of its times up to the horizon, later money discounted."""
    edges = np.minimum(np.append(times, horizon), horizon)
    widths = -np.diff((1 + discount) ** -edges) / np.log1p(discount) if discount else np.diff(edges)
    return np.cumsum((heights * widths)[::-1])[::-1]


def _mean(curve: pd.DataFrame, horizon: float, confidence: float) -> dict:
    """The restricted mean of one group's curve, with its error and interval."""
    curve = curve[curve["time"] < horizon]
    times, y, d, heights = (curve[name].to_numpy(float) for name in ("time", "at_risk", "events", "estimate"))
    area = _areas(times, heights, horizon)
    some = (d > 0) & (y > d)
    variance = np.sum(area[some] ** 2 * d[some] / (y[some] * (y[some] - d[some])))
    mean, se, length = area[0], float(np.sqrt(variance)), horizon - times[0]
    if se == 0:
        low, high = (_areas(times, curve[limit].to_numpy(), horizon)[0] for limit in ("low", "high"))
        return {"estimate": mean, "low": low, "high": high, "se": se}
    squares = np.diff((np.append(times, horizon) - times[0]) ** 2)
    effective = (heights @ squares - mean**2) / variance
    df, part = _df(effective), mean / length
    # Greenwood's variance divides by the number at risk; the sample's would by one less.
    half = special.stdtrit(df, 0.5 + confidence / 2) * np.sqrt(1 + 1 / df) * se / length / (part * (1 - part))
    low, high = length * special.expit(special.logit(part) + np.array([-half, half]))
    return {"estimate": mean, "low": low, "high": high, "se": se, "n_effective": effective}


def _df(effective):
    """Degrees of freedom of that many customers."""
    return np.maximum(effective, 2) - 1


def _value(rows: pd.DataFrame, horizon: float, discount: float, confidence: float) -> dict:
    """The value of one group's customers, with its error and interval."""
    at, left, n, m = (rows[name].to_numpy(float) for name in ("_at", "_left", "_n", "_margin"))
    size, mean = n.sum(), float(n @ m / n.sum())
    found = {"estimate": np.nan, "low": np.nan, "high": np.nan, "se": np.nan, "n": round(size), "margin": mean}
    found |= {"lifetime": np.nan, "horizon": horizon, "discount": discount, "followed": at[m > 0].max(initial=0.0)}
    if size < 2 or mean == 0 or not 0 < horizon < np.inf:
        return found
    sets = risk_sets(rows.assign(_n=n * m))
    times, y, d = (sets[name].to_numpy() for name in ("time", "at_risk", "events"))
    last = y > d
    share = np.divide(d, y, out=np.zeros_like(y), where=y > 0)
    heights = np.cumprod(1 - share)
    if found["followed"] < horizon * (1 - SAME) and heights[-1] > 0:
        return found
    area = _areas(times, heights, horizon, discount)
    # What the lifetime owes to a customer: he lowers it when he leaves, and raises it while others leave around him.
    step = np.divide(share, y - d, out=np.zeros_like(y), where=last)
    loss = np.divide(area, y - d, out=np.zeros_like(y), where=last)
    place = places(times, at)
    owed = m * (np.cumsum(area * step)[place] - left * loss[place])
    influence = (m - mean) / size * area[0] + mean * owed
    se = float(np.sqrt(n @ influence**2 * size / (size - 1)))
    low, high = student(mean * area[0], se, size - 1, confidence)
    return found | {"estimate": mean * area[0], "low": low, "high": high, "se": se, "lifetime": area[0]}
