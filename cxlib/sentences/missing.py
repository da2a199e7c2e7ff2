"""Sentences on answers that are missing, codes that are no answers, and questions that changed between waves."""

import pandas as pd

from cxlib import text
from cxlib.missing_links import LIMIT
from cxlib.sentences.words import VERDICTS, count, wave_name
from cxlib.wave_breaks import STOP

NAMED = 4  # examples in a sentence
# The kinds of wave_breaks.breaks() in words.
KINDS = {
    "declared": "as declared",
    "wording": "another wording",
    "labels": "other labels of codes",
    "absent": "asked in one wave only",
    "range": "an end of the scale in one wave only",
    "option": "answers in one wave only",
    "missing": "a jump in missing answers",
    "reversed": "answers that look mirrored",
    "multiplied": "numbers that look multiplied",
    "shift": "answers distributed otherwise",
}


def missing(items: pd.DataFrame, monotone: pd.DataFrame, when: str, *, minimum_base: int) -> dict[str, str]:
    """Which questions were left out most, and whether respondents broke off or skipped; comments do not count."""
    asked = items[items["role"] != "comment"]
    if asked.empty:
        return {"nothing_asked": f"Nobody was asked a question{when}."}
    gaps = asked[asked["blank"] + asked["no_answer"] > 0].sort_values("estimate", ascending=False, kind="stable")
    if gaps.empty:
        return {"nothing_missing": f"Everybody who was asked a question{when} answered it."}
    named = [f"{row.label} ({_left_out(row, minimum_base)})" for row in gaps.head(NAMED).itertuples()]
    most = ", most of all " if len(gaps) > 1 else ": "
    some = f"Some of those asked{when} left out {len(gaps)} of {count(len(asked), 'question')}"
    found = {"missing": f"{some}{most}{text.join(named)}."}
    return found | ({"pattern": _pattern(monotone.iloc[0], minimum_base)} if len(monotone) else {})


def _left_out(row, minimum_base: int) -> str:
    """The share that left a question out; their number under the minimum base."""
    if row.asked < minimum_base:
        return f"{row.blank + row.no_answer:,} of {row.asked:,}"
    return text.number(row.estimate, "percent")


def _pattern(row: pd.Series, minimum_base: int) -> str:
    """How many answered everything, and whether the others broke off or skipped."""
    dropped, incomplete = int(row["dropped"]), int(row["incomplete"])
    ending = "none" if not dropped else "all" if dropped == incomplete else text.number(dropped)
    told = (
        f"{count(row['complete'], 'respondent')} answered everything; {text.number(incomplete)} left something out, "
        f"{ending} of them at the end of the questionnaire only"
    )
    if incomplete < minimum_base or 2 * dropped == incomplete:
        return told + "."
    return told + (": most broke off." if 2 * dropped > incomplete else ": most skipped questions and went on.")


def links(related: pd.DataFrame, compared: pd.DataFrame) -> dict[str, str]:
    """Whether it depends on who somebody is whether he answers, and whether those who do not answer differ."""
    found = {}
    if len(related):
        told = related[related["verdict"].isin(["clear", "borderline"])]
        names = [
            f"{row.label} by {row.segment_label} ({row.most} {text.number(row.most_share, 'percent')}, {row.least} "
            f"{text.number(row.least_share, 'percent')}; {VERDICTS[row.verdict]})"
            for row in told.dropna(subset=["estimate"]).head(NAMED).itertuples()
        ]
        pairs = f"{len(told)} of {count(len(related), 'pair')}"
        found["missing_by"] = f"Leaving out a metric goes with a segment in {pairs}" + _examples(names)
    if len(compared):
        apart = compared[compared["verdict"].isin(["clear", "borderline"])]
        names = [
            f"{row.label} where {row.question_label} was left out ({text.difference(row.estimate, row.unit)}"
            f"{text.UNITS[row.unit][3]}; {VERDICTS[row.verdict]})"
            for row in apart.head(NAMED).itertuples()
        ]
        comparisons = f"{len(apart)} of {count(len(compared), 'comparison')}"
        found["missing_apart"] = f"Those who left out a question differ in a metric in {comparisons}" + _examples(names)
    return found | {"missing_limit": LIMIT} if found else {}


def _examples(names: list[str]) -> str:
    return f": {'; '.join(names)}." if names else "."


def codes(rows: pd.DataFrame, wave: str | None) -> dict[str, str]:
    """Codes declared as no answer, and what a metric would be if they were counted."""
    here = rows[rows["wave"].isin([wave, "all"])] if len(rows) and wave else rows
    if here.empty:
        return {"no_codes": "No answer holds a code that the study declares as missing."}
    found, known = {}, here[["without", "counted"]].notna().all(axis=1)
    for i, row in enumerate(here[known].itertuples(), 1):
        where = "" if row.wave == "all" else f" in {wave_name(row.wave)}"
        found[f"code_{i}"] = (
            f"{row.label}: the code {row.code} ({row.place}) stands {count(row.n_with, 'time')}{where} and is no "
            f"answer. Counted as {row.counted_as:g}, it would turn {row.metric} from "
            f"{text.number(row.without, row.metric_unit)} into {text.number(row.counted, row.metric_unit)} "
            f"({text.difference(row.change, row.metric_unit)}{text.UNITS[row.metric_unit][3]})."
        )
    others = here[~known]
    if len(others):
        questions = count(others["name"].nunique(), "other question" if found else "question")
        found["codes"] = f"Codes that are no answers stand {count(others['n_with'].sum(), 'time')} in {questions}."
    return found


def breaks(study, rows: pd.DataFrame) -> dict[str, str]:
    """What broke between waves: what must not be compared, and what asks for a look."""
    if not study.waves:
        return {"one_wave": "The survey has no waves, so nothing can have changed between them."}
    if len(study.waves) < 2:
        return {"one_wave": "There is one wave, so nothing can have changed between waves."}
    if rows.empty:
        return {"no_breaks": f"No break of wording or scale was found between the {len(study.waves)} waves."}
    found = {}
    stops, looks = rows[rows["severity"] == STOP], rows[rows["severity"] != STOP]
    if len(stops):
        named = [
            f"{row.label} from {wave_name(row.before)} to {wave_name(row.after)} ({KINDS[row.kind]})"
            for row in stops.head(NAMED).itertuples()
        ]
        named += [f"{len(stops) - NAMED} more"] if len(stops) > NAMED else []
        found["stops"] = f"Not to be compared: {text.join(named)}."
    if len(looks):
        kinds = [f"{KINDS[kind]} ({n})" for kind, n in looks["kind"].value_counts(sort=False).items()]
        ask = "asks" if len(looks) == 1 else "ask"
        found["looks"] = f"{count(len(looks), 'finding')} between waves {ask} for a look: {text.join(kinds)}."
    return found


def alt_missing(items: pd.DataFrame, *, minimum_base: int) -> str:
    """What the chart of missing answers shows."""
    worst = items[items["role"] != "comment"].sort_values("estimate", ascending=False, kind="stable").head(3)
    named = [f"{row.label} {_left_out(row, minimum_base)}" for row in worst.itertuples()]
    return f"Bars of missing answers by question, in percent of those asked; most: {text.join(named)}."


def alt_patterns(rows: pd.DataFrame) -> str:
    """What the matrix of patterns shows."""
    full = rows[rows["kind"] == "complete"]["n_with"].sum() if len(rows) else 0
    told = f"{count(full, 'respondent')} left nothing out" if full else "everybody left something out"
    return f"A matrix of the most frequent patterns of missing answers; {told}."
