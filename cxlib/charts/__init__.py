"""Charts in one house style: a tidy frame goes in, a closed figure comes out."""

from cxlib.charts.scores import distribution, intervals, segments, trend

__all__ = ["distribution", "intervals", "segments", "trend"]
