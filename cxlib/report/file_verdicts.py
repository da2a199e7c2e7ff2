"""Whether a file of a report and the one that is made now are the same, and where they part.

Equal bytes need no reading. Of others, data is compared as data, a page piece by piece, a drawing as a drawing, a
workbook cell by cell, slides text by text; what is left is told to differ in something other than its words.
"""

import html
import io
import json
import math
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from cxlib.report.cell_verdicts import (
    CHANGED,
    IDENTICAL,
    Cell,
    Difference,
    Verdict,
    cells,
    data,
    drawing,
    judged,
    read_cells,
    words,
)
from cxlib.report.manifest import pieces

LARGEST = 1_000_000_000  # bytes of an archive, unpacked
PICTURE = re.compile(r'src="data:image/svg\+xml;charset=utf-8,([^"]*)"')
ENTRY = re.compile(r"<si>(.*?)</si>", re.DOTALL)
FILLED = re.compile(r'<c r="([A-Z]+\d+)"([^>]*)>(.*?)</c>', re.DOTALL)
SHEET = re.compile(r'<sheet name="([^"]*)"')
TEXT = re.compile(r">([^<]+)<")
UNREADABLE = (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, NotImplementedError, EOFError, UnicodeDecodeError)


def file(said: Path, now: Path) -> Verdict:
    """The verdict on a file of a report, given the one that is made now."""
    if not said.is_file() or not now.is_file():
        return Verdict(CHANGED, Difference("", *(path.name if path.is_file() else "–" for path in (said, now))))
    one, another = said.read_bytes(), now.read_bytes()
    if one == another:
        return Verdict(IDENTICAL)
    found = judged(_pages(said, now) if said.suffix == ".pdf" else _differences(said, one, another))
    # Where the bytes differ and no words do, something else was changed.
    return found if found.first else Verdict(CHANGED, Difference("", "", ""))


def page_pieces(said: str, now: str) -> list[tuple[str, Verdict]]:
    """The pieces of a page by name, each with its verdict."""
    there, here = dict(pieces(said)), dict(pieces(now))
    names = [*there, *(name for name in here if name not in there)]
    return [(name, judged(_piece(there.get(name, ""), here.get(name, "")))) for name in names]


def _differences(path: Path, said: bytes, now: bytes) -> Iterator[Difference]:
    if path.suffix in (".xlsx", ".pptx"):
        yield from _archive(path, said, now)
        return
    try:
        one, another = said.decode("utf-8"), now.decode("utf-8")
    except UnicodeDecodeError:
        return
    if path.suffix == ".html":
        for name, verdict in page_pieces(one, another):
            if verdict.first:
                yield Difference(name, verdict.first.said, verdict.first.now, verdict.first.within)
    elif path.suffix == ".svg":
        yield from drawing(one, another)
    elif path.suffix == ".json":
        yield from _json(one, another)


def _pages(said: Path, now: Path) -> Iterator[Difference]:
    """Where the words of two PDFs part."""
    from cxlib.report.file_texts import texts_of  # not at the top: few PDFs differ

    try:
        there = list(texts_of(said))
    except (RuntimeError, ValueError):  # what the reader raises of a file that is none
        yield Difference("", "not a PDF", "a PDF")
        return
    yield from data(there, list(texts_of(now)))


def _json(said: str, now: str) -> Iterator[Difference]:
    try:
        there = json.loads(said)
    except (ValueError, RecursionError):
        yield Difference("", "not JSON", "JSON")
        return
    yield from data(there, json.loads(now))


def _piece(said: str, now: str) -> Iterator[Difference]:
    """Where two pieces of a page part: in their words, their drawings, or in what no reader sees."""
    if said == now:
        return
    told = list(words(*(_words(piece) for piece in (said, now))))
    yield from told
    there, here = ([_drawn(found) for found in PICTURE.findall(piece)] for piece in (said, now))
    if len(there) != len(here):
        yield Difference("", f"{len(there)} figures", f"{len(here)} figures")
    for one, another in zip(there, here, strict=False):
        yield from drawing(one, another)
    if not told:
        yield from drawing(PICTURE.sub("", said), PICTURE.sub("", now))


def _words(piece: str) -> str:
    """What a reader sees of a piece, and what is read out to those who cannot see a picture."""
    bare = PICTURE.sub("", piece)
    alone = re.sub(r'<[^>]*? alt="([^"]*)"[^>]*>', r" \1 ", bare)
    return html.unescape(re.sub(r"<[^>]*(>|$)", " ", alone))


def _drawn(address: str) -> str:
    return html.unescape(unquote(html.unescape(address)))


def _archive(path: Path, said: bytes, now: bytes) -> Iterator[Difference]:
    try:
        there = _members(said)
    except UNREADABLE:
        yield Difference("", "not a file of this kind", path.suffix)
        return
    here = _members(now)
    read = _workbook if path.suffix == ".xlsx" else _texts
    one, another = read(there), read(here)
    for place in [*one, *(place for place in another if place not in one)]:
        yield from data(one.get(place, "–"), another.get(place, "–"), place)


def _members(content: bytes) -> dict[str, bytes]:
    """What an archive holds, bounded."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(member.file_size for member in archive.infolist()) > LARGEST:
            raise zipfile.BadZipFile("larger than anything that cx makes")
        return {member.filename: archive.read(member) for member in archive.infolist()}


def _workbook(members: dict[str, bytes]) -> dict[str, str | float]:
    """The cells of a workbook by sheet and place; its sheets stand in the order of their names in it."""
    text = {name: content.decode("utf-8", "replace") for name, content in members.items() if name.endswith(".xml")}
    shared = [_plain(entry) for entry in ENTRY.findall(text.get("xl/sharedStrings.xml", ""))]
    found: dict[str, str | float] = {}
    for number, sheet in enumerate(SHEET.findall(text.get("xl/workbook.xml", "")), 1):
        for place, about, held in FILLED.findall(re.sub(r"<c [^>]*/>", "", text.get(_sheet(number), ""))):
            value = _plain(held)
            if 't="s"' in about and value.isdecimal() and int(value) < len(shared):
                found[f"{html.unescape(sheet)}!{place}"] = shared[int(value)]
            else:
                found[f"{html.unescape(sheet)}!{place}"] = _number(value)
    return found


def _sheet(number: int) -> str:
    return f"xl/worksheets/sheet{number}.xml"


def _texts(members: dict[str, bytes]) -> dict[str, list[str | float]]:
    """The texts of slides, their notes and charts, by the names of their files; numbers as numbers."""
    found = {}
    for name, content in members.items():
        if name.endswith((".xml", ".rels")):
            texts = TEXT.findall(content.decode("utf-8", "replace"))
            found[name.removeprefix("ppt/").removesuffix(".xml")] = [_number(html.unescape(one)) for one in texts]
    return found


def _plain(xml: str) -> str:
    return html.unescape("".join(TEXT.findall(f">{xml}<")))


def _number(text: str) -> str | float:
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def notebook(said: Path, now: Path) -> list[tuple[Cell, Verdict]] | None:
    """The cells of an executed notebook with their verdicts; None where it cannot be read."""
    there, here = read_cells(said), read_cells(now)
    return cells(there[1], here[1]) if there and here else None
