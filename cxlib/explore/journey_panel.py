"""The panel of journeys: one stage of the journey of everybody or of a group, held against the map that is expected."""

from collections.abc import Generator
from dataclasses import replace
from functools import lru_cache

from cxlib import charts, journey_study, journey_tables, persona_questions
from cxlib.contact_log import places
from cxlib.errors import CxError
from cxlib.expected_map import SPARED, USUAL
from cxlib.explore import parts
from cxlib.explore.controls import Control, choice, slide
from cxlib.explore.panel import Panel
from cxlib.journey_stage import at_stage
from cxlib.journey_study import Case, Facts
from cxlib.journey_words import in_words
from cxlib.language import tr
from cxlib.sentences import journey as say
from cxlib.sentences import journey_heads as heads_of
from cxlib.sentences.words import interval_name
from cxlib.steps import in_steps

LEAST, MOST, STEP = 0.8, 0.99, 0.01  # of the confidence
DAYS = 180  # in which a complaint counts, at most, where the chapter has not more
LEVELS = 12  # answers of a question of the customers whose groups are offered, at most
PERSONAS = 8  # of which the chapter tries so many
WAYS = 8  # in which customers leave the map, the most frequent
LOGS, KEPT = 8, 64  # journeys of groups, and answers, that are kept, so that going back is quick


def journey(
    study,
    *,
    group: str = "",
    stage: str = "",
    expected: str = "",
    purchase: str = "",
    complaint_days: int = 30,
    seed: int = 0,
    confidence: float = 0.95,
    case: Case | None = None,
) -> Panel:
    """The panel of the journey-map chapter: a stage's numbers, its pain points, and where customers leave the map.

    Parameters as those of the chapter; `stage` is the one to begin with (empty: the one that hurts most), and only
    chooses what is looked at. `case` are the chapter's own journeys of the group, where they are made already. Raises
    CxError for a study without contacts and a drawn map, and for a group, stage, expectation or purchase that there is
    not; where a chapter hands in that it has no journeys, the panel says why.
    """
    if case is None and not journey_tables.has_journeys(study.book):
        raise CxError(
            f"{study.file}: the panel of journeys needs a table events that says which columns are customer, when, "
            "touchpoint and stage, and a table map with stage and order"
        )
    begin = case or journey_study.case(study, group=group, expected=expected, confidence=confidence)
    if begin.log is None:
        return Panel(study, "journey_map", [], lambda: parts.sentences([begin.why_not]))
    held, facts = _facts(study, group, begin, seed)
    begun = {"group": group, "expected": expected, "purchase": purchase, "complaint_days": complaint_days}
    _, first = facts(**begun, confidence=confidence)
    stages = list(dict.fromkeys([*places(study.table("map"))["stage"], *first.stages["stage"]]))
    at_stage(first, stage or stages[0], confidence=confidence)
    worst = first.pains.loc[first.pains["weight"].notna(), "stage"]
    stage = stage or (worst.iloc[0] if len(worst) else stages[0])
    maps = _maps(stages, expected)
    controls = [
        choice("group", tr("Whose journey"), _groups(study, begin, group), group),
        choice("stage", tr("Stage"), {name: name for name in stages}, stage),
        choice("expected", tr("Expected map"), maps, expected),
        choice("purchase", tr("Purchase"), {"": tr("as the map tells")} | {name: name for name in stages}, purchase),
        *_days(begin, complaint_days),
        slide("confidence", tr("Confidence"), min(LEAST, confidence), max(MOST, confidence), STEP, confidence,
              percent=True),
    ]  # fmt: skip
    always = {"complaint_days": complaint_days}

    def parameters(settings: dict) -> dict:
        return always | {"seed": seed} | {name: value for name, value in settings.items() if name != "stage"}

    @in_steps
    def answer(*, stage, **settings) -> Generator:
        now = always | settings
        held(now["group"], now["expected"], now["confidence"])
        yield
        return _shown(*facts(**now), stage)

    def ahead(*, stage, **settings) -> Generator:
        for other in maps:
            try:
                facts(**always | settings | {"expected": other})
            except CxError:  # told where somebody chooses this map
                continue
            yield

    return Panel(study, "journey_map", controls, answer, parameters=parameters, ahead=ahead)


def _groups(study, begin: Case, group: str) -> dict[str, str]:
    """Whose journeys can be looked at: everybody's, those of each answer of the customers, those of each persona."""
    found = {"": tr("everybody")} | ({group: begin.group} if group else {})
    if begin.customers is None or "customer" not in begin.customers:
        return found
    questions = [*study.questions("segment", "customers"), *study.questions("single", "customers")]
    for question in (name for name in questions if name in begin.customers):
        answers = study.levels(question, "customers")
        if len(answers) <= LEVELS:
            label = study.label(question, "customers")
            found |= {f"{question}:{answer}": f"{label}: {answer}" for answer in answers}
    named = study.book.personas.variables
    if named and not persona_questions.lacking(study.book) and set(named) & set(begin.customers):
        found |= {f"persona:{number}": tr("Persona {number} (personas are formed at the first choice of one, which "
                                          "may take ten seconds or more)", number=number)
                  for number in range(1, PERSONAS + 1)}  # fmt: skip
    return found | ({group: begin.group} if group else {})


def _maps(stages: list[str], expected: str) -> dict[str, str]:
    """Which maps can be expected: the study's, the usual way, the study's without the need of a stage, one's own."""
    found = {"": tr("the study's map"), USUAL: tr("as most customers go")}
    if len(stages) > 1:
        found |= {f"{SPARED} {name}": tr("the study's map, {stage} optional", stage=name) for name in stages}
    return found if expected in found else found | {expected: expected}


def _days(begin: Case, days: int) -> list[Control]:
    """The days in which a complaint counts, where complaints are known."""
    if begin.complaints is None:
        return []
    return [slide("complaint_days", tr("Days until a complaint"), 1, max(DAYS, days), 1, days)]


def _facts(study, group: str, begin: Case, seed: int):
    """Functions of the settings that give the case, and the case with what is told of it; each part is made anew only
    where a setting that it depends on has changed."""

    @lru_cache(LOGS)
    def log_of(other: str) -> Case:
        return begin if other == group else journey_study.case(study, group=other)

    @lru_cache(KEPT)
    def held(other: str, expected: str, confidence: float) -> Case:
        return journey_study.expecting(log_of(other), expected=expected, confidence=confidence)

    @lru_cache(KEPT)
    def stages(days: int, *of) -> Facts:
        return journey_study.facts(held(*of), days=days, only=["stages"])

    @lru_cache(KEPT)
    def removal(purchase: str, *of) -> Facts:
        return journey_study.facts(held(*of), purchase=purchase, seed=seed, only=["removal"])

    @lru_cache(KEPT)
    def others(*of) -> Facts:
        return journey_study.facts(held(*of), only=["pains", "conformance", "departures"])

    def facts(
        *, group: str, expected: str, purchase: str, complaint_days: int, confidence: float
    ) -> tuple[Case, Facts]:
        of = (group, expected, confidence)
        found = replace(others(*of), stages=stages(complaint_days, *of).stages)
        return held(*of), replace(found, removal=removal(purchase, *of).removal)

    return held, facts


def _shown(case: Case, found: Facts, stage: str) -> list[parts.Part]:
    """What is told of a stage: its numbers, the funnel in which it is marked, its pain points, the departures."""
    if case.log is None:
        return parts.sentences([case.why_not])
    how = {"confidence": case.confidence, "minimum_base": case.minimum_base}
    row = at_stage(found, stage, confidence=case.confidence)
    fits = say.headlines(case, found)
    return [
        *parts.sentences(say.bases(case, found)),
        *parts.table(row, caption=tr("The stage {stage}", stage=stage), columns=["measure", "estimate", "low", "n"],
                     labels=heads_of.AT_STAGE, **how),
        *parts.figure(charts.funnel_of(found, chosen=stage, **how), alt=say.alt_funnel(found, stage)),
        *_pains(found, stage),
        *parts.numbers(fits, interval=interval_name(case.study), **how),
        *parts.sentences({} if len(fits) else say.map_fit(case, found)),
        *_departures(found, how),
        *_removal(found, stage, how),
    ]  # fmt: skip


def _pains(found: Facts, stage: str) -> list[parts.Part]:
    rows, heads = in_words(found.pains[found.pains["stage"] == stage]), heads_of.PAINS
    columns = [name for name in journey_study.told(heads, rows) if name != "stage"]
    caption = tr("Pain points at {stage}, ranked among all", stage=stage)
    return parts.table(rows, caption=caption, columns=columns, labels=heads, minimum_base=0)


def _departures(found: Facts, how: dict) -> list[parts.Part]:
    rows, heads = in_words(found.departures.head(WAYS)), heads_of.DEPARTURES
    columns = journey_study.told(heads, rows)
    return parts.table(rows, caption=tr("Where customers leave the map"), columns=columns, labels=heads, **how)


def _removal(found: Facts, stage: str, how: dict) -> list[parts.Part]:
    """What a touchpoint of the stage is worth on the way to the purchase."""
    if found.removal.empty:
        return []
    purchase, rows = found.removal["purchase"].iloc[0], found.removal[found.removal["stage"] == stage]
    if rows.empty:
        none = tr("No touchpoint of {stage} is met before the purchase ({purchase}).", stage=stage, purchase=purchase)
        return parts.sentences([none])
    heads = heads_of.REMOVAL
    columns = [name for name in journey_study.told(heads, rows) if name != "stage"]
    caption = tr("What would be lost without a touchpoint; the purchase is {purchase}", purchase=purchase)
    return parts.table(rows, caption=caption, columns=columns, labels=heads, **how)
