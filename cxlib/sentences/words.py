"""Phrases that the sentences of every chapter share: verdicts, and what a wave or an interval may be called."""

from cxlib import large_counts, parts, text
from cxlib.language import noted, tr
from cxlib.loading import TABLES

VERDICTS = {  # translated where a sentence shows them
    "clear": noted("more than chance explains"),
    "borderline": noted("borderline, too near the line for a plain yes or no"),
    "none": noted("not told apart from chance"),
    "unknown": noted("not testable on this base"),
}
RANDOM = ("probability", "census")
SAMPLED = {  # what a part of a study is of its sample: see part_rows.py
    "strata": noted("It is made of whole strata of the sample, each of which was drawn by itself."),
    "cluster": noted(
        "It lies within one cluster of each stratum, whose respondents are taken as drawn one by one: the intervals "
        "are about this part, and tell nothing of others."
    ),
    "domain": noted(
        "It is a domain of the sample: how many respondents of it were drawn is chance as well, and strata and "
        "clusters that have none of them count in the intervals, but for those by bootstrap."
    ),
}
TAKEN = {  # what a part takes of a table that does not say who belongs to it
    "customers": noted("All rows of its customers: {tables}."),
    "whole": noted("As in the whole study, so not the part's own: {tables}."),
    "none": noted("Left out, since nothing ties them to the part: {tables}."),
}


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


def opening(study, *tables: str) -> dict[str, str]:
    """Which part of a study a chapter is about, and what holds of its numbers; nothing where it is about the whole.

    `tables` are those that the chapter rests on: of large ones it is said how many of their rows were drawn.
    """
    one, whole = study.part, study.total
    notes = large_counts.drawn(study, tables)
    drawn = {f"drawn_{i}": f"{note[0].upper()}{note[1:]}." for i, note in enumerate(notes, 1)}
    if one is None:
        return drawn
    survey = study.has("survey")
    ours, everybody = (s.survey if survey else s.table("customers") for s in (study, whole))
    count = {"part": f"{one}", "n": text.number(len(ours)), "all": text.number(len(everybody))}
    told = [
        tr("This chapter is about one part of the study, {part}: {n} of {all} respondents.", **count)
        if survey
        else tr("This chapter is about one part of the study, {part}: {n} of {all} customers.", **count)
    ]
    if survey and (absent := [wave for wave in whole.waves if wave not in study.waves]):
        told.append(tr("None of them answered in {waves}.", waves=text.join([wave_name(wave) for wave in absent])))
    found = {"part_of_study": " ".join(told)}
    if survey:
        made = (
            tr("Weights and checks of quality are those of the whole study; here the weights count as fixed numbers.")
            if "weights" in study.design
            else tr("The checks of quality are those of the whole study.")
        )
        found["part_sample"] = f"{tr(SAMPLED[study.part_kind])} {made}"
    return found | _tables(study) | drawn


def _tables(study) -> dict[str, str]:
    """Which tables are not, or not only, the part's, and how many customers it has."""
    taken, told = parts.taken(study.total.book, study.part), []
    for how, message in TAKEN.items():
        if names := [tr(TABLES[name]) for name, found in taken.items() if found == how]:
            told.append(tr(message, tables=text.join(names)))
    if study.book.population:
        own, everybody = (text.number(s.book.population) for s in (study, study.total))
        told.append(tr("By a margin of the population the part has {n} of {all} customers.", n=own, all=everybody))
    elif study.total.book.population:
        told.append(tr("How many customers the part has in the population is not known."))
    if study.total.book.quality.invited is not None:
        told.append(tr("How many of the part were invited to answer is not known."))
    return {"part_tables": " ".join(told)} if told else {}
