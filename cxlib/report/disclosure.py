"""The disclosure check: finished files are read once more, and nothing private may stand in them.

Refused is a report of which any file, of any format, holds a value of a column under `private:`
(cxlib/private_values.py says which values are looked for, and which tell too little), or a mail address, a phone, an
identity or a card number, whatever column it came from. What study.yml itself says, such as the client's own phone and
mail address under `disclosure: contact:`, may stand in a report.
"""

import re
import unicodedata
from pathlib import Path

from cxlib.codebook import Codebook
from cxlib.details import details
from cxlib.errors import CxError
from cxlib.private_values import Values, dialled, joined, ordinary, private_values, texts
from cxlib.report.file_texts import texts_of
from cxlib.report.folder import DATA
from cxlib.report.plan import Plan
from cxlib.study import Study

SHOWN = 3  # files that are named
_DETAIL = "a "  # so begins what is found by its pattern, and not by its column
_RULE = (
    "no value of a `private:` column may stand in what is published, nor a mail address, phone, identity or card "
    "number that study.yml does not say itself; what was published before stays"
)


def looked_for(plan: Plan) -> Values:
    """The private values of a report's study, which are to be looked for in it."""
    return private_values(_study(plan))


def _study(plan: Plan) -> Study:
    places = plan.chapters[0].places
    return Study.load(places["study"], data=places["data"], lang=plan.language)


def check(folder: Path, plan: Plan, book: Codebook, values: Values, endings: tuple[str, ...] = ()) -> str:
    """Read the finished files of a report (those with these endings, else all) and tell what was looked for.

    `values` are those of looked_for(). Raises CxError where a file holds a private value or detail: which file, of
    which table and column, how many, and one of them with most of its letters hidden.
    """
    allowed = _allowed(book)
    found: dict[str, dict[str, str]] = {}  # by file: what stands there, and where it is from
    seen: dict[str, dict[str, str]] = {}  # the same texts stand in several files, and are looked at once
    for path in _files(folder, endings):
        told, fresh = {}, []
        for text in dict.fromkeys(texts_of(path)):
            if text not in seen:
                seen[text] = {}
                fresh.append(text)
            else:
                told |= seen[text]
        if _any(joined(fresh), values, allowed):
            for text in fresh:
                seen[text] = _any(joined([text]), values, allowed)
                told |= seen[text]
        if told:
            found[path.relative_to(folder).as_posix()] = told
    found = found and _telling(found, _study(plan))
    if found:
        raise CxError(f"the report is not published, as it would give away private data: {_refusal(found)}; {_RULE}")
    return _told(values)


def check_labels(study, labels: list[str], column: str) -> None:
    """Raise CxError where what parts of a study are called would give away private data."""
    told = _any(joined(labels), private_values(study), _allowed(study.book))
    found = _telling({f"the column {column}": told}, study)
    if found:
        raise CxError(f"no reports are made by {column}, as their names would give away private data: "
                      f"{_refusal(found)}; {_RULE}")  # fmt: skip


def _telling(found: dict[str, dict[str, str]], study) -> dict[str, dict[str, str]]:
    """What was found without what anybody knows, file by file."""
    keys = {key for told in found.values() for key, place in told.items() if not place.startswith(_DETAIL)}
    common = ordinary(study, keys) if keys else set()
    left = {name: {k: place for k, place in told.items() if k not in common} for name, told in found.items()}
    return {name: told for name, told in left.items() if told}


def _files(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    """The files to be read; the study's own files, where they were asked for, are what they are."""
    every = sorted(
        path for path in folder.rglob("*") if path.is_file() and DATA not in path.relative_to(folder).parts[:1]
    )
    return [path for path in every if not endings or path.suffix in endings]


def _any(text: str, values: Values, allowed: set[str]) -> dict[str, str]:
    """The private values and details in a text, each with where it is from."""
    found = values.found(text)
    for kind, detail in details(text):
        if _plain(detail) not in allowed and not values.has(detail):
            found[detail] = f"{_DETAIL}{kind}"
    return found


def _plain(detail: str) -> str:
    """A detail by what it reaches: digits as they are dialled, a mail address in small letters."""
    return detail.casefold() if "@" in detail else dialled("".join(re.findall(r"\d", detail)))


def _allowed(book: Codebook) -> set[str]:
    """The details that study.yml itself says."""
    return {_plain(detail) for _, detail in details(joined(texts(book.model_dump(mode="json"))))}


def _refusal(found: dict[str, dict[str, str]]) -> str:
    """What stands where, with one example of each kind, most of its letters hidden."""
    lines = []
    for name, told in list(found.items())[:SHOWN]:
        parts = []
        for place in sorted(set(told.values())):
            keys = [key for key, where in told.items() if where == place]
            what = f"{len(keys):,} value{'s' if len(keys) > 1 else ''} of {place}"
            parts.append(f"{place if place.startswith(_DETAIL) else what}, e.g. {hidden(min(keys))}")
        lines.append(f"{name} holds {' and '.join(parts)}")
    rest = len(found) - SHOWN
    lines += [f"{rest} more file{'s' if rest > 1 else ''} as well"] if rest > 0 else []
    return "; ".join(lines)


def hidden(value: str) -> str:
    """A value with most of its letters hidden: 0912…89, n… v… a…."""
    value = unicodedata.normalize("NFC", value)
    if " " in value and not any(c.isdigit() for c in value):
        return " ".join(f"{word[0]}…" for word in value.split())
    return f"{value[:4]}…{value[-2:]}" if len(value) > 9 else f"{value[0]}…"


def _told(values: Values) -> str:
    """What was looked for, for whoever asks what the check is worth."""
    if not values and not values.passed:
        return "no private columns; no mail address, phone, identity or card number stands in the report"
    passed = f"; {values.passed:,} are too short or too common to tell and were not looked for" if values.passed else ""
    return f"none of {len(values):,} private values stands in the report{passed}"
