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
from cxlib.transitions import START

WORDS = {
    "en": {
        "title": "Customer journey map", "customers": "customers", "contacts": "contacts", "to": "to",
        "before": "Before the purchase", "during": "During the purchase", "after": "After the purchase",
        "digital": "Digital", "traditional": "Traditional", "lost": "Not on the map", "skip": "{} skip ahead",
        "back": "{} go back", "begin": "{} begin here", "aside": "{} leave the map", "arcs": "Shortcuts and ways back",
        "moved": "Move on", "days": "Median to next", "d": "days", "h": "hours",
        "score": "How it feels", "scale": "mean score, {} to {}", "pains": "Pain points",
        "ending": "ends here", "loss": "score", "points": "points",
        "harm": "beside all other touchpoints", "node": "area: customers", "ghost": "contacts the map expects",
        "flow": "width: visits moving on", "drop": "journey ends (share of visits)",
        "pain": "pain point", "few": "brackets, band: {}% interval",
        "thin": "flows under 1% of customers left out", "fewer": "{} narrower arcs left out",
        "split": "channels of one touchpoint share its flow by visits",
        "feels": "score", "of": "stages",
    },
    "vi": {
        "title": "Bản đồ hành trình khách hàng", "customers": "khách hàng", "contacts": "lượt tiếp xúc", "to": "đến",
        "before": "Trước mua hàng", "during": "Trong mua hàng", "after": "Sau mua hàng",
        "digital": "Kênh số", "traditional": "Kênh truyền thống", "lost": "Ngoài bản đồ", "skip": "{} đi tắt",
        "back": "{} quay lại", "begin": "{} bắt đầu ở đây", "aside": "{} rời bản đồ", "arcs": "Đi tắt và quay lại",
        "moved": "Đi tiếp", "days": "Chờ (trung vị)", "d": "ngày", "h": "giờ",
        "score": "Cảm xúc", "scale": "điểm trung bình, {} đến {}", "pains": "Điểm đau",
        "ending": "kết thúc tại đây", "loss": "điểm số", "points": "điểm %",
        "harm": "so với mọi điểm chạm khác", "node": "diện tích: khách hàng", "ghost": "số lượt mà bản đồ dự kiến",
        "flow": "độ rộng: lượt đi tiếp", "drop": "hành trình kết thúc (tỷ lệ lượt)",
        "pain": "điểm đau", "few": "dải, ngoặc: khoảng tin cậy {}%",
        "thin": "không vẽ dòng dưới 1% khách hàng", "fewer": "không vẽ {} cung hẹp hơn",
        "split": "các kênh của một điểm chạm chia dòng theo lượt",
        "feels": "điểm", "of": "giai đoạn",
    },
}  # fmt: skip
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
    scale=(1, 5), minimum_base: int = 30, confidence: float = 0.95, language: str = "en",
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
    words, base = _checked(given, language), {"minimum_base": minimum_base}
    outside = stages[(stages["score"] < scale[0]) | (stages["score"] > scale[1])]
    if len(outside):
        raise CxError(
            f"mean scores lie on the scale of {scale[0]:g} to {scale[1]:g}; {len(outside)} do not, e.g. "
            f"{outside['score'].iloc[0]:g} at {outside['stage'].iloc[0]}"
        )
    total = int(flows.loc[flows["from"] == START, "count"].sum())
    if not total:
        return None
    said = names_of(words, names)
    columns = columns_of(stages, said, words)
    nodes = nodes_of(columns, touchpoints, drawn_map, total, said)
    hurts = hurts_of(pains, nodes, said, words)
    ribbons, arcs, notes = moves_of(columns, nodes, flows, total, words, **base)
    grid = Grid(LEFT, (WIDE - LEFT - RIGHT) / len(columns), len(columns))

    told = f"{text.number(total)} {words['customers']}, {text.number(columns['contacts'].sum())} {words['contacts']}"
    drawn, top = head(title or words["title"], told, columns, grid)
    notes = [words["few"].format(f"{100 * confidence:g}"), *notes]
    below = [
        partial(emotion, columns, words, scale, grid, **base),
        partial(strip, columns, words, grid, **base),
        partial(pain_list, hurts, words, grid),
        partial(legend, words, notes, grid, ghosts=(nodes["expected"] > 0).any(), pains=bool(hurts)),
    ]
    room = HIGH - top - sum(panel(y=0.0)[1] + GAP for panel in below)
    inside, places, y = lanes(nodes, ribbons, arcs, grid=grid, top=top, room=room)
    if len(arcs):
        drawn += gutter(words["arcs"], top + 0.06, grid, size=8.5)[0]
    channels = nodes.groupby("lane")["lane_label"].first()
    drawn += [*grounds(places, channels.tolist(), top, y, grid), *inside]
    for panel in below:
        found, y = panel(y=y + GAP)
        drawn += found
    return sheet(WIDE, max(HIGH, y), drawn)


def journey_alt(
    stages: pd.DataFrame, touchpoints: pd.DataFrame, flows: pd.DataFrame, *, pains: pd.DataFrame | None = None,
    names: dict[str, str] | None = None, minimum_base: int = 30, language: str = "en",
) -> str:  # fmt: skip
    """What a journey map shows, in words, for those who cannot see it; the arguments are those of journey_map()."""
    words = _checked({"stages": stages, "touchpoints": touchpoints, "flows": flows, "pains": pains}, language)
    total = int(flows.loc[flows["from"] == START, "count"].sum())
    said = names_of(words, names)
    columns = columns_of(stages, said, words)
    nodes = nodes_of(columns, touchpoints, None, total, said)
    hurts = hurts_of(pains, nodes, said, words)
    _, arcs, _ = moves_of(columns, nodes, flows, total, words, minimum_base=minimum_base)
    told = [f"{words['title']}: {text.number(total)} {words['customers']}, {len(columns)} {words['of']}"]
    for i, row in columns.iterrows():
        value, limits = moving(row, words, minimum_base)
        parts = [f"{text.number(row['customers'])} {words['customers']}"]
        parts += [f"{words['moved'].lower()} {value} {limits}".strip()] if value != "–" else []
        feels = " ".join(scored(row, words)) if row["score_n"] >= minimum_base else "**"
        parts += [f"{words['feels']} {feels}"] if row["score_n"] else []
        here = nodes[nodes["column"] == i]
        parts += [f"{node['label']} {text.number(node['customers'])}" for _, node in here.iterrows()]
        phase = f" ({row['phase'].lower()})" if row["phase"] else ""
        told.append(f"{row['label']}{phase}: {'; '.join(parts)}")
    for _, arc in arcs.iterrows():
        ends = [START if arc[end] < 0 else columns["label"][arc[end]] for end in ("start", "end")]
        told.append(f"{' > '.join(ends)}: {arc['label']}")
    told += [f"{words['pain'].capitalize()} {number}, {name}: {evidence}" for number, name, evidence in hurts]
    return " ".join(f"{' '.join(sentence.split()).rstrip('.')}." for sentence in told)


def _checked(given: dict, language: str) -> dict:
    """The words of a language, for frames that can be drawn."""
    if language not in WORDS:
        raise CxError(f"a journey map is written in {' or '.join(WORDS)}; found {language!r}")
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
    return WORDS[language]
