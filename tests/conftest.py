"""Tiny studies for the tests of reading: a study.yml and its files in a temporary folder."""

import sys
import textwrap
from pathlib import Path

import pandas as pd
import pytest

from cxlib import CxError, Study, cli, language

TOP = "study: tiny\ntitle: Tiny\nsample: opt_in\n"


@pytest.fixture
def make(tmp_path):
    """make(table, data, name="s.csv", top=…): the folder of a study with one table, survey, of that YAML.

    `data` is the file's content (text or bytes) or several contents by file name. A `table` that begins with
    `tables:` is taken as it is; `file:` is added where it does not stand.
    """

    def write(table: str = "", data="", *, name: str = "s.csv", top: str = TOP) -> Path:
        table = textwrap.dedent(table)
        if not table.startswith("tables:"):
            if "file:" not in table:
                table = f"file: {name}\n" + table
            table = "tables:\n  survey:\n" + textwrap.indent(table, "    ")
        for file, content in (data if isinstance(data, dict) else {name: data}).items():
            path = tmp_path / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        (tmp_path / "study.yml").write_text(top + table, encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture
def load(make):
    """load(table, data, …): the study that make() writes."""
    return lambda *args, **options: Study.load(make(*args, **options))


@pytest.fixture
def survey(load):
    """survey(table, data, …): the survey of that study."""
    return lambda *args, **options: load(*args, **options).survey


@pytest.fixture
def error(make):
    """error(table, data, …): the message with which that study is refused, its folder shown as `DIR`."""

    def refused(*args, **options) -> str:
        folder = make(*args, **options)
        with pytest.raises(CxError) as caught:
            _read(folder)
        return str(caught.value).replace(str(folder), "DIR")

    return refused


def _read(folder: Path) -> None:
    study = Study.load(folder)
    for table in study.book.tables:
        study.table(table)


@pytest.fixture
def problems(load):
    """problems(table, data, …): what cx check would list, as (column, rows, rule, example)."""

    def found(*args, **options) -> list[tuple]:
        return [(p.column, p.rows, p.rule, p.example) for p in load(*args, **options).check()]

    return found


@pytest.fixture
def cx(monkeypatch, capsys):
    """cx(arguments …): exit code, standard output and standard error of main(), in this process."""

    def call(*arguments) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["cx", *map(str, arguments)])
        try:
            cli.main()
            status = 0
        except SystemExit as stop:
            status = stop.code or 0
        out, err = capsys.readouterr()
        return status, out, err

    return call


@pytest.fixture(scope="session")
def printed_by_r() -> pd.Series:
    """What R printed of the models (reference/demo_models.R): values by model, design, term and statistic."""
    table = pd.read_csv(Path(__file__).parent / "reference/demo_models.csv")
    return table.set_index(["model", "design", "term", "statistic"])["value"].sort_index()


def cells(frame: pd.DataFrame) -> dict[str, list]:
    """A table as plain lists, None where nothing stands."""
    return {c: [None if pd.isna(v) else v for v in frame[c].astype(object)] for c in frame}


@pytest.fixture(autouse=True)
def in_english():
    """Every test begins in English, and leaves it so for fixtures of the next."""
    language.speak("en")
    yield
    language.speak("en")
