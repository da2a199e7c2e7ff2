"""One designed picture a buyer persona, fit for a slide, and what it shows in words."""

import math
from functools import partial

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from cxlib import text
from cxlib.charts.card_letters import HEAD, LEAST, PITCH, QUIET, even, fitted, height_of, say, scaled, wrapped
from cxlib.charts.card_parts import GUTTER, bars, chips, dots, gauges, sentence, sheet
from cxlib.charts.card_words import (
    HELD,
    OF_CUSTOMERS,
    PART_NAMES,
    PERSONA,
    between,
    check,
    measure_value,
    percent,
    totals,
    trait_share,
)
from cxlib.charts.portrait import color_of, pale, portrait
from cxlib.charts.style import in_style
from cxlib.errors import CxError
from cxlib.language import digits, tr
from cxlib.persona_cards import Card

WIDE, HIGH = 10.0, 5.625  # inches of a card
BAND, EDGE, GAP = 2.75, 0.2, 0.14  # inches: the coloured band, margins, between blocks
FOOT = 7.5  # points
STRIP = {"complaint": 1, "driver": 1, "action": 1.25}  # the sentences, and how wide each is
# How many traits of a kind are drawn, and how large the letters may be: from what reads best to what still fits.
LARGER = (1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8)
SIZES = ((4, LARGER), (3, LARGER), (2, (1, 1.1)), (3, (0.9,)), (2, (0.9,)), (3, (0.8,)), (2, (0.8,)), (1, (0.8, 0.9)))


@in_style
def persona_card(card: Card) -> Figure:
    """A buyer persona at a glance, 10 x 5.625 inches: who, how many, what sets them apart, how they feel, what to do.

    The size is a field of a hundred dots: full up to the lower limit, ringed within the interval. A bar is a share, its
    tick that of all customers; chips are larger the larger their share; a gauge has the interval as a whisker outside
    and the total as a tick. Letters shrink, and the last of more than four traits of a kind are left out, until all
    fits. Raises CxError for numbers that are no shares or not in their order, and for words that do not fit.
    """
    check(card)
    rows, color = _rows(card), color_of(card.number)
    left = BAND + EDGE + 0.05 if rows else 3 * EDGE
    foot = wrapped(_foot(card), WIDE - EDGE - left, FOOT)
    floor = HIGH - 0.12 - height_of(len(foot), FOOT)
    identity, amount = partial(_identity, card), partial(_amount, card)
    if rows:
        drawn = [Rectangle((0, 0), BAND, HIGH, fc=color, lw=0)]
        inside = [partial(block, x=EDGE, width=BAND - 2 * EDGE) for block in (identity, amount)]
        drawn += _stack(inside, EDGE, HIGH - EDGE, card)
        drawn += _stack([partial(row, x=left, width=WIDE - EDGE - left) for row in rows], EDGE, floor - GAP, card)
    else:  # nothing is known but the size: the band is the card
        drawn = [Rectangle((0, 0), WIDE, HIGH, fc=color, lw=0)]
        for block, x in ((identity, left), (amount, WIDE / 2 + EDGE)):
            drawn += _stack([partial(block, x=x, width=WIDE / 2 - 4 * EDGE)], EDGE, floor - GAP, card)
    drawn += say(foot, left, floor, FOOT, color=QUIET if rows else "white")
    return sheet(WIDE, HIGH, drawn)


def persona_alt(card: Card) -> str:
    """What a persona's card shows, in words, for those who cannot see it; traits that it had no room for as well."""
    check(card)
    told = [
        tr(
            "Persona {number}, {name}: {share} of customers ({interval})",
            number=card.number,
            name=card.name,
            share=percent(card.share),
            interval=between(card.low, card.high, "percent"),
        )
    ]
    told += [f"{figure} ({limits})" for figure, limits in totals(card)]
    for part in ("who", "values", "buys", "channels", "roles"):
        traits = [
            _beside_all(f"{trait.label} {trait_share(trait)}", trait_share(trait, total=True), trait.total)
            for trait in getattr(card, part)
        ]
        told += [f"{tr(PART_NAMES[part])}: {'; '.join(traits)}"] if traits else []
    for one in card.metrics:
        limits = "" if math.isnan(one.value) else f" ({between(one.low, one.high, one.unit)})"
        own = f"{one.label} {measure_value(one)}{limits}"
        told.append(_beside_all(own, text.number(one.total, one.unit), one.total))
    told += [f"{tr(PART_NAMES[part])}: {getattr(card, part)}" for part in STRIP if getattr(card, part)]
    return " ".join(f"{' '.join(line.split()).rstrip('.')}." for line in told)


def _beside_all(own: str, shown: str, value: float) -> str:
    """What is told of a persona, beside the same of all customers where that is known."""
    return own if math.isnan(value) else tr("{own}, all {total}", own=own, total=shown)


def _foot(card: Card) -> str:
    """Bases, how to read the picture, and the method."""
    traits = [trait for part in ("who", "values", "buys") for trait in getattr(card, part)]
    ticked = any(not math.isnan(one.total) for one in (*traits, *card.metrics))
    told = [
        tr("n = {n}, effective base {effective}", n=text.number(card.n), effective=text.number(card.n_effective)),
        tr("{confidence} intervals", confidence=f"{digits(f'{100 * card.confidence:g}')}%"),
        tr("tick: all customers") if ticked else "",
        tr("small figure: index, 100 = as all customers")
        if any(not math.isnan(trait.index) for trait in traits)
        else "",
        card.foot,
    ]
    return f"{HELD}· ".join(part for part in told if part)


# -- layout: a block is drawn from (x, y) down, as wide as told, and answers with its artists and where it ends --------


def _rows(card: Card) -> list:
    """What is known beyond the size, from top to bottom; what the study lacks takes no row."""
    ground = pale(card.number, 0.1)
    grounds = {"complaint": ground, "driver": ground, "action": color_of(card.number)}
    rows = [
        _columns(card, bars, {"who": 1, "values": 1, "buys": 1}),
        _columns(card, chips, {"channels": 1.45, "roles": 1}),
        partial(gauges, card) if card.metrics else None,
        _columns(card, sentence, STRIP, grounds),
    ]
    return [row for row in rows if row is not None]


def _stack(blocks: list, top: float, bottom: float, card: Card) -> list[Artist]:
    """Blocks one below the other, with letters as large as fit, and what room is left between them."""
    least, fits = GAP * (len(blocks) - 1), None
    for most, scales in SIZES:
        for scale in scales:
            spare = bottom - top - sum(block(y=0, scale=scale, most=most)[1] for block in blocks)
            if spare < least:
                break
            fits = spare, scale, most
        if fits:
            break
    else:
        raise CxError(
            f"the words of a card fit into {WIDE:g} x {HIGH:g} inches; those of persona {card.number} do not, by "
            f"{least - spare:.1f} inches of height; give shorter names, labels or sentences"
        )
    spare, scale, most = fits
    gap = spare / (len(blocks) - 1 or 2)
    y, drawn = top + (gap if len(blocks) == 1 else 0), []
    for block in blocks:
        artists, end = block(y=y, scale=scale, most=most)
        drawn += artists
        y = end + gap
    return drawn


def _columns(card: Card, inside, shares: dict[str, float], grounds=None):
    """A row of blocks side by side, of the parts that the card has and by their shares of the width; None without.

    `grounds` names the colour of the ground that a part stands on, if it has one.
    """
    parts = {part: share for part, share in shares.items() if getattr(card, part)}
    if not parts:
        return None

    def row(*, x: float, y: float, width: float, scale: float, most: int) -> tuple[list, float]:
        gutter = GUTTER / 2 if grounds else GUTTER
        drawn, places, end = [], {}, y
        for part, share in parts.items():
            wide = (width - gutter * (len(parts) - 1)) * share / sum(parts.values())
            found, low = inside(card, part, x=x, y=y, width=wide, scale=scale, most=most)
            drawn, places[part], end = drawn + found, (x, wide), max(end, low)
            x += wide + gutter
        under = [Rectangle((at, y), wide, end - y, fc=grounds[part], lw=0) for part, (at, wide) in places.items()
                 if grounds]  # fmt: skip
        return under + drawn, end

    return row


def _identity(card: Card, *, x, y, width, scale, most) -> tuple[list, float]:
    """The portrait, the persona's number and its name."""
    radius = min(0.52 * scale, 0.26 * width)
    drawn = portrait(card.number, x + radius, y + radius, radius)
    beside = x + 2 * radius + 0.16
    size = scaled(10.5, scale)
    while size > LEAST and len(wrapped(tr(PERSONA), x + width - beside, size)) > 2:
        size = max(LEAST, size - 0.5)
    called = wrapped(tr(PERSONA), x + width - beside, size)
    drawn += say(called, beside, y + 0.25 * radius, size, color="white")
    large = fitted(str(card.number), 65 * radius, x + width - beside, bold=True)
    below = y + 0.25 * radius + 1.05 * size / 72 + height_of(len(called) - 1, size)
    drawn += say([str(card.number)], beside, below, large, color="white", bold=True)
    y += 2 * radius + 0.16
    size = max(10, min(fitted(word, 17 * scale, width, bold=True) for word in card.name.split()))
    name = even(card.name, width, size)
    return drawn + say(name, x, y, size, color="white", bold=True), y + height_of(len(name), size)


def _amount(card: Card, *, x, y, width, scale, most) -> tuple[list, float]:
    """How large the persona is: of a hundred customers, in customers, and in money."""
    side = min(1.15 * scale, 0.49 * width)
    drawn, left = dots(card, x + width - side, y, side), width - side - 0.12
    size, small, shown = scaled(HEAD, scale), scaled(8.5, scale), percent(card.share)
    large = fitted(shown, 30 * scale, left, bold=True)
    drawn += say([shown], x, y - 0.18 * large / 72, large, color="white", bold=True)
    bottom = y + side
    y += (PITCH - 0.18) * large / 72
    for told, letters in ((tr(OF_CUSTOMERS), size), (between(card.low, card.high, "percent"), small)):
        letters = fitted(told, letters, left)
        drawn += say([told], x, y, letters, color="white")
        y += height_of(1, letters)
    y = max(y, bottom) + 0.12
    for figure, limits in totals(card):
        drawn.append(Line2D([x, x + width], [y, y], color="white", lw=0.7))
        y += 0.06
        for told, letters, bold in ((figure, size, True), (limits, small, False)):
            lines = wrapped(told, width, letters, bold=bold)
            drawn += say(lines, x, y, letters, color="white", bold=bold)
            y += height_of(len(lines), letters)
        y += 0.08
    return drawn, y - 0.08
