"""Which groups stand apart from the others: the tests of a tab book, each group against the rest of its question."""

import pandas as pd

REST = "the rest"  # what a group is held against where its banner question has three groups or more


def against_rest(tests: pd.DataFrame) -> pd.DataFrame:
    """Of a banner's tests those against the rest; of a question with two groups, the one against the other."""
    several = tests.groupby("banner")["other"].transform(lambda others: (others == REST).any())
    return tests[~several | (tests["other"] == REST)]


def apart(book) -> pd.DataFrame:
    """Every group against the others of its banner question, metric by metric, with its bases (compare.Banner).

    Columns metric, banner, group, estimate (the difference), low, high, p, p_adjusted, n, n_weighted, n_effective (of
    the group) and unit (also as unit_of). Of two groups each stands against the other, the same test seen from both
    sides. Empty where there is no book (None) or nothing could be tested.
    """
    if book is None:
        return pd.DataFrame()
    tests = book.tests[(book.tests["kind"] == "score") & book.tests["p_adjusted"].notna()]
    one = against_rest(tests)
    two = one[one["other"] != REST]
    turned = {"group": two["other"], "other": two["group"], "estimate": -two["estimate"],
              "low": -two["high"], "high": -two["low"]}  # fmt: skip
    rows = pd.concat([one, two.assign(**turned)])
    rows = rows.merge(
        book.cells[["question", "line", "banner", "group", "n", "n_weighted", "n_effective"]],
        on=["question", "line", "banner", "group"],
        validate="many_to_one",
    )
    # In the order of the tab book, where the two sides of a pair stand one below the other.
    key = ["line", "banner", "group"]
    place = {where: number for number, where in enumerate(book.cells[key].itertuples(index=False, name=None))}
    order = [place[where] for where in rows[key].itertuples(index=False, name=None)]
    rows = rows.assign(_place=order).sort_values("_place", kind="stable", ignore_index=True)
    shown = ["line", "banner", "group", "estimate", "low", "high", "p", "p_adjusted", "n", "n_weighted", "n_effective"]
    return rows[[*shown, "unit"]].rename(columns={"line": "metric"})
