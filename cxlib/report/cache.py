"""Executed chapters, kept by what they depend on: the same plan need not run twice.

A content-addressed store: an entry's name is the key of the plan (plan.Plan.key), and its first line the SHA-256 of
what follows, so that a damaged entry is found when it is read, and made anew. Entries are written aside and renamed,
so that runs can share the store; the least lately used go when it grows over its limit.
"""

import hashlib
import os
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path

from cxlib import fork
from cxlib.places import ROOT

FOLDER = ROOT / "reports" / ".cache"
ASIDE = ".part-"  # and the process that writes it
LIMIT = 2_000_000_000  # bytes, of all entries together


class Cache:
    """Entries in a folder. Where nothing can be written it stays empty, and everything is executed."""

    def __init__(self, folder: Path = FOLDER, limit: int = LIMIT):
        self.folder, self.limit = folder, limit

    def get(self, key: str) -> bytes | None:
        """What is kept under a key; None where there is nothing, or what there is was damaged."""
        path = self._path(key)
        try:
            digest, _, packed = path.read_bytes().partition(b"\n")
            if hashlib.sha256(packed).hexdigest().encode() == digest:
                with suppress(OSError):  # somebody else's entry, or a read-only disk: read, it can be
                    os.utime(path)
                return zlib.decompress(packed)
        except (OSError, zlib.error):
            return None
        with suppress(OSError):
            path.unlink()
        return None

    def put(self, key: str, content: bytes) -> None:
        """Keep something under a key."""
        packed = zlib.compress(content, 1)
        path = self._path(key)
        with suppress(OSError):  # a full or read-only disk: a report needs no cache
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, aside = tempfile.mkstemp(prefix=f"{ASIDE}{fork.own_name()}-", dir=self.folder)
            try:
                with open(handle, "wb") as file:
                    file.write(hashlib.sha256(packed).hexdigest().encode() + b"\n" + packed)
                os.replace(aside, path)
            except OSError:
                Path(aside).unlink(missing_ok=True)
                raise
            self._shrink()

    def drop(self, key: str) -> None:
        """Keep nothing under a key any more."""
        with suppress(OSError):
            self._path(key).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what killed runs had begun to write here."""
        with suppress(OSError):
            for path in self.folder.glob(f"{ASIDE}*"):
                if fork.has_ended(path.name.removeprefix(ASIDE)):
                    path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / key

    def _shrink(self) -> None:
        """Remove the entries that were used longest ago until the rest is within the limit."""
        found = []
        for path in self.folder.iterdir():
            with suppress(FileNotFoundError):  # another run was quicker
                about = path.stat()
                found.append((about.st_mtime, about.st_size, path))
        excess = sum(size for _, size, _ in found) - self.limit
        for _, size, path in sorted(found):
            if excess <= 0:
                return
            path.unlink(missing_ok=True)
            excess -= size
