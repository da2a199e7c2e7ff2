"""From a draft to a study in its folder, checked: what was written, what does not hold, and what to type next."""

import html
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cxlib import new_study
from cxlib.errors import CxError, Problem
from cxlib.explore.parts import Part, table
from cxlib.language import tr, tr_n
from cxlib.new_draft import Draft
from cxlib.new_paths import reachable
from cxlib.new_steps import next_steps
from cxlib.study import Study


@dataclass(frozen=True)
class Written:
    """A study that was written: its study.yml, the problems of its check, and the lines that tell what follows."""

    file: Path
    problems: list[Problem]
    steps: list[str]


def write(draft: Draft, folder: str | Path) -> Written:
    """Write the study into `folder`, as `cx new` does, and check it; CxError where something is there already."""
    if not str(folder).strip():
        raise CxError("name a folder for the study, e.g. data/acme")
    folder = Path(folder).expanduser()
    reachable([folder])
    new_study.write(folder, draft)
    file = folder / "study.yml"
    return Written(file, Study.load(file).check(), next_steps(folder, draft))


def shown(written: Written) -> list[Part]:
    """What was written and what to type next; before it, whatever does not hold and the line that is to be mended."""
    parts = [_line(tr("{file} is written.", file=written.file))]
    if written.problems:
        text = written.file.read_text(encoding="utf-8").splitlines()
        rows = [(p.column, p.rows, p.rule, p.example, _place(text, p.column)) for p in written.problems]
        frame = pd.DataFrame(rows, columns=["column", "rows", "rule", "example", "place"])
        n = tr_n("{n} thing does not hold", "{n} things do not hold", len(rows))
        heads = {"column": tr("Column"), "rule": tr("Rule"), "example": tr("Example"), "place": tr("Line of study.yml")}
        parts += table(frame, caption=n, labels=heads)
    steps = "\n".join(written.steps)
    return [*parts, Part(f"<pre>{html.escape(steps)}</pre>", steps)]


def _line(sentence: str) -> Part:
    return Part(f"<p><strong>{html.escape(sentence)}</strong></p>", sentence)


def _place(lines: list[str], column: str) -> str:
    """The line on which study.yml speaks of a column, "" where it does not name it."""
    named = re.compile(rf"(?<!\w){re.escape(column)}(?!\w)")
    found = (n for n, line in enumerate(lines, 1) if not line.lstrip().startswith("#") and named.search(line))
    return str(next(found, "")) if column else ""
