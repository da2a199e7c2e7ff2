"""What is long in Spark: units drawn by its workers, and paths of some hundred journeys.

Oracle: the same functions of the same rows in pandas.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from local_spark import needs_java, quiet
from test_engine_spark import in_spark, journeys_of, spark  # noqa: F401

from cxlib import CxError, journey, paths
from cxlib.batches import UNITS
from cxlib.moments import moments

pytestmark = [
    pytest.mark.soak,
    pytest.mark.spark,
    needs_java,
    quiet,
]


def test_the_workers_add_up_what_pandas_adds_up(spark, tmp_path):  # noqa: F811
    """Pairs with weights, by clusters and random groups of who has none; the same bits every time."""
    n, rng = UNITS + 2_000, np.random.default_rng(0)
    latent = rng.standard_normal((n, 1)) + rng.standard_normal((n, 3))
    frame = pd.DataFrame(np.clip(np.round(latent + 3), 1, 5), columns=list("abc")).mask(rng.random((n, 3)) < 0.1)
    city, shop = rng.choice(np.array(["x", "y", None], dtype=object), n), rng.integers(0, 40, n).astype(float)
    frame = frame.assign(w=rng.lognormal(0, 0.4, n), city=city, **{"the.shop": np.where(shop < 9, np.nan, shop)})
    held = in_spark(spark, frame, tmp_path).repartition(3)
    how = {"weights": "w", "strata": "city", "clusters": "the.shop", "by_unit": True, "apart": {"a": [5]}}
    found, again = (moments(held, list("abc"), **how) for _ in range(2))
    np.testing.assert_array_equal(found.sums, again.sums)
    wanted = moments(frame, list("abc"), **how)
    np.testing.assert_allclose(found.correlations(), wanted.correlations(), rtol=0, atol=1e-12)
    pd.testing.assert_frame_equal(found.table, wanted.table, rtol=1e-12)
    np.testing.assert_array_equal(found.n, wanted.n)
    # Of groups drawn at random some are empty.
    assert np.bincount(found.stratum) == pytest.approx(np.bincount(wanted.stratum), rel=0.1)
    assert found.unit == wanted.unit == "clusters and random groups of respondents"
    with pytest.raises(CxError, match=r"^answers must be numbers; column city holds '[xy]'$"):
        moments(held, ["a", "city"])


def test_journeys_and_paths_are_those_of_pandas(spark, tmp_path):  # noqa: F811
    log, wanted, drawn = journeys_of(spark, tmp_path, 400)
    for ask in (lambda one: journey.stages(one, drawn), paths.common):
        pd.testing.assert_frame_equal(ask(log), ask(wanted), check_dtype=False, rtol=1e-12)


def test_a_small_table_comes_part_by_part(spark, tmp_path):  # noqa: F811
    """Weighted, with blanks, and by clusters whose column's name has a dot."""
    frame = pd.DataFrame({"a": [1.0, 2, None, 4, 5], "b": [2, 2, 3, 1, 5], "w": [1, 2, 1, 0.5, 1], "the.shop": 1})
    held, how = in_spark(spark, frame, tmp_path), {"weights": "w", "clusters": "the.shop", "by_unit": True}
    found, wanted = (moments(table, ["a", "b"], **how).correlations()[0, 1] for table in (held, frame))
    assert found == pytest.approx(wanted, abs=1e-13)
