"""The project's pages in Markdown, taken apart for the tests: headings, code, links, tables, and what commands are."""

import re
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import click
from markdown_it import MarkdownIt
from papermill.cli import papermill

from cxlib.cli import cli
from cxlib.language import languages
from cxlib.published import notebook_parameters
from cxlib.report.plan import FORMATS, chapters

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "data").glob("**/README.md")),
    *sorted((ROOT / "notebooks/guide").glob("*.md")),
]
COMMANDS = ("cx", "make", "papermill")


@dataclass(frozen=True)
class Fence:
    """A fenced block: its language ("" where it names none), its text, and the line of the page it begins in."""

    language: str
    text: str
    line: int


@cache
def tokens(page: Path) -> list:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))


def fences(page: Path, language: str | None = None) -> list[Fence]:
    found = [Fence(t.info.strip(), t.content, t.map[0] + 1) for t in tokens(page) if t.type == "fence"]
    return [fence for fence in found if language is None or fence.language == language]


def headings(page: Path) -> list[tuple[int, str]]:
    """Level and text of each heading, in order."""
    parts = tokens(page)
    return [(int(t.tag[1]), parts[i + 1].content) for i, t in enumerate(parts) if t.type == "heading_open"]


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub and JupyterLab give the headings: small letters, blanks as hyphens, no other marks."""
    found = set()
    for _, text in headings(page):
        slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        found.add(slug if slug not in found else f"{slug}-{sum(a.startswith(slug) for a in found)}")
    return found


def inline(page: Path) -> list:
    """The pieces of all prose: text, code spans, links, pictures."""
    return [child for token in tokens(page) if token.type == "inline" for child in token.children]


def spans(page: Path) -> list[str]:
    """What stands between backticks in the prose."""
    return [child.content for child in inline(page) if child.type == "code_inline"]


def links(page: Path) -> list[str]:
    """Targets of links and pictures, in order."""
    named = {"link_open": "href", "image": "src"}
    return [child.attrs[named[child.type]] for child in inline(page) if child.type in named]


def tables(page: Path) -> list[list[list[str]]]:
    """The tables of a page: rows of cells as they are written, the heads first."""
    found, cell = [], False
    for token in tokens(page):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type in ("th_open", "td_open"):
            cell = True
        elif token.type == "inline" and cell:
            found[-1][-1].append(token.content)
            cell = False
    return found


def section(page: Path, heading: str) -> str:
    """What stands under a heading, down to the next one of its level or above."""
    lines = page.read_text(encoding="utf-8").splitlines()
    opened = [(t, tokens(page)[i + 1].content) for i, t in enumerate(tokens(page)) if t.type == "heading_open"]
    here = next(i for i, (_, text) in enumerate(opened) if text == heading)
    level, start = opened[here][0].tag, opened[here][0].map[1]
    end = next((t.map[0] for t, _ in opened[here + 1 :] if t.tag <= level), len(lines))
    return "\n".join(lines[start:end])


def commands(page: Path) -> list[str]:
    """Every command of the project that a page names: lines of its shell blocks, and code spans in its prose."""
    lines = [line for f in fences(page) if f.language in ("", "sh", "bash") for line in _joined(f.text)]
    named = [re.sub(r"^(?:\$ )?(?:\S*/)?(?=(?:cx|papermill|make)\b)", "", text.strip()) for text in lines + spans(page)]
    return [text for text in named if text.partition(" ")[0] in COMMANDS]


def _joined(text: str) -> list[str]:
    """Lines, with those that a backslash continues made one."""
    return text.replace("\\\n", " ").splitlines()


def fault(command: str) -> str:
    """What is wrong with a command line of a page; "" where nothing is."""
    words = shlex.split(command, comments=True)
    # What a shell takes for itself ends the command.
    words = words[: next((i for i, word in enumerate(words) if word in ("&&", "|", ">", ">>", ";")), len(words))]
    name, *rest = words
    return {"cx": _of_cx, "make": _of_make, "papermill": _of_papermill}[name](rest) if rest else ""


def _of_cx(words: list[str]) -> str:
    if words[0] in ("--help", "-h", "--version"):
        return ""
    if words[0] not in cli.commands:
        return f"there is no `cx {words[0]}`"
    if len(words) == 1:
        return ""
    # A page may show the options alone; what a command needs stands where it is explained.
    context = click.Context(cli.commands[words[0]])
    try:
        values, _, _ = cli.commands[words[0]].make_parser(context).parse_args(list(words[1:]))
    except click.UsageError as error:
        return f"`cx {words[0]}`: {error.message}"
    given = [one.partition("=")[0] for one in values.get("parameters") or []]
    return _first(
        _unknown("parameter", given, {name for names in _parameters().values() for name in names} | {"NAME"}),
        _unknown("chapter", values.get("only") or [], {*_parameters(), "CHAPTER"}),
        _unknown("language", [values.get("lang")], {None, *languages(), "LANGUAGE", "fr"}),
        _unknown("format", (values.get("formats") or "html").split(","), FORMATS),
    )


@cache
def _parameters() -> dict[str, dict]:
    """The parameters of each chapter with their defaults."""
    return {name: notebook_parameters(path) for name, (path, _) in chapters().items()}


def _of_make(words: list[str]) -> str:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    words = words[2:] if words[0] == "-C" else words
    targets = re.findall(r"^([a-z]+):.*##", text, re.MULTILINE)
    variables = re.findall(r"^([A-Z]+) \?=", text, re.MULTILINE)
    given = [word.partition("=")[0] for word in words if "=" in word]
    asked = [word for word in words if "=" not in word]
    return _first(_unknown("make target", asked, targets), _unknown("variable of make", given, variables))


def _of_papermill(words: list[str]) -> str:
    context = click.Context(papermill)
    try:
        values, _, _ = papermill.make_parser(context).parse_args(list(words))
    except click.UsageError as error:
        return f"`papermill`: {error.message}"
    path = ROOT / re.sub(r"^.*?(?=notebooks/)", "", values["notebook_path"])
    if not path.is_file():
        return f"there is no notebook {values['notebook_path']}"
    named = [name for name, _ in values.get("parameters") or []]
    return _unknown(f"parameter of {path.name}", named, notebook_parameters(path))


def _unknown(what: str, named, known) -> str:
    stray = [name for name in named if name not in known]
    return f"there is no {what} {stray[0]}" if stray else ""


def _first(*faults: str) -> str:
    return next(filter(None, faults), "")


def options() -> set[str]:
    """Every long option of cx and papermill."""
    everything = [*cli.commands.values(), cli, papermill]
    return {"--help"} | {opt for command in everything for p in command.params for opt in [*p.opts, *p.secondary_opts]}


def broken(page: Path, target: str) -> str:
    """Why a link of a page leads nowhere; "" where it leads somewhere. Other hosts are not asked."""
    if re.match(r"(https?|mailto):", target):
        return ""
    name, _, anchor = unquote(target).partition("#")
    path = (page.parent / name).resolve() if name else page
    if not path.exists():
        return f"{target}: there is no such file"
    if ROOT not in (path, *path.parents):
        return f"{target}: lies outside the project"
    if anchor and path.suffix == ".md" and anchor not in anchors(path):
        return f"{target}: there is no such heading; there are {', '.join(sorted(anchors(path)))}"
    return ""


def change(diff: str, folder: Path) -> int:
    """Make the changes of a unified diff to the files of a folder, each piece where its lines stand; lines changed.

    Raises AssertionError where the lines that a piece expects do not stand in the file, or stand there twice. A piece
    may be a part of a line (a cell of a table, the title in a notebook).
    """
    changed = 0
    for old, new, body in re.findall(r"^--- (\S+)\n\+\+\+ b/(\S+)\n(.*?)(?=^--- |\Z)", diff, re.M | re.S):
        path = folder / new
        text = "" if old == "/dev/null" else path.read_text(encoding="utf-8")
        for piece in body.split("@@\n")[1:]:
            lines = piece.splitlines()
            before, after = ("\n".join(x[1:] for x in lines if x[:1] in signs) for signs in ((" ", "-"), (" ", "+")))
            assert text.count(before) == 1 or not text, f"{new}: these lines stand there {text.count(before)} times"
            text = text.replace(before, after) if text else after + "\n"
            changed += sum(x[:1] in ("+", "-") for x in lines)
        path.write_text(text, encoding="utf-8")
    return changed
