"""Sentences on what a score is worth, whether an improvement worked, and what the model expects of higher ratings."""

import numpy as np
import pandas as pd

from cxlib import text
from cxlib.language import digits, tr, tr_n
from cxlib.regressions import Regression
from cxlib.sentences.regressions import NAMED, in_points, interval_of
from cxlib.sentences.words import VERDICTS, wave_name


def _band(name: str) -> str:
    """A band of answers in a sentence: promoters; answers 4-5:, answer 7: where it has no name."""
    first, dash, _ = name.partition("-")
    if not first.isdigit():
        return tr(name).lower()
    return tr("answers {band}:", band=name) if dash else tr("answer {band}:", band=name)


def named(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of bands as their chart takes them: each band by the name that is shown."""
    return rows.assign(band=[tr(band) for band in rows["band"]]) if len(rows) else rows


def bands(case: Regression, rows: pd.DataFrame, gaps: pd.DataFrame, why: str) -> dict[str, str]:
    """What the outcome's best band brings beyond its worst, or why that cannot be told."""
    if rows.empty:
        return {"no_value": tr("What a score is worth is not told: {why}.", why=why)}
    found = {}
    order = list(dict.fromkeys(rows["band"].astype(str)))
    for outcome, part in gaps.groupby("outcome", sort=False) if len(gaps) else ():
        ends = part[(part["band"].astype(str) == order[-1]) & (part["other"].astype(str) == order[0])]
        if ends.empty or pd.isna(ends["estimate"].iloc[0]):
            continue
        row = ends.iloc[0]
        values = rows[rows["outcome"] == outcome].set_index(rows["band"].astype(str)[rows["outcome"] == outcome])
        best, worst = (
            f"{_band(band)} {text.number(values.loc[band, 'estimate'], row['unit'])}" for band in (order[-1], order[0])
        )
        found[f"worth_{outcome}"] = tr(
            "{outcome}: {best}, {worst}, a difference of {difference} ({interval}, {p}, {verdict}).",
            outcome=row["label"],
            best=best,
            worst=worst,
            difference=in_points(row["estimate"], row["unit"]),
            interval=interval_of(case, row["low"], row["high"], row["unit"]),
            p=text.p_is(row["p_adjusted"]),
            verdict=tr(VERDICTS[row["verdict"]]),
        )
    if not found:
        found["no_value"] = tr(
            "What a score is worth is not told: too few customers gave the best or the worst answers."
        )
    return found


def silent_caption(case: Regression) -> str:
    """What the table of customers with and without an answer is headed."""
    if not case.wave:
        return tr("Customers by their answer, and those without one")
    return tr("Customers by their answer in {wave}, and those without one", wave=wave_name(case.wave))


def leaving(rows: pd.DataFrame) -> dict[str, str]:
    """Which attributes of customers go with leaving sooner."""
    if rows.empty:
        return {
            "no_leaving": tr(
                "Who leaves sooner is not told: it needs customers with days of coming and leaving, and attributes "
                "known of nearly all, with leavers in every group."
            )
        }
    clear = rows[(rows["low"] > 1) | (rows["high"] < 1)]
    clear = clear.reindex(np.log(clear["estimate"]).abs().sort_values(ascending=False).index)
    told = [
        f"{row.label} {text.number(row.estimate, 'ratio')} ({text.interval(row.low, row.high, 'ratio')})"
        for row in clear.head(NAMED).itertuples()
    ]
    given = {
        "n": text.number(rows["n"].iloc[0]),
        "left": text.number(rows["events"].iloc[0]),
        "clear": len(clear),
        "all": len(rows),
    }
    if not told:
        none = tr(
            "Of {n} customers {left} left: no attribute's interval leaves out 1, as ratios; {clear} of {all} intervals "
            "leave out 1.",
            **given,
        )
        return {"leaving": none}
    found = tr(
        "Of {n} customers {left} left: the hazard of leaving differs most with {attributes}, as ratios; {clear} of "
        "{all} intervals leave out 1.",
        attributes=text.join(told),
        **given,
    )
    return {"leaving": found}


def sensitivity(case: Regression, rows: pd.DataFrame) -> dict[str, str]:
    """How the metric would stand if those who did not answer were less happy."""
    if rows.empty:
        return {}
    least = rows[rows["response"] == rows["response"].min()]
    now, row = least.iloc[0], least[least["lower"] == 1].iloc[0]
    told = tr(
        "If {response} of those asked had answered, and all others were a point of the scale less happy, {metric} "
        "would be {then} instead of {now}. The data cannot tell whether they are.",
        response=text.number(row["response"], "percent"),
        metric=case.label,
        then=text.number(row["estimate"], row["unit"]),
        now=text.number(now["estimate"], now["unit"]),
    )
    return {"nonresponse": told}


def improvement(case: Regression, rows: pd.DataFrame, checks: pd.DataFrame) -> dict[str, str]:
    """What the changed group gained beyond the comparison, and what the placebo checks saw."""
    if rows.empty and case.study.part is not None and case.study.book.improvement is not None:
        return {
            "no_improvement": tr(
                "Whether the improvement worked is not told of this part: it lacks answers of the changed group or of "
                "the comparison, before or after."
            )
        }
    if rows.empty:
        return {
            "no_improvement": tr(
                "Whether an improvement worked is not told: the study declares none with a comparison, or no metric "
                "was asked before and after it."
            )
        }
    given = case.study.book.improvement
    changed = case.study.answer_words(given.group, [given.treated])[0]
    found = {}
    for row in rows.itertuples():
        if pd.isna(row.estimate):
            found[f"improvement_{row.name}"] = tr(
                "{metric}: the change cannot be judged, on too few answers or groups.", metric=row.label
            )
            continue
        found[f"improvement_{row.name}"] = tr(
            "{metric}, {before} to {after}: {group} gained {difference} beyond the comparison ({interval}, {p}, "
            "{verdict}). An effect of {size} would have been found four times in five.",
            metric=row.label,
            before=given.before,
            after=given.after,
            group=changed,
            difference=in_points(row.estimate, row.unit),
            interval=interval_of(case, row.low, row.high, row.unit),
            p=text.p_is(row.p_adjusted),
            verdict=tr(VERDICTS[row.verdict]),
            size=text.size(row.detectable, row.unit),
        )
    early = checks[(checks["check"] == "placebo") & checks["estimate"].notna()] if len(checks) else checks
    if len(early):
        found["placebo"] = _placebo(early, case.unit)
    return found


def _placebo(early: pd.DataFrame, unit: str) -> str:
    """Whether checks on earlier waves moved, and what they could have seen."""
    moved, size = int((early["p_adjusted"] < 0.05).sum()), text.size(early["detectable"].max(), unit)
    if moved:
        return tr(
            "{moved} of {all} placebo checks moved as well, so the comparison is in doubt; such a check would have "
            "found {size} four times in five, and clears no smaller difference.",
            moved=moved,
            all=len(early),
            size=size,
        )
    return tr(
        "None of {all} placebo checks on earlier waves moved by more than chance; such a check would have found {size} "
        "four times in five, and clears no smaller difference.",
        all=len(early),
        size=size,
    )


def needed(case: Regression, rows: pd.DataFrame) -> dict[str, str]:
    """How many answers see a change of three points."""
    if rows.empty:
        return {}
    row = rows.iloc[2]
    given = {
        "size": text.size(row["sees"], row["unit"]),
        "metric": case.label,
        "each": text.number(row["answers_each"]),
    }
    if not np.isfinite(row["answers"]):
        never = tr(
            "To see {size} of {metric} four times in five: no number of answers in the next wave alone would do, since "
            "the last one stays as it is; {each} in each of two new waves (under this study's design).",
            **given,
        )
        return {"needed": never}
    told = tr(
        "To see {size} of {metric} four times in five: {answers} in the next wave; {each} in each of two new waves "
        "(under this study's design).",
        answers=tr_n("{n} answer", "{n} answers", row["answers"]),
        **given,
    )
    return {"needed": told}


def simulated(case: Regression, rows: pd.DataFrame) -> dict[str, str]:
    """What the model expects where some ratings were higher."""
    if rows.empty:
        return {}
    parts, whole = rows[rows["driver"] != "together"], rows[rows["driver"] == "together"].iloc[0]
    named = [
        f"{row['label']} ({digits(format(row['raise'], '+g')).replace('-', text.MINUS)})" for _, row in parts.iterrows()
    ]
    told = tr(
        "Were ratings moved, {drivers}, none beyond its scale's end, {metric} would differ by {difference} "
        "({interval}). That is how respondents differ today, not what an improvement will do.",
        drivers=text.join(named),
        metric=case.label,
        difference=in_points(whole["estimate"], whole["unit"]),
        interval=interval_of(case, whole["low"], whole["high"], whole["unit"]),
    )
    return {"what_if": told}


def alt_simulated(rows: pd.DataFrame) -> str:
    """What the chart of moved ratings shows."""
    told = [f"{row.label} {in_points(row.estimate, row.unit)}" for row in rows.itertuples()]
    return tr(
        "What goes with the moved ratings, each by itself and all together, with intervals: {drivers}.",
        drivers="; ".join(told),
    )


def alt_bands(rows: pd.DataFrame) -> str:
    """What the chart of bands shows."""
    told = [
        f"{label}: " + ", ".join(f"{tr(row.band)} {text.number(row.estimate, row.unit)}" for row in part.itertuples())
        for label, part in (rows.groupby("label", sort=False) if len(rows) else ())
    ]
    return tr(
        "Bars with intervals, a panel for each outcome and a bar for each band of answers: {outcomes}.",
        outcomes="; ".join(told),
    )


def alt_lines(case: Regression, rows: pd.DataFrame) -> str:
    """What the picture of before and after shows."""
    told = [
        tr(
            "{group} {kind} in {wave} {value}",
            group=row.group,
            kind=tr(row.kind),
            wave=row.wave,
            value=text.number(row.estimate, row.unit),
        )
        for row in rows.dropna(subset=["estimate"]).itertuples()
    ]
    return tr(
        "Two lines over the waves, the changed group and the comparison, with intervals, and a dashed one: {points}.",
        points="; ".join(told),
    )
