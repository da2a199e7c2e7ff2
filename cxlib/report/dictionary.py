"""The data dictionary as one page: a row for each column of a file, wide enough to read and to print."""

import math

import pandas as pd

from cxlib import text
from cxlib.language import digits, speak, spoken, tr, tr_n
from cxlib.report.templating import environment

# The columns of dictionary.entries() as the page heads them.
COLUMNS = {
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
}
COUNTS = ("n", "n_missing", "blank", "distinct")


def as_html(frame: pd.DataFrame, *, title: str, language: str = "en") -> str:
    """The dictionary (dictionary.entries) as one self-contained HTML page: no script, nothing from elsewhere.

    The page is in the language of the answers that it is about, whatever the rest of the process speaks.
    """
    before = spoken()
    speak(language)
    try:
        return _page(frame, title)
    finally:
        speak(before)


def _page(frame: pd.DataFrame, title: str) -> str:
    heads = [(tr(COLUMNS[name]), name in COUNTS or name in ("least", "most", "mean")) for name in frame]
    rows = [[_printed(name, row[name]) for name in frame] for row in frame.to_dict("records")]
    told = tr_n("{n} column", "{n} columns", len(frame))
    page = environment().get_template("dictionary.html.j2")
    return page.render(title=title, heading=tr("Data dictionary"), told=told, heads=heads, rows=rows, language=spoken())


def _printed(name: str, value) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if name in COUNTS:
        return text.number(value)
    if name == "mean":
        return text.number(value, digits=2)
    if isinstance(value, float):
        return digits(f"{value:,.10g}").replace("-", text.MINUS)
    return str(value)
