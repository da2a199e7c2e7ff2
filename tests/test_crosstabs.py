"""Crosstabs against R's svychisq and svyby."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib import CxError, scores
from cxlib.crosstabs import crosstab, related

ROOT = Path(__file__).resolve().parents[1]
APISTRAT = ROOT / "../shared/reference/apistrat.csv"
CLUSTERS = {"weights": "weight", "clusters": "shop"}
FULL = CLUSTERS | {"strata": "city"}
DESIGNS = {
    "none": {},
    "weights": {"weights": "weight"},
    "clusters": CLUSTERS,
    "full": FULL,
    "nested": FULL | {"strata": ["wave", "city"]},
    "finite": FULL | {"fpc": "shops"},
}


@pytest.fixture(scope="module")
def demo() -> pd.DataFrame:
    """The demo survey as tests/reference/demo_compare.R cleans it."""
    d = pd.read_csv(ROOT / "data/demo/survey.csv", dtype=str, keep_default_na=False)
    d = d[~d.duplicated(["wave", "respondent_id"])].reset_index(drop=True)
    bands = pd.cut(
        pd.to_numeric(d["age"]),
        [18, 25, 35, 45, 55, np.inf],
        right=False,
        labels=["18-24", "25-34", "35-44", "45-54", "55+"],
    )
    blank = {name: d[name].replace("", None) for name in ("shop", "payment", "problem", "outcome", "frequency")}
    shops = d["city"].map({"hcm": 300, "hanoi": 200})
    return d.assign(**blank, weight=pd.to_numeric(d["weight"]), age_band=bands.astype(object), shops=shops)


@pytest.fixture(scope="module")
def by_r() -> pd.DataFrame:
    return pd.read_csv(ROOT / "tests/reference/demo_compare.csv", dtype={"group": str, "other": str})


@pytest.mark.parametrize("design", list(DESIGNS))
def test_rao_scott_is_svychisq(demo, by_r, design):
    oracle = by_r[(by_r["kind"] == "svychisq") & (by_r["design"] == design)]
    assert len(oracle) == 4
    for row in oracle.itertuples():
        found = crosstab(demo, row.question, row.banner, **DESIGNS[design])
        assert (found.statistic, *found.df) == pytest.approx((row.statistic, row.df, row.df2), rel=1e-7)
        assert found.p == pytest.approx(row.p, rel=1e-5)
        assert found.n == row.n


@pytest.mark.parametrize(("question", "by"), [("payment", "age_band"), ("outcome", "channel")])
def test_column_percentages_are_svyby(demo, by_r, question, by):
    oracle = by_r[(by_r["kind"] == "svyby") & (by_r["question"] == question)]
    found = crosstab(demo, question, by, **FULL).table.set_index(["rows", "columns"])
    assert len(found) == len(oracle) >= 6
    for row in oracle.itertuples():
        mine = found.loc[(row.group, row.other)]
        assert (mine["estimate"], mine["se"], mine["n"]) == pytest.approx((row.estimate, row.se, row.n), rel=1e-8)


def test_column_percentages_add_up_and_are_those_of_shares(demo):
    found = crosstab(demo, "payment", "age_band", **FULL).table
    assert found.groupby("columns")["estimate"].sum().to_numpy() == pytest.approx([100] * 5)
    shares = scores.shares(demo, "age_band", question="payment", answers=sorted(demo["payment"].unique()), **FULL)
    shares = shares.set_index(["answer", "age_band"])
    for row in found.itertuples():
        other = shares.loc[(row.rows, row.columns)]
        for name in ("estimate", "low", "high", "se", "n", "n_effective"):
            assert getattr(row, name) == pytest.approx(other[name]), name


def test_apistrat():
    if not APISTRAT.exists():
        pytest.skip("needs ../shared/reference/apistrat.csv, which is not part of the project")
    found = crosstab(pd.read_csv(APISTRAT), "sch.wide", "stype", weights="pw", strata="stype", fpc="fpc")
    assert found.statistic == pytest.approx(17.247444, abs=6e-7)
    assert found.df == pytest.approx((1.8286715, 360.2482863), abs=6e-8)


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        ("payment", "payment", "a crosstab needs two questions; payment is given twice"),
        ("payment", "one", "a crosstab needs at least two answers to each question; one has 1 (x)"),
        ("none", "city", "a crosstab needs at least two answers to each question; none has 0"),
        ("paymnt", "city", "there is no column paymnt in the table; did you mean payment?"),
    ],
)
def test_errors_say_what_to_mend(demo, rows, columns, message):
    with pytest.raises(CxError) as caught:
        crosstab(demo.assign(one="x", none=None), rows, columns)
    assert message in str(caught.value)


@pytest.mark.parametrize("design", ["none", "clusters", "finite"])
def test_many_pairs_at_once_are_tested_as_each_by_itself(demo, design):
    frame = demo.assign(first=demo["payment"].where(demo["wave"] == "2025-H1"), same="yes")
    pairs = [("first", "city"), ("first", "age_band"), ("outcome", "channel"), ("first", "same")]
    *found, nothing = related(frame, pairs, **DESIGNS[design])
    assert nothing is None
    for (rows, columns), test in zip(pairs, found, strict=False):
        alone = crosstab(frame, rows, columns, **DESIGNS[design])
        assert (test.statistic, *test.df, test.p) == pytest.approx((alone.statistic, *alone.df, alone.p), rel=1e-9)
        assert (test.n, test.n_effective, test.method) == (alone.n, pytest.approx(alone.n_effective), alone.method)
    base = found[0].n
    assert [test is None for test in related(frame, pairs[:3], least=base + 1, **DESIGNS[design])] == [
        True,
        found[1].n <= base,
        found[2].n <= base,
    ]
