"""A banner table as it is printed: figures with their letters, bases below each question."""

import pandas as pd

from cxlib import text
from cxlib.corrections import CORRECTIONS
from cxlib.differences import TESTS
from cxlib.language import noted, tr

BASES = {
    "asked": noted("Asked"),
    "n": noted("Base"),
    "n_weighted": noted("Weighted base"),
    "n_effective": noted("Effective base"),
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
        rows[question] |= {(key, tr(BASES[key])): [text.number(value) for value in part[key]] for key in shown}
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
    letters = tr(
        "A letter names a column of the same banner question that the figure is significantly above: capitals at 95%, "
        "small letters at 90%. ▲ ▼: above, below the rest of its banner question at 95%."
    )
    if sequence:
        order = tr("{questions}: each column against the one before.", questions=text.join(sequence))
        letters = f"{letters} {order}"
    tested = tr(
        "Test: {test}. Correction: {correction} (a family: the pairs within one row and one banner question; the "
        "comparisons with the rest are another).",
        test=tr(TESTS[test]),
        correction=tr(CORRECTIONS[correction]),
    )
    bases = [
        tr("** base under {base}: not reported, not tested.", base=minimum_base),
        tr("* base under {base}: read with caution.", base=text.SMALL_BASE),
        *([tr("The effective base is Kish's.")] if weighted else []),
        tr("Means and shares rest on those who were asked and answered."),
    ]
    return letters, tested, " ".join(bases)
