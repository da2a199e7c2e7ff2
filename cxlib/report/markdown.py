"""The markdown of notebooks as neutral blocks: headings, paragraphs and lists of runs. HTML in it stays text."""

from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

_PARSER = MarkdownIt("commonmark", {"html": False})


@dataclass(frozen=True)
class Run:
    """A stretch of text in one style; `link` is where it leads, and empty for most."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    link: str = ""


def blocks_of(markdown: str) -> list[tuple[str, dict]]:
    """The blocks in order as (kind, data): heading {level, runs}, text {runs}, list {ordered, items}."""
    found: list[tuple[str, dict]] = []
    lists: list[dict] = []
    kind, level = "text", 0
    for token in _PARSER.parse(markdown):
        if token.type in ("bullet_list_open", "ordered_list_open"):
            lists.append({"ordered": token.type.startswith("ordered"), "items": []})
            if len(lists) == 1:
                found.append(("list", lists[0]))
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
        elif token.type == "heading_open":
            kind, level = "heading", int(token.tag[1:])
        elif token.type == "inline":
            runs = _runs(token.children)
            if lists:
                lists[0]["items"].append(runs)  # a list within a list goes on with the outer one's items
            elif kind == "heading":
                found.append(("heading", {"level": level, "runs": runs}))
            else:
                found.append(("text", {"runs": runs}))
            kind = "text"
        elif token.type in ("fence", "code_block"):
            found.append(("text", {"runs": [Run(token.content.rstrip("\n"), code=True)]}))
    return found


def runs_of(text: str) -> list[Run]:
    """One line of markdown as runs."""
    return _runs(_PARSER.parseInline(text)[0].children)


def _runs(tokens: list[Token] | None) -> list[Run]:
    found: list[Run] = []
    bold = italic = 0
    link = ""
    for token in tokens or []:
        if token.type in ("strong_open", "strong_close"):
            bold += token.nesting
        elif token.type in ("em_open", "em_close"):
            italic += token.nesting
        elif token.type == "link_open":
            link = str(token.attrGet("href") or "")
        elif token.type == "link_close":
            link = ""
        else:
            text = " " if token.type in ("softbreak", "hardbreak") else token.content
            run = Run(text, bold > 0, italic > 0, token.type == "code_inline", link)
            last = found[-1] if found else None
            if last and (last.bold, last.italic, last.code, last.link) == (run.bold, run.italic, run.code, run.link):
                found[-1] = Run(last.text + text, run.bold, run.italic, run.code, run.link)
            else:
                found.append(run)
    return found
