"""The sentences of the data-quality chapter: their exact text on numbers that are counted by hand.

TINY has ten rows; what each leaves out is said beside it. Everything else is written by hand into small frames.
"""

import numpy as np
import pandas as pd
import pytest
from quality_study import SEX, made

from cxlib import code_checks, exclusion_effect, missingness, representation, results, verdicts
from cxlib import data_quality as quality
from cxlib.sentences import missing as say_missing
from cxlib.sentences import quality as say
from cxlib.sentences import quality_alts as alts
from cxlib.wave_breaks import breaks

TOP = "study: tiny\ntitle: Tiny\nsample: census\nminimum_base: 2\n"
TABLE = """
respondent: id
seconds: seconds
questions:
  recommend: {role: metric, metric: nps, scale: [0, 10], missing: [11]}
  care: {role: driver, scale: [1, 5], missing: [9]}
  sex: {role: segment, labels: {f: Female, m: Male}}
  age: {role: number}
"""
# Of ten: a said 11, b and d left care out, c said 9 there; c and j left out all from sex on. Six women, two men.
TINY = """id,seconds,recommend,care,sex,age
a,300,11,4,f,30
b,300,10,,f,31
c,300,9,9,,
d,300,8,,m,33
e,300,7,3,f,34
f,300,6,4,f,35
g,20,10,5,f,36
h,300,9,4,m,37
i,300,3,2,f,38
j,300,0,1,,
"""


def tiny(load, top=""):
    return load(TABLE, TINY, top=TOP + top)


def test_what_is_missing_is_told_with_its_share(load):
    """Care: b, c, d of 10; sex and age: c, j; recommend: a. Complete: e to i; c and j left out all to the end."""
    study = tiny(load)
    items, ending = missingness.items(study), missingness.monotone(study, None)
    found = say_missing.missing(items, ending, "2026", minimum_base=2)
    assert found["missing"] == (
        "Some of those asked in 2026 left out 4 of 4 questions, most of all Care (30.0%), Sex (20.0%), Age (20.0%) and "
        "Recommend (10.0%)."
    )
    # a, b and d skipped; c and j answered nothing after their first gap
    assert found["pattern"] == (
        "5 respondents answered everything; 5 left something out, 2 of them at the end of the questionnaire only: most "
        "skipped questions and went on."
    )
    few = say_missing.missing(items.head(1), ending, None, minimum_base=30)
    assert few["missing"] == "Some of those asked left out 1 of 1 question: Recommend (1 of 10)."
    assert few["pattern"].endswith("2 of them at the end of the questionnaire only.")
    assert say_missing.alt_missing(items, minimum_base=2) == (
        "Bars of missing answers by question, in percent of those asked; most: Care 30.0%, Sex 20.0% and Age 20.0%."
    )
    assert say_missing.alt_patterns(missingness.patterns(study, None)) == (
        "A matrix of the most frequent patterns of missing answers; 5 respondents left nothing out."
    )


@pytest.mark.parametrize(
    ("dropped", "incomplete", "ending"),
    [
        (0, 40, "40 left something out, none of them at the end of the questionnaire only: most skipped questions and "
                "went on."),
        (40, 40, "40 left something out, all of them at the end of the questionnaire only: most broke off."),
        (20, 40, "40 left something out, 20 of them at the end of the questionnaire only."),
    ],
)  # fmt: skip
def test_breaking_off_and_skipping_are_told_apart(dropped, incomplete, ending):
    row = pd.Series({"complete": 1, "dropped": dropped, "incomplete": incomplete})
    assert say_missing._pattern(row, 30) == f"1 respondent answered everything; {ending}"


def test_nothing_missing_and_nothing_asked(load):
    items = missingness.items(tiny(load))
    whole = items.assign(blank=0, no_answer=0, estimate=0.0)
    assert say_missing.missing(whole, pd.DataFrame(), "w2", minimum_base=2) == {
        "nothing_missing": "Everybody who was asked a question in w2 answered it."
    }
    assert say_missing.missing(items.head(0), pd.DataFrame(), None, minimum_base=2) == {
        "nothing_asked": "Nobody was asked a question."
    }


def test_a_code_that_would_count_as_a_promoter(load):
    """Nine answers: 10, 9, 10, 9 promote, 6, 3, 0 detract: (4 - 3) / 9 = 11.1; with a 10 for a's 11: 2 / 10 = 20.0."""
    found = say_missing.codes(code_checks.outside(tiny(load)), None)
    assert found == {
        "code_1": "Recommend: the code 11 (outside the scale) stands 1 time and is no answer. Counted as 10, it would "
        "turn NPS from 11.1 into 20.0 (+8.89 points).",
        "codes": "Codes that are no answers stand 1 time in 1 other question.",
    }
    alone = say_missing.codes(code_checks.outside(tiny(load)).tail(1), None)
    assert alone == {"codes": "Codes that are no answers stand 1 time in 1 question."}
    none = {"no_codes": "No answer holds a code that the study declares as missing."}
    assert say_missing.codes(pd.DataFrame(), None) == none


def test_links_name_pairs_and_comparisons(load):
    related = pd.DataFrame(
        {"label": "NPS", "segment_label": ["Sex", "City"], "most": "Male", "most_share": 20.0, "least": "Female",
         "least_share": 5.0, "estimate": 15.0, "verdict": ["clear", "none"]}
    )  # fmt: skip
    compared = pd.DataFrame(
        {"label": ["NPS"], "question_label": "Care", "estimate": -12.0, "unit": "points", "verdict": "borderline"}
    )
    assert say_missing.links(related, compared) == {
        "missing_by": "Leaving out a metric goes with a segment in 1 of 2 pairs: NPS by Sex (Male 20.0%, Female 5.0%; "
        "more than chance explains).",
        "missing_apart": "Those who left out a question differ in a metric in 1 of 1 comparison: NPS where Care was "
        "left out (−12.00 points; borderline, too near the line for a plain yes or no).",
        "missing_limit": "Whether answers are missing at random cannot be tested: it would take the answers that are "
        "missing.",
    }
    quiet = say_missing.links(related.tail(1), compared.assign(verdict="none"))
    assert quiet["missing_by"] == "Leaving out a metric goes with a segment in 0 of 1 pair."
    assert quiet["missing_apart"] == "Those who left out a question differ in a metric in 0 of 1 comparison."
    assert say_missing.links(pd.DataFrame(), pd.DataFrame()) == {}


def test_breaks_are_named_by_what_broke(load):
    rows = pd.DataFrame({"label": [f"Q{i}" for i in range(1, 7)], "before": "1", "after": "2", "kind": "wording",
                         "severity": "stop"})  # fmt: skip
    study = made(load)
    assert say_missing.breaks(study, rows)["stops"] == (
        "Not to be compared: Q1 from wave 1 to wave 2 (another wording), Q2 from wave 1 to wave 2 (another wording), "
        "Q3 from wave 1 to wave 2 (another wording), Q4 from wave 1 to wave 2 (another wording) and 2 more."
    )
    looks = rows.head(3).assign(kind=["missing", "missing", "shift"], severity="look")
    assert say_missing.breaks(study, looks) == {
        "looks": "3 findings between waves ask for a look: a jump in missing answers (2) and answers distributed "
        "otherwise (1)."
    }
    assert say_missing.breaks(study, looks.tail(1))["looks"].startswith("1 finding between waves asks for a look: ")
    assert say_missing.breaks(study, rows.head(0)) == {
        "no_breaks": "No break of wording or scale was found between the 2 waves."
    }
    assert say_missing.breaks(made(load, without=["wave"], quality={}), rows.head(0)) == {
        "one_wave": "The survey has no waves, so nothing can have changed between them."
    }


def test_every_kind_of_break_has_words(load):
    declared = {"recommend": {"role": "metric", "metric": "nps", "breaks": {"w2": "was asked on paper"},
                              "missing": [11]}}  # fmt: skip
    study = made(load, questions=declared)
    assert say_missing.breaks(study, breaks(study))["stops"] == (
        "Not to be compared: Recommend from w1 to w2 (as declared)."
    )


def test_verdicts_begin_with_the_worst():
    rows = pd.DataFrame(
        {"name": ["nps", "csat", "ces"], "label": ["NPS", "CSAT", "CES"], "wave": ["2", None, "2025-H1"],
         "verdict": ["fit to report", "do not report", "report with caution"],
         "reasons": [("Good.",), ("Few.", "Old."), ("Small.",)]}
    )  # fmt: skip
    found = say.verdicts(rows)
    assert list(found) == ["verdict_csat", "verdict_ces", "verdict_nps"]
    assert list(found.values()) == [
        "CSAT: do not report. Few. Old.",
        "CES in 2025-H1: report with caution. Small.",
        "NPS in wave 2: fit to report. Good.",
    ]
    assert say.verdicts(rows.head(0)) == {"no_metrics": "The survey has no metric, so there is none to judge."}
    assert alts.verdicts(rows.head(2)) == "The verdict on each metric: NPS, fit to report; CSAT, do not report."


def test_a_verdict_under_the_minimum_base_tells_counts_and_no_share(load):
    """c, e and f alone were asked, of whom c gave no answer to care; two answers are under 30."""
    study = load(TABLE, TINY.replace("a,300,11", "a,300,"), top=TOP.replace("minimum_base: 2", "minimum_base: 30"))
    row = verdicts.verdicts(study).iloc[0]
    assert row["reasons"] == ("It rests on 9 answers; the study's minimum is 30.",)
    most = TINY.replace(",10,", ",,").replace(",9,", ",,").replace("d,300,8", "d,300,")
    row = verdicts.verdicts(load(TABLE, most, top=TOP.replace("minimum_base: 2", "minimum_base: 30"))).iloc[0]
    # Left: e, f, i, j.
    assert row["reasons"] == (
        "It rests on 4 answers; the study's minimum is 30.",
        "6 of 10 who were asked gave no answer, more than 40%.",
    )


def test_the_response_rate_of_the_wave(load):
    """120 of 400 and of 300, nobody partial."""
    rows = missingness.response(made(load))
    assert say.response(rows, 0.95)["response_rate"] == (
        "Of 300 invited in w2, 40.0% answered (120 complete interviews; 95% interval 34.6 to 45.6%; AAPOR RR2, "
        "everybody invited taken as eligible). Whoever did not answer is in no estimate and no interval."
    )
    first = say.response(quality.of_wave(rows, "w1"), 0.95)["response_rate"]
    assert first.startswith("Of 400 invited in w1, 30.0% answered (120 complete interviews; ")
    some = say.response(rows.tail(2).assign(complete=1, partial=2, wave="all"), 0.8)["response_rate"]
    assert some.startswith("Of 300 invited, 40.0% answered (1 complete interview and 2 partial ones; 80% interval ")
    left = rows[rows["rate"] == "break-off"]  # of a sample of a large table no more is told
    assert say.response(left, 0.95)["no_response_rate"].startswith("Who finished is known of the sample alone, ")
    assert say.response(left.assign(invited=np.nan), 0.95) == {
        "no_response_rate": "The study does not say how many were invited (`quality: {invited: …}`), so there is no "
        "response rate."
    }


def test_who_answered_against_the_population(load):
    """Of 120 in each wave, 80 are women: 66.7% against 52%, outside Wilson's interval in this sample of shops."""
    study = made(load, margins=[SEX], without=["weight", "cluster"])
    rows = representation.who(study, "w2")
    assert say.who(study, rows) == {
        "who_answered": "2 of 2 groups answered more or less often than chance explains (their share of the population "
        "lies outside the interval of the sample's). The largest gap is Sex, Female: 66.7% of the sample, 52.0% of the "
        "population."
    }
    assert alts.who(rows) == "Share of each group in the sample, weighted, and in the population, by Sex."
    few = {"few_known": "Too few respondents are known by the margins to compare them with the population."}
    assert say.who(study, rows.assign(n=29)) == few
    assert "no_population" in say.who(made(load), representation.who(made(load), "w2"))


def test_raked_weights_in_words(load):
    """Women weigh 0.52 / (2 / 3) = 0.78, men 0.48 / (1 / 3) = 1.44: 1 / (0.78 * 0.52 + 1.44 * 0.48) = 91.2% is left."""
    for population in ({"f": 0.52, "m": 0.48}, {"f": 5200, "m": 4800}):
        study = made(load, margins=[SEX | {"population": population}], weighting={}, without=["weight"])
        found = say.who(study, representation.who(study, "w2"))
        assert found["who_weighted"] == "Under the weights no gap is left."
        assert found["raked"] == (
            "All margins of the population are met. Over all waves, weights run from 0.78 to 1.44 times their mean; "
            "their design effect is 1.10, so that 91.2% of the answers' worth is left."
        )
    tight = made(load, margins=[SEX], weighting={"bounds": [0.9, 1.1]}, without=["weight"])
    rows = representation.who(tight, "w2")
    found = say.who(tight, rows)
    # At the bounds women weigh 0.9, men 1.1: 1.8 to 1.1 as 62.1% to 37.9%, or 120 of 120 at 0.95 and 1.1.
    assert found["raked"].startswith("The margins are not met: sex in w")
    assert found["who_weighted"].startswith("Under the weights the largest gap left is +")


def test_weights_that_change_a_metric(load):
    study = made(load)
    changes = pd.DataFrame(
        {"name": ["nps", "nps", "csat"], "label": ["NPS", "NPS", "CSAT"], "wave": "w2", "weighting":
         ["weights", "starting weights", "weights"], "estimate": [3.9, 1.0, -1.0], "low": [2.91, 0.0, -2.0],
         "high": [4.88, 2.0, -0.01], "level": [45.8, 42.0, 70.0], "unit": ["points", "points", "percent"]}
    )  # fmt: skip
    assert say.weights(study, changes, 0.95) == {
        "weights_nps": "The weights move NPS in w2 by +3.90 points (95% interval +2.91 to +4.88), to 45.8.",
        "weights_csat": "The weights move CSAT in w2 by −1.00 percentage points (95% interval −2.00 to −0.01), to "
        "70.0%.",
    }
    panel = say.weights(made(load, sample="opt_in"), changes.head(1), 0.8)["weights_nps"]
    assert "(80% model-based interval +2.91 to +4.88)" in panel
    few = {"few_weights": "Too few answers are left to tell what the weights change."}
    assert say.weights(study, changes.head(0), 0.95) == few
    assert say.weights(made(load, without=["weight"]), changes.head(0), 0.95) == {
        "no_weights": "The survey has no weights: every respondent counts once."
    }


def test_checks_and_who_is_left_out(load):
    """g took 20 seconds, the median is 300; c answered one question of four, under half."""
    study = tiny(load)
    assert say.checks(study, quality.checks(study)) == {
        "checks": "Checks mark 2 of 10 respondents (20.0%): speeder 1 and partial 1.",
        "left_out": "The study leaves nobody out (`quality: {exclude: […]}` would).",
    }
    out = tiny(load, "quality: {exclude: [speeder]}\n")
    assert say.checks(out, quality.checks(out))["left_out"] == (
        "As the study says, 1 respondent marked as speeder is in no chapter."
    )
    assert alts.checks(quality.checks(study)).startswith("Respondents marked by each check: ")
    assert alts.times(quality.times(study)) == (
        "Interview times by wave and mode: half took under 5.0 minutes; marked for speeding: 1 respondent."
    )
    calm = load(TABLE, TINY.replace("g,20", "g,300").replace("c,300,9,9", "c,300,9,5"), top=TOP)
    assert say.checks(calm, quality.checks(calm))["checks"] == "No check marks anybody (10 respondents)."
    assert say.checks(study, pd.DataFrame()) == {
        "no_checks": "No check of the respondents could be made on this survey."
    }


def test_leaving_out_the_speeder_takes_a_promoter_away(load):
    """With g (4 - 3) / 9 = 11.11, without (3 - 3) / 8 = 0: -11.11."""
    study = tiny(load)
    moved = quality.as_changes(exclusion_effect.effect(study))
    told = say.exclusions(study, moved, 0.95)["exclusion_nps"]
    assert told.startswith(
        "Leaving out the 1 respondent marked as speeder would move NPS most: by −11.11 points (95% interval −"
    )
    out = tiny(load, "quality: {exclude: [speeder]}\n")
    told = say.exclusions(out, quality.as_changes(exclusion_effect.effect(out)), 0.95)["exclusion_nps"]
    assert told.startswith("Leaving out the 1 respondent whom the study leaves out moves NPS most: by −11.11 points (")
    assert alts.effect(moved) == (
        "Each metric with everybody and without those whom each check marks; the largest change is −11.11."
    )
    assert say.exclusions(study, moved.assign(left_out=0), 0.95) == {
        "no_exclusions": "No check marks anybody in this wave, so that leaving out changes nothing."
    }
    assert "few_exclusions" in say.exclusions(study, moved.head(0), 0.95)


def test_the_picture_of_weights_in_words():
    assert alts.weights(pd.Series([], dtype=float)) == ""
    assert alts.weights(pd.Series([1.0, 3.0])) == (
        "A histogram of 2 weights from 0.50 to 1.50, in multiples of their mean."
    )
    assert alts.effect(pd.DataFrame({"estimate": [np.nan], "unit": "points"})) == (
        "Each metric with everybody and without those whom each check marks."
    )


def test_numbers_under_the_minimum_base_are_not_published(load, monkeypatch):
    """Two of ten are marked: 20%, and nothing where eleven are wanted."""
    shown = []
    monkeypatch.setattr(results, "display", lambda data, raw: shown.append(data))
    study = load(TABLE, TINY, top=TOP.replace("minimum_base: 2", "minimum_base: 11"))
    assert quality.headline(study, None, missingness.response(study)).empty
    results.numbers(quality.headline(study, None, missingness.response(study)))
    assert shown == []
    assert quality.headline(tiny(load), None, missingness.response(tiny(load)))["estimate"].tolist() == [20.0]
