"""Which slides a report has, and what each says: chosen from the document, before anything is drawn.

Each chapter opens with its question and its bottom line. Every other section gives one slide a figure; a section
without figures its first table, unless that has more than 60 rows (the workbook's); one without either its findings.
A finding goes with the figure whose name shares most words with its own, else with the next one. The title is what
the first finding says, or the caption, or the section's heading. Sections of prose alone, and such as hold more prose
than an introduction beside a table, go to the appendix, as text. Every other table is in the workbook only.
"""

from dataclasses import dataclass, field

from cxlib import text
from cxlib.language import tr
from cxlib.report.document import Block, Chapter, Document, Section
from cxlib.report.pptx_text import clean, headline

LONGEST = 60  # rows of a table that is shown


@dataclass
class Page:
    """A slide to be: its kind (divider, numbers, points, figure, table, words), its title and what stands on it.

    `said` are whole sentences, `block` is the figure or the table, `numbers` the cards; `more` are the paragraphs of
    its notes beyond what is said; `number` tells pages with one title apart.
    """

    kind: str
    title: str
    said: list[str] = field(default_factory=list)
    block: Block | None = None
    numbers: list[Block] = field(default_factory=list)
    more: list[str] = field(default_factory=list)
    number: int = 1

    @property
    def notes(self) -> list[str]:
        """The speaker's notes: everything that is said, then how it came about."""
        return [one for one in [*self.said, *self.more] if one]


def pages(document: Document) -> list[Page]:
    """All slides after cover and contents, in order; those that have the same title are numbered."""
    found: list[Page] = []
    for chapter in document.chapters:
        found += [_divider(chapter)]
        for section in chapter.sections:
            if section.title and not _for_appendix(section):
                found += _section(chapter, section)
    found += [_divider(document.appendix)]
    for chapter in document.chapters:
        for section in chapter.sections:
            if section.title and _for_appendix(section):
                found += _prose(
                    chapter, section, tr("{section} – {chapter}", section=section.title, chapter=chapter.title)
                )
    for section in document.appendix.sections:
        found += _prose(document.appendix, section, section.title)
    return _told_apart(found)


def _told_apart(found: list[Page]) -> list[Page]:
    seen: dict[str, int] = {}
    for page in found:
        seen[page.title] = seen.get(page.title, 0) + 1
        page.number = seen[page.title]
    return found


def _divider(chapter: Chapter) -> Page:
    """A chapter's question, and what it says by way of introduction."""
    opening = [block for section in chapter.sections if not section.title for block in section.blocks]
    return Page("divider", clean(chapter.title), _paragraphs(opening), more=[_source(chapter)])


def _for_appendix(section: Section) -> bool:
    kinds = [block.kind for block in section.blocks]
    if not {"number", "figure", "finding", "table"} & set(kinds):
        return True
    return not {"number", "figure", "finding"} & set(kinds) and kinds.count("text") > 1


def _prose(chapter: Chapter, section: Section, title: str) -> list[Page]:
    """A section as text, and its tables; all of it is written, in small letters."""
    words, more = _paragraphs(section.blocks), [_source(chapter)]
    found = [Page("words", clean(title), words, more=more)] if words else []
    for block in section.blocks:
        if block.kind == "table":
            own = title if not found else block.data["caption"]
            found.append(Page("table", clean(own), block=block, more=[clean(block.data["caption"]), *more]))
    return found


def _paragraphs(blocks: list[Block]) -> list[str]:
    """The prose of a section as plain paragraphs; its list items are paragraphs too."""
    found = []
    for block in blocks:
        if block.kind in ("text", "heading"):
            found.append(_plain(block.data["runs"]))
        elif block.kind == "list":
            found += [_plain(item) for item in block.data["items"]]
    return [one for one in found if one]


def _plain(runs: list) -> str:
    return clean("".join(run.text for run in runs))


def _section(chapter: Chapter, section: Section) -> list[Page]:
    """The slides of one section."""
    of = {kind: [b for b in section.blocks if b.kind == kind] for kind in ("number", "figure", "table", "finding")}
    findings = {block.name: clean(block.data["text"]) for block in of["finding"]}
    found = []
    with_figures = {block.name: [] for block in of["figure"]}
    leading = {}  # the finding that is a figure's title: the first that bears its name, or stands above it
    if section.first or of["number"] or not of["figure"]:
        table = next((b for b in of["table"] if len(b.data["rows"]) <= LONGEST), None)
        kind = "numbers" if of["number"] else "table" if table and not section.first else "points"
        said = list(findings.values())
        if said or kind != "points":
            title = headline(said[0]) if said else clean(section.title)
            page = Page(kind, title, said, table if kind == "table" else None, of["number"])
            page.more = _explained(chapter, section, page.block, of["number"])
            found.append(page)
    else:
        for name, sentence in findings.items():
            figure, close = _figure_of(name, section)
            with_figures[figure].append(sentence)
            if close:
                leading.setdefault(figure, sentence)
    for block in of["figure"]:
        said = with_figures[block.name]
        title = headline(leading[block.name]) if block.name in leading else clean(block.data["caption"])
        found.append(Page("figure", title, said, block, more=_explained(chapter, section, block, [])))
    return found


def _figure_of(finding: str, section: Section) -> tuple[str, bool]:
    """The figure that a finding belongs to, and whether it bears its name or stands above it."""
    order = [block for block in section.blocks if block.kind == "figure" or block.name == finding]
    figures = [block.name for block in order if block.kind == "figure"]
    words = _words(finding)
    best = max(figures, key=lambda name: len(words & _words(name)) / len(words | _words(name)))
    if words & _words(best):
        return best, True
    here = next(place for place, block in enumerate(order) if block.kind == "finding" and block.name == finding)
    after = [block.name for block in order[here:] if block.kind == "figure"]
    return (after[0], True) if after else (figures[-1], False)


def _words(name: str) -> set[str]:
    return {word.removesuffix("s") for word in name.split("_")}


def _explained(chapter: Chapter, section: Section, block: Block | None, numbers: list[Block]) -> list[str]:
    """Caption, what is shown and how, bases and source: what the speaker's notes hold beyond the findings."""
    found = []
    for number in numbers:
        shown = number.data["printed"]
        parts = [number.data["label"], shown["value"], shown["interval"], shown["base"], number.data["method"]]
        found.append(clean("; ".join(part for part in [*parts, shown["note"]] if part)))
    if block is not None:
        found.append(clean(block.data["caption"]))
        named = block.data.get("data")
        table = next((t for t in chapter.blocks("table") if t.name == named), None) if named else block
        if table is not None and table.kind == "table":
            found += [_bases(table.data), clean(table.data["note"])]
    return [*found, *_paragraphs(section.blocks), _source(chapter)]


def _bases(table: dict) -> str:
    """The unweighted bases of a table, from the least to the most."""
    if "n" not in table["columns"]:
        return ""
    column = table["columns"].index("n")
    bases = [row[column] for row in table["rows"] if isinstance(row[column], int | float)]
    if not bases:
        return ""
    least, most = text.number(min(bases)), text.number(max(bases))
    return tr("Base: {n}.", n=least) if least == most else tr("Bases: {least} to {most}.", least=least, most=most)


def _source(chapter: Chapter) -> str:
    return tr("Source: chapter {name} of the report, “{question}”.", name=chapter.name, question=clean(chapter.title))
