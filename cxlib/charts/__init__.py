"""Charts in one house style: a tidy frame goes in, a closed figure comes out."""

from cxlib.charts.changes import bands, before_after
from cxlib.charts.competitors import rival_gaps, rivals
from cxlib.charts.costs import tornado, two_way
from cxlib.charts.drivers import forest, importance, importance_map, penalty_reward
from cxlib.charts.flow import flow
from cxlib.charts.iceberg import iceberg
from cxlib.charts.inside import dumbbell, dumbbells
from cxlib.charts.likert import likert
from cxlib.charts.rates import anchor_range, control, pooling
from cxlib.charts.scores import distribution, intervals, segments, trend
from cxlib.charts.silence import iceberg_of, poolings, swings

__all__ = [
    "anchor_range",
    "bands",
    "before_after",
    "control",
    "distribution",
    "dumbbell",
    "dumbbells",
    "flow",
    "forest",
    "iceberg",
    "iceberg_of",
    "importance",
    "importance_map",
    "intervals",
    "likert",
    "penalty_reward",
    "pooling",
    "poolings",
    "rival_gaps",
    "rivals",
    "segments",
    "swings",
    "tornado",
    "trend",
    "two_way",
]
