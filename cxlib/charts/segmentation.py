"""Charts of segments: how their number was chosen, and what sets them apart."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from cxlib import text
from cxlib.charts import native
from cxlib.charts.style import ACCENT, INK, WARM, WIDTH, bare, canvas, in_style
from cxlib.language import digits, noted, tr
from cxlib.profiles import ALL
from cxlib.segment_cards import CLEAR, is_no, wording
from cxlib.segment_variables import OTHER

LINE = 0.165  # inches a line of letters
LABELS = 1.8  # inches for what the rows are called
WIDE = 22  # letters of such a label's line
KEY = 66  # letters of a line of the key
NARROW = 6  # segments: with more of them, cells take numbers of two figures
# From which number on, by what, and the letter.
UNITS = [(1e9, 1e9, noted("{number}B")), (1e6, 1e6, noted("{number}M")), (1e4, 1e3, noted("{number}k"))]
PLAIN = {"parse_math": False}  # of labels: a $ is money and begins no formula
MUCH, LITTLE = 120, 80  # indices from which on a cell is bold, or slanted


@in_style
def segment_number(choices: pd.DataFrame, *, title: str) -> Figure | None:
    """BIC by the number of segments, the chosen one marked; below it stability and the smallest segment.

    `choices` has a row a number: k, bic, stability (mean over segments, 0-1), least_stable, smallest (share, 0-1),
    chosen. None where there is nothing to draw.
    """
    if choices.empty:
        return None
    rows = choices.sort_values("k")
    lines = fill(title, 50).count("\n")
    figure, (bic, stable, small) = canvas(5.0 + 0.17 * lines, rows=3, sharex=True, height_ratios=[2.2, 1, 1])
    k = rows["k"].to_numpy(int)
    _line(bic, k, rows["bic"], "o-", ACCENT)
    _line(stable, k, rows["stability"], "o-", ACCENT)
    _line(stable, k, rows["least_stable"], "v:", WARM)
    _line(small, k, 100 * rows["smallest"], "s-", ACCENT)
    named = [
        tr("BIC (less is better)"),
        tr("Stability: mean (●) and least (▼) of the segments"),
        tr("Smallest segment (% of all)"),
    ]
    for axis, name in zip((bic, stable, small), named, strict=True):
        axis.set_title(name, fontsize=9.5, weight="normal")
        axis.yaxis.set_major_locator(MaxNLocator(4))
        axis.yaxis.set_major_formatter(lambda value, _: _written(value))
        bare(axis, "y")
        axis.margins(x=0.06, y=0.12)
        for at in rows.loc[rows["chosen"].astype(bool), "k"]:
            axis.axvline(at, color=INK, lw=1, ls=(0, (4, 3)), zorder=1)
    chosen = rows[rows["chosen"].astype(bool)]
    bic.plot(chosen["k"], chosen["bic"], "o", ms=12, mfc="none", mec=INK, mew=1.6, zorder=4)
    stable.set_ylim(0, 1.06)
    small.set_ylim(bottom=0)
    small.set_xticks(k)
    small.set_xlabel(tr("Segments (ringed: chosen)") if len(chosen) else tr("Segments"))
    figure.suptitle(fill(title, 50), x=0, ha="left", fontsize=11, weight="bold", **PLAIN)
    plain = rows.assign(smallest=100 * rows["smallest"])
    steady = native.side_by_side(plain, {tr("mean"): ("stability",), tr("least"): ("least_stable",)})
    figure.native = native.beside(
        native.lines(plain.assign(estimate=plain["bic"]), "k", title=named[0]),
        native.lines(steady, "k", series="series", title=tr("Stability"), unit="rate"),
        native.lines(plain.assign(estimate=plain["smallest"]), "k", title=tr("Smallest segment"), unit="percent"),
    )
    return figure


def _line(axis, k: np.ndarray, values: pd.Series, style: str, color: str) -> None:
    axis.plot(
        k, values.to_numpy(float), style, color=color, mfc="white", ms=5.5, mew=1.4, lw=1.3, zorder=3, clip_on=False
    )


@in_style
def sets_apart(cards: pd.DataFrame, *, names, title: str, labels=None, most: int = 15) -> Figure | None:
    """A heat map of what sets segments apart: the answers that differ the most, with their share in each segment.

    `cards` is the frame of a Segmentation (segment, variable, answer, share, total, index, apart, kind); `names` are
    those of the segments, `labels` those of the columns. Cells show the share in percent, of numbers the mean; the
    colour is the index (100: as in the total, blue above, red below), bold from 120 on, slanted up to 80. Of two
    answers the rarer is shown, and a "no" never. The first column is the total. None where there is nothing to draw.
    """
    rows = _rows(cards, most)
    if rows.empty:
        return None
    segments = sorted(cards["segment"].unique())
    answers = _answers(cards)
    words = [wording(name, answer, labels or {}, answers=answers[name]) for name, answer in rows.index]
    called = [fill(word, WIDE) for word in words]
    heights = np.array([max(0.27, 0.1 + LINE * (1 + label.count("\n"))) for label in called])
    key = "\n".join(_entry(i, name) for i, name in enumerate(names, 1))
    how = "\n".join(
        [
            fill(tr("% of the segment; of numbers the mean. Index 100: as in all."), KEY),
            fill(tr("Bold: index {much} or more; slanted: {little} or less.", much=MUCH, little=LITTLE), KEY),
        ]
    )
    head = LINE * (1 + fill(title, 50).count("\n")) + 0.4
    tall = head + heights.sum() + LINE * (key.count("\n") + how.count("\n") + 3) + 0.2
    figure, (axis,) = canvas(tall)
    figure.set_layout_engine("none")
    left, low = LABELS / WIDTH, 1 - (head + heights.sum()) / tall
    axis.set_position([left, low, 0.99 - left, heights.sum() / tall])
    shares = cards.set_index(["variable", "answer", "segment"])
    middle = np.cumsum(heights) - heights / 2
    beside = {"textcoords": "offset points", "ha": "right", "va": "center", "annotation_clip": False, "fontsize": 9}
    beside |= PLAIN
    for at, tall_row, row, label in zip(middle, heights, rows.itertuples(), called, strict=True):
        axis.annotate(label, (0, at), (-3, 0), **beside)
        _cell(axis, 0, at, tall_row, row.total, 100.0, row.kind, len(segments))
        for column, segment in enumerate(segments, 1):
            share, index = shares.loc[(*row.Index, segment), ["share", "index"]]
            _cell(axis, column, at, tall_row, share, index, row.kind, len(segments))
    for column, word in enumerate([tr(ALL), *map(str, segments)]):
        weight = "bold" if column else "normal"
        axis.text(column + 0.5, -0.08, word, ha="center", va="bottom", weight=weight, fontsize=10)
    axis.set_xlim(0, len(segments) + 1)
    axis.set_ylim(heights.sum(), 0)
    axis.set_axis_off()
    look = {"ha": "left", "va": "top", "fontsize": 11, "weight": "bold"}
    figure.suptitle(fill(title, 50), x=0.01, y=1 - 0.05 / tall, **look, **PLAIN)
    look = {"ha": "left", "va": "bottom", "fontsize": 9, "linespacing": 1.3}
    figure.text(0.01, 0.06 / tall, f"{key}\n\n{how}", **look, **PLAIN)
    return figure


def _rows(cards: pd.DataFrame, most: int) -> pd.DataFrame:
    """The answers that differ the most between segments, those together that the same segment has most of."""
    answers = _answers(cards)
    no = [is_no(answer, answers[name]) for name, answer in zip(cards["variable"], cards["answer"], strict=True)]
    kept = cards[~np.array(no, bool) & (cards["answer"] != OTHER)]
    by = kept.sort_values("segment").groupby(["variable", "answer"], sort=False)
    found = by["apart"].agg(lambda apart: apart.max() - apart.min()).to_frame("spread")
    found["kind"], found["total"] = by["kind"].first(), by["total"].first()
    found["home"] = kept.loc[by["apart"].idxmax()].set_index(["variable", "answer"])["segment"]
    found = found[found["spread"] > CLEAR]
    answers = found.groupby("variable")["total"].transform("size")
    rarer = found.groupby("variable")["total"].transform("min") == found["total"]
    mirrored = (answers == 2) & (found["kind"] == "category") & ~rarer
    found = found[~mirrored & ~found.index.duplicated()]
    found = found.sort_values("spread", ascending=False, kind="stable").head(most)
    return found.sort_values(["home", "spread"], ascending=[True, False], kind="stable")


def _answers(cards: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """The answers to each variable."""
    return cards.drop_duplicates(["variable", "answer"]).groupby("variable")["answer"].agg(tuple).to_dict()


def _cell(axis, column: int, middle: float, tall: float, value: float, index: float, kind: str, count: int) -> None:
    """One cell of `count` in a row: coloured by the index, on a logarithm from half to double."""
    strength = 0.0 if np.isnan(index) else float(np.clip(np.log2(max(index, 1e-9) / 100), -1, 1))
    hue = np.array(to_rgb(ACCENT if strength > 0 else WARM))
    face = 0.75 * abs(strength) * hue + (1 - 0.75 * abs(strength))
    axis.add_artist(Rectangle((column, middle - tall / 2), 1, tall, fc=tuple(face), ec="white", lw=1.2))
    look = {"weight": "bold" if index >= MUCH else "normal", "style": "italic" if index <= LITTLE else "normal"}
    look |= {"color": "white" if np.dot(face, (0.299, 0.587, 0.114)) < 0.6 else INK, "fontsize": 9.5}
    if count > NARROW:
        look["fontsize"] = 8.5
    shown = _shown(value, kind == "number", 2 if count > NARROW else 3)
    axis.text(column + 0.5, middle, shown, ha="center", va="center", **look)


def _shown(value: float, number: bool, figures: int) -> str:
    """A share in whole percent; a mean in that many figures, thousands as k, millions as M."""
    if np.isnan(value):
        return "–"
    if not number:
        return text.number(value, digits=0)
    rounded = float(f"{value:.{figures}g}") if abs(value) >= 1e4 or abs(value) < 100 else round(value)
    _, unit, named = next((step for step in UNITS if abs(rounded) >= step[0]), (0, 1, "{number}"))
    return tr(named, number=_written(rounded / unit))


def _written(value: float) -> str:
    """A number with as many decimals as it has."""
    return digits(f"{value:,.10g}").replace("-", text.MINUS)


def _entry(number: int, name: str) -> str:
    """A segment's number and name in the key, lines hanging."""
    return fill(f"{number}  {name}", KEY, subsequent_indent="    ")
