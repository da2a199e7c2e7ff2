"""Whether what a cell said and what comes out of it now are the same: identical, within tolerance, or changed.

Tolerances are for what another processor may do. Numbers agree to nine digits, or to one step of the last of at least
four decimals that are recorded, which is finer than anything printed; words agree letter by letter, white space aside;
drawings hold the same elements, each coordinate within half a point.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cxlib.language import noted
from cxlib.published import MIME

IDENTICAL, WITHIN, CHANGED = noted("identical"), noted("within tolerance"), noted("changed")
VERDICTS = (IDENTICAL, WITHIN, CHANGED)  # from the best to the worst
RELATIVE = 1e-9
STEP = 1.5e-4  # one step of the fourth decimal, and what binary fractions add to it
DECIMALS = 4
HALF_A_POINT = 0.5
AROUND = 40  # letters shown on each side of where words part
NUMBER = re.compile(r"(?<![\w#.\-])-?\d+(?:\.\d+)?(?:e-?\d+)?(?!\w)")  # in a drawing; no colour, no name
HASHED = re.compile(r"\b\w*[0-9a-f]{10}\b")  # names that are made of what they stand for
NOTED = re.compile(r"<!-- (.*?) -->")
SVG = "image/svg+xml"


@dataclass(frozen=True)
class Difference:
    """Where two things part, what was said there and what is now; `within` tolerance or not."""

    place: str
    said: str
    now: str
    within: bool = False


@dataclass(frozen=True)
class Verdict:
    """The verdict on a cell or a file, and its first difference that weighs most (None where it is identical)."""

    verdict: str
    first: Difference | None = None


@dataclass(frozen=True)
class Cell:
    """A cell of an executed notebook: its name, kind, tags and source, and its outputs as (what it is, its data)."""

    name: str
    kind: str
    tags: tuple[str, ...]
    source: str
    outputs: tuple[tuple[str, dict], ...]


def judged(differences: Iterator[Difference]) -> Verdict:
    """The verdict on things with these differences."""
    first = None
    for found in differences:
        if not found.within:
            return Verdict(CHANGED, found)
        first = first or found
    return Verdict(WITHIN, first) if first else Verdict(IDENTICAL)


def data(said, now, place: str = "") -> Iterator[Difference]:
    """Where two pieces of plain data part: numbers, words, lists and what stands under names."""
    if isinstance(said, dict) and isinstance(now, dict):
        for key in [*said, *(key for key in now if key not in said)]:
            yield from data(said.get(key), now.get(key), f"{place}.{key}" if place else str(key))
    elif isinstance(said, list) and isinstance(now, list):
        if len(said) != len(now):
            yield Difference(place, f"{len(said)} entries", f"{len(now)} entries")
        for number, (one, another) in enumerate(zip(said, now, strict=False), 1):
            yield from data(one, another, f"{place}[{number}]")
    elif isinstance(said, str) and isinstance(now, str):
        yield from words(said, now, place)
    elif type(said) is not type(now) or said != now:
        yield Difference(place, shown(said), shown(now), _close(said, now))


def words(said: str, now: str, place: str = "") -> Iterator[Difference]:
    """Where two texts part, with the words around it."""
    if said == now:
        return
    one, another = " ".join(said.split()), " ".join(now.split())
    if one == another:
        yield Difference(place, "", "", within=True)
        return
    pairs = enumerate(zip(one, another, strict=False))
    first = next((number for number, (a, b) in pairs if a != b), min(len(one), len(another)))
    yield Difference(place, _around(one, first), _around(another, first))


def drawing(said: str, now: str, place: str = "") -> Iterator[Difference]:
    """Where two drawings in SVG part."""
    if said == now:
        return
    (plain, numbers), (other, others) = _skeleton(said), _skeleton(now)
    if plain.split() != other.split():  # matplotlib notes the words that it draws as shapes
        written = [" ".join(NOTED.findall(svg)) for svg in (said, now)]
        yield from words(*written, place) if written[0] != written[1] else [Difference(place, "", "")]
        return
    moved = max((abs(float(a) - float(b)) for a, b in zip(numbers, others, strict=True)), default=0.0)
    at = next((n for n, (a, b) in enumerate(zip(numbers, others, strict=True)) if abs(float(a) - float(b)) == moved), 0)
    if moved:
        yield Difference(place, numbers[at], others[at], moved <= HALF_A_POINT)
    else:
        yield Difference(place, "", "", within=True)


def cells(said: list[Cell], now: list[Cell]) -> list[tuple[Cell, Verdict]]:
    """Every cell of an executed notebook with its verdict, then those that it ought to have."""
    here = {cell.name: cell for cell in now}
    found = [(cell, _cell(cell, here.get(cell.name))) for cell in said]
    known = {cell.name for cell in said}
    lost = [cell for cell in now if cell.name not in known]
    return found + [(cell, Verdict(CHANGED, Difference("", "", shown(cell.source)))) for cell in lost]


def _cell(said: Cell, now: Cell | None) -> Verdict:
    if now is None:
        return Verdict(CHANGED, Difference("", shown(said.source), ""))
    return judged(_cell_differences(said, now))


def _cell_differences(said: Cell, now: Cell) -> Iterator[Difference]:
    """Of what was published first: the number that a table holds says more than the page that is made of it."""
    if (said.kind, said.tags) != (now.kind, now.tags):
        yield Difference("kind", f"{said.kind} {shown(list(said.tags))}", f"{now.kind} {shown(list(now.tags))}")
    yield from words(said.source, now.source, "source")
    if len(said.outputs) != len(now.outputs):
        yield Difference("outputs", f"{len(said.outputs)}", f"{len(now.outputs)}")
    for (one, told), (_, comes) in zip(said.outputs, now.outputs, strict=False):
        yield from data(told.get(MIME), comes.get(MIME), one)
        yield from drawing(told.get(SVG, ""), comes.get(SVG, ""), one)
        bare = [{key: value for key, value in each.items() if key not in (MIME, SVG)} for each in (told, comes)]
        yield from data(*bare, one)


def read_cells(path: Path) -> tuple[dict, list[Cell]] | None:
    """The parameters that an executed notebook records, and its cells; None where it cannot be read as one."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        given = dict(notebook["metadata"]["papermill"]["parameters"])
        return given, [_read(cell) for cell in notebook["cells"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _read(cell: dict) -> Cell:
    outputs = []
    for output in cell.get("outputs", []):
        held = dict(output["data"]) if "data" in output else {"text": _joined(output.get("text", ""))}
        plain = {kind: value if kind == MIME else _joined(value) for kind, value in held.items()}
        about = plain.get(MIME)
        told = f"{about['kind']} {about['name']}" if isinstance(about, dict) else output["output_type"]
        outputs.append((told, plain))
    tags = tuple(cell["metadata"].get("tags", []))
    return Cell(str(cell["id"]), cell["cell_type"], tags, _joined(cell["source"]), tuple(outputs))


def _joined(text) -> str:
    """Notebooks hold a text whole or as its lines."""
    return text if isinstance(text, str) else "".join(text)


def shown(value) -> str:
    """A value in few letters."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 2 * AROUND else f"{text[: 2 * AROUND]}…"


def _close(said, now) -> bool:
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in (said, now)):
        return False
    apart = abs(said - now)
    fine = max(len(f"{one}".partition(".")[2]) for one in (said, now)) >= DECIMALS
    return apart <= RELATIVE * max(abs(said), abs(now)) or (fine and apart <= STEP)


def _around(text: str, place: int) -> str:
    least, most = max(place - AROUND, 0), place + AROUND
    return f"{'…' if least else ''}{text[least:most]}{'…' if most < len(text) else ''}"


def _skeleton(svg: str) -> tuple[str, list[str]]:
    """A drawing with its numbers taken out, names that are made of content numbered as they come; and the numbers."""
    names: dict[str, str] = {}
    named = HASHED.sub(lambda found: names.setdefault(found[0], f"name{len(names)}x"), svg)
    return NUMBER.sub("·", named), NUMBER.findall(named)
