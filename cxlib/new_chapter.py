"""`cx chapter`: a new chapter, begun from the template."""

import json
import re
from pathlib import Path

from cxlib.errors import CommandError
from cxlib.report.plan import NOTEBOOKS, chapters

TEMPLATE = NOTEBOOKS / "guide" / "new_chapter.ipynb"


def create(name: str) -> Path:
    """Write the template as the chapter `name` under the next number, and return the notebook's path.

    The chapter runs, and is part of every report whose survey has a metric, before a word of it is changed. Raises
    CommandError for a name that a chapter has, or that is not small letters, digits and _.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise CommandError(f"a chapter's name is small letters, digits and _, e.g. branch_visits; found {name!r}")
    taken = chapters()
    if name in taken:
        raise CommandError(f"there is a chapter {name} already: {taken[name][0].name}")
    notebook = json.loads(TEMPLATE.read_text(encoding="utf-8"))
    notebook["metadata"]["cx"] = {"chapter": name, "needs": ["survey.metric"]}
    number = 1 + max(int(path.name[:2]) for path, _ in taken.values())
    target = NOTEBOOKS / f"{number:02d}_{name}.ipynb"
    with target.open("x", encoding="utf-8") as file:
        file.write(json.dumps(notebook, ensure_ascii=False, indent=0) + "\n")
    return target
