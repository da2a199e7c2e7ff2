"""The touchpoint audit: how often customers meet each touchpoint, against the number that the map expects.

Customers with fewer contacts than expected are leaving early, those with more find the way too complicated: what goes
with either, in churn and in scores, is told beside those with as many as expected. It goes with it; it need not come
from it.
"""

import numpy as np
import pandas as pd

from cxlib import ratios
from cxlib.contact_log import CODES, LEVELS, Journeys, places
from cxlib.errors import CxError
from cxlib.language import noted

FEWER, MORE, AS_EXPECTED = noted("fewer"), noted("more"), noted("as expected")  # verdicts
SUMS = ("customers", "known", "gone", "scored", "score", "scored.scored", "score.scored", "score.score", "with_score")


def audit(
    log: Journeys, drawn_map: pd.DataFrame, *, customers: pd.DataFrame | None = None, confidence=0.95
) -> pd.DataFrame:
    """Expected contacts per customer (the map's `expected`) against observed ones: journey, stages, touchpoints.

    The base n is every customer in the log, leaving out those last seen within the usual gap of its end, whose journey
    may go on. A customer has fewer contacts than expected under the expected number rounded down, and more above it
    rounded up: where .6 are expected, 0 and 1 are as expected, and nobody can have fewer.

    Columns: level (journey, stage, touchpoint), stage, touchpoint, channel (blank above their level), expected,
    estimate (contacts per customer) with low, high, se, n, n_effective (t interval); verdict (fewer, more, as expected:
    where the interval lies); and for `fewer` and `more` each: the customers, _share of them (percent; with _low,
    _high), _churn (percent who left, less that of the customers with as many as expected; with _low, _high) and _score
    (mean score of all their contacts, less that of the same others; with _low, _high). Churn is nan without
    `customers`, who have customer and left. Raises CxError for a map that expects nothing.
    """
    if "expected" not in drawn_map or drawn_map["expected"].isna().all():
        raise CxError("an audit needs the contacts that the map expects (column expected); it has none")
    if (drawn_map["expected"] < 0).any():
        bad = drawn_map["expected"][drawn_map["expected"] < 0]
        raise CxError(f"expected contacts are 0 or more; {len(bad)} are not, e.g. {bad.iloc[0]:g}")
    people = _people(customers)
    whole = _counts(log, None, people)
    rows = []
    for level, keys in {noted("journey"): (), **LEVELS}.items():
        counts = whole if level == "journey" else _counts(log, level, people)
        for names, expected in _expected(drawn_map, keys):
            here = counts
            for key, name in names.items():
                here = here[here[key] == name]
            rows.append({"level": level, **names, **_row(here, whole, expected, confidence)})
    columns = ["level", *LEVELS["touchpoint"]]
    frame = pd.DataFrame(rows)
    # A map that expects contacts of stages alone has no rows, and so no columns, of their touchpoints.
    return frame.reindex(columns=[*columns, *frame.columns.difference(columns, sort=False)]).assign(unit="contacts")


def _people(customers: pd.DataFrame | None) -> pd.DataFrame:
    """Customers whose leaving is known: known (the key), gone (1 or 0)."""
    if customers is None or not {"customer", "left"} <= set(customers):
        return pd.DataFrame({"known": pd.Series(dtype="str"), "gone": pd.Series(dtype=int)})
    return pd.DataFrame({"known": customers["customer"].astype("str"), "gone": customers["left"].notna().astype(int)})


def _counts(log: Journeys, level: str | None, people: pd.DataFrame) -> pd.DataFrame:
    """For each place and number of contacts there: how many customers had so many, and SUMS over them."""
    code = f"{CODES[level]}, " if level else ""
    sql = f"""WITH totals AS (
            SELECT customer, count(score) AS scored, coalesce(fsum(score), 0) AS score FROM contacts
            GROUP BY customer HAVING max(moment) <= TIMESTAMP '{log.until}'),
        each AS (SELECT {code}customer, count(*) AS contacts FROM contacts GROUP BY ALL)
        SELECT {code}contacts, count(*) AS customers, count(known) AS known, coalesce(sum(gone), 0)::DOUBLE AS gone,
        sum(scored)::DOUBLE AS scored, fsum(score) AS score, sum(scored * scored)::DOUBLE AS "scored.scored",
        fsum(score * scored) AS "score.scored", fsum(score * score) AS "score.score",
        count(*) FILTER (scored > 0) AS with_score
        FROM each JOIN totals USING (customer) LEFT JOIN people ON customer::VARCHAR = known GROUP BY ALL"""
    found = log.query(sql, people=people)
    return log.named(found, level) if level else found


def _expected(drawn_map: pd.DataFrame, keys):
    """(the names of a place, the contacts expected there) in the map's order."""
    order = places(drawn_map)["stage"].tolist()
    drawn = drawn_map.dropna(subset=["expected"])
    if not keys:
        return [({}, drawn["expected"].sum())]
    if not set(keys) <= set(drawn):
        return []
    found = drawn.groupby(list(keys), sort=False)["expected"].sum()
    found = found.sort_index(level=0, key=lambda names: names.map(order.index), kind="stable", sort_remaining=False)
    return [(dict(zip(keys, np.atleast_1d(names), strict=True)), expected) for names, expected in found.items()]


def _row(counts: pd.DataFrame, whole: pd.DataFrame, expected: float, confidence: float) -> dict:
    """One place: observed against expected, and the customers on either side."""
    total = whole[list(SUMS)].sum()
    # Who was never there is in no row of the engine's.
    never = total - counts[list(SUMS)].sum()
    table = pd.concat([counts[["contacts", *SUMS]], pd.DataFrame([never.to_dict() | {"contacts": 0}])])
    contacts, n = table["contacts"].to_numpy(float), table["customers"].to_numpy(float)
    everybody = total["customers"]
    square = (contacts * contacts) @ n
    found = ratios.mean(contacts @ n, everybody, square, contacts @ n, everybody, everybody, confidence=confidence)
    row = {"expected": expected} | {name: float(value) for name, value in found.items()}
    row |= {"n": int(everybody), "n_effective": float(everybody)}
    row["verdict"] = FEWER if row["high"] < expected else MORE if row["low"] > expected else AS_EXPECTED
    # Sums of shares of a contact, such as .6 + .4, are whole but for the last digit.
    least, most = np.floor(round(expected, 9)), np.ceil(round(expected, 9))
    sides = {FEWER: contacts < least, MORE: contacts > most}
    other = table[~sides[FEWER] & ~sides[MORE]][list(SUMS)].sum()
    for side, here in sides.items():
        group = table[here][list(SUMS)].sum()
        share = ratios.of_customers(group["customers"], everybody, confidence=confidence)
        row |= {side: int(group["customers"])} | ratios.prefixed(share, f"{side}_share")
        for what, of in (("churn", _churn), ("score", _score)):
            away = ratios.difference(of(group, confidence), of(other, confidence))
            row |= ratios.prefixed(away, f"{side}_{what}")
    return {name: value if isinstance(value, (str, int)) else float(value) for name, value in row.items()}


def _churn(part: pd.Series, confidence: float) -> dict:
    return ratios.of_customers(part["gone"], part["known"], confidence=confidence)


def _score(part: pd.Series, confidence: float) -> dict:
    return ratios.mean(
        *(part[name] for name in ("score", "scored", "score.score", "score.scored", "scored.scored", "with_score")),
        confidence=confidence,
    )
