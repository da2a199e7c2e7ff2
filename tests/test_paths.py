"""Paths, conformance with the drawn map, transitions and removal effects.

Oracles: logs counted by hand, the three-touchpoint example of Markov attribution worked by hand, a brute-force walk of
every chain, the inverse of a matrix written out, pandas alone on the demo's files, and the planted departures.
"""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from journey_log import STAGES, later, line, simulated, written
from statsmodels.stats.proportion import proportion_confint

from cxlib import CxError, Study, contacts, paths
from cxlib.removal import removal_effects

DEMO = Path(__file__).resolve().parent.parent / "data/demo"
TRUTH = yaml.safe_load((DEMO / "truth.yml").read_text(encoding="utf-8"))["journey"]


@pytest.fixture(scope="module")
def demo() -> Study:
    return Study.load(DEMO)


@pytest.fixture(scope="module")
def log(demo) -> contacts.Journeys:
    return contacts.journeys(demo.table("events"), order=STAGES)


def of(*journeys: str) -> contacts.Journeys:
    return contacts.journeys(later(written(*journeys)))


# -- paths and departures --------------------------------------------------------------------------------------------


def test_common_paths_by_hand():
    """Contacts in a row at one place are one visit; who is last seen at the end of the log is left out."""
    made = of("a a b", "a b", "a", "b a b")
    found = paths.common(made)
    assert found["path"].tolist() == ["a > b", "a", "b > a > b"]
    assert found["customers"].tolist() == [2, 1, 1]
    low, high = proportion_confint(2, 4, method="wilson")
    assert found.loc[0, ["estimate", "low", "high", "n"]].tolist() == pytest.approx([50, 100 * low, 100 * high, 4])
    assert found["cumulative"].tolist() == [50, 75, 100]
    assert len(paths.common(made, top=1)) == 1
    touched = paths.common(of("a/x a/y b", "a/x a/x b"), level="touchpoint")
    assert touched["path"].tolist() == ["x > y > b", "x > b"]


def test_conformance_by_hand():
    """a b c d is drawn. Fit: a b c d, a b (ends early), a a b. Others skip, go back, begin late or leave the map."""
    made = of("a b c d", "a b", "a a b", "a c", "a b a", "b c", "a x b", "a/q b")
    found = paths.conformance(made, line("a b c d")).set_index("part")
    assert found["customers"].to_dict() == {
        "fits": 3, "complete": 1, "detour": 2, "loop": 1, "unknown_stage": 1, "unknown_touchpoint": 1
    }  # fmt: skip
    assert found["n"].eq(8).all()
    low, high = proportion_confint(3, 8, method="wilson")
    assert found.loc["fits", ["estimate", "low", "high"]].tolist() == pytest.approx([37.5, 100 * low, 100 * high])


def test_departures_by_hand():
    """From a went on: all but c5. c1 skips b the first time, c2 only when it passes again, after going back from b."""
    made = of("a c", "a b a c", "b c", "a x", "a", "a/q b")
    found = paths.departures(made, line("a b c")).set_index(["kind", "from", "to"])
    assert found["customers"].to_dict() == {
        ("skip", "a", "c"): 2, ("back", "b", "a"): 1, ("skip", "(start)", "b"): 1, ("unknown_stage", "x", ""): 1,
        ("unknown_touchpoint", "a", "q"): 1,
    }  # fmt: skip
    skip = found.loc[("skip", "a", "c")]
    assert skip[["skipped", "rate_n"]].tolist() == ["b", 3]  # c1, c2 and c6 went on from a to a stage of the map
    low, high = proportion_confint(1, 3, method="wilson")
    assert skip[["rate", "rate_low", "rate_high"]].tolist() == pytest.approx([100 / 3, 100 * low, 100 * high])
    assert skip["estimate"] == pytest.approx(100 * 2 / 6)
    assert found.loc[("skip", "(start)", "b"), ["skipped", "rate", "rate_n"]].tolist() == [
        "a",
        pytest.approx(100 / 6),
        6,
    ]
    assert np.isnan(found.loc[("unknown_stage", "x", ""), "rate"])


def test_a_log_that_fits_has_no_departures():
    found = paths.departures(of("a b"), line("a b"))
    assert found.empty
    assert {"kind", "from", "to", "rate_low", "rate_n"} <= set(found)


def test_the_planted_departures_are_found(demo, log):
    """Oracle: truth.yml: a quarter of the visits to search that go on skip compare, and 18% of the first visits to
    decide that go on lead back to search; nobody departs in another way."""
    found = paths.departures(log, demo.table("map"))
    assert found[["kind", "from", "to"]].to_numpy().tolist() == [
        ["skip", "search", "decide"],
        ["back", "decide", "search"],
    ]
    assert found["skipped"].tolist() == ["compare", ""]
    for row, planted in ((0, TRUTH["skips_compare"]), (1, TRUTH["loops_back_from_decide"])):
        assert found.loc[row, "rate_low"] < 100 * planted < found.loc[row, "rate_high"]


def test_conformance_of_the_demo_by_pandas_alone(demo, log):
    events = pd.read_csv(DEMO / "events.csv", parse_dates=["when"]).sort_values(["customer_id", "when"])
    stopped = events.groupby("customer_id")["when"].max() <= log.until
    way = events.groupby("customer_id")["stage"].agg(" > ".join)[stopped]
    found = paths.conformance(log, demo.table("map")).set_index("part")
    fits = [" > ".join(STAGES[: i + 1]) for i in range(6)]
    assert found.loc["fits", ["customers", "n"]].tolist() == [way.isin(fits).sum(), len(way)]
    assert found.loc["complete", "customers"] == (way == fits[-1]).sum()
    assert found.loc["loop", "customers"] == way.str.contains("decide > search").sum()
    assert found.loc["detour", "customers"] == way.str.contains("search > decide").sum()
    first = paths.common(log, top=3)
    counts = way.value_counts()
    assert first["customers"].tolist() == counts.iloc[:3].tolist()
    assert first["path"].tolist() == counts.index[:3].tolist()


# -- transitions -----------------------------------------------------------------------------------------------------


def test_transitions_by_hand():
    found = paths.transitions(of("a a b", "a b a", "b")).set_index(["from", "to"])
    assert found["count"].to_dict() == {
        ("(start)", "a"): 3, ("(start)", "b"): 1, ("a", "b"): 2, ("a", "(end)"): 1, ("b", "a"): 1, ("b", "(end)"): 2
    }  # fmt: skip
    assert found.loc[("a", "b"), ["estimate", "n"]].tolist() == pytest.approx([200 / 3, 3])
    assert found.groupby(level=0)["estimate"].sum().tolist() == pytest.approx([100] * 3)
    touched = paths.transitions(of("a/x a/y b/x", "a/x b/x"), level="touchpoint")
    assert touched[["from_stage", "from", "to_stage", "to", "count"]].to_numpy().tolist() == [
        ["(start)", "(start)", "a", "x", 3],
        ["a", "x", "a", "y", 1],
        ["a", "x", "b", "x", 1],
        ["a", "y", "b", "x", 1],
        ["b", "x", "(end)", "(end)", 2],
    ]


def test_transitions_agree_with_the_stage_table(demo, log):
    from cxlib import journey

    ended = paths.transitions(log).query("to == '(end)'").set_index("from")
    stages = journey.stages(log, demo.table("map")).set_index("stage")
    for column, other in (("estimate", "ended"), ("low", "ended_low"), ("high", "ended_high"), ("n", "n")):
        assert ended.loc[STAGES, column].tolist() == pytest.approx(stages.loc[STAGES, other].tolist())


# -- removal effects -------------------------------------------------------------------------------------------------


def attribution() -> contacts.Journeys:
    """The example that Markov attribution is usually explained with: C1 > C2 > C3 > purchase; C1; C2 > C3."""
    return of("see/C1 see/C2 see/C3 buy", "see/C1", "see/C2 see/C3")


def test_the_textbook_example():
    """By hand. Start goes to C1 with 2/3 and to C2 with 1/3; C1 to C2 with 1/2, else to nothing; C2 to C3 always; C3 to
    the purchase with 1/2. Purchase: (2/3 x 1/2 + 1/3) x 1/2 = 1/3. Without C1: 1/3 x 1/2 = 1/6, half is lost; without
    C2 or C3 everything. The customer whose journey may go on is not among them."""
    found = paths.removal_effect(attribution(), line("see buy"), purchase="buy", samples=200).set_index("touchpoint")
    assert found["estimate"].to_dict() == pytest.approx({"C1": 50, "C2": 100, "C3": 100})
    assert found["attributed"].to_dict() == pytest.approx({"C1": 20, "C2": 40, "C3": 40})
    assert found["customers"].to_dict() == {"C1": 2, "C2": 2, "C3": 2}
    assert found["n"].eq(3).all()
    assert found["reached"].to_numpy() == pytest.approx(100 / 3)


def walked(counts: np.ndarray, removed: int | None = None) -> float:
    """The chance of conversion by following the chain until all but nothing is on its way."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-300)
    if removed is not None:
        shares[:, -1] += shares[:, removed]
        shares[:, removed] = 0
    here, converted = np.zeros(len(counts)), 0.0
    here[0] = 1
    for _ in range(400):
        on = here @ shares
        converted += on[-2]
        here = np.concatenate([[0.0], on[:-2]])
    return converted


def test_effects_are_those_of_walking_the_chain_without_the_state():
    random = np.random.default_rng(3)
    counts = random.integers(0, 9, (20, 6, 7)).astype(float)
    counts[:, :, -1] += 1
    counts[5, 3] = 0  # a state that is never left, nor counted
    found = removal_effects(counts)
    for sample, state in product(range(20), range(5)):
        whole = walked(counts[sample])
        assert found[sample, state] == pytest.approx(1 - walked(counts[sample], state) / whole, abs=1e-9)


def test_effects_by_an_inverse_written_out():
    """Two states that lead to each other: N = 1 / (1 - ab) [[1, a], [b, 1]] with a = .5 from 1 to 2 and b = .4 back.
    Start goes to 1; 1 converts with .2, 2 with .3. P = (.2 + .5 x .3) / .8 = .4375; without 2: .2."""
    counts = np.array([[[10, 0, 0, 0], [0, 5, 2, 3], [4, 0, 3, 3]]], float)
    assert removal_effects(counts)[0] == pytest.approx([1, 1 - 0.2 / 0.4375])


def test_what_nobody_needs_has_no_effect_and_no_conversion_none():
    counts = np.array([[[4, 4, 0, 0], [0, 0, 4, 0], [0, 0, 0, 4]]], float)
    assert removal_effects(counts)[0] == pytest.approx([1, 0])
    assert np.isnan(removal_effects(np.array([[[4, 0, 4]], [[4, 0, 4]]])[:1].repeat(2, axis=1) * [[[1], [0]]])).all()


def test_bootstrap_intervals_cover_the_effect_of_the_chain():
    """Oracle: the effect in a log of 60,000 customers; 40 logs of 800. Under 33 of 40 has a chance of 1 in 500."""
    drawn = Study.load(DEMO).table("map")
    whole = contacts.journeys(simulated(60_000, 1), order=STAGES)
    wanted = paths.removal_effect(whole, drawn, samples=2).set_index("touchpoint")["estimate"]
    hits = []
    for sample in range(40):
        made = contacts.journeys(simulated(800, 100 + sample), order=STAGES)
        found = paths.removal_effect(made, drawn, samples=200, seed=sample).set_index("touchpoint")
        hits.append((found["low"] <= wanted[found.index]) & (wanted[found.index] <= found["high"]))
    assert np.mean(hits) == pytest.approx(0.95, abs=0.05)
    assert pd.DataFrame(hits).sum().min() >= 33


def test_the_same_seed_gives_the_same_interval(demo, log):
    one, other = (paths.removal_effect(log, demo.table("map"), samples=50, seed=4) for _ in range(2))
    pd.testing.assert_frame_equal(one, other)
    assert one["purchase"].eq("use").all(), "the last stage of the phase during"
    assert set(one["touchpoint"]).isdisjoint({"delivery", "pickup", "survey_link", "call_centre"})
    assert ((one["low"] <= one["estimate"]) & (one["estimate"] <= one["high"])).all()


def test_bad_calls_are_refused():
    made = of("a b", "b")
    for call, message in (
        (lambda: paths.removal_effect(made, line("a b")), "name the stage at which a journey has reached the purchase"),
        (lambda: paths.removal_effect(made, line("a bee"), purchase="be"), "be is none; did you mean bee?"),
        (
            lambda: paths.removal_effect(made, line("a b c"), purchase="c"),
            "needs customers who reach c; none of 2 does",
        ),
        (lambda: paths.removal_effect(of("b", "b a"), line("a b"), purchase="b"), "all 2 journeys begin there"),
        (
            lambda: paths.removal_effect(made, line("a b"), purchase="b", samples=1),
            "a bootstrap needs 2 samples or more",
        ),
        (lambda: paths.common(made, level="phase"), "a level is stage or touchpoint; found phase"),
        (lambda: paths.common(made, top=0), "the number of paths to show is 1 or more; found 0"),
        (lambda: paths.transitions(made, level="phase"), "a level is stage or touchpoint; found phase"),
    ):
        with pytest.raises(CxError) as caught:
            call()
        assert message in str(caught.value)
