"""The pictures of the journey chapter, from all that it found: the map, what it shows in words, the funnel."""

from matplotlib.figure import Figure

from cxlib.charts.funnel import funnel
from cxlib.charts.journey_map import MOST, NEEDS, journey_alt, journey_map
from cxlib.charts.league import caterpillar
from cxlib.language import tr


def journey_of(facts, drawn_map, *, title: str, scale, minimum_base: int, confidence: float):
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
    )


def journey_alt_of(facts, *, minimum_base: int, **_) -> str:
    """journey_alt() of the chapter's facts."""
    if facts.stages.empty or len(facts.stages) > MOST:
        return tr("No journey map.")
    return journey_alt(facts.stages, facts.touchpoints, facts.flows, pains=facts.pains, minimum_base=minimum_base)


def funnel_of(facts, *, minimum_base: int, confidence: float, chosen: str = "") -> Figure | None:
    """funnel() of the chapter's facts, the stage that is looked at marked; None where there are no journeys."""
    if facts.stages.empty:
        return None
    how = {"minimum_base": minimum_base, "confidence": confidence}
    return funnel(facts.stages, customers=facts.customers, chosen=chosen, **how)


def leagues_of(tables) -> dict[str, Figure]:
    """caterpillar() of each league table (leagues.Table) that there is, by its key."""
    return {
        table.key: caterpillar(table.found.frame, title=table.title, unit=table.unit, average=table.found.average.value)
        for table in tables
        if table.found is not None
    }
