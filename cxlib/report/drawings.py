"""The drawings of figures as pages show them: in the client's colour, and in few letters."""

import re
from functools import partial
from urllib.parse import quote

from cxlib.report.brand import HOUSE, WHITE, mixed

COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
# What no reader sees, and longer ways to say the same, in the SVG that matplotlib writes.
SHORTER = [
    (r"<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>|<!--.*?-->", ""),
    (r"\s+", " "),
    (r"> <", "><"),
    (r"xlink:href=", "href="),
    (r"(<use [^>]*?)transform=\"translate\((-?[\d.]+) 0\)\"", r'\1x="\2"'),
    (r"(<use [^>]*?)transform=\"translate\((-?[\d.]+) (-?[\d.]+)\)\"", r'\1x="\2" y="\3"'),
    (r" z \"", 'z"'),
]
LINES = re.compile(r"[ML]( -?[\d.]+ -?[\d.]+)( L -?[\d.]+ -?[\d.]+)+")  # in a path: L goes on until another letter
STYLE = re.compile(r" style=\"[^\"]*\"")
DECIMALS = re.compile(r"\d+\.\d{3,}")
UNSAFE = re.compile(r"[^A-Za-z0-9_.~;<>:/?@!$&*()+,=\[\]{}| '-]+")  # what may not stand in the address of a picture


def recoloured(svg: str, colour: str) -> str:
    """A drawing in the client's colour instead of the house's, tints of it included."""
    return svg if colour == HOUSE else COLOUR.sub(partial(_tinted, colour), svg)


def _tinted(colour: str, found: re.Match) -> str:
    """The colour with so much white in it as the house's has in the colour that was found; others stay."""
    drawn, house = (int(text[1:3], 16) for text in (found[0], HOUSE))
    share = (drawn - house) / (255 - house)
    if not 0 <= share <= 1:
        return found[0]
    tint = mixed(HOUSE, WHITE, share)
    away = max(abs(int(tint[i : i + 2], 16) - int(found[0][i : i + 2], 16)) for i in (1, 3, 5))
    return mixed(colour, WHITE, share) if away <= 1 else found[0]


def compact(svg: str) -> str:
    """The same picture in fewer letters: a hundredth of a point is exact enough, names that nothing uses go."""
    for long, short in SHORTER:
        svg = re.sub(long, short, svg, flags=re.DOTALL)
    svg = LINES.sub(lambda found: found[0][0] + found[0][1:].replace(" L ", " "), DECIMALS.sub(_hundredths, svg))
    svg = STYLE.sub(lambda found: found[0].replace(": ", ":").replace("; ", ";"), svg)
    used = set(re.findall(r"#([\w.-]+)", svg))
    svg = re.sub(r" id=\"([\w.-]+)\"", lambda found: found[0] if found[1] in used else "", svg)
    return svg.replace("DejaVuSans-", "g").strip()


def _hundredths(found: re.Match) -> str:
    """A number to two decimals; those below 1 are scales of letters, and stay."""
    return found[0] if found[0].startswith("0.") else f"{float(found[0]):.2f}".rstrip("0").rstrip(".")


def data_uri(svg: str) -> str:
    """A drawing as the address of an image within the page: text with a few signs escaped, shorter than base64."""
    plain = svg.replace("'", "&#39;").replace('"', "'")
    return "data:image/svg+xml;charset=utf-8," + UNSAFE.sub(lambda found: quote(found[0], safe=""), plain)


def size(svg: str) -> tuple[float, float] | None:
    """Width and height of a drawing in points, from its viewBox."""
    found = re.search(r"viewBox=\"[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)\"", svg)
    return (float(found[1]), float(found[2])) if found else None
