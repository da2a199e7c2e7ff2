"""The ways that customers take: common paths, departures from the drawn map, transitions, and what a touchpoint is
worth.

A path is the order of the places that a customer visited, contacts in a row at one place being one visit. Paths are
those of journeys that are known to have stopped: whose customer was last seen more than the usual gap before the log
ends (see contacts.Journeys). The engine counts the different paths; only these leave it.
"""

from itertools import groupby, pairwise

import numpy as np
import pandas as pd

from cxlib import ratios
from cxlib.contact_log import Journeys, contents, last_stages, optional, places
from cxlib.errors import CxError
from cxlib.language import noted, tr
from cxlib.path_shapes import shapes
from cxlib.removal import removal_effect
from cxlib.transitions import END, START, transitions

__all__ = ["END", "START", "common", "conformance", "departures", "removal_effect", "shapes", "transitions"]

ARROW = " > "
# What the parts of conformance() are, by name.
PARTS = {
    noted("fits"): noted("stages in the map's order, as far as the journey went, none skipped and none repeated"),
    noted("complete"): noted("fits, and reaches the last stage of the map"),
    noted("detour"): noted("skips a stage"),
    noted("loop"): noted("goes back to an earlier stage"),
    noted("unknown_stage"): noted("a stage that the map lacks"),
    noted("unknown_touchpoint"): noted("a touchpoint that the map does not have at its stage"),
}
SKIP, BACK = noted("skip"), noted("back")  # the kinds of departures() that the map's own stages show


def common(log: Journeys, *, level="stage", top=10, confidence=0.95) -> pd.DataFrame:
    """The most common paths: path (places with > between them), visits, customers, estimate (share of customers, in
    percent, Wilson interval), low, high, se, n, n_effective, cumulative (share of this path and those above)."""
    if top < 1:
        raise CxError(f"the number of paths to show is 1 or more; found {top}")
    found = shapes(log, level=level)
    n = found["customers"].sum()
    named = found["path"].map(lambda path: ARROW.join(v if level == "stage" else v[1] for v in path))
    frame = pd.DataFrame({"path": named, "visits": found["path"].map(len), "customers": found["customers"]})
    share = ratios.of_customers(frame["customers"], np.full(len(frame), n), confidence=confidence)
    frame = frame.assign(**share | {"n": int(n)}, cumulative=100 * frame["customers"].cumsum() / n)
    return frame.head(top).assign(unit="percent", method=tr("Wilson; journeys known to have stopped"))


def conformance(log: Journeys, drawn_map: pd.DataFrame, *, confidence=0.95) -> pd.DataFrame:
    """The share of customers whose path fits the drawn map, and of those who depart from it in each way.

    A row a part: fits, complete, detour, loop, unknown_stage, unknown_touchpoint; a path may depart in several ways.
    A journey that ends early fits as far as it went: where journeys end is told by journey.stages(). Stages that are
    `optional` in the map (a column of it) may be passed over. Columns: part, meaning, customers, estimate (percent,
    Wilson interval), low, high, se, n, n_effective.
    """
    paths = _parted(log, drawn_map)
    total = sum(customers for _, customers in paths)
    last = last_stages(drawn_map)
    counts = dict.fromkeys(PARTS, 0)
    for (known, strange, moves), customers in paths:
        kinds = {kind for kind, *_ in moves} | {kind for kind, _ in strange}
        here = {"detour": SKIP in kinds, "loop": BACK in kinds, "fits": not kinds}
        here["complete"] = here["fits"] and bool(known) and known[-1] in last
        here |= {kind: kind in kinds for kind in ("unknown_stage", "unknown_touchpoint")}
        for part, true in here.items():
            counts[part] += customers * true
    frame = pd.DataFrame({"part": list(PARTS), "meaning": list(PARTS.values()), "customers": list(counts.values())})
    share = ratios.of_customers(frame["customers"], np.full(len(frame), total), confidence=confidence)
    return frame.assign(**share | {"n": total}, unit="percent", method=tr("Wilson; journeys known to have stopped"))


def departures(log: Journeys, drawn_map: pd.DataFrame, *, confidence=0.95) -> pd.DataFrame:
    """Where customers depart from the drawn map, the most frequent first.

    Columns: kind (skip, back, unknown_stage, unknown_touchpoint), from, to (stages; START for a journey that begins
    later than the map; the stage and the touchpoint of an unknown one), skipped (the stages passed over), customers who
    did so at least once, estimate (their share of all, percent, Wilson interval) with low, high, se, n, n_effective;
    and rate (of the customers who went on from `from` to any stage, those who took this way the first time, percent)
    with rate_low, rate_high, rate_n; nan for what is unknown. Stages that the map lacks are passed over in looking for
    skips and ways back; stages that are `optional` in the map are not told as skipped, and to skip nothing else
    is no departure.
    """
    paths, order = _parted(log, drawn_map), places(drawn_map)["stage"].tolist()
    spared = optional(drawn_map)
    total = sum(customers for _, customers in paths)
    who, first, went = {}, {}, {}
    for (known, strange, moves), customers in paths:
        steps = list(pairwise((START, *known)))
        for one in dict.fromkeys(one for one, _ in steps):
            went[one] = went.get(one, 0) + customers
        earliest = {}
        for step in steps:
            earliest.setdefault(step[0], step)
        for departure in dict.fromkeys([*moves, *((kind, *spot) for kind, spot in strange)]):
            who[departure] = who.get(departure, 0) + customers
            if earliest.get(departure[1]) == departure[1:]:
                first[departure] = first.get(departure, 0) + customers
    rows = []
    for (kind, one, other), customers in who.items():
        row = {"kind": kind, "from": one, "to": other, "skipped": "", "customers": customers}
        if kind == SKIP:
            begin = 0 if one == START else order.index(one) + 1
            row["skipped"] = ", ".join(stage for stage in order[begin : order.index(other)] if stage not in spared)
        row |= {name: float(v) for name, v in ratios.of_customers(customers, total, confidence=confidence).items()}
        base = went[one] if kind in (SKIP, BACK) else np.nan
        rate = ratios.of_customers(first.get((kind, one, other), 0), base, confidence=confidence)
        row |= {name: float(v) for name, v in ratios.prefixed(rate, "rate").items()}
        rows.append(row | {"n": total, "rate_n": base})
    columns = ["kind", "from", "to", "skipped", "customers", "estimate", "low", "high", "se", "n", "n_effective"]
    frame = pd.DataFrame(rows, columns=[*columns, "rate", "rate_low", "rate_high", "rate_n"])
    by = ["customers", "kind", "from", "to"]
    frame = frame.sort_values(by, ascending=[False, True, True, True], ignore_index=True)
    return frame.assign(unit="percent", method=tr("Wilson; journeys known to have stopped"))


def _parted(log: Journeys, drawn_map: pd.DataFrame) -> list[tuple]:
    """Each path as the map sees it, with its customers: ((stages, what the map lacks, departing moves), customers).

    Stages are those of the map, contacts in a row at one being one visit; what the map lacks are pairs of a kind and a
    (stage, touchpoint); moves are (kind, from, to).
    """
    return log.once(("parted", contents(drawn_map)), lambda: _parting(log, drawn_map))


def _parting(log: Journeys, drawn_map: pd.DataFrame) -> list[tuple]:
    order, spared = {stage: i for i, stage in enumerate(places(drawn_map)["stage"])}, optional(drawn_map)
    needed = np.cumsum([0, *(stage not in spared for stage in order)])  # stages that are not optional, before each
    drawn = None
    if "touchpoint" in drawn_map:
        drawn = set(zip(drawn_map["stage"].astype(str), drawn_map["touchpoint"].astype(str), strict=True))
    found = []
    for path, customers in shapes(log, level="touchpoint").itertuples(index=False):
        strange = [("unknown_stage", (stage, "")) for stage, _ in path if stage not in order]
        if drawn is not None:
            strange += [("unknown_touchpoint", spot) for spot in path if spot[0] in order and spot not in drawn]
        known = tuple(stage for stage, _ in groupby(stage for stage, _ in path if stage in order))
        moves = []
        for one, other in pairwise((START, *known)):
            before = -1 if one == START else order[one]
            if order[other] <= before:
                moves.append((BACK, one, other))
            elif needed[order[other]] > needed[before + 1]:
                moves.append((SKIP, one, other))
        found.append(((known, strange, moves), int(customers)))
    return found
