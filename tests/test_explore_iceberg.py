"""The panel of the iceberg: its numbers are the chapter's for the same settings, whatever control is moved.

Oracle: the chapter's own cells, executed with the parameters that the panel gives; the text of errors.
"""

import json
import shlex
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from chapter_cells import NoCharts
from iceberg_study import LOSSES, made

from cxlib import (
    CxError,
    Study,
    complaints,
    cost,
    damage,
    explore,
    language,
    levers,
    losses,
    results,
    silence,
)
from cxlib.explore import parts
from cxlib.report.plan import chapter_parameters
from cxlib.sentences import damage as say_cost
from cxlib.sentences import iceberg as say

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks/01_complaint_iceberg.ipynb"
CELLS = ("parameters", "imports", "data", "silent", "lost", "pays", "evidence", "flow", "levers")


@pytest.fixture(scope="module")
def demo() -> Study:
    return Study.load(ROOT / "data/demo")


@pytest.fixture(scope="module")
def panel(demo):
    opened = explore.iceberg(demo)
    opened.open()
    return opened


@pytest.fixture(autouse=True)
def english():
    yield
    language.speak("en")


def chapter(monkeypatch, parameters: dict, *, study="data/demo") -> set[str]:
    """What the cells that the panel stands for publish under these parameters, as plain text."""
    told: set[str] = set()
    monkeypatch.setattr(results, "display", lambda data, raw: told.add(data["text/plain"]))
    monkeypatch.setattr(results, "svg", lambda drawing: "<svg/>")
    found = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    sources = {cell["id"]: "".join(cell["source"]) for cell in found}
    names: dict = {}
    for cell in CELLS:
        exec(sources[cell], names)
        names |= {"charts": NoCharts()} if "charts" in names else {}
        if cell == "parameters":
            assert set(parameters) <= set(names)
            names |= {"study": str(ROOT / study)} | parameters
    return told


def committed() -> set[str]:
    """What the committed chapter has published, as plain text."""
    found = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    shown = [output["data"] for cell in found for output in cell.get("outputs", []) if "data" in output]
    return {"".join(data["text/plain"]) for data in shown if results.MIME in data}


def as_typed(parameters: dict) -> dict:
    """The parameters as `cx report -p` reads them."""
    return chapter_parameters("complaint_iceberg", {name: str(value) for name, value in parameters.items()})


def told_by(panel) -> list[str]:
    """What the panel says and tabulates: the picture's alternative text is no output of the chapter's cells here."""
    return [part.plain for part in panel.parts if "<img" not in part.html]


def alarm(panel) -> str:
    """The error that the panel shows, and nothing beside it."""
    (only,) = panel.parts
    assert 'class="cx-error" role="alert"' in only.html
    assert "fault of the program" not in only.plain
    return only.plain.strip()


# -- the chapter's numbers ---------------------------------------------------------------------------------------------


def _lacking(found, published) -> list[str]:
    """What the panel tells and the chapter does not, word for word."""
    told = told_by(found)
    assert sum(" | " in part.splitlines()[0] for part in told) == 2  # the silent, and the complaint rate
    assert [part.splitlines()[0] for part in told if "\n" in part] == [
        "Share of customers lost after each fate", "What each lever keeps",
    ]  # fmt: skip
    return [part for part in told if part not in published]


def test_under_the_chapter_s_parameters_all_is_told_as_in_the_committed_record(demo):
    assert _lacking(explore.iceberg(demo).set(), committed()) == []


def test_under_other_settings_all_is_told_as_by_the_chapter(monkeypatch, demo):
    """The chapter's cells, executed with the parameters that the panel gives."""
    settings = {"wave": "2026-H1", "window_end": "2026-06-30", "unhappy": "satisfaction: 1|2",
                "complained": "outcome: dissatisfied|mollified", "severity": "major", "customers": "15,000",
                "dissatisfied": 0.6, "complain": 0.25, "resolve": 0.5, "confidence": 0.9}  # fmt: skip
    found = explore.iceberg(demo).set(**settings)
    assert _lacking(found, chapter(monkeypatch, as_typed(found.parameters))) == []


@pytest.mark.parametrize("settings", [
    {"by_hand": 0.03, "silent": 0.3, "complain": 0.25, "confidence": 0.9},
    {"counts": "10 of 420", "severity": "major", "customers": "15,000", "resolve": 0.5},
    {"evidence": "tarp_small", "channels": "app,shop", "window_start": "2026-01-01", "satisfied": 0.02,
     "mollified": 0.4, "dissatisfied": 0.6, "confidence": 0.8},
], ids=str)  # fmt: skip
def test_what_is_kept_from_answer_to_answer_is_what_is_computed_afresh(demo, panel, settings):
    """Oracle: case, loss rates and levers of the statistics' own functions under these parameters."""
    before = {name: panel.settings[name] for name in settings}
    told = told_by(panel.set(**settings))
    given = panel.parameters
    names = {"start": "window_start", "end": "window_end"}
    names |= {name: name for name in ("unhappy", "complained", "severity", "channels", "rate")}
    definition = complaints.declared(demo, **{name: given[of] for name, of in names.items()})
    confidence = given["confidence"]
    case = silence.silence(demo, definition, customers=given["customers"], confidence=confidence)
    rates = losses.assume(losses.loss_rates(demo, definition, confidence=confidence), given["loss_rates"])
    total = cost.cost(case, rates)
    number = parts.number(case.silent, interval=say.interval(case), base=say.base(case), note=say.note(case))
    lost = say_cost.cost(case, total, damage.by_fate(total), damage.at_risk(total, demo.book.iceberg.word_of_mouth), "")
    assert {number.plain, *say.headline(case).values(), *lost.values()} <= set(told)
    how = {name: given[name] for name in ("complain", "resolve")}
    pays = levers.levers(total, **how, case_cost=demo.book.iceberg.case_cost)
    assert set(say_cost.levers(case, pays, **how).values()) <= set(told)
    panel.set(**before)


def test_another_confidence_is_read_off_what_is_known(demo):
    """Oracle: the same from the beginning."""
    definition = complaints.declared(demo, severity="major")
    case = silence.silence(demo, definition)
    measured = losses.of_complainers(demo, definition) | losses.of_respondents(demo, definition)
    for confidence in (0.8, 0.99):
        other = silence.silence(demo, definition, confidence=confidence).silent
        assert silence.confident(case, confidence).silent.to_dict() == other.to_dict()
        rates = losses.loss_rates(demo, definition, confidence=confidence)
        pd.testing.assert_frame_equal(losses.told(demo, measured, confidence=confidence), rates)
    with pytest.raises(CxError, match=r"confidence lies between 0 and 1, e\.g\. 0\.95; found 95"):
        losses.told(demo, measured, confidence=95)


def test_in_idle_time_the_lists_are_made_ready(monkeypatch, load):
    """What may be chosen from lists is computed ahead: the choice then asks neither the survey nor the complaints."""
    found = explore.iceberg(made(load))
    found.update()
    for _ in found._ahead(**found.settings):
        pass
    before = repr(found)
    for module, name in ((losses, "of_complainers"), (complaints, "complainers"), (complaints, "rate")):
        monkeypatch.setattr(module, name, lambda *args, **options: 1 / 0)
    for settings in ({"severity": "minor"}, {"severity": "", "channels": "shop"}):
        assert "fault of the program" not in repr(found.set(**settings))
        assert repr(found) != before


def test_the_drawing_follows_the_slider(panel):
    """The area is the number of silent, so that a lower rate draws another picture and tells a larger number."""
    drawn = {}
    for rate in (0.3, 0.05):
        panel.widgets["by_hand"].value = rate
        (picture,) = [part for part in panel.parts if "<img" in part.html]
        drawn[rate] = picture.html
        assert f"rate of {rate:g} taken as known" in panel.parts[0].plain
        assert panel.parts[0].plain.split(" | ")[1] in picture.plain
    assert drawn[0.3] != drawn[0.05]
    panel.widgets["by_hand"].value = 0.0
    assert "rate from the survey" in panel.parts[0].plain


def test_a_rate_in_words_goes_before_the_slider_and_the_slider_before_the_list(panel):
    panel.widgets["evidence"].value = "oca_1979"
    assert panel.parameters["rate"] == "oca_1979"
    panel.widgets["by_hand"].value = 0.05
    assert panel.parameters["rate"] == "0.05"
    panel.widgets["counts"].value = "10 of 420"
    assert panel.parameters["rate"] == "10 of 420"
    assert "420 unhappy respondents" in panel.parts[0].plain
    for name, value in {"counts": "", "by_hand": 0.0, "evidence": ""}.items():
        panel.widgets[name].value = value
    assert panel.parameters["rate"] == ""


def test_every_widget_changes_the_answer(panel):
    """Oracle: the text of the answer before, after, and with the control moved back."""
    moves = {"evidence": "vca_2016", "by_hand": 0.2, "counts": "9 of 99", "wave": "2026-H1", "silent": 0.9,
             "satisfied": 0.3, "mollified": 0.9, "dissatisfied": 0.9, "complain": 0.5, "resolve": 0.9,
             "confidence": 0.8, "severity": ("major",), "channels": ("shop",), "window_start": "2026-05-01",
             "window_end": "2026-06-30", "customers": "3000", "unhappy": "satisfaction: 1",
             "complained": "outcome: mollified"}  # fmt: skip
    assert set(moves) == set(panel.widgets)
    before = repr(panel)
    for name, value in moves.items():
        first = panel.widgets[name].value
        panel.widgets[name].value = value
        assert repr(panel) != before, name
        panel.widgets[name].value = first
        assert repr(panel) == before, name


def test_all_labels_are_told_and_differ(panel):
    labels = [widget.description for widget in panel.widgets.values()]
    assert all(labels)
    assert len(set(labels)) == len(labels)


# -- assumed loss rates ------------------------------------------------------------------------------------------------


def test_an_assumed_rate_takes_the_place_of_the_measured_one_and_says_so(demo):
    measured = losses.loss_rates(demo, complaints.declared(demo))
    found = losses.assume(measured, "silent: 0.3, content: 0").set_index("fate")
    assert found.loc["silent", ["estimate", "source"]].tolist() == [30.0, "assumed"]
    assert found.loc["content", ["estimate", "source"]].tolist() == [0.0, "assumed"]
    assert found.loc["silent", ["low", "high", "se", "n", "n_effective"]].isna().all()
    assert found.loc["silent", "method"] == "assumed for this run, not measured, no interval"
    kept = measured.set_index("fate").loc[["satisfied", "mollified", "dissatisfied"]]
    pd.testing.assert_frame_equal(found.loc[kept.index, kept.columns], kept, check_dtype=False)
    pd.testing.assert_frame_equal(losses.assume(measured, ""), measured)
    assert (measured["source"] == "measured").all()  # the frame that was given is as it was


def test_customers_lost_are_the_silent_times_the_assumed_rate(panel):
    """Oracle: the median of the silent times 0.5, to the printed digits' width."""
    panel.widgets["silent"].value = 0.5
    told = next(part.plain for part in panel.parts if part.plain.startswith("Of all unhappy customers"))
    (words,) = [part.plain for part in panel.parts if part.plain.startswith("Assumed for this run, not measured")]
    assert words.startswith("Assumed for this run, not measured: loss rates of unhappy and silent 50.0%.")
    lost = float(told.split(" are lost, ")[1].split(" of them")[0].replace(",", ""))
    silent = silence.silence(panel.study, complaints.declared(panel.study)).silent.value
    assert lost == pytest.approx(silent / 2, rel=0.01)
    assert panel.parameters["loss_rates"] == "silent: 0.5"
    panel.widgets["silent"].value = 0.0
    assert "Assumed" not in repr(panel)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("silent", "assumed loss rates are written fate: share, e.g. silent: 0.3; found 'silent'"),
        ("silent: many", "assumed loss rates are written fate: share, e.g. silent: 0.3; found 'silent: many'"),
        ("silent: 30", "an assumed loss rate is a share of 0 to 1, e.g. 0.3 for 30%; found 30 for silent"),
        ("silent: nan", "an assumed loss rate is a share of 0 to 1, e.g. 0.3 for 30%; found nan for silent"),
        ("silent: 0.3, silent: 0.2", "a fate has one assumed loss rate; silent has two"),
        (
            "silnt: 0.3",
            "loss rates are of content, silent, satisfied, mollified, dissatisfied; there is no silnt; "
            "did you mean silent?",
        ),
    ],
)
def test_what_is_no_assumed_rate_is_refused(demo, words, message):
    with pytest.raises(CxError) as caught:
        explore.iceberg(demo, loss_rates=words)
    assert str(caught.value) == message


def test_a_rate_that_the_chapter_assumed_to_be_none_stays(demo):
    """No slider tells 0% from "as measured", and content customers have no slider."""
    found = explore.iceberg(demo, loss_rates="content: 0.05, satisfied: 0, silent: 0.3")
    assert losses.assumed(found.parameters["loss_rates"]) == {"content": 0.05, "satisfied": 0.0, "silent": 0.3}
    found.set(satisfied=0.1, silent=0.0)
    assert losses.assumed(found.parameters["loss_rates"]) == {"content": 0.05, "satisfied": 0.1}


# -- settings that are kept, handed in, or wrong -----------------------------------------------------------------------


def test_command_and_cell_hold_the_settings_and_nothing_else(demo):
    found = explore.iceberg(demo)
    assert found.command == "cx report data/demo --only complaint_iceberg"
    assert not [line for line in found.cell.splitlines() if line and not line.startswith("#")]
    found.set(counts="10 of 420", severity="major", customers="15000", dissatisfied=0.5, complain=0.25)
    words = shlex.split(found.command)
    given = dict(word.split("=", 1) for mark, word in pairwise(words) if mark == "-p")
    assert given == {"severity": "major", "rate": "10 of 420", "customers": "15000", "complain": "0.25",
                     "loss_rates": "dissatisfied: 0.5"}  # fmt: skip
    read, pasted = chapter_parameters("complaint_iceberg", given), {}
    exec(found.cell, pasted)
    assert {name: read[name] for name in found.parameters} == found.parameters
    assert {name: pasted[name] for name in given} == {name: found.parameters[name] for name in given}


def test_what_the_chapter_has_computed_changes_nothing(demo):
    definition = complaints.declared(demo)
    computed = (silence.silence(demo, definition), losses.loss_rates(demo, definition))
    handed, own = explore.iceberg(demo, computed=computed), explore.iceberg(demo)
    assert repr(handed) == repr(own)
    assert repr(handed.set(by_hand=0.1)) == repr(own.set(by_hand=0.1))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"window_start": "2026-13-01"}, "2026-13-01"),
        ({"window_start": "2026-09-30"}, "a window ends after it begins; found 2026-09-30 to 2026-08-31"),
        ({"window_start": "2020-01-01", "window_end": "2020-02-01"}, "complaints must be dated within the window"),
        ({"counts": "10 out of 420"}, 'a rate is survey, an anchor, a number, "10 of 420" or "beta(3, 97)"'),
        ({"counts": "420 of 10"}, "no more can complain than were unhappy; found 420 of 10"),
        ({"counts": "0 of 0"}, "a complaint rate needs unhappy respondents"),
        ({"customers": "many"}, "customers are a whole number of 0 or more; found 'many'"),
        ({"customers": "50"}, "there cannot be more complainers than customers"),
        ({"customers": "100", "counts": "1 of 500"}, "contradict each other"),
        ({"unhappy": "satisfaction"}, "answers are named question: code|code"),
        ({"unhappy": "satisfaktion: 1"}, "did you mean satisfaction?"),
        ({"complained": "outcome: happy"}, "happy"),
        ({"unhappy": "city: hcm", "complained": "outcome: x"}, "x"),
        ({"severity": "all,major"}, "no complaint has the severity all; there are major, minor"),
    ],
)
def test_a_wrong_entry_ends_in_a_sentence(panel, settings, message):
    """In place of the answer, never beside an old one; and the answer comes back."""
    before = {name: panel.settings[name] for name in settings}
    assert message in alarm(panel.set(**settings))
    assert len(panel.set(**before).parts) > 8


def test_a_study_without_complaints_is_told_at_call(load):
    small = made(load, without=["complaints"], iceberg=False)
    with pytest.raises(CxError) as caught:
        explore.iceberg(small)
    assert str(caught.value) == f"{small.file}: the iceberg needs a table complaints; the study has none"


@pytest.mark.parametrize("changes", [
    {}, {"without": ["survey"], "iceberg": {"rate": "0.05", "unhappy": None, "complained": None}},
    {"without": ["customers"]}, {"iceberg": False}, {"iceberg": {"losses": LOSSES}},
    {"without": ["complaints.severity", "complaints.channel"]},
    {"without": ["complaints.outcome"]}, {"iceberg": {"rate": None}}, {"without": ["survey.customer"]},
], ids=str)  # fmt: skip
def test_smaller_studies_have_smaller_panels(load, changes):
    """What a study lacks is no control, and the answer is the chapter's word why something is not told."""
    found = explore.iceberg(made(load, **changes))
    found.open()
    assert "fault of the program" not in repr(found)
    assert found.parts
    for name, value in {"by_hand": 0.1, "silent": 0.2, "complain": 0.3}.items():
        found.widgets[name].value = value
        assert "fault of the program" not in repr(found)
    if changes.get("iceberg") is False:
        assert "There is no estimate of silent customers." in repr(found)
    if "survey" in changes.get("without", []):
        assert "wave" not in found.widgets
    assert ("severity" in found.widgets) == ("complaints.severity" not in changes.get("without", []))


def test_in_vietnamese_the_panel_speaks_vietnamese(load):
    language.speak("vi")
    assert "khách hàng" in repr(explore.iceberg(made(load)))
