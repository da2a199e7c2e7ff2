"""Executed notebooks as one neutral document: cover, chapters, sections and blocks that every format renders.

Only what a notebook published (cxlib.results) and its markdown become part of the document; code does not.
Within a chapter the section tagged `bottom-line` comes first, all others keep the notebook's order.
"""

from dataclasses import dataclass, field
from pathlib import Path

from cxlib.errors import CxError
from cxlib.published import read_outputs
from cxlib.report.brand import Brand
from cxlib.report.markdown import Run, blocks_of, runs_of

KINDS = ("number", "table", "figure", "finding")  # what is published, each under a name


@dataclass(frozen=True)
class Block:
    """One piece of a section: kind, name (of what is published), and its data.

    Prose: `heading` {level, runs}, `text` {runs}, `list` {ordered, items: a list of runs each}; see markdown.Run.
    Published (cxlib.results): `number`, `table`, `figure` (with its drawing as `svg`) and `finding`.
    """

    kind: str
    name: str
    data: dict


@dataclass
class Section:
    """A heading with what stands below it; `first` marks the bottom line, `computed` one that has cells of code."""

    title: str
    first: bool = False
    computed: bool = False
    blocks: list[Block] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether it says nothing: no blocks, or words about results of which none was published."""
        return not self.blocks or (self.computed and not any(block.name for block in self.blocks))


@dataclass
class Chapter:
    """One notebook: its question, its introduction (the section without a title) and its sections."""

    name: str
    title: str
    sections: list[Section]
    parameters: dict

    def blocks(self, kind: str) -> list[Block]:
        """All blocks of a kind, in order."""
        return [block for section in self.sections for block in section.blocks if block.kind == kind]


@dataclass(frozen=True)
class Document:
    """A report: what stands on its cover, its chapters in order, the appendix on method, and its plan as plain data."""

    study: str
    language: str
    title: str
    client: str
    fieldwork: str
    brand: Brand
    chapters: list[Chapter]
    appendix: Chapter
    plan: dict = field(default_factory=dict)

    @property
    def parts(self) -> list[Chapter]:
        """The chapters, then the appendix."""
        return [*self.chapters, self.appendix]


def read_chapter(path: Path) -> Chapter:
    """The executed notebook at `path` as a chapter.

    Raises CxError for a notebook without a question, and for two results of a kind under one name.
    """
    about, outputs = read_outputs(path)
    title, sections = "", [Section("")]
    for cell in outputs:
        if "explore" in cell.tags:  # a panel to be moved, and the words about it: nothing to print
            continue
        if cell.markdown is not None:
            first = "bottom-line" in cell.tags
            title = _prose(cell.markdown, first, sections) or title
        elif sections[-1].title:  # the introduction is words, whatever is read below it
            sections[-1].computed = True
        sections[-1].blocks.extend(Block(kind, name, data) for kind, name, data in cell.published)
    if not title:
        raise CxError(f"{path.name}: a chapter needs its question as a heading of the first level")
    sections = [s for s in sections if not s.empty]
    chapter = Chapter(
        about["cx"]["chapter"],
        title,
        [s for s in sections if s.first] + [s for s in sections if not s.first],
        about.get("papermill", {}).get("parameters", {}),
    )
    for kind in KINDS:
        names = [block.name for block in chapter.blocks(kind)]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise CxError(f"{path.name}: two results of kind {kind} are published as {twice[0]}")
    return chapter


def _prose(markdown: str, first: bool, sections: list[Section]) -> str:
    """Add a markdown cell: a heading of the second level opens a section. Returns the H1, if it holds one."""
    title = ""
    for kind, data in blocks_of(markdown):
        plain = "".join(run.text for run in data["runs"]) if kind == "heading" else ""
        if kind == "heading" and data["level"] == 1 and not title:
            title = plain
        elif kind == "heading" and data["level"] == 2:
            sections.append(Section(plain, first))
        else:
            sections[-1].blocks.append(Block(kind, "", data))
    return title


def prose(text: str) -> Block:
    """A paragraph of plain words (no markup is read in it)."""
    return Block("text", "", {"runs": [Run(text)]})


def marked(text: str) -> Block:
    """A paragraph with **strong**, *emphasis* and `code`."""
    return Block("text", "", {"runs": runs_of(text)})


def table(name: str, caption: str, heads: list[str], rows: list[list[str]]) -> Block:
    """A table of plain words, as a notebook would publish it."""
    shown = {"heads": heads, "numeric": [False] * len(heads), "rows": rows}
    return Block("table", name, {"caption": caption, "columns": heads, "rows": rows, "note": "", "printed": shown})


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
