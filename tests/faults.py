"""Reports on a small study under faults: the command in a process of its own, and what must hold of its target.

Run as a program it is the command `cx` itself, with a cache of its own (CX_TEST_CACHE). With CX_TEST_QUICK nothing is
executed: committed notebooks stand in for executed ones, so that the whole way of a report takes a second.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from cxlib.places import sha256
from cxlib.report.folder import fingerprints

ROOT = Path(__file__).resolve().parent.parent
NOT_LISTED = {"plan.json", "ro-crate-metadata.json"}
NOTES = "notes của tôi.docx"  # what somebody has put beside the report
YAML = """study: tiny
title: Tiny
sample: opt_in
tables:
  survey:
    file: s.csv
    respondent: id
    questions:
      q: {role: metric, metric: nps}
      branch: {role: segment}
"""
LATE = "after its end"
APART = ("unshare", "-rm")  # file systems that are mounted behind it are there for it alone
CLOCK = """
import time
_real, _back = time.time, [0.0]
def _time():
    _back[0] += 60
    return _real() - _back[0]
time.time, time.time_ns = _time, lambda: int(_time() * 1e9)
"""


def study(folder: Path, *, newline: str = "\n") -> Path:
    """A study of 60 respondents in a new folder."""
    folder.mkdir(parents=True)
    rows = "".join(f"{number},{number % 11},branch {number % 3}\n" for number in range(60))
    for name, content in (("study.yml", YAML), ("s.csv", "id,q,branch\n" + rows)):
        (folder / name).write_text(content, encoding="utf-8", newline=newline)
    return folder


def arguments(where: Path, out: Path, confidence: float = 0.95, formats: str = "html") -> list[str]:
    """The arguments of a report of one chapter, another one for each confidence."""
    given = ["--only", "data_quality", "--format", formats, "-p", f"confidence={confidence}"]
    return ["report", str(where), *given, "--out", str(out)]


def command(*given: str) -> list[str]:
    return [sys.executable, __file__, *given]


def environment(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a run whose cache and temporary files are in a folder."""
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    own = {"CX_TEST_CACHE": str(folder / "cache"), "TMPDIR": str(folder / "tmp"), "PYTHONPATH": str(ROOT)}
    alone = {name: value for name, value in os.environ.items() if name != "CX_KERNELS"}
    return alone | own | {"OMP_NUM_THREADS": "1"} | more


def ran(*given: str, env: dict[str, str], before: tuple[str, ...] = (), cwd: Path | None = None):
    """The command, run to its end; `before` stands in front of it."""
    return subprocess.run(
        [*before, *command(*given)], env=env, cwd=cwd, capture_output=True, encoding="utf-8", errors="replace"
    )


def mounts() -> str:
    """Why file systems cannot be mounted for a test; empty where they can."""
    try:
        tried = subprocess.run([*APART, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, text=True)
    except FileNotFoundError:
        return "there is no unshare, with which a file system is mounted for a test alone"
    return tried.stderr.strip()


def spread(out: Path) -> dict[str, str]:
    """The files of a folder by name, with their SHA-256; nothing where there is no folder."""
    return fingerprints(out) if out.is_dir() else {}


def confidence(out: Path) -> float | None:
    """Which report stands at `out`: the confidence that it was made with. Every file of it must be as its plan says."""
    if not os.path.lexists(out):
        return None
    about = json.loads((out / "plan.json").read_text(encoding="utf-8"))
    found = {name for name in spread(out) if name not in NOT_LISTED and name != NOTES}
    assert found == set(about["files"]), "files of two reports, or missing ones"
    assert all(sha256(out / name) == digest for name, digest in about["files"].items()), "a damaged file"
    assert (out / "ro-crate-metadata.json").is_file()
    return about["chapters"][0]["parameters"]["confidence"]


def committed(planned, out: Path, limits=None) -> None:
    """Stands in for execution: the notebook as it is stored."""
    notebook = json.loads((ROOT / "notebooks" / planned.notebook).read_text(encoding="utf-8"))
    notebook["metadata"]["papermill"] = {"parameters": planned.parameters}
    out.write_text(json.dumps(notebook), encoding="utf-8")


def _marked(mark: str) -> list[str]:
    """The running processes in whose environment a mark stands; one that has ended and is not yet buried has none."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if f"CX_MARK={mark}".encode() in (path / "environ").read_bytes():
                found.append((path / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


@dataclass
class Killed:
    """A run that was killed: where it was, which report stood there then, and whether the next run reused a chapter."""

    where: str
    left: str
    reused: bool


class Kills:
    """Reports on a small study that are killed at random moments, one after another at the same target.

    After each kill the target must be the old report or the new one, with what somebody has put beside it; within ten
    seconds no process may be left; and the next run must make the report, and leave nothing but it.
    """

    def __init__(self, folder: Path, seed: int, **more: str):
        self.random, self.mark = random.Random(seed), f"{seed}-{uuid.uuid4().hex}"
        self.where, self.out = study(folder / "study"), folder / "r" / "tiny"
        self.env = environment(folder, CX_MARK=self.mark, **more)
        self.passing, self.number = folder / "tmp", 0
        self.took = 5.0  # seconds of a whole run
        self._next(0.9)
        (self.out / NOTES).write_text("years of work")

    def kill(self) -> Killed:
        """Begin a new report, kill it, look at what is left, and make it."""
        self.number += 1
        if self.number % 10 == 0:
            shutil.rmtree(self.out)
        old, new = confidence(self.out), round(0.9 + self.number / 10_000, 4)
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(command(*arguments(self.where, self.out, new)), env=self.env, stdout=said,
                                       stderr=said, start_new_session=True)  # fmt: skip
            try:
                self._wait(process)
            finally:
                process.kill()
                process.wait()
            said.seek(0)
            told = said.read().decode()
        assert "Traceback" not in told, told
        where = self._where() if process.returncode == -signal.SIGKILL else LATE
        left = confidence(self.out)
        assert left in (old, new)
        until = time.monotonic() + 10
        while found := _marked(self.mark):
            assert time.monotonic() < until, f"outlives the kill: {found}"
            time.sleep(0.05)
        reused = self._next(new)
        if not (self.out / NOTES).exists():
            assert self.number % 10 == 0, "what somebody put beside the report is lost"
            (self.out / NOTES).write_text("years of work")
        assert (self.out / NOTES).read_text() == "years of work"
        return Killed(where, "the old" if left == old else "the new", reused)

    def _wait(self, process: subprocess.Popen) -> None:
        """Wait for the moment of the kill: any of the whole run, or one close to its end, or to the exchange itself."""
        began, aim = time.monotonic(), self.number % 4
        random_moment = began + self.random.uniform(0, 1.1 * self.took)
        name = {2: "plan.json", 3: NOTES}.get(aim)
        until = began + 10 * self.took if name else random_moment
        while process.poll() is None and time.monotonic() < until:
            if name and any(self.out.parent.glob(f".tiny.new-*/{name}")):
                time.sleep(self.random.uniform(0, 0.1 * self.took if aim == 2 else 0.01))
                return
            time.sleep(0.0005 if name else 0.005)

    def _where(self) -> str:
        """Where the run was when it was killed, by what it has left."""
        aside = next(self.out.parent.glob(".tiny.new-*"), None)
        if aside is None:
            return "before its folder or after the exchange"
        if (aside / NOTES).exists() or not (aside / "notebooks").exists():
            return "at the exchange or removing the old one"
        if (aside / "plan.json").exists():
            return "with the report made, before the exchange"
        return "making the formats" if any((aside / "notebooks").glob("0*.ipynb")) else "executing"

    def _next(self, new: float) -> bool:
        """Make the report; whether a chapter was reused."""
        began = time.monotonic()
        done = ran(*arguments(self.where, self.out, new), env=self.env)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        assert confidence(self.out) == new
        assert [path.name for path in self.out.parent.iterdir()] == ["tiny"]
        assert list(self.passing.iterdir()) == []
        if "reused" not in done.stdout:
            self.took = time.monotonic() - began
        return "; reused: " in done.stdout


def main() -> None:
    from cxlib import cli
    from cxlib.report import cache, plan, run

    cache.Cache.__init__.__defaults__ = (Path(os.environ["CX_TEST_CACHE"]), cache.LIMIT)
    if "CX_TEST_QUICK" in os.environ:
        plan.code_hash = lambda: "the same, whoever edits a module while this runs"
        run._here = committed
    cli.main()


if __name__ == "__main__":
    main()
