"""Pain points and moments that matter.

Oracles: numbers worked by hand, statsmodels' least squares with clustered errors, a jackknife over customers, the
planted pain point of the demo, and a simulation in which scores move what follows.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import yaml
from journey_log import STAGES, later, line, simulated, written
from scipy import stats

from cxlib import CxError, Study, contacts, pain_points

DEMO = Path(__file__).resolve().parent.parent / "data/demo"
TRUTH = yaml.safe_load((DEMO / "truth.yml").read_text(encoding="utf-8"))["journey"]


@pytest.fixture(scope="module")
def demo() -> Study:
    return Study.load(DEMO)


@pytest.fixture(scope="module")
def log(demo) -> contacts.Journeys:
    return contacts.journeys(demo.table("events"), order=STAGES)


def test_the_planted_pain_point_ranks_first(demo, log):
    """Oracle: truth.yml, and the shares of pandas: checkout_app ends 40% of its visits and scores 2.3."""
    found = pain_points.rank(log, demo.table("map"))
    first = found.iloc[0]
    assert first[["rank", "touchpoint", "pain"]].tolist() == [1, TRUTH["worst_touchpoint"], True]
    assert found["weight"].sum() == pytest.approx(100)
    assert first["weight"] > 50
    ends, scores = TRUTH["ends_journey"]["checkout_app"], TRUTH["mean_score"]["checkout_app"]
    assert first["ending_here"] == pytest.approx(100 * ends, abs=3)
    assert first["loss_here"] == pytest.approx(scores, abs=0.1)
    stages = pain_points.rank(log, demo.table("map"), level="stage")
    assert stages.loc[0, ["stage", "pain"]].tolist() == ["decide", True]
    assert stages.set_index("stage").loc["feedback", ["ending", "lost"]].isna().all()


def test_harms_by_hand():
    """a b c is drawn. Ending: b ends 2 of 4 visits, a none of 4: 50 points more; of 4 customers 2 are lost in excess.
    Scores: b has 1, 2 and 3, elsewhere 4, 5, 4, 5: 2.5 points lower; 4 customers lose 10 points. The fifth customer
    comes to a only just before the log ends."""
    made = contacts.journeys(later(written("a=4 b=1 c=5", "a=5 b=2", "a=4 b=3", "a b c")))
    found = pain_points.rank(made, line("a b c")).set_index("stage")
    b = found.loc["b"]
    assert b[["rank", "customers", "n", "scored"]].tolist() == [1, 4, 4, 3]
    assert b[["ending_here", "ending_others", "ending"]].tolist() == pytest.approx([50, 0, 50])
    assert b[["loss_here", "loss_others", "loss"]].tolist() == pytest.approx([2, 4.5, 2.5])
    assert b[["lost", "points", "weight"]].tolist() == pytest.approx([2, 10, 100])
    assert found.loc["c", ["n", "scored"]].tolist() == [0, 1]
    assert found.loc["a", "lost"] == pytest.approx(-0.5 * 5)


def test_errors_are_those_of_least_squares_with_clusters():
    """Oracle: statsmodels, the outcome on a dummy of the touchpoint, errors clustered by customer (its residuals are
    ours; C / (C - 1) is our only factor)."""
    events = later(simulated(300, 8)).query("customer != 'later'")
    extra = pd.DataFrame(
        {
            "customer": [-1],
            "when": [events["when"].max() + pd.Timedelta(days=100)],
            "touchpoint": "social",
            "channel": "digital",
            "stage": "recognise",
            "score": [np.nan],
        }
    )
    made = contacts.journeys(pd.concat([events, extra], ignore_index=True), order=STAGES)
    drawn = Study.load(DEMO).table("map")
    row = pain_points.rank(made, drawn).set_index("touchpoint").loc["checkout_app"]
    events = events.sort_values(["customer", "when"])
    events["ended"] = 100.0 * events.groupby("customer")["stage"].shift(-1).isna()
    for name, rows, outcome in (
        ("ending", events[events["stage"] != "feedback"], "ended"),
        ("loss", events.dropna(subset="score"), "score"),
    ):
        x = sm.add_constant((rows["touchpoint"] == "checkout_app").astype(float))
        how = {"groups": rows["customer"], "use_correction": False}
        fit = sm.OLS(rows[outcome], x).fit(cov_type="cluster", cov_kwds=how)
        customers = rows["customer"].nunique()
        sign = 1 if name == "ending" else -1
        se = np.sqrt(customers / (customers - 1)) * fit.bse.iloc[1]
        half = stats.t.ppf(0.975, customers - 1) * se
        value = sign * fit.params.iloc[1]
        wanted = [value, se, value - half, value + half]
        assert row[[name, f"{name}_se", f"{name}_low", f"{name}_high"]].tolist() == pytest.approx(wanted)


def test_a_log_without_scores_is_ranked_by_endings_alone():
    made = contacts.journeys(later(written("a b", "a", "a", "a b c", "a b c")), score=None)
    found = pain_points.rank(made, line("a b c"))
    assert found["loss"].isna().all()
    assert found["weight"].sum() == pytest.approx(100)
    assert not found["pain"].any()


def test_a_single_place_has_nothing_to_be_compared_with():
    found = pain_points.rank(contacts.journeys(later(written("a=1", "a=2"))), line("a b"))
    assert found[["ending", "loss", "weight"]].isna().to_numpy().all()


# -- moments that matter ---------------------------------------------------------------------------------------------


def moving(customers: int, seed: int, slope: float) -> pd.DataFrame:
    """Everybody at a, scored 1 to 5; at each point the chance of going on to b is `slope` greater, from .5 at 3. A
    customer passes a once or twice, at two touchpoints, of which only x moves."""
    rng = np.random.default_rng(seed)
    rows = []
    for customer in range(customers):
        day = pd.Timestamp("2026-01-01") + pd.Timedelta(days=int(rng.integers(0, 50)))
        for touchpoint in ("x", "y"):
            score = rng.integers(1, 6)
            rows.append((customer, day, touchpoint, "digital", "a", float(score)))
            day += pd.Timedelta(days=1)
            if rng.random() > 0.5 + (slope * (score - 3) if touchpoint == "x" else 0):
                break
        else:
            rows.append((customer, day, "z", "digital", "b", np.nan))
    return later(pd.DataFrame(rows, columns=["customer", "when", "touchpoint", "channel", "stage", "score"]))


DRAWN = pd.DataFrame(
    {"stage": ["a", "a", "b"], "order": [1, 1, 2], "touchpoint": ["x", "y", "z"], "channel": "digital"}
)


def test_the_moment_that_moves_is_found():
    """Oracle: the simulation's slope of 12 percent points for x, none for y."""
    found = pain_points.moments(contacts.journeys(moving(1500, 1, 0.12)), DRAWN).set_index("touchpoint")
    x, y = found.loc["x"], found.loc["y"]
    assert x[["rank", "clear"]].tolist() == [1, True]
    assert x["low"] < 12 < x["high"]
    assert y["low"] < 0 < y["high"]
    assert x["weight"] == pytest.approx(x["estimate"] * x["customers"] / 100)
    assert np.isnan(found.loc["z", "estimate"])


def test_slopes_and_errors_are_those_of_clustered_least_squares():
    """Oracle: statsmodels with its own small-sample factor, for customers who pass a touchpoint several times."""
    rng = np.random.default_rng(2)
    events = later(written(*(" ".join(rng.choice(["a", "b"], 6)) for _ in range(50))))
    events["score"] = np.where(events["customer"] == "later", np.nan, rng.integers(1, 6, len(events)))
    people = pd.DataFrame({"customer": [f"c{i}" for i in range(1, 46)], "outcome": rng.choice([-100.0, 0, 100], 45)})
    found = pain_points.moments(contacts.journeys(events), line("a b"), outcomes=people, level="stage").set_index(
        "stage"
    )
    both = events.merge(people, on="customer").dropna(subset="score")
    for stage, rows in both.groupby("stage"):
        fit = sm.OLS(rows["outcome"], sm.add_constant(rows["score"])).fit(
            cov_type="cluster", cov_kwds={"groups": pd.factorize(rows["customer"])[0]}
        )
        ours = found.loc[stage]
        assert ours[["estimate", "se", "n"]].tolist() == pytest.approx(
            [fit.params["score"], fit.bse["score"], len(rows)]
        )
        half = stats.t.ppf(0.975, rows["customer"].nunique() - 1) * fit.bse["score"]
        assert ours["high"] - ours["estimate"] == pytest.approx(half)


def test_scores_of_the_demo_move_nothing_clearly(demo, log):
    """Oracle: the demo draws what follows without regard to the score."""
    found = pain_points.moments(log, demo.table("map"))
    assert not found["clear"].any()
    held = (found["low"] <= 0) & (found["high"] >= 0)
    assert held[found["n"] > 0].sum() >= 8


def test_scores_that_do_not_vary_have_no_slope():
    found = pain_points.moments(contacts.journeys(later(written("a=3 b", "a=3", "a=3"))), line("a b"), level="stage")
    assert found["estimate"].isna().all()


def test_bad_calls_are_refused():
    made = contacts.journeys(written("a=1 b"))
    twice = pd.DataFrame({"customer": ["c1", "c1"], "outcome": [0, 100]})
    words = twice.head(1).assign(outcome="left")

    def moments(outcomes):
        return lambda: pain_points.moments(made, line("a b"), outcomes=outcomes)

    for call, message in (
        (lambda: pain_points.rank(made, line("a b"), level="phase"), "a level is stage or touchpoint; found phase"),
        (lambda: pain_points.rank(made, line("a b"), confidence=1), "confidence lies between 0 and 1"),
        (moments(twice), "a customer has one outcome; 1 rows repeat one, e.g. c1"),
        (moments(twice[["customer"]]), "outcome is missing"),
        (moments(words), "outcomes are numbers; found text, e.g. left"),
    ):
        with pytest.raises(CxError) as caught:
            call()
        assert message in str(caught.value)
