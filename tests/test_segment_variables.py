"""What becomes of each variable of a segmentation: every odd column meets a decision that is told, or a clear error."""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from cxlib import CxError
from cxlib.segment_variables import code, describe, levels_of, usable

CAMPAIGN = Path(__file__).resolve().parents[2] / "shared/data/segmentation/marketing_campaign.csv"
NORMAL = np.random.default_rng(5).normal(size=400)


@pytest.fixture(scope="module")
def campaign() -> pd.DataFrame:
    if not CAMPAIGN.exists():
        pytest.skip("the shared data are not there")
    return pd.read_csv(CAMPAIGN, sep=";", encoding="utf-8-sig")


def one(answers):
    """The variable of a column x, its decisions as (rows, decision, example), and its codes or numbers."""
    frame = pd.DataFrame({"x": answers})
    (variable,), decisions = describe(frame, ["x"])
    codes, numbers = code([variable], frame)
    coded = codes[:, 0] if variable.kind == "category" else numbers[:, 0]
    return variable, list(decisions[["rows", "decision", "example"]].itertuples(index=False, name=None)), coded


def refusal(answers) -> str:
    with pytest.raises(CxError) as caught:
        describe(pd.DataFrame({"x": answers}), ["x"])
    return str(caught.value)


def test_campaign(campaign):
    """Counted in the file by hand: income 666666 once, 24 blank; born 1893, 1899, 1900; YOLO 2, Absurd 2, Alone 3."""
    names, left = usable(campaign, list(campaign))
    assert list(left["variable"]) == ["ID", "Dt_Customer", "Z_CostContact", "Z_Revenue"]
    assert left["decision"].iloc[2] == "left out: a variable must vary; all 2,240 answers to Z_CostContact are 3"
    assert "an identifier" in left["decision"].iloc[0]
    assert not left["example"].any()
    variables, decisions = describe(campaign, names)
    told = {name: part.set_index("decision")[["rows", "example"]] for name, part in decisions.groupby("variable")}
    far = "numbers beyond 3 interquartile ranges of the quartiles count as missing"
    assert told["Income"].loc[far, "rows"] == 1
    assert told["Income"].loc["missing answers stay missing", "rows"] == 24
    assert told["Year_Birth"].loc[far, "rows"] == 3
    assert told["Year_Birth"].loc[far, "example"] == "3 below 1905"  # quartiles 1959 and 1977
    rare = "answers of fewer than 22 respondents each count as missing"
    assert list(told["Marital_Status"].loc[rare]) == [7, "3 of fewer than 5"]
    codes, numbers = code(variables, campaign)
    kinds = {variable.name: variable for variable in variables}
    marital = [v.name for v in variables if v.kind == "category"].index("Marital_Status")
    income = [v.name for v in variables if v.kind == "number"].index("Income")
    assert (codes[:, marital] < 0).sum() == 7
    assert np.isnan(numbers[:, income]).sum() == 25
    assert kinds["MntWines"].log
    assert kinds["MntFruits"].levels == ("0", "1–5", "6–27", "≥ 28")


def test_fences_are_three_interquartile_ranges_from_the_quartiles():
    """numpy's quartiles of 0 to 100 are 25 and 75: the fences are -125 and 225."""
    variable, told, coded = one(np.r_[np.arange(101) + 0.0, 226, 224.5])
    quartiles = np.quantile(np.r_[np.arange(101), 226, 224.5], [0.25, 0.75])
    reach = 3 * (quartiles[1] - quartiles[0])
    assert (variable.low, variable.high) == pytest.approx((quartiles[0] - reach, quartiles[1] + reach))
    assert not np.isnan(coded).any()
    variable, told, coded = one(np.r_[np.arange(101) + 0.5, 400])
    assert told[1] == (1, "numbers beyond 3 interquartile ranges of the quartiles count as missing", "1 above 227.75")
    assert np.isnan(coded).nonzero()[0].tolist() == [101]


@pytest.mark.parametrize("answers", [NORMAL, np.exp(4 + NORMAL) - 1])
def test_numbers_are_modelled_with_mean_0_and_deviation_1(answers):
    """By definition; 1 + x of the second is log-normal, whose logarithm is the first but for 4."""
    variable, told, coded = one(answers)
    assert variable.log is (answers is not NORMAL)
    assert (coded.mean(), coded.std()) == pytest.approx((0, 1))
    assert coded == pytest.approx((NORMAL - NORMAL.mean()) / NORMAL.std())
    assert told[0][:2] == (
        400,
        f"modelled as a number on {'log(1 + x), since it is skewed' * variable.log or 'its own scale'}",
    )


def test_weights_move_the_mean_but_not_the_decisions():
    """The weighted mean of 0 to 99 with weights 0 to 99 is 328350 / 4950."""
    frame = pd.DataFrame({"x": np.arange(100) * 1.5, "w": np.arange(100.0)})
    (variable,), _ = describe(frame, ["x"], weights="w")
    assert variable.center == pytest.approx(1.5 * 328350 / 4950)


def test_a_spike_makes_bands():
    """40% zeros are a band of their own; of the rest, the same number lies in each."""
    spend = np.r_[np.zeros(200), np.arange(1, 301)]
    variable, told, coded = one(spend)
    assert (variable.levels, variable.edges) == (("0", "1–149", "≥ 150"), (1.0, 150.0))
    assert told[0] == (500, "cut into 3 bands: 40% of the answers are 0", "0; 1–149; ≥ 150")
    assert np.bincount(coded).tolist() == [200, 149, 151]
    assert code([variable], pd.DataFrame({"x": [0, 0.5, 149, 150, 10**6, None]}))[0][:, 0].tolist() == [
        0,
        0,
        1,
        2,
        2,
        -1,
    ]
    assert one(np.r_[np.zeros(200), np.linspace(0.5, 99, 300)])[0].levels[:2] == ("0", "> 0, < 50")


def test_few_numbers_are_a_category_and_rare_ones_join_their_neighbours():
    ratings = np.repeat([1, 2, 3, 4, 5], [3, 4, 100, 200, 200])
    variable, told, coded = one(ratings)
    assert variable.levels == ("≤ 3", "4", "5")
    assert np.bincount(coded).tolist() == [107, 200, 200]
    variable, told, coded = one(np.r_[np.repeat([1, 2, 3, 4, 5], 50), 99, 99])
    assert variable.levels == ("1", "2", "3", "4", "5")
    assert told[1] == (2, "numbers beyond 3 interquartile ranges of the quartiles count as missing", "2 above 11")
    assert (coded == -1).sum() == 2


def test_many_far_out_numbers_are_a_group_and_no_slips():
    _, told, coded = one(np.r_[NORMAL, np.full(30, 500.0) + np.arange(30)])
    assert told[0][1] == "cut into 5 bands: many answers are far out"
    assert (coded == 4).nonzero()[0].tolist() == list(range(400, 430))


def test_rare_answers_are_put_together_where_they_are_many_enough():
    variable, told, coded = one(["a"] * 300 + ["b"] * 150 + list("cdefgh") * 8)
    assert (variable.levels, variable.rare) == (("a", "b", "other"), tuple("cdefgh"))
    assert told[1][:2] == (48, "answers of fewer than 10 respondents each are put together as other")
    assert np.bincount(coded).tolist() == [300, 150, 48]


def test_missing_answers_labels_and_spellings():
    variable, told, coded = one(pd.Categorical(["b", "a", None] * 40, categories=["b", "a", "never"]))
    assert (variable.levels, variable.rare) == (("b", "a"), ("never",))
    assert told[-1] == (40, "missing answers stay missing", "")
    assert coded[:3].tolist() == [0, 1, -1]
    assert code([variable], pd.DataFrame({"x": ["never", "a"]}))[0][:, 0].tolist() == [-1, 1]
    assert one([1, "1", 1.0, 2] * 30)[0].levels == ("1", "2")
    assert one([True, False, None] * 30)[0].levels == ("0", "1")
    variable, told, coded = one(np.r_[NORMAL, np.inf, -np.inf])
    assert np.isnan(coded[-2:]).all()
    assert told[-1][:2] == (2, "missing answers stay missing")


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([3.0] * 20 + [None], "a variable must vary; all 20 answers to x are 3"),
        ([None] * 20, "a variable needs answers; all 20 to x are missing"),
        ([], "a variable needs answers; all 0 to x are missing"),
        (range(1000, 1200), "a variable is shared by many; x has 200 values in 200 rows: an identifier, e.g. 1000"),
        (
            np.random.default_rng(0).permutation(10**6)[:200],
            "a variable is shared by many; x has 200 values in 200 rows: an identifier, e.g. 959233",
        ),
        (
            [f"KH{i}" for i in range(95)] + ["KH0"] * 5,
            "a variable is shared by many; x has 95 values in 100 rows: an identifier, e.g. KH0",
        ),
        (
            [f"2026-{1 + i % 12}-{1 + i % 28}" for i in range(500)],
            "a category has few answers that many give; x has 84, and 84 of them are given by fewer than 10, "
            "e.g. 2026-1-1",
        ),
        (
            pd.date_range("2026-01-01", periods=30),
            "a variable is a category or a number; all 30 answers to x are dates or times, e.g. 2026-01-01 00:00:00",
        ),
        ([[1], [2]] * 20, "a variable is a category or a number; x holds several values in a row, e.g. [1]"),
    ],
)  # fmt: skip
def test_refused(answers, message):
    assert refusal(answers) == message
    kept, left = usable(pd.DataFrame({"x": answers, "y": [i % 2 for i in range(len(answers))]}), ["x"])
    assert kept == []
    assert left["decision"].iloc[0] == "left out: " + message.partition(", e.g.")[0]


def test_amounts_are_no_identifiers():
    """Whole amounts may differ in every row: they gather about a middle, or have a long tail."""
    random = np.random.default_rng(3)
    for amounts in (random.normal(5e7, 1e7, 300), random.lognormal(15, 0.6, 300)):
        assert len(np.unique(amounts.round())) == 300
        assert one(amounts.round())[0].kind == "number"


def test_names():
    frame = pd.DataFrame({"age": [1, 2] * 20})
    with pytest.raises(CxError, match=r"^there is no column aeg among the 1 given; did you mean age\?$"):
        describe(frame, ["aeg"])
    with pytest.raises(CxError, match=r"^a variable counts once; age is named 2 times$"):
        describe(frame, ["age", "age"])


def test_new_answers():
    frame = pd.DataFrame({"pay": ["cash", "card"] * 50, "spend": np.arange(100) * 1.5, "rating": [1, 2, 3, 4] * 25})
    variables, _ = describe(frame, list(frame))
    assert levels_of(variables) == [2, 4]
    new = pd.DataFrame({"pay": ["cash", "gold", None, "gold"], "spend": ["1.5", "much", None, "2"]})
    with pytest.raises(CxError) as caught:
        code(variables, new)
    assert str(caught.value) == "answers to pay must be among card, cash; 2 are not, e.g. gold in row 2"
    with pytest.raises(CxError) as caught:
        code(variables, new[["spend"]])
    assert str(caught.value) == "answers to spend must be numbers; 1 are not, e.g. much in row 2"
    codes, numbers = code(variables, new, strict=False)
    assert codes.tolist() == [[1, -1], [-1, -1], [-1, -1], [-1, -1]]
    assert np.isnan(numbers[:, 0]).tolist() == [False, True, True, False]
    with pytest.raises(
        CxError, match=r"^one of pay, spend, rating must be a column; none of 3 is; did you mean play\?"
    ):
        code(variables, pd.DataFrame({"play": [1]}))
    assert [part.shape for part in code(variables, frame.head(0))] == [(0, 2), (0, 1)]


def test_polars_is_read_alike():
    frame = pd.DataFrame({"pay": ["cash", "card", None] * 40, "spend": np.r_[NORMAL[:119], np.nan]})
    ours, theirs = describe(frame, list(frame)), describe(pl.from_pandas(frame), list(frame))
    assert ours[0] == theirs[0]
    pd.testing.assert_frame_equal(ours[1], theirs[1])
