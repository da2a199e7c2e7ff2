"""The panel of the drivers: other outcomes, drivers and treatments of missing answers, and ratings moved by sliders."""

from collections.abc import Generator
from dataclasses import replace
from functools import lru_cache

from cxlib import charts, driver_models, key_drivers, regressions
from cxlib.drawn_shares import Drawn
from cxlib.errors import CxError
from cxlib.explore import parts
from cxlib.explore.controls import Control, choice, several, slide
from cxlib.explore.panel import Panel
from cxlib.importance import METHODS
from cxlib.language import noted, tr
from cxlib.sentences import regressions as say
from cxlib.sentences import worth as say_worth
from cxlib.sentences.words import interval_name
from cxlib.steps import in_steps
from cxlib.survey import metrics

LEAST, MOST, STEP = 0.8, 0.99, 0.01  # of the confidence
SAMPLES = (1000, 200, 0)  # of the bootstrap
FARTHEST, NOTCH = 2, 0.25  # points that a rating is moved by
SLIDERS = 10  # drivers that have one: the most important
KEPT = 32  # answers that are kept of each step, so that going back is quick
TREATMENTS = {
    "pairwise": noted("pairwise: who answered both"),
    "em": noted("maximum likelihood (EM)"),
    "listwise": noted("only who answered all"),
}
MODEL = ("outcome", "drivers", "wave")
ASKED = (*MODEL, "missing", "method", "bootstrap", "confidence")


def drivers(
    study,
    *,
    outcome: str = "",
    drivers: str = "",
    wave: str = "",
    missing: str = "pairwise",
    method: str = "lmg",
    bootstrap: int = 1000,
    raises: str = "",
    confidence: float = 0.95,
    computed: tuple | None = None,
) -> Panel:
    """The panel of the metric-regressions chapter: the importance of the drivers, and what if ratings were moved.

    Parameters as those of the chapter, by which the controls begin; `computed` is what the chapter has computed under
    them (its case, shares and straight line), so that it is not done again. Raises CxError for a study without a
    survey, and as regressions.regression() and driver_models.simulated() for parameters that do not fit.
    """
    if not study.has("survey"):
        raise CxError(f"{study.file}: importance needs a table survey with drivers; the study has none")
    begin = {"outcome": outcome, "drivers": drivers, "wave": wave, "missing": missing, "method": method}
    begin |= {"bootstrap": bootstrap, "confidence": confidence}
    held, known = _known(study, begin, computed)
    case, shares, _ = known(**begin)
    raised = driver_models.raised(case, shares, raises)
    rated = _movable(study)
    controls = [
        choice("outcome", tr("Outcome"), _outcomes(study, outcome), "" if outcome == _first(study) else outcome),
        several("drivers", tr("Drivers"), {"": tr("all of role driver")} | _drivers(study), drivers),
        *_wave(study, wave),
        choice("missing", tr("Missing answers"), {name: tr(words) for name, words in TREATMENTS.items()}, missing),
        choice("method", tr("Importance by"), {name: tr(rule[1]) for name, rule in METHODS.items()}, method),
        choice("bootstrap", tr("Bootstrap samples"), _samples(bootstrap), bootstrap),
        *(_slider(study, driver, float(raised.get(driver, 0.0))) for driver in rated),
        slide("confidence", tr("Confidence"), min(LEAST, confidence), max(MOST, confidence), STEP, confidence,
              percent=True),
    ]  # fmt: skip
    always, drawn = {"wave": wave}, _drawn(study, known)

    def sliders(settings: dict) -> list[str]:
        """The drivers that can be moved under these settings; none where the settings do not go together."""
        try:
            return _sliders(known, _asked(always | settings), list(raised))
        except CxError:
            return []

    def parameters(settings: dict) -> dict:
        asked = _asked(always | settings)
        moved = {driver: settings[_name(driver)] for driver in sliders(settings)}
        return asked | {"raises": _raises(known, asked, moved)}

    @in_steps
    def answer(**settings) -> Generator:
        asked = _asked(always | settings)
        yield from held(**asked)
        shown = drawn(**asked)
        yield
        return shown + _what_if(known(**asked), parameters(settings)["raises"])

    def ahead(**settings) -> Generator:
        offered = _offered(study, begin)
        for changed in ({}, *({name: value} for name, values in offered.items() for value in values)):
            asked = _asked(always | settings | changed)
            try:
                yield from held(**asked)
                drawn(**asked)
            except CxError:  # told where somebody chooses this
                continue
            yield

    def idle(settings: dict) -> set[str]:
        return {_name(driver) for driver in set(rated) - set(sliders(settings))}

    return Panel(study, "metric_regressions", controls, answer, parameters=parameters, ahead=ahead, idle=idle)


def _asked(settings: dict) -> dict:
    """The settings that the importance depends on."""
    return {name: settings[name] for name in ASKED}


def _known(study, begin: dict, computed: tuple | None):
    """Case, shares and straight line under settings, and the steps to them, kept from one answer to the next.

    What a what-if slider moves needs none of them anew, and another confidence only new intervals: the bootstrap
    samples are kept. `computed` are case, shares and line of `begin`.
    """
    samples: dict[tuple, Drawn | None] = {}

    @lru_cache(KEPT)
    def first(**model):
        """The case at the confidence that the panel began with."""
        if computed is not None and model == {name: begin[name] for name in model}:
            return computed[0]
        return regressions.regression(study, **model, confidence=begin["confidence"])

    @lru_cache(KEPT)
    def line_of(**model):
        if computed is not None and model == {name: begin[name] for name in model}:
            return computed[2]
        return driver_models.straight(first(**model))

    @in_steps
    def drawn(*, confidence, missing, method, bootstrap, **model) -> Generator[None, None, Drawn | None]:
        """The bootstrap samples, which no confidence changes."""
        how = {"missing": missing, "method": method, "bootstrap": bootstrap}
        key = tuple((how | model).items())
        if key not in samples:
            found = yield from key_drivers.drawn.steps(first(**model), **how)
            if len(samples) == KEPT:
                del samples[next(iter(samples))]
            samples[key] = found
        return samples[key]

    @lru_cache(KEPT)
    def shares_of(**asked):
        if computed is not None and asked == begin:
            return computed[1]
        return key_drivers.shares(case_of(**asked), known=drawn(**asked))

    def case_of(*, confidence, missing, method, bootstrap, **model):
        return replace(first(**model), confidence=confidence)

    def held(**asked) -> Generator[None, None, None]:
        """The steps after which known() takes no time."""
        model = {name: asked[name] for name in MODEL}
        first(**model)
        yield
        if computed is None or asked != begin:
            yield from drawn.steps(**asked)
        shares_of(**asked)
        yield
        line_of(**model)

    def known(**asked):
        return case_of(**asked), shares_of(**asked), line_of(**{name: asked[name] for name in MODEL})

    return held, known


def _sliders(known, asked: dict, begun: list[str]) -> list[str]:
    """The drivers that can be moved: the ten most important, and those that the panel began with."""
    case, shares, _ = known(**asked)
    if case.metric is None:
        return []
    ranked = list(shares["driver"]) if len(shares) else case.numeric
    return [name for place, name in enumerate(ranked) if place < SLIDERS or name in begun]


def _raises(known, asked: dict, moved: dict[str, float]) -> str:
    """Moved ratings as the chapter's parameter writes them; empty where they are those that it moves by itself."""
    if not moved:
        return ""
    case, shares, _ = known(**asked)
    raised = {driver: points for driver, points in moved.items() if points}
    if raised == driver_models.raised(case, shares, ""):
        return ""
    # An empty parameter would move the top three; none moved is one of them moved by nothing.
    return ", ".join(f"{driver}: {points:g}" for driver, points in (raised or {next(iter(moved)): 0}).items())


def _drawn(study, known):
    """The parts that no slider moves: how much all drivers account for, and the picture of each one's share."""

    @lru_cache(KEPT)
    def drawn(**asked) -> list[parts.Part]:
        case, shares, _ = known(**asked)
        total, title = key_drivers.explained(case, shares), tr("What goes with {metric}", metric=case.label)
        how = {"scale": (0, 100), "interval": interval_name(study), "minimum_base": study.book.minimum_base}
        return [
            *([] if total is None else [parts.number(total, **how)]),
            *parts.sentences(say.importance(case, shares)),
            *parts.figure(
                charts.importance(key_drivers.in_shares(shares), title=title), alt=say.alt_importance(shares)
            ),
        ]

    return drawn


def _what_if(model: tuple, raises: str) -> list[parts.Part]:
    """What goes with moved ratings: sentence, picture and table."""
    case, shares, line = model
    simulated = driver_models.simulated(case, line, shares, raises)
    if simulated.empty:
        return []
    drawing = charts.forest(simulated, title=tr("Were ratings moved"), unit=driver_models.unit_of(simulated))
    shown = ["label", "raise", "gain", "capped", "estimate", "low", "high", "n"]
    heads = {"label": "Driver", "raise": ("Raised by", "ratio"), "gain": ("Gained", "ratio"),
             "estimate": ("Change", "change"), "capped": ("At the end", "percent")}  # fmt: skip
    how = {"confidence": case.confidence, "minimum_base": case.study.book.minimum_base}
    return [
        *parts.sentences(say_worth.simulated(case, simulated)),
        *parts.figure(drawing, alt=say_worth.alt_simulated(simulated)),
        *parts.table(simulated, caption=tr("The metric, were ratings higher"), columns=shown, labels=heads, **how),
    ]


def _slider(study, driver: str, points: float) -> Control:
    """How far a rating is moved."""
    label, low, high = tr("{driver}: points moved", driver=study.label(driver)), -FARTHEST, FARTHEST
    return slide(_name(driver), label, min(low, points), max(high, points), NOTCH, points)


def _name(driver: str) -> str:
    return f"raise_{driver}"


def _first(study) -> str:
    return next(iter(study.questions("metric")), "")


def _outcomes(study, outcome: str) -> dict[str, str]:
    """The metrics, the questions of two groups, and the outcome that was asked for."""
    named = dict(zip(*(metrics(study)[name] for name in ("question", "label")), strict=True))
    spec, first = study.book.tables["survey"].questions, _first(study)
    pairs = [name for role in ("single", "segment") for name in study.questions(role)]
    pairs = [name for name in pairs if name == outcome or (name in spec and len(spec[name].labels) == 2)]
    options = {"" if name == first else name: label for name, label in named.items()}
    return options | {name: study.label(name) for name in pairs}


def _drivers(study) -> dict[str, str]:
    """The questions that may be drivers, those of role driver first."""
    names = [name for role in ("driver", "metric", "number", "single", "segment") for name in study.questions(role)]
    return {name: study.label(name) for name in dict.fromkeys(names)}


def _movable(study) -> list[str]:
    """The questions that may have a slider: rated or numeric ones."""
    return list(dict.fromkeys(n for role in ("driver", "metric", "number") for n in study.questions(role)))


def _wave(study, wave: str) -> list[Control]:
    if not study.waves:
        return []
    return [choice("wave", tr("Wave"), {"": tr("the latest")} | {each: each for each in study.waves}, wave)]


def _offered(study, begin: dict) -> dict[str, list]:
    """What may be chosen from short lists, by setting."""
    return {
        "outcome": list(_outcomes(study, begin["outcome"])),
        "missing": list(TREATMENTS),
        "method": list(METHODS),
        "bootstrap": list(_samples(begin["bootstrap"])),
        "wave": ["", *study.waves] if study.waves else [],
    }


def _samples(bootstrap: int) -> dict[int, str]:
    counts = dict.fromkeys([*SAMPLES[:-1], bootstrap, SAMPLES[-1]])
    return {count: f"{count:,}" if count else tr("none: no intervals") for count in counts}
