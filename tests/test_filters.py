"""Filters as domains of the sample, and answers without weights.

Oracles: svymean() of subset() and svycontrast() of R 4.2.2 with survey 4.1.1 on the demo study
(tests/reference/filtered_demo.R); hand calculation; the text of errors.
"""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from chapter_cells import published

from cxlib import CxError, Study, comments, filters, summary, survey, tabs
from cxlib.published import Chapter
from cxlib.sentences import summary as say_summary

ROOT = Path(__file__).resolve().parents[1]
LABELS = {"hcm": "Ho Chi Minh City", "hanoi": "Hanoi"}
WAVE = "2026-H2"


@pytest.fixture(scope="module")
def demo() -> Study:
    return Study.load(ROOT / "data/demo")


@pytest.fixture(scope="module")
def designs(demo, tmp_path_factory) -> dict[str, Study]:
    """The study as R's designs have it: as declared, without weights, raked to its margins."""
    folder = tmp_path_factory.mktemp("raked") / "demo"
    shutil.copytree(ROOT / "data/demo", folder)
    file = folder / "study.yml"
    text = file.read_text(encoding="utf-8").replace("\nquality:", "\nweighting: {}\nquality:", 1)
    file.write_text(text, encoding="utf-8")
    return {"full": demo, "plain": demo.unweighted(), "raked": Study.load(folder)}


@pytest.fixture(scope="module")
def by_r() -> pd.DataFrame:
    return pd.read_csv(ROOT / "tests/reference/filtered_demo.csv")


# -- R ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("design", ["full", "plain", "raked"])
def test_parts_of_the_sample_and_their_changes_are_those_of_r(designs, by_r, design):
    """Oracle: svymean(subset(design, …)) by wave and by city, and the change between waves, with degrees of freedom."""
    printed = by_r[by_r["design"] == design]
    assert len(printed) == 3 * (4 + 1 + 3) + 3 * (4 + 2 + 3)
    for text, rows in printed.groupby("filter"):
        part = designs[design].only(text)
        waves = survey.by_wave(part).assign(what="wave", group="all")
        cities = survey.by_segment(part, WAVE, ["city"]).assign(what="wave by city", wave=WAVE)
        cities["group"] = cities["group"].map({label: code for code, label in LABELS.items()})
        moved = survey.changes(part).rename(columns={"before": "wave", "after": "group"}).assign(what="change")
        keys = ["what", "metric", "wave", "group"]
        found = pd.concat([waves, cities, moved]).rename(columns={"name": "metric"}).astype(dict.fromkeys(keys, str))
        both = rows.merge(found, on=keys, suffixes=("_r", ""), validate="one_to_one")
        assert len(both) == len(rows)
        for column in ("estimate", "se"):
            assert both[column].tolist() == pytest.approx(both[f"{column}_r"].tolist(), rel=1e-9)
        for column in ("n", "df"):
            assert both[column].tolist() == both[f"{column}_r"].tolist()


def test_rows_that_are_taken_out_would_give_another_variance(demo):
    """Property: the sparse part has clusters without a member, which the filter keeps and a cut frame has not."""
    text = "channel: digital; sex: f; occupation: 5|6"
    part = demo.only(text)
    cut = Study.load(ROOT / "data/demo")
    cut._tables["survey"] = part.survey[part.domain].reset_index(drop=True)
    one, other = survey.by_wave(part), survey.by_wave(cut)
    assert one["estimate"].tolist() == pytest.approx(other["estimate"].tolist(), rel=1e-12)
    assert (np.abs(one["se"] / other["se"] - 1) > 1e-4).any()


# -- filters ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("city: hanoi", lambda d: d["city"] == "Hanoi"),
        (" city:Hanoi ;", lambda d: d["city"] == "Hanoi"),
        ("age_band: 25-34|55+", lambda d: d["age_band"].isin(["25-34", "55+"])),
        ("recommend: 9|10; sex: f", lambda d: (d["recommend"] >= 9) & (d["sex"] == "Female")),
        ("touchpoints: App", lambda d: d["touchpoints.app"] == 1),
        ("touchpoints: personal", lambda d: d["touchpoints.personal"] == 1),
        ("age: 30", lambda d: d["age"] == 30),
        ("income_level: lower", lambda d: d["income_level"] == "lower"),
    ],
)
def test_who_passes(demo, text, count):
    """Oracle: the rows of the survey, by hand. Codes and labels, metrics, options, nets, numbers and derived groups."""
    part = demo.only(text)
    assert part.domain.tolist() == count(demo.survey).tolist()
    assert (
        part.survey.loc[~part.domain, [*demo.questions("metric"), "city", "touchpoints.app", "why"]].isna().all().all()
    )
    keys = ["wave", "weight", "stratum", "cluster", "mode"]
    pd.testing.assert_frame_equal(part.survey[keys], demo.survey[keys])
    pd.testing.assert_frame_equal(part.survey[part.domain], demo.survey[part.domain])
    assert part.whole is demo
    assert demo.domain is None


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("cty: 1", r"a filter names questions of the survey, .* there is no question cty; did you mean city\?"),
        ("wave: 2026-H2", "no question wave; the wave is a setting of its own"),
        ("city: 3", r"city has no answer 3; its answers are hcm \(Ho Chi Minh City\), hanoi \(Hanoi\)"),
        ("city: Ha Noi", r"city has no answer Ha Noi; .*did you mean hanoi\?"),
        ("age_band: 25-35", r"age_band has no answer 25-35; its answers are 18-24, .*; did you mean 25-34\?"),
        ("touchpoints: fax", r"touchpoints has no answer fax; its answers are web \(Website\), .*personal"),
        ("recommend: 12", "answers to recommend lie in 0-10; found 12"),
        ("recommend: high", r"answers to recommend are numbers, e.g. recommend: 1\|2; found high"),
        ("why: good", "why is a comment"),
        ("city", r"answers are named question: code\|code"),
        ("city: hcm; city: hanoi", "a filter names each question once, .* city stands twice"),
        (
            "city: hcm; improved: 1; age: 74|75; occupation: 1",
            "nobody passes the filter city: hcm; .* 8,006 respondents",
        ),
    ],
)
def test_a_filter_that_cannot_be_says_why(demo, text, error):
    with pytest.raises(CxError, match=error):
        demo.only(text)


def test_filters_join_and_find_each_other_s_words(demo):
    twice = demo.only("city: hanoi").only("sex: f; age_band: 25-34|35-44")
    once = demo.only("city: hanoi; sex: f; age_band: 25-34|35-44")
    assert twice.domain.equals(once.domain)
    words = "City is Hanoi; Sex is Female; Age band is 25-34 or 35-44"
    assert survey.filter_in_words(twice) == survey.filter_in_words(once) == words
    with pytest.raises(CxError, match="nobody passes the filter city: hcm after city: hanoi"):
        demo.only("city: hanoi").only("city: hcm")
    assert demo.only(" ; ") is demo


def test_a_wave_in_which_nobody_passes_is_not_the_latest(tmp_path):
    frame = pd.DataFrame(
        {"wave": ["w1"] * 80 + ["w2"] * 40, "recommend": [9, 3] * 60, "shop": ["A", "B"] * 40 + ["B"] * 40}
    )
    frame.to_csv(tmp_path / "answers.csv", index=False)
    (tmp_path / "study.yml").write_text(
        "study: tiny\ntitle: Tiny\nsample: opt_in\ntables:\n  survey:\n    file: answers.csv\n    wave: wave\n"
        "    questions:\n"
        "      recommend: {role: metric, metric: nps}\n      shop: {role: segment}\n",
        encoding="utf-8",
    )
    part = Study.load(tmp_path).only("shop: A")
    assert survey.chosen_wave(part) == "w1"
    with pytest.raises(CxError, match="nobody passes the filter shop: A in wave w2; the waves in question are w1"):
        survey.chosen_wave(part, "w2")
    assert survey.by_wave(part)["n"].tolist() == [40]
    assert filters.in_words(part, {"shop": ("A",)}) == "Shop is A"


# -- what counts the part --------------------------------------------------------------------------------------


def test_bases_count_the_part(demo):
    """Oracle: the rows that pass, by hand."""
    part = demo.only("city: hanoi; age_band: 25-34|35-44")
    rows = demo.survey[part.domain & (demo.survey["wave"] == WAVE)]
    bases = survey.bases(part).set_index("wave").loc[WAVE]
    assert bases["rows"] == len(rows)
    assert bases["strata"] == 1
    assert bases["n_weighted"] == pytest.approx(rows["weight"].sum())
    columns = tabs.chosen_banner(part, "", WAVE)
    assert columns == ["age_band", "sex", "channel"]  # all are of one city
    book = tabs.tab_book(part, WAVE, ["payment", "outcome"], columns)
    total = book.bases[book.bases["banner"] == ""].set_index("question")
    assert total["n"].iloc[0] == rows["payment"].notna().sum()
    assert total["asked"].iloc[0] == len(rows)
    assert total["asked"].iloc[1] == (rows["complained"] == "Yes").sum()
    assert set(book.cells["group"]) == {"Total", "25-34", "35-44", "Female", "Male", "Digital", "Traditional"}
    assert survey.sample(part, WAVE, ["sex"])["count"].sum() == rows["sex"].notna().sum()
    spoken = comments.said(part, "why")
    assert len(comments.of_wave(spoken, WAVE)) == rows["why"].notna().sum()


def test_without_weights_everybody_counts_once(demo, designs):
    """Oracle: plain means by hand; the design keeps its strata and clusters, and raking leaves nothing behind."""
    plain = demo.unweighted()
    assert plain.design == {"strata": ["stratum"], "clusters": "cluster"}
    found = survey.by_wave(plain).query("name == 'csat'").set_index("wave")["estimate"]
    by_hand = demo.survey.groupby("wave", observed=True)["satisfaction"].apply(lambda x: 100 * (x.dropna() >= 4).mean())
    np.testing.assert_allclose(found, by_hand)
    bare = designs["raked"].unweighted()
    assert bare.raked is None
    assert bare.design == plain.design
    assert not [c for c in bare.survey if c.startswith(("weight", "margin."))]
    pd.testing.assert_frame_equal(survey.by_wave(bare), survey.by_wave(plain))
    part = demo.only("sex: f").unweighted()
    pd.testing.assert_frame_equal(survey.by_wave(part), survey.by_wave(plain.only("sex: f")))
    assert part.whole.domain is None
    assert not part.whole.weighted
    assert part.plain is demo


def test_without_respondents_left_out_the_filter_stays(demo):
    part = demo.only("sex: f").unweighted().excluding(("speeder",))
    kept = demo.excluding(("speeder",)).unweighted().only("sex: f")
    pd.testing.assert_frame_equal(survey.by_wave(part), survey.by_wave(kept))


# -- the method of intervals -----------------------------------------------------------------------------------


def test_the_method_of_intervals_is_that_of_differences_alone(demo):
    """Oracle: Wald's interval by hand; shares, means and every standard error stay."""
    usual, wald = survey.by_wave(demo), survey.by_wave(demo, method="wald")
    nps = wald["name"] == "nps"
    pd.testing.assert_frame_equal(usual[~nps], wald[~nps])
    pd.testing.assert_series_equal(usual["se"], wald["se"])
    assert wald.loc[nps, "method"].str.startswith("Wald;").all()
    middle = (wald["low"] + wald["high"])[nps] / 2
    np.testing.assert_allclose(middle, wald.loc[nps, "estimate"])
    book = tabs.tab_book(demo, WAVE, ["recommend"], ["sex"], method="wald").cells
    row = book[(book["kind"] == "score") & (book["group"] == "Total")].iloc[0]
    assert row[["low", "high"]].tolist() == pytest.approx(wald[nps].iloc[-1][["low", "high"]].tolist())
    assert survey.interval_method(demo) == survey.interval_method(demo, "mover") == "mover"
    with pytest.raises(
        CxError, match=r"interval_method is one of mover, adjusted_wald, wald; found walt; did you mean wald"
    ):
        survey.interval_method(demo, "walt")


# -- the whole chapter, and the summary -------------------------------------------------------------------------


def test_no_base_of_the_chapter_is_larger_than_the_part(monkeypatch, tmp_path):
    """Property: with a filter every table and number of the chapter's own cells counts those who pass, at most."""
    rng = np.random.default_rng(4)
    n = 1200
    frame = pd.DataFrame(
        {
            "wave": np.repeat(["w1", "w2"], n // 2),
            "shop": rng.integers(1, 31, n),
            "weight": rng.uniform(0.5, 2, n).round(3),
        }
        | {name: rng.choice(list(groups), n) for name, groups in {"city": "AB", "sex": "fm", "level": "xyz"}.items()}
        | {"recommend": rng.integers(0, 11, n), "staff": rng.integers(1, 6, n), "price": rng.integers(1, 6, n)}
    )
    frame["why"] = rng.choice(["the staff was friendly", "prices too high", "slow delivery again", ""], n)
    frame.to_csv(tmp_path / "answers.csv", index=False)
    (tmp_path / "study.yml").write_text(
        "study: tiny\ntitle: Tiny\nsample: probability\nbanner: [city, sex]\ntables:\n  survey:\n"
        "    file: answers.csv\n    wave: wave\n    weight: weight\n    cluster: shop\n    questions:\n"
        "      recommend: {role: metric, metric: nps}\n"
        "      staff: {role: driver, scale: [1, 5]}\n      price: {role: driver, scale: [1, 5]}\n"
        "      city: {role: segment}\n      sex: {role: segment}\n      level: {role: single}\n"
        "      why: {role: comment}\n",
        encoding="utf-8",
    )
    given = {"only": "city: A; level: x|y", "weighted": False, "interval_method": "wald"}
    shown = published(monkeypatch, "02_survey_analysis.ipynb", tmp_path, given)
    passed = frame[(frame["city"] == "A") & frame["level"].isin(["x", "y"])]
    last = int((passed["wave"] == "w2").sum())
    told = shown["finding looked_at"]["text"]
    assert f"{len(passed)} of 1,200 respondents alone: City is A; Level is x or y" in told
    assert "finding unweighted" in shown
    assert "Wald" in shown["finding interval_method"]["text"]
    assert shown["number nps"]["n"] == last
    assert shown["number nps"]["method"].startswith("Wald; Taylor linearisation: 30 clusters")
    counted = 0
    for name, data in shown.items():
        if name.startswith("table ") and "n" in data["columns"]:
            place = data["columns"].index("n")
            most = max(row[place] for row in data["rows"] if isinstance(row[place], (int, float)))
            assert most <= (last if name not in ("table by_wave", "table changes") else len(passed)), name
            counted += 1
    assert counted >= 9
    heads = {row[shown["table apart"]["columns"].index("banner")] for row in shown["table apart"]["rows"]}
    assert heads == {"Sex"}


def test_the_summary_counts_no_customers_from_a_part(demo):
    """A share of a part is none of the population: respondents are counted, and the chapter's sentences repeated."""
    share = {"estimate": 50.0, "low": 40.0, "high": 60.0, "n": 200, "n_weighted": 210.0}
    found = {}
    for only in ("", "city: hanoi"):
        told = {"looked_at": "Of Hanoi alone."} if only else {}
        chapter = Chapter("survey_analysis", {"study": "", "only": only, "weighted": True}, {}, {}, told)
        read = summary.Read(demo, {"survey_analysis": chapter}, 0.95)
        found[only] = summary._of_population(read, share)
        assert say_summary.read(read).get("looked_at") == told.get("looked_at")
    assert found[""] == (90_000, 72_000, 108_000, "customers")
    assert found["city: hanoi"] == (105, 84, 126, "respondents")
