"""What is made of executed chapters: results.json and the figures, and the report in each format."""

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

from cxlib.codebook import Codebook
from cxlib.language import speak
from cxlib.report.folder import write_json
from cxlib.report.plan import FORMATS, SUMMARY, Plan, left_out


def write_pages(plan: Plan, book: Codebook, look, staging: Path, formats: tuple[str, ...], record=False) -> None:
    """The report in some formats, from the chapters that were executed into `staging`; with the `record` also
    results.json and the figures."""
    from cxlib.report import document

    speak(plan.language)
    read = _read(plan, staging)
    if record:
        for chapter in read:
            for block in chapter.blocks("figure"):
                (staging / document.figure_file(chapter, block)).write_text(block.data["svg"], encoding="utf-8")
        write_json(staging / "results.json", document.results(book.study, plan.language, read))
    if formats:
        whole = document_of(plan, book, read, look)
        for name, content in renderings(whole, formats).items():
            (staging / FORMATS[name]).write_bytes(content)


def _read(plan: Plan, staging: Path) -> list:
    """The executed chapters as the report reads them."""
    from cxlib.report import document

    return [document.read_chapter(staging / "notebooks" / planned.notebook) for planned in plan.chapters]


def renderings(document, formats) -> dict[str, bytes]:
    """The document in each format. Typst lays out the PDF beside Python's work on the others."""
    with ThreadPoolExecutor(2) as pool:
        made = pool.map(lambda name: import_module(f"cxlib.report.{name}").render(document), formats)
        return dict(zip(formats, made, strict=True))


def document_of(plan: Plan, book: Codebook, chapters: list, look):
    """The report as one document: cover, the summary first, the other chapters in their order, and the appendix."""
    from cxlib.report import document, method

    return document.Document(
        study=book.study,
        language=plan.language,
        title=book.words(book.title),
        client=book.client or "",
        fieldwork=book.words(book.fieldwork),
        brand=look,
        chapters=sorted(chapters, key=lambda chapter: chapter.name != SUMMARY),
        appendix=method.appendix(plan, book, chapters, look, left_out(plan, book)),
        plan=plan.to_dict(),
    )
