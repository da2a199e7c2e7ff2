"""Maps that are expected in place of the drawn one: how they are written, and what fits them.

Oracles: maps and counts by hand on logs of a few journeys, error texts, and what the drawn map itself gives.
"""

import pandas as pd
import pytest
from journey_chapter import made
from journey_log import later, line, written

from cxlib import CxError, contacts, paths
from cxlib.expected_map import expected_map, told
from cxlib.journey_study import case, expecting, facts
from cxlib.pain_points import rank

DRAWN = line("a b c d", phase=["before", "before", "during", "after"], expected=1.0)


def of(*journeys: str) -> contacts.Journeys:
    return contacts.journeys(later(written(*journeys)))


LOG = of("a c d", "a c d", "a b c d", "a b a c", "c d", "a x c", "a")


def test_an_empty_expectation_is_the_drawn_map():
    assert expected_map(LOG, DRAWN, " ") is DRAWN
    assert told(DRAWN) == "a > b > c > d"


def test_the_usual_way_by_hand():
    """Most begin at a; of 8 visits to a three lead to c, two to b and one to x; from c three go to d. So b and x are
    beside the way, after a, from which they are come to."""
    found = expected_map(LOG, DRAWN, "usual")
    assert told(found) == "a > (x) > (b) > c > d"
    assert "expected" not in found
    assert found.drop_duplicates("stage").set_index("stage")["phase"].dropna().to_dict() == {
        "a": "before", "b": "before", "c": "during", "d": "after"
    }  # fmt: skip
    parts = paths.conformance(LOG, found).set_index("part")["customers"]
    assert parts.to_dict() == {
        "fits": 5, "complete": 3, "detour": 1, "loop": 1, "unknown_stage": 0, "unknown_touchpoint": 0
    }  # fmt: skip


def test_a_way_that_hardly_anybody_goes_is_not_the_usual_one():
    """Of eleven who come to b one goes on to y, fewer than one in ten: the journey may end at b as well as at y."""
    log = of(*["a b"] * 10, "a b y")
    found = expected_map(log, line("a b"), "usual")
    assert told(found) == "a > b > (y)"
    assert paths.conformance(log, found).set_index("part")["customers"]["complete"] == 11


def test_an_optional_stage_may_be_passed_over_and_a_visit_to_it_is_no_departure():
    """Without the need of b: a c d (twice) and a b c d fit, and a; c d begins late, a b a c turns back, a x c meets x.
    The skip from the start to c passes over a and b, of which a alone is missed."""
    found = expected_map(LOG, DRAWN, "optional: b")
    assert told(found) == "a > (b) > c > d"
    assert found.set_index("stage")["expected"].isna().to_dict() == {"a": False, "b": True, "c": False, "d": False}
    parts = paths.conformance(LOG, found).set_index("part")["customers"]
    assert parts.to_dict() == {
        "fits": 4, "complete": 3, "detour": 1, "loop": 1, "unknown_stage": 1, "unknown_touchpoint": 0
    }  # fmt: skip
    ways = paths.departures(LOG, found).set_index(["kind", "from", "to"])
    assert ways["customers"].to_dict() == {("skip", "(start)", "c"): 1, ("back", "b", "a"): 1,
                                           ("unknown_stage", "x", ""): 1}  # fmt: skip
    assert ways.loc[("skip", "(start)", "c"), "skipped"] == "a"


def test_an_optional_last_stage_is_an_end_like_the_one_before():
    """To end at c is then no harm, as it is not at d; under the drawn map it is weighed."""
    log = of(*["a b c"] * 5, *["a b c d"] * 5)
    drawn, found = (rank(log, one).set_index("stage") for one in (DRAWN, expected_map(log, DRAWN, "optional: d")))
    assert drawn.loc["c", "n"] == 10
    assert found.loc["c", "n"] == 0
    assert paths.conformance(log, expected_map(log, DRAWN, "optional: d"))["customers"].tolist()[:2] == [10, 10]


def test_nobody_need_meet_an_optional_touchpoint(load):
    """The audit of the small study counts seven expectations, of the journey, four stages and five touchpoints: two
    fewer without the form (the stage keeps that of the shop)."""
    study = made(load)
    whole, spared = (facts(case(study, expected=one), only=["audit", "conformance"]) for one in ("", "optional: form"))
    assert set(whole.audit["touchpoint"].dropna()) - set(spared.audit["touchpoint"].dropna()) == {"form"}
    stage = spared.audit[(spared.audit["level"] == "stage") & (spared.audit["stage"] == "choose")]
    assert stage["expected"].tolist() == [0.5]
    pd.testing.assert_frame_equal(whole.conformance, spared.conformance)
    assert whole.stages.empty


def test_stages_in_another_order_and_without_one():
    """In c > a the log knows x and b and d too, which that map lacks; a c goes back."""
    found = expected_map(LOG, DRAWN, "c > a")
    assert found[["stage", "order", "phase", "touchpoint"]].to_numpy().tolist() == [
        ["c", 1, "during", "c"], ["a", 2, "before", "a"]
    ]  # fmt: skip
    ways = paths.departures(LOG, found).set_index(["kind", "from", "to"])["customers"]
    assert ways[("back", "a", "c")] == 5
    assert ways[("unknown_stage", "d", "")] == 4
    assert ways[("skip", "(start)", "a")] == 6


def test_a_stage_that_only_the_log_has_may_be_expected():
    found = expected_map(LOG, DRAWN, "a > x > c")
    assert found["touchpoint"].tolist() == ["a", "x", "c"]
    assert paths.conformance(LOG, found).set_index("part")["customers"]["unknown_touchpoint"] == 0


REFUSED = {
    "usul": "expected is empty, usual, 'optional: names' or stages in their order, e.g. a > b > c; usul is no stage; "
    "did you mean usual?",
    "a > > b": "expected is empty, usual, 'optional: names' or stages in their order, e.g. a > b > c; nothing is no "
    "stage",
    "a > b > a": "a stage stands once in the map that is expected; a stands there 2 times",
    "optional: z": "optional are stages or touchpoints of the map; z is none; its stages are a, b, c, d",
    "optional:": "optional are stages or touchpoints of the map; nothing is none; its stages are a, b, c, d",
    "optional: a, b, c, d": "a map needs a stage that is not optional; here all are",
}


@pytest.mark.parametrize("expected", REFUSED)
def test_what_is_no_map_is_refused(expected):
    with pytest.raises(CxError) as caught:
        expected_map(LOG, DRAWN, expected)
    assert str(caught.value) == REFUSED[expected]


def test_the_log_is_checked_beside_the_study_s_own_map(load):
    """Whatever is expected, no contact is odd for it, and the order of contacts stays the same."""
    study = made(load)
    own, other = case(study), case(study, expected="see > use")
    checks = [facts(one, only=["checks"]).checks for one in (own, other)]
    pd.testing.assert_frame_equal(*checks)
    assert facts(other, only=["departures"]).departures["kind"].eq("unknown_stage").sum() == 2
    assert expecting(other, expected="", confidence=0.9).drawn_map.equals(own.drawn_map)
