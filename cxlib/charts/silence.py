"""The iceberg chapter's tables as its charts take them."""

import pandas as pd
from matplotlib.figure import Figure

from cxlib.charts.costs import tornado
from cxlib.charts.iceberg import iceberg
from cxlib.charts.rates import pooling


def iceberg_of(case) -> Figure | None:
    """iceberg() of a silence.Silence; None where it has no estimate, or one without an upper limit."""
    found = case.silent
    if found is None or found.high == float("inf"):
        return None
    return iceberg(
        complainers=len(case.complainers),
        silent=found.value,
        low=found.low,
        high=found.high,
        confidence=found.confidence,
    )


def poolings(frame: pd.DataFrame) -> dict[str, Figure]:
    """pooling() for every segment of silence.by_segment(), by its name."""
    rates = {"rate": "estimate", "rate_low": "low", "rate_high": "high"}
    return {
        name: pooling(rows.drop(columns=list(rates.values())).rename(columns=rates), overall=rows["overall"].iloc[0])
        for name, rows in (frame.groupby("name", sort=False) if len(frame) else ())
    }


def swings(frame: pd.DataFrame) -> Figure | None:
    """tornado() of levers.one_way(); None where it has no rows."""
    return tornado(frame, total=frame["total"].iloc[0]) if len(frame) else None
