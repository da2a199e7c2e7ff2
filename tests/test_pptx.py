"""Slides: read back with python-pptx, openpyxl and a ruler; the numbers are those of the document."""

import io
import re
import zipfile
from collections import Counter
from itertools import combinations

import openpyxl
import pytest
from deck_document import BARS, DOTS, FINDING, HOSTILE, LINES, MAP, STACKED, document
from demo_document import demo
from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE
from pptx.oxml.ns import qn
from pptx.util import Inches

from cxlib.errors import CxError
from cxlib.language import speak
from cxlib.report import pptx, pptx_text
from cxlib.report.pptx_story import pages

ROUNDING = 0.02  # inches


@pytest.fixture(scope="module")
def deck():
    """The plain document as a presentation."""
    return Presentation(io.BytesIO(pptx.render(document())))


@pytest.fixture(scope="module")
def hostile():
    """The same with texts that want to be more than text."""
    return Presentation(io.BytesIO(pptx.render(document(hostile=HOSTILE))))


def texts(slide) -> str:
    """All that is written on a slide, its tables included."""
    found = []
    for shape in slide.shapes:
        if shape.has_text_frame:
            found.append(shape.text_frame.text)
        if shape.has_table:
            found += [cell.text for row in shape.table.rows for cell in row.cells]
    return "\n".join(found)


def charts(presentation) -> list:
    """Every chart, in the order of the slides."""
    return [shape.chart for slide in presentation.slides for shape in slide.shapes if shape.has_chart]


def titles(presentation) -> list[str]:
    return [slide.shapes.title.text_frame.text for slide in presentation.slides]


def slide_of(presentation, title: str):
    """The first slide whose title begins so."""
    return next(slide for slide in presentation.slides if slide.shapes.title.text_frame.text.startswith(title))


def measured(shape) -> float:
    """How tall the text of a shape is, in inches, from its runs' sizes and its own width."""
    body = shape.text_frame._txBody
    inset = {side: body.bodyPr.get(side) for side in ("lIns", "rIns", "tIns", "bIns")}
    across = sum(int(inset[s]) if inset[s] is not None else Inches(0.1) for s in ("lIns", "rIns"))
    down = sum(int(inset[s]) if inset[s] is not None else Inches(0.05) for s in ("tIns", "bIns"))
    total = down / 914400
    for paragraph in shape.text_frame.paragraphs:
        runs = paragraph.runs
        size = max((run.font.size.pt for run in runs if run.font.size), default=10)
        bold = any(run.font.bold for run in runs)
        indent = int(paragraph._p.pPr.get("marL", 0)) if paragraph._p.pPr is not None else 0
        room = (shape.width - across - indent) / 914400
        total += pptx_text.height([paragraph.text], size, room, bold=bold) + (paragraph.space_after or 0) / 914400
    return total


def check_layout(presentation) -> None:
    """Every text fits its box, every shape lies on its slide, no two boxes of text overlap."""
    for number, slide in enumerate(presentation.slides, 1):
        boxes = []
        for shape in slide.shapes:
            where = f"slide {number}, {shape.name}"
            left, top, right, bottom = shape.left, shape.top, shape.left + shape.width, shape.top + shape.height
            assert min(left, top) >= 0, where
            assert right <= presentation.slide_width + 10, where
            assert bottom <= presentation.slide_height + 10, where
            if shape.has_text_frame and shape.text_frame.text:
                assert measured(shape) <= shape.height / 914400 + ROUNDING, where
                boxes.append((where, left, top, right, bottom))
            elif shape.has_chart or shape.has_table or shape.shape_type == MSO_SHAPE_TYPE.PICTURE:
                boxes.append((where, left, top, right, bottom))
            if shape.has_table:
                check_table(shape, where)
        for one, two in combinations(boxes, 2):
            wide = min(one[3], two[3]) - max(one[1], two[1])
            tall = min(one[4], two[4]) - max(one[2], two[2])
            assert wide <= Inches(ROUNDING) or tall <= Inches(ROUNDING), (one[0], two[0])


def check_table(shape, where: str) -> None:
    """Every cell of a table holds its text in its row's height."""
    for row in shape.table.rows:
        for cell, column in zip(row.cells, shape.table.columns, strict=True):
            run = cell.text_frame.paragraphs[0].runs[0]
            room = (column.width - cell.margin_left - cell.margin_right) / 914400
            tall = pptx_text.height([cell.text], run.font.size.pt, room, bold=bool(run.font.bold))
            assert tall + (cell.margin_top + cell.margin_bottom) / 914400 <= row.height / 914400 + ROUNDING, where


def test_same_document_gives_the_same_bytes():
    one, two = pptx.render(document()), pptx.render(document())
    assert one == two
    with zipfile.ZipFile(io.BytesIO(one)) as parts:
        assert {entry.date_time for entry in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        for name in parts.namelist():
            if name.endswith(".xlsx"):
                core = zipfile.ZipFile(io.BytesIO(parts.read(name))).read("docProps/core.xml").decode()
                assert set(re.findall(r"\d{4}-\d\d-\d\dT", core)) == {"2000-01-01T"}


def test_slides_open_with_cover_and_contents_and_each_has_its_own_title(deck):
    found = titles(deck)
    assert found[0] == "A report"
    assert found[1] == "Contents"
    assert all(found)
    assert len(set(found)) == len(found)


def test_contents_lead_to_the_chapters(deck):
    shape = next(s for s in deck.slides[1].shapes if s.name == "Contents")
    paragraphs = shape.text_frame.paragraphs
    assert [p.runs[0].text for p in paragraphs] == [
        "What do customers say about us, and is it changing?",
        "How this report was made",
    ]
    for paragraph in paragraphs:
        number = int(paragraph.runs[1].text)
        assert deck.slides[number - 1].shapes.title.text_frame.text == paragraph.runs[0].text
        jump = paragraph.runs[0]._r.rPr.find(qn("a:hlinkClick"))
        target = deck.slides[1].part.related_part(jump.get(qn("r:id")))
        assert target.slide is deck.slides[number - 1] or target is deck.slides[number - 1].part


def test_bottom_line_shows_numbers_with_intervals_and_bases_and_every_finding_whole(deck):
    shown = "\n".join(texts(slide) for slide in deck.slides)
    for words in ("45.8", "95% interval 40.1 to 51.0", "1,963 answers, effective base 654", "79.6%", FINDING):
        assert words in shown
    for i in range(12):
        assert f"Finding {i}: a sentence that goes on and on." in shown


def test_title_is_the_finding_without_its_brackets(deck):
    slide = slide_of(deck, "Most answer a")
    assert slide.shapes.title.text_frame.text == "Most answer a"
    assert "Most answer a (40.0%; 36.0 to 44.0%). The rest do not." in texts(slide)


@pytest.mark.parametrize(
    ("finding", "title"),
    [
        ("NPS rose (95% interval 1.0 to 2.0 (Holm)). More.", "NPS rose"),
        ("NPS in 2026-H2: fit to report. 1,963 answers.", "NPS in 2026-H2: fit to report"),
        ("It is 37.5% of all. Next.", "It is 37.5% of all"),
        ("TP. Hồ Chí Minh is ahead. Next.", "TP. Hồ Chí Minh is ahead"),
        ("It explains NPS. Most goes with Staff.", "It explains NPS"),
        ("Độ tin cậy 0,75 (3 câu). Khác.", "Độ tin cậy 0,75"),
    ],
)
def test_headline(finding, title):
    assert pptx_text.headline(finding) == title


def test_charts_hold_the_published_values(deck):
    found = charts(deck)
    wanted = [p for c in (BARS, LINES, DOTS) for p in c["panels"]]
    for panel in wanted:
        chart = next(c for c in found if c.has_title and c.chart_title.text_frame.text == panel["title"])
        plot = chart.plots[0]
        assert list(plot.categories) == panel["categories"]
        for series, one in zip(plot.series, panel["series"], strict=False):
            assert (series.name, list(series.values)) == (one["name"], one["values"])


def test_stacked_answers_and_map_hold_the_published_values(deck):
    parts = [c for c in charts(deck) if c.has_title and c.chart_title.text_frame.text == "Ratings (%)"]
    assert [list(c.plots[0].categories) for c in parts] in (
        [STACKED["panels"][0]["categories"]],
        [STACKED["panels"][0]["categories"][:7], STACKED["panels"][0]["categories"][7:]],
    )
    assert all(set(series.values) == {20.0} for chart in parts for series in chart.plots[0].series)
    scatter = next(c for c in charts(deck) if c._chartSpace.find(".//" + qn("c:scatterChart")) is not None)
    series = scatter.plots[0].series[0]
    points = MAP["panels"][0]["points"][:12]
    assert list(series.values) == [p["y"] for p in points]
    written = [label.text for label in scatter._chartSpace.iter(qn("a:t"))]
    assert {"Driver 0", "Driver 11", "improve first", "Performance", "Importance"} <= set(written)


def test_intervals_are_error_bars_and_stand_in_the_workbook(deck):
    chart = next(c for c in charts(deck) if c.has_title and c.chart_title.text_frame.text == "Answers (%)")
    bars = chart._chartSpace.find(".//" + qn("c:errBars"))
    lengths = {side: [float(v.text) for v in bars.find(qn(f"c:{side}")).iter(qn("c:v"))] for side in ("plus", "minus")}
    assert lengths == {"plus": [4.0, 5.5], "minus": [4.0, 5.5]}
    book = openpyxl.load_workbook(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob))
    rows = list(book.active.iter_rows(values_only=True))
    assert rows[0][1:4] == ("all", "all low", "all high")
    assert rows[1] == ("a", 40.0, 36.0, 44.0, "=B2-C2", "=D2-B2")
    assert rows[3][:4] == ("c", None, None, None)


def test_category_that_begins_like_a_formula_stays_text(deck):
    chart = next(c for c in charts(deck) if c.has_title and c.chart_title.text_frame.text == "Answers (%)")
    book = openpyxl.load_workbook(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob))
    assert (book.active["A3"].value, book.active["A3"].data_type) == ("=1+1", "s")


def test_line_is_dashed_and_parted_where_the_chart_says(deck):
    chart = next(c for c in charts(deck) if c.has_title and c.chart_title.text_frame.text == "NPS (points)")
    points = chart._chartSpace.find(".//" + qn("c:ser")).findall(qn("c:dPt"))
    assert [point.find(qn("c:idx")).get("val") for point in points] == ["1", "2"]
    pieces = [point.find(qn("c:spPr")).find(qn("a:ln")) for point in points]
    assert pieces[0].find(qn("a:noFill")) is not None
    assert pieces[1].find(qn("a:prstDash")).get("val") == "sysDash"


def test_pictures_are_svg_with_png(deck):
    parts = {part.partname: part for part in deck.part.package.iter_parts()}
    assert sum(name.endswith(".svg") for name in parts) == 2
    slide = slide_of(deck, "A tall picture")
    picture = next(s for s in slide.shapes if s.shape_type == MSO_SHAPE_TYPE.PICTURE)
    assert picture.image.content_type == "image/png"
    svg = picture._element.find(".//{http://schemas.microsoft.com/office/drawing/2016/SVG/main}svgBlip")
    assert slide.part.related_part(svg.get(qn("r:embed"))).blob.startswith(b"<svg")
    assert picture.height / picture.width == pytest.approx(900 / 374.4, rel=0.01)


def test_long_table_says_what_was_left_out(deck):
    slide = slide_of(deck, "plain words")
    table = next(s.table for s in slide.shapes if s.has_table)
    shown = len(table.rows) - 1
    assert 5 < shown < 50
    assert f"Many rows: {shown} of 50 rows, 3 of 3 columns; all in tables.xlsx." in texts(slide)


def test_wide_table_is_cut_to_columns_that_fit(deck):
    slide = slide_of(deck, "Wide")
    table = next(s.table for s in slide.shapes if s.has_table)
    assert 2 < len(table.columns) < 18
    assert f"3 of 3 rows, {len(table.columns)} of 18 columns" in texts(slide)


def test_notes_hold_findings_caption_method_and_source(deck):
    for slide in deck.slides:
        assert slide.notes_slide.notes_text_frame.text.strip()
    notes = slide_of(deck, "Most answer a").notes_slide.notes_text_frame.text
    assert "Most answer a (40.0%; 36.0 to 44.0%). The rest do not." in notes
    assert "Answers" in notes
    assert "survey_analysis" in notes
    assert "Wilson" in slide_of(deck, "NPS rose").notes_slide.notes_text_frame.text


def test_every_shape_is_described_or_marked_as_decoration(deck):
    for slide in deck.slides:
        for shape in slide.shapes:
            about = shape._element.xpath(".//p:cNvPr")[0]
            written = shape.has_text_frame and shape.text_frame.text
            assert written or about.get("descr") or about.find(".//" + qn("a:ext")) is not None, shape.name
    chart = next(s for s in slide_of(deck, "Most answer a").shapes if s.has_chart)
    assert chart._element.xpath(".//p:cNvPr")[0].get("descr") == "Alternative text of Answers"


def test_slides_are_numbered_and_bear_client_and_line(deck):
    for slide in deck.slides:
        assert slide._element.find(".//" + qn("a:fld")).get("type") == "slidenum"
        assert "Client · Confidential" in texts(slide)


def test_nothing_overflows(deck):
    check_layout(deck)


def test_hostile_text_comes_out_as_text(hostile):
    check_layout(hostile)
    shown = "\n".join(texts(slide) + slide.notes_slide.notes_text_frame.text for slide in hostile.slides)
    for text in HOSTILE[:5]:
        assert text in shown
    assert "abc d e" in shown
    assert "w" * 10_000 in shown  # the notes hold what no slide has room for
    assert "\U0001f621 angry" in shown
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", shown.replace("\n", "").replace("\x0b", ""))


@pytest.mark.parametrize(("language", "region"), [("en", "en-GB"), ("vi", "vi-VN")])
def test_runs_name_their_language(language, region):
    speak(language)
    try:
        made = Presentation(io.BytesIO(pptx.render(document(language=language))))
    finally:
        speak("en")
    for slide in made.slides:
        for run in slide._element.iter(qn("a:rPr")):
            assert run.get("lang") == region
    assert {c._chartSpace.find(qn("c:lang")).get("val") for c in charts(made)} == {region}
    assert made.core_properties.language == region


def test_titles_and_bars_are_in_the_clients_colour():
    made = Presentation(io.BytesIO(pptx.render(document(colour="#7a1f5f"))))
    theme = next(p for p in made.part.package.iter_parts() if "theme1" in p.partname).blob.decode()
    assert "7a1f5f" in theme
    svg = next(p for p in made.part.package.iter_parts() if p.partname.endswith(".svg")).blob.decode()
    assert "#7a1f5f" in svg
    assert "#1f5f8b" not in svg


@pytest.fixture
def template(tmp_path):
    """A client's template: 4:3, its own font, two sample slides."""
    own = Presentation()
    for name in ("Sample one", "Sample two"):
        slide = own.slides.add_slide(own.slide_layouts[1])
        slide.shapes.title.text = name
    own.slide_layouts[5].name = "Client's layout"
    path = tmp_path / "template.pptx"
    own.save(path)
    return path


def test_template_gives_masters_layouts_and_size_but_no_slides(template):
    made = Presentation(io.BytesIO(pptx.render(document(slides=template))))
    assert made.slide_width == Inches(10)
    assert not [title for title in titles(made) if title.startswith("Sample")]
    assert {layout.name for layout in made.slide_layouts} >= {"Client's layout", "Title Slide", "Section Header"}
    used = {slide.slide_layout.name for slide in made.slides}
    assert used == {"Client's layout", "Title Slide", "Section Header"}
    check_layout(made)


def test_template_without_titles_gets_titles_of_its_own(template, tmp_path):
    own = Presentation(template)
    for layout in list(own.slide_layouts):
        if layout.name not in ("Blank", "Title and Content"):
            own.slide_layouts.remove(layout)
    while len(own.slides._sldIdLst):
        own.part.drop_rel(own.slides._sldIdLst[0].rId)
        own.slides._sldIdLst.remove(own.slides._sldIdLst[0])
    own.slide_layouts.remove(own.slide_layouts.get_by_name("Title and Content"))
    own.save(tmp_path / "bare.pptx")
    made = Presentation(io.BytesIO(pptx.render(document(slides=tmp_path / "bare.pptx"))))
    assert {slide.slide_layout.name for slide in made.slides} == {"Blank"}
    assert all(titles(made))
    check_layout(made)


def test_file_that_is_no_presentation_is_named(tmp_path):
    path = tmp_path / "notes.pptx"
    path.write_bytes(b"PK no")
    with pytest.raises(CxError, match=r"notes\.pptx: not a presentation that can be a template"):
        pptx.render(document(slides=path))


def test_logo_stands_on_cover_and_master():
    from pathlib import Path

    logo = Path(__file__).parents[1] / "data/demo/logo.png"
    made = Presentation(io.BytesIO(pptx.render(document(logo=logo.read_bytes(), logo_type="image/png"))))
    assert any(s.name == "Logo" for s in made.slides[0].shapes)
    assert any(s.name == "Logo" for s in made.slide_master.shapes)


def test_story_shows_every_figure_and_no_long_table():
    story = pages(document())
    figures = [page.block.name for page in story if page.kind == "figure"]
    assert figures == ["bars", "lines", "dots", "stacked", "map", "odd", "tall", "flat"]
    assert [page.block.name for page in story if page.kind == "table"] == ["bases", "rows", "wide"]
    assert [page.title for page in story if page.kind == "words"] == [
        "Method – What do customers say about us, and is it changing?",
        "How to read",
    ]


@pytest.fixture(scope="module")
def demo_deck():
    """The report on the demo study."""
    speak("en")
    return Presentation(io.BytesIO(pptx.render(demo())))


def test_demo_shows_every_number_of_the_bottom_lines(demo_deck):
    shown = "\n".join(texts(slide) for slide in demo_deck.slides)
    for chapter in demo().chapters:
        for block in chapter.blocks("number"):
            for part in ("value", "interval", "base"):
                assert pptx_text.clean(block.data["printed"][part]) in shown, block.name


def test_demo_holds_every_value_of_its_charts(demo_deck):
    drawn = []
    for chart in charts(demo_deck):
        for series in chart._chartSpace.iter(qn("c:ser")):
            for tag in ("c:val", "c:xVal", "c:yVal"):
                values = series.find(qn(tag))
                drawn += [float(v.text) for v in values.iter(qn("c:v"))] if values is not None else []
    known = Counter(drawn)
    for chapter in demo().chapters:
        for block in chapter.blocks("figure"):
            for panel in (block.data.get("chart") or {"panels": []})["panels"]:
                wanted = [v for one in panel.get("series", []) for v in one["values"] if v is not None]
                wanted += [point[way] for point in panel.get("points", []) for way in ("x", "y")]
                assert not Counter(wanted) - known, block.name


def test_demo_has_titles_notes_and_nothing_that_overflows(demo_deck):
    check_layout(demo_deck)
    found = titles(demo_deck)
    assert all(found)
    assert len(set(found)) == len(found)
    assert all(slide.notes_slide.notes_text_frame.text.strip() for slide in demo_deck.slides)
