"""A chapter's own cells, run on a small study without a kernel, and what they publish."""

import json
from functools import cache
from pathlib import Path

from cxlib import results

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"


# Charts that give a dict of pictures.
SEVERAL = ("poolings", "leads_of", "leagues_of", "segments", "dumbbells")


class NoCharts:
    """Draws nothing: the pictures have tests of their own."""

    def __getattr__(self, name):
        return lambda *args, **options: {} if name in SEVERAL else None


@cache
def cells(notebook: str) -> tuple[tuple[str, bool], ...]:
    """The code cells of a notebook, and which of them holds its parameters."""
    found = json.loads((NOTEBOOKS / notebook).read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in found if cell["cell_type"] == "code"]
    return tuple(("".join(cell["source"]), "parameters" in cell["metadata"].get("tags", [])) for cell in code)


def published(monkeypatch, notebook: str, folder, parameters: dict, *, drawn: bool = False) -> dict[str, dict]:
    """What a notebook publishes on a study, by kind and name; without pictures unless they are to be `drawn`."""
    shown, names = [], {}
    monkeypatch.setattr(results, "display", lambda data, raw: shown.append(data[results.MIME]))
    for source, of_parameters in cells(notebook):
        exec(source, names)
        if of_parameters:
            assert set(parameters) <= set(names)
            names |= {"study": str(folder)} | parameters
        if "charts" in names and not drawn:
            names["charts"] = NoCharts()
    return {f"{data['kind']} {data['name']}": data for data in shown}
