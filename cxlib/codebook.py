"""The codebook: what study.yml may say, and the errors when it says something else.

The format is documented with examples in data/README.md. This module reads no data and imports
no pandas, so that `cx` can validate a command before anything slow is loaded.
"""

import difflib
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from cxlib.errors import CxError

# The columns that carry a meaning of their own, table by table. In a loaded table they bear these names.
KEYS = {
    "survey": (
        "respondent",
        "customer",
        "wave",
        "weight",
        "stratum",
        "cluster",
        "fpc",
        "mode",
        "recontact",
        "when",
        "seconds",
    ),
    "customers": ("customer", "since", "left", "value", "branch", "employee", "recontact"),
    "complaints": ("complaint", "complainer", "when", "channel", "severity", "outcome"),
    "events": ("customer", "when", "touchpoint", "channel", "stage", "score"),
    "map": ("stage", "order", "phase", "touchpoint", "channel", "expected"),
    "sales": ("customer", "when", "value", "won", "reason", "employee"),
    "benchmark": ("competitor", "wave", "metric", "score", "n"),
    "staff": ("respondent", "team"),
    "prospects": ("prospect",),
}
IDENTIFIERS = {
    "survey": "respondent",
    "customers": "customer",
    "complaints": "complaint",
    "staff": "respondent",
    "prospects": "prospect",
}
NUMBER_KEYS = ("weight", "fpc", "seconds", "value", "order", "expected", "score", "n", "won", "recontact")
DATE_KEYS = ("when", "since", "left")
ROLES = ("metric", "driver", "segment", "single", "multi", "number", "comment")


def _text_code(value: Any) -> str:
    """A code as it is compared with the data: 1, 1.0 and "1" are one code."""
    if isinstance(value, bool):
        raise ValueError(f"{value} is read as true or false; put quotes around it")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


Code = Annotated[str, BeforeValidator(_text_code)]
Words = str | dict[Literal["en", "vi"], str]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Question(_Strict):
    """One question of a table: its role, wording, scale and codes."""

    role: Literal[ROLES]
    metric: str | None = None
    text: Words | None = None
    label: Words | None = None
    scale: tuple[float, float] | None = None
    missing: tuple[Code, ...] = ()
    labels: dict[Code, Words] = {}
    factor: str | None = None
    column: str | None = None
    columns: dict[Code, str] = {}
    separator: str = ";"
    decimal: Literal[".", ","] | None = None
    waves: tuple[Code, ...] = ()
    asked: dict[str, tuple[Code, ...]] = {}
    nets: dict[str, tuple[Code, ...]] = {}
    derive: dict[str, tuple[float, ...] | dict[Literal["with"], str] | dict[str, tuple[Code, ...]]] = {}

    @model_validator(mode="after")
    def _fits_its_role(self):
        if (self.role == "metric") != (self.metric is not None):
            raise ValueError("`metric:` (nps, csat, ces or one of your own) goes with `role: metric`, and only with it")
        if self.columns and self.role != "multi":
            raise ValueError("`columns:` (one column an option) goes with `role: multi`")
        if self.scale and self.scale[0] >= self.scale[1]:
            raise ValueError(f"a scale runs from low to high, e.g. [1, 5]; found {list(self.scale)}")
        for name, rule in self.derive.items():
            if isinstance(rule, dict) and isinstance(rule.get("with"), str):
                continue
            if isinstance(rule, dict) == (self.role == "number"):
                raise ValueError(
                    f"derive {name}: a number is cut at band edges, e.g. [18, 25, 35]; "
                    "any other question is grouped by codes, e.g. {North: [1, 2]}"
                )
            if not isinstance(rule, dict) and (not rule or list(rule) != sorted(set(rule))):
                raise ValueError(f"derive {name}: band edges must rise, e.g. [18, 25, 35]; found {list(rule)}")
        for name, codes in self.nets.items():
            if self.role == "number" and len(codes) != 2:
                raise ValueError(f"net {name}: a net of a number is a range [from, to], e.g. [18, 34]")
        return self


class Wave(_Strict):
    """One file of a table that comes in several, and the names its columns have there."""

    file: str
    wave: Code | None = None
    columns: dict[str, str | None] = {}


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _as_wave(value: Any) -> Any:
    return {"file": value} if isinstance(value, str) else value


class Table(_Strict):
    """One table: its files, the columns with a meaning of their own, and its questions."""

    file: Annotated[list[Annotated[Wave, BeforeValidator(_as_wave)]], BeforeValidator(_as_list), Field(min_length=1)]
    keys: dict[str, str] = {}
    encoding: str | None = None
    cluster_persists: bool = False
    duplicates: Literal["refuse", "first"] = "refuse"
    private: tuple[str, ...] = ()
    questions: dict[str, Question] = {}

    def source(self, name: str, wave: Wave) -> str | None:
        """The column that holds a key or a question in one file; None where it was not asked."""
        question = self.questions.get(name)
        if question is not None and question.waves and wave.wave is not None and wave.wave not in question.waves:
            return None
        usual = self.keys[name] if question is None else question.column or name
        # A wave's map may name the question (or key), or the column in which it usually stands.
        return wave.columns.get(name, wave.columns.get(usual, usual))


class Scoring(_Strict):
    """A metric of the study's own: a rating scale and what each answer scores."""

    scale: tuple[int, int]
    scores: dict[int, float] | Literal["mean"]
    unit: Literal["points", "percent", "score"] = "percent"
    label: Words | None = None


class Codebook(_Strict):
    """The whole of study.yml, validated."""

    study: str = Field(pattern=r"^[\w][\w.-]*$")
    title: Words
    client: str | None = None
    sponsor: Words | None = None
    language: Literal["en", "vi"] = "en"
    currency: str | None = None
    sample: Literal["probability", "quota", "panel", "opt_in", "census"]
    population: int | None = Field(default=None, gt=0)
    minimum_base: int = Field(default=30, ge=2)
    fieldwork: Words | None = None
    metrics: dict[str, Scoring] = {}
    tables: dict[Literal[tuple(KEYS)], Table] = Field(min_length=1)

    @model_validator(mode="after")
    def _tables_hold_together(self):
        for name, table in self.tables.items():
            _check_table(name, table)
        return self

    def words(self, value: Words | None, default: str = "") -> str:
        """A text in the study's language; the other language where that is all there is."""
        if isinstance(value, dict):
            return value.get(self.language) or next(iter(value.values()))
        return default if value is None else value


def _check_table(name: str, table: Table) -> None:
    """Rules between the entries of one table."""
    columns = [q.column or n for n, q in table.questions.items() if not q.columns]
    for column in table.private:
        if column in columns or column in table.questions:
            raise ValueError(f"{name}: {column} is private and a question; private columns never reach an analysis")
    names = list(table.keys) + list(table.questions)
    names += [new for q in table.questions.values() for new in q.derive]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise ValueError(
            f"{name}: the name {twice[0]} is given twice (keys, questions and derived questions share names)"
        )
    known = {*table.keys, *table.keys.values(), *table.questions, *columns}
    known |= {column for q in table.questions.values() for column in q.columns.values()}
    for wave in table.file:
        for column in wave.columns:
            if column not in known:
                raise ValueError(
                    f"{name}, file {wave.file}: columns names {column}, which is neither a question nor a column "
                    f"that the table uses{_nearest(column, known)}"
                )
    for question, spec in table.questions.items():
        for router in spec.asked:
            if router not in table.questions:
                raise ValueError(
                    f"{name}: {question} is asked by {router}, which is not a question{_nearest(router, names)}"
                )


def _nearest(word: str, known) -> str:
    """ ", did you mean X?" for the closest known word, or nothing."""
    close = difflib.get_close_matches(str(word), [str(k) for k in known], n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""


nearest = _nearest


class _Loader(yaml.SafeLoader):
    """YAML where yes, no, on and off are words (they are answers in a codebook), not booleans."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _lines(node: yaml.Node, path: tuple = (), found: dict | None = None) -> dict[tuple, int]:
    """The line on which each entry stands, by its path; a key written twice is an error."""
    found = {} if found is None else found
    found.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                raise CxError(f"line {key.start_mark.line + 1}: the key {key.value} stands twice in the same block")
            seen.add(key.value)
            found[(*path, str(key.value))] = key.start_mark.line + 1
            _lines(value, (*path, str(key.value)), found)
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            _lines(value, (*path, str(i)), found)
    return found


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


def _explain(error: dict, lines: dict[tuple, int], path: Path) -> str:
    """One pydantic error as a sentence with line, place, rule and nearest name."""
    place = tuple(str(p) for p in error["loc"] if p != "keys")
    # Pydantic adds the branch of a union to the place; only what stands in the file is shown.
    shown = place
    while shown not in lines and shown:
        shown = shown[:-1]
    known = {
        "extra_forbidden": lambda: f"unknown key {place[-1]}" + _nearest(place[-1], _known_keys(place)),
        "missing": lambda: f"the key {place[-1]} is missing",
        "literal_error": lambda: f"{error['input']!r} is not one of {error['ctx']['expected']}",
        "value_error": lambda: str(error["ctx"]["error"]),
    }
    what = known.get(error["type"], lambda: f"{error['msg'].lower()}; found {error['input']!r}")()
    where = ".".join(shown) if shown else "top level"
    return f"{path}: line {lines.get(shown, 1)}, {where}: {what}"


def _known_keys(place: tuple[str, ...]) -> list[str]:
    """The keys that may stand where an unknown one was found."""
    if len(place) == 1:
        return list(Codebook.model_fields)
    if place[0] == "metrics":
        return list(Scoring.model_fields)
    if place[0] == "tables" and len(place) == 3:
        return [k for k in Table.model_fields if k != "keys"] + list(KEYS.get(place[1], ()))
    if place[0] == "tables" and "questions" in place:
        return list(Question.model_fields)
    return list(Wave.model_fields)


def read_codebook(path: Path) -> Codebook:
    """The validated study.yml at `path`.

    Raises CxError naming the file, the line, the key and the rule, and how many further faults there are.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        node = yaml.compose(text, Loader=_Loader)
        if not isinstance(node, yaml.MappingNode):
            raise CxError("line 1: a study is a block of `key: value` lines, beginning with `study:`")
        lines = _lines(node)
        raw = _keys_apart(yaml.load(text, Loader=_Loader))  # a SafeLoader: plain values only
        book = Codebook.model_validate(raw)
    except UnicodeDecodeError as error:
        raise CxError(f"{path}: not UTF-8 at byte {error.start}; save study.yml as UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        raise CxError(f"{path}: {line}not YAML: {getattr(error, 'problem', error)}") from None
    except ValidationError as error:
        faults = error.errors()
        more = f" ({len(faults) - 1} more faults in this file)" if len(faults) > 1 else ""
        raise CxError(_explain(faults[0], lines, path) + more) from None
    except CxError as error:
        raise CxError(f"{path}: {error}") from None
    return book
