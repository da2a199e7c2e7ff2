"""The codebook: what study.yml may say. The format is documented with examples in data/README.md.

Nothing slow is imported here, so that `cx` can validate a command before pandas is loaded.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from cxlib import rules
from cxlib.entries import Block, Code, Language, Number, Strict, Whole, Words, pair, text_code
from cxlib.errors import nearest
from cxlib.settings import Brand, Disclosure, Iceberg, Improvement, Large, Margin, Personas, Quality, Weighting

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
    "benchmark": ("competitor", "wave", "metric", "score", "n", "se", "weight", "cluster"),
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
NUMBER_KEYS = ("weight", "fpc", "seconds", "value", "order", "expected", "score", "n", "se", "won", "recontact")
DATE_KEYS = ("when", "since", "left")
METRIC_SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7), "ces_top3": (1, 7)}
# What a question tells of a customer: the parts of a profile.
ATTRIBUTES = ("demographic", "geographic", "psychographic", "behavioural", "firmographic", "role", "channel")
ROLES = ("metric", "driver", "segment", "single", "multi", "number", "comment")


SCALE = pair("a scale is its lowest and its highest answer, e.g. [1, 5]")


def _one_key_a_code(value: Any) -> Any:
    """Codes are the keys of these labels; 1 and 1.0 would be one."""
    if isinstance(value, dict):
        codes = [text_code(key) for key in value]
        twice = sorted({c for c in codes if codes.count(c) > 1})
        if twice:
            raise ValueError(f"the code {twice[0]} stands twice")
    return value


class Question(Strict):
    """One question of a table: its role, wording, scale and codes."""

    role: Literal[ROLES]
    metric: str | None = None
    text: Words | None = None
    label: Words | None = None
    scale: Annotated[tuple[Number, Number], SCALE] | None = None
    missing: tuple[Code, ...] = ()
    never_used: tuple[Code, ...] = ()
    no: tuple[Code, ...] = ()
    reverse: bool = False
    labels: Annotated[dict[Code, Words], BeforeValidator(_one_key_a_code)] = {}
    factor: str | None = None
    attribute: Literal[ATTRIBUTES] | None = None
    sensitive: bool | None = None
    column: str | None = None
    columns: dict[Code, str] = {}
    separator: str = ";"
    decimal: Literal[".", ","] | None = None
    waves: tuple[Code, ...] = ()
    breaks: dict[Code, Words] = {}
    asked: dict[str, tuple[Code, ...]] = {}
    nets: dict[Code, tuple[Code, ...]] = {}
    derive: dict[str, tuple[float, ...] | dict[Literal["with"], str] | dict[str, tuple[Code, ...]]] = {}

    @model_validator(mode="after")
    def _fits_its_role(self):
        if (self.role == "metric") != (self.metric is not None):
            raise ValueError("`metric:` (nps, csat, ces or one of your own) goes with `role: metric`, and only with it")
        if self.columns and self.role != "multi":
            raise ValueError("`columns:` (one column an option) goes with `role: multi`")
        if self.no and not self.columns:
            raise ValueError("`no:` (codes of an option that was not ticked) goes with `columns:`")
        if self.reverse and (self.role != "driver" or not self.scale):
            raise ValueError("`reverse: true` (a high answer is a bad one) goes with `role: driver` and a `scale:`")
        stray = [code for code in self.never_used if code not in self.missing]
        if stray:
            raise ValueError(
                f"`never_used:` (of the codes that are `missing:`) names {stray[0]}, which is not one of them"
            )
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
            if self.role == "number" and not _is_range(codes):
                raise ValueError(f"net {name}: a net of a number is a range [from, to], e.g. [18, 34]")
        groups = [rule for rule in self.derive.values() if isinstance(rule, dict) and "with" not in rule]
        for name, codes in [*self.nets.items(), *(item for rule in groups for item in rule.items())]:
            unknown = [c for c in codes if self.labels and c not in self.labels and c not in self.missing]
            if unknown:
                close = nearest(unknown[0], self.labels)
                raise ValueError(f"{name} takes in the code {unknown[0]}, which has no label{close}")
        return self


def _is_range(codes: tuple[str, ...]) -> bool:
    """Whether a net's codes are two numbers, the first not above the second."""
    try:
        low, high = map(float, codes)
    except ValueError:
        return False
    return low <= high


class Wave(Strict):
    """One file of a table that comes in several, and the names its columns have there.

    `table` is the one meant in a file that is a DuckDB database; `spark` is a table in Spark's catalog, of no file.
    """

    file: str = ""
    table: str | None = None
    spark: str | None = None
    wave: Code | None = None
    columns: dict[str, str | None] = {}

    @model_validator(mode="after")
    def _says_where_it_is(self):
        if bool(self.file) == bool(self.spark):
            raise ValueError("answers stand in a `file:`, or under a name in `spark:`")
        if self.table and not self.file:
            raise ValueError("`table:` names a table of the DuckDB database in `file:`")
        return self

    @property
    def place(self) -> str:
        """Where the answers stand, for messages."""
        return self.spark or (f"{self.file}, table {self.table}" if self.table else self.file)


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _as_wave(value: Any) -> Any:
    return {"file": value} if isinstance(value, str) else value


class Table(Strict):
    """One table: its files, the columns with a meaning of their own, and its questions."""

    file: Annotated[list[Annotated[Wave, BeforeValidator(_as_wave)]], BeforeValidator(_as_list), Field(min_length=1)]
    keys: dict[str, str] = {}
    encoding: str | None = None
    decimal: Literal[".", ","] | None = None
    dates: Literal["dmy", "mdy"] | None = None  # how dates that are not ISO are written
    cluster_persists: bool = False
    own: Code | None = None  # which competitor of the benchmark is the study's own company
    duplicates: Literal["refuse", "first"] = "refuse"
    private: tuple[str, ...] = ()
    questions: dict[str, Question] = {}

    def source(self, name: str, wave: Wave, wave_name: str | None = None) -> str | None:
        """The column that holds a key or a question in one file; None where it was not asked.

        `wave_name` is the file's wave where the entry itself names none.
        """
        question, wave_name = self.questions.get(name), wave.wave or wave_name
        if question is not None and question.waves and wave_name is not None and wave_name not in question.waves:
            return None
        usual = self.keys[name] if question is None else question.column or name
        # A wave's map may name the question (or key), or the column in which it usually stands.
        return wave.columns.get(name, wave.columns.get(usual, usual))


class Scoring(Strict):
    """A metric of the study's own: a rating scale and what each answer scores."""

    scale: Annotated[tuple[Whole, Whole], SCALE]
    scores: dict[int, float] | Literal["mean"]
    unit: Literal["points", "percent", "score"] = "percent"
    label: Words | None = None

    @model_validator(mode="after")
    def _lies_on_its_scale(self):
        low, high = self.scale
        if low >= high:
            raise ValueError(f"a scale runs from low to high, e.g. [1, 5]; found {list(self.scale)}")
        outside = [a for a in self.scores if not low <= a <= high] if self.scores != "mean" else []
        if outside:
            raise ValueError(f"the answer {outside[0]} is scored, but not on the scale {low}-{high}")
        return self


def _short_name(value: str) -> str:
    if not re.fullmatch(r"\w[\w.-]*", value):
        raise ValueError(f"a study is named by a word of letters, digits, _, . and -, e.g. acme_2026; found {value!r}")
    return value


class Codebook(Strict):
    """The whole of study.yml, validated."""

    study: Annotated[str, AfterValidator(_short_name)]
    title: Words
    client: str | None = None
    sponsor: Words | None = None
    language: Language = "en"
    currency: str | None = None
    sample: Literal["probability", "quota", "panel", "opt_in", "census"]
    population: Whole | None = Field(default=None, gt=0)
    minimum_base: Whole = Field(default=30, ge=2)
    fieldwork: Words | None = None
    banner: tuple[str, ...] = ()
    iceberg: Annotated[Iceberg, Block] = Iceberg()
    improvement: Improvement | None = None
    personas: Annotated[Personas, Block] = Personas()
    margins: tuple[Margin, ...] = ()
    weighting: Annotated[Weighting | None, Block] = None  # raked with an empty block, not raked without one
    quality: Annotated[Quality, Block] = Quality()
    brand: Annotated[Brand, Block] = Brand()
    disclosure: Annotated[Disclosure, Block] = Disclosure()
    large: Annotated[Large, Block] = Large()
    metrics: dict[str, Scoring] = {}
    names: dict[Code, Words] = {}
    tables: dict[Literal[tuple(KEYS)], Table] = Field(min_length=1)

    @model_validator(mode="after")
    def _tables_hold_together(self):
        for name, table in self.tables.items():
            rules.check_table(name, table, KEYS[name])
            for question, spec in table.questions.items():
                rules.check_metric(("tables", name, "questions", question), spec, self.scales)
        rules.check_banner(self.banner, self.tables.get("survey"))
        rules.check_iceberg(self.iceberg, self.tables.get("survey"), self.scales)
        rules.check_improvement(self.improvement, self.tables.get("survey"))
        rules.check_personas(self.personas, self.tables)
        rules.check_margins(self.margins, self.weighting, self.tables.get("survey"))
        rules.check_quality(self.quality, self.tables.get("survey"), self.scales)
        rules.check_names(self.names, self.tables)
        return self

    @property
    def scales(self) -> dict[str, tuple[int, int]]:
        """The lowest and the highest answer of each metric, also of the study's own."""
        return METRIC_SCALES | {name: metric.scale for name, metric in self.metrics.items()}

    def words(self, value: Words | None, default: str = "") -> str:
        """A text in the study's language; the other language where that is all there is."""
        if isinstance(value, dict):
            return value.get(self.language) or next(iter(value.values()))
        return default if value is None else value

    def named(self, name: str, default: str = "") -> str:
        """What `names:` calls a derived question, a group, a net or a factor in the study's language.

        The default, or the name itself, where it says nothing in this language.
        """
        value = self.names.get(name)
        return (value.get(self.language) if isinstance(value, dict) else value) or default or name
