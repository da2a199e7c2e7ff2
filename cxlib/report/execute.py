"""One chapter: its notebook executed by papermill, and stored without clock times."""

import json
import logging
import os
import re
import shutil
from functools import lru_cache
from pathlib import Path

from cxlib import fork
from cxlib.details import without_details
from cxlib.errors import INTERNAL, CxError
from cxlib.prose import translated
from cxlib.report.limits import USUAL, Limits, Watch
from cxlib.report.plan import NOTEBOOKS, SUMMARY, Planned

MENDABLE = ("CxError: ", "CommandError: ", "MemoryError: ")  # what a cell may raise that is no fault of its code
COLLECT = "__import__('gc').set_threshold(10_000, 20)"
ENGINE = "cx-warm"  # of cxlib.kernel: warm where fork.start() was called, else papermill's own


class ChapterError(CxError):
    """A chapter that failed: which cell of it, under which heading, and with what error."""

    def __init__(self, planned: Planned, cell: str, error: str):
        place = ", ".join(filter(None, (planned.notebook, cell)))
        fault = bool(re.match(r"\w+(Error|Exception): ", error)) and not error.startswith(MENDABLE)
        if fault:  # of the chapter's code: a library may quote any cell of the data
            from cxlib.masking import mask

            error = mask(error)
        error = without_details(error)  # a group may be called by an answer that somebody wrote
        super().__init__(f"chapter {planned.chapter} failed: notebook {place}: {error}")
        self.planned, self.cell, self.error = planned, cell, error
        if fault:
            self.exit_code = INTERNAL

    def __reduce__(self):
        return ChapterError, (self.planned, self.cell, self.error)


def execute(planned: Planned, out: Path, limits: Limits = USUAL) -> None:
    """Run one chapter with its parameters and store the executed notebook, without clock times, at `out`.

    Raises CxError naming notebook, cell and error when a cell fails, or when the chapter breaks a limit.
    """
    with Watch(limits) as watch:
        _execute(planned, out, watch)


def _execute(planned: Planned, out: Path, watch: Watch) -> None:
    from nbclient.exceptions import DeadKernelError
    from nbformat import from_dict
    from papermill.engines import papermill_engines
    from papermill.exceptions import PapermillExecutionError
    from papermill.execute import raise_for_execution_errors
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook
    from traitlets.config import Config

    # What ends a chapter is told once, by us; papermill's log would say before that a kernel died.
    logging.getLogger("papermill").addHandler(logging.NullHandler())
    # The kernel named python3 is this environment's, whatever the user has registered elsewhere.
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")
    # A kernel that is shut down says so on the terminal; and it ends so soon that its garbage may lie longer.
    settings = {"extra_arguments": ["--IPKernelApp.log_level=50", f"--IPKernelApp.exec_lines={COLLECT}"]}
    sockets = fork.private_folder()
    # The summary reads the chapters that were executed before it into the same folder.
    own = {"chapters": str(out.parent)} if "chapters" in planned.parameters and planned.chapter == SUMMARY else {}
    kernel = {"kernel_name": "python3", "engine_name": ENGINE}
    # The steps of papermill.execute_notebook without its reading and writing of outputs, a third of a second a chapter.
    notebook = load_notebook_node(from_dict(_without_outputs(NOTEBOOKS / planned.notebook)))
    if given := planned.parameters | planned.places | own:
        notebook = parameterize_notebook(notebook, given, **kernel)
    try:
        notebook = papermill_engines.execute_notebook_with_engine(
            nb=notebook,
            output_path=None,
            progress_bar=False,
            log_output=False,
            config=Config(
                {
                    "KernelManager": {"connection_file": f"{sockets}/connection.json"} | _transport(sockets),
                    "WarmKernelManager": {"began": lambda kernel: watch.began(kernel)},
                }
            ),
            **kernel,
            **settings,
        )
        raise_for_execution_errors(notebook, None)
    except PapermillExecutionError as error:
        cells = notebook["cells"]
        failed = [any(output["output_type"] == "error" for output in cell.get("outputs", [])) for cell in cells]
        heading = _heading_above(cells, failed.index(True))
        raise ChapterError(planned, f"cell {error.exec_count} ({heading})", f"{error.ename}: {error.evalue}") from None
    except RuntimeError as error:
        if not (watch.broken or isinstance(error, DeadKernelError) or "Kernel died" in str(error)):
            raise
        cell = _reached(error.cells)
        why = watch.broken or "its kernel died, as it does when the machine has no memory left for it"
        raise ChapterError(planned, cell, why) from None
    finally:
        shutil.rmtree(sockets, ignore_errors=True)
    notebook = timeless(notebook, planned.parameters)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = translated("".join(cell["source"]))
    out.write_text(written(notebook), encoding="utf-8")


def _without_outputs(path: Path) -> dict:
    """A notebook as it is before it is run: the stored outputs, most of its file, are to be made anew."""
    return _stripped(path, path.stat().st_mtime_ns)


@lru_cache(16)  # a chapter of hundreds of branches is read once
def _stripped(path: Path, _changed: int) -> dict:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    return notebook


def _transport(folder: str) -> dict[str, str]:
    """How to talk to a kernel: over sockets in a private folder, which no other run and no other user can reach.

    Jupyter's default folder for them is the current one, where two kernels would answer each other's client. Socket
    paths hold some 100 letters; where the folder's is longer, and on Windows, the talk is over loopback ports.
    """
    if os.name != "posix" or len(folder) > 80:
        return {}
    return {"transport": "ipc", "ip": f"{folder}/kernel"}


def _reached(cells: list[dict]) -> str:
    """The cell in which the chapter was when its kernel ended, in words; nothing where it had not begun."""
    begun = [place for place, cell in enumerate(cells) if cell["metadata"]["papermill"]["start_time"]]
    number = sum(cells[place]["cell_type"] == "code" for place in begun)
    return f"cell {number} ({_heading_above(cells, begun[-1])})" if number else ""


def _heading_above(cells: list[dict], place: int) -> str:
    """The last heading before the cell at a place."""
    heading = "top"
    for cell in cells[:place]:
        # papermill puts notes of its own above the failing cell; the notebook's headings are not HTML.
        lines = "".join(cell["source"]).splitlines() if cell["cell_type"] == "markdown" else []
        heading = next((line.lstrip("# ") for line in lines if re.match(r"#+ ", line)), heading)
    return heading


def stamped(notebook: bytes, parameters: dict) -> bytes:
    """An executed notebook with these parameters in its record: the same study may have been elsewhere before."""
    found = json.loads(notebook)
    if found["metadata"]["papermill"]["parameters"] == parameters:
        return notebook
    return written(timeless(found, parameters)).encode()


def written(notebook: dict) -> str:
    """The text of an executed notebook's file."""
    return json.dumps(notebook, ensure_ascii=False) + "\n"


def timeless(notebook: dict, parameters: dict) -> dict:
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
