"""Parts of a persona's card: bars, chips, sentences, gauges and the dots; each is drawn from (x, y) down.

A part of the card answers with its artists and where it ends, in inches from the upper left corner. `scale` is how much
larger its letters are, `most` how many traits are drawn.
"""

import math

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle, Wedge

from cxlib import text
from cxlib.charts.card_letters import (
    ASCENT,
    BODY,
    HEAD,
    QUIET,
    even,
    fitted,
    height_of,
    most_lines,
    say,
    scaled,
    width_of,
    wrapped,
)
from cxlib.charts.card_words import HELD, PART_NAMES, between, measure_value, trait_share
from cxlib.charts.portrait import color_of, mix, pale
from cxlib.charts.style import GRID, INK
from cxlib.language import tr
from cxlib.persona_cards import Card, Measure, Trait

GUTTER = 0.26  # inches between columns
RING = 0.22  # of a gauge's radius: how thick it is
MARKS = {"complaint": "▼", "driver": "▲", "action": "►"}


def bars(card: Card, part: str, *, x, y, width, scale, most) -> tuple[list, float]:
    """A bar a trait: the share filled, the total as a tick, the index at its end."""
    size, small = scaled(BODY, scale), scaled(7.5, scale)
    traits = getattr(card, part)[:most]
    drawn, y = _heading(card, part, x, y, width, scale)
    indices = [text.number(trait.index) for trait in traits if not math.isnan(trait.index)]
    full = width - max((width_of(index, small) + 0.08 for index in indices), default=0)
    thick = 0.085 * scale
    for trait in traits:
        shown = trait_share(trait)
        lines = wrapped(trait.label, width - width_of(shown, size, bold=True) - 0.16, size)
        drawn += say(lines, x, y, size) + say([shown], x + width, y, size, bold=True, ha="right")
        y += height_of(len(lines), size) + 0.015
        drawn += _bar(trait, color_of(card.number), x, y, full, thick)
        if not math.isnan(trait.index):
            middle = y + thick / 2 - (ASCENT - 0.36) * small / 72
            drawn += say([text.number(trait.index)], x + width, middle, small, color=QUIET, ha="right")
        y += thick + 0.09 * scale
    return drawn, y - 0.04 * scale


def chips(card: Card, part: str, *, x, y, width, scale, most) -> tuple[list, float]:
    """A chip a trait, larger and deeper in colour the larger the share."""
    drawn, y = _heading(card, part, x, y, width, scale)
    rows, at = [[]], 0.0
    for trait in getattr(card, part)[: 2 * most]:
        part_of = trait.share / 100 if trait.unit == "percent" and not math.isnan(trait.share) else 0
        size = scaled(7.2 + 4.3 * part_of, scale)
        side = 0.75 * size / 72
        lines = wrapped(f"{trait.label}{HELD}{trait_share(trait)}", width - 2 * side, size)
        wide = max(width_of(line, size) for line in lines) + 2 * side
        if rows[-1] and at + wide > width:
            rows, at = [*rows, []], 0.0
        face = pale(card.number, 0.1 + 0.3 * part_of)
        rows[-1].append((trait.label, face, lines, size, x + at, wide, height_of(len(lines), size) + 0.35 * size / 72))
        at += wide + 0.07
    for row in rows:
        high = max(tall for *_, tall in row)
        for label, face, lines, size, left, wide, tall in row:
            top, style = y + (high - tall) / 2, f"round,pad=0,rounding_size={min(tall / 2, 0.13)}"
            look = {"boxstyle": style, "fc": face, "ec": color_of(card.number), "lw": 0.7, "label": label}
            drawn.append(FancyBboxPatch((left, top), wide, tall, **look))
            drawn += say(lines, left + 0.75 * size / 72, top + 0.2 * size / 72, size)
        y += high + 0.07
    return drawn, y - 0.07


def sentence(card: Card, part: str, *, x, y, width, scale, most) -> tuple[list, float]:
    """A sentence on its ground: pale, and for what is to be done in the persona's colour."""
    size, head = scaled(BODY, scale), scaled(HEAD, scale)
    last = part == "action"
    heads = wrapped(f"{MARKS[part]} {tr(PART_NAMES[part])}", width - 0.24, head, bold=True)
    lines = wrapped(getattr(card, part), width - 0.24, size)
    color = "white" if last else mix(color_of(card.number), "black", 0.2)
    drawn = say(heads, x + 0.12, y + 0.07, head, bold=True, color=color)
    y += 0.09 + height_of(len(heads), head)
    drawn += say(lines, x + 0.12, y, size, color="white" if last else INK)
    return drawn, y + height_of(len(lines), size) + 0.08


def gauges(card: Card, *, x, y, width, scale, most) -> tuple[list, float]:
    """A gauge a metric, side by side; their names end on one line."""
    wide = (width - GUTTER * (len(card.metrics) - 1)) / len(card.metrics)
    names = most_lines([one.label for one in card.metrics], wide, scaled(BODY, scale))
    drawn, ends = [], []
    for i, one in enumerate(card.metrics):
        at = x + i * (wide + GUTTER)
        found, end = gauge(one, card.number, x=at, y=y, width=wide, scale=scale, names=names)
        drawn += found
        ends.append(end)
    return drawn, max(ends)


def gauge(one: Measure, number: int, *, x, y, width, scale, names: int) -> tuple[list, float]:
    """A metric's name, which ends after so many lines, its half ring with the value inside, and its limits below."""
    size, small, ends = scaled(BODY, scale), scaled(7.8, scale), scaled(7, scale)
    label, middle = even(one.label, width, size), x + width / 2
    drawn = say(label, middle, y + height_of(names - len(label), size), size, bold=True, ha="center")
    radius = min(0.5 * scale, width / 2 - width_of("100", ends) / 2)
    y += height_of(names, size) + radius + 0.12
    drawn += _ring(one, color_of(number), middle, y, radius)
    shown, thick = measure_value(one), RING * radius
    large = fitted(shown, 13 * scale, 1.75 * (radius - thick), bold=True)
    drawn += say([shown], middle, y - ASCENT * large / 72, large, bold=True, ha="center")
    for value, side in ((one.least, -1), (one.most, 1)):
        limit = text.number(value, digits=0)
        drawn += say([limit], middle + side * (radius - thick / 2), y + 0.03, ends, color=QUIET, ha="center")
    y += 0.03 + height_of(1, ends) + 0.02
    lines = _limits(one, width, small)
    return drawn + say(lines, middle, y, small, color=QUIET, ha="center"), y + height_of(len(lines), small)


def dots(card: Card, x: float, y: float, side: float) -> list[Artist]:
    """A hundred dots: full up to the lower limit, paler up to the estimate, rings up to the upper limit, faint."""
    step, color, drawn = side / 10, color_of(card.number), []
    low, share, high = (0 if math.isnan(value) else round(value) for value in (card.low, card.share, card.high))
    for i in range(100):
        if i < low:
            look = {"fc": "white", "ec": "white"}
        elif i < share:
            look = {"fc": mix(color, "white", 0.55), "ec": "white"}
        elif i < high:
            look = {"fc": color, "ec": "white"}
        else:
            look = {"fc": mix(color, "white", 0.22), "ec": "none"}
        drawn.append(Circle((x + (i % 10 + 0.5) * step, y + (i // 10 + 0.5) * step), 0.36 * step, lw=0.8, **look))
    return drawn


def sheet(wide: float, high: float, drawn: list[Artist]) -> Figure:
    """A closed figure of so many inches with the artists, whose places are inches from its upper left corner."""
    figure = Figure(figsize=(wide, high))
    axis = figure.add_axes((0, 0, 1, 1), xlim=(0, wide), ylim=(high, 0))
    axis.axis("off")
    for artist in drawn:
        axis.add_artist(artist)
    return figure


def _heading(card: Card, part: str, x: float, y: float, width: float, scale: float) -> tuple[list, float]:
    """What a part tells, in the persona's colour."""
    size = scaled(HEAD, scale)
    lines = wrapped(tr(PART_NAMES[part]), width, size, bold=True)
    return say(lines, x, y, size, color=color_of(card.number), bold=True), y + height_of(len(lines), size) + 0.04


def _tick(x: list[float], y: list[float]) -> list[Artist]:
    """The total's mark: dark, with white around it, so that it shows on any ground."""
    return [Line2D(x, y, color="white", lw=3.4, solid_capstyle="butt"),
            Line2D(x, y, color=INK, lw=1.6, solid_capstyle="butt")]  # fmt: skip


def _bar(trait: Trait, color: str, x: float, y: float, full: float, thick: float) -> list[Artist]:
    """The share on its ground, and the total as a tick; what is no percentage fills the ground as far as it needs."""
    drawn = [Rectangle((x, y), full, thick, fc=GRID, lw=0)]
    known = [0, *(value for value in (trait.share, trait.total) if not math.isnan(value))]
    least, whole = (0, 100) if trait.unit == "percent" else (min(known), 1.25 * max(known) or 1)
    inch = full / (whole - least)
    if not math.isnan(trait.share):
        drawn.append(Rectangle((x - least * inch, y), trait.share * inch, thick, fc=color, lw=0, label=trait.label))
    if not math.isnan(trait.total):
        drawn += _tick([x + (trait.total - least) * inch] * 2, [y - 0.025, y + thick + 0.025])
    return drawn


def _ring(one: Measure, color: str, x: float, y: float, radius: float) -> list[Artist]:
    """A half ring from the least to the most: filled from zero to the value, interval outside, total as a tick."""
    thick = RING * radius

    def angle(value: float) -> float:
        return math.pi * (1 + (min(max(value, one.least), one.most) - one.least) / (one.most - one.least))

    def at(value: float, *radii: float) -> tuple[list, list]:
        turn = angle(value)
        return [x + r * math.cos(turn) for r in radii], [y + r * math.sin(turn) for r in radii]

    drawn = [Wedge((x, y), radius, 180, 360, width=thick, fc=GRID, lw=0)]
    if not math.isnan(one.value):
        zero = min(max(0, one.least), one.most)
        turns = sorted(math.degrees(angle(value)) for value in (zero, one.value))
        drawn.append(Wedge((x, y), radius, *turns, width=thick, fc=color, lw=0, label=one.label))
        if not math.isnan(one.low) and not math.isnan(one.high):
            out = radius + 0.055
            steps = [one.low + (one.high - one.low) * i / 60 for i in range(61)]
            arc = [at(value, out) for value in steps]
            drawn.append(Line2D([across[0] for across, _ in arc], [down[0] for _, down in arc], color=INK, lw=1.3))
            drawn += [Line2D(*at(value, out - 0.03, out + 0.03), color=INK, lw=1.3) for value in (one.low, one.high)]
            drawn.append(Line2D(*at(one.value, out), color=INK, marker="o", ms=3.2, lw=0))
    if not math.isnan(one.total):
        drawn += _tick(*at(one.total, radius - thick - 0.03, radius))
    return drawn


def _limits(one: Measure, width: float, size: float) -> list[str]:
    """A metric's interval and the total's value, on one line where that is wide enough."""
    limits = [] if math.isnan(one.value) or math.isnan(one.low) else [between(one.low, one.high, one.unit)]
    limits += [] if math.isnan(one.total) else [tr("all {total}", total=text.number(one.total, one.unit))]
    joined = " · ".join(limits)
    if limits and width_of(joined, size) <= width:
        return [joined]
    return [line for limit in limits for line in wrapped(limit, width, size)]
