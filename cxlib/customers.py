"""The 360-degree view: one row a customer, from every table that knows customers."""

from dataclasses import dataclass

import pandas as pd

from cxlib import large_counts
from cxlib.errors import CxError
from cxlib.shown import Shown


@dataclass(frozen=True, repr=False)
class CustomersView(Shown):
    """One row a customer, and a row a join: its table, rows, how many found their customer, and who did not."""

    frame: pd.DataFrame
    joins: pd.DataFrame


def customers_view(study) -> CustomersView:
    """Customers with their answers (the latest), purchases, complaints and contacts; blank or 0 where there are none.

    Columns beside those of the customers table: answers, last_wave and the metrics of the latest answer (survey);
    offers, purchases, spent and last_purchase (sales); complaints and last_outcome; contacts, touchpoints,
    first_contact and last_contact (events); where the customers table has a column of that name, they are called
    table.column. `joins` counts, table by table, the rows that name a customer who is
    not in the customers table (unmatched, with an example) or none (blank). Raises CxError without customers.
    """
    if not study.has("customers"):
        raise CxError(
            f"{study.file}: the view of customers needs a table customers; there are {', '.join(study.book.tables)}"
        )
    view = study.table("customers")
    if "customer" not in view:
        raise CxError(
            f"{study.file}: the table customers must say which column names the customer, e.g. `customer: id`"
        )
    large_counts.whole(study, "customers", "the view of customers")
    joins = []
    parts = {"survey": _answers, "sales": _purchases, "complaints": _complaints, "events": _contacts}
    for name, summarise in parts.items():
        key = "complainer" if name == "complaints" else "customer"
        if not study.has(name) or key not in study.table(name):
            continue
        rows = study.table(name)
        large_counts.whole(study, name, "the view of customers")
        named = rows[key].notna()
        known = rows[key].isin(view["customer"])
        lost = rows.loc[named & ~known, key]
        per_customer = summarise(study, rows[known].rename(columns={key: "customer"}))
        taken = {c: f"{name}.{c}" for c in per_customer if c in view and c != "customer"}
        per_customer = per_customer.rename(columns=taken)
        joined = view.merge(per_customer, on="customer", how="left", validate="one_to_one")
        if len(joined) != len(view):
            raise AssertionError(f"joining {name} changed the number of customers from {len(view)} to {len(joined)}")
        view = joined
        joins.append(
            {
                "table": name,
                "rows": len(rows),
                "matched": int(known.sum()),
                "blank": int((~named).sum()),
                "unmatched": len(lost),
                "example": "" if lost.empty else str(lost.iloc[0]),
                "customers": len(per_customer),
            }
        )
    counts = [c for c in ("answers", "offers", "purchases", "complaints", "contacts") if c in view]
    view[counts] = view[counts].fillna(0).astype(int)
    return CustomersView(view, pd.DataFrame(joins))


def _answers(study, rows: pd.DataFrame) -> pd.DataFrame:
    order = [c for c in ("wave", "when") if c in rows]
    metrics = study.questions("metric")
    latest = rows.sort_values(order, kind="stable").drop_duplicates("customer", keep="last")
    latest = latest[["customer", *(["wave"] if "wave" in rows else []), *metrics]].rename(columns={"wave": "last_wave"})
    return latest.merge(rows.groupby("customer").size().rename("answers").reset_index(), on="customer")


def _purchases(study, rows: pd.DataFrame) -> pd.DataFrame:
    won = rows[rows["won"] == 1] if "won" in rows else rows
    offers = rows.groupby("customer").size().rename("offers")
    bought = won.groupby("customer").agg(
        purchases=("customer", "size"),
        **({"spent": ("value", "sum")} if "value" in rows else {}),
        **({"last_purchase": ("when", "max")} if "when" in rows else {}),
    )
    return offers.to_frame().join(bought).reset_index()


def _complaints(study, rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.sort_values("when", kind="stable") if "when" in rows else rows
    return (
        rows.groupby("customer")
        .agg(complaints=("customer", "size"), **({"last_outcome": ("outcome", "last")} if "outcome" in rows else {}))
        .reset_index()
    )


def _contacts(study, rows: pd.DataFrame) -> pd.DataFrame:
    return (
        rows.groupby("customer")
        .agg(
            contacts=("customer", "size"),
            **({"touchpoints": ("touchpoint", "nunique")} if "touchpoint" in rows else {}),
            **({"first_contact": ("when", "min"), "last_contact": ("when", "max")} if "when" in rows else {}),
        )
        .reset_index()
    )
