"""Penalty and reward.

Oracles: R's svyglm on marks of the demo's answers (tests/reference/demo_models.R), and worlds with known kinds.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib import CxError, Study
from cxlib.asymmetry import asymmetry

ROOT = Path(__file__).resolve().parents[1]
DRIVERS = ["product_quality", "staff_attitude", "convenience_delivery", "support_resolution"]
FULL = {"weights": "weight", "strata": "stratum", "clusters": "cluster"}


def world(n: int, seed: int = 0) -> pd.DataFrame:
    """Ratings of 1-5 and an outcome: clean costs 3 where bad, staff brings 3 where excellent, price both 1.5."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.integers(1, 6, (n, 4)), columns=["clean", "staff", "price", "music"])
    effect = -3.0 * (frame["clean"] <= 2) + 3.0 * (frame["staff"] >= 4)
    effect += 1.5 * (frame["price"] >= 4) - 1.5 * (frame["price"] <= 2)
    return frame.assign(y=effect + rng.normal(size=n))


def test_the_demo_as_svyglm_has_it():
    """Coefficients and errors of two marks a driver, NPS points."""
    table = pd.read_csv(ROOT / "tests/reference/demo_models.csv")
    r = table.set_index(["model", "design", "term", "statistic"])["value"].sort_index()["contrast", "full"]
    found = asymmetry(Study.load(ROOT / "data/demo").survey, "recommend", DRIVERS, metric="nps", **FULL)
    for end, name in (("bad", "penalty"), ("excellent", "reward")):
        np.testing.assert_allclose(found[name], [r[f"{d}_{end}", "estimate"] for d in DRIVERS], rtol=1e-8)
    half = found["penalty_high"] - found["penalty"]
    errors = [r[f"{d}_bad", "se"] for d in DRIVERS]
    np.testing.assert_allclose(half / errors, half.iloc[0] / errors[0], rtol=1e-8)
    np.testing.assert_allclose(found["estimate"], found["penalty"] + found["reward"])
    assert found["method"].iloc[0].startswith("bad: at most 2, excellent: at least 4, against between; least squares")


def test_known_kinds_are_sorted():
    """3,000 respondents of the world above; music does nothing."""
    found = asymmetry(world(3000), "y", ["clean", "staff", "price", "music"])
    kinds = {"clean": "basic", "staff": "excitement", "price": "performance", "music": "no effect shown"}
    assert found["kind"].to_dict() == kinds
    assert found.loc["clean", "possible"] == "basic"
    assert (found["penalty_low"] < [-3, 0, -1.5, 0]).all()
    assert (found["penalty_high"] > [-3, 0, -1.5, 0]).all()
    assert (found["n_bad"] + found["n_excellent"] < found["n"]).all()


def test_few_respondents_are_not_sorted():
    """60 of the same world: the intervals leave more than one kind, and the table says which."""
    found = asymmetry(world(60, seed=4).assign(y=lambda f: 3 * f["y"]), "y", ["price", "music"])
    assert found.loc["price", "kind"] == "not told apart"
    assert "performance" in found.loc["price", "possible"]


def test_a_straight_effect_is_never_basic_or_excitement():
    """100 samples of 400 in which each point brings the same: at 95% neither end is to win in more than 5% each."""
    rng, wrong = np.random.default_rng(11), 0
    for _ in range(100):
        frame = pd.DataFrame(rng.integers(1, 6, (400, 2)), columns=["a", "b"])
        frame["y"] = frame["a"] + 0.5 * frame["b"] + 2 * rng.normal(size=400)
        wrong += asymmetry(frame, "y", ["a", "b"])["kind"].isin(["basic", "excitement"]).sum()
    assert wrong / 200 < 0.05


def test_the_ends_may_be_named():
    """A scale of 0-10: thirds are 0-3 and 7-10; named ends are taken instead."""
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"x": rng.integers(0, 11, 500)}).assign(y=lambda f: f["x"] + rng.normal(size=500))
    assert asymmetry(frame, "y", "x")["method"].iloc[0].startswith("bad: at most 3, excellent: at least 7")
    named = asymmetry(frame, "y", "x", low=1, high=9)
    assert named["n_bad"].iloc[0] == (frame["x"] <= 1).sum()
    assert named["n_excellent"].iloc[0] == (frame["x"] >= 9).sum()


@pytest.mark.parametrize(
    ("change", "how", "message"),
    [
        ({"clean": lambda f: f["clean"].clip(3)}, {}, 
         "nobody of 100 finds clean bad (bad: at most 2, excellent: at least 4)"),
        ({"clean": lambda f: f["clean"].clip(upper=3)}, {}, "nobody of 100 finds clean excellent"),
        ({}, {"low": 3, "high": 4}, "nobody of 100 finds clean middling"),
        ({}, {"low": 4, "high": 2}, "low must lie below high, with answers between; found 4 and 2"),
        ({"clean": lambda f: np.where(f["clean"] > 3, "new", "old")}, {},
         "drivers of an asymmetry are ratings; column clean holds categories"),
        ({"staff": lambda f: f["clean"]}, {}, "drivers must differ; clean and staff say the same"),
        ({"y": 1.0}, {}, "an outcome must vary; all 100 answers to y score 1"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_sentence(change, how, message):
    with pytest.raises(CxError) as caught:
        asymmetry(world(100).assign(**change), "y", ["clean", "staff"], **how)
    assert message in str(caught.value)
