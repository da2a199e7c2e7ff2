"""Phrases that the sentences of every chapter share: verdicts, and what a wave or an interval may be called."""

from cxlib import text

VERDICTS = {
    "clear": "more than chance explains",
    "borderline": "borderline, too near the line for a plain yes or no",
    "none": "not told apart from chance",
    "unknown": "not testable on this base",
}
RANDOM = ("probability", "census")


def wave_name(wave: str) -> str:
    """A wave as a sentence names it: 2018 and 2026-H1 speak for themselves, 2 becomes wave 2."""
    return f"wave {wave}" if str(wave).isdigit() and len(str(wave)) < 4 else str(wave)


def interval_name(study) -> str:
    """What an interval may be called: plain for samples drawn at random, model-based for all others."""
    return "interval" if study.book.sample in RANDOM else "model-based interval"


def count(n: float, what: str) -> str:
    """A number of things: 1 contact, 2 contacts."""
    return f"{text.number(n)} {what}{'' if n == 1 else 's'}"
