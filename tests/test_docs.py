"""Documentation that cannot rot: code, commands, options, files and links of every page, and the codebook's page.

Oracles: the code itself, which runs; click's parsers of the commands; the Makefile; the folder; the codebook's models.
"""

import ast
import contextlib
import io
import re

import pytest
import yaml
from doc_pages import PAGES, ROOT, broken, commands, fault, fences, links, options, section, spans, tables
from pydantic import TypeAdapter

import cxlib
from cxlib import codebook, compare, explore, iceberg, language, scores, settings
from cxlib.codebook import Codebook, Question, Scoring, Table, Wave
from cxlib.study_yml import read_codebook

CODEBOOK = ROOT / "data/README.md"
# Python for programs that are not installed (tests/test_schedulers.py), and the README's own (tests/test_readme.py).
RUN_ELSEWHERE = {"schedulers.md", "README.vi.md"}
# Files that a study of one's own would have, and places that a command makes.
IMAGINED = re.compile(r"data/acme\b|reports/|locale/fr\b|\.venv\b|notebooks/07_|\bNAME\b")


@pytest.fixture(params=PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def page(request):
    return request.param


# -- every page ---------------------------------------------------------------------------------------------------


def test_links_lead_somewhere(page):
    assert [why for target in links(page) if (why := broken(page, target))] == []


def test_commands_exist(page):
    assert [f"{command}: {why}" for command in commands(page) if (why := fault(command))] == []


def test_options_exist(page):
    named = {word.partition("=")[0] for span in spans(page) for word in span.split() if word.startswith("--")}
    others = {"--no-sandbox", "--allow-root"}  # of Chromium, of JupyterLab
    assert sorted(named - options() - others) == []


def test_files_exist(page):
    """A code span that names a file of the project by its path."""
    here = re.compile(r"(?:cxlib|tests|notebooks|data|\.ci)/[\w./-]*\w")
    named = [span for span in spans(page) if here.fullmatch(span) and not IMAGINED.search(span)]
    assert [name for name in named if not (ROOT / name).exists()] == []


def printed_as_told(text: str) -> list[tuple[str, str]]:
    """Run a block; each statement that prints, as (what it printed, what the comment under it says it prints)."""
    lines, space, found = text.splitlines(), {}, []
    for statement in ast.parse(text).body:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(ast.Module([statement], []), "<page>", "exec"), space)
        told = []
        for line in lines[statement.end_lineno :]:
            if not line.startswith("# "):
                break
            told.append(line[2:])
        if out.getvalue():
            found.append((" ".join(out.getvalue().split()), " ".join(" ".join(told).split())))
    return found


def test_python_runs_and_prints_what_the_page_says(page, monkeypatch):
    blocks = fences(page, "python") if page.name not in RUN_ELSEWHERE else []
    monkeypatch.chdir(ROOT)
    for block in blocks:
        for printed, told in printed_as_told(block.text):
            assert printed == told, f"{page.name}, line {block.line}"


def test_calls_in_prose_can_be_made(monkeypatch):
    """A call between backticks names a function that is there; one with arguments is made, on the demo."""
    monkeypatch.chdir(ROOT)
    calls = {span for page in PAGES for span in spans(page) if re.match(r"[a-z_][\w.]*\(", span)}
    calls -= set(spans(ROOT / "data/demo/README.md"))  # of its own scripts
    assert len(calls) > 4
    known = {**vars(cxlib), **vars(language), **vars(scores), **vars(compare), "compare": compare, "explore": explore}
    known["study"] = cxlib.Study.load("data/demo")
    for call in sorted(calls):
        name, _, arguments = call.partition("(")
        assert callable(eval(name, known)), call
        assert arguments == ")" or eval(call, known) is not None, call


def test_yaml_can_be_read(page):
    assert [block.line for block in fences(page, "yaml") if yaml.safe_load(block.text) is None] == []


def test_the_checks_see_what_is_wrong():
    """Each rule against a text that breaks it."""
    wrong = ["cx reprot data/demo", "cx report data/demo --fromat html", "cx report data/demo -p wav=1", "make labs"]
    wrong += ["cx report data/demo --only survey", "cx report data/demo --format docx", "make lab STUDI=x"]
    wrong += ["papermill notebooks/09_x.ipynb out.ipynb", "cx report data/demo --lang xx"]
    wrong += ["papermill notebooks/02_survey_analysis.ipynb out.ipynb -p wav x"]
    assert [command for command in wrong if not fault(command)] == []
    assert broken(CODEBOOK, "nowhere.md").startswith("nowhere.md: there is no such file")
    assert broken(CODEBOOK, "../README.md#nothing").startswith("../README.md#nothing: there is no such heading")
    assert printed_as_told("print(1 + 1)  # a sum\n# 3\nprint('no')\n") == [("2", "3"), ("no", "")]


# -- data/README.md: the codebook -----------------------------------------------------------------------------------

# What the blocks of the page leave out: a study in which each of them stands.
AROUND = yaml.safe_load("""
study: around
title: Around the examples
sample: opt_in
currency: VND
population: 120000
tables:
  survey:
    file: survey.csv
    respondent: id
    customer: customer_id
    wave: wave
    when: day
    seconds: took
    weight: weight
    questions:
      recommend: {role: metric, metric: nps, scale: [0, 10]}
      overall: {role: metric, metric: csat, scale: [1, 5]}
      complained: {role: single, labels: {0: "no", 1: "yes"}}
      problem: {role: single, labels: {0: "no", 1: "yes"}}
      sex: {role: segment, labels: {f: Female, m: Male}}
      city: {role: segment, labels: {hn: Hanoi, hcm: Saigon}}
      segment: {role: segment, labels: {b2b: Business, b2c: Private}}
      improved: {role: segment, labels: {0: "no", 1: "yes"}}
      age: {role: number, derive: {age_band: [18, 25, 35, 45, 55]}}
      channel: {role: segment, labels: {shop: Shop, online: Online}}
      frequency: {role: single, labels: {1: often, 2: seldom}}
      spend: {role: number}
      touchpoints: {role: multi}
      easy: {role: driver, scale: [1, 5]}
  customers:
    file: customers.csv
    customer: id
    since: since
    left: left
    value: value
    questions:
      channel: {role: segment, labels: {shop: Shop, online: Online}}
      city: {role: segment, labels: {hn: Hanoi, hcm: Saigon}}
      segment: {role: segment, labels: {b2b: Business, b2c: Private}}
      age: {role: number, derive: {age_band: [18, 25, 35, 45, 55]}}
  complaints:
    {file: complaints.csv, complaint: id, complainer: who, when: day, channel: how, severity: bad, outcome: end}
  prospects:
    file: prospects.csv
    prospect: id
    questions:
      city: {role: segment, labels: {hn: Hanoi, hcm: Saigon}}
      segment: {role: segment, labels: {b2b: Business, b2c: Private}}
""")
BLOCKS = fences(CODEBOOK, "yaml")


def given(block) -> dict:
    """What a block of the page says, with a question in the place of the dots."""
    return yaml.safe_load(block.text.replace("questions: …", "questions: {recommend: {role: metric, metric: nps}}"))


def in_its_place(said: dict) -> dict:
    """The study of AROUND with a block at the level that it belongs to."""
    study = yaml.safe_load(yaml.safe_dump(AROUND))
    if "study" in said:
        return said
    if set(said) <= set(codebook.KEYS):
        study["tables"] |= said
    elif set(said) <= {*Table.model_fields, *codebook.KEYS["survey"]} - set(Codebook.model_fields):
        study["tables"]["survey"] |= said
    else:
        tables = said.pop("tables", {})
        study |= said
        study["tables"] |= {name: study["tables"].get(name, {}) | table for name, table in tables.items()}
    return study


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"line-{block.line}")
def test_every_example_is_understood_by_the_codebook(block, tmp_path):
    file = tmp_path / "study.yml"
    file.write_text(yaml.safe_dump(in_its_place(given(block)), allow_unicode=True, sort_keys=False), encoding="utf-8")
    assert read_codebook(file).tables


def test_an_example_with_a_wrong_key_would_be_noticed(tmp_path):
    file = tmp_path / "study.yml"
    file.write_text(yaml.safe_dump(in_its_place({"quality": {"exclud": ["duplicate"]}})), encoding="utf-8")
    with pytest.raises(ValueError, match="exclud"):
        read_codebook(file)


def test_keys_at_the_top_are_those_of_the_codebook():
    at_the_top = re.findall(r"^\| ((?:`\w+`,? ?)+) \|", section(CODEBOOK, "Everything at the top"), re.MULTILINE)
    named = [name for cell in at_the_top for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(named) == sorted(Codebook.model_fields)


def test_keys_of_questions_are_those_of_the_codebook():
    at_the_top = re.findall(r"^\| ((?:`\w+`,? ?)+) \|", section(CODEBOOK, "Questions"), re.MULTILINE)
    named = [name for cell in at_the_top for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(named) == sorted(Question.model_fields)


def test_keys_of_tables_are_those_of_the_codebook():
    (listed,) = [table for table in tables(CODEBOOK) if table[0] == ["table", "keys that name columns"]]
    named = [(name, tuple(re.findall(r"`(\w+)`", keys))) for name, keys in listed[1:]]
    assert named == list(codebook.KEYS.items())


def test_other_keys_of_a_table_are_told():
    """`keys` is how the codebook holds the columns with a meaning; nobody writes it."""
    told = section(CODEBOOK, "Tables") + section(CODEBOOK, "Competitors")
    assert [key for key in Table.model_fields if key != "keys" and not re.search(rf"\b{key}:|`{key}", told)] == []
    assert [key for key in Wave.model_fields if not re.search(rf"\b{key}:", told)] == []


@pytest.mark.parametrize(
    ("heading", "model"),
    [
        ("Population and weights", settings.Weighting),
        ("Population and weights", settings.Margin),
        ("Quality of answers", settings.Quality),
        ("Quality of answers", settings.Impossible),
        ("A metric of your own", Scoring),
        ("Silent customers", settings.Iceberg),
        ("Silent customers", settings.WordOfMouth),
        ("Did an improvement work?", settings.Improvement),
        ("Personas", settings.Personas),
        ("Personas", settings.Ideal),
        ("Personas", settings.LeadRule),
        ("The client's look, and what readers must be told", settings.Brand),
        ("The client's look, and what readers must be told", settings.Disclosure),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_every_key_of_a_block_is_told_where_it_belongs(heading, model):
    told = section(CODEBOOK, heading)
    assert [key for key in model.model_fields if not re.search(rf"\b{key}:|`{key}`", told)] == []


def test_what_may_be_chosen_from_is_listed():
    text = CODEBOOK.read_text(encoding="utf-8")
    rows = {row[0]: row[1] for table in tables(CODEBOOK) for row in table[1:] if len(row) == 2}
    assert tuple(re.findall(r"`(\w+)`", rows["`role`"])) == codebook.ROLES
    assert tuple(re.findall(r"`(\w+)`", rows["`attribute`"])) == codebook.ATTRIBUTES
    assert set(codebook.METRIC_SCALES) <= set(re.findall(r"`(\w+)`", rows["`metric`"]))
    for name, (low, high) in codebook.METRIC_SCALES.items():
        assert re.search(rf"`{name}` \({low}-{high}\b", rows["`metric`"]), name
    assert "`, `".join(settings.CHECKS[:4]) in text
    assert [name for name in settings.CHECKS if f"`{name}`" not in text] == []
    assert [name for name in iceberg.ANCHORS if f"`{name}`" not in text] == []
    samples = Codebook.model_fields["sample"].annotation.__args__
    assert " | ".join(samples) in text
    assert f"({Codebook.model_fields['minimum_base'].default})" in rows["`minimum_base`"]
    assert f"({settings.Iceberg.model_fields['loss_days'].default})" in rows["`loss_days`"]


VALUES = [
    (names.strip("`"), text)
    for table in tables(CODEBOOK)
    if table[0] == ["key", "meaning"]
    for names, meaning in table[1:]
    if re.fullmatch(r"`\w+`", names)
    for text in re.findall(r"`([{\[][^`]*[}\]])`", meaning)
]


@pytest.mark.parametrize(("key", "text"), VALUES, ids=lambda value: value[:30])
def test_every_value_in_a_table_fits_its_key(key, text):
    """A mapping or a list between backticks is a value of the key in the first column."""
    value = yaml.safe_load(text)
    if text in ("[low, high]", "{en: Staff, vi: Nhân viên}"):
        return
    models = [m for m in (Question, Codebook, settings.Iceberg, settings.Weighting) if key in m.model_fields]
    assert models, key
    TypeAdapter(models[0].model_fields[key].annotation).validate_python(value)
