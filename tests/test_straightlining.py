"""Straight-lining.

Oracles: indices by hand, straight-liners planted in the demo (truth.yml), simulations of honest answers.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from cxlib import Study, straightlining
from cxlib.codebook import Table

ROOT = Path(__file__).resolve().parent.parent


def table(items: int, scale=(1, 5), reverse=(), **more) -> Table:
    questions = {f"q{i}": {"role": "driver", "scale": list(scale), "reverse": i in reverse} for i in range(items)}
    return Table.model_validate({"file": "s.csv", "questions": questions | more})


def answers(*rows) -> pd.DataFrame:
    return pd.DataFrame([list(map(float, row)) for row in rows]).add_prefix("q")


def honest(n: int, items: int, cuts, *, loading=0.7, seed=0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    latent = loading * random.normal(size=(n, 1)) + np.sqrt(1 - loading**2) * random.normal(size=(n, items))
    return pd.DataFrame(np.digitize(latent, cuts) + 1.0).add_prefix("q")


def test_indices_by_hand():
    """Longest run with blanks skipped; spread as the sample standard deviation of numpy; four answers are too few."""
    nan = np.nan
    frame = answers([3, 3, 3, 3, 3, 3], [1, 2, 2, nan, 2, 5], [5, 5, 1, 5, 5, 5], [4, 4, nan, 4, nan, 4])
    found = straightlining.indices(frame, table(6))
    assert found["answered"].tolist() == [6, 5, 6, 4]
    np.testing.assert_array_equal(found["longest"], [6, 3, 3, nan])
    spreads = [0, np.std([1, 2, 2, 2, 5], ddof=1), np.std([5, 5, 1, 5, 5, 5], ddof=1), nan]
    np.testing.assert_allclose(found["spread"], spreads)
    np.testing.assert_array_equal(found["line"], [3, nan, nan, nan])
    assert set(found["battery"]) == {"1-5"}


def test_the_demo():
    """truth.yml: 120 straight-liners. Lines of 3 and 4 are found, those of 5 cannot be told from the ten delighted."""
    study = Study.load(ROOT / "data" / "demo")
    truth = yaml.safe_load((ROOT / "data" / "demo" / "truth.yml").read_text(encoding="utf-8"))
    planted = study.survey["respondent"].isin(truth["planted"]["survey"]["straight_liner_ids"])
    spec = study.book.tables["survey"]
    result = straightlining.straightliners(study.survey, spec)
    threes_and_fours = planted & study.survey["product_quality"].isin([3, 4])
    assert threes_and_fours.sum() == 80
    assert (result.who & threes_and_fours).sum() == 80
    assert (result.who & ~planted).sum() == 1, "one who gave 4 to all and was not planted"
    lines = straightlining.lines(study.survey, spec).set_index("answer")
    assert lines["straight"].to_dict() == {3: 37, 4: 44, 5: 50}
    delighted = 50 - int((planted & study.survey["product_quality"].eq(5)).sum())
    assert delighted == 10
    assert lines.loc[5, "honest"] == pytest.approx(delighted, abs=3)
    assert "5: 50 straight, about 12 of them honest and so not flagged" in result.why


def test_lines_by_hand():
    """Honest lines are once² / twice inside the scale, each one higher at its end."""
    rows = [[3] * 8] * 12 + [[3] * 7 + [4]] * 2 + [[3] * 6 + [4, 4]] * 4
    rows += [[5] * 8] * 20 + [[5] * 7 + [4]] * 3 + [[5] * 6 + [4, 2]] * 7
    found = straightlining.lines(answers(*rows), table(8)).set_index("answer")
    assert found.loc[3, ["straight", "once", "twice", "edge"]].tolist() == [12, 2, 4, False]
    assert found.loc[3, "honest"] == 2**2 / 4
    assert found.loc[5, ["straight", "once", "twice", "edge"]].tolist() == [20, 3, 7, True]
    assert found.loc[5, "honest"] == 4**2 / 8
    assert found["flagged"].tolist() == [True, True]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("items", "cuts", "loading"),
    [
        (14, (-2.5, -2, -1.2, -0.5), 0.8),  # most answer the best
        (8, (-1.5, -0.8, 0, 0.8), 0.7),
        (5, (-2, -1.5, -1, 1), 0.8),  # most answer 4
    ],
)
def test_honest_answers_are_let_pass(items, cuts, loading, seed):
    """Of 2,000 honest respondents, up to a quarter with a straight line, at most one in 500 is flagged."""
    frame = honest(2000, items, cuts, loading=loading, seed=seed)
    assert straightlining.straightliners(frame, table(items)).who.mean() <= 0.002


def test_planted_lines_among_honest_answers():
    """60 lines of 2 and 60 of 4 in 1,000 honest answers to 12 items: all found."""
    frame = pd.concat([honest(1000, 12, (-1.5, -0.8, 0, 0.8)), answers(*[[2] * 12] * 60, *[[4] * 12] * 60)])
    who = straightlining.straightliners(frame.reset_index(drop=True), table(12)).who
    assert who[1000:].all()
    assert who[:1000].sum() <= 2


def test_a_few_lines_at_the_end_prove_nothing():
    """Three delighted customers among 200 are let pass; one who gave the middle to all ten items is not."""
    frame = honest(200, 10, (-1.5, -0.8, 0, 0.8), loading=0.1, seed=1)
    frame = pd.concat([frame, answers(*[[5] * 10] * 3, [3] * 10)], ignore_index=True)
    who = straightlining.straightliners(frame, table(10)).who
    assert who.to_numpy().nonzero()[0].tolist() == [203]


def test_reversed_items():
    """One answer to items keyed both ways contradicts itself, unless it is the middle of the scale."""
    frame = answers([5] * 6, [1] * 6, [3] * 6, [5, 5, 5, 5, 5, 1])
    assert straightlining.straightliners(frame, table(6, reverse=[5])).who.tolist() == [True, True, False, False]
    assert not straightlining.straightliners(frame, table(6)).who.any()


def test_a_second_battery_clears():
    """Who gave one answer to one battery and thought about the other is no straight-liner."""
    more = {f"r{i}": {"role": "driver", "scale": [0, 10]} for i in range(5)}
    frame = pd.concat([answers([3] * 9, [3] * 9), pd.DataFrame([[7.0] * 5, [7.0, 2, 7, 7, 7]]).add_prefix("r")], axis=1)
    assert straightlining.straightliners(frame, table(9, **more)).who.tolist() == [True, False]


def test_short_lines():
    """Seven of ten items are too few to judge; all of a battery of five need evidence; four make no battery."""
    frame = answers([3] * 7 + [np.nan] * 3)
    assert not straightlining.straightliners(frame, table(10)).who.any()
    assert not straightlining.straightliners(answers([3] * 5), table(5)).who.any()
    result = straightlining.straightliners(answers([3] * 4), table(4))
    assert result.who is None
    assert result.why == "not checked: no 5 driver questions share a scale"
    assert straightlining.indices(answers([3] * 4), table(4)).empty


def test_nobody():
    """Without rows and without answers nobody is flagged."""
    frame = answers([3] * 9)
    assert straightlining.straightliners(frame.head(0), table(9)).who.empty
    assert not straightlining.straightliners(frame * np.nan, table(9)).who.any()
