"""The machinery of the panels: when they are live, what they show, that nothing stale stays, how settings are kept."""

import asyncio
import json
import shlex

import IPython
import pytest

from cxlib import CxError, Study
from cxlib.explore import controls, parts
from cxlib.explore.live import live
from cxlib.explore.panel import Panel
from cxlib.report.document import read_chapter
from cxlib.report.plan import chapter_parameters

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def study():
    return Study.load("data/demo")


@pytest.fixture
def panel(study):
    """A panel that shows its settings, refuses an entry `wrong` and stumbles over an entry `broken`."""

    def answer(wave, confidence, entered, segments, correct):
        answered.append(confidence)
        if entered == "wrong":
            raise CxError("there is no wrong <wave>")
        if entered == "broken":
            raise ZeroDivisionError("by zero")
        return parts.sentences({"all": f"wave {wave}, confidence {confidence}, {segments}", "none": ""})

    answered = []
    made = Panel(
        study,
        "survey_analysis",
        [
            controls.choice("wave", "Wave", {"": "the latest", "2026-H1": "first half"}, ""),
            controls.slide("confidence", "Confidence", 0.8, 0.99, 0.01, 0.95, percent=True),
            controls.entry("entered", "Comment", "", example="why"),
            controls.several("segments", "Segments", {"city": "City", "age_band": "Age"}, "age_band"),
            controls.switch("correct", "Correct", True),
        ],
        answer,
        parameters=lambda now: {
            "wave": now["wave"],
            "confidence": now["confidence"],
            "comment": now["entered"],
            "segments": now["segments"],
            "correction": "holm" if now["correct"] else "none",
        },
    )
    made.answered = answered
    return made


class Kernel:
    """A kernel whose present cell was sent by a front end that can ask its user something, or by one that cannot."""

    def __init__(self, allowed):
        self.kernel = self
        self.allowed = allowed

    def get_parent(self):
        return {"content": {"allow_stdin": self.allowed}}


@pytest.mark.parametrize(("shell", "expected"), [(None, False), (Kernel(True), True), (Kernel(False), False)])
def test_a_panel_is_live_where_somebody_can_be_asked(monkeypatch, shell, expected):
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    assert live() is expected


def test_elsewhere_it_is_its_first_answer_without_widgets(panel):
    shown = panel._repr_mimebundle_()
    assert set(shown) == {"text/html", "text/plain"}
    assert shown["text/plain"] == "wave , confidence 0.95, age_band"
    assert "<p>wave , confidence 0.95, age_band</p>" in shown["text/html"]
    assert panel.widgets == {}
    assert panel._repr_mimebundle_() == shown
    assert len(panel.answered) == 1


def test_live_it_is_a_widget_with_a_label_for_every_control(panel, monkeypatch):
    monkeypatch.setattr(IPython, "get_ipython", lambda: Kernel(True))
    assert VIEW in panel._repr_mimebundle_()
    assert [widget.description for widget in panel.widgets.values()] == [
        "Wave",
        "Confidence",
        "Comment",
        "Segments",
        "Correct",
    ]
    again = panel.open()
    assert again is panel.open()


def test_what_is_shown_names_the_settings_it_belongs_to(panel):
    panel.open()
    panel.widgets["segments"].value = ("city", "age_band")
    panel.widgets["correct"].value = False
    told = "Wave: the latest; Confidence: 95%; Comment: –; Segments: City and Age; Correct: no"
    assert f"Shown for: {told}" in panel._body.value
    assert "confidence 0.95, city,age_band" in panel._body.value


def test_many_moves_get_one_answer_and_the_old_one_is_pale_meanwhile(panel):
    async def moving():
        panel.open()
        before = len(panel.answered)
        for confidence in (0.9, 0.91, 0.92, 0.93):
            panel.widgets["confidence"].value = confidence
            assert "cx-busy" in panel._box._dom_classes
        while "cx-busy" in panel._box._dom_classes:
            await asyncio.sleep(0.01)
        return panel.answered[before:]

    assert asyncio.run(moving()) == [0.93]
    assert "confidence 0.93" in panel._body.value


def test_an_error_takes_the_place_of_the_answer_and_goes_with_it(panel):
    panel.open()
    panel.widgets["entered"].value = "wrong"
    assert "there is no wrong &lt;wave&gt;" in panel._body.value
    assert 'role="alert"' in panel._body.value
    assert "confidence 0.95" not in panel._body.value
    panel.widgets["entered"].value = "broken"
    assert "a fault of the program, not of your data: ZeroDivisionError" in panel._body.value
    assert "Traceback" in panel._body.value
    panel.widgets["entered"].value = ""
    assert "alert" not in panel._body.value
    assert "confidence 0.95" in panel._body.value


def test_settings_are_kept_as_a_command_and_as_a_cell(panel):
    panel.set(wave="2026-H1", confidence=0.9, entered="why, and 'how'?", correct=False)
    words = shlex.split(panel.command)
    assert words[:5] == ["cx", "report", "data/demo", "--only", "survey_analysis"]
    given = dict(word.split("=", 1) for word in words[6::2])
    expected = {
        "wave": "2026-H1",
        "confidence": 0.9,
        "comment": "why, and 'how'?",
        "segments": "age_band",
        "correction": "none",
    }
    assert list(given) == ["wave", "segments", "correction", "comment", "confidence"]
    assert expected.items() <= chapter_parameters("survey_analysis", given).items()
    kept = {}
    exec(panel.cell, kept)
    assert expected.items() <= kept.items()


def test_settings_that_are_the_chapter_s_own_need_no_words(panel):
    panel.set(segments="")
    assert panel.command == "cx report data/demo --only survey_analysis"
    assert panel.cell == "# These are the settings that the chapter begins with."


def test_a_study_elsewhere_is_named_in_full(tmp_path, make):
    folder = make("questions: {q: {role: metric, metric: nps}}", "q\n1\n2\n")
    elsewhere = tmp_path / "the data"
    elsewhere.mkdir()
    (folder / "s.csv").rename(elsewhere / "s.csv")
    study = Study.load(folder, data=elsewhere)
    made = Panel(study, "survey_analysis", [], lambda: [])
    assert shlex.split(made.command) == [
        *["cx", "report", str(folder.resolve()), "--data", str(elsewhere.resolve())],
        *["--only", "survey_analysis"],
    ]


def test_a_setting_that_the_panel_has_not_is_named(panel):
    with pytest.raises(CxError, match="the panel has no setting wav; it has wave, confidence"):
        panel.set(wav="2026-H1")


def test_a_first_value_that_is_not_offered_is_refused():
    waves = {"": "the latest", "2026-H1": "2026-H1", "2026-H2": "2026-H2"}
    with pytest.raises(CxError, match="wave is one of 2026-H1, 2026-H2; found 2031; did you mean 2026-H1"):
        controls.choice("wave", "Wave", waves, "2031")
    with pytest.raises(CxError, match="waves is one of 2026-H1, 2026-H2; found 2026; did you mean"):
        controls.several("waves", "Waves", waves, "2026-H1, 2026")
    assert controls.choice("metric", "Metric", {"nps": "NPS", "csat": "CSAT"}, "").value == "nps"
    assert controls.several("waves", "Waves", waves, " 2026-H2 ,2026-H1").value == "2026-H2,2026-H1"


def test_a_slider_of_whole_steps_gives_whole_numbers():
    whole = controls.slide("k", "Number", 1, 8, 1, 3)
    assert (whole.read(4.0), type(whole.read(4.0))) == (4, int)
    assert controls.slide("p", "Share", 0, 1, 0.1, 0.3).read(0.30000000000000004) == 0.3
    widget = whole.build()
    assert (widget.minimum, widget.maximum, widget.step, widget.value, widget.description) == (1, 8, 1, 3, "Number")


def test_a_report_leaves_out_panels_and_sections_without_a_result(tmp_path):
    def cell(kind, source, tags, outputs=()):
        own = {"outputs": list(outputs), "execution_count": 1} if kind == "code" else {}
        return {"cell_type": kind, "source": source, "metadata": {"tags": tags}, "id": source[:8], **own}

    def finding(name):
        mime = "application/vnd.cx-workbook+json"
        data = {mime: {"kind": "finding", "name": name, "text": name}}
        return {"output_type": "display_data", "metadata": {}, "data": data}

    cells = [
        cell("markdown", "# What?\n\n## Answer", []),
        cell("code", "one", [], [finding("one")]),
        cell("markdown", "## Try other settings", ["explore"]),
        cell("code", "two", ["explore"], [finding("two")]),
        cell("markdown", "## Rivals\n\nHow others do.", []),
        cell("code", "none", [], []),
        cell("markdown", "## Limits\n\n- None.", []),
    ]
    path = tmp_path / "01_what.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {"cx": {"chapter": "what"}}}), encoding="utf-8")
    read = read_chapter(path)
    assert [section.title for section in read.sections] == ["Answer", "Limits"]
    assert [block.name for block in read.blocks("finding")] == ["one"]
