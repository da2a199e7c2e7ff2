"""Charts as numbers: what chart functions hand over equals what they draw, rounded as it is published."""

import json

import numpy as np
import pandas as pd
import pytest

from cxlib import charts
from cxlib.charts import native
from cxlib.language import speak

NAN = float("nan")


def tidy(**changed) -> pd.DataFrame:
    """Two panels of estimates over two waves."""
    return pd.DataFrame(
        {
            "label": ["NPS", "NPS", "CSAT", "CSAT"],
            "wave": ["w1", "w2", "w1", "w2"],
            "estimate": [10.00004, 20.123456, 70.0, NAN],
            "low": [5.0, 15.0, 65.0, NAN],
            "high": [15.0, 25.0, 75.0, NAN],
            "n": [100, 100, 200, 20],
            "unit": ["points", "points", "percent", "percent"],
        }
        | changed
    )


def test_chart_is_plain_json_rounded_as_it_is_published():
    made = native.lines(tidy(), "wave", panel="label", units="unit", order=["w1", "w2", "w3"])
    assert json.loads(json.dumps(made, allow_nan=False)) == made
    nps, csat = made["panels"]
    assert (nps["title"], nps["unit"], nps["categories"]) == ("NPS (points)", "points", ["w1", "w2", "w3"])
    assert nps["series"] == [
        {"name": "NPS", "values": [10.0, 20.1235, None], "low": [5.0, 15.0, None], "high": [15.0, 25.0, None]}
    ]
    assert csat["series"][0]["values"] == [70.0, None, None]


def test_ends_are_empty_where_nothing_has_an_interval():
    made = native.bars(tidy()[["wave", "estimate"]].head(2), "wave")
    assert made["panels"][0]["series"][0]["low"] == []
    assert made["panels"][0]["title"] == ""


def test_unit_is_not_taken_from_a_column_of_that_name():
    made = native.bars(tidy(count=[1, 2, 3, 4]).head(2), "wave", title="A title", unit="count")
    assert made["panels"][0]["unit"] == "count"


def test_infinite_values_and_clock_times_are_left_out():
    frame = pd.DataFrame({"day": pd.to_datetime(["2026-01-01", "2026-02-01"]), "estimate": [np.inf, 2.0]})
    made = native.lines(frame, "day")
    assert made["panels"][0]["categories"] == ["2026-01-01", "2026-02-01"]
    assert made["panels"][0]["series"][0]["values"] == [None, 2.0]


def test_wide_frames_stand_side_by_side():
    frame = pd.DataFrame({"group": ["a", "b"], "raw": [1.0, 2.0], "raw_low": [0.5, 1.5], "raw_high": [1.5, 2.5],
                          "estimate": [1.1, 1.9]})  # fmt: skip
    long = native.side_by_side(frame, {"counted": ("raw", "raw_low", "raw_high"), "pooled": ("estimate",)})
    made = native.dots(long, "group", series="series", unit="rate")
    assert [(s["name"], s["values"], s["low"]) for s in made["panels"][0]["series"]] == [
        ("counted", [1.0, 2.0], [0.5, 1.5]),
        ("pooled", [1.1, 1.9], []),
    ]


def test_points_keep_names_groups_and_intervals():
    frame = pd.DataFrame({"who": ["a"], "x": [1.23456], "x_low": [1.0], "x_high": [1.5], "y": [2.0]})
    made = native.scatter(frame, name="who", x=("x", "x_low", "x_high"), y=("y",), means=(1.0, 2.0), names=("X", "Y"))
    assert made["panels"][0]["points"] == [
        {"name": "a", "group": "", "x": 1.2346, "x_low": 1.0, "x_high": 1.5, "y": 2.0}
    ]
    assert made["panels"][0]["means"] == [1.0, 2.0]


def test_trend_tells_where_its_line_is_dashed_and_parted():
    modes = {"w1": "in_shop", "w2": "online"}
    figure = charts.trend(tidy(), panel="label", over="wave", order=["w1", "w2"], modes=modes,
                          breaks={"CSAT": {"w2": "wording"}})  # fmt: skip
    nps, csat = figure.native["panels"]
    assert nps["categories"] == ["w1 in shop", "w2 online"]
    assert (nps["dashed"], nps["parted"]) == ([1], [])
    assert csat["parted"] == [1]
    assert nps["series"][0]["values"] == [10.0, 20.1235]


def test_segments_are_marks_on_one_axis_with_the_total():
    frame = pd.DataFrame({"segment": ["City", "City", "Age"], "group": ["Hanoi", "Ho Chi Minh City", "18-24"],
                          "estimate": [1.0, 2.0, NAN], "low": [0.0, 1.0, NAN], "high": [2.0, 3.0, NAN],
                          "n": [100, 200, 3]})  # fmt: skip
    figure = charts.intervals(frame, group="segment", label="group", title="NPS", unit="points", total=1.5)
    assert (figure.native["kind"], figure.native["shared"]) == ("dots", True)
    assert [p["title"] for p in figure.native["panels"]] == ["City (points)", "Age (points)"]
    assert figure.native["panels"][0]["categories"] == ["Hanoi", "Ho Chi Minh City"]
    assert figure.native["panels"][0]["total"] == {"name": "all 1.5", "value": 1.5}


def test_likert_has_every_answer_of_the_scale_in_order():
    frame = pd.DataFrame({"item": ["Staff", "Staff"], "answer": [1, 4], "estimate": [25.0, 75.0], "n": [100, 100]})
    figure = charts.likert(frame, item="item", answer="answer", title="Ratings")
    series = figure.native["panels"][0]["series"]
    assert [(s["name"], s["values"]) for s in series] == [("1", [25.0]), ("2", [0.0]), ("3", [0.0]), ("4", [75.0])]
    assert figure.native["panels"][0]["categories"] == ["Staff"]


def test_importance_is_in_percent_the_greatest_first():
    frame = pd.DataFrame({"estimate": [0.1, 0.2], "low": [0.05, 0.1], "high": [0.2, 0.3], "rank": [2, 1],
                          "rank_low": [1, 1], "rank_high": [2, 2]}, index=["Staff", "Price"])  # fmt: skip
    panel = charts.importance(frame, title="What counts").native["panels"][0]
    assert panel["categories"] == ["Price", "Staff"]
    assert panel["series"][0] == {"name": "What counts", "values": [20.0, 10.0], "low": [10.0, 5.0],
                                  "high": [30.0, 20.0]}  # fmt: skip


def test_texts_are_in_the_language_that_is_spoken():
    frame = pd.DataFrame({"group": ["a"], "raw": [10.0], "raw_low": [5.0], "raw_high": [15.0], "estimate": [11.0],
                          "low": [6.0], "high": [14.0], "n": [50]})  # fmt: skip
    speak("vi")
    try:
        names = [s["name"] for s in charts.pooling(frame, overall=10.0).native["panels"][0]["series"]]
    finally:
        speak("en")
    assert len(names) == 2
    assert "pooled" not in names


@pytest.mark.parametrize("kind", ["bars", "lines", "dots", "stacked"])
def test_kinds_differ_in_name_only(kind):
    made = getattr(native, kind)(tidy(), "wave", panel="label", units="unit")
    assert made | {"kind": ""} == native.chart("", tidy(), "wave", panel="label", units="unit")
