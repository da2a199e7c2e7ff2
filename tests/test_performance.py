"""The importance-performance map: sides, verdicts, performance of drivers and of competitors.

Oracles: hand calculation, scores.by_group() (held against R's svyby in tests/test_scores_reference.py), truth.yml.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from cxlib import CxError, Study
from cxlib.performance import QUADRANTS, of_competitors, of_drivers, quadrants
from cxlib.scores import by_group

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "data/demo"


@pytest.fixture(scope="module")
def demo():
    return Study.load(DEMO)


def frame(rows: dict, half: float) -> pd.DataFrame:
    """Estimates by driver, with intervals of plus and minus `half`."""
    found = pd.DataFrame({"estimate": pd.Series(rows, dtype=float)})
    return found.assign(low=found["estimate"] - half, high=found["estimate"] + half, n=100)


# -- the map -----------------------------------------------------------------------------------------------------


def test_quadrants_by_hand():
    """Means .2 and 3.5; intervals of .05 and .2: on a line where the distance from it is no more."""
    importance = frame({"a": 0.4, "b": 0.3, "c": 0.1, "d": 0.03, "e": 0.16, "f": 0.21}, 0.05)
    performance = frame({"f": 3.6, "e": 3.0, "d": 4.0, "c": 3.0, "b": 4.0, "a": 3.4}, 0.2)
    found = quadrants(importance, performance)
    assert found.index.tolist() == list("abfecd"), "most important first"
    assert found["importance_mean"].unique() == pytest.approx([0.2])
    assert found["performance_mean"].unique() == pytest.approx([3.5])
    assert found["quadrant"].to_dict() == {
        "a": "improve first", "b": "keep up", "c": "improve later", "d": "more than enough", "e": "improve later",
        "f": "keep up",
    }  # fmt: skip
    assert found["verdict"].to_dict() == {
        "a": "improve first or keep up", "b": "keep up", "c": "improve later", "d": "more than enough",
        "e": "improve first or improve later", "f": "not told apart",
    }  # fmt: skip
    assert found.loc["a", ["importance", "importance_low", "importance_high"]].tolist() == pytest.approx(
        [0.4, 0.35, 0.45]
    )
    assert found.loc["a", ["estimate", "low", "high", "n"]].tolist() == pytest.approx([3.4, 3.2, 3.6, 100])


def test_every_verdict_is_among_the_quadrants_that_intervals_leave_open():
    """Random maps: the quadrant of the estimates is always one of the verdict's."""
    rng = np.random.default_rng(1)
    for _ in range(50):
        names = [f"d{i}" for i in range(8)]
        found = quadrants(frame(dict(zip(names, rng.random(8), strict=True)), 0.2 * rng.random()),
                          frame(dict(zip(names, 5 * rng.random(8), strict=True)), rng.random()))  # fmt: skip
        for row in found.itertuples():
            assert row.quadrant in QUADRANTS.values()
            assert row.verdict == "not told apart" or row.quadrant in row.verdict.split(" or ")


def test_a_driver_without_an_estimate_has_no_place_and_moves_no_line():
    found = quadrants(frame({"a": 1, "b": 2, "c": 9}, 0), frame({"a": 1, "b": 2, "c": np.nan}, 0))
    assert found.loc["c", ["quadrant", "verdict"]].tolist() == ["", ""]
    assert found["importance_mean"].iloc[0] == 1.5


@pytest.mark.parametrize(
    ("importance", "performance", "message"),
    [
        ({"speed": 1, "price": 2}, {"sped": 1, "price": 2}, "speed has no performance; did you mean sped?"),
        ({"price": 2}, {"speed": 1, "price": 2}, "speed has no importance"),
        ({"price": 2}, {"price": 2}, "a map needs two drivers with importance and performance; found 1"),
        ({"price": 2, "speed": np.nan}, {"price": 2, "speed": 1}, "a map needs two drivers"),
    ],
)
def test_maps_that_cannot_be(importance, performance, message):
    with pytest.raises(CxError) as caught:
        quadrants(frame(importance, 0.1), frame(performance, 0.1))
    assert message in str(caught.value)
    with pytest.raises(CxError, match="a driver has one row; a has several"):
        quadrants(pd.concat([frame({"a": 1}, 0)] * 2), frame({"a": 1}, 0))


# -- performance of drivers --------------------------------------------------------------------------------------


def test_performance_is_the_weighted_mean_under_the_design(demo):
    found = of_drivers(demo)
    last = demo.survey[demo.survey["wave"] == "2026-H2"]
    assert found.index.tolist() == demo.questions("driver")
    for name in ("product_price", "support_resolution"):
        row = by_group(last, "mean", [], question=name, **demo.design).iloc[0]
        for column in ("estimate", "low", "high", "se", "n", "n_effective"):
            assert found.loc[name, column] == pytest.approx(row[column]), (name, column)
    assert found.loc["product_price", "label"] == "Prices and promotions"
    assert found["unit"].eq("score").all()


def test_the_demo_s_means_lie_in_their_intervals(demo):
    """truth.yml holds the means of all four waves; the fifth of 14 intervals that may miss at 95% is allowed for."""
    truth = yaml.safe_load((DEMO / "truth.yml").read_text(encoding="utf-8"))["drivers"]["items"]
    means = pd.concat([of_drivers(demo, wave=wave)[["estimate", "se"]] for wave in demo.waves], keys=demo.waves)
    mean, se = means["estimate"].groupby(level=1).mean(), means["se"].groupby(level=1).mean() / 2
    off = [abs(mean[name] - item["mean"]) > 2.5 * se[name] for name, item in truth.items()]
    assert sum(off) <= 2


TABLES = """tables:
  survey:
    file: s.csv
    questions:
      speed: {role: driver, scale: [1, 5], label: Speed}
      queue: {role: driver, scale: [1, 5], label: Queue, reverse: true}
      price: {role: driver, scale: [1, 5]}
  benchmark:
    file: b.csv
    competitor: company
    questions:
      speed: {role: driver, scale: [1, 5]}
      queue: {role: driver, scale: [1, 5], reverse: true}
"""


def files(theirs: str = "") -> dict:
    ours = "\n".join(["speed,queue,price", *[f"{1 + i % 5},{1 + i % 2},3" for i in range(40)]])
    rivals = [f"Rival,{2 + i % 2},{4 + i % 2}" for i in range(40)] + [f"Other,5,{1 + i % 2}" for i in range(40)]
    return {"s.csv": ours, "b.csv": theirs or "\n".join(["company,speed,queue", *rivals, "Tiny,1,1"])}


def test_drivers_and_competitors_by_hand(load):
    """Ours: speed 3, queue 1.5 turned round to 4.5. Rival: 2.5, and 4.5 turned to 1.5; a base of one is withheld."""
    study = load(TABLES, files())
    ours = of_drivers(study)
    assert ours["estimate"].tolist() == pytest.approx([3, 4.5, 3])
    assert ours["label"].tolist() == ["Speed", "Queue (reversed)", "Price"]
    theirs = of_competitors(study).set_index(["driver", "company"])
    assert theirs.loc[("speed", "Rival"), "estimate"] == 2.5
    assert theirs.loc[("queue", "Rival"), "estimate"] == 1.5
    assert theirs.loc[("speed", "Rival"), "se"] == pytest.approx(0.5 / np.sqrt(39))
    assert np.isnan(theirs.loc[("speed", "Tiny"), "estimate"])
    assert "price" not in theirs.index
    assert of_competitors(study, ["price"]).empty


def test_unlike_scales_become_percent_of_their_length(load):
    """Speed on 0-10 with mean 3: 30%; queue 4.5 on 1-5: 87.5%."""
    tables = TABLES[: TABLES.index("  benchmark")].replace(
        "speed: {role: driver, scale: [1, 5]", "speed: {role: driver, scale: [0, 10]"
    )
    found = of_drivers(load(tables, files()))
    assert found["estimate"].tolist() == pytest.approx([30, 87.5, 50])
    assert found["unit"].eq("percent").all()


@pytest.mark.parametrize(
    ("tables", "drivers", "message"),
    [
        (TABLES, ["sped"], "sped is no driver of the survey; the drivers are speed, queue, price; did you mean speed?"),
        (TABLES.replace("price: {role: driver, scale: [1, 5]}", "price: {role: driver}"), None, "price has none"),
        (
            TABLES.replace("role: driver", "role: number").replace(", reverse: true", ""),
            None,
            "no question with `role: driver`",
        ),
    ],
)
def test_surveys_without_performance(load, tables, drivers, message):
    study = load(tables, files())
    with pytest.raises(CxError) as caught:
        of_drivers(study, drivers)
    assert message in str(caught.value)


def test_scales_of_competitors_must_be_ours(load):
    tables = TABLES.replace(
        "      speed: {role: driver, scale: [1, 5]}\n", "      speed: {role: driver, scale: [1, 7]}\n"
    )
    with pytest.raises(
        CxError, match=r"speed is rated on \(1.0, 7.0\) by competitors' customers, by ours on \(1.0, 5.0\)"
    ):
        of_competitors(load(tables, files()))
