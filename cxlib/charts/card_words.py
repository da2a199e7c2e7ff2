"""Words and numbers of a persona's card; what a card may not say is refused."""

import math

from cxlib import text
from cxlib.errors import CxError
from cxlib.language import noted, tr
from cxlib.persona_cards import PARTS, Card, Measure, Trait

HELD = "\N{NO-BREAK SPACE}"  # no line ends at it
PERSONA, OF_CUSTOMERS = noted("Persona"), noted("of customers")
# What the parts of a card are called.
PART_NAMES = {
    "who": noted("Who they are"),
    "values": noted("What they value"),
    "buys": noted("How they buy"),
    "roles": noted("Their roles"),
    "channels": noted("Where they meet us"),
    "complaint": noted("Hurts most"),
    "driver": noted("Drives them most"),
    "action": noted("What to do"),
}
MONEY = {1e12: noted("{number} trillion"), 1e9: noted("{number} billion"), 1e6: noted("{number} million")}


def check(card: Card) -> None:
    """Raise a CxError for a card whose numbers cannot be drawn."""
    if card.number < 1 or not card.name.strip():
        raise CxError(f"a persona has a number of 1 or more and a name; found {card.number} and {card.name!r}")
    if card.share < 0 or card.share > 100 or card.low > card.share or card.high < card.share:
        raise CxError(
            f"a persona's share lies in 0-100 and within its interval; found {text.number(card.share, 'percent')} in "
            f"{text.interval(card.low, card.high, 'percent')} (persona {card.number})"
        )
    traits = [trait for part in PARTS for trait in getattr(card, part)]
    strangers = [one for one in (*traits, *card.metrics) if one.unit not in text.UNITS]
    if strangers:
        raise CxError(f"a unit is one of {', '.join(text.UNITS)}; found {strangers[0].unit!r} ({strangers[0].label})")
    shares = [one for one in traits if one.unit == "percent"]
    wrong = [one for one in shares if min(one.share, one.total) < 0 or max(one.share, one.total) > 100]
    if wrong:
        raise CxError(
            f"shares lie in 0-100; {len(wrong)} of persona {card.number} do not, e.g. {wrong[0].label} "
            f"{wrong[0].share:g} (all {wrong[0].total:g})"
        )
    wrong = [
        one for one in card.metrics
        if not one.least < one.most or one.value < max(one.least, one.low) or one.value > min(one.most, one.high)
    ]  # fmt: skip
    if wrong:
        one = wrong[0]
        raise CxError(
            f"a metric lies within its scale and its interval; {len(wrong)} of persona {card.number} do not, e.g. "
            f"{one.label} {one.value:g} in {one.low:g} to {one.high:g} on a scale of {one.least:g} to {one.most:g}"
        )


def percent(value: float) -> str:
    """A persona's share of the customers as it is printed."""
    return "**" if math.isnan(value) else text.number(value, "percent")


def trait_share(trait: Trait, *, total: bool = False) -> str:
    """A trait's share as it is printed: whole percent, save under one."""
    value = trait.total if total else trait.share
    if math.isnan(value):
        return "**"
    return text.number(value, trait.unit, digits=int(abs(value) < 1) if trait.unit == "percent" else None)


def measure_value(one: Measure) -> str:
    """A metric's value as it is printed: stars where it may not be shown, a star beside that of a small base."""
    if math.isnan(one.value):
        return "**"
    return text.number(one.value, one.unit) + ("*" if one.n < text.SMALL_BASE else "")


def between(low: float, high: float, unit: str) -> str:
    """An interval as it is printed, held on one line."""
    return _held(text.interval(low, high, unit))


def totals(card: Card) -> list[tuple[str, str]]:
    """Customers and money, each with its interval: in words that a reader takes in (1.23 billion)."""
    found = []
    if card.customers is not None:
        value, low, high = card.customers
        found.append((tr("{number} customers", number=text.number(value)), between(low, high, "count")))
    if card.market is not None:
        size = abs(card.market[0]) if math.isfinite(card.market[0]) else 0
        unit, named = next(((unit, named) for unit, named in MONEY.items() if size >= unit), (1, "{number}"))
        digits = 0 if unit == 1 else max(0, 2 - int(math.log10(size / unit)))
        value, low, high = (text.number(one / unit, digits=digits) for one in card.market)
        figure = f"{tr(named, number=value)} {card.currency}".strip()
        limits = _held(tr("{low} to {high}", low=low, high=high))
        found.append((figure, tr("target market, {interval}", interval=limits)))
    return found


def _held(words: str) -> str:
    return words.replace(" ", HELD)
