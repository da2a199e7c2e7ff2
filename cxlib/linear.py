"""Linear models of a metric: how many points go with one more point on a driver, the other drivers held alike.

Weighted least squares. Errors are by linearisation of the design (weights, strata, clusters, finite population), and so
hold whatever the spread of the residuals: promoters and detractors are -100, 0 and 100, for which the textbook formula
is wrong. The same coefficients, errors and degrees of freedom as svyglm of R's survey package.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.calls import told
from cxlib.errors import CxError
from cxlib.language import tr
from cxlib.metrics import Metric, find
from cxlib.sandwich import Errors, design_based, parameters
from cxlib.scores import score
from cxlib.shown import Shown
from cxlib.terms import Sample, read, standardised
from cxlib.text import number


@dataclass(frozen=True, repr=False)
class LinearFit(Shown):
    """A fitted linear model.

    coefficients: frame by term ("(constant)" first): estimate, se, low, high, t, p, n, n_effective, in points of the
    outcome per unit of the driver. r2: share of the outcome's weighted variance that the model accounts for, 0 to 1.
    """

    coefficients: pd.DataFrame
    r2: float
    method: str
    metric: Metric | str
    confidence: float
    sample: Sample
    errors: Errors  # of the constant and the terms
    y: np.ndarray  # outcome of the rows in use …
    fitted: np.ndarray  # … and what the model expects

    @property
    def unit(self) -> str:
        """What the coefficients are counted in."""
        metric = find(self.metric)
        return metric.unit if metric else "score"

    @property
    def parameters(self) -> np.ndarray:
        """The constant and the coefficients."""
        return self.coefficients["estimate"].to_numpy()


@told
def linear(
    frame,
    outcome,
    drivers,
    *,
    metric="mean",
    weights=None,
    strata=None,
    clusters=None,
    fpc=None,
    calibration=None,
    confidence=0.95,
) -> LinearFit:
    """Least squares of a metric on drivers: points of the outcome that go with one more point on each driver.

    `outcome`, `drivers`, weights, strata, clusters and fpc name columns of `frame`; `metric` (a Metric or its name,
    "mean" for numbers as they are) scores the outcome. Categories are compared with their first; respondents without
    an answer to all are left out, and counted. Intervals are Student's t with clusters - strata - terms degrees of
    freedom. Raises CxError as terms.read(), and for an outcome that does not vary.
    Source: Fuller, Sankhya C 37 (1975) 117-132; Binder, International Statistical Review 51 (1983) 279-292.

    >>> from cxlib import Study, drivers
    >>> study = Study.load("data/demo")
    >>> fit = drivers.linear(study.survey, "recommend", ["product_quality"], metric="nps", **study.design)
    >>> fit.coefficients[["estimate", "low", "high", "p"]].round(2)
                     estimate     low   high    p
    term
    (constant)         -92.34 -102.55 -82.14  0.0
    product_quality     31.71   29.83  33.59  0.0
    """
    design = {"strata": strata, "clusters": clusters, "fpc": fpc, "calibration": calibration}
    sample = read(frame, outcome, drivers, weights=weights, **design)
    return fit_linear(sample, metric=metric, confidence=confidence)


def fit_linear(sample: Sample, *, metric="mean", confidence=0.95) -> LinearFit:
    """The model of linear() on a sample that is already read."""
    y = score(sample.table[sample.used], metric, sample.outcome)
    if np.ptp(y) == 0:
        raise CxError(
            f"an outcome must vary; all {sample.n:,} answers to {sample.outcome} score {y[0]:g}{sample.where}"
        )
    w, (z, centre, scale) = sample.w, standardised(sample.x, sample.w)
    z = np.column_stack([np.ones(len(z)), z])
    root = np.sqrt(w)[:, None]
    inverse = np.linalg.pinv(z * root)
    b = inverse @ (root[:, 0] * y)
    residual = y - z @ b
    influence = residual[:, None] * (z @ (inverse @ inverse.T))
    # From standardised terms back to the drivers' own units.
    back = np.diag(np.r_[1.0, 1 / scale])
    back[0, 1:] = -centre / scale
    errors = design_based(sample, influence @ back.T, len(scale))
    names = ["(constant)", *sample.terms]
    return LinearFit(
        coefficients=parameters(errors, names, back @ b, confidence),
        r2=float(1 - w @ residual**2 / (w @ (y - w @ y / w.sum()) ** 2)),
        method=tr(
            "least squares; {errors}, Student's t ({df} degrees of freedom); {base}",
            errors=tr(errors.name),
            df=number(errors.df),
            base=sample.text,
        ),
        metric=metric,
        confidence=confidence,
        sample=sample,
        errors=errors,
        y=y,
        fitted=z @ b,
    )
