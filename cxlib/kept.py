"""What is read once for all kernels of a run: a study's tables, checked and prepared.

A run of several chapters names a private folder in its environment. The first kernel that needs a table reads it there
and leaves it, the others take it from there. The folder goes with the run.
"""

import hashlib
import os
import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path

FOLDER = "CX_KEPT"  # the environment variable that names the folder


def kept(name: str, make: Callable[[], object]) -> object:
    """What make() returns, from this run's folder where it is kept there under this name; it is kept there else."""
    folder = os.environ.get(FOLDER)
    if folder is None:
        return make()
    path = Path(folder) / hashlib.sha256(name.encode()).hexdigest()
    if path.exists():
        return pickle.loads(path.read_bytes())
    found = make()
    handle, aside = tempfile.mkstemp(dir=folder)
    with open(handle, "wb") as file:
        pickle.dump(found, file, protocol=5)
    os.replace(aside, path)
    return found
