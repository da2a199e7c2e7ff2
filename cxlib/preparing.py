"""From a survey as loaded to the answers that carry conclusions: who is left out, and how the rest is weighted."""

from dataclasses import dataclass

import pandas as pd

from cxlib import text
from cxlib.errors import CxError
from cxlib.flagged import check_name
from cxlib.language import tr
from cxlib.loading import of_table
from cxlib.margins import of_study
from cxlib.weights import Raked, rake


@dataclass(frozen=True)
class Prepared:
    """A survey before and after: `everyone` (with `excluded`: why, or ""), `survey` (those kept), how it was raked.

    `notes` say what a reader of the data ought to know of who was left out, `raking` of the weights.
    """

    everyone: pd.DataFrame
    survey: pd.DataFrame
    raked: Raked | None
    notes: tuple[str, ...]
    raking: tuple[str, ...] = ()


def prepare(study, frame: pd.DataFrame, exclude: tuple[str, ...]) -> Prepared:
    """The loaded survey `frame` of a study without whom the checks `exclude` mark, raked where the study says so.

    Raises CxError where a check cannot be made on this survey, and where nobody is left.
    """
    book, why = study.book, pd.Series("", index=frame.index, dtype=object)
    lacking = [check for check in exclude if check not in study.flags]
    if lacking:
        reason = study.checked.lacking[lacking[0]]
        raise CxError(f"{study.file}: quality.exclude names {lacking[0]}, and that check cannot be made: {reason}")
    for check in exclude:
        why = why.mask(study.flags[check], why + ", " + check_name(check))
    everyone = pd.concat([frame, why.str.removeprefix(", ").rename("excluded")], axis=1)
    kept = why == ""
    if not kept.any():
        raise CxError(f"{study.file}: quality.exclude leaves none of the {len(frame):,} respondents")
    if exclude == book.quality.exclude:  # what other checks would leave out may empty a wave
        _check_waves(study, frame, kept)
    survey, notes = frame[kept].reset_index(drop=True), []
    if exclude:
        told = tr(
            "{number} of {all} respondents are left out ({checks})",
            number=text.number((~kept).sum()),
            all=text.number(len(frame)),
            checks=text.join([f"{tr(check_name(c))} {text.number(study.flags[c].sum())}" for c in exclude]),
        )
        notes.append(of_table("survey", told))
    raked, raking = None, []
    if book.weighting is not None:
        raked = _raked(study, survey)
        survey = _weighted(survey, raked)
        raking = [of_table("survey", note) for note in (*raked.notes, *_routed(book), *raked.collapsed)]
        if not raked.converged:
            raking.append(of_table("survey", tr("raking did not reach the margins: {worst}", worst=raked.worst)))
    return Prepared(everyone, survey, raked, tuple(notes), tuple(raking))


def _check_waves(study, frame: pd.DataFrame, kept: pd.Series) -> None:
    """Raise a CxError where a wave that had respondents with a weight above 0 has none left."""
    weighty = frame["weight"] > 0 if "weight" in frame else pd.Series(True, index=frame.index)
    waves = frame["wave"] if "wave" in frame else pd.Series("", index=frame.index)
    before, after = (waves[rows].value_counts(sort=False) for rows in (weighty, weighty & kept))
    for wave in before.index[before > 0]:
        if not after.get(wave, 0):
            weighted = " with a weight above 0" if "weight" in frame else ""
            of = f" of wave {wave}" if "wave" in frame else ""
            raise CxError(
                f"{study.file}: quality.exclude leaves none of the {before[wave]:,} respondents{of}{weighted}"
            )


def _raked(study, survey: pd.DataFrame) -> Raked:
    """The survey raked to the study's margins, each wave by itself."""
    how, known = study.book.weighting, of_study(study, survey)
    try:
        return rake(
            survey,
            known,
            weights="weight" if "weight" in survey else None,
            by="wave" if "wave" in survey else None,
            bounds=how.bounds,
            trim=how.trim,
            collapse=how.collapse,
        )
    except CxError as error:
        raise CxError(f"{study.file}: {error}") from None


def _routed(book) -> list[str]:
    """A sentence for each margin of a question that was not put to everybody."""
    questions = book.tables["survey"].questions
    return [
        tr(
            "{margin}: not everybody was asked it (`asked:`); who was not counts as one without an answer",
            margin="_".join(margin.of),
        )
        for margin in book.margins
        if any(spec.asked for name in margin.of for q, spec in questions.items() if q == name or name in spec.derive)
    ]


def _weighted(survey: pd.DataFrame, raked: Raked) -> pd.DataFrame:
    """The survey under its raked weights, with what standard errors need to know of them."""
    start = survey["weight"] if "weight" in survey else pd.Series(1.0, index=survey.index)
    columns = {"weight": raked.weights, "weight_start": start, "weight_ratio": raked.ratio}
    kept = survey.drop(columns="weight", errors="ignore")
    return pd.concat([kept, pd.DataFrame(columns), raked.cells], axis=1)
