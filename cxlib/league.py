"""League tables that do not reward luck: branches, teams or employees by a metric, by conversion, by reasons.

The best and the worst of many units are the luckiest and unluckiest as well, small ones above all. So every value is
shrunk towards that of an average unit, the more the less is known of the unit (partial pooling), with an interval that
holds what remains unknown. A league table is read as a whole, and its rank intervals hold as a whole: with the given
confidence all true ranks lie in their intervals at once, and units that are alike are not told apart. They come from
tested differences of the units' own values (Holm), not from the model: ranks of posterior draws have narrower
intervals, each of which holds one rank of one unit, which is too little where somebody picks the unit after seeing the
table, and where units are alike they rank noise.
Sources: Efron and Morris, Journal of the American Statistical Association 70 (1975) 311-319;
Goldstein and Spiegelhalter, Journal of the Royal Statistical Society A 159 (1996) 385-443; Mogstad, Romano, Shaikh and
Wilhelm, Review of Economic Studies 91 (2024) 476-518.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from cxlib.calls import told
from cxlib.compare import CLEAR, verdict
from cxlib.complaint_rate import PRIOR
from cxlib.errors import CxError
from cxlib.estimate import Estimate
from cxlib.language import noted, tr
from cxlib.league_reasons import WON, reasons
from cxlib.league_units import Units, told_apart, units_of
from cxlib.metrics import find
from cxlib.pooled_means import moderated, outermost, pool_means, welch
from cxlib.pooled_rates import pool_rates
from cxlib.shown import Shown

__all__ = ["League", "by_metric", "by_rate", "reasons"]

DRAWS = 10_000  # of all units together, for the chances of being best
# What models are called: of all units, and of all but those that stand apart.
NORMAL = (
    noted("normal-normal model of {units} units"),
    noted("normal-normal model of {units} units, without {apart} that stand apart"),
)
BETA = (
    noted("beta-binomial model of {units} units"),
    noted("beta-binomial model of {units} units, without {apart} that stand apart"),
)
ENOUGH = 5  # units, from which on a further one can be told to stand apart
COLUMNS = ["unit", "estimate", "se", "n", "n_weighted", "n_effective", "pooled", "low", "high"]
COLUMNS += ["rank", "rank_low", "rank_high", "chance_best", "chance_top", "weight", "apart", "method"]


@dataclass(frozen=True, repr=False)
class League(Shown):
    """A league table, and what it says as a whole.

    `frame` has a row a unit, the best pooled value first, units under the minimum base last and without numbers:
    unit; estimate, se, n, n_weighted, n_effective (the unit's own answers);
    pooled, low, high (posterior mean after partial pooling, and its interval);
    rank (of pooled, 1 the highest), rank_low, rank_high (with `confidence` all true ranks lie within, at once);
    chance_best, chance_top (percent; posterior chance that the unit is the highest, and in the top quarter);
    weight (percent; what the unit's own answers count in `pooled`, the rest being the average unit);
    apart (true where a unit lies so far out that it is no draw from the distribution of the others: it is not pooled,
        so that pooled, low and high are its own); method.

    `average` is the mean of the pooled units, each counting once, `between` the standard deviation of their true
    values: posterior medians. The interval of `between` never holds 0; whether units differ at all is what two tests
    say: of all together (`statistic`, an F with `df`; `p`), and of the two that differ most clearly (`p_widest`, Holm).
    """

    frame: pd.DataFrame
    average: Estimate
    between: Estimate
    statistic: float
    df: tuple[float, float]
    p: float
    p_widest: float
    test: str
    minimum_base: int
    confidence: float

    @property
    def verdict(self) -> str:
        """Whether units differ at all: clear, borderline or none, by the smaller p of the two tests, doubled."""
        return verdict(min(1.0, 2 * min(self.p, self.p_widest)))

    @property
    def suppressed(self) -> pd.DataFrame:
        """The units under the minimum base: unit, n."""
        return self.frame.loc[self.frame["pooled"].isna(), ["unit", "n"]].reset_index(drop=True)


@told
def by_metric(
    frame,
    unit: str,
    metric,
    *,
    question: str,
    weights=None,
    strata=None,
    clusters=None,
    minimum_base=30,
    confidence=0.95,
    seed=0,
) -> League:
    """Units by a metric (NPS, CSAT, CES, or mean for plain numbers), partially pooled: a League.

    The model is normal-normal, its standard deviation between units integrated out (cxlib.pooled_means). A unit's
    answers are a sample of their own: units are strata, beside those of `strata`; `clusters` lie within units (say,
    customers who answered twice), and where the unit is itself the cluster there are none to name. Raises CxError for
    fewer than three units with the minimum base, a unit of one cluster, answers that do not vary within units, and as
    scores.by_group(), whose arguments these are.
    """
    design = {"weights": weights, "strata": strata, "clusters": clusters}
    units = units_of(frame, unit, metric, question, design, minimum_base, confidence)
    rows, tail = units.rows, (1 - confidence) / 2
    y, n = rows["estimate"].to_numpy(), rows["n"].to_numpy(float)
    # Of one answer, which large and small units have in common.
    variance, df = moderated(rows["se"].to_numpy() ** 2 * n, rows["df"].to_numpy())
    if not variance.min() > 0:
        raise CxError(
            tr(
                "a league needs answers that vary within its units; to {question}, each {unit} gave the same",
                question=question,
                unit=unit,
            )
        )
    variance = variance / n
    inside = _inside(y, variance, lambda rest, i: pool_means(y[rest], variance[rest]).surprise(y[i], variance[i]))
    pooled = pool_means(y[inside], variance[inside])
    least, most = (units.levels[0], units.levels[-1]) if units.levels else (-np.inf, np.inf)
    found = _filled(
        rows,
        inside,
        pooled=pooled.share @ pooled.mean,
        low=np.maximum(pooled.quantile(tail), least),
        high=np.minimum(pooled.quantile(1 - tail), most),
        weight=100 * (pooled.share @ pooled.own),
    )
    drawn = np.random.default_rng(seed + 1).normal(y, np.sqrt(variance), (DRAWS, len(y)))
    drawn[:, inside] = pooled.draws(DRAWS, seed=seed)
    average, between = (_summary(quantile, tail) for quantile in (pooled.average_quantile, pooled.tau_quantile))
    f, df1, df2, p = welch(y, variance, df)
    whole = _whole(found, NORMAL, find(metric).unit if find(metric) else "score", confidence, average, between)
    frame, widest = _table(units, found, drawn, confidence)
    return League(frame, *whole, f, (df1, df2), p, widest, noted("Welch's F"), minimum_base, confidence)


@told
def by_rate(
    frame, unit: str, won: str, *, weights=None, strata=None, clusters=None, minimum_base=30, confidence=0.95, seed=0
) -> League:
    """Units by a share, such as offers won or visits that moved on to the next stage, partially pooled: a League.

    `won` holds 1, 0 and blank. The model is beta-binomial with uncertain parameters (cxlib.pooled_rates), on effective
    numbers of answers; the test that units differ at all is Pearson's chi-square on them, divided by its degrees of
    freedom. Numbers are in percent. Arguments and errors otherwise as by_metric().
    """
    design = {"weights": weights, "strata": strata, "clusters": clusters}
    units = units_of(frame, unit, WON, won, design, minimum_base, confidence)
    rows, tail = units.rows, (1 - confidence) / 2
    n = np.minimum(rows["n_effective"], rows["n"]).to_numpy()
    x = np.clip(rows["estimate"].to_numpy() / 100, 0, 1) * n
    mean = x.sum() / n.sum()
    if mean in (0, 1):
        raise CxError(
            tr("a league needs answers that vary; {column} is {value} in every row", column=won, value=f"{mean:.0f}")
        )
    inside = _inside(x / n, mean * (1 - mean) / n, lambda rest, i: pool_rates(x[rest], n[rest]).surprise(x[i], n[i]))
    pooled = pool_rates(x[inside], n[inside])
    found = _filled(
        rows,
        inside,
        pooled=100 * pooled.means(),
        low=100 * pooled.quantile(tail),
        high=100 * pooled.quantile(1 - tail),
        weight=100 * pooled.own(),
    )
    drawn = np.random.default_rng(seed + 1).beta(x + PRIOR, n - x + PRIOR, (DRAWS, len(x)))
    drawn[:, inside] = pooled.draws(DRAWS, seed=seed)
    average, between = (
        tuple(100 * value for value in _summary(quantile, tail))
        for quantile in (pooled.average_quantile, pooled.between_quantile)
    )
    chi, df = float((n * (x / n - mean) ** 2).sum() / (mean * (1 - mean))), len(n) - 1
    whole = _whole(found, BETA, "percent", confidence, average, between)
    frame, widest = _table(units, found, drawn, confidence)
    test = (chi / df, (float(df), np.inf), float(special.chdtrc(df, chi)), widest, noted("Pearson's chi-square"))
    return League(frame, *whole, *test, minimum_base, confidence)


def _inside(y: np.ndarray, variance: np.ndarray, surprise) -> np.ndarray:
    """Which units are draws from one distribution: all but those that stand apart from the rest.

    One after the other, the outermost is held against what surprise(rest, i) makes of it: the p value of unit i where
    the rest is known. The level is that of a clear difference, corrected by Bonferroni for the units looked at.
    """
    inside = np.ones(len(y), bool)
    while inside.sum() > ENOUGH:
        numbers = np.flatnonzero(inside)
        i, away = outermost(y[inside], variance[inside])
        rest = inside & (np.arange(len(y)) != numbers[i])
        # The normal tail is thinner than that of the model, which need not be asked where this is not.
        if 2 * special.ndtr(-away) * len(numbers) > CLEAR or surprise(rest, numbers[i]) * len(numbers) > CLEAR:
            break
        inside = rest
    return inside


def _filled(rows: pd.DataFrame, inside: np.ndarray, **pooled) -> pd.DataFrame:
    """The rows with what pooling made of those inside; the others keep their own value and interval."""
    found = rows.assign(pooled=rows["estimate"], weight=100.0, apart=~inside)
    found.loc[inside, list(pooled)] = np.column_stack(list(pooled.values()))
    return found


def _summary(quantile, tail: float) -> tuple[float, float, float, float]:
    """Median of a distribution, half of the width that holds its middle 68% (no sd need exist), and its interval."""
    middle = [quantile(q) for q in (0.5, special.ndtr(-1), special.ndtr(1))]
    return middle[0], (middle[2] - middle[1]) / 2, quantile(tail), quantile(1 - tail)


def _whole(
    found: pd.DataFrame, model: tuple[str, str], measured: str, confidence: float, average: tuple, between: tuple
) -> tuple[Estimate, Estimate]:
    """The average unit and the standard deviation between units, of which value, se, low and high are given."""
    rows = found[~found["apart"]]
    bases = (int(rows["n"].sum()), float(rows["n_effective"].sum()))
    apart = len(found) - len(rows)
    method = tr(model[apart > 0], units=len(rows), apart=apart)
    names = (tr("Average unit"), tr("Standard deviation between units"))
    return tuple(
        Estimate(name, value, low, high, sd, *bases, measured, confidence, method)
        for name, (value, sd, low, high) in zip(names, (average, between), strict=True)
    )


def _table(units: Units, found: pd.DataFrame, drawn: np.ndarray, confidence: float) -> tuple[pd.DataFrame, float]:
    """The frame of a league, and p of its clearest pair: chances from draws (samples x k), ranks from differences."""
    k, value = len(found), found["pooled"].to_numpy()
    top = -(-k // 4)
    best = np.bincount(drawn.argmax(axis=1), minlength=k) / len(drawn)
    among = np.bincount(np.argpartition(-drawn, top - 1, axis=1)[:, :top].ravel(), minlength=k) / len(drawn)
    rank = 1 + (value[None, :] > value[:, None]).sum(axis=1)
    above, below, widest = told_apart(units, confidence)
    found = found.assign(
        rank=rank,
        # A rank of the pooled values never lies outside.
        rank_low=np.minimum(1 + above, rank),
        rank_high=np.maximum(k - below, rank),
        chance_best=100 * best,
        chance_top=100 * among,
    )
    frame = pd.concat([found.sort_values("rank", kind="stable"), units.small], ignore_index=True)
    frame["method"] = frame["method"].fillna(tr("base too small"))
    frame["apart"] = frame["apart"].eq(True)
    return frame[COLUMNS], widest
