"""Reports made from plans: chapters executed side by side or taken from the cache, rendered, put into place.

A report is a few stages: its chapters, the summary that reads them, its formats. Within a stage everything can run at
once, and so can the stages of different reports; whatever is ready of the earliest report goes first.
"""

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from cxlib import fork, kept
from cxlib.codebook import Codebook
from cxlib.disk import mendable
from cxlib.errors import CxError
from cxlib.language import speak
from cxlib.report.cache import Cache
from cxlib.report.folder import unchanged
from cxlib.report.limits import USUAL, Limits
from cxlib.report.lock import place, tidy
from cxlib.report.plan import FORMATS, Plan, Planned
from cxlib.report.progress import Progress
from cxlib.report.stages import Execute, Report, Task, stages


def run(plan: Plan, book: Codebook, out: Path, *, formats=tuple(FORMATS), cache: Cache | None = None) -> Path:
    """Execute a plan and put the finished report, in these formats, at `out`; what stood there before stays until then.

    Raises CxError naming notebook and cell when a chapter fails; `out` is then as it was.
    """
    report = Report(plan, book, out, formats)
    run_all([report], cache=cache)
    if report.error is not None:
        raise report.error
    return out


def make(
    reports: list[Report], *, workers: int = 0, cluster: str = "", keep: bool = True, limits: Limits = USUAL
) -> None:
    """Make reports as the command does: here or on a cluster at an address, keeping executed chapters or not, and
    within limits of memory and time for each chapter."""
    cache = Cache() if keep else None
    if not cluster:
        run_all(reports, workers=workers, cache=cache, execute=partial(_here, limits=limits))
        return
    from cxlib.report.cluster import connected

    with connected(cluster, reports, limits) as (execute, lanes):
        run_all(reports, workers=workers or lanes, cache=cache, execute=execute)


def prepare(workers: int) -> None:
    """Begin what reports need, while it is still being worked out which: imports take the server of kernels seconds."""
    with _set(_threads(workers or os.cpu_count() or 1)):
        fork.start()


def _here(planned: Planned, out: Path, limits: Limits = USUAL) -> None:
    """Execute a chapter on this machine, within limits."""
    from cxlib.report.execute import execute  # not at the top: what is reused needs no papermill

    execute(planned, out, limits)


def run_all(reports: list[Report], *, workers: int = 0, cache: Cache | None = None, execute: Execute = _here) -> None:
    """Make reports; `workers` of their tasks at once (0: as many as there are processors).

    A report that fails keeps its error, and the others go on. `cache` keeps executed chapters from run to run; without
    it every chapter is executed, also where nothing has changed.
    """
    workers = workers or os.cpu_count() or 1
    fork.sweep()
    if cache:
        cache.sweep()
    speak(reports[0].plan.language)
    for report in reports:
        report.unchanged = cache is not None and unchanged(
            report.out, report.plan, report.formats, with_data=report.with_data
        )
        report.reused = [planned.chapter for planned in report.plan.chapters] if report.unchanged else []
    tidy(place(report.out) for report in reports if report.unchanged)
    due = [report for report in reports if not report.unchanged]
    if not due:
        return
    with mendable(due[0].out), _environment(workers), ThreadPoolExecutor(workers) as threads, Progress(due) as progress:
        made = [stages(report, cache, execute, many=len(due) > 1) for report in due]
        try:
            _work_through(made, due, threads, workers, progress)
        finally:
            for stage in made:
                stage.close()


def _work_through(
    stages: list[Iterator[list[Task]]], reports: list[Report], threads: Executor, workers: int, progress: Progress
) -> None:
    """Work through the stages of all reports, with no more tasks under way than there are workers."""
    ready: list[tuple[int, Task]] = []  # of the earliest report first
    left = dict.fromkeys(range(len(reports)), 0)  # tasks of the stage that a report is in
    running: dict[Future, tuple[int, Task]] = {}
    fresh = iter(range(len(reports)))

    def advance(number: int) -> None:
        """Begin the next stage of a report that has something to do; after the last, or an error, it is done."""
        try:
            while reports[number].error is None:
                tasks = next(stages[number])
                if tasks:
                    left[number] = len(tasks)
                    ready.extend((number, task) for task in tasks)
                    return
        except StopIteration:
            pass
        except CxError as error:
            reports[number].error = error
        stages[number].close()
        progress.done(reports[number])

    try:
        while True:
            while len(ready) < workers and (number := next(fresh, None)) is not None:
                advance(number)
            ready.sort(key=lambda one: one[0])
            while ready and len(running) < workers:
                number, task = ready.pop(0)
                progress.began(task.name)
                running[threads.submit(task.work)] = number, task
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                number, task = running.pop(future)
                progress.ended(reports[number], task.name)
                left[number] -= 1
                try:
                    future.result()
                except CxError as error:  # what has not begun of this report does not begin
                    reports[number].error = reports[number].error or error
                    left[number] -= sum(one == number for one, _ in ready)
                    ready = [one for one in ready if one[0] != number]
                if not left[number]:
                    advance(number)
    except BaseException:
        fork.end_all()
        while wait(running, timeout=0.1).not_done:  # what waits for a kernel sees it die; some had none yet
            fork.end_all()
        raise


@contextmanager
def _environment(workers: int) -> Iterator[None]:
    """What kernels and forks find in their environment: the folder of the run, in which tables read once are kept for
    all of it and temporary files go with it, and that libraries leave the other processors to the other workers."""
    folder = fork.private_folder()  # kernels are ended, and clean nothing up themselves
    try:
        with _set(_threads(workers) | {kept.FOLDER: folder, "TMPDIR": folder}):
            yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _threads(workers: int) -> dict[str, str]:
    """How many threads libraries take in each of so many workers, unless the user has said it."""
    number = str(max((os.cpu_count() or 1) // workers, 1))
    return {name: os.environ.get(name, number) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}


@contextmanager
def _set(added: dict[str, str]) -> Iterator[None]:
    """Variables of the environment, for a while."""
    before = dict(os.environ)
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]
        os.environ.update({name: before[name] for name in added if name in before})
