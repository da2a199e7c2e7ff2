"""Did it work? The study's own improvement, before and after, as study.yml declares it under `improvement:`."""

import pandas as pd

from cxlib import before_after, compare, detectable
from cxlib import interrupted as series
from cxlib.errors import CxError
from cxlib.regressions import Regression
from cxlib.survey import by_wave, metrics

LEAST_WAVES = 12  # of an interrupted series


def _how(case: Regression) -> dict | None:
    """The arguments of before_after that the study declares; None without a comparison group."""
    given = case.study.book.improvement
    if given is None or given.group is None:
        return None
    treated = case.study.answer_words(given.group, [given.treated])[0]
    design = {key: value for key, value in case.study.design.items() if key != "fpc"}
    waves = {"over": "wave", "before": given.before, "after": given.after}
    return {"group": given.group, "treated": treated, **waves, "confidence": case.confidence, **design}


def effects(case: Regression) -> pd.DataFrame:
    """before_after.effects() of every metric, with name, label and unit; no rows without a declared comparison."""
    how = _how(case)
    if how is None:
        return pd.DataFrame()
    asked = metrics(case.study)
    scores = {row.question: case.study.metric(row.question) for row in asked.itertuples()}
    found = before_after.effects(case.study.survey, scores, minimum_base=case.study.book.minimum_base, **how)
    return found.merge(asked[["question", "label", "unit"]], on="question", validate="many_to_one")


def placebos(case: Regression) -> pd.DataFrame:
    """before_after.placebos() of the outcome, with label and unit; no rows without a comparison or earlier waves."""
    how = _how(case)
    if how is None or case.metric is None or case.study.waves.index(how["before"]) < 1:
        return pd.DataFrame()
    found = before_after.placebos(case.study.survey, case.metric, question=case.outcome, order=case.study.waves, **how)
    return found.assign(label=case.label, unit=case.unit)


def lines(case: Regression) -> pd.DataFrame:
    """before_after.lines() of the outcome, with label and unit; no rows without a declared comparison."""
    how = _how(case)
    if how is None or case.metric is None:
        return pd.DataFrame(columns=["kind", "group", "wave", "estimate", "low", "high", "n"])
    found = before_after.lines(case.study.survey, case.metric, question=case.outcome, order=case.study.waves, **how)
    return found.assign(label=case.label, unit=case.unit)


def interrupted(case: Regression) -> pd.DataFrame:
    """interrupted.interrupted() of the outcome's waves, where everybody was changed; no rows for shorter series."""
    given = case.study.book.improvement
    if given is None or given.group is not None or case.metric is None or len(case.study.waves) < LEAST_WAVES:
        return pd.DataFrame()
    waves = by_wave(case.study, confidence=case.confidence)
    waves = waves[waves["label"] == case.label]
    return series.interrupted(waves, over="wave", change=given.after, confidence=case.confidence).assign(unit=case.unit)


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
