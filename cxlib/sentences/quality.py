"""Sentences on data quality: what the data carry, who answered, who is suspect, and what leaving people out does."""

import numpy as np
import pandas as pd

from cxlib import text
from cxlib.data_quality import check_name
from cxlib.exclusion_effect import ALL
from cxlib.sentences.words import count, interval_name, wave_name
from cxlib.verdicts import VERDICTS


def verdicts(rows: pd.DataFrame) -> dict[str, str]:
    """A sentence on each metric, the worst verdict first, and why."""
    if rows.empty:
        return {"no_metrics": "The survey has no metric, so there is none to judge."}
    place = [-VERDICTS.index(verdict) for verdict in rows["verdict"]]
    found = {}
    for row in rows.iloc[np.argsort(place, kind="stable")].itertuples():
        wave = f" in {wave_name(row.wave)}" if isinstance(row.wave, str) else ""
        found[f"verdict_{row.name}"] = f"{row.label}{wave}: {row.verdict}. {' '.join(row.reasons)}"
    return found


def response(rows: pd.DataFrame, confidence: float) -> dict[str, str]:
    """The response rate (of the last of these waves), and that no interval holds what it does to estimates."""
    known = rows[rows["rate"] == "RR2"]
    if known.empty:
        return {
            "no_response_rate": (
                "The study does not say how many were invited (`quality: {invited: …}`), so there is no response rate."
            )
        }
    row = known.iloc[-1]
    where = "" if row["wave"] == "all" else f" in {wave_name(row['wave'])}"
    finished = count(row["complete"], "complete interview")
    partial = f" and {count(row['partial'], 'partial one')}" if row["partial"] else ""
    return {
        "response_rate": (
            f"Of {text.number(row['invited'])} invited{where}, {text.number(row['estimate'], 'percent')} answered "
            f"({finished}{partial}; {confidence:.0%} interval {text.interval(row['low'], row['high'], 'percent')}; "
            "AAPOR RR2, everybody invited taken as eligible). Whoever did not answer is in no estimate and no interval."
        )
    }


def who(study, rows: pd.DataFrame) -> dict[str, str]:
    """How far the sample lies from the population, before and after weighting."""
    if not study.book.margins:
        return {
            "no_population": (
                "The study knows no `margins:` of its population, so nobody can tell whom the sample lacks; its own "
                "make-up stands in the table."
            )
        }
    known = rows[rows["population"].notna() & (rows["n"] >= study.book.minimum_base)]
    if known.empty:
        return {"few_known": "Too few respondents are known by the margins to compare them with the population."}
    apart = known[known["outside"].astype(bool)]
    # Rounded: of two groups both gaps are the same, and the first is named on every processor.
    worst = known.loc[known["gap_sample"].abs().round(6).idxmax()]
    found = {
        "who_answered": (
            f"{len(apart)} of {count(len(known), 'group')} answered more or less often than chance explains (their "
            f"share of the population lies outside the interval of the sample's). The largest gap is {worst['label']}, "
            f"{worst['level']}: {text.number(worst['estimate'], 'percent')} of the sample, "
            f"{text.number(worst['population'], 'percent')} of the population."
        )
    }
    weighted = known[known["weighted"].notna()]
    if len(weighted):
        left = weighted.loc[weighted["gap"].abs().round(6).idxmax()]
        gap = text.difference(left["gap"], "percent")
        found["who_weighted"] = (
            f"Under the weights the largest gap left is {gap} percentage points ({left['label']}, {left['level']})."
            if abs(left["gap"]) >= 0.005
            else "Under the weights no gap is left."
        )
    return found | raked(study)


def raked(study) -> dict[str, str]:
    """Whether the weights reach their margins, and what they cost; nothing for a survey that is not raked."""
    made = study.raked
    if made is None:
        return {}
    reached = "All margins of the population are met" if made.converged else f"The margins are not met: {made.worst}"
    mean = made.weights.mean()  # the population's size over the sample's where the margins are counts
    over = "Over all waves, weights" if len(study.waves) > 1 else "Weights"
    spread = f"{text.number(made.least / mean, 'ratio')} to {text.number(made.most / mean, 'ratio')} times their mean"
    return {
        "raked": (
            f"{reached.rstrip('.')}. {over} run from {spread}; their design effect is "
            f"{text.number(made.deff, 'ratio')}, so that {text.number(100 * made.efficiency, 'percent')} of the "
            "answers' worth is left."
        )
    }


def weights(study, changes: pd.DataFrame, confidence: float) -> dict[str, str]:
    """The largest change that the final weights make to a metric, in its own standard errors."""
    moved = changes[changes["weighting"] == "weights"] if len(changes) else changes
    if "weights" not in study.design:
        return {"no_weights": "The survey has no weights: every respondent counts once."}
    if moved.empty:
        return {"few_weights": "Too few answers are left to tell what the weights change."}
    found = {}
    for name, part in moved.groupby("name", sort=False):
        row = part.iloc[0]
        wave = f" in {wave_name(row['wave'])}" if "wave" in part else ""
        found[f"weights_{name}"] = (
            f"The weights move {row['label']}{wave} by {_moved(study, row, confidence)}, to "
            f"{text.number(row['level'], row['unit'])}."
        )
    return found


def _moved(study, row, confidence: float) -> str:
    """A change with its unit and interval."""
    unit = text.UNITS[row["unit"]][3]
    between = text.difference_interval(row["low"], row["high"], row["unit"])
    return f"{text.difference(row['estimate'], row['unit'])}{unit} ({confidence:.0%} {interval_name(study)} {between})"


def checks(study, rows: pd.DataFrame) -> dict[str, str]:
    """How many respondents any check marks, which marks most, and who is left out."""
    if rows.empty:
        return {"no_checks": "No check of the respondents could be made on this survey."}
    marked, everyone = study.flags.any(axis=1), len(study.flags)
    counts = study.flags.sum().sort_values(ascending=False, kind="stable")
    named = [f"{check_name(check)} {text.number(n)}" for check, n in counts.items() if n]
    share = f" ({text.number(100 * marked.mean(), 'percent')})" if everyone >= study.book.minimum_base else ""
    found = {"checks": f"No check marks anybody ({count(everyone, 'respondent')})."}
    if named:
        of = f"{text.number(marked.sum())} of {count(everyone, 'respondent')}"
        found["checks"] = f"Checks mark {of}{share}: {text.join(named)}."
    if not study.exclude:
        return found | {"left_out": "The study leaves nobody out (`quality: {exclude: […]}` would)."}
    left = (study.everyone["excluded"] != "").sum()
    whom = f"{count(left, 'respondent')} marked as {' or '.join(map(check_name, study.exclude))}"
    return found | {"left_out": f"As the study says, {whom} {'is' if left == 1 else 'are'} in no chapter."}


def exclusions(study, changes: pd.DataFrame, confidence: float) -> dict[str, str]:
    """What leaving out does: all that the study leaves out, and the check that would move a metric most."""
    if changes.empty:
        return {
            "few_exclusions": "No check could be made, or too few answers are left to tell what leaving out changes."
        }
    rows = changes[changes["left_out"] > 0]
    if rows.empty:
        return {"no_exclusions": "No check marks anybody in this wave, so that leaving out changes nothing."}
    found = {}
    for name, part in rows.groupby("name", sort=False):
        row = part.loc[part["estimate"].abs().idxmax()]
        wave = f" in {wave_name(row['wave'])}" if isinstance(row["wave"], str) else ""
        done = "moves" if row["applied"] else "would move"
        marked = "whom the study leaves out" if row["check"] == ALL else f"marked as {check_name(row['check'])}"
        found[f"exclusion_{name}"] = (
            f"Leaving out the {count(row['left_out'], 'respondent')} {marked} {done} {row['label']}{wave} most: by "
            f"{_moved(study, row, confidence)}."
        )
    return found


def alt_weights(weights: pd.Series) -> str:
    """What the histogram of weights shows."""
    if weights.empty:
        return ""
    least, most = (text.number(value / weights.mean(), "ratio") for value in (weights.min(), weights.max()))
    return f"A histogram of {count(len(weights), 'weight')} from {least} to {most}, in multiples of their mean."


def alt_verdicts(rows: pd.DataFrame) -> str:
    """What the board of verdicts shows, for who cannot see it."""
    return "The verdict on each metric: " + "; ".join(f"{row.label}, {row.verdict}" for row in rows.itertuples()) + "."


def alt_who(rows: pd.DataFrame) -> str:
    """What the chart of sample and population shows."""
    blocks = text.join(list(dict.fromkeys(rows["label"])))
    return f"Share of each group in the sample, weighted, and in the population, by {blocks}."


def alt_checks(rows: pd.DataFrame) -> str:
    """What the chart of the checks shows."""
    total = rows.groupby("check", sort=False)["flagged"].sum()
    return "Respondents marked by each check: " + text.join([f"{c} {text.number(n)}" for c, n in total.items()]) + "."


def alt_times(rows: pd.DataFrame) -> str:
    """What the histogram of interview times shows."""
    fast = int((rows["seconds"] < rows["limit"]).sum())
    middle = text.number(rows["seconds"].median() / 60, digits=1)
    whom = count(fast, "respondent")
    return f"Interview times by wave and mode: half took under {middle} minutes; marked for speeding: {whom}."


def alt_effect(rows: pd.DataFrame) -> str:
    """What the chart of metrics with and without the marked respondents shows."""
    moved = rows["estimate"].abs().max()
    worst = rows.loc[rows["estimate"].abs().idxmax()] if len(rows) and not np.isnan(moved) else None
    most = f"; the largest change is {text.difference(worst['estimate'], worst['unit'])}" if worst is not None else ""
    return f"Each metric with everybody and without those whom each check marks{most}."
