"""20,000 inputs at the front doors: each ends in success or in a CxError that says what to mend, and none otherwise."""

import sys
import warnings
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1]))
from fuzzed_doors import DOORS, PIECE, hashed_once

pytestmark = pytest.mark.soak
SHOWN = 12  # rules that are printed of each door


def test_the_doors_take_twenty_thousand_inputs():
    assert sum(door.many for door in DOORS.values()) == 20_000


@pytest.mark.parametrize("name", DOORS)
def test_every_input_is_taken_or_refused_with_a_reason(tmp_path, name):
    door, found = DOORS[name], Counter()

    @settings(
        derandomize=True, max_examples=door.many, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(given=st.tuples(door.inputs, PIECE))
    def enter(given):
        found[door.enter(tmp_path, *given)] += 1

    with hashed_once(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        enter()
    refused = found.total() - found["done"]
    print(f"\n{name}: {found.total():,} inputs, {found['done']:,} taken, {refused:,} refused by {len(found)} rules")
    for rule, count in [(rule, count) for rule, count in found.most_common() if rule != "done"][:SHOWN]:
        print(f"  {count:6,}  {rule}")
    assert found.total() >= 0.99 * door.many
    assert found["done"]
    assert len(found) > 2
