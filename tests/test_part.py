"""A part of a study: whose rows it takes, how it is weighted and drawn, and every chapter on the smallest of parts."""

import csv
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import chapter_cells
import numpy as np
import pandas as pd
import pytest

from cxlib import CxError, Study, parts, retention, scores, staying, summary
from cxlib.study_yml import read_codebook

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "data" / "demo"


@cache
def whole() -> Study:
    study = Study.load(DEMO)
    study.survey, study.customers, study.events, study.complaints, study.sales  # noqa: B018
    return study


def part(text: str, study: Study | None = None) -> Study:
    """A part of a study whose tables are read already."""
    return (study or whole())._taken(text)


def mean_of(study: Study) -> pd.DataFrame:
    return scores.by_group(study.survey, "nps", ["wave"], question="recommend", minimum_base=2, **study.design)


# -- which parts there are --------------------------------------------------------------------------------------


def test_values_stand_in_the_codebook_s_order_with_their_respondents():
    survey = pd.read_csv(DEMO / "survey.csv", dtype=str)
    told = parts.values(whole(), "city")
    kept = survey.drop_duplicates(["wave", "respondent_id"])
    assert [(value, label) for value, label, _ in told] == [("hcm", "Ho Chi Minh City"), ("hanoi", "Hanoi")]
    assert {value: n for value, _, n in told} == kept["city"].value_counts().to_dict()
    assert [value for value, _, _ in parts.values(whole(), "age_band")] == whole().levels("age_band")


def test_a_key_is_known_by_the_file_s_name_and_by_the_codebook_s():
    by_file = parts.values(whole(), "shop")
    assert [value for value, _, _ in by_file] == [f"S{number:02d}" for number in range(1, 61)]
    assert by_file == parts.values(whole(), "cluster") == parts.values(whole(), "branch")


@pytest.mark.parametrize(
    ("column", "told"),
    [
        ("ctiy", "there is no column ctiy; did you mean city?"),
        ("phone", "phone is private (table survey)"),
        ("respondent_id", "respondent_id names single respondents"),
        ("customer", "customer names single customers"),
        ("why", "why is a comment"),
        ("age", "age is a number; a part of a study needs a column with groups: age_band, "),
        ("touchpoints", "touchpoints takes several answers of one respondent"),
        ("recommend", "recommend is a rating"),
        ("wave", "wave tells the waves, which are compared within a report (-p wave=NAME chooses one)"),
        ("weight", "weight holds numbers"),
        ("started", "started holds dates"),
        ("severity", "severity is a column of the table complaints alone"),
    ],
)
def test_a_column_without_groups_makes_no_part(column, told):
    with pytest.raises(CxError) as error:
        parts.values(whole(), column)
    assert told in str(error.value)
    with pytest.raises(CxError) as again:
        Study.load(DEMO, part=f"{column}: 1")
    assert str(again.value) == str(error.value)


def test_a_column_of_which_everybody_has_his_own_value_makes_no_part(tmp_path):
    rows = [{"id": n, "score": n % 11, "code": f"K{n}"} for n in range(60)]
    study = made(tmp_path, rows, "code: {role: single}")
    with pytest.raises(CxError, match="code has 60 values in the table survey, most of them in one row alone"):
        parts.values(study, "code")


def test_a_value_that_nobody_has_is_told_with_the_nearest():
    with pytest.raises(CxError, match=r"city has no value hanoy; its values are .*; did you mean hanoi\?"):
        Study.load(DEMO, part="city: hanoy")
    with pytest.raises(
        CxError,
        match=r"shop has no value S1 in the table survey; its values are S01, .*; did you mean S\d+\?",
    ):
        part("shop: S1").survey  # noqa: B018
    with pytest.raises(CxError, match=r"a part is named column: value, e.g. city: hanoi; found 'city'"):
        Study.load(DEMO, part="city")


def test_the_title_names_the_part_by_its_labels():
    english, vietnamese = (read_codebook(DEMO / "study.yml", language) for language in ("en", "vi"))
    assert parts.title(english, "city: hanoi") == "Sao Mai Retail: customer experience 2025-2026 · City: Hanoi"
    assert parts.title(vietnamese, "city: Hanoi").endswith(" · Thành phố: Hà Nội")
    assert parts.title(english, "shop: S01").endswith(" · Shop: S01")
    assert parts.title(english, "") == english.words(english.title)
    assert part("city: hanoi").book.words(part("city: hanoi").book.title) == parts.title(english, "city: hanoi")


# -- whose rows -------------------------------------------------------------------------------------------------


def rows_of(table: str, keep) -> int:
    with (DEMO / f"{table}.csv").open(encoding="utf-8") as file:
        return sum(keep(row) for row in csv.DictReader(file))


def test_each_table_holds_the_part_s_rows_or_those_of_its_customers():
    shop, study = "S03", part("shop: S03")
    with (DEMO / "customers.csv").open(encoding="utf-8") as file:
        own = {row["customer_id"] for row in csv.DictReader(file) if row["shop"] == shop}
    assert len(study.customers) == len(own) > 0
    for table in ("complaints", "events", "sales"):
        assert len(study.table(table)) == rows_of(table, lambda row: row["customer_id"] in own) > 0
    assert set(study.survey["respondent"]) <= set(pd.read_csv(DEMO / "survey.csv").query("shop == @shop").respondent_id)
    assert len(study.staff) == len(whole().staff)
    assert part("city: hanoi").prospects["city"].unique().tolist() == ["Hanoi"]


def test_what_is_known_of_respondents_alone_takes_no_customers_tables():
    study = part("income: 2")
    assert sorted(study.book.tables) == ["benchmark", "map", "prospects", "staff", "survey"]
    assert parts.tables(whole().book, "income") == set(study.book.tables)
    assert parts.taken(whole().book, study.part)["complaints"] == "none"


def test_everyone_flags_and_codes_are_those_of_the_part_in_the_same_order():
    study, all_of_them = part("sex: f"), whole()
    inside = (all_of_them.everyone["sex"] == "Female").to_numpy()
    assert study.everyone["respondent"].tolist() == all_of_them.everyone["respondent"][inside].tolist()
    assert len(study.flags) == inside.sum()
    assert study.flags.sum().tolist() == all_of_them.flags[inside].sum().tolist()
    for place, codes in study.missing_codes.items():
        if place[0] == "survey":
            assert codes.isna().tolist() == all_of_them.missing_codes[place][inside].isna().tolist()
            break
    else:
        pytest.fail("the demo declares missing codes")


def test_the_population_is_that_share_which_a_margin_gives():
    people = pd.read_csv(DEMO / "population.csv")
    share = people.loc[people["city"] == "hanoi", "population"].sum() / people["population"].sum()
    assert part("city: hanoi").book.population == round(180_000 * share)
    assert part("sex: f").book.population == round(180_000 * 0.522)
    assert part("shop: S01").book.population is None
    assert part("shop: S01").book.quality.invited is None


def test_a_part_is_held_against_the_margins_that_cross_it():
    from cxlib.part_rows import margins_of

    people = pd.read_csv(DEMO / "population.csv").query("city == 'hanoi'").set_index("age_band")["population"]
    found = margins_of(part("city: hanoi"))
    assert list(found) == ["age_band"]
    assert found["age_band"] == pytest.approx((people / people.sum()).to_dict(), abs=1e-12)
    assert margins_of(part("shop: S01")) == {}


def test_customers_are_followed_to_the_last_day_that_is_known_of_anybody():
    study = part("shop: S02")
    days = study.customers[["since", "left"]].max().max(), whole().customers[["since", "left"]].max().max()
    assert days[0] < days[1]
    assert retention.period(study) == retention.period(whole())
    frame = staying.staying(study, study.customers).people
    there = study.customers.query("left.isna()")["since"].dt.normalize()
    assert frame.loc[frame["event"] == 0, "duration"].max() == (days[1].normalize() - there.min()).days


def test_the_whole_study_stays_as_it_was():
    study = Study.load(DEMO, part="")
    assert study.part is None
    assert study.total is study
    assert "_drawn" not in study.survey


# -- weights and design -----------------------------------------------------------------------------------------


def made(folder, rows: list[dict], questions: str, keys: str = "", more: str = "") -> Study:
    folder.mkdir(exist_ok=True)
    pd.DataFrame(rows).to_csv(folder / "survey.csv", index=False)
    (folder / "study.yml").write_text(
        f"study: t\ntitle: T\nsample: probability\nminimum_base: 2\n{more}"
        f"tables:\n  survey:\n    file: survey.csv\n    respondent: id\n{keys}    questions:\n"
        f"      score: {{role: metric, metric: nps}}\n      {questions}\n",
        encoding="utf-8",
    )
    return Study.load(folder)


def test_weights_are_raked_on_the_whole_study_and_fixed_in_the_part(tmp_path):
    random = np.random.default_rng(0)
    rows = [
        {"id": n, "score": int(random.integers(0, 11)), "sex": "fm"[n % 3 == 0], "town": "ab"[n % 4 == 0]}
        for n in range(400)
    ]
    raking = "margins:\n  - {of: sex, population: {f: 0.4, m: 0.6}}\nweighting: {}\n"
    study = made(tmp_path, rows, "sex: {role: segment}\n      town: {role: segment}", more=raking)
    own = part("town: b", study)
    assert own.survey["weight"].tolist() == study.survey["weight"][study.survey["town"] == "b"].tolist()
    assert study.raked is not None
    assert own.raked is None
    assert "calibration" not in own.design
    assert not [column for column in own.survey if column.startswith("margin.")]


def test_a_whole_stratum_is_a_sample_by_itself():
    study, total = part("city: hanoi"), whole()
    assert study.part_kind == "strata"
    assert "_drawn" not in study.survey
    rows = scores.by_group(total.survey, "nps", ["city", "wave"], question="recommend", **total.design)
    rows = rows[rows["city"] == "Hanoi"].reset_index(drop=True)
    columns = ["estimate", "low", "high", "se", "n", "df", "clusters"]
    pd.testing.assert_frame_equal(mean_of(study)[columns], rows[columns], check_exact=False, rtol=1e-12)


def test_within_one_cluster_respondents_are_the_first_stage():
    study = part("shop: S04")
    assert study.part_kind == "cluster"
    assert study.design == {"strata": ["wave", "stratum"], "weights": "weight"}
    survey = study.survey.dropna(subset=["recommend"])
    one = survey[survey["wave"] == "2026-H2"]
    y = np.select([one["recommend"] >= 9, one["recommend"] <= 6], [100.0, -100.0], 0.0)
    w, n = one["weight"].to_numpy(), len(one)
    z = w * (y - np.average(y, weights=w)) / w.sum()
    rows = mean_of(study).set_index("wave").loc["2026-H2"]
    everybody = (study.survey["wave"] == "2026-H2").sum()  # those without an answer were drawn, too
    assert rows["n"] == n
    assert rows["se"] == pytest.approx(np.sqrt(everybody / (everybody - 1) * (z @ z)), rel=1e-9)


def test_a_domain_keeps_the_clusters_and_strata_of_the_whole_sample():
    """The same numbers as those of the group in the whole sample, which R's svyby() has (test_scores_reference)."""
    study, total = part("sex: f"), whole()
    assert study.part_kind == "domain"
    rows = scores.by_group(total.survey, "nps", ["sex", "wave"], question="recommend", **total.design)
    rows = rows[rows["sex"] == "Female"].reset_index(drop=True)
    columns = ["estimate", "low", "high", "se", "n", "df"]
    pd.testing.assert_frame_equal(mean_of(study)[columns], rows[columns], check_exact=False, rtol=1e-12)


def test_empty_clusters_count_as_in_subset_of_a_design_in_r(tmp_path):
    """R survey 4.1.1: svymean(~y, subset(svydesign(~cl, strata = ~st, weights = ~w, data = d, nest = TRUE), g == "a"))
    on the rows below; SE printed to 10 digits, see tests/reference/part.R."""
    rows = design_rows()
    questions = "g: {role: segment}"
    keys = "    weight: w\n    stratum: st\n    cluster: cl\n"
    study = part("g: a", made(tmp_path, rows, questions, keys))
    assert study.part_kind == "domain"
    assert study.survey["_drawn"].unique().tolist() == [6.0, 5.0]
    row = scores.by_group(study.survey, "mean", [], question="score", **study.design).iloc[0]
    reference = pd.read_csv(ROOT / "tests" / "reference" / "part.csv").iloc[0]
    assert row["estimate"] == pytest.approx(reference["mean"], rel=1e-9)
    assert row["se"] == pytest.approx(reference["se"], rel=1e-9)
    assert row["df"] == reference["df"]


def design_rows() -> list[dict]:
    """Two strata of six and five clusters, of which three and two have a member of the group a."""
    rows = []
    for number in range(88):
        cluster = number % 11
        rows.append(
            {
                "id": number,
                "score": (number * 7 + cluster * 3) % 11,
                "w": 1 + (number % 5) / 2,
                "st": "x" if cluster < 6 else "y",
                "cl": f"c{cluster}",
                "g": "a" if cluster in (0, 2, 5, 7, 9) and number % 3 else "b",
            }
        )
    return rows


# -- every chapter on the smallest of parts -----------------------------------------------------------------------

CHAPTERS = sorted(path.name for path in (ROOT / "notebooks").glob("0*.ipynb") if not path.name.startswith("06"))


@cache
def moved() -> dict[str, object]:
    """What the demo study has read, with one respondent and a few of an early wave as shops of their own."""
    shops = {"one": ("S03", "2026-H2", 1), "early": ("S04", "2025-H1", 3)}
    study = whole()
    made = {f"table {name}": study._made[f"table {name}"] for name in study.book.tables if name in study._tables}
    loaded = made["table survey"]
    cluster = loaded.frame["cluster"].copy()
    for shop, (of, wave, number) in shops.items():
        there = loaded.frame.index[(loaded.frame["cluster"] == of) & (loaded.frame["wave"] == wave)]
        cluster[there[:number]] = shop
    return made | {"table survey": replace(loaded, frame=loaded.frame.assign(cluster=cluster))}


def kept(self, key: str, make):
    """As Study._kept, of what is moved: read once for all chapters."""
    made = moved()
    if key not in made:
        made[key] = make()
    return made[key]


@pytest.mark.parametrize(
    ("notebook", "shop"),
    [(notebook, "one") for notebook in CHAPTERS] + [(notebook, "early") for notebook in CHAPTERS[1:3]],
)
def test_every_chapter_runs_on_the_smallest_of_parts(monkeypatch, notebook, shop):
    """One respondent; and a few, none of them in the last wave, without a customer of their own."""
    monkeypatch.setattr(Study, "_kept", kept)
    found = chapter_cells.published(monkeypatch, notebook, DEMO, {"part": f"shop: {shop}"})
    first = next(data for data in found.values() if data["kind"] == "finding")
    people = {"one": "1 of 8,006 respondents.", "early": "3 of 8,006 respondents. None of them answered in 2025-H2, "}
    assert first["name"] == "part_of_study"
    assert first["text"].startswith(f"This chapter is about one part of the study, Shop: {shop}: {people[shop]}")
    told = [data["printed"]["value"] for data in found.values() if data["kind"] == "number"]
    assert set(told) <= {"**"}


def test_a_part_that_nobody_answered_of_is_told():
    with pytest.raises(CxError, match="nobody who answered the survey is a customer of segment: b2b"):
        part("segment: b2b").survey  # noqa: B018


def test_the_summary_takes_chapters_of_its_own_part_alone(tmp_path):
    notebook = json.loads((ROOT / "notebooks" / "02_survey_analysis.ipynb").read_text(encoding="utf-8"))
    given = {"study": str(DEMO), "part": "city: hanoi"}
    notebook["metadata"]["papermill"] = {"parameters": given}
    (tmp_path / "02_survey_analysis.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    with pytest.raises(CxError, match=r"was executed on the part City: Hanoi, not on the part Sex: Female"):
        summary.read(part("sex: f"), str(tmp_path))
    with pytest.raises(CxError, match=r"was executed on the part City: Hanoi, not on the whole study"):
        summary.read(whole(), str(tmp_path))
