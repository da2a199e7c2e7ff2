"""A real JupyterLab on loopback, with a token, and what it says over HTTP.

It runs with settings of its own in a temporary folder, and reads a pipe that this process holds: when the pipe closes
it stops, also where the tests are killed.
"""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WATCH = """
import os, signal, sys, threading

def watch():
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=watch, daemon=True).start()
"""
AS_ROOT = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: its address, its token, its process id, and the file that holds what it printed."""

    url: str
    token: str
    pid: int
    log: Path

    def get(self, path: str, *, method: str = "GET", data: dict | None = None):
        """The answer of the server at a path of its API, from JSON."""
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if data is None else json.dumps(data).encode(),
            headers={"Authorization": f"token {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or "null")

    def address(self, path: str = "") -> str:
        """The address of a file in JupyterLab, whatever was open before; without a path the one that Lab opens at."""
        return f"{self.url}lab/tree/{path}?token={self.token}&reset" if path else f"{self.url}?token={self.token}"


def settings(folder: Path) -> dict[str, str]:
    """The environment of a user without settings of Jupyter, whose files go to `folder`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON", "MAKE"))}
    own = {name: folder / name.lower() for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    for path in own.values():
        path.mkdir(parents=True, exist_ok=True)
    (own["JUPYTER_CONFIG_DIR"] / "jupyter_server_config.py").write_text(WATCH, encoding="utf-8")
    return kept | {name: str(path) for name, path in own.items()} | {"IPYTHONDIR": str(folder / "ipython")}


@contextmanager
def serve(folder: Path, command: list[str], *, cwd: Path, **environment: str) -> Iterator[Lab]:
    """The JupyterLab that a command starts from `cwd`, with the settings in `folder`; stopped at the end."""
    given = settings(folder) | environment
    log = folder / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=out, stderr=out, env=given, cwd=cwd, start_new_session=True
        )
    try:
        about = _announced(Path(given["JUPYTER_RUNTIME_DIR"]), process, log)
        yield Lab(about["url"], about["token"], about["pid"], log)
    finally:
        process.stdin.close()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()


def _announced(folder: Path, process: subprocess.Popen, log: Path) -> dict:
    """What a server that was just started says of itself: url, token, pid."""
    end = time.monotonic() + 90
    while time.monotonic() < end and process.poll() is None:
        for path in folder.glob("jpserver-*.json"):
            try:
                return json.loads(path.read_text())
            except ValueError:
                pass  # half written
        time.sleep(0.1)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()}")


def serving(folder: Path, root: Path, *arguments: str):
    """The environment's JupyterLab over `root`, with the project's settings, as serve()."""
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--port=0", f"--ServerApp.root_dir={root}"]
    own = {"JUPYTER_PREFER_ENV_PATH": "1", "JUPYTER_CONFIG_PATH": str(ROOT / "cxlib/lab")}
    return serve(folder, [*command, *AS_ROOT, *arguments], cwd=folder, **own)
