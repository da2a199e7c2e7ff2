"""The data-quality chapter in Vietnamese: whole sentences, Vietnamese numbers, and the same decisions as in English.

Oracles: the sentences as a translator wrote them, on frames written by hand and on quality_study's survey.
"""

import numpy as np
import pandas as pd
import pytest
from quality_study import SURVEY, changed, made

from cxlib import CxError, exclusion_effect, language, missingness, representation, tables, verdicts
from cxlib import data_quality as quality
from cxlib.sentences import missing as say_missing
from cxlib.sentences import quality as say
from cxlib.wave_breaks import breaks


def in_both(told):
    """What a function gives in English and in Vietnamese."""
    found = []
    for name in ("en", "vi"):
        language.speak(name)
        found.append(told())
    return found


def judged(n: int = 1) -> pd.DataFrame:
    rows = {"name": "nps", "label": "NPS", "wave": "2", "verdict": "do not report", "reasons": [("Lý do.",)]}
    return pd.DataFrame(rows, index=range(n))


def test_a_verdict_with_its_wave():
    english, vietnamese = in_both(lambda: say.verdicts(judged()))
    assert english == {"verdict_nps": "NPS in wave 2: do not report. Lý do."}
    assert vietnamese == {"verdict_nps": "NPS (đợt 2): không công bố. Lý do."}


@pytest.mark.parametrize(
    ("complete", "partial", "told"),
    [
        (1, 0, "Of 2,500 invited, 45.5% answered (1 complete interview; 95% interval 43.0 to 48.1%; "),
        (1100, 37, "Of 2,500 invited, 45.5% answered (1,100 complete interviews and 37 partial ones; 95% interval 43.0 "
                   "to 48.1%; "),
    ],
)  # fmt: skip
def test_the_response_rate_counts_in_english(complete, partial, told):
    assert say.response(response(complete, partial, "all"), 0.95)["response_rate"].startswith(told)


def response(complete: int, partial: int, wave: str) -> pd.DataFrame:
    return pd.DataFrame({"rate": ["RR2"], "wave": wave, "invited": 2500, "complete": complete, "partial": partial,
                         "estimate": 45.52, "low": 42.98, "high": 48.08})  # fmt: skip


def test_the_response_rate_in_vietnamese():
    language.speak("vi")
    assert say.response(response(1100, 1, "2026-H2"), 0.95)["response_rate"] == (
        "Trong 2.500 người được mời ở 2026-H2, 45,5% đã trả lời (1.100 phỏng vấn đầy đủ và 1 phỏng vấn dở dang; khoảng "
        "tin cậy 95%: 43,0 đến 48,1%; AAPOR RR2, coi mọi người được mời đều đủ điều kiện). Người không trả lời không "
        "nằm trong ước lượng hay khoảng tin cậy nào."
    )


def test_what_is_missing_in_vietnamese():
    items = pd.DataFrame({"label": ["Giá cả", "Tốc độ"], "role": "driver", "blank": [1200, 0], "no_answer": [50, 3],
                          "asked": [5000, 5000], "estimate": [25.0, 0.06]})  # fmt: skip
    monotone = pd.DataFrame({"complete": [3750], "incomplete": [1250], "dropped": [1000]})
    language.speak("vi")
    assert say_missing.missing(items, monotone, "2026-H2", minimum_base=30) == {
        "missing": "Có người được hỏi ở 2026-H2 bỏ trống 2 trên 2 câu hỏi, nhiều nhất là Giá cả (25,0%) và Tốc độ "
        "(0,1%).",
        "pattern": "3.750 người trả lời đầy đủ mọi câu; 1.250 người bỏ trống ít nhất một câu, trong đó 1.000 người chỉ "
        "bỏ phần cuối bảng hỏi: đa số dừng giữa chừng.",
    }


def test_a_code_that_is_no_answer_in_vietnamese():
    rows = pd.DataFrame({"name": "nps", "label": "Giới thiệu", "wave": "all", "code": "11", "n_with": 1234,
                         "place": "outside the scale", "counted_as": 10.0, "metric": "NPS", "metric_unit": "points",
                         "without": 45.81, "counted": 46.81, "change": 1.0}, index=[0])  # fmt: skip
    english, vietnamese = in_both(lambda: say_missing.codes(rows.assign(n_with=[1]), None)["code_1"])
    assert english.startswith("Giới thiệu: the code 11 (outside the scale) stands 1 time and is no answer. Counted as ")
    assert vietnamese.startswith("Giới thiệu: mã 11 (ngoài thang đo) xuất hiện 1 lần và không phải câu trả lời. ")
    assert say_missing.codes(rows, None)["code_1"] == (
        "Giới thiệu: mã 11 (ngoài thang đo) xuất hiện 1.234 lần và không phải câu trả lời. Nếu tính là 10, mã này sẽ "
        "đưa NPS từ 45,8 thành 46,8 (+1,00 điểm)."
    )


def test_what_leaving_out_does_in_vietnamese(load):
    study = made(load)
    rows = pd.DataFrame({"name": "nps", "label": "NPS", "wave": "w2", "check": "near_duplicate", "applied": False,
                         "left_out": 1, "estimate": -1.5, "low": -2.25, "high": -0.75, "unit": "points"},
                        index=[0])  # fmt: skip
    english, vietnamese = in_both(lambda: say.exclusions(study, rows, 0.95)["exclusion_nps"])
    assert english == (
        "Leaving out the 1 respondent marked as near-duplicate would move NPS in w2 most: by −1.50 points (95% "
        "interval −2.25 to −0.75)."
    )
    assert vietnamese == (
        "Nếu loại 1 người trả lời bị đánh dấu là gần trùng lặp, NPS (w2) sẽ thay đổi nhiều nhất: −1,50 điểm (khoảng "
        "tin cậy 95%: −2,25 đến −0,75)."
    )
    all_out = rows.assign(check=exclusion_effect.ALL, applied=True, left_out=1200)
    assert say.exclusions(study, all_out, 0.95)["exclusion_nps"].startswith(
        "Loại 1.200 người trả lời theo khai báo của nghiên cứu làm NPS (w2) thay đổi nhiều nhất: −1,50 điểm ("
    )


def test_decisions_and_numbers_do_not_depend_on_the_language(load):
    """The same verdicts, broken rules, flags, kinds and bases; what the record keeps as words stays English."""
    asked = {"recommend": SURVEY["questions"]["recommend"] | {"breaks": {"w2": "was asked on paper"}}}
    mixed = changed(mode=np.where(np.arange(240) < 120, "in_person", "online"))

    def found():
        study = made(load, questions=asked, quality={"exclude": ["speeder"]}, **mixed)
        rows, seams = verdicts.verdicts(study), breaks(study)
        frames = [rows.drop(columns="reasons"), seams.drop(columns="detail"), representation.effect(study),
                  quality.checks(study), missingness.patterns(study, "w2")]  # fmt: skip
        return [frame.drop(columns=["method", "label"], errors="ignore") for frame in frames], rows

    (english, one), (vietnamese, two) = in_both(found)
    for before, after in zip(english, vietnamese, strict=True):
        pd.testing.assert_frame_equal(before, after)
    assert set(english[0]["verdict"]) == {"report with caution"}
    assert {"break", "mode"} <= set(one.set_index("name").loc["nps", "broken"])
    assert "Thay đổi so với w1 còn do hình thức phỏng vấn (in person, sau đó online)." in two["reasons"].iloc[0]
    made_of = tables.record(two, caption="", columns=["label", "verdict"], labels={"verdict": ("Verdict", "word")})
    assert {row[1] for row in made_of["rows"]} == {"report with caution"}
    assert {row[1] for row in made_of["printed"]["rows"]} == {"công bố thận trọng"}


def test_errors_stay_english(load):
    """A check that cannot be made is told in the language of the report, and refused in English."""
    language.speak("vi")
    study = made(load, without=["seconds"])
    rules = quality.check_rules(study).set_index("check")["rule"]
    assert rules["speeder"] == "không kiểm tra: khảo sát không có thời gian phỏng vấn (`seconds:`)"
    with pytest.raises(CxError, match=r"cannot be made: the survey has no time of interview \(`seconds:`\)$"):
        made(load, without=["seconds"], quality={"exclude": ["speeder"]}).table("survey")
