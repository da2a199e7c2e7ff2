"""Separation: is there a direction in which a likelihood grows for ever, so that a coefficient has no finite value?

A logit or an ordered model has a finite solution unless some combination of terms sorts the answers without an error
(complete separation) or with errors only at one value of it (quasi-complete). Both are questions to a linear programme.
Sources: Albert and Anderson, Biometrika 71 (1984) 1-10; Konis, Linear programming algorithms for detecting separated
data in binary logistic regression models, thesis, Oxford (2007).
"""

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from cxlib.language import noted, tr
from cxlib.terms import Sample

# A move of the linear predictor this large across the range of one term is looked at: exp(10) is 22,000 to 1.
SUSPICIOUS = 10.0
# The solver keeps limits to 1e-7 a row; what is smaller than this is its noise.
FIRM = 1e-4
# Which answers go with the outcome always, never, or both ways.
ANSWERS = {
    "always": noted("always at {answers}"),
    "never": noted("never at {answers}"),
    "both": noted("both only at {answers}"),
}
# What a separation is called, by its kind and whether several drivers do it together.
SENTENCES = {
    ("complete", False): noted(
        "complete separation: {drivers} sorts {outcome}, so its coefficient has no finite value"
    ),
    ("complete", True): noted(
        "complete separation: together {drivers} sort {outcome}, so their coefficients have no finite value"
    ),
    ("quasi-complete", False): noted(
        "quasi-complete separation: {drivers} sorts {outcome}, so its coefficient has no finite value"
    ),
    ("quasi-complete", True): noted(
        "quasi-complete separation: together {drivers} sort {outcome}, so their coefficients have no finite value"
    ),
}


def directions(rows: np.ndarray) -> tuple[str, np.ndarray]:
    """complete, quasi-complete or none, and which of the columns go on for ever.

    `rows` (R x P) hold, for each respondent, the change of what should grow with each parameter. A direction d
    separates where rows @ d >= 0 everywhere and > 0 somewhere; where it is > 0 everywhere it does so completely.
    """
    rows = np.unique(rows, axis=0)
    bounds, count = [(-1.0, 1.0)] * rows.shape[1], rows.shape[1]
    limits = {"A_ub": -rows, "b_ub": np.zeros(len(rows)), "bounds": bounds, "method": "highs"}
    if linprog(-rows.sum(axis=0), **limits).fun > -max(FIRM, 1e-6 * len(rows)):
        return "none", np.zeros(count, bool)
    apart = np.column_stack([-rows, np.ones(len(rows))])
    room = linprog(
        np.r_[np.zeros(count), -1.0], A_ub=apart, b_ub=np.zeros(len(rows)), bounds=[*bounds, (0, 1)], method="highs"
    )
    kind = "complete" if room.x[-1] > FIRM else "quasi-complete"
    moves = np.zeros(count, bool)
    for column in range(count):
        for sign in (1.0, -1.0):
            cost = np.zeros(count)
            cost[column] = -sign
            moves[column] |= linprog(cost, **limits).fun < -FIRM
    return kind, moves


def suspected(x: np.ndarray, slopes: np.ndarray) -> bool:
    """Whether a coefficient is so large that a separation must be looked for."""
    return bool((np.abs(slopes) * np.ptp(x, axis=0) > SUSPICIOUS).any())


def alone(sample: Sample, x: np.ndarray, sign: np.ndarray, moves: np.ndarray) -> list[str]:
    """The drivers to be named: those that separate by themselves, or else all that do so together.

    Under complete separation every coefficient may go on for ever, also those of drivers that have no part in it.
    """
    together = list(dict.fromkeys(owner for owner, moved in zip(sample.owner, moves, strict=True) if moved))
    by_themselves = []
    for driver in together:
        own = x[:, [owner == driver for owner in sample.owner]]
        if directions(sign[:, None] * np.column_stack([np.ones(len(own)), own]))[0] != "none":
            by_themselves.append(driver)
    return by_themselves or together


def table(sample: Sample, drivers: list[str], event: np.ndarray) -> pd.DataFrame:
    """How the answers to the drivers behind a separation go with the outcome: a row an answer.

    `event` (rows in use) is 1 where the outcome happened. Columns: driver, answer, n, events, separates (always, never
    or both).
    """
    found = []
    for driver in drivers:
        answers = sample.column(driver)
        n = pd.Series(sample.rows, answers.index).groupby(answers, observed=True).sum()
        events = pd.Series(sample.rows * event, answers.index).groupby(answers, observed=True).sum()
        one = pd.DataFrame({"driver": driver, "answer": n.index.astype(str), "n": n.astype(int).to_numpy()})
        one["events"] = events.astype(int).to_numpy()
        found.append(one)
    if not found:
        return pd.DataFrame({"driver": [], "answer": [], "n": [], "events": [], "separates": []})
    frame = pd.concat(found, ignore_index=True)
    always, never = frame["events"] == frame["n"], frame["events"] == 0
    return frame.assign(separates=np.select([always, never], ["always", "never"], "both"))


def sentence(kind: str, outcome: str, frame: pd.DataFrame, *, label=str) -> str:
    """The separation in words: which drivers, and which of their answers always or never go with the outcome.

    `kind` and `frame` are those of directions() and table(); `label` gives what a driver is called.
    """
    parts = []
    for driver, rows in frame.groupby("driver", sort=False):
        answers = {how: rows.loc[rows["separates"] == how, "answer"].tolist() for how in ANSWERS}
        if len(rows) <= 12 and (answers["always"] or answers["never"]):
            told = [tr(ANSWERS[how], answers=", ".join(found)) for how, found in answers.items() if found]
            parts.append(f"{label(driver)} ({', '.join(told)})")
        else:
            parts.append(label(driver))
    return tr(SENTENCES[kind, len(parts) > 1], drivers="; ".join(parts), outcome=outcome)
