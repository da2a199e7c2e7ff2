"""Limits of memory and time: chapters that break them are ended and told of, and nothing else is touched."""

import json
import os
import pickle
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from fork_server import fork_server

from cxlib.errors import CommandError
from cxlib.report import cluster_worker, run
from cxlib.report import limits as limit
from cxlib.report.cluster_worker import Parcel
from cxlib.report.execute import ChapterError, execute
from cxlib.report.limits import Limits, limits, machine_memory
from cxlib.report.plan import Planned, make_plan

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is watched on Linux only")

HELD = "room = bytearray(700_000_000)\nroom[::4096] = b'x' * len(room[::4096])"  # every page of it is written to
SLEEP = "import time; time.sleep(60)"


@pytest.fixture(scope="module", autouse=True)
def server():
    with fork_server(JUPYTER_PREFER_ENV_PATH="1"):
        yield


@pytest.fixture(autouse=True, params=["warm"])
def kernels(request, monkeypatch):
    """How kernels begin: as forks, or, where a test asks for it, as Jupyter starts them."""
    monkeypatch.setenv("CX_KERNELS", request.param)


def chapter(folder: Path, *cells: str) -> Planned:
    """A chapter outside the project, of these cells; one that begins with # is prose."""
    made = [
        {"cell_type": "markdown", "metadata": {}, "source": text, "id": f"c{place}"}
        if text.startswith("#")
        else {
            "cell_type": "code",
            "metadata": {},
            "source": text,
            "id": f"c{place}",
            "outputs": [],
            "execution_count": None,
        }
        for place, text in enumerate(cells)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    book = {"cells": made, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (folder / "own.ipynb").write_text(json.dumps(book), encoding="utf-8")
    return Planned("own", str(folder / "own.ipynb"), "", {})


def refused(folder: Path, given: Limits, *cells: str) -> str:
    """What is said of a chapter that breaks a limit; nothing is left of it."""
    with pytest.raises(ChapterError) as caught:
        execute(chapter(folder, *cells), folder / "out.ipynb", given)
    assert not (folder / "out.ipynb").exists()
    return str(caught.value).replace(str(folder / "own.ipynb"), "own.ipynb")


def running(number: int) -> bool:
    """Whether a process runs (one that has ended, and nobody has asked for, does not)."""
    try:
        return Path(f"/proc/{number}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("kernels", ["warm", "cold"], indirect=True)
def test_a_chapter_that_takes_more_memory_is_ended_and_told(tmp_path):
    assert refused(tmp_path, Limits(memory=600_000_000), "# What is it?", "1", "## Evidence", f"{HELD}\n{SLEEP}") == (
        "chapter own failed: notebook own.ipynb, cell 2 (Evidence): it took more than 600 MB of memory, the limit of a "
        "chapter (--memory or CX_MEMORY): allow more, e.g. --memory 1.2GB, or give large tables as Parquet, whose rows "
        "stay in their engine (`large:` in study.yml)"
    )


@pytest.mark.parametrize("kernels", ["warm", "cold"], indirect=True)
def test_a_chapter_that_takes_longer_is_ended_and_told(tmp_path, capfd):
    assert refused(tmp_path, Limits(minutes=0.05), "# What is it?", "1", SLEEP) == (
        "chapter own failed: notebook own.ipynb, cell 2 (What is it?): it took more than 0.05 minutes, the limit of a "
        "chapter (--minutes or CX_MINUTES): allow more, e.g. --minutes 0.1, or ask for less with the parameters of its "
        "notebook"
    )
    assert capfd.readouterr() == ("", "")  # what ended the kernel is told once, by whoever catches it


def test_time_is_that_of_the_chapter_not_of_a_cell(tmp_path):
    third = "import time; time.sleep(1)"
    assert "it took more than 0.04 minutes" in refused(tmp_path, Limits(minutes=0.04), third, third, third, third)


def test_the_default_is_told_as_what_the_machine_has(tmp_path, monkeypatch):
    monkeypatch.setattr(limit, "machine_memory", lambda: 750_000_000)
    assert "it took more than 600 MB of memory, 80% of what this machine has (--memory or" in refused(
        tmp_path, Limits(), HELD, SLEEP
    )


def test_what_the_chapter_started_counts_and_ends_with_it(tmp_path):
    """Half of the memory is a process's that the cell started; a stranger's process is neither counted nor ended."""
    hold = "room = bytearray({0}); room[::4096] = b'x' * len(room[::4096]); import time; time.sleep(60)"
    code = hold.format(400_000_000)
    start = (
        f"import subprocess, sys; started = subprocess.Popen([sys.executable, '-c', {code!r}])\n"
        f"open({str(tmp_path / 'number')!r}, 'w').write(str(started.pid))"
    )
    with subprocess.Popen([sys.executable, "-c", hold.format(700_000_000)]) as stranger:
        told = refused(tmp_path, Limits(memory=650_000_000), start, HELD.replace("700", "150") + f"\n{SLEEP}")
        assert "it took more than 650 MB of memory" in told
        assert running(stranger.pid)
        stranger.kill()
    assert not running(int((tmp_path / "number").read_text()))


def test_pages_that_forks_share_count_once(tmp_path):
    """Two forks of a kernel that holds 400 MB hold them too, but all of them together no more than once."""
    source = (
        "import os, time; room = bytearray(400_000_000); room[::4096] = b'x' * len(room[::4096])\n"
        "forks = [os.fork() for _ in range(2)]\n"
        "if 0 in forks: time.sleep(2); os._exit(0)\n"
        "time.sleep(1)"
    )
    execute(chapter(tmp_path, source), tmp_path / "out.ipynb", Limits(memory=1_000_000_000))
    assert (tmp_path / "out.ipynb").exists()


def test_a_chapter_within_its_limits_is_as_without_any(tmp_path):
    execute(chapter(tmp_path, "# What?", "print(6 * 7)"), tmp_path / "out.ipynb", Limits(10**10, 1))
    execute(chapter(tmp_path, "# What?", "print(6 * 7)"), tmp_path / "again.ipynb", Limits(minutes=float("inf")))
    assert (tmp_path / "out.ipynb").read_bytes() == (tmp_path / "again.ipynb").read_bytes()
    assert "42" in (tmp_path / "out.ipynb").read_text(encoding="utf-8")


def test_a_kernel_that_dies_by_itself_broke_no_limit(tmp_path):
    assert "cell 1 (top): its kernel died, as it does when" in refused(tmp_path, Limits(), "import os; os._exit(3)")


def test_memory_is_what_the_system_tells_of_the_session():
    """The oracle is what a process reads of itself."""
    code = "import sys; room = b'x' * 50_000_000; print(open('/proc/self/statm').read(), flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], start_new_session=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        told = int(process.stdout.readline().split()[1]) * limit.PAGE
        with limit._Processes(process.pid) as processes:
            assert processes.memory(above=10**12) == pytest.approx(told, rel=0.05)
            assert 50_000_000 < processes.memory(above=0) <= told * 1.05  # shared libraries count by their shares


def test_a_number_that_is_another_process_s_by_now_is_left_alone():
    process = subprocess.Popen([sys.executable, "-c", "pass"], start_new_session=True)
    with limit._Processes(process.pid) as processes:
        process.wait()
        with pytest.raises(ProcessLookupError):
            processes.end()
        with pytest.raises(ProcessLookupError):
            processes.memory(above=0)


def test_a_worker_of_a_cluster_obeys_the_caller_s_limits(tmp_path, monkeypatch):
    """What the parcel says of them is what the chapter is executed within."""
    found = []
    monkeypatch.setattr(cluster_worker, "_root", lambda: tmp_path)
    monkeypatch.setattr(cluster_worker, "execute", lambda one, out, given: found.append(given) or out.write_text("{}"))
    monkeypatch.setattr(cluster_worker, "code_hash", lambda: "the same")
    has = cluster_worker.versions() | {cluster_worker.CODE: "the same"}
    own = Planned("own", "own.ipynb", "", {})
    parcel = Parcel("run", own, "/s/study.yml", "/s", "/o/own.ipynb", b"{}", {}, (), has, Limits(5, 6))
    assert cluster_worker.chapter(zlib.compress(pickle.dumps(parcel)), []) == b"{}"
    assert found == [Limits(5, 6)]


class TestSettings:
    @pytest.mark.parametrize(
        ("text", "size"), [("8GB", 8 * 10**9), ("1.5 GB", 1_500_000_000), ("512MB", 512_000_000), ("", 0)]
    )
    def test_memory_is_written_with_its_unit(self, text, size):
        assert limits(text) == Limits(size, 60)

    @pytest.mark.parametrize("text", ["8", "8GiB", "0GB", "-1GB", "much", "8 gb", "GB", "1e3MB", "٣GB"])
    def test_what_is_no_memory_is_refused(self, text):
        with pytest.raises(CommandError, match=r"--memory takes a number with its unit, MB or GB, e\.g\. --memory 8GB"):
            limits(text)

    @pytest.mark.parametrize(
        ("arguments", "environment", "wanted"),
        [
            ([], {}, Limits(0, 60)),
            (["--memory", "2GB", "--minutes", "5"], {}, Limits(2 * 10**9, 5)),
            ([], {"CX_MEMORY": "3GB", "CX_MINUTES": "0.5"}, Limits(3 * 10**9, 0.5)),
            (["--memory", "2GB"], {"CX_MEMORY": "3GB"}, Limits(2 * 10**9, 60)),
        ],
        ids=["usual", "options", "environment", "option before environment"],
    )
    def test_options_and_environment_reach_the_chapters(
        self, cx, monkeypatch, tmp_path, arguments, environment, wanted
    ):
        found = []
        monkeypatch.setattr(run, "_here", lambda planned, out, limits: found.append(limits) or 1 / 0)
        monkeypatch.setenv("CX_KERNELS", "cold")
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        one = ["--only", "data_quality", "--format", "html", "--no-cache", "--out", tmp_path / "r"]
        _, _, told = cx("report", "data/demo", *one, *arguments)
        assert "ZeroDivisionError" in told
        assert found == [wanted]

    def test_what_cannot_be_understood_is_told_before_the_work(self, cx):
        assert cx("report", "data/demo", "--memory", "plenty")[0] == 2
        assert cx("report", "data/demo", "--minutes", "0")[0] == 2

    def test_no_limit_is_in_a_key_of_the_cache(self, monkeypatch):
        keys = []
        for minutes in ("1", "2"):
            monkeypatch.setenv("CX_MINUTES", minutes)
            monkeypatch.setenv("CX_MEMORY", f"{minutes}GB")
            plan, _ = make_plan("data/demo")
            keys.append([plan.hash, *map(plan.key, plan.chapters)])
        assert keys[0] == keys[1]


class TestMachine:
    def test_memory_is_no_more_than_the_machine_has(self):
        (whole,) = [line.split() for line in Path("/proc/meminfo").read_text().splitlines() if "MemTotal" in line]
        assert 0 < machine_memory() <= int(whole[1]) * 1024

    @pytest.mark.parametrize(
        ("mine", "files", "wanted"),
        [
            ("0::/user/job\n", {"user/job/memory.max": "2000\n", "user/memory.max": "1000\n"}, 1000),
            ("0::/user/job\n", {"user/job/memory.max": "max\n", "memory.max": "500\n"}, 500),
            ("4:cpu,memory:/a\n", {"memory/a/memory.limit_in_bytes": "70\n", "a/memory.max": "5\n"}, 70),
            ("4:memory:/gone/outside\n", {"memory/memory.limit_in_bytes": "60\n"}, 60),  # seen from within a container
            ("3:cpu:/a\n", {"cpu/a/memory.max": "5\n"}, 2**63),
            ("0::/\n", {}, 2**63),
        ],
        ids=["v2, of a group around", "v2, no limit of its own", "v1", "v1 in a container", "not about memory", "none"],
    )
    def test_control_groups_are_respected(self, tmp_path, mine, files, wanted):
        (tmp_path / "mine").write_text(mine)
        for name, text in files.items():
            (tmp_path / "groups" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "groups" / name).write_text(text)
        assert min(limit._allowed(tmp_path / "mine", tmp_path / "groups")) == wanted

    def test_without_control_groups_all_of_it_counts(self, tmp_path):
        assert min(limit._allowed(tmp_path / "none", tmp_path)) == 2**63


def test_sizes_are_told_as_they_are_given():
    for size, told in [(600 * 10**6, "600 MB"), (21_600_000_000, "21.6 GB"), (2 * 10**12, "2000 GB")]:
        assert limit._size(size) == told
        assert limits(told).memory == size
    assert os.sysconf("SC_PAGE_SIZE") == limit.PAGE
