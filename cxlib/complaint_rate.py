"""The complaint rate: the share of unhappy customers who complain, and what is known of it.

Four kinds of evidence: a survey (x of n unhappy respondents complained), a published anchor, a Beta distribution that
somebody states, and a plain number. Rates do not transfer between markets, problems, channels or time windows, so none
of them is a default.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy import optimize, special

from cxlib.anchors import ANCHORS
from cxlib.calls import told
from cxlib.errors import CxError, nearest
from cxlib.estimate import Estimate
from cxlib.intervals import critical_value
from cxlib.language import digits, noted, tr, tr_n
from cxlib.metrics import Metric
from cxlib.scores import by_group
from cxlib.shown import Shown

PRIOR = 0.5  # Jeffreys: half a complainer and half a silent customer are added to what a survey saw
COMPLAINED = Metric("complaint_rate", "Complaint rate", (0, 1), {1: 100}, "percent")


@dataclass(frozen=True, repr=False)
class ComplaintRate(Shown):
    """What is known of the complaint rate p: a point (anchors, plain numbers) or a mixture of Beta distributions.

    `value` is the plug-in rate, 0 to 1: the survey's own share, the stated number, the mean of a stated Beta. a, b and
    share hold the parameters and the weights of the mixture (one component for a survey), empty where p is taken as
    known. n counts the unhappy respondents behind it, n_weighted sums their weights, n_effective is their effective
    number; all 0 without a survey.
    """

    kind: str
    value: float
    method: str
    a: np.ndarray = field(default_factory=lambda: np.empty(0))
    b: np.ndarray = field(default_factory=lambda: np.empty(0))
    share: np.ndarray = field(default_factory=lambda: np.ones(1))
    n: int = 0
    n_effective: float = 0.0
    complained: float = float("nan")
    n_weighted: float = 0.0

    @property
    def known(self) -> bool:
        """Whether the rate is taken as a known number."""
        return not len(self.a)

    @property
    def mean(self) -> float:
        """E[p]."""
        return self.value if self.known else float(self.share @ (self.a / (self.a + self.b)))

    @property
    def mean_inverse(self) -> float:
        """E[1/p], which is more than 1/E[p]; infinite where a component has a of 1 or less."""
        if self.known:
            return 1 / self.value
        return np.inf if (self.a <= 1).any() else float(self.share @ ((self.a + self.b - 1) / (self.a - 1)))

    def below(self, p) -> np.ndarray:
        """P(rate <= p)."""
        p = np.asarray(p, float)
        if self.known:
            return (p >= self.value).astype(float)
        return special.betainc(self.a, self.b, p[..., None]) @ self.share

    def quantile(self, q: float) -> float:
        """The rate that a share q of the distribution lies below."""
        if self.known:
            return self.value
        each = special.betaincinv(self.a, self.b, q)
        low, high = each.min(), each.max()
        if not self.below(low) < q < self.below(high):
            return float(low)
        return float(optimize.brentq(lambda p: float(self.below(p)) - q, low, high, xtol=1e-14))

    def estimate(self, *, confidence: float = 0.95, name: str = noted("Complaint rate")) -> Estimate:
        """The rate in percent with its interval; an interval of no width where the rate is taken as known."""
        low, high = (self.quantile(q) for q in ((1 - confidence) / 2, (1 + confidence) / 2))
        # Where nobody or everybody complained, the interval begins or ends there.
        low, high = 0.0 if self.value == 0 else low, 1.0 if self.value == 1 else high
        sd = 0.0
        if not self.known:
            mean, total = self.a / (self.a + self.b), self.a + self.b
            second = self.share @ (mean * (self.a + 1) / (total + 1))
            sd = float(np.sqrt(max(second - self.mean**2, 0.0)))
        numbers = (100 * v for v in (self.value, low, high, sd))
        return Estimate(
            tr(name), *numbers, self.n, self.n_effective, "percent", confidence, self.method, self.n_weighted
        )


@told
def complaint_rate(complained: int, unhappy: int, *, n_effective: float | None = None) -> ComplaintRate:
    """The rate from a survey: so many of the unhappy respondents complained.

    Beta(x + 1/2, n - x + 1/2), with x and n scaled down to the effective number of respondents where it is given.
    Raises CxError for counts that are negative or fractional, for more who complained than were unhappy, and where
    nobody was unhappy.

    >>> from cxlib import iceberg
    >>> iceberg.complaint_rate(10, 420)
    Complaint rate 2.4% (95% interval 1.2 to 4.2%; 420 unhappy respondents, effective base 420; rate from the
    survey: Beta with Jeffreys' prior, 420 unhappy respondents)
    """
    for what, count in (("complained", complained), ("unhappy", unhappy)):
        if isinstance(count, str) or not float(count) >= 0 or float(count) % 1:
            raise CxError(f"respondents are whole numbers of 0 or more; found {what} {count!r}")
    if unhappy == 0:
        raise CxError("a complaint rate needs unhappy respondents; none of the survey's was unhappy")
    if complained > unhappy:
        raise CxError(f"no more can complain than were unhappy; found {complained} of {unhappy}")
    if n_effective is not None and not n_effective > 0:
        raise CxError(f"the effective number of respondents must be above 0; found {n_effective}")
    return _of_share(complained / unhappy, int(unhappy), min(n_effective or unhappy, unhappy), float(unhappy))


def _of_share(share: float, n: int, n_effective: float, n_weighted: float) -> ComplaintRate:
    x = share * n_effective
    given = {
        "respondents": tr_n("{n} unhappy respondent", "{n} unhappy respondents", n),
        "effective": digits(f"{n_effective:,.0f}"),
    }
    if n_effective < n:
        method = tr("rate from the survey: Beta with Jeffreys' prior, {respondents}, effective {effective}", **given)
    else:
        method = tr("rate from the survey: Beta with Jeffreys' prior, {respondents}", **given)
    a, b = np.array([x + PRIOR]), np.array([n_effective - x + PRIOR])
    return ComplaintRate(
        "survey", share, method, a, b, n=n, n_effective=float(n_effective), complained=x, n_weighted=n_weighted
    )


def rate_from_answers(
    frame, *, complained: str, unhappy: str, weights=None, strata=None, clusters=None, fpc=None, calibration=None
) -> ComplaintRate:
    """The rate from a survey's answers: columns `unhappy` and `complained` of 1, 0 and blank; the design as by_group().

    x and n are scaled to the effective number of respondents, which pays for weights, clusters and few degrees of
    freedom (Korn and Graubard, Survey Methodology 24 (1998) 193-201), and never exceeds n. Raises CxError where fewer
    than two unhappy respondents answered.
    """
    design = {"weights": weights, "strata": strata, "clusters": clusters, "fpc": fpc, "calibration": calibration}
    return rates_by_group(frame, [], complained=complained, unhappy=unhappy, **design)[""]


def rates_by_group(
    frame, by, *, complained: str, unhappy: str, weights=None, strata=None, clusters=None, fpc=None, calibration=None
) -> dict[str, ComplaintRate]:
    """rate_from_answers() in each group of one column, by the group's name; "" where `by` is empty.

    Every group keeps the whole design. Groups in which nobody was unhappy have no rate and are not in the result.
    """
    answers = frame.assign(_complained=frame[complained].where(frame[unhappy] == 1))
    design = {"weights": weights, "strata": strata, "clusters": clusters, "fpc": fpc, "calibration": calibration}
    given = {name: column for name, column in design.items() if column is not None}
    if not answers["_complained"].notna().any():
        raise CxError("a complaint rate needs unhappy respondents who say whether they complained; there are none")
    rows = by_group(answers, COMPLAINED, by, question="_complained", minimum_base=2, **given)
    found = {}
    for row in rows.to_dict("records"):
        if np.isnan(row["estimate"]):
            # A single answer has no design: it counts as one.
            one = answers if not by else answers[answers[by[0]] == row[by[0]]]
            share, effective = float(one["_complained"].dropna().iloc[0]), 1.0
        else:
            share, effective = row["estimate"] / 100, _effective(row)
        found[str(row[by[0]]) if by else ""] = _of_share(share, int(row["n"]), effective, row["n_weighted"])
    return found


def _effective(row: dict) -> float:
    """The effective number of respondents, less what few degrees of freedom cost."""
    if not row["n_effective"] > 0:
        return 1.0
    n, df = np.array([float(row["n"])]), np.array([float(row["df"])])
    widened = critical_value(0.95, df, n)[0] / critical_value(0.95, n - 1, n)[0]
    return float(min(row["n_effective"] / widened**2, row["n"]))


def anchored(name: str) -> ComplaintRate:
    """The rate of a published anchor, taken as known: how sure it is was not published.

    Raises CxError for an anchor that is not in ANCHORS, with the list of names.
    """
    if name not in ANCHORS:
        raise CxError(f"there is no anchor {name}; the anchors are {', '.join(ANCHORS)}{nearest(name, ANCHORS)}")
    anchor = ANCHORS[name]
    method = tr("rate of {label}, taken as known ({source})", label=tr(anchor.label), source=tr(anchor.source))
    return ComplaintRate("anchor", anchor.rate, method)


def fixed(rate: float) -> ComplaintRate:
    """A rate taken as known, above 0 and at most 1. Raises CxError for any other number."""
    try:
        value = float(rate)
    except (TypeError, ValueError):
        raise CxError(f"a complaint rate is a number above 0 and at most 1, e.g. 0.03; found {rate!r}") from None
    if not 0 < value <= 1:
        raise CxError(f"a complaint rate is above 0 and at most 1, e.g. 0.03 for 3%; found {rate}")
    return ComplaintRate("fixed", value, tr("rate of {rate} taken as known", rate=digits(f"{value:.4g}")))


def given(a: float, b: float) -> ComplaintRate:
    """A rate that somebody states as Beta(a, b), both above 0. Raises CxError otherwise."""
    if not (a > 0 and b > 0 and np.isfinite(a) and np.isfinite(b)):
        raise CxError(f"a Beta distribution has two numbers above 0, e.g. 3 and 97; found {a} and {b}")
    method = tr("rate stated as Beta({a}, {b})", a=digits(f"{a:g}"), b=digits(f"{b:g}"))
    return ComplaintRate("beta", a / (a + b), method, np.array([float(a)]), np.array([float(b)]), n_effective=a + b)


def stated(text: str) -> ComplaintRate:
    """A rate as a parameter or study.yml states it: an anchor's name, "0.03", "10 of 420", "beta(3, 97)".

    Raises CxError for anything else.
    """
    words = text.strip().lower()
    if words in ANCHORS:
        return anchored(words)
    try:
        if words.startswith("beta(") and words.endswith(")"):
            a, b = map(float, words[5:-1].split(","))
            return given(a, b)
        if " of " in words:
            x, n = (int(part.replace(",", "")) for part in words.split(" of "))
            return complaint_rate(x, n)
        return fixed(float(words))
    except CxError:
        raise
    except ValueError:
        pass
    raise CxError(
        f'a rate is survey, an anchor, a number, "10 of 420" or "beta(3, 97)"; found {text!r}. '
        f"The anchors are {', '.join(ANCHORS)}{nearest(words, ANCHORS)}"
    )
