"""Where on the way it hurts, for how many; and the moments that matter: where a score moves what follows.

Both compare; neither proves a cause. A touchpoint that frustrates may also be where the frustrated end up.
"""

import numpy as np
import pandas as pd
from scipy import special

from cxlib import intervals
from cxlib.contact_log import CODES, LEVELS, Journeys, contents, last_stages
from cxlib.corrections import adjust
from cxlib.errors import CxError
from cxlib.journey import by_customer, rows_of
from cxlib.language import tr

CLEAR = 0.05  # p after Holm's correction for all rows and both harms, under which a harm makes a pain point


def rank(log: Journeys, drawn_map: pd.DataFrame, *, level="touchpoint", confidence=0.95) -> pd.DataFrame:
    """Touchpoints (or stages) by how many customers they affect times the harm they do; the worst first.

    Two harms, each against all other places taken together: `ending`, the share of visits after which no contact
    follows less that share elsewhere (percent points; not at the map's last stage, where journeys ought to end, nor
    counted from there), and `loss`, the mean score elsewhere less the mean score here (points of the scale). Harm times
    customers is what it costs: `lost`, customers who end there in excess, and `points`, points of score lost. The two
    have no common unit, so that each is told as a share of its sum over all places that do harm, and `weight` is the
    mean of the two shares (percent; of one, where the other harm is not known anywhere).

    Columns: rank, stage, (touchpoint, channel,) order, phase, customers, weight, pain (whether a harm is clear: p under
    .05 after Holm's correction over all rows and harms), n and scored (visits followed, contacts scored); and for
    ending and for loss: the harm with _low, _high, _se, _p (corrected), _here and _others (what is compared); lost and
    points, each with _low, _high (of the harm, times customers). t intervals with customers as clusters, who may be on
    both sides. Raises CxError as journey.stages(), and for another level.
    """
    keys, pairs = _keys(level, confidence), {"ending": ("ended", "followed"), "loss": ("score", "scored")}
    frame, sums = log.once(("harms", level, contents(drawn_map)), lambda: _sums_of(log, drawn_map, level, pairs))
    columns = {}
    for harm, found in sums.items():
        columns |= _harm(found, harm, 100.0 if harm == "ending" else -1.0, confidence)
    frame = frame.assign(**columns)
    frame[["ending_p", "loss_p"]] = adjust(frame[["ending_p", "loss_p"]].to_numpy().ravel()).reshape(-1, 2)
    weights = []
    for harm, cost, scale in (("ending", "lost", 100.0), ("loss", "points", 1.0)):
        for part in ("", "_low", "_high"):
            frame[f"{cost}{part}"] = frame["customers"] * frame[f"{harm}{part}"] / scale
        done = frame[cost].clip(lower=0)
        weights.append(100 * done / done.sum() if done.sum() > 0 else done * np.nan)
    # A place without the one harm (no journey ends too early at the last stage) has no part in it.
    weights = [weight.fillna(0) for weight in weights if weight.notna().any()]
    frame["weight"] = sum(weights) / len(weights) if weights else np.nan
    harmful = [(frame[f"{harm}_p"] < CLEAR) & (frame[harm] > 0) for harm in pairs]
    frame["pain"] = harmful[0] | harmful[1]
    frame = frame.sort_values("weight", ascending=False, kind="stable", na_position="last", ignore_index=True)
    first = ["rank", *keys, "order", "phase", "customers", "weight", "pain", "n", "scored"]
    frame["rank"] = np.arange(1, len(frame) + 1)
    return frame[[*first, *(c for c in frame if c not in first)]].assign(method=tr("t; customers are clusters; Holm"))


def moments(
    log: Journeys, drawn_map: pd.DataFrame, *, outcomes: pd.DataFrame | None = None, level="touchpoint", confidence=0.95
) -> pd.DataFrame:
    """Moments that matter: how the outcome differs for one point more of score at a touchpoint (or stage).

    The outcome is continuation: 100 where another contact followed the visit, 0 where none did (not at the map's last
    stage); or, with `outcomes` (customer, outcome), that of the customer: 100 for one who left, his NPS answer scored
    -100 to 100, any number. The estimate is the slope of a straight line through the scored contacts of the place, with
    customers as clusters (t interval on the customers less one).

    Columns: rank (by `weight`), stage, (touchpoint, channel,) order, phase, customers (all who were there), estimate
    (outcome a point of score), low, high, se, p (after Holm), n (contacts with score and outcome), n_effective (n times
    the variance without clusters over that with them), score and outcome (their means), weight (|estimate| x customers
    / 100: for continuation, customers who would go on for one point more, if the score were the cause), clear (p under
    .05). nan where scores do not vary. Raises CxError for `outcomes` without these columns or with a customer twice.
    """
    keys = _keys(level, confidence)
    frame = rows_of(log, drawn_map, level)
    tables = {} if outcomes is None else {"outcomes": _outcomes(outcomes)}
    code = CODES[level]
    if outcomes is not None:
        pairs = f"""SELECT {code}, customer, score AS x, outcome AS y FROM contacts
            JOIN outcomes ON customer::VARCHAR = known WHERE score IS NOT NULL"""
    else:
        pairs = f"""SELECT {code}, customer, score AS x, (to_place IS NOT NULL)::INT * 100::DOUBLE AS y
            FROM contacts WHERE score IS NOT NULL AND to_{code} IS DISTINCT FROM {code}
            AND moment <= TIMESTAMP '{log.until}' AND {_before(log, last_stages(drawn_map), level)}"""
    lines = _slopes(log, pairs, level, tables, confidence)
    people = _people(log, level)
    for part in (people, lines):
        frame = frame.merge(part, on=keys, how="left", validate="one_to_one")
    frame = frame.fillna({"customers": 0, "n": 0}).astype({"customers": int, "n": int})
    frame["p"] = adjust(frame["p"].to_numpy())
    frame = frame.assign(weight=frame["estimate"].abs() * frame["customers"] / 100, clear=frame["p"] < CLEAR)
    frame = frame.sort_values("weight", ascending=False, kind="stable", na_position="last", ignore_index=True)
    frame.insert(0, "rank", np.arange(1, len(frame) + 1))
    return frame.assign(method=tr("slope of a straight line; customers are clusters; Holm"))


def _keys(level: str, confidence: float) -> list[str]:
    if level not in LEVELS:
        raise CxError(f"a level is {' or '.join(LEVELS)}; found {level}")
    if not 0 < confidence < 1:
        raise CxError(f"confidence lies between 0 and 1, e.g. 0.95; found {confidence}")
    return list(LEVELS[level])


def _before(log: Journeys, end: list[str], level: str) -> str:
    """SQL for: at none of the stages `end`."""
    inside = log.nodes.loc[log.nodes["stage"].isin(end), CODES[level]].unique()
    return f"{CODES[level]} NOT IN ({', '.join(map(str, inside))})" if len(inside) else "true"


def _people(log: Journeys, level: str) -> pd.DataFrame:
    """How many customers were at each place."""
    code = CODES[level]
    return log.named(
        log.query(f"SELECT {code}, count(DISTINCT customer) AS customers FROM contacts GROUP BY {code}"), level
    )


def _beside_others(log: Journeys, level: str, what: str, base: str, where: str) -> pd.DataFrame:
    """For each place: a / b of what customers did there, the same of all other places, and the difference's error.

    With a and b of a customer here, and u and v everywhere, the difference a / b - (u - a) / (v - b) of the totals
    varies as a sum over customers of multiples of the four, whose variance follows from the sums of their products.
    """
    code = CODES[level]
    here = ", ".join(f"fsum({x} * {y})::DOUBLE AS {x}{y}" for x, y in ("aa", "ab", "bb", "au", "av", "bu", "bv"))
    everywhere = ", ".join(f"fsum({x} * {y})::DOUBLE AS {x}{y}" for x, y in ("uu", "uv", "vv"))
    sql = f"""WITH each AS (SELECT {code}, customer, {what} AS a, {base} AS b
            FROM ({by_customer(log, level)}) WHERE {where} AND {base} > 0),
        everywhere AS (SELECT customer, fsum(a) AS u, fsum(b) AS v FROM each GROUP BY customer),
        total AS (SELECT count(*)::DOUBLE AS customers, fsum(u) AS u, fsum(v) AS v, {everywhere}
            FROM everywhere),
        here AS (SELECT {code}, fsum(a) AS a, fsum(b) AS b, {here}
            FROM each JOIN everywhere USING (customer) GROUP BY {code})
        SELECT * FROM here, total"""
    return log.named(log.query(sql), level)


def _harm(sums: pd.DataFrame, name: str, scale: float, confidence: float) -> dict[str, np.ndarray]:
    """The columns of a harm: the difference times `scale`, its interval and p, and the two sides."""
    products = ("aa", "ab", "bb", "au", "av", "bu", "bv", "uu", "uv", "vv")
    sums = {column: sums[column].to_numpy(float) for column in ("customers", *"abuv", *products)}
    a, b, u, v = (sums[column] for column in "abuv")
    with np.errstate(invalid="ignore", divide="ignore"):
        here, others = a / b, (u - a) / (v - b)
        by = {"a": 1 / b + 1 / (v - b), "b": -here / b - others / (v - b), "u": -1 / (v - b), "v": others / (v - b)}
        variance = sum(by[x] * by[y] * sums[x + y] * (1 if x == y else 2) for x, y in products)
        few = (sums["customers"] < 2) | ~(v > b)
        df = np.where(few, np.nan, sums["customers"] - 1)
        se = np.sqrt(np.where(few, np.nan, sums["customers"] / df * np.maximum(variance, 0))) * abs(scale)
        estimate = scale * (here - others)
        p = 2 * special.stdtr(df, -np.abs(estimate / se))
    low, high = intervals.student(estimate, se, df, confidence)
    sides = (100 * here, 100 * others) if name == "ending" else (here, others)
    found = {name: estimate, f"{name}_low": low, f"{name}_high": high, f"{name}_se": se, f"{name}_p": p}
    found |= {f"{name}_here": sides[0], f"{name}_others": sides[1]}
    return found | {"n" if name == "ending" else "scored": np.nan_to_num(b).astype(int)}


def _sums_of(log: Journeys, drawn_map: pd.DataFrame, level: str, pairs: dict) -> tuple[pd.DataFrame, dict]:
    """The places with the customers of each, and for each harm the sums of _beside_others() in their order: all that
    no confidence changes."""
    frame, keys = rows_of(log, drawn_map, level), list(LEVELS[level])
    where = {"ending": _before(log, last_stages(drawn_map), level), "loss": "true"}
    sums = {}
    for harm, (what, base) in pairs.items():
        found = _beside_others(log, level, what, base, where[harm])
        sums[harm] = frame[keys].merge(found, on=keys, how="left", validate="one_to_one")
    frame = frame.merge(_people(log, level), on=keys, how="left", validate="one_to_one")
    return frame.fillna({"customers": 0}).astype({"customers": int}), sums


def _outcomes(outcomes: pd.DataFrame) -> pd.DataFrame:
    """The outcomes by the customer's key as text: known, outcome."""
    missing = [column for column in ("customer", "outcome") if column not in outcomes]
    if missing:
        raise CxError(f"outcomes have the columns customer and outcome; {missing[0]} is missing")
    given = outcomes.dropna(subset=["customer", "outcome"])
    twice = given["customer"].duplicated()
    if twice.any():
        raise CxError(
            f"a customer has one outcome; {twice.sum():,} rows repeat one, e.g. {given['customer'][twice].iloc[0]}"
        )
    try:
        return pd.DataFrame({"known": given["customer"].astype("str"), "outcome": given["outcome"].astype(float)})
    except ValueError:
        raise CxError(f"outcomes are numbers; found text, e.g. {given['outcome'].iloc[0]}") from None


def _slopes(log: Journeys, pairs: str, level: str, tables: dict, confidence: float) -> pd.DataFrame:
    """The straight line through the pairs (x, y) of each place, with errors by customer.

    The engine is asked twice: for the line, then for the sums over customers of what each adds to its equations.
    """
    names = CODES[level]
    sums = {"n": "count(*)", "score": "fsum(x) / count(*)", "outcome": "fsum(y) / count(*)"}
    sums |= {f"s{x}{y}": f"fsum({x} * {y}) - fsum({x}) * fsum({y}) / count(*)" for x, y in ("xx", "xy")}
    sums["drawn"] = "count(DISTINCT customer)"
    added = ", ".join(f"({sql})::DOUBLE AS {name}" for name, sql in sums.items())
    lines = log.query(f"SELECT {names}, {added} FROM ({pairs}) GROUP BY {names}", **tables)
    with np.errstate(invalid="ignore", divide="ignore"):
        lines["estimate"] = np.where(lines["sxx"] > 1e-12 * lines["n"], lines["sxy"] / lines["sxx"], np.nan)
    sql = f"""SELECT {names}, fsum(part * part) AS meat, fsum(plain) AS simple FROM (
            SELECT {names}, customer, fsum((x - score) * (y - outcome - estimate * (x - score))) AS part,
            fsum(pow((x - score) * (y - outcome - estimate * (x - score)), 2)) AS plain
            FROM ({pairs}) JOIN lines USING ({names}) GROUP BY {names}, customer) GROUP BY {names}"""
    lines = lines.merge(log.query(sql, lines=lines, **tables), on=names, how="left", validate="one_to_one")
    n, customers = lines["n"], lines["drawn"]
    few = (customers < 3) | lines["estimate"].isna()
    with np.errstate(invalid="ignore", divide="ignore"):
        # The small-sample factor of the cluster-robust covariance that R's sandwich and Stata use.
        variance = (customers / (customers - 1) * (n - 1) / (n - 2) * lines["meat"] / lines["sxx"] ** 2).mask(few)
        effective = n * (n / (n - 2) * lines["simple"] / lines["sxx"] ** 2) / variance
        se, df = np.sqrt(variance), (customers - 1).mask(few)
        p = 2 * special.stdtr(df, -np.abs(lines["estimate"] / se))
    low, high = intervals.student(lines["estimate"], se, df, confidence)
    found = log.named(lines.assign(low=low, high=high, se=se, p=p, n_effective=effective), level)
    return found[[*LEVELS[level], "estimate", "low", "high", "se", "p", "n", "n_effective", "score", "outcome"]]
