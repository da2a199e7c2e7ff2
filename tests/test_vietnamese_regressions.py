"""The chapter on metric regressions in Vietnamese: whole sentences, Vietnamese numbers, and the same findings."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from cxlib import separation, tables
from cxlib.asymmetry import asymmetry
from cxlib.before_after import lines, placebos
from cxlib.binary import binary
from cxlib.charts import importance_map, penalty_reward
from cxlib.diagnostics import diagnostics
from cxlib.language import speak
from cxlib.linear import linear
from cxlib.metrics import find
from cxlib.ordinal import ordinal
from cxlib.performance import quadrants
from cxlib.sentences import regressions as say
from cxlib.sentences import worth as say_worth

ENDS = {"estimate": -0.5, "low": -9.25, "high": 8.25, "p_adjusted": 0.0497, "unit": "points"}


def case(**changes):
    improvement = SimpleNamespace(group="changed", treated="1", before="2026-H1", after="2026-H2")
    study = SimpleNamespace(
        book=SimpleNamespace(sample="probability", improvement=improvement),
        label=str.capitalize,
        answer_words=lambda question, codes: ["Đào tạo"],
    )
    told = {"study": study, "frame": range(2001), "drivers": ["care", "speed"], "numeric": ["care", "income"],
            "wave": "2", "label": "NPS", "metric": find("nps"), "confidence": 0.95, "left_out": (),
            "unit": "points", "too_few": False}  # fmt: skip
    return SimpleNamespace(**told | changes)


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    """300 respondents of two waves and two groups, who rated two drivers."""
    random, n = np.random.default_rng(2), 300
    frame = pd.DataFrame({"care": random.integers(1, 6, n), "speed": random.integers(1, 6, n)})
    score = np.clip(np.round(1.5 * frame["care"] + 0.5 * frame["speed"] + random.normal(size=n)), 0, 10)
    return frame.assign(nps=score, loyal=frame["care"] > 3, wave=np.arange(n) % 3, changed=np.arange(n) // 3 % 2)


def test_who_is_looked_at_in_vietnamese():
    rows = pd.DataFrame({"label": ["Quan tâm", "Tốc độ"], "n": [1980, 1800], "never_used": [1200, 34]})
    speak("vi")
    assert say.base(case(left_out=("price",)), rows)["base"] == (
        "2.001 người trả lời trong đợt 2; NPS được giải thích bằng 2 yếu tố tác động. Ít câu trả lời nhất: Tốc độ, "
        "1.800. 1.234 câu trả lời cho biết chưa từng dùng, tách riêng khỏi câu bỏ trống. Loại ra vì mọi câu trả lời "
        "đều giống nhau: Price."
    )


def test_importance_in_vietnamese():
    rows = pd.DataFrame(
        {"label": ["Quan tâm", "Tốc độ"], "percent": [60.5, 39.5], "rank": [1, 2], "rank_low": [1, 1],
         "rank_high": [1, 2], "r_squared": 40.25, "r_squared_low": 35.0, "r_squared_high": 44.5}
    )  # fmt: skip
    speak("vi")
    assert say.importance(case(), rows)["importance"] == (
        "Các yếu tố tác động cùng nhau giải thích 40,2% (khoảng tin cậy 95%: 35,0 đến 44,5%) khác biệt giữa các câu "
        "trả lời về NPS. Phần lớn nhất thuộc về Quan tâm (60,5% trong số đó; hạng 1, khó có hạng khác); nhỏ nhất "
        "thuộc về Tốc độ (39,5%; hạng 2, có thể từ 1 đến 2). Đây là mối liên hệ: những gì đi cùng nhau chưa chắc thay "
        "đổi cùng nhau."
    )


def test_what_goes_with_a_point_an_income_and_a_category_in_vietnamese():
    rows = pd.DataFrame(
        {"term": ["care", "income", "city[Huế]"], "label": ["Quan tâm", "Thu nhập (+1.000)", "Nơi ở: Huế"],
         "estimate": [5.0, 0.25, -9.0], "low": [4.0, 0.05, -17.0], "high": [6.0, 0.45, -1.0], "se": [0.5, 0.1, 4.0],
         "unit": "points", "step": [1, 1000, 1], "n": 1090}
    )  # fmt: skip
    speak("vi")
    assert say.effects(case(), None, rows)["effects"] == (
        "Thêm một điểm ở Quan tâm đi cùng +5,00 điểm của NPS (khoảng tin cậy 95%: +4,00 đến +6,00); thêm 1.000 ở "
        "Income đi cùng +0,25 điểm của NPS (khoảng tin cậy 95%: +0,05 đến +0,45); Nơi ở: Huế đi cùng −9,00 điểm của "
        "NPS (khoảng tin cậy 95%: −17,00 đến −1,00). Khi các yếu tố khác như nhau, 3 trong 3 khoảng không chứa số 0; "
        "do ngẫu nhiên sẽ có 0,2. Cỡ mẫu 1.090, gồm những người trả lời đủ mọi câu."
    )


def test_an_improvement_and_its_placebo_in_vietnamese():
    rows = pd.DataFrame([ENDS | {"name": "nps", "label": "NPS", "verdict": "borderline", "detectable": 7.0}])
    checks = pd.DataFrame({"check": ["effect", "placebo"], "estimate": [9.0, 2.0], "p_adjusted": [0.5, 0.04],
                           "detectable": [7.0, 6.5]})  # fmt: skip
    speak("vi")
    assert say_worth.improvement(case(), rows, checks) == {
        "improvement_nps": "NPS, 2026-H1 đến 2026-H2: nhóm Đào tạo thay đổi −0,50 điểm so với nhóm đối chứng (khoảng "
        "tin cậy 95%: −9,25 đến +8,25, p = 0,0497, sát ngưỡng, chưa thể kết luận có hay không). Một tác động 7,00 "
        "điểm sẽ được phát hiện trong bốn trên năm lần.",
        "placebo": "1 trong 1 phép kiểm tra placebo cũng thay đổi, nên nhóm đối chứng đáng ngờ; phép kiểm tra như vậy "
        "phát hiện được 6,50 điểm trong bốn trên năm lần, và không loại trừ chênh lệch nhỏ hơn.",
    }


def test_what_a_score_is_worth_in_vietnamese():
    rows = pd.DataFrame({"outcome": "churn", "band": ["Detractors", "Promoters"], "estimate": [30.0, 20.5],
                         "label": "Rời bỏ", "unit": "percent"})  # fmt: skip
    gaps = pd.DataFrame([ENDS | {"outcome": "churn", "label": "Rời bỏ", "unit": "percent", "band": "Promoters",
                                 "other": "Detractors", "verdict": "clear"}])  # fmt: skip
    speak("vi")
    assert say_worth.bands(case(), rows, gaps, "")["worth_churn"] == (
        "Rời bỏ: người ủng hộ 20,5%, người chê 30,0%, chênh lệch −0,50 điểm phần trăm (khoảng tin cậy 95%: −9,25 đến "
        "+8,25, p = 0,0497, nhiều hơn mức ngẫu nhiên có thể giải thích)."
    )
    assert say_worth.named(rows)["band"].tolist() == ["Người chê", "Người ủng hộ"]
    assert say_worth.silent_caption(case()) == "Khách hàng theo câu trả lời trong đợt 2, và những người không trả lời"


def test_one_is_told_as_one_in_english():
    rows = pd.DataFrame({"label": ["Care"], "n": [1], "never_used": [1]})
    assert say.base(case(frame=[0], drivers=["care"], wave=None), rows)["base"] == (
        "1 respondent; NPS is explained by 1 driver. Fewest answers: Care, 1. 1 answer says that something was never "
        "used, kept apart from blanks."
    )
    apart = pd.DataFrame([ENDS | {"label": "Care", "group": "A", "other": "B", "p_adjusted": 0.4}])
    told = say.segments(case(), "city", apart)["segment"]
    assert told.endswith(
        "Of 1 comparison 0 are more than chance explains and 0 borderline (Holm's correction over all)."
    )
    needed = pd.DataFrame({"sees": [1.0, 2, 3], "answers": [9.0, 4, 1], "answers_each": 2, "unit": "points"})
    assert "four times in five: 1 answer in the next wave; 2 in each" in say_worth.needed(case(), needed)["needed"]


def test_a_separation_is_told_in_both_languages():
    rows = pd.DataFrame({"driver": "care", "answer": ["1", "2", "3"], "separates": ["never", "both", "always"]})
    told = {"kind": "quasi-complete", "outcome": "NPS 2", "frame": rows, "label": str.upper}
    assert separation.sentence(**told) == (
        "quasi-complete separation: CARE (always at 3, never at 1, both only at 2) sorts NPS 2, so its coefficient has "
        "no finite value"
    )
    speak("vi")
    assert separation.sentence(**told) == (
        "tách biệt gần hoàn toàn: CARE (luôn xảy ra ở 3, không bao giờ ở 1, có cả hai chỉ ở 2) tách hẳn NPS 2, nên hệ "
        "số không có giá trị hữu hạn"
    )


def decided(answers: pd.DataFrame) -> list[pd.DataFrame]:
    """Everything by which sentences and charts decide: verdicts, kinds, checks, quadrants."""
    fits = [
        linear(answers, "nps", ["care", "speed"]),
        ordinal(answers, "nps", ["speed"]),
        binary(answers, "loyal", ["care"]),
    ]
    parts = {"group": "changed", "treated": "1", "over": "wave", "question": "nps", "before": 1, "after": 2}
    spots = pd.DataFrame({"estimate": [1.0, 3.0], "low": [0.5, 1.5], "high": [1.5, 4.5]}, index=["care", "speed"])
    found = [diagnostics(fit) for fit in fits]
    found += [asymmetry(answers, "nps", ["care", "speed"]), quadrants(spots, spots)]
    return [*found, placebos(answers, "mean", **parts), lines(answers, "mean", **parts)]


def test_verdicts_kinds_and_checks_are_the_same_in_both_languages(answers):
    """Nothing is compared with a translated word: only texts of methods and consequences change with the language."""
    english = decided(answers)
    speak("vi")
    prose = ["test", "consequence", "method"]
    for found, wanted in zip(decided(answers), english, strict=True):
        columns = [name for name in wanted if name not in prose]
        pd.testing.assert_frame_equal(found[columns], wanted[columns])
        for name in set(prose) & set(wanted):
            assert not set(found[name]) & set(wanted[name]) - {"Breusch-Pagan (Koenker)"}


def test_words_of_a_record_stay_english_and_are_printed_in_vietnamese(answers):
    speak("vi")
    rows = diagnostics(linear(answers, "nps", ["care", "speed"]), label=str.upper)
    heads = {"assumption": ("Assumption", "word"), "test": "Test", "verdict": ("Verdict", "word")}
    found = tables.record(rows, caption="x", columns=list(heads), labels=heads, minimum_base=0)
    assert found["rows"][0][0] == "drivers differ"
    assert found["rows"][0][2] == "no sign of trouble"
    printed = found["printed"]["rows"][0]
    assert printed[0] == "các yếu tố khác nhau"
    assert printed[1] in [f"hệ số phóng đại phương sai lớn nhất ({name})" for name in ("CARE", "SPEED")]
    assert printed[2] == "không có dấu hiệu bất ổn"
    told = say.checks(rows.assign(verdict="does not hold").head(1))["checks"]
    assert told.startswith(
        "0 trong 1 giả định không có dấu hiệu bất ổn. Các yếu tố khác nhau: không đúng. Các yếu tố đủ"
    )


def test_the_method_of_a_model_is_in_vietnamese(answers):
    speak("vi")
    lacking = answers.assign(care=answers["care"].where(np.arange(300) > 9))
    assert linear(lacking, "nps", ["care", "speed"]).method == (
        "bình phương tối thiểu; sai số theo thiết kế mẫu, t Student (287 bậc tự do); n = 290 (10 bị loại vì thiếu câu "
        "trả lời); mẫu ngẫu nhiên đơn giản"
    )


def test_no_english_word_is_drawn(answers):
    spots = pd.DataFrame({"estimate": [1.5, 3.0], "low": [1.25, 1.75], "high": [1.75, 4.5]}, index=["a", "b"])
    kinds = asymmetry(answers, "nps", ["care", "speed"])
    speak("vi")
    figures = [importance_map(quadrants(spots, spots), title="x"), penalty_reward(kinds, title="x", unit="points")]
    drawn = {one.get_text() for figure in figures for one in figure.findobj(Text)}
    assert {"ưu tiên cải thiện", "dư mức cần thiết", "Mức độ thực hiện →", "điểm phạt", "điểm thưởng"} <= drawn
    assert "chênh lệch so với câu trả lời trung bình (điểm)" in drawn
    assert not [one for one in drawn if "improve" in one or "told" in one or "reward" in one or "performance" in one]
    assert not [one for one in drawn if "." in one]  # decimals of ticks are written with a comma
