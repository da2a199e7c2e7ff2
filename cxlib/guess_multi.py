"""Multi-select questions among an export's columns: many columns of ticks, or one column of answers run together."""

import re

from cxlib.column_facts import Facts
from cxlib.guesses import FEW, Guess
from cxlib.names import slug, unique
from cxlib.private_cells import shown

_NO = {"0", "no", "không", "khong", "false", "not selected", "unchecked", "unticked", "not checked", "n"}
SEPARATORS = (";", "|", "\n", ", ", ",")
_THOUSANDS = re.compile(r"\d,\d")
# Answers run together repeat: parts that occur once or twice only are prose.
_REPEATED, _PARTS = 0.8, 60
_PARENTS = (
    r"(?P<whole>.+\S) ?\[.*\]",
    r"(?P<whole>.{8,}\S) [-–] .+",
    r"(?P<whole>.+?)[_.\- ][^_.\- ]+",
    r"(?P<whole>.*[^\W\d]{2})\d+",
)


def parent(column: Facts) -> str:
    """What the columns of one question have in common: the file's block, or the beginning of their names."""
    if column.variable.block:
        return column.variable.block
    for pattern in _PARENTS:
        found = re.fullmatch(pattern, column.name, re.DOTALL)
        if found:
            return found["whole"]
    return ""


def blocks(columns: list[Facts]) -> list[Guess]:
    """The multi-select questions that come in many columns of ticks."""
    groups: dict[str, list[Facts]] = {}
    for column in columns:
        if parent(column):
            groups.setdefault(parent(column), []).append(column)
    return [made for name, members in groups.items() if (made := _block(name, members))]


def _block(name: str, members: list[Facts]) -> Guess | None:
    told = bool(members[0].variable.block) or any(c.variable.kind == "multi" for c in members)
    if not any(c.variable.kind == "multi" for c in members) and max(c.n for c in members) < FEW:
        return None
    # A header alone does not make two yes-or-no questions one: then 0 and 1, an own text or "Not selected" must say so.
    ticks = [c for c in members if _ticks(c, told or len(name) > 30)]
    if len(ticks) < 2 or not any(c.n for c in ticks) or len(ticks) < 0.6 * len(members):
        return None
    options = unique([slug(_option(c, name)) or "option" for c in ticks])
    labels = {o: _option(c, name) for o, c in zip(options, ticks, strict=True)}
    no = sorted({answer for c in ticks for answer in _no(c)})
    # `name` is for whoever names the question; it is no entry of study.yml.
    told_text = ticks[0].variable.text if ticks[0].variable.text != ticks[0].name else ""
    entries = {"name": name, "text": told_text or (name if " " in name else "")}
    entries |= {"columns": dict(zip(options, (c.name for c in ticks), strict=True)), "labels": labels}
    entries |= {"no": no} if no else {}
    sure = "high" if told else "medium"
    columns = tuple(c.name for c in ticks)
    return Guess(columns, "question", "multi", entries, f"{len(ticks)} columns of ticks with one beginning", sure)


def _option(column: Facts, name: str) -> str:
    if column.variable.option:
        return column.variable.option
    own = [a for a in column.counts.index if a.casefold() not in _NO and a not in column.numbers and shown(a) == a]
    rest = re.sub(r"^[\s\[\-–_.]+|[\s\]]+$", "", column.name.removeprefix(name))
    return (
        own[0] if len(own) == 1 and own[0].casefold() not in ("yes", "có", "true", "x") and len(own[0]) < 80 else rest
    )


def _no(column: Facts) -> list[str]:
    """The answers of a column that say that the option was not ticked."""
    labelled = [c for c, text in column.variable.labels.items() if text.casefold() in _NO and c in column.counts.index]
    return labelled + [c for c in column.counts.index if c.casefold() in _NO and c not in labelled]


def _ticks(column: Facts, told: bool) -> bool:
    """Whether a column holds nothing but ticks: one answer, beside blanks or words that say no."""
    kinds = [c for c in column.counts.index if c not in _no(column) and c not in column.no_answers]
    if len(kinds) > 1 or column.distinct > 2:
        return False
    if told or not kinds:
        return not kinds or len(kinds[0]) <= 200
    answers = {c.casefold() for c in column.counts.index}
    return answers in ({"0", "1"}, {"1"}) or "not selected" in answers


def separator(column: Facts) -> str | None:
    """The sign that parts several answers in one cell; None where the cells hold one answer each."""
    if column.numeric or column.distinct < 3:
        return None
    for sign in SEPARATORS:
        cells = [(c, n) for c, n in column.counts.items() if sign in c]
        if sign == "," and any(_THOUSANDS.search(c) for c, _ in cells):
            continue
        if sum(n for _, n in cells) < 0.1 * column.n:
            continue
        parts: dict[str, int] = {}
        for cell, n in column.counts.items():
            for part in {p.strip() for p in cell.split(sign) if p.strip()}:
                parts[part] = parts.get(part, 0) + int(n)
        often = sum(n for n in parts.values() if n >= max(3, 0.01 * column.n))
        if len(parts) <= min(column.distinct, max(_PARTS, 0.5 * column.distinct)) and often >= _REPEATED * sum(
            parts.values()
        ):
            return sign
    return None
