"""The contribution guide: its recipes are applied to a copy of the project, all of them, and one report is made.

The oracle of what each recipe promises is the report's results.json, a count by hand, and the number of its lines.
"""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from doc_pages import ROOT, change, fences, section

PAGE = ROOT / "CONTRIBUTING.md"
RECIPES = ["A metric", "A reader", "A chapter", "A language"]
MOST = 30
CX = "from cxlib.cli import main; main()"  # the command of the copy, whatever cx is on the way
# What a made-up tool exports; the answers to trust are 1 to 7.
TRUST = [7, 6, 6, 5, 4, 7, 3, 6, 1, 7] * 12
HEADS = ["trust :: How far do you trust us?", "city :: Where do you live?"]
STUDY = """study: acme
title: Acme
sample: panel
language: fr
tables:
  survey:
    file: export.csv
    questions:
      trust: {role: metric, metric: trust}
      city: {role: segment}
"""


def recipe(heading: str) -> tuple[list[str], list[str]]:
    """The commands and the diffs of a recipe."""
    under = section(PAGE, heading)
    here = [fence for fence in fences(PAGE) if fence.text.rstrip() in under]
    return [f.text.strip() for f in here if f.language == "sh"], [f.text for f in here if f.language == "diff"]


def in_copy(folder: Path, *arguments) -> subprocess.CompletedProcess:
    """Python in the copy, with the copy's own package in its processes and in those of its kernels."""
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=600
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, dict[str, int]]:
    """A copy of the project with all recipes applied, and how many lines each changed."""
    folder = tmp_path_factory.mktemp("copy")
    leave = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in ("cxlib", "notebooks"):
        shutil.copytree(ROOT / name, folder / name, ignore=leave)
    for name in ("requirements.lock", "pyproject.toml", "data/README.md"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    changed = {}
    for heading in RECIPES:
        commands, diffs = recipe(heading)
        for command in commands:
            if language := re.fullmatch(r"make messages ARGS=(\w+)", command):
                done = in_copy(folder, "-m", "cxlib.messages", language[1])  # what the target runs, without a .venv
            else:
                done = in_copy(folder, "-c", CX, *command.removeprefix(".venv/bin/cx ").split())
            assert done.returncode == 0, done.stderr
        changed[heading] = len(commands) + sum(change(diff, folder) for diff in diffs)
    study = folder / "data/acme"
    study.mkdir()
    with (study / "export.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEADS, *((answer, ("Huế", "Vinh")[i % 2]) for i, answer in enumerate(TRUST))])
    (study / "study.yml").write_text(STUDY, encoding="utf-8")
    return folder, changed


@pytest.fixture(scope="module")
def report(made) -> Path:
    """The report of the copy's new chapter on the new tool's export, in the new language."""
    folder, _ = made
    wanted = ["--only", "survey_analysis", "--only", "first_look", "--format", "html", "--out", "out"]
    done = in_copy(folder, "-c", CX, "report", "data/acme", *wanted)
    assert done.returncode == 0, done.stderr
    return folder / "out"


def test_every_recipe_is_short(made):
    _, changed = made
    assert list(changed) == RECIPES
    assert {heading: n for heading, n in changed.items() if not 0 < n < MOST} == {}


def test_the_reader_opens_the_export_with_its_words(made):
    folder, _ = made
    code = (
        "from cxlib.readers import read_table; a = read_table('data/acme/export.csv');"
        "print(a.kind, len(a.frame), a.variables['trust'].text, a.frame['trust'].value_counts()['6'])"
    )
    done = in_copy(folder, "-c", code)
    assert done.stdout.split("\n")[0] == f"pollmaker 120 How far do you trust us? {TRUST.count(6)}", done.stderr


def test_the_metric_is_scored_and_stands_in_the_chapter_s_table(report):
    """By hand: the answers 6 and 7."""
    chapter = json.loads((report / "results.json").read_text(encoding="utf-8"))["chapters"]["survey_analysis"]
    share = 100 * sum(answer >= 6 for answer in TRUST) / len(TRUST)
    assert (chapter["numbers"]["trust"]["value"], chapter["numbers"]["trust"]["n"]) == (share, len(TRUST))
    table = chapter["tables"]["metrics"]
    assert [row for row in table["rows"] if "Trust" in map(str, row)], table


def test_the_chapter_stands_in_the_report(report):
    found = json.loads((report / "results.json").read_text(encoding="utf-8"))["chapters"]
    assert list(found) == ["survey_analysis", "first_look"]
    assert found["first_look"]["tables"]
    assert "How did customers answer, question by question?" in (report / "index.html").read_text(encoding="utf-8")


def test_the_translated_message_stands_in_the_chapter(report):
    page = (report / "index.html").read_text(encoding="utf-8")
    assert "L’essentiel" in page
    assert "Bottom line" not in page
    assert '<html lang="fr"' in page


def test_make_messages_is_what_was_run():
    assert "$(PY) -m cxlib.messages $(ARGS)" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_a_recipe_whose_seam_has_moved_is_noticed(tmp_path):
    (tmp_path / "cxlib").mkdir()
    (tmp_path / "cxlib/exports.py").write_text("from cxlib import other\n")
    with pytest.raises(AssertionError, match=r"cxlib/exports.py: these lines stand there 0 times"):
        change(recipe("A reader")[1][0], tmp_path)


def test_the_house_s_numbers_are_those_of_its_tools():
    """Line length and the rules of cells, as the page tells them."""
    style = " ".join(section(PAGE, "House style").split())
    width = re.search(r"line-length = (\d+)", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))[1]
    assert f"Lines of at most {width} characters" in style
    rules = (ROOT / "tests/test_notebooks.py").read_text(encoding="utf-8")
    assert "<= 10" in rules
    assert "a cell holds at most ten lines" in style
