"""The panel of the drivers: its numbers are the chapter's for the same settings, whatever control is moved.

Oracle: the chapter's own cells, executed with the parameters that the panel gives; the text of errors.
"""

import json
import shlex
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import iceberg_study
import pandas as pd
import pytest
from regression_study import made

from cxlib import CxError, Study, driver_models, explore, key_drivers, regressions, results
from cxlib.report.plan import chapter_parameters
from cxlib.sentences import regressions as say
from cxlib.sentences import worth as say_worth

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks/05_metric_regressions.ipynb"
CELLS = ("parameters", "imports", "data", "r-squared", "importance", "what-if")
STAFF = "staff_attitude,staff_knowledge,staff_speed"


@pytest.fixture(scope="module")
def demo() -> Study:
    return Study.load(ROOT / "data/demo")


@pytest.fixture(scope="module")
def panel(demo):
    """With three drivers, so that a bootstrap takes no time."""
    opened = explore.drivers(demo, drivers=STAFF)
    opened.open()
    return opened


def chapter(monkeypatch, parameters: dict) -> dict[str, str]:
    """What the cells that the panel stands for publish under these parameters: plain text, and alternative texts."""
    told: dict[str, str] = {}

    def display(data, raw):
        about = data[results.MIME]
        told[f"{about['kind']} {about['name']}"] = about.get("alt") or data["text/plain"]

    monkeypatch.setattr(results, "display", display)
    monkeypatch.setattr(results, "svg", lambda drawing: "<svg/>")
    found = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    sources = {cell["id"]: "".join(cell["source"]) for cell in found}
    names: dict = {}
    for cell in CELLS:
        if cell == "what-if":
            names["line"] = driver_models.straight(names["case"])  # as the cell of the models has it
        exec(sources[cell], names)
        if cell == "parameters":
            assert set(parameters) <= set(names)
            names |= {"study": str(ROOT / "data/demo")} | parameters
    return told


def committed() -> dict[str, str]:
    """What the committed chapter has published, as chapter() has it."""
    found = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    shown = [output["data"] for cell in found for output in cell.get("outputs", []) if "data" in output]
    return {
        f"{data[results.MIME]['kind']} {data[results.MIME]['name']}": data[results.MIME].get("alt")
        or "".join(data["text/plain"])
        for data in shown
        if results.MIME in data
    }


def shown_sliders(panel) -> list[str]:
    names = [name for name in panel.widgets if name.startswith("raise_")]
    return [name.removeprefix("raise_") for name in names if panel.widgets[name].layout.display is None]


def alarm(panel) -> str:
    (only,) = panel.parts
    assert 'class="cx-error" role="alert"' in only.html
    assert "fault of the program" not in only.plain
    return only.plain.strip()


def raises_of(panel) -> dict[str, float]:
    case = regressions.regression(panel.study, drivers=panel.parameters["drivers"])
    return driver_models.raised(case, key_drivers.shares(case, bootstrap=0), panel.parameters["raises"])


# -- the chapter's numbers ---------------------------------------------------------------------------------------------


PARTS = ["number r_squared", "finding importance", "figure importance"]
MOVED = ["finding what_if", "figure what_if", "table what_if"]


def test_under_the_chapter_s_parameters_all_is_told_as_in_the_committed_record(demo):
    published, found = committed(), explore.drivers(demo).set()
    assert [part.plain for part in found.parts] == [published[name] for name in (*PARTS, *MOVED)]


def test_under_other_settings_all_is_told_as_by_the_chapter(monkeypatch, demo):
    """The chapter's cells, executed with the parameters that the panel gives."""
    settings = {"outcome": "satisfaction", "drivers": f"{STAFF},convenience_delivery,age", "missing": "em",
                "bootstrap": 200, "wave": "2026-H1", "confidence": 0.9, "raise_staff_speed": 0.5,
                "raise_staff_attitude": -0.25}  # fmt: skip
    found = explore.drivers(demo, bootstrap=0).set(**settings)
    given = {name: str(value) for name, value in found.parameters.items()}
    published = chapter(monkeypatch, chapter_parameters("metric_regressions", given))
    assert [part.plain for part in found.parts] == [published[name] for name in (*PARTS, *MOVED)]


@pytest.mark.parametrize(
    "settings",
    [
        {"method": "johnson", "missing": "listwise", "bootstrap": 0, "confidence": 0.9, "raise_staff_speed": 2.0},
        {"bootstrap": 200, "wave": "2026-H1", "confidence": 0.8},
        {"outcome": "complained", "bootstrap": 200, "confidence": 0.85},
        {"drivers": "age,ease,product_price", "raise_ease": 1.0, "bootstrap": 200},
    ],
)
def test_what_is_kept_from_answer_to_answer_is_what_is_computed_afresh(demo, panel, settings):
    """Oracle: case, shares, line and what-if of the statistics' own functions under these parameters."""
    before = {name: panel.settings[name] for name in settings}
    told = [part.plain for part in panel.set(**settings).parts]
    given = panel.parameters
    model = {name: given[name] for name in ("outcome", "drivers", "wave", "confidence")}
    case = regressions.regression(demo, **model)
    shares = key_drivers.shares(case, **{name: given[name] for name in ("method", "missing", "bootstrap")})
    assert list(say.importance(case, shares).values()) == told[1:2]
    assert say.alt_importance(shares) == told[2]
    moved = driver_models.simulated(case, driver_models.straight(case), shares, given["raises"])
    assert list(say_worth.simulated(case, moved).values()) == told[3:4]
    panel.set(**before)


def test_another_confidence_is_read_off_the_same_bootstrap_samples(demo):
    """Oracle: importance() at that confidence from the beginning."""
    case = regressions.regression(demo, drivers=STAFF)
    known = key_drivers.drawn(case, method="lmg", missing="pairwise", bootstrap=200)
    for confidence in (0.8, 0.99):
        other = replace(case, confidence=confidence)
        afresh = key_drivers.shares(other, bootstrap=200)
        pd.testing.assert_frame_equal(key_drivers.shares(other, known=known), afresh)
    with pytest.raises(CxError, match=r"confidence lies between 0 and 1, e\.g\. 0\.95; found 95"):
        known.at(95)


def test_in_idle_time_the_lists_are_made_ready(monkeypatch, load):
    """What may be chosen from lists is computed ahead: the choice then draws and fits nothing."""
    found = explore.drivers(made(load), bootstrap=200).set()
    for _ in found._ahead(**found.settings):
        pass
    before = repr(found)
    monkeypatch.setattr(key_drivers.drawn, "steps", lambda *args, **options: 1 / 0)
    monkeypatch.setattr(driver_models, "fit_linear", lambda *args, **options: 1 / 0)
    for settings in ({"method": "johnson"}, {"method": "lmg", "bootstrap": 0}, {"bootstrap": 200, "confidence": 0.9}):
        assert "fault of the program" not in repr(found.set(**settings))
        assert repr(found) != before


def test_a_slider_moves_what_if_and_nothing_else(panel):
    """Oracle: driver_models.simulated() of the same points."""
    before = [part.plain for part in panel.parts]
    panel.widgets["raise_staff_speed"].value = 2.0
    after = [part.plain for part in panel.parts]
    assert after[:3] == before[:3]
    assert all(one != other for one, other in zip(after[3:], before[3:], strict=True))
    assert raises_of(panel)["staff_speed"] == 2.0
    case = regressions.regression(panel.study, drivers=STAFF)
    shares = key_drivers.shares(case, bootstrap=0)
    rows = driver_models.simulated(case, driver_models.straight(case), shares, panel.parameters["raises"])
    change = rows.set_index("driver").loc["staff_speed", "estimate"]
    assert "Speed of service | 2.00 | " in after[-1]
    assert f"{change:+.2f}" in after[-1]
    panel.widgets["raise_staff_speed"].value = 1.0
    assert [part.plain for part in panel.parts] == before


def test_the_importance_is_not_computed_again_for_a_slider(monkeypatch, panel):
    monkeypatch.setattr(key_drivers.drawn, "steps", lambda *args, **options: 1 / 0)
    monkeypatch.setattr(driver_models, "fit_linear", lambda *args, **options: 1 / 0)
    panel.widgets["raise_staff_knowledge"].value = 0.25
    assert "Knowledge of staff (+0.25)" in repr(panel)
    panel.widgets["raise_staff_knowledge"].value = 1.0


def test_none_moved_is_told_as_none_and_kept(demo):
    """An empty parameter means the top three by one point, and would be another answer."""
    found = explore.drivers(demo, drivers=STAFF, bootstrap=0)
    assert found.parameters["raises"] == ""
    found.set(**{f"raise_{name}": 0.0 for name in STAFF.split(",")})
    assert found.parameters["raises"].endswith(": 0")
    assert "would differ by 0.00 points" in repr(found)
    case = regressions.regression(demo, drivers=STAFF)
    shares = key_drivers.shares(case, bootstrap=0)
    moved = driver_models.simulated(case, driver_models.straight(case), shares, found.parameters["raises"])
    assert list(say_worth.simulated(case, moved).values()) == [found.parts[3].plain]


def test_sliders_follow_the_drivers_ten_at_most(demo):
    """Oracle: the ten largest shares of the fourteen drivers; the drivers chosen; the numbers among them."""
    found = explore.drivers(demo, bootstrap=0)
    found.open()
    case = regressions.regression(demo)
    ranked = list(key_drivers.shares(case, bootstrap=0)["driver"])
    assert len(ranked) == 14
    assert set(shown_sliders(found)) == set(ranked[:10])
    assert raises_of(found) == dict.fromkeys(ranked[:3], 1.0)
    found.widgets["drivers"].value = ("staff_speed", "channel_shop", "age", "city")
    assert set(shown_sliders(found)) == {"staff_speed", "channel_shop", "age"}
    assert "Layout of the shop: points moved: 0" in found._page()
    assert "Solution of problems" not in found._page()
    found.widgets["outcome"].value = "complained"  # two groups: no metric that ratings could move
    assert shown_sliders(found) == []
    found.widgets["drivers"].value, found.widgets["outcome"].value = (), ""
    assert set(shown_sliders(found)) == set(ranked[:10])


def test_a_rating_that_the_chapter_raised_has_a_slider_wherever_it_ranks(demo):
    found = explore.drivers(demo, bootstrap=0, raises="channel_shop: 3, staff_speed: 0.3")
    found.open()
    assert "channel_shop" in shown_sliders(found)
    assert found.widgets["raise_channel_shop"].maximum == 3.0
    assert raises_of(found) == {"channel_shop": 3.0, "staff_speed": 0.3}


def test_every_widget_changes_the_answer(panel):
    """Oracle: the text of the answer before, after, and with the control moved back."""
    moves = {"outcome": "ease", "drivers": ("staff_speed", "product_price"), "wave": "2026-H1", "missing": "em",
             "method": "johnson", "bootstrap": 200, "confidence": 0.8}  # fmt: skip
    moves |= {f"raise_{name}": -0.75 for name in STAFF.split(",")}
    assert set(moves) == {name for name, widget in panel.widgets.items() if widget.layout.display is None}
    before = repr(panel)
    for name, value in moves.items():
        first = panel.widgets[name].value
        panel.widgets[name].value = value
        assert repr(panel) != before, name
        panel.widgets[name].value = first
        assert repr(panel) == before, name
    labels = [widget.description for widget in panel.widgets.values()]
    assert all(labels)
    assert len(set(labels)) == len(labels)


# -- settings that are kept, handed in, or wrong -----------------------------------------------------------------------


def test_command_and_cell_hold_the_settings_and_nothing_else(demo):
    found = explore.drivers(demo, bootstrap=0)
    found.set(bootstrap=1000)
    assert found.command == "cx report data/demo --only metric_regressions"
    found.set(drivers=STAFF, missing="em", bootstrap=200, raise_staff_speed=0.5, raise_staff_attitude=0.0,
              raise_staff_knowledge=0.0)  # fmt: skip
    words = shlex.split(found.command)
    given = dict(word.split("=", 1) for mark, word in pairwise(words) if mark == "-p")
    assert given == {"drivers": STAFF, "missing": "em", "bootstrap": "200", "raises": "staff_speed: 0.5"}
    read, pasted = chapter_parameters("metric_regressions", given), {}
    exec(found.cell, pasted)
    assert {name: read[name] for name in found.parameters} == found.parameters
    assert {name: pasted[name] for name in given} == {name: found.parameters[name] for name in given}


def test_what_the_chapter_has_computed_is_not_computed_again(monkeypatch, demo):
    case = regressions.regression(demo, drivers=STAFF)
    computed = (case, key_drivers.shares(case, bootstrap=200), driver_models.straight(case))
    own = repr(explore.drivers(demo, drivers=STAFF, bootstrap=200))
    monkeypatch.setattr(key_drivers.drawn, "steps", lambda *args, **options: 1 / 0)
    monkeypatch.setattr(driver_models, "fit_linear", lambda *args, **options: 1 / 0)
    assert repr(explore.drivers(demo, drivers=STAFF, bootstrap=200, computed=computed)) == own


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"outcome": "staff_speed"}, "an outcome is a metric or a question of two groups; staff_speed is neither"),
        ({"drivers": "recommend,staff_speed"}, "recommend is the outcome and cannot be one of its drivers"),
        ({"drivers": "staff_sped"}, "there is no driver staff_sped"),
        ({"wave": "2031-H1"}, "2031-H1"),
        ({"bootstrap": 50}, "bootstrap is a number of samples, 100 or more, or 0 for no intervals; found 50"),
        ({"method": "shap"}, "method is lmg or johnson; found shap"),
        ({"missing": "zero"}, "missing is one of pairwise, listwise, em; found zero"),
        ({"confidence": 95}, "confidence lies between 0 and 1, e.g. 0.95; found 95"),
        ({"outcome": "unhappy", "drivers": "complained"}, ""),
    ],
)
def test_a_wrong_setting_ends_in_a_sentence(panel, settings, message):
    """In place of the answer, never beside an old one; command and sliders stand it, and the answer comes back."""
    before = {name: panel.settings[name] for name in settings}
    panel.set(**settings)
    if message:
        assert message in alarm(panel)
        assert shown_sliders(panel) == []
    assert "fault of the program" not in repr(panel)
    assert panel.command.startswith("cx report data/demo --only metric_regressions")
    assert len(panel.set(**before).parts) == 6


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"outcome": "recomend"}, "there is no question recomend to explain; did you mean recommend?"),
        ({"raises": "care"}, "raises are written driver: points, e.g. staff_speed: 1; found 'care'"),
        ({"raises": "care: 1, care: 2"}, "a driver is raised once; care is named twice"),
    ],
)
def test_wrong_parameters_are_told_at_call(load, parameters, message):
    with pytest.raises(CxError) as caught:
        explore.drivers(made(load), bootstrap=0, **parameters)
    assert str(caught.value) == message


def test_a_study_without_drivers_is_told_at_call(load):
    small = made(load, questions=dict.fromkeys(("care", "speed", "price")), improvement=None)
    with pytest.raises(CxError) as caught:
        explore.drivers(small)
    assert str(caught.value) == f"{small.file}: no question with `role: driver` has different answers in this wave"


def test_a_study_without_a_survey_is_told_at_call(load):
    small = iceberg_study.made(load, without=["survey"], iceberg=False)
    with pytest.raises(CxError) as caught:
        explore.drivers(small)
    assert str(caught.value) == f"{small.file}: importance needs a table survey with drivers; the study has none"


@pytest.mark.parametrize("changes", [
    {}, {"without": ["survey.wave"], "improvement": None}, {"without": ["customers"]},
    {"questions": {"speed": None, "price": None}},
], ids=str)  # fmt: skip
def test_smaller_studies_have_smaller_panels(load, changes):
    found = explore.drivers(made(load, **changes), bootstrap=200)
    found.open()
    assert "fault of the program" not in repr(found)
    assert ("wave" in found.widgets) == ("survey.wave" not in changes.get("without", []))
    found.widgets["raise_care"].value = 0.5
    assert "Care (+0.5)" in repr(found)
