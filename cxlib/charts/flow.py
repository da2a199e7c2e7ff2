"""The flow from unhappy to lost: who complained or stayed silent, how it was settled, who stayed and who left."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from cxlib import text
from cxlib.charts.style import ACCENT, GRID, INK, SOFT, WARM, WIDTH, canvas, in_style
from cxlib.errors import CxError
from cxlib.language import tr

LETTERS = 9  # points
LINE = 0.15  # inches
FATES = ["satisfied", "mollified", "dissatisfied", "complained", "silent"]
FLOWS = 2.3  # inches that all the unhappy are tall
LEFTS, NODE = (0.02, 1.17, 2.47, 4.2), 0.11  # inches from the left to each column of nodes, and their width
NODES = {
    "stayed": {"fc": ACCENT, "ec": ACCENT},
    "left": {"fc": WARM, "ec": WARM, "hatch": "//////", "hatchcolor": "white"},
}
RIBBONS = {"all": {"color": GRID}, "stayed": {"color": SOFT, "alpha": 0.5}, "left": {"color": WARM, "alpha": 0.5}}


@in_style
def flow(frame: pd.DataFrame) -> Figure | None:
    """From unhappy to lost: who complained or stayed silent, how it was settled, who stayed or left; heights to scale.

    `frame` holds fate (satisfied, mollified, dissatisfied or silent), label (how the fate is printed, a message),
    customers and lost (those of them who left). None where nobody is unhappy. Raises CxError for other fates, and where
    more are lost than there are.
    """
    if frame.empty:
        return None
    strangers = frame.loc[~frame["fate"].isin(FATES), "fate"]
    if len(strangers):
        raise CxError(f"the fates are {text.join(FATES)}; {strangers.iloc[0]} is not one of them")
    wrong = frame[~frame["lost"].between(0, frame["customers"])]
    if len(wrong):
        one = wrong.iloc[0]
        raise CxError(
            f"lost must lie between 0 and the customers of each fate; {len(wrong)} do not, "
            f"e.g. {text.number(one['lost'])} of {text.number(one['customers'])} ({one['fate']})"
        )
    rows = frame[frame["customers"] > 0].set_index("fate")
    rows = rows.loc[[fate for fate in FATES if fate in rows.index]]
    if rows.empty:
        return None
    columns = _columns(rows)
    inch = FLOWS / rows["customers"].sum()
    tops, tall = _tops(columns, inch)
    figure, (axis,) = canvas(tall + 0.15)
    axis.set(xlim=(0, WIDTH - 0.08), ylim=(tall, 0))
    axis.axis("off")
    for x, column in zip(LEFTS, columns, strict=True):
        for name, label, size in column:
            if name != "passing":
                top = tops[x, name]
                looks = NODES.get(name, {"fc": INK, "ec": INK})
                axis.add_patch(Rectangle((x, top), NODE, size * inch, label=name, lw=0.6, zorder=2, **looks))
                axis.text(x + NODE + 0.06, top + size * inch / 2, label, va="center", fontsize=LETTERS, zorder=3,
                          path_effects=[withStroke(linewidth=2.5, foreground="white", alpha=0.7)])  # fmt: skip
    leaving, arriving = dict(tops), dict(tops)  # where on each node the next ribbon starts and ends
    for start, end, size, fate in _ribbons(rows):
        if size:
            patch = _ribbon(start[0] + NODE, leaving[start], end[0], arriving[end], size * inch)
            axis.add_patch(PathPatch(patch, lw=0.3, zorder=1, **RIBBONS[fate]))
            leaving[start] += size * inch
            arriving[end] += size * inch
    return figure


def _columns(rows: pd.DataFrame) -> list[list[tuple]]:
    """The nodes of each column from top to bottom: name, words, customers; "passing" keeps room for ribbons."""

    def node(name, label, size):
        return name, f"{fill(label, 13)}\n{text.number(size)}", size

    settled, lost = rows.drop(index="silent", errors="ignore"), rows["lost"].sum()
    fates = [node(fate, tr(row["label"]), row["customers"]) for fate, row in rows.iterrows()]
    silent = fates[len(settled) :]
    told = [node("complained", tr("complained"), settled["customers"].sum())] if len(settled) else []
    ends = [node("stayed", tr("stayed"), rows["customers"].sum() - lost), node("left", tr("left"), lost)]
    return [
        [node("unhappy", tr("unhappy"), rows["customers"].sum())],
        told + silent,
        fates[: len(settled)] + [("passing", label, size) for _, label, size in silent],
        ends,
    ]


def _tops(columns: list[list[tuple]], inch: float) -> tuple[dict, float]:
    """Where each node begins, by column and name, and how tall all is: a node has room for its label at least."""

    def room(label, size):
        return max(size * inch, LINE * (1 + label.count("\n")) + 0.1)

    rooms = [np.array([room(label, size) for _, label, size in column]) for column in columns]
    tall, tops = max(heights.sum() for heights in rooms), {}
    for x, column, heights in zip(LEFTS, columns, rooms, strict=True):
        spare, more = tall - heights.sum(), len(column) - 1
        starts = np.cumsum(heights) - heights + (spare / more * np.arange(more + 1) if more else spare / 2)
        for (name, _, size), start, high in zip(column, starts, heights, strict=True):
            tops[x, name] = start + (high - size * inch) / 2
    return tops, tall


def _ribbons(rows: pd.DataFrame) -> list[tuple]:
    """From where to where (column and name), how many customers, and how they end."""
    zero, one, two, three = LEFTS
    silent = rows.index == "silent"
    found = [((zero, "unhappy"), (one, "complained"), rows["customers"][~silent].sum(), "all"),
             ((zero, "unhappy"), (one, "silent"), rows["customers"][silent].sum(), "all")]  # fmt: skip
    for fate, row in rows.iterrows():
        for end, size in (("stayed", row["customers"] - row["lost"]), ("left", row["lost"])):
            if fate != "silent":
                found.append(((one, "complained"), (two, fate), size, end))
            found.append(((one if fate == "silent" else two, fate), (three, end), size, end))
    return found


def _ribbon(x: float, y: float, to_x: float, to_y: float, size: float) -> Path:
    """The outline of a ribbon as tall as its number of customers; it bends between the last two columns it touches."""
    bend = max(left + NODE for left in LEFTS if left < to_x)
    middle = (bend + to_x) / 2
    there = [(x, y), (bend, y), (middle, y), (middle, to_y), (to_x, to_y)]
    back = [(across, down + size) for across, down in there[::-1]]
    way = [Path.LINETO, Path.CURVE4, Path.CURVE4, Path.CURVE4, Path.LINETO]
    return Path(there + back + there[:1], [Path.MOVETO, *way[:4], *way, Path.CLOSEPOLY])
