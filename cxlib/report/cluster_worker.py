"""A worker of a dask cluster, executing chapters for callers with whom it shares no disk (see cluster.py).

A study is unpacked once for each run into a private folder, under the path that it has with the caller, so that taking
the folder's own path away from a text leaves the caller's. The folder goes with the run.
"""

import atexit
import json
import os
import pickle
import shutil
import tempfile
import threading
import zlib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from cxlib import fork, kept
from cxlib.errors import CxError
from cxlib.language import ENGLISH, speak
from cxlib.report.execute import ChapterError, execute
from cxlib.report.limits import Limits
from cxlib.report.plan import Planned, code_hash, environment

CODE = "the code of cxlib"

_lock = threading.Lock()
_unpacked: set[tuple[str, str, str]] = set()  # studies, by run and place
_over: set[str] = set()  # runs


@dataclass(frozen=True)
class Parcel:
    """What a worker is told of a chapter: its run and plan, and where its study, data and output are with the caller.

    `files` are the paths of the study's files, whose contents come beside the parcel; `before` the executed notebooks
    that the summary reads, by name; `versions` what the worker must have; `limits` what the chapter may take there.
    """

    run: str
    planned: Planned
    study: str
    data: str
    out: str
    notebook: bytes
    before: dict[str, bytes]
    files: tuple[str, ...]
    versions: dict[str, str]
    limits: Limits


@cache
def versions() -> dict[str, str]:
    """The code and libraries of this process."""
    return {CODE: code_hash()} | environment()


@cache
def _root() -> Path:
    """The private folder of this worker; it goes when the worker ends or, after kill -9, when another one begins."""
    fork.sweep()
    root = Path(fork.private_folder()).resolve()
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    # Kernels are ended, and clean nothing up themselves: their temporary files go with the worker, too.
    os.environ |= {kept.FOLDER: str(root / "kept"), "TMPDIR": str(root / "kept")}
    (root / "kept").mkdir(mode=0o700)  # kept.kept() takes nothing from a folder that others may write
    return root


def chapter(packed: bytes, contents: list[bytes]) -> bytes:
    """The executed notebook of a chapter; nothing in it tells where it was executed."""
    parcel: Parcel = pickle.loads(zlib.decompress(packed))
    same(parcel.versions, versions() | {CODE: code_hash()}, "a worker")
    with _lock:
        box = _unpack(parcel, contents)
        speak(ENGLISH)  # runs in other languages may be under way beside this one: the caller translates
        fork.start()
    folder = Path(tempfile.mkdtemp(dir=box))
    places = {"study": f"{box}{parcel.study}", "data": f"{box}{parcel.data}"}
    source = folder / "source" / parcel.planned.notebook
    source.parent.mkdir()
    source.write_bytes(parcel.notebook)
    for name, notebook in parcel.before.items():
        (folder / name).write_bytes(_moved(notebook, places))
    there = replace(parcel.planned, notebook=str(source), places=places)

    def here(text: str) -> str:
        """A text with the caller's paths in the place of this worker's."""
        return text.replace(str(folder), os.path.dirname(parcel.out)).replace(str(box), "")

    out = folder / parcel.planned.notebook
    try:
        execute(there, out, parcel.limits)
        return here(out.read_text(encoding="utf-8")).encode()
    except ChapterError as error:
        raise ChapterError(parcel.planned, error.cell, here(error.error)) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unpack(parcel: Parcel, contents: list[bytes]) -> Path:
    """The folder of a run on this worker, with a chapter's study in it."""
    if parcel.run in _over:
        raise CxError("the run was ended")
    box, study = _root() / parcel.run, (parcel.run, parcel.study, parcel.data)
    if study not in _unpacked:
        Path(f"{box}{parcel.data}").mkdir(parents=True, exist_ok=True)
        for name, content in zip(parcel.files, contents, strict=True):
            path = Path(f"{box}{name}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        _unpacked.add(study)
    return box


def _moved(notebook: bytes, places: dict[str, str]) -> bytes:
    """An executed notebook as if it had been executed on the study as it is here: the summary compares."""
    found = json.loads(notebook)
    found["metadata"]["papermill"]["parameters"] |= places
    return json.dumps(found, ensure_ascii=False).encode()


def leave(run: str) -> None:
    """Remove what this worker holds of a run."""
    with _lock:
        _over.add(run)
        shutil.rmtree(_root() / run, ignore_errors=True)
        _unpacked.difference_update([one for one in _unpacked if one[0] == run])
        if not _unpacked:  # tables read once are of the studies that were here
            for path in (_root() / "kept").iterdir():
                path.unlink(missing_ok=True)


def same(wanted: dict[str, str], versions: dict[str, str], who: str) -> None:
    """Raise a CxError that says what differs between the caller's code and libraries and a worker's."""
    differ = [
        name if name == CODE else f"{name} (here {wanted.get(name)}, there {versions.get(name)})"
        for name in wanted | versions
        if wanted.get(name) != versions.get(name)
    ]
    if differ:
        raise CxError(f"--cluster: {who} would not give the same results: it differs in {', '.join(differ)}")
