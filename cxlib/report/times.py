"""When a piece of a report was made: clock times, which stand in the report's provenance and nowhere else."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True)
class Times:
    """When something began and ended, in ISO 8601 and UTC."""

    began: str
    ended: str


@contextmanager
def timed(times: dict[str, Times], name: str) -> Iterator[None]:
    """Put the time of what is done within it under a name. A clock that is set meanwhile does not end it early."""
    began, start = datetime.now(UTC), time.monotonic()
    yield
    ended = began + timedelta(seconds=time.monotonic() - start)
    times[name] = Times(_iso(began), _iso(ended))


def together(times: list[Times]) -> Times:
    """From the first beginning to the last end."""
    return Times(min(one.began for one in times), max(one.ended for one in times))


def _iso(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds")
