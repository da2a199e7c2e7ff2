"""A finished folder put into the place of another one: whoever looks sees the old one whole or the new one whole.

Linux and macOS exchange two names in one step. A file system that does not (NFS, SMB) gets a symlink under the name,
which is replaced in one step as well; where there are no symlinks either, two renames follow one another, and a run
that was killed between them is mended by the next one (lock.py).
"""

import ctypes
import errno
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cxlib.report.lock import remove

AT_FDCWD, RENAME_EXCHANGE = -100, 2  # linux/fcntl.h, linux/fs.h
RENAME_SWAP = 2  # sys/stdio.h of macOS
# What a system says that exchanges nothing here, as against one that was asked in vain.
REFUSED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


@contextmanager
def aside(out: Path) -> Iterator[Path]:
    """A new folder beside `out` to make things in; what then stands under its name goes."""
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.new-", dir=out.parent))
    try:
        yield folder
    finally:
        if not (out.is_symlink() and os.readlink(out) == folder.name):
            remove(folder)


def exchange(new: Path, out: Path, ours: set[str]) -> None:
    """Put the folder `new` in the place of `out`, and remove what stood there, which stays until then; flush() first.

    Entries of the old folder that are not `ours` are in the new one from the first moment on, as hard links where the
    file system has them, so that a kill at any moment loses none of them.
    """
    ours = ours | set(os.listdir(new))
    for entry in out.iterdir() if out.is_dir() else ():
        if entry.name not in ours:
            _also(entry, new / entry.name)
    if os.path.lexists(out):
        old = new if _swap(new, out) else _replaced(new, out)
    elif _swaps(out):
        new.rename(out)
        old = None
    else:
        old = _replaced(new, out)
    if old is not None:
        gone = old.resolve()  # a symlink, where the old report stood behind one
        for entry in gone.iterdir():
            if entry.name not in ours:
                _follow(entry, out / entry.name)
        remove(old)
        remove(gone)


def put(content: bytes, path: Path) -> None:
    """Put a file in the place of another one, whole or not at all."""
    part = _free_name(path, "new")
    try:
        part.write_bytes(content)
        _flush_one(part)
        os.replace(part, path)
    finally:
        remove(part)


def _swap(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False where system or file system cannot."""
    system = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    if hasattr(system, "renameat2"):
        failed = system.renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE)
    elif hasattr(system, "renamex_np"):
        failed = system.renamex_np(*names, RENAME_SWAP)
    else:
        return False
    number = ctypes.get_errno()
    if failed and number not in REFUSED:
        raise OSError(number, os.strerror(number), str(other))
    return not failed


def _swaps(out: Path) -> bool:
    """Whether names beside `out` can be exchanged."""
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.new-", dir=out.parent) as folder:
        names = [Path(folder) / name for name in ("one", "other")]
        for name in names:
            name.touch()
        return _swap(*names)


def _replaced(new: Path, out: Path) -> Path | None:
    """Put `new` in the place of `out` by other means than an exchange; what stood there, if anything did."""
    link, old = _free_name(out, "new"), None
    try:
        link.symlink_to(new.name)
    except OSError:
        link = new  # no symlinks here: the folder itself
    if out.is_symlink():
        old = out.resolve()
    elif out.exists():
        old = out.rename(_free_name(out, "old"))
    try:
        os.replace(link, out)
    except OSError:
        if old is not None and not os.path.lexists(out):
            old.rename(out)
        raise
    return old


def _free_name(path: Path, kind: str) -> Path:
    return path.with_name(f".{path.name}.{kind}-{secrets.token_hex(4)}")


def _also(source: Path, target: Path) -> None:
    """Have what stands at `source` at `target`, too: as hard links, or else as copies."""
    if source.is_dir() and not source.is_symlink():
        target.mkdir()
        for entry in source.iterdir():
            _also(entry, target / entry.name)
        shutil.copystat(source, target)
        return
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def _follow(source: Path, target: Path) -> None:
    """Take over what was put or changed at `source` while its folder was being exchanged."""
    if source.is_dir() and not source.is_symlink() and target.is_dir():
        for entry in source.iterdir():
            _follow(entry, target / entry.name)
    elif not (target.exists() and _same(source.lstat(), target.lstat())):
        with suppress(OSError):  # somebody has put another kind of thing there since
            source.replace(target)


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    return os.path.samestat(one, other) or (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)


def flush(folder: Path) -> None:
    """Wait until the disk holds all of a folder: a power cut, too, leaves the old report or the new one."""
    for above, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(above, name)
            if stat.S_ISREG(os.lstat(path).st_mode):
                _flush_one(path)
        _flush_one(above)


def _flush_one(path) -> None:
    """Wait until the disk holds a file, or the entries of a folder; what cannot be asked for it is let be."""
    try:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in REFUSED | {errno.EACCES, errno.EPERM}:  # somebody else's file, linked
            raise
