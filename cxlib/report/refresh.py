"""`make notebooks`: execute every notebook on its defaults, the guide's too, and store the outputs in place."""

import json
import sys
import tempfile
from pathlib import Path

import nbformat

from cxlib.errors import CxError
from cxlib.report.execute import execute
from cxlib.report.plan import NOTEBOOKS, Planned, chapters


def refresh() -> None:
    """Execute the committed notebooks and write their outputs back; parameters stay as they are in the file."""
    for path in [*(path for path, _ in chapters().values()), *sorted(NOTEBOOKS.glob("guide/*.ipynb"))]:
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / path.name
            execute(Planned(path.stem, path.relative_to(NOTEBOOKS).as_posix(), "", {}), run)
            notebook = json.loads(nbformat.writes(nbformat.read(run, as_version=4)))  # as Jupyter parts and orders it
        notebook["metadata"].pop("papermill")
        notebook["metadata"]["language_info"] = {"name": "python"}
        # A line a value, without blanks in front, which would make up a quarter of the file.
        path.write_text(json.dumps(notebook, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
        print(f"{path.relative_to(NOTEBOOKS.parent)}: outputs stored")


if __name__ == "__main__":
    try:
        refresh()
    except CxError as error:
        sys.exit(f"cx: {error}")
