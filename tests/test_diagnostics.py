"""A model's assumptions, tested.

Oracles: R's lm and svyglm on the demo study (tests/reference/demo_models.R), deletion of a respondent by hand, and
worlds in which one assumption is broken on purpose.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import special

from cxlib import Study
from cxlib.binary import binary
from cxlib.diagnostics import diagnostics
from cxlib.hazard import cox
from cxlib.influence import cook, inflation
from cxlib.linear import linear
from cxlib.ordinal import ordinal

ROOT = Path(__file__).resolve().parents[1]
DRIVERS = ["product_quality", "staff_attitude", "convenience_delivery", "support_resolution"]
FULL = {"weights": "weight", "strata": "stratum", "clusters": "cluster"}
FINE, LOOK, BROKEN = "no sign of trouble", "worth a look", "does not hold"


@pytest.fixture(scope="module")
def demo():
    """The demo survey."""
    return Study.load(ROOT / "data/demo").survey


@pytest.fixture
def drawn():
    """1,500 respondents, two drivers of five answers with straight effects, even scatter."""
    rng = np.random.default_rng(21)
    frame = pd.DataFrame(rng.integers(1, 6, (1500, 2)) * 1.0, columns=["a", "b"])
    return frame.assign(e=rng.logistic(size=1500), u=rng.random(1500))


def verdicts(fit) -> dict:
    found = diagnostics(fit)
    assert not found["consequence"].str.contains("caus", case=False).any(), "no wording speaks of causes"
    return found.set_index("assumption")["verdict"].to_dict()


def test_the_demo_s_tests_as_r_has_them(demo, printed_by_r):
    """lm: variance inflation and n R2 of squared residuals; svyglm: t of the squared prediction beside the terms."""
    fit = linear(demo, "recommend", [*DRIVERS, "channel"], metric="nps")
    r = printed_by_r
    wanted = [r["inflation", "none", driver, "vif"] for driver in DRIVERS]
    np.testing.assert_allclose(inflation(fit)[DRIVERS], wanted, rtol=1e-9)
    rows = diagnostics(fit).set_index("assumption")
    assert rows.loc["even scatter", "statistic"] == pytest.approx(r["breusch_pagan", "none", "all", "statistic"])
    for design, how in (("none", {}), ("weights", {"weights": "weight"}), ("full", FULL)):
        rows = diagnostics(linear(demo, "recommend", [*DRIVERS, "channel"], metric="nps", **how)).set_index(
            "assumption"
        )
        wanted = r["linear", design, "all", "reset"]
        assert rows.loc["lines are straight", "statistic"] == pytest.approx(wanted, rel=1e-6)


def test_cook_s_distance_is_what_deletion_moves(drawn):
    """Twenty respondents left out one by one, the model fitted again."""
    frame = drawn.head(60).assign(x=lambda f: f["a"] + f["u"], y=lambda f: f["a"] + f["e"])
    fit = linear(frame, "y", ["x", "b"])
    inverse = np.linalg.inv(fit.errors.covariance)
    found = cook(fit)
    for row in fit.sample.table.index[:20]:
        gone = fit.sample.table.loc[row]
        rest = frame[~((frame["x"] == gone["x"]) & (frame["y"] == gone["y"]))]
        assert len(rest) == 59
        moved = fit.parameters - linear(rest, "y", ["x", "b"]).parameters
        assert found[row] == pytest.approx(moved @ inverse @ moved / 3, rel=1e-8)


def test_sound_models_pass(drawn):
    """Nothing is broken in these worlds, and at most one p value in ten is under 0.10."""
    frame = drawn.assign(latent=drawn["a"] + 0.5 * drawn["b"] + drawn["e"])
    frame["y"], frame["k"] = frame["latent"], np.digitize(frame["latent"], [2, 4, 5, 6])
    frame["yes"], frame["t"] = (frame["latent"] > 4.5) * 1, np.ceil(50 * frame["u"] / frame["a"])
    fits = linear(frame, "y", ["a", "b"]), ordinal(frame, "k", ["a", "b"]), binary(frame, "yes", ["a", "b"])
    found = [verdict for fit in fits for verdict in verdicts(fit).values()]
    assert BROKEN not in found
    assert found.count(LOOK) <= 1
    fit = cox(frame, "t", "yes", ["a", "b"])
    assert set(verdicts(fit)) == {"drivers differ", "nobody dominates", "proportional hazards"}


def test_what_is_broken_is_found(drawn):
    """One assumption broken at a time."""
    near = drawn.assign(y=drawn["a"] + drawn["e"], c=drawn["a"] + 0.3 * drawn["u"])
    assert verdicts(linear(near, "y", ["a", "b", "c"]))["drivers differ"] == BROKEN
    bent = drawn.assign(y=drawn["a"] ** 2 + drawn["e"])
    found = diagnostics(linear(bent, "y", ["a", "b"])).set_index("assumption")
    assert found.loc["lines are straight", "verdict"] == BROKEN
    assert found.loc["no pattern in the residuals", "verdict"] == BROKEN
    fanned = drawn.assign(y=drawn["a"] * (1 + drawn["e"]))
    found = diagnostics(linear(fanned, "y", ["a", "b"])).set_index("assumption")
    assert found.loc["even scatter", "verdict"] == BROKEN
    assert "the errors printed allow for it" in found.loc["even scatter", "consequence"]
    odd = drawn.assign(y=drawn["a"] + drawn["e"])
    odd.loc[0, ["a", "y"]] = [80.0, -500.0]
    assert verdicts(linear(odd, "y", ["a", "b"]))["nobody dominates"] == BROKEN
    bent = drawn.assign(yes=(drawn["u"] < special.expit(3 - (drawn["a"] - 3) ** 2 - 0.5 * drawn["a"])) * 1)
    assert verdicts(binary(bent, "yes", ["a", "b"]))["no pattern in the residuals"] == BROKEN
    cuts = special.expit(np.array([-1.0, 1.0]) - np.outer(drawn["a"] - 3, [1.2, 0.1]))
    apart = drawn.assign(k=(drawn["u"].to_numpy()[:, None] > cuts).sum(axis=1))
    found = diagnostics(ordinal(apart, "k", ["a", "b"])).set_index("assumption")
    assert found.loc["proportional odds", "verdict"] == BROKEN
    assert found.loc["proportional odds", "consequence"].startswith("a moves one end of the scale more than the other")


def test_separation_is_told():
    frame = pd.DataFrame({"x": [1, 2, 3, 4, 5] * 20}).assign(left=lambda f: (f["x"] > 3) * 1)
    row = diagnostics(binary(frame, "left", ["x"])).set_index("assumption").loc["nothing sorts the outcome"]
    assert (row["verdict"], row["statistic"]) == (BROKEN, 1)
    assert row["consequence"].startswith("complete separation: x (always at 4, 5, never at 1, 2, 3)")


def test_what_cannot_be_tested_is_said():
    """Two answers leave no square to add to a straight line."""
    frame = pd.DataFrame({"x": [0, 1] * 50, "y": np.random.default_rng(1).normal(size=100)})
    row = diagnostics(linear(frame, "y", ["x"])).set_index("assumption").loc["lines are straight"]
    assert row["verdict"] == "not tested"
    assert np.isnan(row["p"])


def test_the_table_has_its_columns(demo):
    found = diagnostics(ordinal(demo, "satisfaction", DRIVERS, **FULL))
    assert list(found) == ["assumption", "test", "statistic", "df", "p", "verdict", "consequence"]
    assert found["consequence"].str.endswith(".").all()


def test_answers_nearly_all_alike_are_no_pattern():
    """In the world of the model itself, with 97% of the highest tenth giving one answer: false alarms stay rare."""
    alarms = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame({"x": rng.normal(size=300)})
        frame["yes"] = (rng.random(300) < special.expit(2 + 2 * frame["x"])) * 1
        alarms += verdicts(binary(frame, "yes", ["x"]))["no pattern in the residuals"] == BROKEN
    assert alarms <= 3
