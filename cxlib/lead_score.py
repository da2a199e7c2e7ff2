"""Lead score: how like the ideal customer each prospect is, in points that anybody can add up, tested beforehand.

The scorecard is fitted on customers. It tells who resembles the ideal customer, not who will buy: prospects may differ
from customers until some of them have been won. Attributes that a study may not use are left out by the caller.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import special

from cxlib import lead_model, lead_rules, lift, scorecard, text
from cxlib.counts import as_list
from cxlib.errors import CxError
from cxlib.language import tr
from cxlib.lead_rules import Rule, joined, signed
from cxlib.metrics import Metric
from cxlib.scorecard import UNKNOWN, Attribute
from cxlib.scores import by_group
from cxlib.shown import Shown

IDEAL = Metric("ideal", "Ideal customers", (0, 1), {1: 100}, "percent")
TOPS = (10, 20, 30)
REASONS, WORTH_TELLING = 3, 3  # attributes named, and the points under which one is no reason


@dataclass(frozen=True, repr=False)
class LeadScore(Shown):
    """A scorecard, what it is worth, and the client's rules.

    points: attribute, label, answer, points (whole numbers; 0 is the average customer's; 20 double the odds),
    points_low, points_high (how far they may vary; the ridge draws them to 0, and so their interval), estimate (ideal
    customers among all who gave the answer, percent), low, high, se, n, n_effective; the attribute that makes most
    difference first. On the test's customers: lift (top 10, 20, 30 percent: top, estimate, low, high, se, n,
    n_effective, share of them ideal in percent) and gains (lift.gains() of every 5 percent); calibration, as
    lift.tenths(); tests, a row for auc, slope, intercept, brier, brier_base and brier_gain, as lift.calibration().
    useful: whether the test shows it to be better than the base rate; reason: the sentence that says so. base: ideal
    customers, percent. parts: part, n, ideal. decisions: attribute, rows, decision, example. A score of s has the
    chance expit(intercept + s log(2) / 20).
    """

    points: pd.DataFrame
    lift: pd.DataFrame
    gains: pd.DataFrame
    calibration: pd.DataFrame
    tests: pd.DataFrame
    useful: bool
    reason: str
    base: float
    parts: pd.DataFrame
    decisions: pd.DataFrame
    attributes: tuple[Attribute, ...]
    rules: tuple[Rule, ...]
    asked: tuple[Attribute, ...]  # what the rules ask about
    intercept: float
    errors: np.ndarray  # covariance of the intercept and of the log odds of the points, per unit of them
    penalty: float
    seed: int
    confidence: float

    def chance(self, points) -> pd.DataFrame:
        """The chance in percent that customers of so many points are ideal: chance, low, high.

        The interval is the calibration's: it takes the scorecard as given, and prospects to be like customers.
        """
        logit = np.asarray(points, float) * lead_model.POINT
        design = np.column_stack([np.ones(len(logit)), logit])
        half = special.ndtri(0.5 + self.confidence / 2) * np.sqrt(((design @ self.errors) * design).sum(axis=1))
        at = {"chance": 0.0, "low": -half, "high": half}
        return pd.DataFrame({name: 100 * special.expit(self.intercept + logit + off) for name, off in at.items()})

    def score(self, prospects: pd.DataFrame) -> pd.DataFrame:
        """Points, chance and rank of each prospect, in the order and with the index of the prospects.

        Columns: score (points + by_rules), points (of the scorecard), by_rules, chance, chance_low, chance_high (of the
        scorecard alone, in percent), excluded, rank (1 is the highest score; ties share it; none where excluded), tenth
        (1 is the highest of those ranked), reasons (the attributes that earned most), rules (those applied), unknown
        (answers that no customer gave, which count as "unknown"). Raises CxError for missing columns.
        """
        earned = self._earned(prospects)
        points = earned.sum(axis=1)
        added, barred, ruled = lead_rules.apply(self.rules, self.asked, prospects)
        chance = self.chance(points).add_prefix("chance_").rename(columns={"chance_chance": "chance"})
        found = pd.DataFrame({"score": points + added, "points": points, "by_rules": added}).join(chance)
        listed = found["score"].where(~barred)
        middle = listed.rank(ascending=False)
        tenth = lift.tenth(middle.fillna(1), max((~barred).sum(), 1))
        return found.assign(
            excluded=barred,
            rank=listed.rank(ascending=False, method="min").astype("Int64"),
            tenth=pd.Series(tenth).where(~barred).astype("Int64"),
            reasons=self._reasons(prospects, earned),
            rules=ruled,
            unknown=joined([_new(a, prospects) for a in self.attributes], len(prospects)),
        ).set_axis(prospects.index)

    def unknown_answers(self, prospects: pd.DataFrame) -> pd.DataFrame:
        """What is decided about answers of prospects that no customer gave: attribute, rows, decision, example."""
        new = {a: _new(a, prospects) for a in self.attributes}
        what = tr('no customer of the training gave this answer; it counts as "{unknown}"', unknown=tr(UNKNOWN))
        return scorecard.decisions(
            (a.name, int((told != "").sum()), what, told[told != ""][0])
            for a, told in new.items()
            if (told != "").any()
        )

    def _earned(self, prospects) -> np.ndarray:
        """What each attribute earns each prospect."""
        parts = [np.array(a.points)[scorecard.codes(a, a.of(prospects))] for a in self.attributes]
        return np.column_stack(parts)

    def _reasons(self, prospects, earned: np.ndarray) -> np.ndarray:
        """The attributes that earned each prospect most, in words."""
        words, rows = np.column_stack([a.shown(prospects) for a in self.attributes]), np.arange(len(earned))
        told = []
        for best in np.argsort(-earned, axis=1, kind="stable").T[:REASONS]:
            got = earned[rows, best]
            said = words[rows, best] + np.array([f" ({signed(points)})" for points in got], object)
            told.append(np.where(got >= WORTH_TELLING, said, ""))
        return joined(told, len(earned))


def ideal(customers: pd.DataFrame, *, value_top=0.25, stayed=True) -> pd.Series:
    """Whether each customer is ideal: in the top share by value and, where it is known, not lost (1, 0, nan).

    `value_top` is that share (0-1) of the customers whose `value` is known; who ties with the last of them is in it,
    too. With `stayed`, who has a day in the column `left` is not ideal; without that column nothing is known of losses
    and value decides. nan where the value is not known: of those, only who is lost would be known, and all as 0. Who
    came lately has had little time to leave. Raises CxError without values, or where all are the same.
    """
    value = scorecard.column(customers, "value", "customers")
    if not 0 < value_top < 1:
        raise CxError(f"the top share by value lies between 0 and 1, e.g. 0.25; found {value_top}")
    if not scorecard.is_number(value):
        raise CxError(f"the value of a customer is a number; the column value holds {value.dtype}")
    known = pd.Series(value.to_numpy(float, na_value=np.nan), index=customers.index, name="ideal")
    if np.isinf(known).any():
        raise CxError(f"the value of a customer is a finite number; {np.isinf(known).sum()} of {len(known)} are not")
    if known.nunique() < 2:
        raise CxError(f"the top by value needs values that differ; the {known.notna().sum()} known do not")
    top = (known >= known.quantile(1 - value_top)).astype(float)
    if stayed and "left" in customers:
        top = top.where(customers["left"].isna(), 0.0)
    return top.where(known.notna())


def fit(customers, ideal, attributes, *, rules=(), seed=0, weights=None, confidence=0.95) -> LeadScore:
    """Likeness to the ideal customer as a points scorecard, calibrated and tested on customers it was not fitted on.

    `ideal` is 1, 0 or nan for each customer; `attributes` names columns that prospects have, too, or gives their labels
    by name; `weights` names a column. Customers are parted at random, ideal and others alike: 60% training (ridge
    logistic regression on the answers, the penalty by five-fold cross-validation within), 20% calibration (Firth's
    logit of ideal on the model's log odds: its intercept and slope enter the points), 20% test, which serves nothing
    but the test. Points are whole numbers, of which 20 double the odds. A number is cut into five bands near the
    training customers' quintiles; a blank is the answer "unknown"; answers of fewer than 10 of them are "other".
    The scorecard is useful where the test's intervals of the AUC and of the lift of the top 30% lie above 0.5 and 1.
    The order of the rows makes no difference; `seed` decides the parts. Raises CxError for fewer than 50 ideal or 50
    other customers, and for columns, rules or answers that are not there.
    Sources: le Cessie and van Houwelingen, Applied Statistics 41 (1992) 191-201 (ridge); Cox, Biometrika 45 (1958)
    562-565 (calibration); Siddiqi, Credit Risk Scorecards (Wiley 2006), chapter 6 (points that double the odds).
    """
    labels = attributes if isinstance(attributes, dict) else {name: name for name in as_list(attributes)}
    if not labels:
        raise CxError("a lead score needs at least one attribute that customers and prospects share")
    if not 0 < confidence < 1:
        raise CxError(f"confidence lies between 0 and 1, e.g. 0.95; found {confidence}")
    used, y, w = lead_model.sample(customers, ideal, labels, weights)
    part = lead_model.parts(y, seed)
    train, calibrate, test = (part == place for place in range(3))
    card = scorecard.described(used, labels, train)
    codes = [scorecard.codes(a, used[a.name]) for a in card]
    asked = lead_rules.checked(rules, customers, card)
    centres = [scorecard.centre(a, code[train], w[train]) for a, code in zip(card, codes, strict=True)]
    x = np.hstack([scorecard.design(code, centre) for code, centre in zip(codes, centres, strict=True)])
    odds, spread, penalty = lead_model.ridge(x[train], y[train], w[train], seed)
    slope, intercept, errors = lead_model.calibrated(x[calibrate] @ odds, y[calibrate], w[calibrate])
    places = np.split(np.arange(len(odds)), np.cumsum([len(a.answers) for a in card])[:-1])
    earned = [
        lead_model.points(odds[at], spread[np.ix_(at, at)], centre, slope, errors[1, 1])
        for at, centre in zip(places, centres, strict=True)
    ]
    card = [replace(a, points=tuple(points.tolist())) for a, (points, _) in zip(card, earned, strict=True)]
    score = sum(np.array(a.points)[code[test]] for a, code in zip(card, codes, strict=True))
    base = np.average(y[~test], weights=w[~test])
    chance = special.expit(intercept + score * lead_model.POINT)
    return LeadScore(
        points=_points(card, [se for _, se in earned], codes, y, w, confidence),
        **_tested(chance, y[test], w[test], float(base), confidence),
        base=float(100 * np.average(y, weights=w)),
        parts=pd.DataFrame({"part": [*lead_model.PARTS], "n": np.bincount(part), "ideal": np.bincount(part[y == 1])}),
        decisions=scorecard.decided(card, used, train, len(customers) - len(y)),
        attributes=tuple(card),
        rules=tuple(rules),
        asked=asked,
        intercept=intercept,
        errors=errors,
        penalty=penalty,
        seed=seed,
        confidence=confidence,
    )


def _points(card, errors, codes, y, w, confidence: float) -> pd.DataFrame:
    """The points frame of LeadScore."""
    frames, starts = [], np.cumsum([0, *(len(a.answers) for a in card)])
    # Each answer is a group and a stratum of its own, so that all attributes can be asked at once.
    code = np.concatenate([start + own for start, own in zip(starts, codes, strict=False)])
    rows = pd.DataFrame({"code": code, "y": np.tile(y, len(card)), "w": np.tile(w, len(card))})
    how = {"weights": "w" if np.ptp(w) > 0 else None, "strata": "code", "confidence": confidence, "minimum_base": 0}
    ideals = by_group(rows, IDEAL, ["code"], question="y", **how).set_index("code").reindex(range(starts[-1]))
    ideals = ideals[["estimate", "low", "high", "se", "n", "n_effective"]].fillna({"n": 0}).astype({"n": int})
    for a, se, start in zip(card, errors, starts, strict=False):
        found = ideals.iloc[start : start + len(a.answers)].reset_index(drop=True)
        half = special.ndtri(0.5 + confidence / 2) * se
        called = [a.printed(answer) for answer in a.answers]
        own = {"attribute": a.name, "label": a.label, "answer": called, "points": a.points}
        own |= {"points_low": a.points - half, "points_high": a.points + half}
        found = pd.concat([pd.DataFrame(own, index=found.index), found], axis=1)
        frames.append((-np.ptp(found.loc[found["n"] > 0, "points"]), found))
    return pd.concat([frame for _, frame in sorted(frames, key=lambda pair: pair[0])], ignore_index=True)


def _tested(chance, y, w, base: float, confidence: float) -> dict:
    """What the test says: the frames lift, gains, calibration and tests, whether it is useful, and why."""
    how = {"confidence": confidence}
    gains = lift.gains(chance, y, w, range(5, 101, 5), **how)
    auc, rows = lift.auc(chance, y, w, **how), gains.set_index("top").loc[[*TOPS]]
    top = pd.DataFrame({"estimate": rows["lift"], "low": rows["lift_low"], "high": rows["lift_high"],
                        "se": rows["se"] / rows.index, "n": rows["customers"], "n_effective": rows["n_effective"],
                        "share": rows["share"]}).reset_index()  # fmt: skip
    last = top.iloc[-1]
    useful = bool(auc["low"] > 0.5 and last["low"] > 1)
    found = tr(
        "of {n} customers held out, those in the top {top}% by points are ideal {times} times as often as all "
        "({interval}; 1 is no better than chance), and the AUC is {auc} ({auc_interval}; 0.5 is chance)",
        n=text.number(len(y)),
        top=TOPS[-1],
        times=text.number(last["estimate"], "ratio"),
        interval=text.with_confidence(text.interval(last["low"], last["high"], "ratio"), confidence),
        auc=text.number(auc["estimate"], "ratio"),
        auc_interval=text.interval(auc["low"], auc["high"], "ratio"),
    )
    better = tr("The scorecard tells ideal customers from others: {found}.", found=found)
    worse = tr("The scorecard is not shown to be any better than calling at random: {found}.", found=found)
    tests = pd.concat([pd.DataFrame([auc], index=["auc"]), lift.calibration(chance, y, w, base, **how)])
    return {"lift": top, "gains": gains, "calibration": lift.tenths(chance, y, w, **how),
            "tests": tests.rename_axis("measure"), "useful": useful, "reason": better if useful else worse}  # fmt: skip


def _new(a: Attribute, prospects) -> np.ndarray:
    """The answers of prospects that no customer gave, in words; "" for the others."""
    return np.where(scorecard.unseen(a, a.of(prospects)), a.shown(prospects), "")
