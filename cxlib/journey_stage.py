"""The numbers of one stage of the journey, each with its interval and base, one beneath the other."""

import pandas as pd

from cxlib import ratios
from cxlib.errors import CxError, nearest
from cxlib.journey_study import Facts
from cxlib.language import noted, tr

ENDS = ("estimate", "low", "high")
# The numbers of a stage: column, the column of its base, unit, and what it is called.
MEASURES = (
    ("estimate", "n", "percent", noted("Move on")),
    ("back", "n", "percent", noted("Go back")),
    ("ended", "n", "percent", noted("End here")),
    ("days", "visits", "ratio", noted("Days to the next")),
    ("score", "score_n", "score", noted("Score")),
    ("complaint", "complaint_n", "percent", noted("Complain")),
)


def at_stage(found: Facts, stage: str, *, confidence: float) -> pd.DataFrame:
    """What is told of one stage of the journey, a row a number: measure, estimate, low, high, n, unit.

    How many of all customers come there, and its numbers of `found.stages`; those that nothing is known of are left
    out. Raises CxError for a stage that is not there.
    """
    rows = found.stages[found.stages["stage"] == stage]
    if rows.empty:
        known = found.stages["stage"].tolist()
        raise CxError(f"{stage} is no stage of the journey{nearest(stage, known)}; there are {', '.join(known)}")
    row = rows.iloc[0]
    reach = ratios.of_customers(row["customers"], found.customers, confidence=confidence)
    measures = [(tr("Customers who come here"), *(float(reach[end]) for end in ENDS), found.customers, "percent")]
    for name, base, unit, label in MEASURES:
        ends = ENDS if name == "estimate" else (name, f"{name}_low", f"{name}_high")
        measures.append((tr(label), *(row[end] for end in ends), int(row[base]), unit))
    frame = pd.DataFrame(measures, columns=["measure", *ENDS, "n", "unit"])
    return frame[(frame["n"] > 0) & frame["estimate"].notna()].reset_index(drop=True)
