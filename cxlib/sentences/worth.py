"""Sentences on what a score is worth, whether an improvement worked, and what the model expects of higher ratings."""

import numpy as np
import pandas as pd

from cxlib import text
from cxlib.regressions import Regression
from cxlib.sentences.regressions import NAMED, in_points, interval_of
from cxlib.sentences.words import VERDICTS


def _band(name: str) -> str:
    """A band of answers in a sentence: promoters; answers 4-5:, answer 7: where it has no name."""
    first, dash, _ = name.partition("-")
    return f"answer{'s' if dash else ''} {name}:" if first.isdigit() else name.lower()


def bands(case: Regression, rows: pd.DataFrame, gaps: pd.DataFrame, why: str) -> dict[str, str]:
    """What the outcome's best band brings beyond its worst, or why that cannot be told."""
    if rows.empty:
        return {"no_value": f"What a score is worth is not told: {why}."}
    found = {}
    order = list(dict.fromkeys(rows["band"].astype(str)))
    for outcome, part in gaps.groupby("outcome", sort=False) if len(gaps) else ():
        ends = part[(part["band"].astype(str) == order[-1]) & (part["other"].astype(str) == order[0])]
        if ends.empty or pd.isna(ends["estimate"].iloc[0]):
            continue
        row = ends.iloc[0]
        values = rows[rows["outcome"] == outcome].set_index(rows["band"].astype(str)[rows["outcome"] == outcome])
        high, low = (
            f"{_band(band)} {text.number(values.loc[band, 'estimate'], row['unit'])}" for band in (order[-1], order[0])
        )
        found[f"worth_{outcome}"] = (
            f"{row['label']}: {high}, {low}, a difference of {in_points(row['estimate'], row['unit'])} "
            f"({interval_of(case, row['low'], row['high'], row['unit'])}, {text.p_is(row['p_adjusted'])}, "
            f"{VERDICTS[row['verdict']]})."
        )
    if not found:
        found["no_value"] = "What a score is worth is not told: too few customers gave the best or the worst answers."
    return found


def leaving(rows: pd.DataFrame) -> dict[str, str]:
    """Which attributes of customers go with leaving sooner."""
    if rows.empty:
        return {
            "no_leaving": "Who leaves sooner is not told: it needs customers with days of coming and leaving, and "
            "attributes known of nearly all, with leavers in every group."
        }
    clear = rows[(rows["low"] > 1) | (rows["high"] < 1)]
    clear = clear.reindex(np.log(clear["estimate"]).abs().sort_values(ascending=False).index)
    told = [
        f"{row.label} {text.number(row.estimate, 'ratio')} ({text.interval(row.low, row.high, 'ratio')})"
        for row in clear.head(NAMED).itertuples()
    ]
    lead = (
        f"the hazard of leaving differs most with {text.join(told)}" if told else "no attribute's interval leaves out 1"
    )
    return {
        "leaving": f"Of {text.number(rows['n'].iloc[0])} customers {text.number(rows['events'].iloc[0])} left: "
        f"{lead}, as ratios; {len(clear)} of {len(rows)} intervals leave out 1."
    }


def sensitivity(case: Regression, rows: pd.DataFrame) -> dict[str, str]:
    """How the metric would stand if those who did not answer were less happy."""
    if rows.empty:
        return {}
    least = rows[rows["response"] == rows["response"].min()]
    now, row = least.iloc[0], least[least["lower"] == 1].iloc[0]
    return {
        "nonresponse": f"If {text.number(row['response'], 'percent')} of those asked had answered, and all others "
        f"were a point of the scale less happy, {case.label} would be {text.number(row['estimate'], row['unit'])} "
        f"instead of {text.number(now['estimate'], now['unit'])}. The data cannot tell whether they are."
    }


def improvement(case: Regression, rows: pd.DataFrame, checks: pd.DataFrame) -> dict[str, str]:
    """What the changed group gained beyond the comparison, and what the placebo checks saw."""
    if rows.empty:
        return {
            "no_improvement": "Whether an improvement worked is not told: the study declares none with a comparison, "
            "or no metric was asked before and after it."
        }
    given = case.study.book.improvement
    changed = case.study.answer_words(given.group, [given.treated])[0]
    found = {}
    for row in rows.itertuples():
        if pd.isna(row.estimate):
            found[f"improvement_{row.name}"] = (
                f"{row.label}: the change cannot be judged, on too few answers or groups."
            )
            continue
        found[f"improvement_{row.name}"] = (
            f"{row.label}, {given.before} to {given.after}: {changed} gained "
            f"{in_points(row.estimate, row.unit)} beyond the comparison "
            f"({interval_of(case, row.low, row.high, row.unit)}, {text.p_is(row.p_adjusted)}, "
            f"{VERDICTS[row.verdict]}). An effect of {in_points(row.detectable, row.unit).lstrip('+')} would have been "
            "found four times in five."
        )
    early = checks[(checks["check"] == "placebo") & checks["estimate"].notna()] if len(checks) else checks
    if len(early):
        off = early[early["p_adjusted"] < 0.05]
        what = (
            f"{len(off)} of {len(early)} placebo checks moved as well, so the comparison is in doubt"
            if len(off)
            else f"none of {len(early)} placebo checks on earlier waves moved by more than chance"
        )
        found["placebo"] = (
            f"{what[0].upper()}{what[1:]}; such a check would have found "
            f"{in_points(early['detectable'].max(), case.unit).lstrip('+')} four times in five, and clears no smaller "
            "difference."
        )
    return found


def needed(case: Regression, rows: pd.DataFrame) -> dict[str, str]:
    """How many answers see a change of three points."""
    if rows.empty:
        return {}
    row = rows.iloc[2]
    alone = (
        f"{text.number(row['answers'])} answers in the next wave"
        if np.isfinite(row["answers"])
        else "no number of answers in the next wave alone would do, since the last one stays as it is"
    )
    return {
        "needed": f"To see {in_points(row['sees'], row['unit']).lstrip('+')} of {case.label} four times in five: "
        f"{alone}; {text.number(row['answers_each'])} in each of two new waves (under this study's design)."
    }


def simulated(case: Regression, rows: pd.DataFrame) -> dict[str, str]:
    """What the model expects where some ratings were higher."""
    if rows.empty:
        return {}
    parts, whole = rows[rows["driver"] != "together"], rows[rows["driver"] == "together"].iloc[0]
    named = [f"{row['label']} ({row['raise']:+g})".replace("-", text.MINUS) for _, row in parts.iterrows()]
    return {
        "what_if": f"Were ratings moved, {text.join(named)}, none beyond its scale's end, {case.label} would differ by "
        f"{in_points(whole['estimate'], whole['unit'])} "
        f"({interval_of(case, whole['low'], whole['high'], whole['unit'])}). "
        "That is how respondents differ today, not what an improvement will do."
    }


def alt_bands(rows: pd.DataFrame) -> str:
    """What the chart of bands shows."""
    told = [
        f"{label}: " + ", ".join(f"{row.band} {text.number(row.estimate, row.unit)}" for row in part.itertuples())
        for label, part in (rows.groupby("label", sort=False) if len(rows) else ())
    ]
    return f"Bars with intervals, a panel for each outcome and a bar for each band of answers: {'; '.join(told)}."


def alt_lines(case: Regression, rows: pd.DataFrame) -> str:
    """What the picture of before and after shows."""
    told = [
        f"{row.group} {row.kind} in {row.wave} {text.number(row.estimate, row.unit)}"
        for row in rows.dropna(subset=["estimate"]).itertuples()
    ]
    lines = "Two lines over the waves, the changed group and the comparison, with intervals, and a dashed one"
    return f"{lines}: {'; '.join(told)}."
