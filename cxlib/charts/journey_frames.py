"""The frames of a journey as its map takes them: columns, discs, ribbons and drops, arcs, pain points."""

import pandas as pd

from cxlib import text
from cxlib.contact_log import UNKNOWN
from cxlib.errors import CxError
from cxlib.journey_words import CHANNELS, named
from cxlib.language import noted, tr, tr_n
from cxlib.pain_points import CLEAR
from cxlib.transitions import END, START

THIN = 0.01  # of all customers: flows under it are not drawn
PAINS, ARCS = 6, 8  # drawn at most: the worst pain points, the widest arcs
PHASES = {
    "before": noted("Before the purchase"),
    "during": noted("During the purchase"),
    "after": noted("After the purchase"),
}
# What is said of an arc, whose share is that of the visits it leaves.
ARCS_TOLD = {
    "skip": noted("{share} skip ahead"),
    "back": noted("{share} go back"),
    "begin": noted("{share} begin here"),
    "aside": noted("{share} leave the map"),
}
KEYS = ["stage", "touchpoint", "channel"]


def names_of(names: dict[str, str] | None):
    """How a name of the data is printed: as told, in the language's words, or as it is without underscores."""
    given = {phase: tr(told) for phase, told in PHASES.items()} | (names or {})

    def said(name) -> str:
        plain = named(name) if name in (*CHANNELS, UNKNOWN) else str(name).replace("_", " ").strip()
        return given.get(name, plain[:1].upper() + plain[1:])

    return said


def columns_of(stages: pd.DataFrame, said) -> pd.DataFrame:
    """A row a column of the picture: the stages with printed names, which is the map's last, which the map lacks."""
    frame = stages.reset_index(drop=True)
    lost = frame["order"].isna()
    phase = frame["phase"].astype(object).map(lambda name: "" if pd.isna(name) else said(name))
    phase = phase.mask(lost, tr("Not on the map"))
    last = frame.index == frame.index[~lost].max() if not lost.all() else False
    return frame.assign(label=frame["stage"].map(said), phase=phase, lost=lost, last=last)


def nodes_of(columns: pd.DataFrame, touchpoints: pd.DataFrame, drawn_map, total: int, said) -> pd.DataFrame:
    """A row a disc: where it stands, its names, customers, and the contacts the map expects of all customers."""
    frame = touchpoints[[*KEYS, "customers", "visits"]].astype(dict.fromkeys(KEYS, str)).reset_index(drop=True)
    if drawn_map is None:
        frame["expected"] = float("nan")
    else:
        expected = drawn_map.astype(dict.fromkeys(KEYS, str)).groupby(KEYS, as_index=False)["expected"].sum()
        frame = frame.merge(expected, on=KEYS, how="left", validate="one_to_one")
    lane = {channel: i for i, channel in enumerate(dict.fromkeys(frame["channel"]))}
    place = dict(zip(columns["stage"].astype(str), columns.index, strict=True))
    return frame.assign(
        expected=total * frame["expected"], column=frame["stage"].map(place), lane=frame["channel"].map(lane),
        label=frame["touchpoint"].map(said), lane_label=frame["channel"].map(said), mark=0,
    )  # fmt: skip


def hurts_of(pains, nodes: pd.DataFrame, said) -> list[tuple[int, str, str]]:
    """The worst clear pain points: number, name and evidence; their discs are marked in `nodes`."""
    found = []
    if pains is None:
        return found
    for _, row in pains[pains["pain"]].sort_values("rank").head(PAINS).iterrows():
        here = (nodes[KEYS] == row[KEYS].astype(str)).all(axis=1)
        nodes.loc[here, "mark"] = len(found) + 1
        told = []
        if row["ending_p"] < CLEAR and row["ending"] > 0:
            told.append(tr("ends here {difference} points ({low} to {high})", **_harm(row, "ending", 1)))
        if row["loss_p"] < CLEAR and row["loss"] > 0:
            told.append(tr("score {difference} ({low} to {high})", **_harm(row, "loss", 2, sign=-1)))
        told.append(tr_n("{n} customer", "{n} customers", row["customers"]))
        found.append((len(found) + 1, f"{said(row['touchpoint'])} ({said(row['stage'])})", "; ".join(told)))
    return found


def _harm(row: pd.Series, harm: str, digits: int, *, sign: int = 1) -> dict[str, str]:
    """A harm and its limits as they are printed, with their signs."""
    low, high = sorted(sign * row[f"{harm}_{end}"] for end in ("low", "high"))
    found = {"difference": sign * row[harm], "low": low, "high": high}
    return {name: text.number(value, digits=digits, sign=True) for name, value in found.items()}


def moves_of(columns: pd.DataFrame, nodes: pd.DataFrame, flows, total: int, *, minimum_base: int):
    """Ribbons and drops by touchpoint, arcs by stage, and notes on what is not drawn or had to be shared."""
    place = {START: -1} | dict(zip(columns["stage"].astype(str), columns.index, strict=True))
    flows = flows.reset_index(drop=True)
    frame = flows[flows["to"] != END].assign(start=flows["from_stage"].map(place), end=flows["to_stage"].map(place))
    unknown = frame[frame[["start", "end"]].isna().any(axis=1)]
    if len(unknown):
        one = unknown.iloc[0]
        raise CxError(
            f"flows run between the stages of the frame of stages; {len(unknown)} do not, "
            f"e.g. {one['from_stage']} > {one['to_stage']}"
        )
    frame = frame.astype({"start": int, "end": int})
    lost = set(columns.index[columns["lost"]])
    near = (frame["end"] - frame["start"]).isin([0, 1]) & ~frame["start"].isin(lost) & ~frame["end"].isin(lost)
    near |= frame["end"] == frame["start"]
    least = THIN * total

    arcs = frame[~near].groupby(["start", "end"], as_index=False)["count"].sum()
    arcs = arcs[arcs["count"] >= least].sort_values("count", ascending=False, kind="stable", ignore_index=True)
    left_out, arcs = len(arcs) - ARCS, arcs.head(ARCS)
    bases = {-1: total} | columns["n"].to_dict()
    kinds = ["aside" if end in lost else "begin" if start < 0 else "back" if end < start else "skip"
             for start, end in zip(arcs["start"], arcs["end"], strict=True)]  # fmt: skip
    shares = [(count, bases[start]) for start, count in zip(arcs["start"], arcs["count"], strict=True)]
    shown = [text.with_base(text.number(100 * count / n, "percent", digits=0), n, minimum_base) for count, n in shares]
    arcs["label"] = [tr(ARCS_TOLD[kind], share=share) for kind, share in zip(kinds, shown, strict=True)]

    ends = flows[(flows["to"] == END) & ~flows["from_stage"].isin(columns.loc[columns["last"], "stage"])]
    found, split = pd.concat([frame[near], ends], ignore_index=True), False
    for side, stage, spot in (("source", "from_stage", "from"), ("target", "to_stage", "to")):
        found, shared = _by_channel(found, nodes, side, stage, spot)
        split |= shared
    drawn = found[(found["count"] >= least) & (found["source"] != found["target"])].reset_index(drop=True)
    drawn["share"] = [text.with_base(text.number(share, "percent", digits=0), n, minimum_base)
                      for share, n in zip(drawn["estimate"], drawn["n"], strict=True)]  # fmt: skip
    notes = [
        tr("flows under 1% of customers left out"),
        *([tr("{number} narrower arcs left out", number=left_out)] if left_out > 0 else []),
        *([tr("channels of one touchpoint share its flow by visits")] if split else []),
    ]
    return drawn[["source", "target", "count", "share"]], arcs, notes


def _by_channel(
    flows: pd.DataFrame, nodes: pd.DataFrame, side: str, stage: str, spot: str
) -> tuple[pd.DataFrame, bool]:
    """Flows with the discs they run between (-1 for start and end); and whether a touchpoint has several channels.

    Which of its channels a flow used is not known: they have parts of it by their visits.
    """
    outside = flows[spot].isin([START, END])
    discs = nodes[["stage", "touchpoint", "visits"]].rename(columns={"stage": stage, "touchpoint": spot})
    discs = discs.assign(**{side: nodes.index})
    whole = discs.groupby([stage, spot])["visits"]
    split = bool((whole.transform("size") > 1).any())
    discs["part"] = discs["visits"] / whole.transform("sum").clip(lower=1)
    found = flows[~outside].astype({stage: str, spot: str}).merge(discs.drop(columns="visits"), on=[stage, spot])
    found["count"] = found["count"] * found.pop("part")
    return pd.concat([found, flows[outside].assign(**{side: -1})], ignore_index=True), split
