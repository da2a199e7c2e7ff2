"""study.yml: what it may not say is one sentence with file, line, key and rule, whatever the text."""

import pytest
import yaml
from conftest import cells
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxlib import CxError, Study, study_yml
from cxlib.places import ROOT

DATA = "id,q,w,c,age\n1,9,1,1,20\n2,10,1,2,30\n3,3,1,1,40\n"
TOP = "study: tiny\ntitle: Tiny\nsample: opt_in\n"


# The study's head has three lines; `tables:`, `survey:` and `file:` are lines 4 to 6, what is given begins on line 7.
REFUSED = {
    "a key of the table": ("wieght: w", "line 7, tables.survey.wieght: unknown key wieght; did you mean weight?"),
    "a key of a question": (
        "questions:\n  q: {role: number, labelz: x}",
        "line 8, tables.survey.questions.q.labelz: unknown key labelz; did you mean label?",
    ),
    "a key of a file": (
        "file: [{file: s.csv, wav: 1}]",
        "line 6, tables.survey.file.0.wav: unknown key wav; did you mean wave?",
    ),
    "a key written twice": (
        "questions:\n  q: {role: number}\n  q: {role: single}",
        "line 9: the key q stands twice in the same block",
    ),
    "a broken bracket": (
        "questions: {q: [1\n",
        "line 8: not YAML: expected ',' or ']', but got '<stream end>'",
    ),
    "a tab": ("private: []\n\tweight: w", "line 8: not YAML: found character '\\t' that cannot start any token"),
    "a role": (
        "questions:\n  q:\n    role: metrik",
        "line 9, tables.survey.questions.q.role: 'metrik' is not one of 'metric', 'driver', 'segment', 'single', "
        "'multi', 'number' or 'comment'; did you mean metric?",
    ),
    "no role": ("questions:\n  q: {text: x}", "line 8, tables.survey.questions.q: the key role is missing"),
    "a metric": (
        "questions:\n  q: {role: metric, metric: npss}",
        "line 8, tables.survey.questions.q: unknown metric npss; did you mean nps?",
    ),
    "a metric without its name": (
        "questions:\n  q: {role: metric}",
        "line 8, tables.survey.questions.q: `metric:` (nps, csat, ces or one of your own) goes with `role: metric`, "
        "and only with it",
    ),
    "a scale that is not the metric's": (
        "questions:\n  q: {role: metric, metric: nps, scale: [1, 10]}",
        "line 8, tables.survey.questions.q: nps is measured on 0-10, the question on 1-10; "
        "define a metric of your own under `metrics:`",
    ),
    "a scale that falls": (
        "questions:\n  q: {role: driver, scale: [5, 1]}",
        "line 8, tables.survey.questions.q: a scale runs from low to high, e.g. [1, 5]; found [5.0, 1.0]",
    ),
    "band edges that fall": (
        "questions:\n  age: {role: number, derive: {band: [35, 25]}}",
        "line 8, tables.survey.questions.age: derive band: band edges must rise, e.g. [18, 25, 35]; found [35.0, 25.0]",
    ),
    "bands of words": (
        "questions:\n  c: {role: segment, derive: {band: [1, 2]}}",
        "line 8, tables.survey.questions.c: derive band: a number is cut at band edges, e.g. [18, 25, 35]; any other "
        "question is grouped by codes, e.g. {North: [1, 2]}",
    ),
    "a net of a number that is no range": (
        "questions:\n  age: {role: number, nets: {young: [18]}}",
        "line 8, tables.survey.questions.age: net young: a net of a number is a range [from, to], e.g. [18, 34]",
    ),
    "columns of a single question": (
        "questions:\n  q: {role: single, columns: {a: q}}",
        "line 8, tables.survey.questions.q: `columns:` (one column an option) goes with `role: multi`",
    ),
    "a code that YAML takes for true": (
        "questions:\n  c: {role: single, labels: {true: a}}",
        "line 8, tables.survey.questions.c.labels: True is read as true or false; put quotes around it",
    ),
    "a label that is a number": (
        "questions:\n  c: {role: single, labels: {1: 5}}",
        "line 8, tables.survey.questions.c.labels.1: input should be a valid string; found 5",
    ),
    "the inner name of the keys": (
        "keys: {weight: w}",
        "tables.survey.keys: unknown key; write the columns directly, e.g. `wave: wave`",
    ),
    "a table": (
        "tables: {surveys: {file: s.csv}}",
        "line 4, tables.surveys: 'surveys' is not one of 'survey', 'customers', 'complaints', 'events', 'map', "
        "'sales', 'benchmark', 'staff' or 'prospects'; did you mean survey?",
    ),
    "no tables": (
        "tables: {}",
        "line 4, tables: dictionary should have at least 1 item after validation, not 0; found {}",
    ),
}


@pytest.mark.parametrize(("table", "expected"), REFUSED.values(), ids=REFUSED)
def test_a_fault_is_named_with_its_line_key_and_rule(error, table, expected):
    assert error(table, DATA) == f"DIR/study.yml: {expected}"


RULES = {
    "private and a question": (
        "private: [q]\nquestions:\n  q: {role: number}",
        "survey: q is private and a question; private columns never reach an analysis",
    ),
    "private and the column of a question": (
        "private: [w]\nquestions:\n  q: {role: number, column: w}",
        "survey: w is private and a question; private columns never reach an analysis",
    ),
    "a name given twice": (
        "respondent: id\nquestions:\n  respondent: {role: number, column: q}",
        "survey: the name respondent is given twice (keys, questions and derived questions share names)",
    ),
    "a derived name given twice": (
        "questions:\n  age: {role: number, derive: {c: [30]}}\n  c: {role: single}",
        "survey: the name c is given twice (keys, questions and derived questions share names)",
    ),
    "a wave's columns name nothing": (
        "file: [{file: s.csv, wave: 1, columns: {qq: x}}]\nquestions:\n  q: {role: number}",
        "survey, file s.csv: columns names qq, which is neither a question nor a column that the table uses; "
        "did you mean q?",
    ),
    "asked by nobody": (
        "questions:\n  q: {role: number, asked: {cc: [1]}}\n  c: {role: single}",
        "survey: q is asked by cc, which is not a question; did you mean c?",
    ),
}


@pytest.mark.parametrize(("table", "expected"), RULES.values(), ids=RULES)
def test_rules_between_the_entries_of_a_table(error, table, expected):
    message = error(table, DATA)
    assert message.startswith("DIR/study.yml: line ")
    assert message.endswith(f": {expected}")


def test_a_rule_between_entries_names_its_line(error):
    assert "line 9" in error("\n\nprivate: [q]\nquestions: {q: {role: number}}", DATA)


PRIVATE = {
    "a ticked option": "private: [c]\nquestions:\n  m: {role: multi, columns: {a: c, b: w}}",
    "a wave's column": (
        "private: [c]\nfile: [{file: s.csv, wave: 1, columns: {q: c}}]\nquestions:\n  q: {role: number}"
    ),
    "a key": "private: [id]\nrespondent: id\nquestions:\n  q: {role: number}",
    "the weight": "private: [c]\nweight: c\nquestions:\n  q: {role: number}",
}


@pytest.mark.parametrize("table", PRIVATE.values(), ids=PRIVATE)
def test_a_private_column_is_refused_wherever_it_is_used(error, table):
    assert "is private" in error(table, DATA)


TOPS = {
    "an unknown key": ("titel: x\n", "line 4, titel: unknown key titel; did you mean title?"),
    "a kind of sample": (
        "sample: random\n",
        "line 3, sample: 'random' is not one of 'probability', 'quota', 'panel', 'opt_in' or 'census'",
    ),
    "a population of minus three": ("population: -3\n", "line 4, population: input should be greater than 0; found -3"),
    "a base of one": ("minimum_base: 1\n", "line 4, minimum_base: input should be greater than or equal to 2; found 1"),
    "a language": ("language: de\n", "line 4, language: 'de' is not one of 'en' or 'vi'"),
    "a score off its scale": (
        "metrics: {m: {scale: [1, 5], scores: {6: 100}}}\n",
        "line 4, metrics.m: the answer 6 is scored, but not on the scale 1-5",
    ),
    "a key of a metric": (
        "metrics: {m: {scale: [1, 5], scores: mean, units: x}}\n",
        "line 4, metrics.m.units: unknown key units; did you mean unit?",
    ),
}


@pytest.mark.parametrize(("top", "expected"), TOPS.values(), ids=TOPS)
def test_faults_at_the_top_level(error, top, expected):
    head = "study: tiny\ntitle: Tiny\n" + (top if top.startswith("sample") else "sample: opt_in\n" + top)
    assert error("", DATA, top=head) == f"DIR/study.yml: {expected}"


PERSONAS = {
    "an unknown key": ("{value_time: 2}", "personas.value_time: unknown key value_time; did you mean value_times?"),
    "a key of the ideal": ("{ideal: {value: 0.2}}", "personas.ideal.value: unknown key value; did you mean value_top?"),
    "a key of a rule": (
        "{rules: [{question: pay, answers: [cash], point: 3}]}",
        "personas.rules.0.point: unknown key point; did you mean points?",
    ),
    "an unknown variable": (
        "{variables: [pay, spent]}",
        "personas.variables: personas are formed by spent, which is no question of the table survey; did you mean "
        "spend?",
    ),
    "a variable of another table": (
        "{table: customers, variables: [spend]}",
        "personas.variables: personas are formed by spend, which is no question of the table customers",
    ),
    "one variable in the place of a list": (
        "{variables: pay}",
        "personas.variables: a list belongs here, e.g. [1, 2]; found 'pay'",
    ),
    "an unknown table": ("{table: prospects}", "personas.table: 'prospects' is not one of 'survey' or 'customers'"),
    "a value that is no number": (
        "{value: pay}",
        "personas.value: the value of a customer is a question with `role: number` of the table survey; found pay",
    ),
    "a value that is nothing": (
        "{value: spent}",
        "personas.value: the value of a customer is a question with `role: number` of the table survey; found spent; "
        "did you mean spend?",
    ),
    "a value times nothing": (
        "{value_times: 0}",
        "personas.value_times: input should be greater than 0; found 0",
    ),
    "a value times everything": (
        "{value_times: .inf}",
        "personas.value_times: input should be a finite number; found inf",
    ),
    "a scope above all": ("{scope: 1.5}", "personas.scope: input should be less than or equal to 1; found 1.5"),
    "a scope below nothing": (
        "{scope: -0.1}",
        "personas.scope: input should be greater than or equal to 0; found -0.1",
    ),
    "all are ideal": ("{ideal: {value_top: 1}}", "personas.ideal.value_top: input should be less than 1; found 1"),
    "a rule on nothing": (
        "{rules: [{question: pays, answers: [cash], points: 3}]}",
        "personas.rules.0: a rule names pays, which is no question of the table customers; did you mean pay?",
    ),
    "a rule on what prospects are not asked": (
        "{rules: [{question: pay, answers: [cash], points: 3}, {question: age, answers: [9], points: 3}]}",
        "personas.rules.1: a rule names age, which is no question of the table prospects",
    ),
    "a rule on an answer that is not there": (
        "{rules: [{question: pay, answers: [cash, cards], points: 3}]}",
        "personas.rules.0: a rule names the answer cards to pay, which has no label; did you mean card?",
    ),
    "a rule that does nothing": (
        "{rules: [{question: pay, answers: [cash]}]}",
        "personas.rules.0: a rule gives `points:` (a whole number, not 0) or says `exclude: true`",
    ),
    "a rule that does both": (
        "{rules: [{question: pay, answers: [cash], points: 3, exclude: true}]}",
        "personas.rules.0: a rule gives `points:` (a whole number, not 0) or says `exclude: true`",
    ),
    "half a point": (
        "{rules: [{question: pay, answers: [cash], points: 1.5}]}",
        "personas.rules.0.points: input should be a valid integer, got a number with a fractional part; found 1.5",
    ),
}
ASKED = "{pay: {role: single, labels: {cash: Cash, card: Card}}, %s: {role: number}}"
SOLD = (
    f"tables:\n  survey: {{file: s.csv, questions: {ASKED % 'spend'}}}\n"
    f"  customers: {{file: c.csv, questions: {ASKED % 'age'}}}\n"
    "  prospects: {file: p.csv, questions: {pay: {role: single, labels: {cash: Cash, card: Card}}}}\n"
)
SALES = {"s.csv": "pay,spend\ncash,1\n", "c.csv": "pay,age\ncash,1\n", "p.csv": "pay\ncash\n"}


@pytest.mark.parametrize(("settings", "expected"), PERSONAS.values(), ids=PERSONAS)
def test_faults_of_the_personas(error, settings, expected):
    assert error(SOLD, SALES, top=TOP + f"personas: {settings}\n") == f"DIR/study.yml: line 4, {expected}"


def test_personas_without_the_table_that_is_named(error):
    alone = SOLD[: SOLD.index("  customers")]
    told = error(alone, {"s.csv": SALES["s.csv"]}, top=TOP + "personas: {table: customers}\n")
    assert told == (
        "DIR/study.yml: line 4, personas.table: personas are made from the table customers, which the study does not "
        "have"
    )


def test_the_settings_of_personas(load):
    given = "{variables: [pay, spend], value: spend, value_times: 12, scope: 0.25, ideal: {value_top: 0.1}}"
    book = load(SOLD, SALES, top=TOP + f"personas: {given}\n").book.personas
    assert (book.variables, book.value, book.value_times, book.scope) == (("pay", "spend"), "spend", 12, 0.25)
    assert (book.ideal.value_top, book.ideal.stayed, book.rules, book.table) == (0.1, True, (), None)


@pytest.mark.parametrize("name", ["a/b", "../up", ".hidden", "two words", ""])
def test_a_study_is_named_by_a_plain_word(error, name):
    top = f"study: '{name}'\ntitle: Tiny\nsample: opt_in\n"
    assert error("", DATA, top=top) == (
        "DIR/study.yml: line 1, study: a study is named by a word of letters, digits, _, . and -, e.g. acme_2026; "
        f"found {name!r}"
    )


def test_a_metric_whose_scale_falls_is_refused(error):
    message = error(
        "questions:\n  q: {role: metric, metric: m}",
        "q,x\n3,1\n4,1\n",
        top=TOP + "metrics: {m: {scale: [5, 1], scores: mean}}\n",
    )
    assert message.startswith("DIR/study.yml: ")
    assert "scale" in message
    assert "table survey" not in message


@pytest.mark.parametrize("text", ["", "# nothing\n", "hello\n", "- a\n- b\n", "3\n"])
def test_what_is_no_block_of_keys_is_no_study(tmp_path, text):
    file = tmp_path / "study.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CxError) as caught:
        Study.load(file)
    rule = "line 1: a study is a block of `key: value` lines, beginning with `study:`"
    assert str(caught.value) == f"{file}: {rule}"


def test_a_study_that_is_not_utf_8_names_the_byte(tmp_path):
    file = tmp_path / "study.yml"
    file.write_bytes("study: tiny\ntitle: Thử\n".encode("utf-16"))
    with pytest.raises(CxError) as caught:
        Study.load(file)
    assert str(caught.value) == f"{file}: not UTF-8 at byte 0; save study.yml as UTF-8"


def test_a_study_with_a_byte_order_mark_is_read(tmp_path):
    file = tmp_path / "study.yml"
    file.write_bytes(b"\xef\xbb\xbf" + (TOP + "tables: {survey: {file: s.csv}}\n").encode())
    assert Study(file, tmp_path).name == "tiny"


def test_the_number_of_further_faults_is_told(error):
    assert error("wieght: w\ncluser: c", DATA) == (
        "DIR/study.yml: line 7, tables.survey.wieght: unknown key wieght; did you mean weight? "
        "(1 more fault in this file)"
    )


def test_yaml_that_would_run_code_is_refused(error):
    message = error("", DATA, top=TOP + "client: !!python/object/apply:os.getcwd []\n")
    assert message.startswith("DIR/study.yml: line 4: not YAML: could not determine a constructor")


@pytest.mark.parametrize(
    ("top", "told"),
    [
        ("population: true\n", "line 4, population: a number belongs here; True is read as true or false"),
        (
            "metrics: {m: {scale: [5], scores: mean}}\n",
            "line 4, metrics.m.scale: a scale is its lowest and its highest answer, e.g. [1, 5]; found [5]",
        ),
    ],
)
def test_numbers_are_numbers(error, top, told):
    assert error("", DATA, top=TOP + top) == f"DIR/study.yml: {told}"


def test_an_empty_block_is_one_without_entries(load):
    book = load("questions: {q: {role: number}}", DATA, top=TOP + "iceberg:\npersonas:\nquality:\n").book
    assert (book.iceberg.rate, book.personas.variables, book.quality.exclude, book.weighting) == (None, (), (), None)


ODD = {
    "a day that does not exist": "fieldwork: 2026-02-30\n",
    "a template that was not filled in": "client: {{ client }}\n",
    "an alias of itself": "client: &a [*a]\n",
    "a number of 5,000 digits": "population: " + "9" * 5000 + "\n",
    "three thousand brackets": "client: " + "[" * 3000 + "\n",
}


@pytest.mark.parametrize("top", ODD.values(), ids=ODD)
def test_odd_yaml_is_an_error_and_no_traceback(error, top):
    assert error("", DATA, top=TOP + top).startswith("DIR/study.yml: line 4")


def test_yes_no_on_and_off_are_words(survey):
    table = "questions:\n  c: {role: single, labels: {Yes: Đồng ý, no: Off}, missing: [on]}"
    assert survey(table, "c,x\nYes,1\nno,1\non,1\n")["c"].tolist()[:2] == ["Đồng ý", "Off"]


def test_codes_are_compared_as_they_are_written_in_data(survey):
    found = survey("questions:\n  c: {role: single, labels: {1: a, 2.0: b, 2.5: c, '03': d}}", "c\n1.0\n2\n2.5\n03\n")
    assert found["c"].tolist() == ["a", "b", "c", "d"]


def test_words_are_given_in_the_study_s_language_or_the_other(load):
    table = (
        "questions:\n  c: {role: single, text: {en: Sex}, labels: {1: {en: Male, vi: Nam}, 2: {en: Female, vi: Nữ}}}"
    )
    for language, expected in [("en", ["Male", "Female"]), ("vi", ["Nam", "Nữ"])]:
        study = load(table, "c\n1\n2\n", top=TOP + f"language: {language}\n")
        assert study.levels("c") == expected
        assert study.text("c") == "Sex"


def test_an_alias_and_a_merge_serve_two_questions(load):
    study = load("questions:\n  q: &a {role: number, label: Score}\n  w: {<<: *a, scale: [1, 2]}", DATA)
    assert (study.label("w"), study.book.tables["survey"].questions["w"].scale) == ("Score (w)", (1.0, 2.0))


def _refusal(file) -> None:
    """Whatever is written there, a codebook comes out, or one error that names the file."""
    try:
        Study.load(file)
    except CxError as error:
        assert str(error).startswith(f"{file}: ")  # noqa: PT017 (no error is as good)


WORDS = st.sampled_from([
    "study", "title", "sample", "opt_in", "tables", "survey", "file", "questions", "role", "metric", "nps", "derive",
    "nets", "labels", "columns", "waves", "asked", "missing", "scale", "x", "q", "en", "vi", "with", "3", "-1.5",
])  # fmt: skip
NODES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.floats(allow_nan=False) | WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.integers(0, 9), inner, max_size=4),
    max_leaves=12,
)


@settings(
    derandomize=True, max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(node=NODES)
def test_any_tree_of_entries_is_a_study_or_a_cxerror(tmp_path, node):
    file = tmp_path / "study.yml"
    book = {"study": "x", "title": "x", "sample": "opt_in", "tables": {"survey": {"file": "s.csv", "questions": node}}}
    for content in (node, book, book | {"tables": node}, book | {"metrics": node}):
        file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        _refusal(file)


SOUND = (
    TOP
    + """\
metrics: {easy: {scale: [1, 5], scores: {4: 100, 5: 100}}}
tables:
  survey:
    file: [{file: s.csv, wave: 1, columns: {q: w}}]
    private: [phone]
    questions:
      q: {role: metric, metric: easy, labels: {1: {en: Hà Nội, vi: "x"}}}
      age: {role: number, derive: {band: [18, 25]}, nets: {young: [18, 24]}}
"""
)
SIGNS = st.text(st.sampled_from("ab1:-?[]{},&*#|>@`\"'%!~\n \t.<é\0"), max_size=3)


@settings(
    derandomize=True, max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(at=st.integers(0, len(SOUND)), dropped=st.integers(0, 4), put=SIGNS)
def test_a_slip_of_the_pen_is_a_cxerror(tmp_path, at, dropped, put):
    file = tmp_path / "study.yml"
    file.write_text(SOUND[:at] + put + SOUND[at + dropped :], encoding="utf-8")
    _refusal(file)


@settings(
    derandomize=True, max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.text(max_size=60).map(str.encode) | st.binary(max_size=60))
def test_any_bytes_as_study_yml_are_a_cxerror(tmp_path, content):
    file = tmp_path / "study.yml"
    file.write_bytes(content)
    with pytest.raises(CxError) as caught:
        Study.load(file)
    assert str(caught.value).startswith(f"{file}: ")


# -- what the entries of a question do -----------------------------------------------------------------------------

ROLES = """\
questions:
  q: {role: metric, metric: nps, nets: {Top two: [9, 10]}}
  c: {role: segment, labels: {1: North, 2: South, 3: Isles}, nets: {Main: [1, 2]}, derive: {land: {A: [3], B: [1, 2]}}}
  age: {role: number, nets: {Young: [18, 34]}, derive: {band: [18, 35, 36, 50]}}
  x: {role: segment, column: c, derive: {age_c: {with: band}}}
  m: {role: multi, nets: {Digital: [web, app]}}
  n: {role: multi, columns: {price: np, near: nn}, nets: {Any: [price, near]}}
"""
ANSWERS = "q,c,age,m,np,nn\n9,1,17,web; app,1,0\n,3,34,shop,Yes,\n0,2,35,,no,FALSE\n10,1,,app,0,Near\n8,,50,web,,0\n"


def test_every_role_and_what_is_derived_from_it(load):
    study = load(ROLES, ANSWERS)
    assert cells(study.survey) == {
        "q": [9, None, 0, 10, 8],
        "c": ["North", "Isles", "South", "North", None],
        "age": [17, 34, 35, None, 50],
        "x": ["1", "3", "2", "1", None],
        "m.app": [1, 0, None, 1, 0],
        "m.shop": [0, 1, None, 0, 0],
        "m.web": [1, 0, None, 0, 1],
        "n.price": [1, 1, None, 0, None],
        "n.near": [0, 0, None, 1, None],
        "q.Top two": [1, None, 0, 1, 0],
        "c.Main": [1, 0, 1, 1, None],
        "land": ["B", "A", "B", "B", None],
        "age.Young": [0, 1, 0, None, 0],
        "band": ["<18", "18-34", "35", None, "50+"],
        "m.Digital": [1, 0, None, 1, 1],
        "n.Any": [1, 1, None, 1, None],
        "age_c": ["1 · <18", "3 · 18-34", "2 · 35", None, None],
    }
    assert study.levels("c") == ["North", "South", "Isles"]
    assert study.levels("land") == ["A", "B"]
    assert study.levels("age_c") == ["1 · <18", "2 · 35", "3 · 18-34"]
    assert study.questions("segment") == ["c", "x", "land", "band", "age_c"]


WRONG_CODES = {
    "a net of a multi": "m: {role: multi, nets: {D: [wbe]}}",
    "a net of labelled codes": "c: {role: single, labels: {1: a, 2: b}, nets: {D: [1, 7]}}",
    "a group of labelled codes": "c: {role: single, labels: {1: a, 2: b}, derive: {g: {A: [7]}}}",
    "an option without a label": "m: {role: multi, labels: {web: Web}}",
}


@pytest.mark.parametrize("question", WRONG_CODES.values(), ids=WRONG_CODES)
def test_a_code_that_does_not_exist_is_refused(error, question):
    assert error(f"questions:\n  {question}", "c,m\n1,web;app\n2,app\n")


def test_nets_and_groups_understand_labels_as_labels_do(survey):
    table = (
        "questions:\n  c: {role: segment, labels: {1: Huế, 2: Vinh}, nets: {One: [1]}, derive: {g: {A: [1], B: [2]}}}"
    )
    found = cells(survey(table, "c,x\nHuế,1\nVinh,1\n1,1\n"))
    assert (found["c.One"], found["g"]) == ([1, 0, 1], ["A", "B", "A"])


def test_missing_codes_of_options_are_no_ticks(survey):
    found = survey("questions:\n  m: {role: multi, missing: [9], columns: {a: a, b: b}}", "a,b\n1,9\n9,9\n0,1\n")
    assert cells(found) == {"m.a": [1, None, 0], "m.b": [0, None, 1]}


SURFACING = {
    "with a number": "age: {role: number}\n  c: {role: segment, derive: {d: {with: age}}}",
    "a number with": "age: {role: number, derive: {d: {with: c}}}\n  c: {role: segment}",
    "a net of words": "age: {role: number, nets: {young: [x, y]}}",
    "bands of one name": "age: {role: number, derive: {d: [2000000, 2000001, 2000002]}}",
    "circled digits": "o: {role: single}",
}


@pytest.mark.parametrize("question", SURFACING.values(), ids=SURFACING)
def test_no_derivation_ends_in_a_traceback(load, question):
    try:
        load(f"questions:\n  {question}", "age,c,o\n20,1,①\n2000001,2,②\n").check()
    except CxError as error:
        assert "study.yml: line 8" in str(error)  # noqa: PT017 (a table is as good)


def test_bands_of_large_numbers_can_be_read(load):
    study = load(
        "questions:\n  pay: {role: number, derive: {d: [5000000, 15000000]}}", "pay,x\n6000000,1\n15000000,1\n"
    )
    assert not [level for level in study.levels("d") if "e+" in level]


# -- what a study declares of its complaint iceberg ------------------------------------------------------------------

ASKED = """\
questions:
  sad: {role: single, labels: {1: "Yes", 0: "No"}}
  told: {role: multi, columns: {phone: c, shop: w}}
  q: {role: metric, metric: nps}
  age: {role: number, scale: [0, 99]}
  c: {role: segment}
"""
# The head has three lines; `iceberg:` is line 4, its settings begin on line 5.
ICEBERG = {
    "an unknown setting": ("unhapy: {sad: [1]}", "line 5, iceberg.unhapy: unknown key unhapy; did you mean unhappy?"),
    "an unknown fate": (
        "losses:\n    quiet: 0.3",
        "line 6, iceberg.losses.quiet: 'quiet' is not one of 'content', 'silent', 'satisfied', 'mollified' or "
        "'dissatisfied'",
    ),
    "an unknown end": (
        "outcomes: {silent: [x]}",
        "line 5, iceberg.outcomes.silent: 'silent' is not one of 'satisfied', 'mollified' or 'dissatisfied'",
    ),
    "an unknown part of the talk": (
        "word_of_mouth: {told: 6, deterred: 0.1, tolld: 2}",
        "line 5, iceberg.word_of_mouth.tolld: unknown key tolld; did you mean told?",
    ),
    "half the talk": ("word_of_mouth: {told: 6}", "line 5, iceberg.word_of_mouth: the key deterred is missing"),
    "talk that repels more than all": (
        "word_of_mouth: {told: 6, deterred: 4}",
        "line 5, iceberg.word_of_mouth.deterred: input should be less than or equal to 1; found 4",
    ),
    "nobody told by half": (
        "word_of_mouth: {told: -1, deterred: 0.1}",
        "line 5, iceberg.word_of_mouth.told: input should be greater than or equal to 0; found -1",
    ),
    "a loss rate in percent": (
        "losses: {silent: 40}",
        "line 5, iceberg.losses.silent: input should be less than or equal to 1; found 40",
    ),
    "a loss rate below 0": (
        "losses: {content: -0.1}",
        "line 5, iceberg.losses.content: input should be greater than or equal to 0; found -0.1",
    ),
    "a margin in percent": ("margin: 18", "line 5, iceberg.margin: input should be less than or equal to 1; found 18"),
    "no months": ("months: 0", "line 5, iceberg.months: input should be greater than 0; found 0"),
    "no days": ("loss_days: 0", "line 5, iceberg.loss_days: input should be greater than 0; found 0"),
    "a case that pays": (
        "case_cost: -5",
        "line 5, iceberg.case_cost: input should be greater than or equal to 0; found -5",
    ),
    "a window that falls": (
        "window: [2026-08-31, 2026-03-01]",
        "line 4, iceberg: a window runs from its first day to its last; found 2026-08-31 to 2026-03-01",
    ),
    "a rate that YAML takes for true": (
        "rate: true",
        "line 5, iceberg.rate: True is read as true or false; put quotes around it",
    ),
    "an outcome under two ends": (
        "outcomes: {satisfied: [ok, 1], mollified: [1]}",
        "line 4, iceberg: the outcome 1 stands under two ends of a complaint",
    ),
    "a question that there is not": (
        "severity: all\n  unhappy: {sadd: [1]}",
        "line 6, iceberg.unhappy.sadd: unhappy names sadd, which is no question of the survey; did you mean sad?",
    ),
    "a code without a label": (
        "unhappy:\n    sad: [1, 2]",
        "line 6, iceberg.unhappy.sad: unhappy lists the codes of sad that say so; found the code 2, which has no label",
    ),
    "no code": (
        "complained: {sad: []}",
        "line 5, iceberg.complained.sad: complained lists the codes of sad that say so; found no code",
    ),
    "an option without a column": (
        "complained: {told: [shopp]}",
        "line 5, iceberg.complained.told: complained lists the codes of told that say so; found the code shopp, which "
        "is none of its columns; did you mean shop?",
    ),
    "a word for a number": (
        "unhappy: {q: [low]}",
        "line 5, iceberg.unhappy.q: answers to q are numbers; unhappy lists low",
    ),
    "a blank for a number": (
        "unhappy: {q: [nan]}",
        "line 5, iceberg.unhappy.q: answers to q are numbers; unhappy lists nan",
    ),
    "an answer off the metric's scale": (
        "unhappy: {q: [0, 11]}",
        "line 5, iceberg.unhappy.q: answers to q lie in 0-10; unhappy lists 11",
    ),
    "an answer off the scale": (
        "unhappy: {age: [18, 100]}",
        "line 5, iceberg.unhappy.age: answers to age lie in 0-99; unhappy lists 100",
    ),
}


@pytest.mark.parametrize(("settings", "expected"), ICEBERG.values(), ids=ICEBERG)
def test_a_fault_of_the_iceberg_is_named_with_its_line_key_and_rule(error, settings, expected):
    assert error(ASKED, DATA, top=f"{TOP}iceberg:\n  {settings}\n") == f"DIR/study.yml: {expected}"


LISTED, ALL = "a list belongs here, e.g. [1, 2]; found", "all, or a list of codes, e.g. [1, 2]; found"
WINDOW = "a window is its first and its last day, e.g. [2026-03-01, 2026-08-31]; found"
FORMS = {
    "a severity as a word": ("severity: major", f"line 5, iceberg.severity: {ALL} 'major'"),
    "channels as a number": ("channels: 3", f"line 5, iceberg.channels: {ALL} 3"),
    "a window of one day": ("window: [x]", f"line 5, iceberg.window: {WINDOW} ['x']"),
    "a window as text": ("window: in March", f"line 5, iceberg.window: {WINDOW} 'in March'"),
    "a day that there is not": (
        'window: ["2026-02-30", "2026-03-31"]',
        "line 5, iceberg.window.0: input should be a valid date or datetime, day value is outside expected range; "
        "found '2026-02-30'",
    ),
    "answers as a list": (
        "unhappy: [sad]",
        "line 5, iceberg.unhappy: a block of `key: value` belongs here; found ['sad']",
    ),
    "codes as a number": ("unhappy: {sad: 1}", f"line 5, iceberg.unhappy.sad: {LISTED} 1"),
    "outcomes as a word": ("outcomes: {mollified: x}", f"line 5, iceberg.outcomes.mollified: {LISTED} 'x'"),
    "segments as a word": ("segments: city", f"line 5, iceberg.segments: {LISTED} 'city'"),
    "a margin as a word": (
        "margin: much",
        "line 5, iceberg.margin: input should be a valid number, unable to parse string as a number; found 'much'",
    ),
}


@pytest.mark.parametrize(("settings", "expected"), FORMS.values(), ids=FORMS)
def test_a_wrong_form_names_its_line_and_key(error, settings, expected):
    message = error(ASKED, DATA, top=f"{TOP}iceberg:\n  {settings}\n")
    assert message == f"DIR/study.yml: {expected}"


def test_an_iceberg_without_a_survey_asks_for_the_question(error):
    message = error("tables: {complaints: {file: s.csv}}", DATA, top=TOP + "iceberg:\n  unhappy: {sad: [1]}\n")
    assert (
        message == "DIR/study.yml: line 5, iceberg.unhappy.sad: unhappy names sad, which is no question of the survey"
    )


def test_what_the_iceberg_declares_is_read(load):
    study = load(
        ASKED,
        DATA.replace("id,q", "sad,q"),
        top=TOP
        + "iceberg: {unhappy: {sad: [1.0], q: [0, 1]}, complained: {told: [shop]}, severity: [1, high], channels: all, "
        "window: [2026-03-01, 2026-08-31], rate: 0.03, outcomes: {satisfied: [ok, 1]}, losses: {silent: 1}}\n",
    )
    found = study.book.iceberg
    assert (found.unhappy, found.complained) == ({"sad": ("1",), "q": ("0", "1")}, {"told": ("shop",)})
    assert (found.severity, found.channels, found.rate) == (("1", "high"), "all", "0.03")
    assert [str(day) for day in found.window] == ["2026-03-01", "2026-08-31"]
    assert (found.outcomes, found.losses) == ({"satisfied": ("ok", "1")}, {"silent": 1.0})
    assert (found.loss_days, found.margin, found.segments) == (90, None, ())


def test_a_study_that_declares_nothing_has_an_empty_iceberg(load):
    found = load(ASKED, DATA.replace("id,q", "sad,q")).book.iceberg
    assert not any([found.unhappy, found.complained, found.severity, found.channels, found.window, found.rate])


# -- what a study declares of an improvement -------------------------------------------------------------------------

SHOPS = """\
questions:
  c: {role: segment, labels: {1: New, 2: Old}}
  w: {role: single}
  age: {role: number, derive: {old: [18, 25]}}
"""
TOGETHER = "`group:`, `treated:` and `before:` go together; without a group there is no comparison"
IMPROVED = {
    "a group alone": ("{group: c, after: 2}", f"line 4, improvement: {TOGETHER}"),
    "a group without a code": ("{group: c, before: 1, after: 2}", f"line 4, improvement: {TOGETHER}"),
    "waves without a group": ("{before: 1, after: 2}", f"line 4, improvement: {TOGETHER}"),
    "no wave": ("{group: c, treated: 1, before: 1}", "line 4, improvement: the key after is missing"),
    "an unknown key": (
        "{after: 2, befor: 1}",
        "line 4, improvement.befor: unknown key befor; did you mean before?",
    ),
    "a group that is derived": (
        "{group: old, treated: 1, before: 1, after: 2}",
        "line 4, improvement.group: old is no question of the survey with `role: segment`",
    ),
    "a group that there is not": (
        "{group: shop, treated: 1, before: 1, after: 2}",
        "line 4, improvement.group: shop is no question of the survey with `role: segment`",
    ),
    "a group that is no segment": (
        "{group: w, treated: 1, before: 1, after: 2}",
        "line 4, improvement.group: w is no question of the survey with `role: segment`",
    ),
    "a code without a label": (
        "{group: c, treated: 3, before: 1, after: 2}",
        "line 4, improvement.treated: 3 is no code of c",
    ),
}


@pytest.mark.parametrize(("settings", "expected"), IMPROVED.values(), ids=IMPROVED)
def test_a_fault_of_the_improvement_is_named_with_its_line_key_and_rule(error, settings, expected):
    assert error(SHOPS, DATA, top=f"{TOP}improvement: {settings}\n") == f"DIR/study.yml: {expected}"


def test_what_a_study_declares_of_an_improvement_is_read(load):
    """Codes of waves and groups are text, as the data's are."""
    found = load(SHOPS, DATA, top=f"{TOP}improvement: {{group: c, treated: 1.0, before: 2025, after: 2026-H1}}\n")
    given = found.book.improvement
    assert (given.group, given.treated, given.before, given.after) == ("c", "1", "2025", "2026-H1")
    everybody = load(SHOPS, DATA, top=f"{TOP}improvement: {{after: 2}}\n").book.improvement
    assert (everybody.group, everybody.treated, everybody.before, everybody.after) == (None, None, None, "2")
    assert load(SHOPS, DATA).book.improvement is None


def test_an_improvement_without_a_survey_has_no_group(error):
    message = error(
        "tables: {complaints: {file: s.csv}}",
        DATA,
        top=f"{TOP}improvement: {{group: c, treated: 1, before: 1, after: 2}}\n",
    )
    assert message == "DIR/study.yml: line 4, improvement.group: c is no question of the survey with `role: segment`"


def test_what_was_never_used_is_a_missing_answer(error):
    message = error("questions:\n  q: {role: driver, scale: [1, 5], missing: [0], never_used: [6]}", DATA)
    assert message.startswith("DIR/study.yml: line ")
    assert message.endswith(
        "tables.survey.questions.q: `never_used:` (of the codes that are `missing:`) names 6, which is not one of them"
    )


def test_libyaml_reads_what_pyyaml_reads_and_nothing_more(tmp_path):
    """PyYAML's own parser is the oracle: the same lines and entries, and a fault wherever it finds one."""
    text = (ROOT / "data/demo/study.yml").read_text(encoding="utf-8")
    assert study_yml._parsed_by(text, study_yml._QuickLoader) == study_yml._parsed_by(text, study_yml._Loader)
    for fault in ("study:\tdemo", "study: {en: How likely? Very}"):
        file = tmp_path / "study.yml"
        file.write_text(f"{fault}\n", encoding="utf-8")
        with pytest.raises(CxError, match=r"study\.yml: line 1: not YAML"):
            study_yml.read_codebook(file)
