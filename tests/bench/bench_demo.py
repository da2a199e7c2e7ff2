"""The whole report on the demo study by `cx report`: all chapters and formats, and again when nothing has changed.

It is held against papermill and nbconvert one after another, for the chapters alone.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import ROOT, row, seconds, timed_apart

from cxlib.report.plan import make_plan

AGAIN = 2.0  # seconds that an unchanged report may take


def command(out: Path, *options: str) -> str:
    """What `cx report` says of the demo study's report at `out`."""
    cx = shutil.which("cx", path=str(Path(sys.executable).parent))
    run = [cx, "report", "data/demo", "--out", str(out), *options]
    return subprocess.run(run, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT).stdout


def check_unchanged(out: Path) -> None:
    """The project is what it was when the report was made, so that the command finds it made and opens no cache."""
    made = json.loads((out / "plan.json").read_text(encoding="utf-8"))
    assert made["hash"] == make_plan("data/demo")[0].hash, "files of the project changed while they were measured"


def again(out: Path) -> None:
    """The command once more, with nothing to do."""
    said = command(out)
    assert "nothing has changed" in said, said


def rows() -> list[dict]:
    """The rows of the page."""
    with tempfile.TemporaryDirectory() as folder:
        out, plain = Path(folder) / "report", Path(folder) / "plain"
        first = seconds(lambda: command(out, "--no-cache"), 1)
        check_unchanged(out)
        second = seconds(lambda: again(out))
        plain.mkdir()
        one_by_one = timed_apart("loops", "with_nbconvert", str(plain))
    loop = "a loop of papermill and nbconvert (HTML) over the chapters"
    return [
        row("report on the demo, all chapters and formats, no cache", first, one_by_one, loop, at_least=3),
        row("  again, nothing changed", second, AGAIN, f"{AGAIN:g} s", at_most=1),
    ]
