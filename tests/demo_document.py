"""The demo's report as a document, made of the committed notebooks: no chapter is executed for it."""

from functools import cache

from cxlib.language import speak
from cxlib.places import ROOT, study_file
from cxlib.report import document, formats
from cxlib.report import plan as plans
from cxlib.report.brand import brand


@cache
def demo(language: str = "en") -> document.Document:
    """The document; in another language than English its chapters are still those of the committed notebooks."""
    speak(language)
    plan, book = plans.make_plan(str(ROOT / "data" / "demo"), lang=language)
    look = brand(study_file(ROOT / "data" / "demo"), book)
    chapters = [document.read_chapter(ROOT / "notebooks" / planned.notebook) for planned in plan.chapters]
    return formats.document_of(plan, book, chapters, look)
