"""A study's survey as it leaves the project: every respondent's answers as codes, and a codebook that tells of them."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxlib.answers import Answers, Variable
from cxlib.codebook import KEYS, Question
from cxlib.errors import CxError
from cxlib.flagged import check_name
from cxlib.language import noted, tr
from cxlib.places import entry_files
from cxlib.readers import by_value, code, number, read_table

WORDS = {
    "weight": noted("Weight; blank for who is left out"),
    "weight_start": noted("Weight as it was given, before raking and exclusions"),
    "weight_ratio": noted("Raked weight divided by the starting weight"),
    "excluded": noted("Why the respondent is left out; blank for who is kept"),
    "persona": noted("Persona that the respondent most likely belongs to"),
    "persona_probability": noted("Probability of that persona, 0-1"),
}
RATED = ("metric", "driver")
CODED = ("single", "segment")


@dataclass(frozen=True)
class Clean:
    """Answers as codes, what each column is (`roles`), and the declared missing codes that stood where cells are blank.

    A role is that of the codebook, the name of a key, or net, derived, flag, margin, weight, excluded, persona.
    `missing` holds, by column, the code of each row, None where there was an answer or nothing.
    """

    answers: Answers
    roles: dict[str, str]
    missing: dict[str, pd.Series]
    notes: tuple[str, ...] = ()


def clean(study) -> Clean:
    """Every respondent of a study's survey, also those left out, under the codebook's names.

    Keys, then questions as codes (a number where all codes are numbers), options and nets as 1 and 0, derived groups as
    ordered categories of their names, and a column `flag.` of 1 and 0 for each check of quality. `weight` is final, and
    blank for who is left out; `weight_start` stands beside it where the two differ. Private columns are in no table of
    a study. Raises CxError without a survey, and where a question bears the name of a column that is added.
    """
    if not study.has("survey"):
        raise CxError(
            f"{study.file}: clean answers are those of a table survey; there are {', '.join(study.book.tables)}"
        )
    frame, notes = _with_weights(study), []
    roles = {column: _role(study, column) for column in frame}
    variables = {column: _variable(study, column, roles[column]) for column in frame}
    columns = {}
    for column in frame:
        columns[column], variables[column], told = _coded(frame[column], variables[column], roles[column])
        notes += told
    made = Clean(Answers(frame.assign(**columns), variables, "clean"), roles, _missing_codes(study), tuple(notes))
    flags = {f"flag.{check}": marked.astype(float) for check, marked in study.flags.items()}
    about = [Variable(name, _flagged(name), kind="single", labels=_yes_no()) for name in flags]
    return _with(made, study, flags, about, "flag")


def with_personas(made: Clean, study, personas) -> Clean:
    """The clean answers of a study with `persona` and `persona_probability` of its respondents.

    `personas` is a Segmentation of study.survey. Who is left out has no persona.
    """
    kept = np.flatnonzero(study.everyone["excluded"] == "")
    members, likely = np.full((2, len(made.answers.frame)), np.nan)
    placed = personas.members > 0
    members[kept[placed]] = personas.members[placed]
    likely[kept[placed]] = personas.probabilities.max(axis=1)[placed]
    names = {str(i): name for i, name in enumerate(personas.names, 1)}
    about = [
        Variable("persona", tr(WORDS["persona"]), kind="single", labels=names),
        Variable("persona_probability", tr(WORDS["persona_probability"]), kind="number"),
    ]
    columns = {"persona": members, "persona_probability": likely}
    return _with(made, study, columns, about, "persona")


def _with(made: Clean, study, columns: dict, about: list[Variable], role: str) -> Clean:
    """Clean answers with further columns of one role."""
    answers = made.answers
    taken = [name for name in columns if name in answers.frame]
    if taken:
        raise CxError(f"{study.file}: the survey has a column {taken[0]}, which clean answers use; rename it")
    frame = pd.concat([answers.frame, pd.DataFrame(columns, index=answers.frame.index)], axis=1)
    variables = answers.variables | {variable.name: variable for variable in about}
    return replace(made, answers=replace(answers, frame=frame, variables=variables),
                   roles=made.roles | dict.fromkeys(columns, role))  # fmt: skip


def _missing_codes(study) -> dict[str, pd.Series]:
    return {name: codes for (table, name), codes in study.missing_codes.items() if table == "survey"}


def _flagged(name: str) -> str:
    return tr("Marked as {check}", check=tr(check_name(name.removeprefix("flag."))))


def _yes_no() -> dict[str, str]:
    return {"0": tr("No"), "1": tr("Yes")}


def _with_weights(study) -> pd.DataFrame:
    """Everybody's columns, the weight blank for who is left out; beside it what was known of it before, and after."""
    everyone, survey = study.everyone, study.survey
    kept = (everyone["excluded"] == "").to_numpy()

    def of_kept(column: pd.Series) -> pd.Series:
        """The column of the respondents kept, spread over everybody's rows."""
        return pd.Series(column.array, index=everyone.index[kept]).reindex(everyone.index)

    weights = {}
    if "weight" in everyone and not kept.all() and "weight_start" not in survey:
        weights["weight_start"] = everyone["weight"]
    if "weight_start" in survey:
        weights["weight_start"] = everyone["weight"] if "weight" in everyone else pd.Series(1.0, everyone.index)
    later = [c for c in survey if c not in everyone and c not in ("weight", "weight_start")]
    weights |= {c: of_kept(survey[c]) for c in ("weight", *later) if c in survey}
    weights["excluded"] = everyone["excluded"].astype(object).where(everyone["excluded"] != "", None)
    keys = [c for c in everyone if c in KEYS["survey"] and c != "weight"]
    others = [c for c in everyone if c not in (*keys, "weight", "excluded")]
    return pd.concat([everyone[keys], pd.DataFrame(weights), everyone[others]], axis=1)


def _role(study, column: str) -> str:
    questions = study.book.tables["survey"].questions
    question, _, part = column.partition(".")
    if column in questions:
        return questions[column].role
    if any(column in spec.derive for spec in questions.values()):
        return "derived"
    if question in questions:
        return "net" if part in questions[question].nets else "multi"
    return "weight" if column.startswith("weight_") else question


def _variable(study, column: str, role: str) -> Variable:
    """What the codebook tells of a column."""
    book, questions = study.book, study.book.tables["survey"].questions
    title, _, part = column.partition(".")
    if role == "derived":
        source = next(name for name, spec in questions.items() if column in spec.derive)
        return Variable(column, f"{study.label(source)}: {study.label(column).lower()}", kind="single")
    if title not in questions:
        words = tr(WORDS.get(column, "")) or f"{study.label(title)}{f': {part}' if part else ''}"
        labels = _yes_no() if column == "recontact" else {}
        return Variable(column, words, kind="number" if role == "weight" else "meta", labels=labels)
    spec = questions[title]
    wording = book.words(spec.text) or study.label(title)
    if column in questions:
        labels = {c: book.words(words) for c, words in spec.labels.items()} or _file_labels(study, column, spec)
        kinds = {"metric": "rating", "driver": "rating", "segment": "single", "comment": "text"}
        return Variable(column, wording, kind=kinds.get(role, role), labels=labels, missing=spec.missing)
    option = book.words(spec.labels.get(part), part) if role == "multi" else part
    return Variable(column, wording, option, title, "multi", _yes_no())


def _file_labels(study, name: str, question: Question) -> dict[str, str]:
    """The value labels that the study's SPSS files give a question, where study.yml gives none."""
    spec, labels = study.book.tables["survey"], {}
    if question.role not in (*CODED, *RATED):
        return labels
    for entry in spec.file:
        for path in entry_files(study.file, study.folder, entry):
            if path.suffix.lower() in (".sav", ".zsav", ".por"):
                held = read_table(path, spec.encoding).variables.get(spec.source(name, entry))
                labels = (held.labels if held else {}) | labels
    return labels


def _coded(values: pd.Series, variable: Variable, role: str) -> tuple[pd.Series, Variable, list[str]]:
    """A column as codes, its variable with the labels of those codes, and what was decided."""
    if role == "wave":
        return values.astype(object), replace(variable, order=tuple(values.cat.categories)), []
    if role not in CODED:
        return values, variable, []
    first = {}
    for given, words in variable.labels.items():
        first.setdefault(words, given)
    notes = [
        f"{variable.name}: the codes {first[words]} and {given} are both called {words}, and written as {first[words]}"
        for given, words in variable.labels.items()
        if first[words] != given
    ]
    codes = by_value(values.astype(object), lambda words: first.get(words, words))
    known = [*variable.labels, *codes.dropna().unique()]
    order = tuple(first.get(words, words) for words in values.cat.categories)
    if known and all(is_number(given) for given in known):
        codes = codes.astype(float)
    return codes, replace(variable, order=order), notes


def is_number(given: str) -> bool:
    """Whether a code is a number and written as one: 1 and -2.5, but not 01 or 1,000."""
    value = number(given)
    return value is not None and code(value) == given
