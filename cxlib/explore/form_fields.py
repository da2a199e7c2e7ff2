"""What the study form's controls show of a question, and what their values decide of it."""

import re
from dataclasses import dataclass

from cxlib.codebook import METRIC_SCALES
from cxlib.errors import CxError
from cxlib.explore.form_facts import role_of, title
from cxlib.guess_outcomes import outcome
from cxlib.guesses import Guess
from cxlib.new_draft import Draft, decide, words
from cxlib.new_text import entries


@dataclass(frozen=True)
class Fields:
    """The values of the controls of one question, as a person reads and types them.

    `scale` is "1-5" and `missing` "0, 6", both "" for none; `good` are the answers that a share counts.
    """

    role: str
    metric: str = "nps"
    scale: str = ""
    missing: str = ""
    good: tuple[str, ...] = ()
    label: str = ""


def fields(draft: Draft, made: Guess) -> Fields:
    """The values that say what a question is now."""
    scale, metric, good = made.entries.get("scale"), made.entries.get("metric"), ()
    own = made.own.get(metric)
    if metric is None:
        could_be = outcome(draft, made)
        metric, good = (could_be.metric, could_be.good) if could_be else ("nps", ())
    elif own and own["scores"] == "mean":
        metric = "mean"
    elif own:
        labels = made.entries.get("labels", {})
        metric, good = "share", tuple(labels.get(str(c), str(c)) for c in own["scores"])
    label = entries(draft, made).get("label", "") if made.columns in draft.names else ""
    return Fields(
        role_of(made),
        metric,
        f"{scale[0]:g}-{scale[1]:g}" if scale else "",
        ", ".join(map(str, made.entries.get("missing", ()))),
        good,
        label,
    )


def answers(draft: Draft, made: Guess) -> list[str]:
    """The answers of which a share may count some: words in their order, else codes."""
    column = draft.facts.get(made.columns[0])
    if column is None or column.distinct > 40:
        return []
    none = [*made.entries.get("missing", ()), *column.no_answers]
    labels = words(column, made, none)
    return list(labels.values()) or sorted((c for c in column.numbers if c not in none), key=column.numbers.get)


def said(draft: Draft, made: Guess, given: Fields) -> Draft:
    """The draft in which a question is what the controls say; CxError where it cannot be."""
    if not given.role:
        raise CxError(f"choose a role for {title(draft, made)}")
    rated = given.role == "metric" and given.metric not in METRIC_SCALES
    before = fields(draft, made)
    return decide(
        draft,
        made.columns[0],
        given.role,
        metric=given.metric if given.role == "metric" else "",
        scale=scale(given.scale) if rated or given.role == "driver" else None,
        missing=codes(given.missing) if given.missing != before.missing else None,
        good=given.good,
        label=given.label if given.label != before.label else made.entries.get("label", ""),
    )


def scale(typed: str) -> tuple[int, int] | None:
    """The scale that is typed as 1-5; None where nothing is."""
    if not typed.strip():
        return None
    found = re.fullmatch(r"\s*(\d{1,3})\s*(?:-|–|to|,)\s*(\d{1,3})\s*", typed)
    if not found or int(found[1]) >= int(found[2]):
        raise CxError(f"a scale is typed as its lowest and its highest answer, e.g. 1-5; found {typed}")
    return int(found[1]), int(found[2])


def codes(typed: str) -> tuple[str, ...]:
    """The codes that are typed with commas between them; one that holds a comma stands in double quotes."""
    found = re.findall(r'\s*(?:"([^"]*)"|([^,]+))\s*(?:,|$)', typed)
    return tuple(code for quoted, plain in found if (code := quoted or plain.strip()))
