"""Whom to call: customers who agreed to it, ranked by the chance that they are unhappy and silent, times their value.

Answers are confidential: of whoever did not agree to be contacted, no answer and no attribute enters a number of this
module, be it the model, its calibration or the list. private.py says who agreed, and writes the list with names.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from cxlib import private
from cxlib.customers import customers_view
from cxlib.errors import CxError
from cxlib.metrics import Metric
from cxlib.scores import by_group
from cxlib.shown import Shown
from cxlib.text import interval, number

SILENT = Metric("silent", "Unhappy and silent", (0, 1), {1: 1}, "score")
LEAST = 30  # known cases of either kind; fewer carry no model, and would not show whether it is any good
RARE = 10  # known cases under which a level of an attribute is taken together with other rare ones
FOLDS = 5
PENALTIES = (1000.0, 300.0, 100.0, 30.0, 10.0, 3.0, 1.0)
WORTH_TELLING = 0.1  # log odds; what raises the odds by less than a tenth is no reason


@dataclass(frozen=True, repr=False)
class Cases(Shown):
    """Whom to call (frame), what the chance is worth (calibration), and what a reader ought to know (notes)."""

    frame: pd.DataFrame
    calibration: pd.DataFrame
    notes: tuple[str, ...]


def cases(study, *, unhappy, complained, start=None, end=None, seed=0) -> Cases:
    """Customers who may be called, ranked by expected value: the chance that they are unhappy and silent x value.

    `unhappy` and `complained` give the answers that say so, {question: codes}; any one of them will do. May be called:
    who agreed, has not left, and has no recorded complaint from `start` to `end` (private.standing). The chance (0-1)
    is fitted on those of them who answered, their latest answer, with the survey's weights: ridge logistic regression
    on what is known of all (attributes, value, tenure, purchases, contacts). Who said so is known, with chance 1; who
    said otherwise is not listed. Where the attributes tell nothing, everybody else has the base rate.

    frame, the highest expected value first: customer, chance, value, expected (both in the unit of the customers'
    `value`; nan where it is not known), known, why (what raises the chance most). calibration, held-out chance against
    what was found, in groups of equal size: group, chance, estimate, low, high, se, n, n_effective, method, and for all
    groups brier, brier_base (of the base rate), slope, slope_low, slope_high (1 is right; nan for the base rate).
    Raises CxError as private.standing(), for questions and answers that are not there, for fewer than 30 known answers
    and where none of them is unhappy and silent.
    Sources: le Cessie and van Houwelingen, Applied Statistics 41 (1992) 191-201 (ridge); Brier, Monthly Weather Review
    78 (1950) 1-3; Cox, Biometrika 45 (1958) 562-565 (slope).
    """
    standing = private.standing(study, start=start, end=end)
    people = customers_view(study).frame
    people = people[people["customer"].map(standing) == ""].reset_index(drop=True)
    answers = private.answers(study, people["customer"], unhappy=unhappy, complained=complained)
    silent, weight = answers.reindex(people["customer"])[["silent", "weight"]].to_numpy(float).T
    known = np.flatnonzero(~np.isnan(silent) & (weight > 0))
    if len(known) < LEAST or not silent[known].any():
        raise CxError(
            f"{study.file}: whom to call rests on at least {LEAST} customers who may be called and answered, some of "
            f"them unhappy and silent; {len(known)} answered, {np.sum(silent[known] == 1)} are"
        )
    attributes = _attributes(study, people)
    x = _matrix(attributes, people.index, known)
    seen, y, w = x.to_numpy()[known], silent[known], weight[known] / weight[known].mean()
    calibration, told = _calibration(seen, y, w, seed)
    people["chance"], people["why"] = np.average(y, weights=w), ""
    flat = calibration["slope"].isna().all()
    if not flat:
        fit = _fit(seen, y, w, _penalty(seen, y, w, seed))
        people["chance"], people["why"] = special.expit(fit[0] + x.to_numpy() @ fit[1:]), _why(attributes, x * fit[1:])
    people["known"] = silent == 1
    people.loc[people["known"], ["chance", "why"]] = 1.0, "said so in the survey"
    people["value"] = people["value"] if "value" in study.book.tables["customers"].keys else np.nan
    people["expected"] = people["chance"] * people["value"]
    listed = people.loc[silent != 0, ["customer", "chance", "value", "expected", "known", "why"]]
    frame = listed.sort_values(["expected", "chance", "customer"], ascending=[False, False, True], ignore_index=True)
    return Cases(frame, calibration, (_counts(standing, frame), told, *_gaps(study, frame, flat)))


def declared(study) -> dict:
    """The arguments of cases() that the study's `iceberg:` gives; raises CxError where it does not say who is what."""
    iceberg = study.book.iceberg
    if not (iceberg.unhappy and iceberg.complained):
        raise CxError(
            f"{study.file}: study.yml must say who is unhappy and who complained under `iceberg:`, "
            "e.g. `iceberg: {unhappy: {satisfaction: [1, 2]}, complained: {complained: [1]}}`"
        )
    start, end = iceberg.window or (None, None)
    return {"unhappy": iceberg.unhappy, "complained": iceberg.complained, "start": start, "end": end}


# ---- what is known of everybody ----------------------------------------------------------------------------------


def _attributes(study, people: pd.DataFrame) -> dict[str, list[pd.Series]]:
    """What is known of customers beside answers and complaints: columns by label, the first of them to be shown."""
    found, own, keys = {}, study.table("customers").columns, study.book.tables["customers"].keys

    def add(name: str, *columns: pd.Series, label: str = "") -> None:
        label = label or study.label(name, "customers")
        found[label if label not in found else f"{label} ({name})"] = list(columns)

    for name, question in study.book.tables["customers"].questions.items():
        if question.role in ("segment", "single"):
            add(name, people[name])
        elif question.role == "number":
            bands = [new for new, rule in question.derive.items() if isinstance(rule, tuple)]
            add(name, people[name], *(people[new] for new in bands))
        elif question.role == "multi":
            for tick in [c for c in people if c.startswith(f"{name}.")]:
                option = study.book.words(question.labels.get(tick.partition(".")[2]), tick.partition(".")[2])
                add(
                    tick, people[tick].map({1.0: "yes", 0.0: "no"}), label=f"{study.label(name, 'customers')}, {option}"
                )
    if "value" in keys:
        add("value", people["value"])
    if "since" in keys:
        add("years_as_a_customer", (people["since"].max() - people["since"]).dt.days / 365.25)
    for table, name in (("sales", "purchases"), ("sales", "spent"), ("events", "contacts")):
        column = f"{table}.{name}" if name in own else name
        if column in people:
            add(column, people[column].fillna(0))  # who bought nothing has no blank, but nothing
    return found


def _matrix(attributes: dict[str, list[pd.Series]], index: pd.Index, known: np.ndarray) -> pd.DataFrame:
    """The attributes as columns (label, part) of mean 0: numbers in standard deviations, a column for each level.

    Numbers are drawn in to their first and last percent, so that one huge customer does not make the scale. Levels
    (and blanks) of fewer than ten known cases are one level; a column that few known cases have, or lack, is none.
    """
    columns = {}
    for label, parts in attributes.items():
        for i, part in enumerate(parts):
            levels = part.astype(object).where(part.notna(), "blank")
            if pd.api.types.is_numeric_dtype(part):
                values = part.clip(*part.quantile([0.01, 0.99]))
                values = values / max(values.abs().max(), 1)  # so that squares of huge numbers are numbers
                if values.std() > 0:
                    columns[label, f"{i}"] = ((values - values.mean()) / values.std()).fillna(0)
                levels = levels.where(part.isna(), "given")
            cases = levels.map(levels.iloc[known].value_counts()).fillna(0)
            levels = levels.where(cases >= RARE, "rare")
            for level in levels.unique():
                has = (levels == level).astype(float)
                if RARE <= has.iloc[known].sum() <= len(known) - RARE:
                    columns[label, f"{i}={level}"] = has
    x = pd.DataFrame(columns, index=index, dtype=float)
    return x - x.mean()


def _why(attributes: dict[str, list[pd.Series]], parts: pd.DataFrame) -> np.ndarray:
    """The two attributes that raise each customer's chance most above the average customer's, in words."""
    raised = parts.T.groupby(level=0, sort=False).sum().T
    values, told = raised.to_numpy(), np.full(len(raised), "", object)
    for rank in np.argsort(-values, axis=1, kind="stable")[:, :2].T:
        for j, label in enumerate(raised):
            rows = np.flatnonzero((rank == j) & (values[:, j] > WORTH_TELLING))
            for i, shown in zip(rows, _shown(attributes[label][0], rows), strict=True):
                told[i] += f"{'; ' if told[i] else ''}{label}: {shown}"
    return told


def _shown(column: pd.Series, rows: np.ndarray) -> list[str]:
    """What customers have, in words: Hanoi, or 66 (average 41)."""
    if not pd.api.types.is_numeric_dtype(column):
        return ["not known" if pd.isna(v) else str(v) for v in column.iloc[rows]]
    fine = 0 if column.abs().max() >= 100 else 1
    digits = 0 if (column.dropna() % 1 == 0).all() else fine
    average = f" (average {number(column.mean(), digits=fine)})"
    return ["not known" if pd.isna(v) else number(v, digits=digits) + average for v in column.iloc[rows]]


# ---- the model ---------------------------------------------------------------------------------------------------


def _fit(x: np.ndarray, y: np.ndarray, w: np.ndarray, penalty: float, start=None) -> np.ndarray:
    """Intercept and coefficients of a logistic regression with an L2 penalty on the coefficients, by Newton's method.

    They minimise half the weighted deviance and half the penalty times the sum of squares; the intercept is free.
    """
    design, ridge = np.column_stack([np.ones(len(y)), x]), np.r_[0.0, np.full(x.shape[1], penalty)]

    def loss(beta):
        return w @ _loss(design @ beta, y) + ridge @ beta**2 / 2

    beta = np.r_[special.logit(np.average(y, weights=w)), np.zeros(x.shape[1])] if start is None else start
    for _ in range(100):
        p = special.expit(design @ beta)
        slope = design.T @ (w * (p - y)) + ridge * beta
        step = np.linalg.solve(design.T @ (design * (w * p * (1 - p))[:, None]) + np.diag(ridge), slope)
        while loss(beta - step) > loss(beta) * (1 + 1e-12):
            step = step / 2
        beta = beta - step
        if slope @ step < 1e-9 * len(y):
            break
    return beta


def _loss(logit: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Half the deviance of each case."""
    return np.logaddexp(0, logit) - y * logit


def _folds(y: np.ndarray, seed: int) -> np.ndarray:
    """A fold of 0 to 4 for each customer, at random, with as many cases of either kind in each as can be."""
    shuffled, fold = np.random.default_rng(seed).permutation(len(y)), np.empty(len(y), int)
    fold[shuffled[np.argsort(y[shuffled], kind="stable")]] = np.arange(len(y)) % FOLDS
    return fold


def _penalty(x: np.ndarray, y: np.ndarray, w: np.ndarray, seed: int) -> float:
    """The penalty of the least deviance in five-fold cross-validation."""
    fold, lost = _folds(y, seed), np.zeros(len(PENALTIES))
    for out in range(FOLDS):
        train, beta = fold != out, None
        for i, penalty in enumerate(PENALTIES):
            beta = _fit(x[train], y[train], w[train], penalty, beta)
            lost[i] += w[~train] @ _loss(beta[0] + x[~train] @ beta[1:], y[~train])
    return PENALTIES[int(np.argmin(lost))]


# ---- what it is worth --------------------------------------------------------------------------------------------


def _calibration(x: np.ndarray, y: np.ndarray, w: np.ndarray, seed: int) -> tuple[pd.DataFrame, str]:
    """The calibration frame of cases(), and what it says in a sentence; no slope where the base rate does as well.

    The attributes tell something where the held-out deviance lies below the base rate's by more than a standard error
    (the rule by which Breiman, Friedman, Olshen and Stone, Classification and Regression Trees, 1984, prefer the
    simpler of two models).
    """
    share, few = np.average(y, weights=w), min(y.sum(), (1 - y).sum()) < LEAST
    held, base = np.full((2, len(y)), share) if few else _held_out(x, y, w, seed)
    gain = 0 * y if few else _loss(special.logit(base), y) - _loss(special.logit(held), y)
    mean = np.average(gain, weights=w)
    useful = mean > np.linalg.norm(w * (gain - mean)) / w.sum()
    brier, brier_base = (np.average((chance - y) ** 2, weights=w) for chance in (held, base))
    slope, low, high = _slope(held, y, w) if useful else (np.nan,) * 3
    frame = _groups(held, y, w, min(10, len(y) // LEAST)) if useful else _groups(np.full(len(y), share), y, w, 1)
    frame = frame.assign(brier=brier, brier_base=brier_base, slope=slope, slope_low=low, slope_high=high)
    told = f"Of {len(y):,} customers who may be called and answered, {int(y.sum()):,} are unhappy and silent "
    told += f"({number(100 * share, 'percent')}{' by weight' if np.ptp(w) > 0 else ''}); "
    scores = f"(Brier score {number(brier, digits=4)}, of the base rate alone {number(brier_base, digits=4)})"
    if useful:
        told += f"held-out cases are predicted better than by that base rate {scores}, with a calibration slope of "
        told += f"{number(slope, 'score')} (95% interval {interval(low, high, 'score')}; 1 is right)."
    else:
        told += f"fewer than {LEAST} of either kind carry no model" if few else f"attributes predict no better {scores}"
        told += ", so everybody else has this base rate."
    return frame, told


def _held_out(x: np.ndarray, y: np.ndarray, w: np.ndarray, seed: int) -> np.ndarray:
    """The chance of each case by a model, penalty included, of the other four folds; below it their base rate."""
    fold, chances = _folds(y, seed), np.empty((2, len(y)))
    for out in range(FOLDS):
        train, test = fold != out, fold == out
        beta = _fit(x[train], y[train], w[train], _penalty(x[train], y[train], w[train], seed))
        chances[0, test] = special.expit(beta[0] + x[test] @ beta[1:])
        chances[1, test] = np.average(y[train], weights=w[train])
    return chances


def _groups(chance: np.ndarray, y: np.ndarray, w: np.ndarray, groups: int) -> pd.DataFrame:
    """Mean chance against the share found, with Wilson intervals, in groups of equal size by chance."""
    rank = np.argsort(np.argsort(chance, kind="stable"))
    known = pd.DataFrame({"group": 1 + groups * rank // len(y), "y": y, "w": w, "chance": chance * w})
    frame = by_group(known, SILENT, ["group"], question="y", weights="w" if np.ptp(w) > 0 else None, strata="group")
    frame.insert(1, "chance", known.groupby("group")["chance"].sum().to_numpy() / frame["n_weighted"])
    return frame.drop(columns=["n_weighted", "deff", "df", "strata", "clusters"])


def _slope(chance: np.ndarray, y: np.ndarray, w: np.ndarray) -> tuple[float, float, float]:
    """The slope of what was found on the log odds predicted, with its 95% interval (sandwich variance)."""
    logit, trace = special.logit(chance), 1e-6  # a penalty that keeps the slope of a perfect prediction finite
    design, beta = np.column_stack([np.ones(len(y)), logit]), _fit(logit[:, None], y, w, trace)
    p = special.expit(design @ beta)
    bread = np.linalg.inv(design.T @ (design * (w * p * (1 - p))[:, None]) + np.diag([0, trace]))
    half = special.ndtri(0.975) * np.linalg.norm((design * (w * (y - p))[:, None]) @ bread[:, 1])
    return beta[1], beta[1] - half, beta[1] + half


# ---- notes -------------------------------------------------------------------------------------------------------


def _counts(standing: pd.Series, frame: pd.DataFrame) -> str:
    """How many are listed, and how many are not and why."""
    count = standing.value_counts()
    out = [f"{count.get(reason, 0):,} {reason}" for reason in private.LEFT_OUT]
    out.append(f"{count.get('', 0) - len(frame):,} whose own answer says that they are not unhappy and silent")
    return (
        f"{len(frame):,} of {len(standing):,} customers are listed; {frame['known'].sum():,} of them said themselves "
        f"that they are unhappy and silent; left out: {', '.join(out)}."
    )


def _gaps(study, frame: pd.DataFrame, flat: bool) -> list[str]:
    """What is not known, and what that does to the list."""
    notes, unpriced = [], int(frame["value"].isna().sum())
    if unpriced == len(frame):
        notes.append("No value is known of those listed, so the ranking is by chance alone.")
    elif flat:
        notes.append("Beside those who said so, the ranking is then by value alone.")
    if 0 < unpriced < len(frame):
        notes.append(f"{unpriced:,} of those listed have no value and stand last, by their chance.")
    if "left" not in study.book.tables["customers"].keys:
        notes.append("The customers table does not say who left; some of those listed may have.")
    if not study.has("complaints") or "complainer" not in study.table("complaints"):
        notes.append("No table says which customers complained; only the survey's answers do.")
    return notes
