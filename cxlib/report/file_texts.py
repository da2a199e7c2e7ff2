"""The texts of finished files, whatever their format: what a reader, a search or a program finds in them.

Each text stands for itself: a cell, a paragraph, a line drawn in a figure, an attribute, a page of a PDF. What a client
gave for the look of a report (logo, slide template) and pictures of points hold nothing of the data and are passed by.
"""

import html
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from cxlib.private_values import texts

# Elements that change how words look, and do not part them.
_INLINE = re.compile(
    r"</?(?:a:r|a:t|a:rPr|a:latin|a:ea|a:cs|a:solidFill|a:srgbClr|a:schemeClr|a:hlinkClick|r|t|rPr|b|i|u|em|strong|code"
    r"|span|a|sub|sup|small|mark|wbr|font|sz|color|rFont|family|scheme)(?=[\s/>])[^<>]*>"
)
_TAG = re.compile(r"<[^<>]*>")
_SAID = re.compile(r'="([^"]{5,})"')
_DATA = re.compile(r"data:image/(svg\+xml|[\w.+-]+)[^,\"]*,([^\"]*)")
_CODE = re.compile(r"(?s)<(script|style)\b(?![^>]*type=\"application/).*?</\1>")
_NOTE = re.compile(r"(?s)<!--(.*?)-->")
_WRITTEN = re.compile(r"<(?:text|tspan|title|desc)\b[^<>]*>([^<>]+)<")
_PDF_SAID = re.compile(rb"/(?:Alt|Title|ActualText|Contents)\s?(\((?:\\.|[^\\()]|\([^()]*\))*\)|<[0-9A-Fa-f]+>)")
_HYPHEN = re.compile("[\x02\ufffe\u00ad]\\s*")  # where the PDF breaks a word
_GIVEN = ("slideMasters/", "slideLayouts/", "theme/", "printerSettings/", "styles.xml", "[Content_Types].xml")


def texts_of(path: Path) -> Iterator[str]:
    """The texts of a finished file, by its ending; none of pictures of points."""
    return _READERS.get(path.suffix, _nothing)(path.read_bytes())


def _nothing(content: bytes) -> Iterator[str]:
    return iter(())


def _json(content: bytes) -> Iterator[str]:
    """Plain data; drawings and HTML in it (the outputs of a notebook) by their own texts."""
    for text in texts(json.loads(content)):
        if "<svg" in text[:500]:
            yield from _svg(text)
        elif "</" in text:
            yield from _markup(text)
        else:
            yield text


def _svg(text: str) -> Iterator[str]:
    """The words of a drawing, which are drawn as outlines, each line of them told in a comment; and written ones."""
    for words in {*_NOTE.findall(text), *_WRITTEN.findall(text)}:
        yield html.unescape(words).strip()


def _svg_file(content: bytes) -> Iterator[str]:
    return _svg(content.decode("utf-8", "replace"))


def _page(content: bytes) -> Iterator[str]:
    """A page with its drawings within."""
    text = content.decode("utf-8", "replace")
    for kind, drawing in _DATA.findall(text):
        if kind == "svg+xml":
            yield from _svg(html.unescape(drawing))
    text = _CODE.sub(" ", _DATA.sub("", text))
    yield from _markup(text)


def _markup(text: str) -> Iterator[str]:
    """The texts of HTML and XML, and of their attributes."""
    pieces = {*_SAID.findall(text), *_TAG.sub("\0", _INLINE.sub("", text)).split("\0")}
    for piece in pieces:
        if len(piece) > 4 and not piece.isspace():
            yield html.unescape(piece) if "&" in piece else piece


def _office(content: bytes) -> Iterator[str]:
    """A workbook or slides, and the workbooks within."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for part in archive.infolist():
            name = part.filename
            if any(given in name for given in _GIVEN):
                continue
            if name.endswith((".xml", ".rels", ".svg")):
                read = _svg if name.endswith(".svg") else _markup
                yield from read(archive.read(part).decode("utf-8", "replace"))
            elif name.endswith((".xlsx", ".bin")) and archive.open(part).read(2) == b"PK":
                yield from _office(archive.read(part))


def _pdf(content: bytes) -> Iterator[str]:
    """The pages of a PDF, then what it says to readers who hear it, its bookmarks and its properties."""
    import pypdfium2

    document = pypdfium2.PdfDocument(content)
    try:
        for page in document:
            words = page.get_textpage()
            yield _HYPHEN.sub("", words.get_text_range())
            words.close()
            page.close()
        yield from document.get_metadata_dict().values()
    finally:
        document.close()
    for said in _PDF_SAID.findall(content):
        if said.startswith(b"<"):
            raw = bytes.fromhex(said[1:-1].decode() + "0" * (len(said) % 2))
        else:
            raw = re.sub(rb"\\([()\\])", rb"\1", said[1:-1])
        yield raw.decode("utf-16" if raw[:2] in (b"\xfe\xff", b"\xff\xfe") else "latin-1", "replace")


_READERS = {
    ".html": _page,
    ".pdf": _pdf,
    ".pptx": _office,
    ".xlsx": _office,
    ".json": _json,
    ".ipynb": _json,
    ".svg": _svg_file,
}
