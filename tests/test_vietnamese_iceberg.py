"""The complaint-iceberg chapter in Vietnamese: whole sentences with Vietnamese signs, and the same decisions.

Oracles: sentences written by hand from hand-made numbers, and the chapter's own figures in English.
"""

from types import SimpleNamespace

import pandas as pd
import pytest
from iceberg_study import LOSSES, MONEY, SIX_OF_EACH, made
from matplotlib.text import Text

from cxlib import charts, complaints, language, levers, losses, results, silence
from cxlib.complaint_rate import given, stated
from cxlib.cost import cost, lacking
from cxlib.damage import at_risk, by_fate, flows
from cxlib.recapture import recapture
from cxlib.sentences import complainers as say_who
from cxlib.sentences import damage as say_cost
from cxlib.sentences import iceberg as say

CHART = pd.DataFrame(
    {"period": ["2026-01", "2026-02", "2026-03"], "rate": [1.0, 9.0, 0.0], "high": 4.0, "low": 0.5, "centre": 2.0,
     "out": [False, True, False], "plain_out": [True, True, True], "sigma_z": 1.5}
)  # fmt: skip
GROUPS = pd.DataFrame(
    {"name": "city", "segment": "Thành phố", "group": ["A", "B"], "rate": [3.0, 9.0], "rate_low": [2.0, 7.0],
     "rate_high": [4.0, 11.0], "raw": [2.5, 9.5], "shrinkage": [0.2, 0.4], "estimate": [1900.0, 70.0],
     "low": [900.0, 50.0], "high": [2900.0, 90.0], "unplaced": 1}
)  # fmt: skip
INPUTS = pd.DataFrame(
    {"input": ["Complaint rate", "Loss rate, silent"], "low_text": ["1,5%", "2,0%"], "high_text": ["3,0%", "4,0%"],
     "at_low": [9000.0, 4000.0], "at_high": [3000.0, 6000.0], "swing": [6000.0, 2000.0], "total": 5000.0}
)  # fmt: skip
LEVER = {"lever": "both", "handled": 1200.0, "estimate": 10.25, "low": -2.0, "high": 21.0, "worth": 1_500_000.0}
LEVER |= {"worth_low": -200_000.0, "worth_high": 3_000_000.0, "verdict": "either"}


def case_of(**book) -> SimpleNamespace:
    """A case as far as the sentences on levers read it."""
    return SimpleNamespace(study=SimpleNamespace(book=SimpleNamespace(currency="VND", iceberg=SimpleNamespace(**book))))


@pytest.fixture
def study(load):
    frames = {"complaints": SIX_OF_EACH}
    return made(load, iceberg={"losses": LOSSES, "segments": ["city"]} | MONEY, frames=frames)


def test_months_and_segments():
    language.speak("vi")
    assert say_who.monthly(CHART)["monthly"] == (
        "Số người khiếu nại mỗi tháng trên 1.000 khách hàng, 2,00 trong 3 tháng: ngoài giới hạn: 2026-02 (9,00, trên "
        "giới hạn) (giới hạn Laney; các tháng dao động gấp 1,50 lần mức ngẫu nhiên của số đếm, còn giới hạn Poisson "
        "thông thường sẽ đánh dấu 3 tháng)."
    )
    assert say_who.segments(GROUPS)["segment_city"] == (
        "Thành phố: tỷ lệ khiếu nại sau khi gộp một phần đi từ A 3,0% (2,0 đến 4,0%) đến B 9,0% (7,0 đến 11,0%); các "
        "khoảng tin cậy không chồng lấn. Việc gộp đã thu hẹp 20-40% khoảng cách của mỗi nhóm so với các nhóm khác. "
        "Nhiều khách hàng im lặng nhất: A, 1.900 (900 đến 2.900). 1 người khiếu nại không thuộc nhóm nào trong số này."
    )


def test_inputs_and_levers():
    language.speak("vi")
    assert say_cost.swings(INPUTS)["swing"] == (
        "Tỷ lệ khiếu nại ảnh hưởng nhiều nhất: giữa 1,5% và 3,0%, số khách hàng mất đi thay đổi từ 9.000 đến 3.000. Kế "
        "đến là tỷ lệ mất khách, người im lặng (4.000 đến 6.000)."
    )
    told = say_cost.levers(case_of(case_cost=50), pd.DataFrame([LEVER]), complain=0.1, resolve=0.1)
    assert told["lever_both"] == (
        "Cả hai cùng lúc: thêm 1.200 vụ việc phải xử lý, giữ được 10,2 (−2,0 đến 21,0) khách hàng, trị giá 1.500.000 "
        "VND (−200.000 đến 3.000.000) sau chi phí xử lý; có thể lợi hoặc thiệt, khoảng tin cậy chứa cả hai."
    )


def test_the_headline_and_what_it_rests_on(study):
    language.speak("vi")
    case = silence.silence(study, complaints.declared(study))
    told = say.headline(case)["silent"]
    assert told.startswith("Đằng sau 18 khách hàng đã khiếu nại là ")
    assert told.endswith(
        " người trên mỗi người khiếu nại. Số khách hàng không hài lòng tối đa là 196. Không hài lòng: Mood là Yes. Đã "
        "khiếu nại: Told us là Yes. Mức nghiêm trọng: tất cả. Kênh: tất cả. Thời gian: 1 tháng 3, 2026 đến 31 tháng 8, "
        "2026."
    )
    assert say.base(case) == "18 người khiếu nại, 40 người trả lời không hài lòng, cỡ mẫu hiệu dụng 40"
    assert case.rates.name == "Tỷ lệ khiếu nại"
    assert case.silent.name == "Khách hàng không hài lòng mà im lặng"


def test_methods_bear_the_signs_of_the_language():
    language.speak("vi")
    assert given(0.5, 3).method == "tỷ lệ được nêu dưới dạng Beta(0,5; 3)"
    assert stated("0.0123").method == "tỷ lệ 0,0123 coi như đã biết"
    assert recapture(20, 10, 2).method.endswith("; chỉ 2 người trong cả hai kênh: nhiều khả năng quá thấp")


def test_one_thing_and_several_in_english():
    assert "; 1 month is marked as outside." in say_who.alt_monthly(CHART)
    assert "; 0 months are marked as outside." in say_who.alt_monthly(CHART.assign(out=False))
    assert say_who.segments(GROUPS)["segment_city"].endswith(" 1 complainer belongs to none of these groups.")
    one = say_cost.levers(case_of(case_cost=None), pd.DataFrame([LEVER | {"handled": 1.0}]), complain=0, resolve=0)
    assert one["lever_both"].startswith("Both together: 1 more case, 10.2 (−2.0 to 21.0) customers kept, worth ")
    assert " before the cost of handling; it may save or lose" in one["lever_both"]


def chapter(study) -> dict:
    """What the chapter decides and counts on a study, without a word that is translated."""
    definition = complaints.declared(study)
    case = silence.silence(study, definition)
    rates = losses.loss_rates(study, definition)
    whole = cost(case, rates)
    pays, fates = levers.levers(whole), by_fate(whole)
    evidence, groups = silence.evidence(case), silence.by_segment(case, ["city"])
    sentences = say.headline(case) | say.rate(case, evidence) | say_who.segments(groups)
    sentences |= say_cost.flips(whole, levers.break_even(whole))
    sentences |= say_cost.cost(case, whole, fates, at_risk(whole), lacking(case, rates)) | say_cost.declared(rates)
    return {
        "verdicts": list(pays["verdict"]),
        "sources": list(rates["source"]),
        "fates": list(fates["label"]),
        "anchors": list(evidence["anchor"]),
        "inputs": list(levers.one_way(whole, case.rate)["input"]),
        "steps": list(case.complainers.steps["step"]),
        "numbers": pays.select_dtypes("number").to_numpy().tolist() + evidence[["rate", "estimate"]].values.tolist(),
        "flips": list(levers.break_even(whole)["flip"]),
        "told": list(sentences),
    }


def test_no_decision_depends_on_the_language(study):
    """The record keeps the English words that decisions are taken by; only what is shown is translated."""
    english = chapter(study)
    language.speak("vi")
    assert chapter(study) == english
    assert set(english["sources"]) <= {"measured", "declared", "none"}


def test_tables_print_in_vietnamese_what_they_record_in_english(study, monkeypatch):
    shown = []
    monkeypatch.setattr(results, "display", lambda data, raw: shown.append(data[results.MIME]))
    language.speak("vi")
    rates = losses.loss_rates(study, complaints.declared(study))
    heads = {"label": ("Fate", "word"), "source": ("Evidence", "word")}
    results.table("loss_rates", rates, caption="…", columns=["label", "source"], labels=heads)
    (table,) = shown
    assert table["rows"][1] == ["Unhappy and silent", "measured"]
    assert table["printed"]["heads"] == ["Kết cục", "Căn cứ"]
    assert table["printed"]["rows"][1] == ["Không hài lòng mà im lặng", "đo lường"]


def test_pictures_draw_their_words_in_vietnamese(study):
    language.speak("vi")
    definition = complaints.declared(study)
    case = silence.silence(study, definition)
    whole = cost(case, losses.loss_rates(study, definition))
    assert words(charts.iceberg_of(case)) >= {"Tảng băng khiếu nại", "diện tích theo đúng tỷ lệ"}
    assert words(charts.flow(flows(by_fate(whole)))) >= {"Đã khiếu nại, hài lòng", "rời bỏ", "ở lại"}
    assert "Tỷ lệ mất khách, người im lặng" in words(charts.swings(levers.one_way(whole, case.rate)))
    assert "giới hạn (Laney)" in words(charts.control(CHART.assign(plain_low=0.6, plain_high=3.0)))


def words(figure) -> set[str]:
    """What a picture says, without the numbers on lines of their own and the breaks of lines."""
    found = set()
    for told in (text.get_text() for text in figure.findobj(Text)):
        found |= {told.replace("\n", " "), " ".join(told.split("\n")[:-1])}
    return found
