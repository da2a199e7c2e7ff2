"""The different ways that customers took through the journey, counted by the engine."""

from itertools import groupby

import pandas as pd

from cxlib.contact_log import LEVELS, Journeys
from cxlib.errors import CxError


def shapes(log: Journeys, *, level="stage") -> pd.DataFrame:
    """The different paths and how many customers took each: path (a tuple), customers; the most common first.

    A path holds stages, or at the level touchpoint pairs of a stage and a touchpoint (in any channel). Raises CxError
    for another level, and where no journey is known to have stopped.
    """
    if level not in LEVELS:
        raise CxError(f"a level is {' or '.join(LEVELS)}; found {level}")
    return log.once(("shapes", level), lambda: _shapes(log, level))


def _shapes(log: Journeys, level: str) -> pd.DataFrame:
    code = "place" if level == "stage" else log.lookup("node", log.nodes["spot"].to_dict())
    sql = f"""SELECT path, count(*) AS customers FROM (
            SELECT list({code} ORDER BY step) AS path FROM contacts
            GROUP BY customer HAVING max(moment) <= TIMESTAMP '{log.until}')
        GROUP BY path"""
    found = log.query(sql)
    if found.empty:
        raise CxError(
            f"paths need a journey that is known to have stopped; all {log.customers:,} customers were last seen "
            f"within the usual gap ({log.usual_gap}) of the log's end"
        )
    counts, named = {}, log.nodes.drop_duplicates("place" if level == "stage" else "spot")
    names = list(named["stage"] if level == "stage" else zip(named["stage"], named["touchpoint"], strict=True))
    for visits, customers in zip(found["path"], found["customers"], strict=True):
        path = tuple(names[place] for place, _ in groupby(visits))
        counts[path] = counts.get(path, 0) + int(customers)
    order = sorted(counts, key=lambda path: (-counts[path], path))
    frame = pd.DataFrame({"customers": [counts[path] for path in order]})
    frame.insert(0, "path", pd.Series(order, dtype=object))
    return frame
