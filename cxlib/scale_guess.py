"""On which scale the answers of a column lie, and which codes lie outside it."""

from dataclasses import dataclass

from cxlib.column_facts import Facts
from cxlib.private_cells import shown
from cxlib.worded_scales import in_order
from cxlib.wording import MEASURES, says, stated_scale

SPARE = {*range(77, 80), *range(87, 90), *range(96, 100), 777, 888, *range(996, 1000), 9999}


@dataclass(frozen=True)
class Scale:
    """A rating scale: its ends, the codes outside it with their counts, and what speaks for it.

    `padded` marks a scale of which 0 or one step more than the top are codes for no answer, for all that is known.
    """

    low: int
    high: int
    outside: dict[str, int]
    reason: str
    padded: bool = False

    @property
    def written(self) -> str:
        return f"{self.low}-{self.high}"


def scale(column: Facts) -> Scale | None:
    """The rating scale of a column of whole numbers: as its wording states it, as its labels do, or by its codes."""
    values = column.whole
    if len(values) < 2 or len(values) > 16:
        return None
    for text in column.texts:
        stated = stated_scale(text)
        if stated and _within(column, *stated) >= 0.6:
            return _made(column, *stated, f"{stated[0]}-{stated[1]} scale as stated")
    worded = in_order(column.variable.labels.values()) if column.variable.labels else None
    if worded:
        ends = [int(float(c)) for c, text in column.variable.labels.items() if text in worded[0] and _whole(c)]
        if len(ends) >= 3 and _within(column, min(ends), max(ends)) >= 0.6:
            return _made(column, min(ends), max(ends), "its labels are words on a scale")
    return _by_codes(column, values)


def _by_codes(column: Facts, values: list[int]) -> Scale | None:
    """The usual scale that the codes fill, once codes such as -1, 9 and 99 are set aside."""
    inner = [v for v in values if 0 <= v <= 11]
    if any(v > 11 and v not in SPARE for v in values) or len(inner) < 3:
        return None
    asks = says(MEASURES["recommend"], *column.texts)
    core = {v for v in inner if v <= 10}
    if asks and max(inner) >= 8 and 0 in core:
        return _made(column, 0, 10, "0-10 scale")
    if 9 in core and not core & {7, 8} and max(core) == 9:
        core.discard(9)
    if {8, 9} <= core and not core & {6, 7} and max(core) == 9:
        core -= {8, 9}
    top, low = max(core), min(core)
    if top == 5 and low >= 1 and len(core) >= 4:
        return _made(column, 1, 5, "1-5 scale")
    if core <= set(range(7)) and {2, 3, 4, 5} <= core and (0 in core or 6 in core) and 7 not in inner:
        return _made(column, 1, 5, "1-5 scale with 0 or 6 beside it", padded=True)
    if core == {1, 2, 3, 4}:
        return _made(column, 1, 4, "1-4 scale")
    if top == 7 and low >= 1 and len(core) >= 5:
        return _made(column, 1, 7, "1-7 scale")
    if top == 10 and low >= 1 and len(core) >= 7:
        return _made(column, 1, 10, "1-10 scale")
    if top >= 9 and low == 0 and len(core) >= 7:
        return _made(column, 0, 10, "0-10 scale")
    return None


def _whole(text: str) -> bool:
    try:
        return float(text).is_integer()
    except ValueError:
        return False


def _within(column: Facts, low: int, high: int) -> float:
    """Share of the numbers that lie on a scale."""
    held = column.counts[list(column.numbers)]
    on = sum(n for c, n in held.items() if low <= column.numbers[c] <= high)
    return on / held.sum() if held.sum() else 0.0


def _made(column: Facts, low: int, high: int, reason: str, padded: bool = False) -> Scale:
    outside = {c: int(n) for c, n in column.counts.items() if not low <= column.numbers.get(c, low - 1) <= high}
    # A phone that slipped into a rating is no code, and is not to be printed.
    outside = {c: n for c, n in outside.items() if shown(c)}
    order = sorted(outside, key=lambda c: (c not in column.numbers, column.numbers.get(c, 0), c))
    return Scale(low, high, {c: outside[c] for c in order}, reason, padded)
