"""The overhead of one chapter: its wall time less the time of its cells, on a warm kernel.

It is held against papermill with its default kernel, on the same notebook, in turns.
"""

import statistics
import tempfile
import time
from pathlib import Path
from unittest import mock

import loops
import papermill
from measure import row
from papermill.engines import papermill_engines

from cxlib import fork
from cxlib.report.execute import execute
from cxlib.report.plan import NOTEBOOKS, Planned, make_plan

RUNS = 7


def in_cells(notebook) -> float:
    """Seconds that the cells of an executed notebook took, as papermill has noted them."""
    noted = (cell.metadata.get("papermill", {}).get("duration") for cell in notebook.cells)
    return sum(filter(None, noted))


def plain(planned: Planned, out: Path) -> float:
    """The overhead of papermill with its default kernel."""
    start = time.perf_counter()
    done = papermill.execute_notebook(NOTEBOOKS / planned.notebook, out, planned.parameters, **loops.PLAIN)
    return time.perf_counter() - start - in_cells(done)


def warm(planned: Planned, out: Path) -> float:
    """The overhead of a chapter as a report executes it; the note of its times is taken before it is removed."""
    taken, papermills_own = [], papermill_engines.execute_notebook_with_engine

    def noted(*given, **how):
        done = papermills_own(*given, **how)
        taken.append(in_cells(done))
        return done

    with mock.patch.object(papermill_engines, "execute_notebook_with_engine", noted):
        start = time.perf_counter()
        execute(planned, out)
        return time.perf_counter() - start - taken[0]


def rows(chapter: str = "complaint_iceberg", runs: int = RUNS) -> list[dict]:
    """The row of the page."""
    plan, _ = make_plan("data/demo", only=[chapter])
    (planned,) = plan.chapters
    assert fork.start(), "kernels cannot be warm here"
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.ipynb"
        warm(planned, out)  # the server imports what it forks kernels with
        found = [(warm(planned, out), plain(planned, out)) for _ in range(runs)]
    ours, theirs = map(statistics.median, zip(*found, strict=True))
    work = f"overhead of one chapter ({chapter}), warm, median of {runs}"
    return [row(work, ours, theirs, "papermill with its default kernel", at_most=1 / 8)]
