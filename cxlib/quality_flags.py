"""Checks of the respondents: who is a copy, hurried, did not read, contradicts himself or broke off.

Flags accuse nobody: the study says which of them leave a respondent out (`quality: exclude:`).
"""

from dataclasses import dataclass

import pandas as pd

from cxlib.codebook import Table
from cxlib.duplicates import duplicates
from cxlib.flagged import Flagged
from cxlib.impossible import impossible, partials
from cxlib.nonsense import copied, gibberish
from cxlib.settings import CHECKS, Quality
from cxlib.shown import Shown
from cxlib.speed import speeders
from cxlib.straightlining import straightliners


@dataclass(frozen=True, repr=False)
class QualityFlags(Shown):
    """What the checks found.

    `flags` is bool, an index of the survey, a column a check that could be made; `reasons` says of every check whom it
    flags and by what rule, or why it could not be made. `lacking` says the latter of those alone, in English.
    """

    flags: pd.DataFrame
    reasons: dict[str, str]
    lacking: dict[str, str]


def checked(frame: pd.DataFrame, spec: Table, quality: Quality) -> QualityFlags:
    """All checks of a survey's respondents; `frame` holds keys and questions under the codebook's names.

    Raises CxError for a rule of `quality.impossible` that names a question or code that the survey does not have.
    """
    made: dict[str, Flagged] = duplicates(frame, spec)
    made |= {
        "straightliner": straightliners(frame, spec),
        "speeder": speeders(frame, fastest=quality.fastest),
        "gibberish": gibberish(frame, spec),
        "copied": copied(frame, spec),
        "impossible": impossible(frame, spec, quality),
        "partial": partials(frame, spec, complete=quality.complete),
    }
    who = {check: made[check].who for check in CHECKS if made[check].who is not None}
    table = pd.DataFrame(who, index=frame.index, columns=list(who), dtype=bool)
    reasons = {check: made[check].why for check in CHECKS}
    return QualityFlags(table, reasons, {check: made[check].lacking for check in CHECKS if made[check].lacking})


def flags(frame: pd.DataFrame, spec: Table, quality: Quality) -> pd.DataFrame:
    """Who is flagged by which check: bool, the frame's index, a column a check that the data allow; see checked()."""
    return checked(frame, spec, quality).flags


def reasons(frame: pd.DataFrame, spec: Table, quality: Quality) -> dict[str, str]:
    """Each check's rule in a sentence, with its limits and how many it flags, or why it is not made; see checked()."""
    return checked(frame, spec, quality).reasons
