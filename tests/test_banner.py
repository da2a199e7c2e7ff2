"""Banner tables: letters, tests and bases against R, reference numbers and counts by hand."""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.stats import binom

from cxlib import CxError
from cxlib.banner import banner
from cxlib.compare import changes, differences
from cxlib.corrections import adjust

ROOT = Path(__file__).resolve().parents[1]
P = [0.01, 0.02, 0.03, 0.04, 0.05]


def columns(**hits) -> pd.DataFrame:
    """Respondents of one question and one banner question: A=(30, 100) is 30 yes of 100 in group A."""
    parts = [pd.DataFrame({"q": ["yes"] * y + ["no"] * (n - y), "g": name}) for name, (y, n) in hits.items()]
    return pd.concat(parts, ignore_index=True)


FOUR = columns(A=(30, 100), B=(45, 110), C=(60, 120), D=(52, 95))


def letters(made, line="yes") -> dict[str, str]:
    """Group: the letters on a line."""
    cells = made.cells[(made.cells["line"] == line) & (made.cells["banner"] != "")]
    return dict(zip(cells["group"], cells["letters"], strict=True))


def based(made) -> dict[tuple, tuple]:
    """(question, group): its bases asked, n, n_weighted, n_effective; Total among the groups."""
    rows = made.bases.itertuples()
    return {(r.question, r.group): (r.asked, r.n, r.n_weighted, r.n_effective) for r in rows}


# -- corrections and letters --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("correction", "expected"), [("holm", [0.05, 0.08, 0.09, 0.09, 0.09]), ("bh", [0.05] * 5), ("none", P)]
)
def test_corrections_are_those_of_the_reference(correction, expected):
    assert adjust(P, correction) == pytest.approx(expected, abs=1e-12)
    shuffled = adjust([P[3], np.nan, P[0], P[4], P[2], P[1]], correction)
    assert np.isnan(shuffled[1])
    assert shuffled[[2, 5, 4, 0, 3]] == pytest.approx(expected, abs=1e-12)


def test_pooled_z_of_four_columns_is_that_of_the_reference():
    tests = banner(FOUR, "q", "g", test="z", correction="none").tests
    tests = tests[(tests["line"] == "yes") & (tests["other"] != "the rest")].set_index(["group", "other"])["p"]
    for pair, p, digits in [
        (("B", "A"), 0.0994, 4),
        (("C", "A"), 0.00266, 5),
        (("D", "A"), 0.000469, 6),
        (("C", "B"), 0.1668, 4),
        (("D", "B"), 0.0480, 4),
        (("D", "C"), 0.4899, 4),
    ]:
        assert tests[pair] == pytest.approx(p, abs=0.51 * 10**-digits), pair
    # Bonferroni by hand: six pairs.
    assert tests["D", "B"] < 0.05 < 6 * tests["D", "B"]


@pytest.mark.parametrize(
    ("correction", "expected"),
    # B-D: .0480 alone; .192 by Holm (times 4); .0960 by Benjamini-Hochberg (times 6 / 3), a small letter.
    # A-B: .0994 alone, a small letter.
    [
        ("none", {"A": "", "B": "a", "C": "A", "D": "AB"}),
        ("holm", {"A": "", "B": "", "C": "A", "D": "A"}),
        ("bh", {"A": "", "B": "", "C": "A", "D": "Ab"}),
    ],
)
def test_letters_follow_the_correction(correction, expected):
    assert letters(banner(FOUR, "q", "g", test="z", correction=correction)) == expected


def test_two_waves_of_nps():
    # 60% promoters and 14% detractors of 87, 56% and 17% of 94: whole answers, weighted to those shares.
    def wave(name, shares, n):
        counts = [round(share * n / 100) for share in shares]
        w = np.repeat([share * n / 100 / count for share, count in zip(shares, counts, strict=True)], counts)
        return pd.DataFrame({"recommend": np.repeat([10, 3, 8], counts), "wave": name, "w": w})

    frame = pd.concat([wave("1", (60, 14, 26), 87), wave("2", (56, 17, 27), 94)], ignore_index=True)
    found = changes(frame, "nps", over="wave", question="recommend", weights="w").iloc[0]
    assert (found["n_before"], found["n"], found["verdict"]) == (87, 94, "none")
    assert found["estimate"] == pytest.approx(-7, abs=1e-9)
    assert found["se"] == pytest.approx(11.1, abs=0.05)
    assert found["p"] == pytest.approx(0.53, abs=0.005)


# -- differences against R --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo() -> pd.DataFrame:
    """The demo survey as tests/reference/demo_compare.R cleans it."""
    d = pd.read_csv(ROOT / "data/demo/survey.csv", dtype=str, keep_default_na=False)
    d = d[~d.duplicated(["wave", "respondent_id"])].reset_index(drop=True)
    number = {name: pd.to_numeric(d[name]) for name in ("weight", "recommend", "satisfaction", "ease", "spend", "age")}
    edges = [18, 25, 35, 45, 55, np.inf]
    bands = ["18-24", "25-34", "35-44", "45-54", "55+"]
    few = [f"S{i:02d}" for i in (*range(1, 8), 41)]
    blank = {name: d[name].replace("", None) for name in ("shop", "payment", "problem", "outcome", "frequency")}
    return d.assign(
        **number | blank,
        nps=number["recommend"].where(number["recommend"] != 11),
        csat=number["satisfaction"],
        ces=number["ease"],
        age_band=pd.cut(number["age"], edges, right=False, labels=bands).astype(object),
        shops=d["city"].map({"hcm": 300, "hanoi": 200}),
        some=np.where((d["sex"] == "f") & d["shop"].isin(few), "in", "out"),
        app=d["touchpoints"].str.split(";").map(lambda ticks: "app" if "app" in ticks else "other"),
    )


@pytest.fixture(scope="module")
def by_r() -> pd.DataFrame:
    """The differences that R printed; a pair is the later group less the earlier, as in a banner."""
    table = pd.read_csv(ROOT / "tests/reference/demo_compare.csv", dtype={"group": str, "other": str})
    table = table[table["kind"] == "difference"].copy()
    turned = (table["group"] < table["other"]) & (table["other"] != "the rest")
    table.loc[turned, ["group", "other"]] = table.loc[turned, ["other", "group"]].to_numpy()
    table.loc[turned, ["estimate", "statistic"]] *= -1
    return table


FULL = {"weights": "weight", "strata": "city", "clusters": "shop"}
DESIGNS = {
    "none": {},
    "weights": {"weights": "weight"},
    "full": FULL,
    "nested": FULL | {"strata": ["wave", "city"]},
    "finite": FULL | {"fpc": "shops"},
    "lonely": FULL,
}
ROWS = {"nps": ("nps", "score"), "csat": ("csat", "score"), "ces": ("ces", "score"), "spend": ("spend", "mean")}
ANSWERS = {"cash": ("payment", "cash"), "app": ("app", "app"), "satisfied": ("outcome", "satisfied")}


@pytest.mark.parametrize("design", list(DESIGNS))
def test_differences_are_those_of_r(demo, by_r, design):
    oracle = by_r[by_r["design"] == design]
    if design == "lonely":
        first = min(shop for shop in demo.loc[demo["city"] == "hanoi", "shop"].dropna())
        demo = demo[(demo["wave"] == demo["wave"].max()) & ((demo["city"] == "hcm") | (demo["shop"] == first))]
    rows = list({ROWS.get(q, ANSWERS.get(q))[0] for q in oracle["question"]})
    made = banner(
        demo,
        rows,
        list(oracle["banner"].unique()),
        metrics={name: name for name in ("nps", "csat", "ces") if name in rows},
        sequence=["wave"] if design != "lonely" else [],
        **DESIGNS[design],
    ).tests
    compared = 0
    for (question, by), part in oracle.groupby(["question", "banner"]):
        if question in ROWS:
            name, kind = ROWS[question]
            mine = made[(made["question"] == name) & (made["kind"] == kind) & (made["banner"] == by)]
        else:
            name, answer = ANSWERS[question]
            mine = made[(made["question"] == name) & (made["line"] == answer) & (made["banner"] == by)]
        mine = mine.set_index(["group", "other"])
        assert len(mine) == len(part), (question, by)
        for row in part.itertuples():
            got = mine.loc[(row.group, row.other)]
            for column, theirs in (
                ("estimate", row.estimate),
                ("se", row.se),
                ("t", row.statistic),
                ("df", row.df),
                ("p", row.p),
                ("p_adjusted", row.p_holm),
            ):
                what = (question, by, row.group, row.other, column)
                assert got[column] == pytest.approx(theirs, rel=1e-8, abs=1e-12, nan_ok=True), what
            compared += np.isfinite(row.estimate)
    assert compared > 30


def test_differences_of_compare_are_the_tests_of_the_banner(demo, by_r):
    found = differences(demo, "nps", over="age_band", question="nps", **FULL).set_index(["group", "other"])
    oracle = by_r.query("design == 'full' and question == 'nps' and banner == 'age_band'")
    assert len(found) == len(oracle) == 15
    for row in oracle.itertuples():
        assert found.loc[(row.group, row.other), "p_adjusted"] == pytest.approx(row.p_holm, rel=1e-8)
    assert found.loc[("25-34", "18-24"), "verdict"] == "borderline"  # .018
    assert found.loc[("55+", "18-24"), "verdict"] == "clear"
    assert found.loc[("35-44", "the rest"), "verdict"] == "none"


# -- bases, counted by hand ----------------------------------------------------------------------------------

TINY = pd.DataFrame(
    {
        "g": ["a", "a", "a", "b", "b", None],
        "single": ["x", "y", None, "x", "x", "y"],
        "multi.p": [1.0, 0.0, None, 1.0, 0.0, 1.0],
        "multi.q": [0.0, 1.0, None, 1.0, 0.0, 1.0],
        "rating": [1.0, 5.0, 4.0, 2.0, None, 3.0],
        "rating.top": [0.0, 1.0, 1.0, 0.0, None, 0.0],
        "number": [1.5, 2.5, None, 3.5, 4.5, 5.5],
        "routed": ["x", None, None, "y", None, None],
        "was_asked": [1.0, 1.0, 0.0, 1.0, 0.0, 0.0],
        "w": [1.0, 2.0, 3.0, 1.0, 1.0, 4.0],
    }
)
QUESTIONS = ["single", "multi", "rating", "number", "routed"]


def test_bases_by_hand():
    made = banner(TINY, QUESTIONS, "g", asked={"routed": "was_asked"}, minimum_base=1)
    found = {key: value[:2] for key, value in based(made).items()}
    none = pytest.approx(np.nan, nan_ok=True)
    assert found == {
        ("single", "Total"): (none, 5),
        ("single", "a"): (none, 2),
        ("single", "b"): (none, 2),
        ("multi", "Total"): (none, 5),
        ("multi", "a"): (none, 2),
        ("multi", "b"): (none, 2),
        ("rating", "Total"): (none, 5),
        ("rating", "a"): (none, 3),
        ("rating", "b"): (none, 1),
        ("number", "Total"): (none, 5),
        ("number", "a"): (none, 2),
        ("number", "b"): (none, 2),
        ("routed", "Total"): (3, 2),
        ("routed", "a"): (2, 1),
        ("routed", "b"): (1, 1),
    }


def test_figures_by_hand():
    cells = banner(TINY, QUESTIONS, "g", asked={"routed": "was_asked"}, minimum_base=1).cells
    total = cells[cells["banner"] == ""].set_index(["question", "line"])["estimate"]
    assert total["single", "x"] == pytest.approx(60)
    assert total["multi", "p"] == pytest.approx(60)
    assert total["multi", "q"] == pytest.approx(60)
    assert total["rating", "5"] == pytest.approx(20)
    assert total["rating", "Net: top"] == pytest.approx(40)
    assert total["rating", "Mean"] == pytest.approx(3)
    assert total["number", "Mean"] == pytest.approx(3.5)
    assert total["routed", "x"] == pytest.approx(50)
    assert ("number", "2.5") not in total.index  # other than whole numbers have their mean alone


def test_weighted_and_effective_bases_by_hand():
    found = based(banner(TINY, "single", "g", weights="w", minimum_base=1))
    # The blank has weight 3: 1 + 2 + 1 + 1 + 4 and its square over 1 + 4 + 1 + 1 + 16.
    assert found["single", "Total"][1:] == pytest.approx((5, 9, 81 / 23))
    assert found["single", "a"][1:] == pytest.approx((2, 3, 9 / 5))
    assert found["single", "b"][1:] == pytest.approx((2, 2, 2))


def test_marks_of_small_bases_and_nothing_is_tested_under_the_minimum():
    frame = columns(under=(28, 29), at=(3, 30), caution=(30, 99), full=(50, 100))
    made = banner(frame, "q", "g")
    yes = made.to_frame().loc[("q", "yes")]
    shown = dict(zip(yes.index.get_level_values(1), yes, strict=True))
    assert shown["under"] == "**"
    assert shown["at"].startswith("10.0%*")
    assert shown["caution"].startswith("30.3%*")
    assert shown["full"].startswith("50.0% ")
    cells = made.cells[made.cells["group"] == "under"]
    assert cells[["estimate", "low", "high", "se"]].isna().all(axis=None)
    assert set(cells["letters"]) == set(cells["rest"]) == {""}
    sides = made.tests[["group", "other"]]
    small = (sides == "under").any(axis=1)
    assert small.sum() == 2 * 4  # two lines; three pairs and the rest
    assert made.tests.loc[small, ["estimate", "p", "p_adjusted"]].isna().all(axis=None)
    assert made.tests.loc[~small, "p"].notna().all()


def test_no_family_counts_a_test_that_was_not_made():
    few = banner(pd.concat([FOUR, columns(E=(1, 20))]), "q", "g", test="z").tests
    found = few[(few["line"] == "yes") & (few["group"] == "D") & (few["other"] == "B")].iloc[0]
    assert found["p_adjusted"] == pytest.approx(4 * found["p"])  # of six made, not of ten


def test_a_sequence_is_tested_each_against_the_one_before():
    frame = columns(w1=(20, 100), w2=(50, 100), w3=(50, 100), w4=(80, 100))
    made = banner(frame, "q", "g", sequence="g", labels={"g": "Wave"})
    tests = made.tests[(made.tests["line"] == "yes") & (made.tests["other"] != "the rest")]
    assert list(zip(tests["group"], tests["other"], strict=True)) == [("w2", "w1"), ("w3", "w2"), ("w4", "w3")]
    assert tests["estimate"].tolist() == pytest.approx([30, 0, 30])
    assert letters(made) == {"w1": "", "w2": "A", "w3": "", "w4": "C"}
    assert "Wave: each column against the one before." in made.notes[0]


def test_marks_against_the_rest():
    made = banner(columns(a=(90, 100), b=(50, 100), c=(20, 100), d=(52, 100)), "q", "g")
    cells = made.cells[(made.cells["line"] == "yes") & (made.cells["banner"] == "g")]
    assert dict(zip(cells["group"], cells["rest"], strict=True)) == {"a": "above", "b": "", "c": "below", "d": ""}
    rest = made.tests[(made.tests["line"] == "yes") & (made.tests["other"] == "the rest")].set_index("group")
    assert rest.loc["a", "estimate"] == pytest.approx(90 - 100 * 122 / 300)
    two = banner(columns(a=(90, 100), b=(50, 100)), "q", "g").tests
    assert "the rest" not in set(two["other"])  # the rest of two is the other one


def test_a_group_that_nobody_is_in_is_dropped():
    frame = FOUR.assign(g=pd.Categorical(FOUR["g"], categories=["D", "nobody", "A", "B", "C"]))
    made = banner(frame, "q", "g")
    assert list(letters(made)) == ["D", "A", "B", "C"]
    assert made.cells.drop_duplicates("group")["letter"].tolist() == ["", "A", "B", "C", "D"]


def test_a_group_without_answers_to_the_questions_is_dropped():
    frame = FOUR.assign(q=FOUR["q"].where(FOUR["g"] != "B"))
    assert list(letters(banner(frame, "q", "g"))) == ["A", "C", "D"]


def test_more_than_26_columns_have_two_letters():
    frame = columns(**{f"g{i:02d}": (1 if i == 27 else 40, 80) for i in range(28)})
    made = banner(frame, "q", "g")
    marks = made.cells[made.cells["line"] == "yes"].set_index("group")["letter"]
    assert (marks["g25"], marks["g26"], marks["g27"]) == ("Z", "AA", "AB")
    assert letters(made)["g00"] == "AB"


# -- engines and print -----------------------------------------------------------------------------------------


def test_pandas_polars_and_duckdb_print_the_same_table():
    rng = np.random.default_rng(5)
    n = 600
    frame = pd.DataFrame(
        {
            "single": rng.choice(["x", "y", "z"], n),
            "multi.p": rng.integers(0, 2, n).astype(float),
            "multi.q": rng.integers(0, 2, n).astype(float),
            "rating": rng.integers(1, 6, n).astype(float),
            "spend": rng.lognormal(3, 0.5, n).round(2),
            "recommend": rng.integers(0, 11, n).astype(float),
            "g": rng.choice(["a", "b", "c"], n),
            "w": rng.choice([0.5, 1.0, 2.0], n),
            "c": rng.integers(0, 80, n),
        }
    )
    frame.loc[::7, "single"] = None
    how = {"metrics": {"recommend": "nps"}, "weights": "w", "clusters": "c"}
    rows = ["single", "multi", "rating", "spend", "recommend"]
    expected = banner(frame, rows, "g", **how).to_frame()
    connection = duckdb.connect()
    for other in (pl.from_pandas(frame), connection.from_arrow(pl.from_pandas(frame).to_arrow())):
        pd.testing.assert_frame_equal(banner(other, rows, "g", **how).to_frame(), expected)


def test_html_has_letters_bases_and_notes():
    made = banner(FOUR, "q", "g")
    html = made.to_html()
    assert html == made._repr_html_()
    assert "54.7%* A" in html
    assert "Base" in html
    for note in made.notes:
        assert note in html
        assert note in " ".join(str(made).split())
    assert "Holm" in made.notes[1]


# -- errors ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "rows", "by", "how", "message"),
    [
        (columns(A=(30, 60)), "q", "g", {}, "a banner needs at least two groups to compare; g has 1 (A)"),
        (FOUR, ["q", "q"], "g", {}, "q stands twice among the rows of the banner"),
        (FOUR, "q", ["g", "g"], {}, "g stands twice among the columns of the banner"),
        (FOUR, "q", [], {}, "a banner needs at least one question in its columns"),
        (
            FOUR.assign(payment="x"),
            "paymnt",
            "g",
            {},
            "there is no question paymnt in the table; did you mean payment?",
        ),
        (FOUR.assign(city="x"), "q", "cty", {}, "there is no question cty in the table; did you mean city?"),
        (FOUR.assign(q=None), "q", "g", {}, "nobody answered q; a question without answers has no place in a banner"),
        (FOUR.assign(w=-1.0), "q", "g", {"weights": "w"}, "weights must be numbers of 0 or more; 425 are not, e.g. -1"),
        (FOUR.assign(g=range(425)), "q", "g", {}, "g has 425 different values, a banner at most 52; derive bands"),
        (FOUR, "q", "g", {"correction": "tukey"}, "correction is one of holm, bh, none; found tukey"),
        (FOUR, "q", "g", {"test": "chi"}, "test is one of t, z; found chi"),
        (FOUR, "q", "g", {"sequence": "wave"}, "wave is to be compared in its order, but is not among the columns g"),
        (FOUR, "q", "g", {"asked": {"q": "r"}}, "r, which says who was asked q, is not in the table"),
        (FOUR.assign(n="x"), "q", "n", {}, "a banner needs at least two groups to compare; n has 1 (x)"),
        (FOUR.assign(n=FOUR["g"]), "q", "n", {}, "a column called n cannot be tallied by"),
    ],
)
def test_errors_say_what_to_mend(frame, rows, by, how, message):
    with pytest.raises(CxError) as caught:
        banner(frame, rows, by, **how)
    assert message in str(caught.value)


def test_columns_that_overlap_are_refused():
    frame = FOUR.assign(**{"m.x": 1.0, "m.y": (FOUR["g"] == "A").astype(float)})
    with pytest.raises(CxError, match=r"must not overlap; 100 respondents are in more than one of m, e.g. in x and y"):
        banner(frame, "q", "m")
    apart = frame.assign(**{"m.x": (FOUR["g"] != "A").astype(float)})
    assert dict(based(banner(apart, "q", "m")))["q", "x"][1] == 325


# -- noise ---------------------------------------------------------------------------------------------------------

TABLES = 200


@pytest.mark.parametrize("design", ["plain", "weights and clusters"])
def test_noise_has_a_letter_in_one_row_of_twenty_at_most(design):
    rng = np.random.default_rng(20)
    sizes = np.linspace(30, 300, 30).astype(int)
    group = np.repeat([f"g{i:02d}" for i in range(30)], sizes)
    n = len(group)
    frame = pd.DataFrame({"g": group} | {f"q.{i}": (rng.random(n) < 0.1).astype(float) for i in range(TABLES)})
    how = {}
    if design != "plain":
        frame = frame.assign(w=rng.lognormal(0, 0.4, n), c=rng.integers(0, 600, n))
        how = {"weights": "w", "clusters": "c"}
    cells = banner(frame, "q", "g", **how).cells
    marked = cells["letters"].str.contains("[A-Z]").groupby(cells["line"]).any()
    assert len(marked) == TABLES
    assert marked.sum() <= binom.isf(0.001, TABLES, 0.05)
