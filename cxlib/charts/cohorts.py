"""Cohorts as a heat map: a row a cohort, a column an age, the darker the more are left."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter

from cxlib import text
from cxlib.charts.style import ACCENT, GRID, INK, SOFT, WIDTH, canvas, in_style
from cxlib.errors import CxError
from cxlib.language import digits, noted, tr

SHADES = LinearSegmentedColormap.from_list("shades", ["#f4f7f9", SOFT, ACCENT])
ROW = 0.22  # inches
MOST = 60  # cohorts
LEAST = 7.0  # points of a letter that can be read
DIGIT = 0.64  # the width of a digit, in its size
LETTER = 0.078  # the width of a letter of a cohort's name, in inches


@in_style
def cohort_map(
    frame: pd.DataFrame,
    *,
    title: str,
    across: str = noted("periods after they came"),
    of: str = noted("cohort"),
) -> Figure | None:
    """The share of each cohort that is left, or buys, at each age: in figures where they can be read, else a scale.

    `frame` is that of cohorts.triangle() or cohorts.activity(). Shades run from the least share to the greatest after
    age 0, at which nobody has had time to go. Cohorts under the minimum base show **. `across` names the ages, `of` the
    rows. None where there is nothing to draw; CxError for more than 60 cohorts.
    """
    if frame.empty or frame["estimate"].isna().all():
        return None
    cohorts, ages = list(dict.fromkeys(frame["cohort"])), range(int(frame["age"].min()), int(frame["age"].max()) + 1)
    if len(cohorts) > MOST:
        raise CxError(f"a map has room for {MOST} cohorts; there are {len(cohorts)}; take quarters or years")
    bases = frame.drop_duplicates("cohort")["at_start"]
    labels = [f"{name}  {text.number(n)}" for name, n in zip(cohorts, bases, strict=True)]
    room = WIDTH - 0.1 - LETTER * max(map(len, labels))
    shown = [text.number(value, digits=0) for value in frame["estimate"].dropna()]
    size = min(9.0, 72 * room / len(ages) / (DIGIT * max(map(len, shown)) + 0.35))
    head, scaled = fill(title, 50), size < LEAST
    figure, (axis,) = canvas(1.0 + 0.6 * scaled + ROW * max(len(cohorts), 3) + 0.17 * head.count("\n"))
    later = frame.loc[frame["age"] > ages[0], "estimate"].dropna()
    scale = later if later.size else frame["estimate"].dropna()
    norm = Normalize(scale.min(), max(scale.max(), scale.min() + 1), clip=True)
    for row in frame.itertuples():
        _cell(axis, row, cohorts.index(row.cohort), norm, None if scaled else size)
    if scaled:
        look = {"location": "bottom", "shrink": 0.6, "aspect": 30, "pad": 0.04}
        look["format"] = FuncFormatter(lambda share, _: digits(f"{share:g}"))
        bar = figure.colorbar(ScalarMappable(norm, SHADES), ax=axis, **look)
        bar.outline.set_visible(False)
        bar.solids.set_rasterized(False)  # drawn, not a picture: the client's colour takes the place of ours
        bar.set_label(tr("% of the cohort"), fontsize=9)
        for row in frame[frame["estimate"].isna()].drop_duplicates("cohort").itertuples():
            axis.text(row.age, cohorts.index(row.cohort), "**", ha="center", va="center", fontsize=LEAST)
    axis.set_yticks(range(len(cohorts)), labels, parse_math=False)
    step = int(np.ceil(len(ages) / 18))
    axis.set_xticks(ages[::step])
    axis.set(xlim=(ages[0] - 0.5, ages[-1] + 0.5), ylim=(len(cohorts) - 0.5, -0.5), xlabel=tr(across))
    axis.annotate(tr("{rows}, n", rows=tr(of)), (0, 1), (-4, 4), xycoords="axes fraction",
                  textcoords="offset points", ha="right", fontsize=9, style="italic")  # fmt: skip
    axis.grid(visible=False)
    axis.tick_params(length=0)
    for side in axis.spines.values():
        side.set_visible(False)
    figure.suptitle(f"{head} (%)", x=0, ha="left", fontsize=11, weight="bold", parse_math=False)
    return figure


def _cell(axis, row, place: int, norm: Normalize, size: float | None) -> None:
    """A cell with its share, in white on dark shades; ** on a bare cell where the base is too small."""
    small = np.isnan(row.estimate)
    color = "white" if small else SHADES(norm(row.estimate))
    axis.add_artist(Rectangle((row.age - 0.5, place - 0.5), 1, 1, fc=color, ec=GRID if small else "white", lw=0.8))
    if size is None:
        return
    shown = "**" if small else text.number(row.estimate, digits=0)
    dark = not small and norm(row.estimate) > 0.62
    axis.text(row.age, place, shown, ha="center", va="center", fontsize=size, color="white" if dark else INK)
