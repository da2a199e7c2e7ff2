"""Themes: groups of terms that stand in the same comments.

Two terms go together where they share more comments than chance has it: normalised mutual information of a quarter or
more, and a log-likelihood beyond the 0.001 point (two_by_two.py). Such pairs, weighted by the part of their comments
that they share, are grouped by greedy modularity (Clauset, Newman and Moore, Physical Review E 70 (2004) 066111), in
whole numbers and with ties broken by name, so that no chance and no processor enters. A term whose ties lead as much
out of its group as into it is general (good, fine) and of no theme; one without ties may be a theme of its own. A
comment belongs to each theme of which it holds a term. Comments in two languages share no words: each has themes of its
own.
"""

from itertools import combinations

import numpy as np
import pandas as pd

from cxlib.phrases import TOGETHER
from cxlib.two_by_two import cells, log_likelihood

FEWEST = 50  # comments, under which no themes are formed
TERMS = 150  # of the commonest terms that are grouped
RARE = 0.01  # share of the comments in which a term must stand, and …
SMALL = 0.02  # … that a theme must reach, and …
LONE = 0.05  # … a theme of a single term
NEAR = 0.25  # normalised mutual information from which on terms go together
MOST = 12  # themes; the rest of the comments is other
NAMED = 3  # terms in a theme's name


def themes(held: pd.DataFrame, n: int, *, most: int = MOST) -> pd.DataFrame:
    """The themes of `n` comments: a row for each term of each theme.

    `held` is that of phrases.mentions(). Columns: theme (its name: up to three terms that stand in most
    comments), term, count (comments that hold the term), ties (share of its ties that stay within the theme),
    count_theme (comments of the theme); the theme with most comments first, its commonest terms first. At most `most`
    themes of 2% of the comments or more (5% for a theme of one term), from terms in 1% or more. No rows under 50
    comments.
    """
    columns = ["theme", "term", "count", "ties", "count_theme"]
    if n < FEWEST:
        return pd.DataFrame(columns=columns)
    names, shared = _shared(held, n)
    if not names:
        return pd.DataFrame(columns=columns)
    ties = _ties(shared, n, names)
    group = _communities(ties)
    within = np.where(group[:, None] == group[None, :], ties, 0).sum(axis=1)
    whole = ties.sum(axis=1)
    inside = np.where(whole > 0, within / np.maximum(whole, 1), 1.0)
    rows = pd.DataFrame({"term": names, "group": group, "count": np.diag(shared), "ties": inside})
    rows = rows[rows["ties"] > 0.5].sort_values(["count", "term"], ascending=[False, True])
    about = held.merge(rows[["term", "group"]], on="term")
    reach = about.groupby("group")["comment"].nunique()
    rows = rows.assign(count_theme=rows["group"].map(reach))
    lone = rows["group"].map(rows["group"].value_counts()) == 1
    rows = rows[rows["count_theme"] >= np.where(lone, LONE, SMALL) * n]
    called = {key: _name(part["term"].tolist()) for key, part in rows.groupby("group", sort=False)}
    rows = rows.assign(theme=rows["group"].map(called))
    rows = rows.sort_values(["count_theme", "theme", "count", "term"], ascending=[False, True, False, True])
    chosen = list(dict.fromkeys(rows["theme"]))[:most]
    return rows.loc[rows["theme"].isin(chosen), columns].reset_index(drop=True)


def members(held: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Which comments belong to which themes, by which terms: comment, theme, term; a row for each term held."""
    rows = held.merge(found[["theme", "term"]], on="term")
    place = {theme: at for at, theme in enumerate(dict.fromkeys(found["theme"]))}
    rows = rows.assign(place=rows["theme"].map(place).astype(int)).sort_values("place", kind="stable")
    return rows[["comment", "theme", "term"]].reset_index(drop=True)


def _shared(held: pd.DataFrame, n: int) -> tuple[list[str], np.ndarray]:
    """The commonest terms by name, and how many comments each two of them share (the term's own on the diagonal)."""
    counts = held["term"].value_counts()
    counts = counts[counts >= RARE * n].rename_axis("term").reset_index(name="count")
    counts = counts.sort_values(["count", "term"], ascending=[False, True]).head(TERMS)
    names = sorted(counts["term"])
    used = held[held["term"].isin(names)]
    row, _ = pd.factorize(used["comment"])
    column = used["term"].map({name: at for at, name in enumerate(names)}).to_numpy(int)
    holds = np.zeros((len(used) and row.max() + 1, len(names)), dtype=np.float32)
    holds[row, column] = 1
    return names, np.rint(holds.T @ holds).astype(np.int64)


def _ties(shared: np.ndarray, n: int, names: list[str]) -> np.ndarray:
    """How firmly two terms go together, in thousandths: the comments that they share among those of either (Jaccard).

    0 where they do not. A term and a phrase that holds it go together in full.
    """
    own = np.diag(shared)
    observed, expected = cells(shared, own[:, None], own[None, :], n)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Mutual information, normalised to 1 for terms that never part: Bouma, Proceedings of the Biennial GSCL
        # Conference (2009) 31-40. Rounded, so that the last digit of another processor decides nothing.
        strength = np.round(np.log(observed[0] / expected[0]) / -np.log(observed[0] / n), 6)
    strong = (observed[0] > expected[0]) & (strength >= NEAR) & (observed[0] < n)
    strong &= log_likelihood(shared, own[:, None], own[None, :], n) >= TOGETHER
    ties = np.where(strong, 1000 * shared // np.maximum(own[:, None] + own[None, :] - shared, 1), 0)
    nested = np.array([[f" {one} " in f" {other} " for other in names] for one in names]).reshape(ties.shape)
    ties = np.where((nested | nested.T) & (ties > 0), 1000, ties)
    np.fill_diagonal(ties, 0)
    return ties


def _communities(ties: np.ndarray) -> np.ndarray:
    """The group of each term: groups are joined as long as modularity grows, the greatest growth first.

    Modularity times the squared weight of all ties is a whole number, so that equal is equal.
    """
    between, group = ties.astype(object), np.arange(len(ties))
    degree = ties.sum(axis=1).astype(object)
    whole, alive = int(ties.sum()), list(range(len(ties)))
    while True:
        best, pair = 0, None
        for i, j in combinations(alive, 2):
            growth = whole * between[i, j] - degree[i] * degree[j]
            if growth > best:
                best, pair = growth, (i, j)
        if pair is None:
            return group
        i, j = pair
        between[i] += between[j]
        between[:, i] += between[:, j]
        degree[i] += degree[j]
        group[group == j] = i
        alive.remove(j)


def _name(ordered: list[str]) -> str:
    """A theme's name: its commonest terms, none of them part of another."""
    chosen: list[str] = []
    for term in ordered:
        if not any(f" {term} " in f" {other} " or f" {other} " in f" {term} " for other in chosen):
            chosen.append(term)
    return ", ".join(chosen[:NAMED])
