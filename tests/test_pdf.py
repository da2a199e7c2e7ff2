"""The PDF, read back with pypdf: typst's own gate for PDF/UA-1, one typeface, text as text, tables that go on."""

import io
import re
from dataclasses import replace
from functools import cache

import pypdf
import pytest
from demo_document import demo
from hostile_document import TEXTS, hostile, look, number, table

from cxlib import CxError, language
from cxlib.report import pdf
from cxlib.report.document import Block, Chapter, Section
from cxlib.report.fit import SIZES, fit
from cxlib.report.letters import BREAK, UNKNOWN, broken, drawable, shortened, width

NAMED = "[thumbs up sign][emoji modifier fitzpatrick type-4]"


def read(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(content))


def plain(text: str) -> str:
    """Without blanks and places to break, which a reader of PDF puts where the lines end."""
    return re.sub(rf"[\s{BREAK}]", "", text)


def words(content: bytes) -> str:
    return plain("".join(page.extract_text() for page in read(content).pages))


@cache
def bottom_lines(lang: str = "en"):
    """The demo's document, of each chapter what stands first."""
    chapters = [replace(c, sections=[s for s in c.sections if s.first]) for c in demo(lang).chapters]
    return replace(demo(lang), chapters=chapters)


@pytest.fixture(scope="module")
def whole() -> bytes:
    language.speak("en")
    return pdf.render(demo())


@pytest.fixture(scope="module")
def worst() -> bytes:
    """typst writes no file that fails its gate for PDF/UA-1."""
    language.speak("en")
    return pdf.render(hostile())


@pytest.fixture
def one():
    """one(blocks): a report of one chapter with one section."""
    return lambda *blocks, **more: pdf.render(
        replace(hostile(**more), chapters=[Chapter("k", "Why?", [Section("Here", blocks=list(blocks))], {})])
    )


def test_the_file_says_what_it_is(whole):
    found = read(whole)
    root = found.root_object
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert found.metadata.title == demo().title
    assert "pdfuaid:part>1<" in found.xmp_metadata.stream.get_data().decode()
    assert not {"/CreationDate", "/ModDate"} & set(found.metadata)
    assert [round(side) for side in found.pages[0].mediabox[2:]] == [595, 842]


def fonts(content: bytes) -> set[str]:
    """The names of all fonts of a file; each of them is embedded."""
    found = set()
    for page in read(content).pages:
        for entry in page.get("/Resources", {}).get("/Font", {}).values():
            inner = entry.get_object()["/DescendantFonts"][0].get_object()
            assert {"/FontFile2", "/FontFile3"} & set(inner["/FontDescriptor"].get_object())
            found.add(inner["/BaseFont"].partition("+")[2])
    return found


def test_every_font_is_dejavu_and_embedded(whole, worst):
    assert {"DejaVuSans", "DejaVuSans-Bold"} <= fonts(whole)
    for content in (whole, worst):
        assert all(name.startswith("DejaVuSans") for name in fonts(content))


def test_the_outline_holds_chapters_and_sections(whole):
    def titles(entries) -> list:
        return [titles(entry) if isinstance(entry, list) else entry.title for entry in entries]

    outline = titles(read(whole).outline)
    tops = [entry for entry in outline if isinstance(entry, str)]
    assert tops == ["Contents", *(chapter.title for chapter in demo().parts)]
    below = outline[outline.index(demo().chapters[1].title) + 1]
    sections = [section.title for section in demo().chapters[1].sections if section.title]
    assert [title for title in below if isinstance(title, str)][: len(sections)] == sections


def test_every_number_and_finding_of_the_bottom_lines_is_there():
    found = words(pdf.render(bottom_lines()))
    assert len([b for chapter in bottom_lines().chapters for b in chapter.blocks("number")]) >= 12
    for chapter in bottom_lines().chapters:
        for block in chapter.blocks("number"):
            printed = block.data["printed"]
            assert plain(block.data["label"]) + plain(printed["value"]) + plain(printed["interval"]) in found
            assert plain(printed["base"]) in found
        for block in chapter.blocks("finding"):
            assert plain(block.data["text"]) in found


def test_it_speaks_the_language_of_the_report():
    language.speak("vi")
    content = pdf.render(bottom_lines("vi"))
    first, contents = (page.extract_text() for page in read(content).pages[:2])
    assert read(content).root_object["/Lang"] == "vi"
    assert plain(demo("vi").title) in plain(first)
    assert "Mục lục" in contents
    assert plain("Bảng 1") in words(content)
    letters_of = "ắằẳẵặấầẩẫậốồổỗộớờởỡợếềểễệứừửữựđĐ"
    block = Block("finding", "v", {"text": letters_of})
    report = replace(hostile(), chapters=[Chapter("k", "K", [Section("", blocks=[block])], {})])
    assert letters_of in words(pdf.render(report))


@pytest.fixture(scope="module")
def worst_words(worst) -> str:
    return words(worst)


@pytest.mark.parametrize("name", [name for name in TEXTS if name != "long"])
def test_text_of_every_kind_comes_out_as_text(worst_words, name):
    shown = {
        "emoji": f"😡{NAMED} thumbs [man][woman][girl]",
        "japanese": UNKNOWN * 5 + " " + UNKNOWN * 2,
        "surrogate": f"half {UNKNOWN} of a sign",
        "control": "nul bell tab . line. feed.",
        "right_to_left": "abc",
    }.get(name, TEXTS[name])
    assert plain(shown) in worst_words


def test_a_word_of_ten_thousand_letters_wraps_and_ends_where_no_page_could_hold_it(worst, worst_words):
    """As a finding, two headings, a list item and two cells it is whole; above a column and in a card it is not."""
    assert worst_words.count("x") > 6 * 10_000
    assert "x…" in worst_words
    assert len(read(worst).pages) < 60
    assert all(right < wide - 45 for _, right, wide in edges(worst))


def test_it_is_said_what_stands_in_for_letters_that_the_typeface_lacks(one):
    said = plain("lacks some signs of the texts")
    assert said in words(one(Block("finding", "f", {"text": "好"})))
    clean = replace(bottom_lines(), chapters=[Chapter("k", "K", [Section("", blocks=[number("n", "N")])], {})])
    assert said not in words(pdf.render(clean))


@pytest.mark.parametrize(
    ("text", "shown", "lost"),
    [
        ("Đà Nẵng −3 ▲ “x”", "Đà Nẵng −3 ▲ “x”", ""),
        ("a\tb\x00c\nd", "a bc\nd", ""),
        ("🦄!", "[unicorn face]!", "🦄"),
        ("好", UNKNOWN, "好"),
        ("e\u200bf\u202eg\u2066h", "e\u200bfgh", ""),
        ("👍🏽\U000e0062", "[thumbs up sign][emoji modifier fitzpatrick type-4]", "👍🏽"),
    ],
)
def test_letters_that_can_be_drawn(text, shown, lost):
    assert drawable(text) == (shown, lost)


def test_words_break_only_where_they_are_too_wide():
    assert width("MM") == pytest.approx(2 * 1767 / 2048)  # DejaVu Sans, hmtx: M is 1767 of 2048 units wide
    assert broken("two words", 5) == "two words"
    found = broken("abcdefgh i", 3)
    assert found.replace(BREAK, "") == "abcdefgh i"
    assert max(width(part) for part in re.split(f"[{BREAK} ]", found)) <= 3
    assert shortened("abcdef", 10) == "abcdef"
    assert shortened("abcdef", 2.5).endswith("…")
    assert width(shortened("abcdef", 2.5)) <= 2.5


def long_table(rows: int) -> Block:
    return table("long", ["City", "Share"], [[f"Town {n}", f"{n}.5%"] for n in range(rows)], numeric=(1,))


def test_the_head_of_a_long_table_stands_on_every_page(one):
    pages = [page.extract_text() for page in read(one(long_table(150))).pages]
    own = [text for text in pages if re.search(r"Town \d+", text)]
    assert len(own) >= 3
    assert all(text.count("City") == 1 and text.count("Share") == 1 for text in own)
    found = [int(n) for text in own for n in re.findall(r"Town (\d+)", text)]
    assert found == list(range(150))


def test_no_row_is_torn_and_every_page_tells_its_number(one):
    content = read(one(long_table(150)))
    total = len(content.pages)
    for index, page in enumerate(content.pages[1:], start=2):
        text = page.extract_text()
        assert f"{index} / {total}" in text
        shares = re.findall(r"(\d+)\.5%", text)
        assert shares == re.findall(r"Town (\d+)", text)


def test_a_short_table_stands_where_it_was_published_and_a_long_one_ends_the_chapter(one):
    short = table("short", ["City"], [["Huế"]])
    content = one(short, long_table(30), Block("finding", "f", {"text": "End."}))
    text = [page.extract_text() for page in read(content).pages]
    body = next(page for page in text if "Huế" in page)
    assert body.index("Table 1.") < body.index("Huế") < body.index("Table 2, page") < body.index("End.")
    told = int(re.search(r"Table 2, page (\d+)", body)[1])
    assert "Table 2." in text[told - 1]
    assert "Town 29" in "".join(text[told - 1 : told + 1])


def edges(content: bytes) -> list[tuple[float, float, float]]:
    """For each page: where its first and its last letters from the left begin, and how wide it is, in points."""
    found = []
    for page in read(content).pages:
        places: list[float] = []

        def note(text, matrix, _, font, size, places=places):
            if text.strip():
                places.append(matrix[4])

        page.extract_text(visitor_text=note)
        found.append((min(places, default=60), max(places, default=60), float(page.mediabox[2])))
    return found


def test_a_wide_table_turns_the_page_and_nothing_leaves_it(one):
    heads = ["Segment", *(f"Column {n}" for n in range(16))]
    rows = [[f"Row {r}", *(f"{r}{n}.5 to {n}9.9" for n in range(16))] for r in range(5)]
    content = one(table("wide", heads, rows, numeric=range(1, 17)))
    found, shown = edges(content), words(content)
    assert max(wide for *_, wide in found) > 800
    assert all(left >= 50 and right < wide - 50 for left, right, wide in found)
    assert all(plain(cell) in shown for row in rows for cell in row)


def test_a_table_that_fits_no_page_is_cut_into_groups_of_columns():
    heads = ["Segment", *(f"Column{n}" * 2 for n in range(40))]
    printed = {"heads": heads, "numeric": [False] + [True] * 40, "rows": [["Total", *["1,234,567.8%"] * 40]]}
    found = fit(printed, 493, 739)
    assert len(found.pieces) > 1
    assert all(piece[0][0] == 0 for piece in found.pieces)
    assert [index for piece in found.pieces for index, _ in piece[1:]] == list(range(1, 41))
    assert all(sum(width for _, width in piece) <= 739 for piece in found.pieces)


def test_every_table_of_the_demo_fits_its_page_in_letters_that_can_be_read():
    for chapter in demo().parts:
        for block in chapter.blocks("table"):
            printed = block.data["printed"]
            found = fit(printed, 493, 739)
            assert found.size in SIZES
            assert len(found.pieces) == 1
            rounded = 0.2 * len(printed["heads"])
            assert sum(width for _, width in found.pieces[0]) <= (739 if found.turned else 493) + rounded
            for index, room in found.pieces[0]:
                cells = [row[index] for n, row in enumerate(printed["rows"]) if n not in printed.get("titles", [])]
                widest = max((width(word) for cell in cells for word in cell.split()), default=0)
                assert min(widest, 16) * found.size <= room - 6.9


def test_figures_are_drawn_as_vectors_with_their_alt_text(one):
    content = one(*(b for b in demo().chapters[1].blocks("figure")[:1]))
    found = read(content)
    objects = [found.get_object(index) for index in range(1, len(found.xref[0]) + 1)]
    elements = [o for o in objects if isinstance(o, dict) and o.get("/S") == "/Figure"]
    assert [element["/Alt"] for element in elements] == [demo().chapters[1].blocks("figure")[0].data["alt"]]
    assert not [o for o in objects if isinstance(o, dict) and o.get("/Subtype") == "/Image"]


def test_headings_of_every_level_are_tagged(worst):
    found = read(worst)
    objects = [found.get_object(index) for index in range(1, len(found.xref[0]) + 1)]
    tags = {str(o.get("/S", "")) for o in objects if isinstance(o, dict)}
    assert {tag for tag in tags if re.fullmatch(r"/H\d", tag)} == {"/H1", "/H2", "/H3", "/H4"}
    assert {"/Table", "/THead", "/TH", "/TD", "/Caption", "/Figure", "/L", "/LI", "/TOC", "/Link"} <= tags


def test_a_logo_that_cannot_be_drawn_is_an_error_that_names_it():
    brand = look(logo=b"\x89PNG and no more", kind="image/png")
    with pytest.raises(CxError, match=r"^the logo of study\.yml cannot be drawn: "):
        pdf.render(hostile(brand=brand))


def test_the_cover_shows_logo_client_and_line():
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"><rect width="90" height="30"/></svg>'
    brand = look("#123456", line="For Acme only", logo=svg, kind="image/svg+xml")
    report = replace(bottom_lines(), brand=brand, client="Acme", fieldwork="May 2026")
    pages = [page.extract_text() for page in read(pdf.render(report)).pages]
    assert all(part in pages[0] for part in ("Acme", "May 2026", "For Acme only"))
    assert all("For Acme only" in page for page in pages)


def test_two_renderings_are_the_same_to_the_byte(whole):
    assert pdf.render(demo()) == whole
