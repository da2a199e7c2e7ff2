"""Impossible answers (combinations that the study rules out, questions that were not put), and partial ones."""

import numpy as np
import pandas as pd

from cxlib import rules, text
from cxlib.codebook import METRIC_SCALES, Table
from cxlib.errors import CxError, nearest
from cxlib.flagged import Flagged, flagged, not_made
from cxlib.language import noted, tr, tr_n
from cxlib.routes import answered, asked, gave, question_columns
from cxlib.settings import Quality


def broken(frame: pd.DataFrame, spec: Table, quality: Quality) -> pd.DataFrame:
    """Who breaks which rule: a bool column a rule of `quality.impossible`, and one a routed question, by its name.

    A rule is broken by who gave one of its `given` answers and one of its `never` answers; a route by who answered a
    question that it passed by (`asked:`). Where the router is blank nobody can tell. Raises CxError for a question or
    code that the survey does not have.
    """
    found = {}
    for rule in quality.impossible:
        sides = []
        for side in ("given", "never"):
            parts = [_gave(frame, spec, rule.name, side, *item) for item in getattr(rule, side).items()]
            sides.append(np.logical_or.reduce(parts))
        found[rule.name] = sides[0] & sides[1]
    columns = question_columns(frame, spec)
    for name, question in spec.questions.items():
        if question.asked and name in columns:
            wrong = answered(frame, columns[name]) & (asked(frame, spec, name) == 0)
            found[name] = found.get(name, False) | wrong
    return pd.DataFrame(found, index=frame.index, dtype=bool)


def _gave(frame: pd.DataFrame, spec: Table, rule: str, side: str, name: str, codes) -> np.ndarray:
    """Who gave one of the answers that one side of a rule names."""
    try:
        # The codes of the study's own metrics were held against their scales when study.yml was read.
        rules.check_answers(side, name, codes, spec, METRIC_SCALES, ())
    except rules.Fault as fault:
        raise CxError(f"quality.impossible {rule}: {fault}") from None
    known = _found(frame, spec, name)
    unknown = [code for code in codes if known and code not in known]
    if unknown:
        raise CxError(
            f"quality.impossible {rule}: {side} lists {unknown[0]}, which no label of {name} names and nobody answered"
            f"{nearest(unknown[0], known)}"
        )
    return gave(frame, spec, name, codes)


def _found(frame: pd.DataFrame, spec: Table, name: str) -> list[str]:
    """The answers to a question of groups or options, where the data alone tell what they are."""
    question = spec.questions[name]
    if question.labels or question.columns:
        return []
    if question.role == "multi":
        return [c.removeprefix(f"{name}.") for c in question_columns(frame, spec).get(name, ())]
    categorical = name in frame and isinstance(frame[name].dtype, pd.CategoricalDtype)
    return list(map(str, frame[name].cat.categories)) if categorical else []


def impossible(frame: pd.DataFrame, spec: Table, quality: Quality) -> Flagged:
    """Who breaks a rule of `quality.impossible` or a route of the codebook; see broken()."""
    found = broken(frame, spec, quality)
    if found.columns.empty:
        return not_made(
            noted("the study names no impossible combination (`quality: impossible:`), and no question a route")
        )
    told = {name: f"{name} ({text.number(count)})" for name, count in found.sum().items()}
    rules_of = [rule.name for rule in quality.impossible]
    own, routed = [told[name] for name in rules_of], [told[name] for name in told if name not in rules_of]
    parts = [tr("gave answers that the study rules out: {rules}", rules=", ".join(own))] if own else []
    if routed:
        parts.append(tr("answered a question that their route passes by: {questions}", questions=", ".join(routed)))
    return flagged(frame, found.any(axis=1), "; ".join(parts))


def completeness(frame: pd.DataFrame, spec: Table) -> pd.Series:
    """The share of the questions put to a respondent that he answered, 0 to 1; nan where none was put.

    Not put: a question that nobody of the wave answered, one that a route passed by or may have (its router is blank),
    a comment (most are left blank), and a blank where the codebook has codes for "never used" (a blank may be one). A
    multi question counts once.
    """
    put, given = np.zeros(len(frame)), np.zeros(len(frame))
    wave = frame["wave"] if "wave" in frame else pd.Series("", index=frame.index)
    for name, columns in question_columns(frame, spec).items():
        question = spec.questions[name]
        if question.role == "comment":
            continue
        has = answered(frame, columns)
        in_wave = pd.Series(has, index=frame.index).groupby(wave, observed=True, dropna=False).transform("any")
        counts = in_wave.to_numpy(bool) & (asked(frame, spec, name) == 1)
        if question.never_used:
            counts &= has
        put += counts
        given += counts & has
    share = np.divide(given, put, out=np.full(len(frame), np.nan), where=put > 0)
    return pd.Series(share, index=frame.index)


def partials(frame: pd.DataFrame, spec: Table, *, complete: float) -> Flagged:
    """Who answered less than `complete` (a share) of the questions put to him; see completeness()."""
    share = completeness(frame, spec)
    if not share.notna().any():
        return not_made(noted("nobody was asked a question with closed answers"))
    unsure = [name for name, question in spec.questions.items() if question.never_used]
    least = f"{complete:.0%}"
    if not unsure:
        why = tr(
            "answered less than {share} of the questions put to them, by wave and route; comments do not count",
            share=least,
        )
    else:
        why = tr_n(
            "answered less than {share} of the questions put to them, by wave and route; comments do not count, nor do "
            "blanks of {n} question with a code for never used, of which they may be one",
            "answered less than {share} of the questions put to them, by wave and route; comments do not count, nor do "
            "blanks of {n} questions with a code for never used, of which they may be one",
            len(unsure),
            share=least,
        )
    return flagged(frame, share < complete, why)
