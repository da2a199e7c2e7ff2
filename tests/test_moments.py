"""Moments of several columns, from any engine, by unit, and of incomplete answers.

Oracles: pandas' corr, statsmodels' weighted statistics, counts by hand, Anderson's closed form for two columns of which
one is incomplete, the likelihood itself, textbook standard errors, and R's survey package (../shared/reference).
"""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW

from cxlib import CxError
from cxlib.incomplete import incomplete
from cxlib.moments import correlations, moments, pairwise_counts
from cxlib.replicates import factors

REFERENCE = Path(__file__).resolve().parents[1].parent / "shared" / "reference"


def answers(n=400, v=4, *, blank=0.0, seed=0) -> pd.DataFrame:
    """Ratings 1-5 that share a factor, weights, 4 strata of 10 clusters; a share of the ratings is blank."""
    rng = np.random.default_rng(seed)
    latent = 0.7 * rng.standard_normal((n, 1)) + 0.7 * rng.standard_normal((n, v))
    frame = pd.DataFrame(np.clip(np.round(latent + 3), 1, 5), columns=list("abcdefgh")[:v])
    frame = frame.mask(rng.random((n, v)) < blank)
    return frame.assign(w=rng.lognormal(0, 0.4, n), city=np.arange(n) % 4, shop=np.arange(n) % 40)


# -- one pass ----------------------------------------------------------------------------------------------------


def test_correlations_of_complete_answers():
    frame = answers()
    np.testing.assert_allclose(correlations(frame, list("abcd")), frame[list("abcd")].corr(), atol=1e-13)
    weighted = DescrStatsW(frame[list("abcd")], frame["w"])
    found = moments(frame, list("abcd"), weights="w")
    np.testing.assert_allclose(found.correlations(), weighted.corrcoef, atol=1e-13)
    np.testing.assert_allclose(found.table["mean"], weighted.mean, atol=1e-13)
    assert found.complete


def test_correlations_pair_by_pair():
    """pandas' corr drops what is missing pair by pair; with weights, each pair by itself from statsmodels."""
    frame = answers(blank=0.3)
    np.testing.assert_allclose(correlations(frame, list("abcd")), frame[list("abcd")].corr(), atol=1e-13)
    both = frame.dropna(subset=["a", "c"])
    pair = DescrStatsW(both[["a", "c"]], both["w"]).corrcoef[0, 1]
    found = moments(frame, list("abcd"), weights="w")
    assert found.correlations()[0, 2] == pytest.approx(pair, abs=1e-13)
    assert found.effective[0, 2] == pytest.approx(both["w"].sum() ** 2 / (both["w"] ** 2).sum())
    own = DescrStatsW(frame["b"].dropna(), frame["w"][frame["b"].notna()])
    assert found.table.loc["b", "mean"] == pytest.approx(own.mean, abs=1e-13)


def test_counts_by_hand():
    frame = pd.DataFrame({"a": [1, 2, None, 4], "b": [5, None, None, 3], "c": [1, 2, 3, 9]})
    assert pairwise_counts(frame, ["a", "b", "c"]).to_numpy().tolist() == [[3, 2, 3], [2, 2, 2], [3, 2, 4]]
    found = moments(frame, ["a", "b", "c"], apart={"c": [9]}, complete=True)
    assert found.n.tolist() == [[1] * 3] * 3
    assert (found.rows, found.apart.tolist(), found.table["mean"].tolist()) == (4, [0, 0, 1], [1, 5, 1])
    assert frame["c"].tolist() == [1, 2, 3, 9], "the frame given must not change"


@pytest.mark.parametrize("blank", [0.0, 0.2])
def test_engines_agree(blank):
    """pandas, polars (eager and lazy), Arrow and DuckDB give the same sums to 1e-10, missing as null or as NaN."""
    frame = answers(5_000, blank=blank).astype({"city": "str"})
    options = {"columns": list("abcd"), "weights": "w", "strata": "city", "clusters": "shop", "by_unit": True}
    first, polars = moments(frame, **options), pl.from_pandas(frame)
    lazy = polars.lazy().with_columns(pl.col("a").fill_null(float("nan")))
    for other in (polars, lazy, polars.to_arrow(), duckdb.from_df(frame), frame.convert_dtypes()):
        found = moments(other, **options)
        np.testing.assert_allclose(found.sums, first.sums, rtol=1e-10, atol=1e-10)
        np.testing.assert_array_equal(found.n, first.n)
        np.testing.assert_array_equal(found.stratum, first.stratum)


def test_large_offsets_do_no_harm():
    """Answers moved by a million (identifiers, dates) have the same correlations."""
    frame = answers()[list("abcd")]
    np.testing.assert_allclose(correlations(frame + 1e6, list("abcd")), frame.corr(), atol=1e-9)


def test_true_and_false_count_as_one_and_nothing():
    frame = answers().assign(yes=lambda f: f["a"] > 3)
    wanted = frame[["a", "yes"]].astype(float).corr().iloc[0, 1]
    assert correlations(frame, ["a", "yes"]).iloc[0, 1] == pytest.approx(wanted, abs=1e-13)


# -- by unit -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("blank", [0.0, 0.2])
def test_factors_of_units_are_factors_of_weights(blank):
    """Correlations with each cluster's weights multiplied are those of a frame whose weights are multiplied."""
    frame = answers(blank=blank)
    found = moments(frame, list("abcd"), weights="w", strata="city", clusters="shop", by_unit=True)
    assert found.unit == "clusters"
    assert np.bincount(found.stratum).tolist() == [10] * 4
    factor = np.random.default_rng(1).random((2, 40))
    order = frame.drop_duplicates("shop").sort_values(["city", "shop"])["shop"]
    drawn = found.correlations(factor)
    for row in range(2):
        times = frame["shop"].map(dict(zip(order, factor[row], strict=True)))
        wanted = moments(frame.assign(w=frame["w"] * times), list("abcd"), weights="w").correlations()
        np.testing.assert_allclose(drawn[row], wanted, atol=1e-12)


def test_respondents_without_a_cluster_are_units_each():
    frame = answers().assign(shop=lambda f: f["shop"].where(f.index > 4))
    found = moments(frame, ["a", "b"], clusters="shop", by_unit=True)
    assert (len(found.sums), found.unit) == (45, "clusters and respondents")


def test_the_same_name_in_another_stratum_is_another_cluster():
    frame = answers().assign(shop=lambda f: f["shop"] // 4)
    assert len(moments(frame, ["a", "b"], clusters="shop", by_unit=True).sums) == 10
    assert len(moments(frame, ["a", "b"], strata="city", clusters="shop", by_unit=True).sums) == 40


def test_many_respondents_are_grouped_at_random():
    """The error of a correlation of normals is (1 - r^2) / sqrt(n), from 1,024 groups of 20 as from respondents."""
    x = np.random.default_rng(3).multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 20_000)
    found = moments(pd.DataFrame(x, columns=["a", "b"]), ["a", "b"], by_unit=True)
    assert (len(found.sums), found.unit) == (1024, "random groups of respondents")
    drawn = np.concatenate([found.correlations(f)[:, 0, 1] for f in factors(found.stratum, 2000)])
    assert drawn.std() == pytest.approx(0.75 / np.sqrt(20_000), rel=0.1)
    assert found.correlations()[0, 1] == pytest.approx(np.corrcoef(x.T)[0, 1], abs=1e-12)


def test_samples_of_the_design_spread_as_linearisation_says():
    """The mean of three strata of 2, 5 and 1 clusters' totals: sum over strata of n / (n - 1) times squares about the
    stratum's mean, the single one being taken together with the smallest other."""
    y, stratum = np.array([3.0, 5, 1, 2, 4, 8, 9, 7]), np.array([0, 0, 1, 1, 1, 1, 1, 2])
    drawn = np.concatenate(list(factors(stratum, 40_000, seed=2))) @ y
    parts = [np.array([3.0, 5, 7]), np.array([1.0, 2, 4, 8, 9])]
    variance = sum(len(part) * part.var(ddof=1) for part in parts)
    assert drawn.mean() == pytest.approx(y.sum(), rel=0.005)
    assert drawn.var() == pytest.approx(variance, rel=0.03)


def test_the_error_of_a_weighted_mean_is_that_of_r():
    """R: svymean(~api00, svydesign(~1, weights = ~pw, data = apistrat)) has SE 9.585428876."""
    if not REFERENCE.exists():
        pytest.skip("../shared/reference is not there")
    frame = pd.read_csv(REFERENCE / "apistrat.csv")
    sums = moments(frame, ["api00", "ell"], weights="pw", by_unit=True)
    drawn = np.concatenate([f @ sums.sums[:, :2, 0, 0] for f in factors(sums.stratum, 20_000)])
    assert sums.scale[0] * (drawn[:, 1] / drawn[:, 0]).std() == pytest.approx(9.585428876, rel=0.02)


def test_a_bootstrap_needs_two_units():
    with pytest.raises(CxError, match=r"^a bootstrap needs 2 clusters or respondents at least; found 1$"):
        next(factors(np.zeros(1, int), 100))


# -- incomplete answers ------------------------------------------------------------------------------------------


def test_one_incomplete_column_has_a_closed_form():
    """x complete, y missing for some: slope and residual variance from both, the variance of x from all.

    Anderson, Journal of the American Statistical Association 52 (1957) 200-203.
    """
    frame = answers(300, 2, seed=5)
    frame.loc[frame["a"] > 3, "b"] = frame["b"].where(frame.index % 3 == 0)  # missing depends on what was answered
    both = frame.dropna()
    slope, own = np.cov(both["a"], both["b"])[0, 1] / both["a"].var(), frame["a"].var(ddof=0)
    rest = (both["b"] - both["b"].mean() - slope * (both["a"] - both["a"].mean())).var(ddof=0)
    wanted = slope * own / np.sqrt(own * (rest + slope**2 * own))
    assert incomplete(frame, ["a", "b"]).correlations()[0, 1] == pytest.approx(wanted, abs=1e-8)


def test_the_likelihood_is_at_its_top():
    """Moving the fit in any direction lowers the likelihood, and no first derivative is left."""
    frame = answers(200, 3, blank=0.3, seed=6)
    fit = incomplete(frame, list("abc"), weights="w")
    x = frame[list("abc")].to_numpy()
    x = (x - np.nanmean(x, axis=0)) / np.nanstd(x, axis=0)
    given, w = ~np.isnan(x), frame["w"].to_numpy()

    def likelihood(mean, covariance):
        total = 0.0
        for row, shown, weight in zip(x, given, w, strict=True):
            if shown.any():
                block = covariance[np.ix_(shown, shown)]
                total += weight * stats.multivariate_normal.logpdf(row[shown], mean[shown], block)
        return total

    best, h = likelihood(fit.mean, fit.covariance), 1e-3
    for j in range(3):
        for k in range(j + 1):
            step = np.zeros((3, 3))
            step[j, k] = step[k, j] = h
            up, down = (likelihood(fit.mean, fit.covariance + sign * step) for sign in (1, -1))
            assert max(up, down) < best
            assert abs(up - down) / (2 * h) < 0.01
        up, down = (likelihood(fit.mean + sign * h * np.eye(3)[j], fit.covariance) for sign in (1, -1))
        assert max(up, down) < best


def test_samples_of_complete_answers_are_those_of_moments():
    """With nothing missing the one step that EM takes is all there is to do."""
    frame, factor = answers(120), np.random.default_rng(2).multinomial(119, np.ones(120) / 120, 5).astype(float)
    sums = moments(frame, list("abcd"), weights="w", by_unit=True)
    fit = incomplete(frame, list("abcd"), weights="w")
    np.testing.assert_allclose(fit.correlations(), sums.correlations(), atol=1e-8)
    np.testing.assert_allclose(fit.correlations(factor), sums.correlations(factor), atol=1e-5)


def test_samples_of_incomplete_answers_are_near_their_own_fits():
    """A sample's correlations by one step differ from those of EM run anew by a fifth of their error, or less."""
    frame = answers(400, blank=0.3, seed=8)
    columns, j = list("abcd"), np.triu_indices(4, 1)
    fit = incomplete(frame, columns)
    factor = np.random.default_rng(4).multinomial(400, np.ones(400) / 400, 12).astype(float)
    step = fit.correlations(factor)[:, j[0], j[1]]
    own = [incomplete(frame.assign(w=f), columns, weights="w").correlations()[j] for f in factor]
    assert np.sqrt(np.mean((step - own) ** 2)) < 0.2 * np.std(own, axis=0).mean()


def test_missing_that_depends_on_answers_misleads_pairs_and_not_the_likelihood():
    """b is asked of those with a high a only: the correlation of all is .5; of those asked it is lower."""
    x = np.random.default_rng(9).multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 20_000)
    frame = pd.DataFrame(x, columns=["a", "b"])
    frame.loc[frame["a"] < 0.5, "b"] = np.nan
    assert correlations(frame, ["a", "b"]).iloc[0, 1] < 0.35
    assert incomplete(frame, ["a", "b"]).correlations()[0, 1] == pytest.approx(0.5, abs=0.03)


# -- what is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        (["a", "aa"], {}, "there is no column aa in the table; did you mean a?"),
        (["a", "word"], {}, "answers must be numbers; column word holds 'agree'"),
        (["a", "mixed"], {}, "answers must be numbers; column mixed holds 'x'"),
        (["a", "kind"], {}, "answers must be numbers; column kind holds 'k'"),
        (["a", "none"], {}, "a column must hold answers; none holds none"),
        (["a", "endless"], {}, "answers must be finite numbers; 1 are not (column endless)"),
        (["a", "b"], {"weights": "minus"}, "weights must be numbers of 0 or more; 2 are not, e.g. -1 (column minus)"),
        (["a", "b"], {"weights": "gaps"}, "weights must be numbers of 0 or more; 1 are not, e.g. nan (column gaps)"),
        (["a", "b"], {"weights": "zero"}, "weights are 0 everywhere (40 rows, column zero); one must be above 0"),
        (["a", "b"], {"weights": "word"}, "weights must be numbers; column word holds 'agree'"),
        (["a", "b"], {"weights": np.ones(40)}, "weights are named: a column of the table is asked for; found ndarray"),
        (["a", "b"], {"clusters": "sho"}, "there is no column sho in the table; did you mean shop?"),
    ],
)
def test_refused(columns, options, message):
    frame = answers(40).assign(word="agree", none=np.nan, zero=0.0, minus=1.0, gaps=1.0, endless=1.0)
    frame["mixed"] = pd.Series([1, "x"] * 20, dtype=object)
    frame["kind"] = pd.Categorical(["k"] * 40)
    frame.loc[:1, "minus"], frame.loc[0, "gaps"], frame.loc[0, "endless"] = -1, np.nan, np.inf
    with pytest.raises(CxError) as caught:
        moments(frame, columns, **options)
    assert str(caught.value) == message


def test_an_empty_table_is_refused():
    with pytest.raises(CxError, match=r"^the table is empty: there is no row to read \(column a\)$"):
        moments(answers().head(0), ["a", "b"])
