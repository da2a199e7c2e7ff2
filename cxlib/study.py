"""A study: a folder with study.yml and the client's files, and the only reader of data in the project.

Checks, privacy, provenance and cache keys have this one home: what Study opened is what an analysis saw.
"""

from pathlib import Path

import pandas as pd

from cxlib.codebook import Codebook, nearest, read_codebook
from cxlib.columns import Problem
from cxlib.errors import CxError
from cxlib.loading import load_table, summary
from cxlib.places import data_folder, entry_files, fingerprints, study_file
from cxlib.scores import METRICS, Metric


class Study:
    """The tables of one study, checked against their codebook.

    `Study.load("data/acme")` reads study.yml; each table is read, checked and kept at its first use, as
    `study.survey` or `study.table("events")`. Its columns bear the names of the codebook: the keys
    (respondent, wave, weight …) and the questions; private and undeclared columns are never kept. Ratings and
    numbers are floats, everything else an ordered categorical of labels; multi questions and nets are columns
    of 1 and 0 named question.option. `notes` says what a reader of the data ought to know.
    """

    def __init__(self, file: Path, data: Path):
        self.file, self.folder = file, data
        self.book: Codebook = read_codebook(file)
        self.notes: list[str] = []
        self._tables: dict[str, pd.DataFrame] = {}
        self.own_metrics = self._own_metrics()

    @classmethod
    def load(cls, path: str | Path, *, data: str | Path | None = None) -> "Study":
        """The study at `path`; `data` is the folder of its files where that is another one.

        Raises CxError for faults in study.yml and for files that are not there.
        """
        file = study_file(path)
        study = cls(file, data_folder(file, data))
        for table in study.book.tables.values():
            for entry in table.file:
                entry_files(file, study.folder, entry)
        return study

    def __repr__(self) -> str:
        return f"Study({self.name}: {', '.join(self.book.tables)})"

    @property
    def name(self) -> str:
        """The study's short name."""
        return self.book.study

    def has(self, table: str) -> bool:
        """Whether the study holds this table."""
        return table in self.book.tables

    def table(self, name: str) -> pd.DataFrame:
        """A table, checked; raises CxError naming the first problem and how many there are."""
        if name not in self._tables:
            frame, problems, notes = load_table(self, name)
            if problems:
                raise CxError(summary(self.file, problems), problems)
            self._tables[name] = frame
            self.notes += notes
        return self._tables[name]

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
        """The questions of a role; `segment` includes the derived ones."""
        spec = self.book.tables[table].questions
        names = [name for name, question in spec.items() if question.role == role]
        if role == "segment":
            names += [new for question in spec.values() for new in question.derive]
        return names

    def label(self, name: str, table: str = "survey") -> str:
        """What a question or column is called in print."""
        question = self.book.tables[table].questions.get(name)
        if question is not None and question.label:
            return self.book.words(question.label)
        return name.replace("_", " ").capitalize()

    def text(self, name: str, table: str = "survey") -> str:
        """A question's wording, empty where the codebook does not give it."""
        return self.book.words(self.book.tables[table].questions[name].text)

    def levels(self, name: str, table: str = "survey") -> list[str]:
        """The groups of a categorical column, in the codebook's order."""
        return list(self.table(table)[name].cat.categories)

    def metric(self, question: str, table: str = "survey") -> Metric:
        """The metric that a question measures."""
        name = self.book.tables[table].questions[question].metric
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
    def design(self) -> dict:
        """weights, strata, clusters and fpc of the survey, as scores.by_group() takes them.

        Waves are strata, crossed with the study's own, and a cluster's name in another wave is another cluster;
        with `cluster_persists: true` the same clusters return, and waves are correlated instead.
        """
        spec, survey = self.book.tables["survey"], self.survey
        strata = [] if spec.cluster_persists or "wave" not in survey else ["wave"]
        strata += [key for key in ("stratum",) if key in survey]
        design = {"strata": strata} if strata else {}
        for argument, key in (("weights", "weight"), ("clusters", "cluster"), ("fpc", "fpc")):
            if key in survey:
                design[argument] = key
        return design

    @property
    def files(self) -> dict[str, str]:
        """SHA-256 of study.yml and of every data file, by name: what the study's numbers rest on."""
        return fingerprints(self.file, self.folder, self.book)

    def customers_view(self):
        """One row a customer: attributes, answers, purchases, complaints and contacts (the 360-degree view)."""
        from cxlib.customers import customers_view

        return customers_view(self)

    # -- reading ------------------------------------------------------------------------------------------

    def _own_metrics(self) -> dict[str, Metric]:
        own = {}
        for name, spec in self.book.metrics.items():
            scale = (int(spec.scale[0]), int(spec.scale[1]))
            own[name] = Metric(name, self.book.words(spec.label, name), scale, spec.scores, spec.unit)
            try:
                own[name].table  # noqa: B018 (a score off the scale is found here)
            except CxError as error:
                raise CxError(f"{self.file}: metrics.{name}: {error}") from None
        for table in self.book.tables.values():
            for name, question in table.questions.items():
                if question.role == "metric":
                    metric = own.get(question.metric, METRICS.get(question.metric))
                    if metric is None:
                        raise CxError(
                            f"{self.file}: question {name}: unknown metric {question.metric}"
                            + nearest(question.metric, [*METRICS, *own])
                        )
                    if question.scale and tuple(question.scale) != tuple(metric.scale):
                        raise CxError(
                            f"{self.file}: question {name}: {metric.label} is measured on {metric.scale[0]}-"
                            f"{metric.scale[1]}, the question on {question.scale[0]:g}-{question.scale[1]:g}; "
                            "define a metric of your own under `metrics:`"
                        )
        return own
