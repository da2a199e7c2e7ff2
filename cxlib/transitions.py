"""Which place follows which: the transition matrix of stages or touchpoints, with start and end."""

import numpy as np
import pandas as pd

from cxlib import ratios
from cxlib.contact_log import LEVELS, Journeys
from cxlib.errors import CxError
from cxlib.language import noted, tr

START, END = noted("(start)"), noted("(end)")


def transitions(log: Journeys, *, level="stage", confidence=0.95) -> pd.DataFrame:
    """Of the visits to each place, the share that led to each other place, or to the end; a row a pair that occurs.

    Columns: from_stage, from, to_stage, to (stages, or touchpoints in any channel at their stages; START and END beside
    them), count, estimate (percent of the visits to `from`, Wilson interval, customers as clusters), low, high, se, n
    (visits to `from` that were followed for the usual gap; customers for START), n_effective. The shares from one
    place add up to 100. Raises CxError for another level.
    """
    if level not in LEVELS:
        raise CxError(f"a level is {' or '.join(LEVELS)}; found {level}")
    here, there, code, keys = "place", "to_place", "place", ["stage", "stage"]
    if level == "touchpoint":
        spots = log.nodes["spot"].to_dict()
        here, there = (log.lookup(node, spots) for node in ("node", "to_node"))
        code, keys = "spot", ["stage", "touchpoint"]
    named = log.nodes.drop_duplicates(code).set_index(code)
    targets = {f"to{i}": f"there = {i}" for i in named.index} | {"ended": "there IS NULL"}
    added, counts = log.packed(targets)
    sums = ["sum(alike) AS customers", "sum(n * alike) AS n", "sum(n * n * alike) AS n_n"]
    for name in targets:
        sums += [f"sum({name} * alike) AS {name}", f"sum({name} * {name} * alike) AS {name}_2"]
        sums.append(f"sum({name} * n * alike) AS {name}_n")
    # Most customers moved as others did: what they did is multiplied once for all who are alike.
    sql = f"""WITH moves AS (
            SELECT customer, here, there FROM (
                SELECT customer, moment, {here} AS here, {there} AS there FROM contacts)
            WHERE here IS DISTINCT FROM there AND moment <= TIMESTAMP '{log.until}'),
        each AS (SELECT here, {_columns(added)} FROM moves GROUP BY customer, here),
        alike AS (SELECT here, {", ".join(added)}, count(*) AS alike FROM each GROUP BY ALL),
        told AS (SELECT here, alike, {_columns(counts)}, {" + ".join(counts)} AS n FROM alike)
        SELECT here, {", ".join(sums)} FROM told GROUP BY here"""
    found = log.query(sql)
    frames = [_starts(log, here, confidence)]
    for name, place in zip(targets, [*named.index, END], strict=True):
        rows = found[found[name] > 0]
        arguments = [rows[c] for c in (name, "n", f"{name}_2", f"{name}_n", "n_n", "customers")]
        share = ratios.share(*arguments, confidence=confidence)
        frames.append(pd.DataFrame({"from": rows["here"], "to": place, "count": rows[name], **share}))
    frame = pd.concat([f.astype({"from": object, "to": object}) for f in frames if len(f)], ignore_index=True)
    frame = frame.astype({"count": int, "n": int})
    for column in ("from", "to"):
        stage, name = ({START: START, END: END} | named[key].to_dict() for key in keys)
        frame[f"{column}_stage"], frame[column] = frame[column].map(stage), frame[column].map(name)
    last = {START: -1, END: 1}
    frame = frame.sort_values(
        ["from_stage", "from", "to_stage", "to"],
        key=lambda names: pd.Series(list(zip(names.map(last).fillna(0), names, strict=True)), index=names.index),
        ignore_index=True,
    )
    columns = ["from_stage", "from", "to_stage", "to", "count", "estimate", "low", "high", "se", "n", "n_effective"]
    return frame[columns].assign(unit="percent", method=tr("Wilson; customers are clusters"))


def _starts(log: Journeys, place: str, confidence: float) -> pd.DataFrame:
    rows = log.query(f'SELECT {place} AS "to", count(*) AS count FROM contacts WHERE step = 1 GROUP BY "to"')
    share = ratios.of_customers(rows["count"], np.full(len(rows), log.customers), confidence=confidence)
    return rows.assign(**{"from": START}, **share)


def _columns(expressions: dict[str, str]) -> str:
    return ", ".join(f"{sql} AS {name}" for name, sql in expressions.items())
