"""A banner table as it is printed: figures with their letters, bases below each question."""

import pandas as pd

from cxlib import text
from cxlib.corrections import CORRECTIONS
from cxlib.differences import TESTS

BASES = {
    "asked": "Asked",
    "n": "Base",
    "n_weighted": "Weighted base",
    "n_effective": "Effective base",
}
MARKS = {"above": "▲", "below": "▼", "": ""}


def printed(cells: pd.DataFrame, bases: pd.DataFrame, minimum_base: int, weighted: bool) -> pd.DataFrame:
    """Strings in the order of the table: index question and line, columns banner, group and letter."""
    columns = list(dict.fromkeys(zip(*(cells[name].tolist() for name in ("banner", "group", "letter")), strict=True)))
    width, figures = len(columns), [_figure(row, minimum_base) for row in cells.itertuples()]
    questions, lines = (cells[name].iloc[::width].tolist() for name in ("question", "line"))
    rows = {question: {} for question in questions}
    for number, (question, line) in enumerate(zip(questions, lines, strict=True)):
        rows[question][number, line] = figures[number * width : (number + 1) * width]
    for question, part in bases.groupby("question", sort=False):
        shown = ["n", *(["n_weighted", "n_effective"] if weighted else [])]
        shown = ["asked", *shown] if (part["asked"] > part["n"]).any() else shown
        rows[question] |= {(key, BASES[key]): [text.number(value) for value in part[key]] for key in shown}
    index = [(question, line) for question, part in rows.items() for _, line in part]
    table = [values for part in rows.values() for values in part.values()]
    return pd.DataFrame(
        table,
        index=pd.MultiIndex.from_tuples(index, names=["Question", "Answer"]),
        columns=pd.MultiIndex.from_tuples(columns, names=["", "", ""]),
    )


def _figure(row, minimum_base: int) -> str:
    """A figure with the mark of its base, the letters of the columns that it is above, and its place to the rest."""
    shown = text.with_base(text.number(row.estimate, row.unit), row.n, minimum_base)
    return " ".join(part for part in (shown, row.letters, MARKS[row.rest]) if part)


def notes(correction: str, test: str, minimum_base: int, weighted: bool, sequence: list[str]) -> tuple[str, ...]:
    """What stands below a banner table: how to read the letters, the test, its correction, the bases."""
    order = f" {text.join(sequence)}: each column against the one before." if sequence else ""
    kish = " The effective base is Kish's." if weighted else ""
    return (
        "A letter names a column of the same banner question that the figure is significantly above: capitals at 95%, "
        f"small letters at 90%. ▲ ▼: above, below the rest of its banner question at 95%.{order}",
        f"Test: {TESTS[test]}. Correction: {CORRECTIONS[correction]} (a family: the pairs within one row and one "
        "banner question; the comparisons with the rest are another).",
        f"** base under {minimum_base}: not reported, not tested. * base under {text.SMALL_BASE}: read with "
        f"caution.{kish} Means and shares rest on those who were asked and answered.",
    )
