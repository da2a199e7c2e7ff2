"""All buyer personas side by side: how large each is, its name, and the first of its metrics."""

import math

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cxlib.charts.card_letters import BODY, HEAD, QUIET, even, height_of, most_lines, say, width_of, wrapped
from cxlib.charts.card_parts import gauge, sheet
from cxlib.charts.card_words import OF_CUSTOMERS, between, check, percent
from cxlib.charts.portrait import color_of, portrait
from cxlib.charts.style import GRID, WIDTH, in_style
from cxlib.language import tr
from cxlib.persona_cards import Card

TILE = 0.88  # of a card's letters
SIDE, BETWEEN = 0.05, 0.12  # inches: the margins at the sides, and between two personas
TOP, TALL = 0.08, 0.36  # inches: where the bar of all customers begins, and how high it is


@in_style
def persona_row(cards: list[Card]) -> Figure | None:
    """All personas side by side at the report's width: how large each is, its name, and the first of its metrics.

    The bar on top is all customers, cut into the personas by their shares; up to four stand in a line. None where there
    are none. Raises CxError as persona_card() does.
    """
    if not cards:
        return None
    for card in cards:
        check(card)
    lines = -(-len(cards) // 4)
    across = -(-len(cards) // lines)
    width = (WIDTH - 2 * SIDE - BETWEEN * (across - 1)) / across
    drawn, y = _all(cards), 0.62
    for start in range(0, len(cards), across):
        part, bottom = cards[start : start + across], y
        name = most_lines([card.name for card in part], width, HEAD * TILE)
        label = most_lines([one.label for card in part for one in card.metrics[:1]], width, BODY * TILE)
        for i, card in enumerate(part):
            tile, end = _tile(card, SIDE + i * (width + BETWEEN), y, width, name, label)
            drawn, bottom = drawn + tile, max(bottom, end)
        y = bottom + 0.22
    return sheet(WIDTH, y - 0.12, drawn)


def _all(cards: list[Card]) -> list[Artist]:
    """The bar of all customers, cut into the personas by their shares, each with its number where it has room."""
    x, width = SIDE, WIDTH - 2 * SIDE
    whole = max(100, math.fsum(card.share for card in cards if not math.isnan(card.share)))
    drawn = [Rectangle((x, TOP), width, TALL, fc=GRID, lw=0)]
    for card in cards:
        wide = 0 if math.isnan(card.share) else card.share / whole * width
        drawn.append(Rectangle((x, TOP), wide, TALL, fc=color_of(card.number), ec="white", lw=1.2))
        number = str(card.number)
        if wide > width_of(number, 10, bold=True) + 0.06:
            drawn += say([number], x + wide / 2, TOP + 0.083, 10, color="white", bold=True, ha="center")
        x += wide
    return drawn


def _tile(card: Card, x, y, width, name: int, label: int) -> tuple[list, float]:
    """A persona in the row of all: portrait, number, name and first metric's label (in so many lines), share."""
    color, radius, size = color_of(card.number), 0.28, HEAD * TILE
    drawn = [Rectangle((x, y), width, 0.04, fc=color, lw=0)]
    y += 0.13
    drawn += portrait(card.number, x + radius, y + radius, radius)
    drawn += say([str(card.number)], x + 2 * radius + 0.1, y + 0.06, 22, color=color, bold=True)
    y += 2 * radius + 0.06
    drawn += say(even(card.name, width, size), x, y, size, bold=True)
    y += height_of(name, size) + 0.02
    drawn += say([percent(card.share)], x, y, 15, color=color, bold=True)
    y += height_of(1, 15) - 0.02
    size = BODY * TILE
    lines = [*wrapped(tr(OF_CUSTOMERS), width, size), *wrapped(between(card.low, card.high, "percent"), width, size)]
    drawn += say(lines, x, y, size, color=QUIET)
    y += height_of(len(lines), size) + 0.1
    if not card.metrics:
        return drawn, y
    found, end = gauge(card.metrics[0], card.number, x=x, y=y, width=width, scale=TILE, names=label)
    return drawn + found, end
