"""What a study leaves out of its survey and how it weights the rest, and what its settings refuse."""

import pytest

TOP = "study: tiny\ntitle: Tiny\nsample: quota\nminimum_base: 2\n"
TABLE = """
respondent: id
seconds: seconds
questions:
  recommend: {role: metric, metric: nps, scale: [0, 10], missing: [11]}
  sex: {role: segment, labels: {f: Female, m: Male}}
  age: {role: number, derive: {age_band: [30, 50]}}
"""
DATA = "id,seconds,recommend,sex,age\n" + "".join(
    f"r{i},{10 if i == 3 else 300 + i},{11 if i == 5 else i % 11},{'fm'[i % 3 == 0]},{20 + i}\n" for i in range(1, 41)
)
TRUTH = "a number belongs here; True is read as true or false"
BOUNDS = "bounds are two numbers, the least and the greatest ratio of weight and start, e.g. [0.3, 3]; found"
INVITED = "a whole number of people, or one by wave, e.g. {2026-H1: 400}; found"
MARGINS = "margins:\n  - {of: sex, population: {f: 0.5, m: 0.5}}\n"


def test_speeders_are_left_out_as_the_study_says_and_listed(load):
    study = load(TABLE, DATA, top=TOP + "quality: {exclude: [speeder]}\n")
    assert len(study.everyone) == 40
    assert len(study.survey) == 39
    assert study.everyone.query("excluded != ''")[["respondent", "excluded"]].values.tolist() == [["r3", "speeder"]]
    assert study.notes == ["survey: 1 of 40 respondents are left out (speeder 1)"]
    assert list(study.survey.index) == list(range(39))
    assert "r3" not in set(study.survey["respondent"])


def test_nobody_is_left_out_unless_the_study_says_so(load):
    study = load(TABLE, DATA, top=TOP)
    assert study.flags["speeder"].sum() == 1
    assert len(study.survey) == 40
    assert study.notes == []
    assert study.excluding(("speeder",)).survey["respondent"].tolist() == [f"r{i}" for i in range(1, 41) if i != 3]
    assert len(study.survey) == 40


def test_declared_missing_codes_are_remembered_row_by_row(load):
    study = load(TABLE, DATA, top=TOP)
    assert study.survey["recommend"].isna().sum() == 1
    codes = study.missing_codes["survey", "recommend"]
    # r5 answered 11; so did nobody else, since i % 11 lies in 0-10.
    assert codes.dropna().to_dict() == {4: "11"}


def test_the_survey_is_raked_to_its_margins(load):
    study = load(TABLE, DATA, top=TOP + MARGINS + "weighting: {}\n")
    weighted = study.survey.groupby("sex", observed=True)["weight"].sum()
    # 27 women and 13 men of 40, half the population each: weights 20/27 and 20/13.
    assert weighted.to_dict() == pytest.approx({"Female": 20, "Male": 20})
    assert study.survey["weight"].tolist()[:3] == pytest.approx([20 / 27, 20 / 27, 20 / 13])
    assert study.design["weights"] == "weight"
    assert study.design["calibration"].margins == ("margin.sex",)
    assert "weight" not in study.everyone
    assert study.raked.converged


def test_who_is_left_out_carries_no_weight_in_raking(load):
    study = load(TABLE, DATA, top=TOP + MARGINS + "weighting: {}\nquality: {exclude: [speeder]}\n")
    assert study.survey.groupby("sex", observed=True)["weight"].sum().tolist() == pytest.approx([19.5, 19.5])


def test_a_margin_may_be_of_derived_bands_and_stand_in_a_file(load):
    top = TOP + "margins:\n  - {of: [sex, age_band], file: cells.csv}\nweighting: {}\n"
    cells = "sex,age_band,population\nf,<30,100\nf,30-49,200\nf,50+,300\nm,<30,100\nm,30-49,200\nMale,50+,100\n"
    study = load(TABLE, {"s.csv": DATA, "cells.csv": cells}, top=top)
    sums = study.survey.groupby(["sex", "age_band"], observed=True)["weight"].sum()
    assert sums.tolist() == pytest.approx([100, 200, 300, 100, 200, 100])
    assert "cells.csv" in study.files


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("weighting: {}\n", "line 5, weighting: `weighting:` rakes to `margins:`, and there are none"),
        (
            "margins:\n  - {of: sexe, population: {f: 1}}\n",
            "line 6, margins.0.of: a margin is of a question with groups (role segment or single, or derived); found "
            "sexe; did you mean sex?",
        ),
        (
            "margins:\n  - {of: age, population: {f: 1}}\n",
            "line 6, margins.0.of: a margin is of a question with groups (role segment or single, or derived); found "
            "age; did you mean age_band?",
        ),
        (
            "margins:\n  - {of: sex, population: {f: 1}, share: 2}\n",
            "line 6, margins.0.share: unknown key share",
        ),
        (
            "margins:\n  - {of: sex}\n",
            "line 6, margins.0: a margin has its `population:` (shares or counts by group) or a `file:` that holds "
            "them",
        ),
        (
            "margins:\n  - {of: [sex, age_band], population: {f: 1}}\n",
            "line 6, margins.0: a margin of sex and age_band crossed needs a `file:` with a row a cell",
        ),
        (
            "margins:\n  - {of: sex, population: {f: 0, m: 0}}\n",
            "line 6, margins.0: the population of a margin must not be 0 everywhere",
        ),
        (
            MARGINS + "  - {of: [sex], population: {f: 1, m: 1}}\n",
            "line 7, margins.1.of: two margins are of sex; give each once",
        ),
        (
            "quality: {exclude: [speeders]}\n",
            "line 5, quality.exclude.0: 'speeders' is not one of 'duplicate', 'near_duplicate', 'straightliner', "
            "'speeder', 'gibberish', 'copied', 'impossible' or 'partial'; did you mean speeder?",
        ),
        ("quality: {fastest: true}\n", f"line 5, quality.fastest: {TRUTH}"),
        ("quality: {invited: true}\n", f"line 5, quality.invited: {INVITED} True"),
        ("quality: {invited: many}\n", f"line 5, quality.invited: {INVITED} 'many'"),
        ("quality: {invited: {w1: true}}\n", f"line 5, quality.invited: {INVITED} {{'w1': True}}"),
        ("quality: {invited: 0}\n", f"line 5, quality.invited: {INVITED} 0"),
        ("quality: {exclude: {speeder: 1}}\n", "line 5, quality.exclude: a list belongs here; found {'speeder': 1}"),
        (
            "quality: {impossible: [{name: a-b, given: {sex: [f]}, never: {sex: [m]}}]}\n",
            "line 5, quality.impossible.0.name: a name is a word of letters, digits and _, a digit not first; found "
            "'a-b'",
        ),
        ("weighting: {bounds: [.3]}\n", f"line 5, weighting.bounds: {BOUNDS} [0.3]"),
        ("weighting: {bounds: 3}\n", f"line 5, weighting.bounds: {BOUNDS} 3"),
        ("weighting: {bounds: [false, 3]}\n", f"line 5, weighting.bounds.0: {TRUTH.replace('True', 'False')}"),
        ("weighting: {collapse: true}\n", f"line 5, weighting.collapse: {TRUTH}"),
        ("weighting: raked\n", "line 5, weighting: a block of `key: value` belongs here; found 'raked'"),
        ("margins: [{of: sex, population: {f: true}}]\n", f"line 5, margins.0.population.f: {TRUTH}"),
        (
            "quality: {impossible: [{name: x, given: {sexe: [f]}, never: {sex: [m]}}]}\n",
            "line 5, quality.impossible.0.given.sexe: given names sexe, which is no question of the survey; did you "
            "mean sex?",
        ),
        (
            "quality: {impossible: [{name: x, given: {sex: [f]}, never: {recommend: [12]}}]}\n",
            "line 5, quality.impossible.0.never.recommend: answers to recommend lie in 0-10; never lists 12",
        ),
        (
            "weighting: {trim: 5, bound: 2}\n" + MARGINS,
            "line 5, weighting.bound: unknown key bound; did you mean bounds?",
        ),
    ],
)
def test_settings_that_cannot_hold_are_refused_with_their_line(error, settings, told):
    assert error(TABLE, DATA, top=TOP + settings) == f"DIR/study.yml: {told}"


def test_a_check_that_cannot_be_made_is_no_exclusion(error):
    table = TABLE.replace("seconds: seconds\n", "")
    assert error(table, DATA, top=TOP + "quality: {exclude: [speeder]}\n") == (
        "DIR/study.yml: quality.exclude names speeder, and that check cannot be made: the survey has no time of "
        "interview (`seconds:`)"
    )


@pytest.mark.parametrize("seconds", [0, "", -5])
def test_speeders_among_interviews_without_a_time(error, seconds):
    rows = [line.split(",") for line in DATA.splitlines()]
    data = "\n".join(",".join([row[0], row[1] if i == 0 else str(seconds), *row[2:]]) for i, row in enumerate(rows))
    assert error(TABLE, data, top=TOP + "quality: {exclude: [speeder]}\n") == (
        "DIR/study.yml: quality.exclude names speeder, and that check cannot be made: no respondent has a time of "
        "interview above 0 seconds"
    )


@pytest.mark.parametrize("written", ["speeder", "[speeder, speeder]"])
def test_a_check_is_taken_once(load, written):
    """A single name is a list of one; of 40 respondents r3 alone took 10 seconds."""
    study = load(TABLE, DATA, top=TOP + f"quality: {{exclude: {written}}}\n")
    assert study.exclude == ("speeder",)
    assert study.everyone.query("excluded != ''")["excluded"].tolist() == ["speeder"]
    assert study.notes == ["survey: 1 of 40 respondents are left out (speeder 1)"]


def test_a_population_without_a_group_that_answered_is_refused(error):
    top = TOP + "margins:\n  - {of: sex, population: {f: 1}}\nweighting: {}\n"
    assert error(TABLE, DATA, top=top) == (  # Female is in both: Male is no other spelling of it
        "DIR/study.yml: sex: every group of the sample needs its share of the population; Male has none (n = 13)"
    )


@pytest.mark.parametrize("collapse", ["", "collapse: 1"])
def test_a_margin_that_nobody_answered(error, collapse):
    data = DATA.replace(",f,", ",,").replace(",m,", ",,")
    assert error(TABLE, data, top=TOP + MARGINS + f"weighting: {{{collapse}}}\n") == (
        "DIR/study.yml: sex: none of the 40 respondents has an answer, and there is nobody to weight"
    )


def test_respondents_of_weight_0_are_not_joined_by_collapse(error):
    """The 13 men weigh nothing: they are 13 for `collapse:`, which would not join them."""
    table = TABLE.replace("seconds: seconds", "weight: seconds")
    rows = [row.replace(row.split(",")[1], "0") if ",m," in row else row for row in DATA.splitlines()]
    assert error(table, "\n".join(rows), top=TOP + MARGINS + "weighting: {}\n") == (
        "DIR/study.yml: sex: nobody in the sample (with a weight above 0) stands for Male, whom the population has; "
        "the weights of its respondents (n = 13) are 0"
    )


def test_a_margin_of_a_question_with_a_route(load):
    """sex was put to those of age 30 and more alone: 31 of 40, of the ages 30 to 60."""
    table = TABLE.replace("labels: {f: Female, m: Male}", "labels: {f: Female, m: Male}, asked: {old: [y]}")
    table += "  old: {role: single}\n"
    head, *rows = DATA.splitlines()
    rows = [row.replace(",f,", ",,").replace(",m,", ",,") + ",n" if int(row.split(",")[4]) < 30 else row + ",y"
            for row in rows]  # fmt: skip
    study = load(table, "\n".join([head + ",old", *rows]), top=TOP + MARGINS + "weighting:\n")
    assert study.survey["sex"].isna().sum() == 9
    assert study.notes == [
        "survey: sex: 9 of 40 respondents have no answer (22.5%) and keep that share; the population's groups share "
        "the rest",
        "survey: sex: not everybody was asked it (`asked:`); who was not counts as one without an answer",
    ]


def test_a_wave_must_keep_somebody(error):
    table = TABLE.replace("seconds: seconds", "seconds: seconds\nwave: wave")
    rows = ["id,wave,seconds,recommend,sex,age"]
    rows += [f"r{i},{1 + (i > 30)},300,{i % 11},f,40" for i in range(1, 41)]
    rule = "{name: old, given: {sex: [f]}, never: {recommend: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}}"
    top = TOP + f"quality: {{exclude: [impossible], impossible: [{rule}]}}\n"
    assert error(table, "\n".join(rows) + "\n", top=top) == (
        "DIR/study.yml: quality.exclude leaves none of the 40 respondents"
    )
    kept = "\n".join(row.replace(",f,", ",m,") if row.startswith("r1,") else row for row in rows) + "\n"
    assert error(table, kept, top=top) == "DIR/study.yml: quality.exclude leaves none of the 10 respondents of wave 2"


def test_what_another_check_would_leave_out_may_be_a_whole_wave(load):
    """Only what the study itself leaves out must leave somebody in each wave; a report tries every check."""
    table = TABLE.replace("seconds: seconds", "seconds: seconds\nwave: wave")
    rows = ["id,wave,seconds,recommend,sex,age"]
    rows += [f"r{i},{1 + (i > 30)},300,{i % 11},{'fm'[i < 5]},40" for i in range(1, 41)]
    rule = "{name: old, given: {sex: [f]}, never: {recommend: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}}"
    study = load(table, "\n".join(rows), top=TOP + f"quality: {{impossible: [{rule}]}}\n")
    assert len(study.excluding(("impossible",)).survey) == 4


def test_who_is_left_of_a_wave_must_weigh_something(error):
    """r1 and r2 are left of wave 2, with weights of 0."""
    table = TABLE.replace("seconds: seconds", "weight: seconds\nwave: wave")
    rows = ["id,wave,seconds,recommend,sex,age"]
    rows += [f"r{i},{1 + (i < 9)},{int(i > 2)},{i % 11},{'fm'[i < 3 or i > 8]},40" for i in range(1, 41)]
    rule = "{name: old, given: {sex: [f]}, never: {recommend: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}}"
    top = TOP + f"quality: {{exclude: [impossible], impossible: [{rule}]}}\n"
    assert error(table, "\n".join(rows), top=top) == (
        "DIR/study.yml: quality.exclude leaves none of the 6 respondents of wave 2 with a weight above 0"
    )


def test_weights_of_0_throughout_a_wave(error):
    table = TABLE.replace("seconds: seconds", "weight: seconds\nwave: wave")
    rows = ["id,wave,seconds,recommend,sex,age"]
    rows += [f"r{i},{1 + (i > 30)},{int(i <= 30)},{i % 11},f,40" for i in range(1, 41)]
    assert error(table, "\n".join(rows), top=TOP) == (
        "DIR/study.yml: table survey, column seconds: weights must not be 0 everywhere in a wave; 10 do not, e.g. "
        "wave 2 in s.csv"
    )


def test_an_empty_block_is_a_block(load):
    """`weighting:` with nothing behind it rakes, as `weighting: {}` does."""
    study = load(TABLE, DATA, top=TOP + MARGINS + "weighting:\nquality:\n")
    assert study.raked.converged
    assert study.exclude == ()
    assert load(TABLE, DATA, top=TOP + MARGINS).raked is None


@pytest.mark.parametrize(
    ("invited", "told"),
    [
        ("5", "quality.invited must be at least the number who started; 5 are said to be invited, and 40 started"),
        ("{W9: 500}", "quality.invited names the wave W9; the survey has no waves"),
    ],
)
def test_check_tells_of_an_impossible_number_of_invited(make, cx, invited, told):
    status, out, _ = cx("check", make(TABLE, DATA, top=TOP + f"quality: {{invited: {invited}}}\n"))
    assert status == 1
    assert told in out


def test_check_tells_of_invited_to_a_wave_that_is_not_there(make, cx):
    table = TABLE.replace("seconds: seconds", "seconds: seconds\nwave: sex")
    status, out, _ = cx("check", make(table, DATA, top=TOP + "quality: {invited: {W9: 500}}\n"))
    assert status == 1
    assert "quality.invited names the wave W9; the waves are f, m" in out


CODES = """
questions:
  recommend: {role: metric, metric: nps}
  score: {role: metric, metric: own}
  channel: {role: multi}
  spend: {role: multi, labels: {a: A, b: B}}
  city: {role: segment}
"""
OF_CODES = "recommend,score,channel,spend,city\n9,1,web;phone,a,hn\n10,2,web,b,hcm\n"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("recommend: [12]", "answers to recommend lie in 0-10; given lists 12"),
        ("score: [6]", "answers to score lie in 1-5; given lists 6"),
        (
            "spend: [c]",
            "given lists the codes of spend that say so; found the code c, which has no label",
        ),
    ],
)
def test_codes_that_study_yml_itself_refuses(error, given, told):
    rule = f"{{name: x, given: {{{given}}}, never: {{city: [hn]}}}}"
    top = TOP + f"metrics: {{own: {{scale: [1, 5], scores: mean}}}}\nquality: {{impossible: [{rule}]}}\n"
    question = given.partition(":")[0]
    assert error(CODES, OF_CODES, top=top) == f"DIR/study.yml: line 6, quality.impossible.0.given.{question}: {told}"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            "channel: [fone]",
            "given lists fone, which no label of channel names and nobody answered; did you mean phone?",
        ),
        ("city: [hp]", "given lists hp, which no label of city names and nobody answered; did you mean hn?"),
    ],
)
def test_codes_that_are_known_once_the_data_are(make, cx, given, told):
    """Without labels the answers themselves say what the codes are."""
    rule = f"{{name: x, given: {{{given}}}, never: {{recommend: [9]}}}}"
    top = TOP + f"metrics: {{own: {{scale: [1, 5], scores: mean}}}}\nquality: {{impossible: [{rule}]}}\n"
    status, out, _ = cx("check", make(CODES, OF_CODES, top=top))
    assert status == 1
    assert f"quality.impossible x: {told}" in out
