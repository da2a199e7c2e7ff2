"""What every benchmark is made of: runs that are timed, processes of their own, and rows of the page."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent.parent
CALL = "import json, sys; from {0} import {1} as work; print(json.dumps(work(*json.loads(sys.argv[1]))))"


def seconds(work, repeats: int = 3) -> float:
    """The shortest of some runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def apart(module: str, function: str, *arguments):
    """What a function of a module in this folder returns, called in a new process from the project's root.

    Arguments and answer pass as JSON. A process of its own has its own peak of memory, and no leavings of others.
    """
    paths = [str(BENCH), str(BENCH.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    run = [sys.executable, "-c", CALL.format(module, function), json.dumps(arguments)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    out = subprocess.run(run, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment).stdout
    return json.loads(out.splitlines()[-1])


def timed_apart(module: str, function: str, *arguments) -> float:
    """Seconds of wall time that such a process takes, from its start to its end."""
    return seconds(lambda: apart(module, function, *arguments), 1)


def row(
    work: str, ours: float, baseline: float, baseline_is: str, *, at_least: float | None = None,
    at_most: float | None = None, unit: str = "s", measured: float | None = None, **more,
) -> dict:  # fmt: skip
    """A row of the page: a piece of work, what it took, what the baseline took in the same run, and their ratio.

    The ratio is ours to the baseline's, the smaller the better; where at least something must hold, the baseline's to
    ours: how many times faster. `measured` is the ratio of something else, e.g. of two gains.
    """
    if measured is None:
        measured = ours / baseline if at_least is None else baseline / ours
    held = [*([measured >= at_least] if at_least is not None else []), *([measured <= at_most] if at_most else [])]
    bound = {"at_least": at_least, "at_most": at_most, "measured": measured, "held": all(held) if held else None}
    return {"work": work, **bound, "ours": ours, "baseline": baseline, "unit": unit, "baseline_is": baseline_is} | more
