"""How results are written, rounded, marked and withheld."""

import json
import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from cxlib import CxError, Estimate, results, tables, text


@pytest.fixture
def shown(monkeypatch) -> list[dict]:
    """What display() was given, in order."""
    found = []
    monkeypatch.setattr(results, "display", lambda data, raw: found.append(data))
    return found


def estimate(**changed) -> Estimate:
    given = {"name": "NPS", "value": 30.123456, "low": 13.97453, "high": 44.17616, "se": 7.8496, "n": 100,
             "n_effective": 100.0, "unit": "points", "confidence": 0.95, "method": "MOVER-Wilson"}  # fmt: skip
    return Estimate(**given | changed)


def test_estimate_holds_plain_numbers_and_says_them():
    found = estimate(value=np.float64(30), n=np.int64(100))
    assert type(found.value) is float
    assert type(found.n) is int
    assert "np." not in repr(found)
    assert str(found) == "NPS 30.0 (95% interval 14.0 to 44.2; 100 answers, effective base 100; MOVER-Wilson)"


@pytest.mark.parametrize(
    ("value", "unit", "printed"),
    [
        (35.1136, "points", "35.1"),
        (-7.25, "points", "\u22127.2"),
        (-0.04, "points", "0.0"),
        (80.4852, "percent", "80.5%"),
        (5.376, "score", "5.38"),
        (28665, "count", "28,665"),
        (math.nan, "points", "–"),
    ],
)
def test_numbers_as_printed(value, unit, printed):
    assert text.number(value, unit) == printed


def test_intervals_differences_and_p_values_as_printed():
    assert text.interval(-1.04, 39.36, "points") == "\u22121.0 to 39.4"
    assert text.interval(78.49, 82.33, "percent") == "78.5 to 82.3%"
    assert text.difference_interval(-10.563, -0.0068, "points") == "\u221210.56 to \u22120.01"
    assert text.difference(1.794, "percent") == "+1.79"
    assert [text.p_value(p) for p in (0.0497, 0.05344, 0.5299, 0.00001)] == ["0.0497", "0.0534", "0.530", "<0.0001"]
    assert [text.p_is(p) for p in (0.0497, 0.00001)] == ["p = 0.0497", "p < 0.0001"]
    assert text.join(["weights", "clusters", "strata"]) == "weights, clusters and strata"


def test_small_bases_are_marked_and_tiny_ones_withheld(shown):
    results.number("nps", estimate(n=99))
    results.number("nps", estimate(n=29))
    marked, withheld = (data[results.MIME] for data in shown)
    assert marked["printed"]["value"] == "30.1*"
    assert marked["value"] == 30.1235
    assert withheld["printed"] | {"base": ""} == {"value": "**", "interval": "", "base": "", "note": ""}
    assert [withheld[k] for k in ("value", "low", "high", "se")] == [None] * 4
    assert withheld["n"] == 29
    assert "30.1" not in json.dumps(shown[1])


def test_number_is_plain_json_without_nan(shown):
    results.number("nps", estimate(se=math.nan), scale=(-100, 100))
    data = json.loads(json.dumps(shown[0][results.MIME], allow_nan=False))
    assert data["se"] is None
    assert set(data) >= {"value", "low", "high", "se", "n", "n_effective", "unit", "confidence", "method"}
    assert (data["least"], data["most"]) == (-100, 100)


def test_a_table_withholds_tiny_bases_in_record_and_print():
    frame = pd.DataFrame(
        {"group": ["A", "B", "C"], "estimate": [41.23456, 20.0, -10.0], "low": [30.0, 1.0, -40.0],
         "high": [50.0, 33.0, 20.0], "se": [1.0, 2.0, 3.0], "n": [200, 60, 12], "unit": "points"}
    )  # fmt: skip
    found = tables.record(frame, caption="By group", minimum_base=30)
    assert found["columns"] == ["group", "estimate", "low", "high", "se", "n"]
    assert found["rows"] == [
        ["A", 41.2346, 30.0, 50.0, 1.0, 200],
        ["B", 20.0, 1.0, 33.0, 2.0, 60],
        ["C", None, None, None, None, 12],
    ]
    assert found["printed"]["heads"] == ["Group", "Estimate", "95% interval", "Standard error", "Base"]
    assert [row[1] for row in found["printed"]["rows"]] == ["41.2", "20.0*", "**"]
    assert found["printed"]["rows"][2] == ["C", "**", "**", "**", "12"]
    assert found["note"] == "** base under 30: not reported. * base under 100: read with caution."


def test_a_number_with_a_base_of_its_own_bears_no_mark(shown):
    """12 complainers are no small base of answers: the number is printed, with what it rests on."""
    results.number("silent", estimate(n=12, unit="count", value=1270.4, low=854.0, high=math.inf, se=math.inf),
                   base="12 complainers, rate taken from outside", note="plug-in 1,300")  # fmt: skip
    data = shown[0][results.MIME]
    assert data["printed"] == {
        "value": "1,270", "interval": "95% interval 854 to ∞", "base": "12 complainers, rate taken from outside",
        "note": "plug-in 1,300",
    }  # fmt: skip
    assert (data["value"], data["low"], data["high"], data["se"], data["n"]) == (1270, 854, None, None, 12)
    assert "12 complainers, rate taken from outside" in shown[0]["text/plain"]
    json.dumps(data, allow_nan=False)


def test_nothing_is_published_of_nothing(shown):
    results.number("silent", None)
    results.table("none", pd.DataFrame(), caption="None")
    results.figure("none", None, caption="None", alt="")
    assert shown == []


@pytest.mark.parametrize(
    ("value", "unit", "recorded"),
    [
        (7_640_195_123.4, "money", 7_640_200_000.0),
        (148_261_593.37, "money", 148_262_000.0),
        (0.0, "money", 0.0),
        (-1234.5678, "money", -1234.57),
        (1270.6, "count", 1271.0),
        (1.04236789, "rate", 1.0424),
        (6.97123456, "percent", 6.9712),
    ],
)
def test_numbers_as_recorded(value, unit, recorded):
    assert text.published(value, unit) == recorded


@pytest.mark.parametrize(
    ("value", "printed"),
    [(7_640_195_123.4, "7,640,000,000"), (-899.4, "\u2212899"), (0.2, "0"), (-0.2, "0"), (math.inf, "∞"), (87.4, "87")],
)
def test_money_is_printed_to_three_figures(value, printed):
    assert text.number(value, "money") == printed


def test_a_column_may_have_a_unit_of_its_own():
    """Beside the row's unit: percent, money, ratio, base and text, each written and recorded in its own way."""
    frame = pd.DataFrame(
        {"label": ["A", None], "rate": [7.02976, math.nan], "worth": [148_261_593.4, math.inf], "z": [1.23456, -0.001],
         "complainers": [96, 0], "estimate": [1269.6, math.nan], "low": [853.6, math.nan], "high": [1924.6, math.nan],
         "unit": "count"}
    )  # fmt: skip
    labels = {"rate": ("Rate", "percent"), "worth": ("Worth", "money"), "z": ("z", "ratio"),
              "complainers": ("Complainers", "base"), "estimate": ("Silent", "count")}  # fmt: skip
    found = tables.record(frame, caption="", labels=labels, minimum_base=0)
    assert found["printed"]["heads"] == ["Label", "Rate", "Worth", "z", "Complainers", "Silent", "95% interval"]
    assert found["printed"]["rows"] == [
        ["A", "7.0%", "148,000,000", "1.23", "96", "1,270", "854 to 1,925"],
        ["", "–", "∞", "0.00", "0", "–", "–"],
    ]
    assert found["rows"] == [
        ["A", 7.0298, 148_262_000.0, 1.2346, 96, 1270, 854, 1925],
        [None, None, None, -0.001, 0, None, None, None],
    ]
    json.dumps(found, allow_nan=False)


def test_a_rate_without_a_base_is_not_withheld_for_a_small_one():
    """A declared loss rate rests on no answers: its base is blank, not small."""
    frame = pd.DataFrame(
        {"label": ["measured", "declared", "none"], "estimate": [35.8, 40.0, math.nan],
         "low": [32.7, math.nan, math.nan], "high": [39.0, math.nan, math.nan],
         "n": [919, math.nan, 4], "unit": "percent"}
    )  # fmt: skip
    found = tables.record(frame, caption="", minimum_base=30)
    assert found["printed"]["rows"] == [
        ["measured", "35.8%", "32.7 to 39.0%", "919"], ["declared", "40.0%", "–", "–"], ["none", "**", "**", "4"],
    ]  # fmt: skip
    assert found["rows"][1] == ["declared", 40.0, None, None, None]
    assert found["note"] == "** base under 30: not reported."


def test_table_html_is_stable_and_escapes_what_clients_write():
    frame = pd.DataFrame({"group": ["<script>alert(1)</script>", "R&D"], "n": [100, 1200]})
    page = tables.to_html(tables.record(frame, caption="A < B"))
    assert page == tables.to_html(tables.record(frame, caption="A < B"))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "1,200" in page
    assert "id=" not in page


def test_a_figure_needs_alternative_text_and_is_the_same_svg_twice(shown):
    figure, axis = plt.subplots()
    axis.plot([1, 2], [3, 5])
    plt.close(figure)
    with pytest.raises(CxError, match="figure trend has no alternative text"):
        results.figure("trend", figure, caption="Trend", alt=" ")
    results.figure("trend", figure, caption="Trend", alt="A line that rises from 3 to 5")
    results.figure("trend", figure, caption="Trend", alt="A line that rises from 3 to 5")
    first, second = (data["image/svg+xml"] for data in shown)
    assert first == second
    assert first.startswith("<svg")
    assert "<dc:date>" not in first


def test_names_must_be_words():
    with pytest.raises(CxError, match="a published name is a word"):
        results.finding("two words", "A sentence.")


@pytest.mark.parametrize(("said", "found"), [("auto", "python"), ("pyarrow", "pyarrow")])
def test_words_of_small_tables_are_python_s_unless_the_user_says_otherwise(said, found):
    code = f"import pandas as pd; pd.options.mode.string_storage = {said!r}; import cxlib.results"
    code += "; print(pd.Series(['a']).dtype.storage)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == found
