"""A new study from a client's exports: study.yml with every guess marked, and the data dictionary beside it."""

import os
import re
import shutil
import tempfile
from itertools import takewhile
from pathlib import Path
from typing import Any

from cxlib import dictionary
from cxlib.answers import Answers
from cxlib.codebook import KEYS
from cxlib.errors import CxError
from cxlib.export_waves import Export, Together, together
from cxlib.exports import refuse_crosstab
from cxlib.guess import guess
from cxlib.guesses import Guess
from cxlib.names import slug, unique
from cxlib.new_paths import free, reachable
from cxlib.readers import read_table
from cxlib.study_text import block, comment, question, scalar, why
from cxlib.wording import spoken, unmarked

FILES = ("dictionary.html", "dictionary.xlsx", "study.yml")
# Names that the loaded survey has of its own.
_TAKEN = {*KEYS["survey"], "excluded", "weight_start", "weight_ratio", "margin", "age_band"}
_VIETNAMESE = re.compile("[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9]")
MOST = 12  # entries of one kind that are printed
LABEL = 60  # letters of a wording that can stand in a table as it is


def create(folder: Path, exports: list[Path]) -> list[str]:
    """Write study.yml, dictionary.html and dictionary.xlsx into `folder`; the lines that tell what was found.

    The folder is made where it is not there. Raises CxError, leaving nothing behind, where one of the files is there
    already, an export cannot be read or is no table of respondents, or several are no waves of one survey.
    """
    reachable([folder, *exports])
    free(folder, FILES)
    files = [(path, read_table(path)) for path in exports]
    for path, answers in files:
        refuse_crosstab(answers, path)
        if not len(answers.frame):
            raise CxError(f"{path}: an export has a row for each respondent; it has a header and no rows")
    whole = together(files)
    found = guess(whole.answers, waves=whole.waves, rows=whole.rows)
    _place(folder, study_yml(folder, whole, found), whole, found)
    return summary(folder, whole, found)


def _place(folder: Path, text: str, whole: Together, found: list[Guess]) -> None:
    """Make the files aside and move them to their place, study.yml last; nothing stays where one fails."""
    new, made = not folder.exists(), []
    known = [made for made in found if made.use in ("private", "key", "question")]
    roles = {column: made.role for made in known for column in made.columns}
    table = dictionary.entries(whole.answers, roles, language=language(whole.answers))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=folder) as aside:
            aside = Path(aside)
            dictionary.write_html(table, aside / FILES[0], title=title(whole.files), language=language(whole.answers))
            dictionary.write_xlsx(table, aside / FILES[1], title=title(whole.files))
            (aside / FILES[2]).write_text(text, encoding="utf-8")
            for name in FILES:
                os.close(os.open(folder / name, os.O_CREAT | os.O_EXCL, 0o644))  # ours, or nobody's
                made.append(folder / name)
                os.replace(aside / name, folder / name)
        new = False
        made.clear()
    except OSError as error:
        raise CxError(f"{folder}: cannot be written: {error.strerror}") from None
    finally:
        for path in made:
            path.unlink(missing_ok=True)
        if new and folder.is_dir():
            shutil.rmtree(folder)


def language(answers: Answers) -> str:
    """vi where a third of the wordings bear Vietnamese letters, else en."""
    texts = {v.text or v.name for v in answers.variables.values()} | {
        v.option for v in answers.variables.values() if v.option
    }
    marked = sum(bool(_VIETNAMESE.search(text)) for text in texts)
    return "vi" if marked > len(texts) / 3 else "en"


def title(files: list[Export]) -> str:
    """A title from the names of the files: what they have in common, as words."""
    stems = [file.path.stem for file in files]
    shared = "".join(takewhile(bool, map(_alike, zip(*stems, strict=False))))
    if len(shared) < 3:
        shared = re.sub(r"^[\W\d_]+", "", stems[-1]) or stems[-1]
    return " ".join(re.sub(r"[_\s-]+", " ", shared).split())[:120] or "New study"


def _alike(letters: tuple[str, ...]) -> str:
    return letters[0] if len(set(letters)) == 1 else ""


def study_yml(folder: Path, together: Together, found: list[Guess]) -> str:
    """The text of study.yml: what was guessed, why, and what could not be."""
    named = names(together.answers, found)
    keys = {made.role: made.columns[0] for made in found if made.use == "key"}
    by_file = together.waves is not None and "wave" not in keys
    lines = [
        f"# Begun by `cx new` from {comment(', '.join(file.path.name for file in together.files))}.",
        "# Whatever follows `guessed:` is a guess: hold it against the questionnaire, mend it, and delete the word.",
        "# The format is told in data/README.md; `cx check` tells what does not hold.",
        f"study: {scalar(re.sub(r'[^A-Za-z0-9_.-]+', '-', unmarked(folder.resolve().name)).strip('-.') or 'study')}",
        f"title: {scalar(title(together.files))}",
        f"language: {language(together.answers)}  # guessed from the wordings; en or vi",
        "sample: opt_in  # guessed: nothing tells how the sample was drawn; it decides how intervals may be called:",
        "#               probability | quota | panel | opt_in | census",
    ]
    own = {name: rule for made in found for name, rule in made.own.items()}
    lines += ["metrics:", *block(own, 2)] if own else []
    lines += ["tables:", "  survey:", *_files(folder, together, found, named, by_file)]
    for made in found:
        if made.use == "key":
            lines += [f"    # guessed: {why(made)}"] + ([f"    # look: {comment(made.look)}"] if made.look else [])
            lines += block({made.role: made.columns[0]} | made.entries, 4)
    hidden = [made for made in found if made.use == "private"]
    private = [(name, made) for made in hidden for name in _spellings(together, made.columns[0])]
    lines += ["    private:"] if private else []
    lines += [f"      - {scalar(name)}  # guessed: {why(made)}" for name, made in private]
    asked = [made for made in found if made.use == "question"]
    lines.append("    questions:" if asked else "    questions: {}")
    for made in [*asked, *(made for made in found if made.use == "candidate")]:
        name = named[made.columns]
        lines += question(name, made, _entries(together.answers, made, name))
    out = [made for made in found if made.use == "left out"]
    lines += ["", "# Left out:"] if out else []
    lines += [f"#   {comment(made.columns[0]) or 'a column without a name'}: {comment(made.reason)}" for made in out]
    return "\n".join(lines) + "\n"


def names(answers: Answers, found: list[Guess]) -> dict[tuple[str, ...], str]:
    """A name for each question and candidate, by its columns: its code where it has one, else words of its wording."""
    asked = [made for made in found if made.use in ("question", "candidate")]
    private = [name for made in found if made.use == "private" for name in made.columns]
    bases = []
    for made in asked:
        variable = answers.variables[made.columns[0]]
        several = len(made.columns) > 1
        base = made.entries["name"] if several else variable.name
        if " " in base.strip():
            base = base if several else variable.option or variable.text or base
        bases.append(slug(base) or "question")
    return dict(zip((made.columns for made in asked), unique(bases, {*_TAKEN, *private}), strict=True))


def _entries(answers: Answers, made: Guess, name: str) -> dict[str, Any]:
    """What stands of a question beside its role: metric, wording, label, column, and the rest as it was guessed."""
    variable, rest = answers.variables[made.columns[0]], dict(made.entries)
    several = len(made.columns) > 1
    rest.pop("name", None)
    text = " ".join((rest.pop("text", "") or variable.text or "").split())
    option = "" if several else " ".join(variable.option.split())
    text = "" if spoken(text) == spoken(name) else text
    entries = {"metric": rest.pop("metric")} if "metric" in rest else {}
    if len(text) > LABEL or (text and option):
        entries["text"] = text
    label = option or text
    if label:
        entries["label"] = label if len(label) <= LABEL else label[: LABEL - 1].rsplit(" ", 1)[0] + "…"
    if not several and variable.name != name:
        entries["column"] = variable.name
    return entries | rest


def _spellings(together: Together, column: str) -> list[str]:
    """How the files write a column's name."""
    return list(dict.fromkeys(file.columns[column] for file in together.files if column in file.columns))


def _files(folder: Path, together: Together, found: list[Guess], named: dict, by_file: bool) -> list[str]:
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


def summary(folder: Path, together: Together, found: list[Guess]) -> list[str]:
    """What was found, what has to be looked at, and what to type next."""
    named, frame = names(together.answers, found), together.answers.frame

    def of(use: str, *roles: str) -> list[Guess]:
        return [made for made in found if made.use == use and (not roles or made.role in roles)]

    def shown(guesses: list[Guess]) -> str:
        listed = [" ".join((named.get(g.columns) or g.columns[0] or "(no name)").split())[:40] for g in guesses]
        return ", ".join(listed[:MOST]) + (f" and {len(listed) - MOST} more" if len(listed) > MOST else "")

    lines = [f"{folder / 'study.yml'}: {len(frame):,} rows, {frame.shape[1]} columns"]
    lines += [f"metric: {named[g.columns]}: {g.entries['metric']}: {why(g)}" for g in of("question", "metric")]
    if not of("question", "metric"):
        lines.append("metric: none was found")
    lines += [f"key: {g.role}: {g.columns[0]} ({g.confidence} confidence)" for g in of("key")]
    for what, guesses in {
        "drivers": of("question", "driver"),
        "segments": of("question", "segment"),
        "other questions": of("question", "single", "multi", "number", "comment"),
        "private, never loaded": of("private"),
        "not understood, as comments in study.yml": of("candidate"),
        "left out": of("left out"),
    }.items():
        lines += [f"{what}: {len(guesses)}: {shown(guesses)}"] if guesses else []
    look = [g for g in found if g.look and g.use != "candidate"]
    lines += [f"look at {named.get(g.columns) or g.columns[0]}: {comment(g.look)}" for g in look[:MOST]]
    lines += [f"look at {len(look) - MOST} more, marked `look:` in study.yml"] if len(look) > MOST else []
    lines += [f"note: {note}" for note in together.answers.notes]
    if not of("question", "metric"):
        # No report runs without one.
        told = "name a metric (role: metric) under `questions:` in study.yml, e.g."
        return [*lines, f"next: {told}", "  recommend: {role: metric, metric: nps}", "then:", f"  cx check {folder}"]
    return [*lines, "next:", f"  cx check {folder}", f"  cx report {folder}"]
