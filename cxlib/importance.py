"""How much of a metric's variation goes with each driver, how sure that is, and which ranks the drivers may have.

Everything follows from weighted correlations: cxlib.moments reads the data once, cxlib.shapley divides R squared, and a
bootstrap of respondents or clusters says how far shares and ranks would differ in another sample. Drivers with small
shares stay in, with their intervals. A share is association: it does not say what changing the driver would do.
"""

from collections.abc import Generator
from functools import cache
from numbers import Integral

import numpy as np
import pandas as pd

from cxlib import text
from cxlib.calls import told
from cxlib.counts import as_list
from cxlib.drawn_shares import Drawn
from cxlib.errors import CxError
from cxlib.incomplete import LEAST_EIGENVALUE, incomplete, positive
from cxlib.language import noted, tr
from cxlib.moments import Moments, moments
from cxlib.replicates import degrees_of_freedom, factors
from cxlib.shapley import johnson, lmg
from cxlib.steps import in_steps

METHODS = {
    "lmg": (lmg, noted("LMG (Shapley values of R squared)")),
    "johnson": (johnson, noted("Johnson's relative weights")),
}
MISSING = ("pairwise", "listwise", "em")
# What Moments.unit says that was drawn: one of these, or two.
UNITS = (noted("clusters"), noted("random groups of clusters"), noted("respondents"))
UNITS += (noted("random groups of respondents"),)

# LMG's time doubles with each driver: 24 take a third of a second, and with 1,000 bootstrap samples five minutes.
MOST = 24
AT_ONCE = 128  # bootstrap samples, between two steps


@told
def importance(
    frame,
    outcome,
    drivers,
    *,
    weights=None,
    strata=None,
    clusters=None,
    method="lmg",
    missing="pairwise",
    never_used=(),
    bootstrap=1000,
    confidence=0.95,
    seed=0,
) -> pd.DataFrame:
    """Each driver's share of the R squared of a linear model of the outcome on all drivers, with interval and rank.

    `frame` is any that narwhals knows; all else names columns of it: ratings, numbers, True and False. `method` is lmg
    (mean contribution over all orders in which the drivers can enter) or johnson (relative weights: much the same, for
    any number of drivers). `missing` is what is done about answers left out: pairwise (a correlation is of those who
    answered both; where such correlations contradict each other, em), em (maximum likelihood of a multivariate normal)
    or listwise (only who answered all). `never_used` are codes of drivers that are no answers, counted apart from
    blanks. `bootstrap` samples are drawn of respondents, or whole clusters, within strata; 0 leaves out intervals.

    The index holds the drivers, in the order given. Columns:
    estimate, low, high, se: the share of R squared, 0 to 1, not normalised: the shares add up to R squared;
    rank, rank_low, rank_high: 1 is the largest share. In `confidence` of samples or more the interval of a driver holds
        its true rank: it leaves out the ranks of drivers that are significantly above it or below it (Holm);
    percent, percent_low, percent_high: the share in percent of R squared;
    r_squared, r_squared_low, r_squared_high: of all drivers together, the same in every row;
    n, n_weighted, n_effective: who answered driver and outcome, their weights, and Kish's effective number of them;
    never_used, blank: who did not answer the driver; method: what was done, missing answers included.

    Raises CxError for columns that are not there, hold text or nothing, or do not vary; for drivers named twice, that
    say the same or determine each other; for more drivers than answers; and for weights that are none.
    Sources: those of cxlib.shapley, cxlib.incomplete and cxlib.replicates; ranks from differences: Mogstad, Romano,
    Shaikh and Wilhelm, Review of Economic Studies 91 (2024) 476-518.

    >>> from cxlib import Study, drivers
    >>> study = Study.load("data/demo")
    >>> asked = ["product_quality", "product_price", "staff_speed"]
    >>> found = drivers.importance(study.survey, "recommend", asked, bootstrap=0)
    >>> found[["estimate", "rank"]].round(3)
                     estimate  rank
    driver
    product_quality     0.110     1
    product_price       0.071     3
    staff_speed         0.105     2
    """
    how = {"weights": weights, "strata": strata, "clusters": clusters, "method": method, "missing": missing}
    how |= {"never_used": never_used, "bootstrap": bootstrap, "seed": seed}
    _check_call(outcome, as_list(drivers), method, missing, bootstrap, confidence)
    return drawn(frame, outcome, drivers, **how).at(confidence)


@in_steps
def drawn(
    frame,
    outcome,
    drivers,
    *,
    weights=None,
    strata=None,
    clusters=None,
    method="lmg",
    missing="pairwise",
    never_used=(),
    bootstrap=1000,
    seed=0,
) -> Generator[None, None, Drawn]:
    """What importance() is read from, at any confidence; work in steps."""
    drivers = as_list(drivers)
    _check_call(outcome, drivers, method, missing, bootstrap)
    columns, design = [*drivers, outcome], {"weights": weights, "strata": strata, "clusters": clusters}
    design |= {"apart": dict.fromkeys(drivers, _codes(never_used)), "seed": seed}
    sums = moments(frame, columns, **design, complete=missing == "listwise", by_unit=bootstrap > 0)
    _check_answers(sums)
    _check_copies(sums)
    by_likelihood = cache(lambda: incomplete(frame, columns, **design))
    broken = not sums.complete and not positive(sums.correlations())
    source = by_likelihood() if broken or (missing == "em" and not sums.complete) else sums
    correlations = source.correlations()
    _check_dependent(correlations, drivers)
    rule, name = METHODS[method]
    shares, samples, how = rule(correlations), None, [tr(name), _base(sums, missing, broken)]
    if bootstrap:
        samples, mended = yield from _samples(source, sums.stratum, rule, bootstrap, seed, by_likelihood)
        how.append(_samples_text(sums, bootstrap, mended))
    df = max(degrees_of_freedom(sums.stratum) - len(drivers), 1)  # as svyglm of R's survey package counts them
    answered = np.diag(sums.n)[:-1].astype(int)
    found = {"n": sums.n[:-1, -1].astype(int), "n_weighted": sums.sums[:, 0].sum(axis=0)[:-1, -1]}
    found |= {"n_effective": sums.effective[:-1, -1]}
    found |= {"never_used": sums.apart[:-1], "blank": sums.rows - answered - sums.apart[:-1], "method": "; ".join(how)}
    return Drawn(drivers, shares, samples, df, found)


def _samples(
    source, stratum, rule, samples: int, seed: int, by_likelihood
) -> Generator[None, None, tuple[np.ndarray, int]]:
    """The shares in each bootstrap sample, samples x drivers, and for how many of them EM stepped in."""
    shares, mended = [], 0
    for factor in factors(stratum, samples, seed=seed):
        r = source.correlations(factor)
        if isinstance(source, Moments) and source.complete:
            # What does not vary in a sample explains nothing in it, and goes unexplained.
            r = np.where(np.isnan(r), np.eye(r.shape[-1]), r)
        elif (broken := ~positive(r)).any():
            r[broken] = by_likelihood().correlations(factor[broken])
            mended += int(broken.sum())
        for start in range(0, len(r), AT_ONCE):
            yield
            shares.append(rule(r[start : start + AT_ONCE]))
    return np.concatenate(shares), mended


def _base(sums: Moments, missing: str, broken: bool) -> str:
    """What was done about answers left out, in words."""
    if sums.complete:
        n = int(sums.n[0, 0])
        who = tr("the {n} who answered all", n=text.number(n))
        who = who if n < sums.rows else tr("all {n} answered everything", n=text.number(n))
        return tr("listwise: {who}", who=who) if missing == "listwise" else who
    if broken:
        return tr("pairwise matrix not positive definite: EM covariance")
    if missing == "em":
        return tr("EM covariance (maximum likelihood of a multivariate normal) of incomplete answers")
    pairs = sums.n[np.triu_indices(len(sums.n), 1)]
    return tr("pairwise correlations, {answers} answers each", answers=text.interval(pairs.min(), pairs.max()))


def _samples_text(sums: Moments, samples: int, mended: int) -> str:
    """What was drawn, in words."""
    strata = len(np.unique(sums.stratum))
    units = {"units": text.join([tr(unit) for unit in sums.unit.split(" and ")]), "n": text.number(len(sums.stratum))}
    units |= {"samples": text.number(samples), "strata": strata}
    told = tr("{samples} bootstrap samples of {n} {units}", **units)
    told = tr("{samples} bootstrap samples of {n} {units} within {strata} strata", **units) if strata > 1 else told
    again = tr("{n} by EM covariance, pairwise not being positive definite", n=text.number(mended))
    return f"{told} ({again})" if mended else told


def _codes(never_used) -> np.ndarray:
    try:
        return np.atleast_1d(np.asarray(never_used, float))
    except (TypeError, ValueError):
        raise CxError(f"never_used are codes among the drivers' answers, e.g. 6; found {never_used!r}") from None


def _check_call(outcome, drivers: list[str], method, missing, bootstrap, confidence=0.95) -> None:
    if not drivers:
        raise CxError("importance needs a driver; none is named")
    if not isinstance(outcome, str):
        raise CxError(f"the outcome is one column, by its name; found {outcome!r}")
    for name in drivers:
        if drivers.count(name) > 1:
            raise CxError(f"a driver counts once; {name} is named {drivers.count(name)} times")
    if outcome in drivers:
        raise CxError(f"the outcome must not be among its drivers; {outcome} is")
    if method not in METHODS:
        raise CxError(f"method is {' or '.join(METHODS)}; found {method}")
    if missing not in MISSING:
        raise CxError(f"missing is one of {', '.join(MISSING)}; found {missing}")
    if method == "lmg" and len(drivers) > MOST:
        raise CxError(
            f"lmg takes {MOST} drivers at most, since its time doubles with each; {len(drivers)} are named; "
            'method="johnson" takes any number'
        )
    if not isinstance(bootstrap, Integral) or bootstrap is True or 0 != bootstrap < 100:
        raise CxError(f"bootstrap is a number of samples, 100 or more, or 0 for no intervals; found {bootstrap}")
    if not 0 < confidence < 1:
        raise CxError(f"confidence lies between 0 and 1, e.g. 0.95; found {confidence}")


def _check_answers(sums: Moments) -> None:
    """That every column varies, that there are more answers than drivers, and some for every pair."""
    *drivers, outcome = sums.columns
    table, constant = sums.table, np.isnan(np.diag(sums.correlations()))
    for name in table.index[constant]:
        what, row = "the outcome" if name == outcome else "a driver", table.loc[name]
        raise CxError(f"{what} must vary; all {row['n']:,.0f} answers to {name} are {row['mean']:g}")
    n = int(table["n"].iloc[-1])
    if n < len(drivers) + 2:
        raise CxError(f"importance needs more answers than drivers; {n} answered {outcome}, for {len(drivers)} drivers")
    few = np.argwhere(sums.n < 3)
    if len(few):
        a, b = few[0]
        raise CxError(
            f"3 respondents must have answered both {sums.columns[a]} and {sums.columns[b]}; found {sums.n[a, b]:.0f}"
        )


def _check_copies(sums: Moments) -> None:
    """That no column says what another one says."""
    r, names = sums.correlations(), sums.columns
    same = np.argwhere(np.triu(np.abs(r) > 1 - 1e-10, 1))
    if len(same):
        a, b = same[0]
        how = "rise and fall together exactly" if r[a, b] > 0 else "are each other's exact opposite"
        who = f"for all {sums.n[a, b]:,.0f} who answered both"
        raise CxError(f"drivers and outcome must differ; {names[a]} and {names[b]} {how} {who}; leave one out")


def _check_dependent(r: np.ndarray, drivers: list[str]) -> None:
    """That no driver follows from others."""
    values, vectors = np.linalg.eigh(r[:-1, :-1])
    if values[0] < LEAST_EIGENVALUE:
        parts = [name for name, v in zip(drivers, vectors[:, 0], strict=True) if abs(v) > 1e-3]
        raise CxError(f"a driver must not follow from others; {', '.join(parts)} determine each other; leave one out")
