"""Whom the persona chapter looks at: tables, waves, the questions that form personas, and what is sensitive."""

import numpy as np
import pytest
from persona_study import made, survey

from cxlib import CxError, people, persona_questions
from cxlib.codebook import Question
from cxlib.errors import CommandError
from cxlib.report import plan as plans

SMALL = {"without": ["customers", "complaints", "prospects"]}


@pytest.fixture
def study(load):
    return lambda **changes: made(load, **(SMALL | changes))


def test_questions_by_default_are_those_that_form_and_are_not_sensitive(study):
    """By construction: payment, channels, spend and goal form; age and city describe; religion is spared."""
    case = people.people(study())
    assert case.questions == ["pay", "uses", "spend", "goal"]
    assert case.columns == ["pay", "uses.app", "uses.shop", "uses.web", "spend", "goal"]
    assert case.decisions.to_numpy().tolist() == [
        ["faith", 450, "sensitive: left out, since it is not asked for by name", ""]
    ]
    assert (case.table, case.minimum_base, case.waves) == ("survey", 30, ())
    assert [case.label("uses.app"), case.option("uses.app"), case.label("spend")] == [
        "Channels",
        "Mobile app",
        "Spend, a month",
    ]
    assert people.in_words(case)["uses.app"] == "Channels: Mobile app"


def test_variables_of_the_call_come_before_those_of_study_yml(study):
    one = study(personas={"variables": ["pay", "city"]})
    assert people.people(one).questions == ["pay", "city"]
    assert people.people(one, variables=" goal , uses ").questions == ["goal", "uses"]


def test_waves_are_those_named(study):
    """Every second respondent is of the second wave."""
    assert len(people.people(study()).frame) == 450
    case = people.people(study(), waves="w2")
    assert (len(case.frame), case.waves, list(case.frame.index[:2])) == (225, ("w2",), [0, 1])
    assert len(people.people(study(), waves="w1, w2").frame) == 450
    with pytest.raises(CxError, match=r"^tiny has no waves; waves=w1 names some$"):
        people.people(study(without=[*SMALL["without"], "survey.wave"]), waves="w1")


def test_customers_where_there_is_no_survey_or_study_yml_says_so(load):
    alone = made(load, without=["survey", "complaints"], personas={"value": None, "value_times": None})
    case = people.people(alone, variables="pay,age")
    assert (case.table, len(case.frame), case.design) == ("customers", 600, {})
    both = made(load, personas={"table": "customers", "value": None, "value_times": None})
    assert people.people(both, variables="pay,age").table == "customers"
    with pytest.raises(CxError, match="tiny has no waves; waves=w1 names some"):
        people.people(both, variables="pay,age", waves="w1")


def test_a_study_with_neither_survey_nor_customers_says_so(make, load):
    study = load("tables:\n  events: {file: e.csv, customer: c, when: d}\n", {"e.csv": "c,d\n1,2026-01-01\n"})
    with pytest.raises(CxError, match=r"personas are made of a table survey or customers, and there is neither$"):
        people.people(study)


def test_what_cannot_serve_is_told_and_left_out(study):
    """A constant, a blank and an identifier among the variables by default."""
    case = people.people(
        study(
            frames={"survey": survey().assign(pay="cash", goal=None, post=[f"P{i}" for i in range(450)])},
            questions={"post": {"role": "single", "attribute": "behavioural"}},
        )
    )
    assert case.questions == ["uses", "spend"]
    told = case.decisions.set_index("variable")["decision"]
    assert told["pay"] == "left out: a variable must vary; all 450 answers to pay are Cash"
    assert told["goal"].startswith("left out: a variable needs answers; all 450 to goal are missing")
    assert told["post"].endswith("an identifier")
    assert "P0" not in case.decisions.to_string()


def test_a_net_is_no_variable(study):
    uses = {"role": "multi", "attribute": "channel", "nets": {"digital": ["app", "web"]}}
    assert people.people(study(questions={"uses": uses})).columns[1:4] == ["uses.app", "uses.shop", "uses.web"]


def test_a_derived_question_is_known_by_its_name(study):
    case = people.people(study(), variables="age_band,pay")
    assert case.columns == ["age_band", "pay"]
    assert [people.attribute_of(case.study, "survey", name) for name in ("age_band", "pay", "care")] == [
        "demographic",
        "behavioural",
        "other",
    ]


def test_what_is_derived_from_a_sensitive_question_is_sensitive(study):
    faith = {"role": "single", "derive": {"believes": {"Yes": ["Bahá'í"], "No": ["None"]}}}
    one = study(
        questions={"faith": faith}, frames={"survey": lambda t: t.assign(faith=np.resize(["Bahá'í", "None"], 450))}
    )
    case = people.people(one, variables="believes,pay")
    assert case.decisions["decision"].tolist() == ["sensitive, and used because the study asks for it by name"]
    assert case.decisions["variable"].tolist() == ["believes"]


@pytest.mark.parametrize("told", [
    {"label": "Religion"}, {"text": "Which church do you belong to?"}, {"label": {"en": "Origin", "vi": "Dân tộc"}},
    {"label": "Tình trạng sức khoẻ"}, {"text": "Bạn theo tôn giáo nào?"}, {"label": "Ethnic group"},
    {"label": "State of health"}, {"label": "Chronic disease"}, {"label": "Disability"}, {"label": "Political party"},
    {"label": "Sexual orientation"}, {"label": "Race"}, {"label": "Member of a trade union"}, {"label": "Bệnh nền"},
    {"label": "Genetic test"},
])  # fmt: skip
def test_words_that_are_sensitive(told):
    """GDPR, article 9: race, ethnicity, politics, religion, trade unions, genes, biometrics, health, sex."""
    assert persona_questions.is_sensitive("q7", Question(role="single", **told))
    assert not persona_questions.is_sensitive("q7", Question(role="single", sensitive=False, **told))


@pytest.mark.parametrize("name", ["religion", "ton_giao", "dan_toc", "suc_khoe", "health_status", "race"])
def test_names_that_are_sensitive(name):
    assert persona_questions.is_sensitive(name, Question(role="single"))


@pytest.mark.parametrize("label", ["Terrace", "Grace period", "Reunion", "Payment", "Thanh toán", "Tracer"])
def test_words_that_are_not(label):
    """Words that hold one of the others."""
    assert not persona_questions.is_sensitive("q7", Question(role="single", label=label))
    assert persona_questions.is_sensitive("q7", Question(role="single", label=label, sensitive=True))


def test_profile_questions(study):
    """Questions with an attribute, a number by its bands; without any attribute all but metrics, ratings, comments."""
    assert people.profile_questions(study(), "survey") == ["pay", "age_band", "city", "uses", "spend", "goal", "faith"]


def test_kinds_are_found_and_named_alike_twice(study):
    case = people.people(study())
    made_once, again = (people.formed(case, k="3") for _ in range(2))
    assert made_once.k == 3
    assert made_once.names == again.names
    assert (made_once.members == again.members).all()
    assert people.formed(case, k=" 3 - 3 ").k == 3
    assert people.formed(case, k="1").k == 1


def test_no_more_kinds_are_tried_than_there_are_people(study):
    """Of two people at most two kinds can be told apart, however many are asked for."""
    case = people.people(study(frames={"survey": survey().iloc[[0, -1]]}))
    assert people.formed(case, k="2-99999999").choices["k"].max() <= 2


def test_decisions_alike_stand_together(study):
    case = people.people(study())
    told = people.decided(case, people.formed(case, k="2"))
    assert "Channels: Mobile app; Channels: In the shop; Channels: Website" in told["variables"].tolist()
    assert list(told) == ["variables", "rows", "decision", "example"]


# -- what the chapter needs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("without", "settings", "why"), [
    ([], {}, ""),
    (["survey.questions.pay", "survey.questions.uses", "survey.questions.spend"], {"value": None, "value_times": None},
     "the table survey has fewer than 2 questions that could form personas"),
    (["survey.questions.pay", "survey.questions.spend", "survey.questions.goal"], {"value": None, "value_times": None},
     ""),  # a question of many options is many variables
    (["survey.questions.goal"], {"variables": ["city"]},
     "the table survey has fewer than 2 questions that could form personas"),
])  # fmt: skip
def test_why_the_chapter_cannot_run(load, without, settings, why):
    study = made(load, without=[*SMALL["without"], *without], personas=settings)
    assert persona_questions.lacking(study.book) == why


def test_the_chapter_needs_a_survey_or_customers(load):
    study = load("tables:\n  events: {file: e.csv, customer: c, when: d}\n", {"e.csv": "c,d\n1,2026-01-01\n"})
    assert persona_questions.lacking(study.book) == "the study has no table survey or customers"
    assert plans._missing(study.book, plans.chapters()["persona_profiling"][1]) == (
        "the study has no table survey or customers"
    )


def test_parameters_of_the_chapter_keep_their_kind():
    """Texts become what the notebook's own default is; all others are the defaults."""
    told = plans.chapter_parameters("persona_profiling", {"k": "4", "seed": "7", "scope": "0.5"})
    assert (told["k"], told["seed"], told["scope"], told["variables"]) == ("4", 7, 0.5, "")
    for given, message in {
        "kk": r"there is no parameter kk; did you mean k\?",
        "data": "there is no parameter data",
        "seed": "parameter seed takes a whole number, e.g. 0; found 'x'",
    }.items():
        with pytest.raises(CommandError, match=message):
            plans.chapter_parameters("persona_profiling", {given: "x"})
