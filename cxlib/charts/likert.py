"""The chart of a battery of ratings: diverging stacked bars, bad answers to the left of the centre, good ones right."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MultipleLocator

from cxlib import text
from cxlib.charts import native
from cxlib.charts.style import ACCENT, GRID, INK, WARM, WIDTH, bare, canvas, in_style
from cxlib.errors import CxError
from cxlib.language import digits, tr

WIDE = 24  # letters of a label's line
LETTERS = 9  # points
BAR = 0.25  # inches
BASE = 40  # points from the plot to the right end of the bases
SPACING = {"handlelength": 1.0, "handletextpad": 0.4, "columnspacing": 0.7}  # of the legend, in letters' heights


@in_style
def likert(
    frame: pd.DataFrame, *, item: str, answer: str, title: str, answers=None, minimum_base: int = 30
) -> Figure | None:
    """Shares of the answers to several items, a bar an item in the order given, the neutral answer across the centre.

    `frame` holds item, answer, estimate (percent) and n (base of the item). `answers` are the scale from worst to
    best: numbers or labels; by default the whole numbers from the least to the most answer that was given, or the
    labels in the order of their categories (else as they come). With an even number of them none is neutral. Worse
    answers are hatched, extreme ones dark; the share in percent stands where it fits, the base at the right (* small).
    Items under `minimum_base` are withheld. Raises CxError for an answer that is not one of `answers`.
    None where there is nothing to draw.
    """
    if frame.empty:
        return None
    scale = _scale(frame[answer]) if answers is None else list(answers)
    strangers = frame.loc[~frame[answer].isin(scale), answer]
    if len(strangers):
        raise CxError(f"the answers are {', '.join(map(str, scale))}; {strangers.iloc[0]} is not one of them")
    names = list(dict.fromkeys(frame[item]))
    shares = frame.astype({item: object, answer: object}).pivot(index=item, columns=answer, values="estimate")
    shares = shares.reindex(index=names, columns=scale)
    bases = frame.groupby(item, observed=True)["n"].max().reindex(names)
    shown = (bases >= minimum_base) & shares.notna().any(axis=1)
    widths = shares[shown].fillna(0.0).to_numpy(float)
    starts = np.cumsum(widths, axis=1) - widths - _below(widths)[:, None]

    labels = [fill(str(name), WIDE) for name in names]
    heights = np.array([max(0.34, 0.1 + 0.155 * (1 + label.count("\n"))) for label in labels])
    shades, columns = _shades(len(scale)), _columns(scale)
    figure, (axis,) = canvas(
        heights.sum() + 0.95 + 0.19 * -(-len(scale) // columns) + 0.17 * fill(title, 44).count("\n")
    )
    y = np.cumsum(heights) - heights / 2
    axis.axvline(0, color=INK, lw=0.9, zorder=0)
    bars = _bars(y[shown], starts, widths)
    for those, (face, hatch, line) in zip(bars, shades, strict=True):
        axis.add_collection(PolyCollection(those, fc=face, hatch=hatch, ec=line, lw=0))
    axis.add_collection(PolyCollection(bars.reshape(-1, 4, 2), fc="none", ec="white", lw=0.8))
    axis.set_yticks(y, labels)
    axis.use_sticky_edges = False
    axis.margins(x=0.02)
    axis.set_ylim(heights.sum(), 0)
    axis.xaxis.set_major_locator(MultipleLocator(25))
    axis.xaxis.set_major_formatter(lambda share, _: text.number(abs(share), digits=0))
    _bases(axis, y, bases, shown, minimum_base)
    # A legend is filled column by column; read line by line, the answers stand in their order.
    for_columns = [i for column in range(columns) for i in range(column, len(scale), columns)]
    drawn = [Patch(fc=face, hatch=hatch, ec=line, lw=0) for face, hatch, line in shades]
    figure.legend(
        [drawn[i] for i in for_columns], [_word(scale[i]) for i in for_columns], ncols=columns,
        loc="outside lower center", frameon=False, fontsize=LETTERS, **SPACING,
    )  # fmt: skip
    figure.suptitle(fill(tr("{title} (% of answers)", title=title), 44), x=0, ha="left", fontsize=11, weight="bold")
    bare(axis, "x")
    _numbers(figure, axis, y[shown], starts, widths, shades)
    plain = shares[shown].fillna(0.0).rename(columns=_word).rename_axis(item).reset_index()
    plain = plain.melt(item, var_name="series", value_name="estimate")
    figure.native = native.stacked(plain, item, series="series", title=title, unit="percent")
    return figure


def _scale(column: pd.Series) -> list:
    """The answers from worst to best, as far as those given tell."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return list(column.cat.categories)
    if pd.api.types.is_numeric_dtype(column) and (column % 1 == 0).all():
        return list(range(int(column.min()), int(column.max()) + 1))
    return list(dict.fromkeys(column))


def _word(value) -> str:
    """An answer as the legend writes it."""
    return digits(f"{value:g}") if isinstance(value, (int, float, np.number)) else fill(str(value), 44)


def _below(widths: np.ndarray) -> np.ndarray:
    """How far each bar reaches to the left of the centre: the worse answers, and half of the neutral one."""
    half, odd = divmod(widths.shape[1], 2)
    return widths[:, :half].sum(axis=1) + (widths[:, half] / 2 if odd else 0.0)


def _bars(y: np.ndarray, starts: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """The corners of the bars, by answer, item, corner and direction."""
    left, right = starts.T, (starts + widths).T
    low, high = (np.broadcast_to(y + side * BAR / 2, left.shape) for side in (-1, 1))
    corners = [(left, low), (right, low), (right, high), (left, high)]
    return np.stack([np.stack(corner, axis=-1) for corner in corners], axis=-2)


def _shades(count: int) -> list[tuple]:
    """Face, hatch and the hatch's colour of each answer; the worse ones hatched, the extremes dark."""
    half, odd = divmod(count, 2)
    strengths = np.linspace(1.0, 0.36, half) if half > 1 else np.array([0.8])

    def mixed(color, strength):
        return tuple(strength * np.array(to_rgb(color)) + (1 - strength))

    worse = [(mixed(WARM, s), "////", "white" if s > 0.6 else mixed(WARM, min(1.0, s + 0.35))) for s in strengths]
    better = [(mixed(ACCENT, s), None, "none") for s in strengths[::-1]]
    return worse + [(to_rgb(GRID), None, "none")] * odd + better


def _columns(scale: list) -> int:
    """How many answers fit side by side in the legend."""
    longest = max(len(line) for value in scale for line in _word(value).split("\n"))
    entry = LETTERS * (0.6 * longest + sum(SPACING.values()))
    most = int(np.clip((72 * WIDTH - 8) // entry, 1, len(scale)))
    rows = -(-len(scale) // most)
    return -(-len(scale) // rows)


def _bases(axis, y: np.ndarray, bases: pd.Series, shown: pd.Series, minimum_base: int) -> None:
    """The base of each item at the right; in the place of its bar where it is withheld."""
    where = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center", "fontsize": LETTERS}
    right = where | {"ha": "right", "annotation_clip": False}
    axis.annotate(tr("base"), (1, -0.05), (BASE, 0), **right)
    for at, n, enough in zip(y, bases, shown, strict=True):
        if enough:
            axis.annotate(text.with_base(text.number(n), n, minimum_base), (1, at), (BASE, 0), **right)
        else:
            blank = {"color": "white", "pad": 1}
            told = tr("** base {n}", n=text.number(n))
            axis.annotate(told, (0.5, at), (0, 0), ha="center", style="italic", bbox=blank, **where)


def _numbers(figure: Figure, axis, y: np.ndarray, starts: np.ndarray, widths: np.ndarray, shades: list) -> None:
    """The shares inside their segments, where the layout leaves them room."""
    figure.get_layout_engine().execute(figure)
    low, high = axis.get_xlim()
    inch = (high - low) / (axis.get_window_extent().width / figure.dpi)  # percent an inch
    for column, (face, hatch, _) in enumerate(shades):
        color = "white" if np.dot(face, (0.299, 0.587, 0.114)) < 0.6 else INK
        patch = {"fc": face, "ec": "none", "pad": 1.0} if hatch else None
        for at, start, points in zip(y, starts[:, column], widths[:, column], strict=True):
            shown = text.number(points, digits=0)
            if points >= inch * (0.62 * LETTERS * len(shown) + 4) / 72:
                where = {"ha": "center", "va": "center", "fontsize": LETTERS, "color": color}
                axis.text(start + points / 2, at, shown, bbox=patch, **where)
