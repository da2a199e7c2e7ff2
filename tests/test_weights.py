"""Raking: weights, estimates and diagnostics against numbers that R printed, and what is refused.

Oracles: R 4.2.2 with survey 4.1.1 (tests/reference/raking.R on the demo study; apistrat, which lies beside the
project), hand calculation, and algebra.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from pictures import assert_every_letter_has_a_glyph

from cxlib import CxError, weights
from cxlib.calibration import Calibration
from cxlib.charts.weights import weight_spread
from cxlib.weights import rake

ROOT = Path(__file__).resolve().parents[1]
APISTRAT = ROOT / "../shared/reference/apistrat.csv"
LABELS = {"sex": {"Female": "f", "Male": "m"}, "channel": {"Digital": "digital", "In the shop": "traditional"}}
CELL = ("city", "age_band")
CASES = {  # the margins of each case, the case whose populations R printed, and the arguments of rake()
    "two": (["sex", "age_band"], "two", {}),
    "waves": (["sex", "age_band"], "two", {"by": "wave"}),
    "three": (["sex", CELL, "channel"], "three", {"weights": "weight"}),
    "eight": (
        ["sex", "age_band", "city", "channel", "payment", "income", "occupation", "priority"],
        "eight",
        {"weights": "weight"},
    ),
    "poststratified": ([CELL], "three", {"weights": "weight"}),
    "no_answer": (["holed", "age_band"], "two", {}),
}
CASES["bounded"] = (*CASES["eight"][:2], {"weights": "weight", "bounds": (0.5, 2)})
CASES["trimmed"] = (*CASES["eight"][:2], {"weights": "weight", "trim": 3})


@pytest.fixture(scope="module")
def demo():
    """The demo survey in the file's own codes, with every seventh sex blank in `holed`."""
    raw = pd.read_csv(ROOT / "data/demo/survey.csv", dtype=str, keep_default_na=False)
    raw = raw[~raw.duplicated(["wave", "respondent_id"])].reset_index(drop=True)
    frame = raw.astype({"weight": float}).assign(holed=raw["sex"].where(np.arange(1, len(raw) + 1) % 7 > 0))
    edges, names = [18, 25, 35, 45, 55, 200], ["18-24", "25-34", "35-44", "45-54", "55+"]
    frame["age_band"] = pd.cut(raw["age"].astype(int), edges, right=False, labels=names)
    return frame.assign(recommend=pd.to_numeric(raw["recommend"]).replace(11, np.nan))


@pytest.fixture(scope="module")
def printed_by_r():
    return pd.read_csv(ROOT / "tests/reference/raking.csv", dtype={"level": str}, keep_default_na=False)


def population(printed_by_r, case: str, of) -> dict:
    """A margin's population as R printed it."""
    name = {"holed": "sex"}.get(of, of if isinstance(of, str) else "_".join(of))
    rows = printed_by_r[(printed_by_r["case"] == case) & (printed_by_r["name"] == name)]
    rows = rows[rows["what"] == "population"]
    levels = [tuple(level.split("|")) if isinstance(of, tuple) else level for level in rows["level"]]
    return dict(zip(levels, rows["value"], strict=True))


@pytest.mark.parametrize("case", CASES)
def test_the_demo_as_r_weights_it(demo, printed_by_r, case):
    """calibrate(calfun = "raking"), with bounds and bounds.const; postStratify(): weights, deff, a mean to 1e-8."""
    names, populations, options = CASES[case]
    raked = rake(demo, {of: population(printed_by_r, populations, of) for of in names}, **options)
    assert raked.converged
    assert raked.iterations <= 8
    found = demo.assign(w=raked.weights)
    oracle = printed_by_r[printed_by_r["case"] == case]
    for wave, rows in oracle[oracle["what"] == "summary"].groupby("name"):
        part = found if wave == "all" else found[found["wave"] == wave]
        ours = {"least": part["w"].min(), "most": part["w"].max(), "deff": weights.design_effect(part["w"])}
        assert rows["level"].tolist() == list(ours)
        np.testing.assert_allclose(list(ours.values()), rows["value"], rtol=1e-9)
        if wave == "all":
            np.testing.assert_allclose([raked.least, raked.most, raked.deff], rows["value"], rtol=1e-9)
            assert raked.efficiency == pytest.approx(1 / raked.deff)
        mean = oracle.query("what == 'estimate' and name == @wave")["value"].item()
        given = part.dropna(subset="recommend")
        assert np.average(given["recommend"], weights=given["w"]) == pytest.approx(mean, rel=1e-10)
    printed = oracle[oracle["what"] == "weight"]
    ours = found.set_index(["wave", "respondent_id"])["w"].loc[
        list(zip(printed["name"], printed["level"], strict=True))
    ]
    assert len(ours) >= 40
    np.testing.assert_allclose(ours, printed["value"], rtol=1e-8)


def test_rake_of_r_stops_earlier(demo, printed_by_r):
    """rake() ends when margins change by less than 1 person: the same mean to 1e-3, not to 1e-9."""
    raked = rake(demo, {of: population(printed_by_r, "three", of) for of in CASES["three"][0]}, weights="weight")
    given = demo["recommend"].notna()
    ours = np.average(demo["recommend"][given], weights=raked.weights[given])
    theirs = printed_by_r.query("case == 'rake' and what == 'estimate'")["value"].item()
    assert ours == pytest.approx(theirs, abs=1e-3)
    assert ours != pytest.approx(theirs, rel=1e-9)


@pytest.mark.skipif(not APISTRAT.exists(), reason="the reference data lie beside the project")
def test_apistrat():
    """R: calibrate(~stype + sch.wide, calfun = "raking") on weights pw, and rake(), which prints 662.2114951."""
    frame = pd.read_csv(APISTRAT)
    margins = {"stype": {"E": 4421, "H": 755, "M": 1018}, "sch.wide": {"No": 1072, "Yes": 5122}}
    raked = rake(frame, margins, weights="pw")
    assert raked.weights.sum() == pytest.approx(6194)
    assert np.average(frame["api00"], weights=raked.weights) == pytest.approx(662.2114951, abs=1e-3)
    plain = rake(frame, {"stype": margins["stype"]}, weights="pw")
    np.testing.assert_allclose(plain.weights, frame["pw"], rtol=1e-6)


# -- by hand ---------------------------------------------------------------------------------------------------


def tiny(**columns) -> pd.DataFrame:
    return pd.DataFrame(columns)


def test_post_stratification_by_hand():
    """3 women and 1 man of a population of half and half: women weigh 4 x .5 / 3, the man 2."""
    frame = tiny(sex=["f", "m", "f", "f"]).set_axis([10, 20, 30, 40])
    raked = rake(frame, {"sex": {"f": 0.5, "m": 0.5}})
    assert raked.weights.to_dict() == pytest.approx({10: 2 / 3, 20: 2, 30: 2 / 3, 40: 2 / 3})
    assert raked.ratio.to_dict() == pytest.approx(raked.weights.to_dict())
    assert raked.deff == pytest.approx(4 * (3 * 4 / 9 + 4) / 16)
    expected = pd.DataFrame(
        {"margin": "sex", "by": "", "level": ["f", "m"], "n": [3, 1], "population": [0.5, 0.5], "start": [0.75, 0.25],
         "weighted": [0.5, 0.5], "miss": [0.0, 0.0]}
    )  # fmt: skip
    pd.testing.assert_frame_equal(raked.table, expected, atol=1e-12)
    assert raked.cells["margin.sex"].tolist() == ["f", "m", "f", "f"]
    assert raked.calibration == Calibration(("margin.sex",), "weight_ratio")
    assert raked.notes == raked.collapsed == ()


def test_counts_percentages_and_shares():
    """Shares of 1 or 100 give a mean of 1, counts give weights that sum to them; any writing of a code will do."""
    frame = tiny(q=[1, 2, 2, 2], w=[1.0, 1.0, 2.0, 0.0])
    for given in ({1: 0.4, 2: 0.6}, {"1": 40, "2": 60}, {1.0: 39.9, "2": 59.85}):
        raked = rake(frame, {"q": given}, weights="w")
        assert raked.weights.tolist() == pytest.approx([1.6, 0.8, 1.6, 0])
    assert raked.notes == ("q: the shares add up to 99.75, taken as rounded 100",)
    counted = rake(frame, {"q": pd.Series({1: 400, 2: 600})}, weights="w")
    assert counted.weights.tolist() == pytest.approx([400, 200, 400, 0])
    np.testing.assert_allclose(counted.ratio[:3] * frame["w"][:3], counted.weights[:3])


def test_each_wave_to_its_own_population():
    """The wave stands before the level, or outside; cells carry it, and no wave's weights touch another's."""
    frame = tiny(sex=["f", "f", "m", "f", "m", "m"], wave=["a", "a", "a", "b", "b", "b"])
    nested = {"a": {"f": 0.5, "m": 0.5}, "b": {"f": 0.25, "m": 0.75}}
    flat = pd.Series({(wave, level): share for wave, own in nested.items() for level, share in own.items()})
    for given in (nested, flat):
        raked = rake(frame, {"sex": given}, by="wave")
        assert raked.weights.tolist() == pytest.approx([0.75, 0.75, 1.5, 0.75, 1.125, 1.125])
    assert raked.cells["margin.sex"].tolist() == ["a · f", "a · f", "a · m", "b · f", "b · m", "b · m"]
    assert raked.table["by"].tolist() == ["a", "a", "b", "b"]
    with pytest.raises(CxError, match="sex: there is no population for wave b"):
        rake(frame, {"sex": {"a": nested["a"]}}, by="wave")
    with pytest.raises(CxError, match=r"the population has 2 groups of its own, e\.g\. a; name their column"):
        rake(frame, {"sex": nested})


def test_missing_answers_keep_their_share():
    """1 of 5 is blank and keeps .2; the others share .8 as the population has it."""
    frame = tiny(sex=["f", "f", "f", "m", None])
    raked = rake(frame, {"sex": {"f": 0.5, "m": 0.5}})
    assert raked.weights.tolist() == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2, 1])
    assert raked.table["level"].tolist() == ["f", "m", "no answer"]
    (note,) = raked.notes
    assert note == (
        "sex: 1 of 5 respondents have no answer (20.0%) and keep that share; the population's groups share the rest"
    )


# -- limits ----------------------------------------------------------------------------------------------------


def test_trimming_that_holds_beside_the_margins():
    """The heaviest rows are cut, the rest of their cell takes over: no weight above twice the mean, margins met."""
    frame = tiny(sex=list("ffffffmmmm"), w=[1.0, 1, 1, 1, 1, 9, 1, 1, 1, 1])
    raked = rake(frame, {"sex": {"f": 0.5, "m": 0.5}}, weights="w", trim=2)
    assert raked.converged
    assert raked.weights.tolist() == pytest.approx([0.6] * 5 + [2] + [1.25] * 4)
    np.testing.assert_allclose(raked.ratio[:6], raked.ratio[0])  # constant in the cell: the start is the trimmed one
    assert raked.notes == ("1 of 10 respondents stand at the greatest weight, 2 times the mean",)


def test_limits_that_leave_no_way_are_told():
    """1 man of 10 can stand for .15 at most when no weight exceeds 1.5; the margin asks for .4."""
    frame = tiny(sex=list("fffffffffm"))
    for limit in ({"trim": 1.5}, {"bounds": (0.2, 1.5)}):
        raked = rake(frame, {"sex": {"f": 0.6, "m": 0.4}}, **limit)
        assert not raked.converged
        assert raked.weights.tolist() == pytest.approx([8.5 / 9] * 9 + [1.5], abs=1e-9)
        assert raked.worst == (
            "sex misses most: m is weighted to 15%, less than its 40% of the population by 62% of it"
        )


def test_margins_that_contradict_each_other():
    """Region is made of cities: a population in which they disagree cannot be met; one in which they agree can."""
    frame = tiny(city=list("abcabcabca"), region=["n" if c == "a" else "s" for c in "abcabcabca"])
    cities = {"a": 0.5, "b": 0.3, "c": 0.2}
    assert rake(frame, {"city": cities, "region": {"n": 0.5, "s": 0.5}}).converged
    raked = rake(frame, {"city": cities, "region": {"n": 0.501, "s": 0.499}})
    assert not raked.converged
    assert raked.weights.sum() == pytest.approx(10)
    assert raked.table["miss"].abs().max() < 0.001
    assert raked.worst.startswith("region misses most") or raked.worst.startswith("city misses most")


def test_a_loss_of_precision_is_told():
    """One man of 100 for half of the population: deff = 100 x (99 x (.5/99)^2 + .25), efficiency about 4%."""
    raked = rake(tiny(sex=["f"] * 99 + ["m"]), {"sex": {"f": 0.5, "m": 0.5}})
    assert raked.deff == pytest.approx(100 * (0.25 / 99 + 0.25))
    assert raked.notes == (
        "the weights leave 4% of the sample's precision, that of 4 of 100 respondents; "
        "joining levels or limiting weights helps",
    )


# -- joining levels --------------------------------------------------------------------------------------------


def test_small_levels_are_joined_with_a_neighbour():
    """Ordered: 25-34 (1) goes to the smaller of its neighbours; without order the smallest other level is taken."""
    ages = ["18-24"] * 4 + ["25-34"] + ["35-44"] * 3 + ["45+"] * 2
    shares = {"18-24": 0.2, "25-34": 0.3, "35-44": 0.3, "45+": 0.2}
    ordered = tiny(age=pd.Categorical(ages, list(shares), ordered=True))
    raked = rake(ordered, {"age": shares}, collapse=2)
    assert raked.collapsed == ("age: 25-34 (n = 1) is joined with 35-44",)
    assert raked.table["level"].tolist() == ["18-24", "25-34 + 35-44", "45+"]
    assert raked.weights.tolist() == pytest.approx([0.5] * 4 + [1.5] * 4 + [1] * 2)
    unordered = rake(tiny(age=ages), {"age": shares}, collapse=2)
    assert unordered.collapsed == ("age: 25-34 (n = 1) is joined with 45+",)


def test_empty_cells_of_a_crossing_are_joined_within_its_first_part():
    """Nobody is (north, old): joined with (north, young), not with (south, young), its neighbour in order."""
    frame = tiny(
        city=pd.Categorical(["n", "n", "s", "s"], ["n", "s"], ordered=True),
        age=pd.Categorical(["young", "young", "young", "old"], ["young", "old"], ordered=True),
    )
    given = {("n", "young"): 0.1, ("n", "old"): 0.2, ("s", "young"): 0.3, ("s", "old"): 0.4}
    with pytest.raises(CxError, match=r"city_age: nobody in the sample .* stands for n · old, whom .*`collapse: 1`"):
        rake(frame, {("city", "age"): given})
    raked = rake(frame, {("city", "age"): given}, collapse=1)
    assert raked.collapsed == ("city_age: n · old (n = 0) is joined with n · young",)
    assert raked.weights.tolist() == pytest.approx([0.6, 0.6, 1.2, 1.6])
    assert raked.cells["margin.city_age"].tolist() == ["n · young + n · old"] * 2 + ["s · young", "s · old"]


# -- refused ---------------------------------------------------------------------------------------------------

SEX = {"f": 0.5, "m": 0.5}
REFUSED = {
    "no margin": ({}, {}, "raking needs at least one margin"),
    "column": ({"gender": SEX}, {}, "there is no column gender"),
    "start": (
        {"sex": SEX},
        {"weights": "v"},
        r"weights must be numbers of 0 or more; 1 are not, e.g. -1.0 \(column v\)",
    ),
    "all 0": ({"sex": SEX}, {"weights": "z"}, r"weights are 0 everywhere \(4 rows\).*column z"),
    "0 in a group": ({"sex": SEX}, {"weights": "u", "by": "sex"}, "weights are 0 everywhere in f"),
    "no group": ({"sex": SEX}, {"by": "g"}, "each row needs a g to be weighted in; 1 have none, e.g. row 2"),
    "strange": ({"sex": {"f": 0.5, "mm": 0.5}}, {}, r"m has none \(n = 2\); did you mean mm\?"),
    "empty": ({"sex": {"f": 0.4, "m": 0.4, "x": 0.2}}, {}, "sex: nobody in the sample .* stands for x"),
    "weightless": ({"sex": SEX}, {"weights": "u"}, "sex: nobody in the sample .* stands for f"),
    "none there": ({"sex": {"f": 1, "m": 0}}, {}, "the population of m is 0, and respondents \\(n = 2\\) belong to it"),
    "shares": ({"sex": {"f": 0.5, "m": 0.4}}, {}, r"sex: shares .* add up to 1 \(or 100, in percent\).* add up to 0.9"),
    "negative": ({"sex": {"f": -0.5, "m": 1.5}}, {}, "that of f is -0.5"),
    "text": ({"sex": {"f": "half", "m": 0.5}}, {}, "that of f is 'half'"),
    "infinite": ({"sex": {"f": np.inf, "m": 0.5}}, {}, "that of f is inf"),
    "nothing": ({"sex": {}}, {}, "a population is a share or a count for each group"),
    "twice": ({"sex": {"f": 0.5, 1: 0.2, "1": 0.3}}, {}, "the population of 1 is given twice"),
    "parts": ({("sex", "g"): SEX}, {}, r"a group is named by 2 answers \(sex, g\); found 'f'"),
    "totals": (
        {"sex": {"f": 50, "m": 60}, "g": {"a": 500, "b": 600}},
        {},
        "sex and g count different populations: 110 and 1,100 people",
    ),
    "bounds": ({"sex": SEX}, {"bounds": (1.2, 3)}, r"bounds .* lie on both sides of 1, e.g. \(0.3, 3\); found"),
    "trim": ({"sex": SEX}, {"trim": 0.9}, "more than 1, e.g. 5; found 0.9"),
    "collapse": ({"sex": SEX}, {"collapse": 0}, "a whole number of respondents, 1 or more; found 0"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    margins, options, message = REFUSED[name]
    frame = tiny(sex=list("ffmm"), g=["a", None, "b", "b"], v=[1, -1, 1, 1.0], z=[0.0] * 4, u=[0, 0, 1, 1.0])
    with pytest.raises(CxError, match=message):
        rake(frame, margins, **options)


def test_percent_that_do_not_add_up_are_not_taken_for_people():
    """{f: 52, m: 50} of 200 respondents: 102 people would be fewer than answered."""
    with pytest.raises(CxError, match="sex: shares in percent add up to 100; these add up to 102"):
        rake(tiny(sex=list("fm") * 100), {"sex": {"f": 52, "m": 50}})


def test_an_empty_table():
    with pytest.raises(CxError, match="the table is empty"):
        rake(tiny(sex=[]), {"sex": SEX})


def test_two_columns_of_one_name():
    with pytest.raises(CxError, match="the table has 2 columns called sex; rename all but one"):
        rake(pd.DataFrame([["f", "m"]], columns=["sex", "sex"]), {"sex": {"f": 1}})


def test_huge_and_tiny_weights():
    """Kish's formula does not depend on the scale: 1 and 3 are worth 16 / 10 answers at any size."""
    for scale in (1e-200, 1, 1e200):
        assert weights.effective_n([scale, 3 * scale]) == pytest.approx(1.6)
        frame = tiny(sex=["f", "f", "m"], w=[scale, 3 * scale, scale])
        assert rake(frame, {"sex": SEX}, weights="w").weights.tolist() == pytest.approx([0.375, 1.125, 1.5])


def test_the_frame_is_left_as_it_was():
    """Inputs are never changed."""
    frame = tiny(sex=["f", "m", None], wave=["a", "a", "a"], w=[1, 2, 3])
    before = frame.copy()
    rake(frame, {"sex": SEX}, weights="w", by="wave", trim=4, bounds=(0.1, 9), collapse=1)
    pd.testing.assert_frame_equal(frame, before)


# -- pictures --------------------------------------------------------------------------------------------------


def test_letters_of_the_histogram():
    figure = weight_spread(pd.Series([1.0, 1.0, 2.0, 4.0]))
    assert_every_letter_has_a_glyph(figure)
    letters = figure.get_tightbbox(FigureCanvasAgg(figure).get_renderer())
    width, height = figure.get_size_inches()
    assert letters.x0 > -0.02
    assert letters.y0 > -0.02
    assert letters.x1 < width + 0.02
    assert letters.y1 < height + 0.02


def test_no_weights_no_picture():
    assert weight_spread(pd.Series([], dtype=float)) is None


def test_what_the_histogram_shows():
    """Weights 1 1 2 4: mean 2; effective n = 8^2 / 22 = 2.91, deff = 22 x 4 / 64 = 1.375."""
    (axis,) = weight_spread(pd.Series([1.0, 1.0, 2.0, 4.0])).axes
    bars = [(bar.get_x(), bar.get_x() + bar.get_width(), bar.get_height()) for bar in axis.patches if bar.get_height()]
    assert [height for _, _, height in bars] == [2, 1, 1]
    assert all(left <= at + 1e-6 and at <= right + 1e-6 for at, (left, right, _) in zip([0.5, 1, 2], bars, strict=True))
    assert axis.get_title(loc="left") == (
        "0.50 to 2.00 times the mean; design effect 1.38:\n4 respondents are worth 3 (73%)"
    )
