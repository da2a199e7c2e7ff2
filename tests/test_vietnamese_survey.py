"""The survey chapter in Vietnamese: whole sentences with Vietnamese numbers, and the same findings as in English."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from cxlib import compare, retention, tabs
from cxlib.charts.style import bare, canvas, in_style
from cxlib.language import speak
from cxlib.sentences import comments as say_comments
from cxlib.sentences import competitors as say_rivals
from cxlib.sentences import inside as say_inside
from cxlib.sentences import retention as say_stay
from cxlib.sentences import survey as say
from cxlib.sentences import tabs as say_tabs
from cxlib.sentences.words import in_wave

STUDY = SimpleNamespace(
    modes={"1": "phone", "2": "web"}, book=SimpleNamespace(sample="quota", client="Sao Mai", minimum_base=30)
)
HELD = {"low": 1.005, "high": 2350.5, "se": 1.0, "t": 2.5, "df": 1200.0, "p": 0.0123, "p_adjusted": 0.0123}


def changed(estimate: float, **more) -> pd.DataFrame:
    """One change of the NPS from wave 1 to wave 2."""
    row = {"name": "nps", "label": "NPS", "unit": "points", "before": "1", "after": "2", "estimate": estimate}
    return pd.DataFrame([row | HELD | {"tests": 1, "verdict": "borderline"} | more])


@pytest.mark.parametrize(("estimate", "moved"), [
    (-1234.5, "NPS giảm 1.234,50 điểm từ đợt 1 đến đợt 2"),
    (0.25, "NPS tăng 0,25 điểm từ đợt 1 đến đợt 2"),
    (0.0, "NPS giữ nguyên từ đợt 1 đến đợt 2"),
])  # fmt: skip
def test_a_change_in_vietnamese(estimate, moved):
    speak("vi")
    told = say.changes(STUDY, changed(estimate, tests=3), confidence=0.95, design="Trọng số và cụm")["nps_change"]
    assert told == (
        f"{moved}: sát ngưỡng, chưa thể kết luận có hay không (khoảng 95% theo mô hình: +1,00 đến +2.350,50, "
        "p = 0,0123 sau hiệu chỉnh Holm cho 3 thay đổi, t = 2,50 với 1.200 bậc tự do; trọng số và cụm). Hình thức "
        "phỏng vấn đổi từ phone sang web, riêng việc đó đã làm câu trả lời thay đổi."
    )


def test_one_change_needs_no_correction():
    told = say.changes(STUDY, changed(0.25), confidence=0.95, design="Weights")["nps_change"]
    assert "p = 0.0123, t 2.50 on 1,200 degrees of freedom; weights)" in told


def test_the_ends_of_the_segments_in_vietnamese():
    rows = pd.DataFrame(
        {"name": "csat", "label": "CSAT", "unit": "percent", "segment": "Tuổi", "group": ["18-24", "55+"],
         "estimate": [60.25, 71.5], "low": [50.0, 65.0], "high": [70.0, 78.0], "n": [99, 1234]}
    )  # fmt: skip
    speak("vi")
    assert say.segments(rows)["csat_segments"] == (
        "CSAT thấp nhất ở Tuổi “18-24” với 60,2%* (50,0 đến 70,0%; 99 câu trả lời) và cao nhất ở Tuổi “55+” với 71,5% "
        "(65,0 đến 78,0%; 1.234 câu trả lời). Đây là hai đầu của 2 nhóm nên một phần khoảng cách là do may rủi khi "
        "chọn mẫu; khoảng tin cậy chưa điều chỉnh cho việc tìm kiếm này."
    )
    captions, alts = say.segment_figures(rows.assign(estimate=[np.nan, 71.5]), None)
    assert captions["csat"] == "CSAT theo phân khúc; nét đứt: toàn bộ người trả lời; chấm rỗng: cỡ mẫu dưới 100"
    assert alts["csat"].endswith("Tuổi “18-24” không công bố, Tuổi “55+” 71,5%.")


def test_captions_name_the_wave_where_there_is_one():
    assert [in_wave("Tab book", wave) for wave in (None, "2", "2026-H1")] == [
        "Tab book", "Tab book in wave 2", "Tab book in 2026-H1"
    ]  # fmt: skip
    speak("vi")
    assert say.answers_caption("2") == "Câu trả lời ở đợt 2, kèm khoảng tin cậy"
    assert say.answers_caption(None) == "Câu trả lời, kèm khoảng tin cậy"


def test_a_gap_to_competitors_in_vietnamese(monkeypatch):
    monkeypatch.setattr("cxlib.benchmark.form", lambda study: "answers")
    row = {"name": "nps", "label": "NPS", "unit": "points", "wave": "2", "ours": 45.8, "p_adjusted": 0.0822}
    row |= {"low": -0.67, "high": 15.22}
    rows = pd.DataFrame([
        row | {"rival": "Mart 24", "estimate": 7.27, "verdict": "clear"},
        row | {"rival": "Nhà", "estimate": -1.0, "verdict": "none"},
    ])  # fmt: skip
    speak("vi")
    assert say_rivals.gaps(STUDY, rows, confidence=0.9)["nps_gap"] == (
        "NPS của Sao Mai ở đợt 2 là 45,8: cao hơn 7,27 điểm so với Mart 24: nhiều hơn mức ngẫu nhiên có thể giải thích "
        "(khoảng 90% theo mô hình: −0,67 đến +15,22, p = 0,0822); không phân biệt được với Nhà (−1,00, p = 0,0822). p "
        "được hiệu chỉnh Holm cho 2 so sánh; khoảng tin cậy thì không."
    )


@pytest.mark.parametrize(("n", "told"), [
    (1, "{n} comment holds no words, but numbers, signs or emojis alone."),
    (1200, "{n} comments hold no words, but numbers, signs or emojis alone."),
])  # fmt: skip
def test_comments_without_words_are_counted(n, told):
    study = SimpleNamespace(survey=pd.DataFrame({"why": ["10"] * n}), domain=None)
    spoken = SimpleNamespace(question="why", study=study, texts=pd.Series([], dtype=object))
    assert say_comments.basis(spoken, None)["comments"] == told.format(n=f"{n:,}")
    speak("vi")
    shown = f"{n:,}".replace(",", ".")
    assert say_comments.basis(spoken, None)["comments"] == (
        f"{shown} ý kiến không có chữ nào, chỉ gồm số, ký hiệu hoặc biểu tượng cảm xúc."
    )


def test_what_a_team_misjudges_in_vietnamese():
    row = {"team": "sales", "unit": "score", "low": 0.5, "high": 1.1, "p": 0.0001, "p_adjusted": 0.0001, "n": 60}
    rows = pd.DataFrame([
        row | {"name": "price", "attribute": "Giá", "estimate": 0.877, "staff": 4.28, "customers": 3.4},
        row | {"name": "range", "attribute": "Hàng", "estimate": 0.1, "staff": 4.0, "customers": 3.9},
        row | {"name": "care", "attribute": "Quan tâm", "estimate": np.nan},
        row | {"name": "all", "attribute": "", "estimate": 0.5},
    ]).assign(verdict=["clear", "none", "unknown", "borderline"])  # fmt: skip
    english = say_inside.gaps(STUDY, rows, confidence=0.95)["inside_1"]
    assert "; 1 of 2 gaps is not told apart from chance; 1 is not reported, on too few answers. Over all" in english
    speak("vi")
    assert say_inside.gaps(STUDY, rows, confidence=0.95)["inside_1"] == (
        "Sales: đánh giá quá cao Giá (+0,877; khoảng 95% theo mô hình: +0,500 đến +1,100, p = 0,0001; nhân viên 4,28, "
        "khách hàng 3,40); 1 trên 2 chênh lệch không phân biệt được với ngẫu nhiên; 1 chênh lệch không được công bố vì "
        "quá ít câu trả lời. Xét mọi thuộc tính, nhóm này nhìn nhận tốt hơn khách hàng 0,500 (khoảng 95% theo mô hình: "
        "+0,500 đến +1,100, p = 0,0001, sát ngưỡng)."
    )


def test_a_tab_book_marks_the_same_in_both_languages():
    """Letters, and the place to the rest, do not hang on what the rest, the total and the mean are called."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"city": np.repeat(["a", "b", "c"], 80), "score": rng.integers(1, 6, 240).astype(float)})
    frame.loc[frame["city"] == "a", "score"] = 5.0
    books = {}
    for language in ("en", "vi"):
        speak(language)
        books[language] = compare.banner(frame, ["score"], ["city"])
    english, vietnamese = books["en"], books["vi"]
    assert set(english.cells["rest"]) == {"", "above", "below"}
    for column in ("letters", "rest", "estimate", "kind", "n"):
        assert english.cells[column].equals(vietnamese.cells[column])
    assert english.tests["other"].equals(vietnamese.tests["other"])
    assert vietnamese.cells["line"].iloc[-1] == "Trung bình"
    assert vietnamese.to_frame().columns[0][1] == "Tổng"
    assert vietnamese.notes[2].startswith("** cỡ mẫu dưới 30: không công bố, không kiểm định. * cỡ mẫu dưới 100: ")
    as_scores = vietnamese.tests[vietnamese.tests["kind"] == "mean"].assign(kind="score")
    told = say_tabs.apart(SimpleNamespace(tests=as_scores))["apart_1"]
    assert told.startswith("Trung bình: city “a” cao hơn ")
    assert " so với phần còn lại (" in told


RETENTION = """tables:
  survey: {file: s.csv, questions: {q: {role: number}}}
  customers:
    file: c.csv
    customer: id
    since: since
    left: left
    questions: {city: {role: segment}}
"""


def test_retention_tells_the_same_in_both_languages(load):
    left = ["2025-06-01", "", "", ""] * 30
    rows = [f"s{i},2020-01-01,{day},{'north' if i < 60 else 'south'}" for i, day in enumerate(left)]
    rows += ["n1,2025-03-01,2025-12-31,north"]
    study = load(RETENTION, {"s.csv": "q\n1\n", "c.csv": "\n".join(["id,since,left,city", *rows])})
    english = retention.rates(study)
    told = say_stay.rates(study, english, confidence=0.95)
    assert told["retention_joined"] == "1 customer joined during the period and is not in the base."
    speak("vi")
    vietnamese = retention.rates(study)
    named = ["segment", "group", "method"]
    assert english.drop(columns=named).equals(vietnamese.drop(columns=named))
    assert vietnamese["group"].tolist() == ["Tất cả khách hàng", "north", "south"]
    in_vietnamese = say_stay.rates(study, vietnamese, confidence=0.95)
    assert list(in_vietnamese) == list(told)
    assert in_vietnamese["retention"].startswith("Trong 120 khách hàng có mặt lúc đầu giai đoạn, 75,0% (khoảng tin cậy")


NAMED = """
questions:
  age: {role: number, derive: {age_band: [30, 50]}}
  income: {role: segment, labels: {1: A, 2: B}, derive: {level: {lower: [1], higher: [2]}}}
  speed: {role: driver, scale: [1, 5], factor: staff}
  care: {role: driver, scale: [1, 5], factor: staff}
  ways: {role: multi, labels: {web: {en: Website, vi: Trang web}, app: App}, nets: {digital: [web, app]}}
"""
TOP = """study: tiny
title: Tiny
sample: opt_in
margins: [{of: level, population: {lower: 0.5, cao: 0.5}}]
names: {age_band: {vi: Nhóm tuổi}, lower: {vi: thấp}, higher: {vi: cao}, staff: {vi: Nhân viên}, digital: {vi: kênh số}}
"""
ANSWERS = "age,income,speed,care,ways\n" + "25,1,1,2,web\n45,2,4,5,app\n55,2,5,5,web\n" * 20


@pytest.mark.parametrize(("language", "label", "groups", "factor", "net"), [
    ("en", "Age band", ["lower", "higher"], "Staff", "Net: digital"),
    ("vi", "Nhóm tuổi", ["thấp", "cao"], "Nhân viên", "Gộp: kênh số"),
])  # fmt: skip
def test_what_has_no_label_is_named_in_both_languages(load, language, label, groups, factor, net):
    speak(language)
    study = load(NAMED, ANSWERS, top=f"{TOP}language: {language}\n")
    assert study.label("age_band") == label
    assert study.levels("level") == groups
    assert study.survey["level"].value_counts().to_dict() == {groups[1]: 40, groups[0]: 20}
    assert tabs.reliability(study, None)["factor"].tolist() == [factor]
    assert net in set(tabs.tab_book(study, None, ["ways"], ["level"]).cells["line"])


def test_names_are_of_what_has_no_label_and_differ(error):
    told = error(NAMED, ANSWERS, top=TOP.replace("age_band: {", "age_bnd: {"))
    assert "`names:` is of derived questions, their groups, nets and factors; age_bnd is none of them" in told
    assert told.endswith("did you mean age_band?")
    alike = TOP.replace("{vi: cao}", "{vi: thấp}").replace("cao: 0.5", "higher: 0.5")
    assert "lower and higher of level are both called thấp" in error(NAMED, ANSWERS, top=alike)


def test_numbers_of_an_axis_follow_the_language():
    @in_style
    def drawn() -> list[str]:
        figure, (axis,) = canvas(2.0)
        axis.set_ylim(-0.5, 0.5)
        bare(axis, "y")
        figure.draw_without_rendering()
        return [tick.get_text() for tick in axis.get_yticklabels()]

    assert "−0.4" in drawn()
    speak("vi")
    assert "−0,4" in drawn()
