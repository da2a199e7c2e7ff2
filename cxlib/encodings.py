"""How a text file is encoded, and which of its signs are no text."""

import codecs
import re
from pathlib import Path

from cxlib.errors import CxError
from cxlib.language import tr

# In Windows-1258 these bytes are combining tone marks, and stand after a vowel; in Windows-1252 they are
# the letters Ì Ò Þ ì ò. That tells Vietnamese from western European files.
_TONES = b"\xcc\xd2\xde\xec\xf2"
_VOWELS = b"aeiouyAEIOUY\xe2\xc2\xe3\xc3\xea\xca\xf4\xd4\xf5\xd5\xfd\xdd"
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def detect_encoding(raw: bytes, path: Path) -> str:
    """The encoding of a text file: UTF-8, UTF-16 with a mark or without, Windows-1252 or Windows-1258.

    Raises CxError, naming line and byte, when the bytes are none of these or are damaged UTF-8.
    """
    for mark, name in _BOMS.items():
        if raw.startswith(mark):
            return name
    if b"\0" in raw:
        if name := _unmarked_utf_16(raw):
            return name
        raise CxError(
            f"{path}: holds NUL bytes, first at byte {raw.index(0)}; it is not a text file, or UTF-16 "
            "without its mark: write `encoding: utf-16-le` in study.yml"
        )
    try:
        raw.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError as error:
        fault = error
    line = raw.count(b"\n", 0, fault.start) + 1
    # Letters of several bytes are all but impossible by chance: where they outnumber the faults, the
    # file is UTF-8 with damage, and reading it as Windows-1252 would turn every accent into two signs.
    faults = raw.decode("utf-8", "replace").count("\ufffd")
    letters = len(re.findall(rb"[\xc3-\xef][\x80-\xbf]+", raw))
    if letters > faults:
        raise CxError(
            f"{path}: damaged UTF-8: {faults} bytes cannot be read, the first 0x{raw[fault.start]:02x} in line "
            f"{line}; export the file again, or name its `encoding:` in study.yml"
        )
    tones = [i for i, byte in enumerate(raw) if byte in _TONES]
    after_vowel = sum(i > 0 and raw[i - 1] in _VOWELS for i in tones)
    name = "cp1258" if tones and after_vowel >= 0.9 * len(tones) else "cp1252"
    try:
        raw.decode(name)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise CxError(
            f"{path}: unknown encoding: byte 0x{raw[error.start]:02x} in line {line} is neither UTF-8 nor "
            "Windows text; name the `encoding:` in study.yml"
        ) from None
    return name


def _unmarked_utf_16(raw: bytes) -> str:
    """UTF-16 by the half of its bytes that are 0, every second one; "" where they stand otherwise."""
    zeros = [raw[first:65536:2].count(0) / max(len(raw[first:65536:2]), 1) for first in (0, 1)]
    if max(zeros) <= 0.5 or min(zeros) > 0.01:
        return ""
    name = "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    try:
        raw.decode(name)
    except UnicodeDecodeError:
        return ""
    return name


def broken_text(text: str, *, guessed: bool) -> list[str]:
    """Notes on signs that are no text: marks of lost letters, and capitals of Windows-1252 that end no word.

    They are kept: what stood there is not known.
    """
    notes = []
    if lost := text.count("\ufffd"):
        line_number = text.count("\n", 0, text.index("\ufffd")) + 1
        notes.append(
            tr(
                "{number} letters were lost before this file was written ({sign}), first in line {line}",
                number=lost,
                sign="\ufffd",
                line=line_number,
            )
        )
    odd = list(re.finditer(r"\S*[a-z?!.)](?=[À-ÖØ-ÞŒŠŽŸ])\S{0,3}", text)) if guessed else []
    if odd:
        line_number = text.count("\n", 0, odd[0].start()) + 1
        notes.append(
            tr(
                "{number} words hold bytes that are no text in Windows-1252, e.g. {example} in line {line}; they are "
                "kept as they are, name the `encoding:` if you know it",
                number=len(odd),
                example=odd[0][0][-25:] if line_number == 1 else odd[0][0][-4:],  # below the header it may be a name
                line=line_number,
            )
        )
    return notes
