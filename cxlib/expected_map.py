"""Which map journeys are held against: the one that was drawn, or another that somebody expects instead."""

import pandas as pd

from cxlib.contact_log import LEVELS, Journeys, optional, places
from cxlib.errors import CxError, nearest
from cxlib.paths import ARROW
from cxlib.transitions import END, START, transitions

USUAL, SPARED, THEN = "usual", "optional:", ">"  # how an expectation is written
LEAST = 10.0  # percent of the visits to a stage that must lead to another for that one to be on the usual way


def expected_map(log: Journeys, drawn_map: pd.DataFrame, expected: str) -> pd.DataFrame:
    """The map that an expectation stands for, with the columns of a drawn map and, where stages may be passed over,
    `optional`.

    `expected` is empty for the drawn map itself; "usual" for the way that most of the customers who go on take;
    "optional: compare, app" for the drawn map without a need of these stages and touchpoints, which no contact is
    expected at; or stages in their order, "search > decide > use", those left out being off the map. The usual way
    begins where most journeys do and goes to the stage, not yet on it, that most visits lead to, as long as one in ten
    does; what is beside it is optional, after the stage that most come from. It expects no number of contacts.

    Raises CxError for an expectation that is none of these, names that the map lacks, a stage that stands in it twice,
    and where no stage is needed.
    """
    given = expected.strip()
    if not given:
        return drawn_map
    if given == USUAL:
        return _usual(log, drawn_map)
    if given.startswith(SPARED):
        return _spared(drawn_map, given.removeprefix(SPARED))
    return _in_order(log, drawn_map, given)


def told(drawn_map: pd.DataFrame) -> str:
    """The stages of a map in its order, those that are optional in brackets: search > (compare) > decide."""
    spared = optional(drawn_map)
    return ARROW.join(f"({stage})" if stage in spared else stage for stage in places(drawn_map)["stage"])


def _usual(log: Journeys, drawn_map: pd.DataFrame) -> pd.DataFrame:
    """The map of all that the log holds, along the way that most customers take."""
    drawn = places(drawn_map)["stage"].tolist()
    turns = transitions(log, level="stage")
    turns = turns[turns["to"] != END]
    rank = turns["to"].map({stage: i for i, stage in enumerate(drawn)}).fillna(len(drawn))
    turns = turns.assign(rank=rank).sort_values(["count", "rank", "to"], ascending=[False, True, True])
    way, here = [], START
    while True:
        ways = turns[(turns["from"] == here) & ~turns["to"].isin(way)]
        if ways.empty or (way and ways["estimate"].iloc[0] < LEAST):  # somewhere it begins, however many the ways
            break
        here = ways["to"].iloc[0]
        way.append(here)
    order = list(way)
    for stage in sorted(set(log.nodes["stage"]) - set(way), key=lambda one: (drawn.index(one), "") if one in drawn
                        else (len(drawn), one)):  # fmt: skip
        ways = turns[(turns["to"] == stage) & turns["from"].isin([START, *order])]
        before = ways["from"].iloc[0] if len(ways) else order[-1]
        order.insert(0 if before == START else order.index(before) + 1, stage)
    frame = log.nodes[list(LEVELS["touchpoint"])]
    return _ordered(frame.assign(optional=~frame["stage"].isin(way)), order, drawn_map)


def _spared(drawn_map: pd.DataFrame, words: str) -> pd.DataFrame:
    """The drawn map, in which nobody need come to these stages and touchpoints."""
    known = _names(drawn_map)
    names = [words.strip()] if words.strip() in known else [name.strip() for name in words.split(",")]
    rows = drawn_map.assign(optional=False)
    for name in names:
        if name not in known:
            raise CxError(
                f"optional are stages or touchpoints of the map; {name or 'nothing'} is none"
                f"{nearest(name, known)}; its stages are {', '.join(places(drawn_map)['stage'])}"
            )
        of_stage = rows["stage"].astype(str) == name
        here = of_stage | (rows["touchpoint"].astype(str) == name) if "touchpoint" in rows else of_stage
        rows = rows.assign(optional=rows["optional"] | of_stage)
        if "expected" in rows:
            rows = rows.assign(expected=rows["expected"].mask(here))
    if optional(rows) >= set(places(drawn_map)["stage"]):
        raise CxError("a map needs a stage that is not optional; here all are")
    return rows


def _in_order(log: Journeys, drawn_map: pd.DataFrame, words: str) -> pd.DataFrame:
    """The map of these stages in this order, with what the drawn map, else the log, has of each."""
    order, drawn = [name.strip() for name in words.split(THEN)], places(drawn_map)["stage"].tolist()
    known = [*drawn, *sorted(set(log.nodes["stage"]) - set(drawn))]
    for name in order:
        if name not in known:
            raise CxError(
                f"expected is empty, {USUAL}, '{SPARED} names' or stages in their order, e.g. "
                f"{f' {THEN} '.join(drawn[:3])}; {name or 'nothing'} is no stage{nearest(name, [*known, USUAL])}"
            )
    if len(set(order)) < len(order):
        twice = next(name for name in order if order.count(name) > 1)
        raise CxError(
            f"a stage stands once in the map that is expected; {twice} stands there {order.count(twice)} times"
        )
    rows = drawn_map.assign(stage=drawn_map["stage"].astype(str))
    new = log.nodes[~log.nodes["stage"].isin(drawn)]
    new = new[[key for key in LEVELS["touchpoint"] if key in drawn_map]].drop_duplicates()
    return _ordered(pd.concat([rows, new], ignore_index=True), order, drawn_map)


def _ordered(rows: pd.DataFrame, order: list[str], drawn_map: pd.DataFrame) -> pd.DataFrame:
    """The rows at these stages, put in their order, each stage in the phase that it has in the drawn map."""
    rows = rows[rows["stage"].isin(order)]
    rows = rows.assign(order=rows["stage"].map({stage: i for i, stage in enumerate(order, 1)}).astype(int))
    if "phase" in drawn_map:
        phases = places(drawn_map).set_index("stage")["phase"]
        rows = rows.assign(phase=rows["stage"].map(phases).astype(object))
    return rows.sort_values("order", kind="stable", ignore_index=True)


def _names(drawn_map: pd.DataFrame) -> list[str]:
    """The stages and the touchpoints of a map."""
    columns = [name for name in ("stage", "touchpoint") if name in drawn_map]
    return list(dict.fromkeys(name for column in columns for name in drawn_map[column].dropna().astype(str)))
