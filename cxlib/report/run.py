"""One plan: what a report runs, on which inputs, with which code; executed by papermill, and recorded.

A plan is made before anything slow is imported. Its hash covers all that its results depend on (chapters,
parameters, the study's files, notebooks, code, lock), so that whoever holds the same plan gets the same report.
"""

import hashlib
import json
import math
import os
import re
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

from cxlib import journey_tables, persona_questions
from cxlib.codebook import Codebook
from cxlib.errors import CommandError, CxError, nearest
from cxlib.language import speak, tr
from cxlib.places import ROOT, data_folder, fingerprints, sha256, study_file
from cxlib.prose import pieces, translated
from cxlib.published import notebook_parameters
from cxlib.study_yml import read_codebook

NOTEBOOKS = ROOT / "notebooks"
# What a chapter needs beyond tables and roles, and what a study may lack of it.
LACKING = {"journey": journey_tables.lacking, "personas": persona_questions.lacking}
FORMATS = {"html": "index.html", "pdf": "report.pdf", "pptx": "report.pptx", "xlsx": "tables.xlsx"}
# What a report folder holds of itself.
OURS = {*FORMATS.values(), "results.json", "plan.json", "figures", "notebooks"}
CODE = (".py", ".j2", ".css", ".js", ".po", ".typ")  # files of the package that a result may depend on
COMMANDED = {"study", "data", "lang", "chapters"}  # parameters that the command gives to every chapter
SUMMARY = "summary"  # the chapter that reads what the others published; the report opens with it


@dataclass(frozen=True)
class Planned:
    """A chapter that will run: its notebook, the SHA-256 of the notebook's source, and every parameter."""

    chapter: str
    notebook: str
    sha256: str
    parameters: dict


@dataclass(frozen=True)
class Plan:
    """A report to be made: chapters, what was left out and why, and fingerprints of all it rests on."""

    study: str
    language: str
    chapters: tuple[Planned, ...]
    left_out: dict[str, str]
    inputs: dict[str, str]
    code: str
    lock: str

    @property
    def hash(self) -> str:
        """SHA-256 of the plan."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def to_dict(self) -> dict:
        """The plan as plain data, with its hash."""
        return asdict(self) | {"hash": self.hash}


def make_plan(
    study: str, *, data: str = "", lang: str = "", only=(), parameters: dict[str, str] | None = None
) -> tuple[Plan, Codebook]:
    """The plan of a report on a study, and the study's codebook.

    `lang` is the report's language, if not the study's own. `only` names chapters (default: all whose tables the study
    holds); `parameters` are texts, converted to the type of the notebook's default and given to every chapter that
    knows them. Raises CommandError for a study, chapter or parameter that does not exist or has the wrong type,
    CxError for faults in study.yml and missing files.
    """
    file = study_file(study)
    book = read_codebook(file, lang)
    inputs = fingerprints(file, data_folder(file, data), book)
    notebooks = chapters()
    for name in only:
        if name not in notebooks:
            raise CommandError(
                f"there is no chapter {name}; the chapters are {', '.join(notebooks)}{nearest(name, notebooks)}"
            )
    left_out, planned, known = {}, [], set()
    for name, (path, needs) in notebooks.items():
        if only and name not in only:
            continue
        missing = _missing(book, needs)
        if missing:
            left_out[name] = missing
            continue
        defaults = notebook_parameters(path)
        known |= set(defaults)
        own = {k: v for k, v in (parameters or {}).items() if k in defaults}
        values = (
            defaults
            | {"study": study, "data": data, "lang": book.language}
            | {k: _typed(k, v, defaults[k]) for k, v in own.items()}
        )
        planned.append(Planned(name, path.name, source_hash(path), values))
    unknown = sorted(set(parameters or {}) - known)
    if unknown:
        raise CommandError(
            f"there is no parameter {unknown[0]}{nearest(unknown[0], known)}; "
            f"the parameters are {', '.join(sorted(known - COMMANDED))}"
        )
    if set(parameters or {}) & COMMANDED:
        raise CommandError(
            "study, data, lang and chapters are named by the command itself: cx report STUDY --data DIR --lang vi"
        )
    if only and planned and {one.chapter for one in planned} == {SUMMARY}:
        raise CommandError(f"the summary reads other chapters: name one beside it, e.g. --only {next(iter(notebooks))}")
    if not {one.chapter for one in planned} - {SUMMARY}:
        raise CxError(f"{file}: no chapter can run: " + "; ".join(f"{name}: {why}" for name, why in left_out.items()))
    plan = Plan(
        book.study, book.language, tuple(planned), left_out, inputs, code_hash(), sha256(ROOT / "requirements.lock")
    )
    return plan, book


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
        about = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("cx")
        if about is None:
            raise CxError(f"{path.name}: the notebook's metadata lack cx: {{chapter: name, needs: [tables]}}")
        found[about["chapter"]] = (path, about["needs"])
    return found


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


def run(plan: Plan, book: Codebook, out: Path, *, formats=tuple(FORMATS)) -> Path:
    """Execute a plan and put the finished report, in these formats, at `out`; what stood there before stays until then.

    Raises CxError naming notebook and cell when a chapter fails; `out` is then as it was.
    """
    from cxlib.report import document
    from cxlib.report.brand import brand

    _check_target(out)  # before the work, and again after it
    speak(plan.language)
    look = brand(study_file(plan.chapters[0].parameters["study"]), book)
    if look.slides and "pptx" in formats:
        import_module("cxlib.report.pptx_deck").open_deck(look)  # a template that is none is told before the work, too
    out.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        (staging / "notebooks").mkdir()
        (staging / "figures").mkdir()
        for planned in plan.chapters:
            execute(planned, staging / "notebooks" / planned.notebook)
        read = [document.read_chapter(staging / "notebooks" / planned.notebook) for planned in plan.chapters]
        for chapter in read:
            for block in chapter.blocks("figure"):
                (staging / document.figure_file(chapter, block)).write_text(block.data["svg"], encoding="utf-8")
        _write_json(staging / "results.json", document.results(book.study, plan.language, read))
        _write_json(staging / "plan.json", plan.to_dict())
        whole = document_of(plan, book, read, look)
        for name, content in renderings(whole, formats).items():
            (staging / FORMATS[name]).write_bytes(content)
        staging.chmod(0o755)
        _exchange(staging, out)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return out


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
        appendix=method.appendix(plan, book, chapters, look, _left_out(plan, book)),
    )


def _left_out(plan: Plan, book: Codebook) -> dict[str, str]:
    """Why chapters could not run, by their titles, in the language that is spoken now."""
    known = chapters()
    return {_title(known[name][0]): _missing(book, known[name][1]) for name in plan.left_out}


def _title(path: Path) -> str:
    """The question of a notebook: its first heading."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    prose = next("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return tr(next(words for mark, words in pieces(prose) if mark == "# "))


def _write_json(path: Path, data: dict) -> None:
    path.write_text(json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _check_target(out: Path) -> None:
    """Raise a CxError where `out` is something that a report must not replace."""
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / "plan.json").is_file())):
        raise CxError(f"{out} is not a report (it holds no plan.json), so it is not replaced; choose another --out")


def _exchange(staging: Path, out: Path) -> None:
    """Put the new folder in the place of the old one, which is removed last; what others put there stays."""
    _check_target(out)
    if not out.exists():
        staging.rename(out)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{out.name}.old.", dir=out.parent))
    out.rename(old / "report")
    staging.rename(out)
    for entry in (old / "report").iterdir():
        if entry.name not in OURS:
            entry.rename(out / entry.name)  # notes or slides that somebody put beside the report
    shutil.rmtree(old, ignore_errors=True)


def execute(planned: Planned, out: Path) -> None:
    """Run one chapter with its parameters and store the executed notebook, without clock times, at `out`.

    Raises CxError naming notebook, cell and error when a cell fails.
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    # The kernel named python3 is this environment's, whatever the user has registered elsewhere.
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")
    quiet = {"extra_arguments": ["--IPKernelApp.log_level=50"]}  # a kernel that is shut down says so on the terminal
    part = out.with_name(f"running_{out.name}")
    # The summary reads the chapters that were executed before it into the same folder.
    own = {"chapters": str(out.parent)} if "chapters" in planned.parameters and planned.chapter == SUMMARY else {}
    try:
        with tempfile.TemporaryDirectory(prefix="cx-") as sockets:
            papermill.execute_notebook(
                NOTEBOOKS / planned.notebook,
                part,
                parameters=planned.parameters | own,
                kernel_name="python3",
                progress_bar={"desc": planned.chapter, "disable": None, "leave": False},
                request_save_on_cell_execute=False,
                autosave_cell_every=0,
                config=Config({"KernelManager": _transport(sockets)}),
                **quiet,
            )
    except PapermillExecutionError as error:
        heading = _heading_above_error(json.loads(part.read_text(encoding="utf-8"))["cells"])
        raise CxError(
            f"chapter {planned.chapter} failed: notebook {planned.notebook}, cell {error.exec_count} "
            f"({heading}): {error.ename}: {error.evalue}"
        ) from None
    notebook = json.loads(part.read_text(encoding="utf-8"))
    notebook = _timeless(notebook, planned.parameters)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = translated("".join(cell["source"]))
    out.write_text(json.dumps(notebook, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    part.unlink()


def _transport(folder: str) -> dict[str, str]:
    """How to talk to a kernel: over sockets in a private folder, which no other run and no other user can reach.

    Jupyter's default folder for them is the current one, where two kernels would answer each other's client. Socket
    paths hold some 100 letters; where the folder's is longer, and on Windows, the talk is over loopback ports.
    """
    if os.name != "posix" or len(folder) > 80:
        return {}
    return {"transport": "ipc", "ip": f"{folder}/kernel"}


def _heading_above_error(cells: list[dict]) -> str:
    """The last heading before the cell that failed."""
    heading = "top"
    for cell in cells:
        if any(output["output_type"] == "error" for output in cell.get("outputs", [])):
            break
        # papermill puts notes of its own above the failing cell; the notebook's headings are not HTML.
        lines = "".join(cell["source"]).splitlines() if cell["cell_type"] == "markdown" else []
        heading = next((line.lstrip("# ") for line in lines if re.match(r"#+ ", line)), heading)
    return heading


def _timeless(notebook: dict, parameters: dict) -> dict:
    """The executed notebook without clock times, random ids and passing folders: the same run gives the same file."""
    notebook["metadata"]["papermill"] = {"parameters": parameters}
    notebook["metadata"].pop("widgets", None)
    for cell in notebook["cells"]:
        cell["metadata"].pop("papermill", None)
        cell["metadata"].pop("execution", None)
        if "injected-parameters" in cell["metadata"].get("tags", []):
            cell["id"] = "injected-parameters"
            given = (f"{name} = {value!r}" for name, value in parameters.items())
            cell["source"] = "\n".join(["# Parameters", *given])
    return notebook
