"""cx verify on the demo's report: every chapter and format made again, in a clone of the project in another folder."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
CLONED = ("cxlib", "notebooks", "data", "pyproject.toml", "requirements.lock")

pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """A copy of the project in a folder with a blank and Vietnamese letters in its name."""
    folder = tmp_path_factory.mktemp("clone") / "bản sao"
    folder.mkdir()
    for name in CLONED:
        path = ROOT / name
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(path, folder / name, ignore=ignored) if path.is_dir() else shutil.copy(path, folder / name)
    return folder


def cx(root: Path, *arguments) -> subprocess.CompletedProcess:
    """cx of the project at `root`, called from elsewhere."""
    command = [sys.executable, "-c", "from cxlib.cli import main; main()", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(root)}
    return subprocess.run(command, cwd=root.parent, env=environment, capture_output=True, text=True)


def test_the_demo_s_report_passes_in_a_clone_and_a_digit_in_it_does_not(clone, tmp_path):
    report = tmp_path / "report"
    made = cx(ROOT, "report", "data/demo", "--no-cache", "--out", report)
    assert made.returncode == 0, made.stderr
    done = cx(clone, "verify", report, "--workers", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((report / "certificate.json").read_text(encoding="utf-8"))
    print(f"{len(found['cells'])} cells, {len(found['deliverables'])} files: {found['verdict']}")
    assert found["verdict"] == "verified"
    assert {cell["verdict"] for cell in found["cells"]} == {"identical"}
    assert {one["verdict"] for one in found["deliverables"].values()} == {"identical"}
    alone = tmp_path / "alone.html"
    text = (report / "index.html").read_text(encoding="utf-8")
    value = text.index('<p class="value">') + len('<p class="value">')
    digit = next(place for place in range(value, value + 50) if text[place].isdigit())
    alone.write_text(f"{text[:digit]}{(int(text[digit]) + 1) % 10}{text[digit + 1 :]}", encoding="utf-8")
    done = cx(clone, "verify", alone)
    print(done.stderr)
    assert done.returncode == 1
    assert "-number-" in done.stderr
    assert "it was changed after the report was made" in done.stderr
