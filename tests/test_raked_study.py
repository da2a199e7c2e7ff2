"""A raked study from its files to its numbers.

Oracles: calibrate() of R 4.2.2 with survey 4.1.1 on the demo's survey (tests/reference/raked_demo.R); the demo's known
truth (truth.yml); hand calculation; the text of errors.
"""

import shutil
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
import simulate_raked

from cxlib import Study, complaints, regressions, survey, verdicts
from cxlib.complaint_rate import anchored, complaint_rate, rate_from_answers
from cxlib.scores import by_group
from cxlib.survey import headline
from cxlib.weights import rake

ROOT = Path(__file__).resolve().parents[1]
LABELS = {"hcm": "Ho Chi Minh City", "hanoi": "Hanoi", "digital": "Digital", "traditional": "Traditional"}


def copied(folder: Path, weighting: str, exclude: str = "") -> Study:
    """A copy of the demo study with these lines of settings."""
    shutil.copytree(ROOT / "data/demo", folder)
    file = folder / "study.yml"
    text = file.read_text(encoding="utf-8").replace("\nquality:", f"\nweighting: {weighting}\nquality:", 1)
    file.write_text(text.replace("  invited:", f"{exclude}  invited:", 1), encoding="utf-8")
    return Study.load(folder)


@pytest.fixture(scope="module")
def raked(tmp_path_factory):
    """The demo study, raked to its margins in each wave."""
    return copied(tmp_path_factory.mktemp("raked") / "demo", "{}")


@pytest.fixture(scope="module")
def less(tmp_path_factory):
    """The same, trimmed, without whom three checks mark."""
    exclude = "  exclude: [duplicate, speeder, straightliner]\n"
    return copied(tmp_path_factory.mktemp("less") / "demo", "{trim: 5, collapse: 5}", exclude)


@pytest.fixture(scope="module")
def by_r():
    """What R printed, a row a number."""
    return pd.read_csv(ROOT / "tests/reference/raked_demo.csv")


def same(found: pd.DataFrame, printed: pd.DataFrame, on: list[str], least: int):
    """Every number that R printed is in `found`, to the twelfth digit."""
    assert len(printed) == least
    both = printed.merge(found, on=on, suffixes=("_r", ""), validate="one_to_one")
    assert len(both) == least
    for column in ("estimate", "se"):
        assert both[column].tolist() == pytest.approx(both[f"{column}_r"].tolist(), rel=1e-12)
    return both


# -- R ---------------------------------------------------------------------------------------------------------


def test_weights_are_those_of_r(raked, by_r):
    """Oracle: weights() after calibrate(calfun = "raking"), of every 400th respondent."""
    printed = by_r[by_r["what"] == "weight"].set_index("group")["estimate"]
    assert len(printed) == 21
    found = raked.survey.set_index("respondent")["weight"].reindex(printed.index)
    assert found.tolist() == pytest.approx(printed.tolist(), rel=1e-12)


def test_metrics_by_wave_are_those_of_r(raked, by_r):
    """Oracle: svymean() of subset() by wave; shops are clusters of all waves, as `cluster_persists` says."""
    found = survey.by_wave(raked).assign(metric=lambda rows: rows["name"])
    both = same(found, by_r[by_r["what"] == "wave"], ["metric", "wave"], 12)
    assert both["n"].tolist() == both["n_r"].tolist()
    assert both["n_weighted"].tolist() == pytest.approx(both["weighted"].tolist(), rel=1e-12)
    assert (both["method"].str.contains("weights calibrated to 2 margins, 2 strata, 6\\d clusters")).all()


def test_changes_between_waves_are_those_of_r(raked, by_r):
    """Oracle: svytotal() of the linearised difference, with the covariance of waves that share their shops."""
    found = survey.changes(raked).assign(metric=lambda rows: rows["name"], wave=lambda rows: rows["before"])
    both = same(found.assign(group=found["after"]), by_r[by_r["what"] == "change"], ["metric", "wave", "group"], 9)
    assert both.loc[both["group"] == "2026-H2", "se"].min() < 0.05


@pytest.mark.parametrize("segment", ["channel", "city"])
def test_metrics_by_segment_are_those_of_r(raked, by_r, segment):
    """Oracle: svymean() of subset() by wave and segment; cities are strata and of a margin, channels are neither."""
    parts = [survey.by_segment(raked, wave, [segment]).assign(metric=lambda rows: rows["name"]) for wave in raked.waves]
    printed = by_r[by_r["what"] == f"wave by {segment}"]
    found = pd.concat(parts, ignore_index=True).astype({"group": str, "wave": str})
    same(found, printed.assign(group=printed["group"].map(LABELS)), ["metric", "wave", "group"], 24)


def test_polars_gives_the_same(raked):
    """Property: a raked survey as a polars frame has the numbers of the pandas frame."""
    names = ["recommend", "wave", "weight", "cluster", "stratum", "weight_ratio", *raked.raked.cells]
    frame = raked.survey[names].astype({c: str for c in names if raked.survey[c].dtype == "category"})
    how = {"question": "recommend", **raked.design}
    found = by_group(pl.from_pandas(frame), "nps", ["wave"], **how)
    pd.testing.assert_frame_equal(found, by_group(frame, "nps", ["wave"], **how))


# -- chapters agree with each other ------------------------------------------------------------------------------


def test_chapters_tell_one_number_of_one_metric(less):
    """Property: verdict, headline and regression rest on the same respondents, weights and design."""
    wave = less.waves[-1]
    shown = headline(less, survey.by_wave(less), wave).set_index("name")
    judged = verdicts.verdicts(less, wave).set_index("name")
    columns = ["estimate", "low", "high", "se", "n", "n_weighted", "n_effective"]
    pd.testing.assert_frame_equal(judged[columns], shown.loc[judged.index, columns], check_dtype=False)
    case = regressions.regression(less)
    assert case.design["calibration"] == less.design["calibration"]


def test_those_left_out_carry_no_weight_and_margins_hold_without_them(less):
    """Oracle: pandas: the sex margin of study.yml is 52.2% women in every wave, of those who are left."""
    left = less.everyone["excluded"] != ""
    assert 0 < left.sum() == len(less.everyone) - len(less.survey)
    sums = less.survey.groupby(["wave", "sex"], observed=True)["weight"].sum().unstack()
    assert (sums["Female"] / sums.sum(axis=1)).tolist() == pytest.approx([0.522] * 4, abs=1e-8)
    assert sums.sum(axis=1).tolist() == pytest.approx(less.survey.groupby("wave", observed=True).size().tolist())


# -- the complaint rate ------------------------------------------------------------------------------------------


def test_the_complaint_rate_has_its_weighted_base(raked):
    """Oracle: pandas: the sum of weights of the unhappy who said whether they complained."""
    definition = complaints.declared(raked)
    found = complaints.rate(raked, definition, raked.waves[-1])
    frame = complaints.flags(raked, definition, raked.waves[-1])
    asked = frame[(frame["_unhappy"] == 1) & frame["_complained"].notna()]
    share = (asked["weight"] * asked["_complained"]).sum() / asked["weight"].sum()
    row = found.estimate()
    assert (row.n, row.n_weighted) == (len(asked), pytest.approx(asked["weight"].sum(), rel=1e-12))
    assert abs(row.n_weighted - row.n) > 1
    assert found.value == pytest.approx(share, rel=1e-12)


def test_a_rate_without_weights_has_its_number_as_weighted_base():
    """Oracle: by hand; a published rate has no respondents of this survey behind it."""
    assert complaint_rate(10, 420).estimate().n_weighted == 420
    frame = pd.DataFrame({"unhappy": [1, 1, 1, 0], "complained": [1, 0, 0, 1], "w": [0.5, 2.0, 1.0, 9.0]})
    how = {"complained": "complained", "unhappy": "unhappy"}
    assert rate_from_answers(frame, **how).estimate().n_weighted == 3
    assert rate_from_answers(frame, **how, weights="w").estimate().n_weighted == 3.5
    assert anchored("tarp_small").estimate().n_weighted == 0


# -- a known truth -----------------------------------------------------------------------------------------------


def test_intervals_cover_the_truth_and_are_no_wider_than_with_fixed_weights():
    """Oracle: truth.yml. 60 samples x 5 estimates: their mean coverage has a standard error of 1.5% or so."""
    found = simulate_raked.coverage(first_seed=500, samples=60, respondents=500)
    assert found["samples"].tolist() == [60] * 5
    assert 0.91 < found["share"].mean() < 0.985
    assert found["share"].min() >= 0.86
    assert (found["width"] < found["fixed_width"]).all()
    # The error is the spread that the estimate really has: 60 draws know it to a tenth.
    assert (found["se"] / found["spread"]).mean() == pytest.approx(1, abs=0.15)


# -- margins that limits keep from being met ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bounds", "weights"),
    # Of 30, 6 are to be 90% of the population: they take the most they may, and the whole leaves the rest to 24.
    [((0.5, 1.1), (23.4 / 24, 1.1)), ((0.9, 1.1), (23.4 / 24, 1.1)), ((0.3, 3), (0.5, 3.0))],
)
def test_weights_sum_to_their_total_though_bounds_leave_the_margins_unmet(bounds, weights):
    """Oracle: hand calculation."""
    frame = pd.DataFrame({"city": ["a"] * 24 + ["b"] * 6})
    raked = rake(frame, {"city": {"a": 0.1, "b": 0.9}}, bounds=bounds)
    assert not raked.converged
    assert raked.weights.iloc[[0, -1]].tolist() == pytest.approx(weights, rel=1e-9)
    assert raked.weights.sum() == pytest.approx(30, rel=1e-12)


# -- cx check ----------------------------------------------------------------------------------------------------

TOP = "study: tiny\ntitle: Tiny\nsample: quota\nminimum_base: 2\n"
TABLE = """
respondent: id
wave: wave
questions:
  recommend: {role: metric, metric: nps, scale: [0, 10]}
  sex: {role: segment, labels: {f: Female, m: Male}}
  city: {role: segment, labels: {a: Ayutthaya, b: Bandung, c: Cebu}}
"""
# 60 respondents, 30 a wave; 24 and 6 of the cities a and b.
DATA = "id,wave,recommend,sex,city\n" + "".join(
    f"r{i},{2025 + i % 2},{i % 11},{'fm'[i % 3 == 0]},{'ab'[i % 5 == 0]}\n" for i in range(1, 61)
)
BY_FILE = "  - {of: city, file: p.csv}\n"


@pytest.fixture
def checked(cx, make):
    """checked(margins, population file, weighting): exit code of cx check, its lines, its last word; folder as DIR."""

    def run(margins: str, rows: str | None = None, weighting: str = "{}") -> tuple[int, list[str], str]:
        files = {"s.csv": DATA} | ({} if rows is None else {"p.csv": rows})
        folder = make(TABLE, files, top=f"{TOP}margins:\n{margins}weighting: {weighting}\n")
        status, out, err = cx("check", folder)
        return status, out.replace(str(folder), "DIR").splitlines(), err.replace(str(folder), "DIR")

    return run


def of_city(population: str) -> str:
    return f"  - {{of: city, population: {population}}}\n"


FAULTS = {
    "empty cell": (
        of_city("{a: 0.5, b: 0.3, c: 0.2}"),
        None,
        "DIR/study.yml: city in 2025: nobody in the sample (with a weight above 0) stands for Cebu, whom the "
        "population has; `collapse: 1` joins empty groups with their neighbours",
    ),
    "unknown level": (of_city("{a: 0.5, x: 0.5}"), None, "DIR/study.yml: the margin of city: there is no group x"),
    "level of the sample alone": (
        of_city("{a: 1}"),
        None,
        "DIR/study.yml: city in 2025: every group of the sample needs its share of the population; Bandung has none "
        "(n = 6)",
    ),
    "nobody in the population": (
        of_city("{a: 1, b: 0}"),
        None,
        "DIR/study.yml: city in 2025: the population of Bandung is 0, and respondents (n = 6) belong to it, whose "
        "weight would be 0; correct the population or leave them out",
    ),
    "totals that differ": (
        of_city("{a: 500, b: 300}") + "  - {of: sex, population: {f: 500, m: 500}}\n",
        None,
        "DIR/study.yml: city and sex count different populations: 800 and 1,000 people",
    ),
    "shares under 1": (
        of_city("{a: 0.5, b: 0.3}"),
        None,
        "DIR/study.yml: city: shares of the population add up to 1 (or 100, in percent); these add up to 0.8",
    ),
    "no file": (
        BY_FILE,
        None,
        "DIR/study.yml: the data file p.csv is not in DIR; did you mean s.csv?",
    ),
    "bad number": (
        BY_FILE,
        "city,population\na,0.5\nb,half\n",
        "DIR/p.csv, column population: a population is a number of 0 or more; 1 are not, e.g. half in row 2 of p.csv",
    ),
    "negative": (
        BY_FILE,
        "city,population\na,0.5\nb,-1\n",
        "DIR/p.csv, column population: a population is a number of 0 or more; 1 are not, e.g. -1 in row 2 of p.csv",
    ),
    "no number": (
        BY_FILE,
        "city,population\na,0.5\nb,\n",
        "DIR/p.csv, column population: a population is a number of 0 or more; 1 are not, e.g. blank in row 2 of p.csv",
    ),
    "twice": (
        BY_FILE,
        "city,population\na,0.5\nb,0.2\nAyutthaya,0.3\n",
        "DIR/p.csv: row 3 gives Ayutthaya a second time",
    ),
    "blank": (
        BY_FILE,
        "city,population\na,0.5\n,0.5\n",
        "DIR/p.csv, column city: a group must be named in each row; row 2 is blank",
    ),
    "no column": (BY_FILE, "town,population\na,0.5\nb,0.5\n", "DIR/p.csv: a file of a margin needs the column city"),
    "no rows": (BY_FILE, "city,population\n", "DIR/p.csv: a margin needs at least one row under its header"),
    "blank wave": (
        BY_FILE,
        "city,wave,population\na,2025,0.5\nb,2025,0.5\na,,0.5\nb,2026,0.5\n",
        "DIR/p.csv, column wave: a group must be named in each row; row 3 is blank",
    ),
    "missing wave": (
        BY_FILE,
        "city,wave,population\na,2025,0.5\nb,2025,0.5\n",
        "DIR/study.yml: city: there is no population for wave 2026",
    ),
    "shares of a wave": (
        BY_FILE,
        "city,wave,population\na,2025,0.5\nb,2025,0.5\na,2026,0.5\nb,2026,0.4\n",
        "DIR/study.yml: city in 2026: shares of the population add up to 1 (or 100, in percent); these add up to 0.9",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_margin_that_cannot_be_met_is_one_sentence(checked, name):
    margins, rows, told = FAULTS[name]
    status, lines, last = checked(margins, rows)
    assert (status, last) == (1, "cx: DIR/study.yml: 1 problem found\n")
    assert len(lines) == 2
    assert lines[1].split(None, 2) == ["survey", "0", told]


NOTES = {
    "joined": (
        of_city("{a: 0.5, b: 0.3, c: 0.2}"),
        "{collapse: 3}",
        [f"survey: city in {wave}: Cebu (n = 0) is joined with Bandung" for wave in (2025, 2026)],
    ),
    # 24 of weight 0.05 / 0.8 and 6 of 0.95 / 0.2: 1 / (0.05^2 / 0.8 + 0.95^2 / 0.2) is 22%, of 30 are 6.6.
    "precision lost": (
        of_city("{a: 0.05, b: 0.95}"),
        "{}",
        [
            f"survey: {wave}: the weights leave 22% of the sample's precision, that of 7 of 30 respondents; joining "
            "levels or limiting weights helps"
            for wave in (2025, 2026)
        ],
    ),
    # At 1.1 times their start, 6 of 30 in b are 22% of the population; a has the rest, and 78% is 7.8 times 10%.
    "not met within bounds": (
        of_city("{a: 0.1, b: 0.9}"),
        "{bounds: [0.5, 1.1]}",
        [
            "survey: 2025: 0 of 30 respondents stand at 0.5 times their start, 6 at 1.1 times",
            "survey: 2026: 0 of 30 respondents stand at 0.5 times their start, 6 at 1.1 times",
            "survey: raking did not reach the margins: city in 2025 misses most: Ayutthaya is weighted to 78%, more "
            "than its 10% of the population by 680% of it",
        ],
    ),
    "rounded": (
        of_city("{a: 0.333, b: 0.666}"),
        "{}",
        ["survey: city: the shares add up to 0.999, taken as rounded 1"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTES)
def test_what_raking_joined_lost_or_missed_is_noted(checked, name):
    """Oracle: hand calculation, in comments."""
    margins, weighting, notes = NOTES[name]
    status, lines, last = checked(margins, weighting=weighting)
    assert (status, last) == (0, "")
    assert lines == ["survey: 60 rows, 9 columns", *[f"note: {note}" for note in notes], "DIR is sound."]
