"""What an SPSS system file declares, held against itself before any library reads it.

The library that reads SPSS files ends the whole process, with all that was unsaved in it, on a number that is declared
as text, on labels of a variable that is not there, and on labels of a text that the file's encoding cannot write. The
layout is the one that GNU PSPP documents (PSPP Developers Guide, "System File Format"): records of variables (2),
labels (3), whose they are (4), notes (6), and others (7).
"""

import struct
from pathlib import Path

from cxlib.errors import CxError

_HEADER = 176  # bytes before the first record
_TEXT_FORMATS = (1, 2)  # A and AHEX
_PART = -1  # the type of a text's further eight bytes
_NOTE_LINE = 80
_MACHINE, _ENCODING = 3, 20  # the kinds of other records that tell of it


def check_dictionary(path: Path) -> None:
    """Raise CxError where records contradict each other or reach beyond the file, naming record and byte."""
    with path.open("rb") as stream:
        records = _Records(path, stream, path.stat().st_size)
        kinds: list[int] = []  # of each part of eight bytes: 0 a number, -1 a further part, else the length of a text
        awaited = 0
        while (record := records.next_of(2)) is not None:
            kind, labelled, missing, shown, _ = record
            fault = _fault(kind, labelled, missing, shown >> 16 & 255, awaited)
            records.refuse_if(fault, f"variable {len(kinds) + 1}")
            awaited = awaited - 1 if kind == _PART else max(kind + 7, 8) // 8 - 1
            kinds.append(kind)
            records.skip(8)
            if labelled:
                records.skip((records.number() + 3) // 4 * 4)
            records.skip(8 * abs(missing))
        records.refuse_if("is cut" if awaited else "", f"variable {len(kinds)}")
        labelled_texts, named = [], {}
        while (found := records.next_of(3, 6, 7)) is not None:
            if found == (3,):
                labelled_texts += _labelled_texts(records, kinds)
            elif found == (6,):
                records.skip(_NOTE_LINE * records.number())
            else:
                what, size = records.number(), records.number()
                content = records.skip(size * records.number())
                named[what] = content
        encoding = _encoding(named, records.order)
        for text in labelled_texts:
            fault = "" if _can_be_read(text, encoding) else f"is no text in {encoding}: {text!r}"
            records.refuse_if(fault, "label's text")


def _encoding(named: dict[int, bytes], order: str) -> str:
    """The file's encoding by its name, else by its code page's number, else Windows-1252, as the library has it."""
    if _ENCODING in named:
        return named[_ENCODING].decode("ascii", "replace")
    page = struct.unpack(order + "i", named[_MACHINE][28:32])[0] if len(named.get(_MACHINE, b"")) == 32 else 0
    return "utf-8" if page == 65001 else f"cp{page}" if page > 4 else "cp1252"


def _can_be_read(text: bytes, encoding: str) -> bool:
    """Whether the text can be; so it is taken where the encoding is none that is known."""
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    except (LookupError, ValueError):
        return True
    return True


def _labelled_texts(records: "_Records", kinds: list[int]) -> list[bytes]:
    """The texts that have labels; CxError unless labels belong to known variables, all numbers or all texts."""
    values = []
    for _ in range(records.number()):
        values.append(records.skip(8))
        length = records.skip(1)[0]
        records.skip((length + 8) // 8 * 8 - 1)
    records.refuse_if("" if records.next_of(4) == (4,) else "belong to no variable", "labels")
    places = [records.number() for _ in range(records.number())]
    known = all(1 <= place <= len(kinds) and kinds[place - 1] != _PART for place in places)
    records.refuse_if("" if known else "belong to a variable that is not there", "labels")
    records.refuse_if("belong to numbers and texts" if len({kinds[p - 1] > 0 for p in places}) > 1 else "", "labels")
    return values if places and kinds[places[0] - 1] > 0 else []


def _fault(kind: int, labelled: int, missing: int, form: int, awaited: int) -> str:
    """What contradicts itself in a variable's record, or nothing; text is followed by its parts of eight bytes."""
    if not _PART <= kind <= 255 or labelled not in (0, 1) or not -3 <= missing <= 3:
        return "has no type"
    if (kind == _PART) != (awaited > 0):
        return f"is {'' if kind == _PART else 'no '}part of a text, against what is declared before it"
    if (kind == 0 and form in _TEXT_FORMATS) or (kind > 0 and form not in (0, *_TEXT_FORMATS)):
        return f"is {'text' if kind else 'a number'} and shown as {'a number' if kind else 'text'}"
    return ""


class _Records:
    """The records of a file in its byte order, read within its bounds."""

    def __init__(self, path: Path, stream, size: int):
        self.path, self.stream, self.size = path, stream, size
        layout = stream.read(_HEADER)[64:68]
        orders = [order for order in "<>" if layout in (struct.pack(order + "i", 2), struct.pack(order + "i", 3))]
        self.refuse_if("" if orders else "is damaged", "header")
        self.order = orders[0]

    def refuse_if(self, fault: str, what: str) -> None:
        """CxError where there is a fault."""
        if fault:
            raise CxError(f"{self.path}: not an SPSS file: its {what}, before byte {self.stream.tell()}, {fault}")

    def next_of(self, *types: int) -> tuple[int, ...] | None:
        """The head of the next record where it is of one of these types: five numbers of a variable, else its type."""
        start = self.stream.tell()
        found = self.number() if start + 4 <= self.size else 0
        if found in types:
            return tuple(self.number() for _ in range(5)) if found == 2 else (found,)
        self.stream.seek(start)
        return None

    def number(self) -> int:
        """The next whole number of four bytes."""
        return struct.unpack(self.order + "i", self.skip(4))[0]

    def skip(self, length: int) -> bytes:
        """The next bytes, which must be in the file."""
        self.refuse_if("" if 0 <= length <= self.size - self.stream.tell() else "reaches beyond the file", "record")
        return self.stream.read(length)
