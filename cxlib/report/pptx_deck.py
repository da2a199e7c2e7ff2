"""The deck that slides are put into: the house's own, in the client's colours, or the client's template.

Of a template the masters, layouts, theme colours and fonts are kept, its slides are not. Layouts are found by the type
that PowerPoint gives them (title, secHead, titleOnly), else the one with a title and little
else, else the one with least.
"""

import io
import zipfile
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace

from lxml import etree
from pptx import Presentation
from pptx.enum.shapes import PP_PLACEHOLDER as PH
from pptx.opc.constants import RELATIONSHIP_TYPE as RT
from pptx.opc.packuri import PackURI
from pptx.opc.serialized import PackageWriter
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Inches

from cxlib.errors import CxError
from cxlib.report.brand import Brand, mixed

WIDE, TALL = 13.333, 7.5  # inches, 16:9
EDGE = 0.6
FONT = "Arial"  # stands on every machine and has every Vietnamese letter
INK, WHITE = "#1d2733", "#ffffff"
TITLES = (PH.TITLE, PH.CENTER_TITLE, PH.VERTICAL_TITLE)
MARGINAL = (PH.DATE, PH.FOOTER, PH.SLIDE_NUMBER)
SECOND = (PH.SUBTITLE, PH.BODY)
WHEN = datetime(2000, 1, 1)  # of everything in the file, so that the same report gives the same bytes
SECTIONS = "{http://schemas.microsoft.com/office/powerpoint/2010/main}sectionLst"
OLDEST = (1980, 1, 1, 0, 0, 0)  # date that a zip file can hold
# Where the house's layouts have their title, and the text below it: left, top, width, height.
PLACES = {
    "title": ((EDGE, 2.3, 11.2, 1.7), (EDGE, 4.15, 11.2, 1.3)),
    "secHead": ((EDGE, 1.9, 11.2, 1.9), (EDGE, 4.0, 11.2, 2.4)),
    "titleOnly": ((EDGE, 0.4, WIDE - 2 * EDGE, 0.95), None),
}
MASTER = {
    PH.TITLE: PLACES["titleOnly"][0],
    PH.BODY: (EDGE, 1.5, WIDE - 2 * EDGE, 5.2),
    PH.FOOTER: (EDGE, 6.98, 9.0, 0.3),
    PH.SLIDE_NUMBER: (WIDE - EDGE - 1.2, 6.98, 1.2, 0.3),
    PH.DATE: (9.7, 6.98, 1.0, 0.3),
}


@dataclass
class Deck:
    """A presentation without slides, the layouts to use by their purpose, and whether it is the client's template."""

    presentation: object
    layouts: dict[str, object]
    template: bool

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of a slide, in inches."""
        return self.presentation.slide_width.inches, self.presentation.slide_height.inches


def open_deck(brand: Brand) -> Deck:
    """An empty deck in the client's look; CxError for a template that cannot be read."""
    presentation = _template(brand) if brand.slides else _house(brand)
    count: Counter = Counter()
    taken = {str(part.partname) for part in presentation.part.package.iter_parts()}

    def next_partname(pattern: str) -> PackURI:  # as python-pptx's, which walks the whole file for each name
        while True:
            count[pattern] += 1
            if (name := pattern % count[pattern]) not in taken:
                return PackURI(name)

    presentation.part.package.next_partname = next_partname
    layouts = {kind: _layout(presentation, kind) for kind in PLACES}
    return Deck(presentation, layouts, bool(brand.slides))


def _template(brand: Brand):
    """The client's presentation without its slides."""
    try:
        presentation = Presentation(str(brand.slides))
        slides = presentation.slides._sldIdLst
        for slide in list(slides):
            presentation.part.drop_rel(slide.rId)
            slides.remove(slide)
        layouts = [layout for master in presentation.slide_masters for layout in master.slide_layouts]
    except Exception as error:  # whatever a broken file makes of python-pptx
        raise CxError(f"{brand.slides}: not a presentation that can be a template (.pptx): {error}") from None
    if not layouts:
        raise CxError(f"{brand.slides}: a template needs a layout; this one has none")
    for sections in presentation.part._element.findall(f".//{SECTIONS}"):
        sections.getparent().getparent().remove(sections.getparent())  # they name slides that are gone
    return presentation


def _layout(presentation, kind: str):
    """The layout for a purpose: by type, else with a title and least else, else with least."""
    layouts = [layout for master in presentation.slide_masters for layout in master.slide_layouts]
    for layout in layouts:
        if layout._element.get("type") == kind:
            return layout

    def rank(layout) -> tuple:
        kinds = [p.placeholder_format.type for p in layout.placeholders]
        return not set(kinds) & set(TITLES), sum(kind not in (*TITLES, *MARGINAL) for kind in kinds)

    return min(layouts, key=rank)


def _house(brand: Brand):
    """python-pptx's own presentation made wide, with three layouts, in the client's colours."""
    presentation = Presentation()
    presentation.slide_width, presentation.slide_height = Inches(WIDE), Inches(TALL)
    master = presentation.slide_master
    for layout in list(presentation.slide_layouts):
        if layout._element.get("type") not in PLACES:
            presentation.slide_layouts.remove(layout)
    for shape in master.placeholders:
        _move(shape, MASTER[shape.placeholder_format.type])
    for layout in presentation.slide_layouts:
        kind = layout._element.get("type")
        _arrange(layout, kind, {"title": brand.dark, "secHead": brand.colour}.get(kind))
    _style(master, brand)
    return presentation


def _move(shape, place: tuple) -> None:
    shape.left, shape.top, shape.width, shape.height = (Inches(number) for number in place)


def _arrange(layout, kind: str, ground: str | None) -> None:
    """Put the placeholders of a layout where the house has them; white letters on a coloured ground."""
    title, second = PLACES[kind]
    for shape in list(layout.placeholders):
        what = shape.placeholder_format.type
        if what == PH.DATE:
            shape._element.getparent().remove(shape._element)
        elif what in TITLES:
            _move(shape, title)
            _lettered(shape, "b" if ground else "t", 36 if ground else 28, WHITE if ground else None, bold=True)
        elif what in SECOND:
            _move(shape, second)
            _lettered(shape, "t", 18, WHITE if ground else INK, bold=False)
        elif what in MARGINAL:
            _move(shape, MASTER[what])
            _lettered(shape, "ctr", 10, WHITE if ground else "#5b6673", bold=False)
    if ground:
        layout._element.set("showMasterSp", "0")  # the logo is made for white
        fill = f'<a:solidFill><a:srgbClr val="{ground[1:]}"/></a:solidFill><a:effectLst/>'
        background = parse_xml(f"<p:bg {nsdecls('p', 'a')}><p:bgPr>{fill}</p:bgPr></p:bg>")
        layout._element.cSld.insert(0, background)


def _lettered(shape, anchor: str, size: int, colour: str | None, *, bold: bool) -> None:
    """How a placeholder of a layout writes: its first level, and no bullets."""
    body = shape._element.txBody
    properties = body.find(qn("a:bodyPr"))
    for child in list(properties):
        properties.remove(child)
    properties.attrib.update({"lIns": "0", "rIns": "0", "tIns": "0", "bIns": "0", "anchor": anchor})
    kind = shape.placeholder_format.type
    align = "r" if kind == PH.SLIDE_NUMBER else "l"
    fill = f'<a:srgbClr val="{colour[1:]}"/>' if colour else '<a:schemeClr val="accent1"/>'
    style = parse_xml(
        f"<a:lstStyle {nsdecls('a')}>"
        f'<a:lvl1pPr marL="0" indent="0" algn="{align}"><a:spcBef><a:spcPts val="0"/></a:spcBef><a:buNone/>'
        f'<a:defRPr sz="{100 * size}" b="{int(bold)}" cap="none"><a:solidFill>{fill}</a:solidFill></a:defRPr>'
        "</a:lvl1pPr></a:lstStyle>"
    )
    old = body.find(qn("a:lstStyle"))
    body.replace(old, style)


def _style(master, brand: Brand) -> None:
    """The theme: the client's colours, and one font for titles and text."""
    part = master.part.part_related_by(RT.THEME)
    theme = etree.fromstring(part.blob)
    a = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
    colours = dict(zip([f"accent{i}" for i in range(1, 7)], series_colours(brand.colour), strict=False))
    colours |= {"dk1": INK, "lt1": WHITE, "dk2": brand.dark, "lt2": brand.tint}
    colours |= {"hlink": brand.colour, "folHlink": brand.dark}
    for name, colour in colours.items():
        element = theme.find(f".//{a}clrScheme/{a}{name}")
        for child in list(element):
            element.remove(child)
        etree.SubElement(element, f"{a}srgbClr", val=colour[1:])
    for kind in ("majorFont", "minorFont"):
        theme.find(f".//{a}{kind}/{a}latin").set("typeface", FONT)
    part._blob = etree.tostring(theme, xml_declaration=True, encoding="UTF-8", standalone=True)


def series_colours(colour: str) -> list[str]:
    """Six colours of series that are told apart in grey print: the client's, warm, light, dark, grey, pale."""
    pale, dark, palest = mixed(colour, WHITE, 0.6), mixed(colour, "#000000", 0.5), mixed(colour, WHITE, 0.82)
    return [colour, "#d9822b", pale, dark, "#7a8591", palest]


class _Sorted(PackageWriter):
    """Writes the parts of a presentation in the order of their names, all of one date."""

    def _write(self) -> None:
        parts: dict[str, bytes] = {}
        collected = SimpleNamespace(write=lambda name, blob: parts.__setitem__(name.membername, blob))
        self._write_content_types_stream(collected)
        self._write_pkg_rels(collected)
        self._write_parts(collected)
        with zipfile.ZipFile(self._pkg_file, "w", zipfile.ZIP_DEFLATED) as whole:
            # The list of types comes first, as readers expect it.
            for name in sorted(parts, key=lambda name: (name != "[Content_Types].xml", name)):
                entry = zipfile.ZipInfo(name, OLDEST)
                entry.create_system = 0
                dense = name.endswith((".png", ".jpg", ".jpeg", ".xlsx"))
                entry.compress_type = zipfile.ZIP_STORED if dense else zipfile.ZIP_DEFLATED
                whole.writestr(entry, parts[name])


def saved(deck: Deck, about: dict[str, str]) -> bytes:
    """The presentation as bytes; the same ones for the same slides, since nothing in it tells the time."""
    core = deck.presentation.core_properties
    for name, value in about.items():
        setattr(core, name, value[:255])
    core.created = core.modified = WHEN
    core.last_modified_by, core.revision = "", 1
    out, package = io.BytesIO(), deck.presentation.part.package
    _Sorted.write(out, package._rels, tuple(package.iter_parts()))
    return out.getvalue()
