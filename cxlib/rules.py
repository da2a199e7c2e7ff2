"""Rules between the entries of study.yml, where one entry is right or wrong only beside another."""

import math

from cxlib.errors import nearest
from cxlib.language import languages

# What study.py and preparing.py add to the survey beside its keys and questions.
ADDED = ("excluded", "weight_start", "weight_ratio")


class Fault(ValueError):
    """A broken rule between entries, with the path of the entry that breaks it."""

    def __init__(self, message: str, *path: str):
        super().__init__(message)
        self.path = path


def check_table(name: str, table, keys: tuple[str, ...]) -> None:
    """Raise a Fault where the entries of one table, which may have these keys, do not hold together."""
    columns = [q.column or n for n, q in table.questions.items() if not q.columns]
    columns += [column for q in table.questions.values() for column in q.columns.values()]
    _check_private(name, table, columns)
    _check_names(name, table)
    _check_free(name, table, keys)
    _check_files(name, table, columns)
    for question, spec in table.questions.items():
        _check_routes(name, table, question, spec)


def _check_private(name: str, table, columns: list[str]) -> None:
    renamed = [column for wave in table.file for column in wave.columns.values() if column is not None]
    for column in table.private:
        if column in [*columns, *table.questions, *renamed, *table.keys.values()]:
            use = "a key" if column in table.keys.values() else "a question"
            message = f"{name}: {column} is private and {use}; private columns never reach an analysis"
            raise Fault(message, "tables", name, "private")


def _check_names(name: str, table) -> None:
    names = list(table.keys) + list(table.questions)
    names += [new for q in table.questions.values() for new in q.derive]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        message = f"{name}: the name {twice[0]} is given twice (keys, questions and derived questions share names)"
        raise Fault(message, "tables", name, "questions")
    for title in names:
        if "." in title:
            message = (
                f"{name}: the name {title} holds a point, as the columns of options and nets do (question.option); "
                f"give the question another name and write `column: {title}`"
            )
            raise Fault(message, "tables", name, "questions", title)


def _check_free(name: str, table, keys: tuple[str, ...]) -> None:
    """A question called weight would weight the survey."""
    for title in [*table.questions, *(new for q in table.questions.values() for new in q.derive)]:
        if name == "survey" and title in (*keys, *ADDED):
            message = (
                f"{name}: {title} is the name of a column with a meaning of its own; give the question another name"
            )
            message += f" and write `column: {title}`" if title in table.questions else ""
            raise Fault(message, "tables", name, "questions", title)


def _check_files(name: str, table, columns: list[str]) -> None:
    unnamed = [wave.place for wave in table.file if wave.wave is None]
    if "wave" not in table.keys and unnamed and len(unnamed) < len(table.file):
        message = f"{name}: the file {unnamed[0]} has no wave, while others have; name one for every file"
        raise Fault(message, "tables", name, "file")
    known = {*table.keys, *table.keys.values(), *table.questions, *columns}
    for number, wave in enumerate(table.file):
        for column in wave.columns:
            if column not in known:
                message = (
                    f"{name}, file {wave.place}: columns names {column}, which is neither a question nor a column "
                    f"that the table uses{nearest(column, known)}"
                )
                raise Fault(message, "tables", name, "file", str(number))


def _check_routes(name: str, table, question: str, spec) -> None:
    place = ("tables", name, "questions", question)
    for router, codes in spec.asked.items():
        if router not in table.questions:
            close = nearest(router, table.questions)
            raise Fault(f"{name}: {question} is asked by {router}, which is not a question{close}", *place)
        labels = table.questions[router].labels
        unknown = [c for c in codes if labels and c not in labels]
        if unknown:
            close = nearest(unknown[0], labels)
            message = f"{name}: {question} is asked where {router} is {unknown[0]}, a code without a label{close}"
            raise Fault(message, *place)


def check_metric(place: tuple[str, ...], question, scales: dict[str, tuple]) -> None:
    """Raise a Fault unless a metric question measures a metric that exists, on the metric's scale."""
    if question.metric is None:
        return
    if question.metric not in scales:
        raise Fault(f"unknown metric {question.metric}{nearest(question.metric, scales)}", *place)
    low, high = scales[question.metric]
    if question.scale and tuple(question.scale) != (low, high):
        message = (
            f"{question.metric} is measured on {low}-{high}, the question on {question.scale[0]:g}-"
            f"{question.scale[1]:g}; define a metric of your own under `metrics:`"
        )
        raise Fault(message, *place)


def check_names(names: dict, tables: dict) -> None:
    """Raise a Fault where `names:` has what the tables do not, or calls two groups of one question alike."""
    groups, known = {}, set()
    for table in tables.values():
        for question in table.questions.values():
            known |= {*question.derive, *question.nets, *([question.factor] if question.factor else [])}
            rules = {new: rule for new, rule in question.derive.items() if isinstance(rule, dict)}
            groups |= {new: list(rule) for new, rule in rules.items() if not isinstance(rule.get("with"), str)}
    known |= {group for members in groups.values() for group in members}
    for name in names:
        if name not in known:
            message = f"`names:` is of derived questions, their groups, nets and factors; {name} is none of them"
            raise Fault(message + nearest(name, known), "names", name)
    for new, members in groups.items():
        for language in languages():
            shown = {}
            for group in members:
                value = names.get(group, group)
                called = (value.get(language) if isinstance(value, dict) else value) or group
                if called in shown:
                    raise Fault(f"{shown[called]} and {group} of {new} are both called {called}", "names", group)
                shown[called] = group


def check_banner(banner: tuple[str, ...], survey) -> None:
    """Raise a Fault where `banner:` names what is neither a question of the survey nor derived from one."""
    if not banner:
        return
    questions = survey.questions if survey is not None else {}
    known = [*questions, *(new for question in questions.values() for new in question.derive)]
    for name in banner:
        if name not in known:
            raise Fault(f"the banner names {name}, which is no question of the survey{nearest(name, known)}", "banner")


def check_iceberg(iceberg, survey, scales: dict[str, tuple]) -> None:
    """Raise a Fault where `iceberg:` names a question or an answer that the survey does not have."""
    for setting in ("unhappy", "complained"):
        for name, codes in getattr(iceberg, setting).items():
            check_answers(setting, name, codes, survey, scales, ("iceberg", setting, name))


def check_answers(setting: str, name: str, codes: tuple[str, ...], survey, scales, place: tuple[str, ...]) -> None:
    """Raise a Fault where a setting (at `place`) names a question or an answer that the survey does not have.

    `scales` are the lowest and the highest answer of each metric.
    """
    questions = survey.questions if survey is not None else {}
    if name not in questions:
        close = nearest(name, questions)
        raise Fault(f"{setting} names {name}, which is no question of the survey{close}", *place)
    question = questions[name]
    known = question.labels or question.columns
    unknown = [code for code in codes if known and code not in known]
    if unknown or not codes:
        lacks = "which has no label" if question.labels else "which is none of its columns"
        shown = f"the code {unknown[0]}, {lacks}{nearest(unknown[0], known)}" if unknown else "no code"
        raise Fault(f"{setting} lists the codes of {name} that say so; found {shown}", *place)
    if question.role not in ("metric", "driver", "number"):
        return
    text = [code for code in codes if not _is_number(code)]
    if text:
        raise Fault(f"answers to {name} are numbers; {setting} lists {text[0]}", *place)
    low, high = question.scale or scales.get(question.metric) or (-math.inf, math.inf)
    outside = [code for code in codes if not low <= float(code) <= high]
    if outside:
        raise Fault(f"answers to {name} lie in {low:g}-{high:g}; {setting} lists {outside[0]}", *place)


def _is_number(code: str) -> bool:
    try:
        return math.isfinite(float(code))
    except ValueError:
        return False


def check_margins(margins, weighting, survey) -> None:
    """Raise a Fault where a margin is of no group of the survey, or where there is none to rake to."""
    questions = survey.questions if survey is not None else {}
    known = [name for name, question in questions.items() if question.role in ("segment", "single")]
    known += [new for question in questions.values() for new in question.derive]
    seen = set()
    for number, margin in enumerate(margins):
        place = ("margins", str(number), "of")
        for name in margin.of:
            if name not in known:
                message = f"a margin is of a question with groups (role segment or single, or derived); found {name}"
                raise Fault(message + nearest(name, known), *place)
        if margin.of in seen:
            raise Fault(f"two margins are of {' and '.join(margin.of)}; give each once", *place)
        seen.add(margin.of)
    if weighting is not None and not margins:
        raise Fault("`weighting:` rakes to `margins:`, and there are none", "weighting")


def check_quality(quality, survey, scales: dict[str, tuple]) -> None:
    """Raise a Fault where `quality:` names a question or an answer that the survey does not have."""
    for number, rule in enumerate(quality.impossible):
        for side in ("given", "never"):
            for name, codes in getattr(rule, side).items():
                check_answers(side, name, codes, survey, scales, ("quality", "impossible", str(number), side, name))
    names = [rule.name for rule in quality.impossible]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise Fault(f"two impossible combinations are called {twice[0]}", "quality", "impossible")


def check_improvement(improvement, survey) -> None:
    """Raise a Fault where `improvement:` names a group or a code that the survey does not have."""
    if improvement is None or improvement.group is None:
        return
    questions = survey.questions if survey is not None else {}
    segments = {name: spec for name, spec in questions.items() if spec.role == "segment"}
    if improvement.group not in segments:
        close = nearest(improvement.group, segments)
        message = f"{improvement.group} is no question of the survey with `role: segment`{close}"
        raise Fault(message, "improvement", "group")
    labels = segments[improvement.group].labels
    if labels and improvement.treated not in labels:
        close = nearest(improvement.treated, labels)
        raise Fault(f"{improvement.treated} is no code of {improvement.group}{close}", "improvement", "treated")


def check_personas(personas, tables) -> None:
    """Raise a Fault where `personas:` names a table or a question that the study does not have."""
    name = personas.table or next((found for found in ("survey", "customers") if found in tables), None)
    if personas.table and name not in tables:
        raise Fault(f"personas are made from the table {name}, which the study does not have", "personas", "table")
    questions = tables[name].questions if name else {}
    known = [*questions, *(new for question in questions.values() for new in question.derive)]
    for title in personas.variables:
        if title not in known:
            message = f"personas are formed by {title}, which is no question of the table {name}"
            raise Fault(message + nearest(title, known), "personas", "variables")
    numbers = [title for title, question in questions.items() if question.role == "number"]
    if personas.value is not None and personas.value not in numbers:
        message = (
            f"the value of a customer is a question with `role: number` of the table {name}; found {personas.value}"
        )
        raise Fault(message + nearest(personas.value, numbers), "personas", "value")
    for number, rule in enumerate(personas.rules):
        for table in [name for name in ("customers", "prospects") if name == "customers" or name in tables]:
            _check_lead_rule(rule, table, tables.get(table), ("personas", "rules", str(number)))


def _check_lead_rule(rule, name: str, table, place: tuple[str, ...]) -> None:
    """Raise a Fault where a rule names a question or an answer that customers or prospects do not have."""
    questions = table.questions if table is not None else {}
    if rule.question not in questions:
        close = nearest(rule.question, questions)
        raise Fault(f"a rule names {rule.question}, which is no question of the table {name}{close}", *place)
    labels = questions[rule.question].labels
    unknown = [code for code in rule.answers if labels and code not in labels]
    if unknown:
        close = nearest(unknown[0], labels)
        raise Fault(f"a rule names the answer {unknown[0]} to {rule.question}, which has no label{close}", *place)
