"""Did it work? A changed group against a comparison group, before and after: difference in differences.

What the changed group gained beyond the comparison is the effect of the change where both would have gone the same way
without it. No data can show that; placebos() shows whether they did so before, and what such a check could have seen.
The groups are strata where no cluster lies in both (shops that were trained, shops that were not): the variance is
then Neyman's for an experiment with clusters, and Welch's degrees of freedom heed how few the smaller group has. On
2,000 samples of a known world 95% intervals cover 94.5-95.1% with 20 changed shops of 60, 94% with 6 and 92% with 3.
Sources: Card and Krueger, American Economic Review 84 (1994) 772-793; Bertrand, Duflo and Mullainathan, Quarterly
Journal of Economics 119 (2004) 249-275 (clusters, not respondents, are what varies).
"""

from itertools import pairwise

import numpy as np
import pandas as pd

from cxlib.arms import COMPARISON, EVERYBODY, SIDES, TREATED, Arms, check_waves, combined, two_arms
from cxlib.compare import verdict
from cxlib.corrections import adjust
from cxlib.errors import CxError
from cxlib.estimate import Estimate
from cxlib.language import noted, tr
from cxlib.metrics import find, levels


def effect(frame, metric, *, question, group, treated, over, before, after, confidence=0.95, **design) -> Estimate:
    """The change of the treated group less that of the comparison, in the metric's unit; Student's t interval.

    `group` names a column of two groups, of which `treated` is the one that was changed; `over` names that of the
    waves. `design` (weights, strata, clusters, fpc, calibration) as in scores.by_group(); fpc is left aside, since the
    question is what the change does, not how these very shops stand. n counts the answers of all four cells. Raises
    CxError for other than two groups, waves that are not there, and groups with too few answers or clusters.
    """
    how = {"group": group, "treated": treated, "over": over, "before": before, "after": after, **design}
    row = effects(frame, {question: metric}, confidence=confidence, minimum_base=2, **how).iloc[0]
    if np.isnan(row["estimate"]):
        raise CxError(
            "difference in differences needs 2 answers a group and wave that are not all alike, and in each group more "
            f"clusters than strata; the smallest cell has {row['n_least']} answers to {question}, the groups "
            f"{row['units']}"
        )
    known = find(metric)
    unit, label = (known.unit, known.label) if known else ("score", question)
    values = (row[name] for name in ("estimate", "low", "high", "se", "n", "n_effective"))
    name = tr(
        "{metric}: {group} less comparison, {before} to {after}",
        metric=label,
        group=treated,
        before=before,
        after=after,
    )
    return Estimate(name, *values, unit, confidence, row["method"], row["n_weighted"])


def effects(
    frame,
    metrics: dict,
    *,
    group,
    treated,
    over,
    before,
    after,
    by=None,
    confidence=0.95,
    minimum_base=30,
    correction="holm",
    power=0.8,
    **design,
) -> pd.DataFrame:
    """effect() for several questions, and in each group of `by`: what should have moved, and what should not.

    `metrics` gives each question's metric (or "mean"). Columns: question, segment (of `by`), estimate, low, high, se,
    t, df, p, detectable (the true effect that is found with that `power`), n (answers of all four cells), n_before,
    n_after, n_least (of the smallest cell), n_weighted, n_effective, units (clusters of either group), method,
    p_adjusted (all rows together), verdict. Where a cell has fewer than `minimum_base` answers, or a group no more
    clusters than strata, estimate and what follows from it are nan. Arguments and errors as effect().
    """
    frames = []
    for question, metric in metrics.items():
        arms = two_arms(frame, metric, question, group, treated, over, by, design)
        before, after = check_waves(arms, before, after)
        named = [{"question": question, "segment": name} for name in arms.segments]
        asked = [_contrast({before: -1, after: 1}, name) for name in arms.segments]
        frames.append(combined(arms, named, asked, (before, after), confidence, minimum_base, power))
    found = pd.concat(frames, ignore_index=True)
    return _judged(found, adjust(found["p"].to_numpy(), correction))


def placebos(
    frame,
    metric,
    *,
    question,
    group,
    treated,
    over,
    before,
    after,
    order=None,
    confidence=0.95,
    correction="holm",
    power=0.8,
    **design,
) -> pd.DataFrame:
    """The same contrast where nothing happened: each pair of neighbouring waves up to `before`, and the slope.

    Columns: check (effect; placebo; slope: the change of the gap a wave, over three or more waves up to `before`),
    before, after, and those of effects(); p_adjusted is of the checks, the effect's stands alone. A check that could
    not have seen an effect of that size (`detectable`) clears nothing. `order` names the waves in order (default:
    sorted). Source: Roth, American Economic Review: Insights 4 (2022) 305-322. Arguments and errors as effect().
    """
    arms = two_arms(frame, metric, question, group, treated, over, None, design)
    before, after, waves = _in_order(arms, before, after, order)
    earlier = waves[: waves.index(before) + 1]
    checks = [(noted("effect"), before, after), *((noted("placebo"), *pair) for pair in pairwise(earlier))]
    asked = [_contrast({first: -1, last: 1}) for _, first, last in checks]
    if len(earlier) > 2:
        x = np.arange(len(earlier)) - (len(earlier) - 1) / 2
        checks.append((noted("slope"), earlier[0], earlier[-1]))
        asked.append(_contrast(dict(zip(earlier, x / (x @ x), strict=True))))
    named = [dict(zip(("check", "before", "after"), check, strict=True)) for check in checks]
    found = pd.concat(
        [
            combined(arms, [about], [cells], (about["before"], about["after"]), confidence, 2, power)
            for about, cells in zip(named, asked, strict=True)
        ],
        ignore_index=True,
    )
    p = found["p"].to_numpy()
    return _judged(found, np.append(p[:1], adjust(p[1:], correction)))


def lines(
    frame, metric, *, question, group, treated, over, before, after, order=None, confidence=0.95, **design
) -> pd.DataFrame:
    """Both groups' metric in every wave, and where the treated one would stand had it gone the comparison's way.

    Columns: kind (treated, comparison, counterfactual), group, wave, estimate, low, high, se, n, n_weighted,
    n_effective. The counterfactual is before plus the comparison's change; its n counts the three cells. Arguments as
    placebos().
    """
    arms = two_arms(frame, metric, question, group, treated, over, None, design)
    before, after, waves = _in_order(arms, before, after, order)
    named, asked = [], []
    for side, kind in ((TREATED, noted("treated")), (COMPARISON, noted("comparison"))):
        named += [{"kind": kind, "group": arms.names[side], "wave": wave} for wave in waves]
        asked += [{(EVERYBODY, side, wave): 1.0} for wave in waves]
    named.append({"kind": noted("counterfactual"), "group": arms.names[TREATED], "wave": after})
    parts = [(TREATED, before, 1.0), (COMPARISON, after, 1.0), (COMPARISON, before, -1.0)]
    asked.append({(EVERYBODY, side, wave): value for side, wave, value in parts})
    rows = combined(arms, named, asked, (before, after), confidence, 2, 0.8)
    if steps := levels(metric):
        rows[["low", "high"]] = rows[["low", "high"]].clip(steps[0], steps[-1])
    kept = ["kind", "group", "wave", "estimate", "low", "high", "se", "n", "n_weighted", "n_effective"]
    return rows.loc[rows["n"] > 0, kept].reset_index(drop=True)


def _in_order(arms: Arms, before, after, order) -> tuple[str, str, list[str]]:
    """Both waves, and all of them in order."""
    before, after = check_waves(arms, before, after)
    waves = arms.waves if order is None else [str(wave) for wave in order if str(wave) in arms.waves]
    lacking = [wave for wave in arms.waves if wave not in waves]
    if lacking:
        raise CxError(f"the order of the waves must name each; {lacking[0]} is not in it ({', '.join(waves)})")
    if waves.index(before) >= waves.index(after):
        raise CxError(f"before comes before after; found {before} and {after}, in the order {', '.join(waves)}")
    return before, after, waves


def _contrast(waves: dict, segment: str = EVERYBODY) -> dict:
    """What each cell counts: the treated group's combination of waves less the comparison's."""
    return {(segment, side, wave): sign * value for side, sign in SIDES.items() for wave, value in waves.items()}


def _judged(found: pd.DataFrame, adjusted: np.ndarray) -> pd.DataFrame:
    return found.assign(p_adjusted=adjusted, verdict=[verdict(p) for p in adjusted])
