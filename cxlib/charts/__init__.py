"""Charts in one house style: a tidy frame goes in, a closed figure comes out."""

from cxlib.charts.changes import bands, before_after
from cxlib.charts.cohorts import cohort_map
from cxlib.charts.comments import key_terms, theme_panels
from cxlib.charts.competitors import rival_gaps, rivals
from cxlib.charts.costs import tornado, two_way
from cxlib.charts.drivers import forest, importance, importance_map, penalty_reward
from cxlib.charts.flow import flow
from cxlib.charts.iceberg import iceberg
from cxlib.charts.inside import dumbbell, dumbbells
from cxlib.charts.journeys import funnel_of, journey_alt_of, journey_of, leagues_of
from cxlib.charts.leads import lead_calibration, lead_points, leads_of, lift_curve
from cxlib.charts.league import caterpillar
from cxlib.charts.likert import likert
from cxlib.charts.persona_card import persona_alt, persona_card
from cxlib.charts.persona_row import persona_row
from cxlib.charts.profiles import profile, profiles
from cxlib.charts.quality import missing_bars, pattern_matrix, verdict_board, who_dumbbell, with_and_without
from cxlib.charts.quality_flags import durations, flags_bar, overlaps
from cxlib.charts.rates import anchor_range, control, pooling
from cxlib.charts.scores import distribution, intervals, segments, trend
from cxlib.charts.segmentation import segment_number, sets_apart
from cxlib.charts.silence import iceberg_of, poolings, swings
from cxlib.charts.summary import concerned, loop
from cxlib.charts.survival import survival_curves
from cxlib.charts.weights import weight_spread

__all__ = [
    "anchor_range",
    "bands",
    "before_after",
    "caterpillar",
    "cohort_map",
    "concerned",
    "control",
    "distribution",
    "dumbbell",
    "dumbbells",
    "durations",
    "flags_bar",
    "flow",
    "forest",
    "funnel_of",
    "iceberg",
    "iceberg_of",
    "importance",
    "importance_map",
    "intervals",
    "journey_alt_of",
    "journey_of",
    "key_terms",
    "lead_calibration",
    "lead_points",
    "leads_of",
    "leagues_of",
    "lift_curve",
    "likert",
    "loop",
    "missing_bars",
    "overlaps",
    "pattern_matrix",
    "penalty_reward",
    "persona_alt",
    "persona_card",
    "persona_row",
    "pooling",
    "poolings",
    "profile",
    "profiles",
    "rival_gaps",
    "rivals",
    "segment_number",
    "segments",
    "sets_apart",
    "survival_curves",
    "swings",
    "theme_panels",
    "tornado",
    "trend",
    "two_way",
    "verdict_board",
    "weight_spread",
    "who_dumbbell",
    "with_and_without",
]
