"""Who answered against the population, and estimates under two sets of weights, against hand counts and a jackknife."""

import numpy as np
import pandas as pd
import pytest

from cxlib import CxError, exclusion_effect, representation
from cxlib.reweighted import difference
from cxlib.scores import by_group

TOP = "study: tiny\ntitle: Tiny\nsample: quota\nminimum_base: 2\n"
TABLE = """
respondent: id
seconds: seconds
questions:
  recommend: {role: metric, metric: nps, scale: [0, 10]}
  sex: {role: segment, label: Sex, labels: {f: Female, m: Male}}
  city: {role: segment, labels: {1: North, 2: South}}
"""
MARGINS = "margins:\n  - {of: sex, population: {f: 0.5, m: 0.5}}\n"
# 30 women, of whom every third is a detractor, and 10 men who promote; one man in ten hurries.
DATA = "id,seconds,recommend,sex,city\n" + "".join(
    f"{i},{10 if i == 35 else 300},{0 if i % 3 == 0 and i < 30 else 10},{'f' if i < 30 else 'm'},{1 + i % 2}\n"
    for i in range(40)
)


def test_sample_against_population_by_hand(load):
    found = representation.who(load(TABLE, DATA, top=TOP + MARGINS), None)
    assert found["level"].tolist() == ["Female", "Male"]
    assert found["count"].tolist() == [30, 10]
    assert found["estimate"].tolist() == [75, 25]
    assert found["gap_sample"].tolist() == [25, -25]
    assert found["population"].tolist() == [50, 50]
    assert found["weighted"].isna().all()
    # Wilson's limits of 30 of 40: 59.8 to 85.8, so that 50 lies outside.
    assert found["low"].iloc[0] == pytest.approx(59.8, abs=0.05)
    assert found["high"].iloc[0] == pytest.approx(85.8, abs=0.05)
    assert found["outside"].all()


def test_raked_shares_meet_the_population(load):
    study = load(TABLE, DATA, top=TOP + MARGINS + "weighting: {}\n")
    found = representation.who(study, None).set_index("level")
    assert found["weighted"].to_dict() == pytest.approx({"Female": 50, "Male": 50})
    assert found["start"].to_dict() == pytest.approx({"Female": 75, "Male": 25})
    assert found["gap"].tolist() == pytest.approx([0, 0], abs=1e-6)
    assert found["count"].to_dict() == {"Female": 30, "Male": 10}
    assert found["label"].unique().tolist() == ["Sex"]


def test_without_margins_the_segments_tell_the_make_up(load):
    found = representation.who(load(TABLE, DATA, top=TOP), None)
    assert found["margin"].unique().tolist() == ["sex", "city"]
    assert found["estimate"].tolist() == [75, 25, 50, 50]
    assert found["population"].isna().all()


def test_margins_of_waves_and_of_a_crossing_come_from_a_file(load):
    """In w2 there are three of a, x and one of b, y; the file knows b, x, too, of whom there is nobody."""
    table = """
    respondent: id
    wave: wave
    questions:
      n: {role: metric, metric: nps, scale: [0, 10]}
      g: {role: segment, labels: {a: A, b: B}}
      h: {role: segment, labels: {x: X, y: Y}}
    """
    rows = ["w1,9,a,x", "w1,9,b,x", "w2,9,a,x", "w2,8,a,x", "w2,7,a,x", "w2,6,b,y"]
    survey = "id,wave,n,g,h\n" + "\n".join(f"{i},{row}" for i, row in enumerate(rows)) + "\n"
    people = "wave,g,h,population\nw1,a,x,50\nw1,b,x,50\nw2,a,x,20\nw2,b,x,30\nw2,b,y,50\n"
    top = TOP + "margins:\n  - {of: [g, h], file: people.csv}\n"
    found = representation.who(load(table, {"s.csv": survey, "people.csv": people}, top=top), "w2")
    assert found[["level", "count", "estimate", "population"]].to_numpy().tolist() == [
        ["A · X", 3, 75, 20], ["B · X", 0, 0, 30], ["B · Y", 1, 25, 50],
    ]  # fmt: skip


def test_effect_of_raking_by_hand(load):
    """Women score (20 - 10) / 30, men 1: 100 x 20 / 40 unweighted, 100 (1/3 + 1) / 2 under half and half."""
    study = load(TABLE, DATA, top=TOP + MARGINS + "weighting: {}\n")
    found = representation.effect(study).set_index("weighting")
    assert list(found.index) == ["unweighted", "weights"]
    assert found["estimate"].tolist() == pytest.approx([50, 200 / 3])
    assert found.loc["weights", "change"] == pytest.approx(50 / 3)
    assert np.isnan(found.loc["unweighted", "change"])


def test_starting_weights_stand_between_when_there_are_any(load):
    """Men start with double weight: (30 x 100/3 + 20 x 100) / 50 = 60."""
    data = DATA.replace("seconds", "seconds,w", 1).replace(",300,", ",300,1,").replace(",10,10,", ",10,1,10,")
    lines = data.splitlines()
    lines = [line if i < 31 else line.replace(",1,10,m", ",2,10,m") for i, line in enumerate(lines)]
    table = TABLE.replace("seconds: seconds", "weight: w\nseconds: seconds")
    study = load(table, "\n".join(lines) + "\n", top=TOP + MARGINS + "weighting: {}\n")
    found = representation.effect(study)
    assert found["weighting"].tolist() == ["unweighted", "starting weights", "weights"]
    assert found["estimate"].tolist() == pytest.approx([50, 60, 200 / 3])


def test_the_latest_wave_comes_first(load):
    table = "respondent: id\nwave: wave\nquestions:\n  score: {role: metric, metric: nps, scale: [0, 10]}\n"
    data = "id,wave,score\n1,w1,9\n2,w1,0\n3,w2,9\n4,w2,8\n"
    found = representation.effect(load(table, data, top=TOP))
    assert found["wave"].tolist() == ["w2", "w1"]


def sample(seed: int = 3) -> pd.DataFrame:
    """240 answers in 40 clusters of two strata, a weight that goes with the answer."""
    random = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(40), 6)
    level = random.normal(0, 0.7, 40)[cluster]
    y = np.clip(np.round(7 + 2 * (level + random.normal(0, 1, 240))), 0, 10)
    return pd.DataFrame({"y": y, "w": 0.5 + random.random(240) + y / 10, "c": cluster, "h": cluster // 20})


def jackknife(frame: pd.DataFrame, of) -> float:
    """The standard error of a statistic by leaving out one cluster at a time within strata."""
    total = 0.0
    for _, stratum in frame.groupby("h"):
        clusters = stratum["c"].unique()
        left = np.array([of(frame[frame["c"] != c]) for c in clusters])
        # Within a stratum the other clusters would be weighted up; for a difference of ratios that is second order.
        total += (len(clusters) - 1) / len(clusters) * ((left - left.mean()) ** 2).sum()
    return float(np.sqrt(total))


@pytest.mark.parametrize("out", ["weights", "rows"])
def test_error_of_the_difference_is_the_jackknifes(out):
    """Delete-one-cluster jackknife (Wolter, Introduction to Variance Estimation, 4.5) of the difference of means."""
    frame = sample()
    second = np.ones(len(frame)) if out == "weights" else frame["w"] * (frame["y"] > 2)
    frame = frame.assign(v=second)
    found = difference(frame, "mean", question="y", weights=frame["w"], other=frame["v"], strata="h", clusters="c")
    of = lambda f: np.average(f["y"], weights=f["w"]) - np.average(f["y"], weights=f["v"])  # noqa: E731
    assert found["estimate"] == pytest.approx(of(frame))
    assert found["se"] == pytest.approx(jackknife(frame, of), rel=0.06)
    assert found["df"] == 38


def test_against_nobody_else_the_difference_is_the_estimate():
    """Where everybody scores 0 on one side, the error is that of the other side alone, as by_group() has it."""
    frame = pd.DataFrame({"y": [0.0] * 30 + list(sample()["y"][:60]), "h": 1})
    first, second = np.r_[np.zeros(30), np.ones(60)], np.r_[np.ones(30), np.zeros(60)]
    found = difference(frame, "mean", question="y", weights=first, other=second)
    alone = by_group(frame.assign(v=np.where(first > 0, frame["y"], np.nan)), "mean", [], question="v").iloc[0]
    assert found["estimate"] == pytest.approx(alone["estimate"])
    assert found["se"] == pytest.approx(alone["se"])


def test_same_weights_no_difference():
    frame = sample()
    found = difference(frame, "mean", question="y", weights=frame["w"], other=3 * frame["w"])
    assert found["estimate"] == pytest.approx(0, abs=1e-12)
    assert found["se"] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("weights", "message"),
    [([1.0], "as many as respondents; found 1 for 240"), ([-1.0] * 240, "240 are not, e.g. -1.0")],
)
def test_weights_that_are_none(weights, message):
    with pytest.raises(CxError, match=message):
        difference(sample(), "mean", question="y", weights=weights, other=np.ones(240))


def test_exclusions_by_hand(load):
    """One man of ten hurries. Without him (20 - 10 + 9) / 39; raked, women and men count half either way: no change."""
    study = load(TABLE, DATA, top=TOP + "quality: {exclude: [speeder]}\n")
    found = exclusion_effect.effect(study).set_index("check")
    row = found.loc[exclusion_effect.ALL]
    assert (row["left_out"], row["n"], row["all_n"]) == (1, 39, 40)
    assert (row["all"], row["estimate"]) == (pytest.approx(50), pytest.approx(100 * 19 / 39))
    assert row["change"] == pytest.approx(100 * 19 / 39 - 50)
    assert found.loc["speeder", "applied"]
    assert not found.loc["partial", "applied"]
    assert found.loc["partial", ["left_out", "change"]].tolist() == [0, 0]
    raked = load(TABLE, DATA, top=TOP + MARGINS + "weighting: {}\nquality: {exclude: [speeder]}\n")
    row = exclusion_effect.effect(raked, by_check=False).iloc[0]
    assert (row["all"], row["estimate"]) == (pytest.approx(200 / 3), pytest.approx(200 / 3))
    assert row["change"] == pytest.approx(0, abs=1e-9)


def test_checks_are_shown_though_the_study_leaves_nobody_out(load):
    found = exclusion_effect.effect(load(TABLE, DATA, top=TOP))
    assert exclusion_effect.ALL not in set(found["check"])
    assert not found["applied"].any()
    assert found.set_index("check").loc["speeder", "left_out"] == 1


def test_a_check_that_would_empty_a_margin_has_no_rows(load):
    """All men are marked, and the population has women and men: nothing can be said without them."""
    rows = "".join(f"{i % 11},{'fm'[i > 50]}\n" for i in range(80))
    table = """
    questions:
      recommend: {role: metric, metric: nps}
      sex: {role: segment, labels: {f: Female, m: Male}}
    """
    rule = "{name: men, given: {sex: [m]}, never: {recommend: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}}"
    margins = "margins: [{of: sex, population: {f: 0.5, m: 0.5}}]\nweighting: {}\n"
    top = margins + f"quality: {{impossible: [{rule}]}}\n"
    study = load(table, "recommend,sex\n" + rows, top=TOP + top)
    assert study.flags["impossible"].sum() == 29
    assert set(exclusion_effect.effect(study)["check"]) == {"partial"}
