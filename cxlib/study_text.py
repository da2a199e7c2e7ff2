"""A guessed study as the text of its study.yml: YAML that any reader takes, every guess with its reason."""

import json
import re
from typing import Any

from cxlib.guesses import Guess

# Words that YAML, or a reader of older YAML, takes for something else.
_OTHERS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"}
_PLAIN = re.compile(r"[^\W\d_]\w*(?: \w+)*")
# All but letters, signs and pictures that can be seen, and the plain blank.
_UNSEEN = re.compile(
    "[^ -~\u00a1-\u167f\u1681-\u1fff\u2010-\u2027\u2030-\u205e\u2070-\ud7ff\uf900-\ufdcf\ufdf0-\ufefe\uff00-\uffef"
    "\U00010000-\U0010ffff]"
)


def scalar(value: Any) -> str:
    """A value as YAML writes it; text in double quotes unless it is plain words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, (int, float)):
        return f"{value:g}"
    text = str(value)
    if _PLAIN.fullmatch(text) and text.isascii() and text.casefold() not in _OTHERS:
        return text
    return _UNSEEN.sub(lambda found: json.dumps(found.group()).strip('"'), json.dumps(text, ensure_ascii=False))


def flow(value: Any) -> str:
    """A value, a list or a map on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(key)}: {flow(held)}" for key, held in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value)


def comment(text: str) -> str:
    """A text as what may stand behind # on one line."""
    return _UNSEEN.sub("?", " ".join(text.split()))


def why(made: Guess) -> str:
    """The reason of a guess with its confidence, and the counts of what lies off its scale."""
    off = ", ".join(f"{code} ({n:,})" for code, n in made.outside.items())
    return comment(f"{made.reason} ({made.confidence} confidence)" + (f"; off the scale: {off}" if off else ""))


def block(entries: dict[str, Any], indent: int) -> list[str]:
    """A map as lines; what is long stands in a block of its own."""
    lines, pad = [], " " * indent
    for key, value in entries.items():
        line = f"{pad}{scalar(key)}: {flow(value)}"
        if isinstance(value, dict) and value and len(line) > 118:
            lines += [f"{pad}{scalar(key)}:", *block(value, indent + 2)]
        else:
            lines.append(line)
    return lines


def _codes(key: str, value: Any) -> Any:
    """Codes that are whole numbers as numbers, as people write them; text that looks like one stays text."""

    def code(text: str) -> Any:
        return int(text) if re.fullmatch(r"-?[1-9]\d{0,8}|0", text) else text

    if key in ("missing", "no"):
        return [code(text) for text in value]
    if key == "nets":
        return {name: [code(text) for text in members] for name, members in value.items()}
    return {code(text): label for text, label in value.items()} if key == "labels" else value


def guessed(made: Guess, indent: int, what: str = "guessed") -> list[str]:
    """The comments above an entry: why it was guessed, and what to look at; none above what a person has decided."""
    if made.decided:
        return []
    pad = " " * indent
    return [f"{pad}# {what}: {why(made)}"] + ([f"{pad}# look: {comment(made.look)}"] if made.look else [])


def question(name: str, made: Guess, entries: dict[str, Any]) -> list[str]:
    """A question as lines, a guess with its reason; a candidate stands behind #, for a person to take it in."""
    head = guessed(made, 6, "guessed" if made.use == "question" else "candidate")
    entries = {"role": made.role} | {key: _codes(key, value) for key, value in entries.items()}
    line = f"      {scalar(name)}: {flow(entries)}"
    body = [line] if len(line) <= 118 else [f"      {scalar(name)}:", *block(entries, 8)]
    if made.use != "question":
        body = [f"      # {line[6:]}" for line in body]
    return [*head, *body]
