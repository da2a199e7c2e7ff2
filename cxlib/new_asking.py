"""What `cx new` asks a person at a terminal: the few things that it cannot decide, each with its guess.

`decided()` knows neither a terminal nor a file: whoever calls it hands over how to ask.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from cxlib import text
from cxlib.codebook import METRIC_SCALES
from cxlib.errors import CxError, nearest
from cxlib.guess_outcomes import Outcome, outcomes
from cxlib.guesses import Guess
from cxlib.language import languages
from cxlib.new_draft import SAMPLES, Draft, about, confirm, decide, words
from cxlib.private_cells import shown
from cxlib.study_text import comment, why
from cxlib.wording import MEASURES, says

NONE = "none"
MOST = 9  # questions of a list that are printed; any other can be named
WIDTH = 96  # letters of a line of a list


@dataclass(frozen=True)
class Question:
    """A question to a person: the lines above it, what is asked, the choices, and the answer that Enter takes.

    `choices` are the answers with what is said of each; `others` may be answered as well. With `several`, the answer is
    one or more of them, separated by commas.
    """

    lines: list[str]
    prompt: str
    choices: dict[str, str]
    default: str
    several: bool = False
    others: list[str] = field(default_factory=list)


Ask = Callable[[Question], str]


def decided(draft: Draft, ask: Ask, tell: Callable[[str], None]) -> Draft:
    """The draft with what a person answers: metrics that are none too sure, an outcome where there is no metric, the
    language, and how the sample was drawn. `tell` says what is wrong with an answer, which is then asked for again."""
    unsure = [made for made in draft.found if made.role == "metric" and made.confidence != "high"]
    for made in unsure:
        draft = _metric(draft, made, ask, tell)
    if not any(made.role == "metric" and made.use == "question" for made in draft.found):
        draft = _outcome(draft, ask, tell)
    known = {"en": "English", "vi": "tiếng Việt"}
    spoken = {code: known.get(code, code) for code in languages()}
    asked = Question(["The language of the questions and of the report:"], "Language", spoken, draft.language)
    draft = about(draft, language=_answer(asked, ask, tell))
    lines = ["How the respondents came into the sample; it decides what an interval may be called:"]
    return about(draft, sample=_answer(Question(lines, "Sample", _SAMPLES, draft.sample), ask, tell))


_SAMPLES = {
    "probability": "drawn at random from a list of all",
    "quota": "filled up by quotas",
    "panel": "members of a panel",
    "opt_in": "whoever answered a link or a call",
    "census": "everybody was asked",
}
assert set(_SAMPLES) == set(SAMPLES)


def _answer(question: Question, ask: Ask, tell: Callable[[str], None]) -> str:
    """What a person chose; asked again until it is one of the choices."""
    while True:
        given = ask(question).strip() or question.default
        parts = [part.strip() for part in given.split(",")] if question.several else [given]
        keys = list(question.choices)
        by_letters = {key.casefold(): key for key in [*question.others, *keys]}
        found = [by_letters.get(part.casefold()) for part in parts]
        if all(found):
            return ",".join(found)
        wrong = parts[found.index(None)]
        tell(f"{wrong} is none of the answers{nearest(wrong, by_letters)}")


def _called(draft: Draft, column: str) -> str:
    """A question in a line: its wording, or its code with some of its answers, and how many answered."""
    facts = draft.facts[column]
    told = " ".join((" · ".join(filter(None, (facts.variable.option, facts.variable.text))) or column).split())
    if " " not in told:
        told += ": " + " / ".join(safe for c in facts.counts.index[:4] if (safe := shown(c)))
    n = int(facts.counts[[c for c in facts.counts.index if c not in facts.no_answers]].sum())
    return comment(told if len(told) <= WIDTH - 20 else told[: WIDTH - 21] + "…") + f" ({n:,} answers)"


def _metric(draft: Draft, made: Guess, ask: Ask, tell) -> Draft:
    """A metric that was guessed without being sure: confirmed, another question in its place, or none."""
    name, column = made.entries["metric"], made.columns[0]
    scale = made.entries.get("scale")
    rivals = [
        other.columns[0]
        for other in draft.found
        if other is not made and other.use in ("question", "candidate") and other.entries.get("scale") == scale
        and other.role in ("driver", "single")
    ]  # fmt: skip
    listed = [column, *rivals[: MOST - 1]]
    choices = {str(number): _called(draft, one) for number, one in enumerate(listed, 1)}
    # Few people answer 0: a scale of 0-10 may look like one of 1-10.
    whole = name not in METRIC_SCALES and says(MEASURES["recommend"], column) and scale == [1, 10]
    choices |= ({"nps": "the first; its scale is 0-10, though nobody answered 0"} if whole else {}) | {
        NONE: "none of them"
    }
    lines = [f"{name} seems to be asked by the first of these: {why(made)}", *([made.look] if made.look else [])]
    chosen = _answer(Question(lines, f"Which question is {name}", choices, "1", others=rivals), ask, tell)
    if chosen in ("1", "nps"):
        return confirm(draft, column) if chosen == "1" else decide(draft, column, "metric", metric="nps")
    draft = decide(draft, column, "driver")
    if chosen == NONE:
        return draft
    other = listed[int(chosen) - 1] if chosen.isdecimal() and chosen not in rivals else chosen
    metric = name if name in METRIC_SCALES else "mean"
    return decide(draft, other, "metric", metric=metric)


def _outcome(draft: Draft, ask: Ask, tell) -> Draft:
    """A question that the report is to be about, where none is a known metric."""
    found = outcomes(draft)
    if not found:
        return draft
    listed = found[:MOST]
    choices = {str(number): _called(draft, one.column) for number, one in enumerate(listed, 1)}
    choices |= {NONE: "only what can be told without one"}
    lines = ["No question asks of recommending, satisfaction or ease. What should the report be about?"]
    if len(found) > len(listed):
        lines += [f"(any of {len(found)} questions can be named by its column; the likeliest are listed)"]
    others = [one.column for one in found]
    asked = Question(lines, "Question", choices, "1", others=others)
    while True:
        chosen = _answer(asked, ask, tell)
        if chosen == NONE:
            return draft
        one = next((o for o in found if o.column == chosen), None) or listed[int(chosen) - 1]
        try:
            return _scored(draft, one, ask, tell)
        except CxError as error:
            tell(str(error))


def _scored(draft: Draft, one: Outcome, ask: Ask, tell) -> Draft:
    """The chosen question as a metric: as proposed, or the share of the answers that count."""
    if one.metric != "share":
        return decide(draft, one.column, "metric", metric=one.metric)
    made, facts = draft.of(one.column), draft.facts[one.column]
    none = made.entries.get("missing", [])
    labels = words(facts, made, none)
    ordered = list(labels.values()) or sorted((c for c in facts.numbers if c not in none), key=float)
    said = [answer for answer in ordered if answer in facts.counts.index or answer in labels.values()]
    counts = [int(facts.counts.get(answer, 0)) for answer in said]
    shares = [text.number(100 * n / max(1, sum(counts)), "percent", digits=0) for n in counts]
    told = [f"{comment(a)[:60]} ({n:,}, {share})" for a, n, share in zip(said, counts, shares, strict=True)]
    choices = {str(number): each for number, each in enumerate(told, 1)}
    default = ",".join(str(said.index(answer) + 1) for answer in one.good if answer in said) or "1"
    lines = [f"{_called(draft, one.column)}: the report tells the share of some of its answers."]
    asked = Question(lines, "Which answers count (numbers, with commas)", choices, default, several=True)
    taken = _answer(asked, ask, tell).split(",")
    return decide(draft, one.column, "metric", metric="share", good=tuple(said[int(number) - 1] for number in taken))
