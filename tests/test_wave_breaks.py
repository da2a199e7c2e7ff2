"""Breaks between waves that were planted in tiny tables, and none where nothing changed."""

from math import comb
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t as student

from cxlib import Study, wave_breaks
from cxlib.corrections import adjust

ROOT = Path(__file__).resolve().parents[1]
SFO = ROOT / "../shared/data/sfo"
TOP = "study: tiny\ntitle: Tiny\nsample: quota\nminimum_base: 30\n"


def study_of(load, questions: str, one: dict, two: dict, *, keys: str = "") -> Study:
    """A survey of two waves from columns of answers (lists) by question."""
    names = list(one)
    lines = ["id,wave," + ",".join(names)]
    for wave, answers in (("w1", one), ("w2", two)):
        for row in zip(*(answers[name] for name in names), strict=True):
            lines.append(f"{len(lines)},{wave}," + ",".join("" if v is None else str(v) for v in row))
    table = "respondent: id\nwave: wave\n" + keys + "questions:\n" + questions
    return load(table, "\n".join(lines) + "\n", top=TOP)


def kinds(found) -> list[tuple]:
    return list(found[["name", "kind", "severity"]].itertuples(index=False, name=None))


def test_declared_and_absent(load):
    questions = """
      score: {role: metric, metric: nps, scale: [0, 10], breaks: {w2: "Asked after the visit now"}}
      age: {role: number, waves: [w2]}
    """
    spread = [i % 11 for i in range(44)]
    study = study_of(load, questions, {"score": spread, "age": [None] * 44}, {"score": spread, "age": [30] * 44})
    found = wave_breaks.breaks(study)
    assert kinds(found) == [("score", "declared", "stop"), ("age", "absent", "look")]
    assert found["detail"].tolist() == [
        "Asked after the visit now.",
        "Asked in w2 (44 respondents), not in w1 (as study.yml says).",
    ]
    assert found[["before", "after"]].drop_duplicates().to_numpy().tolist() == [["w1", "w2"]]


def test_a_scale_that_grew_is_told_by_its_new_end(load):
    """1-5 in the first wave, all answers doubled in the second: 6, 8 and 10 are new, the odd ones are gone."""
    one = [1 + i % 5 for i in range(200)]
    questions = "  staff: {role: driver, scale: [0, 10]}\n"
    found = wave_breaks.breaks(study_of(load, questions, {"staff": one}, {"staff": [2 * v for v in one]}))
    range_row = found[found["kind"] == "range"].iloc[0]
    assert range_row["severity"] == "stop"
    assert "10 (40 times in w2, never in w1)" in range_row["detail"]
    assert "1 (40 times in w1, never in w2)" in range_row["detail"]
    assert {"option", "shift"} <= set(found["kind"])


def test_the_chance_of_a_vanished_answer_is_hypergeometric(load):
    """b is given 12 times of 60 and never of 60: C(108, 60) / C(120, 60), Holm over two tests (c vanished likewise)."""
    questions = "  shop: {role: segment, labels: {a: A, b: B, c: C}}\n"
    one = ["b"] * 12 + ["c"] * 2 + ["a"] * 46
    found = wave_breaks.breaks(study_of(load, questions, {"shop": one}, {"shop": ["a"] * 60}))
    p = adjust([comb(108, 60) / comb(120, 60), comb(118, 60) / comb(120, 60)])
    assert kinds(found) == [("shop", "option", "look")]
    assert found["detail"].iloc[0] == "In one wave only, the answer was given: B (12 times in w1, never in w2)."
    assert found["p_adjusted"].iloc[0] == pytest.approx(p[0])
    assert p[1] > 0.2


def test_more_missing_answers(load):
    """2 of 100 blank, then 20 of 100: t = 0.18 / sqrt(.02 x .98 / 99 + .2 x .8 / 99); 4 points are not told."""
    questions = """
      score: {role: metric, metric: nps, scale: [0, 10]}
      staff: {role: driver, scale: [1, 5]}
    """
    spread, rating = [i % 11 for i in range(100)], [1 + i % 5 for i in range(100)]
    first = {"score": [None] * 2 + spread[2:], "staff": [None] * 2 + rating[2:]}
    second = {"score": [None] * 20 + spread[20:], "staff": [None] * 6 + rating[6:]}
    found = wave_breaks.breaks(study_of(load, questions, first, second))
    assert kinds(found) == [("score", "missing", "look")]
    assert found["detail"].iloc[0] == "20.0% of those asked gave no answer in w2, 2.0% in w1."
    t = 0.18 / np.sqrt(0.02 * 0.98 / 99 + 0.2 * 0.8 / 99)
    assert found["p_adjusted"].iloc[0] == pytest.approx(2 * 2 * student.sf(t, 198), rel=1e-6)


def test_mirrored_answers_and_another_unit(load):
    questions = """
      staff: {role: driver, scale: [1, 5]}
      spend: {role: number}
    """
    ratings = [1] * 20 + [2] * 20 + [3] * 30 + [4] * 60 + [5] * 70
    spend = [100 + 7 * i for i in range(200)]
    study = study_of(load, questions, {"staff": ratings, "spend": spend},
                     {"staff": [6 - v for v in ratings], "spend": [1000 * v for v in spend]})  # fmt: skip
    found = wave_breaks.breaks(study)
    assert kinds(found) == [("staff", "reversed", "stop"), ("spend", "multiplied", "stop")]
    assert "multiplied by about 1e+03" in found["detail"].iloc[1]


def test_groups_answered_otherwise(load):
    """60/40 against 20/80: 40% of the answers differ."""
    questions = "  shop: {role: segment, labels: {a: A, b: B}}\n"
    one, two = {"shop": ["a"] * 60 + ["b"] * 40}, {"shop": ["a"] * 20 + ["b"] * 80}
    found = wave_breaks.breaks(study_of(load, questions, one, two))
    assert kinds(found) == [("shop", "shift", "look")]
    assert found["detail"].iloc[0].startswith("40% of the answers of w2")


def test_nothing_changed_nothing_told(load):
    """The same questionnaire drawn twice at random: in 20 pairs of waves nothing is told (level 0.01 after Holm)."""
    random, told = np.random.default_rng(5), 0
    questions = """
      score: {role: metric, metric: nps, scale: [0, 10]}
      shop: {role: segment, labels: {a: A, b: B, c: C}}
    """
    for _ in range(20):
        waves = [
            {"score": random.integers(0, 11, 80).tolist(), "shop": random.choice(list("abc"), 80, p=[0.9, 0.09, 0.01])}
            for _ in range(2)
        ]
        told += len(wave_breaks.breaks(study_of(load, questions, *waves)))
    assert told == 0


def test_small_waves_and_single_waves(load):
    few = {"score": [0, 1, 2]}
    study = study_of(load, "  score: {role: metric, metric: nps, scale: [0, 10]}\n", few, {"score": [8, 9, 10]})
    assert wave_breaks.breaks(study).empty
    alone = load(
        "respondent: id\nquestions:\n  score: {role: metric, metric: nps, scale: [0, 10]}\n", "id,score\n1,9\n"
    )
    assert list(wave_breaks.breaks(alone)) == wave_breaks.COLUMNS
    assert wave_breaks.breaks(alone).empty


def qualtrics(wording: str, shift: int = 0) -> str:
    """A Qualtrics export with one question of that wording (three header rows)."""
    head = 'ResponseId,Q1\nResponse ID,"{0}"\n"{{""ImportId"":""_recordId""}}","{{""ImportId"":""QID1""}}"\n'
    return head.format(wording) + "".join(f"R_{shift + i},{i % 11}\n" for i in range(44))


@pytest.mark.parametrize(
    ("second", "severity"),
    [
        ("How likely are you to recommend us to friends?", None),
        ("how likely are you to  recommend us to friends", None),
        ("How likely are you to recommend us to a friend?", "look"),
        ("Would you choose us again after what you saw today?", "stop"),
    ],
)
def test_wordings_of_the_files_are_compared(load, second, severity):
    table = """
    file: [{file: a.csv, wave: w1}, {file: b.csv, wave: w2}]
    respondent: ResponseId
    questions:
      score: {role: metric, metric: nps, scale: [0, 10], column: Q1}
    """
    files = {"a.csv": qualtrics("How likely are you to recommend us to friends?"), "b.csv": qualtrics(second, 100)}
    found = wave_breaks.breaks(load(table, files, top=TOP))
    assert [(kind, grade) for _, kind, grade in kinds(found)] == ([("wording", severity)] if severity else [])
    if severity:
        assert second in found["detail"].iloc[0]


def test_the_demo_has_no_breaks():
    """README of the demo: the same questionnaire in all waves."""
    assert wave_breaks.breaks(Study.load(ROOT / "data/demo")).empty


@pytest.mark.skipif(not SFO.is_dir(), reason="the airport survey is not beside the project")
def test_airlines_that_changed_their_names():
    """Counted in the files: VIRGIN AMERICA 177 times in 2017 alone, AIR FRANCE/KLM 140 times in 2018 alone."""
    found = wave_breaks.breaks(Study.load(ROOT / "data/sfo", data=SFO))
    airline = found[(found["name"] == "airline") & (found["kind"] == "option")].iloc[0]
    assert "VIRGIN AMERICA (177 times in 2017, never in 2018)" in airline["detail"]
    assert "AIR FRANCE/KLM (140 times in 2018, never in 2017)" in airline["detail"]
    assert not (found["severity"] == "stop").any()
