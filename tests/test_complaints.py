"""What counts as unhappy and as a complaint, the distinct complainers, and the rate as declared.

Oracles: the demo's raw files read with pandas alone, and counts by hand on a study of a few rows.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from iceberg_study import complaints as few
from iceberg_study import customers, made, parts, survey

from cxlib import CxError, Study, complaints
from cxlib.anchors import ANCHORS

DEMO = Path(__file__).resolve().parent.parent / "data" / "demo"
WINDOW = ("2026-03-01", "2026-08-31")


@pytest.fixture(scope="module")
def demo() -> Study:
    return Study.load(DEMO)


def raw(name: str) -> pd.DataFrame:
    return pd.read_csv(DEMO / f"{name}.csv", dtype=str)


def refused(call, *args, **options) -> str:
    with pytest.raises(CxError) as caught:
        call(*args, **options)
    return str(caught.value)


# -- distinct complainers --------------------------------------------------------------------------------------------

CUTS = {
    "the study's own": ({}, lambda t: t["when"].between(*WINDOW)),
    "one channel": (
        {"channels": "call_centre"},
        lambda t: t["when"].between(*WINDOW) & (t["channel"] == "call_centre"),
    ),
    "two channels": (
        {"channels": "shop, app"},
        lambda t: t["when"].between(*WINDOW) & t["channel"].isin(["shop", "app"]),
    ),
    "major only": ({"severity": "major"}, lambda t: t["when"].between(*WINDOW) & (t["severity"] == "major")),
    "another window": (
        {"start": "2025-01-01", "end": "2025-06-30"},
        lambda t: t["when"].between("2025-01-01", "2025-06-30"),
    ),
    "one end of it": ({"end": "2026-03-31"}, lambda t: t["when"].between("2026-03-01", "2026-03-31")),
}


@pytest.mark.parametrize(("how", "which"), CUTS.values(), ids=CUTS)
def test_the_demo_s_complainers_are_those_that_pandas_counts(demo, how, which):
    """Oracle: complaints.csv with pandas alone; its rows are in order of time."""
    table = raw("complaints")
    rows = table[which(table)]
    found = complaints.complainers(demo, complaints.declared(demo, **how))
    by = rows.groupby("customer_id")
    assert len(found) == rows["customer_id"].nunique() > 10
    assert found.frame["complainer"].tolist() == sorted(rows["customer_id"].unique())
    assert found.frame["complaints"].tolist() == by.size().tolist()
    assert found.frame["first"].tolist() == pd.to_datetime(by["when"].min()).tolist()
    assert found.frame["last"].tolist() == pd.to_datetime(by["when"].max()).tolist()
    assert found.frame["outcome"].tolist() == by["outcome"].last().tolist()
    steps = found.steps.set_index("step")["complaints"]
    assert steps.iloc[0] == len(table)
    assert steps.iloc[:-1].sum() == steps["Distinct complainers"] == len(found)
    assert steps.get("more complaints of the same complainer", 0) == rows["customer_id"].nunique() - len(rows)


def test_every_step_is_counted_by_hand(load):
    """17 complaints: 1 of nobody, 2 outside the window, of 14 others 2 by somebody who had complained already."""
    found = complaints.complainers(s := made(load), complaints.declared(s))
    assert list(found.steps.itertuples(index=False, name=None)) == [
        ("Complaints in the table", 17),
        ("without a complainer's key", -1),
        ("dated outside the window, or not at all", -2),
        ("more complaints of the same complainer", -2),
        ("Distinct complainers", 12),
    ]
    frame = found.frame.set_index("complainer")
    assert frame.loc["c0", ["complaints", "outcome"]].tolist() == [2, "dissatisfied"]  # the later of the two
    assert frame.loc["c1", "outcome"] == "mollified"  # its first complaint came later than its second row
    assert pd.isna(frame.loc["c100", "outcome"])
    assert str(frame.loc["c0", "last"].date()) == "2026-08-31"  # the last day belongs to the window, as the first does
    minor = complaints.complainers(s, complaints.declared(s, severity="minor", channels="shop,web"))
    assert minor.frame["complainer"].tolist() == ["c0", "c1", "c100"]
    assert minor.steps["complaints"].tolist() == [17, -1, -2, -11, 3]


def test_the_outcome_is_that_of_the_last_complaint_that_has_one(load):
    frame = pd.DataFrame(
        [("a", "2026-05-02", None), ("a", "2026-05-01", "mollified"), ("b", "2026-05-01", None)],
        columns=["who", "day", "end"],
    ).assign(via="x", weight="y")
    found = complaints.complainers(s := made(load, frames={"complaints": frame}), complaints.declared(s)).frame
    assert found["outcome"].astype(object).where(found["outcome"].notna(), None).tolist() == ["mollified", None]


def test_a_complaint_without_a_day_is_left_out_and_one_at_the_last_minute_is_not(load):
    frame = pd.DataFrame(
        [("a", None), ("b", "2026-08-31 23:59"), ("c", "2026-03-01 00:00"), ("d", "2026-09-01 00:00")],
        columns=["who", "day"],
    ).assign(via="x", weight="y", end="satisfied")
    found = complaints.complainers(s := made(load, frames={"complaints": frame}), complaints.declared(s))
    assert found.frame["complainer"].tolist() == ["b", "c"]
    assert found.steps["complaints"].tolist() == [4, -2, 2]


def test_a_table_without_days_counts_where_no_window_is_asked_for(load):
    s = made(load, without=["complaints.when", "complaints.outcome"], iceberg={"window": None})
    found = complaints.complainers(s, complaints.declared(s))
    assert list(found.frame) == ["complainer", "complaints"]
    assert len(found) == 14
    assert complaints.declared(s).undeclared == ["the time window (`window:`)"]


def test_inputs_stay_as_they_are(demo):
    before = demo.table("complaints").copy()
    complaints.complainers(demo, complaints.declared(demo, channels="call_centre"))
    pd.testing.assert_frame_equal(demo.table("complaints"), before)


REFUSED = {
    "all outside the window": (
        {},
        {"start": "2020-01-01", "end": "2020-12-31"},
        "complaints must be dated within the window 2020-01-01 to 2020-12-31; all 16 with a complainer lie outside, "
        "e.g. 2026-03-15",
    ),
    "nobody named": (
        {"frames": {"complaints": few().assign(who=None)}},
        {},
        "complainers are told apart by their key (`complainer:`); all 17 complaints lack it",
    ),
    "no day at all": (
        {"frames": {"complaints": few().assign(day=None)}},
        {},
        "complaints must be dated within the window 2026-03-01 to 2026-08-31; all 16 with a complainer lie outside",
    ),
    "a channel that there is not": (
        {},
        {"channels": "phone,shops"},
        "no complaint has the channel shops; there are phone, shop, web; did you mean shop?",
    ),
    "a severity that there is not": ({}, {"severity": "9"}, "no complaint has the severity 9; there are major, minor"),
    "no column of channels": (
        {"without": ["complaints.channel"]},
        {"channels": "phone"},
        "FILE: the table complaints must say which column holds the channel, e.g. `channel: …`",
    ),
    "no column of severities": (
        {"without": ["complaints.severity"]},
        {"severity": "major"},
        "FILE: the table complaints must say which column holds the severity, e.g. `severity: …`",
    ),
    "no days": (
        {"without": ["complaints.when"]},
        {},
        "FILE: the table complaints must say which column holds the when, e.g. `when: …`",
    ),
    "no complainers": (
        {"without": ["complaints.complainer"]},
        {},
        "FILE: the table complaints must say which column holds the complainer, e.g. `complainer: …`",
    ),
}


@pytest.mark.parametrize(("study", "how", "message"), REFUSED.values(), ids=REFUSED)
def test_complaints_that_the_definition_does_not_fit_are_refused(load, study, how, message):
    s = made(load, **study)
    definition = complaints.declared(s, **how)
    assert refused(complaints.complainers, s, definition) == message.replace("FILE", str(s.file))


def test_a_study_without_complaints_says_which_tables_it_has(load):
    s = made(load, without=["complaints"])
    message = f"{s.file}: there is no table complaints; the tables are survey, customers"
    assert refused(complaints.complainers, s, complaints.declared(s)) == message


# -- the definition --------------------------------------------------------------------------------------------------


def test_parameters_overrule_the_study(load):
    s = made(load)
    own = complaints.declared(s)
    assert (own.unhappy, own.complained) == ({"unhappy": ("1",)}, {"complained": ("1",)})
    assert (own.severity, own.channels, own.rate) == ("all", "all", "survey")
    assert [str(day.date()) for day in (own.start, own.end)] == list(WINDOW)
    assert own.undeclared == []
    other = complaints.declared(
        s, unhappy=" unhappy : 0 | 1 ", severity="minor, major", channels=" all ", end="2026-05-01", rate="0.03"
    )
    assert other.unhappy == {"unhappy": ("0", "1")}
    assert (other.severity, other.channels, other.rate) == (("minor", "major"), "all", "0.03")
    assert [str(day.date()) for day in (other.start, other.end)] == ["2026-03-01", "2026-05-01"]


WRONG = {
    "no codes": ({"unhappy": "unhappy:"}, "answers are named question: code|code, e.g. satisfaction: 1|2; found "),
    "only bars": ({"complained": "complained: |"}, "answers are named question: code|code, e.g. satisfaction: 1|2"),
    "no question": ({"unhappy": ": 1"}, "answers are named question: code|code, e.g. satisfaction: 1|2; found ': 1'"),
    "a question that there is not": (
        {"unhappy": "unhapy: 1"},
        "unhappy names unhapy, which is no question of the survey; did you mean unhappy?",
    ),
    "a code that there is not": (
        {"complained": "complained: 1|2"},
        "complained lists the codes of complained that say so; found the code 2, which has no label",
    ),
    "a day that there is not": ({"start": "2026-02-30"}, "a day of the window is written 2026-01-31; found 2026-02-30"),
    "a day in another order": ({"end": "31/08/2026"}, "a day of the window is written 2026-01-31; found 31/08/2026"),
    "an end before its start": (
        {"end": "2026-02-01"},
        "a window ends after it begins; found 2026-03-01 to 2026-02-01",
    ),
}


@pytest.mark.parametrize(("how", "message"), WRONG.values(), ids=WRONG)
def test_wrong_parameters_are_named(load, how, message):
    assert refused(complaints.declared, made(load), **how).startswith(message)


def test_half_a_window_is_no_window(load):
    s = made(load, iceberg={"window": None})
    assert refused(complaints.declared, s, start="2026-01-01") == (
        "a window has a first and a last day; only the first is given"
    )
    assert refused(complaints.declared, s, end="2026-01-01").endswith("only the last is given")


def test_a_study_without_a_survey_has_no_questions(load):
    s = made(load, without=["survey"], iceberg={"unhappy": None, "complained": None, "rate": "0.05"})
    assert refused(complaints.declared, s, unhappy="unhappy: 1") == (
        "unhappy names unhappy, which is no question of the survey"
    )


UNDECLARED = {
    "nothing": (
        {},
        False,
        [
            "the severity (`severity:`)",
            "the channels (`channels:`)",
            "the time window (`window:`)",
            "the complaint rate (`rate:`)",
        ],
    ),
    "a rate from the survey": (
        {"rate": "survey"},
        {"unhappy": None, "complained": None},
        ["who counts as unhappy (`unhappy:`)", "who complained (`complained:`)"],
    ),
    "a rate from outside needs no answers": ({"rate": "0.1"}, {"unhappy": None, "complained": None}, []),
    "no severity": ({}, {"severity": None}, ["the severity (`severity:`)"]),
}


@pytest.mark.parametrize(("how", "iceberg", "missing"), UNDECLARED.values(), ids=UNDECLARED)
def test_what_is_not_declared_is_listed(load, how, iceberg, missing):
    assert complaints.declared(made(load, iceberg=iceberg), **how).undeclared == missing


def test_the_definition_in_words(load):
    s = made(load)
    table = complaints.definition_table(s, complaints.declared(s, unhappy="unhappy: 0|1", channels="web, shop"))
    assert dict(zip(table["what"], table["declared"], strict=True)) == {
        "Unhappy": "Mood is No or Yes",
        "Complained": "Told us is Yes",
        "Severity of complaints": "all",
        "Channels of complaints": "web, shop",
        "Time window of complaints": "1 March 2026 to 31 August 2026",
        "Evidence for the complaint rate": "survey",
    }
    none = complaints.definition_table(s := made(load, iceberg=False), complaints.declared(s))
    assert none["declared"].tolist() == ["not declared"] * 6
    outside = complaints.in_words(s, complaints.declared(s, rate="vca_2016"))
    assert (outside["unhappy"], outside["complained"]) == ("as in the source of the rate",) * 2


def test_the_definition_in_the_study_s_language_and_the_question_s_words(load):
    questions = {"unhappy": {"role": "single", "text": "Bạn có hài lòng?", "label": "Tâm trạng", "labels": {1: "Có"}}}
    s = made(load, language="vi")
    assert complaints.in_words(s, complaints.declared(s))["unhappy"] == "Tâm trạng là Có".replace("là", "is")
    s = made(
        load,
        tables={"survey": {"questions": questions}},
        without=["customers"],
        iceberg={"complained": None},
        frames={"survey": survey().replace({"unhappy": {0: None}})},
    )
    table = complaints.definition_table(s, complaints.declared(s)).set_index("what")["declared"]
    assert table["Unhappy"] == "Tâm trạng is Có (asked: Bạn có hài lòng?)"


# -- the rate --------------------------------------------------------------------------------------------------------


def respondents() -> pd.DataFrame:
    """The latest wave, without repeated respondents, as the file has it."""
    rows = raw("survey").drop_duplicates(["respondent_id", "wave"])
    return rows[rows["wave"] == "2026-H2"].assign(weight=lambda t: t["weight"].astype(float))


def test_the_demo_s_rate_is_the_weighted_share_that_pandas_counts(demo):
    """Oracle: survey.csv with pandas alone."""
    rows = respondents()
    rows = rows[rows["unhappy"] == "1"]
    found = complaints.rate(demo, complaints.declared(demo), "2026-H2")
    assert found.n == len(rows)
    assert found.value == pytest.approx(np.average(rows["complained"] == "1", weights=rows["weight"]), rel=1e-12)
    assert found.complained == pytest.approx(found.value * found.n_effective)
    assert 0 < found.n_effective <= found.n


def test_the_demo_s_rate_holds_the_truth(demo):
    """Oracle: truth.yml, the planted complaint rate of the unhappy over all waves (8.15%)."""
    found = complaints.rate(demo, complaints.declared(demo), "2026-H2").estimate()
    assert found.low < 8.1531 < found.high


def test_rates_by_segment_are_those_that_pandas_counts(demo):
    rows = respondents()
    rows = rows[rows["unhappy"] == "1"]
    found = complaints.survey_rates(demo, complaints.declared(demo), "2026-H2", "channel")
    assert set(found) == {"Digital", "Traditional"}
    for code, name in (("digital", "Digital"), ("traditional", "Traditional")):
        part = rows[rows["channel"] == code]
        assert found[name].n == len(part)
        assert found[name].value == pytest.approx(np.average(part["complained"] == "1", weights=part["weight"]))


def test_who_does_not_say_is_left_out(load):
    """40 unhappy, 10 of whom complained; 20 of the others leave the question blank: 10 of 20, not 10 of 40."""
    frame = survey().assign(complained=lambda t: t["complained"].where(~t.index.isin(range(20, 40))))
    s = made(load, frames={"survey": frame})
    found = complaints.rate(s, complaints.declared(s), None)
    assert (found.n, found.value) == (20, 0.5)
    blank = survey().assign(unhappy=lambda t: t["unhappy"].where(t.index >= 30))
    s = made(load, frames={"survey": blank})
    assert complaints.rate(s, complaints.declared(s), None).n == 10  # r30 to r39


FLAGS = {  # problem, unhappy, complained (asked where there was a problem), mood: unhappy or mood 1-2, and complained
    "1,1,1,5": (1, 1),
    "1,1,0,5": (1, 0),
    "1,1,,5": (1, None),  # was asked, and did not say
    "0,,,5": (0, 0),  # the route passed by
    "0,,,1": (1, 0),  # one of the two answers will do
    "0,,,": (None, 0),  # the mood is not known
    "1,1,0,": (1, 0),
    "1,0,0,": (None, 0),
    ",,,5": (None, None),  # nobody knows whether the route passed by
}


def test_flags_know_what_is_not_known(load):
    table = """\
        questions:
          problem: {role: single, labels: {1: "Yes", 0: "No"}}
          unhappy: {role: single, labels: {1: "Yes", 0: "No"}, asked: {problem: [1]}}
          complained: {role: single, labels: {1: "Yes", 0: "No"}, asked: {problem: [1]}}
          mood: {role: metric, metric: csat}
        """
    s = load(table, "problem,unhappy,complained,mood\n" + "\n".join(FLAGS) + "\n")
    definition = complaints.Definition(
        {"unhappy": ("1",), "mood": ("1", "2")}, {"complained": ("1",)}, "all", "all", None, None, "survey"
    )
    found = complaints.flags(s, definition, None)[["_unhappy", "_complained"]].astype(object)
    found = found.where(found.notna(), None)
    assert dict(zip(FLAGS, found.itertuples(index=False, name=None), strict=True)) == FLAGS


def test_flags_are_blank_outside_the_wave(demo):
    found = complaints.flags(demo, complaints.declared(demo), "2026-H2")
    assert len(found) == len(demo.survey)
    assert (found["_unhappy"].notna() == (found["wave"] == "2026-H2")).all()
    assert "_unhappy" not in demo.survey


STATED = {  # text: kind, rate
    "khaosat_2019": ("anchor", 1 / 42),
    " VCA_2016 ": ("anchor", 0.36),
    "0.03": ("fixed", 0.03),
    "1": ("fixed", 1.0),
    "3e-2": ("fixed", 0.03),
    "10 of 420": ("survey", 10 / 420),
    "1,000 of 42,000": ("survey", 1 / 42),
    "0 of 30": ("survey", 0.0),
    "beta(3, 97)": ("beta", 0.03),
    "Beta(0.5,0.5)": ("beta", 0.5),
    "survey": ("survey", 0.25),
}


@pytest.mark.parametrize(("text", "wanted"), STATED.items(), ids=STATED)
def test_a_rate_in_each_written_form(load, text, wanted):
    s = made(load)
    found = complaints.rate(s, complaints.declared(s, rate=text), None)
    assert (found.kind, found.value) == (wanted[0], pytest.approx(wanted[1]))


FORMS = 'a rate is survey, an anchor, a number, "10 of 420" or "beta(3, 97)"; found '
WRONG_RATES = {
    "0": "a complaint rate is above 0 and at most 1, e.g. 0.03 for 3%; found 0.0",
    "-0.1": "a complaint rate is above 0 and at most 1, e.g. 0.03 for 3%; found -0.1",
    "3": "a complaint rate is above 0 and at most 1, e.g. 0.03 for 3%; found 3.0",
    "nan": "a complaint rate is above 0 and at most 1, e.g. 0.03 for 3%; found nan",
    "inf": "a complaint rate is above 0 and at most 1, e.g. 0.03 for 3%; found inf",
    "3%": f"{FORMS}'3%'. The anchors are {', '.join(ANCHORS)}",
    "1 in 42": f"{FORMS}'1 in 42'. The anchors are {', '.join(ANCHORS)}",
    "khaosat": f"{FORMS}'khaosat'. The anchors are {', '.join(ANCHORS)}; did you mean khaosat_2019?",
    "11 of 10": "no more can complain than were unhappy; found 11 of 10",
    "-1 of 10": "respondents are whole numbers of 0 or more; found complained -1",
    "0 of 0": "a complaint rate needs unhappy respondents; none of the survey's was unhappy",
    "1.5 of 10": f"{FORMS}'1.5 of 10'. The anchors are {', '.join(ANCHORS)}",
    "1 of 2 of 3": f"{FORMS}'1 of 2 of 3'. The anchors are {', '.join(ANCHORS)}",
    "beta(3)": f"{FORMS}'beta(3)'. The anchors are {', '.join(ANCHORS)}",
    "beta(a, b)": f"{FORMS}'beta(a, b)'. The anchors are {', '.join(ANCHORS)}",
    "beta(0, 97)": "a Beta distribution has two numbers above 0, e.g. 3 and 97; found 0.0 and 97.0",
    "beta(nan, 1)": "a Beta distribution has two numbers above 0, e.g. 3 and 97; found nan and 1.0",
}


@pytest.mark.parametrize(("text", "message"), WRONG_RATES.items(), ids=WRONG_RATES)
def test_a_rate_in_every_wrong_form(load, text, message):
    s = made(load)
    assert refused(complaints.rate, s, complaints.declared(s, rate=text), None).startswith(message)


def test_a_rate_from_the_survey_needs_a_survey_that_says_so(load):
    s = made(load, without=["survey"], iceberg={"unhappy": None, "complained": None})
    assert refused(complaints.rate, s, complaints.declared(s), None) == (
        f"{s.file}: a rate from the survey needs a table survey"
    )
    s = made(load, iceberg={"complained": None})
    assert refused(complaints.rate, s, complaints.declared(s), None) == (
        "a rate from the survey needs `unhappy:` and `complained:`, the answers that say so"
    )
    s = made(load, frames={"survey": survey().assign(unhappy=0)})
    assert refused(complaints.rate, s, complaints.declared(s), None) == (
        "a complaint rate needs unhappy respondents who say whether they complained; there are none"
    )


# -- customers -------------------------------------------------------------------------------------------------------


def test_the_demo_s_customers_in_the_window_are_those_that_pandas_counts(demo):
    table = raw("customers")
    here = (table["since"] <= WINDOW[1]) & ~(table["left"] < WINDOW[0])
    found = complaints.customers_in(demo, *map(pd.Timestamp, WINDOW))
    assert found["customer"].tolist() == table.loc[here, "customer_id"].tolist()
    assert len(complaints.customers_in(demo, None, None)) == len(table)


def test_who_was_there_on_a_day_of_the_window(load):
    """Of 200, one came on 2026-12-31, and three left before March 2026 (one on its first day, who counts)."""
    start, end = map(pd.Timestamp, WINDOW)
    assert len(complaints.customers_in(made(load), start, end)) == 200 - 1 - 3
    assert len(complaints.customers_in(made(load, without=["customers.left"]), start, end)) == 199
    assert len(complaints.customers_in(made(load, without=["customers.since"]), start, end)) == 197
    stayed = made(load, frames={"customers": customers().assign(gone=None)})
    assert len(complaints.customers_in(stayed, start, end)) == 199
    undated = made(load, frames={"customers": customers().assign(since=None)})
    assert len(complaints.customers_in(undated, start, end)) == 197
    assert complaints.customers_in(made(load, without=["customers"]), start, end) is None


def test_days_that_one_of_two_files_lacks_are_blank(load):
    """Complaints of two channels in two files, one of which has no dates."""
    table, data, top = parts()
    table = table.replace("file: k.csv", "file: [{file: k.csv}, {file: k2.csv, columns: {when: null}}]")
    data["k2.csv"] = few().drop(columns="day").assign(who="z").to_csv(index=False)
    s = load(table, data, top=top)
    found = complaints.complainers(s, complaints.declared(s))
    assert len(found) == 12
    assert found.steps["complaints"].tolist() == [34, -1, -19, -2, 12]
