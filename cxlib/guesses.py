"""What a guess says of a column."""

from dataclasses import dataclass, field
from typing import Any

CONFIDENCES = ("high", "medium", "low")
FEW = 5  # fewer answers say little of what a column holds: a first export of three test rows has its questions


@dataclass(frozen=True)
class Guess:
    """What a column (or the columns of one question) seems to be.

    `use` is key, question, private, candidate (nobody can tell yet) or left out; `role` the key of the survey or the
    question's role; `entries` what else study.yml would say of the question; `outside` the codes off its scale with
    their counts; `look` what a person has to look at; `own` the definition of a metric of the study's own, by its name.
    `decided` marks what a person has confirmed or said: it is no guess any more.
    """

    columns: tuple[str, ...]
    use: str
    role: str = ""
    entries: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    confidence: str = ""
    outside: dict[str, int] = field(default_factory=dict)
    look: str = ""
    own: dict[str, Any] = field(default_factory=dict)
    decided: bool = False
