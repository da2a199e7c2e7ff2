"""How numbers are written, and the sentences that state results: computed, never typed."""

import math

from cxlib.language import digits as in_language
from cxlib.language import noted, tr

MINUS = "\u2212"
CONFIDENTIAL = "[c]"  # in the place of a count of 1 to 4, or of a number that would tell one: see suppression.py
SMALL_BASE = 100  # a base below this is marked with *, below the study's minimum base with ** instead of the number

# unit: (digits printed, digits published in the record, what follows the number, how a difference is told)
UNITS = {
    "points": (1, 4, "", noted("{number} points")),
    "percent": (1, 4, "%", noted("{number} percentage points")),
    "score": (2, 4, "", "{number}"),
    "count": (0, 0, "", "{number}"),
    "rate": (2, 4, "", "{number}"),
    "ratio": (2, 4, "", "{number}"),
    "money": (0, 0, "", "{number}"),
}
# What an interval is called, by what the sample is: see words.interval_name().
INTERVALS = {
    "interval": noted("{confidence} interval {between}"),
    "model-based interval": noted("{confidence} model-based interval {between}"),
}
FIGURES = 3  # of a sum of money, whose interval is wider than a fourth figure could tell


def number(value: float, unit: str = "count", *, digits: int | None = None, sign: bool = False) -> str:
    """A number as it is printed: digits by unit, thousands apart, a real minus sign; a dash where there is none."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return f"{MINUS if value < 0 else ''}∞"
    if unit == "money":
        value = float(f"{value:.{FIGURES}g}")
    digits = UNITS[unit][0] if digits is None else digits
    text = f"{value:+,.{digits}f}" if sign else f"{value:,.{digits}f}"
    if not any(c in "123456789" for c in text):
        text = text.lstrip("+-")  # nothing is left of the number to bear a sign
    return in_language(text).replace("-", MINUS) + UNITS[unit][2]


def count(n: float) -> str:
    """A count as it is printed, its mark where it is blank because it is not shown."""
    return CONFIDENTIAL if math.isnan(n) else number(n)


def published(value: float, unit: str, digits: int | None = None) -> float:
    """A number as it is recorded: to so many digits (default: by unit), so that another processor records the same."""
    return float(f"{value:.6g}") if unit == "money" else round(value, UNITS[unit][1] if digits is None else digits)


def interval(low: float, high: float, unit: str = "count", *, digits: int | None = None) -> str:
    """An interval as it is printed: 30.7 to 39.4."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return "–"
    least = number(low, unit, digits=digits).removesuffix("%")
    return tr("{low} to {high}", low=least, high=number(high, unit, digits=digits))


def with_confidence(between: str, confidence: float, interval: str = "interval") -> str:
    """An interval that is already printed, with its confidence and what it may be called: 95% interval 30.7 to 39.4."""
    return tr(INTERVALS[interval], confidence=f"{confidence:.0%}", between=between)


def difference(value: float, unit: str) -> str:
    """A difference as it is printed: signed, with a digit more than the level (money without), no percent sign."""
    digits = UNITS[unit][0] + (unit != "money")
    return number(value, unit, digits=digits, sign=True).removesuffix("%")


def size(value: float, unit: str) -> str:
    """How large a difference is, without its sign, as a sentence says it: 2.31 points, 1.20 percentage points."""
    return in_units(difference(abs(value), unit).removeprefix("+"), unit)


def in_units(printed: str, unit: str) -> str:
    """A difference that is already printed with the word for its unit."""
    return tr(UNITS[unit][3], number=printed)


def difference_interval(low: float, high: float, unit: str) -> str:
    """The interval of a difference as it is printed: −10.56 to −0.01."""
    if math.isnan(low) or math.isnan(high):
        return "–"
    return tr("{low} to {high}", low=difference(low, unit), high=difference(high, unit))


def p_value(p: float) -> str:
    """A p value as it is printed: 0.0497, 0.530, <0.0001; four decimals where they matter."""
    if p is None or math.isnan(p):
        return "–"
    if p < 0.0001:
        return in_language("<0.0001")
    return in_language(f"{p:.4f}" if p < 0.1 else f"{p:.3f}")


def p_is(p: float) -> str:
    """A p value in a sentence: p = 0.0497, p < 0.0001."""
    shown = p_value(p)
    return f"p < {shown[1:]}" if shown.startswith("<") else f"p = {shown}"


def with_base(text: str, n: float, minimum_base: int) -> str:
    """A printed number with the mark of its unweighted base: ** in its place when tiny, * beside it when small."""
    if n < minimum_base:
        return "**"
    return f"{text}*" if n < SMALL_BASE else text


def join(words: list[str]) -> str:
    """A list in prose: a, b and c."""
    if len(words) < 2:
        return "".join(words)
    return tr("{words} and {last}", words=", ".join(words[:-1]), last=words[-1])
