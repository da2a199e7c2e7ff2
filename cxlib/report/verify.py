"""Whether a report is what its inputs give: files as they were made, inputs as recorded, results made again.

Nothing of the report is trusted: its record says how to make it again, and what comes out is held against every cell,
file and piece of its page.
"""

import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from cxlib.codebook import Codebook
from cxlib.errors import CommandError, CxError
from cxlib.language import noted, speak
from cxlib.places import data_folder, sha256, study_file
from cxlib.report import file_verdicts
from cxlib.report.cell_verdicts import CHANGED, IDENTICAL, VERDICTS, WITHIN, Difference, Verdict
from cxlib.report.folder import OURS
from cxlib.report.inputs_verdict import Divergence, as_recorded, divergences
from cxlib.report.manifest import CERTIFICATES, PAGE, PLAN, Manifest, digests, read, read_page
from cxlib.report.plan import Plan, chapters, make_plan

SAME, NEARLY, OTHER = "verified", "verified within tolerance", "not the same"
MISSING, ADDED = noted("missing"), noted("added")
UNCHECKED = ("ro-crate-metadata.json", PLAN, *CERTIFICATES)  # clock times, the record itself, and what is written here
COPIED = "data/"  # the study's own files, where a report was made with them


@dataclass(frozen=True)
class Checked:
    """A cell of a chapter (of a page alone: a piece of it) with its verdict; `what` it publishes, where that is one."""

    chapter: str
    cell: str
    verdict: Verdict


@dataclass
class Result:
    """What was found.

    `files` are those that are not as they were made, each with how; `others` what somebody put beside the report;
    `error` is what stopped the execution; `plan` and `book` are what was executed.
    """

    recorded: Manifest
    files: list[tuple[str, str]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    inputs: list[Divergence] = field(default_factory=list)
    error: str = ""
    plan: Plan | None = None
    book: Codebook | None = None
    cells: list[Checked] = field(default_factory=list)
    deliverables: dict[str, Verdict] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """Verified, verified within tolerance, or not the same."""
        found = {one.verdict.verdict for one in self.cells} | {one.verdict for one in self.deliverables.values()}
        if self.files or self.inputs or self.error or CHANGED in found:
            return OTHER
        return NEARLY if WITHIN in found else SAME

    def counts(self, chapter: str) -> dict[str, int]:
        """How many cells of a chapter have each verdict."""
        found = [one.verdict.verdict for one in self.cells if one.chapter == chapter]
        return {verdict: found.count(verdict) for verdict in VERDICTS}


def verify(place: Path, *, study: str = "", data: str = "", workers: int = 0) -> Result:
    """Check the report at `place`: a folder, or its page alone. `study` and `data` say where its study is, if moved.

    Raises CommandError where there is no report or no study, CxError for a record that cannot be understood.
    """
    recorded = read(place)
    result = Result(recorded)
    result.files, result.others = _files(recorded)
    planned = _planned(result, study, data)
    if planned is None:
        return result
    plan, book = planned
    result.inputs = divergences(recorded, plan)
    result.plan, result.book = as_recorded(plan, recorded.plan), book
    with tempfile.TemporaryDirectory(prefix="cx-verify-") as folder:
        made = Path(folder) / "report"
        result.error = _made_again(result.plan, book, made, recorded.formats, workers)
        if not result.error:
            _compare(result, made)
    return result


def first_difference(result: Result) -> str:
    """The first difference and its cause, in one sentence."""
    cells = [one for one in result.cells if one.verdict.verdict == CHANGED]
    told = [f"{name}: {how}{_where(result, name)}" for name, how in result.files]
    told += [_input(one) for one in result.inputs]
    told += [result.error] if result.error else []
    told += [f"chapter {one.chapter}, cell {one.cell}{_parting(one.verdict.first)}" for one in cells]
    told += [f"{name}{_parting(one.first)}" for name, one in result.deliverables.items() if one.verdict == CHANGED]
    if result.files:
        cause = "it was changed after the report was made"
    elif result.inputs and cells:
        one = cells[0]
        cause = f"so that chapter {one.chapter}, cell {one.cell}, comes out otherwise{_parting(one.verdict.first)}"
    elif result.inputs and not result.error:
        cause = "what its chapters say comes out the same"
    elif result.error:
        cause = "it could not be made again"
    else:
        cause = "with the same data, parameters, code and environment: it was changed, and its record with it"
    more = f"; {len(told) - 1} more differences" if len(told) > 2 else "; 1 more difference" if len(told) > 1 else ""
    return f"{told[0]} ({cause}){more}"


def _input(one: Divergence) -> str:
    return f"{one.kind}: {one.what}: recorded {one.recorded}, here {one.here}"


def _where(result: Result, name: str) -> str:
    """Where in a changed file it parts from the one that is made now, as far as that is known."""
    if name == PLAN and result.inputs:
        return f": {_input(result.inputs[0])}"
    if name in result.deliverables:
        return _parting(result.deliverables[name].first)
    chapter = next((one.chapter for one in result.recorded.plan.chapters if name == f"notebooks/{one.notebook}"), None)
    cells = [one for one in result.cells if one.verdict.first and (one.chapter == chapter or one.cell == name)]
    return f": cell {cells[0].cell}{_parting(cells[0].verdict.first)}" if cells else ""


def _parting(first: Difference | None) -> str:
    if first is None:
        return ""
    place = f": {first.place}" if first.place else ""
    return (
        f"{place}: recorded {first.said or 'nothing'}, now {first.now or 'nothing'}"
        if first.said != first.now
        else place
    )


def _files(recorded: Manifest) -> tuple[list[tuple[str, str]], list[str]]:
    """The files (of a page alone: its pieces) that are not as they were made; and what others put beside them."""
    if recorded.folder is None:
        there = digests(read_page(recorded.page))
        known, here = dict(recorded.pieces), dict(there)
        found = [(PLAN, MISSING)] if recorded.planless else []
        found += [(name, CHANGED if name in here else MISSING) for name in known if known[name] != here.get(name)]
        return found + [(name, ADDED) for name in here if name not in known], []
    found = [(PLAN, CHANGED)] if recorded.altered else []
    for name, digest in recorded.files.items():
        path = recorded.folder / name
        if not path.is_file() or path.is_symlink():
            found.append((name, MISSING))
        elif sha256(path) != digest:
            found.append((name, CHANGED))
    there = [path.relative_to(recorded.folder).as_posix() for path in sorted(recorded.folder.rglob("*"))
             if not path.is_dir()]  # fmt: skip
    added = [name for name in there if name not in recorded.files and name not in UNCHECKED]
    posing = [name for name in added if name.partition("/")[0] in OURS]  # as a part of the report
    return found + [(name, ADDED) for name in posing], [name for name in added if name not in posing]


def _planned(result: Result, study: str, data: str) -> tuple[Plan, Codebook] | None:
    """The report planned anew; None where the study can no longer be planned, which `result` then says."""
    recorded = result.recorded.plan
    given = recorded.chapters[0].parameters
    study, data = study or given.get("study", ""), data or given.get("data", "")
    try:
        data_folder(study_file(study), data)
    except CommandError as error:
        raise CommandError(
            f"{error}; name the folder of the report's study with --study, of its files with --data"
        ) from None
    speak(recorded.language)
    wanted = [one.chapter for one in recorded.chapters] + list(recorded.left_out)
    only = [name for name in wanted if name in chapters()]
    try:
        return make_plan(study, data=data, lang=recorded.language, part=recorded.part, only=only)
    except CxError as error:
        result.error = str(error)
        return None


def _made_again(plan: Plan, book: Codebook, out: Path, formats: tuple[str, ...], workers: int) -> str:
    """Make the report once more, nothing of it from the cache; why it could not be made, if so."""
    from cxlib.report.run import Report, run_all

    report = Report(plan, book, out, formats)
    run_all([report], workers=workers)
    return str(report.error) if report.error else ""


def _compare(result: Result, made: Path) -> None:
    """Hold the report against the one that was made now."""
    recorded = result.recorded
    if recorded.folder is None:
        found = file_verdicts.page_pieces(read_page(recorded.page), read_page(made / PAGE))
        names = sorted((one.chapter for one in recorded.plan.chapters), key=len, reverse=True)
        for name, verdict in found:
            chapter = next((one for one in [*names, "method"] if re.match(rf"{re.escape(one)}(-|$)", name)), "")
            result.cells.append(Checked(chapter, name, verdict))
        return
    for one in result.plan.chapters:
        name = f"notebooks/{next(c.notebook for c in recorded.plan.chapters if c.chapter == one.chapter)}"
        if name not in recorded.files:
            continue
        cells = file_verdicts.notebook(recorded.folder / name, made / "notebooks" / one.notebook)
        result.cells += [Checked(one.chapter, cell.name, verdict) for cell, verdict in cells or []]
        if cells is None or all(verdict.verdict == IDENTICAL for _, verdict in cells):
            result.deliverables[name] = file_verdicts.file(recorded.folder / name, made / "notebooks" / one.notebook)
    for name in recorded.files:
        if not name.startswith(("notebooks/", COPIED)):
            result.deliverables[name] = file_verdicts.file(recorded.folder / name, made / name)
