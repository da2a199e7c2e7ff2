"""The journey stage by stage and touchpoint by touchpoint: who comes, who moves on, how long it takes, how it feels.

A visit is a run of contacts of one customer at the same stage (or touchpoint and channel). What a visit leads to is
read off visits that were followed for the usual gap before the log ends (see contacts.Journeys), whether or not another
contact came: to leave out only those without one would make customers look more faithful than they are. A contact that
comes later than the usual gap may still be missed, at most one in twenty of those just before the end of the log.
Contacts at stages that the drawn map lacks keep rows of their own after the map's.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib import ratios
from cxlib.calls import told
from cxlib.contact_log import CODES, LEVELS, Journeys, contents, places
from cxlib.errors import CxError
from cxlib.language import tr
from cxlib.offered import offered
from cxlib.risk_sets import each_group, observed, risk_sets
from cxlib.suppression import hidden, tells
from cxlib.survival import curves_of, median
from cxlib.touchpoint_audit import audit

__all__ = ["audit", "stages", "sums", "touchpoints"]
__getattr__, __dir__ = offered(__name__, __all__)

# What a followed visit leads to: a later stage, an earlier one, one that the map lacks (or does not place), another
# touchpoint of the same stage, or nothing. The five add up.
FATES = {
    "moved": "there > here",
    "back": "there < here",
    "aside": "to_place <> place AND (here IS NULL OR there IS NULL)",
    "stays": "to_place = place",
    "ended": "to_place IS NULL",
}
# What is counted of a customer's contacts at a place: SQL rules for those that count.
_COUNTED = {"contacts": "true", "visits": "leaves", "followed": "in_time"}
_OF_THE_MAP = ("moved", "back", "aside", "stays")  # what the map decides, and what goes with it
_COUNTED |= {fate: f"in_time AND ({rule})" for fate, rule in FATES.items()} | {"scored": "score IS NOT NULL"}


@told
def stages(
    log: Journeys, drawn_map: pd.DataFrame, *, complaints: pd.DataFrame | None = None, days=30, confidence=0.95
) -> pd.DataFrame:
    """What happens at each stage of the journey, a row a stage in the map's order.

    Columns: stage, order, phase, customers, contacts, visits, n (visits followed, the base of the five shares),
    estimate (share moving on to a later stage, percent) with low, high, se, n_effective; and with _low and _high: back
    (share going back), aside (to a stage that the map lacks), ended (share after which no contact follows); days (from
    the first contact until the next stage, whichever it is: the Kaplan-Meier median, nan where fewer than half went
    on), score (mean) with score_se and score_n, complaint (share of customers who filed a complaint within `days` of a
    contact there) with complaint_n (customers with a contact whose `days` the complaints table covers), and
    channel.NAME (share of contacts in each channel). Shares have Wilson intervals and means t intervals, both with
    customers as clusters. `complaints` has complainer and when.

    Raises CxError for a map without order and for `days` that are no number of 1 or more.
    Source of the median's interval: Brookmeyer and Crowley, Biometrics 38 (1982) 29-41.
    """
    found = _table(log, drawn_map, "stage", complaints, days, confidence)
    return found.drop(columns=["stays", "stays_low", "stays_high"])  # of one touchpoint after another at a stage


@told
def touchpoints(
    log: Journeys, drawn_map: pd.DataFrame, *, complaints: pd.DataFrame | None = None, days=30, confidence=0.95
) -> pd.DataFrame:
    """What happens at each touchpoint in each of its channels, a row each, in the map's order.

    Columns as in stages(), with touchpoint and channel beside the stage, without the channel mix, and with stays: the
    share followed by another touchpoint of the same stage. A visit is here a run of contacts with one touchpoint in one
    channel, and days run until the next touchpoint.
    """
    return _table(log, drawn_map, "touchpoint", complaints, days, confidence)


def rows_of(log: Journeys, drawn_map: pd.DataFrame, level: str) -> pd.DataFrame:
    """The places of a level in the map's order, then those that only the log has: its keys, order, phase."""
    return log.once(("rows", level, contents(drawn_map)), lambda: _rows_of(log, drawn_map, level))


def _rows_of(log: Journeys, drawn_map: pd.DataFrame, level: str) -> pd.DataFrame:
    keys, known = list(LEVELS[level]), places(drawn_map).set_index("stage")
    order, phases = known["place"].to_dict(), known["phase"].to_dict()
    drawn = [(stage,) for stage in order]
    if level == "touchpoint":
        missing = [key for key in keys if key not in drawn_map]
        if missing:
            raise CxError(f"a map of touchpoints needs the columns {', '.join(keys)}; {missing[0]} is missing")
        drawn = drawn_map[keys].dropna().astype(str).itertuples(index=False, name=None)
        drawn = [row for row in drawn if row[0] in order]
    met = sorted(log.nodes[keys].itertuples(index=False, name=None))
    rows = sorted(dict.fromkeys([*drawn, *met]), key=lambda row: order.get(row[0], len(order) + 1))
    frame = pd.DataFrame(rows, columns=keys)
    phase = pd.Series([phases.get(row[0]) for row in rows], dtype=object)
    return frame.assign(order=[order.get(row[0], np.nan) for row in rows], phase=phase)


@dataclass(frozen=True)
class Sums:
    """Sums over customers for each place of a level, from which shares and means follow."""

    rows: pd.DataFrame

    def of(self, what: str, base: str) -> list[np.ndarray]:
        """The arguments of ratios.share() for `what` over `base`: a, b, aa, ab, bb, customers."""
        names = [what, base, f"{what}.{what}", f"{what}.{base}", f"{base}.{base}", f"{base}.customers"]
        return [self.rows[name].to_numpy(float) for name in names]


def sums(log: Journeys, drawn_map: pd.DataFrame, level: str, *, channels=()) -> Sums:
    """What customers did at each place of a level, as Sums: contacts, visits, followed, the FATES, scored, score.

    A row a place, as rows_of() has them. With `channels`, how many of the contacts were in each (channel.0, channel.1
    …, in their order: the engine would take Web and web for one column).
    """
    key = ("sums", level, *channels, contents(drawn_map))
    return log.once(key, lambda: _sums(log, drawn_map, level, channels))


def _sums(log: Journeys, drawn_map: pd.DataFrame, level: str, channels) -> Sums:
    inside = [log.nodes.loc[log.nodes["channel"] == name, "node"] for name in channels]
    each = {f"channel.{i}": f"node IN ({', '.join(map(str, of))})" for i, of in enumerate(inside)}
    # Some fates cannot be: of one touchpoint after another at the level of stages, of stages that the map lacks.
    never = {"stays"} if level == "stage" else set()
    never |= {"aside"} if log.nodes["stage"].isin(places(drawn_map)["stage"]).all() else set()
    fates = [fate for fate in FATES if fate not in never]
    pairs = [("contacts", "contacts"), ("followed", "followed"), ("score", "scored")]
    pairs += [(fate, "followed") for fate in fates] + [(name, "contacts") for name in each]
    wanted = {f"{a}.{b}": _sum(a, b) for a, base in pairs for a, b in ((a, a), (a, base), (base, base))}
    wanted |= {name: _sum(name) for name in ("contacts", "visits", "followed", *fates, "scored", "score", *each)}
    wanted |= {f"{base}.customers": f'sum(alike) FILTER ("{base}" > 0)' for base in ("contacts", "followed", "scored")}
    rules = {name: rule for name, rule in (_COUNTED | each).items() if name not in never}
    code, (added, counts) = CODES[level], log.packed(rules)
    # Most customers did as others did: what only counts is multiplied once for all who are alike.
    sql = f"""WITH each AS ({_each(log, drawn_map, level, added)}),
        alike AS (
            SELECT {code}, {", ".join(added)}, count(*) AS alike, fsum(score) AS score, fsum(score * score) AS score_2
            FROM each GROUP BY ALL),
        told AS (SELECT {code}, {_columns(counts)}, alike, score, score_2 FROM alike)
        SELECT {code}, {_columns(wanted, "::DOUBLE")} FROM told GROUP BY {code}"""
    found = log.named(log.query(sql), level)
    rows = rows_of(log, drawn_map, level).merge(found, on=list(LEVELS[level]), how="left", validate="one_to_one")
    rows = rows.fillna(dict.fromkeys(wanted, 0.0))
    return Sums(rows.assign(**{f"{fate}{product}": 0.0 for fate in never for product in ("", f".{fate}", ".followed")}))


def by_customer(log: Journeys, level: str) -> str:
    """SQL for a row a customer and place: its number, contacts, visits, followed and ended (visits), scored, score."""
    added, counts = log.packed({name: rule for name, rule in _COUNTED.items() if name not in _OF_THE_MAP})
    each = _each(log, None, level, added)
    return f"SELECT customer, {CODES[level]}, {_columns(counts)}, score FROM ({each})"


def _each(log: Journeys, drawn_map: pd.DataFrame | None, level: str, added: dict[str, str]) -> str:
    """SQL for a row a customer and place: its number, what is `added` up of the contacts, score (their sum).

    Without a map nothing that is added up may ask for the turn of a stage.
    """
    code, turned = CODES[level], ""
    if drawn_map is not None:
        order = dict(places(drawn_map)[["stage", "place"]].itertuples(index=False))
        turns = {
            i: order[stage] for i, stage in zip(log.nodes["place"], log.nodes["stage"], strict=True) if stage in order
        }
        turned = f""", {log.lookup("place", turns)} AS here, {log.lookup("to_place", turns)} AS there"""
    return f"""SELECT customer, {code}, {_columns(added)}, coalesce(fsum(score), 0) AS score FROM (
        SELECT customer, node, place, to_place, score, to_{code} IS DISTINCT FROM {code} AS leaves,
        leaves AND moment <= TIMESTAMP '{log.until}' AS in_time{turned}
        FROM contacts) GROUP BY customer, {code}"""


def _sum(*factors: str) -> str:
    """SQL for the sum over customers of a number or of the product of two, from those who are alike but in score."""
    if "score" not in factors:
        return f"sum({' * '.join(map(_name, factors))} * alike)"
    # Sums of fractions, the same in whatever order they come.
    return "fsum(score_2)" if factors == ("score", "score") else f"fsum({' * '.join(map(_name, factors))})"


def _table(log: Journeys, drawn_map: pd.DataFrame, level: str, complaints, days, confidence) -> pd.DataFrame:
    if not 0 < confidence < 1:
        raise CxError(f"confidence lies between 0 and 1, e.g. 0.95; found {confidence}")
    keys, mix = list(LEVELS[level]), log.channels if level == "stage" else ()
    found = sums(log, drawn_map, level, channels=mix)
    frame = found.rows[[*keys, "order", "phase"]].copy()
    counts = {"customers": "contacts.customers", "contacts": "contacts", "visits": "visits"}
    frame = frame.assign(**{name: found.rows[column].astype(int) for name, column in counts.items()})
    moved = ratios.share(*found.of("moved", "followed"), confidence=confidence)
    columns = moved | {"n": moved["n"].astype(int)}
    for fate in ("back", "aside", "stays", "ended"):
        columns |= ratios.prefixed(ratios.share(*found.of(fate, "followed"), confidence=confidence), fate)
    score = ratios.mean(*found.of("score", "scored"), confidence=confidence)
    columns |= ratios.prefixed(score | {"n": score["n"].astype(int)}, "score", ("estimate", "low", "high", "se", "n"))
    for i, name in enumerate(mix):
        share = ratios.share(*found.of(f"channel.{i}", "contacts"), confidence=confidence)
        columns |= ratios.prefixed(share, f"channel.{name}")
    frame = frame.assign(**columns)
    frame = frame.merge(_days(log, level, confidence), on=keys, how="left", validate="one_to_one")
    filed = _complaints(log, level, complaints, days, confidence)
    frame = frame.merge(filed, on=keys, how="left", validate="one_to_one")
    frame["complaint_n"] = frame["complaint_n"].fillna(0).astype(int)
    method = tr("Wilson; customers are clusters; visits followed for the usual gap")
    return frame.assign(unit="percent", method=method)


def _days(log: Journeys, level: str, confidence: float) -> pd.DataFrame:
    """The median of the days from the first contact of a visit until the next place, by place: days, _low, _high.

    Whom no other contact followed is censored at the end of the log. Times are told to four digits, so that there are
    few different ones.
    """
    return log.once(("days", level, confidence), lambda: _medians(log, level, confidence))


def _medians(log: Journeys, level: str, confidence: float) -> pd.DataFrame:
    curves = curves_of(log.once(("waits", level), lambda: _waits(log, level)), confidence)
    found = median(curves).rename(columns={"estimate": "days", "low": "days_low", "high": "days_high"})
    found.loc[found["events"] == 0, "days_low"] = np.nan  # a place from which nobody goes on has no time to tell
    keys = LEVELS[level]
    return found[[*keys, "days", "days_low", "days_high"]].astype(dict.fromkeys(keys, "str"))


def _waits(log: Journeys, level: str) -> list:
    """(the names of a place, who at which time has not gone on yet: its risk sets) for each place."""
    code = CODES[level]
    begins, ends = f"from_{code} IS DISTINCT FROM {code}", f"to_{code} IS DISTINCT FROM {code}"
    # Of a visit of several contacts only the first and the last are looked at; most visits are of one. After a first
    # one always comes its last one, so that the engine need not part the customers, for which it would read the log
    # several times.
    sql = f"""WITH waits AS (
            SELECT {code}, moment, to_moment AS arrived FROM contacts WHERE {begins} AND {ends}
            UNION ALL SELECT {code}, seen AS moment, arrived FROM (
                SELECT {code}, begins, seen, lead(seen) OVER (ORDER BY customer, step) AS arrived FROM (
                    SELECT customer, step, {code}, {begins} AS begins,
                    CASE WHEN begins THEN moment ELSE to_moment END AS seen
                    FROM contacts WHERE ({begins}) <> ({ends}))) WHERE begins),
        days AS (
            SELECT {code}, (arrived IS NOT NULL)::INT AS went,
            (epoch_us(coalesce(arrived, TIMESTAMP '{log.last}')) - epoch_us(moment)) / 864e8 AS days FROM waits)
        SELECT {code}, went, count(*) AS visits,
        CASE WHEN days > 0 THEN round(days, 3 - floor(log10(days))::INT) ELSE 0 END AS days
        FROM days GROUP BY ALL"""
    by = list(LEVELS[level])
    table, _ = observed(log.named(log.query(sql), level), "days", "went", by=by, counts="visits")
    return [(names, risk_sets(rows)) for names, rows in each_group(table, by)]


def _complaints(log: Journeys, level: str, complaints, days, confidence: float) -> pd.DataFrame:
    """The customers who complained within so many days of a contact, by place: complaint, _low, _high, _n."""
    keys, code = list(LEVELS[level]), CODES[level]
    columns = ["complaint", "complaint_low", "complaint_high", "complaint_n"]
    if not (isinstance(days, (int, np.integer)) and days >= 1):
        raise CxError(f"complaints are counted within a number of days, 1 or more; found {days}")
    if complaints is None or not {"complainer", "when"} <= set(complaints):
        types = dict.fromkeys(keys, "str") | dict.fromkeys(columns, float)
        return pd.DataFrame(columns=list(types)).astype(types)
    known = pd.DataFrame({"complainer": complaints["complainer"].astype("str"), "filed": complaints["when"]}).dropna()
    known["filed"] = known["filed"].dt.normalize()
    first, last = known["filed"].min(), known["filed"].max()
    # Both tables tell days; a complaint on the day of the contact counts.
    sql = f"""WITH here AS (
            SELECT * FROM (SELECT customer, {code}, moment::DATE AS day FROM contacts)
            WHERE day >= DATE '{first}' AND day + {days} <= DATE '{last}'),
        seen AS (SELECT DISTINCT customer, {code} FROM here),
        unhappy AS (
            SELECT DISTINCT customer, {code} FROM here
            JOIN complaints ON customer::VARCHAR = complainer AND filed >= day AND filed <= day + {days})
        SELECT seen.{code}, count(*) AS n, count(unhappy.customer) AS filed
        FROM seen LEFT JOIN unhappy ON seen.customer = unhappy.customer AND seen.{code} = unhappy.{code} GROUP BY ALL"""
    found = log.named(log.query(sql, complaints=known), level)
    share = ratios.of_customers(found["filed"], found["n"], confidence=confidence)
    return found[keys].assign(**ratios.prefixed(share, "complaint", ("estimate", "low", "high", "n")))


def few_complaints(
    log: Journeys, complaints: pd.DataFrame | None, *, days=30, confidence=0.95
) -> dict[str, set[tuple[str, ...]]]:
    """The places of which the share who complained would tell of 1 to 4 customers, by level: stage, touchpoint.

    Alone, or by what a stage has beyond its other touchpoints; customers at two touchpoints of a stage are few, and
    make that less certain.
    """
    found = {}
    for level in ("stage", "touchpoint"):
        rows = _complaints(log, level, complaints, days, confidence)
        filed = (rows["complaint"] / 100 * rows["complaint_n"]).round()
        found[level] = rows.assign(filed=filed, few=tells(filed, rows["complaint_n"]))
    stages, spots = found["stage"], found["touchpoint"]
    out = {level: {tuple(key) for key in rows.loc[rows["few"], [*LEVELS[level]]].to_numpy()}
           for level, rows in found.items()}  # fmt: skip
    for stage, parts in spots.groupby("stage", observed=True):
        counts = parts["filed"].fillna(0).to_numpy()
        own = stages.loc[stages["stage"] == stage, "few"].any()
        # A stage that is small itself, and its touchpoints that are not, cannot be shown together.
        total = [0.0 if own else counts.sum()]
        sums = [] if own else [(-1, range(1, len(counts) + 1))]
        hide = hidden([*total, *counts], sums)
        if hide[0]:
            out["stage"].add((stage,))
        out["touchpoint"] |= {tuple(key) for key in parts.loc[hide[1:], [*LEVELS["touchpoint"]]].to_numpy()}
    return out


def _columns(expressions: dict[str, str], cast: str = "") -> str:
    return ", ".join(f"({sql}){cast} AS {_name(name)}" for name, sql in expressions.items())


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
