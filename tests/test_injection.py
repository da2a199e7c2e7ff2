"""A study whose every text is hostile, reported in all formats: each shows the text, and none runs or fetches it.

Oracle: each format as its own parser reads it, against what such a file may hold at all.
"""

import base64
import io
import json
import re
import zipfile
from html.parser import HTMLParser
from urllib.parse import unquote

import lxml.etree
import openpyxl
import pandas as pd
import pypdf
import pytest
import yaml
from test_page import BROWSER, browser, visit  # noqa: F401  browser is a fixture

from cxlib import Study, data_out, new_study
from cxlib.published import MIME
from cxlib.report import run
from cxlib.report.plan import make_plan
from cxlib.report.run import Report

REST = (
    '<img src=x onerror=alert(1)></script><script>alert(2)</script>" onmouseover="alert(3) [x](javascript:alert(4)) '
    "![x](http://127.0.0.1:9/p.png) #panic(5) $x_1$ @ref `raw` {{ 7*7 }} </text><script>alert(6)</script>"
)
EVENTS = re.compile(r"^on\w+$")
REMOTE = re.compile(r"^\s*(https?:|//|ftp:|javascript:|vbscript:|file:|data:text)", re.IGNORECASE)


def bad(place: int) -> str:
    """A hostile text, another one for each place."""
    return f"=cmd|' /C calc'!A{place} {REST}"


def study(folder) -> None:
    """A study in which whatever may be any text is hostile: also names of columns, branches and of the file."""
    name = "=x <img src=x onerror=alert(7)> $y$ #z"
    words = {"text": bad(1), "label": {"en": bad(2), "vi": bad(3)}}
    spec = {
        "study": "tiny", "title": bad(4), "client": bad(5), "sponsor": bad(6), "fieldwork": bad(7), "currency": bad(8),
        "sample": "opt_in", "minimum_base": 2,
        "brand": {"confidentiality": bad(9)}, "disclosure": {"conducted_by": bad(10), "contact": bad(11)},
        "metrics": {"own": {"scale": [1, 5], "scores": {5: 100}, "label": bad(12)}},
        "names": {"net <b>": bad(13), "care": bad(14)},
        "tables": {"survey": {
            "file": f"{name} & ;.csv", "respondent": "id", "wave": "when?",
            "questions": {
                name: {"role": "metric", "metric": "nps", "column": "first"},
                "second": {"role": "metric", "metric": "own", **words},
                "staff": {"role": "driver", "scale": [1, 5], "factor": "care", "label": bad(15)},
                "speed": {"role": "driver", "scale": [1, 5], "factor": "care", "label": bad(16)},
                "branch": {"role": "segment", "label": bad(17)},
                "kind": {"role": "segment", "labels": {1: bad(18), 2: bad(19)}, "nets": {"net <b>": [1, 2]}},
                "why": {"role": "comment", "text": bad(20)},
            },
        }},
    }  # fmt: skip
    rows = range(60)
    frame = pd.DataFrame({
        "id": [f"=r{i}" for i in rows], "when?": [f"=w{i // 30} <b>" for i in rows], "first": [i % 11 for i in rows],
        "second": [1 + i % 5 for i in rows], "staff": [1 + i * i % 5 for i in rows],
        "speed": [1 + (i + i // 7) % 5 for i in rows], "branch": [bad(21 + i % 3) for i in rows],
        "kind": [1 + i % 2 for i in rows], "why": [f"{'+-@='[i % 4]}slow staff {REST}" for i in rows],
    })  # fmt: skip
    frame.to_csv(folder / f"{name} & ;.csv", index=False)
    (folder / "study.yml").write_text(yaml.safe_dump(spec, allow_unicode=True, sort_keys=False), encoding="utf-8")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    study(folder)
    return folder


@pytest.fixture(scope="module")
def report(hostile, tmp_path_factory):
    out = tmp_path_factory.mktemp("reports") / "tiny"
    plan, book = make_plan(str(hostile), only=["survey_analysis"])
    made = Report(plan, book, out)
    run.run_all([made], workers=2)
    assert made.error is None, made.error
    return out


class Markup(HTMLParser):
    """The tags of a page with their attributes, what scripts it has, and its text."""

    def __init__(self, text: str):
        super().__init__()
        self.tags, self.scripts, self.text, self.inside = [], [], "", ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.inside = tag

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "script":
            self.scripts.append(data)
        elif self.inside != "style":
            self.text += data


def check_markup(text: str, *, scripts: bool = False) -> Markup:
    """That a page has no tag, attribute or address through which a text of the data acts; its drawings as well."""
    page = Markup(text)
    for tag, attributes in page.tags:
        assert tag not in {"iframe", "object", "embed", "base", "link", "form", "audio", "video", "foreignobject"}
        assert scripts or tag != "script"
        for name, value in attributes.items():
            assert not EVENTS.match(name), (tag, name)
            assert name not in ("srcset", "srcdoc", "formaction"), (tag, name)
            if name in ("src", "href", "xlink:href", "action", "data"):
                assert not REMOTE.match(value or ""), (tag, name, value[:80])
        if tag == "img":
            kind, _, drawn = attributes["src"].partition(",")
            assert kind.startswith("data:image/"), kind
            if "svg" in kind:
                check_drawing(base64.b64decode(drawn).decode() if kind.endswith("base64") else unquote(drawn))
    return page


def check_drawing(svg: str) -> None:
    """That a drawing is well-formed, draws, and does nothing else."""
    for node in lxml.etree.fromstring(svg.encode(), lxml.etree.XMLParser(resolve_entities=False)).iter():
        if not isinstance(node.tag, str):
            continue
        assert lxml.etree.QName(node).localname not in {"script", "foreignObject", "image", "a", "iframe", "set"}
        for name, value in node.attrib.items():
            assert not EVENTS.match(name)
            assert not (name.endswith("href") and not value.startswith("#")), value[:80]
    assert not re.search(r"@import|url\((?!['\"]?#)", svg)


def test_the_page_shows_the_texts_and_runs_none(report):
    page = check_markup((report / "index.html").read_text(encoding="utf-8"), scripts=True)
    for script in page.scripts:
        assert not re.search(r"alert\(\d\)", script) or "\\u003c" in script or "<" not in script, script[:200]
    assert page.text.count("<img src=x onerror=alert(1)>") > 10
    assert "![x](http://127.0.0.1:9/p.png)" in page.text
    assert "{{ 7*7 }}" in page.text


def test_notebooks_hold_text_alone(report):
    path = report / "notebooks" / "02_survey_analysis.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    kinds = set()
    for cell in notebook["cells"]:
        assert cell["cell_type"] == "code" or "alert(" not in "".join(cell["source"])
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            kinds |= {output["output_type"], *data}
            check_markup("".join(data.get("text/html", "")))
            if "image/svg+xml" in data:
                check_drawing("".join(data["image/svg+xml"]))
            if "text/markdown" in data:
                assert "<" not in "".join(data["text/markdown"]).replace("\\<", "").replace("&lt;", "")
    assert kinds <= {
        "display_data",
        "stream",
        "execute_result",
        "text/plain",
        "text/html",
        "text/markdown",
        "image/svg+xml",
        MIME,
    }


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def check_package(parts: dict[str, bytes]) -> None:
    """That a package of Office leads nowhere outside, and holds no macro, no data connection and no field that acts."""
    for name, content in parts.items():
        assert not re.search(r"vba|macro|activeX|externalLink|connections|oleObject", name), name
        if name.endswith(".rels"):
            assert b'TargetMode="External"' not in content, name
        if name.endswith((".xml", ".rels")):
            assert b"<!DOCTYPE" not in content
            assert not re.search(
                rb"<(\w+:)?(hlinkClick|ddeLink|instrText|fldSimple)\b(?![^>]*r:id=\"\"[^>]*)", content
            ) or (b"hlinksldjump" in content), name


def test_the_workbook_computes_and_opens_nothing(report):
    content = (report / "tables.xlsx").read_bytes()
    check_package(parts_of(content))
    book = openpyxl.load_workbook(io.BytesIO(content))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not [cell for cell in cells if cell.data_type == "f"]
    like = [cell for cell in cells if isinstance(cell.value, str) and cell.value.startswith(("=", "+", "-", "@"))]
    assert len(like) > 10
    assert all(cell.quotePrefix for cell in like)
    assert not [cell for cell in cells if cell.hyperlink and not cell.hyperlink.location]


def test_slides_lead_nowhere_and_their_workbooks_compute_nothing_of_the_data(report):
    parts = parts_of((report / "report.pptx").read_bytes())
    check_package(parts)
    inner = [content for name, content in parts.items() if name.endswith(".xlsx")]
    assert inner
    for content in inner:
        check_package(parts_of(content))
        for sheet in openpyxl.load_workbook(io.BytesIO(content)):
            formulas = [cell.value for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
            assert all(re.fullmatch(r"=[A-Z]+\d+-[A-Z]+\d+", one) for one in formulas), formulas


def test_the_pdf_has_no_action(report):
    reader = pypdf.PdfReader(report / "report.pdf")
    for number in _numbers(reader):
        found = reader.get_object(number)
        if isinstance(found, dict):
            assert not {"/JS", "/JavaScript", "/AA", "/URI", "/EmbeddedFiles", "/RichMedia"} & set(found), number
            assert found.get("/S") not in ("/JavaScript", "/Launch", "/URI", "/SubmitForm", "/ImportData", "/GoToR")
    text = re.sub(r"\s+", "", "".join(page.extract_text() for page in reader.pages))
    assert "<imgsrc=xonerror=alert(1)>" in text
    assert "#panic(5)" in text


def _numbers(reader) -> set[int]:
    return {number for generation in reader.xref.values() for number in generation} | set(reader.xref_objStm)


def test_nothing_is_written_outside_the_report(report, hostile):
    assert [path.name for path in report.parent.iterdir() if not path.name.startswith(".")] == ["tiny"]
    assert len(list(hostile.iterdir())) == 2
    for path in report.rglob("*"):
        assert re.fullmatch(r"[\w.-]+", path.name), path


def test_clean_answers_are_texts_to_a_spreadsheet(hostile, tmp_path):
    loaded = Study.load(hostile)
    notes = data_out.write(loaded, tmp_path / "clean.xlsx", personas={})
    book = openpyxl.load_workbook(tmp_path / "clean.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    like = [cell for cell in cells if cell.value.startswith(("=", "+", "-", "@"))]
    assert len(like) > 60
    assert {cell.data_type for cell in like} == {"s"}
    assert all(cell.quotePrefix for cell in like)
    assert not [note for note in notes if "formula" in note]
    notes = data_out.write(loaded, tmp_path / "clean.csv", personas={})
    told = [note for note in notes if "formula" in note]
    assert len(told) == 1
    assert re.search(r"\d+ texts begin as a formula does, e\.g\. in ", told[0])


def test_a_data_dictionary_of_hostile_columns_is_text(tmp_path):
    frame = pd.DataFrame(
        {bad(1): [1, 2, 3, 4] * 5, "<script>alert(1)</script>": list("abab") * 5, "=1+1": ["x", "y"] * 10}
    )
    frame.to_csv(tmp_path / "export.csv", index=False)
    new_study.create(tmp_path / "made", [tmp_path / "export.csv"], decide=None, command="cx")
    page = check_markup((tmp_path / "made" / "dictionary.html").read_text(encoding="utf-8"))
    assert "<script>alert(1)</script>" in page.text
    content = (tmp_path / "made" / "dictionary.xlsx").read_bytes()
    check_package(parts_of(content))
    for sheet in openpyxl.load_workbook(io.BytesIO(content)):
        assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert not Study.load(tmp_path / "made").check()


@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine (Debian package chromium)")
def test_a_browser_asks_says_and_fetches_nothing(browser, report):  # noqa: F811
    address, dialogs = (report / "index.html").as_uri(), []
    browser.on("page", lambda opened: opened.on("dialog", lambda one: dialogs.append(one.message)))
    page, seen = visit(browser, address, 1280)
    page.on("dialog", lambda one: (dialogs.append(one.message), one.dismiss()))
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    page.mouse.move(600, 400)
    page.wait_for_load_state("networkidle")
    assert [url for url in seen["requests"] if not url.startswith("data:")] == [address]
    assert seen["logged"] == []
    assert dialogs == []
    page.close()
