"""Folders that are exchanged, and the process that does it killed at one step after another."""

import os
import random
import signal
import sys
from pathlib import Path

import pytest

from cxlib.report import exchange, lock
from cxlib.report.folder import OURS

# What Python tells of before it asks the system to do it.
STEPS = ("open", "os.", "shutil.", "ctypes.dlsym", "tempfile.")
OLD = {"plan.json": "old", "index.html": "old", "figures/old.svg": "old"}
THEIRS = {"notes.docx": "years of work", "slides/mine.pptx": "mine", "index.html.bak": "mine"}
NEW = {"plan.json": "new", "index.html": "new", "figures/new.svg": "new"}


def put(folder: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


def found(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def replaced(out: Path) -> None:
    """Make a new report at `out`, as a run does."""
    with lock.held(out), exchange.aside(out) as new:
        put(new, NEW)
        exchange.exchange(new, out, OURS)


def killed(work, step: int) -> bool:
    """Do the work in a fork that ends itself at that step of it, as by kill -9; whether it came so far."""
    number = os.fork()
    if number == 0:
        left = [step]

        def count(event, _):
            left[0] -= event.startswith(STEPS)
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(count)
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(number, 0)
    assert status in (0, signal.SIGKILL), "the work failed by itself"
    return status == signal.SIGKILL


def refuse(*_, **__):
    raise OSError(1, "not here")


def without_exchange(patch) -> None:
    patch.setattr(exchange, "_swap", lambda *_: False)


def without_links(patch) -> None:
    without_exchange(patch)
    patch.setattr(Path, "symlink_to", refuse)


MEANS = {"exchange": lambda patch: None, "symlinks": without_exchange, "renames": without_links}
BEFORE = ("nothing", "a folder", "a report of its own")


def killed_at_steps(folder: Path, means: str, before: str, *, every: int) -> int:
    """Make a report anew and again, killed at the first step, at a random one of the next ones, and so on to its end.

    There is always the old report or the new one. `a folder` is a report that came from elsewhere: without an exchange,
    only that is not there for a moment, and the next run has it back. Returns how often it was killed.
    """
    seen, step, chance = [], 1, random.Random(every)
    moment = means == "renames" or (means, before) == ("symlinks", "a folder")
    with pytest.MonkeyPatch.context() as patch:
        MEANS[means](patch)
        while True:
            out = folder / str(step) / "r"
            out.parent.mkdir(parents=True)
            old = _stands(out, before)
            new = NEW | (THEIRS if old else {})
            more = killed(lambda place=out: replaced(place), step)
            assert found(out) in ([old, new, {}] if moment else [old, new])
            assert os.path.lexists(out) or moment or not old
            with lock.held(out):
                assert found(out) in (old, new)
            behind = os.readlink(out) if out.is_symlink() else ""
            assert {path.name for path in out.parent.iterdir()} - {behind} == ({"r"} if found(out) else set())
            seen.append(found(out) == new)
            if not more:
                break
            step += chance.randint(1, every)
    assert seen[0] is False
    assert seen == sorted(seen), "once it is there, the new one stays"
    assert seen[-1] is True
    assert step > 30
    return len(seen) - 1


def _stands(out: Path, before: str) -> dict[str, str]:
    """Put there what stands before a run; its files."""
    if before == "nothing":
        return {}
    if before == "a folder":
        put(out, OLD)
    else:
        replaced(out)
        put(out, {"index.html": "old"})
    put(out, THEIRS)
    return found(out)
