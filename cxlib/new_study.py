"""A new study from a client's exports: study.yml with every guess marked, and the data dictionary beside it."""

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from cxlib import dictionary
from cxlib.errors import CxError
from cxlib.guesses import Guess
from cxlib.new_draft import Draft, begin
from cxlib.new_paths import free, reachable
from cxlib.new_steps import next_steps
from cxlib.new_text import study_yml
from cxlib.study_text import comment, why

FILES = ("dictionary.html", "dictionary.xlsx", "study.yml")
_SAYS_NOTHING = {
    "",
    "all",
    "answers",
    "csv",
    "data",
    "export",
    "exports",
    "raw",
    "responses",
    "results",
    "sheet",
    "survey",
}
MOST = 12  # entries of one kind that are printed


def create(
    folder: Path,
    exports: list[Path],
    *,
    decide: Callable[[Draft], Draft] | None = None,
    command: str = "cx",
) -> list[str]:
    """Write study.yml, dictionary.html and dictionary.xlsx into `folder`; the lines that tell what was found.

    `decide` is asked what of the draft is to be otherwise, before anything is written; `command` is how the lines call
    cx. The folder is made where it is
    not there. Raises CxError, leaving nothing behind, where one of the files is there already, an export cannot be read
    or is no table of respondents, or several are no waves of one survey.
    """
    reachable([folder, *exports])
    free(folder, FILES)
    draft = begin(exports)
    draft = decide(draft) if decide else draft
    write(folder, draft)
    return [*summary(folder, draft), *next_steps(folder, draft, command=command)]


def write(folder: Path, draft: Draft) -> None:
    """Make the files aside and move them to their place, study.yml last; nothing stays where one fails.

    Nothing is replaced: CxError where one of the files is there already.
    """
    free(folder, FILES)
    draft = titled(folder, draft)
    text = study_yml(folder, draft)
    new, made = not folder.exists(), []
    known = [made for made in draft.found if made.use in ("private", "key", "question")]
    roles = {column: made.role or made.use for made in known for column in made.columns}
    table = dictionary.entries(draft.whole.answers, roles, language=draft.language)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=folder) as aside:
            aside = Path(aside)
            dictionary.write_html(table, aside / FILES[0], title=draft.title, language=draft.language)
            dictionary.write_xlsx(table, aside / FILES[1], title=draft.title)
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


def titled(folder: Path, draft: Draft) -> Draft:
    """The draft, called after its folder where the file's name tells nothing ("export", "Data All 260316")."""
    words = {"".join(filter(str.isalpha, word)) for word in draft.title.casefold().split()}
    name = " ".join(folder.resolve().name.replace("_", " ").replace("-", " ").split())
    if "title" in draft.told or words - _SAYS_NOTHING or not name:
        return draft
    return replace(draft, title=name[0].upper() + name[1:])


def summary(folder: Path, draft: Draft) -> list[str]:
    """What was found, and what has to be looked at."""
    found, frame = draft.found, draft.whole.answers.frame
    named = draft.names

    def of(use: str, *roles: str) -> list[Guess]:
        return [made for made in found if made.use == use and (not roles or made.role in roles)]

    def shown(guesses: list[Guess]) -> str:
        listed = [" ".join((named.get(g.columns) or g.columns[0] or "(no name)").split())[:40] for g in guesses]
        return ", ".join(listed[:MOST]) + (f" and {len(listed) - MOST} more" if len(listed) > MOST else "")

    lines = [f"{folder / 'study.yml'}: {len(frame):,} rows, {frame.shape[1]} columns"]
    for g in of("question", "metric"):
        lines.append(f"metric: {named[g.columns]}: {g.entries['metric']}" + ("" if g.decided else f": {why(g)}"))
    if not of("question", "metric"):
        lines.append("metric: none was found")
    lines += [
        f"key: {g.role}: {g.columns[0]}" + ("" if g.decided else f" ({g.confidence} confidence)") for g in of("key")
    ]
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
    return lines + [f"note: {note}" for note in draft.whole.answers.notes]
