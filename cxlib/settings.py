"""Settings of the chapters: what study.yml declares beside its tables, each in a block of its own."""

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from cxlib.entries import Code, Codes, Names, Number, Share, Strict, Whole, Words, pair

FATES = ("content", "silent", "satisfied", "mollified", "dissatisfied")


def _all_or_listed(value: Any) -> Any:
    if value != "all" and not isinstance(value, list):
        raise ValueError(f"all, or a list of codes, e.g. [1, 2]; found {value!r}")
    return value


TWO_DAYS = pair("a window is its first and its last day, e.g. [2026-03-01, 2026-08-31]")
BOUNDS = pair("bounds are two numbers, the least and the greatest ratio of weight and start, e.g. [0.3, 3]")
AllOrCodes = Annotated[Literal["all"] | tuple[Code, ...], BeforeValidator(_all_or_listed)]


class WordOfMouth(Strict):
    """What an unhappy customer's talk costs: people told, and the share of them who stay away for it."""

    told: Annotated[Number, Field(ge=0)]
    deterred: Share


class Iceberg(Strict):
    """What an estimate of silent unhappy customers must declare, and what their cost is reckoned with."""

    unhappy: dict[str, Codes] = {}
    complained: dict[str, Codes] = {}
    severity: AllOrCodes = ()
    channels: AllOrCodes = ()
    window: Annotated[tuple[date, date], TWO_DAYS] | None = None
    rate: Code | None = None
    segments: Names = ()
    outcomes: dict[Literal[FATES[2:]], Codes] = {}
    losses: dict[Literal[FATES], Share] = {}
    loss_days: Annotated[Whole, Field(gt=0)] = 90
    margin: Share | None = None
    months: Annotated[Number, Field(gt=0)] | None = None
    case_cost: Annotated[Number, Field(ge=0)] | None = None
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
    points: Whole = 0
    exclude: bool = False

    @model_validator(mode="after")
    def _does_something(self):
        if bool(self.points) == self.exclude:
            raise ValueError("a rule gives `points:` (a whole number, not 0) or says `exclude: true`")
        return self


class Ideal(Strict):
    """The ideal customer: among the top share by value, and (with `stayed`) not lost."""

    value_top: Annotated[Number, Field(gt=0, lt=1)] = 0.25
    stayed: bool = True


class Personas(Strict):
    """What personas are formed from, what a customer of theirs is worth, and how prospects are scored."""

    table: Literal["survey", "customers"] | None = None
    variables: Names = ()
    value: str | None = None
    value_times: Annotated[Number, Field(gt=0, allow_inf_nan=False)] = 1
    scope: Share | None = None
    ideal: Ideal = Ideal()
    rules: tuple[LeadRule, ...] = ()


CHECKS = (
    "duplicate",
    "near_duplicate",
    "straightliner",
    "speeder",
    "gibberish",
    "copied",
    "impossible",
    "partial",
)


def _as_names(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class Margin(Strict):
    """What is known of the population: the groups of a question, or of several crossed, as shares or counts."""

    of: Annotated[tuple[str, ...], BeforeValidator(_as_names), Field(min_length=1)]
    population: dict[Code, Annotated[Number, Field(ge=0)]] | None = None
    file: str | None = None

    @model_validator(mode="after")
    def _says_where_it_is(self):
        if (self.population is None) == (self.file is None):
            raise ValueError("a margin has its `population:` (shares or counts by group) or a `file:` that holds them")
        if self.population is not None and len(self.of) > 1:
            raise ValueError(f"a margin of {' and '.join(self.of)} crossed needs a `file:` with a row a cell")
        if self.population is not None and not sum(self.population.values()) > 0:
            raise ValueError("the population of a margin must not be 0 everywhere")
        return self


class Weighting(Strict):
    """How the survey is raked to the margins: limits of weight over start, greatest weight, joining of small groups."""

    bounds: Annotated[tuple[Annotated[Number, Field(ge=0, lt=1)], Annotated[Number, Field(gt=1)]], BOUNDS] | None = None
    trim: Annotated[Number, Field(gt=1)] | None = None
    collapse: Annotated[Whole, Field(gt=0)] | None = None


def _one_word(value: str) -> str:
    if not re.fullmatch(r"[^\W\d]\w*", value):
        raise ValueError(f"a name is a word of letters, digits and _, a digit not first; found {value!r}")
    return value


def _each_once(value: tuple) -> tuple:
    return tuple(dict.fromkeys(value))


def _one_or_by_wave(value: Any) -> Any:
    people = value.values() if isinstance(value, dict) else [] if value is None else [value]
    if any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in people):
        raise ValueError(f"a whole number of people, or one by wave, e.g. {{2026-H1: 400}}; found {value!r}")
    return value


class Impossible(Strict):
    """Answers that exclude each other: who gave one of `given` can never have given one of `never`."""

    name: Annotated[str, AfterValidator(_one_word)]
    given: Annotated[dict[str, Codes], Field(min_length=1)]
    never: Annotated[dict[str, Codes], Field(min_length=1)]


class Quality(Strict):
    """Which respondents are left out, what counts as too fast and as incomplete, and how many were invited."""

    exclude: Annotated[tuple[Literal[CHECKS], ...], BeforeValidator(_as_names), AfterValidator(_each_once)] = ()
    fastest: Annotated[Number, Field(gt=0, lt=1)] = 0.3
    complete: Share = 0.5
    invited: Annotated[int | dict[Code, int] | None, BeforeValidator(_one_or_by_wave)] = None
    impossible: tuple[Impossible, ...] = ()


def _colour(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise ValueError(f"a colour is # and six hexadecimal digits in quotes, e.g. '#1f5f8b'; found {value!r}")
    return value.lower()


class Brand(Strict):
    """How a report looks like the client's: main colour, logo and slide template (files beside study.yml), a line."""

    colour: Annotated[str | None, BeforeValidator(_colour)] = None
    logo: str | None = None
    slides: str | None = None
    confidentiality: Words | None = None


def _memory(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"[1-9]\d*(\.\d+)? ?(MB|GB)", value):
        raise ValueError(f"memory is written with its unit, MB or GB, e.g. 1GB; found {value!r}")
    return value


class Large(Strict):
    """Which tables are too large to be read whole, and what is drawn of them for chapters that must have rows.

    Of the tables that an engine can hold (Parquet, DuckDB, Spark) one of more than `rows` rows stays there; `sample`
    rows are drawn with `seed`. DuckDB takes no more than `memory`, and the disk where that is too little.
    """

    rows: Annotated[Whole, Field(ge=0)] = 500_000
    sample: Annotated[Whole, Field(ge=100)] = 200_000
    seed: Whole = 0
    memory: Annotated[str, BeforeValidator(_memory)] = "1GB"


class Disclosure(Strict):
    """What a reader must be told of a survey and data cannot tell: the items of AAPOR's Transparency Initiative."""

    conducted_by: Words | None = None
    population: Words | None = None
    frame: Words | None = None
    recruitment: Words | None = None
    incentives: Words | None = None
    translations: Words | None = None
    contact: Words | None = None
