"""What leads on: completion offers what a researcher needs, examples run, and mistakes say what to write instead."""

import copy
import doctest
import importlib
import inspect
import pickle
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from IPython.core.completer import IPCompleter, provisionalcompleter

import cxlib
from cxlib import CxError, Study, csat, drivers, iceberg, nps, personas, retention, scores, survey, tally, weights
from cxlib import compare as comparing

ROOT = Path(__file__).resolve().parents[1]
OFFERED = ["compare", "drivers", "iceberg", "journey", "personas", "retention", "scores", "survey", "weights"]
# The functions that the README and the notebooks teach by: each shows how it is called.
EXAMPLES = {
    "counts": ["tally"],
    "scores": ["nps", "csat", "ces", "by_group"],
    "compare": ["changes"],
    "banner": ["banner"],
    "crosstabs": ["crosstab"],
    "batteries": ["alpha"],
    "weights": ["rake", "effective_n"],
    "iceberg": ["silent"],
    "complaint_rate": ["complaint_rate"],
    "importance": ["importance"],
    "linear": ["linear"],
    "ordinal": ["ordinal"],
    "binary": ["binary"],
    "hazard": ["cox"],
    "personas": ["segment"],
    "survival": ["survival"],
    "retention": ["rates"],
    "survey": ["metrics", "by_wave"],
    "study": ["Study"],
}


@cache
def _demo(path: str) -> Study:
    return Study.load(ROOT / path)


@pytest.fixture(scope="module")
def study() -> Study:
    return _demo("data/demo")


# -- completion ----------------------------------------------------------------------------------------------------


def test_the_package_offers_its_functions_and_the_modules_of_a_researcher():
    assert dir(cxlib) == sorted([*cxlib.__all__, *OFFERED, "charts", "explore", "language", "results"])
    assert all(inspect.getdoc(getattr(cxlib, name)) for name in dir(cxlib))


@pytest.mark.parametrize("name", OFFERED)
def test_a_module_offers_its_own_functions_and_no_accidents(name):
    module = importlib.import_module(f"cxlib.{name}")
    assert dir(module) == sorted(module.__all__)
    for offered in dir(module):
        assert inspect.getdoc(getattr(module, offered)), f"{name}.{offered} says nothing of itself"


def test_a_study_offers_its_tables_and_what_can_be_asked_of_it(study):
    assert set(study.book.tables) <= set(dir(study))
    assert {"levels", "questions", "waves", "design", "check"} <= set(dir(study))
    assert len(dir(study)) - len(study.book.tables) <= 22
    assert not [name for name in dir(study) if name.startswith("_") or (not hasattr(Study, name) and not
                hasattr(study, name))]  # fmt: skip
    assert study.customers is study.table("customers")


def test_the_notebook_s_completer_shows_the_same(study):
    """As in JupyterLab's kernel: jedi completes what stands in the notebook's names."""
    names = {"cxlib": cxlib, "study": study, "compare": comparing}
    completer = IPCompleter(namespace=names, use_jedi=True, disable_matchers=["IPCompleter.magic_matcher"])
    with provisionalcompleter():
        for typed, known in (("cxlib.", dir(cxlib)), ("study.", dir(study)), ("compare.", dir(comparing))):
            found = {c.text.removeprefix(typed).removeprefix(".") for c in completer.completions(typed, len(typed))}
            assert found == set(known)


def test_a_study_is_still_copied_and_pickled_as_anything_else(study):
    fresh = Study.load("data/demo")
    assert copy.copy(fresh).book is fresh.book
    assert pickle.loads(pickle.dumps(fresh)).name == "demo"
    assert not hasattr(Study.__new__(Study), "survey_of_nothing")
    assert not hasattr(fresh, "_repr_latex_")


# -- examples ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*EXAMPLES, ""])
def test_examples_of_docstrings_run_and_print_what_they_say(name, monkeypatch):
    """Every >>> of the public modules; the demo study is read once for all of them."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(Study, "load", lambda path: _demo(path))
    module = importlib.import_module(f"cxlib.{name}".rstrip("."))
    told = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    tests = [test for test in doctest.DocTestFinder().find(module) if test.examples]
    for test in tests:
        runner.run(test, out=told.append)
    assert tests
    assert "".join(told) == ""


def test_every_function_that_is_taught_has_an_example():
    lacking = []
    for module, names in EXAMPLES.items():
        for name in names:
            told = inspect.getdoc(getattr(importlib.import_module(f"cxlib.{module}"), name))
            lacking += [] if ">>>" in told else [f"{module}.{name}"]
    assert lacking == []


def test_functions_keep_their_own_names_and_arguments():
    assert nps.__name__ == "nps"
    assert list(inspect.signature(scores.by_group).parameters)[:4] == ["frame", "metric", "by", "question"]
    assert pickle.loads(pickle.dumps(tally)) is tally


# -- mistakes ------------------------------------------------------------------------------------------------------

TWICE = pd.DataFrame([[1, 2, 3]] * 3, columns=["a", "a", "b"])
ANSWERS = pd.DataFrame({"q": [9, 10, 3, 8], "w": [1.0, 2.0, 1.0, 1.0], "city": ["x", "y", "x", "y"]})


@pytest.mark.parametrize(
    ("wrong", "error", "told"),
    [
        # a name that does not exist
        (lambda s: cxlib.survy, AttributeError, "module 'cxlib' has no attribute 'survy'; did you mean survey?"),
        (lambda s: cxlib.NPS, AttributeError, "module 'cxlib' has no attribute 'NPS'; did you mean nps?"),
        (lambda s: comparing.crostab, AttributeError,
         "module 'cxlib.compare' has no attribute 'crostab'; did you mean crosstab?"),
        (lambda s: iceberg.silence, AttributeError,
         "module 'cxlib.iceberg' has no attribute 'silence'; did you mean silent?"),
        (lambda s: s.surveys, AttributeError, "a study has no attribute surveys; did you mean survey?"),
        (lambda s: s["survey"], TypeError,
         "a table of a study is its attribute: write study.survey, or study.table('survey')"),
        (lambda s: s.questions("drivers"), CxError,
         "a role is one of metric, driver, segment, single, multi, number, comment; found drivers; did you mean "
         "driver?"),
        (lambda s: survey.by_segment(s, "2026-H9", ["city"]), CxError,
         "there is no wave 2026-H9; the waves are 2025-H1, 2025-H2, 2026-H1, 2026-H2; did you mean 2026-H2?"),
        (lambda s: scores.by_group(ANSWERS, "npss", "city", question="q"), CxError,
         "unknown metric npss; it is one of nps, csat, ces, ces_top3, mean, or a Metric of your own, as "
         "study.metric(question) gives it; did you mean nps?"),
        (lambda s: scores.by_group(ANSWERS, "nps", "citty", question="q"), CxError,
         "there is no column citty in the table; did you mean city?"),
        # a study, its path, its table
        (lambda s: Study("data/demo"), TypeError, 'a study is read by Study.load("data/demo")'),
        (lambda s: Study.load(ANSWERS), TypeError,
         'Study.load() takes the path of a study, e.g. "data/acme"; found a DataFrame'),
        (lambda s: survey.by_wave("data/demo"), TypeError,
         'by_wave() takes a study, not its path; write by_wave(Study.load("data/demo"), …)'),
        (lambda s: retention.rates(ANSWERS), TypeError,
         'rates() takes a study, as Study.load("data/acme") gives it; found a DataFrame'),
        (lambda s: scores.by_group(s, "nps", "wave", question="recommend"), TypeError,
         "by_group() takes a table, not a study; write by_group(study.survey, …)"),
        (lambda s: drivers.ordinal(s, "satisfaction", ["staff_speed"]), TypeError,
         "ordinal() takes a table, not a study; write ordinal(study.survey, …)"),
        (lambda s: tally("survey.csv", "q"), TypeError,
         'tally() takes a table, not the path of one; write Study.load("data/acme").survey, or read it with pandas, '
         'polars or DuckDB; found "survey.csv"'),
        (lambda s: tally({"q": [1]}, "q"), TypeError,
         "tally() takes a table (pandas, polars, DuckDB, PySpark); found a dict"),
        (lambda s: personas.segment(None, ["q"]), TypeError,
         "segment() takes a table (pandas, polars, DuckDB, PySpark); found None"),
        # arguments
        (lambda s: nps([9, 10], weight=[1, 2]), TypeError,
         "nps() has no argument weight; write nps(answers, weights=…, …)"),
        (lambda s: nps([9, 10], colour="red"), TypeError, "nps() has no argument colour; write nps(answers, …)"),
        (lambda s: nps(ANSWERS, "q"), TypeError,
         "nps() takes answers by place and the rest by name; write nps(answers, …)"),
        (lambda s: scores.by_group(ANSWERS, "nps", "city"), TypeError,
         "by_group() needs question; write by_group(frame, metric, by, question=…, …)"),
        (lambda s: comparing.changes(ANSWERS, "nps"), TypeError,
         "changes() needs over and question; write changes(frame, metric, over=…, question=…, …)"),
        (lambda s: comparing.banner(ANSWERS, "q", "city", frame=ANSWERS), TypeError,
         "banner() is given frame twice; write banner(frame, rows, columns, …)"),
        (lambda s: scores.by_group(ANSWERS, "nps", "city", question="q", weights=ANSWERS["w"]), TypeError,
         'by_group(): weights names a column, e.g. weights="w"; found a Series'),
        (lambda s: tally(ANSWERS, ["q", "city"]), TypeError, "tally(): question names one column; found a list of 2"),
        (lambda s: scores.by_group(ANSWERS, nps, "city", question="q"), TypeError,
         'a metric is a name, e.g. "nps", or a Metric; found a function'),
        (lambda s: weights.rake(ANSWERS, "city"), TypeError,
         "margins is a dict, e.g. {'sex': {'f': 0.52, 'm': 0.48}}; found a str"),
        # answers
        (lambda s: nps(pd.Series(["9", "10", "8"])), CxError,
         "answers must be numbers; column answers holds text, e.g. '10'; pandas.to_numeric() makes numbers of them"),
        (lambda s: nps(["good", "bad"]), CxError, "answers must be numbers; column answers holds text, e.g. 'bad'"),
        (lambda s: nps("recommend"), TypeError,
         'answers holds a value a respondent, e.g. study.survey["recommend"]; found a str'),
        (lambda s: nps(9), TypeError,
         'answers holds a value a respondent, e.g. study.survey["recommend"]; found an int'),
        (lambda s: nps(s), TypeError,
         'answers holds a value a respondent, e.g. study.survey["recommend"]; found a Study'),
        (lambda s: nps(np.ones((2, 2))), TypeError,
         'answers holds a value a respondent, e.g. study.survey["recommend"]; found a ndarray'),
        (lambda s: nps([9, 10], weights="weight"), TypeError,
         'weights holds a value a respondent, e.g. study.survey["weight"]; found a str'),
        (lambda s: csat([9, 3, 8]), CxError,
         "CSAT answers must lie in 1-5, as whole numbers; 2 lie outside, e.g. 8 in row 3 (column answers)"),
        (lambda s: iceberg.complaint_rate("10", 420), CxError,
         "respondents are whole numbers of 0 or more; found complained '10'"),
        # two columns of one name
        (lambda s: tally(TWICE, "b"), CxError, "the table has 2 columns called a; rename all but one"),
        (lambda s: comparing.banner(TWICE, "b", "a"), CxError, "the table has 2 columns called a; rename all but one"),
    ],
)  # fmt: skip
def test_a_mistake_is_answered_with_what_to_write(study, wrong, error, told):
    with pytest.raises(error) as caught:
        wrong(study)
    assert type(caught.value) is error
    assert str(caught.value) == told


def test_an_export_in_the_place_of_a_study_leads_to_cx_new(tmp_path):
    export = tmp_path / "export.csv"
    export.write_text("q\n1\n", encoding="utf-8")
    with pytest.raises(CxError, match=r"is no study: .*; `cx new FOLDER --from .*export.csv` makes one of an export"):
        Study.load(export)


def test_a_table_that_does_not_exist_is_named(study):
    told = r"there is no table surveys; the tables are survey, customers, .*did you mean survey\?"
    for ask in (study.table, lambda name: study.questions("driver", name), lambda name: study.label("x", name)):
        with pytest.raises(CxError, match=told):
            ask("surveys")


def test_a_fault_of_the_program_is_not_taken_for_a_mistake_of_the_caller(monkeypatch):
    """A TypeError from within a function surfaces as it is."""
    monkeypatch.setattr(scores, "_single", lambda *args: len(5))
    with pytest.raises(TypeError, match="object of type 'int' has no len"):
        nps([9, 10])
