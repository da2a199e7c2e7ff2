"""study.yml as a file: read safely, and every fault told with its line, key and nearest name."""

import re
import unicodedata
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from cxlib.codebook import KEYS, Codebook, Question, Scoring, Table, Wave
from cxlib.errors import CxError, Problem, nearest
from cxlib.rules import Fault
from cxlib.settings import (
    FATES,
    Brand,
    Disclosure,
    Iceberg,
    Ideal,
    Impossible,
    Improvement,
    Large,
    LeadRule,
    Margin,
    Personas,
    Quality,
    Weighting,
    WordOfMouth,
)


class _Loader(yaml.SafeLoader):
    """YAML where yes, no, on and off are words (they are answers in a codebook), not booleans."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _QuickLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """The same by libyaml, ten times as quick, where PyYAML was built with it."""


_QuickLoader.yaml_implicit_resolvers = _Loader.yaml_implicit_resolvers


_STARTS = (
    yaml.BlockSequenceStartToken,
    yaml.BlockMappingStartToken,
    yaml.FlowSequenceStartToken,
    yaml.FlowMappingStartToken,
)
_ENDS = (yaml.BlockEndToken, yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)
BLOCK = "a block of `key: value` belongs here"
_NO_ENTRIES = ("set", "omap", "pairs", "binary")  # tags that a safe loader knows; all others it refuses itself
_DEEPEST = 40
_MOST_ENTRIES = 100_000  # with what each alias stands for
_LARGEST = 4_000_000  # bytes; a table of the most columns that are allowed needs less


def _check_size(path: Path) -> None:
    size = path.stat().st_size
    if size > _LARGEST:
        raise CxError(f"has {size:,} bytes; a study may have {_LARGEST:,}: is it a data file?")


def _check_depth(text: str, loader: type) -> bool:
    """Whether aliases stand in it; a study is a few levels deep, and more would only exhaust the parser."""
    depth, flow, words, aliased = 0, 0, 0, False
    for token in yaml.scan(text, Loader=loader):
        depth += isinstance(token, _STARTS)
        depth -= isinstance(token, _ENDS)
        flow += isinstance(token, _STARTS[2:]) - isinstance(token, _ENDS[1:])
        words += isinstance(token, yaml.ScalarToken)
        aliased |= isinstance(token, yaml.AliasToken)
        if flow and isinstance(token, yaml.ScalarToken) and token.plain and "?" in token.value:
            raise yaml.YAMLError("libyaml alone takes a question mark within brackets without quotes")
        if depth > _DEEPEST:
            raise CxError(f"line {token.start_mark.line + 1}: more than {_DEEPEST} levels of brackets or indentation")
        if words > 2 * _MOST_ENTRIES:  # an entry is a key and its value, or a value alone
            raise CxError(f"line {token.start_mark.line + 1}: the file has more than {_MOST_ENTRIES:,} entries")
    return aliased


def _parsed(text: str) -> tuple[dict[tuple, int], dict]:
    """The line on which each entry stands, by its path, and the entries themselves.

    What libyaml finds wrong is told by PyYAML itself, so that a fault has one wording on all machines; and what
    libyaml alone takes (tabs between words, question marks within brackets) is a fault on all machines.
    """
    try:
        return _parsed_by(text, _Loader if "\t" in text or "\ufeff" in text else _QuickLoader)
    except (yaml.YAMLError, CxError):
        return _parsed_by(text, _Loader)


def _parsed_by(text: str, loader: type) -> tuple[dict[tuple, int], dict]:
    aliased = _check_depth(text, loader)
    reader, scalars = loader(text), loader("")
    node = reader.get_single_node()
    if not isinstance(node, yaml.MappingNode):
        raise CxError("line 1: a study is a block of `key: value` lines, beginning with `study:`")
    lines = {}
    _add_lines(lines, node, scalars, aliased)
    return lines, _keys_apart(reader.construct_document(node))  # a SafeLoader: plain values only


def _add_lines(found: dict[tuple, int], node: yaml.Node, scalars, aliased: bool, path: tuple = (), above=()) -> None:
    """Note the line on which each entry stands; what cannot be a value (by the loader `scalars`) is an error."""
    line = node.start_mark.line + 1
    found.setdefault(path, line)
    if len(found) > _MOST_ENTRIES:
        why = "; *name repeats too much" if aliased else ""
        raise CxError(f"line {line}: the file stands for more than {_MOST_ENTRIES:,} entries{why}")
    if id(node) in above:
        raise CxError(f"line {line}: an alias (*name) stands inside its own anchor (&name)")
    above = (*above, id(node))
    _check_tag(node)
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise CxError(f"line {line}: a key must be a word or a number; put quotes around text with brackets")
            _check_tag(key)
            if not key.tag.endswith((":merge", ":value")):  # <<, which the loader takes for itself, and =
                _check_scalar(key, scalars)
            if key.value in seen:
                raise CxError(f"line {line}: the key {key.value} stands twice in the same block")
            seen.add(key.value)
            found[(*path, key.value)] = line
            _add_lines(found, value, scalars, aliased, (*path, key.value), above)
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            _add_lines(found, value, scalars, aliased, (*path, str(i)), above)
    else:
        _check_scalar(node, scalars)


def _check_scalar(node: yaml.ScalarNode, scalars) -> None:
    """CxError for a word that is not what it passes for, by the loader `scalars`: a number, a day, true or false."""
    line = node.start_mark.line + 1
    _check_letters(node)
    try:
        scalars.construct_object(node)
    except (ValueError, OverflowError) as error:
        raise CxError(f"line {line}: {node.value[:40]} cannot be read ({error}); put quotes around text") from None
    except (AttributeError, LookupError):  # of the library itself, over !!timestamp, !!bool or !!int of a word
        kind = node.tag.rpartition(":")[2]
        raise CxError(f"line {line}: {node.value[:40]!r} is no {kind}; leave !!{kind} out") from None


def _check_tag(node: yaml.Node) -> None:
    """CxError for a tag of what is no entry: those are words, numbers, days, lists and blocks."""
    tag = node.tag.removeprefix("tag:yaml.org,2002:")
    if tag in _NO_ENTRIES:
        raise CxError(f"line {node.start_mark.line + 1}: the tag !!{tag} means nothing in a study; leave it out")


def _check_letters(node: yaml.ScalarNode) -> None:
    """CxError for an escape that stands for half a letter, which no file can hold."""
    if half := re.search("[\ud800-\udfff]", node.value):
        raise CxError(f"line {node.start_mark.line + 1}: \\u{ord(half[0]):04x} is half a letter; write the whole one")


def _keys_apart(raw: Any) -> Any:
    """Move a table's column keys (respondent:, wave: …) under `keys`, where the model expects them."""
    tables = raw.get("tables") if isinstance(raw, dict) else None
    if not isinstance(tables, dict):
        return raw
    apart = {}
    for name, table in tables.items():
        if isinstance(table, dict) and name in KEYS:
            if "keys" in table:
                raise CxError(f"tables.{name}.keys: unknown key; write the columns directly, e.g. `wave: wave`")
            keys = {k: table[k] for k in KEYS[name] if table.get(k) is not None}
            table = {k: v for k, v in table.items() if k not in KEYS[name]} | {"keys": keys}
        apart[name] = table
    return raw | {"tables": apart}


def _explain(error: dict, lines: dict[tuple, int]) -> Problem:
    """One pydantic error: its place, rule, nearest name, and line."""
    place = tuple(str(p) for p in error["loc"] if p != "keys")
    fault = error.get("ctx", {}).get("error")
    if isinstance(fault, Fault):
        place = fault.path
    # Pydantic adds the branch of a union to the place; only what stands in the file is shown.
    shown = place
    while shown not in lines and shown:
        shown = shown[:-1]
    known = {
        "extra_forbidden": lambda: f"unknown key {place[-1]}" + nearest(place[-1], _known_keys(place)),
        "missing": lambda: f"the key {place[-1]} is missing",
        "literal_error": lambda: _no_such_word(error["input"], error["ctx"]["expected"]),
        "tuple_type": lambda: f"a list belongs here; found {error['input']!r}",
        **dict.fromkeys(("dict_type", "model_type"), lambda: f"{BLOCK}; found {error['input']!r}"),
        "value_error": lambda: str(fault),
    }
    rule = known.get(error["type"], lambda: f"{error['msg'].lower()}; found {error['input']!r}")()
    return Problem("study.yml", ".".join(shown) or "top level", 1, rule, f"line {lines.get(shown, 1)}")


def _no_such_word(given: Any, expected: str) -> str:
    """What a word may be, all listed; the nearest one is named where it is a slip of the pen."""
    known = re.findall("'([^']*)'", expected)
    return f"{given!r} is not one of {expected}{nearest(given, known, alike=0.7)}"


def _known_keys(place: tuple[str, ...]) -> list[str]:
    """The keys that may stand where an unknown one was found."""
    if len(place) == 1:
        return list(Codebook.model_fields)
    if place[0] == "iceberg":
        inner = {"losses": list(FATES), "outcomes": list(FATES[2:]), "word_of_mouth": list(WordOfMouth.model_fields)}
        return inner.get(place[1], list(Iceberg.model_fields)) if len(place) > 2 else list(Iceberg.model_fields)
    if place[0] == "improvement":
        return list(Improvement.model_fields)
    if place[0] == "personas":
        inner = {"ideal": Ideal, "rules": LeadRule} if len(place) > 2 else {}
        return list(inner.get(place[1], Personas).model_fields)
    if place[0] in ("margins", "weighting"):
        return list((Margin if place[0] == "margins" else Weighting).model_fields)
    if place[0] == "quality":
        return list((Impossible if len(place) > 2 else Quality).model_fields)
    if place[0] in ("brand", "disclosure", "large"):
        return list({"brand": Brand, "disclosure": Disclosure, "large": Large}[place[0]].model_fields)
    if place[0] == "metrics":
        return list(Scoring.model_fields)
    if place[0] == "tables" and len(place) == 3:
        return [k for k in Table.model_fields if k != "keys"] + list(KEYS.get(place[1], ()))
    if place[0] == "tables" and "questions" in place:
        return list(Question.model_fields)
    return list(Wave.model_fields)


def _not_yaml(error: yaml.YAMLError, text: str) -> str:
    """What YAML's reader says of a text: on which line, and why."""
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return f"line {line}: not YAML: holds the character U+{error.character:04X}, which no text has"
    mark = getattr(error, "problem_mark", None)
    line = f"line {mark.line + 1}: " if mark else ""
    return f"{line}not YAML: {getattr(error, 'problem', error)}"


def read_codebook(path: Path, lang: str = "") -> Codebook:
    """The validated study.yml at `path`, in the language `lang` if not in its own.

    Raises CxError naming the file, the line, the key and the rule, and how many further faults there are; all of them
    stand in its `problems`.
    """
    try:
        _check_size(path)
        text = unicodedata.normalize("NFC", path.read_text(encoding="utf-8-sig"))
        lines, raw = _parsed(text)
        return Codebook.model_validate(raw | ({"language": lang} if lang else {}))
    except UnicodeDecodeError as error:
        raise CxError(f"{path}: not UTF-8 at byte {error.start}; save study.yml as UTF-8") from None
    except yaml.YAMLError as error:
        raise CxError(f"{path}: {_not_yaml(error, text)}") from None
    except OSError as error:
        raise CxError(f"{path}: cannot be read: {error.strerror}") from None
    except ValidationError as error:
        # One entry that fits no branch of a union is one fault, however many branches there are.
        faults = list(
            {(p.column, p.example): p for p in (_explain(e, lines) for e in reversed(error.errors()))}.values()
        )
        first = faults[-1]
        others = len(faults) - 1
        more = f" ({others} more fault{'s' if others > 1 else ''} in this file)" if others else ""
        raise CxError(f"{path}: {first.example}, {first.column}: {first.rule}{more}", faults[::-1]) from None
    except CxError as error:
        raise CxError(f"{path}: {error}") from None
