"""Correlations and importance of drivers from tables that stay in their engine.

Oracle: the same functions of the same rows in pandas, which tests/test_moments.py and tests/test_importance.py hold
against other sources.
"""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from cxlib import CxError, Study, drivers
from cxlib.batches import ROWS
from cxlib.moments import correlations, moments

DEMO = Path(__file__).resolve().parent.parent / "data/demo"
DESIGN = {"weights": "weight", "strata": "wave", "clusters": "cluster"}


@pytest.fixture(scope="module")
def survey() -> pd.DataFrame:
    """The demo's answers three times over, more than a batch, some of them blank; weights that are no round numbers."""
    study = Study.load(DEMO)
    asked = ["recommend", *study.questions("driver")[:4]]
    frame = pd.concat([study.survey[[*asked, "wave", "cluster"]]] * 3, ignore_index=True)
    rng = np.random.default_rng(5)
    frame[asked] = frame[asked].astype(float).mask(rng.random((len(frame), len(asked))) < 0.05)
    return frame.assign(weight=rng.lognormal(0, 0.4, len(frame)), wave=frame["wave"].astype("str"))


@pytest.fixture(scope="module")
def asked(survey) -> list[str]:
    return list(survey.columns[:5])


@pytest.fixture(scope="module")
def parquet(survey, tmp_path_factory) -> Path:
    """A folder of two files, of several row groups each."""
    folder = tmp_path_factory.mktemp("survey")
    half = len(survey) // 2
    survey[:half].to_parquet(folder / "a.parquet", row_group_size=5_000)
    survey[half:].to_parquet(folder / "b.parquet", row_group_size=5_000)
    return folder


@pytest.fixture(scope="module", params=["polars", "lazy", "scan", "duckdb"])
def table(request, survey, parquet):
    if request.param == "duckdb":
        return duckdb.read_parquet(str(parquet / "*.parquet"))
    if request.param == "scan":
        return pl.scan_parquet(str(parquet / "*.parquet"))
    frame = pl.from_pandas(survey)
    return frame if request.param == "polars" else frame.lazy()


def test_correlations_are_those_of_pandas(table, survey, asked):
    """Of pairs, weighted and not; the rows are more than a batch."""
    assert len(survey) > ROWS
    found = correlations(table, asked)
    pd.testing.assert_frame_equal(found, survey[asked].corr(), atol=1e-12, check_names=False)
    weighted = correlations(table, asked, weights="weight")
    pd.testing.assert_frame_equal(weighted, correlations(survey, asked, weights="weight"), rtol=0, atol=1e-13)


def test_importance_is_that_of_pandas(table, survey, asked):
    """With intervals: from clusters of the design, and so from the same samples."""
    how = DESIGN | {"bootstrap": 100, "never_used": [9]}
    found = drivers.importance(table, "recommend", asked[1:], **how)
    pd.testing.assert_frame_equal(found, drivers.importance(survey, "recommend", asked[1:], **how), atol=1e-11)


def test_the_sums_are_the_same_bits_every_time(parquet, asked):
    """Whichever of DuckDB's threads is done first."""
    with duckdb.connect(config={"threads": 4}) as engine:
        rows = engine.read_parquet(str(parquet / "*.parquet"))
        first, again = (moments(rows, asked, **DESIGN, by_unit=True).sums for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_a_lazy_table_is_never_whole_in_memory(parquet, asked, monkeypatch):
    monkeypatch.setattr(pl.LazyFrame, "collect", None)
    found = moments(pl.scan_parquet(str(parquet / "*.parquet")), asked)
    assert found.rows == pl.read_parquet(str(parquet / "*.parquet")).height


def test_text_is_refused_in_every_engine(table, asked):
    with pytest.raises(CxError, match=r"^answers must be numbers; column wave holds '"):
        moments(table, [*asked, "wave"])
