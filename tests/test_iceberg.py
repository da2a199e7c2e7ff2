"""Silent customers: the reference numbers, exact sums, caps, and what is refused.

Oracles: ../shared/cx-brief.md and the reference numbers that stand in the tests, SciPy's nbinom and betanbinom summed
term by term, closed forms of the negative binomial, and simple identities.
"""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxlib import CxError, iceberg
from cxlib.complaint_rate import (
    ComplaintRate,
    anchored,
    complaint_rate,
    fixed,
    given,
    rate_from_answers,
    rates_by_group,
    stated,
)
from cxlib.iceberg import distribution, silent
from cxlib.predictive import NegativeBinomial

# -- reference -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "median", "low", "high", "mean"),
    [
        (1 / 42, 396, 194, 704, 410),
        (complaint_rate(48, 2016), 395, 184, 756, 414.42105),
        (complaint_rate(10, 420), 390, 157, 954, 432.10526),
        (complaint_rate(1, 42), 336, 67, 3938, 830),
    ],
    ids=["known", "48 of 2,016", "10 of 420", "1 of 42"],
)
def test_reference(rate, median, low, high, mean):
    """The rows "Complaint iceberg (10 complainers)" of the reference numbers."""
    found = silent(10, rate)
    assert (found.value, found.low, found.high) == (median, low, high)
    assert found.mean == pytest.approx(mean, abs=5e-6)
    assert found.plug_in == pytest.approx(410)
    assert (found.n, found.unit, found.confidence) == (10, "count", 0.95)


def test_reference_spread_and_80_percent():
    """Standard deviation 131.225 and 10-90% 253-585 at exactly 1/42; infinite where a sample saw one complainer."""
    assert silent(10, 1 / 42).se == pytest.approx(131.225, abs=5e-4)
    eighty = silent(10, 1 / 42, confidence=0.8)
    assert (eighty.low, eighty.high) == (253, 585)
    assert np.isinf(silent(10, complaint_rate(1, 42)).se)
    none = silent(10, complaint_rate(0, 42))
    assert np.isinf(none.se)
    assert np.isinf(none.mean)
    assert np.isfinite(none.value)


def test_the_mean_uses_the_mean_of_1_over_p():
    """E[1/p] of 10 of 420 is 44.210526 and 1/E[p] only 40.095; the mean of the silent follows the first."""
    rate = complaint_rate(10, 420)
    assert rate.mean_inverse == pytest.approx(44.210526, abs=5e-7)
    assert 1 / rate.mean == pytest.approx(421 / 10.5)
    assert silent(10, rate).mean == pytest.approx(10 * (rate.mean_inverse - 1))
    assert silent(10, rate).mean > 10 * (1 / rate.mean - 1) + 40


def test_published_rates():
    """The table of the brief: silent behind 10 complainers, and who told nobody."""
    behind = {name: 10 * (1 / anchor.rate - 1) for name, anchor in iceberg.ANCHORS.items()}
    table = {"khaosat_2019": 410, "tarp_small": 323, "one_in_26": 250, "qualtrics_2025": 21, "vca_2016": 18,
             "oca_1979": 4.5, "ccmc_2015": 2.7}  # fmt: skip
    assert {name: round(value, 1 if value < 10 else 0) for name, value in behind.items()} == table
    nobody = {n: a.silent_to_all_per_complainer for n, a in iceberg.ANCHORS.items() if a.nobody is not None}
    assert {name: round(10 * value, 1) for name, value in nobody.items()} == {"qualtrics_2025": 7.5, "vca_2016": 12.2}
    rates = [anchor.rate for anchor in iceberg.ANCHORS.values()]
    assert max(rates) / min(rates) == pytest.approx(33, abs=0.3)
    assert max(behind.values()) / min(behind.values()) == pytest.approx(154, abs=1)


# -- exact distributions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("complainers", [1, 2, 10, 1000])
@pytest.mark.parametrize(
    ("a", "b"), [(0.5, 42.5), (1.5, 41.5), (10.5, 410.5), (48.5, 1968.5), (0.5, 0.5), (300.5, 3.5), (2000, 5), (3, 97)]
)
def test_integral_equals_the_sum_over_every_number(complainers, a, b):
    """betanbinom summed from 0 to 100,000 against the integral over the rate: within 1e-10."""
    below = np.cumsum(stats.betanbinom.pmf(np.arange(100_001), complainers, a, b))
    known = distribution(complainers, given(a, b))
    for s in (0, 1, 7, 100, 1_000, 10_000, 100_000):
        assert known.below(s) == pytest.approx(below[s], abs=1e-10)


@pytest.mark.parametrize("rate", [1 / 42, 0.3, 0.999, 1.0])
@pytest.mark.parametrize("complainers", [1, 10, 12_345])
def test_known_rate_is_the_negative_binomial(complainers, rate):
    found = silent(complainers, rate)
    scipy = stats.nbinom(complainers, rate)
    assert (found.low, found.value, found.high) == (scipy.ppf(0.025), scipy.ppf(0.5), scipy.ppf(0.975))
    assert (found.mean, found.se) == (pytest.approx(scipy.mean()), pytest.approx(scipy.std()))


def test_no_complainers_take_the_flat_prior_and_say_so():
    """NegBin(1, p), not NegBin(0): the geometric distribution."""
    found = silent(0, 0.1)
    assert (found.low, found.value, found.high) == tuple(stats.nbinom(1, 0.1).ppf([0.025, 0.5, 0.975]))
    assert found.plug_in == 0
    assert "flat prior" in found.method


def test_a_sharper_beta_tends_to_the_known_rate():
    wide, sharp = silent(50, given(5, 95)), silent(50, given(5e6, 95e6))
    known = silent(50, 0.05)
    assert (sharp.low, sharp.value, sharp.high) == (known.low, known.value, known.high)
    assert wide.high - wide.low > 2 * (known.high - known.low)


# -- the cap -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [fixed(1 / 42), complaint_rate(10, 420), complaint_rate(0, 42)])
def test_cap_is_a_posterior_of_its_own(rate):
    """Every number up to the cap, weighed by the negative binomial and scaled to 1: mass, quantiles, mean and sd."""
    s = np.arange(291)
    if rate.known:
        mass = stats.nbinom.pmf(s, 10, rate.value)
    else:
        mass = stats.betanbinom.pmf(s, 10, rate.a[0], rate.b[0])
    mass /= mass.sum()
    found, known = silent(10, rate, customers=300), distribution(10, rate, most=290)
    steps = np.diff([0.0, *(known.below(value) for value in s)])
    assert steps.sum() == pytest.approx(1, abs=1e-12)
    assert steps == pytest.approx(mass, abs=1e-10)
    assert known.below(-1) == 0
    assert known.below(5_000) == 1
    assert [found.low, found.value, found.high] == [np.searchsorted(np.cumsum(mass), q) for q in (0.025, 0.5, 0.975)]
    assert found.high <= 290
    assert found.mean == pytest.approx(mass @ s, rel=1e-8)
    assert found.se == pytest.approx(np.sqrt(mass @ s**2 - (mass @ s) ** 2), rel=1e-6)


def test_cap_reshapes_and_does_not_clip():
    """Clipped at 290 the median of 396 would be 290; the posterior's is below."""
    assert silent(10, 1 / 42, customers=300).value == 248
    assert silent(10, 1 / 42, customers=10_000_000).value == 396
    assert silent(10, 0.5, customers=10).value == 0


def test_cap_against_the_rate():
    with pytest.raises(CxError) as caught:
        silent(1_000, 1 / 42, customers=1_100)
    assert str(caught.value) == (
        "the rate and the number of customers contradict each other: 1,000 complainers at 2.38% stand for about 42,000 "
        "unhappy customers, and there are 1,100"
    )


# -- size ----------------------------------------------------------------------------------------------------------


def test_ten_million_complainers():
    """The law of large numbers: silent / complainers follows (1 - p) / p; memory stays flat."""
    tracemalloc.start()
    found = silent(10_000_000, complaint_rate(10, 420))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    odds = 1 / stats.beta(10.5, 410.5).ppf([0.975, 0.5, 0.025]) - 1
    assert [found.low, found.value, found.high] == pytest.approx(10_000_000 * odds, rel=1e-4)
    assert peak < 20e6


def test_quantile_beyond_all_customers_is_infinite():
    """P(p < 1e-17) of Beta(0.001, 3) is near a half: no number holds 97.5%."""
    assert np.isinf(silent(10, given(0.001, 3)).high)


def test_spread_follows_the_exact_quantiles():
    known = distribution(96, complaint_rate(34, 487), most=17_767)
    q = np.array([0.001, 0.025, 0.3, 0.5, 0.8, 0.975, 0.999])
    assert known.spread(q) == pytest.approx([known.quantile(value) for value in q], rel=5e-3)
    assert (np.diff(known.spread(np.linspace(0, 1, 999))) >= 0).all()


# -- rates from answers ----------------------------------------------------------------------------------------


@pytest.fixture
def answers() -> pd.DataFrame:
    """400 respondents of two groups: 200 unhappy, 30 of them complained; group c has nobody unhappy."""
    return pd.DataFrame(
        {
            "group": ["a"] * 200 + ["b"] * 150 + ["c"] * 50,
            "unhappy": [1.0] * 100 + [0.0] * 100 + [1.0] * 100 + [0.0] * 50 + [0.0] * 50,
            "complained": [1.0] * 20 + [0.0] * 80 + [np.nan] * 100 + [1.0] * 10 + [0.0] * 90 + [np.nan] * 100,
            "weight": np.tile([0.5, 1.5], 200),
            "shop": np.repeat(np.arange(40), 10),
        }
    )


def test_rate_of_a_simple_sample(answers):
    """30 of 200: Beta(30.5, 170.5), and its interval."""
    rate = rate_from_answers(answers, complained="complained", unhappy="unhappy")
    assert (rate.value, rate.n, rate.complained) == (0.15, 200, pytest.approx(30))
    assert (rate.a[0], rate.b[0]) == (pytest.approx(30.5), pytest.approx(170.5))
    found = rate.estimate()
    assert (found.low, found.high) == tuple(pytest.approx(100 * q) for q in stats.beta(30.5, 170.5).ppf([0.025, 0.975]))
    assert found.value == pytest.approx(15)
    assert found.se == pytest.approx(100 * stats.beta(30.5, 170.5).std())


def test_rate_pays_for_weights_and_clusters(answers):
    """Weights cost Kish's effect; shops that answer alike leave little: widths grow, n stays, never more than n."""
    plain = rate_from_answers(answers, complained="complained", unhappy="unhappy")
    weighted = rate_from_answers(answers, complained="complained", unhappy="unhappy", weights="weight")
    clustered = rate_from_answers(answers, complained="complained", unhappy="unhappy", clusters="shop")
    assert plain.n == weighted.n == clustered.n == 200
    assert plain.n_effective == 200
    assert weighted.n_effective == pytest.approx(160, rel=0.02)  # 200 x (0.5 + 1.5)^2 / (2 (0.25 + 2.25))
    assert clustered.n_effective < 60
    assert silent(10, clustered).high > silent(10, plain).high


def test_rates_by_group_leave_out_a_group_without_unhappy_respondents(answers):
    rates = rates_by_group(answers, ["group"], complained="complained", unhappy="unhappy")
    assert {name: rate.value for name, rate in rates.items()} == {"a": pytest.approx(0.2), "b": pytest.approx(0.1)}
    assert {name: rate.n for name, rate in rates.items()} == {"a": 100, "b": 100}


def test_a_single_unhappy_respondent_counts_as_one(answers):
    one = answers.assign(unhappy=np.where(answers["group"] == "c", 0.0, answers["unhappy"]))
    one.loc[399, ["unhappy", "complained"]] = 1.0
    rate = rates_by_group(one, ["group"], complained="complained", unhappy="unhappy")["c"]
    assert (rate.value, rate.n, rate.a[0], rate.b[0]) == (1.0, 1, 1.5, 0.5)


def test_nobody_unhappy(answers):
    message = "a complaint rate needs unhappy respondents who say whether they complained; there are none"
    with pytest.raises(CxError, match=message):
        rate_from_answers(answers.assign(unhappy=0.0), complained="complained", unhappy="unhappy")


def test_effective_respondents():
    """20 of 100 that are worth 25: Beta(5.5, 20.5); the plug-in stays 20%."""
    rate = complaint_rate(20, 100, n_effective=25)
    assert (rate.a[0], rate.b[0], rate.value, rate.n) == (5.5, 20.5, 0.2, 100)
    assert "100 unhappy respondents, effective 25" in rate.method


# -- rates as they are written ---------------------------------------------------------------------------------


def test_stated_rates():
    assert stated("0.03").value == 0.03
    assert stated(" Khaosat_2019 ").value == 1 / 42
    assert stated("10 of 420").a.tolist() == [10.5]
    assert stated("1,000 of 20,000").n == 20_000
    assert (stated("beta(3, 97)").a[0], stated("beta(3, 97)").b[0]) == (3, 97)
    assert stated("beta(3, 97)").value == pytest.approx(0.03)
    assert [stated(text).kind for text in ("0.03", "vca_2016", "1 of 42", "beta(1,2)")] == [
        "fixed",
        "anchor",
        "survey",
        "beta",
    ]


def test_a_known_rate_has_an_interval_of_no_width():
    found = anchored("vca_2016").estimate()
    assert (found.low, found.value, found.high, found.se) == (36, 36, 36, 0)
    assert "taken as known" in found.method
    assert silent(10, anchored("vca_2016")).n_effective == 10


NAMES = "khaosat_2019, tarp_small, one_in_26, qualtrics_2025, vca_2016, oca_1979, ccmc_2015"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fixed(0), "a complaint rate is above 0 and at most 1, e.g. 0.03 for 3%; found 0"),
        (lambda: fixed(42), "a complaint rate is above 0 and at most 1, e.g. 0.03 for 3%; found 42"),
        (lambda: fixed(float("nan")), "a complaint rate is above 0 and at most 1, e.g. 0.03 for 3%; found nan"),
        (lambda: silent(10, "x"), "a complaint rate is a number above 0 and at most 1, e.g. 0.03; found 'x'"),
        (lambda: silent(-1, 0.1), "complainers must be a whole number of 0 or more; found -1"),
        (lambda: silent(2.5, 0.1), "complainers must be a whole number of 0 or more; found 2.5"),
        (lambda: silent(float("inf"), 0.1), "complainers must be a whole number of 0 or more; found inf"),
        (lambda: silent("ten", 0.1), "complainers must be a whole number of 0 or more; found 'ten'"),
        (lambda: silent(10, 0.1, customers=9), "there cannot be more complainers than customers; found 10 and 9"),
        (lambda: silent(10, 0.1, customers=9.5), "customers must be a whole number of 0 or more; found 9.5"),
        (lambda: silent(10, 0.1, confidence=95), "confidence lies between 0 and 1, e.g. 0.95; found 95"),
        (lambda: complaint_rate(43, 42), "no more can complain than were unhappy; found 43 of 42"),
        (lambda: complaint_rate(0, 0), "a complaint rate needs unhappy respondents; none of the survey's was unhappy"),
        (lambda: complaint_rate(1.5, 42), "respondents are whole numbers of 0 or more; found complained 1.5"),
        (lambda: complaint_rate(1, -2), "respondents are whole numbers of 0 or more; found unhappy -2"),
        (lambda: complaint_rate(1, 2, n_effective=0), "the effective number of respondents must be above 0; found 0"),
        (lambda: given(0, 3), "a Beta distribution has two numbers above 0, e.g. 3 and 97; found 0 and 3"),
        (
            lambda: anchored("khaosat"),
            f"there is no anchor khaosat; the anchors are {NAMES}; did you mean khaosat_2019?",
        ),
        (
            lambda: stated("one in ten"),
            'a rate is survey, an anchor, a number, "10 of 420" or "beta(3, 97)"; found \'one in ten\'. The anchors '
            f"are {NAMES}; did you mean one_in_26?",
        ),
        (lambda: stated("50 of 42"), "no more can complain than were unhappy; found 50 of 42"),
        (lambda: stated("1.2"), "a complaint rate is above 0 and at most 1, e.g. 0.03 for 3%; found 1.2"),
        (
            lambda: stated("beta(3)"),
            'a rate is survey, an anchor, a number, "10 of 420" or "beta(3, 97)"; found \'beta(3)\'. '
            f"The anchors are {NAMES}",
        ),
    ],
)
def test_refused(call, message):
    with pytest.raises(CxError) as caught:
        call()
    assert str(caught.value) == message


def test_the_frozen_rate_of_a_mixture():
    """Two components, a fourth and three: quantiles and mean against SciPy's, by hand."""
    rate = ComplaintRate("pooled", 0.1, "", np.array([2.0, 30.0]), np.array([50.0, 100.0]), np.array([0.25, 0.75]))
    assert rate.mean == pytest.approx(0.25 * 2 / 52 + 0.75 * 30 / 130)
    q = rate.quantile(0.3)
    assert 0.25 * stats.beta(2, 50).cdf(q) + 0.75 * stats.beta(30, 100).cdf(q) == pytest.approx(0.3)
    assert np.isinf(ComplaintRate("pooled", 0.1, "", np.array([0.9]), np.array([5.0]), np.array([1.0])).mean_inverse)


@pytest.mark.parametrize(("complainers", "seen", "of", "most"), [
    (96, 34, 487, 17_767), (10, 10, 420, None), (1, 0, 50, 3_000), (5_000, 100, 400, None), (96, 34, 487, 500),
])  # fmt: skip
def test_small_numbers_that_are_added_up_are_those_of_the_integral(monkeypatch, complainers, seen, of, most):
    """Oracle: the integral over the rate, to which greater numbers are left; no interval rests on how one searched."""
    rate, shares = iceberg.complaint_rate(seen, of), np.linspace(0.001, 0.999, 99)
    added = NegativeBinomial(complainers, rate, most)
    ends, spread = [added.quantile(q) for q in (0.025, 0.5, 0.975)], added.spread(shares)
    assert added._added is not None
    monkeypatch.setattr(NegativeBinomial, "_added", None)
    integrated = NegativeBinomial(complainers, rate, most)
    assert [integrated.quantile(q) for q in (0.025, 0.5, 0.975)] == ends
    np.testing.assert_allclose(spread, integrated.spread(shares), rtol=1e-8)
