"""Models as they are shown: coefficients with intervals and p, how well they fit, what errors and base are."""

import numpy as np
import pandas as pd

from cxlib import text
from cxlib.language import tr
from cxlib.printed_tables import Printed, plain_table


def linear(found) -> Printed:
    """A linear model: points of the outcome per unit of each driver."""
    head = tr("Linear model of {outcome}", outcome=found.sample.outcome)
    how_well = tr("R squared {r2}", r2=text.number(found.r2, digits=3))
    table = _coefficients(found, found.coefficients, tr("Coefficients"))
    return Printed(head, lines=(how_well, found.method), tables=(table,))


def ordinal(found) -> Printed:
    """A cumulative model: coefficients and cuts."""
    head = tr("Ordered model of {outcome}", outcome=found.sample.outcome)
    shown = ((found.coefficients, tr("Coefficients")), (found.cuts, tr("Cuts")))
    parts = tuple(_coefficients(found, frame, caption) for frame, caption in shown)
    return Printed(head, lines=(_deviance(found), found.method), tables=parts)


def binary(found) -> Printed:
    """A logit: log odds, and the ratios that they stand for."""
    head = tr("Logit of {outcome}", outcome=f"{found.sample.outcome} {found.event}")
    shown = ((found.coefficients, tr("Log odds")), (found.odds_ratios, tr("Odds ratios")))
    parts = tuple(_coefficients(found, frame, caption) for frame, caption in shown)
    return Printed(head, lines=(_deviance(found), found.method), tables=parts)


def cox(found) -> Printed:
    """A Cox model: log hazard ratios, and the ratios that they stand for."""
    head = tr("Cox model of {outcome}", outcome=found.sample.outcome)
    shown = ((found.coefficients, tr("Log hazard ratios")), (found.hazard_ratios, tr("Hazard ratios")))
    parts = tuple(_coefficients(found, frame, caption) for frame, caption in shown)
    return Printed(head, lines=(found.method,), tables=parts)


def _deviance(found) -> str:
    return tr("Deviance {deviance}", deviance=text.number(found.deviance, digits=1))


def _coefficients(found, frame: pd.DataFrame, caption: str) -> dict:
    """Terms with estimate, interval, standard error and p; the base is the model's, told once.

    A coefficient is written to as many digits as its interval tells of it, two at least: drivers have units of their
    own, and money or days have coefficients of a thousandth.
    """
    tested = "p" in frame
    heads = [tr("Term"), tr("Estimate"), tr("{confidence} interval", confidence=f"{found.confidence:.0%}")]
    heads += [tr("Standard error"), tr("p")] if tested else []
    rows = []
    for term, row in zip(frame.index, frame.to_dict("records"), strict=True):
        digits = _digits(row["high"] - row["low"])
        cells = [str(term), text.number(row["estimate"], digits=digits)]
        cells += [text.interval(row["low"], row["high"], digits=digits)]
        cells += [text.number(row["se"], digits=digits + 1), text.p_value(row["p"])] if tested else []
        rows.append(cells)
    return plain_table(heads, rows, caption=caption)


def _digits(width: float) -> int:
    """Digits after the point that leave two figures of an interval's width, 2 to 8."""
    return int(np.clip(1 - np.floor(np.log10(width)), 2, 8)) if 0 < width < np.inf else 2
