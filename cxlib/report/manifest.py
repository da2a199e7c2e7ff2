"""What a report says it was made from: the plan in its folder, or the one that its page carries within itself.

A page holds its plan and a digest of each of its pieces (from one named element to the next), as data that no browser
runs. Whatever is read back comes from outside and may have been altered: it is bounded and checked before it is used.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cxlib.errors import CommandError, CxError
from cxlib.report.plan import FORMATS, Plan, Planned

PAGE, PLAN = FORMATS["html"], "plan.json"
CERTIFICATES = ("certificate.html", "certificate.json")  # what `cx verify` writes beside a report
OPENING, CLOSING = '<script type="application/json" id="cx-manifest">', "</script>"
WITHIN = re.compile(re.escape(OPENING) + "(.*?)" + re.escape(CLOSING), re.DOTALL)
NAMED = re.compile(r'<[a-z][^<>]*? id="([^"]*)"')  # the beginning of an element with a name
TOP = "top"  # the piece above the first of them
DIGITS = 32  # of a piece's SHA-256
LARGEST_PLAN, LARGEST_PAGE = 20_000_000, 400_000_000  # bytes

Word = Annotated[str, Field(max_length=10_000)]
Name = Annotated[str, Field(min_length=1, max_length=1_000)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


@dataclass(frozen=True)
class Manifest:
    """What a report records of itself.

    `folder` is None for a page alone. `hash` is the plan's as recorded; `files` and `pieces` hold the SHA-256 of the
    folder's files, or of the page's pieces. `planless` says that the page stands in a folder that has lost its plan.
    """

    folder: Path | None
    page: Path
    plan: Plan
    hash: str
    formats: tuple[str, ...]
    files: dict[str, str]
    pieces: tuple[tuple[str, str], ...]
    planless: bool = False

    @property
    def altered(self) -> bool:
        """Whether the plan is not the one that its hash was made of."""
        return self.plan.hash != self.hash


class _Chapter(BaseModel):
    model_config = ConfigDict(strict=True)
    chapter: Name
    notebook: Name
    sha256: Digest
    parameters: dict[Name, Word | bool | int | float]


class _Plan(BaseModel):
    model_config = ConfigDict(strict=True)
    study: Name
    language: Name
    part: Word
    chapters: Annotated[list[_Chapter], Field(min_length=1, max_length=1_000)]
    left_out: dict[Name, Word]
    inputs: dict[Name, Digest]
    untraced: list[Name]
    code: Digest
    lock: Digest
    environment: dict[Name, Name]
    hash: Digest


class _Recorded(_Plan):
    """plan.json."""

    formats: list[Name]
    files: dict[Name, Digest]


class _Carried(BaseModel):
    """What a page carries."""

    model_config = ConfigDict(strict=True)
    plan: _Plan
    pieces: list[Annotated[list[Name], Field(min_length=2, max_length=2)]]


def carrying(page: str, plan: dict) -> str:
    """The page with its plan and the digests of its pieces inside; they change nothing that a reader sees."""
    carried = json.dumps({"plan": plan, "pieces": digests(page)}, ensure_ascii=False, allow_nan=False)
    for sign in "<>&":  # nothing in it can end the element or begin another
        carried = carried.replace(sign, f"\\u{ord(sign):04x}")
    above, end, below = page.rpartition("</body>")
    return f"{above}{OPENING}{carried}{CLOSING}{end}{below}"


def pieces(page: str) -> list[tuple[str, str]]:
    """A page without what it carries, cut where an element with a name begins: each piece after that name."""
    bare = WITHIN.sub("", page)
    starts = [(found[1], found.start()) for found in NAMED.finditer(bare)]
    ends = [start for _, start in starts[1:]] + [len(bare)]
    top = [(TOP, bare[: starts[0][1]] if starts else bare)]
    return top + [(name, bare[start:end]) for (name, start), end in zip(starts, ends, strict=True)]


def digests(page: str) -> list[tuple[str, str]]:
    """The beginning of the SHA-256 of each piece, in the page's order."""
    return [(name, hashlib.sha256(text.encode()).hexdigest()[:DIGITS]) for name, text in pieces(page)]


def read(place: Path) -> Manifest:
    """What the report at `place` (its folder, its page, or a folder that holds no more than its page) records.

    Raises CommandError where there is no report, CxError where its record cannot be understood.
    """
    folder = place if place.is_dir() else None
    page = place / PAGE if folder else place
    if folder and (place / PLAN).is_file():
        recorded = _checked(_Recorded, _json(_bounded(place / PLAN, LARGEST_PLAN), place / PLAN), place / PLAN)
        unknown = [name for name in recorded.formats if name not in FORMATS]
        if unknown:
            raise CxError(f"{place / PLAN}: formats are {', '.join(FORMATS)}; found {unknown[0]!r}")
        _check_names(recorded.files, place / PLAN)
        found = (tuple(recorded.formats), recorded.files, ())
        return Manifest(folder, page, _plan(recorded, place / PLAN), recorded.hash, *found)
    if not page.is_file() or page.suffix not in (".html", ".htm"):
        parts = sorted(path.parent for path in place.glob(f"*/{PLAN}")) if folder else []
        several = f"; it holds reports, verify one of them: {parts[0]}" if parts else ""
        raise CommandError(f"there is no report at {place}: neither {PLAN} nor a page that cx made{several}")
    text = read_page(page)
    carried = WITHIN.findall(text)
    if len(carried) != 1:
        raise CxError(f"{page}: a page that cx made carries one record of what it was made from; found {len(carried)}")
    known = _checked(_Carried, _json(carried[0], page), page)
    digests = tuple((name, digest) for name, digest in known.pieces)
    others = [name for name in ("results.json", "notebooks", *FORMATS.values()) if folder and name != PAGE]
    planless = any((place / name).exists() for name in others)
    return Manifest(None, page, _plan(known.plan, page), known.plan.hash, ("html",), {}, digests, planless)


def read_page(page: Path) -> str:
    """A page's text, bounded."""
    return _bounded(page, LARGEST_PAGE)


def _bounded(path: Path, most: int) -> str:
    try:
        if path.stat().st_size > most:
            raise CxError(f"{path}: too large to be what cx made ({path.stat().st_size:,} bytes; at most {most:,})")
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise CxError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CxError(f"{path}: not what cx made: it is no text in UTF-8") from None


def _json(text: str, path: Path) -> object:
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise CxError(f"{path}: its record of what it was made from is not JSON that can be read") from None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _checked(model, data, path: Path):
    """The data as the model declares them."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))[:200] or "the whole"
        raise CxError(
            f"{path}: its record of what it was made from is broken in {error.error_count()} places, "
            f"the first is {place}: {first['msg']}"
        ) from None


def _check_names(files: dict[str, str], path: Path) -> None:
    """Names of files lie within the report."""
    for name in files:
        parts = PurePosixPath(name).parts
        if name.startswith("/") or "\\" in name or ":" in name or ".." in parts or "\x00" in name:
            raise CxError(f"{path}: names of files lie within the report; found {name!r}")


def _plan(known: _Plan, path: Path) -> Plan:
    """The plan that was recorded. Of the study's place it holds a name, or a path within the project."""
    for one in known.chapters:
        for what in ("study", "data"):
            told = one.parameters.get(what, "")
            if not isinstance(told, str) or Path(told).is_absolute() or ".." in Path(told).parts or "\x00" in told:
                raise CxError(f"{path}: the recorded {what} is a name, or lies within the project; found {told!r}")
    chapters = tuple(Planned(c.chapter, c.notebook, c.sha256, c.parameters) for c in known.chapters)
    fields = known.model_dump(
        include={"study", "language", "part", "left_out", "inputs", "code", "lock", "environment"}
    )
    return Plan(chapters=chapters, untraced=tuple(known.untraced), **fields)
