"""Cox regression: what goes with customers leaving sooner, while many have not left yet.

Efron's treatment of customers who leave at the same time (months of tenure are full of ties), late entry, weights and
the design's errors, none of which statsmodels' class has all of. A hazard ratio of 2 says: at any time, of those still
there, twice as large a share leaves.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.calls import told
from cxlib.errors import CxError
from cxlib.language import tr, tr_n
from cxlib.newton import maximise
from cxlib.partial import Partial
from cxlib.proportional import corrected
from cxlib.sandwich import Errors, by_information, design_based, parameters, spread
from cxlib.shown import Shown
from cxlib.terms import Sample, read, standardised

# A log hazard ratio this large over the range of a driver (3 million to 1) is one that grows for ever.
ENDLESS = 15.0


@dataclass(frozen=True, repr=False)
class HazardFit(Shown):
    """A fitted Cox model.

    coefficients: frame by term, log hazard ratios: estimate, se, low, high, t, p, n, n_effective. hazard_ratios:
    estimate, low, high. events: how many left. log_likelihood: Efron's partial, weighted.
    """

    coefficients: pd.DataFrame
    hazard_ratios: pd.DataFrame
    events: int
    log_likelihood: float
    method: str
    confidence: float
    sample: Sample
    errors: Errors
    risk: Partial  # the likelihood, in standardised terms …
    best: np.ndarray  # … and where it is greatest

    def proportional_hazards(self) -> pd.DataFrame:
        """Does a hazard ratio stay the same over time? chi2, df, p, by term and "omnibus".

        Score test of a coefficient that changes with the rank of the event's time. Under a design corrected by its
        variance. Source: Grambsch and Therneau, Biometrika 81 (1994) 515-526; the numbers of R's cox.zph.
        """
        when = self.risk.rank - np.average(self.risk.rank, weights=np.bincount(self.risk.place))
        gradient, crossed, squared = self.risk.changes(self.best, when)
        inner = np.linalg.inv(self.risk.slopes(self.best)[1])
        own = squared - crossed @ inner @ crossed
        influence = self.risk.residuals(self.best, when) - self.risk.residuals(self.best) @ inner @ crossed
        other = spread(self.sample, influence) if self.sample.design_given else own
        rows = {"omnibus": corrected(own, other, value=gradient)}
        for k, term in enumerate(self.sample.terms):
            part = np.ix_([k], [k])
            # A term alone changes, the others' coefficients being free but constant.
            rows[term] = corrected(own[part], other[part], value=gradient[[k]])
        return pd.DataFrame.from_dict(rows, orient="index", columns=["chi2", "df", "p"]).rename_axis("term")


@told
def cox(
    frame,
    duration,
    event,
    drivers,
    *,
    entry=None,
    weights=None,
    strata=None,
    clusters=None,
    fpc=None,
    calibration=None,
    confidence=0.95,
) -> HazardFit:
    """Proportional hazards: the log hazard ratio that goes with one more point on each driver.

    `duration` is a column of times 0 or more, `event` 1 (or True) where the customer left then and 0 where he was last
    seen there; `entry` is when he came under observation. `strata`, `clusters` and weights are the sample's design.
    Ties after Efron. Errors: sandwich by the design where weights, strata or clusters are given, else the inverse
    information, with normal intervals. Raises CxError as terms.read(), for times and events out of range, for no event
    at all, and where a driver has events on one side only, so that its coefficient has no finite value.
    Sources: Cox, Journal of the Royal Statistical Society B 34 (1972) 187-220; Efron, JASA 72 (1977) 557-565;
    Lin and Wei, JASA 84 (1989) 1074-1078 (the sandwich; as svycoxph of R's survey package has it).

    >>> import pandas as pd
    >>> from cxlib import drivers
    >>> frame = pd.DataFrame({"months": [3, 5, 8, 9, 12], "left": [1, 1, 1, 0, 1], "calls": [4, 1, 5, 2, 1]})
    >>> drivers.cox(frame, "months", "left", ["calls"]).hazard_ratios.round(2)
           estimate   low  high
    term
    calls      1.32  0.69  2.54
    """
    times = [duration] + ([entry] if entry else [])
    design = {"strata": strata, "clusters": clusters, "fpc": fpc, "calibration": calibration}
    sample = read(frame, event, drivers, by=times, also=times, weights=weights, **design)
    left, at, since = _times(sample, duration, event, entry)
    z, _, scale = standardised(sample.x, sample.w)
    risk = Partial.of(z, sample.w, sample.rows, left, at, since)
    total = float((sample.w * left).sum())
    b, _ = maximise(
        lambda b: risk.value(b) / total,
        lambda b: tuple(part / total for part in risk.slopes(b)),
        np.zeros(z.shape[1]),
        steps=30,
    )
    for term, size in zip(sample.terms, np.abs(b) * np.ptp(z, axis=0), strict=True):
        if size > ENDLESS:
            raise CxError(
                f"a coefficient needs {event} on both sides of its driver; that of {term} grows without end "
                f"({left @ sample.rows:,.0f} events); leave it out or merge its categories"
            )
    information = np.linalg.inv(risk.slopes(b)[1])
    influence = risk.residuals(b) @ information / scale
    if sample.design_given:
        errors = design_based(sample, influence, len(scale))
    else:
        errors = by_information(sample, influence, information / np.outer(scale, scale))
    frame = parameters(errors, sample.terms, b / scale, confidence)
    events = int(left @ sample.rows)
    return HazardFit(
        coefficients=frame,
        hazard_ratios=np.exp(frame[["estimate", "low", "high"]]),
        events=events,
        log_likelihood=float(risk.value(b)),
        method="; ".join(
            [tr("Cox, Efron's ties"), tr_n("{n} event", "{n} events", events), tr(errors.name), sample.text]
        ),
        confidence=confidence,
        sample=sample,
        errors=errors,
        risk=risk,
        best=b,
    )


def _times(sample: Sample, duration, event, entry) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Events (0 or 1), times and entries of the rows in use, checked."""
    for name in [event, duration, *([entry] if entry else [])]:
        if name in sample.levels:
            raise CxError(f"times and events are numbers; column {name} holds {sample.levels[name][0]!r}")
    left, at = (sample.column(name).to_numpy(float) for name in (event, duration))
    since = sample.column(entry).to_numpy(float) if entry else np.full(len(at), -1.0)
    bad = ~np.isin(left, (0, 1))
    if bad.any():
        raise CxError(
            f"{event} is 1 for who left and 0 for who did not; {sample.rows[bad].sum():.0f} hold {left[bad][0]:g}"
        )
    bad = ~np.isfinite(at) | (at < 0)
    if bad.any():
        raise CxError(f"times are 0 or more; {sample.rows[bad].sum():.0f} in {duration} are not, e.g. {at[bad][0]:g}")
    bad = since >= at
    if entry and bad.any():
        raise CxError(
            f"customers enter before they leave; {sample.rows[bad].sum():.0f} do not, e.g. {entry} {since[bad][0]:g}, "
            f"{duration} {at[bad][0]:g}"
        )
    if not left.any():
        raise CxError(f"a hazard needs customers who left; {event} is 0 for all {sample.n:,}")
    return left, at, since
