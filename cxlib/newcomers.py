"""Customers who were not in the sample: a CSV of their answers goes in, the same CSV with their personas comes out."""

from pathlib import Path

import pandas as pd

from cxlib.errors import CxError
from cxlib.people import table_of
from cxlib.private import move_into_place, place
from cxlib.readers import read_table, without_missing
from cxlib.segmentation import Segmentation

ADDED = ("persona", "persona_name", "persona_probability")


def assign(study, segmentation: Segmentation, path: str | Path, out: str | Path) -> list[str]:
    """Write the file's rows with the persona of each; returns what a reader ought to know.

    The file bears the columns and codes of the table that the personas were formed from. `out` is a CSV, UTF-8 with a
    mark, for the caller alone to read: the file's own columns as they are, then persona (1 to k; blank where nothing
    was answered), persona_name and persona_probability (0-1). Raises CxError as Study.more() and private.place(), and
    for a file that has such columns already.
    """
    out, path = place(out, "what is known of customers is"), Path(path)
    table = table_of(study)
    spec = study.book.tables[table].questions
    sources = {new: name for name, question in spec.items() for new in question.derive}
    asked = dict.fromkeys(v.name.partition(".")[0] for v in segmentation.variables)
    rules = [spec[sources[name]].derive[name] for name in asked if name in sources]
    crossed = [rule["with"] for rule in rules if isinstance(rule, dict) and isinstance(rule.get("with"), str)]
    questions = list(dict.fromkeys(sources.get(name, name) for name in (*asked, *crossed)))
    unknown = [name for name in questions if name not in spec]
    if unknown:
        raise CxError(f"the personas were formed by {unknown[0]}, which is no question of the table {table}")
    answers, absent = study.more(table, path, questions)
    raw = without_missing(read_table(path, study.book.tables[table].encoding))
    taken = [name for name in ADDED if name in raw]
    if taken:
        raise CxError(f"{path}: has a column {taken[0]} already; rename it, or take the file without personas")
    found = segmentation.assign(with_options(answers, segmentation.variables, spec))
    named = found["segment"] > 0
    added = pd.DataFrame(
        {
            "persona": found["segment"].astype("Int64").where(named),
            "persona_name": found["name"].where(named),
            "persona_probability": found["probability"].round(4),
        }
    )
    written = pd.concat([raw, added.set_axis(raw.index)], axis=1)
    move_into_place(written.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig"), out)
    return _notes(path, added, absent, out)


def with_options(answers: pd.DataFrame, variables, questions: dict) -> pd.DataFrame:
    """The answers, and 0 for options that nobody of these ticked, of whoever answered the question.

    An option that has a column of its own, and none here, was not asked.
    """
    added = {}
    for variable in variables:
        question, _, option = variable.name.partition(".")
        told = [column for column in answers if option and column.startswith(f"{question}.")]
        if told and variable.name not in answers and not questions[question].columns:
            added[variable.name] = answers[told].notna().any(axis=1).map({True: 0.0, False: float("nan")})
    return answers.assign(**added)


def _notes(path: Path, added: pd.DataFrame, absent: list[str], out: Path) -> list[str]:
    known = added["persona"].notna()
    notes = [f"{out}: {len(added):,} rows of {path.name}, {int(known.sum()):,} of them with a persona"]
    if absent:
        notes.append(f"not asked in {path.name}, so taken as unanswered: {', '.join(absent)}")
    if known.any():
        sure = added.loc[known, "persona_probability"]
        doubtful = int((sure < 0.5).sum())
        notes.append(f"mean probability of the persona given: {sure.mean():.2f}; under 0.50 in {doubtful:,} rows")
    return notes
