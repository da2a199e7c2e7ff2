"""Themes of comments.

Oracles: comments drawn from a known world (each theme its own words, and general words over all), graphs whose
modularity is known (networks written by hand, every partition tried), and properties: order and names change nothing.
"""

import itertools

import numpy as np
import pandas as pd
import pytest

from cxlib.phrases import mentions
from cxlib.themes import FEWEST, _communities, members, themes

WORLD = {
    "delivery": ["driver", "parcel", "waited", "courier"],
    "price": ["price", "discount", "voucher", "refund"],
    "staff": ["cashier", "manager", "rude", "smile"],
    "app": ["login", "crash", "button", "update"],
}


def world(n: int, seed: int) -> tuple[pd.DataFrame, list[str]]:
    """Which of a theme's words stand in each of n comments, and the theme; `overall` stands in a third of them."""
    rng = np.random.default_rng(seed)
    rows, truth = [], rng.choice(list(WORLD), n).tolist()
    for comment, theme in enumerate(truth):
        held = set(rng.choice(WORLD[theme], rng.integers(2, 4), replace=False))
        if rng.random() < 0.08:
            held.add(rng.choice([term for terms in WORLD.values() for term in terms]))
        if rng.random() < 0.33:
            held.add("overall")
        rows += [(comment, term) for term in sorted(held)]
    return pd.DataFrame(rows, columns=["comment", "term"]), truth


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_worlds_themes_are_found(seed):
    held, truth = world(400, seed)
    found = themes(held, 400)
    groups = {frozenset(part["term"]) for _, part in found.groupby("theme") if len(part) > 1}
    assert groups == {frozenset(terms) for terms in WORLD.values()}
    rows = members(held, found)
    for theme, terms in WORLD.items():
        name = next(n for n, part in found.groupby("theme") if set(part["term"]) == set(terms))
        own = set(rows.loc[rows["theme"] == name, "comment"])
        assert {i for i, true in enumerate(truth) if true == theme} <= own


def test_a_general_term_is_of_no_larger_theme():
    held, _ = world(400, 1)
    found = themes(held, 400)
    with_it = found[found["theme"].isin(found.loc[found["term"] == "overall", "theme"])]
    assert len(with_it) <= 1


def test_a_theme_is_named_after_its_commonest_terms():
    held, _ = world(400, 1)
    for name, part in themes(held, 400).groupby("theme"):
        assert name == ", ".join(part["term"].head(3))
        assert part["count"].is_monotonic_decreasing


def test_a_name_says_nothing_twice():
    texts = ["late delivery driver"] * 40 + ["late delivery"] * 30 + ["delivery driver came"] * 20 + ["price fine"] * 40
    found = themes(mentions(pd.Series(texts)), len(texts))
    for name in found["theme"].unique():
        parts = name.split(", ")
        assert not [(a, b) for a, b in itertools.permutations(parts, 2) if f" {a} " in f" {b} "]


def test_count_of_a_theme_is_of_comments_that_hold_one_of_its_terms():
    held, _ = world(300, 5)
    found = themes(held, 300)
    rows = members(held, found)
    for name, part in found.groupby("theme"):
        wanted = held[held["term"].isin(part["term"])]["comment"].nunique()
        assert part["count_theme"].eq(wanted).all()
        assert rows.loc[rows["theme"] == name, "comment"].nunique() == wanted


def test_the_order_of_the_comments_changes_nothing():
    held, _ = world(300, 6)
    shuffled = held.sample(frac=1, random_state=1).assign(comment=lambda part: 7 * part["comment"] + 3)
    pd.testing.assert_frame_equal(themes(held, 300), themes(shuffled, 300))


def test_words_by_chance_form_no_theme_of_several():
    """20 words, each by itself in a tenth of 600 comments: 190 pairs, the point of 0.001 and a floor on strength."""
    rng = np.random.default_rng(8)
    comment, term = np.nonzero(rng.random((600, 20)) < 0.1)
    held = pd.DataFrame({"comment": comment, "term": np.array([f"w{i:02d}" for i in range(20)])[term]})
    found = themes(held, 600)
    assert found.groupby("theme")["term"].count().max() == 1


def test_few_comments_have_no_themes():
    held, _ = world(FEWEST, 1)
    assert len(themes(held, FEWEST))
    assert themes(held, FEWEST - 1).empty
    nothing = themes(pd.DataFrame({"comment": [], "term": []}), 500)
    assert nothing.empty
    assert members(held, nothing).empty


def test_at_most_so_many():
    held, _ = world(400, 1)
    assert themes(held, 400, most=2)["theme"].nunique() == 2


# -- modularity ----------------------------------------------------------------------------------------------------


def modularity(ties: np.ndarray, group) -> float:
    """Newman and Girvan's, as it is written: the share of ties within groups less that expected by degree."""
    whole, degree = ties.sum(), ties.sum(axis=1)
    same = np.equal.outer(group, group)
    return float(((ties / whole - np.outer(degree, degree) / whole**2) * same).sum())


def partitions(n: int):
    """Every way to group n things."""
    for labels in itertools.product(range(n), repeat=n):
        if all(label <= max(labels[:i], default=-1) + 1 for i, label in enumerate(labels)):
            yield labels


def test_two_triangles_joined_by_a_tie():
    """The best partition of all 203, by trying every one: the two triangles, modularity 0.357."""
    ties = np.zeros((6, 6), dtype=int)
    for a, b in [(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5), (2, 3)]:
        ties[a, b] = ties[b, a] = 1
    best = max(partitions(6), key=lambda labels: modularity(ties, labels))
    found = _communities(ties)
    assert modularity(ties, found) == pytest.approx(modularity(ties, best))
    assert modularity(ties, found) == pytest.approx(5 / 14)
    assert len(set(found[:3])) == len(set(found[3:])) == 1
    assert found[0] != found[3]


def test_greedy_modularity_is_near_the_best_of_all_partitions():
    """Random weighted graphs of seven: never a twentieth below the best of all 877 partitions, seldom below at all."""
    rng = np.random.default_rng(12)
    every, losses = list(partitions(7)), []
    for _ in range(6):
        ties = np.triu(rng.integers(0, 9, (7, 7)) * (rng.random((7, 7)) < 0.5), 1)
        ties += ties.T
        best = max(modularity(ties, labels) for labels in every)
        losses.append(best - modularity(ties, _communities(ties)))
    assert max(losses) < 0.05
    assert min(losses) >= -1e-12


def test_no_ties_leave_all_alone():
    assert _communities(np.zeros((4, 4), dtype=int)).tolist() == [0, 1, 2, 3]
    assert _communities(np.zeros((0, 0), dtype=int)).tolist() == []
