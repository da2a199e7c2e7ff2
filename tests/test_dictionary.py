"""The data dictionary: what is told of each column, what is never shown, and how it is written.

Oracles: hand counts of small tables, openpyxl, and the HTML parser of the standard library.
"""

import math
from html.parser import HTMLParser

import openpyxl
import pandas as pd
import pytest

from cxlib import CxError, dictionary
from cxlib.answers import Answers, Variable
from cxlib.language import spoken

FRAME = pd.DataFrame(
    {
        "phone": ["0901000111", "0901000222", "0901000111", None],
        "score": ["10", "9", " 3 ", "99"],
        "sex": [1.0, 2.0, 2.0, float("nan")],
        "why": ["good", "good", "bad", ""],
        "when": pd.to_datetime(["2026-01-02", None, "2026-03-01 10:30", "2026-02-01"], format="ISO8601"),
        "name": ["An", "Bình", "Chi", "Dung"],
    }
)
VARIABLES = {
    "phone": Variable("phone", "Phone"),
    "score": Variable("score", "Recommend?", missing=("99",)),
    "sex": Variable("sex", "Sex", labels={"1": "Nữ", "2": "Nam"}),
    "why": Variable("why", "Why?", "Other", kind="text"),
    "when": Variable("when", kind="date"),
}
ROLES = {"phone": "private", "score": "metric", "sex": "segment", "when": "when"}


@pytest.fixture
def frame() -> pd.DataFrame:
    return dictionary.entries(Answers(FRAME, VARIABLES, "csv"), ROLES).set_index("column")


def test_every_column_is_counted(frame):
    """Oracle: by hand."""
    counts = frame[["n", "n_missing", "blank", "distinct"]].T.to_dict("list")
    assert counts == {"phone": [3, 0, 1, 2], "score": [3, 1, 0, 3], "sex": [3, 0, 1, 2], "why": [3, 0, 1, 2],
                      "when": [3, 0, 1, 3], "name": [4, 0, 0, 4]}  # fmt: skip
    assert list(frame.reset_index()) == dictionary.COLUMNS


def test_numbers_have_ends_and_a_mean_others_their_most_frequent_answers(frame):
    assert frame.loc["score", ["least", "most"]].tolist() == [3, 10]
    assert frame.loc["score", "mean"] == pytest.approx(22 / 3)
    assert frame.loc["score", "missing"] == "99"
    assert frame.loc["sex", "codes"] == "1 = Nữ; 2 = Nam"
    # one answer only was given twice; what one person says is not shown
    assert frame.loc["sex", "top"] == "Nam 67%"
    assert frame.loc["when", ["least", "most"]].tolist() == ["2026-01-02", "2026-03-01 10:30:00"]
    assert frame.loc["why", "text"] == "Why? · Other"
    assert frame.loc["why", "role"] == "text"


def test_what_tells_who_somebody_is_is_never_shown(frame):
    """Private columns, free text, and columns of ever new answers: counted, and nothing of them shown."""
    for column in ("phone", "why", "name"):
        assert frame.loc[column, ["least", "most", "mean", "top"]].isna().all(), column
    written = frame.to_csv()
    assert not any(held in written for held in ("0901000111", "good", "Bình"))


def test_identifiers_and_comments_show_nothing_whatever_they_hold():
    held = pd.DataFrame({"id": [7.0, 7.0, 8.0], "told": ["same", "same", "same"]})
    frame = dictionary.entries(Answers(held, {}, "csv"), {"id": "customer", "told": "comment"})
    assert frame[["least", "most", "mean", "top"]].isna().all(axis=None)
    assert frame["distinct"].tolist() == [2, 1]


@pytest.mark.parametrize("rows", [0, 1])
def test_tables_of_no_row_and_one(rows):
    frame = dictionary.entries(Answers(FRAME.head(rows), VARIABLES, "csv"), ROLES)
    assert frame["n"].tolist() == [rows] * 6
    assert len(frame) == 6
    assert dictionary.entries(Answers(pd.DataFrame(), {}, "csv")).empty


def test_choices_without_codes_are_listed_in_the_file_s_order():
    held = pd.DataFrame({"pay": ["Card", "Cash", "Card", "Cash", "Card"]})
    variable = Variable("pay", "How?", kind="single", order=("Cash", "Card", "Voucher"))
    row = dictionary.entries(Answers(held, {"pay": variable}, "surveymonkey")).iloc[0]
    assert (row["codes"], row["top"], row["role"]) == ("Cash; Card; Voucher", "Card 60%; Cash 40%", "single")


def test_a_private_column_tells_no_choices():
    held = pd.DataFrame({"team": ["a", "a"]})
    variable = Variable("team", labels={"1": "Chi"}, order=("a",))
    row = dictionary.entries(Answers(held, {"team": variable}, "spss"), {"team": "private"}).iloc[0]
    assert row["codes"] == ""


def test_a_study_is_told_under_the_codebook_s_names(load):
    """Oracle: by hand. Everybody counts, declared missing codes apart; private columns are not there."""
    study = load(
        """
        respondent: id
        private: [phone]
        questions:
          recommend: {role: metric, metric: nps, text: "Recommend?", missing: [11]}
          uses: {role: multi, labels: {a: App, w: Web}, nets: {any: [a, w]}}
          age: {role: number, derive: {band: [30]}}
        """,
        "id,phone,recommend,uses,age\nr1,0901,10,a;w,20\nr2,0902,11,a,40\nr3,0903,,,40\n",
    )
    frame = dictionary.entries(study).set_index("column")
    names = ["respondent", "excluded", "recommend", "uses.a", "uses.w", "age", "uses.any", "band"]
    assert [name for name in frame.index if not name.startswith("flag.")] == names
    assert frame.loc["recommend", ["n", "n_missing", "blank"]].tolist() == [1, 1, 1]
    assert frame.loc["uses.a", ["text", "role", "codes"]].tolist() == ["Uses · App", "multi", "0 = No; 1 = Yes"]
    assert frame.loc[["uses.any", "band"], "role"].tolist() == ["net", "derived"]
    assert frame.loc["band", "top"] == "30+ 67%"
    assert math.isnan(frame.loc["respondent", "mean"])


# ---- how it is written ---------------------------------------------------------------------------------------------


class Cells(HTMLParser):
    """The texts of a page's table, row by row, and the elements that it uses."""

    def __init__(self):
        super().__init__()
        self.rows, self.tags, self.inside = [], set(), False

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data):
        if self.inside:
            self.rows[-1][-1] += data


@pytest.mark.parametrize(
    ("language", "heading", "column", "mean"),
    [("en", "Data dictionary", "Column", "7.33"), ("vi", "Từ điển dữ liệu", "Cột", "7,33")],
)
def test_the_page_holds_every_row_and_nothing_from_elsewhere(frame, tmp_path, language, heading, column, mean):
    out = tmp_path / "d.html"
    odd = frame.reset_index().assign(text="<script>alert(1)</script> & more")
    dictionary.write_html(odd, out, title="Sao Mai <1>", language=language)
    page, cells = out.read_text(encoding="utf-8"), Cells()
    cells.feed(page)
    assert len(cells.rows) == 1 + len(frame)
    assert cells.rows[0][0] == column
    assert cells.rows[2][:3] == ["score", "<script>alert(1)</script> & more", "metric"]
    assert cells.rows[2][5:13] == ["3", "1", "0", "3", "3", "10", mean, ""]
    assert spoken() == "en", "what comes after the page is in the language of before"
    assert f"<title>{heading}: Sao Mai &lt;1&gt;</title>" in page
    assert not cells.tags & {"script", "link", "img", "iframe"}
    assert "http" not in page.replace("http-equiv", "")


def test_the_workbook_holds_numbers_as_numbers(frame, tmp_path):
    out = tmp_path / "d.xlsx"
    dictionary.write_xlsx(frame.reset_index(), out, title="Sao Mai")
    book = openpyxl.load_workbook(out)
    rows = [[cell.value for cell in row] for row in book["dictionary"].iter_rows()]
    assert rows[0] == dictionary.COLUMNS
    assert rows[2][5:12] == [3, 1, 0, 3, 3, 10, pytest.approx(22 / 3)]
    assert book.properties.title == "Sao Mai"


@pytest.mark.parametrize("write", [dictionary.write_html, dictionary.write_xlsx])
def test_nothing_is_overwritten(frame, tmp_path, write):
    out = tmp_path / "mine"
    out.write_text("mine", encoding="utf-8")
    with pytest.raises(CxError, match="is there already and is not replaced"):
        write(frame.reset_index(), out, title="t")
    assert [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()] == ["mine"]
    with pytest.raises(CxError, match="cannot be written: No such file or directory"):
        write(frame.reset_index(), tmp_path / "none" / "d", title="t")


def test_what_tells_of_a_person_is_masked_or_left_out_whatever_the_role():
    """Oracle: two answers of a name that may be printed, beside contacts that may not."""
    held = pd.DataFrame({"note": ["fine", "0912345678", "a@b.vn", "ask Nguyễn Văn Tuấn"] * 2,
                         "number": ["351102144", "351102149", "880115034"] * 2 + [None, None]})  # fmt: skip
    frame = dictionary.entries(Answers(held, {}, "csv"), {"note": "single", "number": "number"}, language="vi")
    frame = frame.set_index("column")
    assert frame.loc["note", "top"] == "ask [tên] 25%; fine 25%"
    assert frame.loc["number", ["least", "most", "mean"]].isna().all()
