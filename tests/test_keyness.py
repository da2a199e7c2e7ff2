"""Keyness and the tables of two by two behind it.

Oracles: sums by hand, scipy.stats (power_divergence, fisher_exact, hypergeom, relative_risk), statsmodels (Holm).
"""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from cxlib import CxError
from cxlib.keyness import keyness, keyness_of
from cxlib.two_by_two import cells, log_likelihood, p_value


def test_log_likelihood_by_hand():
    """110 of 1,000 against 2,552 of 10,000: 2 sum o ln(o/e), the four cells written out."""
    observed, rows, columns = [[110, 890], [2552, 7448]], [1000, 10_000], [2662, 8338]
    by_hand = 2 * sum(
        observed[i][j] * math.log(observed[i][j] / (rows[i] * columns[j] / 11_000)) for i in (0, 1) for j in (0, 1)
    )
    assert log_likelihood(110, 2662, 1000, 11_000) == pytest.approx(by_hand, rel=1e-12)


def test_log_likelihood_has_rayson_and_garside_s_as_its_part_with_the_term():
    """Their formula, 2 (a ln(a / E1) + b ln(b / E2)), sums the two cells that hold the term; two are left."""
    a, b, c, d = 30, 50, 400, 1200
    first, second = c * (a + b) / (c + d), d * (a + b) / (c + d)
    theirs = 2 * (a * math.log(a / first) + b * math.log(b / second))
    rest = 2 * ((c - a) * math.log((c - a) / (c - first)) + (d - b) * math.log((d - b) / (d - second)))
    assert log_likelihood(a, a + b, c, c + d) == pytest.approx(theirs + rest, rel=1e-12)


def test_log_likelihood_is_scipys():
    """scipy.stats.power_divergence(lambda_="log-likelihood"), on tables with empty cells too."""
    rng = np.random.default_rng(1)
    for _ in range(50):
        a, b, c, d = rng.integers([0, 1, 1, 0], 30)
        observed, expected = cells(a, a + b, a + c, a + b + c + d)
        assert observed.tolist() == [a, b, c, d]
        wanted = stats.power_divergence(observed, expected, ddof=2, lambda_="log-likelihood")
        assert log_likelihood(a, a + b, a + c, a + b + c + d) == pytest.approx(wanted.statistic, abs=1e-9)


def test_independence_is_nought():
    assert log_likelihood(20, 40, 100, 200) == pytest.approx(0, abs=1e-12)


def test_small_counts_take_fishers_test_with_mid_p():
    """scipy.stats.fisher_exact (two-sided) less half of scipy.stats.hypergeom of the table, for every small table."""
    n, first = 17, 6
    for second in range(1, n):
        for both in range(max(0, first + second - n), min(first, second) + 1):
            p, exact = p_value(both, first, second, n)
            table = [[both, first - both], [second - both, n - first - second + both]]
            wanted = stats.fisher_exact(table).pvalue - stats.hypergeom.pmf(both, n, first, second) / 2
            assert (exact, float(p)) == (True, pytest.approx(wanted, abs=1e-12))


def test_large_counts_take_chi_square():
    p, exact = p_value([40, 3], [100, 20], [90, 30], [300, 300])
    assert exact.tolist() == [False, True]
    assert p[0] == pytest.approx(stats.chi2.sf(float(log_likelihood(40, 100, 90, 300)), 1), rel=1e-10)


def test_mid_p_keeps_its_level():
    """Of all tables of groups of 12 and 20 alike, those with p of 5% or less have a chance of some 5%, under 6.5%."""
    rates = []
    for share in (0.05, 0.1, 0.3):
        chance = 0.0
        for a, b in itertools.product(range(13), range(21)):
            p, _ = p_value(a, 12, a + b, 32)
            if p <= 0.05:
                chance += stats.binom.pmf(a, 12, share) * stats.binom.pmf(b, 20, share)
        rates.append(chance)
    assert max(rates) < 0.065


def test_an_empty_margin_is_no_test():
    assert np.isnan(p_value([0, 5], [0, 10], [5, 5], [10, 10])[0]).tolist() == [True, True]


# -- keyness -------------------------------------------------------------------------------------------------------


def comments(late: int, without: int, late_other: int, without_other: int) -> pd.DataFrame:
    """Comments of two groups, so many with the word late."""
    texts = ["came late"] * late + ["came home"] * without + ["came late"] * late_other + ["came home"] * without_other
    return pd.DataFrame({"why": texts, "who": ["low"] * (late + without) + ["high"] * (late_other + without_other)})


def test_a_word_is_counted_once_a_comment():
    frame = comments(30, 70, 10, 190)
    frame["why"] = frame["why"].str.replace("late", "late late late").str.replace("came ", "")
    row = keyness(frame, "why", "who", target="low").set_index("term").loc["late"]
    assert (row["count"], row["count_other"], row["n"], row["n_other"]) == (30, 10, 100, 200)
    assert (row["share"], row["share_other"]) == (pytest.approx(30), pytest.approx(5))
    assert row["estimate"] == pytest.approx(math.log2(6))
    assert row["g2"] == pytest.approx(float(log_likelihood(30, 40, 100, 300)))
    assert row["test"] == "log-likelihood"


def test_the_interval_is_katzs():
    """scipy.stats.contingency.relative_risk(30, 100, 10, 200), whose interval is that of Katz et al."""
    frame = comments(30, 70, 10, 190)
    row = keyness(frame, "why", "who", target="low", confidence=0.9).set_index("term").loc["late"]
    wanted = stats.contingency.relative_risk(30, 100, 10, 200).confidence_interval(0.9)
    assert (row["low"], row["high"]) == (pytest.approx(math.log2(wanted.low)), pytest.approx(math.log2(wanted.high)))


def test_a_word_of_one_side_alone_has_a_finite_ratio():
    """Half a comment more in each cell: (20.5 / 51) / (0.5 / 61)."""
    row = keyness(comments(20, 30, 0, 60), "why", "who", target="low").set_index("term").loc["late"]
    assert row["estimate"] == pytest.approx(math.log2((20.5 / 51) / (0.5 / 61)))
    assert np.isfinite([row["low"], row["high"]]).all()


def test_holm_is_over_all_terms():
    """statsmodels multipletests(method="holm")."""
    rng = np.random.default_rng(5)
    names = [f"term{chr(97 + i)}" for i in range(12)]
    held = pd.DataFrame([(i, t) for i in range(200) for t in names if rng.random() < 0.2], columns=["comment", "term"])
    rows = keyness_of(held, pd.Series(np.arange(200) < 80))
    assert rows["p_adjusted"].to_numpy() == pytest.approx(multipletests(rows["p"], method="holm")[1])
    assert rows["tests"].eq(12).all()
    plain = keyness_of(held, pd.Series(np.arange(200) < 80), correction="none")
    assert (plain["p_adjusted"] == plain["p"]).all()


def test_what_the_target_says_comes_first_and_the_others_last():
    frame = pd.concat([comments(40, 60, 10, 190)] * 2, ignore_index=True)
    rows = keyness(frame, "why", "who", target="low")
    assert rows["term"].tolist()[0] in ("late", "came late")
    assert rows["term"].tolist()[-1] in ("home", "came home")
    reverse = keyness(frame, "why", "who", target="high")
    both = rows.merge(reverse, on="term")
    assert both["estimate_x"].to_numpy() == pytest.approx(-both["estimate_y"].to_numpy())


def test_chance_alone_marks_few_terms():
    """200 terms spread alike over two groups: with Holm nothing is clear but in one of twenty such families or so."""
    rng = np.random.default_rng(11)
    marked = 0
    for _ in range(20):
        comment, term = np.nonzero(rng.random((300, 60)) < rng.uniform(0.02, 0.2, 60))
        held = pd.DataFrame({"comment": comment, "term": np.array([f"t{i:02d}" for i in range(60)])[term]})
        rows = keyness_of(held, pd.Series(np.arange(300) % 3 == 0))
        marked += int((rows["p_adjusted"] < 0.05).any())
    assert marked <= 4  # binomial(20, 0.05) is above 4 once in four hundred times


def test_mistakes_are_named():
    frame = comments(5, 5, 5, 5)
    with pytest.raises(CxError, match="there is no column whi in the table; did you mean why"):
        keyness(frame, "whi", "who", target="low")
    with pytest.raises(CxError, match="no comment is of the group middle of who; the groups are high, low"):
        keyness(frame, "why", "who", target="middle")
    with pytest.raises(CxError, match="all comments are of the group low of who"):
        keyness(frame[:10], "why", "who", target="low")
    with pytest.raises(CxError, match="correction is one of"):
        keyness(frame, "why", "who", target="low", correction="x")


def test_no_comments_give_no_rows():
    held = pd.DataFrame({"comment": [], "term": []})
    assert keyness_of(held, pd.Series([True, False])).empty
    assert keyness_of(held, pd.Series([], dtype=bool)).empty
