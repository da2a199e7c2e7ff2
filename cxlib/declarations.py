"""What study.yml declares beside its tables, held against the data: told by `cx check` before a report fails on it."""

from collections.abc import Callable

from cxlib import complaints, improvement, leads, missingness, people, persona_questions
from cxlib.errors import CxError, Problem
from cxlib.losses import outcome_codes
from cxlib.survey import chosen_wave


def problems(study) -> list[Problem]:
    """The problems of the study's `iceberg:`, `improvement:`, `quality:` and `personas:`; the tables must be sound."""
    found = []
    if study.has("complaints"):
        found += _told(study, "iceberg", lambda: _iceberg(study))
    if study.has("survey"):
        found += _told(study, "improvement", lambda: improvement.declared(study))
        found += _told(study, "quality", lambda: missingness.response(study))
    if study.book.personas.variables and not persona_questions.lacking(study.book):
        found += _told(study, "personas", lambda: people.people(study))
    if study.book.personas.rules:
        # Bands of numbers are known once the scorecard is: rules are tried on it.
        found += _told(study, "personas", lambda: leads.leads(study))
    return found


def _told(study, section: str, attempt: Callable) -> list[Problem]:
    """The problem that an attempt ends in, if any."""
    try:
        attempt()
    except CxError as error:
        return [Problem("study.yml", section, 0, str(error).removeprefix(f"{study.file}: "), "")]
    return []


def _iceberg(study) -> None:
    """What the complaint-iceberg chapter would make of the declarations."""
    definition = complaints.declared(study)
    complaints.complainers(study, definition)
    outcome_codes(study)
    if not definition.undeclared:
        complaints.rate(study, definition, chosen_wave(study) if study.has("survey") else None)
