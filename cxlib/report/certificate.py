"""The certificate of a verified report: a page for whoever received the report, and the same as data.

It says when the report was checked and with what, in clock time: it stands beside the report and is no part of it.
"""

import json
import re
import tempfile
from datetime import datetime
from importlib import metadata
from pathlib import Path

from markupsafe import Markup

from cxlib.errors import CxError
from cxlib.language import day, digits, noted, speak, tr, tr_n
from cxlib.places import study_file
from cxlib.report import verify
from cxlib.report.brand import HOUSE, WHITE, brand, mixed
from cxlib.report.cell_verdicts import CHANGED, VERDICTS, Difference
from cxlib.report.inputs_verdict import CODE, DATA, ENVIRONMENT, PARAMETERS
from cxlib.report.manifest import CERTIFICATES
from cxlib.report.plan import FORMATS, LIBRARIES, chapters, title
from cxlib.report.templating import environment

MOST = 10  # rows of a table on the page; the data hold all
SIGNS = {verify.SAME: "✓", verify.NEARLY: "≈", verify.OTHER: "✗"}
LOOKS = {verify.SAME: "same", verify.NEARLY: "nearly", verify.OTHER: "other"}
HEADS = {
    verify.SAME: noted("Verified"),
    verify.NEARLY: noted("Verified within tolerance"),
    verify.OTHER: noted("Not the same"),
}
TOLD = {
    verify.SAME: noted(
        "The report was made again from the same data, with the same settings and programs. Everything in it came out "
        "the same."
    ),
    verify.NEARLY: noted(
        "The report was made again from the same data, with the same settings and programs. Everything in it came out "
        "the same, but for differences that are too small to be seen in print."
    ),
}
ALTERED = noted("The report was changed after it was made. Below stands what was changed.")
ELSEWHERE = noted(
    "What is here is not what the report was made from. Below stands what differs, and whether the results differ with "
    "it."
)
UNLIKE = noted(
    "Data, settings, programs and libraries are the recorded ones, and yet something else comes out of them. The "
    "report was changed, and its record with it, or its computation is not repeatable on this machine."
)
UNMADE = noted("The report could not be made again, so that its results are not verified.")
MEANINGS = {
    DATA: noted("The data are not those that the report was made from, so other results are to be expected."),
    PARAMETERS: noted("The settings of the report are not those that its notebooks were executed with."),
    CODE: noted("The programs or notebooks have changed since the report was made."),
    ENVIRONMENT: noted("Libraries have other versions than when the report was made."),
}
PUBLISHED = {
    "number": noted("number"),
    "table": noted("table"),
    "figure": noted("figure"),
    "finding": noted("finding"),
}
KINDS = {
    DATA: noted("Data"),
    PARAMETERS: noted("Settings"),
    CODE: noted("Programs"),
    ENVIRONMENT: noted("Libraries"),
}


def write(result: verify.Result, folder: Path, stem: str) -> Path:
    """Write STEM.html and STEM.json into `folder`, in the report's language; the path of the page."""
    speak(result.recorded.plan.language)
    now = datetime.now().astimezone()
    page, record = folder / f"{stem}.html", folder / f"{stem}.json"
    told = json.dumps(as_data(result, now), ensure_ascii=False, indent=1) + "\n"
    try:
        page.write_text(as_page(result, now), encoding="utf-8", errors="replace")
        record.write_text(told, encoding="utf-8", errors="replace")
    except OSError as error:
        raise _unwritable(folder, error) from None
    return page


def check_writable(folder: Path) -> None:
    """Raise a CxError where no certificate can be written into `folder`, before the work."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(folder, error) from None


def _unwritable(folder: Path, error: OSError) -> CxError:
    return CxError(f"{folder}: the certificate cannot be written here: {error.strerror}; name a folder with --out")


def stem_of(place: Path) -> str:
    """What the certificate of the report at `place` is called: after its page, where that stands alone."""
    return Path(CERTIFICATES[0]).stem if place.is_dir() else f"{place.stem}.certificate"


def as_data(result: verify.Result, now: datetime) -> dict:
    """Everything that was found, as plain data."""
    recorded = result.recorded
    return {
        "verdict": result.verdict,
        "study": recorded.plan.study,
        "part": recorded.plan.part,
        "language": recorded.plan.language,
        "plan": recorded.hash,
        "page_alone": recorded.folder is None,
        "checked": now.isoformat(timespec="seconds"),
        "versions": _versions(result),
        "files": {"recorded": len(recorded.files or recorded.pieces), "differing": dict(result.files)},
        "beside": result.others,
        "inputs": [vars(one) for one in result.inputs],
        "untraced": list(recorded.plan.untraced),
        "error": result.error,
        "chapters": {one.chapter: result.counts(one.chapter) for one in recorded.plan.chapters},
        "cells": [
            {"chapter": one.chapter, "cell": one.cell, "verdict": one.verdict.verdict} | _parting(one.verdict.first)
            for one in result.cells
        ],
        "deliverables": {
            name: {"verdict": one.verdict} | _parting(one.first) for name, one in result.deliverables.items()
        },
    }


def as_page(result: verify.Result, now: datetime) -> str:
    """The certificate as one self-contained page, in the language that is spoken."""
    pages = environment()
    pages.globals |= {"tr": tr}
    recorded, verdict = result.recorded, result.verdict
    changed = [one for one in result.cells if one.verdict.verdict == CHANGED]
    return pages.get_template("certificate.html.j2").render(
        language=recorded.plan.language,
        title=result.book.words(result.book.title) if result.book else recorded.plan.study,
        client=(result.book.client or "") if result.book else "",
        colours=_colours(result),
        style=Markup(pages.loader.get_source(pages, "certificate.css")[0]),
        sign=SIGNS[verdict],
        look=LOOKS[verdict],
        head=tr(HEADS[verdict]),
        told=_told(result),
        checks=_checks(result),
        files=[(_file_name(name), tr(how)) for name, how in result.files][:MOST],
        inputs=[(tr(KINDS[one.kind]), one.what, one.recorded, one.here) for one in result.inputs][:MOST],
        meaning=tr(MEANINGS[result.inputs[0].kind]) if result.inputs else "",
        error=result.error,
        verdicts=[tr(one) for one in VERDICTS],
        chapters=_chapters(result),
        changed=[(_title(one.chapter), one.cell, *_said(one.verdict.first)) for one in changed][:MOST],
        formats=[(name, tr(one.verdict), *_said(one.first)) for name, one in result.deliverables.items() if one.first][
            :MOST
        ],
        least=MOST,
        longest=max(len(result.files), len(result.inputs), len(changed)),
        when=f"{day(now)}, {now:%H:%M} ({now:%z})",
        versions=", ".join(f"{name} {version}" for name, version in _versions(result).items()),
        plan=recorded.hash,
    )


def _told(result: verify.Result) -> str:
    """The verdict in words, with the first difference where there is one."""
    if result.verdict in TOLD:
        return tr(TOLD[result.verdict])
    told = ALTERED if result.files else ELSEWHERE if result.inputs else UNMADE if result.error else UNLIKE
    changed = [f"{_title(one.chapter)} ({one.cell})" for one in result.cells if one.verdict.verdict == CHANGED]
    firsts = [_file_name(name) for name, _ in result.files]
    firsts += [f"{tr(KINDS[one.kind])}, {one.what}" for one in result.inputs]
    firsts += changed + [name for name, one in result.deliverables.items() if one.verdict == CHANGED]
    first = tr("The first difference: {what}.", what=firsts[0]) if firsts else ""
    return f"{tr(told)} {first}".strip()


def _checks(result: verify.Result) -> list[tuple[bool | None, str]]:
    """What was checked, a sentence each, with whether all was well (None: it could not be checked)."""
    recorded, count = result.recorded, len(result.cells)
    n, wrong = len(recorded.files or recorded.pieces), len(result.files)
    if recorded.folder is None:
        whole = tr_n("{n} piece of the page was held against the page's own record.",
                     "{n} pieces of the page were held against the page's own record.", n)  # fmt: skip
    else:
        whole = tr_n("{n} file was held against the record that was made with the report.",
                     "{n} files were held against the record that was made with the report.", n)  # fmt: skip
    as_made = tr("All are as they were made.")
    found = tr_n("{n} is not as it was made.", "{n} are not as they were made.", wrong) if wrong else as_made
    checks: list[tuple[bool | None, str]] = [(not wrong, f"{whole} {found}")]
    different = {one.kind for one in result.inputs}
    told = {
        DATA: (tr("The data are those that the report was made from."), tr("The data differ.")),
        PARAMETERS: (tr("The settings are those that were recorded."), tr("The settings differ.")),
        CODE: (tr("The programs and notebooks are the same."), tr("The programs or notebooks differ.")),
        ENVIRONMENT: (tr("The libraries have the same versions."), tr("The libraries' versions differ.")),
    }
    if result.plan is None:
        checks.append((False, tr("The study could not be read, so that its data and results could not be compared.")))
        return checks
    checks += [(kind not in different, texts[kind in different]) for kind, texts in told.items()]
    if recorded.plan.untraced:
        tables = ", ".join(recorded.plan.untraced)
        checks.append((None, tr("Tables in a warehouse bear no fingerprint and were not compared: {tables}.",
                                tables=tables)))  # fmt: skip
    if result.error:
        checks.append((False, tr("The results could not be made again.")))
        return checks
    unlike = sum(one.verdict.verdict == CHANGED for one in result.cells)
    again = tr_n("Every chapter was executed again, and {n} cell compared.",
                 "Every chapter was executed again, and {n} cells compared.", count)  # fmt: skip
    same = tr("All say the same.")
    checks.append((not unlike, f"{again} {_other(unlike) if unlike else same}"))
    rendered = [name for name in FORMATS.values() if name in result.deliverables]
    if rendered:
        bad = [name for name in rendered if result.deliverables[name].verdict == CHANGED]
        made = tr("Made again from that and compared: {files}.", files=", ".join(rendered))
        unlike_files = tr("Other than now: {files}.", files=", ".join(bad))
        checks.append((not bad, f"{made} {unlike_files if bad else same}"))
    return checks


def _other(number: int) -> str:
    return tr_n("{n} says something else.", "{n} say something else.", number)


def _chapters(result: verify.Result) -> list[tuple[str, list[str]]]:
    """The chapters by title with the counts of their cells by verdict; of a page alone also what belongs to none."""
    names = [one.chapter for one in result.recorded.plan.chapters]
    names += [name for name in dict.fromkeys(one.chapter for one in result.cells) if name not in names]
    if not result.cells:
        return []
    counts = {name: result.counts(name) for name in names}
    return [(_title(name), [digits(f"{count:,}") for count in counts[name].values()]) for name in names]


def _title(chapter: str) -> str:
    """A chapter's question."""
    if chapter in ("", "method"):
        return tr("How this report was made") if chapter else tr("Cover and contents")
    known = chapters()
    return title(known[chapter][0]) if chapter in known else chapter


def _file_name(name: str) -> str:
    return name or tr("Cover and contents")


def _said(first: Difference | None) -> tuple[str, str]:
    """What was said, with its place, and what is now."""
    if first is None:
        return "", ""
    place = _place(first.place)
    if first.said == first.now:
        return place or tr("Something other than its words differs."), ""
    return f"{place}: {first.said or '–'}" if place else first.said or "–", first.now or "–"


def _place(place: str) -> str:
    """Where within a cell: table nps, row 2, column 4."""
    published = re.fullmatch(r"(number|table|figure|finding) (\w+)(.*)", place)
    if published is None:
        return place
    kind, name, rest = published.groups()
    spot = re.search(r"rows\[(\d+)\]\[(\d+)\]", rest)
    within = tr("row {row}, column {column}", row=spot[1], column=spot[2]) if spot else rest.lstrip(".")
    told = f"{tr(PUBLISHED[kind])} {name}"
    return told if within in ("", "text") else f"{told}, {within}"


def _parting(first: Difference | None) -> dict[str, str]:
    return {"place": first.place, "recorded": first.said, "now": first.now} if first else {}


def _versions(result: verify.Result) -> dict[str, str]:
    """What the check ran with: this project, Python, and the libraries that numbers and pages come out of."""
    here = result.plan.environment if result.plan else {}
    named = {name: version for name, version in here.items() if name in ("Python", *LIBRARIES)}
    return {"CX Workbook": metadata.version("cx-workbook")} | named


def _colours(result: verify.Result) -> dict[str, str]:
    """The client's colours, or the house's where the study cannot tell."""
    if result.plan is not None:
        try:
            look = brand(study_file(result.plan.chapters[0].places["study"]), result.book)
            return {"brand": look.colour, "dark": look.dark, "tint": look.tint}
        except CxError:
            pass
    return {"brand": HOUSE, "dark": mixed(HOUSE, "#000000", 0.45), "tint": mixed(HOUSE, WHITE, 0.93)}
