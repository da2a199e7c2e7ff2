"""The pictures of the journey chapter, from all that it found: the map, what it shows in words, the funnel."""

from matplotlib.figure import Figure

from cxlib.charts.funnel import funnel
from cxlib.charts.journey_map import MOST, NEEDS, journey_alt, journey_map
from cxlib.charts.league import caterpillar


def journey_of(facts, drawn_map, *, title: str, scale, minimum_base: int, confidence: float, language: str):
    """journey_map() of the chapter's facts; None where there are no journeys, or more stages than it has room for."""
    if facts.stages.empty or len(facts.stages) > MOST:
        return None
    if not set(NEEDS["drawn_map"]) <= set(drawn_map):
        drawn_map = None
    return journey_map(
        facts.stages,
        facts.touchpoints,
        facts.flows,
        pains=facts.pains,
        drawn_map=drawn_map,
        title=title,
        scale=scale,
        minimum_base=minimum_base,
        confidence=confidence,
        language=language,
    )


def journey_alt_of(facts, *, minimum_base: int, language: str, **_) -> str:
    """journey_alt() of the chapter's facts."""
    if facts.stages.empty or len(facts.stages) > MOST:
        return "No journey map."
    how = {"minimum_base": minimum_base, "language": language}
    return journey_alt(facts.stages, facts.touchpoints, facts.flows, pains=facts.pains, **how)


def funnel_of(facts, *, minimum_base: int, confidence: float, language: str) -> Figure | None:
    """funnel() of the chapter's facts; None where there are no journeys."""
    if facts.stages.empty:
        return None
    how = {"minimum_base": minimum_base, "confidence": confidence, "language": language}
    return funnel(facts.stages, customers=facts.customers, **how)


def leagues_of(tables) -> dict[str, Figure]:
    """caterpillar() of each league table (leagues.Table) that there is, by its key."""
    return {
        table.key: caterpillar(table.found.frame, title=table.title, unit=table.unit, average=table.found.average.value)
        for table in tables
        if table.found is not None
    }
