"""Binary logit: what goes with churn, retention or any yes and no, with separation detected and named.

Where drivers sort the outcome without error, some coefficient has no finite value, and an iteration prints whatever it
stopped at. It is then said which answers of which driver do so, and Firth's penalised likelihood, which always has a
finite solution, takes the place of the plain one.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, special

from cxlib import separation
from cxlib.calls import told
from cxlib.errors import CxError
from cxlib.language import tr
from cxlib.newton import maximise
from cxlib.sandwich import Errors, by_information, design_based, parameters
from cxlib.shown import Shown
from cxlib.terms import Sample, read, standardised


@dataclass(frozen=True, repr=False)
class BinaryFit(Shown):
    """A fitted binary logit.

    coefficients: frame by term ("(constant)" first) in log odds of `event`: estimate, se, low, high, t, p, n,
    n_effective; with Firth's fit low, high and p are the profile's. odds_ratios: estimate, low, high by term, without
    the constant. kind: of separation (none, complete, quasi-complete); separated: frame with driver, answer, n,
    events, separates (always, never, both). deviance: -2 weighted log-likelihood (without the penalty).
    """

    coefficients: pd.DataFrame
    odds_ratios: pd.DataFrame
    kind: str
    separated: pd.DataFrame
    unbounded: list[str]  # terms whose plain coefficient has no finite value
    deviance: float
    method: str
    event: str
    confidence: float
    sample: Sample
    errors: Errors  # of the constant and the terms
    y: np.ndarray  # 1 where the event happened, in the rows in use …
    chance: np.ndarray  # … and what the model expects

    @property
    def parameters(self) -> np.ndarray:
        """The constant and the coefficients."""
        return self.coefficients["estimate"].to_numpy()

    @property
    def separation(self) -> str:
        """A sentence that names what separates, by the names of columns; empty where nothing does."""
        return self.separation_of(f"{self.sample.outcome} {self.event}")

    def separation_of(self, outcome: str, label=str) -> str:
        """separation, in which the event is called `outcome`, and a driver what `label` gives for it."""
        return "" if self.kind == "none" else separation.sentence(self.kind, outcome, self.separated, label=label)


@told
def binary(
    frame,
    outcome,
    drivers,
    *,
    event=None,
    firth=False,
    weights=None,
    strata=None,
    clusters=None,
    fpc=None,
    calibration=None,
    confidence=0.95,
) -> BinaryFit:
    """Logit of an event on drivers: log odds that go with one more point on each driver.

    `outcome` is a column of two values; `event` is the one that is modelled (default: the greater number, True, or the
    second category). Other arguments name columns; categories are compared with their first; respondents without an
    answer to all are left out, and counted. `firth` takes the penalised likelihood although nothing separates.
    Errors: sandwich by the design where weights, strata or clusters are given, else the inverse information. Firth's
    fit has profile-likelihood intervals; under a design only terms that separate have, on Kish's effective n, since a
    sandwich needs cases on both sides. Raises CxError as terms.read() and for an outcome without two values.
    Sources: Firth, Biometrika 80 (1993) 27-38; Heinze and Schemper, Statistics in Medicine 21 (2002) 2409-2419.

    >>> from cxlib import Study, drivers
    >>> study = Study.load("data/demo")
    >>> fit = drivers.binary(study.survey, "problem", ["product_quality", "staff_speed"], **study.design)
    >>> fit.odds_ratios.round(2)
                     estimate   low  high
    term
    product_quality      1.66  1.56  1.76
    staff_speed          1.27  1.21  1.33
    """
    design = {"strata": strata, "clusters": clusters, "fpc": fpc, "calibration": calibration}
    sample = read(frame, outcome, drivers, weights=weights, **design)
    return fit_binary(sample, event=event, firth=firth, confidence=confidence)


def fit_binary(sample: Sample, *, event=None, firth=False, confidence=0.95) -> BinaryFit:
    """The model of binary() on a sample that is already read."""
    y, event = _events(sample, event)
    x, centre, scale = standardised(sample.x, sample.w)
    z = np.column_stack([np.ones(len(x)), x])
    # The penalty weighs as much as half a respondent: likelihoods count effective respondents, not sums of weights.
    size = _effective(sample) / sample.w.sum()
    logit = Logit(z, y, sample.w * size, firth)
    b = logit.solve()
    kind, moves = "none", np.zeros(len(scale), bool)
    if separation.suspected(x, b[1:]):
        kind, moved = separation.directions((2 * y - 1)[:, None] * z)
        moves = moved[1:]
    if kind != "none" and not firth:
        logit = Logit(z, y, sample.w * size, True)
        b = logit.solve()
    named = separation.alone(sample, x, 2 * y - 1, moves) if kind != "none" else []
    found = separation.table(sample, named, y)
    told = "" if kind == "none" else separation.sentence(kind, f"{sample.outcome} {event}", found)

    back = np.diag(np.r_[1.0, 1 / scale])
    back[0, 1:] = -centre / scale
    information = np.linalg.inv(logit.information(b))
    influence = logit.score(b) @ information @ back.T * size
    if sample.design_given:
        errors = design_based(sample, influence, len(scale))
    else:
        errors = by_information(sample, influence, back @ information @ back.T)
    frame = parameters(errors, ["(constant)", *sample.terms], back @ b, confidence)
    profiled = np.flatnonzero(np.r_[False, moves]) if sample.design_given else np.arange(1, len(b))
    if logit.firth:
        for term in profiled:
            low, high, p = logit.profile(b, term, confidence)
            bounds = np.array([low, high]) * back[term, term]
            frame.loc[frame.index[term], ["low", "high", "p"]] = [*bounds, p]
    frame.loc[frame.index[1:][moves], "n_effective"] = np.nan
    how = tr("Firth's penalised logit, profile-likelihood intervals") if logit.firth else tr("logit")
    if logit.firth and sample.design_given:
        how = tr("Firth's penalised logit")
        how = f"{how}; {tr('profile-likelihood intervals of separating terms')}" if moves.any() else how
    chance = special.expit(z @ b)
    return BinaryFit(
        coefficients=frame,
        odds_ratios=np.exp(frame.loc[sample.terms, ["estimate", "low", "high"]]),
        kind=kind,
        separated=found,
        unbounded=[term for term, moved in zip(sample.terms, moves, strict=True) if moved],
        deviance=float(-2 * sample.w @ _log_chance(z @ b, y)),
        method="; ".join(part for part in (how, told, tr(errors.name), sample.text) if part),
        event=event,
        confidence=confidence,
        sample=sample,
        errors=errors,
        y=y,
        chance=chance,
    )


@dataclass(frozen=True)
class Logit:
    """The likelihood of a logit, plain or with Firth's penalty (half the log determinant of the information)."""

    z: np.ndarray
    y: np.ndarray
    w: np.ndarray
    firth: bool

    def value(self, b) -> float:
        """The log-likelihood, with the penalty if there is one."""
        plain = float(self.w @ _log_chance(self.z @ b, self.y))
        return plain + np.linalg.slogdet(self.information(b))[1] / 2 if self.firth else plain

    def information(self, b) -> np.ndarray:
        """Fisher's information."""
        chance = special.expit(self.z @ b)
        return (self.z * (self.w * chance * (1 - chance))[:, None]).T @ self.z

    def score(self, b) -> np.ndarray:
        """The gradient by row and unit of weight."""
        chance = special.expit(self.z @ b)
        residual = self.y - chance
        if self.firth:
            leverage = ((self.z @ np.linalg.pinv(self.information(b))) * self.z).sum(axis=1) * chance * (1 - chance)
            residual = residual + leverage * (0.5 - chance)
        return self.z * residual[:, None]

    def solve(self, fixed: int | None = None, at: float = 0.0, start=None) -> np.ndarray:
        """The coefficients of greatest likelihood, one of them fixed at a value, if asked."""
        keep = np.arange(self.z.shape[1]) != (-1 if fixed is None else fixed)
        whole = np.zeros(self.z.shape[1]) if start is None else start.copy()
        if start is None:
            whole[0] = special.logit(self.w @ self.y / self.w.sum())
        if fixed is not None:
            whole[fixed] = at

        def full(part):
            b = whole.copy()
            b[keep] = part
            return b

        def slopes(part):
            b = full(part)
            return self.w @ self.score(b)[:, keep] / total, self.information(b)[np.ix_(keep, keep)] / total

        total = self.w.sum()
        # A plain likelihood that grows for ever is cut short here; it is then found to be separated.
        part, _ = maximise(lambda part: self.value(full(part)) / total, slopes, whole[keep], steps=40)
        return full(part)

    def profile(self, b, term: int, confidence: float) -> tuple[float, float, float]:
        """The interval of a coefficient by the likelihood of the others' best values, and p of its being 0."""
        best, limit = self.value(b), special.chdtri(1, 1 - confidence) / 2
        seen = {"b": b}

        def short(at):
            seen["b"] = self.solve(term, at, seen["b"])
            return best - self.value(seen["b"]) - limit

        step = np.sqrt(np.linalg.inv(self.information(b))[term, term])
        bounds = []
        for sign in (-1.0, 1.0):
            seen["b"], near, far = b, b[term], b[term] + 2 * sign * step
            while (ended := short(far)) < 0 and abs(far - b[term]) < 1e4 * step:
                near, far = far, b[term] + 2 * (far - b[term])
            # Where hardly anything tells, a search from another start may see both on one side: no end is told.
            found = ended >= 0 and short(near) < 0 <= short(far)
            bounds.append(optimize.brentq(short, near, far, xtol=1e-8 * step) if found else sign * np.inf)
        seen["b"] = b
        p = special.chdtrc(1, max(2 * (short(0.0) + limit), 0.0))
        return bounds[0], bounds[1], p


def _log_chance(predictor, y) -> np.ndarray:
    """The log-likelihood of each row."""
    return -np.logaddexp(0.0, np.where(y > 0, -predictor, predictor))


def _effective(sample: Sample) -> float:
    """Kish's effective number of respondents in the model."""
    if not sample.weighted:
        return float(sample.n)
    return float(sample.w.sum() ** 2 / sample.table["w2"].to_numpy(float)[sample.used].sum())


def _events(sample: Sample, event) -> tuple[np.ndarray, str]:
    """1 where the event happened, and the event's name."""
    given = sample.column(sample.outcome)
    if sample.outcome in sample.levels:
        given = given.astype(str)
        names = [level for level in sample.levels[sample.outcome] if (given == level).any()]
    else:
        given = given.astype(float)
        names = sorted(given.unique())
    if len(names) != 2:
        shown = ", ".join(f"{name:g}" if isinstance(name, float) else name for name in names[:3])
        more = ", …" if len(names) > 3 else ""
        raise CxError(
            f"a binary outcome has two values; {sample.outcome} has {len(names)} ({shown}{more}){sample.where}"
        )
    if event is None:
        event = names[1]
    event = str(event) if sample.outcome in sample.levels else event
    if event not in names:
        shown = " and ".join(f"{name:g}" if isinstance(name, float) else name for name in names)
        raise CxError(f"event is one of the two values of {sample.outcome}, {shown}; found {event}")
    return (given == event).to_numpy(float), event if isinstance(event, str) else f"{float(event):g}"
