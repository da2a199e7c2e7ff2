"""The tab book: its bases against counts by hand on the raw files."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from cxlib import CxError, Study, charts, tabs
from cxlib.sentences import tabs as say

ROOT = Path(__file__).resolve().parents[1]
SFO = ROOT / "../shared/data/sfo"
WAVE = "2026-H2"


@pytest.fixture(scope="module")
def study() -> Study:
    return Study.load(ROOT / "data/demo")


@pytest.fixture(scope="module")
def raw() -> pd.DataFrame:
    frame = pd.read_csv(ROOT / "data/demo/survey.csv", dtype=str, keep_default_na=False)
    frame = frame[~frame["respondent_id"].duplicated()]
    return frame[frame["wave"] == WAVE]


def test_bases_of_one_wave_are_those_of_the_file(study, raw):
    made = tabs.tab_book(study, WAVE, ["payment", "touchpoints", "outcome"], ["city"])
    asked = {"payment": raw["wave"] == WAVE, "touchpoints": raw["wave"] == WAVE, "outcome": raw["complained"] == "1"}
    found = {(r.question.partition(" (asked")[0], r.group): r for r in made.bases.itertuples()}
    assert len(found) == 9
    for name, route in asked.items():
        for group, code in (("Total", None), ("Ho Chi Minh City", "hcm"), ("Hanoi", "hanoi")):
            rows = raw[route & ((raw["city"] == code) | (code is None))]
            answers = rows[rows[name] != ""]
            base = found[study.label(name), group]
            assert (base.asked, base.n) == (len(rows), len(answers)), (name, group)
            assert base.n_weighted == pytest.approx(answers["weight"].astype(float).sum())


def test_relations_are_corrected_and_ordered(study):
    found = tabs.relations(study, WAVE, ["payment", "outcome", "city"], ["city", "age_band"])
    assert len(found) == 5
    assert found["p"].is_monotonic_increasing
    assert (found.loc[0, "question"], found.loc[0, "banner"]) == ("Usual payment", "Age band")
    assert found.loc[0, "p_adjusted"] == pytest.approx(5 * found.loc[0, "p"])


def test_reliability_and_ratings_of_every_factor(study, raw):
    found = tabs.reliability(study, WAVE)
    assert found["measure"].value_counts().to_dict() == {"Alpha": 5, "Omega": 4}  # support has two items
    shares = tabs.ratings(study, WAVE)
    assert shares["name"].nunique() == 14
    quality = shares[shares["name"] == "product_quality"]
    assert quality["estimate"].sum() == pytest.approx(100)
    assert quality["n"].unique().tolist() == [(raw["product_quality"] != "").sum()]
    assert set(shares["answer"]) == {1, 2, 3, 4, 5}


def test_questions_are_chosen_by_name(study):
    assert tabs.chosen_banner(study) == ["city", "age_band", "sex", "channel"]
    assert tabs.chosen_banner(study, " wave, sex ") == ["wave", "sex"]
    assert tabs.chosen_rows(study, "payment") == ["payment"]
    with pytest.raises(CxError, match=r"there is no banner question paymnt; .*did you mean payment"):
        tabs.chosen_banner(study, "city, paymnt")
    with pytest.raises(CxError, match=r"there is no question paymnt; .*did you mean payment"):
        tabs.chosen_rows(study, "paymnt")


def test_every_base_of_the_sfo_tab_book():
    if not SFO.exists():
        pytest.skip("needs ../shared/data/sfo, which is not part of the project")
    rows, columns = ["overall", "airport_use", "precheck_rating"], ["airline_group", "terminal", "age", "residence"]
    study = Study.load(ROOT / "data/sfo", data=SFO)
    bases = tabs.tab_book(study, "2018", rows, columns).bases

    raw = pd.read_csv(SFO / "2018_SFO_Customer_Survey_20250817.csv", dtype=str)
    raw.columns = raw.columns.str.strip()
    questions = yaml.safe_load((ROOT / "data/sfo/study.yml").read_text(encoding="utf-8"))["tables"]["survey"]
    questions = questions["questions"]
    airlines = questions["airline"]["derive"]["airline_group"]
    named = {airline: group for group, several in airlines.items() for airline in several}
    columns = {
        "Airline group": raw["AIRLINE"].map(named),
        "Boarding area": raw["BAREA"],
        "Age": raw["Q20Age"].map({str(k): v for k, v in questions["age"]["labels"].items()}),
        "Lives in": raw["Q17LIVE"].map({str(k): v for k, v in questions["residence"]["labels"].items()}),
    }
    five = list("12345")
    answered = {
        "SFO as a whole": raw["Q7ALL"].isin(five),
        "Did at the airport": raw[["Q4BAGS", "Q4STORE", "Q4FOOD", "Q4WIFI"]].isin(["1", "2"]).any(axis=1),
        "Pre-Check against the regular line": raw["Q12PRECHECKRATE"].isin(five) & (raw["Q11TSAPRE"] == "1"),
    }
    weight, counted = raw["WEIGHT"].astype(float), {}
    for question, given in answered.items():
        groups = {("", "Total"): given}
        groups |= {(name, g): given & (by == g) for name, by in columns.items() for g in by.dropna().unique()}
        for (name, group), rows in groups.items():
            w = weight[rows]
            counted[question, name, group] = (rows.sum(), w.sum(), w.sum() ** 2 / (w**2).sum())
    found = {(r.question.partition(" (asked")[0], r.banner, r.group): r for r in bases.itertuples()}
    assert set(found) == set(counted)
    assert len(found) == 72
    for key, row in found.items():
        assert (row.n, row.n_weighted, row.n_effective) == pytest.approx(counted[key], rel=1e-9), key


def test_a_battery_without_omega_says_why_and_keeps_its_alpha():
    """Two copies of one item: each adds up to the other, so that no single factor fits."""
    study = Study.load("data/demo")
    copied = study.survey["staff_attitude"]
    study._tables["survey"] = study.survey.assign(staff_speed=copied, staff_knowledge=copied)
    rows = tabs.reliability(study, "2026-H2").query("factor == 'Staff'").set_index("measure")
    assert rows.loc["Alpha", "estimate"] == pytest.approx(1.0)
    assert pd.isna(rows.loc["Omega", "estimate"])
    assert rows.loc["Omega", "method"].startswith("omega needs more respondents than items, and no item that others")


def test_a_study_without_ratings_has_no_batteries_and_no_chart(load):
    """The chapter goes on: no rows, no coefficient, no picture, no sentence."""
    study = load("questions:\n  recommend: {role: metric, metric: nps}\n", "recommend\n9\n3\n10\n")
    found = tabs.ratings(study, None)
    assert found.empty
    assert tabs.reliability(study, None).empty
    assert charts.likert(found, item="item", answer="answer", title="Ratings") is None
    assert "Stacked bars" in say.alt_ratings(found)
    assert say.reliable(tabs.reliability(study, None), 0.95) == {}


def test_a_study_without_segments_has_no_tab_book_and_says_so(load):
    study = load("questions:\n  recommend: {role: metric, metric: nps}\n", "recommend\n" + "9\n3\n10\n" * 20)
    assert tabs.chosen_banner(study) == []
    assert tabs.tab_book(study, None, ["recommend"], []) is None
    assert list(say.apart(None)) == ["no_banner"]


def test_numbers_among_the_drivers_are_no_ratings(load):
    """An income of any size would make a chart of thousands of answers."""
    table = "questions:\n  care: {role: driver, scale: [1, 5]}\n  income: {role: driver}\n  share: {role: driver}\n"
    rows = "\n".join(f"{i % 5 + 1},{1000 * i},{i % 4 / 10}" for i in range(40))
    study = load(table, "care,income,share\n" + rows + "\n")
    assert tabs.factors(study) == {"all": ["care"]}
    assert set(tabs.ratings(study, None)["name"]) == {"care"}
