"""The document as one self-contained HTML page: nothing from elsewhere, and all of it there without its script.

It carries its plan, so that `cx verify` can tell from the page alone whether it is as it was made.
"""

import base64
import hashlib
import re

from markupsafe import Markup, escape

from cxlib.language import tr
from cxlib.report import drawings
from cxlib.report.brand import WHITE, mixed
from cxlib.report.document import Document, Section
from cxlib.report.layout import anchor, groups, levels, place
from cxlib.report.manifest import carrying
from cxlib.report.markdown import Run
from cxlib.report.templating import environment

LONG = 40  # letters of a cell that may break into lines
BROAD = 500  # points of a drawing that takes all the room there is
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # controls, which no page may hold
UNBROKEN = 30  # letters of a word that may break anywhere
ELSEWHERE = ("https://", "http://", "mailto:")  # where a link may lead; others are shown as words


def render(document: Document) -> bytes:
    """The whole report as HTML."""
    style, script = (PAGES.loader.get_source(PAGES, name)[0] for name in ("page.css", "page.js"))
    page = PAGE.render(
        document=document,
        brand=document.brand,
        range=mixed(document.brand.colour, WHITE, 0.56),
        style=Markup(style),
        script=Markup(script),
        allowed=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        tables={(chapter.name, table.name) for chapter in document.parts for table in chapter.blocks("table")},
    )
    content = UNSEEN.sub("", page).encode("utf-8", "replace")
    return carrying(content.decode(), document.plan).encode() if document.plan else content


def _levels(section: Section) -> dict[int, int]:
    """Levels of a section's headings by their blocks: the title is h1, chapters are h2, sections h3."""
    return {id(block): level for block, level in levels(section, 3 if section.title else 2)}


def _marked(runs: list[Run]) -> Markup:
    """Runs as HTML."""
    found = []
    for run in runs:
        text = escape(run.text)
        for tag, wanted in (("code", run.code), ("em", run.italic), ("strong", run.bold)):
            text = Markup("<{0}>{1}</{0}>").format(Markup(tag), text) if wanted else text
        if run.link.startswith(ELSEWHERE):
            text = Markup('<a href="{}" rel="noreferrer">{}</a>').format(run.link, text)
        found.append(text)
    return Markup("").join(found)


def _look(cell: str, number: bool = False) -> Markup:
    """The class of a cell, by what it must be able to do: stand at the right, break into lines, break within words."""
    found = ["num"] if number else ["long"] if len(cell) > LONG else []
    if len(cell) > UNBROKEN and any(len(word) > UNBROKEN for word in cell.split()):
        found.append("unbroken")
    return Markup(f' class="{" ".join(found)}"' if found else "")


def _image(svg: str, colour: str) -> Markup:
    """The attributes of a drawing's <img>: its address and size; it stands in double quotes, so < and > may stay."""
    picture = drawings.compact(drawings.recoloured(svg, colour))
    size = drawings.size(svg)
    shape = Markup(' width="{}" height="{}"').format(*map(round, size)) if size else ""
    return Markup('src="') + Markup(drawings.data_uri(picture).replace("&", "&amp;")) + Markup('"') + shape


def _broad(svg: str) -> bool:
    return (drawings.size(svg) or (0,))[0] > BROAD


def _logo(logo: bytes, kind: str) -> str:
    """A logo as the address of an image within the page."""
    return f"data:{kind};base64,{base64.b64encode(logo).decode('ascii')}"


# Compiled when this module is imported, which forks have behind them.
PAGES = environment()
PAGES.globals |= {"tr": tr, "place": place, "anchor": anchor, "groups": groups}
PAGES.filters |= {"marked": _marked, "levels": _levels, "id": id, "look": _look}
PAGES.filters |= {"image": _image, "broad": _broad, "logo": _logo}
PAGE = PAGES.get_template("page.html.j2")
PAGES.get_template("blocks.html.j2")  # which the page imports
