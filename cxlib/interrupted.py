"""Did it work, with nothing to compare with? An interrupted time series: a line before, a line after, and the step.

One group's series can be moved by whatever else happened at that time: without a comparison group this is association.
Errors are Newey and West's (Bartlett kernel), which let neighbouring waves resemble one another. On few waves they are
far too small (12 waves, independent errors: 95% intervals cover 80%), so that each is scaled by what it lacks on
average, and given the degrees of freedom of its own spread, both computed for errors of first-order autocorrelation as
estimated by restricted maximum likelihood. Simulated with autocorrelation 0 / 0.3 / 0.6, intervals of the step cover
96 / 95 / 94% on 12 waves and 96 / 94 / 95% on 24; those of the change of slope 93 / 91 / 87% and 94 / 93 / 90%.
Sources: Newey and West, Econometrica 55 (1987) 703-708, lags as in Review of Economic Studies 61 (1994) 631-653,
rounded up; Bell and McCaffrey, Survey Methodology 28 (2002) 169-181 (scale and degrees of freedom under a working
model); Wagner and others, Journal of Clinical Pharmacy and Therapeutics 27 (2002) 299-309 (segmented regression).
"""

import numpy as np
import pandas as pd
from scipy import special

from cxlib import intervals
from cxlib.errors import CxError, nearest
from cxlib.language import noted, tr
from cxlib.text import number

LEAST, LEAST_A_SIDE = 12, 4
TERMS = (noted("slope before"), noted("step"), noted("change of slope"), noted("gap at the end"))


def interrupted(series, *, over, change, confidence=0.95) -> pd.DataFrame:
    """A step and a change of slope from the wave `change` on, against the line of the waves before it.

    `series` is a tidy frame, a row a wave in order (evenly spaced; a wave without an estimate leaves a gap): `over`
    names its column of waves, `estimate` holds the numbers. Columns of the result: term (slope before, a wave; step, at
    `change`; change of slope, a wave; gap at the end, between both lines in the last wave), estimate, low, high, se, t,
    df, p, n (waves with an estimate), n_effective (independent waves with that error), newey_west (the error as other
    software prints it), autocorrelation, method. Raises CxError for fewer than 12 waves, fewer than 4 on one side, and
    an unknown `change`.
    """
    waves = series[over].astype(str).tolist()
    if len(set(waves)) < len(waves):
        twice = next(wave for wave in waves if waves.count(wave) > 1)
        raise CxError(f"an interrupted series has a row a wave; {twice} stands {waves.count(twice)} times")
    if str(change) not in waves:
        raise CxError(f"there is no wave {change} in {over}; it has {', '.join(waves)}{nearest(change, waves)}")
    y = series["estimate"].to_numpy(float)
    if np.isinf(y).any():
        raise CxError(f"the series must be finite numbers; {np.isinf(y).sum()} are not, e.g. {y[np.isinf(y)][0]}")
    time, start = np.arange(len(y)), waves.index(str(change))
    given = ~np.isnan(y)
    before, n = int(given[:start].sum()), int(given.sum())
    if n < LEAST or min(before, n - before) < LEAST_A_SIDE:
        raise CxError(
            f"an interrupted series needs {LEAST} waves, and {LEAST_A_SIDE} on either side of the change; found "
            f"{before} before {change} and {n - before} from it on"
        )
    later = (time >= start).astype(float)
    x = np.column_stack([np.ones(len(y)), time, later, later * (time - start)])[given]
    combined = np.eye(4)[1:]
    combined = np.vstack([combined, combined[1] + (len(y) - 1 - start) * combined[2]])
    found = _fit(x, y[given], np.abs(np.subtract.outer(time[given], time[given])), combined)
    low, high = intervals.student(found["estimate"], found["se"], found["df"], confidence)
    found["t"] = found["estimate"] / found["se"]
    found = found.assign(term=TERMS, low=low, high=high, p=2 * special.stdtr(found["df"], -found["t"].abs()), n=n)
    shown = ["term", "estimate", "low", "high", "se", "t", "df", "p", "n", "n_effective", "newey_west"]
    return found[[*shown, "autocorrelation", "method"]]


def _fit(x: np.ndarray, y: np.ndarray, apart: np.ndarray, combined: np.ndarray) -> pd.DataFrame:
    """Least squares, and the errors of combinations of its coefficients; `apart` is how many waves lie between two."""
    n, k = x.shape
    bread = np.linalg.inv(x.T @ x)
    weights = combined @ bread @ x.T
    residual_maker = np.eye(n) - x @ bread @ x.T
    residuals = residual_maker @ y
    if residuals @ residuals <= 1e-20 * (y @ y):
        raise CxError(f"an interrupted series must vary about its lines; these {n} waves lie on them exactly")
    rho = _autocorrelation(x, residuals, apart)
    working = _correlations(rho, apart)
    lags = int(np.ceil(4 * (n / 100) ** (2 / 9)))
    kernel = np.maximum(1 - apart / (lags + 1), 0.0)
    rows = []
    for estimate, of in zip(weights @ y, weights, strict=True):
        quadratic = np.outer(of, of) * kernel
        expected = residual_maker @ quadratic @ residual_maker @ working
        plain, mean = residuals @ quadratic @ residuals, np.trace(expected)
        variance = plain * (of @ working @ of) / mean
        df = mean**2 / (expected * expected.T).sum()
        alone = (of @ of) * (residuals @ residuals) / (n - k)
        rows.append((estimate, np.sqrt(variance), df, n * alone / variance, np.sqrt(plain)))
    found = pd.DataFrame(rows, columns=["estimate", "se", "df", "n_effective", "newey_west"])
    method = tr(
        "segmented regression; Newey-West, {lags} lags, scaled for an autocorrelation of {rho}; Student's t",
        lags=lags,
        rho=number(rho, digits=2),
    )
    return found.assign(autocorrelation=rho, method=method)


def _correlations(rho, apart: np.ndarray) -> np.ndarray:
    """Correlations of errors whose first-order autocorrelation is rho; a matrix for each of several."""
    rho = np.asarray(rho, float)[..., None, None]
    return np.sign(rho) ** apart * np.abs(rho) ** apart


def _autocorrelation(x: np.ndarray, residuals: np.ndarray, apart: np.ndarray) -> float:
    """The first-order autocorrelation of the errors, by restricted maximum likelihood; between -0.8 and 0.95."""
    low, high, free = -0.8, 0.95, len(x) - x.shape[1]
    for _ in range(3):  # each search lies between the neighbours of the best so far
        grid = np.linspace(low, high, 36)
        shapes = _correlations(grid, apart)
        inverse = np.linalg.inv(shapes)
        bread, cross = x.T @ inverse @ x, x.T @ inverse @ residuals
        left = residuals @ inverse @ residuals - (cross * np.linalg.solve(bread, cross[..., None])[..., 0]).sum(axis=1)
        misfit = free * np.log(left) + np.linalg.slogdet(shapes)[1] + np.linalg.slogdet(bread)[1]
        best = int(np.argmin(misfit))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    return float(grid[best])
