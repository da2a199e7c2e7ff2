"""The page: nothing from elsewhere, text as text, figures beside their numbers, the same bytes again."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from urllib.parse import unquote

import pytest
from demo_document import demo
from hostile_document import SVG, TEXTS, figure, hostile, look, table

from cxlib import language
from cxlib.report import drawings, html
from cxlib.report.brand import HOUSE, WHITE, mixed
from cxlib.report.document import Block, Chapter, Section
from cxlib.report.layout import groups, levels, place
from cxlib.report.markdown import Run


class Page(HTMLParser):
    """Tags in order with their attributes, ids, links, and the text outside of script, style and data."""

    def __init__(self, page: bytes):
        super().__init__()
        self.tags, self.text, self.code, self.open = [], [], {}, []
        self.feed(page.decode("utf-8"))
        self.ids = [attributes["id"] for _, attributes in self.tags if "id" in attributes]
        self.links = [attributes["href"] for _, attributes in self.tags if "href" in attributes]

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        self.open.append(f"/{tag}")

    def handle_data(self, data):
        if self.tags and self.tags[-1] == ("script", {"type": "application/json", "id": "cx-manifest"}):
            return
        if self.open[-1:] in (["script"], ["style"]):
            self.code[self.open[-1]] = self.code.get(self.open[-1], "") + data
        else:
            self.text.append(data)

    def all(self, tag: str) -> list[dict]:
        return [attributes for found, attributes in self.tags if found == tag]


@pytest.fixture(scope="module")
def rendered() -> bytes:
    language.speak("en")
    return html.render(demo())


@pytest.fixture(scope="module")
def page(rendered) -> Page:
    return Page(rendered)


@pytest.fixture(scope="module")
def worst() -> Page:
    language.speak("en")
    return Page(html.render(hostile()))


def drawn(page: Page) -> list[str]:
    """The drawings of a page."""
    found = [image["src"].partition(",") for image in page.all("img")]
    return [unquote(data) for kind, _, data in found if kind == "data:image/svg+xml;charset=utf-8"]


def test_the_page_is_self_contained_and_its_links_lead_somewhere(rendered, page):
    assert not {tag for tag, _ in page.tags} & {"link", "iframe", "object", "embed", "form", "base", "video", "audio"}
    assert not re.search(r"url\(|@import", page.code["style"])
    assert all(image["src"].startswith("data:image/") for image in page.all("img"))
    assert not any(attributes.keys() & {"srcset", "style", "onclick", "onload"} for _, attributes in page.tags)
    assert len(page.ids) == len(set(page.ids))
    assert all(link.startswith("#") for link in page.links)
    assert {link[1:] for link in page.links} <= set(page.ids)
    named = [name for _, a in page.tags for key in a if key.startswith("aria-") for name in (a[key] or "").split()]
    assert {name for name in named if "-" in name} <= set(page.ids)
    assert len(rendered) < 6_000_000


def test_the_policy_allows_the_one_script_and_nothing_else(page):
    policy = next(meta["content"] for meta in page.all("meta") if "http-equiv" in meta)
    digest = base64.b64encode(hashlib.sha256(page.code["script"].encode()).digest()).decode()
    assert policy.split("; ") == [
        "default-src 'none'",
        "img-src data:",
        "style-src 'unsafe-inline'",
        f"script-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert page.all("script") == [{}, {"type": "application/json", "id": "cx-manifest"}]  # the second is data
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|import|eval|innerHTML)\b", page.code["script"])


def test_everything_published_is_on_the_page(page):
    text = " ".join(" ".join(page.text).split())
    for chapter in demo().parts:
        for kind in ("number", "table", "figure", "finding"):
            assert {f"{chapter.name}-{kind}-{block.name}" for block in chapter.blocks(kind)} <= set(page.ids)
        for number in chapter.blocks("number"):
            printed = number.data["printed"]
            assert f"{number.data['label']} {printed['value']} {printed['interval']}".strip() in text
        for finding in chapter.blocks("finding"):
            assert " ".join(finding.data["text"].split()) in text
    cells = sum(tag in ("td", "th") for tag, _ in page.tags)
    assert cells > sum(
        len(row) for part in demo().parts for block in part.blocks("table") for row in block.data["printed"]["rows"][1:]
        if row[1:] != [""] * (len(row) - 1)
    )  # fmt: skip


def test_headings_leave_no_level_out_and_the_title_is_the_first(page, worst):
    for one in (page, worst):
        found = [int(tag[1]) for tag, _ in one.tags if re.fullmatch(r"h[1-6]", tag)]
        assert found[0] == 1
        assert found.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(found))


def test_every_table_has_a_caption_and_headings_with_their_scope(page, worst):
    for one in (page, worst):
        assert len(one.all("caption")) == len(one.all("table")) > 0
        assert all(head["scope"] in ("col", "colgroup", "row", "rowgroup") for head in one.all("th"))
    boxes = [a for _, a in page.tags if a.get("class") == "table"]
    assert len(boxes) == len(page.all("table"))
    assert all(box["tabindex"] == "0" and box["aria-labelledby"] in page.ids for box in boxes)


def test_a_figure_has_its_table_below_it_or_a_link_to_it():
    section = Section("x", blocks=[figure("a", "t"), figure("b", "t"), Block("finding", "f", {"text": "F."}),
                                   table("t", ["n"], [["1"]]), figure("c", "elsewhere"), figure("d", "")])  # fmt: skip
    assert [[block.name for block in group] for group in groups(section)] == [["a"], ["b", "t"], ["f"], ["c"], ["d"]]
    rows = Section("y", blocks=[table("elsewhere", ["n"], [["1"]])])
    one = Page(html.render(replace(hostile(), chapters=[Chapter("k", "K?", [section, rows], {})])))
    kinds = [tag for tag in one.open if tag in ("figure", "/figure", "details", "table")]
    assert kinds[:6] == ["figure", "/figure", "figure", "details", "table", "/figure"]
    assert [link for link in one.links if "-table-" in link] == ["#k-table-t", "#k-table-elsewhere"]


def test_the_levels_of_a_section_s_headings():
    def of(*found: int) -> list[int]:
        blocks = [Block("heading", "", {"level": level, "runs": [Run("x")]}) for level in found]
        return [level for _, level in levels(Section("s", blocks=blocks), 3)]

    assert of(3, 4, 3) == [4, 5, 4]
    assert of(6, 6) == [4, 5]
    assert of(1, 2) == [4, 4]
    assert of(3, 4, 5, 6) == [4, 5, 6, 6]


@pytest.mark.parametrize("name", TEXTS)
def test_text_of_every_kind_comes_out_as_text(worst, name):
    text = re.sub("[\x00\x07\x0c]", "", TEXTS[name].encode("utf-8", "replace").decode())
    assert text in worst.text
    if name != "long":
        assert text in next(image["alt"] for image in worst.all("img"))


def test_hostile_text_opens_no_tag_and_no_link(worst):
    assert len(worst.all("script")) == 1
    assert not worst.all("b")
    assert not any(key.startswith("on") for _, attributes in worst.tags for key in attributes)
    assert {link for link in worst.links if not link.startswith("#")} == {'https://example.org/?a=1&b="2"'}


def test_a_drawing_comes_through_its_address_unharmed(worst):
    found = drawn(worst)[0]
    assert "<text id='t'>" not in found  # nothing refers to it
    assert "%41 &amp; &lt;b&gt; it&#39;s" in found
    assert "width='90.12'" in found
    assert "quoted" not in found


def test_drawings_take_the_client_s_colour_and_its_tints():
    tint = mixed(HOUSE, WHITE, 0.56)
    svg = SVG.replace("<rect", f'<rect style="fill: {tint}"/><rect style="fill: #c8553d"/><rect')
    shown = drawings.recoloured(svg, "#a01010")
    light, other, full = re.findall(r"#\w{6}", shown)
    aims = zip(bytes.fromhex(light[1:]), bytes.fromhex(mixed("#a01010", WHITE, 0.56)[1:]), strict=True)
    assert max(abs(one - aim) for one, aim in aims) <= 1
    assert (other, full) == ("#c8553d", "#a01010")
    assert drawings.recoloured(svg, HOUSE) == svg
    found = drawn(Page(html.render(hostile(brand=look("#a01010")))))
    assert not any(HOUSE in one for one in found)
    assert all("#a01010" in one for one in found)


def test_a_drawing_in_fewer_letters_is_the_same_picture():
    path = '<path id="a-1" d="M 1.23456 2 z "/><use xlink:href="#a-1" transform="translate(63.61 0) scale(0.015625)"/>'
    assert drawings.compact(f"<svg>\n  {path}\n</svg>") == (
        '<svg><path id="a-1" d="M 1.23 2z"/><use href="#a-1" transform="translate(63.61 0) scale(0.015625)"/></svg>'
    )
    assert drawings.compact('<use href="#a" transform="translate(63.615 0)"/>') == '<use href="#a" x="63.62"/>'
    assert drawings.size(SVG) == (100, 50)
    assert drawings.size("<svg/>") is None


def test_where_a_number_lies_on_its_scale():
    known = {"value": 0.0, "low": -50.0, "high": 25.0, "least": -100.0, "most": 100.0}
    assert place(known) == {"value": 50.0, "low": 25.0, "high": 62.5}
    assert place(known | {"most": None}) is None
    assert place(known | {"most": -100.0}) is None
    assert place({"value": 1.0, "low": 0.0, "high": 2.0}) is None


def test_the_client_s_look(worst):
    logo = Page(html.render(hostile(brand=look("#123456", line="For Acme only", logo=b"\x89PNG", kind="image/png"))))
    assert logo.all("img")[0] == {"class": "logo", "src": "data:image/png;base64,iVBORw==", "alt": "Logo"}
    assert "--brand: #123456;" in logo.code["style"]
    assert logo.text.count("For Acme only") == 2
    assert "logo" not in [image.get("class") for image in worst.all("img")]


def test_the_words_of_the_page_are_in_the_language_of_the_report():
    language.speak("vi")
    shown = Page(html.render(hostile(language="vi")))
    assert shown.all("html") == [{"lang": "vi"}]
    for words in ("Mục lục", "Số liệu", "Sao chép bảng", "Về mục lục", "Đến nội dung báo cáo"):
        assert any(words == text.strip() for text in shown.text), words


def test_two_renderings_are_the_same_to_the_byte(rendered):
    assert html.render(demo()) == rendered
    assert html.render(hostile()) == html.render(hostile())
