"""Sentences of the chapter on metric regressions: what they say on odd studies, and what none of them may say.

The cells of the notebook itself are run on a grid of studies, without a kernel; oracles are properties of the text, and
sentences written by hand from numbers counted by hand.
"""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from chapter_cells import published
from regression_study import IMPROVEMENT, RATED, customers, made, survey
from test_regressions import SHARED, needs_telco, telco

from cxlib import CxError, driver_models, separation
from cxlib.regressions import regression
from cxlib.sentences import regressions as say
from cxlib.sentences import worth as say_worth

ROOT = Path(__file__).resolve().parent.parent
PLAIN = {"without": ["customers"], "improvement": None}  # of which the last sections have nothing to tell
UNSCALED = {name: {"role": "driver", "missing": [9]} for name in ("care", "speed", "price")}
GOOD = {"good": {"role": "metric", "metric": "good", "column": "loyal"}}
SCORED = {"good": {"scale": [0, 1], "scores": {1: 100}, "unit": "percent", "label": "Good"}}
W4 = "wave == 'w4'"


def changed(**columns) -> dict:
    """The survey with other columns, as parts() takes it."""
    return {"survey": survey().assign(**columns)}


# What a study is (regression_study.parts), and the parameters of the notebook: those that end in numbers.
STUDIES = {
    "everything": ({}, {}),
    "one driver": (PLAIN, {"drivers": "care"}),
    "a constant driver": (PLAIN | {"frames": changed(price=3)}, {}),
    "a driver unanswered in the wave": (
        PLAIN | {"frames": changed(speed=lambda t: t["speed"].where(t["wave"] != "w4"))},
        {},
    ),
    "a driver that few rated": (
        PLAIN | {"frames": changed(price=lambda t: t["price"].where(np.arange(400) % 16 > 10, 9))},
        {},
    ),
    "a metric of two answers": (PLAIN | {"questions": GOOD, "metrics": SCORED}, {"outcome": "good"}),
    "two answers of eleven": (PLAIN | {"frames": changed(recommend=lambda t: np.where(t["recommend"] > 5, 10, 1))}, {}),
    "an event": (PLAIN, {"outcome": "loyal"}),
    "no waves": ({"without": ["survey.wave"], "improvement": None}, {}),
    "no segments": (PLAIN | {"questions": {"city": None, "changed": None}, "banner": None}, {}),
    "no dates": ({"without": ["customers.since", "customers.left", "survey.when"], "improvement": None}, {}),
    "customers of whom nothing is known": (
        {"without": ["customers.since", "customers.left", "customers.value", "survey.when"], "improvement": None},
        {},
    ),
    "nobody left": ({"frames": {"customers": customers().assign(gone=None)}, "improvement": None}, {}),
    "leavers in one city alone": (
        {"frames": {"customers": customers().assign(gone=lambda t: t["gone"].where(t["city"] == "s"))}},
        {},
    ),
    "everybody was changed": ({"improvement": {"after": "w3"}, "without": ["customers"]}, {}),
    "too few for a comparison": ({"minimum_base": 60, "without": ["customers"]}, {}),
    "a reverse driver": (
        PLAIN
        | {
            "questions": {"care": RATED | {"reverse": True, "label": "Trouble"}},
            "frames": changed(care=lambda t: 6 - t["care"]),
        },
        {},
    ),
    "no scales": (PLAIN | {"questions": UNSCALED}, {}),
    "different scales": (
        PLAIN
        | {
            "questions": {"care": {"role": "driver", "scale": [0, 10]}},
            "frames": changed(care=lambda t: 2 * t["care"]),
        },
        {},
    ),
    "in Vietnamese": ({"language": "vi"}, {}),
    "weights": (
        PLAIN
        | {"tables": {"survey": {"weight": "w"}}, "frames": changed(w=lambda t: 1 + t["told_b"]), "sample": "opt_in"},
        {},
    ),
    "drivers in words": (PLAIN, {"drivers": "city,changed"}),
    "a driver in words": (PLAIN, {"drivers": "care,speed,city"}),
    "two questions of a kind": (
        {"questions": {"again": {"role": "metric", "metric": "nps", "column": "recommend"}}, "without": ["customers"]},
        {"outcome": "again"},
    ),
    "no samples": (PLAIN, {"bootstrap": 0}),
    "other choices": (
        PLAIN,
        {
            "missing": "listwise",
            "method": "johnson",
            "raises": "care: -1, speed: 0.5",
            "response": 1.0,
            "confidence": 0.9,
        },
    ),
    "one band of answers": ({"frames": changed(recommend=lambda t: 7 + (t["care"] > 3)), "improvement": None}, {}),
}
# Studies and parameters that end in a message, and the message.
REFUSED = {
    "no days": ({"improvement": None}, {"days": 0}, "days after an answer are 1 or more; found 0"),
    "one band of a metric": (
        *STUDIES["one band of answers"],
        "an outcome must vary; all 76 answers to recommend score 0",
    ),
    "a constant driver that is named": (
        {"frames": changed(price=3)},
        {"drivers": "care,price"},
        "a driver must vary; all 100 answers to price are 3",
    ),
    "two identical drivers": (
        {"frames": changed(price=lambda t: t["care"])},
        {},
        "drivers and outcome must differ; care and price rise and fall together exactly for all 100 who answered both; "
        "leave one out",
    ),
    "a driver unanswered in the wave that is named": (
        STUDIES["a driver unanswered in the wave"][0],
        {"drivers": "care,speed"},
        "a column must hold answers; speed holds none",
    ),
    "no answers to any driver": (
        {"frames": changed(care=None, speed=None, price=None)},
        {},
        "DIR/study.yml: no question with `role: driver` has different answers in this wave",
    ),
    "fewer respondents than drivers": (
        {"frames": {"survey": survey(16)}},
        {},
        "importance needs more answers than drivers; 4 answered recommend, for 3 drivers",
    ),
    "an outcome of one level": (
        {"frames": changed(recommend=8)},
        {},
        "an outcome must vary; all 100 answers to recommend in w4 are 8",
    ),
    "text where a rating belongs": (
        {"frames": changed(care="good")},
        {},
        "DIR/study.yml: table survey, column care: a number belongs here; text is found; 400 do not, e.g. good in row "
        "1 of s.csv",
    ),
    "weights of nothing": (
        {"tables": {"survey": {"weight": "w"}}, "frames": changed(w=0)},
        {},
        "DIR/study.yml: table survey, column w: weights must not be 0 everywhere; 400 do not, e.g. 0 in row 1 of s.csv",
    ),
    "a wave of the improvement that is not there": (
        {"improvement": IMPROVEMENT | {"after": "w9"}},
        {},
        "DIR/study.yml: improvement.after names w9, which is no wave of the survey; its waves are w1, w2, w3, w4; did "
        "you mean w4?",
    ),
    "nobody was changed": (
        {"frames": changed(changed=0)},
        {},
        "a comparison takes two groups; column changed has 1 (Others): there is no comparison group",
    ),
    "an unknown outcome": (
        {},
        {"outcome": "recomend"},
        "there is no question recomend to explain; did you mean recommend?",
    ),
    "an unknown driver": (
        {},
        {"drivers": "carre"},
        "there is no driver carre; there are care, speed, price, loyal, city, changed, recommend; did you mean care?",
    ),
    "an unknown wave": ({}, {"wave": "w7"}, "there is no wave w7; the waves are w1, w2, w3, w4; did you mean w4?"),
    "an unknown treatment": ({}, {"missing": "mean"}, "missing is one of pairwise, listwise, em; found mean"),
    "an unknown method": ({}, {"method": "shap"}, "method is lmg or johnson; found shap"),
    "an unknown segment": ({}, {"compare_by": "town"}, "there is no segment town; the segments are city, changed"),
    "a raise of nothing": (
        {},
        {"raises": "care"},
        "raises are written driver: points, e.g. staff_speed: 1; found 'care'",
    ),
    "fewer samples than none": (
        {},
        {"bootstrap": -1},
        "bootstrap is a number of samples, 100 or more, or 0 for no intervals; found -1",
    ),
    "more answers than asked": (
        {},
        {"response": 1.5},
        "the share that answered lies between 0 and 1, e.g. 0.25; found [1.5]",
    ),
    "confidence in percent": ({}, {"confidence": 95.0}, "confidence lies between 0 and 1, e.g. 0.95; found 95.0"),
}
del STUDIES["one band of answers"]
NONSENSE = re.compile(
    r"\bnan\b|\binf\b|\bNone\b|\bNaT\b|<NA>|np\.|  |\(–|[-\u2212]0([.,]0+)?(?![.,]?\d)|\be[+-]?\d|\{|\}|∞|\d{7}|\(\)|--"
)
CAUSAL = re.compile(
    r"\bcaus|\bdrives\b|\bleads? to|\bresults? in\b|\bimpact|\bbecause\b|\bthanks to\b|\bdue to\b", re.I
)
EFFECT = re.compile(r"\beffects?\b", re.I)


# Which pictures these studies have at least; all others are run without.
DRAWN = {
    "everything": {"importance", "effects", "asymmetry", "map", "bands", "before_after"},
    "one driver": {"effects", "asymmetry"},
    "no samples": {"importance", "effects", "asymmetry", "map"},
    "an event": {"importance", "effects", "map"},
    "a driver that few rated": {"importance", "effects", "map"},
    "drivers in words": {"effects"},
}


def chapter(monkeypatch, folder, parameters: dict, *, drawn: bool = False) -> dict[str, dict]:
    """What the chapter publishes on a study, on few bootstrap samples, and without pictures unless `drawn`."""
    few = {"bootstrap": 100} | parameters
    return published(monkeypatch, "05_metric_regressions.ipynb", folder, few, drawn=drawn)


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

    return found


def said_of(found: dict[str, dict]) -> dict[str, str]:
    return {data["name"]: data["text"] for data in found.values() if data["kind"] == "finding"}


def check_sentences(found: dict[str, dict]) -> None:
    """That findings are sentences without nonsense, which call nothing a cause or, without a comparison, an effect."""
    said = said_of(found)
    assert {"base", "checks"} <= set(said)
    for name, sentence in said.items():
        assert not NONSENSE.search(sentence), (name, sentence)
        assert not CAUSAL.search(sentence), (name, sentence)
        # the assumptions call a model's terms effects, as every textbook does; they tell no result
        if not name.startswith("improvement_") and name != "checks":
            assert not EFFECT.search(sentence), (name, sentence)
        assert sentence.endswith(".")
        assert sentence[0].isupper() or sentence[0].isdigit()
    json.dumps(found, allow_nan=False)
    cells = [
        cell for data in found.values() if data["kind"] == "table" for row in data["printed"]["rows"] for cell in row
    ]
    assert not [cell for cell in cells if re.search(r"\bnan\b|\binf\b|\bNone\b|NaT|e[+-]\d\d", cell)]


@pytest.mark.parametrize("study", STUDIES)
def test_no_sentence_is_nonsense_whatever_the_study(run, study):
    check_sentences(run(study))


@pytest.mark.parametrize(("study", "parameters", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_told_at_all_ends_in_one_sentence(monkeypatch, load, study, parameters, message):
    folder = made(load, **study).folder
    with pytest.raises(CxError) as caught:
        chapter(monkeypatch, folder, parameters)
    assert str(caught.value).replace(str(folder), "DIR") == message


@pytest.mark.parametrize(("name", "figures"), DRAWN.items(), ids=DRAWN)
def test_pictures_stand_where_there_is_something_to_show(run, name, figures):
    found = run(name)
    pictures = {data["name"]: data for data in found.values() if data["kind"] == "figure"}
    assert set(pictures) >= figures
    for picture in pictures.values():
        assert not NONSENSE.search(picture["alt"]), picture["alt"]
        assert f"table {picture['data']}" in found


# -- what is said of the whole study ---------------------------------------------------------------------------------


def test_the_chapter_on_a_whole_study(run):
    """By hand: 100 respondents in w4; care weighs most by construction; of the changed ones the mean rose by more."""
    found, wave = run("everything"), survey().query(W4)
    said = said_of(found)
    never, blank = (wave["price"] == 9).sum(), wave["speed"].isna().sum()
    assert said["base"] == (
        f"100 respondents in w4; NPS is explained by 3 drivers. Fewest answers: Speed, {100 - blank}. {never} answers "
        "say that something was never used, kept apart from blanks."
    )
    assert "Most goes with Care (" in said["importance"]
    assert "least with Price (" in said["importance"]
    assert said["importance"].endswith("This is association: what goes together need not move together.")
    assert said["effects"].startswith("One more point on Care goes with +")
    complete = ((wave["price"] != 9) & wave["speed"].notna()).sum()
    assert f"Base {complete}, who answered everything." in said["effects"]
    assert said["treatments"].endswith(f"{complete} of 100 answered everything.")
    assert said["improvement_nps"].startswith("NPS, w3 to w4: Changed gained +32.00 points beyond the comparison (95%")
    assert "of 2 placebo checks" in said["placebo"]
    assert said["worth_value"].startswith("Value of a customer: promoters 10")
    assert said["leaving"].startswith("Of 491 customers ")
    assert said["what_if"].startswith(
        "Were ratings moved, Care (+1), Speed (+1) and Price (+1), none beyond its scale's"
    )
    assert said["what_if"].endswith("That is how respondents differ today, not what an improvement will do.")
    assert found["number r_squared"]["printed"]["value"].rstrip("*") in said["importance"]


TOLD = {  # study: what it says, by the beginning of its finding
    "one driver": {
        "importance": "Importance needs two drivers that are numbers or ratings; there are fewer.",
        "base": "100 respondents in w4; NPS is explained by 1 driver. Fewest answers: Care, 100.",
        "no_map": "There is no map: it needs two rated drivers with a scale and enough answers.",
        "no_value": "What a score is worth is not told: value needs a table customers; there are survey.",
        "no_leaving": "Who leaves sooner is not told: it needs customers with days of coming and leaving, and ",
        "no_improvement": "Whether an improvement worked is not told: the study declares none with a comparison, or ",
    },
    "a constant driver": {
        "base": "100 respondents in w4; NPS is explained by 2 drivers. Fewest answers: Speed, 85. Left out, since no "
        "two answers to it differ: Price."
    },
    "a driver unanswered in the wave": {"base": "100 respondents in w4; NPS is explained by 2 drivers."},
    "an event": {
        "base": "100 respondents in w4; Loyal: Yes is explained by 3 drivers.",
        "effects": "One more point on Care goes with +",
        "no_segment": "No segment was compared: that takes a metric, and the outcome is none.",
        "no_asymmetry": "Penalty and reward are not told: that takes a metric, and bad, middling and excellent ratings",
        "no_value": "What a score is worth is not told: the outcome is no metric.",
    },
    "no segments": {"no_segment": "No segment was compared: none is named, or in its groups there are too few "},
    "no waves": {"base": "400 respondents; NPS is explained by 3 drivers."},
    "customers of whom nothing is known": {
        "no_value": "What a score is worth is not told: the tables tell nothing of the customers' value, dates or"
    },
    "leavers in one city alone": {"no_leaving": "Who leaves sooner is not told: it needs "},
    "too few for a comparison": {
        "improvement_nps": "NPS: the change cannot be judged, on too few answers or groups.",
    },
    "in Vietnamese": {"effects": "Thêm một điểm ở Sự quan tâm đi cùng +"},
    "no samples": {"importance": "Together the drivers account for "},
    "other choices": {
        "what_if": "Were ratings moved, Care (−1) and Speed (+0.5), none beyond its scale's end, NPS would"
    },
    "a reverse driver": {"what_if": "Were ratings moved, Trouble (−1), Speed (+1) and Price (+1), none beyond"},
    "two questions of a kind": {
        "improvement_again": "NPS: Again, w3 to w4: Changed gained ",
        "improvement_recommend": "NPS: Recommendation, w3 to w4: Changed gained ",
    },
    "weights": {"effects": "One more point on Care goes with +"},
    "a driver in words": {"importance": "Together the 2 drivers that are numbers account for "},
    "a metric of two answers": {"base": "100 respondents in w4; Good is explained by 3 drivers."},
}


@pytest.mark.parametrize("name", TOLD)
def test_what_is_told_instead(run, name):
    said = said_of(run(name))
    for finding, beginning in TOLD[name].items():
        assert said[finding].startswith(beginning), said[finding]


def test_intervals_bear_the_sample_s_name(run):
    assert "(95% model-based interval +" in said_of(run("weights"))["effects"]
    assert "model-based" not in " ".join(said_of(run("everything")).values())


def test_without_samples_ranks_stand_alone(run):
    told = said_of(run("no samples"))["importance"]
    assert "rank 1)" in told
    assert "likely" not in told
    printed = run("no samples")["table importance"]["printed"]
    assert [row[printed["heads"].index("Rank")] for row in printed["rows"]] == ["1", "2", "3"]


@needs_telco
def test_separation_is_named_and_no_coefficient_of_it_printed(monkeypatch, tmp_path):
    """Telco: satisfaction of 1 and 2 always left, 4 and 5 never; only 3 holds both (counted from the file)."""
    questions = {
        "satisfaction": {"role": "metric", "metric": "stars", "column": "Satisfaction Score"},
        "rating": {"role": "driver", "scale": [1, 5], "column": "Satisfaction Score"},
        "churn": {"role": "segment", "column": "Churn Label", "labels": {"No": "Stayed", "Yes": "Left"}},
    }
    telco(tmp_path, "Telco_customer_churn_status.xlsx", questions)
    given = {"outcome": "churn", "drivers": "rating", "data": str(SHARED / "telco_churn")}
    found = chapter(monkeypatch, tmp_path, given, drawn=True)
    check_sentences(found)
    said = said_of(found)
    assert said["separation"] == (
        "Quasi-complete separation: Rating (always at 1, 2, never at 4, 5, both only at 3) sorts Churn: Left, so its "
        "coefficient has no finite value. No size of it is to be quoted."
    )
    assert "effects" not in said
    assert found["table effects"]["printed"]["rows"][0][1:5] == ["–"] * 4
    assert [row[2:5] for row in found["table coefficients"]["printed"]["rows"]] == [["–"] * 3] * 2
    assert "Rating not estimable" in found["figure effects"]["alt"]


# -- by hand ---------------------------------------------------------------------------------------------------------


def case(load, **changes):
    return regression(made(load, **(PLAIN | changes)))


def test_importance_in_words(load):
    rows = pd.DataFrame(
        {"label": ["Care", "Speed", "Price"], "percent": [60.0, 30.0, 10.0], "rank": [1, 2, 3], "rank_low": [1, 2, 2],
         "rank_high": [1, 3, 3], "r_squared": 40.0, "r_squared_low": 35.0, "r_squared_high": 44.0}
    )  # fmt: skip
    assert say.importance(case(load), rows)["importance"] == (
        "Together the drivers account for 40.0% (95% interval 35.0 to 44.0%) of how the answers to NPS differ. Most "
        "goes with Care (60.0% of that; rank 1, no other is likely) and Speed (30.0% of that; rank 2, it may be 2 to "
        "3); least with Price (10.0%; rank 3, it may be 2 to 3). This is association: what goes together need not move "
        "together."
    )


def test_treatments_in_words():
    rows = pd.DataFrame({"label": ["A", "B"], "moved": [0, 4], "n_listwise": 321, "n": 2809})
    assert say.treatments(rows)["treatments"] == (
        "With missing answers treated in another way ranks move by up to 4 (B); only 321 of 2,809 answered everything."
    )
    assert say.treatments(rows.assign(moved=0))["treatments"] == (
        "No rank moves when missing answers are treated in another way; 321 of 2,809 answered everything."
    )
    assert say.treatments(pd.DataFrame()) == {}


def test_effects_name_the_clearest_first(load):
    rows = pd.DataFrame(
        {"term": ["care", "city[South]", "price"], "label": ["Care", "City: South", "Price"],
         "estimate": [5.0, -9.0, 0.5], "low": [4.0, -17.0, -1.0], "high": [6.0, -1.0, 2.0], "se": [0.5, 4.0, 0.7],
         "unit": "points", "step": 1, "n": 90}
    )  # fmt: skip
    fit = SimpleNamespace()
    assert say.effects(case(load), fit, rows)["effects"] == (
        "One more point on Care goes with +5.00 points of NPS (95% interval +4.00 to +6.00); City: South goes with "
        "−9.00 points of NPS (95% interval −17.00 to −1.00). With the other drivers alike 2 of 3 intervals leave out "
        "0; by chance 0.2 would. Base 90, who answered everything."
    )
    none = say.effects(case(load), fit, rows.tail(1))["effects"]
    assert none.startswith("No driver's interval leaves out 0. With the other drivers alike 0 of 1 intervals")


def test_labels_stand_for_drivers_and_for_nothing_else(load):
    """A driver that bears an everyday word as its name, and one whose label holds what a pattern would take apart."""
    questions = {"value": RATED | {"label": r"Value \1 for care", "column": "care"}}
    one = case(load, questions=questions)
    rows = pd.DataFrame({"driver": ["care", "care", "value"], "answer": ["1", "2", "3"],
                         "separates": ["never", "both", "both"]})  # fmt: skip
    assert separation.sentence("quasi-complete", "NPS 2", rows, label=one.study.label) == (
        r"quasi-complete separation: together Care (never at 1, both only at 2); Value \1 for care sort NPS 2, so "
        "their coefficients have no finite value"
    )
    two = regression(made(load, **PLAIN), drivers="care,speed")
    found = driver_models.checks(two, driver_models.fitted(two))
    assert found.loc[0, "test"] in [f"variance inflation, greatest ({label})" for label in ("Care", "Speed")]


def test_checks_tell_what_does_not_hold():
    rows = pd.DataFrame({"assumption": ["drivers differ", "even scatter"], "verdict": ["does not hold", "not tested"],
                         "consequence": ["x is nearly given by the others.", ""]})  # fmt: skip
    assert say.checks(rows)["checks"] == (
        "0 of 2 assumptions show no sign of trouble. Drivers differ: does not hold. X is nearly given by the others."
    )


def test_proportional_odds_in_words():
    rows = pd.DataFrame({"driver": ["omnibus", "a", "b"], "label": ["All drivers", "A", "B"], "p": [0.2, 0.01, 0.3]})
    assert say.odds(rows)["odds"] == (
        "Each driver goes alike with the whole scale, as far as can be told (Brant's test, p = 0.200)."
    )
    for p, verb in ((0.06, "may"), (0.004, "do")):
        told = say.odds(rows.assign(p=[p, 0.01, 0.3]))["odds"]
        assert told.startswith(
            f"Drivers {verb} not go alike with the whole scale (Brant's test, p = {p:.4f}): A. What is"
        )
    assert "cannot be tested" in say.odds(rows.assign(p=np.nan))["odds"]
    assert say.odds(pd.DataFrame()) == {}


def test_segments_are_told_from_the_greater_side(load):
    rows = pd.DataFrame(
        {"label": ["Care", "Speed"], "group": "North", "other": "South", "estimate": [-6.0, 1.0], "low": [-9.0, -1.0],
         "high": [-3.0, 3.0], "p_adjusted": [0.0004, 0.4], "unit": "points"}
    )  # fmt: skip
    assert say.segments(case(load), "city", rows)["segment"] == (
        "City: Care goes with +6.00 points more in South than in North (95% interval +3.00 to +9.00, p = 0.0004). Of 2 "
        "comparisons 1 is more than chance explains and 0 borderline (Holm's correction over all)."
    )


def test_penalties_in_words():
    rows = pd.DataFrame({"label": list("ABCD"), "kind": ["basic", "excitement", "no effect shown", "performance"]})
    assert say.asymmetry(rows)["asymmetry"] == (
        "Basic (being bad costs, being excellent brings little): A; performance (both count): D; excitement (being "
        "excellent brings, being bad costs little): B. 1 of 4 cannot be sorted, or show neither."
    )


def test_bands_without_a_name_are_answers(load):
    gaps = pd.DataFrame(
        {"outcome": ["churn"], "label": "Left", "unit": "percent", "band": "4-5", "other": "1-3", "estimate": -10.0,
         "low": -12.0, "high": -8.0, "p_adjusted": 0.00001, "verdict": "clear"}
    )  # fmt: skip
    rows = pd.DataFrame({"outcome": "churn", "band": ["1-3", "4-5"], "estimate": [30.0, 20.0]})
    assert say_worth.bands(case(load), rows, gaps, "")["worth_churn"] == (
        "Left: answers 4-5: 20.0%, answers 1-3: 30.0%, a difference of −10.00 percentage points (95% interval −12.00 "
        "to −8.00, p < 0.0001, more than chance explains)."
    )
    few = say_worth.bands(case(load), rows, gaps.assign(estimate=np.nan), "")
    assert few == {
        "no_value": "What a score is worth is not told: too few customers gave the best or the worst answers."
    }
    assert say_worth.bands(case(load), rows, pd.DataFrame(), "") == few


def test_placebos_that_could_not_be_computed_are_not_told(load):
    one = regression(made(load, without=["customers"]))
    effect = pd.DataFrame(
        {"question": ["recommend"], "name": "nps", "label": "NPS", "unit": "points", "estimate": 9.0, "low": 4.0,
         "high": 14.0, "p_adjusted": 0.0004, "verdict": "clear", "detectable": 7.0}
    )  # fmt: skip
    checks = pd.DataFrame({"check": ["effect", "placebo", "placebo"], "estimate": [9.0, np.nan, 2.0],
                           "p_adjusted": [0.0004, np.nan, 0.04], "detectable": [7.0, np.nan, 6.0]})  # fmt: skip
    told = say_worth.improvement(one, effect, checks)
    assert told["improvement_nps"] == (
        "NPS, w3 to w4: Changed gained +9.00 points beyond the comparison (95% interval +4.00 to +14.00, p = 0.0004, "
        "more than chance explains). An effect of 7.00 points would have been found four times in five."
    )
    assert told["placebo"].startswith(
        "1 of 1 placebo checks moved as well, so the comparison is in doubt; such a check "
    )
    assert "placebo" not in say_worth.improvement(one, effect, checks.assign(estimate=np.nan))


def test_what_cannot_be_needed_is_said(load):
    rows = pd.DataFrame({"sees": [1.0, 2, 3], "answers": [np.inf, np.inf, 5000], "answers_each": [9e4, 2e4, 9e3]})
    one = case(load)
    assert say_worth.needed(one, rows.assign(unit="points"))["needed"] == (
        "To see 3.00 points of NPS four times in five: 5,000 answers in the next wave; 9,000 in each of two new waves "
        "(under this study's design)."
    )
    never = say_worth.needed(one, rows.assign(unit="points", answers=np.inf))["needed"]
    assert "no number of answers in the next wave alone would do, since the last one stays as it is; 9,000" in never
    assert say_worth.needed(one, pd.DataFrame()) == {}
