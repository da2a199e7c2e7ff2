"""A chapter begun by `cx chapter` passes the notebook rules, runs as it is stored, and is a chapter of the report."""

import inspect
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import test_notebooks

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "notebooks/guide/new_chapter.ipynb"
RULES = [
    rule
    for name, rule in vars(test_notebooks).items()
    if name.startswith("test_") and list(inspect.signature(rule).parameters) == ["notebook"]
]


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A copy of the project in which a chapter was begun."""
    folder = tmp_path_factory.mktemp("project")
    for part in ("cxlib", "notebooks", "data/demo"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
    shutil.copy(ROOT / "requirements.lock", folder)
    done = cx(folder, "chapter", "branch_visits")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("notebooks/07_branch_visits.ipynb: ")
    return folder


def cx(project: Path, *arguments: str) -> subprocess.CompletedProcess:
    """The cx command of that copy."""
    return subprocess.run(
        [sys.executable, "-c", "from cxlib.cli import main; main()", *arguments],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_there_are_rules():
    assert len(RULES) >= 10


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__.removeprefix("test_"))
def test_the_new_chapter_passes_every_rule_for_notebooks(project, rule):
    rule(project / "notebooks/07_branch_visits.ipynb")


def test_it_is_a_chapter_of_the_report_and_says_what_is_stored(project):
    """The same outputs as nbval would compare: texts, pages, drawings and published data."""
    done = cx(project, "report", "data/demo", "--only", "branch_visits", "--format", "html", "--out", "made")
    assert done.returncode == 0, done.stderr
    published = json.loads((project / "made/results.json").read_text("utf-8"))["chapters"]
    assert list(published) == ["branch_visits"]
    assert {"nps", "csat", "ces"} <= set(published["branch_visits"]["numbers"])
    assert "What is the question of this chapter?" in (project / "made/index.html").read_text("utf-8")
    run = {cell["id"]: cell for cell in cells(project / "made/notebooks/07_branch_visits.ipynb")}
    for cell in cells(TEMPLATE):
        if cell["cell_type"] == "code":
            assert run[cell["id"]]["outputs"] == cell["outputs"], cell["id"]


def cells(path: Path) -> list[dict]:
    return nbformat.read(path, as_version=4)["cells"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("branch_visits", "there is a chapter branch_visits already: 07_branch_visits.ipynb"),
        ("Branch visits", "a chapter's name is small letters, digits and _, e.g. branch_visits; found 'Branch visits'"),
    ],
)
def test_nothing_is_overwritten_and_names_are_plain(project, name, why):
    before = {path.name: path.read_bytes() for path in (project / "notebooks").glob("*.ipynb")}
    done = cx(project, "chapter", name)
    assert (done.returncode, done.stderr) == (2, f"cx: {why}\n")
    assert {path.name: path.read_bytes() for path in (project / "notebooks").glob("*.ipynb")} == before


def test_the_template_itself_is_no_chapter():
    """nbval runs it with the other notebooks; a report does not, and its first cell asks for the question."""
    assert "cx" not in json.loads(TEMPLATE.read_text("utf-8"))["metadata"]
