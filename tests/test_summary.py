"""The summary: what it reads, how it ranks, and when it may speak of an effect."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from cxlib import CxError, Study, charts, language, summary
from cxlib.places import ROOT
from cxlib.published import Chapter, read_chapters
from cxlib.sentences import summary as say

DEMO = ROOT / "data" / "demo"


def found(population=1000, sample="probability", **chapters) -> summary.Read:
    """What chapters published: each given as tables (frames), numbers (dicts) and findings (texts) by name."""
    made = {}
    for name, things in chapters.items():
        kinds = {kind: {k: v for k, v in things.items() if isinstance(v, kind)} for kind in (dict, pd.DataFrame, str)}
        made[name] = Chapter(name, {"study": "data/demo"}, kinds[dict], kinds[pd.DataFrame], kinds[str])
    book = SimpleNamespace(population=population, sample=sample, minimum_base=30)
    return summary.Read(SimpleNamespace(book=book, name="x"), made, 0.95)


def rates(silent, content):
    rows = [("content", *content), ("silent", *silent)]
    return pd.DataFrame(rows, columns=["fate", "estimate", "low", "high"]).assign(unit="percent")


def test_the_loss_of_the_silent_has_newcombe_s_interval():
    """Newcombe, Statistics in Medicine 17 (1998) 873-890, table II (a), method 10: 56/70 - 48/80 is .0524 to .3339."""
    read = found(
        complaint_iceberg={
            "loss_rates": rates((80.0, 69.18, 87.71), (60.0, 49.04, 70.04)),
            "silent": {"value": 90.0, "low": 70.0, "high": 120.0},
        }
    )
    row = summary.candidates(read).iloc[0]
    assert row["estimate"] == pytest.approx(20.0)
    assert (row["low"], row["high"]) == (pytest.approx(5.24, abs=0.03), pytest.approx(33.39, abs=0.03))
    assert tuple(row[["customers", "low_customers", "high_customers", "of"]]) == (90.0, 70.0, 120.0, "customers")


def segments(*rows):
    """Group, difference, half its interval, share of the population."""
    apart = pd.DataFrame(
        [("NPS", "Age", group, gap, gap - half, gap + half, "points") for group, gap, half, _ in rows],
        columns=["metric", "banner", "group", "estimate", "low", "high", "unit"],
    )
    sample = pd.DataFrame(
        [("Age", group, share, share - 1, share + 1, 500.0) for group, _, _, share in rows],
        columns=["segment", "group", "estimate", "low", "high", "n_weighted"],
    )
    return {"apart": apart, "sample": sample}


def test_intervals_are_widened_for_all_candidates_at_once():
    read = found(survey_analysis=segments(("a", -10.0, 5.0, 40.0), ("b", 3.0, 4.0, 60.0)))
    rows = summary.ranked(summary.candidates(read), 0.95)
    # Bonferroni over two: 1 - .05 / 2 each, so the half length grows by 2.2414 / 1.9600.
    assert norm.isf(0.0125) / norm.isf(0.025) == pytest.approx(2.2414 / 1.96, abs=1e-4)
    first = rows.iloc[0]
    assert first["subject"] == "Age: a"
    assert first["corrected_high"] - first["estimate"] == pytest.approx(5.0 * 2.2414 / 1.96, abs=1e-3)
    assert list(rows["matters"]) == [True, False]
    assert first["customers"] == pytest.approx(400)


def test_those_that_concern_more_come_first_and_a_question_comes_once():
    touch = pd.DataFrame(
        [("app", "buy", "web", 800, 9.0, 8.0, 10.0, None, None, None),
         ("shop", "buy", "shop", 900, None, None, None, 0.5, 0.4, 0.6),
         ("mail", "buy", "web", 990, 1.0, -1.0, 3.0, -0.5, -0.6, -0.4)],
        columns=["touchpoint", "stage", "channel", "customers", "ending", "ending_low", "ending_high", "loss",
                 "loss_low", "loss_high"],
    )  # fmt: skip
    read = found(
        survey_analysis=segments(("young", -20.0, 4.0, 30.0), ("middle", -9.0, 4.0, 45.0), ("old", 30.0, 4.0, 25.0)),
        journey_map={"pains": touch},
    )
    rows = summary.ranked(summary.candidates(read), 0.95)
    matters = rows[rows["matters"]]
    assert list(matters["subject"]) == ["shop, buy, shop", "app, buy, web", "Age: young"]
    told = say.matters(read, rows)
    assert told["matters_1"].startswith(
        "shop, buy, shop, 900 customers: its score is 0.500 below that elsewhere (95% interval"
    )
    assert told["matters_3"].startswith(
        "Age: young, 300 customers (290 to 310): NPS is 20.00 points below that of the others"
    )
    assert told["matters_3"].endswith(
        "points below that of the others (95% interval 14.51 to 25.49, widened to hold for all differences at once)."
    )
    assert "Looked at were 7 differences" in told["how_ranked"]
    assert "4 of them are harms" in told["how_ranked"]


def test_nothing_is_made_up_where_nothing_is_clear_or_read():
    read = found(survey_analysis=segments(("a", -1.0, 5.0, 40.0), ("b", 1.0, 5.0, 60.0)))
    rows = summary.ranked(summary.candidates(read), 0.95)
    assert say.matters(read, rows)["nothing_clear"].startswith(
        "Of 2 differences for which a chapter counts customers none"
    )
    assert list(say.recommendations(read, rows)) == ["nothing_to_do"]
    assert charts.concerned(say.concerned(rows), whom="Customers") is None
    nothing = found()
    empty = summary.ranked(summary.candidates(nothing), 0.95)
    assert list(say.matters(nothing, empty)) == ["nothing_read"]
    assert say.ranking(empty).empty
    assert charts.concerned(say.concerned(empty), whom=say.whom(empty)) is None
    assert list(say.following(nothing)) == ["next_none"]
    assert say.loop(nothing, empty)["state"].iloc[1] == "Nothing is clear enough to choose."


def test_without_a_population_respondents_are_counted():
    read = found(population=None, survey_analysis=segments(("a", -10.0, 5.0, 40.0), ("b", 10.0, 5.0, 60.0)))
    rows = summary.ranked(summary.candidates(read), 0.95)
    assert (rows.iloc[0]["customers"], rows.iloc[0]["of"]) == (pytest.approx(200), "respondents")
    assert say.whom(rows) == "Respondents"
    assert "Age: a, 200 respondents:" in say.matters(read, rows)["matters_1"]


def drivers(effect):
    ratings = pd.DataFrame(
        [("Staff", str(float(a)), share, 800.0) for a, share in enumerate((10, 15, 25, 30, 20), 1)],
        columns=["item", "answer", "estimate", "n_weighted"],
    )
    effects = pd.DataFrame(
        [("NPS", "Staff", effect, effect - 2, effect + 2, "points")],
        columns=["outcome", "label", "estimate", "low", "high", "unit"],
    )
    return {"survey_analysis": {"ratings": ratings}, "metric_regressions": {"effects": effects}}


def test_a_driver_concerns_those_who_rate_it_in_the_lowest_quarter_of_the_scale():
    rows = summary.ranked(summary.candidates(found(**drivers(6.0))), 0.95)
    assert rows.iloc[0]["customers"] == pytest.approx(250)  # 1 and 2 of 1-5: 10% and 15% of 1,000


def test_a_survey_without_weights_has_no_weighted_base_and_counts_its_answers():
    made = drivers(6.0)
    made["survey_analysis"] |= segments(("a", -10.0, 5.0, 40.0), ("b", 10.0, 5.0, 60.0))
    for name in ("ratings", "sample"):
        frame = made["survey_analysis"][name]
        made["survey_analysis"][name] = frame.rename(columns={"n_weighted": "n"})
    rows = summary.candidates(found(population=None, **made)).set_index("kind")
    assert rows.loc["driver", ["customers", "of"]].tolist() == [pytest.approx(200), "respondents"]  # 25% of 800
    assert list(rows.loc[["segment"], "customers"]) == [pytest.approx(200), pytest.approx(300)]  # of 500


@pytest.mark.parametrize(
    ("checks", "p", "expected"),
    [
        ([0.4, 0.9], 0.001, True),
        ([0.03, 0.9], 0.001, False),  # a check moved as well
        ([], 0.001, False),  # no check
        ([0.4], 0.2, False),  # not clear itself
    ],
)
def test_an_effect_must_be_earned(checks, p, expected):
    improved = pd.DataFrame(
        {"name": ["nps"], "label": ["NPS"], "group": ["Trained"], "estimate": [5.0], "low": [2.0], "high": [8.0],
         "p_adjusted": [p], "unit": ["points"]}
    )  # fmt: skip
    placebos = pd.DataFrame({"check": ["effect", *["placebo"] * len(checks)], "p_adjusted": [p, *checks]})
    read = found(metric_regressions={"improvement": improved, "placebos": placebos})
    assert summary.earned(read) == {"NPS": expected}
    told = say.recommendations(read, summary.ranked(summary.candidates(read), 0.95))["tried_nps"]
    assert ("may be called an effect" in told) == expected
    assert "95% interval +2.00 to +8.00" in told


def test_chapters_of_another_study_are_refused(tmp_path):
    path = tmp_path / "02_survey_analysis.ipynb"
    notebook = json.loads((ROOT / "notebooks" / "02_survey_analysis.ipynb").read_text(encoding="utf-8"))
    notebook["metadata"]["papermill"] = {"parameters": {"study": str(tmp_path)}}
    path.write_text(json.dumps(notebook), encoding="utf-8")
    (tmp_path / "study.yml").write_text("study: other\n", encoding="utf-8")
    with pytest.raises(CxError, match=r"the chapter survey_analysis in .* was executed on .*, not on demo"):
        summary.read(Study.load(DEMO), str(tmp_path))
    with pytest.raises(CxError, match="confidence lies between 0 and 1"):
        summary.read(Study.load(DEMO), str(tmp_path), confidence=95)


def test_the_demo_s_page_repeats_the_chapters_numbers():
    """The oracle is the committed chapters: every headline is theirs, and the first findings are recomputed here."""
    read = summary.read(Study.load(DEMO), "notebooks")
    chapters = read_chapters(ROOT / "notebooks")
    page = chapters["summary"]
    for name in ("nps", "csat", "ces"):
        assert {k: page.numbers[name][k] for k in ("value", "low", "high", "se", "n", "n_effective", "method")} == {
            k: chapters["survey_analysis"].numbers[name][k]
            for k in ("value", "low", "high", "se", "n", "n_effective", "method")
        }
    assert page.numbers["silent"]["value"] == chapters["complaint_iceberg"].numbers["silent"]["value"]
    rows = summary.ranked(summary.candidates(read), 0.95)
    clear = rows[rows["matters"]]
    assert clear["customers"].is_monotonic_decreasing
    assert not clear.duplicated(["chapter", "about"]).any()
    wider = norm.isf(0.025 / len(rows)) / norm.isf(0.025)
    expected = rows["estimate"] - wider * (rows["estimate"] - rows["low"])
    np.testing.assert_allclose(rows["corrected_low"], expected, rtol=1e-12)
    assert list(say.matters(read, rows).values()) == [
        v for k, v in page.findings.items() if k in say.matters(read, rows)
    ]


def test_the_page_speaks_vietnamese():
    read = found(**drivers(6.0))
    rows = summary.ranked(summary.candidates(read), 0.95)
    language.speak("vi")
    told = say.matters(read, rows)
    assert "250 khách hàng" in told["matters_1"]
    assert "6,00 điểm" in told["matters_1"]
    assert set(rows["matters"]) == {True}
