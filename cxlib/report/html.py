"""The document as one self-contained HTML page: no script, nothing from elsewhere."""

import base64
from itertools import groupby

from markdown_it import MarkdownIt
from markupsafe import Markup

from cxlib.codebook import Codebook
from cxlib.report.document import Block, Chapter
from cxlib.report.templating import environment


def render(plan, book: Codebook, chapters: list[Chapter]) -> str:
    """The whole report as HTML."""
    pages = environment()
    pages.filters |= {"markdown": _markdown, "data_uri": _data_uri, "place": _place, "runs": _runs}
    style = pages.loader.get_source(pages, "page.css")[0]
    return pages.get_template("page.html.j2").render(
        book=book, plan=plan, chapters=chapters, style=Markup(style), tables=_tables(chapters), words=book.words
    )


def _runs(blocks: list[Block]) -> list[list[Block]]:
    """Neighbouring blocks of a kind together: numbers stand side by side, findings make a list."""
    return [list(group) for _, group in groupby(blocks, key=lambda block: block.kind)]


def _markdown(text: str) -> Markup:
    """Markdown as HTML; HTML inside it stays text."""
    return Markup(MarkdownIt("commonmark", {"html": False}).enable("table").render(text))


def _data_uri(svg: str) -> str:
    """A drawing as the address of an image inside the page."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode("utf-8")).decode("ascii")


def _place(data: dict) -> dict[str, float] | None:
    """Where value and interval of a number lie on its scale, in percent from the left; None without a scale."""
    low, high = data.get("least"), data.get("most")
    if None in (low, high, data["value"], data["low"], data["high"]):
        return None
    return {key: round(100 * (data[key] - low) / (high - low), 2) for key in ("value", "low", "high")}


def _tables(chapters: list[Chapter]) -> dict[tuple[str, str], Block]:
    """Tables by chapter and name, for the links from figures to their numbers."""
    return {(chapter.name, block.name): block for chapter in chapters for block in chapter.blocks("table")}
