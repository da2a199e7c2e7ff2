"""What goes with better ratings: by hand, by re-prediction, and on samples of a known world."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from cxlib import CxError
from cxlib.scores import by_group
from cxlib.what_if import TOGETHER, what_if

ROOT = Path(__file__).resolve().parents[1]
SCALE = {"a": (1, 5), "b": (1, 5)}


def model(slopes: dict, variances: dict | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    terms = ["(constant)", *slopes]
    coefficients = pd.DataFrame({"estimate": [1.0, *slopes.values()]}, index=terms)
    variances = {"(constant)": 1.0} | (variances or dict.fromkeys(slopes, 0.0))
    return coefficients, pd.DataFrame(np.diag([variances[term] for term in terms]), index=terms, columns=terms)


def test_by_hand():
    """Ratings 1 3 5 5: one point more gains 1 1 0 0, mean 1/2; two points more 2 2 0 0, mean 1; b gains 1/4."""
    frame = pd.DataFrame({"a": [1, 3, 5, 5], "b": [5, 5, 5, 2]})
    found = what_if(frame, *model({"a": 10, "b": -4}), {"a": 1, "b": 1}, scales=SCALE)
    assert found.index.tolist() == ["a", "b", TOGETHER]
    assert found["gain"].tolist()[:2] == [0.5, 0.25]
    assert found["capped"].tolist()[:2] == [50, 75]
    assert found["estimate"].tolist() == pytest.approx([5, -1, 4])
    # The gains' own error: 10 x 10 0 0, of one driver; both together 10 10 0 -4.
    moves = ([10, 10, 0, 0], [0, 0, 0, -4], [10, 10, 0, -4])
    assert found["se"].tolist() == pytest.approx([np.std(y, ddof=1) / 2 for y in moves])
    assert what_if(frame, *model({"a": 10}), {"a": 2}, scales=SCALE)["gain"].tolist()[0] == 1
    assert what_if(frame, *model({"a": 10}), {"a": 99}, scales=SCALE)["gain"].tolist()[0] == 1.5, "nobody passes 5"
    lower = what_if(frame, *model({"a": 10}), {"a": -3}, scales=SCALE)
    assert lower["gain"].tolist()[0] == pytest.approx((0 - 2 - 3 - 3) / 4)
    assert found["method"].str.contains("association").all()


def test_the_coefficients_error_by_hand():
    """All rate 3: no error of the gain; 2 x sqrt(4) for a, 1 x sqrt(9) for b, and a correlation of a half."""
    frame = pd.DataFrame({"a": [3, 3, 3], "b": [3, 3, 3]})
    coefficients, covariance = model({"a": 1, "b": 1}, {"a": 4.0, "b": 9.0})
    covariance.loc["a", "b"] = covariance.loc["b", "a"] = 3.0
    found = what_if(frame, coefficients, covariance, {"a": 2, "b": 1}, scales=SCALE)
    assert found["se"].tolist() == pytest.approx([4, 3, np.sqrt(16 + 9 + 2 * 2 * 3)])
    assert (found["high"] - found["estimate"]).tolist() == pytest.approx((1.959964 * found["se"]).tolist(), rel=1e-6)
    narrow = what_if(frame, coefficients, covariance, {"a": 2}, scales=SCALE, df=5)
    assert narrow["high"].iloc[0] - 2 == pytest.approx(2.570582 * 4, rel=1e-6)


def test_blank_ratings_are_left_out_visibly():
    frame = pd.DataFrame({"a": [1, 3, 5, np.nan, 2], "b": [5, np.nan, 4, 2, 1]})
    found = what_if(frame, *model({"a": 10, "b": 1}), {"a": 1, "b": 1}, scales=SCALE)
    assert found["n"].tolist() == [4, 4, 3]
    assert found["gain"].tolist()[:2] == [0.75, 0.75]


def drawn(seed: int, n: int = 400) -> pd.DataFrame:
    """Ratings 1-5 that go together, and a metric that rises by 6 a point of a and 3 a point of b."""
    rng = np.random.default_rng(seed)
    common = rng.standard_normal(n)
    a, b = (np.clip(np.round(3.6 + 0.7 * common + 0.9 * rng.standard_normal(n)), 1, 5) for _ in "ab")
    y = 6 * a + 3 * b + (2 + a) * 6 * rng.standard_normal(n)
    return pd.DataFrame({"a": a, "b": b, "y": y, "w": 0.5 + rng.random(n)})


def fitted(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    fit = sm.WLS(frame["y"], sm.add_constant(frame[["a", "b"]]), weights=frame["w"]).fit(cov_type="HC1")
    return fit.params.to_frame("estimate"), fit.cov_params()


def test_the_change_is_that_of_predictions_with_raised_ratings():
    """statsmodels: mean of the predictions for raised, clipped ratings, less that for ratings as they are."""
    frame = drawn(1)
    fit = sm.WLS(frame["y"], sm.add_constant(frame[["a", "b"]]), weights=frame["w"]).fit()
    raised = frame.assign(a=(frame["a"] + 1).clip(upper=5), b=(frame["b"] + 0.5).clip(upper=5))
    wanted = fit.predict(sm.add_constant(raised[["a", "b"]])) - fit.predict(sm.add_constant(frame[["a", "b"]]))
    found = what_if(frame, *fitted(frame), {"a": 1, "b": 0.5}, scales=SCALE, weights="w")
    assert found.loc[TOGETHER, "estimate"] == pytest.approx(np.average(wanted, weights=frame["w"]))
    assert found["estimate"].iloc[:2].sum() == pytest.approx(found.loc[TOGETHER, "estimate"])
    gains = by_group(frame.assign(g=raised["a"] - frame["a"]), "mean", [], question="g", weights="w").iloc[0]
    assert found.loc["a", "gain"] == pytest.approx(gains["estimate"])
    assert found.loc["a", "n_effective"] == pytest.approx(gains["n_effective"])


def test_intervals_cover_the_change_in_the_population():
    """200 samples of 400; the truth is 6 and 3 times the gains of a million. By chance 181 to 199 cover (99.8%)."""
    world = drawn(0, 1_000_000)
    gain = [np.average((world[x] + d).clip(upper=5) - world[x], weights=world["w"]) for x, d in (("a", 1), ("b", 0.5))]
    truth, covered = 6 * gain[0] + 3 * gain[1], 0
    for seed in range(1, 201):
        frame = drawn(seed)
        row = what_if(frame, *fitted(frame), {"a": 1, "b": 0.5}, scales=SCALE, weights="w").loc[TOGETHER]
        covered += row["low"] <= truth <= row["high"]
    assert 181 <= covered <= 199


@pytest.mark.parametrize(
    ("change", "how", "message"),
    [
        ({}, {}, "what if asks for at least one driver to be raised; none is named"),
        ({"c": 1}, {}, "the model has no driver c; it has (constant), a, b"),
        ({"a": np.nan}, {}, "a driver is raised by a number of points; a by nan"),
        ({"a": 1}, {"scales": {"b": (1, 5)}}, "a raise ends where the scale does, e.g. (1, 5); a has no scale"),
        ({"a": 1}, {"scales": {"a": (5, 1)}}, "a scale runs from low to high, e.g. (1, 5); that of a is (5, 1)"),
        ({"a": 1}, {"scales": {"a": (2, 5)}}, "ratings of a must lie in 2-5; 1 lie outside, e.g. 1"),
        ({"a": 1}, {"frame": pd.DataFrame({"b": [1]})}, "there is no column a in the table"),
        ({"a": 1}, {"frame": pd.DataFrame({"a": ["x", "y"]})}, "ratings must be numbers; column a holds 'x'"),
        ({"a": 1}, {"frame": pd.DataFrame({"a": [3.0, np.nan]})}, "an interval needs at least 2 answers; 1 rated a"),
        (
            {"a": 1},
            {"frame": pd.DataFrame({"a": [3.0, np.inf]})},
            "numbers must be finite; 1 are not, e.g. inf (column a)",
        ),
    ],
)
def test_bad_input_is_refused_in_one_sentence(change, how, message):
    frame = how.get("frame", pd.DataFrame({"a": [1, 3, 5, 5], "b": [5, 5, 5, 2]}))
    with pytest.raises(CxError) as caught:
        what_if(frame, *model({"a": 10, "b": 1}), change, scales=how.get("scales", SCALE))
    assert message in str(caught.value)


def test_drivers_that_are_more_than_a_straight_line_are_refused():
    frame = pd.DataFrame({"a": [1, 3, 5, 5]})
    for term in ("a:city[hanoi]", "a ** 2", "a x hanoi"):
        with pytest.raises(CxError, match="a must stand for itself in the model; it stands in"):
            what_if(frame, *model({"a": 10, term: 1}), {"a": 1}, scales=SCALE)
    with pytest.raises(CxError, match="the covariances must be of the model's terms, in their order"):
        what_if(frame, model({"a": 1})[0], model({"b": 1})[1], {"a": 1}, scales=SCALE)
