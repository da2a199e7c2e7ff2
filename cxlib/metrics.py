"""Metrics: what each answer of a rating scale scores. NPS, CSAT, CES, and any that a study defines."""

from dataclasses import dataclass
from functools import cached_property

from cxlib.calls import kind
from cxlib.codebook import METRIC_SCALES
from cxlib.errors import CxError, nearest
from cxlib.shown import Shown


@dataclass(frozen=True, repr=False)
class Metric(Shown):
    """A scoring of a rating scale: whole-number answers from `scale[0]` to `scale[1]`, and what each scores.

    Answers of the scale without an entry in `scores` score 0; scores "mean" are the answers themselves.
    """

    name: str
    label: str
    scale: tuple[int, int]
    scores: dict[int, float] | str
    unit: str

    @cached_property
    def table(self) -> dict[int, float]:
        """Score by answer, for every answer of the scale."""
        answers = range(int(self.scale[0]), int(self.scale[1]) + 1)
        if self.scores == "mean":
            return {a: float(a) for a in answers}
        outside = sorted(set(self.scores) - set(answers))
        if outside:
            raise CxError(
                f"metric {self.name} scores the answer {outside[0]}, which is not on its scale "
                f"{self.scale[0]}-{self.scale[1]}"
            )
        return {a: float(self.scores.get(a, 0.0)) for a in answers}


def kind_of(levels: list[float]) -> str:
    """share, difference or mean, by the different scores that a metric has."""
    if len(levels) == 2:
        return "share"
    return "difference" if len(levels) == 3 and levels[1] - levels[0] == levels[2] - levels[1] else "mean"


NPS = Metric(
    "nps", "NPS", METRIC_SCALES["nps"], dict.fromkeys(range(7), -100.0) | dict.fromkeys((9, 10), 100.0), "points"
)
CSAT = Metric("csat", "CSAT", METRIC_SCALES["csat"], dict.fromkeys((4, 5), 100.0), "percent")
CES = Metric("ces", "CES", METRIC_SCALES["ces"], "mean", "score")
CES_TOP3 = Metric("ces_top3", "CES top three", METRIC_SCALES["ces_top3"], dict.fromkeys((5, 6, 7), 100.0), "percent")
METRICS = {metric.name: metric for metric in (NPS, CSAT, CES, CES_TOP3)}


def find(metric: Metric | str) -> Metric | None:
    """The metric of that name; None for "mean", which takes numbers as they are."""
    if isinstance(metric, Metric):
        return metric
    if metric == "mean":
        return None
    if not isinstance(metric, str):
        raise TypeError(f'a metric is a name, e.g. "nps", or a Metric; found {kind(metric)}')
    if metric not in METRICS:
        raise CxError(
            f"unknown metric {metric}; it is one of {', '.join(METRICS)}, mean, or a Metric of your own, as "
            f"study.metric(question) gives it{nearest(metric, [*METRICS, 'mean'])}"
        )
    return METRICS[metric]


def levels(metric: Metric | str) -> list[float]:
    """The different scores of a metric, rising; none for plain numbers."""
    metric = find(metric)
    return sorted(set(metric.table.values())) if metric else []
