"""The journey map: stages across, channels as lanes, flow by width, emotion, pain points, and the drawn map behind."""

from functools import partial

import pandas as pd
from matplotlib.figure import Figure

from cxlib import text
from cxlib.charts.card_parts import sheet
from cxlib.charts.journey_emotion import emotion, scored
from cxlib.charts.journey_frames import columns_of, hurts_of, moves_of, names_of, nodes_of
from cxlib.charts.journey_lanes import lanes
from cxlib.charts.journey_panels import grounds, gutter, head, legend, moving, pain_list, strip
from cxlib.charts.journey_signs import Grid
from cxlib.charts.style import in_style
from cxlib.errors import CxError
from cxlib.language import digits, tr, tr_n
from cxlib.transitions import START

NEEDS = {
    "stages": ("stage", "order", "phase", "customers", "contacts", "estimate", "low", "high", "n", "days", "days_low",
               "days_high", "score", "score_low", "score_high", "score_n"),
    "touchpoints": ("stage", "touchpoint", "channel", "customers", "visits"),
    "flows": ("from_stage", "from", "to_stage", "to", "count", "estimate", "n"),
    "pains": ("rank", "stage", "touchpoint", "channel", "customers", "pain", "ending", "ending_low", "ending_high",
              "ending_p", "loss", "loss_low", "loss_high", "loss_p"),
    "drawn_map": ("stage", "touchpoint", "channel", "expected"),
}  # fmt: skip
WIDE, HIGH = 13.333, 7.5  # inches of a slide; the map grows taller than that where it must
LEFT, RIGHT, GAP = 1.4, 0.2, 0.06  # inches: up to the first column, after the last, and between panels
MOST = 12  # stages


@in_style
def journey_map(
    stages: pd.DataFrame, touchpoints: pd.DataFrame, flows: pd.DataFrame, *, pains: pd.DataFrame | None = None,
    drawn_map: pd.DataFrame | None = None, title: str | None = None, names: dict[str, str] | None = None,
    scale=(1, 5), minimum_base: int = 30, confidence: float = 0.95,
) -> Figure | None:  # fmt: skip
    """The journey as customers went it, beside the one that was drawn: a swim-lane for a slide, 13.3 x 7.5 inches.

    Stages run across, channels are lanes, discs are touchpoints. `stages`, `touchpoints`, `flows` and `pains` are the
    frames of journey.stages(), journey.touchpoints(), paths.transitions(level="touchpoint") and pain_points.rank();
    `drawn_map` has the contacts the map expects of a customer, drawn as if all customers had them. To scale are
    the discs' and ghosts' areas, and the widths of ribbons (to the next stage), arcs (any other stage) and drops (no
    further contact, save at the last stage). Beneath: the mean score with its band, customers, share moving on, time.

    `names` prints other names; `scale` is that of the scores. A base below `minimum_base` shows **. More lanes and
    touchpoints than a slide has room for make the picture taller, with letters of 7 points at least. None for a log
    without customers. Raises CxError for a missing column, more than 12 stages, scores off the scale, and places
    that the stages lack.
    """
    given = {"stages": stages, "touchpoints": touchpoints, "flows": flows, "pains": pains, "drawn_map": drawn_map}
    _check(given)
    base = {"minimum_base": minimum_base}
    outside = stages[(stages["score"] < scale[0]) | (stages["score"] > scale[1])]
    if len(outside):
        raise CxError(
            f"mean scores lie on the scale of {scale[0]:g} to {scale[1]:g}; {len(outside)} do not, e.g. "
            f"{outside['score'].iloc[0]:g} at {outside['stage'].iloc[0]}"
        )
    total = int(flows.loc[flows["from"] == START, "count"].sum())
    if not total:
        return None
    said = names_of(names)
    columns = columns_of(stages, said)
    nodes = nodes_of(columns, touchpoints, drawn_map, total, said)
    hurts = hurts_of(pains, nodes, said)
    ribbons, arcs, notes = moves_of(columns, nodes, flows, total, **base)
    grid = Grid(LEFT, (WIDE - LEFT - RIGHT) / len(columns), len(columns))

    contacts = tr_n("{n} contact", "{n} contacts", columns["contacts"].sum())
    told = tr("{customers}, {contacts}", customers=_customers(total), contacts=contacts)
    drawn, top = head(title or tr("Customer journey map"), told, columns, grid)
    sure = digits(f"{100 * confidence:g}%")
    notes = [tr("brackets, band: {confidence} interval", confidence=sure), *notes]
    below = [
        partial(emotion, columns, scale, grid, **base),
        partial(strip, columns, grid, **base),
        partial(pain_list, hurts, grid),
        partial(legend, notes, grid, ghosts=(nodes["expected"] > 0).any(), pains=bool(hurts)),
    ]
    room = HIGH - top - sum(panel(y=0.0)[1] + GAP for panel in below)
    inside, places, y = lanes(nodes, ribbons, arcs, grid=grid, top=top, room=room)
    if len(arcs):
        drawn += gutter(tr("Shortcuts and ways back"), top + 0.06, grid, size=8.5)[0]
    channels = nodes.groupby("lane")["lane_label"].first()
    drawn += [*grounds(places, channels.tolist(), top, y, grid), *inside]
    for panel in below:
        found, y = panel(y=y + GAP)
        drawn += found
    return sheet(WIDE, max(HIGH, y), drawn)


def journey_alt(
    stages: pd.DataFrame, touchpoints: pd.DataFrame, flows: pd.DataFrame, *, pains: pd.DataFrame | None = None,
    names: dict[str, str] | None = None, minimum_base: int = 30,
) -> str:  # fmt: skip
    """What a journey map shows, in words, for those who cannot see it; the arguments are those of journey_map()."""
    _check({"stages": stages, "touchpoints": touchpoints, "flows": flows, "pains": pains})
    total = int(flows.loc[flows["from"] == START, "count"].sum())
    said = names_of(names)
    columns = columns_of(stages, said)
    nodes = nodes_of(columns, touchpoints, None, total, said)
    hurts = hurts_of(pains, nodes, said)
    _, arcs, _ = moves_of(columns, nodes, flows, total, minimum_base=minimum_base)
    count = tr_n("{n} stage", "{n} stages", len(columns))
    told = [tr("Customer journey map: {customers}, {stages}", customers=_customers(total), stages=count)]
    for i, row in columns.iterrows():
        value, limits = moving(row, minimum_base)
        parts = [_customers(row["customers"])]
        parts += [tr("move on {share}", share=f"{value} {limits}".strip())] if value != "–" else []
        feels = " ".join(scored(row)) if row["score_n"] >= minimum_base else "**"
        parts += [tr("score {number}", number=feels)] if row["score_n"] else []
        here = nodes[nodes["column"] == i]
        parts += [f"{node['label']} {text.number(node['customers'])}" for _, node in here.iterrows()]
        phase = f" ({row['phase'].lower()})" if row["phase"] else ""
        told.append(f"{row['label']}{phase}: {'; '.join(parts)}")
    for _, arc in arcs.iterrows():
        ends = [tr(START) if arc[end] < 0 else columns["label"][arc[end]] for end in ("start", "end")]
        told.append(f"{' > '.join(ends)}: {arc['label']}")
    told += [
        tr("Pain point {number}, {touchpoint}: {evidence}", number=number, touchpoint=name, evidence=evidence)
        for number, name, evidence in hurts
    ]
    return " ".join(f"{' '.join(sentence.split()).rstrip('.')}." for sentence in told)


def _customers(number: float) -> str:
    return tr_n("{n} customer", "{n} customers", number)


def _check(given: dict) -> None:
    """Raise CxError for frames that cannot be drawn."""
    for name, frame in given.items():
        missing = [column for column in NEEDS[name] if frame is not None and column not in frame]
        if missing:
            raise CxError(f"{name} of a journey map have the columns {', '.join(NEEDS[name])}; {missing[0]} is missing")
    stages, touchpoints = given["stages"], given["touchpoints"]
    if len(stages) > MOST:
        raise CxError(
            f"a journey map has room for {MOST} stages; found {len(stages)}, e.g. {stages['stage'].iloc[MOST]}"
        )
    strange = touchpoints.loc[~touchpoints["stage"].isin(stages["stage"]), "stage"]
    if len(strange):
        raise CxError(
            f"touchpoints stand at the stages of the frame of stages; {len(strange)} do not, e.g. at {strange.iloc[0]}"
        )
