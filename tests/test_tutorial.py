"""The tutorial: its export is what its script makes, its text tells no number, and it ends at a report."""

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cxlib import new_draft

ROOT = Path(__file__).resolve().parent.parent
TUTORIAL = ROOT / "notebooks/guide/tutorial.ipynb"
FOLDER = ROOT / "data/tutorial"


@pytest.fixture(scope="module")
def cells() -> list[dict]:
    return json.loads(TUTORIAL.read_text(encoding="utf-8"))["cells"]


def printed(cells: list[dict], name: str) -> str:
    """What a cell printed, or the plain text of what it showed."""
    outputs = next(cell for cell in cells if cell["id"] == name)["outputs"]
    return "".join("".join(o["text"] if "text" in o else o["data"]["text/plain"]) for o in outputs)


def test_the_export_is_what_its_script_makes(tmp_path):
    shutil.copy(FOLDER / "make.py", tmp_path)
    subprocess.run([sys.executable, tmp_path / "make.py"], check=True)
    assert (tmp_path / "export.csv").read_bytes() == (FOLDER / "export.csv").read_bytes()


def test_the_guesses_are_those_that_the_text_speaks_of():
    draft = new_draft.begin([FOLDER / "export.csv"])
    roles = {draft.names.get(made.columns, made.columns[0]): made for made in draft.found}
    assert draft.whole.answers.kind == "surveymonkey"
    assert roles["likely_recommend_harbour_bikes"].entries["metric"] == "nps"
    assert roles["overall_satisfied_harbour_bikes"].entries["metric"] == "csat"
    drivers = [name for name, made in roles.items() if made.role == "driver"]
    assert drivers == ["condition_bikes", "finding_free_bike", "app", "Price", "customer_service"]
    assert roles["customer_service"].entries["missing"] == ["Have not used it"]
    private = [name for name, made in roles.items() if made.use == "private"]
    assert private == ["IP Address", "Email Address", "First Name", "Last Name"]


def test_it_is_a_guide_and_no_chapter_and_its_cells_are_short(cells):
    assert "cx" not in json.loads(TUTORIAL.read_text(encoding="utf-8"))["metadata"]
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code" or source.startswith("%%bash"):
            continue
        banned = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.Lambda)
        assert not [node for node in ast.walk(ast.parse(source)) if isinstance(node, banned)]
        assert len(source.splitlines()) <= 10


def test_its_text_types_no_result(cells):
    """Numbers in prose are steps, scales and times; a result would be untrue of other data."""
    prose = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    plain = re.sub(r"`[^`]*`|\]\([^)]*\)|\"[^\"]*\"|^#+ \d+\.|^\d+\.", "", prose, flags=re.MULTILINE)
    assert set(re.findall(r"\d+(?:-\d+)?", plain)) <= {"0-10", "15"}


def test_its_links_lead_somewhere(cells):
    for cell in cells:
        for link in re.findall(r"\]\(([^)#]+)\)", "".join(cell["source"])):
            assert (TUTORIAL.parent / link).exists(), link


def test_every_step_ended_and_the_last_reads_the_report(cells):
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == [*range(1, len(code) + 1)]
    assert not [o for cell in code for o in cell["outputs"] if o["output_type"] == "error"]
    assert printed(cells, "check").endswith("bikes is sound.\n")
    made, checked = printed(cells, "report").splitlines()
    assert made == "reports/bikes: 1 chapter in index.html"
    assert checked.startswith("disclosure check: no private columns; ")
    assert "more than chance explains" in printed(cells, "findings")


def test_what_is_stored_names_no_folder_of_this_machine(cells):
    text = TUTORIAL.read_text(encoding="utf-8")
    assert "cx-tutorial-" not in text.replace('prefix=\\"cx-tutorial-\\"', "")
    assert str(ROOT) not in text
    assert "application/vnd.jupyter.widget-view+json" not in text


def test_the_command_and_the_form_write_the_same_study(tmp_path):
    """The cell that types `cx new` and the button of the form go through one code: what nobody decided is the same."""
    from cxlib import new_study
    from cxlib.explore import study_form

    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    new_study.create(tmp_path / "a/bikes", [FOLDER / "export.csv"])
    form = study_form.study(FOLDER / "export.csv", folder=tmp_path / "b/bikes")
    form.open()
    form.widgets["title"].value = "Bikes"
    form.write()
    theirs, ours = ((tmp_path / f / "bikes/study.yml").read_text().splitlines() for f in "ab")
    # The form's title, language and sample are seen, and so decided.
    assert [line for line in ours if line not in theirs] == ["language: en", "sample: opt_in"]
