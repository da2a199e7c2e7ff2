"""The inside view: staff against customers.

Oracles: truth.yml of the demo and the closed form behind it (data/demo/population.py), scores.by_group() (which tests
hold against R's survey package), Welch's test and Holm's correction of statsmodels.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW
from test_charts import texts

from cxlib import CxError, Study, inside, scores
from cxlib.charts.inside import dumbbells
from cxlib.sentences import inside as say

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "data/demo"))

import population as world  # noqa: E402

TRUTH = yaml.safe_load((ROOT / "data/demo/truth.yml").read_text(encoding="utf-8"))
WAVES = ["2025-H1", "2025-H2", "2026-H1", "2026-H2"]


@pytest.fixture(scope="module")
def demo() -> Study:
    return Study.load(ROOT / "data/demo")


@pytest.fixture(scope="module")
def gaps(demo):
    return inside.gaps(demo, "2026-H2")


# -- the demo against its truth ------------------------------------------------------------------------------------


def test_every_gap_recovers_the_truth(gaps):
    """truth.yml has the gap to customers of all waves; what customers of one wave think is in closed form."""
    cells = world.cells()
    now = cells[cells["wave"] == WAVES.index("2026-H2")]
    moved = (world.item_truth(now) - world.item_truth()) @ np.arange(1, 6)
    moved = dict(zip(world.ITEMS, moved, strict=True))
    single = gaps[gaps["name"] != inside.OVERALL]
    assert len(single) == 3 * 14
    truth = [
        TRUTH["staff_minus_customers"][row.team][row.name] - moved[row.name] for row in single.itertuples(index=False)
    ]
    z = (single["estimate"] - truth) / single["se"]
    assert z.abs().max() < 3.7
    assert 0.6 < (z**2).mean() < 1.6
    inside_95 = (single["low"] <= truth) & (truth <= single["high"])
    assert inside_95.mean() > 0.88


def test_what_is_planted_is_found_and_the_rest_is_noise(gaps):
    clear = gaps[(gaps["verdict"] == "clear") & (gaps["name"] != inside.OVERALL)]
    found = {(row.team, row.name): np.sign(row.estimate) for row in clear.itertuples(index=False)}
    assert found == {
        ("marketing", "channel_app"): 1,
        ("sales", "product_price"): 1,
        ("sales", "convenience_delivery"): 1,
        ("service", "support_resolution"): -1,
    }


def test_customers_keep_their_weights_and_design(demo, gaps):
    """Oracle: scores.by_group() with the study's design."""
    rows = scores.by_group(demo.survey, "mean", ["wave"], question="product_price", **demo.design)
    wanted = rows.set_index("wave").loc["2026-H2"]
    row = gaps[(gaps["team"] == "sales") & (gaps["name"] == "product_price")].iloc[0]
    assert row["customers"] == pytest.approx(wanted["estimate"])
    assert row["customers_low"] == pytest.approx(wanted["low"])
    assert row["n_customers"] == wanted["n"]
    staff = demo.table("staff").query("team == 'sales'")["product_price"]
    assert row["se"] ** 2 == pytest.approx(wanted["se"] ** 2 + staff.var() / 60)
    parts = np.array([wanted["se"] ** 2, staff.var() / 60])
    assert row["df"] == pytest.approx(parts.sum() ** 2 / (parts**2 / [wanted["df"], 59]).sum())
    assert "63 clusters" in row["method"]


def test_p_values_are_corrected_within_a_team(gaps):
    """Oracle: statsmodels multipletests(method="holm")."""
    part = gaps[(gaps["team"] == "sales") & (gaps["name"] != inside.OVERALL)]
    np.testing.assert_allclose(part["p_adjusted"], multipletests(part["p"], method="holm")[1])
    whole = gaps[gaps["name"] == inside.OVERALL]
    np.testing.assert_array_equal(whole["p"], whole["p_adjusted"])


def test_the_mean_of_all_attributes_is_of_persons(demo, gaps):
    staff = demo.table("staff")
    mean = staff[inside.attributes(demo)].mean(axis=1).groupby(staff["team"]).mean()
    rows = gaps[gaps["name"] == inside.OVERALL].set_index("team")
    np.testing.assert_allclose(rows["staff"], mean[rows.index])


# -- small studies -------------------------------------------------------------------------------------------------

TABLES = """tables:
  survey:
    file: s.csv
    questions:
      speed: {role: driver, scale: [1, 5], missing: [9], label: Speed}
      price: {role: driver, scale: [1, 5]}
  staff:
    file: t.csv
    team: team
    questions: {speed: {role: driver, scale: [1, 5]}, price: {role: driver, scale: [1, 5]}}
"""


def files(teams=(("sales", 40), ("service", 12))) -> dict:
    rng = np.random.default_rng(2)
    customers = pd.DataFrame(rng.integers(1, 6, (200, 2)), columns=["speed", "price"])
    staff = pd.concat(
        [pd.DataFrame({"team": [name] * n, "speed": 5, "price": rng.integers(1, 6, n)}) for name, n in teams]
    )
    staff.iloc[0, 1] = 4
    return {"s.csv": customers.to_csv(index=False), "t.csv": staff.to_csv(index=False)}


def test_a_simple_sample_gives_welch_s_test(load):
    """Oracle: statsmodels CompareMeans(usevar="unequal")."""
    study = load(TABLES, files())
    row = inside.gaps(study).set_index(["team", "name"]).loc[("sales", "price")]
    staff = study.table("staff").query("team == 'sales'")["price"]
    welch = CompareMeans(DescrStatsW(staff), DescrStatsW(study.survey["price"]))
    t, p, df = welch.ttest_ind(usevar="unequal")
    low, high = welch.tconfint_diff(usevar="unequal")
    np.testing.assert_allclose(row[["t", "p", "df", "low", "high"]].astype(float), [t, p, df, low, high], rtol=1e-9)


def test_a_reversed_attribute_is_turned_round(load):
    plain = inside.gaps(load(TABLES, files())).set_index(["team", "name"])
    turned = TABLES.replace(
        "price: {role: driver, scale: [1, 5]}", "price: {role: driver, scale: [1, 5], reverse: true}"
    )
    rows = inside.gaps(load(turned, files())).set_index(["team", "name"])
    one, other = rows.loc[("sales", "price")], plain.loc[("sales", "price")]
    assert one["estimate"] == pytest.approx(-other["estimate"])
    assert (one["staff"], one["p"]) == (pytest.approx(6 - other["staff"]), pytest.approx(other["p"]))
    assert one["attribute"] == "Price (reversed)"
    only = turned.replace(", reverse: true}\n", "}\n", 1)
    with pytest.raises(CxError, match="staff rate price on 1-5 reversed, customers on 1-5; they must be alike"):
        inside.gaps(load(only, files()))


def test_small_teams_are_withheld(load):
    study = load(TABLES, files())
    rows = inside.gaps(study).set_index(["team", "name"])
    small = rows.loc["service"]
    assert small[["estimate", "low", "high", "staff", "p", "p_adjusted"]].isna().all(axis=None)
    assert small["n"].tolist() == [12, 12, 12]
    assert set(small["verdict"]) == {"unknown"}
    told = say.gaps(study, rows.reset_index(), confidence=0.95)
    assert told["inside_1"].startswith("Sales overrates Speed (+")
    assert told["inside_2"] == "Service: not reported, 12 answers are too few."


def test_without_teams_there_is_one_group(load):
    study = load(TABLES.replace("    team: team\n", ""), files())
    rows = inside.gaps(study)
    assert set(rows["team"]) == {"All staff"}
    assert set(rows["n"]) == {52}


def test_a_wave_that_did_not_ask_has_no_customers(load):
    table, data = TABLES.replace("file: s.csv\n", "file: s.csv\n    wave: wave\n"), files(teams=[("sales", 40)])
    answers = [line.split(",") for line in data["s.csv"].splitlines()[1:]]
    rows = [f"1,{speed}," if i % 2 else f"2,{speed},{price}" for i, (speed, price) in enumerate(answers)]
    data["s.csv"] = "\n".join(["wave,speed,price", *rows])
    study = load(table, data)
    rows = inside.gaps(study, "1").set_index("name")
    assert rows.loc["price", "n_customers"] == 0
    assert np.isnan(rows.loc["price", "estimate"])
    assert rows.loc["price", "n"] == 40
    assert rows.loc["speed", "n_customers"] == 100
    assert rows.loc[inside.OVERALL, "estimate"] == rows.loc["speed", "estimate"]
    assert "1 is not reported" in say.gaps(study, rows.reset_index(), confidence=0.95)["inside_1"]


@pytest.mark.parametrize(
    ("questions", "message"),
    [
        ("{sped: {role: driver, scale: [1, 5]}, cost: {role: driver, scale: [1, 5]}}",
         "staff rate sped (and 1 more), which no driver of the survey asks; did you mean speed?"),
        ("{speed: {role: driver, scale: [1, 7]}}", "staff rate speed on 1-7, customers on 1-5; they must be alike"),
        ("{speed: {role: driver}}", "staff rate speed on no given scale, customers on 1-5; they must be alike"),
        ("{speed: {role: number}}", "staff rate no attribute; give the survey's drivers to the table staff as well"),
    ],
)  # fmt: skip
def test_staff_tables_that_cannot_be_compared_are_refused(load, questions, message):
    table = TABLES[: TABLES.index("  staff:")] + f"  staff: {{file: t.csv, team: team, questions: {questions}}}\n"
    data = files()
    data["t.csv"] = data["t.csv"].replace("team,speed,price", "team,speed,cost")
    if "sped" in questions:
        data["t.csv"] = data["t.csv"].replace("speed", "sped")
    with pytest.raises(CxError) as caught:
        inside.gaps(load(table, data))
    assert message in str(caught.value)


def test_studies_without_staff_have_nothing_to_tell(load):
    study = load("questions: {speed: {role: driver, scale: [1, 5]}}", "speed\n1\n2\n")
    rows = inside.gaps(study)
    assert rows.empty
    assert say.gaps(study, rows, confidence=0.95) == {
        "no_inside": "The study has no table of staff, so there is no inside view."
    }
    assert say.figures(rows, None) == ({}, {})
    assert dumbbells(rows) == {}


# -- sentences and charts ------------------------------------------------------------------------------------------


def test_sentences_tell_who_misjudges_what_and_what_is_noise(demo, gaps):
    told = say.gaps(demo, gaps, confidence=0.95)
    row = gaps[(gaps["team"] == "marketing") & (gaps["name"] == "channel_app")].iloc[0]
    assert told["inside_1"].startswith(
        f"Marketing overrates App and website (+{row['estimate']:.3f}; 95% interval +{row['low']:.3f} to "
        f"+{row['high']:.3f}, p < 0.0001; staff {row['staff']:.2f}, customers {row['customers']:.2f}); 13 of 14 gaps "
        "are not told apart from chance."
    )
    assert " and Delivery (" in told["inside_2"]
    assert "sees things better than customers by" in told["inside_2"]
    assert "underrates Solution of problems (" in told["inside_3"]


def test_dumbbells_stand_at_their_numbers_and_nothing_is_covered(demo, gaps):
    drawings = dumbbells(gaps)
    captions, alts = say.figures(gaps, "2026-H2")
    assert list(drawings) == list(captions) == list(alts) == ["team_1", "team_2", "team_3"]
    held = gaps[gaps["team"] == "sales"].assign(
        staff=np.nan, staff_low=np.nan, staff_high=np.nan, estimate=np.nan, n=12
    )
    held["attribute"] = ["Chất lượng hàng hóa và nguồn gốc xuất xứ rõ ràng", *held["attribute"].iloc[1:]]
    drawings["held"] = dumbbells(held)["team_1"]
    for name, figure in drawings.items():
        width, height = figure.get_size_inches() * figure.dpi
        shown = texts(figure)
        for i, (one, a) in enumerate(shown):
            assert min(a.x0, a.y0) >= -1, (name, one)
            assert a.x1 <= width + 1, (name, one)
            assert a.y1 <= height + 1, (name, one)
            for other, b in shown[i + 1 :]:
                wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
                assert wide <= 1 or high <= 1, (name, one, other)
    (axis,) = drawings["team_2"].axes
    sales = gaps[gaps["team"] == "sales"]
    single = sales[sales["name"] != inside.OVERALL].sort_values("estimate", ascending=False)
    (squares,) = [line.get_xdata() for line in axis.lines if line.get_marker() == "s" and len(line.get_xdata())]
    np.testing.assert_allclose(squares[:-1], single["staff"])
    thick = [line for line in axis.lines if line.get_linewidth() == 5]
    assert len(thick) == (sales["verdict"] == "clear").sum()
    assert [t.get_text() for t in drawings["held"].axes[0].texts] == ["** staff 12"] * 15
