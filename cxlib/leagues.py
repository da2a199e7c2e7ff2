"""The league tables of a study: branches, teams and employees by metric, by offers won, and by journeys that arrive."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxlib import league, league_reasons
from cxlib.calibration import fixed
from cxlib.contact_log import places
from cxlib.counts import as_list
from cxlib.errors import CxError
from cxlib.journey_study import Case
from cxlib.language import digits, noted, tr
from cxlib.large_counts import is_sample, marked
from cxlib.league import League
from cxlib.shown import Shown
from cxlib.suppression import in_table, small, tells, withhold
from cxlib.survey import metrics

UNITS = 300  # in one table; more are no units but customers
REASONS = 100  # rows
BRANCH, EMPLOYEE = noted("branch"), noted("employee")  # units, and the columns that name them
NUMBERS = ["estimate", "se", "n_weighted", "n_effective", "pooled", "low", "high", "rank", "rank_low", "rank_high"]
NUMBERS += ["chance_best", "chance_top", "weight"]
BASES = ["n", "n_weighted", "n_effective"]


@dataclass(frozen=True, repr=False)
class Table(Shown):
    """One league table: its name, title, what its units are, what it measures, in which unit; None with the reason."""

    name: str
    title: str
    of: str
    unit: str
    found: League | None
    why_not: str = ""

    @property
    def key(self) -> str:
        """The name without what all of them have: metric, offers, journeys."""
        return self.name.removeprefix("league_")


def leagues(case: Case, *, seed: int = 0) -> list[Table]:
    """A league table of whatever the study tells of units: those without three units of the minimum base say so."""
    made = [*_metric(case, seed), *_offers(case, seed), *_arrivals(case, seed)]
    return [table for table in made if table is not None]


def printed(tables: list[Table], heads: dict) -> dict[str, tuple[pd.DataFrame, dict]]:
    """The tables that there are, by name, as results.tables_of() takes them."""
    return {
        table.name: (
            rows(table),
            {"caption": table.title, "columns": list(heads), "labels": heads | {"name": table.of.capitalize()}},
        )
        for table in tables
        if table.found is not None
    }


def rows(table: Table) -> pd.DataFrame:
    """A league table as it is printed: what units are called in `name`, every number in the table's unit."""
    return table.found.frame.rename(columns={"unit": "name"}).assign(unit=table.unit)


def reasons(case: Case) -> pd.DataFrame:
    """Reasons of winning and losing by employee, against all others: the clearest first, and a hundred at most.

    Empty where no offer has an outcome, a reason and an employee. What would tell of 1 to 4 offers is withheld, and
    stands at the end, as its place would tell it too.
    """
    study, needed = case.study, ["employee", "won", "reason"]
    keys = set(study.table("sales")) if study.has("sales") else set()
    if not set(needed) <= keys or not study.table("sales")[needed].notna().all(axis=1).any():
        return pd.DataFrame()
    how = {"minimum_base": case.minimum_base, "confidence": case.confidence}
    found = league_reasons.reasons(study.table("sales"), "employee", "reason", "won", **how)
    found = found.rename(columns={"unit": "employee"}).assign(unit="percent")
    found = found.sort_values("p_adjusted", kind="stable").head(REASONS)
    out = _small_reasons(study.table("sales"), found, case.minimum_base)
    numbers = ["estimate", "low", "high", "others", "difference", "p_adjusted"]
    found = withhold(withhold(found, out, numbers), small(found["n"]), BASES)
    return pd.concat([found[~out], found[out]])


def _small_reasons(sales: pd.DataFrame, found: pd.DataFrame, minimum_base: int) -> np.ndarray:
    """Which rows of reasons() would tell of 1 to 4 offers, those with the other rows and the sums that they give."""
    out = np.zeros(len(found), bool)
    for outcome, won in ((league_reasons.OUTCOMES[0], 1), (league_reasons.OUTCOMES[1], 0)):
        rows = sales[(sales["won"] == won) & sales["reason"].notna() & sales["employee"].notna()]
        counts = pd.crosstab(rows["employee"], rows["reason"])
        here = ((found["outcome"] == outcome) & (found["n"] >= minimum_base)).to_numpy()
        at = (counts.index.get_indexer(found["employee"][here]), counts.columns.get_indexer(found["reason"][here]))
        unpublished = np.ones(counts.shape, bool)
        unpublished[at] = False
        if here.any():
            out[here] = in_table(counts.to_numpy(), unpublished=unpublished)[at]
    return out


def _metric(case: Case, seed: int) -> list[Table]:
    """Units by the first metric: the survey's clusters, or the branches of the customers who answered."""
    study = case.study
    if case.group or not study.has("survey") or not study.questions("metric"):
        return []
    row, rows = metrics(study).iloc[0], study.survey
    if "cluster" in rows:
        unit, of = "cluster", study.book.tables["survey"].keys["cluster"]
    elif "customer" in rows and study.has("customers") and "branch" in study.table("customers"):
        branch = study.table("customers").set_index("customer")["branch"]
        unit, of = BRANCH, tr(BRANCH)
        rows = rows.assign(branch=rows["customer"].map(branch[~branch.index.duplicated()]))
    else:
        return []
    design = {key: name for key, name in study.design.items() if key in ("weights", "strata")}
    design = {key: name for key, name in design.items() if unit not in as_list(name)}
    how = {"question": row["question"], "minimum_base": case.minimum_base, "confidence": case.confidence, "seed": seed}
    title = marked(study, "survey", tr("{metric} by {unit}", metric=row["label"], unit=of))

    def made() -> League:
        found = league.by_metric(rows, unit, study.metric(row["question"]), **design, **how)
        return replace(found, frame=found.frame.assign(method=found.frame["method"] + fixed(study.design)))

    return [_tried("league_metric", title, of, row["unit"], rows, unit, made)]


def _offers(case: Case, seed: int) -> list[Table]:
    """Employees by offers won."""
    study = case.study
    if not study.has("sales") or not {"employee", "won"} <= set(study.table("sales")):
        return []
    sales = study.table("sales")
    if case.group and "customer" in sales:
        sales = sales[sales["customer"].isin(case.customers["customer"])]
    title = marked(study, "sales", tr("Offers won by employee"))
    return [_rate(case, "league_offers", title, EMPLOYEE, sales, "won", seed)]


def _arrivals(case: Case, seed: int) -> list[Table]:
    """Branches by the share of their customers' journeys, of those known to have stopped, that reach the last stage."""
    if case.log is None or case.customers is None or "branch" not in case.customers:
        return []
    last = places(case.study.table("map"))["stage"].iloc[-1]  # whichever map the journeys are held against
    reached = case.log.query(
        f"SELECT known AS customer, max(CASE WHEN stage = '{last.replace(chr(39), chr(39) * 2)}' THEN 1 ELSE 0 END) "
        "AS arrived FROM contacts JOIN people ON customer::VARCHAR = known "
        f"GROUP BY known HAVING max(moment) <= TIMESTAMP '{case.log.until}'",
        people=pd.DataFrame({"known": case.customers["customer"].astype("str")}),
    )
    branches = case.customers[["customer", "branch"]]
    rows = reached.sort_values("customer").merge(branches, on="customer", validate="one_to_one")
    all_contacts = case.study.counts_all("events") and not case.group
    drawn = "customers" if all_contacts or is_sample(case.study, "customers") else "events"
    title = marked(case.study, drawn, tr("Journeys that reach {stage} by branch", stage=last))
    return [_rate(case, "league_journeys", title, BRANCH, rows, "arrived", seed)]


def _rate(case: Case, name: str, title: str, unit: str, rows: pd.DataFrame, won: str, seed: int) -> Table:
    """Units by a share; those in which it tells of 1 to 4 are left out of the model as well, which would tell them."""
    known = rows.dropna(subset=[unit, won])
    counts = known.groupby(unit, observed=True)[won].agg(["sum", "size"])
    out = counts[tells(counts["sum"], counts["size"]) & (counts["size"] >= case.minimum_base)]
    all_rows, rows = rows, rows[~rows[unit].isin(out.index)]
    how = {"minimum_base": case.minimum_base, "confidence": case.confidence, "seed": seed}
    clusters = {"clusters": "customer"} if "customer" in rows and rows["customer"].duplicated().any() else {}

    def made() -> League:
        found = league.by_rate(rows, unit, won, **clusters, **how)
        left = pd.DataFrame({"unit": out.index, "n": out["size"].to_numpy(), "apart": False, "method": ""})
        frame = pd.concat([found.frame, left], ignore_index=True) if len(left) else found.frame
        return replace(found, frame=withhold(frame, frame["unit"].isin(out.index), NUMBERS))

    return _tried(name, title, tr(unit), "percent", all_rows, unit, made)


def _tried(name: str, title: str, of: str, unit: str, rows: pd.DataFrame, column: str, attempt) -> Table:
    """The table that an attempt makes, or why there is none."""
    if rows[column].nunique() > UNITS:
        units = digits(f"{rows[column].nunique():,}")
        return Table(name, title, of, unit, None, tr("{units} units are more than a table can hold", units=units))
    try:
        found = attempt()
        frame = withhold(found.frame, small(found.frame["n"]), BASES)
        return Table(name, title, of, unit, replace(found, frame=frame))
    except CxError as error:
        return Table(name, title, of, unit, None, str(error))
