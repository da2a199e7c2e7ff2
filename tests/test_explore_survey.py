"""The panel of the survey: its numbers are the chapter's for the same settings, whatever control is moved.

Oracle: the chapter's own cells, executed with the parameters that the panel gives; the text of errors.
"""

import json
import shlex
from pathlib import Path

import pandas as pd
import pytest
from chapter_cells import NoCharts

from cxlib import CxError, Study, explore, results
from cxlib.report.plan import chapter_parameters

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks/02_survey_analysis.ipynb"
CELLS = ("parameters", "imports", "load", "headline", "moved", "waves-table", "segments", "segments-table")
SEGMENTS = "city,age_band"
NAMES = {"recommend": "nps", "satisfaction": "csat", "ease": "ces"}


@pytest.fixture(scope="module")
def demo() -> Study:
    return Study.load(ROOT / "data/demo")


def chapter(monkeypatch, demo: Study, parameters: dict) -> dict[str, str]:
    """What the cells that the panel stands for publish under these parameters, as plain text by kind and name.

    The study is read once for all of them, and nothing is drawn.
    """
    shown: dict[str, str] = {}

    def display(data, raw):
        about = data[results.MIME]
        shown[f"{about['kind']} {about['name']}"] = data["text/plain"]

    monkeypatch.setattr(results, "display", display)
    monkeypatch.setattr(Study, "load", lambda *where, **how: demo)
    sources = {
        cell["id"]: "".join(cell["source"]) for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    }
    names: dict = {}
    for cell in CELLS:
        exec(sources[cell], names)
        if cell == "parameters":
            assert set(parameters) <= set(names)
            names |= parameters
        if cell == "imports":
            names["charts"] = NoCharts()
    return shown


def rows(plain: str) -> list[list[str]]:
    """The printed cells of a table's plain text, without its caption and headings."""
    return [line.split(" | ") for line in plain.splitlines()[2:]]


# -- the chapter's numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"metric": "satisfaction", "segment": "age_band", "wave": "2026-H1", "confidence": 0.9},
        {"only": "channel: digital; age_band: 25-34|35-44", "interval_method": "wald"},
        {"weighted": False, "wave": "2025-H2", "metric": "ease"},
        {"segment": "", "only": "sex: f", "interval_method": "adjusted_wald", "weighted": False, "confidence": 0.8},
    ],
)
def test_numbers_sentences_and_tables_are_the_chapter_s(monkeypatch, demo, settings):
    """The panel's parts stand word for word among what the chapter publishes with the parameters that it gives."""
    panel = explore.survey(demo, segments=SEGMENTS).set(**settings)
    told = [part.plain for part in panel.parts]
    given = {name: str(value).lower() if isinstance(value, bool) else str(value)
             for name, value in panel.parameters.items()}  # fmt: skip
    published = chapter(monkeypatch, demo, chapter_parameters("survey_analysis", given))
    name = NAMES[panel.settings["metric"]]
    number, change = published[f"number {name}"], published.get(f"finding {name}_change")
    assert number in told
    assert change in told
    for finding in ("looked_at", "unweighted", "interval_method"):
        assert (f"finding {finding}" in published) == (published.get(f"finding {finding}") in told)
    assert ("finding looked_at" in published) == bool(settings.get("only"))
    assert ("finding unweighted" in published) == (settings.get("weighted") is False)
    (table,) = [part for part in panel.parts if "<table" in part.html]
    if panel.settings["segment"]:
        wanted = [row for row in rows(published["table by_segment"]) if row[0] == number.split(" | ")[0]]
        segment = demo.label(panel.settings["segment"])
        assert rows(table.plain) == [row for row in wanted if row[1] == segment]
        assert len(rows(table.plain)) == len(demo.levels(panel.settings["segment"]))
    else:
        wanted = [row for row in rows(published["table by_wave"]) if row[0] == number.split(" | ")[0]]
        assert [row[:5] for row in rows(table.plain)] == [row[:5] for row in wanted]
        assert len(wanted) == 4
    assert len([part for part in panel.parts if "<img" in part.html]) == 1


def test_the_defaults_are_what_the_committed_notebook_says(demo):
    """Oracle: the outputs that are stored in the notebook."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    stored = {
        (o["data"][results.MIME]["kind"], o["data"][results.MIME]["name"]): "".join(o["data"]["text/plain"])
        for cell in cells
        for o in cell.get("outputs", [])
        if results.MIME in o.get("data", {})
    }
    told = [part.plain for part in explore.survey(demo).parts or explore.survey(demo).set().parts]
    assert stored["number", "nps"] in told
    assert stored["finding", "nps_change"] in told


# -- controls --------------------------------------------------------------------------------------------------


def test_every_control_changes_the_answer_and_the_settings_come_back(demo):
    """Widgets, as somebody moves them: another answer, named in the line above it; the parameters are the chapter's."""
    panel = explore.survey(demo, segments=SEGMENTS)
    panel.open()
    moves = {"metric": "ease", "segment": "age_band", "wave": "2026-H1", "only": "sex: f", "weighted": False,
             "interval_method": "wald", "confidence": 0.9}  # fmt: skip
    assert list(panel.widgets) == list(moves)
    assert all(widget.description for widget in panel.widgets.values())
    before = panel._body.value
    for name, value in reversed(moves.items()):
        panel.widgets[name].value = value
        assert panel._body.value != before, name
        before = panel._body.value
    words = shlex.split(panel.command)
    assert words[:5] == ["cx", "report", "data/demo", "--only", "survey_analysis"]
    given = dict(word.split("=", 1) for word in words[6::2])
    kept = {"wave": "2026-H1", "only": "sex: f", "weighted": False, "interval_method": "wald", "confidence": 0.9}
    assert given == {"segments": SEGMENTS} | {k: str(v).lower() if v is False else str(v) for k, v in kept.items()}
    full = chapter_parameters("survey_analysis", given)
    assert {name: full[name] for name in panel.parameters} == panel.parameters == kept | {"segments": SEGMENTS}
    names: dict = {}
    exec(panel.cell, names)
    assert {name: names[name] for name in kept} == kept


def test_settings_that_cannot_be_are_a_sentence_in_the_panel(demo):
    panel = explore.survey(demo)
    panel.open()
    for text, told in (
        ("city: 4", "city has no answer 4; its answers are hcm (Ho Chi Minh City), hanoi (Hanoi)"),
        ("city", "answers are named question: code|code"),
        ("town: 1", "there is no question town"),
        ("city: hcm; improved: 1; age: 74|75; occupation: 1", "nobody passes the filter"),
    ):
        panel.widgets["only"].value = text
        (part,) = panel.parts
        assert told in part.plain
        assert 'role="alert"' in part.html
        assert "Traceback" not in part.plain
    panel.widgets["only"].value = "age: 75"  # forty answers over all waves: withheld, not refused
    assert "**" in " ".join(part.plain for part in panel.parts)
    panel.widgets["only"].value = ""
    assert len(panel.parts) == 5


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"metric": "recomend"}, r"recomend measures no metric; .* did you mean recommend\?"),
        ({"wave": "2027"}, "there is no wave 2027"),
        ({"segments": "citi"}, "there is no segment citi"),
        ({"interval_method": "walt"}, "interval_method is one of mover, adjusted_wald, wald; found walt"),
        ({"confidence": 95}, "confidence lies between 0 and 1, e.g. 0.95; found 95"),
    ],
)
def test_a_call_that_cannot_be_answered_says_why(demo, given, error):
    with pytest.raises(CxError, match=error):
        explore.survey(demo, **given)


def test_a_filtered_study_begins_the_panel_anew(demo):
    """The panel's own settings say whom it looks at: a chapter that looks at a part hands over the study as it is."""
    part = demo.unweighted().only("sex: f")
    panel = explore.survey(part, only="sex: f", weighted=False)
    assert panel.study is demo
    assert repr(panel) == repr(explore.survey(demo, only="sex: f", weighted=False))
    assert repr(panel.set(only="", weighted=True)) == repr(explore.survey(demo))


# -- other studies ---------------------------------------------------------------------------------------------


def tiny(folder: Path, *, keys: str = "", questions: str = "", **columns) -> Study:
    """A small study of one NPS question; two hundred answers."""
    frame = pd.DataFrame({"recommend": [10, 7, 3, 9] * 50} | columns)
    frame.to_csv(folder / "answers.csv", index=False)
    (folder / "study.yml").write_text(
        f"study: tiny\ntitle: Tiny\nsample: opt_in\ntables:\n  survey:\n    file: answers.csv\n{keys}    questions:\n"
        f"      recommend: {{role: metric, metric: nps}}\n{questions}",
        encoding="utf-8",
    )
    return Study.load(folder)


def test_a_study_without_waves_weights_or_segments_has_what_it_has(tmp_path):
    panel = explore.survey(tiny(tmp_path))
    panel.open()
    assert list(panel.widgets) == ["metric", "only", "interval_method", "confidence"]
    told = [part.plain for part in panel.parts]
    assert told[0].startswith("NPS | 25.0 | 95% model-based interval")
    assert panel.parameters == {"segments": "", "only": "", "interval_method": "", "confidence": 0.95}
    assert not [part for part in panel.parts if "fault of the program" in part.plain]


def test_a_segment_of_tiny_groups_is_withheld(tmp_path):
    study = tiny(tmp_path, questions="      shop: {role: segment}\n", shop=[f"S{i}" for i in range(20)] * 10)
    panel = explore.survey(study)
    (table,) = [part for part in panel.set().parts if "<table" in part.html]
    assert {row[3] for row in rows(table.plain)} == {"**"}


def test_without_a_metric_there_is_no_panel(tmp_path):
    study = tiny(tmp_path)
    file = study.file
    file.write_text(
        file.read_text(encoding="utf-8").replace("role: metric, metric: nps", "role: number"), encoding="utf-8"
    )
    with pytest.raises(CxError, match="the survey has no question with `role: metric`"):
        explore.survey(Study.load(tmp_path))


# -- as it stands in the notebook ------------------------------------------------------------------------------


def test_the_static_panel_is_small_and_always_the_same(demo):
    bundle = explore.survey(demo)._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle == explore.survey(demo)._repr_mimebundle_()
    assert len(bundle["text/html"].encode()) < 60_000
