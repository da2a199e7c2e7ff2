"""Whom an analysis looks at: a filter on the answers of the survey, as a domain of the whole sample.

A filter takes nobody out. Who does not pass keeps his row with all that belongs to the design (wave, weight, stratum,
cluster), and his answers are blank: strata and clusters without a member still count for the variance, as in R's
subset() of a design. Taken out, they would make most intervals too narrow or too wide.
Source: Lumley, Complex Surveys (2010), 2.3; Särndal, Swensson and Wretman, Model Assisted Survey Sampling, 5.8.
"""

import math
from functools import reduce

import pandas as pd

from cxlib.errors import CxError, nearest
from cxlib.language import tr

NUMBERS = ("metric", "driver", "number")  # roles whose answers are numbers


def named_answers(text: str) -> tuple[str, tuple[str, ...]]:
    """A question and its answers, as a parameter writes them: question: code|code."""
    question, _, listed = text.partition(":")
    question, codes = question.strip(), tuple(code.strip() for code in listed.split("|") if code.strip())
    if not question or not codes:
        raise CxError(f"answers are named question: code|code, e.g. satisfaction: 1|2; found {text!r}")
    return question, codes


def conditions(study, text: str) -> dict[str, tuple[str, ...]]:
    """The answers that a filter asks for, by question: all of the questions, any of a question's answers.

    `text` is written city: hanoi; age_band: 25-34|35-44, with codes or labels as answers. Raises CxError for a question
    or an answer that the survey does not have, for comments, and for a question that stands twice.
    """
    found: dict[str, tuple[str, ...]] = {}
    for part in filter(str.strip, text.split(";")):
        question, answers = named_answers(part)
        if question in found:
            raise CxError(f"a filter names each question once, e.g. {question}: a|b; {question} stands twice")
        found[question] = tuple(dict.fromkeys(_known(study, question, answers)))
    return found


def _known(study, question: str, answers: tuple[str, ...]) -> tuple[str, ...]:
    """The answers to one question: codes where the codebook lists them, else as the data have them."""
    survey = study.book.tables.get("survey")
    derived = {name: how for spec in survey.questions.values() for name, how in spec.derive.items()} if survey else {}
    spec = survey.questions.get(question) if survey else None
    if spec is None and question not in derived:
        names = [*(survey.questions if survey else ()), *derived]
        more = "; the wave is a setting of its own" if question == "wave" else nearest(question, names)
        raise CxError(f"a filter names questions of the survey, e.g. city: 1|2; there is no question {question}{more}")
    if spec is not None and spec.role == "comment":
        raise CxError(f"a filter names answers that several people give; {question} is a comment")
    labels = _labels(study, question, spec, derived.get(question))
    kept_as = dict.fromkeys(labels) if spec is not None else labels  # a derived question holds labels, others codes
    ways = {label: code for code, label in labels.items()} | {code: code for code in labels}
    codes = tuple(ways.get(answer, answer) for answer in answers)
    for code in codes:
        if code in labels:
            continue
        if spec is not None and spec.role in NUMBERS:
            _check_number(question, code, spec.scale or study.book.scales.get(spec.metric))
        else:
            known = [code if code == label else f"{code} ({label})" for code, label in labels.items()]
            raise CxError(f"{question} has no answer {code}; its answers are {_some(known)}{nearest(code, ways)}")
    return tuple(kept_as.get(code) or code for code in codes)


def _labels(study, question: str, spec, groups) -> dict[str, str]:
    """The answers to a question: what each is written as, and its label.

    Codes of the codebook, with nets; else as the data have them. `groups` are those of a derived question.
    """
    if spec is not None and (spec.labels or spec.columns or spec.role in NUMBERS):
        nets = {net: study.book.named(net) for net in spec.nets}
        return {code: code for code in spec.columns} | {c: study.book.words(w) for c, w in spec.labels.items()} | nets
    if question in study.survey:
        names = {study.book.named(name): name for name in groups} if isinstance(groups, dict) else {}
        return {names.get(level, level): level for level in study.levels(question)}
    options = [column.removeprefix(f"{question}.") for column in study.survey if column.startswith(f"{question}.")]
    return {option: option for option in options}


def _some(known: list[str]) -> str:
    return ", ".join(known[:12]) + (f" and {len(known) - 12} more" if len(known) > 12 else "")


def _check_number(question: str, code: str, scale) -> None:
    """Raise a CxError for an answer that is no number, or not on the scale."""
    try:
        value = float(code)
    except ValueError:
        raise CxError(f"answers to {question} are numbers, e.g. {question}: 1|2; found {code}") from None
    low, high = scale or (-math.inf, math.inf)
    if not low <= value <= high:
        raise CxError(f"answers to {question} lie in {low:g}-{high:g}; found {code}")


def passes(study, asked: dict[str, tuple[str, ...]]) -> pd.Series:
    """Which respondents gave one of the answers to each question; who did not answer one did not."""
    frame = study.survey
    passed = pd.Series(True, index=frame.index)
    for question, answers in asked.items():
        own = question in study.book.tables["survey"].questions
        passed &= study.gave(question, answers) if own else frame[question].astype(object).isin(answers)
    return passed


def blanked(study, domain: pd.Series) -> pd.DataFrame:
    """The survey with the answers of all outside the domain blank; what belongs to the design stays."""
    frame, questions = study.survey, study.book.tables["survey"].questions
    names = {*questions, *(new for spec in questions.values() for new in spec.derive)}
    parts = {column for column in frame if column.partition(".")[0] in names and column not in _raking(study)}
    return frame.assign(**{column: frame[column].where(domain) for column in frame if column in names | parts})


def unweighted(study) -> pd.DataFrame:
    """The survey without its weights and what raking added to them: every respondent counts once."""
    return study.survey.drop(columns=["weight", *_raking(study)], errors="ignore")


def _raking(study) -> list[str]:
    """The columns that raking added to the survey."""
    if study.part is not None:  # of which no more than the starting weights is left
        return [name for name in ("weight_start",) if name in study.survey]
    return [] if study.raked is None else ["weight_start", "weight_ratio", *study.raked.calibration.margins]


def in_words(study, asked: dict[str, tuple[str, ...]]) -> str:
    """A filter as a sentence names it: City is Hanoi; Age band is 25-34 or 35-44."""
    questions, parts = study.book.tables["survey"].questions, []
    for question, answers in asked.items():
        labels = questions[question].labels if question in questions else {}
        words = [study.book.words(labels[a], a) if a in labels else study.book.named(a, a) for a in answers]
        either = reduce(lambda one, other: tr("{one} or {other}", one=one, other=other), words)
        parts.append(tr("{question} is {answers}", question=study.label(question), answers=either))
    return "; ".join(parts)
