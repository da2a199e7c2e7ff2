"""Charts of data quality: what is missing, who answered, what exclusions do, and the verdict on each metric."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from cxlib import text
from cxlib.charts import native
from cxlib.charts.style import ACCENT, GRID, INK, SOFT, WARM, WIDTH, bare, canvas, in_style, titled
from cxlib.flagged import check_name
from cxlib.language import noted, tr

WIDE = 26  # letters of a label's line
LETTERS = 9  # points
LINE = 0.155  # inches
GREY = "#5b6673"
PARTS = {"blank": (WARM, "////", "white"), "no_answer": (ACCENT, None, "none"), "never_used": (GRID, "....", GREY)}
NAMES = {"blank": noted("blank"), "no_answer": noted("declared as no answer"), "never_used": noted("never used")}
# Marks of a verdict: shape, colour, and whether it is filled. Shapes alone tell them apart.
SIGNS = {"fit to report": ("o", ACCENT), "report with caution": ("^", "#d9a441"), "do not report": ("X", WARM)}


def _heading(figure: Figure, title: str) -> None:
    figure.suptitle(fill(title, 46), x=0, ha="left", fontsize=11, weight="bold", parse_math=False)


def _legend(figure: Figure, handles: list, columns: int) -> None:
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False, fontsize=LETTERS,
                  handlelength=1.4, columnspacing=1.2)  # fmt: skip


def _rows(labels: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Middle and height in inches of rows with labels of one or more lines."""
    heights = np.array([0.25 + LINE * label.count("\n") for label in labels])
    return np.cumsum(heights) - heights / 2, heights


@in_style
def missing_bars(frame: pd.DataFrame, *, title: str, most: int = 20) -> Figure | None:
    """What became of each question instead of an answer, in percent of those asked: the most missing first.

    `frame` is that of missingness.items(). Bars are stacked: blank (hatched), declared as no answer, never used
    (dotted); at the right the share of the first two. The `most` questions with the largest are drawn; comments, which
    nobody need write, and questions that everybody answered are left out. None where nothing is missing.
    """
    rows = frame[(frame["role"] != "comment") & (frame[list(PARTS)].sum(axis=1) > 0)]
    rows = rows.sort_values("estimate", ascending=False, kind="stable").head(most)
    if rows.empty:
        return None
    labels = [fill(str(label), WIDE) for label in rows["label"]]
    y, heights = _rows(labels)
    figure, (axis,) = canvas(heights.sum() + 1.15 + 0.17 * fill(title, 46).count("\n"))
    start, drawn = np.zeros(len(rows)), []
    for part, (face, hatch, line) in PARTS.items():
        share = 100 * rows[part].to_numpy(float) / rows["asked"].to_numpy(float)
        if share.any():
            axis.barh(y, share, 0.16, start, color=face, hatch=hatch, edgecolor=line, lw=0)
            drawn.append(Patch(fc=face, hatch=hatch, ec=line, lw=0, label=tr(NAMES[part])))
        start = start + share
    for at, value in zip(y, rows["estimate"], strict=True):
        axis.annotate(text.number(value, "percent"), (1, at), (40, 0), xycoords=("axes fraction", "data"), ha="right",
                      va="center", textcoords="offset points", fontsize=LETTERS, annotation_clip=False)  # fmt: skip
    axis.annotate(tr("missing"), (1, 0), (40, 2), xycoords=("axes fraction", "data"), textcoords="offset points",
                  ha="right", va="bottom", fontsize=LETTERS, style="italic", annotation_clip=False)  # fmt: skip
    axis.set_yticks(y, labels, parse_math=False)
    axis.set(ylim=(heights.sum(), 0), xlim=(0, max(start.max() * 1.02, 1)), xlabel=tr("% of those asked"))
    _heading(figure, title)
    _legend(figure, drawn, 3)
    bare(axis, "x")
    parts = {tr(NAMES[part]): (part,) for part in PARTS if rows[part].any()}
    plain = rows.assign(**{part: 100 * rows[part] / rows["asked"] for part in PARTS})
    figure.native = native.stacked(native.side_by_side(plain, parts), "label", series="series", unit="percent")
    return figure


@in_style
def pattern_matrix(frame: pd.DataFrame, *, title: str) -> Figure | None:
    """Which questions are missing together: a column a pattern with its share on top, a row a question.

    `frame` is that of missingness.patterns(); a dark cell is a missing answer, dotted where the pattern is a drop-off
    (everything to the end is missing). Complete interviews and the patterns that are not drawn stand in the note below.
    None where nothing is missing.
    """
    shown = frame[(frame["missing"] > 0) & frame["estimate"].notna()]
    if shown.empty:
        return None
    questions = list(dict.fromkeys(question for row in shown["questions"] for question in row))
    labels = [fill(str(label), WIDE) for label in questions]
    y, heights = _rows(labels)
    note = _beside(frame)
    figure, (above, axis) = _two_panels(heights.sum(), 0.3 + 0.17 * (note.count("\n") + 1), title, len(shown))
    x = np.arange(len(shown))
    above.bar(x, shown["estimate"], 0.7, color=SOFT)
    for at, value in zip(x, shown["estimate"], strict=True):
        above.annotate(text.number(value, digits=1), (at, value), (0, 2), textcoords="offset points", ha="center",
                       fontsize=8.5)  # fmt: skip
    above.set_ylim(0, shown["estimate"].max() * 1.3)
    for side in above.spines.values():
        side.set_visible(False)
    above.grid(visible=False)
    above.tick_params(length=0, labelleft=False, labelbottom=False)
    for at, row in zip(x, shown.itertuples(), strict=True):
        for place, height, question in zip(y, heights, questions, strict=True):
            gone, left = question in row.questions, row.kind == "drop-off"
            look = {
                "fc": INK if gone else "#f1f4f6",
                "ec": "white",
                "lw": 1,
                "hatch": "...." if gone and left else None,
            }
            axis.add_artist(Rectangle((at - 0.42, place - height / 2 + 0.02), 0.84, height - 0.04, **look))
    axis.set_yticks(y, labels, parse_math=False)
    axis.set(xlim=(-0.6, len(shown) - 0.4), ylim=(heights.sum(), 0))
    figure.supxlabel(note, x=0.01, ha="left", fontsize=LETTERS)
    axis.set_xticks([])
    axis.grid(visible=False)
    for side in axis.spines.values():
        side.set_visible(False)
    axis.tick_params(length=0)
    _heading(figure, title)
    return figure


def _beside(frame: pd.DataFrame) -> str:
    """What the columns do not show: complete interviews and other patterns."""
    signs = (
        tr("% of respondents on top; dark: missing; dotted: nothing after it is answered")
        if (frame["kind"] == "drop-off").any()
        else tr("% of respondents on top; dark: missing")
    )
    whole, others = (frame.loc[frame["kind"] == kind, "estimate"].sum() for kind in ("complete", "other patterns"))
    told = [tr("nothing missing {share}", share=text.number(whole, "percent"))] if whole > 0 else []
    told += [tr("other patterns {share}", share=text.number(others, "percent"))] if others > 0 else []
    return "\n".join([signs, "; ".join([*told, f"n = {text.number(frame['n'].max())}"])])


def _two_panels(height: float, foot: float, title: str, columns: int):
    """A figure with a low panel for bars above a panel of `height` inches."""
    figure = Figure(figsize=(WIDTH, height + foot + 1.15 + 0.17 * fill(title, 46).count("\n")), layout="constrained")
    axes = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [0.6, height], "hspace": 0.02})
    return figure, axes


@in_style
def who_dumbbell(frame: pd.DataFrame, *, title: str) -> Figure | None:
    """Who answered: the share of each group in the sample, weighted, and in the population, in blocks by margin.

    `frame` is that of representation.who(). A hollow circle is the sample, with its interval; a filled one the weighted
    share; an upright bar the population. A line joins sample and weighted share. None where there is nothing to draw.
    """
    if frame.empty:
        return None
    y, top, blocks, labels = [], 0.0, {}, []
    for name, rows in frame.groupby("label", sort=False):
        blocks[fill(str(name), 42)] = top + 0.16
        top += 0.3
        for level in rows["level"]:
            label = fill(str(level), WIDE)
            tall = 0.24 + LINE * label.count("\n")
            y.append(top + tall / 2)
            labels.append(label)
            top += tall
        top += 0.1
    rows = frame.sort_values("label", key=lambda c: pd.factorize(c)[0], kind="stable")
    figure, (axis,) = canvas(top + 1.0 + 0.17 * fill(title, 46).count("\n"))
    y = np.array(y)
    axis.hlines(y, rows["low"], rows["high"], color=SOFT, lw=5, zorder=1)
    axis.hlines(y, rows["estimate"], rows["weighted"], color=INK, lw=0.9, zorder=2)
    axis.plot(rows["population"], y, "|", color=WARM, ms=13, mew=2.6, zorder=3)
    axis.plot(rows["estimate"], y, "o", color=INK, mfc="white", ms=6, mew=1.2, zorder=4)
    axis.plot(rows["weighted"], y, "o", color=ACCENT, ms=5.5, zorder=5)
    for name, at in blocks.items():
        shown = axis.text(0.01, at, name, transform=axis.get_yaxis_transform(), weight="bold", va="center",
                          bbox={"color": "white", "pad": 1}, parse_math=False)  # fmt: skip
        shown.set_in_layout(False)
    axis.set_yticks(y, labels, parse_math=False)
    axis.set_ylim(top, -0.05)
    most = np.nanmax(rows[["high", "weighted", "population"]].to_numpy(float))
    axis.set_xlim(0, 1.03 * most)
    known = rows["population"].notna().any()
    axis.set_xlabel(tr("% of respondents and of the population") if known else tr("% of respondents"))
    sample = tr("sample, interval")
    handles = [Line2D([], [], marker="o", color=SOFT, lw=5, mfc="white", mec=INK, ms=6, label=sample)]
    if rows["weighted"].notna().any():
        handles.append(Line2D([], [], marker="o", color=ACCENT, ls="", ms=5.5, label=tr("weighted")))
    if known:
        handles.append(Line2D([], [], marker="|", color=WARM, ls="", ms=13, mew=2.6, label=tr("population")))
    _heading(figure, title)
    _legend(figure, handles, 3)
    bare(axis, "x")
    known = {sample: ("estimate", "low", "high"), tr("weighted"): ("weighted",), tr("population"): ("population",)}
    known = {name: columns for name, columns in known.items() if rows[columns[0]].notna().any()}
    plain = native.side_by_side(rows, known)
    figure.native = native.dots(plain, "level", panel="label", series="series", unit="percent", shared=True)
    return figure


@in_style
def with_and_without(frame: pd.DataFrame, *, title: str) -> Figure | None:
    """Every metric with everybody (hollow) and without those whom a check marks (filled), a panel a metric.

    `frame` is that of exclusion_effect.effect(). Rows are the checks that leave somebody out, with how many; those that
    the study applies are bold. None where no check leaves anybody out.
    """
    rows = frame[(frame["left_out"] > 0) & frame["estimate"].notna() & frame["all"].notna()]
    if rows.empty:
        return None
    groups = list(rows.groupby("label", sort=False))
    most = max(len(part) for _, part in groups)
    lines = fill(title, 46).count("\n") + sum(len(str(name)) // 30 for name, _ in groups)
    figure, axes = canvas(len(groups) * (0.36 * most + 0.55) + 0.75 + 0.17 * lines, len(groups))
    for axis, (name, part) in zip(axes, groups, strict=True):
        y = np.arange(len(part), dtype=float)
        axis.hlines(y - 0.13, part["all_low"], part["all_high"], color=GREY, lw=1.1, zorder=1)
        axis.hlines(y + 0.13, part["low"], part["high"], color=SOFT, lw=5, zorder=1)
        axis.plot([part["all"], part["estimate"]], [y - 0.13, y + 0.13], color=INK, lw=0.8, zorder=2)
        axis.plot(part["all"], y - 0.13, "o", color=GREY, mfc="white", ms=6, mew=1.3, zorder=3)
        axis.plot(part["estimate"], y + 0.13, "o", color=ACCENT, ms=6, zorder=4)
        for at, row in zip(y, part.itertuples(), strict=True):
            axis.annotate(text.difference(row.change, row.unit), (1, at), (44, 0), textcoords="offset points",
                          xycoords=("axes fraction", "data"), ha="right", va="center", fontsize=LETTERS,
                          annotation_clip=False)  # fmt: skip
        names = [fill(f"{tr(check_name(row.check))} ({text.number(row.left_out)})", WIDE) for row in part.itertuples()]
        axis.set_yticks(y, names)
        for label, applied in zip(axis.get_yticklabels(), part["applied"], strict=True):
            label.set_weight("bold" if applied else "normal")
        axis.set_ylim(len(part) - 0.5, -0.5)
        axis.margins(x=0.04)
        axis.set_title(fill(titled(str(name), part["unit"].iloc[0]), 34), parse_math=False)
        bare(axis, "x")
    axes[0].annotate(tr("change"), (1, 1), (44, 3), xycoords="axes fraction", textcoords="offset points", ha="right",
                     fontsize=LETTERS, style="italic", annotation_clip=False)  # fmt: skip
    handles = [
        Line2D([], [], marker="o", color=GREY, mfc="white", lw=1.1, ms=6, label=tr("everybody")),
        Line2D([], [], marker="o", color=SOFT, mfc=ACCENT, mec=ACCENT, lw=5, ms=6, label=tr("without them")),
    ]
    _heading(figure, title)
    _legend(figure, handles, 2)
    both = {tr("everybody"): ("all", "all_low", "all_high"), tr("without them"): ("estimate", "low", "high")}
    plain = native.side_by_side(rows, both).assign(check=lambda frame: [tr(check_name(one)) for one in frame["check"]])
    figure.native = native.dots(plain, "check", panel="label", series="series", units="unit")
    return figure


@in_style
def verdict_board(frame: pd.DataFrame, *, title: str, minimum_base: int = 30) -> Figure | None:
    """The verdict on each metric: a sign, the metric with its interval, the verdict in words, and its reasons.

    `frame` is that of verdicts.verdicts(). Signs differ in shape as well as colour: a circle is fit, a triangle calls
    for caution, a cross forbids. A metric under the minimum base has ** for its number. None where there is no metric.
    """
    if frame.empty:
        return None
    lines, top = [], 0.0
    for row in frame.itertuples():
        name = fill(f"{row.label}{f', {row.wave}' if isinstance(row.wave, str) else ''}", 30)
        reasons = "\n".join(fill(reason, 62) for reason in row.reasons)
        head = 0.27 + 0.2 * name.count("\n")
        tall = head + 0.3 + LINE * (reasons.count("\n") + 1)
        lines.append((row, name, reasons, top, head, tall))
        top += tall
    figure, (axis,) = canvas(top + 0.45 + 0.17 * fill(title, 46).count("\n"))
    axis.set(xlim=(0, WIDTH), ylim=(top, 0))
    axis.axis("off")
    for row, name, reasons, at, head, tall in lines:
        shape, color = SIGNS[row.verdict]
        axis.plot(0.2, at + 0.27, shape, color=color, ms=13, mec=INK, mew=0.8, clip_on=False)
        said = text.with_base(text.number(row.estimate, row.unit), row.n, minimum_base)
        between = "" if said == "**" else f"  ({text.interval(row.low, row.high, row.unit)})"
        top_line = {"va": "top", "parse_math": False}
        axis.text(0.45, at + 0.08, name, weight="bold", fontsize=10.5, **top_line)
        axis.text(WIDTH, at + 0.08, said + between, ha="right", fontsize=10, **top_line)
        axis.text(0.45, at + head, tr(row.verdict).capitalize(), fontsize=LETTERS, style="italic", **top_line)
        axis.text(0.45, at + head + LINE, reasons, fontsize=LETTERS, linespacing=1.15, **top_line)
        if at + tall < top:
            axis.axhline(at + tall - 0.04, color=GRID, lw=0.8)
    _heading(figure, title)
    return figure
