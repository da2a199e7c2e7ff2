"""A client's own rules beside a lead score: points for an answer, or who is not to be called at all."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib import scorecard
from cxlib.columns import natural_order
from cxlib.errors import CxError, nearest
from cxlib.language import tr
from cxlib.scorecard import UNKNOWN, Attribute
from cxlib.text import number

MOST = 10_000  # points of a rule


@dataclass(frozen=True)
class Rule:
    """Whoever gives one of these answers gets so many points more, or is excluded.

    Answers are written as in the scorecard: a category's label, a number's band, or "unknown".
    """

    question: str
    answers: tuple[str, ...]
    points: int = 0
    exclude: bool = False


def checked(rules, customers: pd.DataFrame, card: list[Attribute]) -> tuple[Attribute, ...]:
    """What the rules ask about; raises CxError for questions and answers that are not there, and rules without effect.

    A number that is in the scorecard has its bands.
    """
    found = {a.name: a for a in card}
    for rule in rules:
        if rule.question not in found:
            values = scorecard.column(customers, rule.question, "customers")
            of = scorecard.attribute(values, rule.question) if scorecard.is_number(values) else None
            found[rule.question] = of or Attribute(rule.question, rule.question, (UNKNOWN,))
        _check(rule, _known(found[rule.question], customers[rule.question]))
    return tuple(found[name] for name in {rule.question: 0 for rule in rules})


def apply(rules, asked: tuple[Attribute, ...], prospects: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The points that the rules add to each prospect, who is excluded, and which rules applied, in words."""
    added, barred, told = np.zeros(len(prospects), int), np.zeros(len(prospects), bool), []
    of = {a.name: a for a in asked}
    for rule in rules:
        a = of[rule.question]
        hit = np.isin(scorecard.answers(a, a.of(prospects)), [str(answer) for answer in rule.answers])
        added, barred = added + int(rule.points) * hit, barred | (hit & rule.exclude)
        what = tr("excluded") if rule.exclude else signed(rule.points)
        told.append(np.where(hit, a.shown(prospects) + f" ({what})", ""))
    return added, barred, joined(told, len(prospects))


def signed(points: int) -> str:
    """Points as they are printed: +14, −3."""
    return number(points, sign=True)


def joined(told: list[np.ndarray], n: int) -> np.ndarray:
    """The parts of each row, those that are empty left out, with semicolons between."""
    rows = zip(*told, strict=True) if told else ((),) * n
    return np.array(["; ".join(part for part in row if part) for row in rows], object)


def _known(a: Attribute, values: pd.Series) -> list[str]:
    """Every answer that a rule may name."""
    if a.number:
        return list(a.answers)
    declared = values.cat.categories.map(str) if isinstance(values.dtype, pd.CategoricalDtype) else ()
    return [*dict.fromkeys([*declared, *natural_order({*scorecard.texts(values)} - {UNKNOWN}), UNKNOWN])]


def _check(rule: Rule, known: list[str]) -> None:
    if isinstance(rule.answers, str) or not rule.answers:
        raise CxError(f'a rule names the answers it is about, e.g. answers=("Hanoi",); found {rule.answers!r}')
    if not (abs(rule.points) <= MOST and rule.points == int(rule.points)):
        raise CxError(
            f"a rule's points are a whole number up to {MOST:,}, e.g. 20, which doubles the odds; the rule on "
            f"{rule.question} has {rule.points}"
        )
    if not (rule.points or rule.exclude):
        raise CxError(f"a rule gives points or excludes; the rule on {rule.question} does neither")
    for answer in rule.answers:
        if str(answer) not in known:
            raise CxError(
                f"{rule.question} has no answer {answer}{nearest(answer, known)}; a rule names one of "
                f"{', '.join(known[:6])}{', …' if len(known) > 6 else ''}"
            )
