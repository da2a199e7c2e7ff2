"""One plan: what a report runs, on which inputs, with which code; executed by papermill, and recorded.

A plan is made before anything slow is imported. Its hash covers all that its results depend on (chapters,
parameters, the study's files, notebooks, code, lock), so that whoever holds the same plan gets the same report.
"""

import ast
import hashlib
import json
import math
import os
import re
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from cxlib import journey_tables, persona_questions
from cxlib.codebook import Codebook
from cxlib.errors import CommandError, CxError, nearest
from cxlib.places import ROOT, data_folder, fingerprints, sha256, study_file
from cxlib.study_yml import read_codebook

NOTEBOOKS = ROOT / "notebooks"
# What a chapter needs beyond tables and roles, and what a study may lack of it.
LACKING = {"journey": journey_tables.lacking, "personas": persona_questions.lacking}
OURS = {"index.html", "results.json", "plan.json", "figures", "notebooks"}  # what a report folder holds of itself


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
    study: str, *, data: str = "", only=(), parameters: dict[str, str] | None = None
) -> tuple[Plan, Codebook]:
    """The plan of a report on a study, and the study's codebook.

    `only` names chapters (default: all whose tables the study holds); `parameters` are texts, converted to the type of
    the notebook's default and given to every chapter that knows them. Raises CommandError for a study, chapter or
    parameter that does not exist or has the wrong type, CxError for faults in study.yml and missing files.
    """
    file = study_file(study)
    book = read_codebook(file)
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
        values = defaults | {"study": study, "data": data} | {k: _typed(k, v, defaults[k]) for k, v in own.items()}
        planned.append(Planned(name, path.name, source_hash(path), values))
    unknown = sorted(set(parameters or {}) - known)
    if unknown:
        raise CommandError(
            f"there is no parameter {unknown[0]}{nearest(unknown[0], known)}; "
            f"the parameters are {', '.join(sorted(known - {'study', 'data'}))}"
        )
    if set(parameters or {}) & {"study", "data"}:
        raise CommandError("study and data are named by the command itself: cx report STUDY --data DIR")
    if not planned:
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
        return f"the study has no table {', '.join(dict.fromkeys(need.partition('.')[0] for need in tables))}"
    roles = [need.split(".") for need in needs if "." in need]
    without = [
        f"the table {table} has no question with `role: {role}`"
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


def notebook_parameters(path: Path) -> dict:
    """Names and defaults of a notebook's parameters, from the cell tagged `parameters`."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    tagged = [c for c in cells if "parameters" in c["metadata"].get("tags", [])]
    if len(tagged) != 1:
        raise CxError(f"{path.name}: one cell must be tagged `parameters`; {len(tagged)} are")
    defaults = {}
    for node in ast.parse("".join(tagged[0]["source"])).body:
        if not isinstance(node, ast.Assign) or len(node.targets) != 1 or not isinstance(node.targets[0], ast.Name):
            raise CxError(
                f"{path.name}: the parameters cell holds `name = value` lines only; line {node.lineno} is another"
            )
        defaults[node.targets[0].id] = ast.literal_eval(node.value)
    return defaults


def chapter_parameters(chapter: str, given: dict[str, str]) -> dict:
    """A chapter's parameters, those `given` as texts in the place of their defaults; CommandError as make_plan()."""
    path, _ = chapters()[chapter]
    defaults = notebook_parameters(path)
    for name in given:
        if name not in defaults or name in ("study", "data"):
            known = [known for known in defaults if known not in ("study", "data")]
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
    for path in sorted(p for p in (ROOT / "cxlib").rglob("*") if p.suffix in (".py", ".j2", ".css")):
        digest.update(f"{path.relative_to(ROOT).as_posix()} {sha256(path)}\n".encode())
    return digest.hexdigest()


def run(plan: Plan, book: Codebook, out: Path) -> Path:
    """Execute a plan and put the finished report at `out`; what stood there before stays until then.

    Raises CxError naming notebook and cell when a chapter fails; `out` is then as it was.
    """
    from cxlib.report import document, html

    _check_target(out)  # before the work, and again after it
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
        _write_json(staging / "results.json", document.results(book.study, book.language, read))
        _write_json(staging / "plan.json", plan.to_dict())
        (staging / "index.html").write_text(html.render(plan, book, read), encoding="utf-8")
        staging.chmod(0o755)
        _exchange(staging, out)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return out


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
    try:
        with tempfile.TemporaryDirectory(prefix="cx-") as sockets:
            papermill.execute_notebook(
                NOTEBOOKS / planned.notebook,
                part,
                parameters=planned.parameters,
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
    out.write_text(json.dumps(_timeless(notebook), ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
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


def _timeless(notebook: dict) -> dict:
    """The executed notebook without clock times and random ids, so that the same run gives the same file."""
    parameters = notebook["metadata"].get("papermill", {}).get("parameters", {})
    notebook["metadata"]["papermill"] = {"parameters": parameters}
    notebook["metadata"].pop("widgets", None)
    for cell in notebook["cells"]:
        cell["metadata"].pop("papermill", None)
        cell["metadata"].pop("execution", None)
        if "injected-parameters" in cell["metadata"].get("tags", []):
            cell["id"] = "injected-parameters"
    return notebook
