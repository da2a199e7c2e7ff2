"""A figure as SVG: the bytes that matplotlib writes, without working out the same letters again and again.

A chart is mostly words. Each is measured several times for the layout and again for the drawing, and the words of one
chart come again in the next; what is known of them is kept here. All else is matplotlib's own.
"""

import io
from contextlib import contextmanager
from functools import lru_cache, wraps
from threading import RLock

import matplotlib as mpl
from matplotlib.axis import Axis
from matplotlib.backends.backend_svg import FigureCanvasSVG, RendererSVG
from matplotlib.font_manager import FontProperties, fontManager, get_font
from matplotlib.ft2font import FT2Font, LoadFlags
from matplotlib.textpath import TextToPath

GENERIC = ("serif", "sans-serif", "cursive", "fantasy", "monospace")
KEPT = 8192  # words, of a process that draws many charts
DPI = FigureCanvasSVG.fixed_dpi
# Held while something is drawn: matplotlib's settings are of the process, and JupyterLab answers a panel in a thread.
DRAWING = RLock()
NAMELESS = {"Date": None, "Creator": None}


def svg(drawing) -> str:
    """The figure as SVG: the same bytes for the same picture (no date, no random ids). The figure stays as it was."""
    engine, dpi, canvas = drawing.get_layout_engine(), drawing.dpi, drawing.canvas
    buffer = io.StringIO()
    with DRAWING, _asked_once(drawing), mpl.rc_context({"svg.hashsalt": "cx-workbook", "svg.fonttype": "path"}):
        try:
            drawing.dpi = DPI
            renderer = _Renderer(*drawing.get_size_inches() * DPI, buffer, image_dpi=dpi, metadata=NAMELESS)
            _Canvas(drawing).renderer = renderer
            if engine is not None:
                engine.execute(drawing)
                drawing.set_layout_engine(None)  # the layout stands; draw() would make it once more
            drawing.draw(renderer)
            renderer.finalize()
        finally:
            drawing.set_layout_engine(engine)
            drawing.dpi = dpi
            drawing.set_canvas(canvas)
    drawn = buffer.getvalue()
    return drawn[drawn.index("<svg") :]


@contextmanager
def _asked_once(drawing):
    """While a figure is laid out and drawn, each axis is asked some ten times for its ticks and for the room that their
    labels take. Where it still stands, with the same range, its first answer holds."""
    known, own = {}, {name: getattr(Axis, name) for name in ("_update_ticks", "_get_ticklabel_bboxes")}

    def once(answer):
        @wraps(answer)
        def asked(axis, *given):
            if axis.get_figure(root=True) is not drawing:  # of another thread
                return answer(axis, *given)
            ticks = given[0] if given else ()
            key = (answer, axis, axis.axes.bbox.bounds, *axis.get_view_interval(), *map(id, ticks))
            if key not in known:
                known[key] = answer(axis, *given)
            return known[key]

        return asked

    for name, answer in own.items():
        setattr(Axis, name, once(answer))
    try:
        yield
    finally:
        for name, answer in own.items():
            setattr(Axis, name, answer)


class _Canvas(FigureCanvasSVG):
    """A canvas whose layout is measured by what draws it."""

    def get_renderer(self) -> RendererSVG:
        return self.renderer


class _Letters(TextToPath):
    """Words as paths, each worked out once."""

    def __init__(self):
        super().__init__()
        self.fonts: dict[FontProperties, FT2Font] = {}

    def _get_font(self, prop: FontProperties) -> FT2Font:
        if prop not in self.fonts:
            self.fonts[prop] = _font(prop)
        return self.fonts[prop]

    def get_text_width_height_descent(self, s, prop, ismath) -> tuple[float, float, float]:
        if ismath:
            return super().get_text_width_height_descent(s, prop, ismath)
        scale = prop.get_size_in_points() / self.FONT_SCALE
        width, height, descent = _measured(self._get_font(prop), s)
        return width * scale, height * scale, descent * scale

    def get_glyphs_with_font(self, font, s, glyph_map=None, return_new_glyphs_only=False, **shaping) -> tuple:
        if not return_new_glyphs_only:
            return super().get_glyphs_with_font(font, s, glyph_map, **shaping)
        places, glyphs = _written(font, s, *shaping.items())
        return places, {name: path for name, path in glyphs.items() if name not in (glyph_map or {})}, []


_plain = TextToPath()


class _Renderer(RendererSVG):
    """What draws SVG, with letters that are kept."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self._text2path = _Letters()  # one for each picture, as formulas are kept whatever font a setting gives them

    def _get_font_height_metrics(self, prop: FontProperties) -> tuple:
        """How far a line reaches above and below its letters' ground, and the gap between lines; None where Text is to
        find out itself."""
        return _heights(self._text2path._get_font(prop), prop.get_size_in_points())


def _font(prop: FontProperties) -> FT2Font:
    """The font of these properties, by its family, style and weight; not yet of their size."""
    named = (prop.get_style(), prop.get_variant(), prop.get_weight(), prop.get_stretch(), prop.get_file())
    generic = tuple(tuple(mpl.rcParams[f"font.{family}"]) for family in GENERIC)  # what a generic family stands for
    return get_font(_paths(tuple(prop.get_family()), named, generic))


@lru_cache(KEPT)
def _paths(family: tuple, named: tuple, _generic: tuple) -> list:
    style, variant, weight, stretch, file = named
    prop = FontProperties(family=list(family), style=style, variant=variant, weight=weight, stretch=stretch, fname=file)
    return fontManager._find_fonts_by_props(prop)


@lru_cache(KEPT)
def _measured(font: FT2Font, words: str) -> tuple[float, float, float]:
    """Width, height and descent of words at the size of TextToPath."""
    font.set_size(TextToPath.FONT_SCALE, TextToPath.DPI)
    font.set_text(words, 0.0, flags=LoadFlags.NO_HINTING)
    width, height = font.get_width_height()
    return width / 64.0, height / 64.0, font.get_descent() / 64.0


@lru_cache(KEPT)
def _written(font: FT2Font, words: str, *shaping) -> tuple[list, dict]:
    """Where each glyph of words stands, and the glyphs' paths."""
    font.set_size(TextToPath.FONT_SCALE, TextToPath.DPI)
    places, glyphs, _ = _plain.get_glyphs_with_font(font, words, **dict(shaping))
    return places, glyphs


@lru_cache(KEPT)
def _heights(font: FT2Font, size: float) -> tuple:
    """Ascent, descent and gap of a line by the tables of the font, in the steps of arithmetic that Text takes."""
    for table, gap, ascent, descent in (
        ("OS/2", "sTypoLineGap", "sTypoAscender", "sTypoDescender"),
        ("hhea", "lineGap", "ascent", "descent"),
    ):
        found = font.get_sfnt_table(table)
        if found is not None:
            scale = 1 / font.get_sfnt_table("head")["unitsPerEm"] * size * DPI / 72
            return found[ascent] * scale, -found[descent] * scale, found[gap] * scale
    return None, None, None
