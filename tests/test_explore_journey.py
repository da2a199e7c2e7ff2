"""The panel of journeys: it says what the chapter says under the same settings, and a sentence where it cannot.

Oracles: what the chapter itself publishes (the committed notebook, and its cells run on a small study), error texts, an
engine that refuses to be asked again.
"""

import json
import shlex
from itertools import pairwise
from pathlib import Path

import pytest
from journey_chapter import JOURNEY, events, made, parts

from cxlib import CxError, Study, explore, journey_study, results
from cxlib.contact_log import Journeys
from cxlib.journey_stage import at_stage
from cxlib.published import notebook_parameters, read_outputs
from cxlib.report.plan import chapter_parameters

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "notebooks/03_journey_map.ipynb"
# The cells of the chapter that publish what the panel shows; the others tell who stays, and draw.
CELLS = ("parameters", "imports", "data", "results", "stages", "pains", "fit", "transitions")
# What the panel calls the numbers of a stage, and the heads of the chapter's table of stages.
SAME = {"Move on": "Move on", "Go back": "Go back", "End here": "End here", "Days to the next": "Days to the next",
        "Score": "Score", "Complain": "Complain"}  # fmt: skip


@pytest.fixture(scope="module")
def demo():
    return Study.load(ROOT / "data/demo")


@pytest.fixture(scope="module")
def panel(demo):
    return explore.journey(demo)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The small study of journey_chapter."""
    folder = tmp_path_factory.mktemp("tiny")
    table, data, top = parts()
    for name, content in data.items():
        (folder / name).write_text(content, encoding="utf-8")
    (folder / "study.yml").write_text(top + table, encoding="utf-8")
    return Study.load(folder)


@pytest.fixture(scope="module")
def case(study):
    return journey_study.case(study)


def published(monkeypatch, folder, parameters: dict) -> dict[str, dict]:
    """What the chapter's own CELLS publish with these parameters, by kind and name."""
    shown, names = [], {}
    monkeypatch.setattr(results, "display", lambda data, raw: shown.append(data[results.MIME]))
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"]}
    for name in CELLS:
        exec(cells[name], names)
        if name == "parameters":
            names |= {"study": str(folder)} | parameters
    return {f"{data['kind']} {data['name']}": data for data in shown}


def options(control) -> list:
    """The values that a list offers."""
    return [value for _, value in control.build().options]


def tables(panel) -> dict[str, list[list[str]]]:
    """The panel's tables as printed: heads and rows, by caption."""
    lines = [part.plain.split("\n") for part in panel.parts]
    return {part[0]: [line.split(" | ") for line in part[1:]] for part in lines if len(part) > 1}


def printed(table: dict) -> list[list[str]]:
    return [table["printed"]["heads"], *table["printed"]["rows"]]


def same_as(panel, chapter: dict[str, dict]) -> None:
    """Raise AssertionError where the panel prints another number than the chapter, which publishes by kind and name."""
    shown, stage = tables(panel), panel.settings["stage"]
    said = "\n".join(part.plain for part in panel.parts)
    for name in ("finding log", "finding held_against"):
        assert name not in chapter or chapter[name]["text"] in said
    heads, *rows = printed(chapter["table stages"])
    row = dict(zip(heads, next(row for row in rows if row[0] == stage), strict=True))
    here = {cells[0]: [cell.strip("*") for cell in cells[1:]] for cells in shown[f"The stage {stage}"][1:]}
    customers = dict(zip(heads, rows[0], strict=True))["Customers"] if panel.settings["stage"] == "see" else None
    assert customers is None or here["Customers who come here"][2] == customers
    for name, head in SAME.items():
        assert name not in here or here[name][0] == row[head].strip("*"), name
    interval = next(head for head in heads if head.endswith("interval"))
    assert here["Move on"][1] == row[interval]
    assert here["Score"][1].split(" to ") == [row["Score: from"], row["Score: to"]]
    assert here["Move on"][2] == row["Base"]
    heads, *rows = printed(chapter["table pains"])
    assert shown[f"Pain points at {stage}, ranked among all"] == [
        [cell for cell, head in zip(cells, heads, strict=True) if head != "Stage"]
        for cells in [heads, *[cells for cells in rows if cells[1] == stage]]
    ]
    assert shown.get("Where customers leave the map") == (
        printed(chapter["table departures"])[:9] if "table departures" in chapter else None
    )
    if "number fits" in chapter:
        told = chapter["number fits"]["printed"]
        assert f"{told['value']} | {told['interval']} | {told['base']}" in said
    if "table removal" in chapter:
        heads, *rows = printed(chapter["table removal"])
        lost = [rows for caption, rows in shown.items() if caption.startswith("What would be lost")]
        at = heads.index("Stage")
        wanted = [cells[:at] + cells[at + 1 :] for cells in rows if cells[at] == stage]
        assert (lost[0][1:] if lost else []) == wanted


def test_the_first_answer_is_what_the_committed_chapter_says(panel):
    record = read_outputs(NOTEBOOK)[1]
    chapter = {f"{kind} {name}": data for cell in record for kind, name, data in cell.published}
    panel.set(stage="decide")
    for stage in ("decide", "search", "feedback"):
        same_as(panel.set(stage=stage), chapter)
    assert panel.parameters.items() <= notebook_parameters(NOTEBOOK).items()
    assert panel.command == "cx report data/demo --only journey_map"


SETTINGS = {
    "a group, surer": {"group": "region:North", "confidence": 0.99, "stage": "choose"},
    "no need of a stage": {"expected": "optional: choose", "complaint_days": 60, "stage": "see"},
    "the usual way of a group": {"group": "region:South", "expected": "usual", "purchase": "buy", "stage": "buy"},
    "an own map": {"expected": "see > buy > use", "purchase": "use", "confidence": 0.8, "stage": "see"},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_under_other_settings_it_says_what_the_chapter_says(study, case, monkeypatch, name):
    """Moved from the defaults, and its parameters given to the chapter's own cells."""
    panel = explore.journey(study, case=case).set(**SETTINGS[name])
    same_as(panel, published(monkeypatch, study.folder, panel.parameters))


def test_the_settings_can_be_kept(panel):
    """The command's words are parameters of the chapter and give the settings back; so do the lines of the cell."""
    settings = {"group": "channel:Digital", "expected": "optional: compare", "purchase": "decide", "confidence": 0.9,
                "complaint_days": 45}  # fmt: skip
    panel.set(**settings, stage="search")
    words = shlex.split(panel.command)
    given = dict(word.split("=", 1) for before, word in pairwise(words) if before == "-p")
    assert {name: chapter_parameters("journey_map", given)[name] for name in settings} == settings
    lines = {}
    exec(panel.cell, lines)
    assert {name: lines[name] for name in settings} == settings
    assert "stage" not in panel.parameters


def test_widgets_change_the_answer(study, case):
    panel = explore.journey(study, case=case)
    panel.open()
    assert set(panel.widgets) == {"group", "stage", "expected", "purchase", "complaint_days", "confidence"}
    assert all(widget.description for widget in panel.widgets.values())
    assert panel.settings["stage"] == "choose"  # where the form is, which hurts
    panel.widgets["stage"].value = "buy"
    assert "The stage buy" in panel._body.value
    panel.widgets["confidence"].value = 0.9
    assert "90% interval" in panel._body.value
    panel.widgets["group"].value = "region:North"
    assert "(Region: North)" in panel._body.value
    panel.widgets["expected"].value = "optional: buy"
    assert "nobody need come to buy" in panel._body.value
    assert "group=region:North" in panel._command.value


def test_stage_and_confidence_do_not_ask_the_log_again(study, case, monkeypatch):
    panel = explore.journey(study, case=case)
    panel.set(group="region:North", stage="choose")

    def refuse(*_):
        raise AssertionError("the log was asked")

    monkeypatch.setattr(Journeys, "_asked", refuse)
    before = repr(panel)
    for settings in ({"stage": "use"}, {"confidence": 0.8}, {"group": ""}, {"confidence": 0.95}):
        assert f"The stage {panel.set(**settings).settings['stage']}" in repr(panel)
    assert repr(panel.set(group="region:North", stage="choose")) == before


def test_what_the_chapter_has_reckoned_is_not_reckoned_again(study, case, monkeypatch):
    journey_study.facts(case)
    monkeypatch.setattr(Journeys, "_asked", None)
    alone = explore.journey(study, case=case)._repr_mimebundle_()
    assert alone == explore.journey(study, case=case)._repr_mimebundle_()
    assert len(alone["text/html"]) < 150_000


def test_the_stage_is_marked_in_words_and_with_a_frame(panel):
    panel.set(group="", expected="", stage="compare")
    pictures = [part for part in panel.parts if part.html.startswith("<img")]
    assert [part.plain.endswith("Marked: compare.") for part in pictures] == [True]


def test_a_group_of_whom_there_is_no_contact_and_one_of_few(load):
    """Islands are twelve customers, one of them without a contact: under the minimum base of 30."""
    log, gone = events(), [f"c{i}" for i in range(0, 400, 9)]  # all of the kind k0
    panel = explore.journey(made(load, frames={"events": log[~log["customer"].isin(gone)]}))
    assert "**" in repr(panel.set(group="region:Islands", stage="see"))
    assert "of 11 customers (Region: Islands)" in repr(panel)
    assert repr(panel.set(group="kind:k0")) == "No contact of the log is of a customer of this group (Kind: k0)."


WRONG = {
    "a group": ({"group": "regoin:North"}, "customers have no groups of regoin; did you mean region?"),
    "an answer": ({"group": "region:Nowhere"}, "region has no answer Nowhere"),
    "a map": ({"expected": "see > by"}, "expected is empty, usual, 'optional: names' or stages in their order"),
    "a stage": ({"stage": "bye"}, "bye is no stage of the journey; did you mean buy?"),
    "a purchase": ({"purchase": "bye"}, "the purchase is a stage of the map; bye is none"),
    "days": ({"complaint_days": 0}, "complaints are counted within a number of days, 1 or more; found 0"),
    "a confidence": ({"confidence": 95.0}, "confidence lies between 0 and 1, e.g. 0.95; found 95.0"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_there_is_told_at_the_call_and_in_the_panel(study, case, name):
    settings, message = WRONG[name]
    with pytest.raises(CxError) as caught:
        explore.journey(study, case=None if "group" in settings else case, **settings)
    assert str(caught.value).startswith(message)
    panel = explore.journey(study, case=case).set(**settings)
    assert [part.plain.startswith(message) for part in panel.parts] == [True]


def test_a_study_without_journeys(load):
    """Called alone it says what is missing; at the end of a chapter that goes on without journeys it says that."""
    study = made(load, only=("customers",))
    with pytest.raises(CxError, match="the panel of journeys needs a table events that says which columns"):
        explore.journey(study)
    shown = repr(explore.journey(study, case=journey_study.case(study)))
    assert shown == "The study has no contacts with a drawn map, so no journey is told."


def test_contacts_alone_offer_no_groups_and_no_complaints(load):
    panel = explore.journey(made(load, only=JOURNEY, without=["map.phase"]))
    assert options(panel.controls["group"]) == [""]
    assert "complaint_days" not in panel.controls
    assert panel.parameters["complaint_days"] == 30
    assert "What would be lost" not in repr(panel)  # no stage is the purchase
    assert "The stage see" in repr(panel.set(stage="see", purchase="buy"))
    assert "the purchase is buy" in repr(panel)


def test_personas_are_offered_where_customers_share_their_questions(panel, study, case):
    """With what they cost; they are formed at the first choice only."""
    assert "ten seconds" in panel.controls["group"].say("persona:1")
    assert not [one for one in options(explore.journey(study, case=case).controls["group"]) if "persona" in one]


def test_a_stage_s_numbers_by_hand(case):
    """All 400 come to see, each once; everybody's second contact is a day later at choose, and nobody goes back."""
    found = journey_study.facts(case, only=["stages"])
    rows = at_stage(found, "see", confidence=0.95).set_index("measure")
    assert rows.loc["Customers who come here", ["estimate", "n"]].tolist() == [100, 400]
    assert rows.loc["Go back", "estimate"] == 0
    assert rows.loc["Days to the next", "estimate"] == 1
    assert rows.loc["Move on", "estimate"] + rows.loc["End here", "estimate"] == pytest.approx(100)
