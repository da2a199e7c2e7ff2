"""Sentences on data quality: what the data carry, who answered, who is suspect, and what leaving people out does."""

from functools import reduce

import numpy as np
import pandas as pd

from cxlib import text
from cxlib.exclusion_effect import ALL
from cxlib.flagged import check_name
from cxlib.language import tr, tr_n
from cxlib.sentences.words import in_wave, interval, wave_name
from cxlib.verdicts import VERDICTS


def verdicts(rows: pd.DataFrame) -> dict[str, str]:
    """A sentence on each metric, the worst verdict first, and why."""
    if rows.empty:
        return {"no_metrics": tr("The survey has no metric, so there is none to judge.")}
    place = [-VERDICTS.index(verdict) for verdict in rows["verdict"]]
    found = {}
    for row in rows.iloc[np.argsort(place, kind="stable")].itertuples():
        metric = in_wave(row.label, row.wave if isinstance(row.wave, str) else None)
        judged = tr("{metric}: {verdict}.", metric=metric, verdict=tr(row.verdict))
        found[f"verdict_{row.name}"] = " ".join([judged, *row.reasons])
    return found


def response(rows: pd.DataFrame, confidence: float) -> dict[str, str]:
    """The response rate (of the last of these waves), and that no interval holds what it does to estimates."""
    known = rows[rows["rate"] == "RR2"]
    if known.empty and rows["invited"].notna().any():
        return {
            "no_response_rate": tr(
                "Who finished is known of the sample alone, and invitations are of all, so there is no response rate."
            )
        }
    if known.empty:
        return {
            "no_response_rate": tr(
                "The study does not say how many were invited (`quality: {invited: …}`), so there is no response rate."
            )
        }
    row = known.iloc[-1]
    finished = [tr_n("{n} complete interview", "{n} complete interviews", row["complete"])]
    finished += [tr_n("{n} partial one", "{n} partial ones", row["partial"])] if row["partial"] else []
    given = {
        "invited": text.number(row["invited"]),
        "share": text.number(row["estimate"], "percent"),
        "finished": text.join(finished),
        "interval": text.with_confidence(text.interval(row["low"], row["high"], "percent"), confidence),
    }
    if row["wave"] == "all":
        told = tr(
            "Of {invited} invited, {share} answered ({finished}; {interval}; AAPOR RR2, everybody invited taken as "
            "eligible).",
            **given,
        )
    else:
        told = tr(
            "Of {invited} invited in {wave}, {share} answered ({finished}; {interval}; AAPOR RR2, everybody invited "
            "taken as eligible).",
            wave=wave_name(row["wave"]),
            **given,
        )
    return {"response_rate": f"{told} {tr('Whoever did not answer is in no estimate and no interval.')}"}


def who(study, rows: pd.DataFrame) -> dict[str, str]:
    """How far the sample lies from the population, before and after weighting."""
    if study.part is not None and rows["population"].isna().all():
        return {
            "no_population": tr(
                "No margin of the population is of this part ({part}), so nobody can tell whom its respondents lack; "
                "their own make-up stands in the table.",
                part=f"{study.part}",
            )
        }
    if not study.book.margins:
        return {
            "no_population": tr(
                "The study knows no `margins:` of its population, so nobody can tell whom the sample lacks; its own "
                "make-up stands in the table."
            )
        }
    known = rows[rows["population"].notna() & (rows["n"] >= study.book.minimum_base)]
    if known.empty:
        return {"few_known": tr("Too few respondents are known by the margins to compare them with the population.")}
    apart = known[known["outside"].astype(bool)]
    # Rounded: of two groups both gaps are the same, and the first is named on every processor.
    worst = known.loc[known["gap_sample"].abs().round(6).idxmax()]
    short = tr_n(
        "{apart} of {n} group answered more or less often than chance explains (their share of the population lies "
        "outside the interval of the sample's).",
        "{apart} of {n} groups answered more or less often than chance explains (their share of the population lies "
        "outside the interval of the sample's).",
        len(known),
        apart=text.number(len(apart)),
    )
    largest = tr(
        "The largest gap is {margin}, {group}: {sample} of the sample, {population} of the population.",
        margin=worst["label"],
        group=worst["level"],
        sample=text.number(worst["estimate"], "percent"),
        population=text.number(worst["population"], "percent"),
    )
    found = {"who_answered": f"{short} {largest}"}
    weighted = known[known["weighted"].notna()]
    if len(weighted):
        left = weighted.loc[weighted["gap"].abs().round(6).idxmax()]
        found["who_weighted"] = (
            tr(
                "Under the weights the largest gap left is {gap} ({margin}, {group}).",
                gap=text.in_units(text.difference(left["gap"], "percent"), "percent"),
                margin=left["label"],
                group=left["level"],
            )
            if abs(left["gap"]) >= 0.005
            else tr("Under the weights no gap is left.")
        )
    return found | raked(study)


def raked(study) -> dict[str, str]:
    """Whether the weights reach their margins, and what they cost; nothing for a survey that is not raked."""
    made = study.raked
    if made is None:
        return {}
    reached = (
        tr("All margins of the population are met.")
        if made.converged
        else tr("The margins are not met: {worst}.", worst=made.worst)
    )
    mean = made.weights.mean()  # the population's size over the sample's where the margins are counts
    given = {
        "least": text.number(made.least / mean, "ratio"),
        "most": text.number(made.most / mean, "ratio"),
        "deff": text.number(made.deff, "ratio"),
        "worth": text.number(100 * made.efficiency, "percent"),
    }
    if len(study.waves) > 1:
        spread = tr(
            "Over all waves, weights run from {least} to {most} times their mean; their design effect is {deff}, so "
            "that {worth} of the answers' worth is left.",
            **given,
        )
    else:
        spread = tr(
            "Weights run from {least} to {most} times their mean; their design effect is {deff}, so that {worth} of "
            "the answers' worth is left.",
            **given,
        )
    return {"raked": f"{reached} {spread}"}


def weights(study, changes: pd.DataFrame, confidence: float) -> dict[str, str]:
    """The largest change that the final weights make to a metric, in its own standard errors."""
    moved = changes[changes["weighting"] == "weights"] if len(changes) else changes
    if "weights" not in study.design:
        return {"no_weights": tr("The survey has no weights: every respondent counts once.")}
    if moved.empty:
        return {"few_weights": tr("Too few answers are left to tell what the weights change.")}
    found = {}
    for name, part in moved.groupby("name", sort=False):
        row = part.iloc[0]
        found[f"weights_{name}"] = tr(
            "The weights move {metric} by {change}, to {level}.",
            metric=in_wave(row["label"], row["wave"] if "wave" in part else None),
            change=_moved(study, row, confidence),
            level=text.number(row["level"], row["unit"]),
        )
    return found


def _moved(study, row, confidence: float) -> str:
    """A change with its unit and interval."""
    change = text.in_units(text.difference(row["estimate"], row["unit"]), row["unit"])
    between = text.difference_interval(row["low"], row["high"], row["unit"])
    return f"{change} ({interval(study, confidence, between)})"


def checks(study, rows: pd.DataFrame) -> dict[str, str]:
    """How many respondents any check marks, which marks most, and who is left out."""
    if rows.empty:
        return {"no_checks": tr("No check of the respondents could be made on this survey.")}
    marked, everyone = study.flags.any(axis=1), len(study.flags)
    counts = study.flags.sum().sort_values(ascending=False, kind="stable")
    named = [f"{tr(check_name(check))} {text.number(n)}" for check, n in counts.items() if n]
    given = {"marked": text.number(marked.sum()), "checks": text.join(named)}
    if not named:
        told = tr_n("No check marks anybody ({n} respondent).", "No check marks anybody ({n} respondents).", everyone)
    elif everyone < study.book.minimum_base:
        told = tr_n(
            "Checks mark {marked} of {n} respondent: {checks}.",
            "Checks mark {marked} of {n} respondents: {checks}.",
            everyone,
            **given,
        )
    else:
        told = tr_n(
            "Checks mark {marked} of {n} respondent ({share}): {checks}.",
            "Checks mark {marked} of {n} respondents ({share}): {checks}.",
            everyone,
            share=text.number(100 * marked.mean(), "percent"),
            **given,
        )
    return {"checks": told, "left_out": _left_out(study)}


def _left_out(study) -> str:
    """Whom the study leaves out."""
    if not study.exclude:
        return tr("The study leaves nobody out (`quality: {exclude: […]}` would).")
    names = [tr(check_name(check)) for check in study.exclude]
    return tr_n(
        "As the study says, {n} respondent marked as {checks} is in no chapter.",
        "As the study says, {n} respondents marked as {checks} are in no chapter.",
        (study.everyone["excluded"] != "").sum(),
        checks=reduce(lambda one, other: tr("{one} or {other}", one=one, other=other), names),
    )


def exclusions(study, changes: pd.DataFrame, confidence: float) -> dict[str, str]:
    """What leaving out does: all that the study leaves out, and the check that would move a metric most."""
    if changes.empty:
        return {
            "few_exclusions": tr(
                "No check could be made, or too few answers are left to tell what leaving out changes."
            )
        }
    rows = changes[changes["left_out"] > 0]
    if rows.empty:
        return {
            "no_exclusions": tr("No check marks anybody in this wave, so that leaving out changes nothing."),
        }
    worst = {name: part.loc[part["estimate"].abs().idxmax()] for name, part in rows.groupby("name", sort=False)}
    return {f"exclusion_{name}": _exclusion(study, row, confidence) for name, row in worst.items()}


def _exclusion(study, row, confidence: float) -> str:
    """What leaving out one check's respondents, or all that the study leaves out, does to a metric."""
    given = {
        "metric": in_wave(row["label"], row["wave"] if isinstance(row["wave"], str) else None),
        "change": _moved(study, row, confidence),
    }
    if row["check"] == ALL:
        return tr_n(
            "Leaving out the {n} respondent whom the study leaves out moves {metric} most: by {change}.",
            "Leaving out the {n} respondents whom the study leaves out moves {metric} most: by {change}.",
            row["left_out"],
            **given,
        )
    given["check"] = tr(check_name(row["check"]))
    if row["applied"]:
        return tr_n(
            "Leaving out the {n} respondent marked as {check} moves {metric} most: by {change}.",
            "Leaving out the {n} respondents marked as {check} moves {metric} most: by {change}.",
            row["left_out"],
            **given,
        )
    return tr_n(
        "Leaving out the {n} respondent marked as {check} would move {metric} most: by {change}.",
        "Leaving out the {n} respondents marked as {check} would move {metric} most: by {change}.",
        row["left_out"],
        **given,
    )
