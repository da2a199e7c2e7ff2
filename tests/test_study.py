"""A study's tables: what breaks a rule is named with place, count and example; what does not is converted exactly."""

import io

import pandas as pd
import pytest
from conftest import cells
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxlib import CxError, Study, scores, survey, tables
from cxlib.customers import customers_view

SCORES = "questions:\n  q: {role: metric, metric: nps}\n"
CSV = "id,q,c,age\n1,9,1,20\n2,10,2,30\n3,3,1,40\n"


# -- what breaks a rule: column, rows, rule, example -----------------------------------------------------------

# name: (table, data, "column | rows | rule | example")
# fmt: off
BROKEN = {
    "a rating outside": (SCORES, "q,x\n9,1\n11,1\n-1,1\n",
        "q | 2 | answers must lie in 0-10; others must be listed as `missing:` | 11 in row 2 of s.csv"),
    "a rating in parts": (SCORES, "q,x\n9,1\n8.5,1\n",
        "q | 1 | answers must be whole numbers | 8.5 in row 2 of s.csv"),
    "a rating in words": (SCORES, "q,x\n9,1\n,1\nten,1\n",
        "q | 1 | a number belongs here; text is found | ten in row 3 of s.csv"),
    "a driver outside its scale": ("questions:\n  q: {role: driver, scale: [1, 5], missing: [9]}", "q,x\n9,1\n6,1\n",
        "q | 1 | answers must lie in 1-5; others must be listed as `missing:` | 6 in row 2 of s.csv"),
    "text for a number": ("questions:\n  q: {role: number}", "q,x\n45%,1\n0.5,1\n",
        "q | 1 | a number belongs here; text is found | 45% in row 1 of s.csv"),
    "a negative weight": ("weight: w", "w,x\n1,1\n-1,1\n",
        "w | 1 | a weight must not be negative | -1 in row 2 of s.csv"),
    "weights of 0": ("weight: w", "w,x\n0,1\n0.0,1\n",
        "w | 2 | weights must not be 0 everywhere | 0 in row 1 of s.csv"),
    "a blank weight": ("weight: w", "w,x\n1,1\n,1\n",
        "w | 1 | a weight must not be missing | blank in row 2 of s.csv"),
    "a weight in words": ("weight: w", "w,x\n1,1\nheavy,1\n",
        "w | 1 | a number belongs here; text is found | heavy in row 2 of s.csv"),
    "a column that is not there": ("weight: wieght", "weight,x\n1,1\n2,2\n",
        "wieght | 2 | the column must be in s.csv; did you mean weight? | "),
    "an option's column": ("questions:\n  m: {role: multi, columns: {a: tick_a}}", "tick_b,x\n1,1\n",
        "tick_a | 1 | the column must be in s.csv; did you mean tick_b? | "),
    "a code without a label": ("questions:\n  c: {role: segment, labels: {1: a, 2: b}, missing: [9]}",
        "c,x\n1,1\n9,1\n3,1\n4,1\n",
        "c | 2 | answers must be among the `labels:`, or listed as `missing:` | 3 in row 3 of s.csv"),
    "a respondent twice": ("respondent: id", "id,x\na,1\nb,1\na,2\na,3\n",
        "id | 2 | a respondent stands for one row; `duplicates: first` keeps the first | a in row 3 of s.csv"),
    "a respondent twice in a wave": ("respondent: id\nwave: w", "id,w\na,1\na,2\na,2\n",
        "id | 1 | a respondent stands for one row in each wave; `duplicates: first` keeps the first | a in "
        "row 3 of s.csv"),
    "a blank respondent": ("respondent: id", "id,x\na,1\n ,1\n",
        "id | 1 | a respondent must not be blank | blank in row 2 of s.csv"),
    "a blank wave": ("wave: w", "w,x\n1,1\n,1\n",
        "w | 1 | a wave must not be blank | blank in row 2 of s.csv"),
    "a date in another format": ("when: day", "day,x\n2026-01-31,1\n31/01/2026,1\n2026-02-30,1\n",
        "day | 2 | dates are written 2026-01-31 or 2026-01-31 14:05 | 31/01/2026 in row 2 of s.csv"),
    "no rows": ("questions:\n  c: {role: single}", "c,x\n",
        " | 0 | a table must hold at least one row | s.csv has none"),
    "a wave without its metric": ("wave: w\n" + SCORES, "w,q\n1,9\n2,\n2,\n",
        "q | 2 | a wave must hold answers to its metric; name the waves that asked it: `waves: [...]` | wave "
        "2 has none"),
    "thousands or decimals": ("questions:\n  q: {role: number}", "q;x\n1,234;1\n5,678;1\n",
        'q | 2 | s.csv, column q: 1,234 may be thousands or decimals; write `decimal: ","` or `decimal: "."` '
        "for the question, or for the whole table, in study.yml | "),
    "two decimal marks": ("questions:\n  q: {role: number}", "q;x\n1,5;1\n2.5;1\n",
        "q | 2 | s.csv, column q: numbers with a decimal comma and with a decimal point, e.g. 1,5 and 2.5 | "),
}
# fmt: on


@pytest.mark.parametrize(("table", "data", "expected"), BROKEN.values(), ids=BROKEN)
def test_a_broken_rule_is_named_with_its_rows_and_an_example(problems, table, data, expected):
    assert [" | ".join(map(str, found)) for found in problems(table, data)] == [expected]


def test_a_table_is_refused_with_its_first_problem_and_their_number(error):
    assert error(SCORES + "  c: {role: segment, labels: {1: a}}", "q,c\n9,1\n11,2\n12,1\n") == (
        "DIR/study.yml: table survey, column q: answers must lie in 0-10; others must be listed as `missing:`; "
        "2 do not, e.g. 11 in row 2 of s.csv (1 more problem; `cx check` lists them)"
    )


def test_check_lists_every_problem_of_every_table(make):
    folder = make(
        "tables:\n  survey: {file: s.csv, respondent: id, weight: w, questions: {q: {role: metric, metric: ces}}}\n"
        "  events: {file: e.csv, customer: cid, when: day}\n  sales: {file: zero.csv}\n",
        {"s.csv": "id,w,q\n1,-1,8\n1,1,7\n", "e.csv": "cid,day\na,today\n", "zero.csv": ""},
    )
    found = Study.load(folder).check()
    assert [(p.table, p.column, p.rows) for p in found] == [
        ("survey", "w", 1),
        ("survey", "q", 1),
        ("survey", "id", 1),
        ("events", "day", 1),
        ("sales", "", 0),
    ]
    assert found[-1].rule == f"{folder / 'zero.csv'}: is empty; a table needs a header line and at least one row"


def test_check_reads_the_other_waves_beside_an_unreadable_one(load):
    table = "file: [{file: a.csv, wave: 1}, {file: b.csv, wave: 2}]\n" + SCORES
    found = load(table, {"a.csv": "", "b.csv": "q,x\n11,1\n"}).check()
    assert [p.column for p in found] == ["", "q"]


KEYED = {
    "a comma settled by its leading 0": ("weight: w", "w;x\n0,987;1\n1,250;1\n", [0.987, 1.25]),
    "thousands beside a decimal point": ("value: w", "w;x\n1,234;1\n12.5;1\n", [1234, 12.5]),
}


@pytest.mark.parametrize(("key", "data", "expected"), KEYED.values(), ids=KEYED)
def test_numbers_of_keys_can_be_read_or_settled(load, key, data, expected):
    table = "customers" if key == "value: w" else "survey"
    frame = load(f"tables:\n  {table}:\n    file: s.csv\n    {key}\n", data).table(table)
    assert frame[key.split(":")[0]].tolist() == expected


def test_a_leading_zero_is_no_thousands(error):
    assert "0.987" in error("weight: w", "w;x\n1,23;1\n0.987;1\n")


CLASHES = {
    "a question and a net": "q: {role: single, nets: {a: [9]}}\n  q.a: {role: number, column: age}",
    "a question and an option": "c: {role: multi}\n  c.1: {role: number, column: age}",
    "a net and an option": "c: {role: multi, nets: {1: [2]}}",
}


@pytest.mark.parametrize("questions", CLASHES.values(), ids=CLASHES)
def test_names_that_would_collide_with_options_and_nets_are_refused(error, questions):
    message = error(f"questions:\n  {questions}", CSV)
    assert "holds a point" in message or "a net must not bear the name of an option (1)" in message


CELL = st.sampled_from(["", *'129x-"\u2028', "1,5", "1.5", "1,234", "web; app", "nan", "2026-02-30", "1\u00a0234"])
ANY = """\
respondent: id
duplicates: first
weight: w
when: d
questions:
  q: {role: metric, metric: nps, nets: {t: [9, 10]}, derive: {g: {A: [1], B: [2]}}}
  c: {role: segment, derive: {cb: {with: b}}}
  n: {role: number, derive: {b: [1, 5.5, 9]}, nets: {z: [1, 5]}}
  m: {role: multi, nets: {D: [web, app]}}
  o: {role: multi, columns: {a: oa, b: m}}
"""


@settings(derandomize=True, max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(CELL, min_size=8, max_size=8), max_size=4))
def test_any_cells_are_a_table_or_problems(load, rows):
    sheet = pd.DataFrame(rows, columns=["id", "w", "d", "q", "c", "n", "m", "oa"]).to_csv(index=False)
    study = load(ANY, sheet)
    if not study.check():
        assert len(study.survey) + sum("left out" in note for note in study.notes) <= len(rows)
        assert study.survey["weight"].gt(0).any()


def test_a_missing_column_is_one_problem(problems):
    assert [rule for _, _, rule, _ in problems("respondent: idd", "id,x\n1,1\n")] == [
        "the column must be in s.csv; did you mean id?"
    ]


def test_a_missing_file_is_named_with_its_nearest(error):
    assert error("file: servey.csv", CSV, name="survey.csv") == (
        "DIR/study.yml: the data file servey.csv is not in DIR; did you mean survey.csv?"
    )
    assert error("file: wave*.csv", CSV, name="survey.csv") == "DIR/study.yml: no file matches wave*.csv in DIR"


@pytest.mark.parametrize("call", ["table", "metric", "levels", "text"])
def test_a_wrong_name_in_a_notebook_is_an_error_that_names_it(load, call):
    with pytest.raises(CxError, match="nope"):
        getattr(load(SCORES, CSV), call)("nope")


# -- duplicates, bases, privacy --------------------------------------------------------------------------------


def test_duplicates_first_keeps_the_first_and_says_so(load):
    study = load("duplicates: first\nrespondent: id\nwave: w\n" + SCORES, "id,w,q\na,1,9\nb,1,8\na,1,0\na,2,7\n")
    assert cells(study.survey) == {"wave": ["1", "1", "2"], "respondent": ["a", "b", "a"], "q": [9, 8, 7]}
    assert study.notes == ["survey: 1 rows with a respondent that had come before were left out"]


def test_duplicates_first_still_refuses_blank_respondents(problems):
    found = problems("duplicates: first\nrespondent: id", "id,x\na,1\na,1\n,1\n")
    assert found == [("id", 1, "a respondent must not be blank", "blank in row 3 of s.csv")]


def test_a_group_of_one_is_an_error_and_is_withheld_under_a_minimum_base(load):
    study = load(SCORES + "  c: {role: segment}", "q,c\n9,a\n8,b\n10,b\n")
    with pytest.raises(CxError) as caught:
        scores.by_group(study.survey, "nps", by=["c"], question="q")
    assert str(caught.value) == "an interval needs at least 2 answers to q; c=a has 1"
    found = scores.by_group(study.survey, "nps", by=["c"], question="q", minimum_base=2)
    assert cells(found[["c", "n", "estimate", "low"]])["estimate"] == [None, 50.0]
    printed = tables.record(survey.by_segment(study, None, ["c"]), caption="", columns=["group", "estimate", "n"])
    assert printed["rows"] == [["a", None, 1.0], ["b", None, 2.0]]
    assert [row[1] for row in printed["printed"]["rows"]] == ["**", "**"]


def test_private_and_undeclared_columns_are_in_no_table(make):
    folder = make(
        "tables:\n  survey: {file: s.csv, respondent: id, private: [phone], questions: {q: {role: metric, metric: nps,"
        " nets: {top: [9, 10]}, derive: {kind: {fans: [9, 10]}}}, m: {role: multi, columns: {a: ta}}}}\n"
        "  customers: {file: c.csv, customer: id, private: [email]}\n",
        {"s.csv": "id,q,phone,ta,tb\n1,9,0900,1,1\n2,3,0901,1,\n", "c.csv": "id,email,name\n1,a@example.com,An\n"},
    )
    study = Study.load(folder)
    assert list(study.survey) == ["respondent", "q", "m.a", "q.top", "kind"]
    assert list(study.table("customers")) == ["customer"]
    assert list(study.customers_view().frame) == ["customer"]


def test_private_columns_of_the_demo_are_in_no_table():
    study = Study.load("data/demo")
    private = {c for table in study.book.tables.values() for c in table.private}
    assert private == {"name", "phone", "email"}
    for name in study.book.tables:
        assert not private & set(study.table(name))


# -- waves ---------------------------------------------------------------------------------------------------------

WAVE = "id,q,c\na,9,10\nb,3,2\n"
LIST = "file: [{file: w2.csv, wave: w2}, {file: w10.csv, wave: w10}]\n"
LABELLED = SCORES + "  c: {role: segment, labels: {1: x, 2: y, 10: z}}\nrespondent: id"


def test_a_list_a_pattern_and_a_wave_column_give_the_same_table(survey):
    parts = {"w2.csv": WAVE, "w10.csv": "id,q,c\na,7,1\nb,10,1\n"}
    listed = survey(LIST + LABELLED, parts)
    matched = survey("file: w*.csv\n" + LABELLED, parts)
    whole = survey("wave: w\n" + LABELLED, "w,id,q,c\nw2,a,9,10\nw2,b,3,2\nw10,a,7,1\nw10,b,10,1\n")
    assert cells(listed)["q"] == [9, 3, 7, 10]
    for frame in (listed, matched, whole):
        ordered = frame.sort_values(["wave", "respondent"]).reset_index(drop=True)
        pd.testing.assert_frame_equal(ordered[list(listed)], listed, check_categorical=True)
        assert list(frame["wave"].cat.categories) == ["w2", "w10"]


def test_waves_of_a_list_keep_its_order(load):
    study = load(LIST.replace("wave: w2", "wave: zz") + SCORES, {"w2.csv": WAVE, "w10.csv": WAVE})
    assert study.waves == ["zz", "w10"]


def test_columns_renamed_and_null_in_a_wave(load):
    table = (
        "file: [{file: a.csv, wave: 1}, {file: b.csv, wave: 2, columns: {%s: score, c: null}}]\n"
        "respondent: id\nweight: g\nquestions:\n  rec: {role: metric, metric: nps, column: q}\n  c: {role: segment}\n"
    )
    files = {"a.csv": "id,q,c,g\na,9,x,2\n", "b.csv": "id,score,q,g\nb,7,1,.5\n"}
    expected = {"wave": ["1", "2"], "respondent": ["a", "b"], "weight": [2, 0.5], "rec": [9, 7], "c": ["x", None]}
    for name in ("rec", "q"):  # the question, or the column in which it usually stands
        assert cells(load(table % name, files).survey) == expected


def test_a_wave_without_weights_counts_everybody_once_and_says_so(load):
    table = "file: [{file: a.csv, wave: 1, columns: {g: null}}, {file: b.csv, wave: 2}]\nweight: g\n" + SCORES
    study = load(table, {"a.csv": "q,x\n9,1\n", "b.csv": "q,g\n7,2\n"})
    assert study.survey["weight"].tolist() == [1, 2]
    assert study.notes == ["survey: 1 has no weights; everybody counts once"]


def test_waves_says_in_which_a_question_was_asked(survey):
    table = LIST + SCORES.replace("nps}", "nps, waves: [w10]}")
    assert cells(survey(table, {"w2.csv": "x\n1\n", "w10.csv": "q\n7\n"})) == {"wave": ["w2", "w10"], "q": [None, 7.0]}


MULTI = "questions:\n  m: {role: multi, columns: {x: x, y: y}%s}"
LEFT_OUT = {
    "option null": LIST.replace("wave: w10", "wave: w10, columns: {y: null}") + MULTI % "",
    "question null": LIST.replace("wave: w10", "wave: w10, columns: {m: null}") + MULTI % "",
    "waves": LIST + MULTI % ", waves: [w2]",
}


@pytest.mark.parametrize("table", LEFT_OUT.values(), ids=LEFT_OUT)
def test_options_in_columns_may_be_left_out_of_a_wave(survey, table):
    assert cells(survey(table, {"w2.csv": "x,y\n1,0\n0,1\n", "w10.csv": "x\n1\n"}))["m.y"] == [0, 1, None]


def test_options_do_not_depend_on_how_waves_are_filed(survey):
    table = "questions:\n  t: {role: multi}\n"
    whole = survey("wave: w\n" + table, "w,t\nw2,a\nw2,b\nw10,a;c\nw10,a\n")
    assert cells(survey(LIST + table, {"w2.csv": "t\na\nb\n", "w10.csv": "t\na;c\na\n"})) == cells(whole)


def test_waves_holds_for_the_waves_of_a_pattern(survey):
    table = "file: w*.csv\n" + SCORES.replace("nps}", "nps, waves: [w2]}")
    assert cells(survey(table, {"w1.csv": "x\n1\n", "w2.csv": "q\n7\n"}))["q"] == [None, 7]


def test_a_wave_that_does_not_exist_is_refused(error):
    assert "w20" in error(LIST + SCORES.replace("nps}", "nps, waves: [w20]}"), {"w2.csv": WAVE, "w10.csv": WAVE})


def test_the_example_of_a_duplicate_stands_in_its_file(problems):
    found = problems(LIST + "respondent: id", {"w2.csv": "id\n1\n2\n3\n", "w10.csv": "id\n1\n1\n"})
    assert found[0][3] == "1 in row 2 of w10.csv"


def test_files_of_a_list_without_wave_names_are_waves_named_after_them(load):
    study = load("file: [a.csv, b.csv]\nrespondent: id\n" + SCORES, {"a.csv": "id,q\n1,9\n", "b.csv": "id,q\n1,3\n"})
    assert study.waves == ["a", "b"]
    assert len(study.survey) == 2


def test_a_file_without_a_wave_beside_named_ones_is_refused(error):
    assert "wave" in error("file: [{file: a.csv, wave: 1}, b.csv]\n" + SCORES, {"a.csv": CSV, "b.csv": CSV})


def test_files_of_one_name_in_two_folders_are_two_waves(load):
    files = {"2025/s.csv": "id,q\n1,9\n2,8\n", "2026/s.csv": "id,q\n3,9\n4,8\n"}
    assert len(load("file: '*/s.csv'\n" + SCORES, files).waves) == 2


def test_groups_are_in_natural_order_over_all_files(load):
    files = {"w1.csv": "c\n2\n10\n", "w2.csv": "c\n1\n"}
    assert load("file: w*.csv\nquestions:\n  c: {role: segment}", files).levels("c") == ["1", "2", "10"]


# -- the view of customers -----------------------------------------------------------------------------------------

VIEW = """\
tables:
  customers: {file: c.csv, customer: id, questions: {city: {role: segment}}}
  survey: {file: s.csv, customer: cid, wave: w, questions: {q: {role: metric, metric: nps}}}
  sales: {file: p.csv, customer: cid, when: day, value: sum, won: won}
  complaints: {file: k.csv, complainer: cid, when: day, outcome: end}
  events: {file: e.csv, customer: cid, when: day, touchpoint: at}
"""
FILES = {
    "c.csv": "id,city\nA,Huế\nB,Hà Nội\nC,Huế\n",
    "s.csv": "cid,w,q\nA,2,9\nA,10,3\nB,2,8\nX,2,1\n,2,5\n",
    "p.csv": "cid,day,sum,won\nA,2026-01-01,100,1\nA,2026-03-01,50.5,1\nA,2026-04-01,900,0\n"
    "B,2026-01-01,7,0\nY,2026-01-01,70,1\n",
    "k.csv": "cid,day,end\nA,2026-02-01,satisfied\nA,2026-01-01,dissatisfied\nC,2026-01-05,\n",
    "e.csv": "cid,day,at\nB,2026-01-02 10:00,app\nB,2026-01-01 09:00,app\nB,2026-01-03 11:00,shop\n",
}


def test_the_view_has_one_row_a_customer_with_counts_made_by_hand(load):
    found = load(VIEW, FILES).customers_view().frame
    day = pd.Timestamp
    assert cells(found) == {
        "customer": ["A", "B", "C"],
        "city": ["Huế", "Hà Nội", "Huế"],
        "last_wave": ["10", "2", None],
        "q": [3.0, 8.0, None],
        "answers": [2, 1, 0],
        "offers": [3, 1, 0],
        "purchases": [2, 0, 0],
        "spent": [150.5, None, None],
        "last_purchase": [day("2026-03-01"), None, None],
        "complaints": [2, 0, 1],
        "last_outcome": ["satisfied", None, None],
        "contacts": [0, 3, 0],
        "touchpoints": [None, 2.0, None],
        "first_contact": [None, day("2026-01-01 09:00"), None],
        "last_contact": [None, day("2026-01-03 11:00"), None],
    }


def test_rows_without_their_customer_are_reported(load):
    joins = load(VIEW, FILES).customers_view().joins
    assert joins.to_dict("split")["data"] == [
        ["survey", 5, 3, 1, 1, "X", 2],
        ["sales", 5, 4, 0, 1, "Y", 2],
        ["complaints", 3, 3, 0, 0, "", 2],
        ["events", 3, 3, 0, 0, "", 1],
    ]
    assert (joins["matched"] + joins["blank"] + joins["unmatched"] == joins["rows"]).all()


def test_the_view_of_the_demo_keeps_every_sum():
    study = Study.load("data/demo")
    view, joins = (v := customers_view(study)).frame, v.joins.set_index("table")
    sales = study.table("sales")
    assert len(view) == view["customer"].nunique() == 20_000
    assert joins.loc["survey", ["rows", "matched", "blank", "unmatched"]].tolist() == [8_006, 4_800, 3_206, 0]
    assert view["answers"].sum() == 4_800
    assert view["offers"].sum() == len(sales) == 12_000
    assert view["purchases"].sum() == (sales["won"] == 1).sum()
    assert view["spent"].sum() == sales.loc[sales["won"] == 1, "value"].sum()
    assert view["complaints"].sum() == len(study.table("complaints")) == 498
    assert view["contacts"].sum() == len(study.table("events")) == 27_718


def test_the_view_needs_customers(load):
    with pytest.raises(CxError, match="needs a table customers; there are survey"):
        load(SCORES, CSV).customers_view()


def test_the_view_needs_to_know_customers_by_name(load):
    with pytest.raises(CxError, match="customer"):
        load("tables: {customers: {file: s.csv}, survey: {file: s.csv, customer: id}}", CSV).customers_view()


def test_an_attribute_and_a_metric_of_one_name_do_not_collide(load):
    table = (
        "tables:\n  customers: {file: s.csv, customer: id, questions: {q: {role: number}}}\n"
        "  survey: {file: s.csv, customer: id, questions: {q: {role: metric, metric: nps}}}\n"
    )
    try:
        view = load(table, CSV).customers_view().frame
    except CxError:
        return
    assert not {"q_x", "q_y"} & set(view)


def test_times_with_a_zone_stand_beside_plain_dates(load):
    stream = io.BytesIO()
    day = pd.to_datetime(["2026-01-31 10:00"]).tz_localize("Asia/Ho_Chi_Minh")
    pd.DataFrame({"id": ["1"], "day": day}).to_parquet(stream)
    table = (
        "tables:\n  customers: {file: b.csv, customer: id}\n"
        "  events: {file: [a.parquet, b.csv], customer: id, when: day}\n"
    )
    study = load(table, {"a.parquet": stream.getvalue(), "b.csv": "id,day\n1,2026-01-30\n"})
    assert study.customers_view().frame["last_contact"].tolist() == [pd.Timestamp("2026-01-31 10:00")]


def test_a_router_s_code_exists(error):
    assert "77" in error(
        "questions:\n  q: {role: number, asked: {c: [77]}}\n  c: {role: single, labels: {1: a, 2: b}}", CSV
    )


# -- who gave an answer --------------------------------------------------------------------------------------------

SAID = """\
questions:
  p: {role: single, labels: {1: {en: "Yes", vi: Có}, 0: {en: "No", vi: Không}}}
  s: {role: single, labels: {1: "Yes", 0: "No"}, asked: {p: [1]}}
  deep: {role: single, labels: {1: "Yes", 0: "No"}, asked: {s: [1]}}
  q: {role: metric, metric: nps}
  free: {role: single}
  m: {role: multi, labels: {a: Shop, b: Phone}}
"""
GAVE = "p,s,deep,q,free,m\n1,1,1,9,x,a\n1,1,,3,y,a;b\n1,0,,3,,b\n1,,,,x,\n0,,,10,,a\n,,,0,x,b\n"


def test_who_gave_an_answer(load):
    """By hand: six respondents, blanks did not."""
    study = load(SAID, GAVE)
    assert study.gave("p", ["1"]).tolist() == [True, True, True, True, False, False]
    assert study.gave("q", ["3", "10"]).tolist() == [False, True, True, False, True, False]
    assert study.gave("free", ["x"]).tolist() == [True, False, False, True, False, True]
    assert study.gave("m", ["b"]).tolist() == [False, True, True, False, False, True]
    assert study.gave("m", ["a", "b"]).tolist() == [True, True, True, False, True, True]


def test_who_said_what_and_of_whom_it_is_not_known(load):
    """By hand: the fifth was not asked s, as he had no p; of the sixth nobody knows whether he was asked."""
    study = load(SAID, GAVE)
    assert cells(study.said("p", ["1"]).to_frame("p")) == {"p": [1, 1, 1, 1, 0, None]}
    assert cells(study.said("s", ["1"]).to_frame("s")) == {"s": [1, 1, 0, None, 0, None]}
    assert cells(study.said("deep", ["1"]).to_frame("d")) == {"d": [1, None, 0, None, 0, None]}
    assert cells(study.said("q", ["3"]).to_frame("q")) == {"q": [0, 1, 1, None, 0, 0]}
    assert cells(study.said("m", ["b"]).to_frame("m")) == {"m": [0, 1, 1, None, 0, 1]}


def test_routes_in_a_circle_end(load):
    table = """\
        questions:
          a: {role: single, labels: {1: "Yes", 0: "No"}, asked: {b: [1]}}
          b: {role: single, labels: {1: "Yes", 0: "No"}, asked: {a: [1]}}
        """
    found = load(table, "a,b,x\n1,1,1\n,0,1\n0,,1\n,,1\n").said("a", ["1"])
    assert cells(found.to_frame("a")) == {"a": [1, 0, 0, None]}


def test_answers_in_words(load):
    assert load(SAID, GAVE).answer_words("p", ["1", "0"]) == ["Yes", "No"]
    assert load(SAID, GAVE, top="study: tiny\ntitle: Tiny\nsample: opt_in\nlanguage: vi\n").answer_words(
        "p", ["0"]
    ) == ["Không"]
    assert load(SAID, GAVE).answer_words("q", ["3"]) == ["3"]
    with pytest.raises(CxError, match="there is no question sad"):
        load(SAID, GAVE).answer_words("sad", ["1"])


def test_a_key_that_one_of_two_files_lacks_is_blank_and_keeps_its_kind(load):
    table = "file: [{file: a.csv, wave: 1}, {file: b.csv, wave: 2, columns: {d: null, s: null}}]\nwhen: d\nseconds: s\n"
    found = load(table, {"a.csv": "d,s,q\n2026-01-31,60,9\n", "b.csv": "q\n7\n"}).survey
    assert found["when"].dt.day.tolist()[0] == 31
    assert cells(found[["seconds"]]) == {"seconds": [60, None]}
    assert found["when"].isna().tolist() == [False, True]


# -- who never used what a question asks about -----------------------------------------------------------------------

USED = """\
respondent: id
questions:
  q: {role: driver, scale: [1, 5], missing: [0, 6, never], never_used: [6, never]}
  r: {role: driver, scale: [1, 5], missing: [6]}
"""


def test_never_used_is_blank_in_the_table_and_known_apart(load):
    """By hand: 6, 6.0 and never say so; 0 is blank, and so is a blank. Nothing is said of r, which declares no code."""
    study = load(USED, "id,q,r\n1,6,6\n2,6.0,1\n3,never,1\n4,0,1\n5,,1\n6,5,1\n")
    assert cells(study.survey[["q", "r"]]) == {"q": [None] * 5 + [5], "r": [None, 1, 1, 1, 1, 1]}
    assert list(study.survey) == ["respondent", "q", "r"]
    assert list(study.never_used) == [("survey", "q")]
    assert study.never_used["survey", "q"].tolist() == [True, True, True, False, False, False]


def test_never_used_stays_with_its_respondent(load):
    """Over two files, of which one did not ask, and without the rows that are left out."""
    table = USED.replace(
        "respondent: id", "file: [{file: a.csv, wave: 1}, {file: b.csv, wave: 2, columns: {q: null}}]\nrespondent: id"
    )
    files = {"a.csv": "id,q,r\n1,6,1\n1,2,1\n2,6,1\n3,1,1\n", "b.csv": "id,r\n1,1\n2,1\n"}
    study = load(table + "duplicates: first\n", files)
    frame = study.survey.assign(never=lambda t: study.never_used["survey", "q"].reindex(t.index))
    assert frame[["wave", "respondent", "never"]].astype(str).to_numpy().tolist() == [
        ["1", "1", "True"], ["1", "2", "True"], ["1", "3", "False"], ["2", "1", "False"], ["2", "2", "False"]
    ]  # fmt: skip


def test_a_private_column_that_no_file_has_is_a_problem(problems):
    """A misspelt name would protect nothing."""
    table = "private: [Email, nmae]\nquestions:\n  age: {role: number}\n"
    found = problems(table, "age,name\n30,An\n")
    assert found == [
        ("Email", 0, "a private column must be in the table's files", ""),
        ("nmae", 0, "a private column must be in the table's files; did you mean name?", ""),
    ]


def test_questions_with_one_label_are_told_apart_by_their_names(load):
    """Derived questions and labels that come from a name count, too; in each language by itself."""
    study = load(
        """
        questions:
          a: {role: driver, scale: [1, 5], label: {en: Care, vi: Chăm sóc}}
          b: {role: driver, scale: [1, 5], label: {en: Care, vi: Quan tâm}}
          age: {role: number, label: Age band, derive: {age_band: [18, 30]}}
          c: {role: single}
          d: {role: single, label: C}
          e: {role: single}
        """,
        "a,b,age,c,d,e\n1,2,20,x,y,z\n",
    )
    told = {name: study.label(name) for name in ("a", "b", "age", "age_band", "c", "d", "e")}
    assert told == {"a": "Care (a)", "b": "Care (b)", "age": "Age band (age)", "age_band": "Age band (age_band)",
                    "c": "C (c)", "d": "C (d)", "e": "E"}  # fmt: skip
    vietnamese = Study.load(study.folder, lang="vi")
    assert [vietnamese.label(name) for name in ("a", "b")] == ["Chăm sóc", "Quan tâm"]
