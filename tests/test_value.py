"""What bands of answers are worth, and what those who did not answer could change.

Oracles: hand counts on small studies, pandas alone on the demo's files, Wilson's interval of statsmodels, R's svyby on
the demo by way of scores.by_group (tests/test_scores_reference.py), and the demo's known world.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from cxlib import CxError, Study
from cxlib.metrics import NPS, Metric
from cxlib.nonresponse import sensitivity
from cxlib.value import SILENT, bands, by_band, gaps, linked, silent

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "data/demo"
sys.path.insert(0, str(DEMO))
import population  # noqa: E402
import registers  # noqa: E402


@pytest.fixture(scope="module")
def demo():
    return Study.load(DEMO)


# -- bands -------------------------------------------------------------------------------------------------------


def test_bands_of_the_usual_metrics():
    found = bands([0, 6, 7, 8, 9, 10, np.nan], "nps")
    assert found.astype(object).where(found.notna(), None).tolist() == [
        "Detractors", "Detractors", "Passives", "Passives", "Promoters", "Promoters", None,
    ]  # fmt: skip
    assert list(bands([1, 5], "csat").cat.categories) == ["1-3", "4-5"]
    assert list(bands([1, 7], "ces").cat.categories) == list("1234567")
    own = bands([1, 7], "ces", {"Easy": (5, 7), "Hard": (1, 4)})
    assert list(own.cat.categories) == ["Hard", "Easy"], "from worst to best"


def test_a_metric_whose_low_answers_are_good_has_its_best_band_last():
    pain = Metric("pain", "Pain", (0, 3), {0: 100}, "percent")
    assert list(bands([0, 3], pain).cat.categories) == ["1-3", "0"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bands([1], "ces", {"a": (1, 4), "b": (4, 7)}), "lies in one band; 4 lies in 2 of a, b"),
        (lambda: bands([1], "ces", {"a": (1, 4), "b": (6, 7)}), "lies in one band; 5 lies in 0 of a, b"),
        (lambda: bands([11, 4.5], "nps"), "NPS answers must lie in 0-10, as whole numbers; 2 lie outside, e.g. 11"),
        (lambda: bands([1], "mean"), 'bands are cut from the scale of a metric; "mean" has none'),
    ],
)
def test_bands_that_cannot_be(call, message):
    with pytest.raises(CxError) as caught:
        call()
    assert message in str(caught.value)


# -- a small study, counted by hand ------------------------------------------------------------------------------

TABLES = """tables:
  survey:
    file: s.csv
    customer: who
    wave: wave
    when: day
    questions: {q: {role: metric, metric: nps}}
  customers: {file: c.csv, customer: id, since: since, left: left, value: value, questions: {x: {role: number}}}
  sales: {file: p.csv, customer: id, when: day, won: won}
"""
TOP = "study: tiny\ntitle: Tiny\nsample: opt_in\nminimum_base: 2\n"


def files() -> dict:
    """Promoters p0-p9 (worth 100 to 109), detractors d0-d4 (10 each), silent n0-n19 (50 each).

    Of the promoters 2 leave within 90 days; of the detractors 2, and one more on the 91st day; d4 had left before.
    """
    answers = [f"p{i},1,2025-03-01,10" for i in range(10)] + [f"d{i},1,2025-03-01,0" for i in range(5)]
    answers += ["p0,0,2024-12-01,0", ",1,2025-03-01,9", "stranger,1,2025-03-01,9"]
    left = {"p0": "2025-03-02", "p1": "2025-05-30", "d0": "2025-05-30", "d1": "2025-04-01", "d2": "2025-05-31",
            "d4": "2025-02-01", "n0": "2025-04-01", "n1": "2025-02-27"}  # fmt: skip
    rows = [f"p{i},2023-03-02,{left.get(f'p{i}', '')},{100 + i},1" for i in range(10)]
    rows += [f"d{i},2024-03-01,{left.get(f'd{i}', '')},10,1" for i in range(5)]
    rows += [f"n{i},2020-03-01,{left.get(f'n{i}', '')},50,1" for i in range(20)] + ["late,2025-12-31,,999,1"]
    sales = ["p2,2025-03-01,1", "p3,2025-03-02,1", "p3,2025-04-02,1", "p4,2025-05-30,1", "p5,2025-05-31,1"]
    sales += ["p6,2025-04-01,0", "d0,2025-12-31,1"]
    return {
        "s.csv": "\n".join(["who,wave,day,q", *answers]),
        "c.csv": "\n".join(["id,since,left,value,x", *rows]),
        "p.csv": "\n".join(["id,day,won", *sales]),
    }


@pytest.fixture
def tiny(load):
    return load(TABLES, files(), top=TOP)


def test_value_tenure_churn_and_repurchase_by_hand(tiny):
    """Day 1 to 90 after 2025-03-01 ends on 2025-05-30; who left before the answer has no churn, and no tenure."""
    rows = by_band(tiny, "q").set_index(["outcome", "band"])
    top, bottom = rows.xs("Promoters", level="band"), rows.xs("Detractors", level="band")
    assert top["estimate"]["value"] == pytest.approx(104.5)
    # Promoters are a domain of the 15 who answered.
    assert top["se"]["value"] == pytest.approx(np.std(range(10)) / np.sqrt(10) * np.sqrt(15 / 14))
    assert bottom["estimate"]["value"] == 10
    assert top["estimate"]["tenure"] == pytest.approx(730 / 365.25)
    assert (top["estimate"]["churn"], top["n"]["churn"]) == (20, 10)
    assert (bottom["estimate"]["churn"], bottom["n"]["churn"]) == (50, 4)
    assert bottom["n"]["tenure"] == 4
    # The effective number of 2 leaving promoters of 10, a domain of 15: 10 x (.16 / 9) / (.16 / 10 x 15 / 14).
    effective = 10 / 9 * 10 * 14 / 15
    low, high = proportion_confint(0.2 * effective, effective, method="wilson")
    assert (top["low"]["churn"], top["high"]["churn"]) == pytest.approx((100 * low, 100 * high))
    assert (top["estimate"]["repurchase"], bottom["estimate"]["repurchase"]) == (20, 0)  # p3 once, p4 on day 90
    assert top["label"]["churn"] == "Left within 90 days"
    assert top["unit"].to_dict() == {"value": "money", "tenure": "score", "churn": "percent", "repurchase": "percent"}
    other = by_band(tiny, "q", days=91).set_index(["outcome", "band"])["estimate"]
    assert other["churn", "Detractors"] == 75
    assert other["repurchase", "Promoters"] == 30


def test_latest_answer_and_one_wave(tiny):
    assert (linked(tiny, "q").set_index("customer")["band"] == "Promoters").sum() == 10
    first = linked(tiny, "q", wave="0")
    assert (first["customer"].tolist(), first["band"].tolist()) == (["p0"], ["Detractors"])


def test_those_who_cannot_be_followed_long_enough_are_blank(tiny):
    """The tables end on 2025-12-31; 2024-12-01 to there are 395 days, 2025-03-01 to there 305."""
    assert linked(tiny, "q", days=305)["churn"].notna().sum() == 14
    assert linked(tiny, "q", days=306)["churn"].notna().sum() == 0
    assert linked(tiny, "q", days=306, until="2026-06-30")["churn"].notna().sum() == 14
    assert "churn" not in set(by_band(tiny, "q", days=306)["outcome"])


def test_the_silent_segment_by_hand(tiny):
    """There on 2025-03-02: 10 promoters, 4 detractors, n0 and n2-n19; followed to 2025-05-30."""
    rows = silent(tiny, "q").set_index(["outcome", "band"])
    churn = rows.loc["churn"]
    assert churn["n"].to_dict() == {"Detractors": 4, "Promoters": 10, SILENT: 19}
    assert churn["estimate"].tolist() == pytest.approx([50, 20, 100 / 19])
    assert churn["share"].tolist() == pytest.approx([400 / 33, 1000 / 33, 1900 / 33])
    assert rows.loc[("value", SILENT), "estimate"] == 50


def test_gaps_by_hand(tiny):
    """Values 100 to 109 against 10: 94.5; the error is that of the promoters, the detractors' value does not vary."""
    row = gaps(tiny, "q").set_index("outcome").loc["value"]
    assert (row["band"], row["other"]) == ("Promoters", "Detractors")
    assert row["estimate"] == pytest.approx(94.5)
    assert row["se"] == pytest.approx(np.std(range(10)) / np.sqrt(10) * np.sqrt(15 / 14))


@pytest.mark.parametrize(
    ("tables", "of", "message"),
    [
        (TABLES[: TABLES.index("  customers")], {}, "value needs a table customers; there are survey"),
        (TABLES.replace("customer: id, since", "since", 1), {}, "the table customers must say which column names the"),
        (TABLES.replace("    customer: who\n", ""), {}, "the survey must say which column names the customer"),
        (TABLES, {"wave": "2"}, "there is no wave 2; the waves are 0, 1"),
        (TABLES, {"days": 0}, "churn is counted over 1 or more days; found 0"),
        (TABLES, {"until": "31.12.2025"}, "the day on which tables were drawn is written 2026-12-31; found 31.12.2025"),
        (TABLES, {"until": "2024-01-31"}, "tables are drawn after the answers; found 2024-01-31, and the first answer"),
    ],
)
def test_studies_that_cannot_tell(load, tables, of, message):
    with pytest.raises(CxError) as caught:
        by_band(load(tables, files(), top=TOP), "q", **of)
    assert message in str(caught.value)


def test_a_question_that_is_not_there(tiny):
    with pytest.raises(CxError, match=r"survey: there is no question qq; did you mean q\?"):
        by_band(tiny, "qq")


def test_without_days_of_answers_there_is_value_alone(load):
    study = load(TABLES.replace("    when: day\n", ""), files(), top=TOP)
    assert set(by_band(study, "q")["outcome"]) == {"value"}
    with pytest.raises(CxError, match="the survey must say when answers were given"):
        silent(study, "q")


# -- the demo ----------------------------------------------------------------------------------------------------


def test_churn_of_the_demo_by_pandas_alone(demo):
    """Customers left in the 90 days after their interview, weighted, from the files themselves."""
    survey = pd.read_csv(DEMO / "survey.csv", parse_dates=["started"]).drop_duplicates(["wave", "respondent_id"])
    survey = survey[survey["customer_id"].notna() & survey["recommend"].between(0, 10)]
    survey = survey.sort_values("started").drop_duplicates("customer_id", keep="last")
    both = survey.merge(pd.read_csv(DEMO / "customers.csv", parse_dates=["left"])[["customer_id", "left", "value"]])
    day = both["started"].dt.normalize()
    both["churn"] = 100.0 * both["left"].between(day + pd.Timedelta(days=1), day + pd.Timedelta(days=90))
    both = both[~(both["left"] <= day)]
    rows = by_band(demo, "recommend", until="2026-12-31").set_index(["outcome", "band"])
    for band, low, high in (("Detractors", 0, 6), ("Passives", 7, 8), ("Promoters", 9, 10)):
        part = both[both["recommend"].between(low, high)]
        found = rows.loc[("churn", band)]
        assert found["n"] == len(part)
        assert found["estimate"] == pytest.approx(np.average(part["churn"], weights=part["weight"]))


def test_churn_of_the_demo_is_what_was_planted(demo):
    """The known world: a fate's chance to leave (registers.LOSS), mixed by band in a large sample drawn anew."""
    frame = population.draw(5, respondents=25_000)
    fate = np.where(frame["complained"] == 1, frame["outcome"], np.where(frame["unhappy"] == 1, "silent", "content"))
    leaves = pd.Series(fate).map(registers.LOSS).to_numpy(float)
    rows = by_band(demo, "recommend", until="2026-12-31").set_index(["outcome", "band"]).loc["churn"]
    for band in rows.index:
        here = (bands(frame["recommend"], NPS) == band).to_numpy()
        truth = 100 * np.average(leaves[here], weights=frame["weight"][here])
        assert rows.loc[band, "low"] <= truth <= rows.loc[band, "high"], band


def test_gaps_of_the_demo_are_differences_of_its_bands(demo):
    rows = by_band(demo, "recommend").set_index(["outcome", "band"])["estimate"]
    for row in gaps(demo, "recommend").itertuples():
        assert row.estimate == pytest.approx(rows[row.outcome, row.band] - rows[row.outcome, row.other])
        assert row.low < row.estimate < row.high
        assert row.band > row.other


# -- non-response ------------------------------------------------------------------------------------------------


def test_sensitivity_by_hand():
    """Answers 10 9 8 7 0: NPS 20; one point lower 9 8 7 6 0: -20; two lower 8 7 6 5 0: -60; 1.5 lower: half way."""
    frame = pd.DataFrame({"q": [10, 9, 8, 7, 0]})
    found = sensitivity(frame, "nps", question="q", response=(0.25, 1), lower=(0, 1, 2, 1.5, 99))
    assert found["estimate"].tolist()[:5] == pytest.approx([20, -10, -40, -25, -70])
    assert found["estimate"].tolist()[5:] == pytest.approx([20] * 5)
    y = np.array([25, 25, -75, -75, -100])  # a quarter of 100 100 0 0 -100, three quarters of 0 0 -100 -100 -100
    assert found["se"][2] == pytest.approx(np.std(y, ddof=1) / np.sqrt(5))
    assert found["n"].eq(5).all()


def test_sensitivity_starts_from_the_metric_and_never_leaves_its_scale(demo):
    from cxlib.scores import by_group

    last = demo.survey[demo.survey["wave"] == "2026-H2"]
    for question in ("recommend", "satisfaction", "ease"):
        metric = demo.metric(question)
        plain = by_group(last, metric, [], question=question, **demo.design).iloc[0]
        lower = (0, 0.5, 1, 3, 20)
        found = sensitivity(last, metric, question=question, response=(0.1, 0.5), lower=lower, **demo.design)
        start = found[found["lower"] == 0]
        for name in ("estimate", "low", "high", "se", "n_effective"):
            np.testing.assert_allclose(start[name], plain[name], rtol=1e-9)
        scores = list(metric.table.values())
        assert found["low"].min() >= min(scores)
        assert found["high"].max() <= max(scores)
        assert found.groupby("response")["estimate"].apply(lambda e: e.is_monotonic_decreasing).all()
        floor = found[(found["lower"] == 20)]
        np.testing.assert_allclose(
            floor["estimate"], floor["response"] * plain["estimate"] + (1 - floor["response"]) * min(scores)
        )


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"response": 0}, r"the share that answered lies between 0 and 1, e.g. 0.25; found \[0.0\]"),
        ({"response": 25}, r"found \[25.0\]"),
        ({"response": 0.5, "lower": -1}, r"points lower are 0 or more; found \[-1.0\]"),
    ],
)
def test_sensitivity_refuses(how, message):
    with pytest.raises(CxError, match=message):
        sensitivity(pd.DataFrame({"q": [10, 9, 8]}), "nps", question="q", **how)
    with pytest.raises(CxError, match="an interval needs at least 2 answers to q; found 1"):
        sensitivity(pd.DataFrame({"q": [10, np.nan]}), "nps", question="q", response=0.5)
