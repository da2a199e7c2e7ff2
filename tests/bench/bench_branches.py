"""Reports of 50 branches, of two chapters and of all, and how their time grows with the branches.

They are held against a plain loop of papermill over the same notebooks and parameters, measured on a stated sample of
the branches unless the whole loop is asked for.
"""

import tempfile
from pathlib import Path

import loops
from measure import apart, row, timed_apart

BRANCHES = 50
EVERY = 10  # of the branches is in the sample


def ours(many: int, chapters: tuple[str, ...]) -> float:
    """Seconds for the reports of the first branches, with as many workers as there are processors."""
    with tempfile.TemporaryDirectory() as folder:
        return timed_apart("loops", "reports", many, chapters, folder, 0)


def against_the_loop(values: list[str], chapters: tuple[str, ...], name: str, at_least: float, every: int) -> dict:
    """The reports of these branches against papermill's loop over every so many of them."""
    sample = values[::every]
    with tempfile.TemporaryDirectory() as folder:
        looped = timed_apart("loops", "plain", sample, chapters, str(Path(folder) / "loop"))
    baseline_is = "a plain loop of papermill"
    if every > 1:
        baseline_is += f", {len(sample)} branches measured x {len(values) / len(sample):g}"
    baseline = looped * len(values) / len(sample)
    work = f"HTML reports of {len(values)} branches x {name}"
    return row(work, ours(len(values), chapters), baseline, baseline_is, at_least=at_least)


def rows(full: bool = False, many: int = BRANCHES) -> list[dict]:
    """The rows of the page; `full`: the loop goes over every branch."""
    values, every = apart("loops", "branches", many), 1 if full else EVERY
    half = many // 5
    growth = ours(2 * half, loops.COMPLAINTS), 2 * ours(half, loops.COMPLAINTS)
    return [
        against_the_loop(values, loops.COMPLAINTS, "survey_analysis and complaint_iceberg", 8, every),
        against_the_loop(values, (), "all chapters", 5, every),
        row(f"growth: {2 * half} branches x the two", *growth, f"twice the time of {half} branches", at_most=1.1),
    ]
