"""Capture and recapture: all complainers from two channels, and whether the channels are independent.

Oracles: the reference number of the project's issue, hand calculation, counting with whole numbers, R's and SciPy's
Fisher tests, samples drawn from a known number of complainers, and the demo's truth.yml.
"""

from math import comb
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from simulate import band

from cxlib import CxError, Study
from cxlib.recapture import independence, linked, recapture

DEMO = Path(__file__).resolve().parents[1] / "data/demo"


# -- the number of complainers -----------------------------------------------------------------------------------


def test_reference_number():
    """(120, 80, 16): 575.52941, SE 111.98418, log-normal interval 409.98-862.36, made with 1.96 as Chao (1987) has it.

    By hand: 391.529 are unseen; exp(1.96 sqrt(log(1 + (111.984 / 391.529)^2))) = 1.73258.
    """
    found = recapture(120, 80, 16)
    assert found.value == pytest.approx(575.52941, abs=5e-6)
    assert found.se == pytest.approx(111.98418, abs=5e-6)
    assert (found.low, found.high) == (pytest.approx(409.98, abs=5e-3), pytest.approx(862.36, abs=5e-3))
    assert (found.n, found.n_effective, found.unit, found.confidence) == (184, 184, "count", 0.95)
    assert found.method == (
        "Chapman; log-normal interval; assumes that the two channels record independently, everybody has the same "
        "chance in a channel, links are right, nobody joins or leaves"
    )


def test_small_numbers_by_hand():
    """(3, 2, 1): 4 x 3 / 2 - 1 = 5, one of them unseen; variance 4 x 3 x 2 x 1 / (2^2 x 3) = 2."""
    found = recapture(3, 2, 1, confidence=0.8)
    factor = np.exp(1.282 * np.sqrt(np.log(3)))
    assert (found.value, found.se, found.n) == (5, pytest.approx(np.sqrt(2)), 4)
    assert (found.low, found.high) == (pytest.approx(4 + 1 / factor), pytest.approx(4 + factor))
    assert found.method.endswith("; only 1 in both: likely to be too low")


@pytest.mark.parametrize("numbers", [(100, 5, 5), (5, 100, 5), (30, 1, 1), (2, 1, 1), (1, 1, 1), (40, 39, 39)])
def test_a_channel_that_adds_nobody(numbers):
    """No error by the formula; by counting, high is the last N with C(first, both) / C(N, both) of 2.5% or more."""
    found, most, both = recapture(*numbers), max(numbers), numbers[2]
    assert (found.value, found.low, found.n) == (most, most, most)
    assert np.isnan(found.se)
    last = next(n for n in range(most, 100 * most + 100) if comb(most, both) / comb(n + 1, both) < 0.025 - 1e-12)
    assert int(found.high + 1e-6) == last
    assert "exact upper limit" in found.method


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 10**6), st.integers(1, 10**6), st.data())
def test_properties(first, second, data):
    """The channels may change places; the interval holds the estimate and never falls below those seen."""
    both = data.draw(st.integers(1, min(first, second)))
    found = recapture(first, second, both)
    turned = recapture(second, first, both)
    for field in ("value", "low", "high", "se"):
        assert getattr(turned, field) == pytest.approx(getattr(found, field), rel=1e-12, nan_ok=True)
    assert found.value == pytest.approx((first + 1) * (second + 1) / (both + 1) - 1, rel=1e-12)
    assert found.n == first + second - both
    assert found.n <= found.low <= found.value <= found.high < np.inf
    wider = recapture(np.int64(first), float(second), both, confidence=0.99)
    assert wider.low <= found.low
    assert wider.high >= found.high


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((10, 8, 0),
         "nobody is in both channels (10 and 8 complainers), so nothing tells how many are in neither"),
        ((0, 8, 0), "both channels need complainers; found 0 in the first, 8 in the second"),
        ((0, 0, 0), "both channels need complainers; found 0 in the first, 0 in the second"),
        ((10, 8, 9), 
         "who is in both channels is in each of them; found 9 in both, 10 in the first and 8 in the second"),
        ((-1, 8, 0), "complainers must be whole numbers of 0 or more; found -1 (first)"),
        ((10, 8.5, 2), "complainers must be whole numbers of 0 or more; found 8.5 (second)"),
        ((10, 8, float("nan")), "found nan (both)"),
        ((float("inf"), 8, 2), "found inf (first)"),
        ((np.float64("inf"), 8, 2), "(first)"),
        (("10", 8, 2), "found '10' (first)"),
        ((None, 8, 2), "found None (first)"),
    ],
)  # fmt: skip
def test_bad_numbers_are_refused_in_one_sentence(numbers, message):
    with pytest.raises(CxError) as caught:
        recapture(*numbers)
    assert message in str(caught.value)


@pytest.mark.parametrize("confidence", [0, 1, 95, float("nan")])
def test_a_confidence_lies_between_0_and_1(confidence):
    with pytest.raises(CxError, match="confidence lies between 0 and 1"):
        recapture(10, 8, 2, confidence=confidence)
    with pytest.raises(CxError, match="confidence lies between 0 and 1"):
        independence(people([1, 1, 1, 1]), confidence=confidence)


def samples(complainers: int, chances: tuple, count: int, seed: int):
    """Estimates of a known number of complainers, where somebody is in both channels."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        first, second = (rng.random(complainers) < chance for chance in chances)
        if (first & second).any():
            yield recapture(first.sum(), second.sum(), (first & second).sum())


@pytest.mark.parametrize(("complainers", "chances"), [(200, (0.45, 0.3)), (431, (0.45, 0.3)), (1000, (0.2, 0.1))])
def test_the_interval_holds_a_known_number(complainers, chances):
    """20 and more expected in both, 1,000 samples: coverage in the band around 95%, and hardly any bias."""
    found = list(samples(complainers, chances, 1000, seed=5))
    low, high = band(1000)
    assert low <= np.mean([e.low <= complainers <= e.high for e in found]) <= high
    assert np.mean([e.value for e in found]) == pytest.approx(complainers, rel=0.02)
    assert np.std([e.value for e in found]) == pytest.approx(np.sqrt(np.mean([e.se**2 for e in found])), rel=0.1)


def test_the_interval_is_short_where_few_are_in_both():
    """2 expected in both: the docstring says 86%, and that the misses are all too low; most samples say so."""
    found = list(samples(200, (0.1, 0.1), 1500, seed=6))
    covered = np.array([e.low <= 200 <= e.high for e in found])
    low, high = band(len(found), share=0.855)
    assert low <= covered.mean() <= high
    assert np.mean([e.low > 200 for e in found]) < 0.005
    assert np.mean(["likely to be too low" in e.method for e in found]) > 0.95


# -- who was recorded where --------------------------------------------------------------------------------------


def rows(*pairs: tuple) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["complainer", "channel"])


def test_linked_by_hand():
    """A complainer is linked by key however often; blanks link to nothing; the shop is not asked about."""
    table = rows(("a", "phone"), ("b", "web"), ("a", "phone"), ("a", "web"), (None, "web"), ("c", None), ("d", "shop"))
    before = table.copy()
    found = linked(table, ["web", "phone"])
    assert found.index.tolist() == ["a", "b"]
    assert found.index.name == "complainer"
    assert found.to_dict("list") == {"web": [True, True], "phone": [True, False]}
    assert found.dtypes.map(pd.api.types.is_bool_dtype).all()
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize(
    ("channels", "how", "message"),
    [
        (["phone"], {}, "linking needs two channels or more, each named once; found phone"),
        ([], {}, "found none"),
        (["phone", "phone"], {}, "found phone, phone"),
        (["phone", "wep"], {}, "there is no channel wep in the column channel; did you mean web? (found: phone, web)"),
        (["phone", "web"], {"complainer": "who"}, "there is no column who in the table"),
        (["phone", "web"], {"channel": "chanel"}, "there is no column chanel in the table; did you mean channel?"),
    ],
)
def test_bad_channels_are_refused_in_one_sentence(channels, how, message):
    with pytest.raises(CxError) as caught:
        linked(rows(("a", "phone"), ("b", "web")), channels, **how)
    assert message in str(caught.value)


def test_the_demo_holds_its_truth():
    """truth.yml: 431 complained, 169 of them to the call centre, 114 on social media, 41 in both."""
    truth = yaml.safe_load((DEMO / "truth.yml").read_text(encoding="utf-8"))["planted"]["complaints"]
    complaints = Study.load(DEMO).table("complaints")
    seen = linked(complaints, ["call_centre", "social"])
    both = (seen["call_centre"] & seen["social"]).sum()
    assert (*seen.sum(), both) == (truth["call_centre"], truth["social"], truth["call_centre_and_social"])
    found = recapture(*seen.sum(), both)
    assert found.low < truth["complainers"] < found.high
    assert found.value == pytest.approx(170 * 115 / 42 - 1)
    assert found.n == len(seen) == 242


# -- independence ------------------------------------------------------------------------------------------------


def people(cells: list, outside: int = 0) -> pd.DataFrame:
    """Complainers in the third channel by cell (both, first only, second only, neither), and others in the first."""
    pattern = [(True, True, True), (True, False, True), (False, True, True), (False, False, True)]
    seen = [row for row, n in zip(pattern, cells, strict=True) for _ in range(n)] + [(True, False, False)] * outside
    return pd.DataFrame(seen, columns=["phone", "web", "shop"], dtype=bool)


def test_fisher_of_r():
    """fisher.test(matrix(c(12, 9, 7, 31), 2, byrow = TRUE)) in R 4.2.2: odds ratio 5.6978, interval 1.5481-23.100
    (to the tolerance of its search, 1e-4); with alternative = "greater", p 0.00310158694011."""
    found = independence(people([12, 9, 7, 31], outside=50))
    assert list(found) == [
        *("first", "second", "third", "odds_ratio", "low", "high", "p", "n", "both", "neither", "verdict")
    ]
    row = found.iloc[0]
    assert row[["first", "second", "third"]].tolist() == ["phone", "web", "shop"]
    assert (row["odds_ratio"], row["low"], row["high"]) == (
        pytest.approx(5.69776458689, rel=1e-4),
        pytest.approx(1.54810824502, rel=1e-4),
        pytest.approx(23.09987488782, rel=1e-4),
    )
    assert row["p"] == pytest.approx(2 * 0.00310158694011, rel=1e-11)
    assert row[["n", "both", "neither", "verdict"]].tolist() == [59, 12, 31, "clear"]


@pytest.mark.parametrize(
    "cells", [[3, 1, 1, 3], [0, 9, 7, 31], [5, 0, 2, 8], [1, 1, 1, 1], [20, 0, 0, 20], [2, 30, 40, 7], [60, 50, 40, 70]]
)
@pytest.mark.parametrize("confidence", [0.95, 0.8])
def test_fisher_of_scipy(cells, confidence):
    """scipy.stats: the conditional odds ratio with its interval, and twice the smaller tail of Fisher's test."""
    table = np.reshape(cells, (2, 2))
    oracle = stats.contingency.odds_ratio(table, kind="conditional")
    limits = oracle.confidence_interval(confidence)
    row = independence(people(cells), confidence=confidence).iloc[0]
    np.testing.assert_allclose(row[["odds_ratio", "low", "high"]].astype(float), [oracle.statistic, *limits], rtol=1e-9)
    tails = [stats.fisher_exact(table, alternative=side).pvalue for side in ("less", "greater")]
    assert row["p"] == pytest.approx(min(1, 2 * min(tails)), rel=1e-10)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=4, max_size=4))
def test_properties_of_the_test(cells):
    """The interval leaves out 1 exactly where p is under 5%; turning a channel round turns the odds ratio over."""
    row = independence(people(cells)).iloc[0]
    table = np.reshape(cells, (2, 2))
    if not (table.sum(axis=0).all() and table.sum(axis=1).all()):
        assert row[["odds_ratio", "low", "high", "p"]].isna().all()
        assert row["verdict"] == "unknown"
        return
    assert (row["low"] > 1 or row["high"] < 1) == (row["p"] < 0.05)
    assert row["low"] <= row["odds_ratio"] <= row["high"]
    both, first, second, neither = cells
    turned = independence(people([first, both, neither, second])).iloc[0]
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(
            turned[["odds_ratio", "low", "high"]].astype(float),
            1 / row[["odds_ratio", "high", "low"]].to_numpy(float),
            rtol=1e-6,
        )


def test_dependent_channels_are_found_and_bias_the_number():
    """Who phones is three times as likely to write: odds ratio 6 (chances 0.6 and 0.2); independent: 1."""
    rng = np.random.default_rng(8)
    complainers = 4000
    first, third = (rng.random(complainers) < chance for chance in (0.4, 0.5))
    for chance, odds_ratio in ((0.2, 1), (0.6, 6)):
        second = rng.random(complainers) < np.where(first, chance, 0.2)
        row = independence(pd.DataFrame({"phone": first, "web": second, "shop": third})).iloc[0]
        number = recapture(first.sum(), second.sum(), (first & second).sum())
        assert row["low"] < odds_ratio < row["high"]
        assert (row["verdict"] == "clear") == (odds_ratio > 1)
        assert (number.low <= complainers <= number.high) == (odds_ratio == 1)
    assert number.high < 0.75 * complainers, "0.36 of all are in the second channel, 0.6 of those in the first"


def test_the_demo_has_no_third_channel():
    """Its complainers in a shop are those in neither list: nothing can be told, and the verdict says so."""
    seen = linked(Study.load(DEMO).table("complaints"), ["call_centre", "social", "shop"])
    row = independence(seen).iloc[0]
    assert row[["n", "both", "neither", "verdict"]].tolist() == [103, 0, 103, "unknown"]


def test_a_million_complainers():
    """Chances 0.4 in each of three independent channels: odds ratio 1, standard error of its logarithm about 0.0065."""
    seen = pd.DataFrame(np.random.default_rng(2).random((1_000_000, 3)) < 0.4)
    row = independence(seen).iloc[0]
    assert row["low"] < 1 < row["high"]
    assert np.log(row["high"] / row["low"]) == pytest.approx(2 * 1.96 / np.sqrt(400_000 * 0.24 * 0.24), rel=0.02)


@pytest.mark.parametrize(
    ("seen", "message"),
    [
        (people([1, 1, 1, 1]).drop(columns="shop"),
         "independence is tested with three channels; found 2: phone, web"),
        (people([1, 1, 1, 1]).assign(app=True), "found 4: phone, web, shop, app"),
        (people([1, 1, 1, 1]).assign(web=[1, 0, 2, None]),
         "a channel holds True or False; 2 do not, e.g. 2.0 (column web)"),
        (people([1, 1, 1, 1]).assign(web="yes"), "4 do not, e.g. yes (column web)"),
    ],
)  # fmt: skip
def test_bad_frames_are_refused_in_one_sentence(seen, message):
    with pytest.raises(CxError) as caught:
        independence(seen)
    assert message in str(caught.value)


def test_ones_and_zeros_and_nobody():
    """1 and 0 are read as True and False; with nobody in the third channel nothing can be told."""
    seen = people([12, 9, 7, 31])
    pd.testing.assert_frame_equal(independence(seen.astype(int)), independence(seen))
    row = independence(people([0, 0, 0, 0], outside=5)).iloc[0]
    assert (row["n"], row["verdict"]) == (0, "unknown")
