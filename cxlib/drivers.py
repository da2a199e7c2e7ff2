"""What moves a metric: how much of it goes with each driver, and how sure that is."""

from cxlib.importance import importance

__all__ = ["importance"]
