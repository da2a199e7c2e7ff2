"""The persona chapter in Vietnamese: whole sentences with Vietnamese numbers, and the same findings as in English."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from persona_study import made

from cxlib import people, persona_profiling, scorecard, segment_cards, tables
from cxlib.language import speak
from cxlib.leads import Leads
from cxlib.persona_facts import TARGET_MARKET
from cxlib.placement import as_printed
from cxlib.segment_numbers import printed
from cxlib.segment_variables import OTHER, Variable, code, describe
from cxlib.sentences import leads as say_leads
from cxlib.sentences import personas as say
from cxlib.sentences import profiles as say_profiles

BOOK = {"sample": "probability", "currency": "VND", "personas": SimpleNamespace(scope=0.5)}


@pytest.fixture(autouse=True)
def english_again():
    """What other tests make once and keep is made in English."""
    yield
    speak("en")


def case(**changes):
    study = SimpleNamespace(book=SimpleNamespace(**BOOK | changes), label=lambda name, table: name.title())
    told = {"study": study, "table": "survey", "frame": pd.DataFrame(index=range(2450)), "columns": [], "design": {}}
    return SimpleNamespace(**told, questions=["pay", "uses", "goal"], minimum_base=30, confidence=0.95)


def test_the_two_ends_of_a_metric_in_vietnamese():
    rows = pd.DataFrame(
        {"persona": ["A", "B", "All"], "question": "q", "label": "NPS", "unit": "points", "n": [99, 1200, 9],
         "estimate": [10.0, -25.25, 7.0], "low": [0.5, -30.0, 5.0], "high": [20.0, -20.5, 9.0]}
    )  # fmt: skip
    speak("vi")
    assert say.scores(case(), rows) == {
        "persona_q": "NPS: từ −25,2 (−30,0 đến −20,5) ở B đến 10,0* (0,5 đến 20,0) ở A; hai đầu của 2 chân dung, chưa "
        "điều chỉnh cho việc tìm kiếm."
    }
    alike = rows.assign(estimate=10.0, n=1200)
    assert say.scores(case(), alike)["persona_q"] == "NPS không khác nhau: 10,0 ở cả 2 chân dung."


@pytest.mark.parametrize(("estimate", "beginning"), [
    (1_234_567.0, "Thị trường mục tiêu lớn nhất là A: 1.230.000 VND (khoảng tin cậy 95%: "),
    (-1000.0, "Không thị trường mục tiêu nào trên 0; cao nhất là A: −1.000 VND (khoảng tin cậy 95%: "),
])  # fmt: skip
def test_a_target_market_in_vietnamese(estimate, beginning):
    rows = pd.DataFrame({"persona": ["A"], "kind": TARGET_MARKET, "estimate": estimate, "low": -2000.0, "high": 2e6})
    speak("vi")
    told = say.market(case(), rows.assign(n=500), 0.0)["market"]
    assert told == f"{beginning}−2.000 đến 2.000.000), nếu tiếp cận được 50,0% như đã khai báo."


def test_how_many_were_tried_in_vietnamese():
    rows = pd.DataFrame({"k": [1, 2, 3], "bic": [9.0, 7.0, 8.0], "stability": 0.9, "least_stable": 0.8, "entropy": 0.7})
    speak("vi")
    assert say.found(case(), SimpleNamespace(choices=rows, k=2, verdict=None))["personas"] == (
        "Với 2.450 người trả lời, đã thử 1 đến 3 lớp; 2 lớp phù hợp nhất: BIC nhỏ nhất trong các phương án đủ lớn và "
        "đủ ổn định. Ở các mẫu khác, các lớp lặp lại với độ tương đồng Jaccard trung bình 0,90, thấp nhất 0,80 (1: vẫn "
        "những người ấy); mọi người được xếp lớp với entropy 0,70 (1: chắc chắn hoàn toàn)."
    )
    none = SimpleNamespace(choices=rows.head(1), k=1, verdict="x")
    assert say.found(case(), none)["personas"] == (
        "Với 2.450 người trả lời, đã thử 1 lớp. Không so với số lớp nào khác nên chưa biết có phân khúc hay không. Vì "
        "vậy ở đây không có thẻ chân dung."
    )


def test_sizes_name_their_weights_and_what_intervals_may_be_called():
    rows = pd.DataFrame({"persona": ["A", "B"], "estimate": [60.0, 40.0], "low": [55.0, 35.0], "high": [65.0, 45.0]})
    model = case(sample="opt_in")
    model.design = {"weights": "w"}
    assert say.sizes(model, rows)["sizes"] == (
        "From the largest to the smallest (weighted share of all, 95% model-based intervals): A, 60.0% (55.0 to "
        "65.0%); B, 40.0% (35.0 to 45.0%)."
    )
    speak("vi")
    assert say.sizes(case(), rows)["sizes"] == (
        "Từ lớn nhất đến nhỏ nhất (tỷ lệ trong tổng số, khoảng tin cậy 95%): A, 60,0% (55,0 đến 65,0%); B, 40,0% (35,0 "
        "đến 45,0%)."
    )


def test_differences_in_vietnamese_and_of_a_single_row():
    rows = pd.DataFrame(
        {"group": "A", "other": "the rest", "attribute": ["X", "Z"], "answer": ["x", "z"], "formed": False,
         "share": [60.0, 10.0], "share_other": [40.0, 9.0], "difference": [20.0, 1.0], "difference_low": [10.0, -2.0],
         "difference_high": [30.0, 4.0], "se": [5.0, 1.5], "p_corrected": [0.001, 0.6], "unit": "percent"}
    )  # fmt: skip
    one = say_profiles.differences(case(), "A", rows.head(1), name="d")["d"]
    assert one.endswith(" 1 of 1 tested row is more than chance explains (corrected).")
    speak("vi")
    assert say_profiles.differences(case(), "A", rows, name="d")["d"] == (
        "A so với phần còn lại: X, x: 60,0% so với 40,0% (chênh lệch +10,00 đến +30,00). 1 trong 2 dòng được kiểm định "
        "vượt mức ngẫu nhiên có thể giải thích (đã hiệu chỉnh)."
    )


def test_prospects_are_counted_in_both_languages():
    score = SimpleNamespace(reason="It tells.", points=pd.DataFrame({"points": []}), useful=True)
    rows = pd.DataFrame({"excluded": [False] * 31 + [True], "chance": [50.0, *[20.0] * 31]})
    few = say_leads.leads(case(), Leads(score, rows.tail(2)))["prospects"]
    assert few.startswith("1 prospect is too few to judge as a group; 1 prospect is left out by the rules. ")
    speak("vi")
    assert say_leads.leads(case(), Leads(score, rows))["prospects"] == (
        "1 trong 31 khách hàng tiềm năng có xác suất trở thành khách hàng lý tưởng từ 50% trở lên; 1 khách hàng tiềm "
        "năng bị loại theo quy tắc. Lệnh cx leads liệt kê họ."
    )


@pytest.mark.parametrize(("band", "told"), [
    ("10,000–19,999", "10.000–19.999"), ("> 0, < 2.5", "> 0, < 2,5"), ("≥ 7", "≥ 7"), ("1.5 to <2", "1,5 đến <2"),
    ("-1.5 to <-1", "-1,5 đến <-1"), ("20,000+", "20.000+"),
])  # fmt: skip
def test_bands_are_printed_with_the_signs_of_the_language(band, told):
    assert printed(band) == band
    speak("vi")
    assert printed(band) == told


def test_answers_are_coded_alike_in_both_languages():
    """What a variable is made of is kept in files: its levels are no words of a language, only what is printed is."""
    random = np.random.default_rng(1)
    many = random.choice([0.0, 10_000.5, 25_000.0], 400, p=[0.5, 0.3, 0.2])
    frame = pd.DataFrame({"spend": many + random.integers(0, 90, 400) / 8 * (many > 0),
                          "pay": ["cash"] * 380 + ["card"] * 2 + [f"p{i}" for i in range(18)]})  # fmt: skip
    english, told = describe(frame, ["spend", "pay"])
    speak("vi")
    vietnamese, other = describe(frame, ["spend", "pay"])
    assert english == vietnamese
    assert english[0].edges
    assert OTHER in english[1].levels
    assert told["rows"].tolist() == other["rows"].tolist()
    assert not set(told["decision"]) & set(other["decision"])
    np.testing.assert_array_equal(code(english, frame)[0], code(vietnamese, frame)[0])


def test_only_bands_are_rewritten_on_a_card_of_answers():
    """An answer of the client's own that looks like a number stays as it is."""
    found = pd.DataFrame({"variable": ["spend", "code"], "answer": ["≥ 1,500.5", "1,500.5"]})
    variables = [Variable("spend", "category", ("≥ 1,500.5",), edges=(1500.5,)), Variable("code", "category")]
    speak("vi")
    assert segment_cards.in_words(found, variables)["answer"].tolist() == ["≥ 1.500,5", "1,500.5"]


def test_a_form_prints_what_it_does_not_keep():
    points = pd.DataFrame(
        [("start", "start", "", False, 0), ("pay", "pay", OTHER, False, 1), ("spend", "spend", "1.5 to <2", False, 2)],
        columns=["question", "variable", "answer", "tick", "p1"],
    )
    accuracy = pd.DataFrame({"estimate": [90.0]})
    form = SimpleNamespace(points=points, questions=("pay", "spend"), columns=["p1"], names=("A",), accuracy=accuracy,
                           edges={"spend": (1.5, 2.0)})  # fmt: skip
    of = case(tables={"survey": SimpleNamespace(questions={})}, words=str, title="T")
    speak("vi")
    told = as_printed(form, of)["questions"]
    assert [question["answers"][0]["label"] for question in told] == ["khác", "1,5 đến <2"]


def test_unknown_answers_of_a_scorecard_in_vietnamese():
    values = pd.Series([*range(10_000, 10_060), np.nan], name="worth")
    english = scorecard.attribute(values, "Worth")
    speak("vi")
    vietnamese = scorecard.attribute(values, "Worth")
    assert vietnamese == english
    told = vietnamese.shown(pd.DataFrame({"worth": [np.nan, 10_000.0]}))
    assert told[0] == "Worth: không rõ"
    assert "," not in told[1]
    np.testing.assert_array_equal(scorecard.codes(vietnamese, values), scorecard.codes(english, values))


def test_customers_who_left_are_the_same_in_both_languages(load):
    study = made(load, without=["survey", "complaints", "prospects"], personas={"value": None, "value_times": None})
    group, english = persona_profiling.lost(study)
    speak("vi")
    translated, vietnamese = persona_profiling.lost(study)
    assert (group, translated) == ("Left", "Đã rời bỏ")
    assert set(vietnamese["group"]) == {"Đã rời bỏ"}
    assert set(vietnamese["other"]) == {"phần còn lại"}
    numbers = english.select_dtypes("number").columns
    pd.testing.assert_frame_equal(english[numbers], vietnamese[numbers])
    assert say_profiles.differences(people.everybody(study, "customers"), translated, vietnamese, name="lost")
    heads = persona_profiling.PROFILE_HEADS
    table = tables.record(vietnamese, caption="x", columns=list(heads), labels=heads)
    assert "demographic" in {row[0] for row in table["rows"]}
    assert "nhân khẩu học" in {row[0] for row in table["printed"]["rows"]}
