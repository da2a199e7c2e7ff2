"""The benchmark table: published scores made into tallies, and every form of it that is refused.

Oracle: hand calculations.
"""

import numpy as np
import pytest
from scipy import stats

from cxlib import CxError, competitors
from cxlib.sentences import competitors as say

SURVEY = """
  survey:
    file: own.csv
    wave: wave
    questions:
      recommend: {role: metric, metric: nps}
      satisfaction: {role: metric, metric: csat}
      ease: {role: metric, metric: ces}
"""
PUBLISHED = "  benchmark: {file: b.csv, competitor: brand, wave: wave, metric: metric, score: score, n: n, se: se}\n"
TOP = "study: tiny\ntitle: Tiny\nclient: Us\nsample: probability\n"


def own_csv(waves=("1", "2")) -> str:
    """In each wave 100 answers: 50 promoters, 30 passives, 20 detractors; 70 satisfied; CES half 4 and half 6."""
    recommend, satisfaction = [9] * 50 + [7] * 30 + [0] * 20, [4] * 70 + [3] * 30
    rows = [
        f"{wave},{r},{s},{e}"
        for wave in waves
        for r, s, e in zip(recommend, satisfaction, [4, 6] * 50, strict=True)
    ]  # fmt: skip
    return "wave,recommend,satisfaction,ease\n" + "\n".join(rows)


def published(*rows: str) -> dict:
    return {"own.csv": own_csv(), "b.csv": "brand,wave,metric,score,n,se\n" + "\n".join(rows)}


@pytest.fixture
def study(load):
    """study(row, …): the tiny survey of two waves with these published scores (brand,wave,metric,score,n,se)."""
    return lambda *rows: load("tables:" + SURVEY + PUBLISHED, published(*rows), top=TOP)


def test_spread_of_published_scores_by_hand(study):
    """A share has p(1 - p); NPS and CES fill as much of the largest spread as our own answers: .61 of .91, 1 of 8."""
    rows = competitors.standing(study("A,1,nps,40,401,", "A,1,csat,80,101,", "A,1,ces,4,51,"))
    row = rows[~rows["own"]].set_index("name")
    filled = 0.61 / 0.91
    assert row.loc["csat", "se"] == pytest.approx(100 * np.sqrt(0.8 * 0.2 / 100))
    assert row.loc["nps", "se"] == pytest.approx(100 * np.sqrt(filled * (1 - 0.16) / 400))
    assert row.loc["ces", "se"] == pytest.approx(np.sqrt(1 / 8 * 9 / 50))  # (7-5)(5-1) = 8, (7-4)(4-1) = 9
    assert row["n"].tolist() == [401, 101, 51]
    np.testing.assert_allclose(row["n_effective"], [401, 101, 51])
    # Wilson of 80 in 101 by hand: (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)
    z, n, p = stats.norm.ppf(0.975), 101, 0.8
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert row.loc["csat", "low"] == pytest.approx(100 * (p + z**2 / (2 * n) - half) / (1 + z**2 / n))
    assert "answers spread as ours (67% of the largest spread)" in row.loc["nps", "method"]


def test_an_nps_never_spreads_less_than_its_score_allows(load):
    """Our answers fill 5% of the largest spread; an NPS of 50 needs at least |s|(1 - |s|) = .25 of .75."""
    own = "wave,recommend\n" + "1,9\n" * 2 + "1,7\n" * 96 + "1,0\n" * 2
    table = "tables:\n  survey: {file: own.csv, wave: wave, questions: {recommend: {role: metric, metric: nps}}}\n"
    study = load(table + PUBLISHED, {"own.csv": own, "b.csv": "brand,wave,metric,score,n,se\nA,1,nps,50,101,"}, top=TOP)
    row = competitors.standing(study).set_index("company").loc["A"]
    assert row["se"] == pytest.approx(100 * np.sqrt(0.25 / 100))


def test_p_widest_takes_the_largest_spread(study):
    gap = competitors.gaps(study("A,1,nps,10,401,", "A,1,csat,60,401,")).set_index("name")
    own = 100**2 * 0.61 / 99
    wide = 100**2 * (1 - 0.1**2) / 400
    df = (own + wide) ** 2 / (own**2 / 99 + wide**2 / 400)
    assert gap.loc["nps", "p_widest"] == pytest.approx(2 * stats.t.sf(20 / np.sqrt(own + wide), df))
    assert gap.loc["nps", "p_widest"] > gap.loc["nps", "p"]
    assert gap.loc["csat", "p_widest"] == gap.loc["csat", "p"]


def test_a_published_standard_error_overrules(study):
    rows = competitors.standing(study("A,1,nps,40,401,6", "A,2,nps,40,401,", "A,1,ces,5,51,0.3"))
    row = rows[~rows["own"]].set_index(["name", "wave"])
    assert row.loc[("nps", "1"), "se"] == pytest.approx(6)
    assert row.loc[("ces", "1"), "se"] == pytest.approx(0.3)
    plain = row.loc[("nps", "2")]
    assert row.loc[("nps", "1"), "n_effective"] == pytest.approx(401 * plain["se"] ** 2 / 36)
    assert "published standard errors where there are any" in plain["method"]


# -- faults --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["A,1,csat,4.2,100,", "A,2,csat,71,100,"],
         "benchmark: CSAT lies between 0 and 100 %, and ours is about 70; a mean of the answers 1-5 or a share of 1 is "
         "on another scale; 1 of 2 do not fit, e.g. 4.2 (A, 1, csat)"),
        (["A,1,csat,0.71,100,"], "is on another scale; 1 of 1 do not fit, e.g. 0.71 (A, 1, csat)"),
        (["A,1,nps,140,100,"],
         "benchmark: NPS lies between -100 and 100, as ours does; 1 of 1 do not fit, e.g. 140 (A, 1, nps)"),
        (["A,1,ces,71,100,"], "CES lies between 1 and 7, as ours does; 1 of 1 do not fit, e.g. 71 (A, 1, ces)"),
        (["A,1,nsp,30,100,", "A,2,nsp,30,100,"],
         "the survey does not measure nsp (2 of 2 rows); it measures nps (recommend), csat (satisfaction), ces (ease); "
         "did you mean nps?"),
        (["A,1,nps,30,,", "A,2,nps,30,0,", "B,2,nps,30,-5,", "B,1,nps,1,50,"],
         "n must be a whole number of answers, 2 or more; 3 of 4 do not fit, e.g. blank (A, 1, nps)"),
        (["A,1,nps,,100,"], "a score must not be blank; 1 of 1 do not fit, e.g. blank (A, 1, nps)"),
        (["A,1,nps,30,100,", "A,1,NPS,31,100,"],
         "a competitor has one score a wave and metric; 1 of 2 do not fit, e.g. 31 (A, 1, nps)"),
        (["us,1,nps,30,100,"],
         "us is the study's client, not a competitor (1 of 1 rows); our own scores come from the survey"),
        ([",1,nps,30,100,"], "a competitor must not be blank; 1 are, e.g. row 1"),
        (["A,1,nps,30,100,0"], "a standard error must be above 0, or blank where it is not known; 1 of 1"),
        (["A,1,nps,30,100,", "A,9,nps,30,100,"], None),
        (["A,9,nps,30,100,"], "the benchmark and the survey share no wave; the benchmark has 9, the survey 1, 2"),
    ],
)  # fmt: skip
def test_bad_scores_are_refused_in_one_sentence(study, rows, message):
    s = study(*rows)
    if message is None:
        assert "The benchmark's wave 9 is no wave" in say.basis(s, competitors.standing(s), "1")["competitors_extra"]
        return
    with pytest.raises(CxError) as caught:
        competitors.gaps(s)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("{file: b.csv, competitor: brand}", "it has none of them"),
        ("{file: b.csv, competitor: brand, wave: wave, score: score}", "which column holds: metric, n"),
        ("{file: b.csv, metric: metric, score: score, n: n, wave: wave}", "which column holds: competitor"),
        ("{file: b.csv, competitor: brand, metric: metric, questions: {score: {role: metric, metric: nps}}}",
         "it has scores and answers"),
        ("{file: b.csv, competitor: brand, metric: metric, score: score, n: n}",
         "the survey has waves and the benchmark has none; its `wave:` must name a column"),
        ("{file: b.csv, competitor: brand, own: Us, wave: wave, metric: metric, score: score, n: n}",
         "`own:` goes with checklists"),
        ("{file: b.csv, competitor: brand, wave: wave, questions: {n: {role: metric, metric: ces_top3}}}",
         "the survey has no question n that measures ces_top3; it measures nps (recommend), csat (satisfaction), ces"),
        ("{file: b.csv, competitor: brand, wave: wave, questions: {n: {role: metric, metric: nps}, score: {role: "
         "metric, metric: nps}}}", "n and score both measure nps"),
    ],
)  # fmt: skip
def test_tables_in_no_form_are_refused(load, table, message):
    files = {"own.csv": own_csv(), "b.csv": "brand,wave,metric,score,n,se\nA,1,nps,5,5,"}
    s = load("tables:" + SURVEY + f"  benchmark: {table}\n", files, top=TOP)
    with pytest.raises(CxError) as caught:
        competitors.gaps(s)
    assert message in str(caught.value)
