"""The panel of the personas: its numbers are the chapter's for the same settings; long work leaves the kernel free.

Oracle: the chapter's own cells, executed with the parameters that the panel gives; the text of errors.
"""

import asyncio
import json
import shlex
from itertools import pairwise
from pathlib import Path

import pytest
from persona_study import made as make_study

from cxlib import CxError, Study, explore, people, persona_facts, results, segment_number
from cxlib.explore import personas_panel, spells
from cxlib.report.plan import chapter_parameters

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks/04_persona_profiling.ipynb"
CELLS = ("parameters", "imports", "data", "found", "number-of-personas", "sizes", "sets-apart", "scores", "explore")


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Few samples and starts, the same for the chapter and for the panel; pictures have tests of their own."""
    monkeypatch.setattr(persona_facts, "SAMPLES", 100)
    for name, few in {"SIMULATIONS": 19, "SAMPLES": 10, "SHARE_SAMPLES": 50, "STARTS": 5}.items():
        monkeypatch.setattr(segment_number, name, few)
    monkeypatch.setattr(results, "svg", lambda drawing: "<svg/>")


@pytest.fixture
def study(load) -> Study:
    return make_study(load)


def chapter(monkeypatch, study, parameters: dict) -> tuple[dict[str, dict], dict]:
    """What the cells that the panel stands for publish under these parameters, and what they leave behind."""
    shown, names = {}, {}

    def display(data, raw):
        about = data[results.MIME]
        shown[f"{about['kind']} {about['name']}"] = about | {"plain": data["text/plain"]}

    monkeypatch.setattr(results, "display", display)
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]}
    for cell in CELLS:
        exec(cells[cell].replace("explore.personas(", "panel = explore.personas("), names)
        if cell == "parameters":
            assert set(parameters) <= set(names)
            names |= {"study": str(study.folder)} | parameters
    return shown, names


def lines(panel) -> str:
    return "\n".join(part.plain for part in panel.parts)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"k": "2", "confidence": 0.9, "scope": 0.3},
        {"variables": "pay,uses,goal", "seed": 3},
        {"waves": "w2", "k": "2-3"},
        {"k": "1"},
    ],
)
def test_the_numbers_are_those_of_the_chapter(monkeypatch, study, settings):
    panel = explore.personas(study, k="3").set(**settings)
    parameters = {"k": "3"} | settings
    assert {name: panel.parameters[name] for name in parameters} == parameters
    shown, names = chapter(monkeypatch, study, panel.parameters)
    told = lines(panel)
    assert shown["finding personas"]["plain"] in told
    for row in shown["table number_of_personas"]["printed"]["rows"]:
        assert " | ".join([row[0], row[3], row[5], row[7], row[9]]) in told
    # The chapter's own panel, with the personas that were handed in, says the same.
    names["panel"].update()
    assert lines(names["panel"]) == told
    if settings.get("k") == "1":
        assert "table sizes" not in shown
        assert len(panel.parts) == 2, "the reason, and the numbers tried"
        return
    assert shown["table sizes"]["plain"] in told
    assert shown["finding market"]["plain"] in told
    scores, cards = shown["table scores"]["printed"]["rows"], panel.parts[0].plain.splitlines()
    assert len(cards) == len(shown["table sizes"]["rows"])
    for persona, label, value, between, *_ in scores:
        card = [card for card in cards if f", {persona}:" in card]
        if not card:
            assert persona == "All"
            assert all(f"all {value}" in card for card in cards if f"{label} " in card)
        elif not label.startswith("Left"):
            assert f"{label} {value} ({between})" in card[0].replace("\N{NO-BREAK SPACE}", " ")


def test_what_is_moved_changes_the_answer(study):
    panel = explore.personas(study, k="3")
    panel.open()
    assert set(panel.widgets) == {"variables", "k", "seed", "waves", "scope", "confidence"}
    assert panel.widgets["variables"].value == ("pay", "uses", "spend", "goal"), "those that study.yml means"
    before = lines(panel)
    for name, value in {
        "k": "2",
        "waves": ("w1",),
        "scope": 0.3,
        "confidence": 0.8,
        "variables": ("pay", "uses", "spend"),
    }.items():
        panel.widgets[name].value = value
        now = lines(panel)
        assert now != before, name
        before = now
    assert "225 respondents" in before
    assert "if 30.0% of it can be reached" in before
    assert "80% interval" in before


def test_settings_are_kept_as_command_and_cell(study):
    """Running the parameters of the command through the chapter's own reader gives the settings back."""
    panel = explore.personas(study, k="3").set(variables="uses,pay", seed=2, waves="w2", scope=0.5, confidence=0.9)
    words = shlex.split(panel.command)
    given = dict(word.split("=", 1) for before, word in pairwise(words) if before == "-p")
    told = chapter_parameters("persona_profiling", given)
    assert {name: told[name] for name in panel.settings} == panel.settings
    kept = {}
    exec(panel.cell, kept)
    assert {name: kept[name] for name in given} == {name: told[name] for name in given}
    assert set(given) == {"variables", "k", "seed", "waves", "scope", "confidence"}
    assert "variables" not in explore.personas(study, k="3").cell, "what study.yml means needs no words"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"variables": "pay"}, "personas are formed from two variables or more; of pay 1 can serve"),
        ({"variables": "pay,why"}, "why is a comment, which forms no persona"),
        ({"scope": 2.0}, "scope is the share of a persona that the company can reach, 0 to 1; found 2.0"),
        ({"seed": -1}, "seed is a whole number from 0 to 4,294,967,295, e.g. 0; found -1"),
        ({"waves": "w9"}, "there is no wave w9"),
        ({"variables": "uses", "k": "9"}, "there cannot be more segments than patterns of answers"),
    ],
)
def test_wrong_settings_end_in_a_sentence(study, settings, message):
    panel = explore.personas(study, k="2").set(**settings)
    assert len(panel.parts) == 1
    assert message in panel.parts[0].plain
    assert 'role="alert"' in panel.parts[0].html
    assert "Traceback" not in panel.parts[0].plain
    assert "Persona 2" in lines(panel.set(variables="pay,uses", scope=0.0, seed=0, waves="", k="2")), "and goes on"


def test_what_a_study_lacks(load):
    """Customers alone have no waves; without what could form personas it says so; without a table it is refused."""
    alone = make_study(load, without=["survey", "complaints"], personas={"value": None, "value_times": None})
    panel = explore.personas(alone, variables="pay,age", k="2")
    panel.update()
    assert "waves" not in panel.controls
    assert "Of 600 customers" in lines(panel)
    bare = make_study(load, without=["survey.questions.pay", "survey.questions.uses", "survey.questions.spend"],
                      personas={"value": None, "value_times": None})  # fmt: skip
    panel = explore.personas(bare)
    panel.update()
    assert "No segments: fewer than two questions could form any." in lines(panel)
    events = load("tables:\n  events: {file: e.csv, customer: c, when: d}\n", {"e.csv": "c,d\n1,2026-01-01\n"})
    with pytest.raises(CxError, match=r"personas are made of a table survey or customers, and there is neither$"):
        explore.personas(events)
    with pytest.raises(CxError, match=r"^there is no wave w9; the waves are w1, w2"):
        explore.personas(make_study(load), waves="w9")


def test_lists_name_what_is_sensitive_and_what_the_choice_costs(study):
    panel = explore.personas(study, k="3-5")
    panel.open()
    questions = dict(panel.widgets["variables"].options)
    assert questions["Religion (sensitive)"] == "faith"
    assert list(panel.widgets["k"].options) == [
        *((str(k), str(k)) for k in range(1, 9)),
        ("chosen by the data, 3 to 5 (some 1 second)", "3-5"),
        ("chosen by the data, 2 to 8 (some 1 second)", "2-8"),
    ]


def test_the_page_is_the_same_again_and_small(monkeypatch, study):
    """The notebook's panel, with its picture: the same text in every run."""
    made = people.formed(people.people(study), k="3")
    monkeypatch.undo()
    page, again = (explore.personas(study, k="3", made=made)._repr_mimebundle_()["text/html"] for _ in range(2))
    assert page == again
    assert len(page) < 150_000
    assert page.count('<ul class="cx-cards">') == page.count("<img") == 1
    assert "Of 450 respondents" in page


# -- while the kernel does other things ---------------------------------------------------------------------------


def test_long_work_is_done_in_spells_and_the_likely_next_ahead(monkeypatch, study):
    """Between two spells others get their turn; what was formed ahead is answered without forming anything."""
    monkeypatch.setattr(spells, "SPELL", 0.01)
    monkeypatch.setattr(personas_panel, "AHEAD", (2,))

    async def used():
        panel, turns = explore.personas(study, k="3"), 0
        panel.open()
        assert "cx-busy" in panel._box._dom_classes
        while "cx-busy" in panel._box._dom_classes:
            turns += 1
            await asyncio.sleep(0.01)
        first = lines(panel)
        await panel._waiting  # the work ahead
        monkeypatch.setattr(segment_number, "choose", None)
        monkeypatch.setattr(people, "segment", None)
        panel.widgets["k"].value = "2"
        assert "cx-busy" in panel._box._dom_classes
        await panel._waiting
        return turns, first, lines(panel)

    turns, first, second = asyncio.run(used())
    assert turns > 3
    assert "Persona 3" in first
    assert "Persona 3" not in second
    assert "Persona 2" in second


def test_a_move_or_closing_ends_the_work_ahead_and_what_was_begun_goes_on(monkeypatch, study):
    """Numbers are formed one after another; the panel that is closed forms no more of them."""
    monkeypatch.setattr(spells, "SPELL", 0.01)
    monkeypatch.setattr(personas_panel, "AHEAD", (2, 3, 4, 5, 6))
    formed = []
    steps = people.formed.steps

    def noted_steps(case, *, k, seed):
        formed.append(k)
        found = yield from steps(case, k=k, seed=seed)
        return found

    monkeypatch.setattr(people.formed, "steps", noted_steps)

    async def used():
        panel = explore.personas(study, k="2")
        panel.open()
        while "cx-busy" in panel._box._dom_classes:
            await asyncio.sleep(0.01)
        while formed[-1] == "2":
            await asyncio.sleep(0.01)
        panel.widgets["k"].value = "3"  # in the midst of being formed ahead
        while "cx-busy" in panel._box._dom_classes:
            await asyncio.sleep(0.01)
        panel._box.close()
        await panel._waiting
        return lines(panel)

    assert "Persona 3" in asyncio.run(used())
    assert formed[:2] == ["2", "3"]
    assert formed.count("3") == 1, "what was begun went on"
    assert "6" not in formed
