"""Sentences on the complaint iceberg: what was declared, how many are silent, where, and what cannot be told."""

import numpy as np
import pandas as pd

from cxlib import text
from cxlib.complaints import in_words
from cxlib.language import tr, tr_n
from cxlib.sentences.words import interval_name
from cxlib.silence import Silence
from cxlib.suppression import LEAST

QUOTED = "khaosat_2019"  # the anchor of the figure that clients quote: 1 in 42


def undeclared(case: Silence, rates: pd.DataFrame) -> dict[str, str]:
    """Why there is no estimate, and how far the published rates would carry one; nothing where there is one."""
    if case.silent is not None:
        return {}
    if case.complainers.few:
        return {
            "undeclared": tr(
                "There is no estimate of silent customers: fewer than {least} customers complained within the "
                "definition, and it would tell how many.",
                least=text.number(LEAST),
            )
        }
    told = rates.dropna(subset=["estimate"])
    sentences = [
        tr("There is no estimate of silent customers."),
        tr("Not declared: {what}.", what=text.join(case.definition.undeclared))
        if case.too_few is None
        else tr(
            "Unhappy respondents of this part: {n}; a complaint rate is told from {least} on, and that of all others "
            "is not borrowed.",
            n=text.number(case.too_few),
            least=text.number(case.study.book.minimum_base),
        ),
        tr(
            "Complaints alone do not tell how many customers are unhappy: without outside information on the complaint "
            "rate their number is not identified, and every number fits (Stoner, Economou and Drummond Marques 2019)."
        ),
    ]
    if len(told):
        ends = tr(
            "The published rates would put anything from {least} to {most} silent customers behind the {complainers} "
            "who complained, because unhappy, severity, channel and time window mean something else in each: none of "
            "them is taken unless the study says so.",
            least=text.number(told["estimate"].min()),
            most=text.number(told["estimate"].max()),
            complainers=text.number(len(case.complainers)),
        )
        sentences.append(ends)
    return {"undeclared": " ".join(sentences)}


def base(case: Silence) -> str:
    """What the number of silent customers rests on."""
    complainers = tr_n("{n} complainer", "{n} complainers", len(case.complainers))
    if case.rate is None or not case.rate.n:
        return tr("{complainers}, rate taken from outside", complainers=complainers)
    return f"{complainers}, {rate_base(case)}"


def rate_base(case: Silence) -> str:
    """What the complaint rate rests on."""
    if case.rate is None or not case.rate.n:
        return tr("no sample of this study")
    return tr(
        "{answers}, effective base {effective}",
        answers=tr_n("{n} unhappy respondent", "{n} unhappy respondents", case.rate.n),
        effective=text.number(case.rate.n_effective),
    )


def note(case: Silence) -> str:
    """The two other readings of the number of silent customers."""
    if case.silent is None:
        return ""
    found = case.silent
    return tr("plug-in {plug_in}, mean {mean}", plug_in=text.number(found.plug_in), mean=text.number(found.mean))


def definition(case: Silence) -> str:
    """The definition in a line, for the note under every table and the caption of every figure that rests on it."""
    return tr(
        "Unhappy: {unhappy}. Complained: {complained}. Severity: {severity}. Channels: {channels}. Window: {window}.",
        **in_words(case.study, case.definition),
    )


def steps(case: Silence) -> dict[str, str]:
    """From complaints to distinct complainers; as far as their numbers are shown."""
    shown = case.complainers.shown["complaints"]
    if shown.isna().any():
        if pd.isna(shown.iloc[-1]):
            told = tr("Fewer than {least} different customers complained within the definition.", least=LEAST)
            return {"complainers": told}
        told = tr_n(
            "Complaints within the definition came from {n} single customer.",
            "Complaints within the definition came from {n} different customers.",
            len(case.complainers),
        )
        return {"complainers": told}
    first, last = case.complainers.steps["complaints"].iloc[[0, -1]]
    given = {
        "complaints": tr_n("{n} complaint", "{n} complaints", first),
        "customers": tr_n("{n} single customer", "{n} different customers", last),
    }
    if not len(case.complainers):
        told = tr("Of {complaints} in the table, those within the definition came from {customers}.", **given)
        return {"complainers": told}
    each = text.number(case.complainers.frame["complaints"].mean(), digits=2)
    return {
        "complainers": tr(
            "Of {complaints} in the table, those within the definition came from {customers}, {each} complaints each.",
            each=each,
            **given,
        )
    }


def headline(case: Silence) -> dict[str, str]:
    """How many are silent, by which definition, and how many that is for each who complained."""
    found, count = case.silent, len(case.complainers)
    if found is None:
        return {}
    given = {
        "customers": tr_n("{n} customer who complained", "{n} customers who complained", count),
        "silent": _silent(case),
    }
    if count:
        each = text.number(found.value / count, digits=1 if found.value < 100 * count else 0)
        sentences = [
            tr(
                "Behind {customers} there are {silent} who stayed silent, {each} for each one who complained.",
                each=each,
                **given,
            )
        ]
    else:
        sentences = [tr("Behind {customers} there are {silent} who stayed silent.", **given)]
    if case.customers is not None:
        sentences.append(tr("At most {most} customers can be unhappy.", most=text.number(case.customers)))
    sentences.append(definition(case))
    if not count:
        sentences.append(
            tr("Nobody complained in the window, so a flat prior on the number of unhappy customers is used.")
        )
    return {"silent": " ".join(sentences)}


def _silent(case: Silence) -> str:
    found = case.silent
    between = text.with_confidence(text.interval(found.low, found.high), found.confidence, interval(case))
    return tr("{number} unhappy ones ({interval})", number=text.number(found.value), interval=between)


def interval(case: Silence) -> str:
    """What the intervals may be called: those of a rate from the study's own survey by the sample's kind."""
    if case.rate is None:
        return "interval"
    return interval_name(case.study) if case.definition.rate == "survey" else "interval"


def rate(case: Silence, rates: pd.DataFrame) -> dict[str, str]:
    """The complaint rate and where it comes from, and what the figure of 1 in 42 would have said instead."""
    if case.rate is None:
        return {}
    known, found = case.rates, case.rate
    told = text.number(known.value, "percent")
    between = text.interval(known.low, known.high, "percent")
    if found.kind == "survey":
        source = _of_survey(case, told, text.with_confidence(between, known.confidence, interval(case)))
    elif found.known:
        source = tr(
            "The complaint rate of {rate} is taken as known ({method}): the interval of the silent holds chance alone, "
            "not what is unsure about the rate.",
            rate=told,
            method=found.method,
        )
    else:
        source = tr("The complaint rate is stated: {rate} ({interval}).", rate=told, interval=between)
    return {"rate": source} | _quoted(case, rates)


def _of_survey(case: Silence, told: str, between: str) -> str:
    found = case.rate
    given = {
        "respondents": tr_n("{n} unhappy respondent", "{n} unhappy respondents", found.n),
        "rate": told,
        "interval": between,
        "effective": text.number(found.n_effective),
    }
    if not found.value:
        return tr("Of {respondents} {rate} complained ({interval}; effective base {effective}).", **given)
    return tr(
        "Of {respondents} {rate} complained ({interval}; effective base {effective}), 1 in {one_in}.",
        one_in=text.number(1 / found.value, digits=0 if found.value < 0.1 else 1),
        **given,
    )


def _quoted(case: Silence, rates: pd.DataFrame) -> dict[str, str]:
    """The figure clients quote, beside the study's own."""
    quoted = rates.loc[rates["name"] == QUOTED, "estimate"].iloc[0]
    if case.rate.kind == "anchor":
        return {}
    if np.isnan(quoted):
        return {"quoted": tr("The often quoted 1 in 42 would need more unhappy customers than there are customers.")}
    own, number = case.silent, text.number(quoted)
    if own.low <= quoted <= own.high:
        told = tr(
            "The often quoted 1 in 42 (no primary source found) would put {number} silent customers there, inside this "
            "study's interval.",
            number=number,
        )
    else:
        told = tr(
            "The often quoted 1 in 42 (no primary source found) would put {number} silent customers there, outside "
            "this study's interval.",
            number=number,
        )
    if own.value > 0:
        times = text.number(quoted / own.value, digits=1)
        told += " " + tr("That is {times} times this study's own number.", times=times)
    return {"quoted": told}


def alt_iceberg(case: Silence) -> str:
    """What the drawing shows, for who cannot see it."""
    if case.silent is None:
        return ""
    return tr(
        "An iceberg drawn to scale by area: {complainers} above the waterline, {silent} below it; dashed outlines show "
        "both ends of the interval.",
        complainers=tr_n("{n} complainer", "{n} complainers", len(case.complainers)),
        silent=_silent(case),
    )


def alt_evidence(rates: pd.DataFrame) -> str:
    """What the chart of published rates shows."""
    told = [
        f"{tr(row.anchor)} {text.number(row.estimate)} ({text.interval(row.low, row.high)})"
        for row in rates.dropna(subset=["estimate"]).itertuples()
    ]
    return tr(
        "Silent customers as each complaint rate would have them, on a logarithmic scale: {rates}.",
        rates="; ".join(told),
    )
