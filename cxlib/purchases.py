"""Purchases of customers who sign no contract: read from a table, and what in it calls for a decision."""

import narwhals as nw
import numpy as np
import pandas as pd

from cxlib.errors import CxError, nearest
from cxlib.language import digits, noted, tr


def purchases_checked(frame, *, customer, when, value=None) -> pd.DataFrame:
    """What in a table of purchases calls for a decision, how often it occurs, and what is done about it.

    Columns: what, rows, customers, value (of these rows), example (its row, counted from 1), decision. The first row
    counts the whole table. Rows are identical where all their columns are. Raises CxError as read().
    """
    table, raw = read(frame, customer=customer, when=when, value=value), _pandas(frame)
    used = raw.index.isin(table.index)
    bought, amount = raw[when].dt.normalize(), raw[value] if value else pd.Series(np.nan, raw.index)
    occasions = pd.DataFrame({"customer": raw[customer], "day": bought})[used]
    again = occasions.duplicated().reindex(raw.index, fill_value=False)
    found = {
        noted("all purchases"): (np.ones(len(raw), bool), "–"),
        noted("without customer or day"): (~used, noted("left out")),
        noted("identical to an earlier row"): (
            raw.duplicated() & used,
            noted("kept: a customer may buy the same twice a day"),
        ),
        noted("further purchases on a day"): (again, noted("one occasion together with the day's first")),
    }
    if value:
        found |= {
            noted("without a value"): (
                amount.isna() & used,
                noted("kept as an occasion; adds nothing to the value"),
            ),
            noted("of value 0"): ((amount == 0) & used, noted("kept as an occasion")),
            noted("of value under 0"): ((amount < 0) & used, noted("kept as an occasion; lowers the value")),
        }
    rows = []
    for what, (mask, decision) in found.items():
        mask = np.asarray(mask, bool)
        first = tr("row {number}", number=1 + int(np.argmax(mask))) if mask.any() else ""
        rows.append((what, mask.sum(), raw.loc[mask, customer].nunique(), amount[mask].sum(), first, decision))
    return pd.DataFrame(rows, columns=["what", "rows", "customers", "value", "example", "decision"])


def read(frame, *, customer, when, value=None) -> pd.DataFrame:
    """The purchases with a customer and a day: customer, day, value (0 where none is given); under their own index.

    Raises CxError for columns that are missing, days that are no dates, values that are no finite numbers, and where
    nothing is left.
    """
    raw = _pandas(frame)
    for name in [customer, when, *([value] if value else [])]:
        if name not in raw:
            raise CxError(f"there is no column {name} in the purchases{nearest(name, raw.columns)}")
    if not pd.api.types.is_datetime64_any_dtype(raw[when]):
        example = raw[when].dropna().astype(object).iloc[:1].tolist()
        raise CxError(f"days of purchases are dates; column {when} holds {raw[when].dtype}, e.g. {example}")
    amount = raw[value] if value else pd.Series(0.0, raw.index)
    if not pd.api.types.is_numeric_dtype(amount):
        raise CxError(f"values are numbers; column {value} holds {amount.dtype}, e.g. {amount.dropna().iloc[0]}")
    amount = amount.astype(float)
    wrong = np.isinf(amount)
    if wrong.any():
        raise CxError(f"values are finite numbers; {wrong.sum()} in {value} are not")
    day = raw[when].dt.tz_localize(None).dt.normalize()
    table = pd.DataFrame({"customer": raw[customer], "day": day, "value": amount.fillna(0.0)})
    table = table.dropna(subset=["customer", "day"])
    if table.empty:
        raise CxError(
            tr("purchases need a customer and a day; none of {rows} rows has both", rows=digits(f"{len(raw):,}"))
        )
    return table


def _pandas(frame) -> pd.DataFrame:
    data = nw.from_native(frame)
    data = (data.collect() if isinstance(data, nw.LazyFrame) else data).to_pandas()
    return data.reset_index(drop=True)
