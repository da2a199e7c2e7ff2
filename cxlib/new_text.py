"""A study that is begun, as the text of its study.yml: what was decided, what was guessed and why, and what is open."""

import os
import re
from pathlib import Path
from typing import Any

from cxlib.export_waves import Together
from cxlib.guesses import Guess
from cxlib.new_draft import SAMPLES, Draft
from cxlib.study_text import block, comment, guessed, question, scalar, why
from cxlib.wording import spoken, unmarked

LABEL = 60  # letters of a wording that can stand in a table as it is


def study_yml(folder: Path, draft: Draft) -> str:
    """The text of study.yml: what was decided, what was guessed and why, and what could not be."""
    whole, found = draft.whole, draft.found
    named = draft.names
    keys = {made.role: made.columns[0] for made in found if made.use == "key"}
    by_file = whole.waves is not None and "wave" not in keys
    lines = [
        f"# Begun by `cx new` from {comment(', '.join(file.path.name for file in whole.files))}.",
        "# Whatever follows `guessed:` is a guess: hold it against the questionnaire, mend it, and delete the word.",
        "# The format is told in data/README.md; `cx check` tells what does not hold.",
        f"study: {scalar(re.sub(r'[^A-Za-z0-9_.-]+', '-', unmarked(folder.resolve().name)).strip('-.') or 'study')}",
        *_head(draft),
    ]
    own = {name: rule for made in found for name, rule in made.own.items()}
    lines += ["metrics:", *block(own, 2)] if own else []
    lines += ["tables:", "  survey:", *_files(folder, whole, found, named, by_file)]
    for made in found:
        if made.use == "key":
            lines += guessed(made, 4)
            lines += block({made.role: made.columns[0]} | made.entries, 4)
    hidden = [made for made in found if made.use == "private"]
    private = [(name, made) for made in hidden for column in made.columns for name in _spellings(whole, column)]
    lines += ["    private:"] if private else []
    lines += [f"      - {scalar(name)}" + ("" if m.decided else f"  # guessed: {why(m)}") for name, m in private]
    asked = [made for made in found if made.use == "question"]
    lines.append("    questions:" if asked else "    questions: {}")
    for made in [*asked, *(made for made in found if made.use == "candidate")]:
        lines += question(named[made.columns], made, entries(draft, made))
    out = [made for made in found if made.use == "left out"]
    lines += ["", "# Left out:"] if out else []
    lines += [f"#   {comment(made.columns[0]) or 'a column without a name'}: {comment(made.reason)}" for made in out]
    return "\n".join(lines) + "\n"


def _head(draft: Draft) -> list[str]:
    """Title, language and sample; what nobody has decided is marked."""
    language, sample = f"language: {draft.language}", f"sample: {draft.sample}"
    if "language" not in draft.told:
        language += "  # guessed from the wordings; en or vi"
    if "sample" in draft.told:
        return [f"title: {scalar(draft.title)}", language, sample]
    sample += "  # guessed: nothing tells how the sample was drawn; it decides how intervals may be called:"
    return [f"title: {scalar(draft.title)}", language, sample, f"#               {' | '.join(SAMPLES)}"]


def entries(draft: Draft, made: Guess) -> dict[str, Any]:
    """What study.yml says of a question beside its role: metric, wording, label, column, and the rest as it is."""
    variable, rest = draft.whole.answers.variables[made.columns[0]], dict(made.entries)
    several, name = len(made.columns) > 1, draft.names[made.columns]
    rest.pop("name", None)
    text = " ".join((rest.pop("text", "") or ("" if several else variable.text) or "").split())
    option = "" if several else " ".join((variable.option or draft.tails.get(variable.name, "")).split())
    text = "" if spoken(text) == spoken(name) else text
    told = {"metric": rest.pop("metric")} if "metric" in rest else {}
    if len(text) > LABEL or (text and (option or "label" in rest)):
        told["text"] = text
    label = option or text
    if label:
        told["label"] = label if len(label) <= LABEL else label[: LABEL - 1].rsplit(" ", 1)[0] + "…"
    if not several and variable.name != name:
        told["column"] = variable.name
    return told | rest


def _spellings(together: Together, column: str) -> list[str]:
    """How the files write a column's name."""
    return list(dict.fromkeys(file.columns[column] for file in together.files if column in file.columns))


def _files(folder: Path, together: Together, found: tuple[Guess, ...], named: dict, by_file: bool) -> list[str]:
    """The files, as seen from the folder; several with their waves and the columns that have other names there."""
    if together.waves is None:
        return [f"    file: {scalar(_seen_from(folder, together.files[0].path))}"]
    lines = ["    file:"]
    for file in together.files:
        entry = {"file": _seen_from(folder, file.path)} | ({"wave": file.wave} if by_file else {})
        other = {}
        for made in found:
            if made.use not in ("key", "question"):
                continue
            for column in made.columns:
                place = made.role if made.use == "key" else column if len(made.columns) > 1 else named[made.columns]
                spelling = None if column in file.blank else file.columns.get(column)
                other |= {} if spelling == column else {place: spelling}
            if len(made.columns) > 1 and all(other.get(c, c) is None for c in made.columns):
                other = {place: c for place, c in other.items() if place not in made.columns}
                other[named[made.columns]] = None
        entry |= {"columns": other} if other else {}
        first, *rest = block(entry, 8)
        lines += [f"      - {first.strip()}", *rest]
    return lines


def _seen_from(folder: Path, path: Path) -> str:
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
