"""What unhappy customers cost: how many are lost after each fate, what they would have brought, and who hears of it.

Unhappy customers are split into silent ones and complainers who were satisfied, mollified or left dissatisfied; each
fate has its own loss rate. Counts and rates are uncertain together: the distribution of every sum is taken over the
points of a Sobol sequence, through the exact quantiles of each input, so that it is the same in every run.
"""

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import pandas as pd
from scipy import special
from scipy.stats import qmc

from cxlib.complaint_rate import PRIOR
from cxlib.errors import CxError
from cxlib.language import noted
from cxlib.losses import LABELS
from cxlib.predictive import NegativeBinomial
from cxlib.shown import Shown
from cxlib.suppression import small, tells, withhold

OUTCOMES = ("satisfied", "mollified", "dissatisfied")
UNHAPPY = ("silent", *OUTCOMES)
POINTS = 13  # a power of two of points
KEPT = 64  # measured rates whose points are kept, for who asks what would follow from others
TOGETHER = {"complained": noted("Complained"), "all": noted("All unhappy customers")}
PRIOR_OUTCOME = 1 / 3  # one complainer more, shared by the three outcomes


def split(unhappy, rate, outcomes: dict) -> dict:
    """Unhappy customers by fate: silent, and complainers (at the complaint rate) by the shares of `outcomes`."""
    return {"silent": unhappy * (1 - rate)} | {fate: unhappy * rate * outcomes[fate] for fate in OUTCOMES}


def lost(customers: dict, losses: dict) -> dict:
    """Customers lost by fate: the customers of each fate times its loss rate (0 to 1)."""
    return {fate: count * losses[fate] for fate, count in customers.items()}


@dataclass(frozen=True, repr=False)
class Damage(Shown):
    """Points of the joint distribution of what goes into the cost, each an array; `value` is a customer's worth.

    customers: by fate; outcomes: share of each among complainers; losses: loss rate (0 to 1) by fate, that of content
    customers among them. value is money over the horizon, None where it was not declared. complainers and confidence
    are as given; `most` is the number of silent customers that there can be, None where it is not known. `few` is true
    where 1 to 4 complaints ended one way, or 1 to 4 customers left after one: complainers are then told of together,
    and nothing that rests on how their complaints ended by itself (see suppression).
    """

    complainers: int
    customers: dict[str, np.ndarray]
    outcomes: dict[str, np.ndarray]
    losses: dict[str, np.ndarray]
    value: float | None
    confidence: float
    most: int | None = None
    few: bool = False

    @property
    def lost(self) -> dict[str, np.ndarray]:
        """Customers lost, by fate."""
        return lost(self.customers, self.losses)

    def summary(self, points: np.ndarray) -> dict[str, float]:
        """Median and interval of one quantity, and its standard deviation: estimate, low, high, se."""
        tail = (1 - self.confidence) / 2
        low, middle, high = np.quantile(points, [tail, 0.5, 1 - tail])
        return {"estimate": middle, "low": low, "high": high, "se": float(np.std(points))}


def damage(
    silent: NegativeBinomial,
    complainers: int,
    outcomes: pd.Series,
    rates: pd.DataFrame,
    *,
    value: float | None = None,
    confidence: float = 0.95,
) -> Damage:
    """The joint distribution of customers, outcomes and loss rates.

    `silent` is iceberg.distribution(); `outcomes` counts complainers by fate (those of unknown outcome are spread as
    the others are); `rates` is losses.loss_rates(). Raises CxError for a fate without a loss rate, loss rates outside 0
    to 100%, and where no outcome is known.
    """
    rates = rates.set_index("fate")
    _check(rates, outcomes)
    points = _points(len(rates))
    counts = outcomes.reindex(OUTCOMES, fill_value=0).to_numpy(float)
    shares = dict(zip(OUTCOMES, _shares(tuple(counts), len(rates)), strict=True))
    customers = {"silent": silent.spread(points[:, 0])}
    unknown = complainers - counts.sum()
    customers |= {fate: counts[i] + unknown * shares[fate] for i, fate in enumerate(OUTCOMES)}
    losses = {}
    for column, fate in enumerate(rates.index, start=1 + len(OUTCOMES)):
        share, effective = rates.loc[fate, "estimate"] / 100, rates.loc[fate, "n_effective"]
        if rates.loc[fate, "source"] == "measured":
            losses[fate] = _drawn(share * effective + PRIOR, (1 - share) * effective + PRIOR, column, len(rates))
        else:
            losses[fate] = np.full(len(points), share)
    return Damage(complainers, customers, shares, losses, value, confidence, silent.most)


def few_ends(complainers: int, outcomes: pd.Series, rates: pd.DataFrame) -> bool:
    """Whether the ends of complaints are `few`; arguments as damage()."""
    ends = outcomes.reindex(OUTCOMES, fill_value=0)
    return bool(small([*ends, complainers - ends.sum()]).any() or few_lost(rates).any())


def few_lost(rates: pd.DataFrame) -> pd.Series:
    """Which rows of losses.loss_rates() would tell of 1 to 4 complainers: lost, not lost, or all that are known of."""
    lost = rates["estimate"] / 100 * rates["n"]
    measured = rates["source"].eq("measured") & rates["fate"].isin(OUTCOMES)
    return pd.Series(tells(lost, rates["n"]), index=rates.index) & measured


def shown_rates(rates: pd.DataFrame, found: Damage | None) -> pd.DataFrame:
    """losses.loss_rates() as they are published: without what would tell of 1 to 4 complainers.

    Where the ends of complaints are told of together, what each of them loses is not told at all.
    """
    out = few_lost(rates)
    bases = rates["fate"].isin(OUTCOMES) & small(rates["n"])
    each = rates["fate"].isin(OUTCOMES) & rates["source"].eq("measured") & (found is not None and found.few)
    rates = withhold(rates, out | each, ["estimate", "low", "high", "se"])
    return withhold(rates, bases, ["n", "n_weighted", "n_effective"])


@cache
def _points(rates: int) -> np.ndarray:
    """The points of the Sobol sequence for so many loss rates, inside of 0 to 1: the same for every sum."""
    points = qmc.Sobol(1 + len(OUTCOMES) + rates, rng=0).random_base2(POINTS)
    return np.clip(points, 1e-9, 1 - 1e-9)


@lru_cache(KEPT)
def _shares(counts: tuple[float, ...], rates: int) -> np.ndarray:
    """The shares of the outcomes at the points, a row an outcome, of complainers counted by outcome."""
    gammas = special.gammaincinv(np.array(counts) + PRIOR_OUTCOME, _points(rates)[:, 1 : 1 + len(OUTCOMES)])
    return (gammas / gammas.sum(axis=1, keepdims=True)).T


@lru_cache(KEPT)
def _drawn(a: float, b: float, column: int, rates: int) -> np.ndarray:
    """A measured loss rate at the points, by its Beta distribution."""
    return special.betaincinv(a, b, _points(rates)[:, column])


def _check(rates: pd.DataFrame, outcomes: pd.Series) -> None:
    for fate in UNHAPPY:
        share = rates["estimate"].get(fate, np.nan)
        if np.isnan(share):
            raise CxError(
                f"the cost needs a loss rate of each fate; {fate} has none: declare it under `iceberg: losses:`"
            )
    outside = rates.index[~rates["estimate"].between(0, 100) & rates["estimate"].notna()]
    if len(outside):
        raise CxError(f"loss rates lie in 0-100%; found {rates['estimate'][outside[0]]:g} for {outside[0]}")
    if not outcomes.sum() > 0:
        raise CxError("the cost needs the outcome of complaints; none is known")


def by_fate(found: Damage | None) -> pd.DataFrame:
    """Customers and customers lost by fate, and of all unhappy ones.

    Columns: fate, label, customers, customers_low, customers_high, loss (percent, median), estimate, low, high, se
    (customers lost), normal (lost anyway, at the rate of content customers), unit. The last row is of all. Where the
    ends of complaints are `few`, complainers are one row (fate: complained).
    """
    if found is None:
        return pd.DataFrame()
    rows, content = [], found.losses.get("content")
    parts = {"silent": ("silent",), "complained": OUTCOMES} if found.few else {fate: (fate,) for fate in UNHAPPY}
    parts |= {"all": UNHAPPY}
    total, gone = ({name: sum(each[f] for f in fates) for name, fates in parts.items()}
                   for each in (found.customers, found.lost))  # fmt: skip
    for fate, customers in total.items():
        count = found.summary(customers)
        row = {"fate": fate, "label": (LABELS | TOGETHER)[fate], "customers": count["estimate"]}
        row |= {"customers_low": count["low"], "customers_high": count["high"]}
        row |= {"loss": 100 * float(np.median(gone[fate] / np.maximum(customers, 1e-9)))}
        row |= found.summary(gone[fate])
        row["normal"] = np.nan if content is None or np.isnan(content).any() else np.median(customers * content)
        rows.append(row | {"unit": "count"})
    return pd.DataFrame(rows)


def flows(fates: pd.DataFrame) -> pd.DataFrame:
    """by_fate() as the picture of the flow takes it: fate, label, customers, lost, without the row of all."""
    if fates.empty:
        return fates
    rows = fates[fates["fate"] != "all"]
    # Rounded, as the ids of a picture follow from its last bits, which differ from processor to processor.
    return rows[["fate", "label", "customers"]].assign(lost=rows["estimate"]).round(8)


def at_risk(found: Damage | None, word_of_mouth=None) -> pd.DataFrame:
    """Value at risk: customers lost times their value, and what talk costs as a line of its own; no rows without value.

    Columns: line, estimate, low, high, se, unit (money). `word_of_mouth` (told, deterred) makes a line of customers who
    are never won: silent and dissatisfied customers x people told x share deterred x value. The two are not added up:
    who is told may be a customer already. No talk where the ends of complaints are `few`: it counts dissatisfied ones.
    """
    if found is None or found.value is None:
        return pd.DataFrame()
    all_lost = sum(found.lost[fate] for fate in UNHAPPY)
    lines = {noted("Lost unhappy customers"): all_lost, noted("of them silent"): found.lost["silent"]}
    if "content" in found.losses and not np.isnan(found.losses["content"]).any():
        normal = sum(found.customers[fate] for fate in UNHAPPY) * found.losses["content"]
        lines[noted("beyond what content customers would lose")] = all_lost - normal
    if word_of_mouth is not None and not found.few:
        talkers = found.customers["silent"] + found.customers["dissatisfied"]
        lines[noted("Word of mouth (declared, not measured)")] = talkers * word_of_mouth.told * word_of_mouth.deterred
    rows = [{"line": line} | found.summary(points * found.value) for line, points in lines.items()]
    return pd.DataFrame(rows).assign(unit="money")
