"""Did it work? The study's own improvement, before and after, as study.yml declares it under `improvement:`."""

import pandas as pd

from cxlib import before_after, compare, detectable
from cxlib import interrupted as series
from cxlib.errors import CxError, nearest
from cxlib.regressions import Regression
from cxlib.survey import by_wave, metrics


def _how(case: Regression) -> dict | None:
    """The arguments of before_after that the study declares; None without a comparison group."""
    given = declared(case.study)
    if given is None or given.group is None or not _compared(case.study, given):
        return None
    treated = case.study.answer_words(given.group, [given.treated])[0]
    design = {key: value for key, value in case.study.design.items() if key != "fpc"}
    waves = {"over": "wave", "before": given.before, "after": given.after}
    return {"group": given.group, "treated": treated, **waves, "confidence": case.confidence, **design}


def declared(study):
    """The study's `improvement:`, if any; CxError for waves that the survey does not have, or in the wrong order."""
    given = study.book.improvement
    if given is None:
        return None
    if study.part is not None and not {given.before or given.after, given.after} <= set(study.waves):
        return None  # nobody of the part answered then
    for name in ("before", "after"):
        wave = getattr(given, name)
        if wave is not None and wave not in study.waves:
            known = f"its waves are {', '.join(study.waves)}" if study.waves else "it has no waves"
            raise CxError(
                f"{study.file}: improvement.{name} names {wave}, which is no wave of the survey; "
                f"{known}{nearest(wave, study.waves)}"
            )
    if given.before is not None and study.waves.index(given.before) >= study.waves.index(given.after):
        raise CxError(
            f"{study.file}: improvement.before comes before improvement.after; found {given.before} and {given.after}"
        )
    return given


def _compared(study, given) -> bool:
    """Whether both groups answered in both waves; a part of a study may lie within one of them."""
    if study.part is None:
        return True
    survey = study.survey[study.survey["wave"].astype(str).isin([given.before, given.after])]
    cells = survey[[given.group, "wave"]].dropna().astype(str).drop_duplicates()
    return len(cells) == 4


def effects(case: Regression) -> pd.DataFrame:
    """before_after.effects() of every metric asked in both waves, with name, label, unit and the changed group.

    No rows without a declared comparison. CxError as there, and for a survey whose waves are not those declared.
    """
    how = _how(case)
    if how is None:
        return pd.DataFrame()
    asked, survey = metrics(case.study), case.study.survey
    answered = {
        wave: survey[survey["wave"].astype(str) == wave].notna().any() for wave in (how["before"], how["after"])
    }
    asked = asked[[all(found[question] for found in answered.values()) for question in asked["question"]]]
    if asked.empty:
        return pd.DataFrame()
    scores = {question: case.study.metric(question) for question in asked["question"]}
    found = before_after.effects(survey, scores, minimum_base=case.study.book.minimum_base, **how)
    named = asked[["question", "name", "label", "unit"]].assign(group=how["treated"])
    return found.merge(named, on="question", validate="many_to_one")


def _of_outcome(case: Regression) -> dict | None:
    """_how(), where the outcome is a metric that was asked in both waves."""
    how = _how(case)
    if how is None or case.metric is None:
        return None
    waves = case.study.survey.loc[case.study.survey[case.outcome].notna(), "wave"].astype(str).unique()
    return how if {how["before"], how["after"]} <= set(waves) else None


def placebos(case: Regression) -> pd.DataFrame:
    """before_after.placebos() of the outcome, with label and unit; no rows without a comparison or earlier waves."""
    how = _of_outcome(case)
    if how is None or case.study.waves.index(how["before"]) < 1:
        return pd.DataFrame()
    found = before_after.placebos(case.study.survey, case.metric, question=case.outcome, order=case.study.waves, **how)
    return found.assign(label=case.label, unit=case.unit)


def lines(case: Regression) -> pd.DataFrame:
    """before_after.lines() of the outcome, with label and unit; no rows without a declared comparison."""
    how = _of_outcome(case)
    if how is None:
        return pd.DataFrame(columns=["kind", "group", "wave", "estimate", "low", "high", "n"])
    found = before_after.lines(case.study.survey, case.metric, question=case.outcome, order=case.study.waves, **how)
    return found.assign(label=case.label, unit=case.unit)


def interrupted(case: Regression) -> pd.DataFrame:
    """interrupted.interrupted() of the outcome's waves, where everybody was changed; no rows for shorter series."""
    given = declared(case.study)
    if given is None or given.group is not None or case.metric is None:
        return pd.DataFrame()
    waves = by_wave(case.study, confidence=case.confidence)
    waves = waves[waves["label"] == case.label].set_index("wave").reindex(case.study.waves).reset_index()
    try:
        found = series.interrupted(waves, over="wave", change=given.after, confidence=case.confidence)
    except CxError:  # fewer than 12 waves, or than 4 on one side
        return pd.DataFrame()
    return found.assign(unit=case.unit)


def needed(case: Regression) -> pd.DataFrame:
    """How many answers the next wave needs to see each change of the outcome; no rows without two waves of it.

    Columns: sees (points of the metric), answers (of the next wave against the last as it is), answers_each (were both
    made anew), base, power, unit.
    """
    if case.metric is None or len(case.study.waves) < 2:
        return pd.DataFrame()
    moved = compare.changes(
        case.study.survey,
        case.metric,
        over="wave",
        question=case.outcome,
        order=case.study.waves,
        confidence=case.confidence,
        **case.study.design,
    )
    if moved.empty:
        return pd.DataFrame()
    sees = (0.1, 0.2, 0.3, 0.5) if case.unit == "score" else (1, 2, 3, 5, 10)
    try:
        found = detectable.answers_needed(moved.iloc[-1], sees=sees, confidence=case.confidence)
    except CxError:  # a change without a standard error
        return pd.DataFrame()
    return found.assign(unit=case.unit, label=case.label)
