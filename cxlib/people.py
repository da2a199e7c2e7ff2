"""Whom the persona chapter looks at, and by what: respondents or customers, the questions that form the personas."""

import re
from dataclasses import dataclass, replace

import pandas as pd
from threadpoolctl import threadpool_limits

from cxlib import persona_questions
from cxlib.calibration import without
from cxlib.errors import CxError, nearest
from cxlib.language import noted, tr
from cxlib.persona_questions import LEAST, ROLES
from cxlib.personas import Segmentation, patterns, segment
from cxlib.segment_variables import usable
from cxlib.segmentation import nobody
from cxlib.shown import Shown
from cxlib.steps import in_steps
from cxlib.survey import chosen_wave

ALL = noted("All")  # what the row of all people is called, and therefore no persona


@dataclass(frozen=True, repr=False)
class People(Shown):
    """Respondents (of some waves) or customers, and the questions that form their personas.

    `frame` holds their rows of `table`, `design` names its columns; `questions` are those that form the personas,
    `columns` theirs (a multi question has one for each option). `decisions` says what was done about
    questions and answers that could not serve as they are: variable, rows, decision, example.
    """

    study: object
    table: str
    frame: pd.DataFrame
    design: dict
    waves: tuple[str, ...]
    questions: list[str]
    columns: list[str]
    decisions: pd.DataFrame
    confidence: float

    @property
    def minimum_base(self) -> int:
        """The unweighted base under which nothing is reported."""
        return self.study.book.minimum_base

    def question_of(self, column: str) -> str:
        """The question that a column belongs to: touchpoints.web to touchpoints."""
        return column.partition(".")[0]

    def label(self, column: str) -> str:
        """What a column is called in print: its question; an option by itself is its answer."""
        return self.study.label(self.question_of(column), self.table)

    def option(self, column: str) -> str:
        """What an option of a multi question is called: touchpoints.web is Website."""
        question, _, option = column.partition(".")
        spec = self.study.book.tables[self.table].questions[question]
        return self.study.book.words(spec.labels.get(option), option)


def people(study, *, variables: str = "", waves: str = "", confidence: float = 0.95) -> People:
    """Respondents of the waves named (empty: all), or customers, where personas are made of them.

    `variables` names the questions that form the personas, separated by commas; empty: those of study.yml, else all
    that are behavioural, psychographic or of a channel. Raises CxError for questions, waves and options that are not
    there, for comments and metrics as variables, and where fewer than two of the variables that are named can serve;
    where none is named, and of a part of a study, there are then no `columns`.
    """
    if not 0 < confidence < 1:
        raise CxError(f"confidence lies between 0 and 1, e.g. 0.95; found {confidence}")
    table = table_of(study)
    frame, chosen = study.table(table), ()
    if table == "survey" and study.waves:
        chosen = tuple(chosen_wave(study, name.strip()) for name in waves.split(",") if name.strip())
        frame = frame[frame["wave"].isin(chosen)].reset_index(drop=True) if chosen else frame
    elif waves:
        raise CxError(f"{study.name} has no waves; waves={waves} names some")
    named = [name.strip() for name in variables.split(",") if name.strip()] or list(study.book.personas.variables)
    questions, spared = _named(study, table, named) if named else _by_default(study, table)
    candidates = [column for question in questions for column in _columns(study, table, question, frame)]
    columns, decisions = usable(frame, candidates)
    if len(columns) < LEAST and named and study.part is None:
        raise CxError(
            f"personas are formed from two variables or more; of {', '.join(questions) or 'none'} {len(columns)} can "
            "serve; name others under `personas: variables:`"
        )
    decisions = pd.concat([spared, decisions], ignore_index=True)
    columns = columns if len(columns) >= LEAST else []
    used = {column.partition(".")[0] for column in columns}
    return People(
        study,
        table,
        frame,
        study.design if table == "survey" else {},
        chosen,
        [question for question in questions if question in used],
        columns,
        decisions,
        confidence,
    )


def everybody(study, table: str, *, confidence: float = 0.95) -> People:
    """All people of a table, of whom profiles are wanted and no personas."""
    design = study.design if table == "survey" else {}
    return People(study, table, study.table(table), design, (), [], [], _decisions([]), confidence)


@threadpool_limits.wrap(limits=1)  # as in latent_classes.fit
@in_steps
def formed(case: People, *, k: str = "", seed: int = 0) -> Segmentation:
    """The personas of these people; `k` is how many, or from how many to how many are tried, as text: 4, or 2-8.

    No persona has the name of the row of all people. Raises CxError for a k that is neither, and as personas.segment().
    """
    least, most = numbers_to_try(k)
    labels = {column: case.option(column) if "." in column else _short(case.label(column)) for column in case.columns}
    tried = range(least, max(least, min(most, len(case.frame))) + 1)  # people are not of more kinds than they are
    if not 0 <= seed < 2**32:
        raise CxError(f"seed is a whole number from 0 to {2**32 - 1:,}, e.g. 0; found {seed}")
    if not case.columns:
        return nobody(len(case.frame), tr("no segments: fewer than two questions could form any"), seed)
    alone = _one_cluster(case)
    if len(tried) > 1:
        most = patterns(case.frame, case.columns)
        tried = [n for n in tried if n <= most] or [1]
    left = ["fpc", *["clusters"] * bool(alone)]
    design = {key: name for key, name in without(case.design).items() if key not in left}
    how = {"labels": labels, "minimum_base": case.minimum_base, "seed": seed}
    found = yield from segment.steps(case.frame, case.columns, k=tried, **how, **design)
    names = tuple(f"{ALL} (persona)" if name == ALL else name for name in found.names)
    return replace(found, names=names, decisions=pd.concat([found.decisions, _decisions(alone)], ignore_index=True))


def usual(study, table: str) -> list[str]:
    """The questions that form personas where none is named: those of study.yml, else by default."""
    return list(study.book.personas.variables) or persona_questions.by_default(study.book.tables[table].questions)[0]


def numbers_to_try(k: str) -> tuple[int, int]:
    """The least and the most personas that a text asks for: 4, or 2-8; empty: 2-8. CxError where it is neither."""
    found = re.fullmatch(r"(\d+)(?:\s*[-–]\s*(\d+))?", k.strip() or "2-8")
    if not found or int(found[2] or found[1]) < int(found[1]):
        raise CxError(f"k is a number of personas, or the least and the most to try, e.g. 4 or 2-8; found {k!r}")
    return int(found[1]), int(found[2] or found[1])


def table_of(study) -> str:
    """The table that personas are made from; CxError where there is none."""
    found = persona_questions.table_of(study.book)
    if found is None:
        raise CxError(f"{study.file}: personas are made of a table survey or customers, and there is neither")
    return found


def profile_questions(study, table: str) -> list[str]:
    """The questions that tell who a customer is: those with an `attribute`, else all of role single, segment, multi and
    number; derived bands stand for the number that they are cut from."""
    spec = study.book.tables[table].questions
    told = any(question.attribute for question in spec.values())
    found = []
    for name, question in spec.items():
        if told and question.attribute is None:
            continue
        bands = [new for new, rule in question.derive.items() if isinstance(rule, tuple)]
        if question.role == "number" and bands:
            found.append(bands[0])
        elif question.role in ROLES:
            found.append(name)
    return found


def attribute_of(study, table: str, name: str) -> str:
    """The part of a profile that a question, or what is derived from one, belongs to; `other` where it does not say."""
    spec = study.book.tables[table].questions
    source = name if name in spec else next(title for title, question in spec.items() if name in question.derive)
    return spec[source].attribute or "other"


def is_sensitive(study, table: str, name: str) -> bool:
    """Whether a question is sensitive; see persona_questions."""
    return persona_questions.is_sensitive(name, study.book.tables[table].questions[name])


def decided(case: People, made: Segmentation) -> pd.DataFrame:
    """What was decided about the variables, alike decisions together: variables, rows, decision, example."""
    rows = pd.concat([case.decisions, made.decisions], ignore_index=True)
    rows["variable"] = [_column(case, name) for name in rows["variable"]]
    alike = rows.groupby(["decision", "example"], sort=False, dropna=False)
    found = alike.agg(variables=("variable", "; ".join), rows=("rows", "max")).reset_index()
    return found[["variables", "rows", "decision", "example"]]


def in_words(case: People) -> dict[str, str]:
    """What each column that forms the personas is called, options with their question: Touchpoints: Website."""
    return {column: _column(case, column) for column in case.columns}


def _column(case: People, name: str) -> str:
    option = "." in name and case.question_of(name) in case.study.book.tables[case.table].questions
    return case.label(name) + (f": {case.option(name)}" if option else "")


def _one_cluster(case: People) -> list[tuple]:
    """A word on the column of clusters where it holds one cluster, of which no bootstrap sample can be drawn."""
    name = case.design.get("clusters")
    if name is None or case.frame[name].isna().any():
        return []
    strata = case.design.get("strata") or []
    units = case.frame[[name, *([strata] if isinstance(strata, str) else strata)]]
    if len(units.drop_duplicates()) != 1:
        return []
    told = tr("one cluster only: sizes take people as independent of each other")
    return [(name, len(case.frame), told, str(case.frame[name].iloc[0]))]


def _short(label: str) -> str:
    """A label without its unit: Spend of `Spend, thousand a month`."""
    return label.partition(",")[0]


def _named(study, table: str, names: list[str]) -> tuple[list[str], pd.DataFrame]:
    """The questions that were named, and a word on those of them that are sensitive."""
    spec = study.book.tables[table].questions
    sources = {new: name for name, question in spec.items() for new in question.derive}
    known = [name for name, question in spec.items() if question.role in (*ROLES, "driver")]
    rows = []
    for name in names:
        if name not in known and name not in sources:
            if name in spec:
                raise CxError(
                    f"{name} is a {spec[name].role}, which forms no persona; those that do are {', '.join(known)}"
                )
            raise CxError(f"{table}: there is no question {name}{nearest(name, [*known, *sources])}")
        if is_sensitive(study, table, sources.get(name, name)):
            told = tr("sensitive, and used because the study asks for it by name")
            rows.append((name, len(study.table(table)), told, ""))
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise CxError(f"the variable {twice[0]} is named twice")
    return names, _decisions(rows)


def _by_default(study, table: str) -> tuple[list[str], pd.DataFrame]:
    """The questions that form personas where none is named, and those that were spared as sensitive."""
    questions, spared = persona_questions.by_default(study.book.tables[table].questions)
    rows = len(study.table(table))
    told = tr("sensitive: left out, since it is not asked for by name")
    return questions, _decisions([(name, rows, told, "") for name in spared])


def _decisions(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["variable", "rows", "decision", "example"])


def _columns(study, table: str, question: str, frame: pd.DataFrame) -> list[str]:
    """The columns of a question: itself, or an option each of a multi question, without its nets."""
    if question in frame:
        return [question]
    nets = study.book.tables[table].questions[question].nets
    return [c for c in frame if c.startswith(f"{question}.") and c.partition(".")[2] not in nets]
