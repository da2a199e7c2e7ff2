"""One report for each value of a column (a branch, a brand, a city), and a page over all of them."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from cxlib import parts
from cxlib.codebook import Codebook
from cxlib.disk import mendable
from cxlib.errors import CommandError, CxError, aligned
from cxlib.few import in_list
from cxlib.language import speak
from cxlib.places import data_folder, study_file, unplaced
from cxlib.published import read_outputs
from cxlib.report.cache import Cache
from cxlib.report.exchange import put
from cxlib.report.execute import ChapterError
from cxlib.report.folder import folder_of, make_folder, slug
from cxlib.report.limits import Limits
from cxlib.report.lock import held, place, remove, tidy
from cxlib.report.plan import FORMATS, SUMMARY, Plan, make_plan, of_part
from cxlib.report.run import Report, make, prepare
from cxlib.study_yml import read_codebook

INDEX = "index.html"
RECORD = "each.json"  # what the page shows, as data; it marks the folder as ours


@dataclass(frozen=True)
class Entry:
    """A report of the page: its value's label and respondents, its folder and the file in it that is read first, its
    headline numbers as they are recorded, or why it has none. None are the respondents of a part that has fewer than 5,
    or that would tell of another's (few.in_list)."""

    label: str
    respondents: int | None
    folder: str
    numbers: dict[str, dict]
    error: str = ""
    file: str = INDEX


def report(
    study: str, column: str, out: Path | None, *, formats: tuple[str, ...], tell: Callable[[str], None],
    data: str, lang: str, only, parameters: dict[str, str], workers: int, cluster: str, keep: bool,
    limits: Limits,
) -> None:  # fmt: skip
    """Make a report for each value of a column, in a folder each, and the page over them.

    `tell` is given what to say. Raises CommandError and CxError as make_plan() and parts.values(), and, at the end,
    a CxError that lists the reports that failed.
    """
    whole = read_codebook(study_file(study), lang)
    parts.check(whole, column)
    if "part" in parameters:
        raise CommandError("--each makes a report for each part; leave out -p part=…")
    usual = folder_of(study, whole.language)
    out = out or usual.with_name(f"{usual.name}-by-{slug(column)}")
    _check_target(out)
    values = _values(study, data, whole, column, keep, workers)
    for label in (label for _, label, respondents in values if not respondents):
        tell(f"left out: {label}: it has customers, but nobody of them answered")
    values = [one for one in values if one[2]]
    if not values:
        raise CxError(f"nobody has a value of {column}, so there is nothing to report by it")
    of_first = f"{column}: {values[0][0]}"
    plan, _ = make_plan(study, data=data, lang=lang, part=of_first, only=only, parameters=parameters)
    for name, why in plan.left_out.items():
        tell(f"left out: {name}: {why}")
    names = _names([label for _, label, _ in values])
    reports = [
        Report(*of_part(plan, whole, f"{column}: {value}"), out / name, formats)
        for (value, _, _), name in zip(values, names, strict=True)
    ]
    with mendable(out):
        make_folder(place(out).parent)
    with mendable(out), held(place(out)):
        _claim(out, names)
        make(reports, workers=workers, cluster=cluster, keep=keep, limits=limits)
        entries = _entries(values, reports, formats)
        _write(out, entries, plan, whole, column)
    unchanged, failed = sum(one.unchanged for one in reports), [one for one in reports if one.error]
    made = len(reports) - unchanged - len(failed)
    told = [f"{made} made", *([f"{unchanged} unchanged"] if unchanged else [])]
    tell(f"{out / INDEX}: {len(values)} reports by {column}: {', '.join(told)}")
    if failed:
        raise CxError(f"{len(failed)} of the reports failed:", lines=_failures(failed))


def _entries(values: list, reports: list[Report], formats: tuple[str, ...]) -> list[Entry]:
    """What the page shows of each report."""
    return [
        Entry(label, None if hide else respondents, one.out.name, _headline(one), _error(one), FORMATS[formats[0]])
        for (_, label, respondents), hide, one in zip(values, in_list([n for *_, n in values]), reports, strict=True)
    ]


def _values(study: str, data: str, whole: Codebook, column: str, keep: bool, workers: int) -> list:
    """The values of the column with labels and respondents; kept like executed chapters, since reading them takes
    pandas and the tables."""
    plan, _ = make_plan(study, data=data, lang=whole.language)
    rests = [plan.inputs, plan.code, plan.environment, plan.language, column]
    keep = keep and not plan.untraced
    key = hashlib.sha256(json.dumps(rests, sort_keys=True).encode()).hexdigest()
    found = Cache().get(key) if keep else None
    if found is None:
        prepare(workers)
        from cxlib.report.disclosure import check_labels
        from cxlib.study import Study

        speak(whole.language)
        loaded = Study.load(study, data=data or None, lang=whole.language)
        values = parts.values(loaded, column)
        check_labels(loaded, [label for _, label, _ in values], column)
        found = json.dumps(values).encode()
        if keep:
            Cache().put(key, found)
    return json.loads(found)


def _names(labels: list[str]) -> list[str]:
    """A folder's name for each label: plain letters and digits, told apart by numbers where two would be the same."""
    names: list[str] = []
    for label in labels:
        name, number = slug(label), 1
        while (numbered := name if number == 1 else f"{name}-{number}") in names:
            number += 1
        names.append(numbered)
    return names


def _headline(made: Report) -> dict[str, dict]:
    """The numbers at the head of a finished report: the summary's, or else those that its chapters open with."""
    if made.error is not None:
        return {}
    found: dict[str, dict] = {}
    for planned in sorted(made.plan.chapters, key=lambda planned: planned.chapter != SUMMARY):
        _, cells = read_outputs(made.out / "notebooks" / planned.notebook)
        for kind, name, data in (one for cell in cells for one in cell.published):
            if kind == "number":
                found.setdefault(name, data)
        if planned.chapter == SUMMARY and found:
            break
    return found


def _error(made: Report) -> str:
    """Why there is no report, as a page may tell it that is handed on; empty where there is one."""
    if made.error is None:
        return ""
    places = made.plan.chapters[0].places
    file = study_file(places["study"])
    return unplaced(str(made.error), file.parent, data_folder(file, places["data"]), made.out.parent)


def _write(out: Path, entries: list[Entry], plan: Plan, whole: Codebook, column: str) -> None:
    """The page and its record; reports of values that there are no longer are removed."""
    from cxlib.report.brand import brand
    from cxlib.report.each_page import page

    look = brand(study_file(plan.chapters[0].places["study"]), whole)
    content = page(entries, whole, column, look)
    put(content, out / INDEX)
    for gone in _recorded(out) - {one.folder for one in entries}:  # a page never leads to what is not there
        remove(out / gone)
    about = {"study": plan.study, "lang": plan.language, "column": column, "reports": [asdict(one) for one in entries]}
    _put(out, about)


def _claim(out: Path, names: list[str]) -> None:
    """Mark the folder as ours before the work: a run that is broken off is taken up by the next one."""
    out.mkdir(exist_ok=True)
    tidy([out / INDEX, out / RECORD])
    if not (out / RECORD).is_file():
        _put(out, {"reports": [{"folder": name} for name in names]})


def _put(out: Path, record: dict) -> None:
    put((json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode(), out / RECORD)


def _recorded(out: Path) -> set[str]:
    """The folders of the reports that the record names; CxError where it is no record of ours.

    A name that leads elsewhere (../..) is none of ours: what it names is left alone.
    """
    try:
        found = [one["folder"] for one in json.loads((out / RECORD).read_text(encoding="utf-8"))["reports"]]
        return {name for name in found if re.fullmatch("[a-z0-9-]+", name)}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CxError(f"{out / RECORD} is no record of reports, so nothing is put there; choose --out") from None


def _check_target(out: Path) -> None:
    """Raise a CxError where `out` is something that these reports must not be put into."""
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / RECORD).is_file())):
        raise CxError(f"{out} is not a folder of reports (it holds no {RECORD}), so nothing is put there; choose --out")
    if (out / RECORD).is_file():
        _recorded(out)


def _failures(failed: list[Report]) -> list[str]:
    """Which reports failed: in which chapter and cell, with what error."""
    rows = [("report", "chapter", "cell", "error")]
    for one in failed:
        known = isinstance(one.error, ChapterError)
        told = (one.error.planned.chapter, one.error.cell, one.error.error) if known else ("", "", str(one.error))
        rows.append((one.out.name, *told))
    return aligned(rows)
