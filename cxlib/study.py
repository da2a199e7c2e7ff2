"""A study: a folder with study.yml and the client's files, and the only reader of data in the project.

Checks, privacy, provenance and cache keys have this one home: what Study opened is what an analysis saw.
"""

import copy
from collections import Counter
from functools import reduce
from pathlib import Path

import pandas as pd

from cxlib import filters, large, large_rows, part_rows, parts, text
from cxlib.calls import kind
from cxlib.codebook import ROLES, Codebook, Question, Table
from cxlib.design import DRAWN
from cxlib.errors import CxError, Problem, nearest
from cxlib.kept import kept
from cxlib.language import spoken
from cxlib.loading import Loaded, load_more, of_whole
from cxlib.metrics import METRICS, Metric
from cxlib.places import data_folder, entry_files, fingerprints, margin_files, study_file
from cxlib.preparing import Prepared, prepare
from cxlib.quality_flags import QualityFlags, checked
from cxlib.shown import Shown
from cxlib.study_yml import read_codebook

# What a researcher asks of a study, offered by completion: tables, answers, and what they are called. The rest serves
# the chapters.
ASKED = ("book", "check", "customers_view", "design", "everyone", "excluding", "flags", "has", "label", "levels")
ASKED += ("load", "metric", "name", "notes", "only", "own_metrics", "questions", "table", "text", "unweighted", "waves")


class Study(Shown):
    """The tables of one study, checked against their codebook.

    `Study.load("data/acme")` reads study.yml; each table is read, checked and kept at its first use, as
    `study.survey` or `study.table("events")`. Its columns bear the names of the codebook: the keys
    (respondent, wave, weight …) and the questions; private and undeclared columns are never kept. Ratings and
    numbers are floats, everything else an ordered categorical of labels; multi questions and nets are columns
    of 1 and 0 named question.option. `notes` says what a reader of the data ought to know. Of the survey, those
    whom `quality.exclude` marks are left out, and with `weighting:` the rest is raked to the `margins:`.

    >>> study = Study.load("data/demo")
    >>> study.waves
    ['2025-H1', '2025-H2', '2026-H1', '2026-H2']
    >>> study.survey[["wave", "recommend", "city"]].shape
    (8006, 3)
    """

    def __init__(self, file: Path, data: Path | None = None, lang: str = ""):
        if data is None:
            raise TypeError(f'a study is read by Study.load("{file}")')
        self.file, self.folder = file, data
        self.book: Codebook = read_codebook(file, lang)
        self.notes: list[str] = []
        self.total: Study = self  # the study of which this one is a part …
        self.part: parts.Part | None = None  # … and which part that is
        self._part_kind = ""  # what a part is of the sample, once its survey is read
        self._made: dict[str, object] = {}  # what is costly, of the whole study
        self.held: dict[str, large_rows.Held] = {}  # large tables, of which _tables has samples
        self.engines: dict[str, object] = {}  # that hold them: large_rows.engine_of()
        self._tables: dict[str, pd.DataFrame] = {}
        self._same_label: dict[str, set[str]] = {}  # by table
        # Of answers that are blank in the table itself, by table and question: who said that he never used what the
        # question asks about, and which code declared as missing stood there.
        self.never_used: dict[tuple[str, str], pd.Series] = {}
        self.missing_codes: dict[tuple[str, str], pd.Series] = {}
        self.exclude: tuple[str, ...] = self.book.quality.exclude
        self._loaded: Loaded | None = None  # the survey before anybody is left out
        self._prepared: Prepared | None = None
        # A part of the sample, where the study looks at one (only()): who belongs to it, and the filters that say so.
        self.domain: pd.Series | None = None
        self.filters: tuple[str, ...] = ()
        self.whole: Study = self  # the same study without a filter …
        self.plain: Study = self  # … and with its weights
        self.weighted = True
        self.own_metrics = {
            name: Metric(name, self.book.words(spec.label, name), spec.scale, spec.scores, spec.unit)
            for name, spec in self.book.metrics.items()
        }

    @classmethod
    def load(cls, path: str | Path, *, data: str | Path | None = None, lang: str = "", part: str = "") -> "Study":
        """The study at `path`; `data` is the folder of its files where that is another one.

        `lang` is the language of labels and texts, if not the study's own; what a chapter itself says is in the
        language of language.speak(). `part`, written column: value, takes one branch, brand or city as if it were the
        study (see parts.py): its rows of every table, weighted as the whole study is. Raises CxError for faults in
        study.yml, for files that are not there, and for a part that there cannot be.

        >>> hanoi = Study.load("data/demo", part="city: hanoi")
        >>> len(hanoi.survey), len(hanoi.total.survey)
        (3203, 8006)
        """
        if not isinstance(path, (str, Path)):
            raise TypeError(f'Study.load() takes the path of a study, e.g. "data/acme"; found {kind(path)}')
        file = study_file(path)
        study = cls(file, data_folder(file, data), lang)
        for table in study.book.tables.values():
            for entry in table.file:
                entry_files(file, study.folder, entry)
        margin_files(file, study.folder, study.book)
        return study._taken(part)

    def _taken(self, text: str) -> "Study":
        """The part of the study that `text` names, as a study; the study itself without a text."""
        one = parts.part(self.book, text)
        if one is None:
            return self
        other = copy.copy(self)
        size = part_rows.population(self, one)
        other.part, other.book = one, parts.without(self.book, text).model_copy(update={"population": size})
        return other._among(self)

    def _among(self, total: "Study") -> "Study":
        """The same part of another whole study."""
        other = copy.copy(self)
        other.total, other.whole, other.plain, other.exclude = total, other, other, total.exclude
        other.domain, other.filters, other.weighted = None, (), True
        other.notes, other._tables, other._same_label, other.never_used, other.missing_codes = [], {}, {}, {}, {}
        return other

    def _kept(self, key: str, make):
        """What `make` gives, made once: all that is costly and of the whole study comes through here.

        "table NAME" is a table as read and checked (Loaded), "prepared" the survey under the study's own exclusions
        and weights (Prepared), "checked" the checks of quality (QualityFlags). They rest on the study's files, the
        code, and the languages of labels (book.language) and notes (the one spoken).
        """
        if key not in self._made:
            place = (self.file.resolve(), self.folder.resolve(), self.book.language, spoken(), key)
            self._made[key] = kept(" ".join(map(str, place)), make)
        return self._made[key]

    def __getattr__(self, name: str) -> pd.DataFrame:
        """A table by its name: study.customers."""
        book = self.__dict__.get("book")
        if book is not None and name in book.tables:
            return self.table(name)
        known = [] if name.startswith("_") or book is None else dir(self)
        raise AttributeError(f"a study has no attribute {name}{nearest(name, known)}")

    def __getitem__(self, name):
        raise TypeError(f"a table of a study is its attribute: write study.{name}, or study.table({name!r})")

    def __dir__(self) -> list[str]:
        """The study's tables, and what can be asked of it."""
        return sorted({*self.book.tables, *ASKED})

    @property
    def name(self) -> str:
        """The study's short name."""
        return self.book.study

    def has(self, table: str) -> bool:
        """Whether the study holds this table."""
        return table in self.book.tables

    def table(self, name: str) -> pd.DataFrame:
        """A table, checked; raises CxError naming the first problem and how many there are."""
        self._spec(name)
        if name not in self._tables:
            self._tables[name] = self._read(name) if self.part is None else self._part_of(name)
        return self._tables[name]

    def _read(self, name: str) -> pd.DataFrame:
        """A table of the whole study."""
        loaded: Loaded = self._kept(f"table {name}", lambda: large.load(self, name))
        if loaded.problems:
            raise CxError(_summary(self.file, loaded.problems), loaded.problems)
        self.notes += loaded.notes
        self.never_used |= loaded.never_used
        self.missing_codes |= loaded.missing_codes
        if loaded.held is not None:
            self.held[name] = loaded.held
        return self._prepare(loaded) if name == "survey" else loaded.frame

    def _prepare(self, loaded: Loaded) -> pd.DataFrame:
        """The survey without whom the study leaves out, weighted as it says."""
        self._loaded = loaded

        def made() -> Prepared:
            return prepare(self, loaded.frame, self.exclude)

        self._prepared = self._kept("prepared", made) if self.exclude == self.book.quality.exclude else made()
        self.notes += [*self._prepared.notes, *self._prepared.raking]
        kept = (self._prepared.everyone["excluded"] == "").to_numpy()
        self.never_used |= {place: never[kept].reset_index(drop=True) for place, never in loaded.never_used.items()}
        return self._prepared.survey

    def _part_of(self, name: str) -> pd.DataFrame:
        """The rows of a table that belong to the part."""
        frame = self.total.table(name)
        self.notes = [of_whole(note) for note in self.total.notes]
        inside = part_rows.rows(self, name, frame)
        for place, never in self.total.never_used.items():
            if place[0] == name:
                self.never_used[place] = never[inside].reset_index(drop=True)
        if name != "survey":
            self._code_rows(name, inside)
            return frame[inside].reset_index(drop=True)
        self._everyone = part_rows.rows(self, name, self.total.everyone)
        self._code_rows(name, self._everyone)
        spec = self.total.book.tables["survey"]
        found = part_rows.sampled(frame, inside, persists=spec.cluster_persists)
        self._part_kind = found.kind
        return found.survey

    def _code_rows(self, name: str, inside) -> None:
        """Keep the declared missing codes of a part's rows."""
        for place, codes in self.total.missing_codes.items():
            if place[0] == name:
                self.missing_codes[place] = codes[inside].reset_index(drop=True)

    @property
    def everyone(self) -> pd.DataFrame:
        """All respondents, also those left out; `excluded` says why, "" for those kept. Weights are the starting ones.

        The codes in `missing_codes` are of these rows.
        """
        self.table("survey")
        if self.part is not None:
            return self.total.everyone[self._everyone].reset_index(drop=True)
        return self._prepared.everyone

    @property
    def flags(self) -> pd.DataFrame:
        """Which of everyone each check of quality marks: a column of True and False a check."""
        if self.part is not None:
            self.table("survey")
            return self.checked.flags[self._everyone].reset_index(drop=True)
        return self.checked.flags

    @property
    def checked(self) -> QualityFlags:
        """The checks of quality on everyone (of a part: on the whole study): their flags, and each one's rule."""
        if self.part is not None:
            return self.total.checked
        if self._loaded is None:
            self.table("survey")
        spec = self.book.tables["survey"]
        return self._kept("checked", lambda: checked(self._loaded.frame, spec, self.book.quality))

    def excluding(self, checks: tuple[str, ...]) -> "Study":
        """The same study, were those left out whom these checks mark; the rest is weighted anew."""
        self.table("survey")
        if self.part is not None:
            other = self._among(self.total.excluding(checks))
        else:
            other = copy.copy(self)
            other.exclude, other.notes = tuple(checks), []
            other.never_used = self.never_used | self._loaded.never_used
            other.whole = other.plain = other.total = other
            other.domain, other.filters, other.weighted = None, (), True
            other._tables = dict(self._tables)
            other._tables["survey"] = other._prepare(self._loaded)
        other = other if self.weighted else other.unweighted()
        return reduce(Study.only, self.filters, other)

    def only(self, answers: str) -> "Study":
        """The same study, looking at those alone who gave these answers; all others keep their place in the design.

        `answers` is written city: hanoi; age_band: 25-34|35-44, with codes or labels: each question, any of its
        answers. In the copy's survey the answers of all others are blank, so that whatever counts answers counts this
        part, under the design of the whole sample; `domain` says who belongs to it, `whole` is the study without a
        filter. Other tables are as they were. Raises CxError for a question or an answer that there is not, and where
        nobody passes.

        >>> study = Study.load("data/demo")
        >>> int(study.only("city: hanoi; sex: f").survey["recommend"].count())
        1868
        """
        asked = filters.conditions(self, answers)
        if not asked:
            return self
        domain = filters.passes(self, asked)
        if self.domain is not None:
            domain &= self.domain
        if not domain.any():
            before = f" after {'; '.join(self.filters)}" if self.filters else ""
            raise CxError(f"nobody passes the filter {answers.strip()}{before}; there are {len(domain):,} respondents")
        other = copy.copy(self)
        other.domain, other.filters = domain, (*self.filters, answers.strip())
        other._tables = self._tables | {"survey": filters.blanked(self, domain)}
        other.never_used = {
            place: never & domain if place[0] == "survey" else never for place, never in self.never_used.items()
        }
        return other

    def unweighted(self) -> "Study":
        """The same study with the answers as they came: nobody is weighted, strata and clusters stay.

        >>> "weights" in Study.load("data/demo").unweighted().design
        False
        """
        survey = filters.unweighted(self)
        other = copy.copy(self)
        raking = self.total._prepared.raking
        other.weighted, other._tables = False, self._tables | {"survey": survey}
        other.notes = [note for note in self.notes if note not in {*raking, *map(of_whole, raking)}]
        other.whole = other if self.whole is self else self.whole.unweighted()
        return other

    @property
    def raked(self):
        """How the survey was raked to its margins (weights.Raked); None without `weighting:`."""
        if self.book.weighting is None or not self.weighted:
            return None
        self.table("survey")
        return self._prepared.raked

    def more(self, table: str, path: str | Path, questions: list[str]) -> tuple[pd.DataFrame, list[str]]:
        """The answers of a further file (new customers, say) to questions of a table, and the questions it lacks.

        Raises CxError naming the first problem and how many there are, and where it lacks them all.
        """
        path = Path(path)
        if not path.is_file():
            raise CxError(f"there is no file {path}")
        frame, problems, absent = load_more(self, table, path, questions)
        if problems:
            told = _summary(path, problems)
            raise CxError(told if problems[0].column else f"{path}: {told}", problems)
        if len(absent) == len(questions):
            raise CxError(f"{path}: holds none of the questions {', '.join(questions)}")
        return frame, absent

    def relation(self, name: str):
        """A table for functions that count in its engine: a large one as its engine's lazy frame, any other as it is.

        The columns are those of the table; what is a group there is the group's label here.
        """
        table = self.table(name)
        return large_rows.relation(self, self.held[name]) if self.counts_all(name) else table

    @property
    def counted(self):
        """The survey for whatever only tallies: all respondents of a large one in its engine, any other as it is."""
        survey = self.survey
        return large_rows.coded(self, self.held["survey"]) if self.counts_all("survey") else survey

    def counts_all(self, name: str) -> bool:
        """Whether a table is large, and the study looks at all of its rows as they came."""
        if name not in self.held or self.part is not None:
            return False
        return name != "survey" or not (self.exclude or self.book.weighting or self.domain is not None)

    @property
    def survey(self) -> pd.DataFrame:
        """The respondents' answers."""
        return self.table("survey")

    def check(self) -> list[Problem]:
        """Every problem of every table."""
        found = []
        for name in self.book.tables:
            try:
                self.table(name)
            except CxError as error:
                found += error.problems or [Problem(name, "", 0, str(error), "")]
        return found

    def questions(self, role: str, table: str = "survey") -> list[str]:
        """The questions of a role (metric, driver, segment …); `segment` includes the derived ones.

        >>> Study.load("data/demo").questions("metric")
        ['recommend', 'satisfaction', 'ease']
        """
        if role not in ROLES:
            raise CxError(f"a role is one of {', '.join(ROLES)}; found {role}{nearest(role, ROLES)}")
        spec = self._spec(table).questions
        names = [name for name, question in spec.items() if question.role == role]
        if role == "segment":
            names += [new for question in spec.values() for new in question.derive]
        return names

    def label(self, name: str, table: str = "survey") -> str:
        """What a question or column is called in print; questions with one label are told apart by their names."""
        label = self._label(name, table)
        return f"{label} ({name})" if name in self._alike(table) else label

    def _label(self, name: str, table: str) -> str:
        question = self._spec(table).questions.get(name)
        if question is not None and question.label:
            return self.book.words(question.label)
        return self.book.named(name, name.replace("_", " ").capitalize())

    def _alike(self, table: str) -> set[str]:
        """The questions of a table, derived ones too, whose label another one has as well."""
        if table not in self._same_label:
            spec = self._spec(table).questions
            names = [*spec, *(new for question in spec.values() for new in question.derive)]
            count = Counter(self._label(name, table) for name in names)
            self._same_label[table] = {name for name in names if count[self._label(name, table)] > 1}
        return self._same_label[table]

    def text(self, name: str, table: str = "survey") -> str:
        """A question's wording, empty where the codebook does not give it."""
        return self.book.words(self._question(name, table).text)

    def levels(self, name: str, table: str = "survey") -> list[str]:
        """The groups of a categorical column, in the codebook's order."""
        frame = self.table(table)
        if name not in frame or not isinstance(frame[name].dtype, pd.CategoricalDtype):
            known = [c for c in frame if isinstance(frame[c].dtype, pd.CategoricalDtype)]
            raise CxError(
                f"{table}: {name} has no groups; those that have are {', '.join(known)}{nearest(name, known)}"
            )
        return list(frame[name].cat.categories)

    def gave(self, question: str, codes) -> pd.Series:
        """Which respondents of the survey gave one of these answers (codes); blanks did not."""
        frame, spec = self.survey, self._question(question, "survey")
        if spec.role == "multi":
            return frame[[f"{question}.{c}" for c in codes if f"{question}.{c}" in frame]].eq(1).any(axis=1)
        if pd.api.types.is_numeric_dtype(frame[question]):
            return frame[question].isin([float(c) for c in codes])
        return frame[question].astype(object).isin(self.answer_words(question, codes))

    def said(self, question: str, codes, *, above: tuple[str, ...] = ()) -> pd.Series:
        """1 where a respondent gave one of these answers, 0 where another, or where the route passed by; else nan.

        `above` are the questions whose routes led here, so that routes in a circle end.
        """
        frame, routes = self.survey, self._question(question, "survey").asked
        columns = [question] if question in frame else [c for c in frame if c.startswith(f"{question}.")]
        said = self.gave(question, codes).astype(float).where(frame[columns].notna().any(axis=1))
        for router, through in routes.items():
            if router not in above:
                passed = self.said(router, through, above=(*above, question)) == 0
                said = said.mask(said.isna() & passed, 0.0)
        return said

    def answer_words(self, question: str, codes) -> list[str]:
        """What these answers (codes) of a question of the survey are called in print."""
        labels = self._question(question, "survey").labels
        return [self.book.words(labels.get(c), c) for c in codes]

    def metric(self, question: str, table: str = "survey") -> Metric:
        """The metric that a question measures."""
        name = self._question(question, table).metric
        if name is None:
            raise CxError(
                f"{question} measures no metric; the metrics are {', '.join(self.questions('metric', table))}"
            )
        return self.own_metrics.get(name) or METRICS[name]

    @property
    def waves(self) -> list[str]:
        """The survey's waves in order; empty where it has none."""
        return self.levels("wave") if "wave" in self.survey else []

    @property
    def modes(self) -> dict[str, str]:
        """The modes of interview of each wave, in words; empty where the survey has no waves or modes."""
        if "wave" not in self.survey or "mode" not in self.survey:
            return {}
        survey = self.survey if self.domain is None else self.survey[self.domain]
        modes = survey.groupby("wave", observed=True)["mode"]
        return {str(wave): text.join(sorted(part.dropna().unique())) for wave, part in modes}

    @property
    def design(self) -> dict:
        """weights, strata, clusters, fpc and calibration of the survey, as scores.by_group() takes them.

        Waves are strata, crossed with the study's own, and a cluster's name in another wave is another cluster;
        with `cluster_persists: true` the same clusters return, and waves are correlated instead.
        """
        survey = self.survey
        strata = [] if self.persists or "wave" not in survey else ["wave"]
        strata += [key for key in ("stratum", DRAWN) if key in survey]
        design = {"strata": strata} if strata else {}
        for argument, key in (("weights", "weight"), ("clusters", "cluster"), ("fpc", "fpc")):
            if key in survey:
                design[argument] = key
        if self.raked is not None:
            design["calibration"] = self.raked.calibration
        return design

    @property
    def part_kind(self) -> str:
        """What a part of a study is of its sample (strata, cluster or domain, see part_rows.py); "" of the whole."""
        if self.part is not None:
            self.table("survey")
        return self._part_kind

    @property
    def persists(self) -> bool:
        """Whether the same clusters return in every wave."""
        return self.total.book.tables["survey"].cluster_persists and self.part_kind != part_rows.CLUSTER

    @property
    def files(self) -> dict[str, str]:
        """SHA-256 of study.yml and of every data file, by name: what the study's numbers rest on."""
        return fingerprints(self.file, self.folder, self.total.book)

    def _spec(self, table: str) -> Table:
        known = self.book.tables
        if table not in known:
            tables = ", ".join(known)
            raise CxError(f"{self.file}: there is no table {table}; the tables are {tables}{nearest(table, known)}")
        return known[table]

    def _question(self, name: str, table: str) -> Question:
        known = self._spec(table).questions
        if name not in known:
            raise CxError(f"{table}: there is no question {name}{nearest(name, known)}")
        return known[name]

    def customers_view(self):
        """One row a customer: attributes, answers, purchases, complaints and contacts (the 360-degree view)."""
        from cxlib.customers import customers_view

        return customers_view(self)


def _summary(file: Path, problems: list[Problem]) -> str:
    """The first problem in a sentence, and how many more there are."""
    first = problems[0]
    others = len(problems) - 1
    more = f" ({others} more problem{'s' if others > 1 else ''}; `cx check` lists them)" if others else ""
    if not first.column:
        return "; ".join(filter(None, [first.rule, first.example])) + more
    example = f"; {first.rows} do not, e.g. {first.example}" if first.example else ""
    return f"{file}: table {first.table}, column {first.column}: {first.rule}{example}{more}"
