"""A finished crosstab, told from respondents: rows that are groups, sums and percentages."""

import re
from itertools import pairwise
from pathlib import Path

import pandas as pd

from cxlib.answers import Answers
from cxlib.cells import code, line
from cxlib.errors import CxError
from cxlib.private_cells import quoted

_TOTAL = re.compile(
    r"(grand |sub ?-?)?totals?|all( respondents)?|base|n ?=?|tot\. ?respondents|tổng( cộng)?|gesamt", re.IGNORECASE
)


def refuse_crosstab(answers: Answers, path: Path) -> None:
    """CxError for a finished table of groups with counts and percentages, which holds no respondents.

    Two signs are needed, since each alone may stand in answers: a row that is the sum of the others, columns of
    totals, cells of percentages, and group headings that reach over several columns.
    """
    frame = answers.frame
    if answers.kind not in ("csv", "excel", "parquet") or frame.shape[0] < 2 or frame.shape[1] < 3:
        return
    total_row, total_columns, headings = _total_row(frame), _total_columns(frame), _headings(frame)
    if not (total_row or total_columns or headings):
        return  # whatever the cells are, which takes long to say
    signs = [sign for sign in (total_row, total_columns, _percentages(frame), headings) if sign]
    if len(signs) < 2:
        return
    groups = [text for text in map(line, frame.iloc[:, 0]) if text and not _TOTAL.fullmatch(text)]
    example = f", e.g. {quoted(groups[1 if len(groups) > 1 else 0])}" if groups else ""
    raise CxError(
        f"{path}: a finished table, not respondents: its rows are groups{example}, and it has {'; '.join(signs)}; "
        "export the answers with a row a respondent"
    )


def _numbers(cells) -> list[float | None]:
    texts = [(code(cell) or "").replace(",", "") for cell in cells]
    return [float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else None for text in texts]


def _total_row(frame: pd.DataFrame) -> str:
    """The sign of a row called total whose numbers are the sums of those above or below."""
    for row in dict.fromkeys((len(frame) - 1, len(frame) - 2, 0, 1)):
        name = line(frame.iloc[row, 0])
        if not _TOTAL.fullmatch(name):
            continue
        sums = []
        for position in range(1, frame.shape[1]):
            values = _numbers(frame.iloc[:, position])
            if values[row] is not None and values[row] > 0:
                rest = sum(v for i, v in enumerate(values) if i != row and v is not None)
                sums.append(abs(rest - values[row]) <= 0.01 * values[row])
        if len(sums) > 1 and sum(sums) >= 0.5 * len(sums):
            return f"a row {name} that is the sum of the others"
    return ""


def _named(frame: pd.DataFrame) -> list[str]:
    """The headings of the columns, also where they stand in the first row below group headings."""
    blank = [not line(name) for name in frame.columns]
    return [line(cell) for cell in (frame.iloc[0] if sum(blank) > 1 else frame.columns)]


def _total_columns(frame: pd.DataFrame) -> str:
    totals = [name for name in _named(frame)[1:] if _TOTAL.fullmatch(name)]
    return f"columns of totals ({totals[0]})" if totals and len(frame) < 2000 else ""


def _percentages(frame: pd.DataFrame) -> str:
    def share(position: int) -> bool:
        texts = [text for text in map(code, frame.iloc[:, position]) if text]
        marked = sum(bool(re.fullmatch(r"\d+([.,]\d+)? ?%", text)) for text in texts)
        return bool(texts) and marked >= 0.6 * len(texts)

    found = [position for position in range(1, frame.shape[1]) if share(position)]
    return f"{len(found)} columns of percentages" if len(found) > 1 else ""


def _headings(frame: pd.DataFrame) -> str:
    """The sign of group headings: named columns, each followed by nameless ones, whose own headings recur below."""
    names = [line(name) for name in frame.columns]
    groups = [name for name, after in pairwise(names) if name and not after]
    below = [text for text in map(line, frame.iloc[0]) if text]
    return f"headings over several columns ({', '.join(groups[:3])})" if groups and len(set(below)) < len(below) else ""
