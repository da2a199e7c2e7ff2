"""What a notebook publishes: numbers, tables, figures and findings, shown and recorded in one call.

Each call displays its result and puts it as data into the notebook's output, under a name, rounded to a
fixed precision. The executed notebook is the record that reports, slides and workbooks are made from.
"""

import html
import math

import pandas as pd
from IPython.display import display

from cxlib import displays, tables, text
from cxlib.errors import CxError
from cxlib.estimate import Estimate
from cxlib.language import tr
from cxlib.printed_results import bases
from cxlib.published import MIME
from cxlib.suppression import LEAST, small
from cxlib.svg import svg

# Chapters make hundreds of small tables, in which words kept as Python's own take half the time of Arrow's. What is
# large enough to gain by Arrow stays in DuckDB.
if pd.options.mode.string_storage == "auto":
    pd.options.mode.string_storage = "python"


def _publish(kind: str, name: str, data: dict, plain: str, **shown: str) -> None:
    if not name.isidentifier():
        raise CxError(f"a published name is a word of letters, digits and _; found {name!r}")
    display({"text/plain": plain, MIME: {"kind": kind, "name": name, **data}, **shown}, raw=True)


def _plain(value, unit: str, digits: int | None = None):
    """A float as JSON holds it: rounded, None where it is not a number."""
    if not isinstance(value, float):
        return value
    return text.published(value, unit, digits) if math.isfinite(value) else None


def number(name: str, estimate: Estimate | None, **how) -> None:
    """Publish one estimate: large, with its interval, bases and method; None publishes nothing.

    `how` is what number_shown() takes.
    """
    if estimate is not None:
        fields, plain, page = number_shown(estimate, **how)
        _publish("number", name, fields, plain, **{"text/html": page})


def number_shown(
    estimate: Estimate,
    *,
    scale=None,
    interval: str = "interval",
    minimum_base: int = 30,
    note: str = "",
    base: str = "",
) -> tuple[dict, str, str]:
    """An estimate as it is recorded, as plain text and as HTML.

    `scale` is the (least, most) that it can be, `interval` what its interval may be called. `base` is printed where the
    bases do not count answers; no mark of a small base stands there. How many answers there are is not told of 1 to 4.
    """
    unit = estimate.unit
    fields = {
        k: _plain(v, "count", 1) if k.startswith("n_") else _plain(v, unit) for k, v in estimate.to_dict().items()
    }
    fields["confidence"] = estimate.confidence
    fields["label"] = fields.pop("name")
    if not base and estimate.n < minimum_base:
        fields |= dict.fromkeys(("value", "low", "high", "se"))
    few = not base and bool(small(estimate.n))
    if few:
        fields |= dict.fromkeys(("n", "n_weighted", "n_effective"))
    shown = text.number(estimate.value, unit)
    shown = shown if base else text.with_base(shown, estimate.n, minimum_base)
    between = (
        ""
        if shown == "**"
        else text.with_confidence(text.interval(estimate.low, estimate.high, unit), estimate.confidence, interval)
    )
    base = base or (tr("fewer than {least} answers", least=LEAST) if few else bases(estimate))
    if scale is not None:
        fields |= {"least": float(scale[0]), "most": float(scale[1])}
    printed = {"value": shown, "interval": between, "base": base, "note": note}
    lines = [estimate.name, shown, between, base, estimate.method, note]
    plain = " | ".join(line for line in lines if line)
    return fields | {"printed": printed}, plain, displays.number(shown, [estimate.name, *lines[2:]])


def numbers(frame: pd.DataFrame, *, confidence: float = 0.95, **how) -> None:
    """Publish every row of a frame of scores: name, label, unit, least, most, note and by_group()'s.

    A column `base` says what the bases count, where it is not answers. `how` (interval, minimum_base) goes to number().
    """
    for row in frame.to_dict("records"):
        scale = None if pd.isna(row["least"]) else (row["least"], row["most"])
        own = {"scale": scale, "note": row["note"], "base": row.get("base", "")}
        number(row["name"], estimate_of(row, confidence), **own, **how)


def estimate_of(row: dict, confidence: float) -> Estimate:
    """A row of a frame of scores (label, unit, and by_group()'s columns) as an Estimate."""
    given = ("estimate", "low", "high", "se", "n", "n_effective", "unit")
    return Estimate(row["label"], *(row[c] for c in given), confidence, row["method"], row["n_weighted"])


def table(name: str, frame: pd.DataFrame, *, caption: str, **how) -> None:
    """Publish a frame as a table; `how` (columns, labels, unit, confidence …) goes to tables.record().

    An empty frame publishes nothing.
    """
    if frame.empty:
        return
    _table(name, tables.record(frame, caption=caption, **how))


def tables_of(published: dict[str, tuple[pd.DataFrame, dict]], **how) -> None:
    """Publish several tables by name: each a frame and what table() takes for it, beside what `how` says of all."""
    for name, (frame, own) in published.items():
        table(name, frame, **how | own)


def banner(name: str, made, *, caption: str, texts: dict[str, str] | None = None) -> None:
    """Publish a banner table (compare.banner) as a table: every cell with its interval and bases, and as printed.

    `texts` adds the wording of its questions, by what they are called. None (a study without a banner question)
    publishes nothing.
    """
    if made is None:
        return
    _table(name, tables.of_banner(made, caption=caption, texts=texts))


def _table(name: str, data: dict) -> None:
    _publish("table", name, data, table_text(data), **{"text/html": tables.to_html(data)})


def table_text(data: dict) -> str:
    """A table's record as plain text: its caption, its headings, a line a row."""
    rows = [data["printed"]["heads"], *data["printed"]["rows"]]
    return "\n".join([data["caption"], *(" | ".join(row) for row in rows)])


def figure(name: str, drawing, *, caption: str, alt: str, data: str = "") -> None:
    """Publish a closed figure as SVG with its caption and alternative text; `data` names the table of its numbers.

    None (a chart that has nothing to show) publishes nothing.
    """
    if drawing is None:
        return
    if not alt.strip():
        raise CxError(f"figure {name} has no alternative text; say in a sentence what it shows")
    fields = {"caption": caption, "alt": alt, "data": data}
    if hasattr(drawing, "native"):  # the same chart as numbers, for programs that draw it themselves
        fields["chart"] = drawing.native
    _publish("figure", name, fields, caption, **{"image/svg+xml": svg(drawing)})


def figures(name: str, drawings: dict, *, captions: dict, alts: dict, data: str | dict = "") -> None:
    """Publish several figures of one kind, each as name_key; `data` may name a table for each key."""
    for key, drawing in drawings.items():
        numbers = data[key] if isinstance(data, dict) else data
        figure(f"{name}_{key}", drawing, caption=captions[key], alt=alts[key], data=numbers)


def finding(name: str, sentence: str) -> None:
    """Publish a computed sentence that states a result."""
    _publish("finding", name, {"text": sentence}, sentence, **{"text/html": f"<p>{html.escape(sentence)}</p>"})


def findings(sentences: dict[str, str]) -> None:
    """Publish several findings by name."""
    for name, sentence in sentences.items():
        finding(name, sentence)
