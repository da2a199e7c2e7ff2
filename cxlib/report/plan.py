"""One plan: what a report runs, on which inputs, with which code.

A plan is made before anything slow is imported. Its hash covers all that its results depend on (chapters,
parameters, the study's files, notebooks, code, lock), so that whoever holds the same plan gets the same report.
"""

import hashlib
import json
import math
import os
import platform
import re
import sys
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path

from cxlib import journey_tables, parts, persona_questions
from cxlib.codebook import Codebook
from cxlib.errors import CommandError, CxError, nearest
from cxlib.language import tr
from cxlib.places import ROOT, data_folder, fingerprints, recorded, recorded_study, sha256, study_file, untraced
from cxlib.prose import pieces
from cxlib.published import notebook_parameters
from cxlib.study_yml import read_codebook

NOTEBOOKS = ROOT / "notebooks"
# What a chapter needs beyond tables and roles, and what a study may lack of it.
LACKING = {"journey": journey_tables.lacking, "personas": persona_questions.lacking}
# Libraries that numbers and pages come out of, of all that requirements.lock pins: those that a report names in print.
LIBRARIES = ("numpy", "pandas", "scipy", "statsmodels", "scikit-learn", "duckdb", "narwhals", "matplotlib", "seaborn",
             "papermill", "typst", "python-pptx", "xlsxwriter", "babel")  # fmt: skip
FORMATS = {"html": "index.html", "pdf": "report.pdf", "pptx": "report.pptx", "xlsx": "tables.xlsx"}
PIN = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)  # a library in a lock
CODE = (".py", ".j2", ".css", ".js", ".po", ".typ")  # files of the package that a result may depend on
COMMANDED = {"study", "data", "lang", "part", "chapters"}  # parameters that the command gives to every chapter
PLACES = ("study", "data")  # of them, those that say where the study is
SUMMARY = "summary"  # the chapter that reads what the others published; the report opens with it


@dataclass(frozen=True)
class Planned:
    """A chapter that will run: its notebook, the SHA-256 of the notebook's source, and every parameter.

    Among them `study` and `data` are as a report records them (places.recorded); `places` holds them as they were
    given, for whoever reads the study now. What a chapter says does not depend on them, and so neither does any hash.
    """

    chapter: str
    notebook: str
    sha256: str
    parameters: dict
    places: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    def to_dict(self) -> dict:
        """The chapter as plain data that can be handed on."""
        return {name: value for name, value in asdict(self).items() if name != "places"}

    def rests(self) -> dict:
        """What the chapter's result depends on of all this."""
        parameters = {name: value for name, value in self.parameters.items() if name not in PLACES}
        return self.to_dict() | {"parameters": parameters}


@dataclass(frozen=True)
class Plan:
    """A report to be made: chapters, what was left out and why, and fingerprints of all it rests on.

    `part` is the part of the study that it is about, empty for the whole. `untraced` names tables that have no
    fingerprint (in Spark): what rests on them may differ under the same plan, and nothing of it is reused.
    """

    study: str
    language: str
    part: str
    chapters: tuple[Planned, ...]
    left_out: dict[str, str]
    inputs: dict[str, str]
    untraced: tuple[str, ...]
    code: str
    lock: str
    environment: dict[str, str]

    @property
    def hash(self) -> str:
        """SHA-256 of the plan: the same for the same study in another folder."""
        return _sha256(asdict(self) | {"chapters": [one.rests() for one in self.chapters]})

    def key(self, planned: Planned) -> str:
        """SHA-256 of all that an executed chapter depends on: whoever has the same key has the same notebook.

        The summary depends on the other chapters as well.
        """
        rests = [self.inputs, self.code, self.lock, self.environment]
        others = [self.key(one) for one in self.chapters if one is not planned] if planned.chapter == SUMMARY else []
        return _sha256([planned.rests(), *rests, *others])

    def to_dict(self) -> dict:
        """The plan as plain data, with its hash."""
        return asdict(self) | {"chapters": [one.to_dict() for one in self.chapters], "hash": self.hash}


def _sha256(data) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def make_plan(
    study: str, *, data: str = "", lang: str = "", part: str = "", only=(), parameters: dict[str, str] | None = None
) -> tuple[Plan, Codebook]:
    """The plan of a report on a study, and the study's codebook.

    `lang` is the report's language, if not the study's own; `part` (or the parameter of that name) the part of the
    study that it is about (column: value), if not the whole. `only` names chapters (default: all whose tables the study
    holds); `parameters` are texts, converted to the type of the notebook's default and given to every chapter that
    knows them. Raises CommandError for a study, chapter or parameter that does not exist or has the wrong type,
    CxError for faults in study.yml and missing files.
    """
    given = dict(parameters or {})
    part = _typed("part", part or given.pop("part", ""), "")
    file = study_file(study)
    whole = read_codebook(file, lang)
    book = parts.without(whole, part)
    folder = data_folder(file, data)
    inputs = fingerprints(file, folder, whole)
    told = {"study": recorded_study(file), "data": recorded(folder) if data else ""}
    notebooks = chapters()
    for name in only:
        if name not in notebooks:
            raise CommandError(
                f"there is no chapter {name}; the chapters are {', '.join(notebooks)}{nearest(name, notebooks)}"
            )
    lacking, planned, known = {}, [], set()
    for name, (path, needs) in notebooks.items():
        if only and name not in only:
            continue
        missing = _missing(book, needs)
        if missing:
            lacking[name] = missing
            continue
        defaults = notebook_parameters(path)
        known |= set(defaults)
        own = {k: v for k, v in given.items() if k in defaults}
        values = (
            defaults
            | told
            | {"lang": book.language, "part": part}
            | {k: _typed(k, v, defaults[k]) for k, v in own.items()}
        )
        places = {"study": str(study), "data": str(data)}
        planned.append(Planned(name, path.name, source_hash(path), values, places))
    unknown = sorted(set(given) - known)
    if unknown:
        raise CommandError(
            f"there is no parameter {unknown[0]}{nearest(unknown[0], known)}; "
            f"the parameters are {', '.join(sorted(known - COMMANDED))}"
        )
    if set(given) & COMMANDED:
        raise CommandError(
            "study, data, lang and chapters are named by the command itself: cx report STUDY --data DIR --lang vi"
        )
    if only and planned and {one.chapter for one in planned} == {SUMMARY}:
        raise CommandError(f"the summary reads other chapters: name one beside it, e.g. --only {next(iter(notebooks))}")
    if not {one.chapter for one in planned} - {SUMMARY}:
        raise CxError(f"{file}: no chapter can run: " + "; ".join(f"{name}: {why}" for name, why in lacking.items()))
    rests = (inputs, tuple(untraced(whole)), code_hash(), sha256(ROOT / "requirements.lock"), environment())
    return Plan(book.study, book.language, part, tuple(planned), lacking, *rests), book


def of_part(plan: Plan, whole: Codebook, part: str) -> tuple[Plan, Codebook]:
    """The plan of the same report on another part of the study by the same column, and the codebook of that part.

    `whole` is the codebook of the study. All parts by one column keep the same tables, so they have the same chapters.
    """
    planned = tuple(replace(one, parameters=one.parameters | {"part": part}) for one in plan.chapters)
    return replace(plan, part=part, chapters=planned), parts.without(whole, part)


def left_out(plan: Plan, book: Codebook) -> dict[str, str]:
    """Why chapters could not run, by their titles, in the language that is spoken now."""
    known = chapters() if plan.left_out else {}  # reading every notebook takes longer than a page does
    return {title(known[name][0]): _missing(book, known[name][1]) for name in plan.left_out}


def title(path: Path) -> str:
    """The question of a notebook: its first heading."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    prose = next("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return tr(next(words for mark, words in pieces(prose) if mark == "# "))


def _missing(book: Codebook, needs: list[str]) -> str:
    """What a chapter needs (a table, table.role: a question of that role, or one of LACKING) and the study lacks."""
    if needs and needs[0] in LACKING:
        return LACKING[needs[0]](book)
    tables = [need for need in needs if need.partition(".")[0] not in book.tables]
    if tables:
        names = ", ".join(dict.fromkeys(need.partition(".")[0] for need in tables))
        return tr("the study has no table {tables}", tables=names)
    roles = [need.split(".") for need in needs if "." in need]
    without = [
        tr("the table {table} has no question with `role: {role}`", table=table, role=role)
        for table, role in roles
        if role not in {question.role for question in book.tables[table].questions.values()}
    ]
    return "; ".join(without)


def chapters() -> dict[str, tuple[Path, list[str]]]:
    """The chapters in the order of their files: name, notebook and the tables it needs."""
    found = {}
    for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")):
        about = _about(path, path.stat().st_mtime_ns)
        if about is None:
            raise CxError(f"{path.name}: the notebook's metadata lack cx: {{chapter: name, needs: [tables]}}")
        found[about["chapter"]] = (path, about["needs"])
    return found


@cache
def _about(path: Path, changed: int) -> dict | None:
    """What a notebook says of itself as a chapter; it holds its pictures, too, and takes a while to read."""
    return json.loads(path.read_text(encoding="utf-8"))["metadata"].get("cx")


def chapter_parameters(chapter: str, given: dict[str, str]) -> dict:
    """A chapter's parameters, those `given` as texts in the place of their defaults; CommandError as make_plan()."""
    path, _ = chapters()[chapter]
    defaults = notebook_parameters(path)
    for name in given:
        if name not in defaults or name in COMMANDED:
            known = [known for known in defaults if known not in COMMANDED]
            raise CommandError(f"there is no parameter {name}{nearest(name, known)}; there are {', '.join(known)}")
    return defaults | {name: _typed(name, value, defaults[name]) for name, value in given.items()}


def source_hash(path: Path) -> str:
    """SHA-256 of what a notebook does: the kind, tags and source of its cells, whatever outputs are stored."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    told = [(c["cell_type"], c["metadata"].get("tags", []), "".join(c["source"])) for c in cells]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _typed(name: str, value: str, default):
    """A parameter given as text, in the type of its default."""
    if isinstance(default, bool):
        if value.lower() in ("true", "false"):
            return value.lower() == "true"
    elif isinstance(default, str):
        if re.search("[\ud800-\udfff]", value):  # bytes of the command line that are no text
            raise CommandError(f"parameter {name} takes text in UTF-8; found {value!r}")
        return value
    else:
        try:
            number = type(default)(value)
        except ValueError:
            number = None
        if number is not None and math.isfinite(number):
            return number
    kind = {bool: "true or false", int: "a whole number", float: "a number"}[type(default)]
    raise CommandError(f"parameter {name} takes {kind}, e.g. {default}; found {value!r}")


def code_hash() -> str:
    """SHA-256 over every file of the package, by name and content."""
    digest = hashlib.sha256()
    for path in sorted(p for p in (ROOT / "cxlib").rglob("*") if p.suffix in CODE):
        digest.update(f"{path.relative_to(ROOT).as_posix()} {sha256(path)}\n".encode())
    return digest.hexdigest()


def environment() -> dict[str, str]:
    """The versions of Python and of every library that requirements.lock names and that is installed here."""
    here = _installed()
    pinned = PIN.findall((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    return {"Python": platform.python_version()} | {name: here[_plain(name)] for name in pinned if _plain(name) in here}


def _installed() -> dict[str, str]:
    """The versions of all installed libraries, by the names of their folders: opening each would take far longer."""
    found: dict[str, str] = {}
    for place in filter(os.path.isdir, sys.path):
        for folder in sorted(os.listdir(place)):
            name, _, version = folder.removesuffix(".dist-info").partition("-")
            if version and folder.endswith(".dist-info"):
                found.setdefault(_plain(name), version)
    return found


def _plain(name: str) -> str:
    """A library's name as an installer compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()
