"""Is a ranking better than chance, and are its chances right? Lift, AUC and calibration of what was never fitted.

`chance` is predicted (0-1), `y` is what was found (1 or 0), `w` are weights, a value for each customer. Who has the
same chance shares a place in the ranking, so that no number depends on the order of the rows.
"""

import numpy as np
import pandas as pd
from scipy import optimize, special

from cxlib.binary import binary
from cxlib.intervals import wilson
from cxlib.language import tr
from cxlib.metrics import Metric
from cxlib.scores import by_group

FOUND = Metric("found", "Found", (0, 1), {1: 100}, "percent")
TENTHS = 10
CERTAIN = 30.0  # log odds


def gains(chance, y, w, tops, *, confidence=0.95) -> pd.DataFrame:
    """The share of all that are sought which the top so many percent of the ranking hold, in percent.

    Columns: top (percent of customers), estimate, low, high, se, n (sought customers), n_effective, and customers
    (in the top), share (of them sought, in percent), lift, lift_low, lift_high (estimate / top; 1 is no better than
    chance). Wilson interval on the effective number; where the cut falls is estimated, too, which a binomial interval
    leaves out. Source: Jiang and Zhao, JASA 110 (2015) 1717-1725.
    """
    z, rows = special.ndtri(0.5 + confidence / 2), []
    levels, place = np.unique(-np.asarray(chance), return_inverse=True)  # the highest chance first
    size, sought = np.bincount(place, w), np.bincount(place, w * y)
    before, base = np.cumsum(size) - size, sought.sum() / size.sum()
    for top in tops:
        f = top / 100
        taken = np.clip((f * size.sum() - before) / size, 0.0, 1.0)
        share = taken @ sought / sought.sum()
        at_cut = -levels[np.flatnonzero(taken > 1e-12)[-1]]
        influence = (y * (taken[place] - share) - at_cut * (taken[place] - f)) / base
        variance = np.sum((w * influence) ** 2) / size.sum() ** 2
        effective = kish(w[y == 1])
        if variance > 1e-15 and 0 < share < 1:
            effective = share * (1 - share) / variance
        low, high = wilson(share, effective, z) if f < 1 else (1.0, 1.0)
        rows.append(
            {"top": top, "estimate": 100 * share, "low": 100 * low, "high": 100 * high, "se": 100 * np.sqrt(variance),
             "n": int(y.sum()), "n_effective": effective, "customers": round(f * len(y)),
             "share": 100 * share * base / f, "lift": share / f, "lift_low": low / f, "lift_high": high / f}
        )  # fmt: skip
    return pd.DataFrame(rows).astype({"low": float, "high": float, "lift_low": float, "lift_high": float})


def auc(chance, y, w, *, confidence=0.95) -> dict:
    """The chance that one who is sought ranks above one who is not (0-1; 0.5 is chance; ties count half).

    A row: estimate, low, high, se, n, n_effective (pairs without a customer in common that would tell as much).
    DeLong's variance, Wilson interval; no variance is taken to be greater than it can be.
    Sources: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837-845; Birnbaum and Klose, Annals of
    Mathematical Statistics 28 (1957) 933-945 (the bound).
    """
    place = np.unique(chance, return_inverse=True)[1]
    ones, zeros = np.bincount(place, w * y), np.bincount(place, w * (1 - y))
    below = (np.cumsum(zeros) - zeros / 2)[place] / zeros.sum()
    above = 1 - (np.cumsum(ones) - ones / 2)[place] / ones.sum()
    value, variance = ones @ (np.cumsum(zeros) - zeros / 2) / (ones.sum() * zeros.sum()), 0.0
    for part, over in ((y == 1, below), (y == 0, above)):
        spread = np.sum((w[part] * (over[part] - value)) ** 2) / w[part].sum() ** 2
        variance += spread * part.sum() / (part.sum() - 1)
    least = min(kish(w[y == 1]), kish(w[y == 0]))
    effective = max(least, value * (1 - value) / variance) if variance > 1e-15 else least
    low, high = wilson(value, effective, special.ndtri(0.5 + confidence / 2))
    return _row(value, low, high, np.sqrt(variance), len(y), effective, tr("Wilson on DeLong's variance"))


def tenths(chance, y, w, *, confidence=0.95) -> pd.DataFrame:
    """Mean chance against the share found, in percent, in tenths of the customers by chance; 1 is the highest.

    Columns: tenth, chance, estimate, low, high, se, n, n_effective; Wilson intervals. Who has the same chance is in
    the same tenth, so that there may be fewer than ten.
    """
    rank = pd.Series(chance).rank(ascending=False).to_numpy()
    known = pd.DataFrame({"tenth": tenth(rank, len(y)), "y": y, "w": w, "chance": chance * w})
    how = {"weights": "w" if np.ptp(w) > 0 else None, "strata": "tenth", "confidence": confidence, "minimum_base": 0}
    frame = by_group(known, FOUND, ["tenth"], question="y", **how)
    sums = known.groupby("tenth")[["chance", "w"]].sum()
    frame.insert(1, "chance", 100 * (sums["chance"] / sums["w"]).to_numpy())
    return frame[["tenth", "chance", "estimate", "low", "high", "se", "n", "n_effective"]]


def tenth(rank: np.ndarray, n: int) -> np.ndarray:
    """The tenth of each rank (1 to n, ties at their middle)."""
    return np.floor(TENTHS * (np.asarray(rank) - 0.5) / n).astype(int) + 1


def calibration(chance, y, w, base: float, *, confidence=0.95) -> pd.DataFrame:
    """How right the chances are, a row each: slope, intercept, brier, brier_base and brier_gain (base less model).

    slope (1 is right): of what was found on the log odds predicted, by Firth's logit, which is finite; below 1 chances
    are too extreme. intercept (0 is right): the log odds by which all chances are too low, with the slope held at 1.
    brier: mean squared error of the chances (0-1), and of the `base` rate (0-1) that was known before. Columns:
    estimate, low, high, se, n, n_effective, method. Chances that do not differ have no slope.
    Sources: Cox, Biometrika 45 (1958) 562-565; Brier, Monthly Weather Review 78 (1950) 1-3.
    """
    # Chances that are written 0 or 1 have no log odds.
    logit, z = np.clip(special.logit(chance), -CERTAIN, CERTAIN), special.ndtri(0.5 + confidence / 2)
    rows = {"slope": _slope(logit, y, w, confidence)}
    total, effective = w.sum(), kish(w)
    shift = optimize.brentq(lambda a: w @ (y - special.expit(a + logit)), -60.0, 60.0)
    p = special.expit(shift + logit)
    se = np.linalg.norm(w * (y - p)) / (w @ (p * (1 - p)))
    rows["intercept"] = _row(
        shift, shift - z * se, shift + z * se, se, len(y), effective, tr("sandwich, slope held at 1")
    )
    squares = {"brier": (chance - y) ** 2, "brier_base": (base - y) ** 2}
    squares["brier_gain"] = squares["brier_base"] - squares["brier"]
    for name, values in squares.items():
        mean = w @ values / total
        se = np.linalg.norm(w * (values - mean)) / total
        rows[name] = _row(mean, mean - z * se, mean + z * se, se, len(y), effective, tr("mean, normal interval"))
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("measure")


def kish(w: np.ndarray) -> float:
    """Kish's effective number of customers."""
    return float(w.sum() ** 2 / (w @ w))


def _slope(logit, y, w, confidence: float) -> dict:
    if np.ptp(logit) < 1e-9:
        return _row(*[np.nan] * 4, len(y), np.nan, tr("chances do not differ"))
    frame = pd.DataFrame({"found": y, "logit": logit, "w": w})
    fit = binary(frame, "found", "logit", firth=True, weights="w" if np.ptp(w) > 0 else None, confidence=confidence)
    found = fit.coefficients.loc["logit"]
    return _row(*found[["estimate", "low", "high", "se"]], len(y), found["n_effective"], tr("Firth's logit"))


def _row(estimate, low, high, se, n, effective, method: str) -> dict:
    numbers = {"estimate": estimate, "low": low, "high": high, "se": se, "n_effective": effective}
    return {name: float(value) for name, value in numbers.items()} | {"n": n, "method": method}
