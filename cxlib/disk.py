"""Faults of disks and folders that a user can mend (full, read-only, forbidden), told as such in one line."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cxlib.errors import CxError

# What a system says of a place, and not of a program: the rest is a bug of ours and surfaces as one.
FAULTS = {
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG, errno.EIO, errno.ENAMETOOLONG,
    errno.ENOTDIR, errno.ELOOP, errno.EBUSY, errno.EXDEV, errno.ESTALE, errno.EMFILE, errno.ENFILE,
}  # fmt: skip


@contextmanager
def mendable(out: Path) -> Iterator[None]:
    """Within it, a fault of a disk or folder is a CxError that names the folder, and that `out` is as it was."""
    try:
        yield
    except OSError as error:
        told = fault(error, out)
        if told is None:
            raise
        raise CxError(f"{told}; {out} is as it was") from None


def fault(error: OSError, out: Path) -> str | None:
    """What is wrong with which folder, when something was to be written at `out`; None where that is not the fault."""
    if isinstance(error, FileNotFoundError) and "temporary directory" in str(error.strerror):  # tempfile's own words
        return f"there is no folder for temporary files that can be written: {error.strerror}"
    if error.errno not in FAULTS:
        return None
    place = _folder(error, out)
    aside = place == Path(tempfile.gettempdir())
    return f"{place}{' (for temporary files; TMPDIR names another folder)' if aside else ''}: {error.strerror}"


def _folder(error: OSError, out: Path) -> Path:
    """The folder that an error is about, as the user knows it: none that is there for the time of a run only."""
    above, passing = Path(os.path.abspath(out)).parent, Path(tempfile.gettempdir())
    if not isinstance(error.filename, (str, os.PathLike)):  # nothing is named where a file was open already
        return min((above, passing), key=_free) if error.errno == errno.ENOSPC else above
    named = Path(os.path.abspath(error.filename))
    for place in (above, passing):  # the deeper one where one lies in the other
        if any(part.startswith((".", "cx-run-")) for part in _below(named, place)):
            return place
    return named


def _below(path: Path, folder: Path) -> tuple[str, ...]:
    return path.relative_to(folder).parts[:1] if path.is_relative_to(folder) else ()


def _free(folder: Path) -> int:
    """Bytes that are left in a folder, of the nearest one that is there."""
    while not folder.is_dir():
        folder = folder.parent
    about = os.statvfs(folder)
    return about.f_bavail * about.f_frsize
