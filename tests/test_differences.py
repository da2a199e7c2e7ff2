"""What must hold for comparisons of any survey, whatever its rows, labels, weights and rare answers.

Oracles: algebra (each property's first line) with Hypothesis looking for a survey that breaks it, statsmodels'
proportions_ztest and multipletests, Fisher's test by hand, and exact enumeration of two binomial samples.
"""

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, hypergeom
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest

from cxlib import compare
from cxlib.banner import banner
from cxlib.corrections import adjust

settings.register_profile("comparisons", derandomize=True, deadline=None, database=None, max_examples=8)
PROFILE = settings.get_profile("comparisons")
NUMBERS = ["estimate", "low", "high", "se", "t", "df", "p", "p_adjusted"]


def drawn(seed: int, n: int = 160) -> pd.DataFrame:
    """A survey of n: a single, a multi, a number and an NPS question with blanks, three groups, weights, shops."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "g": rng.choice(["a", "b", "c"], n, p=[0.2, 0.3, 0.5]),
            "single": rng.choice(["x", "y", "z"], n, p=[0.1, 0.3, 0.6]),
            "multi.p": rng.integers(0, 2, n).astype(float),
            "multi.q": (rng.random(n) < 0.05).astype(float),
            "spend": rng.lognormal(3, 0.8, n),
            "recommend": rng.integers(0, 11, n).astype(float),
            "w": rng.lognormal(0, 0.5, n).round(3),
            "stratum": rng.choice(["n", "s"], n),
            "shop": rng.integers(0, 12, n),
        }
    )
    return frame.mask((rng.random(frame.shape) < 0.1) & frame.columns.isin(["single", "spend", "recommend", "g"]))


ROWS = ["single", "multi", "spend", "recommend"]
HOW = {"metrics": {"recommend": "nps"}, "weights": "w", "strata": "stratum", "clusters": "shop", "minimum_base": 10}


def same(one: pd.DataFrame, other: pd.DataFrame, without=()) -> None:
    """Two frames agree but for the columns `without`: numbers to 1e-8, the rest exactly."""
    columns = [column for column in one if column not in without]
    pd.testing.assert_frame_equal(one[columns], other[columns], rtol=1e-8, atol=1e-8)


# -- invariances -----------------------------------------------------------------------------------------------


@settings(PROFILE)
@given(st.integers(0, 10_000))
def test_rows_in_another_order(seed):
    """Rows shuffled, with the index that shuffling leaves: the same cells, tests and print."""
    frame = drawn(seed)
    one, other = banner(frame, ROWS, "g", **HOW), banner(frame.sample(frac=1, random_state=seed), ROWS, "g", **HOW)
    same(one.cells, other.cells)
    same(one.tests, other.tests)
    assert one.to_frame().equals(other.to_frame())


@settings(PROFILE)
@given(st.integers(0, 10_000))
def test_groups_by_other_names(seed):
    """Groups named so that their order turns round: the same p, differences with the sign of their direction."""
    frame = drawn(seed)
    names = {"a": "3", "b": "2", "c": "1"}
    one = banner(frame, ROWS, "g", **HOW).tests
    other = banner(frame.assign(g=frame["g"].map(names)), ROWS, "g", **HOW).tests
    keys = ["question", "line", "group", "other"]
    pairs = one["other"] != "the rest"
    turned = one.assign(group=one["group"].map(names), other=one["other"].map(names).fillna("the rest"))
    turned.loc[pairs, ["group", "other"]] = turned.loc[pairs, ["other", "group"]].to_numpy()
    turned.loc[pairs, ["estimate", "t"]] *= -1
    turned.loc[pairs, ["low", "high"]] = -turned.loc[pairs, ["high", "low"]].to_numpy()
    same(*(part.sort_values(keys, ignore_index=True)[keys + NUMBERS] for part in (turned, other)))


@settings(PROFILE)
@given(st.integers(0, 10_000), st.sampled_from([1e-5, 0.3, 7.0, 1e5]))
def test_scale_of_weights(seed, factor):
    """All weights times a constant: nothing but the weighted bases changes, which are so many times larger."""
    frame = drawn(seed)
    one, other = (banner(f, ROWS, "g", **HOW) for f in (frame, frame.assign(w=frame["w"] * factor)))
    same(one.cells, other.cells, without=["n_weighted"])
    same(one.tests, other.tests)
    same(one.bases, other.bases, without=["n_weighted"])
    assert (other.bases["n_weighted"] / one.bases["n_weighted"]).to_numpy() == pytest.approx(factor)


@settings(PROFILE)
@given(st.integers(0, 10_000))
def test_respondents_of_no_group(seed):
    """Respondents without a group, in clusters of their own stratum: in Total, and in nothing else."""
    frame = drawn(seed)
    more = frame.assign(g=None, stratum="elsewhere")
    one, other = (banner(f, ROWS, "g", **HOW) for f in (frame, pd.concat([frame, more])))
    same(one.tests, other.tests)
    total = [made.bases[made.bases["group"] == "Total"]["n"].to_numpy() for made in (one, other)]
    assert (total[1] == 2 * total[0]).all()
    groups = [made.cells[made.cells["group"] != "Total"].reset_index(drop=True) for made in (one, other)]
    same(*groups, without=["method"])


@settings(PROFILE)
@given(st.lists(st.one_of(st.floats(0, 1), st.just(0.03)), min_size=1, max_size=12), st.integers(0, 3))
def test_corrections_are_those_of_statsmodels(p, blanks):
    """multipletests(holm, fdr_bh) of the tests that were made; nan stays where none was."""
    for ours, theirs in (("holm", "holm"), ("bh", "fdr_bh")):
        found = adjust([*p, *[np.nan] * blanks], ours)
        assert found[: len(p)] == pytest.approx(multipletests(p, method=theirs)[1], abs=1e-12)
        assert np.isnan(found[len(p) :]).all()


# -- tests by other hands --------------------------------------------------------------------------------------


def hits(counts: dict[str, tuple[int, int]]) -> pd.DataFrame:
    """So many yes of so many in each group."""
    parts = [pd.DataFrame({"q": [1.0] * y + [0.0] * (n - y), "g": name}) for name, (y, n) in counts.items()]
    return pd.concat(parts, ignore_index=True).rename(columns={"q": "q.yes"})


@settings(PROFILE)
@given(st.tuples(*[st.integers(0, 40)] * 3), st.tuples(*[st.integers(40, 90)] * 3))
def test_pooled_z_is_that_of_statsmodels(yes, n):
    """proportions_ztest of every pair, and of every group against the sum of the others."""
    made = banner(hits(dict(zip("abc", zip(yes, n, strict=True), strict=True))), "q", "g", test="z").tests
    yes, n = dict(zip("abc", yes, strict=True)), dict(zip("abc", n, strict=True))
    for row in made.itertuples():
        others = [row.other] if row.other != "the rest" else [name for name in "abc" if name != row.group]
        counts = [yes[row.group], sum(yes[o] for o in others)], [n[row.group], sum(n[o] for o in others)]
        if 0 < sum(counts[0]) < sum(counts[1]):
            z, p = proportions_ztest(*counts)
            assert (row.t, row.p) == pytest.approx((z, p), rel=1e-9, abs=1e-9)


def midp(one: tuple[int, int], two: tuple[int, int]) -> float:
    """Fisher's two-sided mid-p (twice the smaller tail, half of the outcome itself in it) by the formula."""
    chance = hypergeom(one[1] + two[1], one[0] + two[0], one[1])
    below, above = chance.cdf(one[0] - 1), chance.sf(one[0])
    return min(1.0, 2 * (min(below, above) + chance.pmf(one[0]) / 2))


def test_rare_answers_are_tested_by_fisher():
    """0 of 40 against 30 of 400: t is 4.5, but nobody of 40 is no wonder where 7.5% are expected (p .05). A group of
    one respondent does not switch this off."""
    tests = banner(hits({"a": (0, 40), "b": (30, 400), "c": (0, 1)}), "q", "g").tests.set_index(["group", "other"])
    assert tests.loc[("b", "a"), "t"] > 4
    assert tests.loc[("b", "a"), "p"] == pytest.approx(midp((0, 40), (30, 400)))
    assert tests.loc[("a", "the rest"), "p"] == pytest.approx(midp((0, 40), (30, 400)))
    assert np.isnan(tests.loc[("c", "a"), "p"])


@pytest.mark.parametrize("share", [0.01, 0.03, 0.1, 0.3, 0.5])
@pytest.mark.parametrize("sizes", [(30, 30), (30, 90)])
def test_two_groups_alike_differ_in_at_most_one_sample_of_twenty(share, sizes):
    """Oracle: every outcome of two binomial samples, by its probability. Mid-p may pass the level by a little."""
    one, two = sizes
    outcomes = [(a, b) for a in range(one + 1) for b in range(two + 1)]
    likely = [(a, b) for a, b in outcomes if binom.pmf(a, one, share) * binom.pmf(b, two, share) > 1e-7]
    ticks = {f"q.{a}-{b}": np.r_[np.arange(one) < a, np.arange(two) < b].astype(float) for a, b in likely}
    tests = banner(pd.DataFrame(ticks).assign(g=["a"] * one + ["b"] * two), "q", "g").tests
    p = dict(zip(tests["line"], tests["p"], strict=True))
    wrong = sum(binom.pmf(a, one, share) * binom.pmf(b, two, share) for a, b in likely if p[f"{a}-{b}"] <= 0.05)
    assert wrong <= 0.06


# -- surveys as they come --------------------------------------------------------------------------------------


def test_answers_all_alike_differ_in_nothing():
    """Every group's mean is 3.3 and its share 100%; the last digits of weighted sums are no difference."""
    for seed in range(6):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame({"g": rng.choice(list("abc"), 200), "w": rng.lognormal(0, 0.4, 200)})
        frame = frame.assign(v=3.3, **{"m.x": 1.0}, recommend=9.0)
        made = banner(frame, ["v", "m", "recommend"], "g", metrics={"recommend": "nps"}, weights="w")
        assert made.tests["p"].eq(1).all()
        assert made.cells["letters"].eq("").all()
        assert made.cells["rest"].eq("").all()


def test_a_group_without_weight_has_no_figures_and_no_marks():
    frame = drawn(1, 600).assign(w=lambda f: f["w"].where(f["g"] != "a", 0.0))
    made = banner(frame, ["single", "spend"], "g", weights="w")
    none = made.cells[made.cells["group"] == "a"]
    assert none["n"].min() > 30
    assert none["estimate"].isna().all()
    assert none["letters"].eq("").all()
    assert none["rest"].eq("").all()
    assert made.tests.loc[(made.tests[["group", "other"]] == "a").any(axis=1), "p"].isna().all()


def test_a_filtered_frame_is_like_a_frame_of_its_own():
    """The rows of a filter keep their numbers; intervals of the NPS must not be mixed up by them."""
    part = drawn(2, 600).query("g != 'a'")
    one, other = (banner(f, "recommend", "g", **HOW).cells for f in (part, part.reset_index(drop=True)))
    same(one, other)
    assert (one["low"] <= one["estimate"]).all()


def test_questions_called_alike_keep_their_own_bases():
    frame = drawn(3).assign(other=lambda f: f["single"].where(f.index < 100))
    made = banner(frame, ["single", "other"], "g", labels={"single": "Choice", "other": "Choice"})
    total = made.bases[made.bases["group"] == "Total"].set_index("question")["n"].to_dict()
    counted = frame[["single", "other"]].notna().sum()
    assert total == {"Choice (single)": counted["single"], "Choice (other)": counted["other"]}


def test_a_wave_that_did_not_ask_is_passed_over_in_its_question_alone():
    """20% in w1, not asked in w2, 50% in w3: w3 is compared with w1, whatever else stands in the table."""
    frame = pd.DataFrame({"wave": np.repeat(["w1", "w2", "w3"], 200), "other": ["x", "y"] * 300})
    frame["q"] = ["yes"] * 40 + ["no"] * 160 + [None] * 200 + ["yes", "no"] * 100
    for engine in (frame, duckdb.from_df(frame)):
        made = banner(engine, ["q", "other"], "wave", sequence="wave")
        yes = made.tests[(made.tests["line"] == "yes") & (made.tests["other"] != "the rest")]
        assert list(zip(yes["group"], yes["other"], strict=True)) == [("w3", "w1")]
        assert made.cells.query("line == 'yes' and group == 'w3'")["letters"].tolist() == ["A"]
        other = made.tests[(made.tests["line"] == "x") & (made.tests["other"] != "the rest")]
        assert list(zip(other["group"], other["other"], strict=True)) == [("w2", "w1"), ("w3", "w2")]


def test_a_question_of_one_wave_of_two_is_printed_untested():
    frame = pd.DataFrame({"wave": np.repeat(["w1", "w2"], 100), "other": ["x", "y"] * 100})
    frame["q"] = ["yes"] * 40 + ["no"] * 60 + [None] * 100
    for engine in (frame, duckdb.from_df(frame)):
        printed = banner(engine, ["q", "other"], "wave", sequence="wave").to_frame()
        assert printed.loc["q"].loc["yes"].tolist() == ["40.0%", "40.0%", "**"]


def test_one_question_that_decides_the_other():
    """Three answers, each in a column of its own: chi-square is 2 n, its expectation 2 n / (n - 1)."""
    frame = pd.DataFrame({"a": np.repeat(["x", "y", "z"], [50, 70, 80])}).assign(b=lambda f: f["a"].str.upper())
    found = compare.crosstab(frame, "a", "b")
    assert (found.statistic, *found.df) == pytest.approx((199, 2, 2 * 199))


def test_labels_are_text_in_html():
    made = banner(drawn(4).assign(g=lambda f: f["g"] + "<i>"), "single", "g", sequence="g", labels={"g": "<b>G</b>"})
    assert "<b>" not in made.to_html()
    assert "<i>" not in made.to_html()
    assert "&lt;b&gt;G&lt;/b&gt;: each column against the one before" in made.to_html()
