"""The client's look: main colour with its contrast checked, logo, and a line on who may read the report.

Contrast is that of WCAG 2.2: (L1 + 0.05) / (L2 + 0.05) of the relative luminances; text needs 4.5 (1.4.3).
"""

import mimetypes
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cxlib.codebook import Codebook
from cxlib.errors import CxError
from cxlib.language import tr
from cxlib.places import brand_files

HOUSE = "#1f5f8b"  # the colour of all drawings, which the client's takes the place of
TEXT = 4.5  # the least contrast of text
WHITE = "#ffffff"
LOGOS = {"image/png": "png", "image/jpeg": "jpg", "image/svg+xml": "svg"}  # and how their files end
LARGEST = 2_000_000  # bytes of a logo, which stands in every page and slide


@dataclass(frozen=True)
class Brand:
    """Colour (of headings and bars, readable on white and under white), logo, slide template, line, and what was said.

    `dark` and `tint` are a dark ground and a light one of the same hue; `adjusted` says how a colour was changed.
    """

    colour: str
    dark: str
    tint: str
    logo: bytes | None
    logo_type: str
    slides: Path | None
    confidentiality: str
    adjusted: str


def brand(file: Path, book: Codebook) -> Brand:
    """The brand that study.yml declares; the house's own where it declares none. CxError for an unfit logo."""
    wished = book.brand.colour or HOUSE
    colour = readable(wished)
    adjusted = ""
    if colour != wished:
        adjusted = tr(
            "The colour {wished} has a contrast of {contrast} on white, under the {least} that text needs (WCAG 2.2); "
            "{used} stands in its place.",
            wished=wished,
            contrast=_ratio(contrast(wished, WHITE)),
            least=_ratio(TEXT),
            used=colour,
        )
    files = brand_files(file, book)
    logo, kind = _logo(files["logo"]) if "logo" in files else (None, "")
    line = book.words(book.brand.confidentiality)
    dark, tint = mixed(colour, "#000000", 0.45), mixed(colour, WHITE, 0.93)
    return Brand(colour, dark, tint, logo, kind, files.get("slides"), line, adjusted)


def _ratio(value: float) -> str:
    from cxlib import text

    return text.number(value, digits=1)


def _logo(path: Path) -> tuple[bytes, str]:
    kind, packed = mimetypes.guess_type(path.name)
    if kind not in LOGOS or packed:
        raise CxError(f"{path}: a logo is a PNG, JPEG or SVG file")
    content = path.read_bytes()
    if len(content) > LARGEST:
        raise CxError(f"{path}: a logo may have {LARGEST:,} bytes; it has {len(content):,}")
    signs = {"image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8"}
    if kind in signs and not content.startswith(signs[kind]):
        raise CxError(f"{path}: the file's name says {kind}, its content does not")
    if why := _undrawable(content, LOGOS[kind]):
        raise CxError(f"{path}: the logo cannot be drawn: {why}")
    return content, kind


def _undrawable(content: bytes, ending: str) -> str:
    """Why typst, which is stricter than the programs that open slides and workbooks, cannot draw a picture; or ''."""
    import typst

    with tempfile.TemporaryDirectory(prefix="cx-") as folder:
        (Path(folder) / f"logo.{ending}").write_bytes(content)
        source = Path(folder) / "logo.typ"
        source.write_text(f'#image("logo.{ending}", width: 1in)', encoding="utf-8")
        try:
            typst.compile(source, root=folder, format="svg", ignore_system_fonts=True)
        except typst.TypstError as error:
            return " ".join(error.message.split())
    return ""


def readable(colour: str) -> str:
    """The colour, or the lightest darker shade of it on which white text can be read."""
    for step in range(101):
        shade = mixed(colour, "#000000", step / 100)
        if contrast(shade, WHITE) >= TEXT:
            return shade
    return "#000000"


def mixed(colour: str, other: str, share: float) -> str:
    """So much of another colour in this one."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(one * (1 - share) + two * share):02x}" for one, two in pairs)


def contrast(one: str, two: str) -> float:
    """The contrast of two colours, from 1 (the same) to 21 (black on white)."""
    light, dark = sorted((_luminance(one), _luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [c / 255 for c in _channels(colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _channels(colour: str) -> tuple[int, int, int]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))
