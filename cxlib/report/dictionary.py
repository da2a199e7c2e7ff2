"""The data dictionary as one page: a row for each column of a file, wide enough to read and to print."""

import math

import pandas as pd

from cxlib import text
from cxlib.report.templating import environment

WORDS = {
    "en": {
        "heading": "Data dictionary",
        "columns": "{n} columns",
        "column": "Column",
        "text": "Question",
        "role": "Role",
        "codes": "Codes",
        "missing": "No answer",
        "n": "Answers",
        "n_missing": "Coded as no answer",
        "blank": "Blank",
        "distinct": "Different",
        "least": "Least",
        "most": "Most",
        "mean": "Mean",
        "top": "Most frequent",
    },
    "vi": {
        "heading": "Từ điển dữ liệu",
        "columns": "{n} cột",
        "column": "Cột",
        "text": "Câu hỏi",
        "role": "Vai trò",
        "codes": "Mã",
        "missing": "Không trả lời",
        "n": "Số trả lời",
        "n_missing": "Mã không trả lời",
        "blank": "Bỏ trống",
        "distinct": "Khác nhau",
        "least": "Nhỏ nhất",
        "most": "Lớn nhất",
        "mean": "Trung bình",
        "top": "Nhiều nhất",
    },
}
COUNTS = ("n", "n_missing", "blank", "distinct")


def as_html(frame: pd.DataFrame, *, title: str, language: str = "en") -> str:
    """The dictionary (dictionary.entries) as one self-contained HTML page: no script, nothing from elsewhere."""
    words = WORDS[language]
    heads = [(words.get(name, name), name in COUNTS or name in ("least", "most", "mean")) for name in frame]
    rows = [[_printed(name, row[name]) for name in frame] for row in frame.to_dict("records")]
    told = words["columns"].format(n=text.number(len(frame)))
    page = environment().get_template("dictionary.html.j2")
    return page.render(title=title, words=words, told=told, heads=heads, rows=rows, language=language)


def _printed(name: str, value) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if name in COUNTS:
        return text.number(value)
    if name == "mean":
        return text.number(value, digits=2)
    if isinstance(value, float):
        return f"{value:,.10g}".replace("-", text.MINUS)
    return str(value)
