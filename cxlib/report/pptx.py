"""The document as a deck of slides for PowerPoint: one message a slide, charts to edit, notes with the method.

Which slides there are is told in pptx_story. Every text is measured before it is written: it becomes smaller down to
12 points (titles 20), then goes on on another slide, or ends in "…" where the notes hold all of it.
"""

from cxlib.language import tr
from cxlib.report.document import Block, Document
from cxlib.report.drawings import recoloured
from cxlib.report.pptx_deck import EDGE, TALL, WIDE, open_deck, saved
from cxlib.report.pptx_pages import Slides
from cxlib.report.pptx_panels import drawable
from cxlib.report.pptx_pictures import logo_on, pngs
from cxlib.report.pptx_shapes import Place
from cxlib.report.pptx_story import Page, pages
from cxlib.report.pptx_text import clean

LOGO = Place(WIDE - EDGE - 2.9, TALL - 0.56, 1.6, 0.36)  # on every slide of the house's deck, beside the number


def render(document: Document) -> bytes:
    """The whole report as a .pptx file; the same bytes for the same document."""
    deck = open_deck(document.brand)
    if document.brand.logo and not deck.template:
        master = deck.presentation.slide_master
        logo_on(master, document.brand.logo, document.brand.logo_type, LOGO, clean(document.client))
    slides = Slides(document, deck)
    slides.cover()
    contents = slides.blank()
    story = [_coloured(page, document.brand.colour) for page in pages(document)]
    drawings = [page for page in story if page.kind == "figure" and not drawable(page.block.data.get("chart"))]
    pictures = dict(zip(map(id, drawings), pngs([page.block.data["svg"] for page in drawings]), strict=True))
    for page in story:
        slides.put(page, pictures.get(id(page), b""))
    slides.contents(contents, tr("Contents"))
    return saved(deck, {"title": clean(document.title), "author": "", "subject": clean(document.client),
                        "language": slides.language, "keywords": "", "comments": "", "category": ""})  # fmt: skip


def _coloured(page: Page, colour: str) -> Page:
    """The page with its drawing in the client's colour."""
    if page.kind == "figure":
        page.block = Block(
            "figure", page.block.name, page.block.data | {"svg": recoloured(page.block.data["svg"], colour)}
        )
    return page
