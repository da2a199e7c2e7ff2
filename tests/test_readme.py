"""README and its Vietnamese twin: in step, and true of the folder; the index of the guide.

Oracles: the notebooks (titles, metadata), the Makefile, the commands' own lists, and the other page of the pair.
"""

import json
import re

import pytest
from doc_pages import ROOT, commands, fences, headings, links, section, tables, tokens

from cxlib.cli import cli
from cxlib.report.plan import chapters

ENGLISH, VIETNAMESE = ROOT / "README.md", ROOT / "README.vi.md"
GUIDE = ROOT / "notebooks/guide"
LETTERS = set("ăâđêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ")


def kinds(page) -> list[str]:
    """What a page is built of, in order: headings by level, paragraphs, lists, tables, code."""
    opened = {"paragraph_open", "bullet_list_open", "ordered_list_open", "list_item_open", "table_open", "tr_open"}
    return [t.tag if t.type == "heading_open" else t.type for t in tokens(page) if t.type in {"heading_open", *opened}]


def numbers(text: str) -> list[str]:
    """Numbers in prose, thousands and decimals written in one way."""
    found = re.findall(r"(?<![\w.])\d+(?:[.,]\d+)*", text)
    return sorted(re.sub(r"[.,](?=\d{3}\b)", "", number).replace(",", ".") for number in found)


def blocks(page) -> list[str]:
    """The prose of a page, block by block, without code spans and targets of links."""
    made = []
    for token in tokens(page):
        if token.type == "inline":
            made.append(" ".join(child.content for child in token.children if child.type == "text"))
    return made


# -- the pair -------------------------------------------------------------------------------------------------------


def test_headings_are_as_many_and_of_the_same_levels_in_the_same_order():
    ours, theirs = headings(ENGLISH), headings(VIETNAMESE)
    assert [level for level, _ in theirs] == [level for level, _ in ours]


def test_the_pages_are_built_alike():
    """Paragraph for paragraph, item for item, row for row: a section that one lacks shows where it begins."""
    assert kinds(VIETNAMESE) == kinds(ENGLISH)
    assert [[len(row) for row in table] for table in tables(VIETNAMESE)] == [
        [len(row) for row in table] for table in tables(ENGLISH)
    ]


def test_code_is_the_same_but_for_its_comments():
    """A shell's comments are translated; those under Python are what it prints."""

    def plain(fence):
        return [re.sub(r" +# .*", "", line) for line in fence.text.splitlines()] if not fence.language else fence.text

    assert [(f.language, plain(f)) for f in fences(VIETNAMESE)] == [(f.language, plain(f)) for f in fences(ENGLISH)]


def test_commands_names_and_files_are_the_same():
    """Everything between backticks, in each block, in whatever order the sentence has."""
    ours, theirs = ([t for t in tokens(page) if t.type == "inline"] for page in (ENGLISH, VIETNAMESE))
    for one, other in zip(ours, theirs, strict=True):
        wanted, found = (sorted(c.content for c in t.children if c.type == "code_inline") for t in (one, other))
        assert found == wanted, other.content


def test_links_lead_to_the_same_places():
    """But for the link to each other."""
    ours, theirs = links(ENGLISH), links(VIETNAMESE)
    assert ours.count("README.vi.md") == 1
    assert theirs.count("README.md") == 1
    assert [t for t in theirs if t != "README.md"] == [t for t in ours if t != "README.vi.md"]


def test_numbers_in_prose_are_the_same():
    for one, other in zip(blocks(ENGLISH), blocks(VIETNAMESE), strict=True):
        assert numbers(other) == numbers(one), other


def test_each_block_is_translated():
    """A block of prose with more than a few words holds Vietnamese letters, and is not the English one."""
    for one, other in zip(blocks(ENGLISH), blocks(VIETNAMESE), strict=True):
        if len(re.findall(r"[A-Za-z]{3,}", one)) > 4:
            assert set(other.lower()) & LETTERS, other
            assert other != one


def test_the_english_page_holds_no_vietnamese_by_mistake():
    words = " ".join(blocks(ENGLISH))
    assert len(set(words.lower()) & LETTERS) <= 6, "the name of the language, in the link"


# -- true of the project -----------------------------------------------------------------------------------------------


def titles() -> dict[str, str]:
    """The question of each chapter, by its notebook."""
    found = {}
    for path, _ in chapters().values():
        first = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])
        found[path.name] = first.splitlines()[0].removeprefix("# ")
    return found


def listed(page) -> dict[str, str]:
    """Notebooks of chapters in the page's tables, with the question in the next column."""
    rows = [row for table in tables(page) for row in table]
    cells = [(re.search(r"\((?:notebooks|\.\.)/(\d\d_\w+\.ipynb)\)", row[0]), row[1]) for row in rows]
    return {match[1]: question for match, question in cells if match}


@pytest.mark.parametrize("page", [ENGLISH, GUIDE / "README.md"], ids=["README", "guide"])
def test_every_chapter_is_listed_with_its_question(page):
    assert listed(page) == titles()


def test_the_chapters_of_the_vietnamese_page_are_titled_as_in_a_report():
    from cxlib import language

    language.speak("vi")
    try:
        wanted = {name: language.tr(title) for name, title in titles().items()}
    finally:
        language.speak("en")
    assert listed(VIETNAMESE) == wanted


def test_every_command_of_cx_is_told():
    named = {command.split()[1] for command in commands(ENGLISH) if command.startswith("cx ")}
    assert set(cli.commands) <= named


def test_every_target_of_make_is_told():
    """Help lists itself, and clean undoes the others."""
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = ENGLISH.read_text(encoding="utf-8")
    assert [name for name in sorted(targets - {"help", "clean"}) if not re.search(rf"\bmake {name}\b", text)] == []


def test_the_guide_lists_all_that_is_in_its_folder():
    there = {path.name for path in GUIDE.iterdir() if path.suffix in (".md", ".ipynb")} - {"README.md"}
    assert there <= set(links(GUIDE / "README.md"))
    assert section(GUIDE / "README.md", "The chapters")
