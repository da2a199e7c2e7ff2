"""Which questions form personas, and which are sensitive, as study.yml says or its words suggest."""

import re

from cxlib.codebook import Codebook, Question

# What laws on personal data hold to be sensitive (GDPR, article 9; Vietnam's decree 13/2023, article 2), as words of a
# question's name, label or text.
SENSITIVE = re.compile(
    r"relig|faith|church|ethn|\brace\b|racial|health|disab|illness|disease|genetic|biometric|sexual|orientation"
    r"|political|\bparty\b|\bunion\b|tôn giáo|dân tộc|chủng tộc|sức khỏe|sức khoẻ|bệnh|khuyết tật|di truyền"
    r"|sinh trắc|tình dục|chính trị|đảng phái|công đoàn|ton giao|dan toc|chung toc|suc khoe|khuyet tat|chinh tri",
    re.IGNORECASE,
)
RACE = re.compile(r"^race|raceth", re.IGNORECASE)  # as names of questions shorten it: race4, racethn
LEAST = 2  # variables that personas are formed from
FORMING = ("behavioural", "psychographic", "channel")
ROLES = ("single", "segment", "multi", "number")


def table_of(book: Codebook) -> str | None:
    """The table that personas are made from: as study.yml says, else the survey, else customers; None without both."""
    return book.personas.table or next((name for name in ("survey", "customers") if name in book.tables), None)


def is_sensitive(name: str, question: Question) -> bool:
    """Whether a question is sensitive: as study.yml says, else by the words of its name, label and text."""
    if question.sensitive is not None:
        return question.sensitive
    texts = [name.replace("_", " ")]
    for part in (question.label, question.text):
        texts += part.values() if isinstance(part, dict) else [part or ""]
    return bool(RACE.search(name)) or any(SENSITIVE.search(text) for text in texts)


def by_default(questions: dict[str, Question]) -> tuple[list[str], list[str]]:
    """The questions of a table that form personas where none is named, and those that are spared as sensitive.

    Those of role single, segment, multi and number that are behavioural, psychographic or of a channel; where no
    question has an `attribute`, all of these roles.
    """
    told = any(question.attribute for question in questions.values())
    able = [
        name
        for name, question in questions.items()
        if question.role in ROLES and (not told or question.attribute in FORMING)
    ]
    spared = [name for name in able if is_sensitive(name, questions[name])]
    return [name for name in able if name not in spared], spared


def lacking(book: Codebook) -> str:
    """Why no personas can be formed, in words; empty where they can, as far as study.yml tells."""
    table = table_of(book)
    if table is None:
        return "the study has no table survey or customers"
    questions = book.tables[table].questions
    found = list(book.personas.variables) or by_default(questions)[0]
    many = any(name in questions and questions[name].role == "multi" for name in found)
    if len(found) < LEAST and not many:
        return f"the table {table} has fewer than {LEAST} questions that could form personas"
    return ""
