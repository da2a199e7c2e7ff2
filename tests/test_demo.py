"""The demo study is what its truth.yml says: made again byte for byte, and every planted thing is there.

Oracles: a second run of make.py, the closed form of population.py, and one large draw from another seed.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.special import comb

DEMO = Path(__file__).resolve().parents[1] / "data" / "demo"
sys.path.insert(0, str(DEMO))

import journeys  # noqa: E402
import population as world  # noqa: E402
import registers  # noqa: E402
import truth as truth_file  # noqa: E402

TRUTH = yaml.safe_load((DEMO / "truth.yml").read_text("utf-8"))
STUDY = yaml.safe_load((DEMO / "study.yml").read_text("utf-8"))
PLANTED = TRUTH["planted"]
ITEMS = list(world.ITEMS)


def table(name, **options):
    """One of the demo's files, as it is."""
    return pd.read_csv(DEMO / f"{name}.csv", dtype={"phone": str}, **options)


@pytest.fixture(scope="module")
def rows():
    """Every row of survey.csv."""
    return table("survey")


@pytest.fixture(scope="module")
def survey(rows):
    """The first row of each respondent."""
    return rows.drop_duplicates("respondent_id")


@pytest.fixture(scope="module")
def customers():
    """customers.csv."""
    return table("customers")


@pytest.fixture(scope="module")
def large():
    """280,000 respondents in 4,200 shops, with their age band."""
    sample = world.draw(77, respondents=70_000, shops=4_200)
    bands = pd.cut(sample["age"], world.AGE_EDGES, right=False, labels=world.AGE_BANDS)
    return sample.assign(age_band=bands.astype(str), older=sample["age"] >= 45)


def weighted(sample, values):
    """Weighted mean and its standard error, with shops as clusters in cities."""
    weight = sample["weight"].to_numpy()
    values = np.asarray(values, dtype=float)
    mean = np.average(values, weights=weight)
    parts = sample[["city", "shop"]].assign(z=weight * (values - mean) / weight.sum())
    totals = parts.groupby(["city", "shop"])["z"].sum()
    return mean, np.sqrt(sum(len(z) * z.var() for _, z in totals.groupby("city")))


def assert_share(hits, base, share, name):
    """The share of hits lies within four standard errors of a true share."""
    distance = abs(hits / base - share) / np.sqrt(share * (1 - share) / base)
    assert distance < 4, f"{name}: {hits} of {base} is {hits / base:.4f}, {distance:.1f} standard errors from {share}"


# ---- files -----------------------------------------------------------------------------------------------------


def test_make_writes_the_committed_bytes(tmp_path):
    command = [sys.executable, str(DEMO / "make.py"), "--out", str(tmp_path)]
    subprocess.run(command, check=True, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"})
    made = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    files = [file for file in DEMO.iterdir() if file.suffix in (".csv", ".yml", ".md") or file.name == "logo.png"]
    kept = {file.name: file.read_bytes() for file in files}
    assert sorted(made) == sorted(kept)
    assert [name for name in kept if made[name] != kept[name]] == []


def test_files_are_small():
    sizes = {file.name: file.stat().st_size for file in DEMO.iterdir() if file.is_file()}
    assert sum(sizes.values()) < 8_000_000
    assert max(sizes.values()) < 1_900_000


def test_every_column_and_code_is_in_the_study():
    for name, spec in STUDY["tables"].items():
        data = table(spec["file"].removesuffix(".csv"))
        named = {spec[key] for key in spec if isinstance(spec[key], str)} - {spec["file"], "first"}
        for question, entry in spec.get("questions", {}).items():
            columns = list(entry.get("columns", {}).values()) or [question]
            named |= set(columns)
            if "labels" in entry and "columns" not in entry:
                answers = data[question].dropna()
                answers = answers.str.split(";").explode() if "separator" in entry else answers
                assert set(answers) == set(entry["labels"]), f"{name}.{question}"
            if "scale" in entry:
                outside = data[question].dropna()
                outside = outside[~outside.between(*entry["scale"]) & ~outside.isin(entry.get("missing", []))]
                assert outside.empty, f"{name}.{question}: {outside.unique()}"
        assert named | set(spec.get("private", [])) == set(data.columns), name


def test_routed_questions_are_blank_where_not_asked(survey):
    for question, entry in STUDY["tables"]["survey"]["questions"].items():
        for filter_question, answers in entry.get("asked", {}).items():
            asked = survey[filter_question].isin(answers)
            assert 0 < asked.sum() < len(survey)
            assert (survey[question].notna() == asked).all(), question


# ---- truth -----------------------------------------------------------------------------------------------------


def test_truth_is_the_closed_form():
    assert truth_file.truth(PLANTED) == TRUTH
    cells = world.cells()
    for metric in world.SCORES:
        assert TRUTH["metrics"][metric]["overall"] == pytest.approx(world.metric_truth(metric), abs=5e-5)
        for code, wave in enumerate(world.WAVES):
            part = cells[cells["wave"] == code]
            without = TRUTH["metrics"][metric]["wave_without_mode_effect"][wave]
            assert without == pytest.approx(world.metric_truth(metric, part, mode=False), abs=5e-5)
            same = without == TRUTH["metrics"][metric]["wave"][wave]
            assert same == (world.MODES[code] == "in_shop"), "only the online wave has a mode effect"


@pytest.mark.parametrize("metric", ["nps", "csat", "ces", "ces_top3"])
def test_truth_agrees_with_a_large_draw(large, metric):
    question, scores = world.SCORES[metric]
    values = pd.Series(scores[large[question] - world.METRICS[question]["lowest"]], index=large.index)
    expected = TRUTH["metrics"][metric]
    parts = {"overall": (expected["overall"], large)}
    for column in ("wave", "city", "age_band", "channel", "sex", "persona"):
        parts |= {group: (expected[column][group], part) for group, part in large.groupby(column)}
    parts |= {key: (expected["city_wave"][key[0]][key[1]], part) for key, part in large.groupby(["city", "wave"])}
    assert len(parts) == 1 + 4 + 2 + 5 + 2 + 2 + 4 + 8
    for name, (value, part) in parts.items():
        mean, se = weighted(part, values[part.index])
        assert abs(mean - value) < 4 * se, f"{metric} {name}: {mean:.3f}, true {value}, standard error {se:.3f}"
        assert se < (2 if metric != "ces" else 0.04), "too coarse to tell"


def test_items_problems_and_personas_agree_with_a_large_draw(large):
    for item, expected in TRUTH["drivers"]["items"].items():
        mean, se = weighted(large, large[item])
        assert abs(mean - expected["mean"]) < 4 * se, item
        top, se = weighted(large, 100 * (large[item] >= 4))
        assert abs(top - expected["top2"]) < 4 * se, item
    for name, value in TRUTH["personas"]["size"].items():
        mean, se = weighted(large, large["persona"] == name)
        assert abs(mean - value) < 4 * se, name
        share = TRUTH["personas"]["size_in_unweighted_sample"][name]
        assert_share((large["persona"] == name).sum(), len(large), share, name)
    for column in ("problem", "unhappy", "complained"):
        mean, se = weighted(large, large[column].fillna(0))
        assert abs(mean - TRUTH["iceberg"][column]) < 4 * se, column


def test_improvement_is_the_difference_in_differences(large):
    nps = world.SCORES["nps"][1]
    found = {}
    for (wave, improved), part in large.groupby(["wave", "improved"]):
        found[wave, improved] = weighted(part, nps[part["recommend"]])
    keys = [("2026-H2", 1), ("2026-H1", 1), ("2026-H2", 0), ("2026-H1", 0)]
    change = sum(sign * found[key][0] for sign, key in zip((1, -1, -1, 1), keys, strict=True))
    se = np.sqrt(sum(found[key][1] ** 2 for key in keys))  # too wide, as shops return: four times is no free pass
    assert abs(change - TRUTH["improvement"]["points"]["nps"]) < 2 * se < 4
    assert large.loc[large["improved"] == 1, "shop"].nunique() == TRUTH["improvement"]["shops"] * 70


def test_standard_error_of_the_nps_is_what_draws_scatter():
    nps = world.SCORES["nps"][1]
    ratio = []
    for seed in range(40):
        sample = world.draw(seed)
        for wave, part in sample.groupby("wave"):
            mean = np.average(nps[part["recommend"]], weights=part["weight"])
            ratio.append(((mean - TRUTH["metrics"]["nps"]["wave"][wave]) / TRUTH["precision_nps"][wave]["se"]) ** 2)
    assert 0.6 < np.mean(ratio) < 1.5
    assert all(2 < wave["design_effect"] < 3 for wave in TRUTH["precision_nps"].values())


def test_weights_restore_the_population(large):
    share = large.groupby("city")["weight"].sum() / large["weight"].sum()
    np.testing.assert_allclose(share[list(world.CITIES)], world.CITY_SHARE, atol=0.005)
    assert large["weight"].mean() == pytest.approx(1, abs=0.005)
    people, chosen = world.cell_shares()
    restored = world.cell_weights() * chosen * world.CITY_SAMPLE[:, None] / people
    np.testing.assert_allclose(restored, np.repeat(world.CITY_SHARE[:, None], 10, axis=1), atol=1e-4)


def test_draw_is_seeded_and_shops_return():
    sample = world.draw(3)
    pd.testing.assert_frame_equal(sample, world.draw(3))
    assert not sample["recommend"].equals(world.draw(4)["recommend"])
    per_wave = sample.groupby("wave")["shop"].unique().map(sorted)
    assert len(sample) == 8000
    assert all(shops == per_wave.iloc[0] for shops in per_wave)
    assert sample.groupby("city")["shop"].nunique().to_dict() == {"hcm": 36, "hanoi": 24}


# ---- survey.csv ------------------------------------------------------------------------------------------------


def test_survey_is_a_draw_with_dirt(rows, survey):
    planted = PLANTED["survey"]
    assert len(rows) == planted["rows"]
    assert len(survey) == planted["respondents"] + len(planted["near_duplicates"])
    repeated = rows[rows.duplicated("respondent_id")]
    assert len(repeated) == planted["exact_duplicates"]
    assert rows.duplicated().sum() == planted["exact_duplicates"], "the same in every column"
    assert survey["customer_id"].notna().sum() == survey["customer_id"].nunique() == planted["linked_to_customers"]
    assert survey["shop"].isna().sum() == planted["blank_shop"]
    assert (survey["seconds"] < 60).sum() == planted["speeders_under_60_seconds"]
    assert (rows["recommend"] == 11).sum() == planted["recommend_11_in_rows"]
    drawn = survey[~survey["respondent_id"].isin(planted["near_duplicates"])]
    assert (drawn["recommend"] == 11).sum() == planted["recommend_11"]
    assert 0.25 < survey["why"].notna().mean() < 0.45
    day = pd.to_datetime(survey["started"]).dt.strftime("%Y-%m")
    assert day.groupby(survey["wave"]).unique().map(list).to_dict() == {
        "2025-H1": ["2025-03"],
        "2025-H2": ["2025-09"],
        "2026-H1": ["2026-03"],
        "2026-H2": ["2026-09"],
    }


def test_near_duplicates_repeat_the_answers(survey):
    answers = survey.set_index("respondent_id")
    same = ["recommend", *ITEMS, "age", "spend", "touchpoints", "city", "wave"]
    for copy, original in PLANTED["survey"]["near_duplicates"].items():
        pd.testing.assert_series_equal(answers.loc[copy, same], answers.loc[original, same], check_names=False)


def test_straight_liners_and_blanks(survey):
    planted = PLANTED["survey"]
    straight = survey["respondent_id"].isin(planted["straight_liner_ids"])
    assert straight.sum() == planted["straight_liners"]
    assert (survey.loc[straight, ITEMS].nunique(axis=1) == 1).all()
    assert survey.loc[straight, ITEMS].notna().all(axis=None)
    others = survey[~straight]
    assert (others[ITEMS].nunique(axis=1, dropna=False) == 1).mean() < 0.002, "hardly anybody else does it"
    for item, share in planted["blank_rate_of_items"].items():
        assert_share(others[item].isna().sum(), len(others), share, item)
        nine = planted["nine_rate_of_items"].get(item, 0)
        if nine:
            assert_share((others[item] == 9).sum(), len(others), nine, f"9 in {item}")
        else:
            assert (others[item] != 9).all()


def test_complaint_rates_by_segment(large, survey):
    segments = TRUTH["iceberg"]["segments"]
    assert world.COMPLAINT_RATE[1, 1] == 1 / 42
    assert segments["traditional, 45+"]["complaint_rate"] == pytest.approx(1 / 42, abs=5e-7)
    for name, sample in (("draw", large), ("file", survey.assign(older=survey["age"] >= 45))):
        unhappy = sample[sample["unhappy"] == 1]
        for (channel, older), part in unhappy.groupby(["channel", "older"]):
            key = f"{channel}, {'45+' if older else 'under 45'}"
            assert_share(part["complained"].sum(), len(part), segments[key]["complaint_rate"], f"{name} {key}")
        assert (sample.loc[sample["unhappy"] == 0, "complained"] == 0).all()


def test_comments_give_away_what_is_planted(rows):
    text = rows["why"].fillna("")
    patterns = {"phone": r"0\d{9}", "email": r"\S+@\S+", "address": r"\d+ đường |\d+/\d+ "}
    for kind, pattern in patterns.items():
        found = rows.loc[text.str.contains(pattern), "respondent_id"]
        assert sorted(found) == sorted(PLANTED["comments_with_private_details"][kind]), kind


def test_personas_can_be_told_by_their_marks(survey):
    persona = table("personas").set_index("id")["persona"]
    sample = survey[survey["respondent_id"].isin(persona.index)]
    true = persona[sample["respondent_id"]].map(world.PERSONAS.index).to_numpy()
    assert len(sample) == 8000
    digital = sample["channel"].to_numpy()[:, None] == "digital"
    score = np.where(digital, np.log(world.DIGITAL), np.log1p(-world.DIGITAL))
    score -= (np.log(sample["spend"].to_numpy()[:, None] / np.array(world.SPEND)) / 0.35) ** 2 / 2
    for name in ("payment", "frequency", "priority"):
        codes, shares = world.MARKS[name]
        score = score + np.log(np.array(shares)).T[[codes.index(code) for code in sample[name]]]
    for name, shares in world.TOUCHPOINTS.items():
        used = sample["touchpoints"].str.contains(name).to_numpy()[:, None]
        score = score + np.where(used, np.log(shares), np.log1p(-np.array(shares)))
    for name, shares in world.REASONS.items():
        ticked = sample[name].to_numpy()[:, None] == 1
        score = score + np.where(ticked, np.log(shares), np.log1p(-np.array(shares)))
    both = pd.crosstab(true, score.argmax(axis=1)).to_numpy()
    pairs, rows, columns = comb(both, 2).sum(), comb(both.sum(axis=1), 2).sum(), comb(both.sum(axis=0), 2).sum()
    chance = rows * columns / comb(both.sum(), 2)
    assert (pairs - chance) / ((rows + columns) / 2 - chance) > 0.8, "adjusted Rand of the best guess"


# ---- the company's records -------------------------------------------------------------------------------------


def test_customers_and_links(survey, customers):
    assert customers["customer_id"].is_unique
    assert len(customers) == PLANTED["customers"]["rows"]
    assert (customers["segment"] == "b2b").sum() == PLANTED["customers"]["b2b"] == customers["industry"].notna().sum()
    answers = survey.dropna(subset="customer_id")
    linked = answers.merge(customers, on="customer_id", suffixes=("", "_customer"), validate="one_to_one")
    assert len(linked) == PLANTED["survey"]["linked_to_customers"]
    for column in ("city", "age", "sex", "channel", "priority", "recontact"):
        assert (linked[column] == linked[f"{column}_customer"]).all(), column
    assert (linked["phone"].fillna("") == linked["phone_customer"].fillna("")).all()
    assert not (linked["left"] < linked["started"].str[:10]).any(), "nobody answers after leaving"
    assert (linked["since"] < linked["started"]).all()
    refused = customers[customers["recontact"] == 0]
    assert refused["phone"].notna().sum() > 100, "some who refuse are on file all the same"
    assert customers.loc[customers["recontact"] == 1, "phone"].notna().all()


def test_loss_by_fate(survey, customers):
    loss, fates = TRUTH["loss_by_fate"], PLANTED["customers"]["by_fate"]
    outcome = table("complaints").drop_duplicates("customer_id").set_index("customer_id")["outcome"]
    gone = customers.set_index("customer_id")["left"].notna()
    for name, part in outcome.groupby(outcome):
        assert_share(gone[part.index].sum(), len(part), loss[name], name)
        assert len(part) <= fates[name]
    linked = survey.dropna(subset="customer_id").set_index("customer_id")
    silent = linked[(linked["unhappy"] == 1) & (linked["complained"] == 0)].index
    content = linked[linked["unhappy"] != 1].index
    assert_share(gone[silent].sum(), len(silent), loss["silent"], "silent")
    assert_share(gone[content].sum(), len(content), loss["content"], "content")
    assert sum(fates.values()) == len(customers)


def test_complaints_and_recapture(survey, customers):
    complaints, counts = table("complaints"), PLANTED["complaints"]
    seen = {name: set(part["customer_id"]) for name, part in complaints.groupby("channel")}
    assert len(complaints) == counts["rows"]
    assert complaints["customer_id"].nunique() == counts["complainers_recorded"] < counts["complainers"]
    assert complaints.duplicated(["customer_id", "channel"]).sum() == counts["second_complaint_in_same_channel"]
    assert len(seen["call_centre"]) == counts["call_centre"]
    assert len(seen["social"]) == counts["social"]
    both = len(seen["call_centre"] & seen["social"])
    assert both == counts["call_centre_and_social"] > 20
    n1, n2 = counts["call_centre"], counts["social"]
    chapman = (n1 + 1) * (n2 + 1) / (both + 1) - 1
    se = np.sqrt((n1 + 1) * (n2 + 1) * (n1 - both) * (n2 - both) / ((both + 1) ** 2 * (both + 2)))
    assert abs(chapman - counts["complainers"]) < 3 * se
    assert counts["complainers"] == sum(PLANTED["customers"]["by_fate"][name] for name in world.OUTCOMES)
    joined = complaints.merge(customers, on="customer_id", validate="many_to_one")
    assert len(joined) == len(complaints)
    assert not (joined["left"] < joined["when"]).any()
    said = survey.merge(complaints.drop_duplicates("customer_id"), on="customer_id", suffixes=("", "_recorded"))
    assert len(said) > 30
    assert (said["outcome"] == said["outcome_recorded"]).all(), "the survey and the records tell the same"


def test_journeys():
    events, planted = table("events"), TRUTH["journey"]
    assert len(events) <= 35_000
    following = events.groupby("customer_id")["stage"].shift(-1)
    assert events.groupby("customer_id")["when"].is_monotonic_increasing.all()
    for name, part in events.groupby("touchpoint"):
        if planted["ends_journey"][name] < 1:
            assert_share(following[part.index].isna().sum(), len(part), planted["ends_journey"][name], name)
        scores = part["score"].dropna()
        assert abs(scores.mean() - planted["mean_score"][name]) < 4 * scores.sem(), name
    worst = planted["worst_touchpoint"]
    assert worst == min(planted["mean_score"], key=planted["mean_score"].get)
    going = events.assign(next=following).dropna(subset="next")
    search = going[going["stage"] == "search"]
    assert_share((search["next"] == "decide").sum(), len(search), planted["skips_compare"], "skips compare")
    decide = going[going["stage"] == "decide"].drop_duplicates("customer_id")
    assert_share((decide["next"] == "search").sum(), len(decide), planted["loops_back_from_decide"], "loops back")


def test_contacts_per_customer():
    rng = np.random.default_rng(5)
    expected = TRUTH["journey"]["contacts_per_customer"]
    for own in world.CHANNELS:
        names = [name for _ in range(6_000) for name, *_ in journeys.journey(rng, own)]
        seen = pd.Series(names).value_counts() / 6_000
        for name, value in expected[own].items():
            assert seen[name] == pytest.approx(value, abs=4 * np.sqrt(1.3 * value / 6_000)), (own, name)
    assert set(table("map")["touchpoint"]) == set(expected["digital"])


def test_sales(customers):
    sales, planted = table("sales"), TRUTH["sales"]
    joined = sales.merge(customers, on="customer_id", validate="many_to_one", suffixes=("", "_customer"))
    assert len(joined) == len(sales) == registers.SALES
    weak = joined["employee"] == planted["weak_employee"]
    for segment, part in joined[~weak].groupby("segment"):
        assert_share(part["won"].sum(), len(part), planted["win_rate"][segment], segment)
    households = joined[weak & (joined["segment"] == "b2c")]
    chance = planted["win_rate"]["b2c"] * planted["weak_employee_factor"]
    assert_share(households["won"].sum(), len(households), chance, "weak employee")
    for won, key in ((1, "reason_won"), (0, "reason_lost")):
        reasons = sales.loc[sales["won"] == won, "reason"]
        assert set(reasons) == set(planted[key])
        for name, share in planted[key].items():
            assert_share((reasons == name).sum(), len(reasons), share, name)


def test_staff_and_competitors():
    staff, survey_means = table("staff"), {k: v["mean"] for k, v in TRUTH["drivers"]["items"].items()}
    assert staff.groupby("team").size().to_dict() == dict.fromkeys(("marketing", "sales", "service"), 60)
    for team, part in staff.groupby("team"):
        for item, gap in TRUTH["staff_minus_customers"][team].items():
            assert abs(part[item].mean() - survey_means[item] - gap) < 4 * part[item].sem(), (team, item)
    gaps = TRUTH["staff_minus_customers"]
    assert max(gaps["sales"], key=gaps["sales"].get) == "product_price"
    benchmark = table("benchmark")
    assert len(benchmark) == 3 * 4 * 3
    for row in benchmark.itertuples():
        value = TRUTH["competitors"][row.competitor][row.metric][world.WAVES.index(row.wave)]
        assert abs(row.score - value) < 4 * registers.SPREAD[row.metric] / np.sqrt(row.n), row


def test_prospects():
    prospects = table("prospects")
    assert len(prospects) == registers.PROSPECTS
    assert set(prospects["prospect_id"]) <= set(table("personas")["id"])
    shared = set(prospects.columns) - {"prospect_id"}
    assert shared <= set(table("customers").columns)
