"""Work done in forks of a server: what comes back, what is told when something goes wrong, what is left behind."""

import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fork_server import fork_server

from cxlib import CxError, fork
from cxlib.report.execute import ChapterError
from cxlib.report.plan import Planned

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def server():
    with fork_server(CX_TAKEN="1", PYTHONPATH=str(ROOT / "tests")) as number:  # forks do the work that stands here
        yield number


@pytest.fixture(autouse=True)
def warm(monkeypatch):
    monkeypatch.delenv("CX_KERNELS", raising=False)


def around() -> dict:
    """What a fork finds around it."""
    return {
        "parent": os.getppid(),
        "session": os.getsid(0) == os.getpid(),
        "folder": os.getcwd(),
        "given": os.environ.get("CX_GIVEN"),
        "taken": os.environ.get("CX_TAKEN"),
        "zone": time.tzname[0],
        "threads": threading.active_count(),
        "input": os.read(0, 1),
        "interrupt": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
    }


def drawn() -> tuple[float, float]:
    import numpy as np

    return random.random(), np.random.rand()


def failing(error: Exception):
    raise error


def missing() -> list[str]:
    """What should have been imported before the fork, and was not."""
    warm = sys.modules["cxlib.warm"]
    named = [*warm.LATE, "cxlib.study", "cxlib.charts", "cxlib.results", "pandas", "matplotlib.pyplot"]
    return [name for name in named if name not in sys.modules]


def named(source: str) -> list[str]:
    """The modules that are imported before the fork for a cell's sake."""
    return sys.modules["cxlib.warm"]._named(source)


@pytest.mark.usefixtures("server")
class TestCall:
    def test_what_the_work_returns_comes_back(self):
        assert fork.call(divmod, 17, 5) == (3, 2)

    def test_a_fork_finds_what_the_caller_has_now(self, server, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("CX_GIVEN", "1")
        monkeypatch.delenv("CX_TAKEN", raising=False)
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        assert fork.call(around) == {
            "parent": server,
            "session": True,
            "folder": str(tmp_path),
            "given": "1",
            "taken": None,
            "zone": "JST",
            "threads": 1,
            "input": b"",
            "interrupt": True,
        }

    def test_all_that_is_slow_was_imported_before_the_fork(self):
        assert fork.call(missing) == []

    def test_a_cell_that_is_no_python_does_not_keep_the_server_from_starting(self):
        assert fork.call(named, "%time import cxlib.study") == []
        assert fork.call(named, "import cxlib.study, os\nfrom cxlib import charts") == [
            "cxlib.study", "cxlib", "cxlib.charts",
        ]  # fmt: skip

    def test_the_server_has_no_second_thread(self, server):
        """A lock that another thread holds at a fork is never released in it; Arrow's jemalloc sees to its own."""
        fork.call(os.getpid)
        names = [path.read_text().strip() for path in Path(f"/proc/{server}/task").glob("*/comm")]
        assert len([name for name in names if name != "jemalloc_bg_thd"]) == 1

    def test_numbers_drawn_without_a_seed_differ(self):
        one, other = fork.call(drawn), fork.call(drawn)
        assert one[0] != other[0]
        assert one[1] != other[1]

    def test_an_error_comes_back_with_what_it_carries(self):
        error = ChapterError(Planned("own", "own.ipynb", "", {"wave": "w1"}), "cell 3 (Bases)", "CxError: no such wave")
        with pytest.raises(
            ChapterError, match=r"^chapter own failed: notebook own\.ipynb, cell 3 \(Bases\): "
        ) as caught:
            fork.call(failing, error)
        assert (caught.value.planned, caught.value.cell, caught.value.error) == error.__reduce__()[1]

    def test_an_error_of_the_user_is_one_here(self):
        with pytest.raises(CxError) as caught:
            fork.call(failing, CxError("no such wave"))
        assert str(caught.value) == "no such wave"

    def test_a_bug_says_where_it_was(self):
        with pytest.raises(ZeroDivisionError, match="by zero") as caught:
            fork.call(divmod, 1, 0)
        [note] = caught.value.__notes__
        assert note.startswith("in a fork:\nTraceback (most recent call last):\n")
        assert "in _answer" in note

    @pytest.mark.parametrize(("work", "arguments", "code"), [(os._exit, (7,), 7), (os.abort, (), -6)])
    def test_a_fork_that_dies_is_told(self, work, arguments, code):
        with pytest.raises(RuntimeError, match=rf"\.{work.__name__} ended with exit code {code} before it was done$"):
            fork.call(work, *arguments)

    def test_many_at_once(self):
        with ThreadPoolExecutor(6) as threads:
            assert list(threads.map(lambda number: fork.call(divmod, number, 7), range(24))) == [
                divmod(number, 7) for number in range(24)
            ]

    def test_nothing_stays_behind(self, tmp_path, monkeypatch):
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        before = len(os.listdir("/proc/self/fd"))
        for number in range(10):
            fork.call(divmod, number, 3)
        assert len(os.listdir("/proc/self/fd")) == before
        assert list(tmp_path.iterdir()) == []
        assert not fork.ALIVE


@pytest.mark.usefixtures("server")
class TestForked:
    def test_it_can_be_asked_to_end_and_be_ended(self):
        for number, end in ((signal.SIGTERM, fork.Forked.terminate), (signal.SIGKILL, fork.Forked.kill)):
            process = sleeping()
            assert process.poll() is None
            assert process.pid in fork.ALIVE
            end(process)
            assert process.wait() == process.poll() == -number
            assert process.pid not in fork.ALIVE
            process.kill()  # of a process that has ended, nothing

    def test_all_are_ended_together(self):
        """At once: the last has not yet become a group of its own."""
        processes = [sleeping() for _ in range(3)]
        fork.end_all()
        assert [process.wait() for process in processes] == [-signal.SIGKILL] * 3
        fork.end_all()

    def test_what_it_started_is_ended_with_it(self, tmp_path):
        process = fork.Forked(starting, tmp_path / "number", environment=dict(os.environ), cwd=os.getcwd())
        until = time.monotonic() + 30
        while not (tmp_path / "number").exists():
            assert time.monotonic() < until
            time.sleep(0.02)
        fork.end_all()
        assert process.wait() == -signal.SIGKILL
        number = int((tmp_path / "number").read_text())
        while Path(f"/proc/{number}").exists() and ") Z" not in Path(f"/proc/{number}/stat").read_text():
            assert time.monotonic() < until, "what a fork started outlives it"
            time.sleep(0.02)


def sleeping() -> fork.Forked:
    return fork.Forked(time.sleep, 60, environment=dict(os.environ), cwd=os.getcwd())


def starting(path: Path) -> None:
    child = subprocess.Popen(["sleep", "600"])
    path.with_suffix(".part").write_text(str(child.pid))
    path.with_suffix(".part").rename(path)
    time.sleep(600)


class TestFolders:
    def test_only_this_user_can_open_one_and_its_name_tells_whose_it_is(self):
        folder = Path(fork.private_folder())
        try:
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            assert folder.name.startswith(f"cx-run-{os.getpid()}-")
        finally:
            shutil.rmtree(folder)

    def test_those_of_processes_that_have_ended_are_swept(self, tmp_path, monkeypatch):
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        ended = subprocess.Popen(["true"])
        ended.wait()
        own = Path(fork.private_folder())
        kept = [f"cx-run-{os.getppid()}-x", "cx-run-none-x", f"cx-ran-{ended.pid}-x", own.name]
        again = f"cx-run-{os.getppid()}-1-x"  # a process that had the number of a living one before it
        for name in (f"cx-run-{ended.pid}-x", again, *kept[:-1]):
            (tmp_path / name / "deep").mkdir(parents=True)
        fork.sweep()
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)


def test_a_preload_that_cannot_be_imported_is_told():
    """The standard library's server goes on without it."""
    code = "from cxlib import fork; import os; fork.PRELOAD = 'cxlib.no_such'; fork.start(); fork.call(os.getpid)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "ImportError: cxlib.warm could not be imported; python -c 'import cxlib.warm' says why" in done.stderr
    assert done.stderr.endswith("RuntimeError: posix.getpid ended with exit code 1 before it was done\n")


def server_s_folder(place: Path) -> tuple[str, str]:
    """How many entries a process sees where it has started the server, and what it says; none is left behind."""
    code = "from cxlib import fork; import os; fork.PRELOAD = 'cxlib.no_such'; fork.start(); "
    code += "print(len(os.listdir(os.environ['TMPDIR'])))"
    environment = os.environ | {"TMPDIR": str(place)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert list(place.iterdir()) == []
    return done.stdout, done.stderr


def test_the_folder_of_the_server_goes_with_the_process():
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # pytest's own may be too long for a socket
        assert server_s_folder(Path(folder)) == ("1\n", "")


def test_where_no_socket_can_be_there_is_no_server_and_no_fault(tmp_path):
    place = tmp_path / ("long" * 25)
    place.mkdir()
    assert server_s_folder(place) == ("1\n", "")
