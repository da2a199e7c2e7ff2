"""The funnel: how many customers reach each stage of the journey, and where journeys end."""

import math

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon, Rectangle

from cxlib import ratios, text
from cxlib.charts import native
from cxlib.charts.card_letters import QUIET, height_of, say, width_of, wrapped
from cxlib.charts.card_parts import sheet
from cxlib.charts.journey_signs import EXIT
from cxlib.charts.style import ACCENT, GRID, INK, WARM, WIDTH, in_style
from cxlib.errors import CxError
from cxlib.language import digits, tr

NEEDS = ("stage", "customers", "ended", "ended_low", "ended_high", "n")
EDGE, BAR, NAMES = 0.05, 0.25, 1.35  # inches: margin, height of a bar, width of the stages' names
SIZE, SMALL = 9.5, 8.0  # points


@in_style
def funnel(
    stages: pd.DataFrame, *, customers: int, names: dict[str, str] | None = None, title: str | None = None,
    minimum_base: int = 30, confidence: float = 0.95, chosen: str = "",
) -> Figure | None:  # fmt: skip
    """The share of all customers that reach each stage, with its interval, and what part of the visits ends there.

    `stages` is the frame of journey.stages(): stage, customers, ended (percent) with _low and _high, n; `customers` is
    how many the log has, the base of the shares (percent, Wilson). The stage where most end is in a colour of its own;
    none is told of the last, where journeys ought to end. A later stage may be reached by more than an earlier one, by
    those who skip. A base under `minimum_base` shows **. The stage `chosen` is framed, its name bold. None where there
    is nobody. Raises CxError for a missing column, and where more reach a stage than there are.
    """
    missing = [column for column in NEEDS if column not in stages]
    if missing:
        raise CxError(f"a funnel has the columns {', '.join(NEEDS)}; {missing[0]} is missing")
    if stages.empty or not customers:
        return None
    frame = stages.reset_index(drop=True)
    many = frame[frame["customers"] > customers]
    if len(many):
        raise CxError(
            f"a stage is reached by no more than all {text.number(customers)} customers; {len(many)} are, e.g. "
            f"{many['stage'].iloc[0]} by {text.number(many['customers'].iloc[0])}"
        )
    share = ratios.of_customers(frame["customers"], [customers] * len(frame), confidence=confidence)
    frame = frame.assign(**{name: share[name] for name in ("estimate", "low", "high")})
    before_last = frame["ended"][:-1][frame["n"][:-1] >= minimum_base]
    worst = before_last.idxmax() if before_last.notna().any() else None
    drawn, y = _head(title or tr("How far customers come"), tr("of {number} customers", number=text.number(customers)))
    for i, row in frame.iterrows():
        shown = "**" if customers < minimum_base else text.number(row["estimate"], "percent")
        limits = "" if shown == "**" else _between(row["low"], row["high"])
        name = (names or {}).get(row["stage"], str(row["stage"]).replace("_", " "))
        part, end = _bar(name[:1].upper() + name[1:], row, shown, limits, y, chosen=row["stage"] == chosen)
        drawn += part
        if i < len(frame) - 1:
            part, end = _drop(row, minimum_base, i == worst, end)
            drawn += part
        y = end + 0.1
    how = tr(
        "bars: share that reach the stage; brackets: {confidence} interval",
        confidence=digits(f"{100 * confidence:g}%"),
    )
    notes = wrapped(how, WIDTH - 2 * EDGE, SMALL)
    figure = sheet(WIDTH, y + height_of(len(notes), SMALL) + 0.05, drawn + say(notes, EDGE, y, SMALL, color=QUIET))
    called = [(names or {}).get(stage, str(stage).replace("_", " ")) for stage in frame["stage"]]
    hidden = {"estimate": None, "low": None, "high": None} if customers < minimum_base else {}
    figure.native = native.bars(frame.assign(stage=called, **hidden), "stage", title=title, unit="percent")
    return figure


def _head(title: str, base: str) -> tuple[list, float]:
    lines = wrapped(title, WIDTH - 2 * EDGE, 11, bold=True)
    y = 0.06 + height_of(len(lines), 11)
    drawn = say(lines, EDGE, 0.06, 11, bold=True) + say([base], EDGE, y, SMALL, color=QUIET)
    return drawn, y + height_of(1, SMALL) + 0.12


def _bar(name: str, row: pd.Series, shown: str, limits: str, y: float, *, chosen: bool) -> tuple[list, float]:
    """A stage: its name, its bar with whisker on the ground of all customers, and the number with its limits."""
    lines = wrapped(name, NAMES - 0.1, SIZE, bold=chosen)
    tall = max(BAR, height_of(len(lines), SIZE))
    # Bars are as long in every picture, so that two funnels can be laid beside one another.
    left, inch = EDGE + NAMES, (WIDTH - 2 * EDGE - NAMES - 1.6) / 100
    top = y + (tall - BAR) / 2
    drawn = say(lines, EDGE, y + (tall - height_of(len(lines), SIZE)) / 2, SIZE, bold=chosen)
    if chosen:
        frame = (EDGE - 0.03, y - 0.035), WIDTH - 2 * EDGE + 0.06, tall + 0.07
        drawn.append(Rectangle(*frame, fc="none", ec=INK, lw=1.3, label="chosen"))
    drawn.append(Rectangle((left, top), 100 * inch, BAR, fc=GRID, lw=0))
    if shown != "**":
        bar = Rectangle((left, top), row["estimate"] * inch, BAR, fc=ACCENT, lw=0, label=str(row["stage"]))
        ends = [left + row[side] * inch for side in ("low", "high")]
        drawn += [bar, Line2D(ends, [top + BAR / 2] * 2, color="white", lw=3.4, solid_capstyle="butt"),
                  Line2D(ends, [top + BAR / 2] * 2, color=INK, lw=1.6, solid_capstyle="butt")]  # fmt: skip
    x, middle = left + 100 * inch + 0.08, top + BAR / 2
    drawn += say([shown], x, middle - 0.09, SIZE, bold=True)
    x += width_of(shown, SIZE, bold=True) + 0.05
    return drawn + say([limits], x, middle - 0.078, SMALL, color=QUIET), y + tall


def _drop(row: pd.Series, minimum_base: int, worst: bool, y: float) -> tuple[list, float]:
    """What part of the visits to a stage ends there: a small drop under its bar, and the words."""
    if not row["n"] or math.isnan(row["ended"]):
        return [], y
    color, x = (WARM if worst else QUIET), EDGE + NAMES
    shown = text.with_base(text.number(row["ended"], "percent"), row["n"], minimum_base)
    limits = "" if shown == "**" else _between(row["ended_low"], row["ended_high"])
    told = tr("{share} of visits end here {interval}", share=shown, interval=limits).strip()
    lines = wrapped(told, WIDTH - EDGE - x - 0.22, SMALL, bold=worst)
    drawn = [Polygon([(x + 0.02, y + 0.06), (x + 0.16, y + 0.06), (x + 0.09, y + 0.17)], fc=color, lw=0)]
    drawn += say(lines, x + 0.22, y + 0.03, SMALL, color=EXIT if worst else QUIET, bold=worst)
    return drawn, y + 0.03 + height_of(len(lines), SMALL)


def _between(low: float, high: float) -> str:
    return "" if math.isnan(low) else f"({text.interval(low, high, digits=1)})"
