"""Settings of the chapters: what study.yml declares beside its tables, each in a block of its own."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from cxlib.entries import Code, Codes, Names, Share, Strict

FATES = ("content", "silent", "satisfied", "mollified", "dissatisfied")


def _all_or_listed(value: Any) -> Any:
    if value != "all" and not isinstance(value, list):
        raise ValueError(f"all, or a list of codes, e.g. [1, 2]; found {value!r}")
    return value


def _two_days(value: Any) -> Any:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError(f"a window is its first and its last day, e.g. [2026-03-01, 2026-08-31]; found {value!r}")
    return value


AllOrCodes = Annotated[Literal["all"] | tuple[Code, ...], BeforeValidator(_all_or_listed)]


class WordOfMouth(Strict):
    """What an unhappy customer's talk costs: people told, and the share of them who stay away for it."""

    told: Annotated[float, Field(ge=0)]
    deterred: Share


class Iceberg(Strict):
    """What an estimate of silent unhappy customers must declare, and what their cost is reckoned with."""

    unhappy: dict[str, Codes] = {}
    complained: dict[str, Codes] = {}
    severity: AllOrCodes = ()
    channels: AllOrCodes = ()
    window: Annotated[tuple[date, date], BeforeValidator(_two_days)] | None = None
    rate: Code | None = None
    segments: Names = ()
    outcomes: dict[Literal[FATES[2:]], Codes] = {}
    losses: dict[Literal[FATES], Share] = {}
    loss_days: Annotated[int, Field(gt=0)] = 90
    margin: Share | None = None
    months: Annotated[float, Field(gt=0)] | None = None
    case_cost: Annotated[float, Field(ge=0)] | None = None
    word_of_mouth: WordOfMouth | None = None

    @model_validator(mode="after")
    def _holds_together(self):
        if self.window and self.window[0] >= self.window[1]:
            first, last = self.window
            raise ValueError(f"a window runs from its first day to its last; found {first} to {last}")
        taken = [code for codes in self.outcomes.values() for code in codes]
        twice = sorted({code for code in taken if taken.count(code) > 1})
        if twice:
            raise ValueError(f"the outcome {twice[0]} stands under two ends of a complaint")
        return self


class Improvement(Strict):
    """What was changed between two waves, and for whom: a segment of two groups, the code of the changed one.

    Without a group everybody is taken to be changed, from the wave `after` on.
    """

    group: str | None = None
    treated: Code | None = None
    before: Code | None = None
    after: Code

    @model_validator(mode="after")
    def _names_a_comparison(self):
        if len({self.group is None, self.treated is None, self.before is None}) > 1:
            raise ValueError("`group:`, `treated:` and `before:` go together; without a group there is no comparison")
        return self


class LeadRule(Strict):
    """A rule of the client's own for prospects: who gives one of these answers gains points, or is left out."""

    question: str
    answers: Codes
    points: int = 0
    exclude: bool = False

    @model_validator(mode="after")
    def _does_something(self):
        if bool(self.points) == self.exclude:
            raise ValueError("a rule gives `points:` (a whole number, not 0) or says `exclude: true`")
        return self


class Ideal(Strict):
    """The ideal customer: among the top share by value, and (with `stayed`) not lost."""

    value_top: Annotated[float, Field(gt=0, lt=1)] = 0.25
    stayed: bool = True


class Personas(Strict):
    """What personas are formed from, what a customer of theirs is worth, and how prospects are scored."""

    table: Literal["survey", "customers"] | None = None
    variables: Names = ()
    value: str | None = None
    value_times: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1
    scope: Share | None = None
    ideal: Ideal = Ideal()
    rules: tuple[LeadRule, ...] = ()
