"""Whom to call: who may be listed, the chance and its calibration, the ranking, and the private file.

Oracles: the demo's raw files read with pandas alone, synthetic customers with known chances, scipy's minimiser and
statsmodels' GLM for the fit, and hand counts.
"""

import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import optimize, special

import cxlib.cases as model
from cxlib import CxError, Study, cli, private
from cxlib.cases import cases

DEMO = Path(__file__).resolve().parent.parent / "data" / "demo"
SAID = {"unhappy": {"unhappy": ("1",)}, "complained": {"complained": ("1",)}}
LIST = ["customer", "chance", "value", "expected", "known", "why"]
TABLES = """tables:
  survey:
    file: s.csv
    customer: customer
    recontact: again
    wave: wave
    questions:
      problem: {role: single, labels: {1: "Yes", 0: "No"}}
      unhappy: {role: single, labels: {1: "Yes", 0: "No"}, asked: {problem: [1]}}
      complained: {role: single, labels: {1: "Yes", 0: "No"}, asked: {problem: [1]}}
      mood: {role: metric, metric: csat}
      said: {role: multi, columns: {shop: said_shop, app: said_app}, no: [0]}
  customers:
    file: c.csv
    customer: id
    left: left
    value: value
    recontact: again
    private: [name, phone]
    questions:
      city: {role: segment, label: City}
      age: {role: number, label: Age}
  complaints: {file: k.csv, complainer: id, when: when}
"""
SURVEY_HEAD = "customer,again,wave,problem,unhappy,complained,mood,said_shop,said_app"


def files(survey=(), customers=(), complaints=(), plain=40) -> dict[str, str]:
    """`plain` customers who may be called, every fourth of them unhappy and silent, and rows beside them."""
    rows = [f"p{i},1,1,{'1,1,0' if i % 4 == 0 else '0,,'},{1 if i % 4 == 0 else 5},," for i in range(plain)]
    people = [f"p{i},,{100 + i},1,{'north' if i % 2 else 'south'},{20 + i},N{i},09000{i:02d}" for i in range(plain)]
    return {
        "s.csv": "\n".join([SURVEY_HEAD, *rows, *survey]) + "\n",
        "c.csv": "\n".join(["id,left,value,again,city,age,name,phone", *people, *customers]) + "\n",
        "k.csv": "\n".join(["id,when", "nobody,2026-01-01", *complaints]) + "\n",
    }


@pytest.fixture(scope="module")
def demo():
    study = Study.load(DEMO)
    return study, cases(study, **SAID)


def raw(name: str) -> pd.DataFrame:
    return pd.read_csv(DEMO / f"{name}.csv", dtype=str)


def test_the_demo_lists_whom_pandas_lists(demo):
    """Oracle: the raw files, with pandas alone."""
    found = demo[1].frame
    customers, survey, complaints = raw("customers"), raw("survey").drop_duplicates("respondent_id"), raw("complaints")
    own = survey.dropna(subset="customer_id")
    may = customers[
        (customers["recontact"] == "1")
        & customers["left"].isna()
        & ~customers["customer_id"].isin(own.loc[own["recontact"] != "1", "customer_id"])
        & ~customers["customer_id"].isin(complaints["customer_id"])
    ]
    answered = own[own["customer_id"].isin(may["customer_id"])]
    silent = (answered["unhappy"] == "1") & (answered["complained"] == "0")
    wanted = set(may["customer_id"]) - set(answered.loc[~silent, "customer_id"])
    assert set(found["customer"]) == wanted
    assert len(found) == len(wanted) > 3000
    assert set(found.loc[found["known"], "customer"]) == set(answered.loc[silent, "customer_id"])
    assert list(found) == LIST
    # The base rate, by weight, of whoever may be called and answered.
    weight = answered["weight"].astype(float)
    assert demo[1].calibration["estimate"].tolist() == pytest.approx([(weight * silent).sum() / weight.sum()])
    assert demo[1].notes[0].startswith(f"{len(wanted):,} of 20,000 customers are listed; {silent.sum()} of them said")


def test_the_demo_s_chance_is_the_true_share(demo):
    """Oracle: who leaves is unhappier (truth.yml), so of those still here fewer are silent than of all.

    By the planted rates: unhappy 0.2723 and silent 1 - 0.0815 of them, of whom 36% leave; 12% of the content do.
    """
    silent, content = 0.2723 * (1 - 0.0815), 1 - 0.2723
    true = silent * 0.64 / (silent * 0.64 + content * 0.88)
    row = demo[1].calibration.iloc[0]
    assert row["low"] < true < row["high"] < silent


def test_the_ranking_is_by_chance_times_value(demo):
    frame = demo[1].frame
    np.testing.assert_allclose(frame["expected"], frame["chance"] * frame["value"])
    assert frame["expected"].is_monotonic_decreasing
    assert (frame.loc[frame["known"], "chance"] == 1).all()
    assert frame["chance"].between(0, 1).all()
    # Whether somebody of the demo is unhappy depends on nothing that the company knows of all.
    others = frame[~frame["known"]]
    assert others["chance"].nunique() == 1
    assert others["value"].is_monotonic_decreasing
    assert "Beside those who said so, the ranking is then by value alone." in demo[1].notes


def test_confidential_answers_never_enter(demo, tmp_path):
    """Oracle: every answer of whoever did not agree, and every attribute of theirs, drawn anew changes no digit."""
    for file in DEMO.glob("*.csv"):
        shutil.copy(file, tmp_path)
    shutil.copy(DEMO / "study.yml", tmp_path)
    survey, customers, rng = raw("survey"), raw("customers"), np.random.default_rng(5)
    secret = (survey["recontact"] == "0").to_numpy()
    for column, answers in {"problem": "1", "unhappy": "10", "complained": "10", "satisfaction": "12345"}.items():
        survey.loc[secret, column] = rng.choice(list(answers), secret.sum())
    survey.loc[secret, "weight"] = "3"
    secret = (customers["recontact"] == "0").to_numpy()
    for column in ("city", "value", "age", "since"):
        customers.loc[secret, column] = rng.permutation(customers.loc[secret, column])
    survey.to_csv(tmp_path / "survey.csv", index=False)
    customers.to_csv(tmp_path / "customers.csv", index=False)
    again = cases(Study.load(tmp_path), **SAID)
    pd.testing.assert_frame_equal(again.frame, demo[1].frame, check_exact=True)
    pd.testing.assert_frame_equal(again.calibration, demo[1].calibration, check_exact=True)
    assert again.notes == demo[1].notes


# ---- who may be listed ---------------------------------------------------------------------------------------------

SILENT, CONTENT = "1,1,0,1,,", "0,,,5,,"
CONSENT = {  # survey rows, customers row, complaints, whether x is listed and known
    "nobody asked him, he agreed": ([], "x,,5,1,north,40,X,1", [], (True, False)),
    "he did not agree": ([], "x,,5,0,north,40,X,1", [], None),
    "a blank is no yes": ([], "x,,5,,north,40,X,1", [], None),
    "he agreed and said so": ([f"x,1,1,{SILENT}"], "x,,5,1,north,40,X,1", [], (True, True)),
    "he agreed and is content": ([f"x,1,1,{CONTENT}"], "x,,5,1,north,40,X,1", [], None),
    "the survey says no": ([f"x,0,1,{SILENT}"], "x,,5,1,north,40,X,1", [], None),
    "the register says no": ([f"x,1,1,{SILENT}"], "x,,5,0,north,40,X,1", [], None),
    "one of two answers says no": ([f"x,0,1,{CONTENT}", f"x,1,2,{SILENT}"], "x,,5,1,north,40,X,1", [], None),
    "a blank answer is not looked at": ([f"x,,1,{SILENT}"], "x,,5,1,north,40,X,1", [], (True, False)),
    "the latest counts": ([f"x,1,2,{CONTENT}", f"x,1,1,{SILENT}"], "x,,5,1,north,40,X,1", [], None),
    "the latest that tells": ([f"x,1,1,{SILENT}", "x,1,2,,,,3,,"], "x,,5,1,north,40,X,1", [], (True, True)),
    "he complained, he said": (["x,1,1,1,1,1,1,,"], "x,,5,1,north,40,X,1", [], None),
    "he complained, the register says": ([f"x,1,1,{SILENT}"], "x,,5,1,north,40,X,1", ["x,2026-02-03"], None),
    "a complaint without its day": ([], "x,,5,1,north,40,X,1", ["x,"], None),
    "he left": ([f"x,1,1,{SILENT}"], "x,2026-01-01,5,1,north,40,X,1", [], None),
    "whether he was unhappy is blank": (["x,1,1,1,,0,1,,"], "x,,5,1,north,40,X,1", [], (True, False)),
}


@pytest.mark.parametrize(("survey", "customer", "complaints", "wanted"), CONSENT.values(), ids=CONSENT)
def test_who_is_listed(load, survey, customer, complaints, wanted):
    frame = cases(load(TABLES, files(survey, [customer], complaints)), **SAID).frame
    row = frame[frame["customer"] == "x"]
    assert ((True, bool(row["known"].iloc[0])) if len(row) else None) == wanted


def test_complaints_count_inside_the_window(load):
    """Both days belong to the window."""
    customers = [f"x{i},,5,1,north,40,X,1" for i in range(4)]
    complaints = ["x0,2026-01-01", "x1,2026-01-31 23:59", "x2,2025-12-31", "x3,2026-02-01"]
    study = load(TABLES, files((), customers, complaints))
    listed = [
        {c for c in cases(study, **SAID, start=start, end=end).frame["customer"] if c.startswith("x")}
        for start, end in (("2026-01-01", "2026-01-31"), (None, "2026-01-31"), ("2026-01-01", None), (None, None))
    ]
    assert listed == [{"x2", "x3"}, {"x3"}, {"x2"}, set()]


def test_the_counts_add_up(load):
    customers = ["a,,5,0,n,1,A,1", "b,,5,0,n,1,B,1", "c,2026-01-01,5,1,n,1,C,1", "d,,5,1,n,1,D,1", "e,,5,1,n,1,E,1"]
    found = cases(load(TABLES, files((), customers, ["d,2026-01-01"])), **SAID)
    assert found.notes[0] == (
        "11 of 45 customers are listed; 10 of them said themselves that they are unhappy and silent; left out: "
        "2 without consent, 1 who left, 1 with a recorded complaint, 30 whose own answer says that they are not "
        "unhappy and silent."
    )


def test_a_rating_or_a_tick_says_it_as_well(load):
    """mood 1 is given by exactly the plain customers who are unhappy; a tick by those to whom it is added."""
    study = load(TABLES, files([f"x,1,1,{CONTENT}"], ["x,,5,1,north,40,X,1"]))
    asked = cases(study, **SAID).frame
    rated = cases(study, unhappy={"mood": ("1", "2")}, complained={"complained": ("1",)}).frame
    pd.testing.assert_frame_equal(rated, asked)
    both = cases(study, unhappy={"mood": ("5",), "unhappy": ("1",)}, complained={"complained": ("1",)}).frame
    assert both["known"].sum() == 41, "one of the questions will do"
    ticked = files(["y,1,1,1,1,0,1,1,0", "z,1,1,1,1,0,1,0,1"], ["y,,5,1,n,40,Y,1", "z,,5,1,n,40,Z,1"])
    ticked["s.csv"] = ticked["s.csv"].replace(",,\n", ",0,0\n")
    told = cases(load(TABLES, ticked), unhappy={"unhappy": ("1",)}, complained={"said": ("shop",)}).frame
    assert ("z" in set(told["customer"]), "y" in set(told["customer"])) == (True, False)


# ---- the chance ----------------------------------------------------------------------------------------------------


def known_world(n=3000, answered=900, seed=3) -> tuple[dict[str, str], pd.DataFrame]:
    """Customers whose true chance is a logistic function of age and city; the first `answered` of them answered."""
    rng = np.random.default_rng(seed)
    age, city = rng.integers(18, 75, n), rng.choice(["north", "south", "west"], n, p=[0.5, 0.4, 0.1])
    true = special.expit(-1.2 - 0.05 * (age - 46) + 0.8 * (city == "south"))
    silent = rng.random(n) < true
    ids = [f"k{i}" for i in range(n)]
    rows = [f"{c},1,1,{SILENT if s else CONTENT}" for c, s in zip(ids[:answered], silent, strict=False)]
    people = [f"{c},,{v},1,{t},{a},N,1" for c, v, t, a in zip(ids, rng.integers(1, 100, n), city, age, strict=True)]
    return files(rows, people, plain=0), pd.DataFrame({"customer": ids, "true": true, "silent": silent})


def test_the_chance_is_the_known_chance(load):
    """Oracle: customers drawn with known chances."""
    world, truth = known_world()
    found = cases(load(TABLES, world), **SAID)
    rows = found.frame[~found.frame["known"]].merge(truth, on="customer")
    assert len(rows) == 2100
    assert np.corrcoef(rows["chance"], rows["true"])[0, 1] > 0.97
    assert np.abs(rows["chance"] - rows["true"]).mean() < 0.03
    groups = found.calibration
    assert groups["n"].tolist() == [90] * 10
    assert groups["n_effective"].tolist() == pytest.approx([90] * 10)
    assert groups["chance"].is_monotonic_increasing
    assert ((groups["low"] <= groups["chance"]) & (groups["chance"] <= groups["high"])).sum() >= 9
    assert (groups["n"] * groups["estimate"]).sum() == pytest.approx(truth["silent"][:900].sum())
    row = groups.iloc[0]
    assert row["slope_low"] < 1 < row["slope_high"]
    assert row["brier"] < row["brier_base"] == pytest.approx(truth["silent"][:900].mean() * 0.7, abs=0.05)
    assert "with a calibration slope of" in found.notes[1]


def test_the_reasons_are_those_that_raise_the_chance(load):
    """Youth and the south raise it by construction: nobody is listed for being older than average, or of the north."""
    world, truth = known_world()
    found = cases(load(TABLES, world), **SAID).frame
    why = found.merge(truth, on="customer")
    ages = why["why"].str.extract(r"Age: (\d+) \(average 4[56]\.\d\)")[0].dropna().astype(float)
    assert len(ages) > 500
    assert (ages < 46).all()
    assert not why["why"].str.contains("north").any()
    assert why["why"].str.contains("City: south").sum() > 500
    assert set(found.loc[found["known"], "why"]) == {"said so in the survey"}
    strongest = why[~why["known"]].nlargest(50, "true")["why"]
    assert (strongest.str.contains("City: south") & strongest.str.contains("Age: ")).all()


def test_the_seed_fixes_the_result_and_inputs_stay(load):
    study = load(TABLES, known_world()[0])
    before = {name: study.table(name).copy() for name in ("survey", "customers", "complaints")}
    one, two = cases(study, **SAID, seed=4), cases(study, **SAID, seed=4)
    pd.testing.assert_frame_equal(one.frame, two.frame, check_exact=True)
    pd.testing.assert_frame_equal(one.calibration, two.calibration, check_exact=True)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(study.table(name), frame)


@pytest.mark.parametrize("penalty", [0.5, 20.0])
def test_the_ridge_fit_is_that_of_another_minimiser(penalty):
    """Oracle: scipy.optimize.minimize (BFGS) of the penalised deviance as it is written."""
    rng = np.random.default_rng(1)
    x, w = rng.normal(size=(200, 4)), rng.uniform(0.2, 3, 200)
    y = (rng.random(200) < special.expit(x @ [1, -1, 0.5, 0])).astype(float)

    def penalised(beta):
        logit = beta[0] + x @ beta[1:]
        return -(w * special.log_expit(np.where(y == 1, logit, -logit))).sum() + penalty / 2 * (beta[1:] ** 2).sum()

    wanted = optimize.minimize(penalised, np.zeros(5), method="BFGS", options={"gtol": 1e-8}).x
    np.testing.assert_allclose(model._fit(x, y, w, penalty), wanted, atol=2e-5)


def test_the_slope_is_that_of_statsmodels():
    """Oracle: GLM(Binomial), variance HC0."""
    rng = np.random.default_rng(2)
    chance = rng.uniform(0.05, 0.8, 300)
    y = (rng.random(300) < chance).astype(float)
    glm = sm.GLM(y, sm.add_constant(special.logit(chance)), family=sm.families.Binomial()).fit(cov_type="HC0")
    found = model._slope(chance, y, np.ones(300))
    np.testing.assert_allclose(found, [glm.params[1], *glm.conf_int()[1]], rtol=1e-5)


def test_noise_makes_no_model():
    """Oracle: attributes that tell nothing. A model is preferred in at most a sixth of such studies (one-sided)."""
    rng = np.random.default_rng(8)
    chosen = 0
    for seed in range(12):
        x, y = rng.normal(size=(300, 8)), (rng.random(300) < 0.25).astype(float)
        frame, told = model._calibration(x, y, np.ones(300), seed)
        chosen += frame["slope"].notna().all()
        assert len(frame) > 1 or "so everybody else has this base rate" in told
    assert chosen <= 5  # 99.9% of a binomial of 12 and 1/6


def test_few_cases_carry_no_model(load):
    study = load(TABLES, files((), ["x,,5,1,north,40,X,1", "y,,9,1,north,40,Y,1"]))
    found = cases(study, **SAID)
    assert found.frame.set_index("customer").loc[["y", "x"], "chance"].tolist() == [0.25, 0.25]
    assert found.notes[1:] == (
        "Of 40 customers who may be called and answered, 10 are unhappy and silent (25.0%); fewer than 30 of either "
        "kind carry no model, so everybody else has this base rate.",
        "Beside those who said so, the ranking is then by value alone.",
    )
    row = found.calibration.iloc[0]
    assert (row["chance"], row["estimate"], row["n"], np.isnan(row["slope"])) == (0.25, 0.25, 40, True)


def test_without_value_the_chance_alone_ranks(load):
    world, _ = known_world(1200, 600)
    found = cases(load(TABLES.replace("    value: value\n", ""), world), **SAID)
    assert found.frame["chance"].is_monotonic_decreasing
    assert found.frame[["value", "expected"]].isna().all(axis=None)
    assert "No value is known of those listed, so the ranking is by chance alone." in found.notes


def test_what_the_study_does_not_know_is_told(load):
    tables = TABLES.replace("    left: left\n", "").replace(
        "  complaints: {file: k.csv, complainer: id, when: when}\n", ""
    )
    found = cases(load(tables, files((), ["x,,,1,north,40,X,1", "y,2020-01-01,5,1,north,40,Y,1"])), **SAID)
    assert found.frame["customer"].iloc[-1] == "x", "who has no value stands last"
    assert found.notes[-3:] == (
        "1 of those listed have no value and stand last, by their chance.",
        "The customers table does not say who left; some of those listed may have.",
        "No table says which customers complained; only the survey's answers do.",
    )


@pytest.mark.parametrize("value", ["1e300", "0", "-5", "5"])
def test_odd_numbers_and_attributes_break_nothing(load, value):
    world, _ = known_world(400, 300)
    world["c.csv"] += f"x,,{value},1,,{value},X,1\n" + "".join(f"y{i},,7,1,only{i},,Y,1\n" for i in range(50))
    found = cases(load(TABLES, world), **SAID)
    assert found.frame["chance"].between(0, 1).all()
    assert found.frame.set_index("customer").loc["x", "value"] == float(value)


def test_a_perfect_attribute_is_no_fault(load):
    rows = [f"k{i},1,1,{SILENT if i % 2 else CONTENT}" for i in range(200)]
    people = [f"k{i},,5,1,{'north' if i % 2 else 'south'},{30 + i % 2},N,1" for i in range(210)]
    found = cases(load(TABLES, files(rows, people, plain=0)), **SAID)
    chance = found.frame[~found.frame["known"]].set_index("customer")["chance"]
    assert chance[["k201", "k203"]].min() > 0.9
    assert chance[["k200", "k202"]].max() < 0.1


def test_attributes_alone_need_not_be_there(load):
    """A customers table of keys only has nothing to tell: everybody has the base rate."""
    world, _ = known_world(300, 200)
    tables = TABLES[: TABLES.index("    questions:\n      city")] + TABLES[TABLES.index("  complaints") :]
    found = cases(load(tables.replace("    value: value\n", ""), world), **SAID)
    assert found.frame.loc[~found.frame["known"], "chance"].nunique() == 1


# ---- what is refused -----------------------------------------------------------------------------------------------

NO_CONSENT_ASKED = TABLES.replace("    recontact: again\n    private", "    private")
MISSING = {
    "customers": (TABLES[: TABLES.index("  customers")], {}, "whom to call needs a table customers; there are survey"),
    "survey": (
        "tables:\n" + TABLES[TABLES.index("  customers") :],
        {},
        "whom to call needs a table survey; there are cust",
    ),
    "consent": (
        NO_CONSENT_ASKED,
        {},
        "whom to call needs to know who agreed to be called (1 or 0); name the column in the table customers, e.g. "
        "`recontact: recontact`",
    ),
    "link": (
        TABLES.replace("    customer: customer\n", ""),
        {},
        "whom to call needs to know the customer; name the column in the table survey, e.g. `customer: customer`",
    ),
    "consent as a question": (
        TABLES.replace("    recontact: again\n    wave", "    wave").replace(
            "      mood:", "      recontact: {role: single, column: again}\n      mood:"
        ),
        {},
        "recontact is the name of a column with a meaning of its own; give the question another name",
    ),
    "question": (TABLES, {"unhappy": {"unhapy": ("1",)}}, "the survey has no question unhapy; did you mean unhappy?"),
    "answer": (TABLES, {"unhappy": {"unhappy": ("yes",)}}, "unhappy has no answer yes"),
    "number": (TABLES, {"unhappy": {"mood": ("low",)}}, "mood has no answer low"),
    "no codes": (TABLES, {"unhappy": {"mood": ()}}, "mood has no answer that says so"),
    "nothing said": (
        TABLES,
        {"complained": {}},
        "whom to call needs the questions and answers that say who is complained",
    ),
    "nobody silent": (
        TABLES,
        {"unhappy": {"mood": ("3",)}},
        "rests on at least 30 customers who may be called and answered, some of them unhappy and silent; 40 answered, "
        "0 are",
    ),
    "day": (
        TABLES,
        {"start": "1/2/2026"},
        "the start of the window of complaints is written 2026-01-31; found 1/2",
    ),
    "order": (
        TABLES,
        {"start": "2026-02-01", "end": "2026-01-01"},
        "the window of complaints ends before it starts: 2026-02-01 to 2026-01-01",
    ),
    "no days": (
        TABLES.replace(", when: when", ""),
        {"start": "2026-02-01"},
        "a window needs the day of each complaint; name its column, e.g. `when: date`",
    ),
}


@pytest.mark.parametrize(("tables", "arguments", "message"), MISSING.values(), ids=MISSING)
def test_what_is_missing_is_said(load, tables, arguments, message):
    with pytest.raises(CxError) as caught:
        cases(load(tables, files()), **SAID | arguments)
    assert message in str(caught.value)


@pytest.mark.parametrize("plain", [0, 1, 2, 29])
def test_too_few_answers_are_refused(load, plain):
    study = load(TABLES, files(["x,0,1,1,1,0,1,,"], ["x,,5,1,north,40,X,1"], plain=plain))
    with pytest.raises(CxError) as caught:
        cases(study, **SAID)
    assert str(caught.value).endswith(f"; {plain} answered, {(plain + 3) // 4} are")


def test_a_customer_in_two_files_is_refused(load):
    two = files()
    two["c2.csv"] = two["c.csv"]
    study = load(TABLES.replace("file: c.csv", "file: [{file: c.csv, wave: 1}, {file: c2.csv, wave: 2}]"), two)
    with pytest.raises(CxError, match=r"needs one row a customer; 40 customers stand in several files, e.g. p0"):
        cases(study, **SAID)


# ---- the private file ----------------------------------------------------------------------------------------------

NAMES = ["=HYPERLINK(1),+84 90-12", "@x,+84901234567", "-2+3,0900001234", "Trần Thị Ngọc Ánh,0900004321",
         "'ok,00012", "a;=1+1,+cmd|' /C calc'!A0", "＝1,\t=2", "Lê; Anh,"]  # fmt: skip


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False).set_index("customer")


@pytest.fixture
def written(load, tmp_path):
    people = [f"x{i},,5,1,north,40,{pair}" for i, pair in enumerate(NAMES)]
    study = load(TABLES, files((), people))
    found = cases(study, **SAID)
    return study, found, private.write(study, found, tmp_path / "calls.csv")


def test_the_file_holds_the_list_in_order_with_private_columns(written):
    _, found, path = written
    rows = read(path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbfcustomer,name,phone,chance,value,expected,known,why\r\n")
    assert rows.index.tolist() == found.frame["customer"].tolist()
    assert rows.loc["p0"].tolist() == ["N0", "0900000", "1.0", "100.0", "100.0", "yes", "said so in the survey"]
    assert rows.loc["x3"].tolist() == ["Trần Thị Ngọc Ánh", "0900004321", "0.25", "5.0", "1.25", "no", ""]


def test_cells_are_no_formulas_and_phones_can_be_dialled(written):
    rows = read(written[2])
    assert rows.loc["x0", ["name", "phone"]].tolist() == ["'=HYPERLINK(1)", "+84 90 12"]
    assert rows.loc["x1", ["name", "phone"]].tolist() == ["'@x", "+84 901234567".replace(" ", "")]
    assert rows.loc["x2", ["name", "phone"]].tolist() == ["'-2+3", "0900001234"]
    assert rows.loc["x4", ["name", "phone"]].tolist() == ["'ok", "00012"]
    assert rows.loc["x5", ["name", "phone"]].tolist() == ["a;'=1+1", "'+cmd|' /C calc'!A0"]
    assert rows.loc["x6", ["name", "phone"]].tolist() == ["'＝1", "'=2"]
    assert rows.loc["x7", ["name", "phone"]].tolist() == ["Lê; Anh", ""]


def test_the_file_is_for_its_owner_alone(written):
    path = written[2]
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(p.name for p in path.parent.iterdir()) == ["c.csv", "calls.csv", "k.csv", "s.csv", "study.yml"]


def test_names_are_nowhere_but_in_the_file(written):
    study, found, path = written
    assert "Ngọc Ánh" in path.read_text("utf-8-sig")
    held = [found.frame, found.calibration, *(study.table(name) for name in study.book.tables)]
    for frame in held:
        assert not {"name", "phone"} & set(frame)
        assert "Ánh" not in frame.to_csv()
    assert "Ánh" not in " ".join(found.notes)


def test_the_demo_s_contacts_are_those_of_the_raw_file(demo, tmp_path):
    """Oracle: customers.csv with pandas alone. Some who refused are on file with their names all the same."""
    rows = read(private.write(*demo, tmp_path / "demo.CSV"))
    customers = pd.read_csv(DEMO / "customers.csv", dtype=str, keep_default_na=False).set_index("customer_id")
    pd.testing.assert_frame_equal(
        rows[["name", "phone", "email"]], customers.loc[rows.index, ["name", "phone", "email"]], check_names=False
    )
    assert (customers.loc[rows.index, "recontact"] == "1").all()
    refused = customers[(customers["recontact"] == "0") & (customers["phone"] != "")]
    assert len(refused) > 500
    assert not set(rows["phone"]) & set(refused["phone"])


def refusal(study, found, out) -> str:
    with pytest.raises(CxError) as caught:
        private.write(study, found, out)
    return str(caught.value)


def test_places_that_are_refused(written, tmp_path, monkeypatch):
    study, found, path = written
    before = path.read_bytes()
    never = "whom to call is private and never part of a report"
    assert refusal(study, found, path).endswith("calls.csv: is there already and is not replaced; remove it or choose "
                                                "another name")  # fmt: skip
    assert path.read_bytes() == before
    (tmp_path / "link.csv").symlink_to(tmp_path / "nowhere.csv")
    assert "is there already" in refusal(study, found, tmp_path / "link.csv")
    for name in ("calls.xlsx", "calls", ".csv", "calls.csv.txt"):
        assert "whom to call is written as a .csv file" in refusal(study, found, tmp_path / name)
    assert refusal(study, found, tmp_path / "no" / "x.csv") == f"{tmp_path}/no/x.csv: there is no folder {tmp_path}/no"
    report = tmp_path / "acme"
    (report / "figures").mkdir(parents=True)
    (report / "plan.json").write_text("{}")
    private.place(report / "x.csv")  # a plan alone is no report
    (report / "index.html").write_text("")
    for folder in (report, report / "figures"):
        assert refusal(study, found, folder / "x.csv") == f"{folder}/x.csv: lies in {report}; {never}"
    (tmp_path / "way").symlink_to(report / "figures")
    assert never in refusal(study, found, tmp_path / "way" / "x.csv")
    assert never in refusal(study, found, Path(cli.__file__).parent.parent / "reports" / "x.csv")
    (tmp_path / "reports").mkdir()
    monkeypatch.chdir(tmp_path)
    assert never in refusal(study, found, "reports/x.csv")
    assert not list(tmp_path.rglob("x.csv"))


@pytest.mark.parametrize("step", ["replace", "open", "fdopen"])
def test_a_write_that_fails_leaves_nothing(written, tmp_path, monkeypatch, step):
    study, found, path = written
    path.unlink()
    before = sorted(tmp_path.iterdir())
    original = getattr(os, step)

    def full(*arguments, **options):
        if step == "fdopen" or tmp_path / "calls.csv" in arguments:
            raise OSError(28, "No space left on device")
        return original(*arguments, **options)

    monkeypatch.setattr(private.os, step, full)
    assert refusal(study, found, path).endswith("calls.csv: cannot be written: No space left on device")
    assert sorted(tmp_path.iterdir()) == before


def test_a_file_that_appears_meanwhile_stays(written, monkeypatch):
    study, found, path = written
    monkeypatch.setattr(private, "place", lambda out: out)
    before = path.read_bytes()
    assert "is there already" in refusal(study, found, path)
    assert path.read_bytes() == before


def test_who_may_not_be_called_is_not_written(written, load, tmp_path):
    _, found, _ = written
    people = [f"x{i},,5,{i % 2},north,40,{pair}" for i, pair in enumerate(NAMES)]
    changed = load(TABLES, files((), people))
    assert refusal(changed, found, tmp_path / "again.csv") == (
        "only customers who agreed to be called and are still there may be listed; 4 are not"
    )


def test_a_private_column_that_is_not_there(load):
    study = load(TABLES.replace("[name, phone]", "[name, phnoe]"), files())
    message = "column phnoe: a private column must be in the table's files; did you mean phone?"
    with pytest.raises(CxError, match=message):
        cases(study, **SAID)


def test_files_side_by_side_and_names_of_the_list(load, tmp_path):
    """Customers of two files, of which one lacks the phone; a private column called as one of the list."""
    both = files((), ["x,,5,1,north,40,X,077"])
    both["c2.csv"] = "id,left,value,again,city,age,name,why\ny,,6,1,north,41,Ỷ,never\n"
    tables = TABLES.replace("file: c.csv", "file: [c.csv, c2.csv]").replace("[name, phone]", "[name, phone, why]")
    study = load(tables, both)
    rows = read(private.write(study, cases(study, **SAID), tmp_path / "calls.csv"))
    assert rows.loc["x", ["name", "phone", "why (private)"]].tolist() == ["X", "077", ""]
    assert rows.loc["y", ["name", "phone", "why (private)"]].tolist() == ["Ỷ", "", "never"]


# ---- cx cases ------------------------------------------------------------------------------------------------------


ICEBERG = (
    "study: tiny\ntitle: Tiny\nsample: opt_in\niceberg: {unhappy: {unhappy: [1]}, complained: {complained: [1]}}\n"
)


def test_the_command_writes_the_file_and_names_nobody(cx, make, tmp_path):
    folder = make(TABLES, files((), ["x,,5,1,north,40,Trần Ánh,0777"]), top=ICEBERG)
    status, out, err = cx("cases", folder, "--out", tmp_path / "calls.csv")
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        *cases(Study.load(folder), **SAID).notes,
        f"private: {tmp_path}/calls.csv holds names and confidential answers; only you can read it, keep it out of any "
        "report",
    ]
    assert not any(word in out for word in ("Trần", "0777", "p0", "N0"))
    assert read(tmp_path / "calls.csv").loc["x", "name"] == "Trần Ánh"
    again = cx("cases", folder, "--out", tmp_path / "calls.csv")
    assert (again[0], again[1]) == (1, "")
    assert again[2].startswith(f"cx: {tmp_path}/calls.csv: is there already")


def test_the_window_of_the_study_is_the_command_s(cx, make, tmp_path):
    window = ICEBERG.replace("}}\n", "}, window: [2026-01-01, 2026-01-31]}\n")
    people = ["x,,5,1,north,40,X,1", "y,,5,1,north,40,Y,1"]
    folder = make(TABLES, files((), people, ["x,2026-01-10", "y,2025-12-01"]), top=window)
    assert cx("cases", folder, "--out", tmp_path / "calls.csv")[0] == 0
    assert ("x" in read(tmp_path / "calls.csv").index, "y" in read(tmp_path / "calls.csv").index) == (False, True)


def test_a_command_that_is_not_understood(cx, make, tmp_path):
    folder = make(TABLES, files())
    assert cx("cases", folder)[0] == 2
    assert cx("cases", "no/such", "--out", "x.csv")[0] == 2
    assert cx("cases", folder, "--out", tmp_path / "x.csv", "--data", "nowhere")[0] == 2
    status, out, err = cx("cases", folder, "--out", tmp_path / "x.csv")
    assert (status, out) == (1, "")
    assert err == (
        f"cx: {folder / 'study.yml'}: study.yml must say who is unhappy and who complained under `iceberg:`, "
        "e.g. `iceberg: {unhappy: {satisfaction: [1, 2]}, complained: {complained: [1]}}`\n"
    )
    assert not (tmp_path / "x.csv").exists()


def test_data_names_the_folder_of_the_files(cx, make, tmp_path):
    folder = make(TABLES, {f"there/{name}": text for name, text in files().items()}, top=ICEBERG)
    assert cx("cases", folder, "--data", folder / "there", "--out", tmp_path / "calls.csv")[0] == 0
    assert read(tmp_path / "calls.csv").loc["p0", "name"] == "N0"
