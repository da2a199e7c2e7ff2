"""The newcomer's path: a SurveyMonkey export becomes a study with chapters to report, by Enter alone."""

from pathlib import Path

import pytest

from cxlib import Study, new_asking, new_study
from cxlib.errors import CxError
from cxlib.new_steps import chapters

SHARED = Path(__file__).resolve().parent.parent.parent / "shared/data/surveymonkey"
# What each public poll can be reported with: none asks of recommending, satisfaction or ease, so the first of the
# proposals is taken; StarWars has a battery of ratings in words, whose other items are its drivers.
BASIC = ["data_quality", "survey_analysis", "summary"]
EXPORTS = {
    "StarWars.csv": ["data_quality", "survey_analysis", "metric_regressions", "summary"],
    "flying-etiquette.csv": ["data_quality", "survey_analysis", "persona_profiling", "summary"],
    "food-world-cup-data.csv": BASIC,
    "masculinity_raw-responses.csv": BASIC,
    "thanksgiving-2015-poll-data.csv": BASIC,
}


def real(name: str) -> Path:
    if not (SHARED / name).is_file():
        pytest.skip(f"the real poll {name} is not beside this project")
    return SHARED / name


@pytest.mark.parametrize("name", EXPORTS)
def test_enter_alone_leads_to_a_report(tmp_path, name):
    questions = []

    def enter(question):
        questions.append(question)
        return ""

    lines = new_study.create(
        tmp_path / "study", [real(name)], decide=lambda draft: new_asking.decided(draft, enter, pytest.fail)
    )
    assert len(questions) <= 4
    study = Study.load(tmp_path / "study")
    assert study.check() == []
    assert chapters(tmp_path / "study")[0] == EXPORTS[name]
    assert lines[-1] == f"  cx report {tmp_path / 'study'}"
    # No two questions are called the same, which no table could tell apart.
    labels = [study.label(question) for question in study.book.tables["survey"].questions]
    told = {label for label in labels if labels.count(label) > 1}
    assert not told - {"Other (please specify)"}


def test_a_finished_table_is_refused_with_what_to_export_instead(tmp_path):
    with pytest.raises(CxError, match="export the answers with a row a respondent"):
        new_study.create(tmp_path / "study", [real("NFL_fandom_data-surveymonkey.csv")])


def test_without_a_person_to_ask_no_metric_is_invented_and_it_says_what_can_be_done(tmp_path):
    lines = new_study.create(tmp_path / "study", [real("thanksgiving-2015-poll-data.csv")])
    assert "metric: none was found" in lines
    assert any(line.startswith("run at a terminal, into another folder, `cx new` asks which") for line in lines)
    assert Study.load(tmp_path / "study").check() == []
