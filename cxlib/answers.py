"""What a reader makes of a file: the answers, and the codebook that the file itself carries."""

from dataclasses import dataclass, field

import pandas as pd

from cxlib.language import tr


@dataclass(frozen=True)
class Variable:
    """One column of a file, as far as the file tells of it.

    `name` is the column of the frame, `text` the question's wording, `option` this column's option or row where one
    question has many columns, and `block` what those columns have in common. `kind` is single, multi, rating, number,
    text, date or meta (kept by the survey tool), empty where the file does not say. `labels` name codes, `missing` are
    the codes that stand for no answer, `order` lists the choices as the file orders them.
    """

    name: str
    text: str = ""
    option: str = ""
    block: str = ""
    kind: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    order: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answers:
    """A file's rows, a Variable for each column, and the tool that wrote it.

    `kind` is qualtrics, qualtrics_legacy, surveymonkey, limesurvey, google_forms, spss, excel, csv or parquet; `notes`
    say what was decided in reading the file.
    """

    frame: pd.DataFrame
    variables: dict[str, Variable]
    kind: str
    notes: tuple[str, ...] = ()


def some_columns(names: list[str]) -> str:
    """The names of columns for a note: the first three, and how many more there are."""
    shown = ", ".join(names[:3])
    return tr("{columns} and {number} more columns", columns=shown, number=len(names) - 3) if len(names) > 3 else shown
