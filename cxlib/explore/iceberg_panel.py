"""The panel of the complaint iceberg: other evidence for the complaint rate, definitions, loss rates and levers."""

from collections.abc import Generator
from dataclasses import replace
from functools import lru_cache

from cxlib import charts, complaints, cost, damage, levers, losses, silence
from cxlib.errors import CxError
from cxlib.explore import parts
from cxlib.explore.controls import choice, entry, slide
from cxlib.explore.iceberg_choices import codes, day, evidence, example, offered, stated, waves
from cxlib.explore.panel import Panel
from cxlib.language import tr
from cxlib.sentences import damage as say_cost
from cxlib.sentences import iceberg as say
from cxlib.steps import in_steps
from cxlib.survey import chosen_wave

LEAST, MOST, STEP = 0.8, 0.99, 0.01  # of the confidence
KEPT = 64  # answers that are kept of each step, so that going back is quick
DEFINITION = ("unhappy", "complained", "severity", "channels")


def iceberg(
    study,
    *,
    wave: str = "",
    unhappy: str = "",
    complained: str = "",
    severity: str = "",
    channels: str = "",
    window_start: str = "",
    window_end: str = "",
    rate: str = "",
    customers: int = 0,
    loss_rates: str = "",
    complain: float = 0.1,
    resolve: float = 0.1,
    confidence: float = 0.95,
    computed: tuple | None = None,
) -> Panel:
    """The panel of the complaint-iceberg chapter: the silent, what they cost, and what the levers keep.

    Parameters as those of the chapter, by which the controls begin; `computed` is what the chapter has computed under
    them (its case and loss rates), so that it is not done again. Raises CxError for a study without complaints.
    """
    if not study.has("complaints"):
        raise CxError(f"{study.file}: the iceberg needs a table complaints; the study has none")
    if computed is None:  # the chapter has looked already whether its parameters fit
        how = {"unhappy": unhappy, "complained": complained, "severity": severity, "channels": channels}
        complaints.complainers(study, complaints.declared(study, start=window_start, end=window_end, rate=rate, **how))
        if study.has("survey"):
            chosen_wave(study, wave)
    assumed = losses.assumed(loss_rates)
    by_hand, counts = stated(study, rate)
    controls = [
        choice("evidence", tr("Evidence for the complaint rate"), evidence(study), "" if by_hand or counts else rate),
        slide("by_hand", tr("Complaint rate by hand (0%: by the evidence)"), 0, 1, 0.005, by_hand, percent=True),
        entry("counts", tr("Complaint rate in words (empty: as chosen)"), counts, example="10 of 420"),
        *waves(study, wave),
        entry("unhappy", tr("Unhappy"), unhappy, example=example(study, "unhappy")),
        entry("complained", tr("Complained"), complained, example=example(study, "complained")),
        *codes(study, "severity", tr("Severity of complaints"), severity),
        *codes(study, "channel", tr("Channels of complaints"), channels),
        entry("window_start", tr("First day of the window"), window_start, example=day(study, 0)),
        entry("window_end", tr("Last day of the window"), window_end, example=day(study, 1)),
        entry("customers", tr("Customers that there are"), str(customers or ""), example="20000"),
        *(
            slide(fate, tr("{fate}: assumed to be lost (0%: as measured)", fate=tr(losses.LABELS[fate])), 0, 1, 0.01,
                  assumed.get(fate, 0.0), percent=True)
            for fate in damage.UNHAPPY
        ),
        slide("complain", tr("Lever: silent who are brought to complain"), 0, 1, 0.05, complain, percent=True),
        slide("resolve", tr("Lever: bad endings that end well"), 0, 1, 0.05, resolve, percent=True),
        slide("confidence", tr("Confidence"), min(LEAST, confidence), max(MOST, confidence), STEP, confidence,
              percent=True),
    ]  # fmt: skip
    begin = {"wave": wave, "severity": severity, "channels": channels}

    def parameters(settings: dict) -> dict:
        return _parameters(begin | settings, assumed)

    held, shown = _answer(study, parameters({control.name: control.value for control in controls}), computed)

    @in_steps
    def answer(**settings) -> Generator:
        now = parameters(settings)
        yield from held(**now)
        return shown(**now)

    def ahead(**settings) -> Generator:
        for name, value in offered(study):
            try:
                yield from held(**parameters(settings | {name: value}))
            except CxError:  # told where somebody chooses this
                continue

    return Panel(study, "complaint_iceberg", controls, answer, parameters=parameters, ahead=ahead)


def _parameters(settings: dict, begun: dict[str, float]) -> dict:
    """The settings as parameters of the chapter; `begun` are the assumed loss rates that the panel began with."""
    found = {name: settings[name] for name in (*DEFINITION, "wave", "window_start", "window_end")}
    found |= {name: settings[name] for name in ("complain", "resolve", "confidence")}
    by_hand = f"{settings['by_hand']:g}" if settings["by_hand"] else settings["evidence"]
    # A slider at 0 leaves what was measured, or the 0 that the chapter's own parameter assumed.
    moved = {fate: settings[fate] or (0.0 if begun.get(fate) == 0 else None) for fate in damage.UNHAPPY}
    assumed = {fate: share for fate, share in (begun | moved).items() if share is not None}
    told = settings["customers"].replace(",", "")
    return found | {
        "rate": settings["counts"] or by_hand,
        # What is no number goes on as it was typed, for the chapter to refuse.
        "customers": int(told or 0) if told.isdecimal() or not told else settings["customers"],
        "loss_rates": ", ".join(f"{fate}: {share:g}" for fate, share in assumed.items()),
    }


def _asked(settings: dict) -> tuple:
    """The settings that the number of silent customers depends on, but for the confidence; the definition last."""
    names = ("window_start", "window_end", "rate", "wave", "customers", *DEFINITION)
    return tuple(settings[name] for name in names)


def _answer(study, begun: dict, computed: tuple | None):
    """What the panel's answer needs, and the answer; what a setting does not change is kept from one to the next.

    `computed` are case and loss rates under the parameters `begun`. What depends on the confidence alone (intervals) is
    read anew off distributions and estimates that are kept.
    """
    begun_with, ready = _asked(begun), computed or (None, None)

    @lru_cache(KEPT)
    def of_rate(rate, wave, unhappy, complained):
        definition = complaints.declared(study, unhappy=unhappy, complained=complained, rate=rate)
        return complaints.rate(study, definition, chosen_wave(study, wave) if study.has("survey") else None)

    @lru_cache(KEPT)
    def complained_in(start, end, severity, channels):
        how = {"severity": severity, "channels": channels, "start": start, "end": end}
        return complaints.complainers(study, complaints.declared(study, **how))

    @lru_cache(KEPT)
    def first(start, end, rate, wave, customers, *answers):
        """The case at the confidence that the panel began with."""
        if computed is not None and (start, end, rate, wave, customers, *answers) == begun_with:
            return ready[0]
        how = dict(zip(DEFINITION, answers, strict=True))
        definition = complaints.declared(study, start=start, end=end, rate=rate, **how)
        known = None if definition.undeclared else of_rate(rate, wave, *answers[:2])
        found = complained_in(start, end, *answers[2:])
        how = {"wave": wave, "customers": customers, "confidence": begun["confidence"], "known": known, "found": found}
        return silence.silence(study, definition, **how)

    @lru_cache(KEPT)
    def silent(confidence, *asked):
        return first(*asked) if confidence == begun["confidence"] else silence.confident(first(*asked), confidence)

    @lru_cache(KEPT)
    def of_complainers(severity, channels):
        return losses.of_complainers(study, complaints.declared(study, severity=severity, channels=channels))

    @lru_cache(KEPT)
    def of_respondents(unhappy, complained):
        return losses.of_respondents(study, complaints.declared(study, unhappy=unhappy, complained=complained))

    @lru_cache(KEPT)
    def losing(confidence, loss_rates, *answers):
        now = (confidence, loss_rates, *answers)
        if computed is not None and now == (begun["confidence"], begun["loss_rates"], *begun_with[-len(answers) :]):
            return ready[1]
        measured = of_complainers(*answers[2:]) | of_respondents(*answers[:2])
        return losses.assume(losses.told(study, measured, confidence=confidence), loss_rates)

    @lru_cache(KEPT)
    def whole(loss_rates, *asked):
        return cost.whole(first(*asked), losing(begun["confidence"], loss_rates, *asked[-len(DEFINITION) :]))

    @lru_cache(KEPT)
    def drawn(confidence, *asked):
        case = silent(confidence, *asked)
        rates = silence.evidence(case, only=() if case.silent is None else [say.QUOTED])
        shown = {"interval": say.interval(case), "base": say.rate_base(case)}
        numbers = [] if case.silent is None else [
            parts.number(case.silent, interval=say.interval(case), base=say.base(case), note=say.note(case)),
            parts.number(case.rates, scale=(0, 100), **shown),
        ]  # fmt: skip
        return [
            *numbers,
            *parts.sentences(say.undeclared(case, rates) | say.headline(case) | say.rate(case, rates)),
            *parts.figure(charts.iceberg_of(case), alt=say.alt_iceberg(case)),
        ]

    def held(*, loss_rates, complain, resolve, **settings) -> Generator[None, None, None]:
        """What the answer needs, in steps; a lever needs nothing."""
        confidence, asked = settings["confidence"], _asked(settings)
        if not isinstance(settings["customers"], int):
            raise CxError(f"customers are a whole number of 0 or more; found {settings['customers']!r}")
        case = silent(confidence, *asked)
        yield
        lost = losing(confidence, loss_rates, *asked[-len(DEFINITION) :])
        yield
        if not cost.lacking(case, lost):
            whole(loss_rates, *asked)

    def answer(*, loss_rates, complain, resolve, **settings) -> list[parts.Part]:
        confidence, asked = settings["confidence"], _asked(settings)
        case, given = silent(confidence, *asked), study.book.iceberg
        lost = losing(confidence, loss_rates, *asked[-len(DEFINITION) :])
        without = cost.lacking(case, lost)
        total = None if without else replace(whole(loss_rates, *asked), confidence=confidence)
        fates, risk = damage.by_fate(total), damage.at_risk(total, given.word_of_mouth)
        pays = levers.levers(total, complain=complain, resolve=resolve, case_cost=given.case_cost)
        return [
            *drawn(confidence, *asked),
            *parts.sentences(say_cost.cost(case, total, fates, risk, without)),
            *parts.sentences(say_cost.assumed(lost) | say_cost.declared(lost)),
            *_loss_table(damage.shown_rates(lost, total), confidence, study.book.minimum_base),
            *parts.sentences(say_cost.levers(case, pays, complain=complain, resolve=resolve)),
            *_lever_table(pays, confidence),
        ]

    return held, answer


def _loss_table(lost, confidence: float, least: int) -> list[parts.Part]:
    shown = ["fate", "label", "estimate", "low", "high", "n", "n_effective", "source"]
    heads = {"fate": ("", "key"), "label": ("Fate", "word"), "estimate": "Lost", "source": ("Evidence", "word")}
    caption = tr("Share of customers lost after each fate")
    how = {"columns": shown, "labels": heads, "confidence": confidence, "minimum_base": least}
    return parts.table(lost, caption=caption, **how)


def _lever_table(pays, confidence: float) -> list[parts.Part]:
    shown = ["label", "handled", "estimate", "low", "high", "saves", "verdict"]
    heads = {"label": ("Lever", "word"), "handled": ("Cases", "count"), "estimate": ("Customers kept", "count"),
             "saves": ("Chance to keep any", "percent"), "verdict": ("Verdict", "word")}  # fmt: skip
    how = {"columns": shown, "labels": heads, "confidence": confidence, "minimum_base": 0}
    return parts.table(pays, caption=tr("What each lever keeps"), **how)
