"""Each rule of the verdicts broken on purpose, by hand; and the demo, where none but the mode is."""

from pathlib import Path

import pytest

from cxlib import CxError, Study, verdicts
from cxlib.verdicts import CAUTION, DO_NOT, FIT

ROOT = Path(__file__).resolve().parents[1]
TOP = "study: tiny\ntitle: Tiny\nsample: quota\nminimum_base: 30\n"
TABLE = "respondent: id\nquestions:\n  score: {role: metric, metric: nps, scale: [0, 10]}\n"


def judged(load, rows: list[str], *, head="id,score", table=TABLE, top=TOP, wave=None):
    """The verdict on one metric of a survey with these rows (an id is put before each)."""
    text = head + "\n" + "\n".join(f"{i},{row}" for i, row in enumerate(rows)) + "\n"
    return verdicts.verdicts(load(table, text, top=top), wave).iloc[0]


@pytest.mark.parametrize(
    ("answers", "blanks", "verdict", "broken"),
    [
        (20, 0, DO_NOT, ("base",)),
        (60, 0, CAUTION, ("small base",)),
        (200, 10, FIT, ()),
        (200, 80, CAUTION, ("some missing answers",)),  # 28.6%
        (200, 160, DO_NOT, ("missing answers",)),  # 44.4%
        (200, 50, FIT, ()),  # 20% exactly
    ],
)
def test_bases_and_missing_answers(load, answers, blanks, verdict, broken):
    row = judged(load, [str(i % 11) for i in range(answers)] + [""] * blanks)
    assert (row["verdict"], row["broken"]) == (verdict, broken)
    assert row["missing"] == pytest.approx(100 * blanks / (answers + blanks))
    assert len(row["reasons"]) == max(len(broken), 1)


def test_a_reason_holds_its_number(load):
    row = judged(load, [str(i % 11) for i in range(20)])
    assert row["reasons"] == ("It rests on 20 answers; the study's minimum is 30.",)
    row = judged(load, [str(i % 11) for i in range(200)] + [""] * 160)
    assert row["reasons"] == ("44.4% of those who were asked gave no answer, more than 40%.",)


def test_a_metric_that_nobody_answered(load):
    row = judged(load, ["11"] * 40, table=TABLE.replace("[0, 10]", "[0, 10], missing: [11]"))
    assert (row["n"], row["missing"], row["verdict"]) == (0, 100, DO_NOT)
    assert row["reasons"][0] == "It rests on 0 answers; the study's minimum is 30."


def test_a_wave_without_weight_is_refused(load):
    """120 answers, all of weight 0 in the wave, are worth nothing: nothing can be said of the wave."""
    rows = [f"w1,{i % 11},1" for i in range(120)] + [f"w2,{i % 11},0" for i in range(120)]
    with pytest.raises(CxError, match="column w: weights must not be 0 everywhere in a wave"):
        judged(load, rows, head="id,wave,score,w", table="weight: w\nwave: wave\n" + TABLE)


def test_unequal_weights(load):
    """190 weights of 1 and 10 of 60: Kish 790^2 / 36,190 = 17.2, 8.6% of 200; the effective base fails with it."""
    rows = [f"{i % 11},{60 if i < 10 else 1}" for i in range(200)]
    row = judged(load, rows, head="id,score,w", table="weight: w\n" + TABLE)
    assert row["efficiency"] == pytest.approx(100 * 790**2 / 36_190 / 200)
    assert row["verdict"] == DO_NOT
    assert row["broken"] == ("effective base", "weights")
    assert "leave 9% of the answers' worth" in row["reasons"][1]


def test_weights_that_miss_the_population(load):
    """Half and half from 190 women and 10 men needs a ratio of 10 for men; bounds allow 2."""
    table = TABLE + "  sex: {role: segment, labels: {f: F, m: M}}\n"
    top = TOP + "margins:\n  - {of: sex, population: {f: 0.5, m: 0.5}}\nweighting: {bounds: [0.5, 2]}\n"
    row = judged(
        load, [f"{i % 11},{'m' if i < 10 else 'f'}" for i in range(200)], head="id,score,sex", table=table, top=top
    )
    assert row["verdict"] == DO_NOT
    assert "raking" in row["broken"]
    assert any("sex misses most" in reason for reason in row["reasons"])


def test_exclusions_that_carry_the_result(load):
    """60 hurried promoters beside 140 who took their time and score 0 and 10 by turns: NPS 30 with them, 0 without."""
    table = "respondent: id\nseconds: seconds\nquestions:\n  score: {role: metric, metric: nps, scale: [0, 10]}\n"
    rows = ["10,10"] * 60 + [f"300,{10 * (i % 2)}" for i in range(140)]
    row = judged(load, rows, head="id,seconds,score", table=table, top=TOP + "quality: {exclude: [speeder]}\n")
    assert row["estimate"] == pytest.approx(0)
    assert row["shift"] == pytest.approx(-30)
    assert (row["verdict"], row["broken"]) == (CAUTION, ("exclusions",))
    assert row["reasons"][0].startswith("Leaving 60 respondents out moves it by −30.00 points, more than")
    kept = judged(load, rows, head="id,seconds,score", table=table)
    assert kept["broken"] == ("marked respondents",)
    assert kept["flagged"] == pytest.approx(30)


def test_a_break_and_a_change_of_mode_are_of_the_change_alone(load):
    table = """
    respondent: id
    wave: wave
    mode: mode
    questions:
      score: {role: metric, metric: nps, scale: [0, 10], breaks: {w2: Asked first now}}
    """
    rows = [f"w1,phone,{i % 11}" for i in range(110)] + [f"w2,web,{i % 11}" for i in range(110)]
    found = judged(load, rows, head="id,wave,mode,score", table=table)
    assert (found["wave"], found["verdict"], found["broken"]) == ("w2", CAUTION, ("break", "mode"))
    assert found["reasons"] == (
        "Do not compare it with w1: Asked first now.",
        "Its change since w1 is also one of the mode of interview (phone, then web).",
    )
    first = judged(load, rows, head="id,wave,mode,score", table=table, wave="w1")
    assert (first["wave"], first["verdict"]) == ("w1", FIT)


def test_the_demo_by_its_readme():
    """The wave 2025-H2 was interviewed online, the one before it in the shop; the last two in the shop."""
    study = Study.load(ROOT / "data/demo")
    found = {wave: verdicts.verdicts(study, wave)["broken"].tolist() for wave in ("2025-H2", "2026-H2")}
    assert found == {"2025-H2": [("mode",)] * 3, "2026-H2": [()] * 3}


def test_rules_are_published_with_their_sources():
    table = verdicts.rules()
    assert list(table) == ["rule", "broken", "verdict", "source"]
    assert table["source"].str.len().min() > 5
    assert set(table["verdict"]) == {CAUTION, DO_NOT}
    assert table["rule"].is_unique


def test_margins_that_another_wave_misses_are_no_fault_of_this_one(load):
    """Wave 1 has 9 women of 10 and a population of 5: bounds of 2 keep the one man from half; wave 2 fits as it is."""
    sexes = {1: "ffffffffm" + "f", 2: "ffffffmmmm"}
    rows = "".join(f"{w},{s},{9 if i % 2 else 3}\n" for w, all_of in sexes.items() for i, s in enumerate(all_of * 4))
    table = """
    wave: wave
    questions:
      recommend: {role: metric, metric: nps}
      sex: {role: segment}
    """
    margins = "margins: [{of: sex, population: {f: 0.6, m: 0.4}}]\nweighting: {bounds: [0.5, 2]}\n"
    study = load(table, "wave,sex,recommend\n" + rows, top=f"study: x\ntitle: X\nsample: quota\n{margins}")
    assert not study.raked.converged
    broken = {wave: verdicts.verdicts(study, wave)["broken"].iloc[0] for wave in ("1", "2")}
    assert "raking" in broken["1"]
    assert "raking" not in broken["2"]
