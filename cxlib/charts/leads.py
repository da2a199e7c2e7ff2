"""Charts of a lead score: how many ideal customers its top holds, whether its chances are right, what earns points."""

from textwrap import fill

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cxlib import text
from cxlib.charts import native
from cxlib.charts.style import ACCENT, INK, SOFT, WARM, bare, canvas, in_style
from cxlib.language import digits, tr

DASHES = (0, (4, 3))
NAMED = (10, 20, 30)  # tops whose lift is written
WIDE = 22  # letters of a label's line
HEAD = 36  # letters of a line of a heading
NOTE = 42  # letters of a line below the bars
TALLEST = 8.0  # inches of bars


@in_style
def lift_curve(frame: pd.DataFrame, *, title: str) -> Figure:
    """The share of ideal customers that the top of the ranking holds, with its interval as a band.

    `frame` is that of lift.gains(): top, estimate, low, high and lift. The dashed diagonal is a list at random; the
    lift of the top 10, 20 and 30% is written at its point.
    """
    figure, (axis,) = canvas(3.9 + 0.17 * fill(title, 50).count("\n"))
    start = pd.DataFrame({"top": [0], "estimate": [0.0], "low": [0.0], "high": [0.0]})
    curve = pd.concat([start, frame[["top", "estimate", "low", "high"]].sort_values("top")], ignore_index=True)
    axis.fill_between(curve["top"], curve["low"], curve["high"], color=SOFT, alpha=0.55, lw=0, zorder=1)
    axis.plot(curve["top"], curve["estimate"], color=ACCENT, lw=1.8, zorder=3)
    axis.plot([0, 100], [0, 100], color=INK, lw=1, ls=DASHES, zorder=2)
    axis.annotate(tr("at random"), (72, 72), (6, -3), textcoords="offset points", va="top", fontsize=9, style="italic")
    for row in frame[frame["top"].isin(NAMED)].itertuples():
        axis.plot(row.top, row.estimate, "o", color=ACCENT, ms=6, zorder=4)
        lift = f"{text.number(row.lift, digits=1)}×"
        axis.annotate(lift, (row.top, row.high), (-4, 3), textcoords="offset points", ha="right", va="bottom",
                      fontsize=9, weight="bold")  # fmt: skip
    _square(axis, 100)
    axis.set_xlabel(tr("% of customers, those with the highest score first"))
    axis.set_ylabel(tr("% of all ideal customers among them"))
    _headed(figure, title)
    random = curve.assign(series=tr("at random"), estimate=curve["top"], low=None, high=None)
    plain = pd.concat([curve.assign(series=tr("by the score")), random])
    figure.native = native.lines(plain, "top", series="series", title=tr("% of all ideal customers among them"),
                                 unit="percent")  # fmt: skip
    return figure


@in_style
def lead_calibration(frame: pd.DataFrame, *, title: str) -> Figure:
    """The share of ideal customers in tenths of the chance that the score gives them, against that chance.

    `frame` is that of lift.tenths(): chance, estimate, low, high and n. On the dashed diagonal chances are right; a
    mark is filled where its interval holds the chance. Tenths without an interval (one customer) are left out.
    """
    frame = frame.dropna(subset=["estimate"])
    figure, (axis,) = canvas(3.9 + 0.17 * fill(title, 50).count("\n"))
    most = max(frame[["chance", "high"]].max().max(), 1.0)
    axis.plot([0, most], [0, most], color=INK, lw=1, ls=DASHES, zorder=1)
    axis.vlines(frame["chance"], frame["low"], frame["high"], color=SOFT, lw=4, zorder=2)
    for row in frame.itertuples():
        face = ACCENT if row.low <= row.chance <= row.high else "white"
        axis.plot(row.chance, row.estimate, "o", color=ACCENT, mfc=face, ms=6, mew=1.4, zorder=3)
    _square(axis, most)
    at = (0.97, 0.03)
    axis.annotate(f"- - {tr('exactly right')}", at, xycoords="axes fraction", ha="right", va="bottom", fontsize=9,
                  style="italic")  # fmt: skip
    axis.set(xlabel=tr("chance by the score, %"), ylabel=tr("ideal among them, %"))
    _headed(figure, title)
    return figure


@in_style
def lead_points(frame: pd.DataFrame, *, title: str) -> Figure | None:
    """What each answer earns, as bars to the right (more than the average customer) or to the left (hatched: less).

    `frame` is LeadScore.points: label, answer, points, points_low, points_high and n, the attribute that makes most
    difference first. Answers that nobody gave, or that earn nothing by rule, are left out; attributes for which there
    is no room are named below. None where nothing earns points.
    """
    frame = frame[(frame["n"] > 0) & (frame["points_low"] < frame["points_high"])]
    if not frame["points"].any():
        return None
    blocks, y, rest = [], 0.0, []
    for label, rows in frame.groupby("label", sort=False):
        names = [fill(str(answer), WIDE) for answer in rows["answer"]]
        head = fill(str(label), HEAD)
        over = 0.17 * head.count("\n")
        tall = sum(0.22 + 0.16 * name.count("\n") for name in names) + 0.44 + over
        if blocks and (rest or y + tall > TALLEST):
            rest.append(label)
            continue
        blocks.append((y + over / 2, head, over / 2, names, rows))
        y += tall
    drawn = frame[~frame["label"].isin(rest)]
    left, right = min(drawn["points_low"].min(), 0.0), max(drawn["points_high"].max(), 0.0)
    note = fill(tr("points (20 double the odds; 0 is the average customer's)"), NOTE)
    if rest:
        most = text.number(frame.loc[frame["label"].isin(rest), "points"].abs().max())
        note += "\n" + fill(
            tr("not drawn, at most {points} points: {attributes}", points=most, attributes=", ".join(rest)), NOTE
        )
    figure, (axis,) = canvas(y + 0.75 + 0.17 * (fill(title, 50).count("\n") + note.count("\n")))
    axis.axvline(0, color=INK, lw=0.9, zorder=1)
    ticks = [tick for at, _, half, names, rows in blocks for tick in _block(axis, at + half, names, rows)]
    for at, head, *_ in blocks:
        blank = {"color": "white", "pad": 1}
        name = axis.text(0.0, at, head, transform=axis.get_yaxis_transform(), weight="bold", va="center", bbox=blank,
                         parse_math=False)  # fmt: skip
        name.set_in_layout(False)
    axis.set_xlim(left - 0.04 * (right - left), right + 0.2 * (right - left))
    axis.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axis.set_yticks(ticks, [name for *_, names, _ in blocks for name in names], parse_math=False)
    axis.set_ylim(y - 0.25, -0.2)
    axis.set_xlabel(note, parse_math=False)
    _headed(figure, title)
    bare(axis, "x")
    plain = native.side_by_side(drawn, {"": ("points", "points_low", "points_high")})
    figure.native = native.bars(plain, "answer", panel="label", signed=True, shared=True)
    return figure


def leads_of(score) -> dict[str, Figure]:
    """The three charts of a lead score by name: lift, calibration, points; none where there is no score."""
    if score is None:
        return {}
    return {
        "lift": lift_curve(score.gains, title=tr("Ideal customers found")),
        "calibration": lead_calibration(score.calibration, title=tr("Chance and what was found")),
        "points": lead_points(score.points, title=tr("What answers earn")),
    }


def _block(axis, at: float, names: list[str], rows: pd.DataFrame) -> list[float]:
    """The bars of an attribute under its heading, and how far down each is."""
    ticks, at = [], at + 0.06
    for name, row in zip(names, rows.itertuples(), strict=True):
        half = 0.08 * name.count("\n")
        at += 0.22 + half
        color, hatch = (ACCENT, None) if row.points > 0 else (WARM, "///")
        axis.barh(at, row.points, 0.13, color=color, hatch=hatch, edgecolor="white", lw=0, zorder=2)
        axis.plot([row.points_low, row.points_high], [at, at], color=INK, lw=1, zorder=3)
        shown = text.number(row.points, sign=True)
        axis.annotate(shown, (1.0, at), xycoords=("axes fraction", "data"), ha="right", va="center", fontsize=9)
        ticks.append(at)
        at += half
    return ticks


def _square(axis, most: float) -> None:
    """Both axes from 0 to the same end, with a little room."""
    axis.set(xlim=(-0.03 * most, 1.03 * most), ylim=(-0.03 * most, 1.03 * most))
    ticks = [tick for tick in MaxNLocator(nbins=5).tick_values(0, most) if 0 <= tick <= 1.03 * most]
    called = [digits(f"{tick:.10g}") for tick in ticks]
    axis.set_xticks(ticks, called)
    axis.set_yticks(ticks, called)
    for side in axis.spines.values():
        side.set_visible(False)
    axis.tick_params(length=0)


def _headed(figure: Figure, title: str) -> None:
    figure.suptitle(fill(title, 50), x=0, ha="left", fontsize=11, weight="bold", parse_math=False)
