"""Limits of a chapter: how much memory and how long it may take, watched from outside of its kernel.

What breaks a limit is ended, and the chapter fails with a message that names the setting; no other process is touched.
Nothing that a report says depends on the limits, so that they are in no plan and in no key of the cache.
"""

import os
import re
import select
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cxlib.errors import CommandError

MINUTES = 60.0  # by default; a chapter of the demo takes seconds
SHARE = 0.8  # of the machine's memory, by default: it has other things to do
EVERY = 0.25  # seconds between two looks, and no more than a fiftieth of the time is spent on looking
UNITS = {"MB": 10**6, "GB": 10**9}
PROC, GROUPS = Path("/proc"), Path("/sys/fs/cgroup")
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


@dataclass(frozen=True)
class Limits:
    """What each chapter may take: bytes of memory (0: most of what the machine has that executes it), and minutes."""

    memory: int = 0
    minutes: float = MINUTES


USUAL = Limits()


def limits(memory: str = "", minutes: float = MINUTES) -> Limits:
    """Limits as they are written in a command: memory with its unit, like study.yml's `large: {memory: 1GB}`.

    Raises CommandError for a memory that is none, and where memory cannot be watched.
    """
    if not memory:
        return Limits(0, minutes)
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?(MB|GB)", memory.strip())
    if found is None or not float(found[1]):
        raise CommandError(f"--memory takes a number with its unit, MB or GB, e.g. --memory 8GB; found {memory!r}")
    if not _watched():
        raise CommandError("--memory is watched on Linux only; leave it out here")
    return Limits(int(float(found[1]) * UNITS[found[2]]), minutes)


def machine_memory() -> int:
    """Bytes of memory that there are for this process: the machine's, or what its control groups leave it."""
    return min(os.sysconf("SC_PHYS_PAGES") * PAGE, *_allowed(PROC / "self" / "cgroup", GROUPS))


def _allowed(mine: Path, groups: Path) -> Iterator[int]:
    """The memory that each control group of a process allows, of either version, and of every group around it."""
    yield 2**63
    for line in mine.read_text().splitlines() if mine.is_file() else []:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        top, name = (groups / "memory", "memory.limit_in_bytes") if controllers else (groups, "memory.max")
        place = top / path.lstrip("/")  # within a container the outer part of the path is often not there
        for folder in (place, *place.parents):
            if folder.is_relative_to(top):
                with suppress(OSError, ValueError):  # no such file, or the word max
                    yield int((folder / name).read_text())


class Watch:
    """A watch over the kernel of a chapter, from began() to the end of a `with` block.

    `broken` says which limit the kernel broke, and what to do about it; it is empty where it broke none.
    """

    def __init__(self, given: Limits):
        self.given, self.broken = given, ""
        self._until = time.monotonic() + 60 * given.minutes
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, *_) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def began(self, kernel: int) -> None:
        """Watch the kernel that has begun: the number of its process, which leads a session of its own."""
        self._thread = threading.Thread(target=self._look, args=(kernel,), daemon=True)
        self._thread.start()

    def _look(self, kernel: int) -> None:
        """Look again and again, until the block or the kernel is at its end, or a limit is broken."""
        allowed = self.given.memory or (int(SHARE * machine_memory()) if _watched() else 0)
        pause = EVERY
        with suppress(ProcessLookupError), _Processes(kernel) as processes:
            while not self._over.wait(min(pause, max(self._until - time.monotonic(), 0))):
                began = time.monotonic()
                self.broken = _too_long(self.given) if began >= self._until else ""
                if not self.broken and allowed and processes.memory(above=allowed) > allowed:
                    self.broken = _too_large(allowed, self.given)
                if self.broken:
                    processes.end()
                    return
                pause = max(EVERY, 50 * (time.monotonic() - began))


def _too_long(given: Limits) -> str:
    minutes = f"{given.minutes:g} minute{'' if given.minutes == 1 else 's'}"
    return (
        f"it took more than {minutes}, the limit of a chapter (--minutes or CX_MINUTES): allow more, "
        f"e.g. --minutes {2 * given.minutes:g}, or ask for less with the parameters of its notebook"
    )


def _too_large(allowed: int, given: Limits) -> str:
    whose = "the limit of a chapter" if given.memory else f"{SHARE:.0%} of what this machine has"
    return (
        f"it took more than {_size(allowed)} of memory, {whose} (--memory or CX_MEMORY): allow more, "
        f"e.g. --memory {_size(2 * allowed, '')}, or give large tables as Parquet, whose rows stay in their engine "
        "(`large:` in study.yml)"
    )


def _size(number: int, blank: str = " ") -> str:
    """Bytes with their unit, as --memory takes them."""
    unit = "GB" if number >= UNITS["GB"] else "MB"
    return f"{number / UNITS[unit]:.3g}{blank}{unit}" if number < 1000 * UNITS[unit] else f"{number // 10**9}{blank}GB"


def _watched() -> bool:
    """Whether the system tells how much memory processes have."""
    return (PROC / "self" / "stat").is_file()


class _Processes:
    """A kernel and the processes that it started: its session. Raises ProcessLookupError where the kernel has ended.

    A number alone may be another process's by now; the kernel is held by a handle, which is never another's.
    """

    def __init__(self, kernel: int):
        self.kernel = kernel

    def __enter__(self) -> "_Processes":
        self._handle = os.pidfd_open(self.kernel) if hasattr(os, "pidfd_open") else None
        return self

    def __exit__(self, *_) -> None:
        if self._handle is not None:
            os.close(self._handle)

    def memory(self, *, above: int) -> int:
        """Bytes that they hold; where that is more than `above`, pages that several processes share count by shares.

        A forked kernel shares with the others what all of them have imported.
        """
        if select.select([self._handle], [], [], 0)[0]:
            raise ProcessLookupError
        held = self._members()
        total = sum(held.values())
        return sum(_by_shares(number, size) for number, size in held.items()) if total > above else total

    def _members(self) -> dict[int, int]:
        """The bytes that each process of the session holds."""
        found = {}
        for entry in os.listdir(PROC):
            if entry.isdecimal():
                with suppress(OSError):  # it has ended since
                    with open(f"{PROC}/{entry}/stat", "rb") as file:
                        told = file.read().rpartition(b")")[2].split()  # from the third field on, see proc_pid_stat(5)
                    if int(told[3]) == self.kernel and told[0] != b"Z":
                        found[int(entry)] = int(told[21]) * PAGE
        return found

    def end(self) -> None:
        """End them all, the kernel last: while it stands still it starts nothing, and the session stays its own."""
        if self._handle is None:
            os.killpg(self.kernel, signal.SIGKILL)
            return
        signal.pidfd_send_signal(self._handle, signal.SIGSTOP)
        for _ in range(20):  # what they started meanwhile
            others = [number for number in self._members() if number != self.kernel]
            for number in others:
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
            if not others:
                break
        signal.pidfd_send_signal(self._handle, signal.SIGKILL)


def _by_shares(number: int, held: int) -> int:
    """Bytes that a process holds, shared pages by their shares; `held` where the system does not tell."""
    with suppress(OSError, StopIteration, ValueError), open(f"{PROC}/{number}/smaps_rollup", encoding="ascii") as file:
        return 1024 * int(next(line for line in file if line.startswith("Pss:")).split()[1])
    return held
