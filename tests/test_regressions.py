"""The tables of the metric-regressions chapter: who is in them, what they are called, and that they are the models'.

Oracles: R's survey package on the demo's last wave (reference/demo_regressions.csv), counts and least squares by hand
on the raw files, algebra, and the truth that the demo plants.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from regression_study import RATED, made, survey

from cxlib import CxError, Study, regressions
from cxlib import driver_models as models
from cxlib import key_drivers as keys
from cxlib.binary import BinaryFit
from cxlib.ordinal import OrdinalFit

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"
ITEMS = [
    *("product_quality", "product_range", "product_price", "channel_app", "channel_shop", "channel_info"),
    *("staff_attitude", "staff_knowledge", "staff_speed", "convenience_hours", "convenience_checkout"),
    *("convenience_delivery", "support_response", "support_resolution"),
]
needs_sfo = pytest.mark.skipif(
    not (SHARED / "sfo").is_dir(), reason="the SFO survey's files are not beside the project"
)
needs_telco = pytest.mark.skipif(
    not (SHARED / "telco_churn").is_dir(), reason="the Telco files are not beside the project"
)


@pytest.fixture(scope="module")
def demo() -> regressions.Regression:
    return regressions.regression(Study.load(ROOT / "data/demo"))


@pytest.fixture(scope="module")
def raw() -> pd.DataFrame:
    """The demo's last wave as its file has it, each respondent once."""
    table = pd.read_csv(ROOT / "data/demo/survey.csv", dtype=str)
    return table[table["wave"] == "2026-H2"].drop_duplicates("respondent_id")


@pytest.fixture(scope="module")
def printed() -> pd.DataFrame:
    """What R prints: kind, group, term, estimate, se."""
    return pd.read_csv(ROOT / "tests/reference/demo_regressions.csv").set_index(["kind", "group", "term"]).sort_index()


@pytest.fixture(scope="module")
def demo_shares(demo) -> pd.DataFrame:
    return keys.shares(demo, bootstrap=200)


# -- which outcome, drivers and wave ---------------------------------------------------------------------------------


def test_the_demo_s_case(demo, raw):
    assert (demo.outcome, demo.wave, demo.label, demo.unit, demo.event) == ("recommend", "2026-H2", "NPS", "points", "")
    assert demo.drivers == demo.numeric == ITEMS
    assert len(demo.frame) == len(raw) == 2001
    assert demo.left_out == ()


def test_the_wave_is_the_latest_that_asked_the_outcome(load):
    """By hand: `good` was asked in w1 and w2 alone, 100 respondents each."""
    good = {"role": "metric", "metric": "csat", "waves": ["w1", "w2"]}
    asked = survey().assign(good=lambda t: t["care"].where(t["wave"].isin(["w1", "w2"])))
    study = made(load, questions={"good": good}, frames={"survey": asked})
    assert regressions.regression(study, outcome="good").wave == "w2"
    assert regressions.regression(study).wave == "w4"
    assert len(regressions.regression(study, outcome="good", wave="w1").frame) == 100
    with pytest.raises(CxError, match=r"^good was not asked in w4; it was in w1, w2$"):
        regressions.regression(study, outcome="good", wave="w4")


def test_a_study_without_waves_takes_everybody(load):
    case = regressions.regression(made(load, without=["survey.wave"], improvement=None))
    assert (case.wave, len(case.frame)) == (None, 400)


def test_two_groups_are_an_event(load):
    """By hand: code 1 is the event of 1 and 0, wherever it stands; else the second group of the codebook."""
    study = made(load)
    loyal = regressions.regression(study, outcome="loyal")
    assert (loyal.label, loyal.unit, loyal.metric) == ("Loyal: Yes", "percent", None)
    wave = survey().query("wave == 'w4'")
    assert loyal.frame["loyal"].sum() == wave["loyal"].sum()
    city = regressions.regression(study, outcome="city")
    assert city.label == "City: South"
    assert city.frame["city"].mean() == (wave["city"] == "s").mean()


def test_metrics_of_one_kind_are_told_apart(load):
    again = {"role": "metric", "metric": "nps", "column": "recommend"}
    assert regressions.regression(made(load, questions={"again": again}), outcome="again").label == "NPS: Again"


def test_drivers_that_do_not_vary_are_left_out_visibly(load):
    changed = survey().assign(price=3, speed=lambda t: t["speed"].where(t["wave"] != "w4"))
    case = regressions.regression(made(load, frames={"survey": changed}))
    assert (case.drivers, case.left_out) == (["care"], ("speed", "price"))
    assert regressions.regression(case.study, wave="w1").left_out == ("price",)
    assert regressions.regression(case.study, drivers="care, price").left_out == ()


WRONG = {
    "outcome unknown": ({"outcome": "recomend"}, "there is no question recomend to explain; did you mean recommend?"),
    "outcome of many answers": (
        {"outcome": "told"},
        "an outcome is a metric or a question of two groups; told is neither; the metrics are recommend",
    ),
    "outcome a driver": (
        {"outcome": "care"},
        "an outcome is a metric or a question of two groups; care is neither; the metrics are recommend",
    ),
    "driver unknown": (
        {"drivers": "care, carre"},
        "there is no driver carre; there are care, speed, price, loyal, city, changed, recommend; did you mean care?",
    ),
    "driver of options": (
        {"drivers": "told"},
        "there is no driver told; there are care, speed, price, loyal, city, changed, recommend",
    ),
    "driver the outcome": ({"drivers": "recommend"}, "recommend is the outcome and cannot be one of its drivers"),
    "driver twice": ({"drivers": "care,care"}, "a driver counts once; care is named 2 times"),
    "wave unknown": ({"wave": "w5"}, "there is no wave w5; the waves are w1, w2, w3, w4; did you mean w4?"),
    "confidence": ({"confidence": 95}, "confidence lies between 0 and 1, e.g. 0.95; found 95"),
}


@pytest.mark.parametrize(("given", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_explained_is_said(load, given, message):
    with pytest.raises(CxError) as caught:
        regressions.regression(made(load), **given)
    assert str(caught.value) == message


ALIKE = {
    "a metric": ({}, {"recommend": 8}, "an outcome must vary; all 100 answers to recommend in w4 are 8"),
    "an event": ({"outcome": "loyal"}, {"loyal": 1}, "an outcome must vary; all 100 answers to loyal in w4 are Yes"),
    "no drivers": (
        {},
        {"care": None, "speed": None, "price": 3},
        "DIR/study.yml: no question with `role: driver` has different answers in this wave",
    ),
}


@pytest.mark.parametrize(("given", "columns", "message"), ALIKE.values(), ids=ALIKE)
def test_answers_that_do_not_differ_are_refused(load, given, columns, message):
    study = made(load, frames={"survey": survey().assign(**columns)})
    with pytest.raises(CxError) as caught:
        regressions.regression(study, **given)
    assert str(caught.value).replace(str(study.folder), "DIR") == message


def test_more_than_two_groups_are_no_outcome(load):
    three = {"role": "segment", "column": "day"}
    study = made(load, questions={"day": three}, without=["survey.wave"], improvement=None)
    with pytest.raises(CxError, match=r"day is neither, it has 4 groups; the metrics are recommend$"):
        regressions.regression(study, outcome="day")


def test_a_study_without_a_metric_asks_for_an_outcome(load):
    study = made(load, questions={"recommend": None})
    with pytest.raises(CxError, match=r"no question with `role: metric`; name an outcome of two groups$"):
        regressions.regression(study)
    assert regressions.regression(study, outcome="loyal").label == "Loyal: Yes"


def test_categories_that_nobody_has_are_no_terms(load):
    """A third city of the codebook, without a respondent in the wave."""
    study = made(load, questions={"city": {"role": "segment", "labels": {"n": "North", "e": "East", "s": "South"}}})
    case = regressions.regression(study, drivers="care,city")
    assert list(models.straight(case).coefficients.index) == ["(constant)", "care", "city[South]"]
    assert case.numeric == ["care"]


# -- who answered ----------------------------------------------------------------------------------------------------


def test_answers_to_each_driver(demo, raw, printed):
    """Counts by hand on the raw file, where 9 is no answer; means by R's svymean."""
    table = regressions.drivers_table(demo).set_index("driver")
    for name in ITEMS:
        answers = pd.to_numeric(raw[name]).where(lambda x: x.between(1, 5))
        assert table.loc[name, "n"] == answers.notna().sum()
        assert table.loc[name, "blank"] == answers.isna().sum()
        assert table.loc[name, "mean"] == pytest.approx(printed.loc[("mean", "all", name), "estimate"], abs=1e-12)
    assert table.loc["staff_speed", "label"] == "Speed of service"
    assert (table["never_used"] == 0).all()


def test_never_used_is_kept_apart_from_blank(load):
    """By hand: 9 says never used, and speed is blank at every seventh respondent."""
    table = regressions.drivers_table(regressions.regression(made(load))).set_index("driver")
    wave = survey().query("wave == 'w4'")
    assert table.loc["price", ["never_used", "blank"]].tolist() == [(wave["price"] == 9).sum(), 0]
    assert table.loc["speed", ["never_used", "blank"]].tolist() == [0, wave["speed"].isna().sum()]
    assert table.loc["price", "mean"] == pytest.approx(wave.loc[wave["price"] != 9, "price"].mean())
    text = regressions.drivers_table(regressions.regression(made(load), drivers="care,city")).set_index("driver")
    assert np.isnan(text.loc["city", "mean"])


@needs_sfo
def test_the_airport_s_never_used_and_blanks():
    """SFO 2018 from the raw file: 6 is never used, 0 blank; 321 of 2,809 answered all 14 drivers and the NPS."""
    case = regressions.regression(Study.load(ROOT / "data/sfo", data=SHARED / "sfo"))
    answers = pd.read_csv(next((SHARED / "sfo").glob("2018*.csv")), encoding="latin-1", low_memory=False)
    answers = answers.rename(columns=str.strip)
    columns = [c for c in answers if c.startswith("Q7") and c != "Q7ALL"]
    table = regressions.drivers_table(case)
    assert len(case.frame) == 2809
    assert len(columns) == len(table) == 14
    for column, row in zip(columns, table.itertuples(), strict=True):
        given = pd.to_numeric(answers[column], errors="coerce")
        assert row.n == given.between(1, 5).sum(), column
        assert row.never_used == (given == 6).sum(), column
        assert row.blank == len(answers) - row.n - row.never_used
    treated = keys.treatments(case)
    assert (treated["n_listwise"] == 321).all()
    assert (treated["n"] == 2809).all()
    assert treated[["share_pairwise", "share_em", "share_listwise"]].sum().tolist() == pytest.approx([100, 100, 100])
    assert treated["moved"].max() >= 3  # how much the ranking depends on it


# -- importance ------------------------------------------------------------------------------------------------------


def two_drivers(load):
    """Complete answers to care and price, unweighted: the case, and the columns as arrays."""
    case = regressions.regression(made(load), drivers="care,price")
    answers = case.frame[["recommend", "care", "price"]].dropna()
    return case, *(answers[name].to_numpy(float) for name in answers)


def test_shares_of_two_drivers_by_hand(load):
    """Lindeman, Merenda and Gold: the mean of R squared alone and of what is added to the other's."""
    case, y, care, price = two_drivers(load)
    rows = keys.shares(case, missing="listwise", bootstrap=0).set_index("driver")
    whole = np.linalg.lstsq(np.column_stack([np.ones(len(y)), care, price]), y, rcond=None)[1][0]
    whole = 100 * (1 - whole / ((y - y.mean()) ** 2).sum())
    alone = {name: 100 * np.corrcoef(x, y)[0, 1] ** 2 for name, x in (("care", care), ("price", price))}
    assert rows.loc["care", "estimate"] == pytest.approx((alone["care"] + whole - alone["price"]) / 2)
    assert rows["r_squared"].tolist() == pytest.approx([whole, whole])
    assert rows["percent"].sum() == pytest.approx(100)
    assert list(rows.index) == ["care", "price"]
    assert rows["ranks"].tolist() == ["1", "2"]  # no intervals, no words on them
    assert rows["low"].isna().all()


def test_ranks_in_words(demo_shares):
    for row in demo_shares.itertuples():
        sure = row.rank_low == row.rank_high
        assert row.ranks == (f"{row.rank:.0f}" if sure else f"{row.rank:.0f} ({row.rank_low:.0f}-{row.rank_high:.0f})")
        assert row.rank_low <= row.rank <= row.rank_high
        assert row.low <= row.estimate <= row.high


def test_the_demo_s_planted_order(demo_shares):
    """truth.yml: product, staff and support weigh most in the recommendation, then convenience, then the channel."""
    truth = yaml.safe_load((ROOT / "data/demo/truth.yml").read_text(encoding="utf-8"))["drivers"]
    factor = demo_shares["driver"].str.split("_").str[0]
    found = demo_shares["estimate"].groupby(factor).sum().sort_values(ascending=False)
    assert set(found.index[:3]) == set(truth["order_for_recommend"][:3])
    assert list(found.index[3:]) == truth["order_for_recommend"][3:]
    top = demo_shares.head(6)["driver"].tolist()
    assert {"product_quality", "staff_attitude", "support_resolution"} <= set(top)


def test_too_few_numbers_have_no_importance(load):
    for names in ("care", "city,changed", "care,city"):
        case = regressions.regression(made(load), drivers=names)
        rows = keys.shares(case)
        assert (rows.empty, list(rows)) == (True, keys.SHARES)
        assert keys.explained(case, rows) is None
        assert keys.in_shares(rows).empty
        assert keys.treatments(case).empty
        assert keys.method_of(rows) == ""


def test_above_22_drivers_relative_weights_step_in(load):
    names = [f"d{i}" for i in range(23)]
    random = np.random.default_rng(1)
    wide = survey().assign(**{name: random.integers(1, 6, 400) for name in names})
    study = made(load, frames={"survey": wide}, questions={name: {"role": "driver"} for name in names})
    rows = keys.shares(regressions.regression(study, drivers=",".join(names)), bootstrap=0)
    assert rows["method"].str.startswith("Johnson's relative weights").all()
    assert len(rows) == 23


def test_shares_for_the_chart_and_the_whole(demo, demo_shares):
    chart = keys.in_shares(demo_shares)
    assert chart["estimate"].sum() == pytest.approx(demo_shares["r_squared"].iloc[0] / 100)
    whole = keys.explained(demo, demo_shares)
    assert (whole.unit, whole.name) == ("percent", "NPS: accounted for by the drivers")
    assert whole.low < whole.value < whole.high
    assert whole.value == pytest.approx(demo_shares["estimate"].sum())
    assert whole.n == demo_shares["n"].min()
    assert keys.method_of(demo_shares).endswith(".")
    # without samples the chart has intervals of no length, and the map as well
    plain = keys.shares(demo, bootstrap=0)
    bare, places = keys.in_shares(plain), keys.map_shares(keys.quadrants(demo, plain)[0])
    assert (bare[["low", "high"]].to_numpy() == bare[["estimate"]].to_numpy()).all()
    assert (bare["rank_low"] == bare["rank"]).all()
    assert (places["importance_low"] == places["importance"]).all()


def test_treatments_agree_where_nothing_is_missing(load):
    complete = survey().assign(speed=lambda t: t["speed"].fillna(3), price=lambda t: t["price"].clip(1, 5))
    found = keys.treatments(regressions.regression(made(load, frames={"survey": complete})))
    assert (found["moved"] == 0).all()
    assert (found["n_listwise"] == found["n"]).all()
    assert found["share_em"].tolist() == pytest.approx(found["share_listwise"].tolist())


def test_treatments_that_are_not_possible_stay_blank(load):
    """Nobody answered all three: listwise has nobody, the others have their pairs."""
    rows = np.arange(400)
    torn = survey().assign(
        speed=lambda t: t["speed"].fillna(3).where(rows % 3 != 0),
        price=lambda t: t["price"].clip(1, 5).where(rows % 3 != 1),
        care=lambda t: t["care"].where(rows % 3 != 2),
    )
    found = keys.treatments(regressions.regression(made(load, frames={"survey": torn})))
    assert found["share_listwise"].isna().all()
    assert found["share_pairwise"].sum() == pytest.approx(100)
    assert (found["n_listwise"] == 0).all()


# -- models and their effects ----------------------------------------------------------------------------------------


def test_the_straight_line_is_r_s(demo, printed):
    """svyglm of the NPS points on 14 drivers in the wave: coefficients and design-based errors."""
    mine, theirs = models.straight(demo).coefficients.loc[ITEMS], printed.loc[("slope", "all")].loc[ITEMS]
    assert mine["estimate"].tolist() == pytest.approx(theirs["estimate"].tolist(), rel=1e-9)
    assert mine["se"].tolist() == pytest.approx(theirs["se"].tolist(), rel=1e-9)


def test_the_chapter_s_model_by_outcome(load, demo):
    assert isinstance(models.fitted(demo), OrdinalFit)
    assert isinstance(models.fitted(regressions.regression(made(load), outcome="loyal")), BinaryFit)
    two = survey().assign(recommend=lambda t: np.where(t["recommend"] > 5, 10, 1))
    assert isinstance(models.fitted(regressions.regression(made(load, frames={"survey": two}))), BinaryFit)


def test_effects_bear_labels_units_and_the_line_beside_them(demo, printed):
    fit, line = models.fitted(demo), models.straight(demo)
    rows = models.effects(demo, fit, line).set_index("term")
    assert list(rows.index) == ITEMS
    assert rows.loc["staff_speed", "label"] == "Speed of service"
    slopes = printed.loc[("slope", "all")].loc[ITEMS, "estimate"]
    assert rows["linear"].tolist() == pytest.approx(slopes.tolist())
    assert (rows["unit"] == "points").all()
    # Both models see the same drivers: what one calls clear, the other does not turn round.
    clear = rows[(rows["low"] > 0) | (rows["high"] < 0)]
    assert (np.sign(clear["estimate"]) == np.sign(clear["linear"])).all()
    assert models.unit_of(rows) == "points"
    assert models.unit_of(rows.head(0)) == "count"


def test_an_event_and_one_category_are_a_difference_of_shares(load):
    """A logit on two groups is saturated: its effect is the difference of their shares, in percentage points."""
    case = regressions.regression(made(load), outcome="loyal", drivers="city")
    wave = survey().query("wave == 'w4'")
    share = 100 * wave.groupby("city")["loyal"].mean()
    rows = models.effects(case, models.fitted(case), models.straight(case))
    assert rows["label"].tolist() == ["City: South"]
    assert rows["estimate"].iloc[0] == pytest.approx(share["s"] - share["n"])
    assert rows["linear"].iloc[0] == pytest.approx(share["s"] - share["n"])
    assert rows["unit"].tolist() == ["percent"]


@pytest.mark.parametrize(
    ("scores", "unit", "times"), [({1: 100}, "percent", 1), ({0: 100}, "percent", -1), ("mean", "score", 0.01)]
)
def test_a_metric_of_two_answers_is_counted_in_its_own_points(load, scores, unit, times):
    """The difference of shares times what lies between the two scores; the straight line agrees, being saturated."""
    good = {"good": {"scale": [0, 1], "scores": scores, "unit": unit}}
    study = made(load, questions={"good": {"role": "metric", "metric": "good", "column": "loyal"}}, metrics=good)
    case = regressions.regression(study, outcome="good", drivers="city")
    share = 100 * survey().query("wave == 'w4'").groupby("city")["loyal"].mean()
    row = models.effects(case, models.fitted(case), models.straight(case)).iloc[0]
    assert row["estimate"] == pytest.approx(times * (share["s"] - share["n"]))
    assert row["linear"] == pytest.approx(row["estimate"])
    assert row["low"] < row["estimate"] < row["high"]
    assert (row["unit"], row["se"] > 0) == (unit, True)


def test_coefficients_and_cuts(demo):
    rows = models.coefficients(demo, models.fitted(demo))
    assert rows["kind"].tolist() == ["coefficient"] * 14 + ["cut"] * 10
    assert rows["label"].tolist()[:1] + rows["label"].tolist()[-1:] == ["Quality of goods", "9|10"]
    cuts = rows.loc[rows["kind"] == "cut", "estimate"].to_numpy()
    assert (np.diff(cuts) > 0).all()  # cuts, not increments
    event = models.coefficients(
        case := regressions.regression(demo.study, outcome="channel", drivers="staff_speed,city"),
        models.fitted(case),
    )
    assert event["label"].tolist() == ["(constant)", "Speed of service", "City: Hanoi"]


def telco(tmp_path, file: str, questions: dict) -> Study:
    """A study of a Telco file, its study.yml in a folder of its own."""
    stars = {"stars": {"scale": [1, 5], "scores": "mean", "unit": "score"}}
    table = {"survey": {"file": file, "questions": questions}}
    head = {"study": "telco", "title": "Telco", "sample": "opt_in", "metrics": stars, "tables": table}
    (tmp_path / "study.yml").write_text(yaml.safe_dump(head, sort_keys=False), encoding="utf-8")
    return Study.load(tmp_path, data=SHARED / "telco_churn")


@needs_telco
def test_a_driver_that_separates_has_no_number(tmp_path):
    """Telco: of scores 1 and 2 all left, of 4 and 5 nobody; only 3 holds both (2,236 stayed, 429 left)."""
    questions = {
        "satisfaction": {"role": "metric", "metric": "stars", "column": "Satisfaction Score"},
        "rating": {"role": "driver", "scale": [1, 5], "column": "Satisfaction Score"},
        "churn": {"role": "segment", "column": "Churn Label", "labels": {"No": "Stayed", "Yes": "Left"}},
    }
    case = regressions.regression(
        telco(tmp_path, "Telco_customer_churn_status.xlsx", questions), outcome="churn", drivers="rating"
    )
    fit = models.fitted(case)
    assert case.label == "Churn: Left"
    assert fit.separation.startswith(
        "quasi-complete separation: rating (always at 1, 2, never at 4, 5, both only at 3)"
    )
    both = fit.separated.query("separates == 'both'")
    assert both[["answer", "n", "events"]].to_numpy().tolist() == [["3", 2665, 429]]
    numbers = ["estimate", "low", "high", "se", "p"]
    assert models.coefficients(case, fit)[numbers].isna().all(axis=None)
    rows = models.effects(case, fit, models.straight(case))
    assert rows[["estimate", "low", "high", "linear"]].isna().all(axis=None)
    assert models.odds_tests(case, fit).empty
    assert models.simulated(case, models.straight(case), keys.shares(case)).empty


@needs_telco
def test_long_contracts_and_tenure_go_with_staying(tmp_path):
    """Telco: 42.7% of monthly contracts left, 11.3% of one year's, 2.8% of two years' (counted from the file)."""
    contracts = {name: name for name in ("Month-to-month", "One year", "Two year")}
    questions = {
        "churn": {"role": "segment", "column": "Churn", "labels": {"No": "Stayed", "Yes": "Left"}},
        "tenure": {"role": "number"},
        "contract": {"role": "single", "column": "Contract", "labels": contracts},
        "charges": {"role": "number", "column": "MonthlyCharges"},
    }
    study = telco(tmp_path, "Telco-Customer-Churn.csv", questions)
    case = regressions.regression(study, outcome="churn", drivers="tenure,contract,charges")
    rows = models.effects(case, models.fitted(case), models.straight(case)).set_index("term")
    assert rows.loc["contract[Two year]", "high"] < rows.loc["contract[One year]", "low"] < 0
    assert rows.loc["tenure", "high"] < 0 < rows.loc["charges", "low"]
    alone = regressions.regression(study, outcome="churn", drivers="contract")
    found = models.effects(alone, models.fitted(alone), models.straight(alone))["estimate"].round(1).tolist()
    assert found == [-31.4, -39.9]
    assert keys.shares(case, bootstrap=100)["driver"].tolist() == ["tenure", "charges"]


def test_proportional_odds_driver_by_driver(demo):
    rows = models.odds_tests(demo, models.fitted(demo))
    assert rows["label"].tolist()[:2] == ["All drivers", "Quality of goods"]
    assert rows["lr"].isna().all()  # 10 cuts of 14 drivers would be 126 free parameters
    case = regressions.regression(demo.study, outcome="satisfaction", drivers="staff_speed,city")
    few = models.odds_tests(case, models.fitted(case)).set_index("driver")
    assert few["label"].tolist() == ["All drivers", "Speed of service", "City"]
    # 5 answers have 4 cuts, so that a freed driver takes 3 more parameters; under a design fewer are counted
    assert (few["lr"] > 0).all()
    assert (few["lr_df"] <= [6, 3, 3]).all()
    assert models.odds_tests(case, models.straight(case)).empty


def test_terms_in_words(demo):
    assert models.term_label(demo, "staff_speed") == "Speed of service"
    assert models.term_label(demo, "city[Hanoi]") == "City: Hanoi"
    assert models.term_label(demo, "city[Other [north]]") == "City: Other [north]"
    assert models.term_label(demo, "staff_speed@6|7") == "Speed of service at 6|7"


# -- segments, asymmetry, map ----------------------------------------------------------------------------------------


def test_slopes_by_city_are_r_s_interactions(demo, printed):
    """One svyglm with interactions: slopes in each city, and their differences with design-based errors."""
    by_group, apart = models.by_segment(demo, "city")
    for group, code in (("Hanoi", "hanoi"), ("Ho Chi Minh City", "hcm")):
        mine = by_group[by_group["group"] == group].set_index("term").loc[ITEMS, "estimate"]
        assert mine.tolist() == pytest.approx(printed.loc[("city", code)].loc[ITEMS, "estimate"].tolist(), rel=1e-9)
    theirs = printed.loc[("city", "hcm-hanoi")].loc[ITEMS]
    assert apart["estimate"].tolist() == pytest.approx(theirs["estimate"].tolist(), rel=1e-8)
    assert apart["se"].tolist() == pytest.approx(theirs["se"].tolist(), rel=1e-8)
    assert apart["label"].iloc[0] == "Quality of goods"


def test_segments_that_cannot_be_compared_are_empty(load):
    study = made(load)
    case = regressions.regression(study)
    for one, segment in ((case, ""), (regressions.regression(study, outcome="loyal"), "city")):
        assert [frame.empty for frame in models.by_segment(one, segment)] == [True, True]
    small = regressions.regression(made(load, minimum_base=90))
    assert [frame.empty for frame in models.by_segment(small, "city")] == [True, True]
    # everybody in the south rates care alike: the model has no solution there
    alike = survey().assign(care=lambda t: t["care"].where(t["city"] == "n", 3))
    lame = regressions.regression(made(load, frames={"survey": alike}))
    assert [frame.empty for frame in models.by_segment(lame, "city")] == [True, True]
    with pytest.raises(CxError, match=r"^there is no segment town; the segments are city, changed$"):
        models.by_segment(case, "town")
    with pytest.raises(CxError, match=r"^the segment cannot be outcome or driver as well; city is$"):
        models.by_segment(regressions.regression(study, drivers="care,city"), "city")


def test_the_segment_compared_is_the_banner_s_first_that_is_not_in_the_model(load):
    study = made(load, banner=["loyal", "city", "changed"])
    assert regressions.chosen_segment(regressions.regression(study)) == "city"
    assert regressions.chosen_segment(regressions.regression(study, drivers="care,city")) == "changed"
    assert regressions.chosen_segment(regressions.regression(study, outcome="city")) == "changed"
    assert regressions.chosen_segment(regressions.regression(study), "changed") == "changed"
    assert regressions.chosen_segment(regressions.regression(made(load, banner=None))) == ""


def marks(y, x) -> np.ndarray:
    """Least squares of y on a mark of bad (1-2) and one of excellent (4-5): penalty and reward."""
    design = np.column_stack([np.ones(len(y)), x <= 2, x >= 4]).astype(float)
    return np.linalg.lstsq(design, y, rcond=None)[0][1:]


def points(answers) -> np.ndarray:
    return np.select([answers >= 9, answers <= 6], [100.0, -100.0], 0.0)


def test_penalty_and_reward_by_least_squares(load):
    wave = survey().query("wave == 'w4'")
    expected = marks(points(wave["recommend"]), wave["care"])
    plain = models.asymmetries(regressions.regression(made(load), drivers="care")).iloc[0]
    assert [plain["penalty"], plain["reward"]] == pytest.approx(expected)
    assert (plain["label"], plain["unit"]) == ("Care", "points")
    # a driver of which a high answer is a bad one is turned round first
    turned = survey().assign(care=lambda t: 6 - t["care"])
    trouble = RATED | {"reverse": True, "label": "Trouble"}
    study = made(load, frames={"survey": turned}, questions={"care": trouble})
    found = models.asymmetries(regressions.regression(study, drivers="care")).iloc[0]
    assert [found["penalty"], found["reward"]] == pytest.approx(expected)
    assert found["label"] == "Trouble (reversed)"


def test_penalty_and_reward_of_different_scales(load):
    """Care on 0-4 doubled to 0-8 is the same driver: its thirds are those of its own scale, not of all together."""
    before = models.asymmetries(regressions.regression(made(load), drivers="care,price")).set_index("driver")
    wide = survey().assign(care=lambda t: 2 * (t["care"] - 1))
    study = made(load, frames={"survey": wide}, questions={"care": {"role": "driver", "scale": [0, 8]}})
    after = models.asymmetries(regressions.regression(study, drivers="care,price")).set_index("driver")
    for column in ("penalty", "reward", "n_bad", "n_excellent"):
        assert after[column].tolist() == pytest.approx(before[column].tolist())


def test_no_penalty_without_a_metric_or_bad_answers(load):
    study = made(load)
    assert list(models.asymmetries(regressions.regression(study, outcome="loyal"))) == models.ENDS
    happy = regressions.regression(made(load, frames={"survey": survey().assign(care=lambda t: t["care"].clip(4, 5))}))
    assert models.asymmetries(happy).empty


def test_the_map_holds_r_s_means(demo, demo_shares, printed):
    rows, rivals = keys.quadrants(demo, demo_shares)
    rows = rows.set_index("driver")
    theirs = printed.loc[("mean", "all")].loc[rows.index]
    assert rows["estimate"].tolist() == pytest.approx(theirs["estimate"].tolist(), rel=1e-9)
    assert rows["se"].tolist() == pytest.approx(theirs["se"].tolist(), rel=1e-9)
    assert rows["importance"].tolist() == demo_shares.set_index("driver").loc[rows.index, "estimate"].tolist()
    # by hand: more important than the mean driver, rated below the mean mean, both beyond doubt
    first = rows[(rows["importance_low"] > rows["importance"].mean()) & (rows["high"] < rows["estimate"].mean())]
    assert rows.index[rows["verdict"] == "improve first"].tolist() == first.index.tolist()
    assert rivals.empty
    assert keys.map_shares(rows.reset_index()).index.name == "driver"
    assert list(keys.map_shares(keys.quadrants(demo, demo_shares.head(0))[0])) == keys.PLACES


def test_no_map_without_scales_or_answers(load):
    plain = {name: {"role": "driver", "missing": [9]} for name in ("care", "speed", "price")}
    for study in (made(load, questions=plain), made(load, minimum_base=101)):
        case = regressions.regression(study)
        rows, rivals = keys.quadrants(case, keys.shares(case, bootstrap=0))
        assert (list(rows), rivals.empty) == (keys.PLACES, True)


# -- what if ---------------------------------------------------------------------------------------------------------


def test_what_if_by_hand(load):
    """One driver, one point up: its slope times the mean of what is left up to 5."""
    case = regressions.regression(made(load), drivers="care")
    wave = survey().query("wave == 'w4'")
    slope = np.polyfit(wave["care"], points(wave["recommend"]), 1)[0]
    found = models.simulated(case, models.straight(case), keys.shares(case), "care: 1").set_index("driver")
    gain = (wave["care"] < 5).mean()
    assert found.loc["care", "gain"] == pytest.approx(gain)
    assert found.loc["together", "estimate"] == pytest.approx(slope * gain)
    assert found["label"].tolist() == ["Care", "All together"]
    assert found["unit"].tolist() == ["points", "points"]
    down = models.simulated(case, models.straight(case), keys.shares(case), "care: -1").set_index("driver")
    assert down.loc["care", "estimate"] == pytest.approx(-slope * (wave["care"] > 1).mean())


def test_what_if_betters_the_three_most_important(load):
    trouble = RATED | {"reverse": True}
    study = made(load, frames={"survey": survey().assign(care=lambda t: 6 - t["care"])}, questions={"care": trouble})
    case = regressions.regression(study)
    rows = keys.shares(case, bootstrap=0)
    found = models.simulated(case, models.straight(case), rows)
    assert dict(zip(found["driver"], found["raise"], strict=True)) == {
        "care": -1, "speed": 1, "price": 1, "together": pytest.approx(np.nan, nan_ok=True)
    }  # fmt: skip
    assert (found["estimate"] > 0).all()
    assert models.simulated(case, models.straight(case), rows.head(0)).empty


RAISES = {
    "care": "raises are written driver: points, e.g. staff_speed: 1; found 'care'",
    "care: much": "raises are written driver: points, e.g. staff_speed: 1; found 'care: much'",
    "care: nan": "raises are written driver: points, e.g. staff_speed: 1; found 'care: nan'",
    "care: 1,": "raises are written driver: points, e.g. staff_speed: 1; found ''",
    "cary: 1": "cary is no rated driver of the model; did you mean care?",
    "care: 1, care: 2": "a driver is raised once; care is named twice",
}


@pytest.mark.parametrize(("raises", "message"), RAISES.items())
def test_raises_that_are_none(load, raises, message):
    case = regressions.regression(made(load))
    with pytest.raises(CxError) as caught:
        models.simulated(case, models.straight(case), keys.shares(case, bootstrap=0), raises)
    assert str(caught.value) == message


def test_the_waves_of_the_improvement(load):
    assert regressions.waves_of(regressions.regression(made(load))) == {
        "before": "w3",
        "after": "w4",
        "order": ["w1", "w2", "w3", "w4"],
    }
    assert regressions.waves_of(regressions.regression(made(load, improvement={"after": "w4"})))["before"] == ""


def test_what_goes_with_one_of_a_large_number_is_told_of_more(load):
    """An income of thousands: the effect of 1 would print as 0.00, that of its step is the slope times the step."""
    frame = survey().assign(income=lambda t: 1000.0 * t["care"] + 100 * (t.index % 7))
    questions = {"recommend": {"role": "metric", "metric": "nps"}, "income": {"role": "driver", "label": "Income"}}
    rows = "\n".join(f"{r.recommend},{r.income}" for r in frame[["recommend", "income"]].dropna().itertuples())
    study = load("questions: " + str(questions).replace("'", '"') + "\n", "recommend,income\n" + rows + "\n")
    case = regressions.regression(study)
    row = models.effects(case, models.fitted(case), models.straight(case)).iloc[0]
    slope = np.polyfit(study.survey["income"], points(study.survey["recommend"]), 1)[0]
    assert row["step"] in (10, 100, 1000)
    assert row["linear"] == pytest.approx(slope * row["step"])
    assert row["label"] == f"Income (+{row['step']:,})"
    assert abs(row["estimate"]) > 0.05
