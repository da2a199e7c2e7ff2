"""The data-quality chapter: its own cells on odd studies, and that sentences and tables hold the same numbers.

Oracles are counts by hand of how the study was made (quality_study), and what may never stand in a report. The whole
grid of studies is run in soak/test_data_quality_soak.py.
"""

import json
import re

import pytest
from chapter_cells import published
from quality_study import RAKED, STUDIES, changed, made, survey

from cxlib import CxError
from cxlib import data_quality as quality

NONSENSE = re.compile(
    r"\bnan\b|\binf\b|\bNone\b|\bNaT\b|<NA>|np\.|  |\(–|[-\u2212]0([.,]0+)?(?![.,\d])|\be[+-]?\d|∞|\d{9}|\(\)|,,|\.\.|–"
    r"|(?<!\.)\b1 (groups|respondents|answers|questions|findings|pairs|comparisons|others|weights|waves|times)\b"
)
# One of each sort; two respondents and nobody at all are drawn.
QUICK = ["everything", "the first wave", "nobody asked in the last wave", "one respondent and nothing else",
         "three respondents", "nothing was answered, raked", "raked and trimmed too much",
         "strange labels in Vietnamese"]  # fmt: skip
DRAWN = {"one respondent and nothing else", "nothing was answered, raked", "nobody asked in the last wave"}


def chapter(monkeypatch, load, name: str, *, drawn: bool = False) -> dict[str, dict]:
    """What the chapter publishes on one of STUDIES."""
    study, parameters = STUDIES[name]
    return published(monkeypatch, "00_data_quality.ipynb", made(load, **study).folder, parameters, drawn=drawn)


def check(found: dict[str, dict]) -> None:
    """No sentence is nonsense, whatever the study."""
    json.dumps(found, allow_nan=False)
    for name, data in found.items():
        if data["kind"] == "finding":
            assert not NONSENSE.search(data["text"]), (name, data["text"])
            assert data["text"].endswith("."), (name, data["text"])
        if data["kind"] == "figure":
            assert not NONSENSE.search(data["alt"]), (name, data["alt"])
            assert not data["data"] or f"table {data['data']}" in found, (name, data["data"])
        if data["kind"] == "number":
            assert data["value"] is not None, data
        if data["kind"] == "table":
            cells = [cell for row in data["printed"]["rows"] for cell in row]
            assert not [cell for cell in cells if re.search(r"\bnan\b|\binf\b|\bNone\b|NaT|e[+-]\d\d|∞", cell)], name


def said_of(found: dict[str, dict]) -> dict[str, str]:
    return {data["name"]: data["text"] for data in found.values() if data["kind"] == "finding"}


def rows_of(found: dict[str, dict], table: str) -> list[dict[str, str]]:
    printed = found[f"table {table}"]["printed"]
    return [dict(zip(printed["heads"], row, strict=True)) for row in printed["rows"]]


@pytest.mark.parametrize("name", QUICK)
def test_the_chapter_on_odd_studies(monkeypatch, load, name):
    found = chapter(monkeypatch, load, name, drawn=name in DRAWN)
    check(found)
    TOLD.get(name, lambda found: None)(found)


def _everything(found):
    """Of w2, rows 120 to 239: 120 / 300 answered. Speed: 17 rows divide by 7; recommend: 10 by 12 + 5, 6 by 20 + 9 less
    2 that are both (209 and 149 are 5 by 12, 29 by 60); care: 12 end in 3. Speeders: 122, 152, 182, 212."""
    said, items = said_of(found), {row["Question"]: row for row in rows_of(found, "missing")}
    assert said["missing"] == (
        "Some of those asked in w2 left out 3 of 10 questions, most of all Speed (14.2%), Recommendation (11.7%) and "
        "Care (10.0%)."
    )
    recommend = items["Recommendation"]
    assert [recommend[c] for c in ("Asked", "Answered", "Blank", "Declared no answer")] == ["120", "106", "8", "6"]
    assert [items["Speed"]["Blank"], items["Care"]["Declared no answer"]] == ["17", "12"]
    assert [items[q]["Missing"] for q in ("Speed", "Care")] == ["14.2%", "10.0%"]
    assert said["checks"] == "Checks mark 8 of 240 respondents (3.3%): speeder 8."
    marked = {(row["Check"], row["Wave"]): row["Marked"] for row in rows_of(found, "checks")}
    assert (marked["speeder", "w1"], marked["speeder", "w2"]) == ("4", "4")
    assert "the 4 respondents marked as speeder would move NPS in w2 most: by " in said["exclusion_nps"]
    change = next(r for r in rows_of(found, "exclusions") if (r["Metric"], r["Left out"]) == ("NPS", "speeder"))
    assert f"by {change['Change'].rstrip('*')} points (95% interval {change['95% interval']})" in said["exclusion_nps"]
    effect = next(row for row in rows_of(found, "weights_change") if row["Metric"] == "NPS")
    assert f"by {effect['Change'].rstrip('*')} points (95% interval {effect['95% interval']})" in said["weights_nps"]
    assert said["code_1"].startswith("Recommendation: the code 11 (outside the scale) stands 6 times in w2 ")
    assert said["response_rate"].startswith("Of 300 invited in w2, 40.0% answered (120 complete interviews; ")


def _first(found):
    assert said_of(found)["response_rate"].startswith("Of 400 invited in w1, 30.0% answered (120 complete ")
    assert {row["Wave"] for row in rows_of(found, "response")} == {"w1", "w2"}
    assert not [name for name, text in said_of(found).items() if " w2" in text and name != "no_breaks"]


def _nobody(found):
    said = said_of(found)
    assert said["nothing_asked"] == "Nobody was asked a question in w2."
    assert "table patterns" not in found
    assert said["verdict_nps"].startswith("NPS in w1: ")


def _one(found):
    said = said_of(found)
    assert said["sample"].startswith("The survey holds 1 respondent, ")
    assert said["verdict_nps"] == "NPS: do not report. It rests on 1 answer; the study's minimum is 30."
    assert said["one_wave"] == "The survey has no waves, so nothing can have changed between them."
    assert not [name for name, data in found.items() if data["kind"] == "number"]
    assert "%" not in " ".join(text for name, text in said.items() if name != "minimum_base")


def _trimmed(found):
    said = said_of(found)
    assert said["raked"].startswith("The margins are not met: ")
    assert said["verdict_nps"].startswith("NPS in w2: do not report. ")


def _strange(found):
    said = said_of(found)
    assert 'He said "so" & <b>bold</b>, $x$ and $y_1$' in said["missing"]
    assert '$m$ "nam"' in str(rows_of(found, "who"))


TOLD = {
    "everything": _everything,
    "the first wave": _first,
    "nobody asked in the last wave": _nobody,
    "one respondent and nothing else": _one,
    "raked and trimmed too much": _trimmed,
    "strange labels in Vietnamese": _strange,
}


@pytest.mark.parametrize("name", ["excluded", "weight_start", "weight_ratio", "weight", "stratum"])
def test_a_question_may_not_bear_the_name_of_a_column_of_the_study(load, name):
    """A number called weight would have weighted the survey."""
    with pytest.raises(CxError) as caught:
        made(load, without=["weight"], questions={name: {"role": "number"}}, **changed(**{name: 60}))
    told = f"survey: {name} is the name of a column with a meaning of its own; give the question another name and write"
    assert str(caught.value).endswith(f"{told} `column: {name}`")


def test_shares_of_a_margin_that_do_not_add_up_name_the_file(monkeypatch, load):
    study = made(load, margins=[{"of": "sex", "population": {"f": 0.7, "m": 0.48}}])
    with pytest.raises(CxError, match=r"study.yml: sex: shares of the population add up to 1 "):
        published(monkeypatch, "00_data_quality.ipynb", study.folder, {})


def test_who_is_left_out_is_listed_with_the_reason(load):
    """Speeders: 2, 32, 62 … 212; row 2 is the first of them."""
    study = made(load, quality={"exclude": ["speeder"]})
    found = quality.left_out(study)
    assert found["respondent"].tolist() == [f"r{i}" for i in range(2, 240, 30)]
    assert set(found["excluded"]) == {"speeder"}
    assert found.columns.tolist() == ["respondent", "wave", "excluded"]
    many = made(load, quality={"exclude": ["speeder"]}, frame=survey().assign(seconds=[300, 300, 300, 10] * 60))
    assert len(quality.left_out(many)) == 40  # of 60


def test_checks_count_everybody_also_whom_the_study_leaves_out(load):
    for exclude in ([], ["speeder"]):
        study = made(load, quality={"exclude": exclude}, **RAKED)
        rows = quality.checks(study).query("check == 'speeder'")
        assert rows[["wave", "flagged", "n"]].values.tolist() == [["w1", 4, 120], ["w2", 4, 120]]
        assert rows["estimate"].tolist() == pytest.approx([100 * 4 / 120] * 2)
        assert rows["applied"].tolist() == [bool(exclude)] * 2
        rules = quality.check_rules(study).set_index("check")["applied"]
        assert rules["speeder"] == ("yes" if exclude else "no")


def test_times_stand_beside_their_limit(load):
    found = quality.times(made(load))
    assert len(found) == 240
    assert (found["seconds"] < found["limit"]).sum() == 8
    assert quality.times(made(load, without=["seconds"])).empty
