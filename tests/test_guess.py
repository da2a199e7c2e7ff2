"""What each column of an export is: made columns whose meaning is known, and real exports as they are documented."""

from pathlib import Path

import pandas as pd
import pytest

from cxlib import guess, scale_guess, worded_scales, wording
from cxlib.answers import Answers, Variable
from cxlib.column_facts import facts
from cxlib.export_waves import wave_names
from cxlib.names import slug, unique
from cxlib.privacy_guess import privacy

SHARED = Path(__file__).resolve().parent.parent.parent / "shared/data"
N = 60


def guessed(columns: dict, **variables: Variable) -> dict[str, guess.Guess]:
    """What is guessed of columns (header: values, repeated up to N), by column."""
    frame = pd.DataFrame({name: [str(values[i % len(values)]) for i in range(N)] for name, values in columns.items()})
    answers = Answers(frame, {c: variables.get(c, Variable(c)) for c in frame.columns}, "csv")
    return {column: made for made in guess.guess(answers) for column in made.columns}


def role(header: str, values, **variables) -> tuple[str, str, str]:
    """(use, role, metric or confidence) of one column beside another."""
    made = guessed({header: values, "filler": ["a", "b", "c"]}, **variables)[header]
    return made.use, made.role, made.entries.get("metric", made.confidence)


def privately(header: str, values) -> str:
    """What of a person a column is taken to tell, "" where nothing."""
    frame = pd.DataFrame({header: values}, dtype=object)
    told = privacy(facts(Answers(frame, {header: Variable(header)}, "csv"))[0])
    return told.what if told else ""


# -- metrics -------------------------------------------------------------------------------------------------------

NPS, CSAT, CES = range(11), range(1, 6), range(1, 8)


@pytest.mark.parametrize(
    ("header", "values", "metric"),
    [
        ("How likely are you to recommend us to a friend?", NPS, "nps"),
        ("NETPRO", NPS, "nps"),
        ("Bạn có sẵn lòng giới thiệu chúng tôi cho bạn bè không?", NPS, "nps"),
        ("Ban co san long gioi thieu chung toi khong?", NPS, "nps"),
        ("Overall, how satisfied are you?", CSAT, "csat"),
        ("Mức độ hài lòng chung", CSAT, "csat"),
        ("Muc do hai long chung", CSAT, "csat"),
        ("How easy was it to get what you wanted?", CES, "ces"),
        ("Việc mua hàng dễ hay khó?", CES, "ces"),
        ("Q7ALL", CSAT, "csat"),
    ],
)
def test_the_wording_and_the_scale_tell_the_metric(header, values, metric):
    """Oracle: the definitions of NPS (0-10), CSAT (1-5) and CES (1-7), and the field's Vietnamese words for them."""
    assert role(header, list(values)) == ("question", "metric", metric)


def test_a_scale_of_0_to_10_alone_is_no_nps():
    """A scale says how was answered, not what was asked: the column is named, not made a metric."""
    made = guessed({"Q12": list(NPS), "filler": ["a", "b"]})["Q12"]
    assert (made.use, made.role, made.confidence) == ("candidate", "driver", "low")
    assert made.reason == "0-10 scale, but no word of recommending, satisfaction or ease"


def test_wording_beats_scale_and_another_scale_is_a_metric_of_its_own():
    """Ease on 1-5 is not CES (1-7): its mean is reported under another name."""
    made = guessed({"How easy was it? (1-5)": list(CSAT), "filler": ["a", "b"]})["How easy was it? (1-5)"]
    label = {"en": "Ease (1-5)", "vi": "Dễ dàng (1-5)"}
    assert made.own == {"ease_1_5": {"scale": [1, 5], "scores": "mean", "unit": "score", "label": label}}
    assert (made.confidence, made.look) == ("medium", "it is reported as a mean of 1-5, since CES needs 1-7")


def test_codes_off_the_scale_are_missing_candidates_with_their_counts():
    """60 rows of a cycle of 12 codes hold each 5 times, so 11 stands 5 times; of a cycle of 7, 60 = 8 x 7 + 4."""
    made = guessed({"recommend": [*NPS, 11], "Satisfaction": [1, 2, 3, 4, 5, "Blank", -1], "filler": ["a"]})
    assert (made["recommend"].entries["missing"], made["recommend"].outside) == (["11"], {"11": 5})
    assert made["Satisfaction"].entries == {"metric": "csat", "scale": [1, 5], "missing": ["-1", "Blank"]}
    assert made["Satisfaction"].outside == {"-1": 8, "Blank": 8}


def test_0_and_6_are_no_answers_only_where_a_scale_beside_them_says_so():
    """Alone, 0-6 may be a scale of seven steps: it is left to a person."""
    padded = [0, 1, 2, 3, 4, 5, 6]
    alone = guessed({f"Q9{c}": padded for c in "abc"})
    assert {(m.use, m.confidence) for m in alone.values()} == {("candidate", "low")}
    assert alone["Q9a"].look == "whether 0 and 6 are no answers, or the scale is 0-6"
    beside = guessed({**{f"Q9{c}": padded for c in "abc"}, "Q9d": list(CSAT)})
    assert {(m.use, m.role) for m in beside.values()} == {("question", "driver")}
    assert beside["Q9a"].entries == {"scale": [1, 5], "missing": ["0", "6"]}


def test_of_many_questions_on_satisfaction_the_overall_one_is_the_metric():
    many = {f"How satisfied are you with {x}?": list(CSAT) for x in ("staff", "price", "place")}
    made = guessed({**many, "Overall, how satisfied are you?": list(CSAT)})
    assert [m.role for m in made.values()] == ["driver", "driver", "driver", "metric"]


_WORDS = ["Satisfied", "Very satisfied", "Neutral", "Dissatisfied", "Very dissatisfied"]


def test_likert_words_that_ask_of_the_whole_are_the_metric_with_a_label_a_code():
    made = guessed({"How satisfied are you overall?": [*_WORDS, "Don't know"]})["How satisfied are you overall?"]
    assert list(made.entries["labels"].items()) == [(str(i), _WORDS[w]) for i, w in enumerate((4, 3, 2, 0, 1), 1)]
    assert (made.role, made.entries["metric"], made.entries["missing"]) == ("metric", "csat", ["Don't know"])


def test_likert_words_are_drivers_beside_each_other_and_share_their_steps():
    """A word that nobody gave to one question is a step of its scale where another question has it."""
    made = guessed({"Staff": _WORDS, "Speed": _WORDS[:4], "Wash": _WORDS, "How often?": ["Never", "Rarely", "Often"]})
    assert {made[c].role for c in ("Staff", "Speed")} == {"driver"}
    assert made["Speed"].entries["scale"] == [1, 5]
    assert (made["Wash"].role, made["How often?"].role) == ("single", "single")  # no word says that they rate
    assert made["Wash"].entries["nets"] == {"Top two": ["4", "5"]}


def test_words_that_bear_their_number_are_that_number():
    """Oracle: how SurveyMonkey writes the ends of a 0-10 scale, and other tools those of theirs."""
    nps = ["Not at all likely - 0", *range(1, 10), "Extremely likely - 10"]
    made = guessed(
        {"How likely are you to recommend us?": nps, "Was it easy?": ["1 - Hard", 2, 3, 4, 5, 6, "7 (Easy)"]}
    )
    recommend, easy = made.values()
    assert (recommend.entries["metric"], easy.entries["metric"]) == ("nps", "ces")
    assert recommend.entries["labels"] == {"0": nps[0], "10": nps[-1]}


@pytest.mark.parametrize(
    ("answers", "low", "high"),
    [
        (["Rất hài lòng", "Hài lòng", "Bình thường", "Không hài lòng", "Rất không hài lòng"], 4, 0),
        (["Luôn luôn", "Thỉnh thoảng", "Không bao giờ"], 2, 0),
        (["Strongly agree", "Agree", "Neither", "Disagree", "Strongly disagree"], 4, 0),
        (["Excellent", "Good", "Fair", "Poor"], 3, 0),
        (["Not at all important", "Very important", "Not too important", "Somewhat important"], 0, 1),
    ],
)
def test_words_on_a_scale_are_ordered(answers, low, high):
    ordered, beside = worded_scales.in_order(answers)
    assert (ordered[0], ordered[-1], beside) == (answers[low], answers[high], [])


@pytest.mark.parametrize(
    "answers", [["Red", "Green", "Blue"], ["Yes", "No"], ["Good", "Great value", "Nice", "Better"]]
)
def test_other_words_are_no_scale(answers):
    assert worded_scales.in_order(answers) is None


# -- private columns -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "what"),
    [
        ("RecipientFirstName", "name"),
        ("Họ và tên", "name"),
        ("Ho ten khach hang", "name"),
        ("E-mail address", "mail"),
        ("Địa chỉ email", "mail"),
        ("Số điện thoại", "phone"),
        ("SĐT", "phone"),
        ("IPAddress", "network address"),
        ("LocationLatitude", "place on the map"),
        ("Địa chỉ", "address"),
        ("CCCD", "number of a paper or an account"),
        ("Ngày sinh", "day of birth"),
    ],
)
def test_private_columns_are_known_by_their_headers_even_when_empty(header, what):
    assert privately(header, [None, None]) == what


@pytest.mark.parametrize(
    ("values", "what"),
    [
        (["0912345678", "0388 123 456", "+84 90 123 45 67", "84.28.3822.1234"], "phone"),
        (["a.b@example.com", "c@mail.example.vn"], "mail"),
        (["10.0.0.1", "192.168.1.254"], "network address"),
        (["10.7769, 106.7009", "21.0278, 105.8342"], "place on the map"),
        (["Nguyễn Văn An", "Trần Thị Bích", "Lê Minh", "Pham Thu Ha", "Võ Đức"], "name"),
        (["John Smith", "Mary Jones", "Peter O'Neil", "Anna Lee", "Tom Brown", "Sarah Kay"], "name"),
        (["0.912345678", "0.8123456789", "1.23456789012"], ""),  # weights
        (["3292879998", "3292879538", "3292765271"], ""),  # SurveyMonkey's numbers of respondents
        (["Ho Chi Minh City", "Ha Noi", "Da Nang", "Hue", "Can Tho", "Hai Phong"], ""),
        (["New York", "San Diego", "Los Angeles", "San Jose", "Santa Clara"], ""),
        (["1.2.3", "8.1", "2024-01-05"], ""),
    ],
)
def test_private_columns_are_known_by_their_cells_under_any_header(values, what):
    assert privately("V7", values) == what


@pytest.mark.parametrize("header", ["Brand name", "Which phone do you own?", "Email campaign 3", "Location"])
def test_columns_of_few_groups_are_not_private(header):
    assert privately(header, ["a", "b"] * 20) == ""


# -- keys and the rest ---------------------------------------------------------------------------------------------


def test_the_design_of_a_survey_is_found():
    made = guessed(
        {
            "Respondent ID": range(1000, 1000 + N),
            "WT": [0.5, 1.5],
            "PSU": range(20),
            "Strata": [1, 2, 3],
            "Wave": ["a", "b"],
            "StartDate": ["2026-01-31 10:00", "2026-02-03 12:30"],
            "Duration (in seconds)": [300, 421],
            "weight in kg": [55.5, 70.1, 81.2, 64.3, 90, 77, 68, 59.5],
        }
    )
    assert [m.role for m in made.values()] == [
        *("respondent", "weight", "cluster", "stratum", "wave", "when", "seconds", "number")
    ]


def test_dates_that_can_be_read_two_ways_are_no_key():
    made = guessed({"StartDate": ["05/06/2026", "07/08/2026"], "q": ["a", "b"]})["StartDate"]
    assert made.use == "left out"


def test_ticks_in_columns_and_in_cells_are_multi_questions():
    made = guessed(
        {
            "reason_price": [1, 0, 1],
            "reason_near": [0, 0, 1],
            "used": ["web;app", "app", "shop;web"],
            "income": ["$25,000 - $49,999", "$50,000 - $99,999", "$0 - $24,999"],
        }
    )
    assert made["reason_price"].entries["columns"] == {"price": "reason_price", "near": "reason_near"}
    assert made["reason_price"].entries["no"] == ["0"]
    assert (made["used"].role, made["used"].entries["separator"]) == ("multi", ";")
    assert made["income"].role == "segment"


def test_segments_numbers_comments_and_what_holds_nothing():
    made = guessed(
        {
            "Giới tính": ["Nam", "Nữ"],
            "Tuổi": range(18, 60),
            "Góp ý": [f"Nhân viên số {i} phục vụ rất nhanh" for i in range(N)],
            "same": ["x"],
            "none": [""],
        }
    )
    assert [(m.use, m.role) for m in made.values()] == [
        *(("question", "segment"), ("question", "number"), ("question", "comment"), ("left out", ""), ("left out", ""))
    ]
    assert made["same"].reason == "the same everywhere: x (60)"
    assert made["Tuổi"].entries["derive"] == {"age_band": [18, 25, 35, 45, 55]}


def test_labels_that_the_file_carries_tell_the_scale():
    labels = {"1": "Very poor", "2": "Poor", "3": "Average", "4": "Good", "5": "Very good", "9": "Don't know"}
    variable = Variable("v1", "Quality of the service", labels=labels, missing=("9",))
    made = guessed({"v1": [1, 2, 3, 4, 5, 9], "filler": ["a"]}, v1=variable)["v1"]
    assert made.entries == {"scale": [1, 5], "missing": ["9"]}


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("On a scale of 1 - 5 (1 being hardest, 5 being easiest) how easy?", (1, 5)),
        ("Từ 0 đến 10", (0, 10)),
        ("1 very hard - 7 very easy", (1, 7)),
        ("In 2015 to 2017", None),
        ("How many in the last 12 months?", None),
    ],
)
def test_a_scale_is_read_in_the_wording(text, scale):
    assert wording.stated_scale(text) == scale


def test_names_are_short_plain_and_distinct():
    assert slug("Bạn có hài lòng với Đà Nẵng không?") == "hai_long_da_nang"
    assert slug("Q7ALL") == "Q7ALL"
    assert slug("q[1].a") == "q_1_a"
    assert slug("2 cups") == "cups"
    assert len(slug("very " * 60)) <= 40
    assert unique(["a", "A", "a"], {"b"}) == ["a", "A_2", "a_3"]
    assert slug("😀") == ""


def test_waves_are_named_after_the_period_in_the_names_of_their_files():
    files = [Path("2017_SFO_20250817.csv"), Path("2018_SFO_20250817.csv")]
    assert wave_names(files) == ["2017", "2018"]
    assert wave_names([Path("nps 2025-H1.csv"), Path("nps 2025-H2.csv")]) == ["2025-H1", "2025-H2"]
    assert wave_names([Path("spring.csv"), Path("autumn.csv")]) == ["spring", "autumn"]


def test_the_bounds_of_a_column_of_odd_answers():
    """Nothing, one answer, endless digits and signs alone are no scale and no fault."""
    for values in (["9" * 400], ["inf", "nan"], ["1e5"], ["%%"], ["-"], [" "], ["😀"]):
        made = guessed({"odd": values})["odd"]
        assert made.use in ("left out", "candidate", "question")
    frame = pd.DataFrame({"q": []})
    empty = facts(Answers(frame, {"q": Variable("q")}, "csv"))[0]
    assert scale_guess.scale(empty) is None
    assert empty.n == 0


# -- real exports --------------------------------------------------------------------------------------------------


def real(file: str) -> dict[str, guess.Guess]:
    from cxlib.readers import read_table

    if not (SHARED / file).is_file():
        pytest.skip(f"the real survey {file} is not beside this project")
    return {column: made for made in guess.guess(read_table(SHARED / file)) for column in made.columns}


def test_the_airport_survey_of_2018():
    """Oracle: the publisher's code list: NETPRO is NPS, 11 is blank (159 times); ratings 1-5, 0 blank, 6 never used."""
    made = real("sfo/2018_SFO_Customer_Survey_20250817.csv")
    assert made["NETPRO"].entries == {"metric": "nps", "scale": [0, 10], "missing": ["11"]}
    assert (made["NETPRO"].outside, made["NETPRO"].confidence) == ({"11": 159}, "high")
    assert made["Q7ALL"].entries == {"metric": "csat", "scale": [1, 5], "missing": ["BLANK"]}
    drivers = [c for c, m in made.items() if m.role == "driver" and m.use == "question" and c.startswith("Q7")]
    assert len(drivers) == 14
    assert {tuple(made[c].entries["missing"]) for c in drivers} == {("0", "6")}
    assert made["Q7ART"].outside == {"0": 124, "6": 525}
    keys = {m.role: c for c, m in made.items() if m.use == "key"}
    wanted = {"weight": "WEIGHT", "cluster": "RUNID", "stratum": "STRATA", "respondent": "RESPNUM"}
    assert {role: keys[role] for role in wanted} == wanted


def test_the_ease_of_use_of_dask_is_a_mean_of_1_to_5():
    """Oracle: the data's README: 2021 ease of use is a mean of 1-5."""
    made = real("dask/2021-user-survey-results.csv")
    ease = next(m for c, m in made.items() if "how easy is Dask to use" in c)
    assert ease.entries["metric"] == "ease_1_5"


def test_private_columns_of_a_qualtrics_export():
    made = real("qualtrics/qualtRics_sample.csv")
    private = {c for c, m in made.items() if m.use == "private"}
    assert private == {
        *("IPAddress", "RecipientLastName", "RecipientFirstName", "RecipientEmail"),
        *("LocationLatitude", "LocationLongitude"),
    }


# -- what other people's exports held ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ([f"{i} Nguyễn Trãi, P.{i % 9 + 1}, Quận 5" for i in range(1, 31)], "address"),
        ([f"{i} Nguyen Trai, P{i % 9 + 1}, Q5, HCM" for i in range(1, 31)], "address"),
        ([f"{i} Baker Street" for i in range(1, 31)], "address"),
        ([f"Lê Thị An, 3357686{i:02d}" for i in range(30)], "phone"),
        ([f"3357686{i:02d}" for i in range(15)] + [None] * 15, "phone"),
        ([f"0801150349{i:02d}" for i in range(30)], "number of a paper or an account"),
        ([f"0123456{i:02d}" for i in range(30)], "number of a paper or an account"),
        ([f"lê thị {'abcdefghijklmnopqrstuvwxy'[i]}n" for i in range(25)], "name"),
        (["chi Bình", "Chị Châu", "anh Nam", "Cô Lan", "Chị Hà"] * 6, "name"),
        (["Hoàng Văn Bình", "Trần Thị Lan", "Lê Minh Châu", "Phạm Thu Hà", "Bùi Văn Dũng"] * 6, "name"),
        (["không", "khong", "no"] * 8 + [f"a{i}@b.vn" for i in range(6)], "mail"),
        ([f"51G-8{i:02d}.68" for i in range(30)], "number plate"),
    ],
)
def test_private_cells_are_known_without_a_header(values, what):
    """Oracle: how Vietnamese addresses, identity cards (12 digits, once 9), plates and mobiles are written."""
    assert privately("Q7", values) == what


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("income", [f"{i}50000000" for i in range(1, 10)] * 3),
        ("Q3", ["Hà Nội", "Hồ Chí Minh", "Thái Bình", "Hà Nam", "Lâm Đồng", "Cần Thơ"] * 5),
        ("Q3", [f"2026031510{i:02d}" for i in range(30)]),
        ("respondent id", [f"3357686{i:02d}" for i in range(30)]),
        ("Q3", [f"3 nhân viên không quan tâm {i}" for i in range(30)]),
        ("Q3", [f"waited {i} minutes, call me on 0912 345 6{i:02d} when the order is there" for i in range(10, 40)]),
        ("Q3", ["Very good", "Good", "Bad", "đang học", "đang làm", "phân vân"] * 5),
    ],
)
def test_amounts_places_times_keys_and_comments_are_not_private(header, values):
    assert privately(header, values) == ""


def test_texts_of_their_own_that_no_rule_knows_are_to_be_looked_at():
    values = [f"ZX {chr(65 + i % 26)}{chr(65 + i // 26)} quorl" for i in range(N - 5)] + ["ZX AA quorl"] * 5
    made = guessed({"Q9": values, "filler": ["a", "b", "c"]})["Q9"]
    assert made.use == "candidate"
    assert made.look == "55 of 60 answers differ; if they tell who somebody is, list it as `private:`"


def test_demographic_words_count_only_where_the_respondent_is_asked_of_himself():
    """Oracle: SurveyMonkey's public polls on flying and Thanksgiving, as their questions are worded."""
    opinion = "In general, is it rude to knowingly bring unruly children on a plane?"
    table = "What's the age cutoff at your \"kids' table\" at Thanksgiving?"
    own = "How much total money did all members of your household earn last year?"
    made = guessed({opinion: ["No", "Yes", "Somewhat"], table: ["10", "12 or so", "none"], own: ["a lot", "little"]})
    assert made[opinion].role == made[table].role == "single"
    assert made[own].role == "segment"
    assert role("Anh/chị thuộc nhóm tuổi nào trong các nhóm sau?", ["18-24", "25-34", "35+"])[1] == "segment"


@pytest.mark.parametrize("word", ["N/A", "n/a", "Don't know"])
def test_a_rating_that_may_be_declined_keeps_its_scale(word):
    """Oracle: the public poll on cuisines, rated 1-5 or N/A."""
    header = "Please rate how much you like the traditional cuisine of Algeria:"
    made = guessed({header: [1, 2, 3, 4, 5, word], "filler": ["a"]})[header]
    assert (made.use, made.role) == ("question", "driver")
    assert made.entries == {"scale": [1, 5], "missing": [word]}


def test_a_column_under_a_merged_header_is_no_column_of_the_tool():
    """A header of two lines whose second is blank is SurveyMonkey's own only under a name that SurveyMonkey gives."""
    frame = pd.DataFrame({"Region": ["N", "S"] * 20, "Custom Data 1": ["a", "b"] * 20})
    answers = Answers(frame, {c: Variable(c, kind="meta") for c in frame}, "surveymonkey")
    assert [m.use for m in guess.guess(answers)] == ["question", "left out"]


def test_a_stated_scale_reads_as_a_sentence():
    made = guessed({"Q12 (0-10)": list(NPS), "filler": ["a", "b"]})["Q12 (0-10)"]
    assert made.reason == "0-10 scale as stated, but no word of recommending, satisfaction or ease"
