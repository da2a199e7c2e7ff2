"""The paths of a new study: whether a folder and its exports can be used at all, before anything is read."""

import os
from pathlib import Path

from cxlib.errors import CxError

LONGEST = 120  # letters of a path in a message


def reachable(paths: list[Path]) -> None:
    """CxError for a path that no file can have: a name that is too long, or links that lead back to themselves."""
    for path in paths:
        try:
            os.stat(path)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue  # told by whoever opens it
        except (OSError, ValueError) as error:
            shown = str(path) if len(str(path)) <= LONGEST else f"{str(path)[:LONGEST]}…"
            raise CxError(f"{shown}: no such path can be used: {getattr(error, 'strerror', None) or error}") from None


def free(folder: Path, names: tuple[str, ...]) -> None:
    """CxError where the folder is a file, or holds one of the files already."""
    if folder.exists() and not folder.is_dir():
        raise CxError(f"{folder}: is a file; a study is a folder")
    for name in names:
        if os.path.lexists(folder / name):
            raise CxError(f"{folder / name}: is there already and is not replaced; choose another folder")
