"""Bases everywhere: what the committed notebooks publish states its unweighted, weighted and effective base.

Oracle: the rule itself, over the stored outputs. What states other bases says why, below.
"""

import json
import math
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from cxlib import results, tables, text
from cxlib.estimate import Estimate

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("*.ipynb"))
BASES = ("n", "n_weighted", "n_effective")
# Why a table with intervals states other bases, or none: by notebook and table.
MODEL = "reckoned from estimates that stand with their bases in other tables, and from what study.yml declares"
PUBLISHED = "what other studies published; their bases are among the columns"
REGISTER = "all complaints or customers of a period: a count and its base, no sample"
BOTH_SIDES = "a difference: the bases of its sides stand in the table of scores beside it"
STATED = {
    "00_data_quality": {"missing_apart": "a difference: the bases of both sides are among the columns"},
    "01_complaint_iceberg": {
        "evidence": PUBLISHED,
        "readings": MODEL,
        "by_fate": MODEL,
        "at_risk": MODEL,
        "levers": MODEL,
        "returns": MODEL,
        "break_even": MODEL,
        "monthly": REGISTER,
    },
    "02_survey_analysis": {
        "changes": BOTH_SIDES,
        "designs": BOTH_SIDES,
        "rival_gaps": BOTH_SIDES,
        "relative": BOTH_SIDES,
    },
    "03_journey_map": {"channels": REGISTER},
    "05_metric_regressions": {"gaps": BOTH_SIDES},
    "06_summary": {"ranking": "repeats differences of other chapters, where their bases stand; customers are its base"},
}
# Tables of people who carry no weights, where the survey has some: there is no weighted base to state.
UNWEIGHTED = {
    "02_survey_analysis": {"retention", "key_terms", "terms"},  # comments count one by one
    "04_persona_profiling": {
        "groups",
        "lost",
        "lead_points",
        "lead_lift",
        "lead_calibration",
        "lead_tests",
        "complaints",
    },
    "05_metric_regressions": {"leaving", "silent"},
}
# Chapters that count interviews, or look at registers of customers, contacts and complaints, but for these tables.
REGISTERS = {
    "00_data_quality": {"verdicts", "weights_effect", "weights_change", "exclusions"},
    "01_complaint_iceberg": set(),
    "03_journey_map": {"league_metric"},
}


@cache
def published(notebook: Path) -> list[dict]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    outputs = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    return [data[results.MIME] for data in outputs if results.MIME in data]


def estimated(notebook: Path) -> list[dict]:
    """The tables that publish an interval."""
    return [data for data in published(notebook) if data["kind"] == "table" and "low" in data["columns"]]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_numbers_state_their_bases(notebook):
    """A number printed with a base of answers states the weighted one where it is another than the unweighted."""
    lacking = []
    for data in published(notebook):
        if data["kind"] != "number":
            continue
        base, n = data["printed"]["base"], data["n"]
        told = [text.number(n), f"effective base {text.number(data['n_effective'])}"]
        weighted = data["n_weighted"]
        if "answers" in base and weighted is not None and text.number(weighted) != text.number(n):
            told.append(f"weighted base {text.number(weighted)}")
        if "answers" not in base:
            told = told[:1]  # customers, visits, complaints: what the base counts is said, and has no weights
        elif weighted is None:
            lacking.append((data["name"], "no weighted base"))
        lacking += [(data["name"], part) for part in told if part not in base]
    assert lacking == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_tables_with_intervals_state_their_bases(notebook):
    stated, lacking = STATED.get(notebook.stem, {}), {}
    of_survey = REGISTERS.get(notebook.stem, ...)
    for data in estimated(notebook):
        name = data["name"]
        if name in stated:
            continue
        weighted = name not in UNWEIGHTED.get(notebook.stem, ()) if of_survey is ... else name in of_survey
        if absent := [b for b in BASES if b not in data["columns"] and (weighted or b != "n_weighted")]:
            lacking[name] = absent
    assert lacking == {}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_reasons_are_of_tables_that_are_there(notebook):
    names = {data["name"] for data in published(notebook) if data["kind"] == "table"}
    excused = {
        *STATED.get(notebook.stem, ()),
        *UNWEIGHTED.get(notebook.stem, ()),
        *REGISTERS.get(notebook.stem, ()),
    }
    assert excused - names == set()


# ---- how they are printed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "weighted", "effective", "printed"), [
    (2000, 2013.2, 1640.4, "2,000 answers, weighted base 2,013, effective base 1,640"),
    (2000, 2000.0, 1640.4, "2,000 answers, effective base 1,640"),
    (2000, 2000.4, 2000.0, "2,000 answers, effective base 2,000"),
    (2000, math.nan, 1640.4, "2,000 answers, effective base 1,640"),
    (2000, 5e6, 1640.4, "2,000 answers, weighted base 5,000,000, effective base 1,640"),
])  # fmt: skip
def test_a_number_prints_three_bases(monkeypatch, n, weighted, effective, printed):
    shown = []
    monkeypatch.setattr(results, "display", lambda data, raw: shown.append(data[results.MIME]))
    results.number("a", Estimate("A", 50.0, 45.0, 55.0, 2.5, n, effective, "percent", 0.95, "Wald", weighted))
    assert shown[0]["printed"]["base"] == printed


def rows(weighted: float) -> pd.DataFrame:
    bases = {"n": [100, 40], "n_weighted": [100 * weighted, 40.0], "n_effective": [80.0, 30.0]}
    return pd.DataFrame({"group": ["a", "b"], "estimate": [1.0, 2.0], "low": [0.5, 1.0], "high": [2.0, 3.0]} | bases)


@pytest.mark.parametrize(("columns", "weighted", "shown"), [
    (["group", "estimate", "low", "high", "n"], 1.5, ["group", "estimate", "low", "high", *BASES]),
    (["group", "n", "estimate", "low", "high"], 1.5, ["group", *BASES, "estimate", "low", "high"]),
    (["group", "estimate", "low", "high", "n_effective"], 1.5, ["group", "estimate", "low", "high", *BASES]),
    (["group", "estimate", "low", "high"], 1.5, ["group", "estimate", "low", "high", *BASES]),
    (["group", "estimate", "low", "high", "n"], 1.0, ["group", "estimate", "low", "high", "n", "n_effective"]),
    (["group", "n"], 1.5, ["group", "n"]),
    (None, 1.5, ["group", "estimate", "low", "high", *BASES]),
])  # fmt: skip
def test_a_table_shows_all_bases_of_its_intervals(columns, weighted, shown):
    """The bases stand together where the first of them was asked for, the weighted one only where it is another."""
    frame = rows(weighted)
    assert tables.record(frame, caption="c", columns=columns)["columns"] == shown
    assert list(frame) == list(rows(weighted))


def test_a_table_shows_the_bases_that_there_are():
    frame = rows(1.5).drop(columns="n_weighted")
    assert tables.record(frame, caption="c", columns=["estimate", "low", "high", "n"])["columns"][3:] == [
        "n",
        "n_effective",
    ]
    frame = frame.drop(columns="n")
    assert tables.record(frame, caption="c", columns=["estimate", "low", "high"])["columns"] == [
        "estimate",
        "low",
        "high",
    ]
