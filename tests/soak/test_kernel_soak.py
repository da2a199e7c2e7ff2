"""A thousand notebooks on warm kernels, and ends in mid-run: no process, file or port is left."""

import json
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from test_kernel import HANG, ROOT, driven, ended_in_mid_run, marked, short, wait_until, written

__all__ = ["short"]  # a fixture

pytestmark = [pytest.mark.soak, pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")]

RUNS = 1000
FIGURE = [
    "import cxlib\nimport matplotlib.pyplot as plt",
    "figure, axes = plt.subplots(figsize=(2, 2)); axes.plot([1, 3, 2]);",
    "print(cxlib.nps([0, 7, 9, 10]).value)",
]
CHAPTERS = ("complaint_iceberg", "metric_regressions")


def test_a_thousand_runs_leave_nothing_and_nothing_outlives_kill_9(short, monkeypatch):
    """A run that failed would end the process, and its line would be missing."""
    mark = uuid.uuid4().hex
    book = written(short / "in.ipynb", *FIGURE, HANG)
    process = driven(short, book, [20, RUNS, 10**9], mark)
    try:
        early = json.loads(process.stdout.readline())
        late = json.loads(process.stdout.readline())
        print(f"after 20 runs {early}, after {RUNS} runs {late}")
        assert late == early
        assert (late["forks"], late["alive"], late["ports"]) == (0, 0, 0)
        ended_in_mid_run(process, short, mark, monkeypatch)
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("before", ["no report", "a report"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, {1, 130}), (signal.SIGTERM, {143})])
def test_a_report_that_is_stopped_leaves_its_target_and_no_kernel(short, number, code, before):
    mark, out = uuid.uuid4().hex, short / "r" / "demo"
    (short / "tmp").mkdir()
    out.parent.mkdir()
    if before == "a report":
        out.mkdir()
        (out / "plan.json").write_text("{}")
        (out / "results.json").write_text("old")
    environment = {key: value for key, value in os.environ.items() if key != "CX_KERNELS"}
    only = [argument for chapter in CHAPTERS for argument in ("--only", chapter)]
    process = subprocess.Popen(
        [Path(sys.executable).parent / "cx", "report", "data/demo", *only, "--out", out, "--no-cache"],
        cwd=ROOT,
        env=environment | {"TMPDIR": str(short / "tmp"), "CX_MARK": mark},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_until(lambda: kernels(mark), 120, "no kernel runs")
        process.send_signal(number)
        assert process.wait(timeout=5) in code
        wait_until(lambda: not marked(mark), 5, "something outlives the report")
        assert [path.name for path in out.parent.iterdir()] == (["demo"] if before == "a report" else [])
        if before == "a report":
            assert {path.name: path.read_text() for path in out.iterdir()} == {"plan.json": "{}", "results.json": "old"}
        assert list((short / "tmp").glob("*.json")) == []
    finally:
        process.kill()
        process.wait()


def kernels(mark: str) -> list[int]:
    """The running kernels with a mark: only they know of a Jupyter above them, and that not from their first moment."""
    return [number for number in marked(mark) if len(list(Path(f"/proc/{number}/task").iterdir())) > 8]
