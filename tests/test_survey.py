"""The survey chapter's tables and sentences, against the demo's known truth and hand-made studies."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from cxlib import CxError, Study, compare, survey
from cxlib.sentences import survey as say
from cxlib.sentences.words import interval_name, wave_name

ROOT = Path(__file__).resolve().parent.parent
TRUTH = yaml.safe_load((ROOT / "data/demo/truth.yml").read_text(encoding="utf-8"))["metrics"]


@pytest.fixture(scope="module")
def demo() -> Study:
    return Study.load(ROOT / "data/demo")


def study_of(folder: Path, frame: pd.DataFrame, extra: str = "", questions: str = "") -> Study:
    """A study in `folder` with one NPS question called recommend."""
    frame.to_csv(folder / "answers.csv", index=False)
    (folder / "study.yml").write_text(
        f"study: tiny\ntitle: Tiny\nsample: opt_in\ntables:\n  survey:\n    file: answers.csv\n{extra}    questions:\n"
        f"      recommend: {{role: metric, metric: nps}}\n{questions}",
        encoding="utf-8",
    )
    return Study.load(folder)


def test_every_metric_and_wave_recovers_the_truth(demo):
    """Oracle: truth.yml. The demo file is one sample; all 12 estimates lie within 3 standard errors of the truth."""
    rows = survey.by_wave(demo)
    assert len(rows) == 12
    z = [(row.estimate - TRUTH[row.name]["wave"][row.wave]) / row.se for row in rows.itertuples(index=False)]
    assert np.abs(z).max() < 3
    assert np.mean(np.square(z)) < 2.5


def test_segments_recover_the_truth_over_all_waves(demo):
    names = {"hcm": "Ho Chi Minh City", "hanoi": "Hanoi"}
    from cxlib.scores import by_group

    found = by_group(demo.survey, "nps", ["city"], question="recommend", **demo.design).set_index("city")
    for code, label in names.items():
        row = found.loc[label]
        assert abs(row["estimate"] - TRUTH["nps"]["city"][code]) < 3 * row["se"]


def test_waves_share_clusters_so_changes_are_surer_than_independent_waves(demo):
    """The demo's shops return: the covariance between waves is positive and narrows the change."""
    rows = survey.by_wave(demo).set_index(["name", "wave"])["se"]
    change = survey.changes(demo).query("name == 'nps' and after == '2026-H1'").iloc[0]
    apart = np.hypot(rows["nps", "2025-H2"], rows["nps", "2026-H1"])
    assert change["se"] < 0.95 * apart


def test_designs_build_up_to_the_study_s_own(demo):
    assert list(survey.designs(demo)) == [
        "Simple random sample", "Weights", "Weights and clusters", "Weights, clusters and strata"
    ]  # fmt: skip
    rows = survey.by_design(demo, "2026-H2")
    own = rows[rows["design"] == survey.design_name(demo)].set_index("name")
    last = survey.last_change(demo, survey.changes(demo), "2026-H2").set_index("name")
    pd.testing.assert_series_equal(own["p"], last["p"], check_names=False)


def test_weights_and_bases_by_wave(demo):
    bases = survey.bases(demo)
    assert bases["rows"].sum() == len(demo.survey)
    assert bases["clusters"].tolist() == [
        63 - 3 + part["cluster"].isna().sum() for _, part in demo.survey.groupby("wave")
    ]
    unweighted = survey.weighting(demo).query("name == 'csat'").set_index("wave")["unweighted"]
    by_hand = demo.survey.groupby("wave", observed=True)["satisfaction"].apply(lambda x: 100 * (x.dropna() >= 4).mean())
    np.testing.assert_allclose(unweighted, by_hand)


def test_shares_of_answers_and_sample_add_up(demo):
    answers = survey.answers(demo, "2026-H2")
    assert answers.groupby("name")["estimate"].sum().to_numpy() == pytest.approx([100, 100, 100])
    sample = survey.sample(demo, "2026-H2", ["city", "sex"])
    assert sample.groupby("segment")["estimate"].sum().to_numpy() == pytest.approx([100, 100])
    city = sample[sample["segment"] == demo.label("city")]
    assert city["count"].sum() == (demo.survey["wave"] == "2026-H2").sum()


def test_a_small_segment_is_withheld_not_reported(tmp_path):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"recommend": rng.integers(0, 11, 300), "shop": ["A"] * 200 + ["B"] * 99 + ["C"]})
    study = study_of(tmp_path, frame, questions="      shop: {role: segment}\n")
    rows = survey.by_segment(study, None, ["shop"]).set_index("group")
    assert rows["n"].to_dict() == {"A": 200, "B": 99, "C": 1}
    assert np.isnan(rows.loc["C", "estimate"])
    _, alts = say.segment_figures(rows.reset_index(), None)
    assert "C not reported" in alts["nps"]


def test_a_study_without_waves_or_segments_still_has_its_headline(tmp_path):
    study = study_of(tmp_path, pd.DataFrame({"recommend": [10] * 50 + [7] * 30 + [0] * 20}))
    wave = survey.chosen_wave(study)
    rows = survey.headline(study, survey.by_wave(study), wave)
    assert wave is None
    assert rows["estimate"].tolist() == [30.0]
    assert survey.changes(study).empty
    assert survey.by_design(study, wave).empty
    assert survey.by_segment(study, wave, survey.chosen_segments(study)).empty
    assert interval_name(study) == "model-based interval"


def test_a_metric_not_asked_in_the_wave_is_reported_from_its_last(tmp_path):
    frame = pd.DataFrame(
        {"wave": ["w1"] * 100 + ["w2"] * 100, "recommend": [9] * 60 + [3] * 40 + [None] * 100, "ok": [5, 1] * 100}
    )
    questions = "      ok: {role: metric, metric: csat}\n"
    study = study_of(tmp_path, frame, extra="    wave: wave\n", questions=questions)
    with pytest.raises(CxError, match=r"a wave must hold answers to its metric.*wave w2 has none"):
        _ = study.survey
    study.file.write_text(
        study.file.read_text(encoding="utf-8").replace("metric: nps", "metric: nps, waves: [w1]"), encoding="utf-8"
    )
    study = Study.load(tmp_path)
    rows = survey.headline(study, survey.by_wave(study), "w2").set_index("name")
    assert rows["note"].to_dict() == {"nps": "last asked in w1", "csat": "w2"}
    assert rows["estimate"].to_dict() == {"nps": 20.0, "csat": 50.0}


def test_waves_and_segments_are_chosen_by_name(demo):
    assert survey.chosen_wave(demo) == "2026-H2"
    assert survey.chosen_segments(demo, "city, sex") == ["city", "sex"]
    with pytest.raises(CxError, match=r"there is no wave 2026-H3; the waves are .*did you mean 2026-H2\?"):
        survey.chosen_wave(demo, "2026-H3")
    with pytest.raises(CxError, match=r"there is no segment citi; .*did you mean city\?"):
        survey.chosen_segments(demo, "citi")


def test_the_sentence_about_a_change_says_verdict_interval_test_and_design(demo):
    rows = pd.DataFrame(
        [{"name": "nps", "label": "NPS", "unit": "points", "before": "2017", "after": "2018", "estimate": -5.2848,
          "low": -10.5628, "high": -0.0068, "t": -1.9681, "df": 422.0, "p": 0.0497, "p_adjusted": 0.0497,
          "tests": 1, "verdict": compare.verdict(0.0497)}]
    )  # fmt: skip
    found = say.changes(demo, rows, confidence=0.95, design="Weights, clusters and strata")
    assert found == {
        "nps_change": "NPS fell by 5.28 points from 2017 to 2018: borderline, too near the line for a plain yes or no "
        "(95% interval \u221210.56 to \u22120.01, p = 0.0497, t \u22121.97 on 422 degrees of freedom; weights, "
        "clusters and strata)."
    }
    several = say.changes(demo, rows.assign(tests=3, p_adjusted=0.1491), confidence=0.95, design="Weights")
    assert "p = 0.149 after Holm's correction for 3 changes, t \u22121.97" in several["nps_change"]


@pytest.mark.parametrize(
    ("p", "word"),
    [(0.0099, "clear"), (0.01, "borderline"), (0.0534, "borderline"), (0.1, "borderline"), (0.11, "none")],
)
def test_verdicts(p, word):
    assert compare.verdict(p) == word


def test_a_change_of_interview_mode_stands_in_the_sentence_about_the_change(demo):
    """The demo's wave 2025-H2 is interviewed online, all others in the shop."""
    rows = survey.changes(demo).query("name == 'nps'")
    told = {
        row["after"]: say.changes(demo, pd.DataFrame([row]), confidence=0.95, design="Weights")["nps_change"]
        for row in rows.to_dict("records")
    }
    assert "The mode of interview changed from in_shop to online" in told["2025-H2"]
    assert "changed from online to in_shop" in told["2026-H1"]
    assert "mode" not in told["2026-H2"]


def test_the_ends_of_the_segments_are_those_of_all_reported_groups():
    rows = pd.DataFrame(
        {"name": "nps", "label": "NPS", "segment": "City", "group": ["A", "B", "C"], "estimate": [30.0, 50.0, 10.0],
         "low": [25.0, 45.0, -9.0], "high": [35.0, 55.0, 29.0], "n": [500, 400, 40], "unit": "points"}
    )  # fmt: skip
    told = say.segments(rows)["nps_segments"]
    assert told.startswith(
        "NPS is lowest in City C at 10.0* (\u22129.0 to 29.0; 40 answers) and highest in City B at 50.0 "
    )
    assert "the ends of 3 groups" in told


def test_answers_on_a_tiny_base_are_withheld_with_their_counts(tmp_path):
    study = study_of(tmp_path, pd.DataFrame({"recommend": [9, 10, 3, 7] * 3}))
    rows = survey.answers(study, None)
    assert rows["n"].unique().tolist() == [12]
    assert rows[["estimate", "low", "high", "count"]].isna().all(axis=None)


def test_what_is_measured_says_what_every_answer_scores(tmp_path, demo):
    rows = survey.definitions(demo).set_index("label")["scored"].to_dict()
    assert rows == {
        "NPS": "mean score; 9-10: 100, 7-8: 0, 0-6: -100",
        "CSAT": "mean score; 4-5: 100, 1-3: 0",
        "CES": "mean of the answers 1-7",
    }
    assert wave_name("2") == "wave 2"
    assert wave_name("2018") == "2018"


def test_one_wave_is_told_instead_of_an_empty_section(tmp_path):
    study = study_of(tmp_path, pd.DataFrame({"recommend": [9, 10, 3, 7] * 30}))
    assert "no_change" in say.changes(study, survey.changes(study), confidence=0.95, design="")
    assert "no_design" in say.designs(survey.by_design(study, None))
