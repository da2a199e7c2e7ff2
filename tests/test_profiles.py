"""Profiles of groups: who they are against all others.

Oracles: R's survey package on the demo study (tests/reference/profiles.R: svyby, svycontrast, svyglm, svyttest), hand
calculation, a world whose truth is known, Holm's correction of statsmodels, and properties of shares.
"""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from cxlib import CxError, Study
from cxlib.profiles import profile

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "data/demo"))

import population as world  # noqa: E402

ATTRIBUTES = ["age_band", "payment", "priority", "outcome", "touchpoints", "spend", "household_size"]
BUSINESS = ["industry", "channel", "company_size", "revenue", "age"]
FULL = {"weights": "weight", "strata": "stratum", "clusters": "cluster"}


@pytest.fixture(scope="module")
def demo() -> Study:
    return Study.load(ROOT / "data/demo")


@pytest.fixture(scope="module")
def survey(demo) -> pd.DataFrame:
    """The survey with promoters, passives and detractors; touchpoints without their nets."""
    bands = pd.cut(demo.survey["recommend"], [-1, 6, 8, 10], labels=["Detractors", "Passives", "Promoters"])
    return demo.survey.drop(columns=["touchpoints.digital", "touchpoints.personal"]).assign(band=bands)


@pytest.fixture(scope="module")
def customers(demo) -> pd.DataFrame:
    frame = demo.table("customers")
    return frame.assign(stayed=np.where(frame["left"].isna(), "stayed", "left"))


@pytest.fixture(scope="module")
def profiles(survey, customers) -> dict[str, pd.DataFrame]:
    return {
        "full": profile(survey, "band", ATTRIBUTES, **FULL, minimum_base=2),
        "weights": profile(survey, "band", ATTRIBUTES, weights="weight", minimum_base=2),
        "against": profile(survey, "band", ATTRIBUTES, against="Detractors", **FULL, minimum_base=2),
        "customers": profile(customers, "stayed", BUSINESS),
    }


@pytest.fixture(scope="module")
def by_r() -> pd.DataFrame:
    return pd.read_csv(ROOT / "tests/reference/profiles.csv")


CODES = {"e-wallet": "ewallet", "bank transfer": "transfer"}


def as_r_calls_them(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows by attribute, answer (its code) and group."""
    return rows.assign(answer=rows["answer"].str.lower().replace(CODES)).set_index(["name", "answer", "group"])


# -- the demo study in R: tests/reference/profiles.R -----------------------------------------------------------------


@pytest.mark.parametrize("design", ["full", "weights", "against", "customers"])
def test_every_number_is_that_of_r(profiles, by_r, design):
    """svyby, svymean, svycontrast, svytotal of linearised values, degf and p.adjust."""
    rows = profiles[design]
    found = as_r_calls_them(rows[rows["other"] != ""])
    oracle = by_r[by_r["design"] == design]
    assert len(oracle) == len(found) > 10
    assert not found["hidden"].any()
    columns = ["share", "total", "share_other", "difference", "index", "se", "n", "n_other", "n_total", "p"]
    for row in oracle.itertuples():
        mine = found.loc[(row.attribute, row.answer.lower(), row.group)]
        wanted = [getattr(row, name) for name in columns]
        assert mine[columns].tolist() == pytest.approx(wanted, rel=1e-8), (row.attribute, row.answer)
        assert mine["p_corrected"] == pytest.approx(row.p_holm, rel=1e-8), (row.attribute, row.answer)
        half = stats.t.ppf(0.975, row.df) * row.difference_se
        bounds = [row.difference - half, row.difference + half]
        assert mine[["difference_low", "difference_high"]].tolist() == pytest.approx(bounds, rel=1e-8)


@pytest.mark.parametrize("design", ["full", "weights", "customers"])
def test_the_index_has_the_error_of_a_ratio_to_its_own_total(profiles, by_r, design):
    """svycontrast(svytotal(...), quote(100 * (gy / gn) / (ty / tn))): its error, on either scale."""
    found = as_r_calls_them(profiles[design])
    for row in by_r[by_r["design"] == design].itertuples():
        mine = found.loc[(row.attribute, row.answer.lower(), row.group)]
        wide = np.log(mine["index_high"] / mine["index_low"]) / 2
        # Of all respondents: one side is everybody known, whose clusters less strata R prints for both sides together.
        assert wide * mine["index"] == pytest.approx(stats.t.ppf(0.975, row.df) * row.index_se, rel=1e-7)
        assert np.sqrt(mine["index_high"] * mine["index_low"]) == pytest.approx(mine["index"], rel=1e-10)


@pytest.mark.parametrize("design", ["full", "weights", "customers"])
def test_the_interval_of_the_difference_is_that_of_svyttest(profiles, by_r, design):
    """Its p value follows from our interval, on its degrees of freedom: one less, for the slope."""
    found = as_r_calls_them(profiles[design])
    for row in by_r[by_r["design"] == design].itertuples():
        mine = found.loc[(row.attribute, row.answer.lower(), row.group)]
        se = (mine["difference_high"] - mine["difference_low"]) / 2 / stats.t.ppf(0.975, row.df)
        p = 2 * stats.t.sf(abs(mine["difference"]) / se, row.df - 1)
        assert p == pytest.approx(row.p_wald, rel=1e-6, abs=1e-14), (row.attribute, row.answer)


# -- by hand -----------------------------------------------------------------------------------------------------------


def crowd(counts: dict[tuple[str, str], int]) -> pd.DataFrame:
    """So many respondents of each group and answer."""
    return pd.DataFrame([pair for pair, n in counts.items() for _ in range(n)], columns=["who", "pays"])


HALVES = {("a", "cash"): 60, ("a", "card"): 40, ("b", "cash"): 30, ("b", "card"): 70}


def test_by_hand():
    """60 and 30 of 100 pay cash: total 45, index 133.3 and 66.7, difference 30 with se sqrt((.24 + .21) / 99)."""
    rows = profile(crowd(HALVES), "who", ["pays"]).set_index(["group", "answer"])
    row = rows.loc[("a", "cash")]
    assert (row["share"], row["total"], row["share_other"], row["difference"]) == pytest.approx((60, 45, 30, 30))
    assert row["index"] == pytest.approx(100 * 60 / 45)
    se = 100 * np.sqrt((0.6 * 0.4 + 0.3 * 0.7) / 99)  # two samples of 100, n - 1 … of the whole: 200 / 199 of it
    assert row["difference_high"] - 30 == pytest.approx(stats.t.ppf(0.975, 199) * se, rel=0.01)
    low, high = stats.binomtest(60, 100).proportion_ci(method="wilson")
    assert (row["low"], row["high"]) == pytest.approx((100 * low, 100 * high), rel=5e-3)
    assert (row["n"], row["n_other"], row["n_total"], row["n_group"]) == (100, 100, 200, 100)
    assert (row["kind"], row["base"], row["unit"], row["other"]) == ("other", "all", "percent", "the rest")


def test_shares_add_up_and_index_weighs_back_to_a_hundred(profiles):
    """Shares of one answer each add up to 100; the index of all groups, weighed by their size, is 100."""
    rows = profiles["full"]
    single = rows[rows["name"].isin(["age_band", "payment", "priority"])]
    assert single.groupby(["group", "name"])["share"].sum().to_numpy() == pytest.approx(100)
    assert single.groupby(["group", "name"])["difference"].sum().to_numpy() == pytest.approx(0, abs=1e-9)
    mean = rows.assign(x=rows["index"] * rows["n_weighted"]).groupby(["name", "answer"])[["x", "n_weighted"]].sum()
    assert (mean["x"] / mean["n_weighted"]).to_numpy() == pytest.approx(100)


def test_numbers_have_a_mean_with_a_t_interval(survey):
    """scipy's t interval, and an index of means."""
    frame = survey[survey["band"].notna()]
    rows = profile(frame, "band", ["spend"]).set_index("group")
    mine = frame.loc[frame["band"] == "Promoters", "spend"].dropna()
    row = rows.loc["Promoters"]
    low, high = stats.t.interval(0.95, len(mine) - 1, mine.mean(), stats.sem(mine))
    assert (row["share"], row["index"]) == pytest.approx((mine.mean(), 100 * mine.mean() / frame["spend"].mean()))
    assert (row["low"], row["high"]) == pytest.approx((low, high), rel=1e-3)
    assert (row["answer"], row["unit"]) == ("Mean", "score")


def test_flags_have_the_share_of_one(customers):
    rows = profile(customers, "stayed", ["recontact"]).set_index("group")
    wanted = 100 * customers.groupby("stayed")["recontact"].mean()
    assert rows["share"].to_dict() == pytest.approx(wanted.to_dict())
    assert rows["answer"].tolist() == ["1", "1"]


# -- tests and their correction ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("correction", "method"), [("holm", "holm"), ("bh", "fdr_bh")])
def test_correction_is_over_the_rows_of_a_group(survey, correction, method):
    """statsmodels' multipletests, without the rows that formed the groups."""
    rows = profile(survey, "band", ATTRIBUTES, formed_by=["payment"], correction=correction, **FULL)
    for _, mine in rows[rows["p"].notna()].groupby("group"):
        assert mine["p_corrected"].to_numpy() == pytest.approx(multipletests(mine["p"], method=method)[1], rel=1e-10)
    assert rows["method"].str.endswith("Holm" if correction == "holm" else "Hochberg")[rows["p"].notna()].all()


def test_what_formed_the_groups_is_shown_and_not_tested(survey):
    """Other p values are corrected for fewer tests, and the share and difference stay."""
    plain = profile(survey, "band", ATTRIBUTES, **FULL)
    rows = profile(survey, "band", [*ATTRIBUTES, "band"], formed_by=["payment", "touchpoints.web"], **FULL)
    formed = rows["formed"]
    assert set(rows.loc[formed, "name"] + "." + rows.loc[formed, "answer"]) > {"touchpoints.web", "payment.Cash"}
    assert not rows.loc[rows["answer"] == "app", "formed"].any()
    assert rows.loc[rows["name"] == "band", "formed"].all()
    assert rows.loc[formed, ["p", "p_corrected"]].isna().all(axis=None)
    assert rows.loc[formed, "method"].str.contains("formed the groups: not tested").all()
    same = rows["name"] != "band"
    for column in ("share", "difference", "index"):
        assert rows.loc[same, column].tolist() == pytest.approx(plain[column].tolist(), nan_ok=True)
    both = rows[same].reset_index(drop=True)
    kept = both["p"].notna()
    assert both.loc[kept, "p"].tolist() == pytest.approx(plain.loc[kept, "p"].tolist())
    assert (both.loc[kept, "p_corrected"] <= plain.loc[kept, "p_corrected"]).all()


def test_groups_alike_are_seldom_told_apart():
    """Known truth: no group differs. After Holm's correction one table of twenty has a mark, give or take."""
    rng, marked, covered, tables = np.random.default_rng(4), 0, [], 50
    for _ in range(tables):
        frame = pd.DataFrame(rng.choice(list("xyz"), (400, 4), p=[0.6, 0.3, 0.1]), columns=list("abcd"))
        rows = profile(frame.assign(who=rng.choice(["one", "two"], 400, p=[0.25, 0.75])), "who", list("abcd"))
        one = rows[rows["group"] == "one"]
        marked += (one["p_corrected"] < 0.05).any()
        shown = one.dropna(subset=["index_low"])  # rare answers are hidden
        covered += ((shown["index_low"] < 100) & (shown["index_high"] > 100)).tolist()
    assert marked <= stats.binom.ppf(0.999, tables, 0.05)
    assert 0.925 < np.mean(covered) < 0.975


def test_personas_have_the_marks_they_were_drawn_with(demo):
    """data/demo/population.py: a persona's marks have given shares; the sample's deviate as their errors say."""
    who = pd.read_csv(ROOT / "data/demo/personas.csv").set_index("id")["persona"]
    frame = demo.survey.assign(persona=demo.survey["respondent"].map(who))
    rows = profile(frame, "persona", list(world.MARKS), **FULL)
    z = []
    for name, (codes, shares) in world.MARKS.items():
        words = frame[name].cat.categories
        assert len(words) == len(codes)
        for persona, truth in zip(world.PERSONAS, np.array(shares), strict=True):
            mine = rows[(rows["group"] == persona) & (rows["name"] == name)].set_index("answer").loc[list(words)]
            z += ((mine["share"] - 100 * truth / truth.sum()) / mine["se"]).tolist()
    assert len(z) > 30
    assert np.abs(z).max() < 4
    assert 0.5 < np.mean(np.square(z)) < 1.7


# -- bases, privacy ----------------------------------------------------------------------------------------------------


def test_routed_questions_have_their_own_base(customers):
    words = {"industry": "businesses", "company_size": "businesses"}
    rows = profile(customers, "stayed", ["channel", "industry", "company_size"], bases=words)
    asked = customers["industry"].notna()
    for group, mine in rows.groupby("group"):
        inside = customers["stayed"] == group
        routed = mine[mine["name"] != "channel"]
        assert set(routed["n"]) == {(inside & asked).sum()}
        assert set(mine["n_group"]) == {inside.sum()}
        assert set(routed["base"]) == {"businesses"}
        assert set(mine.loc[mine["name"] == "channel", "base"]) == {"all"}
        shares = customers.loc[inside & asked, "industry"].value_counts(normalize=True) * 100
        found = mine[mine["name"] == "industry"].set_index("answer")["share"]
        assert found.to_dict() == pytest.approx(shares.to_dict())


def test_respondents_without_a_group_or_an_answer_are_left_out():
    frame = pd.concat([crowd(HALVES), pd.DataFrame({"who": [None] * 50, "pays": ["cash"] * 50})])
    frame = pd.concat([frame, pd.DataFrame({"who": ["a"] * 7, "pays": [None] * 7})])
    rows = profile(frame, "who", ["pays"]).set_index(["group", "answer"])
    row = rows.loc[("a", "cash")]
    assert (row["total"], row["n"], row["n_total"], row["n_group"]) == (pytest.approx(45), 100, 200, 107)


def test_under_the_minimum_base_stands_nothing_but_the_base():
    counts = HALVES | {("c", "cash"): 10, ("c", "card"): 9}
    rows = profile(crowd(counts), "who", ["pays"]).set_index(["group", "answer"])
    small = rows.loc["c"]
    numbers = ["share", "low", "high", "se", "total", "index", "difference", "p", "p_corrected", "n_effective"]
    assert small[numbers].isna().all(axis=None)
    assert small["n"].tolist() == [19, 19]
    assert not small["hidden"].any()
    assert rows.loc["a", numbers].notna().all(axis=None)
    against = profile(crowd(counts), "who", ["pays"], against="c").set_index(["group", "answer"])
    assert against.loc["a", ["share", "total", "index"]].notna().all(axis=None)
    assert against.loc["a", ["difference", "share_other", "p"]].isna().all(axis=None)
    assert against.loc["c", "other"].tolist() == ["", ""]


def test_an_answer_of_a_few_people_is_hidden():
    """3 of 103 pay by voucher: their row, and the next rarest, which would give it away, have only bases."""
    counts = {("a", "cash"): 60, ("a", "card"): 40, ("a", "voucher"): 3, ("b", "cash"): 30, ("b", "card"): 60}
    rows = profile(crowd(counts | {("b", "voucher"): 20}), "who", ["pays"]).set_index(["group", "answer"])
    mine, theirs = rows.loc["a"], rows.loc["b"]
    assert mine["hidden"].to_dict() == {"card": True, "cash": False, "voucher": True}
    assert (
        mine.loc[["card", "voucher"], ["share", "low", "high", "total", "index", "difference", "p"]]
        .isna()
        .all(axis=None)
    )
    assert mine["n"].tolist() == [103] * 3
    assert mine.loc["voucher", "method"].endswith("hidden: fewer than 5 people")
    # The other group's share is its own, but neither total nor difference tells of the few.
    assert theirs["share"].notna().all()
    assert not theirs["hidden"].any()
    assert theirs.loc[["card", "voucher"], ["total", "index", "share_other", "difference", "p"]].isna().all(axis=None)
    assert theirs.loc["cash", ["total", "index", "difference", "p"]].notna().all()


@pytest.mark.parametrize(("people", "hidden"), [(0, False), (1, True), (4, True), (5, False), (95, False), (96, True)])
def test_options_hide_few_who_chose_and_few_who_did_not(people, hidden):
    frame = pd.DataFrame(
        {"who": ["a"] * 100 + ["b"] * 100, "uses.app": [1] * people + [0] * (100 - people) + [0, 1] * 50}
    )
    row = profile(frame, "who", ["uses"]).set_index("group").loc["a"]
    assert row["hidden"] == hidden
    assert np.isnan(row["share"]) == hidden


def test_a_mean_of_a_few_people_is_hidden_whatever_the_minimum_base():
    frame = pd.DataFrame({"who": ["a"] * 4 + ["b"] * 50, "spend": np.arange(54.0)})
    rows = profile(frame, "who", ["spend"], minimum_base=2).set_index("group")
    assert rows["hidden"].to_dict() == {"a": True, "b": False}
    assert rows.loc["b", ["share", "total", "difference"]].notna().tolist() == [True, False, False]


def test_nobody_chose_it_is_a_number():
    counts = HALVES | {("b", "voucher"): 20}
    row = profile(crowd(counts), "who", ["pays"]).set_index(["group", "answer"]).loc[("a", "voucher")]
    assert (row["share"], row["index"], row["low"]) == (0, 0, 0)
    assert row["high"] > 1
    assert np.isnan(row["index_high"])


# -- form and faults ---------------------------------------------------------------------------------------------------


def test_what_everybody_is_is_100_percent_and_no_more():
    """Weights that add up to 1 but for rounding must not: a card takes no share above 100."""
    for seed in range(30):
        draw = np.random.default_rng(seed)
        frame = pd.DataFrame(
            {"group": draw.choice(list("abcd"), 90), "city": "Hanoi", "weight": draw.uniform(1, 3, 90)}
        )
        rows = profile(frame, "group", ["city"], weights="weight", minimum_base=2)
        assert set(rows["share"]) == set(rows["total"]) == {100.0}, seed


def test_order_labels_and_kinds(survey):
    labels = {"payment": "Thanh toán", "touchpoints": "Điểm chạm", "touchpoints.web": "Trang web"}
    kinds = {"payment": "behavioural", "touchpoints.web": "behavioural", "age_band": "demographic"}
    rows = profile(survey, "band", ["payment", "touchpoints.web", "age_band"], labels=labels, kinds=kinds, **FULL)
    assert list(dict.fromkeys(rows["group"])) == ["Detractors", "Passives", "Promoters"]
    assert list(dict.fromkeys(zip(rows["attribute"], rows["kind"], strict=True))) == [
        ("Thanh toán", "behavioural"), ("Điểm chạm", "behavioural"), ("age_band", "demographic"),
    ]  # fmt: skip
    mine = rows[rows["group"] == "Passives"]
    assert mine["answer"].tolist()[:5] == ["Cash", "Card", "E-wallet", "Bank transfer", "Trang web"]


def test_rows_and_weights_do_not_depend_on_order_or_scale(survey):
    """Algebra: shuffled rows and weights times 7 are the same sample; n_weighted alone follows."""
    rows = profile(survey, "band", ATTRIBUTES, **FULL)
    other = survey.sample(frac=1, random_state=1).assign(weight=lambda f: 7 * f["weight"])
    again = profile(other, "band", ATTRIBUTES, **FULL)
    for name in ("share", "low", "index_high", "difference", "p_corrected"):
        assert again[name].tolist() == pytest.approx(rows[name].tolist(), rel=1e-9, nan_ok=True)
    assert again["n_weighted"].tolist() == pytest.approx((7 * rows["n_weighted"]).tolist())


def test_one_group_alone_is_all_there_is():
    rows = profile(crowd(HALVES).assign(who="all"), "who", ["pays"]).set_index("answer")
    row = rows.loc["cash"]
    assert (row["share"], row["index"], row["index_low"], row["index_high"]) == pytest.approx((45, 100, 100, 100))
    assert np.isnan(row["difference"])
    assert row["other"] == ""


def test_the_frame_is_left_as_it_was(survey):
    before = survey.copy()
    profile(survey, "band", ["payment", "touchpoints"], **FULL)
    pd.testing.assert_frame_equal(survey, before)


def broken(**columns) -> pd.DataFrame:
    return crowd(HALVES).assign(**columns)


FAULTS = [
    (crowd(HALVES), {"attributes": []}, "a profile needs at least one attribute"),
    (crowd(HALVES), {"attributes": ["pay"]}, "there is no question pay in the table; did you mean pays?"),
    (crowd(HALVES), {"group": "whom"}, "there is no column whom in the table; did you mean who?"),
    (crowd(HALVES), {"against": "A"}, "there is no group A of who to compare with; did you mean a?"),
    (crowd(HALVES), {"kinds": {"pays": "behavioral"}},
     "kinds of attributes are demographic, geographic, psychographic, behavioural, firmographic, role, channel, other; "
     "pays is called behavioral; did you mean behavioural?"),
    (crowd(HALVES), {"formed_by": ["pay"]}, "formed_by names columns of the table; pay is not one; did you mean pays?"),
    (crowd(HALVES), {"correction": "bonferroni"}, "correction is one of holm, bh, none; found bonferroni"),
    (crowd(HALVES), {"confidence": 95}, "confidence lies between 0 and 1, e.g. 0.95; found 95"),
    (crowd(HALVES), {"attributes": ["pays", "pays"]},
     "an attribute stands in a profile once; pays is named twice, or with its question"),
    (broken(id=[f"R{i:03}" for i in range(200)]), {"attributes": ["id"]},
     "an attribute has at most 52 answers (bands of it may serve, an identifier not); id has 200, e.g. R000"),
    (broken(who=range(200)), {}, "a profile has at most 52 groups; who has 200, e.g. 0"),
    (broken(who=None), {}, "a profile needs at least one group; nobody is in one of who"),
    (broken(pays=None), {}, "nobody answered pays; a question without answers has no place in a banner"),
    (broken(pays=pd.Categorical([None] * 200, ["cash"])), {},
     "nobody answered pays; an attribute without answers has no place in a profile"),
    (broken(pays=[1.5, np.inf] * 100), {}, "numbers must lie within 1e+100 of 0; 100 are not, e.g. inf (column pays)"),
    (broken(pays=["cash", 2] * 100), {},
     "answers are text or something else, not both; column pays holds 'cash' and more"),
    (broken(**{"uses.app": [1.0, 2.0] * 100}), {"attributes": ["uses"]},
     "options of a question are 1 (chosen) or 0; 100 are not, e.g. 2.0 (column uses.app)"),
    (pd.concat([crowd(HALVES)] * 2, axis=1), {}, "the table has 2 columns called who; rename all but one"),
    (broken(w=0), {"weights": "w"}, "weights are 0 everywhere (200 rows, column w); one must be above 0"),
    (crowd(HALVES).iloc[:0], {}, "the table is empty: there is no row to tally (column who)"),
    (pl.DataFrame({"who": ["a"], "pays": ["cash"]}), {}, "a profile is made of a pandas frame; found DataFrame"),
]  # fmt: skip


@pytest.mark.parametrize(("frame", "call", "message"), FAULTS)
def test_a_fault_is_one_clear_sentence(frame, call, message):
    call = {"group": "who", "attributes": ["pays"]} | call
    with pytest.raises(CxError) as caught:
        profile(frame, call.pop("group"), call.pop("attributes"), **call)
    assert str(caught.value) == message


def test_speed(survey):
    """8,000 rows, some 25 attributes and 4 groups under the full design: a second or two, here with room to spare."""
    groups = pd.Series(pd.Categorical(np.resize(["a", "b", "c", "d"], len(survey))), index=survey.index)
    names = [c for c in survey if survey[c].dtype == "category" and c not in ("band", "wave")]
    names += [
        "touchpoints",
        "reasons",
        "spend",
        "age",
        "household_size",
        *[c for c in survey if c.startswith(("staff_", "support_"))],
    ]
    start = time.perf_counter()
    rows = profile(survey.assign(groups=groups), "groups", names, **FULL)
    assert len(names) >= 25
    assert len(rows) > 250
    assert time.perf_counter() - start < 10
