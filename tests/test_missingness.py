"""Missing answers against counts by hand on tiny tables and on the raw demo file, and Wilson's formula."""

from math import sqrt
from pathlib import Path

import pandas as pd
import pytest

from cxlib import CxError, Study, missingness
from cxlib.answer_states import asked, state
from cxlib.crosstabs import crosstab

ROOT = Path(__file__).resolve().parents[1]
SFO = ROOT / "../shared/data/sfo"
TOP = "study: tiny\ntitle: Tiny\nsample: quota\nminimum_base: 2\n"
TABLE = """
respondent: id
wave: wave
questions:
  recommend: {role: metric, metric: nps, scale: [0, 10], missing: [11]}
  staff: {role: driver, scale: [1, 5], missing: [8, 9], never_used: [8]}
  problem: {role: single, labels: {1: "Yes", 0: "No"}}
  solved: {role: single, labels: {1: "Yes", 0: "No"}, asked: {problem: [1]}}
  channels: {role: multi, columns: {web: web, app: app}}
  shop: {role: segment, labels: {a: A, b: B}, waves: [w2]}
  why: {role: comment}
"""
# What each row leaves out is said beside it; wave w1 did not ask for the shop.
DATA = """id,wave,recommend,staff,problem,solved,web,app,shop,why
1,w1,9,4,1,1,1,0,,good
2,w1,11,8,0,,1,1,,
3,w1,,9,1,,0,0,,
4,w1,7,5,0,,0,1,,
5,w2,10,,0,,1,0,a,
6,w2,8,3,1,0,1,0,b,bad
7,w2,9,2,0,,,,,
8,w2,,,,,,,,
"""


@pytest.fixture
def study(load) -> Study:
    return load(TABLE, DATA, top=TOP)


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Wilson's limits in percent, by the formula as he printed it, z = 1.959964."""
    z, p = 1.959963984540054, hits / n
    centre, half = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return 100 * (centre - half) / (1 + z * z / n), 100 * (centre + half) / (1 + z * z / n)


def test_counts_of_every_question_are_those_of_the_table(study):
    found = missingness.items(study).set_index("name")[["asked", "answered", "blank", "no_answer", "never_used"]]
    assert found.loc["recommend"].tolist() == [8, 5, 2, 1, 0]
    assert found.loc["staff"].tolist() == [8, 4, 2, 1, 1]
    assert found.loc["problem"].tolist() == [8, 7, 1, 0, 0]
    assert found.loc["solved"].tolist() == [3, 2, 1, 0, 0]  # of rows 1, 3 and 6, who had a problem
    assert found.loc["channels"].tolist() == [8, 5, 3, 0, 0]  # 3 ticked none, 7 and 8 are blank
    assert found.loc["shop"].tolist() == [4, 2, 2, 0, 0]  # asked in w2 alone
    assert list(found.index) == ["recommend", "staff", "problem", "solved", "channels", "shop", "why"]
    first = missingness.items(study, "w1").set_index("name")
    assert "shop" not in first.index
    assert first.loc["recommend", ["asked", "blank", "no_answer"]].tolist() == [4, 1, 1]


def test_shares_have_wilsons_interval(load):
    """In a simple random sample the effective number is n, so that the formula holds as it is."""
    plain = load(TABLE.replace("wave: wave\n", "").replace(", waves: [w2]", ""), DATA, top=TOP)
    row = missingness.items(plain).set_index("name").loc["recommend"]
    assert row["estimate"] == pytest.approx(37.5)
    assert (row["low"], row["high"]) == pytest.approx(wilson(3, 8))
    assert row["se"] == pytest.approx(100 * sqrt(0.375 * 0.625 / 7))


def test_states_and_routes_of_each_respondent(study):
    assert state(study, "staff").tolist() == [
        "answered", "never used", "no answer", "answered", "blank", "answered", "answered", "blank"
    ]  # fmt: skip
    assert asked(study, "solved").tolist() == [True, False, True, False, False, True, False, False]
    assert asked(study, "shop", "w1").sum() == 0


def test_patterns_by_hand(study):
    """In w2: row 5 lacks staff, 6 nothing, 7 channels and shop (all to the end), 8 everything it was asked."""
    found = missingness.patterns(study, "w2")
    rows = {row.questions: (row.kind, row.n_with, row.estimate) for row in found.itertuples()}
    assert rows == {
        (): ("complete", 1, 25.0),
        ("Staff",): ("gaps", 1, 25.0),
        ("Channels", "Shop"): ("drop-off", 1, 25.0),
        ("Recommend", "Staff", "Problem", "Channels", "Shop"): ("drop-off", 1, 25.0),
    }
    assert found["pattern"].tolist() == [1, 2, 3, 4]
    short = missingness.patterns(study, "w2", most=1)
    assert short["kind"].tolist() == ["complete", "other patterns"]
    assert short["n_with"].tolist() == [1, 3]
    only = missingness.monotone(study, "w2").iloc[0]
    assert only[["complete", "incomplete", "dropped"]].tolist() == [1, 3, 2]
    assert only["estimate"] == pytest.approx(200 / 3)


def test_where_respondents_leave(study):
    """Row 8 answers nothing from the first question on; two questions at the end (row 7) may be chance."""
    found = missingness.drop_off(study, "w2")
    assert found[["name", "asked", "left"]].to_numpy().tolist() == [["recommend", 4, 1]]
    assert missingness.drop_off(study, "w1").empty


def test_response_rates_by_hand(load):
    """Row 3 answers one of five questions, the third, and row 8 none: both break off. Row 7 answers three of five."""
    study = load(TABLE, DATA, top=TOP + "quality: {invited: {w1: 10, w2: 20}, complete: 0.5}\n")
    found = missingness.response(study).set_index(["wave", "rate"])
    assert found.loc[("w2", "RR1"), ["started", "complete", "partial", "break_off"]].tolist() == [4, 3, 0, 1]
    assert found.loc[("w1", "RR1"), ["started", "complete", "partial", "break_off"]].tolist() == [4, 3, 0, 1]
    assert found.loc[("w1", "RR1"), "estimate"] == pytest.approx(30)
    assert found.loc[("w2", "RR2"), "estimate"] == pytest.approx(15)
    assert found.loc[("w2", "break-off"), "estimate"] == pytest.approx(25)
    assert tuple(found.loc[("w1", "RR1"), ["low", "high"]]) == pytest.approx(wilson(3, 10))
    one = missingness.response(load(TABLE, DATA, top=TOP + "quality: {invited: 40}\n"))
    assert set(one.loc[one["rate"] == "RR1", "wave"]) == {"all"}
    assert one.loc[one["rate"] == "RR1", "estimate"].tolist() == pytest.approx([15])
    without = missingness.response(load(TABLE, DATA, top=TOP))
    assert set(without["rate"]) == {"break-off"}


def test_partials_that_did_not_leave_are_partials(load):
    """Row b answers the last question alone: under half, but it did not leave; row c leaves after the first of four."""
    table = "respondent: id\nquestions:\n" + "".join(
        f"  q{i}: {{role: driver, scale: [1, 5]}}\n" for i in range(1, 5)
    ) + "  n: {role: metric, metric: nps, scale: [0, 10]}\n"  # fmt: skip
    data = "id,q1,q2,q3,q4,n\na,1,2,3,4,9\nb,,,,,7\nc,3,,,,\nd,2,2,2,3,1\n"
    found = missingness.response(load(table, data, top=TOP + "quality: {invited: 8}\n")).set_index("rate")
    assert found.loc["RR2", ["complete", "partial", "break_off"]].tolist() == [2, 1, 1]
    assert found["estimate"].to_dict() == pytest.approx({"RR1": 25, "RR2": 37.5, "break-off": 25})


@pytest.mark.parametrize(
    ("invited", "message"),
    [
        ("{w1: 3, w2: 9}", "3 are said to be invited in wave w1, and 4 started"),
        ("7", "7 are said to be invited, and 8 started"),
        ("{w3: 10}", "names the wave w3; the waves are w1, w2"),
    ],
)
def test_invited_must_fit_the_survey(load, invited, message):
    with pytest.raises(CxError, match=message):
        missingness.response(load(TABLE, DATA, top=TOP + f"quality: {{invited: {invited}}}\n"))


def test_missing_counts_of_the_demo_are_those_of_the_file():
    raw = pd.read_csv(ROOT / "data/demo/survey.csv", dtype=str, keep_default_na=False)
    raw = raw[~raw["respondent_id"].duplicated() & (raw["wave"] == "2026-H2")]
    found = missingness.items(Study.load(ROOT / "data/demo"), "2026-H2").set_index("name")
    for name in ("recommend", "staff_knowledge", "product_range"):
        code = {"recommend": "11", "staff_knowledge": "9"}.get(name, "-")
        assert found.loc[name, "blank"] == (raw[name] == "").sum()
        assert found.loc[name, "no_answer"] == (raw[name] == code).sum()
    assert found.loc["outcome", "asked"] == (raw["complained"] == "1").sum()


def planted(load) -> Study:
    """200 respondents, groups of 100: 40 of group b leave the metric out and 10 of group a; staff follows by a rule.

    Who left out staff (every fourth) scores 0, all others 10.
    """
    rows = []
    for i in range(200):
        group, k = ("a", i) if i < 100 else ("b", i - 100)
        no_staff = k % 4 == 3
        recommend = "" if k < (10 if group == "a" else 40) else 0 if no_staff else 10
        rows.append(f"{i},{recommend},{'' if no_staff else 3},{group}")
    table = """
    respondent: id
    questions:
      recommend: {role: metric, metric: nps, scale: [0, 10]}
      staff: {role: driver, scale: [1, 5]}
      shop: {role: segment, labels: {a: A, b: B}}
    """
    return load(table, "id,recommend,staff,shop\n" + "\n".join(rows) + "\n", top=TOP)


def test_missing_by_segment_is_found(load):
    """Pearson's chi-square of 10/90 against 40/60 by hand: 200 (10 x 60 - 40 x 90)^2 / (50 x 150 x 100 x 100) = 24."""
    study = planted(load)
    row = missingness.related(study, None).iloc[0]
    assert (row["most"], row["most_share"], row["least"], row["least_share"]) == ("B", 40, "A", 10)
    assert row["estimate"] == pytest.approx(30)
    # One pair of groups: Newcombe's interval of two Wilson intervals at 95%; as domains of a sample of 200, in which
    # their sizes vary, their effective numbers are not quite 100.
    (a_low, a_high), (b_low, b_high) = wilson(10, 100), wilson(40, 100)
    assert row["low"] == pytest.approx(30 - sqrt((40 - b_low) ** 2 + (a_high - 10) ** 2), rel=0.01)
    assert row["high"] == pytest.approx(30 + sqrt((b_high - 40) ** 2 + (10 - a_low) ** 2), rel=0.01)
    assert (row["n"], row["n_missing"]) == (200, 50)
    # Without a design Rao-Scott's F is Pearson's chi-square, but for n / (n - 1).
    assert row["statistic"] == pytest.approx(24, rel=0.006)
    assert row["verdict"] == "clear"


def test_missing_by_segment_is_the_crosstab_of_the_marks(load):
    study = planted(load)
    frame = study.survey.assign(gone=study.survey["recommend"].isna().astype(float))
    assert missingness.related(study, None)["p"].tolist() == [crosstab(frame, "gone", "shop").p]


def test_the_metric_of_those_who_left_a_question_out(load):
    """By the rule above: all who left staff out score -100, all others 100."""
    found = missingness.compared(planted(load), None)
    assert found["question"].tolist() == ["staff"]
    row = found.iloc[0]
    assert (row["answered"], row["left_out"], row["estimate"]) == (100, -100, -200)
    assert (row["n"], row["n_answered"]) == (50 - 2 - 10, 150 - 8 - 30)
    assert row["missing"] == 25


def test_nothing_missing_gives_no_rows(load):
    study = load(
        "respondent: id\nquestions:\n  n: {role: metric, metric: nps, scale: [0, 10]}\n"
        "  s: {role: segment, labels: {a: A, b: B}}\n",
        "id,n,s\n1,9,a\n2,3,b\n3,8,a\n",
        top=TOP,
    )  # fmt: skip
    assert missingness.related(study, None).empty
    assert missingness.compared(study, None).empty
    assert missingness.monotone(study, None).empty
    assert missingness.drop_off(study, None).empty
    assert missingness.patterns(study, None)["kind"].tolist() == ["complete"]


@pytest.mark.skipif(not SFO.is_dir(), reason="the airport survey is not beside the project")
def test_documented_counts_of_the_airport():
    """The file of 2018 has 2,809 rows, 159 of them with the code 11 (blank) for NETPRO."""
    study = Study.load(ROOT / "data/sfo", data=SFO)
    row = missingness.items(study, "2018").set_index("name").loc["recommend"]
    assert row[["asked", "answered", "no_answer"]].tolist() == [2809, 2650, 159]
