"""What survey tools write above their answers: header rows, question text, options, and the tool itself.

A table of rows is told by its content, never by its file's name. Where no tool is known, the first row is the header.
"""

import re
from collections import Counter
from itertools import groupby, pairwise

import pandas as pd

from cxlib import qualtrics
from cxlib.answers import Answers, Variable, some_columns
from cxlib.cells import by_value, code, line
from cxlib.columns import parted
from cxlib.finished_tables import refuse_crosstab
from cxlib.language import tr
from cxlib.text import join

__all__ = ["read_rows", "refuse_crosstab", "separator"]

_LIMESURVEY = re.compile(
    r"(?P<code>[A-Za-z][\w-]*)(?P<rows>(\[[^\[\]]+\])*)\. *(?P<text>.*?)(?: ?\[(?P<item>[^\[\]]*)\])?", re.S
)
_GRID = re.compile(r"(?P<text>.+?) *\[(?P<item>[^\[\]]+)\]", re.S)
_LABELLED_END = re.compile(r"(-?\d+) *(?:[-–—:=] *(?=\D)(.+)|\((.+)\))", re.S)
_META = re.compile(
    r"respondent ?id|response ?id|collector ?id|(start|end|submit) ?date|startdate|enddate|submitdate|datestamp|"
    r"date (created|modified|submitted|started|last action)|ip ?-?addr(ess)?|email ?(address)?|e-mail|username|"
    r"first name|last name|custom data( \d+)?|timestamp|lastpage|startlanguage|seed|refurl|interviewtime|id|token|"
    r"groupTime\d+|\w+Time",
    re.IGNORECASE,
)
_ALONE = ("", "Response", "Open-Ended Response")
_OTHER = re.compile(r"other\b.*\(.*specify.*\)|(khác|autre|andere|sonstiges|otro)\b.*\(.*\)", re.IGNORECASE)
# The first column of a Google Forms export, in the languages of its users.
_TIMESTAMPS = ("timestamp", "dấu thời gian", "zeitstempel", "horodateur", "marca temporal", "carimbo de data/hora")
_CLOCK = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}[ T,]+\d{1,2}:\d{2}")


def read_rows(rows: pd.DataFrame, kind: str) -> Answers:
    """Rows of cells, the header among them, as answers with the codebook that their tool wrote; else of this `kind`."""
    heads = [[line(cell) for cell in rows.iloc[i]] for i in range(min(3, len(rows)))]
    if heads and not heads[0][-1] and rows.shape[1] > 1 and not any(map(code, rows.iloc[:, -1])):
        # A comma at the end of every line makes no column.
        return read_rows(rows.iloc[:, :-1], kind)
    if (found := qualtrics.recognised(heads)) is not None:
        return qualtrics.read(rows, heads, found)
    if _is_surveymonkey(heads):
        return _surveymonkey(rows, heads)
    frame = _below(rows, 1)
    names = [code(cell) or "" for cell in rows.iloc[0]] if len(rows) else []
    matches = [_LIMESURVEY.fullmatch(head) for head in heads[0]] if heads else []
    if sum(m is not None for m in matches) >= max(3, 0.8 * sum(map(bool, names))):
        return _limesurvey(frame, heads[0], matches)
    if heads and heads[0][0].casefold() in _TIMESTAMPS and _clocks(frame):
        return _google(frame, heads[0])
    if heads and re.fullmatch(r"respondent ?id", heads[0][0], re.IGNORECASE):
        return _flat_surveymonkey(frame, names)
    frame.columns = names
    return Answers(frame, {name: Variable(name, text=line(name)) for name in names}, kind)


def _below(rows: pd.DataFrame, heads: int) -> pd.DataFrame:
    return rows.iloc[heads:].reset_index(drop=True)


def _answers(frame: pd.DataFrame, variables: list[Variable], kind: str, notes=()) -> Answers:
    frame.columns = [v.name for v in variables]
    first = {}
    for variable in variables:
        first.setdefault(variable.name, variable)
    return Answers(frame, first, kind, tuple(notes))


def _given(cells: pd.Series) -> set[str]:
    """The different answers of a column, each as one line."""
    return {text for text in map(line, pd.unique(cells.astype(object))) if text}


def _is_surveymonkey(heads: list[list[str]]) -> bool:
    """Two header rows: a question above its first column, the options of all its columns below."""
    if len(heads) < 2 or not heads[0][0] or heads[1][0]:
        return False
    continued = [below for above, below in zip(*heads[:2], strict=True) if not above]
    alone = any(below in _ALONE[1:] for below in heads[1])
    return all(continued) and (alone or (bool(continued) and _META.fullmatch(heads[0][0]) is not None))


def _surveymonkey(rows: pd.DataFrame, heads: list[list[str]]) -> Answers:
    frame, variables, text = _below(rows, 2), [], ""
    blocks = []  # the number of the question that each column belongs to
    for above in heads[0]:
        blocks.append((blocks[-1] if blocks else 0) + bool(above))
    widths = Counter(blocks)
    for position, (above, below) in enumerate(zip(*heads[:2], strict=True)):
        text = above or text
        many = widths[blocks[position]] > 1
        option = "" if below in _ALONE else below
        kind = "text" if below == "Open-Ended Response" or _OTHER.search(below) else "meta" if not below else ""
        name = f"{text} [{option}]" if option else text
        variables.append(Variable(name, text=text, option=option, block=text if many else "", kind=kind))
    return _answers(frame, _ticked(frame, variables), "surveymonkey")


def _flat_surveymonkey(frame: pd.DataFrame, names: list[str]) -> Answers:
    """One header row that holds question and option, "question - option", as they stand; names are kept."""
    parts = [line(name).rpartition(" - ") for name in names]
    variables = []
    for text, group in groupby(zip(names, parts, strict=True), key=lambda pair: pair[1][0]):
        members = list(group)
        for name, (_, _, option) in members:
            kind = "meta" if _META.fullmatch(name) else "text" if _OTHER.search(option) and text else ""
            block = text if len(members) > 1 else ""
            known = Variable(name, text=text, option=option, block=block, kind=kind)
            variables.append(known if text and (block or kind) else Variable(name, text=line(name), kind=kind))
    return _answers(frame, _ticked(frame, variables), "surveymonkey")


def _ticked(frame: pd.DataFrame, variables: list[Variable]) -> list[Variable]:
    """The same, blocks whose cells hold nothing but their own option told as multi, all their columns together."""
    told = {}
    for position, v in enumerate(variables):
        if v.block and v.kind == "":
            given = _given(frame.iloc[:, position])
            told.setdefault(v.block, []).append(given <= {v.option} if given else None)
    multi = {block for block, own in told.items() if True in own and False not in own}
    order = {b: tuple(v.option for v in variables if v.block == b and v.kind == "") for b in multi}
    return [
        Variable(v.name, v.text, v.option, v.block, "multi", order=order[v.block])
        if v.block in multi and v.kind == ""
        else v
        for v in variables
    ]


def _limesurvey(frame: pd.DataFrame, heads: list[str], matches: list) -> Answers:
    """Headers `code[row]. question [row's text]`; a column of ticks says yes or no."""
    codes = Counter(m["code"] for m in matches if m and m["rows"])
    variables, ends = [], {}
    for position, (head, m) in enumerate(zip(heads, matches, strict=True)):
        if m is None:
            variables.append(Variable(head, text=head))
            continue
        block = m["code"] if m["rows"] and codes[m["code"]] > 1 else ""
        item, text = (m["item"] or "", m["text"]) if m["rows"] else ("", head.partition(".")[2])
        kind = "meta" if _META.fullmatch(m["code"]) else ""
        given = _given(frame.iloc[:, position])
        if (
            block
            and given
            and {text.casefold() for text in given}
            <= {"yes", "no", "n/a", "y", "n", "ja", "nein", "oui", "non", "có", "không"}
        ):
            kind = "multi"
        labels = {} if kind else _ends(frame, position, given)
        if labels:
            shown = ", ".join(f"{c} {text}" for c, text in labels.items())
            ends.setdefault(shown, []).append(m["code"] + m["rows"])
        name = m["code"] + m["rows"]
        variables.append(Variable(name, line(text), item, block, "rating" if labels else kind, labels))
    notes = [
        tr("scales with labelled ends ({ends}) are read as numbers: {columns}", ends=shown, columns=some_columns(names))
        for shown, names in ends.items()
    ]
    return _answers(frame, variables, "limesurvey", notes)


def _ends(frame: pd.DataFrame, position: int, given: set[str]) -> dict[str, str]:
    """The words of a scale whose ends alone are labelled ("0 - Not at all", 1, 2 …), its cells made numbers."""
    worded = {text: m for text in given if (m := _LABELLED_END.fullmatch(text))}
    whole = {text for text in given if re.fullmatch(r"-?\d+", text)}
    if not worded or not whole or len(worded) + len(whole) < len(given) or len(worded) > 3:
        return {}
    number_of = {text: m[1] for text, m in worded.items()}
    if len(set(number_of.values())) < len(worded) or set(number_of.values()) & whole:
        return {}
    frame.isetitem(position, by_value(frame.iloc[:, position], lambda c: number_of.get(line(c), c)))
    found = {m[1]: (m[2] or m[3]).strip() for m in worded.values()}
    return dict(sorted(found.items(), key=lambda pair: int(pair[0])))


def _clocks(frame: pd.DataFrame) -> bool:
    times = [text for text in map(code, frame.iloc[:50, 0]) if text]
    return bool(times) and all(_CLOCK.match(text) for text in times)


def _google(frame: pd.DataFrame, heads: list[str]) -> Answers:
    """One header row, its first column the time; grids as "question [row]", ticks of one question in one cell."""
    grids = [None if i == 0 else _GRID.fullmatch(head) for i, head in enumerate(heads)]
    texts = Counter(m["text"] for m in grids if m)
    variables, notes = [], []
    for position, (head, m) in enumerate(zip(heads, grids, strict=True)):
        if m and texts[m["text"]] > 1:
            name = f"{m['text']} [{m['item'].strip()}]"
            variables.append(Variable(name, m["text"], m["item"].strip(), m["text"]))
            continue
        mark = "" if position == 0 or m else separator(frame.iloc[:, position])
        kind = "meta" if position == 0 or _META.fullmatch(head) else "multi" if mark else ""
        variables.append(Variable(head, text=head, kind=kind))
        if mark == ", " and kind and (pairs := _inseparable(frame.iloc[:, position], mark)):
            notes.append(
                tr(
                    "{pairs} always stand together in {question}; where they are one option with a comma in it, write "
                    "it without the comma in the file",
                    pairs=_some_pairs([join(list(pair)) for pair in pairs]),
                    question=head,
                )
            )
    return _answers(frame, variables, "google_forms", notes)


def _inseparable(cells: pd.Series, mark: str) -> list[tuple[str, str]]:
    """Neighbours that never stand without each other, which may be one option with the mark in it."""
    held = [parted(text, mark) for text in map(code, cells) if text]
    alone = Counter(part for parts in held for part in parts)
    together = Counter(pair for parts in held for pair in pairwise(parts))
    return [pair for pair, n in together.items() if n >= 3 and n == alone[pair[0]] == alone[pair[1]]]


def _some_pairs(pairs: list[str]) -> str:
    shown = ", ".join(pairs[:3])
    return tr("{pairs} and {number} more pairs", pairs=shown, number=len(pairs) - 3) if len(pairs) > 3 else shown


def separator(cells: pd.Series) -> str:
    """What parts the ticks of a multi question that stand in one cell, ";" or ", "; "" where they are no ticks.

    Ticks recur, and in more than one company: the parts of sentences do not recur, and those of a single choice with
    a comma in it always stand together.
    """
    texts = [text for text in map(code, cells) if text]
    for mark in (";", ", "):
        sets = {text: set(parted(text, mark)) for text in set(texts)}
        several = [text for text in texts if len(sets[text]) > 1]
        if len(several) < max(3, 0.05 * len(texts)):
            continue
        parts = pd.Series([part for text in texts for part in sets[text]])
        often = parts.map(parts.value_counts()) >= max(3, 0.01 * len(texts))
        companies = Counter(part for held in sets.values() for part in held)
        apart = [any(companies[part] > 1 for part in sets[text]) for text in several]
        if often.mean() >= 0.7 and sum(apart) >= 0.8 * len(apart):
            return mark
    return ""
