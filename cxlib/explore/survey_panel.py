"""The panel of the survey: a metric in the groups of a segment, or in the waves, for a part of the respondents."""

from functools import lru_cache

from cxlib import charts, intervals
from cxlib import survey as chapter
from cxlib.errors import CxError
from cxlib.explore import parts
from cxlib.explore.controls import Control, choice, entry, slide, switch
from cxlib.explore.panel import Panel
from cxlib.language import tr
from cxlib.sentences import survey as say
from cxlib.sentences.words import in_wave, interval_name

LEAST, MOST, STEP = 0.8, 0.99, 0.01  # of the confidence
KEPT = 64  # answers that are kept of each step, so that going back is quick
PARAMETERS = ("wave", "only", "weighted", "interval_method", "confidence")  # settings that the chapter has, too
COLUMNS = ["estimate", "low", "high", "n", "n_weighted", "n_effective", "unit"]


def survey(
    study,
    *,
    metric: str = "",
    wave: str = "",
    segments: str = "",
    only: str = "",
    weighted: bool = True,
    interval_method: str = "",
    confidence: float = 0.95,
) -> Panel:
    """The panel of the survey-analysis chapter: one metric, its change, and its groups or waves.

    Parameters as those of the chapter; `metric` names the question to begin with, `segments` the segments to choose
    from. Metric and segment only choose what is looked at: the chapter shows all of them. Raises CxError for a study
    without a metric, and for a metric, wave, segment or method that there is not.
    """
    study = study.plain
    metrics = chapter.metrics(study)
    chapter.metrics(study, metric)
    chapter.chosen_wave(study, wave)
    method = chapter.interval_method(study, interval_method)
    if not 0 < confidence < 1:
        raise CxError(f"confidence lies between 0 and 1, e.g. 0.95; found {confidence}")
    known = chapter.chosen_segments(study, segments)
    controls = [
        choice("metric", tr("Metric"), dict(zip(metrics["question"], metrics["label"], strict=True)), metric),
        *_segment(study, known),
        *_wave(study, wave),
        entry("only", tr("Only those who answered"), only, example=_example(study, known)),
        *([switch("weighted", tr("Weighted"), weighted)] if "weights" in study.design else []),
        *_method(study, method),
        slide("confidence", tr("Confidence"), min(LEAST, confidence), max(MOST, confidence), STEP, confidence,
              percent=True),
    ]  # fmt: skip
    begin = {"segment": "", "wave": wave, "weighted": weighted, "interval_method": ""}
    answer = _answer(study)

    def parameters(settings: dict) -> dict:
        return {"segments": segments} | {name: settings[name] for name in PARAMETERS if name in settings}

    return Panel(study, "survey_analysis", controls, lambda **set_: answer(**begin | set_), parameters=parameters)


def _segment(study, known: list[str]) -> list[Control]:
    """Which segment is looked at, or the waves; none where there is nothing to choose."""
    if not known:
        return []
    options = {name: study.label(name) for name in known}
    return [choice("segment", tr("Split by"), options | {"": tr("nothing: the waves")}, known[0])]


def _wave(study, wave: str) -> list[Control]:
    if not study.waves:
        return []
    return [choice("wave", tr("Wave"), {"": tr("the latest")} | {each: each for each in study.waves}, wave)]


def _method(study, method: str) -> list[Control]:
    """The method of intervals, where a metric has a choice of them; the usual one is the chapter's empty name."""
    if not chapter.differences(study):
        return []
    usual, *others = intervals.DIFFERENCE
    names = {"" if each == usual else each: tr(intervals.DIFFERENCE[each][1]) for each in (usual, *others)}
    return [choice("interval_method", tr("Interval"), names, "" if method == usual else method)]


def _example(study, known: list[str]) -> str:
    """A filter that this study takes."""
    parts_ = [f"{name}: {'|'.join(study.levels(name)[:count])}" for name, count in zip(known[:2], (1, 2), strict=False)]
    return "; ".join(parts_)


def _answer(study):
    """The panel's answer, with what a setting does not change kept from one answer to the next."""

    @lru_cache(KEPT)
    def looked_at(only: str, weighted: bool):
        return chapter.looked_at(study, only=only, weighted=weighted)

    @lru_cache(KEPT)
    def scores(part, **how):
        return chapter.by_wave(part, **how)

    @lru_cache(KEPT)
    def unweighted(part, **how):
        return chapter.unweighted(part, **how)

    @lru_cache(KEPT)
    def changes(part, **how):
        return chapter.changes(part, **how)

    @lru_cache(KEPT)
    def groups(part, wave, segment: str, **how):
        return chapter.by_segment(part, wave, [segment], **how)

    def answer(*, metric, segment, wave, only, weighted, interval_method, confidence) -> list[parts.Part]:
        part, method = looked_at(only, weighted), chapter.interval_method(study, interval_method)
        latest, least, called = chapter.chosen_wave(part, wave), study.book.minimum_base, interval_name(study)
        how = {"question": metric, "confidence": confidence, "method": method}
        waves = scores(part, **how)
        now = chapter.headline(part, waves, latest)
        shown = {"confidence": confidence, "minimum_base": least}
        moved = changes(part, question=metric, confidence=confidence)
        moved = chapter.last_change(part, moved, latest)
        found = [
            *parts.sentences(say.looked_at(part, method=method)),
            *parts.numbers(now, interval=called, **shown),
            *parts.sentences(say.changes(part, moved, confidence=confidence, design=chapter.design_name(part))),
        ]
        if segment:
            return found + _by_segment(groups(part, latest, segment, **how), now, latest, shown)
        beside = waves.merge(unweighted(part, question=metric), validate="one_to_one")
        return found + _by_wave(part, beside, shown)

    return answer


def _by_segment(rows, now, wave, shown: dict) -> list[parts.Part]:
    """The groups of a segment, as picture, sentence and table."""
    name = now["name"].iloc[0]
    _, alts = say.segment_figures(rows, wave)
    drawn = charts.segments(rows, totals=now.set_index("name")["estimate"].to_dict())
    heads = {"label": "Metric"}
    columns = ["label", "segment", "group", *COLUMNS]
    caption = in_wave(tr("Metrics by segment"), wave)
    return [
        *parts.figure(drawn.get(name), alt=alts.get(name, "")),
        *parts.sentences(say.segments(rows)),
        *parts.table(rows, caption=caption, columns=columns, labels=heads, **shown),
    ]


def _by_wave(study, rows, shown: dict) -> list[parts.Part]:
    """The waves, as picture and table."""
    drawn = charts.trend(rows, panel="label", over="wave", order=study.waves, modes=study.modes,
                         breaks=chapter.all_breaks(study)) if study.waves else None  # fmt: skip
    heads = {"label": "Metric", "estimate": chapter.weighted_head(study)}
    columns = ["label", *(["wave"] if study.waves else []), "unweighted", *COLUMNS]
    caption = tr("Metrics by wave, with and without weights")
    return [
        *parts.figure(drawn, alt=say.alt_trend(rows)),
        *parts.table(rows, caption=caption, columns=columns, labels=heads, **shown),
    ]
