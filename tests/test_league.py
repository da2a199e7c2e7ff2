"""League tables: pooled values, ranks, reasons.

Oracles: metafor and R's own tests (reference/league.R), the table of the eight schools in Bayesian Data Analysis, hand
calculation, truth.yml of the demo, and leagues drawn from a known world (simulate_league.py).
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import simulate
import simulate_league
import yaml
from scipy import stats
from scipy.special import betaln

from cxlib import CxError, Study, league, scores
from cxlib.league_units import told_apart, units_of
from cxlib.pooled_means import moderated, outermost, pool_means, welch
from cxlib.pooled_rates import pool_rates

ROOT = Path(__file__).resolve().parent.parent
SCHOOLS = np.array([28, 8, -3, 7, -1, 1, 18, 12]), np.array([15, 10, 16, 11, 9, 11, 10, 18])


@pytest.fixture(scope="module")
def printed() -> pd.Series:
    return pd.read_csv(Path(__file__).parent / "reference/league.csv").set_index(["what", "unit"])["value"]


@pytest.fixture(scope="module")
def schools():
    return pool_means(SCHOOLS[0], SCHOOLS[1] ** 2)


@pytest.fixture(scope="module")
def demo() -> Study:
    return Study.load(ROOT / "data/demo")


@pytest.fixture(scope="module")
def employees(demo):
    return league.by_rate(demo.table("sales"), "employee", "won")


def formula() -> pd.DataFrame:
    """The answers of league.R."""
    unit = np.repeat(np.arange(1, 7), [30, 45, 60, 80, 120, 200])
    i = np.arange(1, len(unit) + 1)
    answer = (i * 7 + unit * unit * 3 + (i * i) % 11) % 11
    return pd.DataFrame(
        {"unit": [f"u{u}" for u in unit], "answer": answer, "won": (i * 13 + (i * i) % 17) % 10 < 3 + unit % 3}
    ).astype({"won": float})


# -- pooled values -------------------------------------------------------------------------------------------------


def test_eight_schools_as_metafor_has_them(schools, printed):
    """Posterior means and quantiles, of metafor's BLUPs summed over tau: to 0.05, the step of its sum over tau."""
    means = schools.share @ schools.mean
    for i in range(8):
        assert means[i] == pytest.approx(printed["mean", str(i + 1)], abs=0.05)
        for q in (2.5, 50, 97.5):
            assert schools.quantile(q / 100)[i] == pytest.approx(printed[f"q{q:g}", str(i + 1)], abs=0.05)
    for q in (2.5, 50, 97.5):
        assert schools.average_quantile(q / 100) == pytest.approx(printed[f"q{q:g}", "average"], abs=0.05)
        assert schools.tau_quantile(q / 100) == pytest.approx(printed[f"q{q:g}", "tau"], abs=0.05)


def test_eight_schools_as_the_book_has_them(schools):
    """Gelman et al. (2013), table 5.3: quartiles of 200 draws, which are some 1.2 off by chance."""
    book = [(7, 10, 16), (3, 8, 12), (2, 7, 11), (4, 8, 11), (1, 5, 10), (2, 6, 10), (7, 10, 15), (3, 8, 13)]
    found = np.column_stack([schools.quantile(q) for q in (0.25, 0.5, 0.75)])
    assert np.abs(found - book).max() < 1.3


def test_draws_are_of_the_distribution(schools):
    """Chances of being best, by 10,000 draws: A of the schools leads, and quantiles agree with the exact ones."""
    drawn = schools.draws(10_000, seed=3)
    assert np.quantile(drawn, 0.9, axis=0) == pytest.approx(schools.quantile(0.9), abs=0.6)
    assert np.bincount(drawn.argmax(axis=1)).argmax() == 0
    np.testing.assert_array_equal(drawn, schools.draws(10_000, seed=3))


def test_limits_of_pooling():
    """Units alike are one; units far apart keep their values, whatever the scale."""
    alike = pool_means([5.0] * 20, [4.0] * 20)
    assert alike.share @ alike.mean == pytest.approx([5] * 20)
    assert (alike.quantile(0.975) - alike.quantile(0.025)).max() < 0.6 * 2 * 1.96 * 2
    for scale in (1e-6, 1.0, 1e6):
        apart = pool_means(scale * np.array([0, 1e4, 3e4]), scale**2 * np.ones(3))
        assert apart.quantile(0.5) / scale == pytest.approx([0, 1e4, 3e4], abs=0.01)
        assert (apart.quantile(0.975) - apart.quantile(0.025)) / scale == pytest.approx(3.92, abs=0.01)


def test_rates_are_summed_exactly():
    """Oracle: posterior means and quantiles by brute force, over 400 x 400 points of the same prior."""
    x, n = np.array([3, 10, 1, 20, 6]), np.array([60, 420, 90, 300, 200])
    spreads, logits = np.linspace(-14, np.log(200), 400)[:, None], np.linspace(-7, 1, 400)
    size, mean = 200 * np.exp(-spreads), 1 / (1 + np.exp(-logits))
    a, b = size * mean, size * (1 - mean)
    logs = spreads / 2 + np.log(mean * (1 - mean)) / 2
    logs = logs + sum(betaln(a + k, b + m - k) - betaln(a, b) for k, m in zip(x, n, strict=True))
    share = np.exp(logs - logs.max())
    wanted = [(share * (a + k) / (a + b + m)).sum() / share.sum() for k, m in zip(x, n, strict=True)]
    found = pool_rates(x, n)
    order, sd = np.argsort(mean), np.sqrt(mean * (1 - mean) / (size + 1))
    below = np.cumsum(share.sum(axis=0)[order]) / share.sum()
    spread = np.argsort(sd, axis=None)
    below_sd = np.cumsum(share.ravel()[spread]) / share.sum()
    for q in (0.025, 0.5, 0.975):
        assert found.average_quantile(q) == pytest.approx(np.interp(q, below, mean[order]), rel=0.02)
        assert found.between_quantile(q) == pytest.approx(np.interp(q, below_sd, sd.ravel()[spread]), rel=0.04)
    assert found.means() == pytest.approx(wanted, abs=2e-5)
    assert found.draws(20_000, seed=1).mean(axis=0) == pytest.approx(wanted, abs=1e-3)


def test_many_offers_leave_little_to_pool():
    """Three and twenty units of a million offers, alike but for chance: the spread between is of their error's size."""
    rng = np.random.default_rng(0)
    for k in (3, 20):
        x, n = rng.binomial(1_000_000, 0.3, k), np.full(k, 1e6)
        found = pool_rates(x, n)
        assert found.between_quantile(0.5) < 3 * np.std(x / n, ddof=1)
        means = found.means()
        assert np.ptp(means) < np.ptp(x / n)
        assert np.mean(means) == pytest.approx(0.3, abs=0.001)


def test_rates_near_all_are_pooled_as_rates_near_none():
    """Oracle: the same counts of what did not happen, turned round."""
    n = np.array([771, 853, 218, 594, 805])
    seldom, nearly = pool_rates([1, 0, 0, 0, 0], n), pool_rates(n - [1, 0, 0, 0, 0], n)
    assert nearly.means() == pytest.approx(1 - seldom.means(), rel=1e-6)
    assert 1 - nearly.quantile(0.975) == pytest.approx(seldom.quantile(0.025), rel=1e-4)


def test_quantiles_of_rates_cut_off_their_share():
    """Oracle: the distribution function of the mixture, by scipy's beta; few and many offers, and rates of 0 and 1."""
    x, n = np.array([0.0, 4, 7.5, 4000, 50]), np.array([4.0, 4, 30, 9000, 51])
    found = pool_rates(x, n)
    units = stats.beta(found.a[:, None] + x, found.b[:, None] + (n - x))
    for q in (0.0005, 0.025, 0.5, 0.975):
        assert found.share @ units.cdf(found.quantile(q)) == pytest.approx([q] * 5, rel=1e-10)


def test_surprise_is_a_tail_of_the_predictive_distribution():
    """Oracle: scipy's betabinom, summed over the posterior; and for means the normal distribution of a known tau."""
    found = pool_rates([30, 33, 28, 31, 35], [100] * 5)
    for x in (0, 12, 30, 100):
        below = found.share @ stats.betabinom(100, found.a[:, None], found.b[:, None]).cdf([x - 1, x]).mean(axis=1)
        assert found.surprise(x, 100) == pytest.approx(2 * min(below, 1 - below), rel=0.01, abs=1e-9)
    many = pool_means(np.tile([-3.0, 3.0], 2000), np.full(4000, 1e-6))
    assert many.surprise(6.0, 16.0) == pytest.approx(2 * stats.norm.sf(6 / 5), rel=1e-3)


def test_variances_borrow_strength():
    """Oracles: the limits: alike, all have the pooled variance; far apart they keep theirs."""
    shared, df = moderated([4.0, 4.1, 3.9, 0.0], [50, 50, 50, 50])
    assert shared == pytest.approx([3.0] * 4)  # a unit whose answers agree is not known exactly
    assert df.tolist() == [200] * 4
    own, df = moderated([1.0, 1e4, 1e8], [1e6, 1e6, 1e6])
    assert own == pytest.approx([1.0, 1e4, 1e8], rel=1e-4)
    # chi-square variances about an inverse chi-square: d is found again.
    rng = np.random.default_rng(2)
    true = 10 * 3.0 / rng.chisquare(10, 4000)
    _, df = moderated(true * rng.chisquare(20, 4000) / 20, np.full(4000, 20))
    assert df[0] - 20 == pytest.approx(10, rel=0.1)


def test_welch_s_test_is_r_s(printed):
    rows = scores.by_group(formula(), "mean", ["unit"], question="answer", strata="unit")
    f, _, df2, p = welch(rows["estimate"], rows["se"] ** 2, rows["df"])
    wanted = [printed["welch", part] for part in ("statistic", "df2", "p.value")]
    assert [f, df2, p] == pytest.approx(wanted, rel=1e-6)


def test_pearson_s_test_is_r_s(printed):
    found = league.by_rate(formula(), "unit", "won")
    assert found.statistic * found.df[0] == pytest.approx(printed["pearson", "statistic"])
    assert found.p == pytest.approx(printed["pearson", "p.value"])


def test_outermost_unit():
    """Hand calculation: of 0, 0, 0, 0 and 9 with variances of 1, the last lies 9 from the others, which are alike."""
    i, away = outermost([0.0, 0, 0, 0, 9], np.ones(5))
    assert (i, away) == (4, pytest.approx(9))


# -- leagues -------------------------------------------------------------------------------------------------------


def test_frame_of_a_league():
    frame = pd.concat([formula(), pd.DataFrame({"unit": "tiny", "answer": [10] * 5, "won": 1.0})])
    found = league.by_metric(frame, "unit", "nps", question="answer")
    rows = found.frame
    assert rows.columns.tolist() == league.COLUMNS
    assert rows["pooled"].dropna().is_monotonic_decreasing
    assert rows["rank"].tolist()[:-1] == [1, 2, 3, 4, 5, 6]
    assert found.suppressed.to_dict("records") == [{"unit": "tiny", "n": 5}]
    assert rows.iloc[-1][["estimate", "se", "pooled", "low", "rank", "chance_best"]].isna().all()
    own = scores.by_group(frame, "nps", ["unit"], question="answer", strata="unit").set_index("unit")
    large = rows.iloc[:-1].set_index("unit")
    np.testing.assert_allclose(large["estimate"], own.loc[large.index, "estimate"])
    np.testing.assert_allclose(large["se"], own.loc[large.index, "se"])
    assert large["chance_best"].sum() == pytest.approx(100)
    assert large["chance_top"].sum() == pytest.approx(200)  # two of six
    assert (large["weight"].rank() == large["n"].rank()).all()
    between = (large["pooled"] - large["estimate"]) * (found.average.value - large["pooled"])
    assert (between > -1).all()


def test_the_same_league_twice_and_the_input_stays():
    frame = formula()
    before = frame.copy()
    one, other = (league.by_metric(frame, "unit", "mean", question="answer", seed=4) for _ in range(2))
    pd.testing.assert_frame_equal(one.frame, other.frame)
    pd.testing.assert_frame_equal(frame, before)
    assert one.average.unit == "score"


@pytest.mark.parametrize(
    ("hits", "ranks"), [((200, 200, 236), [(2, 3), (2, 3), (1, 1)]), ((200, 216, 232), [(1, 3), (1, 3), (1, 3)])]
)
def test_ranks_are_told_by_holm_s_correction(hits, ranks):
    """Hand calculation: of 400 offers each 200 and 236 are 2.55 errors apart (p 0.011, of three tests 0.032).

    200 and 232 are 2.27 errors apart: p 0.023, of three tests 0.070.
    """
    won = np.concatenate([np.arange(400) < x for x in hits]).astype(float)
    frame = pd.DataFrame({"unit": np.repeat(list("abc"), 400), "won": won})
    design = dict.fromkeys(("weights", "strata", "clusters"))
    above, below, widest = told_apart(units_of(frame, "unit", league.WON, "won", design, 30, 0.95), 0.95)
    assert [(1 + a, 3 - b) for a, b in zip(above, below, strict=True)] == ranks
    p = (hits[0] + hits[2]) / 800
    z = (hits[2] - hits[0]) / 400 / np.sqrt(p * (1 - p) / 200)
    assert widest == pytest.approx(3 * 2 * stats.norm.sf(z), rel=0.03)


def test_the_weak_employee_stands_apart(employees):
    """truth.yml: E020 wins half as often as the others, who are alike but for their customers."""
    truth = yaml.safe_load((ROOT / "data/demo/truth.yml").read_text(encoding="utf-8"))["sales"]
    rows = employees.frame.set_index("unit")
    assert rows.index[rows["apart"]].tolist() == [truth["weak_employee"]]
    weak, others = rows.loc[truth["weak_employee"]], rows[~rows["apart"]]
    half = truth["weak_employee_factor"] * employees.average.value
    assert weak["low"] < half < weak["high"]
    assert (weak["rank"], weak["rank_high"], weak["weight"]) == (120, 120, 100)
    assert weak["rank_low"] > 10
    assert (others["rank_low"] == 1).all()
    assert ((others["low"] < 54) & (others["high"] > 54)).all()
    assert others["chance_best"].max() < 5
    assert employees.verdict == "clear"
    assert "119 units, without 1" in employees.average.method


def test_shops_differ(demo):
    """truth.yml: shops differ in recommendation by design, so that NPS by shop does by more than chance."""
    found = league.by_metric(demo.survey, "cluster", "nps", question="recommend", weights="weight", strata="stratum")
    rows = found.frame
    assert (len(rows), found.verdict) == (60, "clear")
    assert found.between.low > 8
    assert ((rows["rank_low"] <= rows["rank"]) & (rows["rank"] <= rows["rank_high"])).all()
    assert rows.iloc[0]["rank_high"] < 60
    assert rows.iloc[-1]["rank_low"] > 1
    assert rows["pooled"].max() < rows["estimate"].max()
    assert rows["pooled"].min() > rows["estimate"].min()


def test_reasons_of_the_demo_are_alike(demo, employees):
    """truth.yml: reasons do not depend on the employee; n and shares are counted by hand."""
    sales = demo.table("sales")
    found = league.reasons(sales, "employee", "reason", "won")
    assert (found["p_adjusted"].dropna() > 0.05).all()
    part = sales[(sales["employee"] == "E020") & (sales["won"] == 0)]["reason"]
    row = found[(found["unit"] == "E020") & (found["reason"] == "slow_delivery") & (found["outcome"] == "lost")].iloc[0]
    assert (row["n"], row["count"]) == (part.notna().sum(), (part == "slow_delivery").sum())
    others = sales[(sales["employee"] != "E020") & (sales["won"] == 0)]["reason"].dropna()
    assert row["others"] == pytest.approx(100 * (others == "slow_delivery").mean())
    assert row["difference"] == pytest.approx(row["estimate"] - row["others"])
    small = found["n"] < 30
    assert found.loc[small, ["estimate", "low", "count", "others", "p"]].isna().all(axis=None)


def test_a_planted_reason_is_found():
    """One of four units loses on price twice as often; 60 lost offers each."""
    reason = ["price"] * 20 + ["late"] * 40
    planted = ["price"] * 45 + ["late"] * 15
    frame = pd.DataFrame({"unit": np.repeat(list("abcd"), 60), "why": reason * 3 + planted, "won": 0})
    found = league.reasons(frame, "unit", "why", "won")
    row = found[(found["unit"] == "d") & (found["reason"] == "price")].iloc[0]
    assert (row["estimate"], row["verdict"]) == (75, "clear")
    assert row["others"] == pytest.approx(100 / 3)
    assert set(found["outcome"]) == {"lost"}
    few = league.reasons(frame[frame["unit"] != "d"], "unit", "why", "won")
    assert (few["verdict"] == "none").all()


@pytest.mark.parametrize(
    ("change", "how", "message"),
    [
        (
            {},
            {"minimum_base": 100},
            "a league needs three units with 100 answers or more; of the 6 in column unit, 2 have",
        ),
        (
            {},
            {"clusters": "unit"},
            "clusters lie within the units of a league, whose answers are each a sample of their",
        ),
        ({"answer": 7}, {}, "a league needs answers that vary within its units; to answer, each unit gave the same"),
        ({"answer": 11}, {}, "NPS answers must lie in 0-10, as whole numbers; 535 lie outside, e.g. 11 in row 1"),
        ({"one": "x"}, {"clusters": "one"}, "the error of a unit needs two clusters or more; 6 have one, e.g. u1"),
        ({}, {"confidence": 2}, "confidence lies between 0 and 1, e.g. 0.95; found 2"),
    ],
)
def test_refused(change, how, message):
    with pytest.raises(CxError) as caught:
        league.by_metric(formula().assign(**change), "unit", "nps", question="answer", **how)
    assert str(caught.value).startswith(message)


def test_refused_rates_and_reasons():
    with pytest.raises(CxError, match=r"Won answers must lie in 0-1, as whole numbers; 535 lie outside, e.g. 2"):
        league.by_rate(formula().assign(won=2), "unit", "won")
    with pytest.raises(CxError, match="a league needs answers that vary; won is 1 in every row"):
        league.by_rate(formula().assign(won=1), "unit", "won")
    with pytest.raises(CxError, match="reasons need offers that have one; column why has none where won and unit"):
        league.reasons(formula().assign(why=None), "unit", "why", "won")


def test_a_unit_of_like_answers_is_not_known_exactly():
    """30 customers who all say 10 have no spread of their own, but an interval."""
    frame = pd.concat([formula(), pd.DataFrame({"unit": "same", "answer": [10] * 30})])
    row = league.by_metric(frame, "unit", "nps", question="answer").frame.set_index("unit").loc["same"]
    assert (row["estimate"], row["se"]) == (100, 0)
    assert row["high"] - row["low"] > 10
    assert row["high"] <= 100


def test_units_of_all_or_nothing_keep_an_interval():
    """Two units win every offer, four none: no interval is a point, since a + b is 1 at least."""
    frame = formula().assign(won=lambda f: f["unit"].isin(["u1", "u2"]).astype(float))
    rows = league.by_rate(frame, "unit", "won").frame.set_index("unit")
    assert rows.loc["u1", "low"] < 97
    assert rows.loc["u3", "high"] > 1
    assert rows.loc["u6", "rank_low"] == 3
    with pytest.raises(CxError, match="there is no column why in the table"):
        league.reasons(frame, "unit", "why", "won")


# -- known truth ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "spread"), [("nps", 0.4), ("rate", 0.4)])
def test_intervals_hold_and_pooling_pays(kind, spread):
    """A small form of what `make soak` asks of 2,000 leagues: 25 leagues of 8 units on fixed seeds."""
    found = simulate_league.leagues(50, 25, kind, 8, spread, workers=1).mean()
    low, _ = simulate.band(200)
    assert found["covers"] > low
    assert found["pooled_error"] < found["raw_error"]
    assert found["ranks_hold"] > 0.9


def test_units_alike_are_not_told_apart():
    """Of 40 leagues of 12 units alike, chance tells units apart in one of twenty: at most 7 at 99.9%."""
    found = simulate_league.leagues(0, 40, "nps", 12, 0.0, workers=1)
    assert found["told_apart"].sum() <= stats.binom.ppf(0.999, 40, 0.05)
    assert found["pooled_error"].mean() < 0.3 * found["raw_error"].mean()
    assert found["apart"].mean() < 0.1
