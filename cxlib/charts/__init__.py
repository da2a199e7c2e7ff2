"""Charts in one house style: a tidy frame goes in, a closed figure comes out."""

from cxlib.charts.competitors import rival_gaps, rivals
from cxlib.charts.inside import dumbbell, dumbbells
from cxlib.charts.likert import likert
from cxlib.charts.scores import distribution, intervals, segments, trend

__all__ = [
    "distribution",
    "dumbbell",
    "dumbbells",
    "intervals",
    "likert",
    "rival_gaps",
    "rivals",
    "segments",
    "trend",
]
