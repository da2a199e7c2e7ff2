"""One run at a time in a folder: a lock beside it, and what runs that were killed have left there.

The lock is on `.NAME.lock` beside the folder NAME; the system releases it when its process ends, however that ends.
Whoever holds it may remove every `.NAME.new-…` (a report that was never finished, or the one that it replaced) and
puts an `.NAME.old-…` back where the folder itself is not there.
"""

import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cxlib.errors import CxError

try:
    import fcntl
except ImportError:  # Windows has no such lock: there, two runs into one folder are not told of each other
    fcntl = None

ASIDE = re.compile(r"\.(.+)\.(new|old)-[a-z0-9_]{8}")  # names that tempfile makes for the folders of a run
LEFT = re.compile(r"\.(.+)\.(?:lock|(?:new|old)-[a-z0-9_]{8})")


def place(out: Path) -> Path:
    """Where a folder named so really is: two names of one folder have one lock.

    A symlink that exchange.py keeps in the place of a report is not followed.
    """
    real = Path(os.path.realpath(out))
    found = ASIDE.fullmatch(real.name)
    link = real.with_name(found[1]) if found else None
    return link if link and link.is_symlink() else real


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Within it, nobody else makes this folder, and nothing that killed runs have left of it is there.

    Raises a CxError that says who is at it. On file systems without locks it goes on without, and sweeps nothing.
    """
    path = folder.with_name(f".{folder.name}.lock")
    lock = _locked(path, folder)
    if lock is None:
        yield
        return
    try:
        _restore(folder)
        _sweep(folder)
        yield
    finally:
        _restore(folder)
        _sweep(folder)
        path.unlink(missing_ok=True)
        os.close(lock)


def tidy(folders: Iterable[Path]) -> None:
    """Remove what killed runs have left of these folders, where nobody makes them now."""
    names: dict[Path, set[str]] = {}
    for folder in folders:
        names.setdefault(folder.parent, set()).add(folder.name)
    for parent, known in names.items():
        with suppress(OSError):  # no such folder, or none of ours to change: nothing depends on it
            left = {found[1] for name in os.listdir(parent) if (found := LEFT.fullmatch(name))}
            for name in left & known:
                with suppress(CxError), held(parent / name):
                    pass


def _locked(path: Path, folder: Path) -> int | None:
    """The open lock; None on a file system that has none. CxError where another run holds it."""
    while fcntl is not None:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            told = os.read(lock, 100).decode("ascii", "replace")
            os.close(lock)
            who = f" ({told})" if told else ""
            raise CxError(
                f"{folder} is being made by another run{who}; wait until that has ended, or choose another --out"
            ) from None
        except OSError:
            os.close(lock)
            path.unlink()
            return None
        if _is_at(lock, path):
            with suppress(OSError):  # a full disk, which is told later: the lock is held, only not whose it is
                os.truncate(lock, 0)
                os.write(lock, f"process {os.getpid()}, since {time.strftime('%Y-%m-%d %H:%M:%S')}".encode())
            return lock
        os.close(lock)
    return None


def _is_at(lock: int, path: Path) -> bool:
    """Whether the open lock stands at its path; else whoever held it has removed it meanwhile."""
    try:
        return os.path.samestat(os.fstat(lock), os.stat(path))
    except FileNotFoundError:
        return False


def _restore(folder: Path) -> None:
    """Put a report back that was moved aside by a run that then was killed before it put the new one there."""
    if not os.path.lexists(folder):
        for path in _left(folder, "old"):
            path.rename(folder)
            return


def _sweep(folder: Path) -> None:
    """Remove what runs have left beside a folder, but not what a symlink in its place leads to."""
    live = os.readlink(folder) if folder.is_symlink() else ""
    for path in (*_left(folder, "new"), *_left(folder, "old")):
        if path.name != live:
            remove(path)


def _left(folder: Path, kind: str) -> list[Path]:
    """The folders, files and links of runs that stand beside a folder."""
    found = ((name, ASIDE.fullmatch(name)) for name in os.listdir(folder.parent))
    return [folder.with_name(name) for name, match in found if match and match.groups() == (folder.name, kind)]


def remove(path: Path) -> None:
    """Remove a file, a link or a whole folder, as far as it can be; a folder that was made read-only, too."""
    if path.is_symlink() or not path.is_dir():
        with suppress(OSError):
            path.unlink()
        return
    shutil.rmtree(path, ignore_errors=True)
    if path.exists():
        for folder, _, _ in os.walk(path):
            with suppress(OSError):
                os.chmod(folder, 0o700)
        shutil.rmtree(path, ignore_errors=True)
