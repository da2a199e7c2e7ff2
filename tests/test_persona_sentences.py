"""The chapter on personas: what it says on odd studies, and what it may never say.

The cells of the notebook itself are run on a grid of studies, without a kernel, on the whole of it in tests/soak;
oracles are properties of the text, how the study was made (persona_study), and sentences written by hand from numbers
counted by hand.
"""

import json
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from chapter_cells import published
from persona_study import PROFILE, TABLES, kinds, made, prospects, survey, unlike

from cxlib import CxError, language, leads, people, persona_facts, segment_number
from cxlib.sentences import leads as say_leads
from cxlib.sentences import persona_cards as say_cards
from cxlib.sentences import personas as say
from cxlib.sentences import profiles as say_profiles

ALONE = {"without": ["customers", "complaints", "prospects"]}
CUSTOMERS = {"without": ["survey", "complaints"], "personas": {"value": None, "value_times": None}}
NAMED = {"variables": "pay, goal, uses"}  # of the survey: spend is then no variable


def changed(**columns) -> dict:
    """The survey with other columns, as parts() takes it."""
    return ALONE | {"frames": {"survey": lambda frame: frame.assign(**columns)}}


def of_customers(**columns) -> dict:
    return {"without": ["complaints"], "frames": {"customers": lambda frame: frame.assign(**columns)}}


UNDESCRIBED = {
    name: {k: v for k, v in q.items() if k != "attribute"} for name, q in TABLES["survey"]["questions"].items()
}
# What a study is (persona_study.parts), and the parameters of the notebook.
STUDIES = {
    "everything": ({}, {}),
    "in Vietnamese": ({"language": "vi"}, {}),
    "nothing in common": (ALONE | {"frames": {"survey": unlike()}}, {"k": "2-3"}),
    "every answer alike": (changed(pay="cash", uses="shop", goal="price", spend=100), {}),
    "nothing was answered": (changed(pay=None, uses=None, goal=None, spend=None), {}),
    "one class": (ALONE, {"k": "1"}),
    "a span of classes": (ALONE, {"k": "1-3"}),
    "two variables": (ALONE, {"variables": "pay,goal"}),
    "drivers as variables": (ALONE, {"variables": "care,speed"}),
    "a derived variable": (ALONE, NAMED | {"variables": "age_band, pay, goal"}),
    "a sensitive variable by name": (
        changed(faith=lambda t: np.where(np.arange(len(t)) % 3, "A", "B")), {"variables": "faith, pay, goal, uses"}),
    "customers alone": (CUSTOMERS, {"variables": "pay,age,city"}),
    "customers of whom nothing is known": (
        CUSTOMERS | {"without": [*CUSTOMERS["without"], "customers.value", "customers.since", "customers.left"]},
        {"variables": "pay,age,city"}),
    "one variable by default": (CUSTOMERS, {}),
    "no metrics": (ALONE | {"questions": {"recommend": None}}, {}),
    "no drivers": (ALONE | {"questions": {"care": None, "speed": None}}, {}),
    "no customers": (ALONE, {}),
    "no prospects": ({"without": ["prospects", "complaints"]}, {}),
    "no waves": ({"without": ["survey.wave", *ALONE["without"]]}, {}),
    "a wave": (ALONE, {"waves": "w1"}),
    "no dates": ({"without": ["survey.when", "prospects"]}, {}),
    "weights and clusters": (
        changed(w=lambda t: 1 + np.arange(len(t)) % 3, c=lambda t: np.arange(len(t)) % 20, f=10_000)
        | {"tables": {"survey": {"weight": "w", "cluster": "c", "fpc": "f"}}}, {}),
    "an opt-in panel": (ALONE | {"sample": "opt_in"}, {}),
    "no scope": (ALONE | {"personas": {"scope": None}}, {}),
    "no value": (ALONE | {"personas": {"value": None, "value_times": None}}, {}),
    "nobody knows how many customers": (ALONE | {"population": None}, {}),
    "no value was answered": (changed(spend=None), NAMED),
    "values below 0": (changed(spend=lambda t: -t["spend"]), NAMED),
    "a metric of another wave": (
        ALONE | {"questions": {"recommend": {"role": "metric", "metric": "nps", "waves": ["w2"]}}}, {"waves": "w1"}),
    "two questions of a metric": (
        ALONE | {"questions": {"again": {"role": "metric", "metric": "nps", "column": "recommend"}}}, {}),
    "neither best nor worst": (changed(recommend=8), {}),
    "nobody is detracted": (changed(recommend=lambda t: 8 + np.arange(len(t)) % 2), {}),
    "nobody rated": (changed(care=None, speed=None), {}),
    "drivers that say the same": (changed(care=lambda t: t["speed"]), {}),
    "postcodes": (
        changed(post=lambda t: [f"P{i % 90}" for i in range(len(t))])
        | {"questions": {"post": {"role": "single", "attribute": "geographic"}}}, {}),
    "names": (
        changed(name=lambda t: [f"P{i}" for i in range(len(t))])
        | {"questions": {"name": {"role": "single", "attribute": "behavioural"}}}, {}),
    "whole numbers": (
        changed(visits=lambda t: kinds() + np.arange(len(t)) % 2)
        | {"questions": {"visits": {"role": "number", "attribute": "behavioural"}}}, {}),
    "nothing is described": (ALONE | {"tables": {"survey": {"questions": UNDESCRIBED}}}, {}),
    "a base above all classes": (ALONE | {"minimum_base": 300}, {"k": "2-3"}),
    "twenty people": (ALONE | {"frames": {"survey": survey().iloc[::23]}}, {"k": "2-3"}),
    "two people": (ALONE | {"frames": {"survey": survey().iloc[[0, -1]]}}, {"k": "2-8"}),
    "a group of many": (ALONE, {"profile_by": "age_band"}),
    "nobody is known": (
        {"without": ["prospects"], "frames": {"survey": lambda t: t.assign(customer="z" + t["customer"])}}, {}),
    "customers without a key": ({"without": ["customers.customer", "prospects"]}, {}),
    "all are worth the same": (of_customers(worth=5), {}),
    "no worth is known": (of_customers(worth=None), {}),
    "few customers": ({"frames": {"customers": lambda t: t.head(60)}}, {}),
    "all have left": (of_customers(gone="2026-05-05"), {}),
    "nobody has left": (of_customers(gone=None), {}),
    "an answer of prospects alone": (
        {"tables": {"prospects": {"questions": PROFILE | {"pay": {"role": "single"}}}},
         "frames": {"prospects": prospects().assign(pay="barter")}}, {}),
    "one prospect": ({"frames": {"prospects": prospects(1)}}, {}),
    "nobody is to be called": (
        {"personas": {"rules": [{"question": "city", "answers": ["n", "s"], "exclude": True}]}}, {}),
}  # fmt: skip
# The studies of every day: of respondents and of customers, with little, with nothing to find, and in another language.
DAILY = [
    "everything",
    "in Vietnamese",
    "nothing in common",
    "nothing was answered",
    "customers alone",
    "no customers",
    "weights and clusters",
    "neither best nor worst",
]
UNKNOWN = "profiles are of the groups of a question; "
# Studies and parameters that end in a message, and the message.
REFUSED = {
    "one variable": ({"variables": "pay"}, "personas are formed from two variables or more; of pay 1 can serve; name "
                                           "others under `personas: variables:`"),
    "a comment": ({"variables": "why,pay"}, "why is a comment, which forms no persona; those that do are care, speed, "
                                            "pay, age, city, uses, spend, goal, faith"),
    "a metric": ({"variables": "recommend,pay"}, "recommend is a metric, which forms no persona; those that do are "
                                                 "care, speed, pay, age, city, uses, spend, goal, faith"),
    "an unknown variable": ({"variables": "payy,goal"}, "survey: there is no question payy; did you mean pay?"),
    "a variable twice": ({"variables": "pay,pay"}, "the variable pay is named twice"),
    "no class": ({"k": "0"}, "k is a whole number of segments of 1 or more, or several, e.g. range(2, 9); 1 of 1 are "
                             "not, e.g. 0"),
    "from many to few": ({"k": "9-2"}, "k is a number of personas, or the least and the most to try, e.g. 4 or 2-8; "
                                       "found '9-2'"),
    "a word": ({"k": "x"}, "k is a number of personas, or the least and the most to try, e.g. 4 or 2-8; found 'x'"),
    "a seed below 0": ({"seed": -1}, "seed is a whole number from 0 to 4,294,967,295, e.g. 0; found -1"),
    "a scope of 2": ({"scope": 2.0}, "scope is the share of a persona that the company can reach, 0 to 1; found 2.0"),
    "a scope below 0": ({"scope": -0.1}, "scope is the share of a persona that the company can reach, 0 to 1; found "
                                         "-0.1"),
    "confidence in percent": ({"confidence": 95.0}, "confidence lies between 0 and 1, e.g. 0.95; found 95.0"),
    "an unknown wave": ({"waves": "w7"}, "there is no wave w7; the waves are w1, w2; did you mean w2?"),
    "a profile of a number": ({"profile_by": "spend"}, UNKNOWN + "spend has none"),
    "a profile of nothing": ({"profile_by": "recomend"}, UNKNOWN + "recomend has none; did you mean recommend?"),
}  # fmt: skip
NONSENSE = re.compile(
    r"\bnan\b|\binf\b|\bNone\b|\bNaT\b|<NA>|np\.|  |\(–|[-\u2212]0(\.0+)?(?![.\d])|\be[+-]?\d|\{|\}|∞|\d{8}|\(\)|--|_"
)
CAUSAL = re.compile(r"\bcaus|\bdrives\b|\bleads? to\b|\bresults? in\b|\bbecause\b|\bthanks to\b|\bdue to\b", re.I)
# Which pictures these studies have; all others are run without.
DRAWN = {
    "everything": {"number_of_personas", "personas", "persona_1", "persona_3", "sets_apart", "groups", "lost",
                   "leads_lift", "leads_calibration", "leads_points"},
    "in Vietnamese": {"personas", "persona_2"},
    "nothing in common": {"number_of_personas"},
    "nothing was answered": {"groups"},
}  # fmt: skip


def chapter(monkeypatch, folder, parameters: dict, *, drawn: bool = False) -> dict[str, dict]:
    """What the chapter publishes on a study, of few classes and samples, and without pictures unless `drawn`."""
    monkeypatch.setattr(persona_facts, "SAMPLES", 100)
    for name, few in {"SIMULATIONS": 19, "SAMPLES": 10, "SHARE_SAMPLES": 50, "STARTS": 5}.items():
        monkeypatch.setattr(segment_number, name, few)
    return published(monkeypatch, "04_persona_profiling.ipynb", folder, {"k": "3"} | parameters, drawn=drawn)


@pytest.fixture(scope="module")
def done() -> dict[str, dict]:
    """Chapters that were run already, by the name of their study."""
    return {}


@pytest.fixture
def run(monkeypatch, load, done):
    """run(name): what the chapter publishes on one of STUDIES."""

    def found(name: str) -> dict[str, dict]:
        if name not in done:
            study, parameters = STUDIES[name]
            done[name] = chapter(monkeypatch, made(load, **study).folder, parameters, drawn=name in DRAWN)
        return done[name]

    yield found
    language.speak("en")


def said_of(found: dict[str, dict]) -> dict[str, str]:
    return {data["name"]: data["text"] for data in found.values() if data["kind"] == "finding"}


def rows_of(found: dict[str, dict], table: str) -> list[dict[str, str]]:
    """What a table prints, a dictionary a row; none where it is not there."""
    printed = found.get(f"table {table}", {"printed": {"heads": [], "rows": []}})["printed"]
    return [dict(zip(printed["heads"], row, strict=True)) for row in printed["rows"]]


def check(found: dict[str, dict]) -> None:
    """No sentence and no cell is nonsense, whatever the study."""
    said = said_of(found)
    assert "personas" in said
    for name, sentence in said.items():
        assert not NONSENSE.search(sentence), (name, sentence)
        assert not CAUSAL.search(sentence), (name, sentence)
        assert sentence.endswith(".")
        assert sentence[0].isupper() or sentence[0].isdigit(), sentence
    json.dumps(found, allow_nan=False)
    cells = [
        cell for name in found if name.startswith("table ") for row in found[name]["printed"]["rows"] for cell in row
    ]
    assert not [cell for cell in cells if re.search(r"\bnan\b|\binf\b|\bNone\b|NaT|e[+-]\d\d|_", cell)]


@pytest.mark.parametrize("study", DAILY)
def test_no_sentence_is_nonsense_whatever_the_study(run, study):
    check(run(study))


@pytest.mark.parametrize(("parameters", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_told_at_all_ends_in_one_sentence(monkeypatch, load, parameters, message):
    with pytest.raises(CxError) as caught:
        chapter(monkeypatch, made(load, **ALONE).folder, parameters)
    assert str(caught.value) == message


@pytest.mark.parametrize(("name", "figures"), DRAWN.items(), ids=DRAWN)
def test_pictures_stand_where_there_is_something_to_show(run, name, figures):
    found = run(name)
    pictures = {data["name"]: data for data in found.values() if data["kind"] == "figure"}
    assert set(pictures) >= figures
    for picture in pictures.values():
        assert not NONSENSE.search(picture["alt"]), picture["alt"]
        assert f"table {picture['data']}" in found, picture["data"]
    if found["finding personas"]["text"].endswith("no persona cards here."):
        assert not {"personas", "sets_apart"} & set(pictures)


# -- what is said of the whole study ---------------------------------------------------------------------------------


def test_the_chapter_on_a_whole_study(run):
    """Oracle: how the study was made. Three kinds of 200, 150 and 100; the third spends most, the first leaves most."""
    found = run("everything")
    said = said_of(found)
    assert said["personas"].startswith("Of 450 respondents, 1 and 3 classes were tried; 3 fit best: ")
    sizes = rows_of(found, "sizes")
    assert [int(row["Base"]) for row in sizes] == pytest.approx([200, 150, 100], abs=6)
    names = [row["Persona"] for row in sizes]
    assert all(word in name for name, word in zip(names, ["In the shop", "Mobile app", "E-wallet"], strict=True))
    assert said["market"].startswith(f"The largest target market is {names[2]}: ")
    assert "if 50.0% of it can be reached, as declared." in said["market"]
    assert said["persona_churn"].startswith("Left within 90 days: from ")
    assert f" in {names[0]}; the ends of 3 personas" in said["persona_churn"]
    assert "of people held out (95% interval" in said["placement"]
    assert said["lead_points"].startswith("Most points are earned by Age: ")
    assert said["groups"].startswith("Promoters against Detractors: ")
    assert said["lost"].startswith("Left against the rest: ")
    alt = found["figure persona_1"]["alt"]
    assert "Topic: late, 80.0% of their recorded complaints." in alt
    assert "Care goes with NPS the most (clearly rank 1)." in alt


def test_nothing_in_common_means_no_personas_and_says_so(run):
    said = said_of(run("nothing in common"))
    assert said["personas"].startswith("Of 400 respondents, 1 to 3 classes were tried. No segments: ")
    assert said["personas"].endswith("So there are no persona cards here.")
    assert not {"sizes", "placement", "market"} & set(said)
    assert not {"table sizes", "table profiles", "table form"} & set(run("nothing in common"))
    # of everybody the metrics are still told
    assert [row["Persona"] for row in rows_of(run("nothing in common"), "scores")] == ["All"]


TOLD = {  # study: what it says, by the beginning of its finding
    "every answer alike": {"personas": "No segments: fewer than two questions could form any."},
    "nothing was answered": {"personas": "No segments: fewer than two questions could form any."},
    "one variable by default": {"personas": "No segments: fewer than two questions could form any."},
    "one class": {"personas": "Of 450 respondents, 1 class was tried. It was compared with no other number, so "},
    "a span of classes": {"personas": "Of 450 respondents, 1 to 3 classes were tried; 3 fit best"},
    "customers alone": {"personas": "Of 600 customers, 1 and 3 classes were tried"},
    "no value": {"no_market": "No value of a customer is known: `personas: value:` in study.yml names the question."},
    "no scope": {"no_market": "No target market is reckoned: it needs `personas: scope:`, the share of a "},
    "nobody knows how many customers": {"no_market": "No target market is reckoned: it needs the number of customers"},
    "no customers": {"no_leads": "There is no lead score: a lead score needs a table customers with a `value:`."},
    "all are worth the same": {"no_leads": "There is no lead score: a lead score needs customers whose values differ."},
    "no worth is known": {"no_leads": "There is no lead score: a lead score needs customers whose values differ."},
    "few customers": {"no_leads": "There is no lead score: a lead score needs 50 ideal customers and as many others; "},
    "in Vietnamese": {"lead_points": "Được nhiều điểm nhất: Tuổi: "},
    "nobody is to be called": {"prospects": "No prospect is judged: 120 prospects are left out by the rules."},
    "one prospect": {"prospects": "1 prospect is too few to judge as a group. The command cx leads lists them."},
    "an opt-in panel": {"sizes": "From the largest to the smallest (share of all, 95% model-based intervals): "},
    "weights and clusters": {"sizes": "From the largest to the smallest (weighted share of all, 95% intervals): "},
}  # fmt: skip


ABSENT = {  # study: what it does not publish
    "no metrics": {"table drivers", "finding groups"},
    "no drivers": {"table drivers"},
    "no customers": {"table complaints", "table lost", "table lead_points", "finding lost"},
    "neither best nor worst": {"table groups", "finding groups"},
    "nobody is detracted": {"table groups", "finding groups"},
    "drivers that say the same": {"table drivers"},
    "nobody has left": {"table lost"},
    "no value was answered": {"finding market"},
    "customers of whom nothing is known": {"table market", "table scores", "table lost"},
}


def check_told(found: dict[str, dict], study: str) -> None:
    """What is told of this study instead, and what there is nothing to tell of is not published."""
    said = said_of(found)
    for finding, beginning in TOLD.get(study, {}).items():
        assert said[finding].startswith(beginning), said[finding]
    assert not ABSENT.get(study, set()) & set(found)


@pytest.mark.parametrize("name", [name for name in DAILY if name in TOLD or name in ABSENT])
def test_what_is_told_instead(run, name):
    check_told(run(name), name)


def test_a_report_in_vietnamese_speaks_of_answers_in_vietnamese(run):
    alt = run("in Vietnamese")["figure persona_1"]["alt"]
    assert "Chủ đề: late, 80,0% số khiếu nại" in alt
    assert "Cửa hàng" in alt
    assert not re.search(r"\b(rated|rank|recorded|Improve)\b", alt)


# -- privacy ---------------------------------------------------------------------------------------------------------


def test_nothing_of_a_handful_is_published(run):
    """By construction: one complaint is of the third kind ("rude"), and two respondents are Bahá'í."""
    text = json.dumps(run("everything"), ensure_ascii=False)
    assert "rude" not in text
    assert "Bahá" not in text
    last = rows_of(run("everything"), "complaints")[-1]
    assert (last["Answer"], last["Estimate"], last["95% interval"], last["Base"]) == ("", "**", "**", "[c]")


def test_sensitive_questions_are_spared_unless_named(run):
    spared = {row["Variables"]: row["Decision"] for row in rows_of(run("everything"), "decisions")}
    assert spared["Religion"] == "sensitive: left out, since it is not asked for by name"
    assert "Religion" not in {row["Attribute"] for row in rows_of(run("everything"), "profiles")}
    named = run("a sensitive variable by name")
    told = [row["Decision"] for row in rows_of(named, "decisions") if row["Variables"].startswith("Religion")]
    assert told[0] == "sensitive, and used because the study asks for it by name"
    assert "Religion" in {row["Attribute"] for row in rows_of(named, "profiles")}


@pytest.mark.parametrize("name", ["postcodes", "names"])
def test_what_nearly_everybody_answers_differently_is_no_attribute(run, name):
    assert not re.search(r"\bP\d", json.dumps(run(name), ensure_ascii=False))
    assert rows_of(run(name), "profiles")


def test_no_persona_is_under_the_minimum_base(run):
    """By construction the kinds have at most 200 people; 300 leave no class that is large enough."""
    found = run("a base above all classes")
    assert "table sizes" not in found
    assert said_of(found)["personas"].endswith(
        "No segments: no solution has classes that are all large and stable enough. So there are no persona cards here."
    )


def test_of_one_prospect_only_the_number_is_told(run):
    row = rows_of(run("one prospect"), "prospects")
    assert [list(r.values()) for r in row] == [["6", "1", "–", "–", "–", ""]]


def test_an_answer_that_only_prospects_give_counts_as_none(run):
    """Barter is no payment of the survey, and age and city form no persona there: no prospect has one."""
    assert {row["Most frequent persona"] for row in rows_of(run("an answer of prospects alone"), "prospects")} == {""}


# -- the same again --------------------------------------------------------------------------------------------------


def test_the_same_parameters_publish_the_same(monkeypatch, load, done, run):
    first = run("two variables")
    again = chapter(monkeypatch, made(load, **ALONE).folder, STUDIES["two variables"][1])
    assert json.dumps(again) == json.dumps(first)


# -- by hand ---------------------------------------------------------------------------------------------------------


def case(load, **changes):
    return people.people(made(load, **(ALONE | changes)))


def test_scores_tell_the_two_ends(load):
    rows = pd.DataFrame(
        {"persona": ["A", "B", "C", "All"], "question": "q", "label": "NPS", "unit": "points", "n": [99, 200, 300, 9],
         "estimate": [10.0, 20.0, -5.0, 7.0], "low": [0.0, 12.0, -10.0, 5.0], "high": [20.0, 28.0, 0.5, 9.0]}
    )  # fmt: skip
    assert say.scores(case(load), rows)["persona_q"] == (
        "NPS: from −5.0 (−10.0 to 0.5) in C to 20.0 (12.0 to 28.0) in B; the ends of 3 personas, not adjusted for the "
        "search."
    )
    assert say.scores(case(load), rows.assign(estimate=[1.0, np.nan, np.nan, 7.0])) == {}
    # as they are printed they do not differ; a base of 99 has its mark
    alike = say.scores(case(load), rows.assign(estimate=[0.0, 0.0, 0.01, 7.0]))["persona_q"]
    assert alike == "NPS does not differ: 0.0* in each of 3 personas."
    without = say.scores(case(load), rows.assign(low=np.nan, high=np.nan))["persona_q"]
    assert without.startswith("NPS: from −5.0 (no interval) in C to 20.0 (no interval) in B; ")


def test_market_in_words(load):
    rows = pd.DataFrame({"persona": ["A", "B"], "kind": "Target market", "estimate": [1e6, 2.5e6], "low": [9e5, 2e6],
                         "high": [1.1e6, 3e6], "n": [200, 200]})  # fmt: skip
    told = say.market(case(load), rows, 0.25)["market"]
    assert told == (
        "The largest target market is B: 2,500,000 VND (95% interval 2,000,000 to 3,000,000), if 25.0% of it can be "
        "reached, as declared."
    )
    assert "if 50.0% of it" in say.market(case(load), rows, 0.0)["market"]
    assert ": 2,500,000* VND (" in say.market(case(load), rows.assign(n=50), 0.0)["market"]
    lost = say.market(case(load), rows.assign(estimate=[-2.0, -1.0]), 0.0)["market"]
    assert lost.startswith("No target market is above 0; the highest is B: −1 VND (")


def test_a_market_that_is_not_reckoned_says_what_it_lacks(load):
    worth = pd.DataFrame({"persona": ["A"], "kind": "Value of a customer", "estimate": [1.0], "n": 99})
    told = {
        "it needs the number of customers (`population:` in study.yml) and `personas: scope:`, the share of a persona "
        "that can be reached": {"population": None, "personas": {"scope": None}},
        "it needs the number of customers (`population:` in study.yml)": {"population": None},
        "it needs `personas: scope:`, the share of a persona that can be reached": {"personas": {"scope": None}},
        "of each persona fewer than 30 people have a known value": {},
    }
    for why, changes in told.items():
        assert say.market(case(load, **changes), worth, 0.0) == {"no_market": f"No target market is reckoned: {why}."}
    assert say.market(case(load), worth.head(0), 0.0) == {}  # no personas


def compared(bic: dict[int, float], k: int, verdict: str | None) -> SimpleNamespace:
    """A segmentation, as far as found() reads it."""
    rows = {"k": list(bic), "bic": list(bic.values()), "stability": 0.9, "least_stable": 0.8, "entropy": 0.7}
    return SimpleNamespace(choices=pd.DataFrame(rows), k=k, verdict=verdict)


def test_what_numbers_of_personas_were_compared_with(load):
    """By hand: which of the numbers had the least BIC, and which were there."""
    least = "no segments: one class for all has the least BIC"
    told = {name: say.found(case(load), made)["personas"] for name, made in {
        "alone": compared({1: 9.0}, 1, least), "two": compared({1: 9.0, 4: 10.0}, 1, least),
        "many": compared({1: 9.0, 2: 10.0, 3: 11.0}, 1, least), "last": compared({1: 9.0, 2: 8.0, 3: 7.0}, 3, None),
        "first": compared({1: 9.0, 2: 7.0, 3: 8.0}, 2, None)}.items()}  # fmt: skip
    assert told["alone"].startswith(
        "Of 450 respondents, 1 class was tried. It was compared with no other number, so whether there are segments is "
        "not known. So "
    )
    assert ". No segments: one class for all has a lower BIC than 4 classes; no other number was " in told["two"]
    assert ". No segments: one class for all has the least BIC. So " in told["many"]
    assert told["last"].endswith(" It is the largest number that was tried: more may fit better.")
    assert "largest number" not in told["first"]


def test_placement_in_words(load):
    form = SimpleNamespace(
        questions=("pay",), accuracy=pd.DataFrame({"estimate": [80.0, 88.0], "low": [75.0, 84.0], "high": [84.0, 91.0]})
    )
    assert say.placement(case(load), form)["placement"] == (
        "One question (Payment) places a customer as all 4 do for 88.0% of people held out (95% interval 84.0 to "
        "91.0%)."
    )


def test_differences_name_the_clearest_first(load):
    rows = pd.DataFrame(
        {"group": "A", "other": "the rest", "attribute": ["X", "Y", "Z"], "answer": ["x", "", "z"], "formed": False,
         "share": [60.0, 3.5, 10.0], "share_other": [40.0, 1.0, 9.0], "difference": [20.0, 2.5, 1.0],
         "difference_low": [10.0, 2.0, -2.0], "difference_high": [30.0, 3.0, 4.0], "se": [5.0, 0.25, 1.5],
         "p_corrected": [0.001, 0.0001, 0.6], "unit": ["percent", "score", "percent"]}
    )  # fmt: skip
    assert say_profiles.differences(case(load), "A", rows, name="d")["d"] == (
        "A against the rest: Y: 3.50 against 1.00 (difference +2.000 to +3.000); X, x: 60.0% against 40.0% (difference "
        "+10.00 to +30.00). 2 of 3 tested rows are more than chance explains (corrected)."
    )
    none = say_profiles.differences(case(load), "A", rows.assign(p_corrected=0.5), name="d")["d"]
    assert none.startswith("A against the rest: nothing that was tested is more than chance. 0 of 3 tested rows")
    assert say_profiles.differences(case(load), "A", rows.assign(formed=True), name="d") == {}


@pytest.mark.parametrize(("spoken", "complaint", "driver", "action"), [
    ("en", "Topic: late, 75.0% of their recorded complaints.", "Care goes with NPS the most (rank 1 to 2).",
     "Improve Speed: among what may matter most to them, it is rated lowest (2.00)."),
    ("vi", "Topic: late, 75,0% số khiếu nại được ghi nhận của họ.", "Care gắn với NPS nhiều nhất (hạng 1 đến 2).",
     "Cải thiện Speed: trong những điều có thể quan trọng nhất với họ, điểm này thấp nhất (2,00)."),
])  # fmt: skip
def test_cards_in_words(spoken, complaint, driver, action):
    """By hand: of two drivers that may both rank first, the one rated 2.0 is to be improved; price ranks last."""
    drivers = pd.DataFrame({"persona": "A", "label": ["Care", "Speed", "Price"], "metric": "NPS", "rank": [1, 2, 3],
                            "rank_low": [1, 1, 3], "rank_high": [2, 2, 3], "rating": [4.0, 2.0, 1.0]})  # fmt: skip
    complaints = pd.DataFrame({"persona": ["A", "B"], "subject": "Topic", "answer": ["late", ""],
                               "estimate": [75.0, np.nan]})  # fmt: skip
    traits = pd.DataFrame({"group": ["B", "B"], "kind": "channel", "answer": ["App", ""], "attribute": ["Use", "Web"],
                           "share": [60.0, 80.0]})  # fmt: skip
    language.speak(spoken)
    told = say_cards.cards(pd.DataFrame({"persona": ["A", "B"]}), complaints=complaints, pains=pd.DataFrame(),
                           drivers=drivers, traits=traits)  # fmt: skip
    assert told["A"] == {"complaint": complaint, "driver": driver, "action": action}
    assert (told["B"]["complaint"], told["B"]["driver"]) == ("", "")
    assert re.search("Web.*80[.,]0%", told["B"]["action"])


def test_leads_in_words(load):
    points = pd.DataFrame({"label": "Pay", "answer": ["cash", "card", "none"], "points": [-5, 12, 0]})
    score = SimpleNamespace(reason="It tells.", points=points, useful=True)
    rows = pd.DataFrame({"excluded": [False] * 31 + [True], "chance": [50.0, *[20.0] * 30, 99.0]})
    told = say_leads.leads(case(load), leads.Leads(score, rows))
    assert told == {
        "leads": "It tells.",
        "lead_points": "Most points are earned by Pay: card (+12).",
        "prospects": "1 of 31 prospects is more likely than not to become an ideal customer; 1 prospect is left out by "
        "the rules. The command cx leads lists them.",
    }
    few = say_leads.leads(case(load), leads.Leads(score, rows.tail(30)))["prospects"]
    assert few.startswith("29 prospects are too few to judge as a group; 1 prospect is left out by the rules. ")
    useless = SimpleNamespace(reason="It does not.", points=points, useful=False)
    assert set(say_leads.leads(case(load), leads.Leads(useless, rows.head(0)))) == {"leads"}
