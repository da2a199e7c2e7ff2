"""Sentences on answers that are missing, codes that are no answers, and questions that changed between waves."""

import pandas as pd

from cxlib import text
from cxlib.language import digits, noted, tr, tr_n
from cxlib.missing_links import LIMIT
from cxlib.sentences.words import VERDICTS, wave_name
from cxlib.wave_breaks import STOP

NAMED = 4  # examples in a sentence
# The kinds of wave_breaks.breaks() in words.
KINDS = {
    "declared": noted("as declared"),
    "wording": noted("another wording"),
    "labels": noted("other labels of codes"),
    "absent": noted("asked in one wave only"),
    "range": noted("an end of the scale in one wave only"),
    "option": noted("answers in one wave only"),
    "missing": noted("a jump in missing answers"),
    "reversed": noted("answers that look mirrored"),
    "multiplied": noted("numbers that look multiplied"),
    "shift": noted("answers distributed otherwise"),
}


def missing(items: pd.DataFrame, monotone: pd.DataFrame, wave: str | None, *, minimum_base: int) -> dict[str, str]:
    """Which questions were left out most, and whether respondents broke off or skipped; comments do not count."""
    asked = items[items["role"] != "comment"]
    when = wave_name(wave) if wave else ""
    if asked.empty:
        nobody = tr("Nobody was asked a question in {wave}.", wave=when) if when else tr("Nobody was asked a question.")
        return {"nothing_asked": nobody}
    gaps = asked[asked["blank"] + asked["no_answer"] > 0].sort_values("estimate", ascending=False, kind="stable")
    if gaps.empty:
        everybody = (
            tr("Everybody who was asked a question in {wave} answered it.", wave=when)
            if when
            else tr("Everybody who was asked a question answered it.")
        )
        return {"nothing_missing": everybody}
    named = [f"{row.label} ({_left_out(row, minimum_base)})" for row in gaps.head(NAMED).itertuples()]
    found = {"missing": _some_missing(len(gaps), len(asked), when, text.join(named))}
    return found | ({"pattern": _pattern(monotone.iloc[0], minimum_base)} if len(monotone) else {})


def _some_missing(gaps: int, asked: int, when: str, questions: str) -> str:
    """How many questions some left out, and which most."""
    given = {"gaps": text.number(gaps), "questions": questions, "wave": when}
    if when and gaps > 1:
        return tr(
            "Some of those asked in {wave} left out {gaps} of {asked} questions, most of all {questions}.",
            asked=text.number(asked),
            **given,
        )
    if gaps > 1:
        return tr(
            "Some of those asked left out {gaps} of {asked} questions, most of all {questions}.",
            asked=text.number(asked),
            **given,
        )
    if when:
        return tr_n(
            "Some of those asked in {wave} left out {gaps} of {n} question: {questions}.",
            "Some of those asked in {wave} left out {gaps} of {n} questions: {questions}.",
            asked,
            **given,
        )
    return tr_n(
        "Some of those asked left out {gaps} of {n} question: {questions}.",
        "Some of those asked left out {gaps} of {n} questions: {questions}.",
        asked,
        **given,
    )


def _left_out(row, minimum_base: int) -> str:
    """The share that left a question out; their number under the minimum base."""
    if row.asked < minimum_base:
        return tr("{n} of {of}", n=text.number(row.blank + row.no_answer), of=text.number(row.asked))
    return text.number(row.estimate, "percent")


def _pattern(row: pd.Series, minimum_base: int) -> str:
    """How many answered everything, and whether the others broke off or skipped."""
    dropped, incomplete = int(row["dropped"]), int(row["incomplete"])
    whole = tr_n("{n} respondent answered everything", "{n} respondents answered everything", row["complete"])
    given = {"incomplete": text.number(incomplete), "dropped": text.number(dropped)}
    if not dropped:
        some = tr("{incomplete} left something out, none of them at the end of the questionnaire only", **given)
    elif dropped == incomplete:
        some = tr("{incomplete} left something out, all of them at the end of the questionnaire only", **given)
    else:
        some = tr("{incomplete} left something out, {dropped} of them at the end of the questionnaire only", **given)
    if incomplete < minimum_base or 2 * dropped == incomplete:
        return f"{whole}; {some}."
    if 2 * dropped > incomplete:
        return tr("{answered}; {left_out}: most broke off.", answered=whole, left_out=some)
    return tr("{answered}; {left_out}: most skipped questions and went on.", answered=whole, left_out=some)


def links(related: pd.DataFrame, compared: pd.DataFrame) -> dict[str, str]:
    """Whether it depends on who somebody is whether he answers, and whether those who do not answer differ."""
    found = {}
    if len(related):
        told = related[related["verdict"].isin(["clear", "borderline"])]
        names = [
            tr(
                "{metric} by {segment} ({most} {most_share}, {least} {least_share}; {verdict})",
                metric=row.label,
                segment=row.segment_label,
                most=row.most,
                most_share=text.number(row.most_share, "percent"),
                least=row.least,
                least_share=text.number(row.least_share, "percent"),
                verdict=tr(VERDICTS[row.verdict]),
            )
            for row in told.dropna(subset=["estimate"]).head(NAMED).itertuples()
        ]
        pairs = tr_n(
            "Leaving out a metric goes with a segment in {told} of {n} pair",
            "Leaving out a metric goes with a segment in {told} of {n} pairs",
            len(related),
            told=text.number(len(told)),
        )
        found["missing_by"] = pairs + _examples(names)
    if len(compared):
        apart = compared[compared["verdict"].isin(["clear", "borderline"])]
        names = [
            tr(
                "{metric} where {question} was left out ({difference}; {verdict})",
                metric=row.label,
                question=row.question_label,
                difference=text.in_units(text.difference(row.estimate, row.unit), row.unit),
                verdict=tr(VERDICTS[row.verdict]),
            )
            for row in apart.head(NAMED).itertuples()
        ]
        comparisons = tr_n(
            "Those who left out a question differ in a metric in {told} of {n} comparison",
            "Those who left out a question differ in a metric in {told} of {n} comparisons",
            len(compared),
            told=text.number(len(apart)),
        )
        found["missing_apart"] = comparisons + _examples(names)
    return found | {"missing_limit": tr(LIMIT)} if found else {}


def _examples(names: list[str]) -> str:
    return f": {'; '.join(names)}." if names else "."


def codes(rows: pd.DataFrame, wave: str | None) -> dict[str, str]:
    """Codes declared as no answer, and what a metric would be if they were counted."""
    here = rows[rows["wave"].isin([wave, "all"])] if len(rows) and wave else rows
    if here.empty:
        return {"no_codes": tr("No answer holds a code that the study declares as missing.")}
    known = here[["without", "counted"]].notna().all(axis=1)
    found = {f"code_{i}": _code(row) for i, row in enumerate(here[known].itertuples(), 1)}
    others = here[~known]
    if len(others):
        found["codes"] = _other_codes(others["n_with"].sum(), others["name"].nunique(), further=bool(found))
    return found


def _code(row) -> str:
    """One code that is no answer, and the metric with it."""
    given = {"question": row.label, "code": row.code, "place": tr(row.place)}
    if row.wave == "all":
        stands = tr_n(
            "{question}: the code {code} ({place}) stands {n} time and is no answer.",
            "{question}: the code {code} ({place}) stands {n} times and is no answer.",
            row.n_with,
            **given,
        )
    else:
        stands = tr_n(
            "{question}: the code {code} ({place}) stands {n} time in {wave} and is no answer.",
            "{question}: the code {code} ({place}) stands {n} times in {wave} and is no answer.",
            row.n_with,
            wave=wave_name(row.wave),
            **given,
        )
    counted = tr(
        "Counted as {value}, it would turn {metric} from {without} into {counted} ({change}).",
        value=digits(f"{row.counted_as:g}"),
        metric=row.metric,
        without=text.number(row.without, row.metric_unit),
        counted=text.number(row.counted, row.metric_unit),
        change=text.in_units(text.difference(row.change, row.metric_unit), row.metric_unit),
    )
    return f"{stands} {counted}"


def _other_codes(times: int, questions: int, *, further: bool) -> str:
    """How often such codes stand where they would change no metric; `further` to those that were named."""
    stand = tr_n("{n} time", "{n} times", times)
    if further:
        return tr_n(
            "Codes that are no answers stand {times} in {n} other question.",
            "Codes that are no answers stand {times} in {n} other questions.",
            questions,
            times=stand,
        )
    return tr_n(
        "Codes that are no answers stand {times} in {n} question.",
        "Codes that are no answers stand {times} in {n} questions.",
        questions,
        times=stand,
    )


def breaks(study, rows: pd.DataFrame) -> dict[str, str]:
    """What broke between waves: what must not be compared, and what asks for a look."""
    if not study.waves:
        return {"one_wave": tr("The survey has no waves, so nothing can have changed between them.")}
    if len(study.waves) < 2:
        return {"one_wave": tr("There is one wave, so nothing can have changed between waves.")}
    if rows.empty:
        waves = text.number(len(study.waves))
        return {"no_breaks": tr("No break of wording or scale was found between the {waves} waves.", waves=waves)}
    found = {}
    stops, looks = rows[rows["severity"] == STOP], rows[rows["severity"] != STOP]
    if len(stops):
        named = [
            tr(
                "{question} from {before} to {after} ({why})",
                question=row.label,
                before=wave_name(row.before),
                after=wave_name(row.after),
                why=tr(KINDS[row.kind]),
            )
            for row in stops.head(NAMED).itertuples()
        ]
        named += [tr("{number} more", number=text.number(len(stops) - NAMED))] if len(stops) > NAMED else []
        found["stops"] = tr("Not to be compared: {questions}.", questions=text.join(named))
    if len(looks):
        counts = looks["kind"].value_counts(sort=False)
        found["looks"] = tr_n(
            "{n} finding between waves asks for a look: {kinds}.",
            "{n} findings between waves ask for a look: {kinds}.",
            len(looks),
            kinds=text.join([f"{tr(KINDS[kind])} ({text.number(n)})" for kind, n in counts.items()]),
        )
    return found


def alt_missing(items: pd.DataFrame, *, minimum_base: int) -> str:
    """What the chart of missing answers shows."""
    worst = items[items["role"] != "comment"].sort_values("estimate", ascending=False, kind="stable").head(3)
    named = text.join([f"{row.label} {_left_out(row, minimum_base)}" for row in worst.itertuples()])
    return tr("Bars of missing answers by question, in percent of those asked; most: {questions}.", questions=named)


def alt_patterns(rows: pd.DataFrame) -> str:
    """What the matrix of patterns shows."""
    full = rows[rows["kind"] == "complete"]["n_with"].sum() if len(rows) else 0
    if not full:
        return tr("A matrix of the most frequent patterns of missing answers; everybody left something out.")
    return tr_n(
        "A matrix of the most frequent patterns of missing answers; {n} respondent left nothing out.",
        "A matrix of the most frequent patterns of missing answers; {n} respondents left nothing out.",
        full,
    )
