"""Segmentations: sizes, what sets segments apart, their names, new customers, and files that hold them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib import CxError, personas
from cxlib.latent_classes import fit, memberships
from cxlib.personas import Segmentation, segment
from cxlib.segment_cards import cards, names
from cxlib.segment_number import SegmentNumber
from cxlib.segment_variables import Variable, code, describe, levels_of
from cxlib.segmentation import segmented
from cxlib.steps import in_steps

REFERENCE = Path(__file__).resolve().parents[2] / "shared/reference"
LABELS = {"pay": "Thanh toán", "use.app": "Ứng dụng", "spend": "Chi tiêu"}


def customers(n: int = 300) -> pd.DataFrame:
    """Three groups as far apart as can be, of 50%, 30% and 20%; one in five left out how he pays."""
    group = np.repeat([0, 1, 2], [n // 2, 3 * n // 10, n // 5])
    random = np.random.default_rng(4)
    pay = np.array(["Tiền mặt", "Thẻ", "Ví điện tử"], object)[np.where(random.random(n) < 0.95, group, 0)]
    pay[::5] = None
    app = np.where(random.random(n) < 0.9, group == 2, group != 2).astype(float)
    spend = np.exp(7 + group + 0.3 * random.normal(size=n))
    return pd.DataFrame({"pay": pay, "use.app": app, "spend": spend, "w": 1 + (np.arange(n) % 3)})


def of(frame: pd.DataFrame, k: int, *, weights=None, labels=None, replicates=None, verdict=None) -> Segmentation:
    """The segmentation of k classes, without the choice of k, which has tests of its own."""
    columns = [name for name in frame if name != weights]
    variables, decisions = describe(frame, columns, weights=weights)
    codes, numbers = code(variables, frame)
    w = frame[weights].to_numpy(float) if weights else np.ones(len(frame))
    model = fit(codes, levels_of(variables), numbers, k, weights=w, seed=0)
    choices = pd.DataFrame({"k": [1, k], "bic": [np.nan, model.bic], "chosen": [False, True], "why": ["", "chosen"]})
    replicates = np.tile(model.shares, (3, 1)) if replicates is None else replicates
    found = SegmentNumber(choices, model, verdict, np.full(k, 0.9), replicates, np.nan, np.nan, len(frame))
    return segmented(frame, variables, decisions, found, weights=w, labels=labels or {}, seed=0)


@pytest.fixture(scope="module")
def found() -> Segmentation:
    return of(customers(), 3, weights="w", labels=LABELS)


def test_carcinoma_shares():
    """poLCA, three classes: .4447, .3736, .1817 (shared/reference)."""
    if not REFERENCE.exists():
        pytest.skip("the shared references are not there")
    frame = pd.read_csv(REFERENCE / "carcinoma.csv")
    sizes = of(frame[list("ABCDEFG")], 3).sizes
    assert sizes["estimate"].to_numpy() / 100 == pytest.approx([0.4447, 0.3736, 0.1817], abs=1e-4)
    assert sizes["n"].sum() == 118


def test_sizes_have_the_interval_of_their_replicates():
    """By hand: .3 - .1, .3 and .3 + .1 have standard deviation .1, and logit p has that of p over p (1 - p)."""
    frame, shift = customers(), np.array([[-0.1], [0], [0.1]]) * [1, 1, -2]
    sizes = of(frame, 3, weights="w", replicates=0.3 + shift).sizes
    p = sizes["estimate"].to_numpy() / 100
    assert sizes["se"].to_numpy() == pytest.approx([10, 10, 20])
    assert sizes["n_effective"].to_numpy() == pytest.approx(p * (1 - p) / np.array([0.01, 0.01, 0.04]))
    odds = p / (1 - p) * np.exp(-1.959964 * np.array([0.1, 0.1, 0.2]) / (p * (1 - p)))
    assert sizes["low"].to_numpy() == pytest.approx(100 * odds / (1 + odds))
    assert p.sum() == pytest.approx(1)
    assert (sizes["n"].sum(), list(sizes.index)) == (300, [1, 2, 3])
    assert ((sizes["low"] > 0) & (sizes["high"] < 100)).all()


def test_cards_are_crosstabs_where_membership_is_certain():
    """By hand: of the first four half pay cash, of the next none, of the last a quarter: of all a quarter. Cohen's h of
    1/2 and 1/4 is pi/2 - pi/3; the mean of 1 to 4 is 2.5, of 1 to 12 it is 6.5.
    """
    codes = np.array([[0], [0], [1], [1], [1], [1], [1], [1], [0], [1], [1], [1]])
    frame = pd.DataFrame({"spend": np.arange(1, 13.0)})
    certain, ones = np.repeat(np.eye(3), 4, axis=0), np.ones(12)
    variables = [Variable("pay", "category", ("cash", "card")), Variable("spend", "number", center=6.5, scale=2)]
    numbers = (frame[["spend"]].to_numpy() - 6.5) / 2
    card = (
        cards(variables, frame, codes, numbers, certain, ones).set_index(["variable", "answer", "segment"]).sort_index()
    )
    cash = card.loc[("pay", "cash")]
    assert cash["share"].tolist() == [50, 0, 25]
    assert cash.loc[1, ["total", "index"]].tolist() == [25, 200]
    assert cash.loc[1, "apart"] == pytest.approx(np.pi / 2 - np.pi / 3)
    spend = card.loc[("spend", "")]
    assert spend.loc[1, ["share", "total", "apart"]].tolist() == [2.5, 6.5, -2]
    assert spend.loc[1, "index"] == pytest.approx(100 * 2.5 / 6.5)


def test_cards_follow_memberships_and_weights(found):
    """A share is the weighted mean of the answer over probabilities of membership, among those who answered."""
    frame = customers()
    w = found.probabilities[:, 0] * frame["w"].to_numpy() * frame["pay"].notna()
    row = found.cards.query("segment == 1 and answer == 'Tiền mặt'").iloc[0]
    assert row["share"] == pytest.approx(100 * w[frame["pay"] == "Tiền mặt"].sum() / w.sum())
    for _, card in found.cards.groupby("segment"):
        assert card["apart"].abs().round(9).is_monotonic_decreasing


def test_names(found):
    """The truth is that of customers(): the first pay in cash and spend little, the last by e-wallet, in the app."""
    first, second, last = (set(name.split(" · ")) for name in found.names)
    assert first == {"Tiền mặt", "Chi tiêu ↓"}
    assert "Thẻ" in second
    assert last == {"Ví điện tử", "Ứng dụng", "Chi tiêu ↑"}


def card_of(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["segment", "variable", "answer", "apart", "kind"]).assign(share=50.0)


def test_names_are_short_unique_and_never_a_no():
    alike = [
        (s, "q", answer, apart, "category")
        for s in (1, 2)
        for answer, apart in (("A", 0.9), ("B", 0.8), ("C", 0.7), ("D", 0.6 if s == 2 else 0.1), ("E", -2.0))
    ]
    assert names(card_of(alike), 2) == ("A · B · C", "A · B · D")
    nothing = [
        (1, "use.web", "0", 0.9, "category"),
        (1, "use.web", "1", -0.9, "category"),
        (2, "plan", "Không", 0.8, "category"),
        (2, "plan", "Có", -0.8, "category"),
        (3, "x", "", 0.1, "number"),
        (4, "x", "", 0.0, "number"),
    ]
    assert names(card_of(nothing), 4, {"plan": "Kế hoạch"}) == ("Web ↓", "Kế hoạch ↓", "X ≈", "X ≈ (4)")
    bands = [
        (1, "visits", "≥ 3", 1.0, "category"),
        (1, "kids", "1", 0.9, "category"),
        (1, "kids", "2", 0.3, "category"),
    ]
    assert names(card_of([*bands, (1, "kids", "0", 2.0, "category"), (2, "age", "", -0.5, "number")]), 2) == (
        "Visits: ≥ 3 · Kids: 1 · Kids: 2",
        "Age ↓",
    )
    twice = [(1, "pay", "Price", 1.0, "category"), (1, "why.price", "1", 0.9, "category"),
             (1, "why.price", "0", -0.9, "category"), (1, "pay", "Card", 0.5, "category")]  # fmt: skip
    assert names(card_of([*twice, (2, "age", "", 0.5, "number")]), 2)[0] == "Price · Card"


def test_yes_and_no_keep_their_question_and_what_is_most_common_names_the_middle():
    tv = [(1, "tv", "Yes", 1.0, "category"), (1, "tv", "No", -0.5, "category"), (1, "tv", "No net", -0.4, "category")]
    grade = [(2, "size", "n", 0.9, "category"), (2, "size", "m", -0.9, "category")]
    middle = [(3, "x", "", 0.1, "number"), (3, "pay", "Thẻ", 0.1, "category"), (3, "web", "0", 0.0, "category")]
    assert names(card_of([*tv, *grade, *middle]), 3) == ("Tv: Yes", "n", "Thẻ · X ≈")


def test_new_customers(found):
    """Whoever was in the sample is placed as there; Bayes' rule for one answer alone, by hand."""
    frame = customers()
    placed = found.assign(frame)
    assert (placed["segment"].to_numpy() == found.members).all()
    assert placed[["p1", "p2", "p3"]].to_numpy() == pytest.approx(found.probabilities)
    one = found.assign(pd.DataFrame({"pay": ["Thẻ", None]}, index=["An", "Bình"]))
    level = found.variables[0].levels.index("Thẻ")
    joint = found.model.shares * found.model.categories[0][:, level]
    assert one.loc["An", ["p1", "p2", "p3"]].to_numpy(float) == pytest.approx(joint / joint.sum())
    assert one.loc["An", "name"] == found.names[one.loc["An", "segment"] - 1]
    assert one.loc["Bình", ["segment", "name"]].tolist() == [0, ""]
    assert np.isnan(one.loc["Bình", "probability"])
    assert len(found.assign(frame.head(0))) == 0
    with pytest.raises(CxError) as caught:
        found.assign(pd.DataFrame({"pay": ["Thẻ", "Vàng", "Vàng"]}))
    assert str(caught.value) == (
        "answers to pay must be among Thẻ, Tiền mặt, Ví điện tử; 2 are not, e.g. Vàng in row 2"
    )
    with pytest.raises(CxError, match=r"^one of pay, use.app, spend must be a column; none of 3 is"):
        found.assign(pd.DataFrame({"x": [1]}))


def test_no_segments():
    whole = of(customers()[["pay", "use.app"]], 1, verdict="no segments: because")
    assert (whole.k, whole.names, whole.verdict) == (1, ("Everyone",), "no segments: because")
    assert whole.sizes.loc[1, ["estimate", "low", "high"]].tolist() == [100, 100, 100]
    assert set(whole.cards["index"].round(9)) == {100}


def test_saved_and_loaded(found, tmp_path):
    path = tmp_path / "segments.json"
    found.save(path)
    again, frame = Segmentation.load(path), customers()
    pd.testing.assert_frame_equal(again.assign(frame), found.assign(frame), check_exact=True)
    for name in ("choices", "sizes", "cards"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(found, name), check_exact=True, check_dtype=False)
    assert (again.names, again.labels, again.variables) == (found.names, found.labels, found.variables)
    assert again.members is None
    text = path.read_text(encoding="utf-8")
    assert "Ví điện tử" in text
    assert not {"members", "probabilities"} & set(json.loads(text))
    again.save(tmp_path / "twice.json")
    assert (tmp_path / "twice.json").read_text(encoding="utf-8") == text


def damaged(content: dict, **fields) -> str:
    """The file with these fields of every variable."""
    return json.dumps(content | {"variables": [variable | fields for variable in content["variables"]]})


def test_nothing_of_a_respondent_is_saved(tmp_path):
    frame = customers()
    frame.loc[7, "spend"] = 912_345_678
    found = of(frame, 2, weights="w")
    frame.loc[8, "pay"] = "Vàng bốn số chín"
    found = of(frame, 2, weights="w")
    assert not {"912,345,678", "Vàng bốn số chín"} & set(" ".join(found.decisions["example"]).split(", "))
    assert found.assign(pd.DataFrame({"pay": ["Vàng bốn số chín", "Kim cương"]}))["segment"].tolist() == [0, 0]
    found.save(tmp_path / "s.json")
    saved = (tmp_path / "s.json").read_text(encoding="utf-8")
    assert not [value for value in ("912,345,678", "912345678", "bốn số") if value in saved]
    assert Segmentation.load(tmp_path / "s.json").assign(pd.DataFrame({"pay": ["Kim cương"]}))["segment"][0] == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: "{", "is no segmentation: it is not JSON in UTF-8"),
        (lambda c: "[1]", "is no segmentation: it lacks `format: cx segmentation`"),
        (lambda c: json.dumps(c | {"version": 9}), "is of version 9; this workbook reads version 1"),
        (lambda c: json.dumps({k: v for k, v in c.items() if k != "model"}), "damaged segmentation: it lacks 'model'"),
        (lambda c: json.dumps(c | {"names": ["one"]}), "damaged segmentation: it has 3 classes, 1 names and 3 sizes"),
        (lambda c: json.dumps(c | {"variables": c["variables"][1:]}), "segmentation: the chances of its classes"),
        (lambda c: json.dumps(c | {"model": c["model"] | {"shares": [0.5, 0.5, 0.5]}}), "do not add up to 1"),
        (lambda c: json.dumps(c | {"model": c["model"] | {"means": [["x"]] * 3}}), "damaged segmentation: "),
        (lambda c: json.dumps(c | {"cards": 3}), "damaged segmentation: "),
        (lambda c: "[" * 100_000, "damaged segmentation: its brackets are nested too deep"),
        (lambda c: json.dumps(c | {"names": ["a", "a", "b"]}), "the names of its segments must be texts, each once"),
        (lambda c: damaged(c, scale=0), "and its scale above 0"),
        (lambda c: damaged(c, center="0"), "limits and edges of"),
        (lambda c: damaged(c, log="yes"), "must be true or false"),
        (lambda c: damaged(c, low=[1]), "limits and edges of"),
        (lambda c: json.dumps(c | {"model": c["model"] | {"stranger": 1}}), "damaged segmentation: "),
    ],
)  # fmt: skip
def test_broken_files(found, tmp_path, change, message):
    path = tmp_path / "segments.json"
    found.save(path)
    path.write_text(change(json.loads(path.read_text(encoding="utf-8"))), encoding="utf-8")
    with pytest.raises(CxError) as caught:
        Segmentation.load(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_are_not_there(found, tmp_path):
    with pytest.raises(CxError, match="cannot be read: No such file"):
        Segmentation.load(tmp_path / "none.json")
    with pytest.raises(CxError, match="cannot be written"):
        found.save(tmp_path / "none/s.json")


@pytest.mark.parametrize(
    ("variables", "options", "message"),
    [
        (["pay", "one"], {}, "a variable must vary; all 300 answers to one are 1"),
        (["pay", "none"], {}, "a variable needs answers; all 300 to none are missing"),
        (["pay", "id"], {}, "a variable is shared by many; id has 300 values in 300 rows: an identifier, e.g. 0"),
        (["pay", "spent"], {}, "there is no column spent among the 8 given; did you mean spend?"),
        ([], {}, "segments need a variable; none is named"),
        (["pay", "w"], {"weights": "w"}, "a variable is not part of the design; w is a weight, stratum or cluster"),
        (["pay"], {"weights": "zero"}, "weights are 0 everywhere (300 rows); at least one must be above 0"),
        (["pay", "use.app"], {"k": range(2, 21)}, "there cannot be more segments than patterns of answers; 2 variables "
         "have 8 patterns, and k goes up to 20, e.g. k=range(1, 9) would do"),
        (["pay"], {"k": 0}, "k is a whole number of segments of 1 or more, or several, e.g. range(2, 9); 1 of 1 are "
         "not, e.g. 0"),
        (["pay"], {"k": [2, 2.5, "3"]}, "k is a whole number of segments of 1 or more, or several, e.g. range(2, 9); 2 "
         "of 3 are not, e.g. 2.5"),
        (["pay"], {"k": []}, "k is a whole number of segments of 1 or more, or several, e.g. range(2, 9); none is "
         "given"),
    ],
)  # fmt: skip
def test_bad_input(variables, options, message):
    frame = customers().assign(one=1, none=np.nan, id=np.arange(300), zero=0.0)
    with pytest.raises(CxError) as caught:
        segment(frame, variables, **options)
    assert str(caught.value) == message


def test_the_design_reaches_the_choice(monkeypatch):
    """Clusters are counted within strata, and who has none stands alone; rows of weight 0 are placed all the same."""
    frame = customers(20).assign(city=["a", "b"] * 10, shop=["s", "s", "t", None] * 5)
    frame.loc[0, "w"] = 0
    seen = {}

    @in_steps
    def one_class(codes, levels, numbers, ks, **options):
        yield
        seen.update(options, ks=ks, rows=len(codes))
        model = fit(codes, levels, numbers, 1, weights=options["weights"])
        choices = pd.DataFrame({"k": [1], "chosen": [True]})
        return SegmentNumber(choices, model, None, np.ones(1), np.ones((2, 1)), np.nan, np.nan, len(codes))

    monkeypatch.setattr(personas, "choose", one_class)
    found = segment(frame, "spend", k=(3, 2), weights="w", strata="city", clusters="shop", seed=5)
    assert (seen["ks"], seen["rows"], seen["seed"]) == ([2, 3], 19, 5)
    assert len(set(seen["clusters"])) == 3 + 5  # a's s and t, b's s, and five without a shop
    assert len(found.members) == 20


def test_found_again():
    """Truth known by construction: the groups of customers(); the same seed gives the same segments and names."""
    frame, truth = customers(), np.repeat([1, 2, 3], [150, 90, 60])
    first, again = (segment(frame, ["pay", "use.app", "spend"], k=3, labels=LABELS, seed=1) for _ in range(2))
    assert first.k == 3
    assert (first.members == truth).mean() > 0.95
    assert first.names == again.names
    assert (first.probabilities == again.probabilities).all()
    assert memberships(first.model, *code(first.variables, frame)) == pytest.approx(first.probabilities)
