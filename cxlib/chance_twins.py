"""How often two respondents agree on so many answers by chance: the yardstick for duplicates.

Answers to a battery go together, and so do those of a group of customers; as if items were independent, two delighted
customers who agree on everything would look like a copy. Here items are independent only within latent classes of
respondents. They are fitted to the different sheets, and a class that agrees on nearly everything, where others do not,
is taken as copies of one sheet and left out: copies must not explain themselves.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import sparse

CLASSES, PER_CLASS = 8, 100  # at most so many classes, each of at least so many sheets on average
SAMPLE, STEPS, PRIOR = 5_000, 40, 5.0
CHUNK = 2_000
# A class of copies gives to so many of its questions one answer so often, facts included, where others differ.
TIGHT, ONE_ANSWER, COMMON, FACTS, REFITS = 0.9, 0.75, 0.6, 3, 4


@dataclass(frozen=True)
class Chance:
    """Latent classes of answer sheets: their shares, and how often each level of each item is given in them."""

    shares: np.ndarray  # K
    given: np.ndarray  # K x L, over the levels of all items
    offsets: np.ndarray  # where the levels of each item begin

    def at_least(self, sheets: np.ndarray, matches: np.ndarray) -> np.ndarray:
        """The chance that a respondent gives at least so many of the answers of a sheet; a row of codes a sheet."""
        found = [self._tail(sheets[i : i + CHUNK], matches[i : i + CHUNK]) for i in range(0, len(sheets), CHUNK)]
        return np.concatenate(found) if found else np.zeros(0)

    def _tail(self, sheets: np.ndarray, matches: np.ndarray) -> np.ndarray:
        # The number of matches in a class is a sum of unequal coin throws, added one item at a time.
        counts = np.zeros((len(sheets), len(self.shares), sheets.shape[1] + 1))
        counts[:, :, 0] = 1
        for item, codes in enumerate(sheets.T):
            p = np.where(codes < 0, 0.0, self.given[:, self.offsets[item] + np.maximum(codes, 0)]).T[:, :, None]
            more = counts[:, :, :-1] * p
            counts *= 1 - p
            counts[:, :, 1:] += more
        beyond = np.arange(counts.shape[2]) >= matches[:, None]
        return np.einsum("skm,sm,k->s", counts, beyond, self.shares)


def chance(sheets: np.ndarray, *, facts=None, seed=0) -> Chance:
    """The latent classes of answer sheets: a row a respondent, a column an item, codes from 0 on, below 0 none.

    `facts` (bool, an item) marks what is no rating: a class of people who agree on these as well as on the ratings is
    taken as copies. Where there are fewer than 3, nothing tells copies from people of one mind: all sheets count, and
    no class is left out.
    """
    random = np.random.default_rng(seed)
    facts = np.zeros(sheets.shape[1], bool) if facts is None else np.asarray(facts, bool)
    levels = np.maximum(sheets.max(axis=0, initial=-1) + 1, 1)
    offsets = np.r_[0, np.cumsum(levels)[:-1]]
    if facts.sum() >= FACTS:
        sheets = np.unique(sheets, axis=0)
    if len(sheets) > SAMPLE:
        sheets = sheets[np.sort(random.choice(len(sheets), SAMPLE, replace=False))]
    x = one_hot(sheets, levels)
    overall = (np.asarray(x.sum(axis=0)).ravel() + 0.5) / (len(sheets) + 1)
    for _ in range(REFITS):
        shares, given, member = _classes(x, overall, random)
        copies = _tight(given, overall, offsets, facts)
        own = member[:, ~copies].sum(axis=1) > 0.5
        if not copies.any() or not own.any():
            break
        x = x[own]
    return Chance(shares, given, offsets)


def _classes(x: sparse.csr_matrix, overall: np.ndarray, random) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shares and answers of latent classes of the sheets x by EM, and the sheets' memberships."""
    k = int(np.clip(x.shape[0] // PER_CLASS, 1, CLASSES))
    member = _begun(x, k, random)
    for _ in range(STEPS):
        size = member.sum(axis=0)
        given = ((x.T @ member).T + PRIOR * overall) / (size + PRIOR)[:, None]
        shares = (size + 1) / (size.sum() + k)
        log = x @ np.log(given).T + np.log(shares)
        member = np.exp(log - log.max(axis=1, keepdims=True))
        member /= member.sum(axis=1, keepdims=True)
    return shares, given, member


def _tight(given: np.ndarray, overall: np.ndarray, offsets: np.ndarray, facts: np.ndarray) -> np.ndarray:
    """Which classes are copies of one sheet: one answer to nearly every question, and to most facts one not common."""
    bounds = [*offsets, given.shape[1]]
    modes = np.column_stack([a + given[:, a:b].argmax(axis=1) for a, b in pairwise(bounds)])
    answers = np.add.reduceat(given, offsets, axis=1)
    asked = answers > 0.5
    one = asked & (np.take_along_axis(given, modes, axis=1) >= ONE_ANSWER * answers)
    special = one & (overall[modes] < COMMON) & facts
    some = (asked & facts).sum(axis=1)
    return (one.sum(axis=1) >= TIGHT * asked.sum(axis=1)) & (some >= FACTS) & (special.sum(axis=1) > 0.5 * some)


def one_hot(sheets: np.ndarray, levels: np.ndarray) -> sparse.csr_matrix:
    """A column of 1 and 0 for each level of each item."""
    offsets = np.r_[0, np.cumsum(levels)[:-1]]
    row, item = np.nonzero(sheets >= 0)
    ones = np.ones(len(row), np.float32)
    return sparse.csr_matrix((ones, (row, offsets[item] + sheets[row, item])), (len(sheets), int(levels.sum())))


def _begun(x: sparse.csr_matrix, k: int, random) -> np.ndarray:
    """Memberships to begin with: each sheet goes to the most alike of k drawn ones."""
    drawn = x[random.choice(x.shape[0], k, replace=False)]
    alike = (x @ drawn.T).toarray() + 0.01 * random.random((x.shape[0], k))
    return 0.8 * (alike == alike.max(axis=1, keepdims=True)) + 0.2 / k
