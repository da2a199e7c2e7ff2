"""The contact log of customers: put in order as journeys, and held against the customers and the drawn map."""

import numpy as np
import pandas as pd

from cxlib.contact_log import LEVELS, Journeys, journeys, places
from cxlib.errors import closest
from cxlib.language import digits, noted, tr

__all__ = ["LEVELS", "Journeys", "check", "journeys", "places"]

# Of the rules of check(), those whose breaches somebody ought to mend; the others are decisions to know of.
MEND = ("before_customer", "unknown_customer", "unknown_stage", "unknown_touchpoint", "blank", "duplicate")
UNKNOWN = noted("kept: it has a row of its own after the map's, and is a departure from the map")


_IN_THE_MAP = {
    "stage": noted("a stage is in the drawn map"),
    "touchpoint": noted("a touchpoint is in the drawn map, at its stage"),
}
_EXAMPLES = {
    "since": noted("{who}, contact {seen}, since {since}"),
    "left": noted("{who}, contact {seen}, left {left}"),
    "customer": noted("{who}, contact {seen}"),
}


def check(events, customers: pd.DataFrame | None, drawn_map: pd.DataFrame, **columns) -> pd.DataFrame:
    """What is odd about a contact log beside the customers and the drawn map, and what is done about it.

    `events` and `columns` as in journeys(), or the Journeys; `customers` has customer and, as far as known, since and
    left (days). A row a rule, in a fixed order, also where nothing breaks it. Columns: kind (before_customer,
    after_customer, unknown_customer, unknown_stage, unknown_touchpoint, blank, duplicate, single_contact, same_moment,
    not_followed), contacts and customers (0 where the tables do not tell), rule, example, decision, problem (whether
    somebody ought to mend it). Raises CxError as journeys() and places().
    """
    order = places(drawn_map)["stage"].tolist()
    log = events if isinstance(events, Journeys) else journeys(events, **({"order": order} | columns))
    rows = [*_beside_customers(log, customers), *_beside_map(log, drawn_map, order), *_by_itself(log)]
    found = pd.DataFrame(rows, columns=["kind", "contacts", "customers", "rule", "example", "decision"])
    found = found.astype({"contacts": int, "customers": int})
    return found.assign(problem=found["kind"].isin(MEND) & (found["contacts"] > 0))


def _beside_customers(log: Journeys, customers: pd.DataFrame | None):
    """Contacts before the customer came, after he left, and of nobody known."""
    rules = [
        ("before_customer", "since", tr("a contact comes after its customer did"), "moment::DATE < since",
         tr("kept: a journey may begin before the first purchase")),
        ("after_customer", "left", tr("a contact comes before its customer leaves"), "moment::DATE > left_on",
         tr("kept")),
        ("unknown_customer", "customer", tr("a contact's customer is in the table of customers"), "known IS NULL",
         tr("kept, but left out where customers are compared")),
    ]  # fmt: skip
    told = {} if customers is None else {column: customers[column] for column in customers}
    people = pd.DataFrame({"known": told.get("customer", pd.Series(dtype="str")).astype("str")})
    for column, name in (("since", "since"), ("left", "left_on")):
        people[name] = told[column].dt.normalize() if column in told else pd.Series(dtype="datetime64[us]")
    for kind, column, rule, broken, decision in rules:
        if column not in told or "customer" not in told:
            yield kind, 0, 0, rule, "", tr("not checked: the customers' table does not tell")
            continue
        odd = f"FROM contacts LEFT JOIN people ON customer::VARCHAR = known WHERE {broken}"
        sql = f"SELECT count(*) AS contacts, count(DISTINCT customer) AS customers {odd}"
        row, example = log.query(sql, people=people).iloc[0], ""
        if row["contacts"]:
            days = {"seen": "moment", "since": "since", "left": "left_on"}
            written = ", ".join(f"strftime({of}, '%Y-%m-%d') AS {name}_day" for name, of in days.items())
            sql = f"SELECT customer::VARCHAR AS who, {written} {odd} ORDER BY who, moment LIMIT 1"
            first = log.query(sql, people=people).iloc[0]
            example = tr(_EXAMPLES[column], who=first["who"], **{name: first[f"{name}_day"] for name in days})
        yield kind, row["contacts"], row["customers"], rule, example, decision if row["contacts"] else ""


def _beside_map(log: Journeys, drawn_map: pd.DataFrame, order: list[str]):
    """Contacts at stages that the map lacks, and with touchpoints that it does not have at their stage."""
    counts = log.query("SELECT stage, touchpoint, count(*) AS contacts FROM contacts GROUP BY ALL")
    known = counts["stage"].isin(order).to_numpy()
    drawn, strange = [], np.zeros(len(counts), bool)
    if "touchpoint" in drawn_map:
        drawn = drawn_map["touchpoint"].dropna().astype(str).unique()
        pairs = set(zip(drawn_map["stage"].astype(str), drawn_map["touchpoint"].astype(str), strict=True))
        strange = np.array([pair not in pairs for pair in zip(counts["stage"], counts["touchpoint"], strict=True)])
    for kind, bad, column, names in (
        ("unknown_stage", ~known, "stage", order),
        ("unknown_touchpoint", known & strange, "touchpoint", drawn),
    ):
        rule = tr(_IN_THE_MAP[column])
        rows = counts[bad].sort_values(["contacts", "stage", "touchpoint"], ascending=[False, True, True])
        if rows.empty:
            yield kind, 0, 0, rule, "", ""
            continue
        sql = "SELECT count(DISTINCT customer) AS n FROM contacts JOIN spots USING (stage, touchpoint)"
        people = log.query(sql, spots=rows[["stage", "touchpoint"]])["n"].iloc[0]
        first = rows.iloc[0]
        found = first["stage"]
        if column == "touchpoint":
            found = tr("{touchpoint} at {stage}", touchpoint=first["touchpoint"], stage=first["stage"])
        near = "" if first[column] in names else closest(first[column], names)
        example = tr("{found}; did you mean {known}?", found=found, known=near) if near else found
        yield kind, rows["contacts"].sum(), people, rule, example, tr(UNKNOWN)


def _by_itself(log: Journeys):
    """What the log shows alone: rows left out, journeys of one contact, ties, and contacts not followed long enough."""
    left_out = tr("left out") if log.blank else ""
    yield "blank", log.blank, 0, tr("a contact has a customer, a time, a stage and a touchpoint"), "", left_out
    first = tr("the first is kept, one with a score where there is one") if log.duplicates else ""
    rule = tr("a customer has one contact with a touchpoint of a stage at one moment")
    yield "duplicate", log.duplicates, log.duplicated, rule, log.example, first
    conditions = {
        "single": "step = 1 AND to_moment IS NULL",
        "tied": "to_moment = moment",
        "open": f"moment > TIMESTAMP '{log.until}'",
    }
    columns = [
        f"count(*) FILTER ({sql}) AS {name}, count(DISTINCT customer) FILTER ({sql}) AS {name}_customers, "
        f"coalesce(min(customer::VARCHAR) FILTER ({sql}), '') AS {name}_example"
        for name, sql in conditions.items()
    ]
    row = log.query(f"SELECT {', '.join(columns)} FROM contacts").iloc[0]
    days = log.usual_gap / pd.Timedelta(days=1)
    if days >= 1:
        gap = tr("{number} days", number=digits(f"{days:.1f}"))
    else:
        gap = tr("{number} hours", number=digits(f"{24 * days:.1f}"))
    for kind, name, rule, decision in (
        ("single_contact", "single", tr("a journey has two contacts or more"), tr("kept: a journey of one contact")),
        ("same_moment", "tied", tr("two contacts of a customer differ in time"),
         tr("taken in the map's order, then by name")),
        ("not_followed", "open", tr("a contact comes more than the usual gap, {gap}, before the log ends", gap=gap),
         tr("kept, but what it leads to is not counted")),
    ):  # fmt: skip
        found = [row[name], row[f"{name}_customers"]]
        yield kind, *found, rule, row[f"{name}_example"], decision if row[name] else ""
