"""Asymmetry: being bad and being excellent have different effects (penalty-reward contrast).

Each driver enters as two marks, low and high, against its middle answers, all drivers in one linear model. A driver
that costs much where it is bad and brings little where it is excellent is basic; one that brings more than it costs is
excitement; between them lies performance. A driver is sorted only where its intervals leave a single kind.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from cxlib.calls import told
from cxlib.errors import CxError
from cxlib.language import digits, noted, tr
from cxlib.linear import fit_linear
from cxlib.sandwich import rows
from cxlib.terms import Sample, check_independence, read

# Basic: the penalty is more than this many times the reward. Excitement: the reach is the other way round.
TIMES = 2.0
KINDS = (noted("basic"), noted("performance"), noted("excitement"))
UNSORTED, NO_EFFECT = noted("not told apart"), noted("no effect shown")


@told
def asymmetry(
    frame,
    outcome,
    drivers,
    *,
    metric="mean",
    low=None,
    high=None,
    weights=None,
    strata=None,
    clusters=None,
    fpc=None,
    calibration=None,
    confidence=0.95,
) -> pd.DataFrame:
    """Penalty of being bad and reward of being excellent, in points of the metric against a middling answer.

    Answers of at most `low` are bad, of at least `high` excellent; by default the lowest and highest third of the
    drivers' common scale (1-5: 1-2 and 4-5), whose equal thirds make a driver with a straight effect come out as
    performance. Frame by driver: penalty, penalty_low, penalty_high (points where it is bad, usually below 0), reward,
    reward_low, reward_high, estimate (reward plus penalty: above 0, excellence brings more than badness costs), se,
    low, high, n, n_weighted, n_effective, n_bad, n_excellent, kind, possible (kinds that the intervals leave), method.
    kind: basic (penalty over twice the reward), excitement (reward over twice the penalty), performance (neither),
    "not told apart" where more than one is possible, or "no effect shown" where penalty and reward may both be 0.
    Raises CxError as linear(), for drivers that are no numbers and where nobody is bad, middling or excellent.
    Sources: Brandt, Customer satisfaction index of Xerox: penalty-reward contrast, in Surprenant (ed.), Add Value to
    Your Service (1987); Matzler and Sauerwein, International Journal of Service Industry Management 13 (2002) 314-332.
    """
    design = {"strata": strata, "clusters": clusters, "fpc": fpc, "calibration": calibration}
    sample = read(frame, outcome, drivers, weights=weights, **design)
    low, high = _ends(sample, low, high)
    fit = fit_linear(_marked(sample, low, high), metric=metric, confidence=confidence)
    b, errors, names = fit.parameters[1:], fit.errors, sample.drivers
    influence, covariance = errors.influence[:, 1:], errors.covariance[1:, 1:]

    def contrast(bad: float, excellent: float) -> pd.DataFrame:
        """bad times the penalty's coefficient plus excellent times the reward's, of every driver."""
        c = np.kron(np.eye(len(names)), [bad, excellent])
        variance = np.diag(c @ covariance @ c.T)
        return rows(errors, names, c @ b, influence @ c.T, variance, confidence)

    penalty, reward, balance = contrast(1, 0), contrast(0, 1), contrast(1, 1)
    reach, basic, excitement = contrast(-1, 1), contrast(-1, -TIMES), contrast(TIMES, 1)
    possible = [
        [
            name
            for name, holds in zip(
                KINDS,
                (
                    basic["high"][driver] > 0,
                    basic["low"][driver] < 0 and excitement["low"][driver] < 0,
                    excitement["high"][driver] > 0,
                ),
                strict=True,
            )
            if holds
        ]
        for driver in names
    ]
    nothing = (penalty["low"] <= 0) & (penalty["high"] >= 0) & (reward["low"] <= 0) & (reward["high"] >= 0)
    kinds = [
        # Of what does not reach further at the top than at the bottom no kind can be told.
        NO_EFFECT if nothing[driver] else kinds[0] if len(kinds) == 1 and reach["low"][driver] > 0 else UNSORTED
        for driver, kinds in zip(names, possible, strict=True)
    ]
    bad, excellent = ((sample.rows @ marks).astype(int) for marks in (sample.x <= low, sample.x >= high))
    return pd.DataFrame(
        {
            "penalty": penalty["estimate"],
            "penalty_low": penalty["low"],
            "penalty_high": penalty["high"],
            "reward": reward["estimate"],
            "reward_low": reward["low"],
            "reward_high": reward["high"],
            "estimate": balance["estimate"],
            "se": balance["se"],
            "low": balance["low"],
            "high": balance["high"],
            "n": balance["n"],
            "n_weighted": balance["n_weighted"],
            "n_effective": balance["n_effective"],
            "n_bad": bad,
            "n_excellent": excellent,
            "kind": kinds,
            "possible": [" or ".join(kinds) for kinds in possible],
            "method": tr(
                "bad: at most {low}, excellent: at least {high}, against between; {model}",
                low=digits(f"{low:g}"),
                high=digits(f"{high:g}"),
                model=fit.method,
            ),
        }
    ).rename_axis("driver")


def _ends(sample: Sample, low, high) -> tuple[float, float]:
    """The answers up to which a driver is bad, and from which it is excellent."""
    for driver in sample.drivers:
        if driver in sample.levels:
            raise CxError(f"drivers of an asymmetry are ratings; column {driver} holds categories")
    least, most = sample.x.min(), sample.x.max()
    low = least + (most - least) / 3 if low is None else float(low)
    high = most - (most - least) / 3 if high is None else float(high)
    if not low < high:
        raise CxError(f"low must lie below high, with answers between; found {low:g} and {high:g}")
    # Thirds of whole answers are told by the answers that they hold.
    return float(sample.x[sample.x <= low].max(initial=least)), float(sample.x[sample.x >= high].min(initial=most))


def _marked(sample: Sample, low: float, high: float) -> Sample:
    """The sample with two marks a driver, bad and excellent, for terms."""
    bad, excellent = sample.x <= low, sample.x >= high
    for column, driver in enumerate(sample.drivers):
        parts = {"bad": bad, "middling": ~bad & ~excellent, "excellent": excellent}
        for name, part in parts.items():
            if not part[:, column].any():
                raise CxError(
                    f"a contrast needs respondents at both ends and between; nobody of {sample.n:,} finds {driver} "
                    f"{name} (bad: at most {low:g}, excellent: at least {high:g})"
                )
    x = np.stack([bad, excellent], axis=2).reshape(len(bad), -1).astype(float)
    terms = [f"{driver} {end}" for driver in sample.drivers for end in ("bad", "excellent")]
    if len(terms) + 1 >= sample.n:
        raise CxError(
            f"a contrast needs more respondents than marks; {sample.n:,} answered all, for {len(terms)} marks"
        )
    check_independence(x, sample.w, terms)
    return replace(sample, x=x, terms=terms, owner=list(np.repeat(sample.drivers, 2)))
