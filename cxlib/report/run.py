"""Reports made from plans: chapters executed side by side or taken from the cache, rendered, put into place.

A report is a few stages: its chapters, the summary that reads them, its formats. Within a stage everything can run at
once, and so can the stages of different reports; whatever is ready of the earliest report goes first.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import BoundedSemaphore
from typing import Protocol

from cxlib import fork, kept
from cxlib.codebook import Codebook
from cxlib.errors import CxError
from cxlib.language import speak
from cxlib.places import study_file
from cxlib.report.cache import Cache
from cxlib.report.folder import check_target, exchange, fingerprints, unchanged, write_json
from cxlib.report.plan import FORMATS, NOTEBOOKS, SUMMARY, Plan, Planned, left_out
from cxlib.report.progress import Progress

PROCESSORS = BoundedSemaphore(os.cpu_count() or 1)


@dataclass
class Report:
    """A report to be made, and how it went: the chapters that were not executed again, and what stopped it."""

    plan: Plan
    book: Codebook
    out: Path
    formats: tuple[str, ...] = tuple(FORMATS)
    reused: list[str] = field(default_factory=list)
    unchanged: bool = False
    error: CxError | None = None

    def told(self) -> str:
        """What was made, and what of it was reused, in a line."""
        number = len(self.plan.chapters)
        chapters = f"{number} chapter{'s' if number > 1 else ''}"
        if self.unchanged:
            return f"{self.out}: nothing has changed since it was made; {chapters} reused"
        reused = f"; reused: {', '.join(self.reused)}" if self.reused else ""
        return f"{self.out}: {chapters} in {', '.join(FORMATS[name] for name in self.formats)}{reused}"


@dataclass(frozen=True)
class Task:
    """A piece of work of a report: what a progress bar calls it, and the work."""

    name: str
    work: Callable[[], object]


def run(plan: Plan, book: Codebook, out: Path, *, formats=tuple(FORMATS), cache: Cache | None = None) -> Path:
    """Execute a plan and put the finished report, in these formats, at `out`; what stood there before stays until then.

    Raises CxError naming notebook and cell when a chapter fails; `out` is then as it was.
    """
    report = Report(plan, book, out, formats)
    run_all([report], cache=cache)
    if report.error is not None:
        raise report.error
    return out


def make(reports: list[Report], *, workers: int = 0, cluster: str = "", keep: bool = True) -> None:
    """Make reports as the command does: here or on a cluster at an address, keeping executed chapters or not."""
    cache = Cache() if keep else None
    if not cluster:
        run_all(reports, workers=workers, cache=cache)
        return
    from cxlib.report.cluster import connected

    with connected(cluster, reports) as (execute, lanes):
        run_all(reports, workers=workers or lanes, cache=cache, execute=execute)


class Execute(Protocol):
    """Executes a planned chapter, and puts the finished notebook at a path."""

    def __call__(self, planned: Planned, out: Path) -> None: ...


def _here(planned: Planned, out: Path) -> None:
    """Execute a chapter on this machine."""
    from cxlib.report.execute import execute  # not at the top: what is reused needs no papermill

    execute(planned, out)


def run_all(reports: list[Report], *, workers: int = 0, cache: Cache | None = None, execute: Execute = _here) -> None:
    """Make reports; `workers` of their tasks at once (0: as many as there are processors).

    A report that fails keeps its error, and the others go on. `cache` keeps executed chapters from run to run; without
    it every chapter is executed, also where nothing has changed.
    """
    workers = workers or os.cpu_count() or 1
    speak(reports[0].plan.language)
    for report in reports:
        report.unchanged = cache is not None and unchanged(report.out, report.plan, report.formats)
        report.reused = [planned.chapter for planned in report.plan.chapters] if report.unchanged else []
    due = [report for report in reports if not report.unchanged]
    if not due:
        return
    with _environment(workers), ThreadPoolExecutor(workers) as threads, Progress(due) as progress:
        stages = [_stages(report, cache, execute, many=len(due) > 1) for report in due]
        try:
            _work_through(stages, due, threads, workers, progress)
        finally:
            for stage in stages:
                stage.close()


def _stages(report: Report, cache: Cache | None, execute: Execute, *, many: bool) -> Iterator[list[Task]]:
    """The tasks of a report, stage by stage; each stage begins when the one before is done.

    Closed or at its end, it removes the folder in which the report was made.
    """
    from cxlib.report.brand import brand

    plan, out = report.plan, report.out
    check_target(out)  # before the work, and again after it
    look = brand(study_file(plan.chapters[0].parameters["study"]), report.book)
    if look.slides and "pptx" in report.formats:
        import_module("cxlib.report.pptx_deck").open_deck(look)  # a template that is none is told before the work, too
    out.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        (staging / "notebooks").mkdir()
        (staging / "figures").mkdir()
        # What publishes most takes longest, and begins first, so that none is left running alone at the end.
        ordered = sorted(plan.chapters, key=lambda one: -(NOTEBOOKS / one.notebook).stat().st_size)
        for last in (False, True):
            chapters = [one for one in ordered if (one.chapter == SUMMARY) == last]
            tasks = [task for one in chapters for task in _executed(report, one, staging, cache, execute)]
            if many or len(tasks) > 1:
                fork.start()
            yield tasks
        yield [Task("results.json", partial(_elsewhere, _write_record, plan, report.book, staging))]
        groups = [report.formats] if many else [(name,) for name in report.formats]
        yield [Task(", ".join(names), partial(_elsewhere, _write_formats, plan, report.book, look, staging, names))
               for names in groups]  # fmt: skip
        about = {"formats": list(report.formats), "files": fingerprints(staging)}
        write_json(staging / "plan.json", plan.to_dict() | about)
        staging.chmod(0o755)
        exchange(staging, out)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _executed(report: Report, planned: Planned, staging: Path, cache: Cache | None, execute: Execute) -> list[Task]:
    """The task of executing a chapter; none where the cache has it executed, and it is put into its place now."""
    path, key = staging / "notebooks" / planned.notebook, report.plan.key(planned)
    cache = None if report.plan.untraced else cache
    kept = cache.get(key) if cache else None
    if kept is not None:
        path.write_bytes(kept)
        report.reused.append(planned.chapter)
        return []

    def work() -> None:
        execute(planned, path)
        if cache:
            cache.put(key, path.read_bytes())

    return [Task(planned.chapter, work)]


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


def _elsewhere(work: Callable, *arguments) -> None:
    """Do some work in a fork, where there is a server of them, else here; no more at once than there are processors,
    however many chapters a cluster executes meanwhile."""
    with PROCESSORS:
        if fork.started():
            fork.call(work, *arguments)
        else:
            work(*arguments)


def _write_record(plan: Plan, book: Codebook, staging: Path) -> None:
    """results.json and the figures of the chapters that were executed into `staging`."""
    from cxlib.report import document

    speak(plan.language)
    read = _read(plan, staging)
    for chapter in read:
        for block in chapter.blocks("figure"):
            (staging / document.figure_file(chapter, block)).write_text(block.data["svg"], encoding="utf-8")
    write_json(staging / "results.json", document.results(book.study, plan.language, read))


def _write_formats(plan: Plan, book: Codebook, look, staging: Path, formats: tuple[str, ...]) -> None:
    """The report in some formats, from the chapters that were executed into `staging`."""
    speak(plan.language)
    whole = document_of(plan, book, _read(plan, staging), look)
    for name, content in renderings(whole, formats).items():
        (staging / FORMATS[name]).write_bytes(content)


def _read(plan: Plan, staging: Path) -> list:
    """The executed chapters as the report reads them."""
    from cxlib.report import document

    return [document.read_chapter(staging / "notebooks" / planned.notebook) for planned in plan.chapters]


def renderings(document, formats) -> dict[str, bytes]:
    """The document in each format. Typst lays out the PDF beside Python's work on the others."""
    with ThreadPoolExecutor(2) as pool:
        made = pool.map(lambda name: import_module(f"cxlib.report.{name}").render(document), formats)
        return dict(zip(formats, made, strict=True))


def document_of(plan: Plan, book: Codebook, chapters: list, look):
    """The report as one document: cover, the summary first, the other chapters in their order, and the appendix."""
    from cxlib.report import document, method

    return document.Document(
        study=book.study,
        language=plan.language,
        title=book.words(book.title),
        client=book.client or "",
        fieldwork=book.words(book.fieldwork),
        brand=look,
        chapters=sorted(chapters, key=lambda chapter: chapter.name != SUMMARY),
        appendix=method.appendix(plan, book, chapters, look, left_out(plan, book)),
    )


@contextmanager
def _environment(workers: int) -> Iterator[None]:
    """What kernels and forks find in their environment: where tables read once are kept for all of a run, and that
    libraries leave the other processors to the other workers."""
    folder = fork.private_folder()
    threads = str(max((os.cpu_count() or 1) // workers, 1))
    added = {kept.FOLDER: folder} | {name: threads for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
                              if name not in os.environ}  # fmt: skip
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name)
        shutil.rmtree(folder, ignore_errors=True)
