"""Did it work, as study.yml declares it: before and after on the demo and on small studies.

Oracles: R's survey package (reference/demo_before_after.csv), differences of means by hand, and the demo's truth.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from regression_study import IMPROVEMENT, made, survey

from cxlib import CxError, Study, improvement
from cxlib.regressions import regression

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def demo():
    return regression(Study.load(ROOT / "data/demo"))


@pytest.fixture(scope="module")
def printed() -> pd.DataFrame:
    return pd.read_csv(ROOT / "tests/reference/demo_before_after.csv").query("design == 'groups'")


@pytest.fixture(scope="module")
def changed(demo) -> pd.DataFrame:
    return improvement.effects(demo).set_index("question")


# -- the demo --------------------------------------------------------------------------------------------------------


def test_the_effects_are_r_s(changed, printed):
    """svyglm(y ~ treated * later), cities crossed with the groups as strata, shops as clusters."""
    theirs = printed.query("kind == 'effect' and before == '2026-H1' and after == '2026-H2'").set_index("question")
    assert changed.loc["recommend", "estimate"] == pytest.approx(theirs.loc["recommend", "estimate"], rel=1e-9)
    assert changed.loc["recommend", "se"] == pytest.approx(theirs.loc["recommend", "se"], rel=1e-6)
    assert changed.loc["recommend", "n"] == theirs.loc["recommend", "n"]
    assert changed[["name", "label", "unit"]].to_numpy().tolist() == [
        ["nps", "NPS", "points"], ["csat", "CSAT", "percent"], ["ces", "CES", "score"]
    ]  # fmt: skip


def test_the_intervals_hold_the_truth(changed):
    """truth.yml: the training of 20 shops moved the NPS by 13.4 points, the CSAT by 5.8, the CES by 0.31."""
    truth = yaml.safe_load((ROOT / "data/demo/truth.yml").read_text(encoding="utf-8"))["improvement"]["points"]
    for row in changed.itertuples():
        assert row.low < truth[row.name] < row.high
    assert changed.loc["recommend", "verdict"] == "clear"


def test_the_placebos_are_r_s(demo, printed):
    found = improvement.placebos(demo)
    assert found["check"].tolist() == ["effect", "placebo", "placebo", "slope"]
    theirs = printed.query("kind == 'effect' and question == 'recommend'").set_index("before")["estimate"]
    mine = found[found["check"] != "slope"].set_index("before")["estimate"]
    assert mine.to_dict() == pytest.approx(theirs.loc[mine.index].to_dict())
    assert (found["label"] + found["unit"] == "NPSpoints").all()


def test_the_lines_are_r_s(demo, printed):
    found = improvement.lines(demo)
    theirs = printed.query("kind == 'line' and question == 'recommend'")
    for kind, code in (("treated", 1), ("comparison", 0)):
        mine = found[found["kind"] == kind].set_index("wave")["estimate"]
        there = theirs[theirs["group"].astype(float) == code].set_index("after")["estimate"]
        assert mine.to_dict() == pytest.approx(there.loc[mine.index].to_dict())
    assert found.loc[found["kind"] == "treated", "group"].unique().tolist() == ["Re-trained"]


def test_answers_needed_follow_from_the_last_change(demo):
    """Answers fall with the square of the change to be seen, and with points of the metric's own unit."""
    found = improvement.needed(demo).set_index("sees")
    assert found.index.tolist() == [1, 2, 3, 5, 10]
    each = found["answers_each"]
    assert each.loc[1] / each.loc[10] == pytest.approx(100, rel=1e-3)
    assert (found["answers"] >= each).sum() == 4  # one new wave alone cannot mend an old one
    assert (found["base"] == 1963).all()  # answers to the NPS in 2026-H2
    ease = improvement.needed(regression(demo.study, outcome="ease"))
    assert ease["sees"].tolist() == [0.1, 0.2, 0.3, 0.5]
    assert ease["unit"].unique().tolist() == ["score"]


# -- small studies ---------------------------------------------------------------------------------------------------


def points(table) -> pd.Series:
    return pd.Series(np.select([table["recommend"] >= 9, table["recommend"] <= 6], [100.0, -100.0], 0.0), table.index)


def test_a_small_study_by_hand(load):
    """The change of the changed group's mean less that of the others."""
    case = regression(made(load))
    table = survey().assign(score=points)
    means = table.groupby(["changed", "wave"])["score"].mean()
    by_hand = (means[1, "w4"] - means[1, "w3"]) - (means[0, "w4"] - means[0, "w3"])
    row = improvement.effects(case).iloc[0]
    assert row["estimate"] == pytest.approx(by_hand)
    assert (row["n"], row["label"], row["unit"]) == (200, "NPS", "points")
    early = improvement.placebos(case)
    assert early["check"].tolist() == ["effect", "placebo", "placebo", "slope"]
    line = improvement.lines(case).set_index(["kind", "wave"])["estimate"]
    assert line["counterfactual", "w4"] == pytest.approx(means[1, "w3"] + means[0, "w4"] - means[0, "w3"])


def test_nothing_declared_has_no_rows(load):
    for changes in ({"improvement": None}, {"improvement": {"after": "w3"}}):
        case = regression(made(load, **changes))
        for made_of in (improvement.effects, improvement.placebos, improvement.lines, improvement.interrupted):
            assert made_of(case).empty
    event = regression(made(load), outcome="loyal")
    assert improvement.effects(event)["question"].tolist() == ["recommend"]  # of every metric, whatever is explained
    for made_of in (improvement.placebos, improvement.lines, improvement.interrupted, improvement.needed):
        assert made_of(event).empty


def test_no_earlier_wave_no_placebo(load):
    case = regression(made(load, improvement=IMPROVEMENT | {"before": "w1", "after": "w2"}))
    assert len(improvement.effects(case)) == 1
    assert improvement.placebos(case).empty


def test_a_metric_that_was_not_asked_in_both_waves_is_passed_by(load):
    asked = survey().assign(good=lambda t: t["care"].where(t["wave"] == "w4"))
    good = {"role": "metric", "metric": "csat", "waves": ["w4"]}
    study = made(load, frames={"survey": asked}, questions={"good": good})
    assert improvement.effects(regression(study))["question"].tolist() == ["recommend"]
    late = regression(study, outcome="good")
    assert improvement.placebos(late).empty
    assert improvement.lines(late).empty
    assert improvement.needed(late).empty
    alone = made(load, frames={"survey": asked.drop(columns="recommend")}, questions={"good": good, "recommend": None})
    assert improvement.effects(regression(alone)).empty


WRONG = {
    "a wave that there is not": (
        {"improvement": IMPROVEMENT | {"after": "w9"}},
        "DIR/study.yml: improvement.after names w9, which is no wave of the survey; its waves are w1, w2, w3, w4; did "
        "you mean w4?",
    ),
    "no waves": (
        {"without": ["survey.wave"]},
        "DIR/study.yml: improvement.before names w3, which is no wave of the survey; it has no waves",
    ),
    "waves turned round": (
        {"improvement": IMPROVEMENT | {"after": "w2"}},
        "DIR/study.yml: improvement.before comes before improvement.after; found w3 and w2",
    ),
    "one wave twice": (
        {"improvement": IMPROVEMENT | {"after": "w3"}},
        "DIR/study.yml: improvement.before comes before improvement.after; found w3 and w3",
    ),
    "nobody changed": (
        {"frames": {"survey": survey().assign(changed=0)}},
        "a comparison takes two groups; column changed has 1 (Others): there is no comparison group",
    ),
    "marked only afterwards": (
        {"frames": {"survey": survey().assign(changed=lambda t: t["changed"] * (t["wave"] == "w4"))}},
        "both groups must have answers in both waves; Changed has none in w3 (its members are to be marked in every "
        "wave, not only after the change)",
    ),
}


@pytest.mark.parametrize(("changes", "message"), WRONG.values(), ids=WRONG)
def test_what_is_declared_and_not_there_is_said(load, changes, message):
    study = made(load, **changes)
    with pytest.raises(CxError) as caught:
        improvement.effects(regression(study))
    assert str(caught.value).replace(str(study.folder), "DIR") == message


def test_a_series_without_a_comparison_names_its_wave(load):
    study = made(load, improvement={"after": "w9"})
    with pytest.raises(CxError, match=r"improvement.after names w9, which is no wave of the survey"):
        improvement.interrupted(regression(study))


def long_series(waves: int) -> pd.DataFrame:
    """40 respondents a wave, whose NPS rises by 10 points a wave and by 50 more from the seventh wave on."""
    rows = []
    for wave in range(waves):
        promoters = round(40 * (0.1 + 0.05 * wave * 12 / waves / 2 + 0.25 * (wave >= 6))) + wave % 3 % 2
        rows += [
            {"wave": f"{2020 + wave}", "recommend": 10 if i < promoters else 7, "care": 1 + i % 5} for i in range(40)
        ]
    return pd.DataFrame(rows).assign(id=lambda t: t.index, speed=3, price=3, loyal=1, city="n", changed=0, told_a=1,
                                     told_b=0, customer="", day="2026-01-01")  # fmt: skip


def test_an_interrupted_series(load):
    """By hand: promoters jump by a quarter of the respondents, 25 points, in the seventh of 14 waves."""
    study = made(load, frames={"survey": long_series(14)}, improvement={"after": "2026"}, without=["customers"])
    case = regression(study)
    found = improvement.interrupted(case).set_index("term")
    assert found.loc["step", "low"] < 25 < found.loc["step", "high"]
    assert found.loc["step", "low"] > 0
    assert (found["n"] == 14).all()
    assert found["unit"].unique().tolist() == ["points"]
    late = made(load, frames={"survey": long_series(14)}, improvement={"after": "2032"}, without=["customers"])
    assert improvement.interrupted(regression(late)).empty  # two waves from the change on
    short = made(load, frames={"survey": long_series(11)}, improvement={"after": "2026"}, without=["customers"])
    assert improvement.interrupted(regression(short)).empty


def test_an_interrupted_series_of_one_of_two_questions_of_a_kind(load):
    again = {"role": "metric", "metric": "nps", "column": "recommend"}
    study = made(load, frames={"survey": long_series(14)}, improvement={"after": "2026"}, without=["customers"],
                 questions={"again": again})  # fmt: skip
    assert len(improvement.interrupted(regression(study, outcome="again"))) == 4
