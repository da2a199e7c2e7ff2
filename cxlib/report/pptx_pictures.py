"""Drawings on slides: SVG for programs that draw it, with a PNG of the same beside it for those that do not."""

import io
import tempfile
from pathlib import Path

import matplotlib as mpl
import typst
from pptx.opc.constants import RELATIONSHIP_TYPE as RT
from pptx.opc.package import Part
from pptx.opc.packuri import PackURI
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.oxml.shapes.picture import CT_Picture
from pptx.parts.image import ImagePart
from pptx.util import Inches

from cxlib.report.drawings import size
from cxlib.report.pptx_shapes import Place

PICTURE = 8001  # the id of the picture on its slide
PPI = 200
DRAWN = 5.2  # inches: the width at which the house's charts are drawn
SVG_EXTENSION = "{96DAC541-7B7A-43D3-8B79-37D633B846F1}"


def proportion(svg: str) -> float:
    """Height by width of a drawing."""
    wide, tall = size(svg) or (1.0, 1.0)
    return tall / wide


def pngs(svgs: list[str]) -> list[bytes]:
    """Drawings as PNG, all in one go."""
    if not svgs:
        return []
    with tempfile.TemporaryDirectory(prefix="cx-") as folder:
        for place, svg in enumerate(svgs):
            (Path(folder) / f"{place}.svg").write_text(svg, encoding="utf-8")
        pages = "#pagebreak()\n".join(f'#image("{place}.svg", width: {DRAWN}in)\n' for place in range(len(svgs)))
        source = Path(folder) / "all.typ"
        source.write_text(f"#set page(width: auto, height: auto, margin: 0pt)\n{pages}", encoding="utf-8")
        fonts = [str(Path(mpl.get_data_path()) / "fonts/ttf")]
        made = typst.compile(
            str(source), root=folder, format="png", ppi=PPI, font_paths=fonts, ignore_system_fonts=True
        )
    return made if isinstance(made, list) else [made]


def inside(place: Place, shape: float) -> Place:
    """The largest place of that proportion (height by width) in another, in its middle."""
    width = min(place.width, place.height / shape)
    height = width * shape
    return Place(place.left + (place.width - width) / 2, place.top + (place.height - height) / 2, width, height)


def picture(slide, svg: str, png: bytes, place: Place):
    """The drawing on a slide."""
    package = slide.part.package
    name = package.next_partname("/ppt/media/figure%d.png")
    image = ImagePart(name, "image/png", package, png)  # python-pptx would compare it with every other one
    element = CT_Picture.new_pic(PICTURE, "Picture", "", slide.part.relate_to(image, RT.IMAGE), *map(Inches, place))
    slide.shapes._spTree.append(element)
    _with_svg(element, slide.part, svg.encode("utf-8"))
    return slide.shapes[-1]


def _with_svg(element, part, svg: bytes) -> None:
    package = part.package
    drawing = Part(PackURI(package.next_partname("/ppt/media/drawing%d.svg")), "image/svg+xml", package, svg)
    rid = part.relate_to(drawing, RT.IMAGE)
    blip = element.find(".//" + qn("a:blip"))
    blip.append(
        parse_xml(
            f'<a:extLst {nsdecls("a", "r")}><a:ext uri="{SVG_EXTENSION}"><asvg:svgBlip '
            'xmlns:asvg="http://schemas.microsoft.com/office/drawing/2016/SVG/main" '
            f'r:embed="{rid}"/></a:ext></a:extLst>'
        )
    )


def logo_on(holder, logo: bytes, kind: str, place: Place, name: str) -> None:
    """The client's logo on a master, a layout or a slide, as large as the place allows."""
    svg = logo.decode("utf-8", "replace") if kind == "image/svg+xml" else ""
    image = pngs([svg])[0] if svg else logo
    part, rid = holder.part.get_or_add_image_part(io.BytesIO(image))
    wide, tall = part._px_size
    spot = inside(place, tall / wide)
    tree = holder.shapes._spTree
    free = max(int(found) for found in tree.xpath("//@id") if found.isdigit()) + 1
    element = CT_Picture.new_pic(free, "Logo", name, rid, *(Inches(number) for number in spot))
    tree.append(element)
    if svg:
        _with_svg(element, holder.part, logo)
