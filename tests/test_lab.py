"""`make lab` from anywhere, in a hostile house: another kernel named python3, a port that is taken, no browser."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from jupyter_client.session import Session
from lab_server import AS_ROOT, ROOT, serve
from websocket import create_connection

PYTHON = ROOT / ".venv/bin/python"
ASKED = """import os, sys
from cxlib import Study
print("told", [sys.prefix, os.getcwd(), len(Study.load("data/demo").survey) > 100])"""

needs_venv = pytest.mark.skipif(not PYTHON.exists(), reason="make has set up no .venv here")


def make_lab(*arguments: str) -> list[str]:
    """The command; .venv is taken as it stands."""
    return ["make", "-o", ".venv/.run", "-C", str(ROOT), "lab", f"ARGS={' '.join(arguments)}"]


def other_kernel(folder: Path) -> Path:
    """A Jupyter folder with a kernel named python3 that does not run."""
    kernel = folder / "kernels/python3/kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(json.dumps({"argv": ["/nowhere/python"], "display_name": "Other", "language": "python"}))
    return folder


def told(lab, path: str, code: str) -> str:
    """What a code prints in the kernel that Lab starts for the notebook at a path."""
    asked = {"path": path, "name": Path(path).name, "type": "notebook", "kernel": {"name": "python3"}}
    kernel = lab.get("api/sessions", method="POST", data=asked)["kernel"]["id"]
    socket_url = f"ws{lab.url.removeprefix('http')}api/kernels/{kernel}/channels"
    channel = create_connection(socket_url, timeout=60, header=[f"Authorization: token {lab.token}"])
    with contextlib.closing(channel):
        content = {"code": code, "silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False}
        request = Session().msg("execute_request", content=content) | {"channel": "shell", "buffers": []}
        channel.send(json.dumps(request, default=str))
        printed = ""
        while True:
            answer = json.loads(channel.recv())
            if answer["msg_type"] == "stream":
                printed += answer["content"]["text"]
            if answer["msg_type"] == "error":
                raise AssertionError("\n".join(answer["content"]["traceback"]))
            if answer["msg_type"] == "execute_reply" and answer["parent_header"].get("msg_id") == request["msg_id"]:
                return printed


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """`make lab` from another folder, its port taken, no browser to be found, python3 registered twice elsewhere."""
    if not PYTHON.exists():
        pytest.skip("make has set up no .venv here")
    folder = tmp_path_factory.mktemp("lab")
    other_kernel(folder / "jupyter_data_dir")
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = make_lab(f"--port={port}", "--browser=no-such-browser", *AS_ROOT)
        path = str(other_kernel(folder / "others"))
        with serve(folder, command, cwd=elsewhere, JUPYTER_PATH=path) as started:
            yield started, port


def printed_with(started, words: str, seconds: float = 30) -> str:
    """What the server printed, once these words are among it."""
    ends = time.monotonic() + seconds
    while words not in (printed := started.log.read_text()):
        assert time.monotonic() < ends, f"{words!r} was not printed: {printed}"
        time.sleep(0.1)
    return printed


def test_it_takes_another_port_and_prints_the_address_that_opens_at_the_readme(lab):
    started, taken = lab
    assert int(started.url.rstrip("/").rpartition(":")[2]) != taken
    printed = printed_with(started, "No web browser found")  # it is looked for after the address was printed
    assert f"{started.url}lab/tree/README.md?token={started.token}" in printed


def test_it_wants_a_token_and_listens_on_loopback_alone(lab):
    started, _ = lab
    assert len(started.token) >= 32
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{started.url}api/contents", timeout=60)
    assert refused.value.code == 403
    port = int(started.url.rstrip("/").rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.2", port), timeout=5):
        pass


def test_it_shows_the_project_and_renders_markdown_with_nothing_from_the_network(lab):
    started, _ = lab
    assert {"README.md", "notebooks", "data"} <= {one["name"] for one in started.get("api/contents/")["content"]}
    viewers = started.get("lab/api/settings/@jupyterlab/docmanager-extension:plugin")["schema"]["properties"]
    assert viewers["defaultViewers"]["default"] == {"markdown": "Markdown Preview"}
    news = started.get("lab/api/settings/@jupyterlab/apputils-extension:notification")["schema"]["properties"]
    assert news["fetchNews"]["default"] == "false"
    assert news["checkForUpdates"]["default"] is False


def test_the_kernel_is_this_environments_and_finds_the_study(lab):
    started, _ = lab
    expected = [str(ROOT / ".venv"), str(ROOT / "notebooks"), True]
    assert told(started, "notebooks/02_survey_analysis.ipynb", ASKED) == f"told {expected}\n"


@needs_venv
def test_jupyter_lab_itself_started_from_elsewhere_over_another_root_works_as_well(tmp_path):
    """Not through make: no variable of Jupyter set, another python3 in the user's folder, the project not in sight."""
    other_kernel(tmp_path / "jupyter_data_dir")
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "mine").mkdir(parents=True)
    command = [str(ROOT / ".venv/bin/jupyter"), "lab", "--no-browser", "--port=0", *AS_ROOT]
    with serve(tmp_path, command, cwd=elsewhere) as started:
        assert (
            told(started, "mine/own.ipynb", ASKED) == f"told {[str(ROOT / '.venv'), str(elsewhere / 'mine'), True]}\n"
        )


@needs_venv
@pytest.mark.skipif(not AS_ROOT, reason="not root")
def test_root_is_told_what_to_type():
    """JupyterLab refuses to start for root; make says how to insist."""
    done = subprocess.run(make_lab("--no-browser"), capture_output=True, text=True, cwd="/", timeout=60)
    assert done.returncode == 2
    assert "make lab ARGS=--allow-root" in done.stderr


def test_the_server_stops_when_the_tests_are_killed(tmp_path):
    """Killed without a chance to clean up: the server notices by the pipe."""
    script = (
        "import sys, time; from pathlib import Path; from lab_server import serving\n"
        "with serving(Path(sys.argv[1]), Path(sys.argv[1])) as lab: print(lab.pid, flush=True); time.sleep(600)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT / "tests"
    )
    pid = int(process.stdout.readline())
    os.kill(pid, 0)  # there it is
    process.kill()
    process.wait()
    end = time.monotonic() + 60
    while time.monotonic() < end and alive(pid):
        time.sleep(0.1)
    assert not alive(pid)


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and that nobody has asked after does not."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat")
        return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
