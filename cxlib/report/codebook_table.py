"""The codebook as a table of plain words: every question that the study declares, its wording, scale and codes."""

from cxlib.codebook import Codebook, Question
from cxlib.language import noted, tr
from cxlib.report.document import Block, table

ROLES = {
    "metric": noted("metric"),
    "driver": noted("driver"),
    "segment": noted("segment"),
    "single": noted("single answer"),
    "multi": noted("several answers"),
    "number": noted("number"),
    "comment": noted("comment"),
}


def codebook(book: Codebook) -> Block:
    """A row a question of every table, in the order of study.yml."""
    rows = [
        [name, question, book.words(spec.label), tr(ROLES[spec.role]), book.words(spec.text), _answers(book, spec)]
        for name, part in book.tables.items()
        for question, spec in part.questions.items()
    ]
    heads = [tr("Table"), tr("Name"), tr("Label"), tr("Role"), tr("Wording"), tr("Answers")]
    return table("codebook", tr("Every question of the study"), heads, rows)


def _answers(book: Codebook, spec: Question) -> str:
    """The scale, the codes with their labels, and the codes that are no answers."""
    parts = []
    if spec.scale:
        parts.append(tr("{least} to {most}", least=f"{spec.scale[0]:g}", most=f"{spec.scale[1]:g}"))
    if spec.labels:
        parts.append("; ".join(f"{code} = {book.words(label)}" for code, label in spec.labels.items()))
    if spec.missing:
        parts.append(tr("no answer: {codes}", codes=", ".join(map(str, spec.missing))))
    return ". ".join(parts)
