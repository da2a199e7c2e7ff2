"""A chart as numbers, for programs that draw it themselves: what a chart function hands over beside its drawing.

A figure's attribute `native` is plain JSON, and the figure publishes it as `chart`:

    {"kind": bars | dots | lines | stacked, "shared": whether all panels are drawn on one axis, "panels": [
        {"title": …, "unit": one of text.UNITS, "signed": whether the values are differences,
         "categories": [text, …], "series": [{"name": text, "values": [number, …], "low": […], "high": […]}, …],
         "total": {"name", "value"} or null, "dashed": [place, …], "parted": [place, …]}, …]}
    {"kind": scatter, "panels": [{"title", "x": its name, "y": its name, "means": [x, y] or null,
        "corners": names of the quadrants from the upper left, line by line, or [],
        "points": [{"name", "group", "x", "y", "x_low", "x_high", "y_low", "y_high"}, …]}]}

Where there is no value there is null; `low` and `high` are empty where no value has an interval. Dots are estimates
that no bar from 0 suits, with a line at their total; lines run over ordered categories, dashed or parted before those
places; stacked series are parts of a whole. Values are rounded as they are published, texts are in the report's
language. A point without a name is drawn without one.
"""

import math

import pandas as pd

from cxlib import text
from cxlib.charts.style import UNIT_LABELS, titled

ENDS = ("estimate", "low", "high")


def bars(frame: pd.DataFrame, category: str, **how) -> dict:
    """Bars by `category`, with intervals; see chart()."""
    return chart("bars", frame, category, **how)


def dots(frame: pd.DataFrame, category: str, **how) -> dict:
    """Estimates as marks by `category`, with intervals; see chart()."""
    return chart("dots", frame, category, **how)


def lines(frame: pd.DataFrame, category: str, **how) -> dict:
    """Lines over `category`, which has an order; see chart()."""
    return chart("lines", frame, category, **how)


def stacked(frame: pd.DataFrame, category: str, **how) -> dict:
    """Parts of a whole by `category`, the parts being the series; see chart()."""
    return chart("stacked", frame, category, **how)


def chart(
    kind: str,
    frame: pd.DataFrame,
    category: str,
    *,
    panel: str = "",
    series: str = "",
    order: list | None = None,
    title: str = "",
    unit: str = "count",
    units: str = "",
    signed: bool = False,
    shared: bool = False,
    total: tuple[str, float] | None = None,
    dashed=(),
    parted: dict | None = None,
) -> dict:
    """A chart of a tidy frame: category, estimate, and low and high where there are intervals.

    `panel` and `series` name columns that part it; `unit` is one of text.UNITS, `units` the column that holds it
    for each panel. `order` lists the categories (default: as they come). `dashed` lists categories, `parted` by panel,
    before which a line is dashed, or none. Of rows for the same place the first counts.
    """
    parts = list(frame.groupby(panel, sort=False)) if panel else [(title, frame)]
    found = []
    for name, rows in parts:
        own = rows[units].iloc[0] if units else unit
        categories = list(dict.fromkeys(rows[category])) if order is None else list(order)
        groups = list(rows.groupby(series, sort=False)) if series else [(name, rows)]
        without = (parted or {}).get(name, ())
        line = None if total is None or pd.isna(total[1]) else {"name": total[0], "value": _number(total[1], own)}
        found.append(
            {
                "title": _titled(_word(name), own) if name else "",
                "unit": own,
                "signed": signed,
                "categories": [_word(one) for one in categories],
                "series": [_series(_word(group), part, category, categories, own) for group, part in groups],
                "total": line,
                "dashed": [at for at, one in enumerate(categories) if one in dashed],
                "parted": [at for at, one in enumerate(categories) if one in without],
            }
        )
    return {"kind": kind, "shared": shared, "panels": found}


def _series(name: str, part: pd.DataFrame, category: str, categories: list, unit: str) -> dict:
    rows = {}
    for one, row in zip(part[category], zip(*(part[c] for c in ENDS if c in part), strict=True), strict=False):
        rows.setdefault(one, row)
    shown = [[_number(value, unit) for value in rows[one]] if one in rows else [] for one in categories]
    at = {c: place for place, c in enumerate(c for c in ENDS if c in part)}
    values, low, high = ([row[at[c]] if c in at and row else None for row in shown] for c in ENDS)
    known = any(end is not None for end in [*low, *high])
    return {"name": name, "values": values, "low": low if known else [], "high": high if known else []}


def _titled(name: str, unit: str) -> str:
    return titled(name, unit) if unit in UNIT_LABELS and "%" not in name else name


def _number(value, unit: str) -> float | None:
    return None if value is None or pd.isna(value) or math.isinf(value) else text.published(float(value), unit)


def _word(value) -> str:
    """A name in one line: whole numbers without decimals, no clock time of a day."""
    return f"{value:g}" if isinstance(value, float) else " ".join(str(value).removesuffix(" 00:00:00").split())


def side_by_side(frame: pd.DataFrame, columns: dict[str, tuple[str, ...]]) -> pd.DataFrame:
    """A wide frame as chart() takes it: `columns` names, by `series`, its column of estimate (and low and high)."""
    kept = frame.drop(columns=[*ENDS, "series"], errors="ignore")
    parts = [
        kept.assign(series=name, **{end: frame[column] for end, column in zip(ENDS, given, strict=False)})
        for name, given in columns.items()
    ]
    return pd.concat(parts, ignore_index=True)


def beside(*charts: dict) -> dict:
    """Charts of one kind as the panels of one."""
    return charts[0] | {"panels": [panel for one in charts for panel in one["panels"]]}


def scatter(
    frame: pd.DataFrame,
    *,
    name: str,
    x: tuple[str, ...],
    y: tuple[str, ...],
    title: str = "",
    names: tuple[str, str] = ("", ""),
    group: str = "",
    means: tuple[float, float] | None = None,
    corners: tuple[str, ...] = (),
) -> dict:
    """Points with their names: `x` and `y` each name the column of the value, and those of its low and high."""
    points = []
    for row in frame.to_dict("records"):
        point = {"name": _word(row[name]), "group": _word(row[group]) if group else ""}
        for axis, given in (("x", x), ("y", y)):
            ends = zip((axis, f"{axis}_low", f"{axis}_high"), given, strict=False)
            point |= {end: _number(row.get(column), "rate") for end, column in ends}
        points.append(point)
    middle = None if means is None else [_number(one, "rate") for one in means]
    panel = {"title": title, "x": names[0], "y": names[1], "means": middle, "corners": list(corners), "points": points}
    return {"kind": "scatter", "panels": [panel]}
