"""What a notebook publishes: numbers, tables, figures and findings, shown and recorded in one call.

Each call displays its result and puts it as data into the notebook's output, under a name, rounded to a
fixed precision. The executed notebook is the record that reports, slides and workbooks are made from.
"""

import html
import io
import math

import matplotlib as mpl
import pandas as pd
from IPython.display import display

from cxlib import tables, text
from cxlib.errors import CxError
from cxlib.estimate import Estimate
from cxlib.language import tr, tr_n
from cxlib.published import MIME


def _publish(kind: str, name: str, data: dict, plain: str, **shown: str) -> None:
    if not name.isidentifier():
        raise CxError(f"a published name is a word of letters, digits and _; found {name!r}")
    display({"text/plain": plain, MIME: {"kind": kind, "name": name, **data}, **shown}, raw=True)


def _plain(value, unit: str, digits: int | None = None):
    """A float as JSON holds it: rounded, None where it is not a number."""
    if not isinstance(value, float):
        return value
    return text.published(value, unit, digits) if math.isfinite(value) else None


def number(
    name: str,
    estimate: Estimate | None,
    *,
    scale=None,
    interval: str = "interval",
    minimum_base: int = 30,
    note: str = "",
    base: str = "",
) -> None:
    """Publish one estimate: large, with its interval, bases and method; None publishes nothing.

    `scale` is the (least, most) that it can be, `interval` what its interval may be called. `base` is printed where the
    bases do not count answers; no mark of a small base stands there.
    """
    if estimate is None:
        return
    unit = estimate.unit
    fields = {
        k: _plain(v, "count", 1) if k.startswith("n_") else _plain(v, unit) for k, v in estimate.to_dict().items()
    }
    fields["confidence"] = estimate.confidence
    fields["label"] = fields.pop("name")
    if not base and estimate.n < minimum_base:
        fields |= dict.fromkeys(("value", "low", "high", "se"))
    shown = text.number(estimate.value, unit)
    shown = shown if base else text.with_base(shown, estimate.n, minimum_base)
    between = (
        ""
        if shown == "**"
        else text.with_confidence(text.interval(estimate.low, estimate.high, unit), estimate.confidence, interval)
    )
    base = base or _bases(estimate)
    if scale is not None:
        fields |= {"least": float(scale[0]), "most": float(scale[1])}
    printed = {"value": shown, "interval": between, "base": base, "note": note}
    lines = [estimate.name, shown, between, base, estimate.method, note]
    plain = " | ".join(line for line in lines if line)
    body = "".join(f"<div>{html.escape(line)}</div>" for line in [estimate.name, *lines[2:]] if line)
    page = f'<div class="cx-number"><strong style="font-size:1.6em">{html.escape(shown)}</strong>{body}</div>'
    _publish("number", name, fields | {"printed": printed}, plain, **{"text/html": page})


def _bases(estimate: Estimate) -> str:
    """The bases in words; the weighted one where there are weights."""
    weighted, effective = (text.number(estimate.to_dict()[name]) for name in ("n_weighted", "n_effective"))
    n = tr_n("{n} answer", "{n} answers", estimate.n)
    if weighted in (text.number(estimate.n), text.number(math.nan)):
        return tr("{answers}, effective base {effective}", answers=n, effective=effective)
    return tr(
        "{answers}, weighted base {weighted}, effective base {effective}",
        answers=n,
        weighted=weighted,
        effective=effective,
    )


def numbers(frame: pd.DataFrame, *, confidence: float = 0.95, **how) -> None:
    """Publish every row of a frame of scores: name, label, unit, least, most, note and by_group()'s.

    A column `base` says what the bases count, where it is not answers. `how` (interval, minimum_base) goes to number().
    """
    for row in frame.to_dict("records"):
        own = {"note": row["note"], "base": row.get("base", "")}
        given = ("estimate", "low", "high", "se", "n", "n_effective", "unit")
        estimate = Estimate(row["label"], *(row[c] for c in given), confidence, row["method"], row["n_weighted"])
        scale = None if pd.isna(row["least"]) else (row["least"], row["most"])
        number(row["name"], estimate, scale=scale, **own, **how)


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
    rows = [data["printed"]["heads"], *data["printed"]["rows"]]
    plain = "\n".join([data["caption"], *(" | ".join(row) for row in rows)])
    _publish("table", name, data, plain, **{"text/html": tables.to_html(data)})


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
    _publish("figure", name, fields, caption, **{"image/svg+xml": _svg(drawing)})


def figures(name: str, drawings: dict, *, captions: dict, alts: dict, data: str | dict = "") -> None:
    """Publish several figures of one kind, each as name_key; `data` may name a table for each key."""
    for key, drawing in drawings.items():
        numbers = data[key] if isinstance(data, dict) else data
        figure(f"{name}_{key}", drawing, caption=captions[key], alt=alts[key], data=numbers)


def _svg(drawing) -> str:
    """The figure as SVG: the same bytes for the same picture (no date, no random ids)."""
    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "cx-workbook", "svg.fonttype": "path"}):
        drawing.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    return svg[svg.index("<svg") :]


def finding(name: str, sentence: str) -> None:
    """Publish a computed sentence that states a result."""
    _publish("finding", name, {"text": sentence}, sentence, **{"text/html": f"<p>{html.escape(sentence)}</p>"})


def findings(sentences: dict[str, str]) -> None:
    """Publish several findings by name."""
    for name, sentence in sentences.items():
        finding(name, sentence)
