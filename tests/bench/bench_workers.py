"""Two workers against one, held against what two bare processes gain on this machine.

The bare processes are plain loops of papermill, side by side and one after another: what two gain, less than two times,
is the machine's.
"""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import loops
from measure import apart, row, seconds, timed_apart

BRANCHES = 20
BARE = 2  # branches of each bare process


def bare(values: list[str], folder: Path) -> tuple[float, float]:
    """Seconds of two bare processes one after another, and side by side."""

    def loop(number: int) -> None:
        mine = values[number % 2 * BARE :][:BARE]
        apart("loops", "plain", mine, loops.COMPLAINTS, str(folder / f"bare-{number}"))

    def together() -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(loop, (2, 3)))

    one_by_one = seconds(lambda: (loop(0), loop(1)), 1)
    return one_by_one, seconds(together, 1)


def rows(many: int = BRANCHES) -> list[dict]:
    """The row of the page."""
    values = apart("loops", "branches", 2 * BARE)
    with tempfile.TemporaryDirectory() as folder:
        one, two = (
            timed_apart("loops", "reports", many, loops.COMPLAINTS, f"{folder}/of-{workers}", workers)
            for workers in (1, 2)
        )
        alone, beside = bare(values, Path(folder))
    ours, theirs = one / two, alone / beside
    work = f"gain of two workers over one, {many} branches x survey_analysis and complaint_iceberg"
    baseline_is = f"gain of two bare processes of papermill side by side, {2 * BARE} branches"
    return [row(work, ours, theirs, baseline_is, at_least=0.9, measured=ours / theirs, unit="times")]
