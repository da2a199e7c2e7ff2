"""The disclosure check: a value planted in the finished file of each format is found and named, and others are not.

Oracle: what was planted, by the tools that write the formats (openpyxl, python-pptx, typst).
"""

import json
import zipfile
from types import SimpleNamespace

import openpyxl
import pptx
import pytest
import typst
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from cxlib import CxError, Study
from cxlib.private_values import private_values
from cxlib.report.disclosure import check, check_labels, hidden, looked_for
from cxlib.report.file_texts import texts_of
from cxlib.study_yml import read_codebook

STUDY = """
    respondent: id
    private: [name, phone, mail, paper, nick, born, pay, code]
    questions:
      recommend: {role: metric, metric: nps, label: "Phan Hoàng Long"}
      city: {role: segment}
      why: {role: comment}
"""
HEAD = "id,name,phone,mail,paper,nick,born,pay,code,recommend,city,why\n"
ROWS = [
    "1,Đặng Thị Mỹ Uyên,0912345678,uyen.dang@example.com,079185001234,Trang,1985-03-12,15000000,99,9,hanoi,fine",
    "2,Phan Hoàng Long,+84 938 765 432,long@example.org,B7654321,Trang,1990-01-02,9000000,12,8,hanoi,good",
    "3,Quách Văn Bảo,028 3822 1234,bao_q@example.net,001087654321,Trang,1991-01-02,7000000,13,3,Đà Nẵng,bad",
    "4,Đà Nẵng,0977000000,a@b.vn,1234567,Kỳ Duyên,1991-05-02,7000000,13,3,hcm,bad",
]
TOP = "study: tiny\ntitle: Tiny\nsample: opt_in\ndisclosure: {contact: 'hotline 0283 555 0199, ask@client.example'}\n"


@pytest.fixture
def study(make):
    return make(STUDY, HEAD + "\n".join(ROWS) + "\n", top=TOP)


@pytest.fixture
def checked(study, tmp_path):
    """checked(name, content): the check of a report with this file alone; its refusal, or "" where there is none."""
    book = read_codebook(study / "study.yml", "")
    places = {"study": str(study), "data": ""}
    plan = SimpleNamespace(study="tiny", language="en", chapters=(SimpleNamespace(places=places),))

    def refused(name: str, content: bytes | str, endings=()) -> str:
        folder = tmp_path / "report"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        try:
            check(folder, plan, book, looked_for(plan), endings)
        except CxError as error:
            return str(error)
        finally:
            path.unlink()
        return ""

    return refused


def saved(tmp_path, made, name: str) -> bytes:
    made.save(tmp_path / name)
    return (tmp_path / name).read_bytes()


def slides(tmp_path, change) -> bytes:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Results"
    change(deck, slide)
    return saved(tmp_path, deck, "x.pptx")


def with_chart(deck, slide) -> None:
    data = CategoryChartData()
    data.categories = ["Đặng Thị Mỹ Uyên", "others"]
    data.add_series("share", (1, 2))
    slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, 0, 0, Inches(4), Inches(3), data)


def sheet(tmp_path, change) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["Segment", "Value"])
    change(book, book.active)
    return saved(tmp_path, book, "x.xlsx")


def pdf(tmp_path, source: str) -> bytes:
    (tmp_path / "x.typ").write_text(source, encoding="utf-8")
    return typst.compile(str(tmp_path / "x.typ"))


def notebook(data: dict) -> str:
    cell = {"cell_type": "code", "metadata": {}, "source": ["x\n", "y"], "outputs": [{"data": data}]}
    return json.dumps({"cells": [cell], "metadata": {}}, ensure_ascii=True)


PLANTED = {
    "index.html": {
        "text": lambda _: "<p>Thanks to <strong>Đặng Thị</strong> Mỹ Uyên for all</p>",
        "attribute": lambda _: '<img alt="as ĐẶNG THỊ MỸ UYÊN said" src="x">',
        "entity": lambda _: "<td>&#272;ặng Thị Mỹ&nbsp;Uyên</td>",
        "drawing": lambda _: '<img src="data:image/svg+xml;charset=utf-8,<svg><text>Đặng Thị Mỹ Uyên</text></svg>">',
        "script": lambda _: '<script type="application/json">{"who": "Đặng Thị Mỹ Uyên"}</script>',
    },
    "report.pdf": {
        "text": lambda path: pdf(path, "Thanks to Đặng Thị Mỹ Uyên"),
        "lines": lambda path: pdf(path, "#set page(width: 3cm, margin: 2mm)\nThanks to Đặng Thị Mỹ Uyên"),
        "alt": lambda path: pdf(path, '#figure(rect(), alt: "by Đặng Thị Mỹ Uyên")'),
        "title": lambda path: pdf(path, '#set document(title: "Đặng Thị Mỹ Uyên")\nx'),
    },
    "report.pptx": {
        "text": lambda path: slides(path, lambda deck, slide: setattr(slide.shapes.title, "text", "Đặng Thị Mỹ Uyên")),
        "notes": lambda path: slides(
            path, lambda deck, slide: setattr(slide.notes_slide.notes_text_frame, "text", "Đặng Thị Mỹ Uyên")
        ),
        "properties": lambda path: slides(
            path, lambda deck, slide: setattr(deck.core_properties, "subject", "Đặng Thị Mỹ Uyên")
        ),
        "chart": lambda path: slides(path, with_chart),
    },
    "tables.xlsx": {
        "cell": lambda path: sheet(path, lambda book, page: page.append(["Đặng Thị Mỹ Uyên", 3])),
        "sheet": lambda path: sheet(path, lambda book, page: setattr(page, "title", "Đặng Thị Mỹ Uyên")),
        "properties": lambda path: sheet(
            path, lambda book, page: setattr(book.properties, "title", "Đặng Thị Mỹ Uyên")
        ),
    },
    "notebooks/00_x.ipynb": {
        "json": lambda _: notebook({"application/json": {"rows": [["Đặng Thị Mỹ Uyên", 3]]}}),
        "html": lambda _: notebook({"text/html": ["<td>Đặng Thị\n", "Mỹ Uyên</td>\n"]}),
        "drawing": lambda _: notebook({"image/svg+xml": "<svg><!-- Đặng Thị Mỹ Uyên --></svg>"}),
    },
    "results.json": {"text": lambda _: json.dumps({"findings": ["Đặng Thị Mỹ Uyên says"]})},
    "plan.json": {"key": lambda _: json.dumps({"parameters": {"Đặng Thị Mỹ Uyên": 1}})},
    "ro-crate-metadata.json": {"text": lambda _: json.dumps({"@graph": [{"name": "Dang Thi My Uyen"}]})},
    "figures/x.svg": {"note": lambda _: "<svg><g><!-- Đặng Thị Mỹ Uyên --><use/></g></svg>"},
}
CASES = [(name, kind) for name, kinds in PLANTED.items() for kind in kinds]


@pytest.mark.parametrize(("name", "kind"), CASES, ids=[f"{name}-{kind}" for name, kind in CASES])
def test_a_value_planted_in_any_format_is_found_and_named(name, kind, checked, tmp_path):
    told = checked(name, PLANTED[name][kind](tmp_path))
    assert told.startswith("the report is not published, as it would give away private data: "), told
    assert f"{name} holds 1 value of survey.name, e.g. " in told
    assert "Uyên" not in told
    assert "uyen" not in told.casefold()


@pytest.mark.parametrize(
    ("text", "column", "example"),
    [
        ("call 0912345678", "phone", "9…"),
        ("call 0912 345 678 today", "phone", "9…"),
        ("call +84.912.345.678", "phone", "9…"),
        ("call 0084 912-345-678", "phone", "9…"),
        ("in 2026 0938765432 called", "phone", "9…"),
        ("(028) 3822 1234", "phone", "2838…34"),
        ("uyen.dang@example.com", "mail", "u… d… e… c…"),
        ("UYEN.DANG@EXAMPLE.COM", "mail", "u… d… e… c…"),
        ("no. 079185001234", "paper", "0791…34"),
        ("passport b7654321", "paper", "b…"),
        ("Quách  Văn\nBảo", "name", "q… v… b…"),
        ("Qua\u0301ch Va\u0306n Ba\u0309o", "name", "q… v… b…"),
        ("quach-van-bao", "name", "q… v… b…"),
        ("so said Kỳ Duyên", "nick", "k… d…"),
    ],
)
def test_a_value_is_known_however_it_is_written(text, column, example, checked):
    told = checked("results.json", json.dumps({"text": text}))
    assert f"results.json holds 1 value of survey.{column}, e.g. {example}; no value" in told


@pytest.mark.parametrize(
    "text",
    [
        "Phan Hoàng Long",  # a label of study.yml
        "people of Đà Nẵng",  # an answer to a question, too
        "Trang",  # three rows bear it
        "1985-03-12 and 15,000,000 and 99",
        "a0912345678b or 10912345678",
        "Đặng Thị Mỹ and Uyên, Văn Bảo",
        "hotline 0283 555 0199, ask@client.example",  # the client's own
        "+1.234.567.890 VND, 2019 2020 2021 2022, 0.0912345678",
        "1.250.000.000 đ, 350 000 000, 12/05/2026 08:30, 01-02-2026 10:30",
        "10.1093/biomet/asx070, 978-0-471-69495-5, 2308.07333",
        "+15.31 to +17.02; 08 09 10 11 12; 0 2 4 6 8 10 12",
        "sha256 0912345678abcdef0912345678abcdef",
    ],
)
def test_what_tells_nothing_is_published(text, checked):
    assert checked("results.json", json.dumps({"text": text})) == ""


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("write to lan.tran@mail.example", "a mail address, e.g. lan.…le"),
        ("0987654321", "a phone or identity number, e.g. 0987…21"),
        ("0987 654 321", "a phone or identity number, e.g. 0987…21"),
        ("+84 987 654 321", "a phone or identity number, e.g. +84 …21"),
        ("(028) 3999 1234", "a phone or identity number, e.g. (028…34"),
        ("+44 7911 1234 567", "a phone or identity number, e.g. +44 …67"),
        ("001199012345", "a phone or identity number, e.g. 0011…45"),
        ("4111 1111 1111 1111", "a card number, e.g. 4111…11"),
        ("5500000000000004", "a card number, e.g. 5500…04"),
    ],
)
def test_a_detail_is_refused_whatever_column_it_is_from(text, what, checked):
    assert f"results.json holds {what}" in checked("results.json", json.dumps({"text": text}))


def test_values_are_told_by_file_and_column_and_counted(checked):
    names = "Đặng Thị Mỹ Uyên, Quách Văn Bảo and 0912345678"
    told = checked("results.json", json.dumps([names]))
    assert "results.json holds 2 values of survey.name, e.g. q… v… b… and 1 value of survey.phone, e.g. 9…; " in told


def test_only_the_files_asked_for_are_read(checked):
    assert checked("results.json", json.dumps(["Đặng Thị Mỹ Uyên"]), endings=(".pdf",)) == ""


def test_the_studys_own_files_in_a_report_are_what_they_are(checked):
    assert checked("data/notes.json", json.dumps(["Đặng Thị Mỹ Uyên"])) == ""


def test_a_study_without_private_columns_is_still_looked_through(make, tmp_path):
    folder = make("questions: {recommend: {role: metric, metric: nps}}", "recommend\n9\n")
    (tmp_path / "r").mkdir()
    plan = SimpleNamespace(language="en", chapters=[SimpleNamespace(places={"study": str(folder), "data": ""})])
    book = read_codebook(folder / "study.yml", "")
    (tmp_path / "r/results.json").write_text('["fine"]')
    assert check(tmp_path / "r", plan, book, looked_for(plan)).startswith("no private columns; ")
    (tmp_path / "r/results.json").write_text('["0987654321"]')
    with pytest.raises(CxError, match="a phone or identity number"):
        check(tmp_path / "r", plan, book, looked_for(plan))


def test_reports_are_not_made_by_labels_that_give_somebody_away(study):
    loaded = Study.load(study)
    check_labels(loaded, ["Hà Nội", "Đà Nẵng"], "city")
    with pytest.raises(CxError, match=r"no reports are made by city, .*the column city holds 1 value of survey.name"):
        check_labels(loaded, ["Hà Nội", "Quách Văn Bảo"], "city")


def test_values_too_short_or_too_common_are_counted(study):
    """Of 4 names, phones, mails, papers, of 2 nicks, 3 days, 3 amounts and 3 codes: all that are different."""
    values = private_values(Study.load(study))
    common = {"0977000000", "a@b.vn", "Trang", "1985-03-12", "1990-01-02", "1991-01-02", "1991-05-02"}
    common |= {"15000000", "9000000", "7000000", "99", "12", "13"}
    assert values.passed == len(common)
    assert len(values) == 4 + 3 + 3 + 4 + 1


def test_a_large_table_is_looked_at_too(make):
    import pandas as pd

    folder = make("file: s.parquet\nprivate: [phone]\nquestions: {recommend: {role: metric, metric: nps}}", "x",
                  name="x.csv", top="study: t\ntitle: T\nsample: opt_in\nlarge: {rows: 10}\n")  # fmt: skip
    frame = pd.DataFrame({"phone": [f"09{i:08d}" for i in range(11, 61)], "recommend": 9})
    frame.to_parquet(folder / "s.parquet")
    assert private_values(Study.load(folder)).found("call 0900000042") == {"900000042": "survey.phone"}


def test_archives_within_are_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.pptx", "w") as archive:
        archive.writestr("ppt/embeddings/a.xlsx", sheet(tmp_path, lambda book, page: page.append(["found me", 1])))
    assert "found me" in set(texts_of(tmp_path / "x.pptx"))


@pytest.mark.parametrize(
    ("value", "shown"), [("0912345689", "0912…89"), ("nguyễn văn a", "n… v… a…"), ("b7654321", "b…")]
)
def test_examples_hide_most_letters(value, shown):
    assert hidden(value) == shown
