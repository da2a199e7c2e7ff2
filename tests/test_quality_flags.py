"""All checks of respondents together, impossible combinations, routes and partials.

Oracles: counts by hand over answers written here, and what is planted in the demo (truth.yml).
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib import CxError, Study, quality_flags, routes
from cxlib.codebook import Table
from cxlib.impossible import broken, completeness, impossible, partials
from cxlib.settings import CHECKS, Quality

ROOT = Path(__file__).resolve().parent.parent
YES_NO = {"1": {"en": "Yes", "vi": "Có"}, "0": {"en": "No", "vi": "Không"}}
SPEC = Table.model_validate(
    {
        "file": "s.csv",
        "questions": {
            "recommend": {"role": "metric", "metric": "nps"},
            "problem": {"role": "single", "labels": YES_NO},
            "complained": {"role": "single", "labels": YES_NO, "asked": {"problem": ["1"]}},
            "outcome": {"role": "single", "labels": {"good": "Good", "bad": "Bad"}, "asked": {"complained": ["1"]}},
            "used": {"role": "multi", "labels": {"app": "App", "shop": "Shop"}, "nets": {"Any": ["app", "shop"]}},
            "age": {"role": "number", "scale": [18, 99]},
            "why": {"role": "comment"},
        },
    }
)


def answers(*rows, words=("Yes", "No")) -> pd.DataFrame:
    """Rows of recommend, problem, complained, outcome, used.app, used.shop, age, why; y and n are the words."""
    columns = ["recommend", "problem", "complained", "outcome", "used.app", "used.shop", "age", "why"]
    frame = pd.DataFrame(rows, columns=columns).replace({"y": words[0], "n": words[1]})
    for name in ("problem", "complained"):
        frame[name] = pd.Categorical(frame[name], categories=words)
    frame["outcome"] = pd.Categorical(frame["outcome"], categories=["Good", "Bad"])
    return frame.astype(dict.fromkeys(["recommend", "used.app", "used.shop", "age"], float))


def rules(**sides) -> Quality:
    return Quality.model_validate({"impossible": [{"name": "odd", **sides}]})


FULL = (9, "y", "y", "Good", 1, 0, 40, "fine")


def test_the_demo_and_its_interface():
    """Bool columns in the order of the checks, the index of the survey, a sentence for every check."""
    study = Study.load(ROOT / "data" / "demo")
    spec, quality = study.book.tables["survey"], study.book.quality
    found = quality_flags.checked(study.survey, spec, quality)
    assert list(found.flags) == [check for check in CHECKS if check != "copied"]
    assert found.flags.index.equals(study.survey.index)
    assert set(map(str, found.flags.dtypes)) == {"bool"}
    assert list(found.reasons) == list(CHECKS)
    counts = found.flags.sum()
    assert (counts["duplicate"], counts["speeder"], counts["straightliner"]) == (6, 123, 81)
    assert counts[["near_duplicate", "gibberish", "impossible", "partial"]].sum() == 0, "none is planted"
    assert (
        found.reasons["copied"] == "not checked: 99% of the comments of why stand more than once and come from a list"
    )
    for check, count in counts.items():
        assert found.reasons[check].startswith(f"{count} of 8,006 respondents: ")
        assert found.reasons[check].count(". ") == found.reasons[check].count("et al. "), "one sentence"


def test_flags_and_reasons_are_the_two_halves():
    """flags() and reasons() give what checked() gives."""
    frame = answers(FULL, FULL)
    found = quality_flags.checked(frame, SPEC, Quality())
    pd.testing.assert_frame_equal(quality_flags.flags(frame, SPEC, Quality()), found.flags)
    assert quality_flags.reasons(frame, SPEC, Quality()) == found.reasons


@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize("questions", [SPEC.questions, {"age": SPEC.questions["age"]}, {}])
def test_hardly_any_answers(rows, questions):
    """Nobody, one, all blank, one question, none: no check fails, and nobody is flagged."""
    spec = SPEC.model_copy(update={"questions": questions})
    frame = answers(FULL).head(rows)
    blank = frame.assign(**{c: pd.Series(None, index=frame.index, dtype=frame[c].dtype) for c in frame})
    for one in (frame, blank, frame.assign(wave=pd.Categorical(["a"] * rows)), pd.DataFrame(index=range(rows))):
        before = one.copy()
        found = quality_flags.checked(one, spec, Quality())
        assert not found.flags.any(axis=None)
        assert len(found.flags) == rows
        assert set(found.reasons) == set(CHECKS)
        pd.testing.assert_frame_equal(one, before)


@pytest.mark.parametrize("words", [("Yes", "No"), ("Có", "Không")])
def test_rules_name_codes_of_labels_in_any_language(words):
    """The frame holds words in the language of the study; a rule names codes."""
    frame = answers((9, "n", "y", None, 1, 0, 40, ""), FULL, (9, "n", None, None, 1, 0, 40, ""), words=words)
    quality = rules(given={"problem": [0]}, never={"complained": [1]})
    assert broken(frame, SPEC, quality)["odd"].tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("given", "never", "who"),
    [
        ({"recommend": [9, 10]}, {"age": [40]}, [True, False, False]),
        ({"used": ["app"]}, {"used": ["shop"]}, [False, True, False]),
        ({"outcome": ["good"]}, {"recommend": [2], "age": [40]}, [True, True, False]),  # one of the answers is enough
        ({"used": ["app"]}, {"age": [99]}, [False, False, False]),
    ],
)
def test_rules_of_every_kind_of_question(given, never, who):
    """Numbers, options, groups; several questions on a side are alternatives."""
    frame = answers(FULL, (2, "y", "y", "Good", 1, 1, 30, ""), (None, None, None, None, None, None, 40, ""))
    assert broken(frame, SPEC, rules(given=given, never=never))["odd"].tolist() == who


@pytest.mark.parametrize(
    ("sides", "message"),
    [
        (
            {"given": {"problm": [0]}, "never": {"complained": [1]}},
            "quality.impossible odd: given names problm, which is no question of the survey; did you mean problem?",
        ),
        (
            {"given": {"problem": [0]}, "never": {"outcome": ["god"]}},
            "quality.impossible odd: never lists the codes of outcome that say so; found the code god, which has no "
            "label; did you mean good?",
        ),
        ({"given": {"age": ["old"]}, "never": {"age": [20]}}, "answers to age are numbers; given lists old"),
        ({"given": {"age": [12]}, "never": {"age": [20]}}, "answers to age lie in 18-99; given lists 12"),
    ],
)
def test_rules_that_the_survey_cannot_break(sides, message):
    """Unknown questions and codes are named with the nearest known one."""
    with pytest.raises(CxError) as caught:
        impossible(answers(FULL), SPEC, rules(**sides))
    assert str(caught.value).startswith("quality.impossible odd: ")
    assert message in str(caught.value)


def test_answers_to_questions_that_were_not_put():
    """outcome is put to who complained, complained to who had a problem: a blank router tells nothing."""
    frame = answers(
        FULL,
        (9, "n", "y", None, 1, 0, 40, ""),  # no problem, and complained
        (9, "y", "n", "Bad", 1, 0, 40, ""),  # did not complain, and was content with the end
        (9, "n", None, "Bad", 1, 0, 40, ""),  # was not even asked whether he complained
        (9, None, None, "Bad", 1, 0, 40, ""),  # nobody knows
        (9, "n", None, None, 1, 0, 40, ""),
    )
    found = broken(frame, SPEC, Quality())
    assert found["complained"].tolist() == [False, True, False, False, False, False]
    assert found["outcome"].tolist() == [False, False, True, True, False, False]
    result = impossible(frame, SPEC, Quality())
    assert result.who.sum() == 3
    told = "3 of 6 respondents: answered a question that their route passes by: complained (1), outcome (2)"
    assert result.why == told


def test_nothing_impossible_to_look_for():
    """Without rules and routes the check is not made."""
    spec = SPEC.model_copy(update={"questions": {"age": SPEC.questions["age"]}})
    assert impossible(answers(FULL), spec, Quality()).who is None


def test_routes_by_hand():
    """1 put, 0 passed by, nan where the router is blank."""
    frame = answers(FULL, (9, "n", None, None, 1, 0, 40, ""), (9, "y", None, None, 1, 0, 40, ""), (9,) + (None,) * 7)
    np.testing.assert_array_equal(routes.asked(frame, SPEC, "complained"), [1, 0, 1, np.nan])
    np.testing.assert_array_equal(routes.asked(frame, SPEC, "outcome"), [1, 0, np.nan, np.nan])
    np.testing.assert_array_equal(routes.asked(frame, SPEC, "age"), [1, 1, 1, 1])


def test_completeness_by_hand():
    """recommend, problem, used and age are put to all; complained and outcome by route; used counts once."""
    frame = answers(
        FULL,
        (9, "n", None, None, 1, 0, 40, ""),  # 4 of 4
        (9, "y", None, None, None, None, None, "x"),  # recommend and problem of 5: whether outcome was put is unknown
        (9, "y", "y", None, 0, 1, None, None),  # 4 of 6
        (None,) * 8,  # 0 of 4
    )
    np.testing.assert_allclose(completeness(frame, SPEC), [1, 1, 2 / 5, 4 / 6, 0])
    assert partials(frame, SPEC, complete=0.5).who.tolist() == [False, False, True, False, True]
    assert partials(frame, SPEC, complete=2 / 5).who.tolist() == [False, False, False, False, True]


def test_questions_of_another_wave_do_not_count():
    """Nobody of wave b was asked for the age or what was used; 2 of 2 are all."""
    asked = (9, "n", None, None, 1, 0, 40, "")
    frame = answers(asked, (9, "n", None, None, None, None, None, ""), asked).assign(wave=["a", "b", "a"])
    assert completeness(frame, SPEC).tolist() == [1, 1, 1]
    assert completeness(frame.drop(columns="wave"), SPEC).tolist() == [1, 0.5, 1]


def test_blanks_that_may_mean_never_used():
    """A blank of a question with a code for "never used" may be that code, and is held against nobody."""
    driver = {"role": "driver", "scale": [1, 5], "missing": [6], "never_used": [6]}
    questions = {"q1": driver, "q2": driver, "q3": {"role": "number"}, "q4": {"role": "number"}}
    spec = Table.model_validate({"file": "s.csv", "questions": questions})
    frame = pd.DataFrame({"q1": [1.0, np.nan], "q2": [2.0, np.nan], "q3": [1.0, 1.0], "q4": [1.0, np.nan]})
    assert completeness(frame, spec).tolist() == [1, 0.5]
    assert "nor do blanks of 2 questions with a code for never used" in partials(frame, spec, complete=0.5).why


def test_sfo():
    """The passengers of 2018: no times and no comments; fewer than 1 in 200 is flagged, where nothing is planted."""
    data = ROOT.parent / "shared" / "data" / "sfo"
    if not data.exists():
        pytest.skip("the passenger surveys are not part of this project")
    study = Study.load(ROOT / "data" / "sfo", data=data)
    survey = study.survey[study.survey["wave"] == "2018"]
    found = quality_flags.checked(survey, study.book.tables["survey"], study.book.quality)
    assert list(found.flags) == ["duplicate", "near_duplicate", "straightliner", "impossible", "partial"]
    assert found.flags.any(axis=1).sum() < len(survey) / 200
    twins = survey.loc[found.flags["duplicate"], "cluster"]
    assert len(twins) == 1, "two sheets of one flight, numbers 1290 and 1292, agree on every answer"
