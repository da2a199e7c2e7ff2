"""Frames as tables: the record that is published, and stable HTML to look at."""

import html
import math

import numpy as np
import pandas as pd

from cxlib import text
from cxlib.banner_print import BASES as BASE_LINES
from cxlib.language import tr
from cxlib.suppression import LEAST, WITHHELD

# How a column of a result is headed and written, by its name. The kinds: value (in the row's unit, with the mark of
# a small base), change (the same, signed, a digit more), spread (a standard error), base, p, ratio, text (the study's
# own words, or a sentence), word (a message of this project: the record keeps it in English, the printed table
# translates it), key (of the record alone, for programs that read it), or a unit of its own (percent, money …). The
# columns low and high are printed as one.
COLUMNS = {
    "wave": ("Wave", "text"),
    "mode": ("Mode", "text"),
    "segment": ("Segment", "text"),
    "group": ("Group", "text"),
    "estimate": ("Estimate", "value"),
    "unweighted": ("Unweighted", "value"),
    "weighted": ("Weighted", "value"),
    "change": ("Change", "change"),
    "se": ("Standard error", "spread"),
    "n": ("Base", "base"),
    "n_weighted": ("Weighted base", "base"),
    "n_effective": ("Effective base", "base"),
    "rows": ("Rows", "base"),
    "answers": ("Answers", "base"),
    "clusters": ("Clusters", "base"),
    "strata": ("Strata", "base"),
    "deff": ("Design effect", "ratio"),
    "kish": ("Design effect of the weights", "ratio"),
    "t": ("t", "ratio"),
    "df": ("Degrees of freedom", "base"),
    "p": ("p", "p"),
}
PUBLISHED = {"base": 1, "p": 4, "ratio": 4, "spread": 4}


def record(
    frame: pd.DataFrame,
    *,
    caption: str,
    columns: list[str] | None = None,
    labels=None,
    unit="count",
    confidence=0.95,
    minimum_base=30,
    note="",
) -> dict:
    """A frame as plain data: what is published, rounded, and how it is printed.

    `kinds` holds how each column is to be written, `units` what each row's values are in (as named in text.UNITS).
    `columns` picks and orders them (default: all); where the frame holds the bases n, n_weighted and n_effective of
    an interval they stand together, the weighted one only where it is another. `labels` overrides headings, and may
    give (heading, kind). A column `unit` holds each row's unit and is not printed. Where `n` is under `minimum_base`,
    values and intervals are withheld from the record as well. So is what suppression.withhold() took out: where that is
    the base, of values that it left nothing is told either.
    """
    labels = labels or {}
    spec = {
        name: _spec(name, labels, confidence) for name in _with_bases(frame, columns) if name not in ("unit", WITHHELD)
    }
    units = frame["unit"] if "unit" in frame else pd.Series(unit, index=frame.index)
    bases = frame["n"] if "n" in frame else pd.Series(math.inf, index=frame.index)
    gone = [out if isinstance(out, tuple) else () for out in frame.get(WITHHELD, [()] * len(frame))]
    rows, shown = [], []
    for (_, row), row_unit, n, out in zip(frame.iterrows(), units, bases, gone, strict=True):
        hide = n < minimum_base or "n" in out
        rows.append([_published(row[name], kind, row_unit, hide) for name, (_, kind) in spec.items()])
        cells = []
        for name, (_, kind) in spec.items():
            if name in out and kind != "key" and name != "high":
                cells.append(text.CONFIDENTIAL)
            elif name == "low":
                differ = any(kind == "change" for _, kind in spec.values())
                write = text.difference_interval if differ else text.interval
                cells.append("**" if hide else write(row["low"], row["high"], row_unit))
            elif name != "high" and kind != "key":
                cells.append(_printed(row[name], kind, row_unit, 0 if "n" in out else n, minimum_base))
        shown.append(cells)
    printed = [(head, kind) for name, (head, kind) in spec.items() if name != "high" and kind != "key"]
    heads = [head for head, _ in printed]
    numeric = [kind not in ("text", "word", "interval") for _, kind in printed]
    return {
        "caption": caption,
        "columns": list(spec),
        "kinds": [kind for _, kind in spec.values()],
        "rows": rows,
        "units": list(units),
        "note": f"{note} {_marks(bases, minimum_base, spec, shown)}".strip(),
        "printed": {"heads": heads, "numeric": numeric, "rows": shown},
    }


BASES = ("n", "n_weighted", "n_effective")


def _with_bases(frame: pd.DataFrame, columns: list[str] | None) -> list[str]:
    """The columns to show, and all bases of what is estimated in the place of the first of them, or at the end."""
    shown = list(columns or frame)
    bases = [name for name in BASES if name in frame]
    if not {"n", "low"} <= set(frame) or not {"low", "high"} & set(shown):
        return shown
    if "n_weighted" in bases and not ((frame["n_weighted"] - frame["n"]).abs() >= 0.5).any():
        bases.remove("n_weighted")
    first = next((place for place, name in enumerate(shown) if name in BASES), len(shown))
    before, after = ([name for name in part if name not in BASES] for part in (shown[:first], shown[first:]))
    return [*before, *bases, *after]


def _spec(name: str, labels: dict, confidence: float) -> tuple[str, str]:
    head, kind = _head(name, labels.get(name), confidence)
    return tr(head), kind


def _head(name: str, given, confidence: float) -> tuple[str, str]:
    if isinstance(given, tuple):
        return given
    head, kind = COLUMNS.get(name, (name.replace("_", " ").capitalize(), "text"))
    if name in ("low", "high"):
        return given or tr("{confidence} interval", confidence=f"{confidence:.0%}"), "interval"
    return given or head, kind


def _marks(bases: pd.Series, minimum_base: int, spec: dict, shown: list[list[str]]) -> str:
    """The marks of small bases and of counts not shown that stand in the table, explained."""
    parts = []
    if (bases < minimum_base).any() or any("**" in row for row in shown):
        parts.append(tr("** base under {base}: not reported.", base=minimum_base))
    marked = any(kind == "value" for _, kind in spec.values())
    if marked and ((bases >= minimum_base) & (bases < text.SMALL_BASE)).any():
        parts.append(tr("* base under {base}: read with caution.", base=text.SMALL_BASE))
    if any(text.CONFIDENTIAL in row for row in shown):
        parts.append(told_confidential())
    return " ".join(parts)


def told_confidential() -> str:
    """The mark of a count that is not shown, explained."""
    told = tr("{mark} confidential: a count under {least}, or one that would tell such a count.", least=LEAST,
              mark=text.CONFIDENTIAL)  # fmt: skip
    return told


def _published(value, kind: str, unit: str, hide: bool):
    """A cell of the record: plain, rounded to a fixed precision, None where there is nothing to tell."""
    if kind in ("text", "word", "key"):
        return (
            None if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)) else str(value)
        )
    if pd.isna(value) or math.isinf(value) or (hide and kind not in ("base",)):
        return None
    unit = kind if kind in text.UNITS else unit
    digits = PUBLISHED.get(kind, text.UNITS[unit][1])
    rounded = text.published(float(value), unit, digits)
    return (
        int(rounded)
        if isinstance(value, (int, np.integer)) or (digits == 0 or (kind == "base" and rounded.is_integer()))
        else rounded
    )


def _printed(value, kind: str, unit: str, n: float, minimum_base: int) -> str:
    if kind in ("text", "word"):
        shown = "" if value is None or pd.isna(value) else str(value)
        return tr(shown) if kind == "word" else shown
    if kind == "base":
        return text.number(value)
    if n < minimum_base:
        return "**"
    if kind in text.UNITS:
        return text.number(value, kind)
    if kind == "p":
        return text.p_value(value)
    if kind == "ratio":
        return text.number(value, digits=2)
    if kind == "spread":
        return text.number(value, digits=text.UNITS[unit][0] + 2)
    if kind == "change":
        return text.difference(value, unit)
    return text.with_base(text.number(value, unit), n, minimum_base)


def of_banner(banner, *, caption: str, texts: dict[str, str] | None = None) -> dict:
    """A banner table as plain data: its cells are published, its printed form has a heading of two lines.

    `texts` holds the wording of questions, by what they are called in the table.
    """
    kept = ["question", "line", "banner", "group", "letter", "estimate", "low", "high", "n", "n_weighted"]
    kept += ["n_effective", "letters", "rest"]
    kinds = {"estimate": "value", "low": "value", "high": "value", "n": "base", "n_weighted": "base"}
    kinds["n_effective"] = "base"
    cells = banner.cells
    rows = [
        [_published(value, kinds.get(name, "text"), unit, False) for name, value in zip(kept, row, strict=True)]
        for row, unit in zip(cells[kept].itertuples(index=False), cells["unit"], strict=True)
    ]
    printed = banner.to_frame()
    titles, shown, last = [], [], None
    for (question, line), values in zip(printed.index, printed.to_numpy(), strict=True):
        if question != last:
            titles.append(len(shown))
            shown.append([question, *[""] * len(values)])
            last = question
        shown.append([line, *values])
    names = list(printed.columns)
    groups = [["", 2]] + [[n, sum(m == n for m, _, _ in names)] for n in dict.fromkeys(m for m, _, _ in names) if n]
    heads = [tr("Answer"), *(" ".join(part for part in (letter, group) if part) for _, group, letter in names)]
    return {
        "caption": caption,
        "columns": kept,
        "kinds": [kinds.get(name, "text") for name in kept],
        "rows": rows,
        "units": list(cells["unit"]),
        "note": " ".join(banner.notes),
        "texts": texts or {},
        "printed": {
            "heads": heads,
            "numeric": [False, *[True] * len(names)],
            "rows": shown,
            "groups": groups,
            "titles": titles,
            "values": _values(banner, list(printed.index)),
        },
    }


def _values(banner, index: list[tuple[str, str]]) -> list[list]:
    """The printed rows of a banner table as numbers, each with its unit: figures, then bases; a title has none.

    A figure on fewer answers than the minimum base is None.
    """
    columns = len(banner.cells[["banner", "group"]].drop_duplicates())
    figures = {}
    for _, row in banner.cells.iterrows():
        shown = None if row["n"] < banner.minimum_base else _published(row["estimate"], "value", row["unit"], False)
        figures.setdefault(row["question"], [[]])
        if len(figures[row["question"]][-1]) == columns:
            figures[row["question"]].append([])
        figures[row["question"]][-1].append([shown, row["unit"]])
    bases = dict(iter(banner.bases.groupby("question", sort=False)))
    keys = {tr(label): key for key, label in BASE_LINES.items()}
    found, last, line = [], None, 0
    for question, name in index:
        if question != last:
            found.append([])
            last, line = question, 0
        if line < len(figures[question]):
            found.append(figures[question][line])
        else:
            found.append([[_published(value, "base", "count", False), "base"] for value in bases[question][keys[name]]])
        line += 1
    return found


def to_html(table: dict) -> str:
    """A published table as HTML, the same text for the same record: no ids, no styles of its own."""
    printed = table["printed"]
    classes = ["num" if numeric else "txt" for numeric in printed["numeric"]]
    head = "".join(
        f'<th scope="col" class="{c}">{html.escape(h)}</th>' for h, c in zip(printed["heads"], classes, strict=True)
    )
    groups = "".join(
        f'<th scope="colgroup" colspan="{span}">{html.escape(name)}</th>' for name, span in printed.get("groups", [])
    )
    body = ""
    for number, row in enumerate(printed["rows"]):
        if number in printed.get("titles", []):
            body += f'<tr><th scope="rowgroup" colspan="{len(row)}" class="txt">{html.escape(row[0])}</th></tr>'
            continue
        cells = (f'<td class="{c}">{html.escape(v)}</td>' for v, c in zip(row, classes, strict=True))
        body += f"<tr>{''.join(cells)}</tr>"
    above = f"<tr>{groups}</tr>" if groups else ""
    note = f'<p class="note">{html.escape(table["note"])}</p>' if table["note"] else ""
    return (
        f'<table class="cx"><caption>{html.escape(table["caption"])}</caption><thead>{above}<tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>{note}"
    )
