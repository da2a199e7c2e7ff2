"""Chapters executed on a dask cluster: a scheduler and workers on this machine that share no folder with the caller."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import iceberg_study
import pytest

from cxlib.errors import CommandError, CxError
from cxlib.places import fingerprints, sha256
from cxlib.report import cluster, cluster_worker
from cxlib.report.plan import FORMATS, make_plan
from cxlib.report.run import Report
from cxlib.study_yml import read_codebook

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = ("complaint_iceberg", "journey_map", "summary")

distributed = pytest.importorskip("distributed", reason="needs dask: the extra `cluster`")
pytestmark = pytest.mark.cluster


def until(condition, what: str, seconds: float = 120):
    """What `condition` gives, once it gives something."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"{what}: not within {seconds} seconds"
        time.sleep(0.1)
    return found


class Cluster:
    """A scheduler, and workers that each have a folder of their own, in which they run and keep what is passing."""

    def __init__(self, folder: Path):
        self.folder, self.running = folder, []
        self._start("scheduler", "--port", "0", "--scheduler-file", str(folder / "scheduler.json"))
        until(self._told, "the scheduler's address")
        self.address = json.loads(self._told())["address"]
        self.client = distributed.Client(self.address, set_as_default=False)

    def _told(self) -> str:
        file = self.folder / "scheduler.json"
        return file.read_text() if file.is_file() and file.read_text().endswith("}") else ""

    def _start(self, kind: str, *arguments: str, name: str = "") -> subprocess.Popen:
        own = self.folder / (name or kind)
        (own / "passing").mkdir(parents=True)
        with (own / "log").open("w") as log:
            found = subprocess.Popen(
                [sys.executable, "-m", "dask", kind, "--host", "127.0.0.1", "--no-dashboard", *arguments],
                cwd=own, env=os.environ | {"TMPDIR": str(own / "passing")}, stdout=log, stderr=log,
            )  # fmt: skip
        self.running.append(found)
        return found

    def worker(self, name: str, nanny: str = "--no-nanny") -> subprocess.Popen:
        """A worker of one thread that has begun."""
        own = str(self.folder / name)
        found = self._start("worker", self.address, "--nthreads", "1", nanny, "--name", name, "--local-directory", own,
                            name=name)  # fmt: skip
        until(lambda: self.at(name), f"worker {name}")
        return found

    def at(self, name: str) -> str:
        """The address of a worker; empty where it is not there."""
        there = self.client.scheduler_info(n_workers=-1)["workers"]
        return next((address for address, about in there.items() if about["name"] == name), "")

    def doing(self, address: str) -> tuple:
        """The chapters that a worker is executing."""
        return tuple(self.client.processing().get(address, ()))

    def busy(self) -> list[str]:
        """The addresses of the workers that are executing a chapter."""
        return [address for address, chapters in self.client.processing().items() if chapters]

    def left(self) -> list[Path]:
        """Files of runs that lie with the workers; what a killed one left goes when another one begins there."""
        for one in self.running:
            one.poll()
        found = [path for path in self.folder.glob("*/passing/cx-run-*/**/*") if path.is_file()]
        numbers = {path: path.relative_to(self.folder).parts[2].split("-")[2] for path in found}
        return [path for path in found if Path("/proc", numbers[path]).exists()]

    def end(self) -> None:
        """Stop all of it."""
        self.client.close()
        for one in self.running:
            one.send_signal(signal.SIGINT)
        for one in self.running:
            try:
                one.wait(20)
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait()


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    """A scheduler and two workers, one of them under a nanny and so a daemonic process."""
    found = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        found.worker("one")
        found.worker("two", "--nanny")
        yield found
    finally:
        found.end()


@pytest.fixture(scope="module")
def here(tmp_path_factory) -> Path:
    """The caller's folder: a small study in Vietnamese, its data in another folder."""
    folder = tmp_path_factory.mktemp("caller")
    table, data, top = iceberg_study.parts(language="vi")
    (folder / "acme").mkdir()
    (folder / "files").mkdir()
    (folder / "acme/study.yml").write_text(top + table, encoding="utf-8")
    for name, content in data.items():
        (folder / "files" / name).write_text(content, encoding="utf-8")
    shutil.copytree(folder / "files", folder / "broken")
    with (folder / "broken/s.csv").open("a") as survey:
        survey.write("r100,c100,2026-01-10,7,0,n\n")
    return folder


def begun(here: Path, out: str, *arguments: str, data: str = "files", chapters=CHAPTERS) -> subprocess.Popen:
    """`cx report acme`, begun in the caller's folder."""
    only = [word for chapter in chapters for word in ("--only", chapter)]
    command = ["report", "acme", "--data", data, "--out", out, "--format", "xlsx", "--no-cache", *only, *arguments]
    return subprocess.Popen(
        [sys.executable, "-c", "from cxlib.cli import main; main()", *command],
        cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def ended(process: subprocess.Popen) -> tuple[int, str]:
    out, err = process.communicate(timeout=300)
    return process.returncode, out + err


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a report but for its provenance, where the clock times stand."""
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and p.name != "ro-crate-metadata.json")
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


@pytest.fixture(scope="module")
def local(here) -> dict[str, bytes]:
    """The report as it is made on one machine."""
    assert ended(begun(here, "local"))[0] == 0
    return contents(here / "local")


@pytest.fixture
def report(here, monkeypatch) -> Report:
    """A report that is planned."""
    monkeypatch.chdir(here)
    plan, book = make_plan("acme", data="files", only=("complaint_iceberg",))
    return Report(plan, book, here / "planned", tuple(FORMATS))


def test_a_report_is_the_same_as_on_one_machine(machines, here, local):
    status, told = ended(begun(here, "cluster", "--cluster", machines.address))
    assert status == 0, told
    assert {"notebooks/06_summary.ipynb", "results.json", "tables.xlsx"} <= local.keys()
    assert contents(here / "cluster") == local
    assert machines.left() == []


def test_the_work_of_a_killed_worker_is_done_by_another(machines, here, local):
    numbers = machines.client.run(os.getpid)
    process = begun(here, "killed", "--cluster", machines.address)
    victim = until(machines.busy, "a chapter under way")[0]
    os.kill(numbers[victim], signal.SIGSTOP)  # so that it cannot be done before it dies
    taken = machines.doing(victim)
    os.kill(numbers[victim], signal.SIGKILL)
    status, told = ended(process)
    assert len(taken) == 1
    assert status == 0, told
    assert victim not in machines.client.nthreads()
    assert contents(here / "killed") == local


def test_a_chapter_that_fails_tells_its_cell_and_no_place_of_a_worker(machines, here):
    arguments = ("failed", "--cluster", machines.address)
    status, told = ended(begun(here, *arguments, data="broken", chapters=("complaint_iceberg",)))
    assert status == 1
    assert "chapter complaint_iceberg failed: notebook 01_complaint_iceberg.ipynb, cell 4 (Data and bases): " in told
    assert f"CxError: {here / 'acme/study.yml'}: " in told
    assert "7" in told
    assert str(machines.folder) not in told
    assert not (here / "failed").exists()


def test_an_interrupt_ends_the_run_and_leaves_nothing(machines, here):
    process = begun(here, "interrupted", "--cluster", machines.address, chapters=("complaint_iceberg",))
    until(machines.busy, "a chapter under way")
    process.send_signal(signal.SIGINT)
    status, told = ended(process)
    assert status == 1
    assert told.endswith("cx: interrupted; nothing was changed\n")
    assert not (here / "interrupted").exists()
    assert machines.busy() == []
    until(lambda: machines.left() == [], "the end of the chapter that was under way")


def test_a_worker_with_other_code_or_libraries_is_refused(machines, report):
    plan = replace(report.plan, code="0" * 64, environment=report.plan.environment | {"numpy": "1.0"})
    with (
        pytest.raises(CxError, match=r"worker tcp://.* in the code of cxlib, numpy \(here 1\.0, there [\d.]+\)$"),
        cluster.connected(machines.address, [replace(report, plan=plan)]),
    ):
        pass


def test_a_worker_that_came_later_looks_for_itself():
    own = cluster_worker.versions()
    with pytest.raises(CxError, match=r"^--cluster: a worker would .* differs in scipy \(here 1\.0, there "):
        cluster_worker.same(own | {"scipy": "1.0"}, own, "a worker")
    assert cluster_worker.same(own, own, "a worker") is None


def test_a_scheduler_without_workers_is_told(tmp_path, monkeypatch, report):
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    alone = Cluster(tmp_path)
    try:
        with (
            pytest.raises(CxError, match=f"scheduler at {alone.address} has had no worker for 1 seconds"),
            cluster.connected(alone.address, [report]),
        ):
            pass
    finally:
        alone.end()


class Nobody:
    """A client whose workers have all gone, and a future of theirs."""

    status = "pending"

    def __init__(self):
        self.scheduler = SimpleNamespace(ncores=dict)

    def sync(self, work, *, callback_timeout):
        return work()

    def add_done_callback(self, work):
        pass


def test_a_run_does_not_wait_for_ever_for_workers_that_have_gone(monkeypatch, report):
    monkeypatch.setattr(cluster, "PATIENCE", 0.1)
    monkeypatch.setattr(cluster, "POLL", 0.1)
    with pytest.raises(CxError, match=r"^--cluster: the dask .* tcp://a:1 has had no worker for 0\.1 seconds$"):
        cluster._Run(Nobody(), "tcp://a:1", [report])._result(Nobody())


def test_nobody_answers(monkeypatch, report):
    monkeypatch.setattr(cluster, "ANSWER", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(CxError, match=f"^--cluster: no dask scheduler answers at {address} ") as caught:
            cluster._client(address)
        assert caught.value.exit_code == 1
    with pytest.raises(CxError, match=f"^--cluster: no dask scheduler answers at {address} "):
        cluster._client(address)


@pytest.mark.parametrize("address", ["host", "host:8786", "tcp://host", "tcp://:8786", "http://host:80", "tcp://a b:1"])
def test_what_is_no_address_is_refused(address, cx, here, monkeypatch):
    monkeypatch.chdir(here)
    status, _, err = cx("report", "acme", "--data", "files", "--out", "refused", "--cluster", address)
    assert status == CommandError.exit_code
    assert err.endswith(f"--cluster takes the address of a dask scheduler, e.g. tcp://host:8786; found {address!r}\n")


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(CxError, match=r'^--cluster needs dask, .*: pip install -e "\.\[cluster\]"$'):
        cluster._client("tcp://127.0.0.1:8786")


def test_what_is_handed_over_is_what_the_plan_rests_on():
    file = ROOT / "data/demo/study.yml"
    handed = cluster._study_files(file, file.parent)
    assert sorted(map(sha256, handed)) == sorted(fingerprints(file, file.parent, read_codebook(file)).values())


def test_a_file_with_an_absolute_path_is_refused(make):
    folder = make("file: /srv/s.csv\nrespondent: id\nquestions: {}", "id\n1\n")
    with pytest.raises(CxError, match=r"study\.yml: a worker has no /srv/s\.csv; for a cluster, "):
        cluster._study_files(folder / "study.yml", folder)


def test_the_first_signal_ends_the_waiting(report):
    found = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: found.append(number))
    try:
        run = cluster._Run(Nobody(), "tcp://a:1", [report])
        with run.ended_by_signals():
            os.kill(os.getpid(), signal.SIGTERM)
            with pytest.raises(CxError, match="the run was ended"):
                run._result(Nobody())
        assert found == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)
