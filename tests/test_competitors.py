"""Own scores against competitors'.

Oracles: truth.yml of the demo, hand calculations, Welch's test and Holm's correction of statsmodels, the paired t test
of SciPy, and compare.changes(), which tests hold against R's survey package.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW
from test_benchmark import PUBLISHED, SURVEY, TOP, own_csv, published
from test_charts import texts

from cxlib import CxError, Study, competitors, survey
from cxlib.charts.competitors import rival_gaps, rivals
from cxlib.compare import changes as own_changes
from cxlib.sentences import competitors as say

ROOT = Path(__file__).resolve().parent.parent
TRUTH = yaml.safe_load((ROOT / "data/demo/truth.yml").read_text(encoding="utf-8"))
WAVES = ["2025-H1", "2025-H2", "2026-H1", "2026-H2"]
QUESTION = {"nps": "recommend", "csat": "satisfaction", "ces": "ease"}


@pytest.fixture(scope="module")
def demo() -> Study:
    return Study.load(ROOT / "data/demo")


@pytest.fixture(scope="module")
def found(demo):
    return competitors.standing(demo), competitors.gaps(demo), competitors.changes(demo)


def truth_of(company: str, metric: str, wave: str) -> float:
    if company == "Sao Mai Retail":
        return TRUTH["metrics"][metric]["wave"][wave]
    return TRUTH["competitors"][company][metric][WAVES.index(wave)]


# -- the demo against its truth ------------------------------------------------------------------------------------


def test_every_standing_recovers_the_truth(found):
    rows = found[0]
    assert len(rows) == 3 * 4 * 4
    assert rows["own"].sum() == 3 * 4
    z = [(row.estimate - truth_of(row.company, row.name, row.wave)) / row.se for row in rows.itertuples(index=False)]
    assert np.abs(z).max() < 3.5
    assert 0.5 < np.mean(np.square(z)) < 1.8
    inside = [row.low <= truth_of(row.company, row.name, row.wave) <= row.high for row in rows.itertuples(index=False)]
    assert np.mean(inside) > 0.85


def test_gaps_and_relative_changes_recover_the_truth(found):
    own = "Sao Mai Retail"
    gaps, changes = found[1:]
    assert len(gaps) == 3 * 4 * 3
    z = [
        (row.estimate - truth_of(own, row.name, row.wave) + truth_of(row.rival, row.name, row.wave)) / row.se
        for row in gaps.itertuples(index=False)
    ]
    assert np.abs(z).max() < 3.5
    assert len(changes) == 3 * 4 * (3 + 2)  # metrics x (competitors and mean) x (each wave, and two from the first)
    for row in changes.itertuples(index=False):
        names = list(TRUTH["competitors"]) if row.rival == competitors.MEAN else [row.rival]
        own_moved = truth_of(own, row.name, row.wave) - truth_of(own, row.name, row.before)
        theirs = np.mean([truth_of(n, row.name, row.wave) - truth_of(n, row.name, row.before) for n in names])
        assert abs(row.estimate - (own_moved - theirs)) < 3.5 * row.se, row


def test_standing_of_our_own_is_the_survey_s(demo, found):
    ours = found[0][found[0]["own"]].set_index(["name", "wave"])
    wanted = survey.by_wave(demo).set_index(["name", "wave"])
    for column in ("estimate", "low", "high", "se", "n", "n_effective"):
        pd.testing.assert_series_equal(ours[column], wanted[column].loc[ours.index], check_names=False)


def test_relative_change_keeps_the_covariance_of_our_waves(demo, found):
    """Oracle: the variance of our own change by compare.changes() (R svycontrast), and that of the published scores."""
    standing, _, changes = found
    se = standing.set_index(["name", "company", "wave"])["se"]
    for name in ("nps", "ces"):
        own = own_changes(demo.survey, demo.metric(QUESTION[name]), over="wave", question=QUESTION[name], **demo.design)
        own = own.set_index("after").loc["2026-H1"]
        rows = changes[(changes["name"] == name) & (changes["wave"] == "2026-H1") & (changes["span"] == "wave")]
        theirs = {r: se[name, r, "2025-H2"] ** 2 + se[name, r, "2026-H1"] ** 2 for r in TRUTH["competitors"]}
        wanted = theirs | {competitors.MEAN: sum(theirs.values()) / 9}
        for row in rows.itertuples():
            assert row.se**2 == pytest.approx(own["se"] ** 2 + wanted[row.rival], rel=1e-9)
            assert row.ours == pytest.approx(own["estimate"])
        mean = rows.set_index("rival")["estimate"]
        assert mean[competitors.MEAN] == pytest.approx(mean[list(theirs)].mean())


def test_p_values_are_corrected_within_metric_and_wave(found):
    """Oracle: statsmodels multipletests(method="holm"), which is slow: the last wave only."""
    gaps, changes = found[1], found[2]
    mean = changes["rival"] == competitors.MEAN
    np.testing.assert_array_equal(changes.loc[mean, "p"], changes.loc[mean, "p_adjusted"])
    families = [gaps.groupby(["name", "wave"]), changes[~mean].groupby(["name", "wave", "span"])]
    for (_, wave, *_), part in (item for groups in families for item in groups):
        if wave == "2026-H2":
            np.testing.assert_allclose(part["p_adjusted"], multipletests(part["p"], method="holm")[1])
    assert (gaps["p_adjusted"] >= gaps["p"]).all()


# -- published scores: the tiny studies of test_benchmark --------------------------------------------------------------


@pytest.fixture
def study(load):
    """study(row, …): the tiny survey of two waves with these published scores (brand,wave,metric,score,n,se)."""
    return lambda *rows: load("tables:" + SURVEY + PUBLISHED, published(*rows), top=TOP)


def test_small_bases_and_waves_of_one_side_only(study):
    s = study("A,1,nps,40,29,", "B,1,nps,40,30,", "B,2,nps,38,30,")
    gaps = competitors.gaps(s).set_index(["wave", "rival"])
    assert np.isnan(gaps.loc[("1", "A"), ["estimate", "low", "p", "p_adjusted"]].astype(float)).all()
    assert gaps.loc[("1", "A"), "verdict"] == "unknown"
    assert gaps.loc[("1", "B"), "p_adjusted"] == gaps.loc[("1", "B"), "p"]
    assert competitors.changes(s)["rival"].tolist() == ["B"]
    assert "There is no NPS in wave 2 of A." in say.basis(s, competitors.standing(s), "2").values()


def test_a_wave_missing_in_the_benchmark(study):
    """Named: an error. Not named: the last wave that both have, and a sentence that says which is missing."""
    s = study("A,1,nps,30,100,")
    with pytest.raises(CxError, match="the benchmark has no wave 2; it can be compared in 1"):
        competitors.chosen_wave(s, "2")
    assert competitors.chosen_wave(s) == "1"
    told = say.basis(s, competitors.standing(s), "1")["competitors_waves"]
    assert told == "The benchmark has nothing for wave 2; the comparison is made in wave 1."


# -- answers of competitors' customers -----------------------------------------------------------------------------

ANSWERS = (
    "  benchmark: {file: b.csv, competitor: brand, wave: wave, questions: {ease: {role: metric, metric: ces}, "
    "nps_question: {role: metric, metric: nps}}}\n"
)


@pytest.fixture
def answered(load):
    rng = np.random.default_rng(5)
    own = pd.DataFrame({"wave": np.repeat([1, 2], 60), "recommend": rng.integers(0, 11, 120)})
    own = own.assign(satisfaction=4, ease=rng.integers(3, 8, 120)).astype("Int64")
    own.loc[[3, 70], "ease"] = pd.NA
    rival = pd.DataFrame({"brand": np.repeat(["A", "B"], 100), "wave": np.tile(np.repeat([1, 2], 50), 2)})
    rival = rival.assign(ease=rng.integers(1, 8, 200), nps_question=rng.integers(0, 11, 200))
    files = {"own.csv": own.to_csv(index=False), "b.csv": rival.to_csv(index=False)}
    return load("tables:" + SURVEY + ANSWERS, files, top=TOP), own, rival


def test_gaps_of_answers_are_welch_s_test(answered):
    """Oracle: statsmodels CompareMeans(usevar="unequal") on the scores -100, 0, 100."""
    study, own, rival = answered
    gaps = competitors.gaps(study).set_index(["name", "wave", "rival"])
    assert set(gaps.index.get_level_values("name")) == {"nps", "ces"}

    def scored(x):
        return 100.0 * (x >= 9) - 100.0 * (x <= 6)

    for wave in (1, 2):
        # Answers not given stay in the stratum; the complete wave of each gives Welch's numbers to the last digit.
        x = own.loc[own["wave"] == wave]
        y = rival[(rival["wave"] == wave) & (rival["brand"] == "B")]
        both = scored(x["recommend"].astype(float)), scored(y["nps_question"].astype(float))
        welch = CompareMeans(*(DescrStatsW(part.to_numpy()) for part in both))
        t, p, df = welch.ttest_ind(usevar="unequal")
        row = gaps.loc[("nps", str(wave), "B")]
        np.testing.assert_allclose(row[["t", "p", "df"]].astype(float), [t, p, df], rtol=1e-9)
        low, high = welch.tconfint_diff(usevar="unequal")
        np.testing.assert_allclose(row[["low", "high"]].astype(float), [low, high], rtol=1e-9)
        blank = gaps.loc[("ces", str(wave), "A")]
        wanted = x["ease"].mean() - rival.loc[(rival["wave"] == wave) & (rival["brand"] == "A"), "ease"].mean()
        assert blank["estimate"] == pytest.approx(wanted)


def test_relative_change_of_answers_by_hand(answered):
    study, own, rival = answered
    row = competitors.changes(study).set_index(["name", "rival"]).loc[("ces", competitors.MEAN)]
    cells = [own.loc[own["wave"] == w, "ease"].dropna().astype(float) for w in (1, 2)]
    theirs = {
        (b, w): rival.loc[(rival["wave"] == w) & (rival["brand"] == b), "ease"] for b in "AB" for w in (1, 2)
    }  # fmt: skip
    change = cells[1].mean() - cells[0].mean()
    change -= np.mean([theirs[b, 2].mean() - theirs[b, 1].mean() for b in "AB"])
    assert row["estimate"] == pytest.approx(change)
    variance = sum(x.var() / len(x) for x in cells) + sum(x.var() / len(x) for x in theirs.values()) / 4
    assert row["se"] ** 2 == pytest.approx(variance, rel=0.005)  # the two blanks stay in their strata


# -- mystery shopping ----------------------------------------------------------------------------------------------

VISITS = """
  benchmark:
    file: b.csv
    competitor: shop
    wave: quarter
    {more}
    questions:
      greeted: {{role: driver, scale: [0, 1]}}
      clean: {{role: driver, scale: [0, 1], missing: [9]}}
      queue: {{role: driver, scale: [0, 1]}}
      taste: {{role: driver, scale: [1, 5]}}
"""


@pytest.fixture
def visits():
    """40 shoppers, each of whom visits us and a competitor once in each of two quarters."""
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        [(q, f"M{i}", shop) for q in ("Q1", "Q2") for i in range(40) for shop in ("Us", "Them")],
        columns=["quarter", "shopper", "shop"],
    )
    kind = np.repeat(rng.random(80), 2)
    for item in ("greeted", "clean", "queue"):
        frame[item] = (rng.random(160) < 0.2 + 0.6 * kind).astype(int)
    frame.loc[4, "clean"] = 9
    frame.loc[6, ["greeted", "clean", "queue"]] = 0
    return frame.assign(taste=3)


@pytest.fixture
def mystery(load, visits):
    def make(more="", client="Us"):
        files = {"own.csv": own_csv(), "b.csv": visits.to_csv(index=False)}
        top = TOP.replace("client: Us\n", f"client: {client}\n" if client else "")
        return load("tables:" + SURVEY + VISITS.format(more=more), files, top=top)

    return make


def test_a_visit_scores_the_share_of_its_items_that_were_passed(mystery, visits):
    rows = competitors.standing(mystery()).set_index(["company", "wave"])
    items = visits[["greeted", "clean", "queue"]].replace(9, np.nan)
    by_hand = (100 * items.mean(axis=1)).groupby([visits["shop"], visits["quarter"]]).agg(["mean", "sem", "size"])
    for (shop, quarter), wanted in by_hand.iterrows():
        row = rows.loc[(shop, quarter)]
        np.testing.assert_allclose(row[["estimate", "se", "n"]].astype(float), wanted)
    assert rows.loc[("Us", "Q1"), "own"]
    assert rows["low"].ge(0).all()


def test_a_shopper_who_visits_both_makes_the_gap_a_paired_test(mystery, visits):
    """Oracle: scipy.stats.ttest_rel; without the shopper as cluster, Welch's test."""
    score = visits[["greeted", "clean", "queue"]].replace(9, np.nan).mean(axis=1) * 100
    wide = visits.assign(score=score).pivot(index=["quarter", "shopper"], columns="shop", values="score").loc["Q2"]
    paired = stats.ttest_rel(wide["Us"], wide["Them"])
    row = competitors.gaps(mystery("cluster: shopper")).set_index("wave").loc["Q2"]
    np.testing.assert_allclose(
        row[["t", "p", "df"]].astype(float), [paired.statistic, paired.pvalue, paired.df], rtol=1e-9
    )
    welch = stats.ttest_ind(wide["Us"], wide["Them"], equal_var=False)
    plain = competitors.gaps(mystery()).set_index("wave").loc["Q2"]
    # One sample of visits, so that degrees of freedom are those of the whole.
    assert plain["t"] == pytest.approx(welch.statistic)
    assert plain["df"] == 78


def test_our_own_name_on_the_checklists(mystery):
    named = competitors.standing(mystery("own: US", client="Acme"))
    assert set(named.loc[named["own"], "company"]) == {"Acme"}
    s = mystery(client="Somebody else")
    rows = competitors.standing(s)
    assert not rows["own"].any()
    assert competitors.gaps(s).empty
    assert "no visit to our own company" in say.basis(s, rows, "Q2")["competitors_own"]
    with pytest.raises(CxError, match=r"`own: Uss` names no competitor of the benchmark; did you mean Us\?"):
        competitors.standing(mystery("own: Uss"))


# -- sentences and charts ------------------------------------------------------------------------------------------


def test_the_early_warning(study):
    s = study("A,1,csat,60,2000,", "A,2,csat,95,2000,", "B,1,csat,60,2000,", "B,2,csat,60,2000,")
    changes = competitors.changes(s)
    told = say.warnings(s, changes[changes["wave"] == "2"], confidence=0.95)["csat_relative"]
    assert told.startswith(
        "Early warning: from wave 1 to wave 2 CSAT of Us changed by 0.00 percentage points and that of the mean of 2 "
        "competitors by +17.50 percentage points; the relative change of −17.50 percentage points is "
    ) or told.startswith("Possible early warning: ")
    assert " A gained 35.00 percentage points on us, more than chance explains (p < 0.0001)." in told
    gaps = competitors.gaps(s)
    told = say.gaps(s, gaps[gaps["wave"] == "2"], confidence=0.95)["csat_gap"]
    assert told.startswith(
        "CSAT of Us in wave 2, 70.0%: 25.00 percentage points behind A is more than chance explains "
    )


def test_no_warning_says_what_it_does_not_rule_out(study):
    s = study("A,1,nps,30,100,", "A,2,nps,31,100,")
    row = competitors.changes(s).iloc[0]
    told = say.warnings(s, competitors.changes(s), confidence=0.95)["nps_relative"]
    assert told.startswith(
        "No warning: from wave 1 to wave 2 NPS of Us changed by 0.00 points and that of A by +1.00 points"
    )
    assert told.endswith(f"A relative fall of up to {-row['low']:.2f} points is not ruled out.")


def test_sentences_name_what_rests_on_the_spread_and_the_mode(demo, found):
    now = found[1][found[1]["wave"] == "2026-H2"]
    flips = now[(now["p_adjusted"] < 0.1) & (now["p_widest"] > 0.1)]
    told = say.gaps(demo, now, confidence=0.95)["gaps_assumed"]
    assert len(flips)
    assert all(f"{row.label} against {row.rival}" in told for row in flips.itertuples())
    online = found[2][found[2]["wave"] == "2025-H2"]
    assert (
        "mode of interview changed from in_shop to online"
        in say.warnings(demo, online, confidence=0.95)["nps_relative"]
    )


def test_nothing_is_compared_across_a_break_of_the_question(load):
    table = SURVEY.replace("metric: nps}", "metric: nps, breaks: {2: Asked by phone}}")
    rows = ["A,1,nps,30,100,", "A,2,nps,31,100,", "A,3,nps,32,100,", "A,1,csat,60,100,", "A,3,csat,70,100,"]
    s = load("tables:" + table + PUBLISHED, published(*rows) | {"own.csv": own_csv("123")}, top=TOP)
    changes = competitors.changes(s)
    found = list(changes[["name", "before", "wave", "span"]].itertuples(index=False, name=None))
    assert found == [("nps", "2", "3", "wave"), ("csat", "1", "3", "wave")]
    standing = competitors.standing(s)
    axis = rivals(standing, order=s.waves, breaks=survey.all_breaks(s)).axes[0]
    (ours,) = [line for line in axis.lines if line.get_linewidth() == 2.6]
    np.testing.assert_array_equal(ours.get_ydata(), [30, np.nan, 30, 30])


def test_a_competitor_on_a_small_base_is_not_in_the_mean(study):
    rows = [f"{brand},{wave},nps,{score},{n}," for brand, n in (("A", 200), ("B", 300), ("C", 20))
            for wave, score in (("1", 10), ("2", 12))]  # fmt: skip
    changes = competitors.changes(study(*rows)).set_index("rival")
    assert changes.loc[competitors.MEAN, "estimate"] == pytest.approx(-2)
    assert changes.loc[competitors.MEAN, "n"] == 100
    assert np.isnan(changes.loc["C", "estimate"])


def test_studies_without_a_benchmark_have_nothing_to_tell(load):
    s = load("tables:" + SURVEY, {"own.csv": own_csv()}, top=TOP)
    assert competitors.chosen_wave(s, "2") == ""
    standing, gaps, changes = (make(s) for make in (competitors.standing, competitors.gaps, competitors.changes))
    assert standing.empty
    assert gaps.empty
    assert changes.empty
    assert say.basis(s, standing, "") == {"no_competitors": say.NONE}
    assert say.gaps(s, gaps, confidence=0.95) == {}
    assert say.warnings(s, changes, confidence=0.95) == {}
    assert rivals(standing, order=s.waves) is None
    assert rival_gaps(gaps) is None


def test_a_study_without_waves(load):
    own = "recommend\n" + "9\n" * 50 + "0\n" * 50
    table = (
        "tables:\n  survey: {file: own.csv, questions: {recommend: {role: metric, metric: nps}}}\n"
        "  benchmark: {file: b.csv, competitor: brand, metric: metric, score: score, n: n}\n"
    )
    s = load(table, {"own.csv": own, "b.csv": "brand,metric,score,n\nA,recommend,50,100"}, top=TOP)
    assert competitors.chosen_wave(s) == ""
    gaps = competitors.gaps(s)
    assert gaps[["wave", "rival", "estimate"]].to_numpy().tolist() == [["", "A", -50.0]]
    assert say.gaps(s, gaps, confidence=0.95)["nps_gap"].startswith("NPS of Us, 0.0: 50.00 points behind A is ")
    changes = competitors.changes(s)
    assert list(say.warnings(s, changes, confidence=0.95)) == ["no_relative_change"]


def drawn(found) -> dict:
    """The charts on the demo, and on many competitors with long names of which one has no score."""
    names = ["Công ty Cổ phần Bán lẻ Hoa Mai Trắng", "Giao Nhanh 24", "Chợ", "Big Mart International", "Xanh", "Us"]
    rng = np.random.default_rng(1)
    rows = pd.DataFrame([(w, n) for n in names for w in ("1", "2")], columns=["wave", "company"])
    rows = rows.assign(name="nps", label="NPS", unit="points", own=rows["company"] == "Us")
    rows["estimate"] = 30 + rng.normal(size=len(rows))
    rows = rows.assign(low=rows["estimate"] - 6, high=rows["estimate"] + 6)
    gaps = rows[(rows["wave"] == "2") & ~rows["own"]].rename(columns={"company": "rival"}).assign(n=12)
    gaps["verdict"] = ["clear", "borderline", "none", "none", "unknown"]
    gaps.loc[gaps["verdict"] == "unknown", ["estimate", "low", "high"]] = np.nan
    now = found[1][found[1]["wave"] == "2026-H2"]
    return {
        "lines": rivals(found[0], order=WAVES),
        "many lines": rivals(rows, order=["1", "2"]),
        "gaps": rival_gaps(now),
        "many gaps": rival_gaps(gaps),
    }


def test_no_text_of_the_charts_is_cut_or_covered(found):
    for name, figure in drawn(found).items():
        width, height = figure.get_size_inches() * figure.dpi
        shown = texts(figure)
        for text, box in shown:
            assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1, (name, text)  # noqa: PT018
        for i, (one, a) in enumerate(shown):
            for other, b in shown[i + 1 :]:
                wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
                assert wide <= 1 or high <= 1, (name, one, other)


def test_lines_and_dots_stand_at_their_numbers(found):
    lines = drawn(found)
    values = found[0][(found[0]["name"] == "nps") & found[0]["own"]]["estimate"]
    thick = [line for line in lines["lines"].axes[0].lines if line.get_linewidth() > 2 and line.get_marker() == "None"]
    np.testing.assert_allclose(thick[0].get_ydata(), values)
    styles = {str(line.get_linestyle()) + str(line._dash_pattern) for line in lines["lines"].axes[0].lines}
    assert len(styles) >= 4, "our line and three competitors differ without colour"
    dots = [line for line in lines["gaps"].axes[0].lines if line.get_marker() in ("o", "s")]
    now = found[1][(found[1]["wave"] == "2026-H2") & (found[1]["name"] == "nps")]
    np.testing.assert_allclose([dot.get_xdata()[0] for dot in dots], now["estimate"])
    assert {dot.get_fillstyle() for dot in dots} == {"left"}, "all three are borderline"
    assert "** base 12" in [text.get_text() for text in lines["many gaps"].axes[0].texts]
