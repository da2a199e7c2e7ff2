"""Processes forked from a server that has imported everything, each as fresh and as isolated as a new one.

The server is the standard library's forkserver with cxlib.warm imported; it does nothing but fork. Here is what both
sides need of it, the process that asks and the fork: nothing slow is imported.
"""

import atexit
import ctypes
import errno
import io
import os
import pickle
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection, forkserver, process, reduction
from pathlib import Path

PRELOAD = "cxlib.warm"
FOLDER = "cx-run-"  # and the number of the process that made it
PR_SET_PDEATHSIG = 1  # linux/prctl.h
NO_ROOM = {errno.ENOSPC, errno.EDQUOT}  # of a fork that has done its work, and nowhere to put what comes of it
ALIVE: set[int] = set()  # process groups that end_all() ends

_started = False
_scratch: dict[int, str] = {}  # folders by process


def available() -> bool:
    """Whether processes can be forked here, and CX_KERNELS does not say cold."""
    return sys.platform == "linux" and os.environ.get("CX_KERNELS", "warm") != "cold"


def start() -> bool:
    """Let the server import what chapters need while other things are done; False where nothing can be forked."""
    global _started
    if available() and not _started:
        sweep()
        # Where multiprocessing puts the server's socket; a folder of its own would stay behind after kill -9.
        if "tempdir" not in process.current_process()._config:
            folder = process.current_process()._config["tempdir"] = private_folder()
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
        forkserver.set_forkserver_preload([PRELOAD])
        try:
            forkserver.ensure_running()
        except OSError:  # the folder for temporary files has a path too long for a socket: everything works cold
            return False
        _started = True
    return _started and available()


def started() -> bool:
    """Whether start() was called, and forks can be had."""
    return _started and available()


def private_folder() -> str:
    """A new folder that only this user can open, with this process in its name."""
    return tempfile.mkdtemp(prefix=f"{FOLDER}{own_name()}-")


def scratch() -> str:
    """The private folder of this process for what engines cannot hold in memory; it goes with the process."""
    number = os.getpid()
    if number not in _scratch:  # a fork has one of its own
        _scratch[number] = private_folder()
        atexit.register(shutil.rmtree, _scratch[number], ignore_errors=True)
    return _scratch[number]


def sweep() -> None:
    """Remove the private folders of this user's processes that were killed before they could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        try:
            if folder.stat().st_uid == os.getuid() and has_ended(folder.name.removeprefix(FOLDER)):
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # another process swept it first


def own_name() -> str:
    """A name of this process that no later one has: its number, and where the system tells it, when it was started."""
    number = os.getpid()
    return "-".join(filter(None, (str(number), _started_at(number))))


def has_ended(name: str) -> bool:
    """Whether the process has ended whose own_name() stands at the beginning of a name; numbers are used again."""
    number, _, rest = name.partition("-")
    if not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # somebody else's
    started, now = rest.partition("-")[0], _started_at(int(number))
    return bool(now) and "-" in rest and started != now


def _started_at(number: int) -> str:
    """When a process was started, in ticks since the system was; nothing where it does not tell."""
    try:
        told = Path(f"/proc/{number}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return ""
    return told[19].decode()  # starttime, the 22nd field; see proc_pid_stat(5)


def call(work: Callable, *arguments):
    """What work(*arguments) returns, done in a fork of the server; what it raises is raised here."""
    folder = Path(private_folder())
    try:
        process = Forked(_answer, folder / "answer", work, arguments, environment=dict(os.environ), cwd=os.getcwd())
        code = process.wait()
        if code in NO_ROOM:
            raise OSError(code, os.strerror(code), str(folder))
        if not (folder / "answer").exists():
            raise RuntimeError(f"{work.__module__}.{work.__name__} ended with exit code {code} before it was done")
        error, found = pickle.loads((folder / "answer").read_bytes())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if error is not None:
        raise error
    return found


def _answer(path: Path, work: Callable, arguments: tuple) -> None:
    """Do the work, and leave what it returns or raises at `path`."""
    try:
        told = (None, work(*arguments))
    except Exception as error:
        error.add_note(f"in a fork:\n{traceback.format_exc()}")
        told = (error, None)
    try:
        path.with_suffix(".part").write_bytes(pickle.dumps(told))
        path.with_suffix(".part").rename(path)
    except OSError as error:
        if error.errno in NO_ROOM:
            os._exit(error.errno)  # an answer that needs no room
        raise


def end_all() -> None:
    """End every process that was forked or registered as alive, and has not ended: nothing outlives an interrupt."""
    for number in list(ALIVE):
        for end in (os.killpg, os.kill):  # forked a moment ago, it is no group of its own yet
            with suppress(ProcessLookupError):
                end(number, signal.SIGKILL)


class Forked:
    """A process forked by the server, with what Jupyter uses of subprocess.Popen."""

    stdin = stdout = stderr = None

    def __init__(self, work: Callable, *arguments, environment: dict[str, str], cwd: str):
        self.returncode = None
        sent = io.BytesIO()
        pickle.dump({}, sent)  # nothing of this process is prepared in the fork, its __main__ least of all
        reduction.dump(_Child(work, arguments, environment, cwd), sent)
        self._status, gift = forkserver.connect_to_new_process([])
        with open(gift, "wb") as pipe:
            pipe.write(sent.getbuffer())
        self.pid = forkserver.read_signed(self._status)
        ALIVE.add(self.pid)

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        if self.returncode is None and connection.wait([self._status], 0):
            try:
                self.returncode = forkserver.read_signed(self._status)
            except (OSError, EOFError):
                self.returncode = 255  # the server itself is gone, and the fork with it
            os.close(self._status)
            ALIVE.discard(self.pid)
        return self.returncode

    def wait(self) -> int:
        """The exit code, when there is one."""
        while self.poll() is None:
            connection.wait([self._status])
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to the process, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End the process at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask the process to end."""
        self.send_signal(signal.SIGTERM)


@dataclass
class _Child:
    """What the fork does: multiprocessing's server calls _bootstrap() in it, and it exits with the number returned."""

    work: Callable
    arguments: tuple
    environment: dict[str, str]
    cwd: str

    def _bootstrap(self, parent_sentinel: int) -> int:
        os.setsid()
        os.close(parent_sentinel)
        _read_nothing()
        _end_with_the_server()
        warm = sys.modules.get(PRELOAD)
        if warm is None or not hasattr(warm, "MODULES"):  # the server swallows an import that fails
            raise ImportError(f"{PRELOAD} could not be imported; python -c 'import {PRELOAD}' says why")
        os.environ.clear()
        os.environ.update(warm.ADDED | self.environment)
        time.tzset()
        os.chdir(self.cwd)
        sys.path[:] = warm.PATH
        _forget_the_random_state()
        self.work(*self.arguments)
        return 0


def _end_with_the_server() -> None:
    """End this process when the server ends, as it does with the process that started it, be that by kill -9.

    The server ends when nobody holds its pipe any more, and every fork of it is given one.
    """
    os.close(forkserver._forkserver._forkserver_alive_fd)
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _read_nothing() -> None:
    """Standard input, at its end: the server's is that of the process that started it, a terminal perhaps."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def _forget_the_random_state() -> None:
    """Numbers drawn without a seed differ between processes; forks would share them."""
    import numpy as np

    random.seed()
    np.random.seed()
