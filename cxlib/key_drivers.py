"""The tables of importance: each driver's share, rank and place on the map, and what missing answers do to them."""

from collections.abc import Generator

import numpy as np
import pandas as pd

from cxlib import importance, performance
from cxlib.calibration import fixed, without
from cxlib.drawn_shares import Drawn
from cxlib.errors import CxError
from cxlib.estimate import Estimate
from cxlib.language import noted, tr
from cxlib.regressions import Regression
from cxlib.steps import in_steps

# The columns of tables that a chart takes, where they have no rows.
SHARES = ["driver", "label", "estimate", "low", "high", "rank", "rank_low", "rank_high", "percent", "ranks"]
PLACES = [
    *("driver", "label", "estimate", "low", "high", "importance", "importance_low", "importance_high"),
    *("importance_mean", "performance_mean", "quadrant", "verdict"),
]
MOST = 22  # drivers whose shares are averaged over all orders; above, relative weights
TREATMENTS = ("pairwise", "em", "listwise")
TREATMENT_HEADS = {
    "label": noted("Driver"),
    "share_pairwise": (noted("Share, pairwise"), "percent"),
    "rank_pairwise": (noted("Rank, pairwise"), "base"),
    "share_em": (noted("Share, em"), "percent"),
    "rank_em": (noted("Rank, em"), "base"),
    "share_listwise": (noted("Share, listwise"), "percent"),
    "rank_listwise": (noted("Rank, listwise"), "base"),
    "moved": (noted("Ranks moved"), "ratio"),
}


def shares(
    case: Regression,
    *,
    method: str = "lmg",
    missing: str = "pairwise",
    bootstrap: int = 1000,
    known: Drawn | None = None,
) -> pd.DataFrame:
    """drivers.importance() of the numeric drivers, with labels and in percent of the outcome's variance.

    Columns: driver, label, estimate, low, high, se (percent of the variance), percent (of R squared), rank, rank_low,
    rank_high, ranks (in words), r_squared, r_squared_low, r_squared_high (percent), n, n_weighted,
    n_effective, unit, method. Most important first. No rows with fewer than two numeric drivers, or too few answers.
    `known` is drawn() of this case, for who has computed it before.
    """
    if len(case.numeric) < 2 or case.too_few:
        return pd.DataFrame(columns=SHARES)
    known = known or drawn(case, method=method, missing=missing, bootstrap=bootstrap)
    found = known.at(case.confidence)
    parts = ["estimate", "low", "high", "se", "r_squared", "r_squared_low", "r_squared_high"]
    found = found.assign(**{part: 100 * found[part] for part in parts if part in found})
    ranks = [
        f"{row.rank:.0f} ({row.rank_low:.0f}-{row.rank_high:.0f})"
        if row.rank_low < row.rank_high
        else f"{row.rank:.0f}"
        for row in found.itertuples()
    ]
    labels = [case.study.label(name) for name in found.index]
    found["method"] += fixed(case.design)
    return found.assign(label=labels, ranks=ranks, unit="percent").sort_values("rank", kind="stable").reset_index()


@in_steps
def drawn(case: Regression, *, method: str, missing: str, bootstrap: int) -> Generator[None, None, Drawn | None]:
    """What shares() are read from, at any confidence, in steps; None with fewer than two numeric drivers."""
    if len(case.numeric) < 2 or case.too_few:
        return None
    keys = {key: value for key, value in without(case.design).items() if key != "fpc"}
    keys |= {"method": "johnson" if len(case.numeric) > MOST else method, "missing": missing, "bootstrap": bootstrap}
    return (yield from importance.drawn.steps(case.frame, case.outcome, case.numeric, **keys))


def treatments(case: Regression, *, method: str = "lmg") -> pd.DataFrame:
    """How far the ranking depends on what is done about missing answers.

    Columns: label, then percent of R squared and rank under each treatment (pairwise, em, listwise), moved (the widest
    difference of ranks), and n_listwise (who answered everything). Blank where a treatment is not possible.
    """
    found = {}
    for missing in TREATMENTS:
        try:
            found[missing] = shares(case, method=method, missing=missing, bootstrap=0)
        except CxError:  # too few answered everything, say
            continue
    found = {name: rows.set_index("driver") for name, rows in found.items() if len(rows)}
    if len(found) < 2:
        return pd.DataFrame()
    first = next(iter(found.values()))
    frame = pd.DataFrame({"label": first["label"]})
    for name in TREATMENTS:
        rows = found.get(name)
        frame[f"share_{name}"] = np.nan if rows is None else rows["percent"].reindex(frame.index)
        frame[f"rank_{name}"] = np.nan if rows is None else rows["rank"].reindex(frame.index)
    ranks = frame[[f"rank_{name}" for name in found]]
    frame["moved"] = ranks.max(axis=1) - ranks.min(axis=1)
    everything = case.frame[[*case.numeric, case.outcome]].notna().all(axis=1).sum()
    return frame.assign(n_listwise=int(everything), n=len(case.frame), unit="percent").reset_index()


def explained(case: Regression, rows: pd.DataFrame) -> Estimate | None:
    """R squared of all drivers together, in percent, with its interval; None without shares()."""
    if rows.empty:
        return None
    row = rows.iloc[0]
    low, high = (row.get(f"r_squared_{end}", np.nan) for end in ("low", "high"))
    name = tr("{metric}: accounted for by the drivers", metric=case.label)
    n, weighted, effective = (rows[base].min() for base in ("n", "n_weighted", "n_effective"))
    told = ("percent", case.confidence, row["method"], weighted)
    return Estimate(name, row["r_squared"], low, high, np.nan, n, effective, *told)


def in_shares(rows: pd.DataFrame) -> pd.DataFrame:
    """shares() as its chart takes it: by driver, as parts of 1; an interval of no length where there is none."""
    if rows.empty:
        return rows
    found = rows.set_index("driver")
    whole = {"low": "estimate", "high": "estimate", "rank_low": "rank", "rank_high": "rank"}
    found = found.assign(**{end: found[end].fillna(found[of]) for end, of in whole.items()})
    return found.assign(**{part: found[part] / 100 for part in ("estimate", "low", "high")})


def method_of(rows: pd.DataFrame) -> str:
    """How the importance was found, in words."""
    return rows["method"].iloc[0] + "." if len(rows) else ""


def quadrants(case: Regression, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """performance.quadrants() of shares() and the drivers' means, and the competitors' means; empty without two drivers
    that have a scale and the minimum base."""
    rated = [
        name
        for name in (rows["driver"] if len(rows) else [])
        if name in case.study.questions("driver") and case.study.book.tables["survey"].questions[name].scale
    ]
    if len(rated) < 2:
        return pd.DataFrame(columns=PLACES), pd.DataFrame()
    means = performance.of_drivers(case.study, rated, wave=case.wave or "", confidence=case.confidence)
    if means["estimate"].notna().sum() < 2:
        return pd.DataFrame(columns=PLACES), pd.DataFrame()
    importances = rows.set_index("driver").loc[rated, ["estimate", "low", "high"]]
    found = performance.quadrants(importances, means)
    rivals = performance.of_competitors(case.study, rated, wave=case.wave or "", confidence=case.confidence)
    return found.reset_index(), rivals


def map_shares(rows: pd.DataFrame) -> pd.DataFrame:
    """quadrants() as its chart takes it: by driver; an importance without an interval has one of no length."""
    if rows.empty:
        return rows
    found = rows.set_index("driver")
    ends = ("importance_low", "importance_high")
    return found.assign(**{end: found[end].fillna(found["importance"]) for end in ends})
