"""A part of a large table, and what the codebook makes of its columns."""

from dataclasses import dataclass

import pandas as pd

from cxlib.engine import Source

# Keys that name a row or a customer: too many to be looked at one by one.
NAMES = ("respondent", "customer", "complainer", "complaint", "prospect")


@dataclass(frozen=True)
class Part:
    """Rows of one wave or glob, and what the codebook makes of them.

    coded: columns to count by, as SQL over the rows, by name. values: of a column of the codebook, the column of
    `coded` that holds it and what each value there becomes; what is not among them is in `coded` as it shall be.
    sql: the columns of the codebook as SQL over the rows. dropped: rows that repeat others, by _file and _row.
    """

    source: Source
    wave: str | None
    coded: dict[str, str]
    values: dict[str, tuple[str, dict]]
    sql: dict[str, str]
    dropped: pd.DataFrame | None = None
