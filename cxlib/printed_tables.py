"""Results that are tables as they are shown: banner, crosstab, segments, margins, league."""

from dataclasses import dataclass

import numpy as np

from cxlib import tables, text
from cxlib.language import tr, tr_n


@dataclass(frozen=True)
class Printed:
    """What is shown: a heading, a large number if the result is one, lines of text, and tables as tables.record()."""

    head: str = ""
    value: str = ""
    lines: tuple[str, ...] = ()
    tables: tuple[dict, ...] = ()


def plain_table(heads: list[str], rows: list[list[str]], *, caption="", numeric: list[bool] | None = None) -> dict:
    """Printed cells as tables.to_html() takes them; without `numeric` all columns but the first are numbers."""
    numeric = numeric or [False, *[True] * (len(heads) - 1)]
    return {"caption": caption, "note": "", "printed": {"heads": heads, "numeric": numeric, "rows": rows}}


def banner(made) -> Printed:
    """A tab book with its letters and bases, as results.banner() publishes it."""
    return Printed(tables=(tables.of_banner(made, caption=tr("Tab book")),))


def crosstab(found) -> Printed:
    """Column percentages with their intervals, the base of each column below, and the test."""
    cells, columns = found.table, list(dict.fromkeys(found.table["columns"]))
    shown = []
    for answer, row in cells.groupby("rows", sort=False):
        by_column = row.set_index("columns").reindex(columns).itertuples()
        shown.append([str(answer), *(_share(cell) for cell in by_column)])
    last = cells.drop_duplicates("columns").set_index("columns").reindex(columns)
    weighted = ((last["n_weighted"] - last["n"]).abs() >= 0.5).any()
    for name in ("n", "n_weighted") if weighted else ("n",):
        shown.append([tr(tables.COLUMNS[name][0]), *map(text.number, last[name])])
    tested = ""
    if not np.isnan(found.p):
        tested = tr("F = {f} with {df1} and {df2} degrees of freedom, {p}", f=text.number(found.statistic, digits=2),
                    df1=text.number(found.df[0], digits=1), df2=text.number(found.df[1]),
                    p=text.p_is(found.p))  # fmt: skip
    both = tr_n("{n} respondent answered both questions", "{n} respondents answered both questions", found.n)
    heads = [tr("Answer"), *map(str, columns)]
    return Printed(
        "; ".join(line for line in (tested, both) if line),
        lines=(found.method,),
        tables=(plain_table(heads, shown, caption=tr("Column percentages with intervals")),),
    )


def _share(cell) -> str:
    value = text.with_base(text.number(cell.estimate, "percent"), cell.n, 0)
    return f"{value} ({text.interval(cell.low, cell.high, 'percent')})"


def segment_effects(found) -> Printed:
    """The effect of each term in each group of a segment, and the tests between groups."""
    labels = {"term": "Term", "group": "Group", "estimate": ("Effect", "change"), "other": "Against"}
    how = {"labels": labels, "unit": found.unit if found.unit in text.UNITS else "score", "minimum_base": 0}
    shown = ["term", "group", "estimate", "low", "high", "p", "n"]
    effects = tables.record(found.effects, caption=tr("Effects by group"), columns=shown, **how)
    shown = ["term", "group", "other", "estimate", "low", "high", "p", "p_adjusted"]
    labels["p_adjusted"] = ("p, corrected", "p")
    differences = tables.record(found.differences, caption=tr("Differences between groups"), columns=shown, **how)
    return Printed(lines=(found.method,), tables=(effects, differences))


def segmentation(made) -> Printed:
    """The segments with their sizes, and the numbers of segments that were tried."""
    head = tr_n("{n} segment of {variables}", "{n} segments of {variables}", made.k,
                variables=tr_n("{n} variable", "{n} variables", len(made.variables)))  # fmt: skip
    if made.k == 1:
        why = made.verdict
        return Printed(why[:1].upper() + why[1:], tables=_tried(made))
    sizes = made.sizes.reset_index(names="segment").assign(name=made.names)
    labels = {"segment": "Segment", "name": "Name", "estimate": "Share", "stability": ("Stability", "ratio")}
    labels["n_effective"] = tr("Effective base, of all")
    shown = ["segment", "name", "estimate", "low", "high", "n", "stability"]
    table = tables.record(sizes, caption=tr("Sizes"), columns=shown, labels=labels, unit="percent", minimum_base=0)
    return Printed(head, tables=(table, *_tried(made)))


def _tried(made) -> tuple[dict, ...]:
    if made.choices.empty:
        return ()
    labels = {
        "k": ("Segments", "base"),
        "bic": ("BIC", "ratio"),
        "entropy": ("Entropy", "ratio"),
        "smallest_n": ("Smallest", "base"),
        "stability": ("Stability", "ratio"),
        "why": "Why, or why not",
    }
    caption = tr("Numbers of segments that were tried")
    return (tables.record(made.choices, caption=caption, columns=list(labels), labels=labels, minimum_base=0),)


def raked(found) -> Printed:
    """What raking met and cost: every level of every margin before and after."""
    met = tr("All margins of the population are met.")
    if not found.converged:
        met = tr("Not all margins are met; the farthest off is {worst}.", worst=found.worst)
    cost = tr("Design effect of the weights {deff}, efficiency {efficiency}; weights from {least} to {most}.",
              deff=text.number(found.deff, digits=2), efficiency=text.number(100 * found.efficiency, "percent"),
              least=text.number(found.least, digits=2), most=text.number(found.most, digits=2))  # fmt: skip
    labels = {
        "margin": "Margin",
        "by": "Group",
        "level": "Level",
        "n": "Base",
        "start": ("Before", "percent"),
        "weighted": ("Weighted", "percent"),
        "population": ("Population", "percent"),
    }
    columns = [name for name in labels if name != "by" or found.table["by"].astype(str).ne("").any()]
    rows = found.table.assign(**{name: 100 * found.table[name] for name in ("start", "weighted", "population")})
    table = tables.record(rows, caption=tr("Margins"), columns=columns, labels=labels, minimum_base=0)
    return Printed(met, lines=(cost, *found.notes), tables=(table,))


def league(found) -> Printed:
    """Each unit pooled towards the average, with its interval and the ranks that it may have."""
    shown = ["unit", "pooled", "low", "high", "rank", "rank_low", "rank_high", "n"]
    labels = {"unit": ("Unit", "text"), "pooled": ("Pooled", "value"), "rank": ("Rank", "base")}
    labels |= {"rank_low": ("from", "base"), "rank_high": ("to", "base")}
    # `unit` is here what is ranked; the values' own unit is the average's.
    rows = found.frame[shown].rename(columns={"unit": "name"})
    labels["name"] = labels.pop("unit")
    table = tables.record(rows, caption=tr("League table"), labels=labels, unit=found.average.unit,
                          confidence=found.confidence, minimum_base=found.minimum_base)  # fmt: skip
    return Printed(lines=(found.test,), tables=(table,))
