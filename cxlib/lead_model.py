"""The model behind a lead score: customers parted at random, a ridge logit, its calibration, and whole points."""

import numpy as np
import pandas as pd
from scipy import special
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from cxlib import scorecard
from cxlib.binary import binary
from cxlib.errors import CxError

LEAST = 50  # ideal customers, and others: a fifth of them, ten, is what a test is made on
PARTS = {"training": 0.6, "calibration": 0.2, "test": 0.2}
PENALTIES = (1000.0, 300.0, 100.0, 30.0, 10.0, 3.0, 1.0)
FOLDS = 5
DOUBLE = 20  # points that double the odds
POINT = np.log(2) / DOUBLE  # in log odds


def sample(customers, ideal, labels, weights) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """The customers known to be ideal or not, who is, and weights of mean 1, in an order that is the data's own."""
    if isinstance(ideal, pd.Series) and not ideal.index.equals(customers.index):
        raise CxError(f"ideal has a value for each of {len(customers)} customers, with their index; it has another")
    y = np.asarray(ideal, float) if len(ideal) == len(customers) else np.empty(0)
    wrong = ~(np.isnan(y) | np.isin(y, [0, 1]))
    if len(y) != len(customers) or wrong.any():
        found = f"{wrong.sum()} are not, e.g. {y[wrong][0]:g}" if wrong.any() else f"there are {len(ideal)} values"
        raise CxError(f"ideal is 1, 0 or blank for each of {len(customers)} customers; {found}")
    w = _weights(customers, weights)
    known = ~np.isnan(y) & (w > 0)
    count = int(y[known].sum())
    if min(count, known.sum() - count) < LEAST:
        raise CxError(
            f"a lead score rests on at least {LEAST} ideal customers and {LEAST} others; of {len(y):,} customers "
            f"{count} are ideal and {known.sum() - count:,} are not ({(~known).sum():,} not known)"
        )
    used, y, w = customers[known], y[known], w[known] / w[known].mean()
    keys = [np.round(w, 12), y]
    for name in reversed(labels):
        keys.append(scorecard.places(scorecard.column(used, name, "customers")))
    order = np.lexsort(keys)
    return used.iloc[order].reset_index(drop=True), y[order], w[order]


def _weights(customers, weights) -> np.ndarray:
    if weights is None:
        return np.ones(len(customers))
    values = scorecard.column(customers, weights, "customers")
    w = values.to_numpy(float, na_value=np.nan) if scorecard.is_number(values) else np.full(len(values), np.nan)
    bad = ~(np.isfinite(w) & (w >= 0))
    if bad.any():
        raise CxError(
            f"weights must be numbers of 0 or more; {bad.sum()} are not, e.g. {values[bad].iloc[0]} (column {weights})"
        )
    return w


def parts(y: np.ndarray, seed: int) -> np.ndarray:
    """The part of each customer (0 training, 1 calibration, 2 test) at random, of ideal and others alike."""
    rng, part = np.random.default_rng(seed), np.empty(len(y), int)
    for value in (0, 1):
        rows = rng.permutation(np.flatnonzero(y == value))
        cuts = np.round(np.cumsum([*PARTS.values()])[:-1] * len(rows)).astype(int)
        for place, some in enumerate(np.split(rows, cuts)):
            part[some] = place
    return part


def ridge(x: np.ndarray, y: np.ndarray, w: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Coefficients of a logit with an L2 penalty on them, their covariance (sandwich), and the penalty.

    The penalty is that of the least held-out deviance in five-fold cross-validation.
    """
    if not x.any():  # nobody differs from anybody
        return np.zeros(x.shape[1]), np.zeros((x.shape[1],) * 2), PENALTIES[0]
    # Customers with the same answers are one row with their weights: the same fit, several times as fast.
    rows, alike = np.unique(x, axis=0, return_inverse=True)
    kind = 2 * alike.ravel() + y.astype(int)

    def fitted(model, some, penalty):
        weight = np.bincount(kind[some], w[some], 2 * len(rows))
        kept = np.flatnonzero(weight)
        return model.set_params(C=1 / penalty).fit(rows[kept // 2], kept % 2, sample_weight=weight[kept])

    lost = np.zeros(len(PENALTIES))
    for train, out in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(x, y):
        model = LogisticRegression(solver="newton-cholesky", tol=1e-6, warm_start=True)
        for i, penalty in enumerate(PENALTIES):
            logit = fitted(model, train, penalty).decision_function(x[out])
            lost[i] += w[out] @ (np.logaddexp(0, logit) - y[out] * logit)
    penalty = PENALTIES[int(np.argmin(lost))]
    model = fitted(LogisticRegression(solver="newton-cholesky", tol=1e-6), slice(None), penalty)
    z = np.column_stack([np.ones(len(y)), x])
    p = model.predict_proba(x)[:, 1]
    bread = np.linalg.inv((z.T * (w * p * (1 - p))) @ z + np.diag([0.0, *np.full(x.shape[1], penalty)]))
    influence = (z * (w * (y - p))[:, None]) @ bread
    return model.coef_[0], (influence.T @ influence)[1:, 1:], penalty


def calibrated(logit: np.ndarray, y: np.ndarray, w: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Slope and intercept of the outcome on the model's log odds, and the covariance of the intercept and log slope.

    Firth's logit, which is finite whatever the model predicts. Where the log odds run against the outcome, or are all
    the same, the model tells nothing: the slope is 0 and the intercept the base rate's.
    """
    if np.ptp(logit) > 1e-9:
        frame = pd.DataFrame({"y": y, "logit": logit, "w": w})
        fit = binary(frame, "y", "logit", firth=True, weights="w" if np.ptp(w) > 0 else None)
        intercept, slope = fit.parameters
        if slope > 0:
            scale = np.array([1.0, 1 / slope])
            return float(slope), float(intercept), fit.errors.covariance * np.outer(scale, scale)
    base = np.average(y, weights=w)
    variance = np.sum((w * (y - base)) ** 2) / (w.sum() * base * (1 - base)) ** 2
    return 0.0, float(special.logit(base)), np.diag([variance, 0.0])


def points(odds, covariance, centre: np.ndarray, slope: float, doubt: float) -> tuple[np.ndarray, np.ndarray]:
    """The whole points of an attribute's answers by their log odds, and the standard errors of these points.

    0 is the average customer's, and of answers without a share in `centre`, of which nothing is known. `slope` is the
    calibration's, `doubt` the variance of its logarithm.
    """
    away = np.where(centre[:, None] > 0, np.eye(len(centre)) - centre, 0.0) * slope / POINT
    exact, variance = away @ odds, ((away @ covariance) * away).sum(axis=1)
    return np.round(exact).astype(int), np.sqrt(np.maximum(variance, 0.0) + exact**2 * doubt)
