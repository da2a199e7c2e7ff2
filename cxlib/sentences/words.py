"""Phrases that the sentences of every chapter share: verdicts, and what a wave or an interval may be called."""

from cxlib import text
from cxlib.language import noted, tr

VERDICTS = {  # translated where a sentence shows them
    "clear": noted("more than chance explains"),
    "borderline": noted("borderline, too near the line for a plain yes or no"),
    "none": noted("not told apart from chance"),
    "unknown": noted("not testable on this base"),
}
RANDOM = ("probability", "census")


def wave_name(wave: str) -> str:
    """A wave as a sentence names it: 2018 and 2026-H1 speak for themselves, 2 becomes wave 2."""
    return tr("wave {wave}", wave=wave) if str(wave).isdigit() and len(str(wave)) < 4 else str(wave)


def in_wave(what: str, wave: str | None) -> str:
    """What a caption names, and the wave that it is of: Tab book in 2026-H1; the former alone without a wave."""
    return tr("{what} in {wave}", what=what, wave=wave_name(wave)) if wave else what


def interval_name(study) -> str:
    """What an interval may be called (a key of text.INTERVALS): model-based unless the sample was drawn at random."""
    return "interval" if study.book.sample in RANDOM else "model-based interval"


def interval(study, confidence: float, between: str) -> str:
    """A printed interval with its confidence, called what it may be called: 95% interval 30.7 to 39.4."""
    return text.with_confidence(between, confidence, interval_name(study))
