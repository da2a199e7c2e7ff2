"""The notebook rules of the project, held on every notebook of notebooks/."""

import ast
import json
import re
from pathlib import Path

import pytest

from cxlib.published import MIME
from cxlib.report.plan import chapters, notebook_parameters

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ORDER = ["Data and bases", "Bottom line", "Limits", "Method"]
READERS = re.compile(r"\b(read_\w+|open|scan_\w+|from_csv|glob|duckdb|sqlite3|requests|urllib)\b\s*[(.]")


# Every notebook that is committed, those of the guide too.
STORED = sorted((ROOT / "notebooks").rglob("[!.]*.ipynb"))
WIDGET = "application/vnd.jupyter.widget-view+json"
ABOUT = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def load(path: Path) -> tuple[list[dict], list[dict], list[dict]]:
    """All cells, code cells and markdown cells."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return cells, [c for c in cells if c["cell_type"] == "code"], [c for c in cells if c["cell_type"] == "markdown"]


def source(cell: dict) -> str:
    return "".join(cell["source"])


def published_by(code: list[dict]) -> list[dict]:
    """What the cells published; a panel publishes nothing."""
    return [o["data"][MIME] for c in code for o in c["outputs"] if MIME in o.get("data", {})]


def test_there_is_a_notebook_for_every_chapter():
    assert len(NOTEBOOKS) >= 1
    assert [path for path, _ in chapters().values()] == NOTEBOOKS


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request) -> Path:
    return request.param


def test_one_question_is_the_only_h1_and_comes_first(notebook):
    cells, _, markdown = load(notebook)
    titles = [line for cell in markdown for line in source(cell).splitlines() if line.startswith("# ")]
    assert len(titles) == 1
    assert titles[0].endswith("?")
    assert source(cells[0]).startswith(titles[0])


def test_sections_stand_in_the_stated_order(notebook):
    _, _, markdown = load(notebook)
    heads = [line[3:] for cell in markdown for line in source(cell).splitlines() if line.startswith("## ")]
    assert [head for head in heads if head in ORDER] == ORDER
    assert heads[:2] == ORDER[:2]
    assert heads[-2:] == ORDER[-2:]
    assert len(heads) > len(ORDER)


def test_parameters_are_one_commented_cell_of_scalars_before_the_imports(notebook):
    _, code, _ = load(notebook)
    assert "parameters" in code[0]["metadata"].get("tags", [])
    assert all(re.fullmatch(r"\w+ = .+  # \S.+", line) for line in source(code[0]).splitlines())
    defaults = notebook_parameters(notebook)
    assert defaults["study"] == "data/demo"
    assert all(isinstance(value, (str, int, float, bool)) for value in defaults.values())


def test_cells_hold_no_definitions_loops_or_long_code(notebook):
    _, code, _ = load(notebook)
    for cell in code:
        tree = ast.parse(source(cell))
        banned = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.Lambda)
        assert not [node for node in ast.walk(tree) if isinstance(node, banned)], source(cell)
        # Parameters stand a line each, and belong nowhere else.
        assert cell is code[0] or len(source(cell).strip().splitlines()) <= 10, source(cell)
        assert not source(cell).rstrip().endswith(";")
        assert "%" not in re.sub(r'"[^"]*"', "", source(cell)), source(cell)


def test_only_study_reads_data(notebook):
    _, code, _ = load(notebook)
    for cell in code:
        assert not READERS.search(source(cell)), source(cell)
    imported = {
        alias.name.split(".")[0]
        for cell in code
        for node in ast.walk(ast.parse(source(cell)))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in ([ast.alias(node.module)] if isinstance(node, ast.ImportFrom) else node.names)
    }
    assert imported == {"cxlib"}


def test_every_cell_was_run_in_order_and_its_outputs_stored(notebook):
    """nbval passes over cells that were never run; this test does not."""
    _, code, _ = load(notebook)
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell["outputs"]]
    assert len(outputs) > 5
    assert not [o for o in outputs if o["output_type"] in ("error", "stream")]


def test_stored_outputs_hold_nothing_that_varies(notebook):
    text = notebook.read_text(encoding="utf-8")
    assert not re.search(r"0x[0-9a-f]{8,}", text)
    assert not re.search(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d", text)
    assert "np.float64" not in text
    assert str(ROOT) not in text


def test_prose_states_no_result(notebook):
    """Numbers in prose are scale points, years and page numbers; results are computed (cxlib.sentences)."""
    _, _, markdown = load(notebook)
    for cell in markdown:
        text = source(cell)
        if text.startswith("## Method"):
            continue
        assert not re.search(r"\d+\.\d|\d\s?%|\b(?!10\b)\d{2,}\b", text), text


def test_every_figure_has_alt_text_and_a_table_of_its_numbers(notebook):
    _, code, _ = load(notebook)
    published = published_by(code)
    tables = {p["name"] for p in published if p["kind"] == "table"}
    figures = [p for p in published if p["kind"] == "figure"]
    assert figures
    for figure in figures:
        assert len(figure["alt"]) > 40
        assert figure["data"] in tables


def test_published_numbers_carry_interval_bases_and_method(notebook):
    _, code, _ = load(notebook)
    published = published_by(code)
    numbers = [p for p in published if p["kind"] == "number"]
    assert numbers
    for number in numbers:
        assert number["low"] <= number["value"] <= number["high"]
        assert number["n"] >= 1
        assert number["n_effective"] > 0
        assert number["method"]
        assert round(number["value"], 4) == number["value"]


def leavings(path: Path) -> list[str]:
    """What tells that a notebook was last saved by an editor, and not stored by `make notebooks`."""
    text = path.read_text(encoding="utf-8")
    notebook = json.loads(text)
    about = {name: value for name, value in notebook["metadata"].items() if name != "cx"}
    cells = notebook["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    found = {
        "it was saved by an editor": text != json.dumps(notebook, ensure_ascii=False, indent=0) + "\n",
        f"its metadata are {sorted(about)} with values of its own": about != ABOUT,
        "it holds the state of widgets": "widgets" in about or any(WIDGET in o.get("data", {}) for o in outputs),
        "a cell holds the times of its run": any("execution" in cell["metadata"] for cell in cells),
        "a cell was folded or marked": any(set(cell["metadata"]) - {"tags", "execution"} for cell in cells),
        "an output has metadata": any(output.get("metadata") for output in outputs),
    }
    return [what for what, holds in found.items() if holds]


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_it_is_stored_as_make_notebooks_stores_it(path):
    """JupyterLab saves by itself, and not only outputs: a notebook that was left open is noticed here."""
    name = path.relative_to(ROOT)
    assert leavings(path) == [], f"{name} is not as it was stored. To store it anew: make notebooks"


@pytest.mark.parametrize(
    ("spoilt", "told"),
    [
        (lambda nb: nb["metadata"].update(widgets={}), "it holds the state of widgets"),
        (lambda nb: nb["metadata"]["language_info"].update(version="3.11"), "its metadata are"),
        (lambda nb: nb["cells"][2]["metadata"].update(execution={"iopub.status.idle": ""}), "the times of its run"),
        (lambda nb: nb["cells"][2]["metadata"].update(scrolled=True), "folded or marked"),
        (lambda nb: nb["cells"][5]["outputs"][0]["data"].update({WIDGET: {}}), "it holds the state of widgets"),
        (lambda nb: nb["cells"][5]["outputs"][0].update(metadata={"isolated": True}), "an output has metadata"),
    ],
)
def test_what_an_editor_leaves_is_noticed(tmp_path, spoilt, told):
    notebook = json.loads(NOTEBOOKS[0].read_text(encoding="utf-8"))
    spoilt(notebook)
    path = tmp_path / "spoilt.ipynb"
    path.write_text(json.dumps(notebook, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    assert any(told in what for what in leavings(path))
    path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert "it was saved by an editor" in leavings(path)
