"""Journeys, stays, cohorts and large surveys of tables in Spark; correlations, and what is long, in tests/soak.

Oracle: the same functions of the same rows in pandas.
"""

from pathlib import Path

import local_spark
import pandas as pd
import pytest
from local_spark import needs_java

from cxlib import CxError, Study, contacts, survival, tally
from cxlib.cohorts import triangle
from cxlib.spark_log import dialect
from cxlib.stays import stays

DEMO = Path(__file__).resolve().parent.parent / "data/demo"

pytestmark = local_spark.quiet


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    """A session for the whole file; queries are of a few rows, so that to compile them takes longer than they do."""
    with local_spark.session(
        tmp_path_factory.mktemp("spark"), threads=1, spark_sql_codegen_wholeStage="false"
    ) as found:
        yield found


def in_spark(spark, frame: pd.DataFrame, folder: Path):
    """The rows in Spark, from a file."""
    frame.to_parquet(folder / "rows.parquet")
    return spark.read.parquet(str(folder / "rows.parquet"))


@pytest.mark.spark
@needs_java
def test_contacts_are_put_in_order_as_by_pandas(spark, tmp_path):
    """Contacts of days, so that many are of one moment; some told twice, some without a stage."""
    log, wanted, _ = journeys_of(spark, tmp_path, 60)
    assert (log.contacts, log.blank, log.duplicates, log.until) == (wanted.contacts, 3, 9, wanted.until)


def journeys_of(spark, folder: Path, rows: int):
    """The first contacts of the demo as journeys in Spark, and of pandas; and the map."""
    study = Study.load(DEMO)
    events, drawn = study.table("events").head(rows), study.table("map")
    events = events.assign(when=events["when"].dt.normalize())
    events = pd.concat([events, events.head(9).assign(score=5.0), events.head(3).assign(stage=None)], ignore_index=True)
    order = contacts.places(drawn)["stage"].tolist()
    return *(contacts.journeys(table, order=order) for table in (in_spark(spark, events, folder), events)), drawn


@pytest.mark.spark
@needs_java
def test_stays_and_cohorts_are_those_of_pandas(spark, tmp_path):
    frame = Study.load(DEMO).table("customers").head(2_000)[["since", "left", "channel"]].astype({"channel": "str"})
    frame.loc[::97, "since"] = pd.NaT
    held, how = in_spark(spark, frame, tmp_path), {"since": "since", "left": "left", "by": "channel"}
    found, wanted = (stays(table, **how, seen_from="2025-01-06") for table in (held, frame))
    pd.testing.assert_frame_equal(found, wanted, check_dtype=False)
    curve = {"duration": "duration", "event": "event", "entry": "entry", "by": "channel", "counts": "customers"}
    assert len(survival.survival(found, **curve)) > 100
    months = (triangle(table, came="since", left="left") for table in (held, frame))
    pd.testing.assert_frame_equal(*months)


@pytest.mark.spark
@needs_java
def test_a_large_table_of_spark(spark, tmp_path):
    """A survey of few columns, by its name in Spark's catalog, against the same rows as Parquet in DuckDB."""
    raw = pd.read_csv(DEMO / "survey.csv", nrows=1_200).drop_duplicates(["wave", "respondent_id"])
    columns = ["respondent_id", "wave", "weight", "city", "shop", "recommend", "age", "spend", "touchpoints"]
    raw[columns].to_parquet(tmp_path / "few.parquet")
    spark.read.parquet(str(tmp_path / "few.parquet")).createOrReplaceTempView("few")
    studies = {}
    for name, entry in {"few_duckdb": "few.parquet", "few_spark": "{spark: few}"}.items():
        (tmp_path / f"{name}.yml").write_text(FEW.format(entry=entry), encoding="utf-8")
        studies[name] = Study.load(tmp_path / f"{name}.yml")
    in_duckdb, in_spark = studies.values()
    keys = ["wave", "respondent"]
    found, expected = (study.survey.sort_values(keys, ignore_index=True) for study in (in_spark, in_duckdb))
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    by = ["wave", "city", "age_band"]
    expected = tally(in_duckdb.counted, "recommend", by=by, **in_duckdb.design)
    found = tally(in_spark.counted, "recommend", by=by, **in_spark.design)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    (tmp_path / "few_wrong.yml").write_text(FEW.format(entry="{spark: fewer}"), encoding="utf-8")
    with pytest.raises(CxError, match=r"Spark's catalog holds no table fewer; did you mean few\?"):
        Study.load(tmp_path / "few_wrong.yml").table("survey")


FEW = """
study: few
title: Few
sample: probability
large: {{rows: 1000, sample: 500}}
tables:
  survey:
    file: {entry}
    respondent: respondent_id
    wave: wave
    weight: weight
    cluster: shop
    questions:
      recommend: {{role: metric, metric: nps, missing: [11]}}
      city: {{role: segment, labels: {{hcm: "Sài Gòn's", hanoi: 'Hà \\Nội'}}}}
      age: {{role: number, derive: {{age_band: [18, 25, 35, 45, 55]}}}}
      spend: {{role: number}}
      touchpoints: {{role: multi}}
"""


def test_duckdbs_words_in_sparks_way():
    """By eye, from the manuals of both: brackets and commas within brackets and texts, names, shifts, types."""
    assert dialect("list_extract(list_value('a,(', NULL)::VARCHAR[], here >> 2)") == (
        "element_at(`array`('a,(', NULL)::ARRAY<STRING>, CAST(here >> 2 AS INT))"
    )
    assert dialect('count(*) FILTER ("a.b" > 0)') == "count(*) FILTER (WHERE `a.b` > 0)"
    assert dialect("epoch_us(max(moment))") == (
        "timestampdiff(MICROSECOND, TIMESTAMP_NTZ '1970-01-01 00:00:00', max(moment))"
    )
    assert dialect("enum_code(TRY_CAST(stage AS ENUM('a', 'b (c)')))::BIGINT") == (
        "(nullif(array_position(`array`('a', 'b (c)'), stage), 0) - 1)::BIGINT"
    )
    assert dialect("quantile_disc(x, 0.95)") == "percentile_disc(0.95) WITHIN GROUP (ORDER BY x)"
