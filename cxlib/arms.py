"""Two groups over the waves, one of them changed: the estimates of every cell, and combinations of them.

The groups are strata where no cluster lies in both: the variance of a difference is then the sum of both groups' own,
with Welch's degrees of freedom, which heed how few clusters the smaller group has.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from cxlib import intervals, text
from cxlib.counts import as_list, tally
from cxlib.design import DRAWN
from cxlib.detectable import multiplier
from cxlib.errors import CxError, nearest
from cxlib.language import tr
from cxlib.scores import score
from cxlib.variance import Domains, linearise

TREATED, COMPARISON = 0, 1
SIDES = {TREATED: 1, COMPARISON: -1}
EVERYBODY = "All"
DESIGN = ("weights", "strata", "clusters", "fpc", "calibration")


@dataclass(frozen=True)
class Arms:
    """One metric in both groups, every wave and segment."""

    domains: Domains
    cells: dict  # the number of the domain of each (segment, side, wave)
    names: tuple[str, str]  # of the treated group, of the comparison
    over: str
    apart: bool  # no cluster lies in both groups
    weighted: bool

    @property
    def segments(self) -> list[str]:
        return list(dict.fromkeys(segment for segment, _, _ in self.cells))

    @property
    def waves(self) -> list[str]:
        return sorted({wave for _, _, wave in self.cells})

    def n(self, *cell) -> int:
        """The answers in a cell."""
        return int(self.domains.n[self.cells[cell]]) if cell in self.cells else 0


def two_arms(frame, metric, question, group, treated, over, by, design: dict) -> Arms:
    """The estimates of every cell, with the groups as strata where no cluster lies in both."""
    for name in design:
        if name not in DESIGN:
            raise CxError(f"a design has {', '.join(DESIGN)}; found {name}{nearest(name, DESIGN)}")
    weights, strata, clusters, _, calibration = (design.get(name) for name in DESIGN)
    keys = [*as_list(by), group, over]
    drawn = {"strata": strata, "clusters": clusters, "calibration": calibration}
    table = tally(frame, question, by=keys, weights=weights, **drawn)
    found = sorted(table.loc[table[question].notna(), group].dropna().astype(str).unique())
    if len(found) != 2:
        why = "there is no comparison group" if len(found) < 2 else "leave out or join the others"
        shown = f" ({', '.join(found[:4])})" if found else ""
        raise CxError(f"a comparison takes two groups; column {group} has {len(found)}{shown}: {why}")
    if str(treated) not in found:
        raise CxError(f"{group} has no group {treated}; it has {' and '.join(found)}{nearest(treated, found)}")
    names = (str(treated), found[1 - found.index(str(treated))])
    inside = table.dropna(subset=[*as_list(clusters), group])
    units = inside.groupby([*as_list(strata), *as_list(clusters)], dropna=False) if clusters else None
    apart = units is None or bool((units[group].nunique() == 1).all())
    if apart:
        drawn["strata"] = list(dict.fromkeys([*(key for key in as_list(strata) if key != DRAWN), group]))
    domains = linearise(table, score(table, metric, question, frame), by=keys, **drawn)
    cells = {}
    for number, key in domains.keys[keys].dropna().astype(str).iterrows():
        if key[group] in names:
            cells[key[by] if by else EVERYBODY, names.index(key[group]), key[over]] = int(number)
    return Arms(domains, cells, names, over, apart, weights is not None)


def check_waves(arms: Arms, before, after) -> tuple[str, str]:
    """Both waves as they are named in `arms`; CxError for one that is not there, or lacks answers in a group."""
    before, after = str(before), str(after)
    if before == after:
        raise CxError(f"a comparison takes two waves; {before} is named as before and as after")
    for wave in (before, after):
        if wave not in arms.waves:
            close = nearest(wave, arms.waves)
            raise CxError(f"there is no wave {wave} in {arms.over}; the waves are {', '.join(arms.waves)}{close}")
        for side, name in enumerate(arms.names):
            if not any(arms.n(segment, side, wave) for segment in arms.segments):
                raise CxError(
                    f"both groups must have answers in both waves; {name} has none in {wave} (its members are to be "
                    "marked in every wave, not only after the change)"
                )
    return before, after


def combined(arms: Arms, named, asked: list[dict], span, confidence, minimum_base, power) -> pd.DataFrame:
    """Each combination of cells: estimate, interval, test, bases, and the effect that it could have seen."""
    domains = arms.domains
    weights, least = np.zeros((len(asked), len(domains.n))), np.zeros(len(asked), int)
    for row, cells in enumerate(asked):
        least[row] = min(arms.n(*cell) for cell in cells)
        for cell, value in cells.items():
            if cell in arms.cells:
                weights[row, arms.cells[cell]] = value
    variance, df, units = _variance(arms, weights)
    what = "clusters" if len(domains.design.home) else "respondents"
    # Answers that vary nowhere would be told apart with certainty.
    varies = variance > 1e-18 * (weights**2 @ np.nan_to_num(domains.spread))
    small = (least < max(minimum_base, 2)) | ~(df > 0) | ~varies
    estimate = np.where(small, np.nan, weights @ np.nan_to_num(domains.ratio))
    se, used = np.where(small, np.nan, np.sqrt(variance)), (weights != 0).astype(float)
    low, high = intervals.student(estimate, se, df, confidence)
    with np.errstate(invalid="ignore", divide="ignore"):
        t = np.where(estimate == 0, 0.0, estimate / se)
        simple = weights**2 @ (domains.spread / np.maximum(domains.n - 1, 1))  # the variance in a simple random sample
        effective = (used @ domains.n) * np.nan_to_num(simple) / se**2
    bases = {
        name: [sum(arms.n(*cell) for cell in cells if cell[2] == wave) for cells in asked]
        for name, wave in zip(("n_before", "n_after"), span, strict=True)
    }
    found = pd.DataFrame(
        {"estimate": estimate, "low": low, "high": high, "se": se, "t": t, "df": df}
        | {"p": 2 * special.stdtr(df, -np.abs(t)), "detectable": multiplier(df, power, confidence) * se}
        | {"n": (used @ domains.n).astype(int), **bases, "n_least": least, "n_weighted": used @ domains.w}
        | {"n_effective": effective, "units": [f"{a:,} and {b:,} {what}" for a, b in units]}
    )
    found["method"] = [_method(arms, df, *pair) for df, pair in zip(found["df"], units, strict=True)]
    return pd.concat([pd.DataFrame(named), found], axis=1)


def _variance(arms: Arms, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[tuple[int, int]]]:
    """Variance and degrees of freedom of combinations of cells, and the number of clusters of either group.

    Source of the degrees of freedom: Welch, Biometrika 34 (1947) 28-35.
    """
    domains = arms.domains
    variance, df = domains.contrast(weights)
    side = np.full(len(domains.n), -1)
    for (_, arm, _), number in arms.cells.items():
        side[number] = arm
    parts = [np.where(side == arm, weights, 0.0) for arm in SIDES]
    counts = []
    for part in parts:
        touched = (part != 0).astype(float)
        counts.append(((domains.answers @ touched.T) > 0).sum(axis=0) + (touched @ domains.alone_n.T).sum(axis=1))
    if arms.apart:
        of = [domains.contrast(part) for part in parts]
        with np.errstate(invalid="ignore", divide="ignore"):
            # A group that takes no part has neither variance nor degrees of freedom.
            share = sum(np.where(count > 0, one**2 / free, 0.0) for (one, free), count in zip(of, counts, strict=True))
            welch = variance**2 / share
        lacking = np.any([(count > 0) & (free < 1) for (_, free), count in zip(of, counts, strict=True)], axis=0)
        df = np.where(lacking, 0.0, np.where(variance > 0, welch, df))
    return variance, df, [(int(a), int(b)) for a, b in zip(*counts, strict=True)]


def _method(arms: Arms, df: float, a: int, b: int) -> str:
    """How a combination was estimated, in words; `a` and `b` are the clusters of either group."""
    units = {"a": text.number(a), "b": text.number(b)}
    if not arms.apart:
        told = tr("{a} and {b} clusters that lie in both groups", **units)
    elif len(arms.domains.design.home):
        told = tr("{a} and {b} clusters", **units)
    else:
        told = tr("{a} and {b} respondents", **units)
    return tr(
        "Student's t, {df} degrees of freedom; Taylor linearisation: {design}",
        df=text.number(df, digits=1),
        design=f"{arms.domains.design.weighting}, {told}" if arms.weighted else told,
    )
