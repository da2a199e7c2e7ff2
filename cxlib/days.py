"""A day as a parameter writes it."""

import pandas as pd

from cxlib.errors import CxError


def day(text, what: str) -> pd.Timestamp:
    """The day that a text such as 2026-01-31 writes; `what` names it in the CxError that anything else is."""
    try:
        return pd.Timestamp(pd.to_datetime(text, format="%Y-%m-%d"))
    except (ValueError, TypeError):
        raise CxError(f"{what} is written 2026-01-31; found {text}") from None
