"""What an executed notebook published, read back: cell by cell for the report, by name for the summary."""

import ast
import json
from dataclasses import dataclass
from pathlib import Path

from cxlib.errors import CxError

MIME = "application/vnd.cx-workbook+json"


@dataclass(frozen=True)
class Cell:
    """A cell: its prose (None for code), its tags, and (kind, name, data) of all that it published."""

    markdown: str | None
    tags: list[str]
    published: list[tuple[str, str, dict]]


def read_outputs(path: Path) -> tuple[dict, list[Cell]]:
    """The metadata and the cells of the executed notebook at `path`; CxError where it is no notebook of a chapter."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        about = notebook["metadata"]
        about["cx"]["chapter"]
    except (OSError, ValueError, KeyError, TypeError):
        raise CxError(f"{path}: not a notebook of a chapter that could be read") from None
    cells = []
    for cell in notebook["cells"]:
        prose = "".join(cell["source"]) if cell["cell_type"] == "markdown" else None
        found = [_published(output["data"]) for output in cell.get("outputs", []) if MIME in output.get("data", {})]
        cells.append(Cell(prose, cell["metadata"].get("tags", []), found))
    return about, cells


def _published(data: dict) -> tuple[str, str, dict]:
    """What an output publishes, with the drawing of a figure beside its data."""
    found = dict(data[MIME])
    if "image/svg+xml" in data:
        svg = data["image/svg+xml"]
        found["svg"] = svg if isinstance(svg, str) else "".join(svg)
    return found.pop("kind"), found.pop("name"), found


@dataclass(frozen=True)
class Chapter:
    """What a chapter published, by name: numbers and tables as they were recorded, findings as sentences.

    A table has a column `unit` with what the values of each row are in.
    """

    name: str
    parameters: dict
    numbers: dict[str, dict]
    tables: dict  # of pandas frames
    findings: dict[str, str]


def read_chapters(folder: Path) -> dict[str, Chapter]:
    """The chapters among the executed notebooks of a folder, by name, in the order of their files."""
    import pandas as pd  # not at the top: a plan of a report is made without it

    found = {}
    for path in sorted(folder.glob("[0-9][0-9]_*.ipynb")):
        about, cells = read_outputs(path)
        kinds: dict[str, dict] = {"number": {}, "table": {}, "figure": {}, "finding": {}}
        for cell in cells:
            for kind, name, data in cell.published:
                kinds[kind][name] = data
        tables = {
            name: pd.DataFrame(data["rows"], columns=data["columns"]).assign(unit=data["units"])
            for name, data in kinds["table"].items()
        }
        given = about.get("papermill", {}).get("parameters", {})
        sentences = {name: data["text"] for name, data in kinds["finding"].items()}
        name = about["cx"]["chapter"]
        found[name] = Chapter(name, notebook_parameters(path) | given, kinds["number"], tables, sentences)
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
