"""Diagnostics in plain words: what a model takes for granted, whether the data go along, and what follows if not.

A regression describes what goes together. No test here, passed or failed, turns that into an effect of acting on a
driver: that takes a design (a comparison group, an experiment).
"""

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import special

from cxlib.binary import BinaryFit, fit_binary
from cxlib.corrections import adjust
from cxlib.errors import CxError
from cxlib.hazard import HazardFit
from cxlib.influence import cook, inflation
from cxlib.language import noted, tr
from cxlib.linear import LinearFit, fit_linear
from cxlib.ordinal import OrdinalFit, fit_ordinal
from cxlib.sandwich import spread
from cxlib.terms import check_independence, standardised
from cxlib.text import number

# Where a verdict turns: a look is due at the first, trouble begins at the second.
INFLATION, COOK, P = (5.0, 10.0), (0.5, 1.0), (0.10, 0.01)
GROUPS = 10
ROUNDING = 1e-9  # a square that varies by less of itself is one number
VERDICTS = (noted("no sign of trouble"), noted("worth a look"), noted("does not hold"))
UNTESTED = noted("not tested")


def diagnostics(fit: LinearFit | OrdinalFit | BinaryFit | HazardFit, *, outcome: str = "", label=str) -> pd.DataFrame:
    """A model's assumptions one by one: assumption, test, statistic, df, p, verdict, consequence.

    verdict is "no sign of trouble", "worth a look", "does not hold" or "not tested"; consequence says in words what
    follows from it. `label` gives what a driver is called, `outcome` is what the outcome is (default: their columns).
    A row each for collinearity, influence, link, and where the model has it spread of the residuals
    (linear), residual pattern, proportional odds (ordinal logit), separation (binary) and proportional hazards (Cox).
    Sources: Ramsey, Journal of the Royal Statistical Society B 31 (1969) 350-371; Pregibon, Applied Statistics 29
    (1980) 15-24; Koenker, Journal of Econometrics 17 (1981) 107-112; others where the numbers are made.
    """
    found = [_collinearity(fit, label), _influence(fit)]
    if not isinstance(fit, HazardFit):
        found += [_link(fit), _pattern(fit)]
    if isinstance(fit, LinearFit):
        found.append(_spread(fit))
    if isinstance(fit, OrdinalFit) and fit.link == "logit" and not fit.free:
        found.append(_proportional(fit, label))
    if isinstance(fit, BinaryFit):
        found.append(_separation(fit, outcome, label))
    if isinstance(fit, HazardFit):
        found.append(_hazards(fit, label))
    columns = ["assumption", "test", "statistic", "df", "p", "verdict", "consequence"]
    return pd.DataFrame(found, columns=columns)


def _verdict(value: float, bounds: tuple[float, float], *, small: bool = False) -> str:
    """The verdict on a statistic that is bad when great, or on a p value that is bad when `small`."""
    if np.isnan(value):
        return UNTESTED
    return VERDICTS[sum(value <= bound if small else value >= bound for bound in bounds)]


def _row(assumption, test, statistic, df, p, verdict, words: dict) -> tuple:
    """A row of the table; `words` say what follows from each of the three verdicts."""
    said = words.get(verdict) or tr("It could not be tested on these answers.")
    return assumption, test, float(statistic), float(df), float(p), verdict, said


def _collinearity(fit, label) -> tuple:
    found = inflation(fit)
    most, driver = found.max(), label(found.idxmax())
    words = {
        VERDICTS[0]: tr("The drivers differ enough to be told apart."),
        VERDICTS[1]: tr(
            "{driver} is largely given by the others: its interval is {times} times as wide as alone.",
            driver=driver,
            times=number(most**0.5, digits=1),
        ),
        VERDICTS[2]: tr(
            "{driver} is nearly given by the others; read them together, or as shares of importance.", driver=driver
        ),
    }
    test = tr("variance inflation, greatest ({driver})", driver=driver)
    return _row(noted("drivers differ"), test, most, np.nan, np.nan, _verdict(most, INFLATION), words)


def _influence(fit) -> tuple:
    found = cook(fit)
    most, row = found.max(), found.idxmax() + 1
    words = {
        VERDICTS[0]: tr("No single respondent carries the result."),
        VERDICTS[1]: tr("One respondent (row {row} of the tally) moves the coefficients noticeably.", row=row),
        VERDICTS[2]: tr("One respondent (row {row} of the tally) decides: fit again without, print both.", row=row),
    }
    verdict = _verdict(most, COOK)
    return _row(noted("nobody dominates"), tr("Cook's distance, greatest"), most, np.nan, np.nan, verdict, words)


def _link(fit) -> tuple:
    """Whether the square of the prediction has something to add."""
    statistic = df = p = np.nan
    sample = fit.sample
    slopes = fit.likelihood.parameters[fit.likelihood.place].mean(axis=0) if isinstance(fit, OrdinalFit) else None
    slopes = fit.parameters[1:] if slopes is None else slopes
    square = standardised((sample.x @ slopes)[:, None], sample.w)[0] ** 2
    name = "(square of the prediction)"
    wider = replace(
        sample, x=np.column_stack([sample.x, square]), terms=[*sample.terms, name], owner=[*sample.owner, name]
    )
    # Where an answer sorts the outcome the square would only sort it again; drivers of few answers leave no square to
    # add, and a wider model may have no solution: not tested.
    with suppress(CxError):
        if not getattr(fit, "separation", "") and np.ptp(square) > ROUNDING * square.max():
            check_independence(wider.x, wider.w, wider.terms)
            again = _again(fit, wider)
            row, df = again.coefficients.loc[name], again.errors.df
            statistic, p = row["t"], row["p"]
    words = {
        VERDICTS[0]: tr("A straight line on the model's scale describes the answers."),
        VERDICTS[1]: tr("The line may bend: a point at the top may not weigh what it does at the bottom."),
        VERDICTS[2]: tr(
            "The line bends: a coefficient is an average over the scale; see the asymmetry of each driver."
        ),
    }
    test = tr("Ramsey's RESET (square)") if isinstance(fit, LinearFit) else tr("Pregibon's link test (square)")
    return _row(noted("lines are straight"), test, statistic, df, p, _verdict(p, P, small=True), words)


def _event(fit: BinaryFit):
    """The event as binary() takes it: fits call it by its text, a numeric outcome knows it as a number."""
    return fit.event if fit.sample.outcome in fit.sample.levels else float(fit.event)


def _again(fit, sample):
    """The same model on another sample."""
    if isinstance(fit, LinearFit):
        return fit_linear(sample, metric=fit.metric, confidence=fit.confidence)
    if isinstance(fit, OrdinalFit):
        return fit_ordinal(sample, link=fit.link, free=fit.free, confidence=fit.confidence)
    return fit_binary(sample, event=_event(fit), firth=bool(fit.separation), confidence=fit.confidence)


def _residuals(fit) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the model expects of each row, the outcome less that, and the variance that the model gives it."""
    if isinstance(fit, LinearFit):
        return fit.fitted, fit.y - fit.fitted, np.zeros(len(fit.y))
    if isinstance(fit, BinaryFit):
        return fit.chance, fit.y - fit.chance, fit.chance * (1 - fit.chance)
    expected = fit.above.sum(
        axis=1
    )  # an answer's number is the count of cuts below it, its square a sum of odd numbers
    return expected, fit.answer - expected, fit.above @ (2 * np.arange(len(fit.levels) - 1) + 1) - expected**2


def _pattern(fit) -> tuple:
    """Whether the model is right on average in every tenth of its predictions."""
    sample = fit.sample
    expected, residual, variance = _residuals(fit)
    edges = np.unique(np.quantile(expected, np.linspace(0, 1, GROUPS + 1)[1:-1], method="inverted_cdf"))
    group = np.searchsorted(edges, expected)
    marks = (group[:, None] == np.arange(group.max() + 1)).astype(float)
    weight = sample.w @ marks
    means = (sample.w * residual) @ marks / weight
    influence = marks * (residual[:, None] - means) / weight
    # Where nearly all give the same answer, residuals hardly vary in the sample; the model knows that they do.
    promised = (sample.table["w2"].to_numpy(float)[sample.used] * variance) @ marks / weight**2
    se = np.sqrt(np.maximum(np.diag(spread(sample, influence)), promised))
    with np.errstate(invalid="ignore", divide="ignore"):
        t = np.where(se > 1e-12 * np.abs(residual).max(), means / se, np.nan)
    df = fit.errors.df
    p = adjust(2 * (special.ndtr(-np.abs(t)) if np.isinf(df) else special.stdtr(df, -np.abs(t))))
    worst = int(np.nanargmin(p)) if not np.isnan(p).all() else 0
    words = {
        VERDICTS[0]: tr("The model is right on average for low, middling and high predictions alike."),
        VERDICTS[1]: tr("Predictions may be off in tenth {tenth}, counted from the lowest.", tenth=worst + 1),
        VERDICTS[2]: tr(
            "Predictions are off in tenth {tenth}, counted from the lowest: something is missing there.",
            tenth=worst + 1,
        ),
    }
    test = tr("mean residual in tenths of the prediction ({groups} groups, Holm)", groups=len(p))
    verdict = _verdict(p[worst], P, small=True)
    return _row(noted("no pattern in the residuals"), test, t[worst], df, p[worst], verdict, words)


def _spread(fit: LinearFit) -> tuple:
    """Koenker's form of the Breusch-Pagan test, in effective respondents."""
    sample = fit.sample
    squared = (fit.y - fit.fitted) ** 2
    z, share = standardised(sample.x, sample.w)[0], sample.w / sample.w.sum()
    root = np.sqrt(share)
    above = squared - share @ squared
    explained = z @ np.linalg.lstsq(z * root[:, None], root * above, rcond=None)[0]
    w2 = sample.table["w2"].to_numpy(float)[sample.used]
    n = sample.w.sum() ** 2 / w2.sum()
    statistic = n * (share @ explained**2) / (share @ above**2) if share @ above**2 > 0 else np.nan
    df = z.shape[1]
    p = special.chdtrc(df, statistic)
    words = {
        VERDICTS[0]: tr("Answers scatter alike for all predictions."),
        VERDICTS[1]: tr("Answers may scatter more for some than for others; the errors printed allow for it."),
        VERDICTS[2]: tr(
            "Answers scatter more for some than for others; the errors printed allow for it, and so nothing is lost "
            "but some precision."
        ),
    }
    verdict = _verdict(p, P, small=True)
    return _row(noted("even scatter"), "Breusch-Pagan (Koenker)", statistic, df, p, verdict, words)


def _proportional(fit: OrdinalFit, label) -> tuple:
    chi2 = df = p = np.nan
    worst = ""
    try:
        found = fit.proportional_odds()
        chi2, df, p = found.loc["omnibus", ["chi2", "df", "p"]]
        worst = label(found.drop(index="omnibus")["p"].idxmin())
    except CxError:
        pass  # too few cuts to compare: not tested
    words = {
        VERDICTS[0]: tr("Each driver moves the whole scale alike; one coefficient describes it."),
        VERDICTS[1]: tr("{driver} may move one end of the scale more than the other.", driver=worst),
        VERDICTS[2]: tr(
            "{driver} moves one end of the scale more than the other: its coefficient is an average over the cuts; "
            "free it (partial proportional odds) to see each.",
            driver=worst,
        ),
    }
    verdict = _verdict(p, P, small=True)
    return _row(noted("proportional odds"), tr("Brant, omnibus"), chi2, df, p, verdict, words)


def _hazards(fit: HazardFit, label) -> tuple:
    found = fit.proportional_hazards()
    chi2, df, p = found.loc["omnibus", ["chi2", "df", "p"]]
    worst = label(found.drop(index="omnibus")["p"].idxmin())
    words = {
        VERDICTS[0]: tr("Hazard ratios hold for new and old customers alike."),
        VERDICTS[1]: tr("What goes with {driver} may differ between the first months and later.", driver=worst),
        VERDICTS[2]: tr(
            "What goes with {driver} differs between the first months and later: its hazard ratio is an average over "
            "the time watched; fit early and late months apart.",
            driver=worst,
        ),
    }
    verdict = _verdict(p, P, small=True)
    return _row(noted("proportional hazards"), tr("Grambsch and Therneau, omnibus"), chi2, df, p, verdict, words)


def _separation(fit: BinaryFit, outcome: str, label) -> tuple:
    said = fit.separation_of(outcome, label) if outcome else fit.separation
    words = {
        VERDICTS[0]: tr("Every coefficient has a finite value."),
        VERDICTS[2]: tr(
            "{separation}; Firth's penalised fit is shown, and no number for it is to be quoted.", separation=said
        ),
    }
    verdict, test = VERDICTS[2] if said else VERDICTS[0], tr("terms without a finite value")
    return _row(noted("nothing sorts the outcome"), test, len(fit.unbounded), np.nan, np.nan, verdict, words)
