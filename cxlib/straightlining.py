"""Straight-lining: the same answer to every item of a battery, where honest answers do not explain it.

A satisfied customer may well answer 5 to everything, so that a straight line alone accuses nobody. How many honest
ones there would be is extrapolated from those who left the line once and twice.
"""

import numpy as np
import pandas as pd

from cxlib import text
from cxlib.codebook import Table
from cxlib.flagged import Flagged, flagged, not_made
from cxlib.language import digits, noted, tr

LEAST = 5  # items that make a battery
LONG = 8  # answered items that make a line long; a line of fewer needs all items of the battery
HONEST = 0.1  # the share of honest ones among straight lines up to which they are flagged


def batteries(frame: pd.DataFrame, spec: Table) -> dict[tuple | None, list[str]]:
    """The driver questions of each scale, in the order of the questionnaire; scales of fewer than 5 are no battery."""
    found: dict[tuple | None, list[str]] = {}
    for name, question in spec.questions.items():
        if question.role == "driver" and name in frame:
            found.setdefault(question.scale, []).append(name)
    return {scale: items for scale, items in found.items() if len(items) >= LEAST}


def indices(frame: pd.DataFrame, spec: Table) -> pd.DataFrame:
    """Each battery's answers of each respondent: how many, the longest run of one answer, and their spread.

    Columns: row (position in the frame), battery (its scale, as 1-5), answered, longest (the long-string index: the
    longest run of identical answers in the order of the questionnaire, blanks skipped), spread (the standard deviation
    of the answers within the respondent, n - 1: intra-individual response variability), line (the answer where all are
    the same, else nan). The last three are nan where fewer than 5 items are answered.
    Sources: Johnson, Journal of Research in Personality 39 (2005) 103-129 (long string); Dunn, Heggestad, Shanock and
    Theilgard, Journal of Business and Psychology 33 (2018) 105-121 (spread).
    """
    parts = [
        pd.DataFrame({"row": np.arange(len(frame)), "battery": _name(scale)} | _indices(frame, items))
        for scale, items in batteries(frame, spec).items()
    ]
    columns = ["row", "battery", "answered", "longest", "spread", "line"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _name(scale: tuple | None) -> str:
    return "no scale" if scale is None else f"{scale[0]:g}-{scale[1]:g}"


def _indices(frame: pd.DataFrame, items: list[str]) -> dict[str, np.ndarray]:
    """The indices of one battery, by the name of their column."""
    x = frame[items].to_numpy(float, na_value=np.nan)
    given = ~np.isnan(x)
    n = given.sum(axis=1)
    enough = n >= LEAST
    mean = np.where(given, x, 0).sum(axis=1) / np.maximum(n, 1)
    squares = np.where(given, (x - mean[:, None]) ** 2, 0).sum(axis=1)
    least, most = np.where(given, x, np.inf).min(axis=1), np.where(given, x, -np.inf).max(axis=1)
    return {
        "answered": n,
        "longest": np.where(enough, _longest(x), np.nan),
        "spread": np.where(enough, np.sqrt(squares / np.maximum(n - 1, 1)), np.nan),
        "line": np.where(enough & (least == most), most, np.nan),
    }


def _longest(x: np.ndarray) -> np.ndarray:
    """The longest run of one answer in each row, blanks skipped."""
    last, run, best = np.full(len(x), np.nan), np.zeros(len(x)), np.zeros(len(x))
    for column in x.T:
        given = ~np.isnan(column)
        run = np.where(given, np.where(column == last, run + 1, 1), run)
        last = np.where(given, column, last)
        best = np.maximum(best, run)
    return best


def lines(frame: pd.DataFrame, spec: Table) -> pd.DataFrame:
    """The straight lines of each battery by their answer: how many there are, and how many of them are taken as honest.

    Columns: battery, answer, edge (an end of the scale), straight, once and twice (respondents who gave another answer
    to one and to two items), honest (expected: once² / twice, as counts that fall off by a steady ratio go on), and
    flagged (honest is at most a tenth of straight). At an end of the scale, and from fewer than 8 items, `once` and
    `twice` are each taken one higher, so that a few straight lines prove nothing.
    """
    rows = []
    for scale, items in batteries(frame, spec).items():
        x = frame[items].to_numpy(float, na_value=np.nan)
        given = ~np.isnan(x)
        enough = given.sum(axis=1) >= min(LONG, len(items))
        values = np.unique(x[given])
        low, high = scale if scale else (values.min(initial=np.inf), values.max(initial=-np.inf))
        for answer in values:
            off = (given & (x != answer)).sum(axis=1)[enough]
            straight, once, twice = (int((off == k).sum()) for k in range(3))
            if straight:
                edge = bool(answer in (low, high))
                doubt = edge or len(items) < LONG
                honest = (once + doubt) ** 2 / max(twice + doubt, 1)
                rows.append((_name(scale), answer, edge, straight, once, twice, honest, honest <= HONEST * straight))
    names = ["battery", "answer", "edge", "straight", "once", "twice", "honest", "flagged"]
    return pd.DataFrame(rows, columns=names)


def straightliners(frame: pd.DataFrame, spec: Table) -> Flagged:
    """Who gave one answer to all items of a battery, and to all of each other battery, without being taken as honest.

    A battery is five or more driver questions of one scale; see lines() for who is taken as honest. One answer to items
    keyed both ways (`reverse: true`) contradicts itself, unless it is the middle of the scale, and is flagged whatever
    the others do. Sources: indices(); Meade and Craig, Psychological Methods 17 (2012) 437-455, and DeSimone, Harms and
    DeSimone, Journal of Organizational Behavior 36 (2015) 171-181, who ask for limits that fit the questionnaire.
    """
    known = batteries(frame, spec)
    if not known:
        return not_made(noted("no {least} driver questions share a scale"), least=LEAST)
    judged = lines(frame, spec)
    bent, flat, contrary = (np.zeros(len(frame), bool) for _ in range(3))
    for scale, items in known.items():
        index = _indices(frame, items)
        line, n = index["line"], index["answered"]
        bent |= (n >= LEAST) & np.isnan(line)
        bad = judged.loc[(judged["battery"] == _name(scale)) & judged["flagged"], "answer"]
        flat |= np.isin(line, bad) & (n >= min(LONG, len(items)))
        contrary |= ~np.isnan(line) & _both_ways(frame, spec, items) & (line != _middle(scale))
    who = ~bent & (flat | contrary)
    why = tr(
        "gave one answer to all items of the battery of {sizes} driver questions (at least {long} answered, or all; "
        "the longest run is the whole, the spread is 0; Johnson 2005, Dunn et al. 2018), where at most a tenth of such "
        "lines is expected of honest respondents, by those who left the line once and twice",
        sizes=text.join([text.number(len(items)) for items in known.values()]),
        long=LONG,
    )
    told = ", ".join(_told(row) for row in judged.itertuples())
    return flagged(frame, who, why + (f" ({told})" if told else ""))


def _told(row) -> str:
    """One answer of lines(): how many straight lines there are, and how many of them are taken as honest."""
    given = {
        "answer": digits(f"{row.answer:g}"),
        "straight": text.number(row.straight),
        "honest": tr("fewer than 1") if row.honest < 0.5 else tr("about {number}", number=text.number(row.honest)),
    }
    if row.flagged:
        return tr("{answer}: {straight} straight, {honest} of them honest", **given)
    return tr("{answer}: {straight} straight, {honest} of them honest and so not flagged", **given)


def _both_ways(frame: pd.DataFrame, spec: Table, items: list[str]) -> np.ndarray:
    """Who answered items of both keyings."""
    ways = [[item for item in items if spec.questions[item].reverse == way] for way in (False, True)]
    return np.logical_and.reduce([frame[way].notna().any(axis=1).to_numpy() for way in ways])


def _middle(scale: tuple | None) -> float:
    return np.nan if scale is None else sum(scale) / 2
