"""One report, stage by stage: its chapters, the summary that reads them, its formats, and its place."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Protocol

from cxlib import fork
from cxlib.codebook import Codebook
from cxlib.disk import mendable
from cxlib.errors import CxError
from cxlib.places import study_file
from cxlib.report.cache import Cache
from cxlib.report.data_copy import copy_study
from cxlib.report.exchange import aside, exchange, flush
from cxlib.report.execute import stamped
from cxlib.report.folder import DATA, check_target, fingerprints, make_folder, ours, write_json
from cxlib.report.formats import write_pages
from cxlib.report.lock import held, place
from cxlib.report.plan import FORMATS, NOTEBOOKS, SUMMARY, Plan, Planned
from cxlib.report.times import Times, timed

PROCESSORS = BoundedSemaphore(os.cpu_count() or 1)
READING, VALUES = Lock(), {}  # the private values that were read last, by what they were read from
CHECKED = (".html", ".pptx", ".xlsx", ".ipynb", ".json", ".svg")  # files that hold words; a PDF is read beside them


@dataclass
class Report:
    """A report to be made, and how it went: the chapters that were not executed again, and what stopped it.

    `with_data` puts the study's files into it as well. `times` are those of its chapters and of its other pieces,
    `checked` says what was looked for in its finished files.
    """

    plan: Plan
    book: Codebook
    out: Path
    formats: tuple[str, ...] = tuple(FORMATS)
    with_data: bool = False
    times: dict[str, Times] = field(default_factory=dict)
    reused: list[str] = field(default_factory=list)
    unchanged: bool = False
    checked: str = ""
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


class Execute(Protocol):
    """Executes a planned chapter, and puts the finished notebook at a path."""

    def __call__(self, planned: Planned, out: Path) -> None: ...


def stages(report: Report, cache: Cache | None, execute: Execute, *, many: bool) -> Iterator[list[Task]]:
    """The tasks of a report, stage by stage; each stage begins when the one before is done.

    Nobody else makes the report meanwhile. Closed or at its end, it removes the folder in which the report was made.
    """
    plan, out = report.plan, place(report.out)
    with mendable(report.out):
        check_target(out, plan)  # before the work, and again after it
        look = _look(report)
        make_folder(out.parent)
        with held(out), aside(out) as staging:
            (staging / "notebooks").mkdir()
            (staging / "figures").mkdir()
            yield from _chapters(report, staging, cache, execute, many=many)
            pieces = partial(_elsewhere, write_pages, plan, report.book, look, staging)
            if (
                many
            ):  # the other reports keep the processors busy, and a fork for each piece would cost more than it wins
                yield [_task(report, "pages", partial(pieces, report.formats, True))]
            else:
                yield [_task(report, "results.json", partial(pieces, (), True))]
                yield [_task(report, name, partial(pieces, (name,))) for name in report.formats]
            if report.with_data:
                copy_study(plan, staging / DATA)
            about = {"formats": list(report.formats), "with_data": report.with_data, "files": fingerprints(staging)}
            write_json(staging / "plan.json", plan.to_dict() | about)
            import_module("cxlib.report.crate").write(staging, report)
            beside = [(".pdf",)] if "pdf" in report.formats and not many else []
            checks = [_disclosed(report, cache, staging, endings) for endings in (*beside, () if many else CHECKED)]
            yield [*checks, Task("disk", partial(_flush, report, staging))]
            staging.chmod(0o755)
            check_target(out, plan)
            exchange(staging, out, ours(out))


def _look(report: Report):
    """How the report is to look; a template that is none is told before the work."""
    from cxlib.report.brand import brand

    look = brand(study_file(report.plan.chapters[0].places["study"]), report.book)
    if look.slides and "pptx" in report.formats:
        import_module("cxlib.report.pptx_deck").open_deck(look)
    return look


def _chapters(
    report: Report, staging: Path, cache: Cache | None, execute: Execute, *, many: bool
) -> Iterator[list[Task]]:
    """The tasks of executing the chapters, those first on which the summary rests."""
    # What publishes most takes longest, and begins first, so that none is left running alone at the end.
    ordered = sorted(report.plan.chapters, key=lambda one: -(NOTEBOOKS / one.notebook).stat().st_size)
    for last in (False, True):
        chapters = [one for one in ordered if (one.chapter == SUMMARY) == last]
        tasks = [task for one in chapters for task in _executed(report, one, staging, cache, execute)]
        if many or len(tasks) > 1:
            fork.start()
        yield tasks


def _executed(report: Report, planned: Planned, staging: Path, cache: Cache | None, execute: Execute) -> list[Task]:
    """The task of executing a chapter; none where the cache has it executed, and it is put into its place now."""
    path, key = staging / "notebooks" / planned.notebook, report.plan.key(planned)
    cache = None if report.plan.untraced else cache
    kept = cache.get(key) if cache else None
    if kept is not None:
        times, _, notebook = kept.partition(b"\n")
        report.times[planned.chapter] = Times(**json.loads(times))
        path.write_bytes(stamped(notebook, planned.parameters))
        report.reused.append(planned.chapter)
        return []

    def work() -> None:
        with mendable(report.out), timed(report.times, planned.chapter):
            execute(planned, path)
        if cache:
            times = json.dumps(asdict(report.times[planned.chapter]))
            cache.put(key, times.encode() + b"\n" + path.read_bytes())

    return [Task(planned.chapter, work)]


def _disclosed(report: Report, cache: Cache | None, staging: Path, endings: tuple[str, ...]) -> Task:
    """The task of looking for private values in the finished files with these endings; what was executed is not kept
    where there is one."""

    def work() -> None:
        try:
            with mendable(report.out):
                values = _private_values(report.plan)
                report.checked = _elsewhere(_check, staging, report.plan, report.book, values, endings)
        except CxError:
            for planned in report.plan.chapters if cache else ():
                cache.drop(report.plan.key(planned))
            raise

    return Task("disclosure check", work)


def _private_values(plan: Plan):
    """What is to be looked for in a report, read once for all reports on the same files; in no file, but in memory."""
    places = plan.chapters[0].places
    key = (places["study"], places["data"], plan.language, *sorted(plan.inputs.items()))
    with READING:
        if key not in VALUES or plan.untraced:
            VALUES.clear()
            VALUES[key] = _elsewhere(_looked_for, plan)
        return VALUES[key]


def _looked_for(plan: Plan):
    from cxlib.report.disclosure import looked_for  # not at the top: what has not changed is not read again

    return looked_for(plan)


def _flush(report: Report, staging: Path) -> None:
    """Wait for the disk, beside the other checks: nothing of the report is written after it."""
    with mendable(report.out):
        flush(staging)


def _check(*arguments) -> str:
    from cxlib.report.disclosure import check

    return check(*arguments)


def _task(report: Report, name: str, work: Callable[[], object]) -> Task:
    """A task whose time is told in the report's provenance."""

    def timely() -> None:
        with mendable(report.out), timed(report.times, name):
            work()

    return Task(name, timely)


def _elsewhere(work: Callable, *arguments) -> object:
    """What some work returns, done in a fork, where there is a server of them, else here; no more at once than there
    are processors, however many chapters a cluster executes meanwhile."""
    with PROCESSORS:
        return fork.call(work, *arguments) if fork.started() else work(*arguments)
