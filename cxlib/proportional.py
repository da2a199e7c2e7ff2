"""Proportional odds: does a driver move every cut of a rating scale by the same amount?

Brant's test compares a separate logit at each cut; the likelihood ratio compares with the model in which drivers are
free at each cut. Under a design both statistics are corrected for it: divided so that mean and variance are those of a
chi-square (Rao and Scott's second order), which needs no more clusters than there are comparisons.
"""

import numpy as np
import pandas as pd
from scipy import special

from cxlib import separation
from cxlib.errors import CxError
from cxlib.sandwich import spread
from cxlib.terms import standardised

# A correlation matrix with an eigenvalue below this is not taken to be positive.
POSITIVE = 1e-4
# Respondents a term that a logit needs on its smaller side, or its Wald tests find too much. Source: Vittinghoff and
# McCulloch, American Journal of Epidemiology 165 (2007) 710-718.
EVENTS = 5


def brant(fit) -> pd.DataFrame:
    """Brant's Wald test that a driver's log odds are alike at all cuts: chi2, df, p, splits; by driver and "omnibus".

    A binary logit is fitted at each cut of the scale. Cuts that a driver separates, or with fewer than 5 respondents a
    term on one side, are left out; `splits` counts those in use. nan where the covariance of their logits is not
    positive, which happens with few respondents and many cuts. Only for the logit link; free drivers are tested as if
    they were not. Without a design the omnibus is that of R's package brant, which enters the covariance of two cuts
    untransposed on both sides of the diagonal: on the reference data 4.3429, where the symmetric matrix gives 4.3443.
    It errs downwards, and not by much.
    Source: Brant, Biometrics 46 (1990) 1171-1178.
    """
    if fit.link != "logit":
        raise CxError(f"Brant's test is for the logit link; the model has {fit.link}; use likelihood_ratio()")
    sample, w = fit.sample, fit.sample.w
    z = np.column_stack([np.ones(len(sample.x)), standardised(sample.x, w)[0]])
    slopes, chances, influences = [], [], []
    for cut in range(len(fit.levels) - 1):
        above = (fit.answer > cut).astype(float)
        enough = min(sample.rows @ above, sample.rows @ (1 - above)) >= EVENTS * len(sample.terms)
        found = _logit(z, above, w) if enough else None
        if found is not None:
            slopes.append(found[0][1:])
            chances.append(found[1])
            influences.append(found[2])
    if len(slopes) < 2:
        raise CxError(
            f"Brant's test needs two cuts with {EVENTS} respondents a term on both sides, which no driver separates; "
            f"{sample.outcome} has {len(slopes)} for {len(sample.terms)} terms"
        )
    own, p = _brant_covariance(z, w, chances), len(sample.terms)
    stacked = np.hstack([influence[:, 1:] for influence in influences])
    other = spread(sample, stacked) if sample.design_given else own
    rows = {}
    for driver in [*sample.drivers, "omnibus"]:
        terms = [t for t, owner in enumerate(sample.owner) if driver in (owner, "omnibus")]
        contrast = np.zeros(((len(slopes) - 1) * len(terms), len(slopes) * p))
        for i, (cut, term) in enumerate((cut, term) for cut in range(1, len(slopes)) for term in terms):
            contrast[i, term], contrast[i, cut * p + term] = 1.0, -1.0
        value = contrast @ np.concatenate(slopes)
        rows[driver] = corrected(contrast @ own @ contrast.T, contrast @ other @ contrast.T, value=value)
    if not sample.design_given:
        matrix = contrast @ _untransposed(own, p) @ contrast.T  # the contrast left is that of the omnibus
        rows["omnibus"] = corrected(matrix, matrix, value=value)
    return _frame(rows, ["omnibus", *sample.drivers]).assign(splits=len(slopes))


def likelihood_ratio(fit) -> pd.DataFrame:
    """How much better the model fits when a driver is free at every cut: chi2, df, p; by driver and "omnibus" (all).

    Twice the difference of log-likelihoods, weights scaled to a mean of 1. Under a design corrected by its variance.
    Raises CxError where the free model has no finite solution: its cuts cross, or an answer is too rare.
    Sources: Peterson and Harrell, Applied Statistics 39 (1990) 205-217; Lumley and Scott, Statistica Sinica 24 (2014)
    (tests for models fitted to surveys).
    """
    from cxlib.ordinal import fit_ordinal  # the two modules need each other

    sample = fit.sample
    if fit.free:
        raise CxError(f"the likelihood ratio starts from proportional odds; {', '.join(fit.free)} is free already")
    factor, start = sample.n / sample.w.sum(), fit.likelihood.parameters[fit.likelihood.cuts :]
    rows = {}
    for driver in ["omnibus", *sample.drivers]:
        free = sample.drivers if driver == "omnibus" else [driver]
        wide = fit_ordinal(sample, link=fit.link, free=free, confidence=fit.confidence, start=start)
        loose, cuts = np.isin(sample.owner, free), wide.likelihood.cuts
        contrast = np.zeros(((cuts - 1) * loose.sum(), len(wide.likelihood.parameters)))
        for i, (term, k) in enumerate((t, k) for t in np.flatnonzero(loose) for k in range(1, cuts)):
            place = wide.likelihood.place[:, term]
            contrast[i, place[0]], contrast[i, place[k]] = 1.0, -1.0
        own = contrast @ wide.likelihood.covariance @ contrast.T / factor
        other = contrast @ wide.errors.covariance @ contrast.T if sample.design_given else own
        rows[driver] = corrected(own, other, statistic=(fit.deviance - wide.deviance) * factor)
    return _frame(rows, ["omnibus", *sample.drivers])


def _logit(z: np.ndarray, y: np.ndarray, w: np.ndarray) -> tuple | None:
    """Coefficients, chances and influence of a weighted logit by Newton; None where it has no finite solution."""
    b = np.zeros(z.shape[1])
    b[0] = special.logit(w @ y / w.sum())
    for _ in range(50):
        chance = special.expit(z @ b)
        information = (z * (w * chance * (1 - chance))[:, None]).T @ z
        if np.linalg.cond(information) > 1e12:
            return None
        step = np.linalg.solve(information, z.T @ (w * (y - chance)))
        b = b + step / max(1.0, np.abs(step).max() / 3)
        if np.abs(step).max() < 1e-10:
            break
    if separation.suspected(z[:, 1:], b[1:]) and separation.directions((2 * y - 1)[:, None] * z)[0] != "none":
        return None
    influence = np.linalg.solve(information, (z * (y - chance)[:, None]).T).T
    return b, chance, influence


def _brant_covariance(z, w, chances) -> np.ndarray:
    """The covariance of the slopes of logits at several cuts of one outcome, by the likelihood."""
    cuts, p = len(chances), z.shape[1]
    inverse = [np.linalg.inv((z * (w * c * (1 - c))[:, None]).T @ z) for c in chances]
    whole = np.zeros((cuts, p - 1, cuts, p - 1))
    for a in range(cuts):
        for b in range(a, cuts):
            # Whoever is above the higher cut is above the lower one, too.
            between = (z * (w * chances[b] * (1 - chances[a]))[:, None]).T @ z
            whole[a, :, b] = (inverse[a] @ between @ inverse[b])[1:, 1:]
            whole[b, :, a] = whole[a, :, b].T
    return whole.reshape(cuts * (p - 1), -1)


def _untransposed(covariance: np.ndarray, p: int) -> np.ndarray:
    """The covariance with its blocks (p x p) above the diagonal copied below it as they are."""
    size = len(covariance)
    blocks = covariance.reshape(size // p, p, size // p, p).copy()
    for a in range(size // p):
        for b in range(a):
            blocks[a, :, b] = blocks[b, :, a]
    return blocks.reshape(size, size)


def corrected(own: np.ndarray, other: np.ndarray, *, value=None, statistic: float = 0.0) -> tuple:
    """chi2, df and p of a statistic (or of the square of `value`) that `own` weighs while its parts vary as `other`.

    Its mean and variance are those of a multiple of a chi-square. Source: Rao and Scott, JASA 76 (1981) 221-230;
    Satterthwaite, Biometrics Bulletin 2 (1946) 110-114.
    """
    size = np.sqrt(np.abs(np.diag(own)))
    if not np.linalg.eigvalsh((own + own.T) / 2 / np.outer(size, size))[0] > POSITIVE:
        return np.nan, np.nan, np.nan
    if value is not None:
        statistic = value @ np.linalg.solve(own, value)
    effect = np.linalg.solve(own, other)
    first, second = np.trace(effect), np.trace(effect @ effect)
    df = first**2 / second
    chi2 = max(statistic, 0.0) * first / second
    return chi2, df, special.chdtrc(df, chi2)


def _frame(rows: dict, order: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=["chi2", "df", "p"])
    return frame.loc[order].rename_axis("term")
