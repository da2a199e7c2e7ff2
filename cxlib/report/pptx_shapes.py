"""Shapes on a slide: text in boxes that were measured, titles, footers, descriptions for those who do not see them."""

from typing import NamedTuple
from xml.sax.saxutils import escape

from lxml import etree
from pptx.enum.shapes import PP_PLACEHOLDER as PH
from pptx.opc.constants import RELATIONSHIP_TYPE as RT
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Inches, Pt

from cxlib.language import ENGLISH, REGIONS, spoken
from cxlib.report.pptx_deck import MARGINAL, TITLES

SLIDE_JUMP = "ppaction://hlinksldjump"
DECORATIVE = "{C183D7F6-B498-43B3-948B-1728B52AA6E4}"  # the extension by which Office marks decoration
FREE = 9001  # ids of shapes that python-pptx does not count out
NUMBER_FIELD = "{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}"
AFTER = 6  # points between paragraphs


class Place(NamedTuple):
    """Where a shape stands, in inches."""

    left: float
    top: float
    width: float
    height: float


def region() -> str:
    """The language of the text with its region, as Office names it: en-GB, vi-VN."""
    from babel.core import get_global

    language = spoken()
    if language == ENGLISH:
        return REGIONS[ENGLISH].replace("_", "-")
    parts = get_global("likely_subtags").get(language, language).split("_")
    return f"{parts[0]}-{parts[-1]}" if len(parts) > 1 else language


def _body(shape):
    """The text of a shape, or of a table's cell."""
    return shape._element.txBody if hasattr(shape, "_element") else shape._tc.get_or_add_txBody()


class Writer:
    """Writes on one slide, in one language."""

    def __init__(self, slide, language: str):
        self.slide, self.language = slide, language

    def box(self, name: str, paragraphs: list[str], place: Place, size: float, **looks):
        """A text box; `looks` as in write()."""
        shape = self.slide.shapes.add_textbox(*(Inches(number) for number in place))
        shape.name = name
        self.write(shape, paragraphs, size, **looks)
        return shape

    def write(self, shape, paragraphs, size: float, *, bold=False, colour="", bullets=False, anchor="", after=AFTER,
              inset: float | None = 0.0, align="") -> None:  # fmt: skip
        """Paragraphs into a shape; a paragraph is a text, or a list of (text, size, bold) that follow each other."""
        body = _body(shape)
        for old in body.findall(qn("a:p")):
            body.remove(old)
        properties = body.find(qn("a:bodyPr"))
        for child in list(properties):
            properties.remove(child)
        if inset is not None:
            properties.attrib.update({side: str(Inches(inset)) for side in ("lIns", "rIns", "tIns", "bIns")})
            properties.set("wrap", "square")
        if anchor:
            properties.set("anchor", anchor)
        etree.SubElement(properties, qn("a:noAutofit"))
        for place, paragraph in enumerate(paragraphs or [""]):
            own = etree.SubElement(body, qn("a:p"))
            bullet = bullets is True or (bullets and place in bullets)
            self._paragraph(own, size, bullet, after if place + 1 < len(paragraphs) else 0, align)
            for words, letters, heavy in [(paragraph, size, bold)] if isinstance(paragraph, str) else paragraph:
                self._run(own, words, letters, heavy, colour)

    def _paragraph(self, own, size: float, bullet: bool, after: float, align: str) -> None:
        properties = etree.SubElement(own, qn("a:pPr"))
        indent = int(Pt(size)) if bullet else 0
        properties.attrib.update({"marL": str(indent), "indent": str(-indent)})
        if align:
            properties.set("algn", align)
        for tag, points in (("a:spcBef", 0), ("a:spcAft", after)):
            etree.SubElement(etree.SubElement(properties, qn(tag)), qn("a:spcPts")).set("val", str(int(100 * points)))
        if bullet:
            etree.SubElement(properties, qn("a:buFont")).set("typeface", "Arial")
            etree.SubElement(properties, qn("a:buChar")).set("char", "•")
        else:
            etree.SubElement(properties, qn("a:buNone"))

    def _run(self, own, words: str, size: float, bold: bool, colour: str):
        run = etree.SubElement(own, qn("a:r"))
        properties = etree.SubElement(run, qn("a:rPr"))
        properties.attrib.update({"lang": self.language, "sz": str(int(100 * size)), "b": str(int(bold)), "dirty": "0"})
        if colour:
            fill = etree.SubElement(properties, qn("a:solidFill"))
            etree.SubElement(fill, qn("a:srgbClr")).set("val", colour[1:])
        etree.SubElement(run, qn("a:t")).text = words
        return run

    def link(self, shape, targets: list) -> None:
        """Each paragraph of a shape leads to a slide."""
        for own, target in zip(shape._element.txBody.findall(qn("a:p")), targets, strict=True):
            jump = etree.SubElement(own.find(qn("a:r")).find(qn("a:rPr")), qn("a:hlinkClick"))
            jump.set(qn("r:id"), self.slide.part.relate_to(target.part, RT.SLIDE))
            jump.set("action", SLIDE_JUMP)

    def title(self, place: Place):
        """The slide's title; where its layout has none, one at that place."""
        shape = self.slide.shapes.title
        if shape is None:
            self.slide.shapes._spTree.append(
                parse_xml(
                    f'<p:sp {nsdecls("p", "a")}><p:nvSpPr><p:cNvPr id="{FREE - 1}" name="Title"/><p:cNvSpPr>'
                    '<a:spLocks noGrp="1"/></p:cNvSpPr><p:nvPr><p:ph type="title"/></p:nvPr></p:nvSpPr><p:spPr/>'
                    "<p:txBody><a:bodyPr/><a:lstStyle/><a:p/></p:txBody></p:sp>"
                )
            )
            shape = self.slide.shapes.title
            shape.left, shape.top, shape.width, shape.height = (Inches(number) for number in place)
        return shape

    def second(self):
        """The placeholder for text below the title, or None; every other placeholder goes."""
        found = None
        for shape in list(self.slide.placeholders):
            kind = shape.placeholder_format.type
            if kind in (*TITLES, *MARGINAL):
                continue
            if found is None and kind in (PH.SUBTITLE, PH.BODY):
                found = shape
            else:
                shape._element.getparent().remove(shape._element)
        return found

    def marginals(self, line: str, places: dict) -> None:
        """The footer and the slide's number: in the layout's placeholders, else in boxes at `places`."""
        models = {p.placeholder_format.type: p.placeholder_format.idx for p in self.slide.slide_layout.placeholders}
        letters = f'<a:rPr lang="{self.language}" sz="1000"/>'
        number = f'<a:fld id="{NUMBER_FIELD}" type="slidenum">{letters}<a:t>‹#›</a:t></a:fld>'
        parts = [(PH.SLIDE_NUMBER, "Slide number", "sldNum", number, "r")]
        if line:
            parts.insert(0, (PH.FOOTER, "Footer", "ftr", f"<a:r>{letters}<a:t>{escape(line)}</a:t></a:r>", "l"))
        for place, (kind, name, tag, words, side) in enumerate(parts, FREE):
            known, spot = "", '<p:spPr><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr>'
            if kind in models:
                known, spot = f'<p:ph type="{tag}" sz="quarter" idx="{models[kind]}"/>', "<p:spPr/>"
            body = f'<a:bodyPr wrap="square"/><a:lstStyle/><a:p><a:pPr algn="{side}"/>{words}</a:p>'
            box = "" if known else ' txBox="1"'
            shape = parse_xml(
                f'<p:sp {nsdecls("p", "a")}><p:nvSpPr><p:cNvPr id="{place}" name="{name}"/><p:cNvSpPr{box}/>'
                f"<p:nvPr>{known}</p:nvPr></p:nvSpPr>{spot}<p:txBody>{body}</p:txBody></p:sp>"
            )
            self.slide.shapes._spTree.append(shape)
            if not known:
                shape.x, shape.y, shape.cx, shape.cy = (Inches(number) for number in places[kind])

    def notes(self, paragraphs: list[str]) -> None:
        """The speaker's notes."""
        frame = self.slide.notes_slide.notes_text_frame
        body = frame._txBody
        for old in body.findall(qn("a:p")):
            body.remove(old)
        for words in paragraphs or [""]:
            run = etree.SubElement(etree.SubElement(body, qn("a:p")), qn("a:r"))
            etree.SubElement(run, qn("a:rPr")).set("lang", self.language)
            etree.SubElement(run, qn("a:t")).text = words


def describe(shape, name: str, words: str) -> None:
    """Name a shape, and say what it shows to those who do not see it."""
    about = shape._element.xpath(".//p:cNvPr")[0]
    about.set("name", name)
    about.set("descr", words)


def decoration(shape, name: str) -> None:
    """Mark a shape as decoration, which readers pass over."""
    describe(shape, name, "")
    about = shape._element.xpath(".//p:cNvPr")[0]
    namespace = 'xmlns:adec="http://schemas.microsoft.com/office/drawing/2017/decorative"'
    about.append(
        parse_xml(
            f'<a:extLst {nsdecls("a")}><a:ext uri="{DECORATIVE}"><adec:decorative {namespace} val="1"/></a:ext>'
            "</a:extLst>"
        )
    )
