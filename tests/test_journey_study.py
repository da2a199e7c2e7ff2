"""What the journey chapter looks at: contacts, map, groups of customers, and what is refused in one sentence.

Oracles: numbers counted by hand or with pandas from the small study, what was planted in the demo, error texts.
"""

from pathlib import Path

import pandas as pd
import pytest
from journey_chapter import CUSTOMERS, JOURNEY, MAP, complaints, customers, events, made

from cxlib import CxError, Study, journey_study
from cxlib.charts.journeys import funnel_of, journey_alt_of, journey_of
from cxlib.journey_study import case, facts

DEMO = Path(__file__).resolve().parent.parent / "data/demo"
LOG = events()
SHOWN = {"minimum_base": 30, "confidence": 0.95}


@pytest.fixture
def found(load):
    """found(parameters, **changes): the case of the changed small study, and its facts."""

    def one(how=None, **changes):
        here = case(made(load, **changes))
        return here, facts(here, **(how or {}))

    return one


def refusal(load, *, group: str = "", confidence=0.95, how=None, **changes) -> str:
    study = made(load, **changes)
    with pytest.raises(CxError) as caught:
        facts(case(study, group=group, confidence=confidence), **(how or {}))
    return str(caught.value).replace(str(study.folder), "DIR")


def test_a_study_without_contacts_has_no_journeys(found):
    here, told = found(only=("customers",))
    assert here.log is None
    assert here.drawn_map is None
    assert told.stages.empty
    assert told.customers == 0
    assert journey_of(told, None, title="", scale=(1, 5), **SHOWN) is None
    assert funnel_of(told, **SHOWN) is None


def test_a_group_s_journeys_are_of_its_customers(load):
    """North are the customers of even number up to 386, by construction."""
    here = case(made(load), group="region: North")
    names = {f"c{i}" for i in range(0, CUSTOMERS - 12, 2)}
    assert here.group == "Region: North"
    assert here.log.customers == len(names)
    assert here.log.contacts == LOG["customer"].isin(names).sum()
    assert set(here.customers["customer"]) == names


def test_complaints_tell_of_a_group_for_as_long_as_of_all(load):
    """Only who is in the group's log can have complained; the days noted are those of the whole table: complaints of
    c0, c10, … c390, all of even number, so that of the south none did, on a base that is not 0."""
    south = facts(case(made(load), group="region:South")).stages.set_index("stage")
    assert south.loc["see", "complaint"] == 0
    assert south.loc["see", "complaint_n"] == CUSTOMERS / 2 - 6
    assert (
        facts(case(made(load, frames={"complaints": complaints().assign(when=None)}))).stages["complaint"].isna().all()
    )


def test_the_demo_s_personas_and_groups(monkeypatch):
    """Counted in the demo's tables; whoever is of a persona is of no other. One that is not there is told with those
    that are. Personas are formed once, which takes ten seconds."""
    study, form, kept = Study.load(DEMO), journey_study.people.formed, []
    monkeypatch.setattr(
        journey_study.people, "formed", lambda who: kept[0] if kept else kept.append(form(who)) or kept[0]
    )
    table = study.table("customers")
    digital = table["customer"][table["channel"].astype(str) == "Digital"]
    contacts = study.table("events")["customer"]
    assert case(study, group="channel:Digital").log.customers == contacts[contacts.isin(digital)].nunique()
    one, two = (case(study, group=f"persona:{name}") for name in (1, kept[0].names[1] if kept else 2))
    assert one.group == f"Persona 1: {kept[0].names[0]}"
    assert not set(one.customers["customer"]) & set(two.customers["customer"])
    assert 30 < one.log.customers < 6000
    with pytest.raises(CxError, match=r"^there is no persona 9; the personas are 1 .+; 2 .+"):
        case(study, group="persona:9")


REFUSED = {
    "an unknown group": (
        {"group": "regoin:North"},
        "customers have no groups of regoin; did you mean region?; there are region, kind",
    ),
    "an unknown answer": (
        {"group": "region:Nort"},
        "region has no answer Nort; did you mean North?; the answers are North, South, Islands",
    ),
    "a group without an answer": (
        {"group": "region"},
        "a group is question:answer, e.g. channel:Digital, or persona:1; found 'region'",
    ),
    "a group of nobody's": (
        {"group": "region:North", "only": JOURNEY},
        "a group of customers needs a table customers that names them with `customer:`",
    ),
    "customers without questions": (
        {"group": "region:North", "tables": {"customers": {"questions": {}}}},
        "customers have no groups of region; no question of theirs has any",
    ),
    "personas that there are not": (
        {"group": "persona:1"},
        "there are no personas to choose from: no segments: fewer than two questions could form any",
    ),
    "confidence in percent": ({"confidence": 95.0}, "confidence lies between 0 and 1, e.g. 0.95; found 95.0"),
    "an empty log": (
        {"only": JOURNEY, "frames": {"events": LOG.head(0)}},
        "a table must hold at least one row; e.csv has none",
    ),
    "a zone in one row": (
        {
            "only": JOURNEY,
            "frames": {"events": LOG.assign(when=LOG["when"].where(LOG.index != 3, "2026-01-06T10:00Z"))},
        },
        "DIR/study.yml: table events, column when: dates are written 2026-01-31 or 2026-01-31 14:05; 1 do not, e.g. "
        "2026-01-06T10:00Z in row 4 of e.csv",
    ),
    "a stage in two places": (
        {"only": JOURNEY, "frames": {"map": MAP.assign(order=[1, 2, 3, 4, 5])}},
        "a stage has one order and one phase in the map; 1 have more, e.g. choose",
    ),
    "an unknown purchase": (
        {"how": {"purchase": "bye"}, "only": JOURNEY},
        "the purchase is a stage of the map; bye is none; did you mean buy?",
    ),
    "a purchase at which all begin": (
        {"how": {"purchase": "see"}, "only": JOURNEY, "frames": {"events": LOG[LOG["stage"] == "see"]}},
        "a removal effect needs contacts before see; all 400 journeys begin there",
    ),
    "complaints within no days": (
        {"how": {"days": 0}, "only": JOURNEY},
        "complaints are counted within a number of days, 1 or more; found 0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_told_ends_in_one_sentence(load, name):
    changes, message = REFUSED[name]
    assert refusal(load, **changes) == message


def test_contacts_before_the_customer_came_are_told(found):
    frame = customers().assign(gone=None)
    frame.loc[:2, "since"] = "2026-03-01"
    _, told = found(only=(*JOURNEY, "customers"), frames={"customers": frame})
    row = told.checks.set_index("kind").loc["before_customer"]
    first = LOG[LOG["customer"].isin(["c0", "c1", "c2"])]
    assert (row["contacts"], row["customers"], row["problem"]) == (len(first), 3, True)
    assert row["example"] == ""  # a report names no customer


def test_without_channels_nothing_is_told_of_them(found):
    here, told = found(only=JOURNEY, without=["events.channel"])
    assert list(told.touchpoints["touchpoint"]) == ["advert", "form", "shop", "till", "help"]  # none stands twice
    assert journey_study.channels(told).empty
    assert len(told.audit[told.audit["level"] == "touchpoint"]) == 5
    assert journey_of(told, here.drawn_map, title="J", scale=(1, 5), **SHOWN) is not None


def test_a_channel_may_bear_any_name(found):
    """The shares of a stage's channels add up to 100, also where a channel is named like a limit."""
    log = LOG.assign(channel=LOG["channel"].replace({"traditional": "price_low"}))
    _, told = found(only=JOURNEY, frames={"events": log})
    shares = journey_study.channels(told)
    assert set(shares["channel"]) == {"digital", "price_low"}
    assert shares.groupby("stage")["estimate"].sum().round(6).eq(100).all()


def test_a_map_of_stages_alone_serves(found):
    here, told = found(only=JOURNEY, without=["map.touchpoint", "map.channel", "map.expected", "map.phase"])
    assert told.audit.empty
    assert told.removal.empty
    assert told.conformance.set_index("part").loc["unknown_touchpoint", "customers"] == 0
    assert told.pains["touchpoint"].iloc[0] == "form"
    assert journey_of(told, here.drawn_map, title="J", scale=(1, 5), **SHOWN) is not None


def test_more_stages_than_a_picture_has_room_for_are_tables_alone(found):
    stages = [f"s{i:02}" for i in range(14)]
    drawn = pd.DataFrame({"stage": stages, "order": range(14), "phase": None, "touchpoint": "t", "channel": "app",
                          "expected": 1})  # fmt: skip
    log = pd.DataFrame(
        [(f"c{j}", f"2026-01-{1 + i:02}", "t", "app", stage, 3) for j in range(40) for i, stage in enumerate(stages)],
        columns=list(LOG),
    )
    here, told = found(only=JOURNEY, frames={"map": drawn, "events": log})
    assert len(told.stages) == 14
    assert journey_of(told, here.drawn_map, title="J", scale=(1, 5), **SHOWN) is None
    assert journey_alt_of(told, **SHOWN) == "No journey map."


def test_a_purchase_that_nobody_reaches_or_all_begin_with_has_no_removal_effect(found):
    for log in (LOG[LOG["stage"] == "see"], LOG[LOG["stage"] == "buy"]):
        assert found(only=JOURNEY, frames={"events": log})[1].removal.empty


def test_numbers_of_too_small_a_base_are_left_blank(found):
    """29 scores at buy, which has more than 30 visits: its mean is not told, its visits are."""
    log = LOG.copy()
    here = log["stage"] == "buy"
    log.loc[log.index[here][29:], "score"] = None
    _, told = found(only=JOURNEY, frames={"events": log})
    buy = told.stages.set_index("stage").loc["buy"]
    assert buy["score_n"] == 29
    assert buy[["score", "score_low", "score_high"]].isna().all()
    assert buy["ended"] > 0
    till = told.pains.set_index("touchpoint").loc["till"]
    assert till[["loss", "loss_low", "loss_p", "weight"]].isna().all()
    assert till["rank"] == 5
    fewer = told.audit[told.audit["stage"].eq("see") & told.audit["level"].eq("stage")].iloc[0]
    assert pd.isna(fewer["fewer_score"])


def test_scores_of_one_value_have_a_scale(load):
    study = made(load, only=JOURNEY, frames={"events": LOG.assign(score=3)})
    assert journey_study.scale(case(study)) == (3, 4)
    assert journey_study.scale(case(made(load, only=JOURNEY, without=["events.score"]))) == (1, 5)
    assert journey_study.scale(case(made(load, only=JOURNEY))) == (1, 5)


def test_a_group_without_contacts_has_no_journey_and_all_else(load):
    study = made(load, frames={"events": LOG.head(100)})
    found = case(study, group="region:Islands")
    assert (found.log, found.group) == (None, "Region: Islands")
    assert len(found.customers)


def test_touchpoints_that_are_addresses_are_no_journey(load):
    log = events().assign(touchpoint=[f"/page/{i}" for i in range(len(events()))])
    found = case(made(load, frames={"events": log}))
    assert found.log is None
    assert found.why_not.endswith("500 are the most that can be told of; name kinds of touchpoints instead.")
