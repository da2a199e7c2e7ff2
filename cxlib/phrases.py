"""Terms of open comments, Vietnamese and English: words and phrases, and in how many comments they stand.

A Vietnamese word is often two or three syllables written apart, and an English idea two words. Both are found in the
comments themselves, as neighbours that stand together more often than chance has it (log-likelihood; Dunning,
Computational Linguistics 19 (1993) 61-74). What counts is in how many comments a term stands, not how often.
"""

from collections import defaultdict

import numpy as np
import pandas as pd
from scipy import special

from cxlib import intervals
from cxlib.quotes import quotes
from cxlib.stop_words import GRAMMAR, WEAK
from cxlib.tokens import Words, given, with_marks, words
from cxlib.two_by_two import log_likelihood

LEAST = 5  # comments in which a term must stand
TOGETHER = 10.83  # log-likelihood from which on neighbours are a phrase: chi-square of one degree of freedom at 0.001
LONGEST = 3  # words or syllables of a phrase
PART_OF = 0.8  # a term that is part of a longer one in so many of its comments gives way to it
ALONE = 0.5  # a syllable counts inside phrases as well where it stands alone in so many of its comments


def mentions(comments: pd.Series, *, least: int = LEAST) -> pd.DataFrame:
    """Which terms stand in which comments: a row for each term of each comment, once.

    `comments` is text, None or nan where there is none; its index names the comments and must be unique. A term stands
    in `least` comments or more. A Vietnamese comment typed without marks is read with those of the other comments
    where these leave no doubt. Columns: comment (of the index), term; in the order of the comments, then by term.
    Raises CxError for an index with repeats and for cells that are no text.
    """
    read = with_marks(words(comments))
    doc, term, names = _held(read, least)
    order = np.lexsort([term, doc])
    doc, term = doc[order], term[order]
    starts, ends = (np.searchsorted(doc, np.arange(len(read.copies)), side) for side in ("left", "right"))
    sizes = (ends - starts)[read.text]
    # The rows of each comment are those of its text.
    place = np.repeat(starts[read.text] - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
    held = np.array(names, dtype=object)[term[place]] if len(place) else np.array([], dtype=object)
    return pd.DataFrame({"comment": read.index.repeat(sizes), "term": held})


def terms(comments: pd.Series, *, least: int = LEAST, confidence: float = 0.95) -> pd.DataFrame:
    """How many comments mention each term: the share of all comments in percent, unweighted, with Wilson's interval.

    Columns: term, count (comments that hold it), estimate, low, high, se, n (comments), n_effective, example (the
    shortest that holds it, masked), unit; the commonest first. Arguments and errors as mentions().
    """
    return terms_of(mentions(comments, least=least), given(comments), confidence=confidence)


def terms_of(held: pd.DataFrame, texts: pd.Series, *, confidence: float = 0.95) -> pd.DataFrame:
    """terms() of mentions() that are there already, of the comments `texts`."""
    frame = held.groupby("term")["comment"].count().rename("count").reset_index()
    frame = frame.sort_values(["count", "term"], ascending=[False, True], ignore_index=True)
    n = len(texts)
    share = frame["count"].to_numpy(float) / max(n, 1)
    low, high = intervals.wilson(share, max(n, 1), special.ndtri(0.5 + confidence / 2))
    shown = quotes(held.rename(columns={"term": "group"}), texts, most=1).set_index("group")["comment"]
    return frame.assign(
        estimate=100 * share,
        low=100 * low,
        high=100 * high,
        se=100 * np.sqrt(share * (1 - share) / max(n - 1, 1)),
        n=n,
        n_effective=float(n),
        example=frame["term"].map(shown),
        unit="percent",
    )


class _Units:
    """The words of texts, in which neighbours are joined into phrases step by step.

    names, size (words), parts and stops (0 none, 1 weak, 2 grammar) are by unit, the rest by place in the texts.
    """

    def __init__(self, read: Words):
        self.doc, self.clause, self.unit = read.doc, read.clause, read.code
        self.names, self.size, self.parts = list(read.names), np.ones(len(read.names), int), {}
        self.copies = read.copies.astype(float)
        weight = self.copies[read.doc]
        spoken = np.bincount(read.code, np.where(read.vietnamese[read.doc], weight, -weight), minlength=len(self.names))
        self.syllable = spoken > 0  # a word of Vietnamese comments
        lists = {False: "en", True: "vi"}
        self.stops = np.array(
            [
                2 if len(name) < 2 or name in GRAMMAR[lists[vi]] else int(name in WEAK[lists[vi]])
                for name, vi in zip(self.names, self.syllable.tolist(), strict=True)
            ],
            dtype=int,
        )

    def join(self, least: int) -> None:
        """Join neighbours that are a phrase; where two overlap, the one that stands together more firmly."""
        first = np.flatnonzero(self.clause[1:] == self.clause[:-1])
        a, b, weight = self.unit[first], self.unit[first + 1], self.copies[self.doc[first]]
        depth = len(self.names)
        key, pair = np.unique(a * depth + b, return_inverse=True)
        left, right = key // depth, key % depth
        once = _pairs(pair, self.doc[first], len(self.copies))
        comments = np.bincount(once // len(self.copies), self.copies[once % len(self.copies)], minlength=len(key))
        together, whole = np.bincount(pair, weight, minlength=len(key)), weight.sum()
        opens, closes = (np.bincount(units, weight, minlength=depth) for units in (a, b))
        g2 = log_likelihood(together, opens[left], closes[right], whole)
        stops = self.stops[left], self.stops[right]
        firm = (comments >= least) & (together * whole > opens[left] * closes[right]) & (g2 >= TOGETHER)
        firm &= (np.maximum(*stops) < 2) & (np.minimum(*stops) < 1) & (self.size[left] + self.size[right] <= LONGEST)
        # Rounded, so that the last digit of another processor does not change the order.
        chosen = sorted(
            np.flatnonzero(firm).tolist(), key=lambda at: (-round(g2[at], 6), self._name(left[at], right[at]))
        )
        rank = np.full(len(key), len(key))
        rank[chosen] = np.arange(len(chosen))
        starts = _without_overlap(first[firm[pair]], rank[pair[firm[pair]]])
        self._replace(starts, left, right, pair[np.searchsorted(first, starts)])

    def _name(self, left: int, right: int) -> str:
        return f"{self.names[left]} {self.names[right]}"

    def _replace(self, starts, left, right, pair) -> None:
        """Put one unit in the place of the two that start at each of `starts`."""
        used, which = np.unique(pair, return_inverse=True)
        new = len(self.names) + np.arange(len(used))
        self.parts |= dict(zip(new.tolist(), zip(left[used].tolist(), right[used].tolist(), strict=True), strict=True))
        self.names += [self._name(left[at], right[at]) for at in used]
        self.size = np.concatenate([self.size, self.size[left[used]] + self.size[right[used]]])
        self.syllable = np.concatenate([self.syllable, self.syllable[left[used]]])
        self.stops = np.concatenate([self.stops, np.zeros(len(used), int)])
        self.unit = self.unit.copy()
        self.unit[starts] = new[which]
        stays = np.ones(len(self.unit), bool)
        stays[starts + 1] = False
        self.doc, self.clause, self.unit = self.doc[stays], self.clause[stays], self.unit[stays]


def _without_overlap(starts: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """Of pairs of neighbours that start at these places, those to be joined: the best rank first, then the earliest."""
    taken, chosen = set(), []
    for at in starts[np.lexsort([starts, rank])].tolist():
        if at not in taken and at + 1 not in taken:
            taken |= {at, at + 1}
            chosen.append(at)
    return np.sort(np.array(chosen, dtype=int))


def _held(read: Words, least: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Which text holds which term (two arrays, pairs once), and the terms' names in their order."""
    units = _Units(read)
    for _ in range(LONGEST - 1):
        units.join(least)
    free, depth = _pairs(units.doc, units.unit, len(units.names)), len(units.names)
    inside = defaultdict(set)  # phrase: its parts, and theirs
    for phrase, parts in units.parts.items():
        inside[phrase] |= set(parts).union(*(inside[part] for part in parts))
    rows = [(phrase, part) for phrase, parts in inside.items() for part in sorted(parts)]
    phrase, part = np.array(rows, dtype=int).reshape(-1, 2).T
    within = pd.DataFrame({"unit": free % depth, "doc": free // depth}).merge(
        pd.DataFrame({"unit": phrase, "part": part}), on="unit"
    )
    doc, unit = (
        np.concatenate([whole, within[name]]) for whole, name in ((free // depth, "doc"), (free % depth, "part"))
    )
    everywhere = _pairs(doc, unit, depth)
    alone, all_of = (
        np.bincount(pairs % depth, units.copies[pairs // depth], minlength=depth) for pairs in (free, everywhere)
    )
    counted = ~units.syllable | (units.size > 1) | (alone >= ALONE * all_of)
    pairs = everywhere[counted[everywhere % depth] | np.isin(everywhere, free)]
    count = np.bincount(pairs % depth, units.copies[pairs // depth], minlength=depth)
    keep = (count >= least) & (units.stops == 0)
    keep[part[(count[phrase] >= PART_OF * count[part]) & keep[phrase]]] = False
    pairs = pairs[keep[pairs % depth]]
    used = sorted(np.flatnonzero(keep).tolist(), key=lambda unit: units.names[unit])
    place = np.full(depth, -1)
    place[used] = np.arange(len(used))
    return pairs // depth, place[pairs % depth], [units.names[unit] for unit in used]


def _pairs(first: np.ndarray, second: np.ndarray, depth: int) -> np.ndarray:
    """Pairs of numbers, the second under `depth`, as one number each, sorted and once."""
    pairs = np.sort(first.astype(np.int64) * depth + second)  # many times faster here than np.unique()
    return pairs[np.concatenate([[True], pairs[1:] != pairs[:-1]])] if len(pairs) else pairs
