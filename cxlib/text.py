"""How numbers are written, and the sentences that state results: computed, never typed."""

import math

MINUS = "\u2212"
SMALL_BASE = 100  # a base below this is marked with *, below the study's minimum base with ** instead of the number

# unit: (digits printed, digits published in the record, what follows the number, what follows a difference)
UNITS = {
    "points": (1, 4, "", " points"),
    "percent": (1, 4, "%", " percentage points"),
    "score": (2, 4, "", ""),
    "count": (0, 0, "", ""),
    "rate": (2, 4, "", ""),
    "ratio": (2, 4, "", ""),
    "money": (0, 0, "", ""),
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
    return text.replace("-", MINUS) + UNITS[unit][2]


def published(value: float, unit: str, digits: int | None = None) -> float:
    """A number as it is recorded: to so many digits (default: by unit), so that another processor records the same."""
    return float(f"{value:.6g}") if unit == "money" else round(value, UNITS[unit][1] if digits is None else digits)


def interval(low: float, high: float, unit: str = "count", *, digits: int | None = None) -> str:
    """An interval as it is printed: 30.7 to 39.4."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return "–"
    return f"{number(low, unit, digits=digits).removesuffix('%')} to {number(high, unit, digits=digits)}"


def difference(value: float, unit: str) -> str:
    """A difference as it is printed: signed, with a digit more than the level, without a percent sign."""
    return number(value, unit, digits=UNITS[unit][0] + 1, sign=True).removesuffix("%")


def difference_interval(low: float, high: float, unit: str) -> str:
    """The interval of a difference as it is printed: −10.56 to −0.01."""
    if math.isnan(low) or math.isnan(high):
        return "–"
    return f"{difference(low, unit)} to {difference(high, unit)}"


def p_value(p: float) -> str:
    """A p value as it is printed: 0.0497, 0.530, <0.0001; four decimals where they matter."""
    if p is None or math.isnan(p):
        return "–"
    if p < 0.0001:
        return "<0.0001"
    return f"{p:.4f}" if p < 0.1 else f"{p:.3f}"


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
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
