"""Ordered logit and probit: how drivers move answers up a rating scale, without treating its steps as equal.

Own likelihood (cumulative.py), since statsmodels' class takes no weights and reports increments of cuts. Errors are by
the design where weights, strata or clusters are given, else by the information, as polr of R's MASS prints them.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from cxlib import cumulative, proportional
from cxlib.calls import told
from cxlib.counts import as_list
from cxlib.cumulative import LINKS, Cumulative
from cxlib.errors import CxError, nearest
from cxlib.language import noted, tr
from cxlib.sandwich import Errors, by_information, design_based, parameters
from cxlib.shown import Shown
from cxlib.terms import Sample, is_ordered, read

MODELS = {"logit": noted("ordered logit"), "probit": noted("ordered probit")}


@dataclass(frozen=True, repr=False)
class OrdinalFit(Shown):
    """A fitted ordered model.

    coefficients: frame by term, positive where the driver goes with higher answers: estimate, se, low, high, t, p, n,
    n_effective, on the link's scale (logit: log odds); a free driver has a row a cut, named term@cut. cuts: the same
    by "answer|next answer". deviance: -2 weighted log-likelihood.
    """

    coefficients: pd.DataFrame
    cuts: pd.DataFrame
    deviance: float
    method: str
    link: str
    confidence: float
    levels: list[str]  # the answers, in order
    free: list[str]  # drivers whose effect differs from cut to cut
    sample: Sample
    answer: np.ndarray  # number of the answer in `levels`, of the rows in use
    likelihood: Cumulative
    errors: Errors  # of the cuts, then the coefficients

    @property
    def above(self) -> np.ndarray:
        """The chance of an answer above each cut, of each row in use (rows x cuts)."""
        found = self.likelihood
        cuts = found.parameters[: found.cuts] - self.sample.x @ found.parameters[found.place].T
        return LINKS[self.link][0](-cuts)

    def proportional_odds(self) -> pd.DataFrame:
        """Does a driver move all cuts alike? Brant's test: chi2, df, p, splits, by driver and "omnibus".

        See proportional.brant().
        """
        return proportional.brant(self)

    def likelihood_ratio(self) -> pd.DataFrame:
        """The same question to the likelihood: chi2, df, p of freeing each driver, and all ("omnibus").

        See proportional.likelihood_ratio().
        """
        return proportional.likelihood_ratio(self)


@told
def ordinal(
    frame,
    outcome,
    drivers,
    *,
    link="logit",
    free=(),
    weights=None,
    strata=None,
    clusters=None,
    fpc=None,
    calibration=None,
    confidence=0.95,
) -> OrdinalFit:
    """Cumulative model of an ordered outcome: P(answer <= k) = F(cut_k - x b).

    `outcome` is a column of numbers or an ordered categorical with three or more answers; `link` is logit or probit;
    `free` names drivers whose effect may differ from cut to cut (partial proportional odds). Other arguments name
    columns. Categories are compared with their first; respondents without an answer to all are left out, and counted.
    Errors: sandwich by the design (t with clusters - strata - terms degrees of freedom) where weights, strata or
    clusters are given, else the inverse information (normal). Raises CxError as terms.read(), for an outcome of text
    or of fewer than three answers, and where a driver separates the answers.
    Source: McCullagh, Journal of the Royal Statistical Society B 42 (1980) 109-142.

    >>> from cxlib import Study, drivers
    >>> study = Study.load("data/demo")
    >>> fit = drivers.ordinal(study.survey, "satisfaction", ["product_quality", "staff_speed"], **study.design)
    >>> fit.coefficients[["estimate", "low", "high"]].round(2)
                     estimate   low  high
    term
    product_quality      0.83  0.76  0.89
    staff_speed          0.69  0.64  0.74
    """
    design = {"strata": strata, "clusters": clusters, "fpc": fpc, "calibration": calibration}
    sample = read(frame, outcome, drivers, weights=weights, **design)
    if not is_ordered(frame, outcome):
        raise CxError(
            f"an ordinal outcome is numbers or an ordered categorical; the answers to {outcome} have no order, "
            f"e.g. {sample.levels[outcome][0]!r}"
        )
    return fit_ordinal(sample, link=link, free=free, confidence=confidence)


def fit_ordinal(sample: Sample, *, link="logit", free=(), confidence=0.95, start=None) -> OrdinalFit:
    """The model of ordinal() on a sample that is already read."""
    free = as_list(free)
    for name in free:
        if name not in sample.drivers:
            raise CxError(f"free names drivers of the model; {name} is not one{nearest(name, sample.drivers)}")
    answer, levels = _answers(sample)
    loose = np.isin(sample.owner, free)
    found = cumulative.fit(sample, answer, link, loose, start)
    if sample.design_given:
        errors = design_based(sample, found.influence, len(sample.terms))
    else:
        errors = by_information(sample, found.influence, found.covariance)
    cuts = [f"{low}|{high}" for low, high in pairwise(levels)]
    names = [
        f"{term}@{cut}" if is_free else term
        for term, is_free in zip(sample.terms, loose, strict=True)
        for cut in (cuts if is_free else [""])
    ]
    model = tr(MODELS[link])
    if free:
        model = tr("{model}, {drivers} free at every cut", model=model, drivers=", ".join(free))
    return OrdinalFit(
        coefficients=parameters(errors, names, found.parameters, confidence, slice(len(cuts), None)),
        cuts=parameters(errors, cuts, found.parameters, confidence, slice(len(cuts))),
        deviance=-2 * found.log_likelihood,
        method=f"{model}; {tr(errors.name)}; {sample.text}",
        link=link,
        confidence=confidence,
        levels=levels,
        free=free,
        sample=sample,
        answer=answer,
        likelihood=found,
        errors=errors,
    )


def _answers(sample: Sample) -> tuple[np.ndarray, list[str]]:
    """The number of each row's answer, and the answers that occur, in order."""
    given = sample.column(sample.outcome)
    if sample.outcome in sample.levels:
        given = given.astype(str)
        levels = [level for level in sample.levels[sample.outcome] if (given == level).any()]
        answer, names = given.map({level: k for k, level in enumerate(levels)}).to_numpy(int), levels
    else:
        values, answer = np.unique(given.to_numpy(float), return_inverse=True)
        names = [f"{value:g}" for value in values]
    if len(names) < 3:
        only = f"found {' and '.join(names)}" + (": a model for two answers is binary()" if len(names) == 2 else "")
        raise CxError(f"an ordinal outcome needs three answers or more; {sample.outcome}: {only}{sample.where}")
    if len(names) > 50:
        raise CxError(
            f"an ordinal outcome is a rating of at most 50 answers; {sample.outcome} has {len(names)}, e.g. {names[0]}"
        )
    return answer, names
