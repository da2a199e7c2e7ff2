"""The axes of native charts: their ends and steps, how their numbers are written, and the room for bars and names."""

import math

from cxlib.report import pptx_text as measured
from cxlib.report.pptx_chart_xml import GREY, LONGEST, NO_LINE, PALE, Look, format_code, plot_at, stroke, vals
from cxlib.report.pptx_text import clean

FORMATS = {"percent": '0.0"%"', "points": "0.0", "score": "0.00", "rate": "0.00", "ratio": "0.00"}  # else whole numbers
LEGEND = 0.3  # inches of its line
MANY = 16  # categories from which on not all names are written


def number_format(panel: dict) -> str:
    """The format code of a panel's values; Office writes it with the reader's own signs."""
    plain = FORMATS.get(panel["unit"], "#,##0")
    if panel["unit"] == "count" and any(v is not None and v % 1 for s in panel["series"] for v in s["values"]):
        plain = "#,##0.0"
    return f"+{plain};-{plain};{plain}" if panel["signed"] else plain


def sums(panel: dict) -> list[float]:
    """What the parts of each bar make together."""
    return [sum(v or 0 for v in parts) for parts in zip(*(s["values"] for s in panel["series"]), strict=True)]


def reach(kind: str, panels: list[dict]) -> tuple[float, float]:
    """From the least to the most of all values and interval ends; with 0 where bars start from it."""
    series = [s for p in panels for s in p["series"]]
    ends = [v for s in series for key in ("values", "low", "high") for v in s[key] if v is not None]
    ends += [p["total"]["value"] for p in panels if p["total"]]
    if kind == "stacked":
        ends = [v for p in panels for v in sums(p)]
    if kind in ("bars", "stacked") or not ends:
        ends.append(0.0)
    return min(ends), max(ends)


def scale(low: float, high: float, *, zero: bool, steps: int = 4) -> tuple[float, float, float]:
    """Round ends of an axis that holds the values, and its step; about so many steps."""
    wide = (high - low) or abs(high) or 1.0
    rough = wide / steps
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step * power for step in (1, 2, 5, 10) if step * power >= rough * 0.999)
    least, most = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    if not zero:
        least -= step * (low - least < 0.1 * step and least != 0)  # shares and counts have no room below 0
        most += step * (most - high < 0.1 * step)
    elif most == high and high > 0:
        most += step
    return round(least, 10), round(most if most > least else least + step, 10), round(step, 10)


def decimals(step: float, unit: str = "") -> str:
    """The format code of an axis with that step."""
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return "#,##0" + ("." + "0" * digits if digits else "") + ('"%"' if unit == "percent" else "")


def lying(kind: str, panel: dict, look: Look) -> bool:
    """Whether bars lie: where their names, or their values, would not stand side by side."""
    if kind != "bars":
        return kind == "stacked"
    slot = 0.85 * look.width / max(len(panel["categories"]), 1)
    names = [clean(name) for name in panel["categories"]]
    widest = max((measured.width(word, look.size) for name in names for word in name.split()), default=0)
    longest = max((measured.width(name, look.size) for name in names), default=0)
    figures = measured.width("+00.00%", look.size) * len(panel["series"])
    return widest > slot or longest > 2 * slot or figures > 1.1 * slot


class Frame:
    """Where the plot of bars stands in its chart, so that values can be written beyond their intervals."""

    def __init__(self, panel: dict, look: Look, axis: tuple, *, flat: bool):
        self.look, self.axis, self.flat = look, axis, flat
        names = [clean(name)[:LONGEST] for name in panel["categories"]]
        widest = max((measured.width(name, look.size) for name in names), default=0)
        word = max((measured.width(part, look.size) for name in names for part in name.split()), default=0)
        named = min(max(min(widest, 0.36 * look.width), word), 0.5 * look.width) + 0.12
        figures = measured.width(number_format(panel).split(";")[0] + "0", look.size)
        left, right = (named, figures) if flat else (0.65, 0.1)
        head = measured.lines(clean(panel["title"]), look.size + 1, 0.85 * look.width, bold=True)[:2]
        top = 0.15 + (len(head) * 1.3 * (look.size + 1) / 72 if panel["title"] else 0) + 0.1 * (not flat)
        slot = (look.width - left - right) / max(len(names), 1)
        below = 1 if flat else max((len(measured.lines(name, look.size, slot)) for name in names), default=1)
        below = 0.12 + below * 1.25 * look.size / 72 + LEGEND * (len(panel["series"]) > 1)
        # In parts of the chart.
        self.x, self.wide = left / look.width, max(1 - (left + right) / look.width, 0.2)
        self.y, self.tall = top / look.height, max(1 - (top + below) / look.height, 0.2)

    @property
    def layout(self) -> str:
        """The plot's place."""
        return plot_at(self.x, self.y, self.wide, self.tall)

    def aside(self, one: dict, at: int) -> tuple[float, float]:
        """How far a value is moved from the end of its bar to beyond its interval, in parts of the chart."""
        value, low, high = one["values"][at], one["low"][at], one["high"][at]
        if value is None or low is None or high is None:
            return 0.0, 0.0
        part = (high - value if value >= 0 else low - value) / (self.axis[1] - self.axis[0])
        return (part * self.wide, 0.0) if self.flat else (0.0, -part * self.tall)


def category_axis(look: Look, names: list[str], *, flat: bool) -> str:
    """The axis of names, the first on top where bars lie."""
    # More names than stand side by side: every so many is written.
    widest = max((measured.width(name.split(" ")[0], look.size) for name in names), default=0) + 0.12
    every = 1 if flat or len(names) <= MANY else max(1, math.ceil(len(names) * widest / (0.9 * look.width)))
    scaling = f"<c:scaling>{vals(orientation='maxMin' if flat else 'minMax')}</c:scaling>"
    looks = f"<c:spPr>{stroke(GREY, 0.75)}</c:spPr>{look.letters()}"
    return (
        f"<c:catAx>{vals(axId=1)}{scaling}{vals(delete=0, axPos='l' if flat else 'b')}{format_code('General')}"
        f"{vals(majorTickMark='none', minorTickMark='none', tickLblPos='low')}{looks}"
        f"{vals(crossAx=2, crosses='autoZero', auto=0, lblAlgn='ctr', lblOffset=100, tickLblSkip=every)}"
        f"{vals(noMultiLvlLbl=1)}</c:catAx>"
    )


def value_axis(look: Look, axis: tuple, code: str, *, flat: bool) -> str:
    """The axis of values with its grid, along the lower edge or the left one."""
    least, most, step = axis
    scaling = f"<c:scaling>{vals(orientation='minMax', max=f'{most:g}', min=f'{least:g}')}</c:scaling>"
    grid = f"<c:majorGridlines><c:spPr>{stroke(PALE, 0.75)}</c:spPr></c:majorGridlines>"
    looks = f"<c:spPr>{NO_LINE}</c:spPr>{look.letters(max(look.size - 1, 9), GREY)}"
    return (
        f"<c:valAx>{vals(axId=2)}{scaling}{vals(delete=0, axPos='b' if flat else 'l')}{grid}{format_code(code)}"
        f"{vals(majorTickMark='none', minorTickMark='none', tickLblPos='nextTo')}{looks}"
        f"{vals(crossAx=1, crosses='max' if flat else 'autoZero', crossBetween='between', majorUnit=f'{step:g}')}"
        "</c:valAx>"
    )
