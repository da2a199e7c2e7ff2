"""Executed notebooks as one neutral document: chapters, sections and blocks that every format renders.

Only what a notebook published (cxlib.results) and its markdown become part of the document; code does not.
Within a chapter the section tagged `bottom-line` comes first, all others keep the notebook's order.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

from cxlib.errors import CxError

MIME = "application/vnd.cx-workbook+json"


@dataclass(frozen=True)
class Block:
    """One piece of a section: kind (markdown, number, table, figure, finding), name, and its data."""

    kind: str
    name: str
    data: dict


@dataclass
class Section:
    """A heading with what stands below it; `first` marks the bottom line."""

    title: str
    first: bool = False
    blocks: list[Block] = field(default_factory=list)


@dataclass
class Chapter:
    """One notebook: its question, its introduction and its sections."""

    name: str
    title: str
    sections: list[Section]
    parameters: dict

    def blocks(self, kind: str) -> list[Block]:
        """All blocks of a kind, in order."""
        return [block for section in self.sections for block in section.blocks if block.kind == kind]


def read_chapter(path: Path) -> Chapter:
    """The executed notebook at `path` as a chapter.

    Raises CxError for a notebook without a question, and for two results of a kind under one name.
    """
    notebook = json.loads(path.read_text(encoding="utf-8"))
    name = notebook["metadata"]["cx"]["chapter"]
    title, sections = "", [Section("")]
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            first = "bottom-line" in cell["metadata"].get("tags", [])
            title = _markdown(source, first, sections) or title
        for output in cell.get("outputs", []):
            block = _published(output)
            if block is not None:
                sections[-1].blocks.append(block)
    if not title:
        raise CxError(f"{path.name}: a chapter needs its question as a heading of the first level")
    sections = [s for s in sections if s.blocks]
    chapter = Chapter(
        name,
        title,
        [s for s in sections if s.first] + [s for s in sections if not s.first],
        notebook["metadata"].get("papermill", {}).get("parameters", {}),
    )
    for kind in ("number", "table", "figure", "finding"):
        names = [block.name for block in chapter.blocks(kind)]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise CxError(f"{path.name}: two results of kind {kind} are published as {twice[0]}")
    return chapter


def _markdown(source: str, first: bool, sections: list[Section]) -> str:
    """Add a markdown cell: a heading of the second level opens a section. Returns the H1, if it holds one."""
    title, lines = "", []
    for line in source.splitlines():
        if line.startswith("# ") and not title:
            title = line[2:].strip()
        elif line.startswith("## "):
            sections.append(Section(line[3:].strip(), first))
        else:
            lines.append(line)
    text = "\n".join(lines).strip()
    if text:
        sections[-1].blocks.append(Block("markdown", "", {"text": text}))
    return title


def _published(output: dict) -> Block | None:
    """What a notebook's output publishes, with the drawing of a figure beside its data."""
    data = output.get("data", {})
    if MIME not in data:
        return None
    found = dict(data[MIME])
    if "image/svg+xml" in data:
        svg = data["image/svg+xml"]
        found["svg"] = svg if isinstance(svg, str) else "".join(svg)
    return Block(found.pop("kind"), found.pop("name"), found)


def results(study: str, language: str, chapters: list[Chapter]) -> dict:
    """Everything that was published, as plain JSON without NaN: what results.json holds."""
    return {
        "study": study,
        "lang": language,
        "chapters": {
            chapter.name: {
                "numbers": {b.name: _without(b.data, "printed") for b in chapter.blocks("number")},
                "tables": {b.name: _without(b.data, "printed") for b in chapter.blocks("table")},
                "figures": {
                    b.name: _without(b.data, "svg") | {"file": figure_file(chapter, b)}
                    for b in chapter.blocks("figure")
                },
                "findings": [{"name": b.name, **b.data} for b in chapter.blocks("finding")],
            }
            for chapter in chapters
        },
    }


def _without(data: dict, key: str) -> dict:
    return {k: v for k, v in data.items() if k != key}


def figure_file(chapter: Chapter, block: Block) -> str:
    """Where a figure's drawing stands in a report."""
    return f"figures/{chapter.name}_{block.name}.svg"
