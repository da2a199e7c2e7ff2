"""The complaint iceberg: how many unhappy customers stay silent behind those who complain.

Of N unhappy customers each complains with chance p, the complaint rate. C are seen to complain; S = N - C are silent.
Under the prior 1/N on their number, S given C and p is negative-binomial, NegBin(C, p); where p is known from a sample
its Beta distribution makes S beta-negative-binomial. Nothing is simulated. Without outside information on p the number
of unhappy customers is not identified: Stoner, Economou and Drummond Marques, Journal of the American Statistical
Association 114 (2019) 1481-1492.
"""

from dataclasses import dataclass

import numpy as np

from cxlib.anchors import ANCHORS, Anchor
from cxlib.calls import told
from cxlib.complaint_rate import ComplaintRate, complaint_rate, fixed
from cxlib.errors import CxError
from cxlib.estimate import Estimate
from cxlib.language import digits, tr
from cxlib.offered import offered
from cxlib.predictive import NegativeBinomial

__all__ = ["ANCHORS", "Anchor", "ComplaintRate", "Silent", "complaint_rate", "silent"]
__getattr__, __dir__ = offered(__name__, __all__)

# A cap that leaves less than this of the probability contradicts the rate: both cannot be true.
LEAST_ROOM = 1e-9


@dataclass(frozen=True, repr=False)
class Silent(Estimate):
    """Silent unhappy customers: the median, with `plug_in` (complainers x (1/p - 1)) and `mean` beside it.

    `se` is the standard deviation. Mean and standard deviation are infinite where a sample holds too few complainers
    (below a half, or one and a half, counted with the prior's half). n counts the complainers; n_effective is the
    effective number of unhappy respondents behind the rate, or the complainers where the rate is taken as known.
    """

    plug_in: float = float("nan")
    mean: float = float("nan")


@told
def silent(complainers: int, rate, *, customers: int | None = None, confidence: float = 0.95) -> Silent:
    """Unhappy customers who did not complain, behind so many who did.

    `complainers` are distinct customers, not complaints. `rate` is a ComplaintRate (of complaint_rate(), say, or of an
    anchor) or a number in (0, 1], taken as known. `customers` caps complainers and silent together: the posterior under
    the prior 1/N on at most so many, not a clipped one. The interval runs between the (1 ± confidence) / 2 quantiles.
    With no complainers at all the flat prior, NegBin(1, p), is used, since NegBin(0) would say that nobody is silent.
    Quantiles are those of the exact distribution: integrals over a Beta are within 1e-10 of the probability, over a
    pooled rate within 1e-8. Raises CxError for counts that are negative, fractional or above `customers`, and for
    customers too few for the rate to be true.

    >>> from cxlib import iceberg
    >>> iceberg.silent(10, iceberg.complaint_rate(10, 420))
    Silent unhappy customers 390 (95% interval 157 to 954; plug-in 410, mean 432; 10 complainers; median of the
    exact beta-negative-binomial; rate from the survey: Beta with Jeffreys' prior, 420 unhappy respondents)
    """
    complainers = _count(complainers, "complainers")
    rate = rate if isinstance(rate, ComplaintRate) else fixed(rate)
    most = None if customers is None else _count(customers, "customers") - complainers
    if most is not None and most < 0:
        raise CxError(f"there cannot be more complainers than customers; found {complainers:,} and {customers:,}")
    known = distribution(complainers, rate, most=most)
    return read_off(known, complainers, rate, customers=customers, confidence=confidence)


def read_off(
    known: NegativeBinomial, complainers: int, rate: ComplaintRate, *, customers: int | None, confidence: float
) -> Silent:
    """silent() of a distribution() that is there already; the other arguments as they went into it."""
    if not 0 < confidence < 1:
        raise CxError(f"confidence lies between 0 and 1, e.g. 0.95; found {confidence}")
    tail = (1 - confidence) / 2
    low, median, high = (known.quantile(q) for q in (tail, 0.5, 1 - tail))
    mean, sd = known.moments()
    plug_in = complainers * (1 / rate.value - 1) if rate.value > 0 else np.inf
    return Silent(
        tr("Silent unhappy customers"),
        median,
        low,
        high,
        sd,
        complainers,
        rate.n_effective if rate.n_effective > 0 else complainers,
        "count",
        confidence,
        _method(complainers, rate, customers),
        complainers,
        plug_in,
        mean,
    )


def distribution(complainers: int, rate: ComplaintRate, *, most: int | None = None) -> NegativeBinomial:
    """The exact distribution of the number of silent customers, at most `most`; arguments as silent()."""
    found = NegativeBinomial(max(complainers, 1), rate, most)
    if most is not None and not found.room > LEAST_ROOM:
        raise CxError(
            f"the rate and the number of customers contradict each other: {complainers:,} complainers at "
            f"{rate.value:.2%} stand for about {complainers / rate.value:,.0f} unhappy customers, and there are "
            f"{complainers + most:,}"
        )
    return found


def _count(value, what: str) -> int:
    """A number of people: whole and not negative."""
    try:
        whole = float(value)
    except (TypeError, ValueError):
        raise CxError(f"{what} must be a whole number of 0 or more; found {value!r}") from None
    if not whole >= 0 or whole % 1 or np.isinf(whole):
        raise CxError(f"{what} must be a whole number of 0 or more; found {value}")
    return int(value)


def _method(complainers: int, rate: ComplaintRate, customers: int | None) -> str:
    if rate.known:
        parts = [tr("median of the exact negative binomial, the rate taken as known")]
    else:
        parts = [tr("median of the exact beta-negative-binomial")]
    if not complainers:
        parts.append(tr("no complainers: flat prior on the number of unhappy customers"))
    if customers is not None:
        parts.append(tr("at most {most} customers", most=digits(f"{customers:,}")))
    return "; ".join([*parts, rate.method])
