"""The journey chapter in Vietnamese: whole sentences with Vietnamese numbers, and the same findings as in English."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from journey_chapter import MAP, customers, events
from matplotlib.text import Text

from cxlib import contacts, journey_study, leagues, paths, purchases, staying, tables, value
from cxlib.charts.league import caterpillar
from cxlib.charts.survival import survival_curves
from cxlib.journey_words import in_words
from cxlib.language import speak
from cxlib.sentences import journey as say
from cxlib.sentences import journey_heads as heads_of
from cxlib.sentences import leagues as say_leagues
from cxlib.sentences import staying as say_staying
from cxlib.survival import survival
from cxlib.touchpoint_audit import audit

PLACE = {"stage": "decide", "touchpoint": "app", "channel": "digital"}
ENDED = {"ending": 31.2, "ending_p": 0.001, "ending_here": 40.1, "ending_others": 8.9, "ending_low": 29.41,
         "ending_high": 33.02, "lost": 1874.0, "lost_low": 1824.0, "lost_high": 1925.0}  # fmt: skip
LOSS = {"loss": 1.4, "loss_p": 0.001, "loss_here": 2.32, "loss_others": 3.72, "loss_low": 1.343, "loss_high": 1.453}


def case(**changes):
    book = SimpleNamespace(sample="probability", minimum_base=30, currency="VND")
    told = {
        "study": SimpleNamespace(book=book, total=SimpleNamespace(held={})),
        "log": object(),
        "group": "",
        "expected": "",
        "minimum_base": 30,
        "confidence": 0.95,
    }
    return SimpleNamespace(**told | changes)


@pytest.fixture(scope="module")
def log():
    frame = events(120)
    frame.loc[frame.index[:3], "stage"] = "serch"
    frame["when"] = pd.to_datetime(frame["when"])
    return contacts.journeys(frame, order=MAP["stage"].unique())


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    who = customers(120).rename(columns={"id": "customer", "gone": "left"})
    return who.astype({"since": "datetime64[us]", "left": "datetime64[us]"})


def test_a_pain_point_in_vietnamese():
    rows = pd.DataFrame([PLACE | ENDED | LOSS | {"weight": 91.0, "pain": True}])
    speak("vi")
    assert say.pains(case(), SimpleNamespace(pains=rows))["pain"] == (
        "Điểm đau nặng nhất là app (decide, kênh số): 40,1% lượt ghé kết thúc tại đây so với 8,9% ở nơi khác (chênh "
        "lệch +29,41 đến +33,02), nhiều hơn khoảng 1.874 khách hàng (1.824 đến 1.925); điểm trung bình là 2,32 so với "
        "3,72 ở nơi khác (chênh lệch −1,453 đến −1,343) (khoảng tin cậy 95%)."
    )


def test_moments_of_both_signs_in_vietnamese():
    rows = pd.DataFrame([PLACE | {"estimate": e, "low": e - 1.5, "high": e + 1.5} for e in (4.0, -3.0)])
    rows = rows.assign(p=0.01, n=1050, clear=True)
    speak("vi")
    assert say.moments(case(), SimpleNamespace(moments=rows))["moments"] == (
        "Khoảnh khắc quan trọng, nơi điểm cao hơn đi cùng việc đi tiếp: app (decide, kênh số), +4,00 điểm phần trăm "
        "cho mỗi điểm đánh giá (+2,50 đến +5,50). Và nơi điểm cao hơn đi cùng việc không tiếp xúc nữa: app (decide, "
        "kênh số), −3,00 điểm phần trăm cho mỗi điểm đánh giá (−4,50 đến −1,50)."
    )
    falls = say.moments(case(), SimpleNamespace(moments=rows.tail(1)))["moments"]
    assert falls.startswith("Khoảnh khắc quan trọng, nơi điểm cao hơn đi cùng việc không tiếp xúc nữa: ")


def test_where_customers_leave_the_map_in_vietnamese():
    fit = pd.DataFrame({"part": ["fits"], "estimate": [50.0], "low": [40.0], "high": [60.0], "n": [1090]})
    rows = pd.DataFrame(
        {"kind": ["skip", "skip", "unknown_touchpoint"], "from": ["(start)", "a", "c"], "to": ["b", "d", "kiosk"],
         "skipped": ["a", "b, c", ""], "estimate": [30.0, 20.0, 10.0], "low": [25.0, 15.0, 7.0],
         "high": [35.0, 25.0, 14.0]}
    )  # fmt: skip
    speak("vi")
    told = say.map_fit(case(), SimpleNamespace(conformance=fit, departures=rows))
    assert told == {
        "fit": "Bản đồ đã vẽ khớp với hành trình của 50,0% khách hàng (khoảng tin cậy 95%: 40,0 đến 60,0%), tính đến "
        "nơi họ dừng.",
        "departures": "Khách hàng rời bản đồ: 30,0% (25,0 đến 35,0%) bắt đầu tại b; 20,0% (15,0 đến 25,0%) bỏ qua b, c "
        "giữa a và d; 10,0% (7,0 đến 14,0%) gặp kiosk tại c.",
    }


def stays(**changes) -> staying.Staying:
    empty = pd.DataFrame()
    lifetimes = pd.DataFrame(
        {"group": ["Hà Nội", "Huế"], "estimate": [1349.0, 348.0], "low": [1340.0, 344.0], "high": [1352.0, 351.0],
         "n": [900, 800], "begins": [0.0, 6.0], "horizon": 1400.0}
    )  # fmt: skip
    worth = pd.DataFrame([{"estimate": 7_610_000.0, "low": 7_450_000.0, "high": 7_770_000.0, "since": "2025-01-06",
                           "of": staying.MARGIN}])  # fmt: skip
    parts = {"kind": "contract", "by": "Thành phố", "people": empty, "rule": None, "held_out": empty, "checked": empty,
             "curves": staying.NO_CURVES, "test": pd.DataFrame({"n": [1700], "p": [0.2963]}), "at": empty,
             "lifetimes": lifetimes, "cohorts": empty, "worth": worth}  # fmt: skip
    return staying.Staying(**parts | changes)


def test_staying_in_vietnamese():
    speak("vi")
    assert say_staying.staying(case(), stays(), 1400.0) == {
        "groups_leave": "Thành phố: các nhóm rời bỏ như nhau, trong chừng mực có thể kết luận (kiểm định log-rank, "
        "p = 0,296).",
        "lifetime": "Trong 1.400 ngày đầu, khách hàng ở lại trung bình: Hà Nội, 1.349 ngày (1.340 đến 1.352); Huế, 348 "
        "(344 đến 351) trong 1.394 ngày kể từ ngày thứ 6.",
        "worth": "Một khách hàng còn ở lại vào ngày 6 tháng 1, 2025 mang lại 7.610.000 VND lợi nhuận gộp trong 1.400 "
        "ngày kể từ đó (khoảng tin cậy 95%: 7.450.000 đến 7.770.000).",
    }


def test_one_day_is_a_day_and_a_single_journey_is_one():
    told = say_staying.staying(case(), stays(), 1.0)
    assert told["lifetime"].startswith("Of the first 1 day customers stay on average: Hà Nội, 1,349 days (1,340 to ")
    assert " in the 1 day from then (95% interval " in told["worth"]
    none = say_staying.staying(case(), stays(lifetimes=pd.DataFrame()), 30.0)
    assert none["no_lifetime"].startswith("How long customers stay of the first 30 days is not told")
    fit = pd.DataFrame({"part": ["fits"], "n": [1]})
    found = SimpleNamespace(conformance=fit, departures=fit)
    assert "1 journey is known to have stopped" in say.map_fit(case(), found)["no_fit"]
    assert "2 journeys are known" in say.map_fit(case(), SimpleNamespace(conformance=fit.assign(n=2)))["no_fit"]


def league(n: int = 40):
    rank = np.arange(n)
    frame = pd.DataFrame(
        {"unit": [f"b{i:02}" for i in rank], "pooled": 90.5 - rank, "low": 80.5 - rank, "high": 95.5 - rank,
         "estimate": 91.0 - rank, "n": 40, "rank_low": np.where(rank >= 35, 36, 1), "rank_high": n, "apart": False,
         "withheld": [()] * n}
    )  # fmt: skip
    found = SimpleNamespace(frame=frame, p=0.2, p_widest=0.0004, verdict="clear")
    return SimpleNamespace(name="t", key="t", title="NPS theo shop", unit="points", found=found, why_not="")


def test_a_league_in_vietnamese():
    speak("vi")
    assert say_leagues.leagues(case(), [league()])["t"] == (
        "NPS theo shop: 40 đơn vị khác nhau nhiều hơn mức ngẫu nhiên (tất cả cùng lúc p = 0,200, hai đơn vị khác nhau "
        "nhất p = 0,0004); chắc chắn thuộc nhóm 25% cuối: b39 ở mức 51,5 (41,5 đến 56,5), b38 ở mức 52,5 (42,5 đến "
        "57,5), b37 ở mức 53,5 (43,5 đến 58,5) và 2 mục khác."
    )
    few = case(group="", customers=None)
    rows = pd.DataFrame({"employee": ["x", "y"], "won": [1, 0]})
    table = leagues._rate(few, "league_offers", "Chào bán", leagues.EMPLOYEE, rows, "won", 0)
    assert say_leagues.leagues(few, [table]) == {
        "league_offers": "Chào bán: không có bảng xếp hạng (bảng xếp hạng cần ba đơn vị có từ 30 câu trả lời trở lên; "
        "trong 2 đơn vị của cột employee, 0 đơn vị đạt)."
    }


def test_the_checks_find_the_same_in_both_languages(log, people):
    english = contacts.check(log, people, MAP)
    speak("vi")
    found = contacts.check(log, people, MAP)
    numbers = ["kind", "contacts", "customers", "problem"]
    pd.testing.assert_frame_equal(found[numbers], english[numbers])
    told = found.set_index("kind").loc["unknown_stage"]
    assert told["rule"] == "giai đoạn phải có trên bản đồ đã vẽ"
    assert told["example"].startswith("serch; có phải là ")
    assert not found["rule"].isin(english["rule"]).any()
    odd = SimpleNamespace(checks=found, stages=pd.DataFrame({"contacts": [3100]}), customers=1200)
    said = say.log(case(), odd)
    assert said["log"] == "Nhật ký có 3.100 lượt tiếp xúc của 1.200 khách hàng."
    assert "3 lượt tiếp xúc trái quy tắc: giai đoạn phải có trên bản đồ đã vẽ, ví dụ serch; " in said["log_odd"]


def test_parts_departures_and_verdicts_are_the_same_in_both_languages(log):
    """What the sentences choose by stays in English; only what is shown is translated."""
    english = [paths.conformance(log, MAP), paths.departures(log, MAP), audit(log, MAP)]
    speak("vi")
    for found, wanted in zip((paths.conformance(log, MAP), paths.departures(log, MAP), audit(log, MAP)), english,
                             strict=True):  # fmt: skip
        columns = [name for name in wanted if name != "method"]
        pd.testing.assert_frame_equal(found[columns], wanted[columns])
    fit = tables.record(english[0], caption="x", columns=list(heads_of.FIT), labels=heads_of.FIT)
    assert fit["rows"][0][0] == "fits"
    assert fit["printed"]["rows"][0][:2] == [
        "khớp",
        "các giai đoạn theo đúng thứ tự của bản đồ đến nơi hành trình dừng, không bỏ qua và không lặp lại",
    ]


def test_what_was_bought_is_told_in_vietnamese_and_recorded_in_english():
    bought = pd.DataFrame(
        {"customer": ["a", "a", None], "when": pd.to_datetime(["2026-01-01"] * 3), "value": [5.0, 0, 1]}
    )
    speak("vi")
    checked = purchases.purchases_checked(bought, customer="customer", when="when", value="value")
    found = tables.record(checked, caption="x", labels=heads_of.PURCHASES, minimum_base=0)
    assert found["rows"][1][0] == "without customer or day"
    assert found["printed"]["heads"] == ["Nội dung", "Số dòng", "Khách hàng", "Giá trị", "Ví dụ", "Quyết định"]
    assert found["printed"]["rows"][1] == ["thiếu khách hàng hoặc ngày", "1", "0", "1", "dòng 3", "loại ra"]


def test_only_words_of_the_format_are_translated_among_names():
    frame = pd.DataFrame({"stage": ["skip"], "phase": ["during"], "channel": ["Cửa hàng"], "from": ["(start)"]})
    speak("vi")
    assert in_words(frame).iloc[0].tolist() == ["skip", "trong mua hàng", "Cửa hàng", "(bắt đầu)"]
    assert frame["from"].tolist() == ["(start)"]


def test_bands_keep_their_names_and_are_shown_in_vietnamese():
    speak("vi")
    assert list(value.bands([0, 8, 10], "nps")) == ["Detractors", "Passives", "Promoters"]
    rows = pd.DataFrame({"churn": [1.0, 0.0]})
    assert [label for _, label, *_ in value._told(rows, 90)] == ["Rời bỏ trong 90 ngày"]


ENGLISH = re.compile(r"\b(left|at risk|still|pooled|rank|average|unit|between|intervals?|days|customers)\b")


def test_no_english_word_is_drawn():
    speak("vi")
    curves = survival(pd.DataFrame({"t": [1, 2, 3, 4], "e": [1, 1, 0, 1]}), duration="t", event="e")
    figures = [
        survival_curves(curves, title=say_staying.curves_title("")),
        caterpillar(league().found.frame, title="NPS theo shop", unit="percent", average=70.5),
    ]
    drawn = [one.get_text() for figure in figures for one in figure.findobj(Text) if one.get_text()]
    assert "Tất cả (n = 4*, 3 đã rời bỏ)" in drawn
    assert "đơn vị trung bình 70,5%" in drawn
    assert not [one for one in drawn if ENGLISH.search(one)]


def test_the_chapter_s_reasons_are_in_vietnamese():
    speak("vi")
    book = SimpleNamespace(tables={})
    study = SimpleNamespace(book=book, has=lambda name: False)
    here = journey_study.case(study)
    assert say.log(here, None) == {
        "no_journeys": "Nghiên cứu không có lượt tiếp xúc kèm bản đồ đã vẽ nên không trình bày hành trình."
    }
