"""`make messages`: every message of the project, and the catalogues of all languages brought up to date with them.

A message is the text of a call of tr(), tr_n() or noted() in code and templates, a heading of a table (in a dict named
COLUMNS, heads or labels, or in a module *_heads.py), and each piece of prose of a notebook.
"""

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from cxlib.language import LOCALE
from cxlib.places import ROOT
from cxlib.prose import pieces

IN_TEMPLATES = re.compile(r"\btr\(\s*(\"(?:[^\"\\]|\\.)*\")")
CATALOGUE = "cxlib.po"

Message = str | tuple[str, str]  # with its plural, where it has one


def messages(paths: list[Path] | None = None) -> dict[Message, list[str]]:
    """Every message with the files it stands in, in the order of the files (default: all of the project's)."""
    found: dict[Message, list[str]] = {}
    for path in paths or sources():
        read = {".ipynb": _of_notebook, ".j2": _of_template, ".py": _of_module}[path.suffix]
        for message in read(path):
            places = found.setdefault(message, [])
            name = path.resolve().relative_to(ROOT).as_posix()
            if name not in places:
                places.append(name)
    return found


def sources() -> list[Path]:
    """The files that may hold messages."""
    code = [path for path in sorted((ROOT / "cxlib").rglob("*")) if path.suffix in (".py", ".j2")]
    # The template of new chapters is one; the tutorial is in English.
    chapters = [*sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")), ROOT / "notebooks/guide/new_chapter.ipynb"]
    return chapters + code


def _of_template(path: Path) -> Iterator[Message]:
    for quoted in IN_TEMPLATES.findall(path.read_text(encoding="utf-8")):
        yield ast.literal_eval(quoted)


def _of_module(path: Path) -> Iterator[Message]:
    yield from _of_code(path.read_text(encoding="utf-8"), heads=path.stem.endswith("_heads"))


def _of_notebook(path: Path) -> Iterator[Message]:
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            yield from (text for _, text in pieces(source))
        else:
            yield from _of_code(source)


def _of_code(source: str, heads: bool = False) -> Iterator[Message]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            texts = [text for text in map(_constant, node.args) if text]
            if name in ("tr", "noted") and texts:
                yield texts[0]
            elif name == "tr_n" and len(texts) > 1:
                yield texts[0], texts[1]
        if isinstance(node, ast.Dict) and heads:
            yield from _heads(node)
        elif (isinstance(node, ast.keyword) and node.arg == "labels") or (
            isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in ("COLUMNS", "heads", "labels")
        ):
            yield from _heads(node.value)


def _heads(node: ast.AST) -> Iterator[str]:
    """The headings in a dict: its texts, and the first one of each pair."""
    for part in ast.walk(node):
        for value in part.values if isinstance(part, ast.Dict) else []:
            text = _constant(value.elts[0] if isinstance(value, ast.Tuple) and value.elts else value)
            if text:
                yield text


def _constant(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def catalogue(language: str) -> Catalog:
    """All that a language has translated, from every file of its folder."""
    whole = Catalog(locale=language)
    for path in sorted((LOCALE / language / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id and _complete(message.string):
                    whole.add(message.id, message.string)
    return whole


def _complete(string: str | tuple[str, ...]) -> bool:
    """Whether a message is translated, in each of its forms."""
    return all(string if isinstance(string, tuple) else (string,))


def update(language: str) -> tuple[int, int]:
    """Write the catalogue of a language anew: new messages empty, those that are gone left out.

    Returns how many messages there are, and how many of them have no translation.
    """
    known, made, empty = catalogue(language), Catalog(locale=language), 0
    for message, places in messages().items():
        old = known.get(message[0] if isinstance(message, tuple) else message)
        string = old.string if old is not None else ""
        empty += not string
        made.add(message, string, locations=[(place, None) for place in places])
    folder = LOCALE / language / "LC_MESSAGES"
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.po"):
        path.unlink()
    with (folder / CATALOGUE).open("wb") as file:
        write_po(file, made, width=0, omit_header=True, include_lineno=False)
    return len(made), empty


def main() -> None:
    """Bring the catalogue of every language up to date; a new language is named as an argument."""
    known = [path.name for path in sorted(LOCALE.iterdir()) if path.is_dir()]
    for language in dict.fromkeys([*known, *sys.argv[1:]]):
        total, empty = update(language)
        print(f"{language}: {total} messages, {empty} without a translation")


if __name__ == "__main__":
    main()
