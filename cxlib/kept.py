"""What is read once for all kernels of a run: a study's tables, checked and prepared.

A run of several chapters names a private folder in its environment. The first kernel that needs a table reads it there
and leaves it, the others take it from there. The folder goes with the run.
"""

import hashlib
import os
import pickle
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

FOLDER = "CX_KEPT"  # the environment variable that names the folder


def kept(name: str, make: Callable[[], object]) -> object:
    """What make() returns, from this run's folder where it is kept there under this name; it is kept there else.

    Where the disk is full nothing is kept, and who needs it makes it.
    """
    folder = os.environ.get(FOLDER)
    if folder is None or not ours(folder):
        return make()
    path = Path(folder) / hashlib.sha256(name.encode()).hexdigest()
    if path.exists():
        return pickle.loads(path.read_bytes())
    found = make()
    with suppress(OSError):
        handle, aside = tempfile.mkstemp(dir=folder)
        try:
            with open(handle, "wb") as file:
                pickle.dump(found, file, protocol=5)
            os.replace(aside, path)
        except OSError:
            os.unlink(aside)
            raise
    return found


def ours(folder: str | Path) -> bool:
    """Whether this user alone can put anything into a folder: what is read from it is then no stranger's.

    Where a system knows no owners (Windows) it is for a folder of the user's own.
    """
    if not hasattr(os, "getuid"):
        return True
    try:
        about = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(about.st_mode) and about.st_uid == os.getuid() and not about.st_mode & 0o077
