"""Warm kernels against cold ones: papermill's own engine, which starts each kernel from nothing, is the oracle."""

import ast
import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import forkserver
from pathlib import Path

import nbformat
import papermill
import pytest
from fork_server import fork_server
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError

from cxlib import fork
from cxlib.kernel import WarmKernelManager
from cxlib.report.execute import ChapterError, execute
from cxlib.report.plan import Planned

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")

ROOT = Path(__file__).resolve().parent.parent
MAY_FAIL = "raises-exception"

# What a chapter finds around it. Libraries come first: what they put into the environment is there in both.
AROUND = [
    "import os, sys, random, warnings, locale, threading, signal, builtins, gc\n"
    "import numpy as np, pandas as pd, matplotlib as mpl, sklearn.cluster, duckdb, pyarrow.parquet, polars as pl\n"
    "import matplotlib.pyplot as plt, cxlib",
    "__name__, '__file__' in globals(), __builtins__ is builtins, sys.argv[:2], sys.executable, sys.path, os.getcwd()",
    "sys.flags, sys.getrecursionlimit(), gc.get_threshold(), sys.getdefaultencoding(), sys.stdout.encoding",
    "sorted(set(os.environ) - {'JPY_PARENT_PID'})",
    "os.environ['CX_GIVEN'], 'CX_TAKEN' in os.environ, 'CX_LEAK' in os.environ",
    "[signal.getsignal(one) for one in range(1, 32)], signal.pthread_sigmask(0, []), oct(os.umask(0o22))",
    "os.getsid(0) == os.getpgrp() == os.getpid(), threading.active_count(), os.getpriority(0, 0)",
    "os.read(0, 10), locale.getlocale(), locale.localeconv()['decimal_point'], os.environ.get('TZ')",
    "sorted(name for name in globals() if not name.startswith('_')), hasattr(builtins, 'leak'), 'leak' in sys.modules",
    "hasattr(cxlib, 'leak'), [name for name in os.listdir('.') if name.startswith('leak')]",
    "pd.get_option('display.max_rows'), np.get_printoptions(), pl.Config.state(), mpl.get_backend(), plt.get_fignums()",
    "str(mpl.rcParams)",
    "warnings.warn('look'); warnings.warn('old', DeprecationWarning); print('told', file=sys.stderr); print('said')",
    "random.seed(1); np.random.seed(1)\n"
    "random.random(), np.random.rand(), np.random.default_rng(1).random(), hash(1.5), pd.Series(range(9)).sample(3)",
    "plt.plot([1, 4, 2]); plt.title('Ôi')",
    "pd.DataFrame({'a': [1.5, None], 'b': ['x', 'y']})",
    "get_ipython().history_manager.hist_file, len(In), sorted(Out)[:3], __IPYTHON__",
    "get_ipython().run_line_magic('who', '')",
]

# What a chapter may do. None of it may hang in a fork.
DONE = [
    "import math, multiprocessing, os, subprocess, sys, threading\n"
    "import duckdb, joblib, numpy as np, polars as pl, pyarrow as pa, pyarrow.parquet as pq\n"
    "from concurrent.futures import ThreadPoolExecutor\nfrom sklearn.cluster import KMeans",
    "os.write(1, b'to the terminal\\n'); subprocess.run(['echo', 'of a process']); print('of Python')",
    "subprocess.run('read word; echo got $word', shell=True, capture_output=True).stdout",
    "!echo of the shell",
    "with multiprocessing.get_context('fork').Pool(2) as pool: print(pool.map(math.sqrt, [1, 4]))",
    "with multiprocessing.get_context('spawn').Pool(1) as pool: print(pool.map(math.sqrt, [1, 4]))",
    "with multiprocessing.get_context('forkserver').Pool(1) as pool: print(pool.map(math.sqrt, [1, 4]))",
    "joblib.Parallel(2)(joblib.delayed(math.sqrt)(number) for number in (1, 4))",
    "with ThreadPoolExecutor(4) as pool: print(list(pool.map(math.sqrt, [1, 4])))",
    "duckdb.sql('select sum(range) from range(1000000)').fetchall()",
    "frame = pl.DataFrame({'g': [1, 2] * 50_000, 'x': range(100_000)}); frame.group_by('g').sum().sort('g').to_dicts()",
    "table = frame.to_arrow(); pq.write_table(table, 'x.parquet'); pq.read_table('x.parquet').group_by('g')"
    ".aggregate([('x', 'sum')]).to_pylist()",
    "duckdb.sql(\"select g, count(*) from 'x.parquet' group by g order by g\").fetchall()",
    "float((np.ones((700, 700)) @ np.ones((700, 700))).sum())",
    "KMeans(2, n_init=1, random_state=0).fit(np.arange(20).reshape(-1, 1)).inertia_",
]

# What goes wrong in a cell, and what is told of it.
WRONG = [
    "def divide(a, b):\n    return a / b",
    "print('before'); divide(1, 0)",
    "input('name? ')",
    "import getpass; getpass.getpass()",
    "1 +",
    "raise KeyboardInterrupt",
    "from cxlib import CxError; raise CxError('no such wave')",
    "import resource; resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30)); room = bytearray(32 << 30)",
    "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)); files = [open('/dev/null') for _ in range(99)]",
    "print('after')",
]

# Whatever a notebook can leave behind in a process.
LEAVE = [
    "import atexit, builtins, locale, os, random, sys, threading, time, warnings\n"
    "import numpy as np, pandas as pd, matplotlib as mpl, polars as pl, cxlib\nimport matplotlib.pyplot as plt",
    "random.seed(0); np.random.seed(0); mpl.rcParams['figure.dpi'] = 33; plt.figure(); plt.style.use('ggplot')",
    "pd.set_option('display.max_rows', 3); np.set_printoptions(precision=1); pl.Config.set_tbl_rows(3)",
    "os.environ['CX_LEAK'] = '1'; os.environ['TZ'] = 'Asia/Tokyo'; time.tzset(); os.environ.pop('CX_GIVEN')",
    "locale.setlocale(locale.LC_ALL, 'C'); warnings.simplefilter('error'); sys.setrecursionlimit(500); os.umask(0)",
    "os.chdir('/'); sys.path.insert(0, '/leak'); sys.argv.append('leak')",
    "builtins.leak = cxlib.leak = sys.modules['leak'] = 1; open_file = open(__import__('tempfile').mkstemp()[1], 'w')",
    "threading.Thread(target=time.sleep, args=(60,), daemon=True).start(); leak = 1",
    "atexit.register(open, os.path.join(os.environ['HERE'], 'leak_at_exit'), 'w'); os.close(0)",
]


@pytest.fixture(scope="module", autouse=True)
def server():
    # CX_TAKEN is there when the server starts, and not when its kernels do.
    with fork_server(JUPYTER_PREFER_ENV_PATH="1", CX_TAKEN="1"):
        yield


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """The folder of a test is the current one, and the environment is that of its kernels."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CX_KERNELS", raising=False)
    monkeypatch.setenv("CX_GIVEN", "1")
    monkeypatch.setenv("HERE", str(tmp_path))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    return tmp_path


@pytest.fixture
def short():
    """A folder with a short name, as sockets need."""
    folder = Path(tempfile.mkdtemp(prefix="cx-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def written(path: Path, *sources: str, tags=()) -> Path:
    """A notebook of these cells, at a path."""
    book = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "x"}})
    book.cells = [nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)}) for source in sources]
    for number, cell in enumerate(book.cells):
        cell["id"] = f"cell-{number}"
    nbformat.write(book, path)
    return path


def ran(engine: str | None, *sources: str, tags=(), **how) -> list[list[dict]]:
    """What the cells of a notebook show, each a list of outputs, when papermill runs them with an engine."""
    folder = Path(tempfile.mkdtemp(dir="."))
    book = written(folder / "in.ipynb", *sources, tags=tags)
    how = {"progress_bar": False, "kernel_name": "python3"} | how
    papermill.execute_notebook(book, folder / "out.ipynb", engine_name=engine, **how)
    return outputs(folder / "out.ipynb")


def outputs(path: Path) -> list[list[dict]]:
    """What the cells of an executed notebook show; the process number in IPython's file names is no part of it."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    shown = [_joined(cell["outputs"]) for cell in cells if cell["cell_type"] == "code"]
    return json.loads(_numberless(json.dumps(shown)))


def _joined(shown: list[dict]) -> list[dict]:
    """What a cell prints, in one piece: papermill's own engine leaves it cut where the clock says."""
    found, streams = [], {}
    for out in shown:
        if out["output_type"] == "stream" and out["name"] in streams:
            streams[out["name"]]["text"] += "".join(out["text"])
            continue
        if out["output_type"] == "stream":
            streams[out["name"]] = out = out | {"text": "".join(out["text"])}
        found.append(out)
    return found


def _numberless(text: str) -> str:
    return re.sub(r"ipykernel_\d+", "ipykernel_N", text)


def text(cell: list[dict]) -> str:
    """What a cell printed, or its last value."""
    return "".join("".join(out.get("text") or out.get("data", {}).get("text/plain", "")) for out in cell)


def failed(engine: str | None, *sources: str, **how) -> tuple[type, str]:
    """How a notebook fails: the kind of error, and its text."""
    with pytest.raises((PapermillExecutionError, DeadKernelError, CellTimeoutError)) as caught:
        ran(engine, *sources, **how)
    return caught.type, _numberless(str(caught.value))


def same(sources: list[str], warm: list, cold: list) -> None:
    """Every cell shows the same; the first that does not is told."""
    for source, one, other in zip(sources, warm, cold, strict=True):
        assert one == other, source


def wait_until(true, seconds: float, what: str) -> None:
    """Return as soon as a condition holds; fail where it does not hold in time."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, what
        time.sleep(0.05)


class TestTheSameAsCold:
    def test_what_a_chapter_finds_and_does_even_after_one_that_left_everything_behind(self, monkeypatch, here):
        monkeypatch.delenv("CX_TAKEN", raising=False)
        cold = ran(None, *AROUND, *DONE)
        ran("cx-warm", *LEAVE)
        same([*AROUND, *DONE], ran("cx-warm", *AROUND, *DONE), cold)
        assert text(cold[4]) == "('1', False, False)"  # given after the server's start, and taken away after it
        assert text(cold[-2]) == f"{700.0**3}"
        assert not (here / "leak_at_exit").exists()

    def test_what_goes_wrong(self, here):
        shown = []
        for engine in ("cx-warm", None):
            with pytest.raises(PapermillExecutionError) as caught:
                ran(engine, *WRONG, tags=[MAY_FAIL])
            [path] = here.glob("tmp*/out.ipynb")
            shown.append((outputs(path), caught.value.ename, caught.value.evalue, _numberless(str(caught.value))))
            shutil.rmtree(path.parent)
        same(WRONG, shown[0][0], shown[1][0])
        assert shown[0][1:] == shown[1][1:]
        names = [out["ename"] for cell in shown[0][0] for out in cell if out["output_type"] == "error"]
        assert names == [
            "ZeroDivisionError", "StdinNotImplementedError", "StdinNotImplementedError", "SyntaxError",
            "KeyboardInterrupt", "CxError", "MemoryError", "OSError",
        ]  # fmt: skip
        assert text(shown[0][0][-1]) == "after\n"

    @pytest.mark.parametrize(
        ("source", "how", "kind"),
        [
            ("import os; os._exit(3)", {}, DeadKernelError),
            ("import os; os.kill(os.getpid(), 9)", {}, DeadKernelError),
            ("import time; time.sleep(60)", {"execution_timeout": 1}, CellTimeoutError),
        ],
        ids=["exit", "kill", "time-out"],
    )
    def test_how_a_kernel_ends(self, source, how, kind):
        warm = failed("cx-warm", "1", source, "2", **how)
        assert warm == failed(None, "1", source, "2", **how)
        assert warm[0] is kind


class TestApart:
    def test_numbers_drawn_without_a_seed_differ_between_kernels(self):
        source = "import random, uuid, numpy as np; print(random.random(), np.random.rand(), uuid.uuid4())"
        one, other = (text(ran("cx-warm", source)[0]).split() for _ in range(2))
        assert all(mine != yours for mine, yours in zip(one, other, strict=True))

    def test_a_file_that_this_process_has_open_is_not_the_kernels(self, here):
        source = "import os; print(*(os.readlink(f'/proc/self/fd/{one}') for one in os.listdir('/proc/self/fd')[:-1]))"
        with open(here / "own.txt", "w"):
            assert str(here) not in text(ran("cx-warm", source)[0])

    def test_two_kernels_at_once(self, here):
        """Each waits for the other: one after the other, neither would end."""
        source = (
            "import pathlib, time; pathlib.Path('{0}').touch(); until = time.time() + 60\n"
            "while not pathlib.Path('{1}').exists(): time.sleep(0.02); assert time.time() < until\n"
            "print('{0}')"
        )
        with ThreadPoolExecutor(2) as threads:
            done = threads.map(lambda names: ran("cx-warm", source.format(*names)), [("a", "b"), ("b", "a")])
            assert [text(cells[0]) for cells in done] == ["a\n", "b\n"]

    def test_talk_is_over_sockets_in_a_private_folder(self, here):
        source = (
            "import json, os, stat, ipykernel, test_kernel\n"
            "about = ipykernel.get_connection_info(unpack=True); folder = os.path.dirname(about['ip'])\n"
            "mode = oct(stat.S_IMODE(os.stat(folder).st_mode) & 0o777)\n"
            "ports = [port.split(':')[0] for port in test_kernel.ports(os.getpid())]\n"
            "print(json.dumps([about['transport'], mode, ports, folder, sorted(os.listdir(folder))]))"
        )
        source = f"import sys; sys.path.append({str(Path(__file__).parent)!r}); {source}"
        execute(planned(here / "in.ipynb", source), here / "out.ipynb")
        transport, mode, found, folder, files = json.loads(text(outputs(here / "out.ipynb")[0]))
        assert (transport, mode) == ("ipc", "0o700")
        assert found == ["0100007F"]  # ipykernel's own, on loopback: forks of a kernel hand it what they print
        assert files == ["connection.json", *(f"kernel-{number}" for number in range(1, 6))]
        assert Path(folder).name.startswith(fork.FOLDER)
        assert not Path(folder).exists()


@pytest.mark.parametrize("kernels", ["warm", "cold"])
def test_a_chapter_prints_in_one_piece_and_looks_for_garbage_rarely(here, monkeypatch, kernels):
    monkeypatch.setenv("CX_KERNELS", kernels)
    source = (
        "import gc, sys\nfor i in range(4): print(i, flush=True); print(-i, file=[sys.stderr, None][i % 2], flush=True)"
    )
    names = "gc.get_threshold(), sorted(name for name in globals() if not name.startswith('_'))"
    execute(planned(here / "in.ipynb", source, names), here / "out.ipynb")
    printed, [found] = (cell["outputs"] for cell in json.loads((here / "out.ipynb").read_text())["cells"])
    assert {out["name"]: "".join(out["text"]) for out in printed} == {
        "stdout": "0\n1\n-1\n2\n3\n-3\n",
        "stderr": "0\n-2\n",
    }
    assert len(printed) == 2
    usual = ["In", "Out", "exit", "gc", "get_ipython", "i", "open", "quit", "sys"]
    assert ast.literal_eval("".join(found["data"]["text/plain"])) == ((10_000, 20, 10), usual)


def planned(path: Path, *sources: str) -> Planned:
    """The plan of a chapter that stands outside the project."""
    written(path, *sources)
    return Planned("own", str(path), "", {})


class TestEnds:
    @pytest.mark.parametrize("death", ["os._exit(3)", "os.kill(os.getpid(), 9)"])
    def test_a_chapter_whose_kernel_died_is_told(self, here, death):
        with pytest.raises(ChapterError, match=r"own failed: .*in\.ipynb, cell 1 \(top\): its kernel died, as it"):
            execute(planned(here / "in.ipynb", f"import os; {death}"), here / "out.ipynb")
        assert not (here / "out.ipynb").exists()

    def test_a_chapter_that_fails_names_cell_and_error(self, here):
        with pytest.raises(ChapterError, match=r"in\.ipynb, cell 2 \(top\): ZeroDivisionError: division by zero$"):
            execute(planned(here / "in.ipynb", "1", "1/0"), here / "out.ipynb")

    def test_an_interrupt_reaches_the_cell_and_the_kernel_goes_on(self):
        assert asyncio.run(_interrupted()) == ("KeyboardInterrupt", "ok")

    def test_what_a_notebook_started_ends_with_it(self, here):
        source = "import subprocess; print(subprocess.Popen(['sleep', '600']).pid)"
        number = int(text(ran("cx-warm", source)[0]))
        wait_until(lambda: not _running(number), 5, "the process that a cell started outlives its kernel")


async def _interrupted() -> tuple[str, str]:
    """The error of a cell that is interrupted, and the status of the next."""
    manager = WarmKernelManager(kernel_name="python3")
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=60)
        assert isinstance(manager.provisioner.process, fork.Forked)
        # Told not to, it does not refuse what follows an error closely.
        sent = client.execute("print('begun', flush=True)\nimport time\ntime.sleep(60)", stop_on_error=False)
        while "begun" not in (await client.get_iopub_msg(timeout=60))["content"].get("text", ""):
            pass
        await manager.interrupt_kernel()
        reply = await client.get_shell_msg(timeout=60)
        while reply["parent_header"].get("msg_id") != sent:
            reply = await client.get_shell_msg(timeout=60)
        after = client.execute("1 + 1")
        following = await client.get_shell_msg(timeout=60)
        while following["parent_header"].get("msg_id") != after:
            following = await client.get_shell_msg(timeout=60)
        return reply["content"]["ename"], following["content"]["status"]
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


class TestCold:
    PARENT = "import os; print(os.getppid())"

    def test_a_kernel_is_forked_from_the_server(self):
        assert int(text(ran("cx-warm", self.PARENT)[0])) == forkserver._forkserver._forkserver_pid

    def test_no_fork_is_asked_for_where_the_platform_has_none_or_a_switch_says_so(self, monkeypatch):
        assert fork.started()
        with monkeypatch.context() as patch:
            patch.setattr(fork.sys, "platform", "darwin")
            assert not fork.available()
            assert not fork.started()
            assert not fork.start()
        monkeypatch.setenv("CX_KERNELS", "cold")
        assert not fork.started()
        assert int(text(ran("cx-warm", self.PARENT)[0])) == os.getpid()


# Runs a notebook again and again as a report does, and prints after some runs what there is of processes and files.
DRIVER = """
import json, os, sys, time
from pathlib import Path
from cxlib import fork
from cxlib.report.execute import execute
from cxlib.report.plan import Planned
sys.path.insert(0, sys.argv[4])
from test_kernel import state

book, out, looks = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])
fork.start()
done = 0
for runs in looks:
    while done < runs:
        execute(Planned("own", book, "", {}), out)
        done += 1
    print(json.dumps(state()), flush=True)
"""

# Waits where the folder of the test says so, for ever.
HANG = (
    "import os, pathlib, time; folder = pathlib.Path(os.environ['CX_FOLDER'])\n"
    "if (folder / 'hang').exists(): (folder / 'hangs').touch(); time.sleep(600)"
)


def state() -> dict:
    """What this process and its server hold, once what has just ended is gone."""
    server = forkserver._forkserver._forkserver_pid
    until = time.monotonic() + 5
    while (left := _children(server)) and time.monotonic() < until:
        time.sleep(0.05)
    return {
        "forks": len(left),
        "children": len(_children(os.getpid())),
        "open": len(os.listdir("/proc/self/fd")),
        "open of the server": len(os.listdir(f"/proc/{server}/fd")),
        "threads": min(_threads() for _ in range(10)),
        "alive": len(fork.ALIVE),
        "folders": len(list(Path(tempfile.gettempdir()).iterdir())),
        "ports": len(ports(os.getpid()) + ports(server)),
    }


def _threads() -> int:
    """Threads of this process, a moment later: one that Python has joined may still be there for the system."""
    time.sleep(0.05)
    return len(os.listdir("/proc/self/task"))


def _children(number: int) -> list[int]:
    """The processes that a process has started, ended or not."""
    found = Path(f"/proc/{number}/task").glob("*/children")
    return [int(one) for path in found for one in path.read_text().split()]


def ports(number: int) -> list[str]:
    """The TCP ports that a process listens on, as the system writes them: address and port in hexadecimal digits."""
    links = [os.readlink(path) for path in Path(f"/proc/{number}/fd").iterdir() if path.is_symlink()]
    own = {link[8:-1] for link in links if link.startswith("socket:")}
    tables = [Path(f"/proc/net/{name}").read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    lines = [line.split() for table in tables for line in table]
    return [line[1] for line in lines if line[9] in own and line[3] == "0A"]


def _running(number: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def marked(mark: str) -> list[int]:
    """The running processes in whose environment a mark stands."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (path / "environ").read_bytes() and _running(int(path.name)):
                found.append(int(path.name))
        except OSError:
            continue
    return found


def driven(folder: Path, book: Path, looks: list[int], mark: str) -> subprocess.Popen:
    """A process that runs a notebook again and again, with temporary files in a folder of its own."""
    (folder / "tmp").mkdir()
    environment = {key: value for key, value in os.environ.items() if key != "CX_KERNELS"}
    return subprocess.Popen(
        [sys.executable, "-c", DRIVER, book, folder / "out.ipynb", json.dumps(looks), str(Path(__file__).parent)],
        cwd=ROOT,
        env=environment | {"TMPDIR": str(folder / "tmp"), "CX_MARK": mark, "CX_FOLDER": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
    )


def ended_in_mid_run(process: subprocess.Popen, folder: Path, mark: str, monkeypatch) -> None:
    """After kill -9 no kernel and no server is left in ten seconds, and the next start sweeps the folders."""
    (folder / "hang").touch()
    wait_until((folder / "hangs").exists, 60, "no notebook runs")
    assert len(marked(mark)) >= 3  # the process, its server, a kernel
    process.kill()
    process.wait()
    wait_until(lambda: not marked(mark), 10, "orphans outlive kill -9")
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "tmp"))
    left = [path.name for path in (folder / "tmp").iterdir()]
    assert left
    assert all(name.startswith(f"{fork.FOLDER}{process.pid}-") for name in left)
    fork.sweep()
    assert list((folder / "tmp").iterdir()) == []


def test_runs_leave_nothing_and_nothing_outlives_kill_9(short, monkeypatch):
    """A short form of what `make soak` does with a thousand runs."""
    mark = uuid.uuid4().hex
    book = written(short / "in.ipynb", "import cxlib", HANG)
    process = driven(short, book, [6, 20, 10**6], mark)
    try:
        first, last = (json.loads(process.stdout.readline()) for _ in range(2))
        assert last == first
        assert (last["forks"], last["alive"], last["ports"]) == (0, 0, 0)
        ended_in_mid_run(process, short, mark, monkeypatch)
    finally:
        process.kill()
        process.wait()
